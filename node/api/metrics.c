/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/api/metrics.h"

#include "common/store/kv.h"
#include "node/api/api.h"

#include <stdatomic.h>

/* Requests by what they were and how they ended. Routes are few and known when
 * the program is built: a fixed table of counters, no locks. */
enum { ROUTES_MAX = 64, BUCKETS = 14 };

static const uint64_t bucket_us[BUCKETS] = {
    100,   250,   500,    1000,   2500,   5000,    10000,
    25000, 50000, 100000, 250000, 500000, 1000000, 2500000};

struct row {
    _Atomic(const char *) method;
    _Atomic(const char *) route;
    atomic_uint_least64_t by_class[6]; /**< [status / 100] */
    atomic_uint_least64_t bucket[BUCKETS + 1];
    atomic_uint_least64_t sum_us;
    atomic_uint_least64_t count;
};

static struct row rows[ROUTES_MAX];

/** Routes are told by the same static strings every time. */
static struct row *
row_of(const char *method, const char *route)
{
    for (size_t i = 0; i < ROUTES_MAX; i++) {
        const char *at = atomic_load(&rows[i].route);
        if (at == NULL) {
            const char *none = NULL;
            if (atomic_compare_exchange_strong(&rows[i].route, &none, route)) {
                atomic_store(&rows[i].method, method);
                return &rows[i];
            }
            at = none;
        }
        const char *m = atomic_load(&rows[i].method);
        if (strcmp(at, route) == 0 && (m == NULL || strcmp(m, method) == 0)) {
            return &rows[i];
        }
    }
    return &rows[ROUTES_MAX - 1];
}

void
br_api_metrics_request(
    const char *method, const char *route, int status, uint64_t duration_us)
{
    struct row *r =
        row_of(method == NULL ? "?" : method, route == NULL ? "none" : route);
    size_t i = 0;
    while (i < BUCKETS && duration_us > bucket_us[i]) {
        i++;
    }
    atomic_fetch_add(&r->bucket[i], 1);
    atomic_fetch_add(&r->sum_us, duration_us);
    atomic_fetch_add(&r->count, 1);
    int class = status >= 100 && status < 600 ? status / 100 : 0;
    atomic_fetch_add(&r->by_class[class], 1);
}

/* ---- telling ------------------------------------------------------------ */

static void
put_head(struct br_buf *b, const char *name, const char *type, const char *help)
{
    br_buf_printf(
        b, "# HELP broletto_%s %s\n# TYPE broletto_%s %s\n", name, help, name,
        type);
}

static void
put_gauge(struct br_buf *b, const char *name, const char *help, uint64_t value)
{
    put_head(b, name, "gauge", help);
    br_buf_printf(b, "broletto_%s %llu\n", name, (unsigned long long)value);
}

static void
put_requests(struct br_buf *b, bool open_metrics)
{
    /* OpenMetrics names a counter without its _total. */
    put_head(
        b, open_metrics ? "http_requests" : "http_requests_total", "counter",
        "Requests by route and class of status.");
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

static void
put_histogram(struct br_buf *b, struct row *r)
{
    const char *route = atomic_load(&r->route);
    const char *method = atomic_load(&r->method);
    uint64_t sum = 0;
    if (route == NULL || method == NULL) {
        return;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        sum += atomic_load(&r->bucket[i]);
        br_buf_printf(
            b,
            "broletto_http_request_duration_seconds_bucket{method=\"%s\","
            "route=\"%s\",le=\"%g\"} %llu\n",
            method, route, (double)bucket_us[i] / 1e6, (unsigned long long)sum);
    }
    sum += atomic_load(&r->bucket[BUCKETS]);
    br_buf_printf(
        b,
        "broletto_http_request_duration_seconds_bucket{method=\"%s\","
        "route=\"%s\",le=\"+Inf\"} %llu\n"
        "broletto_http_request_duration_seconds_sum{method=\"%s\","
        "route=\"%s\"} %.6f\n"
        "broletto_http_request_duration_seconds_count{method=\"%s\","
        "route=\"%s\"} %llu\n",
        method, route, (unsigned long long)sum, method, route,
        (double)atomic_load(&r->sum_us) / 1e6, method, route,
        (unsigned long long)sum);
}

static void
put_log(struct br_buf *b, struct br_api *api)
{
    struct br_snapshot s;
    struct br_engine_status st;
    struct br_kv_stats kv;
    if (br_snapshot_open(api->chain, &s, NULL) == BR_OK) {
        put_gauge(b, "log_size", "Entries of the log.", s.head.frontier.size);
        put_gauge(b, "block_height", "Blocks of the ledger.", s.head.height);
        put_gauge(
            b, "block_time_seconds", "Time of the last block.",
            s.head.time.v / 1000000);
        br_snapshot_close(&s);
    }
    api->engine_ops->status(api->engine, &st);
    put_gauge(b, "engine_queued", "Transactions waiting.", st.queued);
    put_gauge(b, "engine_failed", "1: storage failed for good.", st.failed);
    put_gauge(b, "disk_full", "1: the last block found no room.", st.disk_full);
    put_gauge(
        b, "clock_wrong", "1: the clock is behind the last block.",
        st.clock_wrong);
    br_kv_stats(br_chain_kv(api->chain), &kv);
    put_gauge(b, "store_used_bytes", "Bytes used in LMDB.", kv.used_bytes);
    put_gauge(b, "store_readers", "Reader slots in LMDB.", kv.readers);
    put_gauge(
        b, "store_oldest_reader_lag", "Transactions behind the newest.",
        kv.oldest_reader_lag);
}

void
br_api_metrics_put(struct br_buf *b, struct br_api *api, bool open_metrics)
{
    put_log(b, api);
    put_requests(b, open_metrics);
    put_head(
        b, "http_request_duration_seconds", "histogram",
        "Time from the request to its answer.");
    for (size_t i = 0; i < ROUTES_MAX; i++) {
        put_histogram(b, &rows[i]);
    }
    if (open_metrics) {
        br_buf_puts(b, "# EOF\n");
    }
}
