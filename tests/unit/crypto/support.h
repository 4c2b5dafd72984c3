/*
 * What the tests of common/crypto share: hexadecimal in, a folder of one's own.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TESTS_CRYPTO_SUPPORT_H
#define BR_TESTS_CRYPTO_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/codec/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Bytes from hexadecimal into out; fails the test when malformed. */
static inline struct br_bytes
hex(const char *text, uint8_t *out, size_t max)
{
    size_t n = strlen(text) / 2;
    assert_true(n <= max);
    assert_int_equal(br_hex_parse(br_str(text), out, NULL), BR_OK);
    return br_bytes(out, n);
}

/** Say why, when a call was to succeed. */
#define assert_ok(expr)                                          \
    do {                                                         \
        struct br_err *err_ = &err;                              \
        err_->text[0] = '\0';                                    \
        enum br_rc rc_ = (expr);                                 \
        if (rc_ != BR_OK) {                                      \
            fail_msg("%s: %d: %s", #expr, (int)rc_, err_->text); \
        }                                                        \
    } while (0)

/** A folder that is gone after the test: "$TMPDIR/broletto-XXXXXX". */
static inline void
make_folder(char out[256])
{
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(out, 256, "%s/broletto-XXXXXX", tmp == NULL ? "/tmp" : tmp);
    assert_non_null(mkdtemp(out));
}

#endif
