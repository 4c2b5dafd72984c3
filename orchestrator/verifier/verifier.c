/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/verifier/history.h"
#include "orchestrator/verifier/internal.h"

#include <stdlib.h>
#include <time.h>

enum { PURGE_MOST = 256 };

uint64_t
br_verifier_now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t
br_verifier_now_s(void)
{
    return br_verifier_now_us() / 1000000;
}

/* ---- the thread --------------------------------------------------------- */

static void
purge(struct br_verifier *v)
{
    struct br_kv_txn *txn = NULL;
    struct br_err err;
    enum br_rc rc = br_kv_begin_write(v->kv, &txn, &err);
    if (rc == BR_OK) {
        uint64_t now_s = br_verifier_now_s();
        rc = br_verifier_purge(txn, now_s, PURGE_MOST, &err);
        if (rc == BR_OK && now_s > v->o.history_s) {
            rc = br_history_purge(
                txn, (now_s - v->o.history_s) * 1000000, PURGE_MOST, &err);
        }
        if (rc == BR_OK) {
            rc = br_kv_commit(txn, &err);
        } else {
            br_kv_end(txn);
        }
    }
    if (rc != BR_OK) {
        v->o.warning(v->o.ctx, err.text);
    }
}

/** The next work; false: the end. Either a job or a tick. */
static bool
next(struct br_verifier *v, struct br_verifier_work *ret, bool *ret_tick)
{
    (void)pthread_mutex_lock(&v->lock);
    while (v->count == 0 && !v->tick && !v->stopping) {
        (void)pthread_cond_wait(&v->wake, &v->lock);
    }
    bool more = v->count > 0 || !v->stopping;
    *ret = (struct br_verifier_work){0};
    *ret_tick = v->count == 0 && v->tick;
    if (v->count > 0) {
        *ret = v->queue[v->first];
        v->first = (v->first + 1) % BR_VERIFIER_QUEUE_MAX;
        v->count--;
    } else {
        v->tick = false;
    }
    (void)pthread_mutex_unlock(&v->lock);
    return more;
}

static void *
run(void *ctx)
{
    struct br_verifier *v = (struct br_verifier *)ctx;
    struct br_verifier_work work;
    bool tick = false;
    while (next(v, &work, &tick)) {
        if (work.job != NULL) {
            work.job(v, work.req);
        } else if (tick) {
            purge(v);
            br_verifier_stamp(v);
        }
    }
    return NULL;
}

void
br_verifier_submit(
    struct br_verifier *v, br_verifier_job *job, struct br_http_request *req)
{
    struct br_err err;
    (void)pthread_mutex_lock(&v->lock);
    bool full = v->count == BR_VERIFIER_QUEUE_MAX;
    bool taken = !full && !v->stopping;
    if (taken) {
        size_t at = (v->first + v->count) % BR_VERIFIER_QUEUE_MAX;
        v->queue[at] = (struct br_verifier_work){job, req};
        v->count++;
        (void)pthread_cond_signal(&v->wake);
    }
    (void)pthread_mutex_unlock(&v->lock);
    if (!taken) {
        (void)br_fail(
            &err, full ? BR_ERR_BUSY : BR_ERR_STOPPING, "the verifier %s",
            full ? "has many answers to judge" : "is stopping");
        br_http_reply_problem(req, &err);
    }
}

void
br_verifier_tick(struct br_verifier *v)
{
    (void)pthread_mutex_lock(&v->lock);
    v->tick = true;
    (void)pthread_cond_signal(&v->wake);
    (void)pthread_mutex_unlock(&v->lock);
}

/* ---- beginning and end -------------------------------------------------- */

static enum br_rc
open_all(struct br_verifier *v, struct br_err *reterr)
{
    enum br_reach reach =
        v->o.plain_http ? BR_REACH_PUBLIC_OR_LOOPBACK : BR_REACH_PUBLIC;
    v->judgement = (struct br_judgement *)calloc(1, sizeof(*v->judgement));
    v->standings = (struct br_decision_standing *)calloc(
        BR_JUDGE_PRESENTATIONS_MAX, sizeof(*v->standings));
    if (v->judgement == NULL || v->standings == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "verifier");
    }
    BR_TRY(br_x509_trust_new(v->o.trust_pem, &v->trust, reterr));
    BR_TRY(br_verifier_rows_open(v->o.data_dir, &v->kv, reterr));
    BR_TRY(br_status_reader_new(
        v->trust, reach, v->o.identity.public_url, &v->status, reterr));
    BR_TRY(br_registry_client_new(
        &v->o.accreditation.registry, &v->registry, reterr));
    BR_TRY(br_http_client_new(&v->node, reterr));
    v->running = pthread_create(&v->thread, NULL, run, v) == 0;
    return v->running ? BR_OK
                      : br_fail(reterr, BR_ERR_NO_MEMORY, "verifier's thread");
}

enum br_rc
br_verifier_start(
    const struct br_verifier_options *options,
    struct br_verifier **ret,
    struct br_err *reterr)
{
    struct br_verifier *v = (struct br_verifier *)calloc(1, sizeof(*v));
    if (v == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "verifier");
    }
    v->o = *options;
    (void)pthread_mutex_init(&v->lock, NULL);
    (void)pthread_cond_init(&v->wake, NULL);
    enum br_rc rc = open_all(v, reterr);
    if (rc != BR_OK) {
        br_verifier_stop(v);
        return rc;
    }
    *ret = v;
    return BR_OK;
}

void
br_verifier_quiesce(struct br_verifier *v)
{
    (void)pthread_mutex_lock(&v->lock);
    v->stopping = true;
    (void)pthread_cond_signal(&v->wake);
    (void)pthread_mutex_unlock(&v->lock);
    if (v->running) {
        (void)pthread_join(v->thread, NULL);
        v->running = false;
    }
}

void
br_verifier_stop(struct br_verifier *v)
{
    if (v == NULL) {
        return;
    }
    br_verifier_quiesce(v);
    br_http_client_free(v->node);
    br_status_reader_free(v->status);
    br_registry_client_free(v->registry);
    br_kv_close(v->kv);
    br_x509_trust_free(v->trust);
    free(v->standings);
    free(v->judgement);
    (void)pthread_cond_destroy(&v->wake);
    (void)pthread_mutex_destroy(&v->lock);
    free(v);
}

/* ---- looking ------------------------------------------------------------ */

struct br_kv *
br_verifier_rows(const struct br_verifier *v)
{
    return v->kv;
}

const struct br_verifier_identity *
br_verifier_identity(const struct br_verifier *v)
{
    return &v->o.identity;
}

enum br_rc
br_verifier_look(
    struct br_verifier *v,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_verifier_request *ret,
    struct br_err *reterr)
{
    struct br_kv_txn *txn = NULL;
    BR_TRY(br_kv_begin_read(v->kv, &txn, reterr));
    enum br_rc rc = br_verifier_get_request(txn, id, arena, ret, reterr);
    br_kv_end(txn);
    return rc;
}
