/*
 * OpenID for Verifiable Credential Issuance 1.0: its messages, both ways.
 *
 * | message               | section | file           |
 * |-----------------------|---------|----------------|
 * | offer, its link       | 4.1     | vci_offer.c    |
 * | issuer's metadata     | 12.2    | vci_metadata.c |
 * | the same, signed      | 12.2.3  | vci_signed.c   |
 * | server's metadata     | RFC 8414| vci_metadata.c |
 * | token response        | 6.2     | vci_request.c  |
 * | nonce response        | 7.2     | vci_request.c  |
 * | credential request    | 8.2     | vci_request.c  |
 * | credential response   | 8.3     | vci_request.c  |
 * | deferred, notification| 9, 11   | vci_request.c  |
 * | key proof             | F       | vci_proof.c    |
 *
 * - What is read borrows from the JSON value that it came from.
 * - Parameters that are not known are passed over, as the specification asks;
 *   those that are known have the right type, or the message is refused.
 * - The format is dc+sd-jwt.
 *
 * Pure, apart from signing.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_VCI_H
#define BR_CREDENTIAL_VCI_H

#include "common/credential/jwe.h"
#include "common/credential/jws.h"
#include "common/credential/oauth.h"

#define BR_VCI_PRE_AUTHORIZED \
    "urn:ietf:params:oauth:grant-type:pre-authorized_code"
#define BR_VCI_PROOF_TYP       "openid4vci-proof+jwt"
#define BR_VCI_ATTESTATION_TYP "key-attestation+jwt"
#define BR_VCI_METADATA_TYP    "openidvci-issuer-metadata+jwt"
#define BR_VCI_OFFERED_MAX     16
/* Keys in one request: more than anybody's batch. */
#define BR_VCI_PROOFS_MAX 64

/* ---- offers ------------------------------------------------------------- */

struct br_vci_offer {
    struct br_bytes issuer;
    struct br_bytes configurations[BR_VCI_OFFERED_MAX];
    size_t count;
    struct br_bytes code;    /**< pre-authorized; empty: not granted so */
    bool tx_code;            /**< a transaction code is asked for */
    bool tx_text;            /**< of any characters, not of digits alone */
    uint64_t tx_length;      /**< 0: not said */
    struct br_bytes tx_hint; /**< its description */
    struct br_bytes code_server;
    bool authorization_code; /**< the other grant is offered */
    struct br_bytes issuer_state;
    struct br_bytes authorization_server;
};
/** vci-offer. */
enum br_rc br_vci_offer_parse(
    const struct br_json *v,
    struct br_vci_offer *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_vci_offer_write(struct br_json_writer *w, const struct br_vci_offer *o);

/** What a link carries: the address of an offer, or the offer. */
struct br_vci_link {
    bool by_reference;
    struct br_bytes value; /**< decoded, in the arena */
};
/** Any scheme: openid-credential-offer://, haip-vci://, https://. vci-link. */
enum br_rc br_vci_link_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_vci_link *ret,
    struct br_err *reterr) BR_MUST_USE;
/** scheme: "openid-credential-offer". */
void br_vci_link_put(
    struct br_buf *b, const char *scheme, const struct br_vci_link *link);

/* ---- metadata ----------------------------------------------------------- */

/** The address of a well-known document: its name goes between the host and
 *  the path of the identifier (section 12.2.2; RFC 8414 section 3.1).
 *  vci-metadata: no https or http address. */
enum br_rc br_vci_well_known(
    struct br_bytes issuer,
    const char *name,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

struct br_vci_request_encryption {
    bool offered;
    bool required;
    struct br_jwk key; /**< the first of jwks that we can encrypt for */
    unsigned alg;      /**< an enum br_jwe_alg: the key's */
    unsigned encs;     /**< set of enum br_enc */
};
struct br_vci_response_encryption {
    bool offered;
    bool required;
    unsigned algs;
    unsigned encs;
};
struct br_vci_issuer {
    struct br_bytes issuer;
    struct br_bytes credential_endpoint;
    struct br_bytes nonce_endpoint; /**< empty: none, as the next two */
    struct br_bytes deferred_endpoint;
    struct br_bytes notification_endpoint;
    struct br_bytes authorization_server; /**< the first; else the issuer */
    const struct br_json *servers; /**< authorization_servers; NULL: not said */
    uint64_t batch_size;           /**< 1: one at a time */
    struct br_vci_request_encryption request;
    struct br_vci_response_encryption response;
    const struct br_json *display;        /**< or NULL */
    const struct br_json *configurations; /**< by identifier */
};
/** Fetched for this identifier: vci-metadata, vci-issuer. */
enum br_rc br_vci_issuer_parse(
    const struct br_json *v,
    struct br_bytes identifier,
    struct br_vci_issuer *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Metadata as a JWT, and the key that signed it (section 12.2.3). */
struct br_vci_signed {
    struct br_json *metadata;
    struct br_key key;
};
/** For this identifier, now, under a chain that leads to somebody trusted.
 *  vci-signed, jws-*, x5c-*. */
enum br_rc br_vci_signed_parse(
    struct br_bytes text,
    struct br_bytes identifier,
    const struct br_x5c_policy *policy,
    struct br_arena *arena,
    struct br_vci_signed *ret,
    struct br_err *reterr) BR_MUST_USE;

struct br_vci_configuration {
    struct br_bytes id;
    struct br_bytes scope;
    struct br_bytes vct;
    bool bound;                /**< proofs are asked for */
    unsigned jwt_algs;         /**< of proofs of kind jwt; 0: not that kind */
    unsigned attestation_algs; /**< of kind attestation */
    bool attestation_required; /**< within proofs of kind jwt */
    const struct br_json *metadata; /**< credential_metadata, or NULL */
};
/** vci-configuration. */
enum br_rc br_vci_configuration_parse(
    const struct br_vci_issuer *issuer,
    struct br_bytes id,
    struct br_vci_configuration *ret,
    struct br_err *reterr) BR_MUST_USE;

struct br_oauth_server {
    struct br_bytes issuer;
    struct br_bytes token_endpoint;
    struct br_bytes authorization_endpoint; /**< empty: none, as the next */
    struct br_bytes par_endpoint;
    struct br_bytes challenge_endpoint; /**< of client attestations */
    bool par_required;
    bool pre_authorized; /**< the grant is supported */
    bool anonymous;      /**< without a client_id */
    bool iss_returned;   /**< RFC 9207 */
    bool s256;           /**< PKCE, or nothing is said of it */
    unsigned dpop_algs;  /**< 0: DPoP is not spoken */
};
/** oauth-metadata, oauth-issuer. */
enum br_rc br_oauth_server_parse(
    const struct br_json *v,
    struct br_bytes identifier,
    struct br_oauth_server *ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- token, nonce ------------------------------------------------------- */

struct br_vci_token {
    struct br_bytes access_token;
    bool dpop; /**< token_type */
    uint64_t expires_in;
    struct br_bytes refresh_token; /**< empty: none */
    /** Of authorization_details, when they were asked for: the first
     *  identifier of the first credential; empty: none. */
    struct br_bytes configuration;
    struct br_bytes identifier;
};
/** oauth-token. */
enum br_rc br_vci_token_parse(
    const struct br_json *v,
    struct br_vci_token *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_vci_token_write(struct br_json_writer *w, const struct br_vci_token *t);
/** The first credential_identifier of a configuration in a token response
 *  (section 6.2); empty when there is none. oauth-token. */
enum br_rc br_vci_token_identifier(
    const struct br_json *v,
    struct br_bytes configuration,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;
/** vci-nonce. */
enum br_rc br_vci_nonce_parse(
    const struct br_json *v,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- credentials -------------------------------------------------------- */

/** Where an answer is to be encrypted for. */
struct br_vci_encryption {
    bool wanted;
    struct br_jwk key;
    unsigned alg; /**< an enum br_jwe_alg: that of the key's alg */
    enum br_enc enc;
};
enum br_vci_proof_kind {
    BR_VCI_PROOF_NONE,
    BR_VCI_PROOF_JWT,
    BR_VCI_PROOF_ATTESTATION,
};
struct br_vci_request {
    struct br_bytes configuration; /**< one of these two is empty */
    struct br_bytes identifier;
    enum br_vci_proof_kind kind;
    struct br_bytes proofs[BR_VCI_PROOFS_MAX];
    size_t count;
    struct br_vci_encryption encryption;
};
/** vci-request; vci-encryption, then with *ret_error as this, for a request
 *  that is wrong in its encryption parameters alone: those have an error of
 *  their own, as proofs have. */
enum br_rc br_vci_request_parse(
    const struct br_json *v,
    struct br_vci_request *ret,
    enum br_oauth_error *ret_error,
    struct br_err *reterr) BR_MUST_USE;
void
br_vci_request_write(struct br_json_writer *w, const struct br_vci_request *r);

struct br_vci_response {
    struct br_bytes credentials[BR_VCI_PROOFS_MAX];
    size_t count;
    struct br_bytes transaction_id; /**< not empty: ask again later */
    uint64_t interval_s;
    struct br_bytes notification_id; /**< empty: none */
};
/** vci-response. Of credential and deferred credential endpoints. */
enum br_rc br_vci_response_parse(
    const struct br_json *v,
    struct br_vci_response *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_vci_response_write(
    struct br_json_writer *w, const struct br_vci_response *r);

struct br_vci_deferred {
    struct br_bytes transaction_id;
    struct br_vci_encryption encryption;
};
/** As br_vci_request_parse; vci-deferred. */
enum br_rc br_vci_deferred_parse(
    const struct br_json *v,
    struct br_vci_deferred *ret,
    enum br_oauth_error *ret_error,
    struct br_err *reterr) BR_MUST_USE;
void br_vci_deferred_write(
    struct br_json_writer *w, const struct br_vci_deferred *d);

enum br_vci_event {
    BR_VCI_ACCEPTED,
    BR_VCI_FAILURE,
    BR_VCI_DELETED,
};
const char *br_vci_event_name(enum br_vci_event e);
struct br_vci_notification {
    struct br_bytes id;
    enum br_vci_event event;
    struct br_bytes description; /**< empty: none */
};
/** vci-notification. */
enum br_rc br_vci_notification_parse(
    const struct br_json *v,
    struct br_vci_notification *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_vci_notification_write(
    struct br_json_writer *w, const struct br_vci_notification *n);

/* ---- key proofs: appendix F --------------------------------------------- */

struct br_vci_proof {
    struct br_bytes audience; /**< the issuer's identifier */
    struct br_bytes nonce;    /**< c_nonce; empty: the issuer has none */
    struct br_bytes client;   /**< iss; empty: nobody in particular */
    uint64_t issued_s;
    struct br_bytes attestation; /**< key_attestation; empty: none */
};
/** Append a proof of kind jwt, with the key in its header. */
enum br_rc br_vci_proof_make(
    const struct br_vci_proof *p,
    enum br_key_alg alg,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

struct br_vci_proof_policy {
    unsigned algs;
    struct br_bytes audience;
    struct br_bytes client; /**< empty: the token was given to nobody */
    uint64_t now_s;
    uint64_t window_s;
};
struct br_vci_proven {
    struct br_jwk key;
    struct br_bytes nonce; /**< empty: it has none; whose it is, is not told */
    struct br_bytes attestation; /**< not looked at; empty: none */
};
/** Everything but the nonce, of which the issuer knows whether it is its own.
 *  Rules proof-*, jws-*, jwk-*. */
enum br_rc br_vci_proof_check(
    struct br_bytes proof,
    const struct br_vci_proof_policy *policy,
    struct br_arena *arena,
    struct br_vci_proven *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
