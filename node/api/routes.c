/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/limits.h"
#include "common/receipt/rfc3161.h"
#include "node/api/api.h"

enum { SMALL = 4096, INDEXES = 65536 * 8 };

static const struct br_http_route routes[] = {
    {"GET", "/", br_api_get_page, 0, NULL, NULL, NULL},
    {"GET", "/web/{rest...}", br_api_get_web, 0, NULL, NULL, NULL},
    {"GET", "/v1/openapi.json", br_api_get_openapi, 0, NULL, NULL, NULL},
    {"GET", "/livez", br_api_get_livez, 0, NULL, NULL, NULL},
    {"GET", "/readyz", br_api_get_readyz, 0, NULL, NULL, NULL},
    {"GET", "/metrics", br_api_get_metrics, 0, NULL, NULL, NULL},
    {"POST", "/v1/notary/stamps", br_api_post_stamp, SMALL, "application/json",
     NULL, NULL},
    {"GET", "/v1/notary/stamps", br_api_find_stamps, 0, NULL, NULL, NULL},
    {"POST", "/v1/notary/batches", br_api_post_batch,
     (size_t)BR_BATCH_DIGESTS_MAX * 192, NULL, br_api_batch_piece,
     br_api_batch_end},
    {"POST", "/v1/notary/records", br_api_post_record, SMALL,
     "application/json", NULL, NULL},
    {"GET", "/v1/notary/records/{record}", br_api_get_record, 0, NULL, NULL,
     NULL},
    {"POST", "/v1/notary/records/{record}/versions", br_api_post_version, SMALL,
     "application/json", NULL, NULL},
    {"GET", "/v1/notary/records/{record}/versions/{n}", br_api_get_version, 0,
     NULL, NULL, NULL},
    {"POST", "/v1/notary/records/{record}/versions/{n}/hashes",
     br_api_post_hash, SMALL, "application/json", NULL, NULL},
    {"POST", "/v1/notary/records/{record}/owners", br_api_post_owner, SMALL,
     "application/json", NULL, NULL},
    {"POST", "/v1/notary/records/{record}/owners/{owner}/revoke",
     br_api_revoke_owner, SMALL, "application/json", NULL, NULL},
    {"GET", "/v1/log", br_api_get_log, 0, NULL, NULL, NULL},
    {"GET", "/v1/log/policy", br_api_get_policy, 0, NULL, NULL, NULL},
    {"GET", "/v1/log/ca", br_api_get_ca, 0, NULL, NULL, NULL},
    {"GET", "/v1/log/entries", br_api_get_entries, 0, NULL, NULL, NULL},
    {"GET", "/v1/log/entries/{index}", br_api_get_entry, 0, NULL, NULL, NULL},
    {"GET", "/v1/log/entries/{index}/{form}", br_api_get_receipt, 0, NULL, NULL,
     NULL},
    {"POST", "/v1/log/proofs", br_api_post_proofs, INDEXES,
     "application/octet-stream", NULL, NULL},
    {"GET", "/v1/log/consistency", br_api_get_consistency, 0, NULL, NULL, NULL},
    {"GET", "/v1/log/growth", br_api_get_growth, 0, NULL, NULL, NULL},
    {"GET", "/v1/members", br_api_get_members, 0, NULL, NULL, NULL},
    {"POST", "/v1/transactions", br_api_post_transaction, BR_TX_BYTES_MAX,
     "application/cose", NULL, NULL},
    {"GET", "/checkpoint", br_api_get_checkpoint, 0, NULL, NULL, NULL},
    {"GET", "/tile/{rest...}", br_api_get_tile, 0, NULL, NULL, NULL},
    {"GET", "/.well-known/scitt-keys", br_api_get_scitt_keys, 0, NULL, NULL,
     NULL},
    {"GET", "/.well-known/scitt-keys/{kid}", br_api_get_scitt_key, 0, NULL,
     NULL, NULL},
    {"POST", "/entries", br_api_post_entries, 1024 * 1024, "application/cose",
     NULL, NULL},
    {"GET", "/entries/{id}", br_api_get_scitt_entry, 0, NULL, NULL, NULL},
    {"POST", "/witness/add-checkpoint", br_api_post_add_checkpoint, 128 * 1024,
     NULL, NULL, NULL},
    {"GET", "/witness/{origin}/checkpoint", br_api_get_witness_checkpoint, 0,
     NULL, NULL, NULL},
    {"POST", "/tsa", br_api_post_tsa, BR_TSQ_BYTES_MAX,
     "application/timestamp-query", NULL, NULL},
    {"POST", "/add", br_api_post_add, BR_RAW_LEAF_BYTES_MAX, NULL, NULL, NULL},
};

const struct br_http_route *
br_api_routes(size_t *ret_count)
{
    *ret_count = sizeof(routes) / sizeof(routes[0]);
    return routes;
}
