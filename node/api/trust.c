/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/api/trust.h"

#include "common/codec/base58.h"
#include "common/codec/text.h"
#include "common/service/json.h"
#include "node/chain/tables.h"

#include <stdio.h>

enum {
    ANSWER_BYTES_MAX = 4 * 1024 * 1024,
    ARENA_BYTES_MAX = 16 * 1024 * 1024,
};

/* ---- open, read, answer ------------------------------------------------- */

static enum br_rc
snapshot_get(
    void *ctx, struct br_bytes key, struct br_bytes *ret, struct br_err *reterr)
{
    return br_snapshot_state((struct br_snapshot *)ctx, key, ret, reterr);
}

static enum br_rc
read_time(struct br_trust_reading *r, struct br_err *reterr)
{
    const char *text = br_http_query(r->req, "valid-at");
    text = text == NULL ? br_http_query(r->req, "at") : text;
    if (text != NULL && text[strspn(text, "0123456789")] == '\0') {
        BR_TRY(br_decimal_parse(br_str(text), &r->at.v, reterr));
        return r->at.v <= BR_EXACT_MAX
                   ? BR_OK
                   : br_fail(reterr, BR_ERR_OUT_OF_RANGE, "at: microseconds");
    }
    if (text != NULL) {
        return br_time_parse(text, &r->at, reterr);
    }
    /* Never before the last block: who has just written reads it. */
    struct br_time_us now = br_api_now();
    r->at = now.v > r->s.head.time.v ? now : r->s.head.time;
    return BR_OK;
}

static void
reply(struct br_trust_reading *r)
{
    struct br_http_answer a = {
        .status = 200, .content_type = r->content_type, .take = &r->b};
    br_http_reply(r->req, &a);
}

void
br_api_read_trust(
    struct br_http_request *req, void *ctx, br_trust_reader *reader)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_trust_reading r = {
        .api = api, .req = req, .content_type = "application/json"};
    struct br_err err;
    if (!br_api_may_read(api, req) || !br_api_snapshot(api, req, &r.s)) {
        return;
    }
    r.view = (struct br_view){&r.s, snapshot_get};
    br_buf_init(&r.b, ANSWER_BYTES_MAX);
    br_json_writer_init(&r.w, &r.b);
    br_arena_init(&r.arena, ARENA_BYTES_MAX);
    enum br_rc rc = read_time(&r, &err);
    if (rc == BR_OK) {
        rc = reader(&r, &err);
    }
    if (rc == BR_OK) {
        rc = br_buf_status(&r.b, &err);
    }
    br_snapshot_close(&r.s);
    if (rc == BR_OK) {
        reply(&r);
    } else {
        br_http_reply_problem(req, &err);
    }
    br_arena_fini(&r.arena);
    br_buf_fini(&r.b);
}

void
br_trust_forget(struct br_trust_reading *r)
{
    br_arena_fini(&r->arena);
    br_arena_init(&r->arena, ARENA_BYTES_MAX);
}

enum br_rc
br_trust_walk(
    struct br_trust_reading *r,
    struct br_bytes prefix,
    br_trust_visitor *visit,
    void *ctx,
    struct br_err *reterr)
{
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes value;
    BR_TRY(br_kv_cursor_open(r->s.txn, BR_T_STATE, &c, reterr));
    enum br_rc rc = br_kv_seek(c, prefix, &key, &value);
    if (rc != BR_OK && rc != BR_ERR_NOT_FOUND) {
        (void)br_fail(reterr, rc, "reading the registry");
    }
    while (rc == BR_OK && key.n > prefix.n &&
           memcmp(key.p, prefix.p, prefix.n) == 0) {
        rc = visit(r, ctx, br_bytes(key.p + 1, key.n - 1), value, reterr);
        if (rc == BR_OK) {
            rc = br_kv_next(c, &key, &value);
            if (rc != BR_OK && rc != BR_ERR_NOT_FOUND) {
                (void)br_fail(reterr, rc, "reading the registry");
            }
        }
    }
    br_kv_cursor_close(c);
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}

/* ---- a DID at a time ---------------------------------------------------- */

static bool
counts_at(const struct br_did_window *w, struct br_time_us t)
{
    return w->not_before.v <= t.v &&
           (w->not_after.v == 0 || t.v < w->not_after.v);
}

/** Take a method out of a list: as an object with this id, or named. */
static void
take_out(struct br_json *list, struct br_bytes id)
{
    struct br_json *next;
    for (struct br_json *i = br_json_first(list); i != NULL; i = next) {
        struct br_json *named = br_json_member(i, "id");
        named = named == NULL ? i : named;
        next = i->next;
        if (named->kind == BR_JSON_STRING && br_bytes_eq(named->string, id)) {
            br_json_detach(i);
        }
    }
}

static void
filter(struct br_json *document, const struct br_op *op, struct br_time_us t)
{
    static const char *const lists[] = {
        "verificationMethod", "authentication",       "assertionMethod",
        "keyAgreement",       "capabilityInvocation", "capabilityDelegation"};
    struct br_did_window w[BR_DID_METHODS_MAX];
    size_t n = br_op_windows(op, w);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < 6 && !counts_at(&w[i], t); k++) {
            take_out(br_json_member(document, lists[k]), w[i].method);
        }
    }
}

enum br_rc
br_trust_read_did(
    struct br_trust_reading *r,
    struct br_bytes did,
    struct br_did_reading *ret,
    struct br_err *reterr)
{
    if (did.n < 4 || memcmp(did.p, "did:", 4) != 0) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "%.80s: not a DID", (const char *)did.p);
    }
    BR_TRY(br_trust_did_get(&r->view, did, &ret->head, reterr));
    BR_TRY(br_trust_did_version_at(
        &r->view, did, &ret->head, r->at, &ret->version, reterr));
    BR_TRY(br_trust_did_version_get(
        &r->view, did, ret->version, &ret->row, reterr));
    BR_TRY(
        br_json_parse(ret->row.op.document, &r->arena, &ret->document, reterr));
    filter(ret->document, &ret->row.op, r->at);
    return BR_OK;
}

/* ---- identifiers -------------------------------------------------------- */

void
br_trust_type_parse(const char *text, struct br_hash *ret)
{
    uint8_t out[BR_BASE58_BYTES_MAX];
    size_t n = 0;
    size_t length = strlen(text);
    if (text[0] == 'z' && length < 64 &&
        br_base58_parse(br_bytes(text + 1, length - 1), out, &n, NULL) ==
            BR_OK &&
        n == BR_HASH_BYTES) {
        memcpy(ret->b, out, BR_HASH_BYTES);
    } else {
        br_trust_type_id(br_str(text), ret);
    }
}

void
br_trust_put_type_id(struct br_buf *b, const struct br_hash *id)
{
    br_buf_puts(b, "z");
    br_base58_put(b, br_hash_bytes(id));
}

enum br_rc
br_trust_accreditation_parse(
    const char *text, struct br_hash *ret, struct br_err *reterr)
{
    if (strncmp(text, "0x", 2) == 0) {
        text += 2;
    }
    if (strlen(text) != 2 * BR_HASH_BYTES ||
        br_hex_parse(br_str(text), ret->b, NULL) != BR_OK) {
        return br_fail(
            reterr, BR_ERR_MALFORMED,
            "an accreditation's id has 64 hexadecimal digits");
    }
    return BR_OK;
}

/* ---- members of an object ----------------------------------------------- */

void
br_trust_put_string(
    struct br_json_writer *w, const char *name, struct br_bytes v)
{
    br_json_write_name(w, name);
    br_json_write_string(w, v);
}

void
br_trust_put_uint(struct br_json_writer *w, const char *name, uint64_t v)
{
    br_json_write_name(w, name);
    br_json_write_uint(w, v);
}

void
br_trust_put_time(
    struct br_json_writer *w, const char *name, struct br_time_us t)
{
    char text[28];
    char us[40];
    br_json_write_name(w, name);
    if (t.v == 0) {
        br_json_write_null(w);
    } else {
        br_time_text(t, text);
        br_json_write_string(w, br_str(text));
    }
    (void)snprintf(us, sizeof(us), "%s_us", name);
    br_trust_put_uint(w, us, t.v);
}

void
br_trust_put_hex(struct br_json_writer *w, const char *name, struct br_bytes v)
{
    struct br_buf b;
    br_buf_init(&b, 1024);
    br_hex_put(&b, v);
    br_trust_put_string(w, name, br_buf_bytes(&b));
    br_buf_fini(&b);
}

void
br_trust_put_operation(struct br_json_writer *w, const struct br_op *op)
{
    struct br_buf b;
    br_buf_init(&b, ANSWER_BYTES_MAX);
    br_base64_put(&b, op->encoded);
    br_trust_put_string(w, "operation", br_buf_bytes(&b));
    br_buf_fini(&b);
}
