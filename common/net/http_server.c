/* The server as a whole: address, limits, workers.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/net/http_server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/net/http_internal.h"

enum {
    CONNECTIONS_DEFAULT = 16384,
    IDLE_TIMEOUT_DEFAULT_S = 30,
    BACKLOG = 4096,
    /* Descriptors that are not connections: database, logs, clients. */
    OTHER_DESCRIPTORS = 256,
    CONNECTIONS_MIN = 16,
};

uint64_t
br_http_now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- address ------------------------------------------------------------- */

/** "host:port" or "[host]:port" into two strings of 128 bytes. */
static enum br_rc
split_address(const char *listen, char *host, char *port, struct br_err *reterr)
{
    const char *colon = strrchr(listen, ':');
    size_t n = colon == NULL ? 0 : (size_t)(colon - listen);
    bool bracketed = n > 1 && listen[0] == '[' && listen[n - 1] == ']';
    if (bracketed) {
        listen++;
        n -= 2;
    }
    if (colon == NULL || n == 0 || n >= 128 || strlen(colon + 1) >= 128 ||
        colon[1] == '\0' || (!bracketed && memchr(listen, ':', n) != NULL)) {
        return br_fail(
            reterr, BR_ERR_CONFIG,
            "listen address \"%s\": write HOST:PORT or [IPv6]:PORT", listen);
    }
    memcpy(host, listen, n);
    host[n] = '\0';
    (void)stpcpy(port, colon + 1);
    return BR_OK;
}

static int
listen_on(const struct addrinfo *a)
{
    int one = 1;
    int fd =
        socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (a->ai_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    }
    /* Inherited by what is accepted: small answers go out at once. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int saved = errno;
        (void)close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

/** What the kernel bound, as text. */
static void
tell_address(struct br_http_server *s)
{
    struct sockaddr_storage a = {0};
    socklen_t n = sizeof(a);
    char host[80] = "?";
    char port[16] = "0";
    (void)getsockname(s->listen_fd, (struct sockaddr *)&a, &n);
    (void)getnameinfo(
        (const struct sockaddr *)&a, n, host, sizeof(host), port, sizeof(port),
        NI_NUMERICHOST | NI_NUMERICSERV);
    bool six = a.ss_family == AF_INET6;
    (void)snprintf(
        s->address, sizeof(s->address), "%s%s%s:%s", six ? "[" : "", host,
        six ? "]" : "", port);
}

static enum br_rc
open_socket(struct br_http_server *s, struct br_err *reterr)
{
    char host[128];
    char port[128];
    const char *listen_text = s->options.listen;
    BR_TRY(split_address(listen_text, host, port, reterr));
    struct addrinfo hints = {
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(host, port, &hints, &list);
    if (rc != 0) {
        return br_fail(
            reterr, BR_ERR_CONFIG, "listen address \"%s\": %s", listen_text,
            gai_strerror(rc));
    }
    s->listen_fd = -1;
    for (struct addrinfo *a = list; a != NULL && s->listen_fd < 0;
         a = a->ai_next) {
        s->listen_fd = listen_on(a);
    }
    int saved = errno;
    freeaddrinfo(list);
    if (s->listen_fd < 0) {
        return br_fail(
            reterr, BR_ERR_NETWORK, "cannot listen on %s: %s", listen_text,
            strerror(saved));
    }
    tell_address(s);
    return BR_OK;
}

/* ---- limits -------------------------------------------------------------- */

/** As many descriptors as we may have; how many of them may be connections. */
static unsigned
connections_allowed(unsigned wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return wanted;
    }
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
        limit.rlim_cur >= (rlim_t)wanted + OTHER_DESCRIPTORS) {
        return wanted;
    }
    unsigned have = (unsigned)limit.rlim_cur;
    return have > OTHER_DESCRIPTORS + CONNECTIONS_MIN ? have - OTHER_DESCRIPTORS
                                                      : CONNECTIONS_MIN;
}

static void
set_limits(struct br_http_server *s)
{
    const struct br_http_server_options *o = &s->options;
    unsigned threads = o->threads == 0 ? 1 : o->threads;
    unsigned wanted =
        o->connections_max == 0 ? CONNECTIONS_DEFAULT : o->connections_max;
    unsigned idle_s =
        o->idle_timeout_s == 0 ? IDLE_TIMEOUT_DEFAULT_S : o->idle_timeout_s;
    s->worker_count =
        threads < BR_HTTP_WORKERS_MAX ? threads : BR_HTTP_WORKERS_MAX;
    s->conns_per_worker =
        (connections_allowed(wanted) + s->worker_count - 1) / s->worker_count;
    s->idle_timeout_ms = (uint64_t)idle_s * 1000;
}

/* ---- start and stop ------------------------------------------------------ */

static enum br_rc
start(struct br_http_server *s, struct br_err *reterr)
{
    const struct br_http_server_options *o = &s->options;
    s->router = br_router_new(o->routes, o->route_count);
    if (s->router == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for routes");
    }
    BR_TRY(open_socket(s, reterr));
    for (unsigned i = 0; i < s->worker_count; i++) {
        BR_TRY(br_http_worker_start(&s->workers[i], s, reterr));
    }
    return BR_OK;
}

enum br_rc
br_http_server_start(
    const struct br_http_server_options *options,
    struct br_http_server **ret,
    struct br_err *reterr)
{
    struct br_http_server *s = (struct br_http_server *)calloc(1, sizeof(*s));
    if (s == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for the server");
    }
    s->options = *options;
    s->listen_fd = -1;
    for (unsigned i = 0; i < BR_HTTP_WORKERS_MAX; i++) {
        s->workers[i].listen_fd = -1;
        s->workers[i].bell_fd = -1;
    }
    set_limits(s);
    enum br_rc rc = start(s, reterr);
    if (rc != BR_OK) {
        br_http_server_stop(s);
        return rc;
    }
    *ret = s;
    return BR_OK;
}

const char *
br_http_server_address(const struct br_http_server *s)
{
    return s->address;
}

void
br_http_server_quiesce(struct br_http_server *s)
{
    if (atomic_exchange(&s->quiesced, true)) {
        return;
    }
    for (unsigned i = 0; i < s->worker_count; i++) {
        br_http_worker_quiesce(&s->workers[i]);
    }
    if (s->listen_fd >= 0) {
        (void)close(s->listen_fd);
        s->listen_fd = -1;
    }
}

size_t
br_http_server_in_flight(const struct br_http_server *s)
{
    size_t n = 0;
    for (unsigned i = 0; i < s->worker_count; i++) {
        n += atomic_load_explicit(
            &s->workers[i].in_flight, memory_order_relaxed);
    }
    return n;
}

void
br_http_server_stop(struct br_http_server *s)
{
    if (s == NULL) {
        return;
    }
    br_http_server_quiesce(s);
    /* Not before: from here on the workers end their daemons. */
    atomic_store_explicit(&s->stopping, true, memory_order_release);
    for (unsigned i = 0; i < s->worker_count; i++) {
        br_http_worker_join(&s->workers[i]);
    }
    br_router_free(s->router);
    free(s);
}
