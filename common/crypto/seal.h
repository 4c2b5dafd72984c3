/*
 * Rows that are sealed at rest: a key in locked memory, XChaCha20-Poly1305, and
 * names for rows that tell nothing.
 *
 * - A sealed text is nonce (24) || ciphertext || tag (16). The nonce is random:
 *   192 bits are enough for every row that will ever be written under one key.
 * - What is not in the text but must hold for it (whose it is, where it lies)
 *   goes into the associated data, in parts; each part's length is bound too.
 * - One key serves one purpose: br_seal_key_derive makes others from it.
 * - Keys lie in memory that is locked, guarded and wiped (libsodium).
 * - Any thread, after br_crypto_init.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_SEAL_H
#define BR_CRYPTO_SEAL_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/crypto/keyfile.h"

#define BR_SEAL_KEY_BYTES      32
#define BR_SEAL_NONCE_BYTES    24
#define BR_SEAL_OVERHEAD_BYTES 40 /* nonce and tag */
#define BR_SEAL_SALT_BYTES     16
#define BR_SEAL_NAME_BYTES     32
/* What associated data may be made of. */
#define BR_SEAL_PARTS_MAX 8

struct br_seal_key;

void br_seal_key_free(struct br_seal_key *k);
/** A fresh random one. NO_MEMORY. */
enum br_rc br_seal_key_generate(struct br_seal_key **ret, struct br_err *reterr)
    BR_MUST_USE;
/** From 32 bytes that are as good as random: a key file's. */
enum br_rc br_seal_key_new(
    const uint8_t secret[BR_SEAL_KEY_BYTES],
    struct br_seal_key **ret,
    struct br_err *reterr) BR_MUST_USE;
/** Another key, for a purpose ("rows", "names"): keyed BLAKE2b of it. */
enum br_rc br_seal_key_derive(
    const struct br_seal_key *k,
    const char *purpose,
    struct br_seal_key **ret,
    struct br_err *reterr) BR_MUST_USE;

/** From a secret of any length that is as good as random but not ours alone: a
 *  passkey's PRF. HKDF (RFC 5869) with SHA-256; salt and purpose set it apart
 *  from every other use of that secret. NO_MEMORY only. */
enum br_rc br_seal_key_of_secret(
    struct br_bytes secret,
    struct br_bytes salt,
    const char *purpose,
    struct br_seal_key **ret,
    struct br_err *reterr) BR_MUST_USE;

/** From a key that stays where it is, in a PKCS#11 token: HKDF over its
 * signature of the purpose. Ed25519, where there is one signature of a text
 * (RFC 8032 section 5.1.6). UNSUPPORTED: another algorithm, or a token that
 * signs otherwise each time; what br_sign fails with. */
enum br_rc br_seal_key_of_signer(
    struct br_signer *s,
    const char *purpose,
    struct br_seal_key **ret,
    struct br_err *reterr) BR_MUST_USE;
/** A key for which both are needed: keyed BLAKE2b of b under a. NO_MEMORY. */
enum br_rc br_seal_key_join(
    const struct br_seal_key *a,
    const struct br_seal_key *b,
    struct br_seal_key **ret,
    struct br_err *reterr) BR_MUST_USE;

/** What Argon2id costs. Zeros: three passes over 64 MiB (RFC 9106 section 4,
 *  second choice), some tenths of a second. */
struct br_seal_cost {
    uint32_t ops;
    uint32_t kib;
};
struct br_seal_cost br_seal_cost_default(void);
/** OUT_OF_RANGE: a cost that nobody sane has written; NO_MEMORY. */
enum br_rc br_seal_key_of_passphrase(
    const struct br_secret *passphrase,
    const uint8_t salt[BR_SEAL_SALT_BYTES],
    struct br_seal_cost cost,
    struct br_seal_key **ret,
    struct br_err *reterr) BR_MUST_USE;

/** Append the sealed text to ret. NO_MEMORY, TOO_LARGE. */
enum br_rc br_seal(
    const struct br_seal_key *k,
    const struct br_bytes about[],
    size_t count,
    struct br_bytes text,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Append the text to ret, which is wiped by who owns it (br_buf_wipe).
 *  DECRYPTION_FAILED; ret is then as it was. */
enum br_rc br_seal_open(
    const struct br_seal_key *k,
    const struct br_bytes about[],
    size_t count,
    struct br_bytes sealed,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/** A key under another key: BR_SEAL_KEY_BYTES + BR_SEAL_OVERHEAD_BYTES. */
#define BR_SEAL_WRAPPED_BYTES (BR_SEAL_KEY_BYTES + BR_SEAL_OVERHEAD_BYTES)
enum br_rc br_seal_wrap(
    const struct br_seal_key *under,
    const struct br_bytes about[],
    size_t count,
    const struct br_seal_key *k,
    uint8_t ret[BR_SEAL_WRAPPED_BYTES],
    struct br_err *reterr) BR_MUST_USE;
/** DECRYPTION_FAILED, NO_MEMORY. */
enum br_rc br_seal_unwrap(
    const struct br_seal_key *under,
    const struct br_bytes about[],
    size_t count,
    const uint8_t wrapped[BR_SEAL_WRAPPED_BYTES],
    struct br_seal_key **ret,
    struct br_err *reterr) BR_MUST_USE;

/** Keyed BLAKE2b over the parts, each with its length: a name on the disk that
 *  only who has the key can make. */
void br_seal_name(
    const struct br_seal_key *k,
    const struct br_bytes parts[],
    size_t count,
    uint8_t ret[BR_SEAL_NAME_BYTES]);

/** Wipe a buffer that held a secret text, and free it. */
void br_buf_wipe(struct br_buf *b);

#endif
