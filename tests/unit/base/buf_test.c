/*
 * common/base/buf.h: growth, the hard maximum, the failure that stays.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct br_err err;

static void
a_new_buffer_is_empty(void **state)
{
    (void)state;
    struct br_buf b;
    br_buf_init(&b, 10);
    assert_int_equal(br_buf_bytes(&b).n, 0);
    assert_int_equal(br_buf_status(&b, &err), BR_OK);
    br_buf_put(&b, NULL, 0);
    br_buf_puts(&b, "");
    assert_int_equal(b.n, 0);
    assert_int_equal(br_buf_status(&b, NULL), BR_OK);
    br_buf_fini(&b);
    br_buf_fini(&b); /* twice is no harm */
}

/** Bytes survive each growth of the memory under them. */
static void
many_small_pieces_stay_in_order(void **state)
{
    (void)state;
    enum { PIECES = 5000, BYTES = 3 };
    struct br_buf b;
    br_buf_init(&b, PIECES * BYTES);
    for (int i = 0; i < PIECES; i++) {
        uint8_t piece[BYTES] = {(uint8_t)i, (uint8_t)(i >> 8), 0x5a};
        br_buf_put(&b, piece, sizeof(piece));
    }
    assert_int_equal(br_buf_status(&b, &err), BR_OK);
    assert_int_equal(b.n, PIECES * BYTES);
    for (int i = 0; i < PIECES; i++) {
        assert_int_equal(b.p[BYTES * i], (uint8_t)i);
        assert_int_equal(b.p[BYTES * i + 1], (uint8_t)(i >> 8));
        assert_int_equal(b.p[BYTES * i + 2], 0x5a);
    }
    br_buf_fini(&b);
    assert_null(b.p);
    assert_int_equal(b.n, 0);
}

/** Every length up to the maximum fits, every one past it does not. */
static void
the_maximum_is_exact(void **state)
{
    (void)state;
    static const uint8_t data[600];
    for (size_t max = 0; max < 300; max++) {
        for (size_t n = 0; n <= max + 2; n++) {
            struct br_buf b;
            br_buf_init(&b, max);
            br_buf_put(&b, data, n);
            assert_int_equal(
                br_buf_status(&b, &err), n <= max ? BR_OK : BR_ERR_TOO_LARGE);
            assert_int_equal(b.n, n <= max ? n : 0);
            br_buf_fini(&b);
        }
    }
}

/** Writing goes on after a failure without effect: one look is enough. */
static void
a_failure_stays_until_clear(void **state)
{
    (void)state;
    struct br_buf b;
    br_buf_init(&b, 8);
    br_buf_puts(&b, "12345");
    br_buf_puts(&b, "6789");
    br_buf_puts(&b, "6"); /* would fit, but the document has a hole */
    br_buf_printf(&b, "%d", 6);
    assert_null(br_buf_extend(&b, 1));
    assert_int_equal(b.n, 5);
    assert_memory_equal(b.p, "12345", 5);
    assert_int_equal(br_buf_status(&b, &err), BR_ERR_TOO_LARGE);
    assert_int_equal(err.rc, BR_ERR_TOO_LARGE);
    const uint8_t *memory = b.p;
    br_buf_clear(&b);
    assert_int_equal(br_buf_status(&b, &err), BR_OK);
    br_buf_puts(&b, "12345678");
    assert_int_equal(br_buf_status(&b, &err), BR_OK);
    assert_ptr_equal(b.p, memory);
    assert_memory_equal(b.p, "12345678", 8);
    br_buf_fini(&b);
    br_buf_puts(&b, "again"); /* fini keeps the maximum */
    assert_int_equal(br_buf_status(&b, &err), BR_OK);
    br_buf_fini(&b);
}

static void
a_length_near_the_end_of_numbers_is_refused(void **state)
{
    (void)state;
    struct br_buf b;
    br_buf_init(&b, 100);
    br_buf_puts(&b, "x");
    assert_null(br_buf_extend(&b, SIZE_MAX));
    br_buf_clear(&b);
    br_buf_puts(&b, "x");
    assert_null(br_buf_extend(&b, SIZE_MAX - 1));
    br_buf_fini(&b);
}

static void
extending_gives_room_that_counts(void **state)
{
    (void)state;
    struct br_buf b;
    br_buf_init(&b, 2000);
    br_buf_puts(&b, "ab");
    uint8_t *room = br_buf_extend(&b, 1000);
    assert_non_null(room);
    assert_ptr_equal(room, b.p + 2);
    assert_int_equal(b.n, 1002);
    memset(room, 'c', 1000);
    br_buf_puts(&b, "d");
    assert_int_equal(b.p[1], 'b');
    assert_int_equal(b.p[1001], 'c');
    assert_int_equal(b.p[1002], 'd');
    br_buf_fini(&b);
}

static void
printing_appends_without_the_terminator(void **state)
{
    (void)state;
    struct br_buf b;
    br_buf_init(&b, 4096);
    br_buf_printf(&b, "%s=%d;", "a", 1);
    br_buf_printf(&b, "%s", "");
    br_buf_printf(&b, "%05u|", 42u);
    assert_int_equal(b.n, 10);
    assert_memory_equal(b.p, "a=1;00042|", 10);
    br_buf_printf(&b, "%*s", 1000, "far"); /* longer than the first memory */
    assert_int_equal(b.n, 1010);
    assert_memory_equal(b.p, "a=1;00042|", 10);
    assert_memory_equal(b.p + 1007, "far", 3);
    br_buf_printf(&b, "%*s", 4000, "too far");
    assert_int_equal(b.n, 1010);
    assert_int_equal(br_buf_status(&b, &err), BR_ERR_TOO_LARGE);
    br_buf_fini(&b);
}

static void
bytes_are_compared_by_length_and_value(void **state)
{
    (void)state;
    assert_true(br_bytes_eq(br_bytes(NULL, 0), br_str("")));
    assert_true(br_bytes_eq(br_str("abc"), br_bytes("abcd", 3)));
    assert_false(br_bytes_eq(br_str("abc"), br_str("ab")));
    assert_false(br_bytes_eq(br_str("abc"), br_str("abd")));
    struct br_hash a = {{0}};
    struct br_hash b = a;
    assert_true(br_hash_eq(&a, &b));
    b.b[BR_HASH_BYTES - 1] = 1;
    assert_false(br_hash_eq(&a, &b));
    assert_int_equal(br_hash_bytes(&b).n, BR_HASH_BYTES);
    assert_ptr_equal(br_hash_bytes(&b).p, b.b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_buffer_is_empty),
        cmocka_unit_test(many_small_pieces_stay_in_order),
        cmocka_unit_test(the_maximum_is_exact),
        cmocka_unit_test(a_failure_stays_until_clear),
        cmocka_unit_test(a_length_near_the_end_of_numbers_is_refused),
        cmocka_unit_test(extending_gives_room_that_counts),
        cmocka_unit_test(printing_appends_without_the_terminator),
        cmocka_unit_test(bytes_are_compared_by_length_and_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
