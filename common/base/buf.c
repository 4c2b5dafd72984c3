/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/buf.h"

#include "common/base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 256 };

void
br_buf_init(struct br_buf *b, size_t max_bytes)
{
    *b = (struct br_buf){.max = max_bytes};
}

void
br_buf_fini(struct br_buf *b)
{
    free(b->p);
    *b = (struct br_buf){.max = b->max};
}

void
br_buf_clear(struct br_buf *b)
{
    b->n = 0;
    b->failed = false;
    b->refused = false;
}

static bool
grow(struct br_buf *b, size_t need)
{
    size_t capacity = b->capacity == 0 ? FIRST_CAPACITY : b->capacity;
    while (capacity < need) {
        capacity *= 2;
    }
    uint8_t *p = (uint8_t *)realloc(b->p, capacity);
    if (p == NULL) {
        return false;
    }
    b->p = p;
    b->capacity = capacity;
    return true;
}

uint8_t *
br_buf_extend(struct br_buf *b, size_t n)
{
    BR_ASSERT(b->n <= b->max);
    if (b->failed || n > b->max - b->n) {
        b->failed = true;
        return NULL;
    }
    if (b->n + n > b->capacity && !grow(b, b->n + n)) {
        b->failed = true;
        b->refused = true;
        return NULL;
    }
    uint8_t *at = b->p + b->n;
    b->n += n;
    return at;
}

void
br_buf_put(struct br_buf *b, const void *p, size_t n)
{
    if (n == 0) {
        return;
    }
    uint8_t *at = br_buf_extend(b, n);
    if (at != NULL) {
        memcpy(at, p, n);
    }
}

void
br_buf_puts(struct br_buf *b, const char *s)
{
    br_buf_put(b, s, strlen(s));
}

void
br_buf_printf(struct br_buf *b, const char *fmt, ...)
{
    va_list args;
    va_list again;
    size_t capacity = b->capacity < b->max ? b->capacity : b->max;
    size_t room = b->failed ? 0 : capacity - b->n;
    char *end = room == 0 ? NULL : (char *)b->p + b->n;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(end, room, fmt, args);
    va_end(args);
    BR_ASSERT(n >= 0);
    /* One byte more for the terminator that vsnprintf insists on. */
    uint8_t *at = br_buf_extend(b, (size_t)n + 1);
    if (at != NULL) {
        if ((size_t)n >= room) {
            (void)vsnprintf((char *)at, (size_t)n + 1, fmt, again);
        }
        b->n--;
    }
    va_end(again);
}

enum br_rc
br_buf_status(const struct br_buf *b, struct br_err *reterr)
{
    if (!b->failed) {
        return BR_OK;
    }
    if (b->refused) {
        return br_fail(
            reterr, BR_ERR_NO_MEMORY, "memory was refused after %zu bytes",
            b->n);
    }
    return br_fail(reterr, BR_ERR_TOO_LARGE, "more than %zu bytes", b->max);
}
