/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/verify.h"

#include "common/base/assert.h"
#include "common/receipt/tlog_proof.h"
#include "common/receipt/verify_internal.h"

#define US_PER_S UINT64_C(1000000)

/* ---- names -------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *catalogue[3];
} steps[] = {
#define BR_STEP(id, word)                             \
    {word,                                            \
     {"verify." word ".ok", "verify." word ".failed", \
      "verify." word ".skipped"}},
    BR_VERIFY_STEPS(BR_STEP)
#undef BR_STEP
};

const char *
br_verify_step_name(enum br_verify_step_id id)
{
    return steps[id].name;
}

const char *
br_verify_catalogue_id(
    enum br_verify_step_id id, enum br_verify_outcome outcome)
{
    return steps[id].catalogue[outcome];
}

enum br_receipt_kind
br_receipt_kind_of(struct br_bytes receipt)
{
    if (br_tlog_proof_is(receipt)) {
        return BR_RECEIPT_TLOG_PROOF;
    }
    if (receipt.n > 0 && receipt.p[0] == 0x30) {
        return BR_RECEIPT_DER;
    }
    return br_cose_receipt_is(receipt) ? BR_RECEIPT_COSE : BR_RECEIPT_UNKNOWN;
}

/* ---- digests ------------------------------------------------------------ */

enum br_rc
br_verify_given_digest(
    void *ctx,
    enum br_hash_alg alg,
    struct br_digest *ret,
    struct br_err *reterr)
{
    const struct br_digest *given = (const struct br_digest *)ctx;
    if (given->alg != alg) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "the receipt is about a %s digest: give that one",
            br_hash_info(alg)->name);
    }
    *ret = *given;
    return BR_OK;
}

enum br_rc
br_verify_memory_digest(
    void *ctx,
    enum br_hash_alg alg,
    struct br_digest *ret,
    struct br_err *reterr)
{
    return br_digest_bytes(alg, *(const struct br_bytes *)ctx, ret, reterr);
}

/* ---- the walk ----------------------------------------------------------- */

void
br_verify_put(
    struct br_verify_run *run,
    enum br_verify_step_id id,
    enum br_verify_outcome outcome,
    const struct br_err *said)
{
    struct br_verify_step *s = &run->out->step[id];
    s->outcome = outcome;
    s->rc = said->rc;
    memcpy(s->text, said->text, sizeof(s->text));
}

static bool
passed(const struct br_verify_run *run, enum br_verify_step_id id)
{
    return run->out->step[id].outcome == BR_VERIFY_OK;
}

static void
step_leaf(struct br_verify_run *run)
{
    struct br_verify_result *out = run->out;
    struct br_err e;
    if (run->entry.n == 0) {
        run->entry = run->in->leaf;
    }
    if (run->entry.n == 0) {
        br_verify_fail(
            run, BR_STEP_LEAF, BR_ERR_MISSING_FIELD,
            "the receipt does not carry its leaf, and none was given");
        return;
    }
    if (br_leaf_parse(run->entry, &out->leaf, &e) != BR_OK) {
        br_verify_fail(
            run, BR_STEP_LEAF, BR_ERR_PROOF_INVALID, "the leaf: %.200s",
            e.text);
        return;
    }
    if (out->leaf.kind == BR_LEAF_RAW) {
        br_verify_say(
            run, BR_STEP_LEAF, BR_VERIFY_OK, "a raw leaf of %zu bytes",
            run->entry.n);
        return;
    }
    br_verify_say(
        run, BR_STEP_LEAF, BR_VERIFY_OK,
        "stamped by %.*s at %llu.%06llu (seconds since 1970)",
        (int)out->leaf.author.n, (const char *)out->leaf.author.p,
        (unsigned long long)(out->leaf.time.v / US_PER_S),
        (unsigned long long)(out->leaf.time.v % US_PER_S));
}

/** What the file's digest must be: the leaf's, or of a raw leaf its own. */
static struct br_digest
expected_digest(const struct br_verify_run *run)
{
    const struct br_leaf *leaf = &run->out->leaf;
    struct br_digest d = {.alg = BR_HASH_SHA256};
    if (leaf->kind == BR_LEAF_RAW) {
        struct br_hash h;
        br_sha256(leaf->entry, &h);
        memcpy(d.b, h.b, sizeof(h.b));
    } else {
        d.alg = (enum br_hash_alg)leaf->alg;
        memcpy(d.b, leaf->digest.p, leaf->digest.n);
    }
    return d;
}

static void
step_digest(struct br_verify_run *run)
{
    if (!passed(run, BR_STEP_LEAF)) {
        br_verify_say(
            run, BR_STEP_DIGEST, BR_VERIFY_SKIPPED, "there is no leaf");
        return;
    }
    if (run->in->digest == NULL) {
        br_verify_say(
            run, BR_STEP_DIGEST, BR_VERIFY_SKIPPED, "no file was given");
        return;
    }
    struct br_digest want = expected_digest(run);
    const struct br_hash_info *info = br_hash_info(want.alg);
    struct br_digest have = {.alg = want.alg};
    struct br_err e;
    enum br_rc rc = run->in->digest(run->in->digest_ctx, want.alg, &have, &e);
    if (rc != BR_OK) {
        br_verify_fail(run, BR_STEP_DIGEST, rc, "%.230s", e.text);
    } else if (memcmp(have.b, want.b, info->digest_bytes) != 0) {
        br_verify_fail(
            run, BR_STEP_DIGEST, BR_ERR_DIGEST_MISMATCH,
            "the file's %s is not the one in the leaf", info->name);
    } else {
        br_verify_say(
            run, BR_STEP_DIGEST, BR_VERIFY_OK,
            "the file's %s is the one in the leaf", info->name);
    }
}

static void
step_inclusion(struct br_verify_run *run)
{
    struct br_err e;
    if (!passed(run, BR_STEP_LEAF)) {
        br_verify_say(
            run, BR_STEP_INCLUSION, BR_VERIFY_SKIPPED, "there is no leaf");
        return;
    }
    if (run->kind->inclusion(run, &e) != BR_OK) {
        br_verify_fail(
            run, BR_STEP_INCLUSION, BR_ERR_PROOF_INVALID, "%.230s", e.text);
        return;
    }
    br_verify_say(
        run, BR_STEP_INCLUSION, BR_VERIFY_OK,
        "leaf %llu leads to the root of a tree of %llu leaves",
        (unsigned long long)run->out->index,
        (unsigned long long)run->out->tree_size);
}

static void
find_earliest(struct br_verify_result *out)
{
    for (size_t i = 0; i < BR_POLICY_WITNESSES_MAX; i++) {
        if (out->votes.voted[i] && (out->witnessed_s == 0 ||
                                    out->votes.time_s[i] < out->witnessed_s)) {
            out->witnessed_s = out->votes.time_s[i];
        }
    }
}

static bool
any_vote_after(const struct br_policy_votes *v, uint64_t time_s)
{
    for (size_t i = 0; i < BR_POLICY_WITNESSES_MAX; i++) {
        if (v->voted[i] && v->time_s[i] > time_s) {
            return true;
        }
    }
    return false;
}

static void
step_time(struct br_verify_run *run)
{
    struct br_verify_result *out = run->out;
    uint64_t latest_s = run->in->now.v / US_PER_S + BR_VERIFY_TOLERANCE_S;
    uint64_t leaf_s = passed(run, BR_STEP_LEAF) && out->leaf.kind != BR_LEAF_RAW
                          ? out->leaf.time.v / US_PER_S
                          : 0;
    if (leaf_s > latest_s) {
        br_verify_fail(
            run, BR_STEP_TIME, BR_ERR_FUTURE_TIME,
            "the leaf's time is in the future");
    } else if (any_vote_after(&out->votes, latest_s)) {
        br_verify_fail(
            run, BR_STEP_TIME, BR_ERR_FUTURE_TIME,
            "a cosignature's time is in the future");
    } else if (
        out->witnessed_s > 0 &&
        leaf_s > out->witnessed_s + BR_VERIFY_TOLERANCE_S) {
        br_verify_fail(
            run, BR_STEP_TIME, BR_ERR_FUTURE_TIME,
            "the leaf claims a later time than its witness");
    } else if (leaf_s == 0 && out->votes.count == 0) {
        br_verify_say(
            run, BR_STEP_TIME, BR_VERIFY_SKIPPED,
            "the receipt carries no time");
    } else {
        br_verify_say(
            run, BR_STEP_TIME, BR_VERIFY_OK, "no time is in the future");
    }
}

static void
skip_all(struct br_verify_run *run)
{
    for (int i = 0; i < BR_VERIFY_STEP_COUNT; i++) {
        run->out->step[i].id = (enum br_verify_step_id)i;
        br_verify_say(
            run, (enum br_verify_step_id)i, BR_VERIFY_SKIPPED,
            "the receipt cannot be read");
    }
}

static void
step_format(struct br_verify_run *run)
{
    struct br_err e;
    if (run->kind == NULL) {
        br_verify_fail(
            run, BR_STEP_FORMAT, BR_ERR_UNSUPPORTED, "%s",
            run->out->kind == BR_RECEIPT_DER
                ? "a DER file: an RFC 3161 stamp is verified as such"
                : "neither a tlog-proof nor a COSE receipt");
    } else if (run->kind->parse(run, &e) != BR_OK) {
        br_verify_fail(
            run, BR_STEP_FORMAT, BR_ERR_PROOF_INVALID,
            "the receipt is damaged: %.200s", e.text);
    } else {
        br_verify_say(run, BR_STEP_FORMAT, BR_VERIFY_OK, "%s", run->kind->name);
    }
}

void
br_verify_judge(struct br_verify_result *out)
{
    for (size_t i = 0; i < BR_VERIFY_STEP_COUNT; i++) {
        const struct br_verify_step *s = &out->step[i];
        if (s->outcome == BR_VERIFY_FAILED) {
            out->rc = br_fail(&out->err, s->rc, "%s", s->text);
            return;
        }
    }
}

static void
walk(struct br_verify_run *run)
{
    skip_all(run);
    step_format(run);
    if (!passed(run, BR_STEP_FORMAT)) {
        return;
    }
    step_leaf(run);
    step_digest(run);
    step_inclusion(run);
    run->has_root = passed(run, BR_STEP_INCLUSION);
    run->kind->log(run);
    run->kind->signature(run);
    br_verify_open_other(run);
    run->kind->witnesses(run);
    find_earliest(run->out);
    step_time(run);
    br_verify_fork(run);
}

enum br_rc
br_receipt_verify(
    const struct br_verify_input *in,
    struct br_verify_result *ret,
    struct br_err *reterr)
{
    struct br_verify_run run = {.in = in, .out = ret};
    BR_ASSERT(in->policy != NULL);
    memset(ret, 0, sizeof(*ret));
    ret->kind = br_receipt_kind_of(in->receipt);
    run.kind = ret->kind == BR_RECEIPT_TLOG_PROOF ? &br_verify_tlog
               : ret->kind == BR_RECEIPT_COSE     ? &br_verify_cose
                                                  : NULL;
    walk(&run);
    br_verify_judge(ret);
    if (ret->rc != BR_OK && reterr != NULL) {
        *reterr = ret->err;
    }
    return ret->rc;
}
