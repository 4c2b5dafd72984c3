/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/crypto/support.h"

#include "common/crypto/ecdsa.h"

static const char order_hex[] =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
static const char half_hex[] =
    "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8";

static void
der_round_trips_at_every_length(void **state)
{
    (void)state;
    for (size_t zeros = 0; zeros <= 32; zeros++) {
        for (unsigned top = 0; top < 256; top += 15) {
            uint8_t sig[64] = {0};
            uint8_t back[64];
            uint8_t der[BR_ECDSA_DER_BYTES_MAX];
            memset(sig + zeros, 0x5a, 32 - zeros);
            memset(sig + 32 + (32 - zeros), 0xa5, zeros);
            if (zeros < 32) {
                sig[zeros] = (uint8_t)top;
            }
            size_t n = br_ecdsa_to_der(sig, der);
            assert_true(n <= sizeof(der));
            assert_true(br_ecdsa_from_der(br_bytes(der, n), back));
            assert_memory_equal(sig, back, 64);
            for (size_t cut = 0; cut < n; cut++) {
                assert_false(br_ecdsa_from_der(br_bytes(der, cut), back));
            }
        }
    }
}

static void
der_has_one_form_for_each_value(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",
        "30",
        "3000",
        "3003020101",         /* one integer */
        "3006020101020101ff", /* bytes after the end */
        "3007020101020101ff", /* bytes inside the end */
        "3106020101020101",   /* a SET */
        "3006030101020101",   /* not an INTEGER */
        "30050200020101",     /* an empty integer */
        "300702020001020101", /* not the shortest */
        "3006020181020101",   /* negative */
        "308106020101020101", /* long form of a short length */
        "3006020105020201",   /* the second runs out */
        "3006020501020101",   /* the first runs over */
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        uint8_t der[80];
        uint8_t sig[64];
        assert_false(br_ecdsa_from_der(hex(refused[i], der, sizeof(der)), sig));
    }
}

static void
an_integer_of_33_bytes_is_refused(void **state)
{
    (void)state;
    uint8_t der[2 + 35 + 3] = {0x30, 38, 0x02, 33, 0x01};
    uint8_t sig[64];
    der[37] = 0x02;
    der[38] = 0x01;
    der[39] = 0x01;
    assert_false(br_ecdsa_from_der(br_bytes(der, sizeof(der)), sig));
    der[4] = 0x00;
    der[5] = 0x80;
    assert_true(br_ecdsa_from_der(br_bytes(der, sizeof(der)), sig));
    assert_int_equal(sig[0], 0x80);
}

static void
s_is_brought_to_the_lower_half(void **state)
{
    (void)state;
    uint8_t sig[64] = {0};
    uint8_t half[32];
    hex(half_hex, half, 32);
    memcpy(sig + 32, half, 32);
    assert_true(br_es256_is_low(sig));
    assert_true(br_es256_normalise(sig));
    assert_memory_equal(sig + 32, half, 32);
    sig[63]++; /* half + 1 = n - half: its twin is half */
    assert_false(br_es256_is_low(sig));
    assert_true(br_es256_normalise(sig));
    assert_memory_equal(sig + 32, half, 32);
    hex(order_hex, sig + 32, 32);
    assert_false(br_es256_normalise(sig));
    sig[63]--; /* n - 1: its twin is 1 */
    assert_true(br_es256_normalise(sig));
    memset(half, 0, 32);
    half[31] = 1;
    assert_memory_equal(sig + 32, half, 32);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(der_round_trips_at_every_length),
        cmocka_unit_test(der_has_one_form_for_each_value),
        cmocka_unit_test(an_integer_of_33_bytes_is_refused),
        cmocka_unit_test(s_is_brought_to_the_lower_half),
    };
    return cmocka_run_group_tests_name("ecdsa", tests, NULL, NULL);
}
