/*
 * From a grant to credentials: the token, a nonce, keys and their proofs, the
 * credentials, checked. Who accepts an offer, comes back from an issuer's page
 * or renews does the same from here on.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_OBTAIN_H
#define BR_WALLET_OBTAIN_H

#include "wallet/client/received.h"

struct br_obtaining {
    struct br_look *look;
    struct br_session session;
    struct br_arena arena;
    struct br_bytes client;      /**< client_id; empty: nobody in particular */
    const struct br_json *token; /**< the token response */
    struct br_vci_token granted;
    enum br_oauth_error refused; /**< the last error of a server's, if it is one
                                  *   of ours */
    struct br_received received[BR_VCI_OFFERED_MAX];
};

/** For a look, in its arena. br_obtain_end in any case. */
enum br_rc br_obtain_begin(
    const struct br_wallet_client *client,
    struct br_look *l,
    struct br_obtaining **ret,
    struct br_err *reterr) BR_MUST_USE;
/** The name that this program has where nameless ones are not served. */
struct br_bytes br_obtain_client_id(void);
/** Can this wallet hold what is offered? UNSUPPORTED. */
enum br_rc
br_obtain_check(const struct br_look *l, struct br_err *reterr) BR_MUST_USE;

/** The key that a token is bound to (RFC 9449), if the server speaks of it. */
enum br_rc
br_obtain_make_key(struct br_obtaining *o, struct br_err *reterr) BR_MUST_USE;
/** POST the form, client_id added, to the token endpoint. ISSUER_REFUSED. */
enum br_rc br_obtain_token(
    struct br_obtaining *o,
    struct br_buf *form,
    struct br_err *reterr) BR_MUST_USE;
/** Prepare every credential of the look, before anything is sent. */
enum br_rc
br_obtain_prepare(struct br_obtaining *o, struct br_err *reterr) BR_MUST_USE;
/** One of them, checked, or what to wait for. */
enum br_rc br_obtain_credential(
    struct br_obtaining *o, size_t i, struct br_err *reterr) BR_MUST_USE;

/** All of them in a transaction, with what renews them. */
enum br_rc br_obtain_keep(
    struct br_obtaining *o,
    struct br_vault_txn *t,
    struct br_accepted *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The same, in a transaction of its own. */
enum br_rc br_obtain_keep_all(
    struct br_obtaining *o,
    struct br_vault_person *person,
    struct br_accepted *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Tell the issuer how it ended, forget keys and tokens. */
void br_obtain_end(struct br_obtaining *o, enum br_rc rc);

#endif
