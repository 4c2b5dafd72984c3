/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/store/closing.h"

#include "common/crypto/keyfile.h"
#include "orchestrator/store/published.h"
#include "orchestrator/store/rows.h"

void
br_closing_put(const struct br_closing *c, struct br_buf *ret)
{
    static const char label[] = "broletto/audit-closing"; /* and its zero */
    uint8_t numbers[24];
    br_put_be64(numbers, c->first);
    br_put_be64(numbers + 8, c->last);
    br_put_be64(numbers + 16, c->time_us);
    br_buf_put(ret, label, sizeof(label));
    br_buf_put(ret, c->salt, sizeof(c->salt));
    br_buf_put(ret, numbers, sizeof(numbers));
    br_buf_put(ret, c->row.b, sizeof(c->row.b));
    br_buf_put(ret, c->previous.b, sizeof(c->previous.b));
}

enum br_rc
br_closing_digest(
    const struct br_closing *c, struct br_hash *ret, struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, 1024);
    br_closing_put(c, &b);
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        br_sha256(br_buf_bytes(&b), ret);
    }
    br_buf_fini(&b);
    return rc;
}

/* ---- rows --------------------------------------------------------------- */

static enum br_rc
put(struct br_kv_txn *txn, const struct br_closing *c, struct br_err *reterr)
{
    uint8_t key[8];
    struct br_buf b;
    br_put_be64(key, c->last);
    br_buf_init(&b, 1024);
    br_cbor_put_array(&b, 6);
    br_cbor_put_uint(&b, c->first);
    br_cbor_put_uint(&b, c->time_us);
    br_cbor_put_bytes(&b, br_bytes(c->salt, sizeof(c->salt)));
    br_cbor_put_bytes(&b, br_hash_bytes(&c->row));
    br_cbor_put_bytes(&b, br_hash_bytes(&c->previous));
    br_cbor_put_bytes(&b, br_hash_bytes(&c->digest));
    return br_row_put(txn, BR_ORCH_CLOSINGS, br_bytes(key, 8), &b, reterr);
}

static enum br_rc
decode(
    struct br_bytes key,
    struct br_bytes row,
    struct br_closing *c,
    struct br_err *reterr)
{
    struct br_cbor r;
    struct br_hash digest;
    *c = (struct br_closing){0};
    br_cbor_init(&r, row);
    br_cbor_array_exact(&r, 6);
    c->first = br_cbor_uint(&r);
    c->time_us = br_cbor_uint(&r);
    br_cbor_bytes_exact(&r, c->salt, sizeof(c->salt));
    br_row_hash(&r, &c->row);
    br_row_hash(&r, &c->previous);
    br_row_hash(&r, &c->digest);
    BR_TRY(br_cbor_done(&r, reterr));
    c->last = key.n == 8 ? br_get_be64(key.p) : 0;
    BR_TRY(br_closing_digest(c, &digest, reterr));
    return br_hash_eq(&digest, &c->digest)
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_CORRUPT,
                     "the closing of row %llu is not that of its digest",
                     (unsigned long long)c->last);
}

enum br_rc
br_closing_stamp(
    struct br_kv_txn *txn,
    const struct br_closing *c,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_hash digest;
    BR_TRY(br_stamped_get(txn, BR_CLOSING_LIST, c->last, &digest, ret, reterr));
    return br_hash_eq(&digest, &c->digest)
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_CORRUPT,
                     "the stamp of the closing of row %llu is about another "
                     "digest",
                     (unsigned long long)c->last);
}

/** From the newest back to one that has a stamp, or just the newest. */
static enum br_rc
find_last(
    struct br_kv_txn *txn,
    bool stamped,
    struct br_closing *ret,
    struct br_bytes *ret_stamp,
    struct br_err *reterr)
{
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes row;
    BR_TRY(br_kv_cursor_open(txn, BR_ORCH_CLOSINGS, &c, reterr));
    enum br_rc rc = br_kv_last(c, &key, &row);
    bool found = false;
    while (rc == BR_OK && !found) {
        rc = decode(key, row, ret, reterr);
        enum br_rc has = rc == BR_OK && stamped
                             ? br_closing_stamp(txn, ret, ret_stamp, reterr)
                             : rc;
        found = has == BR_OK;
        if (has != BR_OK && has != BR_ERR_NOT_FOUND) {
            rc = has;
        } else if (!found) {
            rc = br_kv_prev(c, &key, &row);
        }
    }
    br_kv_cursor_close(c);
    return rc == BR_ERR_NOT_FOUND
               ? br_fail(reterr, BR_ERR_NOT_FOUND, "nothing is closed yet")
               : rc;
}

enum br_rc
br_closing_last(
    struct br_kv_txn *txn, struct br_closing *ret, struct br_err *reterr)
{
    return find_last(txn, false, ret, NULL, reterr);
}

enum br_rc
br_closing_last_stamped(
    struct br_kv_txn *txn,
    struct br_closing *ret,
    struct br_bytes *ret_stamp,
    struct br_err *reterr)
{
    return find_last(txn, true, ret, ret_stamp, reterr);
}

/* ---- making one --------------------------------------------------------- */

/** Row `number`; zeros when there is none. */
static enum br_rc
row_at(
    struct br_kv_txn *txn,
    uint64_t number,
    struct br_audit *ret,
    struct br_err *reterr)
{
    size_t n = 0;
    *ret = (struct br_audit){0};
    return br_audit_list(txn, number == 0 ? 0 : number + 1, ret, 1, &n, reterr);
}

enum br_rc
br_closing_make(
    struct br_kv_txn *txn,
    const struct br_closing_when *when,
    bool *ret_due,
    struct br_err *reterr)
{
    struct br_closing before = {0};
    struct br_audit newest;
    struct br_audit oldest = {0};
    *ret_due = false;
    enum br_rc rc = br_closing_last(txn, &before, reterr);
    if (rc != BR_OK && rc != BR_ERR_NOT_FOUND) {
        return rc;
    }
    BR_TRY(row_at(txn, 0, &newest, reterr));
    if (newest.number <= before.last) {
        return BR_OK;
    }
    BR_TRY(row_at(txn, before.last + 1, &oldest, reterr));
    if (newest.number - before.last < when->rows &&
        oldest.time_us + when->age_us > when->now_us) {
        return BR_OK;
    }
    struct br_closing c = {
        .first = before.last + 1,
        .last = newest.number,
        .time_us = when->now_us,
        .row = newest.hash,
        .previous = before.digest,
    };
    br_random(c.salt, sizeof(c.salt));
    BR_TRY(br_closing_digest(&c, &c.digest, reterr));
    BR_TRY(put(txn, &c, reterr));
    *ret_due = true;
    return BR_OK;
}

/* ---- all of it ---------------------------------------------------------- */

/** Rows and closings, side by side. */
struct walk {
    struct br_kv_txn *txn;
    const struct br_audit_visit *visit;
    struct br_audit row;       /**< the last that was seen */
    struct br_closing closing; /**< the same */
};

static enum br_rc
see_row(struct walk *w, const struct br_audit *a, struct br_err *reterr)
{
    if (a->number != w->row.number + 1 ||
        !br_hash_eq(&a->previous, &w->row.hash)) {
        return br_fail(
            reterr, BR_ERR_CORRUPT,
            "row %llu does not follow row %llu: one was changed or taken away",
            (unsigned long long)a->number, (unsigned long long)w->row.number);
    }
    w->row = *a;
    return w->visit->row == NULL ? BR_OK
                                 : w->visit->row(w->visit->ctx, a, reterr);
}

static enum br_rc
see_closing(struct walk *w, const struct br_closing *c, struct br_err *reterr)
{
    if (c->first != w->closing.last + 1 || c->last != w->row.number ||
        !br_hash_eq(&c->row, &w->row.hash) ||
        !br_hash_eq(&c->previous, &w->closing.digest)) {
        return br_fail(
            reterr, BR_ERR_CORRUPT,
            "rows %llu to %llu are not those that were closed",
            (unsigned long long)c->first, (unsigned long long)c->last);
    }
    w->closing = *c;
    return w->visit->closing == NULL
               ? BR_OK
               : w->visit->closing(w->visit->ctx, w->txn, c, reterr);
}

static enum br_rc
next_closing(
    struct br_kv_cursor *c,
    bool first,
    struct br_closing *ret,
    struct br_err *reterr)
{
    struct br_bytes key;
    struct br_bytes row;
    enum br_rc rc = first ? br_kv_seek(c, br_bytes(NULL, 0), &key, &row)
                          : br_kv_next(c, &key, &row);
    if (rc == BR_ERR_NOT_FOUND) {
        *ret = (struct br_closing){0}; /* no row has this number */
        return BR_OK;
    }
    BR_TRY(rc);
    return decode(key, row, ret, reterr);
}

static enum br_rc
walk_rows(struct walk *w, struct br_kv_cursor *closings, struct br_err *reterr)
{
    struct br_closing due;
    enum { AT_ONCE = 1 };
    struct br_audit row;
    size_t n = 0;
    struct br_audit newest;
    BR_TRY(row_at(w->txn, 0, &newest, reterr));
    BR_TRY(next_closing(closings, true, &due, reterr));
    while (w->row.number < newest.number) {
        uint64_t number = w->row.number + 1;
        BR_TRY(br_audit_list(w->txn, number + 1, &row, AT_ONCE, &n, reterr));
        if (n == 0) {
            return br_fail(
                reterr, BR_ERR_CORRUPT, "row %llu is missing",
                (unsigned long long)number);
        }
        BR_TRY(see_row(w, &row, reterr));
        if (due.last == row.number) {
            BR_TRY(see_closing(w, &due, reterr));
            BR_TRY(next_closing(closings, false, &due, reterr));
        }
    }
    return due.last == 0 ? BR_OK
                         : br_fail(
                               reterr, BR_ERR_CORRUPT,
                               "rows up to %llu were closed, and are not there",
                               (unsigned long long)due.last);
}

enum br_rc
br_audit_walk(
    struct br_kv_txn *txn,
    const struct br_audit_visit *visit,
    struct br_err *reterr)
{
    struct walk w = {.txn = txn, .visit = visit};
    struct br_kv_cursor *closings;
    BR_TRY(br_kv_cursor_open(txn, BR_ORCH_CLOSINGS, &closings, reterr));
    enum br_rc rc = walk_rows(&w, closings, reterr);
    br_kv_cursor_close(closings);
    return rc;
}
