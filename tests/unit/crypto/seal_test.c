/*
 * Sealed texts: every byte of them, of what they are about, and of the key.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/crypto/hash.h"
#include "common/crypto/seal.h"

static struct br_err err;

static struct br_seal_key *
key_of(uint8_t byte)
{
    uint8_t secret[BR_SEAL_KEY_BYTES];
    struct br_seal_key *k = NULL;
    memset(secret, byte, sizeof(secret));
    assert_int_equal(br_seal_key_new(secret, &k, &err), BR_OK);
    return k;
}

static enum br_rc
open_with(
    const struct br_seal_key *k,
    const struct br_bytes *about,
    size_t count,
    struct br_bytes sealed)
{
    struct br_buf b;
    br_buf_init(&b, 4096);
    enum br_rc rc = br_seal_open(k, about, count, sealed, &b, &err);
    if (rc == BR_OK) {
        assert_true(br_bytes_eq(br_buf_bytes(&b), br_str("the text")));
    } else {
        assert_int_equal(b.n, 0);
    }
    br_buf_wipe(&b);
    return rc;
}

/** RFC 5869 appendix A.1: the first 32 bytes of its OKM. */
static void
a_secret_becomes_the_key_of_rfc_5869(void **state)
{
    static const uint8_t salt[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    static const uint8_t okm[BR_SEAL_KEY_BYTES] = {
        0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f,
        0x64, 0xd0, 0x36, 0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a,
        0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf};
    static const char info[] = "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9";
    uint8_t ikm[22];
    uint8_t a[BR_SEAL_NAME_BYTES];
    uint8_t b[BR_SEAL_NAME_BYTES];
    struct br_seal_key *k = NULL;
    struct br_seal_key *want = NULL;
    const struct br_bytes part = br_str("compared by what they name");
    (void)state;
    memset(ikm, 0x0b, sizeof(ikm));
    assert_int_equal(
        br_seal_key_of_secret(
            br_bytes(ikm, sizeof(ikm)), br_bytes(salt, sizeof(salt)), info, &k,
            &err),
        BR_OK);
    assert_int_equal(br_seal_key_new(okm, &want, &err), BR_OK);
    br_seal_name(k, &part, 1, a);
    br_seal_name(want, &part, 1, b);
    assert_memory_equal(a, b, sizeof(a));
    br_seal_key_free(k);
    br_seal_key_free(want);
}

static void
name_of(const struct br_seal_key *k, uint8_t ret[BR_SEAL_NAME_BYTES])
{
    const struct br_bytes part = br_str("a row");
    br_seal_name(k, &part, 1, ret);
}

static void
two_keys_are_needed_for_a_joined_one(void **state)
{
    struct br_seal_key *one = key_of(1);
    struct br_seal_key *two = key_of(2);
    struct br_seal_key *both[3] = {NULL, NULL, NULL};
    uint8_t names[5][BR_SEAL_NAME_BYTES];
    (void)state;
    assert_int_equal(br_seal_key_join(one, two, &both[0], &err), BR_OK);
    assert_int_equal(br_seal_key_join(one, two, &both[1], &err), BR_OK);
    assert_int_equal(br_seal_key_join(two, one, &both[2], &err), BR_OK);
    name_of(both[0], names[0]);
    name_of(both[1], names[1]);
    name_of(both[2], names[2]);
    name_of(one, names[3]);
    name_of(two, names[4]);
    assert_memory_equal(names[0], names[1], BR_SEAL_NAME_BYTES);
    for (int i = 2; i < 5; i++) {
        assert_memory_not_equal(names[0], names[i], BR_SEAL_NAME_BYTES);
    }
    for (int i = 0; i < 3; i++) {
        br_seal_key_free(both[i]);
    }
    br_seal_key_free(one);
    br_seal_key_free(two);
}

static void
a_signer_gives_one_key_for_a_purpose(void **state)
{
    uint8_t secret[32];
    struct br_signer *s = NULL;
    struct br_seal_key *k[3] = {NULL, NULL, NULL};
    uint8_t names[3][BR_SEAL_NAME_BYTES];
    (void)state;
    memset(secret, 7, sizeof(secret));
    assert_int_equal(
        br_signer_from_secret(BR_SIGN_ED25519, secret, &s, &err), BR_OK);
    assert_int_equal(br_seal_key_of_signer(s, "a", &k[0], &err), BR_OK);
    assert_int_equal(br_seal_key_of_signer(s, "a", &k[1], &err), BR_OK);
    assert_int_equal(br_seal_key_of_signer(s, "b", &k[2], &err), BR_OK);
    for (int i = 0; i < 3; i++) {
        name_of(k[i], names[i]);
        br_seal_key_free(k[i]);
    }
    assert_memory_equal(names[0], names[1], BR_SEAL_NAME_BYTES);
    assert_memory_not_equal(names[0], names[2], BR_SEAL_NAME_BYTES);
    br_signer_free(s);
    assert_int_equal(
        br_signer_from_secret(BR_SIGN_ES256, secret, &s, &err), BR_OK);
    assert_int_equal(
        br_seal_key_of_signer(s, "a", &k[0], &err), BR_ERR_UNSUPPORTED);
    br_signer_free(s);
}

static void
each_byte_is_guarded(void **state)
{
    struct br_seal_key *k = key_of(1);
    struct br_seal_key *other = key_of(2);
    const struct br_bytes about[] = {br_str("person"), br_str("row")};
    const struct br_bytes moved[] = {br_str("perso"), br_str("nrow")};
    const struct br_bytes swapped[] = {br_str("row"), br_str("person")};
    struct br_buf b;
    (void)state;
    br_buf_init(&b, 4096);
    assert_int_equal(br_seal(k, about, 2, br_str("the text"), &b, &err), BR_OK);
    assert_int_equal(b.n, 8 + BR_SEAL_OVERHEAD_BYTES);
    assert_int_equal(open_with(k, about, 2, br_buf_bytes(&b)), BR_OK);
    for (size_t i = 0; i < b.n * 8; i++) {
        b.p[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_int_equal(
            open_with(k, about, 2, br_buf_bytes(&b)), BR_ERR_DECRYPTION_FAILED);
        b.p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t n = 0; n < b.n; n++) {
        assert_int_equal(
            open_with(k, about, 2, br_bytes(b.p, n)), BR_ERR_DECRYPTION_FAILED);
    }
    const struct br_bytes whole = br_buf_bytes(&b);
    assert_int_equal(
        open_with(other, about, 2, whole), BR_ERR_DECRYPTION_FAILED);
    assert_int_equal(open_with(k, about, 1, whole), BR_ERR_DECRYPTION_FAILED);
    assert_int_equal(open_with(k, moved, 2, whole), BR_ERR_DECRYPTION_FAILED);
    assert_int_equal(open_with(k, swapped, 2, whole), BR_ERR_DECRYPTION_FAILED);
    br_buf_wipe(&b);
    br_seal_key_free(k);
    br_seal_key_free(other);
}

static void
the_same_text_is_sealed_otherwise_each_time(void **state)
{
    struct br_seal_key *k = key_of(1);
    struct br_buf b;
    (void)state;
    br_buf_init(&b, 4096);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(br_seal(k, NULL, 0, br_str("x"), &b, &err), BR_OK);
    }
    assert_memory_not_equal(b.p, b.p + b.n / 2, b.n / 2);
    br_buf_wipe(&b);
    br_seal_key_free(k);
}

static void
wrapped_keys_come_back(void **state)
{
    struct br_seal_key *under = key_of(1);
    struct br_seal_key *k = key_of(2);
    struct br_seal_key *again = NULL;
    const struct br_bytes about = br_str("a lock");
    const struct br_bytes name = br_str("n");
    uint8_t wrapped[BR_SEAL_WRAPPED_BYTES];
    uint8_t a[BR_SEAL_NAME_BYTES];
    uint8_t b[BR_SEAL_NAME_BYTES];
    (void)state;
    assert_int_equal(br_seal_wrap(under, &about, 1, k, wrapped, &err), BR_OK);
    assert_int_equal(
        br_seal_unwrap(under, &about, 1, wrapped, &again, &err), BR_OK);
    br_seal_name(k, &name, 1, a);
    br_seal_name(again, &name, 1, b);
    assert_memory_equal(a, b, sizeof(a));
    br_seal_key_free(again);
    assert_int_equal(
        br_seal_unwrap(k, &about, 1, wrapped, &again, &err),
        BR_ERR_DECRYPTION_FAILED);
    br_seal_key_free(under);
    br_seal_key_free(k);
}

static void
purposes_and_parts_make_other_names(void **state)
{
    struct br_seal_key *k = key_of(7);
    struct br_seal_key *rows = NULL;
    struct br_seal_key *names = NULL;
    const struct br_bytes ab[] = {br_str("a"), br_str("b")};
    const struct br_bytes joined[] = {br_str("ab"), br_str("")};
    uint8_t out[4][BR_SEAL_NAME_BYTES];
    (void)state;
    assert_int_equal(br_seal_key_derive(k, "rows", &rows, &err), BR_OK);
    assert_int_equal(br_seal_key_derive(k, "names", &names, &err), BR_OK);
    br_seal_name(rows, ab, 2, out[0]);
    br_seal_name(names, ab, 2, out[1]);
    br_seal_name(rows, joined, 2, out[2]);
    br_seal_name(k, ab, 2, out[3]);
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < i; j++) {
            assert_memory_not_equal(out[i], out[j], BR_SEAL_NAME_BYTES);
        }
    }
    br_seal_key_free(k);
    br_seal_key_free(rows);
    br_seal_key_free(names);
}

static void
passphrases_and_their_costs(void **state)
{
    const uint8_t salt[BR_SEAL_SALT_BYTES] = {1};
    const uint8_t other_salt[BR_SEAL_SALT_BYTES] = {2};
    const struct {
        const uint8_t *salt;
        struct br_seal_cost cost;
        enum br_rc rc;
    } cases[] = {
        {salt, {1, 8}, BR_OK},
        {other_salt, {1, 8}, BR_OK},
        {salt, {2, 8}, BR_OK},
        {salt, {1, 16}, BR_OK},
        {salt, {9, 8}, BR_ERR_OUT_OF_RANGE},
        {salt, {1, 7}, BR_ERR_OUT_OF_RANGE},
        {salt, {1, 256 * 1024 + 1}, BR_ERR_OUT_OF_RANGE},
    };
    struct br_secret *s = NULL;
    uint8_t names[4][BR_SEAL_NAME_BYTES];
    (void)state;
    assert_int_equal(br_secret_new(br_str("sesame"), &s, &err), BR_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct br_seal_key *k = NULL;
        assert_int_equal(
            br_seal_key_of_passphrase(
                s, cases[i].salt, cases[i].cost, &k, &err),
            cases[i].rc);
        if (cases[i].rc == BR_OK) {
            const struct br_bytes part = br_str("x");
            br_seal_name(k, &part, 1, names[i]);
            for (size_t j = 0; j < i; j++) {
                assert_memory_not_equal(names[i], names[j], BR_SEAL_NAME_BYTES);
            }
            br_seal_key_free(k);
        }
    }
    br_secret_free(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_becomes_the_key_of_rfc_5869),
        cmocka_unit_test(two_keys_are_needed_for_a_joined_one),
        cmocka_unit_test(a_signer_gives_one_key_for_a_purpose),
        cmocka_unit_test(each_byte_is_guarded),
        cmocka_unit_test(the_same_text_is_sealed_otherwise_each_time),
        cmocka_unit_test(wrapped_keys_come_back),
        cmocka_unit_test(purposes_and_parts_make_other_names),
        cmocka_unit_test(passphrases_and_their_costs),
    };
    assert_int_equal(br_crypto_init(&err), BR_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
