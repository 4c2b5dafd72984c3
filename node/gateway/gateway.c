/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/gateway/gateway.h"

#include "common/base/assert.h"
#include "node/gateway/internal.h"
#include "node/publish/publisher.h"

#include <stdlib.h>

/* A receipt's text with a checkpoint that many have cosigned. */
enum { SCRATCH_BYTES_MAX = 64 * 1024 };
/* A transaction of the gateway's own is signed for the block at hand. */
#define EXPIRY_US 60000000ull

/* ---- what the engine asks ----------------------------------------------- */

static struct br_time_us
app_last_time(void *ctx)
{
    return br_chain_head(((struct br_gateway *)ctx)->o.chain)->time;
}

static bool
app_has_pending(void *ctx)
{
    return atomic_load(&((struct br_gateway *)ctx)->waiting) > 0;
}

static enum br_rc
app_begin(void *ctx, struct br_time_us time, struct br_err *reterr)
{
    struct br_gateway *g = (struct br_gateway *)ctx;
    g->time = time;
    return br_chain_begin(g->o.chain, time, reterr);
}

static enum br_rc
app_run(
    void *ctx,
    struct br_bytes tx,
    struct br_tx_result *ret,
    struct br_err *reterr)
{
    struct br_gateway *g = (struct br_gateway *)ctx;
    ret->height = br_chain_head(g->o.chain)->height + 1;
    return br_chain_run(g->o.chain, tx, &ret->first_leaf, &ret->leaves, reterr);
}

static size_t
app_size(void *ctx)
{
    return br_chain_pending_txs(((struct br_gateway *)ctx)->o.chain);
}

static enum br_rc
app_seal(void *ctx, struct br_hash *ret_app_hash, struct br_err *reterr)
{
    struct br_head head;
    BR_TRY(br_chain_seal(((struct br_gateway *)ctx)->o.chain, &head, reterr));
    *ret_app_hash = head.app_hash;
    return BR_OK;
}

static enum br_rc
app_commit(void *ctx, struct br_err *reterr)
{
    return br_chain_commit(((struct br_gateway *)ctx)->o.chain, reterr);
}

/** A block without transactions may still have keys to remember: those of
 *  requests whose digests were stamped before. */
static void
app_abort(void *ctx)
{
    struct br_gateway *g = (struct br_gateway *)ctx;
    struct br_err err = {0};
    enum br_rc rc = BR_OK;
    if (g->kept_keys > 0 && br_chain_pending_txs(g->o.chain) == 0) {
        rc = br_chain_commit_keys(g->o.chain, &err);
    } else {
        br_chain_abort(g->o.chain);
    }
    for (struct br_gateway_request *r = g->taken; rc != BR_OK && r != NULL;
         r = r->next) {
        if (r->keyed && r->rc == BR_OK) {
            r->rc = rc;
            r->err = err;
        }
    }
}

/* ---- proposing ---------------------------------------------------------- */

enum br_rc
br_gateway_sign_and_run(
    struct br_gateway *g,
    unsigned member,
    uint64_t op_count,
    uint64_t *ret_first,
    struct br_err *reterr)
{
    const struct br_local_member *m = &g->o.members[member];
    struct br_hash kid;
    uint64_t seq;
    uint64_t leaves;
    BR_TRY(br_buf_status(&g->ops, reterr));
    br_public_key_thumbprint(br_signer_public(m->signer), &kid);
    BR_TRY(br_member_seq_get(br_chain_effects(g->o.chain), &kid, &seq, reterr));
    struct br_tx_draft draft = {
        .chain = br_str(g->o.chain_id),
        .author = br_str(m->id),
        .seq = seq + 1,
        .expiry = {g->time.v + EXPIRY_US},
        .module = BR_MODULE_NOTARY,
        .op_count = op_count,
        .ops = br_buf_bytes(&g->ops),
    };
    br_buf_clear(&g->tx);
    BR_TRY(br_tx_sign(&draft, m->signer, &g->tx, reterr));
    return br_chain_run(
        g->o.chain, br_buf_bytes(&g->tx), ret_first, &leaves, reterr);
}

static void
take_pending(struct br_gateway *g)
{
    pthread_mutex_lock(&g->lock);
    BR_ASSERT(g->taken == NULL);
    g->taken = g->pending;
    g->taken_count = g->pending_count;
    g->pending = NULL;
    g->pending_end = &g->pending;
    g->pending_count = 0;
    g->bulk = g->bulks;
    g->kept_keys = 0;
    pthread_mutex_unlock(&g->lock);
}

static void
fail_all(struct br_gateway *g, enum br_rc rc, const struct br_err *err)
{
    for (struct br_gateway_request *r = g->taken; r != NULL; r = r->next) {
        if (r->rc == BR_OK) {
            r->rc = rc;
            r->err = *err;
        }
    }
    if (g->bulk != NULL && g->bulk->rc == BR_OK) {
        g->bulk->rc = rc;
        g->bulk->err = *err;
    }
}

static void
app_propose(void *ctx)
{
    struct br_gateway *g = (struct br_gateway *)ctx;
    struct br_snapshot snapshot;
    struct br_err err = {0};
    take_pending(g);
    size_t entries = 2 * g->taken_count + BR_GATEWAY_BULK_CHUNK;
    enum br_rc rc = br_snapshot_open(g->o.chain, &snapshot, &err);
    if (rc == BR_OK && !br_dedup_clear(&g->dedup, entries)) {
        rc = br_fail(&err, BR_ERR_NO_MEMORY, "the block's digests");
        br_snapshot_close(&snapshot);
    }
    if (rc != BR_OK) {
        fail_all(g, rc, &err);
        return;
    }
    br_gateway_propose_requests(g, &snapshot);
    br_gateway_propose_bulk(g, &snapshot);
    br_snapshot_close(&snapshot);
}

/* ---- settling ----------------------------------------------------------- */

static void
tell_requests(struct br_gateway *g, const struct br_settlement *s)
{
    size_t count = 0;
    while (g->taken != NULL) {
        struct br_gateway_request *r = g->taken;
        g->taken = r->next;
        count++;
        r->done(r, r->rc == BR_OK ? s : NULL);
    }
    g->taken_count = 0;
    atomic_fetch_sub(&g->waiting, count);
}

static void
tell_bulk(struct br_gateway *g, const struct br_settlement *s)
{
    struct br_gateway_bulk *b = g->bulk;
    g->bulk = NULL;
    if (b == NULL || (b->rc == BR_OK && b->next_digest < b->count)) {
        return;
    }
    pthread_mutex_lock(&g->lock);
    g->bulks = b->next;
    if (g->bulks == NULL) {
        g->bulks_end = &g->bulks;
    }
    g->bulk_bytes -= b->digests.n;
    pthread_mutex_unlock(&g->lock);
    atomic_fetch_sub(&g->waiting, 1);
    b->done(b, b->rc == BR_OK ? s : NULL);
}

static void
app_settled(void *ctx, enum br_rc rc, const struct br_err *err)
{
    struct br_gateway *g = (struct br_gateway *)ctx;
    struct br_snapshot snapshot;
    struct br_settlement s = {.snapshot = &snapshot, .scratch = &g->scratch};
    struct br_err own = {0};
    if (g->taken == NULL && g->bulk == NULL && rc != BR_OK) {
        take_pending(g); /* the block failed before it asked us */
    }
    if (rc == BR_ERR_STOPPING) {
        (void)pthread_mutex_lock(&g->lock);
        g->closed = true;
        (void)pthread_mutex_unlock(&g->lock);
    }
    if (rc == BR_OK) {
        err = &own;
        rc = br_snapshot_open(g->o.chain, &snapshot, &own);
        if (rc == BR_OK) {
            rc = br_publisher_sign(g->o.publisher, &snapshot, &g->note, &own);
            s.checkpoint = br_buf_bytes(&g->note);
            if (rc != BR_OK) {
                br_snapshot_close(&snapshot);
            }
        }
    }
    if (rc != BR_OK) {
        fail_all(g, rc, err);
    }
    tell_requests(g, &s);
    tell_bulk(g, &s);
    if (rc == BR_OK) {
        br_snapshot_close(&snapshot);
    }
}

/* ---- the outside -------------------------------------------------------- */

enum br_rc
br_gateway_new(
    const struct br_gateway_options *options,
    struct br_gateway **ret,
    struct br_err *reterr)
{
    struct br_gateway *g = (struct br_gateway *)calloc(1, sizeof(*g));
    if (g == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "gateway");
    }
    g->o = *options;
    g->pending_end = &g->pending;
    g->bulks_end = &g->bulks;
    (void)pthread_mutex_init(&g->lock, NULL);
    br_dedup_init(&g->dedup);
    br_buf_init(&g->ops, BR_TX_BYTES_MAX);
    br_buf_init(&g->tx, BR_TX_BYTES_MAX);
    br_buf_init(&g->note, 64u * 1024);
    br_buf_init(&g->scratch, SCRATCH_BYTES_MAX);
    g->app = (struct br_engine_app){
        .ctx = g,
        .last_time = app_last_time,
        .has_pending = app_has_pending,
        .begin = app_begin,
        .run = app_run,
        .propose = app_propose,
        .size = app_size,
        .seal = app_seal,
        .commit = app_commit,
        .abort = app_abort,
        .settled = app_settled,
    };
    *ret = g;
    return BR_OK;
}

void
br_gateway_free(struct br_gateway *g)
{
    if (g == NULL) {
        return;
    }
    br_dedup_fini(&g->dedup);
    br_buf_fini(&g->ops);
    br_buf_fini(&g->tx);
    br_buf_fini(&g->note);
    br_buf_fini(&g->scratch);
    (void)pthread_mutex_destroy(&g->lock);
    free(g);
}

const struct br_engine_app *
br_gateway_app(struct br_gateway *g)
{
    return &g->app;
}

void
br_gateway_set_engine(
    struct br_gateway *g, const struct br_engine_ops *ops, struct br_engine *e)
{
    g->engine_ops = ops;
    g->engine = e;
}

int
br_gateway_member(const struct br_gateway *g, struct br_bytes id)
{
    for (size_t i = 0; i < g->o.member_count; i++) {
        if (br_bytes_eq(br_str(g->o.members[i].id), id)) {
            return (int)i;
        }
    }
    return -1;
}

enum br_rc
br_gateway_submit(
    struct br_gateway *g, struct br_gateway_request *r, struct br_err *reterr)
{
    enum br_rc rc = BR_OK;
    r->next = NULL;
    r->rc = BR_OK;
    r->same_as = NULL;
    r->existing = false;
    r->proposed = false;
    r->key_known = false;
    pthread_mutex_lock(&g->lock);
    bool first = g->pending_count == 0;
    if (g->closed) {
        rc = br_fail(reterr, BR_ERR_STOPPING, "the node is stopping");
    } else if (g->pending_count >= g->o.queue_max) {
        rc = br_fail(
            reterr, BR_ERR_BUSY, "%zu requests are waiting", g->pending_count);
    } else {
        *g->pending_end = r;
        g->pending_end = &r->next;
        g->pending_count++;
        atomic_fetch_add(&g->waiting, 1);
    }
    pthread_mutex_unlock(&g->lock);
    if (rc == BR_OK && first) {
        g->engine_ops->wake(g->engine);
    }
    return rc;
}

enum br_rc
br_gateway_submit_bulk(
    struct br_gateway *g, struct br_gateway_bulk *b, struct br_err *reterr)
{
    BR_ASSERT(b->count > 0 && b->digests.n == b->count * b->digest_bytes);
    enum br_rc rc = BR_OK;
    b->next = NULL;
    b->rc = BR_OK;
    b->next_digest = 0;
    pthread_mutex_lock(&g->lock);
    if (g->closed) {
        rc = br_fail(reterr, BR_ERR_STOPPING, "the node is stopping");
    } else if (
        g->bulk_bytes + b->digests.n > g->o.bulk_bytes_max &&
        g->bulk_bytes > 0) {
        rc = br_fail(
            reterr, BR_ERR_BUSY, "other batches are waiting: %zu bytes",
            g->bulk_bytes);
    } else {
        *g->bulks_end = b;
        g->bulks_end = &b->next;
        g->bulk_bytes += b->digests.n;
        atomic_fetch_add(&g->waiting, 1);
    }
    pthread_mutex_unlock(&g->lock);
    if (rc == BR_OK) {
        g->engine_ops->wake(g->engine);
    }
    return rc;
}
