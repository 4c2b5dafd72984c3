/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/api/status.h"

#include "common/codec/deflate.h"
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "common/credential/status_list.h"
#include "common/net/router.h"
#include "orchestrator/api/api.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    KEPT = 32, /**< tokens; a list of a million is 350 bytes when all is well */
    TOKEN_BYTES_MAX = 64 * 1024 * 1024,
    EXPIRES_TTLS = 4,
    LISTS_TOLD = 100000,
    ANSWER_ARENA_BYTES = 1024 * 1024,
};

struct kept {
    uint32_t list; /**< 0: empty */
    uint64_t version;
    uint64_t issued_s;
    struct br_buf token;
    struct br_buf gzip; /**< the same, once somebody has asked; or empty */
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
            br_buf_init(&c->kept[i].gzip, TOKEN_BYTES_MAX);
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
            br_buf_fini(&c->kept[i].gzip);
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

/** The token of now, copied to ret; made again when it is old or changed,
 * packed once for all who take gzip. */
static enum br_rc
current(
    struct br_orch_api *api,
    struct br_kv_txn *txn,
    const struct br_list *l,
    bool gzip,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_status_cache *c = api->status;
    struct kept *k = &c->kept[l->number % KEPT];
    uint64_t now_s = br_orch_now_s();
    uint64_t ttl_s = api->config->status_ttl_s;
    const struct when when = {
        now_s, now_s + EXPIRES_TTLS * ttl_s, UINT64_MAX, false};
    enum br_rc rc = BR_OK;
    (void)pthread_mutex_lock(&c->lock);
    bool fresh = k->list == l->number && k->version == l->version &&
                 now_s >= k->issued_s && now_s < k->issued_s + ttl_s;
    if (!fresh) {
        br_buf_clear(&k->token);
        br_buf_clear(&k->gzip);
        k->list = 0;
        rc = make(api, txn, l, &when, &k->token, reterr);
    }
    if (rc == BR_OK && !fresh) {
        k->list = l->number;
        k->version = l->version;
        k->issued_s = now_s;
        const struct br_published p = {
            l->number, l->version, now_s, br_buf_bytes(&k->token)};
        if (c->published.fn != NULL) {
            c->published.fn(c->published.ctx, &p);
        }
    }
    if (rc == BR_OK && gzip && k->gzip.n == 0) {
        rc = br_gzip_pack(br_buf_bytes(&k->token), &k->gzip, reterr);
    }
    const struct br_buf *told = gzip ? &k->gzip : &k->token;
    br_buf_put(ret, told->p, told->n);
    (void)pthread_mutex_unlock(&c->lock);
    return rc;
}

void
br_status_publish_due(struct br_orch_api *api)
{
    struct br_kv_txn *txn;
    struct br_buf b;
    struct br_list l;
    if (br_kv_begin_read(api->kv, &txn, NULL) != BR_OK) {
        return;
    }
    br_buf_init(&b, TOKEN_BYTES_MAX);
    for (uint32_t n = 1; br_list_get(txn, n, &l, NULL) == BR_OK; n++) {
        const struct br_published next = {
            .list = n, .version = l.version, .issued_s = br_orch_now_s()};
        bool due = false;
        if (br_published_is_due(txn, &next, &due, NULL) == BR_OK && due) {
            br_buf_clear(&b);
            (void)!current(api, txn, &l, false, &b, NULL);
        }
    }
    br_buf_fini(&b);
    br_kv_end(txn);
}

/* ---- serving ------------------------------------------------------------ */

/** A second at which the list was there. */
static enum br_rc
read_time(
    const struct br_list *l,
    const char *text,
    uint64_t *ret_s,
    struct br_err *reterr)
{
    BR_TRY(br_decimal_parse(br_str(text), ret_s, reterr));
    return *ret_s >= l->created_s && *ret_s <= br_orch_now_s()
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_NOT_FOUND,
                     "there was no list at that time");
}

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
    BR_TRY(read_time(l, time, &at_s, reterr));
    const struct when when = {at_s, at_s + 1, at_s * 1000000 + 999999, true};
    (void)pthread_mutex_lock(&api->status->lock); /* one at a time */
    enum br_rc rc = make(api, txn, l, &when, ret, reterr);
    (void)pthread_mutex_unlock(&api->status->lock);
    return rc;
}

/** The list in the path. */
static enum br_rc
find_list(
    struct br_http_request *req,
    struct br_kv_txn *txn,
    struct br_list *ret,
    struct br_err *reterr)
{
    uint64_t number;
    return br_decimal_parse(br_str(br_http_param(req, 0)), &number, NULL) ==
                       BR_OK &&
                   number <= UINT32_MAX &&
                   br_list_get(txn, (uint32_t)number, ret, NULL) == BR_OK
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_NOT_FOUND, "there is no such status list");
}

static enum br_rc
find(
    struct br_orch_api *api,
    struct br_http_request *req,
    struct br_kv_txn *txn,
    bool *ret_gzip,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_list l;
    const char *time = br_http_query(req, "time");
    BR_TRY(find_list(req, txn, &l, reterr));
    *ret_gzip =
        time == NULL &&
        br_accepts_coding(br_http_header(req, "Accept-Encoding"), "gzip");
    return time == NULL ? current(api, txn, &l, *ret_gzip, ret, reterr)
                        : past(api, txn, &l, time, ret, reterr);
}

/** Section 8.1: "The HTTP response SHOULD use Content-Encoding (such as
 *  gzip)". */
static void
reply(struct br_http_request *req, bool gzip, struct br_buf *token)
{
    static const struct br_http_header_pair headers[] = {
        {"Access-Control-Allow-Origin", "*"},
        {"Cache-Control", "max-age=60"},
        {"Vary", "Accept-Encoding"},
        {"Content-Encoding", "gzip"},
    };
    const struct br_http_answer a = {
        .status = 200,
        .content_type = "application/statuslist+jwt",
        .headers = headers,
        .header_count = gzip ? 4 : 3,
        .take = token,
    };
    br_http_reply(req, &a);
}

void
br_orch_get_status(struct br_http_request *req, void *ctx)
{
    struct br_orch_api *api = (struct br_orch_api *)ctx;
    struct br_kv_txn *txn;
    struct br_buf b;
    struct br_err err;
    bool gzip = false;
    br_buf_init(&b, TOKEN_BYTES_MAX);
    enum br_rc rc = br_kv_begin_read(api->kv, &txn, &err);
    if (rc == BR_OK) {
        rc = find(api, req, txn, &gzip, &b, &err);
        br_kv_end(txn);
    }
    if (rc == BR_OK) {
        rc = br_buf_status(&b, &err);
    }
    if (rc == BR_OK) {
        reply(req, gzip, &b);
    } else {
        br_orch_fail(req, &err);
    }
    br_buf_fini(&b);
}

/* ---- evidence ----------------------------------------------------------- */

static void
put_text(struct br_json_writer *w, const char *name, struct br_bytes text)
{
    br_json_write_name(w, name);
    br_json_write_string(w, text);
}

/** The node's answer has the receipt, tlog_proof, and where its entry is. */
static enum br_rc
put_stamp(
    struct br_orch_api *api,
    struct br_kv_txn *txn,
    const struct br_published *p,
    struct br_json_writer *w,
    struct br_err *reterr)
{
    struct br_arena arena;
    struct br_hash digest;
    struct br_bytes answer;
    struct br_bytes proof;
    struct br_json *v = NULL;
    enum br_rc rc =
        br_stamped_get(txn, p->list, p->issued_s, &digest, &answer, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        br_json_write_name(w, "tlog_proof");
        br_json_write_null(w);
        return BR_OK;
    }
    BR_TRY(rc);
    br_arena_init(&arena, ANSWER_ARENA_BYTES);
    rc = br_json_parse(answer, &arena, &v, reterr);
    if (rc == BR_OK) {
        rc = br_json_need_string(v, "tlog_proof", &proof, reterr);
    }
    if (rc == BR_OK) {
        put_text(w, "tlog_proof", proof);
        put_text(w, "node", br_str(api->config->node_url));
    }
    br_arena_fini(&arena);
    return rc;
}

static enum br_rc
write_published(
    struct br_orch_api *api,
    struct br_http_request *req,
    struct br_kv_txn *txn,
    struct br_json_writer *w,
    struct br_err *reterr)
{
    const char *time = br_http_query(req, "time");
    uint64_t at_s = br_orch_now_s();
    struct br_list l;
    struct br_published p;
    BR_TRY(find_list(req, txn, &l, reterr));
    if (time != NULL) {
        BR_TRY(read_time(&l, time, &at_s, reterr));
    }
    BR_TRY(br_published_get(txn, l.number, at_s, &p, reterr));
    br_json_write_object(w);
    br_json_write_name(w, "issued");
    br_json_write_uint(w, p.issued_s);
    put_text(w, "token", p.token);
    BR_TRY(put_stamp(api, txn, &p, w, reterr));
    br_json_write_end(w);
    return br_json_writer_done(w, reterr);
}

/** What the issuer had said by that second, and the ledger's receipt. */
void
br_orch_get_status_published(struct br_http_request *req, void *ctx)
{
    struct br_orch_api *api = (struct br_orch_api *)ctx;
    struct br_kv_txn *txn;
    struct br_json_writer w;
    struct br_buf b;
    struct br_err err;
    br_buf_init(&b, TOKEN_BYTES_MAX);
    br_json_writer_init(&w, &b);
    enum br_rc rc = br_kv_begin_read(api->kv, &txn, &err);
    if (rc == BR_OK) {
        rc = write_published(api, req, txn, &w, &err);
        br_kv_end(txn);
    }
    if (rc == BR_OK) {
        br_orch_reply_public(req, "application/json", &b);
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
