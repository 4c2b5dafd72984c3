/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/key.h"

#include "common/base/assert.h"
#include "common/crypto/backend.h"
#include "common/crypto/ecdsa.h"
#include "common/crypto/key_internal.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <sodium.h>

/* ---- the tables --------------------------------------------------------- */

static const struct {
    enum br_key_alg alg;
    enum br_key_kind kind;
    enum br_hash_alg hash;
    uint8_t signature_bytes;
    const char *name;
} algs[] = {
    {BR_ALG_ES256, BR_KEY_P256, BR_HASH_SHA256, 64, "ES256"},
    {BR_ALG_ES384, BR_KEY_P384, BR_HASH_SHA384, 96, "ES384"},
    {BR_ALG_ES512, BR_KEY_P521, BR_HASH_SHA512, 132, "ES512"},
    {BR_ALG_ES256K, BR_KEY_SECP256K1, BR_HASH_SHA256, 64, "ES256K"},
    {BR_ALG_EDDSA, BR_KEY_ED25519, BR_HASH_SHA512, 64, "EdDSA"},
    {BR_ALG_PS256, BR_KEY_RSA, BR_HASH_SHA256, 0, "PS256"},
    {BR_ALG_RS256, BR_KEY_RSA, BR_HASH_SHA256, 0, "RS256"},
};
enum { ALGS = sizeof(algs) / sizeof(algs[0]) };

static const struct {
    const char *name;
    int nid; /**< of the curves that libcrypto computes on, or 0 */
    uint8_t bytes;
    enum br_sign_alg narrow; /**< in the table of sign.h, or 0 */
} kinds[] = {
    [BR_KEY_P256] = {"P-256", NID_X9_62_prime256v1, 32, BR_SIGN_ES256},
    [BR_KEY_P384] = {"P-384", NID_secp384r1, 48, 0},
    [BR_KEY_P521] = {"P-521", NID_secp521r1, 66, 0},
    [BR_KEY_SECP256K1] = {"secp256k1", 0, 32, BR_SIGN_ES256K},
    [BR_KEY_ED25519] = {"Ed25519", 0, 32, BR_SIGN_ED25519},
    [BR_KEY_X25519] = {"X25519", 0, 32, 0},
    [BR_KEY_RSA] = {"RSA", 0, 0, 0},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static EC_GROUP *groups[KINDS];
static EVP_MD *sha256;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
start(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    for (size_t i = 0; i < KINDS; i++) {
        if (kinds[i].nid != 0) {
            groups[i] = EC_GROUP_new_by_curve_name(kinds[i].nid);
        }
    }
}

const EC_GROUP *
br_key_group(enum br_key_kind kind)
{
    (void)pthread_once(&once, start);
    return groups[kind];
}

EVP_MD *
br_sha256_md(void)
{
    (void)pthread_once(&once, start);
    return sha256;
}

static size_t
alg_row(unsigned alg)
{
    size_t i = 0;
    while (i < ALGS && (unsigned)algs[i].alg != alg) {
        i++;
    }
    return i;
}

const char *
br_key_alg_name(unsigned alg)
{
    size_t i = alg_row(alg);
    return i == ALGS ? NULL : algs[i].name;
}

unsigned
br_key_alg_by_name(struct br_bytes name)
{
    for (size_t i = 0; i < ALGS; i++) {
        if (br_bytes_eq(br_str(algs[i].name), name)) {
            return (unsigned)algs[i].alg;
        }
    }
    return 0;
}

enum br_key_kind
br_key_alg_kind(enum br_key_alg alg)
{
    size_t i = alg_row((unsigned)alg);
    BR_ASSERT(i < ALGS);
    return algs[i].kind;
}

size_t
br_key_alg_signature_bytes(enum br_key_alg alg)
{
    size_t i = alg_row((unsigned)alg);
    BR_ASSERT(i < ALGS);
    return algs[i].signature_bytes;
}

enum br_rc
br_key_digest(
    enum br_key_alg alg,
    struct br_bytes message,
    struct br_digest *ret,
    struct br_err *reterr)
{
    size_t i = alg_row((unsigned)alg);
    BR_ASSERT(i < ALGS);
    return br_digest_bytes(algs[i].hash, message, ret, reterr);
}

const char *
br_key_kind_name(enum br_key_kind kind)
{
    return kinds[kind].name;
}

size_t
br_key_kind_bytes(enum br_key_kind kind)
{
    return kinds[kind].bytes;
}

/* ---- keys --------------------------------------------------------------- */

EC_KEY *
br_key_ec(const struct br_key *k)
{
    uint8_t point[1 + 2 * BR_KEY_COORDINATE_MAX] = {
        POINT_CONVERSION_UNCOMPRESSED};
    const EC_GROUP *g = br_key_group(k->kind);
    EC_POINT *p = g == NULL ? NULL : EC_POINT_new(g);
    EC_KEY *ec = p == NULL ? NULL : EC_KEY_new();
    memcpy(point + 1, k->b, 2u * k->n);
    /* EC_POINT_oct2point has looked whether the point is on the curve; their
     * cofactor is 1, so there is no other group to be in. */
    bool ok = ec != NULL && EC_KEY_set_group(ec, g) == 1 &&
              EC_POINT_oct2point(g, p, point, 1 + 2u * k->n, NULL) == 1 &&
              EC_KEY_set_public_key(ec, p) == 1;
    EC_POINT_free(p);
    if (!ok) {
        ERR_clear_error();
        EC_KEY_free(ec);
        ec = NULL;
    }
    return ec;
}

/** Through the table of sign.h, which knows these curves: x || y compressed. */
static void
compress(const struct br_key *k, uint8_t out[BR_PUBLIC_KEY_BYTES_MAX])
{
    out[0] = (uint8_t)(2 + (k->b[63] & 1));
    memcpy(out + 1, k->b, 32);
}

static bool
on_secp256k1(const struct br_key *k)
{
    uint8_t raw[BR_PUBLIC_KEY_BYTES_MAX];
    uint8_t x[32];
    uint8_t y[32];
    compress(k, raw);
    return br_sign_backend(BR_SIGN_ES256K)->public_ok(raw, x, y) &&
           memcmp(y, k->b + 32, sizeof(y)) == 0;
}

/** Would a key agreed with it be the same for everybody? RFC 7748 section 6.1:
 *  the result with a point of small order is all zeros. */
static bool
x25519_ok(const uint8_t *u)
{
    static const uint8_t any[32] = {0x40}; /* clamped, it is a scalar as any */
    uint8_t shared[32];
    return crypto_scalarmult(shared, any, u) == 0;
}

static bool
on_ed25519(const struct br_key *k)
{
    uint8_t x[32];
    uint8_t y[32];
    return br_sign_backend(BR_SIGN_ED25519)->public_ok(k->b, x, y);
}

static bool
point_ok(const struct br_key *k)
{
    EC_KEY *ec;
    switch (k->kind) {
    case BR_KEY_SECP256K1:
        return on_secp256k1(k);
    case BR_KEY_ED25519:
        return on_ed25519(k);
    case BR_KEY_X25519:
        return x25519_ok(k->b);
    case BR_KEY_P256:
    case BR_KEY_P384:
    case BR_KEY_P521:
        ec = br_key_ec(k);
        EC_KEY_free(ec);
        return ec != NULL;
    case BR_KEY_RSA:
        break;
    }
    return false;
}

enum br_rc
br_key_init(
    struct br_key *k,
    enum br_key_kind kind,
    struct br_bytes x,
    struct br_bytes y,
    struct br_err *reterr)
{
    size_t n = kinds[kind].bytes;
    bool okp = kind == BR_KEY_ED25519 || kind == BR_KEY_X25519;
    struct br_key new = {.kind = kind, .n = (uint16_t)n};
    BR_ASSERT(kind != BR_KEY_RSA);
    if (x.n != n || y.n != (okp ? 0 : n)) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "a key on %s has coordinates of %zu bytes, not %zu and %zu",
            kinds[kind].name, n, x.n, y.n);
    }
    memcpy(new.b, x.p, n);
    if (!okp) {
        memcpy(new.b + n, y.p, n);
    }
    if (!point_ok(&new)) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "not a point of %s, or of small order",
            kinds[kind].name);
    }
    *k = new;
    return BR_OK;
}

static unsigned
bits_of(struct br_bytes n)
{
    unsigned bits = (unsigned)n.n * 8;
    for (unsigned top = n.p[0]; top < 0x80 && bits > 0; top <<= 1) {
        bits--;
    }
    return bits;
}

enum br_rc
br_key_init_rsa(
    struct br_key *k,
    struct br_bytes n,
    struct br_bytes e,
    struct br_err *reterr)
{
    uint32_t exponent = 0;
    if (n.n == 0 || n.p[0] == 0 || e.n == 0 || e.p[0] == 0) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "RSA: zeros ahead of a number");
    }
    unsigned bits = n.n > BR_KEY_BYTES_MAX ? UINT32_MAX : bits_of(n);
    if (bits < BR_KEY_RSA_BITS_MIN || bits > 8 * BR_KEY_BYTES_MAX ||
        (n.p[n.n - 1] & 1) == 0) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "RSA: a modulus is odd and has %d to %d bits", BR_KEY_RSA_BITS_MIN,
            8 * BR_KEY_BYTES_MAX);
    }
    for (size_t i = 0; i < e.n && e.n <= 4; i++) {
        exponent = exponent << 8 | e.p[i];
    }
    if (exponent < 65537 || (exponent & 1) == 0) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "RSA: an exponent is odd, at least 65537 and below 2^32");
    }
    *k = (struct br_key){.kind = BR_KEY_RSA, .n = (uint16_t)n.n, .e = exponent};
    memcpy(k->b, n.p, n.n);
    return BR_OK;
}

void
br_key_of_public(const struct br_public_key *p, struct br_key *ret)
{
    *ret = (struct br_key){.n = 32};
    ret->kind = BR_KEY_P256;
    while (kinds[ret->kind].narrow != p->alg) {
        ret->kind++;
    }
    bool ec2 = p->alg != BR_SIGN_ED25519;
    memcpy(ret->b, ec2 ? p->b + 1 : p->b, 32);
    if (ec2) {
        memcpy(ret->b + 32, p->y, sizeof(p->y));
    }
}

bool
br_key_to_public(const struct br_key *k, struct br_public_key *ret)
{
    enum br_sign_alg alg = kinds[k->kind].narrow;
    if (alg == 0) {
        return false;
    }
    *ret = (struct br_public_key){.alg = alg};
    ret->n = br_sign_backend(alg)->public_bytes;
    if (alg == BR_SIGN_ED25519) {
        memcpy(ret->b, k->b, 32);
    } else {
        compress(k, ret->b);
        memcpy(ret->y, k->b + 32, sizeof(ret->y));
    }
    return true;
}

struct br_bytes
br_key_x(const struct br_key *k)
{
    return br_bytes(k->b, k->n);
}

struct br_bytes
br_key_y(const struct br_key *k)
{
    bool okp = k->kind == BR_KEY_ED25519 || k->kind == BR_KEY_X25519;
    return br_bytes(k->b + k->n, okp ? 0 : k->n);
}

struct br_bytes
br_key_n(const struct br_key *k)
{
    return br_bytes(k->b, k->n);
}

size_t
br_key_e(const struct br_key *k, uint8_t out[4])
{
    size_t n = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        uint8_t byte = (uint8_t)(k->e >> shift);
        if (n > 0 || byte != 0) {
            out[n++] = byte;
        }
    }
    return n;
}

bool
br_key_eq(const struct br_key *a, const struct br_key *b)
{
    return a->kind == b->kind && a->n == b->n && a->e == b->e &&
           memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* ---- verifying ---------------------------------------------------------- */

static bool
verify_ec(
    const struct br_key *k, const struct br_digest *d, struct br_bytes sig)
{
    size_t digest_n = br_hash_info((uint64_t)d->alg)->digest_bytes;
    EC_KEY *ec = br_key_ec(k);
    ECDSA_SIG *s = ec == NULL ? NULL : ECDSA_SIG_new();
    BIGNUM *r_bn = s == NULL ? NULL : BN_bin2bn(sig.p, k->n, NULL);
    BIGNUM *s_bn = s == NULL ? NULL : BN_bin2bn(sig.p + k->n, k->n, NULL);
    bool set =
        r_bn != NULL && s_bn != NULL && ECDSA_SIG_set0(s, r_bn, s_bn) == 1;
    if (!set) {
        BN_free(r_bn);
        BN_free(s_bn);
    }
    bool ok = set && ECDSA_do_verify(d->b, (int)digest_n, s, ec) == 1;
    ECDSA_SIG_free(s);
    EC_KEY_free(ec);
    return ok;
}

/** secp256k1 and Ed25519, where sign.h has the faster library. */
static bool
verify_narrow(
    const struct br_key *k, struct br_bytes message, struct br_bytes sig)
{
    struct br_public_key p;
    uint8_t copy[BR_SIGNATURE_BYTES];
    memcpy(copy, sig.p, sizeof(copy));
    if (!br_key_to_public(k, &p)) {
        return false;
    }
    const struct br_sign_backend *b = br_sign_backend(p.alg);
    return (b->normalise == NULL || b->normalise(copy)) &&
           b->verify(p.b, message, copy);
}

EVP_PKEY *
br_key_rsa(const struct br_key *k)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = NULL;
    BIGNUM *n = BN_bin2bn(k->b, k->n, NULL);
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    if (n != NULL && b != NULL &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_uint32(b, OSSL_PKEY_PARAM_RSA_E, k->e) == 1) {
        params = OSSL_PARAM_BLD_to_param(b);
    }
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (params == NULL || c == NULL || EVP_PKEY_fromdata_init(c) != 1 ||
        EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(c);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    BN_free(n);
    return key;
}

/** "The size of the salt value is the same size as the hash function output."
 *  (RFC 7518 section 3.5) */
bool
br_key_set_rsa_padding(EVP_PKEY_CTX *c, enum br_key_alg alg)
{
    bool pss = alg == BR_ALG_PS256;
    return EVP_PKEY_CTX_set_rsa_padding(
               c, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(c, br_sha256_md()) == 1 &&
           (!pss ||
            (EVP_PKEY_CTX_set_rsa_mgf1_md(c, br_sha256_md()) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) == 1));
}

static bool
verify_rsa(
    const struct br_key *k,
    enum br_key_alg alg,
    const struct br_digest *d,
    struct br_bytes sig)
{
    EVP_PKEY *key = br_key_rsa(k);
    EVP_PKEY_CTX *c = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    bool ok = c != NULL && sig.n == k->n && EVP_PKEY_verify_init(c) == 1 &&
              br_key_set_rsa_padding(c, alg) &&
              EVP_PKEY_verify(c, sig.p, sig.n, d->b, BR_HASH_BYTES) == 1;
    EVP_PKEY_CTX_free(c);
    EVP_PKEY_free(key);
    return ok;
}

static bool
verify(
    const struct br_key *k,
    enum br_key_alg alg,
    struct br_bytes message,
    struct br_bytes sig)
{
    struct br_digest d;
    if (alg == BR_ALG_ES256K || alg == BR_ALG_EDDSA) {
        return verify_narrow(k, message, sig);
    }
    if (br_key_digest(alg, message, &d, NULL) != BR_OK) {
        return false;
    }
    return k->kind == BR_KEY_RSA ? verify_rsa(k, alg, &d, sig)
                                 : verify_ec(k, &d, sig);
}

enum br_rc
br_key_verify(
    const struct br_key *k,
    enum br_key_alg alg,
    struct br_bytes message,
    struct br_bytes sig,
    struct br_err *reterr)
{
    size_t row = alg_row((unsigned)alg);
    BR_ASSERT(row < ALGS);
    size_t want = k->kind == BR_KEY_RSA ? k->n : algs[row].signature_bytes;
    if (algs[row].kind != k->kind) {
        return br_fail(
            reterr, BR_ERR_BAD_SIGNATURE, "%s does not sign with a key of %s",
            algs[row].name, kinds[k->kind].name);
    }
    if (sig.n != want) {
        return br_fail(
            reterr, BR_ERR_BAD_SIGNATURE,
            "a signature of %s has %zu bytes, not %zu", algs[row].name, want,
            sig.n);
    }
    if (!verify(k, alg, message, sig)) {
        ERR_clear_error();
        return br_fail(
            reterr, BR_ERR_BAD_SIGNATURE, "the %s signature does not verify",
            algs[row].name);
    }
    return BR_OK;
}

/* ---- RSA-OAEP-256 ------------------------------------------------------- */

bool
br_key_set_oaep(EVP_PKEY_CTX *c)
{
    return EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(c, br_sha256_md()) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(c, br_sha256_md()) == 1;
}

enum br_rc
br_key_seal_oaep(
    const struct br_key *k,
    struct br_bytes secret,
    uint8_t ret[BR_KEY_BYTES_MAX],
    struct br_err *reterr)
{
    size_t n = BR_KEY_BYTES_MAX;
    if (k->kind != BR_KEY_RSA) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "RSA-OAEP-256 needs an RSA key");
    }
    EVP_PKEY *key = br_key_rsa(k);
    EVP_PKEY_CTX *c = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    bool ok =
        c != NULL && EVP_PKEY_encrypt_init(c) == 1 && br_key_set_oaep(c) &&
        EVP_PKEY_encrypt(c, ret, &n, secret.p, secret.n) == 1 && n == k->n;
    EVP_PKEY_CTX_free(c);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return ok ? BR_OK : br_fail(reterr, BR_ERR_NO_MEMORY, "RSA-OAEP-256");
}
