/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/text.h"
#include "common/credential/attestation.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"
#include "orchestrator/api/issue.h"
#include "orchestrator/api/once.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- which -------------------------------------------------------------- */

/** Section 8.2: credential_identifier if the token response had identifiers,
 *  credential_configuration_id otherwise. */
static bool
choose_type(
    struct br_issuing *i,
    const struct br_vci_request *r,
    const struct br_offer *o)
{
    char identifier[BR_HASH_BYTES + 1];
    const struct br_types *types = i->api->types;
    br_orch_identifier(&i->bearer.offer, identifier);
    if (i->bearer.identifiers != (r->identifier.n > 0)) {
        br_orch_refuse(
            i->req, BR_OAUTH_INVALID_CREDENTIAL_REQUEST,
            i->bearer.identifiers
                ? "credential_identifier is to be used with this token"
                : "credential_configuration_id is to be used with this token");
        return false;
    }
    if (r->identifier.n > 0 &&
        !br_bytes_eq(r->identifier, br_str(identifier))) {
        br_orch_refuse(
            i->req, BR_OAUTH_UNKNOWN_CREDENTIAL_IDENTIFIER,
            "there is no such credential_identifier");
        return false;
    }
    if (r->configuration.n > 0 &&
        br_types_find(types, r->configuration) == NULL) {
        br_orch_refuse(
            i->req, BR_OAUTH_UNKNOWN_CREDENTIAL_CONFIGURATION,
            "there is no such credential_configuration_id");
        return false;
    }
    if (r->configuration.n > 0 &&
        !br_bytes_eq(r->configuration, br_str(o->type))) {
        br_orch_refuse_token(
            i->req, BR_OAUTH_INSUFFICIENT_SCOPE,
            "the token is for another credential");
        return false;
    }
    i->type = br_types_find(types, br_str(o->type));
    if (i->type == NULL) {
        br_orch_refuse(
            i->req, BR_OAUTH_CREDENTIAL_REQUEST_DENIED,
            "this type is not issued any more");
    }
    return i->type != NULL;
}

/* ---- proofs ------------------------------------------------------------- */

static enum br_oauth_error
check_one(
    struct br_issuing *i,
    struct br_bytes proof,
    struct br_vci_proven *ret,
    struct br_err *reterr)
{
    const struct br_vci_proof_policy policy = {
        .algs = BR_ORCH_PROOF_ALGS,
        .audience = br_str(i->api->issuer),
        .client = br_str(i->bearer.client),
        .now_s = br_orch_now_s(),
        .window_s = i->api->config->proof_s,
    };
    if (br_vci_proof_check(proof, &policy, &i->arena, ret, reterr) != BR_OK) {
        return BR_OAUTH_INVALID_PROOF;
    }
    if (ret->nonce.n == 0) {
        (void)br_fail(reterr, BR_ERR_MISSING_FIELD, "a proof has no nonce");
        return BR_OAUTH_INVALID_PROOF;
    }
    if (!br_orch_nonce_ok(i->api, BR_ORCH_C_NONCE, ret->nonce, policy.now_s)) {
        (void)br_fail(
            reterr, BR_ERR_EXPIRED, "the nonce is not ours, or has expired");
        return BR_OAUTH_INVALID_NONCE;
    }
    return BR_OAUTH_OK;
}

/** One more key to bind a credential to. */
static enum br_oauth_error
add_key(struct br_issuing *i, const struct br_jwk *key, struct br_err *reterr)
{
    for (size_t k = 0; k < i->count; k++) {
        if (br_key_eq(&i->key[k].key, &key->key)) {
            (void)br_fail(reterr, BR_ERR_DUPLICATE_FIELD, "one key twice");
            return BR_OAUTH_INVALID_PROOF;
        }
    }
    uint64_t most = br_orch_batch_size(i->api);
    if (i->count >= most || i->count >= BR_ORCH_BATCH_MAX) {
        (void)br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "at most %llu keys",
            (unsigned long long)most);
        return BR_OAUTH_INVALID_PROOF;
    }
    i->key[i->count++] = *key;
    return BR_OAUTH_OK;
}

/** Keys that a wallet's provider attests, with a nonce of ours. proof: that
 * came with it, of one of the keys; NULL: none. */
static enum br_oauth_error
add_attested(
    struct br_issuing *i,
    struct br_bytes token,
    const struct br_vci_proven *proof,
    struct br_bytes *ret_nonce,
    struct br_err *reterr)
{
    struct br_x5c_policy x5c;
    const struct br_attestation_policy policy = br_orch_providers(i->api, &x5c);
    struct br_attested_keys *keys =
        (struct br_attested_keys *)br_arena_take(&i->arena, sizeof(*keys));
    bool among = proof == NULL;
    enum br_oauth_error e = BR_OAUTH_OK;
    if (keys == NULL || br_key_attestation_check(
                            token, &policy, &i->arena, keys, reterr) != BR_OK) {
        return BR_OAUTH_INVALID_PROOF;
    }
    for (size_t k = 0; e == BR_OAUTH_OK && k < keys->count; k++) {
        among = among || br_key_eq(&keys->key[k].key, &proof->key.key);
        e = add_key(i, &keys->key[k], reterr);
    }
    if (e == BR_OAUTH_OK && (!among || keys->nonce.n == 0)) {
        (void)br_fail(
            reterr, BR_ERR_KEY_REFUSED,
            "the attestation has no nonce, or is not for the proof's key");
        return BR_OAUTH_INVALID_PROOF;
    }
    if (e == BR_OAUTH_OK &&
        (proof != NULL
             ? !br_bytes_eq(proof->nonce, keys->nonce)
             : !br_orch_nonce_ok(
                   i->api, BR_ORCH_C_NONCE, keys->nonce, policy.now_s))) {
        (void)br_fail(reterr, BR_ERR_EXPIRED, "the attestation's nonce");
        return BR_OAUTH_INVALID_NONCE;
    }
    *ret_nonce = keys->nonce;
    return e;
}

/** A proof of kind jwt, with or without an attestation in it. */
static enum br_oauth_error
add_proof(
    struct br_issuing *i,
    struct br_bytes proof,
    struct br_bytes *ret_nonce,
    struct br_err *reterr)
{
    struct br_vci_proven proven;
    enum br_oauth_error e = check_one(i, proof, &proven, reterr);
    if (e != BR_OAUTH_OK) {
        return e;
    }
    *ret_nonce = proven.nonce;
    if (i->api->providers != NULL && proven.attestation.n > 0) {
        return add_attested(i, proven.attestation, &proven, ret_nonce, reterr);
    }
    if (i->api->config->key_attestation_required) {
        (void)br_fail(
            reterr, BR_ERR_MISSING_FIELD, "a proof has no key_attestation");
        return BR_OAUTH_INVALID_PROOF;
    }
    return add_key(i, &proven.key, reterr);
}

/** A nonce serves one request, with however many proofs. */
static enum br_oauth_error
take_nonces(
    struct br_issuing *i,
    const struct br_bytes *nonces,
    size_t count,
    struct br_err *reterr)
{
    uint64_t now_s = br_orch_now_s();
    for (size_t k = 0; k < count; k++) {
        bool before = false;
        for (size_t m = 0; !before && m < k; m++) {
            before = br_bytes_eq(nonces[m], nonces[k]);
        }
        struct br_hash what = br_orch_hash("nonce", nonces[k]);
        if (!before &&
            br_once_take(
                i->api->once, &what, now_s,
                now_s + i->api->config->nonce_s + 120, reterr) != BR_OK) {
            return BR_OAUTH_INVALID_NONCE;
        }
    }
    return BR_OAUTH_OK;
}

static enum br_oauth_error
check_proofs(
    struct br_issuing *i, const struct br_vci_request *r, struct br_err *reterr)
{
    struct br_bytes nonces[BR_VCI_PROOFS_MAX];
    enum br_oauth_error e = BR_OAUTH_OK;
    if (r->kind == BR_VCI_PROOF_ATTESTATION && i->api->providers != NULL) {
        e = add_attested(i, r->proofs[0], NULL, &nonces[0], reterr);
        return e == BR_OAUTH_OK ? take_nonces(i, nonces, 1, reterr) : e;
    }
    if (r->kind != BR_VCI_PROOF_JWT) {
        (void)br_fail(
            reterr, BR_ERR_MISSING_FIELD, "proofs of kind jwt are needed");
        return BR_OAUTH_INVALID_PROOF;
    }
    for (size_t k = 0; e == BR_OAUTH_OK && k < r->count; k++) {
        e = add_proof(i, r->proofs[k], &nonces[k], reterr);
    }
    return e == BR_OAUTH_OK ? take_nonces(i, nonces, r->count, reterr) : e;
}

/* ---- the endpoint ------------------------------------------------------- */

/** The offer behind the token, and its claims. Refuses by itself: false. */
static bool
open_offer(struct br_issuing *i, struct br_offer *o)
{
    struct br_err err;
    enum br_rc rc = br_issuing_read(i, o, &err);
    if (rc == BR_ERR_DECRYPTION_FAILED) {
        br_orch_refuse_token(
            i->req, BR_OAUTH_INVALID_TOKEN,
            "a token that came for a refresh token has taken its place");
    } else if (rc != BR_OK) {
        br_orch_fail(i->req, &err);
    }
    return rc == BR_OK;
}

/** True: i is ready to be issued, or to wait. False: it has been refused. */
static bool
accept(struct br_issuing *i, struct br_vci_request *r, struct br_offer *o)
{
    struct br_err err;
    enum br_oauth_error e = BR_OAUTH_INVALID_CREDENTIAL_REQUEST;
    const struct br_json *v = br_orch_body(i->api, i->req, &i->arena, e);
    if (v == NULL) {
        return false;
    }
    if (br_vci_request_parse(v, r, &e, &err) != BR_OK) {
        br_orch_refuse(i->req, e, err.text);
        return false;
    }
    if (!open_offer(i, o) || !choose_type(i, r, o)) {
        return false;
    }
    i->encryption = r->encryption;
    if (!br_issuing_encryption_ok(i)) {
        return false;
    }
    bool again = o->state == BR_OFFER_ISSUED && i->bearer.renewed;
    if (again && !br_issuing_may_renew(i, o)) {
        return false;
    }
    if (!again && o->state != BR_OFFER_REDEEMED) {
        br_orch_refuse(
            i->req, BR_OAUTH_CREDENTIAL_REQUEST_DENIED,
            "the credential was issued already, or is withdrawn");
        return false;
    }
    e = check_proofs(i, r, &err);
    if (e != BR_OAUTH_OK) {
        br_orch_refuse(i->req, e, err.text);
        return false;
    }
    /* "The Credential Issuer determines the number of the Credentials issued in
     * the Credential Response, regardless of number of proofs/keys" (section
     * 13.6): a wallet knows one number for all types. */
    i->count = i->count < i->type->batch_size ? i->count : i->type->batch_size;
    return true;
}

void
br_orch_post_credential(struct br_http_request *req, void *ctx)
{
    struct br_offer o;
    struct br_issuing *i =
        br_issuing_new((struct br_orch_api *)ctx, req, "/credential");
    if (i == NULL) {
        return;
    }
    struct br_vci_request *r =
        (struct br_vci_request *)br_arena_take(&i->arena, sizeof(*r));
    if (r == NULL || !accept(i, r, &o)) {
        br_issuing_free(i);
        return;
    }
    struct br_issued *row = &i->issue.issued;
    (void)snprintf(row->type, sizeof(row->type), "%s", o.type);
    (void)snprintf(row->reference, sizeof(row->reference), "%s", o.reference);
    if (i->issue.renewed) {
        br_issuing_renew(i);
    } else if (o.deferred) {
        br_issuing_wait(i);
    } else {
        br_issuing_go(i);
    }
}

/* ---- deferred ----------------------------------------------------------- */

static enum br_rc
take_keys(struct br_issuing *i, struct br_bytes text, struct br_err *reterr)
{
    struct br_json *v;
    BR_TRY(br_json_parse(text, &i->arena, &v, reterr));
    for (struct br_json *k = br_json_first(v);
         k != NULL && i->count < br_orch_batch_size(i->api); k = k->next) {
        BR_TRY(br_jwk_parse(k, &i->key[i->count], reterr));
        i->count++;
    }
    return BR_OK;
}

/** The keys that wait under this transaction, if it is this token's. */
static enum br_rc
find_waiting(struct br_issuing *i, struct br_bytes id, struct br_err *reterr)
{
    struct br_kv_txn *txn;
    struct br_waiting w;
    i->transaction = br_orch_hash("transaction", id);
    BR_TRY(br_kv_begin_read(i->api->kv, &txn, reterr));
    enum br_rc rc = br_waiting_get(txn, &i->transaction, &w, reterr);
    if (rc == BR_OK && !br_hash_eq(&w.offer, &i->bearer.offer)) {
        rc = br_fail(reterr, BR_ERR_NOT_FOUND, "transaction");
    }
    char *text = rc == BR_OK ? br_arena_copy(&i->arena, w.keys) : NULL;
    size_t n = rc == BR_OK ? w.keys.n : 0;
    br_kv_end(txn);
    BR_TRY(rc);
    return text == NULL ? br_fail(reterr, BR_ERR_TOO_LARGE, "keys")
                        : take_keys(i, br_bytes(text, n), reterr);
}

static bool
accept_deferred(
    struct br_issuing *i, struct br_vci_deferred *d, struct br_offer *o)
{
    struct br_err err;
    enum br_oauth_error e = BR_OAUTH_INVALID_CREDENTIAL_REQUEST;
    const struct br_json *v = br_orch_body(i->api, i->req, &i->arena, e);
    if (v == NULL) {
        return false;
    }
    if (br_vci_deferred_parse(v, d, &e, &err) != BR_OK) {
        br_orch_refuse(i->req, e, err.text);
        return false;
    }
    i->encryption = d->encryption;
    if (!br_issuing_encryption_ok(i)) {
        return false;
    }
    enum br_rc rc = find_waiting(i, d->transaction_id, &err);
    if (rc == BR_ERR_NOT_FOUND) {
        br_orch_refuse(
            i->req, BR_OAUTH_INVALID_TRANSACTION_ID,
            "the transaction is not known, or is over");
        return false;
    }
    if (rc != BR_OK) {
        br_orch_fail(i->req, &err);
        return false;
    }
    if (!open_offer(i, o)) {
        return false;
    }
    i->type = br_types_find(i->api->types, br_str(o->type));
    if (o->state == BR_OFFER_REFUSED || i->type == NULL) {
        br_orch_refuse(
            i->req, BR_OAUTH_CREDENTIAL_REQUEST_DENIED,
            "the body has decided not to issue it");
        return false;
    }
    return true;
}

void
br_orch_post_deferred(struct br_http_request *req, void *ctx)
{
    struct br_offer o;
    struct br_vci_deferred d;
    struct br_issuing *i =
        br_issuing_new((struct br_orch_api *)ctx, req, "/deferred_credential");
    if (i == NULL) {
        return;
    }
    if (!accept_deferred(i, &d, &o)) {
        br_issuing_free(i);
        return;
    }
    if (o.state != BR_OFFER_APPROVED) {
        br_issuing_reply_wait(i, d.transaction_id);
        return;
    }
    struct br_issued *row = &i->issue.issued;
    (void)snprintf(row->type, sizeof(row->type), "%s", o.type);
    (void)snprintf(row->reference, sizeof(row->reference), "%s", o.reference);
    i->issue.transaction = &i->transaction;
    br_issuing_go(i);
}

/* ---- notification ------------------------------------------------------- */

enum { NOTICE_BYTES = 32, NOTICE_TIME_BYTES = 8 };

static struct br_hash
notice_key(const uint8_t notice[NOTICE_BYTES])
{
    struct br_hash key = br_orch_hash("notice", br_bytes(notice, NOTICE_BYTES));
    memcpy(key.b, notice, NOTICE_TIME_BYTES);
    return key;
}

void
br_orch_notice_new(char ret[BR_ORCH_SECRET_TEXT_BYTES], struct br_hash *ret_key)
{
    uint8_t notice[NOTICE_BYTES];
    struct br_buf b;
    br_put_be64(notice, br_orch_now_us());
    br_random(notice + NOTICE_TIME_BYTES, NOTICE_BYTES - NOTICE_TIME_BYTES);
    br_buf_init(&b, BR_ORCH_SECRET_TEXT_BYTES);
    br_base64url_put(&b, br_bytes(notice, sizeof(notice)));
    (void)snprintf(
        ret, BR_ORCH_SECRET_TEXT_BYTES, "%.*s", b.failed ? 0 : (int)b.n,
        b.n == 0 ? "" : (const char *)b.p);
    br_buf_fini(&b);
    *ret_key = notice_key(notice);
}

/** Of another form: a key that no row has. */
struct br_hash
br_orch_notice_key(struct br_bytes text)
{
    uint8_t notice[NOTICE_BYTES];
    size_t n;
    if (text.n != BR_ORCH_SECRET_TEXT_BYTES - 1 ||
        br_base64url_parse(text, notice, sizeof(notice), &n, NULL) != BR_OK ||
        n != sizeof(notice)) {
        return br_orch_hash("no notice", text);
    }
    return notice_key(notice);
}

struct notice {
    struct br_write write;
    struct br_http_request *req;
    struct br_hash id;
    struct br_hash offer;
    enum br_vci_event event;
};

static enum br_rc
apply_notice(
    struct br_write *write, struct br_kv_txn *txn, struct br_err *reterr)
{
    struct notice *n = (struct notice *)write;
    struct br_bytes id;
    struct br_issued issued;
    BR_TRY(br_kv_get(txn, BR_ORCH_NOTICES, br_hash_bytes(&n->id), &id, reterr));
    BR_TRY(br_issued_get(txn, id, &issued, reterr));
    if (!br_hash_eq(&issued.offer, &n->offer)) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "notification");
    }
    issued.notice = 1 + (unsigned)n->event;
    return br_issued_put(txn, &issued, reterr);
}

static void
done_notice(struct br_write *write, enum br_rc rc, const struct br_err *err)
{
    struct notice *n = (struct notice *)write;
    if (rc == BR_OK) {
        struct br_http_answer a = {.status = 204};
        br_http_reply(n->req, &a);
    } else if (rc == BR_ERR_NOT_FOUND) {
        br_orch_refuse(
            n->req, BR_OAUTH_INVALID_NOTIFICATION_ID,
            "there is no such notification_id");
    } else {
        br_orch_fail(n->req, err);
    }
    free(n);
}

static bool
read_notice(
    struct br_orch_api *api,
    struct br_http_request *req,
    struct br_arena *arena,
    struct notice *n)
{
    const enum br_oauth_error e = BR_OAUTH_INVALID_NOTIFICATION_REQUEST;
    struct br_bearer bearer;
    struct br_vci_notification in;
    struct br_err err;
    if (!br_orch_authenticate(api, req, "/notification", arena, &bearer)) {
        return false;
    }
    const struct br_json *v = br_orch_body(api, req, arena, e);
    if (v == NULL) {
        return false;
    }
    if (br_vci_notification_parse(v, &in, &err) != BR_OK) {
        br_orch_refuse(req, e, err.text);
        return false;
    }
    *n = (struct notice){
        .write = {.apply = apply_notice, .done = done_notice},
        .req = req,
        .id = br_orch_notice_key(in.id),
        .offer = bearer.offer,
        .event = in.event,
    };
    return true;
}

void
br_orch_post_notification(struct br_http_request *req, void *ctx)
{
    struct br_orch_api *api = (struct br_orch_api *)ctx;
    struct br_arena arena;
    struct br_err err;
    struct notice *n = (struct notice *)calloc(1, sizeof(*n));
    if (n == NULL) {
        (void)br_fail(&err, BR_ERR_NO_MEMORY, "notification");
        br_orch_fail(req, &err);
        return;
    }
    br_arena_init(&arena, 256u * 1024);
    bool good = read_notice(api, req, &arena, n);
    br_arena_fini(&arena);
    if (good && br_writer_submit(api->writer, &n->write, &err) == BR_OK) {
        return;
    }
    if (good) {
        br_orch_fail(req, &err);
    }
    free(n);
}
