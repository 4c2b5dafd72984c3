/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/cbor.h"
#include "node/chain/internal.h"
#include "node/chain/tables.h"

/* Blocks that can be undone. */
enum { UNDO_KEPT = 16 };
/* An idempotency key is remembered for a week; a commit forgets a few. */
#define IDEM_KEPT_US   (7ull * 24 * 3600 * 1000000)
#define IDEM_PER_BLOCK 64

static void
put_be32(uint8_t *out, uint32_t v)
{
    for (size_t i = 0; i < 4; i++) {
        out[i] = (uint8_t)(v >> (24 - 8 * i));
    }
}

static enum br_rc
write_leaves(struct br_chain *c, struct br_err *reterr)
{
    const struct br_effects *e = &c->effects;
    uint8_t key[8];
    for (size_t i = 0; i < br_effects_leaf_count(e); i++) {
        BR_TRY(br_kv_append(
            c->txn, BR_T_LEAVES, br_key_u64(key, e->first_leaf + i),
            br_effects_leaf(e, i), reterr));
    }
    for (size_t i = 0; i < br_effects_row_count(e); i++) {
        const struct br_merkle_row *row = br_effects_row(e, i);
        BR_TRY(br_kv_append(
            c->txn, (unsigned)(BR_T_NODES + row->g - 1),
            br_key_u64(key, row->r), br_bytes(row->node, sizeof(row->node)),
            reterr));
    }
    return BR_OK;
}

static enum br_rc
write_txs(struct br_chain *c, struct br_err *reterr)
{
    uint8_t key[12];
    br_put_be64(key, c->next.height);
    for (size_t i = 0; i < br_chain_pending_txs(c); i++) {
        const struct br_tx_slot *s = br_chain_slot(c, i);
        put_be32(key + 8, (uint32_t)i);
        BR_TRY(br_kv_append(
            c->txn, BR_T_TXS, br_bytes(key, sizeof(key)),
            br_bytes(c->txs.p + s->at, s->n), reterr));
    }
    return BR_OK;
}

static enum br_rc
write_authors(struct br_chain *c, struct br_err *reterr)
{
    for (size_t i = 0; i < br_chain_pending_txs(c); i++) {
        const struct br_tx_slot *s = br_chain_slot(c, i);
        struct br_tx tx;
        uint8_t key[BR_AUTHOR_KEY_BYTES_MAX];
        uint8_t count[4];
        BR_TRY(br_tx_parse(br_bytes(c->txs.p + s->at, s->n), &tx, reterr));
        size_t n = br_author_key(key, tx.author, s->first_leaf);
        put_be32(count, (uint32_t)s->leaves);
        BR_TRY(br_kv_put(
            c->txn, BR_T_AUTHORS, br_bytes(key, n),
            br_bytes(count, sizeof(count)), reterr));
    }
    return BR_OK;
}

static enum br_rc
make_tx_root(struct br_chain *c, struct br_hash *ret, struct br_err *reterr)
{
    size_t count = br_chain_pending_txs(c);
    br_buf_clear(&c->scratch);
    for (size_t i = 0; i < count; i++) {
        const struct br_tx_slot *s = br_chain_slot(c, i);
        struct br_bytes tx = br_bytes(c->txs.p + s->at, s->n);
        br_buf_put(&c->scratch, &tx, sizeof(tx));
    }
    BR_TRY(br_buf_status(&c->scratch, reterr));
    br_merkle_list_root(
        (const struct br_bytes *)(const void *)c->scratch.p, count, ret);
    return BR_OK;
}

static enum br_rc
write_header(struct br_chain *c, struct br_err *reterr)
{
    uint8_t key[8];
    struct br_block b = {
        .height = c->next.height,
        .time = c->next.time,
        .first_leaf = c->effects.first_leaf,
        .leaves = br_effects_leaf_count(&c->effects),
        .tx_count = br_chain_pending_txs(c),
        .app_hash = c->next.app_hash,
    };
    BR_TRY(make_tx_root(c, &b.tx_root, reterr));
    br_buf_clear(&c->scratch);
    br_block_put(&c->scratch, &b);
    BR_TRY(br_buf_status(&c->scratch, reterr));
    return br_kv_append(
        c->txn, BR_T_BLOCKS, br_key_u64(key, b.height),
        br_buf_bytes(&c->scratch), reterr);
}

/** [head before, [* [key, old value or null]]]: read before the state is
 *  written. A key written twice is listed twice with the same old value. */
static enum br_rc
write_undo(struct br_chain *c, struct br_err *reterr)
{
    const struct br_effects *e = &c->effects;
    uint8_t head[BR_HEAD_BYTES_MAX];
    size_t n = br_head_encode(&c->head, head);
    br_buf_clear(&c->scratch);
    br_cbor_put_array(&c->scratch, 2);
    br_cbor_put_bytes(&c->scratch, br_bytes(head, n));
    br_cbor_put_array(&c->scratch, br_effects_write_count(e));
    for (size_t i = 0; i < br_effects_write_count(e); i++) {
        struct br_bytes key = br_write_key(e, br_effects_write(e, i));
        struct br_bytes old;
        br_cbor_put_array(&c->scratch, 2);
        br_cbor_put_bytes(&c->scratch, key);
        enum br_rc rc = br_kv_get(c->txn, BR_T_STATE, key, &old, reterr);
        if (rc == BR_OK) {
            br_cbor_put_bytes(&c->scratch, old);
        } else if (rc == BR_ERR_NOT_FOUND) {
            br_cbor_put_null(&c->scratch);
        } else {
            return rc;
        }
    }
    BR_TRY(br_buf_status(&c->scratch, reterr));
    uint8_t key[8];
    BR_TRY(br_kv_append(
        c->txn, BR_T_UNDO, br_key_u64(key, c->next.height),
        br_buf_bytes(&c->scratch), reterr));
    if (c->next.height <= UNDO_KEPT) {
        return BR_OK;
    }
    return br_kv_delete(
        c->txn, BR_T_UNDO, br_key_u64(key, c->next.height - UNDO_KEPT), reterr);
}

static enum br_rc
forget_idempotency(struct br_chain *c, struct br_err *reterr)
{
    for (int i = 0; i < IDEM_PER_BLOCK; i++) {
        struct br_kv_cursor *cursor;
        struct br_bytes key;
        struct br_bytes value;
        BR_TRY(br_kv_cursor_open(c->txn, BR_T_IDEM_AGE, &cursor, reterr));
        enum br_rc rc = br_kv_seek(cursor, br_bytes("", 1), &key, &value);
        br_kv_cursor_close(cursor);
        if (rc == BR_ERR_NOT_FOUND) {
            return BR_OK;
        }
        BR_TRY(rc);
        if (key.n != 8 + BR_HASH_BYTES ||
            br_get_be64(key.p) + IDEM_KEPT_US > c->next.time.v) {
            return BR_OK;
        }
        uint8_t copy[8 + BR_HASH_BYTES];
        memcpy(copy, key.p, sizeof(copy));
        BR_TRY(br_kv_delete(
            c->txn, BR_T_IDEM, br_bytes(copy + 8, BR_HASH_BYTES), reterr));
        BR_TRY(br_kv_delete(
            c->txn, BR_T_IDEM_AGE, br_bytes(copy, sizeof(copy)), reterr));
    }
    return BR_OK;
}

enum br_rc
br_chain_put_idempotency(
    struct br_chain *c, const struct br_idempotency *i, struct br_err *reterr)
{
    uint8_t value[BR_HASH_BYTES + 16];
    uint8_t age[8 + BR_HASH_BYTES];
    memcpy(value, i->request.b, BR_HASH_BYTES);
    br_put_be64(value + BR_HASH_BYTES, i->leaf);
    br_put_be64(value + BR_HASH_BYTES + 8, c->time.v);
    br_put_be64(age, c->time.v);
    memcpy(age + 8, i->key.b, BR_HASH_BYTES);
    BR_TRY(br_kv_put(
        c->txn, BR_T_IDEM, br_hash_bytes(&i->key),
        br_bytes(value, sizeof(value)), reterr));
    return br_kv_put(
        c->txn, BR_T_IDEM_AGE, br_bytes(age, sizeof(age)), br_bytes("", 1),
        reterr);
}

enum br_rc
br_chain_write_block(struct br_chain *c, struct br_err *reterr)
{
    BR_TRY(write_leaves(c, reterr));
    BR_TRY(write_txs(c, reterr));
    BR_TRY(write_authors(c, reterr));
    BR_TRY(write_header(c, reterr));
    BR_TRY(write_undo(c, reterr));
    return forget_idempotency(c, reterr);
}
