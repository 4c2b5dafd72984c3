/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/api/authorize_page.h"
#include "orchestrator/api/page.h"

#include <stdio.h>

enum { NAME_BYTES = 400, PLACE_BYTES = 300 };

struct words {
    const char *language;
    const char *title, *lead;
    const char *who, *says, *wallet, *then; /**< the facts */
    const char *app, *here;                 /**< where one goes then */
    const char *code, *code_help, *missing;
    const char *wrong; /**< and how many attempts are left */
    const char *error; /**< before the title */
    const char *question, *yes, *no, *not_you;
    const char *over, *over_then, *locked, *locked_then, *back;
};
static const struct words italian = {
    .language = "it",
    .title = "Ricevere un'attestazione",
    .lead = "Un'attestazione \xc3\xa8 pronta, e un portafoglio la chiede. "
            "Decidi tu se dargliela.",
    .who = "Chi la rilascia",
    .says = "Che cosa dice",
    .wallet = "Il portafoglio",
    .then = "Poi torni a",
    .app = "un'app di questo dispositivo",
    .here = "un programma di questo dispositivo",
    .code = "Codice di conferma",
    .code_help = "Sei cifre, che ti sono state date a parte: in un messaggio o "
                 "su un foglio.",
    .missing = "Scrivi il codice di conferma.",
    .wrong = "Il codice \xc3\xa8 errato. Tentativi rimasti prima che l'offerta "
             "finisca:",
    .error = "Errore",
    .question = "Vuoi darla a questo portafoglio?",
    .yes = "Accetto",
    .no = "Non accetto",
    .not_you = "Se non hai cominciato tu, dal tuo portafoglio, non accettare.",
    .over = "Questa richiesta non vale pi\xc3\xb9",
    .over_then =
        "Non \xc3\xa8 nota, \xc3\xa8 gi\xc3\xa0 stata usata o \xc3\xa8 "
        "scaduta. Ricomincia dal portafoglio.",
    .locked = "L'offerta \xc3\xa8 finita",
    .locked_then = "Il codice era errato per la quinta volta. Chiedi "
                   "un'offerta nuova a chi te l'ha data.",
    .back = "Torna al portafoglio",
};
static const struct words english = {
    .language = "en",
    .title = "Receive a credential",
    .lead = "A credential is ready, and a wallet asks for it. You decide "
            "whether it gets it.",
    .who = "Issued by",
    .says = "What it tells",
    .wallet = "The wallet",
    .then = "Then you return to",
    .app = "an app on this device",
    .here = "a program on this device",
    .code = "Transaction code",
    .code_help = "Six digits that you were given apart: in a message, or on "
                 "paper.",
    .missing = "Write the transaction code.",
    .wrong = "The code is wrong. Attempts left before the offer ends:",
    .error = "Error",
    .question = "Give it to this wallet?",
    .yes = "Agree",
    .no = "Do not agree",
    .not_you = "If it was not you who began this, from your wallet, do not "
               "agree.",
    .over = "This request is no longer valid",
    .over_then = "It is not known, was used, or has expired. Begin again from "
                 "the wallet.",
    .locked = "The offer has ended",
    .locked_then = "The code was wrong for the fifth time. Ask who gave you "
                   "the offer for a new one.",
    .back = "Back to the wallet",
};

static const struct words *
words_of(const struct br_http_request *req)
{
    return strcmp(br_http_language(req), "it") == 0 ? &italian : &english;
}

/* ---- what is issued, and where it goes ----------------------------------- */

/** A member of the display in the reader's language, or otherwise. */
static const char *
told(
    const struct br_json *display,
    const char *member,
    const struct words *w,
    const char *otherwise,
    char out[NAME_BYTES])
{
    struct br_bytes name = br_str(otherwise);
    for (struct br_json *i = br_json_first(display); i != NULL; i = i->next) {
        if (br_json_is(br_json_member(i, "locale"), w->language)) {
            (void)!br_json_may_string(i, member, &name, NULL);
        }
    }
    (void)snprintf(
        out, NAME_BYTES, "%.*s",
        name.n >= NAME_BYTES ? NAME_BYTES - 1 : (int)name.n,
        (const char *)name.p);
    return out;
}

/** The host of a redirect URI, or that it stays on this device. */
static const char *
place_of(const char *uri, const struct words *w, char out[PLACE_BYTES])
{
    size_t scheme = strcspn(uri, ":");
    if (strncmp(uri, "http://", 7) == 0) {
        return w->here; /* a loopback's: others are refused when pushed */
    }
    if (strncmp(uri, "https://", 8) != 0) {
        (void)snprintf(
            out, PLACE_BYTES, "%s (%.*s)", w->app,
            scheme > 100 ? 100 : (int)scheme, uri);
        return out;
    }
    /* The name before an @ is nobody's place. */
    const char *host = uri + 8;
    size_t n = strcspn(host, "/?");
    for (const char *at; (at = memchr(host, '@', n)) != NULL;) {
        n -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    (void)snprintf(
        out, PLACE_BYTES, "%.*s", n >= PLACE_BYTES ? PLACE_BYTES - 1 : (int)n,
        host);
    return out;
}

/* ---- the parts ----------------------------------------------------------- */

static void
put_fact(struct br_buf *b, const char *what, const char *value)
{
    br_buf_printf(b, "<div><dt>%s</dt><dd>", what);
    br_orch_put_html(b, value);
    br_buf_puts(b, "</dd></div>\n");
}

static void
put_claims(struct br_buf *b, const struct words *w, const struct br_type *t)
{
    char path[NAME_BYTES];
    char name[NAME_BYTES];
    br_buf_printf(b, "<div><dt>%s</dt><dd>", w->says);
    for (size_t i = 0; i < t->claim_count; i++) {
        const struct br_claim_type *c = &t->claims[i];
        br_claim_name(&c->path, path, sizeof(path));
        br_buf_puts(b, i == 0 ? "" : ", ");
        br_orch_put_html(b, told(c->display, "name", w, path, name));
    }
    br_buf_puts(b, "</dd></div>\n");
}

static void
put_credential(
    struct br_buf *b, const struct words *w, const struct br_orch_asking *a)
{
    const struct br_type *t =
        br_types_find(a->api->types, br_str(a->offer->type));
    char text[NAME_BYTES];
    char place[PLACE_BYTES];
    br_buf_puts(b, "<div class=\"card open\">\n<h2>");
    br_orch_put_html(
        b,
        t == NULL ? a->offer->type : told(t->display, "name", w, t->id, text));
    br_buf_puts(b, "</h2>\n");
    if (t != NULL && told(t->display, "description", w, "", text)[0] != '\0') {
        br_buf_puts(b, "<p>");
        br_orch_put_html(b, text);
        br_buf_puts(b, "</p>\n");
    }
    br_buf_puts(b, "<dl class=\"facts\">\n");
    put_fact(b, w->who, a->api->config->name);
    if (t != NULL) {
        put_claims(b, w, t);
    }
    put_fact(b, w->wallet, a->grant->client);
    put_fact(b, w->then, place_of(a->grant->redirect, w, place));
    br_buf_puts(b, "</dl>\n</div>\n");
}

static void
put_code(
    struct br_buf *b,
    const struct words *w,
    const struct br_offer *o,
    enum br_orch_again again)
{
    bool wrong = again != BR_ORCH_FIRST;
    int left = BR_ORCH_ATTEMPTS_MAX - (int)o->attempts;
    br_buf_printf(
        b,
        "<div class=\"field\">\n<label class=\"field-label\" for=\"tx\">%s"
        "</label>\n",
        w->code);
    if (wrong) {
        br_buf_printf(
            b, "<p id=\"tx-wrong\" class=\"reason\">%s",
            again == BR_ORCH_CODE_MISSING ? w->missing : w->wrong);
        if (again == BR_ORCH_CODE_WRONG) {
            br_buf_printf(b, " %d.", left);
        }
        br_buf_puts(b, "</p>\n");
    }
    br_buf_printf(
        b,
        "<input id=\"tx\" name=\"tx_code\" type=\"text\" inputmode=\"numeric\" "
        "autocomplete=\"one-time-code\" maxlength=\"16\" required%s "
        "aria-describedby=\"%stx-help\">\n"
        "<p id=\"tx-help\" class=\"help\">%s</p>\n</div>\n",
        wrong ? " autofocus aria-invalid=\"true\"" : "",
        wrong ? "tx-wrong " : "", w->code_help);
}

static void
put_form(
    struct br_buf *b,
    const struct words *w,
    const struct br_orch_asking *a,
    enum br_orch_again again)
{
    br_buf_printf(
        b,
        "<form class=\"card\" method=\"post\" action=\"?lang=%s\">\n"
        "<h2>%s</h2>\n<input type=\"hidden\" name=\"request_uri\" "
        "value=\"" BR_ORCH_REQUEST_URI,
        w->language, w->question);
    br_orch_put_html(b, a->text);
    br_buf_puts(b, "\"><input type=\"hidden\" name=\"client_id\" value=\"");
    br_orch_put_html(b, a->grant->client);
    br_buf_puts(b, "\">\n");
    if (a->offer->needs_tx) {
        put_code(b, w, a->offer, again);
    }
    br_buf_printf(
        b,
        "<p id=\"not-you\" class=\"help\">%s</p>\n<div class=\"actions\">\n"
        "<button class=\"button\" name=\"answer\" value=\"yes\" "
        "aria-describedby=\"not-you\">%s</button>\n"
        "<button class=\"button outline\" name=\"answer\" value=\"no\" "
        "formnovalidate>%s</button>\n</div>\n</form>\n",
        w->not_you, w->yes, w->no);
}

/* ---- the page ------------------------------------------------------------ */

/** Browsers hold the way back to the form's policy too, and a wallet's page may
 *  lead further: any place of the redirect URI's scheme. */
static void
allow_back(const char *redirect, char *out, size_t n)
{
    size_t scheme = strcspn(redirect, ":");
    (void)snprintf(
        out, n, "form-action 'self' %.*s:; ", scheme > 100 ? 100 : (int)scheme,
        redirect);
}

static void
begin(
    struct br_buf *b,
    struct br_orch_page *page,
    const struct br_orch_api *api,
    const struct words *w)
{
    page->language = w->language;
    page->body = api->config->name;
    page->head = "";
    page->kind = "agreeing";
    br_buf_init(b, BR_ORCH_PAGE_BYTES_MAX);
    br_orch_page_begin(b, page);
}

void
br_orch_page_ask(
    struct br_http_request *req,
    const struct br_orch_asking *asking,
    enum br_orch_again again)
{
    const struct words *w = words_of(req);
    char title[400];
    char uri[sizeof(BR_ORCH_REQUEST_URI) + BR_ORCH_SECRET_TEXT_BYTES];
    char more[160];
    struct br_buf b;
    struct br_buf query;
    struct br_orch_page page = {.title = title, .phase = "asked"};
    (void)snprintf(
        title, sizeof(title), "%s%s%s \xc2\xb7 %s",
        again == BR_ORCH_FIRST ? "" : w->error,
        again == BR_ORCH_FIRST ? "" : ": ", w->title,
        asking->api->config->name);
    (void)snprintf(uri, sizeof(uri), BR_ORCH_REQUEST_URI "%s", asking->text);
    br_buf_init(&query, 2048);
    br_form_put(&query, "client_id", br_str(asking->grant->client));
    br_form_put(&query, "request_uri", br_str(uri));
    br_buf_put(&query, "", 1);
    page.query = br_buf_status(&query, NULL) == BR_OK ? (char *)query.p : "";
    begin(&b, &page, asking->api, w);
    br_buf_printf(
        &b, "<h1>%s</h1>\n<p class=\"lead\">%s</p>\n", w->title, w->lead);
    put_credential(&b, w, asking);
    put_form(&b, w, asking, again);
    br_orch_page_end(&b, &page);
    br_buf_fini(&query);
    allow_back(asking->grant->redirect, more, sizeof(more));
    br_orch_page_reply(req, again == BR_ORCH_FIRST ? 200 : 400, more, &b);
}

void
br_orch_page_over(
    struct br_http_request *req,
    const struct br_orch_api *api,
    const char *back)
{
    const struct words *w = words_of(req);
    const char *what = back == NULL ? w->over : w->locked;
    char title[400];
    struct br_buf b;
    struct br_orch_page page = {
        .title = title, .query = "", .phase = back == NULL ? "over" : "locked"};
    (void)snprintf(
        title, sizeof(title), "%s \xc2\xb7 %s", what, api->config->name);
    begin(&b, &page, api, w);
    br_buf_printf(
        &b,
        "<h1>%s</h1>\n<div class=\"verdict failed\" role=\"alert\">"
        "<span class=\"sign\" aria-hidden=\"true\">\xe2\x9c\x97</span>"
        "<div><h2>%s</h2><p>%s</p></div></div>\n",
        w->title, what, back == NULL ? w->over_then : w->locked_then);
    if (back != NULL) {
        br_buf_puts(&b, "<p><a class=\"button\" href=\"");
        br_orch_put_html(&b, back);
        br_buf_printf(&b, "\">%s</a></p>\n", w->back);
    }
    br_orch_page_end(&b, &page);
    br_orch_page_reply(req, 400, "form-action 'none'; ", &b);
}
