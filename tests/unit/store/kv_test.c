/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/store/kv.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/store/kv_fixture.h"

/* ---- rows --------------------------------------------------------------- */

static void
test_put_get_delete(void **state)
{
    struct br_kv *kv = open_kv(in_folder(state, "kv"));
    struct br_kv_txn *t = begin_write(kv);
    put(t, LOG, "a", "1");
    put(t, NAMES, "a", "other table");
    put(t, LOG, "b", "");
    put(t, LOG, "a", "2");
    expect(t, LOG, "a", "2");
    expect(t, LOG, "b", "");
    expect(t, LOG, "c", "-");
    assert_int_equal(br_kv_delete(t, LOG, br_str("b"), NULL), BR_OK);
    assert_int_equal(br_kv_delete(t, LOG, br_str("b"), NULL), BR_OK);
    commit(t);
    t = begin_read(kv);
    expect(t, LOG, "a", "2");
    expect(t, LOG, "b", "-");
    expect(t, NAMES, "a", "other table");
    assert_int_equal(rows(t, LOG), 1);
    br_kv_end(t);
    br_kv_end(NULL);
    br_kv_close(kv);
    br_kv_close(NULL);
}

static void
test_length_of_keys(void **state)
{
    struct br_kv *kv = open_kv(in_folder(state, "kv"));
    struct br_kv_txn *t = begin_write(kv);
    struct br_err err = {0};
    uint8_t long_key[512] = {1};
    struct br_bytes v = br_str("v");
    assert_int_equal(
        br_kv_put(t, LOG, br_bytes(long_key, 511), v, &err), BR_OK);
    assert_int_equal(
        br_kv_put(t, NAMES, br_bytes(long_key, 512), v, &err),
        BR_ERR_OUT_OF_RANGE);
    assert_int_equal(err.rc, BR_ERR_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "writing"));
    br_kv_end(t);
    t = begin_write(kv);
    assert_int_equal(
        br_kv_put(t, LOG, br_bytes(long_key, 0), v, &err), BR_ERR_OUT_OF_RANGE);
    br_kv_end(t);
    br_kv_close(kv);
}

static void
test_append_keeps_the_order(void **state)
{
    struct br_kv *kv = open_kv(in_folder(state, "kv"));
    struct br_kv_txn *t = begin_write(kv);
    struct br_err err = {0};
    uint8_t key[8];
    append_rows(t, 10, 5);
    const uint64_t wrong[] = {0, 13, 14};
    for (size_t i = 0; i < 3; i++) {
        br_put_be64(key, wrong[i]);
        assert_int_equal(
            br_kv_append(t, LOG, br_bytes(key, 8), br_str("x"), &err),
            BR_ERR_CONFLICT);
    }
    append_rows(t, 15, 1);
    commit(t);
    t = begin_read(kv);
    assert_int_equal(rows(t, LOG), 6);
    br_kv_end(t);
    br_kv_close(kv);
}

/* ---- walking ------------------------------------------------------------ */

enum { MODEL_KEYS = 1000 };

static bool model[MODEL_KEYS];

static void
expect_key(enum br_rc rc, struct br_bytes key, int want)
{
    if (want < 0) {
        assert_int_equal(rc, BR_ERR_NOT_FOUND);
        return;
    }
    assert_int_equal(rc, BR_OK);
    assert_int_equal(key.n, 8);
    assert_int_equal(br_get_be64(key.p), want);
}

static int
nearest(int from, int step)
{
    for (int i = from; i >= 0 && i < MODEL_KEYS; i += step) {
        if (model[i]) {
            return i;
        }
    }
    return -1;
}

static void
compare_walks(struct br_kv_txn *t)
{
    struct br_kv_cursor *c;
    struct br_bytes k;
    struct br_bytes v;
    uint8_t key[8];
    assert_int_equal(br_kv_cursor_open(t, LOG, &c, NULL), BR_OK);
    for (int i = 0; i < MODEL_KEYS; i++) {
        br_put_be64(key, (uint64_t)i);
        struct br_bytes at = br_bytes(key, 8);
        int after = nearest(i, 1);
        int before = nearest(i, -1);
        expect_key(br_kv_seek(c, at, &k, &v), k, after);
        if (after >= 0) {
            expect_key(br_kv_next(c, &k, &v), k, nearest(after + 1, 1));
        }
        expect_key(br_kv_seek_back(c, at, &k, &v), k, before);
        if (before >= 0) {
            expect_key(br_kv_prev(c, &k, &v), k, nearest(before - 1, -1));
        }
    }
    expect_key(br_kv_last(c, &k, &v), k, nearest(MODEL_KEYS - 1, -1));
    expect_key(br_kv_seek(c, br_str(""), &k, &v), k, nearest(0, 1));
    expect_key(br_kv_seek_back(c, br_str(""), &k, &v), k, -1);
    br_kv_cursor_close(c);
    br_kv_cursor_close(NULL);
}

static void
test_walks_against_a_model(void **state)
{
    struct br_kv *kv = open_kv(in_folder(state, "kv"));
    struct generator g = {42};
    memset(model, 0, sizeof(model));
    for (int round = 0; round < 20; round++) {
        struct br_kv_txn *t = begin_write(kv);
        compare_walks(t);
        for (int i = 0; i < 40 * round; i++) {
            uint64_t k = draw(&g) % MODEL_KEYS;
            uint8_t key[8];
            br_put_be64(key, k);
            struct br_bytes b = br_bytes(key, 8);
            model[k] = draw(&g) % 3 != 0;
            enum br_rc rc = model[k] ? br_kv_put(t, LOG, b, b, NULL)
                                     : br_kv_delete(t, LOG, b, NULL);
            assert_int_equal(rc, BR_OK);
        }
        commit(t);
        t = begin_read(kv);
        compare_walks(t);
        br_kv_end(t);
    }
    br_kv_close(kv);
}

/* ---- transactions ------------------------------------------------------- */

static void
test_reopened(void **state)
{
    const char *path = in_folder(state, "kv");
    struct br_kv *kv = open_kv(path);
    struct br_kv_txn *t = begin_write(kv);
    append_rows(t, 0, 1000);
    commit(t);
    t = begin_write(kv);
    append_rows(t, 1000, 1000);
    br_kv_end(t);
    br_kv_close(kv);
    kv = open_kv(path);
    t = begin_read(kv);
    assert_int_equal(rows(t, LOG), 1000);
    br_kv_end(t);
    br_kv_close(kv);
}

static void
test_readers_see_their_moment(void **state)
{
    struct br_kv *kv = open_kv(in_folder(state, "kv"));
    struct br_kv_txn *w = begin_write(kv);
    put(w, NAMES, "k", "old");
    commit(w);
    struct br_kv_txn *r = begin_read(kv);
    w = begin_write(kv);
    put(w, NAMES, "k", "new");
    expect(r, NAMES, "k", "old");
    commit(w);
    expect(r, NAMES, "k", "old");
    struct br_kv_txn *later = begin_read(kv);
    expect(later, NAMES, "k", "new");
    br_kv_end(r);
    /* The pooled one begins anew, at the present. */
    r = begin_read(kv);
    expect(r, NAMES, "k", "new");
    br_kv_end(r);
    br_kv_end(later);
    br_kv_close(kv);
}

static void
test_numbers(void **state)
{
    struct br_kv *kv = open_kv(in_folder(state, "kv"));
    struct br_kv_stats s;
    struct br_kv_txn *r[100];
    for (size_t i = 0; i < 100; i++) {
        r[i] = begin_read(kv);
    }
    for (int i = 0; i < 3; i++) {
        struct br_kv_txn *w = begin_write(kv);
        append_rows(w, (uint64_t)i, 1);
        commit(w);
    }
    br_kv_stats(kv, &s);
    assert_int_equal(s.map_bytes, 64u << 20);
    assert_int_equal(s.readers, 100);
    assert_int_equal(s.oldest_reader_lag, 3);
    assert_true(s.used_bytes > 4096 && s.used_bytes < 1u << 20);
    for (size_t i = 0; i < 100; i++) {
        br_kv_end(r[i]);
    }
    br_kv_stats(kv, &s);
    assert_int_equal(s.readers, 0);
    assert_int_equal(s.oldest_reader_lag, 0);
    br_kv_close(kv);
}

static void
test_too_many_readers(void **state)
{
    struct br_kv *kv = open_kv(in_folder(state, "kv"));
    struct br_kv_txn *r[512];
    struct br_kv_txn *more;
    struct br_err err = {0};
    for (size_t i = 0; i < 512; i++) {
        r[i] = begin_read(kv);
    }
    assert_int_equal(br_kv_begin_read(kv, &more, &err), BR_ERR_BUSY);
    br_kv_end(r[0]);
    r[0] = begin_read(kv);
    for (size_t i = 0; i < 512; i++) {
        br_kv_end(r[i]);
    }
    br_kv_close(kv);
}

static void
test_full_map(void **state)
{
    const char *path = in_folder(state, "kv");
    struct br_kv_options o = kv_options(path);
    struct br_err err = {0};
    struct br_kv *kv;
    static const uint8_t big[1000];
    o.map_bytes = 256 * 1024;
    expect_ok(br_kv_open(&o, &kv, &err), &err);
    struct br_kv_txn *t = begin_write(kv);
    append_rows(t, 0, 100);
    commit(t);
    t = begin_write(kv);
    enum br_rc rc = BR_OK;
    for (uint64_t i = 100; rc == BR_OK; i++) {
        uint8_t key[8];
        br_put_be64(key, i);
        assert_true(i < 1000);
        rc = br_kv_append(
            t, LOG, br_bytes(key, 8), br_bytes(big, sizeof(big)), &err);
    }
    assert_int_equal(rc, BR_ERR_DISK_FULL);
    assert_int_equal(err.rc, BR_ERR_DISK_FULL);
    br_kv_end(t);
    /* What was committed is there, and small things still fit. */
    t = begin_write(kv);
    assert_int_equal(rows(t, LOG), 100);
    append_rows(t, 100, 1);
    commit(t);
    br_kv_close(kv);
    /* A larger map takes the rest. */
    kv = open_kv(path);
    t = begin_write(kv);
    append_rows(t, 101, 10000);
    commit(t);
    br_kv_close(kv);
}

static void
write_twice(void *kv)
{
    struct br_kv_txn *t;
    (void)!br_kv_begin_write((struct br_kv *)kv, &t, NULL);
    (void)!br_kv_begin_write((struct br_kv *)kv, &t, NULL);
}

static void
leave_a_cursor(void *kv)
{
    struct br_kv_txn *t;
    struct br_kv_cursor *c;
    (void)!br_kv_begin_write((struct br_kv *)kv, &t, NULL);
    (void)!br_kv_cursor_open(t, LOG, &c, NULL);
    br_kv_end(t);
}

/** Runs it in a child on a store of its own: does it abort? */
static bool
aborts(const char *path, void (*mistake)(void *kv))
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct br_kv_options o = kv_options(path);
        struct br_kv *kv;
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)dup2(null, STDERR_FILENO);
        if (br_kv_open(&o, &kv, NULL) == BR_OK) {
            mistake(kv);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void
test_own_mistakes_abort(void **state)
{
    assert_true(aborts(in_folder(state, "a"), write_twice));
    assert_true(aborts(in_folder(state, "b"), leave_a_cursor));
}

/* ---- threads ------------------------------------------------------------ */

struct reading {
    struct br_kv *kv;
    atomic_bool end;
    atomic_uint mistakes;
    atomic_ulong reads;
    atomic_ulong committed; /**< rows of commits that have returned */
};

/** Rows are committed ten at a time: a count is a multiple, ascends, and has
 *  what was committed before. */
static void *
read_on(void *arg)
{
    struct reading *r = (struct reading *)arg;
    uint64_t before = 0;
    while (!atomic_load(&r->end)) {
        struct br_kv_txn *t;
        uint64_t n = 1;
        before = before > r->committed ? before : r->committed;
        if (br_kv_begin_read(r->kv, &t, NULL) != BR_OK) {
            atomic_fetch_add(&r->mistakes, 1);
            break;
        }
        bool ok = br_kv_count(t, LOG, &n, NULL) == BR_OK && n % 10 == 0 &&
                  n >= before;
        br_kv_end(t);
        before = n;
        atomic_fetch_add(&r->mistakes, ok ? 0 : 1);
        atomic_fetch_add(&r->reads, 1);
    }
    return NULL;
}

static void
test_threads_read(void **state)
{
    struct reading r = {.kv = open_kv(in_folder(state, "kv"))};
    pthread_t thread[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, read_on, &r), 0);
    }
    for (uint64_t i = 0; i < 200 || atomic_load(&r.reads) < 1000; i++) {
        struct br_kv_txn *t = begin_write(r.kv);
        append_rows(t, i * 10, 10);
        commit(t);
        atomic_store(&r.committed, (i + 1) * 10);
    }
    atomic_store(&r.end, true);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&r.mistakes), 0);
    br_kv_close(r.kv);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_put_get_delete),
        TEST(test_length_of_keys),
        TEST(test_append_keeps_the_order),
        TEST(test_walks_against_a_model),
        TEST(test_reopened),
        TEST(test_readers_see_their_moment),
        TEST(test_numbers),
        TEST(test_too_many_readers),
        TEST(test_full_map),
        TEST(test_own_mistakes_abort),
        TEST(test_threads_read),
    };
    return cmocka_run_group_tests_name("kv", tests, NULL, NULL);
}
