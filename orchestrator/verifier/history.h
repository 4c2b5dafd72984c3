/*
 * The decisions that were taken, the newest first, for those who look back.
 *
 * - A row has the outcome, the purpose that was told, the types that were
 *   asked for, and the step and rule of a refusal: nothing that came from the
 *   person. The receipt lies beside it (rows.h) under the same id.
 * - A row goes after the configured time; the receipt stays.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_VERIFIER_HISTORY_H
#define BR_VERIFIER_HISTORY_H

#include "orchestrator/verifier/rows.h"

enum {
    BR_HISTORY_PAGE = 25,
    BR_HISTORY_LOOKS_MAX = 20000, /**< rows that one page may look at */
    BR_HISTORY_CURSOR_BYTES = 64,
};

/** Texts borrow the arena, or the caller's. */
struct br_verifier_decision {
    struct br_bytes id;
    uint64_t time_us;
    enum br_verifier_phase outcome; /**< accepted, refused or declined */
    struct br_bytes purpose;
    const struct br_json *types; /**< array of vct; may be NULL when written */
    struct br_bytes step;        /**< of a refusal; or empty, as the rule */
    struct br_bytes rule;
};

enum br_rc br_history_put(
    struct br_kv_txn *txn,
    const struct br_verifier_request *r,
    const struct br_verifier_decision *d,
    struct br_err *reterr) BR_MUST_USE;

struct br_history_query {
    const char *after;   /**< where the page before ended; "" */
    const char *text;    /**< in the purpose, or how an id begins; "" */
    const char *outcome; /**< "accepted", ...; "": any */
};
struct br_history_page {
    struct br_verifier_decision rows[BR_HISTORY_PAGE];
    size_t count;
    char next[BR_HISTORY_CURSOR_BYTES]; /**< "": there are no more */
};
/** MALFORMED: `after` is none of ours. */
enum br_rc br_history_list(
    struct br_kv_txn *txn,
    const struct br_history_query *q,
    struct br_arena *arena,
    struct br_history_page *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Drop those from before a time, at most `most`. */
enum br_rc br_history_purge(
    struct br_kv_txn *txn,
    uint64_t before_us,
    size_t most,
    struct br_err *reterr) BR_MUST_USE;

#endif
