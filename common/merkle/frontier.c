/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/crypto/hash.h"
#include "common/merkle/internal.h"

void
br_merkle_reduce(struct br_hash *node, unsigned log2)
{
    BR_ASSERT(log2 <= 4);
    for (size_t n = (size_t)1 << log2; n > 1; n /= 2) {
        for (size_t i = 0; i < n / 2; i++) {
            br_sha256_node(&node[2 * i], &node[2 * i + 1], &node[i]);
        }
    }
}

void
br_frontier_init(struct br_frontier *f)
{
    *f = (struct br_frontier){0};
}

enum br_rc
br_frontier_append(
    struct br_frontier *f,
    const struct br_hash *leaf_hash,
    br_merkle_row_fn *emit,
    void *ctx)
{
    struct br_hash h = *leaf_hash;
    uint8_t g = 0;
    if (f->size == UINT64_MAX) {
        return BR_ERR_OUT_OF_RANGE; /* every level holds fifteen */
    }
    /* Nothing changes before every row is out: a refused row may be tried
     * again, and the frontier is never between two sizes. */
    for (; f->count[g] == BR_MERKLE_GROUP - 1; g++) {
        struct br_merkle_row row = {.g = g, .r = f->size >> (4 * (g + 1))};
        memcpy(row.node, f->node[g], sizeof(row.node));
        row.node[BR_MERKLE_GROUP - 1] = h;
        if (g >= 1) {
            BR_TRY(emit(ctx, &row));
        }
        br_merkle_reduce(row.node, 4);
        h = row.node[0];
    }
    memset(f->count, 0, g);
    f->node[g][f->count[g]++] = h;
    f->size++;
    return BR_OK;
}

/** Join to the right-hand accumulator what one level of the edge holds. */
static void
join_level(
    const struct br_frontier *f, unsigned g, struct br_hash *acc, bool *has_acc)
{
    size_t end = f->count[g];
    for (unsigned bit = 0; bit < 4; bit++) {
        size_t width = (size_t)1 << bit;
        if ((f->count[g] & width) == 0) {
            continue;
        }
        struct br_hash part[BR_MERKLE_GROUP];
        end -= width;
        memcpy(part, &f->node[g][end], width * sizeof(part[0]));
        br_merkle_reduce(part, bit);
        if (*has_acc) {
            br_sha256_node(&part[0], acc, acc);
        } else {
            *acc = part[0];
            *has_acc = true;
        }
    }
}

void
br_frontier_root(const struct br_frontier *f, struct br_hash *ret)
{
    bool has_acc = false;
    if (f->size == 0) {
        br_sha256(br_bytes(NULL, 0), ret);
        return;
    }
    for (unsigned g = 0; g < BR_MERKLE_LEVELS_MAX; g++) {
        join_level(f, g, ret, &has_acc);
    }
    BR_ASSERT(has_acc);
}

static uint8_t
digit(uint64_t size, unsigned g)
{
    return (uint8_t)(size >> (4 * g) & 15);
}

size_t
br_frontier_encode(
    const struct br_frontier *f, uint8_t out[BR_FRONTIER_BYTES_MAX])
{
    size_t n = 0;
    for (unsigned shift = 64; shift > 0; shift -= 8) {
        out[n++] = (uint8_t)(f->size >> (shift - 8));
    }
    for (unsigned g = 0; g < BR_MERKLE_LEVELS_MAX; g++) {
        BR_ASSERT(f->count[g] == digit(f->size, g));
        size_t bytes = f->count[g] * sizeof(struct br_hash);
        memcpy(out + n, f->node[g], bytes);
        n += bytes;
    }
    return n;
}

size_t
br_frontier_bytes(uint64_t size)
{
    size_t n = 8;
    for (unsigned g = 0; g < BR_MERKLE_LEVELS_MAX; g++) {
        n += digit(size, g) * sizeof(struct br_hash);
    }
    return n;
}

enum br_rc
br_frontier_parse(
    struct br_bytes bytes, struct br_frontier *ret, struct br_err *reterr)
{
    if (bytes.n < 8) {
        return br_fail(reterr, BR_ERR_TRUNCATED, "frontier: no size");
    }
    struct br_frontier f;
    size_t n = 8;
    br_frontier_init(&f);
    for (size_t i = 0; i < 8; i++) {
        f.size = f.size << 8 | bytes.p[i];
    }
    for (unsigned g = 0; g < BR_MERKLE_LEVELS_MAX; g++) {
        f.count[g] = digit(f.size, g);
        size_t level = f.count[g] * sizeof(struct br_hash);
        if (bytes.n - n < level) {
            return br_fail(reterr, BR_ERR_TRUNCATED, "frontier: cut short");
        }
        memcpy(f.node[g], bytes.p + n, level);
        n += level;
    }
    if (n != bytes.n) {
        return br_fail(reterr, BR_ERR_TRAILING, "frontier: too long");
    }
    *ret = f;
    return BR_OK;
}
