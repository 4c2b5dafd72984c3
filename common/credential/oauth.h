/*
 * OAuth 2.0 as wallets, issuers and verifiers speak it: names of errors
 * (RFC 6749 and its children), forms, PKCE (RFC 7636), DPoP (RFC 9449).
 *
 * - Both directions stand side by side: what one side makes, the other checks.
 * - A check says what was wrong by a rule; which of OAuth's errors it becomes
 * is told where it is called.
 * - Who holds state (codes used, proofs seen) is the caller.
 *
 * Pure, apart from signing.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_OAUTH_H
#define BR_CREDENTIAL_OAUTH_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/codec/json.h"
#include "common/credential/jws.h"

/* ---- errors ------------------------------------------------------------- */

enum br_oauth_error {
    BR_OAUTH_OK = 0,
#define BR_O(name, http, slug) BR_OAUTH_##name,
#include "common/credential/oauth_errors.def"
#undef BR_O
    BR_OAUTH_ERRORS,
};
/** "invalid_grant", ... */
const char *br_oauth_error_name(enum br_oauth_error e);
int br_oauth_error_status(enum br_oauth_error e);
/** BR_OAUTH_OK when it is none of ours. */
enum br_oauth_error br_oauth_error_by_name(struct br_bytes name);

#define BR_OAUTH_DESCRIPTION_BYTES 200
/** RFC 6749 section 5.2: %x20-21 / %x23-5B / %x5D-7E; others become '?' or an
 *  apostrophe; cut when it is long. */
void
br_oauth_description(const char *text, char out[BR_OAUTH_DESCRIPTION_BYTES]);
/** {"error":"...","error_description":"..."} */
void br_oauth_error_put(
    struct br_buf *b, enum br_oauth_error e, const char *description);
/** The other side's answer, in one line for people; whatever it holds. */
void
br_oauth_error_read(struct br_bytes body, char out[BR_OAUTH_DESCRIPTION_BYTES]);

/* ---- forms: application/x-www-form-urlencoded ---------------------------- */

/* Parameters of a token or an authorization request; we know a dozen. */
#define BR_FORM_FIELDS_MAX 48

struct br_form_field {
    struct br_bytes name;
    struct br_bytes value; /**< decoded, in the arena */
};
struct br_form {
    size_t count;
    struct br_form_field fields[BR_FORM_FIELDS_MAX];
};
/** oauth-form. Parameters without a value are as absent as those not there
 *  (RFC 6749 section 3.1). A body, or the query of an address. */
enum br_rc br_form_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_form *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Empty when it is absent, or has no value. */
struct br_bytes br_form_get(const struct br_form *f, const char *name);
/** Append name=value, with & before it unless b is empty. Nothing when the
 *  value is empty. */
void br_form_put(struct br_buf *b, const char *name, struct br_bytes value);
/** Escape all but RFC 3986's unreserved characters. */
void br_percent_put(struct br_buf *b, struct br_bytes text);

/* ---- PKCE --------------------------------------------------------------- */

#define BR_PKCE_CHALLENGE_BYTES 43
/** S256, the only method: base64url of SHA-256, with a NUL at the end. */
void br_pkce_challenge(
    struct br_bytes verifier, char ret[BR_PKCE_CHALLENGE_BYTES + 1]);
/** pkce-verifier, pkce-challenge. */
enum br_rc br_pkce_check(
    struct br_bytes verifier,
    struct br_bytes challenge,
    struct br_err *reterr) BR_MUST_USE;

/* ---- DPoP --------------------------------------------------------------- */

/* A proof has a key, five short claims and a signature. */
#define BR_DPOP_BYTES_MAX 4096

struct br_dpop {
    struct br_bytes method;
    struct br_bytes url;   /**< without query and fragment */
    struct br_bytes id;    /**< jti: random, once */
    struct br_bytes token; /**< that it is sent with; empty: none */
    struct br_bytes nonce; /**< as the server gave it; empty: none */
    uint64_t issued_s;
};
/** Append the proof to ret. */
enum br_rc br_dpop_make(
    const struct br_dpop *d,
    enum br_key_alg alg,
    struct br_private_key *key,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

struct br_dpop_policy {
    unsigned algs;
    struct br_bytes method;
    struct br_bytes url;
    struct br_bytes token; /**< empty: none was sent, and ath is not needed */
    uint64_t now_s;
    uint64_t window_s; /**< how old; a clock may be ahead by a minute */
};
/** What remains to be looked at by who has the state. */
struct br_dpop_proof {
    char thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1]; /**< jkt */
    struct br_bytes id;
    struct br_bytes nonce; /**< empty: none */
    uint64_t issued_s;
};
/** RFC 9449 section 4.3, but for jti and nonce. Rules dpop-* and jws-*. */
enum br_rc br_dpop_check(
    struct br_bytes proof,
    const struct br_dpop_policy *policy,
    struct br_arena *arena,
    struct br_dpop_proof *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
