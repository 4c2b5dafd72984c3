/*
 * The vault: what several people keep on one server, sealed for each of them.
 *
 *   DIR/vault/            LMDB: one table of sealed rows
 *   DIR/locks/PERSON.lock a person's data key, wrapped by a passphrase, or by
 *                         the secrets of passkeys (passkey.h), or both; and
 *                         in each case by the server's own key, where it has
 *                         one
 *   DIR/keys/names.key    32 random bytes: names on the disk are made with them
 *
 * - A person has a random data key, which never leaves locked memory. Rows are
 *   XChaCha20-Poly1305 under it, with person, table, key and version as
 *   associated data: a row is nothing in any other place.
 * - What the disk tells: how many people there are, how many rows each has in
 *   a few groups, and their sizes in steps of 512 bytes. No names, no types, no
 *   issuers, no times.
 * - A row of today's cannot be exchanged for one of yesterday's, nor be
 *   removed: a sealed sum over all rows of a person is looked at when they
 *   unlock, and again when another process has written. The whole folder, put
 * back from a copy, is the past that it was: nothing here can tell.
 * - The lock is a file of its own, so that it can be overwritten where it lies:
 *   LMDB keeps old pages for a while. Without it the rows are noise.
 * - Any number of processes (the daemon, the command line). In one process, one
 *   br_vault for a folder; an unlocked person is used by one thread at a time.
 *
 * Failures: as kv.h; KEY_LOCKED: no such person, or a wrong passphrase (which
 * of them is not told); CORRUPT: rows or locks were changed from outside.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_VAULT_VAULT_H
#define BR_VAULT_VAULT_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/crypto/keyfile.h"
#include "common/crypto/seal.h"

#define BR_VAULT_NAME_BYTES_MAX 128
#define BR_VAULT_KEY_BYTES_MAX  256
/* A credential of two megabytes (BR_SD_BYTES_MAX), and what is kept with it. */
#define BR_VAULT_ROW_BYTES_MAX (4u * 1024 * 1024)
#define BR_VAULT_ROWS_MAX      200000

enum br_vault_table {
    BR_VAULT_CREDENTIALS = 1, /**< what one is, without its instances */
    BR_VAULT_INSTANCES = 2,   /**< one signed text each */
    BR_VAULT_KEYS = 3,        /**< the holder's private keys */
    BR_VAULT_HISTORY = 4,
    BR_VAULT_OFFERS = 5, /**< begun and not finished */
    BR_VAULT_SETTINGS = 6,
    BR_VAULT_GRANTS = 7,   /**< rights to renew credentials */
    BR_VAULT_PASSKEYS = 8, /**< this lock's: they are in no backup */
};
#define BR_VAULT_TABLE_LAST  BR_VAULT_PASSKEYS
#define BR_VAULT_BACKUP_LAST BR_VAULT_GRANTS /**< of those in a backup */

struct br_vault;
struct br_vault_person;

struct br_vault_options {
    const char *folder;       /**< the wallet's DIR */
    bool create;              /**< make what is missing */
    struct br_seal_cost cost; /**< zeros: the default */
    /** Without it no lock that is made opens; borrowed until close. NULL: a
     * lock opens with what its person knows or has. */
    const struct br_seal_key *server;
};
/** NOT_FOUND when it is not there and not to be made. */
enum br_rc br_vault_open(
    const struct br_vault_options *options,
    struct br_vault **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_vault_close(struct br_vault *v);

/* ---- people ------------------------------------------------------------- */

/** A new person, unlocked. CONFLICT: there is one of this name. A name is 1 to
 *  128 bytes of UTF-8 without control characters; it is compared as bytes. */
enum br_rc br_vault_add_person(
    struct br_vault *v,
    const char *name,
    const struct br_secret *passphrase,
    struct br_vault_person **ret,
    struct br_err *reterr) BR_MUST_USE;
/** Takes as long for a name that is not there. */
enum br_rc br_vault_unlock(
    struct br_vault *v,
    const char *name,
    const struct br_secret *passphrase,
    struct br_vault_person **ret,
    struct br_err *reterr) BR_MUST_USE;
/** Forgets the data key. NULL is allowed. */
void br_vault_lock(struct br_vault_person *p);
bool br_vault_has_person(struct br_vault *v, const char *name);
const char *br_vault_person_name(const struct br_vault_person *p);

/** The data key under a new passphrase, or under a first one; the old lock is
 *  overwritten, passkeys stay. */
enum br_rc br_vault_rekey(
    struct br_vault_person *p,
    const struct br_secret *passphrase,
    struct br_err *reterr) BR_MUST_USE;
/** Overwrite the person's lock, then delete the rows: nothing opens them from
 *  then on. NOT_FOUND. Whoever runs the server may do this, knowing the name.
 */
enum br_rc br_vault_erase(
    struct br_vault *v, const char *name, struct br_err *reterr) BR_MUST_USE;

/* ---- rows --------------------------------------------------------------- */

struct br_vault_txn;

/** All changes of a transaction are stored, or none. */
enum br_rc br_vault_begin(
    struct br_vault_person *p,
    bool write,
    struct br_vault_txn **ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc
br_vault_commit(struct br_vault_txn *t, struct br_err *reterr) BR_MUST_USE;
/** Drops what was not committed. NULL is allowed. */
void br_vault_end(struct br_vault_txn *t);

/** Grows with each commit of this person's, in whatever process. */
uint64_t br_vault_version(const struct br_vault_txn *t);

/** Append the row's text to ret (br_buf_wipe it). NOT_FOUND. */
enum br_rc br_vault_get(
    struct br_vault_txn *t,
    enum br_vault_table table,
    struct br_bytes key,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_vault_put(
    struct br_vault_txn *t,
    enum br_vault_table table,
    struct br_bytes key,
    struct br_bytes text,
    struct br_err *reterr) BR_MUST_USE;
/** Deleting what is not there is BR_OK. */
enum br_rc br_vault_delete(
    struct br_vault_txn *t,
    enum br_vault_table table,
    struct br_bytes key,
    struct br_err *reterr) BR_MUST_USE;
/** Every row of a table, in no order that means anything; key and text are
 *  lent for the call. fn's failure ends the walk, and is returned. */
typedef enum br_rc br_vault_each_fn(
    void *ctx,
    struct br_bytes key,
    struct br_bytes text,
    struct br_err *reterr);
enum br_rc br_vault_each(
    struct br_vault_txn *t,
    enum br_vault_table table,
    br_vault_each_fn *fn,
    void *ctx,
    struct br_err *reterr) BR_MUST_USE;

#endif
