/* SPDX-License-Identifier: EUPL-1.2 */
/* Looking back at what wallets answered: without what they said. */
#include "common/codec/text.h"
#include "orchestrator/api/desk.h"
#include "orchestrator/verifier/history.h"
#include "orchestrator/verifier/verifier.h"

#include <stdio.h>

static void
write_string(struct br_desk_call *c, const char *name, struct br_bytes value)
{
    br_json_write_name(&c->w, name);
    br_json_write_string(&c->w, value);
}

static const char *
query(const struct br_desk_call *c, const char *name)
{
    const char *v = br_http_query(c->req, name);
    return v == NULL ? "" : v;
}

static void
write_row(struct br_desk_call *c, const struct br_verifier_decision *d)
{
    br_json_write_object(&c->w);
    write_string(c, "id", d->id);
    br_desk_number(c, "time_us", d->time_us);
    br_desk_text(c, "outcome", br_verifier_phase_name(d->outcome));
    write_string(c, "purpose", d->purpose);
    br_json_write_name(&c->w, "types");
    br_json_write_value(&c->w, d->types);
    write_string(c, "step", d->step);
    write_string(c, "rule", d->rule);
    br_json_write_end(&c->w);
}

enum br_rc
br_desk_decisions(struct br_desk_call *c, struct br_err *reterr)
{
    struct br_kv_txn *txn;
    const struct br_history_query q = {
        query(c, "after"), query(c, "q"), query(c, "outcome")};
    struct br_history_page *page =
        (struct br_history_page *)br_arena_take(&c->arena, sizeof(*page));
    if (page == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "decisions");
    }
    BR_TRY(br_kv_begin_read(br_verifier_rows(c->api->verifier), &txn, reterr));
    enum br_rc rc = br_history_list(txn, &q, &c->arena, page, reterr);
    br_kv_end(txn);
    BR_TRY(rc);
    br_json_write_name(&c->w, "decisions");
    br_json_write_array(&c->w);
    for (size_t i = 0; i < page->count; i++) {
        write_row(c, &page->rows[i]);
    }
    br_json_write_end(&c->w);
    br_desk_text(c, "next", page->next);
    return BR_OK;
}

static enum br_rc
get_receipt(
    struct br_desk_call *c,
    struct br_verifier_receipt *ret,
    struct br_err *reterr)
{
    struct br_kv_txn *txn;
    BR_TRY(br_kv_begin_read(br_verifier_rows(c->api->verifier), &txn, reterr));
    enum br_rc rc = br_verifier_get_receipt(
        txn, br_str(br_http_param(c->req, 0)), &c->arena, ret, reterr);
    br_kv_end(txn);
    return rc;
}

/** What a token of our own says; it was signed here, and is not verified. */
static enum br_rc
payload_of(
    struct br_desk_call *c,
    struct br_bytes jws,
    struct br_json **ret,
    struct br_err *reterr)
{
    const uint8_t *first = (const uint8_t *)memchr(jws.p, '.', jws.n);
    size_t at = first == NULL ? jws.n : (size_t)(first - jws.p) + 1;
    size_t end = at;
    size_t n = 0;
    while (end < jws.n && jws.p[end] != '.') {
        end++;
    }
    uint8_t *text = (uint8_t *)br_arena_take(&c->arena, end - at + 1);
    if (text == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "a receipt");
    }
    BR_TRY(br_base64url_parse(
        br_bytes(jws.p + at, end - at), text, end - at, &n, reterr));
    return br_json_parse(br_bytes(text, n), &c->arena, ret, reterr);
}

enum br_rc
br_desk_decision(struct br_desk_call *c, struct br_err *reterr)
{
    struct br_verifier_receipt r;
    struct br_json *payload = NULL;
    BR_TRY(get_receipt(c, &r, reterr));
    BR_TRY(payload_of(c, r.jws, &payload, reterr));
    br_json_write_name(&c->w, "decision");
    br_json_write_value(&c->w, payload);
    br_desk_flag(c, "stamped", r.stamped);
    if (r.stamped) {
        br_desk_number(c, "entry", r.entry);
    }
    return BR_OK;
}

/** The receipt as it is, for a file. */
enum br_rc
br_desk_receipt(struct br_desk_call *c, struct br_err *reterr)
{
    struct br_verifier_receipt r;
    BR_TRY(get_receipt(c, &r, reterr));
    br_buf_put(&c->out, r.jws.p, r.jws.n);
    size_t room = sizeof("decision-.jwt") + BR_VERIFIER_ID_BYTES;
    char *name = (char *)br_arena_take(&c->arena, room);
    if (name == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "a receipt");
    }
    (void)snprintf(
        name, room, "decision-%.*s.jwt", BR_VERIFIER_ID_BYTES,
        br_http_param(c->req, 0));
    c->download = name;
    return BR_OK;
}
