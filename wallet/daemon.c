/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/daemon.h"

#include "wallet/api/api.h"
#include "wallet/client/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS_PER_THREAD = 2 };

struct br_wallet_daemon {
    struct br_wallet wallet;
    struct br_wallet_api api;
    struct br_http_server *server;
    char url[128];
};

static enum br_rc
serve(struct br_wallet_daemon *d, const char *listen, struct br_err *reterr)
{
    struct br_http_server_options o = {
        .listen = listen != NULL ? listen : d->wallet.config.listen,
        .ctx = &d->api,
        .threads = (unsigned)d->wallet.config.http_threads,
    };
    o.routes = br_wallet_routes(&o.route_count);
    BR_TRY(br_http_server_start(&o, &d->server, reterr));
    (void)snprintf(
        d->url, sizeof(d->url), "http://%s", br_http_server_address(d->server));
    return BR_OK;
}

static enum br_rc
start(
    struct br_wallet_daemon *d,
    const char *folder,
    const char *listen,
    struct br_err *reterr)
{
    BR_TRY(br_wallet_open(folder, NULL, &d->wallet, reterr));
    const struct br_wallet_config *c = &d->wallet.config;
    d->api.wallet = &d->wallet;
    d->api.secure = strncmp(c->public_url, "https://", 8) == 0;
    br_webauthn_site_of_url(c->public_url, &d->api.site);
    BR_TRY(br_sessions_new(
        c->session_minutes * 60, c->attempts_per_minute, &d->api.sessions,
        reterr));
    BR_TRY(br_challenges_new(&d->api.challenges, reterr));
    BR_TRY(br_work_start(
        &d->wallet, &d->api, (unsigned)c->http_threads * WORKERS_PER_THREAD,
        &d->api.work, reterr));
    return serve(d, listen, reterr);
}

enum br_rc
br_wallet_start(
    const char *folder,
    const char *listen,
    struct br_wallet_daemon **ret,
    struct br_err *reterr)
{
    struct br_wallet_daemon *d =
        (struct br_wallet_daemon *)calloc(1, sizeof(*d));
    if (d == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a wallet");
    }
    enum br_rc rc = start(d, folder, listen, reterr);
    if (rc != BR_OK) {
        br_wallet_stop(d);
        return rc;
    }
    *ret = d;
    return BR_OK;
}

/** Doors first, then who works behind them, then what they work on. */
void
br_wallet_stop(struct br_wallet_daemon *d)
{
    if (d == NULL) {
        return;
    }
    atomic_store(&d->api.stopping, true);
    if (d->server != NULL) {
        br_http_server_quiesce(d->server);
    }
    br_work_stop(d->api.work);
    if (d->server != NULL) {
        br_http_server_stop(d->server);
    }
    br_sessions_free(d->api.sessions);
    br_challenges_free(d->api.challenges);
    br_wallet_close(&d->wallet);
    free(d);
}

const char *
br_wallet_url(const struct br_wallet_daemon *d)
{
    return d->url;
}

void
br_wallet_tick(struct br_wallet_daemon *d)
{
    br_sessions_sweep(d->api.sessions, br_client_now_s());
    br_wallet_regular_work(&d->api);
}
