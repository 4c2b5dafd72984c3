/* Requests fetched, answers judged, decisions kept and stamped. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/text.h"
#include "common/credential/did.h"
#include "common/credential/rule.h"
#include "common/crypto/hash.h"
#include "orchestrator/verifier/history.h"
#include "orchestrator/verifier/internal.h"

#include <stdio.h>

enum {
    FETCHES_MAX = 10, /* a wallet that tries again, on a bad line */
    STAMPS_MOST = 16,
    NODE_TIMEOUT_MS = 5000,
    NODE_ANSWER_BYTES_MAX = 1024 * 1024,
};

/* ---- who signs ---------------------------------------------------------- */

static enum br_rc
did_header(
    const struct br_verifier *v,
    struct br_arena *arena,
    struct br_jws_header *ret,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, BR_DID_BYTES_MAX);
    enum br_rc rc = br_did_key_put(&b, &v->o.identity.key, false, reterr);
    size_t n = b.n; /* did:key:z... and once more without what comes before */
    if (rc == BR_OK && n > strlen("did:key:")) {
        char *did = br_arena_copy(arena, br_buf_bytes(&b));
        br_buf_puts(&b, "#");
        br_buf_puts(&b, did == NULL ? "" : did + strlen("did:key:"));
        char *kid = br_arena_copy(arena, br_buf_bytes(&b));
        rc = did == NULL || kid == NULL
                 ? br_fail(reterr, BR_ERR_NO_MEMORY, "a header")
                 : br_buf_status(&b, reterr);
        ret->kid = br_bytes(kid, kid == NULL ? 0 : b.n);
    }
    br_buf_fini(&b);
    return rc;
}

enum br_rc
br_verifier_header(
    const struct br_verifier *v,
    enum br_vp_prefix prefix,
    struct br_arena *arena,
    struct br_jws_header *ret,
    struct br_err *reterr)
{
    struct br_json_maker m;
    *ret = (struct br_jws_header){.alg = BR_ALG_ES256};
    if (prefix == BR_VP_DID) {
        return did_header(v, arena, ret, reterr);
    }
    if (prefix != BR_VP_ATTESTATION) {
        ret->x5c = &v->o.identity.chain;
        return BR_OK;
    }
    br_json_maker_init(&m, arena);
    struct br_json *more = br_json_new_object(&m);
    (void)br_json_set(
        &m, more, "jwt", br_json_new_string(&m, v->o.identity.attestation));
    ret->more = more;
    return br_json_maker_status(&m, reterr);
}

/* ---- fetching ----------------------------------------------------------- */

static enum br_rc
check_open(
    const struct br_verifier_request *r, uint64_t now_s, struct br_err *reterr)
{
    if (r->phase > BR_PHASE_FETCHED) {
        return br_refuse(
            reterr, BR_RULE_VP_REPLAY, "this request has been answered");
    }
    if (r->expires_s <= now_s) {
        return br_refuse(
            reterr, BR_RULE_VP_EXPIRED, "this request expired %llu seconds ago",
            (unsigned long long)(now_s - r->expires_s));
    }
    return BR_OK;
}

static enum br_rc
sign_request(
    const struct br_verifier *v,
    const struct br_verifier_request *r,
    struct br_bytes wallet_nonce,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_vp_ask ask;
    struct br_jws_header header;
    struct br_private_key *sealing = NULL;
    struct br_arena arena;
    struct br_vp_client client;
    BR_TRY(br_vp_client_parse(r->client_id, &client, reterr));
    BR_TRY(br_verifier_ask(&v->o.identity, r, &ask, &sealing, reterr));
    br_arena_init(&arena, BR_VP_REQUEST_BYTES_MAX);
    ask.wallet_nonce = wallet_nonce;
    enum br_rc rc =
        br_verifier_header(v, client.prefix, &arena, &header, reterr);
    if (rc == BR_OK) {
        rc = br_vp_ask_sign(&ask, &header, v->o.key, ret, reterr);
    }
    br_private_key_free(sealing);
    br_arena_fini(&arena);
    return rc;
}

static enum br_rc
fetch_in(
    struct br_kv_txn *txn,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_verifier_request *r,
    struct br_err *reterr)
{
    BR_TRY(br_verifier_get_request(txn, id, arena, r, reterr));
    BR_TRY(check_open(r, br_verifier_now_s(), reterr));
    struct br_vp_client client;
    BR_TRY(br_vp_client_parse(r->client_id, &client, reterr));
    if (client.prefix == BR_VP_REDIRECT_URI) {
        return br_refuse(
            reterr, BR_RULE_VP_SIGNED, "this request is whole in its link");
    }
    if (r->fetched >= FETCHES_MAX) {
        return br_fail(
            reterr, BR_ERR_FORBIDDEN, "this request was fetched %d times",
            FETCHES_MAX);
    }
    r->fetched++;
    r->phase = BR_PHASE_FETCHED;
    return br_verifier_put_request(txn, r, reterr);
}

enum br_rc
br_verifier_fetch(
    struct br_verifier *v,
    struct br_bytes id,
    struct br_bytes wallet_nonce,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_arena arena;
    struct br_kv_txn *txn = NULL;
    struct br_verifier_request r;
    BR_TRY(br_kv_begin_write(v->kv, &txn, reterr));
    br_arena_init(&arena, BR_VP_REQUEST_BYTES_MAX * 16u);
    enum br_rc rc = fetch_in(txn, id, &arena, &r, reterr);
    if (rc == BR_OK) {
        rc = br_kv_commit(txn, reterr);
    } else {
        br_kv_end(txn);
    }
    if (rc == BR_OK) {
        rc = sign_request(v, &r, wallet_nonce, ret, reterr);
    }
    br_arena_fini(&arena);
    return rc;
}

/* ---- judging ------------------------------------------------------------ */

/** One answer on its way. */
struct answering {
    struct br_verifier *v;
    struct br_arena *arena;
    struct br_verifier_request *r;
    struct br_dcql query;
    struct br_judge_policy policy;
    struct br_decision_status statuses[BR_JUDGE_PRESENTATIONS_MAX];
    bool accepted;
    uint64_t now_s;
};

static void
check_statuses(struct answering *a)
{
    struct br_judgement *j = a->v->judgement;
    for (size_t i = 0; i < j->count; i++) {
        struct br_judged *p = &j->presentations[i];
        struct br_err why = {0};
        if (!br_judge_asks(p)) {
            continue;
        }
        if (!p->vc.has_status) {
            br_judge_tell(p, BR_STEP_STATUS, BR_STEP_NOT_ASKED, NULL);
            continue;
        }
        enum br_rc rc = br_status_reader_check(
            a->v->status, &p->vc.status, a->now_s, &a->statuses[i].issued_s,
            &why);
        a->statuses[i].uri = p->vc.status.uri;
        br_judge_tell(
            p, BR_STEP_STATUS,
            rc == BR_OK                  ? BR_STEP_PASSED
            : br_status_is_verdict(&why) ? BR_STEP_FAILED
                                         : BR_STEP_UNKNOWN,
            rc == BR_OK ? NULL : &why);
    }
}

static void
judge(struct answering *a, const struct br_vp_answer *answer)
{
    a->policy = (struct br_judge_policy){
        .query = &a->query,
        .transaction_data = a->r->transaction_data,
        .trust = a->v->trust,
        .client_id = a->r->client_id,
        .nonce = a->r->nonce,
        .now_s = a->now_s,
        .window_s = a->v->o.binding_s,
    };
    br_judge(answer, &a->policy, a->arena, a->v->judgement);
    check_statuses(a);
    br_verifier_ask_registry(a->v, a->now_s);
    a->accepted = br_judge_conclude(a->v->judgement, &a->policy);
}

/* ---- keeping ------------------------------------------------------------ */

static enum br_rc
encode_both(
    struct answering *a,
    struct br_buf *result,
    struct br_buf *receipt,
    struct br_err *reterr)
{
    struct br_vp_ask ask;
    struct br_private_key *sealing = NULL;
    struct br_buf request;
    struct br_jws_header header = {
        .alg = BR_ALG_ES256, .x5c = &a->v->o.identity.chain};
    BR_TRY(br_verifier_ask(&a->v->o.identity, a->r, &ask, &sealing, reterr));
    br_buf_init(&request, BR_VP_REQUEST_BYTES_MAX);
    enum br_rc rc = br_vp_ask_encode(&ask, &request, reterr);
    const struct br_decision d = {
        .id = a->r->id,
        .request = br_buf_bytes(&request),
        .client_id = a->r->client_id,
        .accepted = a->accepted,
        .time_s = a->now_s,
        .judgement = a->v->judgement,
        .statuses = a->statuses,
        .standings = a->v->standings,
    };
    if (rc == BR_OK) {
        rc = br_decision_result(&d, result, reterr);
    }
    if (rc == BR_OK) {
        rc = br_decision_sign(&d, &header, a->v->o.key, receipt, reterr);
    }
    br_private_key_free(sealing);
    br_buf_fini(&request);
    return rc;
}

/** The step and the rule of a refusal; its reason may quote, and is not kept.
 */
static enum br_rc
note_decision(struct answering *a, struct br_kv_txn *txn, struct br_err *reterr)
{
    struct br_verifier_decision d = {
        .time_us = br_verifier_now_us(), .outcome = a->r->phase};
    struct br_err why = {0};
    if (a->r->phase == BR_PHASE_REFUSED) {
        enum br_judge_step step = BR_STEP_ANSWER;
        const struct br_judge_note *n = br_judge_reason(a->v->judgement, &step);
        if (n != NULL) {
            memcpy(why.text, n->reason, sizeof(why.text));
            d.step = br_str(br_judge_step_name(step));
        }
        const struct br_rule_info *rule = br_rule_of(&why);
        d.rule = br_str(rule == NULL ? "" : rule->slug);
    }
    return br_history_put(txn, a->r, &d, reterr);
}

static enum br_rc
store_in(
    struct answering *a,
    struct br_kv_txn *txn,
    struct br_bytes result,
    struct br_bytes receipt,
    struct br_err *reterr)
{
    struct br_verifier_request now;
    const struct br_verifier_receipt kept = {.jws = receipt};
    BR_TRY(br_verifier_get_request(txn, a->r->id, a->arena, &now, reterr));
    BR_TRY(check_open(&now, a->now_s, reterr));
    a->r->phase = a->accepted ? BR_PHASE_ACCEPTED : BR_PHASE_REFUSED;
    a->r->key = br_bytes(NULL, 0);
    BR_TRY(br_verifier_put_request(txn, a->r, reterr));
    BR_TRY(br_verifier_put_result(
        txn, a->r->id, a->now_s + a->v->o.result_s, result, reterr));
    BR_TRY(note_decision(a, txn, reterr));
    return br_verifier_put_receipt(txn, a->r->id, &kept, reterr);
}

static enum br_rc
keep(struct answering *a, struct br_err *reterr)
{
    struct br_kv_txn *txn = NULL;
    struct br_buf result;
    struct br_buf receipt;
    br_buf_init(&result, 4u * 1024 * 1024);
    br_buf_init(&receipt, BR_DECISION_BYTES_MAX);
    enum br_rc rc = encode_both(a, &result, &receipt, reterr);
    if (rc == BR_OK) {
        rc = br_kv_begin_write(a->v->kv, &txn, reterr);
    }
    if (rc == BR_OK) {
        rc = store_in(
            a, txn, br_buf_bytes(&result), br_buf_bytes(&receipt), reterr);
        if (rc == BR_OK) {
            rc = br_kv_commit(txn, reterr);
        } else {
            br_kv_end(txn);
        }
    }
    br_buf_fini(&result);
    br_buf_fini(&receipt);
    return rc;
}

/** The wallet said no: its reason, and that is all. */
static enum br_rc
decline(
    struct answering *a,
    const struct br_vp_answer *answer,
    struct br_err *reterr)
{
    struct br_kv_txn *txn = NULL;
    enum { REASON_BYTES_MAX = 64 };
    a->r->phase = BR_PHASE_DECLINED;
    a->r->key = br_bytes(NULL, 0);
    a->r->declined = br_bytes(
        answer->error.p, answer->error.n > REASON_BYTES_MAX
                             ? (size_t)REASON_BYTES_MAX
                             : answer->error.n);
    if (br_utf8_check(a->r->declined) != a->r->declined.n) {
        a->r->declined = br_str("invalid_request");
    }
    BR_TRY(br_kv_begin_write(a->v->kv, &txn, reterr));
    enum br_rc rc = br_verifier_put_request(txn, a->r, reterr);
    if (rc == BR_OK) {
        rc = note_decision(a, txn, reterr);
    }
    if (rc == BR_OK) {
        return br_kv_commit(txn, reterr);
    }
    br_kv_end(txn);
    return rc;
}

/** Section 8.2: a fresh random value, for whoever was sent there alone. */
static enum br_rc
put_redirect(
    const struct br_verifier_request *r,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_buf b;
    *ret = br_bytes(NULL, 0);
    if (r->redirect_uri.n == 0) {
        return BR_OK;
    }
    br_buf_init(&b, 4096);
    br_buf_put(&b, r->redirect_uri.p, r->redirect_uri.n);
    br_buf_puts(&b, "#response_code=");
    br_buf_put(&b, r->response_code.p, r->response_code.n);
    char *copy = br_arena_copy(arena, br_buf_bytes(&b));
    *ret = br_bytes(copy, b.n);
    enum br_rc rc = copy == NULL || b.failed
                        ? br_fail(reterr, BR_ERR_NO_MEMORY, "an address")
                        : BR_OK;
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
read_answer(
    struct answering *a,
    struct br_bytes form,
    struct br_vp_answer *ret,
    struct br_err *reterr)
{
    struct br_vp_ask ask;
    struct br_private_key *sealing = NULL;
    BR_TRY(br_dcql_parse(a->r->query, a->arena, &a->query, reterr));
    BR_TRY(br_verifier_ask(&a->v->o.identity, a->r, &ask, &sealing, reterr));
    const struct br_vp_expected x = {
        .mode = a->r->mode,
        .state = a->r->state,
        .encryption = sealing,
        .encryption_kid = ask.encryption_kid,
        .query = &a->query,
    };
    enum br_rc rc = br_vp_response_parse(form, &x, a->arena, ret, reterr);
    br_private_key_free(sealing);
    return rc;
}

/** In the words of the rules, for the wallet and its person; of what could not
 *  be asked, not where it is: that may be a place of our own network. */
static enum br_rc
told(const struct br_judgement *j, struct br_err *reterr)
{
    const struct br_judge_note *n = br_judge_reason(j, NULL);
    struct br_err why = {0};
    memcpy(why.text, n->reason, sizeof(why.text));
    const struct br_rule_info *rule = br_rule_of(&why);
    enum br_rc rc = rule == NULL ? BR_ERR_MALFORMED : rule->rc;
    if (rc == BR_ERR_NETWORK) {
        return br_fail(
            reterr, rc, "%s: it cannot be asked now; try again later",
            rule->slug);
    }
    return br_fail(reterr, rc, "%s", n->reason);
}

enum br_rc
br_verifier_answer(
    struct br_verifier *v,
    struct br_bytes id,
    struct br_bytes form,
    struct br_arena *arena,
    struct br_bytes *ret_redirect,
    struct br_err *reterr)
{
    struct br_verifier_request r;
    struct br_vp_answer answer = {0};
    struct answering a = {
        .v = v, .arena = arena, .r = &r, .now_s = br_verifier_now_s()};
    BR_TRY(br_verifier_look(v, id, arena, &r, reterr));
    BR_TRY(check_open(&r, a.now_s, reterr));
    BR_TRY(read_answer(&a, form, &answer, reterr));
    if (answer.error.n > 0) {
        BR_TRY(decline(&a, &answer, reterr));
        return put_redirect(&r, arena, ret_redirect, reterr);
    }
    judge(&a, &answer);
    BR_TRY(keep(&a, reterr));
    br_verifier_tick(v);
    return a.accepted ? put_redirect(&r, arena, ret_redirect, reterr)
                      : told(v->judgement, reterr);
}

/* ---- stamping ----------------------------------------------------------- */

static enum br_rc
post_digest(
    struct br_verifier *v,
    const struct br_hash *digest,
    uint64_t *ret_entry,
    struct br_err *reterr)
{
    char url[BR_VERIFIER_URL_BYTES];
    struct br_buf body;
    struct br_buf answer;
    struct br_arena arena;
    struct br_json *json = NULL;
    int status = 0;
    (void)snprintf(url, sizeof(url), "%s/v1/notary/stamps", v->o.node_url);
    br_buf_init(&body, 4096);
    br_buf_init(&answer, NODE_ANSWER_BYTES_MAX);
    br_arena_init(&arena, NODE_ANSWER_BYTES_MAX * 4u);
    br_buf_puts(&body, "{\"alg\":\"sha-256\",\"digest\":\"");
    br_hex_put(&body, br_hash_bytes(digest));
    br_buf_puts(&body, "\"}");
    const struct br_http_call call = {
        .method = "POST",
        .url = url,
        .content_type = "application/json",
        .bearer = v->o.node_token,
        .body = br_buf_bytes(&body),
        .answer_bytes_max = NODE_ANSWER_BYTES_MAX,
        .timeout_ms = NODE_TIMEOUT_MS,
    };
    enum br_rc rc = br_http_call(v->node, &call, &status, &answer, reterr);
    if (rc == BR_OK && status / 100 != 2) {
        rc = br_fail(
            reterr, BR_ERR_NETWORK, "%s answers %d to a decision's digest",
            v->o.node_url, status);
    }
    if (rc == BR_OK) {
        rc = br_json_parse(br_buf_bytes(&answer), &arena, &json, reterr);
    }
    if (rc == BR_OK) {
        rc = br_json_need_uint(json, "index", ret_entry, reterr);
    }
    br_arena_fini(&arena);
    br_buf_fini(&answer);
    br_buf_fini(&body);
    return rc;
}

static enum br_rc
next_receipt(
    struct br_verifier *v,
    struct br_arena *arena,
    char id[BR_VERIFIER_ID_BYTES + 1],
    struct br_verifier_receipt *ret,
    struct br_err *reterr)
{
    struct br_kv_txn *txn = NULL;
    BR_TRY(br_kv_begin_read(v->kv, &txn, reterr));
    enum br_rc rc = br_verifier_next_unstamped(txn, id, reterr);
    if (rc == BR_OK) {
        rc = br_verifier_get_receipt(txn, br_str(id), arena, ret, reterr);
    }
    br_kv_end(txn);
    return rc;
}

static enum br_rc
note_stamp(
    struct br_verifier *v,
    const char *id,
    const struct br_verifier_receipt *r,
    struct br_err *reterr)
{
    struct br_kv_txn *txn = NULL;
    BR_TRY(br_kv_begin_write(v->kv, &txn, reterr));
    enum br_rc rc = br_verifier_put_receipt(txn, br_str(id), r, reterr);
    if (rc == BR_OK) {
        return br_kv_commit(txn, reterr);
    }
    br_kv_end(txn);
    return rc;
}

static enum br_rc
stamp_one(struct br_verifier *v, struct br_arena *arena, struct br_err *reterr)
{
    char id[BR_VERIFIER_ID_BYTES + 1];
    struct br_verifier_receipt r;
    struct br_hash digest;
    BR_TRY(next_receipt(v, arena, id, &r, reterr));
    br_sha256(r.jws, &digest);
    BR_TRY(post_digest(v, &digest, &r.entry, reterr));
    r.stamped = true;
    return note_stamp(v, id, &r, reterr);
}

void
br_verifier_stamp(struct br_verifier *v)
{
    struct br_err err;
    enum br_rc rc = BR_OK;
    if (v->o.node_url[0] == '\0' || v->o.node_token[0] == '\0') {
        return;
    }
    for (size_t i = 0; rc == BR_OK && i < STAMPS_MOST; i++) {
        struct br_arena arena;
        br_arena_init(&arena, BR_DECISION_BYTES_MAX * 4u);
        rc = stamp_one(v, &arena, &err);
        br_arena_fini(&arena);
    }
    if (rc != BR_OK && rc != BR_ERR_NOT_FOUND) {
        v->o.warning(v->o.ctx, err.text);
    }
}
