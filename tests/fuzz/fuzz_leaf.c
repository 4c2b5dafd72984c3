/* SPDX-License-Identifier: EUPL-1.2 */
/* Leaves: ours re-encode to themselves, all others are raw. */
#include "common/receipt/leaf.h"
#include "tests/fuzz/fuzz.h"

static size_t
encode(const struct br_leaf *l, uint8_t *out)
{
    struct br_leaf_record r = {
        l->record, l->step, l->version, l->alg, l->digest};
    switch (l->kind) {
    case BR_LEAF_STAMP:
        return br_leaf_encode_stamp(out, l->time, l->author, l->alg, l->digest);
    case BR_LEAF_RECORD:
        return br_leaf_encode_record(out, l->time, l->author, &r);
    case BR_LEAF_MEMBER:
        return br_leaf_encode_member(
            out, l->time, l->author, l->change, l->digest);
    case BR_LEAF_REGISTRY:
        return br_leaf_encode_registry(
            out, l->time, l->author, l->change, l->digest);
    case BR_LEAF_RAW:
        break;
    }
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_bytes in = br_bytes(data, n);
    struct br_leaf leaf;
    struct br_err err;
    uint8_t out[BR_OWN_LEAF_BYTES_MAX];
    enum br_rc rc = br_leaf_parse(in, &leaf, &err);
    if (!br_leaf_is_reserved(in)) {
        BR_ASSERT(rc == BR_OK && leaf.kind == BR_LEAF_RAW);
        return 0;
    }
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return 0;
    }
    BR_ASSERT(fuzz_inside(leaf.author, in) && fuzz_inside(leaf.digest, in));
    BR_ASSERT(fuzz_inside(leaf.record, in));
    BR_ASSERT(br_bytes_eq(br_bytes(out, encode(&leaf, out)), in));
    return 0;
}
