/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/ledger/effects.h"

#include "common/base/assert.h"
#include "common/base/limits.h"

/* A full block of the largest leaves we make ourselves would be 134 MB; stamps
 * are 70 bytes, so this leaves room and still bounds a block's memory. */
#define LEAVES_BYTES_MAX (64u * 1024 * 1024)
#define STATE_BYTES_MAX  (32u * 1024 * 1024)
#define WRITES_MAX       (4u * BR_BLOCK_LEAVES_MAX)
#define SLOTS_FIRST      256u

void
br_effects_init(struct br_effects *e)
{
    *e = (struct br_effects){0};
    br_buf_init(&e->leaves, LEAVES_BYTES_MAX);
    br_buf_init(&e->leaf_ends, BR_BLOCK_LEAVES_MAX * sizeof(uint32_t));
    br_buf_init(&e->bytes, STATE_BYTES_MAX);
    br_buf_init(&e->writes, WRITES_MAX * sizeof(struct br_write));
    br_buf_init(&e->rows, BR_BLOCK_LEAVES_MAX * sizeof(struct br_merkle_row));
    br_buf_init(&e->slots, 2 * WRITES_MAX * sizeof(uint32_t));
}

void
br_effects_fini(struct br_effects *e)
{
    br_buf_fini(&e->leaves);
    br_buf_fini(&e->leaf_ends);
    br_buf_fini(&e->bytes);
    br_buf_fini(&e->writes);
    br_buf_fini(&e->rows);
    br_buf_fini(&e->slots);
}

void
br_effects_clear(
    struct br_effects *e, const struct br_view *view, uint64_t first_leaf)
{
    e->view = view;
    e->first_leaf = first_leaf;
    br_buf_clear(&e->leaves);
    br_buf_clear(&e->leaf_ends);
    br_buf_clear(&e->bytes);
    br_buf_clear(&e->writes);
    br_buf_clear(&e->rows);
    br_buf_clear(&e->slots);
}

static uint32_t
hash_key(struct br_bytes key)
{
    /* FNV-1a: keys are ids and digests; a block holds few of them. */
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < key.n; i++) {
        h = (h ^ key.p[i]) * 16777619u;
    }
    return h;
}

static struct br_write *
write_at(const struct br_effects *e, size_t i)
{
    return (struct br_write *)(void *)e->writes.p + i;
}

static uint32_t *
slot_of(const struct br_effects *e, struct br_bytes key, uint32_t hash)
{
    uint32_t *slots = (uint32_t *)(void *)e->slots.p;
    size_t mask = e->slots.n / sizeof(uint32_t) - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        if (slots[i] == 0) {
            return &slots[i];
        }
        const struct br_write *w = write_at(e, slots[i] - 1);
        if (w->hash == hash && br_bytes_eq(br_write_key(e, w), key)) {
            return &slots[i];
        }
    }
}

/** The newest write of each key has its slot. */
static void
fill_slots(struct br_effects *e)
{
    memset(e->slots.p, 0, e->slots.n);
    for (size_t i = 0; i < br_effects_write_count(e); i++) {
        struct br_write *w = write_at(e, i);
        *slot_of(e, br_write_key(e, w), w->hash) = (uint32_t)i + 1;
    }
}

static bool
grow_slots(struct br_effects *e)
{
    size_t count = e->slots.n / sizeof(uint32_t);
    size_t more = (count == 0 ? SLOTS_FIRST : count) * sizeof(uint32_t);
    /* When memory is refused, the slots that there are still find everything:
     * without them a state of before the block would be read. */
    if (br_buf_extend(&e->slots, more) == NULL) {
        return false;
    }
    fill_slots(e);
    return true;
}

static const struct br_write *
newest(const struct br_effects *e, struct br_bytes key)
{
    if (e->slots.n == 0) {
        return NULL;
    }
    uint32_t at = *slot_of(e, key, hash_key(key));
    return at == 0 ? NULL : write_at(e, at - 1);
}

enum br_rc
br_effects_get(
    const struct br_effects *e,
    struct br_bytes key,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    const struct br_write *w = newest(e, key);
    if (w == NULL) {
        return e->view->get(e->view->ctx, key, ret, reterr);
    }
    *ret = br_write_value(e, w);
    return BR_OK;
}

enum br_rc
br_effects_put(
    struct br_effects *e,
    enum br_module module,
    struct br_bytes key,
    struct br_bytes value,
    struct br_err *reterr)
{
    size_t count = br_effects_write_count(e);
    if (2 * (count + 1) > e->slots.n / sizeof(uint32_t) && !grow_slots(e)) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "state of the block");
    }
    uint32_t hash = hash_key(key);
    uint32_t *slot = slot_of(e, key, hash);
    struct br_write w = {
        .at = (uint32_t)e->bytes.n,
        .key_n = (uint32_t)key.n,
        .value_n = (uint32_t)value.n,
        .hash = hash,
        .module = module,
    };
    br_buf_put(&e->bytes, key.p, key.n);
    br_buf_put(&e->bytes, value.p, value.n);
    br_buf_put(&e->writes, &w, sizeof(w));
    BR_TRY(br_buf_status(&e->bytes, reterr));
    BR_TRY(br_buf_status(&e->writes, reterr));
    *slot = (uint32_t)count + 1;
    return BR_OK;
}

enum br_rc
br_effects_add_leaf(
    struct br_effects *e, struct br_bytes leaf, struct br_err *reterr)
{
    BR_ASSERT(leaf.n > 0 && leaf.n <= BR_LEAF_BYTES_MAX);
    br_buf_put(&e->leaves, leaf.p, leaf.n);
    uint32_t end = (uint32_t)e->leaves.n;
    br_buf_put(&e->leaf_ends, &end, sizeof(end));
    BR_TRY(br_buf_status(&e->leaves, reterr));
    return br_buf_status(&e->leaf_ends, reterr);
}

struct br_effects_mark
br_effects_mark(const struct br_effects *e)
{
    return (struct br_effects_mark){
        .leaves = e->leaves.n,
        .leaf_ends = e->leaf_ends.n,
        .bytes = e->bytes.n,
        .writes = br_effects_write_count(e),
    };
}

void
br_effects_rollback(struct br_effects *e, const struct br_effects_mark *m)
{
    e->leaves.n = m->leaves;
    e->leaf_ends.n = m->leaf_ends;
    e->bytes.n = m->bytes;
    e->writes.n = m->writes * sizeof(struct br_write);
    e->leaves.failed = e->leaf_ends.failed = false;
    e->bytes.failed = e->writes.failed = e->slots.failed = false;
    if (e->slots.n > 0) {
        fill_slots(e);
    }
}

size_t
br_effects_leaf_count(const struct br_effects *e)
{
    return e->leaf_ends.n / sizeof(uint32_t);
}

uint64_t
br_effects_next_leaf(const struct br_effects *e)
{
    return e->first_leaf + br_effects_leaf_count(e);
}

struct br_bytes
br_effects_leaf(const struct br_effects *e, size_t i)
{
    BR_ASSERT(i < br_effects_leaf_count(e));
    const uint32_t *ends = (const uint32_t *)(const void *)e->leaf_ends.p;
    uint32_t start = i == 0 ? 0 : ends[i - 1];
    return br_bytes(e->leaves.p + start, ends[i] - start);
}

size_t
br_effects_write_count(const struct br_effects *e)
{
    return e->writes.n / sizeof(struct br_write);
}

const struct br_write *
br_effects_write(const struct br_effects *e, size_t i)
{
    BR_ASSERT(i < br_effects_write_count(e));
    return write_at(e, i);
}

struct br_bytes
br_write_key(const struct br_effects *e, const struct br_write *w)
{
    return br_bytes(e->bytes.p + w->at, w->key_n);
}

struct br_bytes
br_write_value(const struct br_effects *e, const struct br_write *w)
{
    return br_bytes(e->bytes.p + w->at + w->key_n, w->value_n);
}

size_t
br_effects_row_count(const struct br_effects *e)
{
    return e->rows.n / sizeof(struct br_merkle_row);
}

const struct br_merkle_row *
br_effects_row(const struct br_effects *e, size_t i)
{
    BR_ASSERT(i < br_effects_row_count(e));
    return (const struct br_merkle_row *)(const void *)e->rows.p + i;
}
