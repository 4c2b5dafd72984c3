/*
 * OpenID Connect Core 1.0 as a relying party: what is sent to a provider, and
 * what is believed of its answers.
 *
 * - The authorization code flow alone, with PKCE (S256), state, nonce, and
 *   `iss` in the answer (RFC 9207) wherever the provider promises it.
 * - A provider is known by its issuer; everything else about it is in its
 *   metadata, which must name that issuer.
 * - An ID token is for us alone: further audiences are refused. Its alg is
 *   ES256, PS256 or RS256; its key is the provider's, by kid.
 * - Who somebody is stands in one claim. SPID and CIE write a tax code with a
 *   prefix ("TINIT-"), and tell it at UserInfo rather than in the ID token.
 *
 * Pure, apart from signing. Texts borrow the arena and the arguments.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_OIDC_H
#define BR_ORCHESTRATOR_OIDC_H

#include "common/credential/jws.h"
#include "common/credential/oauth.h"

#define BR_OIDC_ALGS (BR_ALG_ES256 | BR_ALG_PS256 | BR_ALG_RS256)

enum {
    BR_OIDC_TOKEN_BYTES_MAX = 32 * 1024,
    BR_OIDC_URL_BYTES_MAX = 2048,
    BR_OIDC_IDENTITY_BYTES = 255, /**< of sub, Core section 2 */
    BR_OIDC_SKEW_S = 60,          /**< clocks differ */
    BR_OIDC_AGE_S = 600,          /**< an ID token is of this login */
};

struct br_oidc_provider {
    struct br_bytes issuer;
    struct br_bytes authorization;
    struct br_bytes token;
    struct br_bytes jwks;
    struct br_bytes userinfo;    /**< may be empty, as the next */
    struct br_bytes end_session; /**< RP-Initiated Logout 1.0 */
    bool tells_iss;              /**< RFC 9207 section 3 */
    bool takes_claims;           /**< the parameter claims, section 5.5 */
};
/** Discovery 1.0 section 3. Rules oidc-metadata, oidc-issuer. */
enum br_rc br_oidc_provider_parse(
    const struct br_json *metadata,
    struct br_bytes issuer,
    struct br_oidc_provider *ret,
    struct br_err *reterr) BR_MUST_USE;

/** How somebody is told. */
enum br_oidc_kind {
    BR_OIDC_SUBJECT,  /**< exactly */
    BR_OIDC_TAX_CODE, /**< without TINIT-, in capitals */
    BR_OIDC_EMAIL,    /**< verified, in small letters */
};
/** UNSUPPORTED. */
enum br_rc br_oidc_kind_by_name(
    const char *name,
    enum br_oidc_kind *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The claim that has it, unless another is configured. */
const char *br_oidc_kind_claim(enum br_oidc_kind kind);

/** What we are to the provider. */
struct br_oidc_client {
    struct br_bytes id;
    struct br_bytes redirect_uri;
    struct br_bytes scope;
    struct br_bytes acr; /**< those that are enough, with spaces; or empty */
    struct br_bytes claim;
    enum br_oidc_kind kind;
};

/** Of one login; texts are random. */
struct br_oidc_login {
    struct br_bytes state;
    struct br_bytes nonce;
    struct br_bytes verifier; /**< PKCE */
};
/** Append the address to which the browser goes. */
enum br_rc br_oidc_put_request(
    const struct br_oidc_provider *p,
    const struct br_oidc_client *c,
    const struct br_oidc_login *l,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Append that of the logout. */
enum br_rc br_oidc_put_logout(
    const struct br_oidc_provider *p,
    const struct br_oidc_client *c,
    struct br_bytes back,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;
/** iss of the answer (RFC 9207 section 2.4); empty: it is not there. oidc-mix.
 */
enum br_rc br_oidc_check_iss(
    const struct br_oidc_provider *p,
    struct br_bytes iss,
    struct br_err *reterr) BR_MUST_USE;

/** private_key_jwt (Core section 9): append the assertion. */
struct br_oidc_assertion {
    struct br_bytes client;
    struct br_bytes audience;
    struct br_bytes id; /**< jti */
    uint64_t now_s;
    enum br_key_alg alg;
    struct br_bytes kid;
};
enum br_rc br_oidc_assertion_sign(
    const struct br_oidc_assertion *a,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

struct br_oidc_expected {
    const struct br_oidc_provider *provider;
    const struct br_oidc_client *client;
    const struct br_json *keys; /**< the provider's JWK Set */
    struct br_bytes nonce;
    struct br_bytes access_token; /**< for at_hash; empty: none */
    uint64_t now_s;
};
/** Verify an ID token; *ret are its claims. Rules jws-*, jwk-*, oidc-*;
 *  oidc-key when no key of the set fits: it may be newer than the set. */
enum br_rc br_oidc_id_token(
    struct br_bytes token,
    const struct br_oidc_expected *x,
    struct br_arena *arena,
    const struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;
/** What UserInfo answered. */
struct br_oidc_info {
    struct br_bytes body;
    bool is_jwt; /**< signed, and not plain JSON */
};
/** Its claims; it must be about sub. */
enum br_rc br_oidc_userinfo(
    const struct br_oidc_info *info,
    struct br_bytes sub,
    const struct br_oidc_expected *x,
    struct br_arena *arena,
    const struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;

/** Who it is, in the form that is compared, with a NUL. NOT_FOUND: the claims
 *  do not say; oidc-identity: they say it, and it does not count. */
enum br_rc br_oidc_identity(
    const struct br_json *claims,
    const struct br_oidc_client *c,
    char ret[BR_OIDC_IDENTITY_BYTES + 1],
    struct br_err *reterr) BR_MUST_USE;
/** The same of a text that an operator wrote. OUT_OF_RANGE. */
enum br_rc br_oidc_normalize(
    enum br_oidc_kind kind,
    struct br_bytes text,
    char ret[BR_OIDC_IDENTITY_BYTES + 1],
    struct br_err *reterr) BR_MUST_USE;

#endif
