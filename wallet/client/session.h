/*
 * One conversation with an issuer: its token, the key that proves whose token
 * it is, and the nonces that servers hand out.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_SESSION_H
#define BR_WALLET_SESSION_H

#include "common/credential/sd_jwt_vc.h"
#include "wallet/client/client.h"
#include "wallet/client/envelope.h"

#define BR_SESSION_NONCE_BYTES 512

struct br_session {
    const struct br_wallet_client *client;
    struct br_private_key *dpop;        /**< NULL: bearer tokens */
    const char *token;                  /**< NUL-terminated; NULL: none yet */
    char nonce[BR_SESSION_NONCE_BYTES]; /**< of DPoP; empty: none */
    uint64_t now_s;
    struct br_arena *arena; /**< for answers */
};

struct br_session_call {
    struct br_bytes url;
    const char *content_type;
    struct br_bytes body;
    bool authorized; /**< with the token */
    size_t answer_bytes_max;
    const struct br_envelope *envelope; /**< NULL: nothing is encrypted */
};

/** POST, and the same once more when the server asks for its nonce in DPoP.
 *  The answer's JSON, or NULL when it has none, lies in the arena. vci-plain:
 *  it is not encrypted, and should be; errors never are (section 8.3.1). */
enum br_rc br_session_post(
    struct br_session *s,
    const struct br_session_call *call,
    int *ret_status,
    struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;

/** Where a JSON object lies. */
struct br_session_place {
    struct br_bytes url;
    size_t bytes_max;
    const char *gone; /**< NOT_FOUND with these words when it is not there; or
                       *   NULL */
};

/** GET a JSON object; 200, or ISSUER_REFUSED. */
enum br_rc br_session_get(
    const struct br_wallet_client *client,
    const struct br_session_place *place,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;

/** ISSUER_REFUSED, in the server's words. */
enum br_rc br_session_refused(
    const char *what,
    int status,
    const struct br_json *answer,
    struct br_err *reterr);
/** Is the answer this error? */
bool br_session_is(const struct br_json *answer, enum br_oauth_error e);

uint64_t br_client_now_s(void);

/** A key of P-256 in a row of the vault: its secret in base64url. */
enum br_rc br_row_put_key(
    struct br_json_writer *w,
    const struct br_private_key *k,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_row_read_key(
    struct br_bytes text,
    struct br_private_key **ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
