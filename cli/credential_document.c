/* What goes around credentials, by its structure: requests, metadata, lists. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/credential.h"
#include "common/credential/dcql.h"
#include "common/credential/rule.h"
#include "common/credential/type_metadata.h"
#include "common/credential/vc_issuer.h"

#include <stdio.h>

static void
verdict(struct br_cred_report *r, const char *name, enum br_rc rc)
{
    if (rc == BR_OK) {
        br_cred_step(r, name, BR_CRED_OK, "as it should be");
        return;
    }
    br_cred_step(r, name, BR_CRED_FAILED, "%s", r->err.text);
    br_cred_error(r, &r->err);
    r->rc = r->rc == BR_OK ? rc : r->rc;
}

/** A finding with its document and section, which no rule of the library has:
 *  those of the protocols are their own. */
static void
missing(struct br_cred_report *r, const char *slug, const char *text)
{
    struct br_err err;
    enum br_rc rc = br_fail(&err, BR_ERR_MALFORMED, "%s: %s", slug, text);
    if (r->rc == BR_OK) {
        r->rc = rc;
        r->err = err;
    }
    br_cred_error(r, &err);
    br_cred_step(r, slug, BR_CRED_FAILED, "%s", text);
}

static const struct br_json *
string_of(const struct br_json *v, const char *name)
{
    const struct br_json *s = br_json_member(v, name);
    return s != NULL && s->kind == BR_JSON_STRING && s->string.n > 0 ? s : NULL;
}

static bool
begins(const struct br_json *s, const char *with)
{
    size_t n = strlen(with);
    return s != NULL && s->string.n > n && memcmp(s->string.p, with, n) == 0;
}

/* ---- queries and requests (OpenID4VP 1.0) ------------------------------- */

static void
examine_query(struct br_cred_report *r, const struct br_json *v)
{
    struct br_dcql q;
    enum br_rc rc = br_dcql_parse(v, &r->arena, &q, &r->err);
    verdict(r, "query", rc);
    for (size_t i = 0; rc == BR_OK && i < q.query_count; i++) {
        const struct br_dcql_query *c = &q.queries[i];
        br_cred_step(
            r, "asks", BR_CRED_OK, "\"%.*s\": %zu claims%s%s",
            (int)(c->id.n < 40 ? c->id.n : 40), (const char *)c->id.p,
            c->claim_count, c->binding ? ", bound to its holder" : "",
            c->claim_count == 0 ? ": nothing that can be hidden" : "");
        if (!c->binding) {
            br_cred_warn(
                r, "dcql-unbound",
                "a copy of the credential is enough for this query");
        }
    }
}

static void
lint_response(struct br_cred_report *r, const struct br_json *v)
{
    const struct br_json *mode = string_of(v, "response_mode");
    if (mode == NULL) {
        br_cred_warn(
            r, "vp-mode",
            "no response_mode: the answer goes through the browser's address");
        return;
    }
    bool post = begins(mode, "direct_post") || br_json_is(mode, "direct_post");
    if (post && string_of(v, "response_uri") == NULL) {
        missing(
            r, "vp-response-uri",
            "direct_post without response_uri (OpenID4VP 1.0 section 8.2)");
    }
    if (post && br_json_member(v, "redirect_uri") != NULL) {
        missing(
            r, "vp-redirect-uri",
            "redirect_uri with direct_post (OpenID4VP 1.0 section 8.2)");
    }
    if (br_json_is(mode, "direct_post")) {
        br_cred_warn(
            r, "haip-encrypted",
            "HAIP 1.0 section 5 asks for direct_post.jwt: an encrypted answer");
    }
}

static void
examine_request(struct br_cred_report *r, const struct br_json *v)
{
    const struct br_json *client = string_of(v, "client_id");
    if (client == NULL) {
        missing(
            r, "vp-client-id",
            "no client_id: nobody asks (OpenID4VP 1.0 section 5.9)");
    } else if (memchr(client->string.p, ':', client->string.n) == NULL) {
        br_cred_warn(
            r, "vp-client-prefix",
            "client_id has no prefix: only wallets that know it beforehand "
            "accept it");
    }
    if (!br_json_is(br_json_member(v, "response_type"), "vp_token")) {
        missing(
            r, "vp-response-type",
            "response_type is not vp_token (OpenID4VP 1.0 section 5.6)");
    }
    const struct br_json *nonce = string_of(v, "nonce");
    if (nonce == NULL) {
        missing(r, "vp-nonce", "no nonce: replays (OpenID4VP 1.0 section 5.2)");
    } else if (nonce->string.n < 22) {
        br_cred_warn(r, "vp-nonce-short", "nonce has less than 128 bits");
    }
    lint_response(r, v);
    const struct br_json *query = br_json_member(v, "dcql_query");
    if (query != NULL) {
        examine_query(r, query);
    } else if (string_of(v, "scope") == NULL) {
        missing(
            r, "vp-query",
            "neither dcql_query nor scope (OpenID4VP 1.0 section 5.1)");
    }
}

/* ---- an issuer's metadata (OpenID4VCI 1.0 section 12.2.4) --------------- */

static void
need_https(struct br_cred_report *r, const struct br_json *v, const char *name)
{
    if (!begins(string_of(v, name), "https://")) {
        char text[120];
        (void)snprintf(
            text, sizeof(text),
            "%s is no https address (OpenID4VCI 1.0 section 12.2.4)", name);
        missing(r, "vci-address", text);
    }
}

static void
examine_configuration(struct br_cred_report *r, const struct br_json *c)
{
    const struct br_json *format = string_of(c, "format");
    if (format == NULL) {
        missing(
            r, "vci-format",
            "a configuration has no format (OpenID4VCI 1.0 section 12.2.4)");
        return;
    }
    if (br_json_is(format, BR_VC_FORMAT) && string_of(c, "vct") == NULL) {
        missing(
            r, "vci-vct",
            "dc+sd-jwt without vct (OpenID4VCI 1.0 appendix A.3.2)");
    }
    bool binding =
        br_json_member(c, "cryptographic_binding_methods_supported") != NULL;
    bool proofs = br_json_member(c, "proof_types_supported") != NULL;
    if (binding != proofs) {
        missing(
            r, "vci-proof",
            "proof_types_supported goes with "
            "cryptographic_binding_methods_supported (OpenID4VCI 1.0 section "
            "12.2.4)");
    }
    if (!binding) {
        br_cred_warn(
            r, "vci-unbound", "a configuration is bound to no holder's key");
    }
}

static void
examine_issuer(struct br_cred_report *r, const struct br_json *v)
{
    need_https(r, v, "credential_issuer");
    need_https(r, v, "credential_endpoint");
    const struct br_json *all =
        br_json_member(v, "credential_configurations_supported");
    if (all == NULL || all->kind != BR_JSON_OBJECT || br_json_count(all) == 0) {
        missing(
            r, "vci-configurations",
            "credential_configurations_supported has none (OpenID4VCI 1.0 "
            "section 12.2.4)");
    }
    for (struct br_json *i = br_json_first(all); i != NULL; i = i->next) {
        examine_configuration(r, i);
    }
    if (br_json_member(v, "nonce_endpoint") == NULL) {
        br_cred_warn(
            r, "vci-nonce",
            "no nonce_endpoint: proofs cannot be fresh (OpenID4VCI 1.0 section "
            "7)");
    }
    if (br_json_member(v, "display") == NULL) {
        br_cred_warn(r, "vci-display", "no display: wallets show an address");
    }
}

/* ---- the rest ----------------------------------------------------------- */

static void
examine_vc_issuer(struct br_cred_report *r, const struct br_json *v)
{
    struct br_vc_issuer m;
    struct br_buf url;
    const struct br_json *issuer = string_of(v, "issuer");
    struct br_bytes iss = issuer == NULL ? br_str("") : issuer->string;
    br_buf_init(&url, 8192);
    verdict(r, "issuer", br_vc_issuer_url(iss, &url, &r->err));
    verdict(r, "keys", br_vc_issuer_parse(v, iss, &m, &r->err));
    br_buf_fini(&url);
}

static void
examine_type(struct br_cred_report *r, const struct br_json *v)
{
    struct br_vct t;
    const struct br_json *vct = string_of(v, "vct");
    verdict(
        r, "type",
        br_vct_parse(
            r->text, vct == NULL ? br_str("") : vct->string, &r->arena, &t,
            &r->err));
    if (br_json_member(v, "extends") != NULL &&
        br_json_member(v, "extends#integrity") == NULL) {
        br_cred_warn(
            r, "type-unpinned",
            "extends without extends#integrity: what it extends may change "
            "(SD-JWT VC section 6)");
    }
}

static void
examine_status(struct br_cred_report *r, const struct br_json *v)
{
    struct br_status_token t;
    struct br_status_list l;
    const struct br_json *sub = string_of(v, "sub");
    enum br_rc rc = br_status_token_parse(
        v, sub == NULL ? br_str("") : sub->string, r->now_s, &t, &l, &r->err);
    verdict(r, "list", rc);
    if (rc != BR_OK) {
        return;
    }
    br_cred_step(
        r, "holds", BR_CRED_OK, "%llu entries of %u bits",
        (unsigned long long)l.count, l.bits);
    if (t.expires_s == 0 || t.ttl_s == 0) {
        br_cred_warn(
            r, "status-fresh",
            "exp and ttl are recommended (Token Status List section 5.1)");
    }
    br_status_list_fini(&l);
}

void
br_cred_examine_document(struct br_cred_report *r)
{
    switch (r->kind) {
    case BR_CRED_REQUEST:
        examine_request(r, r->document);
        break;
    case BR_CRED_QUERY:
        examine_query(r, r->document);
        break;
    case BR_CRED_ISSUER:
        examine_issuer(r, r->document);
        break;
    case BR_CRED_VC_ISSUER:
        examine_vc_issuer(r, r->document);
        break;
    case BR_CRED_TYPE:
        examine_type(r, r->document);
        break;
    case BR_CRED_STATUS:
        examine_status(r, r->document);
        break;
    case BR_CRED_UNKNOWN:
    case BR_CRED_VC:
    case BR_CRED_PRESENTATION:
        break;
    }
}
