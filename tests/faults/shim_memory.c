/*
 * Refused memory. A place that asks is known by the calls that led to it;
 * each place is refused once, so that every path is met without refusing each
 * of the many thousand requests of the same place.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/faults/shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

/* Below it: backtrace's caller, and the function that was asked. */
enum { FIRST = 2, OURS = 5 };

static _Thread_local bool inside;

/** The offset in its file: the same in each run. dladdr would look for a name
 *  each time, and take a hundred times as long. */
static uint64_t
place_of(void *frame, const void **ret_file)
{
    struct dl_find_object o;
    if (_dl_find_object(frame, &o) != 0) {
        return 0;
    }
    *ret_file = o.dlfo_map_start;
    return (uint64_t)((uintptr_t)frame - (uintptr_t)o.dlfo_map_start);
}

/** A place: the innermost frames inside libraries, and those of the program
 *  itself that asked for it. */
static uint64_t
identify(void *const *frame, int count, uint32_t inner)
{
    uint64_t h = 14695981039346656037u;
    int ours = 0;
    for (int i = FIRST; i < count && ours < OURS; i++) {
        const void *file = NULL;
        uint64_t at = place_of(frame[i], &file);
        bool is_ours = at != 0 && file == shim_program();
        ours += is_ours;
        if (i - FIRST < (int)inner || is_ours) {
            h = (h ^ at) * 1099511628211u;
        }
    }
    return h == 0 ? 1 : h;
}

static void
tell(void *const *frame, int count, char text[SHIM_TEXT_BYTES])
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = FIRST; i < count && used < SHIM_TEXT_BYTES - 128; i++) {
        Dl_info file = {0};
        bool known = dladdr(frame[i], &file) != 0;
        uint64_t at = (uintptr_t)frame[i] - (uintptr_t)file.dli_fbase;
        const char *name = known ? file.dli_fname : "?";
        const char *slash = strrchr(name, '/');
        int n = snprintf(
            text + used, SHIM_TEXT_BYTES - used, "%.60s+0x%llx ",
            slash == NULL ? name : slash + 1, (unsigned long long)at);
        used += n > 0 ? (size_t)n : 0;
    }
}

/** Is this place here for the first time? */
static bool
is_new(struct shim_control *c, uint64_t id)
{
    for (size_t i = id % SHIM_STACKS, turn = 0; turn < SHIM_STACKS;
         i = (i + 1) % SHIM_STACKS, turn++) {
        uint64_t there = 0;
        if (atomic_compare_exchange_strong(&c->stack[i], &there, id)) {
            return true;
        }
        if (there == id) {
            return false;
        }
    }
    return false;
}

static bool
refuse(void)
{
    struct shim_control *c = shim_control();
    if (c == NULL || inside || c->memory == SHIM_MEMORY_OFF) {
        return false;
    }
    if (c->memory == SHIM_MEMORY_ALL) {
        atomic_fetch_add(&c->refused, 1);
        return true;
    }
    void *frame[SHIM_FRAMES];
    inside = true;
    int count = backtrace(frame, SHIM_FRAMES);
    uint32_t armed = SHIM_MEMORY_NEXT_NEW;
    bool yes =
        is_new(c, identify(frame, count, c->frames)) &&
        atomic_compare_exchange_strong(&c->memory, &armed, SHIM_MEMORY_OFF);
    if (yes) {
        tell(frame, count, c->text);
        atomic_fetch_add(&c->refused, 1);
        errno = ENOMEM;
    }
    inside = false;
    return yes;
}

/* The first call loads the unwinder, which asks for memory itself. */
__attribute__((constructor)) static void
load_unwinder(void)
{
    void *frame[2];
    inside = true;
    (void)backtrace(frame, 2);
    inside = false;
}

void *
malloc(size_t n)
{
    return refuse() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t count, size_t n)
{
    return refuse() ? NULL : __libc_calloc(count, n);
}

void *
realloc(void *p, size_t n)
{
    return refuse() ? NULL : __libc_realloc(p, n);
}

void *
aligned_alloc(size_t alignment, size_t n)
{
    return refuse() ? NULL : __libc_memalign(alignment, n);
}

int
posix_memalign(void **ret, size_t alignment, size_t n)
{
    if (refuse()) {
        return ENOMEM;
    }
    void *p = __libc_memalign(alignment, n);
    if (p == NULL) {
        return ENOMEM;
    }
    *ret = p;
    return 0;
}

char *
strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *p = refuse() ? NULL : (char *)__libc_malloc(n);
    return p == NULL ? NULL : (char *)memcpy(p, s, n);
}
