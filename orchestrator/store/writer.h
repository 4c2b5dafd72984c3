/*
 * Writes of many requests in one transaction: an fsync is slow, a hundred
 * requests wait for one together.
 *
 * - apply runs on the writer's thread, in the order of submission. It checks
 *   everything before its first put; when it refuses, the others go on.
 * - done runs on the writer's thread when the transaction is durable, or has
 *   failed; it owns the job from then on.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_WRITER_H
#define BR_ORCHESTRATOR_WRITER_H

#include "common/store/kv.h"

struct br_write {
    enum br_rc (*apply)(
        struct br_write *w, struct br_kv_txn *txn, struct br_err *reterr);
    void (*done)(struct br_write *w, enum br_rc rc, const struct br_err *err);
    struct br_write *next; /**< the writer's, as the rest */
    enum br_rc rc;
    struct br_err err;
};

struct br_writer;

enum br_rc br_writer_start(
    struct br_kv *kv,
    size_t queue_max,
    struct br_writer **ret,
    struct br_err *reterr) BR_MUST_USE;
/** What waits is done first. NULL is allowed. */
void br_writer_stop(struct br_writer *w);
/** BUSY, STOPPING: it was not taken, and done is not called. */
enum br_rc br_writer_submit(
    struct br_writer *w,
    struct br_write *job,
    struct br_err *reterr) BR_MUST_USE;

#endif
