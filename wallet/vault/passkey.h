/*
 * Passkeys that open a person's vault: beside a passphrase, or instead of one.
 *
 * - A passkey's authenticator gives a secret of its own (WebAuthn's PRF), the
 *   same at each use. HKDF makes a key of it, and under that key the person's
 *   data key lies in the lock, as it does under a passphrase. Without the
 *   authenticator the disk opens to nobody.
 * - What its answers are judged by (public key, counter) is a sealed row: who
 *   has the disk reads neither whose device it is, nor changes it. So the vault
 *   opens first, with the secret; then the row's key verifies the answer, and
 *   who fails there is locked out again.
 * - A way in the lock and its row belong together. A crash may leave one
 * without the other: it opens nothing, counts for nothing, and goes with the
 * next change.
 * - The last way in stays: CONFLICT.
 *
 * Failures: as vault.h.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_VAULT_PASSKEY_H
#define BR_VAULT_PASSKEY_H

#include "common/credential/webauthn.h"
#include "wallet/core/record.h"
#include "wallet/vault/vault.h"

/* WebAuthn section 10.1.4: PRFs map to 32 bytes. */
#define BR_PASSKEY_SECRET_BYTES 32
/* WebAuthn's user handle: the person, as the lock's file is named. */
#define BR_PASSKEY_HANDLE_BYTES 16
/* A name that fits a line of a list. */
#define BR_PASSKEY_NAME_BYTES_MAX 64
/* Of a reference: SHA-256 of the credential's id, in base64url. */
#define BR_PASSKEY_REFERENCE_BYTES 43

/** What the authenticator shall know the person by; also before there is one.
 *  MALFORMED: no name. */
enum br_rc br_passkey_handle(
    struct br_vault *v,
    const char *name,
    uint8_t ret[BR_PASSKEY_HANDLE_BYTES],
    struct br_err *reterr) BR_MUST_USE;
/** How a passkey is named in addresses: an id may have 1,023 bytes. NO_MEMORY.
 */
enum br_rc br_passkey_reference(
    struct br_bytes id,
    char ret[BR_PASSKEY_REFERENCE_BYTES + 1],
    struct br_err *reterr) BR_MUST_USE;

/** One that was just made, and judged. */
struct br_passkey_new {
    const struct br_webauthn_data *data; /**< of BR_WEBAUTHN_CREATE */
    struct br_bytes secret;              /**< the PRF's output */
    struct br_bytes name;                /**< as the person calls it */
    uint64_t now_s;
};

/** A new person, whom this passkey opens and nothing else. CONFLICT. */
enum br_rc br_passkey_add_person(
    struct br_vault *v,
    const char *name,
    const struct br_passkey_new *k,
    struct br_vault_person **ret,
    struct br_err *reterr) BR_MUST_USE;
/** One more way in. CONFLICT: it opens this vault already; OUT_OF_RANGE: too
 *  many. */
enum br_rc br_passkey_add(
    struct br_vault_person *p,
    const struct br_passkey_new *k,
    struct br_err *reterr) BR_MUST_USE;

struct br_passkey_way {
    struct br_bytes handle;
    struct br_bytes id;
    struct br_bytes secret;
};
/** KEY_LOCKED, in one form of words: nobody of this handle, no such passkey, or
 *  another secret. The answer's signature is still to be verified: with
 *  br_passkey_get and br_passkey_used. */
enum br_rc br_passkey_unlock(
    struct br_vault *v,
    const struct br_passkey_way *way,
    struct br_vault_person **ret,
    struct br_err *reterr) BR_MUST_USE;

/** NOT_FOUND: none of this vault's. */
enum br_rc br_passkey_get(
    struct br_vault_person *p,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_wallet_passkey *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Its answer was verified: remember counter and time. webauthn-counter, when
 * it went back, which is written into the history too; webauthn-backup;
 *  NOT_FOUND. */
enum br_rc br_passkey_used(
    struct br_vault_person *p,
    struct br_bytes id,
    const struct br_webauthn_data *data,
    uint64_t now_s,
    struct br_err *reterr) BR_MUST_USE;

struct br_passkey_list {
    struct br_wallet_passkey *all; /**< the oldest first; in the arena */
    size_t count;
    bool has_passphrase;
};
enum br_rc br_passkey_list(
    struct br_vault_person *p,
    struct br_arena *arena,
    struct br_passkey_list *ret,
    struct br_err *reterr) BR_MUST_USE;
/** NOT_FOUND; CONFLICT: the last way in. */
enum br_rc br_passkey_remove(
    struct br_vault_person *p,
    struct br_bytes reference,
    struct br_err *reterr) BR_MUST_USE;
/** The passphrase opens no longer. CONFLICT: the last way in. */
enum br_rc br_passkey_drop_passphrase(
    struct br_vault_person *p, struct br_err *reterr) BR_MUST_USE;

#endif
