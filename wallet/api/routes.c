/* Every door, and those that need nobody.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/web/web.h"
#include "wallet/api/api.h"

extern const struct br_web_set br_wallet_page;

static void
get_page(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    br_web_reply(req, &br_wallet_page, "index.html");
}

/** At the root, so that it may serve the page itself without a network. */
static void
get_worker(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    br_web_reply(req, &br_wallet_page, "sw.js");
}

static void
get_web(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    br_web_reply(req, &br_wallet_page, br_http_param(req, 0));
}

static void
say(struct br_http_request *req, int status, const char *text)
{
    const struct br_http_answer a = {
        .status = status,
        .content_type = "text/plain; charset=utf-8",
        .body = br_str(text),
    };
    br_http_reply(req, &a);
}

static void
get_livez(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    say(req, 200, "ok\n");
}

static void
get_readyz(struct br_http_request *req, void *ctx)
{
    struct br_wallet_api *api = (struct br_wallet_api *)ctx;
    if (atomic_load(&api->stopping)) {
        say(req, 503, "stopping\n");
    } else {
        say(req, 200, "ok\n");
    }
}

/* A passphrase, an identifier, a few settings; an offer by value is larger. */
#define SMALL 8192
/* A passkey's answer: two texts of four kilobytes at most, in base64url. */
#define ANSWER (16u * 1024)
#define OFFER  (128u * 1024)
#define BACK   (16u * 1024)
#define JSON   "application/json"

static const struct br_http_route routes[] = {
    {.method = "GET", .path = "/", .handler = get_page},
    {.method = "GET", .path = "/sw.js", .handler = get_worker},
    /* Where a browser comes back from an issuer's page: it brings no cookie
     * (SameSite), so the page takes the address and sends it on. */
    {.method = "GET", .path = "/back", .handler = get_page},
    {.method = "GET", .path = "/web/{rest...}", .handler = get_web},
    {.method = "GET", .path = "/livez", .handler = get_livez},
    {.method = "GET", .path = "/readyz", .handler = get_readyz},
    {"POST", "/api/v1/register", br_wallet_door_register, SMALL, JSON, NULL,
     NULL},
    {"POST", "/api/v1/login", br_wallet_door_login, SMALL, JSON, NULL, NULL},
    {"POST", "/api/v1/logout", br_wallet_door_logout, SMALL, JSON, NULL, NULL},
    {"GET", "/api/v1/session", br_wallet_door_session, 0, NULL, NULL, NULL},
    {"POST", "/api/v1/passphrase", br_wallet_door_passphrase, ANSWER, JSON,
     NULL, NULL},
    {"POST", "/api/v1/passphrase/remove", br_wallet_door_passphrase_drop,
     ANSWER, JSON, NULL, NULL},
    {"POST", "/api/v1/backup", br_wallet_door_backup, ANSWER, JSON, NULL, NULL},
    {"POST", "/api/v1/restore", br_wallet_door_restore,
     BR_WALLET_RESTORE_BYTES_MAX, JSON, NULL, NULL},
    {"GET", "/api/v1/entrance", br_wallet_door_entrance, 0, NULL, NULL, NULL},
    {"POST", "/api/v1/passkey/login/options",
     br_wallet_door_passkey_enter_options, SMALL, JSON, NULL, NULL},
    {"POST", "/api/v1/passkey/login", br_wallet_door_passkey_enter, ANSWER,
     JSON, NULL, NULL},
    {"POST", "/api/v1/passkey/register/options",
     br_wallet_door_passkey_register_options, SMALL, JSON, NULL, NULL},
    {"POST", "/api/v1/passkey/register", br_wallet_door_passkey_register,
     ANSWER, JSON, NULL, NULL},
    {"GET", "/api/v1/passkeys", br_wallet_door_passkeys, 0, NULL, NULL, NULL},
    {"POST", "/api/v1/passkeys/confirm/options",
     br_wallet_door_passkey_confirm_options, SMALL, JSON, NULL, NULL},
    {"POST", "/api/v1/passkeys/options", br_wallet_door_passkey_add_options,
     ANSWER, JSON, NULL, NULL},
    {"POST", "/api/v1/passkeys", br_wallet_door_passkey_add, ANSWER, JSON, NULL,
     NULL},
    {"POST", "/api/v1/passkeys/{id}/remove", br_wallet_door_passkey_remove,
     ANSWER, JSON, NULL, NULL},
    {"POST", "/api/v1/erase", br_wallet_door_erase, ANSWER, JSON, NULL, NULL},
    {"GET", "/api/v1/credentials", br_wallet_door_list, 0, NULL, NULL, NULL},
    {"GET", "/api/v1/credentials/{id}", br_wallet_door_show, 0, NULL, NULL,
     NULL},
    {"POST", "/api/v1/credentials/{id}/remove", br_wallet_door_remove, SMALL,
     JSON, NULL, NULL},
    {"POST", "/api/v1/credentials/{id}/renew", br_wallet_door_renew, SMALL,
     JSON, NULL, NULL},
    {"POST", "/api/v1/refresh", br_wallet_door_refresh, SMALL, JSON, NULL,
     NULL},
    {"GET", "/api/v1/history", br_wallet_door_history, 0, NULL, NULL, NULL},
    {"POST", "/api/v1/history/{id}/letter", br_wallet_door_letter, SMALL, JSON,
     NULL, NULL},
    {"POST", "/api/v1/history/{id}/sent", br_wallet_door_letter_sent, SMALL,
     JSON, NULL, NULL},
    {"POST", "/api/v1/history/{id}/undo", br_wallet_door_letter_undo, SMALL,
     JSON, NULL, NULL},
    {"POST", "/api/v1/offers", br_wallet_door_look, OFFER, JSON, NULL, NULL},
    {"POST", "/api/v1/offers/{id}/accept", br_wallet_door_accept, SMALL, JSON,
     NULL, NULL},
    {"POST", "/api/v1/offers/{id}/authorize", br_wallet_door_authorize, SMALL,
     JSON, NULL, NULL},
    {"POST", "/api/v1/offers/back", br_wallet_door_back, BACK, JSON, NULL,
     NULL},
    {"POST", "/api/v1/offers/{id}/decline", br_wallet_door_decline, SMALL, JSON,
     NULL, NULL},
    {"GET", "/api/v1/settings", br_wallet_door_settings, 0, NULL, NULL, NULL},
    {"PUT", "/api/v1/settings", br_wallet_door_put_settings, SMALL, JSON, NULL,
     NULL},
    {"POST", "/api/v1/requests", br_wallet_door_ask, OFFER, JSON, NULL, NULL},
    {"POST", "/api/v1/requests/{id}/answer", br_wallet_door_answer, SMALL, JSON,
     NULL, NULL},
    {"POST", "/api/v1/requests/{id}/refuse", br_wallet_door_refuse, SMALL, JSON,
     NULL, NULL},
};

const struct br_http_route *
br_wallet_routes(size_t *ret_count)
{
    *ret_count = sizeof(routes) / sizeof(routes[0]);
    return routes;
}
