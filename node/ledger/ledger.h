/*
 * The ledger: transactions in order become leaves, state and one hash.
 *
 * Pure and deterministic: no clock, randomness, I/O or globals. Time arrives
 * with the block, state through a view, effects leave as values; every member
 * that runs the same blocks has the same application hash.
 *
 * One block: br_ledger_run for each transaction, then br_ledger_seal.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_LEDGER_LEDGER_H
#define BR_LEDGER_LEDGER_H

#include "node/ledger/effects.h"
#include "node/ledger/member.h"
#include "node/ledger/tx.h"

/** Where the ledger stands after a block: a plain value. */
struct br_head {
    uint64_t height;
    struct br_time_us time;
    struct br_hash app_hash;
    struct br_hash journal[BR_MODULE_COUNT]; /**< [module - 1] */
    struct br_frontier frontier;
};

#define BR_HEAD_BYTES_MAX \
    (16 + (1 + BR_MODULE_COUNT) * BR_HASH_BYTES + BR_FRONTIER_BYTES_MAX)

/** u64 height, u64 time, app hash, the journals of modules 1 and 2, frontier;
 *  then those of later modules, unless they are all empty. */
size_t br_head_encode(const struct br_head *h, uint8_t out[BR_HEAD_BYTES_MAX]);
enum br_rc
br_head_parse(struct br_bytes bytes, struct br_head *ret, struct br_err *reterr)
    BR_MUST_USE;

struct br_block {
    uint64_t height;
    struct br_time_us time;
    uint64_t first_leaf;
    uint64_t leaves;
    uint64_t tx_count;
    struct br_hash tx_root;
    struct br_hash app_hash;
};
void br_block_put(struct br_buf *b, const struct br_block *block);
enum br_rc br_block_parse(
    struct br_bytes bytes,
    struct br_block *ret,
    struct br_err *reterr) BR_MUST_USE;

/** What a genesis says of one member. */
struct br_genesis_member {
    struct br_bytes id;
    struct br_member member;
    struct br_public_key key;
};
struct br_genesis {
    struct br_bytes chain;
    struct br_time_us time;
    const struct br_genesis_member *members;
    size_t member_count;
};
/** Height 0: the members' state, no leaves. One operator at least. */
enum br_rc br_ledger_genesis(
    const struct br_genesis *g,
    struct br_effects *e,
    struct br_head *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Judge and run one transaction in a block of this time. On failure the
 *  effects are as before. *ret_leaves: how many leaves it added. */
enum br_rc br_ledger_run(
    struct br_bytes chain,
    struct br_time_us time,
    struct br_bytes tx,
    struct br_effects *e,
    struct br_err *reterr) BR_MUST_USE;

/** The verdict alone, before ordering: nothing is changed. */
enum br_rc br_ledger_check(
    struct br_bytes chain,
    struct br_time_us time,
    struct br_bytes tx,
    struct br_effects *e,
    struct br_err *reterr) BR_MUST_USE;

/** Close the block: hash its leaves into the tree (rows go to the effects),
 *  run the journals, make head and header. tx_root over the transactions'
 *  bytes is the caller's, who knows which of them are in the block. */
enum br_rc br_ledger_seal(
    const struct br_head *before,
    struct br_time_us time,
    struct br_effects *e,
    struct br_head *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
