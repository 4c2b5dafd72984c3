/*
 * DIDs: published ones, each rule, and keys there and back.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/sd_support.h"

#include "common/codec/base58.h"
#include "common/credential/did.h"

/* did:key method 0.9, section 5; did:jwk, section 3.1. */
#define ED25519   "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
#define SECP256K1 "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"
#define P256      "did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv"
#define JWK                                                                    \
    "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pF" \
    "akoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00Nkdx" \
    "R"                                                                        \
    "Ho4d2Y3NEk1TEtncmwyR3pIM25TRSJ9"

static enum br_rc
key_of(const char *text, struct br_jwk *ret)
{
    struct br_did did;
    BR_TRY(br_did_parse(br_str(text), &did, &err));
    return br_did_own_key(&did, &arena, ret, &err);
}

static void
published_identifiers_are_keys_and_made_again(void **state)
{
    (void)state;
    static const struct {
        const char *did;
        enum br_key_kind kind;
    } all[] = {
        {ED25519, BR_KEY_ED25519},
        {SECP256K1, BR_KEY_SECP256K1},
        {P256, BR_KEY_P256},
    };
    for (size_t i = 0; i < 3; i++) {
        struct br_jwk k = {0};
        struct br_buf b;
        assert_ok(key_of(all[i].did, &k));
        assert_int_equal(k.key.kind, all[i].kind);
        br_buf_init(&b, 4096);
        assert_ok(br_did_key_put(&b, &k.key, false, &err));
        assert_true(br_bytes_eq(br_buf_bytes(&b), br_str(all[i].did)));
        br_buf_fini(&b);
    }
    struct br_jwk k = {0};
    assert_ok(key_of(JWK "#0", &k));
    assert_int_equal(k.key.kind, BR_KEY_P256);
    assert_string_equal(
        b64(br_key_x(&k.key)), "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0");
}

static void
every_kind_of_key_goes_there_and_back(void **state)
{
    (void)state;
    for (int kind = BR_KEY_P256; kind <= BR_KEY_RSA; kind++) {
        for (int form = 0; form < 3; form++) {
            struct br_private_key *key = NULL;
            struct br_jwk k = {0};
            struct br_buf b;
            br_buf_init(&b, 8192);
            assert_ok(
                br_private_key_generate((enum br_key_kind)kind, &key, &err));
            const struct br_key *public = br_private_key_public(key);
            assert_ok(
                form == 2 ? br_did_jwk_put(&b, public, &err)
                          : br_did_key_put(&b, public, form == 1, &err));
            assert_ok(key_of((const char *)kept(&b).p, &k));
            assert_true(br_key_eq(&k.key, public));
            br_buf_fini(&b);
            br_private_key_free(key);
        }
    }
}

/* ---- each rule ---------------------------------------------------------- */

static void
each_identifier_meets_its_rule(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rule;
    } all[] = {
        {"did:web:example.org", -1},
        {"did:ebsi:zabc#key-1", -1},
        {"did:x:a::b", -1},
        {"did:x:a%20b", -1},
        {"", BR_RULE_DID_FORM},
        {"did:", BR_RULE_DID_FORM},
        {"did:web", BR_RULE_DID_FORM},
        {"did:web:", BR_RULE_DID_FORM},
        {"did::x", BR_RULE_DID_FORM},
        {"did:Web:x", BR_RULE_DID_FORM},
        {"DID:web:x", BR_RULE_DID_FORM},
        {"did:web:x:", BR_RULE_DID_FORM},
        {"did:web:x/path", BR_RULE_DID_FORM},
        {"did:web:x?q", BR_RULE_DID_FORM},
        {"did:web:x y", BR_RULE_DID_FORM},
        {"did:web:x#a#b", BR_RULE_DID_FORM},
        {"did:web:x#a b", BR_RULE_DID_FORM},
        {"did:web:x%", BR_RULE_DID_FORM},
        {"did:web:x%2", BR_RULE_DID_FORM},
        {"did:web:x%zz", BR_RULE_DID_FORM},
        {"https://example.org", BR_RULE_DID_FORM},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct br_did did;
        assert_meets(
            br_did_parse(br_str(all[i].text), &did, &err), all[i].rule,
            all[i].text);
    }
    static char long_text[BR_DID_BYTES_MAX + 2] = "did:x:";
    struct br_did did;
    memset(long_text + 6, 'a', sizeof(long_text) - 7);
    assert_refused(br_did_parse(br_str(long_text), &did, &err), DID_FORM);
}

/** did:key of any bytes. */
static const char *
multibase(const void *p, size_t n)
{
    struct br_buf b;
    br_buf_init(&b, 4096);
    br_buf_puts(&b, "did:key:z");
    br_base58_put(&b, br_bytes(p, n));
    const char *out = (const char *)kept(&b).p;
    br_buf_fini(&b);
    return out;
}

#define CANONICAL                                                            \
    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"acbIQiuMs3i8_uszEjJ2tpTtRM4E" \
    "U3yz91PH6CdH2V0\",\"y\":\"_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE\"}"

static void
each_key_in_an_identifier_meets_its_rule(void **state)
{
    (void)state;
    struct br_jwk k;
    static const char *const bad[] = {
        "did:key:u6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "did:key:z",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2do0",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2do",
        "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"};
    for (size_t i = 0; i < 5; i++) {
        assert_refused(key_of(bad[i], &k), DID_KEY);
    }
    /* a varint that is longer than it must be: the same key by another name */
    uint8_t raw[64] = {0xed, 0x81, 0x00};
    assert_refused(key_of(multibase(raw, 35), &k), DID_KEY);
    raw[0] = 0xff;
    raw[1] = raw[2] = 0xff;
    assert_refused(key_of(multibase(raw, 35), &k), DID_KEY);
    /* a point that is on no curve: x = 5 has no y on P-256 */
    memset(raw, 0, sizeof(raw));
    raw[0] = 0x80;
    raw[1] = 0x24;
    raw[2] = 2;
    raw[34] = 7;
    assert_refused(key_of(multibase(raw, 35), &k), DID_KEY);
    static const char good[] = "\xd1\xd6\x03" CANONICAL;
    assert_ok(key_of(multibase(good, sizeof(good) - 1), &k));
    static const char spaced[] = "\xd1\xd6\x03 " CANONICAL;
    assert_refused(key_of(multibase(spaced, sizeof(spaced) - 1), &k), DID_KEY);
    static const char no_json[] = "\xd1\xd6\x03{";
    assert_refused(
        key_of(multibase(no_json, sizeof(no_json) - 1), &k), DID_KEY);
    static const char secret[] = "\xd1\xd6\x03{\"k\":\"AAAA\",\"kty\":\"oct\"}";
    assert_refused(
        key_of(multibase(secret, sizeof(secret) - 1), &k), JWK_SYMMETRIC);
    assert_refused(key_of("did:jwk:e30=", &k), DID_FORM);
    assert_refused(key_of("did:jwk:e31", &k), DID_JWK);
    assert_refused(key_of("did:jwk:eyI", &k), DID_JWK);
    assert_refused(key_of("did:jwk:e30", &k), JWK_KTY);
    assert_refused(key_of(JWK "#1", &k), DID_METHOD);
    assert_refused(key_of(P256 "#zOther", &k), DID_METHOD);
    assert_ok(
        key_of(P256 "#zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv", &k));
    assert_int_equal(key_of("did:web:example.org", &k), BR_ERR_UNSUPPORTED);
    assert_int_equal(key_of("did:ebsi:zabc", &k), BR_ERR_UNSUPPORTED);
}

static void
documents_of_did_web_lie_where_it_says(void **state)
{
    (void)state;
    static const struct {
        const char *did;
        const char *url; /**< NULL: refused */
    } all[] = {
        {"did:web:w3c-ccg.github.io",
         "https://w3c-ccg.github.io/.well-known/did.json"},
        {"did:web:w3c-ccg.github.io:user:alice",
         "https://w3c-ccg.github.io/user/alice/did.json"},
        {"did:web:example.com%3A3000",
         "https://example.com:3000/.well-known/did.json"},
        {"did:web:example.com%3a3000:user:alice",
         "https://example.com:3000/user/alice/did.json"},
        {"did:web:localhost%3A8443",
         "https://localhost:8443/.well-known/did.json"},
        {"did:web:127.0.0.1", NULL},
        {"did:web:10.0.0.1%3A80", NULL},
        {"did:web:2130706433", NULL},
        {"did:web:example.com.", NULL},
        {"did:web:.example.com", NULL},
        {"did:web:a..b", NULL},
        {"did:web::a", NULL},
        {"did:web:a_b", NULL},
        {"did:web:%3A80", NULL},
        {"did:web:example.com%3A", NULL},
        {"did:web:example.com%3A0", NULL},
        {"did:web:example.com%3A65536", NULL},
        {"did:web:example.com%3A80%3A81", NULL},
        {"did:web:example.com%3Aevil", NULL},
        {"did:web:example.com%40evil.com", NULL},
        {"did:web:example.com%2Fa", NULL},
        {"did:web:example.com:..:a", NULL},
        {"did:web:example.com:.:a", NULL},
        {"did:web:example.com::a", NULL},
        {"did:web:example.com:a%2Fb", NULL},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct br_did did;
        struct br_buf b;
        br_buf_init(&b, 4096);
        assert_ok(br_did_parse(br_str(all[i].did), &did, &err));
        assert_meets(
            br_did_web_url(&did, &b, &err),
            all[i].url == NULL ? BR_RULE_DID_WEB : -1, all[i].did);
        if (all[i].url != NULL) {
            assert_true(br_bytes_eq(br_buf_bytes(&b), br_str(all[i].url)));
        }
        br_buf_fini(&b);
    }
}

/* ---- documents ---------------------------------------------------------- */

#define DOCUMENT                                                               \
    "{\"id\":\"did:web:a.example\",\"verificationMethod\":[{\"id\":\"did:web:" \
    "a."                                                                       \
    "example#k1\",\"publicKeyJwk\":" CANONICAL "},{\"id\":\"#k2\","            \
    "\"publicKeyJwk\":" CANONICAL "},{\"id\":\"#k3\"}],\"assertionMethod\":["  \
    "\"did:web:a.example#k1\",\"#k3\",\"#gone\",\"did:web:b.example#k1\"],"    \
    "\"authentication\":[{\"id\":\"did:web:a.example#k4\","                    \
    "\"publicKeyJwk\":" CANONICAL "}],\"keyAgreement\":\"#k2\"}"

static void
a_key_is_listed_for_what_it_does(void **state)
{
    (void)state;
    static const struct {
        const char *kid;
        const char *relationship;
        int rule;
    } all[] = {
        {"did:web:a.example#k1", "assertionMethod", -1},
        {"#k1", "assertionMethod", -1},
        {"k1", "assertionMethod", -1},
        {"#k4", "authentication", -1},
        {"", "authentication", -1},
        {"", "assertionMethod", BR_RULE_DID_METHOD},
        {"#k2", "assertionMethod", BR_RULE_DID_METHOD},
        {"#k1", "authentication", BR_RULE_DID_METHOD},
        {"#k3", "assertionMethod", BR_RULE_DID_METHOD},
        {"#gone", "assertionMethod", BR_RULE_DID_METHOD},
        {"did:web:b.example#k1", "assertionMethod", BR_RULE_DID_METHOD},
        {"did:web:a.example", "assertionMethod", BR_RULE_DID_METHOD},
        {"#", "assertionMethod", BR_RULE_DID_METHOD},
        {"#k2", "keyAgreement", BR_RULE_DID_METHOD},
        {"#k1", "unheard", BR_RULE_DID_METHOD},
    };
    struct br_did did;
    struct br_jwk k;
    assert_ok(br_did_parse(br_str("did:web:a.example"), &did, &err));
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_meets(
            br_did_document_key(
                json(DOCUMENT), &did, br_str(all[i].kid), all[i].relationship,
                &k, &err),
            all[i].rule, all[i].kid);
    }
    static const char *const others[] = {
        "{}", "[]", "{\"id\":7}", "{\"id\":\"did:web:b.example\"}",
        "{\"id\":\"did:web:a.example#\"}"};
    for (size_t i = 0; i < 5; i++) {
        assert_refused(
            br_did_document_key(
                json(others[i]), &did, br_str("#k1"), "assertionMethod", &k,
                &err),
            DID_DOCUMENT);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_identifiers_are_keys_and_made_again),
        cmocka_unit_test(every_kind_of_key_goes_there_and_back),
        cmocka_unit_test(each_identifier_meets_its_rule),
        cmocka_unit_test(each_key_in_an_identifier_meets_its_rule),
        cmocka_unit_test(documents_of_did_web_lie_where_it_says),
        cmocka_unit_test(a_key_is_listed_for_what_it_does),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, sd_setup, sd_teardown);
}
