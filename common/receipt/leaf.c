/*
 * Encoding and reading of leaves; see leaf.h.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/receipt/leaf.h"

#include "common/base/assert.h"
#include "common/codec/cbor.h"
#include "common/codec/text.h"
#include "common/crypto/hash.h"

#define TIME_MAX ((UINT64_C(1) << 53) - 1)

static const uint8_t reserved[] = {0xda, 0x42, 0x52, 0x4c, 0x31};

bool
br_leaf_is_reserved(struct br_bytes entry)
{
    return entry.n >= sizeof(reserved) &&
           memcmp(entry.p, reserved, sizeof(reserved)) == 0;
}

/** A writer into the caller's array: it is full-sized from the start, so it
 *  never allocates, and it is never freed. */
static struct br_buf
begin(
    uint8_t *out,
    uint64_t items,
    enum br_leaf_kind kind,
    struct br_time_us time,
    struct br_bytes author)
{
    struct br_buf b = {
        .p = out,
        .capacity = BR_OWN_LEAF_BYTES_MAX,
        .max = BR_OWN_LEAF_BYTES_MAX,
    };
    BR_ASSERT(author.n > 0 && author.n <= BR_MEMBER_ID_BYTES_MAX);
    BR_ASSERT(time.v <= TIME_MAX);
    br_buf_put(&b, reserved, sizeof(reserved));
    br_cbor_put_array(&b, items);
    br_cbor_put_uint(&b, (uint64_t)kind);
    br_cbor_put_uint(&b, time.v);
    br_cbor_put_text(&b, author);
    return b;
}

static size_t
end(struct br_buf *b, struct br_bytes digest)
{
    BR_ASSERT(digest.n <= BR_DIGEST_BYTES_MAX);
    br_cbor_put_bytes(b, digest);
    BR_ASSERT(!b->failed);
    return b->n;
}

size_t
br_leaf_encode_stamp(
    uint8_t out[BR_OWN_LEAF_BYTES_MAX],
    struct br_time_us time,
    struct br_bytes author,
    uint64_t alg,
    struct br_bytes digest)
{
    struct br_buf b = begin(out, 5, BR_LEAF_STAMP, time, author);
    br_cbor_put_uint(&b, alg);
    return end(&b, digest);
}

size_t
br_leaf_encode_record(
    uint8_t out[BR_OWN_LEAF_BYTES_MAX],
    struct br_time_us time,
    struct br_bytes author,
    const struct br_leaf_record *r)
{
    struct br_buf b = begin(out, 8, BR_LEAF_RECORD, time, author);
    BR_ASSERT(r->record.n == BR_HASH_BYTES);
    br_cbor_put_bytes(&b, r->record);
    br_cbor_put_uint(&b, (uint64_t)r->step);
    br_cbor_put_uint(&b, r->version);
    br_cbor_put_uint(&b, r->alg);
    return end(&b, r->digest);
}

/** Kinds 3 and 4 differ in who gives the operations their numbers. */
static size_t
encode_change(struct br_buf b, uint64_t change, struct br_bytes digest)
{
    BR_ASSERT(digest.n == BR_HASH_BYTES);
    br_cbor_put_uint(&b, change);
    return end(&b, digest);
}

size_t
br_leaf_encode_member(
    uint8_t out[BR_OWN_LEAF_BYTES_MAX],
    struct br_time_us time,
    struct br_bytes author,
    uint64_t change,
    struct br_bytes digest)
{
    return encode_change(
        begin(out, 5, BR_LEAF_MEMBER, time, author), change, digest);
}

size_t
br_leaf_encode_registry(
    uint8_t out[BR_OWN_LEAF_BYTES_MAX],
    struct br_time_us time,
    struct br_bytes author,
    uint64_t change,
    struct br_bytes digest)
{
    return encode_change(
        begin(out, 5, BR_LEAF_REGISTRY, time, author), change, digest);
}

static void
read_digest(struct br_cbor *r, struct br_leaf *leaf)
{
    leaf->digest = br_cbor_bytes(r);
    const struct br_hash_info *info = br_hash_info(leaf->alg);
    if (info == NULL) {
        br_cbor_fail(r, BR_ERR_UNSUPPORTED, "hash algorithm of the leaf");
    } else if (leaf->digest.n != info->digest_bytes) {
        br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "digest's size");
    }
}

static void
read_record(struct br_cbor *r, struct br_leaf *leaf)
{
    leaf->record = br_cbor_bytes(r);
    uint64_t step = br_cbor_uint_max(r, BR_LEAF_STEP_OWNER_REVOKED);
    leaf->step = (enum br_leaf_step)step;
    leaf->version = br_cbor_uint(r);
    leaf->alg = br_cbor_uint(r);
    if (leaf->record.n != BR_HASH_BYTES || step == 0) {
        br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "record or step of the leaf");
    }
    read_digest(r, leaf);
}

static void
read_body(struct br_cbor *r, uint64_t items, struct br_leaf *leaf)
{
    uint64_t kind = br_cbor_uint(r);
    leaf->kind = (enum br_leaf_kind)kind;
    leaf->time.v = br_cbor_uint_max(r, TIME_MAX);
    leaf->author = br_cbor_text(r);
    if (!br_identifier_ok(leaf->author, BR_MEMBER_ID_BYTES_MAX)) {
        br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "author of the leaf");
    }
    if (kind == BR_LEAF_STAMP && items == 5) {
        leaf->alg = br_cbor_uint(r);
        read_digest(r, leaf);
    } else if (kind == BR_LEAF_RECORD && items == 8) {
        read_record(r, leaf);
    } else if (
        (kind == BR_LEAF_MEMBER || kind == BR_LEAF_REGISTRY) && items == 5) {
        leaf->change = br_cbor_uint(r);
        leaf->alg = BR_HASH_SHA256;
        read_digest(r, leaf);
    } else {
        br_cbor_fail(r, BR_ERR_UNSUPPORTED, "kind of the leaf");
    }
}

enum br_rc
br_leaf_parse(struct br_bytes entry, struct br_leaf *ret, struct br_err *reterr)
{
    struct br_leaf leaf = {.kind = BR_LEAF_RAW, .entry = entry};
    if (br_leaf_is_reserved(entry)) {
        struct br_cbor r;
        br_cbor_init(&r, entry);
        (void)br_cbor_tag(&r);
        uint64_t items = br_cbor_array(&r, 8);
        read_body(&r, items, &leaf);
        BR_TRY(br_cbor_done(&r, reterr));
    }
    *ret = leaf;
    return BR_OK;
}
