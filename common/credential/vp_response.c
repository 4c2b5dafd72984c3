/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/vp_response.h"

#include "common/base/assert.h"
#include "common/credential/oauth.h"
#include "common/credential/rule.h"

/* ---- errors ------------------------------------------------------------- */

const char *
br_vp_error_name(const struct br_err *why)
{
    static const struct {
        enum br_rule rule;
        const char *name;
    } table[] = {
        {BR_RULE_VP_TRANSACTION, "invalid_transaction_data"},
        {BR_RULE_VP_FORMATS, "vp_formats_not_supported"},
        {BR_RULE_VP_METHOD, "invalid_request_uri_method"},
        {BR_RULE_VP_UNAVAILABLE, "access_denied"},
        {BR_RULE_VP_CONSENT, "access_denied"},
    };
    const struct br_rule_info *rule = br_rule_of(why);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (rule == br_rule_info(table[i].rule)) {
            return table[i].name;
        }
    }
    return "invalid_request";
}

void
br_vp_error_encode(
    const struct br_vp_request *r,
    const char *error,
    const char *description,
    struct br_buf *b)
{
    char text[BR_OAUTH_DESCRIPTION_BYTES];
    br_oauth_description(description, text);
    br_form_put(b, "error", br_str(error));
    br_form_put(b, "error_description", br_str(text));
    br_form_put(b, "state", r->state);
}

/* ---- the wallet --------------------------------------------------------- */

static void
put_token(struct br_json_writer *w, const struct br_vp_token *t)
{
    br_json_write_object(w);
    for (size_t i = 0; i < t->count; i++) {
        const struct br_vp_entry *e = &t->entries[i];
        BR_ASSERT(e->count > 0);
        br_json_write_name_bytes(w, e->id);
        br_json_write_array(w);
        for (size_t j = 0; j < e->count; j++) {
            br_json_write_string(w, e->presentations[j]);
        }
        br_json_write_end(w);
    }
    br_json_write_end(w);
}

static enum br_rc
encode_plain(
    const struct br_vp_request *r,
    const struct br_vp_token *token,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_json_writer w;
    struct br_buf text;
    br_buf_init(&text, BR_VP_RESPONSE_BYTES_MAX);
    br_json_writer_init(&w, &text);
    put_token(&w, token);
    enum br_rc rc = br_json_writer_done(&w, reterr);
    if (rc == BR_OK) {
        br_form_put(b, "vp_token", br_buf_bytes(&text));
        br_form_put(b, "state", r->state);
    }
    br_buf_fini(&text);
    return rc;
}

static enum br_rc
encode_claims(
    const struct br_vp_request *r,
    const struct br_vp_token *token,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    br_json_write_name(&w, "vp_token");
    put_token(&w, token);
    if (r->state.n > 0) {
        br_json_write_name(&w, "state");
        br_json_write_string(&w, r->state);
    }
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

static enum br_rc
encode_sealed(
    const struct br_vp_request *r,
    const struct br_vp_token *token,
    const struct br_jwe_fresh *fresh,
    struct br_buf *b,
    struct br_err *reterr)
{
    const struct br_jwe_header header = {
        .alg = BR_JWE_ECDH_ES,
        .enc = r->a256gcm ? BR_ENC_A256GCM : BR_ENC_A128GCM,
        .kid = r->encryption.kid,
    };
    struct br_buf claims;
    struct br_buf sealed;
    br_buf_init(&claims, BR_VP_RESPONSE_BYTES_MAX);
    br_buf_init(&sealed, BR_VP_RESPONSE_BYTES_MAX);
    enum br_rc rc = encode_claims(r, token, &claims, reterr);
    if (rc == BR_OK) {
        rc = br_jwe_encrypt(
            &header, &r->encryption.key, br_buf_bytes(&claims), fresh, &sealed,
            reterr);
    }
    if (rc == BR_OK) {
        br_form_put(b, "response", br_buf_bytes(&sealed));
    }
    br_buf_fini(&claims);
    br_buf_fini(&sealed);
    return rc;
}

enum br_rc
br_vp_response_encode(
    const struct br_vp_request *r,
    const struct br_vp_token *token,
    const struct br_jwe_fresh *fresh,
    struct br_buf *b,
    struct br_err *reterr)
{
    BR_TRY(
        r->mode == BR_VP_DIRECT_POST
            ? encode_plain(r, token, b, reterr)
            : encode_sealed(r, token, fresh, b, reterr));
    return br_buf_status(b, reterr);
}

/* ---- the verifier ------------------------------------------------------- */

/** In the arena. */
static enum br_rc
unseal(
    struct br_bytes text,
    const struct br_vp_expected *x,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    static const struct br_jwe_policy policy = {
        .algs = BR_JWE_ECDH_ES,
        .encs = BR_ENC_A128GCM | BR_ENC_A256GCM,
        .bytes_max = BR_VP_RESPONSE_BYTES_MAX,
    };
    struct br_jwe jwe = {0};
    struct br_buf plain;
    BR_TRY(br_jwe_parse(text, &policy, arena, &jwe, reterr));
    if (!br_bytes_eq(jwe.kid, x->encryption_kid)) {
        return br_refuse(
            reterr, BR_RULE_VP_RESPONSE,
            "it is encrypted for a key of another request");
    }
    br_buf_init(&plain, BR_VP_RESPONSE_BYTES_MAX);
    enum br_rc rc = br_jwe_decrypt(&jwe, x->encryption, &plain, reterr);
    if (rc == BR_OK) {
        char *copy = br_arena_copy(arena, br_buf_bytes(&plain));
        *ret = br_bytes(copy, plain.n);
        rc = copy == NULL ? br_fail(reterr, BR_ERR_TOO_LARGE, "a large answer")
                          : BR_OK;
    }
    br_buf_fini(&plain);
    return rc;
}

static enum br_rc
check_state(
    struct br_bytes came, const struct br_vp_expected *x, struct br_err *reterr)
{
    return br_bytes_eq(came, x->state)
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_VP_RESPONSE_STATE, "%s",
                     came.n == 0 ? "it is missing" : "it is another one");
}

static enum br_rc
check_entry(
    const struct br_json *v, const struct br_dcql *query, struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    const struct br_dcql_query *q = br_dcql_find(query, v->name);
    size_t n = br_json_count(v);
    if (q == NULL) {
        return br_refuse(
            reterr, BR_RULE_VP_TOKEN, "\"%s\" was not asked for",
            br_rule_quote(v->name, quote));
    }
    bool good = v->kind == BR_JSON_ARRAY && n > 0 && (n == 1 || q->multiple);
    for (struct br_json *i = br_json_first(v); good && i != NULL; i = i->next) {
        good = i->kind == BR_JSON_STRING;
    }
    return good ? BR_OK
                : br_refuse(
                      reterr, BR_RULE_VP_TOKEN,
                      "\"%s\" is no list of %s presentations",
                      br_rule_quote(v->name, quote),
                      q->multiple ? "one or more" : "exactly one of the");
}

static enum br_rc
check_token(
    const struct br_json *token,
    const struct br_dcql *query,
    struct br_err *reterr)
{
    if (token == NULL || token->kind != BR_JSON_OBJECT ||
        br_json_count(token) == 0) {
        return br_refuse(
            reterr, BR_RULE_VP_TOKEN, "vp_token is no object with entries");
    }
    for (struct br_json *i = br_json_first(token); i != NULL; i = i->next) {
        BR_TRY(check_entry(i, query, reterr));
    }
    return BR_OK;
}

static enum br_rc
parse_json(
    struct br_bytes text,
    struct br_arena *arena,
    enum br_rule rule,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_err why = {0};
    enum br_rc rc = br_json_parse(text, arena, ret, &why);
    return rc == BR_OK ? BR_OK : br_refuse_for(reterr, rule, &why);
}

static enum br_rc
take_sealed(
    struct br_bytes response,
    const struct br_vp_expected *x,
    struct br_arena *arena,
    struct br_vp_answer *ret,
    struct br_err *reterr)
{
    struct br_bytes text = {0};
    struct br_bytes state = {0};
    struct br_json *claims = NULL;
    struct br_err why;
    BR_TRY(unseal(response, x, arena, &text, reterr));
    BR_TRY(parse_json(text, arena, BR_RULE_VP_RESPONSE, &claims, reterr));
    if (br_json_as(claims, BR_JSON_OBJECT, &why) != BR_OK ||
        br_json_may_string(claims, "state", &state, &why) != BR_OK ||
        br_json_may_string(claims, "error", &ret->error, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VP_RESPONSE, &why);
    }
    BR_TRY(check_state(state, x, reterr));
    ret->token = br_json_member(claims, "vp_token");
    return ret->error.n > 0 ? BR_OK : check_token(ret->token, x->query, reterr);
}

static enum br_rc
take_plain(
    const struct br_form *form,
    const struct br_vp_expected *x,
    struct br_arena *arena,
    struct br_vp_answer *ret,
    struct br_err *reterr)
{
    struct br_json *token = NULL;
    BR_TRY(check_state(br_form_get(form, "state"), x, reterr));
    BR_TRY(parse_json(
        br_form_get(form, "vp_token"), arena, BR_RULE_VP_TOKEN, &token,
        reterr));
    ret->token = token;
    return check_token(token, x->query, reterr);
}

enum br_rc
br_vp_response_parse(
    struct br_bytes text,
    const struct br_vp_expected *x,
    struct br_arena *arena,
    struct br_vp_answer *ret,
    struct br_err *reterr)
{
    struct br_form form = {0};
    struct br_vp_answer answer = {0};
    BR_TRY(br_form_parse(text, arena, &form, reterr));
    struct br_bytes error = br_form_get(&form, "error");
    struct br_bytes sealed = br_form_get(&form, "response");
    struct br_bytes plain = br_form_get(&form, "vp_token");
    if ((error.n > 0) + (sealed.n > 0) + (plain.n > 0) != 1) {
        return br_refuse(
            reterr, BR_RULE_VP_RESPONSE,
            "none of vp_token, response and error, or more than one");
    }
    if (error.n > 0) { /* may come in the clear (section 8.3.1) */
        BR_TRY(check_state(br_form_get(&form, "state"), x, reterr));
        answer.error = error;
        answer.description = br_form_get(&form, "error_description");
    } else if ((sealed.n > 0) != (x->mode == BR_VP_DIRECT_POST_JWT)) {
        return br_refuse(
            reterr, BR_RULE_VP_RESPONSE_PLAIN, "it is %sencrypted",
            sealed.n > 0 ? "" : "not ");
    } else {
        BR_TRY(
            sealed.n > 0 ? take_sealed(sealed, x, arena, &answer, reterr)
                         : take_plain(&form, x, arena, &answer, reterr));
    }
    *ret = answer;
    return BR_OK;
}

/* ---- what the verifier says then ---------------------------------------- */

enum br_rc
br_vp_redirect_parse(
    struct br_bytes body,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_json *v = NULL;
    struct br_bytes uri = {0};
    struct br_err why;
    BR_TRY(parse_json(body, arena, BR_RULE_VP_REDIRECT, &v, reterr));
    if (br_json_as(v, BR_JSON_OBJECT, &why) != BR_OK ||
        br_json_may_string(v, "redirect_uri", &uri, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VP_REDIRECT, &why);
    }
    for (size_t i = 0; i < uri.n; i++) {
        if (uri.p[i] <= 0x20 || uri.p[i] >= 0x7f) {
            return br_refuse(
                reterr, BR_RULE_VP_REDIRECT, "redirect_uri is no address");
        }
    }
    if (uri.n > 0 && memchr(uri.p, ':', uri.n) == NULL) {
        return br_refuse(
            reterr, BR_RULE_VP_REDIRECT, "redirect_uri is not absolute");
    }
    *ret = uri;
    return BR_OK;
}
