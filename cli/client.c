/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/client.h"

#include "common/service/json.h"
#include "node/setup/config.h"

#include <stdio.h>
#include <stdlib.h>

enum { TIMEOUT_MS = 120000 };

enum br_rc
br_node_client_open(
    const struct br_args *a, struct br_node_client *ret, struct br_err *reterr)
{
    const char *url = a->node != NULL ? a->node : getenv("BROLETTO_NODE");
    *ret = (struct br_node_client){0};
    if (url != NULL || a->data == NULL) {
        (void)snprintf(
            ret->url_bytes, sizeof(ret->url_bytes), "%s",
            url != NULL ? url : "http://127.0.0.1:8440");
    } else {
        struct br_node_config c;
        BR_TRY(br_node_config_load(a->data, &c, reterr));
        (void)snprintf(
            ret->url_bytes, sizeof(ret->url_bytes), "http://%s", c.listen);
        br_node_config_fini(&c);
    }
    size_t n = strlen(ret->url_bytes);
    while (n > 0 && ret->url_bytes[n - 1] == '/') {
        ret->url_bytes[--n] = '\0';
    }
    ret->url = ret->url_bytes;
    ret->token = a->token != NULL ? a->token : getenv("BROLETTO_TOKEN");
    return br_http_client_new(&ret->http, reterr);
}

void
br_node_client_close(struct br_node_client *c)
{
    br_http_client_free(c->http);
}

static enum br_rc
from_problem(
    struct br_node_client *c,
    int status,
    struct br_bytes body,
    struct br_err *reterr)
{
    struct br_arena arena;
    const char *detail = "";
    uint64_t code = BR_ERR_NETWORK;
    br_arena_init(&arena, 64u * 1024);
    (void)!br_json_get_text(body, "detail", &arena, &detail, NULL);
    (void)!br_json_get_uint(body, "code", &code, NULL);
    enum br_rc rc = br_err_info((enum br_rc)code)->rc;
    (void)br_fail(reterr, rc, "%s answers %d: %.160s", c->url, status, detail);
    br_arena_fini(&arena);
    return rc;
}

static enum br_rc
call(
    struct br_node_client *c,
    struct br_http_call *call,
    const char *path,
    struct br_buf *ret,
    struct br_err *reterr)
{
    char url[1024];
    int status;
    (void)snprintf(url, sizeof(url), "%s%s", c->url, path);
    call->url = url;
    call->bearer = c->token;
    call->answer_bytes_max = ret->max;
    call->timeout_ms = TIMEOUT_MS;
    BR_TRY(br_http_call(c->http, call, &status, ret, reterr));
    if (status / 100 != 2) {
        return from_problem(c, status, br_buf_bytes(ret), reterr);
    }
    return BR_OK;
}

enum br_rc
br_node_get(
    struct br_node_client *c,
    const char *path,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_http_call h = {.method = "GET"};
    return call(c, &h, path, ret, reterr);
}

enum br_rc
br_node_post(
    struct br_node_client *c,
    const char *path,
    const char *content_type,
    struct br_bytes body,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_http_call h = {
        .method = "POST", .content_type = content_type, .body = body};
    return call(c, &h, path, ret, reterr);
}
