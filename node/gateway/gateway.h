/*
 * The gateway: plain HTTP clients stamp under a member's name.
 *
 * Requests wait here until the engine cuts a block; then they become one
 * transaction a member, signed with that member's key, with one operation
 * each. A digest that this member has stamped, or an idempotency key that it
 * has used, gets the first leaf instead. When the block is durable every
 * request is told, on the engine's thread.
 *
 * The gateway is also the application that the engine drives
 * (node/engine/engine.h).
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_GATEWAY_GATEWAY_H
#define BR_GATEWAY_GATEWAY_H

#include "node/chain/snapshot.h"
#include "node/engine/engine.h"

struct br_gateway;
struct br_publisher;

/** What a request is told with, once its block is durable. */
struct br_settlement {
    struct br_snapshot *snapshot;
    struct br_bytes checkpoint; /**< the signed note over the snapshot's size */
    struct br_buf *scratch;     /**< for whoever answers; clear it first */
};

struct br_gateway_request;
typedef void br_gateway_done(
    struct br_gateway_request *r, const struct br_settlement *settlement);

/** One operation asked for. The caller fills the first part, keeps it alive
 *  until done, and frees it there. */
struct br_gateway_request {
    struct br_op op; /**< digest and leaf point to memory of the caller's */
    struct br_hash idem_key;
    struct br_hash idem_request;
    br_gateway_done *done; /**< settlement is NULL when rc is not BR_OK */
    void *ctx;
    unsigned member; /**< which local member signs */
    bool again;      /**< stamp anew what was stamped before */
    bool keyed;      /**< idem_key and idem_request are set */
    /* the outcome */
    bool existing;
    /* the gateway's own */
    bool proposed;  /**< an operation of the block at hand is for it */
    bool key_known; /**< its key is stored already */
    enum br_rc rc;  /**< the outcome: BR_OK, or err tells */
    uint64_t index; /**< the outcome: of the leaf */
    struct br_err err;
    struct br_gateway_request *same_as; /**< one of this block decides it */
    struct br_gateway_request *next;
};

/** Many digests of one algorithm in one request. */
#define BR_BULK_EXISTING (1ull << 63)
struct br_gateway_bulk {
    unsigned member;
    bool again;
    uint64_t alg;
    size_t digest_bytes;
    struct br_bytes digests; /**< count * digest_bytes */
    size_t count;
    uint64_t *index; /**< of each; BR_BULK_EXISTING is added when it existed */
    void (*done)(
        struct br_gateway_bulk *b, const struct br_settlement *settlement);
    void *ctx;
    enum br_rc rc;
    struct br_err err;
    /* the gateway's own */
    size_t next_digest;
    struct br_gateway_bulk *next;
};

/** A member whose key this node holds. */
struct br_local_member {
    char id[BR_MEMBER_ID_BYTES_MAX + 1];
    struct br_signer *signer; /**< borrowed */
};

struct br_gateway_options {
    struct br_chain *chain;
    struct br_publisher *publisher;
    const char *chain_id;
    const struct br_local_member *members; /**< borrowed */
    size_t member_count;
    size_t queue_max;      /**< requests waiting */
    size_t bulk_bytes_max; /**< digests of bulk requests waiting */
};

enum br_rc br_gateway_new(
    const struct br_gateway_options *options,
    struct br_gateway **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_gateway_free(struct br_gateway *g);
const struct br_engine_app *br_gateway_app(struct br_gateway *g);
/** After the engine has been started: who is to be woken. */
void br_gateway_set_engine(
    struct br_gateway *g, const struct br_engine_ops *ops, struct br_engine *e);

/** BR_ERR_BUSY when too many wait; then done is not called. */
enum br_rc br_gateway_submit(
    struct br_gateway *g,
    struct br_gateway_request *r,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_gateway_submit_bulk(
    struct br_gateway *g,
    struct br_gateway_bulk *b,
    struct br_err *reterr) BR_MUST_USE;
/** Position of a local member, or -1. */
int br_gateway_member(const struct br_gateway *g, struct br_bytes id);

#endif
