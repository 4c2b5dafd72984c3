/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/crypto/support.h"

#include "common/crypto/ecdsa.h"
#include "common/crypto/hash.h"
#include "common/crypto/sign.h"

#include <pthread.h>

static struct br_err err;

static const enum br_sign_alg algs[] = {
    BR_SIGN_ED25519, BR_SIGN_ES256, BR_SIGN_ES256K};
enum { ALGS = sizeof(algs) / sizeof(algs[0]) };

static struct br_signer *
signer_of(enum br_sign_alg alg, const char *secret_hex)
{
    uint8_t secret[32];
    struct br_signer *s;
    hex(secret_hex, secret, 32);
    assert_ok(br_signer_from_secret(alg, secret, &s, &err));
    return s;
}

static bool
verifies(
    const struct br_public_key *k, struct br_bytes message, const uint8_t *sig)
{
    return br_verify(k, message, sig, &err) == BR_OK;
}

/* ---- published vectors -------------------------------------------------- */

/* RFC 8032 section 7.1: TEST 1, 2, 3 and SHA(abc). */
static const struct {
    const char *secret;
    const char *public;
    const char *message;
    const char *sig;
} rfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
     "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
};

static void
ed25519_signs_as_rfc_8032_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rfc8032) / sizeof(rfc8032[0]); i++) {
        uint8_t message[64];
        uint8_t expected[64];
        uint8_t sig[64];
        struct br_signer *s = signer_of(BR_SIGN_ED25519, rfc8032[i].secret);
        const struct br_public_key *k = br_signer_public(s);
        struct br_bytes m = hex(rfc8032[i].message, message, 64);
        hex(rfc8032[i].sig, expected, 64);
        assert_ok(br_sign(s, m, sig, &err));
        assert_memory_equal(sig, expected, 64);
        assert_true(verifies(k, m, sig));
        hex(rfc8032[i].public, expected, 32);
        assert_memory_equal(k->b, expected, strlen(rfc8032[i].public) / 2);
        br_signer_free(s);
    }
}

/* RFC 6979 appendix A.2.5, with SHA-256. Its signature of "sample" has a high
 * s: a valid signature elsewhere, refused here; its twin is accepted. */
static void
es256_knows_the_signatures_of_rfc_6979(void **state)
{
    (void)state;
    uint8_t sig[64];
    uint8_t x[32];
    struct br_signer *s = signer_of(
        BR_SIGN_ES256,
        "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    const struct br_public_key *k = br_signer_public(s);
    hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6", x,
        32);
    assert_int_equal(k->b[0], 0x03); /* y ends in ...99 */
    assert_memory_equal(k->b + 1, x, 32);
    hex("f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
        "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
        sig, 64);
    assert_true(verifies(k, br_str("test"), sig));
    assert_false(verifies(k, br_str("sample"), sig));
    hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        sig, 64);
    assert_false(verifies(k, br_str("sample"), sig));
    assert_true(br_es256_normalise(sig));
    assert_true(verifies(k, br_str("sample"), sig));
    br_signer_free(s);
}

/* The usual deterministic example on secp256k1: the secret 1. */
static void
es256k_signs_as_rfc_6979_does(void **state)
{
    (void)state;
    uint8_t expected[64];
    uint8_t sig[64];
    struct br_signer *s = signer_of(
        BR_SIGN_ES256K,
        "0000000000000000000000000000000000000000000000000000000000000001");
    hex("934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
        "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
        expected, 64);
    assert_ok(br_sign(s, br_str("Satoshi Nakamoto"), sig, &err));
    assert_memory_equal(sig, expected, 64);
    hex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        expected, 33);
    assert_memory_equal(br_signer_public(s)->b, expected, 33);
    br_signer_free(s);
}

/* RFC 9679 section 6. */
static void
the_thumbprint_is_that_of_rfc_9679(void **state)
{
    (void)state;
    uint8_t raw[33];
    uint8_t expected[32];
    struct br_public_key k;
    struct br_hash kid;
    hex("0265eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d",
        raw, 33);
    hex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c",
        expected, 32);
    raw[0] = (uint8_t)(2 + (expected[31] & 1));
    assert_ok(br_public_key_init(&k, BR_SIGN_ES256, br_bytes(raw, 33), &err));
    br_public_key_thumbprint(&k, &kid);
    hex("496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec",
        expected, 32);
    assert_memory_equal(kid.b, expected, 32);
}

static void
check_cose(const struct br_public_key *k, const char *short_hex)
{
    uint8_t expected[128];
    struct br_bytes e = hex(short_hex, expected, sizeof(expected));
    struct br_hash kid;
    struct br_hash again;
    struct br_buf b;
    br_buf_init(&b, 512);
    br_public_key_put_cose(&b, k, false);
    assert_true(br_bytes_eq(br_buf_bytes(&b), e));
    br_public_key_thumbprint(k, &kid);
    br_sha256(e, &again);
    assert_memory_equal(&kid, &again, sizeof(kid));
    br_buf_clear(&b);
    br_public_key_put_cose(&b, k, true);
    assert_int_equal(b.p[0], e.p[0] + 2);
    assert_memory_equal(b.p + 1, e.p + 1, 2);        /* 1: kty */
    assert_memory_equal(b.p + 3, "\x02\x58\x20", 3); /* 2: kid */
    assert_memory_equal(b.p + 6, kid.b, 32);
    assert_int_equal(b.p[38], 3); /* 3: alg */
    size_t alg = k->alg == BR_SIGN_ES256K ? 2 : 1;
    assert_int_equal(b.n, e.n + 35 + 1 + alg);
    assert_memory_equal(b.p + 39 + alg, e.p + 3, e.n - 3);
    br_buf_fini(&b);
}

/* RFC 9053 section 7: OKP is kty 1, EC2 kty 2; the curves are 6, 1 and 8. */
static void
cose_keys_are_deterministic_and_complete(void **state)
{
    (void)state;
    struct br_signer *ed = signer_of(BR_SIGN_ED25519, rfc8032[0].secret);
    struct br_signer *k1 = signer_of(
        BR_SIGN_ES256K,
        "0000000000000000000000000000000000000000000000000000000000000001");
    struct br_signer *p = signer_of(
        BR_SIGN_ES256,
        "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    check_cose(
        br_signer_public(ed),
        "a301012006215820"
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    check_cose(
        br_signer_public(k1),
        "a401022008215820"
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
        "225820"
        "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8");
    check_cose(
        br_signer_public(p),
        "a401022001215820"
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "225820"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    br_signer_free(ed);
    br_signer_free(k1);
    br_signer_free(p);
}

/* ---- properties --------------------------------------------------------- */

static void
a_signature_fits_one_message_one_key_and_nothing_else(void **state)
{
    (void)state;
    for (size_t a = 0; a < ALGS; a++) {
        struct br_signer *s;
        struct br_signer *other;
        uint8_t message[40] = {1, 2, 3};
        uint8_t sig[64];
        struct br_bytes m = br_bytes(message, sizeof(message));
        assert_ok(br_signer_generate(algs[a], &s, &err));
        assert_ok(br_signer_generate(algs[a], &other, &err));
        const struct br_public_key *k = br_signer_public(s);
        assert_ok(br_sign(s, m, sig, &err));
        assert_true(verifies(k, m, sig));
        assert_int_equal(
            br_verify(br_signer_public(other), m, sig, &err),
            BR_ERR_BAD_SIGNATURE);
        assert_int_equal(err.rc, BR_ERR_BAD_SIGNATURE);
        for (size_t bit = 0; bit < 512; bit++) {
            sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(verifies(k, m, sig));
            sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t bit = 0; bit < sizeof(message) * 8; bit++) {
            message[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(verifies(k, m, sig));
            message[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_false(verifies(k, br_bytes(message, 39), sig));
        assert_true(verifies(k, m, sig));
        br_signer_free(s);
        br_signer_free(other);
    }
}

/* A coin falls on heads a hundred times: 2^-100. */
static void
ecdsa_always_signs_with_a_low_s(void **state)
{
    (void)state;
    static const char k1_half_hex[] =
        "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";
    uint8_t half[32];
    hex(k1_half_hex, half, 32);
    for (size_t a = 1; a < ALGS; a++) {
        struct br_signer *s;
        assert_ok(br_signer_generate(algs[a], &s, &err));
        for (uint8_t i = 0; i < 100; i++) {
            uint8_t sig[64];
            struct br_bytes m = br_bytes(&i, 1);
            assert_ok(br_sign(s, m, sig, &err));
            assert_true(
                algs[a] == BR_SIGN_ES256 ? br_es256_is_low(sig)
                                         : memcmp(sig + 32, half, 32) <= 0);
            assert_true(verifies(br_signer_public(s), m, sig));
        }
        br_signer_free(s);
    }
}

static void
empty_and_large_messages_are_signed(void **state)
{
    (void)state;
    enum { LARGE = 1 << 20 };
    uint8_t *large = (uint8_t *)calloc(1, LARGE);
    assert_non_null(large);
    for (size_t a = 0; a < ALGS; a++) {
        struct br_signer *s;
        uint8_t sig[64];
        assert_ok(br_signer_generate(algs[a], &s, &err));
        assert_ok(br_sign(s, br_bytes(NULL, 0), sig, &err));
        assert_true(verifies(br_signer_public(s), br_bytes(NULL, 0), sig));
        assert_ok(br_sign(s, br_bytes(large, LARGE), sig, &err));
        assert_true(verifies(br_signer_public(s), br_bytes(large, LARGE), sig));
        br_signer_free(s);
    }
    free(large);
}

/* ---- refused ------------------------------------------------------------ */

/** r and s in hexadecimal, 64 digits each; n and p of the curve by letter. */
static void
refuse(const struct br_public_key *k, const char *r, const char *s)
{
    uint8_t sig[64];
    hex(r, sig, 32);
    hex(s, sig + 32, 32);
    assert_int_equal(
        br_verify(k, br_str("test"), sig, &err), BR_ERR_BAD_SIGNATURE);
}

#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE  "0000000000000000000000000000000000000000000000000000000000000001"
#define ALL  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static void
ecdsa_refuses_numbers_outside_their_range(void **state)
{
    (void)state;
    static const struct {
        enum br_sign_alg alg;
        const char *n;
        const char *n_plus_one;
        const char *n_minus_one;
        const char *p;
    } curves[] = {
        {BR_SIGN_ES256,
         "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
         "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552",
         "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
         "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"},
        {BR_SIGN_ES256K,
         "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
         "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364142",
         "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140",
         "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"},
    };
    for (size_t i = 0; i < 2; i++) {
        struct br_signer *s = signer_of(curves[i].alg, ONE);
        const struct br_public_key *k = br_signer_public(s);
        const char *bad[] = {
            ZERO, curves[i].n, curves[i].n_plus_one, curves[i].p, ALL};
        for (size_t b = 0; b < sizeof(bad) / sizeof(bad[0]); b++) {
            refuse(k, bad[b], ONE);
            refuse(k, ONE, bad[b]);
            for (size_t c = 0; c < sizeof(bad) / sizeof(bad[0]); c++) {
                refuse(k, bad[b], bad[c]);
            }
        }
        refuse(k, ONE, ONE);
        refuse(k, ONE, curves[i].n_minus_one);
        br_signer_free(s);
    }
}

/** Add n of the curve to r, when that fits in 32 bytes. */
static bool
add(uint8_t r[32], const uint8_t n[32])
{
    unsigned carry = 0;
    for (size_t i = 32; i-- > 0;) {
        carry += (unsigned)r[i] + n[i];
        r[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return carry == 0;
}

/* n - s verifies wherever low S is not asked for; r + n too, wherever r is
 * reduced before it is compared. */
static void
ecdsa_has_one_signature_not_twins(void **state)
{
    (void)state;
    static const char n_k1[] =
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    static const char n_p[] =
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    for (size_t a = 1; a < ALGS; a++) {
        struct br_signer *s;
        uint8_t n[32];
        uint8_t sig[64];
        uint8_t twin[64];
        assert_ok(br_signer_generate(algs[a], &s, &err));
        hex(algs[a] == BR_SIGN_ES256 ? n_p : n_k1, n, 32);
        assert_ok(br_sign(s, br_str("m"), sig, &err));
        memcpy(twin, sig, 64);
        unsigned borrow = 0;
        for (size_t i = 32; i-- > 0;) {
            unsigned d = (unsigned)n[i] - sig[32 + i] - borrow;
            twin[32 + i] = (uint8_t)d;
            borrow = d >> 8 & 1;
        }
        assert_false(verifies(br_signer_public(s), br_str("m"), twin));
        memcpy(twin, sig, 64);
        if (add(twin, n)) {
            assert_false(verifies(br_signer_public(s), br_str("m"), twin));
        }
        br_signer_free(s);
    }
}

static void
secrets_outside_their_range_are_refused(void **state)
{
    (void)state;
    static const struct {
        enum br_sign_alg alg;
        const char *secret;
    } bad[] = {
        {BR_SIGN_ES256, ZERO},
        {BR_SIGN_ES256, ALL},
        {BR_SIGN_ES256,
         "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"},
        {BR_SIGN_ES256K, ZERO},
        {BR_SIGN_ES256K, ALL},
        {BR_SIGN_ES256K,
         "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t secret[32];
        struct br_signer *s = NULL;
        hex(bad[i].secret, secret, 32);
        assert_int_equal(
            br_signer_from_secret(bad[i].alg, secret, &s, &err),
            BR_ERR_MALFORMED);
        assert_null(s);
    }
    br_signer_free(signer_of(
        BR_SIGN_ES256,
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"));
    br_signer_free(signer_of(
        BR_SIGN_ES256K,
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140"));
}

static void
points_have_one_encoding(void **state)
{
    (void)state;
    static const struct {
        enum br_sign_alg alg;
        const char *raw;
    } bad[] = {
        {BR_SIGN_ED25519, ""},
        {BR_SIGN_ED25519, ZERO "00"},
        /* small order: 0, 1, -1, and order 8 */
        {BR_SIGN_ED25519, ZERO},
        {BR_SIGN_ED25519,
         "0100000000000000000000000000000000000000000000000000000000000000"},
        {BR_SIGN_ED25519,
         "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
        {BR_SIGN_ED25519,
         "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"},
        /* p + 3: the field element 3 written otherwise */
        {BR_SIGN_ED25519,
         "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
        /* not on the curve */
        {BR_SIGN_ED25519,
         "0200000000000000000000000000000000000000000000000000000000000000"},
        {BR_SIGN_ES256, "00"},
        {BR_SIGN_ES256, "02" ALL}, /* x is not below p */
        {BR_SIGN_ES256, "02" ONE}, /* not on the curve */
        {BR_SIGN_ES256, "00" ZERO},
        {BR_SIGN_ES256,
         "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"},
        {BR_SIGN_ES256,
         "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29f"},
        {BR_SIGN_ES256K, "02" ALL},
        {BR_SIGN_ES256K, "02" ZERO},
        {BR_SIGN_ES256K,
         "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t raw[40];
        struct br_public_key k;
        struct br_bytes r = hex(bad[i].raw, raw, sizeof(raw));
        assert_int_equal(
            br_public_key_init(&k, bad[i].alg, r, &err), BR_ERR_MALFORMED);
    }
}

static void
names_are_those_of_jose(void **state)
{
    (void)state;
    static const char *const names[] = {"EdDSA", "ES256", "ES256K"};
    struct br_public_key k;
    enum br_sign_alg alg;
    for (size_t a = 0; a < ALGS; a++) {
        assert_string_equal(br_sign_alg_name(algs[a]), names[a]);
        assert_ok(br_sign_alg_parse(br_str(names[a]), &alg, &err));
        assert_int_equal(alg, algs[a]);
    }
    assert_null(br_sign_alg_name(-37));
    assert_null(br_sign_alg_name(INT64_MIN));
    assert_int_equal(
        br_sign_alg_parse(br_str("es256"), &alg, &err), BR_ERR_UNSUPPORTED);
    assert_int_equal(
        br_sign_alg_parse(br_bytes(NULL, 0), &alg, &err), BR_ERR_UNSUPPORTED);
    assert_int_equal(
        br_public_key_init(&k, -36, br_str("x"), &err), BR_ERR_UNSUPPORTED);
}

/* ---- threads ------------------------------------------------------------ */

/* More keys than a thread remembers, signed and verified by four threads that
 * share the signers. */
enum { SIGNERS = 80, THREADS = 4, ROUNDS = 200 };
static struct br_signer *shared[SIGNERS];

static void *
sign_and_verify(void *arg)
{
    size_t *failures = (size_t *)arg;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct br_signer *s = shared[(i * 7 + *failures) % SIGNERS];
        struct br_signer *busy = shared[0];
        struct br_bytes m = br_bytes(&i, sizeof(i));
        uint8_t sig[64];
        struct br_err e;
        if (br_sign(s, m, sig, &e) != BR_OK ||
            br_verify(br_signer_public(s), m, sig, &e) != BR_OK ||
            br_sign(busy, m, sig, &e) != BR_OK ||
            br_verify(br_signer_public(busy), m, sig, &e) != BR_OK) {
            *failures += 1;
        }
    }
    return NULL;
}

static void
threads_share_signers(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    size_t failures[THREADS] = {0};
    for (size_t i = 0; i < SIGNERS; i++) {
        assert_ok(br_signer_generate(algs[(i + 1) % ALGS], &shared[i], &err));
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, sign_and_verify, &failures[i]),
            0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(failures[i], 0);
    }
    for (size_t i = 0; i < SIGNERS; i++) {
        br_signer_free(shared[i]);
    }
    br_signer_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ed25519_signs_as_rfc_8032_does),
        cmocka_unit_test(es256_knows_the_signatures_of_rfc_6979),
        cmocka_unit_test(es256k_signs_as_rfc_6979_does),
        cmocka_unit_test(the_thumbprint_is_that_of_rfc_9679),
        cmocka_unit_test(cose_keys_are_deterministic_and_complete),
        cmocka_unit_test(a_signature_fits_one_message_one_key_and_nothing_else),
        cmocka_unit_test(ecdsa_always_signs_with_a_low_s),
        cmocka_unit_test(empty_and_large_messages_are_signed),
        cmocka_unit_test(ecdsa_refuses_numbers_outside_their_range),
        cmocka_unit_test(ecdsa_has_one_signature_not_twins),
        cmocka_unit_test(secrets_outside_their_range_are_refused),
        cmocka_unit_test(points_have_one_encoding),
        cmocka_unit_test(names_are_those_of_jose),
        cmocka_unit_test(threads_share_signers),
    };
    if (br_crypto_init(&err) != BR_OK) {
        return 1;
    }
    return cmocka_run_group_tests_name("sign", tests, NULL, NULL);
}
