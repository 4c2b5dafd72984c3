/*
 * Memory that is refused on purpose: for tests that are linked with
 * -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc, which leads the calls of our
 * own libraries here.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TEST_REFUSE_H
#define BR_TEST_REFUSE_H

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);

static _Thread_local size_t refuse_left; /**< 0: nothing is refused */
static _Thread_local bool refuse_fired;

/** The nth request from now on is refused, on this thread. */
static inline void
refuse_nth(size_t n)
{
    refuse_left = n;
    refuse_fired = false;
}

/** Stop; was one refused? */
static inline bool
refuse_end(void)
{
    refuse_left = 0;
    return refuse_fired;
}

static inline bool
refuse_this(void)
{
    if (refuse_left == 0 || --refuse_left > 0) {
        return false;
    }
    refuse_fired = true;
    return true;
}

void *
__wrap_malloc(size_t n)
{
    return refuse_this() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t count, size_t n)
{
    return refuse_this() ? NULL : __real_calloc(count, n);
}

void *
__wrap_realloc(void *p, size_t n)
{
    return refuse_this() ? NULL : __real_realloc(p, n);
}

#endif
