/*
 * Closings of the desk's audit log: what is stamped on the ledger, so that its
 * rows cannot be written anew behind it.
 *
 * - A closing covers rows first to last by the hash of the last, which covers
 *   all before it, and the closing before it by its digest.
 * - The digest that is stamped is salted: who reads the ledger cannot try out
 *   what the rows might say.
 * - Its receipt lies beside it once the ledger has answered.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_STORE_CLOSING_H
#define BR_ORCHESTRATOR_STORE_CLOSING_H

#include "orchestrator/store/desk.h"

enum {
    BR_CLOSING_SALT_BYTES = 32,
    /** Among the stamps of status lists, which count from 1. */
    BR_CLOSING_LIST = 0,
};

struct br_closing {
    uint64_t first; /**< rows */
    uint64_t last;
    uint64_t time_us;
    uint8_t salt[BR_CLOSING_SALT_BYTES];
    struct br_hash row;      /**< hash of row `last` */
    struct br_hash previous; /**< digest of the closing before; zeros: none */
    struct br_hash digest;   /**< of all this */
};
/** What its digest is made over: "broletto/audit-closing", a zero byte, the
 *  salt, first, last and time_us as eight bytes each, row and previous. */
void br_closing_put(const struct br_closing *c, struct br_buf *ret);
/** NO_MEMORY. */
enum br_rc br_closing_digest(
    const struct br_closing *c,
    struct br_hash *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Close what is open, if it is due: `rows` of them, or the oldest is older
 *  than age_us. *ret_due: it was, and is closed. */
struct br_closing_when {
    uint64_t rows;
    uint64_t age_us;
    uint64_t now_us;
};
enum br_rc br_closing_make(
    struct br_kv_txn *txn,
    const struct br_closing_when *when,
    bool *ret_due,
    struct br_err *reterr) BR_MUST_USE;
/** The newest, stamped or not. NOT_FOUND. */
enum br_rc br_closing_last(
    struct br_kv_txn *txn,
    struct br_closing *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The node's answer for a closing: JSON, borrowed from the store. NOT_FOUND:
 *  not stamped yet; CORRUPT: it is about another digest. */
enum br_rc br_closing_stamp(
    struct br_kv_txn *txn,
    const struct br_closing *c,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The newest that is stamped. NOT_FOUND. */
enum br_rc br_closing_last_stamped(
    struct br_kv_txn *txn,
    struct br_closing *ret,
    struct br_bytes *ret_stamp,
    struct br_err *reterr) BR_MUST_USE;

/** All rows and closings from the first on, each with its chain checked:
 *  CORRUPT names the row that does not fit. A closing comes after its last
 *  row. What fn fails with ends it. */
struct br_audit_visit {
    enum br_rc (*row)(
        void *ctx, const struct br_audit *a, struct br_err *reterr);
    enum br_rc (*closing)(
        void *ctx,
        struct br_kv_txn *txn,
        const struct br_closing *c,
        struct br_err *reterr);
    void *ctx;
};
enum br_rc br_audit_walk(
    struct br_kv_txn *txn,
    const struct br_audit_visit *visit,
    struct br_err *reterr) BR_MUST_USE;

#endif
