/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/merkle/model.h"

#include "common/crypto/hash.h"

enum { SMALL = 130, LARGE = 70000 };

static struct br_err err;

/** What a verifier is given. */
struct claim {
    uint64_t m;
    uint64_t n;
    struct br_hash old_root;
    struct br_hash new_root;
    struct br_proof proof;
};

static void
claim_true(struct model *model, uint64_t m, uint64_t n, struct claim *ret)
{
    ret->m = m;
    ret->n = n;
    model_root(model, 0, m, &ret->old_root);
    model_root(model, 0, n, &ret->new_root);
    model_consistency(model, m, n, &ret->proof);
}

static enum br_rc
verdict(const struct claim *c)
{
    err.rc = BR_OK;
    enum br_rc rc = br_merkle_check_consistency(
        c->m, c->n, &c->old_root, &c->new_root, &c->proof, &err);
    assert_int_equal(rc, err.rc);
    return rc;
}

static void
check_pair(struct store *s, uint64_t m, uint64_t n)
{
    struct br_merkle_source plain = store_source(s);
    struct br_merkle_source inner = store_source_inner(s);
    struct br_proof got;
    struct claim c;
    claim_true(s->model, m, n, &c);
    assert_int_equal(br_merkle_consistency(&plain, m, n, &got, &err), BR_OK);
    assert_proof_equal(&got, &c.proof);
    assert_int_equal(br_merkle_consistency(&inner, m, n, &got, &err), BR_OK);
    assert_proof_equal(&got, &c.proof);
    assert_int_equal(verdict(&c), BR_OK);
}

static void
every_small_pair_is_the_definition_s(void **state)
{
    (void)state;
    struct model *model = model_new(SMALL);
    struct store s;
    struct store whole;
    store_init(&s, model);
    store_init(&whole, model);
    store_grow(&whole, SMALL);
    for (uint64_t n = 1; n <= SMALL; n++) {
        store_grow(&s, n);
        for (uint64_t m = 1; m <= n; m++) {
            check_pair(&s, m, n);
            check_pair(&whole, m, n);
        }
    }
    store_fini(&whole);
    store_fini(&s);
    model_free(model);
}

static void
large_pairs_are_the_definition_s(void **state)
{
    (void)state;
    struct model *model = model_new(LARGE);
    struct store s;
    uint64_t seed = 4;
    store_init(&s, model);
    store_grow(&s, LARGE);
    for (int i = 0; i < 600; i++) {
        unsigned shift = (unsigned)(next_random(&seed) % 17);
        uint64_t n = 1 + next_random(&seed) % LARGE;
        n = i % 3 == 0 ? LARGE : n;
        uint64_t m = 1 + next_random(&seed) % n;
        check_pair(&s, m, n);
        m = m >> shift << shift; /* the old tree ends at a subtree's end */
        check_pair(&s, m == 0 ? 1 : m, n);
    }
    store_fini(&s);
    model_free(model);
}

static void
a_true_proof_tells_nothing_else(void **state)
{
    (void)state;
    enum { MAX = 20 };
    struct model *model = model_new(MAX);
    struct claim c;
    struct claim other;
    for (uint64_t n = 1; n <= MAX; n++) {
        for (uint64_t m = 1; m <= n; m++) {
            claim_true(model, m, n, &c);
            for (uint64_t k = 0; k < (MAX + 1) * (MAX + 1); k++) {
                uint64_t a = k / (MAX + 1);
                uint64_t b = k % (MAX + 1);
                if (a == 0 || a > b) {
                    continue;
                }
                claim_true(model, a, b, &other);
                /* Only equal sizes share a proof, the empty one. */
                bool fits = (a == m && b == n) || (a == b && m == n);
                other.proof = c.proof;
                assert_int_equal(
                    verdict(&other), fits ? BR_OK : BR_ERR_PROOF_INVALID);
            }
        }
    }
    model_free(model);
}

static void
flip(struct br_hash *h, size_t bit)
{
    h->b[bit / 8] = (uint8_t)(h->b[bit / 8] ^ 1u << bit % 8);
}

static void
flip_each_bit(struct claim *c, struct br_hash *h)
{
    for (size_t bit = 0; bit < 8 * BR_HASH_BYTES; bit++) {
        flip(h, bit);
        assert_int_equal(verdict(c), BR_ERR_PROOF_INVALID);
        flip(h, bit);
    }
}

static void
any_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct model *model = model_new(24);
    struct claim c;
    for (uint64_t n = 1; n <= 24; n += n < 18 ? 1 : 3) {
        for (uint64_t m = 1; m <= n; m++) {
            claim_true(model, m, n, &c);
            for (size_t i = 0; i < c.proof.count; i++) {
                flip_each_bit(&c, &c.proof.hash[i]);
            }
            flip_each_bit(&c, &c.old_root);
            flip_each_bit(&c, &c.new_root);
            assert_int_equal(verdict(&c), BR_OK);
        }
    }
    model_free(model);
}

static void
a_longer_or_shorter_proof_is_refused(void **state)
{
    (void)state;
    struct model *model = model_new(SMALL);
    struct claim c;
    for (uint64_t n = 1; n <= SMALL; n++) {
        for (uint64_t m = 1; m <= n; m++) {
            claim_true(model, m, n, &c);
            c.proof.hash[c.proof.count++] = c.new_root;
            assert_int_equal(verdict(&c), BR_ERR_PROOF_INVALID);
            c.proof.count--;
            while (c.proof.count > 0) {
                c.proof.count--;
                assert_int_equal(verdict(&c), BR_ERR_PROOF_INVALID);
            }
        }
    }
    model_free(model);
}

static void
a_rewritten_past_is_refused(void **state)
{
    (void)state;
    struct model *model = model_new(SMALL);
    struct claim c;
    for (uint64_t n = 2; n <= SMALL; n++) {
        for (uint64_t m = 1; m < n; m++) {
            claim_true(model, m, n, &c);
            struct br_hash old_root = c.old_root;
            c.old_root = c.new_root;
            assert_int_equal(verdict(&c), BR_ERR_PROOF_INVALID);
            c.new_root = old_root;
            assert_int_equal(verdict(&c), BR_ERR_PROOF_INVALID);
            c.old_root = old_root;
            assert_int_equal(verdict(&c), BR_ERR_PROOF_INVALID);
        }
    }
    model_free(model);
}

static void
the_empty_tree_is_the_past_of_all(void **state)
{
    (void)state;
    struct model *model = model_new(5);
    struct claim c = {.m = 0, .n = 5};
    br_sha256(br_bytes(NULL, 0), &c.old_root);
    model_root(model, 0, 5, &c.new_root);
    assert_int_equal(verdict(&c), BR_OK);
    c.proof.count = 1;
    assert_int_equal(verdict(&c), BR_ERR_PROOF_INVALID);
    c.proof.count = 0;
    c.old_root.b[0] ^= 1;
    assert_int_equal(verdict(&c), BR_ERR_PROOF_INVALID);
    model_free(model);
}

static void
sizes_out_of_order_are_refused(void **state)
{
    (void)state;
    struct model *model = model_new(9);
    struct store s;
    struct claim c;
    struct br_proof p;
    store_init(&s, model);
    store_grow(&s, 9);
    struct br_merkle_source src = store_source(&s);
    assert_int_equal(
        br_merkle_consistency(&src, 0, 9, &p, &err), BR_ERR_OUT_OF_RANGE);
    assert_int_equal(
        br_merkle_consistency(&src, 9, 8, &p, &err), BR_ERR_OUT_OF_RANGE);
    claim_true(model, 8, 9, &c);
    c.m = 9;
    c.n = 8;
    assert_int_equal(verdict(&c), BR_ERR_PROOF_INVALID);
    store_fini(&s);
    model_free(model);
}

static void
a_count_past_the_array_is_refused(void **state)
{
    (void)state;
    struct claim c = {.m = 3, .n = UINT64_MAX};
    c.proof.count = BR_PROOF_HASHES_MAX + 1;
    assert_int_equal(verdict(&c), BR_ERR_PROOF_INVALID);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_small_pair_is_the_definition_s),
        cmocka_unit_test(large_pairs_are_the_definition_s),
        cmocka_unit_test(a_true_proof_tells_nothing_else),
        cmocka_unit_test(any_flipped_bit_is_refused),
        cmocka_unit_test(a_longer_or_shorter_proof_is_refused),
        cmocka_unit_test(a_rewritten_past_is_refused),
        cmocka_unit_test(the_empty_tree_is_the_past_of_all),
        cmocka_unit_test(sizes_out_of_order_are_refused),
        cmocka_unit_test(a_count_past_the_array_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
