/* The HTTP server through real sockets, byte by byte.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/net/fixture.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST "Host: localhost\r\n"

/* ---- handlers ------------------------------------------------------------ */

static void
reply_text(struct br_http_request *req, const char *text)
{
    const struct br_http_answer a = {
        .status = 200, .content_type = "text/plain", .body = br_str(text)};
    br_http_reply(req, &a);
}

static void
hello(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    reply_text(req, "hello");
}

/** Tells everything that can be asked of a request. */
static void
tell(struct br_http_request *req, void *ctx)
{
    struct br_buf b;
    (void)ctx;
    br_buf_init(&b, 65536);
    const char *q = br_http_query(req, "q");
    const char *twice = br_http_query(req, "q");
    assert_true((q == NULL) == (twice == NULL));
    br_buf_printf(
        &b, "%s|%s|%s|%s|%s|%d", br_http_method(req), br_http_param(req, 0),
        q == NULL ? "(none)" : q, br_http_peer(req), br_http_language(req),
        br_http_accepts(req, "text/html"));
    const char *header = br_http_header(req, "x-test");
    br_buf_printf(&b, "|%s", header == NULL ? "(none)" : header);
    const struct br_http_header_pair pairs[] = {
        {"Cache-Control", "max-age=60"},
        {"X-Bad", "line\r\nX-Injected: yes"},
        {"Content-Security-Policy", "default-src 'self'"},
    };
    const struct br_http_answer a = {
        .status = 200,
        .content_type = "text/plain",
        .take = &b,
        .headers = pairs,
        .header_count = 3};
    br_http_reply(req, &a);
    br_buf_fini(&b);
}

static void
echo(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    const struct br_http_answer a = {
        .status = 201,
        .content_type = "application/octet-stream",
        .body = br_http_body(req)};
    br_http_reply(req, &a);
}

static void
fixed(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    const struct br_http_answer a = {
        .status = 200, .body = br_str("static"), .is_static = true};
    br_http_reply(req, &a);
}

static void
empty(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    const struct br_http_answer a = {.status = 204};
    br_http_reply(req, &a);
}

static void
trouble(struct br_http_request *req, void *ctx)
{
    struct br_err err;
    (void)ctx;
    enum br_rc rc = (enum br_rc)strtoul(br_http_param(req, 0), NULL, 10);
    (void)br_fail(&err, rc, "said \"%s\"..\\", "no");
    memcpy(strstr(err.text, ".."), "\n\x01", 2); /* which br_fail takes out */
    br_http_reply_problem(req, &err);
}

/* ---- streams ------------------------------------------------------------- */

struct counter {
    size_t pieces;
    size_t bytes;
    size_t ended;
    size_t sources_done;
    size_t answers;
    struct br_http_outcome last;
};

static struct counter counter;

static enum br_rc
count_piece(
    struct br_http_request *req,
    void *ctx,
    void **state,
    struct br_bytes piece,
    struct br_err *reterr)
{
    struct counter *c = (struct counter *)ctx;
    (void)req;
    *state = c;
    c->pieces++;
    c->bytes += piece.n;
    if (memchr(piece.p, '!', piece.n) != NULL) {
        return br_fail(reterr, BR_ERR_MALFORMED, "no '!' please");
    }
    return BR_OK;
}

static void
count_end(void *ctx, void *state)
{
    struct counter *c = (struct counter *)ctx;
    assert_true(state == NULL || state == c);
    c->ended++;
}

static void
tell_count(struct br_http_request *req, void *ctx)
{
    char text[32];
    const struct counter *c = (const struct counter *)br_http_stream_state(req);
    (void)ctx;
    (void)snprintf(text, sizeof(text), "%zu", c == NULL ? 0 : c->bytes);
    reply_text(req, text);
}

struct numbers {
    int next;
    int last;
    bool fails;
};

static enum br_rc
next_number(void *ctx, struct br_buf *b)
{
    struct numbers *n = (struct numbers *)ctx;
    if (n->next > n->last) {
        return n->fails ? BR_ERR_IO : BR_OK;
    }
    br_buf_printf(b, "%d\n", n->next++);
    return BR_OK;
}

static void
free_numbers(void *ctx)
{
    counter.sources_done++;
    free(ctx);
}

static void
count_up(struct br_http_request *req, void *ctx)
{
    struct numbers *n = (struct numbers *)calloc(1, sizeof(*n));
    (void)ctx;
    n->last = (int)strtol(br_http_param(req, 0), NULL, 10);
    n->fails = br_http_query(req, "fails") != NULL;
    const struct br_http_body_source source = {next_number, free_numbers, n};
    br_http_reply_stream(req, 200, "text/plain", &source);
}

/* ---- the server under test ----------------------------------------------- */

static const struct br_http_route routes[] = {
    {.method = "GET", .path = "/hello", .handler = hello},
    {.method = "GET", .path = "/fixed", .handler = fixed},
    {.method = "GET", .path = "/empty", .handler = empty},
    {.method = "GET", .path = "/tell/{x}", .handler = tell},
    {.method = "GET", .path = "/rest/{rest...}", .handler = tell},
    {.method = "GET", .path = "/trouble/{code}", .handler = trouble},
    {.method = "GET", .path = "/count/{n}", .handler = count_up},
    {.method = "POST",
     .path = "/echo",
     .handler = echo,
     .body_bytes_max = 100000},
    {.method = "POST",
     .path = "/json",
     .handler = echo,
     .body_bytes_max = 10,
     .content_type = "application/json"},
    {.method = "POST",
     .path = "/stream",
     .handler = tell_count,
     .body_bytes_max = 5000000,
     .stream = count_piece,
     .stream_end = count_end},
};

static void
on_done(
    void *ctx,
    const struct br_http_request *req,
    const struct br_http_outcome *o)
{
    struct counter *c = (struct counter *)ctx;
    assert_non_null(o->method);
    assert_true(o->duration_us < 60u * 1000000);
    assert_string_equal(br_http_peer(req), "127.0.0.1");
    c->answers++;
    c->last = *o;
}

static int
start(void **state)
{
    counter = (struct counter){0};
    *state = serve_with((struct br_http_server_options){
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
        .ctx = &counter,
        .done = on_done});
    return 0;
}

static int
stop(void **state)
{
    br_http_server_stop((struct br_http_server *)*state);
    return 0;
}

static void
assert_answers(void **state, const char *request, int status, const char *body)
{
    struct answer a = ask((struct br_http_server *)*state, request);
    assert_int_equal(a.status, status);
    assert_string_equal(a.body, body);
    forget(&a);
}

static void
assert_refuses(
    void **state, const char *request, int status, enum br_rc rc, bool closes)
{
    int fd = dial((struct br_http_server *)*state);
    say(fd, request);
    struct answer a = hear(fd, false);
    assert_problem(&a, status, rc);
    if (closes) {
        assert_true(hung_up(fd));
    } else {
        say(fd, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
        forget(&a);
        a = hear(fd, false);
        assert_int_equal(a.status, 200);
    }
    forget(&a);
    (void)close(fd);
}

/* ---- tests --------------------------------------------------------------- */

static void
test_an_answer_is_whole(void **state)
{
    struct answer a = ask(
        (struct br_http_server *)*state, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "hello");
    assert_string_equal(header_of(&a, "Content-Type"), "text/plain");
    assert_string_equal(header_of(&a, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(header_of(&a, "Referrer-Policy"), "no-referrer");
    assert_string_equal(header_of(&a, "Content-Security-Policy"), "");
    assert_string_not_equal(header_of(&a, "Date"), "");
    forget(&a);
}

static void
test_kinds_of_bodies(void **state)
{
    assert_answers(state, "GET /fixed HTTP/1.1\r\n" HOST "\r\n", 200, "static");
    assert_answers(state, "GET /empty HTTP/1.1\r\n" HOST "\r\n", 204, "");
    assert_answers(
        state, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc",
        201, "abc");
    assert_answers(
        state, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 201,
        "");
    assert_answers(
        state,
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
        201, "abcdefg");
}

static void
test_connections_are_kept(void **state)
{
    int fd = dial((struct br_http_server *)*state);
    for (int i = 0; i < 100; i++) {
        say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nok");
        struct answer a = hear(fd, false);
        assert_int_equal(a.status, 201);
        assert_string_equal(a.body, "ok");
        forget(&a);
    }
    say(fd, "GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    struct answer a = hear(fd, false);
    assert_string_equal(header_of(&a, "Connection"), "close");
    assert_true(hung_up(fd));
    forget(&a);
    (void)close(fd);
}

static void
test_pipelined_requests_are_answered_in_order(void **state)
{
    int fd = dial((struct br_http_server *)*state);
    say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n1"
            "GET /nowhere HTTP/1.1\r\n" HOST "\r\n"
            "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n3"
            "HEAD /hello HTTP/1.1\r\n" HOST "\r\n"
            "GET /hello HTTP/1.1\r\n" HOST "\r\n");
    const int statuses[] = {201, 404, 201, 200, 200};
    const char *bodies[] = {"1", NULL, "3", "", "hello"};
    for (int i = 0; i < 5; i++) {
        struct answer a = hear(fd, i == 3);
        assert_int_equal(a.status, statuses[i]);
        if (bodies[i] != NULL) {
            assert_string_equal(a.body, bodies[i]);
        }
        forget(&a);
    }
    (void)close(fd);
}

static void
test_a_request_in_single_bytes(void **state)
{
    int fd = dial((struct br_http_server *)*state);
    const char *request =
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nslow";
    for (const char *at = request; *at != '\0'; at++) {
        say_bytes(fd, at, 1);
    }
    struct answer a = hear(fd, false);
    assert_string_equal(a.body, "slow");
    forget(&a);
    (void)close(fd);
}

static void
test_head_has_no_body(void **state)
{
    struct answer a =
        ask((struct br_http_server *)*state,
            "HEAD /hello HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(a.status, 200);
    assert_string_equal(header_of(&a, "Content-Length"), "5");
    assert_int_equal(a.body_n, 0);
    forget(&a);
}

static void
test_what_a_handler_is_told(void **state)
{
    assert_answers(
        state, "GET /tell/a HTTP/1.1\r\n" HOST "\r\n", 200,
        "GET|a|(none)|127.0.0.1|en|1|(none)");
    assert_answers(
        state,
        "GET /tell/a%2Fb%20%C3%A8+c?p=1&q=x%26y+z%2B&r HTTP/1.1\r\n" HOST
        "X-Test: v\r\nAccept: text/plain\r\nAccept-Language: it-IT,en;q=0.5"
        "\r\n\r\n",
        200, "GET|a/b \xc3\xa8+c|x&y z+|127.0.0.1|it|0|v");
    assert_answers(
        state, "GET /tell/a?q=&lang=it HTTP/1.1\r\n" HOST "\r\n", 200,
        "GET|a||127.0.0.1|it|1|(none)");
    assert_answers(
        state,
        "GET /rest/a/b%2e/c?lang=fr HTTP/1.1\r\n" HOST
        "Cookie: lang=it\r\nAccept: text/*;q=0.1\r\n\r\n",
        200, "GET|a/b./c|(none)|127.0.0.1|it|1|(none)");
    assert_answers(
        state,
        "GET /tell/a HTTP/1.1\r\n" HOST "Accept: text/html;q=0, */*\r\n"
        "Accept-Language: fr, en;q=0.3, it;q=0.2\r\n\r\n",
        200, "GET|a|(none)|127.0.0.1|en|0|(none)");
}

static void
test_a_header_cannot_be_injected(void **state)
{
    struct answer a =
        ask((struct br_http_server *)*state,
            "GET /tell/a HTTP/1.1\r\n" HOST "\r\n");
    assert_string_equal(header_of(&a, "X-Injected"), "");
    assert_string_equal(header_of(&a, "Cache-Control"), "max-age=60");
    assert_string_equal(
        header_of(&a, "Content-Security-Policy"), "default-src 'self'");
    forget(&a);
}

static void
test_long_parameters(void **state)
{
    char request[8192];
    char text[6001];
    memset(text, 'p', 6000);
    text[6000] = '\0';
    (void)snprintf(
        request, sizeof(request),
        "GET /tell/a?q=%%41%s HTTP/1.1\r\n" HOST "\r\n", text);
    struct answer a = ask((struct br_http_server *)*state, request);
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.body, "|App"));
    assert_true(a.body_n > 6000);
    forget(&a);
}

static void
test_paths_that_are_not_there(void **state)
{
    assert_refuses(
        state, "GET /nowhere HTTP/1.1\r\n" HOST "\r\n", 404, BR_ERR_NOT_FOUND,
        false);
    assert_refuses(
        state, "GET /tell/%zz HTTP/1.1\r\n" HOST "\r\n", 400, BR_ERR_MALFORMED,
        false);
    assert_refuses(
        state, "GET /tell/%00 HTTP/1.1\r\n" HOST "\r\n", 400, BR_ERR_MALFORMED,
        false);
    assert_refuses(
        state, "GET /tell/a%2 HTTP/1.1\r\n" HOST "\r\n", 400, BR_ERR_MALFORMED,
        false);
}

static void
test_wrong_methods(void **state)
{
    int fd = dial((struct br_http_server *)*state);
    say(fd, "DELETE /hello HTTP/1.1\r\n" HOST "\r\n");
    struct answer a = hear(fd, false);
    assert_problem(&a, 405, BR_ERR_METHOD_NOT_ALLOWED);
    assert_string_equal(header_of(&a, "Allow"), "GET, HEAD");
    forget(&a);
    say(fd, "GET /echo HTTP/1.1\r\n" HOST "\r\n");
    a = hear(fd, false);
    assert_problem(&a, 405, BR_ERR_METHOD_NOT_ALLOWED);
    assert_string_equal(header_of(&a, "Allow"), "POST");
    forget(&a);
    (void)close(fd);
}

static void
test_bodies_that_are_too_large(void **state)
{
    assert_refuses(
        state,
        "POST /json HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"
        "Content-Length: 11\r\n\r\n12345678901",
        413, BR_ERR_TOO_LARGE, false);
    assert_refuses(
        state,
        "POST /json HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n",
        413, BR_ERR_TOO_LARGE, false);
    assert_refuses(
        state,
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999\r\n\r\n",
        413, BR_ERR_TOO_LARGE, true);
    assert_refuses(
        state,
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 200000\r\n"
        "Expect: 100-continue\r\n\r\n",
        413, BR_ERR_TOO_LARGE, true);
    assert_refuses(
        state, "GET /hello HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx", 413,
        BR_ERR_TOO_LARGE, false);
}

static void
test_a_go_ahead_is_given(void **state)
{
    int fd = dial((struct br_http_server *)*state);
    char head[64] = "";
    say(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n"
            "Expect: 100-continue\r\n\r\n");
    assert_int_equal(recv(fd, head, 25, MSG_WAITALL), 25);
    assert_string_equal(head, "HTTP/1.1 100 Continue\r\n\r\n");
    say(fd, "abc");
    struct answer a = hear(fd, false);
    assert_string_equal(a.body, "abc");
    forget(&a);
    (void)close(fd);
}

static void
test_wrong_media_types(void **state)
{
    assert_refuses(
        state,
        "POST /json HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\n"
        "Content-Length: 2\r\n\r\n{}",
        415, BR_ERR_MEDIA_TYPE, false);
    assert_refuses(
        state, "POST /json HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}",
        415, BR_ERR_MEDIA_TYPE, false);
    assert_answers(
        state,
        "POST /json HTTP/1.1\r\n" HOST "Content-Type: Application/JSON ; a=b"
        "\r\nContent-Length: 2\r\n\r\n{}",
        201, "{}");
}

static void
test_heads_that_are_too_long(void **state)
{
    char *request = (char *)calloc(1, 20000);
    char *value = (char *)calloc(1, 9001);
    memset(value, 'v', 9000);
    (void)snprintf(
        request, 20000, "GET /hello HTTP/1.1\r\n" HOST "X-Long: %s\r\n\r\n",
        value);
    assert_refuses(state, request, 431, BR_ERR_TOO_LARGE, true);
    free(request);
    free(value);
}

/** RFC 9112 section 6.3: what may be read in two ways ends the connection. */
static const char twice_chunked[] =
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: "
    "chunked\r\n\r\n0\r\n\r\n";

static void
test_ambiguous_lengths(void **state)
{
    const char *bad[] = {
        "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        twice_chunked,
        "Host: elsewhere\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char request[256];
        (void)snprintf(
            request, sizeof(request), "POST /echo HTTP/1.1\r\n" HOST "%s",
            bad[i]);
        assert_refuses(state, request, 400, BR_ERR_MALFORMED, true);
    }
}

/** libmicrohttpd 1.0 answers these by itself, an older one leaves them to us:
 *  either way they are refused, and the connection ends. */
static void
test_lengths_that_nobody_should_send(void **state)
{
    const char *bad[] = {
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: identity\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int fd = dial((struct br_http_server *)*state);
        say(fd, "POST /echo HTTP/1.1\r\n" HOST);
        say(fd, bad[i]);
        struct answer a = hear(fd, false);
        assert_int_equal(a.status, 400);
        assert_true(hung_up(fd));
        forget(&a);
        (void)close(fd);
    }
}

/** libmicrohttpd answers these by itself: the connection must end. */
static void
test_what_is_not_http(void **state)
{
    const char *bad[] = {
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3x\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n",
        "GET /hello HTTP/1.1\r\n\r\n", /* no Host */
        "GET /hello HTTP/9.9\r\n" HOST "\r\n",
        "GET /hello HTTP/1.1\r\n" HOST "no colon here\r\n\r\n",
        "\x16\x03\x01 is not HTTP\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int fd = dial((struct br_http_server *)*state);
        char answer[4096];
        size_t n = 0;
        ssize_t got = 0;
        say(fd, bad[i]);
        while ((got = recv(fd, answer + n, sizeof(answer) - 1 - n, 0)) > 0) {
            n += (size_t)got;
        }
        answer[n] = '\0';
        if (n > 0 && strncmp(answer, "HTTP/1.1 4", 10) != 0 &&
            strncmp(answer, "HTTP/1.1 505", 12) != 0) {
            fail_msg("%s is answered %s", bad[i], answer);
        }
        (void)close(fd);
    }
    assert_answers(state, "GET /hello HTTP/1.1\r\n" HOST "\r\n", 200, "hello");
}

static void
test_http_1_0(void **state)
{
    int fd = dial((struct br_http_server *)*state);
    say(fd, "GET /hello HTTP/1.0\r\n\r\n");
    struct answer a = hear(fd, false);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "hello");
    assert_true(hung_up(fd));
    forget(&a);
    (void)close(fd);
    assert_refuses(
        state, "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
        BR_ERR_MALFORMED, true);
}

static void
test_problems_of_handlers(void **state)
{
    struct br_http_server *s = (struct br_http_server *)*state;
    struct answer a = ask(s, "GET /trouble/100 HTTP/1.1\r\n" HOST "\r\n");
    assert_problem(&a, 401, BR_ERR_UNAUTHENTICATED);
    assert_string_equal(
        header_of(&a, "WWW-Authenticate"), "Bearer realm=\"broletto\"");
    assert_string_equal(header_of(&a, "Retry-After"), "");
    assert_non_null(
        strstr(a.body, "\"detail\":\"said \\\"no\\\"\\u000a\\u0001\\\\\""));
    forget(&a);
    a = ask(s, "GET /trouble/103 HTTP/1.1\r\n" HOST "\r\n");
    assert_problem(&a, 429, BR_ERR_RATE_EXCEEDED);
    assert_string_equal(header_of(&a, "Retry-After"), "1");
    forget(&a);
    a = ask(s, "GET /trouble/209 HTTP/1.1\r\n" HOST "\r\n");
    assert_problem(&a, 503, BR_ERR_NOT_READY);
    assert_string_equal(header_of(&a, "Retry-After"), "5");
    assert_string_equal(header_of(&a, "Cache-Control"), "no-store");
    forget(&a);
}

/** A body larger than every buffer on its way arrives in pieces. */
static void
test_a_streamed_body(void **state)
{
    struct br_http_server *s = (struct br_http_server *)*state;
    size_t n = 3000000;
    char *body = (char *)malloc(n);
    memset(body, 'b', n);
    int fd = dial(s);
    say(fd, "POST /stream HTTP/1.1\r\n" HOST "Content-Length: 3000000\r\n\r\n");
    say_bytes(fd, body, n);
    struct answer a = hear(fd, false);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "3000000");
    forget(&a);
    (void)close(fd);
    br_http_server_stop(s);
    assert_true(counter.pieces > 1);
    assert_int_equal(counter.ended, 1);
    free(body);
}

static void
test_a_streamed_body_is_refused_midway(void **state)
{
    struct br_http_server *s = (struct br_http_server *)*state;
    int fd = dial(s);
    say(fd, "POST /stream HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nab!");
    say(fd, "cdefgh");
    struct answer a = hear(fd, false);
    assert_problem(&a, 400, BR_ERR_MALFORMED);
    assert_non_null(strstr(a.body, "no '!' please"));
    forget(&a);
    say(fd, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
    a = hear(fd, false);
    assert_int_equal(a.status, 200);
    forget(&a);
    (void)close(fd);
    br_http_server_stop(s);
    assert_int_equal(counter.ended, 1);
}

static void
test_a_sender_that_leaves_midway(void **state)
{
    struct br_http_server *s = (struct br_http_server *)*state;
    int fd = dial(s);
    say(fd, "POST /stream HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nab");
    (void)close(fd);
    assert_answers(state, "GET /hello HTTP/1.1\r\n" HOST "\r\n", 200, "hello");
    br_http_server_stop(s);
    assert_int_equal(counter.ended, 1);
}

static void
test_a_streamed_answer(void **state)
{
    struct br_http_server *s = (struct br_http_server *)*state;
    int fd = dial(s);
    say(fd, "GET /count/20000 HTTP/1.1\r\n" HOST "\r\n");
    struct answer a = hear(fd, false);
    assert_int_equal(a.status, 200);
    assert_string_equal(header_of(&a, "Transfer-Encoding"), "chunked");
    assert_int_equal(strncmp(a.body, "0\n1\n2\n", 6), 0);
    assert_non_null(strstr(a.body, "\n19999\n20000\n"));
    forget(&a);
    say(fd, "GET /count/1 HTTP/1.1\r\n" HOST "\r\n");
    a = hear(fd, false);
    assert_string_equal(a.body, "0\n1\n");
    forget(&a);
    (void)close(fd);
    br_http_server_stop(s);
    assert_int_equal(counter.sources_done, 2);
}

static void
test_head_of_a_streamed_answer(void **state)
{
    struct br_http_server *s = (struct br_http_server *)*state;
    int fd = dial(s);
    say(fd, "HEAD /count/3 HTTP/1.1\r\n" HOST "\r\n");
    struct answer a = hear(fd, true);
    assert_int_equal(a.status, 200);
    assert_true(hung_up(fd)); /* and not one byte of a body before it */
    forget(&a);
    (void)close(fd);
    br_http_server_stop(s);
    assert_int_equal(counter.sources_done, 1);
}

/** The reader must be able to tell that it did not get everything. */
static void
test_a_streamed_answer_that_fails(void **state)
{
    struct br_http_server *s = (struct br_http_server *)*state;
    int fd = dial(s);
    char all[4096];
    size_t n = 0;
    ssize_t got = 0;
    say(fd, "GET /count/2?fails HTTP/1.1\r\n" HOST "\r\n");
    while ((got = recv(fd, all + n, sizeof(all) - 1 - n, 0)) > 0) {
        n += (size_t)got;
    }
    all[n] = '\0';
    assert_null(strstr(all, "\r\n0\r\n\r\n"));
    (void)close(fd);
    br_http_server_stop(s);
    assert_int_equal(counter.sources_done, 1);
}

static void
test_every_answer_is_told(void **state)
{
    struct br_http_server *s = (struct br_http_server *)*state;
    for (int i = 0; i < 3; i++) {
        struct answer a = ask(s, "GET /nowhere HTTP/1.1\r\n" HOST "\r\n");
        forget(&a);
    }
    br_http_server_stop(s);
    assert_int_equal(counter.answers, 3);
    assert_int_equal(counter.last.status, 404);
    assert_int_equal(counter.last.rc, BR_ERR_NOT_FOUND);
    assert_string_equal(counter.last.route, "");
}

static void
test_an_answer_is_told_by_its_route_and_bytes(void **state)
{
    struct br_http_server *s = (struct br_http_server *)*state;
    struct answer a =
        ask(s, "POST /echo?secret=1 HTTP/1.1\r\n" HOST
               "Content-Length: 5\r\n\r\nhello");
    forget(&a);
    br_http_server_stop(s);
    assert_int_equal(counter.answers, 1);
    assert_int_equal(counter.last.status, 201);
    assert_int_equal(counter.last.rc, BR_OK);
    assert_string_equal(counter.last.method, "POST");
    assert_string_equal(counter.last.route, "/echo");
    assert_int_equal(counter.last.received_bytes, 5);
    assert_true(counter.last.sent_bytes >= 5);
}

static void
test_addresses(void **state)
{
    struct br_err err;
    struct br_http_server *s = NULL;
    const char *bad[] = {"",      "8440",       "localhost", ":8440",
                         "::1:8", "127.0.0.1:", "[::1]",     "127.0.0.1:http"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct br_http_server_options o = {.listen = bad[i]};
        assert_int_equal(br_http_server_start(&o, &s, &err), BR_ERR_CONFIG);
    }
    const struct br_http_server_options taken = {
        .listen = br_http_server_address((struct br_http_server *)*state)};
    assert_int_equal(br_http_server_start(&taken, &s, &err), BR_ERR_NETWORK);
    assert_non_null(strstr(err.text, "Address already in use"));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test(f)
/* It has a server of its own, and stops it to see what ended by then. */
#define STOPS(f) cmocka_unit_test_setup(f, start)
    const struct CMUnitTest tests[] = {
        TEST(test_an_answer_is_whole),
        TEST(test_kinds_of_bodies),
        TEST(test_connections_are_kept),
        TEST(test_pipelined_requests_are_answered_in_order),
        TEST(test_a_request_in_single_bytes),
        TEST(test_head_has_no_body),
        TEST(test_what_a_handler_is_told),
        TEST(test_a_header_cannot_be_injected),
        TEST(test_long_parameters),
        TEST(test_paths_that_are_not_there),
        TEST(test_wrong_methods),
        TEST(test_bodies_that_are_too_large),
        TEST(test_a_go_ahead_is_given),
        TEST(test_wrong_media_types),
        TEST(test_heads_that_are_too_long),
        TEST(test_ambiguous_lengths),
        TEST(test_lengths_that_nobody_should_send),
        TEST(test_what_is_not_http),
        TEST(test_http_1_0),
        TEST(test_problems_of_handlers),
        STOPS(test_a_streamed_body),
        STOPS(test_a_streamed_body_is_refused_midway),
        STOPS(test_a_sender_that_leaves_midway),
        STOPS(test_a_streamed_answer),
        STOPS(test_head_of_a_streamed_answer),
        STOPS(test_a_streamed_answer_that_fails),
        STOPS(test_every_answer_is_told),
        STOPS(test_an_answer_is_told_by_its_route_and_bytes),
        TEST(test_addresses),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
