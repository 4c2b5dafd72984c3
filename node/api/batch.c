/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "common/service/json.h"
#include "node/api/api.h"
#include "node/api/body.h"

#include <stdio.h>
#include <stdlib.h>

/** A batch as its body arrives. The token is checked at the first piece: a
 *  stranger's million digests are not read to their end. */
struct batch {
    struct br_gateway_bulk bulk;
    struct br_api *api;
    struct br_http_request *req;
    atomic_int holders; /**< the server, and the gateway once submitted */
    const struct br_hash_info *info;
    bool lines; /**< application/x-ndjson */
    struct br_buf digests;
    struct br_body_lines reader; /**< where `lines` */
    uint64_t *index;
};

static void
batch_release(struct batch *t)
{
    if (t != NULL && atomic_fetch_sub(&t->holders, 1) == 1) {
        br_buf_fini(&t->digests);
        br_body_lines_fini(&t->reader);
        free(t->index);
        free(t);
    }
}

static enum br_rc
read_query(struct batch *t, struct br_http_request *req, struct br_err *reterr)
{
    const char *alg = br_http_query(req, "alg");
    const char *again = br_http_query(req, "again");
    const char *type = br_http_header(req, "Content-Type");
    t->info = br_hash_by_name(br_str(alg == NULL ? "sha-256" : alg));
    if (t->info == NULL) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "alg %.20s: sha-256, sha-384, sha-512, sha3-256 or sha3-512", alg);
    }
    t->bulk.again = again != NULL && strcmp(again, "true") == 0;
    t->lines = type != NULL && strncmp(type, "application/x-ndjson", 20) == 0;
    if (!t->lines &&
        (type == NULL || strncmp(type, "application/octet-stream", 24) != 0)) {
        return br_fail(
            reterr, BR_ERR_MEDIA_TYPE,
            "application/octet-stream or application/x-ndjson");
    }
    return BR_OK;
}

/** Bearer and scope, before anything is kept; the rate is charged at the end,
 *  when the number of digests is known. */
static enum br_rc
check_first(
    struct br_api *api, struct br_http_request *req, struct br_err *reterr)
{
    const char *h = br_http_header(req, "Authorization");
    struct br_token token;
    if (h == NULL || strncasecmp(h, "Bearer ", 7) != 0) {
        return br_fail(
            reterr, BR_ERR_UNAUTHENTICATED,
            "this needs a token: Authorization: Bearer ...");
    }
    return br_tokens_check(
        api->tokens, br_str(h + 7), BR_SCOPE_STAMP, br_api_now(), 0, &token,
        reterr);
}

static enum br_rc
batch_new(
    struct br_api *api,
    struct br_http_request *req,
    struct batch **ret,
    struct br_err *reterr)
{
    BR_TRY(check_first(api, req, reterr));
    struct batch *t = (struct batch *)calloc(1, sizeof(*t));
    if (t == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "the batch");
    }
    t->api = api;
    atomic_init(&t->holders, 1);
    br_buf_init(
        &t->digests, (size_t)BR_BATCH_DIGESTS_MAX * BR_DIGEST_BYTES_MAX);
    enum br_rc rc = read_query(t, req, reterr);
    br_body_lines_init(&t->reader, t->info, &t->digests);
    if (rc != BR_OK) {
        batch_release(t);
        return rc;
    }
    *ret = t;
    return BR_OK;
}

/* ---- the body ----------------------------------------------------------- */

enum br_rc
br_api_batch_piece(
    struct br_http_request *req,
    void *ctx,
    void **state,
    struct br_bytes piece,
    struct br_err *reterr)
{
    struct br_api *api = (struct br_api *)ctx;
    if (*state == NULL) {
        struct batch *t = NULL;
        BR_TRY(batch_new(api, req, &t, reterr));
        *state = t;
    }
    struct batch *t = (struct batch *)*state;
    if (t->lines) {
        return br_body_lines_put(&t->reader, piece, reterr);
    }
    br_buf_put(&t->digests, piece.p, piece.n);
    if (t->digests.n > (size_t)BR_BATCH_DIGESTS_MAX * t->info->digest_bytes) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "more than %d digests",
            BR_BATCH_DIGESTS_MAX);
    }
    return br_buf_status(&t->digests, reterr);
}

void
br_api_batch_end(void *ctx, void *state)
{
    (void)ctx;
    batch_release((struct batch *)state);
}

/* ---- the answer --------------------------------------------------------- */

static void
put_indexes(struct br_buf *b, const struct batch *t)
{
    uint8_t *out = br_buf_extend(b, 8 * t->bulk.count);
    for (size_t i = 0; out != NULL && i < t->bulk.count; i++) {
        for (size_t k = 0; k < 8; k++) {
            out[8 * i + k] = (uint8_t)(t->index[i] >> (56 - 8 * k));
        }
    }
}

static void
put_index_lines(struct br_buf *b, const struct batch *t)
{
    for (size_t i = 0; i < t->bulk.count; i++) {
        uint64_t v = t->index[i];
        br_buf_printf(
            b, "{\"index\":%llu,\"existing\":%s}\n",
            (unsigned long long)(v & ~BR_BULK_EXISTING),
            (v & BR_BULK_EXISTING) != 0 ? "true" : "false");
    }
}

static void
reply_indexes(struct batch *t, const struct br_settlement *s)
{
    struct br_buf b;
    char size[24];
    struct br_err err;
    br_buf_init(&b, (size_t)BR_BATCH_DIGESTS_MAX * 64);
    if (t->lines) {
        put_index_lines(&b, t);
    } else {
        put_indexes(&b, t);
    }
    (void)snprintf(
        size, sizeof(size), "%llu",
        (unsigned long long)s->snapshot->head.frontier.size);
    const struct br_http_header_pair header = {"Broletto-Size", size};
    struct br_http_answer a = {
        .status = 200,
        .content_type =
            t->lines ? "application/x-ndjson" : "application/octet-stream",
        .take = &b,
        .headers = &header,
        .header_count = 1,
    };
    if (br_buf_status(&b, &err) == BR_OK) {
        br_http_reply(t->req, &a);
    } else {
        br_http_reply_problem(t->req, &err);
    }
    br_buf_fini(&b);
}

static void
batch_done(struct br_gateway_bulk *bulk, const struct br_settlement *s)
{
    struct batch *t = (struct batch *)bulk->ctx;
    if (s != NULL) {
        reply_indexes(t, s);
    } else {
        br_http_reply_problem(t->req, &bulk->err);
    }
    batch_release(t);
}

static enum br_rc
complete(struct batch *t, struct br_err *reterr)
{
    size_t each = t->info->digest_bytes;
    if (t->lines) {
        BR_TRY(br_body_lines_end(&t->reader, reterr));
    }
    if (t->digests.n == 0 || t->digests.n % each != 0) {
        return br_fail(
            reterr, BR_ERR_TRUNCATED, "%zu bytes are no whole number of %s",
            t->digests.n, t->info->name);
    }
    t->bulk.count = t->digests.n / each;
    t->bulk.alg = t->info->alg;
    t->bulk.digest_bytes = each;
    t->bulk.digests = br_buf_bytes(&t->digests);
    t->index = (uint64_t *)malloc(t->bulk.count * sizeof(uint64_t));
    t->bulk.index = t->index;
    t->bulk.done = batch_done;
    t->bulk.ctx = t;
    return t->index == NULL ? br_fail(reterr, BR_ERR_NO_MEMORY, "the answer")
                            : BR_OK;
}

void
br_api_post_batch(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct batch *t = (struct batch *)br_http_stream_state(req);
    struct br_err err;
    if (complete(t, &err) != BR_OK) {
        br_http_reply_problem(req, &err);
        return;
    }
    if (!br_api_authorise(
            api, req, BR_SCOPE_STAMP, (uint32_t)t->bulk.count,
            &t->bulk.member)) {
        return;
    }
    t->req = req;
    atomic_fetch_add(&t->holders, 1);
    if (br_gateway_submit_bulk(api->gateway, &t->bulk, &err) != BR_OK) {
        br_http_reply_problem(req, &err);
        batch_release(t);
    }
}
