/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/key_format.h"

#include "common/codec/text.h"
#include "common/crypto/secret.h"

#include <sodium.h>

static const char magic[] = "broletto-key-v1\n";

enum { KEY_BYTES = crypto_aead_xchacha20poly1305_ietf_KEYBYTES };

_Static_assert(BR_KEY_SALT_BYTES == crypto_pwhash_SALTBYTES, "Argon2id");
_Static_assert(
    BR_KEY_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    "XChaCha20-Poly1305");
_Static_assert(
    BR_KEY_SEALED_BYTES ==
        BR_KEY_SECRET_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
    "XChaCha20-Poly1305");

/* ---- parsing ------------------------------------------------------------ */

struct parser {
    struct br_bytes rest;
    struct br_err *reterr;
};

/** The value of the next line, which must begin with this word. */
static enum br_rc
take(struct parser *p, const char *word, struct br_bytes *ret)
{
    struct br_bytes rest = p->rest;
    const uint8_t *end =
        rest.n == 0 ? NULL : (const uint8_t *)memchr(rest.p, '\n', rest.n);
    size_t line = end == NULL ? 0 : (size_t)(end - rest.p);
    size_t n = strlen(word);
    if (line <= n || memcmp(rest.p, word, n) != 0 || rest.p[n] != ' ') {
        return br_fail(
            p->reterr, BR_ERR_MALFORMED, "the line \"%s\" is missing", word);
    }
    *ret = br_bytes(rest.p + n + 1, line - n - 1);
    p->rest = br_bytes(rest.p + line + 1, rest.n - line - 1);
    return BR_OK;
}

static enum br_rc
take_bytes(struct parser *p, const char *word, uint8_t *out, size_t size)
{
    struct br_bytes value = {NULL, 0};
    size_t n = 0;
    BR_TRY(take(p, word, &value));
    if (br_base64url_parse(value, out, size, &n, NULL) != BR_OK || n != size) {
        return br_fail(
            p->reterr, BR_ERR_MALFORMED, "%s is not %zu bytes in base64url",
            word, size);
    }
    return BR_OK;
}

static enum br_rc
take_number(
    struct parser *p,
    const char *word,
    uint64_t min,
    uint64_t max,
    uint64_t *ret)
{
    struct br_bytes value = {NULL, 0};
    BR_TRY(take(p, word, &value));
    BR_TRY(br_decimal_parse(value, ret, p->reterr));
    if (*ret < min || *ret > max) {
        return br_fail(
            p->reterr, BR_ERR_OUT_OF_RANGE, "%s is from %llu to %llu", word,
            (unsigned long long)min, (unsigned long long)max);
    }
    return BR_OK;
}

static enum br_rc
take_public(struct parser *p, struct br_public_key *ret)
{
    enum br_sign_alg alg = BR_SIGN_ED25519;
    struct br_bytes value = {NULL, 0};
    uint8_t raw[BR_PUBLIC_KEY_BYTES_MAX];
    size_t n = 0;
    BR_TRY(take(p, "alg", &value));
    BR_TRY(br_sign_alg_parse(value, &alg, p->reterr));
    BR_TRY(take(p, "public", &value));
    BR_TRY(br_base64url_parse(value, raw, sizeof(raw), &n, p->reterr));
    return br_public_key_init(ret, alg, br_bytes(raw, n), p->reterr);
}

enum br_rc
br_key_text_parse(
    struct br_bytes text, struct br_key_text *ret, struct br_err *reterr)
{
    size_t n = sizeof(magic) - 1;
    if (text.n < n || memcmp(text.p, magic, n) != 0) {
        return br_fail(reterr, BR_ERR_MALFORMED, "not a key file of version 1");
    }
    struct parser p = {br_bytes(text.p + n, text.n - n), reterr};
    BR_TRY(take_public(&p, &ret->public_key));
    BR_TRY(take_number(&p, "argon2id-ops", 1, BR_KEY_OPS_MAX, &ret->ops));
    BR_TRY(take_number(
        &p, "argon2id-kib", BR_KEY_KIB_MIN, BR_KEY_KIB_MAX, &ret->kib));
    BR_TRY(take_bytes(&p, "salt", ret->salt, sizeof(ret->salt)));
    BR_TRY(take_bytes(&p, "nonce", ret->nonce, sizeof(ret->nonce)));
    ret->header = br_bytes(text.p, text.n - p.rest.n);
    BR_TRY(take_bytes(&p, "sealed", ret->sealed, sizeof(ret->sealed)));
    if (p.rest.n != 0) {
        return br_fail(
            reterr, BR_ERR_TRAILING, "something follows the line \"sealed\"");
    }
    return BR_OK;
}

/* ---- sealing and opening ------------------------------------------------ */

/** The key that seals, in locked memory, which the caller frees; NULL when
 *  there is not enough memory. */
static uint8_t *
derive(const struct br_key_text *k, const struct br_secret *passphrase)
{
    uint8_t *key = (uint8_t *)sodium_malloc(KEY_BYTES);
    if (key != NULL &&
        crypto_pwhash(
            key, KEY_BYTES, (const char *)passphrase->p, passphrase->n, k->salt,
            k->ops, (size_t)k->kib * 1024, crypto_pwhash_ALG_ARGON2ID13) != 0) {
        sodium_free(key);
        key = NULL;
    }
    return key;
}

static enum br_rc
no_memory(const struct br_key_text *k, struct br_err *reterr)
{
    return br_fail(
        reterr, BR_ERR_NO_MEMORY, "Argon2id needs %llu KiB",
        (unsigned long long)k->kib);
}

enum br_rc
br_key_text_open(
    const struct br_key_text *k,
    const struct br_secret *passphrase,
    uint8_t ret_secret[BR_KEY_SECRET_BYTES],
    struct br_err *reterr)
{
    uint8_t *key = derive(k, passphrase);
    if (key == NULL) {
        return no_memory(k, reterr);
    }
    int bad = crypto_aead_xchacha20poly1305_ietf_decrypt(
        ret_secret, NULL, NULL, k->sealed, sizeof(k->sealed), k->header.p,
        k->header.n, k->nonce, key);
    sodium_free(key);
    if (bad != 0) {
        return br_fail(
            reterr, BR_ERR_KEY_LOCKED,
            "the passphrase is wrong, or the key file was changed");
    }
    return BR_OK;
}

static void
put_line(struct br_buf *b, const char *word, struct br_bytes v)
{
    br_buf_puts(b, word);
    br_buf_puts(b, " ");
    br_base64url_put(b, v);
    br_buf_puts(b, "\n");
}

static void
put_header(struct br_buf *b, const struct br_key_text *k)
{
    br_buf_puts(b, magic);
    br_buf_printf(b, "alg %s\n", br_sign_alg_name(k->public_key.alg));
    put_line(b, "public", br_bytes(k->public_key.b, k->public_key.n));
    br_buf_printf(
        b, "argon2id-ops %llu\nargon2id-kib %llu\n", (unsigned long long)k->ops,
        (unsigned long long)k->kib);
    put_line(b, "salt", br_bytes(k->salt, sizeof(k->salt)));
    put_line(b, "nonce", br_bytes(k->nonce, sizeof(k->nonce)));
}

enum br_rc
br_key_text_seal(
    struct br_key_text *k,
    const struct br_secret *passphrase,
    const uint8_t secret[BR_KEY_SECRET_BYTES],
    struct br_buf *ret,
    struct br_err *reterr)
{
    size_t start = ret->n;
    randombytes_buf(k->salt, sizeof(k->salt));
    randombytes_buf(k->nonce, sizeof(k->nonce));
    put_header(ret, k);
    BR_TRY(br_buf_status(ret, reterr));
    uint8_t *key = derive(k, passphrase);
    if (key == NULL) {
        return no_memory(k, reterr);
    }
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        k->sealed, NULL, secret, BR_KEY_SECRET_BYTES, ret->p + start,
        ret->n - start, NULL, k->nonce, key);
    sodium_free(key);
    put_line(ret, "sealed", br_bytes(k->sealed, sizeof(k->sealed)));
    return br_buf_status(ret, reterr);
}
