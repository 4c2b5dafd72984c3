/*
 * Our JOSE for another program to talk to: one request in JSON a line on stdin,
 * one answer a line on stdout. For tests/interop/run-jose alone.
 *
 *   {"op":"sign","alg":"ES256","jwk":{...},"payload":"...","typ":"...",
 *    "embed":true}                             -> {"token":"..."}
 *   {"op":"verify","jwk":{...},"token":"..."}  -> {"payload":"..."}
 *   {"op":"encrypt","alg":"ECDH-ES","enc":"A128GCM","jwk":{...},
 *    "plaintext":"...","apu":"...","apv":"..."} -> {"token":"..."}
 *   {"op":"decrypt","jwk":{...},"token":"..."} -> {"plaintext":"..."}
 *   {"op":"thumbprint","jwk":{...}}            -> {"thumbprint":"..."}
 *   {"op":"generate","crv":"P-256"}            -> {"jwk":{...}}
 *   a refusal                                  -> {"error":"...","rule":"..."}
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/json.h"
#include "common/codec/json_write.h"
#include "common/credential/jwe.h"
#include "common/credential/jwk.h"
#include "common/credential/jws.h"
#include "common/credential/rule.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"

#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES = 16 * 1024 * 1024, ANSWER_BYTES = 8 * 1024 * 1024 };

struct call {
    struct br_json *in;
    struct br_arena arena;
    struct br_buf out; /**< what answers, before it is wrapped */
    const char *name;  /**< of the member that answers */
    bool raw;          /**< the answer is JSON already */
};

static struct br_bytes
text(const struct call *c, const char *name)
{
    struct br_bytes v = {NULL, 0};
    (void)!br_json_may_string(c->in, name, &v, NULL);
    return v;
}

static char *
word(struct call *c, const char *name)
{
    struct br_bytes v = text(c, name);
    return v.n == 0 ? NULL : br_arena_copy(&c->arena, v);
}

static enum br_rc
private_key(
    const struct call *c, struct br_private_key **ret, struct br_err *reterr)
{
    struct br_jwk k;
    return br_jwk_parse_private(br_json_member(c->in, "jwk"), &k, ret, reterr);
}

static enum br_rc
public_key(const struct call *c, struct br_jwk *ret, struct br_err *reterr)
{
    return br_jwk_parse(br_json_member(c->in, "jwk"), ret, reterr);
}

static enum br_rc
sign(struct call *c, struct br_err *reterr)
{
    struct br_private_key *key = NULL;
    BR_TRY(private_key(c, &key, reterr));
    const struct br_jws_header h = {
        .alg = (enum br_key_alg)br_key_alg_by_name(text(c, "alg")),
        .typ = word(c, "typ"),
        .kid = text(c, "kid"),
        .jwk = br_json_member(c->in, "embed") == NULL
                   ? NULL
                   : br_private_key_public(key),
    };
    enum br_rc rc = br_jws_sign(&h, text(c, "payload"), key, &c->out, reterr);
    br_private_key_free(key);
    c->name = "token";
    return rc;
}

static enum br_rc
verify(struct call *c, struct br_err *reterr)
{
    const struct br_jws_policy policy = {
        .algs = 0x7f,
        .sources = BR_KEY_BY_JWK | BR_KEY_BY_KID | BR_KEY_BY_CALLER};
    struct br_jws j;
    struct br_jwk k;
    struct br_bytes payload;
    BR_TRY(br_jws_parse(text(c, "token"), &policy, &c->arena, &j, reterr));
    BR_TRY(public_key(c, &k, reterr));
    BR_TRY(br_jwk_check_verify(&k, j.alg, reterr));
    BR_TRY(br_jws_verify(&j, &k.key, &payload, reterr));
    br_buf_put(&c->out, payload.p, payload.n);
    c->name = "payload";
    return BR_OK;
}

static enum br_rc
encrypt(struct call *c, struct br_err *reterr)
{
    struct br_jwk k;
    struct br_jwe_fresh fresh;
    const struct br_enc_info *enc = br_enc_by_name(text(c, "enc"));
    BR_TRY(public_key(c, &k, reterr));
    const struct br_jwe_header h = {
        .alg = (enum br_jwe_alg)br_jwe_alg_by_name(text(c, "alg")),
        .enc = enc == NULL ? BR_ENC_A128GCM : enc->enc,
        .kid = text(c, "kid"),
        .apu = text(c, "apu"),
        .apv = text(c, "apv"),
    };
    BR_TRY(br_jwk_check_encrypt(&k, word(c, "alg"), reterr));
    br_random(&fresh, sizeof(fresh));
    c->name = "token";
    return br_jwe_encrypt(
        &h, &k.key, text(c, "plaintext"), &fresh, &c->out, reterr);
}

static enum br_rc
decrypt(struct call *c, struct br_err *reterr)
{
    const struct br_jwe_policy policy = {.algs = 0x0f, .encs = 0x0f};
    struct br_private_key *key = NULL;
    struct br_jwe j;
    BR_TRY(br_jwe_parse(text(c, "token"), &policy, &c->arena, &j, reterr));
    BR_TRY(private_key(c, &key, reterr));
    enum br_rc rc = br_jwe_decrypt(&j, key, &c->out, reterr);
    br_private_key_free(key);
    c->name = "plaintext";
    return rc;
}

static enum br_rc
thumbprint(struct call *c, struct br_err *reterr)
{
    struct br_jwk k;
    char out[BR_THUMBPRINT_TEXT_BYTES + 1];
    BR_TRY(public_key(c, &k, reterr));
    BR_TRY(br_jwk_thumbprint_text(&k.key, out, reterr));
    br_buf_puts(&c->out, out);
    c->name = "thumbprint";
    return BR_OK;
}

static enum br_rc
generate(struct call *c, struct br_err *reterr)
{
    struct br_private_key *key = NULL;
    struct br_json_writer w;
    enum br_key_kind kind = BR_KEY_P256;
    while (kind < BR_KEY_RSA &&
           !br_bytes_eq(br_str(br_key_kind_name(kind)), text(c, "crv"))) {
        kind++;
    }
    BR_TRY(br_private_key_generate(kind, &key, reterr));
    const struct br_jwk k = {.key = *br_private_key_public(key)};
    br_json_writer_init(&w, &c->out);
    enum br_rc rc = br_jwk_write_private(&w, &k, key, reterr);
    br_private_key_free(key);
    c->name = "jwk";
    c->raw = true;
    return rc;
}

static enum br_rc
act(struct call *c, struct br_err *reterr)
{
    static const struct {
        const char *op;
        enum br_rc (*act)(struct call *c, struct br_err *reterr);
    } table[] = {
        {"sign", sign},         {"verify", verify},
        {"encrypt", encrypt},   {"decrypt", decrypt},
        {"generate", generate}, {"thumbprint", thumbprint},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (br_bytes_eq(br_str(table[i].op), text(c, "op"))) {
            return table[i].act(c, reterr);
        }
    }
    return br_fail(reterr, BR_ERR_UNSUPPORTED, "no such op");
}

static void
tell(struct call *c, enum br_rc rc, const struct br_err *err)
{
    struct br_buf b;
    struct br_json_writer w;
    br_buf_init(&b, 2 * ANSWER_BYTES);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    if (rc != BR_OK) {
        const struct br_rule_info *r = br_rule_of(err);
        br_json_write_name(&w, "error");
        br_json_write_string(&w, br_str(err->text));
        br_json_write_name(&w, "rule");
        br_json_write_string(&w, br_str(r == NULL ? "" : r->slug));
    } else if (!c->raw) {
        br_json_write_name(&w, c->name);
        br_json_write_string(&w, br_buf_bytes(&c->out));
    } else {
        struct br_json *v = NULL;
        br_json_write_name(&w, c->name);
        rc = br_json_parse(br_buf_bytes(&c->out), &c->arena, &v, NULL);
        if (rc == BR_OK) {
            br_json_write_value(&w, v);
        } else {
            br_json_write_null(&w);
        }
    }
    br_json_write_end(&w);
    (void)fwrite(b.p, 1, b.n, stdout);
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
    br_buf_fini(&b);
}

static void
answer(struct br_bytes line)
{
    struct call c = {.name = "", .raw = false};
    struct br_err err = {.text = ""};
    br_arena_init(&c.arena, ARENA_BYTES);
    br_buf_init(&c.out, ANSWER_BYTES);
    enum br_rc rc = br_json_parse(line, &c.arena, &c.in, &err);
    if (rc == BR_OK) {
        rc = act(&c, &err);
    }
    tell(&c, rc, &err);
    br_buf_fini(&c.out);
    br_arena_fini(&c.arena);
}

int
main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    if (br_crypto_init(NULL) != BR_OK) {
        return 1;
    }
    while ((n = getline(&line, &room, stdin)) > 0) {
        answer(br_bytes(line, (size_t)n));
    }
    free(line);
    return 0;
}
