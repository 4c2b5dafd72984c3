/*
 * Status lists as they were published: what the issuer said on a day, for who
 * asks later.
 *
 * A list is signed anew every few minutes; what is kept is the first token of
 * each content, and one a day. Its digest is stamped on the ledger; the node's
 * answer lies in BR_ORCH_STAMPS under the same key.
 *
 *   BR_ORCH_PUBLISHED  list (4), time in seconds (8), both big endian
 *                      -> version (8), the token
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_PUBLISHED_H
#define BR_ORCHESTRATOR_PUBLISHED_H

#include "orchestrator/store/store.h"

#define BR_PUBLISHED_EVERY_S 86400u

/** A token of a list. From a row, it borrows. */
struct br_published {
    uint32_t list;
    uint64_t version; /**< of the list: its changes, counted */
    uint64_t issued_s;
    struct br_bytes token;
};

/** Is this token to be kept: the first of its version, or of a day? */
enum br_rc br_published_is_due(
    struct br_kv_txn *txn,
    const struct br_published *p,
    bool *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_published_put(
    struct br_kv_txn *txn,
    const struct br_published *p,
    struct br_err *reterr) BR_MUST_USE;
/** The last of a list that was kept by that second. NOT_FOUND: none. */
enum br_rc br_published_get(
    struct br_kv_txn *txn,
    uint32_t list,
    uint64_t until_s,
    struct br_published *ret,
    struct br_err *reterr) BR_MUST_USE;

/** What the node answered to the stamp of a digest. number: of a list that was
 *  kept, its issued_s; 0: the newest that was not. */
enum br_rc br_stamped_put(
    struct br_kv_txn *txn,
    uint32_t list,
    uint64_t number,
    const struct br_hash *digest,
    struct br_bytes answer,
    struct br_err *reterr) BR_MUST_USE;
/** NOT_FOUND: it is not stamped, or not yet. */
enum br_rc br_stamped_get(
    struct br_kv_txn *txn,
    uint32_t list,
    uint64_t number,
    struct br_hash *ret_digest,
    struct br_bytes *ret_answer,
    struct br_err *reterr) BR_MUST_USE;

#endif
