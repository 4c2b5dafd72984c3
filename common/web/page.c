/* SPDX-License-Identifier: EUPL-1.2 */
/* A page and what belongs to it: files embedded in the program. */
#include "common/web/web.h"

#include <string.h>

static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

static const struct br_web_file *
find(const struct br_web_set *set, const char *path)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->files[i].path, path) == 0) {
            return &set->files[i];
        }
    }
    return NULL;
}

static void
reply_file(struct br_http_request *req, const struct br_web_file *f)
{
    const char *seen = br_http_header(req, "If-None-Match");
    bool same = seen != NULL && strcmp(seen, f->etag) == 0;
    const struct br_http_header_pair headers[] = {
        {"Content-Security-Policy", policy},
        {"Cache-Control", "no-cache"},
        {"ETag", f->etag},
    };
    struct br_http_answer a = {
        .status = same ? 304 : 200,
        .content_type = f->content_type,
        .body = br_bytes(f->bytes, same ? 0 : f->size),
        .is_static = true,
        .headers = headers,
        .header_count = 3,
    };
    br_http_reply(req, &a);
}

void
br_web_reply(
    struct br_http_request *req,
    const struct br_web_set *page,
    const char *path)
{
    struct br_err err;
    const struct br_web_file *f = find(page, path);
    if (f == NULL) {
        f = find(&br_web_common, path);
    }
    if (f != NULL) {
        reply_file(req, f);
        return;
    }
    (void)br_fail(&err, BR_ERR_NOT_FOUND, "no such file of the page");
    br_http_reply_problem(req, &err);
}
