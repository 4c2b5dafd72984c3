/*
 * Asking a registry over HTTP: what is kept, for how long, and what is done
 * with one that does not answer. The server counts who asks.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/net/fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/codec/json.h"
#include "common/crypto/hash.h"
#include "common/registry/client.h"

enum { NOW = 1800000000 };

static atomic_int visits;
static atomic_int status;
static atomic_bool knows; /**< somebody is registered */
static struct br_http_server *server;
static struct br_registry_client *client;
static struct br_private_key *key;
static char url[128];
static char thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1];
static struct br_err err;

/** Whose it is, without a type: the shortest answer there is. */
static void
answer(struct br_http_request *req, void *ctx)
{
    char text[1024];
    const char *at = br_http_query(req, "at");
    (void)ctx;
    (void)atomic_fetch_add(&visits, 1);
    (void)snprintf(
        text, sizeof(text),
        "{\"thumbprint\":\"%s\",\"at_us\":%s,\"items\":[%s]}", thumbprint,
        at == NULL ? "1800000000000000" : at,
        atomic_load(&knows) ? "{\"did\":\"did:broletto:c:a\",\"name\":\"A\","
                              "\"active\":true}"
                            : "");
    const struct br_http_answer a = {
        .status = atomic_load(&status), .body = br_str(text)};
    br_http_reply(req, &a);
}

static const struct br_http_route routes[] = {
    {.method = "GET", .path = "/v1/registry/keys/{key}", .handler = answer},
};

static int
begin(void **state)
{
    uint8_t seed[BR_PRIVATE_KEY_SEED_BYTES];
    memset(seed, 7, sizeof(seed));
    (void)state;
    if (br_crypto_init(&err) != BR_OK ||
        br_private_key_derive(BR_KEY_P256, seed, &key, &err) != BR_OK) {
        return -1;
    }
    server = serve(routes, 1, NULL);
    (void)snprintf(
        url, sizeof(url), "http://%s", br_http_server_address(server));
    return br_jwk_thumbprint_text(
               br_private_key_public(key), thumbprint, &err) == BR_OK
               ? 0
               : -1;
}

static int
end(void **state)
{
    (void)state;
    br_http_server_stop(server);
    br_private_key_free(key);
    return 0;
}

static void
open_client(const char *urls, uint64_t fresh_s, uint64_t grace_s)
{
    const struct br_registry_options o = {
        .urls = urls,
        .fresh_s = fresh_s,
        .grace_s = grace_s,
        .timeout_ms = 2000};
    atomic_store(&visits, 0);
    atomic_store(&status, 200);
    atomic_store(&knows, true);
    assert_int_equal(br_registry_client_new(&o, &client, &err), BR_OK);
}

static int
close_client(void **state)
{
    (void)state;
    br_registry_client_free(client);
    client = NULL;
    return 0;
}

static struct br_standing
ask_at(uint64_t now_s, uint64_t at_s)
{
    struct br_standing s;
    const struct br_standing_question q = {
        .key = br_private_key_public(key), .at_s = at_s};
    br_registry_ask(client, &q, now_s, &s);
    return s;
}

static void
an_answer_is_kept_while_it_is_fresh(void **state)
{
    (void)state;
    open_client(url, 60, 0);
    struct br_standing s = ask_at(NOW, 0);
    assert_int_equal(s.kind, BR_STANDING_REGISTERED);
    assert_string_equal(s.name, "A");
    assert_string_equal(s.registry, url);
    atomic_store(&knows, false);
    assert_int_equal(ask_at(NOW + 59, 0).kind, BR_STANDING_REGISTERED);
    assert_int_equal(atomic_load(&visits), 1);
    assert_int_equal(ask_at(NOW + 60, 0).kind, BR_STANDING_UNREGISTERED);
    assert_int_equal(ask_at(NOW + 61, 0).kind, BR_STANDING_UNREGISTERED);
    assert_int_equal(atomic_load(&visits), 2);
    assert_int_equal(ask_at(NOW + 61, 5).kind, BR_STANDING_UNREGISTERED);
    assert_int_equal(atomic_load(&visits), 3); /* another question */
}

static void
the_oldest_goes_when_there_are_many(void **state)
{
    (void)state;
    open_client(url, 60, 0);
    for (uint64_t at_s = 1; at_s <= BR_REGISTRY_KEPT_MAX + 1; at_s++) {
        (void)ask_at(NOW, at_s);
    }
    (void)ask_at(NOW, 2);
    assert_int_equal(atomic_load(&visits), BR_REGISTRY_KEPT_MAX + 1);
    (void)ask_at(NOW, 1);
    assert_int_equal(atomic_load(&visits), BR_REGISTRY_KEPT_MAX + 2);
}

static void
one_that_fails_rests(void **state)
{
    (void)state;
    open_client(url, 0, 0);
    atomic_store(&status, 503);
    struct br_standing s = ask_at(NOW, 0);
    assert_int_equal(s.kind, BR_STANDING_UNKNOWN);
    assert_non_null(strstr(s.reason, "registry-fetch"));
    assert_non_null(strstr(s.reason, "503"));
    atomic_store(&status, 200);
    assert_int_equal(
        ask_at(NOW + BR_REGISTRY_REST_S - 1, 0).kind, BR_STANDING_UNKNOWN);
    assert_int_equal(atomic_load(&visits), 1);
    assert_int_equal(
        ask_at(NOW + BR_REGISTRY_REST_S, 0).kind, BR_STANDING_REGISTERED);
}

static void
a_yes_of_before_counts_as_long_as_is_wished(void **state)
{
    (void)state;
    open_client(url, 60, 100);
    (void)ask_at(NOW, 0);
    atomic_store(&status, 500);
    struct br_standing s = ask_at(NOW + 159, 0);
    assert_int_equal(s.kind, BR_STANDING_REGISTERED);
    assert_int_equal(s.at_s, NOW); /* its age is told */
    assert_int_equal(ask_at(NOW + 160, 0).kind, BR_STANDING_UNKNOWN);
}

static void
a_no_of_before_is_no_grace(void **state)
{
    (void)state;
    open_client(url, 60, 100);
    atomic_store(&knows, false);
    (void)ask_at(NOW, 0);
    atomic_store(&status, 500);
    assert_int_equal(ask_at(NOW + 61, 0).kind, BR_STANDING_UNKNOWN);
}

static void
what_is_said_wrongly_is_no_grace_and_no_rest(void **state)
{
    (void)state;
    open_client(url, 0, 1000);
    (void)ask_at(NOW, 0);
    /* Its clock stands still: five minutes later it is not about now. */
    struct br_standing s = ask_at(NOW + 301, 0);
    assert_int_equal(s.kind, BR_STANDING_UNKNOWN);
    assert_non_null(strstr(s.reason, "registry-answer"));
    assert_int_equal(ask_at(NOW + 1, 0).kind, BR_STANDING_REGISTERED);
}

static void
several_are_asked_in_their_order(void **state)
{
    char both[300];
    (void)state;
    (void)snprintf(both, sizeof(both), " http://127.0.0.1:1  %s/ ", url);
    open_client(both, 0, 0);
    struct br_standing s = ask_at(NOW, 0);
    assert_int_equal(s.kind, BR_STANDING_REGISTERED);
    assert_string_equal(s.registry, url);
    atomic_store(&knows, false); /* and the first one cannot be asked */
    s = ask_at(NOW, 0);
    assert_int_equal(s.kind, BR_STANDING_UNKNOWN);
    assert_non_null(strstr(s.reason, "registry-fetch"));
}

static void
without_registries_nobody_is_asked(void **state)
{
    (void)state;
    open_client("  ", 0, 0);
    assert_null(client);
    assert_int_equal(ask_at(NOW, 0).kind, BR_STANDING_NOT_ASKED);
}

static void
what_is_not_to_be_asked_is_told(void **state)
{
    static const char five[] =
        "https://a.example https://b.example https://c.example "
        "https://d.example https://e.example";
    static const char *const bad[] = {
        "http://example.org",
        "ftp://example.org",
        "https://",
        "https://a@example.org",
        "https://a.example/?q",
        "https://a.example/#f",
        five};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct br_registry_options o = {.urls = bad[i]};
        client = NULL;
        assert_int_equal(
            br_registry_client_new(&o, &client, &err), BR_ERR_CONFIG);
        assert_null(client);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(
            an_answer_is_kept_while_it_is_fresh, close_client),
        cmocka_unit_test_teardown(
            the_oldest_goes_when_there_are_many, close_client),
        cmocka_unit_test_teardown(one_that_fails_rests, close_client),
        cmocka_unit_test_teardown(
            a_yes_of_before_counts_as_long_as_is_wished, close_client),
        cmocka_unit_test_teardown(a_no_of_before_is_no_grace, close_client),
        cmocka_unit_test_teardown(
            what_is_said_wrongly_is_no_grace_and_no_rest, close_client),
        cmocka_unit_test_teardown(
            several_are_asked_in_their_order, close_client),
        cmocka_unit_test_teardown(
            without_registries_nobody_is_asked, close_client),
        cmocka_unit_test_teardown(
            what_is_not_to_be_asked_is_told, close_client),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}
