/*
 * C2SP tlog-witness v1.0.0, both sides, without the HTTP.
 *
 * The log: br_witness_request_put, POST it, then br_witness_take; on 409 read
 * the witness's size with br_witness_size_parse and ask again from there.
 *
 * The witness: br_witness_submission_parse, read what is known of that origin,
 * br_witness_decide, PERSIST the new state ("The witness MUST persist the new
 * checkpoint before responding"), and only then answer with
 * br_witness_answer_put. Reading and persisting must be one atomic step.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_WITNESS_H
#define BR_RECEIPT_WITNESS_H

#include "common/merkle/merkle.h"
#include "common/receipt/checkpoint.h"
#include "common/receipt/policy.h"

/* A proof of 63 lines and a note. */
#define BR_WITNESS_REQUEST_BYTES_MAX (BR_NOTE_BYTES_MAX + 4096)
/* Media type of a 409's body. */
#define BR_WITNESS_SIZE_MEDIA_TYPE "text/x.tlog.size"

/* ---- the log's side ----------------------------------------------------- */

struct br_witness_request {
    uint64_t old_size;
    struct br_proof proof;      /**< empty when old_size is 0 or the same */
    struct br_bytes checkpoint; /**< a signed note */
};
void
br_witness_request_put(struct br_buf *b, const struct br_witness_request *r);

/** Move the valid cosignature lines of one witness from its answer to *b,
 *  which holds the checkpoint's note already. Lines of other keys are left
 *  out. NO_TRUSTED_SIGNATURE: none was by this witness. BAD_SIGNATURE. */
enum br_rc br_witness_take(
    struct br_buf *b,
    struct br_bytes answer,
    const struct br_note_key *witness,
    struct br_err *reterr) BR_MUST_USE;

/** The body of a 409: "<size>\n". */
enum br_rc br_witness_size_parse(
    struct br_bytes body, uint64_t *ret, struct br_err *reterr) BR_MUST_USE;

/* ---- the witness's side ------------------------------------------------- */

struct br_witness_submission {
    struct br_witness_request request;
    struct br_note note;
    struct br_checkpoint checkpoint;
};
/** Borrows from the body. Any failure is answered with 400. */
enum br_rc br_witness_submission_parse(
    struct br_bytes body,
    struct br_witness_submission *ret,
    struct br_err *reterr) BR_MUST_USE;

/** The latest checkpoint that was cosigned for an origin. size 0 also stands
 *  for "none yet": its root is then not looked at. */
struct br_witness_state {
    uint64_t size;
    struct br_hash root;
};

struct br_witness_verdict {
    int http_status;              /**< 200, 400, 403, 404, 409 or 422 */
    enum br_rc rc;                /**< BR_OK with 200 */
    struct br_err err;            /**< the reason, unless 200 */
    struct br_witness_state next; /**< to persist, with 200 */
    uint64_t known_size;          /**< to tell, with 409 */
};

/** Logs and their keys are the policy's; its witnesses and quorum are not
 *  looked at. */
void br_witness_decide(
    const struct br_witness_submission *s,
    const struct br_policy *logs,
    const struct br_witness_state *known,
    struct br_witness_verdict *ret);

/** The body of the 200: our cosignature line. After persisting only. */
enum br_rc br_witness_answer_put(
    struct br_buf *b,
    const struct br_witness_submission *s,
    const struct br_cosigner *who,
    struct br_err *reterr) BR_MUST_USE;
/** The body of the 409. */
void br_witness_size_put(struct br_buf *b, uint64_t size);

#endif
