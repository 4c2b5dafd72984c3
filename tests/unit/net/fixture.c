/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/net/fixture.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

struct br_http_server *
serve_with(struct br_http_server_options options)
{
    struct br_http_server *s = NULL;
    struct br_err err = {0};
    if (options.listen == NULL) {
        options.listen = "127.0.0.1:0";
    }
    if (br_http_server_start(&options, &s, &err) != BR_OK) {
        fail_msg("%s", err.text);
    }
    return s;
}

struct br_http_server *
serve(const struct br_http_route *routes, size_t count, void *ctx)
{
    return serve_with((struct br_http_server_options){
        .routes = routes, .route_count = count, .ctx = ctx});
}

int
dial(const struct br_http_server *s)
{
    const char *colon = strrchr(br_http_server_address(s), ':');
    struct sockaddr_in a = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10)),
        .sin_addr = {htonl(INADDR_LOOPBACK)},
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

void
say_bytes(int fd, const void *p, size_t n)
{
    const char *at = (const char *)p;
    while (n > 0) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
        assert_true(sent > 0);
        at += sent;
        n -= (size_t)sent;
    }
}

void
say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

/** Up to n bytes; 0 at the end of the connection. */
static size_t
listen_for(int fd, char *p, size_t n)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    if (poll(&one, 1, PATIENCE_MS) != 1) {
        fail_msg("nothing came within %d ms", PATIENCE_MS);
    }
    ssize_t got = recv(fd, p, n, 0);
    return got < 0 ? 0 : (size_t)got;
}

bool
hung_up(int fd)
{
    char byte;
    return listen_for(fd, &byte, 1) == 0;
}

/** Byte by byte, so that nothing of the next answer is taken. */
static size_t
read_until(int fd, const char *end, char *p, size_t max)
{
    size_t n = 0;
    size_t end_n = strlen(end);
    while (n < end_n || memcmp(p + n - end_n, end, end_n) != 0) {
        assert_true(n + 1 < max);
        if (listen_for(fd, p + n, 1) != 1) {
            fail_msg("the connection ended after %zu bytes of head", n);
        }
        n++;
    }
    p[n] = '\0';
    return n;
}

static void
read_exactly(int fd, char *p, size_t n)
{
    while (n > 0) {
        size_t got = listen_for(fd, p, n);
        assert_true(got > 0);
        p += got;
        n -= got;
    }
}

static void
read_chunks(int fd, struct answer *a)
{
    char line[64];
    for (;;) {
        (void)read_until(fd, "\r\n", line, sizeof(line));
        size_t n = strtoul(line, NULL, 16);
        assert_true(a->body_n + n + 2 < ANSWER_BYTES_MAX);
        read_exactly(fd, a->body + a->body_n, n + 2);
        a->body_n += n;
        if (n == 0) {
            return;
        }
    }
}

struct answer
hear(int fd, bool no_body)
{
    struct answer a = {
        .head = (char *)calloc(1, ANSWER_BYTES_MAX),
        .body = (char *)calloc(1, ANSWER_BYTES_MAX)};
    assert_non_null(a.head);
    assert_non_null(a.body);
    do {
        (void)read_until(fd, "\r\n\r\n", a.head, ANSWER_BYTES_MAX);
        assert_int_equal(sscanf(a.head, "HTTP/1.%*c %d", &a.status), 1);
    } while (a.status == 100);
    if (no_body || a.status == 204 || a.status == 304) {
        return a;
    }
    if (strcmp(header_of(&a, "Transfer-Encoding"), "chunked") == 0) {
        read_chunks(fd, &a);
    } else {
        a.body_n = strtoul(header_of(&a, "Content-Length"), NULL, 10);
        assert_true(a.body_n < ANSWER_BYTES_MAX);
        read_exactly(fd, a.body, a.body_n);
    }
    a.body[a.body_n] = '\0';
    return a;
}

void
forget(struct answer *a)
{
    free(a->head);
    free(a->body);
    *a = (struct answer){0};
}

struct answer
ask(const struct br_http_server *s, const char *request)
{
    int fd = dial(s);
    say(fd, request);
    struct answer a = hear(fd, strncmp(request, "HEAD ", 5) == 0);
    (void)close(fd);
    return a;
}

const char *
header_of(const struct answer *a, const char *name)
{
    static _Thread_local char value[1024]; /* clients run in threads too */
    size_t n = strlen(name);
    value[0] = '\0';
    for (const char *line = strstr(a->head, "\r\n"); line != NULL;
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, n) == 0 && line[2 + n] == ':') {
            const char *from = line + 2 + n + 1;
            from += strspn(from, " ");
            (void)snprintf(
                value, sizeof(value), "%.*s", (int)strcspn(from, "\r"), from);
            break;
        }
    }
    return value;
}

void
assert_problem(const struct answer *a, int status, enum br_rc rc)
{
    char expected[64];
    assert_int_equal(a->status, status);
    assert_string_equal(
        header_of(a, "Content-Type"), "application/problem+json");
    (void)snprintf(
        expected, sizeof(expected), "\"status\":%d,\"code\":%d,", status,
        (int)rc);
    if (strstr(a->body, expected) == NULL) {
        fail_msg("no %s in %s", expected, a->body);
    }
    assert_non_null(strstr(a->body, "\"type\":\"https://"));
    assert_non_null(strstr(a->body, "\"title\":\""));
    assert_non_null(strstr(a->body, "\"detail\":\""));
    assert_non_null(strstr(a->body, "\"remedy\":\""));
}
