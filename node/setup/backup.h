/*
 * Backups: a node's folder, whole enough to start from, taken while it runs.
 *
 * A backup is a folder like the node's own: db/, gateway/, genesis.cbor,
 * node.yaml, keys/, ca/ and the policies that the configuration names. It has
 * neither index/, which is made again, nor witness/ and the witness's key: a
 * witness must not go back to an older state.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_SETUP_BACKUP_H
#define BR_SETUP_BACKUP_H

#include "common/base/error.h"

#include <stdbool.h>

struct br_backup_options {
    const char *data_dir;
    const char *folder;   /**< must not be there yet */
    bool ledger_only;     /**< the ledger and its genesis, nothing else */
    bool with_passphrase; /**< then what opens the keys lies beside them */
};

/** After a failure the folder is there, incomplete. */
enum br_rc br_node_backup(
    const struct br_backup_options *o, struct br_err *reterr) BR_MUST_USE;
/** Put what a backup has into a folder that is missing or empty. CONFLICT when
 *  it is neither. Nothing is verified yet. */
enum br_rc br_node_put_back(
    const char *backup,
    const char *data_dir,
    struct br_err *reterr) BR_MUST_USE;

/** Call fn for each thing that the node in this folder needs to start and that
 *  is not in it: what, and why. */
enum br_rc br_node_tell_missing(
    const char *data_dir,
    void (*fn)(void *ctx, const char *what, const char *why),
    void *ctx,
    struct br_err *reterr) BR_MUST_USE;

#endif
