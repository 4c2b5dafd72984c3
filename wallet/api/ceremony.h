/*
 * The two ceremonies of WebAuthn, as the wallet holds them: options for the
 * browser, in the standard's JSON (section 5.1), and what comes back, judged.
 *
 * - Every passkey is discoverable, verifies its user, and has a PRF: otherwise
 * it could not open the wallet by itself.
 * - The PRF's input is the same for all. It cannot depend on the passkey, since
 *   the server does not know who is coming; what the output wraps is set apart
 * by a salt of each passkey's own (wallet/vault/lock.h).
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_CEREMONY_H
#define BR_WALLET_CEREMONY_H

#include "wallet/api/api.h"
#include "wallet/vault/passkey.h"

/** FORBIDDEN: no browser would make one for this address. */
enum br_rc br_ceremony_offered(
    const struct br_wallet_api *api, struct br_err *reterr) BR_MUST_USE;

/** {"publicKey": PublicKeyCredentialRequestOptionsJSON}. list: those that may
 *  answer, without PRF; NULL: any, with it. */
enum br_rc br_ceremony_write_request(
    struct br_wallet_call *call,
    const struct br_challenge_for *what,
    const struct br_passkey_list *list,
    struct br_err *reterr) BR_MUST_USE;
/** {"publicKey": PublicKeyCredentialCreationOptionsJSON} for this person. list:
 *  those that are there already; NULL: none. */
enum br_rc br_ceremony_write_creation(
    struct br_wallet_call *call,
    const struct br_challenge_for *what,
    const char *name,
    const struct br_passkey_list *list,
    struct br_err *reterr) BR_MUST_USE;

/** A browser's answer: in the arena. */
struct br_ceremony_answer {
    struct br_bytes id;
    struct br_bytes client_data;
    struct br_bytes bytes;     /**< authenticator data, as it was signed */
    struct br_bytes signature; /**< empty: none */
    struct br_bytes handle;    /**< empty: none */
    struct br_bytes secret;    /**< the PRF's output; empty: none */
    struct br_bytes challenge;
    struct br_webauthn_data data;
};

/** A new passkey: everything is looked at, and its challenge is spent. */
enum br_rc br_ceremony_created(
    struct br_wallet_call *call,
    const struct br_json *credential,
    const struct br_challenge_for *what,
    struct br_ceremony_answer *ret,
    struct br_err *reterr) BR_MUST_USE;
/** A passkey's answer: everything but whose it is, and its signature. */
enum br_rc br_ceremony_read(
    struct br_wallet_call *call,
    const struct br_json *credential,
    const struct br_challenge_for *what,
    struct br_ceremony_answer *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The rest, for this person: a passkey of theirs, its signature, the challenge
 *  once, the counter. */
enum br_rc br_ceremony_verify(
    struct br_wallet_call *call,
    struct br_vault_person *person,
    const struct br_ceremony_answer *answer,
    struct br_err *reterr) BR_MUST_USE;
/** The PRF's output is needed no more. */
void br_ceremony_wipe(struct br_ceremony_answer *c);

#endif
