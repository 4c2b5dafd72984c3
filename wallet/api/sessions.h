/*
 * Who is logged in: a cookie's random token, kept as its SHA-256, and for it a
 * person whose data key lies in locked memory until the session ends.
 *
 * - A session ends when nothing was asked for a while, when the person says so,
 *   or when it is the oldest of too many.
 * - Log-ins that fail are counted for each name and each address: past a number
 *   in a minute, they are refused before the passphrase is looked at. What is
 *   counted lies in a table that strangers fill: it is of fixed size, its keys
 *   hashed under a secret.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_SESSIONS_H
#define BR_WALLET_SESSIONS_H

#include "wallet/client/client.h"

#define BR_SESSION_TOKEN_BYTES 43 /* base64url of 32 random bytes */
#define BR_SESSIONS_MAX        256

struct br_sessions;
struct br_present_look;

/** Held by one request at a time. */
struct br_login {
    struct br_vault_person *person;
    char csrf[BR_SESSION_TOKEN_BYTES + 1];
    struct br_look *look; /**< an offer that waits for an answer; or NULL */
    char look_id[BR_WALLET_ID_BYTES + 1];
    struct br_present_look *request; /**< one that waits, too; or NULL */
    char request_id[BR_WALLET_ID_BYTES + 1];
};

enum br_rc br_sessions_new(
    uint64_t idle_s,
    uint64_t attempts_per_minute,
    struct br_sessions **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_sessions_free(struct br_sessions *s);

/** Takes the person. The token is shown this once. */
enum br_rc br_sessions_begin(
    struct br_sessions *s,
    struct br_vault_person *person,
    uint64_t now_s,
    char ret_token[BR_SESSION_TOKEN_BYTES + 1],
    struct br_err *reterr) BR_MUST_USE;
/** Waits until no other request holds it. UNAUTHENTICATED. */
enum br_rc br_sessions_hold(
    struct br_sessions *s,
    struct br_bytes token,
    uint64_t now_s,
    struct br_login **ret,
    struct br_err *reterr) BR_MUST_USE;
/** One that no request holds and for which nothing was done for so long: it is
 *  held, and counts as idle as before. NULL: there is none. */
struct br_login *br_sessions_hold_for_work(
    struct br_sessions *s, uint64_t now_s, uint64_t every_s);
/** Give it back; over: it ends. */
void br_sessions_release(struct br_sessions *s, struct br_login *l, bool over);
/** End every session of this name but this one: its passphrase has changed. */
void br_sessions_end_others(struct br_sessions *s, const struct br_login *l);
/** End those that were idle. */
void br_sessions_sweep(struct br_sessions *s, uint64_t now_s);
/** Drop the offer that waits. */
void br_login_forget_look(struct br_login *l);
/** Drop the request that waits. */
void br_login_forget_request(struct br_login *l);

/** May this name be tried from this address now? RATE_EXCEEDED. Counts as a
 *  failure until br_sessions_succeeded. */
enum br_rc br_sessions_try(
    struct br_sessions *s,
    struct br_bytes name,
    struct br_bytes address,
    uint64_t now_s,
    struct br_err *reterr) BR_MUST_USE;
void br_sessions_succeeded(
    struct br_sessions *s, struct br_bytes name, struct br_bytes address);

#endif
