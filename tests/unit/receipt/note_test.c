/*
 * Signed notes, verifier keys and checkpoints, with published vectors.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/receipt/fixture.h"

#include "common/codec/text.h"
#include "common/receipt/checkpoint.h"

#define DASH "\xe2\x80\x94 "

/* The example of C2SP signed-note, "Verifier keys". */
static const char spec_vkey[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char spec_note[] =
    "This is an example message.\n"
    "\n" DASH "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlT"
    "gK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

static enum br_rc
open_note(struct br_bytes note, const char *vkey)
{
    struct br_note n;
    struct br_note_key k;
    assert_ok(br_note_key_parse(br_str(vkey), &k, NULL));
    enum br_rc rc = br_note_parse(note, &n, NULL);
    return rc != BR_OK ? rc : br_note_verify(&n, &k, NULL, NULL);
}

static void
the_specification_s_example_verifies(void **state)
{
    (void)state;
    assert_ok(open_note(br_str(spec_note), spec_vkey));
}

static void
a_key_makes_a_round_trip(void **state)
{
    (void)state;
    static const char *const vkeys[] = {
        spec_vkey,
        "example.com/log/testdata+33d7b496+"
        "AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
    };
    for (size_t i = 0; i < 2; i++) {
        struct br_note_key k;
        struct br_buf b;
        br_buf_init(&b, 1024);
        assert_ok(br_note_key_parse(br_str(vkeys[i]), &k, NULL));
        br_note_key_put(&b, &k);
        assert_true(br_bytes_eq(br_buf_bytes(&b), br_str(vkeys[i])));
        br_buf_fini(&b);
    }
}

/* The ids that other implementations give the same keys as cosigners. */
static void
a_cosigner_s_id_differs_from_the_signer_s(void **state)
{
    (void)state;
    struct br_note_key k;
    struct br_note_key cosigner;
    assert_ok(br_note_key_parse(br_str(spec_vkey), &k, NULL));
    assert_int_equal(k.id, 0x530d903a);
    assert_ok(
        br_note_key_init(&cosigner, k.name, BR_NOTE_COSIGNATURE, &k.key, NULL));
    assert_int_equal(cosigner.id, 0x7c264079);
    assert_true(br_hash_eq(&cosigner.fingerprint, &k.fingerprint));
}

/* The test key of a published log implementation: seed and vkey. */
static void
a_seed_leads_to_the_published_key(void **state)
{
    (void)state;
    uint8_t raw[33];
    size_t n;
    struct br_signer *s;
    struct br_buf b;
    assert_ok(br_base64_parse(
        br_str("AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg"), raw,
        sizeof(raw), &n, NULL));
    assert_int_equal(n, 33);
    assert_ok(br_signer_from_secret(BR_SIGN_ED25519, raw + 1, &s, NULL));
    br_buf_init(&b, 1024);
    fx_vkey(&b, "example.com/log/testdata", BR_NOTE_ED25519, s);
    assert_true(br_bytes_eq(
        br_buf_bytes(&b), br_str("example.com/log/testdata+33d7b496+AeHTu4Q3hE"
                                 "IMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")));
    struct br_note_key k;
    assert_ok(br_note_key_init(
        &k, br_str("example.com/log/testdata"), BR_NOTE_COSIGNATURE,
        br_signer_public(s), NULL));
    assert_int_equal(k.id, 0x5e6c321d);
    br_buf_fini(&b);
    br_signer_free(s);
}

static void
no_flipped_bit_is_accepted(void **state)
{
    (void)state;
    uint8_t b[sizeof(spec_note) - 1];
    for (size_t bit = 0; bit < 8 * sizeof(b); bit++) {
        memcpy(b, spec_note, sizeof(b));
        b[bit / 8] = (uint8_t)(b[bit / 8] ^ 1u << bit % 8);
        if (open_note(br_bytes(b, sizeof(b)), spec_vkey) == BR_OK) {
            fail_msg("bit %zu", bit);
        }
    }
}

static void
no_truncation_is_accepted(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(spec_note) - 1; n++) {
        assert_int_not_equal(
            open_note(br_bytes(spec_note, n), spec_vkey), BR_OK);
    }
}

#define SIG "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlT"

static void
bad_notes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        enum br_rc rc;
        const char *note;
    } bad[] = {
        {"empty", BR_ERR_MALFORMED, ""},
        {"no signatures", BR_ERR_MALFORMED, "text\n"},
        {"no signature after the empty line", BR_ERR_TRUNCATED, "text\n\n"},
        {"no newline at the end", BR_ERR_TRUNCATED, "text\n\n" DASH "a " SIG},
        {"a hyphen", BR_ERR_MALFORMED, "text\n\n- a " SIG "\n"},
        {"no space after the dash", BR_ERR_MALFORMED,
         "text\n\n\xe2\x80\x94"
         "a " SIG "\n"},
        {"no name", BR_ERR_MALFORMED, "text\n\n" DASH " " SIG "\n"},
        {"a plus in the name", BR_ERR_MALFORMED,
         "text\n\n" DASH "a+b " SIG "\n"},
        {"a wide space in the name", BR_ERR_MALFORMED,
         "text\n\n" DASH "a\xe3\x80\x80"
         "b " SIG "\n"},
        {"two spaces", BR_ERR_MALFORMED, "text\n\n" DASH "a  " SIG "\n"},
        {"a space at the end", BR_ERR_MALFORMED,
         "text\n\n" DASH "a " SIG " \n"},
        {"base64 without padding", BR_ERR_MALFORMED,
         "text\n\n" DASH "a AAAAAAA\n"},
        {"base64url", BR_ERR_MALFORMED, "text\n\n" DASH "a ____\n"},
        {"spare bits", BR_ERR_NOT_CANONICAL, "text\n\n" DASH "a AAAAAAB=\n"},
        {"an id and no signature", BR_ERR_MALFORMED,
         "text\n\n" DASH "a AAAAAA==\n"},
        {"a carriage return", BR_ERR_MALFORMED,
         "text\r\n\n" DASH "a " SIG "\n"},
        {"a tab", BR_ERR_MALFORMED, "te\txt\n\n" DASH "a " SIG "\n"},
        {"not UTF-8", BR_ERR_BAD_UTF8, "te\xffxt\n\n" DASH "a " SIG "\n"},
        {"text after the signatures", BR_ERR_MALFORMED,
         "text\n\n" DASH "a " SIG "\nmore\n"},
        {"an empty line at the end", BR_ERR_TRUNCATED,
         "text\n\n" DASH "a " SIG "\n\n"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct br_note n;
        enum br_rc rc = br_note_parse(br_str(bad[i].note), &n, NULL);
        if (rc != bad[i].rc) {
            fail_msg("%s: %d", bad[i].why, (int)rc);
        }
    }
}

static void
the_text_may_have_empty_lines(void **state)
{
    (void)state;
    struct br_note n;
    assert_ok(br_note_parse(
        br_str("a\n\nb\n\n\nc\n\n" DASH "x " SIG "\n" DASH "y " SIG "\n"), &n,
        NULL));
    assert_true(br_bytes_eq(n.text, br_str("a\n\nb\n\n\nc\n")));
    assert_int_equal(n.count, 2);
    assert_true(br_bytes_eq(n.signature[1].name, br_str("y")));
    assert_int_equal(n.signature[1].key_id, 0x530d903a);
}

static void
sixty_four_signatures_are_enough(void **state)
{
    (void)state;
    struct br_buf b;
    struct br_note n;
    br_buf_init(&b, BR_NOTE_BYTES_MAX);
    br_buf_puts(&b, "text\n\n");
    for (int i = 0; i < BR_NOTE_SIGNATURES_MAX; i++) {
        br_buf_puts(&b, DASH "x " SIG "\n");
    }
    assert_ok(br_note_parse(br_buf_bytes(&b), &n, NULL));
    br_buf_puts(&b, DASH "x " SIG "\n");
    assert_int_equal(
        br_note_parse(br_buf_bytes(&b), &n, NULL), BR_ERR_TOO_LARGE);
    br_buf_fini(&b);
}

static void
bad_keys_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        "example.com/foo+530d903a+",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
        "example.com/foo+530d903a+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/fo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AQ==",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct br_note_key k;
        if (br_note_key_parse(br_str(bad[i]), &k, NULL) == BR_OK) {
            fail_msg("%s", bad[i]);
        }
    }
}

static void
unknown_keys_are_kept_and_never_match(void **state)
{
    (void)state;
    struct br_note_key k;
    struct br_note n;
    assert_ok(br_note_key_parse(
        br_str("example.com/foo+530d903a+BgECAw=="), &k, NULL));
    assert_false(k.known);
    assert_int_equal(k.type, 6);
    assert_ok(br_note_parse(br_str(spec_note), &n, NULL));
    assert_int_equal(
        br_note_verify(&n, &k, NULL, NULL), BR_ERR_NO_TRUSTED_SIGNATURE);
}

static void
signatures_and_cosignatures_of_ours_verify(void **state)
{
    (void)state;
    struct br_signer *log = fx_signer(BR_SIGN_ED25519, 1);
    struct br_signer *wit = fx_signer(BR_SIGN_ED25519, 2);
    struct fx_tree t;
    struct br_buf b;
    struct br_note n;
    struct br_note_key k;
    uint64_t time_s = 1;
    br_buf_init(&b, BR_NOTE_BYTES_MAX);
    fx_log(&t, 3);
    fx_checkpoint(&b, &t, 3, log);
    fx_cosign(&b, "w.example", wit, FX_NOW_S + 5);
    fx_cosign(&b, "w.example", wit, FX_NOW_S);
    assert_ok(br_note_parse(br_buf_bytes(&b), &n, NULL));
    assert_int_equal(n.count, 3);
    assert_ok(br_note_key_init(
        &k, br_str(FX_ORIGIN), BR_NOTE_ED25519, br_signer_public(log), NULL));
    assert_ok(br_note_verify(&n, &k, &time_s, NULL));
    assert_int_equal(time_s, 0);
    assert_ok(br_note_key_init(
        &k, br_str("w.example"), BR_NOTE_COSIGNATURE, br_signer_public(wit),
        NULL));
    assert_ok(br_note_verify(&n, &k, &time_s, NULL));
    assert_int_equal(time_s, FX_NOW_S);
    k.key = *br_signer_public(log);
    assert_int_equal(
        br_note_verify(&n, &k, &time_s, NULL), BR_ERR_BAD_SIGNATURE);
    br_buf_fini(&b);
    br_signer_free(log);
    br_signer_free(wit);
}

static void
checkpoints_are_strict(void **state)
{
    (void)state;
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    static const struct {
        const char *text;
        enum br_rc rc;
    } cases[] = {
        {"example.com/behind-the-sofa\n20852163\n" ROOT "\n", BR_OK},
        {"o\n0\n" ROOT "\nextension\nanother\n", BR_OK},
        {"o\n18446744073709551615\n" ROOT "\n", BR_OK},
        {"o\n18446744073709551616\n" ROOT "\n", BR_ERR_MALFORMED},
        {"o\n01\n" ROOT "\n", BR_ERR_MALFORMED},
        {"o\n+1\n" ROOT "\n", BR_ERR_MALFORMED},
        {"o\n1 \n" ROOT "\n", BR_ERR_MALFORMED},
        {"o\n\n" ROOT "\n", BR_ERR_MALFORMED},
        {"\n1\n" ROOT "\n", BR_ERR_OUT_OF_RANGE},
        {"o\n1\n" ROOT, BR_ERR_TRUNCATED},
        {"o\n1\n", BR_ERR_TRUNCATED},
        {"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
         BR_ERR_MALFORMED},
        {"o\n1\n" ROOT "\n\n", BR_ERR_MALFORMED},
        {"o\n1\n" ROOT "\nx", BR_ERR_TRUNCATED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct br_checkpoint c;
        struct br_buf b;
        enum br_rc rc = br_checkpoint_parse(br_str(cases[i].text), &c, NULL);
        if (rc != cases[i].rc) {
            fail_msg("case %zu: %d", i, (int)rc);
        }
        if (rc == BR_OK) {
            br_buf_init(&b, 1024);
            br_checkpoint_put(&b, &c);
            assert_true(br_bytes_eq(br_buf_bytes(&b), br_str(cases[i].text)));
            br_buf_fini(&b);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_specification_s_example_verifies),
        cmocka_unit_test(a_key_makes_a_round_trip),
        cmocka_unit_test(a_cosigner_s_id_differs_from_the_signer_s),
        cmocka_unit_test(a_seed_leads_to_the_published_key),
        cmocka_unit_test(no_flipped_bit_is_accepted),
        cmocka_unit_test(no_truncation_is_accepted),
        cmocka_unit_test(bad_notes_are_refused),
        cmocka_unit_test(the_text_may_have_empty_lines),
        cmocka_unit_test(sixty_four_signatures_are_enough),
        cmocka_unit_test(bad_keys_are_refused),
        cmocka_unit_test(unknown_keys_are_kept_and_never_match),
        cmocka_unit_test(signatures_and_cosignatures_of_ours_verify),
        cmocka_unit_test(checkpoints_are_strict),
    };
    return cmocka_run_group_tests(tests, fx_setup, NULL);
}
