/*
 * Challenges for passkeys: made without a row, so that strangers who ask for
 * many fill nothing. A time, random bytes, and an HMAC under a key of this run
 * over them, the ceremony, the browser that asked and what it asked about.
 *
 * Only one that was answered rightly is remembered, until it has expired: who
 * has no passkey here fills nothing, and an answer serves once.
 *
 * Any thread.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_CHALLENGE_H
#define BR_WALLET_CHALLENGE_H

#include "common/base/bytes.h"
#include "common/base/error.h"

#define BR_CHALLENGE_BYTES 64
/* WebAuthn section 15.1: the default for a ceremony with user verification. */
#define BR_CHALLENGE_S 300
/* Answered in five minutes; past it, BUSY. */
#define BR_CHALLENGES_SPENT_MAX 8192

enum br_ceremony {
    BR_CEREMONY_ENTER = 1, /**< log in */
    BR_CEREMONY_REGISTER,  /**< a new person */
    BR_CEREMONY_ADD,       /**< one more passkey of who is logged in */
    BR_CEREMONY_CONFIRM,   /**< it is still the same person */
};

struct br_challenges;

/** What a challenge is good for. */
struct br_challenge_for {
    enum br_ceremony ceremony;
    struct br_bytes browser; /**< a secret that only this browser has */
    struct br_bytes about;   /**< a name; may be empty */
};

enum br_rc br_challenges_new(struct br_challenges **ret, struct br_err *reterr)
    BR_MUST_USE;
void br_challenges_free(struct br_challenges *c);

/** NO_MEMORY only. */
enum br_rc br_challenge_make(
    const struct br_challenges *c,
    const struct br_challenge_for *what,
    uint64_t now_s,
    uint8_t ret[BR_CHALLENGE_BYTES],
    struct br_err *reterr) BR_MUST_USE;
/** webauthn-challenge: another's, for something else, too old; webauthn-replay.
 */
enum br_rc br_challenge_check(
    struct br_challenges *c,
    const struct br_challenge_for *what,
    struct br_bytes challenge,
    uint64_t now_s,
    struct br_err *reterr) BR_MUST_USE;
/** After br_challenge_check, once the answer was verified. Of two at once, one
 *  is webauthn-replay. */
enum br_rc br_challenge_spend(
    struct br_challenges *c,
    struct br_bytes challenge,
    uint64_t now_s,
    struct br_err *reterr) BR_MUST_USE;

#endif
