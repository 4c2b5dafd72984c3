/* What a handler may ask of a request, and the pool of requests.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/net/http_internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <strings.h>

#include "common/base/assert.h"

enum {
    POOL_MAX = 1024,
    /* A larger buffer is given back to the system after its request. */
    KEPT_CAPACITY_MAX = 8 * 1024,
};

struct br_http_request *
br_http_request_new(struct br_http_worker *w)
{
    struct br_http_request *req = w->pool;
    if (req != NULL) {
        w->pool = req->next;
        w->pool_count--;
        req->next = NULL;
        return req;
    }
    req = (struct br_http_request *)calloc(1, sizeof(*req));
    if (req != NULL) {
        req->worker = w;
        br_arena_init(&req->arena, BR_HTTP_ARENA_BYTES_MAX);
        br_buf_init(&req->answer.heads, BR_HTTP_ANSWER_HEAD_BYTES_MAX);
    }
    return req;
}

static void
recycle(struct br_buf *b)
{
    if (b->capacity > KEPT_CAPACITY_MAX) {
        br_buf_fini(b);
    }
    br_buf_clear(b);
}

void
br_http_request_end_stream(struct br_http_request *req)
{
    if (req->stream_end != NULL) {
        req->stream_end(req->stream_ctx, req->stream_state);
    }
    req->stream_end = NULL;
    req->stream_state = NULL;
}

void
br_http_request_free(struct br_http_request *req)
{
    br_arena_fini(&req->arena);
    br_buf_fini(&req->body);
    br_buf_fini(&req->answer.own);
    br_buf_fini(&req->answer.heads);
    br_buf_fini(&req->answer.taken);
    free(req);
}

/** Everything of the last request is forgotten but the memory of its
 *  buffers. */
static void
reset(struct br_http_request *req)
{
    struct br_http_stored_answer *a = &req->answer;
    br_arena_fini(&req->arena);
    recycle(&req->body);
    recycle(&a->own);
    recycle(&a->heads);
    br_buf_fini(&a->taken);
    a->status = 0;
    a->rc = BR_OK;
    a->close = false;
    a->streamed = false;
    a->p = NULL;
    a->n = 0;
    req->conn = NULL;
    req->mhd = NULL;
    req->route = NULL;
    req->begun = false;
    req->refused = false;
    req->counted = false;
    req->suspended = false;
    req->answered_ms = 0;
    req->received = 0;
    req->sent = 0;
    req->param_count = 0;
    req->stream_state = NULL;
    req->scratch_used = 0;
    req->peer[0] = '\0';
}

void
br_http_request_release(struct br_http_request *req)
{
    struct br_http_worker *w = req->worker;
    if (w->pool_count >= POOL_MAX) {
        br_http_request_free(req);
        return;
    }
    reset(req);
    req->next = w->pool;
    w->pool = req;
    w->pool_count++;
}

static int
hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char *
take_scratch(struct br_http_request *req, size_t n)
{
    if (n > sizeof(req->scratch) - req->scratch_used) {
        return (char *)br_arena_take(&req->arena, n);
    }
    char *at = req->scratch + req->scratch_used;
    req->scratch_used += n;
    return at;
}

bool
br_http_escapes_ok(const char *uri)
{
    for (const char *at = strchr(uri, '%'); at != NULL;
         at = strchr(at + 1, '%')) {
        int high = hex_value((uint8_t)at[1]);
        int low = high < 0 ? -1 : hex_value((uint8_t)at[2]);
        if (low < 0 || (high | low) == 0) {
            return false;
        }
    }
    return true;
}

const char *
br_http_request_decode(struct br_http_request *req, struct br_bytes text)
{
    char *out = take_scratch(req, text.n + 1);
    if (out == NULL) {
        return NULL;
    }
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == '%') {
            bool whole = text.n - i > 2;
            int high = whole ? hex_value(text.p[i + 1]) : -1;
            int low = whole ? hex_value(text.p[i + 2]) : -1;
            if (high < 0 || low < 0 || (high | low) == 0) {
                return NULL;
            }
            c = (uint8_t)(high << 4 | low);
            i += 2;
        }
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return out;
}

const char *
br_http_method(const struct br_http_request *req)
{
    return req->method;
}

const char *
br_http_param(const struct br_http_request *req, size_t n)
{
    BR_ASSERT(n < req->param_count);
    return req->params[n];
}

/** NULL when it is absent, "" when it has no value. A kept request whose
 *  server has stopped has no connection any more. */
static const char *
look_up(
    const struct br_http_request *req,
    enum MHD_ValueKind kind,
    const char *name)
{
    int phase = atomic_load_explicit(&req->phase, memory_order_acquire);
    const char *value = NULL;
    if (phase == BR_HTTP_GONE ||
        MHD_lookup_connection_value_n(
            req->mhd, kind, name, strlen(name), &value, NULL) != MHD_YES) {
        return NULL;
    }
    return value == NULL ? "" : value;
}

const char *
br_http_query(const struct br_http_request *req, const char *name)
{
    const char *raw = look_up(req, MHD_GET_ARGUMENT_KIND, name);
    if (raw == NULL || strchr(raw, '%') == NULL) {
        return raw;
    }
    /* Decoding takes room in the request; to its reader nothing changes. */
    struct br_http_request *room = (struct br_http_request *)(uintptr_t)req;
    return br_http_request_decode(room, br_str(raw));
}

const char *
br_http_header(const struct br_http_request *req, const char *name)
{
    return look_up(req, MHD_HEADER_KIND, name);
}

struct counted {
    const char *name;
    size_t count;
};

static enum MHD_Result
count_one(void *ctx, enum MHD_ValueKind kind, const char *name, const char *v)
{
    struct counted *c = (struct counted *)ctx;
    (void)kind;
    (void)v;
    c->count += strcasecmp(name, c->name) == 0;
    return MHD_YES;
}

size_t
br_http_header_count(const struct br_http_request *req, const char *name)
{
    int phase = atomic_load_explicit(&req->phase, memory_order_acquire);
    struct counted c = {name, 0};
    if (phase != BR_HTTP_GONE) {
        (void)MHD_get_connection_values(
            req->mhd, MHD_HEADER_KIND, count_one, &c);
    }
    return c.count;
}

struct br_bytes
br_http_body(const struct br_http_request *req)
{
    return br_buf_bytes(&req->body);
}

void *
br_http_stream_state(const struct br_http_request *req)
{
    return req->stream_state;
}

const char *
br_http_peer(const struct br_http_request *req)
{
    struct br_http_request *r = (struct br_http_request *)(uintptr_t)req;
    if (r->peer[0] != '\0' || r->mhd == NULL) {
        return r->peer;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info == NULL ? NULL : info->client_addr;
    const void *bytes = NULL;
    int family = address == NULL ? AF_UNSPEC : address->sa_family;
    if (family == AF_INET) {
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    } else if (family == AF_INET6) {
        bytes =
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    }
    if (bytes == NULL ||
        inet_ntop(family, bytes, r->peer, sizeof(r->peer)) == NULL) {
        (void)stpcpy(r->peer, "unknown");
    }
    return r->peer;
}

/* ---- negotiation (RFC 9110 section 12) ----------------------------------- */

/** Weight of one element of a list, "name;q=0.5", in thousandths. */
static int
weight_of(struct br_bytes element)
{
    const uint8_t *end = element.p + element.n;
    const uint8_t *q = (const uint8_t *)memmem(element.p, element.n, "q=", 2);
    if (q == NULL) {
        return 1000;
    }
    int weight = 0;
    int unit = 1000;
    for (q += 2; q < end && unit > 0; q++) {
        if (*q >= '0' && *q <= '9') {
            weight += (*q - '0') * unit;
            unit /= 10;
        } else if (*q != '.') {
            break;
        }
    }
    return weight;
}

/** Cut the next element off a comma-separated list. */
static bool
next_element(const char **at, struct br_bytes *ret)
{
    *at += strspn(*at, ", \t");
    size_t n = strcspn(*at, ",");
    *ret = br_bytes(*at, n);
    *at += n;
    return n > 0;
}

/** The element's name without parameters and trailing blanks. */
static struct br_bytes
name_of(struct br_bytes element)
{
    size_t n = 0;
    while (n < element.n && strchr("; \t", element.p[n]) == NULL) {
        n++;
    }
    return br_bytes(element.p, n);
}

static bool
same_name(struct br_bytes name, const char *text, size_t text_n)
{
    return name.n == text_n &&
           strncasecmp((const char *)name.p, text, text_n) == 0;
}

bool
br_http_accepts(const struct br_http_request *req, const char *type)
{
    const char *at = br_http_header(req, MHD_HTTP_HEADER_ACCEPT);
    if (at == NULL) {
        return true;
    }
    size_t main_n = strcspn(type, "/") + 1;
    int best = 0; /* how exactly the element names the type */
    int weight = 0;
    struct br_bytes element;
    while (next_element(&at, &element)) {
        struct br_bytes name = name_of(element);
        int exact = 0;
        if (same_name(name, type, strlen(type))) {
            exact = 3;
        } else if (
            name.n == main_n + 1 && name.p[main_n] == '*' &&
            same_name(br_bytes(name.p, main_n), type, main_n)) {
            exact = 2;
        } else if (same_name(name, "*/*", 3)) {
            exact = 1;
        }
        if (exact > best) {
            best = exact;
            weight = weight_of(element);
        }
    }
    return weight > 0;
}

/** "it" or "en" if the tag is one of them or a region of it, else NULL. */
static const char *
language_of(struct br_bytes tag)
{
    if (tag.n < 2 || (tag.n > 2 && tag.p[2] != '-')) {
        return NULL;
    }
    struct br_bytes language = br_bytes(tag.p, 2);
    if (same_name(language, "it", 2)) {
        return "it";
    }
    return same_name(language, "en", 2) ? "en" : NULL;
}

const char *
br_http_language(const struct br_http_request *req)
{
    const char *asked = br_http_query(req, "lang");
    const char *language = asked == NULL ? NULL : language_of(br_str(asked));
    if (language == NULL) {
        asked = look_up(req, MHD_COOKIE_KIND, "lang");
        language = asked == NULL ? NULL : language_of(br_str(asked));
    }
    const char *at = br_http_header(req, MHD_HTTP_HEADER_ACCEPT_LANGUAGE);
    if (language != NULL || at == NULL) {
        return language == NULL ? "en" : language;
    }
    int best = 0;
    struct br_bytes element;
    while (next_element(&at, &element)) {
        const char *one = language_of(name_of(element));
        int weight = one == NULL ? 0 : weight_of(element);
        if (weight > best) {
            best = weight;
            language = one;
        }
    }
    return language == NULL ? "en" : language;
}
