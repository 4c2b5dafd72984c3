/*
 * Inside the vault: a person's lock, which is a file with the ways in, and the
 * data key behind each of them. Byte by byte in lock.c and docs/formats.md.
 *
 * A lock is read, changed as a value, and written whole; who changes one holds
 * the store's write lock from the reading to the writing.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_VAULT_LOCK_H
#define BR_VAULT_LOCK_H

#include "wallet/vault/internal.h"

#define BR_LOCK_SALT_BYTES       32
#define BR_LOCK_PASSPHRASE_BYTES 104
#define BR_LOCK_PASSKEY_BYTES    112
/* A telephone, a computer, a key or two; and a file that stays small. */
#define BR_LOCK_PASSKEYS_MAX 16
#define BR_LOCK_BYTES_MAX \
    (BR_LOCK_PASSPHRASE_BYTES + BR_LOCK_PASSKEYS_MAX * BR_LOCK_PASSKEY_BYTES)

struct br_lock {
    bool has_passphrase;
    uint8_t passphrase[BR_LOCK_PASSPHRASE_BYTES];
    size_t passkey_count;
    /* One more than there may be, so that dropping the last one is no case. */
    uint8_t passkeys[BR_LOCK_PASSKEYS_MAX + 1][BR_LOCK_PASSKEY_BYTES];
};

/** CORRUPT: an unknown way, two passphrases, too many passkeys, none at all. */
enum br_rc
br_lock_parse(struct br_bytes file, struct br_lock *ret, struct br_err *reterr)
    BR_MUST_USE;
/** What parse took: the passphrase comes first. */
void br_lock_encode(const struct br_lock *l, struct br_buf *b);

/** NOT_FOUND, CORRUPT. */
enum br_rc br_lock_read(
    const struct br_vault *v,
    const uint8_t *person,
    struct br_lock *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Whole or not at all; what it replaces is overwritten where it lay. create:
 *  CONFLICT when there is one. */
enum br_rc br_lock_write(
    const struct br_vault *v,
    const uint8_t *person,
    const struct br_lock *l,
    bool create,
    struct br_err *reterr) BR_MUST_USE;
bool br_lock_exists(const struct br_vault *v, const uint8_t *person);
enum br_rc br_lock_destroy(
    const struct br_vault *v,
    const uint8_t *person,
    struct br_err *reterr) BR_MUST_USE;

/** The person's data key under this passphrase, in the place of the one before.
 */
enum br_rc br_lock_set_passphrase(
    const struct br_vault_person *p,
    const struct br_secret *passphrase,
    struct br_lock *l,
    struct br_err *reterr) BR_MUST_USE;
/** And under a passkey's secret, as the last. OUT_OF_RANGE: one too many. */
enum br_rc br_lock_add_passkey(
    const struct br_vault_person *p,
    struct br_bytes id,
    struct br_bytes prf,
    struct br_lock *l,
    struct br_err *reterr) BR_MUST_USE;
/** By which a way is known in its passkey's row. */
const uint8_t *br_lock_passkey_salt(const struct br_lock *l, size_t i);
void br_lock_drop_passkey(struct br_lock *l, size_t i);

/** Fills p->data. KEY_LOCKED, CORRUPT. */
enum br_rc br_lock_open(
    struct br_vault_person *p,
    const struct br_secret *passphrase,
    struct br_err *reterr) BR_MUST_USE;
/** The same; every passkey's way is tried, since nothing in the file tells
 *  whose it is. */
enum br_rc br_lock_open_passkey(
    struct br_vault_person *p,
    struct br_bytes id,
    struct br_bytes prf,
    struct br_err *reterr) BR_MUST_USE;

#endif
