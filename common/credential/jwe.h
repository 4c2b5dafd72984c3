/*
 * JSON Web Encryption (RFC 7516), compact serialisation, for one recipient.
 *
 * | alg            | bit  | recipient's key               | standard         |
 * |----------------|------|-------------------------------|------------------|
 * | ECDH-ES        | 0x01 | P-256, P-384, P-521, X25519   | RFC 7518 sec 4.6 |
 * | ECDH-ES+A128KW | 0x02 | the same                      | RFC 7518 sec 4.6 |
 * | ECDH-ES+A256KW | 0x04 | the same                      | RFC 7518 sec 4.6 |
 * | RSA-OAEP-256   | 0x08 | RSA of 2,048 to 4,096 bits    | RFC 7518 sec 4.3 |
 *
 * The contents' encryption is in common/crypto/content.h.
 *
 * - As in jws.h: br_jwe_parse holds the header against a policy, br_jwe_decrypt
 *   needs the key, which the caller finds by kid.
 * - epk is a valid point of the recipient's curve, or nothing is computed with
 *   the private key. Compressed contents, crit, jku and x5u are refused.
 * - Whatever fails after that fails as jwe-decrypt, without a reason.
 * - Random bytes are an argument; RSA-OAEP-256 draws its seed in libcrypto.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_JWE_H
#define BR_CREDENTIAL_JWE_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/codec/json.h"
#include "common/crypto/content.h"
#include "common/crypto/key.h"
#include "common/crypto/private_key.h"

enum br_jwe_alg {
    BR_JWE_ECDH_ES = 0x01,
    BR_JWE_ECDH_ES_A128KW = 0x02,
    BR_JWE_ECDH_ES_A256KW = 0x04,
    BR_JWE_RSA_OAEP_256 = 0x08,
};

/** NULL, or 0, when there is none. */
const char *br_jwe_alg_name(unsigned alg);
unsigned br_jwe_alg_by_name(struct br_bytes name);
bool br_jwe_alg_fits(unsigned alg, enum br_key_kind kind);

struct br_jwe_policy {
    unsigned algs;    /**< set of enum br_jwe_alg */
    unsigned encs;    /**< set of enum br_enc */
    size_t bytes_max; /**< 0: BR_JWE_BYTES_MAX */
};

/** Borrows the token, and lies in the arena. */
struct br_jwe {
    const struct br_json *header;
    enum br_jwe_alg alg;
    const struct br_enc_info *enc;
    struct br_bytes typ; /**< empty when not there, as are the next four */
    struct br_bytes cty;
    struct br_bytes kid;
    struct br_bytes apu; /**< decoded */
    struct br_bytes apv;
    struct br_key epk;   /**< of the ECDH algorithms */
    struct br_bytes aad; /**< the header, as it came */
    struct br_bytes encrypted_key;
    struct br_bytes iv;
    struct br_bytes ciphertext;
    struct br_bytes tag;
};

/** The rules jwe-*. */
enum br_rc br_jwe_parse(
    struct br_bytes token,
    const struct br_jwe_policy *policy,
    struct br_arena *arena,
    struct br_jwe *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Append the plaintext to ret. jwe-key, jwe-epk (another curve than the
 * key's), jwe-encrypted-key, jwe-decrypt. */
enum br_rc br_jwe_decrypt(
    const struct br_jwe *jwe,
    const struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/** What is written in a header; what is NULL or empty is left out. */
struct br_jwe_header {
    enum br_jwe_alg alg;
    enum br_enc enc;
    struct br_bytes kid; /**< of the recipient's key */
    const char *typ;
    const char *cty;
    struct br_bytes apu; /**< before encoding */
    struct br_bytes apv;
};

/** Random, and never used twice: br_random(&fresh, sizeof(fresh)). Wipe it
 *  after use. */
struct br_jwe_fresh {
    uint8_t ephemeral[BR_PRIVATE_KEY_SEED_BYTES];
    uint8_t cek[BR_ENC_KEY_BYTES_MAX];
    uint8_t iv[BR_ENC_IV_BYTES_MAX];
};

/** Append the token to ret. jwe-key; TOO_LARGE, NO_MEMORY. ret is then as long
 *  as it was. */
enum br_rc br_jwe_encrypt(
    const struct br_jwe_header *header,
    const struct br_key *to,
    struct br_bytes plaintext,
    const struct br_jwe_fresh *fresh,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
