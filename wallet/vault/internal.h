/*
 * What the files of the vault share.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_VAULT_INTERNAL_H
#define BR_VAULT_INTERNAL_H

#include "common/store/kv.h"
#include "wallet/vault/vault.h"

#include <limits.h>

#define BR_VAULT_PERSON_BYTES 16
#define BR_VAULT_SUM_BYTES    32

struct br_vault {
    char folder[PATH_MAX - 128];
    struct br_seal_cost cost;
    struct br_seal_key *names;        /**< of DIR/keys/names.key */
    const struct br_seal_key *server; /**< or NULL: see br_vault_options */
    struct br_kv *kv;
};

struct br_vault_person {
    struct br_vault *vault;
    char name[BR_VAULT_NAME_BYTES_MAX + 1];
    uint8_t id[BR_VAULT_PERSON_BYTES];
    struct br_seal_key *data;  /**< what the lock holds */
    struct br_seal_key *rows;  /**< derived: seals */
    struct br_seal_key *index; /**< derived: names of rows */
    struct br_seal_key *sums;  /**< derived: the sum over all rows */
    bool looked;               /**< the sum was found right for this head: */
    uint8_t seen[BR_VAULT_SUM_BYTES];
};

/* ---- vault.c ------------------------------------------------------------- */

enum br_rc
br_vault_check_name(const char *name, struct br_err *reterr) BR_MUST_USE;
void br_person_id(
    const struct br_vault *v,
    const char *name,
    uint8_t ret[BR_VAULT_PERSON_BYTES]);
/** Locked, and without a name. NO_MEMORY. */
enum br_rc br_person_of_id(
    struct br_vault *v,
    const uint8_t id[BR_VAULT_PERSON_BYTES],
    struct br_vault_person **ret,
    struct br_err *reterr) BR_MUST_USE;
/** The data key is there: derive the others, look at all rows. CORRUPT. */
enum br_rc
br_person_opened(struct br_vault_person *p, struct br_err *reterr) BR_MUST_USE;
/** Makes a new person's lock, and its first rows, within the transaction that
 *  the person begins with. */
typedef enum br_rc br_person_first_fn(
    const void *ctx,
    struct br_vault_person *p,
    struct br_kv_txn *kv,
    struct br_err *reterr);
enum br_rc br_person_add(
    struct br_vault *v,
    const char *name,
    br_person_first_fn *first,
    const void *ctx,
    struct br_vault_person **ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- rows.c -------------------------------------------------------------- */

/** The derived keys, from p->data. */
enum br_rc
br_rows_keys(struct br_vault_person *p, struct br_err *reterr) BR_MUST_USE;
/** No rows, in a fresh head; in this transaction. */
enum br_rc br_rows_begin_anew(
    struct br_vault_person *p,
    struct br_kv_txn *kv,
    struct br_err *reterr) BR_MUST_USE;
/** One row into a head that br_rows_begin_anew has just made. */
enum br_rc br_rows_put_first(
    struct br_vault_person *p,
    struct br_kv_txn *kv,
    enum br_vault_table table,
    struct br_bytes key,
    struct br_bytes text,
    struct br_err *reterr) BR_MUST_USE;
/** Every row of a person, the head too, unseen. */
enum br_rc br_rows_delete_all(
    struct br_kv_txn *kv,
    const uint8_t *person,
    struct br_err *reterr) BR_MUST_USE;

#endif
