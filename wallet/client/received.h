/*
 * What an issuer gave: checked, then kept, or refused and remembered.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_RECEIVED_H
#define BR_WALLET_RECEIVED_H

#include "wallet/client/session.h"

/** What was asked for, and came. */
struct br_received {
    struct br_bytes issuer;
    struct br_bytes configuration;
    struct br_bytes vct;
    const struct br_json *display;
    struct br_bytes deferred_endpoint;
    struct br_bytes notification_endpoint;
    bool sealed;                /**< messages are encrypted */
    struct br_bytes grant;      /**< id of what renews it; empty: nothing */
    struct br_bytes identifier; /**< credential_identifier, or empty */
    struct br_bytes renews;     /**< id of the credential that gets new copies;
                                 *   empty: it is a new one */
    struct br_private_key *keys[BR_VCI_PROOFS_MAX]; /**< owned */
    size_t key_count;
    struct br_vci_response response;
    /* After br_received_check: */
    size_t of_key[BR_VCI_PROOFS_MAX]; /**< the key of each credential */
    struct br_vc first;               /**< what the first of them says */
    struct br_standing standing;      /**< of who signed it */
    const char *shown_did; /**< whom the person was told to be accredited, and
                            *   to offer it; or NULL */
};
void br_received_fini(struct br_received *r);

/** Every credential of the response, under the client's trust. Rules sd-*,
 *  vc-*, x5c-*, vci-holder-key, vci-type; registry-* when the person was told
 *  that its issuer is accredited, or the wallet takes nothing else. */
enum br_rc br_received_check(
    const struct br_wallet_client *client,
    struct br_received *r,
    uint64_t now_s,
    struct br_arena *arena,
    struct br_err *reterr) BR_MUST_USE;
/** Store a checked one, with its line in the history. One that renews takes the
 *  place of all copies that were left: what they say is of yesterday. */
enum br_rc br_received_keep(
    struct br_vault_txn *t,
    const struct br_session *s,
    const struct br_received *r,
    char ret_id[BR_WALLET_ID_BYTES + 1],
    struct br_err *reterr) BR_MUST_USE;
/** A failure, in the history: the rule, or the error's text. */
void br_received_remember_failure(
    struct br_vault_person *person,
    const struct br_received *r,
    uint64_t now_s,
    const struct br_err *err);
/** Tell the issuer, where it listens; what it answers changes nothing. */
void br_received_notify(
    struct br_session *s, const struct br_received *r, enum br_vci_event event);

/* ---- deferred.c -----------------------------------------------------------
 */

/** Keep what is needed to ask again; returns its id. */
enum br_rc br_deferred_keep(
    struct br_vault_txn *t,
    const struct br_session *s,
    const struct br_received *r,
    char ret_id[BR_WALLET_ID_BYTES + 1],
    struct br_err *reterr) BR_MUST_USE;

/** One place of a status list, fetched now and verified under client->trust. */
enum br_rc br_client_status(
    const struct br_wallet_client *client,
    struct br_bytes uri,
    uint64_t index,
    unsigned *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
