/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/crypto/hash.h"
#include "common/merkle/internal.h"

enum br_rc
br_merkle_node(
    const struct br_merkle_source *src,
    unsigned level,
    uint64_t index,
    struct br_hash *ret)
{
    struct br_hash node[BR_MERKLE_GROUP];
    unsigned log2 = level % 4;
    size_t count = (size_t)1 << log2;
    uint8_t g = (uint8_t)(level / 4);
    if (log2 > 0 && src->inner != NULL) {
        return src->inner(src->ctx, g, index << log2, log2, ret);
    }
    if (g == 0) {
        BR_TRY(src->leaves(src->ctx, index << log2, count, node));
    } else {
        BR_TRY(src->nodes(src->ctx, g, index << log2, count, node));
    }
    br_merkle_reduce(node, log2);
    *ret = node[0];
    return BR_OK;
}

enum br_rc
br_merkle_range_root(
    const struct br_merkle_source *src,
    uint64_t begin,
    uint64_t end,
    struct br_hash *ret)
{
    BR_ASSERT(begin < end);
    uint64_t width = end - begin;
    uint64_t at = end;
    bool has_acc = false;
    for (unsigned level = 0; width >> level != 0; level++) {
        if ((width >> level & 1) == 0) {
            continue;
        }
        struct br_hash part;
        at -= UINT64_C(1) << level;
        BR_TRY(br_merkle_node(src, level, at >> level, &part));
        if (has_acc) {
            br_sha256_node(&part, ret, ret);
        } else {
            *ret = part;
            has_acc = true;
        }
    }
    return BR_OK;
}

/** Past it, a consistency proof would not fit into a struct br_proof: the path
 *  has a hash for each level, and the old tree's last node goes before it. */
#define SIZE_MAX_PROVED (UINT64_C(1) << (BR_PROOF_HASHES_MAX - 1))

/** The siblings on the way from a complete node to the root of the first
 *  `size` leaves, appended to *p. Below the level where the way to the node
 *  and the way to the last leaf part, siblings alternate as the index's bits
 *  say and only the topmost may be incomplete; above it, all are complete and
 *  on the left. */
static enum br_rc
path(
    const struct br_merkle_source *src,
    unsigned level,
    uint64_t index,
    uint64_t size,
    struct br_proof *p)
{
    uint64_t last = (size - 1) >> level;
    unsigned inner = br_merkle_bit_length(index ^ last);
    for (unsigned l = 0; l < inner; l++) {
        uint64_t sibling = (index >> l) ^ 1;
        unsigned abs = level + l;
        uint64_t begin = sibling << abs;
        uint64_t end = begin + (UINT64_C(1) << abs);
        BR_TRY(br_merkle_range_root(
            src, begin, end < size ? end : size, &p->hash[p->count++]));
    }
    for (unsigned l = inner; last >> l != 0; l++) {
        if ((index >> l & 1) == 1) {
            BR_TRY(br_merkle_node(
                src, level + l, (index >> l) - 1, &p->hash[p->count++]));
        }
    }
    return BR_OK;
}

enum br_rc
br_merkle_inclusion(
    const struct br_merkle_source *src,
    uint64_t index,
    uint64_t size,
    struct br_proof *ret,
    struct br_err *reterr)
{
    if (index >= size || size > SIZE_MAX_PROVED) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "leaf %llu of a tree of %llu",
            (unsigned long long)index, (unsigned long long)size);
    }
    ret->count = 0;
    enum br_rc rc = path(src, 0, index, size, ret);
    return rc == BR_OK ? rc : br_fail(reterr, rc, "reading the tree");
}

enum br_rc
br_merkle_consistency(
    const struct br_merkle_source *src,
    uint64_t m,
    uint64_t n,
    struct br_proof *ret,
    struct br_err *reterr)
{
    if (m == 0 || m > n || n > SIZE_MAX_PROVED) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "from %llu to %llu",
            (unsigned long long)m, (unsigned long long)n);
    }
    ret->count = 0;
    if (m == n) {
        return BR_OK;
    }
    unsigned level = (unsigned)__builtin_ctzll(m);
    uint64_t index = (m - 1) >> level;
    enum br_rc rc = BR_OK;
    if (index != 0) {
        rc = br_merkle_node(src, level, index, &ret->hash[ret->count++]);
    }
    if (rc == BR_OK) {
        rc = path(src, level, index, n, ret);
    }
    return rc == BR_OK ? rc : br_fail(reterr, rc, "reading the tree");
}

enum br_rc
br_merkle_root_at(
    const struct br_merkle_source *src,
    uint64_t size,
    struct br_hash *ret,
    struct br_err *reterr)
{
    if (size == 0) {
        br_sha256(br_bytes(NULL, 0), ret);
        return BR_OK;
    }
    enum br_rc rc = br_merkle_range_root(src, 0, size, ret);
    return rc == BR_OK ? rc : br_fail(reterr, rc, "reading the tree");
}

/* C2SP tiles have eight binary levels, two of our group levels. */
enum { TILE_WIDTH = 256, TILE_LEVELS = BR_MERKLE_LEVELS_MAX / 2 };

enum br_rc
br_merkle_tile(
    const struct br_merkle_source *src,
    uint8_t level,
    uint64_t n,
    size_t width,
    struct br_hash *out,
    struct br_err *reterr)
{
    BR_ASSERT(width >= 1 && width <= TILE_WIDTH);
    if (level >= TILE_LEVELS || n > UINT64_MAX / TILE_WIDTH) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "tile %llu of level %u",
            (unsigned long long)n, level);
    }
    for (size_t i = 0; i < width; i += BR_MERKLE_GROUP) {
        size_t count =
            width - i < BR_MERKLE_GROUP ? width - i : BR_MERKLE_GROUP;
        uint64_t first = n * TILE_WIDTH + i;
        enum br_rc rc =
            level == 0
                ? src->leaves(src->ctx, first, count, out + i)
                : src->nodes(
                      src->ctx, (uint8_t)(2 * level), first, count, out + i);
        if (rc != BR_OK) {
            return br_fail(reterr, rc, "reading the tree");
        }
    }
    return BR_OK;
}
