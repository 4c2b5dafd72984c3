/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/content.h"

#include "common/base/assert.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>

enum { BLOCK = 16, GCM_IV = 12 };

static const struct row {
    struct br_enc_info info;
    const char *cipher;
    enum br_hash_alg mac; /**< 0: the cipher authenticates by itself */
} table[] = {
    {{BR_ENC_A128GCM, "A128GCM", 16, GCM_IV, 16}, "AES-128-GCM", 0},
    {{BR_ENC_A256GCM, "A256GCM", 32, GCM_IV, 16}, "AES-256-GCM", 0},
    {{BR_ENC_A128CBC_HS256, "A128CBC-HS256", 32, BLOCK, 16},
     "AES-128-CBC",
     BR_HASH_SHA256},
    {{BR_ENC_A256CBC_HS512, "A256CBC-HS512", 64, BLOCK, 32},
     "AES-256-CBC",
     BR_HASH_SHA512},
};
enum { COUNT = sizeof(table) / sizeof(table[0]) };

/* Fetched once: a fetch costs more than encrypting a small content. */
static EVP_CIPHER *ciphers[COUNT];
static EVP_CIPHER *wrap_128;
static EVP_CIPHER *wrap_256;
static EVP_MAC *hmac;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
start(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        ciphers[i] = EVP_CIPHER_fetch(NULL, table[i].cipher, NULL);
    }
    wrap_128 = EVP_CIPHER_fetch(NULL, "AES-128-WRAP", NULL);
    wrap_256 = EVP_CIPHER_fetch(NULL, "AES-256-WRAP", NULL);
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
}

static const struct row *
row_of(unsigned enc)
{
    for (size_t i = 0; i < COUNT; i++) {
        if ((unsigned)table[i].info.enc == enc) {
            return &table[i];
        }
    }
    return NULL;
}

const struct br_enc_info *
br_enc_info(unsigned enc)
{
    const struct row *row = row_of(enc);
    return row == NULL ? NULL : &row->info;
}

const struct br_enc_info *
br_enc_by_name(struct br_bytes name)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (br_bytes_eq(br_str(table[i].info.name), name)) {
            return &table[i].info;
        }
    }
    return NULL;
}

/* ---- HMAC --------------------------------------------------------------- */

enum br_rc
br_hmac(
    enum br_hash_alg alg,
    struct br_bytes key,
    const struct br_bytes parts[],
    size_t count,
    struct br_digest *ret,
    struct br_err *reterr)
{
    char sha256[] = "SHA2-256";
    char sha512[] = "SHA2-512";
    BR_ASSERT(alg == BR_HASH_SHA256 || alg == BR_HASH_SHA512);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(
            OSSL_MAC_PARAM_DIGEST, alg == BR_HASH_SHA256 ? sha256 : sha512, 0),
        OSSL_PARAM_construct_end(),
    };
    size_t n = 0;
    (void)pthread_once(&once, start);
    EVP_MAC_CTX *c = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);
    bool ok = c != NULL && EVP_MAC_init(c, key.p, key.n, params) == 1;
    for (size_t i = 0; ok && i < count; i++) {
        ok = EVP_MAC_update(c, parts[i].p, parts[i].n) == 1;
    }
    *ret = (struct br_digest){.alg = alg};
    ok = ok && EVP_MAC_final(c, ret->b, &n, sizeof(ret->b)) == 1;
    EVP_MAC_CTX_free(c);
    return ok ? BR_OK : br_fail(reterr, BR_ERR_NO_MEMORY, "HMAC");
}

/* ---- one cipher, one way or the other ----------------------------------- */

struct run {
    const struct row *row;
    const uint8_t *key;
    const uint8_t *iv;
    struct br_bytes aad; /**< GCM only */
    bool encrypt;
};

static EVP_CIPHER_CTX *
begin(const struct run *r)
{
    int n = 0;
    (void)pthread_once(&once, start);
    const EVP_CIPHER *cipher = ciphers[r->row - table];
    EVP_CIPHER_CTX *c = cipher == NULL ? NULL : EVP_CIPHER_CTX_new();
    if (c == NULL || r->aad.n > INT_MAX ||
        EVP_CipherInit_ex2(
            c, cipher, r->key, r->iv, r->encrypt ? 1 : 0, NULL) != 1 ||
        (r->aad.n > 0 &&
         EVP_CipherUpdate(c, NULL, &n, r->aad.p, (int)r->aad.n) != 1)) {
        EVP_CIPHER_CTX_free(c);
        return NULL;
    }
    return c;
}

/** out has room for in.n + BLOCK. */
static bool
finish(EVP_CIPHER_CTX *c, struct br_bytes in, uint8_t *out, size_t *ret_n)
{
    int n = 0;
    int last = 0;
    bool ok =
        in.n <= INT_MAX - BLOCK &&
        (in.n == 0 || EVP_CipherUpdate(c, out, &n, in.p, (int)in.n) == 1) &&
        EVP_CipherFinal_ex(c, out + n, &last) == 1;
    *ret_n = (size_t)n + (size_t)last;
    return ok;
}

/* ---- CBC with HMAC ------------------------------------------------------ */

/** "MAC_KEY consists of the initial MAC_KEY_LEN octets of K, in order.
 *  ENC_KEY consists of the final ENC_KEY_LEN octets of K, in order." */
static enum br_rc
cbc_tag(
    const struct row *row,
    const struct br_enc_with *with,
    struct br_bytes ciphertext,
    struct br_digest *ret,
    struct br_err *reterr)
{
    uint8_t al[8];
    uint64_t bits = (uint64_t)with->aad.n * 8;
    for (size_t i = 0; i < sizeof(al); i++) {
        al[i] = (uint8_t)(bits >> (56 - 8 * i));
    }
    const struct br_bytes parts[] = {
        with->aad,
        br_bytes(with->iv, row->info.iv_bytes),
        ciphertext,
        br_bytes(al, sizeof(al)),
    };
    return br_hmac(
        row->mac, br_bytes(with->key, row->info.key_bytes / 2u), parts, 4, ret,
        reterr);
}

static const uint8_t *
cipher_key(const struct row *row, const struct br_enc_with *with)
{
    return row->mac == 0 ? with->key : with->key + row->info.key_bytes / 2;
}

/* ---- sealing and opening ------------------------------------------------ */

static enum br_rc
make_tag(
    const struct row *row,
    const struct br_enc_with *with,
    struct br_bytes ciphertext,
    uint8_t ret[BR_ENC_TAG_BYTES_MAX],
    struct br_err *reterr)
{
    struct br_digest d;
    BR_TRY(cbc_tag(row, with, ciphertext, &d, reterr));
    memcpy(ret, d.b, row->info.tag_bytes);
    return BR_OK;
}

enum br_rc
br_enc_seal(
    const struct br_enc_with *with,
    struct br_bytes plaintext,
    struct br_buf *ret,
    uint8_t ret_tag[BR_ENC_TAG_BYTES_MAX],
    struct br_err *reterr)
{
    const struct row *row = row_of((unsigned)with->enc);
    BR_ASSERT(row != NULL);
    bool gcm = row->mac == 0;
    const struct run run = {
        row, cipher_key(row, with), with->iv,
        gcm ? with->aad : br_bytes(NULL, 0), true};
    size_t at = ret->n;
    size_t n = 0;
    uint8_t *out = br_buf_extend(ret, plaintext.n + BLOCK);
    BR_TRY(br_buf_status(ret, reterr));
    EVP_CIPHER_CTX *c = begin(&run);
    bool ok = c != NULL && finish(c, plaintext, out, &n) &&
              (!gcm || EVP_CIPHER_CTX_ctrl(
                           c, EVP_CTRL_AEAD_GET_TAG, row->info.tag_bytes,
                           ret_tag) == 1);
    EVP_CIPHER_CTX_free(c);
    ret->n = ok ? at + n : at;
    if (!ok) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "%s", row->info.name);
    }
    return gcm ? BR_OK
               : make_tag(row, with, br_bytes(ret->p + at, n), ret_tag, reterr);
}

static enum br_rc
failed(struct br_err *reterr)
{
    ERR_clear_error();
    return br_fail(
        reterr, BR_ERR_DECRYPTION_FAILED,
        "the content does not decrypt: another key, or changed on the way");
}

static enum br_rc
check_cbc_tag(
    const struct row *row,
    const struct br_enc_with *with,
    struct br_bytes ciphertext,
    struct br_bytes tag,
    struct br_err *reterr)
{
    struct br_digest d;
    BR_TRY(cbc_tag(row, with, ciphertext, &d, reterr));
    return CRYPTO_memcmp(d.b, tag.p, tag.n) == 0 ? BR_OK : failed(reterr);
}

enum br_rc
br_enc_open(
    const struct br_enc_with *with,
    struct br_bytes ciphertext,
    struct br_bytes tag,
    struct br_buf *ret,
    struct br_err *reterr)
{
    const struct row *row = row_of((unsigned)with->enc);
    BR_ASSERT(row != NULL);
    bool gcm = row->mac == 0;
    const struct run run = {
        row, cipher_key(row, with), with->iv,
        gcm ? with->aad : br_bytes(NULL, 0), false};
    size_t at = ret->n;
    size_t n = 0;
    uint8_t want[BR_ENC_TAG_BYTES_MAX];
    if (tag.n != row->info.tag_bytes) {
        return failed(reterr);
    }
    if (!gcm) {
        BR_TRY(check_cbc_tag(row, with, ciphertext, tag, reterr));
    }
    memcpy(want, tag.p, tag.n);
    uint8_t *out = br_buf_extend(ret, ciphertext.n + BLOCK);
    BR_TRY(br_buf_status(ret, reterr));
    EVP_CIPHER_CTX *c = begin(&run);
    bool ok = c != NULL &&
              (!gcm || EVP_CIPHER_CTX_ctrl(
                           c, EVP_CTRL_AEAD_SET_TAG, (int)tag.n, want) == 1) &&
              finish(c, ciphertext, out, &n);
    EVP_CIPHER_CTX_free(c);
    if (!ok) { /* GCM has written what it did not authenticate */
        OPENSSL_cleanse(out, ciphertext.n + BLOCK);
    }
    ret->n = ok ? at + n : at;
    return ok ? BR_OK : failed(reterr);
}

/* ---- keys --------------------------------------------------------------- */

static void
put_u32(uint8_t out[4], size_t v)
{
    for (size_t i = 0; i < 4; i++) {
        out[i] = (uint8_t)(v >> (24 - 8 * i));
    }
}

/** "PartyUInfo [...] is of the form Datalen || Data, where Data is a
 *  variable-length string of zero or more octets, and Datalen is a
 *  fixed-length, big-endian 32-bit counter". */
void
br_concat_kdf(const struct br_concat_kdf *in, uint8_t *ret, size_t n)
{
    uint8_t round[4];
    uint8_t lengths[3][4];
    uint8_t bits[4];
    struct br_hash h;
    BR_ASSERT(n <= BR_ENC_KEY_BYTES_MAX);
    put_u32(lengths[0], in->alg.n);
    put_u32(lengths[1], in->apu.n);
    put_u32(lengths[2], in->apv.n);
    put_u32(bits, n * 8);
    const struct br_bytes parts[] = {
        br_bytes(round, 4),      in->z,   br_bytes(lengths[0], 4), in->alg,
        br_bytes(lengths[1], 4), in->apu, br_bytes(lengths[2], 4), in->apv,
        br_bytes(bits, 4),
    };
    for (size_t done = 0; done < n; done += BR_HASH_BYTES) {
        size_t piece = n - done < BR_HASH_BYTES ? n - done : BR_HASH_BYTES;
        put_u32(round, done / BR_HASH_BYTES + 1);
        br_sha256_parts(parts, sizeof(parts) / sizeof(parts[0]), &h);
        memcpy(ret + done, h.b, piece);
    }
    OPENSSL_cleanse(&h, sizeof(h));
}

/** NULL when memory was refused. */
static EVP_CIPHER_CTX *
begin_wrap(struct br_bytes kek, bool wrap)
{
    BR_ASSERT(kek.n == 16 || kek.n == 32);
    (void)pthread_once(&once, start);
    const EVP_CIPHER *cipher = kek.n == 16 ? wrap_128 : wrap_256;
    EVP_CIPHER_CTX *c = cipher == NULL ? NULL : EVP_CIPHER_CTX_new();
    if (c != NULL) {
        EVP_CIPHER_CTX_set_flags(c, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
        if (EVP_CipherInit_ex2(c, cipher, kek.p, NULL, wrap ? 1 : 0, NULL) !=
            1) {
            EVP_CIPHER_CTX_free(c);
            c = NULL;
        }
    }
    return c;
}

enum br_rc
br_key_wrap(
    struct br_bytes kek,
    struct br_bytes key,
    uint8_t *ret,
    struct br_err *reterr)
{
    int n = 0;
    BR_ASSERT(key.n >= 16 && key.n <= BR_ENC_KEY_BYTES_MAX && key.n % 8 == 0);
    EVP_CIPHER_CTX *c = begin_wrap(kek, true);
    bool ok = c != NULL &&
              EVP_CipherUpdate(c, ret, &n, key.p, (int)key.n) == 1 &&
              (size_t)n == key.n + BR_KEY_WRAP_BYTES;
    EVP_CIPHER_CTX_free(c);
    return ok ? BR_OK : br_fail(reterr, BR_ERR_NO_MEMORY, "key wrap");
}

enum br_rc
br_key_unwrap(
    struct br_bytes kek,
    struct br_bytes wrapped,
    uint8_t *ret,
    struct br_err *reterr)
{
    /* libcrypto writes eight bytes more than it keeps */
    uint8_t out[BR_ENC_KEY_BYTES_MAX + 2 * BR_KEY_WRAP_BYTES];
    int n = 0;
    if (wrapped.n < 16 + BR_KEY_WRAP_BYTES || wrapped.n % 8 != 0 ||
        wrapped.n > BR_ENC_KEY_BYTES_MAX + BR_KEY_WRAP_BYTES) {
        return failed(reterr);
    }
    EVP_CIPHER_CTX *c = begin_wrap(kek, false);
    if (c == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "key wrap");
    }
    bool ok = EVP_CipherUpdate(c, out, &n, wrapped.p, (int)wrapped.n) == 1 &&
              (size_t)n == wrapped.n - BR_KEY_WRAP_BYTES;
    EVP_CIPHER_CTX_free(c);
    if (ok) {
        memcpy(ret, out, (size_t)n);
    }
    OPENSSL_cleanse(out, sizeof(out));
    return ok ? BR_OK : failed(reterr);
}
