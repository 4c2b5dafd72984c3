/*
 * Who the wallet is: a wallet's provider says it, or nobody does.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/credential/attestation.h"
#include "common/credential/rule.h"
#include "common/crypto/hash.h"
#include "orchestrator/api/api.h"
#include "orchestrator/api/once.h"

#include <stdio.h>

#define ATTESTATION "OAuth-Client-Attestation"
#define PROOF       "OAuth-Client-Attestation-PoP"

bool
br_orch_needs_dpop(const struct br_orch_api *api)
{
    return strcmp(api->config->dpop, "required") == 0 || br_orch_is_haip(api);
}

bool
br_orch_is_haip(const struct br_orch_api *api)
{
    return strcmp(api->config->profile, "haip") == 0;
}

struct br_attestation_policy
br_orch_providers(struct br_orch_api *api, struct br_x5c_policy *x5c)
{
    const uint64_t now_s = br_orch_now_s();
    *x5c = (struct br_x5c_policy){
        .trust = api->providers, .unix_seconds = (int64_t)now_s};
    return (struct br_attestation_policy){
        .algs = BR_ORCH_PROOF_ALGS,
        .providers = x5c,
        .audience = br_str(api->issuer),
        .now_s = now_s,
        .window_s = api->config->proof_s,
    };
}

/** What is wrong with the attestation and its proof. */
static enum br_oauth_error
check(
    struct br_orch_api *api,
    struct br_http_request *req,
    struct br_arena *arena,
    struct br_attested_client *ret,
    struct br_err *reterr)
{
    const char *attestation = br_http_header(req, ATTESTATION);
    const char *proof = br_http_header(req, PROOF);
    struct br_x5c_policy x5c;
    struct br_hash once;
    const struct br_attestation_policy policy = br_orch_providers(api, &x5c);
    /* "There is precisely one OAuth-Client-Attestation HTTP request header
     * field", and one of its proof. */
    if (br_http_header_count(req, ATTESTATION) > 1 ||
        br_http_header_count(req, PROOF) > 1) {
        (void)br_fail(reterr, BR_ERR_DUPLICATE_FIELD, "two attestations");
        return BR_OAUTH_INVALID_CLIENT;
    }
    if (br_client_attestation_check(
            br_str(attestation), br_str(proof == NULL ? "" : proof), &policy,
            arena, ret, reterr) != BR_OK) {
        return br_rule_of(reterr) == br_rule_info(BR_RULE_ATTEST_TIME)
                   ? BR_OAUTH_USE_FRESH_ATTESTATION
                   : BR_OAUTH_INVALID_CLIENT;
    }
    bool answers = ret->challenge.n > 0;
    if ((answers || api->config->attestation_challenge_required) &&
        !br_orch_nonce_ok(
            api, BR_ORCH_CHALLENGE, ret->challenge, policy.now_s)) {
        (void)br_fail(
            reterr, BR_ERR_EXPIRED, "the proof answers %s",
            answers ? "a challenge that is not ours, or has expired"
                    : "no challenge");
        return BR_OAUTH_USE_ATTESTATION_CHALLENGE;
    }
    const struct br_bytes parts[] = {br_str("client"), ret->client, ret->id};
    br_sha256_parts(parts, 3, &once);
    return br_once_take(
               api->once, &once, policy.now_s,
               policy.now_s + policy.window_s + 120, reterr) == BR_OK
               ? BR_OAUTH_OK
               : BR_OAUTH_INVALID_CLIENT;
}

/** Who the attestation says that it is. Refuses by itself: false. */
static bool
check_attested(
    struct br_orch_api *api,
    struct br_http_request *req,
    struct br_arena *arena,
    struct br_bytes *client,
    char ret_instance[BR_THUMBPRINT_TEXT_BYTES + 1])
{
    struct br_attested_client c;
    struct br_err err;
    enum br_oauth_error e = check(api, req, arena, &c, &err);
    if (e == BR_OAUTH_OK &&
        br_jwk_thumbprint_text(&c.key.key, ret_instance, &err) != BR_OK) {
        e = BR_OAUTH_INVALID_CLIENT;
    }
    if (e == BR_OAUTH_OK && client->n > 0 && !br_bytes_eq(*client, c.client)) {
        e = BR_OAUTH_INVALID_CLIENT;
        (void)br_fail(
            &err, BR_ERR_CONFLICT, "client_id is not the one that is attested");
    }
    if (api->config->attestation_challenge_required ||
        e == BR_OAUTH_USE_ATTESTATION_CHALLENGE) {
        br_orch_nonce_offer(api, BR_ORCH_CHALLENGE, req);
    }
    if (e != BR_OAUTH_OK) {
        br_orch_refuse(req, e, err.text);
        return false;
    }
    *client = c.client;
    return true;
}

bool
br_orch_check_client(
    struct br_orch_api *api,
    struct br_http_request *req,
    struct br_bytes said,
    struct br_arena *arena,
    struct br_orch_client *ret)
{
    struct br_bytes client = said;
    bool attested = br_http_header(req, ATTESTATION) != NULL;
    bool needed =
        api->config->wallet_attestation_required || br_orch_is_haip(api);
    ret->instance[0] = '\0';
    if (needed && (!attested || br_http_header(req, PROOF) == NULL)) {
        br_orch_refuse(
            req, BR_OAUTH_INVALID_CLIENT,
            "a wallet attestation and its proof are needed");
        return false;
    }
    if (api->providers != NULL && attested &&
        !check_attested(api, req, arena, &client, ret->instance)) {
        return false;
    }
    if (client.n > BR_ORCH_CLIENT_BYTES ||
        (client.n > 0 && memchr(client.p, '\0', client.n) != NULL)) {
        br_orch_refuse(req, BR_OAUTH_INVALID_REQUEST, "client_id is too long");
        return false;
    }
    (void)snprintf(
        ret->id, sizeof(ret->id), "%.*s", (int)client.n,
        client.n == 0 ? "" : (const char *)client.p);
    return true;
}
