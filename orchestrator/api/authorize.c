/*
 * The authorization code: what a wallet pushes (RFC 9126), what a person
 * answers (authorize_page.c makes the page), the way back.
 *
 * The person is who has the transaction code of the offer, if it has one. What
 * was pushed is stored without what opens the offer: that is sealed under the
 * request URI, which the browser brings.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/text.h"
#include "common/crypto/keyfile.h"
#include "orchestrator/api/authorize_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { PUSHED_S = 600, GRANTED_S = 60, TX_CODE_BYTES = 64 };

struct job {
    struct br_write write;
    struct br_orch_api *api;
    struct br_http_request *req;
    struct br_arena arena;
    struct br_form form;
    struct br_grant grant;
    struct br_orch_secret offer;
    enum br_redeem_result result;
    bool denied;
    char text[BR_ORCH_SECRET_TEXT_BYTES]; /**< of the request URI */
    char code[BR_ORCH_SECRET_TEXT_BYTES]; /**< authorization code */
};

static struct job *
new_job(struct br_orch_api *api, struct br_http_request *req)
{
    struct job *j = (struct job *)calloc(1, sizeof(*j));
    struct br_err err;
    if (j == NULL) {
        (void)br_fail(&err, BR_ERR_NO_MEMORY, "authorization request");
        br_orch_fail(req, &err);
        return NULL;
    }
    j->api = api;
    j->req = req;
    br_arena_init(&j->arena, 512u * 1024);
    return j;
}

static void
free_job(struct job *j)
{
    br_arena_fini(&j->arena);
    br_wipe(j, sizeof(*j));
    free(j);
}

static void
submit(struct job *j)
{
    struct br_err err;
    if (br_writer_submit(j->api->writer, &j->write, &err) != BR_OK) {
        br_orch_fail(j->req, &err);
        free_job(j);
    }
}

/* ---- what is pushed -------------------------------------------------------
 */

/** A field, as text in out; false when it is too long, or lacks. */
static bool
take(struct job *j, const char *name, char *out, size_t max, bool needed)
{
    struct br_bytes v = br_form_get(&j->form, name);
    if (v.n > max || (needed && v.n == 0) ||
        (v.n > 0 && memchr(v.p, '\0', v.n) != NULL)) {
        char why[80];
        (void)snprintf(
            why, sizeof(why), "%s %s", name,
            v.n == 0 ? "is missing" : "is too long");
        br_orch_refuse(j->req, BR_OAUTH_INVALID_REQUEST, why);
        return false;
    }
    if (v.n > 0) {
        memcpy(out, v.p, v.n);
    }
    out[v.n] = '\0';
    return true;
}

/** https, a scheme of the wallet's own (RFC 8252 section 7.1: with a dot), or
 *  http on the wallet's machine (section 7.3). */
static bool
redirect_ok(const char *uri)
{
    size_t scheme = strcspn(uri, ":");
    for (const char *c = uri; *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7f || strchr("\"<>\\^`{|}#", *c) != NULL) {
            return false;
        }
    }
    if (uri[scheme] != ':' || scheme == 0) {
        return false;
    }
    bool own = memchr(uri, '.', scheme) != NULL || scheme > 8;
    return strncmp(uri, "https://", 8) == 0 || br_orch_is_loopback(uri) ||
           (own && strncasecmp(uri, "javascript", 10) != 0);
}

static bool
names(struct br_bytes list, const char *word)
{
    size_t n = strlen(word);
    while (list.n > 0) {
        const uint8_t *space = (const uint8_t *)memchr(list.p, ' ', list.n);
        size_t end = space == NULL ? list.n : (size_t)(space - list.p);
        if (end == n && memcmp(list.p, word, n) == 0) {
            return true;
        }
        end += space != NULL;
        list = br_bytes(list.p + end, list.n - end);
    }
    return false;
}

/** The offer behind issuer_state, and what is asked of it. */
static bool
find_offer(struct job *j)
{
    struct br_kv_txn *txn;
    struct br_offer o = {.state = BR_OFFER_WITHDRAWN};
    struct br_err err;
    struct br_bytes scope = br_form_get(&j->form, "scope");
    struct br_bytes state = br_form_get(&j->form, "issuer_state");
    enum br_rc rc = br_orch_secret_parse(state, &j->offer, &err);
    if (rc == BR_OK) {
        rc = br_kv_begin_read(j->api->kv, &txn, &err);
    }
    if (rc == BR_OK) {
        rc = br_offer_get(txn, &j->offer.offer, &o, &err);
        br_kv_end(txn);
    }
    if (rc != BR_OK || o.state != BR_OFFER_OFFERED || !o.by_code ||
        o.expires_s <= br_orch_now_s()) {
        br_orch_refuse(
            j->req, BR_OAUTH_INVALID_REQUEST,
            "issuer_state is not that of an offer, or the offer is over");
        return false;
    }
    struct br_bytes wanted = {NULL, 0};
    const char *why = NULL;
    if (!br_orch_read_details(j->api, &j->form, &j->arena, &wanted, &why) ||
        (wanted.n > 0 && !br_bytes_eq(wanted, br_str(o.type)))) {
        br_orch_refuse(
            j->req, BR_OAUTH_INVALID_AUTHORIZATION_DETAILS,
            why != NULL ? why : "the offer is for another credential");
        return false;
    }
    if ((scope.n > 0 || wanted.n == 0) && !names(scope, o.type)) {
        br_orch_refuse(
            j->req, BR_OAUTH_INVALID_SCOPE,
            "scope does not name the credential that is offered");
        return false;
    }
    j->grant.identifiers = wanted.n > 0;
    j->grant.offer = o.key;
    return true;
}

static bool
check_key(struct job *j)
{
    const struct br_orch_door door = {"/par", {NULL, 0}};
    struct br_bytes said = br_form_get(&j->form, "dpop_jkt");
    char thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1];
    if (!br_orch_check_dpop(j->api, j->req, &door, &j->arena, thumbprint)) {
        return false;
    }
    bool differ = said.n > 0 && thumbprint[0] != '\0' &&
                  !br_bytes_eq(said, br_str(thumbprint));
    if (differ || (said.n > 0 && said.n != BR_THUMBPRINT_TEXT_BYTES)) {
        br_orch_refuse(
            j->req, BR_OAUTH_INVALID_DPOP_PROOF,
            "dpop_jkt is not the key of the proof");
        return false;
    }
    if (said.n > 0) {
        memcpy(j->grant.thumbprint, said.p, said.n);
    } else {
        (void)snprintf(
            j->grant.thumbprint, sizeof(j->grant.thumbprint), "%s", thumbprint);
    }
    return true;
}

static bool
read_pushed(struct job *j)
{
    struct br_grant *g = &j->grant;
    struct br_orch_client who;
    struct br_err err;
    if (br_form_parse(br_http_body(j->req), &j->arena, &j->form, &err) !=
        BR_OK) {
        br_orch_refuse(j->req, BR_OAUTH_INVALID_REQUEST, err.text);
        return false;
    }
    struct br_bytes client = br_form_get(&j->form, "client_id");
    struct br_bytes type = br_form_get(&j->form, "response_type");
    struct br_bytes method = br_form_get(&j->form, "code_challenge_method");
    if (client.n == 0 || br_form_get(&j->form, "request_uri").n > 0) {
        br_orch_refuse(
            j->req, BR_OAUTH_INVALID_REQUEST,
            "client_id is needed, request_uri is not allowed here");
        return false;
    }
    if (!br_bytes_eq(type, br_str("code"))) {
        br_orch_refuse(
            j->req, BR_OAUTH_UNSUPPORTED_RESPONSE_TYPE,
            "response_type is not code");
        return false;
    }
    if (!br_bytes_eq(method, br_str("S256")) ||
        br_form_get(&j->form, "code_challenge").n != BR_PKCE_CHALLENGE_BYTES) {
        br_orch_refuse(
            j->req, BR_OAUTH_INVALID_REQUEST,
            "code_challenge with code_challenge_method S256 is needed");
        return false;
    }
    if (!br_orch_check_client(j->api, j->req, client, &j->arena, &who)) {
        return false;
    }
    (void)snprintf(g->client, sizeof(g->client), "%s", who.id);
    return take(
               j, "code_challenge", g->challenge, BR_PKCE_CHALLENGE_BYTES,
               true) &&
           take(j, "redirect_uri", g->redirect, BR_ORCH_REDIRECT_BYTES, true) &&
           take(j, "state", g->state, BR_ORCH_STATE_BYTES, false) &&
           find_offer(j) && check_key(j);
}

static enum br_rc
apply_push(struct br_write *write, struct br_kv_txn *txn, struct br_err *reterr)
{
    struct job *j = (struct job *)write;
    return br_grant_put(txn, BR_ORCH_PUSHED, j->text, &j->grant, reterr);
}

static void
done_push(struct br_write *write, enum br_rc rc, const struct br_err *err)
{
    struct job *j = (struct job *)write;
    struct br_buf b;
    if (rc != BR_OK) {
        br_orch_fail(j->req, err);
    } else {
        br_buf_init(&b, 512);
        br_buf_printf(
            &b,
            "{\"request_uri\":\"" BR_ORCH_REQUEST_URI
            "%s\",\"expires_in\":%d}\n",
            j->text, PUSHED_S);
        br_orch_reply(j->req, 201, &b);
    }
    free_job(j);
}

void
br_orch_post_par(struct br_http_request *req, void *ctx)
{
    struct job *j = new_job((struct br_orch_api *)ctx, req);
    if (j == NULL) {
        return;
    }
    if (!read_pushed(j)) {
        free_job(j);
        return;
    }
    if (!redirect_ok(j->grant.redirect)) {
        br_orch_refuse(
            req, BR_OAUTH_INVALID_REQUEST,
            "redirect_uri is no https address and no scheme of a wallet");
        free_job(j);
        return;
    }
    (void)snprintf(j->grant.code, sizeof(j->grant.code), "%s", j->offer.code);
    j->grant.expires_s = br_orch_now_s() + PUSHED_S;
    br_orch_random_text(j->text);
    j->write.apply = apply_push;
    j->write.done = done_push;
    submit(j);
}

/* ---- agreeing -------------------------------------------------------------
 */

/** The secret of a request URI of ours; false: none. */
static bool
take_request_uri(struct job *j, struct br_bytes uri)
{
    size_t n = strlen(BR_ORCH_REQUEST_URI);
    if (uri.n != n + BR_ORCH_SECRET_TEXT_BYTES - 1 ||
        memcmp(uri.p, BR_ORCH_REQUEST_URI, n) != 0) {
        return false;
    }
    memcpy(j->text, uri.p + n, BR_ORCH_SECRET_TEXT_BYTES - 1);
    j->text[BR_ORCH_SECRET_TEXT_BYTES - 1] = '\0';
    return strlen(j->text) == BR_ORCH_SECRET_TEXT_BYTES - 1;
}

static enum br_rc
find_pushed(
    struct job *j,
    struct br_kv_txn *txn,
    struct br_bytes client,
    struct br_offer *ret,
    struct br_err *reterr)
{
    BR_TRY(br_grant_get(
        txn, BR_ORCH_PUSHED, br_str(j->text), br_orch_now_s(), &j->grant,
        reterr));
    if (!br_bytes_eq(client, br_str(j->grant.client))) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "client_id");
    }
    BR_TRY(br_offer_get(txn, &j->grant.offer, ret, reterr));
    return ret->state == BR_OFFER_OFFERED
               ? BR_OK
               : br_fail(reterr, BR_ERR_NOT_FOUND, "offer");
}

static void
ask(struct job *j, const struct br_offer *o, enum br_orch_again again)
{
    const struct br_orch_asking asking = {
        .api = j->api, .text = j->text, .grant = &j->grant, .offer = o};
    br_orch_page_ask(j->req, &asking, again);
}

void
br_orch_get_authorize(struct br_http_request *req, void *ctx)
{
    struct br_kv_txn *txn;
    struct br_offer o;
    const char *uri = br_http_query(req, "request_uri");
    const char *client = br_http_query(req, "client_id");
    struct job *j = new_job((struct br_orch_api *)ctx, req);
    if (j == NULL) {
        return;
    }
    bool good = uri != NULL && client != NULL &&
                take_request_uri(j, br_str(uri)) &&
                br_kv_begin_read(j->api->kv, &txn, NULL) == BR_OK;
    if (good) {
        good = find_pushed(j, txn, br_str(client), &o, NULL) == BR_OK;
        br_kv_end(txn);
    }
    if (good) {
        ask(j, &o, BR_ORCH_FIRST);
    } else {
        br_orch_page_over(req, j->api, NULL);
    }
    free_job(j);
}

/** The code as people type it, "123 456" too. */
static struct br_bytes
tx_code(const struct job *j, char out[TX_CODE_BYTES])
{
    struct br_bytes typed = br_form_get(&j->form, "tx_code");
    size_t n = 0;
    for (size_t i = 0; i < typed.n && n < TX_CODE_BYTES; i++) {
        if (typed.p[i] != ' ') {
            out[n++] = (char)typed.p[i];
        }
    }
    return br_bytes(out, n);
}

static enum br_rc
apply_agree(
    struct br_write *write, struct br_kv_txn *txn, struct br_err *reterr)
{
    struct job *j = (struct job *)write;
    struct br_offer o;
    struct br_hash unused;
    char tx[TX_CODE_BYTES];
    struct br_bytes text = br_str(j->text);
    BR_TRY(find_pushed(j, txn, br_form_get(&j->form, "client_id"), &o, reterr));
    j->result = BR_REDEEMED;
    if (!j->denied) {
        const struct br_redeem in = {
            .code = br_str(j->grant.code),
            .tx_code = tx_code(j, tx),
            .by_code = true,
            .look_only = true,
            .now_s = br_orch_now_s(),
        };
        BR_TRY(br_redeem(txn, &in, &j->result, &o, &unused, reterr));
    }
    if (j->result != BR_REDEEMED) {
        return BR_OK;
    }
    BR_TRY(br_grant_delete(txn, BR_ORCH_PUSHED, text, reterr));
    if (j->denied) {
        return BR_OK;
    }
    j->grant.expires_s = br_orch_now_s() + GRANTED_S;
    br_orch_random_text(j->code);
    return br_grant_put(txn, BR_ORCH_GRANTED, j->code, &j->grant, reterr);
}

/** The wallet's address with the answer, as a string. */
static void
put_way_back(const struct job *j, bool denied, struct br_buf *b)
{
    struct br_buf query;
    br_buf_init(&query, 8192);
    br_buf_init(b, 16384);
    if (denied) {
        br_form_put(&query, "error", br_str("access_denied"));
    } else {
        br_form_put(&query, "code", br_str(j->code));
    }
    br_form_put(&query, "state", br_str(j->grant.state));
    br_form_put(&query, "iss", br_str(j->api->issuer));
    br_buf_puts(b, j->grant.redirect);
    br_buf_puts(b, strchr(j->grant.redirect, '?') == NULL ? "?" : "&");
    br_buf_put(b, query.p, query.n);
    br_buf_put(b, "", 1);
    br_buf_fini(&query);
}

static void
go_back(struct job *j)
{
    struct br_buf location;
    struct br_err err;
    put_way_back(j, j->denied, &location);
    if (br_buf_status(&location, &err) != BR_OK) {
        br_orch_fail(j->req, &err);
    } else {
        const struct br_http_header_pair headers[] = {
            {"Location", (const char *)location.p},
            {"Cache-Control", "no-store"},
        };
        struct br_http_answer a = {
            .status = 303, .headers = headers, .header_count = 2};
        br_http_reply(j->req, &a);
    }
    br_buf_fini(&location);
}

/** Ask again, unless the offer has just ended. */
static void
ask_again(struct job *j)
{
    struct br_kv_txn *txn;
    struct br_offer o = {.state = BR_OFFER_WITHDRAWN};
    struct br_buf back;
    bool good = br_kv_begin_read(j->api->kv, &txn, NULL) == BR_OK;
    if (good) {
        good = br_offer_get(txn, &j->grant.offer, &o, NULL) == BR_OK;
        br_kv_end(txn);
    }
    if (good && o.state == BR_OFFER_OFFERED) {
        ask(j, &o,
            j->result == BR_REDEEM_TX_MISSING ? BR_ORCH_CODE_MISSING
                                              : BR_ORCH_CODE_WRONG);
        return;
    }
    put_way_back(j, true, &back);
    bool locked = good && o.state == BR_OFFER_LOCKED &&
                  br_buf_status(&back, NULL) == BR_OK;
    br_orch_page_over(j->req, j->api, locked ? (const char *)back.p : NULL);
    br_buf_fini(&back);
}

static void
done_agree(struct br_write *write, enum br_rc rc, const struct br_err *err)
{
    struct job *j = (struct job *)write;
    if (rc != BR_OK && rc != BR_ERR_NOT_FOUND) {
        br_orch_fail(j->req, err);
    } else if (rc == BR_OK && j->result == BR_REDEEMED) {
        go_back(j);
    } else if (
        rc == BR_OK && (j->result == BR_REDEEM_TX_WRONG ||
                        j->result == BR_REDEEM_TX_MISSING)) {
        ask_again(j);
    } else {
        br_orch_page_over(j->req, j->api, NULL);
    }
    free_job(j);
}

void
br_orch_post_authorize(struct br_http_request *req, void *ctx)
{
    struct job *j = new_job((struct br_orch_api *)ctx, req);
    if (j == NULL) {
        return;
    }
    bool good =
        br_form_parse(br_http_body(req), &j->arena, &j->form, NULL) == BR_OK &&
        take_request_uri(j, br_form_get(&j->form, "request_uri"));
    if (!good) {
        br_orch_page_over(req, j->api, NULL);
        free_job(j);
        return;
    }
    j->denied = !br_bytes_eq(br_form_get(&j->form, "answer"), br_str("yes"));
    j->write.apply = apply_agree;
    j->write.done = done_agree;
    submit(j);
}
