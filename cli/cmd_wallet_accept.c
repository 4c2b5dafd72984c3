/* Receiving what is offered: by the code in the offer, or on the issuer's page,
 * from which a browser comes back to this machine (RFC 8252 section 7.3).
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "cli/wallet.h"
#include "common/credential/oauth_code.h"
#include "common/credential/rule.h"
#include "common/net/http_server.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_BYTES_MAX = 1024 * 1024 };

/* ---- telling ------------------------------------------------------------ */

static void
print_offer(const struct br_cli_wallet *w, struct br_look *l)
{
    struct br_bytes name = br_words_pick(l->issuer.display, w->show.lang);
    (void)fputs("offered by ", stdout);
    br_cli_print_text(name.n > 0 ? name : l->issuer.issuer);
    (void)fputs(" (", stdout);
    br_cli_print_text(l->issuer.issuer);
    (void)puts("):");
    for (size_t i = 0; i < l->count; i++) {
        const struct br_json *m = l->configurations[i].metadata;
        name = br_words_pick(br_json_member(m, "display"), w->show.lang);
        (void)fputs("  ", stdout);
        br_cli_print_text(name.n > 0 ? name : l->configurations[i].vct);
        (void)putchar('\n');
        br_cli_print_standing(&l->standings[i], w->show.lang);
        for (const struct br_json *c =
                 br_json_first(br_json_member(m, "claims"));
             c != NULL; c = c->next) {
            name = br_words_pick(br_json_member(c, "display"), w->show.lang);
            if (name.n > 0) {
                (void)fputs("    ", stdout);
                br_cli_print_text(name);
                (void)putchar('\n');
            }
        }
    }
}

static enum br_rc
print_accepted(
    struct br_cli_wallet *w,
    const struct br_accepted *got,
    size_t count,
    struct br_err *reterr)
{
    for (size_t i = 0; i < count; i++) {
        if (got[i].deferred) {
            (void)printf(
                "not ready: broletto wallet refresh asks again, from %llu "
                "seconds on\n",
                (unsigned long long)got[i].interval_s);
        } else {
            BR_TRY(br_cli_print_credential(w, got[i].id, reterr));
        }
    }
    return BR_OK;
}

static void
put_text(struct br_json_writer *w, const char *name, struct br_bytes text)
{
    br_json_write_name(w, name);
    br_json_write_string(w, text);
}

/** {"outcome","issuer","credentials":[{"type","accreditation","id"...}]} */
static void
print_taken(
    const struct br_look *l, const struct br_accepted *got, const char *outcome)
{
    struct br_json_writer w;
    struct br_buf b;
    br_buf_init(&b, OUTPUT_BYTES_MAX);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    put_text(&w, "outcome", br_str(outcome));
    put_text(&w, "issuer", l->issuer.issuer);
    br_json_write_name(&w, "credentials");
    br_json_write_array(&w);
    for (size_t i = 0; i < l->count; i++) {
        br_json_write_object(&w);
        put_text(&w, "type", l->configurations[i].vct);
        br_json_write_name(&w, "accreditation");
        br_standing_write(&w, &l->standings[i]);
        if (got != NULL) {
            put_text(&w, "id", br_str(got[i].id));
            br_json_write_name(&w, "deferred");
            br_json_write_boolean(&w, got[i].deferred);
        }
        br_json_write_end(&w);
    }
    br_json_write_end(&w);
    br_json_write_end(&w);
    (void)printf("%.*s\n", (int)b.n, (const char *)b.p);
    br_buf_fini(&b);
}

static void
print_address(struct br_bytes url)
{
    (void)puts("open this address in a browser, and agree there:\n");
    br_cli_print_text(url);
    (void)puts("\n");
    (void)fflush(stdout);
}

/* ---- where the browser comes back to ------------------------------------ */

/** A server of one page, on an address that only this machine reaches. Who
 * comes with another state than ours is somebody else, and not waited for less.
 */
struct listener {
    pthread_mutex_t lock;
    pthread_cond_t come;
    struct br_http_server *server;
    char redirect[64];
    char url[BR_CODE_BACK_BYTES_MAX + 1]; /**< with which they came, or "" */
    const char *lang;
};

/** The query as it was sent is not told by the server: it is put together again
 *  from the parameters that an answer has. */
static void
put_back(struct br_buf *b, const struct br_http_request *req)
{
    static const char *const names[] = {
        "state", "iss", "code", "error", "error_description"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *v = br_http_query(req, names[i]);
        if (v != NULL) {
            br_form_put(b, names[i], br_str(v));
        }
    }
}

static void
reply_page(struct br_http_request *req, int status, const char *lang)
{
    static const char *const words[2][2] = {
        {"You can close this page: go on in the terminal.",
         "Nothing waits for this."},
        {"Puoi chiudere questa pagina: continua nel terminale.",
         "Nulla attende questa risposta."},
    };
    static const struct br_http_header_pair headers[] = {
        {"Cache-Control", "no-store"},
        {"Referrer-Policy", "no-referrer"},
        {"Content-Security-Policy",
         "default-src 'none'; frame-ancestors 'none'"},
    };
    bool italian = strcmp(lang, "it") == 0;
    struct br_buf b;
    br_buf_init(&b, 1024);
    br_buf_printf(
        &b,
        "<!doctype html><html lang=\"%s\"><meta charset=\"utf-8\">"
        "<title>Broletto</title><p>%s</p></html>\n",
        lang, words[italian][status != 200]);
    struct br_http_answer a = {
        .status = status,
        .content_type = "text/html; charset=utf-8",
        .take = &b,
        .headers = headers,
        .header_count = 3,
    };
    br_http_reply(req, &a);
    br_buf_fini(&b);
}

static void
get_back(struct br_http_request *req, void *ctx)
{
    struct listener *l = (struct listener *)ctx;
    struct br_buf b;
    br_buf_init(&b, sizeof(l->url) - 1 - sizeof(l->redirect));
    put_back(&b, req);
    bool good = br_buf_status(&b, NULL) == BR_OK && b.n > 0 &&
                br_http_query(req, "state") != NULL;
    (void)pthread_mutex_lock(&l->lock);
    good = good && l->url[0] == '\0';
    if (good) {
        (void)snprintf(
            l->url, sizeof(l->url), "%s?%.*s", l->redirect, (int)b.n,
            (const char *)b.p);
        (void)pthread_cond_signal(&l->come);
    }
    (void)pthread_mutex_unlock(&l->lock);
    br_buf_fini(&b);
    reply_page(req, good ? 200 : 400, l->lang);
}

static enum br_rc
listen_here(struct listener *l, struct br_err *reterr)
{
    static const struct br_http_route route = {
        .method = "GET", .path = "/back", .handler = get_back};
    const struct br_http_server_options o = {
        .listen = "127.0.0.1:0",
        .routes = &route,
        .route_count = 1,
        .ctx = l,
        .connections_max = 16,
    };
    (void)pthread_mutex_init(&l->lock, NULL);
    (void)pthread_cond_init(&l->come, NULL);
    BR_TRY(br_http_server_start(&o, &l->server, reterr));
    (void)snprintf(
        l->redirect, sizeof(l->redirect), "http://%s/back",
        br_http_server_address(l->server));
    return BR_OK;
}

/** The address with which somebody came, into ret. EXPIRED: nobody did. */
static enum br_rc
wait_here(
    struct listener *l,
    const struct timespec *until,
    char ret[BR_CODE_BACK_BYTES_MAX + 1],
    struct br_err *reterr)
{
    int rc = 0;
    (void)pthread_mutex_lock(&l->lock);
    while (l->url[0] == '\0' && rc != ETIMEDOUT) {
        rc = pthread_cond_timedwait(&l->come, &l->lock, until);
    }
    bool came = l->url[0] != '\0';
    memcpy(ret, l->url, sizeof(l->url));
    br_wipe(l->url, sizeof(l->url));
    (void)pthread_mutex_unlock(&l->lock);
    return came ? BR_OK
                : br_fail(
                      reterr, BR_ERR_EXPIRED,
                      "nobody came back from the issuer's page: begin again");
}

static void
stop_listening(struct listener *l)
{
    if (l->server != NULL) {
        br_http_server_quiesce(l->server);
        br_http_server_stop(l->server);
    }
    (void)pthread_cond_destroy(&l->come);
    (void)pthread_mutex_destroy(&l->lock);
}

/** --open: the system's own way to a browser; where there is none, the address
 *  is on the terminal. */
static void
open_browser(struct br_bytes url)
{
    char text[BR_CODE_REQUEST_BYTES_MAX * 2 + 1];
    (void)snprintf(text, sizeof(text), "%.*s", (int)url.n, (const char *)url.p);
    pid_t pid = fork();
    if (pid == 0) {
        (void)execlp("xdg-open", "xdg-open", text, (char *)NULL);
        _exit(127);
    }
    if (pid < 0) {
        (void)fputs("no browser could be opened\n", stderr);
    }
}

/* ---- accepting ---------------------------------------------------------- */

static enum br_rc
end_with(struct br_cli_wallet *w, const char *url, struct br_err *reterr)
{
    struct br_accepted got[BR_VCI_OFFERED_MAX];
    size_t count = 0;
    BR_TRY(br_authorize_end(
        &w->client, br_str(url), w->person, got, &count, reterr));
    return print_accepted(w, got, count, reterr);
}

static bool
is_of_another_state(const struct br_err *err)
{
    return br_rule_of(err) == br_rule_info(BR_RULE_OAUTH_STATE);
}

static enum br_rc
wait_for_ours(
    struct br_cli_wallet *w, struct listener *here, struct br_err *reterr)
{
    char url[BR_CODE_BACK_BYTES_MAX + 1];
    struct timespec until;
    struct br_err why;
    enum br_rc rc = BR_OK;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += BR_AUTHORIZE_WAIT_S;
    do {
        rc = wait_here(here, &until, url, &why);
        if (rc == BR_OK) {
            rc = end_with(w, url, &why);
        }
    } while (rc != BR_OK && is_of_another_state(&why));
    br_wipe(url, sizeof(url));
    return rc == BR_OK ? BR_OK : br_fail(reterr, rc, "%s", why.text);
}

static enum br_rc
go_and_wait(
    const struct br_args *a,
    struct br_cli_wallet *w,
    struct br_look *l,
    struct listener *here,
    struct br_err *reterr)
{
    struct br_bytes url = {NULL, 0};
    BR_TRY(listen_here(here, reterr));
    BR_TRY(br_authorize_begin(
        &w->client, l, br_str(here->redirect), w->person, &url, reterr));
    print_address(url);
    if (a->open) {
        open_browser(url);
    }
    return wait_for_ours(w, here, reterr);
}

/** --redirect-uri: the browser is elsewhere; its address is pasted later. */
static enum br_rc
go_elsewhere(
    const struct br_args *a,
    struct br_cli_wallet *w,
    struct br_look *l,
    struct br_err *reterr)
{
    struct br_bytes url = {NULL, 0};
    BR_TRY(br_authorize_begin(
        &w->client, l, br_str(a->redirect_uri), w->person, &url, reterr));
    print_address(url);
    (void)puts(
        "then: broletto wallet accept --redirected 'the address to which it "
        "came back'");
    return BR_OK;
}

static enum br_rc
take_by_page(
    const struct br_args *a,
    struct br_cli_wallet *w,
    struct br_look *l,
    struct br_err *reterr)
{
    if (a->redirect_uri != NULL) {
        return go_elsewhere(a, w, l, reterr);
    }
    struct listener *here = (struct listener *)calloc(1, sizeof(*here));
    if (here == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory to listen");
    }
    here->lang = w->show.lang;
    enum br_rc rc = go_and_wait(a, w, l, here, reterr);
    stop_listening(here);
    free(here);
    return rc;
}

static enum br_rc
take(
    const struct br_args *a,
    struct br_cli_wallet *w,
    struct br_look *l,
    struct br_err *reterr)
{
    struct br_accepted got[BR_VCI_OFFERED_MAX];
    bool by_page = a->by_code || l->by_code;
    bool yes = false;
    if (a->json && by_page) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "--json does not go with the issuer's page, whose address is told "
            "here");
    }
    if (!a->json) {
        print_offer(w, l);
    }
    BR_TRY(br_cli_agree(a, "Accept?", &yes, reterr));
    if (!yes && a->json) {
        print_taken(l, NULL, "refused");
    } else if (!yes) {
        (void)puts("refused; nothing was sent");
    }
    if (!yes) {
        return BR_OK;
    }
    if (by_page) {
        return take_by_page(a, w, l, reterr);
    }
    BR_TRY(br_accept(&w->client, l, a->tx_code_value, w->person, got, reterr));
    if (a->json) {
        print_taken(l, got, "received");
        return BR_OK;
    }
    return print_accepted(w, got, l->count, reterr);
}

static enum br_rc
accept_offer(
    const struct br_args *a, struct br_cli_wallet *w, struct br_err *reterr)
{
    struct br_look *l = NULL;
    struct br_arena arena;
    if (a->redirected != NULL) {
        return end_with(w, a->redirected, reterr);
    }
    if (a->word_count == 0) {
        return br_fail(
            reterr, BR_ERR_MISSING_FIELD,
            "OFFER or --redirected URL is missing");
    }
    br_arena_init(&arena, sizeof(*l) + 64);
    l = (struct br_look *)br_arena_take(&arena, sizeof(*l));
    enum br_rc rc =
        l == NULL ? br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for an offer")
                  : br_look(&w->client, br_str(a->words[0]), l, reterr);
    if (rc == BR_OK) {
        rc = take(a, w, l, reterr);
        br_look_fini(l);
    }
    br_arena_fini(&arena);
    return rc;
}

int
br_cmd_wallet_accept(const struct br_args *a)
{
    return br_cli_with_wallet(a, accept_offer);
}
