/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/limits.h"
#include "common/codec/text.h"
#include "common/crypto/hash.h"
#include "node/ledger/tx.h"

enum { OP_ITEMS_MAX = 9 };

/* ---- reading ------------------------------------------------------------ */

static void
read_digest(struct br_cbor *r, struct br_op *op)
{
    op->alg = br_cbor_uint(r);
    op->digest = br_cbor_bytes(r);
    const struct br_hash_info *info = br_hash_info(op->alg);
    if (info == NULL) {
        br_cbor_fail(r, BR_ERR_UNSUPPORTED, "digest algorithm");
    } else if (info->digest_bytes != op->digest.n) {
        br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "digest's length");
    }
}

static void
read_identifier(struct br_cbor *r, struct br_op *op)
{
    op->id = br_cbor_text(r);
    if (!br_identifier_ok(op->id, BR_MEMBER_ID_BYTES_MAX)) {
        br_cbor_fail(r, BR_ERR_MALFORMED, "member id: 1..64 of a-z 0-9 . -");
    }
}

static void
read_window(struct br_cbor *r, struct br_op *op)
{
    op->not_before.v = br_cbor_uint_max(r, BR_EXACT_MAX);
    op->not_after.v = br_cbor_uint_max(r, BR_EXACT_MAX);
    if (op->not_after.v != 0 && op->not_after.v <= op->not_before.v) {
        br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "not_after before not_before");
    }
}

static void
read_raw(struct br_cbor *r, struct br_op *op)
{
    op->leaf = br_cbor_bytes(r);
    if (op->leaf.n == 0 || op->leaf.n > BR_RAW_LEAF_BYTES_MAX) {
        br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "raw leaf of 1..1024 bytes");
    }
}

/** Items that each type has after its number; 0: no such type. */
static const uint8_t notary_items[] = {0, 2, 1, 2, 3, 4, 4, 2};
static const uint8_t registry_items[] = {0, 4, 5, 2};

static void
read_notary(struct br_cbor *r, struct br_op *op)
{
    switch ((enum br_notary_op)op->type) {
    case BR_OP_STAMP:
    case BR_OP_RECORD_CREATE:
        read_digest(r, op);
        break;
    case BR_OP_RAW:
        read_raw(r, op);
        break;
    case BR_OP_RECORD_VERSION:
        br_cbor_bytes_exact(r, op->record.b, BR_HASH_BYTES);
        read_digest(r, op);
        break;
    case BR_OP_RECORD_HASH:
        br_cbor_bytes_exact(r, op->record.b, BR_HASH_BYTES);
        op->version = br_cbor_uint_max(r, BR_RECORD_VERSIONS_MAX);
        read_digest(r, op);
        break;
    case BR_OP_OWNER_ADD:
        br_cbor_bytes_exact(r, op->record.b, BR_HASH_BYTES);
        read_identifier(r, op);
        read_window(r, op);
        break;
    case BR_OP_OWNER_REVOKE:
        br_cbor_bytes_exact(r, op->record.b, BR_HASH_BYTES);
        read_identifier(r, op);
        break;
    }
}

static void
read_key(struct br_cbor *r, struct br_op *op)
{
    int64_t alg = br_cbor_int(r);
    struct br_bytes raw = br_cbor_bytes(r);
    if (r->err.rc == BR_OK &&
        br_public_key_init(&op->key, alg, raw, NULL) != BR_OK) {
        br_cbor_fail(r, BR_ERR_UNSUPPORTED, "public key");
    }
}

static void
read_registry(struct br_cbor *r, struct br_op *op)
{
    switch ((enum br_registry_op)op->type) {
    case BR_OP_MEMBER_PUT:
        read_identifier(r, op);
        op->name = br_cbor_text(r);
        if (op->name.n > BR_MEMBER_NAME_BYTES_MAX) {
            br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "name over 256 bytes");
        }
        op->roles = br_cbor_uint_max(r, 7);
        op->active = br_cbor_bool(r);
        break;
    case BR_OP_KEY_ADD:
        read_identifier(r, op);
        read_key(r, op);
        read_window(r, op);
        break;
    case BR_OP_KEY_REVOKE:
        br_cbor_bytes_exact(r, op->kid.b, BR_HASH_BYTES);
        op->not_after.v = br_cbor_uint_max(r, BR_EXACT_MAX);
        break;
    }
}

static uint8_t
items_of(enum br_module module, uint64_t type)
{
    if (module == BR_MODULE_NOTARY) {
        return type < sizeof(notary_items) ? notary_items[type] : 0;
    }
    if (module == BR_MODULE_TRUST) {
        return br_trust_items(type);
    }
    return type < sizeof(registry_items) ? registry_items[type] : 0;
}

void
br_op_read(struct br_cbor *r, enum br_module module, struct br_op *ret)
{
    size_t start = r->at;
    uint64_t items = br_cbor_array(r, OP_ITEMS_MAX);
    ret->type = br_cbor_uint(r);
    uint8_t wanted = items_of(module, ret->type);
    if (wanted == 0) {
        br_cbor_fail(r, BR_ERR_UNSUPPORTED, "no such operation");
    } else if (items != (uint64_t)wanted + 1) {
        br_cbor_fail(r, BR_ERR_MALFORMED, "operation's number of items");
    } else if (module == BR_MODULE_NOTARY) {
        read_notary(r, ret);
    } else if (module == BR_MODULE_TRUST) {
        br_op_read_trust(r, ret);
    } else {
        read_registry(r, ret);
    }
    ret->encoded = br_bytes(r->p + start, r->at - start);
    if (r->err.rc != BR_OK) {
        ret->type = 0;
    }
}

/* ---- writing ------------------------------------------------------------ */

static void
put_head(struct br_buf *b, enum br_module module, uint64_t type)
{
    br_cbor_put_array(b, (uint64_t)items_of(module, type) + 1);
    br_cbor_put_uint(b, type);
}

void
br_op_put_stamp(struct br_buf *ops, uint64_t alg, struct br_bytes digest)
{
    put_head(ops, BR_MODULE_NOTARY, BR_OP_STAMP);
    br_cbor_put_uint(ops, alg);
    br_cbor_put_bytes(ops, digest);
}

void
br_op_put_notary(struct br_buf *b, const struct br_op *op)
{
    put_head(b, BR_MODULE_NOTARY, op->type);
    if (op->type == BR_OP_RAW) {
        br_cbor_put_bytes(b, op->leaf);
        return;
    }
    if (op->type != BR_OP_STAMP && op->type != BR_OP_RECORD_CREATE) {
        br_cbor_put_bytes(b, br_hash_bytes(&op->record));
    }
    if (op->type == BR_OP_RECORD_HASH) {
        br_cbor_put_uint(b, op->version);
    }
    if (op->type == BR_OP_OWNER_ADD || op->type == BR_OP_OWNER_REVOKE) {
        br_cbor_put_text(b, op->id);
    } else {
        br_cbor_put_uint(b, op->alg);
        br_cbor_put_bytes(b, op->digest);
    }
    if (op->type == BR_OP_OWNER_ADD) {
        br_cbor_put_uint(b, op->not_before.v);
        br_cbor_put_uint(b, op->not_after.v);
    }
}

void
br_op_put_registry(struct br_buf *b, const struct br_op *op)
{
    put_head(b, BR_MODULE_REGISTRY, op->type);
    switch ((enum br_registry_op)op->type) {
    case BR_OP_MEMBER_PUT:
        br_cbor_put_text(b, op->id);
        br_cbor_put_text(b, op->name);
        br_cbor_put_uint(b, op->roles);
        br_cbor_put_bool(b, op->active);
        break;
    case BR_OP_KEY_ADD:
        br_cbor_put_text(b, op->id);
        br_cbor_put_int(b, op->key.alg);
        br_cbor_put_bytes(b, br_bytes(op->key.b, op->key.n));
        br_cbor_put_uint(b, op->not_before.v);
        br_cbor_put_uint(b, op->not_after.v);
        break;
    case BR_OP_KEY_REVOKE:
        br_cbor_put_bytes(b, br_hash_bytes(&op->kid));
        br_cbor_put_uint(b, op->not_after.v);
        break;
    }
}

void
br_op_put(struct br_buf *b, enum br_module module, const struct br_op *op)
{
    switch (module) {
    case BR_MODULE_NOTARY:
        br_op_put_notary(b, op);
        break;
    case BR_MODULE_REGISTRY:
        br_op_put_registry(b, op);
        break;
    case BR_MODULE_TRUST:
        br_op_put_trust(b, op);
        break;
    }
}
