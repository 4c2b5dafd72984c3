/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/registry/client.h"

#include "common/credential/rule.h"
#include "common/crypto/hash.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TIMEOUT_MS = 5000,
    PATH_BYTES_MAX = 2048,
    ARENA_BYTES = 16 * 1024 * 1024,
};

struct kept {
    bool used;
    struct br_hash question;
    struct br_standing standing;
    uint64_t asked_s;
    uint64_t last; /**< counts look-ups: the least goes first */
};

struct registry {
    char url[BR_REGISTRY_URL_BYTES + 1];
    uint64_t rest_until_s;
    char trouble[BR_ERR_TEXT_BYTES]; /**< why it rests */
};

struct br_registry_client {
    struct br_registry_options o;
    struct br_http_client *http;
    struct registry registries[BR_REGISTRIES_MAX];
    size_t count;
    uint64_t clock;
    struct kept kept[BR_REGISTRY_KEPT_MAX];
};

/* ---- beginning and end -------------------------------------------------- */

static enum br_rc
add_url(
    struct br_registry_client *c, struct br_bytes url, struct br_err *reterr)
{
    static const struct br_fetch_policy ours = {.allow_loopback = true};
    struct br_err why = {0};
    while (url.n > 0 && url.p[url.n - 1] == '/') {
        url.n--;
    }
    if (c->count == BR_REGISTRIES_MAX || url.n > BR_REGISTRY_URL_BYTES) {
        return br_fail(
            reterr, BR_ERR_CONFIG, "registries: %d at most, of %d bytes each",
            BR_REGISTRIES_MAX, BR_REGISTRY_URL_BYTES);
    }
    if (br_fetch_check(&ours, url, &why) != BR_OK ||
        memchr(url.p, '?', url.n) != NULL ||
        memchr(url.p, '#', url.n) != NULL) {
        return br_fail(
            reterr, BR_ERR_CONFIG, "a registry's address: %s",
            why.rc != BR_OK ? why.text : "it has neither ? nor #");
    }
    struct registry *r = &c->registries[c->count++];
    memcpy(r->url, url.p, url.n);
    return BR_OK;
}

static enum br_rc
add_urls(struct br_registry_client *c, const char *urls, struct br_err *reterr)
{
    for (const char *p = urls + strspn(urls, " "); *p != '\0';
         p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        BR_TRY(add_url(c, br_bytes(p, n), reterr));
        p += n;
    }
    return BR_OK;
}

enum br_rc
br_registry_client_new(
    const struct br_registry_options *options,
    struct br_registry_client **ret,
    struct br_err *reterr)
{
    struct br_registry_client *c =
        (struct br_registry_client *)calloc(1, sizeof(*c));
    if (c == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "a registry's client");
    }
    c->o = *options;
    enum br_rc rc = add_urls(c, options->urls, reterr);
    if (rc == BR_OK && c->count > 0) {
        rc = br_http_client_new(&c->http, reterr);
    }
    if (rc != BR_OK || c->count == 0) {
        br_registry_client_free(c);
        c = NULL;
    }
    if (rc == BR_OK) {
        *ret = c;
    }
    return rc;
}

void
br_registry_client_free(struct br_registry_client *c)
{
    if (c != NULL) {
        br_http_client_free(c->http);
        free(c);
    }
}

/* ---- one question to one registry --------------------------------------- */

static enum br_rc
fetch(
    const struct br_registry_client *c,
    const struct registry *r,
    struct br_bytes path,
    struct br_buf *ret,
    struct br_err *reterr)
{
    char url[BR_REGISTRY_URL_BYTES + PATH_BYTES_MAX + 1];
    struct br_err why = {0};
    int status = 0;
    (void)snprintf(
        url, sizeof(url), "%s%.*s", r->url, (int)path.n, (const char *)path.p);
    const struct br_http_call call = {
        .method = "GET",
        .url = url,
        .accept = "application/json",
        .bearer = c->o.token,
        .answer_bytes_max = BR_STANDING_ANSWER_BYTES_MAX,
        .timeout_ms = c->o.timeout_ms == 0 ? TIMEOUT_MS : c->o.timeout_ms,
        .ca_file = c->o.ca_file,
    };
    if (br_http_call(c->http, &call, &status, ret, &why) != BR_OK) {
        return br_refuse(reterr, BR_RULE_REGISTRY_FETCH, "%s", why.text);
    }
    return status == 200 ? BR_OK
                         : br_refuse(
                               reterr, BR_RULE_REGISTRY_FETCH,
                               "%.100s answers %d", r->url, status);
}

static enum br_rc
ask_now(
    const struct br_registry_client *c,
    const struct registry *r,
    const struct br_standing_question *q,
    uint64_t now_s,
    struct br_standing *ret,
    struct br_err *reterr)
{
    struct br_buf path;
    struct br_buf answer;
    struct br_arena arena;
    br_buf_init(&path, PATH_BYTES_MAX);
    br_buf_init(&answer, BR_STANDING_ANSWER_BYTES_MAX);
    br_arena_init(&arena, ARENA_BYTES);
    enum br_rc rc = br_standing_path(q, &path, reterr);
    if (rc == BR_OK) {
        rc = fetch(c, r, br_buf_bytes(&path), &answer, reterr);
    }
    if (rc == BR_OK) {
        rc = br_standing_parse(
            br_buf_bytes(&answer), q, now_s, &arena, ret, reterr);
    }
    br_arena_fini(&arena);
    br_buf_fini(&answer);
    br_buf_fini(&path);
    return rc;
}

static void
set_unknown(struct br_standing *s, const char *reason)
{
    memset(s, 0, sizeof(*s));
    s->kind = BR_STANDING_UNKNOWN;
    (void)snprintf(s->reason, sizeof(s->reason), "%s", reason);
}

/** One that does not answer rests; what it said wrongly is no reason to. */
static void
ask_registry(
    const struct br_registry_client *c,
    struct registry *r,
    const struct br_standing_question *q,
    uint64_t now_s,
    struct br_standing *ret)
{
    struct br_err why = {0};
    if (now_s < r->rest_until_s) {
        set_unknown(ret, r->trouble);
        return;
    }
    enum br_rc rc = ask_now(c, r, q, now_s, ret, &why);
    bool told = rc == BR_OK || rc == BR_ERR_NOT_ACCREDITED;
    if (!told) {
        set_unknown(ret, why.text);
    }
    if (rc == BR_ERR_NETWORK) {
        r->rest_until_s = now_s + BR_REGISTRY_REST_S;
        memcpy(r->trouble, why.text, sizeof(r->trouble));
    }
    ret->registry = r->url;
}

/* ---- what is kept ------------------------------------------------------- */

static bool
is_yes(const struct br_standing *s)
{
    return s->kind == BR_STANDING_ACCREDITED ||
           s->kind == BR_STANDING_REGISTERED;
}

static bool
is_silent(const struct br_standing *s)
{
    struct br_err why = {0};
    memcpy(why.text, s->reason, sizeof(why.text));
    return s->kind == BR_STANDING_UNKNOWN &&
           br_rule_of(&why) == br_rule_info(BR_RULE_REGISTRY_FETCH);
}

static enum br_rc
name_question(
    const struct br_standing_question *q,
    struct br_hash *ret,
    struct br_err *reterr)
{
    struct br_buf path;
    br_buf_init(&path, PATH_BYTES_MAX);
    enum br_rc rc = br_standing_path(q, &path, reterr);
    if (rc == BR_OK) {
        br_sha256(br_buf_bytes(&path), ret);
    }
    br_buf_fini(&path);
    return rc;
}

/** The place of this question, or the one to give up for it. */
static struct kept *
place(struct br_registry_client *c, const struct br_hash *question)
{
    struct kept *oldest = &c->kept[0];
    for (size_t i = 0; i < BR_REGISTRY_KEPT_MAX; i++) {
        struct kept *k = &c->kept[i];
        if (k->used && br_hash_eq(&k->question, question)) {
            return k;
        }
        oldest = k->last < oldest->last ? k : oldest;
    }
    return oldest;
}

static void
ask_all(
    struct br_registry_client *c,
    const struct br_standing_question *q,
    uint64_t now_s,
    struct br_standing *ret)
{
    struct br_standing one = {.kind = BR_STANDING_UNKNOWN};
    set_unknown(ret, "");
    for (size_t i = 0; i < c->count; i++) {
        ask_registry(c, &c->registries[i], q, now_s, &one);
        bool first = i == 0;
        bool unknown = one.kind == BR_STANDING_UNKNOWN;
        if (first || is_yes(&one) ||
            (unknown && ret->kind != BR_STANDING_UNKNOWN)) {
            *ret = one;
        }
        if (is_yes(ret)) {
            return;
        }
    }
}

void
br_registry_ask(
    struct br_registry_client *c,
    const struct br_standing_question *q,
    uint64_t now_s,
    struct br_standing *ret)
{
    struct br_hash question;
    struct br_err why = {0};
    memset(ret, 0, sizeof(*ret));
    if (c == NULL) {
        return;
    }
    if (name_question(q, &question, &why) != BR_OK) {
        set_unknown(ret, why.text);
        return;
    }
    struct kept *k = place(c, &question);
    bool same = k->used && br_hash_eq(&k->question, &question);
    uint64_t age_s = same && now_s >= k->asked_s ? now_s - k->asked_s : 0;
    if (same && age_s < c->o.fresh_s) {
        k->last = ++c->clock;
        *ret = k->standing;
        return;
    }
    ask_all(c, q, now_s, ret);
    if (is_silent(ret) && same && is_yes(&k->standing) &&
        age_s < c->o.fresh_s + c->o.grace_s) {
        *ret = k->standing; /* its age is told, and does not begin anew */
        return;
    }
    if (ret->kind == BR_STANDING_UNKNOWN) {
        return;
    }
    *k = (struct kept){true, question, *ret, now_s, ++c->clock};
}
