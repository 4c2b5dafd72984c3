/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/node.h"

#include "common/base/assert.h"
#include "common/crypto/files.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"
#include "common/crypto/x509.h"
#include "common/receipt/policy.h"
#include "common/service/json.h"
#include "node/api/api.h"
#include "node/api/metrics.h"
#include "node/events.h"
#include "node/gateway/rate.h"
#include "node/publish/witness.h"
#include "node/publish/witnesses.h"
#include "node/setup/config.h"
#include "node/setup/tsa.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BULK_BYTES_MAX = 128 * 1024 * 1024, POLICY_BYTES_MAX = 64 * 1024 };

struct br_node {
    struct br_node_options o;
    const struct br_node_config *config;
    struct br_events events;
    struct br_secret *passphrase;
    struct br_signer *log_key;
    struct br_signer *member_key;
    struct br_signer *receipt_key;
    struct br_local_member member;
    struct br_chain *chain;
    struct br_tokens *tokens;
    struct br_signer *tsa_key;
    struct br_buf tsa_chain;
    struct br_tsa *tsa;
    struct br_publisher *publisher;
    struct br_signer *witness_key;
    char witness_name[BR_ORIGIN_BYTES_MAX + 16];
    struct br_witness *witness;
    struct br_witnesses *witnesses;
    struct br_gateway *gateway;
    struct br_engine *engine;
    struct br_http_server *server;
    struct br_buf policy;
    struct br_api api;
    char url[160];
    uint64_t size; /**< of the log at the start */
};

static const char *
in_data(const struct br_node *n, char path[PATH_MAX], const char *name)
{
    if (name[0] == '/' || strncmp(name, "pkcs11:", 7) == 0) {
        (void)snprintf(path, PATH_MAX, "%s", name);
    } else {
        (void)snprintf(path, PATH_MAX, "%s/%s", n->o.data_dir, name);
    }
    return path;
}

/** systemd's credential first, then the configured file. */
static enum br_rc
open_passphrase(struct br_node *n, struct br_err *reterr)
{
    char path[PATH_MAX];
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    if (credentials != NULL) {
        (void)snprintf(path, sizeof(path), "%s/passphrase", credentials);
        if (access(path, R_OK) == 0) {
            return br_secret_from_file(path, &n->passphrase, reterr);
        }
    }
    return br_secret_from_file(
        in_data(n, path, n->config->passphrase_file), &n->passphrase, reterr);
}

static enum br_rc
open_keys(struct br_node *n, struct br_err *reterr)
{
    char path[PATH_MAX];
    BR_TRY(open_passphrase(n, reterr));
    BR_TRY(br_signer_open(
        in_data(n, path, n->config->log_key), n->passphrase, &n->log_key,
        reterr));
    BR_TRY(br_signer_open(
        in_data(n, path, n->config->receipt_key), n->passphrase,
        &n->receipt_key, reterr));
    BR_TRY(br_signer_open(
        in_data(n, path, n->config->member_key), n->passphrase, &n->member_key,
        reterr));
    if (strlen(n->config->member) > BR_MEMBER_ID_BYTES_MAX) {
        return br_fail(reterr, BR_ERR_CONFIG, "member: too long");
    }
    (void)snprintf(n->member.id, sizeof(n->member.id), "%s", n->config->member);
    n->member.signer = n->member_key;
    return BR_OK;
}

static enum br_rc
open_chain(struct br_node *n, struct br_err *reterr)
{
    struct br_chain_options o = {
        .folder = n->o.data_dir, .chain = br_str(n->config->chain_id)};
    BR_TRY(br_chain_open(&o, &n->chain, reterr));
    return br_tokens_open(n->o.data_dir, &n->tokens, reterr);
}

/** Will the ledger accept what the gateway signs? Its operator should know
 *  before the clients do. */
static void
look_at_member_key(struct br_node *n, struct br_snapshot *s)
{
    uint8_t key[BR_STATE_KEY_BYTES_MAX];
    char ends[28] = "";
    struct br_hash kid;
    struct br_bytes value;
    struct br_member_key k;
    br_public_key_thumbprint(br_signer_public(n->member_key), &kid);
    size_t key_n = br_member_state_key(key, 'K', br_hash_bytes(&kid));
    if (br_snapshot_state(s, br_bytes(key, key_n), &value, NULL) != BR_OK ||
        br_member_key_parse(value, &k, NULL) != BR_OK ||
        !br_bytes_eq(k.member, br_str(n->member.id))) {
        br_events_member_key(
            &n->events, n->member.id,
            "member_key is not a key of this member: nothing can be stamped",
            ends);
    } else if (k.not_after.v != 0) {
        br_time_text(k.not_after, ends);
        br_events_member_key(
            &n->events, n->member.id,
            br_member_key_valid_at(&k, br_api_now())
                ? "member_key will end"
                : "member_key has ended: nothing can be stamped",
            ends);
    }
}

/** The checkpoint of what is stored is signed before the doors open. */
static enum br_rc
sign_first(struct br_node *n, struct br_err *reterr)
{
    struct br_snapshot s;
    struct br_buf note;
    BR_TRY(br_snapshot_open(n->chain, &s, reterr));
    br_buf_init(&note, 64u * 1024);
    enum br_rc rc = br_publisher_sign(n->publisher, &s, &note, reterr);
    n->size = s.head.frontier.size;
    look_at_member_key(n, &s);
    br_buf_fini(&note);
    br_snapshot_close(&s);
    return rc;
}

/** What others need to trust us: our key, our witnesses, our quorum. */
static enum br_rc
make_policy(struct br_node *n, struct br_err *reterr)
{
    char path[PATH_MAX];
    br_buf_init(&n->policy, POLICY_BYTES_MAX);
    br_buf_puts(&n->policy, "log ");
    BR_TRY(br_publisher_vkey(n->publisher, &n->policy, reterr));
    br_buf_puts(&n->policy, "\n");
    if (n->config->witness_policy[0] == '\0') {
        br_buf_puts(&n->policy, "quorum none\n");
        return br_buf_status(&n->policy, reterr);
    }
    return br_file_read(
        in_data(n, path, n->config->witness_policy), &n->policy, reterr);
}

static enum br_rc
open_publisher(struct br_node *n, struct br_err *reterr)
{
    struct br_publisher_options o = {
        .origin = n->config->origin,
        .signer = n->log_key,
        .needs_quorum = n->config->witness_policy[0] != '\0',
    };
    BR_TRY(br_publisher_new(&o, &n->publisher, reterr));
    BR_TRY(sign_first(n, reterr));
    return make_policy(n, reterr);
}

/** RFC 3161, unless it is configured away. */
static enum br_rc
open_tsa(struct br_node *n, struct br_err *reterr)
{
    char path[PATH_MAX];
    br_buf_init(&n->tsa_chain, BR_X509_PEM_BYTES_MAX);
    if (n->config->tsa_key[0] == '\0') {
        return BR_OK;
    }
    BR_TRY(br_signer_open(
        in_data(n, path, n->config->tsa_key), n->passphrase, &n->tsa_key,
        reterr));
    BR_TRY(br_file_read(
        in_data(n, path, n->config->tsa_chain), &n->tsa_chain, reterr));
    struct br_tsa_options o = {
        .chain_pem = br_buf_bytes(&n->tsa_chain),
        .policy = n->config->tsa_policy,
        .signer = n->tsa_key,
        .now = br_api_now(),
    };
    return br_tsa_open(&o, &n->tsa, reterr);
}

/** Others' checkpoints that we cosign. */
static enum br_rc
open_witness(struct br_node *n, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf policy;
    if (n->config->witness_logs[0] == '\0') {
        return BR_OK;
    }
    BR_TRY(br_signer_open(
        in_data(n, path, n->config->witness_key), n->passphrase,
        &n->witness_key, reterr));
    if (n->config->witness_name[0] != '\0') {
        (void)snprintf(
            n->witness_name, sizeof(n->witness_name), "%.255s",
            n->config->witness_name);
    } else {
        (void)snprintf(
            n->witness_name, sizeof(n->witness_name), "%.240s/witness",
            n->config->origin);
    }
    br_buf_init(&policy, POLICY_BYTES_MAX);
    enum br_rc rc = br_file_read(
        in_data(n, path, n->config->witness_logs), &policy, reterr);
    if (rc == BR_OK) {
        struct br_witness_options o = {
            .data_dir = n->o.data_dir,
            .name = n->witness_name,
            .signer = n->witness_key,
            .policy = br_buf_bytes(&policy),
        };
        rc = br_witness_new(&o, &n->witness, reterr);
    }
    br_buf_fini(&policy);
    return rc;
}

static void
on_quorum(void *ctx, bool reached, const char *why)
{
    struct br_node *n = (struct br_node *)ctx;
    br_events_quorum(&n->events, reached, why);
}

static enum br_rc
start_witnesses(struct br_node *n, struct br_err *reterr)
{
    struct br_witnesses_options o = {
        .chain = n->chain,
        .publisher = n->publisher,
        .policy = br_buf_bytes(&n->policy),
        .interval_ms = n->config->witness_interval_ms,
        .changed = on_quorum,
        .ctx = n,
    };
    if (n->config->witness_policy[0] == '\0') {
        return BR_OK;
    }
    return br_witnesses_start(&o, &n->witnesses, reterr);
}

static void
on_fatal(void *ctx, const struct br_err *err)
{
    struct br_node *n = (struct br_node *)ctx;
    n->o.fatal(n->o.ctx, err);
}

static void
on_clock(void *ctx, uint64_t behind_us)
{
    struct br_node *n = (struct br_node *)ctx;
    br_events_clock(&n->events, behind_us);
}

static enum br_rc
start_engine(struct br_node *n, struct br_err *reterr)
{
    struct br_gateway_options g = {
        .chain = n->chain,
        .publisher = n->publisher,
        .chain_id = n->config->chain_id,
        .members = &n->member,
        .member_count = 1,
        .queue_max = (size_t)n->config->queue_max,
        .bulk_bytes_max = BULK_BYTES_MAX,
    };
    BR_TRY(br_gateway_new(&g, &n->gateway, reterr));
    struct br_engine_options e = {
        .app = br_gateway_app(n->gateway),
        .queue_max = (size_t)n->config->queue_max,
        .clock_tolerance_us = n->config->clock_tolerance_ms * 1000,
        .fatal = on_fatal,
        .clock_backwards = on_clock,
        .ctx = n,
    };
    BR_TRY(br_engine_solo.start(&e, &n->engine, reterr));
    br_gateway_set_engine(n->gateway, &br_engine_solo, n->engine);
    return BR_OK;
}

static void
fill_api(struct br_node *n)
{
    n->api = (struct br_api){
        .chain = n->chain,
        .gateway = n->gateway,
        .publisher = n->publisher,
        .tokens = n->tokens,
        .engine_ops = &br_engine_solo,
        .engine = n->engine,
        .receipt_signer = n->receipt_key,
        .tsa = n->tsa,
        .tsa_chain_pem = br_buf_bytes(&n->tsa_chain),
        .witness = n->witness,
        .open_rates = br_rates_new(),
        .members = &n->member,
        .member_count = 1,
        .chain_id = n->config->chain_id,
        .origin = n->config->origin,
        .public_url = n->config->public_url,
        .policy = br_buf_bytes(&n->policy),
        .open_stamping = n->config->open_stamping,
        .open_rate_per_s = (uint32_t)n->config->open_rate_per_s,
        .reading_needs_token = strcmp(n->config->reading, "token") == 0,
        .stale_us = n->config->checkpoint_stale_s * 1000000,
    };
}

/** The server hands its handlers' context to this callback too. */
static struct br_node *
node_of(void *api)
{
    return (
        struct br_node *)(void *)((char *)api - offsetof(struct br_node, api));
}

static void
on_done(
    void *ctx,
    const struct br_http_request *req,
    const struct br_http_outcome *o)
{
    br_api_metrics_request(o->method, o->route, o->status, o->duration_us);
    br_events_request(&node_of(ctx)->events, req, o);
}

static enum br_rc
start_server(struct br_node *n, struct br_err *reterr)
{
    struct br_http_server_options o = {
        .listen = n->o.listen != NULL ? n->o.listen : n->config->listen,
        .ctx = &n->api,
        .threads = (unsigned)n->config->http_threads,
        .connections_max = (unsigned)n->config->connections_max,
        .idle_timeout_s = (unsigned)n->config->idle_timeout_s,
        .done = on_done,
    };
    fill_api(n);
    if (n->api.open_rates == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "rates");
    }
    o.routes = br_api_routes(&o.route_count);
    BR_TRY(br_http_server_start(&o, &n->server, reterr));
    (void)snprintf(
        n->url, sizeof(n->url), "http://%s", br_http_server_address(n->server));
    return BR_OK;
}

static enum br_rc
open_all(struct br_node *n, struct br_err *reterr)
{
    BR_TRY(br_crypto_init(reterr));
    BR_TRY(open_keys(n, reterr));
    BR_TRY(open_chain(n, reterr));
    BR_TRY(open_publisher(n, reterr));
    BR_TRY(open_tsa(n, reterr));
    BR_TRY(open_witness(n, reterr));
    BR_TRY(start_engine(n, reterr));
    BR_TRY(start_server(n, reterr));
    return start_witnesses(n, reterr);
}

enum br_rc
br_node_start(
    const struct br_node_options *options,
    struct br_node **ret,
    struct br_err *reterr)
{
    struct br_node *n = (struct br_node *)calloc(1, sizeof(*n));
    if (n == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "node");
    }
    n->o = *options;
    n->config = options->config;
    br_events_init(&n->events, options->log, n->config->slow_request_ms * 1000);
    enum br_rc rc = open_all(n, reterr);
    if (rc != BR_OK) {
        br_node_stop(n);
        return rc;
    }
    *ret = n;
    return BR_OK;
}

const char *
br_node_url(const struct br_node *n)
{
    return n->url;
}

uint64_t
br_node_size(const struct br_node *n)
{
    return n->size;
}

void
br_node_stop(struct br_node *n)
{
    if (n == NULL) {
        return;
    }
    if (n->server != NULL) {
        atomic_store(&n->api.stopping, true);
        br_http_server_quiesce(n->server);
    }
    br_witnesses_stop(n->witnesses);
    /* The engine works off what waits, and its answers still go out. */
    br_engine_solo.stop(n->engine);
    if (n->server != NULL) {
        br_http_server_stop(n->server);
    }
    br_rates_free(n->api.open_rates);
    br_gateway_free(n->gateway);
    br_tsa_close(n->tsa);
    br_signer_free(n->tsa_key);
    br_buf_fini(&n->tsa_chain);
    br_witness_free(n->witness);
    br_signer_free(n->witness_key);
    br_publisher_free(n->publisher);
    br_tokens_close(n->tokens);
    br_chain_close(n->chain);
    br_signer_free(n->member_key);
    br_signer_free(n->receipt_key);
    br_signer_free(n->log_key);
    br_secret_free(n->passphrase);
    br_buf_fini(&n->policy);
    free(n);
}
