/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/arena.h"

#include <stdlib.h>

enum { ALIGN = 16, BLOCK_BYTES = 16 * 1024 };

struct br_arena_block {
    struct br_arena_block *next;
    size_t capacity;
    size_t n;
    size_t pad_;
    uint8_t bytes[];
};

void
br_arena_init(struct br_arena *a, size_t max_bytes)
{
    *a = (struct br_arena){.max = max_bytes};
}

void
br_arena_fini(struct br_arena *a)
{
    while (a->blocks != NULL) {
        struct br_arena_block *next = a->blocks->next;
        free(a->blocks);
        a->blocks = next;
    }
    a->used = 0;
}

/** A small arena clears no more memory than it may give: n fits in what is
 *  left. */
static struct br_arena_block *
add_block(struct br_arena *a, size_t n)
{
    size_t left = a->max - a->used;
    size_t capacity = left < BLOCK_BYTES ? left : BLOCK_BYTES;
    capacity = n > capacity ? n : capacity;
    struct br_arena_block *b = (struct br_arena_block *)calloc(
        1, sizeof(struct br_arena_block) + capacity);
    if (b != NULL) {
        b->capacity = capacity;
        b->next = a->blocks;
        a->blocks = b;
    }
    return b;
}

void *
br_arena_take(struct br_arena *a, size_t n)
{
    a->refused = false;
    if (n > a->max) {
        return NULL;
    }
    n = (n + ALIGN - 1) / ALIGN * ALIGN;
    if (n > a->max - a->used) {
        return NULL;
    }
    struct br_arena_block *b = a->blocks;
    if (b == NULL || b->capacity - b->n < n) {
        b = add_block(a, n);
    }
    if (b == NULL) {
        a->refused = true;
        return NULL;
    }
    void *at = b->bytes + b->n;
    b->n += n;
    a->used += n;
    return at;
}

char *
br_arena_copy(struct br_arena *a, struct br_bytes bytes)
{
    char *copy = (char *)br_arena_take(a, bytes.n + 1);
    if (copy != NULL && bytes.n > 0) {
        memcpy(copy, bytes.p, bytes.n);
    }
    return copy;
}
