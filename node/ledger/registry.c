/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/hash.h"
#include "common/receipt/leaf.h"
#include "node/ledger/module.h"

static bool
is_operator(const struct br_tx_context *tx)
{
    return (tx->member.roles & BR_ROLE_OPERATOR) != 0;
}

static enum br_rc
need_operator_or(
    const struct br_tx_context *tx,
    struct br_bytes member,
    struct br_err *reterr)
{
    if (is_operator(tx) || br_bytes_eq(tx->author, member)) {
        return BR_OK;
    }
    return br_fail(
        reterr, BR_ERR_FORBIDDEN, "only an operator or the member itself");
}

static enum br_rc
put_member(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    if (!is_operator(tx)) {
        return br_fail(reterr, BR_ERR_FORBIDDEN, "only an operator");
    }
    struct br_member m = {op->name, op->roles, op->active};
    bool gives_up = br_bytes_eq(op->id, tx->author) &&
                    (!op->active || (op->roles & BR_ROLE_OPERATOR) == 0);
    if (gives_up) {
        return br_fail(
            reterr, BR_ERR_CONFLICT,
            "an operator cannot give up its own role: another one must");
    }
    return br_member_put(e, op->id, &m, reterr);
}

static enum br_rc
add_key(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_member m;
    struct br_member_key old;
    struct br_hash kid;
    BR_TRY(need_operator_or(tx, op->id, reterr));
    BR_TRY(br_member_get(e, op->id, &m, reterr));
    br_public_key_thumbprint(&op->key, &kid);
    if (br_member_key_get(e, &kid, &old, NULL) == BR_OK) {
        return br_fail(reterr, BR_ERR_CONFLICT, "this key is registered");
    }
    struct br_member_key k = {op->id, op->key, op->not_before, op->not_after};
    return br_member_key_put(e, &k, reterr);
}

static enum br_rc
revoke_key(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_member_key k;
    BR_TRY(br_member_key_get(e, &op->kid, &k, reterr));
    BR_TRY(need_operator_or(tx, k.member, reterr));
    /* A revocation may lie in the future (an overlap for a rotation), never in
     * the past: what was signed before it stays valid. And it only takes: who
     * holds a key that ends may not keep it. */
    uint64_t end = op->not_after.v > tx->time.v ? op->not_after.v : tx->time.v;
    if (k.not_after.v != 0 && k.not_after.v <= end) {
        return br_fail(reterr, BR_ERR_CONFLICT, "this key ends before that");
    }
    k.not_after.v = end;
    return br_member_key_put(e, &k, reterr);
}

enum br_rc
br_registry_run(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    switch ((enum br_registry_op)op->type) {
    case BR_OP_MEMBER_PUT:
        BR_TRY(put_member(tx, op, e, reterr));
        break;
    case BR_OP_KEY_ADD:
        BR_TRY(add_key(tx, op, e, reterr));
        break;
    case BR_OP_KEY_REVOKE:
        BR_TRY(revoke_key(tx, op, e, reterr));
        break;
    }
    uint8_t leaf[BR_OWN_LEAF_BYTES_MAX];
    struct br_hash digest;
    br_sha256(op->encoded, &digest);
    size_t n = br_leaf_encode_member(
        leaf, tx->time, tx->author, op->type, br_hash_bytes(&digest));
    return br_effects_add_leaf(e, br_bytes(leaf, n), reterr);
}
