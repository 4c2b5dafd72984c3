/*
 * A load generator for HTTP/1.1 with keep-alive: one thread, epoll, many
 * connections, each with one request under way.
 *
 * Closed loop (no --rate): a connection sends its next request as soon as the
 * answer is whole. Open loop (--rate N): requests are due at fixed times and
 * latency counts from when a request was due, so that a server that stalls
 * cannot hide it (no coordinated omission).
 *
 * "%064x" in the body is replaced by a number that never repeats. A body from a
 * file may be binary: --fresh OFFSET:BYTES overwrites that part of it with such
 * a number (once or twice: an RFC 3161 request has a digest and a nonce).
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
    FRESH_MAX = 2,
    HEX_BYTES = 64, /**< that "%064x" becomes */
};

/** A part of the body that differs in every request. */
struct fresh {
    size_t offset;
    size_t bytes;
};

struct options {
    const char *host;
    int port;
    const char *method;
    const char *path;
    const char *token;
    const char *body;
    size_t body_bytes;
    const char *type;
    struct fresh fresh[FRESH_MAX];
    int fresh_count;
    size_t least_bytes; /**< a shorter answer is a failure */
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
    .type = "application/json",
    .connections = 64,
    .seconds = 5,
};
static struct connection *connections;
static uint32_t *samples_us;
static size_t sample_count;
static uint64_t answered;
static uint64_t failed;
static uint64_t counter;
static uint64_t run_number;
static char request[REQUEST_BYTES_MAX];
static size_t head_bytes;
static const char *number_at; /**< the digits' place in o.body */

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

/** Big-endian, the last `n` bytes of a number that never repeats. */
static void
put_number(uint8_t *out, size_t n)
{
    uint64_t low = counter++;
    uint64_t high = run_number;
    for (size_t i = n; i-- > 0;) {
        out[i] = (uint8_t)low;
        low = low >> 8 | high << 56;
        high >>= 8;
    }
}

/** The body with its number; what has none is sent as it is. */
static void
put_body(char *out)
{
    static const char digits[] = "0123456789abcdef";
    memcpy(out, o.body, o.body_bytes);
    for (int i = 0; i < o.fresh_count; i++) {
        put_number((uint8_t *)out + o.fresh[i].offset, o.fresh[i].bytes);
    }
    if (number_at != NULL) {
        uint8_t number[HEX_BYTES / 2];
        put_number(number, sizeof(number));
        char *hex = out + (number_at - o.body);
        for (size_t i = 0; i < sizeof(number); i++) {
            *hex++ = digits[number[i] >> 4];
            *hex++ = digits[number[i] & 15];
        }
    }
}

/** All requests have the same head. */
static void
make_head(void)
{
    int n = snprintf(
        request, sizeof(request),
        "%s %s HTTP/1.1\r\nHost: %s\r\n%s%s%s%s%s%s"
        "Content-Length: %zu\r\n\r\n",
        o.method, o.path, o.host,
        o.token == NULL ? "" : "Authorization: Bearer ",
        o.token == NULL ? "" : o.token, o.token == NULL ? "" : "\r\n",
        o.body == NULL ? "" : "Content-Type: ", o.body == NULL ? "" : o.type,
        o.body == NULL ? "" : "\r\n", o.body_bytes);
    if (n < 0 || (size_t)n + o.body_bytes > sizeof(request)) {
        (void)fprintf(stderr, "the request is too long\n");
        exit(2);
    }
    head_bytes = (size_t)n;
}

static void
send_request(struct connection *c, uint64_t due_ns)
{
    size_t n = head_bytes + o.body_bytes;
    if (o.body != NULL) {
        put_body(request + head_bytes);
    }
    c->busy = true;
    c->due_ns = due_ns;
    c->got = 0;
    c->want = 0;
    if (write(c->fd, request, n) != (ssize_t)n) {
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
    failed += c->answer[9] != '2' || c->got < o.least_bytes;
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

static uint64_t
due_ns(uint64_t begin_ns, uint64_t nth)
{
    return begin_ns + (uint64_t)((double)nth * 1e9 / o.rate);
}

static void
send_due(uint64_t begin_ns, uint64_t *next)
{
    uint64_t now = now_ns();
    for (int i = 0; i < o.connections; i++) {
        uint64_t due = due_ns(begin_ns, *next);
        if (due > now) {
            return;
        }
        if (!connections[i].busy) {
            send_request(&connections[i], due);
            (*next)++;
        }
    }
}

/** Until something arrives, the next request is due, or 100 ms have passed. */
static int
wait_events(int ep, struct epoll_event *events, uint64_t due)
{
    uint64_t now = now_ns();
    uint64_t wait = due > now ? due - now : 0;
    struct timespec t = {
        .tv_nsec = (long)(wait > 100000000u ? 100000000u : wait)};
    return epoll_pwait2(ep, events, EVENTS, &t, NULL);
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
        int n = wait_events(
            ep, events, o.rate > 0 ? due_ns(begin, next) : UINT64_MAX);
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
        "max %7.3f ms  %llu answered, %llu wrong\n",
        (double)answered / seconds, percentile_ms(0.5), percentile_ms(0.99),
        percentile_ms(0.999), percentile_ms(1), (unsigned long long)answered,
        (unsigned long long)failed);
}

static void
usage(void)
{
    (void)fprintf(
        stderr,
        "load --port N [--host 127.x] [--method M] [--path P] [--token T]\n"
        "     [--body TEXT | --body-file FILE [--fresh OFFSET:BYTES]...]\n"
        "     [--type MEDIA-TYPE] [--least ANSWER-BYTES] [--rate PER-SECOND]\n"
        "     [--connections 1..%d] [--seconds ..600]\n"
        "loopback only\n",
        CONNECTIONS_MAX);
    exit(2);
}

static void
take_file(const char *path)
{
    static char bytes[REQUEST_BYTES_MAX];
    FILE *f = fopen(path, "rbe");
    if (f == NULL) {
        die(path);
    }
    o.body = bytes;
    o.body_bytes = fread(bytes, 1, sizeof(bytes), f);
    (void)fclose(f);
}

/** "%064x" makes room for as many digits. */
static void
take_text(const char *text)
{
    static char bytes[REQUEST_BYTES_MAX];
    const char *at = strstr(text, "%064x");
    o.body = bytes;
    if (at == NULL) {
        o.body_bytes = (size_t)snprintf(bytes, sizeof(bytes), "%s", text);
    } else {
        o.body_bytes = (size_t)snprintf(
            bytes, sizeof(bytes), "%.*s%*s%s", (int)(at - text), text,
            HEX_BYTES, "", at + 5);
        number_at = bytes + (at - text);
    }
    if (o.body_bytes >= sizeof(bytes)) {
        usage();
    }
}

static void
take_fresh(const char *text)
{
    char *end = NULL;
    struct fresh f = {.offset = strtoul(text, &end, 10)};
    if (*end != ':' || o.fresh_count == FRESH_MAX) {
        usage();
    }
    f.bytes = strtoul(end + 1, NULL, 10);
    o.fresh[o.fresh_count++] = f;
}

static void
take_option(int c)
{
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
        take_text(optarg);
        break;
    case 'B':
        take_file(optarg);
        break;
    case 'f':
        take_fresh(optarg);
        break;
    case 'T':
        o.type = optarg;
        break;
    case 'l':
        o.least_bytes = strtoul(optarg, NULL, 10);
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
        usage();
    }
}

static void
parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"host", 1, NULL, 'h'},        {"port", 1, NULL, 'p'},
        {"method", 1, NULL, 'm'},      {"path", 1, NULL, 'u'},
        {"token", 1, NULL, 't'},       {"body", 1, NULL, 'b'},
        {"body-file", 1, NULL, 'B'},   {"fresh", 1, NULL, 'f'},
        {"type", 1, NULL, 'T'},        {"least", 1, NULL, 'l'},
        {"connections", 1, NULL, 'c'}, {"seconds", 1, NULL, 's'},
        {"rate", 1, NULL, 'r'},        {NULL, 0, NULL, 0},
    };
    int c;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        take_option(c);
    }
    if (o.port == 0 || o.connections < 1 || o.connections > CONNECTIONS_MAX ||
        o.seconds > 600 || strncmp(o.host, "127.", 4) != 0) {
        usage();
    }
    for (int i = 0; i < o.fresh_count; i++) {
        if (o.fresh[i].offset + o.fresh[i].bytes > o.body_bytes) {
            usage();
        }
    }
}

int
main(int argc, char **argv)
{
    parse(argc, argv);
    make_head();
    run_number = now_ns() ^ (uint64_t)getpid() << 40;
    connections = (struct connection *)calloc(
        (size_t)o.connections, sizeof(*connections));
    samples_us = (uint32_t *)malloc(SAMPLES_MAX * sizeof(*samples_us));
    int ep = epoll_create1(EPOLL_CLOEXEC);
    if (connections == NULL || samples_us == NULL || ep < 0) {
        die("memory");
    }
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
