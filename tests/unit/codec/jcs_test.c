/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/codec/json_support.h"

#include "common/codec/jcs.h"

static struct br_err err;
static struct br_arena arena;

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

static void
assert_canonical(const char *text, const char *canonical)
{
    struct br_buf b;
    br_buf_init(&b, 1u << 16);
    assert_int_equal(
        br_jcs_encode(parsed(&arena, br_str(text)), &arena, &b, &err), BR_OK);
    assert_bytes_equal(br_buf_bytes(&b), br_str(canonical));
    assert_int_equal(br_jcs_check(br_str(canonical), &arena, &err), BR_OK);
    br_buf_fini(&b);
}

/* RFC 8785 sections 3.2.2 and 3.2.3. */
static void
the_examples_of_the_standard(void **state)
{
    (void)state;
    assert_canonical(
        "{\n  \"numbers\": [333333333.33333329, 1E30, 4.50,\n"
        "    2e-3, 0.000000000000000000000000001],\n"
        "  \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c"
        "\\\\\\\"\\/\",\n  \"literals\": [null, true, false]\n}",
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,"
        "4.5,0.002,1e-27],\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\"
        "\\\\\\\"/\"}");
    assert_canonical(
        "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\","
        "\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\"1\":\"One\","
        "\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
        "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
        "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\","
        "\"\xe2\x82\xac\":\"Euro Sign\","
        "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
        "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

static void
small_documents(void **state)
{
    (void)state;
    assert_canonical(" [ ] ", "[]");
    assert_canonical("{ }", "{}");
    assert_canonical("-0", "0");
    assert_canonical("-0.0e5", "0");
    assert_canonical("1e2", "100");
    assert_canonical("9007199254740993", "9007199254740992");
    assert_canonical("18446744073709551615", "18446744073709552000");
    assert_canonical("\"\\u007f\\/\"", "\"\x7f/\"");
    assert_canonical(
        "{\"b\":[{\"z\":1,\"\":2}],\"a\":{}}",
        "{\"a\":{},\"b\":[{\"\":2,\"z\":1}]}");
    assert_canonical(
        "{\"aa\":1,\"a\":2,\"b\":3}", "{\"a\":2,\"aa\":1,\"b\":3}");
}

static void
what_has_no_canonical_form(void **state)
{
    (void)state;
    struct br_buf b;
    br_buf_init(&b, 64);
    assert_int_equal(
        br_jcs_encode(
            parsed(&arena, br_str("{\"a\":[1e400]}")), &arena, &b, &err),
        BR_ERR_OUT_OF_RANGE);
    assert_non_null(strstr(err.text, "$.a[0]"));
    br_buf_fini(&b);
}

static void
what_is_not_canonical(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t offset;
    } cases[] = {
        {" 1", 0},          {"1 ", 1},
        {"1.0", 1},         {"1E0", 1},
        {"[1, 2]", 3},      {"\"\\/\"", 1},
        {"\"\\u0041\"", 1}, {"{\"b\":1,\"a\":2}", 2},
        {"-0", 0},          {"\"\\u000A\"", 2},
        {"1e20", 1},        {"9007199254740993", 15},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(
            br_jcs_check(br_str(cases[i].text), &arena, &err),
            BR_ERR_NOT_CANONICAL);
        assert_int_equal(err.offset, cases[i].offset);
    }
    assert_int_equal(
        br_jcs_check(br_str("[1"), &arena, &err), BR_ERR_TRUNCATED);
}

/* ---- the order of names ------------------------------------------------- */

/** UTF-8 to the UTF-16 code units that the standard speaks of. */
static size_t
utf16(struct br_bytes v, uint16_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < v.n;) {
        uint8_t lead = v.p[i];
        size_t more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
        uint32_t c = more == 0 ? lead : lead & (0x3fu >> more);
        for (i++; more > 0; more--) {
            c = c << 6 | (v.p[i++] & 0x3f);
        }
        if (c >= 0x10000) {
            out[n++] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
            out[n++] = (uint16_t)(0xdc00 + (c & 0x3ff));
        } else {
            out[n++] = (uint16_t)c;
        }
    }
    return n;
}

static bool
utf16_before(struct br_bytes a, struct br_bytes b)
{
    uint16_t x[64];
    uint16_t y[64];
    size_t n = utf16(a, x);
    size_t k = utf16(b, y);
    for (size_t i = 0; i < n && i < k; i++) {
        if (x[i] != y[i]) {
            return x[i] < y[i];
        }
    }
    return n < k;
}

static void
names_are_in_the_order_of_utf16(void **state)
{
    (void)state;
    uint64_t seed = 40;
    struct br_buf b;
    br_buf_init(&b, 1u << 20);
    for (size_t i = 0; i < 400; i++) {
        struct br_json_maker m;
        br_json_maker_init(&m, &arena);
        struct br_json *o = br_json_new_object(&m);
        for (size_t k = 0; k < i % 80; k++) {
            uint8_t name[16];
            (void)br_json_set_bytes(
                &m, o, random_text(&seed, name, next_random(&seed) % 4),
                br_json_new_null(&m));
        }
        br_buf_clear(&b);
        assert_int_equal(br_jcs_encode(o, &arena, &b, &err), BR_OK);
        struct br_json *sorted = parsed(&arena, br_buf_bytes(&b));
        assert_true(br_json_equal(o, sorted));
        for (const struct br_json *v = br_json_first(sorted);
             v != NULL && v->next != NULL; v = v->next) {
            assert_true(utf16_before(v->name, v->next->name));
        }
    }
    br_buf_fini(&b);
}

/** Canonical is what does not change any more, and is equal to what it was. */
static void
random_trees(void **state)
{
    (void)state;
    uint64_t seed = 41;
    struct br_buf b;
    br_buf_init(&b, 1u << 20);
    for (size_t i = 0; i < 500; i++) {
        struct br_json_maker m;
        br_json_maker_init(&m, &arena);
        struct br_json *v = random_tree(&m, &seed, i % 100);
        br_buf_clear(&b);
        assert_int_equal(br_jcs_encode(v, &arena, &b, &err), BR_OK);
        assert_int_equal(br_jcs_check(br_buf_bytes(&b), &arena, &err), BR_OK);
        br_arena_fini(&arena);
    }
    br_buf_fini(&b);
}

/* ---- the published vectors ---------------------------------------------- */

static struct br_bytes
load(const char *kind, const char *name)
{
    static uint8_t text[2][1 << 16];
    static unsigned which;
    char path[1024];
    const char *folder = getenv("BROLETTO_VECTORS");
    (void)snprintf(
        path, sizeof(path), "%s/jcs/%s/%s",
        folder == NULL ? "../shared/vectors" : folder, kind, name);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return br_bytes(NULL, 0);
    }
    which ^= 1;
    size_t n = fread(text[which], 1, sizeof(text[which]), f);
    (void)fclose(f);
    return br_bytes(text[which], n);
}

/* cyberphone/json-canonicalization, testdata */
static void
the_published_vectors(void **state)
{
    (void)state;
    static const char *const names[] = {"arrays.json",     "french.json",
                                        "structures.json", "unicode.json",
                                        "values.json",     "weird.json"};
    struct br_buf b;
    br_buf_init(&b, 1u << 16);
    for (size_t i = 0; i < COUNT(names); i++) {
        struct br_bytes input = load("input", names[i]);
        struct br_bytes output = load("output", names[i]);
        if (input.n == 0 && i == 0) {
            print_message("no vectors: set BROLETTO_VECTORS\n");
            skip();
        }
        assert_true(input.n > 0 && output.n > 0);
        br_buf_clear(&b);
        assert_int_equal(
            br_jcs_encode(parsed(&arena, input), &arena, &b, &err), BR_OK);
        assert_bytes_equal(br_buf_bytes(&b), output);
    }
    br_buf_fini(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_examples_of_the_standard, begin, end),
        cmocka_unit_test_setup_teardown(small_documents, begin, end),
        cmocka_unit_test_setup_teardown(what_has_no_canonical_form, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_canonical, begin, end),
        cmocka_unit_test_setup_teardown(
            names_are_in_the_order_of_utf16, begin, end),
        cmocka_unit_test_setup_teardown(random_trees, begin, end),
        cmocka_unit_test_setup_teardown(the_published_vectors, begin, end),
    };
    return cmocka_run_group_tests_name("jcs", tests, NULL, NULL);
}
