/*
 * What the files of presenting share.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_SHOWING_H
#define BR_WALLET_SHOWING_H

#include "wallet/client/present.h"

/** An instance opened, and what a query selects of it. */
struct br_shown {
    struct br_vc vc;
    struct br_dcql_match match;
};
/** NOT_FOUND: it does not answer. The text outlives the arena's use. */
enum br_rc br_showing_match(
    struct br_bytes text,
    const struct br_dcql_query *query,
    struct br_arena *arena,
    struct br_shown *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Would every disclosure be shown, and are there several? */
bool br_showing_is_whole(const struct br_shown *s);

/** VERIFIER_REFUSED, in the verifier's words, whatever it sent. */
enum br_rc
br_showing_words(int status, struct br_bytes body, struct br_err *reterr);

/** A request that breaks a rule: told to the verifier, if it is the one who
 *  asks, and remembered. */
void br_showing_refused(
    const struct br_wallet_client *client,
    struct br_present_look *l,
    struct br_vault_person *person,
    const struct br_err *why);

/** Registration, contacts and remarks of a request whose answers are known. A
 *  registration that is not believed is a remark, not a failure. */
enum br_rc br_showing_asker(
    const struct br_wallet_client *client,
    struct br_present_look *l,
    struct br_vault_person *person,
    struct br_err *reterr) BR_MUST_USE;

#endif
