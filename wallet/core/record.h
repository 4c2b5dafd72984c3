/*
 * What a wallet remembers, as values, and as the JSON that lies in the vault.
 *
 * - A credential is one thing for a person ("ISEE 2026") and several signed
 *   texts for the protocols: its instances, each bound to a key of its own, so
 *   that two verifiers cannot tell that they saw the same person.
 * - A history entry tells who, what kind of thing, which claims by name, how it
 *   ended; never a claim's value.
 * - Values borrow the arena that they were read into.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_RECORD_H
#define BR_WALLET_RECORD_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/codec/json.h"

/* Of an identifier: 16 random bytes in base64url. */
#define BR_WALLET_ID_BYTES 22
/* OpenID4VCI leaves batch_size open; more than this nobody needs at once. */
#define BR_WALLET_INSTANCES_MAX 64

/** How instances are spent. */
enum br_wallet_use {
    BR_WALLET_USE_ROTATE, /**< the least used one is shown again */
    BR_WALLET_USE_ONCE,   /**< each is shown once, then renewed */
};

/** The last that was heard about its status. */
struct br_wallet_status {
    bool known;
    unsigned value;     /**< as in the status list: 0 valid, 1 invalid, ... */
    uint64_t checked_s; /**< when */
    uint64_t until_s;   /**< how long that may be believed */
};

/** What came of asking for new copies (RFC 6749 section 6). */
struct br_wallet_renewal {
    uint64_t next_s;   /**< not before, by itself; 0: at once */
    uint64_t failed_s; /**< when it last went wrong; 0: it did not */
    unsigned failures; /**< in a row */
    bool over;         /**< the issuer gives no more: a new offer is needed */
    struct br_bytes reason; /**< of the last failure */
};

struct br_wallet_credential {
    struct br_bytes id;
    struct br_bytes issuer;        /**< credential issuer identifier */
    struct br_bytes configuration; /**< its credential_configuration_id */
    struct br_bytes format;        /**< "dc+sd-jwt" */
    struct br_bytes vct;
    uint64_t accepted_s;
    uint64_t issued_s;  /**< 0: not said */
    uint64_t expires_s; /**< 0: does not */
    enum br_wallet_use use;
    unsigned instances; /**< of its last renewal; numbered from 0 */
    unsigned spent;     /**< of them, used up and deleted (once-only use) */
    uint64_t uses;      /**< presentations of all instances */
    struct br_wallet_status status;
    struct br_bytes grant;      /**< id of what renews it; empty: nothing */
    struct br_bytes identifier; /**< its credential_identifier, or empty */
    struct br_wallet_renewal renewal;
    /** From the issuer's metadata: {"issuer":[display...],"display":[...],
     *  "claims":[{"path":[...],"display":[...]}]}; NULL: nothing was told. */
    const struct br_json *display;
    /** What a ledger's registry said of its issuer when it came (standing.h);
     *  NULL: none was asked. */
    const struct br_json *accreditation;
};

enum br_rc br_wallet_credential_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_wallet_credential *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_wallet_credential_encode(
    const struct br_wallet_credential *c,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;

/** One signed text. Its private key is another row. */
struct br_wallet_instance {
    struct br_bytes credential; /**< the credential's id */
    unsigned number;
    uint64_t uses;
    uint64_t last_used_s;
    struct br_bytes text; /**< <issuer's JWT>~<disclosure>~...~ */
};

enum br_rc br_wallet_instance_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_wallet_instance *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_wallet_instance_encode(
    const struct br_wallet_instance *i,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;

/** The right to ask an issuer again: a refresh token, the key that it is bound
 *  to, and where both may be sent. All are secrets. */
struct br_wallet_grant {
    struct br_bytes id;
    struct br_bytes issuer; /**< credential issuer identifier */
    struct br_bytes server; /**< authorization server, the only one to ask */
    struct br_bytes client; /**< client_id that it was given to, or empty */
    struct br_bytes token;
    struct br_bytes dpop; /**< the key's secret, in base64url; or empty */
    uint64_t given_s;     /**< when the token came */
    uint64_t trying_s;    /**< it is on its way since; 0: it is not */
};

enum br_rc br_wallet_grant_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_wallet_grant *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_wallet_grant_encode(
    const struct br_wallet_grant *g,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;

enum br_wallet_event {
    BR_WALLET_RECEIVED,
    BR_WALLET_PRESENTED,
    BR_WALLET_REFUSED, /**< by the person, or by a rule: reason tells */
    BR_WALLET_FAILED,
    BR_WALLET_REMOVED,
    BR_WALLET_RENEWED,
    BR_WALLET_DELETION_ASKED, /**< as the person says: it was sent elsewhere */
    BR_WALLET_ACCESS_ASKED,   /**< the same, of what a verifier has */
};
/** "received", "presented", ... */
const char *br_wallet_event_name(enum br_wallet_event e);

struct br_wallet_entry {
    struct br_bytes id;
    enum br_wallet_event event;
    uint64_t time_s;
    uint64_t order; /**< among those of one second; given when it is stored */
    struct br_bytes party;      /**< issuer or verifier: its identifier */
    struct br_bytes party_name; /**< as it calls itself; may be empty */
    struct br_bytes credential; /**< id; empty when there is none */
    struct br_bytes vct;
    struct br_bytes purpose; /**< what the asker said; may be empty */
    struct br_bytes reason;  /**< of a refusal or a failure; may be empty */
    struct br_bytes request; /**< of a presentation: what the verifier calls it;
                              *   may be empty */
    struct br_bytes about;   /**< the entry that a letter is about; or empty */
    /** Names of claims, as JSON paths ["address","locality"]: an array of
     *  arrays; NULL: none. */
    const struct br_json *claims;
    /** Where the verifier can be reached (contact.h); NULL: nobody knows. */
    const struct br_json *contacts;
    /** Types of the transactions that were approved with it; NULL: none. */
    const struct br_json *approved;
};

enum br_rc br_wallet_entry_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_wallet_entry *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_wallet_entry_encode(
    const struct br_wallet_entry *e,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;

/** One that opens this wallet; what the page lists, and what its answers are
 *  judged by. Bytes are in base64url. */
struct br_wallet_passkey {
    struct br_bytes id;     /**< of the credential */
    struct br_bytes key;    /**< COSE_Key */
    struct br_bytes way;    /**< the salt of its way in the lock */
    struct br_bytes person; /**< whose it is: the disk has no names */
    struct br_bytes name;   /**< as the person calls it */
    uint64_t created_s;
    uint64_t used_s; /**< last; 0: never */
    uint64_t counter;
    bool backup_eligible;
    bool backed_up;
};

enum br_rc br_wallet_passkey_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_wallet_passkey *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_wallet_passkey_encode(
    const struct br_wallet_passkey *k,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;

#endif
