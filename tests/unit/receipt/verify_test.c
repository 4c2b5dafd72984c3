/*
 * The offline verifier: one thing is spoiled at a time.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/receipt/fixture.h"

#include "common/receipt/checkpoint.h"
#include "common/receipt/verify.h"

#include <stdio.h>

enum { SIZE = 11, INDEX = 6 };

/** Everything a verification needs; each test spoils one thing. */
struct world {
    struct br_signer *log;
    struct br_signer *witness;
    struct br_signer *receipt_key;
    struct fx_tree tree;
    struct br_buf policy_text;
    struct br_policy policy;
    struct br_buf checkpoint;
    struct br_buf receipt;
    char document[32];
    struct br_bytes file;
    struct br_verify_input in;
};

static struct br_verify_result result;

static void
use_policy(struct world *w, const char *origin, struct br_signer *log, bool q)
{
    br_buf_clear(&w->policy_text);
    br_buf_puts(&w->policy_text, "log ");
    fx_vkey(&w->policy_text, origin, BR_NOTE_ED25519, log);
    br_buf_puts(&w->policy_text, "\nwitness w ");
    fx_vkey(&w->policy_text, "w.example", BR_NOTE_COSIGNATURE, w->witness);
    br_buf_puts(&w->policy_text, q ? "\nquorum w\n" : "\nquorum none\n");
    assert_ok(br_policy_parse(br_buf_bytes(&w->policy_text), &w->policy, NULL));
    w->in.policy = &w->policy;
}

static void
use_tlog(struct world *w, uint64_t cosigned_s)
{
    br_buf_clear(&w->checkpoint);
    br_buf_clear(&w->receipt);
    fx_checkpoint(&w->checkpoint, &w->tree, SIZE, w->log);
    if (cosigned_s != 0) {
        fx_cosign(&w->checkpoint, "w.example", w->witness, cosigned_s);
    }
    fx_proof(&w->receipt, &w->tree, INDEX, SIZE, br_buf_bytes(&w->checkpoint));
    w->in.receipt = br_buf_bytes(&w->receipt);
}

static void
use_cose(struct world *w, const char *issuer)
{
    uint8_t leaf[BR_OWN_LEAF_BYTES_MAX];
    struct br_hash root;
    struct br_cose_receipt r = {.tree_size = SIZE, .index = INDEX};
    fx_root(&w->tree, 0, SIZE, &root);
    fx_inclusion(&w->tree, INDEX, SIZE, &r.proof);
    r.leaf = br_bytes(leaf, fx_leaf(INDEX, leaf));
    r.claims.issuer = br_str(issuer);
    br_buf_clear(&w->receipt);
    assert_ok(
        br_cose_receipt_put(&w->receipt, &r, &root, w->receipt_key, NULL));
    w->in.receipt = br_buf_bytes(&w->receipt);
}

static void
world_init(struct world *w)
{
    memset(w, 0, sizeof(*w));
    w->log = fx_signer(BR_SIGN_ED25519, 1);
    w->witness = fx_signer(BR_SIGN_ED25519, 2);
    w->receipt_key = fx_signer(BR_SIGN_ES256, 3);
    fx_log(&w->tree, SIZE);
    br_buf_init(&w->policy_text, BR_POLICY_BYTES_MAX);
    br_buf_init(&w->checkpoint, BR_NOTE_BYTES_MAX);
    br_buf_init(&w->receipt, BR_COSE_RECEIPT_BYTES_MAX);
    (void)snprintf(w->document, sizeof(w->document), "document %d", INDEX);
    w->file = br_str(w->document);
    w->in.now.v = FX_NOW_S * 1000000;
    w->in.digest = br_verify_memory_digest;
    w->in.digest_ctx = &w->file;
    w->in.receipt_keys = br_signer_public(w->receipt_key);
    w->in.receipt_key_count = 1;
    use_policy(w, FX_ORIGIN, w->log, true);
    use_tlog(w, FX_NOW_S - 30);
}

static void
world_fini(struct world *w)
{
    br_signer_free(w->log);
    br_signer_free(w->witness);
    br_signer_free(w->receipt_key);
    br_buf_fini(&w->policy_text);
    br_buf_fini(&w->checkpoint);
    br_buf_fini(&w->receipt);
}

/** The verdict must be rc, and due to that step. */
static void
expect(struct world *w, enum br_rc rc, enum br_verify_step_id step)
{
    struct br_err e = {.rc = BR_OK};
    enum br_rc got = br_receipt_verify(&w->in, &result, &e);
    if (got != rc || e.rc != rc || result.step[step].rc != rc) {
        fail_msg("%d instead of %d: %s", (int)got, (int)rc, e.text);
    }
}

static void
expect_ok(struct world *w)
{
    struct br_err e = {.text = ""};
    if (br_receipt_verify(&w->in, &result, &e) != BR_OK) {
        fail_msg("%d: %s", (int)e.rc, e.text);
    }
}

static void
a_true_tlog_proof_is_accepted(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    expect_ok(&w);
    assert_int_equal(result.kind, BR_RECEIPT_TLOG_PROOF);
    assert_int_equal(result.index, INDEX);
    assert_int_equal(result.tree_size, SIZE);
    assert_int_equal(result.votes.count, 1);
    assert_int_equal(result.witnessed_s, FX_NOW_S - 30);
    assert_true(br_bytes_eq(result.origin, br_str(FX_ORIGIN)));
    assert_true(br_bytes_eq(result.leaf.author, br_str("acme")));
    for (int i = 0; i < BR_VERIFY_STEP_COUNT; i++) {
        bool last = i == BR_STEP_FORK;
        assert_int_equal(result.step[i].id, i);
        assert_int_equal(
            result.step[i].outcome, last ? BR_VERIFY_SKIPPED : BR_VERIFY_OK);
        assert_int_not_equal(result.step[i].text[0], '\0');
    }
    world_fini(&w);
}

static void
a_true_cose_receipt_is_accepted(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    use_policy(&w, FX_ORIGIN, w.log, false);
    use_cose(&w, "");
    expect_ok(&w);
    assert_int_equal(result.kind, BR_RECEIPT_COSE);
    assert_int_equal(result.origin.n, 0);
    use_cose(&w, FX_ORIGIN);
    expect_ok(&w);
    assert_int_equal(result.tree_size, SIZE);
    world_fini(&w);
}

static void
a_digest_alone_can_be_verified(void **state)
{
    (void)state;
    struct world w;
    struct br_digest d;
    world_init(&w);
    assert_ok(br_digest_bytes(BR_HASH_SHA256, w.file, &d, NULL));
    w.in.digest = br_verify_given_digest;
    w.in.digest_ctx = &d;
    expect_ok(&w);
    d.b[0] ^= 1;
    expect(&w, BR_ERR_DIGEST_MISMATCH, BR_STEP_DIGEST);
    d.alg = BR_HASH_SHA512;
    expect(&w, BR_ERR_UNSUPPORTED, BR_STEP_DIGEST);
    w.in.digest = NULL;
    expect_ok(&w);
    assert_int_equal(result.step[BR_STEP_DIGEST].outcome, BR_VERIFY_SKIPPED);
    world_fini(&w);
}

static void
a_changed_file_is_refused_and_the_rest_still_checked(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.document[0] = 'D';
    expect(&w, BR_ERR_DIGEST_MISMATCH, BR_STEP_DIGEST);
    assert_int_equal(result.step[BR_STEP_INCLUSION].outcome, BR_VERIFY_OK);
    assert_int_equal(result.step[BR_STEP_SIGNATURE].outcome, BR_VERIFY_OK);
    use_policy(&w, FX_ORIGIN, w.log, false);
    use_cose(&w, FX_ORIGIN);
    expect(&w, BR_ERR_DIGEST_MISMATCH, BR_STEP_DIGEST);
    assert_int_equal(result.step[BR_STEP_SIGNATURE].outcome, BR_VERIFY_OK);
    world_fini(&w);
}

/** Each bit of the receipt, flipped; each length, cut. */
static void
spoil_all(struct world *w)
{
    struct br_buf *b = &w->receipt;
    for (size_t bit = 0; bit < 8 * b->n; bit++) {
        b->p[bit / 8] = (uint8_t)(b->p[bit / 8] ^ 1u << bit % 8);
        if (br_receipt_verify(&w->in, &result, NULL) == BR_OK) {
            fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
        }
        b->p[bit / 8] = (uint8_t)(b->p[bit / 8] ^ 1u << bit % 8);
    }
    for (size_t n = 0; n < b->n; n++) {
        w->in.receipt = br_bytes(b->p, n);
        if (br_receipt_verify(&w->in, &result, NULL) == BR_OK) {
            fail_msg("%zu bytes", n);
        }
    }
    w->in.receipt = br_buf_bytes(b);
    expect_ok(w);
}

static void
no_changed_bit_and_no_cut_of_a_tlog_proof_is_accepted(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    spoil_all(&w);
    use_policy(&w, FX_ORIGIN, w.log, false);
    use_tlog(&w, 0);
    spoil_all(&w);
    world_fini(&w);
}

static void
no_changed_bit_and_no_cut_of_a_cose_receipt_is_accepted(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    use_policy(&w, FX_ORIGIN, w.log, false);
    use_cose(&w, "");
    spoil_all(&w);
    use_cose(&w, FX_ORIGIN);
    spoil_all(&w);
    world_fini(&w);
}

static void
a_wrong_key_and_a_wrong_origin_are_refused(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    use_policy(&w, FX_ORIGIN, w.witness, true);
    expect(&w, BR_ERR_NO_TRUSTED_SIGNATURE, BR_STEP_SIGNATURE);
    use_policy(&w, "ledger.example.org/other", w.log, true);
    expect(&w, BR_ERR_UNKNOWN_LOG, BR_STEP_LOG);
    use_policy(&w, "ledger.example.org/other", w.log, false);
    use_cose(&w, FX_ORIGIN);
    expect(&w, BR_ERR_UNKNOWN_LOG, BR_STEP_LOG);
    use_policy(&w, FX_ORIGIN, w.log, false);
    w.in.receipt_keys = br_signer_public(w.log);
    expect(&w, BR_ERR_UNKNOWN_LOG, BR_STEP_LOG);
    w.in.receipt_key_count = 0;
    expect(&w, BR_ERR_UNKNOWN_LOG, BR_STEP_LOG);
    world_fini(&w);
}

static void
a_missing_quorum_is_refused(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    use_tlog(&w, 0);
    expect(&w, BR_ERR_QUORUM_MISSING, BR_STEP_WITNESSES);
    use_policy(&w, FX_ORIGIN, w.log, false);
    expect_ok(&w);
    assert_int_equal(result.step[BR_STEP_WITNESSES].outcome, BR_VERIFY_SKIPPED);
    world_fini(&w);
}

static void
a_cose_receipt_borrows_the_checkpoint_s_witnesses(void **state)
{
    (void)state;
    struct world w;
    struct br_buf other;
    world_init(&w);
    br_buf_init(&other, BR_NOTE_BYTES_MAX);
    use_cose(&w, FX_ORIGIN);
    expect(&w, BR_ERR_QUORUM_MISSING, BR_STEP_WITNESSES);
    w.in.other_note = br_buf_bytes(&w.checkpoint);
    expect_ok(&w);
    assert_int_equal(result.votes.count, 1);
    fx_checkpoint(&other, &w.tree, SIZE - 1, w.log);
    fx_cosign(&other, "w.example", w.witness, FX_NOW_S);
    w.in.other_note = br_buf_bytes(&other);
    expect(&w, BR_ERR_QUORUM_MISSING, BR_STEP_WITNESSES);
    br_buf_fini(&other);
    world_fini(&w);
}

static void
a_proof_without_one_hash_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct br_tlog_proof p = {.index = INDEX};
    uint8_t leaf[BR_OWN_LEAF_BYTES_MAX];
    world_init(&w);
    fx_inclusion(&w.tree, INDEX, SIZE, &p.proof);
    p.proof.count--;
    p.extra = br_bytes(leaf, fx_leaf(INDEX, leaf));
    p.checkpoint = br_buf_bytes(&w.checkpoint);
    br_buf_clear(&w.receipt);
    br_tlog_proof_put(&w.receipt, &p);
    w.in.receipt = br_buf_bytes(&w.receipt);
    expect(&w, BR_ERR_PROOF_INVALID, BR_STEP_INCLUSION);
    world_fini(&w);
}

static void
times_in_the_future_are_refused(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    uint64_t leaf_us = (FX_NOW_S - 60) * 1000000;
    w.in.now.v = leaf_us - BR_VERIFY_TOLERANCE_S * UINT64_C(1000000);
    use_tlog(&w, FX_NOW_S - 60);
    expect_ok(&w); /* just within the tolerance */
    w.in.now.v -= 1000000;
    expect(&w, BR_ERR_FUTURE_TIME, BR_STEP_TIME);
    use_policy(&w, FX_ORIGIN, w.log, false);
    use_tlog(&w, 0);
    expect(&w, BR_ERR_FUTURE_TIME, BR_STEP_TIME); /* by the leaf alone */
    use_policy(&w, FX_ORIGIN, w.log, true);
    w.in.now.v = FX_NOW_S * 1000000;
    use_tlog(&w, FX_NOW_S + BR_VERIFY_TOLERANCE_S);
    expect_ok(&w);
    use_tlog(&w, FX_NOW_S + BR_VERIFY_TOLERANCE_S + 1);
    expect(&w, BR_ERR_FUTURE_TIME, BR_STEP_TIME);
    use_tlog(&w, FX_NOW_S - 60 - BR_VERIFY_TOLERANCE_S - 1);
    expect(&w, BR_ERR_FUTURE_TIME, BR_STEP_TIME); /* witnessed before */
    world_fini(&w);
}

static void
a_fork_is_detected(void **state)
{
    (void)state;
    struct world w;
    struct fx_tree forked;
    struct br_buf other;
    world_init(&w);
    forked = w.tree;
    forked.leaf[2].b[5] ^= 1;
    br_buf_init(&other, BR_NOTE_BYTES_MAX);
    fx_checkpoint(&other, &w.tree, SIZE, w.log);
    w.in.other_note = br_buf_bytes(&other);
    expect_ok(&w);
    assert_int_equal(result.step[BR_STEP_FORK].outcome, BR_VERIFY_OK);
    br_buf_clear(&other);
    fx_checkpoint(&other, &forked, SIZE, w.log);
    w.in.other_note = br_buf_bytes(&other);
    expect(&w, BR_ERR_INCONSISTENT, BR_STEP_FORK);
    /* Who is not the log cannot accuse it. */
    br_buf_clear(&other);
    fx_checkpoint(&other, &forked, SIZE, w.witness);
    w.in.other_note = br_buf_bytes(&other);
    expect(&w, BR_ERR_NO_TRUSTED_SIGNATURE, BR_STEP_FORK);
    br_buf_fini(&other);
    world_fini(&w);
}

static void
a_remembered_checkpoint_must_have_grown_into_this_one(void **state)
{
    (void)state;
    struct world w;
    struct br_proof proof;
    struct br_checkpoint old = {.origin = br_str(FX_ORIGIN), .size = 5};
    world_init(&w);
    fx_root(&w.tree, 0, 5, &old.root);
    fx_consistency(&w.tree, 5, SIZE, &proof);
    w.in.remembered = &old;
    expect_ok(&w);
    assert_int_equal(result.step[BR_STEP_FORK].outcome, BR_VERIFY_SKIPPED);
    w.in.consistency = &proof;
    expect_ok(&w);
    assert_int_equal(result.step[BR_STEP_FORK].outcome, BR_VERIFY_OK);
    old.root.b[0] ^= 1;
    expect(&w, BR_ERR_INCONSISTENT, BR_STEP_FORK);
    old.origin = br_str("another log");
    expect_ok(&w);
    assert_int_equal(result.step[BR_STEP_FORK].outcome, BR_VERIFY_SKIPPED);
    world_fini(&w);
}

static void
a_later_checkpoint_must_continue_this_one(void **state)
{
    (void)state;
    struct world w;
    struct fx_tree longer;
    struct br_buf other;
    struct br_proof proof;
    world_init(&w);
    use_policy(&w, FX_ORIGIN, w.log, false);
    br_buf_init(&other, BR_NOTE_BYTES_MAX);
    for (int kind = 0; kind < 2; kind++) {
        if (kind == 1) {
            use_cose(&w, FX_ORIGIN);
        }
        fx_log(&longer, SIZE + 9);
        br_buf_clear(&other);
        fx_checkpoint(&other, &longer, SIZE + 9, w.log);
        fx_consistency(&longer, SIZE, SIZE + 9, &proof);
        w.in.other_note = br_buf_bytes(&other);
        w.in.consistency = &proof;
        expect_ok(&w);
        assert_int_equal(result.step[BR_STEP_FORK].outcome, BR_VERIFY_OK);
        longer.leaf[0].b[0] ^= 1;
        br_buf_clear(&other);
        fx_checkpoint(&other, &longer, SIZE + 9, w.log);
        fx_consistency(&longer, SIZE, SIZE + 9, &proof);
        w.in.other_note = br_buf_bytes(&other);
        expect(&w, BR_ERR_INCONSISTENT, BR_STEP_FORK);
    }
    br_buf_fini(&other);
    world_fini(&w);
}

static void
a_raw_leaf_is_its_own_file(void **state)
{
    (void)state;
    struct world w;
    struct br_buf note;
    struct br_tlog_proof p = {.index = 0, .extra = br_str("raw bytes")};
    world_init(&w);
    use_policy(&w, FX_ORIGIN, w.log, false);
    br_buf_init(&note, BR_NOTE_BYTES_MAX);
    br_sha256_leaf(p.extra, &w.tree.leaf[0]);
    fx_checkpoint(&note, &w.tree, 1, w.log);
    p.checkpoint = br_buf_bytes(&note);
    br_buf_clear(&w.receipt);
    br_tlog_proof_put(&w.receipt, &p);
    w.in.receipt = br_buf_bytes(&w.receipt);
    w.file = br_str("raw bytes");
    expect_ok(&w);
    assert_int_equal(result.step[BR_STEP_TIME].outcome, BR_VERIFY_SKIPPED);
    w.file = br_str("other bytes");
    expect(&w, BR_ERR_DIGEST_MISMATCH, BR_STEP_DIGEST);
    /* The same proof, its leaf brought from elsewhere. */
    p.extra = br_bytes(NULL, 0);
    br_buf_clear(&w.receipt);
    br_tlog_proof_put(&w.receipt, &p);
    w.in.receipt = br_buf_bytes(&w.receipt);
    w.file = br_str("raw bytes");
    expect(&w, BR_ERR_MISSING_FIELD, BR_STEP_LEAF);
    w.in.leaf = w.file;
    expect_ok(&w);
    br_buf_fini(&note);
    world_fini(&w);
}

static void
what_is_no_receipt_is_told(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.in.receipt = br_str("hello");
    expect(&w, BR_ERR_UNSUPPORTED, BR_STEP_FORMAT);
    assert_int_equal(result.kind, BR_RECEIPT_UNKNOWN);
    w.in.receipt = br_str("\x30\x03\x02\x01\x05");
    expect(&w, BR_ERR_UNSUPPORTED, BR_STEP_FORMAT);
    assert_int_equal(result.kind, BR_RECEIPT_DER);
    w.in.receipt = br_str("");
    expect(&w, BR_ERR_UNSUPPORTED, BR_STEP_FORMAT);
    world_fini(&w);
}

static void
steps_have_names_for_the_catalogues(void **state)
{
    (void)state;
    assert_string_equal(br_verify_step_name(BR_STEP_FORMAT), "format");
    assert_string_equal(
        br_verify_catalogue_id(BR_STEP_DIGEST, BR_VERIFY_FAILED),
        "verify.digest.failed");
    assert_string_equal(
        br_verify_catalogue_id(BR_STEP_FORK, BR_VERIFY_SKIPPED),
        "verify.fork.skipped");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_true_tlog_proof_is_accepted),
        cmocka_unit_test(a_true_cose_receipt_is_accepted),
        cmocka_unit_test(a_digest_alone_can_be_verified),
        cmocka_unit_test(a_changed_file_is_refused_and_the_rest_still_checked),
        cmocka_unit_test(no_changed_bit_and_no_cut_of_a_tlog_proof_is_accepted),
        cmocka_unit_test(
            no_changed_bit_and_no_cut_of_a_cose_receipt_is_accepted),
        cmocka_unit_test(a_wrong_key_and_a_wrong_origin_are_refused),
        cmocka_unit_test(a_missing_quorum_is_refused),
        cmocka_unit_test(a_cose_receipt_borrows_the_checkpoint_s_witnesses),
        cmocka_unit_test(a_proof_without_one_hash_is_refused),
        cmocka_unit_test(times_in_the_future_are_refused),
        cmocka_unit_test(a_fork_is_detected),
        cmocka_unit_test(a_remembered_checkpoint_must_have_grown_into_this_one),
        cmocka_unit_test(a_later_checkpoint_must_continue_this_one),
        cmocka_unit_test(a_raw_leaf_is_its_own_file),
        cmocka_unit_test(what_is_no_receipt_is_told),
        cmocka_unit_test(steps_have_names_for_the_catalogues),
    };
    return cmocka_run_group_tests(tests, fx_setup, NULL);
}
