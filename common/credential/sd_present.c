/* Holding: what is shown, and bound to the holder's key. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/codec/json_write.h"
#include "common/credential/rule.h"
#include "common/credential/sd_internal.h"

/* Clocks differ: a binding made this much later than now is still taken. */
enum { CLOCK_SKEW_S = 60, BINDING_BYTES_MAX = 64 * 1024 };

static const char *const binding_types[] = {"kb+jwt", NULL};

/* ---- choosing ----------------------------------------------------------- */

static bool
lies_in(const struct br_json *v, const struct br_json *container)
{
    while (v != NULL && v != container) {
        v = v->parent;
    }
    return v != NULL;
}

void
br_sd_select(
    const struct br_sd_jwt *sd, const struct br_json *value, bool *chosen)
{
    for (size_t i = 0; i < sd->count; i++) {
        const struct br_json *own = sd->disclosures[i].value;
        if (lies_in(value, own) || lies_in(own, value)) {
            chosen[i] = true;
        }
    }
}

/* ---- presenting --------------------------------------------------------- */

static void
write_more(struct br_json_writer *w, const struct br_json *more)
{
    for (struct br_json *i = br_json_first(more); i != NULL; i = i->next) {
        br_json_write_name_bytes(w, i->name);
        br_json_write_value(w, i);
    }
}

static enum br_rc
write_binding(
    struct br_buf *b,
    const struct br_sd_binding *binding,
    struct br_bytes sd_hash,
    struct br_err *reterr)
{
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    br_json_write_name(&w, "iat");
    br_json_write_uint(&w, binding->issued_s);
    br_json_write_name(&w, "aud");
    br_json_write_string(&w, binding->audience);
    br_json_write_name(&w, "nonce");
    br_json_write_string(&w, binding->nonce);
    br_json_write_name(&w, "sd_hash");
    br_json_write_string(&w, sd_hash);
    write_more(&w, binding->more);
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

/** The algorithm of a holder's key that a wallet signs with. */
static enum br_rc
alg_of(
    const struct br_private_key *key,
    enum br_key_alg *ret,
    struct br_err *reterr)
{
    enum br_key_kind kind = br_private_key_public(key)->kind;
    for (unsigned alg = BR_ALG_ES256; alg <= BR_ALG_PS256; alg <<= 1) {
        if (br_key_alg_kind((enum br_key_alg)alg) == kind) {
            *ret = (enum br_key_alg)alg;
            return BR_OK;
        }
    }
    return br_fail(
        reterr, BR_ERR_UNSUPPORTED, "a key of %s does not sign",
        br_key_kind_name(kind));
}

static enum br_rc
bind(
    const struct br_sd_jwt *sd,
    struct br_bytes bound,
    const struct br_sd_binding *binding,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_jws_header header = {.typ = binding_types[0]};
    struct br_arena arena;
    struct br_json *payload;
    struct br_bytes sd_hash = {0};
    const struct br_hash_info *alg = NULL;
    struct br_buf claims;
    br_arena_init(&arena, BR_SD_BYTES_MAX * 8u);
    br_buf_init(&claims, BINDING_BYTES_MAX);
    enum br_rc rc =
        br_json_parse(sd->jws.unverified_payload, &arena, &payload, reterr);
    if (rc == BR_OK) {
        rc = br_sd_alg(payload, &alg, reterr);
    }
    if (rc == BR_OK) {
        rc = br_sd_digest(alg, bound, &arena, &sd_hash, reterr);
    }
    if (rc == BR_OK) {
        rc = write_binding(&claims, binding, sd_hash, reterr);
    }
    if (rc == BR_OK) {
        rc = alg_of(key, &header.alg, reterr);
    }
    if (rc == BR_OK) {
        rc = br_jws_sign(&header, br_buf_bytes(&claims), key, ret, reterr);
    }
    br_buf_fini(&claims);
    br_arena_fini(&arena);
    return rc;
}

enum br_rc
br_sd_present(
    const struct br_sd_jwt *sd,
    const bool *chosen,
    const struct br_sd_binding *binding,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr)
{
    size_t before = ret->n;
    BR_ASSERT((binding == NULL) == (key == NULL));
    br_buf_put(ret, sd->issuer_jwt.p, sd->issuer_jwt.n);
    br_buf_puts(ret, "~");
    for (size_t i = 0; i < sd->count; i++) {
        if (chosen[i]) {
            struct br_bytes d = sd->disclosures[i].encoded;
            br_buf_put(ret, d.p, d.n);
            br_buf_puts(ret, "~");
        }
    }
    enum br_rc rc = br_buf_status(ret, reterr);
    if (rc == BR_OK && binding != NULL) {
        /* Appending may move the buffer: it is hashed before. */
        struct br_bytes bound = br_bytes(ret->p + before, ret->n - before);
        rc = bind(sd, bound, binding, key, ret, reterr);
    }
    ret->n = rc == BR_OK ? ret->n : before;
    return rc;
}

/* ---- checking a binding (section 7.3) ----------------------------------- */

/** cnf (RFC 7800 section 3.2): the key that the holder proves to have. */
static enum br_rc
holder_key(
    const struct br_json *payload, struct br_jwk *ret, struct br_err *reterr)
{
    struct br_err why;
    const struct br_json *cnf = br_json_member(payload, "cnf");
    const struct br_json *jwk = br_json_member(cnf, "jwk");
    if (jwk == NULL) {
        return br_refuse(
            reterr, BR_RULE_KB_CNF,
            "the credential names no key of its holder");
    }
    return br_jwk_parse(jwk, ret, &why) == BR_OK
               ? BR_OK
               : br_refuse_for(reterr, BR_RULE_KB_CNF, &why);
}

static enum br_rc
check_text(
    const struct br_json *claims,
    const char *name,
    struct br_bytes expected,
    enum br_rule rule,
    struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    const struct br_json *v = br_json_member(claims, name);
    if (v == NULL || v->kind != BR_JSON_STRING) {
        return br_refuse(reterr, rule, "%s is no string", name);
    }
    if (!br_bytes_eq(v->string, expected)) {
        return br_refuse(
            reterr, rule, "%s is \"%s\": made for another request", name,
            br_rule_quote(v->string, quote));
    }
    return BR_OK;
}

static enum br_rc
check_time(
    const struct br_json *claims,
    const struct br_sd_binding_policy *policy,
    struct br_err *reterr)
{
    uint64_t at = 0;
    struct br_err why;
    if (br_json_need_uint(claims, "iat", &at, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_KB_IAT, &why);
    }
    if (at > policy->now_s && at - policy->now_s > CLOCK_SKEW_S) {
        return br_refuse(reterr, BR_RULE_KB_IAT, "iat is in the future");
    }
    if (policy->now_s > at && policy->now_s - at > policy->window_s) {
        return br_refuse(
            reterr, BR_RULE_KB_IAT, "iat is %llu seconds ago, %llu at most",
            (unsigned long long)(policy->now_s - at),
            (unsigned long long)policy->window_s);
    }
    return BR_OK;
}

/** "a valid JWT in all other respects, per RFC 7519": its own exp and nbf. */
static enum br_rc
check_validity(
    const struct br_json *claims, uint64_t now_s, struct br_err *reterr)
{
    uint64_t until = UINT64_MAX;
    uint64_t from = 0;
    struct br_err why;
    if (br_json_may_uint(claims, "exp", &until, &why) != BR_OK ||
        br_json_may_uint(claims, "nbf", &from, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_KB_TIME, &why);
    }
    if (until <= now_s) {
        return br_refuse(reterr, BR_RULE_KB_TIME, "the binding has expired");
    }
    return from > now_s && from - now_s > CLOCK_SKEW_S
               ? br_refuse(
                     reterr, BR_RULE_KB_TIME, "the binding is not valid yet")
               : BR_OK;
}

static enum br_rc
check_claims(
    const struct br_sd_jwt *sd,
    const struct br_json *payload,
    const struct br_json *claims,
    const struct br_sd_binding_policy *policy,
    struct br_arena *arena,
    struct br_err *reterr)
{
    const struct br_hash_info *alg = NULL;
    struct br_bytes sd_hash = {0};
    BR_TRY(check_text(claims, "aud", policy->audience, BR_RULE_KB_AUD, reterr));
    BR_TRY(
        check_text(claims, "nonce", policy->nonce, BR_RULE_KB_NONCE, reterr));
    BR_TRY(check_time(claims, policy, reterr));
    BR_TRY(check_validity(claims, policy->now_s, reterr));
    BR_TRY(br_sd_alg(payload, &alg, reterr));
    BR_TRY(br_sd_digest(alg, sd->bound, arena, &sd_hash, reterr));
    return check_text(claims, "sd_hash", sd_hash, BR_RULE_KB_SD_HASH, reterr);
}

static enum br_rc
parse_binding(
    const struct br_sd_jwt *sd,
    unsigned algs,
    struct br_arena *arena,
    struct br_jws *ret,
    struct br_err *reterr)
{
    /* Its key is the one of cnf, whatever its header says beside. */
    const struct br_jws_policy policy = {
        .algs = algs,
        .sources = BR_KEY_BY_CALLER | BR_KEY_BY_KID,
        .types = binding_types,
        .bytes_max = BINDING_BYTES_MAX,
    };
    if (sd->key_binding.n == 0) {
        return br_refuse(
            reterr, BR_RULE_KB_MISSING, "the holder has not signed it");
    }
    return br_jws_parse(sd->key_binding, &policy, arena, ret, reterr);
}

enum br_rc
br_sd_check_binding(
    const struct br_sd_jwt *sd,
    const struct br_json *payload,
    const struct br_sd_binding_policy *policy,
    struct br_arena *arena,
    struct br_json **ret_claims,
    struct br_err *reterr)
{
    struct br_jws jws = {0};
    struct br_jwk jwk;
    struct br_bytes text = {0};
    struct br_json *claims;
    struct br_err why;
    BR_TRY(parse_binding(sd, policy->algs, arena, &jws, reterr));
    BR_TRY(holder_key(payload, &jwk, reterr));
    BR_TRY(br_jwk_check_verify(&jwk, jws.alg, reterr));
    BR_TRY(br_jws_verify(&jws, &jwk.key, &text, reterr));
    if (br_json_parse(text, arena, &claims, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_KB_PAYLOAD, &why);
    }
    if (claims->kind != BR_JSON_OBJECT) {
        return br_refuse(reterr, BR_RULE_KB_PAYLOAD, "it is no object");
    }
    BR_TRY(check_claims(sd, payload, claims, policy, arena, reterr));
    *ret_claims = claims;
    return BR_OK;
}
