/*
 * What a verifier decided, in two forms.
 *
 * - The result is for whoever asked: each step with its outcome and reason, and
 *   the claims that came. It is kept for minutes.
 * - The decision receipt is for good: what was asked, what came and what it
 *   rested on, as hashes; the outcome of each step by its rule. No claim, no
 *   name, nothing that a person could be told by. It is signed, and its digest
 *   is stamped on the ledger: so a decision can be shown later to have been
 *   taken then, on that ground.
 *
 * docs/verifying.md tells the members of both.
 *
 * Pure, apart from signing.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_DECISION_H
#define BR_ORCHESTRATOR_DECISION_H

#include "common/credential/standing.h"
#include "orchestrator/core/judge.h"

#define BR_DECISION_TYP       "decision-receipt+jwt"
#define BR_DECISION_BYTES_MAX 65536
/* Steps and their order, as br_judge has them: raised when one changes. */
#define BR_DECISION_POLICY "broletto-verifier-2"

/** A status list that was looked at. */
struct br_decision_status {
    struct br_bytes uri;
    uint64_t issued_s;
};

/** What the registry said of an issuer; which of the two times were asked
 *  about is the configuration's wish. */
struct br_decision_standing {
    struct br_standing now;
    struct br_standing issued; /**< when the credential was issued */
};

struct br_decision {
    struct br_bytes id;      /**< of the request */
    struct br_bytes request; /**< its claims, as JSON */
    struct br_bytes client_id;
    bool accepted;
    uint64_t time_s;
    const struct br_judgement *judgement;
    const struct br_decision_status *statuses; /**< one a presentation; uri is
                                                *   empty where none was */
    const struct br_decision_standing *standings; /**< one a presentation; or
                                                   *   NULL */
};

/** Append the result: {"id","outcome","time","steps","presentations"}. Claims
 *  are those that the query selected. */
enum br_rc br_decision_result(
    const struct br_decision *d,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;

/** Append the receipt, signed. */
enum br_rc br_decision_sign(
    const struct br_decision *d,
    const struct br_jws_header *header,
    struct br_private_key *key,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;

#endif
