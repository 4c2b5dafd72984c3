/*
 * Recomputing a chain from its genesis and its transactions, in a scratch
 * folder beside it, and comparing every row: `broletto log verify`. The same
 * walk copies a chain (export, import).
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CHAIN_REPLAY_H
#define BR_CHAIN_REPLAY_H

#include "node/chain/snapshot.h"

struct br_replay_options {
    const char *folder;  /**< the chain to verify: opened read-only */
    const char *scratch; /**< a new folder, removed by the caller */
    const struct br_genesis *genesis;
    /** Told now and then; may be NULL. */
    void (*progress)(void *ctx, uint64_t leaves, uint64_t total);
    void *ctx;
};

struct br_replay_report {
    uint64_t blocks;
    uint64_t leaves;
    struct br_hash root;
    struct br_hash app_hash;
};

/** BR_OK: every leaf, tree row, header, transaction, author and state row is
 *  what the transactions make of the genesis, every signature verifies.
 *  CORRUPT: the text names the table and the first row that differs. */
enum br_rc br_chain_verify(
    const struct br_replay_options *options,
    struct br_replay_report *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
