/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/sign.h"

#include "common/base/assert.h"
#include "common/codec/cbor.h"
#include "common/crypto/backend.h"
#include "common/crypto/hash.h"
#include "common/crypto/memory.h"

#include <sodium.h>
#include <stdlib.h>

static const struct br_sign_backend *const table[] = {
    &br_sign_backend_ed25519,
    &br_sign_backend_es256,
    &br_sign_backend_es256k,
};
enum { COUNT = sizeof(table) / sizeof(table[0]) };

const struct br_sign_backend *
br_sign_backend(int64_t alg)
{
    for (size_t i = 0; i < COUNT; i++) {
        if ((int64_t)table[i]->alg == alg) {
            return table[i];
        }
    }
    return NULL;
}

const char *
br_sign_alg_name(int64_t alg)
{
    const struct br_sign_backend *b = br_sign_backend(alg);
    return b == NULL ? NULL : b->name;
}

enum br_rc
br_sign_alg_parse(
    struct br_bytes name, enum br_sign_alg *ret, struct br_err *reterr)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (br_bytes_eq(br_str(table[i]->name), name)) {
            *ret = table[i]->alg;
            return BR_OK;
        }
    }
    return br_fail(
        reterr, BR_ERR_UNSUPPORTED, "no algorithm %.*s: EdDSA, ES256, ES256K",
        (int)(name.n > 32 ? 32 : name.n), (const char *)name.p);
}

/** A failure, unless it was memory that failed. */
static enum br_rc
refusal(
    struct br_err *reterr,
    enum br_rc rc,
    const char *before,
    const char *name,
    const char *after)
{
    if (br_crypto_memory_refused()) {
        return br_fail(
            reterr, BR_ERR_NO_MEMORY, "memory for a key of %s", name);
    }
    return br_fail(reterr, rc, "%s%s%s", before, name, after);
}

enum br_rc
br_public_key_init(
    struct br_public_key *k,
    int64_t alg,
    struct br_bytes raw,
    struct br_err *reterr)
{
    const struct br_sign_backend *b = br_sign_backend(alg);
    if (b == NULL) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "signature algorithm %lld",
            (long long)alg);
    }
    uint8_t x[32];
    struct br_public_key key = {.alg = b->alg, .n = b->public_bytes};
    br_crypto_memory_watch();
    if (raw.n != b->public_bytes || !b->public_ok(raw.p, x, key.y)) {
        return refusal(
            reterr, BR_ERR_MALFORMED, "not a public key of ", b->name, "");
    }
    memcpy(key.b, raw.p, raw.n);
    *k = key;
    return BR_OK;
}

/* ---- COSE_Key, RFC 9052 section 7 and RFC 9053 section 7 ---------------- */

enum {
    KEY_KTY = 1,
    KEY_KID = 2,
    KEY_ALG = 3,
    KEY_CRV = -1,
    KEY_X = -2,
    KEY_Y = -3,
    KTY_OKP = 1,
    KTY_EC2 = 2,
    CRV_P256 = 1,
    CRV_ED25519 = 6,
    CRV_SECP256K1 = 8,
};

static int
curve_of(enum br_sign_alg alg)
{
    switch (alg) {
    case BR_SIGN_ED25519:
        return CRV_ED25519;
    case BR_SIGN_ES256:
        return CRV_P256;
    case BR_SIGN_ES256K:
        return CRV_SECP256K1;
    }
    BR_ASSERT(false); /* not in the table */
    return 0;
}

static void
put_point(struct br_buf *b, const struct br_public_key *k)
{
    /* SEC 1: the compressed point is the sign of y, then x. */
    const uint8_t *x = k->alg == BR_SIGN_ED25519 ? k->b : k->b + 1;
    br_cbor_put_int(b, KEY_CRV);
    br_cbor_put_int(b, curve_of(k->alg));
    br_cbor_put_int(b, KEY_X);
    br_cbor_put_bytes(b, br_bytes(x, 32));
    if (k->alg != BR_SIGN_ED25519) {
        br_cbor_put_int(b, KEY_Y);
        br_cbor_put_bytes(b, br_bytes(k->y, sizeof(k->y)));
    }
}

void
br_public_key_put_cose(
    struct br_buf *b, const struct br_public_key *k, bool with_kid_and_alg)
{
    bool ec2 = k->alg != BR_SIGN_ED25519;
    br_cbor_put_map(b, (ec2 ? 4u : 3u) + (with_kid_and_alg ? 2u : 0u));
    br_cbor_put_int(b, KEY_KTY);
    br_cbor_put_int(b, ec2 ? KTY_EC2 : KTY_OKP);
    if (with_kid_and_alg) {
        struct br_hash kid;
        br_public_key_thumbprint(k, &kid);
        br_cbor_put_int(b, KEY_KID);
        br_cbor_put_bytes(b, br_hash_bytes(&kid));
        br_cbor_put_int(b, KEY_ALG);
        br_cbor_put_int(b, k->alg);
    }
    put_point(b, k);
}

/** RFC 9679 section 3: SHA-256 of the key with its required members only. */
void
br_public_key_thumbprint(const struct br_public_key *k, struct br_hash *ret)
{
    uint8_t bytes[128];
    struct br_buf b = {
        .p = bytes, .capacity = sizeof(bytes), .max = sizeof(bytes)};
    br_public_key_put_cose(&b, k, false);
    BR_ASSERT(!b.failed); /* or the kid would be that of nothing */
    br_sha256(br_buf_bytes(&b), ret);
}

/* ---- verifying and signing ---------------------------------------------- */

enum br_rc
br_verify(
    const struct br_public_key *k,
    struct br_bytes message,
    const uint8_t sig[BR_SIGNATURE_BYTES],
    struct br_err *reterr)
{
    const struct br_sign_backend *b = br_sign_backend(k->alg);
    BR_ASSERT(b != NULL);
    br_crypto_memory_watch();
    if (!b->verify(k->b, message, sig)) {
        return refusal(
            reterr, BR_ERR_BAD_SIGNATURE, "the ", b->name,
            " signature does not verify");
    }
    return BR_OK;
}

struct br_signer *
br_signer_wrap(
    const struct br_public_key *public_key,
    void *key,
    bool (*sign)(
        void *key, struct br_bytes message, uint8_t sig[BR_SIGNATURE_BYTES]),
    void (*close)(void *key))
{
    struct br_signer *s = (struct br_signer *)calloc(1, sizeof(*s));
    if (s == NULL) {
        close(key);
        return NULL;
    }
    s->public_key = *public_key;
    s->key = key;
    s->sign = sign;
    s->close = close;
    return s;
}

void
br_signer_free(struct br_signer *s)
{
    if (s != NULL) {
        s->close(s->key);
        free(s);
    }
}

const struct br_public_key *
br_signer_public(const struct br_signer *s)
{
    return &s->public_key;
}

enum br_rc
br_sign(
    struct br_signer *s,
    struct br_bytes message,
    uint8_t ret_sig[BR_SIGNATURE_BYTES],
    struct br_err *reterr)
{
    br_crypto_memory_watch();
    if (!s->sign(s->key, message, ret_sig)) {
        return refusal(
            reterr, BR_ERR_KEY_LOCKED, "the ",
            br_sign_alg_name(s->public_key.alg), " key did not sign");
    }
    return BR_OK;
}

enum br_rc
br_signer_from_secret(
    enum br_sign_alg alg,
    const uint8_t secret[32],
    struct br_signer **ret,
    struct br_err *reterr)
{
    const struct br_sign_backend *b = br_sign_backend(alg);
    BR_ASSERT(b != NULL);
    struct br_public_key k = {.alg = alg, .n = b->public_bytes};
    br_crypto_memory_watch();
    void *key = b->open(secret, k.b);
    if (key == NULL) {
        return refusal(
            reterr, BR_ERR_MALFORMED, "not a secret key of ", b->name, "");
    }
    enum br_rc rc =
        br_public_key_init(&k, alg, br_bytes(k.b, b->public_bytes), reterr);
    if (rc != BR_OK) {
        b->close(key);
        return rc;
    }
    *ret = br_signer_wrap(&k, key, b->sign, b->close);
    return *ret == NULL ? br_fail(reterr, BR_ERR_NO_MEMORY, "signer") : BR_OK;
}

enum br_rc
br_signer_generate(
    enum br_sign_alg alg, struct br_signer **ret, struct br_err *reterr)
{
    uint8_t secret[32];
    enum br_rc rc = BR_ERR_INTERNAL;
    /* A random scalar is out of range once in 2^32 at most: try again. */
    for (int i = 0; i < 8 && rc != BR_OK; i++) {
        randombytes_buf(secret, sizeof(secret));
        rc = br_signer_from_secret(alg, secret, ret, reterr);
    }
    sodium_memzero(secret, sizeof(secret));
    return rc;
}
