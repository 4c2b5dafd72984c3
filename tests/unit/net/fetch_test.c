/*
 * Where a stranger's address may not lead: by its words, by what it resolves
 * to, by a redirect. The server counts who came.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/net/fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/fetch.h"

static atomic_int visits;
static struct br_http_server *server;
static struct br_http_client *client;
static const char *port;
static struct br_buf body;
static struct br_err err;

static void
tell(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    (void)atomic_fetch_add(&visits, 1);
    const char *proof = br_http_header(req, "DPoP");
    const struct br_http_answer a = {
        .status = 200, .body = br_str(proof == NULL ? "-" : proof)};
    br_http_reply(req, &a);
}

static void
redirect(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    const struct br_http_header_pair pair = {"Location", "/tell"};
    const struct br_http_answer a = {
        .status = 307, .headers = &pair, .header_count = 1};
    br_http_reply(req, &a);
}

static void
large(struct br_http_request *req, void *ctx)
{
    static const char zeros[100000];
    (void)ctx;
    const struct br_http_answer a = {
        .status = 200,
        .body = br_bytes(zeros, sizeof(zeros)),
        .is_static = true};
    br_http_reply(req, &a);
}

static const struct br_http_route routes[] = {
    {.method = "GET", .path = "/tell", .handler = tell},
    {.method = "GET", .path = "/redirect", .handler = redirect},
    {.method = "GET", .path = "/large", .handler = large},
};

static int
start(void **state)
{
    (void)state;
    server = serve(routes, sizeof(routes) / sizeof(routes[0]), NULL);
    port = strrchr(br_http_server_address(server), ':');
    br_buf_init(&body, 1000000);
    atomic_store(&visits, 0);
    return br_http_client_new(&client, &err) == BR_OK ? 0 : -1;
}

static int
stop(void **state)
{
    (void)state;
    br_http_client_free(client);
    br_http_server_stop(server);
    br_buf_fini(&body);
    return 0;
}

static enum br_rc
fetch(bool allow_loopback, const char *before, const char *after)
{
    char url[512];
    int status = 0;
    const struct br_fetch_policy policy = {.allow_loopback = allow_loopback};
    const struct br_http_field dpop = {"DPoP", "a-proof"};
    (void)snprintf(url, sizeof(url), "%s%s%s", before, port, after);
    const struct br_fetch f = {
        .url = br_str(url),
        .headers = &dpop,
        .header_count = 1,
        .answer_bytes_max = 50000,
        .timeout_ms = 5000,
    };
    br_buf_clear(&body);
    err.text[0] = '\0';
    return br_fetch_call(client, &policy, &f, &status, &body, &err);
}

static void
this_machine_is_asked_only_when_allowed(void **state)
{
    (void)state;
    assert_int_equal(
        fetch(false, "http://127.0.0.1", "/tell"), BR_ERR_FORBIDDEN);
    assert_non_null(strstr(err.text, "allow_loopback"));
    assert_int_equal(
        fetch(false, "http://localhost", "/tell"), BR_ERR_FORBIDDEN);
    assert_int_equal(atomic_load(&visits), 0);
    assert_int_equal(fetch(true, "http://127.0.0.1", "/tell"), BR_OK);
    assert_true(br_bytes_eq(br_buf_bytes(&body), br_str("a-proof")));
    assert_int_equal(atomic_load(&visits), 1);
}

/** Other spellings of this machine pass as words, and are caught when they
 *  have been resolved. */
static void
what_it_resolves_to_is_looked_at(void **state)
{
    static const char *const names[] = {
        "https://2130706433",
        "https://0x7f.0.0.1",
        "https://0177.1",
        "https://[::ffff:127.0.0.1]",
        "https://[::ffff:7f00:1]",
        "https://127.1",
        "https://0",
        "https://169.254.169.254",
        "https://10.0.0.1",
        "https://[fe80::1]",
        "https://[fd00::1]",
        "https://[64:ff9b::7f00:1]",
        "https://localhost.localdomain",
        "https://100.64.0.1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        enum br_rc rc = fetch(false, names[i], "/tell");
        if (rc == BR_ERR_NETWORK && strstr(err.text, "resolve") != NULL) {
            continue; /* a machine without this name */
        }
        if (rc != BR_ERR_FORBIDDEN) {
            fail_msg("%s: %s", names[i], err.text);
        }
        assert_non_null(strstr(err.text, "not public"));
    }
    /* Loopback allowed is not the private network allowed. */
    assert_int_equal(
        fetch(true, "https://169.254.169.254", "/tell"), BR_ERR_FORBIDDEN);
    assert_int_equal(
        fetch(true, "https://192.168.1.1", "/tell"), BR_ERR_FORBIDDEN);
    assert_int_equal(atomic_load(&visits), 0);
}

static void
words_of_an_address(void **state)
{
    static const char *const bad[] = {
        "http://issuer.example/",
        "ftp://issuer.example/",
        "file:///etc/passwd",
        "https://user@issuer.example/",
        "https://issuer.example@127.0.0.1/",
        "https:///path",
        "https://issuer.example\\@127.0.0.1/",
        "https://issuer.example/a b",
        "https://issuer.example/\r\nHost: x",
        "HTTPS://issuer.example/",
        "gopher://issuer.example",
        "http://127.0.0.1.evil.example/",
        "http://localhost.evil.example/",
        "",
    };
    (void)state;
    const struct br_fetch_policy policy = {.allow_loopback = true};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        enum br_rc rc = br_fetch_check(&policy, br_str(bad[i]), &err);
        if (rc != BR_ERR_FORBIDDEN && rc != BR_ERR_MALFORMED) {
            fail_msg("%s: %d", bad[i], rc);
        }
    }
    assert_int_equal(
        br_fetch_check(&policy, br_str("https://issuer.example/a"), &err),
        BR_OK);
    assert_int_equal(
        br_fetch_check(&policy, br_str("http://[::1]:80/"), &err), BR_OK);
    char longest[2100];
    int begun = snprintf(longest, sizeof(longest), "https://a/");
    memset(longest + begun, 'a', sizeof(longest) - (size_t)begun);
    assert_int_equal(
        br_fetch_check(&policy, br_bytes(longest, 2048), &err), BR_OK);
    assert_int_equal(
        br_fetch_check(&policy, br_bytes(longest, 2049), &err),
        BR_ERR_MALFORMED);
}

static void
redirects_and_large_answers_are_refused(void **state)
{
    (void)state;
    assert_int_equal(
        fetch(true, "http://127.0.0.1", "/redirect"), BR_ERR_FORBIDDEN);
    assert_non_null(strstr(err.text, "redirect"));
    assert_int_equal(
        fetch(true, "http://127.0.0.1", "/large"), BR_ERR_TOO_LARGE);
    assert_int_equal(atomic_load(&visits), 0);
}

/** A proxy would resolve the name in our place. */
static void
proxies_are_not_used(void **state)
{
    char proxy[128];
    (void)state;
    (void)snprintf(proxy, sizeof(proxy), "http://127.0.0.1%s", port);
    assert_int_equal(setenv("https_proxy", proxy, 1), 0);
    assert_int_equal(setenv("http_proxy", proxy, 1), 0);
    assert_int_equal(
        fetch(false, "https://10.0.0.1", "/tell"), BR_ERR_FORBIDDEN);
    (void)unsetenv("https_proxy");
    (void)unsetenv("http_proxy");
    assert_int_equal(atomic_load(&visits), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            this_machine_is_asked_only_when_allowed, start, stop),
        cmocka_unit_test_setup_teardown(
            what_it_resolves_to_is_looked_at, start, stop),
        cmocka_unit_test(words_of_an_address),
        cmocka_unit_test_setup_teardown(
            redirects_and_large_answers_are_refused, start, stop),
        cmocka_unit_test_setup_teardown(proxies_are_not_used, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
