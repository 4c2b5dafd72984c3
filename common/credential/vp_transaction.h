/*
 * Transaction data (OpenID4VP 1.0 sections 5.1, 8.4 and B.3.3): what the holder
 * approves by showing a credential, signed with its key.
 *
 * A request carries each as base64url of a JSON object; the key binding carries
 * the hashes of those strings. A type that is not in this table, or a member
 * that its type has not, makes the whole request invalid:
 *
 * | type                               | members (? may be absent)           |
 * |------------------------------------|-------------------------------------|
 * | urn:broletto:transaction:approval:1| text, reference?, digest?           |
 * | urn:broletto:transaction:payment:1 | payee, amount, currency, reference? |
 *
 * All are strings that are not empty. digest is a SHA-256 in hexadecimal;
 * amount a decimal number as "12.50"; currency three capital letters.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_VP_TRANSACTION_H
#define BR_CREDENTIAL_VP_TRANSACTION_H

#include "common/base/arena.h"
#include "common/codec/json.h"
#include "common/credential/dcql.h"

#define BR_VP_TRANSACTIONS_MAX 16

/** One, read and checked; borrows the arena. */
struct br_vp_transaction {
    struct br_bytes encoded; /**< as it stands in the request */
    const struct br_json *object;
    const struct br_json *credential_ids;
};

/** Every rule of its type; credential_ids are queries that ask for a binding.
 *  vp-transaction. */
enum br_rc br_vp_transaction_parse(
    const struct br_json *v,
    const struct br_dcql *query,
    struct br_arena *arena,
    struct br_vp_transaction *ret,
    struct br_err *reterr) BR_MUST_USE;

/** May this query's credential approve it? */
bool
br_vp_transaction_names(const struct br_vp_transaction *t, struct br_bytes id);

/** The wallet: claims for a key binding that approves these, an object made in
 *  the arena. NULL in *ret when there are none. */
enum br_rc br_vp_transaction_hashes(
    const struct br_vp_transaction *const *list,
    size_t count,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;

/** The verifier: which of these does a key binding approve? approved[i] is set
 *  for each found. vp-transaction-hash: one of its hashes is for none. */
enum br_rc br_vp_transaction_check(
    const struct br_json *binding,
    const struct br_vp_transaction *list,
    size_t count,
    bool *approved,
    struct br_err *reterr) BR_MUST_USE;

#endif
