/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/rule.h"
#include "common/credential/vci.h"

/* ---- well-known addresses ----------------------------------------------- */

static bool
begins(struct br_bytes text, const char *with)
{
    size_t n = strlen(with);
    return text.n > n && memcmp(text.p, with, n) == 0;
}

enum br_rc
br_vci_well_known(
    struct br_bytes issuer,
    const char *name,
    struct br_buf *ret,
    struct br_err *reterr)
{
    size_t scheme = begins(issuer, "https://")  ? 8
                    : begins(issuer, "http://") ? 7
                                                : 0;
    size_t host = scheme;
    if (scheme == 0 || memchr(issuer.p, '?', issuer.n) != NULL ||
        memchr(issuer.p, '#', issuer.n) != NULL) {
        return br_refuse(
            reterr, BR_RULE_VCI_METADATA,
            "an issuer is an https address without query and fragment");
    }
    while (host < issuer.n && issuer.p[host] != '/') {
        host++;
    }
    size_t end = issuer.n;
    while (end > host && issuer.p[end - 1] == '/') {
        end--;
    }
    br_buf_put(ret, issuer.p, host);
    br_buf_puts(ret, "/.well-known/");
    br_buf_puts(ret, name);
    br_buf_put(ret, issuer.p + host, end - host);
    return br_buf_status(ret, reterr);
}

/* ---- lists of names ----------------------------------------------------- */

typedef unsigned by_name(struct br_bytes name);

static unsigned
enc_by_name(struct br_bytes name)
{
    const struct br_enc_info *i = br_enc_by_name(name);
    return i == NULL ? 0 : (unsigned)i->enc;
}

/** The set of those that we know; others are passed over. */
static enum br_rc
take_names(
    const struct br_json *object,
    const char *name,
    by_name *find,
    unsigned *ret,
    struct br_err *reterr)
{
    struct br_json *list = NULL;
    if (object == NULL) {
        return BR_OK;
    }
    BR_TRY(br_json_may(object, name, BR_JSON_ARRAY, &list, reterr));
    for (struct br_json *i = br_json_first(list); i != NULL; i = i->next) {
        struct br_bytes text;
        BR_TRY(br_json_as_string(i, &text, reterr));
        *ret |= find(text);
    }
    return BR_OK;
}

/* ---- the issuer --------------------------------------------------------- */

/** The first key with an alg that we can encrypt with. "The alg parameter MUST
 *  be present" (section 10). Without one, what is not required is not offered.
 */
static enum br_rc
take_key(
    const struct br_json *jwks,
    struct br_vci_request_encryption *e,
    struct br_err *reterr)
{
    struct br_json *keys;
    BR_TRY(br_json_need(jwks, "keys", BR_JSON_ARRAY, &keys, reterr));
    for (struct br_json *i = br_json_first(keys); i != NULL; i = i->next) {
        struct br_jwk k;
        if (br_jwk_parse(i, &k, NULL) != BR_OK) {
            continue;
        }
        e->alg = br_jwe_alg_by_name(k.alg);
        if (e->alg != 0 && k.kid.n > 0 && br_jwe_alg_fits(e->alg, k.key.kind)) {
            e->key = k;
            e->offered = true;
            return BR_OK;
        }
    }
    e->alg = 0;
    if (!e->required) {
        return BR_OK; /* then it is as if it were not offered */
    }
    return br_fail(
        reterr, BR_ERR_UNSUPPORTED,
        "credential_request_encryption: no key with a kid and an alg that is "
        "known");
}

static enum br_rc
take_encryption(
    const struct br_json *v, struct br_vci_issuer *o, struct br_err *reterr)
{
    struct br_json *request = NULL;
    struct br_json *response = NULL;
    struct br_json *jwks;
    BR_TRY(br_json_may(
        v, "credential_request_encryption", BR_JSON_OBJECT, &request, reterr));
    BR_TRY(br_json_may(
        v, "credential_response_encryption", BR_JSON_OBJECT, &response,
        reterr));
    if (request != NULL) {
        BR_TRY(br_json_need(request, "jwks", BR_JSON_OBJECT, &jwks, reterr));
        BR_TRY(take_names(
            request, "enc_values_supported", enc_by_name, &o->request.encs,
            reterr));
        BR_TRY(br_json_need_boolean(
            request, "encryption_required", &o->request.required, reterr));
        BR_TRY(take_key(jwks, &o->request, reterr));
    }
    if (response != NULL) {
        o->response.offered = true;
        BR_TRY(take_names(
            response, "alg_values_supported", br_jwe_alg_by_name,
            &o->response.algs, reterr));
        BR_TRY(take_names(
            response, "enc_values_supported", enc_by_name, &o->response.encs,
            reterr));
        BR_TRY(br_json_need_boolean(
            response, "encryption_required", &o->response.required, reterr));
    }
    return BR_OK;
}

static enum br_rc
take_servers(
    const struct br_json *v, struct br_vci_issuer *o, struct br_err *reterr)
{
    struct br_json *servers = NULL;
    struct br_json *batch = NULL;
    o->authorization_server = o->issuer;
    o->batch_size = 1;
    BR_TRY(br_json_may(
        v, "authorization_servers", BR_JSON_ARRAY, &servers, reterr));
    if (servers != NULL && br_json_count(servers) == 0) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD, "authorization_servers is empty");
    }
    if (servers != NULL) {
        BR_TRY(br_json_as_string(
            br_json_first(servers), &o->authorization_server, reterr));
    }
    o->servers = servers;
    BR_TRY(br_json_may(
        v, "batch_credential_issuance", BR_JSON_OBJECT, &batch, reterr));
    if (batch == NULL) {
        return BR_OK;
    }
    BR_TRY(br_json_need_uint(batch, "batch_size", &o->batch_size, reterr));
    return o->batch_size >= 2 ? BR_OK
                              : br_fail(
                                    reterr, BR_ERR_OUT_OF_RANGE,
                                    "batch_size is not 2 or more");
}

static enum br_rc
take_issuer(
    const struct br_json *v, struct br_vci_issuer *o, struct br_err *reterr)
{
    struct br_json *display = NULL;
    struct br_json *configurations;
    BR_TRY(br_json_need_string(v, "credential_issuer", &o->issuer, reterr));
    BR_TRY(br_json_need_string(
        v, "credential_endpoint", &o->credential_endpoint, reterr));
    BR_TRY(br_json_may_string(v, "nonce_endpoint", &o->nonce_endpoint, reterr));
    BR_TRY(br_json_may_string(
        v, "deferred_credential_endpoint", &o->deferred_endpoint, reterr));
    BR_TRY(br_json_may_string(
        v, "notification_endpoint", &o->notification_endpoint, reterr));
    BR_TRY(br_json_may(v, "display", BR_JSON_ARRAY, &display, reterr));
    BR_TRY(br_json_need(
        v, "credential_configurations_supported", BR_JSON_OBJECT,
        &configurations, reterr));
    o->display = display;
    o->configurations = configurations;
    BR_TRY(take_servers(v, o, reterr));
    return take_encryption(v, o, reterr);
}

enum br_rc
br_vci_issuer_parse(
    const struct br_json *v,
    struct br_bytes identifier,
    struct br_vci_issuer *ret,
    struct br_err *reterr)
{
    struct br_err why;
    struct br_vci_issuer o = {0};
    char q[BR_RULE_QUOTE_BYTES];
    if (take_issuer(v, &o, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VCI_METADATA, &why);
    }
    if (!br_bytes_eq(o.issuer, identifier)) {
        return br_refuse(
            reterr, BR_RULE_VCI_ISSUER, "credential_issuer is %s",
            br_rule_quote(o.issuer, q));
    }
    *ret = o;
    return BR_OK;
}

/* ---- one credential ----------------------------------------------------- */

static enum br_rc
take_proofs(
    const struct br_json *types,
    struct br_vci_configuration *c,
    struct br_err *reterr)
{
    static const char values[] = "proof_signing_alg_values_supported";
    struct br_json *jwt = NULL;
    struct br_json *attestation = NULL;
    c->bound = types != NULL;
    if (types == NULL) {
        return BR_OK;
    }
    BR_TRY(br_json_may(types, "jwt", BR_JSON_OBJECT, &jwt, reterr));
    BR_TRY(br_json_may(
        types, "attestation", BR_JSON_OBJECT, &attestation, reterr));
    BR_TRY(take_names(jwt, values, br_key_alg_by_name, &c->jwt_algs, reterr));
    BR_TRY(take_names(
        attestation, values, br_key_alg_by_name, &c->attestation_algs, reterr));
    c->attestation_required =
        br_json_member(jwt, "key_attestations_required") != NULL;
    return BR_OK;
}

static enum br_rc
take_configuration(
    const struct br_json *v,
    struct br_vci_configuration *c,
    struct br_err *reterr)
{
    struct br_bytes format;
    struct br_json *proofs = NULL;
    struct br_json *metadata = NULL;
    BR_TRY(br_json_as(v, BR_JSON_OBJECT, reterr));
    BR_TRY(br_json_need_string(v, "format", &format, reterr));
    if (!br_bytes_eq(format, br_str("dc+sd-jwt"))) {
        return br_fail(reterr, BR_ERR_UNSUPPORTED, "format is not dc+sd-jwt");
    }
    BR_TRY(br_json_need_string(v, "vct", &c->vct, reterr));
    BR_TRY(br_json_may_string(v, "scope", &c->scope, reterr));
    BR_TRY(br_json_may(
        v, "proof_types_supported", BR_JSON_OBJECT, &proofs, reterr));
    BR_TRY(take_proofs(proofs, c, reterr));
    BR_TRY(br_json_may(
        v, "credential_metadata", BR_JSON_OBJECT, &metadata, reterr));
    c->metadata = metadata;
    return BR_OK;
}

enum br_rc
br_vci_configuration_parse(
    const struct br_vci_issuer *issuer,
    struct br_bytes id,
    struct br_vci_configuration *ret,
    struct br_err *reterr)
{
    struct br_vci_configuration c = {.id = id};
    struct br_err why;
    char q[BR_RULE_QUOTE_BYTES];
    const struct br_json *v = br_json_member_bytes(issuer->configurations, id);
    if (v == NULL) {
        return br_refuse(
            reterr, BR_RULE_VCI_CONFIGURATION, "there is no %s",
            br_rule_quote(id, q));
    }
    if (take_configuration(v, &c, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_VCI_CONFIGURATION, &why);
    }
    *ret = c;
    return BR_OK;
}

/* ---- the authorization server ------------------------------------------- */

static enum br_rc
take_server(
    const struct br_json *v, struct br_oauth_server *s, struct br_err *reterr)
{
    struct br_json *grants = NULL;
    struct br_json *methods = NULL;
    BR_TRY(br_json_need_string(v, "issuer", &s->issuer, reterr));
    BR_TRY(
        br_json_need_string(v, "token_endpoint", &s->token_endpoint, reterr));
    BR_TRY(br_json_may_string(
        v, "authorization_endpoint", &s->authorization_endpoint, reterr));
    BR_TRY(br_json_may_string(
        v, "pushed_authorization_request_endpoint", &s->par_endpoint, reterr));
    BR_TRY(br_json_may_string(
        v, "challenge_endpoint", &s->challenge_endpoint, reterr));
    BR_TRY(br_json_may_boolean(
        v, "require_pushed_authorization_requests", &s->par_required, reterr));
    BR_TRY(br_json_may_boolean(
        v, "pre-authorized_grant_anonymous_access_supported", &s->anonymous,
        reterr));
    BR_TRY(br_json_may_boolean(
        v, "authorization_response_iss_parameter_supported", &s->iss_returned,
        reterr));
    BR_TRY(br_json_may(
        v, "grant_types_supported", BR_JSON_ARRAY, &grants, reterr));
    for (struct br_json *i = br_json_first(grants); i != NULL; i = i->next) {
        s->pre_authorized |= br_json_is(i, BR_VCI_PRE_AUTHORIZED);
    }
    BR_TRY(br_json_may(
        v, "code_challenge_methods_supported", BR_JSON_ARRAY, &methods,
        reterr));
    s->s256 = methods == NULL;
    for (struct br_json *i = br_json_first(methods); i != NULL; i = i->next) {
        s->s256 |= br_json_is(i, "S256");
    }
    return take_names(
        v, "dpop_signing_alg_values_supported", br_key_alg_by_name,
        &s->dpop_algs, reterr);
}

enum br_rc
br_oauth_server_parse(
    const struct br_json *v,
    struct br_bytes identifier,
    struct br_oauth_server *ret,
    struct br_err *reterr)
{
    struct br_oauth_server s = {0};
    struct br_err why;
    char q[BR_RULE_QUOTE_BYTES];
    if (take_server(v, &s, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_OAUTH_METADATA, &why);
    }
    if (!br_bytes_eq(s.issuer, identifier)) {
        return br_refuse(
            reterr, BR_RULE_OAUTH_ISSUER, "issuer is %s",
            br_rule_quote(s.issuer, q));
    }
    *ret = s;
    return BR_OK;
}
