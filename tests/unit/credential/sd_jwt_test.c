/*
 * Selective disclosure: published values, and each rule that refuses an SD-JWT
 * or its key binding.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/sd_support.h"

#include "common/codec/json_write.h"

/* ---- published ---------------------------------------------------------- */

/* RFC 9901 sections 4.2.1 to 4.2.3: disclosures, and the digest of one. */
static void
published_disclosures_are_read_and_hashed(void **state)
{
    (void)state;
    static const char family[] = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1p"
                                 "bHlfbmFtZSIsICJNw7ZiaXVzIl0";
    static const char element[] = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0";
    const struct by_hand h = {
        "{\"_sd\":[\"#0\"],\"nationalities\":[\"DE\",{\"...\":\"#1\"}],"
        "\"_sd_alg\":\"sha-256\"}",
        {"=WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVz"
         "Il0",
         "=WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0"}};
    struct br_sd_jwt sd = {0};
    struct br_json *claims = NULL;
    assert_string_equal(
        digest_text(BR_HASH_SHA256, br_str(family)),
        "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0");
    assert_string_equal(
        digest_text(BR_HASH_SHA256, br_str(element)),
        "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs");
    assert_ok(open_sd(assemble(&h), &sd, &claims));
    assert_string_equal(
        as_text(claims),
        "{\"nationalities\":[\"DE\",\"FR\"],\"family_name\":\"M\xc3\xb6"
        "bius\"}");
    assert_true(sd.disclosures[1].element && !sd.disclosures[0].element);
    assert_true(
        br_bytes_eq(sd.disclosures[0].salt, br_str("_26bc4LT-ac6q2KI6cBW5es")));
    assert_int_equal(sd.key_binding.n, 0);
}

/* ---- each rule ---------------------------------------------------------- */

static const struct {
    struct by_hand h;
    int rule;             /**< -1: accepted */
    const char *expected; /**< claims, when accepted */
} cases[] = {
    {{"{\"a\":1}", {NULL}}, -1, "{\"a\":1}"},
    {{"{\"_sd\":[\"#0\"]}", {"[\"s\",\"a\",{\"b\":[null]}]"}},
     -1,
     "{\"a\":{\"b\":[null]}}"},
    {{"{\"_sd\":[],\"a\":[]}", {NULL}}, -1, "{\"a\":[]}"},
    /* decoys and what stays hidden: nothing is left of them */
    {{"{\"_sd\":[\"x\"],\"o\":{\"_sd\":[\"y\"]},\"l\":[{\"...\":\"z\"},1]}",
      {NULL}},
     -1,
     "{\"o\":{},\"l\":[1]}"},
    /* digests in disclosures (section 6.3), in arrays, and arrays in those */
    {{"{\"_sd\":[\"#2\"]}",
      {"[\"s\",\"inner\",true]", "[\"s\",{\"_sd\":[\"#0\"]}]",
       "[\"s\",\"list\",[0,{\"...\":\"#1\"}]]"}},
     -1,
     "{\"list\":[0,{\"inner\":true}]}"},
    {{"{\"l\":[[{\"...\":\"#0\"}],{\"...\":\"#1\"}]}",
      {"[\"s\",1]", "[\"t\",[]]"}},
     -1,
     "{\"l\":[[1],[]]}"},
    /* an empty name, and an empty salt, are a string each */
    {{"{\"_sd\":[\"#0\"]}", {"[\"\",\"\",0]"}}, -1, "{\"\":0}"},
    {{"[]", {NULL}}, BR_RULE_SD_PAYLOAD, NULL},
    {{"\"a\"", {NULL}}, BR_RULE_SD_PAYLOAD, NULL},
    {{"{", {NULL}}, BR_RULE_SD_PAYLOAD, NULL},
    {{"{\"a\":1,\"a\":1}", {NULL}}, BR_RULE_SD_PAYLOAD, NULL},
    {{"{\"_sd_alg\":\"sha-1\"}", {NULL}}, BR_RULE_SD_ALG, NULL},
    {{"{\"_sd_alg\":\"SHA-256\"}", {NULL}}, BR_RULE_SD_ALG, NULL},
    {{"{\"_sd_alg\":7}", {NULL}}, BR_RULE_SD_ALG, NULL},
    {{"{\"_sd_alg\":null}", {NULL}}, BR_RULE_SD_ALG, NULL},
    {{"{\"o\":{\"_sd_alg\":\"sha-256\"}}", {NULL}}, BR_RULE_SD_ALG, NULL},
    {{"{\"l\":[{\"_sd_alg\":\"sha-256\"}]}", {NULL}}, BR_RULE_SD_ALG, NULL},
    {{"{\"_sd\":[\"#0\"]}", {"[\"s\",\"a\",{\"_sd_alg\":\"sha-256\"}]"}},
     BR_RULE_SD_ALG,
     NULL},
    {{"{\"_sd\":[\"#0\"]}", {"=WyJz*"}}, BR_RULE_SD_DISCLOSURE, NULL},
    {{"{\"_sd\":[\"#0\"]}", {"=WyJzIiwiYSIsMV0="}},
     BR_RULE_SD_DISCLOSURE,
     NULL},
    {{"{}", {"="}}, BR_RULE_SD_DISCLOSURE, NULL},
    {{"{\"_sd\":[\"#0\"]}", {"{\"s\":1}"}}, BR_RULE_SD_DISCLOSURE, NULL},
    {{"{\"_sd\":[\"#0\"]}", {"[\"s\"]"}}, BR_RULE_SD_DISCLOSURE, NULL},
    {{"{\"_sd\":[\"#0\"]}", {"[]"}}, BR_RULE_SD_DISCLOSURE, NULL},
    {{"{\"_sd\":[\"#0\"]}", {"[\"s\",\"a\",1,2]"}},
     BR_RULE_SD_DISCLOSURE,
     NULL},
    {{"{\"_sd\":[\"#0\"]}", {"[\"s\",7,1]"}}, BR_RULE_SD_DISCLOSURE, NULL},
    {{"{\"_sd\":[\"#0\"]}", {"[7,\"a\",1]"}}, BR_RULE_SD_DISCLOSURE, NULL},
    {{"{\"_sd\":[\"#0\"]}", {"[\"s\",\"a\",1] "}}, -1, "{\"a\":1}"},
    {{"{\"_sd\":[\"#0\"]}", {"[\"s\",\"a\",{\"b\":1,\"b\":1}]"}},
     BR_RULE_SD_DISCLOSURE,
     NULL},
    {{"{\"_sd\":[\"#0\"]}", {"[\"s\",\"\xff\",1]"}},
     BR_RULE_SD_DISCLOSURE,
     NULL},
    /* section 7.1 step 3.3: of the kind that the place asks */
    {{"{\"_sd\":[\"#0\"]}", {"[\"s\",1]"}}, BR_RULE_SD_DISCLOSURE, NULL},
    {{"{\"l\":[{\"...\":\"#0\"}]}", {"[\"s\",\"a\",1]"}},
     BR_RULE_SD_DISCLOSURE,
     NULL},
    {{"{\"_sd\":[\"#0\"]}", {"[\"s\",\"_sd\",1]"}}, BR_RULE_SD_RESERVED, NULL},
    {{"{\"_sd\":[\"#0\"]}", {"[\"s\",\"...\",1]"}}, BR_RULE_SD_RESERVED, NULL},
    {{"{\"_sd\":[\"#0\"]}", {"[\"s\",\"_sd_alg\",1]"}},
     BR_RULE_SD_RESERVED,
     NULL},
    {{"{\"...\":\"x\"}", {NULL}}, BR_RULE_SD_RESERVED, NULL},
    {{"{\"o\":{\"...\":\"x\"}}", {NULL}}, BR_RULE_SD_RESERVED, NULL},
    {{"{\"l\":[{\"...\":\"x\",\"a\":1}]}", {NULL}}, BR_RULE_SD_RESERVED, NULL},
    {{"{\"_sd\":\"x\"}", {NULL}}, BR_RULE_SD_DIGEST, NULL},
    {{"{\"o\":{\"_sd\":{}}}", {NULL}}, BR_RULE_SD_DIGEST, NULL},
    {{"{\"_sd\":[7]}", {NULL}}, BR_RULE_SD_DIGEST, NULL},
    {{"{\"l\":[{\"...\":[]}]}", {NULL}}, BR_RULE_SD_DIGEST, NULL},
    {{"{\"_sd\":[\"#0\"],\"a\":0}", {"[\"s\",\"a\",1]"}},
     BR_RULE_SD_NAME_TWICE,
     NULL},
    {{"{\"_sd\":[\"#0\",\"#1\"]}", {"[\"s\",\"a\",1]", "[\"t\",\"a\",1]"}},
     BR_RULE_SD_NAME_TWICE,
     NULL},
    {{"{\"_sd\":[\"#0\",\"#0\"]}", {"[\"s\",\"a\",1]"}},
     BR_RULE_SD_DIGEST_TWICE,
     NULL},
    {{"{\"_sd\":[\"x\"],\"o\":{\"_sd\":[\"x\"]}}", {NULL}},
     BR_RULE_SD_DIGEST_TWICE,
     NULL},
    {{"{\"_sd\":[\"x\"],\"l\":[{\"...\":\"x\"}]}", {NULL}},
     BR_RULE_SD_DIGEST_TWICE,
     NULL},
    {{"{\"_sd\":[\"#1\",\"#0\"]}",
      {"[\"s\",\"a\",1]", "[\"s\",\"o\",{\"_sd\":[\"#0\"]}]"}},
     BR_RULE_SD_DIGEST_TWICE,
     NULL},
    {{"{}", {"[\"s\",\"a\",1]"}}, BR_RULE_SD_UNREFERENCED, NULL},
    /* the same disclosure twice: one has no place */
    {{"{\"_sd\":[\"#0\"]}", {"[\"s\",\"a\",1]", "[\"s\",\"a\",1]"}},
     BR_RULE_SD_UNREFERENCED,
     NULL},
    /* what another one would have led to, which is not there */
    {{"{\"_sd\":[\"x\"]}",
      {"[\"s\",\"a\",1]", "[\"s\",\"o\",{\"_sd\":[\"#0\"]}]"}},
     BR_RULE_SD_UNREFERENCED,
     NULL},
};

static void
each_sd_jwt_meets_its_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct br_sd_jwt sd = {0};
        struct br_json *claims = NULL;
        enum br_rc rc = open_sd(assemble(&cases[i].h), &sd, &claims);
        const char *first = cases[i].h.disclosures[0];
        char what[256];
        (void)snprintf(
            what, sizeof(what), "case %zu: %s %s", i, cases[i].h.payload,
            first == NULL ? "" : first);
        assert_meets(rc, cases[i].rule, what);
        if (rc == BR_OK) {
            assert_string_equal(as_text(claims), cases[i].expected);
        }
    }
}

static void
each_shape_meets_its_rule(void **state)
{
    (void)state;
    const struct by_hand plain = {"{}", {NULL}};
    struct br_bytes good = assemble(&plain);
    struct br_sd_jwt sd = {0};
    struct br_buf b;
    assert_refused(
        br_sd_parse(
            br_bytes(good.p, good.n - 1), &issuer_policy, &arena, &sd, &err),
        SD_PARTS);
    assert_refused(
        br_sd_parse(br_str(""), &issuer_policy, &arena, &sd, &err), SD_PARTS);
    assert_refused(
        br_sd_parse(br_str("~"), &issuer_policy, &arena, &sd, &err), JWS_PARTS);
    br_buf_init(&b, 2 * BR_SD_BYTES_MAX);
    br_buf_put(&b, good.p, good.n);
    uint8_t *p = br_buf_extend(&b, BR_SD_DISCLOSURES_MAX + 2);
    memset(p, '~', BR_SD_DISCLOSURES_MAX + 2);
    assert_refused(
        br_sd_parse(br_buf_bytes(&b), &issuer_policy, &arena, &sd, &err),
        SD_SIZE);
    p = br_buf_extend(&b, BR_SD_BYTES_MAX);
    memset(p, 'A', BR_SD_BYTES_MAX);
    assert_refused(
        br_sd_parse(br_buf_bytes(&b), &issuer_policy, &arena, &sd, &err),
        SD_SIZE);
    br_buf_fini(&b);
}

static void
too_many_digests_are_refused(void **state)
{
    (void)state;
    for (int over = 0; over < 2; over++) {
        struct br_buf b;
        struct br_sd_jwt sd = {0};
        struct br_json *claims = NULL;
        br_buf_init(&b, ARENA_BYTES);
        br_buf_puts(&b, "{\"_sd\":[\"\"");
        for (int i = 1; i < BR_SD_DIGESTS_MAX + over; i++) {
            br_buf_printf(&b, ",\"%d\"", i);
        }
        br_buf_puts(&b, "]}");
        const struct by_hand h = {(const char *)kept(&b).p, {NULL}};
        br_buf_fini(&b);
        assert_meets(
            open_sd(assemble(&h), &sd, &claims), over ? BR_RULE_SD_SIZE : -1,
            "digests");
    }
}

/* A tower of disclosures is no deeper than JSON may be. */
static void
disclosures_in_disclosures_have_an_end(void **state)
{
    (void)state;
    for (int depth = 20; depth < 100; depth += 70) {
        const char *encoded[2] = {NULL};
        struct br_buf list;
        struct br_sd_jwt sd = {0};
        struct br_json *claims = NULL;
        br_buf_init(&list, ARENA_BYTES);
        for (int i = 0; i < depth; i++) {
            encoded[0] = b64(br_str(with_digests(
                i == 0 ? "[\"s\",\"a\",1]" : "[\"s\",\"a\",{\"_sd\":[\"#0\"]}]",
                encoded)));
            br_buf_puts(&list, encoded[0]);
            br_buf_puts(&list, "~");
        }
        struct by_hand h = {
            with_digests("{\"_sd\":[\"#0\"]}", encoded), {NULL}};
        struct br_bytes head = assemble(&h);
        struct br_buf b;
        br_buf_init(&b, ARENA_BYTES);
        br_buf_put(&b, head.p, head.n);
        br_buf_put(&b, list.p, list.n);
        enum br_rc rc = open_sd(kept(&b), &sd, &claims);
        assert_int_equal(
            rc, depth < (int)BR_JSON_DEPTH_MAX ? BR_OK : BR_ERR_TOO_DEEP);
        br_buf_fini(&b);
        br_buf_fini(&list);
    }
}

static void
claims_with_reserved_names_are_not_hidden(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"_sd\":1}", "{\"...\":1}", "{\"a\":[{\"_sd_alg\":1}]}"};
    for (size_t i = 0; i < 3; i++) {
        struct br_json *v = json(bad[i]);
        struct br_sd_hidden hidden;
        struct br_sd_plan plan = {
            .random = random_bytes(br_sd_random_bytes(v, 0))};
        assert_refused(
            br_sd_hide(v, &plan, &arena, &hidden, &err), SD_RESERVED);
    }
}

static void
every_hash_of_the_registry_that_we_know_serves(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum br_hash_alg alg;
    } all[] = {
        {"sha-256", BR_HASH_SHA256},
        {"sha-384", BR_HASH_SHA384},
        {"sha-512", BR_HASH_SHA512},
    };
    const char *encoded = b64(br_str("[\"s\",\"a\",1]"));
    for (size_t i = 0; i < 3; i++) {
        struct br_buf b;
        struct br_sd_jwt sd = {0};
        struct br_json *claims = NULL;
        br_buf_init(&b, 4096);
        br_buf_printf(
            &b, "{\"_sd_alg\":\"%s\",\"_sd\":[\"%s\"]}", all[i].name,
            digest_text(all[i].alg, br_str(encoded)));
        const struct by_hand h = {
            (const char *)kept(&b).p, {"[\"s\",\"a\",1]"}};
        assert_ok(open_sd(assemble(&h), &sd, &claims));
        assert_string_equal(as_text(claims), "{\"a\":1}");
        br_buf_fini(&b);
    }
}

/* ---- key binding -------------------------------------------------------- */

#define HASH_HERE "@"

/** A presentation of nothing, with a binding made by hand; '@' in its claims
 *  is what sd_hash should be. */
static struct br_bytes
bound_by_hand(
    const char *cnf,
    const char *typ,
    const char *claims,
    struct br_private_key *by)
{
    struct br_buf b;
    struct br_buf text;
    const struct by_hand h = {cnf, {NULL}};
    struct br_bytes sd = assemble(&h);
    const struct br_jws_header header = {.alg = BR_ALG_ES256, .typ = typ};
    br_buf_init(&b, 65536);
    br_buf_init(&text, 65536);
    for (; *claims != '\0'; claims++) {
        if (*claims == HASH_HERE[0]) {
            br_buf_puts(&text, digest_text(BR_HASH_SHA256, sd));
        } else {
            br_buf_put(&text, claims, 1);
        }
    }
    br_buf_put(&b, sd.p, sd.n);
    assert_ok(br_jws_sign(&header, br_buf_bytes(&text), by, &b, &err));
    struct br_bytes out = kept(&b);
    br_buf_fini(&b);
    br_buf_fini(&text);
    return out;
}

/** {"cnf":{"jwk":...}} of the holder. */
static const char *
holders_payload(void)
{
    struct br_json_writer w;
    struct br_buf b;
    struct br_jwk k = {.key = *br_private_key_public(holder)};
    br_buf_init(&b, 4096);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    br_json_write_name(&w, "cnf");
    br_json_write_object(&w);
    br_json_write_name(&w, "jwk");
    br_jwk_write(&w, &k);
    br_json_write_end(&w);
    br_json_write_end(&w);
    assert_ok(br_json_writer_done(&w, &err));
    const char *out = (const char *)kept(&b).p;
    br_buf_fini(&b);
    return out;
}

static struct br_sd_binding_policy
binding_policy(void)
{
    return (struct br_sd_binding_policy){
        .algs = BR_ALG_ES256,
        .audience = br_str("https://verifier.example"),
        .nonce = br_str("n-1"),
        .now_s = NOW,
        .window_s = 300,
    };
}

static enum br_rc
check_binding(struct br_bytes text, const struct br_sd_binding_policy *policy)
{
    struct br_sd_jwt sd = {0};
    struct br_json *claims = NULL;
    struct br_json *said = NULL;
    BR_TRY(open_sd(text, &sd, &claims));
    return br_sd_check_binding(&sd, claims, policy, &arena, &said, &err);
}

#define SAYS(iat, aud, nonce, hash, more)               \
    "{\"iat\":" iat ",\"aud\":" aud ",\"nonce\":" nonce \
    ",\"sd_hash\":" hash more "}"
#define AUD   "\"https://verifier.example\""
#define NONCE "\"n-1\""
#define HASH  "\"@\""

static const struct {
    const char *claims;
    int rule;
} bindings[] = {
    {SAYS("1800000000", AUD, NONCE, HASH, ""), -1},
    {SAYS("1799999700", AUD, NONCE, HASH, ""), -1},
    {SAYS("1800000060", AUD, NONCE, HASH, ""), -1},
    {SAYS("1800000000", AUD, NONCE, HASH, ",\"exp\":1800000001,\"nbf\":1"), -1},
    {SAYS("1799999699", AUD, NONCE, HASH, ""), BR_RULE_KB_IAT},
    {SAYS("1800000061", AUD, NONCE, HASH, ""), BR_RULE_KB_IAT},
    {SAYS("18446744073709551615", AUD, NONCE, HASH, ""), BR_RULE_KB_IAT},
    {SAYS("0", AUD, NONCE, HASH, ""), BR_RULE_KB_IAT},
    {SAYS("-1", AUD, NONCE, HASH, ""), BR_RULE_KB_IAT},
    {SAYS("\"1800000000\"", AUD, NONCE, HASH, ""), BR_RULE_KB_IAT},
    {"{\"aud\":" AUD ",\"nonce\":" NONCE ",\"sd_hash\":" HASH "}",
     BR_RULE_KB_IAT},
    {SAYS("1800000000", "\"https://other.example\"", NONCE, HASH, ""),
     BR_RULE_KB_AUD},
    {SAYS("1800000000", "[" AUD "]", NONCE, HASH, ""), BR_RULE_KB_AUD},
    {"{\"iat\":1800000000,\"nonce\":" NONCE ",\"sd_hash\":" HASH "}",
     BR_RULE_KB_AUD},
    {SAYS("1800000000", AUD, "\"n-2\"", HASH, ""), BR_RULE_KB_NONCE},
    {SAYS("1800000000", AUD, "1", HASH, ""), BR_RULE_KB_NONCE},
    {SAYS("1800000000", AUD, NONCE, "\"x\"", ""), BR_RULE_KB_SD_HASH},
    {SAYS("1800000000", AUD, NONCE, "[" HASH "]", ""), BR_RULE_KB_SD_HASH},
    {"{\"iat\":1800000000,\"aud\":" AUD ",\"nonce\":" NONCE "}",
     BR_RULE_KB_SD_HASH},
    {SAYS("1800000000", AUD, NONCE, HASH, ",\"exp\":1800000000"),
     BR_RULE_KB_TIME},
    {SAYS("1800000000", AUD, NONCE, HASH, ",\"exp\":\"x\""), BR_RULE_KB_TIME},
    {SAYS("1800000000", AUD, NONCE, HASH, ",\"nbf\":1800000061"),
     BR_RULE_KB_TIME},
    {"[]", BR_RULE_KB_PAYLOAD},
    {"x", BR_RULE_KB_PAYLOAD},
};

static void
each_binding_meets_its_rule(void **state)
{
    (void)state;
    const struct br_sd_binding_policy policy = binding_policy();
    const char *payload = holders_payload();
    for (size_t i = 0; i < sizeof(bindings) / sizeof(bindings[0]); i++) {
        assert_meets(
            check_binding(
                bound_by_hand(payload, "kb+jwt", bindings[i].claims, holder),
                &policy),
            bindings[i].rule, bindings[i].claims);
    }
}

static void
a_binding_is_of_its_kind_and_by_the_holder(void **state)
{
    (void)state;
    const char *says = SAYS("1800000000", AUD, NONCE, HASH, "");
    struct br_sd_binding_policy policy = binding_policy();
    const char *payload = holders_payload();
    const struct by_hand none = {payload, {NULL}};
    assert_refused(check_binding(assemble(&none), &policy), KB_MISSING);
    assert_refused(
        check_binding(bound_by_hand(payload, "JWT", says, holder), &policy),
        JWS_TYP);
    assert_refused(
        check_binding(bound_by_hand(payload, NULL, says, holder), &policy),
        JWS_TYP);
    assert_refused(
        check_binding(bound_by_hand(payload, "kb+jwt", says, issuer), &policy),
        JWS_SIGNATURE);
    static const char *const no_key[] = {
        "{}", "{\"cnf\":1}", "{\"cnf\":{}}", "{\"cnf\":{\"kid\":\"x\"}}",
        "{\"cnf\":{\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}}"};
    for (size_t i = 0; i < 5; i++) {
        assert_refused(
            check_binding(
                bound_by_hand(no_key[i], "kb+jwt", says, holder), &policy),
            KB_CNF);
    }
    policy.algs = BR_ALG_EDDSA;
    assert_refused(
        check_binding(bound_by_hand(payload, "kb+jwt", says, holder), &policy),
        JWS_ALG);
    policy = binding_policy();
    policy.window_s = UINT64_MAX; /* no overflow: any past will do */
    assert_ok(check_binding(
        bound_by_hand(
            payload, "kb+jwt", SAYS("1", AUD, NONCE, HASH, ""), holder),
        &policy));
}

/* A binding is over what is presented: a disclosure more or less breaks it. */
static void
a_binding_is_over_exactly_what_is_shown(void **state)
{
    (void)state;
    const struct br_sd_binding_policy policy = binding_policy();
    struct br_buf b;
    struct br_buf payload;
    struct br_sd_jwt sd = {0};
    struct br_json *claims = NULL;
    bool all[2] = {true, true};
    br_buf_init(&payload, 4096);
    br_buf_printf(
        &payload, "%.*s,\"_sd\":[\"#0\",\"#1\"]}",
        (int)strlen(holders_payload()) - 1, holders_payload());
    const struct by_hand h = {
        (const char *)kept(&payload).p, {"[\"s\",\"a\",1]", "[\"s\",\"b\",2]"}};
    assert_ok(open_sd(assemble(&h), &sd, &claims));
    const struct br_sd_binding binding = {
        .audience = policy.audience,
        .nonce = policy.nonce,
        .issued_s = NOW,
        .more = json("{\"transaction_data_hashes\":[\"x\"]}"),
    };
    br_buf_init(&b, 65536);
    br_buf_puts(&b, "before");
    assert_ok(br_sd_present(&sd, all, &binding, holder, &b, &err));
    struct br_bytes text = br_bytes(b.p + 6, b.n - 6);
    struct br_json *said = NULL;
    assert_ok(open_sd(text, &sd, &claims));
    assert_ok(br_sd_check_binding(&sd, claims, &policy, &arena, &said, &err));
    assert_non_null(br_json_member(said, "transaction_data_hashes"));
    /* without its last disclosure */
    struct br_bytes last = sd.disclosures[1].encoded;
    struct br_buf cut;
    br_buf_init(&cut, 65536);
    br_buf_put(&cut, text.p, (size_t)(last.p - text.p));
    br_buf_put(&cut, sd.key_binding.p, sd.key_binding.n);
    assert_refused(check_binding(kept(&cut), &policy), KB_SD_HASH);
    br_buf_fini(&cut);
    br_buf_fini(&b);
    br_buf_fini(&payload);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_disclosures_are_read_and_hashed),
        cmocka_unit_test(each_sd_jwt_meets_its_rule),
        cmocka_unit_test(each_shape_meets_its_rule),
        cmocka_unit_test(too_many_digests_are_refused),
        cmocka_unit_test(disclosures_in_disclosures_have_an_end),
        cmocka_unit_test(claims_with_reserved_names_are_not_hidden),
        cmocka_unit_test(every_hash_of_the_registry_that_we_know_serves),
        cmocka_unit_test(each_binding_meets_its_rule),
        cmocka_unit_test(a_binding_is_of_its_kind_and_by_the_holder),
        cmocka_unit_test(a_binding_is_over_exactly_what_is_shown),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, sd_setup, sd_teardown);
}
