/*
 * A growing buffer of bytes with a hard maximum.
 *
 * - Appending past the maximum, or when memory is refused, sets `failed` and
 *   appends nothing more: write a whole document, then look once.
 * - The bytes at p[0..n) are owned; br_buf_fini frees them.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_BASE_BUF_H
#define BR_BASE_BUF_H

#include "common/base/attr.h"
#include "common/base/bytes.h"
#include "common/base/error.h"

struct br_buf {
    uint8_t *p;
    size_t n;
    size_t capacity;
    size_t max;
    bool failed;
    bool refused; /**< it failed because there was no memory */
};

void br_buf_init(struct br_buf *b, size_t max_bytes);
void br_buf_fini(struct br_buf *b);
/** Forget the contents and the failure, keep the memory. */
void br_buf_clear(struct br_buf *b);

void br_buf_put(struct br_buf *b, const void *p, size_t n);
void br_buf_puts(struct br_buf *b, const char *s);
void br_buf_printf(struct br_buf *b, const char *fmt, ...) BR_PRINTF(2, 3);
/** Make room for n bytes and count them as written; NULL when it failed. */
uint8_t *br_buf_extend(struct br_buf *b, size_t n);

/** BR_OK, BR_ERR_TOO_LARGE or BR_ERR_NO_MEMORY. */
enum br_rc
br_buf_status(const struct br_buf *b, struct br_err *reterr) BR_MUST_USE;

static inline struct br_bytes
br_buf_bytes(const struct br_buf *b)
{
    return br_bytes(b->p, b->n);
}

#endif
