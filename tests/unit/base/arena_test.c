/*
 * common/base/arena.h: aligned, zeroed, disjoint pieces under a hard limit.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ALIGN = 16 };

static size_t
rounded(size_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static void
pieces_are_aligned_and_zeroed(void **state)
{
    (void)state;
    struct br_arena a;
    br_arena_init(&a, 1u << 20);
    for (size_t n = 0; n < 700; n++) {
        uint8_t *p = (uint8_t *)br_arena_take(&a, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % ALIGN, 0);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xff, n); /* what is taken later is zero all the same */
    }
    br_arena_fini(&a);
}

/** Each piece keeps what was written to it while all others are written. */
static void
pieces_do_not_overlap(void **state)
{
    (void)state;
    enum { PIECES = 400 };
    struct br_arena a;
    uint8_t *piece[PIECES];
    size_t length[PIECES];
    br_arena_init(&a, 8u << 20);
    for (size_t i = 0; i < PIECES; i++) {
        length[i] = i * 7919 % 1000 + (i % 50 == 0 ? 40000 : 1);
        piece[i] = (uint8_t *)br_arena_take(&a, length[i]);
        assert_non_null(piece[i]);
        memset(piece[i], (int)(i % 251), length[i]);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t k = 0; k < length[i]; k++) {
            assert_int_equal(piece[i][k], i % 251);
        }
    }
    br_arena_fini(&a);
}

static void
the_limit_counts_whole_steps_of_alignment(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 100; n++) {
        struct br_arena a;
        size_t fit = 1000 / rounded(n);
        br_arena_init(&a, 1000);
        for (size_t i = 0; i < fit; i++) {
            assert_non_null(br_arena_take(&a, n));
        }
        assert_null(br_arena_take(&a, n));
        assert_true(a.used <= 1000);
        br_arena_fini(&a);
    }
}

static void
what_is_too_large_is_refused_and_the_rest_still_fits(void **state)
{
    (void)state;
    struct br_arena a;
    br_arena_init(&a, 64);
    assert_null(br_arena_take(&a, 65));
    assert_null(br_arena_take(&a, SIZE_MAX));
    assert_null(br_arena_take(&a, SIZE_MAX - 15));
    assert_int_equal(a.used, 0);
    assert_non_null(br_arena_take(&a, 64));
    assert_null(br_arena_take(&a, 1));
    br_arena_fini(&a);
}

static void
it_begins_again_after_fini(void **state)
{
    (void)state;
    struct br_arena a;
    br_arena_init(&a, 100000);
    assert_non_null(br_arena_take(&a, 90000));
    assert_null(br_arena_take(&a, 90000));
    br_arena_fini(&a);
    assert_int_equal(a.used, 0);
    assert_non_null(br_arena_take(&a, 90000));
    br_arena_fini(&a);
    br_arena_fini(&a); /* twice is no harm */
}

static void
copies_end_with_a_nul(void **state)
{
    (void)state;
    struct br_arena a;
    br_arena_init(&a, 64);
    char *copy = br_arena_copy(&a, br_bytes("abcdef", 3));
    assert_non_null(copy);
    assert_string_equal(copy, "abc");
    char *empty = br_arena_copy(&a, br_bytes(NULL, 0));
    assert_non_null(empty);
    assert_string_equal(empty, "");
    assert_string_equal(copy, "abc");
    /* 32 bytes are left: 31 and the NUL fit, 32 and the NUL do not */
    assert_null(br_arena_copy(&a, br_str("0123456789abcdef0123456789abcdef")));
    assert_non_null(
        br_arena_copy(&a, br_str("0123456789abcdef0123456789abcde")));
    br_arena_fini(&a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_zeroed),
        cmocka_unit_test(pieces_do_not_overlap),
        cmocka_unit_test(the_limit_counts_whole_steps_of_alignment),
        cmocka_unit_test(what_is_too_large_is_refused_and_the_rest_still_fits),
        cmocka_unit_test(it_begins_again_after_fini),
        cmocka_unit_test(copies_end_with_a_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
