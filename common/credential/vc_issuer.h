/*
 * Whose key signed a credential, where no certificate says it: JWT VC Issuer
 * Metadata (SD-JWT VC section 4), and key sets (RFC 7517 section 5).
 *
 * - br_vc_issuer_url: where the metadata of an iss are; the caller fetches.
 * - br_vc_issuer_parse: they are those of the iss, and have jwks or jwks_uri.
 * - br_jwks_find: the key of the set that a header's kid names.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_VC_ISSUER_H
#define BR_CREDENTIAL_VC_ISSUER_H

#include "common/base/buf.h"
#include "common/codec/json.h"
#include "common/credential/jwk.h"

#define BR_JWKS_KEYS_MAX 128

struct br_vc_issuer {
    struct br_bytes issuer;
    const struct br_json *jwks; /**< the set, or NULL: it lies at jwks_uri */
    struct br_bytes jwks_uri;   /**< empty: the set is in jwks */
};

/** Append the address of the metadata: "/.well-known/jwt-vc-issuer" between
 *  host and path. vc-iss: not https, or with query, fragment or user. */
enum br_rc br_vc_issuer_url(
    struct br_bytes iss, struct br_buf *b, struct br_err *reterr) BR_MUST_USE;

/** The document fetched from there, which the result borrows. vc-issuer,
 *  vc-issuer-keys. */
enum br_rc br_vc_issuer_parse(
    const struct br_json *v,
    struct br_bytes iss,
    struct br_vc_issuer *ret,
    struct br_err *reterr) BR_MUST_USE;

/** The key that verifies alg: the one of this kid, or, where kid is empty, the
 *  set's only one. Keys of kinds that we do not know are passed over. vc-key:
 *  none, or more than one; vc-issuer-keys: no key set. */
enum br_rc br_jwks_find(
    const struct br_json *jwks,
    struct br_bytes kid,
    enum br_key_alg alg,
    struct br_jwk *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
