/*
 * What differs between a tlog-proof and a COSE receipt.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/receipt/verify_internal.h"

/* ---- tlog-proof --------------------------------------------------------- */

static enum br_rc
tlog_parse(struct br_verify_run *run, struct br_err *reterr)
{
    struct br_verify_result *out = run->out;
    struct br_buf extra = {
        .p = out->leaf_bytes,
        .capacity = sizeof(out->leaf_bytes),
        .max = sizeof(out->leaf_bytes),
    };
    BR_TRY(br_tlog_proof_parse(run->in->receipt, &extra, &run->proof, reterr));
    BR_TRY(br_checkpoint_open(
        run->proof.checkpoint, &run->note, &run->checkpoint, reterr));
    run->entry = run->proof.extra;
    out->origin = run->checkpoint.origin;
    out->index = run->proof.index;
    out->tree_size = run->checkpoint.size;
    out->root = run->checkpoint.root;
    return BR_OK;
}

static enum br_rc
tlog_inclusion(struct br_verify_run *run, struct br_err *reterr)
{
    struct br_hash leaf_hash;
    br_sha256_leaf(run->entry, &leaf_hash);
    return br_merkle_check_inclusion(
        run->proof.index, run->checkpoint.size, &leaf_hash, &run->proof.proof,
        &run->checkpoint.root, reterr);
}

static bool
policy_knows(const struct br_policy *p, struct br_bytes origin)
{
    for (size_t i = 0; i < p->log_count; i++) {
        if (br_bytes_eq(p->log[i].key.name, origin)) {
            return true;
        }
    }
    return false;
}

static void
log_by_origin(struct br_verify_run *run, struct br_bytes origin)
{
    int n = (int)(origin.n < 128 ? origin.n : 128);
    if (policy_knows(run->in->policy, origin)) {
        br_verify_say(
            run, BR_STEP_LOG, BR_VERIFY_OK, "the policy trusts \"%.*s\"", n,
            (const char *)origin.p);
    } else {
        br_verify_fail(
            run, BR_STEP_LOG, BR_ERR_UNKNOWN_LOG,
            "the policy has no log \"%.*s\"", n, (const char *)origin.p);
    }
}

static void
tlog_log(struct br_verify_run *run)
{
    log_by_origin(run, run->checkpoint.origin);
}

static void
tlog_signature(struct br_verify_run *run)
{
    struct br_err e;
    size_t log;
    if (run->out->step[BR_STEP_LOG].outcome != BR_VERIFY_OK) {
        br_verify_say(
            run, BR_STEP_SIGNATURE, BR_VERIFY_SKIPPED,
            "the log is not in the policy");
        return;
    }
    enum br_rc rc = br_policy_check_log(
        run->in->policy, &run->note, run->checkpoint.origin, &log, &e);
    if (rc != BR_OK) {
        br_verify_fail(run, BR_STEP_SIGNATURE, rc, "%.230s", e.text);
        return;
    }
    br_verify_say(
        run, BR_STEP_SIGNATURE, BR_VERIFY_OK,
        "the checkpoint is signed by the log's key %08x",
        (unsigned)run->in->policy->log[log].key.id);
}

static void
count_witnesses(struct br_verify_run *run, const struct br_note *note)
{
    struct br_err e;
    struct br_policy_votes *votes = &run->out->votes;
    enum br_rc rc = br_policy_check_quorum(run->in->policy, note, votes, &e);
    if (rc != BR_OK) {
        br_verify_fail(run, BR_STEP_WITNESSES, rc, "%.230s", e.text);
    } else if (run->in->policy->quorum_kind == BR_QUORUM_NONE) {
        br_verify_say(
            run, BR_STEP_WITNESSES,
            votes->count > 0 ? BR_VERIFY_OK : BR_VERIFY_SKIPPED,
            "the policy asks for no witness; %zu cosigned", votes->count);
    } else {
        br_verify_say(
            run, BR_STEP_WITNESSES, BR_VERIFY_OK,
            "%zu of the policy's %zu witnesses cosigned: a quorum",
            votes->count, run->in->policy->witness_count);
    }
}

static void
tlog_witnesses(struct br_verify_run *run)
{
    count_witnesses(run, &run->note);
}

const struct br_verify_kind br_verify_tlog = {
    .name = "C2SP tlog-proof v1",
    .parse = tlog_parse,
    .inclusion = tlog_inclusion,
    .log = tlog_log,
    .signature = tlog_signature,
    .witnesses = tlog_witnesses,
};

/* ---- COSE --------------------------------------------------------------- */

static enum br_rc
cose_parse(struct br_verify_run *run, struct br_err *reterr)
{
    struct br_verify_result *out = run->out;
    BR_TRY(br_cose_receipt_parse(run->in->receipt, &run->cose, reterr));
    run->entry = run->cose.leaf;
    out->origin = run->cose.claims.issuer;
    out->index = run->cose.index;
    out->tree_size = run->cose.tree_size;
    return BR_OK;
}

static enum br_rc
cose_inclusion(struct br_verify_run *run, struct br_err *reterr)
{
    return br_cose_receipt_root(
        &run->cose, run->entry, &run->out->root, reterr);
}

static bool
is_kid_of(const struct br_cose_receipt *r, const struct br_public_key *key)
{
    struct br_hash kid;
    br_public_key_thumbprint(key, &kid);
    return r->alg == (int64_t)key->alg &&
           (r->kid.n == 0 || br_bytes_eq(r->kid, br_hash_bytes(&kid)));
}

/** Trusted when a trusted key has its kid, and its issuer, where there is one,
 *  is a log of the policy. */
static void
cose_log(struct br_verify_run *run)
{
    bool known = false;
    for (size_t i = 0; i < run->in->receipt_key_count && !known; i++) {
        known = is_kid_of(&run->cose, &run->in->receipt_keys[i]);
    }
    if (!known) {
        br_verify_fail(
            run, BR_STEP_LOG, BR_ERR_UNKNOWN_LOG,
            "no trusted receipt key has the receipt's kid");
    } else if (run->out->origin.n > 0 && run->in->policy->log_count > 0) {
        log_by_origin(run, run->out->origin);
    } else {
        br_verify_say(
            run, BR_STEP_LOG, BR_VERIFY_OK, "the receipt's key is trusted");
    }
}

/** BR_ERR_NO_MEMORY is no verdict: it must not look like one. */
static enum br_rc
cose_is_signed(const struct br_verify_run *run)
{
    enum br_rc rc = BR_ERR_NO_TRUSTED_SIGNATURE;
    for (size_t i = 0; i < run->in->receipt_key_count; i++) {
        enum br_rc one = br_cose_receipt_verify(
            &run->cose, &run->out->root, &run->in->receipt_keys[i], NULL);
        if (one == BR_OK) {
            return BR_OK;
        }
        rc = one == BR_ERR_NO_MEMORY ? one : rc;
    }
    return rc;
}

static void
cose_signature(struct br_verify_run *run)
{
    enum br_rc rc = run->has_root ? cose_is_signed(run) : BR_OK;
    if (!run->has_root) {
        br_verify_say(
            run, BR_STEP_SIGNATURE, BR_VERIFY_SKIPPED,
            "there is no root that could be signed");
    } else if (rc != BR_OK) {
        br_verify_fail(
            run, BR_STEP_SIGNATURE, rc,
            rc == BR_ERR_NO_MEMORY
                ? "there was no memory to check the signature"
                : "no trusted receipt key signed the root that the leaf leads "
                  "to");
    } else {
        br_verify_say(
            run, BR_STEP_SIGNATURE, BR_VERIFY_OK,
            "the root is signed by a trusted receipt key (%s)",
            br_sign_alg_name(run->cose.alg));
    }
}

/** A COSE receipt has no place for cosignatures: they come with the checkpoint
 *  of the same tree. */
static void
cose_witnesses(struct br_verify_run *run)
{
    if (run->has_root && run->has_other && run->in->other_note.n > 0 &&
        run->other.size == run->out->tree_size &&
        br_hash_eq(&run->other.root, &run->out->root)) {
        count_witnesses(run, &run->other_note);
    } else if (run->in->policy->quorum_kind == BR_QUORUM_NONE) {
        br_verify_say(
            run, BR_STEP_WITNESSES, BR_VERIFY_SKIPPED,
            "the policy asks for no witness");
    } else {
        br_verify_fail(
            run, BR_STEP_WITNESSES, BR_ERR_QUORUM_MISSING,
            "a COSE receipt carries no cosignatures: "
            "give the checkpoint of the same size too");
    }
}

const struct br_verify_kind br_verify_cose = {
    .name = "COSE receipt (RFC 9942)",
    .parse = cose_parse,
    .inclusion = cose_inclusion,
    .log = cose_log,
    .signature = cose_signature,
    .witnesses = cose_witnesses,
};

/* ---- the other checkpoint ----------------------------------------------- */

static enum br_rc
open_other_note(struct br_verify_run *run, struct br_err *reterr)
{
    BR_TRY(br_checkpoint_open(
        run->in->other_note, &run->other_note, &run->other, reterr));
    if (run->out->origin.n > 0 &&
        !br_bytes_eq(run->other.origin, run->out->origin)) {
        return br_fail(
            reterr, BR_ERR_UNKNOWN_LOG,
            "the other checkpoint is of another log");
    }
    return br_policy_check_log(
        run->in->policy, &run->other_note, run->other.origin, NULL, reterr);
}

void
br_verify_open_other(struct br_verify_run *run)
{
    struct br_err e;
    const struct br_checkpoint *remembered = run->in->remembered;
    if (run->in->other_note.n > 0) {
        enum br_rc rc = open_other_note(run, &e);
        if (rc != BR_OK) {
            run->other_failed = true;
            br_verify_fail(
                run, BR_STEP_FORK, rc, "the other checkpoint: %.200s", e.text);
        }
        run->has_other = rc == BR_OK;
    } else if (
        remembered != NULL &&
        (run->out->origin.n == 0 ||
         br_bytes_eq(remembered->origin, run->out->origin))) {
        run->other = *remembered;
        run->has_other = true;
    }
}

/** RFC 9162 section 2.1.4.2, from the smaller tree to the larger. */
static enum br_rc
check_growth(const struct br_verify_run *run, struct br_err *reterr)
{
    const struct br_verify_result *out = run->out;
    bool older = run->other.size < out->tree_size;
    return br_merkle_check_consistency(
        older ? run->other.size : out->tree_size,
        older ? out->tree_size : run->other.size,
        older ? &run->other.root : &out->root,
        older ? &out->root : &run->other.root, run->in->consistency, reterr);
}

static void
compare_roots(struct br_verify_run *run)
{
    if (br_hash_eq(&run->other.root, &run->out->root)) {
        br_verify_say(
            run, BR_STEP_FORK, BR_VERIFY_OK,
            "the other checkpoint has the same root");
    } else {
        br_verify_fail(
            run, BR_STEP_FORK, BR_ERR_INCONSISTENT,
            "two roots for one log at size %llu: the log forked",
            (unsigned long long)run->other.size);
    }
}

static void
compare_growth(struct br_verify_run *run)
{
    struct br_err e;
    if (run->in->consistency == NULL) {
        br_verify_say(
            run, BR_STEP_FORK, BR_VERIFY_SKIPPED,
            "the other checkpoint has another size, and no proof was given");
    } else if (check_growth(run, &e) != BR_OK) {
        br_verify_fail(
            run, BR_STEP_FORK, BR_ERR_INCONSISTENT,
            "the two checkpoints are not of one growing log: %.150s", e.text);
    } else {
        br_verify_say(
            run, BR_STEP_FORK, BR_VERIFY_OK,
            "one of the two checkpoints continues the other");
    }
}

void
br_verify_fork(struct br_verify_run *run)
{
    if (run->other_failed) {
        return;
    }
    if (!run->has_other) {
        br_verify_say(
            run, BR_STEP_FORK, BR_VERIFY_SKIPPED,
            "no other checkpoint of this log to compare with");
    } else if (run->out->step[BR_STEP_SIGNATURE].outcome != BR_VERIFY_OK) {
        br_verify_say(
            run, BR_STEP_FORK, BR_VERIFY_SKIPPED,
            "what the log did not sign does not accuse it");
    } else if (run->other.size == run->out->tree_size) {
        compare_roots(run);
    } else {
        compare_growth(run);
    }
}
