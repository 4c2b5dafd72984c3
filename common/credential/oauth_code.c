/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/oauth_code.h"

#include "common/credential/rule.h"

void
br_code_request_put(struct br_buf *form, const struct br_code_request *r)
{
    br_form_put(form, "response_type", br_str("code"));
    br_form_put(form, "client_id", r->client);
    br_form_put(form, "redirect_uri", r->redirect);
    br_form_put(form, "state", r->state);
    br_form_put(form, "code_challenge", r->challenge);
    br_form_put(form, "code_challenge_method", br_str("S256"));
    br_form_put(form, "scope", r->scope);
    br_form_put(form, "authorization_details", r->details);
    br_form_put(form, "resource", r->resource);
    br_form_put(form, "issuer_state", r->issuer_state);
    br_form_put(form, "dpop_jkt", r->thumbprint);
}

enum br_rc
br_code_pushed_parse(
    const struct br_json *v,
    struct br_bytes *ret_uri,
    uint64_t *ret_expires_in,
    struct br_err *reterr)
{
    struct br_bytes uri = {NULL, 0};
    uint64_t expires_in = 0;
    struct br_err why;
    enum br_rc rc = br_json_need_string(v, "request_uri", &uri, &why);
    if (rc == BR_OK) {
        rc = br_json_need_uint(v, "expires_in", &expires_in, &why);
    }
    if (rc != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_OAUTH_PUSHED, &why);
    }
    if (uri.n == 0 || expires_in == 0) {
        return br_refuse(
            reterr, BR_RULE_OAUTH_PUSHED, "request_uri or expires_in is empty");
    }
    *ret_uri = uri;
    *ret_expires_in = expires_in;
    return BR_OK;
}

/* ---- coming back -------------------------------------------------------- */

/** Where the query begins; the length of all when there is none. */
static size_t
query_at(struct br_bytes url)
{
    const uint8_t *at =
        url.n == 0 ? NULL : (const uint8_t *)memchr(url.p, '?', url.n);
    return at == NULL ? url.n : (size_t)(at - url.p);
}

static enum br_rc
read_query(
    struct br_bytes url,
    struct br_arena *arena,
    struct br_form *ret,
    struct br_err *reterr)
{
    size_t at = query_at(url);
    if (url.n > BR_CODE_BACK_BYTES_MAX || at == url.n ||
        memchr(url.p, '#', url.n) != NULL) {
        return br_refuse(
            reterr, BR_RULE_OAUTH_REDIRECT,
            "it is no address with a query, or a long one");
    }
    return br_form_parse(
        br_bytes(url.p + at + 1, url.n - at - 1), arena, ret, reterr);
}

enum br_rc
br_code_state_parse(
    struct br_bytes url,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_form form = {.count = 0};
    BR_TRY(read_query(url, arena, &form, reterr));
    struct br_bytes state = br_form_get(&form, "state");
    if (state.n == 0) {
        return br_refuse(reterr, BR_RULE_OAUTH_STATE, "there is no state");
    }
    *ret = state;
    return BR_OK;
}

/** Byte for byte; a query that was sent comes back before what is added. */
static bool
is_the_address(struct br_bytes url, struct br_bytes sent)
{
    bool has_query = query_at(sent) < sent.n;
    return url.n > sent.n && memcmp(url.p, sent.p, sent.n) == 0 &&
           url.p[sent.n] == (has_query ? '&' : '?');
}

/** "Clients MUST then compare the extracted and URL-decoded value to the issuer
 *  identifier of the authorization server where the authorization request was
 *  sent to. This comparison MUST use simple string comparison" (RFC 9207
 *  section 2.4). */
static enum br_rc
check_server(
    const struct br_form *form,
    const struct br_code_expected *expected,
    struct br_err *reterr)
{
    char q[BR_RULE_QUOTE_BYTES];
    struct br_bytes iss = br_form_get(form, "iss");
    if (iss.n == 0) {
        return br_refuse(
            reterr, BR_RULE_OAUTH_ISS, "it does not say which server answers");
    }
    return br_bytes_eq(iss, expected->server)
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_OAUTH_ISS, "it comes from \"%s\"",
                     br_rule_quote(iss, q));
}

enum br_rc
br_code_back_parse(
    struct br_bytes url,
    const struct br_code_expected *expected,
    struct br_arena *arena,
    struct br_code_back *ret,
    struct br_err *reterr)
{
    struct br_form form = {.count = 0};
    if (!is_the_address(url, expected->redirect)) {
        return br_refuse(
            reterr, BR_RULE_OAUTH_REDIRECT, "it is another address");
    }
    BR_TRY(read_query(url, arena, &form, reterr));
    struct br_bytes state = br_form_get(&form, "state");
    if (state.n == 0 || !br_bytes_eq(state, expected->state)) {
        return br_refuse(
            reterr, BR_RULE_OAUTH_STATE, "state is not the one that was sent");
    }
    BR_TRY(check_server(&form, expected, reterr));
    const struct br_code_back back = {
        .code = br_form_get(&form, "code"),
        .error = br_form_get(&form, "error"),
        .description = br_form_get(&form, "error_description"),
    };
    if ((back.code.n > 0) == (back.error.n > 0)) {
        return br_refuse(
            reterr, BR_RULE_OAUTH_CODE, "there is %s",
            back.code.n > 0 ? "a code, and an error" : "neither of them");
    }
    *ret = back;
    return BR_OK;
}
