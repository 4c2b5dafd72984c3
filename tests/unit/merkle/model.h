/*
 * The tree as RFC 9162 section 2.1 defines it, word by word, and a store that
 * keeps only what the frontier emits: the model and the world of these tests.
 *
 * - Leaf i is its index in eight bytes, big endian.
 * - The model recurses as the definition does; it remembers complete subtrees.
 * - The store's source fails the test when it is asked for what is not there.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TESTS_MERKLE_MODEL_H
#define BR_TESTS_MERKLE_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/merkle/merkle.h"

enum { MODEL_LEVELS = 18 };

struct model {
    uint64_t size;
    struct br_hash *node[MODEL_LEVELS]; /**< complete binary nodes */
    bool *known[MODEL_LEVELS];
};

struct model *model_new(uint64_t size);
void model_free(struct model *m);
/** MTH(D[begin:end]) */
void
model_root(struct model *m, uint64_t begin, uint64_t end, struct br_hash *ret);
/** PATH(index, D[0:size]) */
void model_path(
    struct model *m, uint64_t index, uint64_t size, struct br_proof *ret);
/** PROOF(first, D[0:size]) */
void model_consistency(
    struct model *m, uint64_t first, uint64_t size, struct br_proof *ret);

enum { STORE_LEVELS = 5, STORE_ROWS_READ_MAX = 256 };

struct row_read {
    uint8_t g;
    uint64_t r;
};

/** A tree grown leaf by leaf. */
struct store {
    struct model *model; /**< whose leaves these are */
    struct br_frontier frontier;
    struct br_merkle_row *row[STORE_LEVELS]; /**< row[g][r], g >= 1 */
    uint64_t rows[STORE_LEVELS];
    struct row_read read[STORE_ROWS_READ_MAX]; /**< full rows, each once */
    size_t reads;
};

void store_init(struct store *s, struct model *m);
void store_fini(struct store *s);
/** Append leaves until there are `size`. */
void store_grow(struct store *s, uint64_t size);
/** Forgets what was read before. */
struct br_merkle_source store_source(struct store *s);
/** The same, with the inner nodes remembered by the source. */
struct br_merkle_source store_source_inner(struct store *s);
/** How many full rows of level g have been read since `reads` was zero. */
size_t store_rows_read(const struct store *s, uint8_t g);

/** Fails the test unless both have the same hashes. */
void assert_proof_equal(const struct br_proof *a, const struct br_proof *b);
void assert_hash_equal(const struct br_hash *a, const struct br_hash *b);

/** splitmix64: the next number of a sequence that a seed fixes. */
static inline uint64_t
next_random(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

#endif
