/*
 * What the files of common/merkle share.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_MERKLE_INTERNAL_H
#define BR_MERKLE_INTERNAL_H

#include "common/merkle/merkle.h"

/** Root of 2^log2 neighbours, log2 <= 4, in place: the result is node[0]. */
void br_merkle_reduce(struct br_hash *node, unsigned log2);

/** The complete binary node of this level and index. */
enum br_rc br_merkle_node(
    const struct br_merkle_source *src,
    unsigned level,
    uint64_t index,
    struct br_hash *ret) BR_MUST_USE;

/** Root of the leaves [begin, end); begin is a multiple of a power of two that
 *  is at least end - begin. */
enum br_rc br_merkle_range_root(
    const struct br_merkle_source *src,
    uint64_t begin,
    uint64_t end,
    struct br_hash *ret) BR_MUST_USE;

static inline unsigned
br_merkle_bit_length(uint64_t v)
{
    return v == 0 ? 0 : 64u - (unsigned)__builtin_clzll(v);
}

#endif
