/*
 * One request for credentials, from its claims to its answer: what the
 * credential and the deferred endpoint share.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_ISSUE_H
#define BR_ORCHESTRATOR_ISSUE_H

#include "orchestrator/api/api.h"

struct br_issuing {
    struct br_write write;
    struct br_orch_api *api;
    struct br_http_request *req;
    struct br_arena arena;
    struct br_bearer bearer;
    const struct br_type *type;
    struct br_vci_encryption encryption;
    struct br_jwk *key; /**< in the arena, as many as a request may bring */
    size_t count;
    struct br_buf claims; /**< JSON, wiped */
    struct br_issue issue;
    bool late;        /**< issued some time after its token was given */
    uint64_t until_s; /**< renewed: it is not valid for longer; 0: no bound */
    struct br_hash transaction; /**< deferred: of the transaction id */
    char secret[BR_ORCH_SECRET_TEXT_BYTES]; /**< transaction or notification */
    struct br_buf credential[BR_ORCH_BATCH_MAX];
    unsigned tries;
};

/** NULL: it has been answered. */
struct br_issuing *br_issuing_new(
    struct br_orch_api *api, struct br_http_request *req, const char *path);
void br_issuing_free(struct br_issuing *i);
/** The offer behind the token, with its claims opened. *ret_offer's row is gone
 *  afterwards. */
enum br_rc br_issuing_read(
    struct br_issuing *i,
    struct br_offer *ret_offer,
    struct br_err *reterr) BR_MUST_USE;
/** Is this token good for one more batch of what was issued? Refuses by itself:
 *  false. */
bool br_issuing_may_renew(struct br_issuing *i, const struct br_offer *o);
/** Issue again, with the claims of today, which may have to be asked for: takes
 *  i. */
void br_issuing_renew(struct br_issuing *i);
/** Check what was asked about encryption. Refuses by itself: false. */
bool br_issuing_encryption_ok(struct br_issuing *i);
/** Sign for each key, store, answer: takes i. */
void br_issuing_go(struct br_issuing *i);
/** Store the keys, answer 202: takes i. */
void br_issuing_wait(struct br_issuing *i);
/** 202 with this transaction id: takes i. */
void br_issuing_reply_wait(struct br_issuing *i, struct br_bytes id);

/** One credential, appended to ret. */
struct br_credential_plan {
    const struct br_key *holder;
    uint32_t list;
    uint32_t index;
    uint64_t issued_s;
    uint64_t expires_s;
};
enum br_rc br_issuing_sign(
    const struct br_issuing *i,
    const struct br_credential_plan *plan,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
