/*
 * Web pages: static files inside the programs, made by embed.py. What pages
 * share lies in this folder, a program's own page in its folder "web"; both are
 * served under /web/, the page itself at /.
 *
 * - Sorted by path; a path is relative to "web/", such as "index.html" or
 *   "i18n/it.js". A page's own file comes before a shared one of the same name.
 * - content_type and etag are ready to be sent; the etag has its quotes.
 * - Constants: nobody frees them.
 * - Answers carry a Content-Security-Policy that lets a page load and ask from
 *   its own server alone, and run no code in line.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WEB_WEB_H
#define BR_WEB_WEB_H

#include "common/net/http_server.h"

#include <stddef.h>

struct br_web_file {
    const char *path;
    const char *content_type;
    const unsigned char *bytes;
    size_t size;
    const char *etag;
};

struct br_web_set {
    const struct br_web_file *files;
    size_t count;
};

/** What pages share. */
extern const struct br_web_set br_web_common;

/** Answer with a file of the page, or of what pages share; NOT_FOUND as a
 *  problem. */
void br_web_reply(
    struct br_http_request *req,
    const struct br_web_set *page,
    const char *path);

#endif
