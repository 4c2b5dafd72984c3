/*
 * What a wallet's provider says of a wallet, and of its keys.
 *
 * - Client attestation (draft-ietf-oauth-attestation-based-client-auth-10,
 *   OpenID4VCI 1.0 appendix E): this client is an instance of that wallet; the
 *   client proves that it holds the key that is named.
 * - Key attestation (OpenID4VCI 1.0 appendix D): these keys lie in such a
 *   storage.
 *
 * Both are signed under a chain of certificates that leads to a provider whom
 * the caller trusts. Pure, apart from signing.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_ATTESTATION_H
#define BR_CREDENTIAL_ATTESTATION_H

#include "common/credential/jws.h"

#define BR_CLIENT_ATTESTATION_TYP "oauth-client-attestation+jwt"
#define BR_CLIENT_POP_TYP         "oauth-client-attestation-pop+jwt"
#define BR_KEY_ATTESTATION_TYP    "key-attestation+jwt"
#define BR_ATTESTED_KEYS_MAX      64

struct br_attestation_policy {
    unsigned algs;
    const struct br_x5c_policy *providers;
    struct br_bytes audience; /**< of the proof: our identifier */
    uint64_t now_s;
    uint64_t window_s; /**< how old a proof may be */
};

struct br_attested_client {
    struct br_bytes client;    /**< sub: its client_id */
    struct br_jwk key;         /**< cnf.jwk */
    struct br_bytes id;        /**< of the proof; whether it was used before is
                                *   the caller's to know, as the next */
    struct br_bytes challenge; /**< that the proof answers; empty: none */
};
/** An attestation and its proof. Rules attest-*, jws-*, x5c-*. */
enum br_rc br_client_attestation_check(
    struct br_bytes attestation,
    struct br_bytes proof,
    const struct br_attestation_policy *policy,
    struct br_arena *arena,
    struct br_attested_client *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Append the proof: made anew for each request, with the key of cnf. */
struct br_client_pop {
    struct br_bytes audience;
    struct br_bytes id;        /**< random, once */
    struct br_bytes challenge; /**< as the server gave it; empty: none */
    uint64_t issued_s;
};
enum br_rc br_client_pop_make(
    const struct br_client_pop *p,
    enum br_key_alg alg,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

struct br_attested_keys {
    struct br_jwk key[BR_ATTESTED_KEYS_MAX];
    size_t count;
    struct br_bytes nonce;         /**< empty: none */
    const struct br_json *storage; /**< key_storage, or NULL */
    const struct br_json *user;    /**< user_authentication, or NULL */
};
/** audience and window_s are not looked at. Rules attest-*, jws-*, x5c-*. */
enum br_rc br_key_attestation_check(
    struct br_bytes token,
    const struct br_attestation_policy *policy,
    struct br_arena *arena,
    struct br_attested_keys *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
