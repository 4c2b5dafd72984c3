/* SPDX-License-Identifier: EUPL-1.2 */
/* Logging in at the desk by way of an OpenID Connect provider. */
#include "common/crypto/keyfile.h"
#include "orchestrator/api/desk.h"
#include "orchestrator/api/oidc.h"

#include <stdio.h>

static const char cookie[] = "broletto_login";

/** The host of an address, for a button that has no other name. */
static struct br_bytes
host_of(const char *url)
{
    const char *at = strstr(url, "://");
    at = at == NULL ? url : at + 3;
    return br_bytes(at, strcspn(at, "/"));
}

/** How one may log in here; for whoever asks. */
enum br_rc
br_desk_ways(struct br_desk_call *c, struct br_err *reterr)
{
    const struct br_orch_config *config = c->api->config;
    (void)reterr;
    br_desk_flag(c, "local", config->desk_local);
    if (c->api->oidc != NULL) {
        br_json_write_name(&c->w, "provider");
        br_json_write_string(
            &c->w, config->oidc_name[0] != '\0' ? br_str(config->oidc_name)
                                                : host_of(config->oidc_issuer));
    }
    br_desk_text(c, "body", config->name);
    return BR_OK;
}

static enum br_rc
need(const struct br_desk_call *c, struct br_err *reterr)
{
    return c->api->oidc != NULL
               ? BR_OK
               : br_fail(reterr, BR_ERR_NOT_FOUND, "no provider is configured");
}

/** Lax, and not Strict: the provider's page leads the browser back. */
static void
set_cookie(struct br_desk_call *c, const char *text)
{
    bool https = strncmp(c->api->issuer, "https:", 6) == 0;
    (void)snprintf(
        c->cookie, sizeof(c->cookie),
        "%s=%s; Path=/desk; HttpOnly; SameSite=Lax; Max-Age=%d%s", cookie, text,
        BR_OIDC_PENDING_S, https ? "; Secure" : "");
}

enum br_rc
br_desk_oidc_begin(struct br_desk_call *c, struct br_err *reterr)
{
    char text[BR_ORCH_SECRET_TEXT_BYTES];
    struct br_buf url;
    BR_TRY(need(c, reterr));
    br_buf_init(&url, (size_t)BR_OIDC_URL_BYTES_MAX * 2);
    enum br_rc rc =
        br_oidc_begin(c->api->oidc, c->now_us / 1000000, text, &url, reterr);
    if (rc == BR_OK) {
        set_cookie(c, text);
        br_json_write_name(&c->w, "go");
        br_json_write_string(&c->w, br_buf_bytes(&url));
    }
    br_wipe(text, sizeof(text));
    br_buf_fini(&url);
    return rc;
}

/** A session for who is listed; a row of the log either way. */
static enum br_rc
let_in(struct br_desk_call *c, const char *identity, struct br_err *reterr)
{
    BR_TRY(br_kv_begin_write(c->api->kv, &c->txn, reterr));
    enum br_rc rc = br_operator_by_identity(
        c->txn, c->api->config->oidc_issuer, identity, &c->who, reterr);
    if (rc == BR_OK) {
        rc = br_desk_begin_session(c, reterr);
    }
    if (rc == BR_OK) {
        return br_kv_commit(c->txn, reterr);
    }
    br_kv_end(c->txn);
    return rc;
}

/** Rules name no person: what they say is fit for the log. */
static enum br_rc
note_refusal(
    struct br_desk_call *c, const struct br_err *why, struct br_err *reterr)
{
    BR_TRY(br_kv_begin_write(c->api->kv, &c->txn, reterr));
    c->who = (struct br_operator){.name = "provider"};
    char detail[BR_DESK_DETAIL_BYTES + 1];
    (void)snprintf(detail, sizeof(detail), "%.200s", why->text);
    enum br_rc rc = br_desk_audit(c, "login-refused", "", detail, reterr);
    if (rc == BR_OK) {
        return br_kv_commit(c->txn, reterr);
    }
    br_kv_end(c->txn);
    return rc;
}

/** What the page says of it. */
static const char *
outcome(enum br_rc rc)
{
    switch ((int)rc) {
    case BR_ERR_NOT_FOUND:
        return "#login/unlisted";
    case BR_ERR_EXPIRED:
        return "#login/late";
    case BR_ERR_NETWORK:
        return "#login/away";
    default:
        return "#login/refused";
    }
}

/** Where the browser comes back to: always to the page, which tells it. */
enum br_rc
br_desk_oidc_finish(struct br_desk_call *c, struct br_err *reterr)
{
    char identity[BR_OIDC_IDENTITY_BYTES + 1];
    struct br_err why = {0};
    const struct br_oidc_answer a = {
        .code = br_http_query(c->req, "code"),
        .state = br_http_query(c->req, "state"),
        .iss = br_http_query(c->req, "iss"),
        .error = br_http_query(c->req, "error"),
        .cookie = br_desk_cookie(c->req, cookie),
        .now_s = c->now_us / 1000000,
    };
    BR_TRY(need(c, reterr));
    enum br_rc rc = br_oidc_finish(c->api->oidc, &a, identity, &why);
    bool ours = rc != BR_ERR_EXPIRED; /* others write nothing into our log */
    if (rc == BR_OK) {
        rc = let_in(c, identity, &why);
    }
    br_wipe(identity, sizeof(identity));
    (void)snprintf(
        c->location, sizeof(c->location), "%.560s/%s", c->api->issuer,
        rc == BR_OK ? "" : outcome(rc));
    return rc == BR_OK || !ours ? BR_OK : note_refusal(c, &why, reterr);
}
