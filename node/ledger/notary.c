/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/hash.h"
#include "common/receipt/leaf.h"
#include "node/ledger/module.h"
#include "node/ledger/record.h"

static enum br_rc
run_stamp(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    uint8_t leaf[BR_OWN_LEAF_BYTES_MAX];
    size_t n =
        br_leaf_encode_stamp(leaf, tx->time, tx->author, op->alg, op->digest);
    return br_effects_add_leaf(e, br_bytes(leaf, n), reterr);
}

static enum br_rc
run_raw(const struct br_op *op, struct br_effects *e, struct br_err *reterr)
{
    if (br_leaf_is_reserved(op->leaf)) {
        return br_fail(
            reterr, BR_ERR_RESERVED_LEAF,
            "a raw leaf must not begin with da 42 52 4c 31");
    }
    return br_effects_add_leaf(e, op->leaf, reterr);
}

/** The leaf of a record's step; a change of owner shows its digest only. */
static enum br_rc
add_leaf(
    const struct br_tx_context *tx,
    const struct br_leaf_record *step,
    struct br_effects *e,
    struct br_err *reterr)
{
    uint8_t leaf[BR_OWN_LEAF_BYTES_MAX];
    size_t n = br_leaf_encode_record(leaf, tx->time, tx->author, step);
    return br_effects_add_leaf(e, br_bytes(leaf, n), reterr);
}

static void
set_owner(struct br_record_owner *o, struct br_bytes member)
{
    *o = (struct br_record_owner){0};
    memcpy(o->member, member.p, member.n);
}

static enum br_rc
run_create(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    uint64_t index = br_effects_next_leaf(e);
    struct br_hash id;
    struct br_record rec = {
        .versions = 1,
        .first_leaf = index,
        .last_leaf = index,
        .owner_count = 1,
    };
    br_record_id(tx->chain, index, &id);
    set_owner(&rec.owner[0], tx->author);
    struct br_record_hash hash = {op->alg, op->digest, index};
    BR_TRY(br_record_add_hash(e, &id, 1, &hash, reterr));
    BR_TRY(br_record_put(e, &id, &rec, reterr));
    struct br_leaf_record step = {
        .record = br_hash_bytes(&id),
        .step = BR_LEAF_STEP_CREATED,
        .version = 1,
        .alg = op->alg,
        .digest = op->digest,
    };
    return add_leaf(tx, &step, e, reterr);
}

static enum br_rc
run_version(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_record *rec,
    struct br_effects *e,
    struct br_err *reterr)
{
    bool is_new = op->type == BR_OP_RECORD_VERSION;
    uint64_t version = is_new ? rec->versions + 1 : op->version;
    if (version == 0 || version > BR_RECORD_VERSIONS_MAX ||
        (!is_new && version > rec->versions)) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "the record has %u versions",
            (unsigned)rec->versions);
    }
    uint64_t index = br_effects_next_leaf(e);
    struct br_record_hash hash = {op->alg, op->digest, index};
    BR_TRY(br_record_add_hash(e, &op->record, version, &hash, reterr));
    rec->versions = is_new ? version : rec->versions;
    rec->last_leaf = index;
    BR_TRY(br_record_put(e, &op->record, rec, reterr));
    struct br_leaf_record step = {
        .record = br_hash_bytes(&op->record),
        .step = is_new ? BR_LEAF_STEP_VERSION : BR_LEAF_STEP_HASH,
        .version = version,
        .alg = op->alg,
        .digest = op->digest,
    };
    return add_leaf(tx, &step, e, reterr);
}

static struct br_record_owner *
find_owner(struct br_record *rec, struct br_bytes member)
{
    for (size_t i = 0; i < rec->owner_count; i++) {
        if (br_bytes_eq(br_str(rec->owner[i].member), member)) {
            return &rec->owner[i];
        }
    }
    return NULL;
}

static enum br_rc
add_owner(
    const struct br_op *op,
    struct br_record *rec,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_member member;
    BR_TRY(br_member_get(e, op->id, &member, reterr));
    struct br_record_owner *o = find_owner(rec, op->id);
    if (o != NULL && !o->revoked) {
        return br_fail(reterr, BR_ERR_CONFLICT, "already an owner");
    }
    if (o == NULL) {
        if (rec->owner_count == BR_RECORD_OWNERS_MAX) {
            return br_fail(
                reterr, BR_ERR_TOO_LARGE, "%d owners at most",
                BR_RECORD_OWNERS_MAX);
        }
        o = &rec->owner[rec->owner_count++];
    }
    set_owner(o, op->id);
    o->not_before = op->not_before;
    o->not_after = op->not_after;
    return BR_OK;
}

static enum br_rc
revoke_owner(
    const struct br_op *op, struct br_record *rec, struct br_err *reterr)
{
    struct br_record_owner *o = find_owner(rec, op->id);
    if (o == NULL || o->revoked) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "not an owner");
    }
    o->revoked = true;
    for (size_t i = 0; i < rec->owner_count; i++) {
        if (!rec->owner[i].revoked && rec->owner[i].not_after.v == 0) {
            return BR_OK;
        }
    }
    return br_fail(
        reterr, BR_ERR_CONFLICT,
        "a record keeps at least one owner without an end");
}

static enum br_rc
run_owner(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_record *rec,
    struct br_effects *e,
    struct br_err *reterr)
{
    bool adding = op->type == BR_OP_OWNER_ADD;
    if (adding) {
        BR_TRY(add_owner(op, rec, e, reterr));
    } else {
        BR_TRY(revoke_owner(op, rec, reterr));
    }
    rec->last_leaf = br_effects_next_leaf(e);
    BR_TRY(br_record_put(e, &op->record, rec, reterr));
    struct br_hash digest;
    br_sha256(op->encoded, &digest);
    struct br_leaf_record step = {
        .record = br_hash_bytes(&op->record),
        .step = adding ? BR_LEAF_STEP_OWNER_ADDED : BR_LEAF_STEP_OWNER_REVOKED,
        .version = rec->versions,
        .alg = BR_HASH_SHA256,
        .digest = br_hash_bytes(&digest),
    };
    return add_leaf(tx, &step, e, reterr);
}

static enum br_rc
run_on_record(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_record rec;
    BR_TRY(br_record_get(e, &op->record, &rec, reterr));
    if (!br_record_owned_by(&rec, tx->author, tx->time)) {
        return br_fail(
            reterr, BR_ERR_NOT_OWNER, "%.*s does not own the record now",
            (int)tx->author.n, (const char *)tx->author.p);
    }
    if (op->type == BR_OP_OWNER_ADD || op->type == BR_OP_OWNER_REVOKE) {
        return run_owner(tx, op, &rec, e, reterr);
    }
    return run_version(tx, op, &rec, e, reterr);
}

enum br_rc
br_notary_run(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    if ((tx->member.roles & BR_ROLE_NOTARY) == 0) {
        return br_fail(
            reterr, BR_ERR_FORBIDDEN, "%.*s has not the role of notary",
            (int)tx->author.n, (const char *)tx->author.p);
    }
    switch ((enum br_notary_op)op->type) {
    case BR_OP_STAMP:
        return run_stamp(tx, op, e, reterr);
    case BR_OP_RAW:
        return run_raw(op, e, reterr);
    case BR_OP_RECORD_CREATE:
        return run_create(tx, op, e, reterr);
    case BR_OP_RECORD_VERSION:
    case BR_OP_RECORD_HASH:
    case BR_OP_OWNER_ADD:
    case BR_OP_OWNER_REVOKE:
        return run_on_record(tx, op, e, reterr);
    }
    return br_fail(reterr, BR_ERR_UNSUPPORTED, "no such operation");
}
