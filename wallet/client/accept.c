/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/rule.h"
#include "wallet/client/received.h"

#include <string.h>

enum {
    TOKEN_ANSWER_BYTES_MAX = 64 * 1024,
    CREDENTIAL_ANSWER_BYTES_MAX = 16 * 1024 * 1024,
};

/* A name for servers that give tokens to nobody nameless; it identifies the
 * program, not the person. */
static const char client_id[] = "broletto-wallet";

/** One acceptance, from the person's word to the vault. */
struct accepting {
    struct br_look *look;
    struct br_session session;
    struct br_arena arena;
    struct br_received received[BR_VCI_OFFERED_MAX];
};

static struct br_bytes
our_name(const struct br_look *l)
{
    return l->server.anonymous ? br_bytes(NULL, 0) : br_str(client_id);
}

/* ---- before anything is sent -------------------------------------------- */

static enum br_rc
check_grant(const struct br_look *l, const char *tx_code, struct br_err *reterr)
{
    if (l->offer.code.n == 0) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "the offer has no pre-authorized code: begin at the issuer's page");
    }
    if (l->offer.tx_code && tx_code == NULL) {
        char q[BR_RULE_QUOTE_BYTES];
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "the issuer asks for a transaction code%s%s",
            l->offer.tx_hint.n > 0 ? ": " : "",
            br_rule_quote(l->offer.tx_hint, q));
    }
    if (!l->offer.tx_code && tx_code != NULL) {
        return br_fail(
            reterr, BR_ERR_UNKNOWN_FIELD,
            "the offer asks for no transaction code");
    }
    return BR_OK;
}

static enum br_rc
check_configuration(
    const struct br_look *l,
    const struct br_vci_configuration *c,
    struct br_err *reterr)
{
    char q[BR_RULE_QUOTE_BYTES];
    if (!c->bound || (c->jwt_algs & BR_ALG_ES256) == 0 ||
        c->attestation_required) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "%s: only credentials bound to a key of this wallet are taken, by "
            "a proof of kind jwt with ES256",
            br_rule_quote(c->id, q));
    }
    if (l->issuer.request.required || l->issuer.response.required) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "the issuer asks for encrypted messages, beyond those of TLS");
    }
    return BR_OK;
}

/* ---- the token ---------------------------------------------------------- */

/** RFC 9449: our token serves nobody who has not this key. */
static enum br_rc
begin_session(struct accepting *a, struct br_err *reterr)
{
    return (a->look->server.dpop_algs & BR_ALG_ES256) != 0
               ? br_private_key_generate(BR_KEY_P256, &a->session.dpop, reterr)
               : BR_OK;
}

static enum br_rc
ask_token(
    struct accepting *a,
    const char *tx_code,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_buf form;
    int status = 0;
    br_buf_init(&form, TOKEN_ANSWER_BYTES_MAX);
    br_form_put(&form, "grant_type", br_str(BR_VCI_PRE_AUTHORIZED));
    br_form_put(&form, "pre-authorized_code", a->look->offer.code);
    if (tx_code != NULL) {
        br_form_put(&form, "tx_code", br_str(tx_code));
    }
    br_form_put(&form, "client_id", our_name(a->look));
    const struct br_session_call call = {
        .url = a->look->server.token_endpoint,
        .content_type = "application/x-www-form-urlencoded",
        .body = br_buf_bytes(&form),
        .answer_bytes_max = TOKEN_ANSWER_BYTES_MAX,
    };
    enum br_rc rc = br_buf_status(&form, reterr);
    if (rc == BR_OK) {
        rc = br_session_post(&a->session, &call, &status, ret, reterr);
    }
    br_buf_wipe(&form);
    if (rc == BR_OK && (status != 200 || *ret == NULL)) {
        rc = br_session_refused("the code was not taken", status, *ret, reterr);
    }
    return rc;
}

static enum br_rc
take_token(struct accepting *a, const char *tx_code, struct br_err *reterr)
{
    struct br_json *v = NULL;
    struct br_vci_token t;
    BR_TRY(ask_token(a, tx_code, &v, reterr));
    BR_TRY(br_vci_token_parse(v, &t, reterr));
    if (t.dpop && a->session.dpop == NULL) {
        return br_refuse(
            reterr, BR_RULE_OAUTH_TOKEN,
            "token_type is DPoP, and no proof was sent");
    }
    if (!t.dpop) { /* a server that knows DPoP, and gives a bearer token */
        br_private_key_free(a->session.dpop);
        a->session.dpop = NULL;
    }
    a->session.token = br_arena_copy(&a->arena, t.access_token);
    a->session.nonce[0] = '\0'; /* the issuer is another server */
    return a->session.token != NULL
               ? BR_OK
               : br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a token");
}

/* ---- keys and proofs ---------------------------------------------------- */

/** Without the token: the nonce endpoint is for anybody (section 7.1). */
static enum br_rc
ask_nonce(struct accepting *a, struct br_bytes *ret, struct br_err *reterr)
{
    struct br_session plain = {
        .client = a->session.client,
        .now_s = a->session.now_s,
        .arena = &a->arena,
    };
    struct br_json *v = NULL;
    int status = 0;
    const struct br_session_call call = {
        .url = a->look->issuer.nonce_endpoint,
        .answer_bytes_max = TOKEN_ANSWER_BYTES_MAX,
    };
    if (call.url.n == 0) {
        *ret = br_bytes(NULL, 0);
        return BR_OK;
    }
    BR_TRY(br_session_post(&plain, &call, &status, &v, reterr));
    if (status != 200 || v == NULL) {
        return br_session_refused("no nonce", status, v, reterr);
    }
    return br_vci_nonce_parse(v, ret, reterr);
}

static enum br_rc
make_keys(
    const struct accepting *a, struct br_received *r, struct br_err *reterr)
{
    uint64_t n = a->session.client->copies;
    n = n > a->look->issuer.batch_size ? a->look->issuer.batch_size : n;
    n = n > BR_VCI_PROOFS_MAX ? BR_VCI_PROOFS_MAX : n;
    n = n == 0 ? 1 : n;
    while (r->key_count < n) {
        BR_TRY(br_private_key_generate(
            BR_KEY_P256, &r->keys[r->key_count], reterr));
        r->key_count++;
    }
    return BR_OK;
}

static enum br_rc
make_proof(
    struct accepting *a,
    struct br_private_key *key,
    struct br_bytes nonce,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    const struct br_vci_proof p = {
        .audience = a->look->issuer.issuer,
        .nonce = nonce,
        .client = our_name(a->look),
        .issued_s = a->session.now_s,
    };
    struct br_buf b;
    br_buf_init(&b, BR_DPOP_BYTES_MAX);
    enum br_rc rc = br_vci_proof_make(&p, BR_ALG_ES256, key, &b, reterr);
    if (rc == BR_OK) {
        const char *copy = br_arena_copy(&a->arena, br_buf_bytes(&b));
        *ret = br_bytes(copy, b.n);
        rc = copy != NULL
                 ? BR_OK
                 : br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a proof");
    }
    br_buf_fini(&b);
    return rc;
}

/* ---- one credential ----------------------------------------------------- */

static enum br_rc
write_request(
    struct accepting *a,
    const struct br_received *r,
    struct br_bytes nonce,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_vci_request request = {
        .configuration = r->configuration, .kind = BR_VCI_PROOF_JWT};
    struct br_json_writer w;
    for (size_t i = 0; i < r->key_count; i++) {
        BR_TRY(make_proof(a, r->keys[i], nonce, &request.proofs[i], reterr));
        request.count++;
    }
    br_json_writer_init(&w, b);
    br_vci_request_write(&w, &request);
    return br_json_writer_done(&w, reterr);
}

static enum br_rc
ask_once(
    struct accepting *a,
    const struct br_received *r,
    int *ret_status,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_bytes nonce;
    struct br_buf b;
    BR_TRY(ask_nonce(a, &nonce, reterr));
    br_buf_init(&b, CREDENTIAL_ANSWER_BYTES_MAX);
    enum br_rc rc = write_request(a, r, nonce, &b, reterr);
    const struct br_session_call call = {
        .url = a->look->issuer.credential_endpoint,
        .content_type = "application/json",
        .body = br_buf_bytes(&b),
        .authorized = true,
        .answer_bytes_max = CREDENTIAL_ANSWER_BYTES_MAX,
    };
    if (rc == BR_OK) {
        rc = br_session_post(&a->session, &call, ret_status, ret, reterr);
    }
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
prepare(struct accepting *a, size_t i, struct br_err *reterr)
{
    const struct br_vci_issuer *issuer = &a->look->issuer;
    struct br_received *r = &a->received[i];
    struct br_json *display = NULL;
    BR_TRY(br_look_display(a->look, i, &display, reterr));
    r->issuer = issuer->issuer;
    r->configuration = a->look->configurations[i].id;
    r->vct = a->look->configurations[i].vct;
    r->display = display;
    r->deferred_endpoint = issuer->deferred_endpoint;
    r->notification_endpoint = issuer->notification_endpoint;
    return make_keys(a, r, reterr);
}

/** "invalid_nonce: ... the Wallet should retrieve a new c_nonce value" (section
 *  8.3.1.2): once. */
static enum br_rc
ask_credential(
    struct accepting *a, struct br_received *r, struct br_err *reterr)
{
    struct br_vci_response response;
    struct br_json *v = NULL;
    int status = 0;
    BR_TRY(ask_once(a, r, &status, &v, reterr));
    if (status == 400 && br_session_is(v, BR_OAUTH_INVALID_NONCE)) {
        BR_TRY(ask_once(a, r, &status, &v, reterr));
    }
    if ((status != 200 && status != 202) || v == NULL) {
        return br_session_refused("no credential", status, v, reterr);
    }
    BR_TRY(br_vci_response_parse(v, &response, reterr));
    r->response = response;
    return response.transaction_id.n > 0
               ? BR_OK
               : br_received_check(
                     a->session.client, r, a->session.now_s, &a->arena, reterr);
}

/* ---- into the vault ----------------------------------------------------- */

static enum br_rc
keep_one(
    const struct accepting *a,
    struct br_vault_txn *t,
    size_t i,
    struct br_accepted *ret,
    struct br_err *reterr)
{
    const struct br_received *r = &a->received[i];
    ret->deferred = r->response.transaction_id.n > 0;
    ret->interval_s = r->response.interval_s;
    return ret->deferred ? br_deferred_keep(t, &a->session, r, ret->id, reterr)
                         : br_received_keep(t, &a->session, r, ret->id, reterr);
}

static enum br_rc
keep_all(
    const struct accepting *a,
    struct br_vault_person *person,
    struct br_accepted *ret,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    BR_TRY(br_vault_begin(person, true, &t, reterr));
    enum br_rc rc = BR_OK;
    for (size_t i = 0; rc == BR_OK && i < a->look->count; i++) {
        rc = keep_one(a, t, i, &ret[i], reterr);
    }
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    return br_vault_commit(t, reterr);
}

static enum br_rc
accept(
    struct accepting *a,
    const char *tx_code,
    struct br_vault_person *person,
    struct br_accepted *ret,
    struct br_err *reterr)
{
    for (size_t i = 0; i < a->look->count; i++) {
        BR_TRY(prepare(a, i, reterr));
    }
    BR_TRY(begin_session(a, reterr));
    BR_TRY(take_token(a, tx_code, reterr));
    for (size_t i = 0; i < a->look->count; i++) {
        BR_TRY(ask_credential(a, &a->received[i], reterr));
    }
    return keep_all(a, person, ret, reterr);
}

/** Tell the issuer, remember a failure, forget the keys. */
static void
finish(
    struct accepting *a,
    struct br_vault_person *person,
    enum br_rc rc,
    const struct br_err *why)
{
    for (size_t i = 0; i < a->look->count; i++) {
        br_received_notify(
            &a->session, &a->received[i],
            rc == BR_OK ? BR_VCI_ACCEPTED : BR_VCI_FAILURE);
    }
    if (rc != BR_OK) {
        br_received_remember_failure(
            person, &a->received[0], a->session.now_s, why);
    }
    for (size_t i = 0; i < a->look->count; i++) {
        br_received_fini(&a->received[i]);
    }
    br_private_key_free(a->session.dpop);
    br_arena_fini(&a->arena);
}

enum br_rc
br_accept(
    const struct br_wallet_client *client,
    struct br_look *l,
    const char *tx_code,
    struct br_vault_person *person,
    struct br_accepted *ret,
    struct br_err *reterr)
{
    struct br_err why = {.rc = BR_OK};
    BR_TRY(check_grant(l, tx_code, reterr));
    for (size_t i = 0; i < l->count; i++) {
        BR_TRY(check_configuration(l, &l->configurations[i], reterr));
    }
    struct accepting *a =
        (struct accepting *)br_arena_take(&l->arena, sizeof(*a));
    if (a == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory to accept");
    }
    a->look = l;
    a->session.client = client;
    a->session.now_s = br_client_now_s();
    a->session.arena = &a->arena;
    br_arena_init(&a->arena, BR_LOOK_ARENA_BYTES_MAX);
    enum br_rc rc = accept(a, tx_code, person, ret, &why);
    finish(a, person, rc, &why);
    return rc == BR_OK ? BR_OK : br_fail(reterr, rc, "%s", why.text);
}
