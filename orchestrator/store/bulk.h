/*
 * Many statuses at once: chosen first, then changed together or not at all.
 *
 * - Chosen by id: each must be able to change. By reference, or all of a type:
 *   those that can, and what is revoked is left as it is.
 * - Each change is a row of the audit log, with its reason and author.
 *
 *   br_bulk_init(&b, BR_STATUS_SUSPENDED);
 *   br_bulk_add(txn, &b, word, line)          in one write transaction
 *   br_bulk_apply(txn, &b, &how)
 *   br_bulk_fini(&b);
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_BULK_H
#define BR_ORCHESTRATOR_BULK_H

#include "orchestrator/store/desk.h"

enum {
    BR_BULK_MAX = 50000,
    BR_BULK_FAULTS_MAX = 20, /**< told; the others are counted */
    BR_BULK_WORD_BYTES = 80,
};

struct br_bulk_fault {
    size_t line;   /**< from 1 */
    enum br_rc rc; /**< NOT_FOUND, CONFLICT */
    char word[BR_BULK_WORD_BYTES];
    char why[BR_ERR_TEXT_BYTES];
};

struct br_bulk {
    unsigned status; /**< to which */
    uint8_t (*ids)[BR_ORCH_ID_BYTES];
    size_t count; /**< that change, or have changed */
    size_t capacity;
    size_t already; /**< have this status */
    size_t left; /**< revoked: cannot change, and were not named one by one */
    size_t fault_count;
    struct br_bulk_fault faults[BR_BULK_FAULTS_MAX];
};
void br_bulk_init(struct br_bulk *b, unsigned status);
void br_bulk_fini(struct br_bulk *b);

/** An id, a reference, or the beginning of an id (8 digits or more), looked at
 *  in this order. What cannot change is a fault of b, not an error; TOO_LARGE
 *  past BR_BULK_MAX. */
enum br_rc br_bulk_add(
    struct br_kv_txn *txn,
    struct br_bulk *b,
    const char *word,
    size_t line,
    struct br_err *reterr) BR_MUST_USE;
/** All of a type (""; any), of a reference (""; any). */
enum br_rc br_bulk_add_all(
    struct br_kv_txn *txn,
    struct br_bulk *b,
    const char *type,
    const char *reference,
    struct br_err *reterr) BR_MUST_USE;

struct br_bulk_how {
    const char *what; /**< for the audit log: "revoke" */
    const char *reason;
    const char *who;
    uint64_t now_us;
    void (*progress)(void *ctx); /**< after each; may be NULL */
    void *ctx;
};
/** CONFLICT when b has faults: nothing is changed. */
enum br_rc br_bulk_apply(
    struct br_kv_txn *txn,
    struct br_bulk *b,
    const struct br_bulk_how *how,
    struct br_err *reterr) BR_MUST_USE;

#endif
