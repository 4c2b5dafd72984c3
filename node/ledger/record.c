/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/ledger/record.h"

#include "common/base/assert.h"
#include "common/codec/cbor.h"
#include "common/codec/text.h"
#include "common/crypto/hash.h"

enum { VALUE_BYTES_MAX = 16 * 1024 };

void
br_record_id(struct br_bytes chain, uint64_t leaf, struct br_hash *ret)
{
    uint8_t bytes[256];
    struct br_buf b = {
        .p = bytes, .capacity = sizeof(bytes), .max = sizeof(bytes)};
    br_cbor_put_array(&b, 3);
    br_cbor_put_text(&b, br_str("broletto/record"));
    br_cbor_put_text(&b, chain);
    br_cbor_put_uint(&b, leaf);
    BR_ASSERT(!b.failed); /* or the id would be that of nothing */
    br_sha256(br_buf_bytes(&b), ret);
}

void
br_record_state_key(uint8_t out[BR_RECORD_KEY_BYTES], const struct br_hash *id)
{
    out[0] = 'R';
    memcpy(out + 1, id->b, BR_HASH_BYTES);
}

void
br_record_version_key(
    uint8_t out[BR_VERSION_KEY_BYTES],
    const struct br_hash *id,
    uint64_t version)
{
    out[0] = 'V';
    memcpy(out + 1, id->b, BR_HASH_BYTES);
    for (size_t i = 0; i < 4; i++) {
        out[1 + BR_HASH_BYTES + i] = (uint8_t)(version >> (24 - 8 * i));
    }
}

static void
read_owner(struct br_cbor *r, struct br_record_owner *o)
{
    *o = (struct br_record_owner){0};
    br_cbor_array_exact(r, 4);
    struct br_bytes member = br_cbor_text(r);
    o->not_before.v = br_cbor_uint(r);
    o->not_after.v = br_cbor_uint(r);
    o->revoked = br_cbor_bool(r);
    if (!br_identifier_ok(member, BR_MEMBER_ID_BYTES_MAX)) {
        br_cbor_fail(r, BR_ERR_CORRUPT, "owner's id");
    } else {
        memcpy(o->member, member.p, member.n);
    }
}

enum br_rc
br_record_parse(
    struct br_bytes value, struct br_record *ret, struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, value);
    br_cbor_array_exact(&r, 4);
    ret->versions = br_cbor_uint(&r);
    ret->first_leaf = br_cbor_uint(&r);
    ret->last_leaf = br_cbor_uint(&r);
    ret->owner_count = (size_t)br_cbor_array(&r, BR_RECORD_OWNERS_MAX);
    for (size_t i = 0; i < ret->owner_count; i++) {
        read_owner(&r, &ret->owner[i]);
    }
    return br_cbor_done(&r, reterr);
}

bool
br_record_owned_by(
    const struct br_record *rec, struct br_bytes member, struct br_time_us t)
{
    for (size_t i = 0; i < rec->owner_count; i++) {
        const struct br_record_owner *o = &rec->owner[i];
        if (!o->revoked && br_bytes_eq(br_str(o->member), member) &&
            o->not_before.v <= t.v &&
            (o->not_after.v == 0 || t.v < o->not_after.v)) {
            return true;
        }
    }
    return false;
}

enum br_rc
br_record_get(
    const struct br_effects *e,
    const struct br_hash *id,
    struct br_record *ret,
    struct br_err *reterr)
{
    uint8_t key[BR_RECORD_KEY_BYTES];
    struct br_bytes value;
    br_record_state_key(key, id);
    enum br_rc rc =
        br_effects_get(e, br_bytes(key, sizeof(key)), &value, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        return br_fail(reterr, rc, "there is no such record");
    }
    BR_TRY(rc);
    return br_record_parse(value, ret, reterr);
}

/** Write the buffer as state and give it back. */
static enum br_rc
put(struct br_effects *e,
    struct br_bytes key,
    struct br_buf *b,
    struct br_err *reterr)
{
    enum br_rc rc = br_buf_status(b, reterr);
    if (rc == BR_OK) {
        rc = br_effects_put(e, BR_MODULE_NOTARY, key, br_buf_bytes(b), reterr);
    }
    br_buf_fini(b);
    return rc;
}

enum br_rc
br_record_put(
    struct br_effects *e,
    const struct br_hash *id,
    const struct br_record *rec,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, VALUE_BYTES_MAX);
    br_cbor_put_array(&b, 4);
    br_cbor_put_uint(&b, rec->versions);
    br_cbor_put_uint(&b, rec->first_leaf);
    br_cbor_put_uint(&b, rec->last_leaf);
    br_cbor_put_array(&b, rec->owner_count);
    for (size_t i = 0; i < rec->owner_count; i++) {
        const struct br_record_owner *o = &rec->owner[i];
        br_cbor_put_array(&b, 4);
        br_cbor_put_text(&b, br_str(o->member));
        br_cbor_put_uint(&b, o->not_before.v);
        br_cbor_put_uint(&b, o->not_after.v);
        br_cbor_put_bool(&b, o->revoked);
    }
    uint8_t key[BR_RECORD_KEY_BYTES];
    br_record_state_key(key, id);
    return put(e, br_bytes(key, sizeof(key)), &b, reterr);
}

enum br_rc
br_record_version_parse(
    struct br_bytes value,
    struct br_record_hash *ret,
    size_t *ret_count,
    struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, value);
    size_t count = (size_t)br_cbor_array(&r, BR_RECORD_HASHES_MAX);
    for (size_t i = 0; i < count; i++) {
        br_cbor_array_exact(&r, 3);
        ret[i].alg = br_cbor_uint(&r);
        ret[i].digest = br_cbor_bytes(&r);
        ret[i].leaf = br_cbor_uint(&r);
    }
    BR_TRY(br_cbor_done(&r, reterr));
    *ret_count = count;
    return BR_OK;
}

static void
put_hash(struct br_buf *b, const struct br_record_hash *h)
{
    br_cbor_put_array(b, 3);
    br_cbor_put_uint(b, h->alg);
    br_cbor_put_bytes(b, h->digest);
    br_cbor_put_uint(b, h->leaf);
}

enum br_rc
br_record_add_hash(
    struct br_effects *e,
    const struct br_hash *id,
    uint64_t version,
    const struct br_record_hash *hash,
    struct br_err *reterr)
{
    struct br_record_hash old[BR_RECORD_HASHES_MAX];
    size_t count = 0;
    uint8_t key[BR_VERSION_KEY_BYTES];
    struct br_bytes value;
    br_record_version_key(key, id, version);
    enum br_rc rc =
        br_effects_get(e, br_bytes(key, sizeof(key)), &value, reterr);
    if (rc == BR_OK) {
        BR_TRY(br_record_version_parse(value, old, &count, reterr));
    } else if (rc != BR_ERR_NOT_FOUND) {
        return rc;
    }
    if (count == BR_RECORD_HASHES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "version %u has %zu hashes already",
            (unsigned)version, count);
    }
    struct br_buf b;
    br_buf_init(&b, VALUE_BYTES_MAX);
    br_cbor_put_array(&b, count + 1);
    for (size_t i = 0; i < count; i++) {
        put_hash(&b, &old[i]);
    }
    put_hash(&b, hash);
    return put(e, br_bytes(key, sizeof(key)), &b, reterr);
}
