/*
 * The ledger on disk: one LMDB write transaction is one block.
 *
 * - One thread writes (begin, run, seal, commit or abort); any thread reads,
 *   each through a snapshot of its own.
 * - br_chain_commit returns when the block is durable; nothing is visible to
 *   readers before. After a failed commit nothing of the block is stored.
 * - The digest index beside it is rebuilt from the leaves whenever it is
 *   behind or damaged.
 *
 * Tables: see chain_tables in tables.h; docs/storage.md tells every row.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CHAIN_CHAIN_H
#define BR_CHAIN_CHAIN_H

#include "node/ledger/ledger.h"

struct br_chain;
struct br_digest_index;

struct br_chain_options {
    const char *folder;    /**< holds db/ and index/ */
    struct br_bytes chain; /**< chain id; kept by the caller */
    size_t map_bytes;      /**< 0: the store's default */
    bool read_only;        /**< no index, no writing: an inspector */
    bool scratch;          /**< not durable: for verification and import */
};

/** Make a new chain from its genesis; BR_ERR_CONFLICT when one is there. */
enum br_rc br_chain_create(
    const struct br_chain_options *options,
    const struct br_genesis *genesis,
    struct br_err *reterr) BR_MUST_USE;
/** BR_ERR_NOT_FOUND: no chain here. BR_ERR_CORRUPT: it says what is. */
enum br_rc br_chain_open(
    const struct br_chain_options *options,
    struct br_chain **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_chain_close(struct br_chain *c);

/* ---- writing: one thread ------------------------------------------------ */
/** The head after the last commit; the writer's own. */
const struct br_head *br_chain_head(const struct br_chain *c);
/** Begin a block at this time, which must be later than the head's. */
enum br_rc br_chain_begin(
    struct br_chain *c,
    struct br_time_us time,
    struct br_err *reterr) BR_MUST_USE;
/** Judge and run a transaction; a refused one leaves no trace. */
enum br_rc br_chain_run(
    struct br_chain *c,
    struct br_bytes tx,
    uint64_t *ret_first_leaf,
    uint64_t *ret_leaves,
    struct br_err *reterr) BR_MUST_USE;
/** Transactions and leaves of the block so far. */
size_t br_chain_pending_txs(const struct br_chain *c);
/** State as this block sees it. */
const struct br_effects *br_chain_effects(const struct br_chain *c);
/** Close the block; *ret is the head that a commit will make durable. */
enum br_rc br_chain_seal(
    struct br_chain *c, struct br_head *ret, struct br_err *reterr) BR_MUST_USE;
enum br_rc
br_chain_commit(struct br_chain *c, struct br_err *reterr) BR_MUST_USE;
/** Drop the block at hand; allowed when there is none. */
void br_chain_abort(struct br_chain *c);
/** Undo the last block. BR_ERR_NOT_FOUND when it is too long ago. */
enum br_rc
br_chain_rewind(struct br_chain *c, struct br_err *reterr) BR_MUST_USE;

/** Remember, in the same commit, that an idempotency key led to a leaf. */
struct br_idempotency {
    struct br_hash key;     /**< SHA-256 of member and key */
    struct br_hash request; /**< SHA-256 of what was asked */
    uint64_t leaf;
};
enum br_rc br_chain_put_idempotency(
    struct br_chain *c,
    const struct br_idempotency *i,
    struct br_err *reterr) BR_MUST_USE;

/** End a block that has no transactions, but keep its idempotency keys. */
enum br_rc
br_chain_commit_keys(struct br_chain *c, struct br_err *reterr) BR_MUST_USE;

struct br_digest_index *br_chain_index(struct br_chain *c);

/** A compact copy into a new folder, while others write. */
enum br_rc br_chain_backup(
    struct br_chain *c, const char *folder, struct br_err *reterr) BR_MUST_USE;
struct br_kv;
struct br_kv *br_chain_kv(struct br_chain *c);

#endif
