/*
 * The frame of pages that are made here, for each reader, and work without
 * scripts: bands, the choice of a language, the footer, in the look of
 * common/web.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_PAGE_H
#define BR_ORCHESTRATOR_PAGE_H

#include "common/net/http_server.h"

enum { BR_ORCH_PAGE_BYTES_MAX = 64 * 1024 };

struct br_orch_page {
    const char *language; /**< "it" or "en" */
    const char *title;
    const char *body;  /**< whose page it is */
    const char *query; /**< of its address, beside lang, escaped; "" */
    const char *head;  /**< more for the head, as HTML; "" */
    const char *phase; /**< for its script and tests */
    const char *kind;  /**< class of main */
};

/** Text as it stands in HTML, also inside quotes. */
void br_orch_put_html(struct br_buf *b, const char *text);

/** All up to main's first element. */
void br_orch_page_begin(struct br_buf *b, const struct br_orch_page *page);
/** All from the end of main. */
void br_orch_page_end(struct br_buf *b, const struct br_orch_page *page);

/** Send it, kept by nobody; b is emptied. more: directives of its policy beside
 *  default-src 'none' and what the look needs: "script-src 'self'; ". */
void br_orch_page_reply(
    struct br_http_request *req,
    int status,
    const char *more,
    struct br_buf *b);

#endif
