/*
 * The page on which a person agrees that a wallet takes what is offered: who
 * gives what to whom, and the transaction code where there is one.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_AUTHORIZE_PAGE_H
#define BR_ORCHESTRATOR_AUTHORIZE_PAGE_H

#include "orchestrator/api/api.h"

#define BR_ORCH_REQUEST_URI "urn:ietf:params:oauth:request_uri:"

/** What a person is asked; borrowed. */
struct br_orch_asking {
    const struct br_orch_api *api;
    const char *text; /**< of the request URI, after its prefix */
    const struct br_grant *grant;
    const struct br_offer *offer;
};

/** Why it is asked again, if it is. */
enum br_orch_again {
    BR_ORCH_FIRST,
    BR_ORCH_CODE_MISSING,
    BR_ORCH_CODE_WRONG, /**< counted: the offer tells how many are left */
};

/** The page, answered: 200, or 400 when it is asked again. */
void br_orch_page_ask(
    struct br_http_request *req,
    const struct br_orch_asking *asking,
    enum br_orch_again again);

/** Nothing to agree to: 400. back: the wrong codes have just ended it, and this
 *  address takes the refusal to the wallet; NULL: not known, used, expired. */
void br_orch_page_over(
    struct br_http_request *req,
    const struct br_orch_api *api,
    const char *back);

#endif
