/*
 * What the files of node/chain share and nobody else sees.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CHAIN_INTERNAL_H
#define BR_CHAIN_INTERNAL_H

#include "common/store/digest_index.h"
#include "common/store/kv.h"
#include "node/chain/chain.h"

/** Where a transaction of the block at hand lies in br_chain.txs. */
struct br_tx_slot {
    size_t at;
    size_t n;
    uint64_t first_leaf;
    uint64_t leaves;
};

struct br_chain {
    struct br_kv *kv;
    struct br_digest_index *index; /**< NULL for scratch and read-only */
    struct br_bytes chain;
    struct br_head head;
    /* the block at hand */
    struct br_kv_txn *txn; /**< NULL between blocks */
    struct br_view view;
    struct br_effects effects;
    struct br_buf txs;
    struct br_buf tx_ends; /**< struct br_tx_slot each */
    struct br_buf scratch;
    struct br_time_us time;
    struct br_head next;
    bool sealed;
};

static inline const struct br_tx_slot *
br_chain_slot(const struct br_chain *c, size_t i)
{
    return (const struct br_tx_slot *)(const void *)c->tx_ends.p + i;
}

/** Leaves, rows, transactions, header, undo, authors of the sealed block. */
enum br_rc
br_chain_write_block(struct br_chain *c, struct br_err *reterr) BR_MUST_USE;
/** Open the digest index and bring it up to the head. */
enum br_rc br_chain_open_index(
    struct br_chain *c, const char *folder, struct br_err *reterr) BR_MUST_USE;
/** Add the leaves that the index does not cover. */
enum br_rc
br_chain_catch_up_index(struct br_chain *c, struct br_err *reterr) BR_MUST_USE;
/** Add the digests of the block that was just committed. */
enum br_rc
br_chain_index_block(struct br_chain *c, struct br_err *reterr) BR_MUST_USE;

#endif
