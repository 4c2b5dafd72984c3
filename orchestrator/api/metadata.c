/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "orchestrator/api/api.h"

#include <stdio.h>

enum { METADATA_BYTES_MAX = 4 * 1024 * 1024 };

/* ---- pieces ------------------------------------------------------------- */

static void
write_text(struct br_json_writer *w, const char *name, const char *value)
{
    br_json_write_name(w, name);
    br_json_write_string(w, br_str(value));
}

static void
write_url(
    struct br_json_writer *w,
    const struct br_orch_api *api,
    const char *name,
    const char *path)
{
    char url[640];
    (void)snprintf(url, sizeof(url), "%s%s", api->issuer, path);
    write_text(w, name, url);
}

/** An array of names, closed by NULL. */
static void
write_names(
    struct br_json_writer *w, const char *name, const char *const *values)
{
    br_json_write_name(w, name);
    br_json_write_array(w);
    for (; *values != NULL; values++) {
        br_json_write_string(w, br_str(*values));
    }
    br_json_write_end(w);
}

static const char *const proof_algs[] = {
    "ES256", "ES384", "ES512", "EdDSA", NULL};
static const char *const encs[] = {"A128GCM", "A256GCM", NULL};

static void
write_encryption(struct br_json_writer *w, const struct br_orch_api *api)
{
    static const char *const algs[] = {
        "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW", "RSA-OAEP-256", NULL};
    const struct br_jwk box = {
        .key = *br_private_key_public(api->box_key),
        .kid = br_str(api->box_kid),
        .alg = br_str("ECDH-ES"),
        .use = BR_JWK_USE_ENC,
    };
    br_json_write_name(w, "credential_request_encryption");
    br_json_write_object(w);
    br_json_write_name(w, "jwks");
    br_json_write_object(w);
    br_json_write_name(w, "keys");
    br_json_write_array(w);
    br_jwk_write(w, &box);
    br_json_write_end(w);
    br_json_write_end(w);
    write_names(w, "enc_values_supported", encs);
    br_json_write_name(w, "encryption_required");
    br_json_write_boolean(w, false);
    br_json_write_end(w);
    br_json_write_name(w, "credential_response_encryption");
    br_json_write_object(w);
    write_names(w, "alg_values_supported", algs);
    write_names(w, "enc_values_supported", encs);
    br_json_write_name(w, "encryption_required");
    br_json_write_boolean(w, strcmp(api->config->encryption, "required") == 0);
    br_json_write_end(w);
}

static void
write_configuration(
    struct br_json_writer *w,
    const struct br_orch_api *api,
    const struct br_type *t)
{
    static const char *const signing[] = {"ES256", NULL};
    static const char *const binding[] = {"jwk", NULL};
    br_json_write_name(w, t->id);
    br_json_write_object(w);
    write_text(w, "format", "dc+sd-jwt");
    write_text(w, "scope", t->id);
    write_text(w, "vct", t->vct);
    write_names(w, "credential_signing_alg_values_supported", signing);
    write_names(w, "cryptographic_binding_methods_supported", binding);
    br_json_write_name(w, "proof_types_supported");
    br_json_write_object(w);
    br_json_write_name(w, "jwt");
    br_json_write_object(w);
    write_names(w, "proof_signing_alg_values_supported", proof_algs);
    if (api->config->key_attestation_required) {
        br_json_write_name(w, "key_attestations_required");
        br_json_write_object(w);
        br_json_write_end(w);
    }
    br_json_write_end(w);
    if (api->providers != NULL) {
        br_json_write_name(w, "attestation");
        br_json_write_object(w);
        write_names(w, "proof_signing_alg_values_supported", proof_algs);
        br_json_write_end(w);
    }
    br_json_write_end(w);
    br_json_write_name(w, "credential_metadata");
    br_type_display_write(w, t);
    br_json_write_end(w);
}

uint64_t
br_orch_batch_size(const struct br_orch_api *api)
{
    uint64_t most = 1;
    for (size_t i = 0; i < api->types->count; i++) {
        uint64_t n = api->types->type[i]->batch_size;
        most = n > most ? n : most;
    }
    return most;
}

/** The parameters of section 12.2.4, inside an object that is open. */
static void
write_parameters(struct br_json_writer *w, const struct br_orch_api *api)
{
    write_text(w, "credential_issuer", api->issuer);
    write_url(w, api, "credential_endpoint", "/credential");
    write_url(w, api, "nonce_endpoint", "/nonce");
    write_url(w, api, "deferred_credential_endpoint", "/deferred_credential");
    write_url(w, api, "notification_endpoint", "/notification");
    write_encryption(w, api);
    if (br_orch_batch_size(api) > 1) {
        br_json_write_name(w, "batch_credential_issuance");
        br_json_write_object(w);
        br_json_write_name(w, "batch_size");
        br_json_write_uint(w, br_orch_batch_size(api));
        br_json_write_end(w);
    }
    br_json_write_name(w, "display");
    br_json_write_array(w);
    br_json_write_object(w);
    write_text(w, "name", api->config->name);
    br_json_write_end(w);
    br_json_write_end(w);
    br_json_write_name(w, "credential_configurations_supported");
    br_json_write_object(w);
    for (size_t i = 0; i < api->types->count; i++) {
        write_configuration(w, api, api->types->type[i]);
    }
    br_json_write_end(w);
}

/* ---- the issuer --------------------------------------------------------- */

static enum br_rc
put_metadata(
    const struct br_orch_api *api,
    bool as_claims,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_json_writer w;
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    if (as_claims) {
        write_text(&w, "iss", api->issuer);
        write_text(&w, "sub", api->issuer);
        br_json_write_name(&w, "iat");
        br_json_write_uint(&w, br_orch_now_s());
    }
    write_parameters(&w, api);
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

static enum br_rc
sign_metadata(
    struct br_orch_api *api,
    struct br_bytes claims,
    struct br_buf *ret,
    struct br_err *reterr)
{
    const struct br_jws_header header = {
        .alg = BR_ALG_ES256,
        .typ = BR_VCI_METADATA_TYP,
        .kid = br_str(api->kid),
        .x5c = &api->chain,
    };
    return br_jws_sign(&header, claims, api->issuer_key, ret, reterr);
}

/** "The Credential Issuer MUST support returning metadata in an unsigned form
 *  'application/json' and MAY support returning it in a signed form": signed
 *  for who names application/jwt and does not name application/json. */
static bool
wants_signed(const struct br_http_request *req)
{
    const char *accept = br_http_header(req, "Accept");
    return accept != NULL && strstr(accept, "application/jwt") != NULL &&
           strstr(accept, "application/json") == NULL;
}

void
br_orch_get_metadata(struct br_http_request *req, void *ctx)
{
    struct br_orch_api *api = (struct br_orch_api *)ctx;
    struct br_buf b;
    struct br_buf jwt;
    struct br_err err;
    bool sign = wants_signed(req);
    br_buf_init(&b, METADATA_BYTES_MAX);
    br_buf_init(&jwt, METADATA_BYTES_MAX * 2);
    enum br_rc rc = put_metadata(api, sign, &b, &err);
    if (rc == BR_OK && sign) {
        rc = sign_metadata(api, br_buf_bytes(&b), &jwt, &err);
    }
    if (rc != BR_OK) {
        br_orch_fail(req, &err);
    } else if (sign) {
        br_orch_reply_public(req, "application/jwt", &jwt);
    } else {
        br_orch_reply_public(req, "application/json", &b);
    }
    br_buf_fini(&b);
    br_buf_fini(&jwt);
}

/* ---- the authorization server ------------------------------------------- */

static void
write_authorization(struct br_json_writer *w, const struct br_orch_api *api)
{
    static const char *const code[] = {"code", NULL};
    static const char *const s256[] = {"S256", NULL};
    write_url(w, api, "authorization_endpoint", "/authorize");
    write_url(w, api, "pushed_authorization_request_endpoint", "/par");
    br_json_write_name(w, "require_pushed_authorization_requests");
    br_json_write_boolean(w, true);
    write_names(w, "response_types_supported", code);
    write_names(w, "code_challenge_methods_supported", s256);
    br_json_write_name(w, "authorization_response_iss_parameter_supported");
    br_json_write_boolean(w, true);
}

void
br_orch_get_server_metadata(struct br_http_request *req, void *ctx)
{
    static const char *const grants[] = {
        "authorization_code", BR_VCI_PRE_AUTHORIZED, "refresh_token", NULL};
    static const char *const attested[] = {"attest_jwt_client_auth", NULL};
    static const char *const anyone[] = {
        "none", "attest_jwt_client_auth", NULL};
    static const char *const none[] = {"none", NULL};
    const struct br_orch_api *api = (const struct br_orch_api *)ctx;
    struct br_json_writer w;
    struct br_buf b;
    struct br_err err;
    bool needed =
        api->config->wallet_attestation_required || br_orch_is_haip(api);
    br_buf_init(&b, 64u * 1024);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    write_text(&w, "issuer", api->issuer);
    write_url(&w, api, "token_endpoint", "/token");
    write_authorization(&w, api);
    write_names(&w, "grant_types_supported", grants);
    write_names(
        &w, "token_endpoint_auth_methods_supported",
        needed                   ? attested
        : api->providers != NULL ? anyone
                                 : none);
    if (api->providers != NULL) {
        write_names(
            &w, "client_attestation_signing_alg_values_supported", proof_algs);
        write_names(
            &w, "client_attestation_pop_signing_alg_values_supported",
            proof_algs);
    }
    /* "If the Authorization Server offers a challenge endpoint, the Client MUST
     * retrieve a challenge": so it is named where one is asked for. */
    if (api->config->attestation_challenge_required) {
        write_url(&w, api, "challenge_endpoint", "/challenge");
    }
    write_names(&w, "dpop_signing_alg_values_supported", proof_algs);
    br_json_write_name(&w, "pre-authorized_grant_anonymous_access_supported");
    br_json_write_boolean(&w, !needed);
    write_names(
        &w, "authorization_details_types_supported",
        (const char *const[]){"openid_credential", NULL});
    write_url(&w, api, "status_list_aggregation_endpoint", "/status");
    br_json_write_end(&w);
    if (br_json_writer_done(&w, &err) != BR_OK) {
        br_orch_fail(req, &err);
        br_buf_fini(&b);
        return;
    }
    br_orch_reply_public(req, "application/json", &b);
}

/* ---- the issuer's key, types -------------------------------------------- */

/** SD-JWT VC section 5: who has no certificates finds the key here. */
void
br_orch_get_jwt_issuer(struct br_http_request *req, void *ctx)
{
    const struct br_orch_api *api = (const struct br_orch_api *)ctx;
    const struct br_jwk key = {
        .key = *br_private_key_public(api->issuer_key),
        .kid = br_str(api->kid),
        .alg = br_str("ES256"),
        .use = BR_JWK_USE_SIG,
    };
    struct br_json_writer w;
    struct br_buf b;
    struct br_err err;
    br_buf_init(&b, 64u * 1024);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    write_text(&w, "issuer", api->issuer);
    br_json_write_name(&w, "jwks");
    br_json_write_object(&w);
    br_json_write_name(&w, "keys");
    br_json_write_array(&w);
    br_jwk_write(&w, &key);
    br_json_write_end(&w);
    br_json_write_end(&w);
    br_json_write_end(&w);
    if (br_json_writer_done(&w, &err) != BR_OK) {
        br_orch_fail(req, &err);
        br_buf_fini(&b);
        return;
    }
    br_orch_reply_public(req, "application/json", &b);
}

void
br_orch_get_vct(struct br_http_request *req, void *ctx)
{
    const struct br_orch_api *api = (const struct br_orch_api *)ctx;
    const struct br_type *t =
        br_types_find(api->types, br_str(br_http_param(req, 0)));
    struct br_json_writer w;
    struct br_buf b;
    struct br_err err;
    if (t == NULL) {
        (void)br_fail(&err, BR_ERR_NOT_FOUND, "there is no such type");
        br_orch_fail(req, &err);
        return;
    }
    br_buf_init(&b, METADATA_BYTES_MAX);
    br_json_writer_init(&w, &b);
    br_type_metadata_write(&w, t);
    br_orch_reply_public(req, "application/json", &b);
}

void
br_orch_get_authority(struct br_http_request *req, void *ctx)
{
    const struct br_orch_api *api = (const struct br_orch_api *)ctx;
    struct br_buf b;
    br_buf_init(&b, 128u * 1024);
    for (size_t i = 0; i < api->chain.count; i++) {
        struct br_buf text;
        br_buf_init(&text, 32u * 1024);
        br_base64_put(&text, api->chain.der[i]);
        br_buf_puts(&b, "-----BEGIN CERTIFICATE-----\n");
        for (size_t at = 0; at < text.n; at += 64) {
            br_buf_put(&b, text.p + at, text.n - at < 64 ? text.n - at : 64);
            br_buf_puts(&b, "\n");
        }
        br_buf_puts(&b, "-----END CERTIFICATE-----\n");
        br_buf_fini(&text);
    }
    br_orch_reply_public(req, "application/x-pem-file", &b);
}
