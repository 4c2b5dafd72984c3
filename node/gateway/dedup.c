/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/gateway/dedup.h"

#include "common/base/assert.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"
#include "common/receipt/leaf.h"

void
br_dedup_init(struct br_dedup *d)
{
    *d = (struct br_dedup){0};
    br_random(d->secret, sizeof(d->secret));
    br_buf_init(&d->slots, 8u * BR_BLOCK_LEAVES_MAX * sizeof(uint32_t));
    br_buf_init(
        &d->entries, 2u * BR_BLOCK_LEAVES_MAX * sizeof(struct br_dedup_entry));
}

void
br_dedup_fini(struct br_dedup *d)
{
    br_buf_fini(&d->slots);
    br_buf_fini(&d->entries);
}

bool
br_dedup_clear(struct br_dedup *d, size_t entries_max)
{
    size_t slots = 64;
    while (slots < 2 * entries_max) {
        slots *= 2;
    }
    br_buf_clear(&d->slots);
    br_buf_clear(&d->entries);
    if (br_buf_extend(
            &d->entries, entries_max * sizeof(struct br_dedup_entry)) == NULL) {
        return false;
    }
    d->entries.n = 0; /* the room stays */
    uint8_t *p = br_buf_extend(&d->slots, slots * sizeof(uint32_t));
    if (p == NULL) {
        return false;
    }
    memset(p, 0, slots * sizeof(uint32_t));
    return true;
}

void
br_dedup_forget(struct br_dedup *d)
{
    br_buf_clear(&d->entries);
    memset(d->slots.p, 0, d->slots.n);
}

struct br_dedup_entry *
br_dedup_entry(
    struct br_dedup *d,
    uint64_t scope,
    struct br_bytes bytes,
    uint64_t leaf,
    bool *ret_new)
{
    uint32_t *slots = (uint32_t *)(void *)d->slots.p;
    size_t mask = d->slots.n / sizeof(uint32_t) - 1;
    size_t i = (br_siphash(d->secret, bytes) + scope) & mask;
    for (; slots[i] != 0; i = (i + 1) & mask) {
        struct br_dedup_entry *e =
            (struct br_dedup_entry *)(void *)d->entries.p + slots[i] - 1;
        if (e->scope == scope && br_bytes_eq(e->bytes, bytes)) {
            *ret_new = false;
            return e;
        }
    }
    /* br_dedup_clear has made room for every entry of the block. */
    struct br_dedup_entry *e =
        (struct br_dedup_entry *)(void *)br_buf_extend(&d->entries, sizeof(*e));
    BR_ASSERT(e != NULL);
    *e = (struct br_dedup_entry){.bytes = bytes, .scope = scope, .leaf = leaf};
    slots[i] = (uint32_t)(d->entries.n / sizeof(*e));
    *ret_new = true;
    return e;
}

static bool
is_stamp_of(
    struct br_snapshot *s,
    uint64_t index,
    struct br_bytes author,
    uint64_t alg,
    struct br_bytes digest)
{
    struct br_bytes entry;
    struct br_leaf leaf;
    return br_snapshot_leaf(s, index, &entry, NULL) == BR_OK &&
           br_leaf_parse(entry, &leaf, NULL) == BR_OK &&
           leaf.kind == BR_LEAF_STAMP && leaf.alg == alg &&
           br_bytes_eq(leaf.digest, digest) && br_bytes_eq(leaf.author, author);
}

enum br_rc
br_dedup_in_log(
    struct br_digest_index *index,
    struct br_snapshot *s,
    struct br_bytes author,
    uint64_t alg,
    struct br_bytes digest,
    bool *ret_found,
    uint64_t *ret_leaf)
{
    enum { PAGE = 32 };
    struct br_leaf_index found[PAGE];
    struct br_leaf_index from = {0};
    size_t count;
    *ret_found = false;
    do {
        BR_TRY(br_digest_index_find(index, digest, from, found, PAGE, &count));
        for (size_t i = 0; i < count; i++) {
            if (is_stamp_of(s, found[i].v, author, alg, digest)) {
                *ret_found = true;
                *ret_leaf = found[i].v;
                return BR_OK;
            }
            from.v = found[i].v + 1;
        }
    } while (count == PAGE);
    return BR_OK;
}
