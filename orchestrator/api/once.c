/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/api/once.h"

#include <pthread.h>
#include <stdlib.h>

/* Hashes are SHA-256 of what includes randomness or a signature: their first
 * bytes spread them over the buckets. A bucket is a few entries: what has
 * expired in it gives way. */
enum { WAYS = 16 };

struct entry {
    struct br_hash what;
    uint64_t expires_s; /**< 0: empty */
};

struct br_once {
    pthread_mutex_t lock;
    size_t buckets;
    struct entry *entries; /**< buckets of WAYS */
};

struct br_once *
br_once_new(size_t most)
{
    struct br_once *o = (struct br_once *)calloc(1, sizeof(*o));
    if (o == NULL) {
        return NULL;
    }
    o->buckets = most / WAYS + 1;
    o->entries = (struct entry *)calloc(o->buckets * WAYS, sizeof(*o->entries));
    if (o->entries == NULL) {
        free(o);
        return NULL;
    }
    (void)pthread_mutex_init(&o->lock, NULL);
    return o;
}

void
br_once_free(struct br_once *o)
{
    if (o != NULL) {
        (void)pthread_mutex_destroy(&o->lock);
        free(o->entries);
        free(o);
    }
}

static struct entry *
bucket_of(struct br_once *o, const struct br_hash *what)
{
    uint64_t n = 0;
    for (size_t i = 0; i < 8; i++) {
        n = n << 8 | what->b[i];
    }
    return &o->entries[n % o->buckets * WAYS];
}

enum br_rc
br_once_take(
    struct br_once *o,
    const struct br_hash *what,
    uint64_t now_s,
    uint64_t expires_s,
    struct br_err *reterr)
{
    struct entry *e = bucket_of(o, what);
    struct entry *room = NULL;
    bool seen = false;
    (void)pthread_mutex_lock(&o->lock);
    for (size_t i = 0; i < WAYS; i++) {
        bool alive = e[i].expires_s > now_s;
        seen = seen || (alive && br_hash_eq(&e[i].what, what));
        if (!alive && room == NULL) {
            room = &e[i];
        }
    }
    if (!seen && room != NULL) {
        *room = (struct entry){*what, expires_s};
    }
    (void)pthread_mutex_unlock(&o->lock);
    if (seen) {
        return br_fail(reterr, BR_ERR_REPLAYED, "it was used before");
    }
    return room == NULL
               ? br_fail(reterr, BR_ERR_BUSY, "too many proofs at once")
               : BR_OK;
}
