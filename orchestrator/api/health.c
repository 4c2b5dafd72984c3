/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/api/health.h"

#include "orchestrator/api/api.h"

enum { ROUTES_MAX = 48 };

struct row {
    _Atomic(const char *) route;
    _Atomic(const char *) method;
    atomic_uint_least64_t by_class[6]; /**< [status / 100] */
};
static struct row rows[ROUTES_MAX];

static struct row *
row_of(const char *method, const char *route)
{
    for (size_t i = 0; i < ROUTES_MAX; i++) {
        const char *at = atomic_load(&rows[i].route);
        const char *none = NULL;
        if (at == NULL &&
            atomic_compare_exchange_strong(&rows[i].route, &none, route)) {
            atomic_store(&rows[i].method, method);
            return &rows[i];
        }
        at = atomic_load(&rows[i].route);
        const char *m = atomic_load(&rows[i].method);
        if (strcmp(at, route) == 0 && (m == NULL || strcmp(m, method) == 0)) {
            return &rows[i];
        }
    }
    return &rows[ROUTES_MAX - 1];
}

void
br_orch_count(const char *method, const char *route, int status)
{
    struct row *r =
        row_of(method == NULL ? "?" : method, route == NULL ? "none" : route);
    int class = status >= 100 && status < 600 ? status / 100 : 0;
    atomic_fetch_add(&r->by_class[class], 1);
}

void
br_orch_get_livez(struct br_http_request *req, void *ctx)
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
count_rows(
    struct br_orch_api *api,
    enum br_orch_table table,
    uint64_t *ret,
    struct br_err *reterr)
{
    struct br_kv_txn *txn;
    BR_TRY(br_kv_begin_read(api->kv, &txn, reterr));
    enum br_rc rc = br_kv_count(txn, table, ret, reterr);
    br_kv_end(txn);
    return rc;
}

void
br_orch_get_readyz(struct br_http_request *req, void *ctx)
{
    struct br_orch_api *api = (struct br_orch_api *)ctx;
    struct br_err err;
    struct br_buf b;
    uint64_t issued = 0;
    enum br_rc rc = BR_OK;
    if (atomic_load(&api->stopping)) {
        rc = br_fail(&err, BR_ERR_STOPPING, "the issuer is stopping");
    } else {
        rc = count_rows(api, BR_ORCH_CREDENTIALS, &issued, &err);
    }
    if (rc != BR_OK) {
        br_orch_fail(req, &err);
        return;
    }
    br_buf_init(&b, 512);
    br_buf_printf(
        &b, "{\"status\":\"ready\",\"credentials\":%llu}\n",
        (unsigned long long)issued);
    br_orch_reply(req, 200, &b);
}

static void
put_requests(struct br_buf *b)
{
    br_buf_puts(
        b, "# HELP broletto_http_requests_total Requests by route and class of "
           "status.\n# TYPE broletto_http_requests_total counter\n");
    for (size_t i = 0; i < ROUTES_MAX; i++) {
        const char *route = atomic_load(&rows[i].route);
        const char *method = atomic_load(&rows[i].method);
        for (size_t k = 1; route != NULL && method != NULL && k < 6; k++) {
            uint64_t n = atomic_load(&rows[i].by_class[k]);
            if (n > 0) {
                br_buf_printf(
                    b,
                    "broletto_http_requests_total{method=\"%s\",route=\"%s\","
                    "class=\"%zuxx\"} %llu\n",
                    method, route, k, (unsigned long long)n);
            }
        }
    }
}

void
br_orch_get_metrics(struct br_http_request *req, void *ctx)
{
    static const struct {
        enum br_orch_table table;
        const char *name;
        const char *help;
    } gauges[] = {
        {BR_ORCH_OFFERS, "offers", "Offers stored."},
        {BR_ORCH_TOKENS, "access_tokens", "Access tokens stored."},
        {BR_ORCH_CREDENTIALS, "credentials", "Credentials issued."},
        {BR_ORCH_LISTS, "status_lists", "Status lists."},
        {BR_ORCH_CHANGES, "status_changes", "Changes of a status."},
    };
    struct br_orch_api *api = (struct br_orch_api *)ctx;
    struct br_buf b;
    br_buf_init(&b, 1024 * 1024);
    for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++) {
        uint64_t n = 0;
        if (count_rows(api, gauges[i].table, &n, NULL) == BR_OK) {
            br_buf_printf(
                &b,
                "# HELP broletto_%s %s\n# TYPE broletto_%s gauge\n"
                "broletto_%s %llu\n",
                gauges[i].name, gauges[i].help, gauges[i].name, gauges[i].name,
                (unsigned long long)n);
        }
    }
    put_requests(&b);
    br_orch_reply_public(req, "text/plain; version=0.0.4", &b);
}
