/*
 * JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037).
 *
 * - EC on P-256, P-384, P-521 and secp256k1; OKP on Ed25519 and X25519; RSA of
 *   2,048 to 4,096 bits. Nothing symmetric.
 * - A public key that carries anything private is refused, not stripped: its
 *   owner has just lost it, and should know.
 * - kty, crv, alg, use and key_ops agree with each other, or the key is
 *   refused; other members are passed over (RFC 7517 section 4).
 * - What is read here borrows from the JSON value, except for the key.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_JWK_H
#define BR_CREDENTIAL_JWK_H

#include "common/base/arena.h"
#include "common/base/limits.h"
#include "common/codec/json.h"
#include "common/codec/json_write.h"
#include "common/crypto/key.h"
#include "common/crypto/private_key.h"

/* 32 bytes in base64url. */
#define BR_THUMBPRINT_TEXT_BYTES 43

enum br_jwk_use {
    BR_JWK_USE_ANY, /**< not said */
    BR_JWK_USE_SIG,
    BR_JWK_USE_ENC,
    BR_JWK_USE_OTHER,
};

enum br_jwk_op {
    BR_JWK_OP_SIGN = 0x01,
    BR_JWK_OP_VERIFY = 0x02,
    BR_JWK_OP_ENCRYPT = 0x04,
    BR_JWK_OP_DECRYPT = 0x08,
    BR_JWK_OP_WRAP = 0x10,
    BR_JWK_OP_UNWRAP = 0x20,
    BR_JWK_OP_DERIVE = 0x40, /**< deriveKey or deriveBits */
};

struct br_jwk {
    struct br_key key;
    struct br_bytes kid; /**< empty: not said, as are the others */
    struct br_bytes alg;
    enum br_jwk_use use;
    unsigned ops; /**< set of enum br_jwk_op; 0: not said */
};

/** A public key. The rules jwk-*. */
enum br_rc
br_jwk_parse(const struct br_json *v, struct br_jwk *ret, struct br_err *reterr)
    BR_MUST_USE;
/** A private key; for EC and OKP, d must belong to x and y. */
enum br_rc br_jwk_parse_private(
    const struct br_json *v,
    struct br_jwk *ret,
    struct br_private_key **ret_key,
    struct br_err *reterr) BR_MUST_USE;

/** May it verify signatures of this algorithm? jwk-alg, jwk-use, jwk-key-ops;
 *  jws-key when it is of another kind. */
enum br_rc br_jwk_check_verify(
    const struct br_jwk *k,
    enum br_key_alg alg,
    struct br_err *reterr) BR_MUST_USE;
/** May something be encrypted for it with this alg of JWE? */
enum br_rc br_jwk_check_encrypt(
    const struct br_jwk *k, const char *alg, struct br_err *reterr) BR_MUST_USE;

/** An object: kty, crv, x, y (n, e), then kid, alg, use and key_ops when said.
 */
void br_jwk_write(struct br_json_writer *w, const struct br_jwk *k);
/** The same with d. UNSUPPORTED as br_private_key_export. The text is secret.
 */
enum br_rc br_jwk_write_private(
    struct br_json_writer *w,
    const struct br_jwk *k,
    const struct br_private_key *key,
    struct br_err *reterr) BR_MUST_USE;

/** RFC 7638, SHA-256: of the required members alone, in the order of their
 *  names, without white space. NO_MEMORY only. */
enum br_rc br_jwk_thumbprint(
    const struct br_key *k,
    struct br_hash *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The same in base64url, with a NUL at the end. */
enum br_rc br_jwk_thumbprint_text(
    const struct br_key *k,
    char ret[BR_THUMBPRINT_TEXT_BYTES + 1],
    struct br_err *reterr) BR_MUST_USE;

#endif
