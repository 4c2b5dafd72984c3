/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/store/digest_index.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"
#include "common/store/index_internal.h"
#include "common/store/internal.h"

/* ---- lifecycle ---------------------------------------------------------- */

enum br_rc
br_digest_index_open_with(
    const char *folder,
    const struct br_index_tuning *tuning,
    struct br_digest_index **ret,
    struct br_err *reterr)
{
    struct br_digest_index *ix =
        (struct br_digest_index *)calloc(1, sizeof(*ix));
    if (ix == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "digest index");
    }
    ix->folder = -1;
    ix->tuning = *tuning;
    ix->missing = UINT64_MAX;
    (void)pthread_mutex_init(&ix->lock, NULL);
    (void)pthread_cond_init(&ix->changed, NULL);
    enum br_rc rc = br_index_open_files(ix, folder, reterr);
    if (rc == BR_OK) {
        rc = br_index_start(ix, reterr);
    }
    if (rc != BR_OK) {
        br_digest_index_close(ix);
        return rc;
    }
    *ret = ix;
    return BR_OK;
}

enum br_rc
br_digest_index_open_sized(
    const char *folder,
    size_t pairs_max,
    struct br_digest_index **ret,
    struct br_err *reterr)
{
    struct br_index_tuning tuning = {.pairs_max = pairs_max};
    return br_digest_index_open_with(folder, &tuning, ret, reterr);
}

enum br_rc
br_digest_index_open(
    const char *folder, struct br_digest_index **ret, struct br_err *reterr)
{
    return br_digest_index_open_sized(
        folder, BR_INDEX_MEMORY_PAIRS, ret, reterr);
}

void
br_digest_index_close(struct br_digest_index *ix)
{
    if (ix == NULL) {
        return;
    }
    br_index_stop(ix);
    br_index_view_unref(ix->view);
    if (ix->folder >= 0) {
        (void)close(ix->folder);
    }
    br_wipe(ix->secret, sizeof(ix->secret));
    (void)pthread_cond_destroy(&ix->changed);
    (void)pthread_mutex_destroy(&ix->lock);
    free(ix);
}

struct br_leaf_index
br_digest_index_covered(const struct br_digest_index *ix)
{
    return (struct br_leaf_index){atomic_load(&ix->covered)};
}

/* ---- adding ------------------------------------------------------------- */

/** Waits for the table before to be written; a write that failed is tried
 *  once more for each call. */
static enum br_rc
wait_for_flusher(struct br_digest_index *ix, struct br_err *reterr)
{
    (void)pthread_mutex_lock(&ix->lock);
    if (ix->flush_failure.rc != BR_OK) {
        ix->flush_failure.rc = BR_OK;
        ix->merge_failure.rc = BR_OK;
        (void)pthread_cond_broadcast(&ix->changed);
    }
    while (ix->view->full != NULL && ix->flush_failure.rc == BR_OK) {
        (void)pthread_cond_wait(&ix->changed, &ix->lock);
    }
    struct br_err failure = ix->flush_failure;
    (void)pthread_mutex_unlock(&ix->lock);
    return failure.rc == BR_OK
               ? BR_OK
               : br_fail(
                     reterr, failure.rc, "digest index: %.200s", failure.text);
}

/** The full table goes to the flusher, an empty one takes its place. */
static enum br_rc
turn_over(struct br_digest_index *ix, struct br_err *reterr)
{
    struct br_index_memory *fresh;
    BR_TRY(wait_for_flusher(ix, reterr));
    BR_TRY(br_index_memory_new(ix->tuning.pairs_max, &fresh, reterr));
    (void)pthread_mutex_lock(&ix->lock);
    struct br_index_view *old = ix->view;
    struct br_index_view *v =
        br_index_view_new(fresh, ix->active, old->run, old->run_count);
    if (v != NULL) {
        (void)br_index_swap_view(ix, v);
        ix->active = fresh;
    }
    (void)pthread_mutex_unlock(&ix->lock);
    br_index_memory_unref(fresh);
    if (v == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "digest index");
    }
    br_index_view_unref(old);
    return BR_OK;
}

enum br_rc
br_digest_index_add(
    struct br_digest_index *ix,
    struct br_bytes digest,
    struct br_leaf_index leaf,
    struct br_err *reterr)
{
    if (leaf.v < ix->next) {
        return BR_OK;
    }
    if (leaf.v > ix->missing) {
        return br_fail(
            reterr, BR_ERR_CONFLICT,
            "digest index: leaf %llu was refused, add again from there",
            (unsigned long long)ix->missing);
    }
    if (br_index_memory_full(ix->active)) {
        ix->missing = leaf.v;
        BR_TRY(turn_over(ix, reterr));
    }
    struct br_index_pair p = {br_siphash(ix->secret, digest), leaf.v};
    br_index_memory_add(ix->active, p);
    ix->next = leaf.v + 1;
    ix->missing = UINT64_MAX;
    return BR_OK;
}

/* ---- forgetting --------------------------------------------------------- */

/** The newest first: what a crash leaves is a shorter index, or the same. */
static enum br_rc
remove_runs(
    struct br_digest_index *ix,
    const struct br_index_view *v,
    size_t kept,
    struct br_err *reterr)
{
    bool ok = true;
    for (size_t i = v->run_count; i > kept && ok; i--) {
        ok = br_index_run_unlink(ix->folder, &v->run[i - 1]->range);
    }
    if (kept < v->run_count && !(ok && fsync(ix->folder) == 0)) {
        return br_fail(
            reterr, br_store_errno(errno),
            "removing index runs: %s; remove the whole index", strerror(errno));
    }
    return BR_OK;
}

static enum br_rc
forget(
    struct br_digest_index *ix,
    const struct br_index_view *v,
    uint64_t leaf,
    struct br_err *reterr)
{
    struct br_index_memory *fresh;
    size_t kept = v->run_count;
    while (kept > 0 && v->run[kept - 1]->range.end > leaf) {
        kept--;
    }
    BR_TRY(br_index_memory_new(ix->tuning.pairs_max, &fresh, reterr));
    struct br_index_view *shorter =
        br_index_view_new(fresh, NULL, v->run, kept);
    br_index_memory_unref(fresh);
    if (shorter == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "digest index");
    }
    /* Whether or not their files go: they are no longer looked at. */
    (void)pthread_mutex_lock(&ix->lock);
    struct br_index_view *old = br_index_swap_view(ix, shorter);
    ix->flush_failure.rc = BR_OK;
    ix->merge_failure.rc = BR_OK;
    (void)pthread_mutex_unlock(&ix->lock);
    br_index_view_unref(old);
    ix->active = fresh;
    ix->next = atomic_load(&ix->covered);
    ix->missing = UINT64_MAX;
    return remove_runs(ix, v, kept, reterr);
}

enum br_rc
br_digest_index_forget_from(
    struct br_digest_index *ix,
    struct br_leaf_index leaf,
    struct br_err *reterr)
{
    br_index_hold(ix);
    struct br_index_view *v = br_index_take_view(ix);
    enum br_rc rc = forget(ix, v, leaf.v, reterr);
    br_index_view_unref(v);
    br_index_release(ix);
    return rc;
}

enum br_rc
br_digest_index_reset(struct br_digest_index *ix, struct br_err *reterr)
{
    return br_digest_index_forget_from(ix, (struct br_leaf_index){0}, reterr);
}

/* ---- finding ------------------------------------------------------------ */

void
br_digest_index_prefetch(
    struct br_digest_index *ix, const struct br_bytes *digests, size_t count)
{
    struct br_index_view *v = br_index_take_view(ix);
    for (size_t i = 0; i < count; i++) {
        br_index_view_prefetch(v, br_siphash(ix->secret, digests[i]));
    }
    br_index_view_unref(v);
}

enum br_rc
br_digest_index_find(
    struct br_digest_index *ix,
    struct br_bytes digest,
    struct br_leaf_index from,
    struct br_leaf_index *ret,
    size_t max,
    size_t *ret_count)
{
    struct br_index_pair p = {br_siphash(ix->secret, digest), from.v};
    struct br_index_view *v = br_index_take_view(ix);
    *ret_count = br_index_view_find(v, p, ret, max);
    br_index_view_unref(v);
    return BR_OK;
}

enum br_rc
br_digest_index_check(struct br_digest_index *ix, struct br_err *reterr)
{
    enum br_rc rc = BR_OK;
    (void)pthread_mutex_lock(&ix->lock);
    struct br_index_view *v =
        br_index_view_new(NULL, NULL, ix->view->run, ix->view->run_count);
    (void)pthread_mutex_unlock(&ix->lock);
    if (v == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "digest index");
    }
    for (size_t i = 0; i < v->run_count && rc == BR_OK; i++) {
        rc = br_index_run_check(v->run[i], reterr);
    }
    br_index_view_unref(v);
    return rc;
}
