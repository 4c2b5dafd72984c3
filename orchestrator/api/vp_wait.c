/* SPDX-License-Identifier: EUPL-1.2 */
/* The page that a person has before them: the code for their wallet, then what
 * came of it. With a script it changes when something happens; without, it asks
 * for itself every few seconds. */
#include "common/credential/vp_response.h"
#include "orchestrator/api/api.h"
#include "orchestrator/api/page.h"
#include "orchestrator/verifier/verifier.h"

#include <stdio.h>

enum { EXPIRED = 5, PHASES = 6 };

struct words {
    const char *language;
    const char *title;
    const char *open; /**< on this device */
    const char *qr;
    const char *phase[PHASES];
    const char *then[PHASES]; /**< what to do now */
};

static const struct words italian = {
    .language = "it",
    .title = "Mostra le tue credenziali",
    .open = "Apri nel portafoglio di questo dispositivo",
    .qr = "Codice QR della richiesta",
    .phase =
        {"Inquadra il codice con il tuo portafoglio.",
         "Il portafoglio ha letto la richiesta: conferma l\xc3\xac.",
         "Ricevuto: le credenziali vanno bene.",
         "Ricevuto, ma le credenziali non sono state accettate.",
         "Hai rifiutato: non \xc3\xa8 stato inviato nulla.",
         "La richiesta \xc3\xa8 scaduta."},
    .then =
        {"", "", "Puoi chiudere questa pagina.",
         "Il portafoglio e lo sportello dicono perch\xc3\xa9.",
         "Puoi chiudere questa pagina.",
         "Chiedi allo sportello una richiesta nuova."},
};
static const struct words english = {
    .language = "en",
    .title = "Show your credentials",
    .open = "Open in the wallet of this device",
    .qr = "QR code of the request",
    .phase =
        {"Scan the code with your wallet.",
         "Your wallet has read the request: confirm there.",
         "Received: the credentials are valid.",
         "Received, but the credentials were not accepted.",
         "You declined: nothing was sent.", "The request has expired."},
    .then =
        {"", "", "You can close this page.",
         "Your wallet and the desk tell why.", "You can close this page.",
         "Ask the desk for a new request."},
};

static const char *const names[PHASES] = {"waiting", "fetched",  "accepted",
                                          "refused", "declined", "expired"};

#define SCRIPT "<script type=\"module\" src=\"/web/wait.js\"></script>\n"
static const char script[] = SCRIPT;
static const char again[] =
    "<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>\n" SCRIPT;

/* ---- the page ------------------------------------------------------------ */

static enum br_rc
put_code(
    struct br_buf *b,
    const struct br_orch_api *api,
    const struct words *w,
    const struct br_verifier_request *r,
    struct br_err *reterr)
{
    struct br_buf link;
    br_buf_init(&link, BR_VP_REQUEST_BYTES_MAX);
    enum br_rc rc = br_orch_vp_link(api, r, &link, reterr);
    br_buf_put(&link, "", 1);
    if (rc == BR_OK) {
        rc = br_buf_status(&link, reterr);
    }
    if (rc == BR_OK) {
        br_buf_printf(
            b,
            "<p class=\"wait\" role=\"status\">%s</p>\n"
            "<img class=\"qr\" src=\"qr.svg\" alt=\"%s\" width=\"352\" "
            "height=\"352\">\n<p><a class=\"button outline\" href=\"",
            w->phase[r->phase], w->qr);
        br_orch_put_html(b, (const char *)link.p);
        br_buf_printf(b, "\">%s</a></p>\n", w->open);
    }
    br_buf_fini(&link);
    return rc;
}

static void
put_end(struct br_buf *b, const struct words *w, int at)
{
    bool good = at == BR_PHASE_ACCEPTED;
    bool bad = at == BR_PHASE_REFUSED;
    br_buf_printf(
        b,
        "<div class=\"%s\" role=\"status\">"
        "<span class=\"sign\" aria-hidden=\"true\">%s</span>"
        "<div><h2>%s</h2><p>%s</p></div></div>\n",
        good  ? "verdict ok"
        : bad ? "verdict failed"
              : "verdict",
        good  ? "\xe2\x9c\x93"
        : bad ? "\xe2\x9c\x97"
              : "\xe2\x80\x93",
        w->phase[at], w->then[at]);
}

static enum br_rc
put_page(
    struct br_buf *b,
    const struct br_orch_api *api,
    const struct br_verifier_request *r,
    const struct words *w,
    struct br_err *reterr)
{
    bool open = r->phase <= BR_PHASE_FETCHED;
    int at = open && r->expires_s <= br_orch_now_s() ? EXPIRED : (int)r->phase;
    char purpose[256];
    char title[256];
    const struct br_orch_page page = {
        .language = w->language,
        .title = title,
        .body = api->config->name,
        .query = "",
        .head = at <= BR_PHASE_FETCHED ? again : script,
        .phase = names[at],
        .kind = "asking",
    };
    (void)snprintf(
        title, sizeof(title), "%s \xc2\xb7 %s", w->phase[at], w->title);
    br_orch_page_begin(b, &page);
    br_buf_printf(
        b, "<h1>%s</h1>\n<div class=\"card\">\n<p><strong>", w->title);
    br_orch_put_html(b, api->config->name);
    br_buf_puts(b, "</strong>");
    if (r->purpose.n > 0) {
        (void)snprintf(
            purpose, sizeof(purpose), "%.*s", (int)r->purpose.n,
            (const char *)r->purpose.p);
        br_buf_puts(b, "<br>");
        br_orch_put_html(b, purpose);
    }
    br_buf_puts(b, "</p>\n");
    if (at <= BR_PHASE_FETCHED) {
        BR_TRY(put_code(b, api, w, r, reterr));
    } else {
        put_end(b, w, at);
    }
    br_buf_puts(b, "</div>\n");
    br_orch_page_end(b, &page);
    return BR_OK;
}

void
br_orch_get_vp_wait(struct br_http_request *req, void *ctx)
{
    const struct br_orch_api *api = (const struct br_orch_api *)ctx;
    bool it = strcmp(br_http_language(req), "it") == 0;
    struct br_arena arena;
    struct br_verifier_request r;
    struct br_buf b;
    struct br_err err;
    br_arena_init(&arena, BR_ORCH_ARENA_BYTES_MAX);
    if (br_orch_vp_look(req, ctx, &arena, &r) == BR_OK) {
        br_buf_init(&b, BR_ORCH_PAGE_BYTES_MAX);
        if (put_page(&b, api, &r, it ? &italian : &english, &err) == BR_OK) {
            br_orch_page_reply(
                req, 200,
                "script-src 'self'; connect-src 'self'; form-action 'none'; ",
                &b);
        } else {
            br_orch_fail(req, &err);
            br_buf_fini(&b);
        }
    }
    br_arena_fini(&arena);
}
