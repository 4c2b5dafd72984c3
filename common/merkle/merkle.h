/*
 * The RFC 9162 section 2.1 tree over SHA-256: growing it, proving, checking.
 *
 * Storage is in groups of sixteen. A leaf hash is a node of level 0; the
 * node (g, i) of group level g covers the leaves [i*16^g, (i+1)*16^g). Only
 * complete nodes with g >= 1 are stored, sixteen siblings to a row: row
 * (g, r) holds the nodes (g, 16r) .. (g, 16r+15), 512 bytes, written once
 * when the sixteenth is complete. What is not yet in a row lives in the
 * frontier. A proof reads at most one row a group level and recomputes fifteen
 * nodes in each. C2SP tiles of height 8 are every second level.
 *
 * Pure: rows are read through a callback, hashes by common/crypto/hash.h.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_MERKLE_MERKLE_H
#define BR_MERKLE_MERKLE_H

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/base/limits.h"

#define BR_MERKLE_GROUP      16
#define BR_MERKLE_LEVELS_MAX 16 /* 16^16 leaves */

/** The right edge: for each group level the complete nodes that are not in a
 *  full row yet. Level 0 holds hashes of the last (size % 16) leaves. A plain
 *  value; its bytes are defined by br_frontier_encode. */
struct br_frontier {
    uint64_t size;                       /**< leaves in the tree */
    uint8_t count[BR_MERKLE_LEVELS_MAX]; /**< 0..15 each */
    struct br_hash node[BR_MERKLE_LEVELS_MAX][BR_MERKLE_GROUP];
};

/** A row that became complete: nodes (g, 16r)..(g, 16r+15), g >= 1. */
struct br_merkle_row {
    uint8_t g;
    uint64_t r;
    struct br_hash node[BR_MERKLE_GROUP];
};
typedef enum br_rc br_merkle_row_fn(void *ctx, const struct br_merkle_row *row);

void br_frontier_init(struct br_frontier *f);
/** Append one leaf hash; calls emit for each row that becomes complete. */
enum br_rc br_frontier_append(
    struct br_frontier *f,
    const struct br_hash *leaf_hash,
    br_merkle_row_fn *emit,
    void *ctx) BR_MUST_USE;
/** Root of the tree; of the empty tree, SHA-256(""). */
void br_frontier_root(const struct br_frontier *f, struct br_hash *ret);
/** u64 size (big endian), then for each level in use its hashes; levels in use
 *  and counts follow from size. At most BR_FRONTIER_BYTES_MAX. */
#define BR_FRONTIER_BYTES_MAX (8 + BR_MERKLE_LEVELS_MAX * 15 * BR_HASH_BYTES)
size_t br_frontier_encode(
    const struct br_frontier *f, uint8_t out[BR_FRONTIER_BYTES_MAX]);
/** Bytes that the frontier of a tree of this size has. */
size_t br_frontier_bytes(uint64_t size);
enum br_rc br_frontier_parse(
    struct br_bytes bytes,
    struct br_frontier *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Where a proof finds the complete nodes. Both callbacks fill out[0..count)
 *  and are asked only for nodes that are complete at the tree's size. */
struct br_merkle_source {
    void *ctx;
    /** Hashes of the leaves [first, first+count), count <= 16. */
    enum br_rc (*leaves)(
        void *ctx, uint64_t first, size_t count, struct br_hash *out);
    /** Nodes (g, first)..(g, first+count), within one row, g >= 1; from the
     *  row, or from the current frontier where the row is not full. */
    enum br_rc (*nodes)(
        void *ctx,
        uint8_t g,
        uint64_t first,
        size_t count,
        struct br_hash *out);
    /** Or NULL: the node that covers the 2^log2 complete nodes of level g from
     *  first on, log2 1 to 3, for a source that remembers what it hashed. */
    enum br_rc (*inner)(
        void *ctx,
        uint8_t g,
        uint64_t first,
        unsigned log2,
        struct br_hash *out);
};

struct br_proof {
    size_t count;
    struct br_hash hash[BR_PROOF_HASHES_MAX];
};

/** RFC 9162 section 2.1.3.1: PATH(index, D[0:size]); size may be any size up to
 *  the tree's. */
enum br_rc br_merkle_inclusion(
    const struct br_merkle_source *src,
    uint64_t index,
    uint64_t size,
    struct br_proof *ret,
    struct br_err *reterr) BR_MUST_USE;
/** RFC 9162 section 2.1.4.1: PROOF(m, D[0:n]), 0 < m <= n. */
enum br_rc br_merkle_consistency(
    const struct br_merkle_source *src,
    uint64_t m,
    uint64_t n,
    struct br_proof *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Root of the first `size` leaves, any size up to the tree's. */
enum br_rc br_merkle_root_at(
    const struct br_merkle_source *src,
    uint64_t size,
    struct br_hash *ret,
    struct br_err *reterr) BR_MUST_USE;

/** RFC 9162 section 2.1.3.2. BR_ERR_PROOF_INVALID tells why. */
enum br_rc br_merkle_check_inclusion(
    uint64_t index,
    uint64_t size,
    const struct br_hash *leaf_hash,
    const struct br_proof *proof,
    const struct br_hash *root,
    struct br_err *reterr) BR_MUST_USE;
/** The root that an inclusion proof leads to (for COSE receipts). */
enum br_rc br_merkle_root_from_inclusion(
    uint64_t index,
    uint64_t size,
    const struct br_hash *leaf_hash,
    const struct br_proof *proof,
    struct br_hash *ret,
    struct br_err *reterr) BR_MUST_USE;
/** RFC 9162 section 2.1.4.2; m == 0 needs an empty proof, and old root of the
 *  empty tree. */
enum br_rc br_merkle_check_consistency(
    uint64_t m,
    uint64_t n,
    const struct br_hash *old_root,
    const struct br_hash *new_root,
    const struct br_proof *proof,
    struct br_err *reterr) BR_MUST_USE;

/** C2SP tlog-tiles: the hashes of tile (level, n), width 1..256, one after the
 *  other into out[width]. */
enum br_rc br_merkle_tile(
    const struct br_merkle_source *src,
    uint8_t level,
    uint64_t n,
    size_t width,
    struct br_hash *out,
    struct br_err *reterr) BR_MUST_USE;

/** RFC 9162 tree over a short list held in memory (the application hash). */
void br_merkle_list_root(
    const struct br_bytes *leaves, size_t count, struct br_hash *ret);

#endif
