/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/text.h"
#include "common/service/json.h"
#include "node/api/api.h"
#include "node/chain/tables.h"

enum { ANSWER_BYTES_MAX = 1024 * 1024, GROWTH_POINTS = 200 };

static void
reply_or_fail(
    struct br_http_request *req,
    enum br_rc rc,
    struct br_buf *b,
    const struct br_err *err)
{
    if (rc == BR_OK) {
        br_api_reply_json(req, 200, b);
    } else {
        br_buf_fini(b);
        br_http_reply_problem(req, err);
    }
}

static void
put_base64_field(struct br_buf *b, const char *name, const struct br_hash *h)
{
    br_buf_printf(b, ",\"%s\":\"", name);
    br_base64_put(b, br_hash_bytes(h));
    br_buf_puts(b, "\"");
}

void
br_api_get_log(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_snapshot s;
    struct br_hash root;
    struct br_buf b;
    struct br_err err;
    if (!br_api_may_read(api, req) || !br_api_snapshot(api, req, &s)) {
        return;
    }
    br_buf_init(&b, ANSWER_BYTES_MAX);
    br_buf_puts(&b, "{\"origin\":");
    br_json_put_text(&b, br_str(api->origin));
    br_buf_puts(&b, ",\"chain_id\":");
    br_json_put_text(&b, br_str(api->chain_id));
    br_buf_printf(
        &b, ",\"size\":%llu", (unsigned long long)s.head.frontier.size);
    br_snapshot_root(&s, &root);
    put_base64_field(&b, "root", &root);
    br_buf_puts(&b, ",\"time\":");
    br_json_put_time(&b, s.head.time);
    br_buf_printf(
        &b, ",\"time_us\":%llu,\"height\":%llu",
        (unsigned long long)s.head.time.v, (unsigned long long)s.head.height);
    put_base64_field(&b, "app_hash", &s.head.app_hash);
    br_snapshot_close(&s);
    br_buf_puts(&b, ",\"vkey\":\"");
    enum br_rc rc = br_publisher_vkey(api->publisher, &b, &err);
    br_buf_puts(&b, "\"}");
    reply_or_fail(req, rc, &b, &err);
}

static void
reply_bytes(struct br_http_request *req, const char *type, struct br_bytes body)
{
    struct br_http_answer a = {
        .status = 200, .content_type = type, .body = body};
    br_http_reply(req, &a);
}

void
br_api_get_policy(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    reply_bytes(req, "text/plain; charset=utf-8", api->policy);
}

void
br_api_get_ca(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    reply_bytes(req, "application/x-pem-file", api->tsa_chain_pem);
}

/* ---- consistency -------------------------------------------------------- */

static enum br_rc
put_consistency(
    struct br_buf *b,
    struct br_snapshot *s,
    uint64_t from,
    uint64_t to,
    struct br_err *reterr)
{
    struct br_proof proof = {0};
    struct br_merkle_source src = br_snapshot_source(s);
    if (to > s->head.frontier.size) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "the log has %llu entries",
            (unsigned long long)s->head.frontier.size);
    }
    if (from > 0) {
        BR_TRY(br_merkle_consistency(&src, from, to, &proof, reterr));
    }
    br_buf_printf(
        b, "{\"from\":%llu,\"to\":%llu,\"hashes\":[", (unsigned long long)from,
        (unsigned long long)to);
    for (size_t i = 0; i < proof.count; i++) {
        br_buf_puts(b, i == 0 ? "\"" : ",\"");
        br_base64_put(b, br_hash_bytes(&proof.hash[i]));
        br_buf_puts(b, "\"");
    }
    br_buf_puts(b, "]}");
    return br_buf_status(b, reterr);
}

void
br_api_get_consistency(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    const char *from_text = br_http_query(req, "from");
    const char *to_text = br_http_query(req, "to");
    uint64_t from;
    uint64_t to;
    struct br_snapshot s;
    struct br_buf b;
    struct br_err err;
    if (!br_api_may_read(api, req) ||
        !br_api_number(req, from_text == NULL ? "" : from_text, &from) ||
        !br_api_number(req, to_text == NULL ? "" : to_text, &to) ||
        !br_api_snapshot(api, req, &s)) {
        return;
    }
    br_buf_init(&b, ANSWER_BYTES_MAX);
    enum br_rc rc = put_consistency(&b, &s, from, to, &err);
    br_snapshot_close(&s);
    reply_or_fail(req, rc, &b, &err);
}

/* ---- growth ------------------------------------------------------------- */

static enum br_rc
put_growth(struct br_buf *b, struct br_snapshot *s, struct br_err *reterr)
{
    uint64_t height = s->head.height;
    uint64_t points = height < GROWTH_POINTS ? height : GROWTH_POINTS;
    br_buf_puts(b, "{\"points\":[");
    for (uint64_t i = 1; i <= points; i++) {
        struct br_block k;
        BR_TRY(br_snapshot_block(s, i * height / points, &k, reterr));
        br_buf_printf(
            b, "%s{\"time_us\":%llu,\"size\":%llu}", i == 1 ? "" : ",",
            (unsigned long long)k.time.v,
            (unsigned long long)(k.first_leaf + k.leaves));
    }
    br_buf_puts(b, "]}");
    return br_buf_status(b, reterr);
}

void
br_api_get_growth(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_snapshot s;
    struct br_buf b;
    struct br_err err;
    if (!br_api_may_read(api, req) || !br_api_snapshot(api, req, &s)) {
        return;
    }
    br_buf_init(&b, ANSWER_BYTES_MAX);
    enum br_rc rc = put_growth(&b, &s, &err);
    br_snapshot_close(&s);
    reply_or_fail(req, rc, &b, &err);
}

/* ---- members ------------------------------------------------------------ */

static void
put_roles(struct br_buf *b, uint64_t roles)
{
    static const char *const names[] = {"operator", "notary", "auditor"};
    const char *comma = "";
    br_buf_puts(b, ",\"roles\":[");
    for (size_t i = 0; i < 3; i++) {
        if ((roles >> i & 1) != 0) {
            br_buf_printf(b, "%s\"%s\"", comma, names[i]);
            comma = ",";
        }
    }
    br_buf_puts(b, "]");
}

/** What a key has signed last; 0 before its first transaction. */
static enum br_rc
last_seq(
    struct br_snapshot *s,
    struct br_bytes kid,
    uint64_t *ret,
    struct br_err *reterr)
{
    uint8_t key[BR_STATE_KEY_BYTES_MAX];
    struct br_bytes value;
    size_t n = br_member_state_key(key, 'S', kid);
    *ret = 0;
    enum br_rc rc = br_snapshot_state(s, br_bytes(key, n), &value, reterr);
    return rc == BR_OK              ? br_member_seq_parse(value, ret, reterr)
           : rc == BR_ERR_NOT_FOUND ? BR_OK
                                    : rc;
}

static enum br_rc
put_key(
    struct br_buf *b,
    struct br_snapshot *s,
    struct br_bytes kid,
    const struct br_member_key *k,
    struct br_err *reterr)
{
    uint64_t seq;
    BR_TRY(last_seq(s, kid, &seq, reterr));
    br_buf_puts(b, "{\"kid\":\"");
    br_base64url_put(b, kid);
    br_buf_printf(
        b, "\",\"alg\":\"%s\",\"public\":\"", br_sign_alg_name(k->key.alg));
    br_base64url_put(b, br_bytes(k->key.b, k->key.n));
    br_buf_printf(
        b, "\",\"not_before_us\":%llu,\"not_after_us\":%llu,\"seq\":%llu}",
        (unsigned long long)k->not_before.v, (unsigned long long)k->not_after.v,
        (unsigned long long)seq);
    return BR_OK;
}

/** The keys of one member: a walk over all keys, of which there are few. */
static enum br_rc
put_keys(
    struct br_buf *b,
    struct br_snapshot *s,
    struct br_bytes member,
    struct br_err *reterr)
{
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes value;
    const char *comma = "";
    br_buf_puts(b, ",\"keys\":[");
    BR_TRY(br_kv_cursor_open(s->txn, BR_T_STATE, &c, reterr));
    enum br_rc rc = br_kv_seek(c, br_str("K"), &key, &value);
    while (rc == BR_OK && key.p[0] == 'K') {
        struct br_member_key k;
        rc = br_member_key_parse(value, &k, reterr);
        if (rc == BR_OK && br_bytes_eq(k.member, member)) {
            br_buf_puts(b, comma);
            comma = ",";
            rc = put_key(b, s, br_bytes(key.p + 1, key.n - 1), &k, reterr);
        }
        rc = rc == BR_OK ? br_kv_next(c, &key, &value) : rc;
    }
    br_kv_cursor_close(c);
    br_buf_puts(b, "]");
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}

static enum br_rc
put_member(
    struct br_buf *b,
    struct br_snapshot *s,
    struct br_bytes id,
    struct br_bytes value,
    struct br_err *reterr)
{
    struct br_member m;
    BR_TRY(br_member_parse(value, &m, reterr));
    br_buf_puts(b, "{\"id\":");
    br_json_put_text(b, id);
    br_buf_puts(b, ",\"name\":");
    br_json_put_text(b, m.name);
    put_roles(b, m.roles);
    br_buf_printf(b, ",\"active\":%s", m.active ? "true" : "false");
    BR_TRY(put_keys(b, s, id, reterr));
    br_buf_puts(b, "}");
    return br_buf_status(b, reterr);
}

static enum br_rc
put_members(struct br_buf *b, struct br_snapshot *s, struct br_err *reterr)
{
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes value;
    const char *comma = "";
    br_buf_puts(b, "{\"items\":[");
    BR_TRY(br_kv_cursor_open(s->txn, BR_T_STATE, &c, reterr));
    enum br_rc rc = br_kv_seek(c, br_str("M"), &key, &value);
    while (rc == BR_OK && key.p[0] == 'M') {
        br_buf_puts(b, comma);
        comma = ",";
        rc = put_member(b, s, br_bytes(key.p + 1, key.n - 1), value, reterr);
        rc = rc == BR_OK ? br_kv_next(c, &key, &value) : rc;
    }
    br_kv_cursor_close(c);
    br_buf_puts(b, "]}");
    BR_TRY(rc == BR_ERR_NOT_FOUND ? BR_OK : rc);
    return br_buf_status(b, reterr);
}

void
br_api_get_members(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_snapshot s;
    struct br_buf b;
    struct br_err err = {.rc = BR_ERR_IO, .text = "reading the members"};
    if (!br_api_may_read(api, req) || !br_api_snapshot(api, req, &s)) {
        return;
    }
    br_buf_init(&b, ANSWER_BYTES_MAX);
    enum br_rc rc = put_members(&b, &s, &err);
    br_snapshot_close(&s);
    reply_or_fail(req, rc, &b, &err);
}
