/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/backend.h"
#include "common/crypto/ecdsa.h"
#include "common/crypto/hash.h"
#include "common/crypto/memory.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/** The curve, made once; libcrypto only reads it afterwards. */
static _Atomic(EC_GROUP *) curve;
static pthread_key_t verifiers_key;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void free_verifiers(void *p);

/** Under the lock. */
static EC_GROUP *
start(void)
{
    EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    if (g != NULL && pthread_key_create(&verifiers_key, free_verifiers) != 0) {
        EC_GROUP_free(g);
        g = NULL;
    }
    return g;
}

/** NULL when memory was refused; the next one tries again. */
static const EC_GROUP *
p256(void)
{
    EC_GROUP *g = atomic_load(&curve);
    if (g == NULL) {
        (void)pthread_mutex_lock(&lock);
        g = atomic_load(&curve);
        if (g == NULL) {
            g = start();
            atomic_store(&curve, g);
        }
        (void)pthread_mutex_unlock(&lock);
    }
    return g;
}

static EVP_PKEY *
from_params(OSSL_PARAM *params, int selection)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (c == NULL || EVP_PKEY_fromdata_init(c) != 1 ||
        EVP_PKEY_fromdata(c, &key, selection, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(c);
    return key;
}

static EVP_PKEY *
public_pkey(const uint8_t *raw)
{
    uint8_t copy[33];
    char group[] = "prime256v1";
    memcpy(copy, raw, sizeof(copy));
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(
            OSSL_PKEY_PARAM_PUB_KEY, copy, sizeof(copy)),
        OSSL_PARAM_construct_end(),
    };
    return from_params(params, EVP_PKEY_PUBLIC_KEY);
}

static bool
public_ok(const uint8_t *raw, uint8_t x[32], uint8_t y[32])
{
    uint8_t full[65] = {0};
    const EC_GROUP *g = p256();
    bool compressed = raw[0] == 2 || raw[0] == 3;
    EC_POINT *p = g == NULL || !compressed ? NULL : EC_POINT_new(g);
    bool ok = p != NULL && EC_POINT_oct2point(g, p, raw, 33, NULL) == 1 &&
              EC_POINT_point2oct(
                  g, p, POINT_CONVERSION_UNCOMPRESSED, full, sizeof(full),
                  NULL) == sizeof(full);
    EC_POINT_free(p);
    memcpy(x, full + 1, 32);
    memcpy(y, full + 33, 32);
    return ok;
}

/* ---- verifying ---------------------------------------------------------- */

/* Decompressing a point and building its EVP_PKEY costs two thirds of a
 * verification. Members sign again and again with the same few keys, so each
 * thread remembers the last key of each slot. */
enum { SLOTS = 32 };

struct verifier {
    uint8_t raw[33];
    EVP_PKEY_CTX *ctx; /**< ready to verify; NULL: empty slot */
};

static void
free_verifiers(void *p)
{
    struct verifier *v = (struct verifier *)p;
    for (size_t i = 0; i < SLOTS; i++) {
        EVP_PKEY_CTX_free(v[i].ctx);
    }
    free(v);
}

static EVP_PKEY_CTX *
new_verifier(const uint8_t *raw)
{
    EVP_PKEY *key = public_pkey(raw);
    EVP_PKEY_CTX *c = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    EVP_PKEY_free(key); /* the context holds its own reference */
    if (c != NULL && EVP_PKEY_verify_init(c) != 1) {
        EVP_PKEY_CTX_free(c);
        c = NULL;
    }
    return c;
}

static EVP_PKEY_CTX *
verifier_of(const uint8_t *raw)
{
    if (p256() == NULL) {
        return NULL;
    }
    struct verifier *all =
        (struct verifier *)pthread_getspecific(verifiers_key);
    if (all == NULL) {
        all = (struct verifier *)calloc(SLOTS, sizeof(*all));
        if (all == NULL || pthread_setspecific(verifiers_key, all) != 0) {
            free(all);
            br_crypto_memory_note();
            return NULL;
        }
    }
    struct verifier *v = &all[raw[32] % SLOTS];
    if (v->ctx == NULL || memcmp(v->raw, raw, sizeof(v->raw)) != 0) {
        EVP_PKEY_CTX_free(v->ctx);
        v->ctx = new_verifier(raw);
        memcpy(v->raw, raw, sizeof(v->raw));
    }
    return v->ctx;
}

static bool
verify(
    const uint8_t *raw,
    struct br_bytes message,
    const uint8_t sig[BR_SIGNATURE_BYTES])
{
    if (!br_es256_is_low(sig)) {
        return false; /* high S: the twin of a valid signature */
    }
    uint8_t der[BR_ECDSA_DER_BYTES_MAX];
    size_t n = br_ecdsa_to_der(sig, der);
    struct br_hash h;
    br_sha256(message, &h);
    EVP_PKEY_CTX *c = verifier_of(raw);
    bool ok = c != NULL && EVP_PKEY_verify(c, der, n, h.b, BR_HASH_BYTES) == 1;
    if (!ok) {
        ERR_clear_error(); /* or another caller would find it in the queue */
    }
    return ok;
}

/* ---- signing ------------------------------------------------------------ */

/** One prepared context; who finds it busy prepares another. */
struct key {
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *ctx;
    pthread_mutex_t lock;
};

static bool
public_of(const BIGNUM *d, uint8_t raw[33], uint8_t full[65])
{
    const EC_GROUP *g = p256();
    EC_POINT *p = g == NULL ? NULL : EC_POINT_new(g);
    bool ok =
        p != NULL && !BN_is_zero(d) && BN_cmp(d, EC_GROUP_get0_order(g)) < 0 &&
        EC_POINT_mul(g, p, d, NULL, NULL, NULL) == 1 &&
        EC_POINT_point2oct(g, p, POINT_CONVERSION_COMPRESSED, raw, 33, NULL) ==
            33 &&
        EC_POINT_point2oct(
            g, p, POINT_CONVERSION_UNCOMPRESSED, full, 65, NULL) == 65;
    EC_POINT_free(p);
    return ok;
}

static EVP_PKEY *
private_pkey(const BIGNUM *d, const uint8_t full[65])
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = NULL;
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    if (b != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(
            b, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(
            b, OSSL_PKEY_PARAM_PUB_KEY, full, 65) == 1) {
        params = OSSL_PARAM_BLD_to_param(b);
    }
    if (params != NULL) {
        key = from_params(params, EVP_PKEY_KEYPAIR);
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    return key;
}

static EVP_PKEY_CTX *
new_signing(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(pkey, NULL);
    if (c != NULL && EVP_PKEY_sign_init(c) != 1) {
        EVP_PKEY_CTX_free(c);
        c = NULL;
    }
    return c;
}

static void
close_key(void *p)
{
    struct key *key = (struct key *)p;
    EVP_PKEY_CTX_free(key->ctx);
    EVP_PKEY_free(key->pkey);
    (void)pthread_mutex_destroy(&key->lock);
    free(key);
}

static void *
open_key(const uint8_t secret[32], uint8_t *ret_raw)
{
    uint8_t full[65];
    struct key *key = (struct key *)calloc(1, sizeof(*key));
    if (key == NULL) {
        br_crypto_memory_note();
        return NULL;
    }
    (void)pthread_mutex_init(&key->lock, NULL);
    BIGNUM *d = BN_secure_new(); /* libcrypto's locked heap: br_crypto_init */
    if (d != NULL && BN_bin2bn(secret, 32, d) != NULL &&
        public_of(d, ret_raw, full)) {
        key->pkey = private_pkey(d, full);
    }
    BN_clear_free(d);
    key->ctx = key->pkey == NULL ? NULL : new_signing(key->pkey);
    if (key->ctx == NULL) {
        close_key(key);
        return NULL;
    }
    return key;
}

static bool
sign_with(
    EVP_PKEY_CTX *c, const struct br_hash *h, uint8_t sig[BR_SIGNATURE_BYTES])
{
    uint8_t der[BR_ECDSA_DER_BYTES_MAX];
    size_t n = sizeof(der);
    return c != NULL && EVP_PKEY_sign(c, der, &n, h->b, BR_HASH_BYTES) == 1 &&
           br_ecdsa_from_der(br_bytes(der, n), sig) && br_es256_normalise(sig);
}

static bool
sign(void *p, struct br_bytes message, uint8_t sig[BR_SIGNATURE_BYTES])
{
    struct key *key = (struct key *)p;
    struct br_hash h;
    bool ok;
    br_sha256(message, &h);
    if (pthread_mutex_trylock(&key->lock) == 0) {
        ok = sign_with(key->ctx, &h, sig);
        (void)pthread_mutex_unlock(&key->lock);
    } else {
        EVP_PKEY_CTX *c = new_signing(key->pkey);
        ok = sign_with(c, &h, sig);
        EVP_PKEY_CTX_free(c);
    }
    return ok;
}

const struct br_sign_backend br_sign_backend_es256 = {
    .alg = BR_SIGN_ES256,
    .name = "ES256",
    .public_bytes = 33,
    .public_ok = public_ok,
    .verify = verify,
    .open = open_key,
    .sign = sign,
    .normalise = br_es256_normalise,
    .close = close_key,
};
