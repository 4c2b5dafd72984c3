/*
 * common/base/error.h: the registry's rows and how a failure is told.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

static bool
is_one_line(const char *text)
{
    return text[0] != '\0' && strpbrk(text, "\r\n\t") == NULL;
}

static void
each_row_is_whole(void **state)
{
    (void)state;
    size_t count;
    const struct br_err_info *row = br_err_table(&count);
    assert_true(count > 40);
    for (size_t i = 0; i < count; i++) {
        assert_true(row[i].rc > 0);
        assert_in_range(row[i].http_status, 400, 599);
        assert_true(is_one_line(row[i].text));
        assert_true(is_one_line(row[i].remedy));
        assert_true(row[i].slug[0] != '\0');
        assert_int_equal(
            strspn(row[i].slug, "abcdefghijklmnopqrstuvwxyz0123456789-"),
            strlen(row[i].slug));
        assert_ptr_equal(br_err_info(row[i].rc), &row[i]);
    }
}

static void
codes_and_slugs_are_given_once(void **state)
{
    (void)state;
    size_t count;
    const struct br_err_info *row = br_err_table(&count);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(row[i].rc, row[k].rc);
            assert_string_not_equal(row[i].slug, row[k].slug);
        }
    }
}

/** Codes are wire format: these are in documents that are out. */
static void
codes_are_never_renumbered(void **state)
{
    (void)state;
    assert_int_equal(BR_OK, 0);
    assert_int_equal(BR_ERR_MALFORMED, 1);
    assert_int_equal(BR_ERR_OUT_OF_RANGE, 11);
    assert_int_equal(BR_ERR_UNAUTHENTICATED, 100);
    assert_int_equal(BR_ERR_WRONG_CHAIN, 200);
    assert_int_equal(BR_ERR_DIGEST_MISMATCH, 300);
    assert_int_equal(BR_ERR_IO, 400);
    assert_int_equal(BR_ERR_INTERNAL, 407);
    assert_int_equal(BR_ERR_METHOD_NOT_ALLOWED, 500);
}

static void
an_unknown_code_is_internal(void **state)
{
    (void)state;
    assert_int_equal(br_err_info(BR_OK)->rc, BR_ERR_INTERNAL);
    assert_int_equal(br_err_info((enum br_rc)99999)->rc, BR_ERR_INTERNAL);
}

static void
a_failure_is_told_in_one_statement(void **state)
{
    (void)state;
    struct br_err err;
    memset(&err, 0x7e, sizeof(err));
    assert_int_equal(
        br_fail(&err, BR_ERR_CONFLICT, "%s %d", "version", 7), BR_ERR_CONFLICT);
    assert_int_equal(err.rc, BR_ERR_CONFLICT);
    assert_int_equal(err.offset, 0);
    assert_string_equal(err.text, "version 7");
    assert_int_equal(
        br_fail_at(&err, BR_ERR_TRAILING, 12, "byte %d", 12), BR_ERR_TRAILING);
    assert_int_equal(err.rc, BR_ERR_TRAILING);
    assert_int_equal(err.offset, 12);
    assert_string_equal(err.text, "byte 12");
}

static void
nobody_need_listen(void **state)
{
    (void)state;
    assert_int_equal(br_fail(NULL, BR_ERR_IO, "%d", 1), BR_ERR_IO);
    assert_int_equal(br_fail_at(NULL, BR_ERR_IO, 3, "%d", 1), BR_ERR_IO);
}

static void
a_long_text_is_cut(void **state)
{
    (void)state;
    struct br_err err;
    (void)br_fail(&err, BR_ERR_IO, "%*s", 3 * BR_ERR_TEXT_BYTES, "end");
    assert_int_equal(strlen(err.text), BR_ERR_TEXT_BYTES - 1);
}

static int evaluated;

static enum br_rc
count_and_return(enum br_rc rc)
{
    evaluated++;
    return rc;
}

static enum br_rc
try_then_conflict(enum br_rc rc)
{
    BR_TRY(count_and_return(rc));
    return BR_ERR_CONFLICT;
}

static void
a_text_is_one_line(void **state)
{
    (void)state;
    struct br_err err;
    (void)br_fail(&err, BR_ERR_MALFORMED, "near '%s'", "a\n\x1b[31m\x7f\tb");
    assert_string_equal(err.text, "near 'a??[31m??b'");
    (void)br_fail(&err, BR_ERR_MALFORMED, "perch\xc3\xa9");
    assert_string_equal(err.text, "perch\xc3\xa9");
}

static void
try_leaves_with_the_code_of_the_failure(void **state)
{
    (void)state;
    evaluated = 0;
    assert_int_equal(try_then_conflict(BR_ERR_EXPIRED), BR_ERR_EXPIRED);
    assert_int_equal(try_then_conflict(BR_OK), BR_ERR_CONFLICT);
    assert_int_equal(evaluated, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_whole),
        cmocka_unit_test(codes_and_slugs_are_given_once),
        cmocka_unit_test(codes_are_never_renumbered),
        cmocka_unit_test(an_unknown_code_is_internal),
        cmocka_unit_test(a_failure_is_told_in_one_statement),
        cmocka_unit_test(nobody_need_listen),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(a_text_is_one_line),
        cmocka_unit_test(try_leaves_with_the_code_of_the_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
