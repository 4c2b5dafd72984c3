/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "common/credential/rule.h"
#include "common/crypto/keyfile.h"
#include "common/net/router.h"
#include "orchestrator/api/api.h"
#include "orchestrator/api/once.h"

#include <stdio.h>
#include <strings.h>
#include <time.h>

uint64_t
br_orch_now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

uint64_t
br_orch_now_s(void)
{
    return br_orch_now_us() / 1000000;
}

/* ---- answers ------------------------------------------------------------ */

static const struct br_http_header_pair no_store[] = {
    {"Cache-Control", "no-store"},
    {"Access-Control-Allow-Origin", "*"},
};

static void
reply(struct br_http_request *req, struct br_http_answer *a, struct br_buf *b)
{
    struct br_err err;
    if (br_buf_status(b, &err) != BR_OK) {
        br_http_reply_problem(req, &err);
    } else {
        a->take = b;
        br_http_reply(req, a);
    }
    br_buf_fini(b);
}

void
br_orch_reply(struct br_http_request *req, int status, struct br_buf *b)
{
    struct br_http_answer a = {
        .status = status,
        .content_type = "application/json",
        .headers = no_store,
        .header_count = 2,
    };
    reply(req, &a, b);
}

void
br_orch_reply_public(
    struct br_http_request *req, const char *content_type, struct br_buf *b)
{
    static const struct br_http_header_pair open[] = {
        {"Access-Control-Allow-Origin", "*"},
        {"Cache-Control", "max-age=60"},
    };
    struct br_http_answer a = {
        .status = 200,
        .content_type = content_type,
        .headers = open,
        .header_count = 2,
    };
    reply(req, &a, b);
}

void
br_orch_refuse(
    struct br_http_request *req, enum br_oauth_error e, const char *why)
{
    struct br_buf b;
    br_buf_init(&b, 1024);
    br_oauth_error_put(&b, e, why);
    br_orch_reply(req, br_oauth_error_status(e), &b);
}

void
br_orch_refuse_token(
    struct br_http_request *req, enum br_oauth_error e, const char *why)
{
    char value[480];
    char text[BR_OAUTH_DESCRIPTION_BYTES];
    struct br_buf b;
    int status = e == BR_OAUTH_INSUFFICIENT_SCOPE ? 403 : 401;
    const struct br_http_header_pair headers[] = {
        no_store[0], no_store[1], {"WWW-Authenticate", value}};
    struct br_http_answer a = {
        .status = status,
        .content_type = "application/json",
        .headers = headers,
        .header_count = 3,
    };
    br_oauth_description(why, text);
    /* RFC 6750 section 3.1: without a token there is no error to tell. */
    if (e == BR_OAUTH_OK) {
        (void)snprintf(value, sizeof(value), "DPoP algs=\"ES256\"");
        e = BR_OAUTH_INVALID_TOKEN;
    } else {
        (void)snprintf(
            value, sizeof(value),
            "DPoP error=\"%s\", error_description=\"%s\", algs=\"ES256\"",
            br_oauth_error_name(e), text);
    }
    br_buf_init(&b, 1024);
    br_oauth_error_put(&b, e, why);
    reply(req, &a, &b);
}

void
br_orch_fail(struct br_http_request *req, const struct br_err *err)
{
    br_http_reply_problem(req, err);
}

/* ---- DPoP --------------------------------------------------------------- */

/** The address that this request was meant for. */
static struct br_bytes
target(struct br_orch_api *api, const char *path, struct br_arena *arena)
{
    size_t n = strlen(api->issuer) + strlen(path) + 1;
    char *out = (char *)br_arena_take(arena, n);
    if (out == NULL) {
        return br_bytes(NULL, 0);
    }
    (void)snprintf(out, n, "%s%s", api->issuer, path);
    return br_str(out);
}

/** RFC 9449 section 4.3, with the nonce and jti. */
static enum br_oauth_error
check_proof(
    struct br_orch_api *api,
    struct br_bytes proof,
    const struct br_dpop_policy *policy,
    struct br_arena *arena,
    struct br_dpop_proof *ret,
    struct br_err *reterr)
{
    struct br_hash once;
    if (br_dpop_check(proof, policy, arena, ret, reterr) != BR_OK) {
        return BR_OAUTH_INVALID_DPOP_PROOF;
    }
    if (api->config->dpop_nonce_required &&
        !br_orch_nonce_ok(api, BR_ORCH_DPOP_NONCE, ret->nonce, policy->now_s)) {
        (void)br_fail(
            reterr, BR_ERR_EXPIRED, "the proof has %s",
            ret->nonce.n > 0 ? "a nonce that is not ours, or has expired"
                             : "no nonce");
        return BR_OAUTH_USE_DPOP_NONCE;
    }
    const struct br_bytes parts[] = {
        br_str("dpop"), br_str(ret->thumbprint), ret->id};
    br_sha256_parts(parts, 3, &once);
    return br_once_take(
               api->once, &once, policy->now_s,
               ret->issued_s + policy->window_s + 120, reterr) == BR_OK
               ? BR_OAUTH_OK
               : BR_OAUTH_INVALID_DPOP_PROOF;
}

bool
br_orch_check_dpop(
    struct br_orch_api *api,
    struct br_http_request *req,
    const struct br_orch_door *door,
    struct br_arena *arena,
    char ret_thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1])
{
    const char *header = br_http_header(req, "DPoP");
    struct br_dpop_proof proof;
    struct br_err err = {.rc = BR_OK};
    enum br_oauth_error e = BR_OAUTH_INVALID_DPOP_PROOF;
    ret_thumbprint[0] = '\0';
    if (header == NULL) {
        return true;
    }
    if (api->config->dpop_nonce_required) {
        br_orch_nonce_offer(api, BR_ORCH_DPOP_NONCE, req);
    }
    const struct br_dpop_policy policy = {
        .algs = BR_ORCH_PROOF_ALGS,
        .method = br_str("POST"),
        .url = target(api, door->path, arena),
        .token = door->token,
        .now_s = br_orch_now_s(),
        .window_s = api->config->proof_s,
    };
    /* "There is not more than one DPoP HTTP request header field" (RFC 9449
     * section 4.3). */
    if (br_http_header_count(req, "DPoP") > 1) {
        (void)br_fail(&err, BR_ERR_DUPLICATE_FIELD, "two headers DPoP");
    } else {
        e = check_proof(api, br_str(header), &policy, arena, &proof, &err);
    }
    if (e != BR_OAUTH_OK &&
        (err.rc == BR_ERR_BUSY || err.rc == BR_ERR_NO_MEMORY)) {
        br_orch_fail(req, &err);
        return false;
    }
    if (e != BR_OAUTH_OK && door->token.n > 0) {
        br_orch_refuse_token(req, e, err.text);
        return false;
    }
    if (e != BR_OAUTH_OK) {
        br_orch_refuse(req, e, err.text);
        return false;
    }
    memcpy(ret_thumbprint, proof.thumbprint, sizeof(proof.thumbprint));
    return true;
}

/* ---- tokens ------------------------------------------------------------- */

static enum br_rc
open_access(
    struct br_orch_api *api,
    struct br_bytes text,
    struct br_bearer *ret,
    struct br_access *a,
    struct br_err *reterr)
{
    struct br_kv_txn *txn;
    struct br_buf plain;
    struct br_hash wrap = br_orch_hash("wrap", text);
    BR_TRY(br_kv_begin_read(api->kv, &txn, reterr));
    br_buf_init(&plain, (size_t)BR_HASH_BYTES * 4);
    enum br_rc rc = br_access_get(txn, text, br_orch_now_s(), a, reterr);
    if (rc == BR_OK) {
        rc = br_orch_unseal(&wrap, a->sealed, &plain, reterr);
    }
    if (rc == BR_OK && plain.n != BR_HASH_BYTES) {
        rc = br_fail(reterr, BR_ERR_CORRUPT, "a token's row");
    }
    if (rc == BR_OK) {
        memcpy(ret->claims_key.b, plain.p, BR_HASH_BYTES);
        br_wipe(plain.p, plain.n);
    }
    a->sealed = br_bytes(NULL, 0);
    br_buf_fini(&plain);
    br_wipe(&wrap, sizeof(wrap));
    br_kv_end(txn);
    return rc;
}

/** "Bearer ..." or "DPoP ..."; NULL: neither. */
static const char *
token_of(struct br_http_request *req, bool *ret_dpop)
{
    const char *h = br_http_header(req, "Authorization");
    if (h != NULL && strncasecmp(h, "Bearer ", 7) == 0) {
        *ret_dpop = false;
        return h + 7;
    }
    if (h != NULL && strncasecmp(h, "DPoP ", 5) == 0) {
        *ret_dpop = true;
        return h + 5;
    }
    return NULL;
}

bool
br_orch_authenticate(
    struct br_orch_api *api,
    struct br_http_request *req,
    const char *path,
    struct br_arena *arena,
    struct br_bearer *ret)
{
    bool dpop = false;
    char thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1];
    struct br_access a;
    struct br_err err;
    const char *text = token_of(req, &dpop);
    if (text == NULL) {
        br_orch_refuse_token(req, BR_OAUTH_OK, "an access token is needed");
        return false;
    }
    if (strlen(text) != BR_ORCH_SECRET_TEXT_BYTES - 1) {
        br_orch_refuse_token(
            req, BR_OAUTH_INVALID_TOKEN, "no such access token");
        return false;
    }
    enum br_rc rc = open_access(api, br_str(text), ret, &a, &err);
    if (rc == BR_ERR_UNAUTHENTICATED || rc == BR_ERR_TOKEN_EXPIRED) {
        br_orch_refuse_token(req, BR_OAUTH_INVALID_TOKEN, err.text);
        return false;
    }
    if (rc != BR_OK) {
        br_orch_fail(req, &err);
        return false;
    }
    /* RFC 9449 section 7.1: a bound token is not good as a bearer's. */
    if (dpop != (a.thumbprint[0] != '\0')) {
        br_orch_refuse_token(
            req, BR_OAUTH_INVALID_TOKEN,
            dpop ? "the token is bound to no key: send it as Bearer"
                 : "the token is bound to a key: send it as DPoP");
        return false;
    }
    const struct br_orch_door door = {path, br_str(text)};
    if (!br_orch_check_dpop(api, req, &door, arena, thumbprint)) {
        return false;
    }
    if (dpop && thumbprint[0] == '\0') {
        br_orch_refuse_token(
            req, BR_OAUTH_INVALID_DPOP_PROOF, "the header DPoP is missing");
        return false;
    }
    if (dpop && strcmp(thumbprint, a.thumbprint) != 0) {
        br_orch_refuse_token(
            req, BR_OAUTH_INVALID_TOKEN, "the token is bound to another key");
        return false;
    }
    (void)snprintf(ret->text, sizeof(ret->text), "%s", text);
    ret->offer = a.offer;
    (void)snprintf(ret->client, sizeof(ret->client), "%s", a.client);
    ret->identifiers = a.identifiers;
    ret->renewed = a.renewed;
    return true;
}

/* ---- bodies ------------------------------------------------------------- */

static enum br_rc
decrypt(
    struct br_orch_api *api,
    struct br_bytes token,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    const struct br_jwe_policy policy = {
        .algs = BR_JWE_ECDH_ES,
        .encs = BR_ORCH_ENCS,
        .bytes_max = BR_ORCH_REQUEST_BYTES_MAX,
    };
    struct br_jwe jwe;
    struct br_buf plain;
    BR_TRY(br_jwe_parse(token, &policy, arena, &jwe, reterr));
    if (!br_bytes_eq(jwe.kid, br_str(api->box_kid))) {
        return br_fail(
            reterr, BR_ERR_KEY_REFUSED,
            "kid is not that of our key: read the metadata again");
    }
    br_buf_init(&plain, BR_ORCH_REQUEST_BYTES_MAX);
    enum br_rc rc = br_jwe_decrypt(&jwe, api->box_key, &plain, reterr);
    char *copy =
        rc == BR_OK ? br_arena_copy(arena, br_buf_bytes(&plain)) : NULL;
    if (rc == BR_OK && copy == NULL) {
        rc = br_fail(reterr, BR_ERR_TOO_LARGE, "request");
    }
    *ret = br_bytes(copy, plain.n);
    br_buf_fini(&plain);
    return rc;
}

struct br_json *
br_orch_body(
    struct br_orch_api *api,
    struct br_http_request *req,
    struct br_arena *arena,
    enum br_oauth_error e)
{
    struct br_json *v = NULL;
    struct br_err err;
    struct br_bytes body = br_http_body(req);
    const char *type = br_http_header(req, "Content-Type");
    bool sealed = type != NULL && br_media_type_is(type, "application/jwt");
    if (sealed && decrypt(api, body, arena, &body, &err) != BR_OK) {
        br_orch_refuse(req, BR_OAUTH_INVALID_ENCRYPTION_PARAMETERS, err.text);
        return NULL;
    }
    if (!sealed &&
        (type == NULL || !br_media_type_is(type, "application/json"))) {
        br_orch_refuse(req, e, "Content-Type is not application/json");
        return NULL;
    }
    if (br_json_parse(body, arena, &v, &err) != BR_OK) {
        br_orch_refuse(req, e, err.text);
        return NULL;
    }
    return v;
}
