/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/verifier/status.h"

#include "common/credential/jws.h"
#include "common/credential/rule.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    LISTS_MAX = 32,
    URI_BYTES_MAX = 1024,
    TOKEN_BYTES_MAX = 16 * 1024 * 1024, /* ten million, a tenth of them odd */
    ARENA_BYTES = 64 * 1024 * 1024,
    TIMEOUT_MS = 10000,
    TTL_S = 300, /* where the list says nothing */
    TTL_S_MAX = 86400,
};

struct kept {
    char uri[URI_BYTES_MAX + 1]; /**< "": the place is free */
    struct br_status_list list;
    uint64_t issued_s;
    uint64_t until_s;
    uint64_t used; /**< counts look-ups: the least goes first */
};

struct br_status_reader {
    const struct br_x509_trust *trust;
    enum br_reach reach;
    const char *own_url;
    struct br_http_client *http;
    uint64_t clock;
    struct kept kept[LISTS_MAX];
};

enum br_rc
br_status_reader_new(
    const struct br_x509_trust *trust,
    enum br_reach reach,
    const char *own_url,
    struct br_status_reader **ret,
    struct br_err *reterr)
{
    struct br_status_reader *r =
        (struct br_status_reader *)calloc(1, sizeof(*r));
    if (r == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "a reader of status lists");
    }
    r->trust = trust;
    r->reach = reach;
    r->own_url = own_url;
    enum br_rc rc = br_http_client_new(&r->http, reterr);
    if (rc != BR_OK) {
        free(r);
        return rc;
    }
    *ret = r;
    return BR_OK;
}

static void
forget(struct kept *k)
{
    if (k->uri[0] != '\0') {
        br_status_list_fini(&k->list);
    }
    memset(k, 0, sizeof(*k));
}

void
br_status_reader_free(struct br_status_reader *r)
{
    if (r != NULL) {
        for (size_t i = 0; i < LISTS_MAX; i++) {
            forget(&r->kept[i]);
        }
        br_http_client_free(r->http);
        free(r);
    }
}

/* ---- fetching ----------------------------------------------------------- */

static enum br_rc
fetch(
    struct br_status_reader *r,
    const char *uri,
    struct br_buf *ret,
    struct br_err *reterr)
{
    const struct br_http_call call = {
        .method = "GET",
        .url = uri,
        .accept = "application/statuslist+jwt",
        .packed = true,
        .answer_bytes_max = TOKEN_BYTES_MAX,
        .timeout_ms = TIMEOUT_MS,
        .reach = r->reach,
    };
    struct br_err why = {0};
    int status = 0;
    if (br_http_call(r->http, &call, &status, ret, &why) != BR_OK) {
        return br_refuse(reterr, BR_RULE_STATUS_FETCH, "%s", why.text);
    }
    return status == 200 ? BR_OK
                         : br_refuse(
                               reterr, BR_RULE_STATUS_FETCH,
                               "%.120s answers %d", uri, status);
}

static uint64_t
until(const struct br_status_token *t, uint64_t now_s)
{
    uint64_t ttl_s = t->ttl_s == 0 ? TTL_S : t->ttl_s;
    uint64_t end_s = now_s + (ttl_s > TTL_S_MAX ? TTL_S_MAX : ttl_s);
    return t->expires_s != 0 && t->expires_s < end_s ? t->expires_s : end_s;
}

static enum br_rc
read_token(
    const struct br_status_reader *r,
    struct br_bytes text,
    uint64_t now_s,
    struct br_arena *arena,
    struct kept *k,
    struct br_err *reterr)
{
    static const char *const types[] = {BR_STATUS_LIST_TYP, NULL};
    static const struct br_jws_policy policy = {
        .algs = BR_ALG_ES256 | BR_ALG_ES384 | BR_ALG_ES512 | BR_ALG_EDDSA,
        .sources = BR_KEY_BY_X5C | BR_KEY_BY_KID,
        .types = types,
        .bytes_max = TOKEN_BYTES_MAX,
    };
    const struct br_x5c_policy x5c = {
        .trust = r->trust, .unix_seconds = (int64_t)now_s};
    struct br_jws jws = {0};
    struct br_bytes payload = {0};
    struct br_json *v = NULL;
    struct br_status_token token = {0};
    struct br_err why = {0};
    BR_TRY(br_jws_parse(text, &policy, arena, &jws, reterr));
    BR_TRY(br_jws_verify_x5c(&jws, &x5c, &payload, reterr));
    enum br_rc rc = br_json_parse(payload, arena, &v, &why);
    if (rc == BR_OK) {
        rc = br_status_token_parse(
            v, br_str(k->uri), now_s, &token, &k->list, &why);
    }
    if (rc != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_STATUS_TOKEN, &why);
    }
    k->issued_s = token.issued_s;
    k->until_s = until(&token, now_s);
    return BR_OK;
}

static enum br_rc
fill(
    struct br_status_reader *r,
    struct kept *k,
    struct br_bytes uri,
    uint64_t now_s,
    struct br_err *reterr)
{
    struct br_buf text;
    struct br_arena arena;
    struct kept fresh = {.used = r->clock};
    memcpy(fresh.uri, uri.p, uri.n);
    br_buf_init(&text, TOKEN_BYTES_MAX);
    br_arena_init(&arena, ARENA_BYTES);
    enum br_rc rc = fetch(r, fresh.uri, &text, reterr);
    if (rc == BR_OK) {
        rc = read_token(r, br_buf_bytes(&text), now_s, &arena, &fresh, reterr);
    }
    br_arena_fini(&arena);
    br_buf_fini(&text);
    if (rc == BR_OK) {
        forget(k);
        *k = fresh;
    }
    return rc;
}

static bool
is_own(const struct br_status_reader *r, struct br_bytes uri)
{
    size_t n = r->own_url == NULL ? 0 : strlen(r->own_url);
    return n > 0 && uri.n > n && memcmp(uri.p, r->own_url, n) == 0 &&
           uri.p[n] == '/';
}

/* ---- looking ------------------------------------------------------------ */

/** The place of this list, or the one to give up for it. */
static struct kept *
place(struct br_status_reader *r, struct br_bytes uri)
{
    struct kept *oldest = &r->kept[0];
    for (size_t i = 0; i < LISTS_MAX; i++) {
        struct kept *k = &r->kept[i];
        if (br_bytes_eq(br_str(k->uri), uri)) {
            return k;
        }
        oldest = k->used < oldest->used ? k : oldest;
    }
    return oldest;
}

static enum br_rc
verdict(unsigned status, struct br_err *reterr)
{
    if (status == BR_STATUS_VALID) {
        return BR_OK;
    }
    if (status == BR_STATUS_INVALID) {
        return br_refuse(
            reterr, BR_RULE_STATUS_INVALID, "its issuer has revoked it");
    }
    return status == BR_STATUS_SUSPENDED
               ? br_refuse(
                     reterr, BR_RULE_STATUS_SUSPENDED,
                     "its issuer has suspended it")
               : br_refuse(
                     reterr, BR_RULE_STATUS_OTHER, "its status is %u", status);
}

enum br_rc
br_status_reader_check(
    struct br_status_reader *r,
    const struct br_status_reference *at,
    uint64_t now_s,
    uint64_t *ret_issued_s,
    struct br_err *reterr)
{
    unsigned status = 0;
    struct br_err why = {0};
    *ret_issued_s = 0;
    if (at->uri.n == 0 || at->uri.n > URI_BYTES_MAX ||
        memchr(at->uri.p, 0, at->uri.n) != NULL) {
        return br_refuse(
            reterr, BR_RULE_STATUS_FETCH, "no address of a status list");
    }
    struct kept *k = place(r, at->uri);
    r->clock++;
    if (!br_bytes_eq(br_str(k->uri), at->uri) || k->until_s <= now_s ||
        is_own(r, at->uri)) {
        BR_TRY(fill(r, k, at->uri, now_s, reterr));
    }
    k->used = r->clock;
    *ret_issued_s = k->issued_s;
    if (br_status_list_get(&k->list, at->index, &status, &why) != BR_OK) {
        return br_refuse_for(reterr, BR_RULE_STATUS_TOKEN, &why);
    }
    return verdict(status, reterr);
}

bool
br_status_is_verdict(const struct br_err *why)
{
    const struct br_rule_info *rule = br_rule_of(why);
    return rule == br_rule_info(BR_RULE_STATUS_INVALID) ||
           rule == br_rule_info(BR_RULE_STATUS_SUSPENDED) ||
           rule == br_rule_info(BR_RULE_STATUS_OTHER);
}
