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

/** A leaf that the index names and the log has not (yet) is not one; a leaf
 *  that cannot be read may be. */
static enum br_rc
is_stamp(
    struct br_snapshot *s,
    uint64_t index,
    const struct br_leaf *want,
    bool *ret)
{
    struct br_bytes entry;
    struct br_leaf leaf;
    *ret = false;
    enum br_rc rc = br_snapshot_leaf(s, index, &entry, NULL);
    if (rc != BR_OK) {
        return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
    }
    *ret = br_leaf_parse(entry, &leaf, NULL) == BR_OK &&
           leaf.kind == BR_LEAF_STAMP && leaf.alg == want->alg &&
           br_bytes_eq(leaf.digest, want->digest) &&
           br_bytes_eq(leaf.author, want->author);
    return BR_OK;
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
    const struct br_leaf want = {
        .alg = alg, .digest = digest, .author = author};
    *ret_found = false;
    do {
        BR_TRY(br_digest_index_find(index, digest, from, found, PAGE, &count));
        for (size_t i = 0; i < count; i++) {
            BR_TRY(is_stamp(s, found[i].v, &want, ret_found));
            if (*ret_found) {
                *ret_leaf = found[i].v;
                return BR_OK;
            }
            from.v = found[i].v + 1;
        }
    } while (count == PAGE);
    return BR_OK;
}
