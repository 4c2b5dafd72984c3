/*
 * What the issuing body keeps: LMDB under DIR/db, shared by the daemon and the
 * command line.
 *
 * - Secrets are not stored: of a code, a token or a transaction code there is a
 *   hash. The claims of an offer are sealed under a key that is made from its
 *   code until a wallet brings it, then under a random one, which is sealed
 *   under the wallet's tokens: who has the disk alone reads no claim. After
 *   issuance they are gone, or kept under the refresh token alone (renewals.h).
 * - Of a credential there is what is needed to find and revoke it: its type,
 *   the body's own reference, its places in a status list. No claim.
 * - Functions that write take a write transaction and check everything before
 *   the first put: when they refuse, nothing has changed.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_STORE_H
#define BR_ORCHESTRATOR_STORE_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/crypto/content.h"
#include "common/store/kv.h"
#include "orchestrator/core/issuance.h"

enum br_orch_table {
    BR_ORCH_OFFERS,      /**< offer key -> offer */
    BR_ORCH_CODES,       /**< hash of a code -> offer key */
    BR_ORCH_TOKENS,      /**< hash of an access token -> token */
    BR_ORCH_CREDENTIALS, /**< id -> credential */
    BR_ORCH_TAKEN,       /**< list, index -> credential id */
    BR_ORCH_LISTS,       /**< list -> its size, use and version */
    BR_ORCH_CHANGES,     /**< list, time, index -> status */
    BR_ORCH_NOTICES,     /**< hash of a notification id -> credential id */
    BR_ORCH_WAITING,     /**< hash of a transaction id -> keys */
    BR_ORCH_PUBLISHED,   /**< list, time -> version, token: published.h */
    BR_ORCH_STAMPS,      /**< the same key -> digest, entry of the ledger */
    BR_ORCH_PUSHED,      /**< hash of a request URI -> grant */
    BR_ORCH_GRANTED,     /**< hash of an authorization code -> grant */
    BR_ORCH_OPERATORS,   /**< name -> operator */
    BR_ORCH_SESSIONS,    /**< hash of a session's text -> session */
    BR_ORCH_AUDIT,       /**< number -> what was done at the desk */
    BR_ORCH_CLOSINGS,    /**< number of its last row -> closing */
    BR_ORCH_BY_REF,      /**< found.h: reference, 0, id -> type */
    BR_ORCH_BY_OFFER,    /**< offer, id -> type */
    BR_ORCH_BY_STATE,    /**< state, time, id -> type */
    BR_ORCH_RENEWALS,    /**< offer key -> what its refresh token gives */
    BR_ORCH_REFILLS,     /**< credential id, number -> places of a batch */
    BR_ORCH_TABLES,
};

enum {
    BR_ORCH_TYPE_BYTES = 64,
    BR_ORCH_REFERENCE_BYTES = 64,
    BR_ORCH_REASON_BYTES = 200,
    BR_ORCH_BATCH_MAX = 64,
    BR_ORCH_CLAIMS_BYTES_MAX = 64 * 1024,
    BR_ORCH_SECRET_TEXT_BYTES = 44, /**< base64url of 32 bytes, and NUL */
    BR_ORCH_ID_BYTES = 16,
    BR_ORCH_ATTEMPTS_MAX = 5,
    BR_ORCH_CLIENT_BYTES = 255,
    BR_ORCH_REDIRECT_BYTES = 1000,
    BR_ORCH_STATE_BYTES = 1000,
    BR_ORCH_TX_DIGITS = 6,
    BR_ORCH_LINK_BYTES_MAX = 16 * 1024,
};

struct br_kv_txn;
/** A folder of an earlier version is indexed here, once. */
enum br_rc br_orch_store_open(
    const char *data_dir,
    struct br_kv **ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- secrets ------------------------------------------------------------- */

/** What the one secret of an offer gives. */
struct br_orch_secret {
    char text[BR_ORCH_SECRET_TEXT_BYTES]; /**< in the offer's address */
    struct br_hash offer;                 /**< its row */
    char code[BR_ORCH_SECRET_TEXT_BYTES]; /**< pre-authorized */
};
void br_orch_secret_new(struct br_orch_secret *ret);
/** NOT_FOUND: no such form. */
enum br_rc br_orch_secret_parse(
    struct br_bytes text,
    struct br_orch_secret *ret,
    struct br_err *reterr) BR_MUST_USE;
/** 32 random bytes as text. */
void br_orch_random_text(char ret[BR_ORCH_SECRET_TEXT_BYTES]);
/** SHA-256 of a label and a text. */
struct br_hash br_orch_hash(const char *label, struct br_bytes text);

/** An offer's number, as people and wallets see it: the first half of its key,
 *  in hexadecimal. */
void
br_orch_identifier(const struct br_hash *offer, char ret[BR_HASH_BYTES + 1]);
/** Random digits. */
void br_orch_tx_code_make(char ret[BR_ORCH_TX_DIGITS + 1]);
/** openid-credential-offer://?credential_offer_uri=..., at the issuer's. */
void br_orch_offer_link(
    const char *issuer, const struct br_orch_secret *s, struct br_buf *ret);

/** AES-256-GCM under a key of one use: iv, ciphertext, tag. */
enum br_rc br_orch_seal(
    const struct br_hash *key,
    struct br_bytes plain,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_orch_unseal(
    const struct br_hash *key,
    struct br_bytes sealed,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- offers -------------------------------------------------------------- */

struct br_offer {
    struct br_hash key;
    enum br_offer_state state;
    char type[BR_ORCH_TYPE_BYTES + 1];
    char reference[BR_ORCH_REFERENCE_BYTES + 1];
    bool needs_tx;
    bool deferred; /**< the desk looks before it is issued */
    bool by_code;  /**< by the authorization code, not the pre-authorized */
    struct br_hash tx;
    uint64_t tx_length;
    uint64_t attempts;
    uint64_t created_s;
    uint64_t expires_s;
    uint8_t credential[BR_ORCH_ID_BYTES]; /**< that it became; zeros: none */
    struct br_bytes sealed; /**< claims; borrowed from the row; empty: gone */
};
enum br_rc br_offer_put(
    struct br_kv_txn *txn,
    const struct br_offer *o,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_offer_get(
    struct br_kv_txn *txn,
    const struct br_hash *key,
    struct br_offer *ret,
    struct br_err *reterr) BR_MUST_USE;
/** By at least eight hexadecimal digits of its key. */
enum br_rc br_offer_find(
    struct br_kv_txn *txn,
    const char *prefix,
    struct br_offer *ret,
    struct br_err *reterr) BR_MUST_USE;

struct br_offer_new {
    const char *type;
    const char *reference;
    const char *tx_code; /**< NULL: none */
    bool deferred;
    bool by_code;
    struct br_bytes claims; /**< JSON */
    uint64_t now_s;
    uint64_t expires_s;
};
/** A new offer with a fresh secret. */
enum br_rc br_offer_create(
    struct br_kv_txn *txn,
    const struct br_offer_new *n,
    struct br_orch_secret *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Seal an offer's claims under another key. DECRYPTION_FAILED: not this one.
 */
enum br_rc br_offer_reseal(
    struct br_kv_txn *txn,
    const struct br_hash *offer,
    const struct br_hash *from,
    const struct br_hash *to,
    struct br_err *reterr) BR_MUST_USE;
/** Move an offer; claims of one that has ended are dropped, and its renewal: of
 *  one that is issued they are kept when it has a renewal. */
enum br_rc br_offer_move(
    struct br_kv_txn *txn,
    struct br_offer *o,
    enum br_offer_state to,
    struct br_err *reterr) BR_MUST_USE;

/* ---- tokens -------------------------------------------------------------- */

struct br_access {
    struct br_hash key; /**< hash of its text */
    struct br_hash offer;
    char thumbprint[BR_ORCH_SECRET_TEXT_BYTES]; /**< DPoP; empty: bearer */
    char client[BR_ORCH_CLIENT_BYTES + 1];      /**< empty: anonymous */
    uint64_t expires_s;
    bool identifiers;       /**< credential_identifiers were given */
    bool renewed;           /**< given for a refresh token */
    struct br_bytes sealed; /**< the claims' key, under the token's text */
};
/** UNAUTHENTICATED also for a renewed one whose renewal has ended. */
enum br_rc br_access_get(
    struct br_kv_txn *txn,
    struct br_bytes text,
    uint64_t now_s,
    struct br_access *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Store a token of this text: key and sealed of a are filled here. */
enum br_rc br_access_give(
    struct br_kv_txn *txn,
    const char *text,
    const struct br_hash *claims_key,
    struct br_access *a,
    struct br_err *reterr) BR_MUST_USE;

/** What a wallet brought to the token endpoint. */
struct br_redeem {
    struct br_bytes code;
    struct br_bytes tx_code;       /**< empty: none */
    struct br_bytes configuration; /**< asked for; empty: any */
    const char *token;             /**< the text that it shall get */
    const char *thumbprint;        /**< "" */
    const char *client;            /**< "" */
    bool by_code;                  /**< through the authorization endpoint */
    bool look_only;                /**< count what is wrong, give nothing yet */
    bool tx_was_told;              /**< at the authorization endpoint */
    bool identifiers;
    uint64_t now_s;
    uint64_t token_s;    /**< how long a token lasts */
    uint64_t deferred_s; /**< when the desk has to look first */
};
enum br_redeem_result {
    BR_REDEEMED,
    BR_REDEEM_NO_CODE,  /**< unknown, used, expired, locked */
    BR_REDEEM_TX_WRONG, /**< counted */
    BR_REDEEM_TX_MISSING,
    BR_REDEEM_TX_UNEXPECTED,
    BR_REDEEM_OTHER_TYPE,
    BR_REDEEM_BAD_GRANT, /**< not by this client, address, verifier or key */
    /* Of refresh tokens: */
    BR_REDEEM_NO_REFRESH,  /**< unknown, expired, ended */
    BR_REDEEM_BAD_REFRESH, /**< not by this client or key */
    BR_REDEEM_REUSED,      /**< given up for a newer one: the renewal ends */
};
/** Errors are those of the store alone. ret_claims_key: what the claims are
 *  sealed under from now on. */
enum br_rc br_redeem(
    struct br_kv_txn *txn,
    const struct br_redeem *in,
    enum br_redeem_result *ret,
    struct br_offer *ret_offer,
    struct br_hash *ret_claims_key,
    struct br_err *reterr) BR_MUST_USE;

/* ---- authorization: what was pushed, what was granted ---------------------
 */

struct br_grant {
    struct br_hash offer;
    char client[BR_ORCH_CLIENT_BYTES + 1];
    char redirect[BR_ORCH_REDIRECT_BYTES + 1];
    char state[BR_ORCH_STATE_BYTES + 1];
    char challenge[BR_ORCH_SECRET_TEXT_BYTES];  /**< PKCE, S256 */
    char thumbprint[BR_ORCH_SECRET_TEXT_BYTES]; /**< DPoP; empty: none */
    char
        code[BR_ORCH_SECRET_TEXT_BYTES]; /**< the offer's; sealed when stored */
    bool identifiers;
    uint64_t expires_s;
};
/** Under the hash of text (a request URI's secret, a code); the offer's code is
 *  sealed under text. */
enum br_rc br_grant_put(
    struct br_kv_txn *txn,
    enum br_orch_table table,
    const char *text,
    const struct br_grant *g,
    struct br_err *reterr) BR_MUST_USE;
/** NOT_FOUND: none, or expired. */
enum br_rc br_grant_get(
    struct br_kv_txn *txn,
    enum br_orch_table table,
    struct br_bytes text,
    uint64_t now_s,
    struct br_grant *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_grant_delete(
    struct br_kv_txn *txn,
    enum br_orch_table table,
    struct br_bytes text,
    struct br_err *reterr) BR_MUST_USE;

/* ---- credentials and status ---------------------------------------------- */

struct br_issued {
    uint8_t id[BR_ORCH_ID_BYTES];
    char type[BR_ORCH_TYPE_BYTES + 1];
    char reference[BR_ORCH_REFERENCE_BYTES + 1];
    char reason[BR_ORCH_REASON_BYTES + 1];
    struct br_hash offer;
    uint32_t list;
    uint32_t index[BR_ORCH_BATCH_MAX];
    size_t count;
    uint64_t issued_s;
    uint64_t expires_s;
    uint64_t changed_s;
    unsigned status; /**< an enum br_status */
    unsigned notice; /**< 0: none; else 1 + an enum br_vci_event */
};
void br_issued_id_text(const struct br_issued *i, char out[33]);
enum br_rc br_issued_put(
    struct br_kv_txn *txn,
    const struct br_issued *i,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_issued_get(
    struct br_kv_txn *txn,
    struct br_bytes id,
    struct br_issued *ret,
    struct br_err *reterr) BR_MUST_USE;
/** By 32 hexadecimal digits, or their first eight or more when only one
 *  credential has them. */
enum br_rc br_issued_find(
    struct br_kv_txn *txn,
    const char *prefix,
    struct br_issued *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_issued_list(
    struct br_kv_txn *txn,
    void (*fn)(void *ctx, const struct br_issued *i),
    void *ctx,
    struct br_err *reterr) BR_MUST_USE;

struct br_list {
    uint32_t number; /**< from 1 */
    uint64_t bits;
    uint64_t count;
    uint64_t used;
    uint64_t version; /**< grows with each change of a status */
    uint64_t created_s;
    uint64_t changed_us;
};
enum br_rc br_list_get(
    struct br_kv_txn *txn,
    uint32_t number,
    struct br_list *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Choose a list and free places of it at random, from a snapshot: nothing is
 *  written; br_issue_commit looks again. */
enum br_rc br_list_choose(
    struct br_kv_txn *txn,
    uint64_t list_size,
    size_t count,
    uint32_t *ret_list,
    uint32_t *ret_index,
    struct br_err *reterr) BR_MUST_USE;
/** The statuses of a list at a time, packed; init'ed here. */
struct br_status_list;
enum br_rc br_list_read(
    struct br_kv_txn *txn,
    const struct br_list *l,
    uint64_t until_us,
    struct br_status_list *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Take the places, store the credential, end the offer; or, renewed, store the
 *  places as more of the credential that there is: they have its status. BUSY:
 *  a place has been taken since: choose again. CONFLICT: the offer is not to be
 *  issued, or not again. */
struct br_issue {
    struct br_issued issued;
    struct br_hash notice; /**< hash of the notification id */
    uint64_t list_size;
    const struct br_hash *transaction; /**< deferred: its row; or NULL */
    bool renewed;
    uint64_t renewal_ends_s; /**< of the first issue: if there is a renewal, it
                              *   ends then; 0: as it was told with its token */
};
enum br_rc br_issue_commit(
    struct br_kv_txn *txn,
    const struct br_issue *in,
    struct br_err *reterr) BR_MUST_USE;
/** Change a credential's status, of all its copies; a revoked one is renewed no
 *  more. CONFLICT as br_status_check_move. */
enum br_rc br_issued_change(
    struct br_kv_txn *txn,
    struct br_issued *i,
    unsigned status,
    const char *reason,
    uint64_t now_us,
    struct br_err *reterr) BR_MUST_USE;

/* ---- what waits -----------------------------------------------------------
 */

struct br_waiting {
    struct br_hash offer;
    struct br_bytes keys; /**< JSON array of JWKs; borrowed from the row */
};
enum br_rc br_waiting_put(
    struct br_kv_txn *txn,
    const struct br_hash *transaction,
    const struct br_waiting *w,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_waiting_get(
    struct br_kv_txn *txn,
    const struct br_hash *transaction,
    struct br_waiting *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Drop what has expired: offers never used, with their claims, and tokens. At
 *  most `most` rows; *ret how many. */
enum br_rc br_orch_purge(
    struct br_kv_txn *txn,
    uint64_t now_s,
    size_t most,
    size_t *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
