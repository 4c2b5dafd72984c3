/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/core/oidc.h"

#include "common/credential/rule.h"

#include <strings.h>

/* ---- the provider ------------------------------------------------------- */

static enum br_rc
take_metadata(
    const struct br_json *v, struct br_oidc_provider *p, struct br_err *reterr)
{
    BR_TRY(br_json_as(v, BR_JSON_OBJECT, reterr));
    BR_TRY(br_json_need_string(v, "issuer", &p->issuer, reterr));
    BR_TRY(br_json_need_string(
        v, "authorization_endpoint", &p->authorization, reterr));
    BR_TRY(br_json_need_string(v, "token_endpoint", &p->token, reterr));
    BR_TRY(br_json_need_string(v, "jwks_uri", &p->jwks, reterr));
    BR_TRY(br_json_may_string(v, "userinfo_endpoint", &p->userinfo, reterr));
    BR_TRY(
        br_json_may_string(v, "end_session_endpoint", &p->end_session, reterr));
    BR_TRY(br_json_may_boolean(
        v, "authorization_response_iss_parameter_supported", &p->tells_iss,
        reterr));
    return br_json_may_boolean(
        v, "claims_parameter_supported", &p->takes_claims, reterr);
}

enum br_rc
br_oidc_provider_parse(
    const struct br_json *metadata,
    struct br_bytes issuer,
    struct br_oidc_provider *ret,
    struct br_err *reterr)
{
    struct br_oidc_provider p = {0};
    struct br_err why = {0};
    char q[BR_RULE_QUOTE_BYTES];
    if (take_metadata(metadata, &p, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_OIDC_METADATA, &why);
    }
    /* "The issuer value returned MUST be identical": no slash more or less. */
    if (!br_bytes_eq(p.issuer, issuer)) {
        return br_refuse(
            reterr, BR_RULE_OIDC_ISSUER, "issuer is %s",
            br_rule_quote(p.issuer, q));
    }
    *ret = p;
    return BR_OK;
}

enum br_rc
br_oidc_check_iss(
    const struct br_oidc_provider *p,
    struct br_bytes iss,
    struct br_err *reterr)
{
    char q[BR_RULE_QUOTE_BYTES];
    if (iss.n == 0 && !p->tells_iss) {
        return BR_OK;
    }
    if (iss.n == 0) {
        return br_refuse(
            reterr, BR_RULE_OIDC_MIX,
            "the answer has no iss, which its metadata promises");
    }
    return br_bytes_eq(iss, p->issuer)
               ? BR_OK
               : br_refuse(
                     reterr, BR_RULE_OIDC_MIX, "the answer is of %s",
                     br_rule_quote(iss, q));
}

/* ---- who ---------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *claim;
} kinds[] = {
    [BR_OIDC_SUBJECT] = {"subject", "sub"},
    [BR_OIDC_TAX_CODE] =
        {"tax_code", "https://attributes.eid.gov.it/fiscal_number"},
    [BR_OIDC_EMAIL] = {"email", "email"},
};

enum br_rc
br_oidc_kind_by_name(
    const char *name, enum br_oidc_kind *ret, struct br_err *reterr)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(name, kinds[i].name) == 0) {
            *ret = (enum br_oidc_kind)i;
            return BR_OK;
        }
    }
    return br_fail(
        reterr, BR_ERR_UNSUPPORTED,
        "somebody is told by subject, tax_code or email, not by %.40s", name);
}

const char *
br_oidc_kind_claim(enum br_oidc_kind kind)
{
    return kinds[kind].claim;
}

static char
upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/** SPID writes TINIT- before it (the country's type of identifier, after ETSI
 *  EN 319 412-1 section 5.1.3), and so do proxies; others leave it out. */
static struct br_bytes
without_prefix(struct br_bytes text)
{
    return text.n > 6 && strncasecmp((const char *)text.p, "TINIT-", 6) == 0
               ? br_bytes(text.p + 6, text.n - 6)
               : text;
}

enum br_rc
br_oidc_normalize(
    enum br_oidc_kind kind,
    struct br_bytes text,
    char ret[BR_OIDC_IDENTITY_BYTES + 1],
    struct br_err *reterr)
{
    struct br_bytes v = kind == BR_OIDC_TAX_CODE ? without_prefix(text) : text;
    if (v.n == 0 || v.n > BR_OIDC_IDENTITY_BYTES) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "an identity has 1 to %d bytes",
            BR_OIDC_IDENTITY_BYTES);
    }
    for (size_t i = 0; i < v.n; i++) {
        char c = (char)v.p[i];
        /* Only what cannot look like something else. */
        if (c <= ' ' || c > '~') {
            return br_fail(
                reterr, BR_ERR_OUT_OF_RANGE,
                "an identity is of ASCII without spaces");
        }
        ret[i] = kind == BR_OIDC_TAX_CODE ? upper(c)
                 : kind == BR_OIDC_EMAIL  ? lower(c)
                                          : c;
    }
    ret[v.n] = '\0';
    return BR_OK;
}

enum br_rc
br_oidc_identity(
    const struct br_json *claims,
    const struct br_oidc_client *c,
    char ret[BR_OIDC_IDENTITY_BYTES + 1],
    struct br_err *reterr)
{
    struct br_bytes text;
    struct br_err why = {0};
    bool verified = false;
    const struct br_json *v = br_json_member_bytes(claims, c->claim);
    if (v == NULL) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "there is no claim %.*s", (int)c->claim.n,
            (const char *)c->claim.p);
    }
    if (br_json_as_string(v, &text, &why) != BR_OK ||
        br_oidc_normalize(c->kind, text, ret, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_OIDC_IDENTITY, &why);
    }
    /* Section 5.7: only sub is the provider's own; an address that nobody has
     * verified may be anybody's. */
    if (c->kind == BR_OIDC_EMAIL &&
        (br_json_may_boolean(claims, "email_verified", &verified, &why) !=
             BR_OK ||
         !verified)) {
        return br_refuse(
            reterr, BR_RULE_OIDC_IDENTITY, "email_verified is not true");
    }
    return BR_OK;
}

/* ---- what is sent ------------------------------------------------------- */

static void
put_claim(struct br_json_writer *w, struct br_bytes name)
{
    br_json_write_name_bytes(w, name);
    br_json_write_object(w);
    br_json_write_name(w, "essential");
    br_json_write_boolean(w, true);
    br_json_write_end(w);
}

/** Section 5.5: the one claim, wherever the provider likes to tell it. */
static enum br_rc
put_claims(
    const struct br_oidc_client *c, struct br_buf *ret, struct br_err *reterr)
{
    static const char *const places[] = {"id_token", "userinfo"};
    struct br_buf b;
    struct br_json_writer w;
    br_buf_init(&b, 1024);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    for (size_t i = 0; i < 2; i++) {
        br_json_write_name(&w, places[i]);
        br_json_write_object(&w);
        put_claim(&w, c->claim);
        if (c->kind == BR_OIDC_EMAIL) {
            put_claim(&w, br_str("email_verified"));
        }
        br_json_write_end(&w);
    }
    br_json_write_end(&w);
    enum br_rc rc = br_json_writer_done(&w, reterr);
    if (rc == BR_OK) {
        br_form_put(ret, "claims", br_buf_bytes(&b));
    }
    br_buf_fini(&b);
    return rc;
}

/** An endpoint "may include a query component, which MUST be retained"
 *  (RFC 6749 section 3.1). */
static void
put_address(
    struct br_buf *ret, struct br_bytes endpoint, const struct br_buf *query)
{
    br_buf_put(ret, endpoint.p, endpoint.n);
    br_buf_puts(ret, memchr(endpoint.p, '?', endpoint.n) == NULL ? "?" : "&");
    br_buf_put(ret, query->p, query->n);
}

enum br_rc
br_oidc_put_request(
    const struct br_oidc_provider *p,
    const struct br_oidc_client *c,
    const struct br_oidc_login *l,
    struct br_buf *ret,
    struct br_err *reterr)
{
    char challenge[BR_PKCE_CHALLENGE_BYTES + 1];
    struct br_buf q;
    enum br_rc rc = BR_OK;
    br_pkce_challenge(l->verifier, challenge);
    br_buf_init(&q, (size_t)BR_OIDC_URL_BYTES_MAX * 2);
    br_form_put(&q, "response_type", br_str("code"));
    br_form_put(&q, "client_id", c->id);
    br_form_put(&q, "redirect_uri", c->redirect_uri);
    br_form_put(&q, "scope", c->scope);
    br_form_put(&q, "state", l->state);
    br_form_put(&q, "nonce", l->nonce);
    br_form_put(&q, "code_challenge", br_str(challenge));
    br_form_put(&q, "code_challenge_method", br_str("S256"));
    br_form_put(&q, "acr_values", c->acr);
    if (p->takes_claims && !br_bytes_eq(c->claim, br_str("sub"))) {
        rc = put_claims(c, &q, reterr);
    }
    if (rc == BR_OK) {
        rc = br_buf_status(&q, reterr);
    }
    if (rc == BR_OK) {
        put_address(ret, p->authorization, &q);
        rc = br_buf_status(ret, reterr);
    }
    br_buf_fini(&q);
    return rc;
}

/** Without id_token_hint: it would have to be kept, and would stand in
 *  addresses and their logs. */
enum br_rc
br_oidc_put_logout(
    const struct br_oidc_provider *p,
    const struct br_oidc_client *c,
    struct br_bytes back,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_buf q;
    br_buf_init(&q, BR_OIDC_URL_BYTES_MAX);
    br_form_put(&q, "client_id", c->id);
    br_form_put(&q, "post_logout_redirect_uri", back);
    enum br_rc rc = br_buf_status(&q, reterr);
    if (rc == BR_OK) {
        put_address(ret, p->end_session, &q);
        rc = br_buf_status(ret, reterr);
    }
    br_buf_fini(&q);
    return rc;
}

enum { ASSERTION_S = 60 };

static void
put_text(struct br_json_writer *w, const char *name, struct br_bytes text)
{
    br_json_write_name(w, name);
    br_json_write_string(w, text);
}

enum br_rc
br_oidc_assertion_sign(
    const struct br_oidc_assertion *a,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr)
{
    const struct br_jws_header header = {
        .alg = a->alg, .typ = "JWT", .kid = a->kid};
    struct br_json_writer w;
    struct br_buf b;
    br_buf_init(&b, 4096);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    put_text(&w, "iss", a->client);
    put_text(&w, "sub", a->client);
    put_text(&w, "aud", a->audience);
    put_text(&w, "jti", a->id);
    br_json_write_name(&w, "iat");
    br_json_write_uint(&w, a->now_s);
    br_json_write_name(&w, "exp");
    br_json_write_uint(&w, a->now_s + ASSERTION_S);
    br_json_write_end(&w);
    enum br_rc rc = br_json_writer_done(&w, reterr);
    if (rc == BR_OK) {
        rc = br_jws_sign(&header, br_buf_bytes(&b), key, ret, reterr);
    }
    br_buf_fini(&b);
    return rc;
}
