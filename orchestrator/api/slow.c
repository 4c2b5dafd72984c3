/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/api/slow.h"

#include <pthread.h>
#include <stdlib.h>

struct job {
    br_slow_fn *fn;
    void *ctx;
};

struct br_slow {
    pthread_t threads[BR_SLOW_THREADS];
    size_t started;
    pthread_mutex_t lock; /**< guards the rest */
    pthread_cond_t wake;
    struct job queue[BR_SLOW_QUEUE_MAX];
    size_t first;
    size_t count;
    bool stopping;
};

static bool
take(struct br_slow *s, struct job *ret, bool *ret_stopping)
{
    (void)pthread_mutex_lock(&s->lock);
    while (s->count == 0 && !s->stopping) {
        (void)pthread_cond_wait(&s->wake, &s->lock);
    }
    bool some = s->count > 0;
    if (some) {
        *ret = s->queue[s->first];
        s->first = (s->first + 1) % BR_SLOW_QUEUE_MAX;
        s->count--;
    }
    *ret_stopping = s->stopping;
    (void)pthread_mutex_unlock(&s->lock);
    return some;
}

static void *
work(void *ctx)
{
    struct br_slow *s = (struct br_slow *)ctx;
    struct job j;
    bool stopping;
    while (take(s, &j, &stopping)) {
        j.fn(j.ctx, stopping);
    }
    return NULL;
}

enum br_rc
br_slow_submit(
    struct br_slow *s, br_slow_fn *fn, void *ctx, struct br_err *reterr)
{
    enum br_rc rc = BR_OK;
    (void)pthread_mutex_lock(&s->lock);
    if (s->stopping) {
        rc = br_fail(reterr, BR_ERR_STOPPING, "the issuer");
    } else if (s->count == BR_SLOW_QUEUE_MAX) {
        rc = br_fail(reterr, BR_ERR_BUSY, "the queue of slow work");
    } else {
        size_t at = (s->first + s->count++) % BR_SLOW_QUEUE_MAX;
        s->queue[at] = (struct job){fn, ctx};
        (void)pthread_cond_signal(&s->wake);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return rc;
}

enum br_rc
br_slow_start(struct br_slow **ret, struct br_err *reterr)
{
    struct br_slow *s = (struct br_slow *)calloc(1, sizeof(*s));
    if (s == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "slow work");
    }
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->wake, NULL);
    while (s->started < BR_SLOW_THREADS &&
           pthread_create(&s->threads[s->started], NULL, work, s) == 0) {
        s->started++;
    }
    if (s->started < BR_SLOW_THREADS) {
        br_slow_stop(s);
        return br_fail(reterr, BR_ERR_NO_MEMORY, "threads of slow work");
    }
    *ret = s;
    return BR_OK;
}

void
br_slow_stop(struct br_slow *s)
{
    if (s == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&s->lock);
    s->stopping = true;
    (void)pthread_cond_broadcast(&s->wake);
    (void)pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->started; i++) {
        (void)pthread_join(s->threads[i], NULL);
    }
    (void)pthread_cond_destroy(&s->wake);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}
