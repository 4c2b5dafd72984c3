/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/publish/witness.h"

#include "common/codec/text.h"
#include "node/api/api.h"

static bool
is_offered(struct br_api *api, struct br_http_request *req)
{
    struct br_err err;
    if (api->witness != NULL) {
        return true;
    }
    (void)br_fail(
        &err, BR_ERR_NOT_FOUND, "this node cosigns for nobody: witness_logs");
    br_http_reply_problem(req, &err);
    return false;
}

void
br_api_post_add_checkpoint(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_buf b;
    const char *type;
    if (!is_offered(api, req)) {
        return;
    }
    br_buf_init(&b, 64u * 1024);
    int status = br_witness_add_checkpoint(
        api->witness, br_http_body(req), br_api_now().v / 1000000, &b, &type);
    struct br_http_answer a = {
        .status = status, .content_type = type, .take = &b};
    br_http_reply(req, &a);
    br_buf_fini(&b);
}

void
br_api_get_witness_checkpoint(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    const char *hex = br_http_param(req, 0);
    struct br_hash origin;
    struct br_buf b;
    struct br_err err;
    if (!is_offered(api, req)) {
        return;
    }
    br_buf_init(&b, 128u * 1024);
    enum br_rc rc = BR_ERR_NOT_FOUND;
    if (strlen(hex) == 2 * BR_HASH_BYTES &&
        br_hex_parse(br_str(hex), origin.b, NULL) == BR_OK) {
        rc = br_witness_checkpoint(api->witness, &origin, &b, &err);
    } else {
        rc = br_fail(&err, rc, "SHA-256 of an origin is wanted");
    }
    if (rc == BR_OK) {
        br_api_reply_text(req, "text/plain; charset=utf-8", &b);
    } else {
        br_buf_fini(&b);
        br_http_reply_problem(req, &err);
    }
}
