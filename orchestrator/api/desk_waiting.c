/* SPDX-License-Identifier: EUPL-1.2 */
/* Offers that a wallet has taken up and that the desk looks at before the
 * credential is issued: the oldest first, since somebody waits. */
#include "common/codec/text.h"
#include "orchestrator/api/desk.h"

#include <stdio.h>

enum { PAGE = 25, CURSOR_BYTES = 96 };

/** One of the page, with all that is told of it. */
struct row {
    struct br_hash key;
    uint64_t created_s;
    char type[BR_ORCH_TYPE_BYTES + 1];
    char reference[BR_ORCH_REFERENCE_BYTES + 1];
};

struct page {
    const char *text;
    const char *type;
    struct row after; /**< the last of the page before; zeros: none */
    struct row rows[PAGE];
    size_t count;
    size_t total; /**< that fit, on whatever page */
    bool more;
};

static bool
is_before(const struct row *a, const struct row *b)
{
    return a->created_s != b->created_s
               ? a->created_s < b->created_s
               : memcmp(a->key.b, b->key.b, BR_HASH_BYTES) < 0;
}

static bool
fits(const struct page *p, const struct br_offer *o)
{
    char id[BR_HASH_BYTES + 1];
    br_orch_identifier(&o->key, id);
    return o->state == BR_OFFER_WAITING &&
           (p->text[0] == '\0' || strncmp(id, p->text, strlen(p->text)) == 0 ||
            strstr(o->reference, p->text) != NULL) &&
           (p->type[0] == '\0' || strcmp(p->type, o->type) == 0);
}

static void
keep(struct page *p, const struct br_offer *o)
{
    struct row r = {.key = o->key, .created_s = o->created_s};
    (void)snprintf(r.type, sizeof(r.type), "%s", o->type);
    (void)snprintf(r.reference, sizeof(r.reference), "%s", o->reference);
    p->total++;
    if (p->after.created_s != 0 && !is_before(&p->after, &r)) {
        return;
    }
    size_t at = p->count;
    while (at > 0 && is_before(&r, &p->rows[at - 1])) {
        at--;
    }
    p->more = p->more || p->count == PAGE;
    if (at == PAGE) {
        return;
    }
    size_t kept = p->count < PAGE ? p->count : PAGE - 1;
    memmove(&p->rows[at + 1], &p->rows[at], (kept - at) * sizeof(p->rows[0]));
    p->rows[at] = r;
    p->count = kept + 1;
}

static enum br_rc
collect(struct br_desk_call *c, struct page *p, struct br_err *reterr)
{
    struct br_kv_cursor *cursor;
    struct br_bytes key;
    struct br_bytes row;
    BR_TRY(br_kv_cursor_open(c->txn, BR_ORCH_OFFERS, &cursor, reterr));
    enum br_rc rc = br_kv_seek(cursor, br_bytes(NULL, 0), &key, &row);
    while (rc == BR_OK) {
        struct br_hash hash;
        struct br_offer o;
        memcpy(hash.b, key.p, sizeof(hash.b));
        rc = br_offer_get(c->txn, &hash, &o, reterr);
        if (rc == BR_OK && fits(p, &o)) {
            keep(p, &o);
        }
        if (rc == BR_OK) {
            rc = br_kv_next(cursor, &key, &row);
        }
    }
    br_kv_cursor_close(cursor);
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}

/** "TIME.KEY" in hexadecimal. */
static enum br_rc
read_cursor(const char *text, struct row *ret, struct br_err *reterr)
{
    const char *dot = strchr(text, '.');
    if (text[0] == '\0') {
        return BR_OK;
    }
    if (dot == NULL || strlen(dot + 1) != 2 * (size_t)BR_HASH_BYTES ||
        br_decimal_parse(
            br_bytes(text, (size_t)(dot - text)), &ret->created_s, NULL) !=
            BR_OK ||
        br_hex_parse(br_str(dot + 1), ret->key.b, NULL) != BR_OK) {
        return br_fail(reterr, BR_ERR_MALFORMED, "after: not one of ours");
    }
    return BR_OK;
}

static void
write_cursor(struct br_desk_call *c, const struct row *last)
{
    struct br_buf b;
    br_buf_init(&b, CURSOR_BYTES);
    if (last != NULL) {
        br_buf_printf(&b, "%llu.", (unsigned long long)last->created_s);
        br_hex_put(&b, br_hash_bytes(&last->key));
    }
    br_json_write_name(&c->w, "next");
    br_json_write_string(&c->w, br_buf_bytes(&b));
    br_buf_fini(&b);
}

static void
write_row(struct br_desk_call *c, const struct row *r)
{
    char id[BR_HASH_BYTES + 1];
    br_orch_identifier(&r->key, id);
    br_json_write_object(&c->w);
    br_desk_text(c, "id", id);
    br_desk_text(c, "type", r->type);
    br_desk_text(c, "reference", r->reference);
    br_desk_number(c, "created", r->created_s);
    br_json_write_end(&c->w);
}

static const char *
query(const struct br_desk_call *c, const char *name)
{
    const char *v = br_http_query(c->req, name);
    return v == NULL ? "" : v;
}

enum br_rc
br_desk_waiting(struct br_desk_call *c, struct br_err *reterr)
{
    struct page *p = (struct page *)br_arena_take(&c->arena, sizeof(*p));
    if (p == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "what waits");
    }
    p->text = query(c, "q");
    p->type = query(c, "type");
    BR_TRY(read_cursor(query(c, "after"), &p->after, reterr));
    BR_TRY(collect(c, p, reterr));
    br_json_write_name(&c->w, "waiting");
    br_json_write_array(&c->w);
    for (size_t i = 0; i < p->count; i++) {
        write_row(c, &p->rows[i]);
    }
    br_json_write_end(&c->w);
    br_desk_number(c, "total", p->total);
    write_cursor(c, p->more ? &p->rows[p->count - 1] : NULL);
    return BR_OK;
}

/** {"decision": "approved" | "refused", "reason"}: a refusal has a reason,
 *  which goes into the log. */
enum br_rc
br_desk_decide(struct br_desk_call *c, struct br_err *reterr)
{
    static const char *const names[] = {"decision", "reason"};
    struct br_offer o;
    struct br_bytes decision;
    const char *reason;
    char id[BR_HASH_BYTES + 1];
    BR_TRY(br_json_only(c->body, names, 2, reterr));
    BR_TRY(br_json_need_string(c->body, "decision", &decision, reterr));
    BR_TRY(br_desk_string(c, "reason", BR_ORCH_REASON_BYTES, &reason, reterr));
    bool yes = br_bytes_eq(decision, br_str("approved"));
    if (!yes && !br_bytes_eq(decision, br_str("refused"))) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "decision is approved or refused");
    }
    if (!yes && reason[strspn(reason, " ")] == '\0') {
        return br_fail(reterr, BR_ERR_MISSING_FIELD, "a reason is needed");
    }
    BR_TRY(br_offer_find(c->txn, br_http_param(c->req, 0), &o, reterr));
    BR_TRY(br_offer_move(
        c->txn, &o, yes ? BR_OFFER_APPROVED : BR_OFFER_REFUSED, reterr));
    br_orch_identifier(&o.key, id);
    br_desk_text(c, "id", id);
    br_desk_text(c, "state", br_offer_state_name(o.state));
    return br_desk_audit(
        c, br_offer_state_name(o.state), id,
        reason[0] == '\0' ? o.type : reason, reterr);
}
