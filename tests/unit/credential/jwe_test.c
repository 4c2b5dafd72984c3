/*
 * Encryption: published tokens, every algorithm, and each rule that refuses.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/support.h"

#include "common/credential/jwe.h"
#include "common/credential/jwk.h"

enum {
    ALL_ALGS = BR_JWE_ECDH_ES | BR_JWE_ECDH_ES_A128KW | BR_JWE_ECDH_ES_A256KW |
               BR_JWE_RSA_OAEP_256,
    ALL_ENCS = BR_ENC_A128GCM | BR_ENC_A256GCM | BR_ENC_A128CBC_HS256 |
               BR_ENC_A256CBC_HS512,
};

static const struct br_jwe_policy any = {.algs = ALL_ALGS, .encs = ALL_ENCS};

/* ---- published ---------------------------------------------------------- */

static const char trust[] =
    "You can trust us to stick with you through thick and thin"
    "\xe2\x80\x93"
    "to the bitter end. And you can trust us to keep any secret of yours"
    "\xe2\x80\x93"
    "closer than you keep it yourself. But you cannot trust us to let you"
    " face trouble alone, and go off without a word. We are your friends,"
    " Frodo.";

static const struct {
    const char *jwk;
    const char *token;
} published[] = {
    /* RFC 7520 section 5.5: ECDH-ES, A128CBC-HS256, P-256 */
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"Ze2loSV3wrroKUN_4zhwGhCqo3"
     "Xhu1td4QjeQ5wIVR0\",\"y\":\"HlLtdXARY_f55A3fnzQbPcm6hgr34Mp8p-nuzQCE"
     "0Zw\",\"d\":\"r_kHyZ-a06rmxM3yESK84r1otSg-aQcVStkRhA-iCM8\"}",
     "eyJhbGciOiJFQ0RILUVTIiwia2lkIjoibWVyaWFkb2MuYnJhbmR5YnVja0BidWNrbGFu"
     "ZC5leGFtcGxlIiwiZXBrIjp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoibVBV"
     "S1RfYkFXR0hJaGcwVHBqanFWc1AxclhXUXVfdndWT0hIdE5rZFlvQSIsInkiOiI4QlFB"
     "c0ltR2VBUzQ2ZnlXdzVNaFlmR1RUMElqQnBGdzJTUzM0RHY0SXJzIn0sImVuYyI6IkEx"
     "MjhDQkMtSFMyNTYifQ..yc9N8v5sYyv3iGQT926IUg.BoDlwPnTypYq-ivjmQvAYJLb5"
     "Q6l-F3LIgQomlz87yW4OPKbWE1zSTEFjDfhU9IPIOSA9Bml4m7iDFwA-1ZXvHteLDtw4"
     "R1XRGMEsDIqAYtskTTmzmzNa-_q4F_evAPUmwlO-ZG45Mnq4uhM1fm_D9rBtWolqZSF3"
     "xGNNkpOMQKF1Cl8i8wjzRli7-IXgyirlKQsbhhqRzkv8IcY6aHl24j03C-AR2le1r7UR"
     "UhArM79BY8soZU0lzwI-sD5PZ3l4NDCCei9XkoIAfsXJWmySPoeRb2Ni5UZL4mYpvKDi"
     "wmyzGd65KqVw7MsFfI_K767G9C9Azp73gKZD0DyUn1mn0WW5LmyX_yJ-3AROq8p1WZBf"
     "G-ZyJ6195_JGG2m9Csg.WCCkNa-x4BeB9hIDIfFuhg"},
    /* RFC 7520 section 5.4: ECDH-ES+A128KW, A128GCM, P-384 */
    {"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"YU4rRUzdmVqmRtWOs2OpDE_T5f"
     "sNIodcG8G5FWPrTPMyxpzsSOGaQLpe2FpxBmu2\",\"y\":\"A8-yxCHxkfBz3hKZfI1"
     "jUYMjUhsEveZ9THuwFjH2sCNdtksRJU7D5-SkgaFL1ETP\",\"d\":\"iTx2pk7wW-Gq"
     "JkHcEkFQb2EFyYcO7RugmaW3mRrQVAOUiPommT0IdnYK2xDlZh-j\"}",
     "eyJhbGciOiJFQ0RILUVTK0ExMjhLVyIsImtpZCI6InBlcmVncmluLnRvb2tAdHVja2Jv"
     "cm91Z2guZXhhbXBsZSIsImVwayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMzg0IiwieCI6"
     "InVCbzRrSFB3Nmtiang1bDB4b3dyZF9vWXpCbWF6LUdLRlp1NHhBRkZrYllpV2d1dEVL"
     "Nml1RURzUTZ3TmROZzMiLCJ5Ijoic3AzcDVTR2haVkMyZmFYdW1JLWU5SlUyTW84S3Bv"
     "WXJGRHI1eVBOVnRXNFBnRXdaT3lRVEEtSmRhWTh0YjdFMCJ9LCJlbmMiOiJBMTI4R0NN"
     "In0.0DJjBXri_kBcC46IkU5_Jk9BqaQeHdv2.mH-G2zVqgztUtnW_.tkZuOO9h95OgHJ"
     "mkkrfLBisku8rGf6nzVxhRM3sVOhXgz5NJ76oID7lpnAi_cPWJRCjSpAaUZ5dOR3Spy7"
     "QuEkmKx8-3RCMhSYMzsXaEwDdXta9Mn5B7cCBoJKB0IgEnj_qfo1hIi-uEkUpOZ8aLTZ"
     "GHfpl05jMwbKkTe2yK3mjF6SBAsgicQDVCkcY9BLluzx1RmC3ORXaM0JaHPB93YcdSDG"
     "gpgBWMVrNU1ErkjcMqMoT_wtCex3w03XdLkjXIuEr2hWgeP-nkUZTPU9EoGSPj6fAS-b"
     "Sz87RCPrxZdj_iVyC6QWcqAu07WNhjzJEPc4jVntRJ6K53NgPQ5p99l3Z408OUqj4ioY"
     "ezbS6vTPlQ.WuGzxmcreYjpHGJoa17EBg"},
};

static void
published_tokens_decrypt(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct br_jwk jwk;
        struct br_private_key *key = NULL;
        struct br_jwe j;
        struct br_buf b;
        br_buf_init(&b, 4096);
        assert_ok(
            br_jwk_parse_private(json(published[i].jwk), &jwk, &key, &err));
        assert_ok(
            br_jwe_parse(br_str(published[i].token), &any, &arena, &j, &err));
        assert_ok(br_jwe_decrypt(&j, key, &b, &err));
        assert_true(br_bytes_eq(br_buf_bytes(&b), br_str(trust)));
        br_buf_fini(&b);
        br_private_key_free(key);
    }
}

/* ---- every pair --------------------------------------------------------- */

static void
fill(struct br_jwe_fresh *fresh)
{
    br_random(fresh, sizeof(*fresh));
}

static struct br_bytes
encrypt(
    unsigned alg,
    unsigned enc,
    const struct br_key *to,
    struct br_bytes plaintext)
{
    struct br_jwe_fresh fresh;
    struct br_buf b;
    const struct br_jwe_header h = {
        .alg = (enum br_jwe_alg)alg,
        .enc = (enum br_enc)enc,
        .kid = br_str("eph-1"),
        .cty = "json",
        .apu = br_str("Alice"),
        .apv = br_str("Bob"),
    };
    fill(&fresh);
    br_buf_init(&b, ARENA_BYTES);
    assert_ok(br_jwe_encrypt(&h, to, plaintext, &fresh, &b, &err));
    struct br_bytes text =
        br_bytes(br_arena_copy(&arena, br_buf_bytes(&b)), b.n);
    br_buf_fini(&b);
    return text;
}

static void
each_pair_goes_round_on_each_curve(void **state)
{
    (void)state;
    static const enum br_key_kind kinds[] = {
        BR_KEY_P256, BR_KEY_P384, BR_KEY_P521, BR_KEY_X25519, BR_KEY_RSA};
    for (size_t k = 0; k < 5; k++) {
        struct br_private_key *key = NULL;
        struct br_private_key *other = NULL;
        assert_ok(br_private_key_generate(kinds[k], &key, &err));
        assert_ok(br_private_key_generate(kinds[k], &other, &err));
        for (unsigned alg = 1; alg <= BR_JWE_RSA_OAEP_256; alg <<= 1) {
            for (unsigned enc = 1; enc <= BR_ENC_A256CBC_HS512; enc <<= 1) {
                struct br_jwe j;
                struct br_buf b;
                if (!br_jwe_alg_fits(alg, kinds[k])) {
                    continue;
                }
                struct br_bytes token = encrypt(
                    alg, enc, br_private_key_public(key), br_str(trust));
                const struct br_jwe_policy exact = {.algs = alg, .encs = enc};
                br_buf_init(&b, 4096);
                assert_ok(br_jwe_parse(token, &exact, &arena, &j, &err));
                assert_true(br_bytes_eq(j.kid, br_str("eph-1")));
                assert_ok(br_jwe_decrypt(&j, key, &b, &err));
                assert_true(br_bytes_eq(br_buf_bytes(&b), br_str(trust)));
                assert_refused(
                    br_jwe_decrypt(&j, other, &b, &err), JWE_DECRYPT);
                const struct br_jwe_policy not_alg = {
                    .algs = ALL_ALGS & ~alg, .encs = ALL_ENCS};
                const struct br_jwe_policy not_enc = {
                    .algs = ALL_ALGS, .encs = ALL_ENCS & ~enc};
                assert_refused(
                    br_jwe_parse(token, &not_alg, &arena, &j, &err), JWE_ALG);
                assert_refused(
                    br_jwe_parse(token, &not_enc, &arena, &j, &err), JWE_ENC);
                br_buf_fini(&b);
            }
        }
        br_private_key_free(key);
        br_private_key_free(other);
    }
}

static void
no_changed_byte_decrypts(void **state)
{
    (void)state;
    static const unsigned algs[] = {BR_JWE_ECDH_ES, BR_JWE_ECDH_ES_A256KW};
    static const unsigned encs[] = {BR_ENC_A256GCM, BR_ENC_A128CBC_HS256};
    struct br_private_key *key = NULL;
    assert_ok(br_private_key_generate(BR_KEY_P256, &key, &err));
    for (size_t k = 0; k < 2; k++) {
        struct br_bytes token = encrypt(
            algs[k], encs[k], br_private_key_public(key), br_str("short"));
        for (size_t i = 0; i < token.n; i++) {
            struct br_jwe j;
            struct br_buf b;
            char *copy = br_arena_copy(&arena, token);
            assert_non_null(copy);
            copy[i] = copy[i] == 'A' ? 'B' : 'A';
            br_buf_init(&b, 4096);
            if (br_jwe_parse(br_bytes(copy, token.n), &any, &arena, &j, &err) ==
                BR_OK) {
                enum br_rc rc = br_jwe_decrypt(&j, key, &b, &err);
                /* another curve in epk may be the change */
                assert_true(
                    rc == BR_ERR_DECRYPTION_FAILED || rc == BR_ERR_KEY_REFUSED);
                assert_int_equal(b.n, 0);
            }
            br_buf_fini(&b);
        }
        br_arena_fini(&arena);
        br_arena_init(&arena, ARENA_BYTES);
    }
    br_private_key_free(key);
}

static void
a_key_of_another_kind_is_told(void **state)
{
    (void)state;
    struct br_private_key *ec = NULL;
    struct br_private_key *p384 = NULL;
    struct br_private_key *rsa = NULL;
    struct br_private_key *ed = NULL;
    struct br_jwe j;
    struct br_buf b;
    br_buf_init(&b, 4096);
    assert_ok(br_private_key_generate(BR_KEY_P256, &ec, &err));
    assert_ok(br_private_key_generate(BR_KEY_P384, &p384, &err));
    assert_ok(br_private_key_generate(BR_KEY_RSA, &rsa, &err));
    assert_ok(br_private_key_generate(BR_KEY_ED25519, &ed, &err));
    struct br_bytes token = encrypt(
        BR_JWE_ECDH_ES, BR_ENC_A128GCM, br_private_key_public(ec), br_str("x"));
    assert_ok(br_jwe_parse(token, &any, &arena, &j, &err));
    assert_refused(br_jwe_decrypt(&j, rsa, &b, &err), JWE_KEY);
    assert_refused(br_jwe_decrypt(&j, ed, &b, &err), JWE_KEY);
    assert_refused(br_jwe_decrypt(&j, p384, &b, &err), JWE_EPK);
    struct br_jwe_fresh fresh;
    const struct br_jwe_header h = {
        .alg = BR_JWE_ECDH_ES, .enc = BR_ENC_A128GCM};
    fill(&fresh);
    assert_refused(
        br_jwe_encrypt(
            &h, br_private_key_public(ed), br_str("x"), &fresh, &b, &err),
        JWE_KEY);
    token = encrypt(
        BR_JWE_RSA_OAEP_256, BR_ENC_A128GCM, br_private_key_public(rsa),
        br_str("x"));
    assert_ok(br_jwe_parse(token, &any, &arena, &j, &err));
    assert_refused(br_jwe_decrypt(&j, ec, &b, &err), JWE_KEY);
    j.encrypted_key.n--;
    assert_refused(br_jwe_decrypt(&j, rsa, &b, &err), JWE_ENCRYPTED_KEY);
    assert_int_equal(b.n, 0);
    br_buf_fini(&b);
    br_private_key_free(ec);
    br_private_key_free(p384);
    br_private_key_free(rsa);
    br_private_key_free(ed);
}

/* ---- each rule ---------------------------------------------------------- */

#define EPK                                                  \
    "\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\","             \
    "\"x\":\"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0\"," \
    "\"y\":\"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps\"}"
#define DIRECT "{\"alg\":\"ECDH-ES\",\"enc\":\"A128GCM\""

static const struct {
    const char *header;
    int rule; /**< -1: accepted */
} headers[] = {
    {DIRECT "," EPK "}", -1},
    {DIRECT ",\"apu\":\"QWxpY2U\",\"apv\":\"Qm9i\"," EPK "}", -1},
    {DIRECT ",\"unheard\":1," EPK "}", -1},
    {"=%", BR_RULE_JWE_BASE64},
    {"[1]", BR_RULE_JWE_HEADER},
    {"{\"alg\":1}", BR_RULE_JWE_HEADER},
    {DIRECT ",\"enc\":\"A128GCM\"," EPK "}", BR_RULE_JWE_DUPLICATE},
    {"{\"enc\":\"A128GCM\"," EPK "}", BR_RULE_JWE_ALG},
    {"{\"alg\":\"dir\",\"enc\":\"A128GCM\"}", BR_RULE_JWE_ALG},
    {"{\"alg\":\"RSA1_5\",\"enc\":\"A128GCM\"}", BR_RULE_JWE_ALG},
    {"{\"alg\":\"RSA-OAEP\",\"enc\":\"A128GCM\"}", BR_RULE_JWE_ALG},
    {"{\"alg\":\"A128KW\",\"enc\":\"A128GCM\"}", BR_RULE_JWE_ALG},
    {"{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A128GCM\"}", BR_RULE_JWE_ALG},
    {"{\"alg\":\"ECDH-ES+A192KW\",\"enc\":\"A128GCM\"}", BR_RULE_JWE_ALG},
    {"{\"alg\":\"ES256\",\"enc\":\"A128GCM\"}", BR_RULE_JWE_ALG},
    {"{\"alg\":\"ECDH-ES\"," EPK "}", BR_RULE_JWE_ENC},
    {"{\"alg\":\"ECDH-ES\",\"enc\":\"A192GCM\"," EPK "}", BR_RULE_JWE_ENC},
    {"{\"alg\":\"ECDH-ES\",\"enc\":\"none\"," EPK "}", BR_RULE_JWE_ENC},
    {DIRECT ",\"zip\":\"DEF\"," EPK "}", BR_RULE_JWE_ZIP},
    {DIRECT ",\"zip\":null," EPK "}", BR_RULE_JWE_ZIP},
    {DIRECT ",\"crit\":[\"exp\"],\"exp\":1," EPK "}", BR_RULE_JWE_CRIT},
    {DIRECT ",\"jku\":\"https://evil.example/\"," EPK "}",
     BR_RULE_JWE_REMOTE_KEY},
    {DIRECT ",\"kid\":5," EPK "}", BR_RULE_JWE_HEADER},
    {DIRECT ",\"apu\":\"A\"," EPK "}", BR_RULE_JWE_PARTY},
    {DIRECT ",\"apv\":[]," EPK "}", BR_RULE_JWE_PARTY},
    {DIRECT "}", BR_RULE_JWE_EPK},
    {DIRECT ",\"epk\":\"k\"}", BR_RULE_JWE_EPK},
    {DIRECT ",\"epk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}", BR_RULE_JWE_EPK},
    {DIRECT ",\"epk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
            "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}}",
     BR_RULE_JWE_EPK},
    /* a private half with it */
    {DIRECT ",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\","
            "\"x\":\"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0\","
            "\"y\":\"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps\","
            "\"d\":\"0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo\"}}",
     BR_RULE_JWE_EPK},
    /* not on the curve: what reveals a private key bit by bit */
    {DIRECT ",\"epk\":{\"kty\":\"EC\",\"crv\":\"P-256\","
            "\"x\":\"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0\","
            "\"y\":\"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFppw\"}}",
     BR_RULE_JWE_EPK},
    {DIRECT ",\"epk\":{\"kty\":\"OKP\",\"crv\":\"X25519\","
            "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}",
     BR_RULE_JWE_EPK},
};

#define IV  "=AAAAAAAAAAAAAAAA"
#define TAG "=AAAAAAAAAAAAAAAAAAAAAA"

static void
each_header_meets_its_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        const char *const parts[] = {headers[i].header, "=", IV, "c", TAG};
        struct br_jwe j;
        enum br_rc rc = br_jwe_parse(compact(parts, 5), &any, &arena, &j, &err);
        const struct br_rule_info *r =
            headers[i].rule < 0 ? NULL
                                : br_rule_info((enum br_rule)headers[i].rule);
        if (rc != (r == NULL ? BR_OK : r->rc) ||
            (r != NULL && br_rule_of(&err) != r)) {
            fail_msg(
                "%s: %d \"%s\", not %s", headers[i].header, (int)rc, err.text,
                r == NULL ? "accepted" : r->slug);
        }
    }
}

static void
each_shape_meets_its_rule(void **state)
{
    (void)state;
    static const struct br_jwe_policy small = {
        .algs = ALL_ALGS, .encs = ALL_ENCS, .bytes_max = 100};
    static const char *const direct = DIRECT "," EPK "}";
    static const char *const wrapped =
        "{\"alg\":\"ECDH-ES+A128KW\",\"enc\":\"A128GCM\"," EPK "}";
    const struct {
        const char *parts[5];
        enum br_rule rule;
    } cases[] = {
        {{direct, "k", IV, "c", TAG}, BR_RULE_JWE_ENCRYPTED_KEY},
        {{wrapped, "=", IV, "c", TAG}, BR_RULE_JWE_ENCRYPTED_KEY},
        {{wrapped, "twenty-five bytes are much", IV, "c", TAG},
         BR_RULE_JWE_ENCRYPTED_KEY},
        {{direct, "=", "=AAAA", "c", TAG}, BR_RULE_JWE_IV},
        {{direct, "=", "=", "c", TAG}, BR_RULE_JWE_IV},
        {{direct, "=", IV, "c", "=AAAA"}, BR_RULE_JWE_TAG},
        {{direct, "=", IV, "c", "="}, BR_RULE_JWE_TAG},
        {{direct, "=", IV, "=?", TAG}, BR_RULE_JWE_BASE64},
        {{direct, "=", IV, "=AB", TAG}, BR_RULE_JWE_BASE64},
    };
    struct br_jwe j;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum br_rc rc =
            br_jwe_parse(compact(cases[i].parts, 5), &any, &arena, &j, &err);
        const struct br_rule_info *r = br_rule_info(cases[i].rule);
        if (rc != r->rc || br_rule_of(&err) != r) {
            fail_msg("case %zu: %d \"%s\"", i, (int)rc, err.text);
        }
    }
    static const char *const none[] = {"", "a.b.c", "a.b.c.d", "a.b.c.d.e.f"};
    for (size_t i = 0; i < 4; i++) {
        assert_refused(
            br_jwe_parse(br_str(none[i]), &any, &arena, &j, &err), JWE_PARTS);
    }
    const char *const good[] = {direct, "=", IV, "c", TAG};
    assert_refused(
        br_jwe_parse(compact(good, 5), &small, &arena, &j, &err), JWE_SIZE);
}

static void
a_small_arena_or_buffer_is_an_error_and_no_more(void **state)
{
    (void)state;
    const char *const parts[] = {DIRECT "," EPK "}", "=", IV, "c", TAG};
    struct br_bytes token = compact(parts, 5);
    enum br_rc rc = BR_ERR_NO_MEMORY;
    size_t refused = 0;
    for (size_t max = 0; rc != BR_OK; max += 16) {
        struct br_arena small;
        struct br_jwe j;
        br_arena_init(&small, max);
        rc = br_jwe_parse(token, &any, &small, &j, &err);
        br_arena_fini(&small);
        assert_true(
            rc == BR_OK || rc == BR_ERR_NO_MEMORY || rc == BR_ERR_TOO_LARGE);
        refused += rc != BR_OK;
        assert_true(max < 65536);
    }
    assert_true(refused > 10);
    struct br_private_key *key = NULL;
    struct br_jwe_fresh fresh;
    const struct br_jwe_header h = {
        .alg = BR_JWE_ECDH_ES_A128KW, .enc = BR_ENC_A128CBC_HS256};
    assert_ok(br_private_key_generate(BR_KEY_X25519, &key, &err));
    fill(&fresh);
    for (size_t max = 0; max < 300; max += 3) {
        struct br_buf b;
        br_buf_init(&b, max);
        rc = br_jwe_encrypt(
            &h, br_private_key_public(key), br_str("text"), &fresh, &b, &err);
        assert_true(rc == BR_ERR_TOO_LARGE ? b.n == 0 : rc == BR_OK);
        br_buf_fini(&b);
    }
    br_private_key_free(key);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_tokens_decrypt),
        cmocka_unit_test(each_pair_goes_round_on_each_curve),
        cmocka_unit_test(no_changed_byte_decrypts),
        cmocka_unit_test(a_key_of_another_kind_is_told),
        cmocka_unit_test(each_header_meets_its_rule),
        cmocka_unit_test(each_shape_meets_its_rule),
        cmocka_unit_test(a_small_arena_or_buffer_is_an_error_and_no_more),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
