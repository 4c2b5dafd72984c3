/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/merkle/model.h"

#include "common/crypto/hash.h"

#include <stdlib.h>

/* ---- the model ---------------------------------------------------------- */

struct model *
model_new(uint64_t size)
{
    struct model *m = (struct model *)calloc(1, sizeof(*m));
    assert_non_null(m);
    m->size = size;
    for (unsigned l = 0; l < MODEL_LEVELS; l++) {
        size_t n = (size_t)(size >> l) + 1;
        m->node[l] = (struct br_hash *)calloc(n, sizeof(struct br_hash));
        m->known[l] = (bool *)calloc(n, sizeof(bool));
        assert_non_null(m->node[l]);
        assert_non_null(m->known[l]);
    }
    for (uint64_t i = 0; i < size; i++) {
        uint8_t leaf[8];
        for (unsigned k = 0; k < 8; k++) {
            leaf[k] = (uint8_t)(i >> (56 - 8 * k));
        }
        br_sha256_leaf(br_bytes(leaf, sizeof(leaf)), &m->node[0][i]);
        m->known[0][i] = true;
    }
    return m;
}

void
model_free(struct model *m)
{
    for (unsigned l = 0; l < MODEL_LEVELS; l++) {
        free(m->node[l]);
        free(m->known[l]);
    }
    free(m);
}

/** "the largest power of two smaller than n" */
static uint64_t
split(uint64_t n)
{
    uint64_t k = 1;
    while (2 * k < n) {
        k *= 2;
    }
    return k;
}

/** Where a complete subtree is remembered, or NULL when it is not complete. */
static struct br_hash *
place(struct model *m, uint64_t begin, uint64_t end, bool **ret_known)
{
    unsigned level = 0;
    while (UINT64_C(1) << level < end - begin) {
        level++;
    }
    if (UINT64_C(1) << level != end - begin) {
        return NULL;
    }
    assert_int_equal(begin % (end - begin), 0);
    *ret_known = &m->known[level][begin >> level];
    return &m->node[level][begin >> level];
}

void
model_root(struct model *m, uint64_t begin, uint64_t end, struct br_hash *ret)
{
    assert_true(begin <= end && end <= m->size);
    if (begin == end) {
        br_sha256(br_bytes(NULL, 0), ret);
        return;
    }
    bool *known = NULL;
    struct br_hash *complete = place(m, begin, end, &known);
    if (complete == NULL || !*known) {
        struct br_hash l;
        struct br_hash r;
        uint64_t k = split(end - begin);
        model_root(m, begin, begin + k, &l);
        model_root(m, begin + k, end, &r);
        br_sha256_node(&l, &r, ret);
        if (complete != NULL) {
            *complete = *ret;
            *known = true;
        }
        return;
    }
    *ret = *complete;
}

static void
add(struct model *m, uint64_t begin, uint64_t end, struct br_proof *p)
{
    assert_true(p->count < BR_PROOF_HASHES_MAX);
    model_root(m, begin, end, &p->hash[p->count++]);
}

/** PATH(index - begin, D[begin:end]) */
static void
path(
    struct model *m,
    uint64_t index,
    uint64_t begin,
    uint64_t end,
    struct br_proof *p)
{
    if (end - begin == 1) {
        return;
    }
    uint64_t middle = begin + split(end - begin);
    if (index < middle) {
        path(m, index, begin, middle, p);
        add(m, middle, end, p);
    } else {
        path(m, index, middle, end, p);
        add(m, begin, middle, p);
    }
}

void
model_path(struct model *m, uint64_t index, uint64_t size, struct br_proof *ret)
{
    ret->count = 0;
    path(m, index, 0, size, ret);
}

/** SUBPROOF(first - begin, D[begin:end], whole): whole while the subtree is
 *  the old tree itself. */
static void
subproof(
    struct model *m,
    uint64_t first,
    uint64_t begin,
    uint64_t end,
    struct br_proof *p)
{
    if (first == end) {
        if (begin > 0) {
            add(m, begin, end, p);
        }
        return;
    }
    uint64_t middle = begin + split(end - begin);
    if (first <= middle) {
        subproof(m, first, begin, middle, p);
        add(m, middle, end, p);
    } else {
        subproof(m, first, middle, end, p);
        add(m, begin, middle, p);
    }
}

void
model_consistency(
    struct model *m, uint64_t first, uint64_t size, struct br_proof *ret)
{
    ret->count = 0;
    subproof(m, first, 0, size, ret);
}

/* ---- the store ---------------------------------------------------------- */

void
store_init(struct store *s, struct model *m)
{
    *s = (struct store){.model = m};
    br_frontier_init(&s->frontier);
    for (unsigned g = 1; g < STORE_LEVELS; g++) {
        size_t n = (size_t)(m->size >> (4 * (g + 1))) + 1;
        s->row[g] = (struct br_merkle_row *)calloc(n, sizeof(*s->row[g]));
        assert_non_null(s->row[g]);
    }
}

void
store_fini(struct store *s)
{
    for (unsigned g = 1; g < STORE_LEVELS; g++) {
        free(s->row[g]);
    }
}

static enum br_rc
keep_row(void *ctx, const struct br_merkle_row *row)
{
    struct store *s = (struct store *)ctx;
    assert_in_range(row->g, 1, STORE_LEVELS - 1);
    assert_int_equal(row->r, s->rows[row->g]);
    s->row[row->g][s->rows[row->g]++] = *row;
    return BR_OK;
}

void
store_grow(struct store *s, uint64_t size)
{
    while (s->frontier.size < size) {
        const struct br_hash *leaf = &s->model->node[0][s->frontier.size];
        assert_int_equal(
            br_frontier_append(&s->frontier, leaf, keep_row, s), BR_OK);
    }
}

static void
note_read(struct store *s, uint8_t g, uint64_t r)
{
    for (size_t i = 0; i < s->reads; i++) {
        if (s->read[i].g == g && s->read[i].r == r) {
            return;
        }
    }
    assert_true(s->reads < STORE_ROWS_READ_MAX);
    s->read[s->reads++] = (struct row_read){g, r};
}

size_t
store_rows_read(const struct store *s, uint8_t g)
{
    size_t n = 0;
    for (size_t i = 0; i < s->reads; i++) {
        n += s->read[i].g == g ? 1 : 0;
    }
    return n;
}

/** What the contract of struct br_merkle_source promises to a source. */
static void
assert_may_ask(const struct store *s, uint8_t g, uint64_t first, size_t count)
{
    assert_in_range(count, 1, BR_MERKLE_GROUP);
    assert_true(first + count <= s->frontier.size >> (4 * g));
    assert_int_equal(
        first / BR_MERKLE_GROUP, (first + count - 1) / BR_MERKLE_GROUP);
}

static enum br_rc
read_leaves(void *ctx, uint64_t first, size_t count, struct br_hash *out)
{
    struct store *s = (struct store *)ctx;
    assert_may_ask(s, 0, first, count);
    memcpy(out, &s->model->node[0][first], count * sizeof(*out));
    return BR_OK;
}

static enum br_rc
read_nodes(
    void *ctx, uint8_t g, uint64_t first, size_t count, struct br_hash *out)
{
    struct store *s = (struct store *)ctx;
    assert_in_range(g, 1, STORE_LEVELS - 1);
    assert_may_ask(s, g, first, count);
    uint64_t r = first / BR_MERKLE_GROUP;
    const struct br_hash *from = s->frontier.node[g];
    if (r < s->rows[g]) {
        from = s->row[g][r].node;
        note_read(s, g, r);
    }
    memcpy(out, &from[first % BR_MERKLE_GROUP], count * sizeof(*out));
    return BR_OK;
}

struct br_merkle_source
store_source(struct store *s)
{
    s->reads = 0;
    return (struct br_merkle_source){
        .ctx = s, .leaves = read_leaves, .nodes = read_nodes};
}

static enum br_rc
read_inner(
    void *ctx, uint8_t g, uint64_t first, unsigned log2, struct br_hash *out)
{
    struct store *s = (struct store *)ctx;
    assert_in_range(log2, 1, 3);
    assert_int_equal(first % (UINT64_C(1) << log2), 0);
    assert_may_ask(s, g, first, (size_t)1 << log2);
    uint64_t width = UINT64_C(1) << (4 * g + log2);
    uint64_t begin = first << (4 * g);
    model_root(s->model, begin, begin + width, out);
    return BR_OK;
}

struct br_merkle_source
store_source_inner(struct store *s)
{
    struct br_merkle_source src = store_source(s);
    src.inner = read_inner;
    return src;
}

/* ---- asserting ---------------------------------------------------------- */

void
assert_hash_equal(const struct br_hash *a, const struct br_hash *b)
{
    assert_memory_equal(a->b, b->b, BR_HASH_BYTES);
}

void
assert_proof_equal(const struct br_proof *a, const struct br_proof *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_hash_equal(&a->hash[i], &b->hash[i]);
    }
}
