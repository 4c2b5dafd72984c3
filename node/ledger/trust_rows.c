/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/codec/cbor.h"
#include "common/crypto/hash.h"
#include "node/ledger/trust.h"

/* The largest operation is a credential type with its two documents. */
enum { VALUE_BYTES_MAX = 3 * BR_TYPE_DOCUMENT_BYTES_MAX };

/* ---- keys --------------------------------------------------------------- */

struct key {
    uint8_t b[BR_DID_KEY_BYTES_MAX];
    size_t n;
};

static struct key
key_of(char table, struct br_bytes id)
{
    struct key k;
    BR_ASSERT(id.n <= BR_REGISTERED_DID_BYTES_MAX);
    k.b[0] = (uint8_t)table;
    memcpy(k.b + 1, id.p, id.n);
    k.n = 1 + id.n;
    return k;
}

static struct key
numbered(struct key k, uint64_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        k.b[k.n++] = (uint8_t)(number >> shift);
    }
    return k;
}

/** A DID has any length: a byte that none contains ends it. */
static struct key
did_key(char table, struct br_bytes did, uint64_t number)
{
    struct key k = key_of(table, did);
    k.b[k.n++] = 0;
    return numbered(k, number);
}

/* ---- reading and writing a value ---------------------------------------- */

static enum br_rc
get(const struct br_view *v,
    const struct key *k,
    const char *what,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    enum br_rc rc = v->get(v->ctx, br_bytes(k->b, k->n), ret, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        return br_fail(reterr, rc, "%s is not in this registry", what);
    }
    return rc;
}

static enum br_rc
put(struct br_effects *e,
    const struct key *k,
    struct br_buf *value,
    struct br_err *reterr)
{
    enum br_rc rc = br_buf_status(value, reterr);
    if (rc == BR_OK) {
        rc = br_effects_put(
            e, BR_MODULE_TRUST, br_bytes(k->b, k->n), br_buf_bytes(value),
            reterr);
    }
    br_buf_fini(value);
    return rc;
}

static enum br_rc
effects_get(
    void *ctx, struct br_bytes key, struct br_bytes *ret, struct br_err *reterr)
{
    const struct br_effects *e = (const struct br_effects *)ctx;
    return br_effects_get(e, key, ret, reterr);
}

struct br_view
br_effects_view(const struct br_effects *e)
{
    return (struct br_view){(void *)(uintptr_t)e, effects_get};
}

static void
read_member(struct br_cbor *r, char out[BR_MEMBER_ID_BYTES_MAX + 1])
{
    struct br_bytes member = br_cbor_text(r);
    if (member.n > BR_MEMBER_ID_BYTES_MAX ||
        memchr(member.n == 0 ? (const uint8_t *)"" : member.p, 0, member.n) !=
            NULL) {
        br_cbor_fail(r, BR_ERR_CORRUPT, "member's id");
        member.n = 0;
    }
    memset(out, 0, BR_MEMBER_ID_BYTES_MAX + 1);
    if (member.n > 0) {
        memcpy(out, member.p, member.n);
    }
}

/** The operation that a row keeps, of this type. */
static void
read_op(struct br_cbor *r, uint64_t type, struct br_op *ret)
{
    struct br_bytes bytes = br_cbor_bytes(r);
    struct br_cbor op;
    *ret = (struct br_op){0};
    br_cbor_init(&op, bytes);
    br_op_read(&op, BR_MODULE_TRUST, ret);
    if (br_cbor_done(&op, NULL) != BR_OK || (type != 0 && ret->type != type)) {
        br_cbor_fail(r, BR_ERR_CORRUPT, "operation");
    }
}

/* ---- DIDs --------------------------------------------------------------- */

enum br_rc
br_trust_did_parse(
    struct br_bytes value, struct br_did_head *ret, struct br_err *reterr)
{
    struct br_cbor r;
    struct br_did_head h;
    br_cbor_init(&r, value);
    br_cbor_array_exact(&r, 5);
    read_member(&r, h.member);
    h.versions = br_cbor_uint_max(&r, BR_DID_VERSIONS_MAX);
    h.accreditations = br_cbor_uint_max(&r, BR_ACCREDITATIONS_MAX);
    h.deactivated.v = br_cbor_uint(&r);
    h.deactivated_leaf = br_cbor_uint(&r);
    BR_TRY(br_cbor_done(&r, reterr));
    *ret = h;
    return BR_OK;
}

enum br_rc
br_trust_did_get(
    const struct br_view *v,
    struct br_bytes did,
    struct br_did_head *ret,
    struct br_err *reterr)
{
    struct br_bytes value;
    if (did.n > BR_REGISTERED_DID_BYTES_MAX) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "no DID here is so long");
    }
    struct key k = key_of('D', did);
    BR_TRY(get(v, &k, "the DID", &value, reterr));
    return br_trust_did_parse(value, ret, reterr);
}

enum br_rc
br_trust_did_put(
    struct br_effects *e,
    struct br_bytes did,
    const struct br_did_head *head,
    struct br_err *reterr)
{
    struct br_buf b;
    struct key k = key_of('D', did);
    br_buf_init(&b, VALUE_BYTES_MAX);
    br_cbor_put_array(&b, 5);
    br_cbor_put_text(&b, br_str(head->member));
    br_cbor_put_uint(&b, head->versions);
    br_cbor_put_uint(&b, head->accreditations);
    br_cbor_put_uint(&b, head->deactivated.v);
    br_cbor_put_uint(&b, head->deactivated_leaf);
    return put(e, &k, &b, reterr);
}

bool
br_trust_did_deactivated_at(const struct br_did_head *head, struct br_time_us t)
{
    return head->deactivated.v != 0 && head->deactivated.v <= t.v;
}

enum br_rc
br_trust_version_parse(
    struct br_bytes value, struct br_trust_version *ret, struct br_err *reterr)
{
    struct br_cbor r;
    struct br_trust_version row;
    br_cbor_init(&r, value);
    br_cbor_array_exact(&r, 3);
    row.time.v = br_cbor_uint(&r);
    row.leaf = br_cbor_uint(&r);
    read_op(&r, 0, &row.op);
    BR_TRY(br_cbor_done(&r, reterr));
    *ret = row;
    return BR_OK;
}

static enum br_rc
put_version(
    struct br_effects *e,
    const struct key *k,
    const struct br_trust_version *row,
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, VALUE_BYTES_MAX);
    br_cbor_put_array(&b, 3);
    br_cbor_put_uint(&b, row->time.v);
    br_cbor_put_uint(&b, row->leaf);
    br_cbor_put_bytes(&b, row->op.encoded);
    return put(e, k, &b, reterr);
}

enum br_rc
br_trust_did_version_get(
    const struct br_view *v,
    struct br_bytes did,
    uint64_t version,
    struct br_trust_version *ret,
    struct br_err *reterr)
{
    struct br_bytes value;
    struct key k = did_key('E', did, version);
    BR_TRY(get(v, &k, "this version of the DID", &value, reterr));
    return br_trust_version_parse(value, ret, reterr);
}

enum br_rc
br_trust_did_version_put(
    struct br_effects *e,
    struct br_bytes did,
    uint64_t version,
    const struct br_trust_version *row,
    struct br_err *reterr)
{
    struct key k = did_key('E', did, version);
    return put_version(e, &k, row, reterr);
}

enum br_rc
br_trust_did_version_at(
    const struct br_view *v,
    struct br_bytes did,
    const struct br_did_head *head,
    struct br_time_us t,
    uint64_t *ret_version,
    struct br_err *reterr)
{
    uint64_t low = 0; /* counts at t, or is before the first */
    uint64_t high = head->versions + 1;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        struct br_trust_version row;
        BR_TRY(br_trust_did_version_get(v, did, middle, &row, reterr));
        if (row.time.v <= t.v) {
            low = middle;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND, "the DID was not registered then");
    }
    *ret_version = low;
    return BR_OK;
}

enum br_rc
br_trust_key_put(
    struct br_effects *e,
    const struct br_hash *thumbprint,
    struct br_bytes did,
    struct br_err *reterr)
{
    struct key k = key_of('I', br_hash_bytes(thumbprint));
    struct br_bytes there;
    struct br_buf b;
    memcpy(k.b + k.n, did.p, did.n);
    k.n += did.n;
    enum br_rc rc = br_effects_get(e, br_bytes(k.b, k.n), &there, reterr);
    if (rc != BR_ERR_NOT_FOUND) {
        return rc;
    }
    br_buf_init(&b, VALUE_BYTES_MAX);
    br_cbor_put_uint(&b, br_effects_next_leaf(e));
    return put(e, &k, &b, reterr);
}

/* ---- accreditations ----------------------------------------------------- */

enum br_rc
br_accreditation_parse(
    struct br_bytes value, struct br_accreditation *ret, struct br_err *reterr)
{
    struct br_cbor r;
    struct br_accreditation a;
    br_cbor_init(&r, value);
    br_cbor_array_exact(&r, 8);
    a.time.v = br_cbor_uint(&r);
    a.leaf = br_cbor_uint(&r);
    a.author = br_cbor_text(&r);
    a.depth = br_cbor_uint_max(&r, BR_ACCREDITATION_DEPTH_MAX);
    a.ended.v = br_cbor_uint(&r);
    a.ended_leaf = br_cbor_uint(&r);
    a.ended_by = br_cbor_text(&r);
    read_op(&r, BR_OP_ACCREDIT, &a.op);
    BR_TRY(br_cbor_done(&r, reterr));
    *ret = a;
    return BR_OK;
}

enum br_rc
br_accreditation_get(
    const struct br_view *v,
    const struct br_hash *id,
    struct br_accreditation *ret,
    struct br_err *reterr)
{
    struct br_bytes value;
    struct key k = key_of('A', br_hash_bytes(id));
    BR_TRY(get(v, &k, "the accreditation", &value, reterr));
    return br_accreditation_parse(value, ret, reterr);
}

enum br_rc
br_accreditation_put(
    struct br_effects *e,
    const struct br_accreditation *a,
    struct br_err *reterr)
{
    struct br_buf b;
    struct key k = key_of('A', br_hash_bytes(&a->op.accreditation));
    br_buf_init(&b, VALUE_BYTES_MAX);
    br_cbor_put_array(&b, 8);
    br_cbor_put_uint(&b, a->time.v);
    br_cbor_put_uint(&b, a->leaf);
    br_cbor_put_text(&b, a->author);
    br_cbor_put_uint(&b, a->depth);
    br_cbor_put_uint(&b, a->ended.v);
    br_cbor_put_uint(&b, a->ended_leaf);
    br_cbor_put_text(&b, a->ended_by);
    br_cbor_put_bytes(&b, a->op.encoded);
    return put(e, &k, &b, reterr);
}

enum br_rc
br_accreditation_list(
    struct br_effects *e,
    const struct br_op *op,
    uint64_t n,
    struct br_err *reterr)
{
    struct br_buf b;
    struct key k = did_key('B', op->did, n);
    br_buf_init(&b, BR_HASH_BYTES);
    br_buf_put(&b, op->accreditation.b, BR_HASH_BYTES);
    return put(e, &k, &b, reterr);
}

enum br_rc
br_accreditation_of(
    const struct br_view *v,
    struct br_bytes did,
    uint64_t n,
    struct br_hash *ret,
    struct br_err *reterr)
{
    struct br_bytes value;
    struct key k = did_key('B', did, n);
    BR_TRY(get(v, &k, "the accreditation", &value, reterr));
    if (value.n != BR_HASH_BYTES) {
        return br_fail(reterr, BR_ERR_CORRUPT, "list of accreditations");
    }
    memcpy(ret->b, value.p, BR_HASH_BYTES);
    return BR_OK;
}

struct br_time_us
br_accreditation_begin(const struct br_accreditation *a)
{
    return a->op.not_before.v > a->time.v ? a->op.not_before : a->time;
}

struct br_time_us
br_accreditation_end(const struct br_accreditation *a)
{
    struct br_time_us end = a->op.not_after;
    bool sooner = a->ended.v != 0 && (end.v == 0 || a->ended.v < end.v);
    return sooner ? a->ended : end;
}

bool
br_accreditation_covers(const struct br_accreditation *a, struct br_bytes vct)
{
    struct br_bytes types[BR_ACCREDITED_TYPES_MAX];
    size_t n = br_op_types(&a->op, types);
    for (size_t i = 0; i < n; i++) {
        if (br_bytes_eq(types[i], vct) ||
            br_bytes_eq(types[i], br_str(BR_ANY_TYPE))) {
            return true;
        }
    }
    return false;
}

/** One step of a chain, by itself. */
static enum br_rc
check_step(
    const struct br_view *v,
    const struct br_accreditation *a,
    struct br_time_us t,
    struct br_err *reterr)
{
    struct br_did_head head;
    const char *why = NULL;
    uint64_t end = br_accreditation_end(a).v;
    BR_TRY(br_trust_did_get(v, a->op.did, &head, reterr));
    if (t.v < br_accreditation_begin(a).v) {
        why = "does not count yet";
    } else if (a->ended.v != 0 && a->ended.v <= t.v) {
        why = "is revoked";
    } else if (end != 0 && end <= t.v) {
        why = "has ended";
    } else if (br_trust_did_deactivated_at(&head, t)) {
        why = "is of a DID that is deactivated";
    }
    if (why == NULL) {
        return BR_OK;
    }
    return br_fail(
        reterr, BR_ERR_NOT_ACCREDITED, "the accreditation of %.*s %s",
        (int)a->op.did.n, (const char *)a->op.did.p, why);
}

enum br_rc
br_accreditation_check(
    const struct br_view *v,
    const struct br_hash *id,
    struct br_time_us t,
    struct br_err *reterr)
{
    struct br_hash at = *id;
    for (unsigned i = 0; i < BR_ACCREDITATION_DEPTH_MAX; i++) {
        struct br_accreditation a;
        BR_TRY(br_accreditation_get(v, &at, &a, reterr));
        BR_TRY(check_step(v, &a, t, reterr));
        if (a.op.by.n == 0) {
            return BR_OK;
        }
        memcpy(at.b, a.op.by.p, BR_HASH_BYTES);
    }
    return br_fail(reterr, BR_ERR_CORRUPT, "accreditations without a root");
}

/* ---- credential types --------------------------------------------------- */

void
br_trust_type_id(struct br_bytes vct, struct br_hash *ret)
{
    br_sha256(vct, ret);
}

enum br_rc
br_trust_type_get(
    const struct br_view *v,
    const struct br_hash *id,
    struct br_type_head *ret,
    struct br_err *reterr)
{
    struct br_bytes value;
    struct br_cbor r;
    struct br_type_head h;
    struct key k = key_of('T', br_hash_bytes(id));
    BR_TRY(get(v, &k, "the credential type", &value, reterr));
    br_cbor_init(&r, value);
    br_cbor_array_exact(&r, 2);
    read_member(&r, h.member);
    h.versions = br_cbor_uint_max(&r, BR_TYPE_VERSIONS_MAX);
    BR_TRY(br_cbor_done(&r, reterr));
    *ret = h;
    return BR_OK;
}

enum br_rc
br_trust_type_put(
    struct br_effects *e,
    const struct br_hash *id,
    const struct br_type_head *head,
    struct br_err *reterr)
{
    struct br_buf b;
    struct key k = key_of('T', br_hash_bytes(id));
    br_buf_init(&b, VALUE_BYTES_MAX);
    br_cbor_put_array(&b, 2);
    br_cbor_put_text(&b, br_str(head->member));
    br_cbor_put_uint(&b, head->versions);
    return put(e, &k, &b, reterr);
}

enum br_rc
br_trust_type_version_get(
    const struct br_view *v,
    const struct br_hash *id,
    uint64_t version,
    struct br_trust_version *ret,
    struct br_err *reterr)
{
    struct br_bytes value;
    struct key k = numbered(key_of('U', br_hash_bytes(id)), version);
    BR_TRY(get(v, &k, "this version of the type", &value, reterr));
    return br_trust_version_parse(value, ret, reterr);
}

enum br_rc
br_trust_type_version_put(
    struct br_effects *e,
    const struct br_hash *id,
    uint64_t version,
    const struct br_trust_version *row,
    struct br_err *reterr)
{
    struct key k = numbered(key_of('U', br_hash_bytes(id)), version);
    return put_version(e, &k, row, reterr);
}
