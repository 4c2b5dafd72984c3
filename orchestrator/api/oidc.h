/*
 * Logging in at an OpenID Connect provider: what is fetched, sent and awaited.
 *
 * - All of it runs on one thread, that of the desk's logins: none of it is
 *   locked. A provider that is slow delays logins, and nothing else.
 * - Metadata and keys are kept for an hour. A token whose kid is unknown has
 *   the keys fetched again, ten times an hour at most.
 * - A login that began is remembered here, by the hash of its state, for ten
 *   minutes and for one answer; its browser has a cookie that goes with it.
 *   When too many have begun the oldest is forgotten.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_API_OIDC_H
#define BR_ORCHESTRATOR_API_OIDC_H

#include "common/crypto/keyfile.h"
#include "common/net/http_server.h"
#include "orchestrator/core/oidc.h"
#include "orchestrator/setup/config.h"
#include "orchestrator/store/store.h"

enum {
    BR_OIDC_PENDING_MAX = 1024,
    BR_OIDC_PENDING_S = 600,
};

struct br_oidc;

/** CONFIG when it cannot be used as configured. *ret is NULL when no provider
 *  is. The network is not asked. */
enum br_rc br_oidc_open(
    const char *data_dir,
    const struct br_orch_config *config,
    const struct br_secret *passphrase,
    struct br_oidc **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_oidc_free(struct br_oidc *o);

/** The first half: append the provider's address to ret; ret_cookie is for the
 *  browser that goes there. */
enum br_rc br_oidc_begin(
    struct br_oidc *o,
    uint64_t now_s,
    char ret_cookie[BR_ORCH_SECRET_TEXT_BYTES],
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/** What the browser came back with; NULL: not there. */
struct br_oidc_answer {
    const char *code;
    const char *state;
    const char *iss;
    const char *error;
    struct br_bytes cookie;
    uint64_t now_s;
};
/** The second half: who it is. EXPIRED: no login of this browser waits for such
 *  an answer. FORBIDDEN with error: the person or the provider said no. */
enum br_rc br_oidc_finish(
    struct br_oidc *o,
    const struct br_oidc_answer *a,
    char ret_identity[BR_OIDC_IDENTITY_BYTES + 1],
    struct br_err *reterr) BR_MUST_USE;

/** Append where the browser goes to log out there too; nothing when that is not
 *  known. */
enum br_rc br_oidc_logout(
    struct br_oidc *o, struct br_buf *ret, struct br_err *reterr) BR_MUST_USE;

/** Our public key, for whoever registers us: a JWK Set. Any thread. */
enum br_rc br_oidc_put_keys(
    const struct br_oidc *o,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/** GET: our JWK Set. */
br_http_handler br_oidc_get_keys;

#endif
