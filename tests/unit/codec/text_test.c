/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/codec/support.h"

#include "common/codec/text.h"

#include <stdlib.h>

static struct br_err err;

/* ---- hexadecimal -------------------------------------------------------- */

static void
hexadecimal_there_and_back(void **state)
{
    (void)state;
    uint8_t all[256];
    uint8_t back[256];
    struct br_buf b;
    for (unsigned i = 0; i < 256; i++) {
        all[i] = (uint8_t)i;
    }
    br_buf_init(&b, 1024);
    br_hex_put(&b, br_bytes(all, sizeof(all)));
    assert_int_equal(b.n, 512);
    assert_memory_equal(b.p, "000102030405060708090a0b0c0d0e0f10", 34);
    assert_memory_equal(b.p + 508, "feff", 4);
    assert_int_equal(br_hex_parse(br_buf_bytes(&b), back, &err), BR_OK);
    assert_memory_equal(back, all, sizeof(all));
    assert_int_equal(br_hex_parse(br_str("DeadBEEF"), back, &err), BR_OK);
    assert_memory_equal(back, "\xde\xad\xbe\xef", 4);
    assert_int_equal(br_hex_parse(br_bytes(NULL, 0), back, &err), BR_OK);
    br_buf_clear(&b);
    br_hex_put(&b, br_bytes(NULL, 0));
    assert_int_equal(b.n, 0);
    br_buf_fini(&b);
}

static void
hexadecimal_digits_and_nothing_else(void **state)
{
    (void)state;
    uint8_t out[4] = {7, 7, 7, 7};
    assert_int_equal(br_hex_parse(br_str("abc"), out, &err), BR_ERR_MALFORMED);
    for (unsigned c = 0; c < 256; c++) {
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
                     (c >= 'A' && c <= 'F');
        uint8_t text[4] = {'0', '1', '2', (uint8_t)c};
        if (!digit) {
            assert_int_equal(
                br_hex_parse(br_bytes(text, 4), out, &err), BR_ERR_MALFORMED);
            assert_int_equal(err.offset, 3);
            assert_memory_equal(out, "\7\7\7\7", 4); /* untouched */
        } else {
            uint8_t got[2];
            char both[3] = {'2', (char)c, '\0'};
            assert_int_equal(br_hex_parse(br_bytes(text, 4), got, &err), BR_OK);
            assert_int_equal(got[1], strtoul(both, NULL, 16));
        }
    }
}

/* ---- base64 ------------------------------------------------------------- */

/* RFC 4648 section 10. */
static const struct {
    const char *plain;
    const char *padded;
    const char *unpadded;
} rfc4648[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    /* the two digits in which the alphabets differ */
    {"\xfb\xff\xbf", "+/+/", "-_-_"},
};

static void
base64_of_the_standard(void **state)
{
    (void)state;
    struct br_buf b;
    uint8_t out[16];
    size_t n;
    br_buf_init(&b, 64);
    for (size_t i = 0; i < COUNT(rfc4648); i++) {
        struct br_bytes plain = br_str(rfc4648[i].plain);
        br_buf_clear(&b);
        br_base64_put(&b, plain);
        assert_bytes_equal(br_buf_bytes(&b), br_str(rfc4648[i].padded));
        assert_int_equal(
            br_base64_parse(br_buf_bytes(&b), out, sizeof(out), &n, &err),
            BR_OK);
        assert_bytes_equal(br_bytes(out, n), plain);
        br_buf_clear(&b);
        br_base64url_put(&b, plain);
        assert_bytes_equal(br_buf_bytes(&b), br_str(rfc4648[i].unpadded));
        assert_int_equal(
            br_base64url_parse(br_buf_bytes(&b), out, sizeof(out), &n, &err),
            BR_OK);
        assert_bytes_equal(br_bytes(out, n), plain);
    }
    br_buf_fini(&b);
}

/** RFC 4648 section 10, without its padding. */
static void
base32_of_the_standard(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "MY"},
        {"fo", "MZXQ"},
        {"foo", "MZXW6"},
        {"foob", "MZXW6YQ"},
        {"fooba", "MZXW6YTB"},
        {"foobar", "MZXW6YTBOI"},
    };
    struct br_buf b;
    (void)state;
    br_buf_init(&b, 64);
    for (size_t i = 0; i < COUNT(pairs); i++) {
        br_buf_clear(&b);
        br_base32_put(&b, br_str(pairs[i][0]));
        assert_bytes_equal(br_buf_bytes(&b), br_str(pairs[i][1]));
    }
    br_buf_fini(&b);
}

static enum br_rc
parse(bool url, struct br_bytes text, uint8_t *out, size_t max, size_t *n)
{
    return url ? br_base64url_parse(text, out, max, n, &err)
               : br_base64_parse(text, out, max, n, &err);
}

static void
put(bool url, struct br_buf *b, struct br_bytes v)
{
    br_buf_clear(b);
    if (url) {
        br_base64url_put(b, v);
    } else {
        br_base64_put(b, v);
    }
}

static void
base64_there_and_back_at_every_length(void **state)
{
    (void)state;
    struct br_buf b;
    uint64_t seed = 9;
    br_buf_init(&b, 1024);
    for (size_t length = 0; length <= 200; length++) {
        uint8_t data[200];
        uint8_t back[201];
        size_t n;
        for (size_t i = 0; i < length; i++) {
            data[i] = (uint8_t)next_random(&seed);
        }
        for (int url = 0; url <= 1; url++) {
            put(url, &b, br_bytes(data, length));
            back[length] = 0xee;
            assert_int_equal(
                parse(url, br_buf_bytes(&b), back, length, &n), BR_OK);
            assert_bytes_equal(br_bytes(back, n), br_bytes(data, length));
            assert_int_equal(back[length], 0xee);
            if (length > 0) {
                assert_int_equal(
                    parse(url, br_buf_bytes(&b), back, length - 1, &n),
                    BR_ERR_TOO_LARGE);
            }
        }
    }
    br_buf_fini(&b);
}

/** What a decoder accepts is what its encoder writes. */
static bool
check_one_text(bool url, struct br_bytes text, struct br_buf *b)
{
    uint8_t out[64];
    size_t n = 77;
    enum br_rc rc = parse(url, text, out, sizeof(out), &n);
    if (rc != BR_OK) {
        assert_true(rc == BR_ERR_MALFORMED || rc == BR_ERR_NOT_CANONICAL);
        assert_int_equal(n, 77);
        return false;
    }
    put(url, b, br_bytes(out, n));
    assert_bytes_equal(br_buf_bytes(b), text);
    return true;
}

static void
base64_has_one_form(void **state)
{
    (void)state;
    struct br_buf b;
    size_t accepted = 0;
    br_buf_init(&b, 1024);
    for (unsigned v = 0; v < 65536; v++) {
        uint8_t t[4] = {(uint8_t)(v >> 8), (uint8_t)v, '=', '='};
        accepted += check_one_text(false, br_bytes(t, 4), &b) ? 1 : 0;
        accepted += check_one_text(true, br_bytes(t, 2), &b) ? 1 : 0;
        assert_false(check_one_text(true, br_bytes(t, 4), &b));
        assert_false(check_one_text(false, br_bytes(t, 2), &b));
    }
    assert_int_equal(accepted, 2 * 256); /* each byte once, in each alphabet */
    accepted = 0;
    for (unsigned v = 0; v < 65536; v++) {
        uint8_t t[4] = {'Q', (uint8_t)(v >> 8), (uint8_t)v, '='};
        accepted += check_one_text(false, br_bytes(t, 4), &b) ? 1 : 0;
        accepted += check_one_text(true, br_bytes(t, 3), &b) ? 1 : 0;
    }
    /* Q fixes six bits of sixteen; and "QA==", "QQ==", "Qg==", "Qw==" */
    assert_int_equal(accepted, 2 * 1024 + 4);
    br_buf_fini(&b);
}

static void
mutated_base64_has_one_form(void **state)
{
    (void)state;
    static const char some[] = "AZaz09+/-_=. \n\xff";
    struct br_buf b;
    uint64_t seed = 10;
    size_t accepted = 0;
    br_buf_init(&b, 1024);
    for (int i = 0; i < 200000; i++) {
        uint8_t t[12];
        size_t n = next_random(&seed) % (sizeof(t) + 1);
        for (size_t k = 0; k < n; k++) {
            t[k] = (uint8_t)some[next_random(&seed) % (sizeof(some) - 1)];
        }
        bool url = i % 2 == 0;
        accepted += check_one_text(url, br_bytes(t, n), &b) ? 1 : 0;
    }
    assert_true(accepted > 10000);
    br_buf_fini(&b);
}

static void
base64_tells_where_it_is_wrong(void **state)
{
    (void)state;
    uint8_t out[16];
    size_t n;
    static const struct {
        const char *text;
        enum br_rc rc;
        size_t offset;
    } cases[] = {
        {"Zm9", BR_ERR_MALFORMED, 0},      {"Zm9vYg", BR_ERR_MALFORMED, 0},
        {"Zm 9", BR_ERR_MALFORMED, 2},     {"Zm9vZm-v", BR_ERR_MALFORMED, 6},
        {"Zg==Zg==", BR_ERR_MALFORMED, 2}, {"Z===", BR_ERR_MALFORMED, 1},
        {"====", BR_ERR_MALFORMED, 0},     {"Zh==", BR_ERR_NOT_CANONICAL, 1},
        {"Zm9=", BR_ERR_NOT_CANONICAL, 2}, {"Zm9v\n", BR_ERR_MALFORMED, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(
            br_base64_parse(br_str(cases[i].text), out, sizeof(out), &n, &err),
            cases[i].rc);
        assert_int_equal(err.offset, cases[i].offset);
    }
    assert_int_equal(
        br_base64url_parse(br_str("Zm9v/w"), out, sizeof(out), &n, &err),
        BR_ERR_MALFORMED);
    assert_int_equal(err.offset, 4);
    assert_int_equal(
        br_base64url_parse(br_str("Zg=="), out, sizeof(out), &n, &err),
        BR_ERR_MALFORMED);
    assert_int_equal(
        br_base64url_parse(br_str("Z"), out, sizeof(out), &n, &err),
        BR_ERR_MALFORMED);
}

/* ---- numbers ------------------------------------------------------------ */

static void
decimal_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t v;
    } good[] = {
        {"0", 0},
        {"7", 7},
        {"10", 10},
        {"4294967296", UINT64_C(4294967296)},
        {"18446744073709551609", UINT64_MAX - 6},
        {"18446744073709551615", UINT64_MAX},
    };
    uint64_t v;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(
            br_decimal_parse(br_str(good[i].text), &v, &err), BR_OK);
        assert_true(v == good[i].v);
    }
    static const char *const malformed[] = {
        "",    "00",  "01",  "+1",  "-1",  "-0",  " 1",       "1 ",
        "1e3", "0x1", "1.0", "1,0", "1_0", "1\n", "\xd9\xa3", "a"};
    for (size_t i = 0; i < COUNT(malformed); i++) {
        v = 42;
        assert_int_equal(
            br_decimal_parse(br_str(malformed[i]), &v, &err), BR_ERR_MALFORMED);
        assert_int_equal(v, 42);
    }
    static const char *const large[] = {
        "18446744073709551616", "18446744073709551620", "28446744073709551615",
        "99999999999999999999", "100000000000000000000000000000000000000"};
    for (size_t i = 0; i < COUNT(large); i++) {
        assert_int_equal(
            br_decimal_parse(br_str(large[i]), &v, &err), BR_ERR_OUT_OF_RANGE);
    }
    assert_int_equal(br_decimal_parse(br_bytes("12345", 3), &v, &err), BR_OK);
    assert_int_equal(v, 123); /* a length, not a terminator */
}

/* ---- UTF-8 -------------------------------------------------------------- */

/** RFC 3629 section 3: bits of a code point into bytes, whatever it is. */
static size_t
utf8_write(uint32_t c, uint8_t *p)
{
    if (c < 0x80) {
        p[0] = (uint8_t)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        p[i] = (uint8_t)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    p[0] = (uint8_t)((0xf00u >> n & 0xff) | c);
    return n;
}

static void
every_code_point_but_surrogates(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x1fffff; c++) {
        uint8_t p[4];
        size_t n = utf8_write(c, p);
        bool good = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
        if ((br_utf8_check(br_bytes(p, n)) == n) != good) {
            fail_msg("U+%04X", (unsigned)c);
        }
    }
}

/** A decoder by the definition: some code point has these bytes. */
static bool
is_one_code_point(const uint8_t *p, size_t n)
{
    static const uint8_t lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint8_t again[4];
    uint32_t c = p[0] & lead[n];
    for (size_t i = 1; i < n; i++) {
        c = c << 6 | (p[i] & 0x3f);
    }
    return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) &&
           utf8_write(c, again) == n && memcmp(again, p, n) == 0;
}

static size_t
utf8_model(struct br_bytes v)
{
    size_t at = 0;
    while (at < v.n) {
        size_t n = 1;
        while (n <= 4 && n <= v.n - at && !is_one_code_point(v.p + at, n)) {
            n++;
        }
        if (n > 4 || n > v.n - at) {
            return at;
        }
        at += n;
    }
    return at;
}

static void
any_bytes_are_judged_as_the_definition_does(void **state)
{
    (void)state;
    uint64_t seed = 11;
    static const uint8_t edge[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
                                   0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0,
                                   0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1,
                                   0xf3, 0xf4, 0xf5, 0xf8, 0xff};
    for (unsigned v = 0; v < 65536; v++) {
        uint8_t p[2] = {(uint8_t)(v >> 8), (uint8_t)v};
        assert_int_equal(
            br_utf8_check(br_bytes(p, 2)), utf8_model(br_bytes(p, 2)));
    }
    for (int i = 0; i < 300000; i++) {
        uint8_t p[8];
        for (size_t k = 0; k < sizeof(p); k++) {
            p[k] = edge[next_random(&seed) % sizeof(edge)];
        }
        struct br_bytes v = br_bytes(p, 1 + next_random(&seed) % sizeof(p));
        assert_int_equal(br_utf8_check(v), utf8_model(v));
    }
    assert_int_equal(br_utf8_check(br_bytes(NULL, 0)), 0);
}

/* ---- identifiers -------------------------------------------------------- */

static void
identifiers(void **state)
{
    (void)state;
    static const char *const good[] = {"a",    "7",  "a.b", "comune-di-roma",
                                       "a--b", "0.9"};
    static const char *const bad[] = {"",    "-a",       "a-",  ".a",
                                      "a.",  "A",        "a b", "a_b",
                                      "a/b", "\xc3\xa0", "a\n", "aB"};
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(br_identifier_ok(br_str(good[i]), 64));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(br_identifier_ok(br_str(bad[i]), 64));
    }
    assert_true(br_identifier_ok(br_str("abcd"), 4));
    assert_false(br_identifier_ok(br_str("abcde"), 4));
    assert_false(br_identifier_ok(br_bytes("a\0b", 3), 64));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hexadecimal_there_and_back),
        cmocka_unit_test(hexadecimal_digits_and_nothing_else),
        cmocka_unit_test(base64_of_the_standard),
        cmocka_unit_test(base32_of_the_standard),
        cmocka_unit_test(base64_there_and_back_at_every_length),
        cmocka_unit_test(base64_has_one_form),
        cmocka_unit_test(mutated_base64_has_one_form),
        cmocka_unit_test(base64_tells_where_it_is_wrong),
        cmocka_unit_test(decimal_numbers),
        cmocka_unit_test(every_code_point_but_surrogates),
        cmocka_unit_test(any_bytes_are_judged_as_the_definition_does),
        cmocka_unit_test(identifiers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
