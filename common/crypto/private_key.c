/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/private_key.h"

#include "common/base/assert.h"
#include "common/crypto/ecdsa.h"
#include "common/crypto/key_internal.h"

#include <openssl/core_names.h>
#include <openssl/ecdh.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <sodium.h>
#include <stdlib.h>

enum { RSA_BITS = 3072, OKP_BYTES = 32 };

/** One of the four holds the secret. */
struct br_private_key {
    struct br_key public_key;
    EC_KEY *ec;
    EVP_PKEY *rsa;
    uint8_t *okp; /**< Ed25519, X25519, secp256k1: sodium_malloc */
    struct br_signer *signer;
    bool owns_signer; /**< it signs for okp */
};

void
br_private_key_free(struct br_private_key *k)
{
    if (k != NULL) {
        EC_KEY_free(k->ec);
        EVP_PKEY_free(k->rsa);
        sodium_free(k->okp);
        if (k->owns_signer) {
            br_signer_free(k->signer);
        }
        free(k);
    }
}

const struct br_key *
br_private_key_public(const struct br_private_key *k)
{
    return &k->public_key;
}

static struct br_private_key *
make(void)
{
    return (struct br_private_key *)calloc(1, sizeof(struct br_private_key));
}

/* ---- elliptic curves ---------------------------------------------------- */

/** The public half of d, which is from 1 to the order less one. */
static bool
take_scalar(struct br_private_key *k, const BIGNUM *d)
{
    uint8_t point[1 + 2 * BR_KEY_COORDINATE_MAX];
    const EC_GROUP *g = br_key_group(k->public_key.kind);
    size_t n = 1 + 2u * k->public_key.n;
    k->ec = g == NULL ? NULL : EC_KEY_new();
    EC_POINT *p = k->ec == NULL ? NULL : EC_POINT_new(g);
    bool ok = p != NULL && EC_KEY_set_group(k->ec, g) == 1 &&
              EC_POINT_mul(g, p, d, NULL, NULL, NULL) == 1 &&
              EC_KEY_set_public_key(k->ec, p) == 1 &&
              EC_KEY_set_private_key(k->ec, d) == 1 &&
              EC_POINT_point2oct(
                  g, p, POINT_CONVERSION_UNCOMPRESSED, point, n, NULL) == n;
    EC_POINT_free(p);
    if (ok) {
        memcpy(k->public_key.b, point + 1, n - 1);
    }
    return ok;
}

static enum br_rc
open_ec(struct br_private_key *k, struct br_bytes secret, struct br_err *reterr)
{
    const EC_GROUP *g = br_key_group(k->public_key.kind);
    BIGNUM *d = BN_secure_new(); /* libcrypto's locked heap: br_crypto_init */
    bool ok =
        g != NULL && d != NULL && BN_bin2bn(secret.p, (int)secret.n, d) != NULL;
    bool in_range =
        ok && !BN_is_zero(d) && BN_cmp(d, EC_GROUP_get0_order(g)) < 0;
    bool taken = in_range && take_scalar(k, d);
    BN_clear_free(d);
    if (ok && !in_range) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "not a private scalar of %s",
            br_key_kind_name(k->public_key.kind));
    }
    return taken ? BR_OK : br_fail(reterr, BR_ERR_NO_MEMORY, "private key");
}

/** 1 + seed mod (order - 1), as long as a coordinate. */
static bool
reduce(
    const EC_GROUP *g,
    const uint8_t seed[BR_PRIVATE_KEY_SEED_BYTES],
    uint8_t *out,
    size_t n)
{
    BN_CTX *c = BN_CTX_secure_new();
    BIGNUM *d = BN_secure_new();
    BIGNUM *m = g == NULL ? NULL : BN_dup(EC_GROUP_get0_order(g));
    bool ok = c != NULL && d != NULL && m != NULL && BN_sub_word(m, 1) == 1 &&
              BN_bin2bn(seed, BR_PRIVATE_KEY_SEED_BYTES, d) != NULL;
    if (ok) {
        BN_set_flags(d, BN_FLG_CONSTTIME);
    }
    ok = ok && BN_mod(d, d, m, c) == 1 && BN_add_word(d, 1) == 1 &&
         BN_bn2binpad(d, out, (int)n) == (int)n;
    BN_CTX_free(c);
    BN_clear_free(d);
    BN_free(m);
    return ok;
}

/* ---- the three that libsodium and libsecp256k1 know --------------------- */

static enum br_rc
open_with_signer(struct br_private_key *k, struct br_err *reterr)
{
    bool ed = k->public_key.kind == BR_KEY_ED25519;
    BR_TRY(br_signer_from_secret(
        ed ? BR_SIGN_ED25519 : BR_SIGN_ES256K, k->okp, &k->signer, reterr));
    k->owns_signer = true;
    br_key_of_public(br_signer_public(k->signer), &k->public_key);
    return BR_OK;
}

static enum br_rc
open_okp(
    struct br_private_key *k, struct br_bytes secret, struct br_err *reterr)
{
    k->okp = (uint8_t *)sodium_malloc(OKP_BYTES);
    if (k->okp == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "locked memory");
    }
    memcpy(k->okp, secret.p, OKP_BYTES);
    if (k->public_key.kind != BR_KEY_X25519) {
        return open_with_signer(k, reterr);
    }
    (void)crypto_scalarmult_base(k->public_key.b, k->okp);
    return BR_OK;
}

enum br_rc
br_private_key_new(
    enum br_key_kind kind,
    struct br_bytes secret,
    struct br_private_key **ret,
    struct br_err *reterr)
{
    size_t n = br_key_kind_bytes(kind);
    BR_ASSERT(kind != BR_KEY_RSA);
    if (secret.n != n) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "a private key on %s has %zu bytes, not %zu",
            br_key_kind_name(kind), n, secret.n);
    }
    struct br_private_key *k = make();
    if (k == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "private key");
    }
    k->public_key = (struct br_key){.kind = kind, .n = (uint16_t)n};
    bool nist =
        kind == BR_KEY_P256 || kind == BR_KEY_P384 || kind == BR_KEY_P521;
    enum br_rc rc =
        nist ? open_ec(k, secret, reterr) : open_okp(k, secret, reterr);
    if (rc != BR_OK) {
        ERR_clear_error();
        br_private_key_free(k);
        return rc;
    }
    *ret = k;
    return BR_OK;
}

enum br_rc
br_private_key_derive(
    enum br_key_kind kind,
    const uint8_t seed[BR_PRIVATE_KEY_SEED_BYTES],
    struct br_private_key **ret,
    struct br_err *reterr)
{
    uint8_t secret[BR_KEY_COORDINATE_MAX];
    size_t n = br_key_kind_bytes(kind);
    const EC_GROUP *g = br_key_group(kind);
    BR_ASSERT(kind != BR_KEY_RSA && kind != BR_KEY_SECP256K1);
    memcpy(secret, seed, n);
    if (kind != BR_KEY_ED25519 && kind != BR_KEY_X25519 &&
        !reduce(g, seed, secret, n)) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "private key");
    }
    enum br_rc rc = br_private_key_new(kind, br_bytes(secret, n), ret, reterr);
    sodium_memzero(secret, sizeof(secret));
    return rc;
}

enum br_rc
br_private_key_export(
    const struct br_private_key *k,
    uint8_t out[BR_KEY_COORDINATE_MAX],
    size_t *ret_n,
    struct br_err *reterr)
{
    size_t n = br_key_kind_bytes(k->public_key.kind);
    if (k->ec != NULL) {
        (void)BN_bn2binpad(EC_KEY_get0_private_key(k->ec), out, (int)n);
    } else if (k->okp != NULL) {
        memcpy(out, k->okp, n);
    } else {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "this private key is not given out");
    }
    *ret_n = n;
    return BR_OK;
}

/* ---- RSA ---------------------------------------------------------------- */

struct part {
    const char *name;
    struct br_bytes value;
};

static bool
push(OSSL_PARAM_BLD *b, const struct part *part, BIGNUM **ret)
{
    *ret = BN_secure_new();
    return *ret != NULL &&
           BN_bin2bn(part->value.p, (int)part->value.n, *ret) != NULL &&
           OSSL_PARAM_BLD_push_BN(b, part->name, *ret) == 1;
}

static EVP_PKEY *
rsa_of(const struct br_rsa_secret *s)
{
    enum { PARTS = 8 };
    const struct part parts[PARTS] = {
        {OSSL_PKEY_PARAM_RSA_N, s->n},
        {OSSL_PKEY_PARAM_RSA_E, s->e},
        {OSSL_PKEY_PARAM_RSA_D, s->d},
        {OSSL_PKEY_PARAM_RSA_FACTOR1, s->p},
        {OSSL_PKEY_PARAM_RSA_FACTOR2, s->q},
        {OSSL_PKEY_PARAM_RSA_EXPONENT1, s->dp},
        {OSSL_PKEY_PARAM_RSA_EXPONENT2, s->dq},
        {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, s->qi},
    };
    BIGNUM *numbers[PARTS] = {NULL};
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    bool ok = b != NULL;
    for (size_t i = 0; ok && i < PARTS; i++) {
        ok = push(b, &parts[i], &numbers[i]);
    }
    OSSL_PARAM *params = ok ? OSSL_PARAM_BLD_to_param(b) : NULL;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (params == NULL || c == NULL || EVP_PKEY_fromdata_init(c) != 1 ||
        EVP_PKEY_fromdata(c, &key, EVP_PKEY_KEYPAIR, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(c);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    for (size_t i = 0; i < PARTS; i++) {
        BN_clear_free(numbers[i]);
    }
    return key;
}

static bool
consistent(EVP_PKEY *key)
{
    EVP_PKEY_CTX *c = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    bool ok = c != NULL && EVP_PKEY_pairwise_check(c) == 1;
    EVP_PKEY_CTX_free(c);
    return ok;
}

/** Takes the key. */
static enum br_rc
wrap_rsa(
    EVP_PKEY *rsa,
    const struct br_key *public_key,
    struct br_private_key **ret,
    struct br_err *reterr)
{
    struct br_private_key *k = make();
    if (k == NULL) {
        EVP_PKEY_free(rsa);
        return br_fail(reterr, BR_ERR_NO_MEMORY, "private key");
    }
    k->rsa = rsa;
    k->public_key = *public_key;
    *ret = k;
    return BR_OK;
}

enum br_rc
br_private_key_new_rsa(
    const struct br_rsa_secret *parts,
    struct br_private_key **ret,
    struct br_err *reterr)
{
    struct br_key public_key;
    const struct br_bytes all[] = {parts->d,  parts->p,  parts->q,
                                   parts->dp, parts->dq, parts->qi};
    BR_TRY(br_key_init_rsa(&public_key, parts->n, parts->e, reterr));
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i].n == 0 || all[i].n > parts->n.n) {
            return br_fail(
                reterr, BR_ERR_MALFORMED, "RSA: a number has a wrong length");
        }
    }
    EVP_PKEY *key = rsa_of(parts);
    if (!consistent(key)) {
        EVP_PKEY_free(key);
        ERR_clear_error();
        return br_fail(
            reterr, BR_ERR_MALFORMED, "RSA: not the parts of one key");
    }
    return wrap_rsa(key, &public_key, ret, reterr);
}

static enum br_rc
generate_rsa(struct br_private_key **ret, struct br_err *reterr)
{
    uint8_t n[BR_KEY_BYTES_MAX];
    static const uint8_t e[] = {1, 0, 1};
    struct br_key public_key;
    BIGNUM *bn = NULL;
    EVP_PKEY *key = EVP_RSA_gen(RSA_BITS);
    if (key == NULL ||
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &bn) != 1) {
        EVP_PKEY_free(key);
        return br_fail(reterr, BR_ERR_NO_MEMORY, "private key");
    }
    size_t size = (size_t)BN_bn2bin(bn, n);
    BN_free(bn);
    enum br_rc rc = br_key_init_rsa(
        &public_key, br_bytes(n, size), br_bytes(e, sizeof(e)), reterr);
    if (rc != BR_OK) {
        EVP_PKEY_free(key);
        return rc;
    }
    return wrap_rsa(key, &public_key, ret, reterr);
}

enum br_rc
br_private_key_generate(
    enum br_key_kind kind, struct br_private_key **ret, struct br_err *reterr)
{
    uint8_t seed[BR_PRIVATE_KEY_SEED_BYTES];
    enum br_rc rc = BR_ERR_INTERNAL;
    if (kind == BR_KEY_RSA) {
        return generate_rsa(ret, reterr);
    }
    randombytes_buf(seed, sizeof(seed));
    if (kind == BR_KEY_SECP256K1) {
        /* A random scalar is out of range once in 2^127: try again. */
        for (int i = 0; i < 2 && rc != BR_OK; i++) {
            rc = br_private_key_new(
                kind, br_bytes(seed + 32 * i, 32), ret, reterr);
        }
    } else {
        rc = br_private_key_derive(kind, seed, ret, reterr);
    }
    sodium_memzero(seed, sizeof(seed));
    return rc;
}

/* ---- a signer ----------------------------------------------------------- */

enum br_rc
br_private_key_of_signer(
    struct br_signer *s, struct br_private_key **ret, struct br_err *reterr)
{
    struct br_private_key *k = make();
    if (k == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "private key");
    }
    br_key_of_public(br_signer_public(s), &k->public_key);
    k->signer = s;
    *ret = k;
    return BR_OK;
}

/* ---- signing ------------------------------------------------------------ */

static bool
sign_ec(
    struct br_private_key *k,
    const struct br_digest *d,
    struct br_signature *ret)
{
    size_t n = k->public_key.n;
    size_t digest_n = br_hash_info((uint64_t)d->alg)->digest_bytes;
    ECDSA_SIG *s = ECDSA_do_sign(d->b, (int)digest_n, k->ec);
    bool ok = s != NULL &&
              BN_bn2binpad(ECDSA_SIG_get0_r(s), ret->b, (int)n) == (int)n &&
              BN_bn2binpad(ECDSA_SIG_get0_s(s), ret->b + n, (int)n) == (int)n &&
              (k->public_key.kind != BR_KEY_P256 || br_es256_normalise(ret->b));
    ECDSA_SIG_free(s);
    ret->n = 2 * n;
    return ok;
}

static bool
sign_rsa(
    struct br_private_key *k,
    enum br_key_alg alg,
    const struct br_digest *d,
    struct br_signature *ret)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k->rsa, NULL);
    ret->n = sizeof(ret->b);
    bool ok = c != NULL && EVP_PKEY_sign_init(c) == 1 &&
              br_key_set_rsa_padding(c, alg) &&
              EVP_PKEY_sign(c, ret->b, &ret->n, d->b, BR_HASH_BYTES) == 1;
    EVP_PKEY_CTX_free(c);
    return ok;
}

enum br_rc
br_private_key_sign(
    struct br_private_key *k,
    enum br_key_alg alg,
    struct br_bytes message,
    struct br_signature *ret,
    struct br_err *reterr)
{
    struct br_digest d;
    if (br_key_alg_kind(alg) != k->public_key.kind) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "%s does not sign with a key of %s",
            br_key_alg_name((unsigned)alg),
            br_key_kind_name(k->public_key.kind));
    }
    if (k->signer != NULL) {
        ret->n = BR_SIGNATURE_BYTES;
        return br_sign(k->signer, message, ret->b, reterr);
    }
    BR_TRY(br_key_digest(alg, message, &d, reterr));
    bool ok = k->rsa != NULL ? sign_rsa(k, alg, &d, ret) : sign_ec(k, &d, ret);
    ERR_clear_error();
    return ok ? BR_OK
              : br_fail(
                    reterr, BR_ERR_KEY_LOCKED, "the %s key did not sign",
                    br_key_alg_name((unsigned)alg));
}

/* ---- agreeing and opening ----------------------------------------------- */

static bool
agree_ec(
    const struct br_private_key *k, const struct br_key *other, uint8_t *ret)
{
    EC_KEY *ec = br_key_ec(other);
    size_t n = other->n;
    bool ok = ec != NULL &&
              ECDH_compute_key(
                  ret, n, EC_KEY_get0_public_key(ec), k->ec, NULL) == (int)n;
    EC_KEY_free(ec);
    ERR_clear_error();
    return ok;
}

enum br_rc
br_private_key_agree(
    const struct br_private_key *k,
    const struct br_key *other,
    uint8_t ret[BR_KEY_COORDINATE_MAX],
    struct br_err *reterr)
{
    enum br_key_kind kind = k->public_key.kind;
    if (kind != other->kind || (k->ec == NULL && kind != BR_KEY_X25519)) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "a key of %s does not agree with one of %s", br_key_kind_name(kind),
            br_key_kind_name(other->kind));
    }
    bool ok = kind == BR_KEY_X25519
                  ? crypto_scalarmult(ret, k->okp, other->b) == 0
                  : agree_ec(k, other, ret);
    return ok ? BR_OK : br_fail(reterr, BR_ERR_NO_MEMORY, "key agreement");
}

enum br_rc
br_private_key_open_oaep(
    const struct br_private_key *k,
    struct br_bytes sealed,
    uint8_t *ret,
    size_t n,
    struct br_err *reterr)
{
    uint8_t out[BR_KEY_BYTES_MAX];
    size_t out_n = sizeof(out);
    if (k->rsa == NULL) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "RSA-OAEP-256 needs an RSA key");
    }
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k->rsa, NULL);
    bool ok = c != NULL && EVP_PKEY_decrypt_init(c) == 1 && br_key_set_oaep(c);
    if (!ok) {
        EVP_PKEY_CTX_free(c);
        return br_fail(reterr, BR_ERR_NO_MEMORY, "RSA-OAEP-256");
    }
    randombytes_buf(ret, n);
    if (EVP_PKEY_decrypt(c, out, &out_n, sealed.p, sealed.n) == 1 &&
        out_n == n) {
        memcpy(ret, out, n);
    }
    sodium_memzero(out, sizeof(out));
    EVP_PKEY_CTX_free(c);
    ERR_clear_error();
    return BR_OK;
}
