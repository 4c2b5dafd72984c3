/*
 * A run of the digest index: an immutable file of pairs sorted by key, then
 * leaf, mapped into memory. Its name says which leaves it covers:
 * run-FIRST-END, decimal with twenty digits each.
 *
 * File: "brindex1", u64 pairs, u64 first, u64 end, 32 bytes SHA-256 of the
 * three numbers and the pairs; then the pairs, 16 bytes each. Numbers in the
 * order of the machine: an index is rebuilt, not carried around.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_STORE_INDEX_RUN_H
#define BR_STORE_INDEX_RUN_H

#include "common/store/index_memory.h"

struct br_index_run {
    uint64_t first; /**< leaves [first, end) are covered */
    uint64_t end;
    size_t count;
    const struct br_index_pair *pair;
    void *map;
    size_t map_bytes;
};

/** Where pairs come from, in order; false at the end. */
typedef bool br_index_next_fn(void *ctx, struct br_index_pair *ret);

/** Write, sync and rename a run. */
enum br_rc br_index_run_write(
    const char *folder,
    const struct br_index_run *range,
    br_index_next_fn *next,
    void *ctx,
    struct br_err *reterr) BR_MUST_USE;
/** Map it. BR_ERR_CORRUPT when sizes or header are wrong. */
enum br_rc br_index_run_open(
    const char *folder,
    uint64_t first,
    uint64_t end,
    struct br_index_run *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Does the checksum hold? Reads it all. */
enum br_rc br_index_run_check(
    const struct br_index_run *r, struct br_err *reterr) BR_MUST_USE;
void br_index_run_close(struct br_index_run *r);
void br_index_run_unlink(const char *folder, const struct br_index_run *r);
/** run-FIRST-END of a file's name. */
bool br_index_run_name_parse(const char *name, uint64_t *first, uint64_t *end);

size_t br_index_run_find(
    const struct br_index_run *r,
    uint64_t key,
    uint64_t from,
    struct br_leaf_index *ret,
    size_t max);

#endif
