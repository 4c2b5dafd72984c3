/*
 * Asking for credentials (OpenID4VP 1.0): the request that a verifier makes
 * and a wallet checks.
 *
 *   openid4vp://?client_id=...&request_uri=...[&request_uri_method=post]
 *
 * | prefix of client_id      | the request is signed by              | 5.9.3 |
 * |--------------------------|---------------------------------------|-------|
 * | x509_hash                | the first certificate of x5c          | yes   |
 * | x509_san_dns             | the same, which names the host        | yes   |
 * | decentralized_identifier | a key of the DID, named by kid        | yes   |
 * | verifier_attestation     | the key that somebody trusted attests | yes   |
 * | redirect_uri             | nobody: all is in the link            | yes   |
 * | openid_federation        | refused for now, as is "origin"       | no    |
 *
 * - Answers go by direct_post or direct_post.jwt; queries are DCQL.
 * - A client identifier is always used whole, with its prefix (section 14.8).
 * - A wallet reads a request in two steps: br_vp_open says who claims to ask,
 *   so that a DID can be resolved; br_vp_check believes it, or refuses.
 * - The answer is in vp_response.h, transaction data in vp_transaction.h.
 *
 * Pure, apart from signing.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_VP_H
#define BR_CREDENTIAL_VP_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/codec/json.h"
#include "common/credential/dcql.h"
#include "common/credential/jws.h"

/* A query of a hundred claims, a chain of certificates, some transactions. */
#define BR_VP_REQUEST_BYTES_MAX (256u * 1024)
#define BR_VP_REQUEST_TYP       "oauth-authz-req+jwt"
#define BR_VP_REQUEST_TYPE      "application/oauth-authz-req+jwt"
/* Static discovery (section 5.8): any wallet. */
#define BR_VP_AUDIENCE "https://self-issued.me/v2"
/* Fewer URL-safe characters than this cannot hold 128 bits. */
#define BR_VP_NONCE_CHARS_MIN 22
#define BR_VP_SCHEME          "openid4vp://"

/* ---- who asks ----------------------------------------------------------- */

enum br_vp_prefix {
    BR_VP_X509_HASH,
    BR_VP_X509_SAN_DNS,
    BR_VP_DID,
    BR_VP_ATTESTATION,
    BR_VP_REDIRECT_URI,
};

struct br_vp_client {
    enum br_vp_prefix prefix;
    struct br_bytes full; /**< with the prefix: what the answer is bound to */
    struct br_bytes id;   /**< without it */
};
/** vp-client-prefix. */
enum br_rc br_vp_client_parse(
    struct br_bytes text,
    struct br_vp_client *ret,
    struct br_err *reterr) BR_MUST_USE;
/** "x509_hash", ... */
const char *br_vp_prefix_name(enum br_vp_prefix prefix);

/** An https address without user, fragment and odd characters; http where
 *  `plain` allows it. *ret_host borrows it, without the port. vp-address. */
enum br_rc br_vp_address_check(
    struct br_bytes url,
    bool plain,
    struct br_bytes *ret_host,
    struct br_err *reterr) BR_MUST_USE;

/* ---- making ------------------------------------------------------------- */

enum br_vp_mode { BR_VP_DIRECT_POST, BR_VP_DIRECT_POST_JWT };

/** What a verifier says; texts are UTF-8, empty ones are left out. */
struct br_vp_ask {
    struct br_bytes client_id;
    struct br_bytes response_uri;
    enum br_vp_mode mode;
    struct br_bytes nonce; /**< 128 random bits or more, as state: asserted */
    struct br_bytes state;
    struct br_bytes wallet_nonce; /**< as the wallet sent it */
    struct br_bytes purpose;      /**< a parameter of ours: told to people */
    const struct br_json *query;  /**< DCQL */
    const struct br_json *transaction_data; /**< array of strings, or NULL */
    const struct br_key *encryption; /**< P-256, for this request alone; with
                                      *   direct_post.jwt: asserted */
    struct br_bytes encryption_kid;
    struct br_bytes contacts; /**< where people ask about their data: addresses
                               *   with a space between them; client_metadata */
    struct br_bytes policy_uri;   /**< the same of its privacy policy */
    struct br_bytes registration; /**< a JWT (vp_registration.h) */
    uint64_t issued_s;
    uint64_t expires_s;
};

/** Append the request object's claims as JSON. */
enum br_rc br_vp_ask_encode(
    const struct br_vp_ask *ask,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;
/** Append the signed request object. header says alg and x5c, kid, or what is
 *  in more; typ is set here. */
enum br_rc br_vp_ask_sign(
    const struct br_vp_ask *ask,
    const struct br_jws_header *header,
    struct br_private_key *key,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;
/** Append the link by reference. */
void br_vp_link_put(
    struct br_buf *b,
    struct br_bytes client_id,
    struct br_bytes request_uri,
    bool post);
/** Append the link that carries everything itself, for redirect_uri. */
enum br_rc br_vp_ask_link_put(
    const struct br_vp_ask *ask,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;

/* ---- reading ------------------------------------------------------------ */

/** A link as it was scanned; in the arena. */
struct br_vp_link {
    struct br_bytes client_id;
    struct br_bytes request_uri; /**< or: */
    struct br_bytes request;     /**< the object itself; or, both empty: */
    struct br_json *parameters;  /**< the unsigned request */
    bool post;                   /**< request_uri_method */
};
/** vp-link, vp-uri-method, oauth-form. */
enum br_rc br_vp_link_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_vp_link *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Somebody who attests verifiers (section 12). */
struct br_vp_attester {
    struct br_bytes issuer;
    struct br_key key;
};

/** What a wallet goes by. */
struct br_vp_policy {
    const struct br_x509_trust *trust; /**< of verifiers */
    const struct br_vp_attester *attesters;
    size_t attester_count;
    const struct br_json *did_document; /**< of the DID that asks, if it has no
                                         *   key in itself; or NULL */
    struct br_bytes wallet_nonce;       /**< that was sent; empty: none */
    bool plain_http; /**< development: addresses may be http */
    bool haip;       /**< HAIP 1.0: x509_hash, direct_post.jwt, nothing else */
    uint64_t now_s;
};

/** Borrows the object and the link, and lies in the arena. */
struct br_vp_request {
    struct br_vp_client client;
    bool is_signed;
    bool may_answer; /**< set by br_vp_check when it is the client who asks and
                      *   response_uri is its own: errors may be posted there */
    struct br_jws jws; /**< when signed */
    const struct br_json *claims;
    enum br_vp_mode mode;
    struct br_bytes response_uri;
    struct br_bytes response_host;
    bool host_is_certified; /**< the certificate, or the DID, names that host */
    struct br_bytes nonce;
    struct br_bytes state; /**< empty: none, as is purpose */
    struct br_bytes purpose;
    uint64_t expires_s; /**< 0: not said */
    struct br_dcql query;
    const struct br_json *transaction_data; /**< checked; NULL: none */
    struct br_jwk encryption;               /**< of direct_post.jwt */
    bool a256gcm;
};

/** Read what came for a link: the body of request_uri, or empty when the link
 *  has all. Of *ret there is client, jws, claims, response_uri and state, and
 *  none of it is believed yet. vp-*, jws-*. */
enum br_rc br_vp_open(
    const struct br_vp_link *link,
    struct br_bytes object,
    struct br_arena *arena,
    struct br_vp_request *ret,
    struct br_err *reterr) BR_MUST_USE;
/** All the rest. vp-*, jws-signature, x5c-*, dcql-*, did-*. */
enum br_rc br_vp_check(
    struct br_vp_request *r,
    const struct br_vp_policy *policy,
    struct br_arena *arena,
    struct br_err *reterr) BR_MUST_USE;

#endif
