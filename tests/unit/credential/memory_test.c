/*
 * Refused memory: every allocation of a whole exchange fails in turn, ours and
 * libcrypto's. Each time there is an error, or the right result; nothing leaks
 * (the build with sanitizers looks).
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/support.h"

#include "common/credential/jwe.h"
#include "common/credential/jws.h"

#include <openssl/crypto.h>

/* The linker sends our calls here: --wrap. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);

static bool counting;
static size_t allocations;
static size_t refuse_at; /**< from this one on, once; 0: never */

static bool
refused(void)
{
    return counting && ++allocations == refuse_at;
}

void *
__wrap_malloc(size_t n)
{
    return refused() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t count, size_t n)
{
    return refused() ? NULL : __real_calloc(count, n);
}

void *
__wrap_realloc(void *p, size_t n)
{
    return refused() ? NULL : __real_realloc(p, n);
}

static void *
libcrypto_malloc(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return refused() ? NULL : __real_malloc(n);
}

static void *
libcrypto_realloc(void *p, size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return refused() ? NULL : __real_realloc(p, n);
}

static void
libcrypto_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

/* ---- the exchanges ------------------------------------------------------ */

static struct br_private_key *key;

static enum br_rc
sign_and_verify(void)
{
    static const struct br_jws_policy policy = {
        .algs = BR_ALG_ES256, .sources = BR_KEY_BY_JWK};
    const struct br_jws_header h = {
        .alg = BR_ALG_ES256, .jwk = br_private_key_public(key)};
    struct br_arena a;
    struct br_buf b;
    struct br_jws j;
    struct br_bytes payload;
    br_arena_init(&a, 65536);
    br_buf_init(&b, 4096);
    enum br_rc rc = br_jws_sign(&h, br_str("{}"), key, &b, &err);
    if (rc == BR_OK) {
        rc = br_jws_parse(br_buf_bytes(&b), &policy, &a, &j, &err);
    }
    if (rc == BR_OK) {
        rc = br_jws_verify_jwk(&j, &payload, &err);
    }
    if (rc == BR_OK) {
        assert_true(br_bytes_eq(payload, br_str("{}")));
    }
    br_buf_fini(&b);
    br_arena_fini(&a);
    return rc;
}

static enum br_rc
encrypt_and_decrypt(void)
{
    static const struct br_jwe_policy policy = {
        .algs = BR_JWE_ECDH_ES_A128KW, .encs = BR_ENC_A128CBC_HS256};
    const struct br_jwe_header h = {
        .alg = BR_JWE_ECDH_ES_A128KW, .enc = BR_ENC_A128CBC_HS256};
    struct br_jwe_fresh fresh;
    struct br_arena a;
    struct br_buf b;
    struct br_buf out;
    struct br_jwe j;
    memset(&fresh, 7, sizeof(fresh));
    br_arena_init(&a, 65536);
    br_buf_init(&b, 4096);
    br_buf_init(&out, 4096);
    enum br_rc rc = br_jwe_encrypt(
        &h, br_private_key_public(key), br_str("text"), &fresh, &b, &err);
    if (rc == BR_OK) {
        rc = br_jwe_parse(br_buf_bytes(&b), &policy, &a, &j, &err);
    }
    if (rc == BR_OK) {
        rc = br_jwe_decrypt(&j, key, &out, &err);
    }
    if (rc == BR_OK) {
        assert_true(br_bytes_eq(br_buf_bytes(&out), br_str("text")));
    }
    br_buf_fini(&b);
    br_buf_fini(&out);
    br_arena_fini(&a);
    return rc;
}

static enum br_rc
make_a_key(void)
{
    struct br_private_key *k = NULL;
    uint8_t seed[BR_PRIVATE_KEY_SEED_BYTES];
    memset(seed, 9, sizeof(seed));
    enum br_rc rc = br_private_key_derive(BR_KEY_P384, seed, &k, &err);
    br_private_key_free(rc == BR_OK ? k : NULL);
    return rc;
}

/** Every allocation of the exchange fails once. */
static void refuse_each(enum br_rc (*exchange)(void))
{
    size_t failures = 0;
    assert_int_equal(exchange(), BR_OK); /* what is made once is made */
    allocations = 0;
    refuse_at = 0;
    counting = true;
    enum br_rc rc = exchange();
    counting = false;
    size_t all = allocations;
    assert_int_equal(rc, BR_OK);
    assert_true(all > 10);
    for (size_t i = 1; i <= all; i++) {
        allocations = 0;
        refuse_at = i;
        err.text[0] = '\0';
        counting = true;
        rc = exchange();
        counting = false;
        if (rc != BR_OK) {
            failures++;
            assert_true(err.text[0] != '\0' && rc != BR_ERR_INTERNAL);
        }
    }
    assert_true(failures > 10);
    assert_int_equal(exchange(), BR_OK);
}

static void
signing_and_verifying_survive(void **state)
{
    (void)state;
    refuse_each(sign_and_verify);
}

static void
encrypting_and_decrypting_survive(void **state)
{
    (void)state;
    refuse_each(encrypt_and_decrypt);
}

static void
making_a_key_survives(void **state)
{
    (void)state;
    refuse_each(make_a_key);
}

static int
begin(void **state)
{
    (void)setup(state);
    assert_ok(br_private_key_generate(BR_KEY_P256, &key, &err));
    return 0;
}

static int
end(void **state)
{
    br_private_key_free(key);
    return teardown(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signing_and_verifying_survive),
        cmocka_unit_test(encrypting_and_decrypting_survive),
        cmocka_unit_test(making_a_key_survives),
    };
    if (CRYPTO_set_mem_functions(
            libcrypto_malloc, libcrypto_realloc, libcrypto_free) != 1) {
        return 1; /* before anything of libcrypto's */
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}
