/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/api/tsa.h"

#include "common/receipt/leaf.h"
#include "node/api/api.h"
#include "node/api/job.h"

#include <stdlib.h>

static const char reply_type[] = "application/timestamp-reply";

/* docs/receipts.md: a leaf has one token without nonce, made again whenever it
 * is asked for, and at most one that answers a request with a nonce. */
static uint64_t
serial_of(uint64_t leaf, bool with_nonce)
{
    return 2 * (leaf + 1) + with_nonce;
}

enum br_rc
br_api_put_tsr(
    struct br_buf *b,
    struct br_api *api,
    const struct br_leaf *leaf,
    uint64_t index,
    struct br_err *reterr)
{
    struct br_tsq q = {
        .alg = (enum br_hash_alg)leaf->alg,
        .digest_bytes = leaf->digest.n,
        .certificates = true,
    };
    if (api->tsa == NULL) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "no TSA is configured");
    }
    if (leaf->digest.n == 0) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "a raw leaf has no digest to stamp");
    }
    memcpy(q.digest, leaf->digest.p, leaf->digest.n);
    return br_tsr_put(
        b, api->tsa, &q, serial_of(index, false), leaf->time, reterr);
}

/* ---- POST /tsa ---------------------------------------------------------- */

static void
reply_tsr(struct br_http_request *req, struct br_buf *b)
{
    br_api_reply_text(req, reply_type, b);
}

static void
reject(
    struct br_http_request *req, enum br_tsa_failure failure, const char *why)
{
    struct br_buf b;
    br_buf_init(&b, 1024);
    br_tsr_put_rejection(&b, failure, why);
    reply_tsr(req, &b);
}

/** A token's time is its leaf's. */
static enum br_rc
put_answer(
    const struct br_api_job *j,
    const struct br_settlement *s,
    struct br_buf *b,
    struct br_err *reterr)
{
    const struct br_tsq *q = (const struct br_tsq *)j->owned;
    struct br_bytes entry;
    struct br_leaf leaf;
    BR_TRY(br_snapshot_leaf(s->snapshot, j->request.index, &entry, reterr));
    BR_TRY(br_leaf_parse(entry, &leaf, reterr));
    return br_tsr_put(
        b, j->api->tsa, q, serial_of(j->request.index, q->nonce_bytes > 0),
        leaf.time, reterr);
}

static void
reply_token(
    struct br_gateway_request *r, const struct br_settlement *settlement)
{
    struct br_api_job *j = (struct br_api_job *)r->ctx;
    struct br_err err = r->err;
    struct br_buf *b = br_http_answer_buf(j->req, BR_TST_BYTES_MAX);
    enum br_rc rc = r->rc;
    if (rc == BR_OK) {
        rc = put_answer(j, settlement, b, &err);
    }
    if (rc == BR_OK) {
        struct br_http_answer a = {
            .status = 200, .content_type = reply_type, .take = b};
        br_http_reply(j->req, &a);
    } else {
        reject(
            j->req,
            rc == BR_ERR_CLOCK_BACKWARDS ? BR_TSA_TIME_NOT_AVAILABLE
                                         : BR_TSA_SYSTEM_FAILURE,
            err.text);
    }
    br_api_job_free(j);
}

static void
submit(
    struct br_api *api,
    struct br_http_request *req,
    unsigned member,
    const struct br_tsq *q)
{
    struct br_api_job *j = br_api_job_new(api, req, member);
    if (j == NULL) {
        return;
    }
    struct br_tsq *copy = (struct br_tsq *)malloc(sizeof(*copy));
    if (copy == NULL) {
        reject(req, BR_TSA_SYSTEM_FAILURE, "memory was refused");
        br_api_job_free(j);
        return;
    }
    *copy = *q;
    j->owned = copy;
    j->request.op.type = BR_OP_STAMP;
    j->request.op.alg = q->alg;
    j->request.op.digest = br_bytes(copy->digest, copy->digest_bytes);
    j->request.again = true; /* a token says "now" */
    j->request.done = reply_token;
    br_api_job_submit(j);
}

void
br_api_post_tsa(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_tsq q;
    struct br_err err;
    enum br_tsa_failure failure;
    unsigned member;
    if (api->tsa == NULL) {
        (void)br_fail(&err, BR_ERR_NOT_FOUND, "no TSA is configured");
        br_http_reply_problem(req, &err);
        return;
    }
    if (!br_api_authorise_open(api, req, BR_SCOPE_STAMP, &member)) {
        return;
    }
    if (br_tsq_parse(api->tsa, br_http_body(req), &q, &failure, &err) !=
        BR_OK) {
        reject(req, failure, err.text);
        return;
    }
    submit(api, req, member, &q);
}
