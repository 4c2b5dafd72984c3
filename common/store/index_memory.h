/*
 * The newest pairs of the digest index: a hash table with chains in the order
 * of arrival, so that the first leaves of a digest are found first however
 * often it was stamped.
 *
 * - One thread adds while any thread finds, without a lock: an entry is
 *   written before the pointer that leads to it is stored (release, acquire).
 * - A table is shared by counted references; the last one frees it.
 * - Its size is fixed: 24 bytes for a pair and 8 for a bucket.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_STORE_INDEX_MEMORY_H
#define BR_STORE_INDEX_MEMORY_H

#include "common/base/bytes.h"
#include "common/base/error.h"

struct br_index_pair {
    uint64_t key;
    uint64_t leaf;
};

static inline bool
br_index_pair_before(
    const struct br_index_pair *a, const struct br_index_pair *b)
{
    return a->key < b->key || (a->key == b->key && a->leaf < b->leaf);
}

struct br_index_memory;

/** With one reference. */
enum br_rc br_index_memory_new(
    size_t pairs_max,
    struct br_index_memory **ret,
    struct br_err *reterr) BR_MUST_USE;
struct br_index_memory *br_index_memory_ref(struct br_index_memory *m);
/** NULL is allowed. */
void br_index_memory_unref(struct br_index_memory *m);

/** These, and the adding, belong to the adding thread, or to anybody once it
 *  has handed the table over. */
size_t br_index_memory_count(const struct br_index_memory *m);
bool br_index_memory_full(const struct br_index_memory *m);
/** Leaf after the last one added; 0 when empty. */
uint64_t br_index_memory_end(const struct br_index_memory *m);
/** There must be room; leaves ascend. */
void br_index_memory_add(struct br_index_memory *m, struct br_index_pair p);
/** All pairs, sorted by key, then leaf; out has room for the count. */
void br_index_memory_sorted(
    const struct br_index_memory *m, struct br_index_pair *out);

/** Any thread. The key will be found or added soon. */
void br_index_memory_prefetch(const struct br_index_memory *m, uint64_t key);
/** Any thread. Leaves of the key from `from` on, ascending, at most max;
 *  returns how many. */
size_t br_index_memory_find(
    const struct br_index_memory *m,
    uint64_t key,
    uint64_t from,
    struct br_leaf_index *ret,
    size_t max);

#endif
