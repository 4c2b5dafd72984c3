/*
 * Private keys by handle, for the algorithms of key.h: signing, agreeing on a
 * secret, opening what was sealed.
 *
 * - A key is made here from its secret, drawn at random, derived from bytes
 *   that the caller gives (so that pure code can have one), or it is a signer
 *   of sign.h: then a key file or a PKCS#11 token stands behind it, and it
 *   signs only.
 * - Secrets lie in locked memory and are wiped. Any thread may use a key.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_PRIVATE_KEY_H
#define BR_CRYPTO_PRIVATE_KEY_H

#include "common/crypto/key.h"

/* FIPS 186-5 appendix A.2.1: 64 bits more than the order of P-521 has, so that
 * the remainder is as good as uniform. One size for every kind. */
#define BR_PRIVATE_KEY_SEED_BYTES 80

struct br_private_key;

void br_private_key_free(struct br_private_key *k);
const struct br_key *br_private_key_public(const struct br_private_key *k);

/** EC: the scalar, as long as a coordinate; Ed25519, X25519: the 32 bytes of
 *  RFC 8032 and RFC 7748. MALFORMED: wrong length, or not from 1 to the order
 *  less one. Not for RSA. */
enum br_rc br_private_key_new(
    enum br_key_kind kind,
    struct br_bytes secret,
    struct br_private_key **ret,
    struct br_err *reterr) BR_MUST_USE;

/** The numbers of RFC 7518 section 6.3.2, big endian. */
struct br_rsa_secret {
    struct br_bytes n, e, d, p, q, dp, dq, qi;
};
/** MALFORMED when they are not the parts of one key. */
enum br_rc br_private_key_new_rsa(
    const struct br_rsa_secret *parts,
    struct br_private_key **ret,
    struct br_err *reterr) BR_MUST_USE;

/** EC: 1 + seed mod (order - 1); Ed25519 and X25519: the first 32 bytes. The
 *  seed is random and used once. NO_MEMORY only. */
enum br_rc br_private_key_derive(
    enum br_key_kind kind,
    const uint8_t seed[BR_PRIVATE_KEY_SEED_BYTES],
    struct br_private_key **ret,
    struct br_err *reterr) BR_MUST_USE;

/** A fresh random key; RSA has 3,072 bits, and takes some tenths of a second.
 */
enum br_rc br_private_key_generate(
    enum br_key_kind kind,
    struct br_private_key **ret,
    struct br_err *reterr) BR_MUST_USE;

/** Signs with s, which is lent and must live longer. */
enum br_rc br_private_key_of_signer(
    struct br_signer *s,
    struct br_private_key **ret,
    struct br_err *reterr) BR_MUST_USE;

/** What br_private_key_new takes, into out. UNSUPPORTED for RSA and for a
 *  signer. Wipe out after use. */
enum br_rc br_private_key_export(
    const struct br_private_key *k,
    uint8_t out[BR_KEY_COORDINATE_MAX],
    size_t *ret_n,
    struct br_err *reterr) BR_MUST_USE;

struct br_signature {
    size_t n;
    uint8_t b[BR_KEY_SIGNATURE_BYTES_MAX];
};

/** In the form of the table in key.h; ECDSA on P-256 and secp256k1 always with
 *  low S. UNSUPPORTED: alg is for another kind of key; KEY_LOCKED: the token
 *  refuses. */
enum br_rc br_private_key_sign(
    struct br_private_key *k,
    enum br_key_alg alg,
    struct br_bytes message,
    struct br_signature *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Diffie-Hellman with another's key of the same kind: the x coordinate, or
 *  X25519's output, br_key_kind_bytes() long. UNSUPPORTED: kinds differ, or
 *  the key does not agree (signers, secp256k1, Ed25519, RSA). */
enum br_rc br_private_key_agree(
    const struct br_private_key *k,
    const struct br_key *other,
    uint8_t ret[BR_KEY_COORDINATE_MAX],
    struct br_err *reterr) BR_MUST_USE;

/** RSA-OAEP-256. What does not open, or has another length than n, becomes n
 *  random bytes: RFC 7516 section 11.5. The tag of what was encrypted with
 *  them tells, and who asks learns nothing before. UNSUPPORTED: not RSA. */
enum br_rc br_private_key_open_oaep(
    const struct br_private_key *k,
    struct br_bytes sealed,
    uint8_t *ret,
    size_t n,
    struct br_err *reterr) BR_MUST_USE;

#endif
