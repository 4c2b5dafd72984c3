/*
 * The life of an offer, and of a credential's status: which moves are allowed.
 *
 *   offered -> redeemed -> issued         a wallet brings the code, then keys
 *           -> locked                     too many wrong transaction codes
 *           -> withdrawn                  the desk takes it back
 *   redeemed -> waiting -> approved -> issued   the desk looks first
 *                       -> refused
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_ISSUANCE_H
#define BR_ORCHESTRATOR_ISSUANCE_H

#include "common/base/bytes.h"
#include "common/base/error.h"

/* Numbers are stored: never renumbered. */
enum br_offer_state {
    BR_OFFER_OFFERED = 0,
    BR_OFFER_REDEEMED = 1,
    BR_OFFER_ISSUED = 2,
    BR_OFFER_LOCKED = 3,
    BR_OFFER_WITHDRAWN = 4,
    BR_OFFER_WAITING = 5,
    BR_OFFER_APPROVED = 6,
    BR_OFFER_REFUSED = 7,
    BR_OFFER_STATES,
};
const char *br_offer_state_name(enum br_offer_state s);
/** CONFLICT when the move is not allowed. */
enum br_rc br_offer_check_move(
    enum br_offer_state from,
    enum br_offer_state to,
    struct br_err *reterr) BR_MUST_USE;

/** Status of a credential: valid may be suspended and back; what is revoked
 *  stays so (Token Status List section 7.1). Values of enum br_status. */
enum br_rc br_status_check_move(
    unsigned from, unsigned to, struct br_err *reterr) BR_MUST_USE;

#endif
