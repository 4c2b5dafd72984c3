/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/seal.h"

#include "common/crypto/content.h"
#include "common/crypto/secret.h"

#include <sodium.h>
#include <stdlib.h>

enum {
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    OPS_DEFAULT = 3,
    OPS_MAX = 8, /* as for key files: a hostile file must not cost gigabytes */
    KIB_DEFAULT = 64 * 1024,
    KIB_MIN = 8,
    KIB_MAX = 256 * 1024,
};

_Static_assert(
    BR_SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    "XChaCha20-Poly1305");
_Static_assert(
    BR_SEAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    "XChaCha20-Poly1305");
_Static_assert(
    BR_SEAL_OVERHEAD_BYTES == BR_SEAL_NONCE_BYTES + TAG_BYTES,
    "XChaCha20-Poly1305");
_Static_assert(BR_SEAL_SALT_BYTES == crypto_pwhash_SALTBYTES, "Argon2id");
_Static_assert(BR_SEAL_KEY_BYTES <= crypto_generichash_KEYBYTES_MAX, "BLAKE2b");

struct br_seal_key {
    uint8_t b[BR_SEAL_KEY_BYTES];
};

/* ---- keys --------------------------------------------------------------- */

void
br_seal_key_free(struct br_seal_key *k)
{
    sodium_free(k);
}

static enum br_rc
make(struct br_seal_key **ret, struct br_err *reterr)
{
    *ret = (struct br_seal_key *)sodium_malloc(sizeof(**ret));
    return *ret == NULL ? br_fail(reterr, BR_ERR_NO_MEMORY, "locked memory")
                        : BR_OK;
}

enum br_rc
br_seal_key_generate(struct br_seal_key **ret, struct br_err *reterr)
{
    struct br_seal_key *k = NULL;
    BR_TRY(make(&k, reterr));
    randombytes_buf(k->b, sizeof(k->b));
    *ret = k;
    return BR_OK;
}

enum br_rc
br_seal_key_new(
    const uint8_t secret[BR_SEAL_KEY_BYTES],
    struct br_seal_key **ret,
    struct br_err *reterr)
{
    struct br_seal_key *k = NULL;
    BR_TRY(make(&k, reterr));
    memcpy(k->b, secret, sizeof(k->b));
    *ret = k;
    return BR_OK;
}

enum br_rc
br_seal_key_derive(
    const struct br_seal_key *k,
    const char *purpose,
    struct br_seal_key **ret,
    struct br_err *reterr)
{
    const struct br_bytes parts[] = {br_str("derive"), br_str(purpose)};
    struct br_seal_key *other = NULL;
    BR_TRY(make(&other, reterr));
    br_seal_name(k, parts, 2, other->b);
    *ret = other;
    return BR_OK;
}

enum br_rc
br_seal_key_join(
    const struct br_seal_key *a,
    const struct br_seal_key *b,
    struct br_seal_key **ret,
    struct br_err *reterr)
{
    const struct br_bytes parts[] = {
        br_str("join"), br_bytes(b->b, sizeof(b->b))};
    struct br_seal_key *both = NULL;
    BR_TRY(make(&both, reterr));
    br_seal_name(a, parts, 2, both->b);
    *ret = both;
    return BR_OK;
}

/** HKDF-Extract, then the one block of HKDF-Expand that a key needs (RFC 5869
 *  sections 2.2 and 2.3). */
enum br_rc
br_seal_key_of_secret(
    struct br_bytes secret,
    struct br_bytes salt,
    const char *purpose,
    struct br_seal_key **ret,
    struct br_err *reterr)
{
    static const uint8_t one = 1;
    const struct br_bytes info[] = {br_str(purpose), br_bytes(&one, 1)};
    struct br_digest extracted;
    struct br_digest block;
    struct br_seal_key *k = NULL;
    BR_TRY(make(&k, reterr));
    enum br_rc rc =
        br_hmac(BR_HASH_SHA256, salt, &secret, 1, &extracted, reterr);
    if (rc == BR_OK) {
        rc = br_hmac(
            BR_HASH_SHA256, br_bytes(extracted.b, BR_SEAL_KEY_BYTES), info, 2,
            &block, reterr);
    }
    if (rc == BR_OK) {
        memcpy(k->b, block.b, sizeof(k->b));
    }
    sodium_memzero(&extracted, sizeof(extracted));
    sodium_memzero(&block, sizeof(block));
    if (rc != BR_OK) {
        br_seal_key_free(k);
        return rc;
    }
    *ret = k;
    return BR_OK;
}

enum br_rc
br_seal_key_of_signer(
    struct br_signer *s,
    const char *purpose,
    struct br_seal_key **ret,
    struct br_err *reterr)
{
    uint8_t sig[BR_SIGNATURE_BYTES];
    uint8_t again[BR_SIGNATURE_BYTES];
    struct br_bytes text = br_str(purpose);
    if (br_signer_public(s)->alg != BR_SIGN_ED25519) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "the key must be one of Ed25519");
    }
    enum br_rc rc = br_sign(s, text, sig, reterr);
    if (rc == BR_OK) {
        rc = br_sign(s, text, again, reterr);
    }
    if (rc == BR_OK && sodium_memcmp(sig, again, sizeof(sig)) != 0) {
        rc = br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "the token signs the same text otherwise each time: nothing that "
            "is kept can hang on it");
    }
    if (rc == BR_OK) {
        rc = br_seal_key_of_secret(
            br_bytes(sig, sizeof(sig)), br_bytes("", 0), purpose, ret, reterr);
    }
    sodium_memzero(sig, sizeof(sig));
    sodium_memzero(again, sizeof(again));
    return rc;
}

struct br_seal_cost
br_seal_cost_default(void)
{
    return (struct br_seal_cost){OPS_DEFAULT, KIB_DEFAULT};
}

enum br_rc
br_seal_key_of_passphrase(
    const struct br_secret *passphrase,
    const uint8_t salt[BR_SEAL_SALT_BYTES],
    struct br_seal_cost cost,
    struct br_seal_key **ret,
    struct br_err *reterr)
{
    struct br_seal_key *k = NULL;
    uint32_t ops = cost.ops == 0 ? OPS_DEFAULT : cost.ops;
    uint32_t kib = cost.kib == 0 ? KIB_DEFAULT : cost.kib;
    if (ops > OPS_MAX || kib < KIB_MIN || kib > KIB_MAX) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "Argon2id with %u passes over %u KiB",
            ops, kib);
    }
    BR_TRY(make(&k, reterr));
    if (crypto_pwhash(
            k->b, sizeof(k->b), (const char *)passphrase->p, passphrase->n,
            salt, ops, (size_t)kib * 1024, crypto_pwhash_ALG_ARGON2ID13) != 0) {
        br_seal_key_free(k);
        return br_fail(reterr, BR_ERR_NO_MEMORY, "Argon2id needs %u KiB", kib);
    }
    *ret = k;
    return BR_OK;
}

/* ---- sealing ------------------------------------------------------------ */

static void
put_length(uint8_t out[8], size_t n)
{
    for (int i = 7; i >= 0; i--) {
        out[i] = (uint8_t)n;
        n >>= 8;
    }
}

/** A digest of the parts stands for them: of fixed size, and no part can be
 *  moved into the next. */
static void
digest_parts(
    const struct br_bytes parts[],
    size_t count,
    struct br_bytes key,
    uint8_t ret[BR_SEAL_NAME_BYTES])
{
    crypto_generichash_state state;
    uint8_t length[8];
    (void)crypto_generichash_init(&state, key.p, key.n, BR_SEAL_NAME_BYTES);
    for (size_t i = 0; i < count; i++) {
        put_length(length, parts[i].n);
        (void)crypto_generichash_update(&state, length, sizeof(length));
        (void)crypto_generichash_update(&state, parts[i].p, parts[i].n);
    }
    (void)crypto_generichash_final(&state, ret, BR_SEAL_NAME_BYTES);
    sodium_memzero(&state, sizeof(state));
}

void
br_seal_name(
    const struct br_seal_key *k,
    const struct br_bytes parts[],
    size_t count,
    uint8_t ret[BR_SEAL_NAME_BYTES])
{
    digest_parts(parts, count, br_bytes(k->b, sizeof(k->b)), ret);
}

enum br_rc
br_seal(
    const struct br_seal_key *k,
    const struct br_bytes about[],
    size_t count,
    struct br_bytes text,
    struct br_buf *ret,
    struct br_err *reterr)
{
    uint8_t ad[BR_SEAL_NAME_BYTES];
    uint8_t *out = br_buf_extend(ret, text.n + BR_SEAL_OVERHEAD_BYTES);
    if (out == NULL) {
        return br_buf_status(ret, reterr);
    }
    digest_parts(about, count, br_bytes(NULL, 0), ad);
    randombytes_buf(out, BR_SEAL_NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        out + BR_SEAL_NONCE_BYTES, NULL, text.p, text.n, ad, sizeof(ad), NULL,
        out, k->b);
    return BR_OK;
}

enum br_rc
br_seal_open(
    const struct br_seal_key *k,
    const struct br_bytes about[],
    size_t count,
    struct br_bytes sealed,
    struct br_buf *ret,
    struct br_err *reterr)
{
    uint8_t ad[BR_SEAL_NAME_BYTES];
    if (sealed.n < BR_SEAL_OVERHEAD_BYTES) {
        return br_fail(
            reterr, BR_ERR_DECRYPTION_FAILED, "%zu bytes are no sealed text",
            sealed.n);
    }
    size_t n = sealed.n - BR_SEAL_OVERHEAD_BYTES;
    size_t before = ret->n;
    uint8_t *out = br_buf_extend(ret, n);
    if (out == NULL && n > 0) {
        return br_buf_status(ret, reterr);
    }
    digest_parts(about, count, br_bytes(NULL, 0), ad);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            out, NULL, NULL, sealed.p + BR_SEAL_NONCE_BYTES,
            sealed.n - BR_SEAL_NONCE_BYTES, ad, sizeof(ad), sealed.p,
            k->b) != 0) {
        ret->n = before;
        return br_fail(
            reterr, BR_ERR_DECRYPTION_FAILED,
            "it does not open: another key, another place, or changed bytes");
    }
    return BR_OK;
}

enum br_rc
br_seal_wrap(
    const struct br_seal_key *under,
    const struct br_bytes about[],
    size_t count,
    const struct br_seal_key *k,
    uint8_t ret[BR_SEAL_WRAPPED_BYTES],
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_SEAL_WRAPPED_BYTES);
    enum br_rc rc =
        br_seal(under, about, count, br_bytes(k->b, sizeof(k->b)), &b, reterr);
    if (rc == BR_OK) {
        memcpy(ret, b.p, BR_SEAL_WRAPPED_BYTES);
    }
    br_buf_fini(&b);
    return rc;
}

enum br_rc
br_seal_unwrap(
    const struct br_seal_key *under,
    const struct br_bytes about[],
    size_t count,
    const uint8_t wrapped[BR_SEAL_WRAPPED_BYTES],
    struct br_seal_key **ret,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_SEAL_KEY_BYTES);
    enum br_rc rc = br_seal_open(
        under, about, count, br_bytes(wrapped, BR_SEAL_WRAPPED_BYTES), &b,
        reterr);
    if (rc == BR_OK) {
        rc = br_seal_key_new(b.p, ret, reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

void
br_buf_wipe(struct br_buf *b)
{
    if (b->p != NULL) {
        sodium_memzero(b->p, b->capacity);
    }
    br_buf_fini(b);
}
