/*
 * What a verifier keeps, in DIR/verifier (LMDB), shared by the daemon and the
 * command line: requests, results, decision receipts.
 *
 * - A request lies there until it has expired; the key that its answer is
 *   encrypted for, until it is answered.
 * - A result has claims: it goes when it is read, or when its time is over,
 *   whichever is first. What remains of it is the outcome.
 * - A receipt has none, and stays.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_VERIFIER_ROWS_H
#define BR_VERIFIER_ROWS_H

#include "common/base/arena.h"
#include "common/credential/vp.h"
#include "common/store/kv.h"

/* An id is 16 random bytes in hexadecimal, since people hand it to commands;
 * a secret is 32 in base64url. */
#define BR_VERIFIER_ID_BYTES     32
#define BR_VERIFIER_SECRET_BYTES 43
#define BR_VERIFIER_URL_BYTES    512

enum br_verifier_table {
    BR_VERIFIER_REQUESTS,
    BR_VERIFIER_RESULTS,
    BR_VERIFIER_RECEIPTS,
    BR_VERIFIER_UNSTAMPED, /**< ids of receipts that the ledger has not seen */
    BR_VERIFIER_HISTORY,   /**< time, id -> what was decided: history.h */
    BR_VERIFIER_TABLES,
};

enum br_verifier_phase {
    BR_PHASE_WAITING,  /**< nobody has fetched it */
    BR_PHASE_FETCHED,  /**< a wallet is looking at it */
    BR_PHASE_ACCEPTED, /**< there is a result */
    BR_PHASE_REFUSED,  /**< the same */
    BR_PHASE_DECLINED, /**< the wallet said no */
};
/** "waiting", ... */
const char *br_verifier_phase_name(enum br_verifier_phase p);

/** Texts borrow the arena that they were read into, or the caller's. */
struct br_verifier_request {
    struct br_bytes id;
    enum br_verifier_phase phase;
    unsigned fetched;
    struct br_bytes client_id;
    struct br_bytes response_uri;
    enum br_vp_mode mode;
    struct br_bytes nonce;
    struct br_bytes state;
    struct br_bytes key;           /**< base64url of the scalar; empty: gone */
    struct br_bytes purpose;       /**< may be empty */
    struct br_bytes redirect_uri;  /**< same device: where the person goes on */
    struct br_bytes response_code; /**< that comes with it */
    struct br_bytes declined;      /**< the wallet's error */
    const struct br_json *query;
    const struct br_json *transaction_data; /**< or NULL */
    uint64_t created_s;
    uint64_t expires_s;
};

enum br_rc br_verifier_rows_open(
    const char *data_dir,
    struct br_kv **ret,
    struct br_err *reterr) BR_MUST_USE;

/** Random, with a NUL. */
void br_verifier_random_id(char ret[BR_VERIFIER_ID_BYTES + 1]);
void br_verifier_random_secret(char ret[BR_VERIFIER_SECRET_BYTES + 1]);

enum br_rc br_verifier_put_request(
    struct br_kv_txn *txn,
    const struct br_verifier_request *r,
    struct br_err *reterr) BR_MUST_USE;
/** NOT_FOUND. */
enum br_rc br_verifier_get_request(
    struct br_kv_txn *txn,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_verifier_request *ret,
    struct br_err *reterr) BR_MUST_USE;

/** A result is JSON text with the time until which it may be kept ahead. */
enum br_rc br_verifier_put_result(
    struct br_kv_txn *txn,
    struct br_bytes id,
    uint64_t until_s,
    struct br_bytes json,
    struct br_err *reterr) BR_MUST_USE;
/** NOT_FOUND: none yet, read before, or too old. In the arena. */
enum br_rc br_verifier_get_result(
    struct br_kv_txn *txn,
    struct br_bytes id,
    uint64_t now_s,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;

/** A receipt is a JWS; with the ledger's entry once it is stamped. It is listed
 *  as unstamped until then. */
struct br_verifier_receipt {
    struct br_bytes jws;
    bool stamped;
    uint64_t entry;
};
enum br_rc br_verifier_put_receipt(
    struct br_kv_txn *txn,
    struct br_bytes id,
    const struct br_verifier_receipt *r,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_verifier_get_receipt(
    struct br_kv_txn *txn,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_verifier_receipt *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Some receipt that is not stamped yet; NOT_FOUND. */
enum br_rc br_verifier_next_unstamped(
    struct br_kv_txn *txn,
    char ret[BR_VERIFIER_ID_BYTES + 1],
    struct br_err *reterr) BR_MUST_USE;

/** Drop results whose time is over, and requests that expired a day ago, at
 *  most `most` of each. */
enum br_rc br_verifier_purge(
    struct br_kv_txn *txn, uint64_t now_s, size_t most, struct br_err *reterr)
    BR_MUST_USE;

#endif
