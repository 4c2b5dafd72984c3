/*
 * What a wallet says of itself, and requests that are encrypted for it.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/support.h"

#include "common/credential/vp_wallet.h"

static struct br_private_key *own;
static struct br_private_key *other;

static int
begin(void **state)
{
    (void)setup(state);
    assert_ok(br_private_key_generate(BR_KEY_P256, &own, &err));
    assert_ok(br_private_key_generate(BR_KEY_P256, &other, &err));
    return 0;
}

static int
finish(void **state)
{
    br_private_key_free(own);
    br_private_key_free(other);
    return teardown(state);
}

static struct br_bytes
describe(bool attested)
{
    struct br_buf b;
    br_buf_init(&b, BR_VP_WALLET_BYTES_MAX);
    assert_ok(br_vp_wallet_write(
        br_private_key_public(own), br_str("k"), attested, &b, &err));
    const char *copy = br_arena_copy(&arena, br_buf_bytes(&b));
    struct br_bytes text = br_bytes(copy, b.n);
    br_buf_fini(&b);
    return text;
}

static void
a_wallet_is_read_back(void **state)
{
    struct br_vp_wallet w;
    (void)state;
    assert_ok(br_vp_wallet_parse(describe(false), &arena, &w, &err));
    assert_true(w.knows && w.signs && w.wants_sealed);
    assert_int_equal(w.enc, BR_ENC_A256GCM);
    assert_true(br_key_eq(&w.key.key, br_private_key_public(own)));
    assert_true(br_bytes_eq(w.key.kid, br_str("k")));
    static const char attested[] = "verifier_attestation";
    struct br_bytes text = describe(false);
    assert_null(memmem(text.p, text.n, attested, sizeof(attested) - 1));
    assert_null(memmem(text.p, text.n, "\"d\"", 3));
    text = describe(true);
    assert_non_null(memmem(text.p, text.n, attested, sizeof(attested) - 1));
}

static void
who_says_nothing_can_what_all_can(void **state)
{
    static const char *const quiet[] = {
        "", "{}", "{\"jwks\":{\"keys\":[]}}",
        "{\"jwks\":{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}}",
        "{\"vp_formats_supported\":{\"dc+sd-jwt\":{},\"mso_mdoc\":{}}}"};
    struct br_vp_wallet w;
    (void)state;
    for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++) {
        assert_ok(br_vp_wallet_parse(br_str(quiet[i]), &arena, &w, &err));
        assert_true(w.knows && w.signs && !w.wants_sealed);
    }
    assert_ok(br_vp_wallet_parse(
        br_str("{\"vp_formats_supported\":{\"mso_mdoc\":{}},"
               "\"request_object_signing_alg_values_supported\":[\"RS256\"]}"),
        &arena, &w, &err));
    assert_false(w.knows || w.signs);
    assert_refused(
        br_vp_wallet_parse(br_str("[]"), &arena, &w, &err), VP_REQUEST);
    assert_refused(
        br_vp_wallet_parse(br_str("{"), &arena, &w, &err), VP_REQUEST);
}

/** Who asks for encryption in a way that we have not is not answered in
 *  plain. */
static void
an_unknown_way_is_refused(void **state)
{
    static const char way[] =
        "\"request_object_encryption_alg_values_supported\":[\"ECDH-ES\"]";
    char text[2048];
    struct br_vp_wallet w;
    (void)state;
    (void)snprintf(text, sizeof(text), "{%s}", way);
    assert_refused(
        br_vp_wallet_parse(br_str(text), &arena, &w, &err), VP_WALLET_KEY);
    (void)snprintf(
        text, sizeof(text),
        "{%s,\"jwks\":{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}}", way);
    assert_refused(
        br_vp_wallet_parse(br_str(text), &arena, &w, &err), VP_WALLET_KEY);
    struct br_bytes good = describe(false);
    (void)snprintf(
        text, sizeof(text), "%.*s", (int)good.n, (const char *)good.p);
    char *at = strstr(text, "[\"A128GCM\",\"A256GCM\"]");
    assert_non_null(at);
    memcpy(at, "[\"A192GCM\",\"XC20P\" ] ", 21);
    assert_refused(
        br_vp_wallet_parse(br_str(text), &arena, &w, &err), VP_WALLET_KEY);
}

static void
what_is_sealed_is_opened_by_its_key_alone(void **state)
{
    const struct br_bytes object = br_str("aaaa.bbbb.cccc");
    struct br_vp_wallet w;
    struct br_jwe_fresh fresh;
    struct br_bytes got = {NULL, 0};
    struct br_buf b;
    (void)state;
    assert_ok(br_vp_wallet_parse(describe(false), &arena, &w, &err));
    br_random(&fresh, sizeof(fresh));
    br_buf_init(&b, BR_VP_SEALED_BYTES_MAX);
    assert_ok(br_vp_object_seal(&w, object, &fresh, &b, &err));
    const struct br_bytes sealed = br_buf_bytes(&b);
    assert_null(memmem(sealed.p, sealed.n, "bbbb", 4));
    assert_ok(br_vp_object_open(sealed, own, br_str("k"), &arena, &got, &err));
    assert_true(br_bytes_eq(got, object));
    assert_refused(
        br_vp_object_open(sealed, own, br_str("other"), &arena, &got, &err),
        VP_WALLET_KEY);
    assert_refused(
        br_vp_object_open(sealed, NULL, br_str("k"), &arena, &got, &err),
        VP_WALLET_KEY);
    assert_refused(
        br_vp_object_open(sealed, other, br_str("k"), &arena, &got, &err),
        JWE_DECRYPT);
    for (size_t i = 0; i < b.n; i += 7) {
        b.p[i] ^= 0x01;
        assert_int_not_equal(
            br_vp_object_open(
                br_buf_bytes(&b), own, br_str("k"), &arena, &got, &err),
            BR_OK);
        b.p[i] ^= 0x01;
    }
    /* What is not encrypted is what it is. */
    assert_ok(br_vp_object_open(object, NULL, br_str("k"), &arena, &got, &err));
    assert_true(br_bytes_eq(got, object));
    br_buf_fini(&b);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, begin, finish)
    const struct CMUnitTest tests[] = {
        T(a_wallet_is_read_back),
        T(who_says_nothing_can_what_all_can),
        T(an_unknown_way_is_refused),
        T(what_is_sealed_is_opened_by_its_key_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
