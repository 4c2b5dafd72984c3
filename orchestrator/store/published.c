/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/store/published.h"

#include "orchestrator/store/rows.h"

enum { KEY_BYTES = 12, VERSION_BYTES = 8 };

static struct br_bytes
row_key(uint32_t list, uint64_t number, uint8_t out[KEY_BYTES])
{
    br_put_be32(out, list);
    br_put_be64(out + 4, number);
    return br_bytes(out, KEY_BYTES);
}

static enum br_rc
corrupt(const char *table, struct br_err *reterr)
{
    return br_fail(reterr, BR_ERR_CORRUPT, "a row of %s is too short", table);
}

enum br_rc
br_published_get(
    struct br_kv_txn *txn,
    uint32_t list,
    uint64_t until_s,
    struct br_published *ret,
    struct br_err *reterr)
{
    uint8_t bytes[KEY_BYTES];
    struct br_bytes wanted = row_key(list, until_s, bytes);
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes row;
    BR_TRY(br_kv_cursor_open(txn, BR_ORCH_PUBLISHED, &c, reterr));
    enum br_rc rc = br_kv_seek_back(c, wanted, &key, &row);
    br_kv_cursor_close(c);
    if (rc == BR_OK && (key.n != KEY_BYTES || row.n < VERSION_BYTES)) {
        return corrupt("published", reterr);
    }
    if (rc == BR_ERR_NOT_FOUND || (rc == BR_OK && br_get_be32(key.p) != list)) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "the list was not published by then");
    }
    if (rc != BR_OK) {
        return br_fail(reterr, rc, "reading what was published");
    }
    *ret = (struct br_published){
        .list = list,
        .version = br_get_be64(row.p),
        .issued_s = br_get_be64(key.p + 4),
        .token = br_bytes(row.p + VERSION_BYTES, row.n - VERSION_BYTES),
    };
    return BR_OK;
}

enum br_rc
br_published_is_due(
    struct br_kv_txn *txn,
    const struct br_published *p,
    bool *ret,
    struct br_err *reterr)
{
    struct br_published last;
    enum br_rc rc = br_published_get(txn, p->list, UINT64_MAX, &last, reterr);
    *ret = true;
    if (rc == BR_ERR_NOT_FOUND) {
        return BR_OK;
    }
    BR_TRY(rc);
    *ret = p->issued_s > last.issued_s &&
           (p->version != last.version ||
            p->issued_s - last.issued_s >= BR_PUBLISHED_EVERY_S);
    return BR_OK;
}

enum br_rc
br_published_put(
    struct br_kv_txn *txn, const struct br_published *p, struct br_err *reterr)
{
    uint8_t key[KEY_BYTES];
    uint8_t version[VERSION_BYTES];
    struct br_buf b;
    br_buf_init(&b, VERSION_BYTES + p->token.n);
    br_put_be64(version, p->version);
    br_buf_put(&b, version, sizeof(version));
    br_buf_put(&b, p->token.p, p->token.n);
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        rc = br_kv_put(
            txn, BR_ORCH_PUBLISHED, row_key(p->list, p->issued_s, key),
            br_buf_bytes(&b), reterr);
    }
    br_buf_fini(&b);
    return rc;
}

enum br_rc
br_stamped_put(
    struct br_kv_txn *txn,
    uint32_t list,
    uint64_t number,
    const struct br_hash *digest,
    struct br_bytes answer,
    struct br_err *reterr)
{
    uint8_t key[KEY_BYTES];
    struct br_buf b;
    br_buf_init(&b, BR_HASH_BYTES + answer.n);
    br_buf_put(&b, digest->b, BR_HASH_BYTES);
    br_buf_put(&b, answer.p, answer.n);
    enum br_rc rc = br_buf_status(&b, reterr);
    if (rc == BR_OK) {
        rc = br_kv_put(
            txn, BR_ORCH_STAMPS, row_key(list, number, key), br_buf_bytes(&b),
            reterr);
    }
    br_buf_fini(&b);
    return rc;
}

enum br_rc
br_stamped_get(
    struct br_kv_txn *txn,
    uint32_t list,
    uint64_t number,
    struct br_hash *ret_digest,
    struct br_bytes *ret_answer,
    struct br_err *reterr)
{
    uint8_t key[KEY_BYTES];
    struct br_bytes row;
    BR_TRY(br_kv_get(
        txn, BR_ORCH_STAMPS, row_key(list, number, key), &row, reterr));
    if (row.n < BR_HASH_BYTES) {
        return corrupt("stamps", reterr);
    }
    memcpy(ret_digest->b, row.p, BR_HASH_BYTES);
    *ret_answer = br_bytes(row.p + BR_HASH_BYTES, row.n - BR_HASH_BYTES);
    return BR_OK;
}
