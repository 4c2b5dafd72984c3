/*
 * Work that may wait (passphrases, the vault, other people's servers) is done
 * away from the threads of HTTP: a bounded queue, and threads that each have a
 * client of their own.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_WORK_H
#define BR_WALLET_WORK_H

#include "common/net/http_server.h"
#include "wallet/setup/open.h"

/* Requests that wait for a thread; past it, BUSY. */
#define BR_WORK_QUEUE_MAX 256

struct br_work;

/** Answers the request, on a thread of the pool; NULL: nobody asked. */
typedef void br_work_fn(
    struct br_http_request *req, void *ctx, struct br_wallet_client *client);

enum br_rc br_work_start(
    const struct br_wallet *wallet,
    void *ctx,
    unsigned threads,
    struct br_work **ret,
    struct br_err *reterr) BR_MUST_USE;
/** What waits is answered with STOPPING, what runs is waited for. */
void br_work_stop(struct br_work *w);
/** Or answer BUSY. False: it is not done. */
bool
br_work_put(struct br_work *w, struct br_http_request *req, br_work_fn *fn);

#endif
