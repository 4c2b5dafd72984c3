/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/leaf.h"
#include "node/api/api.h"
#include "node/api/job.h"

#include <stdlib.h>

/* ---- POST /add: a raw leaf in, its decimal index out -------------------- */

static void
reply_index(
    struct br_gateway_request *r, const struct br_settlement *settlement)
{
    struct br_api_job *j = (struct br_api_job *)r->ctx;
    struct br_buf b;
    if (settlement == NULL) {
        br_http_reply_problem(j->req, &r->err);
    } else {
        br_buf_init(&b, 64);
        br_buf_printf(&b, "%llu\n", (unsigned long long)r->index);
        br_api_reply_text(j->req, "text/plain; charset=utf-8", &b);
    }
    br_api_job_free(j);
}

static enum br_rc
take_leaf(struct br_api_job *j, struct br_err *reterr)
{
    struct br_bytes body = br_http_body(j->req);
    if (body.n == 0) {
        return br_fail(reterr, BR_ERR_TRUNCATED, "the leaf is empty");
    }
    if (br_leaf_is_reserved(body)) {
        return br_fail(
            reterr, BR_ERR_RESERVED_LEAF,
            "a raw leaf must not begin with da 42 52 4c 31");
    }
    j->owned = malloc(body.n);
    if (j->owned == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "the leaf");
    }
    memcpy(j->owned, body.p, body.n);
    j->request.op.type = BR_OP_RAW;
    j->request.op.leaf = br_bytes(j->owned, body.n);
    j->request.done = reply_index;
    return BR_OK;
}

void
br_api_post_add(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_err err;
    unsigned member;
    if (!br_api_authorise_open(api, req, BR_SCOPE_ADD, &member)) {
        return;
    }
    struct br_api_job *j = br_api_job_new(api, req, member);
    if (j == NULL) {
        return;
    }
    if (take_leaf(j, &err) != BR_OK) {
        br_http_reply_problem(req, &err);
        br_api_job_free(j);
        return;
    }
    br_api_job_submit(j);
}

/* ---- POST /v1/transactions ---------------------------------------------- */

static void
reply_transaction(void *ctx, const struct br_tx_result *r)
{
    struct br_http_request *req = (struct br_http_request *)ctx;
    struct br_buf b;
    if (r->rc != BR_OK) {
        br_http_reply_problem(req, &r->err);
        return;
    }
    br_buf_init(&b, 256);
    br_buf_printf(
        &b, "{\"first_leaf\":%llu,\"leaves\":%llu,\"height\":%llu}",
        (unsigned long long)r->first_leaf, (unsigned long long)r->leaves,
        (unsigned long long)r->height);
    br_api_reply_json(req, 201, &b);
}

void
br_api_post_transaction(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_err err;
    if (api->engine_ops->submit(
            api->engine, br_http_body(req), reply_transaction, req, &err) !=
        BR_OK) {
        br_http_reply_problem(req, &err);
    }
}
