/*
 * Public keys as strangers bring them, and the signatures of JOSE: the wide
 * sister of sign.h.
 *
 * | alg    | code | key       | signature    | standard                     |
 * |--------|------|-----------|--------------|------------------------------|
 * | ES256  | 0x01 | P-256     | 64 r||s      | RFC 7518 section 3.4         |
 * | ES384  | 0x02 | P-384     | 96 r||s      | RFC 7518 section 3.4         |
 * | ES512  | 0x04 | P-521     | 132 r||s     | RFC 7518 section 3.4         |
 * | ES256K | 0x08 | secp256k1 | 64 r||s      | RFC 8812 section 3.2         |
 * | EdDSA  | 0x10 | Ed25519   | 64           | RFC 8037 section 3.1         |
 * | PS256  | 0x20 | RSA       | as its n     | RFC 7518 section 3.5         |
 * | RS256  | 0x40 | RSA       | as its n     | RFC 7518 section 3.3         |
 *
 * - sign.h is consensus: three algorithms, keys of 33 bytes, low S only. What
 *   is here verifies what others signed: s may be either of the two values, as
 *   their libraries write it. The types differ, so that no key from here can
 *   come into the ledger.
 * - A struct br_key comes from the functions below, which have looked at it: a
 *   point is on its curve, an RSA modulus has 2,048 to 4,096 bits. It is a
 *   value, without ownership.
 * - An algorithm is a bit, so that a set of them is a number: an allow-list.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_KEY_H
#define BR_CRYPTO_KEY_H

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/crypto/sign.h"

/* RSA-4096; longer ones verify too slowly to be taken from strangers. */
#define BR_KEY_BYTES_MAX           512
#define BR_KEY_RSA_BITS_MIN        2048
#define BR_KEY_COORDINATE_MAX      66 /* P-521 */
#define BR_KEY_SIGNATURE_BYTES_MAX 512

enum br_key_kind {
    BR_KEY_P256 = 1,
    BR_KEY_P384,
    BR_KEY_P521,
    BR_KEY_SECP256K1,
    BR_KEY_ED25519,
    BR_KEY_X25519,
    BR_KEY_RSA,
};

enum br_key_alg {
    BR_ALG_ES256 = 0x01,
    BR_ALG_ES384 = 0x02,
    BR_ALG_ES512 = 0x04,
    BR_ALG_ES256K = 0x08,
    BR_ALG_EDDSA = 0x10,
    BR_ALG_PS256 = 0x20,
    BR_ALG_RS256 = 0x40,
};

struct br_key {
    enum br_key_kind kind;
    uint16_t n; /**< bytes of a coordinate, of an OKP key, or of a modulus */
    uint32_t e; /**< RSA: the public exponent */
    /** EC: x || y; Ed25519, X25519: the key; RSA: the modulus. */
    uint8_t b[BR_KEY_BYTES_MAX];
};

/* ---- algorithms --------------------------------------------------------- */

/** The names of JOSE; NULL, or 0, when there is none. */
const char *br_key_alg_name(unsigned alg);
unsigned br_key_alg_by_name(struct br_bytes name);
enum br_key_kind br_key_alg_kind(enum br_key_alg alg);
/** Of the ECDSA or Ed25519 signature; 0 for RSA, which is as long as its n. */
size_t br_key_alg_signature_bytes(enum br_key_alg alg);

/* ---- keys --------------------------------------------------------------- */

/** Name of the curve as in a JWK's crv: "P-256", "Ed25519"; "RSA" for RSA. */
const char *br_key_kind_name(enum br_key_kind kind);
/** Bytes of one coordinate or of an OKP key; 0 for RSA. */
size_t br_key_kind_bytes(enum br_key_kind kind);

/** An elliptic curve's or OKP key; y is empty for Ed25519 and X25519.
 *  MALFORMED: wrong lengths, not on the curve, of small order. */
enum br_rc br_key_init(
    struct br_key *k,
    enum br_key_kind kind,
    struct br_bytes x,
    struct br_bytes y,
    struct br_err *reterr) BR_MUST_USE;
/** Modulus and exponent in big endian without zeros ahead. OUT_OF_RANGE: not
 *  2,048 to 4,096 bits, or an exponent that is not odd from 65,537 below 2^32.
 */
enum br_rc br_key_init_rsa(
    struct br_key *k,
    struct br_bytes n,
    struct br_bytes e,
    struct br_err *reterr) BR_MUST_USE;

/** A ledger's key as one of these, and back: P-256, secp256k1 and Ed25519
 *  only, else false. */
void br_key_of_public(const struct br_public_key *p, struct br_key *ret);
bool br_key_to_public(const struct br_key *k, struct br_public_key *ret);

/** x or OKP key; y (empty for OKP); n of RSA. Borrowed from the key. */
struct br_bytes br_key_x(const struct br_key *k);
struct br_bytes br_key_y(const struct br_key *k);
struct br_bytes br_key_n(const struct br_key *k);
/** The exponent, big endian, shortest; returns its bytes. */
size_t br_key_e(const struct br_key *k, uint8_t out[4]);
bool br_key_eq(const struct br_key *a, const struct br_key *b);

/** BAD_SIGNATURE, also when the algorithm is for another kind of key or the
 *  length of the signature is not the one of the table. Any thread. */
enum br_rc br_key_verify(
    const struct br_key *k,
    enum br_key_alg alg,
    struct br_bytes message,
    struct br_bytes sig,
    struct br_err *reterr) BR_MUST_USE;

/** RSAES-OAEP with SHA-256 and MGF1 with SHA-256, no label (RFC 7518 section
 *  4.3). ret has room for k->n bytes, which are all written. libcrypto draws
 *  the seed. UNSUPPORTED: not an RSA key. */
enum br_rc br_key_seal_oaep(
    const struct br_key *k,
    struct br_bytes secret,
    uint8_t ret[BR_KEY_BYTES_MAX],
    struct br_err *reterr) BR_MUST_USE;

#endif
