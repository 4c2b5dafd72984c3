/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/store/index_internal.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- sources of pairs --------------------------------------------------- */

/* Mapped runs are read in order here, at random elsewhere: the merge asks for
 * the stretch after next itself. */
enum { AHEAD_PAIRS = 64 * 1024 };

struct stretch {
    const struct br_index_pair *at;
    const struct br_index_pair *end;
    const struct br_index_pair *ahead; /**< asked for until here; or NULL */
};

static void
ask_ahead(struct stretch *s)
{
    size_t left = (size_t)(s->end - s->ahead);
    size_t n = left < AHEAD_PAIRS ? left : AHEAD_PAIRS;
    (void)madvise(
        (void *)(uintptr_t)s->ahead, n * sizeof(*s->ahead), MADV_WILLNEED);
    s->ahead = n == left ? NULL : s->ahead + n;
}

static struct br_index_pair
next_of_stretch(void *ctx)
{
    struct stretch *s = (struct stretch *)ctx;
    return *s->at++;
}

struct merge {
    struct stretch source[BR_INDEX_FAN];
};

static struct br_index_pair
next_of_merge(void *ctx)
{
    struct merge *m = (struct merge *)ctx;
    struct stretch *least = NULL;
    for (size_t i = 0; i < BR_INDEX_FAN; i++) {
        struct stretch *s = &m->source[i];
        if (s->at != s->end &&
            (least == NULL || br_index_pair_before(s->at, least->at))) {
            least = s;
        }
    }
    if (least->ahead != NULL &&
        least->ahead - least->at < (ptrdiff_t)AHEAD_PAIRS) {
        ask_ahead(least);
    }
    return *least->at++;
}

static void
step(struct br_digest_index *ix, enum br_index_step at)
{
    if (ix->tuning.step != NULL) {
        ix->tuning.step(ix->tuning.ctx, at);
    }
}

static void
at_flush(void *ctx)
{
    step((struct br_digest_index *)ctx, BR_INDEX_STEP_FLUSH);
}

static void
at_merge(void *ctx)
{
    step((struct br_digest_index *)ctx, BR_INDEX_STEP_MERGE);
}

/** A view with another list of runs, under the lock. */
static enum br_rc
show_runs(
    struct br_digest_index *ix,
    struct br_index_memory *full,
    struct br_index_run *const *run,
    size_t count,
    struct br_err *reterr)
{
    struct br_index_view *v =
        br_index_view_new(ix->view->active, full, run, count);
    if (v == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "digest index");
    }
    br_index_view_unref(br_index_swap_view(ix, v));
    return BR_OK;
}

static enum br_rc
write_run(
    struct br_digest_index *ix,
    const struct br_index_range *range,
    const struct br_index_source *source,
    struct br_index_run **ret,
    struct br_err *reterr)
{
    BR_TRY(br_index_run_write(ix->folder, range, source, reterr));
    enum br_rc rc = br_index_run_open(ix->folder, range, ret, reterr);
    if (rc != BR_OK) {
        /* A name that nobody knows of would come back at the next start. */
        (void)br_index_run_unlink(ix->folder, range);
    }
    return rc;
}

/* ---- a full table becomes a run ----------------------------------------- */

static enum br_rc
write_table(
    struct br_digest_index *ix,
    const struct br_index_view *v,
    struct br_index_run **ret,
    struct br_err *reterr)
{
    size_t n = br_index_memory_count(v->full);
    struct br_index_range range = {
        .first = br_index_view_covered(v),
        .end = br_index_memory_end(v->full),
        .count = n,
        .mark = ix->mark,
    };
    struct br_index_pair *pairs =
        (struct br_index_pair *)malloc(n * sizeof(*pairs));
    if (pairs == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "sorting the digest index");
    }
    br_index_memory_sorted(v->full, pairs);
    struct stretch s = {.at = pairs, .end = pairs + n};
    struct br_index_source source = {
        .ctx = &s,
        .next = next_of_stretch,
        .before_name = at_flush,
        .before_name_ctx = ix,
    };
    enum br_rc rc = write_run(ix, &range, &source, ret, reterr);
    free(pairs);
    return rc;
}

static enum br_rc
append_run(
    struct br_digest_index *ix, struct br_index_run *run, struct br_err *reterr)
{
    struct br_index_run *runs[BR_INDEX_RUNS_MAX];
    (void)pthread_mutex_lock(&ix->lock);
    size_t n = ix->view->run_count;
    memcpy(runs, ix->view->run, n * sizeof(runs[0]));
    runs[n] = run;
    enum br_rc rc = show_runs(ix, NULL, runs, n + 1, reterr);
    (void)pthread_mutex_unlock(&ix->lock);
    return rc;
}

static enum br_rc
flush(
    struct br_digest_index *ix,
    const struct br_index_view *v,
    struct br_err *reterr)
{
    struct br_index_run *run;
    if (v->run_count == BR_INDEX_RUNS_MAX) {
        return br_fail(
            reterr, BR_ERR_IO, "too many index runs: merging them fails");
    }
    BR_TRY(write_table(ix, v, &run, reterr));
    enum br_rc rc = append_run(ix, run, reterr);
    if (rc != BR_OK) {
        (void)br_index_run_unlink(ix->folder, &run->range);
    }
    br_index_run_unref(run);
    return rc;
}

static void *
flusher(void *arg)
{
    struct br_digest_index *ix = (struct br_digest_index *)arg;
    (void)pthread_mutex_lock(&ix->lock);
    while (!ix->ending) {
        if (ix->view->full == NULL || ix->held ||
            ix->flush_failure.rc != BR_OK) {
            (void)pthread_cond_wait(&ix->changed, &ix->lock);
            continue;
        }
        ix->flushing = true;
        (void)pthread_mutex_unlock(&ix->lock);
        struct br_err err = {0};
        struct br_index_view *v = br_index_take_view(ix);
        enum br_rc rc = flush(ix, v, &err);
        br_index_view_unref(v);
        (void)pthread_mutex_lock(&ix->lock);
        ix->flushing = false;
        if (rc != BR_OK) {
            ix->flush_failure = err;
        } else {
            ix->merge_failure.rc = BR_OK;
        }
        (void)pthread_cond_broadcast(&ix->changed);
    }
    (void)pthread_mutex_unlock(&ix->lock);
    return NULL;
}

/* ---- eight runs become one ---------------------------------------------- */

static unsigned
tier(const struct br_digest_index *ix, const struct br_index_run *r)
{
    unsigned t = 0;
    uint64_t n = r->range.count / ix->tuning.pairs_max;
    for (; n >= BR_INDEX_FAN; n /= BR_INDEX_FAN) {
        t++;
    }
    return t;
}

/** Where the first BR_INDEX_FAN neighbours of one tier begin. */
static bool
find_alike(
    const struct br_digest_index *ix,
    const struct br_index_view *v,
    size_t *ret)
{
    size_t alike = 0;
    for (size_t i = 0; i < v->run_count; i++) {
        bool same = i > 0 && tier(ix, v->run[i]) == tier(ix, v->run[i - 1]);
        alike = same ? alike + 1 : 1;
        if (alike == BR_INDEX_FAN) {
            *ret = i + 1 - BR_INDEX_FAN;
            return true;
        }
    }
    return false;
}

static enum br_rc
write_merged(
    struct br_digest_index *ix,
    struct br_index_run *const *old,
    struct br_index_run **ret,
    struct br_err *reterr)
{
    struct merge m;
    struct br_index_range range = {
        .first = old[0]->range.first,
        .end = old[BR_INDEX_FAN - 1]->range.end,
        .mark = ix->mark,
    };
    for (size_t i = 0; i < BR_INDEX_FAN; i++) {
        const struct br_index_pair *p = old[i]->pair;
        m.source[i] = (struct stretch){p, p + old[i]->range.count, p};
        range.count += old[i]->range.count;
    }
    struct br_index_source source = {
        .ctx = &m,
        .next = next_of_merge,
        .cancel = &ix->cancel,
        .before_name = at_merge,
        .before_name_ctx = ix,
    };
    return write_run(ix, &range, &source, ret, reterr);
}

/** Meanwhile the flusher may have appended runs, no more. */
static enum br_rc
replace_runs(
    struct br_digest_index *ix,
    size_t at,
    struct br_index_run *run,
    struct br_err *reterr)
{
    struct br_index_run *runs[BR_INDEX_RUNS_MAX];
    size_t rest = at + BR_INDEX_FAN;
    (void)pthread_mutex_lock(&ix->lock);
    const struct br_index_view *v = ix->view;
    memcpy(runs, v->run, at * sizeof(runs[0]));
    runs[at] = run;
    memcpy(
        runs + at + 1, v->run + rest, (v->run_count - rest) * sizeof(runs[0]));
    enum br_rc rc =
        show_runs(ix, v->full, runs, v->run_count - BR_INDEX_FAN + 1, reterr);
    (void)pthread_mutex_unlock(&ix->lock);
    return rc;
}

/** `v` shows only the runs to merge: `at` is where they are in the index. */
static enum br_rc
merge_runs(
    struct br_digest_index *ix,
    const struct br_index_view *v,
    size_t at,
    struct br_err *reterr)
{
    struct br_index_run *run;
    BR_TRY(write_merged(ix, v->run, &run, reterr));
    step(ix, BR_INDEX_STEP_MERGED);
    enum br_rc rc = replace_runs(ix, at, run, reterr);
    if (rc != BR_OK) {
        (void)br_index_run_unlink(ix->folder, &run->range);
    }
    br_index_run_unref(run);
    BR_TRY(rc);
    /* Their names stay until the next start if this is cut short. */
    for (size_t i = 0; i < BR_INDEX_FAN; i++) {
        (void)br_index_run_unlink(ix->folder, &v->run[i]->range);
    }
    return BR_OK;
}

static void *
merger(void *arg)
{
    struct br_digest_index *ix = (struct br_digest_index *)arg;
    (void)pthread_mutex_lock(&ix->lock);
    while (!ix->ending) {
        size_t at;
        if (ix->held || ix->merge_failure.rc != BR_OK ||
            !find_alike(ix, ix->view, &at)) {
            (void)pthread_cond_wait(&ix->changed, &ix->lock);
            continue;
        }
        ix->merging = true;
        /* The tables of the whole view would stay in memory meanwhile. */
        struct br_index_view *v =
            br_index_view_new(NULL, NULL, ix->view->run + at, BR_INDEX_FAN);
        (void)pthread_mutex_unlock(&ix->lock);
        struct br_err err = {0};
        enum br_rc rc =
            v == NULL ? br_fail(&err, BR_ERR_NO_MEMORY, "merging index runs")
                      : merge_runs(ix, v, at, &err);
        br_index_view_unref(v);
        (void)pthread_mutex_lock(&ix->lock);
        ix->merging = false;
        if (rc != BR_OK && rc != BR_ERR_STOPPING) {
            ix->merge_failure = err;
        }
        (void)pthread_cond_broadcast(&ix->changed);
    }
    (void)pthread_mutex_unlock(&ix->lock);
    return NULL;
}

/* ---- lifecycle ---------------------------------------------------------- */

/** Signals are for the program's own threads. */
static enum br_rc
start(
    struct br_digest_index *ix,
    void *(*run)(void *),
    pthread_t *ret,
    struct br_err *reterr)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int e = pthread_create(ret, NULL, run, ix);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (e != 0) {
        return br_fail(
            reterr, BR_ERR_NO_MEMORY, "the index's thread: %s", strerror(e));
    }
    return BR_OK;
}

enum br_rc
br_index_start(struct br_digest_index *ix, struct br_err *reterr)
{
    BR_TRY(start(ix, flusher, &ix->flusher, reterr));
    ix->has_flusher = true;
    BR_TRY(start(ix, merger, &ix->merger, reterr));
    ix->has_merger = true;
    return BR_OK;
}

void
br_index_stop(struct br_digest_index *ix)
{
    (void)pthread_mutex_lock(&ix->lock);
    ix->ending = true;
    atomic_store(&ix->cancel, true);
    (void)pthread_cond_broadcast(&ix->changed);
    (void)pthread_mutex_unlock(&ix->lock);
    if (ix->has_flusher) {
        (void)pthread_join(ix->flusher, NULL);
    }
    if (ix->has_merger) {
        (void)pthread_join(ix->merger, NULL);
    }
}

void
br_index_hold(struct br_digest_index *ix)
{
    (void)pthread_mutex_lock(&ix->lock);
    ix->held = true;
    atomic_store(&ix->cancel, true);
    while (ix->flushing || ix->merging) {
        (void)pthread_cond_wait(&ix->changed, &ix->lock);
    }
    atomic_store(&ix->cancel, false);
    (void)pthread_mutex_unlock(&ix->lock);
}

void
br_index_release(struct br_digest_index *ix)
{
    (void)pthread_mutex_lock(&ix->lock);
    ix->held = false;
    (void)pthread_cond_broadcast(&ix->changed);
    (void)pthread_mutex_unlock(&ix->lock);
}
