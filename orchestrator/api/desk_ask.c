/* SPDX-License-Identifier: EUPL-1.2 */
/* Asking from the desk: the verifier's rows, behind the desk's session. */
#include "orchestrator/api/desk.h"
#include "orchestrator/verifier/verifier.h"

static const char *
phase(const struct br_desk_call *c, const struct br_verifier_request *r)
{
    bool open = r->phase <= BR_PHASE_FETCHED;
    return open && r->expires_s <= c->now_us / 1000000
               ? "expired"
               : br_verifier_phase_name(r->phase);
}

static enum br_rc
create(
    struct br_desk_call *c,
    const struct br_verifier_new *n,
    struct br_verifier_request *ret,
    struct br_err *reterr)
{
    struct br_kv_txn *txn;
    struct br_verifier *v = c->api->verifier;
    BR_TRY(br_kv_begin_write(br_verifier_rows(v), &txn, reterr));
    enum br_rc rc = br_verifier_create(
        txn, br_verifier_identity(v), n, &c->arena, ret, reterr);
    if (rc != BR_OK) {
        br_kv_end(txn);
        return rc;
    }
    return br_kv_commit(txn, reterr);
}

static enum br_rc
write_link(
    struct br_desk_call *c,
    const struct br_verifier_request *r,
    struct br_err *reterr)
{
    struct br_buf link;
    br_buf_init(&link, BR_VP_REQUEST_BYTES_MAX);
    enum br_rc rc = br_verifier_put_link(
        br_verifier_identity(c->api->verifier), r, &link, reterr);
    if (rc == BR_OK) {
        br_json_write_name(&c->w, "link");
        br_json_write_string(&c->w, br_buf_bytes(&link));
        rc = br_desk_qr(c, "qr", br_buf_bytes(&link), reterr);
    }
    br_buf_fini(&link);
    return rc;
}

/** {"query": DCQL, "purpose"}: people are told why they are asked. */
enum br_rc
br_desk_ask(struct br_desk_call *c, struct br_err *reterr)
{
    static const char *const names[] = {"query", "purpose"};
    struct br_json *query;
    struct br_verifier_request r = {0};
    struct br_verifier_new n = {
        .plain_http = c->api->config->insecure_loopback,
        .now_s = c->now_us / 1000000,
        .lifetime_s = c->api->config->request_s,
    };
    BR_TRY(br_json_only(c->body, names, 2, reterr));
    BR_TRY(br_json_need(c->body, "query", BR_JSON_OBJECT, &query, reterr));
    BR_TRY(
        br_desk_string(c, "purpose", BR_ORCH_REASON_BYTES, &n.purpose, reterr));
    if (n.purpose[strspn(n.purpose, " ")] == '\0') {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "a purpose is needed");
    }
    n.query = query->raw;
    BR_TRY(create(c, &n, &r, reterr));
    br_json_write_name(&c->w, "id");
    br_json_write_string(&c->w, r.id);
    br_desk_number(c, "expires", r.expires_s);
    BR_TRY(write_link(c, &r, reterr));
    char *id = br_arena_copy(&c->arena, r.id);
    return br_desk_audit(c, "ask", id == NULL ? "" : id, n.purpose, reterr);
}

static enum br_rc
write_result(struct br_desk_call *c, struct br_bytes id, struct br_err *reterr)
{
    struct br_kv_txn *txn;
    struct br_bytes text;
    struct br_json *v;
    BR_TRY(br_kv_begin_read(br_verifier_rows(c->api->verifier), &txn, reterr));
    enum br_rc rc = br_verifier_get_result(
        txn, id, c->now_us / 1000000, &c->arena, &text, reterr);
    br_kv_end(txn);
    if (rc == BR_ERR_NOT_FOUND) {
        return BR_OK;
    }
    BR_TRY(rc);
    BR_TRY(br_json_parse(text, &c->arena, &v, reterr));
    br_json_write_name(&c->w, "result");
    br_json_write_value(&c->w, v);
    return BR_OK;
}

enum br_rc
br_desk_asked(struct br_desk_call *c, struct br_err *reterr)
{
    struct br_verifier_request r;
    struct br_bytes id = br_str(br_http_param(c->req, 0));
    BR_TRY(br_verifier_look(c->api->verifier, id, &c->arena, &r, reterr));
    br_json_write_name(&c->w, "id");
    br_json_write_string(&c->w, r.id);
    br_desk_text(c, "phase", phase(c, &r));
    br_desk_number(c, "expires", r.expires_s);
    br_json_write_name(&c->w, "purpose");
    br_json_write_string(&c->w, r.purpose);
    return r.phase <= BR_PHASE_FETCHED ? BR_OK : write_result(c, r.id, reterr);
}
