/*
 * Where claims come from: configuration, JSON pointers, the answer of a source.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/crypto/hash.h"
#include "orchestrator/source/source.h"
#include "tests/unit/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct br_arena arena;

static int
set_up(void **state)
{
    (void)state;
    assert_int_equal(br_crypto_init(NULL), BR_OK);
    br_arena_init(&arena, 4u * 1024 * 1024);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    br_arena_fini(&arena);
    return 0;
}

static struct br_json *
json(const char *text)
{
    struct br_json *v = NULL;
    struct br_err err;
    if (br_json_parse(br_str(text), &arena, &v, &err) != BR_OK) {
        fail_msg("%s", err.text);
    }
    return v;
}

static enum br_rc
parse_type(const char *source, const char *from, struct br_type **ret)
{
    char text[1024];
    (void)snprintf(
        text, sizeof(text),
        "{\"id\":\"t\",\"display\":[],\"source\":%s,\"claims\":["
        "{\"path\":[\"name\"],\"type\":\"string\",\"required\":true%s},"
        "{\"path\":[\"a\",\"town\"],\"type\":\"string\"},"
        "{\"path\":[\"amount\"],\"type\":\"amount\"},"
        "{\"path\":[\"list\"],\"type\":\"strings\"}]}",
        source, from);
    const char *kept = br_arena_copy(&arena, br_str(text));
    return br_type_parse(json(kept), "https://x", &arena, ret, NULL);
}

/** The examples of RFC 6901 section 5. */
static void
pointers_are_those_of_the_rfc(void **state)
{
    (void)state;
    const struct br_json *v =
        json("{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,"
             "\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8}");
    static const struct {
        const char *pointer;
        const char *raw;
    } cases[] = {
        {"/foo/0", "\"bar\""}, {"/", "0"},
        {"/a~1b", "1"},        {"/c%d", "2"},
        {"/e^f", "3"},         {"/g|h", "4"},
        {"/i\\j", "5"},        {"/k\"l", "6"},
        {"/ ", "7"},           {"/m~0n", "8"},
        {"/foo/1", "\"baz\""},
    };
    static const char *const nothing[] = {
        "/foo/2", "/foo/-", "/foo/01", "/foo/", "/x", "/foo/0/x", "/m~1n"};
    static const char *const bad[] = {"foo", "/a~", "/a~2", "#/foo"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct br_bytes p = br_str(cases[i].pointer);
        assert_int_equal(br_pointer_check(p, NULL), BR_OK);
        const struct br_json *at = br_pointer_find(v, p);
        assert_non_null(at);
        assert_int_equal(at->raw.n, strlen(cases[i].raw));
        assert_memory_equal(at->raw.p, cases[i].raw, at->raw.n);
    }
    assert_ptr_equal(br_pointer_find(v, br_str("")), v);
    for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
        assert_int_equal(br_pointer_check(br_str(nothing[i]), NULL), BR_OK);
        assert_null(br_pointer_find(v, br_str(nothing[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(
            br_pointer_check(br_str(bad[i]), NULL), BR_ERR_MALFORMED);
    }
}

#define URL "\"kind\":\"http\",\"url\":\"https://r.example/p/{reference}\""

static void
configurations_are_refused_early(void **state)
{
    (void)state;
    struct br_type *t;
    static const char *const bad[] = {
        "{}",
        "{\"kind\":\"x\"}",
        "{\"kind\":\"desk\",\"url\":\"\"}",
        "{\"kind\":\"http\",\"url\":\"https://r.example/\"}",
        "{" URL ",\"method\":\"POST\"}",
        "{" URL ",\"method\":\"PUT\"}",
        "{" URL ",\"timeout_ms\":0}",
        "{" URL ",\"timeout_ms\":20001}",
        "{" URL ",\"tries\":6}",
        "{" URL ",\"answer_bytes_max\":2000000}",
        "{" URL ",\"certificate\":\"x\"}",
        "{" URL ",\"unknown\":1}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (parse_type(bad[i], "", &t) != BR_ERR_CONFIG) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    assert_int_equal(
        parse_type("{\"kind\":\"desk\"}", ",\"from\":\"x\"", &t),
        BR_ERR_CONFIG);
    assert_int_equal(parse_type("{" URL ",\"renew\":true}", "", &t), BR_OK);
    assert_int_equal(t->source.kind, BR_SOURCE_HTTP);
    assert_true(t->source.renew);
    assert_int_equal(t->source.tries, 3);
}

static void
addresses_are_https_or_this_machine(void **state)
{
    (void)state;
    static const struct br_source_home strict = {"/nowhere", false, NULL};
    static const struct br_source_home loose = {"/nowhere", true, NULL};
    static const char *const bad[] = {
        "http://r.example/{reference}",
        "https://{reference}.example/",
        "https://u:p@r.example/{reference}",
        "https://r.example/{reference}#x",
        "ftp://r.example/{reference}",
        "https:///{reference}",
        "http://127.0.0.1.evil.example/{reference}",
    };
    char source[256];
    struct br_type *t;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)snprintf(
            source, sizeof(source), "{\"kind\":\"http\",\"url\":\"%s\"}",
            bad[i]);
        assert_int_equal(parse_type(source, "", &t), BR_OK);
        if (br_source_check(&loose, t, NULL) != BR_ERR_CONFIG) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    assert_int_equal(
        parse_type(
            "{\"kind\":\"http\",\"url\":\"http://127.0.0.1:1/{reference}\"}",
            "", &t),
        BR_OK);
    assert_int_equal(br_source_check(&strict, t, NULL), BR_ERR_CONFIG);
    assert_int_equal(br_source_check(&loose, t, NULL), BR_OK);
    assert_int_equal(
        parse_type("{" URL ",\"token_file\":\"none\"}", "", &t), BR_OK);
    assert_int_equal(br_source_check(&strict, t, NULL), BR_ERR_CONFIG);
}

static void
answers_are_mapped_and_checked(void **state)
{
    (void)state;
    struct br_type *t;
    struct br_json *claims;
    struct br_err err;
    assert_int_equal(
        parse_type("{" URL "}", ",\"from\":\"/person/names/0\"", &t), BR_OK);
    assert_int_equal(
        br_source_map(
            t,
            json("{\"person\":{\"names\":[\"Ada\"],\"secret\":1},"
                 "\"a\":{\"town\":\"Pavia\",\"zip\":1},\"amount\":15300.50,"
                 "\"list\":null}"),
            &arena, &claims, &err),
        BR_OK);
    static const char want[] = "{\"name\":\"Ada\",\"a\":{\"town\":\"Pavia\"},"
                               "\"amount\":15300.50}";
    assert_int_equal(claims->raw.n, sizeof(want) - 1);
    assert_memory_equal(claims->raw.p, want, sizeof(want) - 1);
    static const struct {
        const char *answer;
        enum br_rc rc;
    } bad[] = {
        {"{\"person\":{\"names\":[]}}", BR_ERR_MISSING_FIELD},
        {"{\"person\":{\"names\":[7]}}", BR_ERR_WRONG_TYPE},
        {"[]", BR_ERR_MISSING_FIELD},
        {"{\"person\":{\"names\":[\"Ada\"]},\"amount\":\"1\"}",
         BR_ERR_WRONG_TYPE},
        {"{\"person\":{\"names\":[\"Ada\"]},\"amount\":-1}",
         BR_ERR_OUT_OF_RANGE},
        {"{\"person\":{\"names\":[\"Ada\"]},\"list\":[1]}", BR_ERR_WRONG_TYPE},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        enum br_rc rc =
            br_source_map(t, json(bad[i].answer), &arena, &claims, &err);
        if (rc != bad[i].rc) {
            fail_msg("%s: %d", bad[i].answer, (int)rc);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(pointers_are_those_of_the_rfc),
        T(configurations_are_refused_early),
        T(addresses_are_https_or_this_machine),
        T(answers_are_mapped_and_checked),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
