/*
 * Seeds of what credentials are made of: JOSE, SD-JWT, queries, identifiers,
 * status lists, messages of OpenID4VCI.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "common/credential/did.h"
#include "common/credential/jwe.h"
#include "common/credential/jws.h"
#include "common/credential/sd_jwt.h"
#include "common/credential/status_list.h"
#include "tests/fuzz/make_corpus.h"
#include "tests/unit/receipt/fixture.h"

#include <stdio.h>

/* ---- credentials -------------------------------------------------------- */

static void
make_jwks(struct br_buf *b)
{
    static const enum br_key_kind kinds[] = {
        BR_KEY_P256, BR_KEY_P521, BR_KEY_ED25519, BR_KEY_X25519};
    static const char *const names[] = {"p256", "p521", "ed25519", "x25519"};
    uint8_t seed[BR_PRIVATE_KEY_SEED_BYTES];
    memset(seed, 5, sizeof(seed));
    for (size_t i = 0; i < 4; i++) {
        struct br_private_key *key = NULL;
        struct br_json_writer w;
        assert_ok(br_private_key_derive(kinds[i], seed, &key, NULL));
        const struct br_jwk k = {
            .key = *br_private_key_public(key), .kid = br_str("seed")};
        br_json_writer_init(&w, b);
        if (i % 2 == 0) {
            br_jwk_write(&w, &k);
        } else {
            assert_ok(br_jwk_write_private(&w, &k, key, NULL));
        }
        put_buf("jwk", names[i], b);
        br_private_key_free(key);
    }
    put_text("jwk", "oct-bad", "{\"kty\":\"oct\",\"k\":\"AAAA\"}");
    put_text(
        "jwk", "not-on-curve-bad",
        "{\"kty\":\"EC\",\"crv\":\"P-256\","
        "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
        "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
        "\"use\":\"sig\",\"key_ops\":[\"verify\"]}");
}

static void
make_jwss(const struct keys *k, struct br_buf *b)
{
    struct br_private_key *key = NULL;
    assert_ok(br_private_key_of_signer(k->log, &key, NULL));
    const struct br_jws_header h = {
        .alg = BR_ALG_EDDSA,
        .typ = "dc+sd-jwt",
        .jwk = br_private_key_public(key),
    };
    const struct br_jws_header kid = {
        .alg = BR_ALG_EDDSA, .kid = br_str("seed")};
    assert_ok(br_jws_sign(&h, br_str("{\"iat\":1}"), key, b, NULL));
    put_buf("jws", "jwk", b);
    assert_ok(br_jws_sign(&kid, br_str("{}"), key, b, NULL));
    put_buf("jws", "kid", b);
    br_private_key_free(key);
    /* {"alg":"none"} and {"alg":"ES256","crit":["b64"],"b64":false} */
    put_text("jws", "none-bad", "eyJhbGciOiJub25lIn0.e30.");
    put_text(
        "jws", "b64-bad",
        "eyJhbGciOiJFUzI1NiIsImNyaXQiOlsiYjY0Il0sImI2NCI6ZmFsc2V9.e30.AAAA");
}

/** A credential with hidden members and elements, in each other. */
static void
issue_seed(
    struct br_private_key *key, const char *claims_text, struct br_buf *b)
{
    static const uint8_t random[2048] = {7};
    static const char *const name[] = {"name"};
    static const char *const item[] = {"list", NULL};
    static const char *const list[] = {"list"};
    static const struct br_sd_path paths[] = {{name, 1}, {item, 2}, {list, 1}};
    const struct br_sd_plan plan = {paths, 3, 1, {random, sizeof(random)}};
    const struct br_jws_header h = {.alg = BR_ALG_EDDSA, .typ = "dc+sd-jwt"};
    struct br_arena arena;
    struct br_json *claims;
    struct br_sd_hidden hidden;
    br_arena_init(&arena, 1u << 20);
    assert_ok(br_json_parse(br_str(claims_text), &arena, &claims, NULL));
    assert_ok(br_sd_hide(claims, &plan, &arena, &hidden, NULL));
    assert_ok(br_sd_issue(&hidden, &h, key, b, NULL));
    br_arena_fini(&arena);
}

#define SEED_CLAIMS                                                          \
    "{\"vct\":\"t\",\"name\":\"n\",\"list\":[1,[2],{\"a\":3}],\"exp\":"      \
    "1900000000,\"status\":{\"status_list\":{\"idx\":1,\"uri\":\"https://s." \
    "example/1\"}}}"

static void
make_credentials(const struct keys *k, struct br_buf *b)
{
    struct br_private_key *key = NULL;
    static const char *const targets[] = {"sd_jwt", "sd_jwt_vc"};
    assert_ok(br_private_key_of_signer(k->log, &key, NULL));
    for (int i = 0; i < 2; i++) {
        issue_seed(key, SEED_CLAIMS, b);
        put_buf(targets[i], "issued", b);
        issue_seed(key, "{\"vct\":\"t\",\"exp\":1}", b);
        put_buf(targets[i], "expired-bad", b);
        issue_seed(key, SEED_CLAIMS, b);
        br_buf_puts(b, "e30.e30.AAAA");
        put_buf(targets[i], "binding-bad", b);
        issue_seed(key, SEED_CLAIMS, b);
        br_buf_puts(b, "WyJzIiwiYSIsMV0~");
        put_buf(targets[i], "unreferenced-bad", b);
    }
    br_private_key_free(key);
}

static void
make_queries(void)
{
    put_text(
        "dcql", "sets",
        "{\"query\":{\"credentials\":[{\"id\":\"a\",\"format\":\"dc+sd-jwt\","
        "\"meta\":{\"vct_values\":[\"t\"]},\"claims\":[{\"id\":\"x\",\"path\":["
        "\"l\",null,\"n\"],\"values\":[1,\"1\",true]},{\"id\":\"y\",\"path\":["
        "\"l\",0]}],\"claim_sets\":[[\"x\"],[\"y\"]]},{\"id\":\"b\",\"format\":"
        "\"x\",\"meta\":{},\"trusted_authorities\":[{\"type\":\"aki\","
        "\"values\":"
        "[\"AQID\"]}]}],\"credential_sets\":[{\"options\":[[\"b\"],[\"a\"]]}]},"
        "\"claims\":{\"l\":[{\"n\":1},{\"n\":2}]}}");
    put_text("dcql", "empty-bad", "{\"query\":{\"credentials\":[]}}");
    put_text(
        "dcql", "path-bad",
        "{\"query\":{\"credentials\":[{\"id\":\"a\",\"format\":\"x\",\"meta\":"
        "{},\"claims\":[{\"path\":[-1]}]}]}}");
    put_text(
        "dcql", "id-bad",
        "{\"query\":{\"credentials\":[{\"id\":\"a b\",\"format\":\"x\","
        "\"meta\":{}}]}}");
}

/** As a registry answers about the key of fuzz_signer(1), at the target's
 *  time. */
static void
make_standings(struct br_buf *b)
{
    static const char yes[] =
        "{\"thumbprint\":\"%s\",\"vct\":\"t\","
        "\"at_us\":1800000000999999,\"items\":[{\"did\":\"did:a:b\","
        "\"name\":\"B\",\"active\":true,\"asserts\":true,"
        "\"accredited\":%s,\"accreditation\":{\"id\":\"%064d\","
        "\"did\":\"did:a:b\",\"name\":\"B\",\"level\":\"issuer\","
        "\"types\":[\"t\"],\"by\":\"%064d\",\"begin_us\":1,"
        "\"end_us\":0,\"in_force\":true,\"reason\":\"it is revoked\","
        "\"chain\":[{\"id\":\"%064d\",\"did\":\"did:a:r\","
        "\"name\":\"R\",\"level\":\"root\",\"types\":[\"*\"],"
        "\"by\":null,\"begin_us\":1,\"end_us\":0}]}}]}";
    char thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1];
    uint8_t secret[32];
    struct br_signer *s = NULL;
    struct br_key key;
    memset(secret, 1, sizeof(secret));
    assert_ok(br_signer_from_secret(BR_SIGN_ED25519, secret, &s, NULL));
    br_key_of_public(br_signer_public(s), &key);
    assert_ok(br_jwk_thumbprint_text(&key, thumbprint, NULL));
    br_buf_printf(b, yes, thumbprint, "true", 1, 2, 2);
    put_buf("standing", "accredited", b);
    br_buf_printf(b, yes, thumbprint, "false", 1, 2, 2);
    put_buf("standing", "revoked-bad", b);
    br_buf_printf(b, yes, thumbprint, "true", 1, 2, 3);
    put_buf("standing", "broken-chain-bad", b);
    put_text("standing", "list-bad", "[]");
    br_signer_free(s);
}

static void
make_dids(const struct keys *k, struct br_buf *b)
{
    struct br_key key;
    br_key_of_public(br_signer_public(k->receipt), &key);
    assert_ok(br_did_key_put(b, &key, false, NULL));
    put_buf("did", "key", b);
    assert_ok(br_did_key_put(b, &key, true, NULL));
    put_buf("did", "key-jwk", b);
    assert_ok(br_did_jwk_put(b, &key, NULL));
    br_buf_puts(b, "#0");
    put_buf("did", "jwk", b);
    put_text("did", "web", "did:web:example.org%3A8443:user:alice#key-1");
    put_text("did", "web-address-bad", "did:web:127.0.0.1");
    put_text("did", "form-bad", "did:web:");
    put_text("did", "key-bad", "did:key:z6MkAAAA");
}

static void
make_status_lists(struct br_buf *b)
{
    const struct br_status_token t = {
        .subject = br_str("https://s.example/1"),
        .issued_s = 1700000000,
        .ttl_s = 3600,
    };
    for (unsigned bits = 1; bits <= 8; bits *= 2) {
        char name[16];
        struct br_status_list l;
        assert_ok(br_status_list_init(&l, bits, 64, NULL));
        assert_ok(br_status_list_put(&l, 9, 1, NULL));
        assert_ok(br_status_token_encode(&t, &l, b, NULL));
        (void)snprintf(name, sizeof(name), "bits-%u", bits);
        put_buf("status_list", name, b);
        br_status_list_fini(&l);
    }
    put_text(
        "status_list", "cut-bad",
        "{\"sub\":\"https://s.example/"
        "1\",\"iat\":1,\"status_list\":{\"bits\":1,"
        "\"lst\":\"eNrbuRgAAhcB\"}}");
    put_text(
        "status_list", "bits-bad",
        "{\"status_list\":{\"bits\":3,\"lst\":\"\"}}");
}

static void
make_jwes(struct br_buf *b)
{
    static const struct {
        enum br_key_kind kind;
        enum br_jwe_alg alg;
        enum br_enc enc;
        const char *name;
    } all[] = {
        {BR_KEY_P256, BR_JWE_ECDH_ES, BR_ENC_A128GCM, "direct"},
        {BR_KEY_X25519, BR_JWE_ECDH_ES_A256KW, BR_ENC_A256CBC_HS512, "wrapped"},
        {BR_KEY_P521, BR_JWE_ECDH_ES_A128KW, BR_ENC_A128CBC_HS256, "cbc"},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        uint8_t seed[BR_PRIVATE_KEY_SEED_BYTES];
        struct br_jwe_fresh fresh;
        struct br_private_key *key = NULL;
        const struct br_jwe_header h = {.alg = all[i].alg, .enc = all[i].enc};
        memset(seed, 5, sizeof(seed));
        memset(&fresh, 6, sizeof(fresh));
        assert_ok(br_private_key_derive(all[i].kind, seed, &key, NULL));
        assert_ok(br_jwe_encrypt(
            &h, br_private_key_public(key), br_str("{\"vp_token\":{}}"), &fresh,
            b, NULL));
        put_buf("jwe", all[i].name, b);
        br_private_key_free(key);
    }
    /* {"alg":"ECDH-ES","enc":"A128GCM","zip":"DEF"} */
    put_text(
        "jwe", "zip-bad",
        "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTEyOEdDTSIsInppcCI6IkRFRiJ9..AAAA."
        "AAAA.AAAA");
}

static void
make_vci(void)
{
    put_text(
        "vci", "offer",
        "{\"credential_issuer\":\"https://i\",\"credential_configuration_ids\":"
        "[\"a\",\"b\"],\"grants\":{\"authorization_code\":{\"issuer_state\":"
        "\"s\"},\"urn:ietf:params:oauth:grant-type:pre-authorized_code\":{"
        "\"pre-authorized_code\":\"c\",\"tx_code\":{\"input_mode\":\"text\","
        "\"length\":4,\"description\":\"d\"}}}}");
    put_text(
        "vci", "metadata",
        "{\"credential_issuer\":\"https://i\",\"issuer\":\"https://i\","
        "\"token_endpoint\":\"t\",\"credential_endpoint\":\"c\","
        "\"batch_credential_issuance\":{\"batch_size\":3},"
        "\"authorization_servers\":[\"x\"],\"grant_types_supported\":[\"y\"],"
        "\"credential_response_encryption\":{\"alg_values_supported\":"
        "[\"ECDH-ES\"],\"enc_values_supported\":[\"A256GCM\"],"
        "\"encryption_required\":true},"
        "\"credential_configurations_supported\":{\"a\":{\"format\":"
        "\"dc+sd-jwt\",\"vct\":\"v\",\"proof_types_supported\":{\"jwt\":{"
        "\"proof_signing_alg_values_supported\":[\"ES256\"]}}}}}");
    put_text(
        "vci", "request",
        "{\"credential_identifier\":\"a\",\"proofs\":{\"jwt\":[\"x.y.z\"]},"
        "\"transaction_id\":\"t\",\"notification_id\":\"n\",\"event\":"
        "\"credential_failure\",\"credential_response_encryption\":{\"jwk\":{"
        "\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ECDH-ES\",\"x\":"
        "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":"
        "\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},\"enc\":\"A256GCM\"}"
        "}");
    put_text(
        "vci", "response",
        "{\"credentials\":[{\"credential\":\"a~b~\"}],\"notification_id\":"
        "\"n\","
        "\"access_token\":\"t\",\"token_type\":\"DPoP\",\"expires_in\":1,"
        "\"c_nonce\":\"n\",\"authorization_details\":[{"
        "\"credential_configuration_id\":\"a\",\"credential_identifiers\":["
        "\"i\"]}]}");
    put_text("vci", "waiting", "{\"transaction_id\":\"t\",\"interval\":5}");
    put_text("vci", "form", "a=%C3%A8+b%26");
    put_text(
        "vci", "link",
        "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fi%2Fo");
    put_text(
        "vci", "twice-bad",
        "{\"credential_issuer\":\"i\",\"credential_configuration_ids\":"
        "[\"a\",\"a\"]}");
}

static void
make_vp(void)
{
    put_text(
        "vp", "unsigned",
        "openid4vp://?response_type=vp_token&client_id=redirect_uri:htt"
        "ps://v/r&response_mode=direct_post.jwt&nonce=nnnnnnnnnnnnnnnnn"
        "nnnnn&state=s&client_metadata=%7B%22jwks%22:%7B%22keys%22:%5B%"
        "7B%22kty%22:%22EC%22%2C%22crv%22:%22P-256%22%2C%22kid%22:%22k%"
        "22%2C%22use%22:%22enc%22%2C%22alg%22:%22ECDH-ES%22%2C%22x%22:%"
        "22f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU%22%2C%22y%22:%22"
        "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0%22%7D%5D%7D%2C%22e"
        "ncrypted_response_enc_values_supported%22:%5B%22A256GCM%22%5D%"
        "2C%22vp_formats_supported%22:%7B%22dc%2Bsd-jwt%22:%7B%22kb-jwt"
        "_alg_values%22:%5B%22ES256%22%5D%7D%7D%7D&dcql_query=%7B%22cre"
        "dentials%22:%5B%7B%22id%22:%22a%22%2C%22format%22:%22dc%2Bsd-j"
        "wt%22%2C%22meta%22:%7B%22vct_values%22:%5B%22t%22%5D%7D%2C%22c"
        "laims%22:%5B%7B%22path%22:%5B%22b%22%2C0%2Cnull%5D%2C%22values"
        "%22:%5B1%5D%7D%5D%7D%5D%7D&transaction_data=%5B%22eyJ0eXBlIjoi"
        "dXJuOmJyb2xldHRvOnRyYW5zYWN0aW9uOmFwcHJvdmFsOjEiLCJjcmVkZW50aW"
        "FsX2lkcyI6WyJhIl0sInRleHQiOiJ0In0%22%5D");
    put_text(
        "vp", "reference",
        "openid4vp://?client_id=x509_hash:AA&request_uri=https://v/r&re"
        "quest_uri_method=post");
    put_text("vp", "answer", "vp_token=%7B%22a%22:%5B%22x~%22%5D%7D&state=s");
    put_text("vp", "error", "error=access_denied&error_description=d&state=s");
    put_text(
        "vp", "redirect", "{\"redirect_uri\":\"https://v/c#response_code=1\"}");
}

void
make_credential_seeds(const struct keys *k, struct br_buf *b)
{
    make_jwks(b);
    make_jwss(k, b);
    make_jwes(b);
    make_vci();
    make_vp();
    make_credentials(k, b);
    make_queries();
    make_standings(b);
    make_dids(k, b);
    make_status_lists(b);
}
