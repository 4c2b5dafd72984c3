/*
 * Who works at the desk, their sessions, and what they did.
 *
 * - An operator has a passphrase and a second factor (RFC 6238). Neither is
 *   stored: the second factor's secret is sealed under a key that Argon2id
 * makes from the passphrase, so that opening it is the check of the passphrase.
 * - After five failures in a row an operator waits, each time twice as long, a
 *   quarter of an hour at most.
 * - A session is 32 random bytes that the browser keeps; here is their hash.
 * - The audit log is a chain of hashes: a row that was changed or taken away
 *   breaks it, and its newest hash is stamped on the ledger.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_STORE_DESK_H
#define BR_ORCHESTRATOR_STORE_DESK_H

#include "common/crypto/seal.h"
#include "common/crypto/totp.h"
#include "orchestrator/store/store.h"

enum {
    BR_DESK_NAME_BYTES = 64,
    BR_DESK_SALT_BYTES = 16,
    BR_DESK_PASSPHRASE_MIN = 12, /**< of one that somebody chose */
    BR_DESK_SEALED_BYTES = BR_TOTP_SECRET_BYTES + BR_SEAL_OVERHEAD_BYTES,
    BR_DESK_DETAIL_BYTES = 240,
    BR_DESK_FAILURES = 5,
    BR_DESK_WAIT_S_MAX = 900,
    BR_DESK_IDLE_S = 1800,
    BR_DESK_SESSION_S = 12 * 3600,
};

/* Numbers are stored: never renumbered. */
enum br_desk_role {
    BR_DESK_OPERATOR = 0,   /**< issues, asks, changes statuses */
    BR_DESK_SUPERVISOR = 1, /**< the same, and reads the audit log */
    BR_DESK_AUDITOR = 2,    /**< reads */
    BR_DESK_ROLES,
};
const char *br_desk_role_name(enum br_desk_role r);
/** NOT_FOUND. */
enum br_rc br_desk_role_by_name(
    const char *name,
    enum br_desk_role *ret,
    struct br_err *reterr) BR_MUST_USE;

struct br_operator {
    char name[BR_DESK_NAME_BYTES + 1];
    enum br_desk_role role;
    uint8_t salt[BR_SEAL_SALT_BYTES];
    struct br_seal_cost cost;
    uint8_t sealed[BR_DESK_SEALED_BYTES];
    uint64_t used_step; /**< of the last code that was taken */
    uint64_t failures;  /**< in a row */
    uint64_t wait_until_s;
    uint64_t created_s;
    bool federated; /**< logs in at the OpenID Connect provider, not here */
    uint8_t identity_salt[BR_DESK_SALT_BYTES];
    struct br_hash identity; /**< salted, of the provider and who it is there */
};

/** 1 to 64 of a-z, 0-9, dot, hyphen. OUT_OF_RANGE. */
enum br_rc
br_operator_check_name(const char *name, struct br_err *reterr) BR_MUST_USE;
enum br_rc br_operator_put(
    struct br_kv_txn *txn,
    const struct br_operator *o,
    struct br_err *reterr) BR_MUST_USE;
/** NOT_FOUND. */
enum br_rc br_operator_get(
    struct br_kv_txn *txn,
    struct br_bytes name,
    struct br_operator *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_operator_remove(
    struct br_kv_txn *txn, const char *name, struct br_err *reterr) BR_MUST_USE;
enum br_rc br_operator_list(
    struct br_kv_txn *txn,
    void (*fn)(void *ctx, const struct br_operator *o),
    void *ctx,
    struct br_err *reterr) BR_MUST_USE;

/** A new operator, not stored yet: the second factor's secret is made here and
 *  given once, as is the passphrase, unless one was chosen (OUT_OF_RANGE when
 *  it is short). */
struct br_operator_secrets {
    char passphrase[BR_ORCH_SECRET_TEXT_BYTES]; /**< "": it was chosen */
    uint8_t totp[BR_TOTP_SECRET_BYTES];
};
enum br_rc br_operator_make(
    const char *name,
    enum br_desk_role role,
    const struct br_secret *chosen, /**< passphrase; NULL: make one */
    struct br_operator *ret,
    struct br_operator_secrets *ret_secrets,
    struct br_err *reterr) BR_MUST_USE;

/** One who logs in at a provider of this issuer: of what tells them there only
 *  a salted hash is kept. Nothing here opens with a passphrase. */
enum br_rc br_operator_make_federated(
    const char *name,
    enum br_desk_role role,
    const char *issuer,
    const char *identity,
    struct br_operator *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Who is told so by this issuer. NOT_FOUND: nobody is listed. */
enum br_rc br_operator_by_identity(
    struct br_kv_txn *txn,
    const char *issuer,
    const char *identity,
    struct br_operator *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Takes some tenths of a second. UNAUTHENTICATED, RATE_EXCEEDED; *o is changed
 *  either way and is to be stored. o NULL: nobody of this name; takes as long.
 */
struct br_login {
    struct br_bytes passphrase;
    struct br_bytes code;
    uint64_t now_s;
};
enum br_rc br_operator_login(
    struct br_operator *o,
    const struct br_login *in,
    struct br_err *reterr) BR_MUST_USE;

struct br_desk_session {
    struct br_hash key;
    char operator_name[BR_DESK_NAME_BYTES + 1];
    uint64_t created_s;
    uint64_t seen_s;
};
enum br_rc br_desk_session_put(
    struct br_kv_txn *txn,
    const struct br_desk_session *s,
    struct br_err *reterr) BR_MUST_USE;
/** UNAUTHENTICATED: unknown, idle for too long, too old. */
enum br_rc br_desk_session_get(
    struct br_kv_txn *txn,
    struct br_bytes text,
    uint64_t now_s,
    struct br_desk_session *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Of this operator all; name NULL: those that have ended. */
enum br_rc br_desk_session_purge(
    struct br_kv_txn *txn,
    const char *name,
    uint64_t now_s,
    struct br_err *reterr) BR_MUST_USE;

struct br_audit {
    uint64_t number; /**< from 1 */
    uint64_t time_us;
    char who[BR_DESK_NAME_BYTES + 1];
    char what[32];                         /**< "login", "offer", "revoke" */
    char about[BR_DESK_NAME_BYTES + 1];    /**< what it was done to */
    char detail[BR_DESK_DETAIL_BYTES + 1]; /**< a reason; no personal data */
    struct br_hash previous;
    struct br_hash hash; /**< of this row and all before it */
};
/** number, previous and hash are filled in. */
enum br_rc
br_audit_add(struct br_kv_txn *txn, struct br_audit *a, struct br_err *reterr)
    BR_MUST_USE;
/** The newest first, from below `before` (0: the newest), at most max. CORRUPT
 *  when the chain is broken. */
enum br_rc br_audit_list(
    struct br_kv_txn *txn,
    uint64_t before,
    struct br_audit *ret,
    size_t max,
    size_t *ret_count,
    struct br_err *reterr) BR_MUST_USE;

#endif
