/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/codec/support.h"

#include "common/codec/double.h"

#include <math.h>
#include <stdlib.h>

static double
from_bits(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

static uint64_t
to_bits(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return bits;
}

/* RFC 8785 appendix B, and what its kind of table leaves out. */
static const struct {
    uint64_t bits;
    const char *text;
} samples[] = {
    {UINT64_C(0x0000000000000000), "0"},
    {UINT64_C(0x8000000000000000), "0"},
    {UINT64_C(0x0000000000000001), "5e-324"},
    {UINT64_C(0x8000000000000001), "-5e-324"},
    {UINT64_C(0x7fefffffffffffff), "1.7976931348623157e+308"},
    {UINT64_C(0xffefffffffffffff), "-1.7976931348623157e+308"},
    {UINT64_C(0x4340000000000000), "9007199254740992"},
    {UINT64_C(0xc340000000000000), "-9007199254740992"},
    {UINT64_C(0x4430000000000000), "295147905179352830000"},
    {UINT64_C(0x44b52d02c7e14af5), "9.999999999999997e+22"},
    {UINT64_C(0x44b52d02c7e14af6), "1e+23"},
    {UINT64_C(0x44b52d02c7e14af7), "1.0000000000000001e+23"},
    {UINT64_C(0x444b1ae4d6e2ef4e), "999999999999999700000"},
    {UINT64_C(0x444b1ae4d6e2ef4f), "999999999999999900000"},
    {UINT64_C(0x444b1ae4d6e2ef50), "1e+21"},
    {UINT64_C(0x3eb0c6f7a0b5ed8c), "9.999999999999997e-7"},
    {UINT64_C(0x3eb0c6f7a0b5ed8d), "0.000001"},
    {UINT64_C(0x41b3de4355555553), "333333333.3333332"},
    {UINT64_C(0x41b3de4355555554), "333333333.33333325"},
    {UINT64_C(0x41b3de4355555555), "333333333.3333333"},
    {UINT64_C(0x41b3de4355555556), "333333333.3333334"},
    {UINT64_C(0x41b3de4355555557), "333333333.33333343"},
    {UINT64_C(0xbecbf647612f3696), "-0.0000033333333333333333"},
    {UINT64_C(0x43143ff3c1cb0959), "1424953923781206.2"},
    /* a power of two: the doubles under it are twice as dense */
    {UINT64_C(0x3d30000000000000), "5.684341886080802e-14"},
    {UINT64_C(0x0010000000000000), "2.2250738585072014e-308"},
    {UINT64_C(0x000fffffffffffff), "2.225073858507201e-308"},
    {UINT64_C(0x3fb999999999999a), "0.1"},
    {UINT64_C(0x3fd3333333333334), "0.30000000000000004"},
    {UINT64_C(0x40934a456d5cfaad), "1234.5678"},
    {UINT64_C(0x3e7ad7f29abcaf48), "1e-7"},
};

static void
the_table_of_the_standard(void **state)
{
    (void)state;
    struct br_buf b;
    br_buf_init(&b, 64);
    for (size_t i = 0; i < COUNT(samples); i++) {
        double back;
        br_buf_clear(&b);
        br_double_put(&b, from_bits(samples[i].bits));
        assert_bytes_equal(br_buf_bytes(&b), br_str(samples[i].text));
        assert_true(br_double_parse(br_str(samples[i].text), &back));
        if (samples[i].bits << 1 != 0) {
            assert_true(to_bits(back) == samples[i].bits);
        }
    }
    br_buf_fini(&b);
}

/** Finite doubles of all sizes, the borders among them. */
static double
random_double(uint64_t *seed)
{
    uint64_t r = next_random(seed);
    uint64_t exponent = r >> 8 & 0x7ff;
    uint64_t fraction = next_random(seed) & 0xfffffffffffff;
    uint64_t sign = r << 63;
    if (exponent == 0x7ff) {
        exponent = 0;
    }
    switch (r >> 1 & 7) {
    case 0:
        fraction = 0;
        break;
    case 1:
        fraction = 0xfffffffffffff;
        break;
    case 2:
        fraction >>= r >> 20 & 63;
        break;
    case 3:
        exponent = 1023 + exponent % 64;
        break;
    default:
        break;
    }
    return from_bits(sign | exponent << 52 | fraction);
}

/** The digits of a number without the zeros around them; how many. */
static size_t
digits_of(struct br_bytes text, char out[64])
{
    size_t n = 0;
    for (size_t i = 0; i < text.n && text.p[i] != 'e'; i++) {
        uint8_t c = text.p[i];
        if (c >= '0' && c <= '9' && (n > 0 || c > '0')) {
            out[n++] = (char)c;
        }
    }
    while (n > 0 && out[n - 1] == '0') {
        n--;
    }
    out[n] = '\0';
    return n;
}

/** As printf and strtod have it: with fewer digits it does not read back, and
 *  of those with as many it is the nearest. */
static void
assert_shortest(double v, struct br_buf *b)
{
    char ours[64];
    char nearest[64];
    char text[64];
    double back;
    br_buf_clear(b);
    br_double_put(b, v);
    assert_true(br_double_parse(br_buf_bytes(b), &back));
    assert_true(to_bits(back) << 1 == to_bits(v) << 1);
    size_t n = digits_of(br_buf_bytes(b), ours);
    assert_true(n <= 17);
    if (n > 1) {
        (void)snprintf(text, sizeof(text), "%.*e", (int)n - 2, v);
        assert_true(to_bits(strtod(text, NULL)) != to_bits(v));
        (void)snprintf(text, sizeof(text), "%.*e", (int)n - 1, v);
        (void)digits_of(br_str(text), nearest);
        if (to_bits(strtod(text, NULL)) == to_bits(v)) {
            assert_string_equal(ours, nearest);
        }
    }
}

static void
random_doubles_are_written_shortest(void **state)
{
    (void)state;
    struct br_buf b;
    uint64_t seed = 20;
    br_buf_init(&b, 64);
    for (int i = 0; i < 100000; i++) {
        assert_shortest(random_double(&seed), &b);
    }
    for (int i = 0; i < 100000; i++) { /* amounts of money and the like */
        double v = (double)(next_random(&seed) % 100000000);
        assert_shortest(v / pow(10, (double)(next_random(&seed) % 9)), &b);
    }
    br_buf_fini(&b);
}

static void
assert_read_as_strtod(const char *text)
{
    double ours = 42;
    double theirs = strtod(text, NULL);
    bool finite = br_double_parse(br_str(text), &ours);
    if (finite != (isfinite(theirs) != 0) ||
        (finite && to_bits(ours) != to_bits(theirs))) {
        fail_msg("%s: %a, not %a", text, ours, theirs);
    }
    if (!finite) {
        assert_true(to_bits(ours) == to_bits(42.0));
    }
}

static void
random_decimals_are_read_as_strtod_reads_them(void **state)
{
    (void)state;
    uint64_t seed = 21;
    for (int i = 0; i < 200000; i++) {
        char whole[32];
        char fraction[64] = "";
        char exponent[16] = "";
        char text[128];
        uint64_t r = next_random(&seed);
        (void)snprintf(
            whole, sizeof(whole), "%llu",
            (unsigned long long)(next_random(&seed) >> (r >> 8 & 63)));
        if ((r & 1) != 0) {
            (void)snprintf(
                fraction, sizeof(fraction), ".%0*llu%llu", (int)(r >> 16 & 20),
                (unsigned long long)(next_random(&seed) >> (r >> 24 & 63)),
                (unsigned long long)next_random(&seed));
        }
        if ((r & 2) != 0) {
            (void)snprintf(
                exponent, sizeof(exponent), (r & 4) != 0 ? "e%d" : "E%+d",
                (int)(r >> 32 & 1023) - 512);
        }
        (void)snprintf(
            text, sizeof(text), "%s%s%s%s", (r & 8) != 0 ? "-" : "", whole,
            fraction, exponent);
        assert_read_as_strtod(text);
    }
}

static void
half_way_between_two_doubles(void **state)
{
    (void)state;
    uint64_t seed = 22;
    for (int i = 0; i < 3000; i++) {
        char text[1400];
        double v = fabs(random_double(&seed));
        double next = nextafter(v, INFINITY);
        if (v < 1e-300 || next > 1e300) {
            continue;
        }
        /* x87's long double holds the middle exactly */
        long double middle = ((long double)v + (long double)next) / 2;
        int n = snprintf(text, sizeof(text), "%.1100Le", middle);
        assert_read_as_strtod(text);
        assert_true(n > 1100);
        char *e = strchr(text, 'e');
        e[-1] = '1'; /* far beyond the digits that are kept */
        assert_read_as_strtod(text);
    }
}

static void
the_ends_of_the_range(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0e999999999999999999999",
        "-0.0",
        "0.0e-5",
        "1e308",
        "1.8e308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "179769313486231580793e289",
        "1e309",
        "-1e400",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.5e-324",
        "1e-324",
        "1e-325",
        "1e-400",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "9007199254740993",
        "9007199254740992.5",
        "9007199254740993.0000000000000000000000000000000000000001",
        "0.000000000000000000000000000000000000000000000000000000000000001e70",
        "10000000000000000000000000000000000000000000000000000000000000e-60"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_read_as_strtod(texts[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_of_the_standard),
        cmocka_unit_test(random_doubles_are_written_shortest),
        cmocka_unit_test(random_decimals_are_read_as_strtod_reads_them),
        cmocka_unit_test(half_way_between_two_doubles),
        cmocka_unit_test(the_ends_of_the_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
