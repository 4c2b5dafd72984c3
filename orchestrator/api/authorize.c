/*
 * The authorization code: what a wallet pushes (RFC 9126), the page on which a
 * person agrees, the way back.
 *
 * The person is who has the transaction code of the offer, if it has one. What
 * was pushed is stored without what opens the offer: that is sealed under the
 * request URI, which the browser brings.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/text.h"
#include "common/crypto/keyfile.h"
#include "orchestrator/api/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define REQUEST_URI "urn:ietf:params:oauth:request_uri:"
enum { PUSHED_S = 600, GRANTED_S = 60 };

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
            &b, "{\"request_uri\":\"" REQUEST_URI "%s\",\"expires_in\":%d}\n",
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

/* ---- the page -------------------------------------------------------------
 */

struct words {
    const char *title, *asks, *code, *wrong, *yes, *no, *over;
};
static const struct words english = {
    "Receive a credential",
    "Your wallet asks for this credential from",
    "The transaction code that you were told",
    "The code is wrong. After five times the offer ends.",
    "Agree",
    "Refuse",
    "This request is not known, was used, or has expired. Begin again from the "
    "wallet.",
};
static const struct words italian = {
    "Ricevere un attestato",
    "Il tuo portafoglio chiede questo attestato a",
    "Il codice che ti è stato comunicato",
    "Il codice è errato. Dopo cinque volte l'offerta finisce.",
    "Accetto",
    "Rifiuto",
    "Questa richiesta non è nota, è già stata usata o è scaduta. Ricomincia "
    "dal "
    "portafoglio.",
};

void
br_orch_put_html(struct br_buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            br_buf_puts(b, "&lt;");
            break;
        case '>':
            br_buf_puts(b, "&gt;");
            break;
        case '&':
            br_buf_puts(b, "&amp;");
            break;
        case '"':
            br_buf_puts(b, "&quot;");
            break;
        default:
            br_buf_put(b, text, 1);
        }
    }
}

static const struct words *
words_of(const struct br_http_request *req)
{
    return strcmp(br_http_language(req), "it") == 0 ? &italian : &english;
}

static void
reply_page(struct br_http_request *req, int status, struct br_buf *b)
{
    static const struct br_http_header_pair headers[] = {
        {"Cache-Control", "no-store"},
        {"Content-Security-Policy",
         "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
         "frame-ancestors 'none'"},
        {"X-Frame-Options", "DENY"},
    };
    struct br_http_answer a = {
        .status = status,
        .content_type = "text/html; charset=utf-8",
        .take = b,
        .headers = headers,
        .header_count = 3,
    };
    struct br_err err;
    if (br_buf_status(b, &err) != BR_OK) {
        br_orch_fail(req, &err);
    } else {
        br_http_reply(req, &a);
    }
    br_buf_fini(b);
}

static void
put_head(struct br_buf *b, const struct br_http_request *req)
{
    const struct words *w = words_of(req);
    br_buf_printf(
        b,
        "<!doctype html><html lang=\"%s\"><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\">"
        "<title>%s</title><style>body{font:18px/1.5 sans-serif;max-width:"
        "32em;margin:2em auto;padding:0 1em}input,button{font:inherit;"
        "padding:.4em 1em}label,button{display:block;margin:1em 0}</style>"
        "<main><h1>%s</h1>",
        w == &italian ? "it" : "en", w->title, w->title);
}

static void
reply_over(struct br_http_request *req)
{
    struct br_buf b;
    br_buf_init(&b, 8192);
    put_head(&b, req);
    br_buf_printf(
        &b, "<p role=\"alert\">%s</p></main></html>\n", words_of(req)->over);
    reply_page(req, 400, &b);
}

/** The type's name in the reader's language. */
static const char *
name_of(const struct br_type *t, const char *language, char out[200])
{
    struct br_bytes name = br_str(t->id);
    for (struct br_json *i = br_json_first(t->display); i != NULL;
         i = i->next) {
        if (br_json_is(br_json_member(i, "locale"), language)) {
            (void)!br_json_may_string(i, "name", &name, NULL);
        }
    }
    (void)snprintf(
        out, 200, "%.*s", name.n > 199 ? 199 : (int)name.n,
        (const char *)name.p);
    return out;
}

static void
reply_question(struct job *j, const struct br_offer *o, bool wrong)
{
    const struct words *w = words_of(j->req);
    const struct br_type *t = br_types_find(j->api->types, br_str(o->type));
    char name[200];
    struct br_buf b;
    br_buf_init(&b, 32u * 1024);
    put_head(&b, j->req);
    br_buf_printf(&b, "<p>%s ", w->asks);
    br_orch_put_html(&b, j->api->config->name);
    br_buf_puts(&b, ":</p><p><strong>");
    br_orch_put_html(
        &b,
        t == NULL ? o->type : name_of(t, w == &italian ? "it" : "en", name));
    br_buf_puts(
        &b, "</strong></p><form method=\"post\"><input type=\"hidden\" "
            "name=\"request_uri\" value=\"" REQUEST_URI);
    br_orch_put_html(&b, j->text);
    br_buf_puts(&b, "\"><input type=\"hidden\" name=\"client_id\" value=\"");
    br_orch_put_html(&b, j->grant.client);
    br_buf_puts(&b, "\">");
    if (wrong) {
        br_buf_printf(&b, "<p role=\"alert\">%s</p>", w->wrong);
    }
    if (o->needs_tx) {
        br_buf_printf(
            &b,
            "<label>%s<br><input name=\"tx_code\" inputmode=\"numeric\" "
            "autocomplete=\"one-time-code\" required></label>",
            w->code);
    }
    br_buf_printf(
        &b,
        "<button name=\"answer\" value=\"yes\">%s</button><button "
        "name=\"answer\" value=\"no\" formnovalidate>%s</button></form></main>"
        "</html>\n",
        w->yes, w->no);
    reply_page(j->req, wrong ? 400 : 200, &b);
}

/* ---- agreeing -------------------------------------------------------------
 */

/** The secret of a request URI of ours; false: none. */
static bool
take_request_uri(struct job *j, struct br_bytes uri)
{
    size_t n = strlen(REQUEST_URI);
    if (uri.n != n + BR_ORCH_SECRET_TEXT_BYTES - 1 ||
        memcmp(uri.p, REQUEST_URI, n) != 0) {
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
        reply_question(j, &o, false);
    } else {
        reply_over(req);
    }
    free_job(j);
}

static enum br_rc
apply_agree(
    struct br_write *write, struct br_kv_txn *txn, struct br_err *reterr)
{
    struct job *j = (struct job *)write;
    struct br_offer o;
    struct br_hash unused;
    struct br_bytes text = br_str(j->text);
    BR_TRY(find_pushed(j, txn, br_form_get(&j->form, "client_id"), &o, reterr));
    j->result = BR_REDEEMED;
    if (!j->denied) {
        const struct br_redeem in = {
            .code = br_str(j->grant.code),
            .tx_code = br_form_get(&j->form, "tx_code"),
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

static void
go_back(struct job *j)
{
    struct br_buf query;
    struct br_buf location;
    br_buf_init(&query, 8192);
    br_buf_init(&location, 16384);
    if (j->denied) {
        br_form_put(&query, "error", br_str("access_denied"));
    } else {
        br_form_put(&query, "code", br_str(j->code));
    }
    br_form_put(&query, "state", br_str(j->grant.state));
    br_form_put(&query, "iss", br_str(j->api->issuer));
    br_buf_puts(&location, j->grant.redirect);
    br_buf_puts(&location, strchr(j->grant.redirect, '?') == NULL ? "?" : "&");
    br_buf_put(&location, query.p, query.n);
    br_buf_put(&location, "", 1);
    struct br_err err;
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
    br_buf_fini(&query);
    br_buf_fini(&location);
}

/** Ask again, unless the offer has just ended. */
static void
ask_again(struct job *j)
{
    struct br_kv_txn *txn;
    struct br_offer o;
    bool good = br_kv_begin_read(j->api->kv, &txn, NULL) == BR_OK;
    if (good) {
        good = br_offer_get(txn, &j->grant.offer, &o, NULL) == BR_OK &&
               o.state == BR_OFFER_OFFERED;
        br_kv_end(txn);
    }
    if (good) {
        reply_question(j, &o, true);
    } else {
        reply_over(j->req);
    }
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
        reply_over(j->req);
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
        reply_over(req);
        free_job(j);
        return;
    }
    j->denied = !br_bytes_eq(br_form_get(&j->form, "answer"), br_str("yes"));
    j->write.apply = apply_agree;
    j->write.done = done_agree;
    submit(j);
}
