/* The store as a whole: opening, backup, several processes.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/store/kv.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/store/kv_fixture.h"

/* ---- backup ------------------------------------------------------------- */

static void
test_backup(void **state)
{
    struct br_kv *kv = open_kv(in_folder(state, "kv"));
    const char *folder = in_folder(state, "backup");
    struct br_err err = {0};
    for (uint64_t i = 0; i < 10; i++) {
        struct br_kv_txn *t = begin_write(kv);
        append_rows(t, i * 500, 500);
        put(t, NAMES, "round", "x");
        commit(t);
    }
    expect_ok(br_kv_backup(kv, folder, &err), &err);
    assert_int_equal(br_kv_backup(kv, folder, &err), BR_ERR_CONFLICT);
    struct br_kv_txn *t = begin_write(kv);
    append_rows(t, 5000, 1);
    commit(t);
    br_kv_close(kv);
    kv = open_kv(folder);
    struct br_kv_cursor *c;
    struct br_bytes k;
    struct br_bytes v;
    t = begin_read(kv);
    assert_int_equal(rows(t, LOG), 5000);
    assert_int_equal(br_kv_cursor_open(t, LOG, &c, NULL), BR_OK);
    for (uint64_t i = 0; i < 5000; i++) {
        assert_int_equal(br_kv_next(c, &k, &v), BR_OK);
        assert_int_equal(br_get_be64(k.p), i);
        assert_true(br_bytes_eq(k, v));
    }
    br_kv_cursor_close(c);
    expect(t, NAMES, "round", "x");
    br_kv_end(t);
    br_kv_close(kv);
}

static void
test_backup_of_nothing(void **state)
{
    struct br_kv *kv = open_kv(in_folder(state, "kv"));
    const char *folder = in_folder(state, "backup");
    struct br_err err = {0};
    expect_ok(br_kv_backup(kv, folder, &err), &err);
    br_kv_close(kv);
    kv = open_kv(folder);
    br_kv_close(kv);
}

static void
test_backup_elsewhere_fails(void **state)
{
    struct br_kv *kv = open_kv(in_folder(state, "kv"));
    struct br_err err = {0};
    assert_int_equal(
        br_kv_backup(kv, in_folder(state, "no/such"), &err), BR_ERR_IO);
    assert_non_null(strstr(err.text, "no/such"));
    br_kv_close(kv);
}

/* ---- opening ------------------------------------------------------------ */

static void
test_nothing_to_inspect(void **state)
{
    const char *path = in_folder(state, "kv");
    struct br_kv_options o = kv_options(path);
    struct br_kv *kv;
    struct br_err err = {0};
    o.read_only = true;
    assert_int_equal(br_kv_open(&o, &kv, &err), BR_ERR_NOT_FOUND);
    br_kv_close(open_kv(path));
    const char *const others[] = {"log", "strange"};
    o.tables = others;
    assert_int_equal(br_kv_open(&o, &kv, &err), BR_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "strange"));
}

static void
test_read_only_does_not_write(void **state)
{
    const char *path = in_folder(state, "kv");
    struct br_kv_options o = kv_options(path);
    struct br_kv *kv;
    struct br_kv_txn *t;
    struct br_err err = {0};
    br_kv_close(open_kv(path));
    o.read_only = true;
    expect_ok(br_kv_open(&o, &kv, &err), &err);
    assert_int_equal(br_kv_begin_write(kv, &t, &err), BR_ERR_IO);
    t = begin_read(kv);
    assert_int_equal(rows(t, LOG), 0);
    br_kv_end(t);
    br_kv_close(kv);
}

static void
test_damaged(void **state)
{
    const char *path = in_folder(state, "kv");
    struct br_kv_options o = kv_options(path);
    struct br_kv *kv;
    struct br_err err = {0};
    uint8_t noise[8192];
    memset(noise, 0xa5, sizeof(noise));
    br_kv_close(open_kv(path));
    int fd = open(in_folder(state, "kv/data.mdb"), O_WRONLY | O_CLOEXEC);
    assert_int_equal(
        pwrite(fd, noise, sizeof(noise), 0), (ssize_t)sizeof(noise));
    close(fd);
    assert_int_equal(br_kv_open(&o, &kv, &err), BR_ERR_CORRUPT);
}

static void
test_default_map(void **state)
{
    struct br_kv_options o = kv_options(in_folder(state, "kv"));
    struct br_kv *kv;
    struct br_kv_stats s;
    struct br_err err = {0};
    o.map_bytes = 0;
    o.rebuildable = true;
    expect_ok(br_kv_open(&o, &kv, &err), &err);
    br_kv_stats(kv, &s);
    assert_true(s.map_bytes >= 64ull << 30);
    struct br_kv_txn *t = begin_write(kv);
    append_rows(t, 0, 10);
    commit(t);
    br_kv_close(kv);
}

/* ---- two processes ------------------------------------------------------ */

/* This program again, as the other process: it does what each byte on its
 * standard input asks, and answers with one byte. */
static int
other_process(const char *path)
{
    struct br_kv_options o = kv_options(path);
    struct br_kv *kv = NULL;
    struct br_kv_txn *t = NULL;
    char ask;
    o.read_only = true;
    while (read(STDIN_FILENO, &ask, 1) == 1) {
        uint64_t n = 0;
        enum br_rc rc = BR_OK;
        if (ask == 'o') {
            rc = br_kv_open(&o, &kv, NULL);
        } else if (ask == 'b') {
            rc = br_kv_begin_read(kv, &t, NULL);
        } else if (ask == 'e') {
            br_kv_end(t);
        } else {
            rc = br_kv_count(t, LOG, &n, NULL);
        }
        char answer = (char)(rc == BR_OK ? n : 255);
        if (write(STDOUT_FILENO, &answer, 1) != 1) {
            return 1;
        }
    }
    br_kv_close(kv);
    return 0;
}

struct other {
    pid_t pid;
    int ask;
    int answer;
};

static struct other
start_other(const char *path)
{
    int in[2];
    int out[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(in[0], STDIN_FILENO);
        (void)dup2(out[1], STDOUT_FILENO);
        (void)execl(
            "/proc/self/exe", "kv_whole_test", "other", path,
            (const char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    return (struct other){pid, in[1], out[0]};
}

static unsigned
ask(struct other *o, char what)
{
    uint8_t answer = 254;
    assert_int_equal(write(o->ask, &what, 1), 1);
    assert_int_equal(read(o->answer, &answer, 1), 1);
    return answer;
}

static int
end_other(struct other *o)
{
    int status;
    close(o->ask);
    close(o->answer);
    assert_int_equal(waitpid(o->pid, &status, 0), o->pid);
    return status;
}

static void
test_another_process_reads(void **state)
{
    const char *path = in_folder(state, "kv");
    struct br_kv *kv = open_kv(path);
    struct br_kv_stats s;
    struct br_kv_txn *t = begin_write(kv);
    append_rows(t, 0, 7);
    commit(t);
    struct other o = start_other(path);
    assert_int_equal(ask(&o, 'o'), 0);
    assert_int_equal(ask(&o, 'b'), 0);
    assert_int_equal(ask(&o, 'n'), 7);
    t = begin_write(kv);
    append_rows(t, 7, 5);
    commit(t);
    assert_int_equal(ask(&o, 'n'), 7);
    br_kv_stats(kv, &s);
    assert_int_equal(s.readers, 1);
    assert_int_equal(s.oldest_reader_lag, 1);
    assert_int_equal(ask(&o, 'e'), 0);
    assert_int_equal(ask(&o, 'b'), 0);
    assert_int_equal(ask(&o, 'n'), 12);
    /* It dies while it reads: its slot is cleared. */
    assert_int_equal(kill(o.pid, SIGKILL), 0);
    assert_true(WIFSIGNALED(end_other(&o)));
    t = begin_write(kv);
    append_rows(t, 12, 1);
    commit(t);
    br_kv_stats(kv, &s);
    assert_int_equal(s.readers, 0);
    assert_int_equal(s.oldest_reader_lag, 0);
    br_kv_close(kv);
}

static void
test_killed_writer(void **state)
{
    const char *path = in_folder(state, "kv");
    int done[2];
    char byte;
    assert_int_equal(pipe2(done, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct br_kv *kv = open_kv(path);
        struct br_kv_txn *t = begin_write(kv);
        append_rows(t, 0, 10);
        commit(t);
        t = begin_write(kv);
        append_rows(t, 10, 10);
        (void)!write(done[1], "x", 1);
        (void)pause();
    }
    assert_int_equal(read(done[0], &byte, 1), 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(done[0]);
    close(done[1]);
    struct br_kv *kv = open_kv(path);
    struct br_kv_txn *t = begin_write(kv);
    assert_int_equal(rows(t, LOG), 10);
    append_rows(t, 10, 1);
    commit(t);
    br_kv_close(kv);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "other") == 0) {
        return other_process(argv[2]);
    }
    const struct CMUnitTest tests[] = {
        TEST(test_backup),
        TEST(test_backup_of_nothing),
        TEST(test_backup_elsewhere_fails),
        TEST(test_nothing_to_inspect),
        TEST(test_read_only_does_not_write),
        TEST(test_damaged),
        TEST(test_default_map),
        TEST(test_another_process_reads),
        TEST(test_killed_writer),
    };
    return cmocka_run_group_tests_name("kv_whole", tests, NULL, NULL);
}
