/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/codec/json_support.h"

static struct br_arena arena;
static struct br_err err;

static int
begin(void **state)
{
    (void)state;
    br_arena_init(&arena, TEST_ARENA_BYTES);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    br_arena_fini(&arena);
    return 0;
}

/* ---- what is accepted --------------------------------------------------- */

static void
every_kind_of_value(void **state)
{
    (void)state;
    struct br_json *v = parsed(
        &arena,
        br_str(
            " {\"a\" : [ 1 , -2.5e+3, \"x\", true,\tfalse, null, {}, [] ] ,\r\n"
            "\"b\":{\"\":\"\"}} \n"));
    assert_int_equal(v->kind, BR_JSON_OBJECT);
    assert_int_equal(br_json_count(v), 2);
    static const enum br_json_kind kinds[] = {
        BR_JSON_NUMBER,  BR_JSON_NUMBER, BR_JSON_STRING, BR_JSON_BOOLEAN,
        BR_JSON_BOOLEAN, BR_JSON_NULL,   BR_JSON_OBJECT, BR_JSON_ARRAY};
    const struct br_json *a = br_json_member(v, "a");
    assert_int_equal(br_json_count(a), COUNT(kinds));
    for (size_t i = 0; i < COUNT(kinds); i++) {
        assert_int_equal(br_json_at(a, i)->kind, kinds[i]);
        assert_ptr_equal(br_json_at(a, i)->parent, a);
    }
    assert_true(br_json_is(br_json_member(br_json_member(v, "b"), ""), ""));
    assert_written(
        v, "{\"a\":[1,-2.5e+3,\"x\",true,false,null,{},[]],\"b\":{\"\":\"\"}}");
}

static void
a_document_may_be_any_value(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",
        "-0",
        "1e5",
        "\"\"",
        "true",
        "false",
        "null",
        "[]",
        "{}",
        "1.25",
        "-1E-2",
        "[[]]",
        "123456789012345678901234567890"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct br_json *v = parsed(&arena, br_str(texts[i]));
        assert_bytes_equal(v->raw, br_str(texts[i]));
        assert_written(v, texts[i]);
    }
}

/** The bytes of each value are those of the text, where they stand in it. */
static void
each_value_keeps_its_bytes(void **state)
{
    (void)state;
    static const char text[] =
        " { \"p\" : [ \"\\u00e9\" , 1.0 ] , \"q\":{ \"r\" : true } }";
    struct br_json *v = parsed(&arena, br_str(text));
    const struct br_json *p = br_json_member(v, "p");
    const struct br_json *q = br_json_member(v, "q");
    assert_bytes_equal(
        v->raw,
        br_str("{ \"p\" : [ \"\\u00e9\" , 1.0 ] , \"q\":{ \"r\" : true } }"));
    assert_bytes_equal(p->raw, br_str("[ \"\\u00e9\" , 1.0 ]"));
    assert_bytes_equal(br_json_at(p, 0)->raw, br_str("\"\\u00e9\""));
    assert_bytes_equal(br_json_at(p, 1)->raw, br_str("1.0"));
    assert_bytes_equal(q->raw, br_str("{ \"r\" : true }"));
    assert_bytes_equal(br_json_member(q, "r")->raw, br_str("true"));
    for (const struct br_json *m = br_json_first(v); m != NULL; m = m->next) {
        assert_ptr_equal(m->raw.p, (const uint8_t *)text + m->offset);
    }
}

static void
strings_are_unescaped_or_lent(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *value;
        size_t n;
    } cases[] = {
        {"\"plain, and longer than eight\"", "plain, and longer than eight",
         28},
        {"\"perch\xc3\xa9\"", "perch\xc3\xa9", 7},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8},
        {"\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac", 6},
        {"\"\\ud83d\\uDE00\"", "\xf0\x9f\x98\x80", 4},
        {"\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf", 4},
        {"\"\\ud800\\udc00\"", "\xf0\x90\x80\x80", 4},
        {"\"\\uffff\\ufdd0\"", "\xef\xbf\xbf\xef\xb7\x90", 6},
        {"\"a\\u0000b\"", "a\0b", 3},
        {"\"\x7f\"", "\x7f", 1},
        {"\"before\\nbetween and between\\nafter\"",
         "before\nbetween and between\nafter", 32},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct br_bytes text = br_str(cases[i].text);
        struct br_json *v = parsed(&arena, text);
        assert_bytes_equal(v->string, br_bytes(cases[i].value, cases[i].n));
        bool lent = v->string.p == text.p + 1;
        assert_int_equal(lent, memchr(text.p, '\\', text.n) == NULL);
    }
}

/** At every place of a word of eight, and beside it. */
static void
a_special_byte_is_seen_wherever_it_stands(void **state)
{
    (void)state;
    static const uint8_t bad[] = {0x00, 0x01, 0x1f, '\n', 0x80, 0xff, 0xc0};
    for (size_t n = 0; n < 40; n++) {
        for (size_t at = 0; at < n; at++) {
            for (size_t i = 0; i < COUNT(bad); i++) {
                uint8_t text[64];
                struct br_json *v;
                text[0] = '"';
                memset(text + 1, at % 2 == 0 ? 'x' : ' ', n);
                text[1 + n] = '"';
                text[1 + at] = bad[i];
                enum br_rc rc =
                    br_json_parse(br_bytes(text, n + 2), &arena, &v, &err);
                assert_int_equal(
                    rc, bad[i] < 0x20 ? BR_ERR_MALFORMED : BR_ERR_BAD_UTF8);
                assert_int_equal(err.offset, 1 + at);
            }
        }
    }
}

static void
integers_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool integer;
        bool negative;
        uint64_t magnitude;
    } cases[] = {
        {"0", true, false, 0},
        {"-0", true, true, 0},
        {"9007199254740993", true, false, UINT64_C(9007199254740993)},
        {"18446744073709551615", true, false, UINT64_MAX},
        {"18446744073709551616", false, false, 0},
        {"18446744073709551620", false, false, 0},
        {"99999999999999999999", false, false, 0},
        {"-9223372036854775808", true, true, UINT64_C(1) << 63},
        {"-9223372036854775809", false, true, 0},
        {"1.0", false, false, 0},
        {"1e2", false, false, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct br_json *v = parsed(&arena, br_str(cases[i].text));
        assert_int_equal(v->integer, cases[i].integer);
        assert_int_equal(v->negative, cases[i].negative);
        if (v->integer) {
            assert_true(v->magnitude == cases[i].magnitude);
        }
    }
}

/* ---- what is refused ---------------------------------------------------- */

struct refused {
    const char *text;
    enum br_rc rc;
    size_t offset;
};

static void
assert_refused(struct br_bytes text, enum br_rc expected, size_t offset)
{
    struct br_json *v = NULL;
    err = (struct br_err){0};
    enum br_rc rc = br_json_parse(text, &arena, &v, &err);
    if (rc != expected || err.offset != offset) {
        fail_msg(
            "%.*s: %d at %zu, not %d at %zu (%s)", (int)text.n,
            (const char *)text.p, (int)rc, err.offset, (int)expected, offset,
            err.text);
    }
    assert_null(v);
    assert_true(strlen(err.text) > 0);
}

static void
assert_all_refused(const struct refused *c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_refused(br_str(c[i].text), c[i].rc, c[i].offset);
    }
}

static void
structure(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"", BR_ERR_TRUNCATED, 0},
        {" ", BR_ERR_TRUNCATED, 1},
        {"[", BR_ERR_TRUNCATED, 1},
        {"{", BR_ERR_TRUNCATED, 1},
        {"[1", BR_ERR_TRUNCATED, 2},
        {"[1,", BR_ERR_TRUNCATED, 3},
        {"{\"a\"", BR_ERR_TRUNCATED, 4},
        {"{\"a\":", BR_ERR_TRUNCATED, 5},
        {"{\"a\":1", BR_ERR_TRUNCATED, 6},
        {"{\"a\":1,", BR_ERR_TRUNCATED, 7},
        {"[1,]", BR_ERR_MALFORMED, 3},
        {"[,1]", BR_ERR_MALFORMED, 1},
        {"[1,,2]", BR_ERR_MALFORMED, 3},
        {"[1 2]", BR_ERR_MALFORMED, 3},
        {"[1}", BR_ERR_MALFORMED, 2},
        {"]", BR_ERR_MALFORMED, 0},
        {"}", BR_ERR_MALFORMED, 0},
        {",", BR_ERR_MALFORMED, 0},
        {":", BR_ERR_MALFORMED, 0},
        {"{\"a\":1,}", BR_ERR_MALFORMED, 7},
        {"{\"a\" 1}", BR_ERR_MALFORMED, 5},
        {"{\"a\":1]", BR_ERR_MALFORMED, 6},
        {"{\"a\":}", BR_ERR_MALFORMED, 5},
        {"{a:1}", BR_ERR_MALFORMED, 1},
        {"{'a':1}", BR_ERR_MALFORMED, 1},
        {"{1:1}", BR_ERR_MALFORMED, 1},
        {"{null:1}", BR_ERR_MALFORMED, 1},
        {"{\"a\":1 \"b\":2}", BR_ERR_MALFORMED, 7},
        {"{,}", BR_ERR_MALFORMED, 1},
        {"{\"a\"::1}", BR_ERR_MALFORMED, 5},
        {"[] []", BR_ERR_TRAILING, 3},
        {"{}x", BR_ERR_TRAILING, 2},
        {"1 2", BR_ERR_TRAILING, 2},
        {"[]]", BR_ERR_TRAILING, 2},
        {"\"a\"\"b\"", BR_ERR_TRAILING, 3},
        {"[1/*c*/]", BR_ERR_MALFORMED, 2},
        {"//c\n1", BR_ERR_MALFORMED, 0},
        {"#\n1", BR_ERR_MALFORMED, 0},
        {"\xef\xbb\xbf{}", BR_ERR_MALFORMED, 0}, /* a byte order mark */
        {"\xfe\xff", BR_ERR_MALFORMED, 0},
        {"[\x0b]", BR_ERR_MALFORMED, 1},
        {"[\x0c]", BR_ERR_MALFORMED, 1},
        {"[\xc2\xa0]", BR_ERR_MALFORMED, 1}, /* no such white space */
        {"[\xe2\x80\xa8]", BR_ERR_MALFORMED, 1},
    };
    assert_all_refused(cases, COUNT(cases));
    assert_refused(br_bytes(NULL, 0), BR_ERR_TRUNCATED, 0);
    assert_refused(br_bytes("[]\0", 3), BR_ERR_TRAILING, 2);
    assert_refused(br_bytes("\0", 1), BR_ERR_MALFORMED, 0);
}

static void
words_and_numbers(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"True", BR_ERR_MALFORMED, 0},
        {"TRUE", BR_ERR_MALFORMED, 0},
        {"tru", BR_ERR_MALFORMED, 0},
        {"nul", BR_ERR_MALFORMED, 0},
        {"truee", BR_ERR_TRAILING, 4},
        {"undefined", BR_ERR_MALFORMED, 0},
        {"NaN", BR_ERR_MALFORMED, 0},
        {"Infinity", BR_ERR_MALFORMED, 0},
        {"-Infinity", BR_ERR_MALFORMED, 1},
        {"-", BR_ERR_TRUNCATED, 1},
        {"+1", BR_ERR_MALFORMED, 0},
        {"--1", BR_ERR_MALFORMED, 1},
        {".5", BR_ERR_MALFORMED, 0},
        {"-.5", BR_ERR_MALFORMED, 1},
        {"1.", BR_ERR_TRUNCATED, 2},
        {"[1.]", BR_ERR_MALFORMED, 3},
        {"[1.e1]", BR_ERR_MALFORMED, 3},
        {"1e", BR_ERR_TRUNCATED, 2},
        {"[1e+]", BR_ERR_MALFORMED, 4},
        {"[1E-]", BR_ERR_MALFORMED, 4},
        {"01", BR_ERR_MALFORMED, 0},
        {"-01", BR_ERR_MALFORMED, 1},
        {"00", BR_ERR_MALFORMED, 0},
        {"[0x1]", BR_ERR_MALFORMED, 2},
        {"[1_0]", BR_ERR_MALFORMED, 2},
        {"[1a]", BR_ERR_MALFORMED, 2},
        {"[1e1.5]", BR_ERR_MALFORMED, 4},
        {"[1.2.3]", BR_ERR_MALFORMED, 4},
        {"[- 1]", BR_ERR_MALFORMED, 2},
        {"\xef\xbc\x91", BR_ERR_MALFORMED, 0},
        {"[1e1e1]", BR_ERR_MALFORMED, 4},
        {"[0.]", BR_ERR_MALFORMED, 3},
    };
    assert_all_refused(cases, COUNT(cases));
}

static void
strings(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"\"", BR_ERR_TRUNCATED, 1},
        {"\"abc", BR_ERR_TRUNCATED, 4},
        {"\"abc\\", BR_ERR_TRUNCATED, 5},
        {"\"abc\\\"", BR_ERR_TRUNCATED, 6},
        {"\"a\nb\"", BR_ERR_MALFORMED, 2},
        {"\"a\tb\"", BR_ERR_MALFORMED, 2},
        {"\"\\x\"", BR_ERR_MALFORMED, 2},
        {"\"\\'\"", BR_ERR_MALFORMED, 2},
        {"\"\\U0041\"", BR_ERR_MALFORMED, 2},
        {"\"\\u\"", BR_ERR_MALFORMED, 3},
        {"\"\\u12\"", BR_ERR_MALFORMED, 3},
        {"\"\\u123g\"", BR_ERR_MALFORMED, 3},
        {"\"\\u+041\"", BR_ERR_MALFORMED, 3},
        {"\"\\u{41}\"", BR_ERR_MALFORMED, 3},
        {"'a'", BR_ERR_MALFORMED, 0},
        /* surrogates: alone, reversed, twice, before something else */
        {"\"\\ud800\"", BR_ERR_MALFORMED, 7},
        {"\"\\udc00\"", BR_ERR_MALFORMED, 3},
        {"\"\\udc00\\ud800\"", BR_ERR_MALFORMED, 3},
        {"\"\\ud800\\ud800\"", BR_ERR_MALFORMED, 7},
        {"\"\\ud800\\n\"", BR_ERR_MALFORMED, 7},
        {"\"\\ud800x\"", BR_ERR_MALFORMED, 7},
        {"\"\\ud800\\u0041\"", BR_ERR_MALFORMED, 7},
        {"\"\\ud800\\udc0\"", BR_ERR_MALFORMED, 7},
        {"\"\\ud83d\\ude00\\ude00\"", BR_ERR_MALFORMED, 15},
        /* UTF-8: overlong, surrogate, past the end, cut, alone */
        {"\"\xc0\xaf\"", BR_ERR_BAD_UTF8, 1},
        {"\"\xc0\x80\"", BR_ERR_BAD_UTF8, 1},
        {"\"\xe0\x80\xaf\"", BR_ERR_BAD_UTF8, 1},
        {"\"\xf0\x80\x80\xaf\"", BR_ERR_BAD_UTF8, 1},
        {"\"\xed\xa0\x80\"", BR_ERR_BAD_UTF8, 1},
        {"\"\xed\xbf\xbf\"", BR_ERR_BAD_UTF8, 1},
        {"\"\xf4\x90\x80\x80\"", BR_ERR_BAD_UTF8, 1},
        {"\"\xf8\x88\x80\x80\x80\"", BR_ERR_BAD_UTF8, 1},
        {"\"ab\xc3\"", BR_ERR_BAD_UTF8, 3},
        {"\"ab\xe2\x82\"", BR_ERR_BAD_UTF8, 3},
        {"\"\x80\"", BR_ERR_BAD_UTF8, 1},
        {"\"\xff\"", BR_ERR_BAD_UTF8, 1},
        {"\"\\n\xff\"", BR_ERR_BAD_UTF8, 3},
        {"{\"\xff\":1}", BR_ERR_BAD_UTF8, 2},
        {"\xc3\xa9", BR_ERR_MALFORMED, 0},
    };
    assert_all_refused(cases, COUNT(cases));
}

static void
a_name_twice(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"{\"a\":1,\"a\":1}", BR_ERR_DUPLICATE_FIELD, 11},
        {"{\"a\":1,\"b\":2,\"\\u0061\":3}", BR_ERR_DUPLICATE_FIELD, 22},
        {"{\"\":1,\"\":2}", BR_ERR_DUPLICATE_FIELD, 9},
        {"[{\"x\":{\"a/b\":1,\"a\\/b\":2}}]", BR_ERR_DUPLICATE_FIELD, 22},
        {"{\"\xc3\xa9\":1,\"\\u00e9\":2}", BR_ERR_DUPLICATE_FIELD, 17},
    };
    assert_all_refused(cases, COUNT(cases));
    assert_non_null(strstr(err.text, "twice"));
    /* the same name elsewhere, another case, another form of a letter */
    (void)parsed(
        &arena, br_str("{\"a\":{\"a\":1},\"A\":[{\"a\":1}],\"e\xcc\x81\":1,"
                       "\"\xc3\xa9\":2,\"a\\u0000\":3}"));
}

/** In objects of every size around the one from which there is an index. */
static void
a_name_twice_among_many(void **state)
{
    (void)state;
    struct br_buf b;
    br_buf_init(&b, 1u << 20);
    for (unsigned n = 2; n < 70; n++) {
        for (unsigned again = 0; again < n; again++) {
            br_buf_clear(&b);
            br_buf_puts(&b, "{");
            for (unsigned i = 0; i < n; i++) {
                br_buf_printf(&b, "\"name %u\":%u,", i * 7919 % 1009, i);
            }
            size_t offset = 0;
            br_buf_printf(&b, "\"name %u\":", again * 7919 % 1009);
            offset = b.n;
            br_buf_puts(&b, "0}");
            assert_refused(br_buf_bytes(&b), BR_ERR_DUPLICATE_FIELD, offset);
        }
        br_arena_fini(&arena);
        br_arena_init(&arena, TEST_ARENA_BYTES);
    }
    br_buf_fini(&b);
}

/** Many names cost little more than few: a square would take minutes. */
static void
an_object_of_a_hundred_thousand_names(void **state)
{
    (void)state;
    enum { NAMES = 100000 };
    struct br_buf b;
    br_buf_init(&b, 8u << 20);
    br_buf_puts(&b, "{");
    for (unsigned i = 0; i < NAMES; i++) {
        br_buf_printf(&b, "%s\"%05u\":%u", i == 0 ? "" : ",", i ^ 0x155, i);
    }
    br_buf_puts(&b, "}");
    struct br_json *v = parsed(&arena, br_buf_bytes(&b));
    assert_int_equal(br_json_count(v), NAMES);
    for (unsigned i = 0; i < NAMES; i++) {
        char name[16];
        uint64_t number;
        (void)snprintf(name, sizeof(name), "%05u", i ^ 0x155);
        assert_int_equal(br_json_need_uint(v, name, &number, &err), BR_OK);
        assert_int_equal(number, i);
    }
    assert_null(br_json_member(v, "100000000"));
    assert_null(br_json_member(v, "0"));
    assert_null(br_json_member(v, "~~~~~"));
    br_buf_fini(&b);
}

static void
depth(void **state)
{
    (void)state;
    char text[2 * (BR_JSON_DEPTH_MAX + 1) + 1];
    size_t n = BR_JSON_DEPTH_MAX;
    memset(text, '[', n);
    memset(text + n, ']', n);
    struct br_json *v = parsed(&arena, br_bytes(text, 2 * n));
    assert_int_equal(v->height, BR_JSON_DEPTH_MAX);
    n++;
    memset(text, '[', n);
    memset(text + n, ']', n);
    assert_refused(br_bytes(text, 2 * n), BR_ERR_TOO_DEEP, n - 1);
    assert_refused(br_bytes(text, n), BR_ERR_TOO_DEEP, n - 1);
    /* beside each other is not inside each other */
    (void)parsed(&arena, br_str("[[],[],{},{},[[]],[[]],{\"a\":[[]]}]"));
}

static void
size(void **state)
{
    (void)state;
    size_t n = BR_JSON_BYTES_MAX + 1;
    uint8_t *text = (uint8_t *)malloc(n);
    assert_non_null(text);
    memset(text, ' ', n);
    text[0] = '1';
    (void)parsed(&arena, br_bytes(text, n - 1));
    assert_refused(br_bytes(text, n), BR_ERR_TOO_LARGE, 0);
    free(text);
}

static void
a_refusal_tells_where(void **state)
{
    (void)state;
    struct br_json *v;
    assert_int_equal(
        br_json_parse(br_str("{\"a\":[{},{\"b c\":[tru]}]}"), &arena, &v, &err),
        BR_ERR_MALFORMED);
    assert_string_equal(
        err.text, "JSON, byte 17, in $.a[1]['b c']: a value is needed here");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kind_of_value, begin, end),
        cmocka_unit_test_setup_teardown(
            a_document_may_be_any_value, begin, end),
        cmocka_unit_test_setup_teardown(each_value_keeps_its_bytes, begin, end),
        cmocka_unit_test_setup_teardown(
            strings_are_unescaped_or_lent, begin, end),
        cmocka_unit_test_setup_teardown(
            a_special_byte_is_seen_wherever_it_stands, begin, end),
        cmocka_unit_test_setup_teardown(integers_are_exact, begin, end),
        cmocka_unit_test_setup_teardown(structure, begin, end),
        cmocka_unit_test_setup_teardown(words_and_numbers, begin, end),
        cmocka_unit_test_setup_teardown(strings, begin, end),
        cmocka_unit_test_setup_teardown(a_name_twice, begin, end),
        cmocka_unit_test_setup_teardown(a_name_twice_among_many, begin, end),
        cmocka_unit_test_setup_teardown(
            an_object_of_a_hundred_thousand_names, begin, end),
        cmocka_unit_test_setup_teardown(depth, begin, end),
        cmocka_unit_test_setup_teardown(size, begin, end),
        cmocka_unit_test_setup_teardown(a_refusal_tells_where, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
