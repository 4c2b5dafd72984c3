/*
 * The text of a key file, without the file: parsing, sealing, opening.
 * docs/keys.md tells it byte by byte.
 *
 *   broletto-key-v1
 *   alg EdDSA
 *   public <base64url>
 *   argon2id-ops 2
 *   argon2id-kib 65536
 *   salt <base64url, 16 bytes>
 *   nonce <base64url, 24 bytes>
 *   sealed <base64url, 48 bytes>
 *
 * - Everything before the line "sealed" is associated data: with the strict
 *   base64url of the last line, no bit of the file can change unnoticed.
 * - There is one text for each content: fixed order, no white space, no
 *   leading zeros, one newline at each end of line.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_KEY_FORMAT_H
#define BR_CRYPTO_KEY_FORMAT_H

#include "common/base/buf.h"
#include "common/crypto/keyfile.h"

#define BR_KEY_SECRET_BYTES 32
#define BR_KEY_SALT_BYTES   16
#define BR_KEY_NONCE_BYTES  24
#define BR_KEY_SEALED_BYTES (BR_KEY_SECRET_BYTES + 16)
/* The text is about 300 bytes; a larger file is something else. */
#define BR_KEY_TEXT_BYTES_MAX 4096

/* A hostile header must not make us allocate gigabytes or count for minutes:
 * 256 MiB is libsodium's MODERATE, and eight passes over them take a few
 * seconds. Below 8 KiB Argon2 is not defined. */
#define BR_KEY_OPS_MAX 8
#define BR_KEY_KIB_MIN 8
#define BR_KEY_KIB_MAX (256 * 1024)

struct br_key_text {
    struct br_public_key public_key;
    uint64_t ops;
    uint64_t kib;
    uint8_t salt[BR_KEY_SALT_BYTES];
    uint8_t nonce[BR_KEY_NONCE_BYTES];
    uint8_t sealed[BR_KEY_SEALED_BYTES];
    struct br_bytes header; /**< borrowed from the text */
};

/** MALFORMED, UNSUPPORTED, OUT_OF_RANGE or TRAILING. The public key is a
 *  valid one, but nothing vouches for it until the key is opened. */
enum br_rc br_key_text_parse(
    struct br_bytes text,
    struct br_key_text *ret,
    struct br_err *reterr) BR_MUST_USE;

/** KEY_LOCKED when the passphrase is wrong or the text was changed. The secret
 *  should lie in locked memory. */
enum br_rc br_key_text_open(
    const struct br_key_text *k,
    const struct br_secret *passphrase,
    uint8_t ret_secret[BR_KEY_SECRET_BYTES],
    struct br_err *reterr) BR_MUST_USE;

/** Append the text of a key, under a fresh salt and nonce. *k says the public
 *  key and the costs; its other members are written. */
enum br_rc br_key_text_seal(
    struct br_key_text *k,
    const struct br_secret *passphrase,
    const uint8_t secret[BR_KEY_SECRET_BYTES],
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
