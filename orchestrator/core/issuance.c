/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/core/issuance.h"

#include "common/credential/status_list.h"

static const char *const names[BR_OFFER_STATES] = {
    [BR_OFFER_OFFERED] = "offered",     [BR_OFFER_REDEEMED] = "redeemed",
    [BR_OFFER_ISSUED] = "issued",       [BR_OFFER_LOCKED] = "locked",
    [BR_OFFER_WITHDRAWN] = "withdrawn", [BR_OFFER_WAITING] = "waiting",
    [BR_OFFER_APPROVED] = "approved",   [BR_OFFER_REFUSED] = "refused",
};

#define TO(state) (1u << BR_OFFER_##state)
static const unsigned moves[BR_OFFER_STATES] = {
    [BR_OFFER_OFFERED] = TO(REDEEMED) | TO(LOCKED) | TO(WITHDRAWN),
    [BR_OFFER_REDEEMED] = TO(ISSUED) | TO(WAITING) | TO(WITHDRAWN),
    [BR_OFFER_WAITING] = TO(APPROVED) | TO(REFUSED),
    [BR_OFFER_APPROVED] = TO(ISSUED),
};

const char *
br_offer_state_name(enum br_offer_state s)
{
    return s < BR_OFFER_STATES ? names[s] : "?";
}

enum br_rc
br_offer_check_move(
    enum br_offer_state from, enum br_offer_state to, struct br_err *reterr)
{
    if (from < BR_OFFER_STATES && to < BR_OFFER_STATES &&
        (moves[from] >> to & 1u) != 0) {
        return BR_OK;
    }
    return br_fail(
        reterr, BR_ERR_CONFLICT, "an offer that is %s cannot become %s",
        br_offer_state_name(from), br_offer_state_name(to));
}

enum br_rc
br_status_check_move(unsigned from, unsigned to, struct br_err *reterr)
{
    bool good = (from == BR_STATUS_VALID &&
                 (to == BR_STATUS_INVALID || to == BR_STATUS_SUSPENDED)) ||
                (from == BR_STATUS_SUSPENDED &&
                 (to == BR_STATUS_VALID || to == BR_STATUS_INVALID));
    if (good) {
        return BR_OK;
    }
    return br_fail(
        reterr, BR_ERR_CONFLICT, "a credential that is %s cannot become %s",
        br_status_name(from), br_status_name(to));
}
