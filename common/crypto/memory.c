/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/memory.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* OpenSSL 3.0 reads through a null pointer when memory is refused while it
 * makes its default context. Until it has started, this much is in reserve. */
enum { RESERVE_BYTES = 512 * 1024, ALIGN = 16 };

static struct {
    pthread_mutex_t lock;
    bool open;
    size_t used;
    alignas(ALIGN) uint8_t bytes[RESERVE_BYTES];
} reserve = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local bool refused;

/** The size stands before each piece, for resize. */
static void *
from_reserve(size_t n)
{
    uint8_t *p = NULL;
    refused = true;
    (void)pthread_mutex_lock(&reserve.lock);
    size_t need = ALIGN + (n + ALIGN - 1) / ALIGN * ALIGN;
    if (reserve.open && need >= n && need <= RESERVE_BYTES - reserve.used) {
        p = reserve.bytes + reserve.used + ALIGN;
        memcpy(p - ALIGN, &n, sizeof(n));
        reserve.used += need;
    }
    (void)pthread_mutex_unlock(&reserve.lock);
    return p;
}

static bool
is_reserve(const void *p)
{
    uintptr_t at = (uintptr_t)p;
    uintptr_t from = (uintptr_t)reserve.bytes;
    return at >= from && at < from + RESERVE_BYTES;
}

static void *
take(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    void *p = malloc(n);
    if (p == NULL && n > 0) {
        p = from_reserve(n);
    }
    return p;
}

static void
release(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    if (!is_reserve(p)) {
        free(p);
    }
}

static void *
resize(void *old, size_t n, const char *file, int line)
{
    size_t had = n;
    if (n == 0) {
        release(old, file, line);
        return NULL;
    }
    void *p = is_reserve(old) ? NULL : realloc(old, n);
    if (p != NULL) {
        return p;
    }
    p = from_reserve(n);
    if (p != NULL && old != NULL) {
        if (is_reserve(old)) {
            memcpy(&had, (uint8_t *)old - ALIGN, sizeof(had));
        }
        /* What is not in the reserve is as large as malloc says, at least. */
        memcpy(p, old, had < n ? had : n);
        release(old, file, line);
    }
    return p;
}

void
br_crypto_memory_init(void)
{
    if (CRYPTO_set_mem_functions(take, resize, release) == 1) {
        reserve.open = true;
    }
}

enum br_rc
br_crypto_memory_started(struct br_err *reterr)
{
    (void)pthread_mutex_lock(&reserve.lock);
    reserve.open = false;
    size_t used = reserve.used;
    (void)pthread_mutex_unlock(&reserve.lock);
    return used == 0 ? BR_OK
                     : br_fail(reterr, BR_ERR_NO_MEMORY, "starting libcrypto");
}

void
br_crypto_memory_watch(void)
{
    refused = false;
}

void
br_crypto_memory_note(void)
{
    refused = true;
}

bool
br_crypto_memory_refused(void)
{
    return refused;
}
