/* Reading a link and what it leads to. Nothing is believed here. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/oauth.h"
#include "common/credential/rule.h"
#include "common/credential/vp.h"

static const char *const prefixes[] = {
    [BR_VP_X509_HASH] = "x509_hash",
    [BR_VP_X509_SAN_DNS] = "x509_san_dns",
    [BR_VP_DID] = "decentralized_identifier",
    [BR_VP_ATTESTATION] = "verifier_attestation",
    [BR_VP_REDIRECT_URI] = "redirect_uri",
};
enum { PREFIXES = sizeof(prefixes) / sizeof(prefixes[0]) };

const char *
br_vp_prefix_name(enum br_vp_prefix prefix)
{
    return prefixes[prefix];
}

static size_t
position(struct br_bytes text, char c)
{
    const uint8_t *at = text.n == 0 ? NULL : memchr(text.p, c, text.n);
    return at == NULL ? text.n : (size_t)(at - text.p);
}

enum br_rc
br_vp_client_parse(
    struct br_bytes text, struct br_vp_client *ret, struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    size_t colon = position(text, ':');
    const struct br_bytes prefix = br_bytes(text.p, colon);
    for (size_t i = 0; colon + 1 < text.n && i < PREFIXES; i++) {
        if (br_bytes_eq(prefix, br_str(prefixes[i]))) {
            *ret = (struct br_vp_client){
                .prefix = (enum br_vp_prefix)i,
                .full = text,
                .id = br_bytes(text.p + colon + 1, text.n - colon - 1),
            };
            return BR_OK;
        }
    }
    return br_refuse(
        reterr, BR_RULE_VP_PREFIX, "client_id is \"%s\"",
        br_rule_quote(text, quote));
}

/* ---- addresses ---------------------------------------------------------- */

static bool
begins(struct br_bytes text, const char *with)
{
    size_t n = strlen(with);
    return text.n >= n && memcmp(text.p, with, n) == 0;
}

/** No white space, control or other bytes that some parser reads otherwise. */
static bool
plain_characters(struct br_bytes url)
{
    bool good = true;
    for (size_t i = 0; good && i < url.n; i++) {
        uint8_t c = url.p[i];
        good = c > 0x20 && c < 0x7f && strchr("\\\"<>^`{|}#", c) == NULL;
    }
    return good;
}

/** host, host:port or [v6]:port, without user. */
static bool
take_host(struct br_bytes authority, struct br_bytes *ret)
{
    size_t n = authority.n;
    bool v6 = n > 0 && authority.p[0] == '[';
    size_t end = v6 ? position(authority, ']') + 1 : position(authority, ':');
    bool good = end <= n && end > 0 && position(authority, '@') == n &&
                (end == n || authority.p[end] == ':');
    for (size_t i = end + 1; good && i < n; i++) {
        good = authority.p[i] >= '0' && authority.p[i] <= '9';
    }
    *ret = br_bytes(authority.p, good ? end : 0);
    return good;
}

enum br_rc
br_vp_address_check(
    struct br_bytes url,
    bool plain,
    struct br_bytes *ret_host,
    struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    size_t n = begins(url, "https://")           ? strlen("https://")
               : plain && begins(url, "http://") ? strlen("http://")
                                                 : 0;
    struct br_bytes rest = br_bytes(url.p + n, url.n - n);
    size_t end = position(rest, '/');
    size_t question = position(rest, '?');
    end = question < end ? question : end;
    if (n == 0 || !plain_characters(url) ||
        !take_host(br_bytes(rest.p, end), ret_host)) {
        return br_refuse(
            reterr, BR_RULE_VP_ADDRESS, "\"%s\" is no such address",
            br_rule_quote(url, quote));
    }
    return BR_OK;
}

/* ---- links -------------------------------------------------------------- */

/** Parameters that are objects come as JSON in a string. */
static bool
is_json(struct br_bytes name)
{
    return br_bytes_eq(name, br_str("dcql_query")) ||
           br_bytes_eq(name, br_str("client_metadata")) ||
           br_bytes_eq(name, br_str("transaction_data")) ||
           br_bytes_eq(name, br_str("verifier_info"));
}

static enum br_rc
take_parameters(
    const struct br_form *form,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_json_maker m;
    struct br_err why;
    br_json_maker_init(&m, arena);
    struct br_json *object = br_json_new_object(&m);
    for (size_t i = 0; i < form->count; i++) {
        const struct br_form_field *f = &form->fields[i];
        struct br_json *v = NULL;
        if (f->value.n == 0) {
            continue;
        }
        if (!is_json(f->name)) {
            v = br_json_new_string(&m, f->value);
        } else if (br_json_parse(f->value, arena, &v, &why) != BR_OK) {
            return br_refuse_for(reterr, BR_RULE_VP_REQUEST, &why);
        }
        (void)br_json_set_bytes(&m, object, f->name, v);
    }
    BR_TRY(br_json_maker_status(&m, reterr));
    *ret = object;
    return BR_OK;
}

static enum br_rc
take_method(
    const struct br_form *form, struct br_vp_link *link, struct br_err *reterr)
{
    char quote[BR_RULE_QUOTE_BYTES];
    struct br_bytes method = br_form_get(form, "request_uri_method");
    link->post = br_bytes_eq(method, br_str("post"));
    if (method.n > 0 && link->request_uri.n == 0) {
        return br_refuse(
            reterr, BR_RULE_VP_METHOD,
            "request_uri_method without request_uri");
    }
    if (method.n > 0 && !link->post && !br_bytes_eq(method, br_str("get"))) {
        return br_refuse(
            reterr, BR_RULE_VP_METHOD, "request_uri_method is \"%s\"",
            br_rule_quote(method, quote));
    }
    return BR_OK;
}

enum br_rc
br_vp_link_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_vp_link *ret,
    struct br_err *reterr)
{
    struct br_vp_link link = {0};
    struct br_form form = {0};
    size_t at = position(text, '?');
    if (text.n > BR_VP_REQUEST_BYTES_MAX || at == text.n) {
        return br_refuse(
            reterr, BR_RULE_VP_LINK,
            "no link with a question mark, or a long "
            "one");
    }
    struct br_bytes query = br_bytes(text.p + at + 1, text.n - at - 1);
    BR_TRY(br_form_parse(query, arena, &form, reterr));
    link.client_id = br_form_get(&form, "client_id");
    link.request_uri = br_form_get(&form, "request_uri");
    link.request = br_form_get(&form, "request");
    if (link.client_id.n == 0) {
        return br_refuse(reterr, BR_RULE_VP_LINK, "there is no client_id");
    }
    if (link.request_uri.n > 0 && link.request.n > 0) {
        return br_refuse(
            reterr, BR_RULE_VP_LINK, "request and request_uri, both");
    }
    BR_TRY(take_method(&form, &link, reterr));
    if (link.request_uri.n == 0 && link.request.n == 0) {
        BR_TRY(take_parameters(&form, arena, &link.parameters, reterr));
    }
    *ret = link;
    return BR_OK;
}

/* ---- requests ----------------------------------------------------------- */

static enum br_rc
open_signed(
    struct br_bytes object,
    struct br_arena *arena,
    struct br_vp_request *r,
    struct br_err *reterr)
{
    /* "Wallets MUST NOT process Request Objects where the typ Header Parameter
     * is not present or does not have the value oauth-authz-req+jwt"
     * (section 5). */
    static const char *const types[] = {BR_VP_REQUEST_TYP, NULL};
    static const struct br_jws_policy policy = {
        .algs = BR_ALG_ES256 | BR_ALG_ES384 | BR_ALG_ES512 | BR_ALG_EDDSA,
        .sources = BR_KEY_BY_X5C | BR_KEY_BY_KID | BR_KEY_BY_CALLER,
        .types = types,
        .bytes_max = BR_VP_REQUEST_BYTES_MAX,
    };
    struct br_err why;
    struct br_json *claims;
    BR_TRY(br_jws_parse(object, &policy, arena, &r->jws, reterr));
    if (br_json_parse(r->jws.unverified_payload, arena, &claims, &why) !=
        BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VP_REQUEST, &why);
    }
    r->claims = claims;
    r->is_signed = true;
    return BR_OK;
}

/** "The Client Identifier value in the client_id Authorization Request
 *  parameter and the Request Object client_id claim value MUST be identical"
 *  (section 5.10.1). */
static enum br_rc
take_client(
    const struct br_vp_link *link,
    struct br_vp_request *r,
    struct br_err *reterr)
{
    struct br_err why;
    struct br_bytes said = {0};
    if (br_json_need_string(r->claims, "client_id", &said, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VP_REQUEST, &why);
    }
    if (!br_bytes_eq(said, link->client_id)) {
        return br_refuse(
            reterr, BR_RULE_VP_CLIENT, "another client_id signs than asks");
    }
    return br_vp_client_parse(said, &r->client, reterr);
}

enum br_rc
br_vp_open(
    const struct br_vp_link *link,
    struct br_bytes object,
    struct br_arena *arena,
    struct br_vp_request *ret,
    struct br_err *reterr)
{
    struct br_vp_request r = {0};
    struct br_err why;
    object = link->request.n > 0 ? link->request : object;
    if (object.n > 0) {
        BR_TRY(open_signed(object, arena, &r, reterr));
    } else {
        r.claims = link->parameters;
    }
    if (r.claims == NULL || r.claims->kind != BR_JSON_OBJECT) {
        return br_refuse(reterr, BR_RULE_VP_REQUEST, "it is no object");
    }
    BR_TRY(take_client(link, &r, reterr));
    /* Where an error may go, if it is an address: looked at in br_vp_check. */
    if (br_json_may_string(r.claims, "response_uri", &r.response_uri, &why) !=
            BR_OK ||
        br_json_may_string(r.claims, "state", &r.state, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VP_REQUEST, &why);
    }
    *ret = r;
    return BR_OK;
}
