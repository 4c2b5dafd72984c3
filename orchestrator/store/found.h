/*
 * Finding what was issued, without walking all of it.
 *
 * Three indexes, kept by br_issued_put in the transaction of the row itself:
 * by reference, by offer, and by state and time. Each names the row; nothing in
 * them is truth. A folder from before them is indexed once, when it is opened.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_FOUND_H
#define BR_ORCHESTRATOR_FOUND_H

#include "orchestrator/store/store.h"

/** Rows that one search looks at, at most: what begins like very many is not
 *  all put in order. */
enum { BR_ISSUED_LOOKED_MAX = 20000 };

struct br_issued_query {
    const char *text;   /**< begins its id or its reference; "": any */
    const char *type;   /**< "": any */
    const char *status; /**< as br_status_name; "": any */
};
/** The newest first, at most max. */
enum br_rc br_issued_search(
    struct br_kv_txn *txn,
    const struct br_issued_query *q,
    struct br_issued *ret,
    size_t max,
    size_t *ret_count,
    struct br_err *reterr) BR_MUST_USE;

/** false ends the walk. It may write only after the walk. */
typedef bool br_issued_fn(void *ctx, const struct br_issued *i);
/** With exactly this reference. */
enum br_rc br_issued_by_reference(
    struct br_kv_txn *txn,
    const char *reference,
    br_issued_fn *fn,
    void *ctx,
    struct br_err *reterr) BR_MUST_USE;
/** Of this type, the newest first; "": all. */
enum br_rc br_issued_by_type(
    struct br_kv_txn *txn,
    const char *type,
    br_issued_fn *fn,
    void *ctx,
    struct br_err *reterr) BR_MUST_USE;
/** The newest credential of an offer; NOT_FOUND. */
enum br_rc br_issued_of_offer(
    struct br_kv_txn *txn,
    const struct br_hash *offer,
    struct br_issued *ret,
    struct br_err *reterr) BR_MUST_USE;

/** For br_issued_put: before NULL: it is new. */
enum br_rc br_issued_index(
    struct br_kv_txn *txn,
    const struct br_issued *i,
    const struct br_issued *before,
    struct br_err *reterr) BR_MUST_USE;
/** Index what is not indexed yet, in transactions of bounded size. It can be
 *  interrupted and begun again. */
enum br_rc
br_issued_index_all(struct br_kv *kv, struct br_err *reterr) BR_MUST_USE;

#endif
