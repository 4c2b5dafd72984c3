/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/store/desk.h"
#include "orchestrator/store/rows.h"

static void
encode(const struct br_audit *a, struct br_buf *b)
{
    br_cbor_put_array(b, 6);
    br_cbor_put_uint(b, a->time_us);
    br_cbor_put_text(b, br_str(a->who));
    br_cbor_put_text(b, br_str(a->what));
    br_cbor_put_text(b, br_str(a->about));
    br_cbor_put_text(b, br_str(a->detail));
    br_cbor_put_bytes(b, br_hash_bytes(&a->previous));
}

static enum br_rc
decode(
    struct br_bytes key,
    struct br_bytes row,
    struct br_audit *a,
    struct br_err *reterr)
{
    struct br_cbor r;
    *a = (struct br_audit){0};
    if (key.n != 8) {
        return br_fail(reterr, BR_ERR_CORRUPT, "an audit row's number");
    }
    a->number = br_get_be64(key.p);
    br_cbor_init(&r, row);
    br_cbor_array_exact(&r, 6);
    a->time_us = br_cbor_uint(&r);
    br_row_text(&r, a->who, sizeof(a->who) - 1);
    br_row_text(&r, a->what, sizeof(a->what) - 1);
    br_row_text(&r, a->about, sizeof(a->about) - 1);
    br_row_text(&r, a->detail, sizeof(a->detail) - 1);
    br_row_hash(&r, &a->previous);
    /* The row holds the hash before it: its own covers all of them. */
    br_sha256(row, &a->hash);
    return br_cbor_done(&r, reterr);
}

static enum br_rc
last(struct br_kv_txn *txn, struct br_audit *ret, struct br_err *reterr)
{
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes row;
    BR_TRY(br_kv_cursor_open(txn, BR_ORCH_AUDIT, &c, reterr));
    enum br_rc rc = br_kv_last(c, &key, &row);
    if (rc == BR_OK) {
        rc = decode(key, row, ret, reterr);
    } else if (rc == BR_ERR_NOT_FOUND) {
        *ret = (struct br_audit){0};
        rc = BR_OK;
    }
    br_kv_cursor_close(c);
    return rc;
}

enum br_rc
br_audit_add(struct br_kv_txn *txn, struct br_audit *a, struct br_err *reterr)
{
    struct br_audit before;
    struct br_buf b;
    uint8_t key[8];
    BR_TRY(last(txn, &before, reterr));
    a->number = before.number + 1;
    a->previous = before.hash;
    br_put_be64(key, a->number);
    br_buf_init(&b, 4096);
    encode(a, &b);
    br_sha256(br_buf_bytes(&b), &a->hash);
    return br_row_put(txn, BR_ORCH_AUDIT, br_bytes(key, 8), &b, reterr);
}

enum br_rc
br_audit_list(
    struct br_kv_txn *txn,
    uint64_t before,
    struct br_audit *ret,
    size_t max,
    size_t *ret_count,
    struct br_err *reterr)
{
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes row;
    uint8_t from[8];
    size_t n = 0;
    br_put_be64(from, before == 0 ? UINT64_MAX : before - 1);
    BR_TRY(br_kv_cursor_open(txn, BR_ORCH_AUDIT, &c, reterr));
    enum br_rc rc = br_kv_seek_back(c, br_bytes(from, 8), &key, &row);
    while (rc == BR_OK && n < max) {
        rc = decode(key, row, &ret[n], reterr);
        if (rc == BR_OK && n > 0 &&
            !br_hash_eq(&ret[n - 1].previous, &ret[n].hash)) {
            rc = br_fail(
                reterr, BR_ERR_CORRUPT,
                "the audit log is broken after row %llu",
                (unsigned long long)ret[n].number);
        }
        if (rc == BR_OK) {
            n++;
            rc = br_kv_prev(c, &key, &row);
        }
    }
    br_kv_cursor_close(c);
    if (rc != BR_OK && rc != BR_ERR_NOT_FOUND) {
        return rc;
    }
    *ret_count = n;
    return BR_OK;
}
