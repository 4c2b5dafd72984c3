/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/status_list.h"
#include "orchestrator/api/desk.h"
#include "orchestrator/store/bulk.h"
#include "orchestrator/store/found.h"

#include <stdio.h>

/* ---- looking up --------------------------------------------------------- */

static void
write_issued(struct br_desk_call *c, const struct br_issued *i)
{
    char id[33];
    br_issued_id_text(i, id);
    br_desk_text(c, "id", id);
    br_desk_text(c, "type", i->type);
    br_desk_text(c, "reference", i->reference);
    br_desk_text(c, "status", br_status_name(i->status));
    br_desk_text(c, "reason", i->reason);
    br_desk_number(c, "issued", i->issued_s);
    br_desk_number(c, "expires", i->expires_s);
    br_desk_number(c, "changed", i->changed_s);
    br_desk_number(c, "instances", i->count);
}

static const char *
query(const struct br_desk_call *c, const char *name)
{
    const char *v = br_http_query(c->req, name);
    return v == NULL ? "" : v;
}

enum br_rc
br_desk_credentials(struct br_desk_call *c, struct br_err *reterr)
{
    const size_t bytes = BR_DESK_LIST_MAX * sizeof(struct br_issued);
    struct br_issued *found =
        (struct br_issued *)br_arena_take(&c->arena, bytes);
    size_t count = 0;
    const struct br_issued_query q = {
        query(c, "q"), query(c, "type"), query(c, "status")};
    if (found == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "looking up");
    }
    BR_TRY(
        br_issued_search(c->txn, &q, found, BR_DESK_LIST_MAX, &count, reterr));
    br_json_write_name(&c->w, "credentials");
    br_json_write_array(&c->w);
    for (size_t i = 0; i < count; i++) {
        br_json_write_object(&c->w);
        write_issued(c, &found[i]);
        br_json_write_end(&c->w);
    }
    br_json_write_end(&c->w);
    return BR_OK;
}

/* ---- changing a status -------------------------------------------------- */

static const struct move {
    const char *name;
    unsigned status;
} moves[] = {
    {"revoke", BR_STATUS_INVALID},
    {"suspend", BR_STATUS_SUSPENDED},
    {"reinstate", BR_STATUS_VALID},
};

/** "move" and "reason" of the body. */
static enum br_rc
read_move(
    struct br_desk_call *c,
    const struct move **ret,
    const char **ret_reason,
    struct br_err *reterr)
{
    struct br_bytes name;
    const char *reason;
    BR_TRY(br_json_need_string(c->body, "move", &name, reterr));
    BR_TRY(br_desk_string(c, "reason", BR_ORCH_REASON_BYTES, &reason, reterr));
    if (reason[strspn(reason, " ")] == '\0') {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "a reason is needed");
    }
    for (size_t k = 0; k < sizeof(moves) / sizeof(moves[0]); k++) {
        if (br_bytes_eq(name, br_str(moves[k].name))) {
            *ret = &moves[k];
            *ret_reason = reason;
            return BR_OK;
        }
    }
    return br_fail(
        reterr, BR_ERR_OUT_OF_RANGE, "move is revoke, suspend or reinstate");
}

enum br_rc
br_desk_status(struct br_desk_call *c, struct br_err *reterr)
{
    struct br_issued i;
    const struct move *move;
    const char *reason;
    char id[33];
    BR_TRY(read_move(c, &move, &reason, reterr));
    BR_TRY(br_issued_find(c->txn, br_http_param(c->req, 0), &i, reterr));
    BR_TRY(
        br_issued_change(c->txn, &i, move->status, reason, c->now_us, reterr));
    br_issued_id_text(&i, id);
    write_issued(c, &i);
    return br_desk_audit(c, move->name, id, reason, reterr);
}

/* ---- many ---------------------------------------------------------------- */

/** The whole ids that the body names. */
static enum br_rc
read_ids(struct br_desk_call *c, struct br_bulk *b, struct br_err *reterr)
{
    struct br_json *ids;
    size_t line = 0;
    BR_TRY(br_json_need(c->body, "ids", BR_JSON_ARRAY, &ids, reterr));
    if (br_json_count(ids) == 0 || br_json_count(ids) > BR_DESK_LIST_MAX) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "ids: 1 to %d", BR_DESK_LIST_MAX);
    }
    for (struct br_json *i = br_json_first(ids); i != NULL; i = i->next) {
        struct br_bytes text;
        BR_TRY(br_json_as_string(i, &text, reterr));
        const char *id = br_arena_copy(&c->arena, text);
        if (id == NULL || text.n != 2 * (size_t)BR_ORCH_ID_BYTES ||
            strspn(id, "0123456789abcdef") != text.n) {
            return br_fail(
                reterr, BR_ERR_MALFORMED, "ids: 32 hexadecimal digits each");
        }
        BR_TRY(br_bulk_add(c->txn, b, id, ++line, reterr));
    }
    return BR_OK;
}

static enum br_rc
write_many(
    struct br_desk_call *c, const struct br_bulk *b, struct br_err *reterr)
{
    br_desk_number(c, "already", b->already);
    br_json_write_name(&c->w, "changed");
    br_json_write_array(&c->w);
    for (size_t k = 0; k < b->count; k++) {
        struct br_issued i;
        BR_TRY(br_issued_get(
            c->txn, br_bytes(b->ids[k], BR_ORCH_ID_BYTES), &i, reterr));
        br_json_write_object(&c->w);
        write_issued(c, &i);
        br_json_write_end(&c->w);
    }
    br_json_write_end(&c->w);
    return BR_OK;
}

enum br_rc
br_desk_status_many(struct br_desk_call *c, struct br_err *reterr)
{
    static const char *const names[] = {"ids", "move", "reason"};
    const struct move *move;
    struct br_bulk_how how = {.who = c->who.name, .now_us = c->now_us};
    struct br_bulk b;
    BR_TRY(br_json_only(c->body, names, 3, reterr));
    BR_TRY(read_move(c, &move, &how.reason, reterr));
    how.what = move->name;
    br_bulk_init(&b, move->status);
    enum br_rc rc = read_ids(c, &b, reterr);
    if (rc == BR_OK && b.fault_count > 0) {
        rc = br_fail(
            reterr, BR_ERR_CONFLICT, "%.8s: %s; nothing was changed",
            b.faults[0].word, b.faults[0].why);
    }
    if (rc == BR_OK) {
        rc = br_bulk_apply(c->txn, &b, &how, reterr);
    }
    if (rc == BR_OK) {
        rc = write_many(c, &b, reterr);
    }
    br_bulk_fini(&b);
    return rc;
}
