/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/api/page.h"

#include "common/codec/text.h"
#include "orchestrator/api/api.h"

#include <stdio.h>

struct words {
    const char *skip, *language, *footer;
};
static const struct words italian = {
    .skip = "Vai al contenuto",
    .language = "Lingua",
    .footer = "Broletto \xc3\xa8 software libero sotto la licenza EUPL 1.2.",
};
static const struct words english = {
    .skip = "Skip to the content",
    .language = "Language",
    .footer = "Broletto is free software under the EUPL 1.2.",
};

static const struct words *
words_of(const struct br_orch_page *page)
{
    return strcmp(page->language, "it") == 0 ? &italian : &english;
}

void
br_orch_put_html(struct br_buf *b, const char *text)
{
    br_html_put(b, br_str(text));
}

static void
put_head(struct br_buf *b, const struct br_orch_page *page)
{
    br_buf_printf(
        b,
        "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta "
        "charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta name=\"theme-color\" content=\"#0059b3\">\n<title>",
        page->language);
    br_orch_put_html(b, page->title);
    br_buf_printf(
        b,
        "</title>\n"
        "<link rel=\"icon\" href=\"/web/icon.svg\" type=\"image/svg+xml\">\n"
        "<link rel=\"stylesheet\" href=\"/web/style.css\">\n"
        "<link rel=\"stylesheet\" href=\"/web/page.css\">\n"
        "%s</head>\n<body data-phase=\"%s\">\n",
        page->head, page->phase);
}

/** The same page in this language. */
static void
put_language(
    struct br_buf *b,
    const struct br_orch_page *page,
    const char *language,
    const char *sign,
    const char *name)
{
    br_buf_printf(
        b, "<a lang=\"%s\" hreflang=\"%s\"%s href=\"?lang=%s%s", language,
        language,
        strcmp(language, page->language) == 0 ? " aria-current=\"true\"" : "",
        language, page->query[0] == '\0' ? "" : "&amp;");
    br_orch_put_html(b, page->query);
    br_buf_printf(
        b,
        "\"><span aria-hidden=\"true\">%s</span>"
        "<span class=\"hidden\">%s</span></a>",
        sign, name);
}

void
br_orch_page_begin(struct br_buf *b, const struct br_orch_page *page)
{
    const struct words *w = words_of(page);
    put_head(b, page);
    br_buf_printf(
        b,
        "<header>\n<a class=\"skip\" href=\"#main\">%s</a>\n"
        "<div class=\"band-slim\"><div class=\"wide band-row\">"
        "<span class=\"origin\">",
        w->skip);
    br_orch_put_html(b, page->body);
    br_buf_printf(
        b,
        "</span>\n<div class=\"languages\" role=\"group\" aria-label=\"%s\">",
        w->language);
    put_language(b, page, "it", "ITA", "Italiano");
    put_language(b, page, "en", "ENG", "English");
    br_buf_printf(
        b,
        "</div></div></div>\n<div class=\"band-main\"><div class=\"wide "
        "brand\"><svg viewBox=\"4 4 24 25\" aria-hidden=\"true\">"
        "<path d=\"M6 13 16 6l10 7v2H6zm2 4h3v7H8zm6.500 0h3v7h-3zM21 17h3v7h"
        "-3zM6 25h20v2H6z\"/></svg><div class=\"brand-text\">"
        "<strong class=\"brand-name\">Broletto</strong></div></div></div>\n"
        "</header>\n<main id=\"main\" class=\"wide %s\" tabindex=\"-1\">\n",
        page->kind);
}

void
br_orch_page_end(struct br_buf *b, const struct br_orch_page *page)
{
    br_buf_printf(
        b,
        "</main>\n<footer><div class=\"wide\"><p>%s</p></div></footer>\n"
        "</body>\n</html>\n",
        words_of(page)->footer);
}

void
br_orch_page_reply(
    struct br_http_request *req, int status, const char *more, struct br_buf *b)
{
    char policy[512];
    struct br_err err;
    const struct br_http_header_pair headers[] = {
        {"Cache-Control", "no-store"},
        {"X-Frame-Options", "DENY"},
        {"Content-Security-Policy", policy},
    };
    struct br_http_answer a = {
        .status = status,
        .content_type = "text/html; charset=utf-8",
        .take = b,
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]),
    };
    (void)snprintf(
        policy, sizeof(policy),
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src "
        "'self'; %sbase-uri 'none'; frame-ancestors 'none'",
        more);
    if (br_buf_status(b, &err) != BR_OK) {
        br_orch_fail(req, &err);
    } else {
        br_http_reply(req, &a);
    }
    br_buf_fini(b);
}
