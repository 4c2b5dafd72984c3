/*
 * A run of the digest index: an immutable file of pairs sorted by key, then
 * leaf, mapped into memory. Its name says which leaves it covers:
 * run-FIRST-END, decimal with twenty digits each; while it is being written,
 * new-FIRST-END.
 *
 * File, numbers in the order of the machine (an index is rebuilt, not carried
 * around):
 *   0     header: "brindex2", u64 pairs, u64 first, u64 end, u64 blocks of the
 *         filter, u64 mark of the secret, 32 bytes SHA-256 of the pairs and
 *         then of these five numbers; zeroes up to
 *   4096  the pairs, u64 key and u64 leaf each; zeroes up to a multiple of 64
 *   then  the filter: blocks of 64 bytes, a Bloom filter each, for the keys of
 *         one slice of the range
 *
 * - A run is shared by counted references; the last one unmaps it.
 * - Opening costs a page: sizes and names must agree. br_index_run_check reads
 *   it all.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_STORE_INDEX_RUN_H
#define BR_STORE_INDEX_RUN_H

#include <stdatomic.h>

#include "common/store/index_memory.h"

#define BR_INDEX_HEADER_BYTES 4096
#define BR_INDEX_BLOCK_BYTES  64
/* 10.7 bits for a pair: one miss in about a hundred reads pairs in vain. */
#define BR_INDEX_BLOCK_PAIRS 48
#define BR_INDEX_NAME_BYTES  48

/** What a run is about. */
struct br_index_range {
    uint64_t first; /**< leaves [first, end) are covered */
    uint64_t end;
    uint64_t count; /**< pairs */
    uint64_t mark;  /**< of the secret: other keys are of no use */
};

struct br_index_header {
    char magic[8];
    uint64_t count;
    uint64_t first;
    uint64_t end;
    uint64_t blocks;
    uint64_t mark;
    struct br_hash check;
};

struct br_index_block {
    uint64_t bits[BR_INDEX_BLOCK_BYTES / 8];
};

struct br_index_run {
    atomic_uint refs;
    struct br_index_range range;
    const struct br_index_pair *pair;
    const struct br_index_block *block;
    uint64_t blocks;
    void *map;
    size_t map_bytes;
};

extern const char br_index_magic[8];

/* ---- layout ------------------------------------------------------------- */

void br_index_run_name(
    char out[BR_INDEX_NAME_BYTES],
    const char *kind,
    uint64_t first,
    uint64_t end);
/** Is it KIND-FIRST-END? */
bool br_index_run_name_parse(
    const char *name, const char *kind, uint64_t *first, uint64_t *end);
uint64_t br_index_blocks(uint64_t count);
/** Where the filter begins in the file. */
uint64_t br_index_filter_at(uint64_t count);
/** The block of a key ascends with the key: a filter is written in order. */
uint64_t br_index_block_of(uint64_t key, uint64_t blocks);
void br_index_block_add(struct br_index_block *b, uint64_t key);
bool br_index_block_has(const struct br_index_block *b, uint64_t key);

/* ---- writing (index_write.c) -------------------------------------------- */

/** Where pairs come from, in order. */
struct br_index_source {
    void *ctx;
    struct br_index_pair (*next)(void *ctx); /**< called range.count times */
    const atomic_bool *cancel;               /**< then BR_ERR_STOPPING */
    void (*before_name)(void *ctx);          /**< for tests; or NULL */
    void *before_name_ctx;
};

/** Write, sync, rename, sync the folder. Leaves nothing after a failure. */
enum br_rc br_index_run_write(
    int folder,
    const struct br_index_range *range,
    const struct br_index_source *source,
    struct br_err *reterr) BR_MUST_USE;

/* ---- reading ------------------------------------------------------------ */

/** Map it, with one reference. BR_ERR_CORRUPT when sizes or header are
 *  wrong. */
enum br_rc br_index_run_open(
    int folder,
    const struct br_index_range *range,
    struct br_index_run **ret,
    struct br_err *reterr) BR_MUST_USE;
struct br_index_run *br_index_run_ref(struct br_index_run *r);
void br_index_run_unref(struct br_index_run *r);
/** Remove the file; who has it mapped can still read. False when it is still
 *  there. */
bool br_index_run_unlink(int folder, const struct br_index_range *range);
/** Order, filter and checksum. BR_ERR_CORRUPT. */
enum br_rc br_index_run_check(
    const struct br_index_run *r, struct br_err *reterr) BR_MUST_USE;

/** Fetch what br_index_run_find will look at first. */
static inline void
br_index_run_prefetch(const struct br_index_run *r, uint64_t key)
{
    __builtin_prefetch(&r->block[br_index_block_of(key, r->blocks)]);
}

size_t br_index_run_find(
    const struct br_index_run *r,
    uint64_t key,
    uint64_t from,
    struct br_leaf_index *ret,
    size_t max);

#endif
