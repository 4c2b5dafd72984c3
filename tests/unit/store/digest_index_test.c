/* The index against a model: adding, finding, forgetting, threads.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/store/digest_index.h"

#include <pthread.h>
#include <stdlib.h>

#include "tests/unit/store/index_fixture.h"

/* ---- the model ---------------------------------------------------------- */

static uint32_t
some_digest(struct generator *g)
{
    uint64_t r = draw(g);
    if (r % 10 == 0) {
        return NO_DIGEST;
    }
    /* A few are stamped often. */
    return (uint32_t)(r >> 8) % (r % 4 == 0 ? 5 : 600) + 1;
}

static void
forget(struct world *w, uint64_t leaf)
{
    struct br_err err = {0};
    expect_ok(
        br_digest_index_forget_from(w->ix, (struct br_leaf_index){leaf}, &err),
        &err);
    assert_true(br_digest_index_covered(w->ix).v <= leaf);
    w->size = leaf;
    world_catch_up(w);
}

static void
do_something(struct world *w, struct generator *g)
{
    struct br_err err = {0};
    uint64_t r = draw(g);
    switch (r % 40) {
    case 0:
        world_close(w);
        world_open(w);
        world_catch_up(w);
        break;
    case 1:
        forget(w, w->size - (r >> 8) % (w->size < 150 ? w->size + 1 : 150));
        break;
    case 2:
        forget(w, w->size - (r >> 8) % (w->size + 1) / 4);
        break;
    case 3:
        world_catch_up(w);
        break;
    case 4:
        expect_ok(br_digest_index_check(w->ix, &err), &err);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
        (void)world_find(
            w, some_digest(g), w->size == 0 ? 0 : (r >> 8) % w->size,
            draw(g) % 20);
        break;
    default:
        for (size_t i = (r >> 8) % 100; i > 0; i--) {
            world_add(w, some_digest(g));
        }
    }
}

static void
test_against_a_model(void **state)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct generator g = {seed * 977};
        char name[] = "index0";
        name[5] = (char)('0' + seed);
        struct world *w =
            world_new(in_folder(state, name), (size_t)16 << 2 * seed);
        for (int i = 0; i < 800; i++) {
            do_something(w, &g);
        }
        world_find_all(w, 601);
        world_free(w);
    }
}

static void
test_many_runs(void **state)
{
    struct world *w = world_new(in_folder(state, "index"), 1500);
    struct br_err err = {0};
    struct generator g = {3};
    for (uint32_t i = 0; i < WORLD_LEAVES; i++) {
        world_add(w, (uint32_t)(draw(&g) % 3000) + 1);
    }
    world_find_all(w, 3001);
    world_close(w);
    world_open(w);
    assert_true(br_digest_index_covered(w->ix).v >= WORLD_LEAVES - 3000);
    world_catch_up(w);
    world_find_all(w, 3001);
    expect_ok(br_digest_index_check(w->ix, &err), &err);
    world_free(w);
}

/** Ten thousand stamps of one document, read page by page. */
static void
test_one_digest_many_leaves(void **state)
{
    struct world *w = world_new(in_folder(state, "index"), 1000);
    for (uint32_t i = 0; i < 20000; i++) {
        world_add(w, i % 2 == 0 ? 1 : 2 + i);
    }
    for (uint64_t from = 0; from < 20000; from += 14) {
        assert_int_equal(world_find(w, 1, from, 7), from + 14 <= 20000 ? 7 : 4);
    }
    assert_int_equal(world_find(w, 1, 0, WORLD_LEAVES), 10000);
    assert_int_equal(world_find(w, 1, 0, 0), 0);
    world_free(w);
}

/* ---- the contract ------------------------------------------------------- */

static void
test_empty(void **state)
{
    struct world *w = world_new(in_folder(state, "index"), 8);
    struct br_err err = {0};
    assert_int_equal(br_digest_index_covered(w->ix).v, 0);
    assert_int_equal(world_find(w, 1, 0, 10), 0);
    expect_ok(br_digest_index_check(w->ix, &err), &err);
    forget(w, 0);
    world_free(w);
    br_digest_index_close(NULL);
}

static void
test_added_twice(void **state)
{
    struct world *w = world_new(in_folder(state, "index"), 8);
    for (uint32_t i = 0; i < 100; i++) {
        world_add(w, 1 + i % 3);
        if (i % 7 == 0) {
            world_catch_up(w);
        }
    }
    world_find_all(w, 3);
    world_free(w);
}

static void
test_covered(void **state)
{
    struct world *w = world_new(in_folder(state, "index"), 10);
    /* Nine leaves without a digest after each that has one. */
    for (uint32_t i = 0; i < 500; i++) {
        world_add(w, i % 10 == 0 ? 1 + i : NO_DIGEST);
    }
    world_close(w);
    world_open(w);
    uint64_t covered = br_digest_index_covered(w->ix).v;
    assert_int_equal(covered % 100, 91);
    assert_in_range(covered, 291, 391);
    world_catch_up(w);
    world_find_all(w, 501);
    world_free(w);
}

static void
test_reset(void **state)
{
    struct world *w = world_new(in_folder(state, "index"), 10);
    struct br_err err = {0};
    for (uint32_t i = 0; i < 1000; i++) {
        world_add(w, 1 + i);
    }
    expect_ok(br_digest_index_reset(w->ix, &err), &err);
    assert_int_equal(br_digest_index_covered(w->ix).v, 0);
    assert_int_equal(count_files(w->folder, "run-"), 0);
    w->size = 0;
    world_find_all(w, 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        world_add(w, 2000 - i);
    }
    world_find_all(w, 2000);
    world_free(w);
}

/** What was forgotten does not come back with the next start. */
static void
test_forgotten_for_good(void **state)
{
    struct world *w = world_new(in_folder(state, "index"), 10);
    for (uint32_t i = 0; i < 1000; i++) {
        world_add(w, 1 + i % 50);
    }
    forget(w, 333);
    world_close(w);
    world_open(w);
    assert_true(br_digest_index_covered(w->ix).v <= 333);
    world_catch_up(w);
    for (uint32_t i = 0; i < 500; i++) {
        world_add(w, 40 + i % 50);
    }
    world_find_all(w, 100);
    world_close(w);
    world_open(w);
    world_catch_up(w);
    world_find_all(w, 100);
    world_free(w);
}

/* ---- threads ------------------------------------------------------------ */

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool closed;
    unsigned waiting;
};

static void
pass_gate(void *ctx, enum br_index_step step)
{
    struct gate *g = (struct gate *)ctx;
    if (step != BR_INDEX_STEP_FLUSH) {
        return;
    }
    pthread_mutex_lock(&g->lock);
    g->waiting++;
    pthread_cond_broadcast(&g->changed);
    while (g->closed) {
        pthread_cond_wait(&g->changed, &g->lock);
    }
    g->waiting--;
    pthread_mutex_unlock(&g->lock);
}

static void
open_gate(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->closed = false;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

/** The flusher stands still: another whole table of leaves is taken, and
 *  everything is found. */
static void
test_adding_while_a_table_is_written(void **state)
{
    struct gate g = {
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, true, 0};
    struct world *w = world_new(in_folder(state, "index"), 100);
    world_close(w);
    w->tuning.step = pass_gate;
    w->tuning.ctx = &g;
    world_open(w);
    for (uint32_t i = 0; i < 200; i++) {
        world_add(w, 1 + i % 30);
    }
    pthread_mutex_lock(&g.lock);
    while (g.waiting == 0) {
        pthread_cond_wait(&g.changed, &g.lock);
    }
    pthread_mutex_unlock(&g.lock);
    assert_int_equal(br_digest_index_covered(w->ix).v, 0);
    world_find_all(w, 31);
    open_gate(&g);
    for (uint32_t i = 0; i < 1000; i++) {
        world_add(w, 1 + i % 30);
    }
    world_find_all(w, 31);
    world_free(w);
}

enum {
    STRIDE = 997, /* leaf i carries the digest 1 + i % STRIDE */
    LEAVES = 150000,
};

struct finding {
    struct br_digest_index *ix;
    atomic_ulong added; /**< leaves below are to be found */
    atomic_bool end;
    atomic_uint mistakes;
    atomic_ulong finds;
};

/** All leaves that were there before, and none that is wrong. */
static bool
is_right(struct finding *f, uint32_t number)
{
    struct br_leaf_index got[LEAVES / STRIDE + 1];
    struct world_digest d = digest_of(number);
    size_t n;
    uint64_t before = atomic_load(&f->added);
    if (br_digest_index_find(
            f->ix, br_bytes(d.b, sizeof(d.b)), (struct br_leaf_index){0}, got,
            LEAVES / STRIDE + 1, &n) != BR_OK) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (got[i].v != number - 1 + i * STRIDE) {
            return false;
        }
    }
    return n * STRIDE + number - 1 >= before;
}

static void *
find_on(void *arg)
{
    struct finding *f = (struct finding *)arg;
    struct generator g = {(uint64_t)(uintptr_t)&g | 1};
    while (!atomic_load(&f->end)) {
        uint32_t number = (uint32_t)(draw(&g) % STRIDE) + 1;
        atomic_fetch_add(&f->mistakes, is_right(f, number) ? 0 : 1);
        atomic_fetch_add(&f->finds, 1);
    }
    return NULL;
}

static void
test_threads_find_while_one_adds(void **state)
{
    struct world *w = world_new(in_folder(state, "index"), 1000);
    struct finding f = {.ix = w->ix};
    struct br_err err = {0};
    pthread_t thread[3];
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, find_on, &f), 0);
    }
    for (uint32_t i = 0; i < LEAVES; i++) {
        world_add(w, 1 + i % STRIDE);
        atomic_store(&f.added, i + 1);
        if (i % 20000 == 0) {
            expect_ok(br_digest_index_check(w->ix, &err), &err);
        }
    }
    while (atomic_load(&f.finds) < 1000) {
    }
    atomic_store(&f.end, true);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&f.mistakes), 0);
    world_free(w);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_empty),
        TEST(test_added_twice),
        TEST(test_covered),
        TEST(test_reset),
        TEST(test_forgotten_for_good),
        TEST(test_one_digest_many_leaves),
        TEST(test_many_runs),
        TEST(test_against_a_model),
        TEST(test_adding_while_a_table_is_written),
        TEST(test_threads_find_while_one_adds),
    };
    return cmocka_run_group_tests_name(
        "digest_index", tests, start_crypto, NULL);
}
