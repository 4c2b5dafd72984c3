/*
 * What the files of node/gateway share.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_GATEWAY_INTERNAL_H
#define BR_GATEWAY_INTERNAL_H

#include "node/gateway/dedup.h"
#include "node/gateway/gateway.h"

#include <pthread.h>
#include <stdatomic.h>

/* Digests of a bulk request in one block: large enough that the commit is a
 * small part, small enough that single stamps beside it wait some 30 ms. */
#define BR_GATEWAY_BULK_CHUNK 16384u

struct br_gateway {
    struct br_gateway_options o;
    struct br_engine_app app;
    const struct br_engine_ops *engine_ops;
    struct br_engine *engine;
    atomic_size_t waiting; /**< requests and bulks not told yet */
    pthread_mutex_t lock;
    /* under lock */
    struct br_gateway_request *pending;
    struct br_gateway_request **pending_end;
    size_t pending_count;
    struct br_gateway_bulk *bulks; /**< the first is being worked at */
    struct br_gateway_bulk **bulks_end;
    size_t bulk_bytes;
    bool closed; /**< no more blocks will come */
    /* the engine's thread */
    struct br_gateway_request *taken;
    size_t taken_count;
    struct br_gateway_bulk *bulk;
    struct br_time_us time;
    size_t kept_keys; /**< idempotency keys written in the block at hand */
    struct br_dedup dedup;
    struct br_buf ops;
    struct br_buf tx;
    struct br_buf note;
    struct br_buf scratch; /**< the settlement's */
};

/** Sign what g->ops holds as one transaction and run it in the block. */
enum br_rc br_gateway_sign_and_run(
    struct br_gateway *g,
    unsigned member,
    uint64_t op_count,
    uint64_t *ret_first,
    struct br_err *reterr) BR_MUST_USE;
void br_gateway_propose_requests(struct br_gateway *g, struct br_snapshot *s);
void br_gateway_propose_bulk(struct br_gateway *g, struct br_snapshot *s);

#endif
