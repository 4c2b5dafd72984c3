/*
 * What counts once, and forgets in time.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/crypto/hash.h"
#include "orchestrator/api/once.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct br_hash
hash_of(unsigned n)
{
    struct br_hash h;
    br_sha256(br_bytes(&n, sizeof(n)), &h);
    return h;
}

static void
once_until_it_expires(void **state)
{
    (void)state;
    struct br_once *o = br_once_new(1000);
    struct br_hash h = hash_of(1);
    assert_non_null(o);
    assert_int_equal(br_once_take(o, &h, 100, 110, NULL), BR_OK);
    assert_int_equal(br_once_take(o, &h, 100, 110, NULL), BR_ERR_REPLAYED);
    assert_int_equal(br_once_take(o, &h, 109, 200, NULL), BR_ERR_REPLAYED);
    assert_int_equal(br_once_take(o, &h, 110, 120, NULL), BR_OK);
    br_once_free(o);
}

static void
it_is_bounded(void **state)
{
    (void)state;
    struct br_once *o = br_once_new(64);
    unsigned taken = 0;
    assert_non_null(o);
    for (unsigned i = 0; i < 1000; i++) {
        struct br_hash h = hash_of(i);
        enum br_rc rc = br_once_take(o, &h, 100, 110, NULL);
        assert_true(rc == BR_OK || rc == BR_ERR_BUSY);
        taken += rc == BR_OK;
    }
    assert_int_equal(taken, 80); /* five buckets of sixteen */
    struct br_hash late = hash_of(2000);
    assert_int_equal(br_once_take(o, &late, 111, 120, NULL), BR_OK);
    br_once_free(o);
}

/** Three quarters of what it was made for: nobody is refused by chance. */
static void
it_fills(void **state)
{
    enum { MOST = 1 << 15 };
    (void)state;
    struct br_once *o = br_once_new(MOST);
    assert_non_null(o);
    for (unsigned i = 0; i < MOST / 4 * 3; i++) {
        struct br_hash h = hash_of(i);
        assert_int_equal(br_once_take(o, &h, 100, 110, NULL), BR_OK);
    }
    for (unsigned i = 0; i < MOST / 4 * 3; i++) {
        struct br_hash h = hash_of(i);
        assert_int_equal(br_once_take(o, &h, 109, 110, NULL), BR_ERR_REPLAYED);
    }
    br_once_free(o);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once_until_it_expires),
        cmocka_unit_test(it_is_bounded),
        cmocka_unit_test(it_fills),
    };
    return cmocka_run_group_tests_name("once", tests, NULL, NULL);
}
