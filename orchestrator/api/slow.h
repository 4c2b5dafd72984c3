/*
 * Threads for what waits on others, or works for long: sources of claims,
 * tables of people. Neither wallets nor the rest of the desk wait for it.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_SLOW_H
#define BR_ORCHESTRATOR_SLOW_H

#include "common/base/attr.h"
#include "common/base/error.h"

#include <stdbool.h>

enum { BR_SLOW_THREADS = 4, BR_SLOW_QUEUE_MAX = 64 };

struct br_slow;

/** stopping: do not begin what takes time any more, answer and return. */
typedef void br_slow_fn(void *ctx, bool stopping);

enum br_rc
br_slow_start(struct br_slow **ret, struct br_err *reterr) BR_MUST_USE;
/** What waits is run with `stopping`. NULL is allowed. */
void br_slow_stop(struct br_slow *s);
/** BUSY, STOPPING: it was not taken. */
enum br_rc br_slow_submit(
    struct br_slow *s, br_slow_fn *fn, void *ctx, struct br_err *reterr)
    BR_MUST_USE;

#endif
