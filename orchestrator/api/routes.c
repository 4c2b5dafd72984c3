/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/credential/vp_response.h"
#include "orchestrator/api/api.h"
#include "orchestrator/api/desk.h"
#include "orchestrator/api/oidc.h"

#define FORM "application/x-www-form-urlencoded"
#define JSON "application/json"

/* Well-known documents are served with and without a path after them: the
 * issuer's identifier may have one, which a proxy takes off elsewhere. */
static const struct br_http_route routes[] = {
    {"GET", "/.well-known/openid-credential-issuer", br_orch_get_metadata, 0,
     NULL, NULL, NULL},
    {"GET", "/.well-known/openid-credential-issuer/{path...}",
     br_orch_get_metadata, 0, NULL, NULL, NULL},
    {"GET", "/.well-known/oauth-authorization-server",
     br_orch_get_server_metadata, 0, NULL, NULL, NULL},
    {"GET", "/.well-known/oauth-authorization-server/{path...}",
     br_orch_get_server_metadata, 0, NULL, NULL, NULL},
    {"GET", "/.well-known/jwt-vc-issuer", br_orch_get_jwt_issuer, 0, NULL, NULL,
     NULL},
    {"GET", "/.well-known/jwt-vc-issuer/{path...}", br_orch_get_jwt_issuer, 0,
     NULL, NULL, NULL},
    {"GET", "/vct/{type}", br_orch_get_vct, 0, NULL, NULL, NULL},
    {"GET", "/offer/{secret}", br_orch_get_offer, 0, NULL, NULL, NULL},
    {"POST", "/token", br_orch_post_token, BR_ORCH_FORM_BYTES_MAX, FORM, NULL,
     NULL},
    {"POST", "/par", br_orch_post_par, BR_ORCH_FORM_BYTES_MAX, FORM, NULL,
     NULL},
    {"GET", "/authorize", br_orch_get_authorize, 0, NULL, NULL, NULL},
    {"POST", "/authorize", br_orch_post_authorize, BR_ORCH_FORM_BYTES_MAX, FORM,
     NULL, NULL},
    {"POST", "/nonce", br_orch_post_nonce, 1024, NULL, NULL, NULL},
    {"POST", "/challenge", br_orch_post_challenge, 1024, NULL, NULL, NULL},
    {"POST", "/credential", br_orch_post_credential, BR_ORCH_REQUEST_BYTES_MAX,
     NULL, NULL, NULL},
    {"POST", "/deferred_credential", br_orch_post_deferred,
     BR_ORCH_REQUEST_BYTES_MAX, NULL, NULL, NULL},
    {"POST", "/notification", br_orch_post_notification, 16 * 1024, NULL, NULL,
     NULL},
    {"GET", "/status", br_orch_get_status_lists, 0, NULL, NULL, NULL},
    {"GET", "/status/{n}", br_orch_get_status, 0, NULL, NULL, NULL},
    {"GET", "/status/{n}/published", br_orch_get_status_published, 0, NULL,
     NULL, NULL},
    {"GET", "/issuer-chain.pem", br_orch_get_authority, 0, NULL, NULL, NULL},
    {"GET", "/vp/requests/{id}", br_orch_get_vp_request, 0, NULL, NULL, NULL},
    {"POST", "/vp/requests/{id}", br_orch_get_vp_request,
     BR_ORCH_FORM_BYTES_MAX, FORM, NULL, NULL},
    {"GET", "/vp/requests/{id}/status", br_orch_get_vp_status, 0, NULL, NULL,
     NULL},
    {"GET", "/vp/requests/{id}/qr.svg", br_orch_get_vp_qr, 0, NULL, NULL, NULL},
    {"GET", "/vp/requests/{id}/wait", br_orch_get_vp_wait, 0, NULL, NULL, NULL},
    {"POST", "/vp/responses/{id}", br_orch_post_vp_response,
     BR_VP_RESPONSE_BYTES_MAX, FORM, NULL, NULL},
    {"GET", "/", br_desk_get_page, 0, NULL, NULL, NULL},
    {"GET", "/web/{rest...}", br_desk_get_web, 0, NULL, NULL, NULL},
    {"POST", "/desk/v1/login", br_desk_post_login, 4096, JSON, NULL, NULL},
    {"GET", "/desk/v1/login", br_desk_get_ways, 0, NULL, NULL, NULL},
    {"POST", "/desk/v1/oidc/begin", br_desk_post_oidc, 1024, JSON, NULL, NULL},
    {"GET", "/desk/v1/oidc/callback", br_desk_get_oidc, 0, NULL, NULL, NULL},
    {"GET", "/desk/v1/oidc/jwks", br_oidc_get_keys, 0, NULL, NULL, NULL},
    {"POST", "/desk/v1/logout", br_desk_post_logout, 1024, JSON, NULL, NULL},
    {"GET", "/desk/v1/session", br_desk_get_session, 0, NULL, NULL, NULL},
    {"GET", "/desk/v1/types", br_desk_get_types, 0, NULL, NULL, NULL},
    {"GET", "/desk/v1/offers", br_desk_get_offers, 0, NULL, NULL, NULL},
    {"POST", "/desk/v1/offers", br_desk_post_offer,
     BR_ORCH_CLAIMS_BYTES_MAX + 4096, JSON, NULL, NULL},
    {"GET", "/desk/v1/offers/{id}", br_desk_get_offer, 0, NULL, NULL, NULL},
    {"POST", "/desk/v1/offers/{id}/state", br_desk_post_offer_state, 1024, JSON,
     NULL, NULL},
    {"POST", "/desk/v1/lookups", br_desk_post_lookup, 1024, JSON, NULL, NULL},
    {"POST", "/desk/v1/imports", br_desk_post_import,
     BR_DESK_TABLE_BYTES_MAX * 5 / 4, JSON, NULL, NULL},
    {"GET", "/desk/v1/credentials", br_desk_get_credentials, 0, NULL, NULL,
     NULL},
    {"POST", "/desk/v1/credentials/status", br_desk_post_status_many, 16 * 1024,
     JSON, NULL, NULL},
    {"POST", "/desk/v1/credentials/{id}/status", br_desk_post_status, 4096,
     JSON, NULL, NULL},
    {"POST", "/desk/v1/requests", br_desk_post_request, 64 * 1024, JSON, NULL,
     NULL},
    {"GET", "/desk/v1/requests/{id}", br_desk_get_request, 0, NULL, NULL, NULL},
    {"GET", "/desk/v1/waiting", br_desk_get_waiting, 0, NULL, NULL, NULL},
    {"POST", "/desk/v1/waiting/{id}", br_desk_post_waiting, 4096, JSON, NULL,
     NULL},
    {"GET", "/desk/v1/decisions", br_desk_get_decisions, 0, NULL, NULL, NULL},
    {"GET", "/desk/v1/decisions/{id}", br_desk_get_decision, 0, NULL, NULL,
     NULL},
    {"GET", "/desk/v1/decisions/{id}/receipt", br_desk_get_receipt, 0, NULL,
     NULL, NULL},
    {"GET", "/desk/v1/audit", br_desk_get_audit, 0, NULL, NULL, NULL},
    {"GET", "/livez", br_orch_get_livez, 0, NULL, NULL, NULL},
    {"GET", "/readyz", br_orch_get_readyz, 0, NULL, NULL, NULL},
    {"GET", "/metrics", br_orch_get_metrics, 0, NULL, NULL, NULL},
};

const struct br_http_route *
br_orch_routes(size_t *ret_count)
{
    *ret_count = sizeof(routes) / sizeof(routes[0]);
    return routes;
}
