/* The main loop: signals, timers, folders, a stop from elsewhere.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/net/loop.h"

struct seen {
    struct br_loop *loop;
    int count;
    char name[64];
};

static struct seen seen;
static struct br_err err;

static int
start(void **state)
{
    (void)state;
    seen = (struct seen){.count = 0};
    return br_loop_new(&seen.loop, &err) == BR_OK ? 0 : -1;
}

static int
stop(void **state)
{
    (void)state;
    br_loop_free(seen.loop);
    return 0;
}

static void
stop_at_third(void *ctx)
{
    struct seen *s = (struct seen *)ctx;
    if (++s->count == 3) {
        br_loop_stop(s->loop);
    }
}

static void
stop_at_once(void *ctx)
{
    struct seen *s = (struct seen *)ctx;
    s->count++;
    br_loop_stop(s->loop);
}

static void
test_a_timer_repeats(void **state)
{
    (void)state;
    assert_int_equal(
        br_loop_every(seen.loop, 1, stop_at_third, &seen, &err), BR_OK);
    br_loop_run(seen.loop);
    assert_int_equal(seen.count, 3);
}

static void
raise_term(void *ctx)
{
    (void)ctx;
    (void)raise(SIGTERM);
}

static void
test_a_signal_arrives(void **state)
{
    (void)state;
    assert_int_equal(
        br_loop_on_signal(seen.loop, SIGTERM, stop_at_once, &seen, &err),
        BR_OK);
    assert_int_equal(
        br_loop_every(seen.loop, 1, raise_term, NULL, &err), BR_OK);
    br_loop_run(seen.loop);
    assert_true(seen.count >= 1);
    assert_int_equal(
        br_loop_on_signal(seen.loop, SIGKILL, stop_at_once, &seen, &err),
        BR_ERR_IO);
}

static void *
stop_from_here(void *ctx)
{
    br_loop_stop((struct br_loop *)ctx);
    return NULL;
}

static void
test_another_thread_stops_it(void **state)
{
    pthread_t thread;
    (void)state;
    assert_int_equal(
        pthread_create(&thread, NULL, stop_from_here, seen.loop), 0);
    br_loop_run(seen.loop);
    (void)pthread_join(thread, NULL);
}

static void
on_change(void *ctx, const char *name)
{
    struct seen *s = (struct seen *)ctx;
    if (name != NULL) {
        (void)snprintf(s->name, sizeof(s->name), "%s", name);
    }
    br_loop_stop(s->loop);
}

static char folder[] = "/tmp/broletto-loop-XXXXXX";
static char file[64];

static void
make_file(void *ctx)
{
    (void)ctx;
    int fd = open(file, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
}

static void
test_a_folder_is_watched(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(file, sizeof(file), "%s/new", folder);
    assert_int_equal(
        br_loop_watch_folder(seen.loop, folder, on_change, &seen, &err), BR_OK);
    assert_int_equal(br_loop_every(seen.loop, 1, make_file, NULL, &err), BR_OK);
    br_loop_run(seen.loop);
    assert_string_equal(seen.name, "new");
    (void)unlink(file);
    (void)rmdir(folder);
    assert_int_equal(
        br_loop_watch_folder(seen.loop, folder, on_change, &seen, &err),
        BR_ERR_IO);
    assert_non_null(strstr(err.text, folder));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(test_a_timer_repeats),
        TEST(test_a_signal_arrives),
        TEST(test_another_thread_stops_it),
        TEST(test_a_folder_is_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
