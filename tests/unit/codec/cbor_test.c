/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/codec/support.h"

#include "common/codec/cbor.h"

static struct br_err err;
static struct br_buf out;

static int
fresh(void **state)
{
    (void)state;
    br_buf_init(&out, 65536);
    return 0;
}

static int
freed(void **state)
{
    (void)state;
    br_buf_fini(&out);
    return 0;
}

/** What was written is this, and it is deterministic. */
static void
assert_written(const char *expected_hex)
{
    uint8_t expected[256];
    assert_int_equal(br_buf_status(&out, &err), BR_OK);
    assert_bytes_equal(
        br_buf_bytes(&out), hex(expected_hex, expected, sizeof(expected)));
    assert_int_equal(br_cbor_check(br_buf_bytes(&out), &err), BR_OK);
}

/* RFC 8949 appendix A: the integers. */
static const struct {
    uint64_t v;
    const char *hex;
} unsigned_examples[] = {
    {0, "00"},
    {1, "01"},
    {10, "0a"},
    {23, "17"},
    {24, "1818"},
    {25, "1819"},
    {100, "1864"},
    {255, "18ff"},
    {256, "190100"},
    {1000, "1903e8"},
    {65535, "19ffff"},
    {65536, "1a00010000"},
    {1000000, "1a000f4240"},
    {UINT32_MAX, "1affffffff"},
    {UINT64_C(1) << 32, "1b0000000100000000"},
    {UINT64_C(1000000000000), "1b000000e8d4a51000"},
    {UINT64_MAX, "1bffffffffffffffff"},
};

static void
unsigned_integers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(unsigned_examples); i++) {
        uint64_t v = unsigned_examples[i].v;
        struct br_cbor r;
        br_buf_clear(&out);
        br_cbor_put_uint(&out, v);
        assert_written(unsigned_examples[i].hex);
        br_cbor_init(&r, br_buf_bytes(&out));
        assert_int_equal(br_cbor_peek(&r), BR_CBOR_UINT);
        assert_true(br_cbor_uint(&r) == v);
        assert_int_equal(br_cbor_peek(&r), BR_CBOR_END);
        assert_int_equal(br_cbor_done(&r, &err), BR_OK);
        br_cbor_init(&r, br_buf_bytes(&out));
        assert_true(br_cbor_uint_max(&r, v) == v);
        assert_int_equal(br_cbor_done(&r, &err), BR_OK);
        if (v > 0) {
            br_cbor_init(&r, br_buf_bytes(&out));
            assert_true(br_cbor_uint_max(&r, v - 1) == 0);
            assert_int_equal(br_cbor_done(&r, &err), BR_ERR_OUT_OF_RANGE);
        }
    }
}

static const struct {
    int64_t v;
    const char *hex;
} signed_examples[] = {
    {0, "00"},
    {-1, "20"},
    {-10, "29"},
    {-24, "37"},
    {-25, "3818"},
    {-100, "3863"},
    {-1000, "3903e7"},
    {INT64_MAX, "1b7fffffffffffffff"},
    {INT64_MIN, "3b7fffffffffffffff"},
};

static void
signed_integers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(signed_examples); i++) {
        struct br_cbor r;
        br_buf_clear(&out);
        br_cbor_put_int(&out, signed_examples[i].v);
        assert_written(signed_examples[i].hex);
        br_cbor_init(&r, br_buf_bytes(&out));
        assert_true(br_cbor_int(&r) == signed_examples[i].v);
        assert_int_equal(br_cbor_done(&r, &err), BR_OK);
    }
}

/** CBOR's negative numbers have 65 bits, and its positive ones 64. */
static void
integers_past_int64_are_well_formed_but_no_int64(void **state)
{
    (void)state;
    static const char *const past[] = {
        "1b8000000000000000", "1bffffffffffffffff", "3b8000000000000000",
        "3bffffffffffffffff"};
    for (size_t i = 0; i < COUNT(past); i++) {
        uint8_t bytes[16];
        struct br_bytes document = hex(past[i], bytes, sizeof(bytes));
        struct br_cbor r;
        assert_int_equal(br_cbor_check(document, &err), BR_OK);
        br_cbor_init(&r, document);
        assert_int_equal(br_cbor_int(&r), 0);
        assert_int_equal(br_cbor_done(&r, &err), BR_ERR_OUT_OF_RANGE);
    }
}

static void
strings(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *hex;
    } examples[] = {
        {"", "60"},
        {"a", "6161"},
        {"IETF", "6449455446"},
        {"\"\\", "62225c"},
        {"\xc3\xbc", "62c3bc"},
        {"\xe6\xb0\xb4", "63e6b0b4"},
        {"\xf0\x90\x85\x91", "64f0908591"},
    };
    for (size_t i = 0; i < COUNT(examples); i++) {
        struct br_cbor r;
        br_buf_clear(&out);
        br_cbor_put_text(&out, br_str(examples[i].text));
        assert_written(examples[i].hex);
        br_cbor_init(&r, br_buf_bytes(&out));
        assert_int_equal(br_cbor_peek(&r), BR_CBOR_TEXT);
        assert_bytes_equal(br_cbor_text(&r), br_str(examples[i].text));
        assert_int_equal(br_cbor_done(&r, &err), BR_OK);
    }
    br_buf_clear(&out);
    br_cbor_put_bytes(&out, br_bytes(NULL, 0));
    assert_written("40");
    br_buf_clear(&out);
    br_cbor_put_bytes(&out, br_bytes("\1\2\3\4", 4));
    assert_written("4401020304");
    struct br_cbor r;
    uint8_t four[4];
    br_cbor_init(&r, br_buf_bytes(&out));
    br_cbor_bytes_exact(&r, four, sizeof(four));
    assert_int_equal(br_cbor_done(&r, &err), BR_OK);
    assert_memory_equal(four, "\1\2\3\4", 4);
}

/** The length is in the head, in its shortest form, around each of its sizes;
 *  the string is borrowed, not copied. */
static void
long_strings(void **state)
{
    (void)state;
    static uint8_t data[70000];
    static const size_t lengths[] = {23, 24, 255, 256, 65535, 65536};
    static const size_t heads[] = {1, 2, 2, 3, 3, 5};
    struct br_buf b;
    br_buf_init(&b, 80000);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct br_cbor r;
        br_buf_clear(&b);
        br_cbor_put_bytes(&b, br_bytes(data, lengths[i]));
        assert_int_equal(b.n, heads[i] + lengths[i]);
        br_cbor_init(&r, br_buf_bytes(&b));
        struct br_bytes got = br_cbor_bytes(&r);
        assert_int_equal(got.n, lengths[i]);
        assert_ptr_equal(got.p, b.p + heads[i]);
        assert_int_equal(br_cbor_done(&r, &err), BR_OK);
    }
    br_buf_fini(&b);
}

static void
simple_values(void **state)
{
    (void)state;
    struct br_cbor r;
    br_cbor_put_array(&out, 3);
    br_cbor_put_bool(&out, false);
    br_cbor_put_bool(&out, true);
    br_cbor_put_null(&out);
    assert_written("83f4f5f6");
    br_cbor_init(&r, br_buf_bytes(&out));
    br_cbor_array_exact(&r, 3);
    assert_int_equal(br_cbor_peek(&r), BR_CBOR_SIMPLE);
    assert_false(br_cbor_bool(&r));
    assert_true(br_cbor_bool(&r));
    br_cbor_null(&r);
    assert_int_equal(br_cbor_done(&r, &err), BR_OK);
}

static void
arrays(void **state)
{
    (void)state;
    struct br_cbor r;
    br_cbor_put_array(&out, 0);
    assert_written("80");
    br_buf_clear(&out);
    br_cbor_put_array(&out, 3); /* [1, [2, 3], [4, 5]] */
    br_cbor_put_uint(&out, 1);
    br_cbor_put_array(&out, 2);
    br_cbor_put_uint(&out, 2);
    br_cbor_put_uint(&out, 3);
    br_cbor_put_array(&out, 2);
    br_cbor_put_uint(&out, 4);
    br_cbor_put_uint(&out, 5);
    assert_written("8301820203820405");
    br_cbor_init(&r, br_buf_bytes(&out));
    assert_int_equal(br_cbor_peek(&r), BR_CBOR_ARRAY);
    assert_int_equal(br_cbor_array(&r, 3), 3);
    assert_int_equal(br_cbor_uint(&r), 1);
    assert_bytes_equal(br_cbor_skip(&r), br_bytes(out.p + 2, 3));
    br_cbor_array_exact(&r, 2);
    assert_int_equal(br_cbor_uint(&r), 4);
    assert_int_equal(br_cbor_uint(&r), 5);
    assert_int_equal(br_cbor_done(&r, &err), BR_OK);
    br_buf_clear(&out);
    br_cbor_put_array(&out, 25); /* [1, 2, ... 25] */
    for (uint64_t i = 1; i <= 25; i++) {
        br_cbor_put_uint(&out, i);
    }
    assert_written(
        "98190102030405060708090a0b0c0d0e0f101112131415161718181819");
}

static void
maps(void **state)
{
    (void)state;
    struct br_cbor r;
    br_cbor_put_map(&out, 0);
    assert_written("a0");
    br_buf_clear(&out);
    br_cbor_put_map(&out, 2); /* {1: 2, 3: 4} */
    for (uint64_t i = 1; i <= 4; i++) {
        br_cbor_put_uint(&out, i);
    }
    assert_written("a201020304");
    br_buf_clear(&out);
    br_cbor_put_map(&out, 2); /* {"a": 1, "b": [2, 3]} */
    br_cbor_put_text(&out, br_str("a"));
    br_cbor_put_uint(&out, 1);
    br_cbor_put_text(&out, br_str("b"));
    br_cbor_put_array(&out, 2);
    br_cbor_put_uint(&out, 2);
    br_cbor_put_uint(&out, 3);
    assert_written("a26161016162820203");
    br_cbor_init(&r, br_buf_bytes(&out));
    assert_int_equal(br_cbor_peek(&r), BR_CBOR_MAP);
    assert_int_equal(br_cbor_map(&r, 2), 2);
    assert_bytes_equal(br_cbor_text(&r), br_str("a"));
    assert_int_equal(br_cbor_uint(&r), 1);
    assert_bytes_equal(br_cbor_text(&r), br_str("b"));
    assert_int_equal(br_cbor_skip(&r).n, 3);
    assert_int_equal(br_cbor_done(&r, &err), BR_OK);
}

static void
tags(void **state)
{
    (void)state;
    struct br_cbor r;
    br_cbor_put_tag(&out, 1);
    br_cbor_put_uint(&out, 1363896240);
    assert_written("c11a514b67b0");
    br_buf_clear(&out);
    br_cbor_put_tag(&out, 32);
    br_cbor_put_text(&out, br_str("http://www.example.com"));
    assert_written("d82076687474703a2f2f7777772e6578616d706c652e636f6d");
    br_cbor_init(&r, br_buf_bytes(&out));
    assert_int_equal(br_cbor_peek(&r), BR_CBOR_TAG);
    assert_int_equal(br_cbor_tag(&r), 32);
    assert_int_equal(br_cbor_text(&r).n, 22);
    assert_int_equal(br_cbor_done(&r, &err), BR_OK);
}

/* RFC 8949 appendix A: what else of it is deterministic. */
static const char *const accepted[] = {
    "c249010000000000000000",
    "c349010000000000000000",
    "3bffffffffffffffff",
    "c074323031332d30332d32315432303a30343a30305a",
    "d74401020304",
    "d818456449455446",
    "83010203",
    "826161a161626163",
    "a56161614161626142616361436164614461656145",
};

static void
every_deterministic_example_is_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(accepted); i++) {
        uint8_t bytes[64];
        struct br_bytes document = hex(accepted[i], bytes, sizeof(bytes));
        struct br_cbor r;
        assert_int_equal(br_cbor_check(document, &err), BR_OK);
        br_cbor_init(&r, document);
        assert_bytes_equal(br_cbor_skip(&r), document);
        assert_int_equal(br_cbor_done(&r, &err), BR_OK);
    }
}

/** Section 4.2.1's own example of the order of keys. */
static void
keys_in_the_order_of_the_standard(void **state)
{
    (void)state;
    static const char document[] = "a80a00"   /* 10 */
                                   "186400"   /* 100 */
                                   "2000"     /* -1 */
                                   "617a00"   /* "z" */
                                   "62616100" /* "aa" */
                                   "81186400" /* [100] */
                                   "812000"   /* [-1] */
                                   "f400";    /* false */
    uint8_t bytes[64];
    assert_int_equal(
        br_cbor_check(hex(document, bytes, sizeof(bytes)), &err), BR_OK);
}

static void
a_full_buffer_is_told_once_at_the_end(void **state)
{
    (void)state;
    struct br_buf small;
    br_buf_init(&small, 10);
    br_cbor_put_bytes(&small, br_bytes("12345678", 8));
    assert_int_equal(br_buf_status(&small, &err), BR_OK);
    br_cbor_put_uint(&small, 300);
    br_cbor_put_uint(&small, 1);
    assert_int_equal(br_buf_status(&small, &err), BR_ERR_TOO_LARGE);
    assert_int_equal(small.n, 9); /* nothing of what did not fit */
    br_buf_fini(&small);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unsigned_integers, fresh, freed),
        cmocka_unit_test_setup_teardown(signed_integers, fresh, freed),
        cmocka_unit_test(integers_past_int64_are_well_formed_but_no_int64),
        cmocka_unit_test_setup_teardown(strings, fresh, freed),
        cmocka_unit_test(long_strings),
        cmocka_unit_test_setup_teardown(simple_values, fresh, freed),
        cmocka_unit_test_setup_teardown(arrays, fresh, freed),
        cmocka_unit_test_setup_teardown(maps, fresh, freed),
        cmocka_unit_test_setup_teardown(tags, fresh, freed),
        cmocka_unit_test(every_deterministic_example_is_accepted),
        cmocka_unit_test(keys_in_the_order_of_the_standard),
        cmocka_unit_test(a_full_buffer_is_told_once_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
