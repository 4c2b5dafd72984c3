/*
 * The solo engine against an application that writes down every call. The
 * threads meet at gates; nothing sleeps.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/base/assert.h"
#include "node/engine/engine.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define assert_ok(expr) assert_int_equal((expr), BR_OK)

enum { CALLS_MAX = 2048, ANSWERS_MAX = 64, BLOCKS_MAX = 64 };

/** The application: everything below the lock is written by any thread. */
struct fake {
    pthread_mutex_t lock;
    pthread_cond_t news;
    char calls[CALLS_MAX]; /**< one letter a call, see fake_app */
    size_t call_count;
    /* what it is told to do */
    bool hold;       /**< commits wait until it is released */
    bool committing; /**< one is in there now */
    enum br_rc commit_rc;
    enum br_rc begin_rc;
    enum br_rc seal_rc;
    size_t pending; /**< proposals that it has */
    struct br_time_us last;
    /* what it saw */
    size_t txs;
    size_t block_txs[BLOCKS_MAX];
    uint64_t block_time[BLOCKS_MAX];
    size_t blocks;
    size_t settled;
    enum br_rc settled_rc;
    size_t fatal;
    size_t backwards;
    size_t righted;
    uint64_t behind_us;
    /* answers of submissions, in order */
    size_t answers;
    struct br_tx_result answer[ANSWERS_MAX];
    size_t answered_with_blocks[ANSWERS_MAX]; /**< durable at that moment */
    struct br_engine *engine;
};

static void
note_call(struct fake *f, char c)
{
    if (f->call_count < CALLS_MAX - 1) {
        f->calls[f->call_count++] = c;
    }
    pthread_cond_broadcast(&f->news);
}

static struct br_time_us
fake_last_time(void *ctx)
{
    struct fake *f = (struct fake *)ctx;
    pthread_mutex_lock(&f->lock);
    struct br_time_us last = f->last;
    pthread_mutex_unlock(&f->lock);
    return last;
}

static bool
fake_has_pending(void *ctx)
{
    struct fake *f = (struct fake *)ctx;
    pthread_mutex_lock(&f->lock);
    bool has = f->pending > 0;
    pthread_mutex_unlock(&f->lock);
    return has;
}

static enum br_rc
fake_begin(void *ctx, struct br_time_us time, struct br_err *reterr)
{
    struct fake *f = (struct fake *)ctx;
    pthread_mutex_lock(&f->lock);
    note_call(f, 'b');
    f->txs = 0;
    f->block_time[f->blocks] = time.v;
    enum br_rc rc = f->begin_rc;
    pthread_mutex_unlock(&f->lock);
    return rc == BR_OK ? BR_OK : br_fail(reterr, rc, "begin");
}

/** A transaction whose first byte is '!' is refused. */
static enum br_rc
fake_run(
    void *ctx,
    struct br_bytes tx,
    struct br_tx_result *ret,
    struct br_err *reterr)
{
    struct fake *f = (struct fake *)ctx;
    pthread_mutex_lock(&f->lock);
    note_call(f, 'r');
    bool refused = tx.n > 0 && tx.p[0] == '!';
    ret->first_leaf = f->txs;
    ret->leaves = refused ? 0 : 1;
    ret->height = f->blocks + 1;
    f->txs += !refused;
    pthread_mutex_unlock(&f->lock);
    return refused ? br_fail(reterr, BR_ERR_REPLAYED, "refused") : BR_OK;
}

static void
fake_propose(void *ctx)
{
    struct fake *f = (struct fake *)ctx;
    pthread_mutex_lock(&f->lock);
    note_call(f, 'p');
    f->txs += f->pending;
    f->pending = 0;
    pthread_mutex_unlock(&f->lock);
}

static size_t
fake_size(void *ctx)
{
    struct fake *f = (struct fake *)ctx;
    pthread_mutex_lock(&f->lock);
    size_t n = f->txs;
    pthread_mutex_unlock(&f->lock);
    return n;
}

static enum br_rc
fake_seal(void *ctx, struct br_hash *ret_app_hash, struct br_err *reterr)
{
    struct fake *f = (struct fake *)ctx;
    pthread_mutex_lock(&f->lock);
    note_call(f, 's');
    memset(ret_app_hash, 1, sizeof(*ret_app_hash));
    enum br_rc rc = f->seal_rc;
    pthread_mutex_unlock(&f->lock);
    return rc == BR_OK ? BR_OK : br_fail(reterr, rc, "seal");
}

static enum br_rc
fake_commit(void *ctx, struct br_err *reterr)
{
    struct fake *f = (struct fake *)ctx;
    pthread_mutex_lock(&f->lock);
    note_call(f, 'c');
    f->committing = true;
    pthread_cond_broadcast(&f->news);
    while (f->hold) {
        pthread_cond_wait(&f->news, &f->lock);
    }
    f->committing = false;
    enum br_rc rc = f->commit_rc;
    if (rc == BR_OK) {
        f->last.v = f->block_time[f->blocks];
        f->block_txs[f->blocks++] = f->txs;
    }
    pthread_mutex_unlock(&f->lock);
    return rc == BR_OK ? BR_OK : br_fail(reterr, rc, "commit");
}

static void
fake_abort(void *ctx)
{
    struct fake *f = (struct fake *)ctx;
    pthread_mutex_lock(&f->lock);
    note_call(f, 'a');
    pthread_mutex_unlock(&f->lock);
}

static void
fake_settled(void *ctx, enum br_rc rc, const struct br_err *err)
{
    struct fake *f = (struct fake *)ctx;
    pthread_mutex_lock(&f->lock);
    note_call(f, 'S');
    f->settled++;
    f->settled_rc = rc;
    BR_ASSERT(rc == BR_OK || err->rc == rc);
    pthread_mutex_unlock(&f->lock);
}

static void
on_fatal(void *ctx, const struct br_err *err)
{
    struct fake *f = (struct fake *)ctx;
    pthread_mutex_lock(&f->lock);
    note_call(f, 'F');
    f->fatal++;
    BR_ASSERT(err->rc != BR_OK);
    pthread_mutex_unlock(&f->lock);
}

static void
on_backwards(void *ctx, uint64_t behind_us)
{
    struct fake *f = (struct fake *)ctx;
    pthread_mutex_lock(&f->lock);
    note_call(f, 'B');
    if (behind_us == 0) {
        f->righted++;
    } else {
        f->backwards++;
        f->behind_us = behind_us;
    }
    pthread_mutex_unlock(&f->lock);
}

static void
on_answer(void *ctx, const struct br_tx_result *result)
{
    struct fake *f = (struct fake *)ctx;
    pthread_mutex_lock(&f->lock);
    if (f->answers < ANSWERS_MAX) {
        f->answer[f->answers] = *result;
        f->answered_with_blocks[f->answers] = f->blocks;
    }
    f->answers++;
    note_call(f, '.');
    pthread_mutex_unlock(&f->lock);
}

/* ---- the tests' side ---------------------------------------------------- */

static struct br_engine_app app;

static void
start(struct fake *f, size_t queue_max)
{
    struct br_engine_options o = {
        .app = &app,
        .queue_max = queue_max,
        .clock_tolerance_us = 1000000,
        .fatal = on_fatal,
        .clock_backwards = on_backwards,
        .ctx = f,
    };
    memset(f, 0, sizeof(*f));
    (void)pthread_mutex_init(&f->lock, NULL);
    (void)pthread_cond_init(&f->news, NULL);
    app = (struct br_engine_app){
        .ctx = f,
        .last_time = fake_last_time,
        .has_pending = fake_has_pending,
        .begin = fake_begin,
        .run = fake_run,
        .propose = fake_propose,
        .size = fake_size,
        .seal = fake_seal,
        .commit = fake_commit,
        .abort = fake_abort,
        .settled = fake_settled,
    };
    assert_ok(br_engine_solo.start(&o, &f->engine, NULL));
}

static void
stop(struct fake *f)
{
    br_engine_solo.stop(f->engine);
    (void)pthread_cond_destroy(&f->news);
    (void)pthread_mutex_destroy(&f->lock);
}

static enum br_rc
submit(struct fake *f, const char *tx)
{
    return br_engine_solo.submit(f->engine, br_str(tx), on_answer, f, NULL);
}

static void
wait_for_answers(struct fake *f, size_t n)
{
    pthread_mutex_lock(&f->lock);
    while (f->answers < n) {
        pthread_cond_wait(&f->news, &f->lock);
    }
    pthread_mutex_unlock(&f->lock);
}

static void
wait_for_settled(struct fake *f, size_t n)
{
    pthread_mutex_lock(&f->lock);
    while (f->settled < n) {
        pthread_cond_wait(&f->news, &f->lock);
    }
    pthread_mutex_unlock(&f->lock);
}

static void
wait_for_commit(struct fake *f)
{
    pthread_mutex_lock(&f->lock);
    while (!f->committing) {
        pthread_cond_wait(&f->news, &f->lock);
    }
    pthread_mutex_unlock(&f->lock);
}

static void
set_hold(struct fake *f, bool hold)
{
    pthread_mutex_lock(&f->lock);
    f->hold = hold;
    pthread_cond_broadcast(&f->news);
    pthread_mutex_unlock(&f->lock);
}

static void
set_commit_rc(struct fake *f, enum br_rc rc)
{
    pthread_mutex_lock(&f->lock);
    f->commit_rc = rc;
    pthread_mutex_unlock(&f->lock);
}

static struct br_engine_status
status(struct fake *f)
{
    struct br_engine_status s;
    br_engine_solo.status(f->engine, &s);
    return s;
}

/* ---- order -------------------------------------------------------------- */

static void
a_block_goes_through_its_steps_in_order(void **state)
{
    struct fake f;
    (void)state;
    start(&f, 10);
    assert_ok(submit(&f, "one"));
    wait_for_answers(&f, 1);
    stop(&f);
    assert_string_equal(f.calls, "brpscS.");
    assert_int_equal(f.answer[0].rc, BR_OK);
    assert_int_equal(f.answer[0].height, 1);
    assert_int_equal(f.answer[0].leaves, 1);
}

static void
nobody_is_answered_before_the_commit(void **state)
{
    struct fake f;
    (void)state;
    start(&f, 10);
    set_hold(&f, true);
    assert_ok(submit(&f, "one"));
    wait_for_commit(&f);
    assert_int_equal(f.answers, 0);
    assert_int_equal(f.settled, 0);
    set_hold(&f, false);
    wait_for_answers(&f, 1);
    assert_int_equal(f.answered_with_blocks[0], 1);
    stop(&f);
}

static void
what_arrives_during_a_commit_is_one_block(void **state)
{
    struct fake f;
    (void)state;
    start(&f, 100);
    set_hold(&f, true);
    assert_ok(submit(&f, "first"));
    wait_for_commit(&f);
    for (int i = 0; i < 20; i++) {
        assert_ok(submit(&f, i == 7 ? "!refused" : "more"));
    }
    assert_int_equal(status(&f).queued, 20);
    set_hold(&f, false);
    wait_for_answers(&f, 21);
    stop(&f);
    assert_int_equal(f.blocks, 2);
    assert_int_equal(f.block_txs[0], 1);
    assert_int_equal(f.block_txs[1], 19);
    assert_true(f.block_time[1] > f.block_time[0]);
    for (size_t i = 0; i < 21; i++) {
        enum br_rc rc = i == 8 ? BR_ERR_REPLAYED : BR_OK;
        assert_int_equal(f.answer[i].rc, rc);
    }
    assert_int_equal(f.answer[20].first_leaf, 18);
}

static void
a_block_of_refusals_is_dropped_and_told(void **state)
{
    struct fake f;
    (void)state;
    start(&f, 10);
    assert_ok(submit(&f, "!one"));
    wait_for_answers(&f, 1);
    stop(&f);
    assert_string_equal(f.calls, "brpaS.");
    assert_int_equal(f.answer[0].rc, BR_ERR_REPLAYED);
    assert_string_equal(f.answer[0].err.text, "refused");
    assert_int_equal(f.blocks, 0);
}

static void
the_application_wakes_it_for_proposals(void **state)
{
    struct fake f;
    (void)state;
    start(&f, 10);
    pthread_mutex_lock(&f.lock);
    f.pending = 3;
    pthread_mutex_unlock(&f.lock);
    br_engine_solo.wake(f.engine);
    wait_for_settled(&f, 1);
    stop(&f);
    assert_string_equal(f.calls, "bpscS");
    assert_int_equal(f.block_txs[0], 3);
}

/* ---- limits ------------------------------------------------------------- */

static void
a_full_queue_is_busy(void **state)
{
    struct fake f;
    (void)state;
    start(&f, 3);
    set_hold(&f, true);
    assert_ok(submit(&f, "first"));
    wait_for_commit(&f);
    for (int i = 0; i < 3; i++) {
        assert_ok(submit(&f, "more"));
    }
    assert_int_equal(submit(&f, "too many"), BR_ERR_BUSY);
    set_hold(&f, false);
    wait_for_answers(&f, 4);
    assert_ok(submit(&f, "again"));
    wait_for_answers(&f, 5);
    stop(&f);
    assert_int_equal(f.answers, 5);
}

static void
a_transaction_may_not_be_too_large(void **state)
{
    struct fake f;
    (void)state;
    size_t n = 8u * 1024 * 1024 + 1;
    uint8_t *large = (uint8_t *)calloc(1, n);
    assert_non_null(large);
    start(&f, 3);
    assert_int_equal(
        br_engine_solo.submit(
            f.engine, br_bytes(large, n), on_answer, &f, NULL),
        BR_ERR_TOO_LARGE);
    stop(&f);
    free(large);
    assert_int_equal(f.answers, 0);
}

static void *
stop_thread(void *arg)
{
    struct fake *f = (struct fake *)arg;
    br_engine_solo.stop(f->engine);
    return NULL;
}

/** The held commit keeps the engine alive until it has said STOPPING. */
static void
stopping_works_off_the_queue_and_takes_no_more(void **state)
{
    struct fake f;
    pthread_t thread;
    size_t taken = 0;
    (void)state;
    start(&f, SIZE_MAX);
    set_hold(&f, true);
    assert_ok(submit(&f, "first"));
    wait_for_commit(&f);
    assert_ok(submit(&f, "second"));
    assert_int_equal(pthread_create(&thread, NULL, stop_thread, &f), 0);
    enum br_rc rc = BR_OK;
    while (rc == BR_OK) {
        rc = submit(&f, "late");
        taken += rc == BR_OK;
        (void)sched_yield();
    }
    assert_int_equal(rc, BR_ERR_STOPPING);
    set_hold(&f, false);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(f.answers, 2 + taken);
    for (size_t i = 0; i < f.answers && i < ANSWERS_MAX; i++) {
        assert_int_equal(f.answer[i].rc, BR_OK);
    }
    (void)pthread_cond_destroy(&f.news);
    (void)pthread_mutex_destroy(&f.lock);
}

static void
stopping_at_rest_calls_nothing(void **state)
{
    struct fake f;
    (void)state;
    start(&f, 3);
    stop(&f);
    assert_string_equal(f.calls, "");
}

/* ---- failures ----------------------------------------------------------- */

static void
a_full_disk_is_told_and_survived(void **state)
{
    struct fake f;
    (void)state;
    start(&f, 10);
    set_commit_rc(&f, BR_ERR_DISK_FULL);
    assert_ok(submit(&f, "one"));
    wait_for_answers(&f, 1);
    assert_int_equal(f.answer[0].rc, BR_ERR_DISK_FULL);
    assert_int_equal(f.settled_rc, BR_ERR_DISK_FULL);
    assert_true(status(&f).disk_full);
    assert_false(status(&f).failed);
    set_commit_rc(&f, BR_OK);
    assert_ok(submit(&f, "two"));
    wait_for_answers(&f, 2);
    assert_int_equal(f.answer[1].rc, BR_OK);
    assert_false(status(&f).disk_full);
    assert_int_equal(f.fatal, 0);
    stop(&f);
    assert_int_equal(f.blocks, 1);
}

static void
any_other_failed_commit_stops_it_for_good(void **state)
{
    struct fake f;
    (void)state;
    start(&f, 10);
    set_hold(&f, true);
    set_commit_rc(&f, BR_ERR_IO);
    assert_ok(submit(&f, "one"));
    wait_for_commit(&f);
    assert_ok(submit(&f, "two"));
    set_hold(&f, false);
    wait_for_answers(&f, 2);
    assert_int_equal(f.answer[0].rc, BR_ERR_IO);
    assert_int_equal(f.answer[1].rc, BR_ERR_STOPPING);
    assert_true(status(&f).failed);
    assert_int_equal(submit(&f, "three"), BR_ERR_STOPPING);
    stop(&f);
    assert_int_equal(f.fatal, 1);
    assert_string_equal(f.calls, "brpscFS..");
}

static void
a_failed_seal_drops_the_block(void **state)
{
    struct fake f;
    (void)state;
    start(&f, 10);
    f.seal_rc = BR_ERR_NO_MEMORY;
    assert_ok(submit(&f, "one"));
    wait_for_answers(&f, 1);
    assert_int_equal(f.answer[0].rc, BR_ERR_NO_MEMORY);
    pthread_mutex_lock(&f.lock);
    f.seal_rc = BR_OK;
    pthread_mutex_unlock(&f.lock);
    assert_ok(submit(&f, "two"));
    wait_for_answers(&f, 2);
    stop(&f);
    assert_string_equal(f.calls, "brpsaS.brpscS.");
    assert_int_equal(f.fatal, 0);
}

static void
a_block_that_cannot_begin_runs_nothing(void **state)
{
    struct fake f;
    (void)state;
    start(&f, 10);
    f.begin_rc = BR_ERR_DISK_FULL;
    assert_ok(submit(&f, "one"));
    wait_for_answers(&f, 1);
    stop(&f);
    assert_int_equal(f.answer[0].rc, BR_ERR_DISK_FULL);
    assert_string_equal(f.calls, "bS.");
}

static void
only_blocks_that_were_stored_are_counted(void **state)
{
    struct fake f;
    (void)state;
    start(&f, 10);
    assert_ok(submit(&f, "!refused"));
    wait_for_answers(&f, 1);
    assert_int_equal(status(&f).blocks, 0);
    assert_ok(submit(&f, "one"));
    wait_for_answers(&f, 2);
    assert_int_equal(status(&f).blocks, 1);
    stop(&f);
}

/* ---- the clock ---------------------------------------------------------- */

static void
set_last(struct fake *f, uint64_t v)
{
    pthread_mutex_lock(&f->lock);
    f->last.v = v;
    pthread_mutex_unlock(&f->lock);
}

static void
a_clock_behind_the_last_block_is_refused_and_told_once(void **state)
{
    struct fake f;
    (void)state;
    start(&f, 10);
    set_last(&f, UINT64_C(1) << 52);
    assert_ok(submit(&f, "one"));
    wait_for_answers(&f, 1);
    assert_ok(submit(&f, "two"));
    wait_for_answers(&f, 2);
    assert_int_equal(f.answer[0].rc, BR_ERR_CLOCK_BACKWARDS);
    assert_int_equal(f.answer[1].rc, BR_ERR_CLOCK_BACKWARDS);
    assert_int_equal(f.backwards, 1);
    assert_true(f.behind_us > 1000000);
    assert_true(status(&f).clock_wrong);
    set_last(&f, 0);
    assert_ok(submit(&f, "three"));
    wait_for_answers(&f, 3);
    assert_int_equal(f.answer[2].rc, BR_OK);
    assert_int_equal(f.righted, 1);
    assert_false(status(&f).clock_wrong);
    set_last(&f, UINT64_C(1) << 52);
    assert_ok(submit(&f, "four"));
    wait_for_answers(&f, 4);
    assert_int_equal(f.backwards, 2);
    stop(&f);
    assert_int_equal(f.fatal, 0);
}

static uint64_t
now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

/** Half a second ahead of the clock, within the tolerance: as if the clock
 *  stood still for the length of this test. */
static void
time_increases_even_when_the_clock_does_not(void **state)
{
    struct fake f;
    (void)state;
    uint64_t ahead = now_us() + 500000;
    start(&f, 10);
    set_last(&f, ahead);
    for (size_t i = 0; i < 5; i++) {
        assert_ok(submit(&f, "one"));
        wait_for_answers(&f, i + 1);
        assert_int_equal(f.answer[i].rc, BR_OK);
    }
    stop(&f);
    assert_int_equal(f.backwards, 0);
    for (size_t i = 0; i < 5; i++) {
        assert_true(f.block_time[i] > (i == 0 ? ahead : f.block_time[i - 1]));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_goes_through_its_steps_in_order),
        cmocka_unit_test(nobody_is_answered_before_the_commit),
        cmocka_unit_test(what_arrives_during_a_commit_is_one_block),
        cmocka_unit_test(a_block_of_refusals_is_dropped_and_told),
        cmocka_unit_test(the_application_wakes_it_for_proposals),
        cmocka_unit_test(a_full_queue_is_busy),
        cmocka_unit_test(a_transaction_may_not_be_too_large),
        cmocka_unit_test(stopping_works_off_the_queue_and_takes_no_more),
        cmocka_unit_test(stopping_at_rest_calls_nothing),
        cmocka_unit_test(a_full_disk_is_told_and_survived),
        cmocka_unit_test(any_other_failed_commit_stops_it_for_good),
        cmocka_unit_test(a_failed_seal_drops_the_block),
        cmocka_unit_test(a_block_that_cannot_begin_runs_nothing),
        cmocka_unit_test(only_blocks_that_were_stored_are_counted),
        cmocka_unit_test(
            a_clock_behind_the_last_block_is_refused_and_told_once),
        cmocka_unit_test(time_increases_even_when_the_clock_does_not),
    };
    return cmocka_run_group_tests_name("solo", tests, NULL, NULL);
}
