/*
 * Nonces: c_nonce, those of DPoP, challenges for client attestations. Made
 * without a row, so that strangers who ask for many fill nothing. Eight bytes
 * of time, thirty-two random ones, sixteen of HMAC under a key of this run;
 * what it is for is in the HMAC, so that none serves for another purpose.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/text.h"
#include "common/crypto/keyfile.h"
#include "orchestrator/api/api.h"

#include <stdio.h>

enum { RANDOM_AT = 8, MAC_AT = 40, NONCE_BYTES = 56, SKEW_S = 60 };

static bool
mac(struct br_orch_api *api,
    enum br_orch_nonce kind,
    const uint8_t n[NONCE_BYTES],
    uint8_t out[16])
{
    struct br_digest d;
    const uint8_t purpose = (uint8_t)kind;
    const struct br_bytes parts[] = {
        br_bytes(&purpose, 1), br_bytes(n, MAC_AT)};
    if (br_hmac(
            BR_HASH_SHA256, br_bytes(api->nonce_key, sizeof(api->nonce_key)),
            parts, 2, &d, NULL) != BR_OK) {
        return false;
    }
    memcpy(out, d.b, 16);
    return true;
}

void
br_orch_nonce_make(
    struct br_orch_api *api,
    enum br_orch_nonce kind,
    uint64_t now_s,
    char ret[BR_ORCH_NONCE_TEXT_BYTES])
{
    uint8_t n[NONCE_BYTES];
    struct br_buf b;
    br_put_be64(n, now_s);
    br_random(n + RANDOM_AT, MAC_AT - RANDOM_AT);
    ret[0] = '\0';
    br_buf_init(&b, BR_ORCH_NONCE_TEXT_BYTES);
    if (mac(api, kind, n, n + MAC_AT)) {
        br_base64url_put(&b, br_bytes(n, sizeof(n)));
    }
    if (!b.failed) {
        (void)snprintf(
            ret, BR_ORCH_NONCE_TEXT_BYTES, "%.*s", (int)b.n,
            b.n == 0 ? "" : (const char *)b.p);
    }
    br_buf_fini(&b);
}

bool
br_orch_nonce_ok(
    struct br_orch_api *api,
    enum br_orch_nonce kind,
    struct br_bytes nonce,
    uint64_t now_s)
{
    uint8_t n[NONCE_BYTES];
    uint8_t want[16];
    size_t got;
    if (nonce.n != BR_ORCH_NONCE_TEXT_BYTES - 1 ||
        br_base64url_parse(nonce, n, sizeof(n), &got, NULL) != BR_OK ||
        got != sizeof(n) || !mac(api, kind, n, want) ||
        !br_secret_eq(want, n + MAC_AT, sizeof(want))) {
        return false;
    }
    uint64_t made_s = br_get_be64(n);
    return made_s <= now_s + SKEW_S && made_s + api->config->nonce_s >= now_s;
}

void
br_orch_nonce_offer(
    struct br_orch_api *api,
    enum br_orch_nonce kind,
    struct br_http_request *req)
{
    char nonce[BR_ORCH_NONCE_TEXT_BYTES];
    const char *name = kind == BR_ORCH_DPOP_NONCE
                           ? "DPoP-Nonce"
                           : "OAuth-Client-Attestation-Challenge";
    br_orch_nonce_make(api, kind, br_orch_now_s(), nonce);
    br_http_add_header(req, name, nonce);
    br_http_add_header(req, "Access-Control-Expose-Headers", name);
}

static void
reply_nonce(
    struct br_orch_api *api,
    enum br_orch_nonce kind,
    const char *name,
    struct br_http_request *req)
{
    char nonce[BR_ORCH_NONCE_TEXT_BYTES];
    struct br_buf b;
    struct br_err err;
    br_orch_nonce_make(api, kind, br_orch_now_s(), nonce);
    if (nonce[0] == '\0') {
        (void)br_fail(&err, BR_ERR_NO_MEMORY, "nonce");
        br_orch_fail(req, &err);
        return;
    }
    br_buf_init(&b, 256);
    br_buf_printf(&b, "{\"%s\":\"%s\"}\n", name, nonce);
    br_orch_reply(req, 200, &b);
}

/** "The Credential Issuer MAY provide a DPoP nonce in an HTTP header" (section
 *  7.2): it spares a wallet the first refusal. */
void
br_orch_post_nonce(struct br_http_request *req, void *ctx)
{
    struct br_orch_api *api = (struct br_orch_api *)ctx;
    if (api->config->dpop_nonce_required) {
        br_orch_nonce_offer(api, BR_ORCH_DPOP_NONCE, req);
    }
    reply_nonce(api, BR_ORCH_C_NONCE, "c_nonce", req);
}

void
br_orch_post_challenge(struct br_http_request *req, void *ctx)
{
    struct br_orch_api *api = (struct br_orch_api *)ctx;
    reply_nonce(api, BR_ORCH_CHALLENGE, "attestation_challenge", req);
}
