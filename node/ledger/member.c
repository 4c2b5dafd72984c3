/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/ledger/member.h"

#include "common/base/assert.h"
#include "common/codec/cbor.h"

enum { VALUE_BYTES_MAX = 512 };

size_t
br_member_state_key(
    uint8_t out[BR_STATE_KEY_BYTES_MAX], char table, struct br_bytes id)
{
    BR_ASSERT(id.n > 0 && id.n < BR_STATE_KEY_BYTES_MAX);
    out[0] = (uint8_t)table;
    memcpy(out + 1, id.p, id.n);
    return id.n + 1;
}

static enum br_rc
get(const struct br_effects *e,
    char table,
    struct br_bytes id,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    uint8_t key[BR_STATE_KEY_BYTES_MAX];
    size_t n = br_member_state_key(key, table, id);
    return br_effects_get(e, br_bytes(key, n), ret, reterr);
}

/** Write what the buffer holds under the key, and give the buffer back. */
static enum br_rc
put(struct br_effects *e,
    char table,
    struct br_bytes id,
    struct br_buf *value,
    struct br_err *reterr)
{
    uint8_t key[BR_STATE_KEY_BYTES_MAX];
    size_t n = br_member_state_key(key, table, id);
    enum br_rc rc = br_buf_status(value, reterr);
    if (rc == BR_OK) {
        rc = br_effects_put(
            e, BR_MODULE_REGISTRY, br_bytes(key, n), br_buf_bytes(value),
            reterr);
    }
    br_buf_fini(value);
    return rc;
}

enum br_rc
br_member_parse(
    struct br_bytes value, struct br_member *ret, struct br_err *reterr)
{
    struct br_cbor r;
    struct br_member m;
    br_cbor_init(&r, value);
    br_cbor_array_exact(&r, 3);
    m.name = br_cbor_text(&r);
    m.roles = br_cbor_uint_max(&r, BR_ROLES_ALL);
    m.active = br_cbor_bool(&r);
    BR_TRY(br_cbor_done(&r, reterr));
    *ret = m;
    return BR_OK;
}

enum br_rc
br_member_get(
    const struct br_effects *e,
    struct br_bytes id,
    struct br_member *ret,
    struct br_err *reterr)
{
    struct br_bytes value;
    BR_TRY(get(e, 'M', id, &value, reterr));
    return br_member_parse(value, ret, reterr);
}

enum br_rc
br_member_put(
    struct br_effects *e,
    struct br_bytes id,
    const struct br_member *m,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, VALUE_BYTES_MAX);
    br_cbor_put_array(&b, 3);
    br_cbor_put_text(&b, m->name);
    br_cbor_put_uint(&b, m->roles);
    br_cbor_put_bool(&b, m->active);
    return put(e, 'M', id, &b, reterr);
}

enum br_rc
br_member_key_parse(
    struct br_bytes value, struct br_member_key *ret, struct br_err *reterr)
{
    struct br_cbor r;
    struct br_member_key k;
    br_cbor_init(&r, value);
    br_cbor_array_exact(&r, 5);
    k.member = br_cbor_text(&r);
    int64_t alg = br_cbor_int(&r);
    struct br_bytes raw = br_cbor_bytes(&r);
    k.not_before.v = br_cbor_uint(&r);
    k.not_after.v = br_cbor_uint(&r);
    BR_TRY(br_cbor_done(&r, reterr));
    BR_TRY(br_public_key_init(&k.key, alg, raw, reterr));
    *ret = k;
    return BR_OK;
}

enum br_rc
br_member_key_get(
    const struct br_effects *e,
    const struct br_hash *kid,
    struct br_member_key *ret,
    struct br_err *reterr)
{
    struct br_bytes value;
    enum br_rc rc = get(e, 'K', br_hash_bytes(kid), &value, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        return br_fail(
            reterr, BR_ERR_UNKNOWN_KEY, "no member has the signing key");
    }
    BR_TRY(rc);
    return br_member_key_parse(value, ret, reterr);
}

enum br_rc
br_member_key_put(
    struct br_effects *e, const struct br_member_key *k, struct br_err *reterr)
{
    struct br_buf b;
    struct br_hash kid;
    br_public_key_thumbprint(&k->key, &kid);
    br_buf_init(&b, VALUE_BYTES_MAX);
    br_cbor_put_array(&b, 5);
    br_cbor_put_text(&b, k->member);
    br_cbor_put_int(&b, k->key.alg);
    br_cbor_put_bytes(&b, br_bytes(k->key.b, k->key.n));
    br_cbor_put_uint(&b, k->not_before.v);
    br_cbor_put_uint(&b, k->not_after.v);
    return put(e, 'K', br_hash_bytes(&kid), &b, reterr);
}

bool
br_member_key_valid_at(const struct br_member_key *k, struct br_time_us t)
{
    return k->not_before.v <= t.v &&
           (k->not_after.v == 0 || t.v < k->not_after.v);
}

enum br_rc
br_member_seq_parse(struct br_bytes value, uint64_t *ret, struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, value);
    uint64_t seq = br_cbor_uint(&r);
    BR_TRY(br_cbor_done(&r, reterr));
    *ret = seq;
    return BR_OK;
}

enum br_rc
br_member_seq_get(
    const struct br_effects *e,
    const struct br_hash *kid,
    uint64_t *ret,
    struct br_err *reterr)
{
    struct br_bytes value;
    enum br_rc rc = get(e, 'S', br_hash_bytes(kid), &value, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        *ret = 0;
        return BR_OK;
    }
    BR_TRY(rc);
    return br_member_seq_parse(value, ret, reterr);
}

enum br_rc
br_member_seq_put(
    struct br_effects *e,
    const struct br_hash *kid,
    uint64_t seq,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, VALUE_BYTES_MAX);
    br_cbor_put_uint(&b, seq);
    return put(e, 'S', br_hash_bytes(kid), &b, reterr);
}
