/*
 * The newest pairs of the digest index: a hash table with chains in the order
 * of arrival, so that the first leaves of a digest are found first however
 * often it was stamped. Guarded by its owner.
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

struct br_index_memory;

enum br_rc br_index_memory_new(
    size_t pairs_max,
    struct br_index_memory **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_index_memory_free(struct br_index_memory *m);
size_t br_index_memory_count(const struct br_index_memory *m);
bool br_index_memory_full(const struct br_index_memory *m);
/** There must be room; leaves ascend. */
void br_index_memory_add(struct br_index_memory *m, struct br_index_pair p);
/** Leaf after the last one added; 0 when empty. */
uint64_t br_index_memory_end(const struct br_index_memory *m);
/** Leaves of the key from `from` on, ascending; returns how many. */
size_t br_index_memory_find(
    const struct br_index_memory *m,
    uint64_t key,
    uint64_t from,
    struct br_leaf_index *ret,
    size_t max);
/** All pairs, sorted by key, then leaf; out has room for the count. */
void br_index_memory_sorted(
    const struct br_index_memory *m, struct br_index_pair *out);

#endif
