/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/codec/json_support.h"

static struct br_arena arena;
static struct br_err err;
static struct br_json *doc;

static const char text[] =
    "{\"iss\":\"https://issuer.example\",\"iat\":1700000000,\"neg\":-5,"
    "\"half\":0.5,\"big\":18446744073709551615,\"huge\":1e400,\"ok\":true,"
    "\"none\":null,\"list\":[1,{\"x y\":[\"z\"]}],\"obj\":{\"a\":1}}";

static int
begin(void **state)
{
    (void)state;
    br_arena_init(&arena, TEST_ARENA_BYTES);
    doc = parsed(&arena, br_str(text));
    return 0;
}

static int
end(void **state)
{
    (void)state;
    br_arena_fini(&arena);
    return 0;
}

static void
members_and_items(void **state)
{
    (void)state;
    const struct br_json *list = br_json_member(doc, "list");
    assert_true(
        br_json_is(br_json_member(doc, "iss"), "https://issuer.example"));
    assert_false(br_json_is(br_json_member(doc, "iss"), "https://issuer"));
    assert_false(br_json_is(br_json_member(doc, "iat"), "1700000000"));
    assert_false(br_json_is(NULL, ""));
    assert_int_equal(br_json_count(doc), 10);
    assert_int_equal(br_json_count(list), 2);
    assert_int_equal(br_json_count(br_json_member(doc, "iss")), 0);
    assert_ptr_equal(br_json_at(list, 1), br_json_first(list)->next);
    assert_null(br_json_at(list, 2));
    assert_null(br_json_at(doc, 0));
    assert_null(br_json_member(list, "iss"));
    assert_null(br_json_member(NULL, "iss"));
    assert_null(br_json_member(doc, "is"));
    assert_null(br_json_member(doc, "isss"));
    assert_null(br_json_first(br_json_member(doc, "iat")));
    assert_null(br_json_first(NULL));
    size_t n = 0;
    for (const struct br_json *m = br_json_first(doc); m != NULL; m = m->next) {
        assert_ptr_equal(br_json_member_bytes(doc, m->name), m);
        n++;
    }
    assert_int_equal(n, 10);
}

static void
what_is_needed_and_there(void **state)
{
    (void)state;
    struct br_bytes string;
    uint64_t u;
    int64_t i;
    bool b;
    double d;
    struct br_json *v;
    assert_int_equal(br_json_need_string(doc, "iss", &string, &err), BR_OK);
    assert_bytes_equal(string, br_str("https://issuer.example"));
    assert_int_equal(br_json_need_uint(doc, "iat", &u, &err), BR_OK);
    assert_int_equal(u, 1700000000);
    assert_int_equal(br_json_need_uint(doc, "big", &u, &err), BR_OK);
    assert_true(u == UINT64_MAX);
    assert_int_equal(br_json_need_int(doc, "neg", &i, &err), BR_OK);
    assert_int_equal(i, -5);
    assert_int_equal(br_json_need_boolean(doc, "ok", &b, &err), BR_OK);
    assert_true(b);
    assert_int_equal(br_json_need(doc, "list", BR_JSON_ARRAY, &v, &err), BR_OK);
    assert_ptr_equal(v, br_json_member(doc, "list"));
    assert_int_equal(
        br_json_as_double(br_json_member(doc, "half"), &d, &err), BR_OK);
    assert_true(d == 0.5);
    assert_int_equal(
        br_json_as_double(br_json_member(doc, "neg"), &d, &err), BR_OK);
    assert_true(d == -5);
    assert_int_equal(
        br_json_as(br_json_member(doc, "none"), BR_JSON_NULL, &err), BR_OK);
}

static void
whole_numbers_to_their_ends(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t i;
        uint64_t u;
        bool is_int;
        bool is_uint;
    } cases[] = {
        {"0", 0, 0, true, true},
        {"-0", 0, 0, true, true},
        {"-1", -1, 0, true, false},
        {"9223372036854775807", INT64_MAX, INT64_MAX, true, true},
        {"9223372036854775808", 0, UINT64_C(1) << 63, false, true},
        {"-9223372036854775808", INT64_MIN, 0, true, false},
        {"-9223372036854775809", 0, 0, false, false},
        {"18446744073709551616", 0, 0, false, false},
        {"1.0", 0, 0, false, false},
        {"1e0", 0, 0, false, false},
    };
    for (size_t k = 0; k < COUNT(cases); k++) {
        int64_t i = 42;
        uint64_t u = 42;
        const struct br_json *v = parsed(&arena, br_str(cases[k].text));
        enum br_rc rc = br_json_as_int(v, &i, &err);
        assert_int_equal(rc, cases[k].is_int ? BR_OK : BR_ERR_OUT_OF_RANGE);
        assert_true(i == (cases[k].is_int ? cases[k].i : 42));
        rc = br_json_as_uint(v, &u, &err);
        assert_int_equal(rc, cases[k].is_uint ? BR_OK : BR_ERR_OUT_OF_RANGE);
        assert_true(u == (cases[k].is_uint ? cases[k].u : 42));
    }
}

static void
what_is_not_there_or_something_else(void **state)
{
    (void)state;
    struct br_bytes string = br_str("untouched");
    uint64_t u = 42;
    bool b = true;
    struct br_json *v = doc;
    double d = 42;
    assert_int_equal(
        br_json_need_string(doc, "sub", &string, &err), BR_ERR_MISSING_FIELD);
    assert_string_equal(err.text, "JSON, byte 0: $ has no \"sub\"");
    assert_int_equal(
        br_json_need_string(doc, "iat", &string, &err), BR_ERR_WRONG_TYPE);
    assert_string_equal(
        err.text, "JSON, byte 38: $.iat must be a string and is a number");
    assert_int_equal(err.offset, 38);
    assert_int_equal(
        br_json_need_uint(doc, "half", &u, &err), BR_ERR_OUT_OF_RANGE);
    assert_string_equal(
        err.text, "JSON, byte 65: $.half must be a whole number from 0 to "
                  "18446744073709551615");
    assert_int_equal(
        br_json_need_uint(doc, "iss", &u, &err), BR_ERR_WRONG_TYPE);
    assert_int_equal(
        br_json_need_boolean(doc, "none", &b, &err), BR_ERR_WRONG_TYPE);
    assert_int_equal(
        br_json_need(doc, "list", BR_JSON_OBJECT, &v, &err), BR_ERR_WRONG_TYPE);
    assert_int_equal(
        br_json_need_uint(br_json_member(doc, "list"), "x", &u, &err),
        BR_ERR_WRONG_TYPE);
    assert_int_equal(
        br_json_as_double(br_json_member(doc, "huge"), &d, &err),
        BR_ERR_OUT_OF_RANGE);
    assert_bytes_equal(string, br_str("untouched"));
    assert_int_equal(u, 42);
    assert_true(b && v == doc && d == 42);
}

static void
what_may_be_there(void **state)
{
    (void)state;
    struct br_bytes string = br_str("default");
    uint64_t u = 42;
    int64_t i = 42;
    bool b = false;
    struct br_json *v = NULL;
    assert_int_equal(br_json_may_string(doc, "sub", &string, &err), BR_OK);
    assert_bytes_equal(string, br_str("default"));
    assert_int_equal(br_json_may_uint(doc, "nbf", &u, &err), BR_OK);
    assert_int_equal(u, 42);
    assert_int_equal(br_json_may_uint(doc, "iat", &u, &err), BR_OK);
    assert_int_equal(u, 1700000000);
    assert_int_equal(br_json_may_int(doc, "neg", &i, &err), BR_OK);
    assert_int_equal(i, -5);
    assert_int_equal(br_json_may_boolean(doc, "ok", &b, &err), BR_OK);
    assert_true(b);
    assert_int_equal(br_json_may(doc, "x", BR_JSON_ARRAY, &v, &err), BR_OK);
    assert_null(v);
    assert_int_equal(br_json_may(doc, "obj", BR_JSON_OBJECT, &v, &err), BR_OK);
    assert_non_null(v);
    /* null is something else than absent */
    assert_int_equal(
        br_json_may_string(doc, "none", &string, &err), BR_ERR_WRONG_TYPE);
    assert_int_equal(
        br_json_may_string(br_json_member(doc, "list"), "a", &string, &err),
        BR_ERR_WRONG_TYPE);
}

static void
members_that_are_not_known(void **state)
{
    (void)state;
    static const char *const names[] = {"b", "a"};
    const struct br_json *obj = br_json_member(doc, "obj");
    assert_int_equal(br_json_only(obj, names, 2, &err), BR_OK);
    assert_int_equal(br_json_only(obj, names, 1, &err), BR_ERR_UNKNOWN_FIELD);
    assert_non_null(strstr(err.text, "$.obj.a is not known"));
    assert_int_equal(br_json_only(obj, NULL, 0, &err), BR_ERR_UNKNOWN_FIELD);
    assert_int_equal(
        br_json_only(br_json_member(doc, "ok"), names, 2, &err),
        BR_ERR_WRONG_TYPE);
}

/* ---- paths -------------------------------------------------------------- */

static void
paths(void **state)
{
    (void)state;
    char path[BR_JSON_PATH_BYTES];
    br_json_path(doc, path);
    assert_string_equal(path, "$");
    const struct br_json *v = br_json_at(br_json_member(doc, "list"), 1);
    br_json_path(br_json_at(br_json_first(v), 0), path);
    assert_string_equal(path, "$.list[1]['x y'][0]");
}

/** Names are others' bytes: one printable line comes of them all the same. */
static void
paths_of_strange_names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *path;
    } cases[] = {
        {"{\"\":1}", "$['']"},
        {"{\"a\\nb\\u001b[31m\":1}", "$['a?b?[31m']"},
        {"{\"it's\":1}", "$['it?s']"},
        {"{\"perch\xc3\xa9\":1}", "$['perch?"
                                  "?']"},
        {"{\"vct#integrity\":1}", "$['vct#integrity']"},
        {"{\"0123456789012345678901234567890123456789\":1}",
         "$.0123456789012345678901234567890123456789"},
        {"{\"0123456789012345678901234567890123456789x\":1}",
         "$['0123456789012345678901234567890123456789..']"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char path[BR_JSON_PATH_BYTES];
        br_json_path(
            br_json_first(parsed(&arena, br_str(cases[i].text))), path);
        assert_string_equal(path, cases[i].path);
    }
}

static void
long_paths_keep_their_end(void **state)
{
    (void)state;
    struct br_buf b;
    br_buf_init(&b, 1u << 16);
    for (unsigned length = 0; length < 60; length++) {
        char path[BR_JSON_PATH_BYTES];
        br_buf_clear(&b);
        for (unsigned i = 0; i < 20; i++) {
            br_buf_puts(&b, "[{\"");
            for (unsigned k = 0; k < length; k++) {
                br_buf_puts(&b, "n");
            }
            br_buf_puts(&b, "\":");
        }
        br_buf_puts(&b, "1");
        for (unsigned i = 0; i < 20; i++) {
            br_buf_puts(&b, "}]");
        }
        const struct br_json *v = parsed(&arena, br_buf_bytes(&b));
        while (br_json_first(v) != NULL) {
            v = br_json_first(v);
            br_json_path(v, path);
            assert_true(strlen(path) < sizeof(path));
            assert_int_equal(path[0], '$');
        }
        bool shortened = strncmp(path, "$...", 4) == 0;
        assert_int_equal(
            shortened,
            20 * (3 + (length == 0 ? 4 : length + 1)) > BR_JSON_PATH_BYTES - 5);
    }
    br_buf_fini(&b);
}

/* ---- equality ----------------------------------------------------------- */

static void
equal_values(void **state)
{
    (void)state;
    static const struct {
        const char *a;
        const char *b;
        bool equal;
    } cases[] = {
        {"1", "1", true},
        {"1", "1.0", true},
        {"100", "1e2", true},
        {"0", "-0", true},
        {"1", "2", false},
        {"1", "-1", false},
        {"9007199254740992", "9007199254740993", false},
        {"0.1", "1e-1", true},
        {"0.1", "0.2", false},
        {"1e400", "1e400", true},
        {"1e400", "1e401", false},
        {"1e400", "1", false},
        {"\"a\"", "\"\\u0061\"", true},
        {"\"a\"", "\"b\"", false},
        {"\"1\"", "1", false},
        {"true", "true", true},
        {"true", "false", false},
        {"null", "null", true},
        {"null", "false", false},
        {"[]", "[]", true},
        {"[]", "{}", false},
        {"[1,2]", "[1,2]", true},
        {"[1,2]", "[2,1]", false},
        {"[1,2]", "[1]", false},
        {"{\"a\":1,\"b\":[{}]}", "{ \"b\":[{}],\"a\":1 }", true},
        {"{\"a\":1,\"b\":[{}]}", "{ \"b\":[[]],\"a\":1 }", false},
        {"{\"a\":1}", "{\"b\":1}", false},
        {"{\"a\":1}", "{\"a\":1,\"b\":1}", false},
        {"[{\"a\":[1,{}]},2]", "[{\"a\":[1,{}]},2]", true},
        {"[{\"a\":[1,{}]},2]", "[{\"a\":[1,{}]},3]", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct br_json *a = parsed(&arena, br_str(cases[i].a));
        const struct br_json *b = parsed(&arena, br_str(cases[i].b));
        if (br_json_equal(a, b) != cases[i].equal ||
            br_json_equal(b, a) != cases[i].equal) {
            fail_msg("%s and %s", cases[i].a, cases[i].b);
        }
    }
    /* a part of something is compared without what is beside it */
    assert_true(br_json_equal(
        br_json_first(parsed(&arena, br_str("[{\"a\":1},2]"))),
        parsed(&arena, br_str("{\"a\":1}"))));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(members_and_items, begin, end),
        cmocka_unit_test_setup_teardown(what_is_needed_and_there, begin, end),
        cmocka_unit_test_setup_teardown(
            whole_numbers_to_their_ends, begin, end),
        cmocka_unit_test_setup_teardown(
            what_is_not_there_or_something_else, begin, end),
        cmocka_unit_test_setup_teardown(what_may_be_there, begin, end),
        cmocka_unit_test_setup_teardown(members_that_are_not_known, begin, end),
        cmocka_unit_test_setup_teardown(paths, begin, end),
        cmocka_unit_test_setup_teardown(paths_of_strange_names, begin, end),
        cmocka_unit_test_setup_teardown(long_paths_keep_their_end, begin, end),
        cmocka_unit_test_setup_teardown(equal_values, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
