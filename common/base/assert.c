/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void
br_assert_failed(const char *expr, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, expr);
    abort();
}
