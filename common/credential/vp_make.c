/* The verifier's half: request objects and links. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/credential/oauth.h"
#include "common/credential/vp_registration.h"

/** A public key for this request alone, as HAIP 1.0 section 5 has it: P-256,
 *  ECDH-ES, both encs. */
static void
put_encryption(struct br_json_writer *w, const struct br_vp_ask *ask)
{
    const struct br_jwk jwk = {
        .key = *ask->encryption,
        .kid = ask->encryption_kid,
        .alg = br_str("ECDH-ES"),
        .use = BR_JWK_USE_ENC,
    };
    br_json_write_name(w, "jwks");
    br_json_write_object(w);
    br_json_write_name(w, "keys");
    br_json_write_array(w);
    br_jwk_write(w, &jwk);
    br_json_write_end(w);
    br_json_write_end(w);
    br_json_write_name(w, "encrypted_response_enc_values_supported");
    br_json_write_array(w);
    br_json_write_string(w, br_str("A128GCM"));
    br_json_write_string(w, br_str("A256GCM"));
    br_json_write_end(w);
}

static void
put_algs(struct br_json_writer *w, const char *name)
{
    static const char *const algs[] = {"ES256", "ES384", "ES512", "EdDSA"};
    br_json_write_name(w, name);
    br_json_write_array(w);
    for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
        br_json_write_string(w, br_str(algs[i]));
    }
    br_json_write_end(w);
}

/** "Other metadata parameters MUST be ignored unless a profile of this
 *  specification explicitly defines them as usable": ours does, with the names
 * of RFC 7591. */
static void
put_contacts(struct br_json_writer *w, const struct br_vp_ask *ask)
{
    size_t from = 0;
    if (ask->policy_uri.n > 0) {
        br_json_write_name(w, "policy_uri");
        br_json_write_string(w, ask->policy_uri);
    }
    if (ask->contacts.n == 0) {
        return;
    }
    br_json_write_name(w, "contacts");
    br_json_write_array(w);
    for (size_t i = 0; i <= ask->contacts.n; i++) {
        if (i == ask->contacts.n || ask->contacts.p[i] == ' ') {
            if (i > from) {
                br_json_write_string(
                    w, br_bytes(ask->contacts.p + from, i - from));
            }
            from = i + 1;
        }
    }
    br_json_write_end(w);
}

/** Section 5.1, verifier_info. */
static void
write_registration(struct br_json_writer *w, const struct br_vp_ask *ask)
{
    br_json_write_array(w);
    br_json_write_object(w);
    br_json_write_name(w, "format");
    br_json_write_string(w, br_str(BR_VP_REGISTRATION_FORMAT));
    br_json_write_name(w, "data");
    br_json_write_string(w, ask->registration);
    br_json_write_end(w);
    br_json_write_end(w);
}

static void
put_metadata(struct br_json_writer *w, const struct br_vp_ask *ask)
{
    br_json_write_object(w);
    put_contacts(w, ask);
    if (ask->mode == BR_VP_DIRECT_POST_JWT) {
        put_encryption(w, ask);
    }
    br_json_write_name(w, "vp_formats_supported");
    br_json_write_object(w);
    br_json_write_name(w, "dc+sd-jwt");
    br_json_write_object(w);
    put_algs(w, "sd-jwt_alg_values");
    put_algs(w, "kb-jwt_alg_values");
    br_json_write_end(w);
    br_json_write_end(w);
    br_json_write_end(w);
}

static void
put_text(struct br_json_writer *w, const char *name, struct br_bytes text)
{
    if (text.n > 0) {
        br_json_write_name(w, name);
        br_json_write_string(w, text);
    }
}

static const char *
mode_name(enum br_vp_mode mode)
{
    return mode == BR_VP_DIRECT_POST ? "direct_post" : "direct_post.jwt";
}

static void
check_ask(const struct br_vp_ask *ask)
{
    BR_ASSERT(ask->client_id.n > 0 && ask->query != NULL);
    BR_ASSERT(ask->nonce.n >= BR_VP_NONCE_CHARS_MIN);
    BR_ASSERT(ask->state.n >= BR_VP_NONCE_CHARS_MIN);
    BR_ASSERT(
        ask->mode == BR_VP_DIRECT_POST ||
        (ask->encryption != NULL && ask->encryption->kind == BR_KEY_P256 &&
         ask->encryption_kid.n > 0));
}

enum br_rc
br_vp_ask_encode(
    const struct br_vp_ask *ask, struct br_buf *b, struct br_err *reterr)
{
    struct br_json_writer w;
    check_ask(ask);
    br_json_writer_init(&w, b);
    br_json_write_object(&w);
    put_text(&w, "client_id", ask->client_id);
    put_text(&w, "aud", br_str(BR_VP_AUDIENCE));
    put_text(&w, "response_type", br_str("vp_token"));
    put_text(&w, "response_mode", br_str(mode_name(ask->mode)));
    put_text(&w, "response_uri", ask->response_uri);
    put_text(&w, "nonce", ask->nonce);
    put_text(&w, "state", ask->state);
    put_text(&w, "wallet_nonce", ask->wallet_nonce);
    put_text(&w, "purpose", ask->purpose);
    br_json_write_name(&w, "iat");
    br_json_write_uint(&w, ask->issued_s);
    br_json_write_name(&w, "exp");
    br_json_write_uint(&w, ask->expires_s);
    br_json_write_name(&w, "dcql_query");
    br_json_write_value(&w, ask->query);
    br_json_write_name(&w, "client_metadata");
    put_metadata(&w, ask);
    if (ask->registration.n > 0) {
        br_json_write_name(&w, "verifier_info");
        write_registration(&w, ask);
    }
    if (ask->transaction_data != NULL) {
        br_json_write_name(&w, "transaction_data");
        br_json_write_value(&w, ask->transaction_data);
    }
    br_json_write_end(&w);
    return br_json_writer_done(&w, reterr);
}

enum br_rc
br_vp_ask_sign(
    const struct br_vp_ask *ask,
    const struct br_jws_header *header,
    struct br_private_key *key,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct br_jws_header typed = *header;
    struct br_buf claims;
    typed.typ = BR_VP_REQUEST_TYP;
    br_buf_init(&claims, BR_VP_REQUEST_BYTES_MAX);
    enum br_rc rc = br_vp_ask_encode(ask, &claims, reterr);
    if (rc == BR_OK) {
        rc = br_jws_sign(&typed, br_buf_bytes(&claims), key, b, reterr);
    }
    br_buf_fini(&claims);
    return rc;
}

/* ---- links -------------------------------------------------------------- */

static void
put_parameter(struct br_buf *b, const char *name, struct br_bytes value)
{
    if (value.n > 0) {
        br_buf_puts(b, "&");
        br_buf_puts(b, name);
        br_buf_puts(b, "=");
        br_percent_put(b, value);
    }
}

void
br_vp_link_put(
    struct br_buf *b,
    struct br_bytes client_id,
    struct br_bytes request_uri,
    bool post)
{
    br_buf_puts(b, BR_VP_SCHEME "?client_id=");
    br_percent_put(b, client_id);
    put_parameter(b, "request_uri", request_uri);
    put_parameter(b, "request_uri_method", br_str(post ? "post" : ""));
}

/** "parameters containing objects are transferred as JSON-serialized strings"
 *  (section 5.1). */
static enum br_rc
put_json(
    struct br_buf *b,
    const char *name,
    const struct br_json *v,
    struct br_err *reterr)
{
    struct br_buf text;
    if (v == NULL) {
        return BR_OK;
    }
    br_buf_init(&text, BR_VP_REQUEST_BYTES_MAX);
    enum br_rc rc = br_json_encode(v, &text, reterr);
    if (rc == BR_OK) {
        put_parameter(b, name, br_buf_bytes(&text));
    }
    br_buf_fini(&text);
    return rc;
}

enum br_rc
br_vp_ask_link_put(
    const struct br_vp_ask *ask, struct br_buf *b, struct br_err *reterr)
{
    struct br_buf metadata;
    struct br_json_writer w;
    check_ask(ask);
    br_buf_init(&metadata, BR_VP_REQUEST_BYTES_MAX);
    br_json_writer_init(&w, &metadata);
    put_metadata(&w, ask);
    enum br_rc rc = br_json_writer_done(&w, reterr);
    br_buf_puts(b, BR_VP_SCHEME "?response_type=vp_token");
    put_parameter(b, "client_id", ask->client_id);
    put_parameter(b, "response_mode", br_str(mode_name(ask->mode)));
    put_parameter(b, "response_uri", ask->response_uri);
    put_parameter(b, "nonce", ask->nonce);
    put_parameter(b, "state", ask->state);
    put_parameter(b, "purpose", ask->purpose);
    put_parameter(b, "client_metadata", br_buf_bytes(&metadata));
    br_buf_fini(&metadata);
    BR_TRY(rc);
    BR_TRY(put_json(b, "dcql_query", ask->query, reterr));
    BR_TRY(put_json(b, "transaction_data", ask->transaction_data, reterr));
    return br_buf_status(b, reterr);
}
