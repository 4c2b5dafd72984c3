/* Requests that are kept and answered later, from other threads.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/net/fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST "Host: localhost\r\n"

enum { KEPT_MAX = 1024, CONNECTIONS = 50, ROUNDS = 200, ANSWERERS = 3 };

/** Kept requests, and who answers them. */
struct desk {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct br_http_request *kept[KEPT_MAX];
    size_t count;
    bool closed;
    size_t streams_ended;
    size_t sources_done;
};

static struct desk desk;

static void
keep(struct br_http_request *req, void *ctx)
{
    struct desk *d = (struct desk *)ctx;
    (void)pthread_mutex_lock(&d->lock);
    assert_true(d->count < KEPT_MAX);
    d->kept[d->count++] = req;
    (void)pthread_cond_broadcast(&d->changed);
    (void)pthread_mutex_unlock(&d->lock);
}

/** Wait until n requests are kept. */
static void
await_kept(size_t n)
{
    (void)pthread_mutex_lock(&desk.lock);
    while (desk.count < n) {
        (void)pthread_cond_wait(&desk.changed, &desk.lock);
    }
    (void)pthread_mutex_unlock(&desk.lock);
}

/** Written in place when the body has an odd last byte, else copied. */
static void
answer_one(struct br_http_request *req)
{
    struct br_bytes body = br_http_body(req);
    struct br_http_answer a = {
        .status = 200, .content_type = "text/plain", .body = body};
    if (body.n > 0 && body.p[body.n - 1] % 2 == 1) {
        a.take = br_http_answer_buf(req, body.n);
        br_buf_put(a.take, body.p, body.n);
    }
    br_http_reply(req, &a);
}

/** Takes all that is kept and answers it, as a batch commit does. */
static void *
answer_batches(void *ctx)
{
    struct desk *d = (struct desk *)ctx;
    struct br_http_request *mine[KEPT_MAX];
    for (;;) {
        (void)pthread_mutex_lock(&d->lock);
        while (d->count == 0 && !d->closed) {
            (void)pthread_cond_wait(&d->changed, &d->lock);
        }
        size_t n = d->count;
        memcpy(mine, d->kept, n * sizeof(mine[0]));
        d->count = 0;
        (void)pthread_mutex_unlock(&d->lock);
        if (n == 0) {
            return NULL;
        }
        for (size_t i = 0; i < n; i++) {
            answer_one(mine[i]);
        }
    }
}

static enum br_rc
take_piece(
    struct br_http_request *req,
    void *ctx,
    void **state,
    struct br_bytes piece,
    struct br_err *reterr)
{
    (void)req;
    (void)piece;
    (void)reterr;
    *state = ctx;
    return BR_OK;
}

static void
end_stream(void *ctx, void *state)
{
    struct desk *d = (struct desk *)ctx;
    assert_ptr_equal(state, ctx);
    d->streams_ended++;
}

static const struct br_http_route routes[] = {
    {.method = "POST", .path = "/keep", .handler = keep, .body_bytes_max = 100},
    {.method = "POST",
     .path = "/stream",
     .handler = keep,
     .body_bytes_max = 100,
     .stream = take_piece,
     .stream_end = end_stream},
};

static int
start(void **state)
{
    desk = (struct desk){.closed = false};
    (void)pthread_mutex_init(&desk.lock, NULL);
    (void)pthread_cond_init(&desk.changed, NULL);
    *state = serve(routes, sizeof(routes) / sizeof(routes[0]), &desk);
    return 0;
}

static int
stop(void **state)
{
    if (*state != NULL) {
        br_http_server_stop((struct br_http_server *)*state);
    }
    return 0;
}

static void
post(int fd, const char *path, int number)
{
    char body[16];
    char request[256];
    (void)snprintf(body, sizeof(body), "%d", number);
    (void)snprintf(
        request, sizeof(request),
        "POST %s HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n\r\n%s", path,
        strlen(body), body);
    say(fd, request);
}

static void
assert_heard(int fd, int number)
{
    char body[16];
    (void)snprintf(body, sizeof(body), "%d", number);
    struct answer a = hear(fd, false);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, body);
    forget(&a);
}

static void
close_desk(pthread_t *threads, size_t n)
{
    (void)pthread_mutex_lock(&desk.lock);
    desk.closed = true;
    (void)pthread_cond_broadcast(&desk.changed);
    (void)pthread_mutex_unlock(&desk.lock);
    for (size_t i = 0; i < n; i++) {
        (void)pthread_join(threads[i], NULL);
    }
}

static void
test_ten_thousand_answers_from_other_threads(void **state)
{
    struct br_http_server *s = (struct br_http_server *)*state;
    pthread_t threads[ANSWERERS];
    int fds[CONNECTIONS];
    for (int i = 0; i < ANSWERERS; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, answer_batches, &desk), 0);
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = dial(s);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CONNECTIONS; i++) {
            post(fds[i], "/keep", round * CONNECTIONS + i);
        }
        for (int i = 0; i < CONNECTIONS; i++) {
            assert_heard(fds[i], round * CONNECTIONS + i);
        }
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        (void)close(fds[i]);
    }
    close_desk(threads, ANSWERERS);
}

static void
test_kept_requests_are_counted(void **state)
{
    struct br_http_server *s = (struct br_http_server *)*state;
    int fds[3];
    assert_int_equal(br_http_server_in_flight(s), 0);
    for (int i = 0; i < 3; i++) {
        fds[i] = dial(s);
        post(fds[i], "/keep", i);
    }
    await_kept(3);
    assert_int_equal(br_http_server_in_flight(s), 3);
    for (int i = 2; i >= 0; i--) {
        answer_one(desk.kept[i]);
    }
    for (int i = 0; i < 3; i++) {
        struct answer a = hear(fds[i], false);
        assert_int_equal(a.status, 200);
        forget(&a);
        (void)close(fds[i]);
    }
}

/** The handler's side cannot know, and must be able to answer all the same. */
static void
test_clients_that_leave_while_they_wait(void **state)
{
    struct br_http_server *s = (struct br_http_server *)*state;
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    int fds[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = dial(s);
        post(fds[i], "/stream", i);
    }
    await_kept(CONNECTIONS);
    for (int i = 0; i < CONNECTIONS; i++) {
        if (i % 2 == 0) { /* half of them with a reset */
            (void)setsockopt(
                fds[i], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        }
        (void)close(fds[i]);
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        answer_one(desk.kept[i]);
    }
    int fd = dial(s);
    post(fd, "/keep", 7);
    await_kept(CONNECTIONS + 1);
    answer_one(desk.kept[CONNECTIONS]);
    assert_heard(fd, 7);
    (void)close(fd);
    br_http_server_stop(s);
    *state = NULL;
    assert_int_equal(desk.streams_ended, CONNECTIONS);
}

static void
test_quiesced_server_finishes_what_it_has(void **state)
{
    struct br_http_server *s = (struct br_http_server *)*state;
    int fd = dial(s);
    int idle = dial(s);
    post(fd, "/keep", 1);
    await_kept(1);
    br_http_server_quiesce(s);
    br_http_server_quiesce(s);
    assert_int_equal(br_http_server_in_flight(s), 1);
    answer_one(desk.kept[0]);
    struct answer a = hear(fd, false);
    assert_int_equal(a.status, 200);
    assert_string_equal(header_of(&a, "Connection"), "close");
    assert_true(hung_up(fd));
    forget(&a);
    /* An open connection may still ask once. */
    post(idle, "/keep", 2);
    await_kept(2);
    answer_one(desk.kept[1]);
    assert_heard(idle, 2);
    assert_true(hung_up(idle));
    (void)close(fd);
    (void)close(idle);
}

static void
test_a_stopped_server_answers_what_is_kept(void **state)
{
    struct br_http_server *s = (struct br_http_server *)*state;
    int fds[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = dial(s);
        post(fds[i], i % 2 == 0 ? "/keep" : "/stream", i);
    }
    await_kept(CONNECTIONS);
    br_http_server_stop(s);
    *state = NULL;
    for (int i = 0; i < CONNECTIONS; i++) {
        struct answer a = hear(fds[i], false);
        assert_problem(&a, 503, BR_ERR_STOPPING);
        assert_string_equal(header_of(&a, "Connection"), "close");
        assert_true(hung_up(fds[i]));
        forget(&a);
        (void)close(fds[i]);
    }
    /* The handler's side still has its requests, and gives them back. */
    for (int i = 0; i < CONNECTIONS; i++) {
        assert_string_equal(br_http_method(desk.kept[i]), "POST");
        assert_null(br_http_header(desk.kept[i], "Host"));
        assert_null(br_http_query(desk.kept[i], "q"));
        answer_one(desk.kept[i]);
    }
    assert_int_equal(desk.streams_ended, CONNECTIONS / 2);
}

static enum br_rc
no_more(void *ctx, struct br_buf *b)
{
    (void)ctx;
    (void)b;
    return BR_OK;
}

static void
source_done(void *ctx)
{
    struct desk *d = (struct desk *)ctx;
    d->sources_done++;
}

static void
test_streams_and_problems_given_later(void **state)
{
    struct br_http_server *s = (struct br_http_server *)*state;
    const struct br_http_body_source source = {no_more, source_done, &desk};
    struct br_err err;
    (void)br_fail(&err, BR_ERR_BUSY, "later");
    int fd = dial(s);
    post(fd, "/keep", 1);
    await_kept(1);
    br_http_reply_stream(desk.kept[0], 200, "text/plain", &source);
    struct answer a = hear(fd, false);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.body_n, 0);
    forget(&a);
    post(fd, "/keep", 2);
    await_kept(2);
    /* What was written of another answer is forgotten. */
    br_buf_puts(br_http_answer_buf(desk.kept[1], 100), "half an answer");
    br_http_reply_problem(desk.kept[1], &err);
    a = hear(fd, false);
    assert_problem(&a, 503, BR_ERR_BUSY);
    forget(&a);
    post(fd, "/keep", 3);
    await_kept(3);
    br_http_server_stop(s);
    *state = NULL;
    br_http_reply_stream(desk.kept[2], 200, "text/plain", &source);
    assert_int_equal(desk.sources_done, 2);
    (void)close(fd);
}

/** Answers and the stop race each other; nothing may be lost or used twice. */
static void
test_stop_races_with_answers(void **state)
{
    for (int round = 0; round < 30; round++) {
        pthread_t thread;
        int fds[CONNECTIONS];
        struct br_http_server *s = (struct br_http_server *)*state;
        for (int i = 0; i < CONNECTIONS; i++) {
            fds[i] = dial(s);
            post(fds[i], "/keep", i);
        }
        await_kept(CONNECTIONS);
        assert_int_equal(
            pthread_create(&thread, NULL, answer_batches, &desk), 0);
        br_http_server_stop(s);
        close_desk(&thread, 1);
        for (int i = 0; i < CONNECTIONS; i++) {
            struct answer a = hear(fds[i], false);
            assert_true(a.status == 200 || a.status == 503);
            forget(&a);
            (void)close(fds[i]);
        }
        assert_int_equal(start(state), 0);
    }
}

/** More sockets ready at once than libmicrohttpd looks at in one turn. */
static void
test_hundreds_at_once(void **state)
{
    enum { MANY = 400 };
    struct br_http_server *s = (struct br_http_server *)*state;
    int fds[MANY];
    for (int i = 0; i < MANY; i++) {
        fds[i] = dial(s);
    }
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            post(fds[i], "/keep", i);
        }
        await_kept(MANY);
        for (int i = 0; i < MANY; i++) {
            answer_one(desk.kept[i]);
        }
        desk.count = 0;
        for (int i = 0; i < MANY; i++) {
            struct answer a = hear(fds[i], false);
            assert_int_equal(a.status, 200);
            forget(&a);
        }
    }
    for (int i = 0; i < MANY; i++) {
        (void)close(fds[i]);
    }
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(test_ten_thousand_answers_from_other_threads),
        TEST(test_kept_requests_are_counted),
        TEST(test_clients_that_leave_while_they_wait),
        TEST(test_quiesced_server_finishes_what_it_has),
        TEST(test_a_stopped_server_answers_what_is_kept),
        TEST(test_streams_and_problems_given_later),
        TEST(test_stop_races_with_answers),
        TEST(test_hundreds_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
