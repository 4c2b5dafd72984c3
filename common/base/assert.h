/*
 * Our own mistakes: checked in every build, told in one line, then abort.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_BASE_ASSERT_H
#define BR_BASE_ASSERT_H

#include "common/base/attr.h"

BR_NORETURN void br_assert_failed(const char *expr, const char *file, int line);

#define BR_ASSERT(expr) \
    ((expr) ? (void)0 : br_assert_failed(#expr, __FILE__, __LINE__))

#endif
