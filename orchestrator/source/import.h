/*
 * A table of people and their claims: read, checked whole, then offered whole.
 *
 * - The first row names the columns: "reference", and claims by their path with
 *   dots between the steps ("address.locality"), in any order.
 * - As Italian spreadsheets write them: amounts 15300,50 or 15.300,50 (also
 *   15300.50; a euro sign is passed over), dates 26/11/2026 (or 2026-11-26),
 *   vero and falso, several texts as a|b|c. Nothing is guessed: 1,234.50 is no
 *   amount, 1/2/26 no date. Spaces around a value are dropped; an empty cell
 *   is a claim that is not there.
 * - Faults tell the line of the file and the column; no value.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_IMPORT_H
#define BR_ORCHESTRATOR_IMPORT_H

#include "orchestrator/core/type.h"
#include "orchestrator/source/table.h"
#include "orchestrator/store/store.h"

enum {
    BR_IMPORT_BYTES_MAX = 32 * 1024 * 1024,
    BR_IMPORT_ROWS_MAX = 50000,
    BR_IMPORT_FAULTS_MAX = 100, /**< told; the others are counted */
    BR_IMPORT_NAME_BYTES = 80,
};

enum br_import_kind {
#define F(name, slug, text) BR_IMPORT_##name,
#include "orchestrator/source/faults.def"
#undef F
    BR_IMPORT_KINDS,
};
const char *br_import_slug(enum br_import_kind k);
const char *br_import_text(enum br_import_kind k);

struct br_import_fault {
    enum br_import_kind kind;
    size_t line;                     /**< of the file, from 1 */
    size_t column;                   /**< from 1; 0: the whole row */
    char name[BR_IMPORT_NAME_BYTES]; /**< the column's; "" */
};

struct br_import_row {
    size_t line;
    const char *reference;
    struct br_bytes claims; /**< JSON */
};

struct br_import {
    const struct br_type *type;
    struct br_arena arena;
    char separator;
    struct br_import_row *rows;
    size_t count;
    size_t capacity;
    size_t fault_count;
    struct br_import_fault faults[BR_IMPORT_FAULTS_MAX];
    /** Told of each row of the file, the first too, once it was looked at; may
     *  be NULL. */
    void (*look)(void *ctx, const struct br_table_row *row, bool faulty);
    void *ctx;
};

void br_import_init(struct br_import *i, const struct br_type *t);
void br_import_fini(struct br_import *i);
/** Once. What is wrong with the table is in i->faults; errors are NO_MEMORY,
 *  TOO_LARGE (bytes), CONFLICT (the type's claims come from elsewhere). */
enum br_rc
br_import_read(struct br_import *i, struct br_bytes text, struct br_err *reterr)
    BR_MUST_USE;

/** How a table is offered. */
struct br_import_how {
    const char *issuer;
    const char *who; /**< for the audit log */
    bool tx_code;
    bool deferred;
    uint64_t now_us;
    uint64_t expires_s;
    void (*progress)(void *ctx); /**< after each row; may be NULL */
    void *ctx;
};
/** An offer for each row, in one transaction; *ret: the table reference, offer,
 *  tx_code, with the separator of the one that came. CONFLICT: it has faults.
 *  After a failure the transaction can only be ended. */
enum br_rc br_import_offer(
    struct br_kv_txn *txn,
    const struct br_import *i,
    const struct br_import_how *how,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
