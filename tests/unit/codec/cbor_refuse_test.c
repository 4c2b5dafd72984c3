/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/codec/support.h"

#include "common/base/limits.h"
#include "common/codec/cbor.h"

static struct br_err err;

/** A document, why it is refused, and at which byte. */
struct refused {
    const char *hex;
    enum br_rc rc;
    size_t offset;
};

static void
assert_refused(const struct refused *c)
{
    uint8_t bytes[128];
    struct br_bytes document = hex(c->hex, bytes, sizeof(bytes));
    struct br_cbor r;
    err = (struct br_err){0};
    enum br_rc rc = br_cbor_check(document, &err);
    if (rc != c->rc || err.rc != c->rc || err.offset != c->offset) {
        fail_msg(
            "%s: %d at %zu, not %d at %zu (%s)", c->hex, (int)rc, err.offset,
            (int)c->rc, c->offset, err.text);
    }
    /* Skipping says the same, but for what follows the item. */
    if (c->rc != BR_ERR_TRAILING) {
        br_cbor_init(&r, document);
        assert_int_equal(br_cbor_skip(&r).n, 0);
        assert_int_equal(r.err.rc, c->rc);
    }
}

static void
assert_all_refused(const struct refused *c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_refused(&c[i]);
    }
}

static void
longer_heads_than_needed(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"1800", BR_ERR_NOT_CANONICAL, 0},
        {"1817", BR_ERR_NOT_CANONICAL, 0},
        {"190018", BR_ERR_NOT_CANONICAL, 0},
        {"1900ff", BR_ERR_NOT_CANONICAL, 0},
        {"1a00000001", BR_ERR_NOT_CANONICAL, 0},
        {"1a0000ffff", BR_ERR_NOT_CANONICAL, 0},
        {"1b0000000000000001", BR_ERR_NOT_CANONICAL, 0},
        {"1b00000000ffffffff", BR_ERR_NOT_CANONICAL, 0},
        {"3817", BR_ERR_NOT_CANONICAL, 0},
        {"580161", BR_ERR_NOT_CANONICAL, 0},
        {"780161", BR_ERR_NOT_CANONICAL, 0},
        {"980100", BR_ERR_NOT_CANONICAL, 0},
        {"b8010000", BR_ERR_NOT_CANONICAL, 0},
        {"d80100", BR_ERR_NOT_CANONICAL, 0},
        {"82011817", BR_ERR_NOT_CANONICAL, 2},
        {"a1181700", BR_ERR_NOT_CANONICAL, 1},
    };
    assert_all_refused(cases, COUNT(cases));
}

/* RFC 8949 appendix A and appendix F. */
static void
indefinite_and_reserved_lengths(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"5f42010243030405ff", BR_ERR_NOT_CANONICAL, 0},
        {"7f657374726561646d696e67ff", BR_ERR_NOT_CANONICAL, 0},
        {"9fff", BR_ERR_NOT_CANONICAL, 0},
        {"9f018202039f0405ffff", BR_ERR_NOT_CANONICAL, 0},
        {"83018202039f0405ff", BR_ERR_NOT_CANONICAL, 5},
        {"83019f0203ff820405", BR_ERR_NOT_CANONICAL, 2},
        {"bf61610161629f0203ffff", BR_ERR_NOT_CANONICAL, 0},
        {"826161bf61626163ff", BR_ERR_NOT_CANONICAL, 3},
        {"1c", BR_ERR_NOT_CANONICAL, 0},
        {"1d", BR_ERR_NOT_CANONICAL, 0},
        {"1e", BR_ERR_NOT_CANONICAL, 0},
        {"1f", BR_ERR_NOT_CANONICAL, 0},
        {"3f", BR_ERR_NOT_CANONICAL, 0},
        {"5c", BR_ERR_NOT_CANONICAL, 0},
        {"df00", BR_ERR_NOT_CANONICAL, 0},
    };
    assert_all_refused(cases, COUNT(cases));
}

static void
floats_and_other_simple_values(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"f90000", BR_ERR_UNSUPPORTED, 0},
        {"f93c00", BR_ERR_UNSUPPORTED, 0},
        {"f97e00", BR_ERR_UNSUPPORTED, 0},
        {"fa47c35000", BR_ERR_UNSUPPORTED, 0},
        {"fb3ff199999999999a", BR_ERR_UNSUPPORTED, 0},
        {"f7", BR_ERR_UNSUPPORTED, 1},
        {"f0", BR_ERR_UNSUPPORTED, 1},
        {"e0", BR_ERR_UNSUPPORTED, 1},
        {"f8ff", BR_ERR_UNSUPPORTED, 0},
        {"f818", BR_ERR_UNSUPPORTED, 0},
        {"ff", BR_ERR_UNSUPPORTED, 0},
        {"c1fb41d452d9e20000000", BR_ERR_UNSUPPORTED, 1},
    };
    assert_all_refused(cases, COUNT(cases));
}

static void
keys_unsorted_or_double(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"a203000100", BR_ERR_NOT_CANONICAL, 4},       /* {3, 1} */
        {"a201000100", BR_ERR_NOT_CANONICAL, 4},       /* {1, 1} */
        {"a2616200616100", BR_ERR_NOT_CANONICAL, 6},   /* {"b", "a"} */
        {"a2616100616100", BR_ERR_NOT_CANONICAL, 6},   /* {"a", "a"} */
        {"a262616100617a00", BR_ERR_NOT_CANONICAL, 7}, /* {"aa", "z"} */
        {"a220000000", BR_ERR_NOT_CANONICAL, 4},       /* {-1, 0} */
        {"a2812000811864", BR_ERR_NOT_CANONICAL, 7},   /* {[-1], [100]} */
        {"a281010081", BR_ERR_TRUNCATED, 5},
        /* inside another container, and as a key itself */
        {"8200a201000100", BR_ERR_NOT_CANONICAL, 6},
        {"a1a20100010000", BR_ERR_NOT_CANONICAL, 5},
        {"a3010002000200", BR_ERR_NOT_CANONICAL, 6},
    };
    assert_all_refused(cases, COUNT(cases));
}

static void
text_that_is_not_utf8(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"61ff", BR_ERR_BAD_UTF8, 2},         {"6180", BR_ERR_BAD_UTF8, 2},
        {"62c080", BR_ERR_BAD_UTF8, 3},     /* overlong NUL */
        {"63eda080", BR_ERR_BAD_UTF8, 4},   /* surrogate U+D800 */
        {"64f4908080", BR_ERR_BAD_UTF8, 5}, /* U+110000 */
        {"62e6b0", BR_ERR_BAD_UTF8, 3},     /* cut short */
        {"8261618161ff", BR_ERR_BAD_UTF8, 6}, {"a161ff00", BR_ERR_BAD_UTF8, 3},
    };
    assert_all_refused(cases, COUNT(cases));
}

static void
nothing_or_too_much(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {"", BR_ERR_TRUNCATED, 0},
        {"0000", BR_ERR_TRAILING, 1},
        {"8000", BR_ERR_TRAILING, 1},
        {"a0ff", BR_ERR_TRAILING, 1},
        {"c1", BR_ERR_TRUNCATED, 1},
        {"9bffffffffffffffff", BR_ERR_TRUNCATED, 9},
        {"bbffffffffffffffff", BR_ERR_OUT_OF_RANGE, 9},
        {"bb8000000000000000", BR_ERR_OUT_OF_RANGE, 9},
        {"ba7fffffff", BR_ERR_TRUNCATED, 5},
        {"5bffffffffffffffff", BR_ERR_TRUNCATED, 9},
        {"7bffffffffffffffff", BR_ERR_TRUNCATED, 9},
    };
    assert_all_refused(cases, COUNT(cases));
}

/** One document with every type in it, cut at each byte. */
static void
a_document_cut_anywhere(void **state)
{
    (void)state;
    static const char whole[] =
        "8ca301190100613a4401020304626162c11a514b67b0"
        "200a3903e71b000000e8d4a51000f4f5f66449455446"
        "581800112233445566778899aabbccddeeff0011223344556677d81881818080";
    uint8_t bytes[128];
    struct br_bytes d = hex(whole, bytes, sizeof(bytes));
    assert_int_equal(br_cbor_check(d, &err), BR_OK);
    for (size_t n = 0; n < d.n; n++) {
        uint8_t exact[128]; /* so that a sanitizer sees a read past it */
        uint8_t *copy = exact + sizeof(exact) - n;
        memcpy(copy, d.p, n);
        assert_int_equal(
            br_cbor_check(br_bytes(copy, n), &err), BR_ERR_TRUNCATED);
        assert_true(err.offset <= n);
    }
}

/** Arrays, tags or maps around a zero. */
static enum br_rc
check_nested(const char *shell, size_t depth)
{
    uint8_t bytes[512];
    uint8_t one[4];
    struct br_bytes s = hex(shell, one, sizeof(one));
    size_t n = 0;
    for (size_t i = 0; i < depth; i++) {
        memcpy(bytes + n, s.p, s.n);
        n += s.n;
    }
    bytes[n++] = 0;
    return br_cbor_check(br_bytes(bytes, n), &err);
}

static void
nesting_has_a_limit(void **state)
{
    (void)state;
    static const char *const shells[] = {"81", "c1", "a100", "d818"};
    for (size_t i = 0; i < COUNT(shells); i++) {
        for (size_t depth = 0; depth <= 100; depth++) {
            assert_int_equal(
                check_nested(shells[i], depth),
                depth <= BR_CBOR_DEPTH_MAX ? BR_OK : BR_ERR_OUT_OF_RANGE);
        }
    }
}

static void
skipping_stops_at_the_item_s_end(void **state)
{
    (void)state;
    uint8_t bytes[16];
    struct br_cbor r;
    br_cbor_init(&r, hex("8201820203f61818", bytes, sizeof(bytes)));
    assert_int_equal(br_cbor_skip(&r).n, 5);
    assert_int_equal(br_cbor_skip(&r).n, 1);
    assert_int_equal(br_cbor_skip(&r).n, 2);
    assert_int_equal(br_cbor_done(&r, &err), BR_OK);
    assert_int_equal(br_cbor_skip(&r).n, 0);
    assert_int_equal(br_cbor_done(&r, &err), BR_ERR_TRUNCATED);
}

/** Each read of another type than the one that stands there. */
static void
another_type_is_refused(void **state)
{
    (void)state;
    static const char *const of_type[] = {"01",   "20",     "4101", "6161",
                                          "8100", "a10000", "c100", "f5"};
    for (size_t is = 0; is < COUNT(of_type); is++) {
        for (size_t want = 0; want < COUNT(of_type); want++) {
            uint8_t bytes[8];
            struct br_cbor r;
            br_cbor_init(&r, hex(of_type[is], bytes, sizeof(bytes)));
            switch ((enum br_cbor_type)want) {
            case BR_CBOR_UINT:
                (void)br_cbor_uint(&r);
                break;
            case BR_CBOR_NINT:
                (void)br_cbor_int(&r);
                break;
            case BR_CBOR_BYTES:
                (void)br_cbor_bytes(&r);
                break;
            case BR_CBOR_TEXT:
                (void)br_cbor_text(&r);
                break;
            case BR_CBOR_ARRAY:
                (void)br_cbor_array(&r, 9);
                break;
            case BR_CBOR_MAP:
                (void)br_cbor_map(&r, 9);
                break;
            case BR_CBOR_TAG:
                (void)br_cbor_tag(&r);
                break;
            case BR_CBOR_SIMPLE:
                (void)br_cbor_bool(&r);
                break;
            case BR_CBOR_END:
                break;
            }
            bool fits = is == want || (want == BR_CBOR_NINT && is == 0);
            assert_int_equal(r.err.rc, fits ? BR_OK : BR_ERR_MALFORMED);
        }
    }
}

static void
counts_and_lengths_out_of_bounds(void **state)
{
    (void)state;
    uint8_t bytes[16];
    uint8_t four[4] = {9, 9, 9, 9};
    struct br_cbor r;
    br_cbor_init(&r, hex("83000000", bytes, sizeof(bytes)));
    assert_int_equal(br_cbor_array(&r, 2), 0);
    assert_int_equal(br_cbor_done(&r, &err), BR_ERR_OUT_OF_RANGE);
    br_cbor_init(&r, hex("83000000", bytes, sizeof(bytes)));
    br_cbor_array_exact(&r, 2);
    assert_int_equal(br_cbor_done(&r, &err), BR_ERR_MALFORMED);
    br_cbor_init(&r, hex("a200000100", bytes, sizeof(bytes)));
    assert_int_equal(br_cbor_map(&r, 1), 0);
    assert_int_equal(br_cbor_done(&r, &err), BR_ERR_OUT_OF_RANGE);
    br_cbor_init(&r, hex("a2000001", bytes, sizeof(bytes)));
    assert_int_equal(br_cbor_map(&r, 2), 0);
    assert_int_equal(br_cbor_done(&r, &err), BR_ERR_TRUNCATED);
    br_cbor_init(&r, hex("43010203", bytes, sizeof(bytes)));
    br_cbor_bytes_exact(&r, four, sizeof(four));
    assert_int_equal(br_cbor_done(&r, &err), BR_ERR_OUT_OF_RANGE);
    assert_memory_equal(four, "\0\0\0\0", 4);
}

static void
true_is_not_null(void **state)
{
    (void)state;
    uint8_t bytes[4];
    struct br_cbor r;
    br_cbor_init(&r, hex("f6", bytes, sizeof(bytes)));
    assert_false(br_cbor_bool(&r));
    assert_int_equal(br_cbor_done(&r, &err), BR_ERR_MALFORMED);
    br_cbor_init(&r, hex("f5", bytes, sizeof(bytes)));
    br_cbor_null(&r);
    assert_int_equal(br_cbor_done(&r, &err), BR_ERR_MALFORMED);
}

/** A whole document is read, then judged once: by its first failure. */
static void
the_first_failure_stays(void **state)
{
    (void)state;
    uint8_t bytes[16];
    uint8_t two[2] = {9, 9};
    struct br_cbor r;
    br_cbor_init(&r, hex("84011817420102f5", bytes, sizeof(bytes)));
    br_cbor_array_exact(&r, 4);
    assert_int_equal(br_cbor_uint(&r), 1);
    assert_int_equal(br_cbor_uint(&r), 0);
    assert_int_equal(br_cbor_peek(&r), BR_CBOR_END);
    br_cbor_bytes_exact(&r, two, sizeof(two));
    assert_memory_equal(two, "\0\0", 2);
    assert_false(br_cbor_bool(&r));
    assert_int_equal(br_cbor_int(&r), 0);
    assert_int_equal(br_cbor_text(&r).n, 0);
    assert_int_equal(br_cbor_map(&r, 1), 0);
    assert_int_equal(br_cbor_skip(&r).n, 0);
    br_cbor_fail(&r, BR_ERR_UNKNOWN_FIELD, "too late");
    assert_int_equal(br_cbor_done(&r, &err), BR_ERR_NOT_CANONICAL);
    assert_int_equal(err.rc, BR_ERR_NOT_CANONICAL);
    assert_int_equal(err.offset, 2);
    assert_int_equal(br_cbor_done(&r, NULL), BR_ERR_NOT_CANONICAL);
}

static void
a_reason_of_the_caller_s(void **state)
{
    (void)state;
    uint8_t bytes[4];
    struct br_cbor r;
    br_cbor_init(&r, hex("8105", bytes, sizeof(bytes)));
    br_cbor_array_exact(&r, 1);
    br_cbor_fail(&r, BR_ERR_UNKNOWN_FIELD, "no such field");
    assert_int_equal(br_cbor_done(&r, &err), BR_ERR_UNKNOWN_FIELD);
    assert_int_equal(err.offset, 1);
    assert_non_null(strstr(err.text, "no such field"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longer_heads_than_needed),
        cmocka_unit_test(indefinite_and_reserved_lengths),
        cmocka_unit_test(floats_and_other_simple_values),
        cmocka_unit_test(keys_unsorted_or_double),
        cmocka_unit_test(text_that_is_not_utf8),
        cmocka_unit_test(nothing_or_too_much),
        cmocka_unit_test(a_document_cut_anywhere),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(skipping_stops_at_the_item_s_end),
        cmocka_unit_test(another_type_is_refused),
        cmocka_unit_test(counts_and_lengths_out_of_bounds),
        cmocka_unit_test(true_is_not_null),
        cmocka_unit_test(the_first_failure_stays),
        cmocka_unit_test(a_reason_of_the_caller_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
