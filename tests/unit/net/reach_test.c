/*
 * Where a call may go whose address a stranger gave.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/net/fixture.h"

#include "common/net/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static union address
address(const char *text)
{
    union address a;
    memset(&a, 0, sizeof(a));
    if (inet_pton(AF_INET, text, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
    } else {
        a.v6.sin6_family = AF_INET6;
        assert_int_equal(inet_pton(AF_INET6, text, &a.v6.sin6_addr), 1);
    }
    return a;
}

static void
public_addresses_are_public(void **state)
{
    static const char *const list[] = {
        "1.1.1.1",      "9.255.255.255", "11.0.0.0",     "100.63.255.255",
        "100.128.0.0",  "126.0.0.1",     "128.0.0.1",    "169.253.255.255",
        "172.15.0.1",   "172.32.0.0",    "192.0.1.1",    "192.167.255.255",
        "192.169.0.0",  "198.17.255.1",  "198.20.0.0",   "223.255.255.255",
        "2606:4700::1", "2a00:1450::1",  "2001:4860::1", "::ffff:1.1.1.1",
        "2001:db9::1",  "3ffe::1",       "2003::1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        union address a = address(list[i]);
        if (!br_reach_is_public(&a.any) || br_reach_is_loopback(&a.any)) {
            fail_msg("%s", list[i]);
        }
    }
}

static void
special_addresses_are_not(void **state)
{
    static const char *const list[] = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:1::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        union address a = address(list[i]);
        if (br_reach_is_public(&a.any)) {
            fail_msg("%s", list[i]);
        }
    }
}

static void
this_machine_is_told(void **state)
{
    (void)state;
    static const char *const list[] = {
        "127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"};
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        union address a = address(list[i]);
        assert_true(br_reach_is_loopback(&a.any));
    }
    union address other = address("::2");
    assert_false(br_reach_is_loopback(&other.any));
    struct sockaddr local = {.sa_family = AF_UNIX};
    assert_false(br_reach_is_public(&local));
    assert_false(br_reach_is_loopback(&local));
}

static void
hello(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    const struct br_http_answer a = {.status = 200, .body = br_str("hello")};
    br_http_reply(req, &a);
}

static enum br_rc
call(const char *url, enum br_reach reach)
{
    struct br_http_client *client;
    struct br_buf body;
    struct br_err err;
    int status = 0;
    assert_int_equal(br_http_client_new(&client, &err), BR_OK);
    const struct br_http_call c = {
        .method = "GET",
        .url = url,
        .answer_bytes_max = 100,
        .timeout_ms = 5000,
        .reach = reach,
    };
    br_buf_init(&body, 100);
    enum br_rc rc = br_http_call(client, &c, &status, &body, &err);
    br_buf_fini(&body);
    br_http_client_free(client);
    return rc;
}

/** The same server is reached, or not, by who gave its address. */
static void
a_call_stays_within_its_reach(void **state)
{
    (void)state;
    static const struct br_http_route routes[] = {
        {.method = "GET", .path = "/", .handler = hello}};
    const struct br_http_server_options options = {
        .listen = "127.0.0.1:0", .routes = routes, .route_count = 1};
    struct br_http_server *server;
    struct br_err err;
    char url[100];
    assert_int_equal(br_http_server_start(&options, &server, &err), BR_OK);
    (void)snprintf(
        url, sizeof(url), "http://%s/", br_http_server_address(server));
    assert_int_equal(call(url, BR_REACH_ANY), BR_OK);
    assert_int_equal(call(url, BR_REACH_PUBLIC_OR_LOOPBACK), BR_OK);
    assert_int_equal(call(url, BR_REACH_PUBLIC), BR_ERR_MALFORMED);
    url[0] = '\0';
    (void)snprintf(
        url, sizeof(url), "https://%s/", br_http_server_address(server));
    assert_int_equal(call(url, BR_REACH_PUBLIC), BR_ERR_FORBIDDEN);
    br_http_server_stop(server);
    assert_int_equal(
        call("http://169.254.169.254/", BR_REACH_PUBLIC_OR_LOOPBACK),
        BR_ERR_FORBIDDEN);
    assert_int_equal(
        call("https://[fd00::1]/", BR_REACH_PUBLIC), BR_ERR_FORBIDDEN);
    assert_int_equal(
        call("https://[::ffff:10.0.0.1]/", BR_REACH_PUBLIC), BR_ERR_FORBIDDEN);
    assert_int_equal(
        call("file:///etc/passwd", BR_REACH_ANY), BR_ERR_MALFORMED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_addresses_are_public),
        cmocka_unit_test(special_addresses_are_not),
        cmocka_unit_test(this_machine_is_told),
        cmocka_unit_test(a_call_stays_within_its_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
