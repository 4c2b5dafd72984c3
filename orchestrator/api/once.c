/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/api/once.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Hashes are SHA-256 of what includes randomness or a signature: their first
 * bytes spread them over the buckets. A bucket is a few entries: what has
 * expired in it gives way. Each has two buckets, and goes where there is more
 * room: so they fill alike, and none is full long before the others. */
enum { WAYS = 16, CHOICES = 2, KEPT_BYTES = 20 };

struct entry {
    uint8_t what[KEPT_BYTES]; /**< of the hash: 160 bits are enough */
    uint32_t expires_s;       /**< 0: empty */
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
bucket_of(struct br_once *o, const struct br_hash *what, size_t choice)
{
    uint64_t n = 0;
    for (size_t i = 0; i < 8; i++) {
        n = n << 8 | what->b[8 * choice + i];
    }
    return &o->entries[n % o->buckets * WAYS];
}

/** Is it in this bucket? *ret_room: how many more it takes, *ret_free where. */
static bool
look(
    struct entry *bucket,
    const struct br_hash *what,
    uint64_t now_s,
    size_t *ret_room,
    struct entry **ret_free)
{
    bool seen = false;
    *ret_room = 0;
    *ret_free = NULL;
    for (size_t i = 0; i < WAYS; i++) {
        bool alive = bucket[i].expires_s > now_s;
        seen =
            seen || (alive && memcmp(bucket[i].what, what->b, KEPT_BYTES) == 0);
        if (!alive) {
            ++*ret_room;
            *ret_free = &bucket[i];
        }
    }
    return seen;
}

enum br_rc
br_once_take(
    struct br_once *o,
    const struct br_hash *what,
    uint64_t now_s,
    uint64_t expires_s,
    struct br_err *reterr)
{
    struct entry *place = NULL;
    size_t most = 0;
    bool seen = false;
    (void)pthread_mutex_lock(&o->lock);
    for (size_t c = 0; c < CHOICES; c++) {
        size_t room;
        struct entry *free_one;
        seen =
            look(bucket_of(o, what, c), what, now_s, &room, &free_one) || seen;
        if (room > most) {
            most = room;
            place = free_one;
        }
    }
    if (!seen && place != NULL) {
        memcpy(place->what, what->b, KEPT_BYTES);
        place->expires_s = (uint32_t)expires_s;
    }
    (void)pthread_mutex_unlock(&o->lock);
    if (seen) {
        return br_fail(reterr, BR_ERR_REPLAYED, "it was used before");
    }
    return place == NULL
               ? br_fail(reterr, BR_ERR_BUSY, "too many proofs at once")
               : BR_OK;
}
