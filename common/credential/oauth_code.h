/*
 * The authorization code, as who asks for it speaks (RFC 6749 section 4.1):
 *
 *   br_code_request_put   what is pushed (RFC 9126), or stands in the address
 *   br_code_pushed_parse  what the server says of it
 *   br_code_back_parse    the address with which a browser comes back
 *
 * - Coming back is believed when it is to the address that was sent, with the
 *   state that was sent, from the server that was asked (RFC 9207): a server
 *   that says nothing of itself could be another one, and is not believed.
 * - Who keeps the state, and that it serves once, is the caller.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_OAUTH_CODE_H
#define BR_CREDENTIAL_OAUTH_CODE_H

#include "common/credential/oauth.h"

/* An address with a code, a state and an issuer, each of a few hundred bytes.
 */
#define BR_CODE_BACK_BYTES_MAX    8192
#define BR_CODE_REQUEST_BYTES_MAX 8192

/** What is empty is left out. */
struct br_code_request {
    struct br_bytes client;
    struct br_bytes redirect;
    struct br_bytes state;
    struct br_bytes challenge; /**< of PKCE, S256 */
    struct br_bytes scope;
    struct br_bytes details;      /**< authorization_details: JSON */
    struct br_bytes resource;     /**< RFC 8707 */
    struct br_bytes issuer_state; /**< OpenID4VCI section 5.1.3 */
    struct br_bytes thumbprint;   /**< dpop_jkt, where no proof is sent */
};
void br_code_request_put(struct br_buf *form, const struct br_code_request *r);

/** {"request_uri","expires_in"}: oauth-pushed. */
enum br_rc br_code_pushed_parse(
    const struct br_json *v,
    struct br_bytes *ret_uri,
    uint64_t *ret_expires_in,
    struct br_err *reterr) BR_MUST_USE;

/** The state in such an address, to find what waits for it; not believed. It
 *  lies in the arena. oauth-form, oauth-state. */
enum br_rc br_code_state_parse(
    struct br_bytes url,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;

struct br_code_expected {
    struct br_bytes redirect; /**< as it was sent */
    struct br_bytes state;
    struct br_bytes server; /**< the authorization server's identifier */
};
struct br_code_back {
    struct br_bytes code;  /**< or, empty: */
    struct br_bytes error; /**< "access_denied", ... */
    struct br_bytes description;
};
/** In the arena. oauth-redirect, oauth-state, oauth-iss, oauth-code,
 *  oauth-form. */
enum br_rc br_code_back_parse(
    struct br_bytes url,
    const struct br_code_expected *expected,
    struct br_arena *arena,
    struct br_code_back *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
