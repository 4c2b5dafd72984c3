/*
 * Keys in JSON: published ones, round trips, and each reason to refuse one.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/support.h"

#include "common/credential/jwk.h"

/* RFC 7517 appendix A.1 and A.2 (first key). */
#define P256_X "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
#define P256_Y "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
#define P256_D "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"
#define P256 \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y "\""
/* RFC 8037 appendix A.1. */
#define ED_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define ED_D "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define ED   "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\""
/* RFC 7748 section 6.1, as a JWK in RFC 8037 appendix A.6. */
#define X25519                            \
    "\"kty\":\"OKP\",\"crv\":\"X25519\"," \
    "\"x\":\"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08\""
/* RFC 7638 section 3.1. */
#define RSA_N                                                                  \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aP" \
    "FFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl9" \
    "3lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA" \
    "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3" \
    "XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
#define RSA "\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\""

static void
thumbprints_are_as_published(void **state)
{
    (void)state;
    static const struct {
        const char *jwk;
        const char *thumbprint;
    } cases[] = {
        /* RFC 7638 section 3.1 */
        {"{" RSA ",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}",
         "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
        /* RFC 8037 appendix A.3 */
        {"{" ED "}", "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
    };
    for (size_t i = 0; i < 2; i++) {
        struct br_jwk k;
        char text[BR_THUMBPRINT_TEXT_BYTES + 1];
        assert_ok(br_jwk_parse(json(cases[i].jwk), &k, &err));
        assert_ok(br_jwk_thumbprint_text(&k.key, text, &err));
        assert_string_equal(text, cases[i].thumbprint);
    }
}

static void
every_kind_is_read_back_as_written(void **state)
{
    (void)state;
    static const enum br_key_kind kinds[] = {
        BR_KEY_P256,    BR_KEY_P384,   BR_KEY_P521, BR_KEY_SECP256K1,
        BR_KEY_ED25519, BR_KEY_X25519, BR_KEY_RSA};
    for (size_t i = 0; i < 7; i++) {
        struct br_private_key *key = NULL;
        struct br_private_key *again = NULL;
        struct br_jwk back;
        struct br_buf b;
        struct br_json_writer w;
        br_buf_init(&b, BR_JWK_BYTES_MAX);
        assert_ok(br_private_key_generate(kinds[i], &key, &err));
        struct br_jwk k = {
            .key = *br_private_key_public(key), .kid = br_str("the kid")};
        br_json_writer_init(&w, &b);
        br_jwk_write(&w, &k);
        assert_ok(br_json_writer_done(&w, &err));
        br_buf_put(&b, "", 1);
        assert_ok(br_jwk_parse(json((const char *)b.p), &back, &err));
        assert_true(br_key_eq(&k.key, &back.key));
        assert_true(br_bytes_eq(k.kid, back.kid));
        br_buf_clear(&b);
        br_json_writer_init(&w, &b);
        if (kinds[i] == BR_KEY_RSA) {
            assert_int_equal(
                br_jwk_write_private(&w, &k, key, &err), BR_ERR_UNSUPPORTED);
        } else {
            assert_ok(br_jwk_write_private(&w, &k, key, &err));
            assert_ok(br_json_writer_done(&w, &err));
            br_buf_put(&b, "", 1);
            struct br_json *v = json((const char *)b.p);
            assert_refused(br_jwk_parse(v, &back, &err), JWK_PRIVATE);
            assert_ok(br_jwk_parse_private(v, &back, &again, &err));
            assert_true(br_key_eq(&k.key, br_private_key_public(again)));
            br_private_key_free(again);
        }
        br_buf_fini(&b);
        br_private_key_free(key);
    }
}

struct refusal {
    const char *jwk;
    enum br_rule rule;
};

static const struct refusal refusals[] = {
    {"[]", BR_RULE_JWK_FORM},
    {"\"" P256_X "\"", BR_RULE_JWK_FORM},
    {"{\"kty\":7}", BR_RULE_JWK_FORM},
    {"{}", BR_RULE_JWK_KTY},
    {"{\"kty\":\"ec\"}", BR_RULE_JWK_KTY},
    {"{\"kty\":\"oct\",\"k\":\"AAAA\"}", BR_RULE_JWK_SYMMETRIC},
    {"{\"kty\":\"EC\"}", BR_RULE_JWK_CRV},
    {"{\"kty\":\"EC\",\"crv\":\"P-192\"}", BR_RULE_JWK_CRV},
    {"{\"kty\":\"EC\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"}",
     BR_RULE_JWK_CRV},
    {"{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"" P256_X "\"}",
     BR_RULE_JWK_CRV},
    {"{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"" ED_X "\"}", BR_RULE_JWK_CRV},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "\"}",
     BR_RULE_JWK_FORM},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "\",\"y\":1}",
     BR_RULE_JWK_FORM},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "=\",\"y\":\"" P256_Y
     "\"}",
     BR_RULE_JWK_COORDINATE},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA" P256_X "\",\"y\":\"" P256_Y
     "\"}",
     BR_RULE_JWK_COORDINATE},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBC\",\"y\":\"" P256_Y "\"}",
     BR_RULE_JWK_COORDINATE},
    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qY\"}",
     BR_RULE_JWK_COORDINATE},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "\",\"y\":\"" P256_X
     "\"}",
     BR_RULE_JWK_POINT},
    {"{\"kty\":\"OKP\",\"crv\":\"X25519\","
     "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
     BR_RULE_JWK_POINT},
    {"{\"kty\":\"RSA\",\"n\":\"" RSA_N "\",\"e\":\"Aw\"}", BR_RULE_JWK_RSA},
    {"{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZQ\",\"e\":\"AQAB\"}",
     BR_RULE_JWK_RSA},
    {"{\"kty\":\"RSA\",\"n\":\"AA" RSA_N "\",\"e\":\"AQAB\"}", BR_RULE_JWK_RSA},
    {"{\"kty\":\"RSA\",\"e\":\"AQAB\"}", BR_RULE_JWK_FORM},
    {"{" P256 ",\"d\":\"" P256_D "\"}", BR_RULE_JWK_PRIVATE},
    {"{" P256 ",\"d\":null}", BR_RULE_JWK_PRIVATE},
    {"{" P256 ",\"k\":\"AAAA\"}", BR_RULE_JWK_PRIVATE},
    {"{" RSA ",\"qi\":\"AAAA\"}", BR_RULE_JWK_PRIVATE},
    {"{" P256 ",\"alg\":\"ES384\"}", BR_RULE_JWK_ALG},
    {"{" P256 ",\"alg\":\"RS256\"}", BR_RULE_JWK_ALG},
    {"{" RSA ",\"alg\":\"ECDH-ES\"}", BR_RULE_JWK_ALG},
    {"{" X25519 ",\"alg\":\"EdDSA\"}", BR_RULE_JWK_ALG},
    {"{" ED ",\"alg\":\"ECDH-ES\"}", BR_RULE_JWK_ALG},
    {"{" P256 ",\"alg\":\"ES256\",\"use\":\"enc\"}", BR_RULE_JWK_USE},
    {"{" P256 ",\"alg\":\"ECDH-ES\",\"use\":\"sig\"}", BR_RULE_JWK_USE},
    {"{" ED ",\"use\":\"enc\"}", BR_RULE_JWK_USE},
    {"{" X25519 ",\"use\":\"sig\"}", BR_RULE_JWK_USE},
    {"{" P256 ",\"use\":true}", BR_RULE_JWK_FORM},
    {"{" P256 ",\"kid\":1}", BR_RULE_JWK_FORM},
    {"{" P256 ",\"key_ops\":\"verify\"}", BR_RULE_JWK_KEY_OPS},
    {"{" P256 ",\"key_ops\":[1]}", BR_RULE_JWK_KEY_OPS},
    {"{" P256 ",\"key_ops\":[\"verify\",\"verify\"]}", BR_RULE_JWK_KEY_OPS},
    {"{" P256 ",\"key_ops\":[\"x\",\"x\"]}", BR_RULE_JWK_KEY_OPS},
    {"{" P256 ",\"key_ops\":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}",
     BR_RULE_JWK_KEY_OPS},
    {"{" P256 ",\"use\":\"sig\",\"key_ops\":[\"deriveKey\"]}",
     BR_RULE_JWK_KEY_OPS},
    {"{" P256 ",\"use\":\"enc\",\"key_ops\":[\"verify\"]}",
     BR_RULE_JWK_KEY_OPS},
};

static void
each_rule_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct br_jwk k;
        const struct br_rule_info *r = br_rule_info(refusals[i].rule);
        enum br_rc rc = br_jwk_parse(json(refusals[i].jwk), &k, &err);
        if (rc != r->rc || br_rule_of(&err) != r) {
            fail_msg(
                "%s: %d \"%s\", not %s", refusals[i].jwk, (int)rc, err.text,
                r->slug);
        }
    }
}

static void
what_is_not_understood_is_passed_over(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "{" P256 ",\"x5t\":1,\"exp\":2,\"more\":{}}",
        "{" P256 ",\"alg\":\"ES256-of-tomorrow\"}",
        "{" P256 ",\"key_ops\":[\"verify\",\"dance\"]}",
        "{" P256 ",\"key_ops\":[]}",
        "{" P256 ",\"use\":\"sig\",\"key_ops\":[\"verify\"]}",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct br_jwk k;
        assert_ok(br_jwk_parse(json(cases[i]), &k, &err));
    }
}

static void
a_key_does_what_it_is_for(void **state)
{
    (void)state;
    static const struct {
        const char *jwk;
        int verify; /**< a rule, or -1: it may */
        int encrypt;
    } cases[] = {
        {"{" P256 "}", -1, -1},
        {"{" P256 ",\"use\":\"sig\"}", -1, BR_RULE_JWK_USE},
        {"{" P256 ",\"use\":\"enc\"}", BR_RULE_JWK_USE, -1},
        {"{" P256 ",\"use\":\"other\"}", BR_RULE_JWK_USE, BR_RULE_JWK_USE},
        {"{" P256 ",\"alg\":\"ES256\"}", -1, BR_RULE_JWK_ALG},
        {"{" P256 ",\"alg\":\"ECDH-ES\"}", BR_RULE_JWK_ALG, -1},
        {"{" P256 ",\"alg\":\"unheard\"}", BR_RULE_JWK_ALG, BR_RULE_JWK_ALG},
        {"{" P256 ",\"key_ops\":[\"verify\"]}", -1, BR_RULE_JWK_KEY_OPS},
        {"{" P256 ",\"key_ops\":[\"deriveBits\"]}", BR_RULE_JWK_KEY_OPS, -1},
        {"{" P256 ",\"key_ops\":[\"sign\"]}", BR_RULE_JWK_KEY_OPS,
         BR_RULE_JWK_KEY_OPS},
        {"{" RSA "}", BR_RULE_JWS_KEY, BR_RULE_JWE_KEY},
        {"{" ED "}", BR_RULE_JWS_KEY, BR_RULE_JWE_KEY},
        {"{" X25519 "}", BR_RULE_JWS_KEY, -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct br_jwk k;
        assert_ok(br_jwk_parse(json(cases[i].jwk), &k, &err));
        for (int enc = 0; enc < 2; enc++) {
            int want = enc ? cases[i].encrypt : cases[i].verify;
            enum br_rc rc = enc ? br_jwk_check_encrypt(&k, "ECDH-ES", &err)
                                : br_jwk_check_verify(&k, BR_ALG_ES256, &err);
            if (want < 0) {
                assert_int_equal(rc, BR_OK);
            } else {
                assert_int_not_equal(rc, BR_OK);
                assert_ptr_equal(
                    br_rule_of(&err), br_rule_info((enum br_rule)want));
            }
        }
    }
}

/** RFC 7517 appendix A.2 (P-256), RFC 8037 appendix A.1, RFC 7520 section 3.4.
 */
static void
private_keys_belong_to_their_public_half(void **state)
{
    (void)state;
    static const char *const good[] = {
        "{" P256 ",\"d\":\"" P256_D "\"}",
        "{" ED ",\"d\":\"" ED_D "\"}",
    };
    static const char *const bad[] = {
        "{" P256 ",\"d\":\"" ED_D "\"}",
        "{" ED ",\"d\":\"" P256_D "\"}",
        "{" P256 ",\"d\":\"AAAA\"}",
        "{" RSA ",\"d\":\"AAAA\",\"p\":\"AAAA\",\"q\":\"AAAA\",\"dp\":\"AAAA\","
        "\"dq\":\"AAAA\",\"qi\":\"AAAA\"}",
    };
    struct br_jwk k;
    struct br_private_key *key = NULL;
    for (size_t i = 0; i < 2; i++) {
        assert_ok(br_jwk_parse_private(json(good[i]), &k, &key, &err));
        assert_true(br_key_eq(&k.key, br_private_key_public(key)));
        br_private_key_free(key);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_refused(
            br_jwk_parse_private(json(bad[i]), &k, &key, &err), JWK_SECRET);
    }
    assert_refused(
        br_jwk_parse_private(json("{" P256 "}"), &k, &key, &err), JWK_FORM);
}

static void
every_rule_has_its_own_name_and_place(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BR_RULES; i++) {
        const struct br_rule_info *a = br_rule_info((enum br_rule)i);
        assert_true(strlen(a->slug) < 30 && strlen(a->document) > 0);
        assert_int_not_equal(a->rc, BR_ERR_INTERNAL);
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(
                a->slug, br_rule_info((enum br_rule)j)->slug);
        }
    }
    char out[BR_RULE_QUOTE_BYTES];
    assert_string_equal(
        br_rule_quote(br_str("a\nb\x7f\xc3\xa0"), out), "a?b???");
    assert_string_equal(
        br_rule_quote(br_str("0123456789012345678901234567890123456789"), out),
        "012345678901234567890123456789012345...");
    err.text[0] = '\0';
    assert_null(br_rule_of(&err));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thumbprints_are_as_published),
        cmocka_unit_test(every_kind_is_read_back_as_written),
        cmocka_unit_test(each_rule_refuses),
        cmocka_unit_test(what_is_not_understood_is_passed_over),
        cmocka_unit_test(a_key_does_what_it_is_for),
        cmocka_unit_test(private_keys_belong_to_their_public_half),
        cmocka_unit_test(every_rule_has_its_own_name_and_place),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
