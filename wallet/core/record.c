/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/core/record.h"

#include "common/codec/json_write.h"

/* ---- pieces ------------------------------------------------------------- */

static void
put_text(struct br_json_writer *w, const char *name, struct br_bytes v)
{
    if (v.n > 0) {
        br_json_write_name(w, name);
        br_json_write_string(w, v);
    }
}

static void
put_number(struct br_json_writer *w, const char *name, uint64_t v)
{
    if (v > 0) {
        br_json_write_name(w, name);
        br_json_write_uint(w, v);
    }
}

static void
put_value(struct br_json_writer *w, const char *name, const struct br_json *v)
{
    if (v != NULL) {
        br_json_write_name(w, name);
        br_json_write_value(w, v);
    }
}

/** The members of a row, with the first thing that was wrong. */
struct reading {
    const struct br_json *v;
    enum br_rc rc;
    struct br_err *err;
};

static void
need_text(struct reading *r, const char *name, struct br_bytes *ret)
{
    if (r->rc == BR_OK) {
        r->rc = br_json_need_string(r->v, name, ret, r->err);
    }
    /* What is empty is not written. */
    if (r->rc == BR_OK && ret->n == 0) {
        r->rc = br_fail(r->err, BR_ERR_MISSING_FIELD, "%s is empty", name);
    }
}

static void
may_text(struct reading *r, const char *name, struct br_bytes *ret)
{
    if (r->rc == BR_OK) {
        r->rc = br_json_may_string(r->v, name, ret, r->err);
    }
}

static void
may_number(struct reading *r, const char *name, uint64_t *ret)
{
    if (r->rc == BR_OK) {
        r->rc = br_json_may_uint(r->v, name, ret, r->err);
    }
}

static void
may_count(struct reading *r, const char *name, unsigned *ret)
{
    uint64_t v = 0;
    may_number(r, name, &v);
    if (r->rc == BR_OK && v > 1000000) {
        r->rc = br_fail(r->err, BR_ERR_OUT_OF_RANGE, "%s is too large", name);
    }
    *ret = r->rc == BR_OK ? (unsigned)v : 0;
}

static enum br_rc
begin(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    /* The row's bytes are wiped; values live as long as the arena. */
    const char *copy = br_arena_copy(arena, text);
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a row");
    }
    BR_TRY(br_json_parse(br_bytes(copy, text.n), arena, ret, reterr));
    return br_json_as(*ret, BR_JSON_OBJECT, reterr);
}

/* ---- credentials -------------------------------------------------------- */

static void
put_renewal(struct br_json_writer *w, const struct br_wallet_renewal *r)
{
    if (r->next_s == 0 && r->failed_s == 0) {
        return;
    }
    br_json_write_name(w, "renewal");
    br_json_write_object(w);
    put_number(w, "next", r->next_s);
    put_number(w, "failed", r->failed_s);
    put_number(w, "failures", r->failures);
    put_number(w, "over", r->over ? 1 : 0);
    put_text(w, "reason", r->reason);
    br_json_write_end(w);
}

enum br_rc
br_wallet_credential_encode(
    const struct br_wallet_credential *c,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    put_text(&w, "id", c->id);
    put_text(&w, "issuer", c->issuer);
    put_text(&w, "configuration", c->configuration);
    put_text(&w, "format", c->format);
    put_text(&w, "vct", c->vct);
    put_number(&w, "accepted", c->accepted_s);
    put_number(&w, "issued", c->issued_s);
    put_number(&w, "expires", c->expires_s);
    br_json_write_name(&w, "once");
    br_json_write_boolean(&w, c->use == BR_WALLET_USE_ONCE);
    put_number(&w, "instances", c->instances);
    put_number(&w, "spent", c->spent);
    put_number(&w, "uses", c->uses);
    if (c->status.known) {
        br_json_write_name(&w, "status");
        br_json_write_object(&w);
        put_number(&w, "value", c->status.value);
        put_number(&w, "checked", c->status.checked_s);
        put_number(&w, "until", c->status.until_s);
        br_json_write_end(&w);
    }
    put_text(&w, "grant", c->grant);
    put_text(&w, "identifier", c->identifier);
    put_renewal(&w, &c->renewal);
    put_value(&w, "display", c->display);
    put_value(&w, "accreditation", c->accreditation);
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

static void
read_status(struct reading *r, struct br_wallet_status *s)
{
    struct br_json *v = NULL;
    if (r->rc == BR_OK) {
        r->rc = br_json_may(r->v, "status", BR_JSON_OBJECT, &v, r->err);
    }
    if (r->rc != BR_OK || v == NULL) {
        return;
    }
    struct reading inner = {v, BR_OK, r->err};
    s->known = true;
    may_count(&inner, "value", &s->value);
    may_number(&inner, "checked", &s->checked_s);
    may_number(&inner, "until", &s->until_s);
    r->rc = inner.rc;
}

static void
read_renewal(struct reading *r, struct br_wallet_renewal *n)
{
    struct br_json *v = NULL;
    unsigned over = 0;
    if (r->rc == BR_OK) {
        r->rc = br_json_may(r->v, "renewal", BR_JSON_OBJECT, &v, r->err);
    }
    if (r->rc != BR_OK || v == NULL) {
        return;
    }
    struct reading inner = {v, BR_OK, r->err};
    may_number(&inner, "next", &n->next_s);
    may_number(&inner, "failed", &n->failed_s);
    may_count(&inner, "failures", &n->failures);
    may_count(&inner, "over", &over);
    may_text(&inner, "reason", &n->reason);
    n->over = over != 0;
    r->rc = inner.rc;
}

enum br_rc
br_wallet_credential_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_wallet_credential *ret,
    struct br_err *reterr)
{
    struct br_wallet_credential c = {0};
    struct br_json *v = NULL;
    struct br_json *display = NULL;
    struct br_json *accreditation = NULL;
    bool once = false;
    BR_TRY(begin(text, arena, &v, reterr));
    struct reading r = {v, BR_OK, reterr};
    need_text(&r, "id", &c.id);
    need_text(&r, "issuer", &c.issuer);
    need_text(&r, "configuration", &c.configuration);
    need_text(&r, "format", &c.format);
    need_text(&r, "vct", &c.vct);
    may_number(&r, "accepted", &c.accepted_s);
    may_number(&r, "issued", &c.issued_s);
    may_number(&r, "expires", &c.expires_s);
    may_count(&r, "instances", &c.instances);
    may_count(&r, "spent", &c.spent);
    may_number(&r, "uses", &c.uses);
    read_status(&r, &c.status);
    may_text(&r, "grant", &c.grant);
    may_text(&r, "identifier", &c.identifier);
    read_renewal(&r, &c.renewal);
    BR_TRY(r.rc);
    BR_TRY(br_json_need_boolean(v, "once", &once, reterr));
    BR_TRY(br_json_may(v, "display", BR_JSON_OBJECT, &display, reterr));
    BR_TRY(br_json_may(
        v, "accreditation", BR_JSON_OBJECT, &accreditation, reterr));
    c.use = once ? BR_WALLET_USE_ONCE : BR_WALLET_USE_ROTATE;
    c.display = display;
    c.accreditation = accreditation;
    *ret = c;
    return BR_OK;
}

/* ---- instances ---------------------------------------------------------- */

enum br_rc
br_wallet_instance_encode(
    const struct br_wallet_instance *i, struct br_buf *b, struct br_err *reterr)
{
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    put_text(&w, "credential", i->credential);
    put_number(&w, "number", i->number);
    put_number(&w, "uses", i->uses);
    put_number(&w, "last_used", i->last_used_s);
    put_text(&w, "text", i->text);
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

enum br_rc
br_wallet_instance_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_wallet_instance *ret,
    struct br_err *reterr)
{
    struct br_wallet_instance i = {0};
    struct br_json *v = NULL;
    BR_TRY(begin(text, arena, &v, reterr));
    struct reading r = {v, BR_OK, reterr};
    need_text(&r, "credential", &i.credential);
    may_count(&r, "number", &i.number);
    may_number(&r, "uses", &i.uses);
    may_number(&r, "last_used", &i.last_used_s);
    need_text(&r, "text", &i.text);
    BR_TRY(r.rc);
    *ret = i;
    return BR_OK;
}

/* ---- grants ------------------------------------------------------------- */

enum br_rc
br_wallet_grant_encode(
    const struct br_wallet_grant *g, struct br_buf *b, struct br_err *reterr)
{
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    put_text(&w, "id", g->id);
    put_text(&w, "issuer", g->issuer);
    put_text(&w, "server", g->server);
    put_text(&w, "client", g->client);
    put_text(&w, "token", g->token);
    put_text(&w, "dpop", g->dpop);
    put_number(&w, "given", g->given_s);
    put_number(&w, "trying", g->trying_s);
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

enum br_rc
br_wallet_grant_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_wallet_grant *ret,
    struct br_err *reterr)
{
    struct br_wallet_grant g = {.given_s = 0};
    struct br_json *v = NULL;
    BR_TRY(begin(text, arena, &v, reterr));
    struct reading r = {v, BR_OK, reterr};
    need_text(&r, "id", &g.id);
    need_text(&r, "issuer", &g.issuer);
    need_text(&r, "server", &g.server);
    may_text(&r, "client", &g.client);
    need_text(&r, "token", &g.token);
    may_text(&r, "dpop", &g.dpop);
    may_number(&r, "given", &g.given_s);
    may_number(&r, "trying", &g.trying_s);
    BR_TRY(r.rc);
    *ret = g;
    return BR_OK;
}

/* ---- history ------------------------------------------------------------ */

static const char *const events[] = {
    [BR_WALLET_RECEIVED] = "received",
    [BR_WALLET_PRESENTED] = "presented",
    [BR_WALLET_REFUSED] = "refused",
    [BR_WALLET_FAILED] = "failed",
    [BR_WALLET_REMOVED] = "removed",
    [BR_WALLET_RENEWED] = "renewed",
    [BR_WALLET_DELETION_ASKED] = "deletion-asked",
    [BR_WALLET_ACCESS_ASKED] = "access-asked",
};
enum { EVENTS = sizeof(events) / sizeof(events[0]) };

const char *
br_wallet_event_name(enum br_wallet_event e)
{
    return events[e];
}

enum br_rc
br_wallet_entry_encode(
    const struct br_wallet_entry *e, struct br_buf *b, struct br_err *reterr)
{
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    put_text(&w, "id", e->id);
    put_text(&w, "event", br_str(events[e->event]));
    put_number(&w, "time", e->time_s);
    put_number(&w, "order", e->order);
    put_text(&w, "party", e->party);
    put_text(&w, "party_name", e->party_name);
    put_text(&w, "credential", e->credential);
    put_text(&w, "vct", e->vct);
    put_text(&w, "purpose", e->purpose);
    put_text(&w, "reason", e->reason);
    put_text(&w, "request", e->request);
    put_text(&w, "about", e->about);
    put_value(&w, "claims", e->claims);
    put_value(&w, "contacts", e->contacts);
    put_value(&w, "approved", e->approved);
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

static enum br_rc
event_of(struct br_bytes name, enum br_wallet_event *ret, struct br_err *reterr)
{
    for (size_t i = 0; i < EVENTS; i++) {
        if (br_bytes_eq(name, br_str(events[i]))) {
            *ret = (enum br_wallet_event)i;
            return BR_OK;
        }
    }
    return br_fail(
        reterr, BR_ERR_OUT_OF_RANGE,
        "the history has an event of another kind");
}

enum br_rc
br_wallet_entry_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_wallet_entry *ret,
    struct br_err *reterr)
{
    struct br_wallet_entry e = {0};
    struct br_bytes event = {NULL, 0};
    struct br_json *v = NULL;
    struct br_json *claims = NULL;
    struct br_json *contacts = NULL;
    struct br_json *approved = NULL;
    BR_TRY(begin(text, arena, &v, reterr));
    struct reading r = {v, BR_OK, reterr};
    need_text(&r, "id", &e.id);
    need_text(&r, "event", &event);
    may_number(&r, "time", &e.time_s);
    may_number(&r, "order", &e.order);
    may_text(&r, "party", &e.party);
    may_text(&r, "party_name", &e.party_name);
    may_text(&r, "credential", &e.credential);
    may_text(&r, "vct", &e.vct);
    may_text(&r, "purpose", &e.purpose);
    may_text(&r, "reason", &e.reason);
    may_text(&r, "request", &e.request);
    may_text(&r, "about", &e.about);
    BR_TRY(r.rc);
    BR_TRY(event_of(event, &e.event, reterr));
    BR_TRY(br_json_may(v, "claims", BR_JSON_ARRAY, &claims, reterr));
    BR_TRY(br_json_may(v, "contacts", BR_JSON_ARRAY, &contacts, reterr));
    BR_TRY(br_json_may(v, "approved", BR_JSON_ARRAY, &approved, reterr));
    e.claims = claims;
    e.contacts = contacts;
    e.approved = approved;
    *ret = e;
    return BR_OK;
}

/* ---- passkeys ----------------------------------------------------------- */

enum br_rc
br_wallet_passkey_encode(
    const struct br_wallet_passkey *k, struct br_buf *b, struct br_err *reterr)
{
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    put_text(&w, "id", k->id);
    put_text(&w, "key", k->key);
    put_text(&w, "way", k->way);
    put_text(&w, "person", k->person);
    put_text(&w, "name", k->name);
    put_number(&w, "created", k->created_s);
    put_number(&w, "used", k->used_s);
    put_number(&w, "counter", k->counter);
    put_number(&w, "eligible", k->backup_eligible);
    put_number(&w, "backed_up", k->backed_up);
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

enum br_rc
br_wallet_passkey_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_wallet_passkey *ret,
    struct br_err *reterr)
{
    struct br_wallet_passkey k = {0};
    struct br_json *v = NULL;
    unsigned eligible = 0;
    unsigned backed_up = 0;
    BR_TRY(begin(text, arena, &v, reterr));
    struct reading r = {v, BR_OK, reterr};
    need_text(&r, "id", &k.id);
    need_text(&r, "key", &k.key);
    need_text(&r, "way", &k.way);
    need_text(&r, "person", &k.person);
    may_text(&r, "name", &k.name);
    may_number(&r, "created", &k.created_s);
    may_number(&r, "used", &k.used_s);
    may_number(&r, "counter", &k.counter);
    may_count(&r, "eligible", &eligible);
    may_count(&r, "backed_up", &backed_up);
    BR_TRY(r.rc);
    k.backup_eligible = eligible != 0;
    k.backed_up = backed_up != 0;
    *ret = k;
    return BR_OK;
}
