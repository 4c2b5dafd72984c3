/*
 * Who the wallet is: a wallet's provider says it, or nobody does.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/credential/attestation.h"
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

static enum br_rc
check(
    struct br_orch_api *api,
    const char *attestation,
    const char *proof,
    struct br_arena *arena,
    struct br_attested_client *ret,
    struct br_err *reterr)
{
    struct br_x5c_policy x5c;
    struct br_hash once;
    const struct br_attestation_policy policy = br_orch_providers(api, &x5c);
    BR_TRY(br_client_attestation_check(
        br_str(attestation), br_str(proof), &policy, arena, ret, reterr));
    const struct br_bytes parts[] = {br_str("client"), ret->client, ret->id};
    br_sha256_parts(parts, 3, &once);
    return br_once_take(
        api->once, &once, policy.now_s, policy.now_s + policy.window_s + 120,
        reterr);
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
    const char *attestation = br_http_header(req, ATTESTATION);
    const char *proof = br_http_header(req, PROOF);
    struct br_attested_client c;
    struct br_err err;
    /* "There is precisely one OAuth-Client-Attestation HTTP request header
     * field", and one of its proof. */
    enum br_rc rc =
        br_http_header_count(req, ATTESTATION) > 1 ||
                br_http_header_count(req, PROOF) > 1
            ? br_fail(&err, BR_ERR_DUPLICATE_FIELD, "two attestations")
            : check(
                  api, attestation, proof == NULL ? "" : proof, arena, &c,
                  &err);
    if (rc == BR_OK) {
        rc = br_jwk_thumbprint_text(&c.key.key, ret_instance, &err);
    }
    if (rc == BR_OK && client->n > 0 && !br_bytes_eq(*client, c.client)) {
        rc = br_fail(
            &err, BR_ERR_CONFLICT, "client_id is not the one that is attested");
    }
    if (rc != BR_OK) {
        br_orch_refuse(req, BR_OAUTH_INVALID_CLIENT, err.text);
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
