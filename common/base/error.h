/*
 * The world's mistakes: a code to branch on and a detail to read.
 *
 * - Functions return enum br_rc and take a caller-owned struct br_err as their
 *   last argument; it may be NULL. It is written on failure only.
 * - Every code, its HTTP status, text and remedy stand in errors.def.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_BASE_ERROR_H
#define BR_BASE_ERROR_H

#include "common/base/attr.h"

#include <stddef.h>

enum br_rc {
    BR_OK = 0,
#define BR_E(code, name, http, slug, text, remedy) BR_ERR_##name = (code),
#include "common/base/errors.def"
#undef BR_E
};

#define BR_ERR_TEXT_BYTES 240

struct br_err {
    enum br_rc rc;
    size_t offset;                /**< first bad byte of the input, or 0 */
    char text[BR_ERR_TEXT_BYTES]; /**< what, where: one line, no newline */
};

/** What the registry says of a code. Static strings. */
struct br_err_info {
    enum br_rc rc;
    int http_status;
    const char *slug;
    const char *text;
    const char *remedy;
};

/** Never NULL: an unknown code is told as INTERNAL. */
const struct br_err_info *br_err_info(enum br_rc rc);

/** The registry's rows, for the documents made from it. */
const struct br_err_info *br_err_table(size_t *ret_count);

/** Fill *reterr (which may be NULL) and return rc, so that a failure is told
 *  in one statement: return br_fail(reterr, BR_ERR_X, "...", ...); */
enum br_rc br_fail(struct br_err *reterr, enum br_rc rc, const char *fmt, ...)
    BR_PRINTF(3, 4);

/** As br_fail, with the offset of the first bad byte. */
enum br_rc br_fail_at(
    struct br_err *reterr, enum br_rc rc, size_t offset, const char *fmt, ...)
    BR_PRINTF(4, 5);

/* The macros let compilers and analysers see which code comes back. */
#define br_fail(reterr, rc, ...) \
    ((void)(br_fail)((reterr), (rc), __VA_ARGS__), (enum br_rc)(rc))
#define br_fail_at(reterr, rc, offset, ...)                     \
    ((void)(br_fail_at)((reterr), (rc), (offset), __VA_ARGS__), \
     (enum br_rc)(rc))

/** Leave the function with the code of a failed call. */
#define BR_TRY(expr)                    \
    do {                                \
        enum br_rc br_try_rc_ = (expr); \
        if (br_try_rc_ != BR_OK) {      \
            return br_try_rc_;          \
        }                               \
    } while (0)

#endif
