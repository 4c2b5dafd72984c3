/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "common/credential/jwe.h"
#include "common/credential/jwe_internal.h"
#include "common/credential/jwk.h"
#include "common/credential/rule.h"
#include "common/crypto/keyfile.h"

enum { HEADER_BYTES_MAX = 16 * 1024 };

/** What is between a header and the parts that come after it. */
struct sealing {
    const struct br_jwe_header *header;
    const struct br_enc_info *enc;
    struct br_key epk;
    bool has_epk;
    uint8_t cek[BR_ENC_KEY_BYTES_MAX];
    uint8_t encrypted_key[BR_KEY_BYTES_MAX];
    size_t encrypted_key_n;
};

/* ---- the content's key -------------------------------------------------- */

static enum br_rc
seal_agreed(
    struct sealing *s,
    const struct br_key *to,
    const struct br_private_key *ephemeral,
    const struct br_jwe_fresh *fresh,
    struct br_err *reterr)
{
    const struct br_jwe_derivation d = {
        s->header->alg, s->enc, s->header->apu, s->header->apv};
    uint8_t derived[BR_ENC_KEY_BYTES_MAX];
    size_t kek_bytes = br_jwe_kek_bytes(s->header->alg);
    s->epk = *br_private_key_public(ephemeral);
    s->has_epk = true;
    enum br_rc rc = br_jwe_derive(&d, ephemeral, to, derived, reterr);
    if (rc == BR_OK && kek_bytes == 0) {
        memcpy(s->cek, derived, sizeof(s->cek));
    } else if (rc == BR_OK) {
        memcpy(s->cek, fresh->cek, sizeof(s->cek));
        s->encrypted_key_n = s->enc->key_bytes + (size_t)BR_KEY_WRAP_BYTES;
        rc = br_key_wrap(
            br_bytes(derived, kek_bytes), br_bytes(s->cek, s->enc->key_bytes),
            s->encrypted_key, reterr);
    }
    br_wipe(derived, sizeof(derived));
    return rc;
}

static enum br_rc
seal_key(
    struct sealing *s,
    const struct br_key *to,
    const struct br_jwe_fresh *fresh,
    struct br_err *reterr)
{
    struct br_private_key *ephemeral = NULL;
    if (s->header->alg == BR_JWE_RSA_OAEP_256) {
        memcpy(s->cek, fresh->cek, sizeof(s->cek));
        s->encrypted_key_n = to->n;
        return br_key_seal_oaep(
            to, br_bytes(s->cek, s->enc->key_bytes), s->encrypted_key, reterr);
    }
    BR_TRY(
        br_private_key_derive(to->kind, fresh->ephemeral, &ephemeral, reterr));
    enum br_rc rc = seal_agreed(s, to, ephemeral, fresh, reterr);
    br_private_key_free(ephemeral);
    return rc;
}

/* ---- the header --------------------------------------------------------- */

static void
write_text(struct br_json_writer *w, const char *name, struct br_bytes v)
{
    if (v.n > 0) {
        br_json_write_name(w, name);
        br_json_write_string(w, v);
    }
}

static void
write_party(struct br_json_writer *w, const char *name, struct br_bytes v)
{
    if (v.n > 0) {
        br_json_write_name(w, name);
        br_json_write_base64url(w, v);
    }
}

static enum br_rc
write_header(const struct sealing *s, struct br_buf *b, struct br_err *reterr)
{
    const struct br_jwe_header *h = s->header;
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    write_text(&w, "alg", br_str(br_jwe_alg_name((unsigned)h->alg)));
    write_text(&w, "enc", br_str(s->enc->name));
    write_text(&w, "typ", br_str(h->typ == NULL ? "" : h->typ));
    write_text(&w, "cty", br_str(h->cty == NULL ? "" : h->cty));
    write_text(&w, "kid", h->kid);
    write_party(&w, "apu", h->apu);
    write_party(&w, "apv", h->apv);
    if (s->has_epk) {
        struct br_jwk epk = {.key = s->epk};
        br_json_write_name(&w, "epk");
        br_jwk_write(&w, &epk);
    }
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

/** base64url of the header, at the end of ret. */
static enum br_rc
put_header(const struct sealing *s, struct br_buf *ret, struct br_err *reterr)
{
    struct br_buf text;
    br_buf_init(&text, HEADER_BYTES_MAX);
    enum br_rc rc = write_header(s, &text, reterr);
    if (rc == BR_OK) {
        br_base64url_put(ret, br_buf_bytes(&text));
        rc = br_buf_status(ret, reterr);
    }
    br_buf_fini(&text);
    return rc;
}

/* ---- the token ---------------------------------------------------------- */

static void
put_part(struct br_buf *ret, struct br_bytes v)
{
    br_buf_put(ret, ".", 1);
    br_base64url_put(ret, v);
}

static enum br_rc
put_content(
    const struct sealing *s,
    size_t header_at,
    const struct br_jwe_fresh *fresh,
    struct br_bytes plaintext,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_buf ciphertext;
    uint8_t tag[BR_ENC_TAG_BYTES_MAX];
    const struct br_enc_with with = {
        s->enc->enc, s->cek, fresh->iv,
        br_bytes(ret->p + header_at, ret->n - header_at)};
    br_buf_init(&ciphertext, plaintext.n + 64);
    enum br_rc rc = br_enc_seal(&with, plaintext, &ciphertext, tag, reterr);
    if (rc == BR_OK) {
        put_part(ret, br_bytes(s->encrypted_key, s->encrypted_key_n));
        put_part(ret, br_bytes(fresh->iv, s->enc->iv_bytes));
        put_part(ret, br_buf_bytes(&ciphertext));
        put_part(ret, br_bytes(tag, s->enc->tag_bytes));
        rc = br_buf_status(ret, reterr);
    }
    br_buf_fini(&ciphertext);
    return rc;
}

enum br_rc
br_jwe_encrypt(
    const struct br_jwe_header *header,
    const struct br_key *to,
    struct br_bytes plaintext,
    const struct br_jwe_fresh *fresh,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct sealing s = {
        .header = header, .enc = br_enc_info((unsigned)header->enc)};
    size_t at = ret->n;
    BR_ASSERT(s.enc != NULL);
    if (!br_jwe_alg_fits((unsigned)header->alg, to->kind)) {
        return br_refuse(
            reterr, BR_RULE_JWE_KEY, "%s does not encrypt for a key of %s",
            br_jwe_alg_name((unsigned)header->alg), br_key_kind_name(to->kind));
    }
    enum br_rc rc = seal_key(&s, to, fresh, reterr);
    if (rc == BR_OK) {
        rc = put_header(&s, ret, reterr);
    }
    if (rc == BR_OK) {
        rc = put_content(&s, at, fresh, plaintext, ret, reterr);
    }
    br_wipe(&s, sizeof(s));
    if (rc != BR_OK) {
        ret->n = at;
    }
    return rc;
}
