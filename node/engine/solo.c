/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/base/limits.h"
#include "node/engine/engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

struct submission {
    struct submission *next;
    br_tx_done *done;
    void *ctx;
    struct br_tx_result result;
    size_t n;
    uint8_t tx[];
};

struct queue {
    struct submission *first;
    struct submission **end;
    size_t count;
};

struct br_engine {
    struct br_engine_options o;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct queue queue;             /* under lock */
    bool waiting;                   /* under lock: the thread sleeps */
    bool stopping;                  /* under lock */
    struct br_engine_status status; /* under lock */
};

static void
queue_init(struct queue *q)
{
    q->first = NULL;
    q->end = &q->first;
    q->count = 0;
}

static void
queue_push(struct queue *q, struct submission *s)
{
    *q->end = s;
    q->end = &s->next;
    q->count++;
}

static struct queue
queue_take(struct queue *q, size_t max)
{
    struct queue out;
    queue_init(&out);
    while (q->first != NULL && out.count < max) {
        struct submission *s = q->first;
        q->first = s->next;
        s->next = NULL;
        q->count--;
        queue_push(&out, s);
    }
    if (q->first == NULL) {
        q->end = &q->first;
    }
    return out;
}

static struct br_time_us
clock_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (struct br_time_us){
        (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u};
}

static void
answer(struct queue *q, enum br_rc rc, const struct br_err *err)
{
    while (q->first != NULL) {
        struct submission *s = q->first;
        q->first = s->next;
        if (rc != BR_OK && s->result.rc == BR_OK) {
            s->result.rc = rc;
            s->result.err = *err;
        }
        s->done(s->ctx, &s->result);
        free(s);
    }
}

/** A block's time is the clock's, but always after the last block's. */
static enum br_rc
next_time(struct br_engine *e, struct br_time_us *ret, struct br_err *reterr)
{
    struct br_time_us last = e->o.app->last_time(e->o.app->ctx);
    struct br_time_us now = clock_now();
    uint64_t behind = last.v > now.v ? last.v - now.v : 0;
    bool wrong = behind > e->o.clock_tolerance_us;
    pthread_mutex_lock(&e->lock);
    bool news = wrong != e->status.clock_wrong;
    e->status.clock_wrong = wrong;
    pthread_mutex_unlock(&e->lock);
    if (news && e->o.clock_backwards != NULL) {
        e->o.clock_backwards(e->o.ctx, wrong ? behind : 0);
    }
    if (wrong) {
        return br_fail(
            reterr, BR_ERR_CLOCK_BACKWARDS,
            "the clock is %llu ms behind the last block",
            (unsigned long long)(behind / 1000));
    }
    ret->v = now.v > last.v ? now.v : last.v + 1;
    return BR_OK;
}

static void
run_queue(struct br_engine *e, struct queue *q)
{
    const struct br_engine_app *app = e->o.app;
    for (struct submission *s = q->first; s != NULL; s = s->next) {
        s->result.rc = app->run(
            app->ctx, br_bytes(s->tx, s->n), &s->result, &s->result.err);
    }
}

/*~ 4 One block, from the queue to the disk. Nobody is answered before commit
 * has returned: a reply means durable. */
static enum br_rc
make_block(
    struct br_engine *e,
    struct queue *q,
    bool *ret_stored,
    struct br_err *reterr)
{
    const struct br_engine_app *app = e->o.app;
    struct br_time_us time;
    struct br_hash app_hash;
    BR_TRY(next_time(e, &time, reterr));
    BR_TRY(app->begin(app->ctx, time, reterr));
    run_queue(e, q);
    app->propose(app->ctx);
    if (app->size(app->ctx) == 0) {
        app->abort(app->ctx);
        return BR_OK;
    }
    enum br_rc rc = app->seal(app->ctx, &app_hash, reterr);
    if (rc != BR_OK) {
        app->abort(app->ctx);
        return rc;
    }
    BR_TRY(app->commit(app->ctx, reterr));
    *ret_stored = true;
    return BR_OK;
}

/** Which failures the next block may survive. */
static bool
is_passing(enum br_rc rc)
{
    return rc == BR_OK || rc == BR_ERR_DISK_FULL || rc == BR_ERR_NO_MEMORY ||
           rc == BR_ERR_CLOCK_BACKWARDS || rc == BR_ERR_TOO_LARGE ||
           rc == BR_ERR_BUSY;
}

static void
one_round(struct br_engine *e, struct queue *q)
{
    struct br_err err = {0};
    bool stored = false;
    enum br_rc rc = make_block(e, q, &stored, &err);
    pthread_mutex_lock(&e->lock);
    e->status.disk_full = rc == BR_ERR_DISK_FULL;
    e->status.blocks += stored;
    e->status.failed |= !is_passing(rc);
    pthread_mutex_unlock(&e->lock);
    if (!is_passing(rc) && e->o.fatal != NULL) {
        e->o.fatal(e->o.ctx, &err);
    }
    e->o.app->settled(e->o.app->ctx, rc, &err);
    answer(q, rc, &err);
}

static bool
has_work(struct br_engine *e)
{
    return e->queue.first != NULL || e->o.app->has_pending(e->o.app->ctx);
}

static void *
sequencer(void *arg)
{
    struct br_engine *e = (struct br_engine *)arg;
    pthread_mutex_lock(&e->lock);
    for (;;) {
        while (!has_work(e) && !e->stopping) {
            e->waiting = true;
            pthread_cond_wait(&e->work, &e->lock);
            e->waiting = false;
        }
        if (!has_work(e) || e->status.failed) {
            break;
        }
        struct queue q = queue_take(&e->queue, BR_BLOCK_TXS_MAX / 2);
        pthread_mutex_unlock(&e->lock);
        one_round(e, &q);
        pthread_mutex_lock(&e->lock);
    }
    struct queue rest = queue_take(&e->queue, SIZE_MAX);
    e->stopping = true;
    pthread_mutex_unlock(&e->lock);
    struct br_err err;
    (void)br_fail(&err, BR_ERR_STOPPING, "the sequencer has ended");
    answer(&rest, BR_ERR_STOPPING, &err);
    while (e->o.app->has_pending(e->o.app->ctx)) {
        e->o.app->settled(e->o.app->ctx, BR_ERR_STOPPING, &err);
    }
    return NULL;
}

static enum br_rc
solo_start(
    const struct br_engine_options *options,
    struct br_engine **ret,
    struct br_err *reterr)
{
    struct br_engine *e = (struct br_engine *)calloc(1, sizeof(*e));
    if (e == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "engine");
    }
    e->o = *options;
    queue_init(&e->queue);
    (void)pthread_mutex_init(&e->lock, NULL);
    (void)pthread_cond_init(&e->work, NULL);
    if (pthread_create(&e->thread, NULL, sequencer, e) != 0) {
        (void)pthread_cond_destroy(&e->work);
        (void)pthread_mutex_destroy(&e->lock);
        free(e);
        return br_fail(reterr, BR_ERR_NO_MEMORY, "the sequencer's thread");
    }
    *ret = e;
    return BR_OK;
}

static enum br_rc
enqueue(struct br_engine *e, struct submission *s, struct br_err *reterr)
{
    enum br_rc rc = BR_OK;
    pthread_mutex_lock(&e->lock);
    if (e->stopping || e->status.failed) {
        rc = br_fail(reterr, BR_ERR_STOPPING, "the node is stopping");
    } else if (e->queue.count >= e->o.queue_max) {
        rc = br_fail(
            reterr, BR_ERR_BUSY, "%zu transactions are waiting",
            e->queue.count);
    } else {
        queue_push(&e->queue, s);
        if (e->waiting) {
            pthread_cond_signal(&e->work);
        }
    }
    pthread_mutex_unlock(&e->lock);
    return rc;
}

static enum br_rc
solo_submit(
    struct br_engine *e,
    struct br_bytes tx,
    br_tx_done *done,
    void *ctx,
    struct br_err *reterr)
{
    if (tx.n > BR_TX_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "%zu bytes, at most %u", tx.n,
            BR_TX_BYTES_MAX);
    }
    struct submission *s = (struct submission *)calloc(1, sizeof(*s) + tx.n);
    if (s == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "transaction");
    }
    s->done = done;
    s->ctx = ctx;
    s->n = tx.n;
    if (tx.n > 0) {
        memcpy(s->tx, tx.p, tx.n);
    }
    enum br_rc rc = enqueue(e, s, reterr);
    if (rc != BR_OK) {
        free(s);
    }
    return rc;
}

static void
solo_wake(struct br_engine *e)
{
    pthread_mutex_lock(&e->lock);
    if (e->waiting) {
        pthread_cond_signal(&e->work);
    }
    pthread_mutex_unlock(&e->lock);
}

static void
solo_status(struct br_engine *e, struct br_engine_status *ret)
{
    pthread_mutex_lock(&e->lock);
    *ret = e->status;
    ret->queued = e->queue.count;
    pthread_mutex_unlock(&e->lock);
}

static void
solo_stop(struct br_engine *e)
{
    if (e == NULL) {
        return;
    }
    pthread_mutex_lock(&e->lock);
    e->stopping = true;
    pthread_cond_signal(&e->work);
    pthread_mutex_unlock(&e->lock);
    (void)pthread_join(e->thread, NULL);
    (void)pthread_cond_destroy(&e->work);
    (void)pthread_mutex_destroy(&e->lock);
    free(e);
}

const struct br_engine_ops br_engine_solo = {
    .name = "solo",
    .start = solo_start,
    .submit = solo_submit,
    .wake = solo_wake,
    .status = solo_status,
    .stop = solo_stop,
};
