/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/status_list.h"
#include "orchestrator/api/desk.h"

#include <stdio.h>

/* ---- looking up --------------------------------------------------------- */

struct lookup {
    const char *text; /**< of its id the beginning, or in its reference */
    const char *type; /**< "": any */
    const char *status;
    size_t count;
    struct br_issued newest[BR_DESK_LIST_MAX]; /**< the newest first */
};

static bool
fits(const struct lookup *l, const struct br_issued *i)
{
    char id[33];
    br_issued_id_text(i, id);
    return (l->text[0] == '\0' || strncmp(id, l->text, strlen(l->text)) == 0 ||
            strstr(i->reference, l->text) != NULL) &&
           (l->type[0] == '\0' || strcmp(l->type, i->type) == 0) &&
           (l->status[0] == '\0' ||
            strcmp(l->status, br_status_name(i->status)) == 0);
}

static void
collect(void *ctx, const struct br_issued *i)
{
    struct lookup *l = (struct lookup *)ctx;
    if (!fits(l, i)) {
        return;
    }
    size_t at = l->count;
    while (at > 0 && l->newest[at - 1].issued_s < i->issued_s) {
        at--;
    }
    if (at == BR_DESK_LIST_MAX) {
        return;
    }
    size_t kept = l->count < BR_DESK_LIST_MAX ? l->count : BR_DESK_LIST_MAX - 1;
    memmove(
        &l->newest[at + 1], &l->newest[at], (kept - at) * sizeof(l->newest[0]));
    l->newest[at] = *i;
    l->count = kept + 1;
}

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
    struct lookup *l = (struct lookup *)br_arena_take(&c->arena, sizeof(*l));
    if (l == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "looking up");
    }
    l->text = query(c, "q");
    l->type = query(c, "type");
    l->status = query(c, "status");
    l->count = 0;
    BR_TRY(br_issued_list(c->txn, collect, l, reterr));
    br_json_write_name(&c->w, "credentials");
    br_json_write_array(&c->w);
    for (size_t i = 0; i < l->count; i++) {
        br_json_write_object(&c->w);
        write_issued(c, &l->newest[i]);
        br_json_write_end(&c->w);
    }
    br_json_write_end(&c->w);
    return BR_OK;
}

/* ---- changing a status -------------------------------------------------- */

enum br_rc
br_desk_status(struct br_desk_call *c, struct br_err *reterr)
{
    static const struct {
        const char *name;
        unsigned status;
    } moves[] = {
        {"revoke", BR_STATUS_INVALID},
        {"suspend", BR_STATUS_SUSPENDED},
        {"reinstate", BR_STATUS_VALID},
    };
    struct br_issued i;
    struct br_bytes name;
    const char *reason;
    char id[33];
    BR_TRY(br_json_need_string(c->body, "move", &name, reterr));
    BR_TRY(br_desk_string(c, "reason", BR_ORCH_REASON_BYTES, &reason, reterr));
    if (reason[strspn(reason, " ")] == '\0') {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "a reason is needed");
    }
    BR_TRY(br_issued_find(c->txn, br_http_param(c->req, 0), &i, reterr));
    for (size_t k = 0; k < sizeof(moves) / sizeof(moves[0]); k++) {
        if (br_bytes_eq(name, br_str(moves[k].name))) {
            BR_TRY(br_issued_change(
                c->txn, &i, moves[k].status, reason, c->now_us, reterr));
            br_issued_id_text(&i, id);
            write_issued(c, &i);
            return br_desk_audit(c, moves[k].name, id, reason, reterr);
        }
    }
    return br_fail(
        reterr, BR_ERR_OUT_OF_RANGE, "move is revoke, suspend or reinstate");
}
