/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/api/work.h"

#include <pthread.h>
#include <stdlib.h>

enum { THREADS_MAX = 64 };

struct job {
    struct br_http_request *req;
    br_work_fn *fn;
};

struct worker {
    struct br_work *work;
    struct br_wallet_client client;
    pthread_t thread;
};

struct br_work {
    void *ctx;
    pthread_mutex_t lock;
    pthread_cond_t some; /**< a job, or the end */
    struct job queue[BR_WORK_QUEUE_MAX];
    size_t first;
    size_t count;
    bool stopping;
    struct worker workers[THREADS_MAX];
    unsigned threads;
};

static void
refuse(struct br_http_request *req, enum br_rc rc, const char *text)
{
    struct br_err err;
    if (req == NULL) {
        return;
    }
    (void)(br_fail)(&err, rc, "%s", text);
    br_http_reply_problem(req, &err);
}

/** False at the end. */
static bool
take(struct br_work *w, struct job *ret)
{
    (void)pthread_mutex_lock(&w->lock);
    while (w->count == 0 && !w->stopping) {
        (void)pthread_cond_wait(&w->some, &w->lock);
    }
    bool more = !w->stopping;
    if (more) {
        *ret = w->queue[w->first];
        w->first = (w->first + 1) % BR_WORK_QUEUE_MAX;
        w->count--;
    }
    (void)pthread_mutex_unlock(&w->lock);
    return more;
}

static void *
run(void *ctx)
{
    struct worker *me = (struct worker *)ctx;
    struct job j;
    while (take(me->work, &j)) {
        j.fn(j.req, me->work->ctx, &me->client);
    }
    return NULL;
}

bool
br_work_put(struct br_work *w, struct br_http_request *req, br_work_fn *fn)
{
    (void)pthread_mutex_lock(&w->lock);
    bool stopping = w->stopping;
    bool taken = !stopping && w->count < BR_WORK_QUEUE_MAX;
    if (taken) {
        size_t at = (w->first + w->count) % BR_WORK_QUEUE_MAX;
        w->queue[at] = (struct job){req, fn};
        w->count++;
        (void)pthread_cond_signal(&w->some);
    }
    (void)pthread_mutex_unlock(&w->lock);
    if (!taken) {
        refuse(
            req, stopping ? BR_ERR_STOPPING : BR_ERR_BUSY,
            stopping ? "the wallet is stopping" : "too many requests wait");
    }
    return taken;
}

static enum br_rc
start_worker(
    struct br_work *w, const struct br_wallet *wallet, struct br_err *reterr)
{
    struct worker *one = &w->workers[w->threads];
    one->work = w;
    BR_TRY(br_wallet_client_open(wallet, &one->client, reterr));
    if (pthread_create(&one->thread, NULL, run, one) != 0) {
        br_wallet_client_close(&one->client);
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no thread for the wallet");
    }
    w->threads++;
    return BR_OK;
}

enum br_rc
br_work_start(
    const struct br_wallet *wallet,
    void *ctx,
    unsigned threads,
    struct br_work **ret,
    struct br_err *reterr)
{
    struct br_work *w = (struct br_work *)calloc(1, sizeof(*w));
    if (w == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for work");
    }
    w->ctx = ctx;
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_cond_init(&w->some, NULL);
    while (w->threads < threads && w->threads < THREADS_MAX) {
        enum br_rc rc = start_worker(w, wallet, reterr);
        if (rc != BR_OK) {
            br_work_stop(w);
            return rc;
        }
    }
    *ret = w;
    return BR_OK;
}

void
br_work_stop(struct br_work *w)
{
    if (w == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&w->lock);
    w->stopping = true;
    (void)pthread_cond_broadcast(&w->some);
    (void)pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->threads; i++) {
        (void)pthread_join(w->workers[i].thread, NULL);
        br_wallet_client_close(&w->workers[i].client);
    }
    for (; w->count > 0; w->count--) {
        refuse(
            w->queue[w->first].req, BR_ERR_STOPPING, "the wallet is stopping");
        w->first = (w->first + 1) % BR_WORK_QUEUE_MAX;
    }
    (void)pthread_cond_destroy(&w->some);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}
