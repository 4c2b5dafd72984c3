/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/text.h"
#include "common/crypto/keyfile.h"
#include "orchestrator/api/desk.h"
#include "orchestrator/store/found.h"

/* ---- types -------------------------------------------------------------- */

static const char *const kinds[] = {
    [BR_CLAIM_TEXT] = "string",     [BR_CLAIM_DATE] = "date",
    [BR_CLAIM_WHOLE] = "integer",   [BR_CLAIM_AMOUNT] = "amount",
    [BR_CLAIM_BOOLEAN] = "boolean", [BR_CLAIM_TEXTS] = "strings",
    [BR_CLAIM_LADDER] = "ladder",
};

static void
write_display(struct br_desk_call *c, const struct br_json *display)
{
    br_json_write_name(&c->w, "display");
    if (display == NULL) {
        br_json_write_array(&c->w);
        br_json_write_end(&c->w);
    } else {
        br_json_write_value(&c->w, display);
    }
}

static void
write_claim(struct br_desk_call *c, const struct br_claim_type *t)
{
    br_json_write_object(&c->w);
    br_json_write_name(&c->w, "path");
    br_json_write_array(&c->w);
    for (size_t i = 0; i < t->path.count; i++) {
        br_json_write_string(&c->w, br_str(t->path.steps[i]));
    }
    br_json_write_end(&c->w);
    br_desk_text(c, "type", kinds[t->kind]);
    br_desk_flag(c, "required", t->required);
    br_desk_flag(c, "disclosable", t->disclosable);
    write_display(c, t->display);
    if (t->kind == BR_CLAIM_LADDER) {
        br_json_write_name(&c->w, "steps");
        br_json_write_array(&c->w);
        for (size_t i = 0; i < t->step_count; i++) {
            br_json_write_uint(&c->w, t->steps[i]);
        }
        br_json_write_end(&c->w);
    }
    br_json_write_end(&c->w);
}

enum br_rc
br_desk_types(struct br_desk_call *c, struct br_err *reterr)
{
    (void)reterr;
    br_json_write_name(&c->w, "types");
    br_json_write_array(&c->w);
    for (size_t i = 0; i < c->api->types->count; i++) {
        const struct br_type *t = c->api->types->type[i];
        br_json_write_object(&c->w);
        br_desk_text(c, "id", t->id);
        br_desk_text(c, "vct", t->vct);
        br_desk_number(c, "validity_s", t->validity_s);
        br_desk_text(c, "source", br_source_kind_name(t->source.kind));
        write_display(c, t->display);
        br_json_write_name(&c->w, "claims");
        br_json_write_array(&c->w);
        for (size_t k = 0; k < t->claim_count; k++) {
            write_claim(c, &t->claims[k]);
        }
        br_json_write_end(&c->w);
        br_json_write_end(&c->w);
    }
    br_json_write_end(&c->w);
    return BR_OK;
}

/* ---- a new offer -------------------------------------------------------- */

/** The claims that the type's source gave, in place of any that a browser
 *  could write. */
static enum br_rc
read_looked_up(
    struct br_desk_call *c,
    const struct br_type *t,
    const char *reference,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_desk_lookup l = {.type = t->id, .reference = reference};
    struct br_bytes mark;
    if (br_json_member(c->body, "claims") != NULL) {
        return br_fail(
            reterr, BR_ERR_CONFLICT,
            "%s takes its claims from its source, not from the desk", t->id);
    }
    BR_TRY(br_json_need_string(c->body, "document", &l.claims, reterr));
    BR_TRY(br_json_need_uint(c->body, "made", &l.made_s, reterr));
    BR_TRY(br_json_need_string(c->body, "seal", &mark, reterr));
    BR_TRY(br_desk_lookup_check(c, &l, mark, reterr));
    return br_json_parse(l.claims, &c->arena, ret, reterr);
}

/** What the body says, into *n. */
static enum br_rc
read_offer(
    struct br_desk_call *c,
    struct br_offer_new *n,
    bool *ret_tx,
    struct br_err *reterr)
{
    static const char *const names[] = {"type",    "reference", "claims",
                                        "tx_code", "deferred",  "document",
                                        "made",    "seal"};
    struct br_bytes id;
    struct br_json *claims;
    BR_TRY(br_json_only(c->body, names, 8, reterr));
    BR_TRY(br_json_need_string(c->body, "type", &id, reterr));
    BR_TRY(br_json_may_boolean(c->body, "tx_code", ret_tx, reterr));
    BR_TRY(br_json_may_boolean(c->body, "deferred", &n->deferred, reterr));
    BR_TRY(br_desk_string(
        c, "reference", BR_ORCH_REFERENCE_BYTES, &n->reference, reterr));
    const struct br_type *t = br_types_find(c->api->types, id);
    if (t == NULL) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "there is no such type");
    }
    BR_TRY(
        t->source.kind == BR_SOURCE_DESK
            ? br_json_need(c->body, "claims", BR_JSON_OBJECT, &claims, reterr)
            : read_looked_up(c, t, n->reference, &claims, reterr));
    BR_TRY(br_type_check(t, claims, reterr));
    n->type = t->id;
    n->claims = claims->raw;
    return BR_OK;
}

static enum br_rc
write_link(
    struct br_desk_call *c,
    const struct br_orch_secret *s,
    struct br_err *reterr)
{
    struct br_buf link;
    br_buf_init(&link, BR_ORCH_LINK_BYTES_MAX);
    br_orch_offer_link(c->api->issuer, s, &link);
    enum br_rc rc = br_buf_status(&link, reterr);
    if (rc == BR_OK) {
        br_json_write_name(&c->w, "link");
        br_json_write_string(&c->w, br_buf_bytes(&link));
        rc = br_desk_qr(c, "qr", br_buf_bytes(&link), reterr);
    }
    br_buf_wipe(&link);
    return rc;
}

enum br_rc
br_desk_offer_new(struct br_desk_call *c, struct br_err *reterr)
{
    char tx[BR_ORCH_TX_DIGITS + 1];
    char id[BR_HASH_BYTES + 1];
    bool with_tx = false;
    struct br_orch_secret secret;
    struct br_offer_new n = {
        .now_s = c->now_us / 1000000,
        .expires_s = c->now_us / 1000000 + c->api->config->offer_s,
    };
    BR_TRY(read_offer(c, &n, &with_tx, reterr));
    br_orch_tx_code_make(tx);
    n.tx_code = with_tx ? tx : NULL;
    BR_TRY(br_offer_create(c->txn, &n, &secret, reterr));
    br_orch_identifier(&secret.offer, id);
    br_desk_text(c, "id", id);
    br_desk_number(c, "expires", n.expires_s);
    if (with_tx) {
        br_desk_text(c, "tx_code", tx);
    }
    enum br_rc rc = write_link(c, &secret, reterr);
    br_wipe(&secret, sizeof(secret));
    br_wipe(tx, sizeof(tx));
    BR_TRY(rc);
    return br_desk_audit(c, "offer", id, n.type, reterr);
}

/* ---- offers that are under way ------------------------------------------ */

static void
write_offer(struct br_desk_call *c, const struct br_offer *o)
{
    char id[BR_HASH_BYTES + 1];
    bool late =
        o->state == BR_OFFER_OFFERED && o->expires_s <= c->now_us / 1000000;
    br_orch_identifier(&o->key, id);
    br_desk_text(c, "id", id);
    br_desk_text(c, "type", o->type);
    br_desk_text(c, "reference", o->reference);
    br_desk_text(c, "state", late ? "expired" : br_offer_state_name(o->state));
    br_desk_number(c, "created", o->created_s);
    br_desk_number(c, "expires", o->expires_s);
}

enum br_rc
br_desk_offer(struct br_desk_call *c, struct br_err *reterr)
{
    struct br_offer o;
    BR_TRY(br_offer_find(c->txn, br_http_param(c->req, 0), &o, reterr));
    write_offer(c, &o);
    if (o.state != BR_OFFER_ISSUED) {
        return BR_OK;
    }
    struct br_issued i;
    char id[33];
    BR_TRY(br_issued_of_offer(c->txn, &o.key, &i, reterr));
    br_issued_id_text(&i, id);
    br_desk_text(c, "credential", id);
    br_desk_number(c, "issued", i.issued_s);
    br_desk_text(
        c, "notification",
        i.notice == 0 ? ""
                      : br_vci_event_name((enum br_vci_event)(i.notice - 1)));
    return BR_OK;
}

/** Those on which somebody waits: not taken yet, or for the desk to look at. */
enum br_rc
br_desk_offers(struct br_desk_call *c, struct br_err *reterr)
{
    struct br_kv_cursor *cursor;
    struct br_bytes key;
    struct br_bytes row;
    size_t n = 0;
    br_json_write_name(&c->w, "offers");
    br_json_write_array(&c->w);
    BR_TRY(br_kv_cursor_open(c->txn, BR_ORCH_OFFERS, &cursor, reterr));
    enum br_rc rc = br_kv_seek(cursor, br_bytes(NULL, 0), &key, &row);
    while (rc == BR_OK && n < BR_DESK_LIST_MAX) {
        struct br_hash hash;
        struct br_offer o;
        memcpy(hash.b, key.p, sizeof(hash.b));
        rc = br_offer_get(c->txn, &hash, &o, reterr);
        if (rc == BR_OK &&
            (o.state == BR_OFFER_WAITING || o.state == BR_OFFER_OFFERED)) {
            br_json_write_object(&c->w);
            write_offer(c, &o);
            br_json_write_end(&c->w);
            n++;
        }
        if (rc == BR_OK) {
            rc = br_kv_next(cursor, &key, &row);
        }
    }
    br_kv_cursor_close(cursor);
    br_json_write_end(&c->w);
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}

enum br_rc
br_desk_offer_state(struct br_desk_call *c, struct br_err *reterr)
{
    static const enum br_offer_state to[] = {
        BR_OFFER_WITHDRAWN, BR_OFFER_APPROVED, BR_OFFER_REFUSED};
    struct br_offer o;
    struct br_bytes name;
    char id[BR_HASH_BYTES + 1];
    BR_TRY(br_json_need_string(c->body, "state", &name, reterr));
    BR_TRY(br_offer_find(c->txn, br_http_param(c->req, 0), &o, reterr));
    for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
        if (br_bytes_eq(name, br_str(br_offer_state_name(to[i])))) {
            BR_TRY(br_offer_move(c->txn, &o, to[i], reterr));
            write_offer(c, &o);
            br_orch_identifier(&o.key, id);
            return br_desk_audit(
                c, br_offer_state_name(to[i]), id, o.type, reterr);
        }
    }
    return br_fail(
        reterr, BR_ERR_OUT_OF_RANGE, "state is withdrawn, approved or refused");
}
