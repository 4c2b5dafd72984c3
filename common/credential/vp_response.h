/*
 * Answering a request for credentials (OpenID4VP 1.0 section 8): what a wallet
 * posts to response_uri, and what a verifier makes of it.
 *
 *   vp_token=<JSON>&state=...                       direct_post
 *   response=<JWE of {"vp_token":...,"state":...}>  direct_post.jwt
 *   error=access_denied&error_description=...&state=...
 *
 * Pure; randomness for the encryption is an argument.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_VP_RESPONSE_H
#define BR_CREDENTIAL_VP_RESPONSE_H

#include "common/credential/jwe.h"
#include "common/credential/vp.h"

/* A form: percent signs make base64url no longer, but JSON's signs are. */
#define BR_VP_RESPONSE_BYTES_MAX (4u * 1024 * 1024)

/** Section 8.5 and RFC 6749: the name of the error that a refusal is answered
 *  with: "invalid_request" for most rules. */
const char *br_vp_error_name(const struct br_err *why);

/** The presentations that answer one query. */
struct br_vp_entry {
    struct br_bytes id;
    const struct br_bytes *presentations;
    size_t count;
};
struct br_vp_token {
    const struct br_vp_entry *entries;
    size_t count;
};

/** Append the form to post. fresh is used for direct_post.jwt only. */
enum br_rc br_vp_response_encode(
    const struct br_vp_request *r,
    const struct br_vp_token *token,
    const struct br_jwe_fresh *fresh,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;
/** Append the form that says no: never encrypted, without anything about the
 *  person (section 15.9). */
void br_vp_error_encode(
    const struct br_vp_request *r,
    const char *error,
    const char *description,
    struct br_buf *b);

/** What a verifier knows of its request. */
struct br_vp_expected {
    enum br_vp_mode mode;
    struct br_bytes state;
    const struct br_private_key *encryption; /**< of direct_post.jwt */
    struct br_bytes encryption_kid;
    const struct br_dcql *query;
};

struct br_vp_answer {
    const struct br_json *token; /**< an object by query, or NULL: */
    struct br_bytes error;       /**< the wallet's reason */
    struct br_bytes description;
};

/** The posted form: opened, its state compared, its vp_token of the form of
 *  section 8.1. vp-response, vp-response-mode, vp-state, vp-token, jwe-*. */
enum br_rc br_vp_response_parse(
    struct br_bytes form,
    const struct br_vp_expected *x,
    struct br_arena *arena,
    struct br_vp_answer *ret,
    struct br_err *reterr) BR_MUST_USE;

/** An answer of the response endpoint (section 8.2): redirect_uri, or empty.
 *  vp-redirect: it is no object, or no absolute address. */
enum br_rc br_vp_redirect_parse(
    struct br_bytes body,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
