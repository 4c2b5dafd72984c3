/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/store/index_memory.h"

#include "common/base/assert.h"

#include <stdlib.h>

struct entry {
    struct br_index_pair pair;
    uint32_t next; /**< entry + 1, 0: none */
};

struct bucket {
    uint32_t first; /**< entry + 1, 0: none */
    uint32_t last;
};

struct br_index_memory {
    size_t count;
    size_t max;
    size_t mask;
    struct bucket *bucket;
    struct entry *entry;
};

enum br_rc
br_index_memory_new(
    size_t pairs_max, struct br_index_memory **ret, struct br_err *reterr)
{
    struct br_index_memory *m = (struct br_index_memory *)calloc(1, sizeof(*m));
    if (m != NULL) {
        size_t buckets = 16;
        while (buckets < pairs_max) {
            buckets *= 2;
        }
        m->max = pairs_max;
        m->mask = buckets - 1;
        m->bucket = (struct bucket *)calloc(buckets, sizeof(*m->bucket));
        m->entry = (struct entry *)malloc(pairs_max * sizeof(*m->entry));
    }
    if (m == NULL || m->bucket == NULL || m->entry == NULL) {
        br_index_memory_free(m);
        return br_fail(reterr, BR_ERR_NO_MEMORY, "digest index");
    }
    *ret = m;
    return BR_OK;
}

void
br_index_memory_free(struct br_index_memory *m)
{
    if (m != NULL) {
        free(m->bucket);
        free(m->entry);
        free(m);
    }
}

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
    BR_ASSERT(m->count < m->max);
    struct bucket *b = &m->bucket[p.key & m->mask];
    m->entry[m->count] = (struct entry){.pair = p};
    uint32_t id = (uint32_t)++m->count;
    if (b->first == 0) {
        b->first = id;
    } else {
        m->entry[b->last - 1].next = id;
    }
    b->last = id;
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
    uint32_t at = m->bucket[key & m->mask].first;
    while (at != 0 && n < max) {
        const struct entry *e = &m->entry[at - 1];
        if (e->pair.key == key && e->pair.leaf >= from) {
            ret[n++].v = e->pair.leaf;
        }
        at = e->next;
    }
    return n;
}

static int
compare(const void *a, const void *b)
{
    const struct br_index_pair *x = (const struct br_index_pair *)a;
    const struct br_index_pair *y = (const struct br_index_pair *)b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return (x->leaf > y->leaf) - (x->leaf < y->leaf);
}

void
br_index_memory_sorted(
    const struct br_index_memory *m, struct br_index_pair *out)
{
    for (size_t i = 0; i < m->count; i++) {
        out[i] = m->entry[i].pair;
    }
    qsort(out, m->count, sizeof(*out), compare);
}
