/*
 * Trees of up to 2^62 leaves: all leaves are alike, so that every complete
 * node of a level is one hash, and the definition is short enough to follow.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/merkle/model.h"

#include "common/crypto/hash.h"

enum { LEVELS = 63 };

static struct br_err err;
static struct br_hash node[LEVELS]; /**< the complete node of each level */
static const uint64_t largest = UINT64_C(1) << 62;

static int
make_nodes(void **state)
{
    (void)state;
    br_sha256_leaf(br_str("leaf"), &node[0]);
    for (unsigned l = 1; l < LEVELS; l++) {
        br_sha256_node(&node[l - 1], &node[l - 1], &node[l]);
    }
    return 0;
}

static unsigned
log2_below(uint64_t n)
{
    unsigned l = 0;
    while (UINT64_C(2) << l < n) {
        l++;
    }
    return l;
}

/** MTH of n leaves that are alike. */
static void
root(uint64_t n, struct br_hash *ret)
{
    struct br_hash right;
    if (n == 1) {
        *ret = node[0];
        return;
    }
    unsigned l = log2_below(n);
    root(n - (UINT64_C(1) << l), &right);
    br_sha256_node(&node[l], &right, ret);
    if (n == UINT64_C(2) << l) {
        assert_hash_equal(ret, &node[l + 1]);
    }
}

/** PATH(index, n); log2 steps of a complete subtree take no recursion. */
static void
path(uint64_t index, uint64_t n, struct br_proof *p)
{
    if (n == 1) {
        return;
    }
    unsigned l = log2_below(n);
    uint64_t k = UINT64_C(1) << l;
    if (index >= k) {
        path(index - k, n - k, p);
        p->hash[p->count++] = node[l];
        return;
    }
    for (unsigned below = 0; below < l; below++) {
        p->hash[p->count++] = node[below];
    }
    if (n == 2 * k) {
        p->hash[p->count++] = node[l];
    } else {
        root(n - k, &p->hash[p->count++]);
    }
}

static uint64_t end_of_tree;

static enum br_rc
alike_leaves(void *ctx, uint64_t first, size_t count, struct br_hash *out)
{
    (void)ctx;
    assert_true(count <= BR_MERKLE_GROUP && first + count <= end_of_tree);
    for (size_t i = 0; i < count; i++) {
        out[i] = node[0];
    }
    return BR_OK;
}

static enum br_rc
alike_nodes(
    void *ctx, uint8_t g, uint64_t first, size_t count, struct br_hash *out)
{
    (void)ctx;
    assert_in_range(g, 1, BR_MERKLE_LEVELS_MAX - 1);
    assert_true(first + count <= end_of_tree >> (4 * g));
    for (size_t i = 0; i < count; i++) {
        out[i] = node[4 * g];
    }
    return BR_OK;
}

static const struct br_merkle_source alike = {
    .leaves = alike_leaves, .nodes = alike_nodes};

/* Ascending. */
static const uint64_t sizes[] = {
    1,
    UINT64_C(0xffffffff),
    UINT64_C(0x100000000),
    UINT64_C(0x100000001),
    (UINT64_C(1) << 56) + 16,
    UINT64_C(0x123456789abcdef),
    (UINT64_C(1) << 61) + 1,
    (UINT64_C(1) << 62) - 1,
    UINT64_C(1) << 62,
};

enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static void
check_inclusion(uint64_t index, uint64_t size)
{
    struct br_proof expected = {0};
    struct br_proof got;
    struct br_hash top;
    end_of_tree = size;
    path(index, size, &expected);
    assert_int_equal(
        br_merkle_inclusion(&alike, index, size, &got, &err), BR_OK);
    assert_proof_equal(&got, &expected);
    root(size, &top);
    assert_int_equal(
        br_merkle_check_inclusion(index, size, &node[0], &got, &top, &err),
        BR_OK);
}

static void
leaves_of_huge_trees_are_proved(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (size_t i = 0; i < SIZES; i++) {
        check_inclusion(0, sizes[i]);
        check_inclusion(sizes[i] - 1, sizes[i]);
        check_inclusion(sizes[i] / 2, sizes[i]);
        for (int k = 0; k < 40; k++) {
            check_inclusion(next_random(&seed) % sizes[i], sizes[i]);
        }
    }
}

static void
check_consistency(uint64_t m, uint64_t n)
{
    struct br_proof p;
    struct br_hash old_root;
    struct br_hash new_root;
    end_of_tree = n;
    assert_int_equal(br_merkle_consistency(&alike, m, n, &p, &err), BR_OK);
    assert_true(p.count <= BR_PROOF_HASHES_MAX);
    root(m, &old_root);
    root(n, &new_root);
    assert_int_equal(
        br_merkle_check_consistency(m, n, &old_root, &new_root, &p, &err),
        BR_OK);
    for (size_t i = 0; i < p.count; i++) {
        p.hash[i].b[31] ^= 1;
        assert_int_equal(
            br_merkle_check_consistency(m, n, &old_root, &new_root, &p, &err),
            BR_ERR_PROOF_INVALID);
        p.hash[i].b[31] ^= 1;
    }
}

static void
huge_trees_are_consistent(void **state)
{
    (void)state;
    uint64_t seed = 6;
    for (size_t i = 0; i < SIZES; i++) {
        for (size_t k = 0; k <= i; k++) {
            check_consistency(sizes[k], sizes[i]);
        }
        for (int k = 0; k < 20; k++) {
            check_consistency(1 + next_random(&seed) % sizes[i], sizes[i]);
        }
    }
}

static void
roots_of_huge_trees(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        struct br_hash expected;
        struct br_hash got;
        end_of_tree = sizes[i];
        root(sizes[i], &expected);
        assert_int_equal(
            br_merkle_root_at(&alike, sizes[i], &got, &err), BR_OK);
        assert_hash_equal(&got, &expected);
    }
}

/** Their proofs would not fit into a struct br_proof. */
static void
trees_past_the_limit_are_refused(void **state)
{
    (void)state;
    static const uint64_t past[] = {
        (UINT64_C(1) << 62) + 1, UINT64_C(1) << 63, UINT64_MAX};
    struct br_proof p;
    end_of_tree = UINT64_MAX;
    for (size_t i = 0; i < sizeof(past) / sizeof(past[0]); i++) {
        assert_int_equal(
            br_merkle_inclusion(&alike, 0, past[i], &p, &err),
            BR_ERR_OUT_OF_RANGE);
        assert_int_equal(
            br_merkle_consistency(&alike, 3, past[i], &p, &err),
            BR_ERR_OUT_OF_RANGE);
    }
    check_consistency(3, largest);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_of_huge_trees_are_proved),
        cmocka_unit_test(huge_trees_are_consistent),
        cmocka_unit_test(roots_of_huge_trees),
        cmocka_unit_test(trees_past_the_limit_are_refused),
    };
    return cmocka_run_group_tests(tests, make_nodes, NULL);
}
