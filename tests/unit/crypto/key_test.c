/*
 * Keys of strangers: every algorithm both ways, published values, and what is
 * no key.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/crypto/support.h"

#include "common/crypto/hash.h"
#include "common/crypto/key.h"
#include "common/crypto/keyfile.h"
#include "common/crypto/private_key.h"

static struct br_err err;

static const enum br_key_alg algs[] = {
    BR_ALG_ES256, BR_ALG_ES384, BR_ALG_ES512, BR_ALG_ES256K,
    BR_ALG_EDDSA, BR_ALG_PS256, BR_ALG_RS256,
};
enum { ALGS = sizeof(algs) / sizeof(algs[0]) };

static int
setup(void **state)
{
    (void)state;
    assert_ok(br_crypto_init(&err));
    return 0;
}

static struct br_bytes
b64(const char *text, uint8_t *out, size_t max)
{
    size_t n = 0;
    assert_ok(br_base64url_parse(br_str(text), out, max, &n, &err));
    return br_bytes(out, n);
}

static void
each_algorithm_signs_and_verifies(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALGS; i++) {
        struct br_private_key *k = NULL;
        struct br_signature s;
        assert_ok(br_private_key_generate(br_key_alg_kind(algs[i]), &k, &err));
        const struct br_key *p = br_private_key_public(k);
        assert_ok(br_private_key_sign(k, algs[i], br_str("text"), &s, &err));
        size_t want = br_key_alg_signature_bytes(algs[i]);
        assert_int_equal(s.n, want == 0 ? p->n : want);
        struct br_bytes sig = br_bytes(s.b, s.n);
        assert_ok(br_key_verify(p, algs[i], br_str("text"), sig, &err));
        assert_int_equal(
            br_key_verify(p, algs[i], br_str("next"), sig, &err),
            BR_ERR_BAD_SIGNATURE);
        assert_int_equal(
            br_key_verify(
                p, algs[i], br_str("text"), br_bytes(s.b, s.n - 1), &err),
            BR_ERR_BAD_SIGNATURE);
        for (size_t at = 0; at < s.n; at += 7) {
            s.b[at] ^= 0x10;
            assert_int_equal(
                br_key_verify(p, algs[i], br_str("text"), sig, &err),
                BR_ERR_BAD_SIGNATURE);
            s.b[at] ^= 0x10;
        }
        br_private_key_free(k);
    }
}

static void
an_algorithm_takes_its_own_kind_of_key_only(void **state)
{
    (void)state;
    struct br_private_key *ec = NULL;
    struct br_private_key *rsa = NULL;
    struct br_signature s;
    assert_ok(br_private_key_generate(BR_KEY_P256, &ec, &err));
    assert_ok(br_private_key_generate(BR_KEY_RSA, &rsa, &err));
    for (size_t i = 0; i < ALGS; i++) {
        bool of_rsa = br_key_alg_kind(algs[i]) == BR_KEY_RSA;
        struct br_private_key *k = of_rsa ? ec : rsa;
        assert_int_equal(
            br_private_key_sign(k, algs[i], br_str("text"), &s, &err),
            BR_ERR_UNSUPPORTED);
        memset(s.b, 1, sizeof(s.b));
        assert_int_equal(
            br_key_verify(
                br_private_key_public(k), algs[i], br_str("text"),
                br_bytes(s.b, 64), &err),
            BR_ERR_BAD_SIGNATURE);
    }
    /* PS256 and RS256 have the same keys, and not the same signatures. */
    assert_ok(br_private_key_sign(rsa, BR_ALG_PS256, br_str("text"), &s, &err));
    assert_int_equal(
        br_key_verify(
            br_private_key_public(rsa), BR_ALG_RS256, br_str("text"),
            br_bytes(s.b, s.n), &err),
        BR_ERR_BAD_SIGNATURE);
    br_private_key_free(ec);
    br_private_key_free(rsa);
}

/** order - s, of P-256 and secp256k1. */
static void
other_s(uint8_t sig[64], const char *order_hex)
{
    uint8_t order[32];
    int borrow = 0;
    (void)hex(order_hex, order, sizeof(order));
    for (size_t i = 32; i-- > 0;) {
        int d = order[i] - sig[32 + i] - borrow;
        borrow = d < 0;
        sig[32 + i] = (uint8_t)(d + (borrow ? 256 : 0));
    }
}

static void
either_s_verifies_here_and_one_in_the_ledger(void **state)
{
    (void)state;
    static const struct {
        enum br_key_alg alg;
        const char *order;
    } curves[] = {
        {BR_ALG_ES256,
         "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"},
        {BR_ALG_ES256K,
         "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"},
    };
    for (size_t i = 0; i < 2; i++) {
        struct br_private_key *k = NULL;
        struct br_public_key narrow;
        struct br_signature s;
        enum br_key_alg alg = curves[i].alg;
        assert_ok(br_private_key_generate(br_key_alg_kind(alg), &k, &err));
        const struct br_key *p = br_private_key_public(k);
        assert_true(br_key_to_public(p, &narrow));
        assert_ok(br_private_key_sign(k, alg, br_str("text"), &s, &err));
        assert_ok(br_verify(&narrow, br_str("text"), s.b, &err));
        other_s(s.b, curves[i].order);
        assert_ok(
            br_key_verify(p, alg, br_str("text"), br_bytes(s.b, 64), &err));
        assert_int_equal(
            br_verify(&narrow, br_str("text"), s.b, &err),
            BR_ERR_BAD_SIGNATURE);
        br_private_key_free(k);
    }
}

static void
ledger_keys_and_signers_come_over(void **state)
{
    (void)state;
    static const struct {
        enum br_sign_alg narrow;
        enum br_key_alg wide;
    } pairs[] = {
        {BR_SIGN_ED25519, BR_ALG_EDDSA},
        {BR_SIGN_ES256, BR_ALG_ES256},
        {BR_SIGN_ES256K, BR_ALG_ES256K},
    };
    for (size_t i = 0; i < 3; i++) {
        struct br_signer *s = NULL;
        struct br_private_key *k = NULL;
        struct br_key wide;
        struct br_public_key back;
        struct br_signature sig;
        uint8_t secret[BR_KEY_COORDINATE_MAX];
        size_t n;
        assert_ok(br_signer_generate(pairs[i].narrow, &s, &err));
        br_key_of_public(br_signer_public(s), &wide);
        assert_true(br_key_to_public(&wide, &back));
        assert_memory_equal(&back, br_signer_public(s), sizeof(back));
        assert_ok(br_private_key_of_signer(s, &k, &err));
        assert_true(br_key_eq(br_private_key_public(k), &wide));
        assert_ok(
            br_private_key_sign(k, pairs[i].wide, br_str("text"), &sig, &err));
        assert_ok(br_key_verify(
            &wide, pairs[i].wide, br_str("text"), br_bytes(sig.b, sig.n),
            &err));
        assert_int_equal(
            br_private_key_export(k, secret, &n, &err), BR_ERR_UNSUPPORTED);
        assert_int_equal(
            br_private_key_agree(k, &wide, secret, &err), BR_ERR_UNSUPPORTED);
        br_private_key_free(k);
        br_signer_free(s);
    }
}

static void
what_is_no_point_is_no_key(void **state)
{
    (void)state;
    static const enum br_key_kind kinds[] = {
        BR_KEY_P256, BR_KEY_P384, BR_KEY_P521, BR_KEY_SECP256K1};
    for (size_t i = 0; i < 4; i++) {
        struct br_private_key *k = NULL;
        struct br_key again;
        assert_ok(br_private_key_generate(kinds[i], &k, &err));
        struct br_key copy = *br_private_key_public(k);
        struct br_bytes x = br_key_x(&copy);
        struct br_bytes y = br_key_y(&copy);
        assert_ok(br_key_init(&again, kinds[i], x, y, &err));
        assert_true(br_key_eq(&again, &copy));
        assert_int_equal(
            br_key_init(&again, kinds[i], x, br_bytes(y.p, y.n - 1), &err),
            BR_ERR_MALFORMED);
        copy.b[2u * copy.n - 1] ^= 2; /* also another y than its own */
        assert_int_equal(
            br_key_init(&again, kinds[i], x, y, &err), BR_ERR_MALFORMED);
        memset(copy.b, 0xff, sizeof(copy.b));
        assert_int_equal(
            br_key_init(&again, kinds[i], x, y, &err), BR_ERR_MALFORMED);
        memset(copy.b, 0, sizeof(copy.b));
        assert_int_equal(
            br_key_init(&again, kinds[i], x, y, &err), BR_ERR_MALFORMED);
        br_private_key_free(k);
    }
}

static void
points_of_small_order_are_no_keys(void **state)
{
    (void)state;
    static const char *const ed25519[] = {
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    static const char *const x25519[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    uint8_t raw[32];
    struct br_key k;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(
            br_key_init(
                &k, BR_KEY_ED25519, hex(ed25519[i], raw, 32), br_bytes(NULL, 0),
                &err),
            BR_ERR_MALFORMED);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(
            br_key_init(
                &k, BR_KEY_X25519, hex(x25519[i], raw, 32), br_bytes(NULL, 0),
                &err),
            BR_ERR_MALFORMED);
    }
}

static void
rsa_keys_have_their_bounds(void **state)
{
    (void)state;
    static const uint8_t f4[] = {1, 0, 1};
    static const uint8_t three[] = {3};
    static const uint8_t even[] = {1, 0, 2};
    static const uint8_t zero_ahead[] = {0, 1, 0, 1};
    static const uint8_t huge[] = {1, 0, 0, 0, 1};
    static uint8_t n[BR_KEY_BYTES_MAX + 1];
    struct br_key k;
    memset(n, 0x81, sizeof(n));
    struct br_bytes e = br_bytes(f4, 3);
    assert_ok(br_key_init_rsa(&k, br_bytes(n, 256), e, &err));
    assert_ok(br_key_init_rsa(&k, br_bytes(n, 512), e, &err));
    assert_int_equal(
        br_key_init_rsa(&k, br_bytes(n, 513), e, &err), BR_ERR_OUT_OF_RANGE);
    assert_int_equal(
        br_key_init_rsa(&k, br_bytes(n, 255), e, &err), BR_ERR_OUT_OF_RANGE);
    n[0] = 0x7f; /* 2,047 bits */
    assert_int_equal(
        br_key_init_rsa(&k, br_bytes(n, 256), e, &err), BR_ERR_OUT_OF_RANGE);
    n[0] = 0;
    assert_int_equal(
        br_key_init_rsa(&k, br_bytes(n, 257), e, &err), BR_ERR_MALFORMED);
    n[0] = 0x81;
    n[255] = 0x80;
    assert_int_equal(
        br_key_init_rsa(&k, br_bytes(n, 256), e, &err), BR_ERR_OUT_OF_RANGE);
    n[255] = 0x81;
    struct br_bytes m = br_bytes(n, 256);
    assert_int_equal(
        br_key_init_rsa(&k, m, br_bytes(three, 1), &err), BR_ERR_OUT_OF_RANGE);
    assert_int_equal(
        br_key_init_rsa(&k, m, br_bytes(even, 3), &err), BR_ERR_OUT_OF_RANGE);
    assert_int_equal(
        br_key_init_rsa(&k, m, br_bytes(huge, 5), &err), BR_ERR_OUT_OF_RANGE);
    assert_int_equal(
        br_key_init_rsa(&k, m, br_bytes(zero_ahead, 4), &err),
        BR_ERR_MALFORMED);
    assert_int_equal(
        br_key_init_rsa(&k, br_bytes(NULL, 0), e, &err), BR_ERR_MALFORMED);
}

/** RFC 7518 appendix C: Alice's ephemeral key, Bob's key, their Z. */
static void
p256_agrees_as_published(void **state)
{
    (void)state;
    static const uint8_t z[32] = {158, 86,  217, 29,  129, 113, 53,  211,
                                  114, 131, 66,  131, 191, 132, 38,  156,
                                  251, 49,  110, 163, 218, 128, 106, 72,
                                  246, 218, 167, 121, 140, 254, 144, 196};
    uint8_t d[32];
    uint8_t x[32];
    uint8_t y[32];
    uint8_t got[BR_KEY_COORDINATE_MAX];
    struct br_private_key *alice = NULL;
    struct br_private_key *bob = NULL;
    assert_ok(br_private_key_new(
        BR_KEY_P256, b64("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo", d, 32),
        &alice, &err));
    assert_ok(br_private_key_new(
        BR_KEY_P256, b64("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw", d, 32),
        &bob, &err));
    (void)b64("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ", x, 32);
    (void)b64("e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck", y, 32);
    assert_memory_equal(br_private_key_public(bob)->b, x, 32);
    assert_memory_equal(br_private_key_public(bob)->b + 32, y, 32);
    assert_ok(
        br_private_key_agree(alice, br_private_key_public(bob), got, &err));
    assert_memory_equal(got, z, sizeof(z));
    assert_ok(
        br_private_key_agree(bob, br_private_key_public(alice), got, &err));
    assert_memory_equal(got, z, sizeof(z));
    br_private_key_free(alice);
    br_private_key_free(bob);
}

/** RFC 7748 section 6.1. */
static void
x25519_agrees_as_published(void **state)
{
    (void)state;
    uint8_t d[32];
    uint8_t x[32];
    uint8_t z[32];
    uint8_t got[BR_KEY_COORDINATE_MAX];
    struct br_private_key *bob = NULL;
    struct br_key alice;
    assert_ok(br_private_key_new(
        BR_KEY_X25519,
        hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
            d, 32),
        &bob, &err));
    assert_memory_equal(
        br_private_key_public(bob)->b,
        hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
            x, 32)
            .p,
        32);
    assert_ok(br_key_init(
        &alice, BR_KEY_X25519,
        hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
            x, 32),
        br_bytes(NULL, 0), &err));
    assert_ok(br_private_key_agree(bob, &alice, got, &err));
    (void)hex(
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", z,
        32);
    assert_memory_equal(got, z, 32);
    br_private_key_free(bob);
}

static void
every_curve_agrees_both_ways_and_not_across(void **state)
{
    (void)state;
    static const enum br_key_kind kinds[] = {
        BR_KEY_P256, BR_KEY_P384, BR_KEY_P521, BR_KEY_X25519};
    struct br_private_key *other = NULL;
    assert_ok(br_private_key_generate(BR_KEY_SECP256K1, &other, &err));
    for (size_t i = 0; i < 4; i++) {
        struct br_private_key *a = NULL;
        struct br_private_key *b = NULL;
        uint8_t z1[BR_KEY_COORDINATE_MAX];
        uint8_t z2[BR_KEY_COORDINATE_MAX];
        assert_ok(br_private_key_generate(kinds[i], &a, &err));
        assert_ok(br_private_key_generate(kinds[i], &b, &err));
        assert_ok(br_private_key_agree(a, br_private_key_public(b), z1, &err));
        assert_ok(br_private_key_agree(b, br_private_key_public(a), z2, &err));
        assert_memory_equal(z1, z2, br_key_kind_bytes(kinds[i]));
        assert_int_equal(
            br_private_key_agree(a, br_private_key_public(other), z1, &err),
            BR_ERR_UNSUPPORTED);
        assert_int_equal(
            br_private_key_agree(other, br_private_key_public(a), z1, &err),
            BR_ERR_UNSUPPORTED);
        br_private_key_free(a);
        br_private_key_free(b);
    }
    br_private_key_free(other);
}

static void
keys_are_derived_exported_and_made_again(void **state)
{
    (void)state;
    static const enum br_key_kind kinds[] = {
        BR_KEY_P256, BR_KEY_P384, BR_KEY_P521, BR_KEY_ED25519, BR_KEY_X25519};
    uint8_t seed[BR_PRIVATE_KEY_SEED_BYTES] = {0};
    for (size_t i = 0; i < 5; i++) {
        struct br_private_key *k = NULL;
        struct br_private_key *again = NULL;
        uint8_t secret[BR_KEY_COORDINATE_MAX];
        size_t n = 0;
        br_random(seed, sizeof(seed));
        assert_ok(br_private_key_derive(kinds[i], seed, &k, &err));
        assert_ok(br_private_key_export(k, secret, &n, &err));
        assert_int_equal(n, br_key_kind_bytes(kinds[i]));
        assert_ok(
            br_private_key_new(kinds[i], br_bytes(secret, n), &again, &err));
        assert_true(
            br_key_eq(br_private_key_public(k), br_private_key_public(again)));
        br_private_key_free(k);
        br_private_key_free(again);
    }
    /* 1 + 41 mod (order - 1) */
    struct br_private_key *k = NULL;
    uint8_t secret[BR_KEY_COORDINATE_MAX];
    size_t n = 0;
    memset(seed, 0, sizeof(seed));
    seed[sizeof(seed) - 1] = 41;
    assert_ok(br_private_key_derive(BR_KEY_P521, seed, &k, &err));
    assert_ok(br_private_key_export(k, secret, &n, &err));
    assert_int_equal(secret[65], 42);
    assert_int_equal(secret[64], 0);
    br_private_key_free(k);
}

static void
scalars_outside_their_range_are_no_keys(void **state)
{
    (void)state;
    uint8_t secret[32];
    struct br_private_key *k = NULL;
    memset(secret, 0, 32);
    assert_int_equal(
        br_private_key_new(BR_KEY_P256, br_bytes(secret, 32), &k, &err),
        BR_ERR_MALFORMED);
    memset(secret, 0xff, 32);
    assert_int_equal(
        br_private_key_new(BR_KEY_P256, br_bytes(secret, 32), &k, &err),
        BR_ERR_MALFORMED);
    assert_int_equal(
        br_private_key_new(BR_KEY_SECP256K1, br_bytes(secret, 32), &k, &err),
        BR_ERR_MALFORMED);
    (void)hex(
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        secret, 32);
    assert_int_equal(
        br_private_key_new(BR_KEY_P256, br_bytes(secret, 32), &k, &err),
        BR_ERR_MALFORMED);
    secret[31]--;
    assert_ok(br_private_key_new(BR_KEY_P256, br_bytes(secret, 32), &k, &err));
    br_private_key_free(k);
    assert_int_equal(
        br_private_key_new(BR_KEY_P256, br_bytes(secret, 31), &k, &err),
        BR_ERR_MALFORMED);
}

static void
oaep_opens_what_it_sealed_and_else_gives_noise(void **state)
{
    (void)state;
    struct br_private_key *k = NULL;
    struct br_private_key *ec = NULL;
    uint8_t sealed[BR_KEY_BYTES_MAX];
    uint8_t got[32];
    uint8_t again[32];
    static const uint8_t secret[32] = "thirty-two bytes to be sealed...";
    assert_ok(br_private_key_generate(BR_KEY_RSA, &k, &err));
    assert_ok(br_private_key_generate(BR_KEY_P256, &ec, &err));
    const struct br_key *p = br_private_key_public(k);
    assert_ok(br_key_seal_oaep(p, br_bytes(secret, 32), sealed, &err));
    struct br_bytes all = br_bytes(sealed, p->n);
    assert_ok(br_private_key_open_oaep(k, all, got, 32, &err));
    assert_memory_equal(got, secret, 32);
    /* Another length, and other bytes: noise, another each time. */
    assert_ok(br_private_key_open_oaep(k, all, got, 16, &err));
    assert_memory_not_equal(got, secret, 16);
    sealed[100] ^= 1;
    assert_ok(br_private_key_open_oaep(k, all, got, 32, &err));
    assert_ok(br_private_key_open_oaep(k, all, again, 32, &err));
    assert_memory_not_equal(got, secret, 32);
    assert_memory_not_equal(got, again, 32);
    assert_int_equal(
        br_private_key_open_oaep(ec, all, got, 32, &err), BR_ERR_UNSUPPORTED);
    assert_int_equal(
        br_key_seal_oaep(
            br_private_key_public(ec), br_bytes(secret, 32), sealed, &err),
        BR_ERR_UNSUPPORTED);
    br_private_key_free(k);
    br_private_key_free(ec);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_algorithm_signs_and_verifies),
        cmocka_unit_test(an_algorithm_takes_its_own_kind_of_key_only),
        cmocka_unit_test(either_s_verifies_here_and_one_in_the_ledger),
        cmocka_unit_test(ledger_keys_and_signers_come_over),
        cmocka_unit_test(what_is_no_point_is_no_key),
        cmocka_unit_test(points_of_small_order_are_no_keys),
        cmocka_unit_test(rsa_keys_have_their_bounds),
        cmocka_unit_test(p256_agrees_as_published),
        cmocka_unit_test(x25519_agrees_as_published),
        cmocka_unit_test(every_curve_agrees_both_ways_and_not_across),
        cmocka_unit_test(keys_are_derived_exported_and_made_again),
        cmocka_unit_test(scalars_outside_their_range_are_no_keys),
        cmocka_unit_test(oaep_opens_what_it_sealed_and_else_gives_noise),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, NULL);
}
