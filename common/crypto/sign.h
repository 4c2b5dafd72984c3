/*
 * Signatures: one table of algorithms, keys by handle.
 *
 * | code | algorithm               | library      | public key | signature |
 * |------|-------------------------|--------------|------------|-----------|
 * | -8   | EdDSA, Ed25519          | libsodium    | 32         | 64        |
 * | -7   | ES256, P-256, SHA-256   | libcrypto    | 33 compr.  | 64 r||s   |
 * | -47  | ES256K, secp256k1       | libsecp256k1 | 33 compr.  | 64 r||s   |
 *
 * Codes are those of the IANA COSE Algorithms registry.
 *
 * What verifies is consensus, so it is one rule for everybody:
 * - Ed25519 as libsodium: the cofactorless equation; R and the key not of small
 *   order, the key in its one encoding, S below the order, R compared as bytes.
 *   br_public_key_init refuses keys with a component of small order as well.
 *   tests/unit/crypto/ed25519_vectors_test.c tells it case by case.
 * - ECDSA over SHA-256 of the message, r and s from 1 to the order less one,
 *   s in the lower half, on both curves. Signing always gives such an s.
 *
 * A struct br_public_key comes from br_public_key_init or from a signer; one
 * filled by hand has not been looked at.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_SIGN_H
#define BR_CRYPTO_SIGN_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"

#define BR_PUBLIC_KEY_BYTES_MAX 33
#define BR_SIGNATURE_BYTES      64

enum br_sign_alg {
    BR_SIGN_ED25519 = -8,
    BR_SIGN_ES256 = -7,
    BR_SIGN_ES256K = -47,
};

struct br_public_key {
    enum br_sign_alg alg;
    uint8_t n; /**< bytes used of b: 32 or 33 */
    uint8_t b[BR_PUBLIC_KEY_BYTES_MAX];
    uint8_t y[32]; /**< of a point on a curve: by br_public_key_init */
};

/** Names as in JOSE: "EdDSA", "ES256", "ES256K"; NULL when unknown. */
const char *br_sign_alg_name(int64_t alg);
enum br_rc br_sign_alg_parse(
    struct br_bytes name,
    enum br_sign_alg *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Is this a valid point of the algorithm's curve, in its one encoding? */
enum br_rc br_public_key_init(
    struct br_public_key *k,
    int64_t alg,
    struct br_bytes raw,
    struct br_err *reterr) BR_MUST_USE;

/** COSE key thumbprint (RFC 9679): SHA-256 of the deterministic COSE_Key with
 *  only its required members. It is the kid everywhere. */
void
br_public_key_thumbprint(const struct br_public_key *k, struct br_hash *ret);
/** The COSE_Key map itself (RFC 9052 section 7), with kid and alg when asked.
 */
void br_public_key_put_cose(
    struct br_buf *b, const struct br_public_key *k, bool with_kid_and_alg);

/** BR_OK or BR_ERR_BAD_SIGNATURE. Any thread. */
enum br_rc br_verify(
    const struct br_public_key *k,
    struct br_bytes message,
    const uint8_t sig[BR_SIGNATURE_BYTES],
    struct br_err *reterr) BR_MUST_USE;

/** A private key by handle: in locked memory, or inside a PKCS#11 token.
 *  keyfile.h opens them by name. */
struct br_signer;

void br_signer_free(struct br_signer *s);
const struct br_public_key *br_signer_public(const struct br_signer *s);
/** Any thread; one call at a time per PKCS#11 signer is ensured inside.
 *  KEY_LOCKED when the token refuses or has gone. */
enum br_rc br_sign(
    struct br_signer *s,
    struct br_bytes message,
    uint8_t ret_sig[BR_SIGNATURE_BYTES],
    struct br_err *reterr) BR_MUST_USE;

/** A fresh random key in memory. */
enum br_rc br_signer_generate(
    enum br_sign_alg alg,
    struct br_signer **ret,
    struct br_err *reterr) BR_MUST_USE;
/** From the 32 secret bytes (Ed25519 seed or EC scalar): tests, key files. */
enum br_rc br_signer_from_secret(
    enum br_sign_alg alg,
    const uint8_t secret[32],
    struct br_signer **ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
