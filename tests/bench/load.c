/*
 * A load generator for HTTP/1.1 with keep-alive: one thread, epoll, many
 * connections, each with one request under way.
 *
 * Closed loop (no --rate): a connection sends its next request as soon as the
 * answer is whole. Open loop (--rate N): requests are due at fixed times and
 * latency counts from when a request was due, so that a server that stalls
 * cannot hide it (no coordinated omission).
 *
 * "%064x" in the body is replaced by a number that never repeats.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 1024,
    ANSWER_BYTES_MAX = 64 * 1024,
    REQUEST_BYTES_MAX = 4096,
    SAMPLES_MAX = 8 * 1024 * 1024,
    EVENTS = 256,
};

struct options {
    const char *host;
    int port;
    const char *method;
    const char *path;
    const char *token;
    const char *body;
    int connections;
    double seconds;
    double rate; /**< requests a second; 0: closed loop */
};

struct connection {
    int fd;
    bool busy;
    uint64_t due_ns; /**< when the request was sent, or was due */
    size_t got;
    size_t want; /**< whole answer's length, 0 while its head is read */
    char answer[ANSWER_BYTES_MAX];
};

static struct options o = {
    .host = "127.0.0.1",
    .method = "GET",
    .path = "/livez",
    .connections = 64,
    .seconds = 5,
};
static struct connection *connections;
static uint32_t *samples_us;
static size_t sample_count;
static uint64_t answered;
static uint64_t failed;
static uint64_t counter;

static uint64_t
now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
die(const char *what)
{
    perror(what);
    exit(1);
}

static int
connect_one(void)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)o.port)};
    int one = 1;
    (void)inet_pton(AF_INET, o.host, &a.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
        die("connect");
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/** The body with its number; what has none is sent as it is. */
static size_t
make_body(char *out, size_t max)
{
    const char *at = o.body == NULL ? NULL : strstr(o.body, "%064x");
    if (o.body == NULL) {
        return 0;
    }
    if (at == NULL) {
        return (size_t)snprintf(out, max, "%s", o.body);
    }
    return (size_t)snprintf(
        out, max, "%.*s%048llx%016llx%s", (int)(at - o.body), o.body,
        (unsigned long long)getpid() * 0x9e3779b97f4a7c15ull,
        (unsigned long long)counter++, at + 5);
}

static void
send_request(struct connection *c, uint64_t due_ns)
{
    char body[2048];
    char request[REQUEST_BYTES_MAX];
    size_t n = make_body(body, sizeof(body));
    int length = snprintf(
        request, sizeof(request),
        "%s %s HTTP/1.1\r\nHost: %s\r\n%s%s%s%sContent-Length: %zu\r\n\r\n%.*s",
        o.method, o.path, o.host,
        o.token == NULL ? "" : "Authorization: Bearer ",
        o.token == NULL ? "" : o.token, o.token == NULL ? "" : "\r\n",
        o.body == NULL ? "" : "Content-Type: application/json\r\n", n, (int)n,
        body);
    c->busy = true;
    c->due_ns = due_ns;
    c->got = 0;
    c->want = 0;
    if (write(c->fd, request, (size_t)length) != length) {
        die("write"); /* a request is far smaller than a socket's buffer */
    }
}

/** The whole answer's length, once its head has arrived. */
static size_t
whole_length(const struct connection *c)
{
    const char *end = (const char *)memmem(c->answer, c->got, "\r\n\r\n", 4);
    if (end == NULL) {
        return 0;
    }
    const char *p = c->answer;
    while (p < end) {
        if (strncasecmp(p, "Content-Length:", 15) == 0) {
            return (size_t)(end - c->answer) + 4 +
                   (size_t)strtoul(p + 15, NULL, 10);
        }
        p = (const char *)memchr(p, '\n', (size_t)(end - p));
        if (p == NULL) {
            break;
        }
        p++;
    }
    return (size_t)(end - c->answer) + 4;
}

static void
finish(struct connection *c)
{
    uint64_t us = (now_ns() - c->due_ns) / 1000;
    c->busy = false;
    answered++;
    failed += c->answer[9] != '2';
    if (sample_count < SAMPLES_MAX) {
        samples_us[sample_count++] =
            us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
    }
}

/** True when the answer is whole. */
static bool
receive(struct connection *c)
{
    ssize_t n = read(c->fd, c->answer + c->got, ANSWER_BYTES_MAX - c->got);
    if (n < 0 && errno == EAGAIN) {
        return false;
    }
    if (n <= 0) {
        die("the server closed a connection");
    }
    c->got += (size_t)n;
    if (c->want == 0) {
        c->want = whole_length(c);
    }
    if (c->want == 0 || c->got < c->want) {
        return false;
    }
    finish(c);
    return true;
}

static void
send_due(uint64_t begin_ns, uint64_t *next)
{
    uint64_t now = now_ns();
    for (int i = 0; i < o.connections; i++) {
        uint64_t due = begin_ns + (uint64_t)((double)*next * 1e9 / o.rate);
        if (due > now) {
            return;
        }
        if (!connections[i].busy) {
            send_request(&connections[i], due);
            (*next)++;
        }
    }
}

static void
loop(int ep)
{
    struct epoll_event events[EVENTS];
    uint64_t begin = now_ns();
    uint64_t end = begin + (uint64_t)(o.seconds * 1e9);
    uint64_t next = 0;
    for (int i = 0; o.rate <= 0 && i < o.connections; i++) {
        send_request(&connections[i], now_ns());
    }
    while (now_ns() < end) {
        if (o.rate > 0) {
            send_due(begin, &next);
        }
        int n = epoll_wait(ep, events, EVENTS, o.rate > 0 ? 1 : 100);
        for (int i = 0; i < n; i++) {
            struct connection *c = (struct connection *)events[i].data.ptr;
            if (receive(c) && o.rate <= 0) {
                send_request(c, now_ns());
            }
        }
    }
}

static int
by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double
percentile_ms(double p)
{
    size_t i = (size_t)(p * (double)sample_count);
    i = i >= sample_count ? sample_count - 1 : i;
    return sample_count == 0 ? 0 : samples_us[i] / 1000.0;
}

static void
report(double seconds)
{
    qsort(samples_us, sample_count, sizeof(*samples_us), by_value);
    printf(
        "%10.0f requests/s  p50 %7.3f ms  p99 %7.3f ms  p99.9 %7.3f ms  "
        "max %7.3f ms  %llu answered, %llu not 2xx\n",
        (double)answered / seconds, percentile_ms(0.5), percentile_ms(0.99),
        percentile_ms(0.999), percentile_ms(1), (unsigned long long)answered,
        (unsigned long long)failed);
}

static void
parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"host", 1, NULL, 'h'},        {"port", 1, NULL, 'p'},
        {"method", 1, NULL, 'm'},      {"path", 1, NULL, 'u'},
        {"token", 1, NULL, 't'},       {"body", 1, NULL, 'b'},
        {"connections", 1, NULL, 'c'}, {"seconds", 1, NULL, 's'},
        {"rate", 1, NULL, 'r'},        {NULL, 0, NULL, 0},
    };
    int c;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'h':
            o.host = optarg;
            break;
        case 'p':
            o.port = atoi(optarg);
            break;
        case 'm':
            o.method = optarg;
            break;
        case 'u':
            o.path = optarg;
            break;
        case 't':
            o.token = optarg;
            break;
        case 'b':
            o.body = optarg;
            break;
        case 'c':
            o.connections = atoi(optarg);
            break;
        case 's':
            o.seconds = atof(optarg);
            break;
        case 'r':
            o.rate = atof(optarg);
            break;
        default:
            exit(2);
        }
    }
    if (o.port == 0 || o.connections < 1 || o.connections > CONNECTIONS_MAX ||
        o.seconds > 600 || strncmp(o.host, "127.", 4) != 0) {
        (void)fprintf(
            stderr,
            "load --port N [--connections 1..%d] [--seconds ..600]; "
            "loopback only\n",
            CONNECTIONS_MAX);
        exit(2);
    }
}

int
main(int argc, char **argv)
{
    parse(argc, argv);
    connections = (struct connection *)calloc(
        (size_t)o.connections, sizeof(*connections));
    samples_us = (uint32_t *)malloc(SAMPLES_MAX * sizeof(*samples_us));
    int ep = epoll_create1(EPOLL_CLOEXEC);
    if (connections == NULL || samples_us == NULL || ep < 0) {
        die("memory");
    }
    counter = now_ns();
    for (int i = 0; i < o.connections; i++) {
        struct epoll_event e = {.events = EPOLLIN};
        e.data.ptr = &connections[i];
        connections[i].fd = connect_one();
        if (epoll_ctl(ep, EPOLL_CTL_ADD, connections[i].fd, &e) != 0) {
            die("epoll_ctl");
        }
    }
    uint64_t begin = now_ns();
    loop(ep);
    report((double)(now_ns() - begin) / 1e9);
    return failed > 0;
}
