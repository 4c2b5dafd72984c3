/*
 * Refused memory: every allocation of a whole exchange fails in turn, ours and
 * libcrypto's. Each time there is an error, or the right result; nothing leaks
 * (the build with sanitizers looks).
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/support.h"
#include "tests/unit/refuse.h"

#include "common/credential/dcql.h"
#include "common/credential/did.h"
#include "common/credential/jwe.h"
#include "common/credential/jws.h"
#include "common/credential/sd_jwt_vc.h"
#include "common/credential/type_metadata.h"

#include <openssl/crypto.h>

/* libcrypto's requests are refused with ours. */
static void *
libcrypto_malloc(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return refuse_this() ? NULL : __real_malloc(n);
}

static void *
libcrypto_realloc(void *p, size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return refuse_this() ? NULL : __real_realloc(p, n);
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

/* ---- a credential's life ------------------------------------------------ */

static enum br_rc
issue(struct br_arena *a, struct br_buf *b)
{
    static const uint8_t random[4096];
    static const char *const name[] = {"name"};
    static const char *const item[] = {"list", NULL};
    static const char *const list[] = {"list"};
    static const struct br_sd_path paths[] = {{name, 1}, {item, 2}, {list, 1}};
    const struct br_sd_plan plan = {
        .paths = paths,
        .count = 3,
        .decoys = 1,
        .random = br_bytes(random, sizeof(random)),
    };
    const struct br_jws_header h = {.alg = BR_ALG_ES256, .typ = "dc+sd-jwt"};
    struct br_json_maker m;
    struct br_json *claims;
    struct br_json *cnf;
    struct br_sd_hidden hidden;
    struct br_buf jwk;
    struct br_json_writer w;
    const struct br_jwk k = {.key = *br_private_key_public(key)};
    BR_TRY(br_json_parse(
        br_str("{\"vct\":\"t\",\"name\":\"n\",\"list\":[1,[2]],\"status\":{"
               "\"status_list\":{\"idx\":1,\"uri\":\"u\"}}}"),
        a, &claims, &err));
    br_buf_init(&jwk, 4096);
    br_json_writer_init(&w, &jwk);
    br_json_write_object(&w);
    br_json_write_name(&w, "jwk");
    br_jwk_write(&w, &k);
    br_json_write_end(&w);
    enum br_rc rc = br_json_writer_done(&w, &err);
    char *copy = rc == BR_OK ? br_arena_copy(a, br_buf_bytes(&jwk)) : NULL;
    size_t n = jwk.n;
    br_buf_fini(&jwk);
    BR_TRY(rc);
    if (copy == NULL) {
        return br_fail(&err, BR_ERR_NO_MEMORY, "no memory");
    }
    BR_TRY(br_json_parse(br_bytes(copy, n), a, &cnf, &err));
    br_json_maker_init(&m, a);
    (void)br_json_set(&m, claims, "cnf", cnf);
    BR_TRY(br_json_maker_status(&m, &err));
    BR_TRY(br_sd_hide(claims, &plan, a, &hidden, &err));
    return br_sd_issue(&hidden, &h, key, b, &err);
}

static enum br_rc
show_and_verify(struct br_arena *a, struct br_bytes text, struct br_buf *b)
{
    const struct br_sd_binding_policy asked = {
        BR_ALG_ES256, br_str("a"), br_str("n"), 1000, 60};
    struct br_vc_policy policy = {
        .now_s = 1000, .key = br_private_key_public(key)};
    const struct br_sd_binding binding = {
        asked.audience, asked.nonce, 1000, NULL};
    struct br_vc vc;
    bool chosen[8] = {false};
    BR_TRY(br_vc_open(text, &policy, a, &vc, &err));
    BR_TRY(br_vc_verify(&vc, &policy, a, &err));
    br_sd_select(&vc.sd, br_json_member(vc.claims, "list"), chosen);
    BR_TRY(br_sd_present(&vc.sd, chosen, &binding, key, b, &err));
    policy.binding = &asked;
    BR_TRY(br_vc_open(br_buf_bytes(b), &policy, a, &vc, &err));
    BR_TRY(br_vc_verify(&vc, &policy, a, &err));
    assert_int_equal(br_json_count(br_json_member(vc.claims, "list")), 2);
    assert_null(br_json_member(vc.claims, "name"));
    return BR_OK;
}

static enum br_rc
issue_show_and_verify(void)
{
    struct br_arena a;
    struct br_buf b;
    struct br_buf shown;
    br_arena_init(&a, 1u << 20);
    br_buf_init(&b, 65536);
    br_buf_init(&shown, 65536);
    enum br_rc rc = issue(&a, &b);
    if (rc == BR_OK) {
        rc = show_and_verify(&a, br_buf_bytes(&b), &shown);
    }
    br_buf_fini(&b);
    br_buf_fini(&shown);
    br_arena_fini(&a);
    return rc;
}

/* ---- queries, lists, identifiers ---------------------------------------- */

static enum br_rc
query(struct br_arena *a)
{
    struct br_json *v;
    struct br_json *claims;
    struct br_dcql q;
    struct br_dcql_match m;
    struct br_vct t;
    BR_TRY(br_json_parse(
        br_str("{\"credentials\":[{\"id\":\"q\",\"format\":\"x\",\"meta\":{},"
               "\"claims\":[{\"path\":[\"a\",null]}]}]}"),
        a, &v, &err));
    BR_TRY(br_json_parse(br_str("{\"a\":[1,2]}"), a, &claims, &err));
    const struct br_dcql_candidate c = {
        .format = "x", .claims = claims, .has_holder = true};
    BR_TRY(br_dcql_parse(v, a, &q, &err));
    BR_TRY(br_dcql_match(&q.queries[0], &c, a, &m, &err));
    assert_int_equal(m.count, 2);
    return br_vct_parse(
        br_str("{\"vct\":\"t\",\"claims\":[{\"path\":[\"a\"]}]}"), br_str("t"),
        a, &t, &err);
}

static enum br_rc
list_there_and_back(struct br_arena *a, struct br_buf *b)
{
    struct br_status_list l;
    struct br_status_list back;
    struct br_json *v;
    BR_TRY(br_status_list_init(&l, 1, 1000, &err));
    enum br_rc rc = br_status_list_encode(&l, NULL, b, &err);
    br_status_list_fini(&l);
    BR_TRY(rc);
    BR_TRY(br_json_parse(br_buf_bytes(b), a, &v, &err));
    BR_TRY(br_status_list_parse(v, 1000, &back, &err));
    br_status_list_fini(&back);
    return BR_OK;
}

static enum br_rc
key_there_and_back(struct br_arena *a, struct br_buf *b)
{
    struct br_did did;
    struct br_jwk k;
    br_buf_clear(b);
    BR_TRY(br_did_key_put(b, br_private_key_public(key), true, &err));
    BR_TRY(br_did_parse(br_buf_bytes(b), &did, &err));
    return br_did_own_key(&did, a, &k, &err);
}

static enum br_rc
ask_look_up_and_resolve(void)
{
    struct br_arena a;
    struct br_buf b;
    br_arena_init(&a, 1u << 20);
    br_buf_init(&b, 65536);
    enum br_rc rc = query(&a);
    if (rc == BR_OK) {
        rc = list_there_and_back(&a, &b);
    }
    if (rc == BR_OK) {
        rc = key_there_and_back(&a, &b);
    }
    br_buf_fini(&b);
    br_arena_fini(&a);
    return rc;
}

/** Every allocation of the exchange fails once. */
static void refuse_each(enum br_rc (*exchange)(void))
{
    size_t failures = 0;
    size_t all = 0;
    assert_int_equal(exchange(), BR_OK); /* what is made once is made */
    for (bool fired = true; fired; all++) {
        err.text[0] = '\0';
        refuse_nth(all + 1);
        enum br_rc rc = exchange();
        fired = refuse_end();
        assert_true(fired || rc == BR_OK);
        if (rc != BR_OK) {
            failures++;
            assert_true(err.text[0] != '\0' && rc != BR_ERR_INTERNAL);
        }
    }
    assert_true(all > 10);
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

static void
a_credentials_life_survives(void **state)
{
    (void)state;
    refuse_each(issue_show_and_verify);
}

static void
asking_looking_up_and_resolving_survive(void **state)
{
    (void)state;
    refuse_each(ask_look_up_and_resolve);
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
        cmocka_unit_test(a_credentials_life_survives),
        cmocka_unit_test(asking_looking_up_and_resolving_survive),
    };
    if (CRYPTO_set_mem_functions(
            libcrypto_malloc, libcrypto_realloc, libcrypto_free) != 1) {
        return 1; /* before anything of libcrypto's */
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}
