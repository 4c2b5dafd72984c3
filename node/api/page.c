/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/web/web.h"
#include "node/api/api.h"

extern const struct br_web_set br_node_page;

void
br_api_get_page(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    br_web_reply(req, &br_node_page, "index.html");
}

void
br_api_get_web(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    br_web_reply(req, &br_node_page, br_http_param(req, 0));
}
