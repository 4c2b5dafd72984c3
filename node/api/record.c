/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/ledger/record.h"

#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "common/receipt/leaf.h"
#include "common/service/json.h"
#include "node/api/api.h"
#include "node/api/job.h"

#include <stdio.h>

enum { ANSWER_BYTES_MAX = 64 * 1024 };

static bool
parse_record(struct br_http_request *req, struct br_hash *ret)
{
    const char *hex = br_http_param(req, 0);
    struct br_err err;
    if (strlen(hex) == 2 * BR_HASH_BYTES &&
        br_hex_parse(br_str(hex), ret->b, NULL) == BR_OK) {
        return true;
    }
    (void)br_fail(
        &err, BR_ERR_MALFORMED, "a record's id has 64 hexadecimal digits");
    br_http_reply_problem(req, &err);
    return false;
}

/** The record's id and version, as the leaf says them. */
static enum br_rc
put_record_fields(
    struct br_buf *b,
    const struct br_api_job *j,
    const struct br_settlement *s,
    struct br_err *reterr)
{
    struct br_hash id = j->request.op.record;
    if (j->request.op.type == BR_OP_RECORD_CREATE) {
        br_record_id(br_str(j->api->chain_id), j->request.index, &id);
    }
    (void)s;
    (void)reterr;
    br_buf_puts(b, "\"record_id\":\"");
    br_hex_put(b, br_hash_bytes(&id));
    br_buf_puts(b, "\",");
    return BR_OK;
}

static struct br_api_job *
begin(struct br_api *api, struct br_http_request *req, uint64_t type)
{
    unsigned member;
    if (!br_api_authorise(api, req, BR_SCOPE_RECORD, 1, &member)) {
        return NULL;
    }
    struct br_api_job *j = br_api_job_new(api, req, member);
    if (j != NULL) {
        j->request.op.type = type;
        j->put_fields = put_record_fields;
    }
    return j;
}

static void
give_up(struct br_api_job *j, const struct br_err *err)
{
    br_http_reply_problem(j->req, err);
    br_api_job_free(j);
}

static enum br_rc
read_digest(struct br_api_job *j, struct br_err *reterr)
{
    struct br_body_digest d;
    BR_TRY(br_body_digest(br_http_body(j->req), &d, reterr));
    br_api_job_set_digest(j, &d);
    return BR_OK;
}

static void
submit_digest(struct br_api_job *j)
{
    struct br_err err;
    if (read_digest(j, &err) != BR_OK) {
        give_up(j, &err);
    } else {
        br_api_job_submit(j);
    }
}

void
br_api_post_record(struct br_http_request *req, void *ctx)
{
    struct br_api_job *j =
        begin((struct br_api *)ctx, req, BR_OP_RECORD_CREATE);
    if (j != NULL) {
        submit_digest(j);
    }
}

void
br_api_post_version(struct br_http_request *req, void *ctx)
{
    struct br_hash id;
    if (!parse_record(req, &id)) {
        return;
    }
    struct br_api_job *j =
        begin((struct br_api *)ctx, req, BR_OP_RECORD_VERSION);
    if (j != NULL) {
        j->request.op.record = id;
        submit_digest(j);
    }
}

void
br_api_post_hash(struct br_http_request *req, void *ctx)
{
    struct br_hash id;
    uint64_t version;
    if (!parse_record(req, &id) ||
        !br_api_number(req, br_http_param(req, 1), &version)) {
        return;
    }
    struct br_api_job *j = begin((struct br_api *)ctx, req, BR_OP_RECORD_HASH);
    if (j != NULL) {
        j->request.op.record = id;
        j->request.op.version = version;
        submit_digest(j);
    }
}

static enum br_rc
set_owner(struct br_api_job *j, const char *owner, struct br_err *reterr)
{
    if (!br_identifier_ok(br_str(owner), BR_MEMBER_ID_BYTES_MAX)) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "owner: a member's id is wanted");
    }
    (void)snprintf(j->id, sizeof(j->id), "%s", owner);
    j->request.op.id = br_str(j->id);
    return BR_OK;
}

static enum br_rc
read_owner(struct br_api_job *j, struct br_err *reterr)
{
    struct br_body_owner o;
    BR_TRY(br_body_owner(br_http_body(j->req), &o, reterr));
    j->request.op.not_before = o.not_before;
    j->request.op.not_after = o.not_after;
    return set_owner(j, o.id, reterr);
}

void
br_api_post_owner(struct br_http_request *req, void *ctx)
{
    struct br_hash id;
    struct br_err err;
    if (!parse_record(req, &id)) {
        return;
    }
    struct br_api_job *j = begin((struct br_api *)ctx, req, BR_OP_OWNER_ADD);
    if (j == NULL) {
        return;
    }
    j->request.op.record = id;
    if (read_owner(j, &err) != BR_OK) {
        give_up(j, &err);
    } else {
        br_api_job_submit(j);
    }
}

void
br_api_revoke_owner(struct br_http_request *req, void *ctx)
{
    struct br_hash id;
    struct br_err err;
    if (!parse_record(req, &id)) {
        return;
    }
    struct br_api_job *j = begin((struct br_api *)ctx, req, BR_OP_OWNER_REVOKE);
    if (j == NULL) {
        return;
    }
    j->request.op.record = id;
    if (set_owner(j, br_http_param(req, 1), &err) != BR_OK) {
        give_up(j, &err);
    } else {
        br_api_job_submit(j);
    }
}

/* ---- reading ------------------------------------------------------------ */

static void
put_owner(struct br_buf *b, const struct br_record_owner *o)
{
    br_buf_puts(b, "{\"owner\":");
    br_json_put_text(b, br_str(o->member));
    br_buf_printf(
        b, ",\"not_before_us\":%llu,\"not_after_us\":%llu,\"revoked\":%s}",
        (unsigned long long)o->not_before.v, (unsigned long long)o->not_after.v,
        o->revoked ? "true" : "false");
}

static enum br_rc
put_record(
    struct br_buf *b,
    struct br_snapshot *s,
    const struct br_hash *id,
    struct br_err *reterr)
{
    uint8_t key[BR_RECORD_KEY_BYTES];
    struct br_bytes value;
    struct br_record rec;
    br_record_state_key(key, id);
    enum br_rc rc =
        br_snapshot_state(s, br_bytes(key, sizeof(key)), &value, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        return br_fail(reterr, rc, "there is no such record");
    }
    BR_TRY(rc);
    BR_TRY(br_record_parse(value, &rec, reterr));
    br_buf_puts(b, "{\"record\":\"");
    br_hex_put(b, br_hash_bytes(id));
    br_buf_puts(b, "\",\"owners\":[");
    for (size_t i = 0; i < rec.owner_count; i++) {
        br_buf_puts(b, i == 0 ? "" : ",");
        put_owner(b, &rec.owner[i]);
    }
    br_buf_printf(
        b, "],\"versions\":%llu,\"first\":", (unsigned long long)rec.versions);
    BR_TRY(br_api_put_entry(b, s, rec.first_leaf, reterr));
    br_buf_puts(b, ",\"last\":");
    BR_TRY(br_api_put_entry(b, s, rec.last_leaf, reterr));
    br_buf_puts(b, "}");
    return br_buf_status(b, reterr);
}

static enum br_rc
put_version(
    struct br_buf *b,
    struct br_snapshot *s,
    const struct br_hash *id,
    uint64_t version,
    struct br_err *reterr)
{
    uint8_t key[BR_VERSION_KEY_BYTES];
    struct br_bytes value;
    struct br_record_hash hash[BR_RECORD_HASHES_MAX];
    size_t count = 0;
    enum br_rc rc = BR_ERR_NOT_FOUND;
    if (version <= BR_RECORD_VERSIONS_MAX) {
        br_record_version_key(key, id, version);
        rc = br_snapshot_state(s, br_bytes(key, sizeof(key)), &value, reterr);
    }
    if (rc == BR_ERR_NOT_FOUND) {
        return br_fail(reterr, rc, "there is no such version");
    }
    BR_TRY(rc);
    BR_TRY(br_record_version_parse(value, hash, &count, reterr));
    br_buf_printf(
        b, "{\"version\":%llu,\"hashes\":[", (unsigned long long)version);
    for (size_t i = 0; i < count; i++) {
        const struct br_hash_info *info = br_hash_info(hash[i].alg);
        br_buf_printf(
            b, "%s{\"alg\":\"%s\",\"digest\":\"", i == 0 ? "" : ",",
            info == NULL ? "" : info->name);
        br_hex_put(b, hash[i].digest);
        br_buf_printf(
            b, "\",\"index\":%llu}", (unsigned long long)hash[i].leaf);
    }
    br_buf_puts(b, "]}");
    return br_buf_status(b, reterr);
}

static void
get(struct br_api *api, struct br_http_request *req, uint64_t version)
{
    struct br_hash id;
    struct br_snapshot s;
    struct br_buf b;
    struct br_err err;
    if (!br_api_may_read(api, req) || !parse_record(req, &id) ||
        !br_api_snapshot(api, req, &s)) {
        return;
    }
    br_buf_init(&b, ANSWER_BYTES_MAX);
    enum br_rc rc = version == 0 ? put_record(&b, &s, &id, &err)
                                 : put_version(&b, &s, &id, version, &err);
    br_snapshot_close(&s);
    if (rc == BR_OK) {
        br_api_reply_json(req, 200, &b);
    } else {
        br_buf_fini(&b);
        br_http_reply_problem(req, &err);
    }
}

void
br_api_get_record(struct br_http_request *req, void *ctx)
{
    get((struct br_api *)ctx, req, 0);
}

void
br_api_get_version(struct br_http_request *req, void *ctx)
{
    uint64_t version;
    if (br_api_number(req, br_http_param(req, 1), &version)) {
        get((struct br_api *)ctx, req, version == 0 ? UINT64_MAX : version);
    }
}
