/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/store/kv.h"

#include <stdlib.h>

#include "common/store/kv_internal.h"

struct br_kv_cursor {
    MDB_cursor *c;
    struct br_kv_txn *txn;
};

enum br_rc
br_kv_cursor_open(
    struct br_kv_txn *txn,
    unsigned table,
    struct br_kv_cursor **ret,
    struct br_err *reterr)
{
    struct br_kv_cursor *c = (struct br_kv_cursor *)malloc(sizeof(*c));
    if (c == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "cursor");
    }
    int e = mdb_cursor_open(txn->txn, br_kv_dbi(txn, table), &c->c);
    if (e != 0) {
        free(c);
        return br_kv_fail(reterr, e, "opening a cursor");
    }
    c->txn = txn;
    txn->cursors++;
    *ret = c;
    return BR_OK;
}

void
br_kv_cursor_close(struct br_kv_cursor *c)
{
    if (c != NULL) {
        mdb_cursor_close(c->c);
        c->txn->cursors--;
        free(c);
    }
}

static enum br_rc
move(
    struct br_kv_cursor *c,
    MDB_cursor_op op,
    MDB_val k,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value)
{
    MDB_val v;
    int e = mdb_cursor_get(c->c, &k, &v, op);
    if (e != 0) {
        return br_kv_code(e);
    }
    *ret_key = br_kv_bytes(k);
    *ret_value = br_kv_bytes(v);
    return BR_OK;
}

enum br_rc
br_kv_seek(
    struct br_kv_cursor *c,
    struct br_bytes key,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value)
{
    /* LMDB has no empty key; the empty one sorts before every other. */
    MDB_cursor_op op = key.n == 0 ? MDB_FIRST : MDB_SET_RANGE;
    return move(c, op, br_kv_val(key), ret_key, ret_value);
}

enum br_rc
br_kv_seek_back(
    struct br_kv_cursor *c,
    struct br_bytes key,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value)
{
    struct br_bytes found = {0};
    struct br_bytes value = {0};
    enum br_rc rc = br_kv_seek(c, key, &found, &value);
    if (rc == BR_ERR_NOT_FOUND) {
        return br_kv_last(c, ret_key, ret_value);
    }
    BR_TRY(rc);
    if (!br_bytes_eq(found, key)) {
        return br_kv_prev(c, ret_key, ret_value);
    }
    *ret_key = found;
    *ret_value = value;
    return BR_OK;
}

enum br_rc
br_kv_next(
    struct br_kv_cursor *c,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value)
{
    return move(c, MDB_NEXT, (MDB_val){0}, ret_key, ret_value);
}

enum br_rc
br_kv_prev(
    struct br_kv_cursor *c,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value)
{
    return move(c, MDB_PREV, (MDB_val){0}, ret_key, ret_value);
}

enum br_rc
br_kv_last(
    struct br_kv_cursor *c,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value)
{
    return move(c, MDB_LAST, (MDB_val){0}, ret_key, ret_value);
}
