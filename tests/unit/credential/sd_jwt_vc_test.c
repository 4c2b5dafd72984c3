/*
 * SD-JWT VC: each rule that refuses one, whose key signed it, and its type's
 * metadata.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/authority.h"
#include "tests/unit/credential/sd_support.h"

#include "common/credential/sd_jwt_vc.h"
#include "common/credential/type_metadata.h"
#include "common/credential/vc_issuer.h"

static enum br_rc
open_vc(struct br_bytes text, struct br_vc *vc)
{
    const struct br_vc_policy policy = {
        .now_s = NOW, .key = br_private_key_public(issuer)};
    BR_TRY(br_vc_open(text, &policy, &arena, vc, &err));
    return br_vc_verify(vc, &policy, &arena, &err);
}

/* ---- each rule ---------------------------------------------------------- */

#define VCT "\"vct\":\"urn:broletto:isee\""

static const struct {
    struct by_hand h;
    int rule;
} cases[] = {
    {{"{" VCT "}", {NULL}}, -1},
    {{"{" VCT ",\"iss\":\"https://i.example\",\"sub\":\"s\",\"iat\":1,\"nbf\":"
      "1800000060,\"exp\":1800000001,\"aka_vcts\":[\"urn:a\",\"urn:b\"]}",
      {NULL}},
     -1},
    {{"{" VCT ",\"_sd\":[\"#0\",\"#1\"]}",
      {"[\"s\",\"sub\",\"x\"]", "[\"s\",\"iat\",1]"}},
     -1},
    {{"{}", {NULL}}, BR_RULE_VC_VCT},
    {{"{\"vct\":\"\"}", {NULL}}, BR_RULE_VC_VCT},
    {{"{\"vct\":7}", {NULL}}, BR_RULE_VC_CLAIM},
    {{"[]", {NULL}}, BR_RULE_SD_PAYLOAD},
    {{"{" VCT ",\"iss\":7}", {NULL}}, BR_RULE_VC_CLAIM},
    {{"{" VCT ",\"sub\":{}}", {NULL}}, BR_RULE_VC_CLAIM},
    {{"{" VCT ",\"_sd\":[\"#0\"]}", {"[\"s\",\"sub\",7]"}}, BR_RULE_VC_CLAIM},
    {{"{" VCT ",\"iat\":\"1\"}", {NULL}}, BR_RULE_VC_CLAIM},
    {{"{" VCT ",\"nbf\":-1}", {NULL}}, BR_RULE_VC_CLAIM},
    {{"{" VCT ",\"exp\":1.5}", {NULL}}, BR_RULE_VC_CLAIM},
    {{"{" VCT ",\"exp\":null}", {NULL}}, BR_RULE_VC_CLAIM},
    {{"{" VCT ",\"vct#integrity\":7}", {NULL}}, BR_RULE_VC_CLAIM},
    {{"{" VCT ",\"aka_vcts\":[]}", {NULL}}, BR_RULE_VC_AKA},
    {{"{" VCT ",\"aka_vcts\":\"urn:a\"}", {NULL}}, BR_RULE_VC_AKA},
    {{"{" VCT ",\"aka_vcts\":[7]}", {NULL}}, BR_RULE_VC_AKA},
    {{"{" VCT ",\"aka_vcts\":[\"urn:broletto:isee\"]}", {NULL}},
     BR_RULE_VC_AKA},
    {{"{" VCT ",\"_sd\":[\"#0\"]}", {"[\"s\",\"iss\",\"x\"]"}},
     BR_RULE_VC_FIXED},
    {{"{" VCT ",\"_sd\":[\"#0\"]}", {"[\"s\",\"nbf\",1]"}}, BR_RULE_VC_FIXED},
    {{"{" VCT ",\"_sd\":[\"#0\"]}", {"[\"s\",\"exp\",1900000000]"}},
     BR_RULE_VC_FIXED},
    {{"{" VCT ",\"_sd\":[\"#0\"]}", {"[\"s\",\"cnf\",{}]"}}, BR_RULE_VC_FIXED},
    {{"{" VCT ",\"_sd\":[\"#0\"]}", {"[\"s\",\"status\",{}]"}},
     BR_RULE_VC_FIXED},
    {{"{" VCT ",\"_sd\":[\"#0\"]}", {"[\"s\",\"vct#integrity\",\"x\"]"}},
     BR_RULE_VC_FIXED},
    {{"{" VCT ",\"cnf\":{\"_sd\":[\"#0\"]}}", {"[\"s\",\"jwk\",{}]"}},
     BR_RULE_VC_FIXED},
    {{"{" VCT ",\"aka_vcts\":[\"urn:a\",{\"...\":\"#0\"}]}",
      {"[\"s\",\"urn:b\"]"}},
     BR_RULE_VC_AKA},
    {{"{" VCT ",\"status\":{\"status_list\":{\"uri\":\"u\",\"_sd\":[\"#0\"]}}}",
      {"[\"s\",\"idx\",1]"}},
     BR_RULE_VC_FIXED},
    {{"{" VCT ",\"status\":7}", {NULL}}, BR_RULE_VC_STATUS},
    {{"{" VCT ",\"status\":{}}", {NULL}}, BR_RULE_VC_STATUS},
    {{"{" VCT ",\"status\":{\"other\":{}}}", {NULL}}, BR_RULE_VC_STATUS},
    {{"{" VCT ",\"status\":{\"status_list\":{\"idx\":0,\"uri\":\"\"}}}",
      {NULL}},
     BR_RULE_VC_STATUS},
    {{"{" VCT ",\"status\":{\"status_list\":{\"idx\":-1,\"uri\":\"u\"}}}",
      {NULL}},
     BR_RULE_VC_STATUS},
    {{"{" VCT ",\"status\":{\"status_list\":{\"idx\":1,\"uri\":\"u\"}}}",
      {NULL}},
     -1},
    {{"{" VCT ",\"cnf\":7}", {NULL}}, BR_RULE_KB_CNF},
    {{"{" VCT ",\"cnf\":{\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}}", {NULL}},
     BR_RULE_KB_CNF},
    {{"{" VCT ",\"exp\":1800000000}", {NULL}}, BR_RULE_VC_EXP},
    {{"{" VCT ",\"exp\":0}", {NULL}}, BR_RULE_VC_EXP},
    {{"{" VCT ",\"nbf\":1800000061}", {NULL}}, BR_RULE_VC_NBF},
    {{"{" VCT ",\"nbf\":18446744073709551615}", {NULL}}, BR_RULE_VC_NBF},
};

static void
each_credential_meets_its_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct br_vc vc;
        char what[256];
        (void)snprintf(
            what, sizeof(what), "case %zu: %s", i, cases[i].h.payload);
        assert_meets(
            open_vc(assemble_typed(&cases[i].h, "dc+sd-jwt"), &vc),
            cases[i].rule, what);
    }
}

static void
a_credential_tells_what_it_says(void **state)
{
    (void)state;
    const struct by_hand h = {
        "{" VCT ",\"aka_vcts\":[\"urn:a\"],\"iss\":\"i\",\"iat\":5,\"nbf\":6,"
        "\"exp\":1900000000,\"status\":{\"status_list\":{\"idx\":9,\"uri\":"
        "\"https://s.example/1\"}},\"_sd\":[\"#0\"]}",
        {"[\"s\",\"sub\",\"x\"]"}};
    struct br_vc vc;
    assert_ok(open_vc(assemble_typed(&h, "dc+sd-jwt"), &vc));
    assert_true(br_vc_is(&vc, br_str("urn:broletto:isee")));
    assert_true(br_vc_is(&vc, br_str("urn:a")));
    assert_false(br_vc_is(&vc, br_str("urn:b")));
    assert_true(br_bytes_eq(vc.subject, br_str("x")));
    assert_true(br_bytes_eq(vc.issuer, br_str("i")));
    assert_int_equal(vc.issued_s, 5);
    assert_int_equal(vc.not_before_s, 6);
    assert_int_equal(vc.expires_s, 1900000000);
    assert_true(vc.has_status && vc.status.index == 9);
    assert_false(vc.has_holder);
}

static void
typ_says_that_it_is_a_credential(void **state)
{
    (void)state;
    const struct by_hand h = {"{" VCT "}", {NULL}};
    struct br_vc vc;
    struct br_vc_policy policy = {
        .now_s = NOW, .key = br_private_key_public(issuer)};
    assert_refused(open_vc(assemble_typed(&h, "JWT"), &vc), JWS_TYP);
    assert_refused(open_vc(assemble_typed(&h, NULL), &vc), JWS_TYP);
    struct br_bytes older = assemble_typed(&h, "vc+sd-jwt");
    assert_refused(open_vc(older, &vc), JWS_TYP);
    policy.older_typ = true;
    assert_ok(br_vc_open(older, &policy, &arena, &vc, &err));
    assert_ok(br_vc_verify(&vc, &policy, &arena, &err));
    policy.key = br_private_key_public(holder);
    assert_ok(br_vc_open(older, &policy, &arena, &vc, &err));
    assert_refused(br_vc_verify(&vc, &policy, &arena, &err), JWS_SIGNATURE);
    policy.algs = BR_ALG_EDDSA;
    assert_refused(br_vc_open(older, &policy, &arena, &vc, &err), JWS_ALG);
}

/* Who looks at what an issuer sent has asked for no binding. */
static void
an_unasked_binding_is_refused(void **state)
{
    (void)state;
    const struct by_hand h = {"{" VCT "}", {NULL}};
    struct br_bytes text = assemble_typed(&h, "dc+sd-jwt");
    struct br_buf b;
    struct br_vc vc;
    struct br_sd_jwt sd;
    bool none[1] = {false};
    const struct br_sd_binding binding = {br_str("a"), br_str("n"), NOW, NULL};
    assert_ok(br_sd_parse(text, &issuer_policy, &arena, &sd, &err));
    br_buf_init(&b, 65536);
    assert_ok(br_sd_present(&sd, none, &binding, holder, &b, &err));
    assert_refused(open_vc(br_buf_bytes(&b), &vc), KB_UNASKED);
    br_buf_fini(&b);
}

/* ---- an issuer with certificates ---------------------------------------- */

static void
a_chain_of_certificates_names_the_issuer(void **state)
{
    (void)state;
    struct certificate root = {
        .name = "Root",
        .constraints = "critical,CA:TRUE",
        .usage = "critical,keyCertSign,cRLSign",
        .from = NOW - 1000,
        .until = NOW + 1000,
    };
    struct certificate leaf = {
        .name = "Comune",
        .issuer = &root,
        .constraints = "critical,CA:FALSE",
        .usage = "critical,digitalSignature",
        .from = NOW - 1000,
        .until = NOW + 1000,
    };
    uint8_t secret[32];
    char pem[8192];
    struct br_private_key *key = NULL;
    struct br_x509_trust *trust = NULL;
    struct br_vc vc;
    struct br_buf b;
    root.key = make_key(NULL);
    leaf.key = make_key(NULL);
    certify(&root);
    certify(&leaf);
    secret_of(leaf.key, secret);
    to_pem(&root, pem);
    assert_ok(br_x509_trust_new(br_str(pem), &trust, &err));
    assert_ok(
        br_private_key_new(BR_KEY_P256, br_bytes(secret, 32), &key, &err));
    const struct br_x5c x = {.count = 1, .der = {br_bytes(leaf.der, leaf.n)}};
    const struct br_jws_header header = {
        .alg = BR_ALG_ES256, .typ = "dc+sd-jwt", .x5c = &x};
    br_buf_init(&b, 65536);
    assert_ok(br_jws_sign(&header, br_str("{" VCT "}"), key, &b, &err));
    br_buf_puts(&b, "~");
    struct br_x5c_policy chain = {.trust = trust, .unix_seconds = NOW};
    const struct br_vc_policy policy = {.now_s = NOW, .x5c = &chain};
    assert_ok(br_vc_open(br_buf_bytes(&b), &policy, &arena, &vc, &err));
    assert_int_equal(vc.sd.jws.sources, BR_KEY_BY_X5C);
    assert_ok(br_vc_verify(&vc, &policy, &arena, &err));
    chain.unix_seconds = NOW + 2000;
    assert_ok(br_vc_open(br_buf_bytes(&b), &policy, &arena, &vc, &err));
    assert_refused(br_vc_verify(&vc, &policy, &arena, &err), X5C_EXPIRED);
    br_buf_fini(&b);
    br_private_key_free(key);
    br_x509_trust_free(trust);
    EVP_PKEY_free(root.key);
    EVP_PKEY_free(leaf.key);
}

/* ---- an issuer with metadata (section 4) -------------------------------- */

static void
metadata_lie_at_the_well_known_address(void **state)
{
    (void)state;
    static const struct {
        const char *iss;
        const char *url; /**< NULL: refused */
    } all[] = {
        {"https://example.com",
         "https://example.com/.well-known/jwt-vc-issuer"},
        {"https://example.com/",
         "https://example.com/.well-known/jwt-vc-issuer"},
        {"https://example.com/tenant/1234",
         "https://example.com/.well-known/jwt-vc-issuer/tenant/1234"},
        {"https://example.com:8443/t/",
         "https://example.com:8443/.well-known/jwt-vc-issuer/t"},
        {"http://example.com", NULL},
        {"https://", NULL},
        {"https:///a", NULL},
        {"https://example.com/?a", NULL},
        {"https://example.com/#a", NULL},
        {"https://user@example.com", NULL},
        {"https://example.com/a b", NULL},
        {"https://example.com\\evil", NULL},
        {"", NULL},
        {"did:web:example.com", NULL},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct br_buf b;
        br_buf_init(&b, 1024);
        enum br_rc rc = br_vc_issuer_url(br_str(all[i].iss), &b, &err);
        assert_meets(rc, all[i].url == NULL ? BR_RULE_VC_ISS : -1, all[i].iss);
        if (all[i].url != NULL) {
            assert_true(br_bytes_eq(br_buf_bytes(&b), br_str(all[i].url)));
        }
        br_buf_fini(&b);
    }
}

static void
metadata_are_of_the_issuer_and_have_keys(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rule;
    } all[] = {
        {"{\"issuer\":\"i\",\"jwks\":{\"keys\":[]},\"more\":1}", -1},
        {"{\"issuer\":\"i\",\"jwks_uri\":\"https://x\"}", -1},
        {"{\"issuer\":\"other\",\"jwks\":{\"keys\":[]}}", BR_RULE_VC_ISSUER},
        {"{\"jwks\":{\"keys\":[]}}", BR_RULE_VC_ISSUER},
        {"[]", BR_RULE_VC_ISSUER},
        {"{\"issuer\":7,\"jwks\":{\"keys\":[]}}", BR_RULE_VC_ISSUER},
        {"{\"issuer\":\"i\"}", BR_RULE_VC_ISSUER_KEYS},
        {"{\"issuer\":\"i\",\"jwks\":{\"keys\":[]},\"jwks_uri\":\"u\"}",
         BR_RULE_VC_ISSUER_KEYS},
        {"{\"issuer\":\"i\",\"jwks\":[]}", BR_RULE_VC_ISSUER_KEYS},
        {"{\"issuer\":\"i\",\"jwks\":{\"keys\":{}}}", BR_RULE_VC_ISSUER_KEYS},
        {"{\"issuer\":\"i\",\"jwks_uri\":7}", BR_RULE_VC_ISSUER_KEYS},
        {"{\"issuer\":\"i\",\"jwks_uri\":\"\"}", BR_RULE_VC_ISSUER_KEYS},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct br_vc_issuer m;
        assert_meets(
            br_vc_issuer_parse(json(all[i].text), br_str("i"), &m, &err),
            all[i].rule, all[i].text);
    }
}

#define EC_KEY(kid, more)                                    \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"" kid "\"," \
    "\"x\":\"b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ\"," \
    "\"y\":\"Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8\"" more "}"
#define ODD_KEY "{\"kty\":\"oct\",\"kid\":\"odd\",\"k\":\"AAAA\"}"

static void
a_set_has_the_key_that_kid_names(void **state)
{
    (void)state;
    struct br_jwk k;
    const struct br_json *set = json("{\"keys\":[" ODD_KEY "," EC_KEY(
        "a", "") "," EC_KEY("b", ",\"use\":\"enc\"") "]}");
    assert_ok(br_jwks_find(set, br_str("a"), BR_ALG_ES256, &k, &err));
    assert_true(br_bytes_eq(k.kid, br_str("a")));
    assert_ok(br_jwks_find(set, br_str(""), BR_ALG_ES256, &k, &err));
    assert_refused(
        br_jwks_find(set, br_str("c"), BR_ALG_ES256, &k, &err), VC_KEY);
    assert_refused(
        br_jwks_find(set, br_str("b"), BR_ALG_ES256, &k, &err), JWK_USE);
    assert_refused(
        br_jwks_find(set, br_str("a"), BR_ALG_ES384, &k, &err), JWS_KEY);
    assert_refused(
        br_jwks_find(set, br_str("odd"), BR_ALG_ES256, &k, &err),
        JWK_SYMMETRIC);
    set = json("{\"keys\":[" EC_KEY("a", "") "," EC_KEY("a", "") "]}");
    assert_refused(
        br_jwks_find(set, br_str("a"), BR_ALG_ES256, &k, &err), VC_KEY);
    assert_refused(
        br_jwks_find(set, br_str(""), BR_ALG_ES256, &k, &err), VC_KEY);
    assert_refused(
        br_jwks_find(json("[]"), br_str(""), BR_ALG_ES256, &k, &err),
        VC_ISSUER_KEYS);
}

/* ---- types (section 5) -------------------------------------------------- */

static const struct {
    const char *text;
    int rule;
} documents[] = {
    {"{\"vct\":\"t\"}", -1},
    {"{\"vct\":\"t\",\"unheard\":[1],\"name\":\"n\",\"description\":\"d\","
     "\"display\":[{\"locale\":\"it\",\"name\":\"ISEE\"}],\"claims\":[{"
     "\"path\":"
     "[\"a\",null,0],\"sd\":\"always\",\"mandatory\":true,\"display\":[{"
     "\"locale\":\"it\",\"label\":\"A\"}]}]}",
     -1},
    {"[]", BR_RULE_TYPE_FORM},
    {"{", BR_RULE_TYPE_FORM},
    {"{}", BR_RULE_TYPE_FORM},
    {"{\"vct\":\"t\",\"name\":7}", BR_RULE_TYPE_FORM},
    {"{\"vct\":\"t\",\"extends\":7}", BR_RULE_TYPE_FORM},
    {"{\"vct\":\"t\",\"display\":{}}", BR_RULE_TYPE_FORM},
    {"{\"vct\":\"t\",\"display\":[{\"name\":\"n\"}]}", BR_RULE_TYPE_FORM},
    {"{\"vct\":\"t\",\"display\":[{\"locale\":\"it\"}]}", BR_RULE_TYPE_FORM},
    {"{\"vct\":\"t\",\"claims\":{}}", BR_RULE_TYPE_FORM},
    {"{\"vct\":\"t\",\"claims\":[7]}", BR_RULE_TYPE_FORM},
    {"{\"vct\":\"t\",\"claims\":[{\"path\":[\"a\"],\"sd\":\"maybe\"}]}",
     BR_RULE_TYPE_FORM},
    {"{\"vct\":\"t\",\"claims\":[{\"path\":[\"a\"],\"mandatory\":1}]}",
     BR_RULE_TYPE_FORM},
    {"{\"vct\":\"t\",\"claims\":[{\"path\":[\"a\"],\"display\":[{\"locale\":"
     "\"it\"}]}]}",
     BR_RULE_TYPE_FORM},
    {"{\"vct\":\"t\",\"claims\":[{}]}", BR_RULE_TYPE_PATH},
    {"{\"vct\":\"t\",\"claims\":[{\"path\":[]}]}", BR_RULE_TYPE_PATH},
    {"{\"vct\":\"t\",\"claims\":[{\"path\":[-1]}]}", BR_RULE_TYPE_PATH},
    {"{\"vct\":\"t\",\"claims\":[{\"path\":[true]}]}", BR_RULE_TYPE_PATH},
    {"{\"vct\":\"other\"}", BR_RULE_TYPE_VCT},
};

static void
each_type_meets_its_rule(void **state)
{
    (void)state;
    static char long_text[BR_VCT_METADATA_BYTES_MAX + 2];
    struct br_vct t;
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        assert_meets(
            br_vct_parse(
                br_str(documents[i].text), br_str("t"), &arena, &t, &err),
            documents[i].rule, documents[i].text);
    }
    memset(long_text, ' ', sizeof(long_text) - 1);
    assert_refused(
        br_vct_parse(br_str(long_text), br_str("t"), &arena, &t, &err),
        TYPE_SIZE);
    struct br_buf b;
    br_buf_init(&b, BR_VCT_METADATA_BYTES_MAX);
    br_buf_puts(&b, "{\"vct\":\"t\",\"claims\":[{\"path\":[\"a\"]}");
    for (int i = 0; i < BR_VCT_CLAIMS_MAX; i++) {
        br_buf_printf(&b, ",{\"path\":[%d]}", i);
    }
    br_buf_puts(&b, "]}");
    assert_refused(
        br_vct_parse(br_buf_bytes(&b), br_str("t"), &arena, &t, &err),
        TYPE_SIZE);
    br_buf_fini(&b);
}

static void
a_document_has_the_digest_that_is_said(void **state)
{
    (void)state;
    /* echo -n '{}' | openssl dgst -sha256 -binary | base64, and so on */
#define S256 "sha256-RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="
#define S384 \
    "sha384-8tTbbnZ3TToMDs9B0rZUu4lkOpjQm0Ck0nYahqDsR4E2wBFN8BGsRRwlbpsQPKJu"
    struct br_bytes doc = br_str("{}");
    struct br_buf b;
    br_buf_init(&b, 1024);
    assert_ok(br_integrity_put(&b, doc, &err));
    assert_true(br_bytes_eq(br_buf_bytes(&b), br_str(S256)));
    br_buf_fini(&b);
    assert_ok(br_integrity_check(doc, br_str(S256), &err));
    assert_ok(br_integrity_check(doc, br_str("  " S256 "?opt\n"), &err));
    assert_ok(br_integrity_check(doc, br_str("md5-x sha256-AAAA " S256), &err));
    static const char *const bad[] = {
        "",
        "   ",
        "md5-x",
        "sha256-",
        "sha256-AAAA",
        "sha256-RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4s=",
        /* the strongest decides, even where a weaker one fits */
        S256 " sha512-AAAA",
        S256 " sha384-AAAA",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused(
            br_integrity_check(doc, br_str(bad[i]), &err), TYPE_INTEGRITY);
    }
}

static enum br_rc
add(struct br_vct_chain *c, const char *text)
{
    return br_vct_chain_add(c, br_str(text), &arena, &err);
}

static void
types_that_extend_others_inherit(void **state)
{
    (void)state;
    struct br_vct_chain c;
    struct br_vct t;
    struct br_bytes next;
    br_vct_chain_init(&c, br_str("child"), br_str(""));
    assert_true(br_vct_chain_wants(&c, &next));
    assert_true(br_bytes_eq(next, br_str("child")));
    assert_ok(add(
        &c,
        "{\"vct\":\"child\",\"extends\":\"base\",\"claims\":[{\"path\":"
        "[\"a\"],\"sd\":\"always\"},{\"path\":[\"b\"],\"mandatory\":true}]}"));
    assert_true(br_vct_chain_wants(&c, &next));
    assert_true(br_bytes_eq(next, br_str("base")));
    assert_ok(add(
        &c,
        "{\"vct\":\"base\",\"display\":[{\"locale\":\"it\",\"name\":\"B\"}],"
        "\"claims\":[{\"path\":[\"a\"],\"mandatory\":true,\"display\":[{"
        "\"locale\":\"it\",\"label\":\"L\"}]},{\"path\":[\"c\"],\"sd\":"
        "\"never\"}]}"));
    assert_false(br_vct_chain_wants(&c, &next));
    assert_ok(br_vct_chain_merge(&c, &arena, &t, &err));
    assert_int_equal(t.claim_count, 3);
    assert_true(
        t.claims[0].sd == BR_VCT_SD_ALWAYS && t.claims[0].mandatory &&
        t.claims[0].display != NULL);
    assert_true(t.claims[1].mandatory);
    assert_true(t.claims[2].sd == BR_VCT_SD_NEVER);
    assert_non_null(t.display);
}

static void
an_extending_type_loosens_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *child;
        const char *base;
        int rule;
    } all[] = {
        {"\"sd\":\"never\"", "\"sd\":\"always\"", BR_RULE_TYPE_OVERRIDE},
        {"\"sd\":\"allowed\"", "\"sd\":\"never\"", BR_RULE_TYPE_OVERRIDE},
        {"\"mandatory\":false", "\"mandatory\":true", BR_RULE_TYPE_OVERRIDE},
        {"\"sd\":\"never\"", "\"sd\":\"allowed\"", -1},
        {"\"mandatory\":true", "\"mandatory\":false", -1},
        {"\"sd\":\"always\"", "\"sd\":\"always\"", -1},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        char child[256];
        char base[256];
        struct br_vct_chain c;
        struct br_vct t;
        (void)snprintf(
            child, sizeof(child),
            "{\"vct\":\"c\",\"extends\":\"b\",\"claims\":[{\"path\":[\"a\"],%s}"
            "]}",
            all[i].child);
        (void)snprintf(
            base, sizeof(base),
            "{\"vct\":\"b\",\"claims\":[{\"path\":[\"a\"],%s}]}", all[i].base);
        br_vct_chain_init(&c, br_str("c"), br_str(""));
        assert_ok(add(&c, child));
        assert_ok(add(&c, base));
        assert_meets(
            br_vct_chain_merge(&c, &arena, &t, &err), all[i].rule,
            all[i].child);
    }
}

static void
circles_and_towers_of_types_are_refused(void **state)
{
    (void)state;
    struct br_vct_chain c;
    br_vct_chain_init(&c, br_str("a"), br_str(S256));
    assert_refused(add(&c, "{\"vct\":\"a\"}"), TYPE_INTEGRITY);
    br_vct_chain_init(&c, br_str("a"), br_str(""));
    assert_ok(add(&c, "{\"vct\":\"a\",\"extends\":\"b\"}"));
    assert_ok(add(&c, "{\"vct\":\"b\",\"extends\":\"a\"}"));
    assert_refused(add(&c, "{\"vct\":\"a\",\"extends\":\"b\"}"), TYPE_EXTENDS);
    br_vct_chain_init(&c, br_str("0"), br_str(""));
    for (int i = 0; i < BR_VCT_CHAIN_MAX; i++) {
        char *text =
            br_arena_copy(&arena, br_str("{\"vct\":\"0\",\"extends\":\"1\"}"));
        text[8] = (char)('0' + i);
        text[22] = (char)('1' + i);
        assert_ok(add(&c, text));
    }
    assert_refused(add(&c, "{\"vct\":\"8\"}"), TYPE_EXTENDS);
}

#define PAYLOAD                                                            \
    "{" VCT ",\"plain\":1,\"open\":{\"x\":1},\"list\":[0,{\"...\":\"#1\"}" \
    ",{\"...\":\"hidden\"},{\"q\":1}],\"_sd\":[\"#0\",\"hidden2\"]}"

static const struct {
    const char *claim;
    bool complete;
    int rule;
} checks[] = {
    {"\"path\":[\"secret\"],\"sd\":\"always\",\"mandatory\":true", true, -1},
    {"\"path\":[\"secret\"],\"sd\":\"never\"", false, BR_RULE_TYPE_SD},
    {"\"path\":[\"plain\"],\"sd\":\"never\"", false, -1},
    {"\"path\":[\"plain\"],\"sd\":\"always\"", false, BR_RULE_TYPE_SD},
    {"\"path\":[\"plain\"]", false, -1},
    /* not solely because an ancestor is */
    {"\"path\":[\"secret\",\"in\"],\"sd\":\"never\"", false, -1},
    {"\"path\":[\"secret\",\"in\"],\"sd\":\"always\"", false, BR_RULE_TYPE_SD},
    /* positions as issued, hidden elements counted */
    {"\"path\":[\"list\",0],\"sd\":\"never\"", false, -1},
    {"\"path\":[\"list\",1],\"sd\":\"always\"", false, -1},
    {"\"path\":[\"list\",2],\"sd\":\"always\"", false, -1},
    {"\"path\":[\"list\",2],\"sd\":\"never\"", false, BR_RULE_TYPE_SD},
    {"\"path\":[\"list\",3],\"sd\":\"never\"", false, -1},
    {"\"path\":[\"list\",3,\"q\"],\"sd\":\"always\"", false, BR_RULE_TYPE_SD},
    {"\"path\":[\"list\",4],\"mandatory\":true", false, -1},
    {"\"path\":[\"list\",4],\"mandatory\":true", true, BR_RULE_TYPE_MANDATORY},
    {"\"path\":[\"list\",null]", false, -1},
    {"\"path\":[\"list\",null],\"sd\":\"always\"", false, BR_RULE_TYPE_SD},
    {"\"path\":[\"list\",null],\"sd\":\"never\"", false, BR_RULE_TYPE_SD},
    {"\"path\":[\"list\",2,\"deeper\"]", false, -1},
    {"\"path\":[\"absent\"],\"mandatory\":true", false, -1},
    {"\"path\":[\"absent\"],\"mandatory\":true", true, BR_RULE_TYPE_MANDATORY},
    {"\"path\":[\"plain\",\"x\"]", false, BR_RULE_TYPE_PATH},
    {"\"path\":[\"open\",0]", false, BR_RULE_TYPE_PATH},
    {"\"path\":[\"open\",null]", false, BR_RULE_TYPE_PATH},
    {"\"path\":[\"list\",null,\"q\"]", false, BR_RULE_TYPE_PATH},
};

static void
a_credential_is_held_against_its_type(void **state)
{
    (void)state;
    const struct by_hand h = {
        PAYLOAD, {"[\"s\",\"secret\",{\"in\":1}]", "[\"s\",\"shown\"]"}};
    struct br_vc vc;
    assert_ok(open_vc(assemble_typed(&h, "dc+sd-jwt"), &vc));
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        char text[256];
        struct br_vct t;
        (void)snprintf(
            text, sizeof(text), "{\"vct\":\"t\",\"claims\":[{%s}]}",
            checks[i].claim);
        assert_ok(br_vct_parse(
            br_bytes(br_arena_copy(&arena, br_str(text)), strlen(text)),
            br_str("t"), &arena, &t, &err));
        assert_meets(
            br_vct_check(&t, &vc.sd, vc.claims, checks[i].complete, &err),
            checks[i].rule, checks[i].claim);
    }
}

static void
a_claim_is_called_as_its_language_has_it(void **state)
{
    (void)state;
    struct br_vct t;
    const struct br_json *claims =
        json("{\"a\":{\"b\":1},\"l\":[{\"c\":2}],\"z\":0}");
    assert_ok(br_vct_parse(
        br_str("{\"vct\":\"t\",\"claims\":[{\"path\":[\"a\",\"b\"],\"display\":"
               "[{\"locale\":\"en\",\"label\":\"Bee\"},{\"locale\":\"it-IT\","
               "\"label\":\"Bi\"},{\"locale\":\"it\",\"label\":\"B\"}]},"
               "{\"path\":[\"l\",null,\"c\"],\"display\":[{\"locale\":\"de\","
               "\"label\":\"Ce\"}]}]}"),
        br_str("t"), &arena, &t, &err));
    const struct br_json *b = br_json_member(br_json_member(claims, "a"), "b");
    const struct br_json *c =
        br_json_member(br_json_at(br_json_member(claims, "l"), 0), "c");
    assert_true(br_bytes_eq(br_vct_label(&t, b, "it"), br_str("B")));
    assert_true(br_bytes_eq(br_vct_label(&t, b, "it-IT"), br_str("Bi")));
    assert_true(br_bytes_eq(br_vct_label(&t, b, "IT-ch"), br_str("B")));
    assert_true(br_bytes_eq(br_vct_label(&t, b, "fr"), br_str("Bee")));
    assert_true(br_bytes_eq(br_vct_label(&t, b, "i"), br_str("Bee")));
    assert_true(br_bytes_eq(br_vct_label(&t, c, "it"), br_str("Ce")));
    assert_int_equal(br_vct_label(&t, br_json_member(claims, "z"), "it").n, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_credential_meets_its_rule),
        cmocka_unit_test(a_credential_tells_what_it_says),
        cmocka_unit_test(typ_says_that_it_is_a_credential),
        cmocka_unit_test(an_unasked_binding_is_refused),
        cmocka_unit_test(a_chain_of_certificates_names_the_issuer),
        cmocka_unit_test(metadata_lie_at_the_well_known_address),
        cmocka_unit_test(metadata_are_of_the_issuer_and_have_keys),
        cmocka_unit_test(a_set_has_the_key_that_kid_names),
        cmocka_unit_test(each_type_meets_its_rule),
        cmocka_unit_test(a_document_has_the_digest_that_is_said),
        cmocka_unit_test(types_that_extend_others_inherit),
        cmocka_unit_test(an_extending_type_loosens_nothing),
        cmocka_unit_test(circles_and_towers_of_types_are_refused),
        cmocka_unit_test(a_credential_is_held_against_its_type),
        cmocka_unit_test(a_claim_is_called_as_its_language_has_it),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, sd_setup, sd_teardown);
}
