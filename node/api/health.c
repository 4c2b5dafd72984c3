/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/service/json.h"
#include "node/api/api.h"
#include "node/api/metrics.h"

void
br_api_get_livez(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    struct br_http_answer a = {
        .status = 200,
        .content_type = "text/plain; charset=utf-8",
        .body = br_str("ok\n"),
        .is_static = true,
    };
    br_http_reply(req, &a);
}

static enum br_rc
check_engine(struct br_api *api, struct br_err *reterr)
{
    struct br_engine_status st;
    if (atomic_load(&api->stopping)) {
        return br_fail(reterr, BR_ERR_STOPPING, "the node is stopping");
    }
    api->engine_ops->status(api->engine, &st);
    if (st.failed) {
        return br_fail(
            reterr, BR_ERR_NOT_READY,
            "storage failed: the log names the reason; restart the node");
    }
    if (st.disk_full) {
        return br_fail(reterr, BR_ERR_NOT_READY, "the disk is full");
    }
    if (st.clock_wrong) {
        return br_fail(
            reterr, BR_ERR_NOT_READY, "the clock is behind the last block");
    }
    return BR_OK;
}

/** Stale: entries that no published checkpoint covers, for too long. */
static enum br_rc
check_checkpoint(struct br_api *api, struct br_err *reterr)
{
    struct br_publication latest;
    struct br_publication published;
    BR_TRY(br_publisher_latest(api->publisher, &latest, reterr));
    br_buf_fini(&latest.note);
    enum br_rc rc = br_publisher_published(api->publisher, &published, reterr);
    if (rc != BR_OK) {
        return rc;
    }
    br_buf_fini(&published.note);
    uint64_t now = br_api_now().v;
    if (published.size < latest.size &&
        now > published.signed_at_us + api->stale_us) {
        return br_fail(
            reterr, BR_ERR_NOT_READY, "the published checkpoint is %llu s old",
            (unsigned long long)((now - published.signed_at_us) / 1000000));
    }
    return BR_OK;
}

void
br_api_get_readyz(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    struct br_err err;
    struct br_snapshot s;
    struct br_buf b;
    enum br_rc rc = check_engine(api, &err);
    if (rc == BR_OK) {
        rc = check_checkpoint(api, &err);
    }
    if (rc == BR_OK) {
        rc = br_snapshot_open(api->chain, &s, &err);
    }
    if (rc != BR_OK) {
        br_http_reply_problem(req, &err);
        return;
    }
    br_buf_init(&b, 512);
    br_buf_printf(
        &b, "{\"status\":\"ready\",\"size\":%llu,\"height\":%llu}\n",
        (unsigned long long)s.head.frontier.size,
        (unsigned long long)s.head.height);
    br_snapshot_close(&s);
    br_api_reply_json(req, 200, &b);
}

void
br_api_get_metrics(struct br_http_request *req, void *ctx)
{
    struct br_api *api = (struct br_api *)ctx;
    const char *accept = br_http_header(req, "Accept");
    bool open_metrics = accept != NULL &&
                        strstr(accept, "application/openmetrics-text") != NULL;
    struct br_buf b;
    br_buf_init(&b, 1024 * 1024);
    br_api_metrics_put(&b, api, open_metrics);
    br_api_reply_text(
        req,
        open_metrics
            ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
            : "text/plain; version=0.0.4; charset=utf-8",
        &b);
}
