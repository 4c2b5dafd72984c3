/*
 * Line by line through borrowed text: what the C2SP formats are made of.
 * Internal to common/receipt.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_LINES_H
#define BR_RECEIPT_LINES_H

#include "common/base/buf.h"
#include "common/base/bytes.h"

/** Take the next line off *rest, without its newline. False when no newline is
 *  left: *rest is then unchanged. */
static inline bool
br_line_next(struct br_bytes *rest, struct br_bytes *ret_line)
{
    const uint8_t *end =
        rest->n == 0 ? NULL : (const uint8_t *)memchr(rest->p, '\n', rest->n);
    if (end == NULL) {
        return false;
    }
    size_t n = (size_t)(end - rest->p);
    *ret_line = br_bytes(rest->p, n);
    *rest = br_bytes(rest->p + n + 1, rest->n - n - 1);
    return true;
}

/** Does it begin with the prefix? If so *ret_rest is what follows. */
static inline bool
br_line_after(
    struct br_bytes line, const char *prefix, struct br_bytes *ret_rest)
{
    size_t n = strlen(prefix);
    if (line.n < n || memcmp(line.p, prefix, n) != 0) {
        return false;
    }
    *ret_rest = br_bytes(line.p + n, line.n - n);
    return true;
}

/** A decimal number without leading zeros; faster than printf. */
static inline void
br_line_put_u64(struct br_buf *b, uint64_t v)
{
    uint8_t digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (uint8_t)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    br_buf_put(b, digits + at, sizeof(digits) - at);
}

#endif
