/*
 * What a module's operation sees and does: one table, one function a module.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_LEDGER_MODULE_H
#define BR_LEDGER_MODULE_H

#include "node/ledger/member.h"
#include "node/ledger/tx.h"

/** The transaction at hand, its author, the block's time. */
struct br_tx_context {
    struct br_bytes chain;
    struct br_time_us time;
    struct br_bytes author;
    struct br_member member;
};

/** Judge one operation and add its leaf and its writes; a failure undoes the
 *  whole transaction. */
enum br_rc br_notary_run(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_registry_run(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_trust_run(
    const struct br_tx_context *tx,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr) BR_MUST_USE;

#endif
