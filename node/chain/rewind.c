/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/cbor.h"
#include "node/chain/internal.h"
#include "node/chain/tables.h"

static enum br_rc
restore_state(struct br_chain *c, struct br_cbor *r, struct br_err *reterr)
{
    uint64_t count = br_cbor_array(r, UINT32_MAX);
    for (uint64_t i = 0; i < count && r->err.rc == BR_OK; i++) {
        br_cbor_array_exact(r, 2);
        struct br_bytes key = br_cbor_bytes(r);
        if (br_cbor_peek(r) == BR_CBOR_SIMPLE) {
            br_cbor_null(r);
            BR_TRY(br_kv_delete(c->txn, BR_T_STATE, key, reterr));
        } else {
            struct br_bytes old = br_cbor_bytes(r);
            BR_TRY(br_kv_put(c->txn, BR_T_STATE, key, old, reterr));
        }
    }
    return br_cbor_done(r, reterr);
}

static enum br_rc
delete_range(
    struct br_chain *c,
    unsigned table,
    uint64_t from,
    uint64_t to,
    struct br_err *reterr)
{
    uint8_t key[8];
    for (uint64_t i = from; i < to; i++) {
        BR_TRY(br_kv_delete(c->txn, table, br_key_u64(key, i), reterr));
    }
    return BR_OK;
}

static enum br_rc
delete_tree(
    struct br_chain *c,
    uint64_t old_size,
    uint64_t new_size,
    struct br_err *reterr)
{
    BR_TRY(delete_range(c, BR_T_LEAVES, old_size, new_size, reterr));
    for (unsigned g = 1; g <= BR_CHAIN_NODE_LEVELS; g++) {
        unsigned shift = 4 * (g + 1);
        BR_TRY(delete_range(
            c, BR_T_NODES + g - 1, old_size >> shift, new_size >> shift,
            reterr));
    }
    return BR_OK;
}

static enum br_rc
delete_txs(struct br_chain *c, const struct br_block *b, struct br_err *reterr)
{
    uint64_t first = b->first_leaf;
    for (uint64_t i = 0; i < b->tx_count; i++) {
        uint8_t key[16];
        uint8_t author[BR_AUTHOR_KEY_BYTES_MAX];
        struct br_bytes bytes;
        struct br_tx tx;
        br_put_be64(key, b->height);
        br_put_be64(key + 8, i << 32);
        BR_TRY(br_kv_get(c->txn, BR_T_TXS, br_bytes(key, 12), &bytes, reterr));
        BR_TRY(br_tx_parse(bytes, &tx, reterr));
        size_t n = br_author_key(author, tx.author, first);
        first += tx.op_count;
        BR_TRY(br_kv_delete(c->txn, BR_T_AUTHORS, br_bytes(author, n), reterr));
        BR_TRY(br_kv_delete(c->txn, BR_T_TXS, br_bytes(key, 12), reterr));
    }
    return BR_OK;
}

/** Idempotency keys of the block are the youngest of the age table. */
static enum br_rc
delete_idempotency(struct br_chain *c, struct br_err *reterr)
{
    for (;;) {
        struct br_kv_cursor *cursor;
        struct br_bytes key;
        struct br_bytes value;
        BR_TRY(br_kv_cursor_open(c->txn, BR_T_IDEM_AGE, &cursor, reterr));
        enum br_rc rc = br_kv_last(cursor, &key, &value);
        br_kv_cursor_close(cursor);
        if (rc != BR_OK || br_get_be64(key.p) != c->head.time.v) {
            return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
        }
        uint8_t copy[8 + BR_HASH_BYTES];
        memcpy(copy, key.p, sizeof(copy));
        BR_TRY(br_kv_delete(
            c->txn, BR_T_IDEM, br_bytes(copy + 8, BR_HASH_BYTES), reterr));
        BR_TRY(br_kv_delete(
            c->txn, BR_T_IDEM_AGE, br_bytes(copy, sizeof(copy)), reterr));
    }
}

static enum br_rc
undo(struct br_chain *c, struct br_head *ret, struct br_err *reterr)
{
    uint8_t key[8];
    struct br_bytes value;
    struct br_block block;
    struct br_cbor r;
    struct br_bytes height = br_key_u64(key, c->head.height);
    BR_TRY(br_kv_get(c->txn, BR_T_BLOCKS, height, &value, reterr));
    BR_TRY(br_block_parse(value, &block, reterr));
    BR_TRY(br_kv_get(c->txn, BR_T_UNDO, height, &value, reterr));
    /* The value is in a page that the deletions below may rewrite. */
    br_buf_clear(&c->scratch);
    br_buf_put(&c->scratch, value.p, value.n);
    BR_TRY(br_buf_status(&c->scratch, reterr));
    br_cbor_init(&r, br_buf_bytes(&c->scratch));
    br_cbor_array_exact(&r, 2);
    BR_TRY(br_head_parse(br_cbor_bytes(&r), ret, reterr));
    BR_TRY(restore_state(c, &r, reterr));
    BR_TRY(delete_tree(c, ret->frontier.size, c->head.frontier.size, reterr));
    BR_TRY(delete_txs(c, &block, reterr));
    BR_TRY(delete_idempotency(c, reterr));
    BR_TRY(br_kv_delete(c->txn, BR_T_BLOCKS, height, reterr));
    BR_TRY(br_kv_delete(c->txn, BR_T_UNDO, height, reterr));
    uint8_t head[BR_HEAD_BYTES_MAX];
    size_t n = br_head_encode(ret, head);
    return br_kv_put(
        c->txn, BR_T_META, br_str("head"), br_bytes(head, n), reterr);
}

enum br_rc
br_chain_rewind(struct br_chain *c, struct br_err *reterr)
{
    struct br_head before;
    BR_TRY(br_kv_begin_write(c->kv, &c->txn, reterr));
    enum br_rc rc = undo(c, &before, reterr);
    if (rc != BR_OK) {
        br_chain_abort(c);
        return rc;
    }
    struct br_kv_txn *txn = c->txn;
    c->txn = NULL;
    BR_TRY(br_kv_commit(txn, reterr));
    c->head = before;
    if (c->index == NULL) {
        return BR_OK;
    }
    BR_TRY(br_digest_index_forget_from(
        c->index, (struct br_leaf_index){before.frontier.size}, reterr));
    return br_chain_catch_up_index(c, reterr);
}
