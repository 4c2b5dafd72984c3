/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/api/issue.h"

#include "common/codec/json_write.h"
#include "common/crypto/keyfile.h"

#include <stdlib.h>

enum {
    CREDENTIAL_BYTES_MAX = 512 * 1024,
    ANSWER_BYTES_MAX = 16 * 1024 * 1024,
    TRIES_MAX = 5,
    INTERVAL_S = 5,
    HOUR_S = 3600,
};

/* ---- the request --------------------------------------------------------- */

struct br_issuing *
br_issuing_new(
    struct br_orch_api *api, struct br_http_request *req, const char *path)
{
    struct br_err err;
    struct br_issuing *i = (struct br_issuing *)calloc(1, sizeof(*i));
    if (i == NULL) {
        (void)br_fail(&err, BR_ERR_NO_MEMORY, "credential request");
        br_orch_fail(req, &err);
        return NULL;
    }
    i->api = api;
    i->req = req;
    br_arena_init(&i->arena, BR_ORCH_ARENA_BYTES_MAX);
    br_buf_init(&i->claims, 2u * BR_ORCH_CLAIMS_BYTES_MAX);
    for (size_t k = 0; k < BR_ORCH_BATCH_MAX; k++) {
        br_buf_init(&i->credential[k], CREDENTIAL_BYTES_MAX);
    }
    i->key = (struct br_jwk *)br_arena_take(
        &i->arena, br_orch_batch_size(api) * sizeof(*i->key));
    if (i->key == NULL) {
        (void)br_fail(&err, BR_ERR_NO_MEMORY, "credential request");
        br_orch_fail(req, &err);
        br_issuing_free(i);
        return NULL;
    }
    if (!br_orch_authenticate(api, req, path, &i->arena, &i->bearer)) {
        br_issuing_free(i);
        return NULL;
    }
    return i;
}

void
br_issuing_free(struct br_issuing *i)
{
    for (size_t k = 0; k < BR_ORCH_BATCH_MAX; k++) {
        br_buf_fini(&i->credential[k]);
    }
    if (i->claims.n > 0) {
        br_wipe(i->claims.p, i->claims.n);
    }
    br_buf_fini(&i->claims);
    br_arena_fini(&i->arena);
    br_wipe(&i->bearer, sizeof(i->bearer));
    free(i);
}

enum br_rc
br_issuing_read(
    struct br_issuing *i, struct br_offer *ret_offer, struct br_err *reterr)
{
    struct br_kv_txn *txn;
    BR_TRY(br_kv_begin_read(i->api->kv, &txn, reterr));
    enum br_rc rc = br_offer_get(txn, &i->bearer.offer, ret_offer, reterr);
    if (rc == BR_OK && ret_offer->sealed.n > 0) {
        rc = br_orch_unseal(
            &i->bearer.claims_key, ret_offer->sealed, &i->claims, reterr);
    }
    ret_offer->sealed = br_bytes(NULL, 0);
    i->late = ret_offer->deferred || i->bearer.renewed;
    br_kv_end(txn);
    return rc;
}

bool
br_issuing_encryption_ok(struct br_issuing *i)
{
    const struct br_vci_encryption *e = &i->encryption;
    const char *type = br_http_header(i->req, "Content-Type");
    bool sealed = type != NULL && strncmp(type, "application/jwt", 15) == 0;
    const char *why = NULL;
    if (e->wanted && !sealed) {
        why = "the request must be encrypted when its response is to be";
    } else if (
        e->wanted &&
        ((e->enc & BR_ORCH_ENCS) == 0 || (e->alg & BR_ORCH_JWE_ALGS) == 0)) {
        why = "enc or alg is not one of the metadata";
    } else if (
        !e->wanted && strcmp(i->api->config->encryption, "required") == 0) {
        why = "credential_response_encryption is missing";
    }
    if (why != NULL) {
        br_orch_refuse(i->req, BR_OAUTH_INVALID_ENCRYPTION_PARAMETERS, why);
    }
    return why == NULL;
}

/* ---- answering ---------------------------------------------------------- */

static enum br_rc
encrypt(
    const struct br_vci_encryption *e,
    struct br_bytes plain,
    struct br_buf *ret,
    struct br_err *reterr)
{
    const struct br_jwe_header header = {
        .alg = (enum br_jwe_alg)e->alg, .enc = e->enc, .kid = e->key.kid};
    struct br_jwe_fresh fresh;
    br_random(&fresh, sizeof(fresh));
    enum br_rc rc =
        br_jwe_encrypt(&header, &e->key.key, plain, &fresh, ret, reterr);
    br_wipe(&fresh, sizeof(fresh));
    return rc;
}

/** Takes i, and b. */
static void
reply(struct br_issuing *i, int status, const struct br_vci_response *response)
{
    static const struct br_http_header_pair headers[] = {
        {"Cache-Control", "no-store"}, {"Access-Control-Allow-Origin", "*"}};
    struct br_buf plain;
    struct br_buf jwt;
    struct br_json_writer w;
    struct br_err err;
    br_buf_init(&plain, ANSWER_BYTES_MAX);
    br_buf_init(&jwt, ANSWER_BYTES_MAX);
    br_json_writer_init(&w, &plain);
    br_vci_response_write(&w, response);
    enum br_rc rc = br_json_writer_done(&w, &err);
    bool sealed = i->encryption.wanted;
    if (rc == BR_OK && sealed) {
        rc = encrypt(&i->encryption, br_buf_bytes(&plain), &jwt, &err);
    }
    if (rc != BR_OK) {
        br_orch_fail(i->req, &err);
    } else {
        struct br_http_answer a = {
            .status = status,
            .content_type = sealed ? "application/jwt" : "application/json",
            .take = sealed ? &jwt : &plain,
            .headers = headers,
            .header_count = 2,
        };
        br_http_reply(i->req, &a);
    }
    br_buf_fini(&plain);
    br_buf_fini(&jwt);
    br_issuing_free(i);
}

static void
reply_credentials(struct br_issuing *i)
{
    struct br_vci_response r = {
        .count = i->count, .notification_id = br_str(i->secret)};
    for (size_t k = 0; k < i->count; k++) {
        r.credentials[k] = br_buf_bytes(&i->credential[k]);
    }
    reply(i, 200, &r);
}

void
br_issuing_reply_wait(struct br_issuing *i, struct br_bytes id)
{
    const struct br_vci_response r = {
        .transaction_id = id, .interval_s = INTERVAL_S};
    reply(i, 202, &r);
}

/* ---- issuing ------------------------------------------------------------ */

static enum br_rc
apply_issue(
    struct br_write *write, struct br_kv_txn *txn, struct br_err *reterr)
{
    struct br_issuing *i = (struct br_issuing *)write;
    return br_issue_commit(txn, &i->issue, reterr);
}

static void
done_issue(struct br_write *write, enum br_rc rc, const struct br_err *err)
{
    struct br_issuing *i = (struct br_issuing *)write;
    if (rc == BR_OK) {
        reply_credentials(i);
    } else if (rc == BR_ERR_BUSY && i->tries < TRIES_MAX) {
        br_issuing_go(i); /* somebody else took a place: other places */
    } else if (rc == BR_ERR_CONFLICT) {
        br_orch_refuse(
            i->req, BR_OAUTH_CREDENTIAL_REQUEST_DENIED,
            i->issue.renewed
                ? err->text
                : "the credential was issued already, or is withdrawn");
        br_issuing_free(i);
    } else {
        br_orch_fail(i->req, err);
        br_issuing_free(i);
    }
}

static enum br_rc
choose(struct br_issuing *i, struct br_err *reterr)
{
    struct br_issued *r = &i->issue.issued;
    struct br_kv_txn *txn;
    BR_TRY(br_kv_begin_read(i->api->kv, &txn, reterr));
    enum br_rc rc = br_list_choose(
        txn, i->api->config->status_list_size, i->count, &r->list, r->index,
        reterr);
    br_kv_end(txn);
    return rc;
}

/** All instances of a batch have the same times, and no finer than an hour, so
 *  that they do not tell which belong together. */
static enum br_rc
sign_all(struct br_issuing *i, struct br_err *reterr)
{
    struct br_issued *r = &i->issue.issued;
    uint64_t now_s = br_orch_now_s();
    uint64_t from_s = now_s / HOUR_S * HOUR_S;
    r->issued_s = now_s;
    r->expires_s = from_s + i->type->validity_s;
    if (i->until_s != 0 && r->expires_s > i->until_s) {
        r->expires_s = i->until_s;
    }
    if (i->late) {
        i->issue.renewal_ends_s = from_s + i->type->renewal_s;
    }
    for (size_t k = 0; k < i->count; k++) {
        const struct br_credential_plan plan = {
            &i->key[k].key, r->list, r->index[k], from_s, r->expires_s};
        br_buf_clear(&i->credential[k]);
        BR_TRY(br_issuing_sign(i, &plan, &i->credential[k], reterr));
    }
    return BR_OK;
}

static enum br_rc
prepare(struct br_issuing *i, struct br_err *reterr)
{
    struct br_issued *r = &i->issue.issued;
    r->count = i->count;
    r->offer = i->bearer.offer;
    br_put_be64(r->id, br_orch_now_us());
    br_random(r->id + 8, sizeof(r->id) - 8);
    br_orch_notice_new(i->secret, &i->issue.notice);
    i->issue.list_size = i->api->config->status_list_size;
    BR_TRY(choose(i, reterr));
    return sign_all(i, reterr);
}

static void
submit(struct br_issuing *i)
{
    struct br_err err;
    if (br_writer_submit(i->api->writer, &i->write, &err) != BR_OK) {
        br_orch_fail(i->req, &err);
        br_issuing_free(i);
    }
}

void
br_issuing_go(struct br_issuing *i)
{
    struct br_err err;
    i->tries++;
    if (prepare(i, &err) != BR_OK) {
        br_orch_fail(i->req, &err);
        br_issuing_free(i);
        return;
    }
    i->write.apply = apply_issue;
    i->write.done = done_issue;
    submit(i);
}

/* ---- waiting ------------------------------------------------------------ */

static enum br_rc
put_keys(struct br_issuing *i, struct br_buf *b, struct br_err *reterr)
{
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_array(&w);
    for (size_t k = 0; k < i->count; k++) {
        const struct br_jwk plain = {.key = i->key[k].key};
        br_jwk_write(&w, &plain);
    }
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

static enum br_rc
apply_wait(struct br_write *write, struct br_kv_txn *txn, struct br_err *reterr)
{
    struct br_issuing *i = (struct br_issuing *)write;
    struct br_offer o;
    struct br_buf keys;
    struct br_waiting row = {.offer = i->bearer.offer};
    BR_TRY(br_offer_get(txn, &i->bearer.offer, &o, reterr));
    BR_TRY(br_offer_check_move(o.state, BR_OFFER_WAITING, reterr));
    br_buf_init(&keys, BR_ORCH_CLAIMS_BYTES_MAX);
    enum br_rc rc = put_keys(i, &keys, reterr);
    if (rc == BR_OK) {
        rc = br_offer_move(txn, &o, BR_OFFER_WAITING, reterr);
    }
    row.keys = br_buf_bytes(&keys);
    if (rc == BR_OK) {
        rc = br_waiting_put(txn, &i->transaction, &row, reterr);
    }
    br_buf_fini(&keys);
    return rc;
}

static void
done_wait(struct br_write *write, enum br_rc rc, const struct br_err *err)
{
    struct br_issuing *i = (struct br_issuing *)write;
    if (rc == BR_OK) {
        br_issuing_reply_wait(i, br_str(i->secret));
    } else {
        done_issue(write, rc, err);
    }
}

void
br_issuing_wait(struct br_issuing *i)
{
    br_orch_random_text(i->secret);
    i->transaction = br_orch_hash("transaction", br_str(i->secret));
    i->tries = TRIES_MAX;
    i->write.apply = apply_wait;
    i->write.done = done_wait;
    submit(i);
}
