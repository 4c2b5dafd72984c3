/*
 * Forms, PKCE and DPoP: both directions, published values, each refusal.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/credential/oauth.h"
#include "common/credential/rule.h"
#include "common/crypto/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void
assert_refused(enum br_rc rc, const struct br_err *err, const char *slug)
{
    assert_int_not_equal(rc, BR_OK);
    const struct br_rule_info *r = br_rule_of(err);
    if (r == NULL || strcmp(r->slug, slug) != 0) {
        fail_msg("refused by \"%s\", not by %s", err->text, slug);
    }
}

/* ---- errors ------------------------------------------------------------- */

static void
errors_have_names(void **state)
{
    (void)state;
    for (int e = 1; e < BR_OAUTH_ERRORS; e++) {
        const char *name = br_oauth_error_name((enum br_oauth_error)e);
        assert_int_equal(br_oauth_error_by_name(br_str(name)), e);
        assert_true(br_oauth_error_status((enum br_oauth_error)e) >= 400);
    }
    assert_int_equal(br_oauth_error_by_name(br_str("no_such")), BR_OAUTH_OK);
}

static void
an_answer_is_read_back(void **state)
{
    (void)state;
    struct br_buf b;
    char text[BR_OAUTH_DESCRIPTION_BYTES];
    br_buf_init(&b, 1024);
    br_oauth_error_put(&b, BR_OAUTH_INVALID_GRANT, "say \"x\\y\" \n \xc3\xa0");
    br_oauth_error_read(br_buf_bytes(&b), text);
    assert_string_equal(text, "invalid_grant: say 'x'y' ? ??");
    br_oauth_error_read(br_str("<html>"), text);
    assert_string_equal(text, "no error of OAuth");
    br_oauth_error_read(
        br_str("{\"title\":\"x\",\"detail\":\"too large\"}"), text);
    assert_string_equal(text, "no error of OAuth: too large");
    br_buf_fini(&b);
}

/* ---- forms -------------------------------------------------------------- */

static void
a_form_is_read_back(void **state)
{
    (void)state;
    struct br_arena arena;
    struct br_buf b;
    struct br_form f;
    struct br_err err;
    br_arena_init(&arena, 65536);
    br_buf_init(&b, 1024);
    br_form_put(&b, "a", br_str("x y&=+%\xc3\xa8~"));
    br_form_put(&b, "empty", br_str(""));
    br_form_put(&b, "b", br_str("1"));
    assert_memory_equal(b.p, "a=x%20y%26%3D%2B%25%C3%A8~&b=1", b.n);
    assert_int_equal(br_form_parse(br_buf_bytes(&b), &arena, &f, &err), BR_OK);
    assert_true(br_bytes_eq(br_form_get(&f, "a"), br_str("x y&=+%\xc3\xa8~")));
    assert_true(br_bytes_eq(br_form_get(&f, "b"), br_str("1")));
    assert_int_equal(br_form_get(&f, "c").n, 0);
    assert_int_equal(
        br_form_parse(br_str("&a+b=1+2&&c&d="), &arena, &f, &err), BR_OK);
    assert_true(br_bytes_eq(br_form_get(&f, "a b"), br_str("1 2")));
    assert_int_equal(br_form_get(&f, "d").n, 0);
    br_buf_fini(&b);
    br_arena_fini(&arena);
}

static void
bad_forms_are_refused(void **state)
{
    static const char *const bad[] = {"a=1&a=2", "a=%",   "a=%1",     "a=%zz",
                                      "a=%00",   "a=%ff", "%61=1&a=2"};
    (void)state;
    struct br_arena arena;
    struct br_form f;
    struct br_err err;
    struct br_buf many;
    br_arena_init(&arena, 65536);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        enum br_rc rc = br_form_parse(br_str(bad[i]), &arena, &f, &err);
        assert_refused(rc, &err, "oauth-form");
    }
    assert_refused(
        br_form_parse(br_bytes("a=x\0y", 5), &arena, &f, &err), &err,
        "oauth-form");
    br_buf_init(&many, 4096);
    for (int i = 0; i <= BR_FORM_FIELDS_MAX; i++) {
        br_buf_printf(&many, "&p%d=1", i);
    }
    enum br_rc rc = br_form_parse(br_buf_bytes(&many), &arena, &f, &err);
    assert_refused(rc, &err, "oauth-form");
    br_buf_fini(&many);
    br_arena_fini(&arena);
}

/* ---- PKCE --------------------------------------------------------------- */

static void
pkce_of_the_standard(void **state)
{
    /* RFC 7636 appendix B */
    static const char verifier[] =
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    static const char challenge[] =
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    (void)state;
    char text[BR_PKCE_CHALLENGE_BYTES + 1];
    char other[sizeof(verifier)];
    struct br_err err;
    br_pkce_challenge(br_str(verifier), text);
    assert_string_equal(text, challenge);
    assert_int_equal(
        br_pkce_check(br_str(verifier), br_str(challenge), &err), BR_OK);
    memcpy(other, verifier, sizeof(other));
    other[0] = 'e';
    assert_refused(
        br_pkce_check(br_str(other), br_str(challenge), &err), &err,
        "pkce-challenge");
    other[0] = '+';
    assert_refused(
        br_pkce_check(br_str(other), br_str(challenge), &err), &err,
        "pkce-verifier");
    assert_refused(
        br_pkce_check(br_bytes(verifier, 42), br_str(challenge), &err), &err,
        "pkce-verifier");
}

/* ---- DPoP --------------------------------------------------------------- */

enum { NOW = 1700000000 };

struct dpop {
    struct br_arena arena;
    struct br_private_key *key;
    struct br_buf proof;
    struct br_dpop in;
    struct br_dpop_policy policy;
};

static void
begin(struct dpop *d)
{
    struct br_err err;
    assert_int_equal(br_crypto_init(&err), BR_OK);
    br_arena_init(&d->arena, 1u << 20);
    br_buf_init(&d->proof, 8192);
    assert_int_equal(
        br_private_key_generate(BR_KEY_P256, &d->key, &err), BR_OK);
    d->in = (struct br_dpop){
        .method = br_str("POST"),
        .url = br_str("https://Issuer.example/a/token"),
        .id = br_str("id-1"),
        .token = br_str("a token"),
        .nonce = br_str("n-1"),
        .issued_s = NOW,
    };
    d->policy = (struct br_dpop_policy){
        .algs = BR_ALG_ES256,
        .method = br_str("POST"),
        .url = br_str("https://issuer.example/a/token"),
        .token = br_str("a token"),
        .now_s = NOW + 10,
        .window_s = 300,
    };
}

static void
end(struct dpop *d)
{
    br_private_key_free(d->key);
    br_buf_fini(&d->proof);
    br_arena_fini(&d->arena);
}

static enum br_rc
make_and_check(struct dpop *d, struct br_dpop_proof *ret, struct br_err *reterr)
{
    br_buf_clear(&d->proof);
    assert_int_equal(
        br_dpop_make(&d->in, BR_ALG_ES256, d->key, &d->proof, reterr), BR_OK);
    return br_dpop_check(
        br_buf_bytes(&d->proof), &d->policy, &d->arena, ret, reterr);
}

static void
a_proof_is_checked(void **state)
{
    (void)state;
    struct dpop d;
    struct br_dpop_proof p;
    struct br_err err;
    char thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1];
    begin(&d);
    assert_int_equal(make_and_check(&d, &p, &err), BR_OK);
    assert_true(br_bytes_eq(p.id, br_str("id-1")));
    assert_true(br_bytes_eq(p.nonce, br_str("n-1")));
    assert_int_equal(
        br_jwk_thumbprint_text(br_private_key_public(d.key), thumbprint, &err),
        BR_OK);
    assert_string_equal(p.thumbprint, thumbprint);
    /* A query of the proof is not looked at; without a token, no ath. */
    d.in.url = br_str("https://issuer.example/a/token?x=/y#z");
    d.in.token = br_bytes(NULL, 0);
    d.policy.token = br_bytes(NULL, 0);
    assert_int_equal(make_and_check(&d, &p, &err), BR_OK);
    end(&d);
}

static void
each_claim_counts(void **state)
{
    (void)state;
    struct dpop d;
    struct br_dpop_proof p;
    struct br_err err;
    begin(&d);
    const struct br_dpop good = d.in;
    d.in.method = br_str("GET");
    assert_refused(make_and_check(&d, &p, &err), &err, "dpop-htm");
    d.in = good;
    d.in.url = br_str("https://issuer.example/A/token");
    assert_refused(make_and_check(&d, &p, &err), &err, "dpop-htu");
    d.in = good;
    d.in.token = br_str("another");
    assert_refused(make_and_check(&d, &p, &err), &err, "dpop-ath");
    d.in.token = br_bytes(NULL, 0);
    assert_refused(make_and_check(&d, &p, &err), &err, "dpop-ath");
    d.in = good;
    d.in.issued_s = NOW - 291;
    assert_refused(make_and_check(&d, &p, &err), &err, "dpop-iat");
    d.in.issued_s = NOW + 71;
    assert_refused(make_and_check(&d, &p, &err), &err, "dpop-iat");
    d.in.issued_s = NOW + 70;
    assert_int_equal(make_and_check(&d, &p, &err), BR_OK);
    d.in.issued_s = UINT64_MAX;
    assert_refused(make_and_check(&d, &p, &err), &err, "dpop-iat");
    d.in = good;
    d.in.id = br_str("");
    assert_refused(make_and_check(&d, &p, &err), &err, "dpop-claim");
    d.in = good;
    d.policy.algs = BR_ALG_EDDSA;
    assert_refused(make_and_check(&d, &p, &err), &err, "jws-alg");
    end(&d);
}

static void
the_signature_counts(void **state)
{
    (void)state;
    struct dpop d;
    struct br_dpop_proof p;
    struct br_err err;
    begin(&d);
    assert_int_equal(make_and_check(&d, &p, &err), BR_OK);
    d.proof.p[d.proof.n - 10] ^= 1;
    enum br_rc rc =
        br_dpop_check(br_buf_bytes(&d.proof), &d.policy, &d.arena, &p, &err);
    assert_int_not_equal(rc, BR_OK);
    end(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_have_names),
        cmocka_unit_test(an_answer_is_read_back),
        cmocka_unit_test(a_form_is_read_back),
        cmocka_unit_test(bad_forms_are_refused),
        cmocka_unit_test(pkce_of_the_standard),
        cmocka_unit_test(a_proof_is_checked),
        cmocka_unit_test(each_claim_counts),
        cmocka_unit_test(the_signature_counts),
    };
    return cmocka_run_group_tests_name("oauth", tests, NULL, NULL);
}
