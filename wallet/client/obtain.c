/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/client/obtain.h"

#include "common/credential/rule.h"

#include <string.h>

enum {
    TOKEN_ANSWER_BYTES_MAX = 64 * 1024,
    CREDENTIAL_ANSWER_BYTES_MAX = 16 * 1024 * 1024,
};

/* A name for servers that give tokens to nobody nameless; it identifies the
 * program, not the person. */
static const char client_id[] = "broletto-wallet";

struct br_bytes
br_obtain_client_id(void)
{
    return br_str(client_id);
}

enum br_rc
br_obtain_begin(
    const struct br_wallet_client *client,
    struct br_look *l,
    struct br_obtaining **ret,
    struct br_err *reterr)
{
    struct br_obtaining *o =
        (struct br_obtaining *)br_arena_take(&l->arena, sizeof(*o));
    if (o == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory to accept");
    }
    memset(o, 0, sizeof(*o));
    o->look = l;
    o->session.client = client;
    o->session.now_s = br_client_now_s();
    o->session.arena = &o->arena;
    br_arena_init(&o->arena, BR_LOOK_ARENA_BYTES_MAX);
    *ret = o;
    return BR_OK;
}

void
br_obtain_end(struct br_obtaining *o, enum br_rc rc)
{
    for (size_t i = 0; i < o->look->count; i++) {
        br_received_notify(
            &o->session, &o->received[i],
            rc == BR_OK ? BR_VCI_ACCEPTED : BR_VCI_FAILURE);
        br_received_fini(&o->received[i]);
    }
    br_private_key_free(o->session.dpop);
    br_arena_fini(&o->arena);
}

/* ---- before anything is sent -------------------------------------------- */

enum br_rc
br_obtain_check(const struct br_look *l, struct br_err *reterr)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct br_vci_configuration *c = &l->configurations[i];
        char q[BR_RULE_QUOTE_BYTES];
        if (!c->bound || (c->jwt_algs & BR_ALG_ES256) == 0 ||
            c->attestation_required) {
            return br_fail(
                reterr, BR_ERR_UNSUPPORTED,
                "%s: only credentials bound to a key of this wallet are taken, "
                "by a proof of kind jwt with ES256",
                br_rule_quote(c->id, q));
        }
    }
    struct br_envelope e;
    BR_TRY(br_envelope_choose(&l->issuer, &e, reterr));
    br_envelope_fini(&e);
    return BR_OK;
}

static enum br_rc
make_keys(
    const struct br_obtaining *o, struct br_received *r, struct br_err *reterr)
{
    uint64_t n = o->session.client->copies;
    n = n > o->look->issuer.batch_size ? o->look->issuer.batch_size : n;
    n = n > BR_VCI_PROOFS_MAX ? BR_VCI_PROOFS_MAX : n;
    n = n == 0 ? 1 : n;
    while (r->key_count < n) {
        BR_TRY(br_private_key_generate(
            BR_KEY_P256, &r->keys[r->key_count], reterr));
        r->key_count++;
    }
    return BR_OK;
}

enum br_rc
br_obtain_prepare(struct br_obtaining *o, struct br_err *reterr)
{
    const struct br_vci_issuer *issuer = &o->look->issuer;
    for (size_t i = 0; i < o->look->count; i++) {
        struct br_received *r = &o->received[i];
        struct br_json *display = NULL;
        BR_TRY(br_look_display(o->look, i, &display, reterr));
        r->issuer = issuer->issuer;
        r->configuration = o->look->configurations[i].id;
        r->vct = o->look->configurations[i].vct;
        r->shown_did = o->look->standings[i].kind == BR_STANDING_ACCREDITED
                           ? o->look->standings[i].did
                           : NULL;
        r->display = display;
        r->deferred_endpoint = issuer->deferred_endpoint;
        r->notification_endpoint = issuer->notification_endpoint;
        r->sealed = issuer->request.offered;
        BR_TRY(make_keys(o, r, reterr));
    }
    return BR_OK;
}

/* ---- the token ---------------------------------------------------------- */

enum br_rc
br_obtain_make_key(struct br_obtaining *o, struct br_err *reterr)
{
    return (o->look->server.dpop_algs & BR_ALG_ES256) != 0
               ? br_private_key_generate(BR_KEY_P256, &o->session.dpop, reterr)
               : BR_OK;
}

/** ISSUER_REFUSED, and which error it is. */
static enum br_rc
refused(
    struct br_obtaining *o,
    const char *what,
    int status,
    const struct br_json *answer,
    struct br_err *reterr)
{
    const struct br_json *error = br_json_member(answer, "error");
    if (error != NULL && error->kind == BR_JSON_STRING) {
        o->refused = br_oauth_error_by_name(error->string);
    }
    return br_session_refused(what, status, answer, reterr);
}

static enum br_rc
take_token(
    struct br_obtaining *o, const struct br_json *v, struct br_err *reterr)
{
    struct br_vci_token *t = &o->granted;
    BR_TRY(br_vci_token_parse(v, t, reterr));
    if (t->dpop && o->session.dpop == NULL) {
        return br_refuse(
            reterr, BR_RULE_OAUTH_TOKEN,
            "token_type is DPoP, and no proof was sent");
    }
    if (!t->dpop) { /* a server that knows DPoP, and gives a bearer token */
        br_private_key_free(o->session.dpop);
        o->session.dpop = NULL;
    }
    o->token = v;
    o->session.token = br_arena_copy(&o->arena, t->access_token);
    o->session.nonce[0] = '\0'; /* the issuer is another server */
    return o->session.token != NULL
               ? BR_OK
               : br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a token");
}

enum br_rc
br_obtain_token(
    struct br_obtaining *o, struct br_buf *form, struct br_err *reterr)
{
    struct br_json *v = NULL;
    int status = 0;
    br_form_put(form, "client_id", o->client);
    BR_TRY(br_buf_status(form, reterr));
    const struct br_session_call call = {
        .url = o->look->server.token_endpoint,
        .content_type = "application/x-www-form-urlencoded",
        .body = br_buf_bytes(form),
        .answer_bytes_max = TOKEN_ANSWER_BYTES_MAX,
    };
    BR_TRY(br_session_post(&o->session, &call, &status, &v, reterr));
    if (status != 200 || v == NULL) {
        return refused(o, "the code was not taken", status, v, reterr);
    }
    return take_token(o, v, reterr);
}

/* ---- nonces and proofs -------------------------------------------------- */

/** Without the token: the nonce endpoint is for anybody (section 7.1). */
static enum br_rc
ask_nonce(struct br_obtaining *o, struct br_bytes *ret, struct br_err *reterr)
{
    struct br_session plain = {
        .client = o->session.client,
        .now_s = o->session.now_s,
        .arena = &o->arena,
    };
    struct br_json *v = NULL;
    int status = 0;
    const struct br_session_call call = {
        .url = o->look->issuer.nonce_endpoint,
        .answer_bytes_max = TOKEN_ANSWER_BYTES_MAX,
    };
    if (call.url.n == 0) {
        *ret = br_bytes(NULL, 0);
        return BR_OK;
    }
    BR_TRY(br_session_post(&plain, &call, &status, &v, reterr));
    if (status != 200 || v == NULL) {
        return refused(o, "no nonce", status, v, reterr);
    }
    return br_vci_nonce_parse(v, ret, reterr);
}

static enum br_rc
make_proof(
    struct br_obtaining *o,
    struct br_private_key *key,
    struct br_bytes nonce,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    const struct br_vci_proof p = {
        .audience = o->look->issuer.issuer,
        .nonce = nonce,
        .client = o->client,
        .issued_s = o->session.now_s,
    };
    struct br_buf b;
    br_buf_init(&b, BR_DPOP_BYTES_MAX);
    enum br_rc rc = br_vci_proof_make(&p, BR_ALG_ES256, key, &b, reterr);
    if (rc == BR_OK) {
        const char *copy = br_arena_copy(&o->arena, br_buf_bytes(&b));
        *ret = br_bytes(copy, b.n);
        rc = copy != NULL
                 ? BR_OK
                 : br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a proof");
    }
    br_buf_fini(&b);
    return rc;
}

/* ---- one credential ----------------------------------------------------- */

/** "credential_identifier: REQUIRED when an Authorization Details of type
 *  openid_credential was returned from the Token Response. It MUST NOT be used
 *  otherwise." */
static enum br_rc
write_request(
    struct br_obtaining *o,
    const struct br_received *r,
    const struct br_envelope *envelope,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_vci_request request = {
        .configuration =
            r->identifier.n > 0 ? br_bytes(NULL, 0) : r->configuration,
        .identifier = r->identifier,
        .kind = BR_VCI_PROOF_JWT,
        .encryption = br_envelope_wish(envelope),
    };
    struct br_bytes nonce;
    struct br_json_writer w;
    BR_TRY(ask_nonce(o, &nonce, reterr));
    for (size_t i = 0; i < r->key_count; i++) {
        BR_TRY(make_proof(o, r->keys[i], nonce, &request.proofs[i], reterr));
        request.count++;
    }
    br_json_writer_init(&w, b);
    br_vci_request_write(&w, &request);
    return br_json_writer_done(&w, reterr);
}

static enum br_rc
ask_once(
    struct br_obtaining *o,
    const struct br_received *r,
    int *ret_status,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_envelope envelope;
    struct br_buf b;
    BR_TRY(br_envelope_choose(&o->look->issuer, &envelope, reterr));
    br_buf_init(&b, CREDENTIAL_ANSWER_BYTES_MAX);
    enum br_rc rc = write_request(o, r, &envelope, &b, reterr);
    const struct br_session_call call = {
        .url = o->look->issuer.credential_endpoint,
        .content_type = "application/json",
        .body = br_buf_bytes(&b),
        .authorized = true,
        .answer_bytes_max = CREDENTIAL_ANSWER_BYTES_MAX,
        .envelope = &envelope,
    };
    if (rc == BR_OK) {
        rc = br_session_post(&o->session, &call, ret_status, ret, reterr);
    }
    br_buf_fini(&b);
    br_envelope_fini(&envelope);
    return rc;
}

/** "invalid_nonce: ... The wallet should retrieve a new c_nonce value" (section
 *  8.3.1.2): once. */
enum br_rc
br_obtain_credential(struct br_obtaining *o, size_t i, struct br_err *reterr)
{
    struct br_received *r = &o->received[i];
    struct br_bytes identifier = r->identifier;
    struct br_vci_response response;
    struct br_json *v = NULL;
    int status = 0;
    BR_TRY(br_vci_token_identifier(
        o->token, r->configuration, &identifier, reterr));
    r->identifier = identifier.n > 0 ? identifier : r->identifier;
    BR_TRY(ask_once(o, r, &status, &v, reterr));
    if (status == 400 && br_session_is(v, BR_OAUTH_INVALID_NONCE)) {
        BR_TRY(ask_once(o, r, &status, &v, reterr));
    }
    if ((status != 200 && status != 202) || v == NULL) {
        return refused(o, "no credential", status, v, reterr);
    }
    BR_TRY(br_vci_response_parse(v, &response, reterr));
    r->response = response;
    return response.transaction_id.n > 0
               ? BR_OK
               : br_received_check(
                     o->session.client, r, o->session.now_s, &o->arena, reterr);
}

/* ---- into the vault ----------------------------------------------------- */

/** The refresh token, for all that it serves; none: nothing. */
static enum br_rc
keep_grant(
    struct br_obtaining *o,
    struct br_vault_txn *t,
    struct br_bytes id,
    struct br_err *reterr)
{
    struct br_buf key;
    struct br_json_writer w;
    struct br_wallet_grant g = {
        .id = id,
        .issuer = o->look->issuer.issuer,
        .server = o->look->server.issuer,
        .client = o->client,
        .token = o->granted.refresh_token,
        .given_s = o->session.now_s,
    };
    br_buf_init(&key, 256);
    enum br_rc rc = BR_OK;
    if (o->session.dpop != NULL) {
        br_json_writer_init(&w, &key);
        rc = br_row_put_key(&w, o->session.dpop, reterr);
        if (rc == BR_OK) {
            rc = br_json_writer_done(&w, reterr);
        }
        /* The writer's quotes are not of the text. */
        g.dpop = rc == BR_OK ? br_bytes(key.p + 1, key.n - 2) : g.dpop;
    }
    if (rc == BR_OK) {
        rc = br_holding_put_grant(t, &g, reterr);
    }
    br_buf_wipe(&key);
    return rc;
}

enum br_rc
br_obtain_keep(
    struct br_obtaining *o,
    struct br_vault_txn *t,
    struct br_accepted *ret,
    struct br_err *reterr)
{
    char id[BR_WALLET_ID_BYTES + 1];
    bool renewable = o->granted.refresh_token.n > 0;
    br_holding_new_id(id);
    if (renewable) {
        BR_TRY(keep_grant(o, t, br_str(id), reterr));
    }
    for (size_t i = 0; i < o->look->count; i++) {
        struct br_received *r = &o->received[i];
        ret[i].deferred = r->response.transaction_id.n > 0;
        ret[i].interval_s = r->response.interval_s;
        r->grant = renewable ? br_str(id) : br_bytes(NULL, 0);
        enum br_rc rc =
            ret[i].deferred
                ? br_deferred_keep(t, &o->session, r, ret[i].id, reterr)
                : br_received_keep(t, &o->session, r, ret[i].id, reterr);
        r->grant = br_bytes(NULL, 0);
        BR_TRY(rc);
    }
    return BR_OK;
}

enum br_rc
br_obtain_keep_all(
    struct br_obtaining *o,
    struct br_vault_person *person,
    struct br_accepted *ret,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    BR_TRY(br_vault_begin(person, true, &t, reterr));
    enum br_rc rc = br_obtain_keep(o, t, ret, reterr);
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    return br_vault_commit(t, reterr);
}
