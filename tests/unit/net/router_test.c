/* Routes: what matches, what is refused and how.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/net/fixture.h"

#include <string.h>

#include "common/net/router.h"

static void
handle(struct br_http_request *req, void *ctx)
{
    (void)req;
    (void)ctx;
}

#define ROUTE(m, p, ...)                                           \
    {                                                              \
        .method = (m), .path = (p), .handler = handle, __VA_ARGS__ \
    }

static const struct br_http_route routes[] = {
    ROUTE("GET", "/", .body_bytes_max = 0),
    ROUTE("GET", "/v1/log", .body_bytes_max = 0),
    ROUTE("GET", "/v1/log/entries", .body_bytes_max = 0),
    ROUTE("GET", "/v1/log/entries/{index}", .body_bytes_max = 0),
    ROUTE("GET", "/v1/log/entries/{index}/receipt.cose", .body_bytes_max = 0),
    ROUTE("POST", "/v1/r/{a}/v/{b}/h", .body_bytes_max = 9),
    ROUTE("POST", "/v1/r/fixed/v/{b}/h", .body_bytes_max = 9),
    ROUTE("POST", "/b", .body_bytes_max = 9, .content_type = "text/a"),
    ROUTE("POST", "/b", .body_bytes_max = 9, .content_type = "text/b"),
    ROUTE("PUT", "/b", .body_bytes_max = 9),
    ROUTE("GET", "/tile/{rest...}", .body_bytes_max = 0),
    ROUTE("GET", "/tile/exact", .body_bytes_max = 0),
};

static struct br_route_match
match(const char *method, const char *path, const char *type)
{
    struct br_route_match m;
    struct br_router *r =
        br_router_new(routes, sizeof(routes) / sizeof(routes[0]));
    assert_non_null(r);
    br_router_match(r, method, path, type, &m);
    br_router_free(r);
    return m;
}

static void
assert_goes_to(const char *method, const char *path, const char *pattern)
{
    struct br_route_match m = match(method, path, NULL);
    assert_non_null(m.route);
    assert_string_equal(m.route->path, pattern);
    assert_int_equal(m.rc, BR_OK);
}

static void
assert_refused(const char *method, const char *path, enum br_rc rc)
{
    struct br_route_match m = match(method, path, NULL);
    assert_null(m.route);
    assert_int_equal(m.rc, rc);
}

static void
assert_param(const struct br_route_match *m, size_t i, const char *text)
{
    assert_true(i < m->param_count);
    assert_true(br_bytes_eq(m->params[i], br_str(text)));
}

static void
test_exact_paths(void **state)
{
    (void)state;
    assert_goes_to("GET", "/", "/");
    assert_goes_to("GET", "/v1/log", "/v1/log");
    assert_goes_to("HEAD", "/v1/log", "/v1/log");
    assert_goes_to("GET", "/tile/exact", "/tile/exact");
    assert_refused("GET", "/v1/log/", BR_ERR_NOT_FOUND);
    assert_refused("GET", "/v1/lo", BR_ERR_NOT_FOUND);
    assert_refused("GET", "//v1/log", BR_ERR_NOT_FOUND);
    assert_refused("GET", "*", BR_ERR_NOT_FOUND);
    assert_refused("GET", "", BR_ERR_NOT_FOUND);
}

static void
test_parameters(void **state)
{
    (void)state;
    struct br_route_match m = match("GET", "/v1/log/entries/42", NULL);
    assert_string_equal(m.route->path, "/v1/log/entries/{index}");
    assert_int_equal(m.param_count, 1);
    assert_param(&m, 0, "42");
    m = match("POST", "/v1/r/x/v/y/h", NULL);
    assert_int_equal(m.param_count, 2);
    assert_param(&m, 0, "x");
    assert_param(&m, 1, "y");
    assert_refused("GET", "/v1/log/entries/", BR_ERR_NOT_FOUND);
    assert_refused("GET", "/v1/log/entries/42/", BR_ERR_NOT_FOUND);
    assert_refused("GET", "/v1/log/entries/42/x", BR_ERR_NOT_FOUND);
    assert_refused("POST", "/v1/r//v/y/h", BR_ERR_NOT_FOUND);
    assert_refused("POST", "/v1/r/x/v/y/h/", BR_ERR_NOT_FOUND);
}

static void
test_the_rest_of_a_path(void **state)
{
    (void)state;
    struct br_route_match m = match("GET", "/tile/0/x001/067.p/8", NULL);
    assert_string_equal(m.route->path, "/tile/{rest...}");
    assert_param(&m, 0, "0/x001/067.p/8");
    m = match("GET", "/tile/", NULL);
    assert_param(&m, 0, "");
    assert_refused("GET", "/tile", BR_ERR_NOT_FOUND);
}

static void
test_first_given_goes_first(void **state)
{
    (void)state;
    assert_goes_to("POST", "/v1/r/fixed/v/y/h", "/v1/r/{a}/v/{b}/h");
}

static void
test_wrong_method_tells_the_right_ones(void **state)
{
    (void)state;
    struct br_route_match m = match("DELETE", "/b", NULL);
    assert_int_equal(m.rc, BR_ERR_METHOD_NOT_ALLOWED);
    assert_string_equal(m.allow, "POST, PUT");
    m = match("POST", "/v1/log/entries/1", NULL);
    assert_int_equal(m.rc, BR_ERR_METHOD_NOT_ALLOWED);
    assert_string_equal(m.allow, "GET, HEAD");
    assert_refused("get", "/v1/log", BR_ERR_METHOD_NOT_ALLOWED);
    assert_refused("HEAD", "/b", BR_ERR_METHOD_NOT_ALLOWED);
}

static void
test_the_media_type_chooses(void **state)
{
    (void)state;
    struct br_route_match m = match("POST", "/b", "TEXT/B; charset=utf-8");
    assert_string_equal(m.route->content_type, "text/b");
    m = match("POST", "/b", "text/a");
    assert_string_equal(m.route->content_type, "text/a");
    m = match("POST", "/b", "text/ab");
    assert_null(m.route);
    assert_int_equal(m.rc, BR_ERR_MEDIA_TYPE);
    m = match("POST", "/b", "");
    assert_int_equal(m.rc, BR_ERR_MEDIA_TYPE);
    m = match("PUT", "/b", "anything");
    assert_non_null(m.route);
}

static void
codings_are_negotiated(void **state)
{
    static const struct {
        const char *header;
        bool taken;
    } cases[] = {
        {NULL, false},
        {"", false},
        {"gzip", true},
        {"GZip", true},
        {"deflate, gzip, br", true},
        {"deflate,gzip;q=0.5", true},
        {"gzip;q=0", false},
        {"gzip; q=0.000 , *", false},
        {"gzip;q=0.001", true},
        {"gzip;q=1.0", true},
        {"*", true},
        {"*;q=0", false},
        {"identity", false},
        {"xgzip, gzipx, x-gzip", false},
        {" , ,\tgzip", true},
        {"identity;q=0, gzip ;Q=1", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (br_accepts_coding(cases[i].header, "gzip") != cases[i].taken) {
            fail_msg("%s", cases[i].header);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_paths),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_the_rest_of_a_path),
        cmocka_unit_test(test_first_given_goes_first),
        cmocka_unit_test(test_wrong_method_tells_the_right_ones),
        cmocka_unit_test(test_the_media_type_chooses),
        cmocka_unit_test(codings_are_negotiated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
