/*
 * Who decides the order: the interface of the engines.
 *
 * An engine receives transactions, puts them in order, hands batches to the
 * application and tells each submitter what became of it once the batch is
 * durable. `solo` is one sequencer in this process; an engine of several
 * bodies drives the same application, one call for one ABCI 2.0 method:
 *
 *   begin + run + seal = FinalizeBlock, commit = Commit, propose =
 *   PrepareProposal, rewind = the operator's rollback.
 *
 * Invariants: begin, then runs, then seal, then commit or abort; never two
 * blocks at once; all of these on one thread. A commit that fails with
 * BR_ERR_DISK_FULL leaves the last block standing and may be tried again;
 * any other failure of a commit stops the engine for good.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ENGINE_ENGINE_H
#define BR_ENGINE_ENGINE_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"

/** What became of a transaction. */
struct br_tx_result {
    enum br_rc rc;
    struct br_err err; /**< when rc is not BR_OK */
    uint64_t height;
    uint64_t first_leaf;
    uint64_t leaves;
};
typedef void br_tx_done(void *ctx, const struct br_tx_result *result);

struct br_engine_app {
    void *ctx;
    /** Time of the last block: the next one must be later. */
    struct br_time_us (*last_time)(void *ctx);
    /** Has the application transactions of its own to propose? Any thread. */
    bool (*has_pending)(void *ctx);
    enum br_rc (*begin)(
        void *ctx, struct br_time_us time, struct br_err *reterr);
    enum br_rc (*run)(
        void *ctx,
        struct br_bytes tx,
        struct br_tx_result *ret,
        struct br_err *reterr);
    /** Run the application's own transactions. */
    void (*propose)(void *ctx);
    /** How many transactions the block has; a block of none is aborted. */
    size_t (*size)(void *ctx);
    enum br_rc (*seal)(
        void *ctx, struct br_hash *ret_app_hash, struct br_err *reterr);
    enum br_rc (*commit)(void *ctx, struct br_err *reterr);
    void (*abort)(void *ctx);
    /** The block is durable (rc is BR_OK) or was dropped: answer. With
     *  STOPPING there was no block and there will be none: answer what waits
     *  and take no more. */
    void (*settled)(void *ctx, enum br_rc rc, const struct br_err *err);
};

struct br_engine_options {
    const struct br_engine_app *app;
    size_t queue_max;            /**< transactions waiting at most */
    uint64_t clock_tolerance_us; /**< a clock may step back this far */
    /** Told once, on the engine's thread, when it has stopped for good. */
    void (*fatal)(void *ctx, const struct br_err *err);
    /** Told when the clock is found behind the last block, and with 0 when
     *  it is right again. */
    void (*clock_backwards)(void *ctx, uint64_t behind_us);
    void *ctx;
};

struct br_engine_status {
    bool failed;      /**< stopped for good */
    bool disk_full;   /**< the last block could not be stored */
    bool clock_wrong; /**< the clock is behind the last block */
    uint64_t blocks;
    uint64_t queued;
};

struct br_engine;

struct br_engine_ops {
    const char *name;
    enum br_rc (*start)(
        const struct br_engine_options *options,
        struct br_engine **ret,
        struct br_err *reterr);
    /** Takes the bytes. done is called exactly once, on the engine's thread,
     *  unless submit fails: BUSY, STOPPING, NO_MEMORY. */
    enum br_rc (*submit)(
        struct br_engine *e,
        struct br_bytes tx,
        br_tx_done *done,
        void *ctx,
        struct br_err *reterr);
    /** The application has something to propose. Any thread; cheap. */
    void (*wake)(struct br_engine *e);
    void (*status)(struct br_engine *e, struct br_engine_status *ret);
    /** Work off what is queued, then end; after it, nothing is called. */
    void (*stop)(struct br_engine *e);
};

/** One sequencer with group commit: a block is cut as soon as the last one is
 *  durable, with all that has arrived meanwhile. */
extern const struct br_engine_ops br_engine_solo;

#endif
