/*
 * Witnessing: every small step and every small fork.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/receipt/fixture.h"

#include "common/receipt/witness.h"

/** A log and a witness who know each other. */
struct world {
    struct br_signer *log;
    struct br_signer *witness;
    struct fx_tree tree;
    struct br_buf policy_text;
    struct br_policy policy;
};

static void
world_init(struct world *w)
{
    w->log = fx_signer(BR_SIGN_ED25519, 1);
    w->witness = fx_signer(BR_SIGN_ED25519, 2);
    fx_log(&w->tree, 32);
    br_buf_init(&w->policy_text, BR_POLICY_BYTES_MAX);
    br_buf_puts(&w->policy_text, "log ");
    fx_vkey(&w->policy_text, FX_ORIGIN, BR_NOTE_ED25519, w->log);
    br_buf_puts(&w->policy_text, "\nquorum none\n");
    assert_ok(br_policy_parse(br_buf_bytes(&w->policy_text), &w->policy, NULL));
}

static void
world_fini(struct world *w)
{
    br_signer_free(w->log);
    br_signer_free(w->witness);
    br_buf_fini(&w->policy_text);
}

/** The body that the log sends to go from m to n. */
static void
put_request(struct world *w, struct br_buf *b, size_t m, size_t n)
{
    struct br_buf note;
    struct br_witness_request r = {.old_size = m};
    br_buf_init(&note, BR_NOTE_BYTES_MAX);
    fx_checkpoint(&note, &w->tree, n, w->log);
    r.checkpoint = br_buf_bytes(&note);
    if (m <= n) {
        fx_consistency(&w->tree, m, n, &r.proof);
    }
    br_witness_request_put(b, &r);
    br_buf_fini(&note);
}

static struct br_witness_state
state_at(const struct world *w, size_t size)
{
    struct br_witness_state s = {.size = size};
    fx_root(&w->tree, 0, size, &s.root);
    return s;
}

static struct br_witness_verdict
ask(struct world *w, size_t known, size_t m, size_t n)
{
    struct br_buf b;
    struct br_witness_submission s;
    struct br_witness_verdict v;
    struct br_witness_state state = state_at(w, known);
    br_buf_init(&b, BR_WITNESS_REQUEST_BYTES_MAX);
    put_request(w, &b, m, n);
    assert_ok(br_witness_submission_parse(br_buf_bytes(&b), &s, NULL));
    br_witness_decide(&s, &w->policy, &state, &v);
    br_buf_fini(&b);
    return v;
}

static int
expected_status(size_t known, size_t m, size_t n)
{
    return m > n ? 400 : m != known ? 409 : 200;
}

static void
every_small_step_is_answered_right(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    for (size_t known = 0; known <= 9; known++) {
        for (size_t m = 0; m <= 9; m++) {
            for (size_t n = 0; n <= 9; n++) {
                struct br_witness_verdict v = ask(&w, known, m, n);
                int want = expected_status(known, m, n);
                if (v.http_status != want) {
                    fail_msg(
                        "%zu %zu %zu: %d %s", known, m, n, v.http_status,
                        v.err.text);
                }
                if (want == 200) {
                    struct br_witness_state next = state_at(&w, n);
                    assert_int_equal(v.next.size, n);
                    assert_true(br_hash_eq(&v.next.root, &next.root));
                }
                if (want == 409) {
                    assert_int_equal(v.known_size, known);
                }
            }
        }
    }
    world_fini(&w);
}

static void
decide(
    struct world *w,
    struct br_bytes body,
    const struct br_witness_state *known,
    struct br_witness_verdict *v)
{
    struct br_witness_submission s;
    assert_ok(br_witness_submission_parse(body, &s, NULL));
    br_witness_decide(&s, &w->policy, known, v);
}

static void
an_unknown_log_is_404_and_a_bad_signature_403(void **state)
{
    (void)state;
    struct world w;
    struct br_buf b;
    struct br_witness_verdict v;
    world_init(&w);
    struct br_signer *other = fx_signer(BR_SIGN_ED25519, 3);
    struct br_signer *log = w.log;
    struct br_witness_state known = state_at(&w, 4);
    br_buf_init(&b, BR_WITNESS_REQUEST_BYTES_MAX);
    w.log = other; /* the same origin, another key */
    put_request(&w, &b, 4, 7);
    decide(&w, br_buf_bytes(&b), &known, &v);
    assert_int_equal(v.http_status, 403);
    w.log = log;
    br_buf_clear(&b);
    put_request(&w, &b, 4, 7);
    b.p[b.n - 20] = b.p[b.n - 20] == 'A' ? 'B' : 'A'; /* in the signature */
    decide(&w, br_buf_bytes(&b), &known, &v);
    assert_int_equal(v.http_status, 403);
    w.policy.log_count = 0;
    decide(&w, br_buf_bytes(&b), &known, &v);
    assert_int_equal(v.http_status, 404);
    br_buf_fini(&b);
    br_signer_free(other);
    world_fini(&w);
}

static void
a_fork_is_never_cosigned(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    for (size_t m = 1; m <= 12; m++) {
        for (size_t n = m; n <= 12; n++) {
            for (size_t leaf = 0; leaf < m; leaf++) {
                struct br_buf b;
                struct br_witness_verdict v;
                struct br_witness_state known = state_at(&w, m);
                w.tree.leaf[leaf].b[0] ^= 1; /* history rewritten */
                br_buf_init(&b, BR_WITNESS_REQUEST_BYTES_MAX);
                put_request(&w, &b, m, n);
                decide(&w, br_buf_bytes(&b), &known, &v);
                assert_int_equal(v.http_status, 422);
                w.tree.leaf[leaf].b[0] ^= 1;
                br_buf_fini(&b);
            }
        }
    }
    world_fini(&w);
}

/** A request made by hand: proof and root as given. */
static int
status_of(
    struct world *w,
    size_t known,
    const struct br_proof *proof,
    const struct br_checkpoint *c)
{
    struct br_buf note;
    struct br_buf b;
    struct br_witness_verdict v;
    struct br_witness_state state = state_at(w, known);
    struct br_witness_request r = {.old_size = known, .proof = *proof};
    br_buf_init(&note, BR_NOTE_BYTES_MAX);
    br_buf_init(&b, BR_WITNESS_REQUEST_BYTES_MAX);
    assert_ok(br_checkpoint_put_signed(&note, c, w->log, NULL));
    r.checkpoint = br_buf_bytes(&note);
    br_witness_request_put(&b, &r);
    decide(w, br_buf_bytes(&b), &state, &v);
    br_buf_fini(&note);
    br_buf_fini(&b);
    return v.http_status;
}

static void
needless_proofs_and_a_false_empty_tree_are_422(void **state)
{
    (void)state;
    struct world w;
    struct br_proof none = {.count = 0};
    struct br_proof some;
    struct br_checkpoint c = {.origin = br_str(FX_ORIGIN), .size = 0};
    world_init(&w);
    fx_consistency(&w.tree, 3, 7, &some);
    c.root = w.tree.leaf[0];
    assert_int_equal(status_of(&w, 0, &none, &c), 422);
    fx_root(&w.tree, 0, 0, &c.root);
    assert_int_equal(status_of(&w, 0, &none, &c), 200);
    c.size = 7;
    fx_root(&w.tree, 0, 7, &c.root);
    assert_int_equal(status_of(&w, 0, &some, &c), 422);
    assert_int_equal(status_of(&w, 7, &some, &c), 422);
    assert_int_equal(status_of(&w, 7, &none, &c), 200);
    assert_int_equal(status_of(&w, 3, &none, &c), 422);
    assert_int_equal(status_of(&w, 3, &some, &c), 200);
    world_fini(&w);
}

static void
the_answer_becomes_part_of_the_checkpoint(void **state)
{
    (void)state;
    struct world w;
    struct br_buf body;
    struct br_buf answer;
    struct br_buf note;
    struct br_witness_submission s;
    struct br_note_key key;
    world_init(&w);
    struct br_cosigner who = {br_str("w.example"), w.witness, FX_NOW_S};
    struct br_cosigner stranger = {br_str("x.example"), w.log, FX_NOW_S};
    br_buf_init(&body, BR_WITNESS_REQUEST_BYTES_MAX);
    br_buf_init(&answer, 4096);
    br_buf_init(&note, BR_NOTE_BYTES_MAX);
    put_request(&w, &body, 5, 9);
    fx_checkpoint(&note, &w.tree, 9, w.log);
    assert_ok(br_witness_submission_parse(br_buf_bytes(&body), &s, NULL));
    assert_ok(br_witness_answer_put(&answer, &s, &stranger, NULL));
    assert_ok(br_witness_answer_put(&answer, &s, &who, NULL));
    assert_ok(br_note_key_init(
        &key, br_str("w.example"), BR_NOTE_COSIGNATURE,
        br_signer_public(w.witness), NULL));
    assert_ok(br_witness_take(&note, br_buf_bytes(&answer), &key, NULL));
    struct br_note n;
    uint64_t time_s;
    assert_ok(br_note_parse(br_buf_bytes(&note), &n, NULL));
    assert_int_equal(n.count, 2); /* the stranger's line was left out */
    assert_ok(br_note_verify(&n, &key, &time_s, NULL));
    assert_int_equal(time_s, FX_NOW_S);
    assert_int_equal(
        br_witness_take(&note, br_str("\n"), &key, NULL), BR_ERR_TRUNCATED);
    answer.p[answer.n - 12] ^= 1;
    assert_int_not_equal(
        br_witness_take(&note, br_buf_bytes(&answer), &key, NULL), BR_OK);
    br_buf_fini(&body);
    br_buf_fini(&answer);
    br_buf_fini(&note);
    world_fini(&w);
}

/** An answer that smuggles in another text, and cosigns that. */
static void
an_answer_cannot_change_the_text(void **state)
{
    (void)state;
    struct world w;
    struct br_buf note;
    struct br_buf text;
    struct br_buf answer;
    struct br_note n;
    struct br_note_key key;
    world_init(&w);
    struct br_cosigner who = {br_str("w.example"), w.witness, FX_NOW_S};
    br_buf_init(&note, BR_NOTE_BYTES_MAX);
    br_buf_init(&text, BR_NOTE_BYTES_MAX);
    br_buf_init(&answer, BR_NOTE_BYTES_MAX);
    fx_checkpoint(&note, &w.tree, 9, w.log);
    assert_ok(br_note_parse(br_buf_bytes(&note), &n, NULL));
    br_buf_put(&text, n.text.p, n.text.n);
    br_buf_puts(&text, "\nmore\n");
    br_buf_puts(&answer, "more\n\n");
    assert_ok(
        br_note_put_cosignature(&answer, br_buf_bytes(&text), &who, NULL));
    assert_ok(br_note_key_init(
        &key, br_str("w.example"), BR_NOTE_COSIGNATURE,
        br_signer_public(w.witness), NULL));
    assert_int_equal(
        br_witness_take(&note, br_buf_bytes(&answer), &key, NULL),
        BR_ERR_MALFORMED);
    br_buf_fini(&note);
    br_buf_fini(&text);
    br_buf_fini(&answer);
    world_fini(&w);
}

static void
bad_requests_are_refused(void **state)
{
    (void)state;
    struct world w;
    struct br_buf b;
    struct br_witness_submission s;
    world_init(&w);
    br_buf_init(&b, BR_WITNESS_REQUEST_BYTES_MAX);
    put_request(&w, &b, 5, 9);
    for (size_t n = 0; n < b.n; n++) {
        assert_int_not_equal(
            br_witness_submission_parse(br_bytes(b.p, n), &s, NULL), BR_OK);
    }
    static const char *const bad[] = {
        "old 05\n\n", "old -1\n\n", "new 5\n\n", "old 5\nAAAA\n\n", "old\n\n"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_not_equal(
            br_witness_submission_parse(br_str(bad[i]), &s, NULL), BR_OK);
    }
    br_buf_fini(&b);
    world_fini(&w);
}

static void
sizes_make_a_round_trip(void **state)
{
    (void)state;
    struct br_buf b;
    uint64_t size;
    br_buf_init(&b, 64);
    br_witness_size_put(&b, UINT64_MAX);
    assert_ok(br_witness_size_parse(br_buf_bytes(&b), &size, NULL));
    assert_int_equal(size, UINT64_MAX);
    assert_int_not_equal(
        br_witness_size_parse(br_str("12"), &size, NULL), BR_OK);
    assert_int_not_equal(
        br_witness_size_parse(br_str("12\n\n"), &size, NULL), BR_OK);
    br_buf_fini(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_small_step_is_answered_right),
        cmocka_unit_test(an_unknown_log_is_404_and_a_bad_signature_403),
        cmocka_unit_test(a_fork_is_never_cosigned),
        cmocka_unit_test(needless_proofs_and_a_false_empty_tree_are_422),
        cmocka_unit_test(the_answer_becomes_part_of_the_checkpoint),
        cmocka_unit_test(an_answer_cannot_change_the_text),
        cmocka_unit_test(bad_requests_are_refused),
        cmocka_unit_test(sizes_make_a_round_trip),
    };
    return cmocka_run_group_tests(tests, fx_setup, NULL);
}
