/*
 * What the files about OpenID Connect share.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_API_OIDC_CLIENT_H
#define BR_ORCHESTRATOR_API_OIDC_CLIENT_H

#include "common/crypto/seal.h"
#include "common/net/fetch.h"
#include "orchestrator/api/oidc.h"

enum {
    BR_OIDC_ARENA_BYTES = 4 * 1024 * 1024,
    BR_OIDC_ANSWER_BYTES_MAX = 256 * 1024,
    BR_OIDC_TIMEOUT_MS = 10000,
    BR_OIDC_SECRET_BYTES_MAX = 256,
};

/** A document that was fetched, with what was read from it. */
struct br_oidc_kept {
    struct br_arena arena;
    struct br_json *json; /**< NULL: none */
    uint64_t fetched_s;
};

struct br_oidc_pending {
    struct br_hash state; /**< of its text */
    struct br_hash cookie;
    char nonce[BR_ORCH_SECRET_TEXT_BYTES];
    char verifier[BR_ORCH_SECRET_TEXT_BYTES];
    uint64_t expires_s; /**< 0: a free place */
};

struct br_oidc {
    struct br_oidc_client client;
    struct br_fetch_policy policy;
    struct br_http_client *http;
    const char *issuer;
    char redirect_uri[640];
    char back[640];
    char ca_file[4096];
    /* private_key_jwt */
    struct br_signer *signer; /**< NULL: the key is its own */
    struct br_private_key *key;
    enum br_key_alg alg;
    char kid[BR_THUMBPRINT_TEXT_BYTES + 1];
    /* client_secret_basic: the header, ready; it is wiped */
    char basic[4 * BR_OIDC_SECRET_BYTES_MAX];

    struct br_oidc_kept metadata;
    struct br_oidc_provider provider;
    struct br_oidc_kept keys;
    unsigned keys_again; /**< since keys_again_s */
    uint64_t keys_again_s;
    struct br_oidc_pending pending[BR_OIDC_PENDING_MAX];
};

/** Metadata no older than an hour. */
enum br_rc br_oidc_need_provider(
    struct br_oidc *o, uint64_t now_s, struct br_err *reterr) BR_MUST_USE;
/** Keys no older than an hour; `again`: newer than those, if that may be. */
enum br_rc br_oidc_need_keys(
    struct br_oidc *o, uint64_t now_s, bool again, struct br_err *reterr)
    BR_MUST_USE;

/** Redeem a code: the token response, in the arena. */
struct br_oidc_grant {
    struct br_bytes code;
    struct br_bytes verifier; /**< PKCE */
    uint64_t now_s;
};
enum br_rc br_oidc_redeem(
    struct br_oidc *o,
    const struct br_oidc_grant *g,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;
/** UserInfo as it came, in the arena. */
enum br_rc br_oidc_ask_userinfo(
    struct br_oidc *o,
    struct br_bytes access_token,
    struct br_arena *arena,
    struct br_oidc_info *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
