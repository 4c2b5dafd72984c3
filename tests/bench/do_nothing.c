/*
 * The baseline of the HTTP benchmark: the same server library and the same
 * wrapper as the node's, with a handler that does nothing but answer a
 * constant of a receipt's size to the same request.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/net/http_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char answer[1600];

static void
handle(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    struct br_http_answer a = {
        .status = 201,
        .content_type = "application/json",
        .body = br_bytes(answer, sizeof(answer)),
        .is_static = true,
    };
    br_http_reply(req, &a);
}

int
main(void)
{
    static const struct br_http_route route = {
        .method = "POST",
        .path = "/v1/notary/stamps",
        .handler = handle,
        .body_bytes_max = 4096,
        .content_type = "application/json",
    };
    const struct br_http_server_options o = {
        .listen = "127.0.0.1:0", .routes = &route, .route_count = 1};
    struct br_http_server *server;
    struct br_err err;
    memset(answer, 'x', sizeof(answer));
    if (br_http_server_start(&o, &server, &err) != BR_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    (void)printf("serving %s\n", br_http_server_address(server));
    (void)fflush(stdout);
    char byte;
    (void)!read(STDIN_FILENO, &byte, 1); /* until standard input is closed */
    br_http_server_stop(server);
    return 0;
}
