/*
 * Reading the chain: one moment of it, for as short as possible.
 *
 * A snapshot belongs to one thread. What it returns is borrowed until it is
 * closed; it must not be kept while waiting for a peer.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CHAIN_SNAPSHOT_H
#define BR_CHAIN_SNAPSHOT_H

#include "common/merkle/merkle.h"
#include "node/chain/chain.h"

struct br_kv_txn;

/** A group of sixteen that was read, and what was hashed of it: neighbours
 *  share it. */
struct br_snapshot_memo {
    bool full;
    uint16_t hashed; /**< bit i: inner[i] is valid */
    uint64_t group;
    struct br_hash node[BR_MERKLE_GROUP];
    struct br_hash inner[14]; /**< eight pairs, four fours, two eights */
};

/** The last two groups of a level: a proof goes to the leaf's and to the one at
 *  the tree's right edge, and so does the next proof. */
struct br_snapshot_level {
    struct br_snapshot_memo memo[2];
    unsigned last; /**< which was asked for last */
};

struct br_snapshot {
    struct br_kv_txn *txn;
    struct br_head head;
    struct br_snapshot_level level[BR_MERKLE_LEVELS_MAX];
};

enum br_rc br_snapshot_open(
    struct br_chain *c,
    struct br_snapshot *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_snapshot_close(struct br_snapshot *s);

/** BR_ERR_NOT_FOUND past the end. */
enum br_rc br_snapshot_leaf(
    struct br_snapshot *s,
    uint64_t index,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_snapshot_block(
    struct br_snapshot *s,
    uint64_t height,
    struct br_block *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The block that holds this leaf. */
enum br_rc br_snapshot_block_of(
    struct br_snapshot *s,
    uint64_t leaf,
    struct br_block *ret,
    struct br_err *reterr) BR_MUST_USE;
/** First leaf of the first block at or after this time; the tree's size when
 *  there is none. */
enum br_rc br_snapshot_leaf_at(
    struct br_snapshot *s,
    struct br_time_us time,
    uint64_t *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_snapshot_tx(
    struct br_snapshot *s,
    uint64_t height,
    uint32_t position,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_snapshot_state(
    struct br_snapshot *s,
    struct br_bytes key,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Newest leaves of one member below `before`, newest first. */
enum br_rc br_snapshot_by_member(
    struct br_snapshot *s,
    struct br_bytes member,
    uint64_t before,
    uint64_t *ret,
    size_t max,
    size_t *ret_count) BR_MUST_USE;
/** Who wrote a leaf, from the author table (raw leaves do not say it). */
enum br_rc br_snapshot_author_of(
    struct br_snapshot *s,
    uint64_t leaf,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;

enum br_rc br_snapshot_idempotency(
    struct br_snapshot *s,
    const struct br_hash *key,
    struct br_idempotency *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Proofs and tiles over this snapshot: common/merkle/merkle.h. */
struct br_merkle_source br_snapshot_source(struct br_snapshot *s);
void br_snapshot_root(const struct br_snapshot *s, struct br_hash *ret);

#endif
