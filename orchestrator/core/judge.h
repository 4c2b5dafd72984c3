/*
 * Judging an answer: which of a verifier's checks each presentation passes, and
 * why it does not.
 *
 * | step          | asks                                                      |
 * |---------------|-----------------------------------------------------------|
 * | answer        | was the request answered, in the form it asked for?       |
 * | issuer        | signed under a chain that leads to somebody trusted?      |
 * | credential    | are disclosures and claims as the formats want them?      |
 * | validity      | is it valid now?                                          |
 * | holder        | signed by its holder, for us, for this request, just now? |
 * | claims        | of the type, with the claims and values, asked for?       |
 * | approval      | is each transaction approved?                             |
 * | status        | neither revoked nor suspended? (told by the caller)       |
 * | accreditation | does the ledger let its issuer issue it? (the same)       |
 * | complete      | is all answered that was not optional?                    |
 *
 * - Steps that come after a failed one of the same presentation are not taken.
 * - Values are looked at again here: a wallet may send anything (OpenID4VP 1.0
 *   section 14.9).
 *
 * Pure: what must be fetched (status lists, accreditations) is put in by
 * br_judge_tell.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_JUDGE_H
#define BR_ORCHESTRATOR_JUDGE_H

#include "common/credential/sd_jwt_vc.h"
#include "common/credential/vp.h"
#include "common/credential/vp_response.h"

#define BR_JUDGE_PRESENTATIONS_MAX 32

enum br_judge_step {
    BR_STEP_ANSWER,
    BR_STEP_ISSUER,
    BR_STEP_CREDENTIAL,
    BR_STEP_VALIDITY,
    BR_STEP_HOLDER,
    BR_STEP_CLAIMS,
    BR_STEP_APPROVAL,
    BR_STEP_STATUS,
    BR_STEP_ACCREDITATION,
    BR_STEP_COMPLETE,
    BR_STEPS,
};
/** "answer", "issuer", ... */
const char *br_judge_step_name(enum br_judge_step s);

enum br_judge_outcome {
    BR_STEP_NOT_TAKEN,
    BR_STEP_PASSED,
    BR_STEP_FAILED,
    BR_STEP_UNKNOWN,   /**< could not be found out: not accepted */
    BR_STEP_NOT_ASKED, /**< nothing to look at: no status, no registry */
};
const char *br_judge_outcome_name(enum br_judge_outcome o);

struct br_judge_note {
    enum br_judge_outcome outcome;
    bool advice; /**< told, and does not decide: the configuration's wish */
    char reason[BR_ERR_TEXT_BYTES]; /**< empty when passed */
};

/** One presentation. Borrows the answer and the arena. */
struct br_judged {
    const struct br_dcql_query *query;
    struct br_bytes text;
    struct br_vc vc; /**< of issuer, status and claims when `issuer` passed */
    struct br_dcql_match match;
    struct br_judge_note notes[BR_STEPS];
};

struct br_judgement {
    struct br_judge_note notes[BR_STEPS]; /**< answer, approval, complete */
    struct br_judged presentations[BR_JUDGE_PRESENTATIONS_MAX];
    size_t count;
};

struct br_judge_policy {
    const struct br_dcql *query;
    const struct br_json *transaction_data; /**< array of strings; or NULL */
    const struct br_x509_trust *trust;      /**< of issuers */
    struct br_bytes client_id;
    struct br_bytes nonce;
    uint64_t now_s;
    uint64_t window_s; /**< how old a key binding may be */
};

/** All but status and accreditation. ret is large: not for a stack. */
void br_judge(
    const struct br_vp_answer *answer,
    const struct br_judge_policy *policy,
    struct br_arena *arena,
    struct br_judgement *ret);

/** May this presentation's status and accreditation be looked at? */
bool br_judge_asks(const struct br_judged *p);
/** What was found out. why: NULL when it passed. */
void br_judge_tell(
    struct br_judged *p,
    enum br_judge_step step,
    enum br_judge_outcome outcome,
    const struct br_err *why);

/** When all is told: is it complete with the presentations that passed
 *  everything? Others count as not sent (section 8.6), but for one that was
 *  made for another request: then nothing counts (section 14.1). Returns
 *  whether the answer is accepted. */
bool
br_judge_conclude(struct br_judgement *j, const struct br_judge_policy *policy);
bool br_judge_passed(const struct br_judged *p);
/** Of an answer that is not accepted, the first failure, for people. */
const struct br_judge_note *
br_judge_reason(const struct br_judgement *j, enum br_judge_step *ret_step);

#endif
