/*
 * OpenID Connect as a relying party: what is sent, and every rule by which an
 * answer is refused.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "orchestrator/core/oidc.h"
#include "tests/unit/credential/support.h"

enum { NOW = 1800000000 };

#define ISSUER "https://login.example.org/realm"
#define NONCE  "n-0S6_WzA2Mj"
#define L2     "https://www.spid.gov.it/SpidL2"

static struct br_private_key *key;
static struct br_private_key *other;
static struct br_oidc_provider provider;
static struct br_oidc_client client;
static const struct br_json *keys;

/** The set: {"keys": [what does not count, ours as k1, another as k2]}. */
static const struct br_json *
a_set(const char *first, const char *second)
{
    struct br_json_writer w;
    struct br_buf b;
    const struct br_jwk a = {
        .key = *br_private_key_public(key), .kid = br_str(first)};
    const struct br_jwk c = {
        .key = *br_private_key_public(other), .kid = br_str(second)};
    br_buf_init(&b, 4096);
    br_buf_puts(&b, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"},7,");
    br_json_writer_init(&w, &b);
    br_jwk_write(&w, &a);
    br_buf_puts(&b, ",");
    br_json_writer_init(&w, &b);
    br_jwk_write(&w, &c);
    br_buf_puts(&b, "]}");
    char *copy = br_arena_copy(&arena, br_buf_bytes(&b));
    br_buf_fini(&b);
    assert_non_null(copy);
    return json(copy);
}

static int
begin(void **state)
{
    (void)setup(state);
    br_arena_fini(&arena);
    br_arena_init(&arena, 64u * 1024 * 1024);
    assert_ok(br_private_key_generate(BR_KEY_P256, &key, &err));
    assert_ok(br_private_key_generate(BR_KEY_P256, &other, &err));
    provider = (struct br_oidc_provider){
        .issuer = br_str(ISSUER),
        .authorization = br_str("https://login.example.org/authorize?t=1"),
        .end_session = br_str("https://login.example.org/end"),
    };
    client = (struct br_oidc_client){
        .id = br_str("desk"),
        .redirect_uri = br_str("https://desk.example.org/back?x"),
        .scope = br_str("openid"),
        .claim = br_str("sub"),
    };
    keys = a_set("k1", "k2");
    return 0;
}

static int
end(void **state)
{
    br_private_key_free(key);
    br_private_key_free(other);
    return teardown(state);
}

/* ---- metadata ----------------------------------------------------------- */

#define ENDPOINTS                                \
    "\"authorization_endpoint\":\"https://a/\"," \
    "\"token_endpoint\":\"https://t/\",\"jwks_uri\":\"https://j/\""

static void
metadata_is_of_the_issuer_that_was_asked(void **state)
{
    (void)state;
    struct br_oidc_provider p;
    const char *good = "{\"issuer\":\"" ISSUER "\"," ENDPOINTS
                       ",\"authorization_response_iss_parameter_supported\":"
                       "true,\"x\":[]}";
    assert_ok(br_oidc_provider_parse(json(good), br_str(ISSUER), &p, &err));
    assert_true(p.tells_iss);
    assert_int_equal(p.userinfo.n, 0);
    assert_refused(
        br_oidc_provider_parse(json(good), br_str(ISSUER "/"), &p, &err),
        OIDC_ISSUER);
    assert_refused(
        br_oidc_provider_parse(json("[]"), br_str(ISSUER), &p, &err),
        OIDC_METADATA);
    assert_refused(
        br_oidc_provider_parse(
            json("{\"issuer\":\"" ISSUER "\"}"), br_str(ISSUER), &p, &err),
        OIDC_METADATA);
    assert_refused(
        br_oidc_provider_parse(
            json("{\"issuer\":7," ENDPOINTS "}"), br_str(ISSUER), &p, &err),
        OIDC_METADATA);
}

static void
an_answer_is_of_the_provider_that_was_asked(void **state)
{
    (void)state;
    struct br_oidc_provider p = provider;
    assert_ok(br_oidc_check_iss(&p, br_bytes(NULL, 0), &err));
    assert_ok(br_oidc_check_iss(&p, br_str(ISSUER), &err));
    assert_refused(
        br_oidc_check_iss(&p, br_str("https://evil.example"), &err), OIDC_MIX);
    p.tells_iss = true;
    assert_ok(br_oidc_check_iss(&p, br_str(ISSUER), &err));
    assert_refused(br_oidc_check_iss(&p, br_bytes(NULL, 0), &err), OIDC_MIX);
}

/* ---- what is sent ------------------------------------------------------- */

static const struct br_oidc_login login = {
    {(const uint8_t *)"st", 2}, {(const uint8_t *)"no", 2}, {NULL, 0}};

static char *
request(const struct br_oidc_provider *p, const struct br_oidc_client *c)
{
    struct br_oidc_login l = login;
    struct br_buf b;
    l.verifier = br_str("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    br_buf_init(&b, 8192);
    assert_ok(br_oidc_put_request(p, c, &l, &b, &err));
    char *text = br_arena_copy(&arena, br_buf_bytes(&b));
    br_buf_fini(&b);
    return text;
}

static void
a_request_has_state_nonce_and_challenge(void **state)
{
    (void)state;
    /* The challenge is RFC 7636 appendix B's. */
    assert_string_equal(
        request(&provider, &client),
        "https://login.example.org/authorize?t=1&response_type=code"
        "&client_id=desk&redirect_uri=https%3A%2F%2Fdesk.example.org%2Fback%3Fx"
        "&scope=openid&state=st&nonce=no"
        "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        "&code_challenge_method=S256");
}

static void
a_claim_is_asked_for_where_that_is_understood(void **state)
{
    (void)state;
    struct br_oidc_provider p = provider;
    struct br_oidc_client c = client;
    c.kind = BR_OIDC_EMAIL;
    c.claim = br_str(br_oidc_kind_claim(BR_OIDC_EMAIL));
    c.acr = br_str(L2);
    assert_null(strstr(request(&p, &c), "claims="));
    assert_non_null(strstr(request(&p, &c), "acr_values=https%3A%2F%2Fwww"));
    p.takes_claims = true;
    assert_non_null(strstr(
        request(&p, &c),
        "claims=%7B%22id_token%22%3A%7B%22email%22%3A%7B%22essential%22%3Atrue"
        "%7D%2C%22email_verified%22%3A"));
}

static void
a_logout_carries_no_token(void **state)
{
    (void)state;
    struct br_buf b;
    br_buf_init(&b, 1024);
    assert_ok(br_oidc_put_logout(
        &provider, &client, br_str("https://desk.example.org/"), &b, &err));
    br_buf_put(&b, "", 1);
    assert_string_equal(
        (const char *)b.p, "https://login.example.org/end?client_id=desk"
                           "&post_logout_redirect_uri=https%3A%2F%2F"
                           "desk.example.org%2F");
    br_buf_fini(&b);
}

static void
an_assertion_says_who_for_whom_and_for_how_long(void **state)
{
    (void)state;
    const struct br_oidc_assertion a = {
        .client = br_str("desk"),
        .audience = br_str("https://t/"),
        .id = br_str("j"),
        .now_s = NOW,
        .alg = BR_ALG_ES256,
        .kid = br_str("k1"),
    };
    const struct br_jws_policy policy = {
        .algs = BR_ALG_ES256, .sources = BR_KEY_BY_KID};
    struct br_jws j;
    struct br_bytes payload;
    struct br_buf b;
    br_buf_init(&b, 4096);
    assert_ok(br_oidc_assertion_sign(&a, key, &b, &err));
    assert_ok(br_jws_parse(br_buf_bytes(&b), &policy, &arena, &j, &err));
    assert_ok(br_jws_verify(&j, br_private_key_public(key), &payload, &err));
    assert_true(br_bytes_eq(
        payload,
        br_str("{\"iss\":\"desk\",\"sub\":\"desk\",\"aud\":\"https://t/\","
               "\"jti\":\"j\",\"iat\":1800000000,\"exp\":1800000060}")));
    br_buf_fini(&b);
}

/* ---- ID tokens ---------------------------------------------------------- */

static struct br_bytes
token(const char *typ, const char *kid, const char *claims)
{
    const struct br_jws_header header = {
        .alg = BR_ALG_ES256,
        .typ = typ,
        .kid = br_str(kid == NULL ? "" : kid),
    };
    struct br_buf b;
    br_buf_init(&b, 65536);
    assert_ok(br_jws_sign(&header, br_str(claims), key, &b, &err));
    struct br_bytes v = br_bytes(br_arena_copy(&arena, br_buf_bytes(&b)), b.n);
    br_buf_fini(&b);
    return v;
}

static struct br_oidc_expected
expected(void)
{
    return (struct br_oidc_expected){
        .provider = &provider,
        .client = &client,
        .keys = keys,
        .nonce = br_str(NONCE),
        .access_token = br_str("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
        .now_s = NOW,
    };
}

#define BASE                                                   \
    "\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1800000300," \
    "\"iat\":1800000000"
#define FOR_US "\"aud\":\"desk\",\"nonce\":\"" NONCE "\""

static enum br_rc
check(const char *typ, const char *kid, const char *claims)
{
    const struct br_oidc_expected x = expected();
    const struct br_json *v = NULL;
    return br_oidc_id_token(token(typ, kid, claims), &x, &arena, &v, &err);
}

static void
a_token_that_is_right_is_believed(void **state)
{
    (void)state;
    assert_ok(check("JWT", "k1", "{" BASE "," FOR_US "}"));
    assert_ok(check(NULL, "k1", "{" BASE "," FOR_US "}"));
    assert_ok(check("application/jwt", "k1", "{" BASE "," FOR_US "}"));
    assert_ok(check(
        "JWT", "k1",
        "{" BASE ",\"aud\":[\"desk\"],\"azp\":\"desk\",\"nonce\":\"" NONCE
        "\"}"));
    /* Core appendix A.3's access token and its hash. */
    assert_ok(check(
        "JWT", "k1",
        "{" BASE "," FOR_US ",\"at_hash\":\"77QmUPtjPfzWtF2AnpK9RQ\"}"));
}

static void
each_claim_meets_its_rule(void **state)
{
    (void)state;
    static const struct {
        const char *claims;
        enum br_rule rule;
    } cases[] = {
        {"[]", BR_RULE_OIDC_CLAIMS},
        {"{" FOR_US "}", BR_RULE_OIDC_CLAIMS},
        {"{" BASE "," FOR_US ",\"acr\":7}", BR_RULE_OIDC_CLAIMS},
        {"{\"iss\":\"" ISSUER "\",\"sub\":\"\",\"exp\":1800000300,"
         "\"iat\":1800000000," FOR_US "}",
         BR_RULE_OIDC_CLAIMS},
        {"{\"iss\":\"" ISSUER "/\",\"sub\":\"s\",\"exp\":1800000300,"
         "\"iat\":1800000000," FOR_US "}",
         BR_RULE_OIDC_ISS},
        {"{" BASE ",\"nonce\":\"" NONCE "\"}", BR_RULE_OIDC_AUD},
        {"{" BASE ",\"aud\":\"other\"}", BR_RULE_OIDC_AUD},
        {"{" BASE ",\"aud\":[]}", BR_RULE_OIDC_AUD},
        {"{" BASE ",\"aud\":[\"desk\",\"other\"],\"azp\":\"desk\"}",
         BR_RULE_OIDC_AUD},
        {"{" BASE ",\"aud\":[\"desk\",7]}", BR_RULE_OIDC_AUD},
        {"{" BASE "," FOR_US ",\"azp\":\"other\"}", BR_RULE_OIDC_AZP},
        {"{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1799999940,"
         "\"iat\":1799999900," FOR_US "}",
         BR_RULE_OIDC_EXP},
        {"{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1800000300,"
         "\"iat\":1800000061," FOR_US "}",
         BR_RULE_OIDC_IAT},
        {"{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":1800000300,"
         "\"iat\":1799999399," FOR_US "}",
         BR_RULE_OIDC_IAT},
        {"{" BASE "," FOR_US ",\"nbf\":1800000061}", BR_RULE_OIDC_IAT},
        {"{" BASE ",\"aud\":\"desk\"}", BR_RULE_OIDC_NONCE},
        {"{" BASE ",\"aud\":\"desk\",\"nonce\":\"n\"}", BR_RULE_OIDC_NONCE},
        {"{" BASE "," FOR_US ",\"at_hash\":\"77QmUPtjPfzWtF2AnpK9RR\"}",
         BR_RULE_OIDC_AT_HASH},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum br_rc rc = check("JWT", "k1", cases[i].claims);
        const struct br_rule_info *want = br_rule_info(cases[i].rule);
        if (rc != want->rc || br_rule_of(&err) != want) {
            fail_msg("%s: \"%s\"", cases[i].claims, err.text);
        }
    }
}

static void
each_level_is_one_of_those_asked_for(void **state)
{
    (void)state;
    client.acr = br_str(L2 " https://www.spid.gov.it/SpidL3");
    assert_ok(check("JWT", "k1", "{" BASE "," FOR_US ",\"acr\":\"" L2 "\"}"));
    assert_ok(check(
        "JWT", "k1",
        "{" BASE "," FOR_US ",\"acr\":\"https://www.spid.gov.it/SpidL3\"}"));
    static const char *const bad[] = {
        "{" BASE "," FOR_US "}",
        "{" BASE "," FOR_US ",\"acr\":\"https://www.spid.gov.it/SpidL1\"}",
        "{" BASE "," FOR_US ",\"acr\":\"https://www.spid.gov.it/Spid\"}",
        "{" BASE "," FOR_US ",\"acr\":\"" L2 " \"}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused(check("JWT", "k1", bad[i]), OIDC_ACR);
    }
    client.acr = br_bytes(NULL, 0);
}

static void
the_key_is_the_providers(void **state)
{
    (void)state;
    static const char good[] = "{" BASE "," FOR_US "}";
    assert_refused(check("JWT", "k2", good), JWS_SIGNATURE);
    assert_refused(check("JWT", "k3", good), OIDC_KEY);
    /* Without a kid, of two that fit nobody knows which. */
    assert_refused(check("JWT", NULL, good), OIDC_KEY);
    keys = a_set("k1", "k1");
    assert_refused(check("JWT", "k1", good), OIDC_KEY);
    keys = json("{\"keys\":{}}");
    assert_refused(check("JWT", "k1", good), OIDC_KEYS);
    keys = a_set("k1", "k2");
    assert_refused(check("at+jwt", "k1", good), JWS_TYP);
}

/* ---- who it is ---------------------------------------------------------- */

static void
somebody_is_told_in_one_form(void **state)
{
    (void)state;
    char who[BR_OIDC_IDENTITY_BYTES + 1];
    struct br_oidc_client c = client;
    assert_ok(br_oidc_identity(json("{\"sub\":\"aB\"}"), &c, who, &err));
    assert_string_equal(who, "aB");
    c.kind = BR_OIDC_TAX_CODE;
    c.claim = br_str("cf");
    assert_ok(br_oidc_identity(
        json("{\"cf\":\"tinit-rssmra80a01h501u\"}"), &c, who, &err));
    assert_string_equal(who, "RSSMRA80A01H501U");
    assert_int_equal(
        br_oidc_identity(json("{\"sub\":\"s\"}"), &c, who, &err),
        BR_ERR_NOT_FOUND);
    assert_refused(
        br_oidc_identity(json("{\"cf\":7}"), &c, who, &err), OIDC_IDENTITY);
    assert_refused(
        br_oidc_identity(json("{\"cf\":\"\"}"), &c, who, &err), OIDC_IDENTITY);
    assert_refused(
        br_oidc_identity(json("{\"cf\":\"R\\u0000\"}"), &c, who, &err),
        OIDC_IDENTITY);
    c.kind = BR_OIDC_EMAIL;
    c.claim = br_str("email");
    assert_ok(br_oidc_identity(
        json("{\"email\":\"A@B.it\",\"email_verified\":true}"), &c, who, &err));
    assert_string_equal(who, "a@b.it");
    assert_refused(
        br_oidc_identity(json("{\"email\":\"a@b.it\"}"), &c, who, &err),
        OIDC_IDENTITY);
    assert_refused(
        br_oidc_identity(
            json("{\"email\":\"a@b.it\",\"email_verified\":\"true\"}"), &c, who,
            &err),
        OIDC_IDENTITY);
}

static enum br_rc
ask(struct br_bytes body, bool is_jwt)
{
    const struct br_oidc_expected x = expected();
    const struct br_oidc_info info = {body, is_jwt};
    const struct br_json *v = NULL;
    return br_oidc_userinfo(&info, br_str("s"), &x, &arena, &v, &err);
}

static void
userinfo_is_about_the_same_person(void **state)
{
    (void)state;
    assert_ok(ask(br_str("{\"sub\":\"s\"}"), false));
    assert_refused(ask(br_str("{\"sub\":\"t\"}"), false), OIDC_SUB);
    assert_refused(ask(br_str("{}"), false), OIDC_SUB);
    assert_refused(ask(br_str("<html>"), false), OIDC_CLAIMS);
    assert_ok(
        ask(token("JWT", "k1", "{\"sub\":\"s\",\"aud\":\"desk\"}"), true));
    assert_refused(
        ask(token("JWT", "k1", "{\"sub\":\"s\",\"aud\":\"other\"}"), true),
        OIDC_AUD);
    assert_refused(
        ask(token("JWT", "k1", "{\"sub\":\"s\",\"iss\":\"i\"}"), true),
        OIDC_ISS);
    assert_refused(
        ask(token("JWT", "k2", "{\"sub\":\"s\"}"), true), JWS_SIGNATURE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metadata_is_of_the_issuer_that_was_asked),
        cmocka_unit_test(an_answer_is_of_the_provider_that_was_asked),
        cmocka_unit_test(a_request_has_state_nonce_and_challenge),
        cmocka_unit_test(a_claim_is_asked_for_where_that_is_understood),
        cmocka_unit_test(a_logout_carries_no_token),
        cmocka_unit_test(an_assertion_says_who_for_whom_and_for_how_long),
        cmocka_unit_test(a_token_that_is_right_is_believed),
        cmocka_unit_test(each_claim_meets_its_rule),
        cmocka_unit_test(each_level_is_one_of_those_asked_for),
        cmocka_unit_test(the_key_is_the_providers),
        cmocka_unit_test(somebody_is_told_in_one_form),
        cmocka_unit_test(userinfo_is_about_the_same_person),
    };
    return cmocka_run_group_tests_name("orchestrator_oidc", tests, begin, end);
}
