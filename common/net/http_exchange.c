/* One exchange: head, body, handler, answer, as libmicrohttpd calls us.
 *
 * libmicrohttpd calls br_http_on_request once with the head, then with each
 * piece of the body, then once more at the end, and again when a suspended
 * connection is resumed. An answer that is queued with the head ends the
 * connection; one that is queued at the end keeps it. So refusals wait for the
 * end unless the rest of the body is not worth reading.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/net/http_internal.h"

#include <stdlib.h>
#include <strings.h>

#include "common/base/assert.h"

static void
refuse(
    struct br_http_request *req,
    int status,
    const char *allow,
    const struct br_err *err)
{
    req->refused = true;
    br_http_answer_problem(req, err, status, allow);
    atomic_store_explicit(&req->phase, BR_HTTP_ANSWERED, memory_order_relaxed);
}

static void
refuse_text(
    struct br_http_request *req, int status, enum br_rc rc, const char *text)
{
    struct br_err err;
    (void)br_fail(&err, rc, "%s", text);
    refuse(req, status, NULL, &err);
}

void *
br_http_on_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    struct br_http_worker *w = (struct br_http_worker *)cls;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct br_http_conn *conn = (struct br_http_conn *)info->socket_context;
    if (conn == NULL) {
        return NULL;
    }
    BR_ASSERT(conn->req == NULL);
    struct br_http_request *req = br_http_request_new(w);
    if (req != NULL) {
        req->conn = conn;
        req->mhd = mhd;
        req->bad_escape = !br_http_escapes_ok(uri);
        req->started_us = br_http_now_us();
        req->progress_ms = req->started_us / 1000;
        atomic_store_explicit(
            &req->phase, BR_HTTP_RECEIVING, memory_order_relaxed);
    }
    conn->req = req;
    return conn;
}

/* ---- the head ------------------------------------------------------------ */

/** The headers that say how long the body is, counted. */
struct framing {
    unsigned lengths;
    unsigned encodings;
    unsigned hosts;
    bool bad;
    bool chunked;
    uint64_t length;
    const char *content_type;
    bool expects; /**< the sender waits for a go-ahead */
};

static bool
parse_length(const char *value, uint64_t *ret)
{
    uint64_t v = 0;
    size_t n = strspn(value, "0123456789");
    if (n == 0 || n > 18 || value[n] != '\0') {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        v = v * 10 + (uint64_t)(value[i] - '0');
    }
    *ret = v;
    return true;
}

static enum MHD_Result
on_header(
    void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct framing *f = (struct framing *)cls;
    (void)kind;
    const char *v = value == NULL ? "" : value;
    if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
        f->lengths++;
        f->bad |= !parse_length(v, &f->length);
    } else if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        f->encodings++;
        f->chunked = strcasecmp(v, "chunked") == 0;
        f->bad |= !f->chunked;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0) {
        f->hosts++;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_TYPE) == 0) {
        f->content_type = v;
    } else if (strcasecmp(name, MHD_HTTP_HEADER_EXPECT) == 0) {
        f->expects = true;
    }
    return MHD_YES;
}

/** RFC 9112 section 6.3: a message whose length can be read in two ways is
 *  refused and its connection closed. */
static bool
framing_ok(const struct framing *f, const char *version)
{
    return !f->bad && f->lengths <= 1 && f->encodings <= 1 &&
           (f->lengths == 0 || f->encodings == 0) && f->hosts <= 1 &&
           (f->encodings == 0 || strcmp(version, MHD_HTTP_VERSION_1_1) == 0);
}

static bool
decode_params(struct br_http_request *req, const struct br_route_match *m)
{
    for (size_t i = 0; i < m->param_count; i++) {
        req->params[i] = br_http_request_decode(req, m->params[i]);
        if (req->params[i] == NULL) {
            return false;
        }
    }
    req->param_count = m->param_count;
    return true;
}

static void
refuse_match(struct br_http_request *req, const struct br_route_match *m)
{
    struct br_err err;
    (void)br_fail(&err, m->rc, "%s", br_err_info(m->rc)->text);
    refuse(req, 0, m->allow, &err);
}

/** Find the route; false after a refusal. */
static bool
route(struct br_http_request *req, const char *path, const struct framing *f)
{
    bool has_body = f->chunked || f->length > 0;
    const char *type = f->content_type == NULL ? "" : f->content_type;
    struct br_route_match m;
    br_router_match(
        req->worker->server->router, req->method, path, has_body ? type : NULL,
        &m);
    req->route = m.route;
    if (m.route == NULL) {
        refuse_match(req, &m);
        return false;
    }
    if (req->bad_escape || !decode_params(req, &m)) {
        refuse_text(
            req, 0, BR_ERR_MALFORMED,
            "the address is not well percent-encoded");
        return false;
    }
    if (f->length > m.route->body_bytes_max ||
        (f->chunked && m.route->body_bytes_max == 0)) {
        struct br_err err;
        (void)br_fail(
            &err, BR_ERR_TOO_LARGE, "the body may have %zu bytes at most",
            m.route->body_bytes_max);
        refuse(req, 0, NULL, &err);
        return false;
    }
    req->body.max = m.route->body_bytes_max;
    return true;
}

static void
stream_piece(struct br_http_request *req, struct br_bytes piece)
{
    struct br_err err = {0};
    void *ctx = req->worker->server->options.ctx;
    enum br_rc rc =
        req->route->stream(req, ctx, &req->stream_state, piece, &err);
    if (rc != BR_OK) {
        err.rc = rc;
        refuse(req, 0, NULL, &err);
    }
}

static void
count_in(struct br_http_request *req)
{
    atomic_size_t *n = &req->worker->in_flight;
    atomic_store_explicit(
        n, atomic_load_explicit(n, memory_order_relaxed) + 1,
        memory_order_relaxed);
    req->counted = true;
}

static size_t
head_bytes(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info == NULL ? 0 : info->header_size;
}

/** What is wrong whatever the route. */
static bool
head_ok(
    struct br_http_request *req, const struct framing *f, const char *version)
{
    if (req->conn->over_limit) {
        refuse_text(req, 0, BR_ERR_BUSY, "too many connections");
    } else if (head_bytes(req->mhd) > BR_HTTP_HEAD_BYTES_MAX) {
        refuse_text(
            req, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, BR_ERR_TOO_LARGE,
            "the request line and headers are too long");
    } else if (!framing_ok(f, version)) {
        refuse_text(
            req, 0, BR_ERR_MALFORMED,
            "Host, Content-Length or Transfer-Encoding is given twice or is "
            "not well formed");
    } else {
        return true;
    }
    req->answer.close = true;
    return false;
}

/** The method's name in memory that outlives the connection; libmicrohttpd's
 *  own is gone when the exchange is told. */
static const char *
method_name(const char *method)
{
    static const char *const known[] = {"GET",     "HEAD",  "POST",
                                        "PUT",     "PATCH", "DELETE",
                                        "OPTIONS", "TRACE", "CONNECT"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(method, known[i]) == 0) {
            return known[i];
        }
    }
    return "unknown";
}

/** Who may not send is told before the body comes. */
static void
begin_stream(struct br_http_request *req)
{
    if (req->route->stream == NULL) {
        return;
    }
    req->stream_end = req->route->stream_end;
    req->stream_ctx = req->worker->server->options.ctx;
    stream_piece(req, br_str(""));
}

static enum MHD_Result
on_head(
    struct br_http_request *req,
    const char *path,
    const char *method,
    const char *version)
{
    struct framing f = {0};
    req->begun = true;
    req->method = method_name(method);
    (void)MHD_get_connection_values(req->mhd, MHD_HEADER_KIND, on_header, &f);
    if (head_ok(req, &f, version) && route(req, path, &f)) {
        begin_stream(req);
        if (!req->refused) {
            return MHD_YES;
        }
    }
    bool has_body = f.chunked || f.length > 0;
    bool drop = f.length <= BR_HTTP_DROP_BYTES_MAX && !f.expects;
    if (req->answer.close || (has_body && !drop)) {
        return br_http_answer_queue(req);
    }
    return MHD_YES;
}

/* ---- the body ------------------------------------------------------------ */

static size_t
drop_max(const struct br_http_request *req)
{
    size_t own = req->route == NULL ? 0 : req->route->body_bytes_max;
    return own > BR_HTTP_DROP_BYTES_MAX ? own : BR_HTTP_DROP_BYTES_MAX;
}

static void
take_piece(struct br_http_request *req, struct br_bytes piece)
{
    struct br_err err;
    const struct br_http_route *r = req->route;
    if (req->received > r->body_bytes_max) {
        (void)br_fail(
            &err, BR_ERR_TOO_LARGE, "the body may have %zu bytes at most",
            r->body_bytes_max);
        refuse(req, 0, NULL, &err);
        return;
    }
    if (r->stream != NULL) {
        stream_piece(req, piece);
        return;
    }
    br_buf_put(&req->body, piece.p, piece.n);
    if (req->body.failed) {
        refuse_text(req, 0, BR_ERR_NO_MEMORY, "no memory for the body");
    }
}

static enum MHD_Result
on_piece(struct br_http_request *req, struct br_bytes piece)
{
    req->received += piece.n;
    req->progress_ms = br_http_now_us() / 1000;
    if (!req->refused) {
        take_piece(req, piece);
    } else if (req->received > drop_max(req)) {
        return MHD_NO;
    }
    return MHD_YES;
}

/* ---- handler and answer -------------------------------------------------- */

static void
count_resumed(struct br_http_request *req)
{
    if (req->suspended) {
        req->suspended = false;
        req->worker->suspended--;
    }
}

/** Run the handler; if it did not answer meanwhile, suspend the connection
 *  first and only then tell that the request may come back. */
static enum MHD_Result
run_handler(struct br_http_request *req)
{
    struct br_http_worker *w = req->worker;
    count_in(req);
    atomic_store_explicit(&req->phase, BR_HTTP_RUNNING, memory_order_relaxed);
    req->route->handler(req, w->server->options.ctx);
    int phase = atomic_load_explicit(&req->phase, memory_order_acquire);
    if (phase == BR_HTTP_ANSWERED) {
        return br_http_answer_queue(req);
    }
    MHD_suspend_connection(req->mhd);
    req->suspended = true;
    w->suspended++;
    phase = BR_HTTP_RUNNING;
    if (!atomic_compare_exchange_strong_explicit(
            &req->phase, &phase, BR_HTTP_KEPT, memory_order_acq_rel,
            memory_order_acquire)) {
        MHD_resume_connection(req->mhd);
    }
    return MHD_YES;
}

static enum MHD_Result
on_end(struct br_http_request *req)
{
    int phase = atomic_load_explicit(&req->phase, memory_order_acquire);
    if (phase == BR_HTTP_RECEIVING) {
        return run_handler(req);
    }
    BR_ASSERT(phase == BR_HTTP_ANSWERED);
    count_resumed(req);
    return br_http_answer_queue(req);
}

enum MHD_Result
br_http_on_request(
    void *cls,
    struct MHD_Connection *mhd,
    const char *path,
    const char *method,
    const char *version,
    const char *data,
    size_t *data_n,
    void **request_cls)
{
    struct br_http_conn *conn = (struct br_http_conn *)*request_cls;
    (void)cls;
    (void)mhd;
    if (conn == NULL || conn->req == NULL) {
        return MHD_NO; /* memory was refused */
    }
    struct br_http_request *req = conn->req;
    if (!req->begun) {
        return on_head(req, path, method, version);
    }
    if (*data_n > 0) {
        struct br_bytes piece = br_bytes(data, *data_n);
        *data_n = 0;
        return on_piece(req, piece);
    }
    return on_end(req);
}

/* ---- the end ------------------------------------------------------------- */

static void
tell_done(struct br_http_request *req, uint64_t now_us)
{
    const struct br_http_server_options *o = &req->worker->server->options;
    if (o->done == NULL || req->answer.status == 0) {
        return;
    }
    const struct br_http_outcome outcome = {
        .method = req->method == NULL ? "" : req->method,
        .route = req->route == NULL ? "" : req->route->path,
        .status = req->answer.status,
        .rc = req->answer.rc,
        .duration_us = now_us - req->started_us,
        .received_bytes = req->received,
        .sent_bytes = req->answer.streamed ? req->sent : req->answer.n,
    };
    o->done(o->ctx, req, &outcome);
}

void
br_http_exchange_end(struct br_http_conn *conn)
{
    struct br_http_request *req = conn->req;
    if (req == NULL) {
        return;
    }
    struct br_http_worker *w = conn->worker;
    uint64_t now_us = br_http_now_us();
    count_resumed(req); /* its client had left when it was resumed */
    if (req->counted) {
        size_t n = atomic_load_explicit(&w->in_flight, memory_order_relaxed);
        atomic_store_explicit(&w->in_flight, n - 1, memory_order_relaxed);
    }
    tell_done(req, now_us);
    br_http_request_end_stream(req);
    conn->req = NULL;
    conn->idle_since_ms = now_us / 1000;
    br_http_request_release(req);
}

void
br_http_on_completed(
    void *cls,
    struct MHD_Connection *mhd,
    void **request_cls,
    enum MHD_RequestTerminationCode code)
{
    struct br_http_conn *conn = (struct br_http_conn *)*request_cls;
    (void)cls;
    (void)mhd;
    (void)code;
    if (conn != NULL) {
        br_http_exchange_end(conn);
    }
}

bool
br_http_exchange_abandon(struct br_http_conn *conn)
{
    struct br_http_request *kept = conn->req;
    int phase = atomic_load_explicit(&kept->phase, memory_order_acquire);
    if (phase != BR_HTTP_KEPT) {
        return false;
    }
    struct br_http_request *stand_in = br_http_request_new(conn->worker);
    if (stand_in == NULL) {
        return false; /* no memory: the next turn tries again */
    }
    /* What is read here must be read before the request is let go. */
    *stand_in = (struct br_http_request){
        .worker = conn->worker,
        .conn = conn,
        .mhd = conn->mhd,
        .route = kept->route,
        .begun = true,
        .counted = kept->counted,
        .suspended = kept->suspended,
        .method = kept->method,
        .started_us = kept->started_us,
        .arena = {.max = BR_HTTP_ARENA_BYTES_MAX},
        .answer = stand_in->answer,
        .body = stand_in->body,
    };
    if (!atomic_compare_exchange_strong_explicit(
            &kept->phase, &phase, BR_HTTP_GONE, memory_order_acq_rel,
            memory_order_acquire)) {
        br_http_request_free(stand_in);
        return false;
    }
    conn->req = stand_in;
    refuse_text(stand_in, 0, BR_ERR_STOPPING, "the node is stopping");
    stand_in->answer.close = true;
    MHD_resume_connection(conn->mhd);
    return true;
}
