/* The HTTP client on libcurl.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/net/http_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECT_TIMEOUT_MS = 10 * 1000,
    HEADER_BYTES_MAX = 4096,
};

struct br_http_client {
    CURL *curl;
    char error[CURL_ERROR_SIZE];
};

/** One call while it runs. */
struct running {
    struct br_http_client *client;
    const struct br_http_call *call;
    struct br_buf *body;
    size_t received;
    enum br_rc rc; /**< why we stopped it */
    struct br_err *err;
    struct curl_slist *headers;
    bool out_of_reach;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
init_library(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum br_rc
br_http_client_new(struct br_http_client **ret, struct br_err *reterr)
{
    (void)pthread_once(&once, init_library);
    struct br_http_client *c = (struct br_http_client *)calloc(1, sizeof(*c));
    if (c != NULL) {
        c->curl = curl_easy_init();
    }
    if (c == NULL || c->curl == NULL) {
        free(c);
        return br_fail(
            reterr, BR_ERR_NO_MEMORY, "no memory for an HTTP client");
    }
    *ret = c;
    return BR_OK;
}

void
br_http_client_free(struct br_http_client *c)
{
    if (c != NULL) {
        curl_easy_cleanup(c->curl);
        free(c);
    }
}

const char *
br_http_client_header(struct br_http_client *c, const char *name)
{
    struct curl_header *header = NULL;
    if (curl_easy_header(c->curl, name, 0, CURLH_HEADER, -1, &header) !=
        CURLHE_OK) {
        return NULL;
    }
    return header->value;
}

/* ---- while it runs ------------------------------------------------------- */

static enum br_rc
take_piece(struct running *r, struct br_bytes piece)
{
    long status = 0;
    (void)curl_easy_getinfo(r->client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (piece.n > r->call->answer_bytes_max - r->received) {
        return br_fail(
            r->err, BR_ERR_TOO_LARGE,
            "the answer of %s is larger than %zu bytes", r->call->url,
            r->call->answer_bytes_max);
    }
    r->received += piece.n;
    if (r->call->sink != NULL && status >= 200 && status <= 299) {
        enum br_rc rc = r->call->sink(r->call->sink_ctx, piece);
        return rc == BR_OK
                   ? BR_OK
                   : br_fail(r->err, rc, "the answer could not be kept");
    }
    br_buf_put(r->body, piece.p, piece.n);
    return br_buf_status(r->body, r->err);
}

static size_t
on_piece(char *p, size_t one, size_t n, void *ctx)
{
    struct running *r = (struct running *)ctx;
    (void)one;
    r->rc = take_piece(r, br_bytes(p, n));
    return r->rc == BR_OK ? n : CURL_WRITEFUNC_ERROR;
}

static int
on_progress(
    void *ctx,
    curl_off_t down_total,
    curl_off_t down,
    curl_off_t up_total,
    curl_off_t up)
{
    const struct running *r = (const struct running *)ctx;
    (void)down_total;
    (void)down;
    r->call->progress(r->call->progress_ctx, (uint64_t)up, (uint64_t)up_total);
    return 0;
}

/** After a name is resolved, before anything is sent there. */
static curl_socket_t
on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct running *r = (struct running *)ctx;
    bool here = br_reach_is_loopback(&to->addr);
    bool tls = strncasecmp(r->call->url, "https:", 6) == 0;
    bool good = br_reach_is_public(&to->addr) && tls;
    (void)purpose;
    if (r->call->reach == BR_REACH_PUBLIC_OR_LOOPBACK) {
        good = good || here;
    }
    r->out_of_reach = r->out_of_reach || !good;
    return good ? socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol)
                : CURL_SOCKET_BAD;
}

/* ---- before -------------------------------------------------------------- */

/** A proxy would connect for us, and reach further; a connection that is kept
 *  may have been made for another purpose. */
static void
set_reach(CURL *curl, struct running *r)
{
    if (r->call->reach != BR_REACH_ANY) {
        (void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
        (void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, r);
        (void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
        (void)curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, NULL);
    }
    if (r->call->reach == BR_REACH_PUBLIC) {
        (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    }
}

static bool
add_header(struct running *r, const char *name, const char *value)
{
    char line[HEADER_BYTES_MAX];
    int n = snprintf(line, sizeof(line), "%s: %s", name, value);
    if (n < 0 || (size_t)n >= sizeof(line) || strpbrk(line, "\r\n") != NULL) {
        return false;
    }
    struct curl_slist *more = curl_slist_append(r->headers, line);
    if (more == NULL) {
        return false;
    }
    r->headers = more;
    return true;
}

static bool
add_headers(struct running *r)
{
    const struct br_http_call *call = r->call;
    char bearer[HEADER_BYTES_MAX];
    bool ok = true;
    if (call->content_type != NULL) {
        ok = ok && add_header(r, "Content-Type", call->content_type);
    }
    if (call->accept != NULL) {
        ok = ok && add_header(r, "Accept", call->accept);
    }
    if (call->idempotency_key != NULL) {
        ok = ok && add_header(r, "Idempotency-Key", call->idempotency_key);
    }
    if (call->bearer != NULL) {
        int n = snprintf(bearer, sizeof(bearer), "Bearer %s", call->bearer);
        ok = ok && n > 0 && (size_t)n < sizeof(bearer) &&
             add_header(r, "Authorization", bearer);
        explicit_bzero(bearer, sizeof(bearer));
    }
    for (size_t i = 0; i < call->header_count; i++) {
        ok = ok && add_header(r, call->headers[i].name, call->headers[i].value);
    }
    return ok;
}

static void
set_bounds(CURL *curl, const struct br_http_call *call)
{
    long timeout_ms = (long)call->timeout_ms;
    bool short_one = timeout_ms > 0 && timeout_ms < CONNECT_TIMEOUT_MS;
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    (void)curl_easy_setopt(
        curl, CURLOPT_CONNECTTIMEOUT_MS,
        short_one ? timeout_ms : (long)CONNECT_TIMEOUT_MS);
    (void)curl_easy_setopt(
        curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "broletto");
    (void)curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    if (call->ca_file != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, call->ca_file);
    }
    if (call->certificate_file != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_SSLCERT, call->certificate_file);
        (void)curl_easy_setopt(curl, CURLOPT_SSLKEY, call->key_file);
    }
}

static void
set_request(CURL *curl, const struct running *r)
{
    const struct br_http_call *call = r->call;
    (void)curl_easy_setopt(curl, CURLOPT_URL, call->url);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, r->headers);
    if (strcmp(call->method, "GET") == 0) {
        (void)curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    } else if (strcmp(call->method, "HEAD") == 0) {
        (void)curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else {
        (void)curl_easy_setopt(curl, CURLOPT_POST, 1L);
        const void *body = call->body.n == 0 ? "" : (const void *)call->body.p;
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        (void)curl_easy_setopt(
            curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.n);
        (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
    }
    /* Unpacked piece by piece: on_piece ends a bomb at the limit. */
    if (call->packed) {
        (void)curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    }
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_piece);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, r);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, r->client->error);
    if (call->progress != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
        (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, r);
    }
}

/* ---- the call ------------------------------------------------------------ */

static enum br_rc
perform(struct running *r, int *ret_status)
{
    struct br_http_client *c = r->client;
    long status = 0;
    c->error[0] = '\0';
    CURLcode code = curl_easy_perform(c->curl);
    if (r->rc != BR_OK) {
        return r->rc;
    }
    if (code != CURLE_OK && r->out_of_reach) {
        return br_fail(
            r->err, BR_ERR_FORBIDDEN,
            "%.120s leads to an address that is not public", r->call->url);
    }
    if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT) {
        return br_fail(
            r->err, BR_ERR_MALFORMED, "%s: only http:// and https:// addresses",
            r->call->url);
    }
    if (code != CURLE_OK) {
        return br_fail(
            r->err, BR_ERR_NETWORK, "%s: %s", r->call->url,
            c->error[0] == '\0' ? curl_easy_strerror(code) : c->error);
    }
    (void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    *ret_status = (int)status;
    return BR_OK;
}

enum br_rc
br_http_call(
    struct br_http_client *c,
    const struct br_http_call *call,
    int *ret_status,
    struct br_buf *ret_body,
    struct br_err *reterr)
{
    struct running r = {
        .client = c, .call = call, .body = ret_body, .err = reterr};
    curl_easy_reset(c->curl); /* options only: connections stay */
    enum br_rc rc = BR_OK;
    if (add_headers(&r)) {
        set_bounds(c->curl, call);
        set_request(c->curl, &r);
        set_reach(c->curl, &r);
        rc = perform(&r, ret_status);
    } else {
        rc = br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "a header of the request is too long or has a line break");
    }
    (void)curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(r.headers);
    return rc;
}
