/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/crypto/hash.h"
#include "common/merkle/merkle.h"

static enum br_rc
ignore_row(void *ctx, const struct br_merkle_row *row)
{
    (void)ctx;
    (void)row;
    return BR_OK;
}

void
br_merkle_list_root(
    const struct br_bytes *leaves, size_t count, struct br_hash *ret)
{
    struct br_frontier f;
    br_frontier_init(&f);
    for (size_t i = 0; i < count; i++) {
        struct br_hash h;
        br_sha256_leaf(leaves[i], &h);
        enum br_rc rc = br_frontier_append(&f, &h, ignore_row, NULL);
        BR_ASSERT(rc == BR_OK);
    }
    br_frontier_root(&f, ret);
}
