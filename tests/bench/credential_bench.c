/*
 * Benchmarks of credentials on one core, each against the bare operations of
 * OpenSSL that it needs, measured in the same run.
 *
 *   credential_bench [SECONDS]     for each figure; 2 by default
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/json_write.h"
#include "common/credential/dcql.h"
#include "common/credential/sd_jwt_vc.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    CLAIMS = 10,
    SLICES = 10,
    NOW = 1800000000,
    CREDENTIALS = 1000,
    LIST = 10000000,
    ARENA_BYTES = 1024 * 1024,
};

static double seconds = 2;
static struct br_private_key *issuer;
static struct br_private_key *holder;
static struct br_err err;

static double
now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
must(bool good)
{
    if (!good) {
        (void)fprintf(stderr, "credential_bench: %s\n", err.text);
        exit(1);
    }
}

/** How often a second, in a slice of the time. */
static double
slice(void (*once)(void))
{
    double begin = now();
    double took = 0;
    double n = 0;
    while (took < seconds / SLICES) {
        for (int i = 0; i < 16; i++) {
            once();
        }
        n += 16;
        took = now() - begin;
    }
    return n / took;
}

/** Several, in turns, so that what else the machine does meets all alike; of
 *  each the best slice. */
static void
rates(void (*const *all)(void), double *ret, size_t count)
{
    memset(ret, 0, count * sizeof(*ret));
    for (int turn = 0; turn < SLICES; turn++) {
        for (size_t i = 0; i < count; i++) {
            double r = slice(all[i]);
            ret[i] = r > ret[i] ? r : ret[i];
        }
    }
}

static double
rate(void (*once)(void))
{
    void (*const all[])(void) = {once};
    double r;
    rates(all, &r, 1);
    return r;
}

/* ---- bare OpenSSL ------------------------------------------------------- */

static EVP_PKEY *bare;
static uint8_t bare_sig[128];
static size_t bare_sig_n;
static uint8_t bare_message[1024]; /* about what a JWT's payload has */

/** Key and algorithm set up once, as a program does that has one key. */
static void
bare_sign(void)
{
    static EVP_MD_CTX *c;
    c = c == NULL ? EVP_MD_CTX_new() : c;
    bare_sig_n = sizeof(bare_sig);
    must(
        EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, bare) == 1 &&
        EVP_DigestSign(
            c, bare_sig, &bare_sig_n, bare_message, sizeof(bare_message)) == 1);
}

static void
bare_verify(void)
{
    static EVP_MD_CTX *c;
    c = c == NULL ? EVP_MD_CTX_new() : c;
    must(
        EVP_DigestVerifyInit(c, NULL, EVP_sha256(), NULL, bare) == 1 &&
        EVP_DigestVerify(
            c, bare_sig, bare_sig_n, bare_message, sizeof(bare_message)) == 1);
}

/* ---- a credential of ten claims ----------------------------------------- */

static struct br_buf credential;
static struct br_buf presentation;
static char claims_text[2048];

static void
make_claims(void)
{
    struct br_buf b;
    struct br_json_writer w;
    const struct br_jwk k = {.key = *br_private_key_public(holder)};
    br_buf_init(&b, sizeof(claims_text));
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    br_json_write_name(&w, "vct");
    br_json_write_string(&w, br_str("urn:broletto:bench"));
    br_json_write_name(&w, "exp");
    br_json_write_uint(&w, NOW + 86400);
    for (int i = 0; i < CLAIMS; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "claim_%d", i);
        br_json_write_name(&w, name);
        br_json_write_string(&w, br_str("a value of usual length"));
    }
    br_json_write_name(&w, "cnf");
    br_json_write_object(&w);
    br_json_write_name(&w, "jwk");
    br_jwk_write(&w, &k);
    br_json_write_end(&w);
    br_json_write_end(&w);
    must(br_json_writer_done(&w, &err) == BR_OK);
    memcpy(claims_text, b.p, b.n);
    br_buf_fini(&b);
}

static void
issue(void)
{
    static const char *const names[CLAIMS] = {
        "claim_0", "claim_1", "claim_2", "claim_3", "claim_4",
        "claim_5", "claim_6", "claim_7", "claim_8", "claim_9"};
    static uint8_t random[4096];
    struct br_sd_path paths[CLAIMS];
    struct br_arena arena;
    struct br_json *claims = NULL;
    struct br_sd_hidden hidden;
    const struct br_jws_header h = {.alg = BR_ALG_ES256, .typ = BR_VC_FORMAT};
    for (size_t i = 0; i < CLAIMS; i++) {
        paths[i] = (struct br_sd_path){&names[i], 1};
    }
    br_arena_init(&arena, ARENA_BYTES);
    must(br_json_parse(br_str(claims_text), &arena, &claims, &err) == BR_OK);
    size_t n = br_sd_random_bytes(claims, 0);
    br_random(random, n);
    const struct br_sd_plan plan = {
        .paths = paths, .count = CLAIMS, .random = br_bytes(random, n)};
    br_buf_clear(&credential);
    must(br_sd_hide(claims, &plan, &arena, &hidden, &err) == BR_OK);
    must(br_sd_issue(&hidden, &h, issuer, &credential, &err) == BR_OK);
    br_arena_fini(&arena);
}

static const struct br_sd_binding_policy asked = {
    .algs = BR_ALG_ES256,
    .audience = {(const uint8_t *)"https://v.example", 17},
    .nonce = {(const uint8_t *)"n-0S6_WzA2Mj", 12},
    .now_s = NOW,
    .window_s = 60,
};

static void
verify(void)
{
    struct br_arena arena;
    struct br_vc vc;
    const struct br_vc_policy policy = {
        .now_s = NOW,
        .key = br_private_key_public(issuer),
        .binding = &asked,
    };
    br_arena_init(&arena, ARENA_BYTES);
    must(
        br_vc_open(br_buf_bytes(&presentation), &policy, &arena, &vc, &err) ==
        BR_OK);
    must(br_vc_verify(&vc, &policy, &arena, &err) == BR_OK);
    must(br_json_member(vc.claims, "claim_9") != NULL);
    br_arena_fini(&arena);
}

static void
present(void)
{
    struct br_arena arena;
    struct br_sd_jwt sd;
    bool all[CLAIMS];
    const struct br_jws_policy policy = {
        .algs = BR_ALG_ES256, .sources = BR_KEY_BY_CALLER};
    const struct br_sd_binding binding = {
        .audience = asked.audience, .nonce = asked.nonce, .issued_s = NOW};
    memset(all, true, sizeof(all));
    br_arena_init(&arena, ARENA_BYTES);
    br_buf_clear(&presentation);
    must(
        br_sd_parse(br_buf_bytes(&credential), &policy, &arena, &sd, &err) ==
        BR_OK);
    must(
        br_sd_present(&sd, all, &binding, holder, &presentation, &err) ==
        BR_OK);
    br_arena_fini(&arena);
}

/* ---- DCQL --------------------------------------------------------------- */

static struct br_arena wallet;
static struct br_dcql query;
static struct br_dcql_candidate held[CREDENTIALS];
static size_t answers;

static void
fill_wallet(void)
{
    struct br_json *v = NULL;
    br_arena_init(&wallet, 256u * 1024 * 1024);
    for (size_t i = 0; i < CREDENTIALS; i++) {
        char text[1024];
        (void)snprintf(
            text, sizeof(text),
            "{\"vct\":\"urn:type:%zu\",\"name\":\"n%zu\",\"address\":{"
            "\"locality\":\"Pavia\",\"street\":\"s\"},\"nationalities\":["
            "\"IT\",\"FR\"],\"isee_not_over\":{\"5000\":false,\"20000\":%s},"
            "\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5}",
            i % 4, i, i % 3 == 0 ? "true" : "false");
        char *copy = br_arena_copy(&wallet, br_str(text));
        must(br_json_parse(br_str(copy), &wallet, &v, &err) == BR_OK);
        held[i] = (struct br_dcql_candidate){
            .format = BR_VC_FORMAT,
            .vct = br_json_member(v, "vct")->string,
            .claims = v,
            .has_holder = true,
        };
    }
    must(
        br_json_parse(
            br_str(
                "{\"credentials\":[{\"id\":\"q\",\"format\":\"dc+sd-jwt\","
                "\"meta\":{\"vct_values\":[\"urn:type:1\",\"urn:type:2\"]},"
                "\"claims\":[{\"path\":[\"isee_not_over\",\"20000\"],"
                "\"values\":[true]},{\"path\":[\"address\",\"locality\"]},{"
                "\"path\":[\"nationalities\",null],\"values\":[\"IT\"]}]}]}"),
            &wallet, &v, &err) == BR_OK &&
        br_dcql_parse(v, &wallet, &query, &err) == BR_OK);
}

static void
evaluate(void)
{
    struct br_arena arena;
    struct br_dcql_match m;
    br_arena_init(&arena, ARENA_BYTES);
    answers = 0;
    for (size_t i = 0; i < CREDENTIALS; i++) {
        answers += br_dcql_match(
                       &query.queries[0], &held[i], &arena, &m, &err) == BR_OK;
    }
    br_arena_fini(&arena);
}

/* ---- status lists ------------------------------------------------------- */

/** Seconds to set `set` random entries, pack them and write the token's claims;
 *  *ret_bytes: their size. */
static double
build_list(unsigned bits, uint64_t set, struct br_buf *b)
{
    struct br_status_list l;
    uint64_t r = 88172645463325252u;
    const struct br_status_token t = {
        .subject = br_str("https://s.example/1"), .issued_s = NOW};
    double begin = now();
    must(br_status_list_init(&l, bits, LIST, &err) == BR_OK);
    for (uint64_t i = 0; i < set; i++) {
        r ^= r << 13;
        r ^= r >> 7;
        r ^= r << 17;
        must(br_status_list_put(&l, r % LIST, 1, &err) == BR_OK);
    }
    br_buf_clear(b);
    must(br_status_token_encode(&t, &l, b, &err) == BR_OK);
    double took = now() - begin;
    br_status_list_fini(&l);
    return took;
}

static struct br_status_list cached;
static volatile unsigned seen;

static void
look_up(void)
{
    static uint64_t i;
    unsigned status = 0;
    i = (i + 7919) % LIST;
    must(br_status_list_get(&cached, i, &status, &err) == BR_OK);
    seen = status;
}

static void
bench_list(unsigned bits, double revoked)
{
    struct br_buf b;
    struct br_arena arena;
    struct br_json *v = NULL;
    struct br_status_token t;
    br_buf_init(&b, 128u * 1024 * 1024);
    br_arena_init(&arena, 128u * 1024 * 1024);
    double took = build_list(bits, (uint64_t)(revoked * LIST), &b);
    double begin = now();
    must(br_json_parse(br_buf_bytes(&b), &arena, &v, &err) == BR_OK);
    must(
        br_status_token_parse(
            v, br_str("https://s.example/1"), NOW, &t, &cached, &err) == BR_OK);
    double read = now() - begin;
    (void)printf(
        "status list of %d, %u bits, %.0f %% revoked: built in %.3f s (%zu "
        "bytes; < 1), read in %.3f s, one entry in %.0f ns (< 1 ms)\n",
        LIST, bits, revoked * 100, took, b.n, read, 1e9 / rate(look_up));
    br_status_list_fini(&cached);
    br_buf_fini(&b);
    br_arena_fini(&arena);
}

int
main(int argc, char **argv)
{
    seconds = argc > 1 ? strtod(argv[1], NULL) : seconds;
    must(
        br_crypto_init(&err) == BR_OK &&
        br_private_key_generate(BR_KEY_P256, &issuer, &err) == BR_OK &&
        br_private_key_generate(BR_KEY_P256, &holder, &err) == BR_OK);
    bare = EVP_EC_gen("P-256");
    br_buf_init(&credential, 65536);
    br_buf_init(&presentation, 65536);
    make_claims();
    issue();
    present();
    void (*const all[])(void) = {
        bare_sign, bare_verify, issue, present, verify};
    double r[5];
    rates(all, r, 5);
    double sign = r[0];
    double check = r[1];
    double issued = r[2];
    double presented = r[3];
    double verified = r[4];
    (void)printf(
        "one core, the best of %d slices of %.1f s; SD-JWT VC of %d claims, "
        "all disclosable, P-256 "
        "and SHA-256; %zu bytes, with its binding %zu\n",
        SLICES, seconds / SLICES, CLAIMS, credential.n, presentation.n);
    (void)printf("openssl sign        %8.0f /s\n", sign);
    (void)printf("openssl verify      %8.0f /s\n", check);
    (void)printf(
        "issue               %8.0f /s   %3.0f %% of bare signing (>= 60)\n",
        issued, 100 * issued / sign);
    (void)printf(
        "present and bind    %8.0f /s   %3.0f %% of bare signing\n", presented,
        100 * presented / sign);
    (void)printf(
        "verify and binding  %8.0f /s   %3.0f %% of bare verifying, twice (>= "
        "70)\n",
        verified, 200 * verified / check);
    fill_wallet();
    double evaluated = rate(evaluate);
    (void)printf(
        "DCQL over %d credentials: %.3f ms (< 1), %zu answer\n", CREDENTIALS,
        1000 / evaluated, answers);
    bench_list(1, 0.01);
    bench_list(1, 0.5);
    bench_list(8, 0.01);
    br_arena_fini(&wallet);
    br_buf_fini(&credential);
    br_buf_fini(&presentation);
    br_private_key_free(issuer);
    br_private_key_free(holder);
    EVP_PKEY_free(bare);
    return 0;
}
