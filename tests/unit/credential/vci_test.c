/*
 * OpenID4VCI's messages: what one side writes, the other reads; what is wrong
 * is refused by its rule.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/json_write.h"
#include "common/credential/rule.h"
#include "common/credential/vci.h"
#include "common/crypto/hash.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { NOW = 1700000000 };

struct world {
    struct br_arena arena;
    struct br_buf text;
    struct br_private_key *key;
};

static int
set_up(void **state)
{
    static struct world w;
    assert_int_equal(br_crypto_init(NULL), BR_OK);
    br_arena_init(&w.arena, 4u << 20);
    br_buf_init(&w.text, 1u << 20);
    assert_int_equal(br_private_key_generate(BR_KEY_P256, &w.key, NULL), BR_OK);
    *state = &w;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *w = (struct world *)*state;
    br_private_key_free(w->key);
    br_buf_fini(&w->text);
    br_arena_fini(&w->arena);
    return 0;
}

static struct br_json *
parse(struct world *w, const char *text)
{
    struct br_json *v = NULL;
    char *copy = br_arena_copy(&w->arena, br_str(text));
    assert_non_null(copy);
    assert_int_equal(br_json_parse(br_str(copy), &w->arena, &v, NULL), BR_OK);
    return v;
}

/** What has been written, read again. */
static struct br_json *
again(struct world *w, const struct br_json_writer *writer)
{
    assert_int_equal(br_json_writer_done(writer, NULL), BR_OK);
    br_buf_put(&w->text, "", 1);
    assert_false(w->text.failed);
    return parse(w, (const char *)w->text.p);
}

static void
assert_refused(enum br_rc rc, const struct br_err *err, const char *slug)
{
    assert_int_not_equal(rc, BR_OK);
    const struct br_rule_info *r = br_rule_of(err);
    if (r == NULL || strcmp(r->slug, slug) != 0) {
        fail_msg("refused by \"%s\", not by %s", err->text, slug);
    }
}

/* ---- offers ------------------------------------------------------------- */

static void
offers_are_read_back(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_json_writer writer;
    struct br_vci_offer got;
    const struct br_vci_offer o = {
        .issuer = br_str("https://i.example"),
        .configurations = {br_str("isee"), br_str("residence")},
        .count = 2,
        .code = br_str("c-1"),
        .tx_code = true,
        .tx_length = 6,
        .tx_hint = br_str("by letter"),
        .authorization_code = true,
        .issuer_state = br_str("s-1"),
    };
    br_json_writer_init(&writer, &w->text);
    br_vci_offer_write(&writer, &o);
    assert_int_equal(br_vci_offer_parse(again(w, &writer), &got, NULL), BR_OK);
    assert_true(br_bytes_eq(got.issuer, o.issuer));
    assert_int_equal(got.count, 2);
    assert_true(br_bytes_eq(got.configurations[1], br_str("residence")));
    assert_true(br_bytes_eq(got.code, o.code));
    assert_true(got.tx_code && !got.tx_text && got.tx_length == 6);
    assert_true(br_bytes_eq(got.tx_hint, o.tx_hint));
    assert_true(got.authorization_code);
    assert_true(br_bytes_eq(got.issuer_state, o.issuer_state));
}

#define GRANT(inside)                                                  \
    "{\"credential_issuer\":\"https://i\",\"credential_"               \
    "configuration_ids\":[\"a\"],\"grants\":{\"" BR_VCI_PRE_AUTHORIZED \
    "\":" inside "}}"

static void
bad_offers_are_refused(void **state)
{
    static const char *const bad[] = {
        "[]",
        "{}",
        "{\"credential_issuer\":\"https://i\"}",
        "{\"credential_issuer\":7,\"credential_configuration_ids\":[\"a\"]}",
        "{\"credential_issuer\":\"i\",\"credential_configuration_ids\":[]}",
        "{\"credential_issuer\":\"\",\"credential_configuration_ids\":[\"a\"]}",
        "{\"credential_issuer\":\"i\",\"credential_configuration_ids\":[1]}",
        "{\"credential_issuer\":\"i\",\"credential_configuration_ids\":"
        "[\"a\",\"a\"]}",
        GRANT("{}"),
        GRANT("{\"pre-authorized_code\":\"\"}"),
        GRANT("{\"pre-authorized_code\":\"c\",\"tx_code\":true}"),
        GRANT("{\"pre-authorized_code\":\"c\",\"tx_code\":{\"length\":-1}}"),
        GRANT("{\"pre-authorized_code\":\"c\",\"tx_code\":{\"input_mode\":"
              "\"emoji\"}}"),
    };
    struct world *w = (struct world *)*state;
    struct br_vci_offer o;
    struct br_err err;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        enum br_rc rc = br_vci_offer_parse(parse(w, bad[i]), &o, &err);
        assert_refused(rc, &err, "vci-offer");
    }
    /* An empty tx_code asks for one too; what is not known is passed over. */
    assert_int_equal(
        br_vci_offer_parse(
            parse(
                w, GRANT("{\"pre-authorized_code\":\"c\",\"tx_code\":{},"
                         "\"x\":1}")),
            &o, &err),
        BR_OK);
    assert_true(o.tx_code);
}

static void
links_are_read_back(void **state)
{
    static const char *const bad[] = {
        "openid-credential-offer://", "openid-credential-offer://?x=1",
        "openid-credential-offer://?credential_offer=a&credential_offer_uri=b",
        "openid-credential-offer://?credential_offer=%"};
    struct world *w = (struct world *)*state;
    struct br_vci_link got;
    struct br_err err;
    const struct br_vci_link link = {true, br_str("https://i/offer?a=1&b")};
    br_vci_link_put(&w->text, "openid-credential-offer", &link);
    assert_int_equal(
        br_vci_link_parse(br_buf_bytes(&w->text), &w->arena, &got, &err),
        BR_OK);
    assert_true(got.by_reference && br_bytes_eq(got.value, link.value));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        enum br_rc rc =
            br_vci_link_parse(br_str(bad[i]), &w->arena, &got, &err);
        assert_refused(rc, &err, "vci-link");
    }
}

/* ---- metadata ----------------------------------------------------------- */

static void
well_known_addresses(void **state)
{
    static const struct {
        const char *issuer;
        const char *want;
    } good[] = {
        {"https://i.example", "https://i.example/.well-known/x"},
        {"https://i.example/", "https://i.example/.well-known/x"},
        {"https://i.example:1/a/b", "https://i.example:1/.well-known/x/a/b"},
        {"http://127.0.0.1:1", "http://127.0.0.1:1/.well-known/x"},
    };
    struct world *w = (struct world *)*state;
    struct br_err err;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        br_buf_clear(&w->text);
        assert_int_equal(
            br_vci_well_known(br_str(good[i].issuer), "x", &w->text, &err),
            BR_OK);
        assert_true(br_bytes_eq(br_buf_bytes(&w->text), br_str(good[i].want)));
    }
    assert_refused(
        br_vci_well_known(br_str("https://i?x"), "x", &w->text, &err), &err,
        "vci-metadata");
    assert_refused(
        br_vci_well_known(br_str("ftp://i"), "x", &w->text, &err), &err,
        "vci-metadata");
}

static const char metadata[] =
    "{\"credential_issuer\":\"https://i\",\"credential_endpoint\":"
    "\"https://i/c\",\"nonce_endpoint\":\"https://i/n\","
    "\"batch_credential_issuance\":{\"batch_size\":3},"
    "\"credential_request_encryption\":{\"jwks\":{\"keys\":["
    "{\"kty\":\"oct\",\"k\":\"AA\"},{\"kty\":\"EC\",\"crv\":\"P-256\","
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":"
    "\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"kid\":\"k\",\"alg\":"
    "\"ECDH-ES\"}]},\"enc_values_supported\":[\"A256GCM\",\"X\"],"
    "\"encryption_required\":false},"
    "\"credential_response_encryption\":{\"alg_values_supported\":"
    "[\"ECDH-ES\"],\"enc_values_supported\":[\"A128GCM\"],"
    "\"encryption_required\":true},"
    "\"credential_configurations_supported\":{\"isee\":{\"format\":"
    "\"dc+sd-jwt\",\"vct\":\"v\",\"scope\":\"s\",\"proof_types_supported\":"
    "{\"jwt\":{\"proof_signing_alg_values_supported\":[\"ES256\",\"EdDSA\"],"
    "\"key_attestations_required\":{}}}},\"mdl\":{\"format\":\"mso_mdoc\"}}}";

static void
metadata_is_read(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_vci_issuer i;
    struct br_vci_configuration c;
    struct br_err err;
    assert_int_equal(
        br_vci_issuer_parse(parse(w, metadata), br_str("https://i"), &i, &err),
        BR_OK);
    assert_int_equal(i.batch_size, 3);
    assert_true(br_bytes_eq(i.authorization_server, br_str("https://i")));
    assert_true(i.request.offered && !i.request.required);
    assert_int_equal(i.request.alg, BR_JWE_ECDH_ES);
    assert_int_equal(i.request.encs, BR_ENC_A256GCM);
    assert_true(i.response.required && i.response.encs == BR_ENC_A128GCM);
    assert_int_equal(
        br_vci_configuration_parse(&i, br_str("isee"), &c, &err), BR_OK);
    assert_int_equal(c.jwt_algs, BR_ALG_ES256 | BR_ALG_EDDSA);
    assert_true(c.bound && c.attestation_required);
    assert_refused(
        br_vci_configuration_parse(&i, br_str("mdl"), &c, &err), &err,
        "vci-configuration");
    assert_refused(
        br_vci_configuration_parse(&i, br_str("none"), &c, &err), &err,
        "vci-configuration");
    assert_refused(
        br_vci_issuer_parse(parse(w, metadata), br_str("https://i/"), &i, &err),
        &err, "vci-issuer");
    assert_refused(
        br_vci_issuer_parse(
            parse(
                w, "{\"credential_issuer\":\"https://i\","
                   "\"credential_endpoint\":\"c\","
                   "\"credential_configurations_supported\":{},"
                   "\"authorization_servers\":[]}"),
            br_str("https://i"), &i, &err),
        &err, "vci-metadata");
    assert_refused(
        br_vci_issuer_parse(
            parse(w, "{\"credential_issuer\":\"https://i\"}"),
            br_str("https://i"), &i, &err),
        &err, "vci-metadata");
}

static void
a_server_is_read(void **state)
{
    static const char text[] =
        "{\"issuer\":\"https://i\",\"token_endpoint\":\"https://i/t\","
        "\"grant_types_supported\":[\"authorization_code\",\"" //
        BR_VCI_PRE_AUTHORIZED "\"],\"dpop_signing_alg_values_supported\":"
        "[\"ES256\",\"none\"],"
        "\"pre-authorized_grant_anonymous_access_supported\":true}";
    struct world *w = (struct world *)*state;
    struct br_oauth_server s;
    struct br_err err;
    assert_int_equal(
        br_oauth_server_parse(parse(w, text), br_str("https://i"), &s, &err),
        BR_OK);
    assert_true(s.pre_authorized && s.anonymous);
    assert_int_equal(s.dpop_algs, BR_ALG_ES256);
    assert_refused(
        br_oauth_server_parse(parse(w, text), br_str("https://j"), &s, &err),
        &err, "oauth-issuer");
    assert_refused(
        br_oauth_server_parse(
            parse(w, "{\"issuer\":\"x\"}"), br_str("x"), &s, &err),
        &err, "oauth-metadata");
}

/* ---- tokens, requests, responses ---------------------------------------- */

/** Each credential of a token has identifiers of its own (section 6.2). */
static void
identifiers_of_a_token(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_err err;
    struct br_bytes found = {NULL, 0};
    static const char several[] =
        "{\"authorization_details\":[{\"type\":\"other\"},"
        "{\"credential_configuration_id\":\"c\","
        "\"credential_identifiers\":[\"c-1\",\"c-2\"]},"
        "{\"credential_configuration_id\":\"d\","
        "\"credential_identifiers\":[\"d-1\"]}]}";
    const struct br_json *answer = parse(w, several);
    assert_int_equal(
        br_vci_token_identifier(answer, br_str("d"), &found, &err), BR_OK);
    assert_true(br_bytes_eq(found, br_str("d-1")));
    assert_int_equal(
        br_vci_token_identifier(answer, br_str("c"), &found, &err), BR_OK);
    assert_true(br_bytes_eq(found, br_str("c-1")));
    assert_int_equal(
        br_vci_token_identifier(answer, br_str("e"), &found, &err), BR_OK);
    assert_int_equal(found.n, 0);
    assert_refused(
        br_vci_token_identifier(
            parse(
                w, "{\"authorization_details\":[{\"credential_configuration_id"
                   "\":\"c\",\"credential_identifiers\":[1]}]}"),
            br_str("c"), &found, &err),
        &err, "oauth-token");
}

static void
tokens_are_read_back(void **state)
{
    static const char details[] =
        "{\"access_token\":\"a\",\"token_type\":\"DPoP\","
        "\"authorization_details\":[{\"credential_configuration_id\":\"c\","
        "\"credential_identifiers\":[]}]}";
    static const char *const bad[] = {
        "{}", "{\"access_token\":\"a\"}",
        "{\"access_token\":\"a\",\"token_type\":\"mac\"}",
        "{\"access_token\":\"\",\"token_type\":\"DPoP\"}", details};
    struct world *w = (struct world *)*state;
    struct br_json_writer writer;
    struct br_vci_token got;
    struct br_err err;
    const struct br_vci_token t = {
        .access_token = br_str("a-1"),
        .dpop = true,
        .expires_in = 600,
        .refresh_token = br_str("r-1"),
        .configuration = br_str("isee"),
        .identifier = br_str("i-1"),
    };
    br_json_writer_init(&writer, &w->text);
    br_vci_token_write(&writer, &t);
    assert_int_equal(br_vci_token_parse(again(w, &writer), &got, &err), BR_OK);
    assert_true(br_bytes_eq(got.access_token, t.access_token) && got.dpop);
    assert_true(br_bytes_eq(got.identifier, t.identifier));
    assert_true(br_bytes_eq(got.refresh_token, t.refresh_token));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        enum br_rc rc = br_vci_token_parse(parse(w, bad[i]), &got, &err);
        assert_refused(rc, &err, "oauth-token");
    }
    struct br_bytes nonce;
    assert_int_equal(
        br_vci_nonce_parse(parse(w, "{\"c_nonce\":\"n\"}"), &nonce, &err),
        BR_OK);
    assert_refused(
        br_vci_nonce_parse(parse(w, "{\"c_nonce\":\"\"}"), &nonce, &err), &err,
        "vci-nonce");
}

static void
requests_are_read_back(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_json_writer writer;
    struct br_vci_request got;
    enum br_oauth_error e = BR_OAUTH_OK;
    struct br_err err;
    const struct br_vci_request r = {
        .identifier = br_str("i-1"),
        .kind = BR_VCI_PROOF_JWT,
        .proofs = {br_str("p1"), br_str("p2")},
        .count = 2,
        .encryption =
            {.wanted = true,
             .key =
                 {.key = *br_private_key_public(w->key),
                  .kid = br_str("k"),
                  .alg = br_str("ECDH-ES")},
             .alg = BR_JWE_ECDH_ES,
             .enc = BR_ENC_A256GCM},
    };
    br_json_writer_init(&writer, &w->text);
    br_vci_request_write(&writer, &r);
    assert_int_equal(
        br_vci_request_parse(again(w, &writer), &got, &e, &err), BR_OK);
    assert_true(br_bytes_eq(got.identifier, r.identifier));
    assert_true(got.kind == BR_VCI_PROOF_JWT && got.count == 2);
    assert_true(br_bytes_eq(got.proofs[1], br_str("p2")));
    assert_true(got.encryption.wanted);
    assert_int_equal(got.encryption.enc, BR_ENC_A256GCM);
    assert_true(br_key_eq(&got.encryption.key.key, &r.encryption.key.key));
}

static void
requests_have_their_errors(void **state)
{
    static const struct {
        const char *text;
        enum br_oauth_error error;
    } bad[] = {
        {"[]", BR_OAUTH_INVALID_CREDENTIAL_REQUEST},
        {"{}", BR_OAUTH_INVALID_CREDENTIAL_REQUEST},
        {"{\"credential_configuration_id\":\"a\",\"proofs\":{}}",
         BR_OAUTH_INVALID_PROOF},
        {"{\"credential_configuration_id\":\"a\",\"proofs\":{\"jwt\":[1]}}",
         BR_OAUTH_INVALID_PROOF},
        {"{\"credential_configuration_id\":\"a\",\"proofs\":"
         "{\"attestation\":[\"a\",\"b\"]}}",
         BR_OAUTH_INVALID_PROOF},
        {"{\"credential_configuration_id\":\"a\","
         "\"credential_response_encryption\":{\"enc\":\"A256GCM\"}}",
         BR_OAUTH_INVALID_ENCRYPTION_PARAMETERS},
    };
    struct world *w = (struct world *)*state;
    struct br_vci_request r;
    struct br_err err;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        enum br_oauth_error e = BR_OAUTH_OK;
        assert_int_not_equal(
            br_vci_request_parse(parse(w, bad[i].text), &r, &e, &err), BR_OK);
        assert_int_equal(e, bad[i].error);
    }
}

static void
responses_are_read_back(void **state)
{
    static const char both[] =
        "{\"credentials\":[{\"credential\":\"c\"}],\"transaction_id\":\"t\","
        "\"interval\":1}";
    static const char *const bad[] = {
        "{}",
        "{\"credentials\":[]}",
        "{\"credentials\":[{}]}",
        "{\"credentials\":[{\"credential\":\"\"}]}",
        "{\"transaction_id\":\"t\"}",
        both};
    struct world *w = (struct world *)*state;
    struct br_json_writer writer;
    struct br_vci_response got;
    struct br_err err;
    const struct br_vci_response r = {
        .credentials = {br_str("c1"), br_str("c2")},
        .count = 2,
        .notification_id = br_str("n"),
    };
    const struct br_vci_response later = {
        .transaction_id = br_str("t"), .interval_s = 5};
    br_json_writer_init(&writer, &w->text);
    br_vci_response_write(&writer, &r);
    assert_int_equal(
        br_vci_response_parse(again(w, &writer), &got, &err), BR_OK);
    assert_true(
        got.count == 2 && br_bytes_eq(got.notification_id, br_str("n")));
    br_buf_clear(&w->text);
    br_json_writer_init(&writer, &w->text);
    br_vci_response_write(&writer, &later);
    assert_int_equal(
        br_vci_response_parse(again(w, &writer), &got, &err), BR_OK);
    assert_true(got.count == 0 && got.interval_s == 5);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        enum br_rc rc = br_vci_response_parse(parse(w, bad[i]), &got, &err);
        assert_refused(rc, &err, "vci-response");
    }
}

static void
notifications_are_read_back(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_json_writer writer;
    struct br_vci_notification got;
    struct br_err err;
    const struct br_vci_notification n = {
        br_str("n"), BR_VCI_DELETED, br_str("by hand")};
    br_json_writer_init(&writer, &w->text);
    br_vci_notification_write(&writer, &n);
    assert_int_equal(
        br_vci_notification_parse(again(w, &writer), &got, &err), BR_OK);
    assert_true(got.event == BR_VCI_DELETED);
    assert_refused(
        br_vci_notification_parse(
            parse(w, "{\"notification_id\":\"n\",\"event\":\"x\"}"), &got,
            &err),
        &err, "vci-notification");
}

/* ---- proofs ------------------------------------------------------------- */

static enum br_rc
prove(
    struct world *w,
    const struct br_vci_proof *p,
    const struct br_vci_proof_policy *policy,
    struct br_vci_proven *ret,
    struct br_err *reterr)
{
    br_buf_clear(&w->text);
    assert_int_equal(
        br_vci_proof_make(p, BR_ALG_ES256, w->key, &w->text, reterr), BR_OK);
    char *copy = br_arena_copy(&w->arena, br_buf_bytes(&w->text));
    assert_non_null(copy);
    return br_vci_proof_check(br_str(copy), policy, &w->arena, ret, reterr);
}

static void
proofs_are_checked(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_vci_proven got;
    struct br_err err;
    const struct br_vci_proof good = {
        .audience = br_str("https://i"),
        .nonce = br_str("n-1"),
        .issued_s = NOW,
        .attestation = br_str("a.b.c"),
    };
    struct br_vci_proof_policy policy = {
        .algs = BR_ALG_ES256,
        .audience = br_str("https://i"),
        .now_s = NOW + 60,
        .window_s = 300,
    };
    struct br_vci_proof p = good;
    assert_int_equal(prove(w, &p, &policy, &got, &err), BR_OK);
    assert_true(br_key_eq(&got.key.key, br_private_key_public(w->key)));
    assert_true(br_bytes_eq(got.nonce, br_str("n-1")));
    assert_true(br_bytes_eq(got.attestation, br_str("a.b.c")));
    p.audience = br_str("https://i/");
    assert_refused(prove(w, &p, &policy, &got, &err), &err, "proof-aud");
    p = good;
    p.client = br_str("me");
    assert_refused(prove(w, &p, &policy, &got, &err), &err, "proof-iss");
    policy.client = br_str("me");
    assert_int_equal(prove(w, &p, &policy, &got, &err), BR_OK);
    p = good;
    p.issued_s = NOW - 241;
    assert_refused(prove(w, &p, &policy, &got, &err), &err, "proof-iat");
    p.issued_s = NOW + 121;
    assert_refused(prove(w, &p, &policy, &got, &err), &err, "proof-iat");
    policy.algs = BR_ALG_EDDSA;
    assert_refused(prove(w, &good, &policy, &got, &err), &err, "jws-alg");
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(offers_are_read_back),    CASE(bad_offers_are_refused),
        CASE(links_are_read_back),     CASE(well_known_addresses),
        CASE(metadata_is_read),        CASE(a_server_is_read),
        CASE(identifiers_of_a_token),  CASE(tokens_are_read_back),
        CASE(requests_are_read_back),  CASE(requests_have_their_errors),
        CASE(responses_are_read_back), CASE(notifications_are_read_back),
        CASE(proofs_are_checked),
    };
    return cmocka_run_group_tests_name("vci", tests, NULL, NULL);
}
