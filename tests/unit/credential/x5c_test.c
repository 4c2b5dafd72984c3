/*
 * Chains of certificates: whom they convince, and why not the others.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/support.h"

#include "common/credential/jws.h"
#include "common/credential/vci.h"
#include "common/credential/x5c.h"
#include "tests/unit/credential/authority.h"

enum {
    FROM = 1767225600, /* 2026-01-01 */
    NOW = FROM + 86400 * 30,
    UNTIL = FROM + 86400 * 365,
};

#define CA_USAGE "critical,keyCertSign,cRLSign"

/** root -> middle -> leaf; stranger is another root. */
static struct certificate root = {
    .name = "Root",
    .constraints = "critical,CA:TRUE",
    .usage = CA_USAGE,
    .from = FROM,
    .until = UNTIL,
};
static struct certificate middle = {
    .name = "Middle",
    .issuer = &root,
    .constraints = "critical,CA:TRUE,pathlen:0",
    .usage = CA_USAGE,
    .from = FROM,
    .until = UNTIL,
};
static struct certificate leaf = {
    .name = "Leaf",
    .issuer = &middle,
    .constraints = "critical,CA:FALSE",
    .usage = "critical,digitalSignature",
    .names = "DNS:verifier.example.org,DNS:*.wild.example.org,"
             "URI:https://uri.example.org",
    .from = FROM,
    .until = UNTIL,
};
static struct certificate stranger = {
    .name = "Root", /* the same name, another key */
    .constraints = "critical,CA:TRUE",
    .usage = CA_USAGE,
    .from = FROM,
    .until = UNTIL,
};

static struct br_x509_trust *trust;
static struct br_private_key *leaf_key;

static int
begin(void **state)
{
    uint8_t secret[32];
    char pem[8192];
    (void)setup(state);
    root.key = make_key(NULL);
    middle.key = make_key("P-384");
    leaf.key = make_key(NULL);
    stranger.key = make_key(NULL);
    certify(&root);
    certify(&middle);
    certify(&leaf);
    certify(&stranger);
    to_pem(&root, pem);
    assert_ok(br_x509_trust_new(br_str(pem), &trust, &err));
    secret_of(leaf.key, secret);
    assert_ok(
        br_private_key_new(BR_KEY_P256, br_bytes(secret, 32), &leaf_key, &err));
    return 0;
}

static int
end(void **state)
{
    EVP_PKEY_free(root.key);
    EVP_PKEY_free(middle.key);
    EVP_PKEY_free(leaf.key);
    EVP_PKEY_free(stranger.key);
    br_x509_trust_free(trust);
    br_private_key_free(leaf_key);
    return teardown(state);
}

static struct br_x5c
chain(const struct certificate *const *c, size_t count)
{
    struct br_x5c x = {.count = count};
    for (size_t i = 0; i < count; i++) {
        x.der[i] = br_bytes(c[i]->der, c[i]->n);
    }
    return x;
}

static struct br_x5c_policy
at(int64_t time)
{
    return (struct br_x5c_policy){.trust = trust, .unix_seconds = time};
}

/** The verdict on leaf and middle, of which one is another than usual. */
static enum br_rc
judge(const struct certificate *l, const struct certificate *m, int64_t time)
{
    const struct certificate *const all[] = {l, m};
    struct br_x5c x = chain(all, m == NULL ? 1 : 2);
    const struct br_x5c_policy p = at(time);
    return br_x5c_check(&x, &p, &err);
}

static void
a_good_chain_convinces(void **state)
{
    (void)state;
    assert_ok(judge(&leaf, &middle, NOW));
    assert_ok(judge(&leaf, &middle, FROM + 1));
    assert_ok(judge(&leaf, &middle, UNTIL - 1));
}

static void
times_are_those_of_the_question(void **state)
{
    (void)state;
    assert_refused(judge(&leaf, &middle, UNTIL + 1), X5C_EXPIRED);
    assert_refused(judge(&leaf, &middle, FROM - 1), X5C_NOT_YET);
    struct certificate old = middle;
    struct certificate of_old = leaf;
    old.until = NOW;
    certify(&old);
    of_old.issuer = &old;
    certify(&of_old);
    assert_ok(judge(&of_old, &old, NOW - 1));
    assert_refused(judge(&of_old, &old, NOW + 1), X5C_EXPIRED);
}

static void
only_the_trusted_are_trusted(void **state)
{
    (void)state;
    struct certificate m = middle;
    struct certificate l = leaf;
    m.issuer = &stranger;
    certify(&m);
    l.issuer = &m;
    certify(&l);
    assert_refused(judge(&l, &m, NOW), X5C_NOT_TRUSTED);
    assert_refused(judge(&leaf, NULL, NOW), X5C_NOT_TRUSTED);
    /* and nobody, when nobody is */
    struct br_x509_trust *nobody = NULL;
    assert_ok(br_x509_trust_new(br_str(""), &nobody, &err));
    const struct certificate *const all[] = {&leaf, &middle};
    struct br_x5c x = chain(all, 2);
    struct br_x5c_policy p = at(NOW);
    p.trust = nobody;
    assert_refused(br_x5c_check(&x, &p, &err), X5C_NOT_TRUSTED);
    br_x509_trust_free(nobody);
}

static void
a_self_signed_leaf_is_refused_even_when_trusted(void **state)
{
    (void)state;
    struct certificate self = leaf;
    char pem[8192];
    struct br_x509_trust *own = NULL;
    self.issuer = NULL;
    certify(&self);
    to_pem(&self, pem);
    assert_ok(br_x509_trust_new(br_str(pem), &own, &err));
    const struct certificate *const all[] = {&self};
    struct br_x5c x = chain(all, 1);
    struct br_x5c_policy p = at(NOW);
    p.trust = own;
    p.anchor_allowed = true;
    assert_refused(br_x5c_check(&x, &p, &err), X5C_SELF_SIGNED);
    br_x509_trust_free(own);
}

static void
the_order_is_from_leaf_to_authority(void **state)
{
    (void)state;
    const struct certificate *const around[] = {&middle, &leaf};
    const struct certificate *const with_stranger[] = {
        &leaf, &middle, &stranger};
    const struct certificate *const with_anchor[] = {&leaf, &middle, &root};
    struct br_x5c_policy p = at(NOW);
    struct br_x5c x = chain(around, 2);
    assert_refused(br_x5c_check(&x, &p, &err), X5C_ORDER);
    x = chain(with_stranger, 3);
    assert_refused(br_x5c_check(&x, &p, &err), X5C_ORDER);
    x = chain(with_anchor, 3);
    assert_refused(br_x5c_check(&x, &p, &err), X5C_ANCHOR);
    p.anchor_allowed = true;
    assert_ok(br_x5c_check(&x, &p, &err));
}

static void
a_leaf_is_for_signing(void **state)
{
    (void)state;
    struct certificate l = leaf;
    l.usage = "critical,keyAgreement";
    certify(&l);
    assert_refused(judge(&l, &middle, NOW), X5C_USAGE);
    l.usage = NULL; /* not said: any */
    certify(&l);
    assert_ok(judge(&l, &middle, NOW));
    l = leaf;
    l.purpose = "1.3.130.2.0.0.1.2,clientAuth";
    certify(&l);
    const struct certificate *const good[] = {&l, &middle};
    const struct certificate *const plain[] = {&leaf, &middle};
    struct br_x5c_policy p = at(NOW);
    p.purpose = "1.3.130.2.0.0.1.2";
    struct br_x5c x = chain(good, 2);
    assert_ok(br_x5c_check(&x, &p, &err));
    p.purpose = "1.3.130.2.0.0.1.3";
    assert_refused(br_x5c_check(&x, &p, &err), X5C_USAGE);
    x = chain(plain, 2);
    assert_refused(br_x5c_check(&x, &p, &err), X5C_USAGE);
    /* an authority signs no tokens */
    struct certificate m = middle;
    m.usage = "critical,keyCertSign,digitalSignature";
    certify(&m);
    assert_refused(judge(&m, NULL, NOW), X5C_USAGE);
}

static void
who_certifies_is_an_authority(void **state)
{
    (void)state;
    struct certificate m = middle;
    struct certificate l = leaf;
    m.constraints = "critical,CA:FALSE";
    certify(&m);
    l.issuer = &m;
    certify(&l);
    /* libcrypto may call it an issuer that is none, or out of order */
    assert_int_equal(judge(&l, &m, NOW), BR_ERR_CERTIFICATE_INVALID);
    assert_ptr_equal(br_rule_of(&err), br_rule_info(BR_RULE_X5C_AUTHORITY));
    /* pathlen:0, and one more below it */
    struct certificate below = middle;
    below.name = "Below";
    below.issuer = &middle;
    certify(&below);
    l = leaf;
    l.issuer = &below;
    certify(&l);
    const struct certificate *const all[] = {&l, &below, &middle};
    struct br_x5c x = chain(all, 3);
    const struct br_x5c_policy p = at(NOW);
    assert_refused(br_x5c_check(&x, &p, &err), X5C_AUTHORITY);
}

static void
weak_keys_and_digests_are_refused(void **state)
{
    (void)state;
    struct certificate l = leaf;
    l.key = make_key("RSA-1024");
    certify(&l);
    assert_refused(judge(&l, &middle, NOW), X5C_WEAK);
    EVP_PKEY_free(l.key);
    struct certificate m = middle;
    m.sha1 = true;
    certify(&m);
    l = leaf;
    l.issuer = &m;
    certify(&l);
    assert_refused(judge(&l, &m, NOW), X5C_WEAK);
}

static void
a_forged_certificate_is_out_of_order(void **state)
{
    (void)state;
    struct certificate l = leaf;
    l.der[l.n - 5] ^= 1; /* in the signature */
    assert_refused(judge(&l, &middle, NOW), X5C_ORDER);
    struct certificate t = leaf;
    t.n--;
    assert_refused(judge(&t, &middle, NOW), X5C_CERTIFICATE);
}

static void
keys_of_every_kind_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int kind; /**< or 0: none of ours */
    } kinds[] = {
        {"P-256", BR_KEY_P256},      {"P-384", BR_KEY_P384},
        {"P-521", BR_KEY_P521},      {"secp256k1", BR_KEY_SECP256K1},
        {"ED25519", BR_KEY_ED25519}, {"RSA", BR_KEY_RSA},
        {"brainpoolP256r1", 0},      {"RSA-1024", 0},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct certificate c = leaf;
        const struct certificate *const all[] = {&c};
        struct br_key k;
        c.key = make_key(kinds[i].name);
        certify(&c);
        struct br_x5c x = chain(all, 1);
        if (kinds[i].kind == 0) {
            assert_refused(br_x5c_key(&x, &k, &err), X5C_KEY);
        } else {
            assert_ok(br_x5c_key(&x, &k, &err));
            assert_int_equal(k.kind, kinds[i].kind);
        }
        EVP_PKEY_free(c.key);
    }
}

static void
client_identifiers_match_the_leaf(void **state)
{
    (void)state;
    static const char *const no[] = {
        "",
        "other.example.org",
        "a.wild.example.org",
        "uri.example.org",
        "https://uri.example.org",
        "Leaf",
        "verifier.example.org.",
        "sub.verifier.example.org",
    };
    const struct certificate *const all[] = {&leaf, &middle};
    struct br_x5c x = chain(all, 2);
    struct br_buf b;
    assert_ok(br_x5c_check_dns(&x, br_str("verifier.example.org"), &err));
    assert_ok(br_x5c_check_dns(&x, br_str("Verifier.Example.ORG"), &err));
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        assert_refused(br_x5c_check_dns(&x, br_str(no[i]), &err), X5C_DNS);
    }
    assert_refused(
        br_x5c_check_dns(&x, br_bytes("verifier.example.org\0x", 22), &err),
        X5C_DNS);
    br_buf_init(&b, 64);
    br_x5c_put_hash(&b, &x);
    assert_int_equal(b.n, 43);
    assert_ok(br_x5c_check_hash(&x, br_buf_bytes(&b), &err));
    assert_refused(br_x5c_check_hash(&x, br_bytes(b.p, 42), &err), X5C_HASH);
    b.p[0] = b.p[0] == 'A' ? 'B' : 'A';
    assert_refused(br_x5c_check_hash(&x, br_buf_bytes(&b), &err), X5C_HASH);
    assert_refused(br_x5c_check_hash(&x, br_str(""), &err), X5C_HASH);
    br_buf_fini(&b);
}

/* ---- in a token --------------------------------------------------------- */

static const struct br_jws_policy by_x5c = {
    .algs = BR_ALG_ES256 | BR_ALG_ES384,
    .sources = BR_KEY_BY_X5C | BR_KEY_BY_JWK,
};

static struct br_bytes
sign(struct br_private_key *key, const struct br_x5c *x, const struct br_key *k)
{
    struct br_buf b;
    const struct br_jws_header h = {.alg = BR_ALG_ES256, .jwk = k, .x5c = x};
    br_buf_init(&b, 65536);
    assert_ok(br_jws_sign(&h, br_str("{\"a\":1}"), key, &b, &err));
    struct br_bytes text =
        br_bytes(br_arena_copy(&arena, br_buf_bytes(&b)), b.n);
    br_buf_fini(&b);
    return text;
}

static void
a_token_verifies_under_its_leaf(void **state)
{
    (void)state;
    const struct certificate *const all[] = {&leaf, &middle};
    struct br_x5c x = chain(all, 2);
    struct br_jws j;
    struct br_bytes payload;
    const struct br_x5c_policy now = at(NOW);
    const struct br_x5c_policy late = at(UNTIL + 1);
    assert_ok(
        br_jws_parse(sign(leaf_key, &x, NULL), &by_x5c, &arena, &j, &err));
    assert_int_equal(j.sources, BR_KEY_BY_X5C);
    assert_int_equal(j.x5c.count, 2);
    assert_true(br_bytes_eq(j.x5c.der[0], x.der[0]));
    assert_ok(br_jws_verify_x5c(&j, &now, &payload, &err));
    assert_true(br_bytes_eq(payload, br_str("{\"a\":1}")));
    assert_refused(br_jws_verify_x5c(&j, &late, &payload, &err), X5C_EXPIRED);
}

static void
another_key_than_the_leaf_is_found_out(void **state)
{
    (void)state;
    const struct certificate *const all[] = {&leaf, &middle};
    struct br_x5c x = chain(all, 2);
    struct br_private_key *other = NULL;
    struct br_jws j;
    const struct br_x5c_policy now = at(NOW);
    assert_ok(br_private_key_generate(BR_KEY_P256, &other, &err));
    assert_ok(br_jws_parse(sign(other, &x, NULL), &by_x5c, &arena, &j, &err));
    assert_refused(br_jws_verify_x5c(&j, &now, NULL, &err), JWS_SIGNATURE);
    assert_refused(
        br_jws_parse(
            sign(other, &x, br_private_key_public(other)), &by_x5c, &arena, &j,
            &err),
        JWS_KEYS_DIFFER);
    assert_ok(br_jws_parse(
        sign(leaf_key, &x, br_private_key_public(leaf_key)), &by_x5c, &arena,
        &j, &err));
    assert_ok(br_jws_verify_x5c(&j, &now, NULL, &err));
    br_private_key_free(other);
}

/* OpenID4VCI 1.0 section 12.2.3, which is a token under a leaf too. */
static enum br_rc
signed_metadata(const char *claims, const char *typ)
{
    static const struct certificate *const c[] = {&leaf, &middle};
    const struct br_x5c x = chain(c, 2);
    const struct br_jws_header header = {
        .alg = BR_ALG_ES256, .typ = typ, .x5c = &x};
    const struct br_x5c_policy policy = at(NOW);
    struct br_vci_signed s = {0};
    struct br_buf b;
    br_buf_init(&b, 65536);
    assert_ok(br_jws_sign(&header, br_str(claims), leaf_key, &b, &err));
    enum br_rc rc = br_vci_signed_parse(
        br_buf_bytes(&b), br_str("https://i"), &policy, &arena, &s, &err);
    if (rc == BR_OK) {
        assert_true(br_key_eq(&s.key, br_private_key_public(leaf_key)));
        assert_non_null(br_json_member(s.metadata, "sub"));
    }
    br_buf_fini(&b);
    return rc;
}

static void
signed_metadata_is_about_its_issuer_and_now(void **state)
{
    static const struct {
        const char *claims;
        bool good;
    } all[] = {
        {"{\"sub\":\"https://i\",\"iat\":1769817600}", true},
        {"{\"sub\":\"https://i\",\"iat\":1769817600,\"exp\":1769817601}", true},
        {"{\"sub\":\"https://i\",\"iat\":1769817600,\"exp\":1769817600}",
         false},
        {"{\"sub\":\"https://i\",\"iat\":1769817661}", false},
        {"{\"sub\":\"https://i/\",\"iat\":1769817600}", false},
        {"{\"sub\":\"https://i\"}", false},
        {"{\"iat\":1769817600}", false},
        {"{\"sub\":\"https://i\",\"iat\":\"1769817600\"}", false},
    };
    (void)state;
    assert_int_equal(NOW, 1769817600);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i].good) {
            assert_ok(signed_metadata(all[i].claims, BR_VCI_METADATA_TYP));
        } else {
            assert_refused(
                signed_metadata(all[i].claims, BR_VCI_METADATA_TYP),
                VCI_SIGNED);
        }
    }
    assert_refused(signed_metadata(all[0].claims, "JWT"), JWS_TYP);
}

static void
trust_is_read_strictly(void **state)
{
    (void)state;
    struct br_x509_trust *t = NULL;
    char pem[8192];
    assert_int_equal(
        br_x509_trust_new(
            br_str("-----BEGIN CERTIFICATE-----\nAAAA\n"), &t, &err),
        BR_ERR_MALFORMED);
    to_pem(&root, pem);
    pem[200] = '!';
    assert_int_equal(
        br_x509_trust_new(br_str(pem), &t, &err), BR_ERR_MALFORMED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_chain_convinces),
        cmocka_unit_test(times_are_those_of_the_question),
        cmocka_unit_test(only_the_trusted_are_trusted),
        cmocka_unit_test(a_self_signed_leaf_is_refused_even_when_trusted),
        cmocka_unit_test(the_order_is_from_leaf_to_authority),
        cmocka_unit_test(a_leaf_is_for_signing),
        cmocka_unit_test(who_certifies_is_an_authority),
        cmocka_unit_test(weak_keys_and_digests_are_refused),
        cmocka_unit_test(a_forged_certificate_is_out_of_order),
        cmocka_unit_test(keys_of_every_kind_are_read),
        cmocka_unit_test(client_identifiers_match_the_leaf),
        cmocka_unit_test(a_token_verifies_under_its_leaf),
        cmocka_unit_test(another_key_than_the_leaf_is_found_out),
        cmocka_unit_test(signed_metadata_is_about_its_issuer_and_now),
        cmocka_unit_test(trust_is_read_strictly),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}
