/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/ledger/trust.h"

#include "common/crypto/hash.h"
#include "common/receipt/leaf.h"
#include "node/ledger/module.h"

/* ---- who ---------------------------------------------------------------- */

static bool
is_operator(const struct br_tx_context *tx)
{
    return (tx->member.roles & BR_ROLE_OPERATOR) != 0;
}

static bool
is_author(const struct br_tx_context *tx, const char *member)
{
    return br_bytes_eq(tx->author, br_str(member));
}

static enum br_rc
refuse_author(
    const struct br_tx_context *tx, const char *what, struct br_err *reterr)
{
    return br_fail(
        reterr, BR_ERR_NOT_CONTROLLER, "%.*s does not control %s",
        (int)tx->author.n, (const char *)tx->author.p, what);
}

static void
set_member(char out[BR_MEMBER_ID_BYTES_MAX + 1], struct br_bytes member)
{
    memset(out, 0, BR_MEMBER_ID_BYTES_MAX + 1);
    memcpy(out, member.p, member.n);
}

/* ---- DIDs --------------------------------------------------------------- */

/** A DID that is registered and not deactivated. */
static enum br_rc
get_active(
    const struct br_effects *e,
    struct br_bytes did,
    struct br_did_head *ret,
    struct br_err *reterr)
{
    struct br_view v = br_effects_view(e);
    BR_TRY(br_trust_did_get(&v, did, ret, reterr));
    if (ret->deactivated.v != 0) {
        return br_fail(reterr, BR_ERR_DEACTIVATED, "the DID is deactivated");
    }
    return BR_OK;
}

static enum br_rc
put_did(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_did_head head = {.versions = 0};
    BR_TRY(br_trust_did_check(op->did, tx->chain, tx->author, reterr));
    enum br_rc rc = get_active(e, op->did, &head, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        set_member(head.member, tx->author);
    } else {
        BR_TRY(rc);
    }
    if (!is_author(tx, head.member)) {
        return refuse_author(tx, "the DID", reterr);
    }
    if (head.versions == BR_DID_VERSIONS_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "%d versions at most",
            BR_DID_VERSIONS_MAX);
    }
    BR_TRY(br_trust_did_document_check(op, reterr));
    BR_TRY(br_trust_index_keys(op, e, reterr));
    head.versions++;
    struct br_trust_version row = {
        .time = tx->time, .leaf = br_effects_next_leaf(e), .op = *op};
    BR_TRY(br_trust_did_version_put(e, op->did, head.versions, &row, reterr));
    return br_trust_did_put(e, op->did, &head, reterr);
}

static enum br_rc
deactivate_did(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_did_head head;
    BR_TRY(get_active(e, op->did, &head, reterr));
    if (!is_author(tx, head.member) && !is_operator(tx)) {
        return refuse_author(tx, "the DID", reterr);
    }
    head.deactivated = tx->time;
    head.deactivated_leaf = br_effects_next_leaf(e);
    return br_trust_did_put(e, op->did, &head, reterr);
}

/* ---- using an accreditation --------------------------------------------- */

/** The accreditation that the author acts with: its own, in force, and above
 *  an issuer's. */
static enum br_rc
get_own(
    const struct br_tx_context *tx,
    const struct br_op *op,
    const struct br_effects *e,
    struct br_accreditation *ret,
    struct br_err *reterr)
{
    struct br_view v = br_effects_view(e);
    struct br_did_head head;
    struct br_hash id;
    memcpy(id.b, op->by.p, BR_HASH_BYTES);
    BR_TRY(br_accreditation_get(&v, &id, ret, reterr));
    BR_TRY(br_trust_did_get(&v, ret->op.did, &head, reterr));
    if (!is_author(tx, head.member)) {
        return refuse_author(tx, "the DID that is to accredit", reterr);
    }
    if (ret->op.level == BR_LEVEL_ISSUER) {
        return br_fail(
            reterr, BR_ERR_NOT_ACCREDITED,
            "an issuer's accreditation permits to issue, and nothing else");
    }
    return br_accreditation_check(&v, &id, tx->time, reterr);
}

/* ---- accrediting -------------------------------------------------------- */

static enum br_rc
check_types(
    const struct br_op *op,
    const struct br_accreditation *own,
    struct br_err *reterr)
{
    struct br_bytes types[BR_ACCREDITED_TYPES_MAX];
    size_t n = br_op_types(op, types);
    for (size_t i = 0; i < n; i++) {
        if (op->level == BR_LEVEL_ISSUER &&
            br_bytes_eq(types[i], br_str(BR_ANY_TYPE))) {
            return br_fail(
                reterr, BR_ERR_OUT_OF_RANGE,
                "an issuer is accredited for types by their names");
        }
        if (own != NULL && !br_accreditation_covers(own, types[i])) {
            return br_fail(
                reterr, BR_ERR_BEYOND_ACCREDITATION,
                "the accreditor has not %.*s", (int)types[i].n,
                (const char *)types[i].p);
        }
    }
    return BR_OK;
}

static enum br_rc
check_time(
    const struct br_tx_context *tx,
    const struct br_op *op,
    const struct br_accreditation *own,
    struct br_err *reterr)
{
    uint64_t limit = own == NULL ? 0 : br_accreditation_end(own).v;
    if (op->not_after.v != 0 && op->not_after.v <= tx->time.v) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "it would end before it begins");
    }
    if (limit != 0 && (op->not_after.v == 0 || op->not_after.v > limit)) {
        return br_fail(
            reterr, BR_ERR_BEYOND_ACCREDITATION,
            "the accreditor's own ends before");
    }
    return BR_OK;
}

/** What the author gives must lie within what it has. */
static enum br_rc
check_attenuation(
    const struct br_tx_context *tx,
    const struct br_op *op,
    const struct br_effects *e,
    uint64_t *ret_depth,
    struct br_err *reterr)
{
    struct br_accreditation own;
    if (op->level == BR_LEVEL_ROOT) {
        *ret_depth = 1;
        if (!is_operator(tx) || op->by.n != 0) {
            return br_fail(
                reterr, BR_ERR_FORBIDDEN,
                "a root is accredited by an operator, and by nobody's "
                "accreditation");
        }
        BR_TRY(check_types(op, NULL, reterr));
        return check_time(tx, op, NULL, reterr);
    }
    if (op->by.n == 0) {
        return br_fail(
            reterr, BR_ERR_NOT_ACCREDITED,
            "which accreditation of the author's permits this is not said");
    }
    BR_TRY(get_own(tx, op, e, &own, reterr));
    *ret_depth = own.depth + 1;
    if (*ret_depth > BR_ACCREDITATION_DEPTH_MAX) {
        return br_fail(
            reterr, BR_ERR_BEYOND_ACCREDITATION, "%d steps at most",
            BR_ACCREDITATION_DEPTH_MAX);
    }
    BR_TRY(check_types(op, &own, reterr));
    return check_time(tx, op, &own, reterr);
}

static enum br_rc
accredit(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_view v = br_effects_view(e);
    struct br_accreditation a;
    struct br_did_head head;
    enum br_rc rc = br_accreditation_get(&v, &op->accreditation, &a, reterr);
    if (rc != BR_ERR_NOT_FOUND) {
        BR_TRY(rc);
        return br_fail(reterr, BR_ERR_CONFLICT, "this id is taken");
    }
    BR_TRY(get_active(e, op->did, &head, reterr));
    if (head.accreditations == BR_ACCREDITATIONS_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "%d accreditations of one DID at most",
            BR_ACCREDITATIONS_MAX);
    }
    a = (struct br_accreditation){
        .time = tx->time,
        .leaf = br_effects_next_leaf(e),
        .author = tx->author,
        .op = *op,
    };
    BR_TRY(check_attenuation(tx, op, e, &a.depth, reterr));
    head.accreditations++;
    BR_TRY(br_accreditation_put(e, &a, reterr));
    BR_TRY(br_accreditation_list(e, op, head.accreditations, reterr));
    return br_trust_did_put(e, op->did, &head, reterr);
}

/* ---- revoking ----------------------------------------------------------- */

/** An operator, whoever stands above in the chain, or the accredited itself. */
static enum br_rc
check_revoker(
    const struct br_tx_context *tx,
    const struct br_accreditation *a,
    const struct br_view *v,
    struct br_err *reterr)
{
    struct br_accreditation step = *a;
    for (unsigned i = 0; i < BR_ACCREDITATION_DEPTH_MAX; i++) {
        struct br_did_head head;
        struct br_hash above;
        BR_TRY(br_trust_did_get(v, step.op.did, &head, reterr));
        if (is_author(tx, head.member) || is_operator(tx)) {
            return BR_OK;
        }
        if (step.op.by.n == 0) {
            break;
        }
        memcpy(above.b, step.op.by.p, BR_HASH_BYTES);
        BR_TRY(br_accreditation_get(v, &above, &step, reterr));
    }
    return refuse_author(tx, "anything above the accreditation", reterr);
}

static enum br_rc
revoke(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_view v = br_effects_view(e);
    struct br_accreditation a;
    BR_TRY(br_accreditation_get(&v, &op->accreditation, &a, reterr));
    BR_TRY(check_revoker(tx, &a, &v, reterr));
    uint64_t old = br_accreditation_end(&a).v;
    uint64_t end = op->not_after.v > tx->time.v ? op->not_after.v : tx->time.v;
    if (old != 0 && old <= tx->time.v) {
        return br_fail(reterr, BR_ERR_REVOKED, "it has ended already");
    }
    if (old != 0 && old <= end) {
        return br_fail(reterr, BR_ERR_CONFLICT, "it ends before that");
    }
    a.ended.v = end;
    a.ended_leaf = br_effects_next_leaf(e);
    a.ended_by = tx->author;
    return br_accreditation_put(e, &a, reterr);
}

/* ---- credential types --------------------------------------------------- */

static enum br_rc
check_type_author(
    const struct br_tx_context *tx,
    const struct br_op *op,
    const struct br_type_head *head,
    const struct br_effects *e,
    struct br_err *reterr)
{
    struct br_accreditation own;
    if (is_operator(tx) && op->by.n == 0) {
        return BR_OK;
    }
    if (op->by.n == 0) {
        return br_fail(
            reterr, BR_ERR_NOT_ACCREDITED,
            "which accreditation of the author's permits this is not said");
    }
    BR_TRY(get_own(tx, op, e, &own, reterr));
    if (!br_accreditation_covers(&own, op->vct)) {
        return br_fail(
            reterr, BR_ERR_BEYOND_ACCREDITATION,
            "the accreditation does not cover this type");
    }
    if (head->versions > 0 && !is_author(tx, head->member)) {
        return refuse_author(tx, "the credential type", reterr);
    }
    return BR_OK;
}

static enum br_rc
put_type(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_view v = br_effects_view(e);
    struct br_type_head head = {.versions = 0};
    struct br_hash id;
    br_trust_type_id(op->vct, &id);
    enum br_rc rc = br_trust_type_get(&v, &id, &head, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        set_member(head.member, tx->author);
    } else {
        BR_TRY(rc);
    }
    BR_TRY(check_type_author(tx, op, &head, e, reterr));
    if (head.versions == BR_TYPE_VERSIONS_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "%d versions at most",
            BR_TYPE_VERSIONS_MAX);
    }
    BR_TRY(br_trust_type_documents_check(op, reterr));
    head.versions++;
    struct br_trust_version row = {
        .time = tx->time, .leaf = br_effects_next_leaf(e), .op = *op};
    BR_TRY(br_trust_type_version_put(e, &id, head.versions, &row, reterr));
    return br_trust_type_put(e, &id, &head, reterr);
}

/* ---- all ---------------------------------------------------------------- */

enum br_rc
br_trust_run(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    switch ((enum br_trust_op)op->type) {
    case BR_OP_DID_PUT:
        BR_TRY(put_did(tx, op, e, reterr));
        break;
    case BR_OP_DID_DEACTIVATE:
        BR_TRY(deactivate_did(tx, op, e, reterr));
        break;
    case BR_OP_ACCREDIT:
        BR_TRY(accredit(tx, op, e, reterr));
        break;
    case BR_OP_ACCREDIT_END:
        BR_TRY(revoke(tx, op, e, reterr));
        break;
    case BR_OP_TYPE_PUT:
        BR_TRY(put_type(tx, op, e, reterr));
        break;
    }
    uint8_t leaf[BR_OWN_LEAF_BYTES_MAX];
    struct br_hash digest;
    br_sha256(op->encoded, &digest);
    size_t n = br_leaf_encode_registry(
        leaf, tx->time, tx->author, op->type, br_hash_bytes(&digest));
    return br_effects_add_leaf(e, br_bytes(leaf, n), reterr);
}
