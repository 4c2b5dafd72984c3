/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/merkle/model.h"

enum { SMALL = 300, LARGE = 70000 };

static struct br_err err;

/** Proof made = proof defined, by both kinds of source; and it verifies. */
static void
check_one(struct store *s, uint64_t index, uint64_t size)
{
    struct br_merkle_source plain = store_source(s);
    struct br_merkle_source inner = store_source_inner(s);
    const struct br_hash *leaf = &s->model->node[0][index];
    struct br_proof expected;
    struct br_proof got;
    struct br_hash root;
    struct br_hash led_to;
    model_path(s->model, index, size, &expected);
    assert_int_equal(
        br_merkle_inclusion(&plain, index, size, &got, &err), BR_OK);
    assert_proof_equal(&got, &expected);
    assert_int_equal(
        br_merkle_inclusion(&inner, index, size, &got, &err), BR_OK);
    assert_proof_equal(&got, &expected);
    model_root(s->model, 0, size, &root);
    assert_int_equal(
        br_merkle_check_inclusion(index, size, leaf, &got, &root, &err), BR_OK);
    assert_int_equal(
        br_merkle_root_from_inclusion(index, size, leaf, &got, &led_to, &err),
        BR_OK);
    assert_hash_equal(&led_to, &root);
}

static void
check_root(struct store *s, uint64_t size)
{
    struct br_merkle_source src = store_source(s);
    struct br_merkle_source inner = store_source_inner(s);
    struct br_hash expected;
    struct br_hash got;
    model_root(s->model, 0, size, &expected);
    assert_int_equal(br_merkle_root_at(&src, size, &got, &err), BR_OK);
    assert_hash_equal(&got, &expected);
    assert_int_equal(br_merkle_root_at(&inner, size, &got, &err), BR_OK);
    assert_hash_equal(&got, &expected);
}

static void
every_leaf_of_every_small_tree_is_proved_at_its_time(void **state)
{
    (void)state;
    struct model *m = model_new(SMALL);
    struct store s;
    store_init(&s, m);
    for (uint64_t size = 0; size <= SMALL; size++) {
        store_grow(&s, size);
        check_root(&s, size);
        for (uint64_t i = 0; i < size; i++) {
            check_one(&s, i, size);
        }
    }
    store_fini(&s);
    model_free(m);
}

/** A tree of `now` leaves proves every leaf at every earlier size. */
static void
check_history(struct model *m, uint64_t now)
{
    struct store s;
    store_init(&s, m);
    store_grow(&s, now);
    for (uint64_t size = 0; size <= now; size++) {
        check_root(&s, size);
        for (uint64_t i = 0; i < size; i++) {
            check_one(&s, i, size);
        }
    }
    store_fini(&s);
}

static void
every_leaf_is_proved_at_every_earlier_size(void **state)
{
    (void)state;
    static const uint64_t now[] = {17, 48, 255, 256, 257, SMALL};
    struct model *m = model_new(SMALL);
    for (size_t i = 0; i < sizeof(now) / sizeof(now[0]); i++) {
        check_history(m, now[i]);
    }
    model_free(m);
}

/** Sizes around which a level begins or a row fills. */
static uint64_t
interesting_size(uint64_t *seed)
{
    uint64_t unit = UINT64_C(1) << (4 * (next_random(seed) % 5));
    uint64_t near = next_random(seed) % (LARGE / unit) * unit;
    uint64_t size = near + next_random(seed) % 5;
    return size < 3 ? 1 : size - 2;
}

static void
large_trees_prove_their_leaves_at_any_size(void **state)
{
    (void)state;
    struct model *m = model_new(LARGE + 5);
    uint64_t seed = 2;
    struct store s;
    store_init(&s, m);
    for (uint64_t now = 0; now < LARGE; now += 6000) {
        store_grow(&s, now);
        for (int i = 0; i < 60 && now > 0; i++) {
            uint64_t size = interesting_size(&seed);
            size = i % 3 == 0 || size > now ? now : size;
            check_root(&s, size);
            check_one(&s, next_random(&seed) % size, size);
            check_one(&s, size - 1, size);
            check_one(&s, 0, size);
        }
    }
    store_fini(&s);
    model_free(m);
}

/** Full rows that a proof reads at each level: the one the leaf is in, and,
 *  for a size that is past, the one the tree ended in. */
static void
proofs_read_few_rows(void **state)
{
    (void)state;
    struct model *m = model_new(LARGE);
    uint64_t seed = 3;
    struct store s;
    store_init(&s, m);
    store_grow(&s, LARGE);
    struct br_merkle_source src = store_source(&s);
    for (int i = 0; i < 2000; i++) {
        struct br_proof p;
        uint64_t size = 1 + next_random(&seed) % LARGE;
        size = i % 2 == 0 ? LARGE : size;
        uint64_t index = next_random(&seed) % size;
        s.reads = 0;
        assert_int_equal(
            br_merkle_inclusion(&src, index, size, &p, &err), BR_OK);
        for (unsigned g = 1; g < STORE_LEVELS; g++) {
            assert_in_range(
                store_rows_read(&s, (uint8_t)g), 0, size == LARGE ? 1 : 2);
        }
    }
    store_fini(&s);
    model_free(m);
}

static void
assert_refused(
    uint64_t index,
    uint64_t size,
    const struct br_hash *leaf,
    const struct br_proof *p,
    const struct br_hash *root)
{
    err.rc = BR_OK;
    assert_int_equal(
        br_merkle_check_inclusion(index, size, leaf, p, root, &err),
        BR_ERR_PROOF_INVALID);
    assert_int_equal(err.rc, BR_ERR_PROOF_INVALID);
}

/** No root at all comes of a proof of the wrong length: a caller may have
 *  nothing but a signature to compare it with. */
static void
assert_leads_nowhere(
    uint64_t index,
    uint64_t size,
    const struct br_hash *leaf,
    const struct br_proof *p)
{
    struct br_hash untouched = {{0xee}};
    struct br_hash ret = untouched;
    assert_int_equal(
        br_merkle_root_from_inclusion(index, size, leaf, p, &ret, &err),
        BR_ERR_PROOF_INVALID);
    assert_hash_equal(&ret, &untouched);
    assert_refused(index, size, leaf, p, leaf);
}

static void
flip(struct br_hash *h, size_t bit)
{
    h->b[bit / 8] = (uint8_t)(h->b[bit / 8] ^ 1u << bit % 8);
}

/** Each bit of the proof, the leaf's hash and the root, one at a time. */
static void
flip_each_bit(struct model *m, uint64_t index, uint64_t size)
{
    struct br_hash leaf = m->node[0][index];
    struct br_hash root;
    struct br_proof p;
    model_root(m, 0, size, &root);
    model_path(m, index, size, &p);
    for (size_t bit = 0; bit < 8 * BR_HASH_BYTES; bit++) {
        for (size_t i = 0; i < p.count; i++) {
            flip(&p.hash[i], bit);
            assert_refused(index, size, &leaf, &p, &root);
            flip(&p.hash[i], bit);
        }
        flip(&leaf, bit);
        assert_refused(index, size, &leaf, &p, &root);
        flip(&leaf, bit);
        flip(&root, bit);
        assert_refused(index, size, &leaf, &p, &root);
        flip(&root, bit);
    }
    assert_int_equal(
        br_merkle_check_inclusion(index, size, &leaf, &p, &root, &err), BR_OK);
}

static void
any_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct model *m = model_new(40);
    for (uint64_t size = 1; size <= 18; size++) {
        for (uint64_t i = 0; i < size; i++) {
            flip_each_bit(m, i, size);
        }
    }
    flip_each_bit(m, 39, 40);
    flip_each_bit(m, 16, 40);
    model_free(m);
}

static void
a_longer_or_shorter_proof_is_refused(void **state)
{
    (void)state;
    struct model *m = model_new(SMALL);
    for (uint64_t size = 1; size <= SMALL; size += size < 40 ? 1 : 13) {
        for (uint64_t i = 0; i < size; i += size < 40 ? 1 : 7) {
            struct br_proof p;
            struct br_hash root;
            model_root(m, 0, size, &root);
            model_path(m, i, size, &p);
            p.hash[p.count] = root;
            p.count++;
            assert_refused(i, size, &m->node[0][i], &p, &root);
            assert_leads_nowhere(i, size, &m->node[0][i], &p);
            p.count--;
            while (p.count > 0) {
                p.count--;
                assert_leads_nowhere(i, size, &m->node[0][i], &p);
            }
        }
    }
    model_free(m);
}

/** A proof of leaf i in a tree of n holds for no other leaf and no other
 *  tree. */
static void
check_elsewhere(struct model *m, uint64_t index, uint64_t size)
{
    const struct br_hash *leaf = &m->node[0][index];
    struct br_proof p;
    model_path(m, index, size, &p);
    for (uint64_t n = 0; n <= m->size; n++) {
        struct br_hash root;
        model_root(m, 0, n, &root);
        for (uint64_t i = 0; i <= n; i++) {
            if (i != index || n != size) {
                assert_refused(i, n, leaf, &p, &root);
            }
        }
    }
}

static void
another_index_or_tree_is_refused(void **state)
{
    (void)state;
    struct model *m = model_new(36);
    for (uint64_t size = 1; size <= m->size; size++) {
        for (uint64_t i = 0; i < size; i++) {
            check_elsewhere(m, i, size);
        }
    }
    model_free(m);
}

/** A path of the same shape leads to the same root: the size is bound by the
 *  checkpoint that carries it with the root, not by the proof. */
static void
a_size_is_bound_by_its_root_only(void **state)
{
    (void)state;
    struct model *m = model_new(4);
    struct br_hash three;
    struct br_hash four;
    struct br_proof p;
    model_root(m, 0, 3, &three);
    model_root(m, 0, 4, &four);
    model_path(m, 0, 3, &p);
    assert_int_equal(
        br_merkle_check_inclusion(0, 4, &m->node[0][0], &p, &three, &err),
        BR_OK);
    assert_refused(0, 4, &m->node[0][0], &p, &four);
    model_free(m);
}

static void
an_index_outside_the_tree_is_refused(void **state)
{
    (void)state;
    struct model *m = model_new(20);
    struct store s;
    store_init(&s, m);
    store_grow(&s, 20);
    struct br_merkle_source src = store_source(&s);
    struct br_proof p;
    static const struct {
        uint64_t index;
        uint64_t size;
    } outside[] = {{0, 0}, {20, 20}, {5, 4}, {UINT64_MAX, 20}};
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        assert_int_equal(
            br_merkle_inclusion(
                &src, outside[i].index, outside[i].size, &p, &err),
            BR_ERR_OUT_OF_RANGE);
        p.count = 0;
        assert_refused(
            outside[i].index, outside[i].size, &m->node[0][0], &p,
            &m->node[0][0]);
    }
    store_fini(&s);
    model_free(m);
}

static void
a_count_past_the_array_is_refused(void **state)
{
    (void)state;
    struct br_proof p = {.count = BR_PROOF_HASHES_MAX + 1};
    struct br_hash h = {{0}};
    /* A path of this size would have 64 hashes. */
    assert_leads_nowhere(0, UINT64_MAX, &h, &p);
}

static enum br_rc
broken_leaves(void *ctx, uint64_t first, size_t count, struct br_hash *out)
{
    (void)ctx;
    (void)first;
    (void)count;
    (void)out;
    return BR_ERR_CORRUPT;
}

static void
a_failing_source_is_told(void **state)
{
    (void)state;
    struct br_merkle_source src = {.leaves = broken_leaves};
    struct br_proof p;
    struct br_hash h;
    assert_int_equal(br_merkle_inclusion(&src, 1, 3, &p, &err), BR_ERR_CORRUPT);
    assert_int_equal(err.rc, BR_ERR_CORRUPT);
    assert_int_equal(
        br_merkle_consistency(&src, 1, 3, &p, &err), BR_ERR_CORRUPT);
    assert_int_equal(br_merkle_root_at(&src, 3, &h, &err), BR_ERR_CORRUPT);
    assert_int_equal(br_merkle_tile(&src, 0, 0, 1, &h, &err), BR_ERR_CORRUPT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_leaf_of_every_small_tree_is_proved_at_its_time),
        cmocka_unit_test(every_leaf_is_proved_at_every_earlier_size),
        cmocka_unit_test(large_trees_prove_their_leaves_at_any_size),
        cmocka_unit_test(proofs_read_few_rows),
        cmocka_unit_test(any_flipped_bit_is_refused),
        cmocka_unit_test(a_longer_or_shorter_proof_is_refused),
        cmocka_unit_test(another_index_or_tree_is_refused),
        cmocka_unit_test(a_size_is_bound_by_its_root_only),
        cmocka_unit_test(an_index_outside_the_tree_is_refused),
        cmocka_unit_test(a_count_past_the_array_is_refused),
        cmocka_unit_test(a_failing_source_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
