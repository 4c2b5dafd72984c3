/* Answers: stored by whoever gives them, built for libmicrohttpd by the
 * worker.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/net/http_internal.h"

#include <stdlib.h>

#include "common/base/assert.h"

/* Bodies are bounded by memory and by what their makers bound. */
static const size_t body_max = SIZE_MAX / 4;

static void
store_header(
    struct br_http_stored_answer *a, const char *name, const char *value)
{
    br_buf_put(&a->heads, name, strlen(name) + 1);
    br_buf_put(&a->heads, value, strlen(value) + 1);
}

static void
store_content_type(struct br_http_stored_answer *a, const char *type)
{
    if (type != NULL) {
        store_header(a, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    }
}

static void
store_body(struct br_http_stored_answer *a, const struct br_http_answer *given)
{
    if (given->take == &a->own) {
        a->p = a->own.p;
        a->n = a->own.n;
        return;
    }
    if (given->take != NULL) {
        a->taken = *given->take;
        *given->take = (struct br_buf){.max = a->taken.max};
        a->p = a->taken.p;
        a->n = a->taken.n;
        return;
    }
    a->p = given->body.p;
    a->n = given->body.n;
    if (!given->is_static) {
        a->own.max = body_max;
        br_buf_put(&a->own, given->body.p, given->body.n);
        a->p = a->own.p;
        a->n = a->own.n;
    }
}

/** The answer is complete: give the request back to its worker. */
static void
give_back(struct br_http_request *req)
{
    int before = atomic_exchange_explicit(
        &req->phase, BR_HTTP_ANSWERED, memory_order_acq_rel);
    BR_ASSERT(before != BR_HTTP_ANSWERED && before != BR_HTTP_RECEIVING);
    if (before == BR_HTTP_KEPT) {
        br_http_worker_hand_back(req);
    }
    if (before == BR_HTTP_GONE) {
        if (req->answer.streamed && req->answer.source.done != NULL) {
            req->answer.source.done(req->answer.source.ctx);
        }
        br_http_request_end_stream(req);
        br_http_request_free(req);
    }
}

struct br_buf *
br_http_answer_buf(struct br_http_request *req, size_t max_bytes)
{
    struct br_buf *b = &req->answer.own;
    br_buf_clear(b);
    b->max = max_bytes;
    return b;
}

void
br_http_add_header(
    struct br_http_request *req, const char *name, const char *value)
{
    store_header(&req->answer, name, value);
}

void
br_http_reply(struct br_http_request *req, const struct br_http_answer *given)
{
    struct br_http_stored_answer *a = &req->answer;
    a->status = given->status;
    store_content_type(a, given->content_type);
    for (size_t i = 0; i < given->header_count; i++) {
        store_header(a, given->headers[i].name, given->headers[i].value);
    }
    store_body(a, given);
    give_back(req);
}

void
br_http_reply_stream(
    struct br_http_request *req,
    int status,
    const char *content_type,
    const struct br_http_body_source *source)
{
    struct br_http_stored_answer *a = &req->answer;
    a->status = status;
    store_content_type(a, content_type);
    a->streamed = true;
    a->source = *source;
    give_back(req);
}

/** RFC 9110 sections 10.2.3, 11.6.1 and 10.2.1. */
static void
store_problem_headers(
    struct br_http_stored_answer *a, enum br_rc rc, const char *allow)
{
    store_content_type(a, "application/problem+json");
    store_header(a, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (a->status == MHD_HTTP_UNAUTHORIZED) {
        store_header(
            a, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"broletto\"");
    }
    if (a->status == MHD_HTTP_TOO_MANY_REQUESTS ||
        a->status == MHD_HTTP_SERVICE_UNAVAILABLE) {
        bool soon = rc == BR_ERR_RATE_EXCEEDED || rc == BR_ERR_BUSY;
        store_header(a, MHD_HTTP_HEADER_RETRY_AFTER, soon ? "1" : "5");
    }
    if (allow != NULL && allow[0] != '\0') {
        store_header(a, MHD_HTTP_HEADER_ALLOW, allow);
    }
}

void
br_http_answer_problem(
    struct br_http_request *req,
    const struct br_err *err,
    int status,
    const char *allow)
{
    struct br_http_stored_answer *a = &req->answer;
    a->status = status == 0 ? br_err_info(err->rc)->http_status : status;
    a->rc = err->rc;
    store_problem_headers(a, err->rc, allow);
    br_buf_clear(&a->own);
    a->own.max = body_max;
    br_problem_put(&a->own, err, status);
    a->p = a->own.p;
    a->n = a->own.n;
}

void
br_http_reply_problem(struct br_http_request *req, const struct br_err *err)
{
    br_http_answer_problem(req, err, 0, NULL);
    give_back(req);
}

/* ---- towards libmicrohttpd ----------------------------------------------- */

/** What libmicrohttpd holds while it sends a streamed body. */
struct stream {
    struct br_http_body_source source;
    struct br_http_request *req;
    struct br_buf piece;
    size_t used;
};

static ssize_t
read_stream(void *ctx, uint64_t pos, char *out, size_t max)
{
    struct stream *s = (struct stream *)ctx;
    (void)pos;
    if (s->used == s->piece.n) {
        br_buf_clear(&s->piece);
        s->used = 0;
        if (s->source.next(s->source.ctx, &s->piece) != BR_OK ||
            s->piece.failed) {
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
        if (s->piece.n == 0) {
            return MHD_CONTENT_READER_END_OF_STREAM;
        }
    }
    size_t n = s->piece.n - s->used;
    n = n < max ? n : max;
    memcpy(out, s->piece.p + s->used, n);
    s->used += n;
    s->req->sent += n;
    return (ssize_t)n;
}

static void
free_stream(void *ctx)
{
    struct stream *s = (struct stream *)ctx;
    if (s->source.done != NULL) {
        s->source.done(s->source.ctx);
    }
    br_buf_fini(&s->piece);
    free(s);
}

static struct MHD_Response *
make_stream(struct br_http_request *req)
{
    struct stream *s = (struct stream *)calloc(1, sizeof(*s));
    if (s == NULL) {
        if (req->answer.source.done != NULL) {
            req->answer.source.done(req->answer.source.ctx);
        }
        return NULL;
    }
    s->source = req->answer.source;
    s->req = req;
    br_buf_init(&s->piece, body_max);
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BR_HTTP_STREAM_PIECE_BYTES, read_stream, s,
        free_stream);
    if (response == NULL) {
        free_stream(s);
        return NULL;
    }
    if (strcmp(req->method, "HEAD") == 0) {
        /* Otherwise libmicrohttpd 0.9.75 sends the last chunk of a body that
         * is not there, and the client takes it for the next answer. */
        (void)MHD_set_response_options(
            response, MHD_RF_HTTP_VERSION_1_0_ONLY, MHD_RO_END);
    }
    return response;
}

static struct MHD_Response *
make_response(struct br_http_request *req)
{
    const struct br_http_stored_answer *a = &req->answer;
    if (a->streamed) {
        return make_stream(req);
    }
    if (a->own.failed || a->taken.failed || a->heads.failed) {
        return NULL; /* memory was refused: the connection is closed */
    }
    /* The bytes stay in the request until the answer has gone out. */
    return MHD_create_response_from_buffer(
        a->n, (void *)(uintptr_t)a->p, MHD_RESPMEM_PERSISTENT);
}

static void
add_headers(
    struct MHD_Response *response, const struct br_http_stored_answer *a)
{
    (void)MHD_add_response_header(
        response, "X-Content-Type-Options", "nosniff");
    (void)MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    const char *at = (const char *)a->heads.p;
    const char *end = at + a->heads.n;
    while (at < end) {
        const char *value = at + strlen(at) + 1;
        (void)MHD_add_response_header(response, at, value);
        at = value + strlen(value) + 1;
    }
    if (a->close) {
        (void)MHD_add_response_header(
            response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
}

enum MHD_Result
br_http_answer_queue(struct br_http_request *req)
{
    struct br_http_stored_answer *a = &req->answer;
    struct br_http_server *s = req->worker->server;
    a->close |= atomic_load_explicit(&s->quiesced, memory_order_relaxed);
    struct MHD_Response *response = make_response(req);
    if (response == NULL) {
        return MHD_NO;
    }
    add_headers(response, a);
    req->answered_ms = br_http_now_us() / 1000;
    enum MHD_Result queued =
        MHD_queue_response(req->mhd, (unsigned)a->status, response);
    MHD_destroy_response(response);
    return queued;
}
