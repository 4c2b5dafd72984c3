/*
 * The verifier's judgement: each step fails by its own rule, those after it are
 * not taken, and what is accepted is complete.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "orchestrator/core/judge.h"
#include "tests/unit/credential/authority.h"
#include "tests/unit/credential/support.h"

#include "common/credential/sd_jwt.h"
#include "common/credential/vp_transaction.h"

enum {
    FROM = 1767225600, /* 2026-01-01 */
    NOW = FROM + 86400 * 30,
    UNTIL = FROM + 86400 * 365,
    WINDOW_S = 300,
};

#define CLIENT "x509_hash:abc"
#define NONCE  "bm9uY2Utb2YtdGhlLXRlc3RzLTAxMjM0"
#define A                                                                \
    "{\"id\":\"a\",\"format\":\"dc+sd-jwt\",\"meta\":{"                  \
    "\"vct_values\":[\"urn:x:isee\"]},\"claims\":[{\"path\":[\"over\"]," \
    "\"values\":[false]}]}"
#define B                                               \
    "{\"id\":\"b\",\"format\":\"dc+sd-jwt\",\"meta\":{" \
    "\"vct_values\":[\"urn:x:isee\"]}}"
#define UNBOUND                                                 \
    "{\"id\":\"a\",\"format\":\"dc+sd-jwt\","                   \
    "\"require_cryptographic_holder_binding\":false,\"meta\":{" \
    "\"vct_values\":[\"urn:x:isee\"]}}"

static struct certificate root = {
    .name = "Root",
    .constraints = "critical,CA:TRUE",
    .usage = "critical,keyCertSign,cRLSign",
    .from = FROM,
    .until = UNTIL,
};
static struct certificate leaf = {
    .name = "Issuer",
    .issuer = &root,
    .constraints = "critical,CA:FALSE",
    .usage = "critical,digitalSignature",
    .names = "DNS:issuer.example.org",
    .from = FROM,
    .until = UNTIL,
};
static struct certificate stranger = {
    .name = "Stranger",
    .constraints = "critical,CA:TRUE",
    .usage = "critical,keyCertSign,cRLSign",
    .from = FROM,
    .until = UNTIL,
};

static struct br_x509_trust *trust;
static struct br_private_key *issuer;
static struct br_private_key *holder;
static struct br_private_key *thief;
static struct br_judgement *judgement; /* large */
static struct br_dcql query;

static int
begin(void **state)
{
    char pem[8192];
    uint8_t secret[32];
    (void)setup(state);
    br_arena_fini(&arena);
    br_arena_init(&arena, 64u * 1024 * 1024);
    root.key = make_key(NULL);
    leaf.key = make_key(NULL);
    stranger.key = make_key(NULL);
    certify(&root);
    certify(&leaf);
    certify(&stranger);
    to_pem(&root, pem);
    assert_ok(br_x509_trust_new(br_str(pem), &trust, &err));
    secret_of(leaf.key, secret);
    assert_ok(
        br_private_key_new(BR_KEY_P256, br_bytes(secret, 32), &issuer, &err));
    assert_ok(br_private_key_generate(BR_KEY_P256, &holder, &err));
    assert_ok(br_private_key_generate(BR_KEY_P256, &thief, &err));
    judgement = (struct br_judgement *)calloc(1, sizeof(*judgement));
    assert_non_null(judgement);
    return 0;
}

static int
end(void **state)
{
    EVP_PKEY_free(root.key);
    EVP_PKEY_free(leaf.key);
    EVP_PKEY_free(stranger.key);
    br_x509_trust_free(trust);
    br_private_key_free(issuer);
    br_private_key_free(holder);
    br_private_key_free(thief);
    free(judgement);
    return teardown(state);
}

/* ---- presentations ------------------------------------------------------ */

/** What is odd about one; zeros: nothing. */
struct odd {
    const char *vct;
    const char *claims; /**< further members, after a comma */
    const char *typ;
    const char *audience;
    const char *nonce;
    const struct br_json *more; /**< of the key binding */
    int64_t exp_s;              /**< 0: late enough */
    uint64_t bound_s;           /**< when it was bound; 0: now */
    bool unbound;
    bool stolen;  /**< bound with another key */
    bool foreign; /**< under a chain that nobody trusts */
    bool forged;  /**< signed with another key than the chain's */
    bool broken;  /**< a disclosure that belongs to nothing */
};

static struct br_bytes
kept(struct br_buf *b)
{
    char *copy = br_arena_copy(&arena, br_buf_bytes(b));
    assert_non_null(copy);
    struct br_bytes v = br_bytes(copy, b->n);
    br_buf_fini(b);
    return v;
}

/** The issuer's part: a JWT that hides nothing, and a tilde. */
static struct br_bytes
issued(const struct odd *o)
{
    const struct certificate *c = o->foreign ? &stranger : &leaf;
    const struct br_x5c chain = {.count = 1, .der = {br_bytes(c->der, c->n)}};
    const struct br_jws_header header = {
        .alg = BR_ALG_ES256,
        .typ = o->typ == NULL ? "dc+sd-jwt" : o->typ,
        .x5c = &chain,
    };
    const struct br_jwk cnf = {.key = *br_private_key_public(holder)};
    struct br_json_writer w;
    struct br_buf payload;
    struct br_buf token;
    br_buf_init(&payload, 8192);
    br_buf_init(&token, 32768);
    br_buf_printf(
        &payload, "{\"vct\":\"%s\",\"exp\":%lld%s,\"cnf\":{\"jwk\":",
        o->vct == NULL ? "urn:x:isee" : o->vct,
        (long long)(o->exp_s == 0 ? UNTIL : o->exp_s),
        o->claims == NULL ? ",\"over\":false" : o->claims);
    br_json_writer_init(&w, &payload);
    br_jwk_write(&w, &cnf);
    br_buf_puts(&payload, "}}");
    struct br_private_key *key = o->forged ? thief : issuer;
    assert_ok(br_jws_sign(&header, br_buf_bytes(&payload), key, &token, &err));
    br_buf_puts(&token, "~");
    br_buf_fini(&payload);
    return kept(&token);
}

static struct br_bytes
shown(const struct odd *o)
{
    const struct br_jws_policy any = {
        .algs = BR_ALG_ES256, .sources = BR_KEY_BY_X5C};
    const struct br_sd_binding binding = {
        .audience = br_str(o->audience == NULL ? CLIENT : o->audience),
        .nonce = br_str(o->nonce == NULL ? NONCE : o->nonce),
        .issued_s = o->bound_s == 0 ? NOW : o->bound_s,
        .more = o->more,
    };
    struct br_sd_jwt sd;
    struct br_buf b;
    br_buf_init(&b, 65536);
    assert_ok(br_sd_parse(issued(o), &any, &arena, &sd, &err));
    assert_ok(br_sd_present(
        &sd, NULL, o->unbound ? NULL : &binding,
        o->unbound  ? NULL
        : o->stolen ? thief
                    : holder,
        &b, &err));
    if (o->broken) {
        struct br_bytes whole = kept(&b);
        const uint8_t *tilde = (const uint8_t *)memchr(whole.p, '~', whole.n);
        size_t first = (size_t)(tilde - whole.p) + 1;
        br_buf_init(&b, 65536);
        br_buf_put(&b, whole.p, first);
        br_buf_puts(&b, b64(br_str("[\"salt\",\"odd\",1]")));
        br_buf_puts(&b, "~");
        br_buf_put(&b, whole.p + first, whole.n - first);
    }
    return kept(&b);
}

/* ---- judging ------------------------------------------------------------ */

static struct br_judge_policy
policy_for(const char *credentials, const char *sets)
{
    char text[4096];
    (void)snprintf(
        text, sizeof(text), "{\"credentials\":[%s]%s}", credentials, sets);
    const char *copy = br_arena_copy(&arena, br_str(text));
    assert_ok(br_dcql_parse(json(copy), &arena, &query, &err));
    return (struct br_judge_policy){
        .query = &query,
        .trust = trust,
        .client_id = br_str(CLIENT),
        .nonce = br_str(NONCE),
        .now_s = NOW,
        .window_s = WINDOW_S,
    };
}

/** {"a": [...], "b": [...]}; NULL: not answered. */
static struct br_vp_answer
answer_of(struct br_bytes a, struct br_bytes b)
{
    const struct br_bytes all[] = {a, b};
    static const char *const names[] = {"a", "b"};
    struct br_json_maker m;
    br_json_maker_init(&m, &arena);
    struct br_json *token = br_json_new_object(&m);
    for (size_t i = 0; i < 2; i++) {
        if (all[i].n > 0) {
            struct br_json *list = br_json_new_array(&m);
            (void)br_json_append(&m, list, br_json_new_string(&m, all[i]));
            (void)br_json_set(&m, token, names[i], list);
        }
    }
    assert_ok(br_json_maker_status(&m, &err));
    return (struct br_vp_answer){.token = token};
}

static const struct br_bytes none = {NULL, 0};

/** What the caller finds out of the rest: nothing to object. */
static void
tell_all(void)
{
    for (size_t i = 0; i < judgement->count; i++) {
        struct br_judged *p = &judgement->presentations[i];
        if (br_judge_asks(p)) {
            br_judge_tell(p, BR_STEP_STATUS, BR_STEP_PASSED, NULL);
            br_judge_tell(p, BR_STEP_ACCREDITATION, BR_STEP_NOT_ASKED, NULL);
        }
    }
}

static bool
judge_one(const struct odd *o, const struct br_judge_policy *policy)
{
    const struct br_vp_answer answer = answer_of(shown(o), none);
    br_judge(&answer, policy, &arena, judgement);
    tell_all();
    return br_judge_conclude(judgement, policy);
}

/** Refused at this step, by this rule; what comes after it is not taken. */
static void
assert_fails(
    const char *what,
    const struct odd *o,
    enum br_judge_step step,
    enum br_rule rule)
{
    struct br_judge_policy policy = policy_for(A, "");
    enum br_judge_step first = BR_STEPS;
    struct br_err why = {0};
    if (judge_one(o, &policy)) {
        fail_msg("%s: accepted", what);
    }
    const struct br_judge_note *n = br_judge_reason(judgement, &first);
    memcpy(why.text, n->reason, sizeof(why.text));
    if (first != step || br_rule_of(&why) != br_rule_info(rule)) {
        fail_msg(
            "%s: step %s, \"%s\"", what, br_judge_step_name(first), n->reason);
    }
    const struct br_judge_note *notes = judgement->presentations[0].notes;
    for (int s = (int)step + 1; s < BR_STEP_APPROVAL; s++) {
        if (notes[s].outcome != BR_STEP_NOT_TAKEN) {
            fail_msg(
                "%s: %s was taken", what,
                br_judge_step_name((enum br_judge_step)s));
        }
    }
    assert_false(br_judge_asks(&judgement->presentations[0]));
    assert_false(br_judge_passed(&judgement->presentations[0]));
}

static void
what_is_right_passes_every_step(void **state)
{
    (void)state;
    const struct odd o = {.vct = NULL};
    struct br_judge_policy policy = policy_for(A, "");
    assert_true(judge_one(&o, &policy));
    const struct br_judge_note *notes = judgement->presentations[0].notes;
    for (int s = BR_STEP_ISSUER; s <= BR_STEP_CLAIMS; s++) {
        assert_int_equal(notes[s].outcome, BR_STEP_PASSED);
        assert_string_equal(notes[s].reason, "");
    }
    assert_int_equal(judgement->notes[BR_STEP_ANSWER].outcome, BR_STEP_PASSED);
    assert_int_equal(
        judgement->notes[BR_STEP_APPROVAL].outcome, BR_STEP_NOT_ASKED);
    assert_int_equal(
        judgement->notes[BR_STEP_COMPLETE].outcome, BR_STEP_PASSED);
}

static void
each_step_fails_by_its_own_rule(void **state)
{
    (void)state;
    const struct {
        const char *what;
        struct odd odd;
        enum br_judge_step step;
        enum br_rule rule;
    } cases[] = {
        {"another's signature",
         {.forged = true},
         BR_STEP_ISSUER,
         BR_RULE_JWS_SIGNATURE},
        {"another typ", {.typ = "JWT"}, BR_STEP_CREDENTIAL, BR_RULE_JWS_TYP},
        {"a disclosure too many",
         {.broken = true},
         BR_STEP_CREDENTIAL,
         BR_RULE_SD_UNREFERENCED},
        {"expired", {.exp_s = NOW - 3600}, BR_STEP_VALIDITY, BR_RULE_VC_EXP},
        {"not yet valid",
         {.claims = ",\"over\":false,\"nbf\":1900000000"},
         BR_STEP_VALIDITY,
         BR_RULE_VC_NBF},
        {"no binding", {.unbound = true}, BR_STEP_HOLDER, BR_RULE_KB_MISSING},
        {"a thief", {.stolen = true}, BR_STEP_HOLDER, BR_RULE_JWS_SIGNATURE},
        {"for another verifier",
         {.audience = "x509_hash:other"},
         BR_STEP_HOLDER,
         BR_RULE_KB_AUD},
        {"for another request",
         {.nonce = "b3RoZXI"},
         BR_STEP_HOLDER,
         BR_RULE_KB_NONCE},
        {"bound long ago",
         {.bound_s = NOW - WINDOW_S - 1},
         BR_STEP_HOLDER,
         BR_RULE_KB_IAT},
        {"bound tomorrow",
         {.bound_s = NOW + 3600},
         BR_STEP_HOLDER,
         BR_RULE_KB_IAT},
        {"another type",
         {.vct = "urn:x:other"},
         BR_STEP_CLAIMS,
         BR_RULE_VP_UNANSWERED},
        {"another value",
         {.claims = ",\"over\":true"},
         BR_STEP_CLAIMS,
         BR_RULE_VP_UNANSWERED},
        {"no such claim",
         {.claims = ""},
         BR_STEP_CLAIMS,
         BR_RULE_VP_UNANSWERED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_fails(
            cases[i].what, &cases[i].odd, cases[i].step, cases[i].rule);
    }
}

static void
a_chain_that_nobody_trusts_fails_as_the_issuer(void **state)
{
    (void)state;
    const struct odd o = {.foreign = true};
    struct br_judge_policy policy = policy_for(A, "");
    enum br_judge_step step = BR_STEPS;
    assert_false(judge_one(&o, &policy));
    const struct br_judge_note *n = br_judge_reason(judgement, &step);
    assert_int_equal(step, BR_STEP_ISSUER);
    assert_memory_equal(n->reason, "x5c-", 4);
    assert_int_equal(
        judgement->presentations[0].notes[BR_STEP_CREDENTIAL].outcome,
        BR_STEP_NOT_TAKEN);
}

static void
a_binding_is_needed_as_the_query_says(void **state)
{
    (void)state;
    struct odd o = {.unbound = true};
    struct br_judge_policy policy = policy_for(UNBOUND, "");
    assert_true(judge_one(&o, &policy));
    assert_int_equal(
        judgement->presentations[0].notes[BR_STEP_HOLDER].outcome,
        BR_STEP_NOT_ASKED);
    /* One that is there without need is looked at all the same. */
    o = (struct odd){.nonce = "b3RoZXI"};
    assert_false(judge_one(&o, &policy));
}

static void
status_and_accreditation_count_as_they_are_told(void **state)
{
    (void)state;
    const struct odd o = {.vct = NULL};
    const struct br_judge_policy policy = policy_for(A, "");
    static const enum br_judge_step steps[] = {
        BR_STEP_STATUS, BR_STEP_ACCREDITATION};
    static const enum br_judge_outcome bad[] = {
        BR_STEP_FAILED, BR_STEP_UNKNOWN, BR_STEP_NOT_TAKEN};
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 3; k++) {
            const struct br_vp_answer answer = answer_of(shown(&o), none);
            struct br_err why = {.text = "status-invalid: it is revoked"};
            enum br_judge_step step = BR_STEPS;
            br_judge(&answer, &policy, &arena, judgement);
            tell_all();
            br_judge_tell(&judgement->presentations[0], steps[i], bad[k], &why);
            assert_false(br_judge_conclude(judgement, &policy));
            assert_int_equal(
                judgement->notes[BR_STEP_COMPLETE].outcome, BR_STEP_FAILED);
            assert_non_null(br_judge_reason(judgement, &step));
            assert_int_equal(
                step,
                bad[k] == BR_STEP_NOT_TAKEN ? BR_STEP_COMPLETE : steps[i]);
        }
    }
}

static void
what_is_asked_for_is_answered_whole(void **state)
{
    (void)state;
    const struct odd good = {.vct = NULL};
    const struct odd late = {.exp_s = NOW - 3600};
    const struct odd replayed = {.nonce = "b3RoZXI"};
    struct br_judge_policy policy = policy_for(A "," B, "");
    struct br_vp_answer answer = answer_of(shown(&good), none);
    br_judge(&answer, &policy, &arena, judgement);
    tell_all();
    assert_false(br_judge_conclude(judgement, &policy));
    answer = answer_of(shown(&good), shown(&good));
    br_judge(&answer, &policy, &arena, judgement);
    tell_all();
    assert_true(br_judge_conclude(judgement, &policy));
    /* One of the two is optional: it may fail, but not be another request's. */
    policy = policy_for(
        A "," B, ",\"credential_sets\":[{\"options\":[[\"a\"]]},"
                 "{\"options\":[[\"b\"]],\"required\":false}]");
    answer = answer_of(shown(&good), shown(&late));
    br_judge(&answer, &policy, &arena, judgement);
    tell_all();
    assert_true(br_judge_conclude(judgement, &policy));
    assert_false(br_judge_passed(&judgement->presentations[1]));
    answer = answer_of(shown(&good), shown(&replayed));
    br_judge(&answer, &policy, &arena, judgement);
    tell_all();
    assert_false(br_judge_conclude(judgement, &policy));
}

static void
more_presentations_than_are_taken(void **state)
{
    (void)state;
    const struct odd o = {.vct = NULL};
    const struct br_judge_policy policy = policy_for(A, "");
    struct br_json_maker m;
    enum br_judge_step step = BR_STEPS;
    br_json_maker_init(&m, &arena);
    struct br_json *token = br_json_new_object(&m);
    struct br_json *list = br_json_new_array(&m);
    struct br_bytes text = shown(&o);
    for (int i = 0; i <= BR_JUDGE_PRESENTATIONS_MAX; i++) {
        (void)br_json_append(&m, list, br_json_new_string(&m, text));
    }
    (void)br_json_set(&m, token, "a", list);
    const struct br_vp_answer answer = {.token = token};
    br_judge(&answer, &policy, &arena, judgement);
    assert_false(br_judge_conclude(judgement, &policy));
    const struct br_judge_note *n = br_judge_reason(judgement, &step);
    assert_int_equal(step, BR_STEP_ANSWER);
    assert_memory_equal(n->reason, "vp-token:", 9);
}

static void
transactions_are_approved_by_whom_they_name(void **state)
{
    (void)state;
    struct br_vp_transaction t;
    const struct br_vp_transaction *list[] = {&t};
    struct br_json *more = NULL;
    struct br_judge_policy policy = policy_for(A, "");
    char text[1024];
    (void)snprintf(
        text, sizeof(text), "[\"%s\"]",
        b64(br_str("{\"type\":\"urn:broletto:transaction:approval:1\","
                   "\"credential_ids\":[\"a\"],\"text\":\"a place\"}")));
    policy.transaction_data = json(br_arena_copy(&arena, br_str(text)));
    assert_ok(br_vp_transaction_parse(
        br_json_first(policy.transaction_data), &query, &arena, &t, &err));
    struct odd o = {.vct = NULL};
    assert_false(judge_one(&o, &policy));
    assert_memory_equal(
        judgement->notes[BR_STEP_APPROVAL].reason, "vp-transaction-hash:", 20);
    assert_ok(br_vp_transaction_hashes(list, 1, &arena, &more, &err));
    o.more = more;
    assert_true(judge_one(&o, &policy));
    assert_int_equal(
        judgement->notes[BR_STEP_APPROVAL].outcome, BR_STEP_PASSED);
    /* A hash for something that was not asked is an approval of it. */
    policy.transaction_data = NULL;
    assert_false(judge_one(&o, &policy));
}

static void
steps_and_outcomes_have_their_names(void **state)
{
    (void)state;
    assert_string_equal(br_judge_step_name(BR_STEP_ANSWER), "answer");
    assert_string_equal(br_judge_step_name(BR_STEP_COMPLETE), "complete");
    assert_string_equal(br_judge_outcome_name(BR_STEP_NOT_TAKEN), "not taken");
    assert_string_equal(br_judge_outcome_name(BR_STEP_NOT_ASKED), "not asked");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right_passes_every_step),
        cmocka_unit_test(each_step_fails_by_its_own_rule),
        cmocka_unit_test(a_chain_that_nobody_trusts_fails_as_the_issuer),
        cmocka_unit_test(a_binding_is_needed_as_the_query_says),
        cmocka_unit_test(status_and_accreditation_count_as_they_are_told),
        cmocka_unit_test(what_is_asked_for_is_answered_whole),
        cmocka_unit_test(more_presentations_than_are_taken),
        cmocka_unit_test(transactions_are_approved_by_whom_they_name),
        cmocka_unit_test(steps_and_outcomes_have_their_names),
    };
    return cmocka_run_group_tests_name("orchestrator_judge", tests, begin, end);
}
