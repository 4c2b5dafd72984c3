/*
 * The whole /credential request over HTTP, against the cryptography that it
 * cannot do without: two verifications (the DPoP proof, the proof of the
 * holder's key) and one signature, at the bare rates of OpenSSL, measured in
 * the same run on the daemon's core while it rests.
 *
 *   issue_bench DATA URL PID CORE REQUESTS CONNECTIONS
 *
 * Beforehand, and not measured: offers, access tokens and refresh tokens are
 * written into the body's store, each for a wallet with a DPoP key of its own;
 * nonces are
 * fetched from the daemon; proofs are signed, of a new key each. Then one
 * thread sends them, each connection its next request when it has its answer.
 * An answer counts when it is 200 and holds a credential.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/json_write.h"
#include "common/credential/vci.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"
#include "orchestrator/store/renewals.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define TYPE "bench"
enum {
    REQUESTS_MAX = 200000,
    CONNECTIONS_MAX = 256,
    ANSWER_BYTES_MAX = 64 * 1024,
    REQUEST_BYTES_MAX = 8192,
    SLICES = 10,
};

static struct br_err err;
static const char *url;
static int port;
static size_t count;
static char (*tokens)[BR_ORCH_SECRET_TEXT_BYTES];
static char (*nonces)[128];
static char **dpops;    /**< proofs */
static char **requests; /**< whole, ready to be sent */

static void
must(bool good, const char *what)
{
    if (!good) {
        (void)fprintf(stderr, "issue_bench: %s %s\n", what, err.text);
        exit(1);
    }
}

static double
clock_of(clockid_t id)
{
    struct timespec t;
    (void)clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
pin(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)core, &set);
    must(sched_setaffinity(0, sizeof(set), &set) == 0, "sched_setaffinity");
}

/* ---- bare OpenSSL ------------------------------------------------------- */

static EVP_PKEY *bare;
static uint8_t bare_sig[128];
static size_t bare_sig_n;
static uint8_t bare_message[512];

static void
bare_sign(EVP_MD_CTX *c)
{
    bare_sig_n = sizeof(bare_sig);
    must(
        EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, bare) == 1 &&
            EVP_DigestSign(
                c, bare_sig, &bare_sig_n, bare_message, sizeof(bare_message)) ==
                1,
        "signing");
}

static void
bare_verify(EVP_MD_CTX *c)
{
    must(
        EVP_DigestVerifyInit(c, NULL, EVP_sha256(), NULL, bare) == 1 &&
            EVP_DigestVerify(
                c, bare_sig, bare_sig_n, bare_message, sizeof(bare_message)) ==
                1,
        "verifying");
}

/** Seconds for one, the best of some slices. */
static double
cost(void (*once)(EVP_MD_CTX *c))
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    double best = 1;
    for (int s = 0; s < SLICES; s++) {
        double begin = clock_of(CLOCK_MONOTONIC);
        int n = 0;
        while (clock_of(CLOCK_MONOTONIC) - begin < 0.2) {
            once(c);
            n++;
        }
        double each = (clock_of(CLOCK_MONOTONIC) - begin) / n;
        best = each < best ? each : best;
    }
    EVP_MD_CTX_free(c);
    return best;
}

static double sign_s = 1;
static double verify_s = 1;

/** On the daemon's core, while it rests: before the run, and after. The faster
 *  counts, since the machine's speed changes. */
static void
measure_bare(int core)
{
    pin(core);
    double sign = cost(bare_sign);
    double verify = cost(bare_verify);
    sign_s = sign < sign_s ? sign : sign_s;
    verify_s = verify < verify_s ? verify : verify_s;
    pin(1 - core);
}

/* ---- connections -------------------------------------------------------- */

struct connection {
    int fd;
    size_t next; /**< the request that is under way */
    size_t sent;
    size_t have;
    char answer[ANSWER_BYTES_MAX];
};

static int
dial(void)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(
        fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0,
        "no connection");
    return fd;
}

/** The body of a whole answer, or NULL: more is to come. */
static const char *
whole(struct connection *c, size_t *ret_n)
{
    c->answer[c->have] = '\0';
    const char *body = strstr(c->answer, "\r\n\r\n");
    const char *length = strcasestr(c->answer, "\r\nContent-Length:");
    if (body == NULL || length == NULL || length > body) {
        return NULL;
    }
    body += 4;
    *ret_n = strtoul(length + 17, NULL, 10);
    return (size_t)(c->answer + c->have - body) >= *ret_n ? body : NULL;
}

/** Send a request on a connection that waits, and wait for its answer. */
static const char *
call(struct connection *c, const char *request, size_t *ret_n)
{
    const char *body = NULL;
    size_t n = strlen(request);
    must(write(c->fd, request, n) == (ssize_t)n, "cannot send");
    c->have = 0;
    while (body == NULL) {
        ssize_t got =
            read(c->fd, c->answer + c->have, sizeof(c->answer) - 1 - c->have);
        must(got > 0, "the connection was closed");
        c->have += (size_t)got;
        body = whole(c, ret_n);
    }
    return body;
}

/* ---- beforehand --------------------------------------------------------- */

/** The claims of one wallet: ten, of the type that run-credentials writes. */
static void
put_claims(struct br_buf *b)
{
    br_buf_puts(b, "{");
    for (int i = 0; i < 10; i++) {
        br_buf_printf(
            b, "%s\"claim_%d\":\"a value of usual length\"", i == 0 ? "" : ",",
            i);
    }
    br_buf_puts(b, "}");
}

/** The proof of a key that is forgotten: keys are kept in memory of which there
 *  is little. */
static void
make_dpop(size_t i, struct br_private_key *key)
{
    char at[640];
    char id[23];
    struct br_buf b;
    br_random_text(id, 16);
    br_buf_init(&b, REQUEST_BYTES_MAX);
    (void)snprintf(at, sizeof(at), "%s/credential", url);
    const struct br_dpop d = {
        .method = br_str("POST"),
        .url = br_str(at),
        .id = br_str(id),
        .token = br_str(tokens[i]),
        .issued_s = (uint64_t)time(NULL),
    };
    must(br_dpop_make(&d, BR_ALG_ES256, key, &b, &err) == BR_OK, "DPoP");
    br_buf_put(&b, "", 1);
    must(br_buf_status(&b, &err) == BR_OK, "DPoP");
    dpops[i] = strdup((const char *)b.p);
    br_buf_fini(&b);
}

static void
make_token(struct br_kv_txn *txn, size_t i, struct br_bytes claims)
{
    struct br_orch_secret secret;
    struct br_offer o;
    struct br_hash key;
    struct br_private_key *dpop;
    char refresh[BR_RENEWAL_TEXT_BYTES];
    enum br_redeem_result result;
    char thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1];
    const uint64_t now_s = (uint64_t)time(NULL);
    const struct br_offer_new n = {
        .type = TYPE,
        .reference = "",
        .claims = claims,
        .now_s = now_s,
        .expires_s = now_s + 3600,
    };
    must(
        br_private_key_generate(BR_KEY_P256, &dpop, &err) == BR_OK &&
            br_jwk_thumbprint_text(
                br_private_key_public(dpop), thumbprint, &err) == BR_OK,
        "a key");
    must(br_offer_create(txn, &n, &secret, &err) == BR_OK, "an offer");
    br_orch_random_text(tokens[i]);
    const struct br_redeem in = {
        .code = br_str(secret.code),
        .token = tokens[i],
        .thumbprint = thumbprint,
        .client = "",
        .now_s = now_s,
        .token_s = 3600,
    };
    must(
        br_redeem(txn, &in, &result, &o, &key, &err) == BR_OK &&
            result == BR_REDEEMED,
        "a token");
    const struct br_renewal_new renewal = {
        .offer = o.key,
        .claims_key = &key,
        .holder = {"", "", thumbprint},
        .now_s = now_s,
        .ends_s = now_s + 86400,
    };
    must(br_renewal_create(txn, &renewal, refresh, &err) == BR_OK, "a renewal");
    make_dpop(i, dpop);
    br_private_key_free(dpop);
}

static void
make_tokens(const char *data)
{
    struct br_kv *kv;
    struct br_kv_txn *txn;
    struct br_buf claims;
    br_buf_init(&claims, 4096);
    put_claims(&claims);
    must(br_orch_store_open(data, &kv, &err) == BR_OK, "the store");
    for (size_t i = 0; i < count;) {
        must(br_kv_begin_write(kv, &txn, &err) == BR_OK, "the store");
        for (size_t end = i + 1000; i < end && i < count; i++) {
            make_token(txn, i, br_buf_bytes(&claims));
        }
        must(br_kv_commit(txn, &err) == BR_OK, "the store");
    }
    br_kv_close(kv);
    br_buf_fini(&claims);
}

static void
fetch_nonces(void)
{
    static struct connection c;
    c.fd = dial();
    for (size_t i = 0; i < count; i++) {
        size_t n;
        const char *body = call(
            &c,
            "POST /nonce HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: "
            "0\r\n\r\n",
            &n);
        const char *from = strstr(body, "\":\"");
        const char *to = from == NULL ? NULL : strchr(from + 3, '"');
        must(to != NULL && to - from - 3 < 128, "no nonce");
        memcpy(nonces[i], from + 3, (size_t)(to - from - 3));
    }
    (void)close(c.fd);
}

static void
put_body(size_t i, struct br_buf *b)
{
    struct br_private_key *holder;
    const struct br_vci_proof p = {
        .audience = br_str(url),
        .nonce = br_str(nonces[i]),
        .issued_s = (uint64_t)time(NULL),
    };
    must(br_private_key_generate(BR_KEY_P256, &holder, &err) == BR_OK, "a key");
    br_buf_puts(
        b, "{\"credential_configuration_id\":\"" TYPE
           "\",\"proofs\":{\"jwt\":[\"");
    must(
        br_vci_proof_make(&p, BR_ALG_ES256, holder, b, &err) == BR_OK,
        "a proof");
    br_buf_puts(b, "\"]}}");
    br_private_key_free(holder);
}

static void
make_request(size_t i)
{
    struct br_buf b;
    struct br_buf body;
    br_buf_init(&b, REQUEST_BYTES_MAX);
    br_buf_init(&body, REQUEST_BYTES_MAX);
    put_body(i, &body);
    br_buf_printf(
        &b,
        "POST /credential HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: "
        "application/json\r\nAuthorization: DPoP %s\r\nContent-Length: "
        "%zu\r\nDPoP: %s\r\n\r\n",
        port, tokens[i], body.n, dpops[i]);
    br_buf_put(&b, body.p, body.n);
    br_buf_put(&b, "", 1);
    must(br_buf_status(&b, &err) == BR_OK, "a request");
    requests[i] = strdup((const char *)b.p);
    must(requests[i] != NULL, "memory");
    br_buf_fini(&b);
    br_buf_fini(&body);
}

/* ---- the run ------------------------------------------------------------ */

static size_t next_request;
static size_t answered;
static size_t answer_bytes;
static double *latencies;
static double *began;

/** Its next request; closed when there is none. */
static void
send_next(struct connection *c)
{
    if (next_request == count) {
        (void)close(c->fd);
        c->fd = -1;
        return;
    }
    c->next = next_request++;
    c->have = 0;
    began[c->next] = clock_of(CLOCK_MONOTONIC);
    const char *r = requests[c->next];
    must(write(c->fd, r, strlen(r)) == (ssize_t)strlen(r), "cannot send");
}

static void
receive(struct connection *c)
{
    size_t n = 0;
    ssize_t got =
        read(c->fd, c->answer + c->have, sizeof(c->answer) - 1 - c->have);
    must(got > 0, "the connection was closed");
    c->have += (size_t)got;
    const char *body = whole(c, &n);
    if (body == NULL) {
        return;
    }
    if (strncmp(c->answer, "HTTP/1.1 200 ", 13) != 0 ||
        strstr(body, "\"credential\":\"") == NULL) {
        (void)fprintf(stderr, "issue_bench: %.400s\n", c->answer);
        exit(1);
    }
    latencies[answered++] = clock_of(CLOCK_MONOTONIC) - began[c->next];
    answer_bytes = n;
    send_next(c);
}

static double
run(int connections)
{
    static struct connection all[CONNECTIONS_MAX];
    struct epoll_event events[CONNECTIONS_MAX];
    int set = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < connections; i++) {
        all[i].fd = dial();
        events[0] =
            (struct epoll_event){.events = EPOLLIN, .data = {.ptr = &all[i]}};
        must(
            epoll_ctl(set, EPOLL_CTL_ADD, all[i].fd, &events[0]) == 0, "epoll");
    }
    double begin = clock_of(CLOCK_MONOTONIC);
    for (int i = 0; i < connections; i++) {
        send_next(&all[i]);
    }
    while (answered < count) {
        int n = epoll_wait(set, events, CONNECTIONS_MAX, 30000);
        must(n > 0, "no answer for half a minute");
        for (int i = 0; i < n; i++) {
            receive((struct connection *)events[i].data.ptr);
        }
    }
    (void)close(set);
    return clock_of(CLOCK_MONOTONIC) - begin;
}

/** Seconds of the processor that a process has had. */
static double
used_by(const char *pid)
{
    char path[64];
    char text[1024];
    unsigned long user = 0;
    unsigned long kernel = 0;
    (void)snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    must(n > 0, "the daemon is gone");
    text[n] = '\0';
    (void)close(fd);
    const char *at = strrchr(text, ')');
    must(
        at != NULL && sscanf(
                          at + 1,
                          " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u "
                          "%*u %lu %lu",
                          &user, &kernel) == 2,
        path);
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void
report(double took, double used)
{
    double n = (double)count;
    double bound = sign_s + 2 * verify_s;
    (void)printf(
        "openssl             sign %.0f /s, verify %.0f /s; two verifications "
        "and a signature: %.0f /s\n",
        1 / sign_s, 1 / verify_s, 1 / bound);
    qsort(latencies, count, sizeof(*latencies), ascending);
    (void)printf(
        "credential          %8.0f /s   %3.0f %% of its bound (>= 50); p50 "
        "%.1f ms, p99 %.1f ms; %zu bytes\n",
        n / took, 100 * n / took * bound, 1000 * latencies[count / 2],
        1000 * latencies[count * 99 / 100], answer_bytes);
    (void)printf(
        "  of the processor  %8.0f us each, all threads, the kernel's part "
        "too; its bound %.0f us: %.0f %%\n",
        1e6 * used / n, 1e6 * bound, 100 * n * bound / used);
}

static void *
take(size_t each)
{
    void *p = calloc(count, each);
    must(p != NULL, "memory");
    return p;
}

int
main(int argc, char **argv)
{
    must(argc == 7, "DATA URL PID CORE REQUESTS CONNECTIONS");
    url = argv[2];
    const char *colon = strrchr(url, ':');
    port = colon == NULL ? 0 : (int)strtol(colon + 1, NULL, 10);
    int core = (int)strtol(argv[4], NULL, 10);
    count = strtoul(argv[5], NULL, 10);
    int connections = (int)strtol(argv[6], NULL, 10);
    must(
        port > 0 && count > 0 && count <= REQUESTS_MAX && connections > 0 &&
            connections <= CONNECTIONS_MAX,
        "arguments");
    must(br_crypto_init(&err) == BR_OK, "cryptography");
    bare = EVP_EC_gen("P-256");
    measure_bare(core);
    tokens = (char(*)[BR_ORCH_SECRET_TEXT_BYTES])take(sizeof(*tokens));
    nonces = (char(*)[128])take(sizeof(*nonces));
    dpops = (char **)take(sizeof(*dpops));
    requests = (char **)take(sizeof(*requests));
    latencies = (double *)take(sizeof(*latencies));
    began = (double *)take(sizeof(*began));
    make_tokens(argv[1]);
    fetch_nonces();
    for (size_t i = 0; i < count; i++) {
        make_request(i);
    }
    double before = used_by(argv[3]);
    double took = run(connections);
    double used = used_by(argv[3]) - before;
    measure_bare(core);
    report(took, used);
    return 0;
}
