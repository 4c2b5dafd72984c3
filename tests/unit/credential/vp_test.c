/*
 * Requests for credentials: what is made is believed, and every rule by which
 * one is refused.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/support.h"

#include "common/credential/did.h"
#include "common/credential/vp.h"
#include "common/credential/vp_response.h"
#include "tests/unit/credential/authority.h"

enum {
    FROM = 1767225600, /* 2026-01-01 */
    NOW = FROM + 86400 * 30,
    UNTIL = FROM + 86400 * 365,
};

#define NONCE        "bm9uY2Utb2YtdGhlLXRlc3RzLTAxMjM0"
#define STATE        "c3RhdGUtb2YtdGhlLXRlc3RzLTAxMjM0"
#define RESPONSE_URI "https://verifier.example.org/vp/responses/1"
#define QUERY                                                      \
    "{\"credentials\":[{\"id\":\"isee\",\"format\":\"dc+sd-jwt\"," \
    "\"meta\":{\"vct_values\":[\"urn:x:isee\"]},"                  \
    "\"claims\":[{\"path\":[\"isee_not_over\",\"20000\"]}]}]}"
#define UNBOUND_QUERY                                              \
    "{\"credentials\":[{\"id\":\"isee\",\"format\":\"dc+sd-jwt\"," \
    "\"require_cryptographic_holder_binding\":false,"              \
    "\"meta\":{\"vct_values\":[\"urn:x:isee\"]}}]}"

static struct certificate root = {
    .name = "Root",
    .constraints = "critical,CA:TRUE",
    .usage = "critical,keyCertSign,cRLSign",
    .from = FROM,
    .until = UNTIL,
};
static struct certificate leaf = {
    .name = "Verifier",
    .issuer = &root,
    .constraints = "critical,CA:FALSE",
    .usage = "critical,digitalSignature",
    .names = "DNS:verifier.example.org",
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
static struct certificate strangers_leaf = {
    .name = "Verifier",
    .issuer = &stranger,
    .constraints = "critical,CA:FALSE",
    .usage = "critical,digitalSignature",
    .names = "DNS:verifier.example.org",
    .from = FROM,
    .until = UNTIL,
};

static struct br_x509_trust *trust;
static struct br_private_key *leaf_key;
static struct br_private_key *other_key;
static struct br_private_key *sealing_key;
static char hash_id[80];

static struct br_private_key *
private_of(EVP_PKEY *key)
{
    uint8_t secret[32];
    struct br_private_key *k;
    secret_of(key, secret);
    assert_ok(br_private_key_new(BR_KEY_P256, br_bytes(secret, 32), &k, &err));
    return k;
}

static int
begin(void **state)
{
    char pem[8192];
    struct br_buf b;
    (void)setup(state);
    root.key = make_key(NULL);
    leaf.key = make_key(NULL);
    stranger.key = make_key(NULL);
    strangers_leaf.key = make_key(NULL);
    certify(&root);
    certify(&leaf);
    certify(&stranger);
    certify(&strangers_leaf);
    to_pem(&root, pem);
    assert_ok(br_x509_trust_new(br_str(pem), &trust, &err));
    leaf_key = private_of(leaf.key);
    other_key = private_of(strangers_leaf.key);
    assert_ok(br_private_key_generate(BR_KEY_P256, &sealing_key, &err));
    br_buf_init(&b, 80);
    br_buf_puts(&b, "x509_hash:");
    const struct br_x5c x = {.count = 1, .der = {br_bytes(leaf.der, leaf.n)}};
    br_x5c_put_hash(&b, &x);
    memcpy(hash_id, b.p, b.n);
    hash_id[b.n] = '\0';
    br_buf_fini(&b);
    return 0;
}

static int
end(void **state)
{
    EVP_PKEY_free(root.key);
    EVP_PKEY_free(leaf.key);
    EVP_PKEY_free(stranger.key);
    EVP_PKEY_free(strangers_leaf.key);
    br_x509_trust_free(trust);
    br_private_key_free(leaf_key);
    br_private_key_free(other_key);
    br_private_key_free(sealing_key);
    return teardown(state);
}

/* ---- making one --------------------------------------------------------- */

static struct br_vp_ask
an_ask(const char *client_id)
{
    return (struct br_vp_ask){
        .client_id = br_str(client_id),
        .response_uri = br_str(RESPONSE_URI),
        .mode = BR_VP_DIRECT_POST_JWT,
        .nonce = br_str(NONCE),
        .state = br_str(STATE),
        .purpose = br_str("a place in the nursery"),
        .query = json(QUERY),
        .encryption = br_private_key_public(sealing_key),
        .encryption_kid = br_str("eph-1"),
        .issued_s = NOW - 10,
        .expires_s = NOW + 600,
    };
}

/** The request's claims with some changed: pairs of name and JSON, "" removes
 *  it; closed by NULL. */
static struct br_bytes
claims_of(const struct br_vp_ask *ask, const char *const *changes)
{
    struct br_buf b;
    struct br_json_maker m;
    br_buf_init(&b, BR_VP_REQUEST_BYTES_MAX);
    assert_ok(br_vp_ask_encode(ask, &b, &err));
    struct br_json *v = json(br_arena_copy(&arena, br_buf_bytes(&b)));
    br_json_maker_init(&m, &arena);
    for (size_t i = 0; changes != NULL && changes[i] != NULL; i += 2) {
        if (changes[i + 1][0] == '\0') {
            (void)br_json_remove(v, changes[i]);
        } else {
            struct br_json *to = br_json_new_copy(&m, json(changes[i + 1]));
            (void)br_json_set(&m, v, changes[i], to);
        }
    }
    br_buf_clear(&b);
    assert_ok(br_json_encode(v, &b, &err));
    struct br_bytes text =
        br_bytes(br_arena_copy(&arena, br_buf_bytes(&b)), b.n);
    br_buf_fini(&b);
    return text;
}

static struct br_bytes
sign(
    struct br_bytes claims,
    const struct br_jws_header *header,
    struct br_private_key *key)
{
    struct br_buf b;
    br_buf_init(&b, BR_VP_REQUEST_BYTES_MAX);
    assert_ok(br_jws_sign(header, claims, key, &b, &err));
    struct br_bytes text =
        br_bytes(br_arena_copy(&arena, br_buf_bytes(&b)), b.n);
    br_buf_fini(&b);
    return text;
}

static struct br_x5c
chain_of(const struct certificate *c)
{
    return (struct br_x5c){.count = 1, .der = {br_bytes(c->der, c->n)}};
}

static struct br_bytes
object_of(const struct br_vp_ask *ask, const char *const *changes)
{
    const struct br_x5c x5c = chain_of(&leaf);
    const struct br_jws_header header = {
        .alg = BR_ALG_ES256, .typ = BR_VP_REQUEST_TYP, .x5c = &x5c};
    return sign(claims_of(ask, changes), &header, leaf_key);
}

static struct br_vp_policy
a_policy(void)
{
    return (struct br_vp_policy){.trust = trust, .now_s = NOW};
}

static enum br_rc
judge_as(
    const char *client_id,
    struct br_bytes object,
    const struct br_vp_policy *policy,
    struct br_vp_request *ret)
{
    const struct br_vp_link link = {
        .client_id = br_str(client_id),
        .request_uri = br_str("https://verifier.example.org/r"),
    };
    BR_TRY(br_vp_open(&link, object, &arena, ret, &err));
    return br_vp_check(ret, policy, &arena, &err);
}

static enum br_rc
judge(struct br_bytes object)
{
    struct br_vp_request r = {0};
    const struct br_vp_policy policy = a_policy();
    return judge_as(hash_id, object, &policy, &r);
}

/* ---- what is good ------------------------------------------------------- */

static void
a_request_of_its_certificate_is_believed(void **state)
{
    static const char *const ids[] = {
        hash_id, "x509_san_dns:verifier.example.org"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct br_x5c x5c = chain_of(&leaf);
        const struct br_jws_header header = {.alg = BR_ALG_ES256, .x5c = &x5c};
        const struct br_vp_ask ask = an_ask(ids[i]);
        struct br_vp_policy policy = a_policy();
        struct br_vp_request r = {0};
        struct br_buf b;
        policy.haip = i == 0;
        br_buf_init(&b, BR_VP_REQUEST_BYTES_MAX);
        assert_ok(br_vp_ask_sign(&ask, &header, leaf_key, &b, &err));
        assert_ok(judge_as(ids[i], br_buf_bytes(&b), &policy, &r));
        assert_true(r.is_signed && r.may_answer && r.host_is_certified);
        assert_true(br_bytes_eq(r.client.full, br_str(ids[i])));
        assert_true(br_bytes_eq(r.nonce, br_str(NONCE)));
        assert_true(br_bytes_eq(r.state, br_str(STATE)));
        assert_true(br_bytes_eq(r.purpose, br_str("a place in the nursery")));
        assert_true(br_bytes_eq(r.response_uri, br_str(RESPONSE_URI)));
        assert_true(br_bytes_eq(r.encryption.kid, br_str("eph-1")));
        assert_true(
            br_key_eq(&r.encryption.key, br_private_key_public(sealing_key)));
        assert_true(r.a256gcm && r.mode == BR_VP_DIRECT_POST_JWT);
        assert_int_equal(r.expires_s, NOW + 600);
        assert_int_equal(r.query.query_count, 1);
        br_buf_fini(&b);
    }
}

static void
a_key_of_a_did_is_believed(void **state)
{
    (void)state;
    char client_id[200];
    char kid[400];
    struct br_buf b;
    struct br_vp_request r = {0};
    const struct br_vp_policy policy = a_policy();
    br_buf_init(&b, 200);
    br_buf_puts(&b, "decentralized_identifier:");
    assert_ok(br_did_key_put(&b, br_private_key_public(leaf_key), false, &err));
    (void)snprintf(
        client_id, sizeof(client_id), "%.*s", (int)b.n, (const char *)b.p);
    br_buf_fini(&b);
    const char *did = strchr(client_id, ':') + 1;
    (void)snprintf(kid, sizeof(kid), "%s#%s", did, did + strlen("did:key:"));
    struct br_jws_header header = {
        .alg = BR_ALG_ES256, .typ = BR_VP_REQUEST_TYP, .kid = br_str(kid)};
    const struct br_vp_ask ask = an_ask(client_id);
    struct br_bytes claims = claims_of(&ask, NULL);
    assert_ok(
        judge_as(client_id, sign(claims, &header, leaf_key), &policy, &r));
    assert_refused(
        judge_as(client_id, sign(claims, &header, other_key), &policy, &r),
        JWS_SIGNATURE);
    header.kid = br_str("did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5"
                        "mDZpv#zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZ"
                        "pv");
    assert_refused(
        judge_as(client_id, sign(claims, &header, leaf_key), &policy, &r),
        VP_DID);
    header.kid = br_str("");
    assert_refused(
        judge_as(client_id, sign(claims, &header, leaf_key), &policy, &r),
        VP_DID);
    /* a DID whose document nobody has fetched */
    const char *web = "decentralized_identifier:did:web:verifier.example.org";
    const struct br_vp_ask web_ask = an_ask(web);
    header.kid = br_str("did:web:verifier.example.org#k");
    assert_refused(
        judge_as(
            web, sign(claims_of(&web_ask, NULL), &header, leaf_key), &policy,
            &r),
        VP_DID);
}

/* ---- attestations ------------------------------------------------------- */

struct attested {
    const char *typ;
    const char *claims; /**< @: the key that is confirmed */
    enum br_rule rule;
};

static struct br_bytes
attestation(const struct attested *a)
{
    struct br_buf key;
    struct br_json_writer w;
    const struct br_jwk jwk = {.key = *br_private_key_public(leaf_key)};
    char text[2048];
    br_buf_init(&key, 1024);
    br_json_writer_init(&w, &key);
    br_jwk_write(&w, &jwk);
    size_t before = strcspn(a->claims, "@");
    (void)snprintf(
        text, sizeof(text), "%.*s%.*s%s", (int)before, a->claims, (int)key.n,
        (const char *)key.p, a->claims + before + 1);
    br_buf_fini(&key);
    const struct br_jws_header header = {.alg = BR_ALG_ES256, .typ = a->typ};
    return sign(br_str(text), &header, other_key);
}

static enum br_rc
judge_attested(struct br_bytes jwt, struct br_private_key *key)
{
    const char *id = "verifier_attestation:nursery.example.org";
    struct br_json_maker m;
    const struct br_vp_ask ask = an_ask(id);
    const struct br_vp_attester attester = {
        br_str("https://registry.example.org"),
        *br_private_key_public(other_key)};
    struct br_vp_policy policy = a_policy();
    struct br_vp_request r = {0};
    policy.attesters = &attester;
    policy.attester_count = 1;
    br_json_maker_init(&m, &arena);
    struct br_json *more = br_json_new_object(&m);
    if (jwt.n > 0) {
        (void)br_json_set(&m, more, "jwt", br_json_new_string(&m, jwt));
    }
    const struct br_jws_header header = {
        .alg = BR_ALG_ES256, .typ = BR_VP_REQUEST_TYP, .more = more};
    return judge_as(id, sign(claims_of(&ask, NULL), &header, key), &policy, &r);
}

#define ATT_TYP "verifier-attestation+jwt"
#define ATT_CNF "\"cnf\":{\"jwk\":@}"
#define ATT_ISS "\"iss\":\"https://registry.example.org\","
#define ATT_SUB "\"sub\":\"nursery.example.org\","
#define ATT_EXP "\"exp\":1800000000,"

static void
an_attested_verifier_is_believed(void **state)
{
    static const struct attested good[] = {
        {ATT_TYP, "{" ATT_ISS ATT_SUB ATT_EXP ATT_CNF "}", BR_RULES},
        {ATT_TYP,
         "{" ATT_ISS ATT_SUB ATT_EXP
         "\"redirect_uris\":[\"https://x\",\"" RESPONSE_URI "\"]," ATT_CNF "}",
         BR_RULES},
    };
    static const struct attested bad[] = {
        {"JWT", "{" ATT_ISS ATT_SUB ATT_EXP ATT_CNF "}", BR_RULE_JWS_TYP},
        {ATT_TYP, "{" ATT_SUB ATT_EXP ATT_CNF "}", BR_RULE_VP_ATTESTATION},
        {ATT_TYP,
         "{\"iss\":\"https://evil.example\"," ATT_SUB ATT_EXP ATT_CNF "}",
         BR_RULE_VP_ATTESTER},
        {ATT_TYP, "{" ATT_ISS ATT_EXP ATT_CNF "}", BR_RULE_VP_ATTESTATION},
        {ATT_TYP, "{" ATT_ISS "\"sub\":\"other\"," ATT_EXP ATT_CNF "}",
         BR_RULE_VP_ATTESTATION},
        {ATT_TYP, "{" ATT_ISS ATT_SUB ATT_CNF "}", BR_RULE_VP_ATTESTATION},
        {ATT_TYP, "{" ATT_ISS ATT_SUB "\"exp\":1767225600," ATT_CNF "}",
         BR_RULE_VP_ATTESTATION},
        {ATT_TYP, "{" ATT_ISS ATT_SUB ATT_EXP "\"nbf\":1790000000," ATT_CNF "}",
         BR_RULE_VP_ATTESTATION},
        {ATT_TYP, "{" ATT_ISS ATT_SUB ATT_EXP "\"x\":{\"jwk\":@}}",
         BR_RULE_VP_ATTESTATION},
        {ATT_TYP,
         "{" ATT_ISS ATT_SUB ATT_EXP
         "\"redirect_uris\":[\"https://x\"]," ATT_CNF "}",
         BR_RULE_VP_RESPONSE_HOST},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_ok(judge_attested(attestation(&good[i]), leaf_key));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)judge_attested(attestation(&bad[i]), leaf_key);
        if (br_rule_of(&err) != br_rule_info(bad[i].rule)) {
            fail_msg("%zu: %s", i, err.text);
        }
    }
    assert_refused(judge_attested(br_str(""), leaf_key), VP_ATTESTATION);
    assert_refused(
        judge_attested(attestation(&good[0]), other_key), JWS_SIGNATURE);
}

/* ---- what is bad -------------------------------------------------------- */

static const struct bad_claim {
    const char *changes[5];
    enum br_rule rule;
} bad_claims[] = {
    {{"client_id", ""}, BR_RULE_VP_REQUEST},
    {{"client_id", "\"x509_hash:AAAA\""}, BR_RULE_VP_CLIENT},
    {{"response_type", ""}, BR_RULE_VP_RESPONSE_TYPE},
    {{"response_type", "\"code\""}, BR_RULE_VP_RESPONSE_TYPE},
    {{"response_mode", ""}, BR_RULE_VP_RESPONSE_MODE},
    {{"response_mode", "\"fragment\""}, BR_RULE_VP_RESPONSE_MODE},
    {{"response_mode", "7"}, BR_RULE_VP_REQUEST},
    {{"response_uri", ""}, BR_RULE_VP_RESPONSE_URI},
    {{"response_uri", "\"http://verifier.example.org/\""}, BR_RULE_VP_ADDRESS},
    {{"response_uri", "\"https://user@verifier.example.org/\""},
     BR_RULE_VP_ADDRESS},
    {{"response_uri", "\"https://verifier.example.org/#a\""},
     BR_RULE_VP_ADDRESS},
    {{"response_uri", "\"https://a\\\\@b/\""}, BR_RULE_VP_ADDRESS},
    {{"response_uri", "\"file:///etc/passwd\""}, BR_RULE_VP_ADDRESS},
    {{"redirect_uri", "\"https://verifier.example.org/\""},
     BR_RULE_VP_REDIRECT_URI},
    {{"nonce", ""}, BR_RULE_VP_NONCE},
    {{"nonce", "\"short\""}, BR_RULE_VP_NONCE},
    {{"nonce", "\"with a space in it, which is long enough\""},
     BR_RULE_VP_NONCE},
    {{"state", "\"a b\""}, BR_RULE_VP_STATE},
    {{"state", "\"short\"", "dcql_query", UNBOUND_QUERY}, BR_RULE_VP_STATE},
    {{"state", "", "dcql_query", UNBOUND_QUERY}, BR_RULE_VP_STATE},
    {{"aud", "\"https://wallet.example.org\""}, BR_RULE_VP_AUD},
    {{"exp", "1767225600"}, BR_RULE_VP_EXPIRED},
    {{"exp", "\"tomorrow\""}, BR_RULE_VP_REQUEST},
    {{"nbf", "1790000000"}, BR_RULE_VP_EXPIRED},
    {{"iat", "1790000000"}, BR_RULE_VP_EXPIRED},
    {{"dcql_query", ""}, BR_RULE_VP_QUERY},
    {{"scope", "\"openid\""}, BR_RULE_VP_QUERY},
    {{"dcql_query", "{}"}, BR_RULE_DCQL_FORM},
    {{"client_metadata", ""}, BR_RULE_VP_METADATA},
    {{"client_metadata", "[]"}, BR_RULE_VP_METADATA},
    {{"client_metadata", "{}"}, BR_RULE_VP_FORMATS},
    {{"client_metadata", "{\"vp_formats_supported\":{\"mso_mdoc\":{}}}"},
     BR_RULE_VP_FORMATS},
    {{"client_metadata",
      "{\"vp_formats_supported\":{\"dc+sd-jwt\":{\"kb-jwt_alg_values\":"
      "[\"PS256\"]}}}"},
     BR_RULE_VP_FORMATS},
    {{"client_metadata", "{\"vp_formats_supported\":{\"dc+sd-jwt\":{}}}"},
     BR_RULE_VP_ENCRYPTION},
    {{"client_metadata",
      "{\"vp_formats_supported\":{\"dc+sd-jwt\":{}},"
      "\"encrypted_response_enc_values_supported\":[\"A192GCM\"]}"},
     BR_RULE_VP_ENCRYPTION},
    {{"client_metadata",
      "{\"vp_formats_supported\":{\"dc+sd-jwt\":{}},\"jwks\":{\"keys\":["
      "{\"kty\":\"EC\"}]}}"},
     BR_RULE_VP_METADATA},
    {{"client_metadata",
      "{\"vp_formats_supported\":{\"dc+sd-jwt\":{}},\"jwks\":{\"keys\":["
      "{\"kid\":\"a\"},{\"kid\":\"a\"}]}}"},
     BR_RULE_VP_METADATA},
    {{"client_metadata",
      "{\"vp_formats_supported\":{\"dc+sd-jwt\":{}},\"jwks\":{\"keys\":["
      "{\"kid\":\"a\",\"kty\":\"XX\",\"alg\":\"ECDH-ES\"}]}}"},
     BR_RULE_VP_ENCRYPTION},
    {{"purpose", "[]"}, BR_RULE_VP_REQUEST},
    {{"transaction_data", "{}"}, BR_RULE_VP_TRANSACTION},
    {{"transaction_data", "[]"}, BR_RULE_VP_TRANSACTION},
    {{"transaction_data", "[1]"}, BR_RULE_VP_TRANSACTION},
    {{"transaction_data", "[\"*\"]"}, BR_RULE_VP_TRANSACTION},
};

static void
each_claim_has_its_rule(void **state)
{
    (void)state;
    const struct br_vp_ask ask = an_ask(hash_id);
    assert_ok(judge(object_of(&ask, NULL)));
    for (size_t i = 0; i < sizeof(bad_claims) / sizeof(bad_claims[0]); i++) {
        err.text[0] = '\0';
        enum br_rc rc = judge(object_of(&ask, bad_claims[i].changes));
        if (rc == BR_OK ||
            br_rule_of(&err) != br_rule_info(bad_claims[i].rule)) {
            fail_msg("%zu: %d %s", i, (int)rc, err.text);
        }
    }
}

static void
who_signs_has_its_rules(void **state)
{
    (void)state;
    const struct br_vp_ask ask = an_ask(hash_id);
    const struct br_x5c x5c = chain_of(&leaf);
    const struct br_x5c other = chain_of(&strangers_leaf);
    struct br_bytes claims = claims_of(&ask, NULL);
    struct br_jws_header header = {
        .alg = BR_ALG_ES256, .typ = "JWT", .x5c = &x5c};
    assert_refused(judge(sign(claims, &header, leaf_key)), JWS_TYP);
    header.typ = NULL;
    assert_refused(judge(sign(claims, &header, leaf_key)), JWS_TYP);
    header.typ = BR_VP_REQUEST_TYP;
    assert_refused(judge(sign(claims, &header, other_key)), JWS_SIGNATURE);
    header.x5c = &other; /* nobody who is trusted certified it */
    assert_refused(judge(sign(claims, &header, other_key)), X5C_NOT_TRUSTED);
    header.x5c = NULL;
    assert_refused(judge(sign(claims, &header, leaf_key)), JWS_KEY_SOURCE);

    struct br_vp_policy policy = a_policy();
    struct br_vp_request r = {0};
    policy.now_s = UNTIL + 10;
    assert_refused(
        judge_as(hash_id, object_of(&ask, NULL), &policy, &r), X5C_EXPIRED);
    assert_false(r.may_answer);
    const char *hash = "x509_hash:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const struct br_vp_ask wrong = an_ask(hash);
    policy = a_policy();
    assert_refused(
        judge_as(hash, object_of(&wrong, NULL), &policy, &r), X5C_HASH);
    const char *dns = "x509_san_dns:other.example.org";
    const struct br_vp_ask named = an_ask(dns);
    assert_refused(
        judge_as(dns, object_of(&named, NULL), &policy, &r), X5C_DNS);
}

static void
an_answer_stays_with_the_name_that_asks(void **state)
{
    (void)state;
    const char *id = "x509_san_dns:verifier.example.org";
    struct br_vp_ask ask = an_ask(id);
    const struct br_vp_policy policy = a_policy();
    struct br_vp_request r = {0};
    ask.response_uri = br_str("https://VERIFIER.example.org:8443/x");
    assert_ok(judge_as(id, object_of(&ask, NULL), &policy, &r));
    ask.response_uri = br_str("https://verifier.example.org.evil.example/x");
    assert_refused(
        judge_as(id, object_of(&ask, NULL), &policy, &r), VP_RESPONSE_HOST);
    /* With x509_hash it may, but the person is told. */
    ask = an_ask(hash_id);
    ask.response_uri = br_str("https://elsewhere.example/x");
    assert_ok(judge_as(hash_id, object_of(&ask, NULL), &policy, &r));
    assert_false(r.host_is_certified);
}

static void
a_wallets_nonce_comes_back(void **state)
{
    (void)state;
    struct br_vp_ask ask = an_ask(hash_id);
    struct br_vp_policy policy = a_policy();
    struct br_vp_request r = {0};
    policy.wallet_nonce = br_str("wallets-own-nonce");
    assert_refused(
        judge_as(hash_id, object_of(&ask, NULL), &policy, &r), VP_WALLET_NONCE);
    ask.wallet_nonce = br_str("another-nonce");
    assert_refused(
        judge_as(hash_id, object_of(&ask, NULL), &policy, &r), VP_WALLET_NONCE);
    ask.wallet_nonce = br_str("wallets-own-nonce");
    assert_ok(judge_as(hash_id, object_of(&ask, NULL), &policy, &r));
}

static void
the_profile_allows_less(void **state)
{
    (void)state;
    const char *id = "x509_san_dns:verifier.example.org";
    struct br_vp_ask ask = an_ask(id);
    struct br_vp_policy policy = a_policy();
    struct br_vp_request r = {0};
    policy.haip = true;
    assert_refused(judge_as(id, object_of(&ask, NULL), &policy, &r), VP_HAIP);
    ask = an_ask(hash_id);
    ask.mode = BR_VP_DIRECT_POST;
    assert_refused(
        judge_as(hash_id, object_of(&ask, NULL), &policy, &r), VP_HAIP);
}

/* ---- links -------------------------------------------------------------- */

static enum br_rc
read_link(const char *text, struct br_vp_link *ret)
{
    return br_vp_link_parse(br_str(text), &arena, ret, &err);
}

static void
links_lead_to_requests(void **state)
{
    (void)state;
    struct br_buf b;
    struct br_vp_link link = {0};
    br_buf_init(&b, 4096);
    br_vp_link_put(
        &b, br_str(hash_id), br_str("https://v.example/r?a=b&c"), true);
    assert_ok(br_vp_link_parse(br_buf_bytes(&b), &arena, &link, &err));
    assert_true(br_bytes_eq(link.client_id, br_str(hash_id)));
    assert_true(
        br_bytes_eq(link.request_uri, br_str("https://v.example/r?a=b&c")));
    assert_true(link.post);
    br_buf_fini(&b);
    assert_ok(read_link("haip-vp://?client_id=a&request_uri=b", &link));
    assert_false(link.post);
    assert_refused(read_link("openid4vp://", &link), VP_LINK);
    assert_refused(read_link("openid4vp://?request_uri=b", &link), VP_LINK);
    assert_refused(
        read_link("openid4vp://?client_id=a&request_uri=b&request=c", &link),
        VP_LINK);
    assert_refused(
        read_link(
            "openid4vp://?client_id=a&request_uri=b&request_uri_method=PUT",
            &link),
        VP_METHOD);
    assert_refused(
        read_link(
            "openid4vp://?client_id=a&request_uri=b&request_uri_method=GET",
            &link),
        VP_METHOD);
    assert_refused(
        read_link("openid4vp://?client_id=a&request_uri_method=get", &link),
        VP_METHOD);
    assert_refused(
        read_link("openid4vp://?client_id=a&client_id=b", &link), OAUTH_FORM);
}

static void
an_unsigned_request_comes_whole(void **state)
{
    (void)state;
    const char *id = "redirect_uri:" RESPONSE_URI;
    struct br_vp_ask ask = an_ask(id);
    struct br_vp_policy policy = a_policy();
    struct br_vp_link link = {0};
    struct br_vp_request r = {0};
    struct br_buf b;
    br_buf_init(&b, BR_VP_REQUEST_BYTES_MAX);
    assert_ok(br_vp_ask_link_put(&ask, &b, &err));
    assert_ok(br_vp_link_parse(br_buf_bytes(&b), &arena, &link, &err));
    assert_ok(br_vp_open(&link, br_str(""), &arena, &r, &err));
    assert_ok(br_vp_check(&r, &policy, &arena, &err));
    assert_true(!r.is_signed && r.may_answer && r.a256gcm);
    assert_true(br_bytes_eq(r.response_uri, br_str(RESPONSE_URI)));
    policy.haip = true;
    assert_refused(br_vp_check(&r, &policy, &arena, &err), VP_HAIP);
    policy.haip = false;

    br_buf_clear(&b); /* an answer that would go elsewhere */
    ask.response_uri = br_str("https://evil.example/");
    assert_ok(br_vp_ask_link_put(&ask, &b, &err));
    assert_ok(br_vp_link_parse(br_buf_bytes(&b), &arena, &link, &err));
    assert_ok(br_vp_open(&link, br_str(""), &arena, &r, &err));
    assert_refused(br_vp_check(&r, &policy, &arena, &err), VP_RESPONSE_HOST);

    /* signed, though it cannot be; and not, though it must */
    ask = an_ask(id);
    assert_refused(judge_as(id, object_of(&ask, NULL), &policy, &r), VP_SIGNED);
    br_buf_clear(&b);
    ask = an_ask(hash_id);
    assert_ok(br_vp_ask_link_put(&ask, &b, &err));
    assert_ok(br_vp_link_parse(br_buf_bytes(&b), &arena, &link, &err));
    assert_ok(br_vp_open(&link, br_str(""), &arena, &r, &err));
    assert_refused(br_vp_check(&r, &policy, &arena, &err), VP_SIGNED);
    br_buf_fini(&b);
}

static void
other_prefixes_are_refused(void **state)
{
    static const char *const ids[] = {
        "",
        "verifier",
        "x509_hash",
        "x509_hash:",
        ":x",
        "X509_HASH:abc",
        "origin:https://v.example",
        "openid_federation:https://v.example",
        "did:web:v.example",
        "https://v.example",
    };
    (void)state;
    struct br_vp_client c;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        assert_refused(br_vp_client_parse(br_str(ids[i]), &c, &err), VP_PREFIX);
    }
}

static void
addresses_are_plain(void **state)
{
    static const char *const good[] = {
        "https://a.example",   "https://a.example/",
        "https://a.example?x", "https://a.example:8443/x?y=z",
        "https://[::1]:1/",    "https://127.0.0.1"};
    static const char *const bad[] = {
        "",
        "https://",
        "https:///x",
        "https://?x",
        "https://:80/",
        "https://a:b/",
        "https://a@b/",
        "https://a/ b",
        "https://a\tb/",
        "https://[::1/",
        "https://[::1]x/",
        "HTTPS://a/",
        "ftp://a/",
        "https://a\\b/",
        "https://a/#f",
        "https://h\xc3\xa9/",
        "//a/",
        "http://a.example/"};
    (void)state;
    struct br_bytes host;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_ok(br_vp_address_check(br_str(good[i]), false, &host, &err));
    }
    assert_true(br_bytes_eq(host, br_str("127.0.0.1")));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused(
            br_vp_address_check(br_str(bad[i]), false, &host, &err),
            VP_ADDRESS);
    }
    assert_ok(
        br_vp_address_check(br_str("http://127.0.0.1:1/x"), true, &host, &err));
    assert_true(br_bytes_eq(host, br_str("127.0.0.1")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_of_its_certificate_is_believed),
        cmocka_unit_test(a_key_of_a_did_is_believed),
        cmocka_unit_test(an_attested_verifier_is_believed),
        cmocka_unit_test(each_claim_has_its_rule),
        cmocka_unit_test(who_signs_has_its_rules),
        cmocka_unit_test(an_answer_stays_with_the_name_that_asks),
        cmocka_unit_test(a_wallets_nonce_comes_back),
        cmocka_unit_test(the_profile_allows_less),
        cmocka_unit_test(links_lead_to_requests),
        cmocka_unit_test(an_unsigned_request_comes_whole),
        cmocka_unit_test(other_prefixes_are_refused),
        cmocka_unit_test(addresses_are_plain),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
