/*
 * A person's whole wallet in one file, under a passphrase of its own; restored
 * into a new wallet on another machine.
 *
 *   "broletto-wallet-backup-1\n" || passes (4) || KiB (4) || salt (16) ||
 *   sealed CBOR: an array of rows [table, key, text]
 *
 * The file tells its size, and nothing else.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_VAULT_BACKUP_H
#define BR_VAULT_BACKUP_H

#include "wallet/vault/vault.h"

#define BR_BACKUP_BYTES_MAX (256u * 1024 * 1024)

/** Append the file's bytes to ret. */
enum br_rc br_backup_write(
    struct br_vault_person *p,
    const struct br_secret *passphrase,
    struct br_seal_cost cost,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Put the rows back, all or none. The wallet must be empty (CONFLICT): what
 *  was shown since would come back as if it had not been. KEY_LOCKED: another
 *  passphrase, or changed bytes; MALFORMED: no such file. */
enum br_rc br_backup_restore(
    struct br_vault_person *p,
    const struct br_secret *passphrase,
    struct br_bytes file,
    uint64_t *ret_rows,
    struct br_err *reterr) BR_MUST_USE;

#endif
