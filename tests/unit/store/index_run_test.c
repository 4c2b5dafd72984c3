/* Runs on their own, with keys that no hash would give.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/store/index_run.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/crypto/hash.h"
#include "tests/unit/store/fixture.h"

enum { PAIRS_MAX = 70000 };

static struct br_index_pair pairs[PAIRS_MAX];
static struct br_leaf_index found[PAIRS_MAX];

static struct br_index_pair
next_pair(void *ctx)
{
    size_t *at = (size_t *)ctx;
    return pairs[(*at)++];
}

static int
compare(const void *a, const void *b)
{
    const struct br_index_pair *x = (const struct br_index_pair *)a;
    const struct br_index_pair *y = (const struct br_index_pair *)b;
    return br_index_pair_before(y, x) - br_index_pair_before(x, y);
}

static int
open_folder(void **state)
{
    return open((const char *)*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static struct br_index_run *
write_and_open(void **state, size_t n)
{
    size_t at = 0;
    struct br_err err = {0};
    struct br_index_run *r;
    struct br_index_range range = {0, PAIRS_MAX, n, 7};
    struct br_index_source source = {.ctx = &at, .next = next_pair};
    int folder = open_folder(state);
    qsort(pairs, n, sizeof(pairs[0]), compare);
    expect_ok(br_index_run_write(folder, &range, &source, &err), &err);
    range.count = 0;
    expect_ok(br_index_run_open(folder, &range, &r, &err), &err);
    close(folder);
    assert_int_equal(r->range.count, n);
    expect_ok(br_index_run_check(r, &err), &err);
    return r;
}

/** What a walk over all pairs finds. */
static void
expect_found(const struct br_index_run *r, uint64_t key, uint64_t from)
{
    size_t n = br_index_run_find(r, key, from, found, PAIRS_MAX);
    size_t want = 0;
    for (size_t i = 0; i < r->range.count; i++) {
        if (pairs[i].key == key && pairs[i].leaf >= from) {
            assert_true(want < n);
            assert_int_equal(found[want++].v, pairs[i].leaf);
        }
    }
    assert_int_equal(n, want);
    assert_int_equal(
        br_index_run_find(r, key, from, found, 3), want < 3 ? want : 3);
}

static void
expect_all(const struct br_index_run *r, struct generator *g)
{
    size_t n = r->range.count;
    for (int i = 0; i < 300; i++) {
        struct br_index_pair p = pairs[draw(g) % n];
        expect_found(r, p.key, 0);
        expect_found(r, p.key, p.leaf);
        expect_found(r, p.key, p.leaf + 1);
        expect_found(r, p.key + 1, 0);
        expect_found(r, p.key - 1, 0);
        expect_found(r, draw(g), 0);
    }
    expect_found(r, 0, 0);
    expect_found(r, UINT64_MAX, 0);
    expect_found(r, pairs[0].key, 0);
    expect_found(r, pairs[n - 1].key, pairs[n - 1].leaf);
}

typedef uint64_t key_fn(struct generator *g, size_t i);

static uint64_t
uniform(struct generator *g, size_t i)
{
    (void)i;
    return draw(g);
}

static uint64_t
one(struct generator *g, size_t i)
{
    (void)g;
    (void)i;
    return 0x8000000000000000ull;
}

static uint64_t
bounds(struct generator *g, size_t i)
{
    (void)i;
    return draw(g) % 2 == 0 ? 0 : UINT64_MAX;
}

static uint64_t
clustered(struct generator *g, size_t i)
{
    return (i % 3 * 0x5555555555555555ull) + draw(g) % 5000;
}

static uint64_t
few(struct generator *g, size_t i)
{
    (void)i;
    return draw(g) % 10 * 0x1999999999999999ull;
}

static void
test_finds_whatever_the_keys(void **state)
{
    key_fn *const kinds[] = {uniform, one, bounds, clustered, few};
    const size_t sizes[] = {1, 2, 3, 48, 1000, 20000};
    struct generator g = {1};
    for (size_t k = 0; k < 5; k++) {
        for (size_t s = 0; s < 6; s++) {
            for (size_t i = 0; i < sizes[s]; i++) {
                pairs[i] = (struct br_index_pair){kinds[k](&g, i), i};
            }
            struct br_index_run *r = write_and_open(state, sizes[s]);
            expect_all(r, &g);
            br_index_run_unref(r);
        }
    }
}

/** More blocks and pairs than the writer holds at once; the filter lets few
 *  strangers through. */
static void
test_filter(void **state)
{
    struct generator g = {2};
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        pairs[i] = (struct br_index_pair){draw(&g), i};
    }
    struct br_index_run *r = write_and_open(state, PAIRS_MAX);
    size_t through = 0;
    for (int i = 0; i < 100000; i++) {
        uint64_t key = draw(&g);
        uint64_t b = br_index_block_of(key, r->blocks);
        through += br_index_block_has(&r->block[b], key);
    }
    assert_in_range(through, 1, 3000);
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        assert_int_equal(br_index_run_find(r, pairs[i].key, 0, found, 2), 1);
        assert_int_equal(found[0].v, pairs[i].leaf);
    }
    br_index_run_unref(r);
}

static void
test_names(void **state)
{
    char name[BR_INDEX_NAME_BYTES];
    uint64_t first;
    uint64_t end;
    (void)state;
    br_index_run_name(name, "run", 5, UINT64_MAX);
    assert_string_equal(name, "run-00000000000000000005-18446744073709551615");
    assert_true(br_index_run_name_parse(name, "run", &first, &end));
    assert_true(first == 5 && end == UINT64_MAX);
    assert_false(br_index_run_name_parse(name, "new", &first, &end));
    const char *const wrong[] = {
        "",
        "run",
        "secret",
        "run-5-6",
        "run-00000000000000000005-00000000000000000006x",
        "run-0000000000000000000x-00000000000000000006",
        "run-00000000000000000005_00000000000000000006",
        "run-99999999999999999999-00000000000000000006",
        "run--0000000000000000005-00000000000000000006",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(br_index_run_name_parse(wrong[i], "run", &first, &end));
    }
}

static void
test_cancelled_leaves_nothing(void **state)
{
    size_t at = 0;
    atomic_bool cancel = true;
    struct br_index_range range = {0, 10, 10, 7};
    struct br_index_source source = {
        .ctx = &at, .next = next_pair, .cancel = &cancel};
    int folder = open_folder(state);
    assert_int_equal(
        br_index_run_write(folder, &range, &source, NULL), BR_ERR_STOPPING);
    assert_int_equal(unlinkat(folder, ".", AT_REMOVEDIR), -1);
    close(folder);
    assert_int_equal(rmdir((const char *)*state), 0);
    free(*state);
    assert_int_equal(make_folder(state), 0);
}

static int
start(void **state)
{
    (void)state;
    return br_crypto_init(NULL) == BR_OK ? 0 : -1;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_finds_whatever_the_keys),
        TEST(test_filter),
        TEST(test_names),
        TEST(test_cancelled_leaves_nothing),
    };
    return cmocka_run_group_tests_name("index_run", tests, start, NULL);
}
