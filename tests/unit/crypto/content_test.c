/*
 * Content encryption, key wrap and key derivation, against published values.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/crypto/support.h"

#include "common/crypto/content.h"
#include "common/crypto/keyfile.h"

static struct br_err err;

static const enum br_enc encs[] = {
    BR_ENC_A128GCM, BR_ENC_A256GCM, BR_ENC_A128CBC_HS256, BR_ENC_A256CBC_HS512};

static int
setup(void **state)
{
    (void)state;
    assert_ok(br_crypto_init(&err));
    return 0;
}

static void
what_is_sealed_opens_and_nothing_else_does(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 15, 16, 17, 1000};
    uint8_t key[BR_ENC_KEY_BYTES_MAX];
    uint8_t iv[BR_ENC_IV_BYTES_MAX];
    uint8_t text[1000];
    br_random(key, sizeof(key));
    br_random(iv, sizeof(iv));
    br_random(text, sizeof(text));
    for (size_t e = 0; e < 4; e++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct br_enc_with with = {encs[e], key, iv, br_str("header")};
            const struct br_enc_info *info = br_enc_info((unsigned)encs[e]);
            struct br_buf sealed;
            struct br_buf opened;
            uint8_t tag[BR_ENC_TAG_BYTES_MAX];
            br_buf_init(&sealed, 4096);
            br_buf_init(&opened, 4096);
            br_buf_puts(&opened, "before");
            assert_ok(br_enc_seal(
                &with, br_bytes(text, sizes[i]), &sealed, tag, &err));
            struct br_bytes t = br_bytes(tag, info->tag_bytes);
            struct br_bytes c = br_buf_bytes(&sealed);
            assert_ok(br_enc_open(&with, c, t, &opened, &err));
            assert_int_equal(opened.n, 6 + sizes[i]);
            assert_memory_equal(opened.p + 6, text, sizes[i]);
            tag[info->tag_bytes - 1] ^= 1;
            assert_int_equal(
                br_enc_open(&with, c, t, &opened, &err),
                BR_ERR_DECRYPTION_FAILED);
            tag[info->tag_bytes - 1] ^= 1;
            assert_int_equal(
                br_enc_open(
                    &with, c, br_bytes(tag, info->tag_bytes - 1u), &opened,
                    &err),
                BR_ERR_DECRYPTION_FAILED);
            with.aad = br_str("headeR");
            assert_int_equal(
                br_enc_open(&with, c, t, &opened, &err),
                BR_ERR_DECRYPTION_FAILED);
            with.aad = br_str("header");
            if (c.n > 0) {
                sealed.p[c.n - 1] ^= 0x80;
                assert_int_equal(
                    br_enc_open(&with, c, t, &opened, &err),
                    BR_ERR_DECRYPTION_FAILED);
                sealed.p[c.n - 1] ^= 0x80;
            }
            key[0] ^= 1;
            assert_int_equal(
                br_enc_open(&with, c, t, &opened, &err),
                BR_ERR_DECRYPTION_FAILED);
            key[0] ^= 1;
            br_buf_fini(&sealed);
            br_buf_fini(&opened);
        }
    }
}

/** RFC 7518 appendix B.1: AES_128_CBC_HMAC_SHA_256. */
static void
cbc_with_hmac_is_as_published(void **state)
{
    (void)state;
    uint8_t key[32];
    uint8_t iv[16];
    uint8_t want[32];
    uint8_t tag[BR_ENC_TAG_BYTES_MAX];
    struct br_buf c;
    static const char plain[] =
        "A cipher system must not be required to be secret, and it must be able"
        " to fall into the hands of the enemy without inconvenience";
    for (uint8_t i = 0; i < 32; i++) {
        key[i] = i;
    }
    const struct br_enc_with with = {
        BR_ENC_A128CBC_HS256, key,
        hex("1af38c2dc2b96ffdd86694092341bc04", iv, 16).p,
        br_str("The second principle of Auguste Kerckhoffs")};
    br_buf_init(&c, 4096);
    assert_ok(br_enc_seal(&with, br_str(plain), &c, tag, &err));
    assert_int_equal(c.n, 144);
    assert_memory_equal(
        c.p, hex("c80edfa32ddf39d5ef00c0b468834279", want, 32).p, 16);
    assert_memory_equal(
        tag, hex("652c3fa36b0a7c5b3219fab3a30bc1c4", want, 32).p, 16);
    br_buf_fini(&c);
}

/** RFC 3394 sections 4.1 and 4.6. */
static void
key_wrap_is_as_published(void **state)
{
    (void)state;
    static const struct {
        const char *kek;
        const char *key;
        const char *wrapped;
    } cases[] = {
        {"000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
         "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
        {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
         "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
         "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43b"
         "fb988b9b7a02dd21"},
    };
    for (size_t i = 0; i < 2; i++) {
        uint8_t kek_room[32];
        uint8_t key_room[32];
        uint8_t want_room[40];
        uint8_t got[40];
        struct br_bytes kek = hex(cases[i].kek, kek_room, 32);
        struct br_bytes key = hex(cases[i].key, key_room, 32);
        struct br_bytes want = hex(cases[i].wrapped, want_room, 40);
        assert_ok(br_key_wrap(kek, key, got, &err));
        assert_memory_equal(got, want.p, want.n);
        assert_ok(br_key_unwrap(kek, want, got, &err));
        assert_memory_equal(got, key.p, key.n);
        want_room[3] ^= 1;
        assert_int_equal(
            br_key_unwrap(kek, want, got, &err), BR_ERR_DECRYPTION_FAILED);
        assert_int_equal(
            br_key_unwrap(kek, br_bytes(want.p, want.n - 1), got, &err),
            BR_ERR_DECRYPTION_FAILED);
        assert_int_equal(
            br_key_unwrap(kek, br_bytes(want.p, 16), got, &err),
            BR_ERR_DECRYPTION_FAILED);
    }
}

/** RFC 7518 appendix C. */
static void
concat_kdf_is_as_published(void **state)
{
    (void)state;
    static const uint8_t z[32] = {158, 86,  217, 29,  129, 113, 53,  211,
                                  114, 131, 66,  131, 191, 132, 38,  156,
                                  251, 49,  110, 163, 218, 128, 106, 72,
                                  246, 218, 167, 121, 140, 254, 144, 196};
    static const uint8_t want[16] = {86, 170, 141, 234, 248, 35,  109, 32,
                                     92, 34,  40,  205, 113, 167, 16,  26};
    const struct br_concat_kdf in = {
        br_bytes(z, 32), br_str("A128GCM"), br_str("Alice"), br_str("Bob")};
    uint8_t got[64];
    uint8_t longer[64];
    br_concat_kdf(&in, got, 16);
    assert_memory_equal(got, want, 16);
    /* The length is one of the things that are hashed. */
    br_concat_kdf(&in, got, 64);
    br_concat_kdf(&in, longer, 48);
    assert_memory_not_equal(got, longer, 48);
    assert_memory_not_equal(got, want, 16);
}

/** RFC 4231 section 4.3 (test case 2). */
static void
hmac_is_as_published(void **state)
{
    (void)state;
    struct br_digest d;
    uint8_t want[64];
    const struct br_bytes parts[] = {
        br_str("what do ya want "), br_str("for nothing?")};
    assert_ok(br_hmac(BR_HASH_SHA256, br_str("Jefe"), parts, 2, &d, &err));
    assert_memory_equal(
        d.b,
        hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            want, 64)
            .p,
        32);
    assert_ok(br_hmac(BR_HASH_SHA512, br_str("Jefe"), parts, 2, &d, &err));
    assert_memory_equal(
        d.b,
        hex("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            want, 64)
            .p,
        64);
}

static void
the_buffer_may_be_too_small(void **state)
{
    (void)state;
    uint8_t key[BR_ENC_KEY_BYTES_MAX] = {0};
    uint8_t iv[BR_ENC_IV_BYTES_MAX] = {0};
    uint8_t tag[BR_ENC_TAG_BYTES_MAX];
    for (size_t e = 0; e < 4; e++) {
        const struct br_enc_with with = {encs[e], key, iv, br_str("")};
        struct br_buf b;
        br_buf_init(&b, 20);
        assert_int_equal(
            br_enc_seal(&with, br_str("more than twenty bytes"), &b, tag, &err),
            BR_ERR_TOO_LARGE);
        br_buf_fini(&b);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens_and_nothing_else_does),
        cmocka_unit_test(cbc_with_hmac_is_as_published),
        cmocka_unit_test(key_wrap_is_as_published),
        cmocka_unit_test(concat_kdf_is_as_published),
        cmocka_unit_test(hmac_is_as_published),
        cmocka_unit_test(the_buffer_may_be_too_small),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, NULL);
}
