/*
 * The node's doors: one handler a route, a file a subject; docs/api.md.
 *
 * Handlers run on the server's threads and must not block: what must wait for
 * a block goes to the gateway and is answered on the engine's thread.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_API_API_H
#define BR_API_API_H

#include "common/net/http_server.h"
#include "node/chain/snapshot.h"
#include "node/engine/engine.h"
#include "node/gateway/gateway.h"
#include "node/gateway/tokens.h"
#include "node/publish/publisher.h"

#include <stdatomic.h>

struct br_tsa;
struct br_rates;
struct br_metrics;
struct br_witness;

/** All that handlers need; filled by node.c, read-only while serving. */
struct br_api {
    struct br_chain *chain;
    struct br_gateway *gateway;
    struct br_publisher *publisher;
    struct br_tokens *tokens;
    const struct br_engine_ops *engine_ops;
    struct br_engine *engine;
    struct br_signer *receipt_signer;
    const struct br_tsa *tsa; /**< NULL: /tsa and .tsr are not offered */
    struct br_bytes tsa_chain_pem;
    struct br_witness *witness; /**< NULL: we cosign for nobody */
    struct br_rates *open_rates;
    const struct br_local_member *members;
    size_t member_count;
    const char *chain_id;
    const char *origin;
    const char *public_url; /**< without a slash at its end */
    struct br_bytes policy; /**< what GET /v1/log/policy serves */
    bool open_stamping;
    uint32_t open_rate_per_s;
    bool reading_needs_token;
    uint64_t stale_us; /**< a checkpoint older than this with work waiting */
    atomic_bool stopping;
};

/** The routes, for the server's options. */
const struct br_http_route *br_api_routes(size_t *ret_count);

/* ---- shared by the files of this folder --------------------------------- */

struct br_time_us br_api_now(void);
/** Who asks, and may they? Answers the request itself when not, and returns
 *  false. *ret_member: which local member acts. */
bool br_api_authorise(
    struct br_api *api,
    struct br_http_request *req,
    enum br_scope scope,
    uint32_t cost,
    unsigned *ret_member);
/** For /tsa, /add and /entries: as above, or anyone at a rate if configured. */
bool br_api_authorise_open(
    struct br_api *api,
    struct br_http_request *req,
    enum br_scope scope,
    unsigned *ret_member);
/** May this request read? Public unless configured otherwise. */
bool br_api_may_read(struct br_api *api, struct br_http_request *req);

/** A snapshot for this request, or a problem and false. */
bool br_api_snapshot(
    struct br_api *api, struct br_http_request *req, struct br_snapshot *ret);
/** The request's answer: JSON in b, which is emptied. */
void
br_api_reply_json(struct br_http_request *req, int status, struct br_buf *b);
void br_api_reply_text(
    struct br_http_request *req, const char *content_type, struct br_buf *b);
/** A decimal in a path or query; answers and returns false when it is not. */
bool
br_api_number(struct br_http_request *req, const char *text, uint64_t *ret);

/** {"index", "kind", "time", ...}: docs/api.md, "entry". */
enum br_rc br_api_put_entry(
    struct br_buf *b,
    struct br_snapshot *s,
    uint64_t index,
    struct br_err *reterr) BR_MUST_USE;
/** The same fields without braces, from a leaf that was read. */
void br_api_put_leaf_fields(
    struct br_buf *b,
    uint64_t index,
    struct br_bytes entry,
    struct br_time_us raw_time,
    struct br_bytes raw_author);
struct br_api_checkpoint {
    uint64_t size;
    struct br_bytes note;
};
/** A .tlog-proof of a leaf under a checkpoint of this size, which may be
 *  smaller than the snapshot. */
enum br_rc br_api_put_proof(
    struct br_buf *b,
    struct br_snapshot *s,
    const struct br_api_checkpoint *checkpoint,
    uint64_t index,
    struct br_err *reterr) BR_MUST_USE;
struct br_api_cose {
    uint64_t index;
    uint64_t size; /**< of the tree that is signed */
    struct br_bytes subject;
};
/** A COSE receipt (RFC 9942) of a leaf, with its leaf inside. */
enum br_rc br_api_put_cose(
    struct br_buf *b,
    struct br_api *api,
    struct br_snapshot *s,
    const struct br_api_cose *what,
    struct br_err *reterr) BR_MUST_USE;
/** The published checkpoint and a snapshot that is at least as large. Close
 *  the one and br_buf_fini the other. */
enum br_rc br_api_current(
    struct br_api *api,
    struct br_snapshot *s,
    struct br_publication *note,
    struct br_err *reterr) BR_MUST_USE;

/* ---- handlers, by file --------------------------------------------------- */
br_http_handler br_api_post_stamp;
br_http_handler br_api_post_batch;
br_http_handler br_api_find_stamps;
br_http_handler br_api_post_record;
br_http_handler br_api_post_version;
br_http_handler br_api_post_hash;
br_http_handler br_api_post_owner;
br_http_handler br_api_revoke_owner;
br_http_handler br_api_get_record;
br_http_handler br_api_get_version;
br_http_handler br_api_get_log;
br_http_handler br_api_get_policy;
br_http_handler br_api_get_ca;
br_http_handler br_api_get_entries;
br_http_handler br_api_get_entry;
br_http_handler br_api_get_receipt;
br_http_handler br_api_post_proofs;
br_http_handler br_api_get_consistency;
br_http_handler br_api_get_growth;
br_http_handler br_api_get_members;
br_http_handler br_api_get_dids;
br_http_handler br_api_get_did;
br_http_handler br_api_get_key;
br_http_handler br_api_get_issuer;
br_http_handler br_api_get_accreditation;
br_http_handler br_api_get_types;
br_http_handler br_api_get_type;
br_http_handler br_api_get_type_version;
br_http_handler br_api_get_type_document;
br_http_handler br_api_get_ebsi_dids;
br_http_handler br_api_get_ebsi_did;
br_http_handler br_api_get_ebsi_issuers;
br_http_handler br_api_get_ebsi_issuer;
br_http_handler br_api_get_ebsi_attributes;
br_http_handler br_api_get_ebsi_attribute;
br_http_handler br_api_get_ebsi_schemas;
br_http_handler br_api_get_ebsi_schema;
br_http_handler br_api_post_transaction;
br_http_handler br_api_get_checkpoint;
br_http_handler br_api_get_tile;
br_http_handler br_api_post_add;
br_http_handler br_api_post_tsa;
br_http_handler br_api_get_scitt_keys;
br_http_handler br_api_get_scitt_key;
br_http_handler br_api_post_entries;
br_http_handler br_api_get_scitt_entry;
br_http_handler br_api_post_add_checkpoint;
br_http_handler br_api_get_witness_checkpoint;
br_http_handler br_api_get_livez;
br_http_handler br_api_get_readyz;
br_http_handler br_api_get_metrics;
br_http_handler br_api_get_openapi;
br_http_handler br_api_get_page;
br_http_handler br_api_get_web;

br_http_stream_fn br_api_batch_piece;
br_http_stream_end_fn br_api_batch_end;

#endif
