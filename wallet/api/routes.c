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
#define OFFER (128u * 1024)
#define JSON  "application/json"

static const struct br_http_route routes[] = {
    {.method = "GET", .path = "/", .handler = get_page},
    {.method = "GET", .path = "/web/{rest...}", .handler = get_web},
    {.method = "GET", .path = "/livez", .handler = get_livez},
    {.method = "GET", .path = "/readyz", .handler = get_readyz},
#define GET(at, door) \
    {.method = "GET", .path = "/api/v1" at, .handler = br_wallet_door_##door},
#define SEND(verb, at, door, max)      \
    {.method = verb,                   \
     .path = "/api/v1" at,             \
     .handler = br_wallet_door_##door, \
     .body_bytes_max = max,            \
     .content_type = JSON},
    SEND("POST", "/register", register, SMALL) SEND(
        "POST", "/login", login, SMALL) SEND("POST", "/logout", logout, SMALL)
        GET("/session", session) SEND("POST", "/passphrase", passphrase, SMALL)
            SEND("POST", "/erase", erase, SMALL) GET("/credentials", list) GET(
                "/credentials/{id}",
                show) SEND("POST", "/credentials/{id}/remove", remove, SMALL)
                SEND("POST", "/refresh", refresh, SMALL) GET(
                    "/history", history) SEND("POST", "/offers", look, OFFER)
                    SEND("POST", "/offers/{id}/accept", accept, SMALL) SEND(
                        "POST", "/offers/{id}/decline", decline, SMALL)
                        GET("/settings", settings) SEND(
                            "PUT", "/settings", put_settings, SMALL)
                            SEND("POST", "/requests", ask, OFFER) SEND(
                                "POST", "/requests/{id}/answer", answer, SMALL)
                                SEND(
                                    "POST",
                                    "/requests/{id}/refuse",
                                    refuse,
                                    SMALL)};

const struct br_http_route *
br_wallet_routes(size_t *ret_count)
{
    *ret_count = sizeof(routes) / sizeof(routes[0]);
    return routes;
}
