/*
 * JOSE against the bare operations of libcrypto, in the same run on one core:
 * each figure is the share of the bare rate that is left. Keys are new to the
 * verifier each time, as holders' keys are.
 *
 *   jose_bench [SECONDS-FOR-EACH]
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/credential/jwe.h"
#include "common/credential/jws.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { KEYS = 64, TOKEN_BYTES = 8192, ARENA_BYTES = 65536 };

/* Ten claims of a credential, about as long as they are. */
static const char payload[] =
    "{\"iss\":\"https://issuer.example.org\",\"iat\":1767225600,\"exp\":"
    "1798761600,\"vct\":\"urn:example:isee:1\",\"_sd_alg\":\"sha-256\",\"_sd\":"
    "[\"CrQe7S5kqBAHt-nMYXgc6bdt2SH5aTY1sU_M-PgkjPI\",\"JzYjH4svliH0R3PyEMfeZ"
    "u6Jt69u5qehZo7F7EPYlSE\",\"PorFbpKuVu6xymJagvkFsFXAbRoc2JGlAUA2BA4o7cI\""
    ",\"TGf4oLbgwd5JQaHyKVQZU9UdGE0w5rtDsrZzfUaomLo\",\"XQ_3kPKt1XyX7KANkqVR6"
    "yZ2Va5NrPIvPYbyMvRKBMM\",\"XzFrzwscM6Gn6CJDc6vVK8BkMnfG8vOSKfpPIZdAfdE\""
    "],\"status\":{\"status_list\":{\"idx\":412,\"uri\":\"https://"
    "issuer.example"
    ".org/s/1\"}}}";

static struct br_err err;
static struct br_private_key *keys[KEYS];
static struct br_buf tokens[KEYS];
static struct br_buf sealed[KEYS];
static struct br_arena arena;
static double seconds = 1;

static double
now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
must(enum br_rc rc)
{
    if (rc != BR_OK) {
        (void)fprintf(stderr, "jose_bench: %s\n", err.text);
        exit(1);
    }
}

/** How often a second. */
static double
rate(void (*once)(size_t i))
{
    size_t n = 0;
    double start = now();
    double end = start;
    while (end - start < seconds) {
        for (size_t i = 0; i < 16; i++) {
            once(n++ % KEYS);
        }
        end = now();
    }
    return (double)n / (end - start);
}

/* ---- ours --------------------------------------------------------------- */

static void
sign(size_t i)
{
    const struct br_jws_header h = {
        .alg = BR_ALG_ES256,
        .typ = "dc+sd-jwt",
        .jwk = br_private_key_public(keys[i])};
    br_buf_clear(&tokens[i]);
    must(br_jws_sign(&h, br_str(payload), keys[i], &tokens[i], &err));
}

static void
verify(size_t i)
{
    static const char *const types[] = {"dc+sd-jwt", NULL};
    static const struct br_jws_policy policy = {
        .algs = BR_ALG_ES256, .sources = BR_KEY_BY_JWK, .types = types};
    struct br_jws j;
    br_arena_init(&arena, ARENA_BYTES);
    must(br_jws_parse(br_buf_bytes(&tokens[i]), &policy, &arena, &j, &err));
    must(br_jws_verify_jwk(&j, NULL, &err));
    br_arena_fini(&arena);
}

static void
encrypt(size_t i)
{
    const struct br_jwe_header h = {
        .alg = BR_JWE_ECDH_ES, .enc = BR_ENC_A256GCM};
    struct br_jwe_fresh fresh;
    br_random(&fresh, sizeof(fresh));
    br_buf_clear(&sealed[i]);
    must(br_jwe_encrypt(
        &h, br_private_key_public(keys[i]), br_str(payload), &fresh, &sealed[i],
        &err));
}

static void
decrypt(size_t i)
{
    static const struct br_jwe_policy policy = {
        .algs = BR_JWE_ECDH_ES, .encs = BR_ENC_A256GCM};
    struct br_jwe j;
    struct br_buf b;
    br_arena_init(&arena, ARENA_BYTES);
    br_buf_init(&b, TOKEN_BYTES);
    must(br_jwe_parse(br_buf_bytes(&sealed[i]), &policy, &arena, &j, &err));
    must(br_jwe_decrypt(&j, keys[i], &b, &err));
    br_buf_fini(&b);
    br_arena_fini(&arena);
}

/* ---- bare --------------------------------------------------------------- */

static EVP_PKEY *bare_key;
static EVP_PKEY_CTX *bare_signer;
static EVP_PKEY_CTX *bare_verifier;
static uint8_t bare_sig[80];
static size_t bare_sig_n;
static const uint8_t bare_digest[32] = "a digest of thirty-two bytes is";

static void
bare_sign(size_t i)
{
    (void)i;
    bare_sig_n = sizeof(bare_sig);
    if (EVP_PKEY_sign(bare_signer, bare_sig, &bare_sig_n, bare_digest, 32) !=
        1) {
        exit(1);
    }
}

static void
bare_verify(size_t i)
{
    (void)i;
    if (EVP_PKEY_verify(bare_verifier, bare_sig, bare_sig_n, bare_digest, 32) !=
        1) {
        exit(1);
    }
}

/** A Diffie-Hellman, as bare as it comes. */
static void
bare_agree(size_t i)
{
    uint8_t z[32];
    size_t n = sizeof(z);
    (void)i;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(bare_key, NULL);
    if (EVP_PKEY_derive_init(c) != 1 ||
        EVP_PKEY_derive_set_peer_ex(c, bare_key, 0) != 1 ||
        EVP_PKEY_derive(c, z, &n) != 1) {
        exit(1);
    }
    EVP_PKEY_CTX_free(c);
}

static void
bare_generate(size_t i)
{
    (void)i;
    EVP_PKEY_free(EVP_EC_gen("P-256"));
}

static void
tell(const char *what, double ours, double bare)
{
    (void)printf(
        "%-34s %9.0f /s, bare %9.0f /s: %3.0f %%\n", what, ours, bare,
        100 * ours / bare);
}

int
main(int argc, char **argv)
{
    must(br_crypto_init(&err));
    seconds = argc > 1 ? strtod(argv[1], NULL) : seconds;
    bare_key = EVP_EC_gen("P-256");
    bare_signer = EVP_PKEY_CTX_new(bare_key, NULL);
    bare_verifier = EVP_PKEY_CTX_new(bare_key, NULL);
    if (EVP_PKEY_sign_init(bare_signer) != 1 ||
        EVP_PKEY_verify_init(bare_verifier) != 1) {
        return 1;
    }
    for (size_t i = 0; i < KEYS; i++) {
        must(br_private_key_generate(BR_KEY_P256, &keys[i], &err));
        br_buf_init(&tokens[i], TOKEN_BYTES);
        br_buf_init(&sealed[i], TOKEN_BYTES);
        sign(i);
        encrypt(i);
    }
    bare_sign(0);
    double agree = rate(bare_agree);
    double generate = rate(bare_generate);
    (void)printf(
        "P-256, a payload of %zu bytes, %d keys in turn, %.1f s each\n",
        sizeof(payload) - 1, KEYS, seconds);
    tell("JWS sign, ES256", rate(sign), rate(bare_sign));
    tell(
        "JWS parse and verify, jwk in header", rate(verify), rate(bare_verify));
    tell(
        "JWE encrypt, ECDH-ES, A256GCM", rate(encrypt),
        1 / (1 / agree + 1 / generate));
    tell("JWE parse and decrypt", rate(decrypt), agree);
    for (size_t i = 0; i < KEYS; i++) {
        br_private_key_free(keys[i]);
        br_buf_fini(&tokens[i]);
        br_buf_fini(&sealed[i]);
    }
    EVP_PKEY_CTX_free(bare_signer);
    EVP_PKEY_CTX_free(bare_verifier);
    EVP_PKEY_free(bare_key);
    return 0;
}
