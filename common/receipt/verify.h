/*
 * The offline verifier: is this receipt true, of this file, by whom I trust?
 *
 * - No network, no clock, no files: bytes, a policy and the time come in; a
 *   verdict comes out, with every step that led to it.
 * - All steps are walked even after one has failed, as far as they can be:
 *   "the receipt is genuine, but of another file" is worth saying. The verdict
 *   is that of the first failed step.
 * - Codes: DIGEST_MISMATCH (another file), PROOF_INVALID (damaged receipt, or
 *   a path that does not lead to the root), UNKNOWN_LOG, NO_TRUSTED_SIGNATURE,
 *   QUORUM_MISSING, FUTURE_TIME, INCONSISTENT (a fork); UNSUPPORTED for what
 *   is no receipt of ours, MISSING_FIELD when it carries no leaf.
 * - Receipts of RFC 3161 (DER) are told apart here; verify_stamp.h verifies
 *   them, with the same steps.
 * - Texts of steps are in English; br_verify_catalogue_id names the entry of
 *   the translation catalogues for a step and its outcome.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_VERIFY_H
#define BR_RECEIPT_VERIFY_H

#include "common/crypto/hash.h"
#include "common/crypto/ts_verify.h"
#include "common/receipt/cose_receipt.h"
#include "common/receipt/leaf.h"
#include "common/receipt/policy.h"

/* Clocks differ: what is later than now by more than this is in the future. */
#define BR_VERIFY_TOLERANCE_S 300
/* Leaves of ours and raw ones have 1,024 bytes at most. */
#define BR_VERIFY_LEAF_BYTES_MAX 4096

enum br_receipt_kind {
    BR_RECEIPT_UNKNOWN,
    BR_RECEIPT_TLOG_PROOF,
    BR_RECEIPT_COSE,
    BR_RECEIPT_DER, /**< RFC 3161 or RFC 5544 */
};
enum br_receipt_kind br_receipt_kind_of(struct br_bytes receipt);

/* In this order. BR_STEP(NAME, "word in catalogues and JSON") */
#define BR_VERIFY_STEPS(BR_STEP)                                            \
    BR_STEP(FORMAT, "format") /* it can be read */                          \
    BR_STEP(LEAF, "leaf")     /* the leaf it proves */                      \
    BR_STEP(DIGEST, "digest") /* of the file, against the leaf's */         \
    BR_STEP(                                                                \
        INCLUSION, "inclusion") /* Merkle path from the leaf to the root */ \
    BR_STEP(LOG, "log")         /* the policy trusts this log */            \
    BR_STEP(SIGNATURE, "signature") /* the log's, over the root */          \
    BR_STEP(WITNESSES, "witnesses") /* cosignatures and quorum */           \
    BR_STEP(TIME, "time")           /* nothing is in the future */          \
    BR_STEP(FORK, "fork")           /* against another checkpoint */

enum br_verify_step_id {
#define BR_STEP(name, word) BR_STEP_##name,
    BR_VERIFY_STEPS(BR_STEP)
#undef BR_STEP
};
#define BR_VERIFY_STEP_COUNT (BR_STEP_FORK + 1)

enum br_verify_outcome {
    BR_VERIFY_OK,
    BR_VERIFY_FAILED,
    BR_VERIFY_SKIPPED,
};

struct br_verify_step {
    enum br_verify_step_id id;
    enum br_verify_outcome outcome;
    enum br_rc rc; /**< of a failed step */
    char text[BR_ERR_TEXT_BYTES];
};

/** "digest"; "verify.digest.failed". Static strings. */
const char *br_verify_step_name(enum br_verify_step_id id);
const char *br_verify_catalogue_id(
    enum br_verify_step_id id, enum br_verify_outcome outcome);

/** The digest of the file with this algorithm. */
typedef enum br_rc br_verify_digest_fn(
    void *ctx,
    enum br_hash_alg alg,
    struct br_digest *ret,
    struct br_err *reterr);
/** One of them for who has a digest and no file: ctx is a struct br_digest. */
br_verify_digest_fn br_verify_given_digest;
/** One for a document in memory: ctx is a struct br_bytes. */
br_verify_digest_fn br_verify_memory_digest;

struct br_verify_input {
    struct br_bytes receipt;
    struct br_bytes leaf; /**< for a receipt that carries none; or empty */
    const struct br_policy *policy;
    /** Trusted keys of COSE receipts (from a COSE Key Set). */
    const struct br_public_key *receipt_keys;
    size_t receipt_key_count;
    struct br_time_us now;
    br_verify_digest_fn *digest; /**< NULL: the file is not checked */
    void *digest_ctx;
    /** Another checkpoint of the same log, as a signed note; or empty. For a
     *  COSE receipt its cosignatures count, when size and root agree. */
    struct br_bytes other_note;
    /** Or one that was verified and remembered; or NULL. */
    const struct br_checkpoint *remembered;
    /** RFC 9162 proof between the two, from the smaller; or NULL. */
    const struct br_proof *consistency;
};

/** Valid as far as the steps are. Borrows from the input, and from itself: it
 *  must not be copied. */
struct br_verify_result {
    enum br_rc rc; /**< BR_OK: every step is ok or skipped */
    struct br_err err;
    enum br_receipt_kind kind;
    struct br_verify_step step[BR_VERIFY_STEP_COUNT];
    struct br_leaf leaf;
    struct br_bytes origin; /**< of a COSE receipt its issuer, or empty */
    uint64_t index;
    uint64_t tree_size;
    struct br_hash root;
    struct br_ts_info stamp; /**< of an RFC 3161 stamp, in place of the leaf */
    struct br_policy_votes votes;
    uint64_t witnessed_s; /**< earliest cosignature that counts; 0: none */
    uint8_t leaf_bytes[BR_VERIFY_LEAF_BYTES_MAX];
};

/** Returns ret->rc; *reterr (may be NULL) is a copy of ret->err. */
enum br_rc br_receipt_verify(
    const struct br_verify_input *in,
    struct br_verify_result *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
