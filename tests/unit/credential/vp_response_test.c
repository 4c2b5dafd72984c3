/*
 * Answers to requests, and what is approved with them: what is made is read,
 * and every rule by which one is refused.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/support.h"

#include "common/credential/oauth.h"
#include "common/credential/vp_response.h"
#include "common/credential/vp_transaction.h"

#define STATE "c3RhdGUtb2YtdGhlLXRlc3RzLTAxMjM0"

static struct br_private_key *key;
static struct br_dcql query;

static int
begin(void **state)
{
    (void)setup(state);
    assert_ok(br_private_key_generate(BR_KEY_P256, &key, &err));
    const struct br_json *v =
        json("{\"credentials\":["
             "{\"id\":\"isee\",\"format\":\"dc+sd-jwt\","
             "\"meta\":{\"vct_values\":[\"urn:x:isee\"]}},"
             "{\"id\":\"many\",\"format\":\"dc+sd-jwt\",\"multiple\":true,"
             "\"require_cryptographic_holder_binding\":false,"
             "\"meta\":{\"vct_values\":[\"urn:x:y\"]}}]}");
    assert_ok(br_dcql_parse(v, &arena, &query, &err));
    return 0;
}

static int
end(void **state)
{
    br_private_key_free(key);
    return teardown(state);
}

static struct br_vp_request
a_request(enum br_vp_mode mode)
{
    return (struct br_vp_request){
        .mode = mode,
        .state = br_str(STATE),
        .a256gcm = true,
        .encryption = {
            .key = *br_private_key_public(key), .kid = br_str("eph-1")}};
}

static struct br_vp_expected
expected(enum br_vp_mode mode)
{
    return (struct br_vp_expected){
        .mode = mode,
        .state = br_str(STATE),
        .encryption = key,
        .encryption_kid = br_str("eph-1"),
        .query = &query,
    };
}

static struct br_bytes
kept(struct br_buf *b)
{
    struct br_bytes text =
        br_bytes(br_arena_copy(&arena, br_buf_bytes(b)), b->n);
    br_buf_fini(b);
    return text;
}

static struct br_bytes
answer_to(const struct br_vp_request *r)
{
    const struct br_bytes one[] = {br_str("e.e.e~d~k.k.k")};
    const struct br_bytes two[] = {br_str("a~"), br_str("b&=%~")};
    const struct br_vp_entry entries[] = {
        {br_str("isee"), one, 1}, {br_str("many"), two, 2}};
    const struct br_vp_token token = {entries, 2};
    struct br_jwe_fresh fresh;
    struct br_buf b;
    br_random(&fresh, sizeof(fresh));
    br_buf_init(&b, BR_VP_RESPONSE_BYTES_MAX);
    assert_ok(br_vp_response_encode(r, &token, &fresh, &b, &err));
    return kept(&b);
}

static enum br_rc
read_as(struct br_bytes form, enum br_vp_mode mode, struct br_vp_answer *ret)
{
    const struct br_vp_expected x = expected(mode);
    return br_vp_response_parse(form, &x, &arena, ret, &err);
}

/** A form of direct_post. */
static struct br_bytes
form(const char *token, const char *state)
{
    struct br_buf b;
    br_buf_init(&b, 4096);
    br_form_put(&b, "vp_token", br_str(token));
    br_form_put(&b, "state", br_str(state));
    return kept(&b);
}

/** A form of direct_post.jwt with these claims. */
static struct br_bytes
sealed(const char *claims, const char *kid)
{
    const struct br_jwe_header header = {
        .alg = BR_JWE_ECDH_ES, .enc = BR_ENC_A128GCM, .kid = br_str(kid)};
    struct br_jwe_fresh fresh;
    struct br_buf jwe;
    struct br_buf b;
    br_random(&fresh, sizeof(fresh));
    br_buf_init(&jwe, 65536);
    br_buf_init(&b, 65536);
    assert_ok(br_jwe_encrypt(
        &header, br_private_key_public(key), br_str(claims), &fresh, &jwe,
        &err));
    br_form_put(&b, "response", br_buf_bytes(&jwe));
    br_buf_fini(&jwe);
    return kept(&b);
}

static void
an_answer_is_read_as_it_was_given(void **state)
{
    (void)state;
    for (int mode = BR_VP_DIRECT_POST; mode <= BR_VP_DIRECT_POST_JWT; mode++) {
        const struct br_vp_request r = a_request((enum br_vp_mode)mode);
        struct br_vp_answer a = {0};
        assert_ok(read_as(answer_to(&r), (enum br_vp_mode)mode, &a));
        const struct br_json *isee = br_json_member(a.token, "isee");
        const struct br_json *many = br_json_member(a.token, "many");
        assert_true(br_json_is(br_json_at(isee, 0), "e.e.e~d~k.k.k"));
        assert_true(br_json_is(br_json_at(many, 1), "b&=%~"));
        assert_int_equal(br_json_count(a.token), 2);
        assert_int_equal(a.error.n, 0);
    }
}

static void
a_refusal_is_read_too(void **state)
{
    (void)state;
    const struct br_vp_request r = a_request(BR_VP_DIRECT_POST_JWT);
    struct br_vp_answer a = {0};
    struct br_buf b;
    br_buf_init(&b, 4096);
    br_vp_error_encode(&r, "access_denied", "the \"person\" said no", &b);
    assert_ok(read_as(kept(&b), BR_VP_DIRECT_POST_JWT, &a));
    assert_true(br_bytes_eq(a.error, br_str("access_denied")));
    assert_null(a.token);
    assert_null(memchr(a.description.p, '"', a.description.n));
    assert_refused(
        read_as(br_str("error=x&state=y"), BR_VP_DIRECT_POST, &a),
        VP_RESPONSE_STATE);
}

static void
forms_have_their_rules(void **state)
{
    (void)state;
    struct br_vp_answer a;
    const enum br_vp_mode plain = BR_VP_DIRECT_POST;
    const enum br_vp_mode jwt = BR_VP_DIRECT_POST_JWT;
    const char *good = "{\"isee\":[\"x\"]}";
    assert_ok(read_as(form(good, STATE), plain, &a));
    assert_refused(read_as(br_str(""), plain, &a), VP_RESPONSE);
    assert_refused(read_as(br_str("state=" STATE), plain, &a), VP_RESPONSE);
    assert_refused(
        read_as(br_str("vp_token=a&response=b"), plain, &a), VP_RESPONSE);
    assert_refused(
        read_as(br_str("vp_token=a&error=b"), plain, &a), VP_RESPONSE);
    assert_refused(read_as(br_str("state=a&state=b"), plain, &a), OAUTH_FORM);
    assert_refused(read_as(form(good, STATE), jwt, &a), VP_RESPONSE_PLAIN);
    const struct br_vp_request r = a_request(jwt);
    assert_refused(read_as(answer_to(&r), plain, &a), VP_RESPONSE_PLAIN);
    assert_refused(read_as(form(good, ""), plain, &a), VP_RESPONSE_STATE);
    assert_refused(read_as(form(good, "x"), plain, &a), VP_RESPONSE_STATE);
}

static void
tokens_have_their_rules(void **state)
{
    static const char *const bad[] = {
        "[]",
        "{}",
        "7",
        "\"isee\"",
        "{\"isee\":\"x\"}",
        "{\"isee\":[]}",
        "{\"isee\":[\"x\",\"y\"]}",
        "{\"isee\":[{}]}",
        "{\"other\":[\"x\"]}",
        "{\"isee\":[\"x\"],\"other\":[\"x\"]}",
        "{\"isee\":[\"x\"],\"isee\":[\"x\"]}",
        "{\"isee\":[\"x\"]",
    };
    (void)state;
    struct br_vp_answer a;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused(
            read_as(form(bad[i], STATE), BR_VP_DIRECT_POST, &a), VP_TOKEN);
    }
}

static void
encrypted_answers_have_their_rules(void **state)
{
    (void)state;
    struct br_vp_answer a;
    const enum br_vp_mode jwt = BR_VP_DIRECT_POST_JWT;
    const char *good =
        "{\"vp_token\":{\"isee\":[\"x\"]},\"state\":\"" STATE "\"}";
    assert_ok(read_as(sealed(good, "eph-1"), jwt, &a));
    assert_refused(read_as(sealed(good, "eph-2"), jwt, &a), VP_RESPONSE);
    assert_refused(read_as(sealed("[]", "eph-1"), jwt, &a), VP_RESPONSE);
    assert_refused(read_as(sealed("{", "eph-1"), jwt, &a), VP_RESPONSE);
    assert_refused(
        read_as(sealed("{\"state\":7}", "eph-1"), jwt, &a), VP_RESPONSE);
    assert_refused(
        read_as(sealed("{\"vp_token\":{}}", "eph-1"), jwt, &a),
        VP_RESPONSE_STATE);
    assert_refused(
        read_as(sealed("{\"state\":\"" STATE "\"}", "eph-1"), jwt, &a),
        VP_TOKEN);
    struct br_private_key *other;
    assert_ok(br_private_key_generate(BR_KEY_P256, &other, &err));
    struct br_vp_expected x = expected(jwt);
    x.encryption = other; /* it was for another request's key */
    assert_refused(
        br_vp_response_parse(sealed(good, "eph-1"), &x, &arena, &a, &err),
        JWE_DECRYPT);
    br_private_key_free(other);
    assert_refused(read_as(br_str("response=a.b.c"), jwt, &a), JWE_PARTS);
}

static void
errors_have_their_names(void **state)
{
    static const struct {
        enum br_rule rule;
        const char *name;
    } cases[] = {
        {BR_RULE_VP_TRANSACTION, "invalid_transaction_data"},
        {BR_RULE_VP_FORMATS, "vp_formats_not_supported"},
        {BR_RULE_VP_METHOD, "invalid_request_uri_method"},
        {BR_RULE_VP_UNAVAILABLE, "access_denied"},
        {BR_RULE_VP_CONSENT, "access_denied"},
        {BR_RULE_VP_NONCE, "invalid_request"},
        {BR_RULE_X5C_EXPIRED, "invalid_request"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)br_refuse(&err, cases[i].rule, "x");
        assert_string_equal(br_vp_error_name(&err), cases[i].name);
    }
}

static void
verifiers_may_send_on(void **state)
{
    (void)state;
    struct br_bytes uri = {0};
    assert_ok(br_vp_redirect_parse(br_str("{}"), &arena, &uri, &err));
    assert_int_equal(uri.n, 0);
    assert_ok(br_vp_redirect_parse(
        br_str("{\"redirect_uri\":\"https://v.example/cb#response_code=1\"}"),
        &arena, &uri, &err));
    assert_true(
        br_bytes_eq(uri, br_str("https://v.example/cb#response_code=1")));
    static const char *const bad[] = {
        "", "[]", "{\"redirect_uri\":1}", "{\"redirect_uri\":\"cb\"}",
        "{\"redirect_uri\":\"https://v/\\u001b[31m\"}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused(
            br_vp_redirect_parse(br_str(bad[i]), &arena, &uri, &err),
            VP_REDIRECT);
    }
}

/* ---- transaction data --------------------------------------------------- */

static enum br_rc
transaction(const char *text, struct br_vp_transaction *ret)
{
    struct br_json_maker m;
    br_json_maker_init(&m, &arena);
    const struct br_json *v = br_json_new_string(&m, br_str(b64(br_str(text))));
    return br_vp_transaction_parse(v, &query, &arena, ret, &err);
}

#define APPROVAL "\"type\":\"urn:broletto:transaction:approval:1\""
#define PAYMENT  "\"type\":\"urn:broletto:transaction:payment:1\""
#define IDS      "\"credential_ids\":[\"isee\"]"

static void
transactions_have_their_rules(void **state)
{
    static const char *const good[] = {
        "{" APPROVAL "," IDS ",\"text\":\"t\"}",
        "{" APPROVAL "," IDS ",\"text\":\"t\",\"reference\":\"r\","
        "\"digest\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b"
        "7852b855\"}",
        "{" PAYMENT "," IDS ",\"payee\":\"p\",\"amount\":\"12.50\","
        "\"currency\":\"EUR\",\"transaction_data_hashes_alg\":[\"sha-512\","
        "\"sha-256\"]}",
    };
    static const char *const bad[] = {
        "",
        "[]",
        "{\"type\":\"urn:other\"," IDS ",\"text\":\"t\"}",
        "{" IDS ",\"text\":\"t\"}",
        "{" APPROVAL ",\"text\":\"t\"}",
        "{" APPROVAL ",\"credential_ids\":[],\"text\":\"t\"}",
        "{" APPROVAL ",\"credential_ids\":[\"x\"],\"text\":\"t\"}",
        "{" APPROVAL ",\"credential_ids\":[\"many\"],\"text\":\"t\"}",
        "{" APPROVAL ",\"credential_ids\":\"isee\",\"text\":\"t\"}",
        "{" APPROVAL "," IDS "}",
        "{" APPROVAL "," IDS ",\"text\":\"\"}",
        "{" APPROVAL "," IDS ",\"text\":1}",
        "{" APPROVAL "," IDS ",\"text\":\"t\",\"more\":1}",
        "{" APPROVAL "," IDS ",\"text\":\"t\",\"digest\":\"00\"}",
        "{" APPROVAL "," IDS ",\"text\":\"t\",\"text\":\"u\"}",
        "{" APPROVAL "," IDS
        ",\"text\":\"t\",\"transaction_data_hashes_alg\":[\"md5\"]}",
        "{" APPROVAL "," IDS
        ",\"text\":\"t\",\"transaction_data_hashes_alg\":\"sha-256\"}",
        "{" PAYMENT "," IDS ",\"payee\":\"p\",\"amount\":\"12,50\","
        "\"currency\":\"EUR\"}",
        "{" PAYMENT "," IDS ",\"payee\":\"p\",\"amount\":\"1.\","
        "\"currency\":\"EUR\"}",
        "{" PAYMENT "," IDS ",\"payee\":\"p\",\"amount\":\"-1\","
        "\"currency\":\"EUR\"}",
        "{" PAYMENT "," IDS ",\"payee\":\"p\",\"amount\":\"1\","
        "\"currency\":\"eur\"}",
        "{" PAYMENT "," IDS ",\"payee\":\"p\",\"amount\":\"1\"}",
    };
    (void)state;
    struct br_vp_transaction t;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_ok(transaction(good[i], &t));
        assert_true(br_vp_transaction_names(&t, br_str("isee")));
        assert_false(br_vp_transaction_names(&t, br_str("many")));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused(transaction(bad[i], &t), VP_TRANSACTION);
    }
}

static void
approvals_are_found_by_their_hash(void **state)
{
    (void)state;
    struct br_vp_transaction t[2];
    struct br_json *claims = NULL;
    bool approved[2] = {false, false};
    assert_ok(transaction("{" APPROVAL "," IDS ",\"text\":\"a\"}", &t[0]));
    assert_ok(transaction(
        "{" APPROVAL "," IDS
        ",\"text\":\"b\",\"transaction_data_hashes_alg\":[\"sha-256\"]}",
        &t[1]));
    const struct br_vp_transaction *list[] = {&t[1], &t[0]};
    assert_ok(br_vp_transaction_hashes(list, 0, &arena, &claims, &err));
    assert_null(claims);
    assert_ok(br_vp_transaction_hashes(list, 1, &arena, &claims, &err));
    assert_true(br_json_is(
        br_json_member(claims, "transaction_data_hashes_alg"), "sha-256"));
    assert_ok(br_vp_transaction_check(claims, t, 2, approved, &err));
    assert_true(!approved[0] && approved[1]);
    assert_ok(br_vp_transaction_hashes(list, 2, &arena, &claims, &err));
    assert_ok(br_vp_transaction_check(claims, t, 2, approved, &err));
    assert_true(approved[0] && approved[1]);
    /* of something else than was asked */
    assert_refused(
        br_vp_transaction_check(claims, t, 1, approved, &err),
        VP_TRANSACTION_HASH);
    assert_refused(
        br_vp_transaction_check(
            json("{\"transaction_data_hashes\":\"x\"}"), t, 2, approved, &err),
        VP_TRANSACTION_HASH);
    assert_refused(
        br_vp_transaction_check(
            json("{\"transaction_data_hashes_alg\":\"md5\"}"), t, 2, approved,
            &err),
        VP_TRANSACTION_HASH);
}

/** The hash is over the text as it stands in the request (appendix B.3.3.1):
 *  computed here with libcrypto's own tool would be the same. */
static void
a_hash_is_of_the_encoded_text(void **state)
{
    (void)state;
    struct br_vp_transaction t;
    struct br_json *claims = NULL;
    struct br_hash h;
    assert_ok(transaction("{" APPROVAL "," IDS ",\"text\":\"a\"}", &t));
    const struct br_vp_transaction *list[] = {&t};
    assert_ok(br_vp_transaction_hashes(list, 1, &arena, &claims, &err));
    br_sha256(t.encoded, &h);
    const struct br_json *hashes =
        br_json_member(claims, "transaction_data_hashes");
    assert_true(br_json_is(br_json_at(hashes, 0), b64(br_hash_bytes(&h))));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_read_as_it_was_given),
        cmocka_unit_test(a_refusal_is_read_too),
        cmocka_unit_test(forms_have_their_rules),
        cmocka_unit_test(tokens_have_their_rules),
        cmocka_unit_test(encrypted_answers_have_their_rules),
        cmocka_unit_test(errors_have_their_names),
        cmocka_unit_test(verifiers_may_send_on),
        cmocka_unit_test(transactions_have_their_rules),
        cmocka_unit_test(approvals_are_found_by_their_hash),
        cmocka_unit_test(a_hash_is_of_the_encoded_text),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
