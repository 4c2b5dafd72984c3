/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/chain/chain.h"

#include "common/base/assert.h"
#include "common/crypto/hash.h"
#include "common/receipt/leaf.h"
#include "common/store/digest_index.h"
#include "node/chain/internal.h"
#include "node/chain/tables.h"

#include <stdio.h>
#include <stdlib.h>

static const char format[] = "broletto-1";

/* ---- opening ------------------------------------------------------------ */

static enum br_rc
open_kv(
    const struct br_chain_options *o, struct br_kv **ret, struct br_err *reterr)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/db", o->folder);
    struct br_kv_options kv = {
        .path = path,
        .tables = br_chain_tables,
        .table_count = BR_CHAIN_TABLES,
        .map_bytes = o->map_bytes,
        .read_only = o->read_only,
        .rebuildable = o->scratch,
    };
    return br_kv_open(&kv, ret, reterr);
}

static enum br_rc
view_get(
    void *ctx, struct br_bytes key, struct br_bytes *ret, struct br_err *reterr)
{
    struct br_chain *c = (struct br_chain *)ctx;
    return br_kv_get(c->txn, BR_T_STATE, key, ret, reterr);
}

static struct br_chain *
new_chain(const struct br_chain_options *o)
{
    struct br_chain *c = (struct br_chain *)calloc(1, sizeof(*c));
    if (c == NULL) {
        return NULL;
    }
    c->chain = o->chain;
    c->view = (struct br_view){c, view_get};
    br_effects_init(&c->effects);
    br_buf_init(&c->txs, BR_BLOCK_TXS_MAX * (size_t)BR_TX_BYTES_MAX);
    br_buf_init(&c->tx_ends, BR_BLOCK_TXS_MAX * sizeof(struct br_tx_slot));
    br_buf_init(&c->scratch, 256u << 20);
    return c;
}

static enum br_rc
write_state(struct br_chain *c, struct br_err *reterr)
{
    const struct br_effects *e = &c->effects;
    for (size_t i = 0; i < br_effects_write_count(e); i++) {
        const struct br_write *w = br_effects_write(e, i);
        BR_TRY(br_kv_put(
            c->txn, BR_T_STATE, br_write_key(e, w), br_write_value(e, w),
            reterr));
    }
    return BR_OK;
}

static enum br_rc
write_head(struct br_chain *c, const struct br_head *h, struct br_err *reterr)
{
    uint8_t bytes[BR_HEAD_BYTES_MAX];
    size_t n = br_head_encode(h, bytes);
    return br_kv_put(
        c->txn, BR_T_META, br_str("head"), br_bytes(bytes, n), reterr);
}

static enum br_rc
write_genesis(
    struct br_chain *c, const struct br_genesis *genesis, struct br_err *reterr)
{
    struct br_bytes value;
    struct br_head head;
    BR_TRY(br_kv_begin_write(c->kv, &c->txn, reterr));
    if (br_kv_get(c->txn, BR_T_META, br_str("head"), &value, NULL) == BR_OK) {
        return br_fail(reterr, BR_ERR_CONFLICT, "there is a chain here");
    }
    br_effects_clear(&c->effects, &c->view, 0);
    BR_TRY(br_ledger_genesis(genesis, &c->effects, &head, reterr));
    BR_TRY(write_state(c, reterr));
    BR_TRY(
        br_kv_put(c->txn, BR_T_META, br_str("format"), br_str(format), reterr));
    BR_TRY(write_head(c, &head, reterr));
    struct br_kv_txn *txn = c->txn;
    c->txn = NULL;
    return br_kv_commit(txn, reterr);
}

enum br_rc
br_chain_create(
    const struct br_chain_options *options,
    const struct br_genesis *genesis,
    struct br_err *reterr)
{
    struct br_chain *c = new_chain(options);
    if (c == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "chain");
    }
    enum br_rc rc = open_kv(options, &c->kv, reterr);
    if (rc == BR_OK) {
        rc = write_genesis(c, genesis, reterr);
    }
    br_chain_close(c);
    return rc;
}

static enum br_rc
read_head(struct br_chain *c, struct br_err *reterr)
{
    struct br_kv_txn *txn;
    struct br_bytes value;
    BR_TRY(br_kv_begin_read(c->kv, &txn, reterr));
    enum br_rc rc = br_kv_get(txn, BR_T_META, br_str("format"), &value, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        rc = br_fail(reterr, rc, "there is no chain in this folder");
    } else if (rc == BR_OK && !br_bytes_eq(value, br_str(format))) {
        rc = br_fail(reterr, BR_ERR_UNSUPPORTED, "another version's data");
    }
    if (rc == BR_OK) {
        rc = br_kv_get(txn, BR_T_META, br_str("head"), &value, reterr);
    }
    if (rc == BR_OK) {
        rc = br_head_parse(value, &c->head, reterr);
    }
    br_kv_end(txn);
    return rc;
}

enum br_rc
br_chain_open(
    const struct br_chain_options *options,
    struct br_chain **ret,
    struct br_err *reterr)
{
    struct br_chain *c = new_chain(options);
    if (c == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "chain");
    }
    enum br_rc rc = open_kv(options, &c->kv, reterr);
    if (rc == BR_OK) {
        rc = read_head(c, reterr);
    }
    if (rc == BR_OK && !options->read_only && !options->scratch) {
        rc = br_chain_open_index(c, options->folder, reterr);
    }
    if (rc != BR_OK) {
        br_chain_close(c);
        return rc;
    }
    *ret = c;
    return BR_OK;
}

void
br_chain_close(struct br_chain *c)
{
    if (c == NULL) {
        return;
    }
    br_kv_end(c->txn);
    br_digest_index_close(c->index);
    br_kv_close(c->kv);
    br_effects_fini(&c->effects);
    br_buf_fini(&c->txs);
    br_buf_fini(&c->tx_ends);
    br_buf_fini(&c->scratch);
    free(c);
}

/* ---- a block ------------------------------------------------------------ */

const struct br_head *
br_chain_head(const struct br_chain *c)
{
    return &c->head;
}

const struct br_effects *
br_chain_effects(const struct br_chain *c)
{
    return &c->effects;
}

struct br_digest_index *
br_chain_index(struct br_chain *c)
{
    return c->index;
}

struct br_kv *
br_chain_kv(struct br_chain *c)
{
    return c->kv;
}

size_t
br_chain_pending_txs(const struct br_chain *c)
{
    return c->tx_ends.n / sizeof(struct br_tx_slot);
}

enum br_rc
br_chain_begin(
    struct br_chain *c, struct br_time_us time, struct br_err *reterr)
{
    BR_ASSERT(c->txn == NULL);
    BR_ASSERT(time.v > c->head.time.v);
    BR_TRY(br_kv_begin_write(c->kv, &c->txn, reterr));
    br_effects_clear(&c->effects, &c->view, c->head.frontier.size);
    br_buf_clear(&c->txs);
    br_buf_clear(&c->tx_ends);
    c->time = time;
    c->sealed = false;
    return BR_OK;
}

/** First, so that no effect is there without the transaction's bytes. */
static enum br_rc
keep_tx(
    struct br_chain *c,
    struct br_bytes tx,
    const struct br_tx_slot *slot,
    struct br_err *reterr)
{
    br_buf_put(&c->txs, tx.p, tx.n);
    br_buf_put(&c->tx_ends, slot, sizeof(*slot));
    enum br_rc rc = br_buf_status(&c->txs, reterr);
    if (rc == BR_OK) {
        rc = br_buf_status(&c->tx_ends, reterr);
    }
    c->txs.failed = c->txs.refused = false;
    c->tx_ends.failed = c->tx_ends.refused = false;
    return rc;
}

enum br_rc
br_chain_run(
    struct br_chain *c,
    struct br_bytes tx,
    uint64_t *ret_first_leaf,
    uint64_t *ret_leaves,
    struct br_err *reterr)
{
    BR_ASSERT(c->txn != NULL && !c->sealed);
    if (br_chain_pending_txs(c) == BR_BLOCK_TXS_MAX) {
        return br_fail(reterr, BR_ERR_BUSY, "the block is full");
    }
    size_t before = c->tx_ends.n;
    struct br_tx_slot slot = {
        .at = c->txs.n,
        .n = tx.n,
        .first_leaf = br_effects_next_leaf(&c->effects),
    };
    enum br_rc rc = keep_tx(c, tx, &slot, reterr);
    if (rc == BR_OK) {
        rc = br_ledger_run(c->chain, c->time, tx, &c->effects, reterr);
    }
    if (rc != BR_OK) {
        c->txs.n = slot.at;
        c->tx_ends.n = before;
        return rc;
    }
    slot.leaves = br_effects_next_leaf(&c->effects) - slot.first_leaf;
    memcpy(c->tx_ends.p + before, &slot, sizeof(slot));
    *ret_first_leaf = slot.first_leaf;
    *ret_leaves = slot.leaves;
    return BR_OK;
}

enum br_rc
br_chain_seal(struct br_chain *c, struct br_head *ret, struct br_err *reterr)
{
    BR_ASSERT(c->txn != NULL && !c->sealed);
    BR_TRY(br_ledger_seal(&c->head, c->time, &c->effects, &c->next, reterr));
    c->sealed = true;
    *ret = c->next;
    return BR_OK;
}

void
br_chain_abort(struct br_chain *c)
{
    br_kv_end(c->txn);
    c->txn = NULL;
    c->sealed = false;
}

enum br_rc
br_chain_commit(struct br_chain *c, struct br_err *reterr)
{
    BR_ASSERT(c->txn != NULL && c->sealed);
    struct br_err inner;
    enum br_rc rc = br_chain_write_block(c, reterr);
    if (rc == BR_OK) {
        rc = write_state(c, reterr);
    }
    if (rc == BR_OK) {
        rc = write_head(c, &c->next, reterr);
    }
    if (rc != BR_OK) {
        br_chain_abort(c);
        return rc;
    }
    struct br_kv_txn *txn = c->txn;
    c->txn = NULL;
    c->sealed = false;
    BR_TRY(br_kv_commit(txn, reterr));
    c->head = c->next;
    if (c->index == NULL || br_chain_index_block(c, &inner) == BR_OK) {
        return BR_OK;
    }
    /* The block is durable, but the index would miss what is in it: the owner
     * must stop, and the next start makes the index again. */
    return br_fail(reterr, BR_ERR_IO, "the digest index: %.180s", inner.text);
}

enum br_rc
br_chain_commit_keys(struct br_chain *c, struct br_err *reterr)
{
    BR_ASSERT(c->txn != NULL && br_chain_pending_txs(c) == 0);
    struct br_kv_txn *txn = c->txn;
    c->txn = NULL;
    return br_kv_commit(txn, reterr);
}

enum br_rc
br_chain_backup(struct br_chain *c, const char *folder, struct br_err *reterr)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/db", folder);
    return br_kv_backup(c->kv, path, reterr);
}
