/* An offer that its issuer grants on a page of its own. What waits for the
 * browser's return is a row of the table of offers, under its state:
 * {"offer":{...},"issuer","vct","server","redirect","verifier","dpop","until"}
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/json_write.h"
#include "common/credential/oauth_code.h"
#include "common/credential/rule.h"
#include "common/crypto/keyfile.h"
#include "wallet/client/obtain.h"

#include <stdio.h>
#include <string.h>

enum {
    /* 32 random bytes in base64url; other rows of the table have keys of
     * BR_WALLET_ID_BYTES. */
    SECRET_BYTES = 32,
    SECRET_TEXT_BYTES = 43,
    ROW_BYTES_MAX = 256 * 1024,
    ANSWER_BYTES_MAX = 64 * 1024,
};

struct beginning {
    struct br_obtaining *o;
    struct br_bytes redirect;
    char state[SECRET_TEXT_BYTES + 1];
    char verifier[SECRET_TEXT_BYTES + 1];
};

/* ---- what is asked ------------------------------------------------------ */

/** "The Authorization Code flow ... PKCE prevents authorization code
 *  interception attacks"; and without iss a server could answer in another's
 *  place (RFC 9207 section 1). */
static enum br_rc
check_server(
    const struct br_wallet_client *client,
    const struct br_look *l,
    struct br_err *reterr)
{
    const struct br_oauth_server *s = &l->server;
    if (s->authorization_endpoint.n == 0 ||
        (s->par_required && s->par_endpoint.n == 0)) {
        return br_refuse(
            reterr, BR_RULE_OAUTH_METADATA,
            "the server has no page for people: no authorization_endpoint, or "
            "no place to push to");
    }
    if (!s->s256 || !s->iss_returned) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "the issuer's server %s: its page is not safe to be used",
            s->s256 ? "does not say who it is when it answers (RFC 9207)"
                    : "does not know S256 (RFC 7636)");
    }
    return br_fetch_check(&client->policy, s->authorization_endpoint, reterr);
}

/** Each credential's scope, or, where one has none, authorization_details. */
static enum br_rc
put_which(
    const struct br_look *l,
    bool *ret_details,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_json_writer w;
    bool scopes = true;
    for (size_t i = 0; i < l->count; i++) {
        scopes = scopes && l->configurations[i].scope.n > 0;
    }
    *ret_details = !scopes;
    for (size_t i = 0; scopes && i < l->count; i++) {
        br_buf_puts(b, i == 0 ? "" : " ");
        br_buf_put(
            b, l->configurations[i].scope.p, l->configurations[i].scope.n);
    }
    if (scopes) {
        return br_buf_status(b, reterr);
    }
    br_json_writer_init(&w, b);
    br_json_write_array(&w);
    for (size_t i = 0; i < l->count; i++) {
        br_json_write_object(&w);
        br_json_write_name(&w, "type");
        br_json_write_string(&w, br_str("openid_credential"));
        br_json_write_name(&w, "credential_configuration_id");
        br_json_write_string(&w, l->configurations[i].id);
        /* "If the Credential Issuer metadata contains an authorization_servers
         * parameter, ... locations ... MUST be set" (section 5.1.1). */
        if (l->issuer.servers != NULL) {
            br_json_write_name(&w, "locations");
            br_json_write_array(&w);
            br_json_write_string(&w, l->issuer.issuer);
            br_json_write_end(&w);
        }
        br_json_write_end(&w);
    }
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

static enum br_rc
put_request(
    const struct beginning *g, struct br_buf *form, struct br_err *reterr)
{
    const struct br_look *l = g->o->look;
    char challenge[BR_PKCE_CHALLENGE_BYTES + 1];
    char thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1] = "";
    bool pushed = l->server.par_endpoint.n > 0;
    bool details = false;
    struct br_buf which;
    br_pkce_challenge(br_str(g->verifier), challenge);
    if (g->o->session.dpop != NULL && !pushed) {
        BR_TRY(br_jwk_thumbprint_text(
            br_private_key_public(g->o->session.dpop), thumbprint, reterr));
    }
    br_buf_init(&which, BR_CODE_REQUEST_BYTES_MAX);
    enum br_rc rc = put_which(l, &details, &which, reterr);
    const struct br_code_request r = {
        .client = g->o->client,
        .redirect = g->redirect,
        .state = br_str(g->state),
        .challenge = br_str(challenge),
        .scope = details ? br_bytes(NULL, 0) : br_buf_bytes(&which),
        .details = details ? br_buf_bytes(&which) : br_bytes(NULL, 0),
        .resource = l->issuer.servers != NULL && !details ? l->issuer.issuer
                                                          : br_bytes(NULL, 0),
        .issuer_state = l->offer.issuer_state,
        .thumbprint = br_str(thumbprint),
    };
    if (rc == BR_OK) {
        br_code_request_put(form, &r);
        rc = br_buf_status(form, reterr);
    }
    br_buf_fini(&which);
    return rc;
}

/** RFC 9126; the proof that goes with it binds the code to our key (RFC 9449
 *  section 10.1). */
static enum br_rc
push(
    struct beginning *g,
    struct br_bytes form,
    struct br_buf *query,
    struct br_err *reterr)
{
    struct br_json *v = NULL;
    struct br_bytes uri = {NULL, 0};
    uint64_t expires_in = 0;
    int status = 0;
    const struct br_session_call call = {
        .url = g->o->look->server.par_endpoint,
        .content_type = "application/x-www-form-urlencoded",
        .body = form,
        .answer_bytes_max = ANSWER_BYTES_MAX,
    };
    BR_TRY(br_session_post(&g->o->session, &call, &status, &v, reterr));
    if ((status != 201 && status != 200) || v == NULL) {
        return br_session_refused("no page", status, v, reterr);
    }
    BR_TRY(br_code_pushed_parse(v, &uri, &expires_in, reterr));
    br_form_put(query, "client_id", g->o->client);
    br_form_put(query, "request_uri", uri);
    return br_buf_status(query, reterr);
}

/** Where the browser goes. */
static enum br_rc
make_address(struct beginning *g, struct br_bytes *ret, struct br_err *reterr)
{
    struct br_look *l = g->o->look;
    struct br_bytes page = l->server.authorization_endpoint;
    struct br_buf form;
    struct br_buf query;
    struct br_buf url;
    br_buf_init(&form, BR_CODE_REQUEST_BYTES_MAX);
    br_buf_init(&query, BR_CODE_REQUEST_BYTES_MAX);
    br_buf_init(&url, BR_CODE_REQUEST_BYTES_MAX * 2);
    enum br_rc rc = put_request(g, &form, reterr);
    if (rc == BR_OK && l->server.par_endpoint.n > 0) {
        rc = push(g, br_buf_bytes(&form), &query, reterr);
    }
    const struct br_buf *ask = l->server.par_endpoint.n > 0 ? &query : &form;
    br_buf_put(&url, page.p, page.n);
    br_buf_puts(&url, memchr(page.p, '?', page.n) == NULL ? "?" : "&");
    br_buf_put(&url, ask->p, ask->n);
    if (rc == BR_OK) {
        rc = br_buf_status(&url, reterr);
    }
    if (rc == BR_OK) {
        const char *copy = br_arena_copy(&l->arena, br_buf_bytes(&url));
        *ret = br_bytes(copy, copy == NULL ? 0 : url.n);
        rc = copy != NULL
                 ? BR_OK
                 : br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a page");
    }
    br_buf_fini(&form);
    br_buf_fini(&query);
    br_buf_fini(&url);
    return rc;
}

/* ---- what waits --------------------------------------------------------- */

static void
put_text(struct br_json_writer *w, const char *name, struct br_bytes v)
{
    br_json_write_name(w, name);
    br_json_write_string(w, v);
}

static enum br_rc
write_row(const struct beginning *g, struct br_buf *b, struct br_err *reterr)
{
    const struct br_look *l = g->o->look;
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    put_text(&w, "offer", l->text);
    put_text(&w, "issuer", l->issuer.issuer);
    put_text(&w, "vct", l->configurations[0].vct);
    put_text(&w, "server", l->server.issuer);
    put_text(&w, "redirect", g->redirect);
    put_text(&w, "verifier", br_str(g->verifier));
    if (g->o->session.dpop != NULL) {
        br_json_write_name(&w, "dpop");
        BR_TRY(br_row_put_key(&w, g->o->session.dpop, reterr));
    }
    br_json_write_name(&w, "until");
    br_json_write_uint(&w, g->o->session.now_s + BR_AUTHORIZE_WAIT_S);
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

/** Those that wait, for sweeping. */
struct waiting {
    uint64_t now_s;
    size_t count;
    struct {
        char state[SECRET_TEXT_BYTES + 1];
        uint64_t until_s;
    } list[BR_AUTHORIZE_WAITING_MAX * 2u];
};

static enum br_rc
collect(
    void *ctx, struct br_bytes key, struct br_bytes text, struct br_err *reterr)
{
    struct waiting *q = (struct waiting *)ctx;
    struct br_arena arena;
    struct br_json *v = NULL;
    uint64_t until_s = 0;
    if (key.n != SECRET_TEXT_BYTES ||
        q->count == BR_AUTHORIZE_WAITING_MAX * 2u) {
        return BR_OK;
    }
    br_arena_init(&arena, ROW_BYTES_MAX * 8u);
    enum br_rc rc = br_json_parse(text, &arena, &v, reterr);
    if (rc == BR_OK) {
        rc = br_json_need_uint(v, "until", &until_s, reterr);
    }
    br_arena_fini(&arena);
    memcpy(q->list[q->count].state, key.p, SECRET_TEXT_BYTES);
    q->list[q->count].until_s = until_s;
    q->count += rc == BR_OK;
    return rc;
}

/** What is over goes, then the oldest until there is room for one more. */
static enum br_rc
sweep(struct br_vault_txn *t, uint64_t now_s, struct br_err *reterr)
{
    struct waiting q = {.now_s = now_s};
    BR_TRY(br_vault_each(t, BR_VAULT_OFFERS, collect, &q, reterr));
    while (q.count > 0) {
        size_t oldest = 0;
        for (size_t i = 1; i < q.count; i++) {
            oldest = q.list[i].until_s < q.list[oldest].until_s ? i : oldest;
        }
        if (q.list[oldest].until_s > now_s &&
            q.count < BR_AUTHORIZE_WAITING_MAX) {
            return BR_OK;
        }
        BR_TRY(br_vault_delete(
            t, BR_VAULT_OFFERS, br_str(q.list[oldest].state), reterr));
        q.list[oldest] = q.list[--q.count];
    }
    return BR_OK;
}

static enum br_rc
wait_for_return(
    const struct beginning *g,
    struct br_vault_person *person,
    struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    struct br_buf b;
    BR_TRY(br_vault_begin(person, true, &t, reterr));
    br_buf_init(&b, ROW_BYTES_MAX);
    enum br_rc rc = sweep(t, g->o->session.now_s, reterr);
    if (rc == BR_OK) {
        rc = write_row(g, &b, reterr);
    }
    if (rc == BR_OK) {
        rc = br_vault_put(
            t, BR_VAULT_OFFERS, br_str(g->state), br_buf_bytes(&b), reterr);
    }
    br_buf_wipe(&b);
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    return br_vault_commit(t, reterr);
}

enum br_rc
br_authorize_begin(
    const struct br_wallet_client *client,
    struct br_look *l,
    struct br_bytes redirect,
    struct br_vault_person *person,
    struct br_bytes *ret_url,
    struct br_err *reterr)
{
    struct beginning g = {.redirect = redirect};
    struct br_bytes url = {NULL, 0};
    BR_TRY(br_look_by_code(client, l, reterr));
    BR_TRY(br_obtain_check(l, reterr));
    BR_TRY(check_server(client, l, reterr));
    BR_TRY(br_obtain_begin(client, l, &g.o, reterr));
    g.o->client = br_obtain_client_id();
    br_random_text(g.state, SECRET_BYTES);
    br_random_text(g.verifier, SECRET_BYTES);
    enum br_rc rc = br_obtain_make_key(g.o, reterr);
    if (rc == BR_OK) {
        rc = make_address(&g, &url, reterr);
    }
    if (rc == BR_OK) {
        rc = wait_for_return(&g, person, reterr);
    }
    br_obtain_end(g.o, rc);
    br_wipe(g.verifier, sizeof(g.verifier));
    if (rc == BR_OK) {
        *ret_url = url;
    }
    return rc;
}

/* ---- coming back -------------------------------------------------------- */

struct ending {
    const struct br_wallet_client *client;
    struct br_arena arena;
    struct br_look *look;
    struct br_bytes state;
    struct br_bytes offer;
    struct br_bytes issuer;
    struct br_bytes vct;
    struct br_bytes server;
    struct br_bytes redirect;
    struct br_bytes verifier;
    struct br_bytes dpop; /**< or empty */
    uint64_t until_s;
    struct br_code_back back;
};

static enum br_rc
read_row(struct ending *e, struct br_bytes row, struct br_err *reterr)
{
    struct br_json *v = NULL;
    const char *copy = br_arena_copy(&e->arena, row);
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for an offer");
    }
    BR_TRY(br_json_parse(br_bytes(copy, row.n), &e->arena, &v, reterr));
    BR_TRY(br_json_need_string(v, "offer", &e->offer, reterr));
    BR_TRY(br_json_need_string(v, "issuer", &e->issuer, reterr));
    BR_TRY(br_json_need_string(v, "vct", &e->vct, reterr));
    BR_TRY(br_json_need_string(v, "server", &e->server, reterr));
    BR_TRY(br_json_need_string(v, "redirect", &e->redirect, reterr));
    BR_TRY(br_json_need_string(v, "verifier", &e->verifier, reterr));
    BR_TRY(br_json_may_string(v, "dpop", &e->dpop, reterr));
    return br_json_need_uint(v, "until", &e->until_s, reterr);
}

/** It serves once: gone before anything is sent. */
static enum br_rc
take_row(
    struct ending *e, struct br_vault_person *person, struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    struct br_buf b;
    BR_TRY(br_vault_begin(person, true, &t, reterr));
    br_buf_init(&b, ROW_BYTES_MAX);
    enum br_rc rc = e->state.n == SECRET_TEXT_BYTES
                        ? br_vault_get(t, BR_VAULT_OFFERS, e->state, &b, reterr)
                        : BR_ERR_NOT_FOUND;
    if (rc == BR_ERR_NOT_FOUND) {
        rc = br_refuse(
            reterr, BR_RULE_OAUTH_STATE,
            "nothing of this wallet waits for it, or it came before");
    }
    if (rc == BR_OK) {
        rc = read_row(e, br_buf_bytes(&b), reterr);
    }
    if (rc == BR_OK) {
        rc = br_vault_delete(t, BR_VAULT_OFFERS, e->state, reterr);
    }
    br_buf_wipe(&b);
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    return br_vault_commit(t, reterr);
}

static enum br_rc
believe(struct ending *e, struct br_bytes url, struct br_err *reterr)
{
    const struct br_code_expected expected = {
        .redirect = e->redirect, .state = e->state, .server = e->server};
    char q[BR_RULE_QUOTE_BYTES];
    char d[BR_RULE_QUOTE_BYTES];
    if (e->until_s <= br_client_now_s()) {
        return br_refuse(
            reterr, BR_RULE_OAUTH_STATE, "it is too late: begin again");
    }
    BR_TRY(br_code_back_parse(url, &expected, &e->arena, &e->back, reterr));
    if (e->back.error.n > 0) {
        return br_fail(
            reterr, BR_ERR_ISSUER_REFUSED, "on the issuer's page: %s%s%s",
            br_rule_quote(e->back.error, q),
            e->back.description.n > 0 ? ": " : "",
            br_rule_quote(e->back.description, d));
    }
    return BR_OK;
}

static enum br_rc
ask_token(struct ending *e, struct br_obtaining *o, struct br_err *reterr)
{
    struct br_buf form;
    if (e->dpop.n > 0) {
        BR_TRY(br_row_read_key(e->dpop, &o->session.dpop, reterr));
    }
    br_buf_init(&form, BR_CODE_REQUEST_BYTES_MAX * 2);
    br_form_put(&form, "grant_type", br_str("authorization_code"));
    br_form_put(&form, "code", e->back.code);
    br_form_put(&form, "redirect_uri", e->redirect);
    br_form_put(&form, "code_verifier", e->verifier);
    enum br_rc rc = br_obtain_token(o, &form, reterr);
    br_buf_wipe(&form);
    return rc;
}

static enum br_rc
obtain(
    struct ending *e,
    struct br_obtaining *o,
    struct br_vault_person *person,
    struct br_accepted *ret,
    struct br_err *reterr)
{
    o->client = br_obtain_client_id();
    if (!br_bytes_eq(e->look->server.issuer, e->server)) {
        return br_refuse(
            reterr, BR_RULE_OAUTH_ISSUER,
            "the issuer has another server since the page was opened");
    }
    BR_TRY(br_obtain_check(e->look, reterr));
    BR_TRY(br_obtain_prepare(o, reterr));
    BR_TRY(ask_token(e, o, reterr));
    for (size_t i = 0; i < e->look->count; i++) {
        BR_TRY(br_obtain_credential(o, i, reterr));
    }
    return br_obtain_keep_all(o, person, ret, reterr);
}

static enum br_rc
finish(
    struct ending *e,
    struct br_bytes url,
    struct br_vault_person *person,
    struct br_accepted *ret,
    size_t *ret_count,
    struct br_err *reterr)
{
    struct br_obtaining *o = NULL;
    BR_TRY(believe(e, url, reterr));
    e->look = (struct br_look *)br_arena_take(&e->arena, sizeof(*e->look));
    if (e->look == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for an offer");
    }
    BR_TRY(br_look_again(e->client, e->offer, e->look, reterr));
    enum br_rc rc = br_obtain_begin(e->client, e->look, &o, reterr);
    if (rc == BR_OK) {
        rc = obtain(e, o, person, ret, reterr);
        *ret_count = rc == BR_OK ? e->look->count : 0;
        br_obtain_end(o, rc);
    }
    br_look_fini(e->look);
    return rc;
}

enum br_rc
br_authorize_end(
    const struct br_wallet_client *client,
    struct br_bytes url,
    struct br_vault_person *person,
    struct br_accepted *ret,
    size_t *ret_count,
    struct br_err *reterr)
{
    struct ending e = {.client = client};
    struct br_err why = {.rc = BR_OK};
    br_arena_init(&e.arena, BR_LOOK_ARENA_BYTES_MAX);
    enum br_rc rc = br_code_state_parse(url, &e.arena, &e.state, &why);
    if (rc == BR_OK) {
        rc = take_row(&e, person, &why);
    }
    if (rc == BR_OK) {
        rc = finish(&e, url, person, ret, ret_count, &why);
    }
    if (rc != BR_OK && e.issuer.n > 0) {
        const struct br_received about = {.issuer = e.issuer, .vct = e.vct};
        br_received_remember_failure(person, &about, br_client_now_s(), &why);
    }
    br_arena_fini(&e.arena);
    return rc == BR_OK ? BR_OK : br_fail(reterr, rc, "%s", why.text);
}
