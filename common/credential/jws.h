/*
 * JSON Web Signatures (RFC 7515), compact serialisation, under a policy.
 *
 * - Two steps. br_jws_parse holds the header against the policy and finds the
 *   key that it names; br_jws_verify checks the signature under a key that the
 *   caller has decided to trust, and only then gives the payload.
 * - alg is chosen from the policy's allow-list, and the key must be of the kind
 *   that alg signs with: a token does not choose how it is verified.
 * - What was signed is verified as it came. Nothing is written again.
 * - Always refused: "none", MACs, b64, jku, x5u, names twice, a crit that the
 *   caller does not understand. docs/jose.md lists every rule.
 *
 * The JSON serialisations are not read: no format that we speak uses them.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_JWS_H
#define BR_CREDENTIAL_JWS_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/codec/json.h"
#include "common/credential/jwk.h"
#include "common/credential/x5c.h"

/** Members of a header by which it names its key. */
enum br_key_source {
    BR_KEY_BY_JWK = 0x01,
    BR_KEY_BY_X5C = 0x02,
    BR_KEY_BY_KID = 0x04,
    BR_KEY_BY_CALLER = 0x08, /**< none of them: the caller knows the key */
};

/** What one use of tokens allows. Static tables, one for each use. */
struct br_jws_policy {
    unsigned algs;            /**< set of enum br_key_alg */
    unsigned sources;         /**< set of enum br_key_source */
    bool one_source;          /**< exactly one of jwk, x5c and kid, as proofs
                               *   of OpenID4VCI 1.0 appendix F.1 have it */
    const char *const *types; /**< values of typ, closed by NULL; NULL: typ
                               *   is not looked at */
    const char *const *crit;  /**< extensions that the caller processes, closed
                               *   by NULL; NULL: none */
    size_t bytes_max;         /**< 0: BR_JWS_BYTES_MAX */
};

/** Borrows the token, and lies in the arena. */
struct br_jws {
    const struct br_json *header;
    enum br_key_alg alg;
    unsigned sources;    /**< which of jwk, x5c and kid are there */
    struct br_bytes typ; /**< empty when not there */
    struct br_bytes kid;
    struct br_jwk jwk; /**< fit to verify alg, if BR_KEY_BY_JWK */
    struct br_x5c x5c; /**< not yet trusted; same key as jwk if both */
    struct br_bytes signing_input;
    struct br_bytes signature;
    /** To find out whose key it is. Believe it after br_jws_verify. */
    struct br_bytes unverified_payload;
};

/** The rules jws-*, jwk-* for a jwk, x5c-form and x5c-key for an x5c. */
enum br_rc br_jws_parse(
    struct br_bytes token,
    const struct br_jws_policy *policy,
    struct br_arena *arena,
    struct br_jws *ret,
    struct br_err *reterr) BR_MUST_USE;

/** jws-signature, jws-key. ret_payload may be NULL. */
enum br_rc br_jws_verify(
    const struct br_jws *jws,
    const struct br_key *key,
    struct br_bytes *ret_payload,
    struct br_err *reterr) BR_MUST_USE;
/** Under the first certificate of its x5c, once that is trusted. jws-key-source
 *  when there is none. */
enum br_rc br_jws_verify_x5c(
    const struct br_jws *jws,
    const struct br_x5c_policy *policy,
    struct br_bytes *ret_payload,
    struct br_err *reterr) BR_MUST_USE;
/** Under the jwk of its header: proves that the sender holds that key, and
 *  nothing about who it is. */
enum br_rc br_jws_verify_jwk(
    const struct br_jws *jws,
    struct br_bytes *ret_payload,
    struct br_err *reterr) BR_MUST_USE;

/** What is written in a header, after alg: what is NULL or empty is left out.
 */
struct br_jws_header {
    enum br_key_alg alg;
    const char *typ;
    struct br_bytes kid;
    const struct br_key *jwk;
    const struct br_x5c *x5c;
    const struct br_json *more; /**< an object; its members are copied, and none
                                 *   has a name of those above: asserted */
};

/** Append the token to ret. UNSUPPORTED, KEY_LOCKED, TOO_LARGE, NO_MEMORY; ret
 *  is then as long as it was. */
enum br_rc br_jws_sign(
    const struct br_jws_header *header,
    struct br_bytes payload,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
