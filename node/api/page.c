/* SPDX-License-Identifier: EUPL-1.2 */
/* The page and what belongs to it: files embedded in the program. */
#include "node/api/api.h"
#include "node/web/web.h"

static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; "
    "form-action 'none'; "
    "frame-ancestors 'none'";

static const struct br_web_file *
find(const char *path)
{
    for (size_t i = 0; i < br_web_file_count; i++) {
        if (strcmp(br_web_files[i].path, path) == 0) {
            return &br_web_files[i];
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
br_api_get_page(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    reply_file(req, find("index.html"));
}

void
br_api_get_web(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    const struct br_web_file *f = find(br_http_param(req, 0));
    if (f != NULL) {
        reply_file(req, f);
        return;
    }
    struct br_err err;
    (void)br_fail(&err, BR_ERR_NOT_FOUND, "no such file of the page");
    br_http_reply_problem(req, &err);
}
