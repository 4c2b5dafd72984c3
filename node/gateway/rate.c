/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/gateway/rate.h"

#include <pthread.h>
#include <stdlib.h>

/* Keys that are remembered at once; a power of two. */
enum { CELLS = 4096, WAYS = 8 };

struct cell {
    struct br_hash key;
    uint64_t full_at_ns; /**< theoretical arrival time */
};

struct br_rates {
    pthread_mutex_t lock;
    struct cell cell[CELLS];
};

struct br_rates *
br_rates_new(void)
{
    struct br_rates *r = (struct br_rates *)calloc(1, sizeof(*r));
    if (r != NULL) {
        (void)pthread_mutex_init(&r->lock, NULL);
    }
    return r;
}

void
br_rates_free(struct br_rates *r)
{
    if (r != NULL) {
        (void)pthread_mutex_destroy(&r->lock);
        free(r);
    }
}

/** The key's cell, or the one of its eight that has been quiet longest. */
static struct cell *
find(struct br_rates *r, const struct br_hash *key)
{
    size_t at =
        ((size_t)key->b[0] | (size_t)key->b[1] << 8) % CELLS / WAYS * WAYS;
    struct cell *best = &r->cell[at];
    for (size_t i = at; i < at + WAYS; i++) {
        if (br_hash_eq(&r->cell[i].key, key)) {
            return &r->cell[i];
        }
        if (r->cell[i].full_at_ns < best->full_at_ns) {
            best = &r->cell[i];
        }
    }
    best->key = *key;
    best->full_at_ns = 0;
    return best;
}

bool
br_rates_admit(
    struct br_rates *r,
    const struct br_hash *key,
    uint32_t rate_per_s,
    uint32_t burst,
    uint32_t cost,
    struct br_time_us now)
{
    uint64_t now_ns = now.v * 1000;
    uint64_t step_ns = 1000000000u / (rate_per_s == 0 ? 1 : rate_per_s);
    uint64_t room_ns = step_ns * (burst > cost ? burst : cost);
    pthread_mutex_lock(&r->lock);
    struct cell *c = find(r, key);
    uint64_t start = c->full_at_ns > now_ns ? c->full_at_ns : now_ns;
    uint64_t full_at_ns = start + step_ns * cost;
    bool admitted = full_at_ns - now_ns <= room_ns;
    if (admitted) {
        c->full_at_ns = full_at_ns;
    }
    pthread_mutex_unlock(&r->lock);
    return admitted;
}
