/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/api/status.h"

#include "common/codec/text.h"
#include "common/credential/status_list.h"
#include "orchestrator/api/api.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    KEPT = 32, /**< tokens; a list of a million is 350 bytes when all is well */
    TOKEN_BYTES_MAX = 64 * 1024 * 1024,
    EXPIRES_TTLS = 4,
    LISTS_TOLD = 100000,
};

struct kept {
    uint32_t list; /**< 0: empty */
    uint64_t version;
    uint64_t issued_s;
    struct br_buf token;
};

struct br_status_cache {
    pthread_mutex_t lock;
    struct br_status_published published;
    struct kept kept[KEPT]; /**< list n in n % KEPT */
};

struct br_status_cache *
br_status_cache_new(const struct br_status_published *published)
{
    struct br_status_cache *c = (struct br_status_cache *)calloc(1, sizeof(*c));
    if (c != NULL) {
        (void)pthread_mutex_init(&c->lock, NULL);
        c->published = *published;
        for (size_t i = 0; i < KEPT; i++) {
            br_buf_init(&c->kept[i].token, TOKEN_BYTES_MAX);
        }
    }
    return c;
}

void
br_status_cache_free(struct br_status_cache *c)
{
    if (c != NULL) {
        for (size_t i = 0; i < KEPT; i++) {
            br_buf_fini(&c->kept[i].token);
        }
        (void)pthread_mutex_destroy(&c->lock);
        free(c);
    }
}

/* ---- making ------------------------------------------------------------- */

struct when {
    uint64_t issued_s;
    uint64_t expires_s;
    uint64_t until_us; /**< changes up to here */
    bool past;
};

static enum br_rc
sign(
    struct br_orch_api *api,
    const struct br_list *l,
    const struct br_status_list *list,
    const struct when *when,
    struct br_buf *ret,
    struct br_err *reterr)
{
    const struct br_jws_header header = {
        .alg = BR_ALG_ES256,
        .typ = BR_STATUS_LIST_TYP,
        .kid = br_str(api->kid),
        .x5c = &api->chain,
    };
    char uri[640];
    char all[640];
    struct br_buf claims;
    (void)snprintf(uri, sizeof(uri), "%s/status/%u", api->issuer, l->number);
    (void)snprintf(all, sizeof(all), "%s/status", api->issuer);
    const struct br_status_token t = {
        .subject = br_str(uri),
        .issuer = br_str(api->issuer),
        .issued_s = when->issued_s,
        .expires_s = when->expires_s,
        .ttl_s = when->past ? 0 : api->config->status_ttl_s,
        .aggregation_uri = br_str(all),
    };
    br_buf_init(&claims, TOKEN_BYTES_MAX / 2);
    enum br_rc rc = br_status_token_encode(&t, list, &claims, reterr);
    if (rc == BR_OK) {
        rc = br_jws_sign(
            &header, br_buf_bytes(&claims), api->issuer_key, ret, reterr);
    }
    br_buf_fini(&claims);
    return rc;
}

static enum br_rc
make(
    struct br_orch_api *api,
    struct br_kv_txn *txn,
    const struct br_list *l,
    const struct when *when,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_status_list list;
    BR_TRY(br_list_read(txn, l, when->until_us, &list, reterr));
    enum br_rc rc = sign(api, l, &list, when, ret, reterr);
    br_status_list_fini(&list);
    return rc;
}

/** The token of now, copied to ret; made again when it is old or changed. */
static enum br_rc
current(
    struct br_orch_api *api,
    struct br_kv_txn *txn,
    const struct br_list *l,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_status_cache *c = api->status;
    struct kept *k = &c->kept[l->number % KEPT];
    uint64_t now_s = br_orch_now_s();
    uint64_t ttl_s = api->config->status_ttl_s;
    const struct when when = {
        now_s, now_s + EXPIRES_TTLS * ttl_s, UINT64_MAX, false};
    struct br_hash digest;
    enum br_rc rc = BR_OK;
    (void)pthread_mutex_lock(&c->lock);
    bool fresh = k->list == l->number && k->version == l->version &&
                 now_s >= k->issued_s && now_s < k->issued_s + ttl_s;
    if (!fresh) {
        br_buf_clear(&k->token);
        k->list = 0;
        rc = make(api, txn, l, &when, &k->token, reterr);
    }
    if (rc == BR_OK && !fresh) {
        k->list = l->number;
        k->version = l->version;
        k->issued_s = now_s;
        br_sha256(br_buf_bytes(&k->token), &digest);
        if (c->published.fn != NULL) {
            c->published.fn(c->published.ctx, l->number, l->version, &digest);
        }
    }
    br_buf_put(ret, k->token.p, k->token.n);
    (void)pthread_mutex_unlock(&c->lock);
    return rc;
}

/* ---- serving ------------------------------------------------------------ */

/** Section 8.4: a token that was valid at that second. */
static enum br_rc
past(
    struct br_orch_api *api,
    struct br_kv_txn *txn,
    const struct br_list *l,
    const char *time,
    struct br_buf *ret,
    struct br_err *reterr)
{
    uint64_t at_s;
    BR_TRY(br_decimal_parse(br_str(time), &at_s, reterr));
    if (at_s < l->created_s || at_s > br_orch_now_s()) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "there was no list at that time");
    }
    const struct when when = {at_s, at_s + 1, at_s * 1000000 + 999999, true};
    (void)pthread_mutex_lock(&api->status->lock); /* one at a time */
    enum br_rc rc = make(api, txn, l, &when, ret, reterr);
    (void)pthread_mutex_unlock(&api->status->lock);
    return rc;
}

static enum br_rc
find(
    struct br_orch_api *api,
    struct br_http_request *req,
    struct br_kv_txn *txn,
    struct br_buf *ret,
    struct br_err *reterr)
{
    uint64_t number;
    struct br_list l;
    const char *time = br_http_query(req, "time");
    if (br_decimal_parse(br_str(br_http_param(req, 0)), &number, NULL) !=
            BR_OK ||
        number > UINT32_MAX ||
        br_list_get(txn, (uint32_t)number, &l, NULL) != BR_OK) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "there is no such status list");
    }
    return time == NULL ? current(api, txn, &l, ret, reterr)
                        : past(api, txn, &l, time, ret, reterr);
}

void
br_orch_get_status(struct br_http_request *req, void *ctx)
{
    struct br_orch_api *api = (struct br_orch_api *)ctx;
    struct br_kv_txn *txn;
    struct br_buf b;
    struct br_err err;
    br_buf_init(&b, TOKEN_BYTES_MAX);
    enum br_rc rc = br_kv_begin_read(api->kv, &txn, &err);
    if (rc == BR_OK) {
        rc = find(api, req, txn, &b, &err);
        br_kv_end(txn);
    }
    if (rc == BR_OK) {
        br_orch_reply_public(req, "application/statuslist+jwt", &b);
        return;
    }
    br_orch_fail(req, &err);
    br_buf_fini(&b);
}

/** Section 9.3: the lists that there are; they are numbered from 1. */
void
br_orch_get_status_lists(struct br_http_request *req, void *ctx)
{
    struct br_orch_api *api = (struct br_orch_api *)ctx;
    struct br_kv_txn *txn;
    struct br_buf b;
    struct br_err err;
    if (br_kv_begin_read(api->kv, &txn, &err) != BR_OK) {
        br_orch_fail(req, &err);
        return;
    }
    br_buf_init(&b, TOKEN_BYTES_MAX);
    br_buf_puts(&b, "{\"status_lists\":[");
    for (uint32_t n = 1; n < LISTS_TOLD; n++) {
        struct br_list l;
        if (br_list_get(txn, n, &l, NULL) != BR_OK) {
            break;
        }
        br_buf_printf(
            &b, "%s\"%s/status/%u\"", n == 1 ? "" : ",", api->issuer, n);
    }
    br_kv_end(txn);
    br_buf_puts(&b, "]}\n");
    br_orch_reply_public(req, "application/json", &b);
}
