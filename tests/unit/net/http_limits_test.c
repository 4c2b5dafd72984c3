/* Slow senders, idle connections, too many connections, several threads.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/net/fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOST "Host: localhost\r\n"

enum { LIMIT = 8, THREADS = 3, PER_THREAD = 300 };

static void
hello(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    const struct br_http_answer a = {
        .status = 200, .content_type = "text/plain", .body = br_str("hello")};
    br_http_reply(req, &a);
}

static const struct br_http_route routes[] = {
    {.method = "GET", .path = "/hello", .handler = hello},
    {.method = "POST",
     .path = "/hello",
     .handler = hello,
     .body_bytes_max = 1000},
};

static const struct br_http_server_options plain = {
    .routes = routes, .route_count = 2, .idle_timeout_s = 1};

static void
assert_hello(int fd)
{
    say(fd, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
    struct answer a = hear(fd, false);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "hello");
    forget(&a);
}

/** Three ways of being slow, one second each, at the same time. */
static void
test_slow_senders_are_told_and_cut(void **state)
{
    (void)state;
    struct br_http_server *s = serve_with(plain);
    int body = dial(s);
    int head = dial(s);
    int idle = dial(s);
    say(body, "POST /hello HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nabc");
    say(head, "POST /hello HTTP/1.1\r\n" HOST "Content-Le");
    assert_hello(idle);
    struct answer a = hear(body, false);
    assert_problem(&a, 408, BR_ERR_TIMEOUT);
    assert_true(hung_up(body));
    forget(&a);
    a = hear(head, false);
    assert_problem(&a, 408, BR_ERR_TIMEOUT);
    assert_true(hung_up(head));
    forget(&a);
    assert_true(hung_up(idle));
    (void)close(body);
    (void)close(head);
    (void)close(idle);
    br_http_server_stop(s);
}

static void
test_one_connection_too_many(void **state)
{
    (void)state;
    struct br_http_server_options o = plain;
    o.idle_timeout_s = 30;
    o.connections_max = LIMIT;
    struct br_http_server *s = serve_with(o);
    int fds[LIMIT];
    for (int i = 0; i < LIMIT; i++) {
        fds[i] = dial(s);
        assert_hello(fds[i]);
    }
    struct answer a = ask(s, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
    assert_problem(&a, 503, BR_ERR_BUSY);
    assert_string_equal(header_of(&a, "Connection"), "close");
    assert_string_equal(header_of(&a, "Retry-After"), "1");
    forget(&a);
    assert_hello(fds[0]);
    for (int i = 0; i < LIMIT; i++) {
        (void)close(fds[i]);
    }
    br_http_server_stop(s);
}

static void *
ask_often(void *ctx)
{
    int fd = dial((const struct br_http_server *)ctx);
    for (int i = 0; i < PER_THREAD; i++) {
        assert_hello(fd);
    }
    (void)close(fd);
    return NULL;
}

static void
test_several_threads(void **state)
{
    (void)state;
    struct br_http_server_options o = plain;
    pthread_t threads[THREADS];
    o.threads = THREADS;
    struct br_http_server *s = serve_with(o);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, s), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    br_http_server_stop(s);
}

static void
test_ipv6(void **state)
{
    (void)state;
    struct br_http_server_options o = plain;
    struct br_http_server *s = NULL;
    struct br_err err;
    o.listen = "[::1]:0";
    if (br_http_server_start(&o, &s, &err) != BR_OK) {
        print_message("no IPv6 here: %s\n", err.text);
        skip();
    }
    assert_int_equal(strncmp(br_http_server_address(s), "[::1]:", 6), 0);
    br_http_server_stop(s);
}

static void
test_a_certificate_that_is_none(void **state)
{
    (void)state;
    struct br_http_server_options o = plain;
    struct br_http_server *s = NULL;
    struct br_err err;
    o.listen = "127.0.0.1:0";
    o.tls_certificate_pem = "not a certificate";
    o.tls_key_pem = "not a key";
    assert_int_equal(br_http_server_start(&o, &s, &err), BR_ERR_NETWORK);
    assert_non_null(strstr(err.text, "TLS certificate"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_senders_are_told_and_cut),
        cmocka_unit_test(test_one_connection_too_many),
        cmocka_unit_test(test_several_threads),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_a_certificate_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
