/*
 * From method, path and media type to a route.
 *
 * - Exact paths go before paths with parameters; those are tried in the order
 *   in which they were given.
 * - One path may have several routes with the same method that differ in
 *   content_type: the body's type chooses.
 * - Paths are compared as they were sent: a percent-encoded letter of a fixed
 *   segment does not match it. Parameters are cut out here, decoded later.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_NET_ROUTER_H
#define BR_NET_ROUTER_H

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/net/http_server.h"

enum {
    BR_ROUTE_SEGMENTS_MAX = 12,
    BR_ROUTE_PARAMS_MAX = 6,
    BR_ROUTE_ALLOW_BYTES = 64,
};

struct br_router;

struct br_route_match {
    const struct br_http_route *route; /**< NULL: see rc */
    enum br_rc rc; /**< NOT_FOUND, METHOD_NOT_ALLOWED, MEDIA_TYPE */
    char allow[BR_ROUTE_ALLOW_BYTES]; /**< with METHOD_NOT_ALLOWED */
    size_t param_count;
    struct br_bytes params[BR_ROUTE_PARAMS_MAX]; /**< into path */
};

/** Keeps pointers to the routes. A route that cannot be is our own mistake
 *  and aborts. NULL when memory is refused. */
struct br_router *
br_router_new(const struct br_http_route *routes, size_t count);
void br_router_free(struct br_router *r);

/** content_type: of the request's body; NULL when it has no body. */
void br_router_match(
    const struct br_router *r,
    const char *method,
    const char *path,
    const char *content_type,
    struct br_route_match *ret);

/** RFC 9110 section 8.3.1: same type and subtype; parameters do not count. */
bool br_media_type_is(const char *header, const char *type);
/** RFC 9110 section 12.5.3: does Accept-Encoding take this coding? It must name
 *  it, or "*", with a weight that is not 0. NULL: no. */
bool br_accepts_coding(const char *header, const char *coding);

#endif
