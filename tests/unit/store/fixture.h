/*
 * Folders that come and go, and a seeded generator, for the tests of the
 * store.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TESTS_STORE_FIXTURE_H
#define BR_TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/bytes.h"
#include "common/base/error.h"

enum { TEST_PATH_BYTES = 256 };

/** A cmocka setup: *state is the name of a new, empty folder. */
int make_folder(void **state);
/** Its teardown: removes it with all that is in it. */
int remove_folder(void **state);
/** state/name, in a buffer that lives until the fourth call after this. */
const char *in_folder(void **state, const char *name);

/** xorshift64*: the same numbers at every run. */
struct generator {
    uint64_t s;
};
uint64_t draw(struct generator *g);

/** Fails with the error's text. */
void expect_ok(enum br_rc rc, const struct br_err *err);

#endif
