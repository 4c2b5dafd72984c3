/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/text.h"
#include "common/credential/status_list.h"
#include "common/crypto/keyfile.h"
#include "orchestrator/store/found.h"
#include "orchestrator/store/renewals.h"
#include "orchestrator/store/rows.h"

#include <stdio.h>

/* Valid, invalid, suspended. */
enum { STATUS_BITS = 2, TRIES = 1000 };

/* ---- credentials -------------------------------------------------------- */

void
br_issued_id_text(const struct br_issued *i, char out[33])
{
    static const char hex[] = "0123456789abcdef";
    for (size_t k = 0; k < BR_ORCH_ID_BYTES; k++) {
        out[2 * k] = hex[i->id[k] >> 4];
        out[2 * k + 1] = hex[i->id[k] & 15];
    }
    out[32] = '\0';
}

enum br_rc
br_issued_put(
    struct br_kv_txn *txn, const struct br_issued *i, struct br_err *reterr)
{
    struct br_buf b;
    struct br_issued before;
    bool known =
        br_issued_get(txn, br_bytes(i->id, sizeof(i->id)), &before, NULL) ==
        BR_OK;
    BR_TRY(br_issued_index(txn, i, known ? &before : NULL, reterr));
    br_buf_init(&b, BR_ORCH_ROW_BYTES_MAX);
    br_cbor_put_array(&b, 11);
    br_cbor_put_text(&b, br_str(i->type));
    br_cbor_put_text(&b, br_str(i->reference));
    br_cbor_put_text(&b, br_str(i->reason));
    br_cbor_put_bytes(&b, br_hash_bytes(&i->offer));
    br_cbor_put_uint(&b, i->list);
    br_cbor_put_array(&b, i->count);
    for (size_t k = 0; k < i->count; k++) {
        br_cbor_put_uint(&b, i->index[k]);
    }
    br_cbor_put_uint(&b, i->issued_s);
    br_cbor_put_uint(&b, i->expires_s);
    br_cbor_put_uint(&b, i->changed_s);
    br_cbor_put_uint(&b, i->status);
    br_cbor_put_uint(&b, i->notice);
    return br_row_put(
        txn, BR_ORCH_CREDENTIALS, br_bytes(i->id, sizeof(i->id)), &b, reterr);
}

static enum br_rc
parse_issued(
    struct br_bytes id,
    struct br_bytes row,
    struct br_issued *i,
    struct br_err *reterr)
{
    struct br_cbor r;
    *i = (struct br_issued){0};
    br_cbor_init(&r, row);
    br_cbor_array_exact(&r, 11);
    br_row_text(&r, i->type, BR_ORCH_TYPE_BYTES);
    br_row_text(&r, i->reference, BR_ORCH_REFERENCE_BYTES);
    br_row_text(&r, i->reason, BR_ORCH_REASON_BYTES);
    br_row_hash(&r, &i->offer);
    i->list = (uint32_t)br_cbor_uint_max(&r, UINT32_MAX);
    i->count = br_cbor_array(&r, BR_ORCH_BATCH_MAX);
    for (size_t k = 0; k < i->count; k++) {
        i->index[k] = (uint32_t)br_cbor_uint_max(&r, UINT32_MAX);
    }
    i->issued_s = br_cbor_uint(&r);
    i->expires_s = br_cbor_uint(&r);
    i->changed_s = br_cbor_uint(&r);
    i->status = (unsigned)br_cbor_uint_max(&r, 3);
    i->notice = (unsigned)br_cbor_uint_max(&r, 3);
    if (id.n != sizeof(i->id)) {
        return br_fail(reterr, BR_ERR_CORRUPT, "a credential's id");
    }
    memcpy(i->id, id.p, sizeof(i->id));
    return br_cbor_done(&r, reterr);
}

enum br_rc
br_issued_get(
    struct br_kv_txn *txn,
    struct br_bytes id,
    struct br_issued *ret,
    struct br_err *reterr)
{
    struct br_bytes row;
    BR_TRY(br_kv_get(txn, BR_ORCH_CREDENTIALS, id, &row, reterr));
    return parse_issued(id, row, ret, reterr);
}

enum br_rc
br_issued_find(
    struct br_kv_txn *txn,
    const char *prefix,
    struct br_issued *ret,
    struct br_err *reterr)
{
    struct br_bytes id;
    BR_TRY(br_row_find(txn, BR_ORCH_CREDENTIALS, prefix, &id, reterr));
    return br_issued_get(txn, id, ret, reterr);
}

enum br_rc
br_issued_list(
    struct br_kv_txn *txn,
    void (*fn)(void *ctx, const struct br_issued *i),
    void *ctx,
    struct br_err *reterr)
{
    struct br_kv_cursor *c;
    struct br_bytes id;
    struct br_bytes row;
    BR_TRY(br_kv_cursor_open(txn, BR_ORCH_CREDENTIALS, &c, reterr));
    enum br_rc rc = br_kv_seek(c, br_bytes(NULL, 0), &id, &row);
    while (rc == BR_OK) {
        struct br_issued i;
        rc = parse_issued(id, row, &i, reterr);
        if (rc == BR_OK) {
            fn(ctx, &i);
            rc = br_kv_next(c, &id, &row);
        }
    }
    br_kv_cursor_close(c);
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}

/* ---- lists -------------------------------------------------------------- */

static struct br_bytes
list_key(uint32_t number, uint8_t out[4])
{
    br_put_be32(out, number);
    return br_bytes(out, 4);
}

static struct br_bytes
place_key(uint32_t list, uint32_t index, uint8_t out[8])
{
    br_put_be32(out, list);
    br_put_be32(out + 4, index);
    return br_bytes(out, 8);
}

static enum br_rc
put_list(struct br_kv_txn *txn, const struct br_list *l, struct br_err *reterr)
{
    struct br_buf b;
    uint8_t key[4];
    br_buf_init(&b, 256);
    br_cbor_put_array(&b, 6);
    br_cbor_put_uint(&b, l->bits);
    br_cbor_put_uint(&b, l->count);
    br_cbor_put_uint(&b, l->used);
    br_cbor_put_uint(&b, l->version);
    br_cbor_put_uint(&b, l->created_s);
    br_cbor_put_uint(&b, l->changed_us);
    return br_row_put(txn, BR_ORCH_LISTS, list_key(l->number, key), &b, reterr);
}

static enum br_rc
parse_list(
    uint32_t number,
    struct br_bytes row,
    struct br_list *l,
    struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, row);
    br_cbor_array_exact(&r, 6);
    *l = (struct br_list){.number = number};
    l->bits = br_cbor_uint_max(&r, 8);
    l->count = br_cbor_uint_max(&r, BR_STATUS_LIST_COUNT_MAX);
    l->used = br_cbor_uint(&r);
    l->version = br_cbor_uint(&r);
    l->created_s = br_cbor_uint(&r);
    l->changed_us = br_cbor_uint(&r);
    return br_cbor_done(&r, reterr);
}

enum br_rc
br_list_get(
    struct br_kv_txn *txn,
    uint32_t number,
    struct br_list *ret,
    struct br_err *reterr)
{
    uint8_t key[4];
    struct br_bytes row;
    BR_TRY(br_kv_get(txn, BR_ORCH_LISTS, list_key(number, key), &row, reterr));
    return parse_list(number, row, ret, reterr);
}

/** Fuller than this, and finding free places at random takes long. */
static bool
has_room(const struct br_list *l, size_t count)
{
    return l->used + count <= l->count / 4 * 3;
}

/** The last list that has room, or a next one that is not there yet. */
static enum br_rc
current_list(
    struct br_kv_txn *txn,
    uint64_t size,
    size_t count,
    struct br_list *ret,
    struct br_err *reterr)
{
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes row;
    struct br_list last = {.number = 0};
    BR_TRY(br_kv_cursor_open(txn, BR_ORCH_LISTS, &c, reterr));
    enum br_rc rc = br_kv_last(c, &key, &row);
    if (rc == BR_OK && key.n == 4) {
        rc = parse_list(br_get_be32(key.p), row, &last, reterr);
    }
    br_kv_cursor_close(c);
    if (rc != BR_OK && rc != BR_ERR_NOT_FOUND) {
        return rc;
    }
    if (last.number > 0 && has_room(&last, count)) {
        *ret = last;
        return BR_OK;
    }
    *ret = (struct br_list){
        .number = last.number + 1, .bits = STATUS_BITS, .count = size};
    return BR_OK;
}

static bool
is_taken(struct br_kv_txn *txn, uint32_t list, uint32_t index)
{
    uint8_t key[8];
    struct br_bytes row;
    return br_kv_get(
               txn, BR_ORCH_TAKEN, place_key(list, index, key), &row, NULL) ==
           BR_OK;
}

/** Below a power of two or not, each place is as likely: what lies beyond the
 *  last multiple of count is drawn again. */
static uint32_t
random_below(uint64_t count)
{
    uint32_t r;
    uint64_t whole = ((uint64_t)UINT32_MAX + 1) / count * count;
    do {
        br_random(&r, sizeof(r));
    } while (r >= whole);
    return (uint32_t)(r % count);
}

enum br_rc
br_list_choose(
    struct br_kv_txn *txn,
    uint64_t list_size,
    size_t count,
    uint32_t *ret_list,
    uint32_t *ret_index,
    struct br_err *reterr)
{
    struct br_list l;
    size_t found = 0;
    BR_TRY(current_list(txn, list_size, count, &l, reterr));
    for (size_t i = 0; i < TRIES && found < count; i++) {
        uint32_t index = random_below(l.count);
        bool free_one = !is_taken(txn, l.number, index);
        for (size_t k = 0; free_one && k < found; k++) {
            free_one = ret_index[k] != index;
        }
        if (free_one) {
            ret_index[found++] = index;
        }
    }
    if (found < count) {
        return br_fail(
            reterr, BR_ERR_BUSY, "no free place in status list %u", l.number);
    }
    *ret_list = l.number;
    return BR_OK;
}

enum br_rc
br_list_read(
    struct br_kv_txn *txn,
    const struct br_list *l,
    uint64_t until_us,
    struct br_status_list *ret,
    struct br_err *reterr)
{
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes row;
    uint8_t start[4];
    BR_TRY(br_status_list_init(ret, (unsigned)l->bits, l->count, reterr));
    enum br_rc rc = br_kv_cursor_open(txn, BR_ORCH_CHANGES, &c, reterr);
    if (rc != BR_OK) {
        br_status_list_fini(ret);
        return rc;
    }
    rc = br_kv_seek(c, list_key(l->number, start), &key, &row);
    while (rc == BR_OK && key.n == 16 && row.n == 1 &&
           br_get_be32(key.p) == l->number &&
           br_get_be64(key.p + 4) <= until_us) {
        rc = br_status_list_put(ret, br_get_be32(key.p + 12), row.p[0], reterr);
        if (rc == BR_OK) {
            rc = br_kv_next(c, &key, &row);
        }
    }
    br_kv_cursor_close(c);
    if (rc == BR_OK || rc == BR_ERR_NOT_FOUND) {
        return BR_OK;
    }
    br_status_list_fini(ret);
    return rc;
}

/* ---- issuing ------------------------------------------------------------ */

static enum br_rc
list_for(
    struct br_kv_txn *txn,
    const struct br_issue *in,
    struct br_list *l,
    struct br_err *reterr)
{
    struct br_err why;
    enum br_rc rc = br_list_get(txn, in->issued.list, l, &why);
    if (rc == BR_ERR_NOT_FOUND) {
        *l = (struct br_list){
            .number = in->issued.list,
            .bits = STATUS_BITS,
            .count = in->list_size,
            .version = 1,
            .created_s = in->issued.issued_s,
            .changed_us = in->issued.issued_s * 1000000,
        };
        return BR_OK;
    }
    return rc == BR_OK ? BR_OK : br_fail(reterr, rc, "%s", why.text);
}

/** id: whose they are from now on. */
static enum br_rc
take_places(
    struct br_kv_txn *txn,
    const struct br_issued *i,
    struct br_list *l,
    const uint8_t id[BR_ORCH_ID_BYTES],
    struct br_err *reterr)
{
    uint8_t key[8];
    l->used += i->count;
    BR_TRY(put_list(txn, l, reterr));
    for (size_t k = 0; k < i->count; k++) {
        BR_TRY(br_kv_put(
            txn, BR_ORCH_TAKEN, place_key(i->list, i->index[k], key),
            br_bytes(id, BR_ORCH_ID_BYTES), reterr));
    }
    return BR_OK;
}

static enum br_rc
check_places(
    struct br_kv_txn *txn, const struct br_issued *i, struct br_err *reterr)
{
    for (size_t k = 0; k < i->count; k++) {
        if (is_taken(txn, i->list, i->index[k])) {
            return br_fail(reterr, BR_ERR_BUSY, "a place has been taken");
        }
    }
    return BR_OK;
}

static enum br_rc
put_notice(
    struct br_kv_txn *txn,
    const struct br_hash *notice,
    const uint8_t id[BR_ORCH_ID_BYTES],
    struct br_err *reterr)
{
    return br_kv_put(
        txn, BR_ORCH_NOTICES, br_hash_bytes(notice),
        br_bytes(id, BR_ORCH_ID_BYTES), reterr);
}

/* ---- more copies -------------------------------------------------------- */

static struct br_bytes
refill_key(
    const uint8_t id[BR_ORCH_ID_BYTES],
    uint64_t number,
    uint8_t out[BR_ORCH_ID_BYTES + 4])
{
    memcpy(out, id, BR_ORCH_ID_BYTES);
    br_put_be32(out + BR_ORCH_ID_BYTES, (uint32_t)number);
    return br_bytes(out, BR_ORCH_ID_BYTES + 4);
}

static enum br_rc
put_refill(
    struct br_kv_txn *txn,
    const struct br_issued *i,
    const uint8_t id[BR_ORCH_ID_BYTES],
    uint64_t number,
    struct br_err *reterr)
{
    struct br_buf b;
    uint8_t key[BR_ORCH_ID_BYTES + 4];
    br_buf_init(&b, 4096);
    br_cbor_put_array(&b, 4);
    br_cbor_put_uint(&b, i->list);
    br_cbor_put_array(&b, i->count);
    for (size_t k = 0; k < i->count; k++) {
        br_cbor_put_uint(&b, i->index[k]);
    }
    br_cbor_put_uint(&b, i->issued_s);
    br_cbor_put_uint(&b, i->expires_s);
    return br_row_put(
        txn, BR_ORCH_REFILLS, refill_key(id, number, key), &b, reterr);
}

/** The places of a credential's n-th batch, from 1: list, index and count of
 *  ret are overwritten. NOT_FOUND: there are no more. */
static enum br_rc
get_refill(
    struct br_kv_txn *txn,
    const uint8_t id[BR_ORCH_ID_BYTES],
    uint64_t number,
    struct br_issued *ret,
    struct br_err *reterr)
{
    struct br_bytes row;
    struct br_cbor r;
    uint8_t key[BR_ORCH_ID_BYTES + 4];
    BR_TRY(br_kv_get(
        txn, BR_ORCH_REFILLS, refill_key(id, number, key), &row, reterr));
    br_cbor_init(&r, row);
    br_cbor_array_exact(&r, 4);
    ret->list = (uint32_t)br_cbor_uint_max(&r, UINT32_MAX);
    ret->count = br_cbor_array(&r, BR_ORCH_BATCH_MAX);
    for (size_t k = 0; k < ret->count; k++) {
        ret->index[k] = (uint32_t)br_cbor_uint_max(&r, UINT32_MAX);
    }
    ret->issued_s = br_cbor_uint(&r);
    ret->expires_s = br_cbor_uint(&r);
    return br_cbor_done(&r, reterr);
}

/** Changes of a list are in the order of their times. */
static void
touch(struct br_list *l, uint64_t now_us)
{
    l->changed_us = now_us > l->changed_us ? now_us : l->changed_us + 1;
    l->version++;
}

static enum br_rc
put_changes(
    struct br_kv_txn *txn,
    const struct br_issued *i,
    const struct br_list *l,
    unsigned status,
    struct br_err *reterr)
{
    const uint8_t value = (uint8_t)status;
    uint8_t key[16];
    br_put_be32(key, i->list);
    br_put_be64(key + 4, l->changed_us);
    for (size_t k = 0; k < i->count; k++) {
        br_put_be32(key + 12, i->index[k]);
        BR_TRY(br_kv_put(
            txn, BR_ORCH_CHANGES, br_bytes(key, sizeof(key)),
            br_bytes(&value, 1), reterr));
    }
    return BR_OK;
}

/** More places for the credential that there is, which keeps its id, and gives
 *  them its status. */
static enum br_rc
commit_again(
    struct br_kv_txn *txn, const struct br_issue *in, struct br_err *reterr)
{
    const struct br_issued *i = &in->issued;
    struct br_offer o;
    struct br_renewal r;
    struct br_issued whole;
    struct br_list l;
    BR_TRY(list_for(txn, in, &l, reterr));
    BR_TRY(check_places(txn, i, reterr));
    BR_TRY(br_offer_get(txn, &i->offer, &o, reterr));
    BR_TRY(br_renewal_check(txn, &i->offer, i->issued_s, &r, reterr));
    BR_TRY(br_issued_get(
        txn, br_bytes(o.credential, sizeof(o.credential)), &whole, reterr));
    BR_TRY(br_renewal_take(txn, &r, reterr));
    if (whole.status != BR_STATUS_VALID) {
        touch(&l, i->issued_s * 1000000);
        BR_TRY(put_changes(txn, i, &l, whole.status, reterr));
    }
    BR_TRY(take_places(txn, i, &l, whole.id, reterr));
    BR_TRY(put_refill(txn, i, whole.id, r.batches, reterr));
    BR_TRY(put_notice(txn, &in->notice, whole.id, reterr));
    whole.expires_s =
        i->expires_s > whole.expires_s ? i->expires_s : whole.expires_s;
    return br_issued_put(txn, &whole, reterr);
}

enum br_rc
br_issue_commit(
    struct br_kv_txn *txn, const struct br_issue *in, struct br_err *reterr)
{
    const struct br_issued *i = &in->issued;
    struct br_offer o;
    struct br_list l;
    if (in->renewed) {
        return commit_again(txn, in, reterr);
    }
    BR_TRY(br_offer_get(txn, &i->offer, &o, reterr));
    BR_TRY(br_offer_check_move(o.state, BR_OFFER_ISSUED, reterr));
    BR_TRY(list_for(txn, in, &l, reterr));
    BR_TRY(check_places(txn, i, reterr));
    memcpy(o.credential, i->id, sizeof(o.credential));
    BR_TRY(br_offer_move(txn, &o, BR_OFFER_ISSUED, reterr));
    if (in->renewal_ends_s != 0) {
        BR_TRY(br_renewal_begin(txn, &i->offer, in->renewal_ends_s, reterr));
    }
    BR_TRY(take_places(txn, i, &l, i->id, reterr));
    BR_TRY(br_issued_put(txn, i, reterr));
    if (in->transaction != NULL) {
        BR_TRY(br_kv_delete(
            txn, BR_ORCH_WAITING, br_hash_bytes(in->transaction), reterr));
    }
    return put_notice(txn, &in->notice, i->id, reterr);
}

/** Of all places of one batch. */
static enum br_rc
change_places(
    struct br_kv_txn *txn,
    const struct br_issued *i,
    unsigned status,
    uint64_t now_us,
    struct br_err *reterr)
{
    struct br_list l;
    BR_TRY(br_list_get(txn, i->list, &l, reterr));
    touch(&l, now_us);
    BR_TRY(put_changes(txn, i, &l, status, reterr));
    return put_list(txn, &l, reterr);
}

enum br_rc
br_issued_change(
    struct br_kv_txn *txn,
    struct br_issued *i,
    unsigned status,
    const char *reason,
    uint64_t now_us,
    struct br_err *reterr)
{
    struct br_issued more;
    struct br_err why;
    enum br_rc rc = BR_OK;
    BR_TRY(br_status_check_move(i->status, status, reterr));
    BR_TRY(change_places(txn, i, status, now_us, reterr));
    for (uint64_t n = 1; rc == BR_OK && n <= BR_RENEWAL_BATCHES_MAX; n++) {
        rc = get_refill(txn, i->id, n, &more, &why);
        if (rc == BR_OK) {
            rc = change_places(txn, &more, status, now_us, &why);
        }
    }
    if (rc != BR_OK && rc != BR_ERR_NOT_FOUND) {
        return br_fail(reterr, rc, "%s", why.text);
    }
    if (status == BR_STATUS_INVALID) {
        BR_TRY(br_renewal_end(txn, &i->offer, reterr));
    }
    i->status = status;
    i->changed_s = now_us / 1000000;
    (void)snprintf(i->reason, sizeof(i->reason), "%s", reason);
    return br_issued_put(txn, i, reterr);
}

/* ---- what waits --------------------------------------------------------- */

enum br_rc
br_waiting_put(
    struct br_kv_txn *txn,
    const struct br_hash *transaction,
    const struct br_waiting *w,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_ORCH_ROW_BYTES_MAX);
    br_cbor_put_array(&b, 2);
    br_cbor_put_bytes(&b, br_hash_bytes(&w->offer));
    br_cbor_put_bytes(&b, w->keys);
    return br_row_put(
        txn, BR_ORCH_WAITING, br_hash_bytes(transaction), &b, reterr);
}

enum br_rc
br_waiting_get(
    struct br_kv_txn *txn,
    const struct br_hash *transaction,
    struct br_waiting *ret,
    struct br_err *reterr)
{
    struct br_bytes row;
    struct br_cbor r;
    BR_TRY(br_kv_get(
        txn, BR_ORCH_WAITING, br_hash_bytes(transaction), &row, reterr));
    br_cbor_init(&r, row);
    br_cbor_array_exact(&r, 2);
    br_row_hash(&r, &ret->offer);
    ret->keys = br_cbor_bytes(&r);
    return br_cbor_done(&r, reterr);
}
