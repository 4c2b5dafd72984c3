/* The index when the machine stops, the disk refuses, or files are damaged.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/store/digest_index.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/store/index_fixture.h"

enum { TABLE = 10 };

/* ---- the machine stops -------------------------------------------------- */

struct stop {
    enum br_index_step at;
    int countdown;
};

static void
stop_there(void *ctx, enum br_index_step step)
{
    struct stop *s = (struct stop *)ctx;
    if (step == s->at && --s->countdown == 0) {
        _exit(9);
    }
}

/** A child fills the index and stops at the step; the world knows the
 *  leaves. */
static void
fill_until(struct world *w, struct stop stop)
{
    int status;
    world_close(w);
    for (uint64_t i = 0; i < 1000; i++) {
        w->digest[i] = (uint32_t)(1 + i % 40);
    }
    pid_t child = fork();
    if (child == 0) {
        w->tuning.step = stop_there;
        w->tuning.ctx = &stop;
        world_open(w);
        w->size = 1000;
        world_catch_up(w);
        (void)pause();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 9);
    w->size = 1000;
}

static void
expect_whole(struct world *w)
{
    struct br_err err = {0};
    world_catch_up(w);
    world_find_all(w, 41);
    expect_ok(br_digest_index_check(w->ix, &err), &err);
    world_close(w);
    assert_int_equal(count_files(w->folder, "new-"), 0);
    world_open(w);
    world_catch_up(w);
    world_find_all(w, 41);
}

static void
test_stopped_before_a_run_has_its_name(void **state)
{
    struct world *w = world_new(in_folder(state, "index"), TABLE);
    fill_until(w, (struct stop){BR_INDEX_STEP_FLUSH, 4});
    assert_true(count_files(w->folder, "new-") >= 1);
    world_open(w);
    assert_int_equal(br_digest_index_covered(w->ix).v, 3 * TABLE);
    expect_whole(w);
    world_free(w);
}

static void
test_stopped_before_a_merge_has_its_name(void **state)
{
    struct world *w = world_new(in_folder(state, "index"), TABLE);
    fill_until(w, (struct stop){BR_INDEX_STEP_MERGE, 2});
    assert_true(count_files(w->folder, "new-") >= 1);
    world_open(w);
    assert_true(br_digest_index_covered(w->ix).v >= 16 * TABLE);
    expect_whole(w);
    world_free(w);
}

/** The merged run and the old ones are both there. */
static void
test_stopped_before_a_merge_is_shown(void **state)
{
    struct world *w = world_new(in_folder(state, "index"), TABLE);
    fill_until(w, (struct stop){BR_INDEX_STEP_MERGED, 1});
    assert_true(count_files(w->folder, "run-") >= 9);
    world_open(w);
    struct br_index_view *v = br_index_take_view(w->ix);
    assert_true(v->run[0]->range.end >= 8 * TABLE);
    br_index_view_unref(v);
    expect_whole(w);
    world_free(w);
}

static void
write_file(const char *folder, const char *name, const char *content)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(content, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void
test_left_over_files(void **state)
{
    struct world *w = world_new(in_folder(state, "index"), TABLE);
    world_close(w);
    write_file(
        w->folder, "new-00000000000000000000-00000000000000000010", "half");
    /* Behind a gap: whatever it holds, it is not looked at. */
    write_file(
        w->folder, "run-00000000000000000050-00000000000000000060", "junk");
    write_file(w->folder, "run-notes", "somebody's");
    world_open(w);
    assert_int_equal(count_files(w->folder, "new-"), 0);
    assert_int_equal(count_files(w->folder, "run-0"), 0);
    assert_int_equal(count_files(w->folder, "run-notes"), 1);
    world_free(w);
}

/* ---- the disk refuses --------------------------------------------------- */

static enum br_rc
add(struct world *w, uint64_t leaf, struct br_err *err)
{
    struct world_digest d = digest_of(w->digest[leaf]);
    return br_digest_index_add(
        w->ix, br_bytes(d.b, sizeof(d.b)), (struct br_leaf_index){leaf}, err);
}

/** The name of the first run is taken by a folder. */
static void
test_refused_then_taken(void **state)
{
    char path[512];
    struct br_err err = {0};
    struct world *w = world_new(in_folder(state, "index"), TABLE);
    (void)snprintf(
        path, sizeof(path), "%s/new-%020d-%020d", w->folder, 0, TABLE);
    assert_int_equal(mkdir(path, 0700), 0);
    for (uint32_t i = 0; i < 2 * TABLE; i++) {
        world_add(w, 1 + i % 7);
    }
    w->digest[2 * TABLE] = 3;
    w->digest[2 * TABLE + 1] = 4;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(add(w, 2 * TABLE, &err), BR_ERR_IO);
        assert_non_null(strstr(err.text, "digest index"));
        /* Without that leaf, no later one. */
        assert_int_equal(add(w, 2 * TABLE + 1, &err), BR_ERR_CONFLICT);
    }
    world_find_all(w, 8);
    assert_int_equal(rmdir(path), 0);
    w->size += 2;
    world_catch_up(w);
    world_find_all(w, 8);
    for (uint32_t i = 0; i < 500; i++) {
        world_add(w, 1 + i % 7);
    }
    world_find_all(w, 8);
    world_free(w);
}

/** Merging fails while the target's name is taken; flushing goes on. */
static void
test_merge_refused(void **state)
{
    char path[512];
    struct world *w = world_new(in_folder(state, "index"), TABLE);
    (void)snprintf(
        path, sizeof(path), "%s/new-%020d-%020d", w->folder, 0, 8 * TABLE);
    assert_int_equal(mkdir(path, 0700), 0);
    for (uint32_t i = 0; i < 50 * TABLE; i++) {
        world_add(w, 1 + i % 40);
    }
    world_find_all(w, 41);
    assert_int_equal(rmdir(path), 0);
    for (uint32_t i = 0; i < 50 * TABLE; i++) {
        world_add(w, 1 + i % 40);
    }
    world_find_all(w, 41);
    world_free(w);
}

/** The failed table is forgotten too. */
static void
test_forget_after_a_refusal(void **state)
{
    char path[512];
    struct br_err err = {0};
    struct world *w = world_new(in_folder(state, "index"), TABLE);
    (void)snprintf(
        path, sizeof(path), "%s/new-%020d-%020d", w->folder, 0, TABLE);
    assert_int_equal(mkdir(path, 0700), 0);
    for (uint32_t i = 0; i < 2 * TABLE; i++) {
        world_add(w, 1 + i % 7);
    }
    w->digest[2 * TABLE] = 3;
    assert_int_equal(add(w, 2 * TABLE, &err), BR_ERR_IO);
    expect_ok(br_digest_index_reset(w->ix, &err), &err);
    w->size = 0;
    world_find_all(w, 8);
    for (uint32_t i = 0; i < TABLE; i++) {
        world_add(w, 5);
    }
    world_find_all(w, 8);
    world_free(w);
}

/* ---- files are damaged -------------------------------------------------- */

static const char first_run[] = "run-00000000000000000000-00000000000000000800";

/** A closed index with a run of 800 pairs at least. */
static struct world *
one_run(void **state)
{
    struct world *w = world_new(in_folder(state, "index"), 800);
    for (uint32_t i = 0; i < 1700; i++) {
        world_add(w, 1 + i);
    }
    world_close(w);
    assert_true(count_files(w->folder, first_run) == 1);
    return w;
}

static void
flip(const struct world *w, const char *name, off_t at)
{
    char path[512];
    uint8_t b;
    (void)snprintf(path, sizeof(path), "%s/%s", w->folder, name);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &b, 1, at), 1);
    b ^= 0x40;
    assert_int_equal(pwrite(fd, &b, 1, at), 1);
    close(fd);
}

static enum br_rc
open_again(struct world *w)
{
    struct br_err err = {0};
    enum br_rc rc =
        br_digest_index_open_with(w->folder, &w->tuning, &w->ix, &err);
    if (rc == BR_OK) {
        rc = br_digest_index_check(w->ix, &err);
        world_close(w);
    }
    return rc;
}

static void
test_damaged_bytes(void **state)
{
    struct world *w = one_run(state);
    const off_t filter = 4096 + 800 * 16;
    const off_t places[] = {
        0, 8, 16, 24, 32, 40, 48, 4096, 4096 + 8, 4096 + 799 * 16, 79, 9000};
    assert_int_equal(open_again(w), BR_OK);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        flip(w, first_run, places[i]);
        assert_int_equal(open_again(w), BR_ERR_CORRUPT);
        flip(w, first_run, places[i]);
    }
    assert_int_equal(open_again(w), BR_OK);
    /* A bit of the filter that is gone hides a pair; one more does not. */
    unsigned hidden = 0;
    for (off_t i = 0; i < 64; i++) {
        flip(w, first_run, filter + i);
        hidden += open_again(w) == BR_ERR_CORRUPT;
        flip(w, first_run, filter + i);
    }
    assert_in_range(hidden, 10, 60);
    world_free(w);
}

static void
test_cut_short_and_rebuilt(void **state)
{
    const off_t lengths[] = {0, 100, 4095, 4096, 4096 + 800 * 16};
    struct world *w = one_run(state);
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", w->folder, first_run);
    for (size_t i = 5; i > 0; i--) {
        assert_int_equal(truncate(path, lengths[i - 1]), 0);
        assert_int_equal(open_again(w), BR_ERR_CORRUPT);
    }
    /* What an owner does then. */
    assert_int_equal(br_digest_index_remove(w->folder, NULL), BR_OK);
    world_open(w);
    assert_int_equal(br_digest_index_covered(w->ix).v, 0);
    world_catch_up(w);
    world_find_all(w, 1701);
    world_free(w);
}

static void
test_missing_run(void **state)
{
    struct world *w = one_run(state);
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", w->folder, first_run);
    assert_int_equal(unlink(path), 0);
    world_open(w);
    assert_int_equal(br_digest_index_covered(w->ix).v, 0);
    assert_int_equal(count_files(w->folder, "run-"), 0);
    world_catch_up(w);
    world_find_all(w, 1701);
    world_free(w);
}

static void
test_secret(void **state)
{
    struct world *w = one_run(state);
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/secret", w->folder);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 16);
    /* Another secret: its keys are not these. */
    flip(w, "secret", 3);
    assert_int_equal(open_again(w), BR_ERR_CORRUPT);
    flip(w, "secret", 3);
    assert_int_equal(open_again(w), BR_OK);
    assert_int_equal(truncate(path, 15), 0);
    assert_int_equal(open_again(w), BR_ERR_CORRUPT);
    /* None: the runs are of no use and go. */
    assert_int_equal(unlink(path), 0);
    world_open(w);
    assert_int_equal(br_digest_index_covered(w->ix).v, 0);
    world_catch_up(w);
    world_find_all(w, 1701);
    world_free(w);
}

/* ---- the folder --------------------------------------------------------- */

static void
test_one_owner(void **state)
{
    struct world *w = world_new(in_folder(state, "index"), TABLE);
    struct br_digest_index *other;
    struct br_err err = {0};
    assert_int_equal(
        br_digest_index_open(w->folder, &other, &err), BR_ERR_BUSY);
    assert_int_equal(br_digest_index_remove(w->folder, &err), BR_ERR_BUSY);
    world_free(w);
}

static void
test_remove(void **state)
{
    struct world *w = one_run(state);
    struct br_err err = {0};
    write_file(w->folder, "notes", "somebody's");
    expect_ok(br_digest_index_remove(w->folder, &err), &err);
    assert_int_equal(count_files(w->folder, "notes"), 1);
    assert_int_equal(count_files(w->folder, ""), 3); /* with . and .. */
    assert_int_equal(unlink(in_folder(state, "index/notes")), 0);
    expect_ok(br_digest_index_remove(w->folder, &err), &err);
    assert_int_equal(access(w->folder, F_OK), -1);
    expect_ok(br_digest_index_remove(w->folder, &err), &err);
    world_free(w);
}

static void
test_no_such_place(void **state)
{
    struct br_digest_index *ix;
    struct br_err err = {0};
    assert_int_equal(
        br_digest_index_open(in_folder(state, "no/such"), &ix, &err),
        BR_ERR_IO);
    assert_non_null(strstr(err.text, "no/such"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_stopped_before_a_run_has_its_name),
        TEST(test_stopped_before_a_merge_has_its_name),
        TEST(test_stopped_before_a_merge_is_shown),
        TEST(test_left_over_files),
        TEST(test_refused_then_taken),
        TEST(test_merge_refused),
        TEST(test_forget_after_a_refusal),
        TEST(test_damaged_bytes),
        TEST(test_cut_short_and_rebuilt),
        TEST(test_missing_run),
        TEST(test_secret),
        TEST(test_one_owner),
        TEST(test_remove),
        TEST(test_no_such_place),
    };
    return cmocka_run_group_tests_name(
        "digest_index_faults", tests, start_crypto, NULL);
}
