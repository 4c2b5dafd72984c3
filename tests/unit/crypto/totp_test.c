/*
 * One-time codes against RFC 6238, appendix B (SHA-1; its eight digits end in
 * our six), and what may not serve twice.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/crypto/totp.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    uint64_t time_s;
    const char *code;
} vectors[] = {
    {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
    {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
};

static struct br_bytes
secret(void)
{
    return br_str("12345678901234567890");
}

static void
codes_of_the_standard(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        char code[BR_TOTP_DIGITS + 1];
        assert_int_equal(
            br_totp_code(
                secret(), vectors[i].time_s / BR_TOTP_STEP_S, code, NULL),
            BR_OK);
        assert_string_equal(code, vectors[i].code);
    }
}

static enum br_rc
check(const char *code, uint64_t now_s, uint64_t used, uint64_t *step)
{
    return br_totp_check(secret(), br_str(code), now_s, used, step, NULL);
}

static void
a_code_fits_its_step_and_the_neighbours(void **state)
{
    uint64_t step = 0;
    (void)state;
    assert_int_equal(check("005924", 1234567890, 0, &step), BR_OK);
    assert_int_equal(step, 1234567890 / BR_TOTP_STEP_S);
    assert_int_equal(check("005924", 1234567890 + 30, 0, &step), BR_OK);
    assert_int_equal(check("005924", 1234567890 - 30, 0, &step), BR_OK);
    assert_int_equal(
        check("005924", 1234567890 + 60, 0, &step), BR_ERR_UNAUTHENTICATED);
    assert_int_equal(
        check("005924", 1234567890 - 60, 0, &step), BR_ERR_UNAUTHENTICATED);
}

static void
a_code_serves_once(void **state)
{
    uint64_t step = 7;
    (void)state;
    assert_int_equal(
        check("005924", 1234567890, 1234567890 / BR_TOTP_STEP_S, &step),
        BR_ERR_UNAUTHENTICATED);
    assert_int_equal(step, 7);
}

static void
what_is_no_code_is_refused(void **state)
{
    static const char *const wrong[] = {
        "", "5924", "0059240", "005925", "abcdef"};
    uint64_t step = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(
            check(wrong[i], 1234567890, 0, &step), BR_ERR_UNAUTHENTICATED);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_of_the_standard),
        cmocka_unit_test(a_code_fits_its_step_and_the_neighbours),
        cmocka_unit_test(a_code_serves_once),
        cmocka_unit_test(what_is_no_code_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
