/* SPDX-License-Identifier: EUPL-1.2 */
/* Claims that do not come out of a form: asked of a type's source, or read from
 * a table. */
#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"
#include "orchestrator/api/desk.h"
#include "orchestrator/source/import.h"
#include "orchestrator/source/source.h"

#include <stdio.h>

/* ---- a seal, so that what is shown is what is offered ---------------------
 */

enum { LOOKUP_S = 900 };

/** HMAC over operator, type, reference, claims and time, under a key of the
 *  run. */
static enum br_rc
seal(
    struct br_desk_call *c,
    const struct br_desk_lookup *l,
    char ret[BR_ORCH_SECRET_TEXT_BYTES],
    struct br_err *reterr)
{
    struct br_digest d;
    struct br_buf b;
    uint8_t made[8];
    br_put_be64(made, l->made_s);
    const struct br_bytes parts[] = {
        br_str("desk-lookup"),
        br_bytes("", 1),
        br_str(c->who.name),
        br_bytes("", 1),
        br_str(l->type),
        br_bytes("", 1),
        br_str(l->reference),
        br_bytes("", 1),
        br_bytes(made, sizeof(made)),
        l->claims,
    };
    BR_TRY(br_hmac(
        BR_HASH_SHA256, br_bytes(c->api->nonce_key, sizeof(c->api->nonce_key)),
        parts, sizeof(parts) / sizeof(parts[0]), &d, reterr));
    br_buf_init(&b, 64);
    br_base64url_put(&b, br_bytes(d.b, BR_HASH_BYTES));
    (void)snprintf(
        ret, BR_ORCH_SECRET_TEXT_BYTES, "%.*s", (int)b.n, (const char *)b.p);
    br_buf_fini(&b);
    return BR_OK;
}

enum br_rc
br_desk_lookup_check(
    struct br_desk_call *c,
    const struct br_desk_lookup *l,
    struct br_bytes given,
    struct br_err *reterr)
{
    char want[BR_ORCH_SECRET_TEXT_BYTES];
    uint64_t now_s = c->now_us / 1000000;
    BR_TRY(seal(c, l, want, reterr));
    if (given.n != BR_ORCH_SECRET_TEXT_BYTES - 1 ||
        !br_secret_eq(given.p, want, given.n)) {
        return br_fail(
            reterr, BR_ERR_CONFLICT,
            "these are not the claims that %s's source gave for this "
            "reference: look them up again",
            l->type);
    }
    return l->made_s <= now_s && now_s - l->made_s <= LOOKUP_S
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_CONFLICT,
                     "the source was asked more than %d minutes ago: look "
                     "them up again",
                     LOOKUP_S / 60);
}

static enum br_rc
find_type(
    struct br_desk_call *c, const struct br_type **ret, struct br_err *reterr)
{
    struct br_bytes id;
    BR_TRY(br_json_need_string(c->body, "type", &id, reterr));
    *ret = br_types_find(c->api->types, id);
    return *ret != NULL
               ? BR_OK
               : br_fail(reterr, BR_ERR_NOT_FOUND, "there is no such type");
}

enum br_rc
br_desk_lookup(struct br_desk_call *c, struct br_err *reterr)
{
    static const char *const names[] = {"type", "reference"};
    const struct br_source_home home = {
        c->api->data_dir, c->api->config->insecure_loopback, &c->api->stopping};
    const struct br_type *t;
    struct br_json *claims;
    struct br_desk_lookup l = {.made_s = c->now_us / 1000000};
    char mark[BR_ORCH_SECRET_TEXT_BYTES];
    BR_TRY(br_json_only(c->body, names, 2, reterr));
    BR_TRY(find_type(c, &t, reterr));
    BR_TRY(br_desk_string(
        c, "reference", BR_ORCH_REFERENCE_BYTES, &l.reference, reterr));
    BR_TRY(br_source_claims(&home, t, l.reference, &c->arena, &claims, reterr));
    l.type = t->id;
    l.claims = claims->raw;
    BR_TRY(seal(c, &l, mark, reterr));
    br_json_write_name(&c->w, "claims");
    br_json_write_value(&c->w, claims);
    /* As it was sealed: a browser writes numbers its own way. */
    br_json_write_name(&c->w, "document");
    br_json_write_string(&c->w, claims->raw);
    br_desk_number(c, "made", l.made_s);
    br_desk_text(c, "seal", mark);
    BR_TRY(br_desk_begin(c, reterr));
    return br_desk_audit(c, "looked-up", l.type, l.reference, reterr);
}

/* ---- tables ---------------------------------------------------------------
 */

enum { SHOWN_ROWS = 8, SHOWN_FAULTY = 40 };

/** Writes the rows that are shown, while the table is read. */
struct preview {
    struct br_desk_call *c;
    size_t seen;
    size_t faulty;
};

static void
look(void *ctx, const struct br_table_row *row, bool faulty)
{
    struct preview *p = (struct preview *)ctx;
    struct br_json_writer *w = &p->c->w;
    bool first = p->seen++ <= SHOWN_ROWS;
    if (!first && (!faulty || p->faulty >= SHOWN_FAULTY)) {
        return;
    }
    p->faulty += faulty;
    br_json_write_object(w);
    br_desk_number(p->c, "line", row->line);
    br_json_write_name(w, "cells");
    br_json_write_array(w);
    for (size_t i = 0; i < row->count; i++) {
        br_json_write_string(w, row->cell[i].text);
    }
    br_json_write_end(w);
    br_json_write_end(w);
}

static void
write_faults(struct br_desk_call *c, const struct br_import *i)
{
    br_desk_number(c, "rows", i->count);
    br_desk_number(c, "fault_count", i->fault_count);
    br_json_write_name(&c->w, "faults");
    br_json_write_array(&c->w);
    for (size_t k = 0; k < i->fault_count && k < BR_IMPORT_FAULTS_MAX; k++) {
        const struct br_import_fault *f = &i->faults[k];
        br_json_write_object(&c->w);
        br_desk_text(c, "fault", br_import_slug(f->kind));
        br_desk_number(c, "line", f->line);
        br_desk_number(c, "column", f->column);
        br_json_write_name(&c->w, "name");
        br_json_write_string(&c->w, br_str(f->name));
        br_json_write_end(&c->w);
    }
    br_json_write_end(&c->w);
}

static enum br_rc
create(
    struct br_desk_call *c,
    const struct br_import *i,
    bool tx_code,
    struct br_err *reterr)
{
    struct br_buf table;
    const struct br_import_how how = {
        .issuer = c->api->issuer,
        .who = c->who.name,
        .tx_code = tx_code,
        .now_us = c->now_us,
        .expires_s = c->now_us / 1000000 + c->api->config->offer_s,
    };
    BR_TRY(br_desk_begin(c, reterr));
    br_buf_init(&table, BR_DESK_ANSWER_BYTES_MAX);
    enum br_rc rc = br_import_offer(c->txn, i, &how, &table, reterr);
    if (rc == BR_OK) {
        br_json_write_name(&c->w, "table");
        br_json_write_string(&c->w, br_buf_bytes(&table));
        br_desk_number(c, "expires", how.expires_s);
    }
    br_buf_wipe(&table);
    return rc;
}

enum br_rc
br_desk_import(struct br_desk_call *c, struct br_err *reterr)
{
    static const char *const names[] = {"type", "table", "create", "tx_code"};
    const struct br_type *t;
    struct br_bytes table;
    struct br_import i;
    bool creating = false;
    bool tx_code = false;
    BR_TRY(br_json_only(c->body, names, 4, reterr));
    BR_TRY(find_type(c, &t, reterr));
    BR_TRY(br_json_need_string(c->body, "table", &table, reterr));
    BR_TRY(br_json_may_boolean(c->body, "create", &creating, reterr));
    BR_TRY(br_json_may_boolean(c->body, "tx_code", &tx_code, reterr));
    if (table.n > BR_DESK_TABLE_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE,
            "a table of more than %d bytes at the desk",
            BR_DESK_TABLE_BYTES_MAX);
    }
    struct preview p = {.c = c};
    br_import_init(&i, t);
    i.look = creating ? NULL : look;
    i.ctx = &p;
    br_json_write_name(&c->w, "preview");
    br_json_write_array(&c->w);
    enum br_rc rc = br_import_read(&i, table, reterr);
    br_json_write_end(&c->w);
    if (rc == BR_OK && creating && i.count > BR_DESK_IMPORT_ROWS_MAX) {
        rc = br_fail(
            reterr, BR_ERR_TOO_LARGE,
            "more than %d people in a table at the desk",
            BR_DESK_IMPORT_ROWS_MAX);
    }
    if (rc == BR_OK) {
        write_faults(c, &i);
        rc = creating ? create(c, &i, tx_code, reterr) : BR_OK;
    }
    br_import_fini(&i);
    return rc;
}
