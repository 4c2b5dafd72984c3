/*
 * SD-JWT VC (draft-ietf-oauth-sd-jwt-vc-18): what makes an SD-JWT a credential.
 *
 * - br_vc_open reads one and finds how its issuer's key is named; br_vc_verify
 *   checks everything under a key that the caller resolved, or a chain of
 *   certificates that leads to one of the caller's authorities.
 * - typ is dc+sd-jwt; vc+sd-jwt, of older issuers, where the policy says so.
 * - Claims that decide whether it counts (iss, nbf, exp, cnf, vct, aka_vcts,
 *   status) are never disclosures (section 2.2.2.3).
 * - Its status is not fetched here: the reference is told.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_SD_JWT_VC_H
#define BR_CREDENTIAL_SD_JWT_VC_H

#include "common/credential/sd_jwt.h"
#include "common/credential/status_list.h"

#define BR_VC_FORMAT "dc+sd-jwt"

struct br_vc {
    struct br_sd_jwt sd;
    struct br_json *claims; /**< processed: sd.jws must be verified before */
    struct br_bytes vct;
    struct br_bytes vct_integrity; /**< empty: not said, as are the others */
    struct br_bytes issuer;
    struct br_bytes subject;
    uint64_t issued_s; /**< 0: not said */
    uint64_t not_before_s;
    uint64_t expires_s;
    bool has_status;
    struct br_status_reference status;
    bool has_holder;
    struct br_jwk holder;    /**< cnf.jwk */
    struct br_json *binding; /**< what the holder signed; NULL: nothing asked */
};

struct br_vc_policy {
    unsigned algs;  /**< 0: ES256, ES384, ES512, EdDSA */
    bool older_typ; /**< take vc+sd-jwt too */
    uint64_t now_s;
    const struct br_key *key;        /**< the issuer's, as resolved; or: */
    const struct br_x5c_policy *x5c; /**< whom its certificates lead to */
    /** NULL: none is asked for, and none may be there when it is the holder who
     *  looks (RFC 9901 section 7.2). */
    const struct br_sd_binding_policy *binding;
};

/** Read, nothing verified: sd.jws.sources says how the key is named, issuer and
 *  vct whose it claims to be. Rules sd-*, jws-*, vc-*. */
enum br_rc br_vc_open(
    struct br_bytes text,
    const struct br_vc_policy *policy,
    struct br_arena *arena,
    struct br_vc *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Signature, disclosures, times, binding. */
enum br_rc br_vc_verify(
    struct br_vc *vc,
    const struct br_vc_policy *policy,
    struct br_arena *arena,
    struct br_err *reterr) BR_MUST_USE;

/** Is it of this type, by vct or aka_vcts? */
bool br_vc_is(const struct br_vc *vc, struct br_bytes vct);

/** Names that an issuer must not make disclosable. */
bool br_vc_is_fixed(struct br_bytes name);

#endif
