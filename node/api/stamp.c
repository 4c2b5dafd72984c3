/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "common/service/json.h"
#include "node/api/api.h"
#include "node/api/job.h"

#include <stdlib.h>

/*~ 5 From the door to the ledger: a request becomes a job, waits in the
 * gateway for its block, and is answered when the block is durable. */

static void
put_links(struct br_buf *b, uint64_t index)
{
    unsigned long long i = index;
    br_buf_printf(
        b,
        ",\"links\":{\"entry\":\"/v1/log/entries/%llu\","
        "\"tlog_proof\":\"/v1/log/entries/%llu/receipt.tlog-proof\","
        "\"cose\":\"/v1/log/entries/%llu/receipt.cose\","
        "\"tsr\":\"/v1/log/entries/%llu/receipt.tsr\","
        "\"report\":\"/v1/log/entries/%llu/report\"}",
        i, i, i, i, i);
}

static enum br_rc
put_proof_field(
    struct br_buf *b,
    const struct br_settlement *s,
    uint64_t index,
    struct br_err *reterr)
{
    struct br_api_checkpoint c = {
        s->snapshot->head.frontier.size, s->checkpoint};
    br_buf_clear(s->scratch);
    BR_TRY(br_api_put_proof(s->scratch, s->snapshot, &c, index, reterr));
    br_buf_puts(b, ",\"tlog_proof\":");
    br_json_put_text(b, br_buf_bytes(s->scratch));
    return BR_OK;
}

static enum br_rc
put_stamp(
    struct br_buf *b,
    const struct br_api_job *j,
    const struct br_settlement *s,
    struct br_err *reterr)
{
    struct br_bytes entry;
    struct br_block block = {0};
    struct br_bytes author = br_str(j->api->members[j->request.member].id);
    BR_TRY(br_snapshot_leaf(s->snapshot, j->request.index, &entry, reterr));
    if (j->request.op.type == BR_OP_RAW) {
        BR_TRY(br_snapshot_block_of(
            s->snapshot, j->request.index, &block, reterr));
    }
    br_buf_puts(b, "{");
    if (j->put_fields != NULL) {
        BR_TRY(j->put_fields(b, j, s, reterr));
    }
    br_api_put_leaf_fields(b, j->request.index, entry, block.time, author);
    br_buf_printf(
        b,
        ",\"existing\":%s,\"origin\":", j->request.existing ? "true" : "false");
    br_json_put_text(b, br_str(j->api->origin));
    br_buf_printf(
        b, ",\"size\":%llu",
        (unsigned long long)s->snapshot->head.frontier.size);
    if (j->with_proof) {
        BR_TRY(put_proof_field(b, s, j->request.index, reterr));
    }
    put_links(b, j->request.index);
    br_buf_puts(b, "}");
    return br_buf_status(b, reterr);
}

void
br_api_job_reply_stamp(
    struct br_gateway_request *r, const struct br_settlement *settlement)
{
    struct br_api_job *j = (struct br_api_job *)r->ctx;
    struct br_buf *b = br_http_answer_buf(j->req, 128u * 1024);
    struct br_err err = r->err;
    enum br_rc rc = r->rc;
    if (rc == BR_OK) {
        rc = put_stamp(b, j, settlement, &err);
    }
    if (rc == BR_OK) {
        struct br_http_answer a = {
            .status = r->existing ? 200 : 201,
            .content_type = "application/json",
            .take = b,
        };
        br_http_reply(j->req, &a);
    } else {
        br_http_reply_problem(j->req, &err);
    }
    br_api_job_free(j);
}

/* ---- jobs --------------------------------------------------------------- */

struct br_api_job *
br_api_job_new(struct br_api *api, struct br_http_request *req, unsigned member)
{
    struct br_api_job *j = (struct br_api_job *)calloc(1, sizeof(*j));
    if (j == NULL) {
        struct br_err err;
        (void)br_fail(&err, BR_ERR_NO_MEMORY, "the request");
        br_http_reply_problem(req, &err);
        return NULL;
    }
    j->api = api;
    j->req = req;
    j->with_proof = true;
    j->request.member = member;
    j->request.ctx = j;
    j->request.done = br_api_job_reply_stamp;
    return j;
}

void
br_api_job_free(struct br_api_job *j)
{
    if (j != NULL) {
        free(j->owned);
        free(j);
    }
}

/** The Idempotency-Key of the request, if any, with what it is a key to. */
static enum br_rc
take_key(struct br_api_job *j, struct br_err *reterr)
{
    const char *key = br_http_header(j->req, "Idempotency-Key");
    if (key == NULL || *key == '\0') {
        return BR_OK;
    }
    const char *member = j->api->members[j->request.member].id;
    struct br_bytes of_key[] = {br_str(member), br_bytes("", 1), br_str(key)};
    br_sha256_parts(of_key, 3, &j->request.idem_key);
    struct br_buf op;
    br_buf_init(&op, 4096);
    br_op_put_notary(&op, &j->request.op);
    enum br_rc rc = br_buf_status(&op, reterr);
    br_sha256(br_buf_bytes(&op), &j->request.idem_request);
    br_buf_fini(&op);
    j->request.keyed = true;
    return rc;
}

void
br_api_job_submit(struct br_api_job *j)
{
    struct br_err err;
    if (take_key(j, &err) != BR_OK ||
        br_gateway_submit(j->api->gateway, &j->request, &err) != BR_OK) {
        br_http_reply_problem(j->req, &err);
        br_api_job_free(j);
    }
}

void
br_api_job_set_digest(struct br_api_job *j, const struct br_body_digest *d)
{
    memcpy(j->digest, d->digest, d->digest_bytes);
    j->request.op.alg = d->alg;
    j->request.op.digest = br_bytes(j->digest, d->digest_bytes);
}

static enum br_rc
read_stamp(struct br_api_job *j, struct br_err *reterr)
{
    struct br_body_digest d;
    BR_TRY(br_body_stamp(br_http_body(j->req), &d, reterr));
    j->request.op.type = BR_OP_STAMP;
    j->request.again = d.again;
    br_api_job_set_digest(j, &d);
    return BR_OK;
}

void
br_api_post_stamp(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    unsigned member;
    struct br_err err;
    if (!br_api_authorise(api, req, BR_SCOPE_STAMP, 1, &member)) {
        return;
    }
    struct br_api_job *j = br_api_job_new(api, req, member);
    if (j == NULL) {
        return;
    }
    const char *proof = br_http_query(req, "proof");
    j->with_proof = proof == NULL || strcmp(proof, "none") != 0;
    if (read_stamp(j, &err) != BR_OK) {
        br_http_reply_problem(req, &err);
        br_api_job_free(j);
        return;
    }
    br_api_job_submit(j);
}
