/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/store/index_memory.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "common/base/assert.h"

struct entry {
    struct br_index_pair pair;
    _Atomic uint32_t next; /**< entry + 1, 0: none */
};

struct bucket {
    _Atomic uint32_t first; /**< entry + 1, 0: none */
    uint32_t last;          /**< the adding thread's */
};

struct br_index_memory {
    atomic_uint refs;
    size_t count;
    size_t max;
    uint64_t mask;
    struct bucket *bucket;
    struct entry *entry;
};

/* ---- lifetime ----------------------------------------------------------- */

enum br_rc
br_index_memory_new(
    size_t pairs_max, struct br_index_memory **ret, struct br_err *reterr)
{
    BR_ASSERT(pairs_max > 0 && pairs_max < UINT32_MAX);
    struct br_index_memory *m = (struct br_index_memory *)calloc(1, sizeof(*m));
    if (m != NULL) {
        size_t buckets = 16;
        while (buckets < pairs_max) {
            buckets *= 2;
        }
        atomic_init(&m->refs, 1);
        m->max = pairs_max;
        m->mask = buckets - 1;
        m->bucket = (struct bucket *)calloc(buckets, sizeof(*m->bucket));
        m->entry = (struct entry *)calloc(pairs_max, sizeof(*m->entry));
    }
    if (m == NULL || m->bucket == NULL || m->entry == NULL) {
        br_index_memory_unref(m);
        return br_fail(reterr, BR_ERR_NO_MEMORY, "digest index");
    }
    *ret = m;
    return BR_OK;
}

struct br_index_memory *
br_index_memory_ref(struct br_index_memory *m)
{
    if (m != NULL) {
        (void)atomic_fetch_add(&m->refs, 1);
    }
    return m;
}

void
br_index_memory_unref(struct br_index_memory *m)
{
    if (m != NULL && atomic_fetch_sub(&m->refs, 1) == 1) {
        free(m->bucket);
        free(m->entry);
        free(m);
    }
}

/* ---- adding and finding ------------------------------------------------- */

size_t
br_index_memory_count(const struct br_index_memory *m)
{
    return m->count;
}

bool
br_index_memory_full(const struct br_index_memory *m)
{
    return m->count == m->max;
}

uint64_t
br_index_memory_end(const struct br_index_memory *m)
{
    return m->count == 0 ? 0 : m->entry[m->count - 1].pair.leaf + 1;
}

void
br_index_memory_add(struct br_index_memory *m, struct br_index_pair p)
{
    BR_ASSERT(m->count < m->max && p.leaf >= br_index_memory_end(m));
    struct bucket *b = &m->bucket[p.key & m->mask];
    m->entry[m->count].pair = p;
    uint32_t id = (uint32_t)++m->count;
    _Atomic uint32_t *link =
        b->last == 0 ? &b->first : &m->entry[b->last - 1].next;
    atomic_store_explicit(link, id, memory_order_release);
    b->last = id;
}

void
br_index_memory_prefetch(const struct br_index_memory *m, uint64_t key)
{
    __builtin_prefetch(&m->bucket[key & m->mask]);
}

size_t
br_index_memory_find(
    const struct br_index_memory *m,
    uint64_t key,
    uint64_t from,
    struct br_leaf_index *ret,
    size_t max)
{
    size_t n = 0;
    const _Atomic uint32_t *link = &m->bucket[key & m->mask].first;
    while (n < max) {
        uint32_t at = atomic_load_explicit(link, memory_order_acquire);
        if (at == 0) {
            break;
        }
        const struct entry *e = &m->entry[at - 1];
        if (e->pair.key == key && e->pair.leaf >= from) {
            ret[n++].v = e->pair.leaf;
        }
        link = &e->next;
    }
    return n;
}

/* ---- sorting ------------------------------------------------------------ */

/*~ Keys are uniform: scattered by their upper bits they are nearly sorted.
 *  Leaves of one key stay in their order. */
enum {
    SCATTER_BITS = 16,
    INSERTION_MAX = 32,
};

static size_t
slot_of(uint64_t key)
{
    return (size_t)(key >> (64 - SCATTER_BITS));
}

static int
compare(const void *a, const void *b)
{
    const struct br_index_pair *x = (const struct br_index_pair *)a;
    const struct br_index_pair *y = (const struct br_index_pair *)b;
    return br_index_pair_before(y, x) - br_index_pair_before(x, y);
}

static void
sort(struct br_index_pair *p, size_t n)
{
    if (n > INSERTION_MAX) {
        qsort(p, n, sizeof(*p), compare);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct br_index_pair moved = p[i];
        size_t j = i;
        for (; j > 0 && br_index_pair_before(&moved, &p[j - 1]); j--) {
            p[j] = p[j - 1];
        }
        p[j] = moved;
    }
}

/** at[s] is where the slot s ends when it is done. */
static void
scatter(
    const struct br_index_memory *m, uint32_t *at, struct br_index_pair *out)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < m->count; i++) {
        at[slot_of(m->entry[i].pair.key)]++;
    }
    for (size_t s = 0; s < (size_t)1 << SCATTER_BITS; s++) {
        uint32_t n = at[s];
        at[s] = sum;
        sum += n;
    }
    for (size_t i = 0; i < m->count; i++) {
        out[at[slot_of(m->entry[i].pair.key)]++] = m->entry[i].pair;
    }
}

void
br_index_memory_sorted(
    const struct br_index_memory *m, struct br_index_pair *out)
{
    uint32_t *at =
        (uint32_t *)calloc((size_t)1 << SCATTER_BITS, sizeof(uint32_t));
    if (at == NULL) {
        for (size_t i = 0; i < m->count; i++) {
            out[i] = m->entry[i].pair;
        }
        qsort(out, m->count, sizeof(*out), compare);
        return;
    }
    scatter(m, at, out);
    size_t begin = 0;
    for (size_t s = 0; s < (size_t)1 << SCATTER_BITS; s++) {
        sort(out + begin, at[s] - begin);
        begin = at[s];
    }
    free(at);
}
