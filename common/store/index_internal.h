/*
 * What the files of the digest index share: its state, and the view that the
 * threads read.
 *
 * - A view is immutable: the tables and runs that are looked up together.
 *   Whoever finds takes a reference under the lock, then needs no lock; who
 *   changes something publishes another view. So no look-up ever waits for
 *   the disk, a merge or a check, and none of these waits for a look-up.
 * - Three threads change the view: the adding one (turns the table over,
 *   forgets), the flusher (a full table becomes a run), the merger (eight runs
 *   become one). Two of them never touch the same part: runs are appended by
 *   the flusher, replaced inside by the merger, removed by the adding thread
 *   only while the other two are held.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_STORE_INDEX_INTERNAL_H
#define BR_STORE_INDEX_INTERNAL_H

#include <pthread.h>

#include "common/store/digest_index.h"
#include "common/store/index_run.h"

enum {
    BR_INDEX_FAN = 8, /* runs of one tier that become one of the next */
    /* Seven runs a tier are waiting at most, unless merging fails. */
    BR_INDEX_RUNS_MAX = 256,
    BR_INDEX_SECRET_BYTES = 16,
};

/* ---- views (index_view.c) ----------------------------------------------- */

struct br_index_view {
    atomic_uint refs;
    struct br_index_memory *active;
    struct br_index_memory *full; /**< being written, or NULL */
    size_t run_count;
    struct br_index_run *run[]; /**< ascending, without gaps from leaf 0 */
};

/** With one reference, and its own to what it shows; NULL without memory.
 *  Tables may be NULL where nothing is looked up. */
struct br_index_view *br_index_view_new(
    struct br_index_memory *active,
    struct br_index_memory *full,
    struct br_index_run *const *run,
    size_t run_count);
void br_index_view_unref(struct br_index_view *v);
/** Leaves below this are in its runs. */
uint64_t br_index_view_covered(const struct br_index_view *v);
/** Ask the processor for what a look-up of the key reads first. */
void br_index_view_prefetch(const struct br_index_view *v, uint64_t key);
size_t br_index_view_find(
    const struct br_index_view *v,
    struct br_index_pair from,
    struct br_leaf_index *ret,
    size_t max);

/* ---- the index ---------------------------------------------------------- */

/** Where a test may look on, or stop the world. */
enum br_index_step {
    BR_INDEX_STEP_FLUSH,  /**< a full table waits for its run's name */
    BR_INDEX_STEP_MERGE,  /**< a merged run waits for its name */
    BR_INDEX_STEP_MERGED, /**< named; the old runs are still there */
};

struct br_index_tuning {
    size_t pairs_max; /**< of a table in memory */
    void (*step)(void *ctx, enum br_index_step step); /**< or NULL */
    void *ctx;
};

struct br_digest_index {
    int folder; /**< locked for one process */
    uint8_t secret[BR_INDEX_SECRET_BYTES];
    uint64_t mark; /**< of the secret */
    struct br_index_tuning tuning;
    _Atomic uint64_t covered;
    /* the adding thread's */
    struct br_index_memory *active; /**< the view's, borrowed */
    uint64_t next;                  /**< leaves below are here */
    uint64_t missing; /**< this leaf was refused; UINT64_MAX: none */
    /* the threads' */
    pthread_t flusher;
    pthread_t merger;
    bool has_flusher;
    bool has_merger;
    atomic_bool cancel; /**< a merge ends soon, without effect */
    pthread_mutex_t lock;
    pthread_cond_t changed; /**< any of what follows */
    struct br_index_view *view;
    bool ending;
    bool held; /**< nothing new begins */
    bool flushing;
    bool merging;
    struct br_err flush_failure; /**< then the flusher waits to be asked */
    struct br_err merge_failure; /**< then the merger waits for a flush */
};

/** As br_digest_index_open. */
enum br_rc br_digest_index_open_with(
    const char *folder,
    const struct br_index_tuning *tuning,
    struct br_digest_index **ret,
    struct br_err *reterr) BR_MUST_USE;

/** The current view, with a reference. */
struct br_index_view *br_index_take_view(struct br_digest_index *ix);
/** Under the lock: show another. The old one is the caller's, to unref once
 *  the lock is free. */
struct br_index_view *
br_index_swap_view(struct br_digest_index *ix, struct br_index_view *v);

/* ---- files (index_files.c) ---------------------------------------------- */

/** Make or open the folder, lock it, read the secret, open the runs, remove
 *  what a crash has left. On failure the caller closes. */
enum br_rc br_index_open_files(
    struct br_digest_index *ix,
    const char *folder,
    struct br_err *reterr) BR_MUST_USE;

/* ---- threads (index_work.c) --------------------------------------------- */

enum br_rc
br_index_start(struct br_digest_index *ix, struct br_err *reterr) BR_MUST_USE;
/** Ends both threads; a merge is given up. */
void br_index_stop(struct br_digest_index *ix);
/** Wait until neither thread works, and keep them so. */
void br_index_hold(struct br_digest_index *ix);
void br_index_release(struct br_digest_index *ix);

#endif
