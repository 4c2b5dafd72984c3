/* SPDX-License-Identifier: EUPL-1.2 */
/* The desk's addresses: what each runs, and who may. */
#include "common/web/web.h"
#include "orchestrator/api/desk.h"

extern const struct br_web_set br_desk_page;

void
br_desk_get_page(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    br_web_reply(req, &br_desk_page, "index.html");
}

void
br_desk_get_web(struct br_http_request *req, void *ctx)
{
    (void)ctx;
    br_web_reply(req, &br_desk_page, br_http_param(req, 0));
}

#define DOOR(name, run, may, post)                                    \
    void name(struct br_http_request *req, void *ctx)                 \
    {                                                                 \
        static const struct br_desk_action action = {run, may, post}; \
        br_desk_submit(req, ctx, &action);                            \
    }

#define OPEN (BR_DESK_OPEN | BR_DESK_LOGIN)

DOOR(br_desk_get_ways, br_desk_ways, BR_DESK_OPEN, false)
DOOR(br_desk_post_login, br_desk_login, OPEN | BR_DESK_LIMIT, true)
DOOR(br_desk_post_oidc, br_desk_oidc_begin, OPEN | BR_DESK_LIMIT, true)
DOOR(br_desk_get_oidc, br_desk_oidc_finish, OPEN, false)
DOOR(br_desk_post_logout, br_desk_logout, BR_DESK_MAY_ALL | BR_DESK_LOGIN, true)
DOOR(br_desk_get_session, br_desk_session, BR_DESK_MAY_ALL, false)
DOOR(br_desk_get_types, br_desk_types, BR_DESK_MAY_ALL, false)
DOOR(br_desk_post_offer, br_desk_offer_new, BR_DESK_MAY_WORK, true)
DOOR(br_desk_get_offer, br_desk_offer, BR_DESK_MAY_ALL, false)
DOOR(br_desk_get_offers, br_desk_offers, BR_DESK_MAY_ALL, false)
DOOR(br_desk_post_offer_state, br_desk_offer_state, BR_DESK_MAY_WORK, true)
DOOR(br_desk_get_credentials, br_desk_credentials, BR_DESK_MAY_ALL, false)
DOOR(br_desk_post_status, br_desk_status, BR_DESK_MAY_WORK, true)
DOOR(br_desk_get_waiting, br_desk_waiting, BR_DESK_MAY_ALL, false)
DOOR(br_desk_post_waiting, br_desk_decide, BR_DESK_MAY_WORK, true)
DOOR(br_desk_get_decisions, br_desk_decisions, BR_DESK_MAY_ALL, false)
DOOR(br_desk_get_decision, br_desk_decision, BR_DESK_MAY_ALL, false)
DOOR(
    br_desk_get_receipt,
    br_desk_receipt,
    BR_DESK_MAY_ALL | BR_DESK_DOWNLOAD,
    false)
DOOR(br_desk_post_status_many, br_desk_status_many, BR_DESK_MAY_WORK, true)
DOOR(br_desk_post_lookup, br_desk_lookup, BR_DESK_MAY_WORK | BR_DESK_SLOW, true)
DOOR(br_desk_post_import, br_desk_import, BR_DESK_MAY_WORK | BR_DESK_SLOW, true)
DOOR(br_desk_get_audit, br_desk_audit_log, BR_DESK_MAY_WATCH, false)
DOOR(br_desk_post_request, br_desk_ask, BR_DESK_MAY_WORK, true)
DOOR(br_desk_get_request, br_desk_asked, BR_DESK_MAY_WORK, false)
