/* SPDX-License-Identifier: EUPL-1.2 */
/* SCITT: signed statements in, receipts out (draft-ietf-scitt-scrapi). Of a
 * statement only its digest goes into the log. */
#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "common/receipt/cose_statement.h"
#include "node/api/api.h"
#include "node/api/job.h"

#include <stdio.h>
#include <stdlib.h>

enum { TITLE_LABEL = -1, DETAIL_LABEL = -2, SUBJECT_BYTES_MAX = 512 };

/** RFC 9290 concise problem details: {-1: title, -2: detail}. */
static void
reply_problem(struct br_http_request *req, const struct br_err *err)
{
    const struct br_err_info *info = br_err_info(err->rc);
    struct br_buf b;
    br_buf_init(&b, 1024);
    br_cbor_put_map(&b, 2);
    br_cbor_put_int(&b, TITLE_LABEL);
    br_cbor_put_text(&b, br_str(info->text));
    br_cbor_put_int(&b, DETAIL_LABEL);
    br_cbor_put_text(&b, br_str(err->text));
    struct br_http_answer a = {
        .status = info->http_status,
        .content_type = "application/concise-problem-details+cbor",
        .take = &b,
    };
    br_http_reply(req, &a);
    br_buf_fini(&b);
}

/* ---- keys --------------------------------------------------------------- */

static void
reply_cbor(struct br_http_request *req, struct br_buf *b)
{
    struct br_http_answer a = {
        .status = 200, .content_type = "application/cbor", .take = b};
    br_http_reply(req, &a);
    br_buf_fini(b);
}

void
br_api_get_scitt_keys(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_buf b;
    br_buf_init(&b, 4096);
    br_cose_key_set_put(&b, br_signer_public(api->receipt_signer), 1);
    reply_cbor(req, &b);
}

void
br_api_get_scitt_key(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    const struct br_public_key *key = br_signer_public(api->receipt_signer);
    struct br_hash kid;
    struct br_buf b;
    struct br_err err;
    br_public_key_thumbprint(key, &kid);
    br_buf_init(&b, 4096);
    br_base64url_put(&b, br_hash_bytes(&kid));
    if (!br_bytes_eq(br_buf_bytes(&b), br_str(br_http_param(req, 0)))) {
        br_buf_fini(&b);
        (void)br_fail(&err, BR_ERR_NOT_FOUND, "no key with this kid");
        reply_problem(req, &err);
        return;
    }
    br_buf_clear(&b);
    br_public_key_put_cose(&b, key, true);
    reply_cbor(req, &b);
}

/* ---- statements --------------------------------------------------------- */

static enum br_rc
put_receipt(
    struct br_buf *b,
    const struct br_api_job *j,
    const struct br_settlement *s,
    struct br_err *reterr)
{
    struct br_api_cose what = {
        .index = j->request.index,
        .size = s->snapshot->head.frontier.size,
        .subject = br_str((const char *)j->owned),
    };
    return br_api_put_cose(b, j->api, s->snapshot, &what, reterr);
}

static void
reply_receipt(
    struct br_gateway_request *r, const struct br_settlement *settlement)
{
    struct br_api_job *j = (struct br_api_job *)r->ctx;
    struct br_err err = r->err;
    struct br_buf b;
    char location[64];
    enum br_rc rc = r->rc;
    br_buf_init(&b, 256u * 1024);
    if (rc == BR_OK) {
        rc = put_receipt(&b, j, settlement, &err);
    }
    if (rc != BR_OK) {
        reply_problem(j->req, &err);
    } else {
        (void)snprintf(
            location, sizeof(location), "/entries/%llu",
            (unsigned long long)r->index);
        const struct br_http_header_pair header = {"Location", location};
        struct br_http_answer a = {
            .status = 201,
            .content_type = "application/cose",
            .take = &b,
            .headers = &header,
            .header_count = 1,
        };
        br_http_reply(j->req, &a);
    }
    br_buf_fini(&b);
    br_api_job_free(j);
}

/** A statement signed with a member's key must verify; of other issuers the
 *  member whose token is used answers for what it registers. */
static enum br_rc
check_signature(
    struct br_api *api,
    const struct br_cose_statement *st,
    struct br_err *reterr)
{
    struct br_snapshot s;
    struct br_bytes value;
    uint8_t key[1 + BR_HASH_BYTES] = {'K'};
    if (st->kid.n != BR_HASH_BYTES) {
        return BR_OK;
    }
    memcpy(key + 1, st->kid.p, BR_HASH_BYTES);
    BR_TRY(br_snapshot_open(api->chain, &s, reterr));
    struct br_member_key k;
    enum br_rc rc =
        br_snapshot_state(&s, br_bytes(key, sizeof(key)), &value, reterr);
    if (rc == BR_OK) {
        rc = br_member_key_parse(value, &k, reterr);
        if (rc == BR_OK && !br_member_key_valid_at(&k, br_api_now())) {
            rc = br_fail(reterr, BR_ERR_KEY_NOT_VALID, "the issuer's key");
        }
        if (rc == BR_OK) {
            rc =
                br_cose_statement_verify(st, br_bytes(NULL, 0), &k.key, reterr);
        }
    } else if (rc == BR_ERR_NOT_FOUND) {
        rc = BR_OK;
    }
    br_snapshot_close(&s);
    return rc;
}

static enum br_rc
take_statement(struct br_api_job *j, struct br_err *reterr)
{
    struct br_cose_statement st;
    struct br_buf bare;
    struct br_hash h;
    BR_TRY(br_cose_statement_parse(br_http_body(j->req), &st, reterr));
    BR_TRY(check_signature(j->api, &st, reterr));
    if (st.claims.subject.n > SUBJECT_BYTES_MAX) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "the subject is too long");
    }
    char *subject = (char *)calloc(1, st.claims.subject.n + 1);
    if (subject == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "the statement");
    }
    if (st.claims.subject.n > 0) {
        memcpy(subject, st.claims.subject.p, st.claims.subject.n);
    }
    j->owned = subject;
    br_buf_init(&bare, BR_COSE_STATEMENT_BYTES_MAX + 64);
    br_cose_statement_put_bare(&bare, &st);
    enum br_rc rc = br_buf_status(&bare, reterr);
    br_sha256(br_buf_bytes(&bare), &h);
    br_buf_fini(&bare);
    memcpy(j->digest, h.b, BR_HASH_BYTES);
    j->request.op.type = BR_OP_STAMP;
    j->request.op.alg = BR_HASH_SHA256;
    j->request.op.digest = br_bytes(j->digest, BR_HASH_BYTES);
    j->request.done = reply_receipt;
    return rc;
}

void
br_api_post_entries(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_err err;
    unsigned member;
    if (!br_api_authorise_open(api, req, BR_SCOPE_STAMP, &member)) {
        return;
    }
    struct br_api_job *j = br_api_job_new(api, req, member);
    if (j == NULL) {
        return;
    }
    if (take_statement(j, &err) != BR_OK) {
        reply_problem(req, &err);
        br_api_job_free(j);
        return;
    }
    br_api_job_submit(j);
}

void
br_api_get_scitt_entry(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_snapshot s;
    struct br_publication p;
    struct br_err err;
    struct br_buf b;
    char subject[64];
    struct br_api_cose what = {0};
    if (!br_api_may_read(api, req)) {
        return;
    }
    if (br_decimal_parse(br_str(br_http_param(req, 0)), &what.index, NULL) !=
        BR_OK) {
        (void)br_fail(&err, BR_ERR_NOT_FOUND, "no such entry");
        reply_problem(req, &err);
        return;
    }
    if (br_api_current(api, &s, &p, &err) != BR_OK) {
        reply_problem(req, &err);
        return;
    }
    (void)snprintf(
        subject, sizeof(subject), "/entries/%llu",
        (unsigned long long)what.index);
    what.subject = br_str(subject);
    what.size = p.size;
    br_buf_init(&b, 256u * 1024);
    if (br_api_put_cose(&b, api, &s, &what, &err) == BR_OK) {
        br_api_reply_text(req, "application/cose", &b);
    } else {
        br_buf_fini(&b);
        reply_problem(req, &err);
    }
    br_snapshot_close(&s);
    br_buf_fini(&p.note);
}
