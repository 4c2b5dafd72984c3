/*
 * Borrowed bytes and the small values of fixed size that everything shares.
 *
 * - A struct br_bytes never owns: it points into memory that somebody else
 *   keeps alive for longer. {NULL, 0} is the empty one.
 * - A struct br_hash is a SHA-256 value; it is copied, never allocated.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_BASE_BYTES_H
#define BR_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BR_HASH_BYTES 32

struct br_bytes {
    const uint8_t *p;
    size_t n;
};

struct br_hash {
    uint8_t b[BR_HASH_BYTES];
};

/** Position of a leaf in the log, from 0. A struct, so that it is never
 *  mixed up with a size, a height or a time. */
struct br_leaf_index {
    uint64_t v;
};

/** Microseconds since 1970-01-01T00:00:00Z, no leap seconds; below 2^53, so
 *  that it stays exact in JSON and JavaScript. */
struct br_time_us {
    uint64_t v;
};

static inline struct br_bytes
br_bytes(const void *p, size_t n)
{
    return (struct br_bytes){(const uint8_t *)p, n};
}

static inline struct br_bytes
br_str(const char *s)
{
    return br_bytes(s, strlen(s));
}

static inline struct br_bytes
br_hash_bytes(const struct br_hash *h)
{
    return br_bytes(h->b, BR_HASH_BYTES);
}

static inline bool
br_bytes_eq(struct br_bytes a, struct br_bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
br_hash_eq(const struct br_hash *a, const struct br_hash *b)
{
    return memcmp(a->b, b->b, BR_HASH_BYTES) == 0;
}

#endif
