/* A worker: one thread, one libmicrohttpd daemon, its connections.
 *
 * The thread drives the daemon itself (no thread of libmicrohttpd's own), so
 * that between two turns it can resume answered requests in one go, and look
 * once a second for connections that are idle or too slow.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/net/http_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/assert.h"

enum {
    SWEEP_MS = 1000,
    /* While stopping: often enough to notice, seldom enough to be cheap. */
    STOPPING_TURN_MS = 5,
    STOPPING_MAX_MS = 1000,
    /* libmicrohttpd refuses without a word past its own limit; these are let
     * in only to be told 503. */
    SPARE_CONNECTIONS = 64,
};

static uint64_t
now_ms(void)
{
    return br_http_now_us() / 1000;
}

/* ---- connections --------------------------------------------------------- */

static void
link_conn(struct br_http_worker *w, struct br_http_conn *conn)
{
    conn->next = w->conns;
    if (w->conns != NULL) {
        w->conns->prev = conn;
    }
    w->conns = conn;
    w->conn_count++;
}

static void
unlink_conn(struct br_http_worker *w, struct br_http_conn *conn)
{
    if (conn->prev != NULL) {
        conn->prev->next = conn->next;
    } else {
        w->conns = conn->next;
    }
    if (conn->next != NULL) {
        conn->next->prev = conn->prev;
    }
    w->conn_count--;
}

static struct br_http_conn *
new_conn(struct br_http_worker *w, struct MHD_Connection *mhd)
{
    struct br_http_conn *conn = (struct br_http_conn *)calloc(1, sizeof(*conn));
    if (conn == NULL) {
        return NULL;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    conn->fd = info->connect_fd;
    conn->mhd = mhd;
    conn->worker = w;
    conn->idle_since_ms = now_ms();
    conn->over_limit = w->conn_count >= w->server->conns_per_worker;
    link_conn(w, conn);
    return conn;
}

static void
on_connection(
    void *cls,
    struct MHD_Connection *mhd,
    void **socket_cls,
    enum MHD_ConnectionNotificationCode code)
{
    struct br_http_worker *w = (struct br_http_worker *)cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_cls = new_conn(w, mhd);
        return;
    }
    struct br_http_conn *conn = (struct br_http_conn *)*socket_cls;
    if (conn != NULL) {
        br_http_exchange_end(conn);
        unlink_conn(w, conn);
        free(conn);
        *socket_cls = NULL;
    }
}

/* ---- slow and idle ones -------------------------------------------------- */

static bool
too_slow(
    uint64_t elapsed_ms, uint64_t bytes, uint64_t bytes_per_s, uint64_t free_ms)
{
    return elapsed_ms > free_ms + bytes * 1000 / bytes_per_s;
}

/** libmicrohttpd cannot answer a request that is not whole, and has sent
 *  nothing for it yet: so this goes out beside it. */
static void
tell_timeout(const struct br_http_conn *conn)
{
    struct br_err err;
    struct br_buf body;
    struct br_buf all;
    (void)br_fail(
        &err, BR_ERR_TIMEOUT, "%s", br_err_info(BR_ERR_TIMEOUT)->text);
    br_buf_init(&body, BR_HTTP_ANSWER_HEAD_BYTES_MAX);
    br_buf_init(&all, BR_HTTP_ANSWER_HEAD_BYTES_MAX);
    br_problem_put(&body, &err, 0);
    br_buf_printf(
        &all,
        "HTTP/1.1 408 Request Timeout\r\n"
        "Content-Type: application/problem+json\r\n"
        "Content-Length: %zu\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "Connection: close\r\n\r\n",
        body.n);
    br_buf_put(&all, body.p, body.n);
    if (!body.failed && !all.failed) {
        (void)send(conn->fd, all.p, all.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    br_buf_fini(&body);
    br_buf_fini(&all);
}

static void
sweep_conn(struct br_http_conn *conn, uint64_t now)
{
    const struct br_http_server *s = conn->worker->server;
    const struct br_http_request *req = conn->req;
    uint64_t idle = s->idle_timeout_ms;
    bool cut = false;
    if (req == NULL) {
        cut = now - conn->idle_since_ms > idle;
    } else {
        int phase = atomic_load_explicit(&req->phase, memory_order_acquire);
        if (phase == BR_HTTP_RECEIVING || (req->refused && !req->answered_ms)) {
            cut = now - req->progress_ms > idle ||
                  too_slow(
                      now - req->started_us / 1000, req->received,
                      BR_HTTP_RECEIVE_BYTES_PER_S, idle);
            if (cut && s->options.tls_certificate_pem == NULL) {
                tell_timeout(conn);
            }
        } else if (phase == BR_HTTP_ANSWERED && req->answered_ms != 0) {
            cut = too_slow(
                now - req->answered_ms, req->answer.n + req->sent,
                BR_HTTP_SEND_BYTES_PER_S, idle);
        }
    }
    if (cut) {
        conn->cut = true;
        (void)shutdown(conn->fd, SHUT_RDWR);
    }
}

static void
sweep(struct br_http_worker *w)
{
    uint64_t now = now_ms();
    if (now - w->swept_ms < SWEEP_MS) {
        return;
    }
    w->swept_ms = now;
    for (struct br_http_conn *c = w->conns; c != NULL; c = c->next) {
        if (!c->cut) {
            sweep_conn(c, now);
        }
    }
}

/* ---- answers from other threads ------------------------------------------ */

static void
ring(const struct br_http_worker *w)
{
    const uint64_t one = 1;
    /* It can only fail when the counter is full: it rings already then. */
    (void)!write(w->bell_fd, &one, sizeof(one));
}

void
br_http_worker_hand_back(struct br_http_request *req)
{
    struct br_http_worker *w = req->worker;
    req->next = NULL;
    (void)pthread_mutex_lock(&w->lock);
    bool first = w->answered == NULL;
    if (first) {
        w->answered = req;
    } else {
        w->answered_last->next = req;
    }
    w->answered_last = req;
    if (first) {
        /* Inside the lock: afterwards the worker may be gone. */
        ring(w);
    }
    (void)pthread_mutex_unlock(&w->lock);
}

static void
resume_answered(struct br_http_worker *w)
{
    (void)pthread_mutex_lock(&w->lock);
    struct br_http_request *req = w->answered;
    w->answered = NULL;
    (void)pthread_mutex_unlock(&w->lock);
    while (req != NULL) {
        struct br_http_request *next = req->next;
        MHD_resume_connection(req->mhd);
        req = next;
    }
}

/* ---- the thread ---------------------------------------------------------- */

/** One turn: wait for the daemon's sockets or the bell, then let the daemon do
 *  what there is to do.
 *
 *  The waiting is done here because libmicrohttpd 0.9.75, when 128 sockets are
 *  ready at once, waits a second time before it looks at them. */
static void
turn(struct br_http_worker *w, int wait_ms)
{
    MHD_UNSIGNED_LONG_LONG daemon_ms = 0;
    if (MHD_get_timeout(w->daemon, &daemon_ms) == MHD_YES &&
        daemon_ms < (unsigned)wait_ms) {
        wait_ms = (int)daemon_ms;
    }
    struct pollfd fds[2] = {
        {.fd = w->epoll_fd, .events = POLLIN},
        {.fd = w->bell_fd, .events = POLLIN},
    };
    if (poll(fds, 2, wait_ms) > 0 && (fds[1].revents & POLLIN) != 0) {
        uint64_t rings = 0;
        (void)!read(w->bell_fd, &rings, sizeof(rings));
    }
    resume_answered(w);
    (void)MHD_run_wait(w->daemon, 0);
}

static void
abandon_kept(struct br_http_worker *w)
{
    for (struct br_http_conn *c = w->conns; c != NULL; c = c->next) {
        if (c->req != NULL) {
            (void)br_http_exchange_abandon(c);
        }
    }
}

/** libmicrohttpd must not be stopped while a connection is suspended. Answers
 *  that are ready get a moment to go out. */
static void
wind_down(struct br_http_worker *w)
{
    uint64_t began = now_ms();
    for (;;) {
        abandon_kept(w);
        turn(w, STOPPING_TURN_MS);
        size_t busy = atomic_load_explicit(&w->in_flight, memory_order_relaxed);
        bool late = now_ms() - began > STOPPING_MAX_MS;
        if (w->suspended == 0 && (busy == 0 || late)) {
            break;
        }
    }
    MHD_stop_daemon(w->daemon);
    w->daemon = NULL;
}

static void *
work(void *ctx)
{
    struct br_http_worker *w = (struct br_http_worker *)ctx;
    struct br_http_server *s = w->server;
    while (!atomic_load_explicit(&s->stopping, memory_order_acquire)) {
        turn(w, SWEEP_MS);
        sweep(w);
    }
    wind_down(w);
    return NULL;
}

/** Parameters are decoded by us, after the path has been cut into segments. */
static size_t
leave_escaped(void *cls, struct MHD_Connection *mhd, char *s)
{
    (void)cls;
    (void)mhd;
    return strlen(s);
}

static void
stay_silent(void *cls, const char *fmt, va_list args)
{
    (void)cls;
    (void)fmt;
    (void)args;
}

static struct MHD_Daemon *
start_daemon(struct br_http_worker *w)
{
    struct br_http_server *s = w->server;
    const struct br_http_server_options *o = &s->options;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0,
         (void *)(uintptr_t)o->tls_certificate_pem},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)o->tls_key_pem},
        {MHD_OPTION_END, 0, NULL},
    };
    bool has_tls = o->tls_certificate_pem != NULL;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_ERROR_LOG | (has_tls ? MHD_USE_TLS : 0);
    return MHD_start_daemon(
        flags, 0, NULL, NULL, br_http_on_request, w, MHD_OPTION_EXTERNAL_LOGGER,
        stay_silent, NULL, MHD_OPTION_LISTEN_SOCKET, w->listen_fd,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)BR_HTTP_CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_LIMIT, s->conns_per_worker + SPARE_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, br_http_on_uri, w,
        MHD_OPTION_NOTIFY_COMPLETED, br_http_on_completed, w,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, w, MHD_OPTION_ARRAY,
        has_tls ? tls : &tls[2], MHD_OPTION_END);
}

enum br_rc
br_http_worker_start(
    struct br_http_worker *w, struct br_http_server *s, struct br_err *reterr)
{
    w->server = s;
    w->swept_ms = now_ms();
    (void)pthread_mutex_init(&w->lock, NULL);
    w->listen_fd = dup(s->listen_fd);
    if (w->listen_fd < 0) {
        return br_fail(
            reterr, BR_ERR_NETWORK, "listening socket: %s", strerror(errno));
    }
    w->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->bell_fd < 0) {
        return br_fail(
            reterr, BR_ERR_NETWORK, "wake-up channel: %s", strerror(errno));
    }
    w->daemon = start_daemon(w);
    if (w->daemon == NULL) {
        (void)close(w->listen_fd);
        w->listen_fd = -1;
        return br_fail(
            reterr, BR_ERR_NETWORK, "the HTTP server cannot start on %s%s",
            s->address,
            s->options.tls_certificate_pem == NULL
                ? ""
                : ": check the TLS certificate and key");
    }
    w->epoll_fd =
        MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    if (pthread_create(&w->thread, NULL, work, w) != 0) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no thread for HTTP");
    }
    w->thread_runs = true;
    return BR_OK;
}

void
br_http_worker_quiesce(struct br_http_worker *w)
{
    if (w->daemon != NULL && w->listen_fd >= 0 &&
        MHD_quiesce_daemon(w->daemon) >= 0) {
        (void)close(w->listen_fd);
        w->listen_fd = -1;
    }
}

void
br_http_worker_join(struct br_http_worker *w)
{
    if (w->thread_runs) {
        ring(w);
        (void)pthread_join(w->thread, NULL);
    } else if (w->daemon != NULL) {
        MHD_stop_daemon(w->daemon);
    }
    while (w->pool != NULL) {
        struct br_http_request *next = w->pool->next;
        br_http_request_free(w->pool);
        w->pool = next;
    }
    if (w->bell_fd >= 0) {
        (void)close(w->bell_fd);
    }
    (void)pthread_mutex_destroy(&w->lock);
}
