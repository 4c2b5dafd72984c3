/*
 * The verifier's inside: one run, and what differs between kinds of receipt.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_VERIFY_INTERNAL_H
#define BR_RECEIPT_VERIFY_INTERNAL_H

#include "common/receipt/tlog_proof.h"
#include "common/receipt/verify.h"

struct br_verify_run;

/** Each fills its step; parse fills the run and the result. */
struct br_verify_kind {
    const char *name;
    enum br_rc (*parse)(struct br_verify_run *run, struct br_err *reterr);
    enum br_rc (*inclusion)(struct br_verify_run *run, struct br_err *reterr);
    void (*log)(struct br_verify_run *run);
    void (*signature)(struct br_verify_run *run);
    void (*witnesses)(struct br_verify_run *run);
};
extern const struct br_verify_kind br_verify_tlog;
extern const struct br_verify_kind br_verify_cose;

struct br_verify_run {
    const struct br_verify_input *in;
    struct br_verify_result *out;
    const struct br_verify_kind *kind;
    struct br_bytes entry;
    bool has_root; /**< out->root is what the leaf leads to */
    /* tlog-proof */
    struct br_tlog_proof proof;
    struct br_note note;
    struct br_checkpoint checkpoint;
    /* COSE */
    struct br_cose_receipt cose;
    /* The other checkpoint: has_other when it can be compared. */
    bool has_other;
    bool other_failed;
    struct br_note other_note;
    struct br_checkpoint other;
};

/** How a step went: its code and text are said's. */
void br_verify_put(
    struct br_verify_run *run,
    enum br_verify_step_id id,
    enum br_verify_outcome outcome,
    const struct br_err *said);

/* With a format, as br_fail takes it. */
#define br_verify_say(run, id, outcome, ...)          \
    do {                                              \
        struct br_err br_said_;                       \
        (void)br_fail(&br_said_, BR_OK, __VA_ARGS__); \
        br_verify_put(run, id, outcome, &br_said_);   \
    } while (0)
#define br_verify_fail(run, id, rc, ...)                     \
    do {                                                     \
        struct br_err br_said_;                              \
        (void)br_fail(&br_said_, rc, __VA_ARGS__);           \
        br_verify_put(run, id, BR_VERIFY_FAILED, &br_said_); \
    } while (0)

/** The verdict is that of the first failed step. */
void br_verify_judge(struct br_verify_result *out);
/** Open the other checkpoint; a failure is that of the step FORK. */
void br_verify_open_other(struct br_verify_run *run);
/** The step FORK. */
void br_verify_fork(struct br_verify_run *run);

#endif
