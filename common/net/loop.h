/*
 * The main loop of a daemon (libuv inside): signals, timers, wake-ups from
 * other threads. One per process, on the main thread.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_NET_LOOP_H
#define BR_NET_LOOP_H

#include "common/base/error.h"

#include <stdint.h>

struct br_loop;

enum br_rc br_loop_new(struct br_loop **ret, struct br_err *reterr) BR_MUST_USE;
void br_loop_free(struct br_loop *l);
/** Until br_loop_stop. */
void br_loop_run(struct br_loop *l);
void br_loop_stop(struct br_loop *l);
/** fn on the loop's thread when the signal arrives (SIGTERM, SIGINT, SIGHUP).
 */
enum br_rc br_loop_on_signal(
    struct br_loop *l,
    int signum,
    void (*fn)(void *ctx),
    void *ctx,
    struct br_err *reterr) BR_MUST_USE;
/** fn every period; the first time after one period. */
enum br_rc br_loop_every(
    struct br_loop *l,
    uint64_t period_ms,
    void (*fn)(void *ctx),
    void *ctx,
    struct br_err *reterr) BR_MUST_USE;
/** Watch a folder (not its subfolders): fn with the name that changed, NULL
 *  when the system does not tell it. */
enum br_rc br_loop_watch_folder(
    struct br_loop *l,
    const char *path,
    void (*fn)(void *ctx, const char *name),
    void *ctx,
    struct br_err *reterr) BR_MUST_USE;

#endif
