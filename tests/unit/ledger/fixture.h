/*
 * A small world for the tests of the ledger: two members, a state in memory,
 * transactions in one call.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TEST_LEDGER_FIXTURE_H
#define BR_TEST_LEDGER_FIXTURE_H

#include "node/ledger/ledger.h"

enum { ROWS_MAX = 1024, ROW_BYTES_MAX = 4096 };

/** State after the last sealed block. */
struct world {
    struct {
        uint8_t key[300];
        size_t key_n;
        uint8_t value[ROW_BYTES_MAX];
        size_t value_n;
    } row[ROWS_MAX];
    size_t row_count;
    struct br_view view;
    struct br_effects e;
    struct br_head head;
    struct br_time_us time;         /**< of the block at hand */
    struct br_signer *operator_key; /**< member "regione": operator, notary */
    struct br_signer *notary_key;   /**< member "comune": notary */
    struct br_signer *auditor_key;  /**< member "revisore": auditor */
    struct br_buf ops;
    uint64_t op_count;
    struct br_buf tx;
};

void world_init(struct world *w);
void world_fini(struct world *w);

/** Begin a block one millisecond after the last. */
void world_begin(struct world *w);
/** Seal it and apply its writes. */
void world_seal(struct world *w);

/** Collect operations, then run them as one transaction. */
void world_stamp(struct world *w, uint8_t byte);
void world_op(struct world *w, const struct br_op *op, enum br_module module);
/** A draft with sound defaults, to be spoiled by a test. */
struct br_tx_draft
world_draft(struct world *w, const char *author, enum br_module module);
enum br_rc world_run_draft(
    struct world *w,
    const struct br_tx_draft *d,
    struct br_signer *signer,
    struct br_err *err);
/** The notary operations that were collected, by this author. */
enum br_rc world_run(
    struct world *w,
    const char *author,
    struct br_signer *signer,
    enum br_module module);

#endif
