/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/store/writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* A commit costs the processor as much as several requests, however many it is
 * for. When there were several for the last one, more are on their way: it
 * waits a little for as many. Who comes alone does not wait. */
enum { GATHER_NS = 2000000, NS_PER_S = 1000000000, SETTLED = 32 };

struct br_writer {
    struct br_kv *kv;
    size_t queue_max;
    pthread_t thread;
    pthread_mutex_t lock; /**< guards the rest */
    pthread_cond_t wake;
    struct br_write *first;
    struct br_write **last;
    size_t queued;
    size_t expected;  /**< as many are likely to come; 1: no more */
    unsigned settled; /**< commits until more are looked for */
    size_t wanted;    /**< so many jobs wake the thread */
    bool stopping;
};

/** Storage errors end the whole transaction; a refusal ends its job alone. */
static bool
is_storage(enum br_rc rc)
{
    return rc == BR_ERR_IO || rc == BR_ERR_DISK_FULL || rc == BR_ERR_CORRUPT ||
           rc == BR_ERR_NO_MEMORY;
}

static enum br_rc
apply_all(struct br_write *jobs, struct br_kv_txn *txn, struct br_err *reterr)
{
    for (struct br_write *j = jobs; j != NULL; j = j->next) {
        j->rc = j->apply(j, txn, &j->err);
        if (is_storage(j->rc)) {
            return br_fail(reterr, j->rc, "%s", j->err.text);
        }
    }
    return BR_OK;
}

static void
write_all(struct br_writer *w, struct br_write *jobs)
{
    struct br_kv_txn *txn;
    struct br_err err = {.rc = BR_OK};
    enum br_rc rc = br_kv_begin_write(w->kv, &txn, &err);
    if (rc == BR_OK) {
        rc = apply_all(jobs, txn, &err);
        if (rc == BR_OK) {
            rc = br_kv_commit(txn, &err);
        } else {
            br_kv_end(txn);
        }
    }
    while (jobs != NULL) {
        struct br_write *next = jobs->next;
        bool failed = rc != BR_OK;
        jobs->done(jobs, failed ? rc : jobs->rc, failed ? &err : &jobs->err);
        jobs = next;
    }
}

/** Until as many wait as were there for the last commit, or the time is over;
 *  with the lock. When they come, more are looked for now and then. */
static void
gather(struct br_writer *w)
{
    struct timespec end;
    int waited = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += GATHER_NS;
    if (end.tv_nsec >= NS_PER_S) {
        end.tv_nsec -= NS_PER_S;
        end.tv_sec++;
    }
    w->wanted = w->expected;
    while (waited == 0 && !w->stopping && w->queued < w->wanted) {
        waited = pthread_cond_timedwait(&w->wake, &w->lock, &end);
    }
    w->wanted = 1;
    w->expected = w->queued;
    if (waited != 0) {
        w->settled = SETTLED;
    } else if (w->settled > 0) {
        w->settled--;
    } else {
        w->expected += w->queued / 4 + (w->queued > 1);
    }
}

static void *
run(void *ctx)
{
    struct br_writer *w = (struct br_writer *)ctx;
    (void)pthread_mutex_lock(&w->lock);
    while (w->first != NULL || !w->stopping) {
        if (w->first == NULL) {
            (void)pthread_cond_wait(&w->wake, &w->lock);
            continue;
        }
        gather(w);
        struct br_write *jobs = w->first;
        w->first = NULL;
        w->last = &w->first;
        w->queued = 0;
        (void)pthread_mutex_unlock(&w->lock);
        write_all(w, jobs);
        (void)pthread_mutex_lock(&w->lock);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

enum br_rc
br_writer_start(
    struct br_kv *kv,
    size_t queue_max,
    struct br_writer **ret,
    struct br_err *reterr)
{
    struct br_writer *w = (struct br_writer *)calloc(1, sizeof(*w));
    if (w == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "writer");
    }
    w->kv = kv;
    w->queue_max = queue_max;
    w->wanted = 1;
    w->last = &w->first;
    pthread_condattr_t attr;
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    if (pthread_create(&w->thread, NULL, run, w) != 0) {
        (void)pthread_cond_destroy(&w->wake);
        (void)pthread_mutex_destroy(&w->lock);
        free(w);
        return br_fail(reterr, BR_ERR_NO_MEMORY, "the writer's thread");
    }
    *ret = w;
    return BR_OK;
}

void
br_writer_stop(struct br_writer *w)
{
    if (w == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&w->lock);
    w->stopping = true;
    (void)pthread_cond_signal(&w->wake);
    (void)pthread_mutex_unlock(&w->lock);
    (void)pthread_join(w->thread, NULL);
    (void)pthread_cond_destroy(&w->wake);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

enum br_rc
br_writer_submit(
    struct br_writer *w, struct br_write *job, struct br_err *reterr)
{
    (void)pthread_mutex_lock(&w->lock);
    bool stopping = w->stopping;
    bool full = w->queued >= w->queue_max;
    if (!stopping && !full) {
        job->next = NULL;
        *w->last = job;
        w->last = &job->next;
        w->queued++;
    }
    bool enough = w->queued >= w->wanted;
    (void)pthread_mutex_unlock(&w->lock);
    if (enough) {
        (void)pthread_cond_signal(&w->wake);
    }
    if (stopping) {
        return br_fail(reterr, BR_ERR_STOPPING, "the issuer is stopping");
    }
    return full ? br_fail(reterr, BR_ERR_BUSY, "too many requests wait")
                : BR_OK;
}
