/*
 * The issuing body's doors: a file a subject; docs/issuing.md.
 *
 * Handlers run on the server's threads: they read snapshots, verify and sign;
 * what is to be written goes to the writer, and is answered from its thread.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_API_H
#define BR_ORCHESTRATOR_API_H

#include "common/credential/vci.h"
#include "common/net/http_server.h"
#include "orchestrator/setup/config.h"
#include "orchestrator/setup/types.h"
#include "orchestrator/store/store.h"
#include "orchestrator/store/writer.h"

#include <stdatomic.h>

struct br_attestation_policy;
struct br_once;
struct br_status_cache;
struct br_verifier;
struct br_desk;
struct br_oidc;
struct br_slow;

enum {
    BR_ORCH_FORM_BYTES_MAX = 16 * 1024,
    BR_ORCH_REQUEST_BYTES_MAX = 512 * 1024,
    BR_ORCH_ARENA_BYTES_MAX = 8 * 1024 * 1024,
    BR_ORCH_NONCE_TEXT_BYTES = 76, /**< base64url of 56 bytes, and NUL */
};

/** All that handlers need; filled by orchestrator.c, read-only while serving.
 */
struct br_orch_api {
    const struct br_orch_config *config;
    const char *data_dir;
    const struct br_types *types;
    struct br_kv *kv;
    struct br_writer *writer;
    const char *issuer; /**< our identifier: public_url */
    struct br_private_key *issuer_key;
    struct br_x5c chain;
    char kid[BR_THUMBPRINT_TEXT_BYTES + 1];
    struct br_private_key *box_key; /**< requests are encrypted for it */
    char box_kid[BR_THUMBPRINT_TEXT_BYTES + 1];
    uint8_t nonce_key[32];
    char integrity[BR_ORCH_TYPES_MAX][52]; /**< vct#integrity of types */
    struct br_x509_trust *providers; /**< of wallets; NULL: none is believed */
    struct br_once *once;            /**< nonces and proofs that were used */
    struct br_status_cache *status;
    struct br_verifier *verifier;
    struct br_desk *desk;
    struct br_oidc *oidc; /**< NULL: operators log in here alone */
    struct br_slow *slow;
    /** For the operator: something that nobody at the desk sees. */
    void (*warning)(void *ctx, const char *event, const char *text);
    void *warning_ctx;
    atomic_bool stopping;
};

const struct br_http_route *br_orch_routes(size_t *ret_count);

/* ---- shared by the files of this folder --------------------------------- */

uint64_t br_orch_now_s(void);
uint64_t br_orch_now_us(void);
/** The algorithms that we take in proofs. */
#define BR_ORCH_PROOF_ALGS \
    (BR_ALG_ES256 | BR_ALG_ES384 | BR_ALG_ES512 | BR_ALG_EDDSA)
#define BR_ORCH_JWE_ALGS                                              \
    (BR_JWE_ECDH_ES | BR_JWE_ECDH_ES_A128KW | BR_JWE_ECDH_ES_A256KW | \
     BR_JWE_RSA_OAEP_256)
#define BR_ORCH_ENCS (BR_ENC_A128GCM | BR_ENC_A256GCM)

/** JSON that is not to be kept by anyone; b is emptied. */
void br_orch_reply(struct br_http_request *req, int status, struct br_buf *b);
/** The same for whoever asks, from a browser too. */
void br_orch_reply_public(
    struct br_http_request *req, const char *content_type, struct br_buf *b);
/** OAuth's error, with a description: "code: what is wrong". */
void br_orch_refuse(
    struct br_http_request *req, enum br_oauth_error e, const char *why);
/** The same at a resource: with WWW-Authenticate (RFC 6750 section 3). */
void br_orch_refuse_token(
    struct br_http_request *req, enum br_oauth_error e, const char *why);
/** A failure of ours, or one of HTTP: a problem document. */
void br_orch_fail(struct br_http_request *req, const struct br_err *err);

/** Random, ours for a time, for one purpose: see nonce.c. */
enum br_orch_nonce {
    BR_ORCH_C_NONCE = 1, /**< of proofs of keys */
    BR_ORCH_DPOP_NONCE,
    BR_ORCH_CHALLENGE, /**< of client attestations */
};
void br_orch_nonce_make(
    struct br_orch_api *api,
    enum br_orch_nonce kind,
    uint64_t now_s,
    char ret[BR_ORCH_NONCE_TEXT_BYTES]);
bool br_orch_nonce_ok(
    struct br_orch_api *api,
    enum br_orch_nonce kind,
    struct br_bytes nonce,
    uint64_t now_s);
/** A fresh one in the answer's head: in DPoP-Nonce, or
 *  OAuth-Client-Attestation-Challenge. */
void br_orch_nonce_offer(
    struct br_orch_api *api,
    enum br_orch_nonce kind,
    struct br_http_request *req);

/** Where a request came to, and with what. */
struct br_orch_door {
    const char *path;
    struct br_bytes token; /**< that comes with the proof; empty: none */
};
/** The proof in the header DPoP, if there is one: *ret_thumbprint is "" when
 *  there is none. Refuses by itself: false. */
bool br_orch_check_dpop(
    struct br_orch_api *api,
    struct br_http_request *req,
    const struct br_orch_door *door,
    struct br_arena *arena,
    char ret_thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1]);

bool br_orch_needs_dpop(const struct br_orch_api *api);
bool br_orch_is_haip(const struct br_orch_api *api);
/** For attestations; x5c is filled, and belongs to what is returned. */
struct br_attestation_policy
br_orch_providers(struct br_orch_api *api, struct br_x5c_policy *x5c);
struct br_orch_client {
    char id[BR_ORCH_CLIENT_BYTES + 1];           /**< "": nobody was named */
    char instance[BR_THUMBPRINT_TEXT_BYTES + 1]; /**< of the attested key, or ""
                                                  */
};
/** The client that the attestation names, or else what was said. Refuses by
 *  itself: false. */
bool br_orch_check_client(
    struct br_orch_api *api,
    struct br_http_request *req,
    struct br_bytes said,
    struct br_arena *arena,
    struct br_orch_client *ret);
/** authorization_details: *ret is the one configuration that it names, empty
 *  when it is not there. False with the reason. */
bool br_orch_read_details(
    struct br_orch_api *api,
    const struct br_form *form,
    struct br_arena *arena,
    struct br_bytes *ret,
    const char **ret_why);

/** Who asks at a resource: a token, and its proof when it is bound to a key. */
struct br_bearer {
    char text[BR_ORCH_SECRET_TEXT_BYTES];
    struct br_hash offer;
    char client[BR_ORCH_CLIENT_BYTES + 1];
    bool identifiers;
    bool renewed; /**< the token was given for a refresh token */
    struct br_hash claims_key;
};
/** Refuses by itself: false. */
bool br_orch_authenticate(
    struct br_orch_api *api,
    struct br_http_request *req,
    const char *path,
    struct br_arena *arena,
    struct br_bearer *ret);

/** The body: JSON, or JSON encrypted for us. Refuses by itself with e: NULL. */
struct br_json *br_orch_body(
    struct br_orch_api *api,
    struct br_http_request *req,
    struct br_arena *arena,
    enum br_oauth_error e);

/** A new notification id, and the key of its row: they begin with the time, so
 *  that rows of one time lie together. */
void br_orch_notice_new(
    char ret[BR_ORCH_SECRET_TEXT_BYTES], struct br_hash *ret_key);
struct br_hash br_orch_notice_key(struct br_bytes text);

/** How many keys a request may bring: of the type that has most. Metadata has
 *  one number for all types (section 12.2.4). */
uint64_t br_orch_batch_size(const struct br_orch_api *api);

struct br_verifier_request;
/** The request that the address names, in the arena. Refuses by itself. */
enum br_rc br_orch_vp_look(
    struct br_http_request *req,
    void *ctx,
    struct br_arena *arena,
    struct br_verifier_request *ret) BR_MUST_USE;
/** Append the link for it, as its client names itself. */
enum br_rc br_orch_vp_link(
    const struct br_orch_api *api,
    const struct br_verifier_request *r,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- handlers, by file --------------------------------------------------- */
br_http_handler br_orch_get_metadata;
br_http_handler br_orch_get_server_metadata;
br_http_handler br_orch_get_jwt_issuer;
br_http_handler br_orch_get_vct;
br_http_handler br_orch_get_offer;
br_http_handler br_orch_post_token;
br_http_handler br_orch_post_par;
br_http_handler br_orch_get_authorize;
br_http_handler br_orch_post_authorize;
br_http_handler br_orch_post_nonce;
br_http_handler br_orch_post_challenge;
br_http_handler br_orch_post_credential;
br_http_handler br_orch_post_deferred;
br_http_handler br_orch_post_notification;
br_http_handler br_orch_get_status;
br_http_handler br_orch_get_status_lists;
br_http_handler br_orch_get_status_published;
br_http_handler br_orch_get_vp_request; /**< GET and POST */
br_http_handler br_orch_post_vp_response;
br_http_handler br_orch_get_vp_status;
br_http_handler br_orch_get_vp_qr;
br_http_handler br_orch_get_vp_wait;
br_http_handler br_orch_get_livez;
br_http_handler br_orch_get_readyz;
br_http_handler br_orch_get_metrics;
br_http_handler br_orch_get_authority;

#endif
