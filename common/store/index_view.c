/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/store/index_internal.h"

#include <stdlib.h>

struct br_index_view *
br_index_view_new(
    struct br_index_memory *active,
    struct br_index_memory *full,
    struct br_index_run *const *run,
    size_t run_count)
{
    struct br_index_view *v = (struct br_index_view *)calloc(
        1, sizeof(*v) + run_count * sizeof(struct br_index_run *));
    if (v == NULL) {
        return NULL;
    }
    atomic_init(&v->refs, 1);
    v->active = br_index_memory_ref(active);
    v->full = br_index_memory_ref(full);
    v->run_count = run_count;
    for (size_t i = 0; i < run_count; i++) {
        v->run[i] = br_index_run_ref(run[i]);
    }
    return v;
}

void
br_index_view_unref(struct br_index_view *v)
{
    if (v == NULL || atomic_fetch_sub(&v->refs, 1) != 1) {
        return;
    }
    br_index_memory_unref(v->active);
    br_index_memory_unref(v->full);
    for (size_t i = 0; i < v->run_count; i++) {
        br_index_run_unref(v->run[i]);
    }
    free(v);
}

uint64_t
br_index_view_covered(const struct br_index_view *v)
{
    return v->run_count == 0 ? 0 : v->run[v->run_count - 1]->range.end;
}

void
br_index_view_prefetch(const struct br_index_view *v, uint64_t key)
{
    for (size_t i = 0; i < v->run_count; i++) {
        br_index_run_prefetch(v->run[i], key);
    }
    if (v->full != NULL) {
        br_index_memory_prefetch(v->full, key);
    }
    br_index_memory_prefetch(v->active, key);
}

/** Runs and tables cover one stretch of leaves after the other: what is found
 *  in this order ascends. */
size_t
br_index_view_find(
    const struct br_index_view *v,
    struct br_index_pair from,
    struct br_leaf_index *ret,
    size_t max)
{
    size_t n = 0;
    br_index_view_prefetch(v, from.key);
    for (size_t i = 0; i < v->run_count && n < max; i++) {
        n +=
            br_index_run_find(v->run[i], from.key, from.leaf, ret + n, max - n);
    }
    if (v->full != NULL && n < max) {
        n += br_index_memory_find(
            v->full, from.key, from.leaf, ret + n, max - n);
    }
    if (n < max) {
        n += br_index_memory_find(
            v->active, from.key, from.leaf, ret + n, max - n);
    }
    return n;
}

struct br_index_view *
br_index_take_view(struct br_digest_index *ix)
{
    (void)pthread_mutex_lock(&ix->lock);
    struct br_index_view *v = ix->view;
    (void)atomic_fetch_add(&v->refs, 1);
    (void)pthread_mutex_unlock(&ix->lock);
    return v;
}

struct br_index_view *
br_index_swap_view(struct br_digest_index *ix, struct br_index_view *v)
{
    struct br_index_view *old = ix->view;
    ix->view = v;
    atomic_store(&ix->covered, br_index_view_covered(v));
    (void)pthread_cond_broadcast(&ix->changed);
    return old;
}
