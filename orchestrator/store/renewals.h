/*
 * Renewals: what a refresh token gives (RFC 6749 section 6), until when, and to
 * whom.
 *
 * - A token is 80 bytes: the offer's key, sixteen random bytes that stay, and
 *   thirty-two that change with each use. The row has hashes of them. Whoever
 *   brings the part that stays with another secret than the last has a token
 *   that was given up: the renewal ends, for the thief and for the wallet
 *   (RFC 9700 section 4.14.2). So there is one row, however often a token is
 *   used, and nothing to look up among old ones.
 * - It is good for the client, the client's attested key and the DPoP key to
 *   which it was given. Others are refused, and end nothing.
 * - An answer can be lost on its way to a telephone. So the last token but one,
 *   if it is bound to a key, is good for BR_RENEWAL_GRACE_S after it was given
 *   up, as long as nobody has used the one that came for it: who steals it
 * needs the key too, and the wallet does not lose the credential to a tunnel.
 * - The offer's claims are sealed under a random key, new at each use, which is
 *   sealed under the token. The disk alone tells nothing; an old token opens
 *   nothing that is stored now.
 * - It ends with its time, when the credential is revoked, when the offer is
 *   withdrawn or refused; the claims go with it.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_RENEWALS_H
#define BR_ORCHESTRATOR_RENEWALS_H

#include "common/base/limits.h"
#include "orchestrator/store/store.h"

enum {
    BR_RENEWAL_TEXT_BYTES = 108, /**< base64url of 80 bytes, and NUL */
    BR_RENEWAL_GRACE_S = 60,
};

/** Whose it is. Texts may be empty: nobody in particular, no key. */
struct br_renewal_holder {
    const char *client;
    const char *instance;   /**< thumbprint of the attested client's key */
    const char *thumbprint; /**< of DPoP */
};

struct br_renewal {
    struct br_hash offer;
    char client[BR_ORCH_CLIENT_BYTES + 1];
    char instance[BR_ORCH_SECRET_TEXT_BYTES];
    char thumbprint[BR_ORCH_SECRET_TEXT_BYTES];
    uint64_t ends_s;
    bool identifiers;
    bool open;                   /**< a batch may be issued: one for each use */
    uint64_t batches;            /**< issued so far, after the first */
    uint64_t used_s;             /**< when the last token was given */
    struct br_hash family;       /**< of what stays in the token */
    struct br_hash current;      /**< of the whole token */
    struct br_hash previous;     /**< zeros: none */
    struct br_bytes current_key; /**< the claims' key, under the token; borrowed
                                  *   from the row, as the next */
    struct br_bytes previous_key; /**< the same under the one before */
};
/** NOT_FOUND: there is none. One that is over is found until it is purged. */
enum br_rc br_renewal_get(
    struct br_kv_txn *txn,
    const struct br_hash *offer,
    struct br_renewal *ret,
    struct br_err *reterr) BR_MUST_USE;
bool br_renewal_is(struct br_kv_txn *txn, const struct br_hash *offer);

/** The first token of an offer. */
struct br_renewal_new {
    struct br_hash offer;
    const struct br_hash *claims_key; /**< under which they are sealed */
    struct br_renewal_holder holder;
    bool identifiers;
    uint64_t now_s;
    uint64_t ends_s;
};
enum br_rc br_renewal_create(
    struct br_kv_txn *txn,
    const struct br_renewal_new *n,
    char ret_token[BR_RENEWAL_TEXT_BYTES],
    struct br_err *reterr) BR_MUST_USE;

/** What a wallet brought to refresh. */
struct br_refresh {
    struct br_bytes token;
    struct br_renewal_holder holder;
    struct br_bytes configuration; /**< asked for; empty: what there is */
    const char *access;            /**< the text of the token that it gets */
    uint64_t now_s;
    uint64_t token_s;
    uint64_t deferred_s; /**< while the desk has to look first */
};
struct br_refreshed {
    struct br_offer offer; /**< its claims are not in it */
    bool identifiers;
    uint64_t expires_in;
    char token[BR_RENEWAL_TEXT_BYTES]; /**< that takes the place of the old */
};
/** A new access token and a new refresh token. Errors are those of the store
 *  alone. */
enum br_rc br_renewal_use(
    struct br_kv_txn *txn,
    const struct br_refresh *in,
    enum br_redeem_result *ret,
    struct br_refreshed *ret_refreshed,
    struct br_err *reterr) BR_MUST_USE;

/** The credential was issued for the first time, later than its token was
 *  given: nothing where there is no renewal. */
enum br_rc br_renewal_begin(
    struct br_kv_txn *txn,
    const struct br_hash *offer,
    uint64_t ends_s,
    struct br_err *reterr) BR_MUST_USE;
/** May one more batch be issued? CONFLICT: it is over, or there was one since
 *  the last use of the token, or too many. */
enum br_rc br_renewal_check(
    struct br_kv_txn *txn,
    const struct br_hash *offer,
    uint64_t now_s,
    struct br_renewal *ret,
    struct br_err *reterr) BR_MUST_USE;
/** It is issued, after that check in the same transaction: r->batches is its
 *  number, from 1. */
enum br_rc br_renewal_take(
    struct br_kv_txn *txn,
    struct br_renewal *r,
    struct br_err *reterr) BR_MUST_USE;
/** No more. Claims that were kept for it are dropped. */
enum br_rc br_renewal_end(
    struct br_kv_txn *txn,
    const struct br_hash *offer,
    struct br_err *reterr) BR_MUST_USE;

#endif
