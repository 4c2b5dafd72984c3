/*
 * What a wallet's provider attests: every way in which it can be wrong, each
 * refused by its rule; and what is right is read as it was signed.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/support.h"

#include "common/codec/json_write.h"
#include "common/credential/attestation.h"
#include "tests/unit/credential/authority.h"

#include <stdio.h>

enum {
    NOW = 1800000000,
    WINDOW = 300,
    FROM = 1700000000,
    UNTIL = 1900000000,
    TEXT_BYTES = 64 * 1024,
};
#define AUDIENCE "https://issuer.example"

static struct certificate root = {
    .name = "Root",
    .constraints = "critical,CA:TRUE",
    .usage = "critical,keyCertSign,cRLSign",
    .from = FROM,
    .until = UNTIL,
};
static struct certificate leaf = {
    .name = "Provider",
    .issuer = &root,
    .constraints = "critical,CA:FALSE",
    .usage = "critical,digitalSignature",
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
static struct br_private_key *provider;
static struct br_private_key *instance;
static struct br_private_key *other;
static char instance_jwk[512];
static char private_jwk[512];

static void
put_jwk(struct br_private_key *k, bool secret, char out[512])
{
    struct br_buf b;
    struct br_json_writer w;
    const struct br_jwk jwk = {.key = *br_private_key_public(k)};
    br_buf_init(&b, 511);
    br_json_writer_init(&w, &b);
    if (secret) {
        assert_ok(br_jwk_write_private(&w, &jwk, k, &err));
    } else {
        br_jwk_write(&w, &jwk);
    }
    (void)snprintf(out, 512, "%.*s", (int)b.n, (const char *)b.p);
    br_buf_fini(&b);
}

static int
begin(void **state)
{
    char pem[8192];
    uint8_t secret[32];
    (void)setup(state);
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
        br_private_key_new(BR_KEY_P256, br_bytes(secret, 32), &provider, &err));
    assert_ok(br_private_key_generate(BR_KEY_P256, &instance, &err));
    assert_ok(br_private_key_generate(BR_KEY_P256, &other, &err));
    put_jwk(instance, false, instance_jwk);
    put_jwk(instance, true, private_jwk);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    br_x509_trust_free(trust);
    br_private_key_free(provider);
    br_private_key_free(instance);
    br_private_key_free(other);
    EVP_PKEY_free(root.key);
    EVP_PKEY_free(leaf.key);
    EVP_PKEY_free(stranger.key);
    return 0;
}

/* ---- making -------------------------------------------------------------- */

/** Replaces $ by the instance's JWK. */
static struct br_bytes
filled(const char *text, const char *jwk, char out[TEXT_BYTES])
{
    const char *at = strchr(text, '$');
    int n = at == NULL ? snprintf(out, TEXT_BYTES, "%s", text)
                       : snprintf(
                             out, TEXT_BYTES, "%.*s%s%s", (int)(at - text),
                             text, jwk, at + 1);
    assert_true(n > 0 && n < TEXT_BYTES);
    return br_str(out);
}

struct making {
    const char *claims;
    const char *typ;
    struct br_private_key *key;      /**< NULL: the provider's */
    const struct certificate *shown; /**< NULL: the provider's */
    const char *jwk;                 /**< NULL: the instance's */
};

static void
make(const struct making *m, struct br_buf *b)
{
    static char text[TEXT_BYTES];
    const struct certificate *c = m->shown == NULL ? &leaf : m->shown;
    const struct br_x5c x5c = {.count = 1, .der = {br_bytes(c->der, c->n)}};
    const struct br_jws_header h = {
        .alg = BR_ALG_ES256, .typ = m->typ, .x5c = &x5c};
    assert_ok(br_jws_sign(
        &h, filled(m->claims, m->jwk == NULL ? instance_jwk : m->jwk, text),
        m->key == NULL ? provider : m->key, b, &err));
}

static void
make_proof(
    const char *claims,
    const char *typ,
    struct br_private_key *key,
    struct br_buf *b)
{
    const struct br_jws_header h = {.alg = BR_ALG_ES256, .typ = typ};
    assert_ok(br_jws_sign(&h, br_str(claims), key, b, &err));
}

static struct br_x5c_policy providers;

static struct br_attestation_policy
policy(void)
{
    providers = (struct br_x5c_policy){.trust = trust, .unix_seconds = NOW};
    return (struct br_attestation_policy){
        .algs = BR_ALG_ES256,
        .providers = &providers,
        .audience = br_str(AUDIENCE),
        .now_s = NOW,
        .window_s = WINDOW,
    };
}

#define CLIENT "{\"sub\":\"w\",\"exp\":1800000600,\"cnf\":{\"jwk\":$}}"
#define POP    "{\"aud\":\"" AUDIENCE "\",\"jti\":\"j\",\"iat\":1800000000}"
#define KEYS   "{\"iat\":1799999000,\"attested_keys\":[$],\"nonce\":\"n\"}"

/* ---- clients --------------------------------------------------------------
 */

static enum br_rc
check_client(
    const struct making *m,
    const char *proof,
    const char *proof_typ,
    struct br_private_key *proof_key,
    struct br_attested_client *ret)
{
    struct br_buf a;
    struct br_buf p;
    const struct br_attestation_policy x = policy();
    br_buf_init(&a, TEXT_BYTES);
    br_buf_init(&p, TEXT_BYTES);
    make(m, &a);
    make_proof(proof, proof_typ, proof_key, &p);
    enum br_rc rc = br_client_attestation_check(
        br_buf_bytes(&a), br_buf_bytes(&p), &x, &arena, ret, &err);
    br_buf_fini(&a);
    br_buf_fini(&p);
    return rc;
}

static void
a_client_is_read(void **state)
{
    const struct making m = {
        .claims = CLIENT, .typ = BR_CLIENT_ATTESTATION_TYP};
    struct br_attested_client c;
    struct br_buf pop;
    struct br_buf a;
    const struct br_attestation_policy x = policy();
    const struct br_client_pop p = {
        .audience = br_str(AUDIENCE), .id = br_str("j-1"), .issued_s = NOW};
    (void)state;
    assert_ok(check_client(&m, POP, BR_CLIENT_POP_TYP, instance, &c));
    assert_true(br_bytes_eq(c.client, br_str("w")));
    assert_true(br_bytes_eq(c.id, br_str("j")));
    assert_true(br_key_eq(&c.key.key, br_private_key_public(instance)));
    /* What we make ourselves is taken too. */
    br_buf_init(&a, TEXT_BYTES);
    br_buf_init(&pop, TEXT_BYTES);
    make(&m, &a);
    assert_ok(br_client_pop_make(&p, BR_ALG_ES256, instance, &pop, &err));
    assert_ok(br_client_attestation_check(
        br_buf_bytes(&a), br_buf_bytes(&pop), &x, &arena, &c, &err));
    assert_true(br_bytes_eq(c.id, br_str("j-1")));
    br_buf_fini(&a);
    br_buf_fini(&pop);
}

static void
attestations_of_clients_are_refused(void **state)
{
#define A(...)                                        \
    {                                                 \
        __VA_ARGS__, .typ = BR_CLIENT_ATTESTATION_TYP \
    }
    const struct {
        struct making m;
        const char *rule;
    } cases[] = {
        {A(.claims = "{\"sub\":\"w\",\"exp\":1800000000,\"cnf\":{\"jwk\":$}}"),
         "attest-time"},
        {A(.claims = "{\"sub\":\"w\",\"exp\":1800000600,\"nbf\":1800000061,"
                     "\"cnf\":{\"jwk\":$}}"),
         "attest-time"},
        {A(.claims = "{\"sub\":\"w\",\"exp\":1800000600,\"iat\":1800000061,"
                     "\"cnf\":{\"jwk\":$}}"),
         "attest-time"},
        {A(.claims = "{\"sub\":\"w\",\"cnf\":{\"jwk\":$}}"), "attest-claim"},
        {A(.claims = "{\"sub\":\"w\",\"exp\":\"x\",\"cnf\":{\"jwk\":$}}"),
         "attest-claim"},
        {A(.claims = "{\"exp\":1800000600,\"cnf\":{\"jwk\":$}}"),
         "attest-claim"},
        {A(.claims = "{\"sub\":\"\",\"exp\":1800000600,\"cnf\":{\"jwk\":$}}"),
         "attest-claim"},
        {A(.claims = "{\"sub\":\"w\",\"exp\":1800000600}"), "attest-claim"},
        {A(.claims = "{\"sub\":\"w\",\"exp\":1800000600,\"cnf\":{}}"),
         "attest-claim"},
        {A(.claims = CLIENT, .jwk = "{\"kty\":\"oct\",\"k\":\"AAAA\"}"),
         "attest-claim"},
        {A(.claims = CLIENT, .jwk = private_jwk), "attest-claim"},
        {A(.claims = "[$]"), "attest-claim"},
        {A(.claims = "{"), "attest-claim"},
        {A(.claims = CLIENT, .key = other), "jws-signature"},
        {A(.claims = CLIENT, .shown = &stranger), "x5c-"},
        {{.claims = CLIENT, .typ = "JWT"}, "jws-typ"},
        {{.claims = CLIENT, .typ = BR_KEY_ATTESTATION_TYP}, "jws-typ"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct br_attested_client c;
        enum br_rc rc =
            check_client(&cases[i].m, POP, BR_CLIENT_POP_TYP, instance, &c);
        if (rc == BR_OK ||
            strncmp(err.text, cases[i].rule, strlen(cases[i].rule)) != 0) {
            fail_msg("%zu: %s, not %s", i, err.text, cases[i].rule);
        }
    }
}

static void
proofs_of_clients_are_refused(void **state)
{
    const struct {
        const char *claims;
        const char *typ;
        struct br_private_key *key;
        const char *rule;
    } cases[] = {
        {POP, BR_CLIENT_POP_TYP, other, "jws-signature"},
        {POP, BR_CLIENT_ATTESTATION_TYP, instance, "jws-typ"},
        {"{\"aud\":\"https://other\",\"jti\":\"j\",\"iat\":1800000000}",
         BR_CLIENT_POP_TYP, instance, "attest-pop"},
        {"{\"aud\":[\"" AUDIENCE "\"],\"jti\":\"j\",\"iat\":1800000000}",
         BR_CLIENT_POP_TYP, instance, "attest-pop"},
        {"{\"jti\":\"j\",\"iat\":1800000000}", BR_CLIENT_POP_TYP, instance,
         "attest-pop"},
        {"{\"aud\":\"" AUDIENCE "\",\"iat\":1800000000}", BR_CLIENT_POP_TYP,
         instance, "attest-pop"},
        {"{\"aud\":\"" AUDIENCE "\",\"jti\":\"\",\"iat\":1800000000}",
         BR_CLIENT_POP_TYP, instance, "attest-pop"},
        {"{\"aud\":\"" AUDIENCE "\",\"jti\":\"j\"}", BR_CLIENT_POP_TYP,
         instance, "attest-pop"},
        {"{\"aud\":\"" AUDIENCE "\",\"jti\":\"j\",\"iat\":1799999699}",
         BR_CLIENT_POP_TYP, instance, "attest-pop"},
        {"{\"aud\":\"" AUDIENCE "\",\"jti\":\"j\",\"iat\":1800000061}",
         BR_CLIENT_POP_TYP, instance, "attest-pop"},
        {"[]", BR_CLIENT_POP_TYP, instance, "attest-pop"},
    };
    const struct making m = {
        .claims = CLIENT, .typ = BR_CLIENT_ATTESTATION_TYP};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct br_attested_client c;
        enum br_rc rc =
            check_client(&m, cases[i].claims, cases[i].typ, cases[i].key, &c);
        if (rc == BR_OK ||
            strncmp(err.text, cases[i].rule, strlen(cases[i].rule)) != 0) {
            fail_msg("%zu: %s, not %s", i, err.text, cases[i].rule);
        }
    }
}

/* ---- keys -----------------------------------------------------------------
 */

static enum br_rc
check_keys(const struct making *m, struct br_attested_keys *ret)
{
    struct br_buf a;
    const struct br_attestation_policy x = policy();
    br_buf_init(&a, TEXT_BYTES);
    make(m, &a);
    enum br_rc rc =
        br_key_attestation_check(br_buf_bytes(&a), &x, &arena, ret, &err);
    br_buf_fini(&a);
    return rc;
}

static void
keys_are_read(void **state)
{
    static struct br_attested_keys k;
    const struct making m = {
        .claims = "{\"iat\":1,\"exp\":1800000001,\"nonce\":\"n\","
                  "\"key_storage\":[\"iso_18045_high\"],\"attested_keys\":[$]}",
        .typ = BR_KEY_ATTESTATION_TYP};
    (void)state;
    assert_ok(check_keys(&m, &k));
    assert_int_equal(k.count, 1);
    assert_true(br_key_eq(&k.key[0].key, br_private_key_public(instance)));
    assert_true(br_bytes_eq(k.nonce, br_str("n")));
    assert_int_equal(br_json_count(k.storage), 1);
    assert_null(k.user);
}

static void
attestations_of_keys_are_refused(void **state)
{
#define K(...)                                     \
    {                                              \
        __VA_ARGS__, .typ = BR_KEY_ATTESTATION_TYP \
    }
    static struct br_attested_keys k;
    const struct {
        struct making m;
        const char *rule;
    } cases[] = {
        {K(.claims = "{\"attested_keys\":[$]}"), "attest-claim"},
        {K(.claims = "{\"iat\":1}"), "attest-claim"},
        {K(.claims = "{\"iat\":1,\"attested_keys\":[]}"), "attest-claim"},
        {K(.claims = "{\"iat\":1,\"attested_keys\":{}}"), "attest-claim"},
        {K(.claims = "{\"iat\":1,\"attested_keys\":[$,7]}"), "attest-claim"},
        {K(.claims = KEYS, .jwk = private_jwk), "attest-claim"},
        {K(.claims = "{\"iat\":1,\"nonce\":1,\"attested_keys\":[$]}"),
         "attest-claim"},
        {K(.claims = "{\"iat\":1,\"key_storage\":\"x\",\"attested_keys\":[$]}"),
         "attest-claim"},
        {K(.claims = "{\"iat\":1,\"exp\":1800000000,\"attested_keys\":[$]}"),
         "attest-time"},
        {K(.claims = "{\"iat\":1800000061,\"attested_keys\":[$]}"),
         "attest-time"},
        {K(.claims = KEYS, .key = other), "jws-signature"},
        {K(.claims = KEYS, .shown = &stranger), "x5c-"},
        {{.claims = KEYS, .typ = "keyattestation+jwt"}, "jws-typ"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum br_rc rc = check_keys(&cases[i].m, &k);
        if (rc == BR_OK ||
            strncmp(err.text, cases[i].rule, strlen(cases[i].rule)) != 0) {
            fail_msg("%zu: %s, not %s", i, err.text, cases[i].rule);
        }
    }
}

static void
sixty_four_keys_and_no_more(void **state)
{
    static struct br_attested_keys k;
    static char text[TEXT_BYTES];
    (void)state;
    for (size_t count = BR_ATTESTED_KEYS_MAX; count <= BR_ATTESTED_KEYS_MAX + 1;
         count++) {
        struct br_buf b;
        br_buf_init(&b, TEXT_BYTES - 1);
        br_buf_puts(&b, "{\"iat\":1,\"attested_keys\":[");
        for (size_t i = 0; i < count; i++) {
            br_buf_printf(&b, "%s%s", i == 0 ? "" : ",", instance_jwk);
        }
        br_buf_puts(&b, "]}");
        (void)snprintf(text, sizeof(text), "%.*s", (int)b.n, (const char *)b.p);
        br_buf_fini(&b);
        const struct making m = {.claims = text, .typ = BR_KEY_ATTESTATION_TYP};
        if (count == BR_ATTESTED_KEYS_MAX) {
            assert_ok(check_keys(&m, &k));
            assert_int_equal(k.count, count);
        } else {
            assert_int_not_equal(check_keys(&m, &k), BR_OK);
            assert_non_null(strstr(err.text, "too many keys"));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_is_read),
        cmocka_unit_test(attestations_of_clients_are_refused),
        cmocka_unit_test(proofs_of_clients_are_refused),
        cmocka_unit_test(keys_are_read),
        cmocka_unit_test(attestations_of_keys_are_refused),
        cmocka_unit_test(sixty_four_keys_and_no_more),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
