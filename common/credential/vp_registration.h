/*
 * What a verifier is registered for: the registration certificate of a
 * wallet-relying party (ETSI TS 119 475), which comes in verifier_info
 * (OpenID4VP 1.0 section 5.1) as {"format":"registration_cert","data":JWT}.
 *
 * - typ rc-wrp+jwt, signed under an x5c that leads to a registrar who is
 *   trusted for that, and for nothing else: who may certify a verifier's key
 * may not say what it is allowed to ask.
 * - sub is the identifier that the certificate of the request names
 *   (organizationIdentifier, or serialNumber): a registration is nobody else's.
 * - "If the Wallet uses information from verifier_info, the Wallet MUST
 * validate the signature and ensure binding": what fails here is not used at
 * all.
 * - Members were named otherwise in earlier versions of that document; both
 *   forms are read: claim and claims, value and content, one text or several.
 * - Its status is a reference as in a credential; who can fetch looks.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_VP_REGISTRATION_H
#define BR_CREDENTIAL_VP_REGISTRATION_H

#include "common/credential/vp.h"

#define BR_VP_REGISTRATION_TYP    "rc-wrp+jwt"
#define BR_VP_REGISTRATION_FORMAT "registration_cert"

/** Borrows the request's arena. */
struct br_vp_registration {
    const struct br_json *claims;
    struct br_bytes name;
    struct br_bytes subject;           /**< sub */
    const struct br_json *purpose;     /**< [{"lang","value"}], or NULL */
    const struct br_json *credentials; /**< what it may ask; NULL: nothing */
    const struct br_json *support; /**< support_uri: text or texts, or NULL */
    const struct br_json *policy;  /**< privacy_policy, or NULL */
    const struct br_json *supervisor; /**< supervisory_authority, or NULL */
};

/** Does verifier_info bring one? Says nothing about it. */
bool br_vp_registration_comes(const struct br_vp_request *r);

/** The first that verifier_info brings, once it is believed. The request has
 *  been checked. registrars: NULL: nobody is trusted. NOT_FOUND: none came;
 *  rules vp-registration, jws-*, x5c-*. */
enum br_rc br_vp_registration_read(
    const struct br_vp_request *r,
    const struct br_x509_trust *registrars,
    uint64_t now_s,
    struct br_arena *arena,
    struct br_vp_registration *ret,
    struct br_err *reterr) BR_MUST_USE;

/** May it ask for a credential of this format and type? */
bool br_vp_registration_has_type(
    const struct br_vp_registration *reg,
    struct br_bytes format,
    struct br_bytes vct);
/** And for the claim at this path: one that is registered leads to it, or to
 *  something above it. An entry without claims allows all. */
bool br_vp_registration_has_claim(
    const struct br_vp_registration *reg,
    struct br_bytes format,
    struct br_bytes vct,
    const struct br_json *path);

#endif
