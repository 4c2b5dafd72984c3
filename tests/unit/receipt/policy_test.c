/*
 * Trust policies: every subset of witnesses, every kind of mistake.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/receipt/fixture.h"

#include "common/receipt/policy.h"

#include <stdio.h>

enum { WITNESSES = 6 };

/** A log, six witnesses, and the text of a policy that names them: "$L" is the
 *  log's vkey, "$1".."$6" are the witnesses'. */
struct world {
    struct br_signer *log;
    struct br_signer *witness[WITNESSES];
    struct br_buf text;
    struct br_policy policy;
};

static void
name_of(int i, char out[32])
{
    (void)snprintf(out, 32, "w%d.example", i + 1);
}

static void
world_init(struct world *w)
{
    w->log = fx_signer(BR_SIGN_ED25519, 1);
    for (int i = 0; i < WITNESSES; i++) {
        w->witness[i] = fx_signer(BR_SIGN_ED25519, (uint8_t)(10 + i));
    }
    br_buf_init(&w->text, BR_POLICY_BYTES_MAX);
}

static void
world_fini(struct world *w)
{
    br_signer_free(w->log);
    for (int i = 0; i < WITNESSES; i++) {
        br_signer_free(w->witness[i]);
    }
    br_buf_fini(&w->text);
}

static enum br_rc
parse(struct world *w, const char *text, struct br_err *e)
{
    br_buf_clear(&w->text);
    for (; *text != '\0'; text++) {
        if (text[0] != '$') {
            br_buf_put(&w->text, text, 1);
        } else if (*++text == 'L') {
            fx_vkey(&w->text, FX_ORIGIN, BR_NOTE_ED25519, w->log);
        } else {
            char name[32];
            int i = *text - '1';
            name_of(i, name);
            fx_vkey(&w->text, name, BR_NOTE_COSIGNATURE, w->witness[i]);
        }
    }
    return br_policy_parse(br_buf_bytes(&w->text), &w->policy, e);
}

/** A checkpoint cosigned by the witnesses of the mask, judged. */
static enum br_rc
judge(struct world *w, unsigned mask)
{
    struct fx_tree t;
    struct br_buf b;
    struct br_note note;
    struct br_policy_votes votes;
    fx_log(&t, 1);
    br_buf_init(&b, BR_NOTE_BYTES_MAX);
    fx_checkpoint(&b, &t, 1, w->log);
    for (int i = 0; i < WITNESSES; i++) {
        char name[32];
        name_of(i, name);
        if ((mask >> i & 1) != 0) {
            fx_cosign(&b, name, w->witness[i], FX_NOW_S);
        }
    }
    assert_ok(br_note_parse(br_buf_bytes(&b), &note, NULL));
    assert_ok(
        br_policy_check_log(&w->policy, &note, br_str(FX_ORIGIN), NULL, NULL));
    enum br_rc rc = br_policy_check_quorum(&w->policy, &note, &votes, NULL);
    br_buf_fini(&b);
    return rc;
}

/* The shape of the example in C2SP tlog-policy. */
static const char two_levels[] = "# two organisations\n"
                                 "log $L\n"
                                 "\n"
                                 "witness X1 $1\n"
                                 "\twitness X2\t$2 \n"
                                 "witness X3 $3 https://x3.example/\n"
                                 "group X-witnesses 2 X1 X2 X3\n"
                                 "witness Y1 $4\n"
                                 "witness Y2 $5\n"
                                 "witness Y3 $6\n"
                                 "group Y-witnesses any Y1 Y2 Y3\n"
                                 "group X-and-Y all X-witnesses Y-witnesses\n"
                                 "quorum X-and-Y\n";

static int
bits(unsigned v)
{
    return (int)((v & 1) + (v >> 1 & 1) + (v >> 2 & 1));
}

static void
every_subset_of_witnesses_is_judged_right(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    assert_ok(parse(&w, two_levels, NULL));
    for (unsigned mask = 0; mask < 1u << WITNESSES; mask++) {
        bool enough = bits(mask & 7) >= 2 && bits(mask >> 3) >= 1;
        assert_int_equal(
            judge(&w, mask), enough ? BR_OK : BR_ERR_QUORUM_MISSING);
    }
    world_fini(&w);
}

static void
a_parsed_policy_says_what_was_written(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    assert_ok(parse(&w, two_levels, NULL));
    const struct br_policy *p = &w.policy;
    assert_int_equal(p->log_count, 1);
    assert_true(br_bytes_eq(p->log[0].key.name, br_str(FX_ORIGIN)));
    assert_int_equal(p->witness_count, 6);
    assert_true(br_bytes_eq(p->witness[2].url, br_str("https://x3.example/")));
    assert_int_equal(p->witness[1].group, 0);
    assert_int_equal(p->group[0].k, 2);
    assert_int_equal(p->group[1].k, 1);
    assert_int_equal(p->group[2].k, 2);
    assert_int_equal(p->group[1].group, 2);
    assert_int_equal(p->quorum_kind, BR_QUORUM_GROUP);
    assert_int_equal(p->quorum, 2);
    world_fini(&w);
}

static void
one_witness_and_none_may_be_the_quorum(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    assert_ok(parse(&w, "log $L\nwitness a $1\nwitness b $2\nquorum b", NULL));
    assert_int_equal(judge(&w, 1), BR_ERR_QUORUM_MISSING);
    assert_ok(judge(&w, 2));
    assert_ok(parse(&w, "log $L\nquorum none\n", NULL));
    assert_ok(judge(&w, 0));
    world_fini(&w);
}

static void
the_default_policy_is_a_policy(void **state)
{
    (void)state;
    struct world w;
    struct br_note_key k;
    world_init(&w);
    assert_ok(br_note_key_init(
        &k, br_str(FX_ORIGIN), BR_NOTE_ED25519, br_signer_public(w.log), NULL));
    br_policy_put_default(&w.text, &k, br_str("https://ledger.example.org/"));
    assert_ok(br_policy_parse(br_buf_bytes(&w.text), &w.policy, NULL));
    assert_int_equal(w.policy.log[0].key.id, k.id);
    assert_true(br_bytes_eq(
        w.policy.log[0].url, br_str("https://ledger.example.org/")));
    assert_ok(judge(&w, 0));
    world_fini(&w);
}

static void
bad_policies_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct {
        unsigned line; /* 0: of the whole */
        enum br_rc rc;
        const char *text;
    } bad[] = {
        {0, BR_ERR_MISSING_FIELD, ""},
        {0, BR_ERR_MISSING_FIELD, "log $L\n"},
        {2, BR_ERR_DUPLICATE_FIELD, "quorum none\nquorum none\n"},
        {1, BR_ERR_MALFORMED, "quorum a\nwitness a $1\n"},
        {1, BR_ERR_MALFORMED, "quorum\n"},
        {1, BR_ERR_MALFORMED, "quorum none none\n"},
        {3, BR_ERR_UNKNOWN_FIELD, "#\n\nLog $L\n"},
        {1, BR_ERR_MALFORMED, "log\n"},
        {1, BR_ERR_MALFORMED, "log $L u u\n"},
        {2, BR_ERR_DUPLICATE_FIELD, "log $L\nlog $L\n"},
        {1, BR_ERR_MALFORMED, "witness a\n"},
        {1, BR_ERR_UNSUPPORTED, "witness a $L\n"},
        {1, BR_ERR_MALFORMED, "witness none $1\n"},
        {2, BR_ERR_DUPLICATE_FIELD, "witness a $1\nwitness a $2\n"},
        {2, BR_ERR_DUPLICATE_FIELD, "witness a $1\nwitness b $1\n"},
        {1, BR_ERR_MALFORMED, "group g any a\nwitness a $1\n"},
        {1, BR_ERR_MALFORMED, "group g any g\n"},
        {2, BR_ERR_MALFORMED, "witness a $1\ngroup g any\n"},
        {2, BR_ERR_MALFORMED, "witness a $1\ngroup g any none\n"},
        {2, BR_ERR_DUPLICATE_FIELD, "witness a $1\ngroup a any a\n"},
        {2, BR_ERR_DUPLICATE_FIELD, "witness a $1\ngroup g any a a\n"},
        {3, BR_ERR_DUPLICATE_FIELD,
         "witness a $1\ngroup g any a\ngroup h any a\n"},
        {2, BR_ERR_OUT_OF_RANGE, "witness a $1\ngroup g 0 a\n"},
        {2, BR_ERR_OUT_OF_RANGE, "witness a $1\ngroup g 2 a\n"},
        {2, BR_ERR_OUT_OF_RANGE, "witness a $1\ngroup g 01 a\n"},
        {2, BR_ERR_OUT_OF_RANGE, "witness a $1\ngroup g most a\n"},
        {1, BR_ERR_MALFORMED, "quorum none\r\n"},
        {2, BR_ERR_MALFORMED, "quorum none\n\x7f\n"},
        {1, BR_ERR_MALFORMED, "log example.org+00000000+AAA\n"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct world w;
        struct br_err e = {.text = ""};
        char where[32];
        world_init(&w);
        enum br_rc rc = parse(&w, bad[i].text, &e);
        if (rc != bad[i].rc) {
            fail_msg("case %zu: %d %s", i, (int)rc, e.text);
        }
        (void)snprintf(where, sizeof(where), "line %u:", bad[i].line);
        if (bad[i].line > 0 && strstr(e.text, where) == NULL) {
            fail_msg("case %zu: %s", i, e.text);
        }
        world_fini(&w);
    }
}

static void
thirty_two_witnesses_and_groups_fit(void **state)
{
    (void)state;
    static struct br_policy p;
    struct br_buf b;
    br_buf_init(&b, BR_POLICY_BYTES_MAX);
    for (unsigned i = 0; i < 33; i++) {
        struct br_signer *s = fx_signer(BR_SIGN_ED25519, (uint8_t)(i + 1));
        br_buf_printf(&b, "witness w%u ", i);
        fx_vkey(&b, "w.example", BR_NOTE_COSIGNATURE, s);
        br_buf_printf(&b, "\n");
        br_signer_free(s);
        size_t n = b.n;
        if (i == 31) {
            for (unsigned g = 0; g < 32; g++) {
                br_buf_printf(&b, "group g%u any w%u\n", g, g);
            }
            br_buf_puts(&b, "quorum g31\n");
            assert_ok(br_policy_parse(br_buf_bytes(&b), &p, NULL));
            b.n = n;
        }
    }
    br_buf_puts(&b, "quorum none\n");
    assert_int_equal(
        br_policy_parse(br_buf_bytes(&b), &p, NULL), BR_ERR_TOO_LARGE);
    br_buf_fini(&b);
}

static void
a_log_may_have_two_keys(void **state)
{
    (void)state;
    struct world w;
    struct br_signer *next = fx_signer(BR_SIGN_ED25519, 2);
    struct fx_tree t;
    struct br_buf b;
    struct br_note note;
    size_t which;
    world_init(&w);
    br_buf_init(&b, BR_NOTE_BYTES_MAX);
    br_buf_puts(&w.text, "log ");
    fx_vkey(&w.text, FX_ORIGIN, BR_NOTE_ED25519, w.log);
    br_buf_puts(&w.text, "\nlog ");
    fx_vkey(&w.text, FX_ORIGIN, BR_NOTE_ED25519, next);
    br_buf_puts(&w.text, "\nquorum none\n");
    assert_ok(br_policy_parse(br_buf_bytes(&w.text), &w.policy, NULL));
    fx_log(&t, 2);
    fx_checkpoint(&b, &t, 2, next);
    assert_ok(br_note_parse(br_buf_bytes(&b), &note, NULL));
    assert_ok(
        br_policy_check_log(&w.policy, &note, br_str(FX_ORIGIN), &which, NULL));
    assert_int_equal(which, 1);
    assert_int_equal(
        br_policy_check_log(&w.policy, &note, br_str("other"), NULL, NULL),
        BR_ERR_UNKNOWN_LOG);
    br_buf_fini(&b);
    br_signer_free(next);
    world_fini(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_subset_of_witnesses_is_judged_right),
        cmocka_unit_test(a_parsed_policy_says_what_was_written),
        cmocka_unit_test(one_witness_and_none_may_be_the_quorum),
        cmocka_unit_test(the_default_policy_is_a_policy),
        cmocka_unit_test(bad_policies_are_refused_with_their_line),
        cmocka_unit_test(thirty_two_witnesses_and_groups_fit),
        cmocka_unit_test(a_log_may_have_two_keys),
    };
    return cmocka_run_group_tests(tests, fx_setup, NULL);
}
