/*
 * A server on a free port and a raw client, for the tests of HTTP.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TESTS_NET_FIXTURE_H
#define BR_TESTS_NET_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/net/http_server.h"

enum { ANSWER_BYTES_MAX = 1024 * 1024 };

/** One answer as it was read. */
struct answer {
    int status;
    char *head; /**< status line and headers, NUL-terminated */
    char *body;
    size_t body_n;
};

struct br_http_server *
serve(const struct br_http_route *routes, size_t count, void *ctx);
struct br_http_server *serve_with(struct br_http_server_options options);

int dial(const struct br_http_server *s);
void say(int fd, const char *text);
void say_bytes(int fd, const void *p, size_t n);
/** Read one answer. no_body: to a HEAD. Fails the test when the connection
 *  ends before the answer does. */
struct answer hear(int fd, bool no_body);
/** The connection is closed by the other side, with nothing more to read. */
bool hung_up(int fd);
void forget(struct answer *a);
/** Dial, say, hear, hang up. */
struct answer ask(const struct br_http_server *s, const char *request);
/** Value of a header in an answer's head ("" when absent), in a static
 *  buffer. */
const char *header_of(const struct answer *a, const char *name);
/** Does this problem tell this status and error? */
void assert_problem(const struct answer *a, int status, enum br_rc rc);

#endif
