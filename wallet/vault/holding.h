/*
 * Credentials, instances, keys and history in an unlocked person's vault: the
 * rows of vault.h as the values of wallet/core/record.h.
 *
 * Who presents does, in one write transaction: list, choose, br_holding_take an
 * instance, sign with its key, br_holding_put_entry, commit; and only then
 * sends. A once-only instance is so never shown twice, even after a crash.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_VAULT_HOLDING_H
#define BR_VAULT_HOLDING_H

#include "common/crypto/private_key.h"
#include "wallet/core/record.h"
#include "wallet/vault/vault.h"

/* More credentials than anybody has; the list is in memory. */
#define BR_HOLDING_CREDENTIALS_MAX 4096

/** A fresh identifier, with a NUL. */
void br_holding_new_id(char ret[BR_WALLET_ID_BYTES + 1]);

/** All credentials, the newest first; in the arena. */
enum br_rc br_holding_list(
    struct br_vault_txn *t,
    struct br_arena *arena,
    struct br_wallet_credential **ret,
    size_t *ret_count,
    struct br_err *reterr) BR_MUST_USE;
/** NOT_FOUND. */
enum br_rc br_holding_get(
    struct br_vault_txn *t,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_wallet_credential *ret,
    struct br_err *reterr) BR_MUST_USE;
/** New or changed. */
enum br_rc br_holding_put(
    struct br_vault_txn *t,
    const struct br_wallet_credential *c,
    struct br_err *reterr) BR_MUST_USE;
/** With its instances and keys, and the grant that nothing else has. NOT_FOUND.
 */
enum br_rc br_holding_remove(
    struct br_vault_txn *t,
    struct br_bytes id,
    struct br_err *reterr) BR_MUST_USE;

/** Delete the instances and keys of a credential that is about to get new ones;
 *  *c has none then, and is not stored yet. */
enum br_rc br_holding_clear(
    struct br_vault_txn *t,
    struct br_wallet_credential *c,
    struct br_err *reterr) BR_MUST_USE;

/** An instance and its private key. */
enum br_rc br_holding_put_instance(
    struct br_vault_txn *t,
    const struct br_wallet_instance *i,
    const struct br_private_key *key,
    struct br_err *reterr) BR_MUST_USE;
/** The one that would be taken next, to look at its claims; nothing is
 *  written. NOT_FOUND: all are spent. */
enum br_rc br_holding_peek(
    struct br_vault_txn *t,
    const struct br_wallet_credential *c,
    struct br_arena *arena,
    struct br_wallet_instance *ret,
    struct br_err *reterr) BR_MUST_USE;
/** What it says: the processed claims of that instance. NOT_FOUND. */
enum br_rc br_holding_claims(
    struct br_vault_txn *t,
    const struct br_wallet_credential *c,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;

struct br_holding_taken {
    struct br_wallet_instance instance;
    struct br_private_key *key; /**< the caller's to free */
};
/** The same, and counted as used: a once-only one is deleted with its key. Of
 *  *c only the id is looked at; it is brought up to date. */
enum br_rc br_holding_take(
    struct br_vault_txn *t,
    struct br_wallet_credential *c,
    uint64_t now_s,
    struct br_arena *arena,
    struct br_holding_taken *ret,
    struct br_err *reterr) BR_MUST_USE;

/** NOT_FOUND. */
enum br_rc br_holding_get_grant(
    struct br_vault_txn *t,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_wallet_grant *ret,
    struct br_err *reterr) BR_MUST_USE;
/** New or changed. */
enum br_rc br_holding_put_grant(
    struct br_vault_txn *t,
    const struct br_wallet_grant *g,
    struct br_err *reterr) BR_MUST_USE;
/** Delete it unless a credential, or what waits among the offers, names it. */
enum br_rc br_holding_drop_grant(
    struct br_vault_txn *t,
    struct br_bytes id,
    struct br_err *reterr) BR_MUST_USE;

/** entry->id may be empty: it then gets one. */
enum br_rc br_holding_put_entry(
    struct br_vault_txn *t,
    const struct br_wallet_entry *e,
    struct br_err *reterr) BR_MUST_USE;
/** One of them, in the arena. NOT_FOUND. */
enum br_rc br_holding_entry(
    struct br_vault_txn *t,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_wallet_entry *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Note that a letter was sent about a presentation (letter.h): who, and which
 *  claims, are taken from it. NOT_FOUND; CONFLICT: the entry is of no
 *  presentation, or the same was noted already. */
enum br_rc br_holding_note_letter(
    struct br_vault_txn *t,
    struct br_bytes id,
    enum br_wallet_event event,
    uint64_t now_s,
    char ret_id[BR_WALLET_ID_BYTES + 1],
    struct br_err *reterr) BR_MUST_USE;
/** Take such a note back: the person did not send it. Nothing else of the
 *  history can be deleted. NOT_FOUND, CONFLICT. */
enum br_rc br_holding_undo_letter(
    struct br_vault_txn *t,
    struct br_bytes id,
    struct br_err *reterr) BR_MUST_USE;
/** The newest first; at most max. */
enum br_rc br_holding_history(
    struct br_vault_txn *t,
    size_t max,
    struct br_arena *arena,
    struct br_wallet_entry **ret,
    size_t *ret_count,
    struct br_err *reterr) BR_MUST_USE;

/** A setting: any JSON text. NOT_FOUND. */
enum br_rc br_holding_setting(
    struct br_vault_txn *t,
    const char *name,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_holding_put_setting(
    struct br_vault_txn *t,
    const char *name,
    struct br_bytes text,
    struct br_err *reterr) BR_MUST_USE;

#endif
