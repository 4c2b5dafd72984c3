/*
 * Encrypting a JWE's content, wrapping its key, deriving keys (RFC 7518
 * sections 4.4, 4.6 and 5).
 *
 * | enc           | key | IV | tag | standard                       |
 * |---------------|-----|----|-----|--------------------------------|
 * | A128GCM       | 16  | 12 | 16  | RFC 7518 section 5.3           |
 * | A256GCM       | 32  | 12 | 16  | RFC 7518 section 5.3           |
 * | A128CBC-HS256 | 32  | 16 | 16  | RFC 7518 section 5.2.3         |
 * | A256CBC-HS512 | 64  | 16 | 32  | RFC 7518 section 5.2.5         |
 *
 * - Tags are compared in constant time, and before anything is decrypted;
 *   every failure to open is the same DECRYPTION_FAILED.
 * - No randomness: keys and IVs are arguments. An IV serves once for a key.
 * - Any thread, after br_crypto_init.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_CONTENT_H
#define BR_CRYPTO_CONTENT_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/crypto/hash.h"

#define BR_ENC_KEY_BYTES_MAX 64
#define BR_ENC_IV_BYTES_MAX  16
#define BR_ENC_TAG_BYTES_MAX 32
#define BR_KEY_WRAP_BYTES    8 /* RFC 3394: longer than the key by these */

/** Bits, as in key.h: a set of them is an allow-list. */
enum br_enc {
    BR_ENC_A128GCM = 0x01,
    BR_ENC_A256GCM = 0x02,
    BR_ENC_A128CBC_HS256 = 0x04,
    BR_ENC_A256CBC_HS512 = 0x08,
};

struct br_enc_info {
    enum br_enc enc;
    const char *name;
    uint8_t key_bytes;
    uint8_t iv_bytes;
    uint8_t tag_bytes;
};

/** NULL when there is none. */
const struct br_enc_info *br_enc_info(unsigned enc);
const struct br_enc_info *br_enc_by_name(struct br_bytes name);

/** What both sides know; lengths as in the table: asserted. */
struct br_enc_with {
    enum br_enc enc;
    const uint8_t *key;
    const uint8_t *iv;
    struct br_bytes aad;
};

/** Append the ciphertext to ret. NO_MEMORY or TOO_LARGE. */
enum br_rc br_enc_seal(
    const struct br_enc_with *with,
    struct br_bytes plaintext,
    struct br_buf *ret,
    uint8_t ret_tag[BR_ENC_TAG_BYTES_MAX],
    struct br_err *reterr) BR_MUST_USE;

/** Append the plaintext to ret. DECRYPTION_FAILED, NO_MEMORY, TOO_LARGE; ret is
 *  as it was then. */
enum br_rc br_enc_open(
    const struct br_enc_with *with,
    struct br_bytes ciphertext,
    struct br_bytes tag,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/** HMAC (RFC 2104) with SHA-256 or SHA-512 over the parts; ret has the digest's
 *  size. */
enum br_rc br_hmac(
    enum br_hash_alg alg,
    struct br_bytes key,
    const struct br_bytes parts[],
    size_t count,
    struct br_digest *ret,
    struct br_err *reterr) BR_MUST_USE;

/** The Concat KDF of NIST SP 800-56A section 5.8.1 with SHA-256, as RFC 7518
 *  section 4.6.2 uses it. */
struct br_concat_kdf {
    struct br_bytes z;   /**< the agreed secret */
    struct br_bytes alg; /**< AlgorithmID: the name in enc, or in alg */
    struct br_bytes apu; /**< PartyUInfo, decoded */
    struct br_bytes apv; /**< PartyVInfo, decoded */
};
/** Writes n bytes, at most BR_ENC_KEY_BYTES_MAX. */
void br_concat_kdf(const struct br_concat_kdf *in, uint8_t *ret, size_t n);

/** AES Key Wrap (RFC 3394) under 16 or 32 bytes; key.n is a multiple of eight.
 *  ret has room for key.n + BR_KEY_WRAP_BYTES. */
enum br_rc br_key_wrap(
    struct br_bytes kek,
    struct br_bytes key,
    uint8_t *ret,
    struct br_err *reterr) BR_MUST_USE;
/** ret has room for wrapped.n - BR_KEY_WRAP_BYTES. DECRYPTION_FAILED. */
enum br_rc br_key_unwrap(
    struct br_bytes kek,
    struct br_bytes wrapped,
    uint8_t *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
