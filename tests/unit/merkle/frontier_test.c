/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/merkle/model.h"

#include "common/codec/text.h"
#include "common/crypto/hash.h"

enum { SMALL = 300, LARGE = 70000 };

/* The example tree that the Certificate Transparency projects share. */
static const struct {
    const char *leaf;
    size_t leaf_bytes;
    const char *root; /**< of the tree that ends with this leaf */
} published[] = {
    {"", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {"\x00", 1,
     "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {"\x10", 1,
     "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {"\x20\x21", 2,
     "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    {"\x30\x31", 2,
     "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {"\x40\x41\x42\x43", 4,
     "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8,
     "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
     "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
};

enum { PUBLISHED = sizeof(published) / sizeof(published[0]) };

static enum br_rc
no_row(void *ctx, const struct br_merkle_row *row)
{
    (void)ctx;
    (void)row;
    fail_msg("a row where there can be none");
    return BR_ERR_INTERNAL;
}

static void
roots_are_the_published_ones(void **state)
{
    (void)state;
    struct br_frontier f;
    struct br_bytes leaves[PUBLISHED];
    br_frontier_init(&f);
    for (size_t i = 0; i < PUBLISHED; i++) {
        struct br_hash expected;
        struct br_hash h;
        leaves[i] = br_bytes(published[i].leaf, published[i].leaf_bytes);
        assert_int_equal(
            br_hex_parse(br_str(published[i].root), expected.b, NULL), BR_OK);
        br_sha256_leaf(leaves[i], &h);
        assert_int_equal(br_frontier_append(&f, &h, no_row, NULL), BR_OK);
        br_frontier_root(&f, &h);
        assert_hash_equal(&h, &expected);
        br_merkle_list_root(leaves, i + 1, &h);
        assert_hash_equal(&h, &expected);
    }
}

static void
the_empty_tree_has_the_hash_of_nothing(void **state)
{
    (void)state;
    struct br_frontier f;
    struct br_hash nothing;
    struct br_hash got;
    br_sha256(br_bytes(NULL, 0), &nothing);
    br_frontier_init(&f);
    br_frontier_root(&f, &got);
    assert_hash_equal(&got, &nothing);
    br_merkle_list_root(NULL, 0, &got);
    assert_hash_equal(&got, &nothing);
}

/** Root, row counts, encoding and its way back, at the size reached. */
static void
check_frontier(struct store *s)
{
    uint8_t bytes[BR_FRONTIER_BYTES_MAX];
    struct br_frontier back;
    struct br_hash expected;
    struct br_hash got;
    uint64_t size = s->frontier.size;
    model_root(s->model, 0, size, &expected);
    br_frontier_root(&s->frontier, &got);
    assert_hash_equal(&got, &expected);
    for (unsigned g = 1; g < STORE_LEVELS; g++) {
        assert_int_equal(s->rows[g], size >> (4 * (g + 1)));
    }
    size_t n = br_frontier_encode(&s->frontier, bytes);
    assert_true(n <= sizeof(bytes));
    assert_int_equal(br_frontier_parse(br_bytes(bytes, n), &back, NULL), BR_OK);
    assert_int_equal(back.size, size);
    br_frontier_root(&back, &got);
    assert_hash_equal(&got, &expected);
    /* From here on, the tree grows from what was read back. */
    s->frontier = back;
}

static void
every_small_tree_is_the_definition_s(void **state)
{
    (void)state;
    struct model *m = model_new(SMALL);
    struct store s;
    store_init(&s, m);
    for (uint64_t size = 0; size <= SMALL; size++) {
        store_grow(&s, size);
        check_frontier(&s);
    }
    store_fini(&s);
    model_free(m);
}

static void
large_trees_are_the_definition_s(void **state)
{
    (void)state;
    struct model *m = model_new(LARGE);
    struct store s;
    uint64_t seed = 1;
    store_init(&s, m);
    for (uint64_t size = 0; size < LARGE;
         size += 1 + next_random(&seed) % 400) {
        store_grow(&s, size);
        check_frontier(&s);
    }
    static const uint64_t edges[] = {65535, 65536, 65537, 65552, 69905, LARGE};
    store_fini(&s);
    store_init(&s, m);
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        store_grow(&s, edges[i]);
        check_frontier(&s);
    }
    store_fini(&s);
    model_free(m);
}

static void
rows_hold_the_complete_nodes_of_their_level(void **state)
{
    (void)state;
    struct model *m = model_new(LARGE);
    struct store s;
    store_init(&s, m);
    store_grow(&s, LARGE);
    for (unsigned g = 1; g < STORE_LEVELS; g++) {
        uint64_t width = UINT64_C(1) << (4 * g);
        for (uint64_t r = 0; r < s.rows[g]; r++) {
            assert_int_equal(s.row[g][r].g, g);
            assert_int_equal(s.row[g][r].r, r);
            for (uint64_t i = 0; i < BR_MERKLE_GROUP; i++) {
                struct br_hash expected;
                uint64_t begin = (r * BR_MERKLE_GROUP + i) * width;
                model_root(m, begin, begin + width, &expected);
                assert_hash_equal(&s.row[g][r].node[i], &expected);
            }
        }
    }
    store_fini(&s);
    model_free(m);
}

static void
an_encoding_of_another_length_is_refused(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0, 1, 15, 16, 17, 255, 256, 273, 300};
    struct model *m = model_new(SMALL);
    struct store s;
    store_init(&s, m);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t bytes[BR_FRONTIER_BYTES_MAX + 1] = {0};
        struct br_frontier back = {.size = 77};
        struct br_err err;
        store_grow(&s, sizes[i]);
        size_t n = br_frontier_encode(&s.frontier, bytes);
        for (size_t cut = 0; cut < n; cut++) {
            assert_int_equal(
                br_frontier_parse(br_bytes(bytes, cut), &back, &err),
                BR_ERR_TRUNCATED);
            assert_int_equal(err.rc, BR_ERR_TRUNCATED);
        }
        assert_int_equal(
            br_frontier_parse(br_bytes(bytes, n + 1), &back, &err),
            BR_ERR_TRAILING);
        assert_int_equal(back.size, 77); /* untouched by a failure */
    }
    store_fini(&s);
    model_free(m);
}

static void
an_encoding_is_the_size_and_the_edge(void **state)
{
    (void)state;
    struct model *m = model_new(18);
    struct store s;
    uint8_t bytes[BR_FRONTIER_BYTES_MAX];
    struct br_hash sixteen;
    store_init(&s, m);
    store_grow(&s, 18);
    assert_int_equal(
        br_frontier_encode(&s.frontier, bytes), 8 + 3 * BR_HASH_BYTES);
    assert_memory_equal(bytes, "\0\0\0\0\0\0\0\x12", 8);
    assert_memory_equal(bytes + 8, m->node[0][16].b, BR_HASH_BYTES);
    assert_memory_equal(bytes + 40, m->node[0][17].b, BR_HASH_BYTES);
    model_root(m, 0, 16, &sixteen);
    assert_memory_equal(bytes + 72, sixteen.b, BR_HASH_BYTES);
    store_fini(&s);
    model_free(m);
}

/** Refuses the first row it is shown, takes it the second time. */
static enum br_rc
refuse_once(void *ctx, const struct br_merkle_row *row)
{
    int *calls = (int *)ctx;
    assert_int_equal(row->r, 0);
    return (*calls)++ == 0 ? BR_ERR_DISK_FULL : BR_OK;
}

static void
a_refused_row_leaves_the_frontier_as_it_was(void **state)
{
    (void)state;
    struct model *m = model_new(256);
    struct store s;
    struct br_hash before;
    struct br_hash after;
    int calls = 0;
    store_init(&s, m);
    store_grow(&s, 255);
    struct br_frontier *f = &s.frontier;
    br_frontier_root(f, &before);
    assert_int_equal(
        br_frontier_append(f, &m->node[0][255], refuse_once, &calls),
        BR_ERR_DISK_FULL);
    assert_int_equal(f->size, 255);
    br_frontier_root(f, &after);
    assert_hash_equal(&after, &before);
    assert_int_equal(
        br_frontier_append(f, &m->node[0][255], refuse_once, &calls), BR_OK);
    assert_int_equal(calls, 2);
    br_frontier_root(f, &after);
    model_root(m, 0, 256, &before);
    assert_hash_equal(&after, &before);
    store_fini(&s);
    model_free(m);
}

static void
the_largest_tree_takes_no_leaf_more(void **state)
{
    (void)state;
    static uint8_t bytes[BR_FRONTIER_BYTES_MAX];
    struct br_frontier f;
    struct br_hash leaf = {{0}};
    memset(bytes, 0xff, 8);
    assert_int_equal(
        br_frontier_parse(br_bytes(bytes, sizeof(bytes)), &f, NULL), BR_OK);
    assert_int_equal(f.size, UINT64_MAX);
    assert_int_equal(
        br_frontier_append(&f, &leaf, no_row, NULL), BR_ERR_OUT_OF_RANGE);
    assert_int_equal(f.size, UINT64_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_the_published_ones),
        cmocka_unit_test(the_empty_tree_has_the_hash_of_nothing),
        cmocka_unit_test(every_small_tree_is_the_definition_s),
        cmocka_unit_test(large_trees_are_the_definition_s),
        cmocka_unit_test(rows_hold_the_complete_nodes_of_their_level),
        cmocka_unit_test(an_encoding_of_another_length_is_refused),
        cmocka_unit_test(an_encoding_is_the_size_and_the_edge),
        cmocka_unit_test(a_refused_row_leaves_the_frontier_as_it_was),
        cmocka_unit_test(the_largest_tree_takes_no_leaf_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
