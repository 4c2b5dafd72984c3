/* Matching of routes: see the header.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/net/router.h"

#include <stdlib.h>
#include <strings.h>

#include "common/base/assert.h"

enum segment_kind { LITERAL, PARAM, REST };

struct segment {
    enum segment_kind kind;
    struct br_bytes text; /**< of a literal */
};

struct pattern {
    const struct br_http_route *route;
    size_t order; /**< as given: keeps equal paths in their order */
    size_t count;
    struct segment segments[BR_ROUTE_SEGMENTS_MAX];
};

struct br_router {
    size_t exact_count;
    size_t pattern_count;
    struct pattern *exact;    /**< sorted by path */
    struct pattern *patterns; /**< with parameters, in the given order */
};

/** The segment that begins at *at (just past a slash); moves *at past it. */
static struct br_bytes
next_segment(const char **at)
{
    const char *end = strchrnul(*at, '/');
    struct br_bytes segment = br_bytes(*at, (size_t)(end - *at));
    *at = *end == '/' ? end + 1 : end;
    return segment;
}

static bool
ends_with(struct br_bytes text, const char *end)
{
    size_t n = strlen(end);
    return text.n >= n && memcmp(text.p + text.n - n, end, n) == 0;
}

static struct segment
parse_segment(struct br_bytes text)
{
    if (text.n < 3 || text.p[0] != '{') {
        return (struct segment){LITERAL, text};
    }
    BR_ASSERT(text.p[text.n - 1] == '}');
    return (struct segment){ends_with(text, "...}") ? REST : PARAM, text};
}

static void
parse_pattern(struct pattern *p, const struct br_http_route *route)
{
    BR_ASSERT(route->path[0] == '/' && route->method[0] != '\0');
    BR_ASSERT(route->handler != NULL);
    size_t params = 0;
    p->route = route;
    const char *at = route->path + 1;
    do {
        BR_ASSERT(p->count < BR_ROUTE_SEGMENTS_MAX);
        struct segment s = parse_segment(next_segment(&at));
        p->segments[p->count++] = s;
        params += s.kind != LITERAL;
        BR_ASSERT(s.kind != REST || *at == '\0');
    } while (*at != '\0');
    BR_ASSERT(params <= BR_ROUTE_PARAMS_MAX);
    BR_ASSERT(params == 0 || at[-1] != '/');
}

static int
by_path(const void *a, const void *b)
{
    const struct pattern *x = (const struct pattern *)a;
    const struct pattern *y = (const struct pattern *)b;
    int order = strcmp(x->route->path, y->route->path);
    if (order != 0) {
        return order;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

struct br_router *
br_router_new(const struct br_http_route *routes, size_t count)
{
    struct br_router *r = (struct br_router *)calloc(1, sizeof(*r));
    if (r == NULL) {
        return NULL;
    }
    r->exact = (struct pattern *)calloc(count + 1, sizeof(*r->exact));
    r->patterns = (struct pattern *)calloc(count + 1, sizeof(*r->patterns));
    if (r->exact == NULL || r->patterns == NULL) {
        br_router_free(r);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        bool exact = strchr(routes[i].path, '{') == NULL;
        struct pattern *p = exact ? &r->exact[r->exact_count++]
                                  : &r->patterns[r->pattern_count++];
        p->order = i;
        parse_pattern(p, &routes[i]);
    }
    qsort(r->exact, r->exact_count, sizeof(*r->exact), by_path);
    return r;
}

void
br_router_free(struct br_router *r)
{
    if (r != NULL) {
        free(r->exact);
        free(r->patterns);
        free(r);
    }
}

bool
br_media_type_is(const char *header, const char *type)
{
    size_t n = strcspn(header, "; \t");
    return n == strlen(type) && strncasecmp(header, type, n) == 0;
}

/** The weight in an element's parameters is 0, "q=0", "q=0.000". */
static bool
weighs_nothing(const char *at, size_t n)
{
    const char *q = (const char *)memchr(at, '=', n);
    if (q == NULL || q == at || (q[-1] != 'q' && q[-1] != 'Q')) {
        return false;
    }
    for (q++; q < at + n && *q != ' ' && *q != '\t' && *q != ';'; q++) {
        if (*q != '0' && *q != '.') {
            return false;
        }
    }
    return true;
}

bool
br_accepts_coding(const char *header, const char *coding)
{
    bool any = false;
    for (const char *at = header; at != NULL && *at != '\0';) {
        at += strspn(at, ", \t");
        const size_t whole = strcspn(at, ",");
        const size_t n = strcspn(at, ",; \t");
        const bool taken = !weighs_nothing(at + n, whole - n);
        if (n == strlen(coding) && strncasecmp(at, coding, n) == 0) {
            return taken;
        }
        any = any || (n == 1 && *at == '*' && taken);
        at += whole;
    }
    return any;
}

static void
allow(struct br_route_match *m, const char *method)
{
    const char *separator = m->allow[0] == '\0' ? "" : ", ";
    const char *head = strcmp(method, "GET") == 0 ? ", HEAD" : "";
    size_t n = strlen(m->allow);
    if (strstr(m->allow, method) != NULL ||
        n + strlen(separator) + strlen(method) + strlen(head) >=
            sizeof(m->allow)) {
        return;
    }
    (void)stpcpy(stpcpy(stpcpy(m->allow + n, separator), method), head);
}

/** The path matches this route: does the rest? */
static bool
consider(
    struct br_route_match *m,
    const struct br_http_route *route,
    const char *method,
    const char *content_type)
{
    bool head = strcmp(method, "HEAD") == 0;
    if (strcmp(route->method, head ? "GET" : method) != 0) {
        if (m->rc == BR_ERR_NOT_FOUND || m->rc == BR_ERR_METHOD_NOT_ALLOWED) {
            m->rc = BR_ERR_METHOD_NOT_ALLOWED;
            allow(m, route->method);
        }
        return false;
    }
    /* A route that takes no body refuses one for its size, not its type. */
    if (content_type != NULL && route->content_type != NULL &&
        !br_media_type_is(content_type, route->content_type)) {
        m->rc = BR_ERR_MEDIA_TYPE;
        return false;
    }
    m->route = route;
    m->rc = BR_OK;
    return true;
}

static bool
pattern_fits(
    const struct pattern *p, const char *path, struct br_route_match *m)
{
    const char *at = path + 1;
    m->param_count = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct segment *s = &p->segments[i];
        if (at[-1] != '/') {
            return false; /* the path has ended already */
        }
        if (s->kind == REST) {
            m->params[m->param_count++] = br_str(at);
            return true;
        }
        struct br_bytes text = next_segment(&at);
        if ((s->kind == LITERAL && !br_bytes_eq(text, s->text)) ||
            (s->kind == PARAM && text.n == 0)) {
            return false;
        }
        if (s->kind == PARAM) {
            m->params[m->param_count++] = text;
        }
    }
    return *at == '\0' && at[-1] != '/';
}

/** First of the exact routes whose path is not before this one. */
static size_t
lower_bound(const struct br_router *r, const char *path)
{
    size_t low = 0;
    size_t high = r->exact_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(r->exact[middle].route->path, path) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void
br_router_match(
    const struct br_router *r,
    const char *method,
    const char *path,
    const char *content_type,
    struct br_route_match *ret)
{
    ret->route = NULL;
    ret->rc = BR_ERR_NOT_FOUND;
    ret->allow[0] = '\0';
    ret->param_count = 0;
    for (size_t i = lower_bound(r, path); i < r->exact_count; i++) {
        if (strcmp(r->exact[i].route->path, path) != 0) {
            break;
        }
        if (consider(ret, r->exact[i].route, method, content_type)) {
            return;
        }
    }
    if (ret->rc != BR_ERR_NOT_FOUND || path[0] != '/') {
        return;
    }
    for (size_t i = 0; i < r->pattern_count; i++) {
        if (pattern_fits(&r->patterns[i], path, ret) &&
            consider(ret, r->patterns[i].route, method, content_type)) {
            return;
        }
    }
}
