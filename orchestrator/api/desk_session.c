/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/keyfile.h"
#include "orchestrator/api/desk.h"
#include "orchestrator/api/oidc.h"
#include "orchestrator/store/closing.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- logging in and out ------------------------------------------------- */

enum br_rc
br_desk_begin_session(struct br_desk_call *c, struct br_err *reterr)
{
    char text[BR_ORCH_SECRET_TEXT_BYTES];
    br_orch_random_text(text);
    struct br_desk_session s = {
        .key = br_orch_hash("desk-session", br_str(text)),
        .created_s = c->now_us / 1000000,
        .seen_s = c->now_us / 1000000,
    };
    (void)snprintf(s.operator_name, sizeof(s.operator_name), "%s", c->who.name);
    br_desk_mark_of(br_str(text), c->mark);
    bool https = strncmp(c->api->issuer, "https:", 6) == 0;
    (void)snprintf(
        c->cookie, sizeof(c->cookie),
        "broletto_desk=%s; Path=/desk; HttpOnly; SameSite=Strict; Max-Age=%d%s",
        text, BR_DESK_SESSION_S, https ? "; Secure" : "");
    br_wipe(text, sizeof(text));
    BR_TRY(br_desk_session_purge(c->txn, NULL, s.seen_s, reterr));
    BR_TRY(br_desk_session_put(c->txn, &s, reterr));
    return br_desk_audit(c, "login", c->who.name, "", reterr);
}

/** The outcome is stored, whatever it is. */
static enum br_rc
conclude(
    struct br_desk_call *c,
    bool known,
    enum br_rc outcome,
    struct br_err *reterr)
{
    BR_TRY(br_kv_begin_write(c->api->kv, &c->txn, reterr));
    enum br_rc rc = known ? br_operator_put(c->txn, &c->who, reterr) : BR_OK;
    if (rc == BR_OK && outcome == BR_OK) {
        rc = br_desk_begin_session(c, reterr);
    } else if (rc == BR_OK && known) {
        rc = br_desk_audit(c, "login-refused", c->who.name, "", reterr);
    }
    if (rc != BR_OK) {
        br_kv_end(c->txn);
        return rc;
    }
    return br_kv_commit(c->txn, reterr);
}

static void
write_session(struct br_desk_call *c)
{
    br_desk_text(c, "name", c->who.name);
    br_desk_text(c, "role", br_desk_role_name(c->who.role));
    br_desk_text(c, "mark", c->mark);
    br_desk_text(c, "body", c->api->config->name);
    br_desk_text(c, "issuer", c->api->issuer);
}

/** Is there an operator of this name? Into c->who. */
static enum br_rc
find(
    struct br_desk_call *c,
    struct br_bytes name,
    bool *ret,
    struct br_err *reterr)
{
    struct br_kv_txn *txn;
    BR_TRY(br_kv_begin_read(c->api->kv, &txn, reterr));
    enum br_rc rc = br_operator_get(txn, name, &c->who, reterr);
    br_kv_end(txn);
    *ret = rc == BR_OK;
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}

enum br_rc
br_desk_login(struct br_desk_call *c, struct br_err *reterr)
{
    struct br_login in = {.now_s = c->now_us / 1000000};
    struct br_bytes name;
    struct br_err why = {.rc = BR_OK};
    bool known;
    if (!c->api->config->desk_local) {
        return br_fail(
            reterr, BR_ERR_FORBIDDEN, "here nobody logs in with a passphrase");
    }
    BR_TRY(br_json_need_string(c->body, "name", &name, reterr));
    BR_TRY(br_json_need_string(c->body, "passphrase", &in.passphrase, reterr));
    BR_TRY(br_json_need_string(c->body, "code", &in.code, reterr));
    BR_TRY(find(c, name, &known, reterr));
    enum br_rc outcome = br_operator_login(known ? &c->who : NULL, &in, &why);
    BR_TRY(conclude(c, known, outcome, reterr));
    if (outcome != BR_OK) {
        return br_fail(reterr, outcome, "%s", why.text);
    }
    write_session(c);
    return BR_OK;
}

/** Where the browser logs out at the provider too. */
static enum br_rc
write_logout(struct br_desk_call *c, struct br_err *reterr)
{
    struct br_buf url;
    br_buf_init(&url, (size_t)BR_OIDC_URL_BYTES_MAX * 2);
    enum br_rc rc = br_oidc_logout(c->api->oidc, &url, reterr);
    if (rc == BR_OK && url.n > 0) {
        br_json_write_name(&c->w, "go");
        br_json_write_string(&c->w, br_buf_bytes(&url));
    }
    br_buf_fini(&url);
    return rc;
}

enum br_rc
br_desk_logout(struct br_desk_call *c, struct br_err *reterr)
{
    (void)snprintf(
        c->cookie, sizeof(c->cookie),
        "broletto_desk=; Path=/desk; HttpOnly; SameSite=Strict; Max-Age=0");
    BR_TRY(br_kv_delete(
        c->txn, BR_ORCH_SESSIONS, br_hash_bytes(&c->session.key), reterr));
    if (c->who.federated && c->api->oidc != NULL) {
        BR_TRY(write_logout(c, reterr));
    }
    return br_desk_audit(c, "logout", c->who.name, "", reterr);
}

enum br_rc
br_desk_session(struct br_desk_call *c, struct br_err *reterr)
{
    (void)reterr;
    write_session(c);
    return BR_OK;
}

/* ---- the audit log ------------------------------------------------------ */

enum { AUDIT_MAX = 50 };

/** Up to which row the ledger vouches, and where on it. */
static enum br_rc
write_stamped(struct br_desk_call *c, struct br_err *reterr)
{
    struct br_closing closing;
    struct br_bytes stamp;
    struct br_json *v = NULL;
    uint64_t index = 0;
    enum br_rc rc = br_closing_last_stamped(c->txn, &closing, &stamp, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        return BR_OK;
    }
    BR_TRY(rc);
    BR_TRY(br_json_parse(stamp, &c->arena, &v, reterr));
    BR_TRY(br_json_need_uint(v, "index", &index, reterr));
    br_json_write_name(&c->w, "stamped");
    br_json_write_object(&c->w);
    br_desk_number(c, "row", closing.last);
    br_desk_number(c, "time_us", closing.time_us);
    br_desk_number(c, "entry", index);
    br_json_write_end(&c->w);
    return BR_OK;
}

enum br_rc
br_desk_audit_log(struct br_desk_call *c, struct br_err *reterr)
{
    struct br_audit *rows =
        (struct br_audit *)br_arena_take(&c->arena, AUDIT_MAX * sizeof(*rows));
    const char *before = br_http_query(c->req, "before");
    uint64_t from = before == NULL ? 0 : strtoull(before, NULL, 10);
    size_t n = 0;
    if (rows == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "the audit log");
    }
    BR_TRY(br_audit_list(c->txn, from, rows, AUDIT_MAX, &n, reterr));
    br_json_write_name(&c->w, "rows");
    br_json_write_array(&c->w);
    for (size_t i = 0; i < n; i++) {
        br_json_write_object(&c->w);
        br_desk_number(c, "number", rows[i].number);
        br_desk_number(c, "time_us", rows[i].time_us);
        br_desk_text(c, "who", rows[i].who);
        br_desk_text(c, "what", rows[i].what);
        br_desk_text(c, "about", rows[i].about);
        br_desk_text(c, "detail", rows[i].detail);
        br_json_write_end(&c->w);
    }
    br_json_write_end(&c->w);
    br_desk_flag(c, "ledger", c->api->config->node_url[0] != '\0');
    return write_stamped(c, reterr);
}
