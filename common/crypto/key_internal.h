/*
 * Between key.c and private_key.c: curves and RSA as libcrypto has them.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_KEY_INTERNAL_H
#define BR_CRYPTO_KEY_INTERNAL_H

/* The low-level calls take an affine point and a digest as they are: a key
 * that was never seen before verifies as fast as a prepared EVP context does,
 * where EVP_PKEY_fromdata alone would cost a third of a verification. They are
 * deprecated, not removed, throughout OpenSSL 3. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/crypto/hash.h"
#include "common/crypto/key.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

/** The group of P-256, P-384 or P-521, made once; NULL for other kinds and
 *  when memory was refused. */
const EC_GROUP *br_key_group(enum br_key_kind kind);

/** A public EC_KEY of one of the three; NULL: not on the curve, or memory. */
EC_KEY *br_key_ec(const struct br_key *k);

/** NULL when memory is refused. */
EVP_PKEY *br_key_rsa(const struct br_key *k);

/** The digest that ES256, ES384, ES512 and the RSA algorithms sign. */
enum br_rc br_key_digest(
    enum br_key_alg alg,
    struct br_bytes message,
    struct br_digest *ret,
    struct br_err *reterr) BR_MUST_USE;

/** SHA-256, fetched once. */
EVP_MD *br_sha256_md(void);

/** Padding and digests of PS256 and RS256 on a context that is initialised
 *  for signing or verifying. */
bool br_key_set_rsa_padding(EVP_PKEY_CTX *c, enum br_key_alg alg);
/** RSA-OAEP-256 on a context that is initialised for en- or decrypting. */
bool br_key_set_oaep(EVP_PKEY_CTX *c);

#endif
