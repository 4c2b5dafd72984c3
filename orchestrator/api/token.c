/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/json_write.h"
#include "common/crypto/keyfile.h"
#include "orchestrator/api/api.h"
#include "orchestrator/store/renewals.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the offer, by reference -------------------------------------------- */

void
br_orch_get_offer(struct br_http_request *req, void *ctx)
{
    struct br_orch_api *api = (struct br_orch_api *)ctx;
    struct br_orch_secret secret;
    struct br_offer o = {.state = BR_OFFER_WITHDRAWN};
    struct br_kv_txn *txn;
    struct br_err err;
    struct br_buf b;
    struct br_json_writer w;
    enum br_rc rc =
        br_orch_secret_parse(br_str(br_http_param(req, 0)), &secret, &err);
    if (rc == BR_OK) {
        rc = br_kv_begin_read(api->kv, &txn, &err);
    }
    if (rc == BR_OK) {
        rc = br_offer_get(txn, &secret.offer, &o, &err);
        br_kv_end(txn);
    }
    if (rc != BR_OK || o.state != BR_OFFER_OFFERED ||
        o.expires_s <= br_orch_now_s()) {
        (void)br_fail(
            &err, BR_ERR_NOT_FOUND,
            "there is no such offer: it was used, withdrawn or has expired");
        br_orch_fail(req, &err);
        br_wipe(&secret, sizeof(secret));
        return;
    }
    const struct br_vci_offer offer = {
        .issuer = br_str(api->issuer),
        .configurations = {br_str(o.type)},
        .count = 1,
        .code = br_str(o.by_code ? "" : secret.code),
        .tx_code = o.needs_tx,
        .tx_length = o.tx_length,
        .authorization_code = o.by_code,
        .issuer_state = br_str(o.by_code ? secret.text : ""),
    };
    br_buf_init(&b, 16u * 1024);
    br_json_writer_init(&w, &b);
    br_vci_offer_write(&w, &offer);
    br_orch_reply(req, 200, &b);
    br_wipe(&secret, sizeof(secret));
}

/* ---- the token ---------------------------------------------------------- */

struct job {
    struct br_write write;
    struct br_orch_api *api;
    struct br_http_request *req;
    struct br_arena arena;
    struct br_form form;
    struct br_redeem redeem;
    enum br_redeem_result result;
    struct br_offer offer;
    char token[BR_ORCH_SECRET_TEXT_BYTES];
    char thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1];
    struct br_orch_client client;
    enum br_rc (*take)(
        struct job *j, struct br_kv_txn *txn, struct br_err *reterr);
    struct br_grant grant;
    struct br_refresh refresh;
    bool by_scope; /**< what is wanted was told as scope */
    /* The answer: */
    uint64_t expires_in;
    char renewal[BR_RENEWAL_TEXT_BYTES]; /**< the refresh token; "": none */
};

static void
free_job(struct job *j)
{
    br_arena_fini(&j->arena);
    br_wipe(j, sizeof(*j));
    free(j);
}

/** RFC 6749 section 4.1.3, RFC 7636 section 4.6, RFC 9449 section 10: the same
 *  client, address, verifier and key as were pushed. */
static bool
same_as_pushed(const struct job *j)
{
    const struct br_grant *g = &j->grant;
    return strcmp(g->client, j->client.id) == 0 &&
           br_bytes_eq(
               br_form_get(&j->form, "redirect_uri"), br_str(g->redirect)) &&
           br_pkce_check(
               br_form_get(&j->form, "code_verifier"), br_str(g->challenge),
               NULL) == BR_OK &&
           (g->thumbprint[0] == '\0' ||
            strcmp(g->thumbprint, j->thumbprint) == 0);
}

static struct br_renewal_holder
holder_of(const struct job *j)
{
    return (struct br_renewal_holder){
        j->client.id, j->client.instance, j->thumbprint};
}

/** With the token of a type that may be renewed comes one to refresh it. */
static enum br_rc
redeem(struct job *j, struct br_kv_txn *txn, struct br_err *reterr)
{
    struct br_hash key;
    BR_TRY(br_redeem(txn, &j->redeem, &j->result, &j->offer, &key, reterr));
    const struct br_redeem *in = &j->redeem;
    const struct br_type *t =
        j->result == BR_REDEEMED
            ? br_types_find(j->api->types, br_str(j->offer.type))
            : NULL;
    j->expires_in = j->offer.deferred ? in->deferred_s : in->token_s;
    if (t == NULL || t->renewal_s == 0) {
        br_wipe(&key, sizeof(key));
        return BR_OK;
    }
    const struct br_renewal_new n = {
        .offer = j->offer.key,
        .claims_key = &key,
        .holder = holder_of(j),
        .identifiers = in->identifiers,
        .now_s = in->now_s,
        .ends_s = in->now_s + j->expires_in + t->renewal_s,
    };
    enum br_rc rc = br_renewal_create(txn, &n, j->renewal, reterr);
    br_wipe(&key, sizeof(key));
    return rc;
}

/** A code is gone once it has been brought, by whomever. */
static enum br_rc
take_code(struct job *j, struct br_kv_txn *txn, struct br_err *reterr)
{
    struct br_bytes code = br_form_get(&j->form, "code");
    enum br_rc rc = br_grant_get(
        txn, BR_ORCH_GRANTED, code, j->redeem.now_s, &j->grant, reterr);
    j->result = BR_REDEEM_BAD_GRANT;
    if (rc != BR_OK) {
        return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
    }
    BR_TRY(br_grant_delete(txn, BR_ORCH_GRANTED, code, reterr));
    if (!same_as_pushed(j)) {
        return BR_OK;
    }
    j->redeem.code = br_str(j->grant.code);
    j->redeem.by_code = true;
    j->redeem.tx_was_told = true;
    j->redeem.identifiers = j->grant.identifiers;
    return redeem(j, txn, reterr);
}

static enum br_rc
take_refresh(struct job *j, struct br_kv_txn *txn, struct br_err *reterr)
{
    struct br_refreshed got;
    BR_TRY(br_renewal_use(txn, &j->refresh, &j->result, &got, reterr));
    if (j->result == BR_REDEEMED) {
        j->offer = got.offer;
        j->redeem.identifiers = got.identifiers;
        j->expires_in = got.expires_in;
        (void)snprintf(j->renewal, sizeof(j->renewal), "%s", got.token);
    }
    br_wipe(&got, sizeof(got));
    return BR_OK;
}

static enum br_rc
apply(struct br_write *write, struct br_kv_txn *txn, struct br_err *reterr)
{
    struct job *j = (struct job *)write;
    return j->take(j, txn, reterr);
}

static void
answer(struct job *j)
{
    struct br_buf b;
    struct br_json_writer w;
    char identifier[BR_HASH_BYTES + 1];
    struct br_vci_token t = {
        .access_token = br_str(j->token),
        .dpop = j->thumbprint[0] != '\0',
        .expires_in = j->expires_in,
        .refresh_token = br_str(j->renewal),
    };
    if (j->redeem.identifiers) {
        br_orch_identifier(&j->offer.key, identifier);
        t.identifier = br_str(identifier);
        t.configuration = br_str(j->offer.type);
    }
    br_buf_init(&b, 4096);
    br_json_writer_init(&w, &b);
    br_vci_token_write(&w, &t);
    br_orch_reply(j->req, 200, &b);
}

static void
done(struct br_write *write, enum br_rc rc, const struct br_err *err)
{
    static const struct {
        enum br_oauth_error error;
        const char *why;
    } results[] = {
        [BR_REDEEM_NO_CODE] =
            {BR_OAUTH_INVALID_GRANT,
             "the code is not known, was used, or has expired"},
        [BR_REDEEM_TX_WRONG] =
            {BR_OAUTH_INVALID_GRANT, "the transaction code is wrong"},
        [BR_REDEEM_TX_MISSING] =
            {BR_OAUTH_INVALID_REQUEST, "tx_code is missing"},
        [BR_REDEEM_TX_UNEXPECTED] =
            {BR_OAUTH_INVALID_REQUEST, "no tx_code is expected"},
        [BR_REDEEM_OTHER_TYPE] =
            {BR_OAUTH_INVALID_AUTHORIZATION_DETAILS,
             "the offer is for another credential"},
        [BR_REDEEM_BAD_GRANT] =
            {BR_OAUTH_INVALID_GRANT,
             "the code is not known, or not for this client, redirect_uri, "
             "code_verifier or key"},
        [BR_REDEEM_NO_REFRESH] =
            {BR_OAUTH_INVALID_GRANT,
             "the refresh token is not known, has expired, or the credential "
             "was revoked"},
        [BR_REDEEM_BAD_REFRESH] =
            {BR_OAUTH_INVALID_GRANT,
             "the refresh token was given to another client or key"},
        [BR_REDEEM_REUSED] =
            {BR_OAUTH_INVALID_GRANT,
             "the refresh token was used before: it is good for nobody now"},
    };
    struct job *j = (struct job *)write;
    if (rc != BR_OK) {
        br_orch_fail(j->req, err);
    } else if (j->result == BR_REDEEMED) {
        answer(j);
    } else if (j->result == BR_REDEEM_OTHER_TYPE && j->by_scope) {
        br_orch_refuse(
            j->req, BR_OAUTH_INVALID_SCOPE,
            "the refresh token is for another credential");
    } else {
        br_orch_refuse(
            j->req, results[j->result].error, results[j->result].why);
    }
    free_job(j);
}

/** Section 5.1.1: each of type openid_credential; one is given. */
bool
br_orch_read_details(
    struct br_orch_api *api,
    const struct br_form *form,
    struct br_arena *arena,
    struct br_bytes *ret,
    const char **ret_why)
{
    struct br_json *v;
    struct br_bytes text = br_form_get(form, "authorization_details");
    struct br_bytes type = {NULL, 0};
    struct br_bytes id = {NULL, 0};
    if (text.n == 0) {
        return true;
    }
    *ret_why = "authorization_details is no array of one openid_credential "
               "with a credential_configuration_id";
    if (br_json_parse(text, arena, &v, NULL) != BR_OK ||
        v->kind != BR_JSON_ARRAY || br_json_count(v) != 1 ||
        br_json_need_string(br_json_first(v), "type", &type, NULL) != BR_OK ||
        br_json_need_string(
            br_json_first(v), "credential_configuration_id", &id, NULL) !=
            BR_OK ||
        !br_bytes_eq(type, br_str("openid_credential")) || id.n == 0) {
        return false;
    }
    *ret_why = "there is no such credential_configuration_id";
    if (br_types_find(api->types, id) == NULL) {
        return false;
    }
    *ret_why = NULL;
    *ret = id;
    return true;
}

static void
start(struct job *j)
{
    const struct br_orch_config *c = j->api->config;
    struct br_err err;
    br_orch_random_text(j->token);
    j->redeem.token = j->token;
    j->redeem.thumbprint = j->thumbprint;
    j->redeem.client = j->client.id;
    j->redeem.now_s = br_orch_now_s();
    j->redeem.token_s = c->token_s;
    j->redeem.deferred_s = c->deferred_s;
    j->refresh.holder = holder_of(j);
    j->refresh.access = j->token;
    j->refresh.now_s = j->redeem.now_s;
    j->refresh.token_s = c->token_s;
    j->refresh.deferred_s = c->deferred_s;
    j->write.apply = apply;
    j->write.done = done;
    if (br_writer_submit(j->api->writer, &j->write, &err) != BR_OK) {
        br_orch_fail(j->req, &err);
        free_job(j);
    }
}

static bool
read_pre_authorized(struct job *j)
{
    const char *why = NULL;
    j->redeem.code = br_form_get(&j->form, "pre-authorized_code");
    j->redeem.tx_code = br_form_get(&j->form, "tx_code");
    if (j->redeem.code.n == 0) {
        br_orch_refuse(
            j->req, BR_OAUTH_INVALID_REQUEST, "pre-authorized_code is missing");
        return false;
    }
    if (!br_orch_read_details(
            j->api, &j->form, &j->arena, &j->redeem.configuration, &why)) {
        br_orch_refuse(j->req, BR_OAUTH_INVALID_AUTHORIZATION_DETAILS, why);
        return false;
    }
    j->redeem.identifiers = j->redeem.configuration.n > 0;
    j->take = redeem;
    return true;
}

static bool
read_authorization_code(struct job *j)
{
    static const char *const needed[] = {
        "code", "code_verifier", "redirect_uri"};
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (br_form_get(&j->form, needed[i]).n == 0) {
            char why[60];
            (void)snprintf(why, sizeof(why), "%s is missing", needed[i]);
            br_orch_refuse(j->req, BR_OAUTH_INVALID_REQUEST, why);
            return false;
        }
    }
    j->take = take_code;
    return true;
}

/** RFC 6749 section 6: "The requested scope MUST NOT include any scope not
 *  originally granted", which is the credential's type. */
static bool
read_refresh(struct job *j)
{
    const char *why = NULL;
    struct br_bytes scope = br_form_get(&j->form, "scope");
    j->refresh.token = br_form_get(&j->form, "refresh_token");
    if (j->refresh.token.n == 0) {
        br_orch_refuse(
            j->req, BR_OAUTH_INVALID_REQUEST, "refresh_token is missing");
        return false;
    }
    if (!br_orch_read_details(
            j->api, &j->form, &j->arena, &j->refresh.configuration, &why)) {
        br_orch_refuse(j->req, BR_OAUTH_INVALID_AUTHORIZATION_DETAILS, why);
        return false;
    }
    if (j->refresh.configuration.n == 0) {
        j->refresh.configuration = scope;
        j->by_scope = scope.n > 0;
    }
    j->take = take_refresh;
    return true;
}

/** False: it has been refused. */
static bool
read_grant(struct job *j)
{
    struct br_bytes grant = br_form_get(&j->form, "grant_type");
    const struct br_orch_door door = {"/token", {NULL, 0}};
    bool good;
    if (br_bytes_eq(grant, br_str(BR_VCI_PRE_AUTHORIZED))) {
        good = read_pre_authorized(j);
    } else if (br_bytes_eq(grant, br_str("authorization_code"))) {
        good = read_authorization_code(j);
    } else if (br_bytes_eq(grant, br_str("refresh_token"))) {
        good = read_refresh(j);
    } else {
        good = false;
        br_orch_refuse(
            j->req,
            grant.n == 0 ? BR_OAUTH_INVALID_REQUEST
                         : BR_OAUTH_UNSUPPORTED_GRANT_TYPE,
            "grant_type is not one of the metadata");
    }
    if (!good ||
        !br_orch_check_client(
            j->api, j->req, br_form_get(&j->form, "client_id"), &j->arena,
            &j->client) ||
        !br_orch_check_dpop(j->api, j->req, &door, &j->arena, j->thumbprint)) {
        return false;
    }
    /* RFC 6749 section 4.1.3: "client_id REQUIRED, if the client is not
     * authenticating"; an attestation names it. */
    if (j->take == take_code && j->client.id[0] == '\0') {
        br_orch_refuse(
            j->req, BR_OAUTH_INVALID_REQUEST, "client_id is missing");
        return false;
    }
    if (j->thumbprint[0] == '\0' && br_orch_needs_dpop(j->api)) {
        br_orch_refuse(
            j->req, BR_OAUTH_INVALID_DPOP_PROOF, "the header DPoP is missing");
        return false;
    }
    return true;
}

void
br_orch_post_token(struct br_http_request *req, void *ctx)
{
    struct job *j = (struct job *)calloc(1, sizeof(*j));
    struct br_err err;
    if (j == NULL) {
        (void)br_fail(&err, BR_ERR_NO_MEMORY, "token request");
        br_orch_fail(req, &err);
        return;
    }
    j->api = (struct br_orch_api *)ctx;
    j->req = req;
    br_arena_init(&j->arena, 512u * 1024);
    if (br_form_parse(br_http_body(req), &j->arena, &j->form, &err) != BR_OK) {
        br_orch_refuse(req, BR_OAUTH_INVALID_REQUEST, err.text);
        free_job(j);
        return;
    }
    if (!read_grant(j)) {
        free_job(j);
        return;
    }
    start(j);
}
