/*
 * Slow work: it runs beside others, its queue is short, and what waits when it
 * stops is told so.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "orchestrator/api/slow.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool open;
    unsigned inside; /**< wait at the gate now */
    unsigned done;
    unsigned stopped; /**< of those, told that we stop */
};

static void
work(void *ctx, bool stopping)
{
    struct gate *g = (struct gate *)ctx;
    (void)pthread_mutex_lock(&g->lock);
    g->inside++;
    (void)pthread_cond_broadcast(&g->moved);
    while (!g->open && !stopping) {
        (void)pthread_cond_wait(&g->moved, &g->lock);
    }
    g->done++;
    g->stopped += stopping;
    (void)pthread_mutex_unlock(&g->lock);
}

static void
all_threads_work_and_the_queue_is_bounded(void **state)
{
    struct gate g = {
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0, 0, 0};
    struct br_slow *s;
    (void)state;
    assert_int_equal(br_slow_start(&s, NULL), BR_OK);
    for (unsigned i = 0; i < BR_SLOW_THREADS; i++) {
        assert_int_equal(br_slow_submit(s, work, &g, NULL), BR_OK);
    }
    (void)pthread_mutex_lock(&g.lock);
    while (g.inside < BR_SLOW_THREADS) {
        (void)pthread_cond_wait(&g.moved, &g.lock);
    }
    (void)pthread_mutex_unlock(&g.lock);
    for (unsigned i = 0; i < BR_SLOW_QUEUE_MAX; i++) {
        assert_int_equal(br_slow_submit(s, work, &g, NULL), BR_OK);
    }
    assert_int_equal(br_slow_submit(s, work, &g, NULL), BR_ERR_BUSY);
    (void)pthread_mutex_lock(&g.lock);
    g.open = true;
    (void)pthread_cond_broadcast(&g.moved);
    (void)pthread_mutex_unlock(&g.lock);
    br_slow_stop(s);
    assert_int_equal(g.done, BR_SLOW_THREADS + BR_SLOW_QUEUE_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_threads_work_and_the_queue_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
