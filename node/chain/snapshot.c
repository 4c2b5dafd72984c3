/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/chain/snapshot.h"

#include "common/base/assert.h"
#include "common/crypto/hash.h"
#include "node/chain/tables.h"

enum br_rc
br_snapshot_open(
    struct br_chain *c, struct br_snapshot *ret, struct br_err *reterr)
{
    struct br_bytes head;
    BR_TRY(br_kv_begin_read(br_chain_kv(c), &ret->txn, reterr));
    enum br_rc rc =
        br_kv_get(ret->txn, BR_T_META, br_str("head"), &head, reterr);
    if (rc == BR_OK) {
        rc = br_head_parse(head, &ret->head, reterr);
    }
    if (rc != BR_OK) {
        br_snapshot_close(ret);
        return rc;
    }
    for (size_t i = 0; i < BR_MERKLE_LEVELS_MAX; i++) {
        ret->level[i].memo[0].full = false;
        ret->level[i].memo[1].full = false;
        ret->level[i].last = 0;
    }
    return BR_OK;
}

void
br_snapshot_close(struct br_snapshot *s)
{
    br_kv_end(s->txn);
    s->txn = NULL;
}

enum br_rc
br_snapshot_leaf(
    struct br_snapshot *s,
    uint64_t index,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    uint8_t key[8];
    enum br_rc rc =
        br_kv_get(s->txn, BR_T_LEAVES, br_key_u64(key, index), ret, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        return br_fail(
            reterr, rc, "no entry %llu: the log has %llu",
            (unsigned long long)index,
            (unsigned long long)s->head.frontier.size);
    }
    return rc;
}

enum br_rc
br_snapshot_block(
    struct br_snapshot *s,
    uint64_t height,
    struct br_block *ret,
    struct br_err *reterr)
{
    uint8_t key[8];
    struct br_bytes value;
    BR_TRY(br_kv_get(
        s->txn, BR_T_BLOCKS, br_key_u64(key, height), &value, reterr));
    return br_block_parse(value, ret, reterr);
}

/** The lowest height whose block has reached(block) true; head + 1 if none. */
static enum br_rc
search_height(
    struct br_snapshot *s,
    bool (*reached)(const struct br_block *, uint64_t),
    uint64_t goal,
    uint64_t *ret,
    struct br_err *reterr)
{
    uint64_t low = 1;
    uint64_t high = s->head.height + 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct br_block b;
        BR_TRY(br_snapshot_block(s, middle, &b, reterr));
        if (reached(&b, goal)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    *ret = low;
    return BR_OK;
}

static bool
ends_past(const struct br_block *b, uint64_t leaf)
{
    return b->first_leaf + b->leaves > leaf;
}

static bool
not_before(const struct br_block *b, uint64_t time)
{
    return b->time.v >= time;
}

enum br_rc
br_snapshot_block_of(
    struct br_snapshot *s,
    uint64_t leaf,
    struct br_block *ret,
    struct br_err *reterr)
{
    uint64_t height;
    BR_TRY(search_height(s, ends_past, leaf, &height, reterr));
    if (height > s->head.height) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "no such entry");
    }
    return br_snapshot_block(s, height, ret, reterr);
}

enum br_rc
br_snapshot_leaf_at(
    struct br_snapshot *s,
    struct br_time_us time,
    uint64_t *ret,
    struct br_err *reterr)
{
    uint64_t height;
    struct br_block b;
    BR_TRY(search_height(s, not_before, time.v, &height, reterr));
    if (height > s->head.height) {
        *ret = s->head.frontier.size;
        return BR_OK;
    }
    BR_TRY(br_snapshot_block(s, height, &b, reterr));
    *ret = b.first_leaf;
    return BR_OK;
}

enum br_rc
br_snapshot_tx(
    struct br_snapshot *s,
    uint64_t height,
    uint32_t position,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    uint8_t key[16];
    br_put_be64(key, height);
    br_put_be64(key + 8, (uint64_t)position << 32);
    return br_kv_get(s->txn, BR_T_TXS, br_bytes(key, 12), ret, reterr);
}

enum br_rc
br_snapshot_state(
    struct br_snapshot *s,
    struct br_bytes key,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    return br_kv_get(s->txn, BR_T_STATE, key, ret, reterr);
}

static uint32_t
get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static bool
is_of_member(struct br_bytes key, struct br_bytes member)
{
    return key.n == member.n + 9 && memcmp(key.p, member.p, member.n) == 0 &&
           key.p[member.n] == 0;
}

enum br_rc
br_snapshot_by_member(
    struct br_snapshot *s,
    struct br_bytes member,
    uint64_t before,
    uint64_t *ret,
    size_t max,
    size_t *ret_count)
{
    *ret_count = 0;
    if (before == 0) {
        return BR_OK;
    }
    struct br_kv_cursor *cursor;
    BR_TRY(br_kv_cursor_open(s->txn, BR_T_AUTHORS, &cursor, NULL));
    uint8_t start[BR_AUTHOR_KEY_BYTES_MAX];
    size_t n = br_author_key(start, member, before - 1);
    struct br_bytes key;
    struct br_bytes value;
    enum br_rc rc = br_kv_seek_back(cursor, br_bytes(start, n), &key, &value);
    while (rc == BR_OK && is_of_member(key, member) && *ret_count < max) {
        uint64_t first = br_get_be64(key.p + member.n + 1);
        uint64_t end = first + get_be32(value.p);
        end = end > before ? before : end;
        while (end > first && *ret_count < max) {
            ret[(*ret_count)++] = --end;
        }
        rc = br_kv_prev(cursor, &key, &value);
    }
    br_kv_cursor_close(cursor);
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}

enum br_rc
br_snapshot_author_of(
    struct br_snapshot *s,
    uint64_t leaf,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_block b;
    BR_TRY(br_snapshot_block_of(s, leaf, &b, reterr));
    uint64_t first = b.first_leaf;
    for (uint32_t i = 0; i < b.tx_count; i++) {
        struct br_bytes bytes;
        struct br_tx tx;
        BR_TRY(br_snapshot_tx(s, b.height, i, &bytes, reterr));
        BR_TRY(br_tx_parse(bytes, &tx, reterr));
        if (leaf < first + tx.op_count) {
            *ret = tx.author;
            return BR_OK;
        }
        first += tx.op_count;
    }
    return br_fail(reterr, BR_ERR_CORRUPT, "no transaction holds the entry");
}

enum br_rc
br_snapshot_idempotency(
    struct br_snapshot *s,
    const struct br_hash *key,
    struct br_idempotency *ret,
    struct br_err *reterr)
{
    struct br_bytes value;
    BR_TRY(br_kv_get(s->txn, BR_T_IDEM, br_hash_bytes(key), &value, reterr));
    if (value.n != BR_HASH_BYTES + 16) {
        return br_fail(reterr, BR_ERR_CORRUPT, "idempotency row");
    }
    ret->key = *key;
    memcpy(ret->request.b, value.p, BR_HASH_BYTES);
    ret->leaf = br_get_be64(value.p + BR_HASH_BYTES);
    return BR_OK;
}

/* ---- the tree ----------------------------------------------------------- */

/** Leaf hashes of a whole group, from the entries. */
static enum br_rc
hash_group(struct br_snapshot *s, uint64_t group, struct br_hash *out)
{
    struct br_kv_cursor *cursor;
    BR_TRY(br_kv_cursor_open(s->txn, BR_T_LEAVES, &cursor, NULL));
    uint8_t at[8];
    struct br_bytes key;
    struct br_bytes value;
    enum br_rc rc = br_kv_seek(
        cursor, br_key_u64(at, group * BR_MERKLE_GROUP), &key, &value);
    for (size_t i = 0; i < BR_MERKLE_GROUP && rc == BR_OK; i++) {
        br_sha256_leaf(value, &out[i]);
        rc = i + 1 < BR_MERKLE_GROUP ? br_kv_next(cursor, &key, &value) : rc;
    }
    br_kv_cursor_close(cursor);
    return rc;
}

/** A row from its table. */
static enum br_rc
read_row(struct br_snapshot *s, uint8_t g, uint64_t group, struct br_hash *out)
{
    uint8_t key[8];
    struct br_bytes value;
    BR_TRY(br_kv_get(
        s->txn, (unsigned)(BR_T_NODES + g - 1), br_key_u64(key, group), &value,
        NULL));
    if (value.n != BR_MERKLE_GROUP * sizeof(struct br_hash)) {
        return BR_ERR_CORRUPT;
    }
    memcpy(out, value.p, value.n);
    return BR_OK;
}

/** The group that is not complete yet is in the frontier. */
static enum br_rc
read_group(
    struct br_snapshot *s, uint8_t g, uint64_t group, struct br_hash *out)
{
    const struct br_frontier *f = &s->head.frontier;
    if (group == f->size >> (4 * (g + 1))) {
        memcpy(out, f->node[g], f->count[g] * sizeof(struct br_hash));
        return BR_OK;
    }
    return g == 0 ? hash_group(s, group, out) : read_row(s, g, group, out);
}

static bool
holds(const struct br_snapshot_memo *m, uint64_t group)
{
    return m->full && m->group == group;
}

/** The memo of a level with the group of these nodes. */
static enum br_rc
load(
    struct br_snapshot *s,
    uint8_t g,
    uint64_t first,
    size_t count,
    struct br_snapshot_memo **ret)
{
    struct br_snapshot_level *l = &s->level[g];
    uint64_t group = first / BR_MERKLE_GROUP;
    BR_ASSERT(g <= BR_CHAIN_NODE_LEVELS);
    BR_ASSERT(first + count <= s->head.frontier.size >> (4 * g));
    BR_ASSERT((first + count - 1) / BR_MERKLE_GROUP == group);
    if (!holds(&l->memo[l->last], group)) {
        l->last = 1 - l->last;
    }
    struct br_snapshot_memo *m = &l->memo[l->last];
    *ret = m;
    if (holds(m, group)) {
        return BR_OK;
    }
    m->full = false;
    m->hashed = 0;
    BR_TRY(read_group(s, g, group, m->node));
    m->full = true;
    m->group = group;
    return BR_OK;
}

static enum br_rc
source_nodes(
    void *ctx, uint8_t g, uint64_t first, size_t count, struct br_hash *out)
{
    struct br_snapshot_memo *m;
    BR_TRY(load((struct br_snapshot *)ctx, g, first, count, &m));
    memcpy(
        out, &m->node[first % BR_MERKLE_GROUP], count * sizeof(struct br_hash));
    return BR_OK;
}

static enum br_rc
source_leaves(void *ctx, uint64_t first, size_t count, struct br_hash *out)
{
    return source_nodes(ctx, 0, first, count, out);
}

/** Where the inner nodes of 2^log2 begin in memo.inner. */
static const uint8_t inner_base[] = {0, 0, 8, 12};

static void
hash_inner(struct br_snapshot_memo *m, unsigned log2, size_t i)
{
    size_t at = inner_base[log2] + i;
    if ((m->hashed >> at & 1) != 0) {
        return;
    }
    const struct br_hash *below =
        log2 == 1 ? m->node : &m->inner[inner_base[log2 - 1]];
    br_sha256_node(&below[2 * i], &below[2 * i + 1], &m->inner[at]);
    m->hashed = (uint16_t)(m->hashed | 1u << at);
}

static enum br_rc
source_inner(
    void *ctx, uint8_t g, uint64_t first, unsigned log2, struct br_hash *out)
{
    struct br_snapshot_memo *m;
    BR_ASSERT(log2 >= 1 && log2 <= 3);
    BR_TRY(load((struct br_snapshot *)ctx, g, first, (size_t)1 << log2, &m));
    size_t from = first % BR_MERKLE_GROUP;
    for (unsigned l = 1; l <= log2; l++) {
        size_t n = (size_t)1 << (log2 - l);
        for (size_t i = 0; i < n; i++) {
            hash_inner(m, l, (from >> l) + i);
        }
    }
    *out = m->inner[inner_base[log2] + (from >> log2)];
    return BR_OK;
}

struct br_merkle_source
br_snapshot_source(struct br_snapshot *s)
{
    return (struct br_merkle_source){
        s, source_leaves, source_nodes, source_inner};
}

void
br_snapshot_root(const struct br_snapshot *s, struct br_hash *ret)
{
    br_frontier_root(&s->head.frontier, ret);
}
