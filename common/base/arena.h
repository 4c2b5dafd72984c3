/*
 * Memory of one request or one block: taken piece by piece, given back whole.
 *
 * - Hard limit in bytes at br_arena_init; past it, br_arena_take gives NULL.
 * - Pieces are aligned to 16 bytes and zeroed. Not for secrets.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_BASE_ARENA_H
#define BR_BASE_ARENA_H

#include "common/base/attr.h"
#include "common/base/bytes.h"

struct br_arena_block;

struct br_arena {
    struct br_arena_block *blocks;
    size_t used;
    size_t max;
    bool refused; /**< the last NULL was for want of memory, not of room */
};

void br_arena_init(struct br_arena *a, size_t max_bytes);
void br_arena_fini(struct br_arena *a);
/** NULL when the limit is reached or memory is refused. */
void *br_arena_take(struct br_arena *a, size_t n) BR_MUST_USE;
/** A copy that ends with a NUL byte not counted in its length. */
char *br_arena_copy(struct br_arena *a, struct br_bytes bytes) BR_MUST_USE;

#endif
