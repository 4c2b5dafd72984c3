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

size_t
br_head_encode(const struct br_head *h, uint8_t out[BR_HEAD_BYTES_MAX])
{
    uint8_t *p = put_u64(out, h->height);
    p = put_u64(p, h->time.v);
    p = put_hash(p, &h->app_hash);
    for (size_t i = 0; i < BR_MODULE_COUNT; i++) {
        p = put_hash(p, &h->journal[i]);
    }
    return (size_t)(p - out) + br_frontier_encode(&h->frontier, p);
}

enum br_rc
br_head_parse(struct br_bytes bytes, struct br_head *ret, struct br_err *reterr)
{
    enum { FIXED = 16 + (1 + BR_MODULE_COUNT) * BR_HASH_BYTES };
    if (bytes.n < FIXED) {
        return br_fail(reterr, BR_ERR_CORRUPT, "the head is cut short");
    }
    struct br_head h;
    h.height = get_u64(bytes.p);
    h.time.v = get_u64(bytes.p + 8);
    memcpy(h.app_hash.b, bytes.p + 16, BR_HASH_BYTES);
    for (size_t i = 0; i < BR_MODULE_COUNT; i++) {
        memcpy(
            h.journal[i].b, bytes.p + 16 + (i + 1) * BR_HASH_BYTES,
            BR_HASH_BYTES);
    }
    BR_TRY(br_frontier_parse(
        br_bytes(bytes.p + FIXED, bytes.n - FIXED), &h.frontier, reterr));
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
