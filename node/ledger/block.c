/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "node/ledger/ledger.h"

static uint8_t *
put_u64(uint8_t *out, uint64_t v)
{
    for (int shift = 56; shift >= 0; shift -= 8) {
        *out++ = (uint8_t)(v >> shift);
    }
    return out;
}

static uint64_t
get_u64(const uint8_t *in)
{
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++) {
        v = v << 8 | in[i];
    }
    return v;
}

static uint8_t *
put_hash(uint8_t *out, const struct br_hash *h)
{
    memcpy(out, h->b, BR_HASH_BYTES);
    return out + BR_HASH_BYTES;
}

/* Journals before the frontier; those of modules that came later stand behind
 * it, and are zero where a head ends before them. */
enum {
    EARLY_JOURNALS = 2,
    LATE_JOURNALS = BR_MODULE_COUNT - EARLY_JOURNALS,
    FIXED_BYTES = 16 + (1 + EARLY_JOURNALS) * BR_HASH_BYTES,
    LATE_BYTES = LATE_JOURNALS * BR_HASH_BYTES,
};

static bool
has_late(const struct br_head *h)
{
    static const struct br_hash nothing[LATE_JOURNALS] = {{{0}}};
    return memcmp(&h->journal[EARLY_JOURNALS], nothing, LATE_BYTES) != 0;
}

size_t
br_head_encode(const struct br_head *h, uint8_t out[BR_HEAD_BYTES_MAX])
{
    uint8_t *p = put_u64(out, h->height);
    p = put_u64(p, h->time.v);
    p = put_hash(p, &h->app_hash);
    for (size_t i = 0; i < EARLY_JOURNALS; i++) {
        p = put_hash(p, &h->journal[i]);
    }
    p += br_frontier_encode(&h->frontier, p);
    if (has_late(h)) {
        memcpy(p, &h->journal[EARLY_JOURNALS], LATE_BYTES);
        p += LATE_BYTES;
    }
    return (size_t)(p - out);
}

enum br_rc
br_head_parse(struct br_bytes bytes, struct br_head *ret, struct br_err *reterr)
{
    struct br_head h;
    memset(h.journal, 0, sizeof(h.journal));
    if (bytes.n < FIXED_BYTES + 8) {
        return br_fail(reterr, BR_ERR_CORRUPT, "the head is cut short");
    }
    h.height = get_u64(bytes.p);
    h.time.v = get_u64(bytes.p + 8);
    memcpy(h.app_hash.b, bytes.p + 16, BR_HASH_BYTES);
    for (size_t i = 0; i < EARLY_JOURNALS; i++) {
        memcpy(
            h.journal[i].b, bytes.p + 16 + (i + 1) * BR_HASH_BYTES,
            BR_HASH_BYTES);
    }
    struct br_bytes rest =
        br_bytes(bytes.p + FIXED_BYTES, bytes.n - FIXED_BYTES);
    size_t frontier = br_frontier_bytes(get_u64(rest.p));
    if (rest.n == frontier + LATE_BYTES) {
        rest.n = frontier;
        memcpy(&h.journal[EARLY_JOURNALS], rest.p + frontier, LATE_BYTES);
        if (!has_late(&h)) {
            return br_fail(
                reterr, BR_ERR_CORRUPT, "empty journals in the head");
        }
    }
    BR_TRY(br_frontier_parse(rest, &h.frontier, reterr));
    *ret = h;
    return BR_OK;
}

void
br_block_put(struct br_buf *b, const struct br_block *block)
{
    br_cbor_put_array(b, 8);
    br_cbor_put_uint(b, 1);
    br_cbor_put_uint(b, block->height);
    br_cbor_put_uint(b, block->time.v);
    br_cbor_put_uint(b, block->first_leaf);
    br_cbor_put_uint(b, block->leaves);
    br_cbor_put_uint(b, block->tx_count);
    br_cbor_put_bytes(b, br_hash_bytes(&block->tx_root));
    br_cbor_put_bytes(b, br_hash_bytes(&block->app_hash));
}

enum br_rc
br_block_parse(
    struct br_bytes bytes, struct br_block *ret, struct br_err *reterr)
{
    struct br_cbor r;
    struct br_block k;
    br_cbor_init(&r, bytes);
    br_cbor_array_exact(&r, 8);
    if (br_cbor_uint(&r) != 1) {
        br_cbor_fail(&r, BR_ERR_UNSUPPORTED, "block version is not 1");
    }
    k.height = br_cbor_uint(&r);
    k.time.v = br_cbor_uint(&r);
    k.first_leaf = br_cbor_uint(&r);
    k.leaves = br_cbor_uint(&r);
    k.tx_count = br_cbor_uint(&r);
    br_cbor_bytes_exact(&r, k.tx_root.b, BR_HASH_BYTES);
    br_cbor_bytes_exact(&r, k.app_hash.b, BR_HASH_BYTES);
    BR_TRY(br_cbor_done(&r, reterr));
    *ret = k;
    return BR_OK;
}
