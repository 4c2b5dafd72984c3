/*
 * An HTTP/1.1 server (libmicrohttpd inside) that a service fills with routes.
 *
 * - The server owns its threads; handlers run on them, must not block, and may
 *   answer at once or keep the request and answer later from any thread.
 * - A body arrives whole (up to the route's limit) before the handler is
 *   called, unless the route asks for a stream.
 * - Everything that HTTP itself can get wrong (no such path, wrong method with
 *   Allow, over-long header or body, slow sender, wrong media type, too many
 *   connections) is answered here with an RFC 9457 problem.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_NET_HTTP_SERVER_H
#define BR_NET_HTTP_SERVER_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"

struct br_http_server;
struct br_http_request;

/** Called once a request: must answer exactly once, now or later. */
typedef void br_http_handler(struct br_http_request *req, void *ctx);

/** Pieces of a body as they arrive, for routes with `stream`. The first is
 *  empty and comes with the head, so that a body that nobody may send is
 *  refused before it is sent. The handler of the route is called after the last
 *  piece. Returning other than BR_OK makes the server answer the problem and
 *  drop the rest. *state is the caller's, NULL at the first piece; it is handed
 *  to stream_end when the request is over, however it ended. */
typedef enum br_rc br_http_stream_fn(
    struct br_http_request *req,
    void *ctx,
    void **state,
    struct br_bytes piece,
    struct br_err *reterr);
typedef void br_http_stream_end_fn(void *ctx, void *state);

struct br_http_route {
    const char *method; /**< "GET" (HEAD comes with it), "POST", ... */
    /** Exact path, or with one-segment parameters "/v1/x/{id}", or ending in a
     *  rest parameter "/tile/{rest...}". */
    const char *path;
    br_http_handler *handler;
    size_t body_bytes_max;    /**< 0: a body is refused */
    const char *content_type; /**< required type of a body, NULL: any */
    br_http_stream_fn *stream;
    br_http_stream_end_fn *stream_end;
};

/** How a request ended. */
struct br_http_outcome {
    const char *method;
    const char *route; /**< its pattern, not the path that was sent; "": none */
    int status;
    enum br_rc rc;        /**< of a problem; BR_OK when it was no problem */
    uint64_t duration_us; /**< from its first byte to the last of its answer */
    uint64_t received_bytes; /**< of its body */
    uint64_t sent_bytes;     /**< of the answer's body */
};

struct br_http_server_options {
    const char *listen; /**< "127.0.0.1:8440", "[::1]:8440", port 0: any free */
    const struct br_http_route *routes;
    size_t route_count;
    void *ctx;                /**< handed to every handler */
    unsigned threads;         /**< 0: one */
    unsigned connections_max; /**< 0: 16384 */
    unsigned idle_timeout_s;  /**< 0: 30; a slow sender is cut too */
    /** Called after each answer: for access logs and metrics. May be NULL.
     *  req is good for br_http_peer, until it returns. */
    void (*done)(
        void *ctx,
        const struct br_http_request *req,
        const struct br_http_outcome *o);
    /** Both in PEM, read at the start only, or both NULL for plain HTTP. */
    const char *tls_certificate_pem;
    const char *tls_key_pem;
};

enum br_rc br_http_server_start(
    const struct br_http_server_options *options,
    struct br_http_server **ret,
    struct br_err *reterr) BR_MUST_USE;
/** The address in use, "127.0.0.1:8440": tells the port when 0 was asked. */
const char *br_http_server_address(const struct br_http_server *s);
/** Stop accepting; requests in flight may still be answered. */
void br_http_server_quiesce(struct br_http_server *s);
/** Requests that have a handler running or kept. */
size_t br_http_server_in_flight(const struct br_http_server *s);
/** Wait for nobody: answer 503 to what is kept, close, free. */
void br_http_server_stop(struct br_http_server *s);

/* ---- what a handler may ask. Borrowed until the answer is given. --------- */
const char *br_http_method(const struct br_http_request *req);
/** Value of the path's n-th parameter, percent-decoded; never NULL for a
 *  parameter that the route has. */
const char *br_http_param(const struct br_http_request *req, size_t n);
/** Query value or NULL; percent-decoded. */
const char *br_http_query(const struct br_http_request *req, const char *name);
const char *br_http_header(const struct br_http_request *req, const char *name);
/** How often a header stands there: of some, one is too many. */
size_t
br_http_header_count(const struct br_http_request *req, const char *name);
struct br_bytes br_http_body(const struct br_http_request *req);
/** What the stream function left in *state. */
void *br_http_stream_state(const struct br_http_request *req);
/** The peer's address as text, for limits and logs. */
const char *br_http_peer(const struct br_http_request *req);
/** Does Accept admit this type? Absent Accept admits all. */
bool br_http_accepts(const struct br_http_request *req, const char *type);
/** "it" or "en": from ?lang=, a cookie lang, or Accept-Language. */
const char *br_http_language(const struct br_http_request *req);

/* ---- answering: exactly once; any thread; req is gone afterwards --------- */
struct br_http_header_pair {
    const char *name;
    const char *value;
};
struct br_http_answer {
    int status;
    const char *content_type;
    struct br_bytes body; /**< copied, unless `take` or `is_static` */
    bool is_static;       /**< the body outlives the server */
    struct br_buf *take;  /**< if set, the buffer's bytes become the body and
                               the buffer is left empty */
    const struct br_http_header_pair *headers;
    size_t header_count;
};
/** The request's own buffer, empty, for the body of its answer: `take` it. Its
 *  memory serves one request after the other, so that an answer of a few
 *  kilobytes costs neither an allocation nor a copy. */
struct br_buf *
br_http_answer_buf(struct br_http_request *req, size_t max_bytes);
/** A header of the answer, whoever gives it: told before it is given. */
void br_http_add_header(
    struct br_http_request *req, const char *name, const char *value);
void br_http_reply(struct br_http_request *req, const struct br_http_answer *a);
/** An application/problem+json of an error: type
 *  "https://broletto.example/errors/<slug>", title, status, code, detail,
 *  remedy; Retry-After on 429 and 503, WWW-Authenticate on 401. */
void
br_http_reply_problem(struct br_http_request *req, const struct br_err *err);

/** A body that is made as it is sent: next() fills *b with the next piece;
 *  an empty piece ends the body. done() always comes last. */
struct br_http_body_source {
    enum br_rc (*next)(void *ctx, struct br_buf *b);
    void (*done)(void *ctx);
    void *ctx;
};
void br_http_reply_stream(
    struct br_http_request *req,
    int status,
    const char *content_type,
    const struct br_http_body_source *source);

#endif
