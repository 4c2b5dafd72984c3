/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/api/openapi.h"

#include "node/api/api.h"

void
br_api_get_openapi(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    struct br_http_answer a = {
        .status = 200,
        .content_type = "application/json",
        .body = br_bytes(br_openapi_json, br_openapi_json_size),
        .is_static = true,
    };
    br_http_reply(req, &a);
}
