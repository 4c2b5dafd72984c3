/*
 * Buffers and arenas when memory is refused.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/base/arena.h"
#include "common/base/buf.h"
#include "tests/unit/refuse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void
a_buffer_tells_refused_memory_from_too_much(void **state)
{
    (void)state;
    struct br_buf b;
    struct br_err err;
    br_buf_init(&b, 1000);
    br_buf_puts(&b, "kept");
    refuse_nth(1);
    assert_null(br_buf_extend(&b, 600));
    assert_true(refuse_end());
    assert_int_equal(br_buf_status(&b, &err), BR_ERR_NO_MEMORY);
    br_buf_puts(&b, "not appended");
    assert_int_equal(b.n, 4);
    assert_memory_equal(b.p, "kept", 4);
    br_buf_clear(&b);
    assert_int_equal(br_buf_status(&b, &err), BR_OK);
    assert_null(br_buf_extend(&b, 1001));
    assert_int_equal(br_buf_status(&b, &err), BR_ERR_TOO_LARGE);
    br_buf_fini(&b);
}

static void
an_arena_tells_refused_memory_from_too_much(void **state)
{
    (void)state;
    struct br_arena a;
    br_arena_init(&a, 100000);
    refuse_nth(1);
    assert_null(br_arena_take(&a, 16));
    assert_true(refuse_end());
    assert_true(a.refused);
    assert_int_equal(a.used, 0);
    assert_non_null(br_arena_take(&a, 16));
    assert_false(a.refused);
    assert_null(br_arena_take(&a, 100000));
    assert_false(a.refused);
    br_arena_fini(&a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_tells_refused_memory_from_too_much),
        cmocka_unit_test(an_arena_tells_refused_memory_from_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
