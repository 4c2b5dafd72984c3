/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/orchestrator.h"

#include "common/codec/text.h"
#include "common/crypto/files.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"
#include "common/crypto/x509.h"
#include "common/crypto/x509_path.h"
#include "common/service/log.h"
#include "orchestrator/api/api.h"
#include "orchestrator/api/desk.h"
#include "orchestrator/api/health.h"
#include "orchestrator/api/oidc.h"
#include "orchestrator/api/once.h"
#include "orchestrator/api/slow.h"
#include "orchestrator/api/status.h"
#include "orchestrator/archive.h"
#include "orchestrator/source/source.h"
#include "orchestrator/verify.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    QUEUE_MAX = 10000,
    /* 25 MB: a request takes two, for seven minutes, so 1,200 a second all the
     * time; more for a while. */
    ONCE_MAX = 1 << 20,
    PURGE_MOST = 512,
};

struct br_orchestrator {
    struct br_orchestrator_options o;
    const struct br_orch_config *config;
    struct br_secret *passphrase;
    struct br_signer *signer;
    struct br_x509_chain chain;
    struct br_types types;
    struct br_kv *kv;
    struct br_writer *writer;
    struct br_stamper *stamper;
    struct br_archive archive;
    struct br_verify *verify;
    struct br_http_server *server;
    struct br_orch_api api;
    char url[160];
};

static const char *
in_data(const struct br_orchestrator *o, char path[PATH_MAX], const char *name)
{
    if (name[0] == '/' || strncmp(name, "pkcs11:", 7) == 0) {
        (void)snprintf(path, PATH_MAX, "%s", name);
    } else {
        (void)snprintf(path, PATH_MAX, "%s/%s", o->o.data_dir, name);
    }
    return path;
}

/** systemd's credential first, then the configured file. */
static enum br_rc
open_passphrase(struct br_orchestrator *o, struct br_err *reterr)
{
    char path[PATH_MAX];
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    if (credentials != NULL) {
        (void)snprintf(path, sizeof(path), "%s/passphrase", credentials);
        if (access(path, R_OK) == 0) {
            return br_secret_from_file(path, &o->passphrase, reterr);
        }
    }
    return br_secret_from_file(
        in_data(o, path, o->config->passphrase_file), &o->passphrase, reterr);
}

/** The certificates of the issuer's key, which must be its own. */
static enum br_rc
open_chain(struct br_orchestrator *o, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf pem;
    br_buf_init(&pem, BR_X509_PEM_BYTES_MAX);
    enum br_rc rc =
        br_file_read(in_data(o, path, o->config->issuer_chain), &pem, reterr);
    if (rc == BR_OK) {
        rc = br_x509_chain_parse(br_buf_bytes(&pem), &o->chain, reterr);
    }
    br_buf_fini(&pem);
    BR_TRY(rc);
    BR_TRY(br_x509_check_key(
        o->chain.der[0], br_signer_public(o->signer), reterr));
    o->api.chain.count = o->chain.count;
    for (size_t i = 0; i < o->chain.count; i++) {
        o->api.chain.der[i] = o->chain.der[i];
    }
    return BR_OK;
}

static enum br_rc
open_keys(struct br_orchestrator *o, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_orch_api *api = &o->api;
    BR_TRY(open_passphrase(o, reterr));
    BR_TRY(br_signer_open(
        in_data(o, path, o->config->issuer_key), o->passphrase, &o->signer,
        reterr));
    BR_TRY(br_private_key_of_signer(o->signer, &api->issuer_key, reterr));
    BR_TRY(open_chain(o, reterr));
    BR_TRY(br_jwk_thumbprint_text(
        br_private_key_public(api->issuer_key), api->kid, reterr));
    /* Requests are encrypted for a key of this run: it opens nothing that was
     * recorded before. */
    BR_TRY(br_private_key_generate(BR_KEY_P256, &api->box_key, reterr));
    BR_TRY(br_jwk_thumbprint_text(
        br_private_key_public(api->box_key), api->box_kid, reterr));
    br_random(api->nonce_key, sizeof(api->nonce_key));
    return BR_OK;
}

/** "sha256-" and base64 of the document as it is served. */
static enum br_rc
fill_integrity(struct br_orchestrator *o, size_t i, struct br_err *reterr)
{
    struct br_buf b;
    struct br_buf text;
    struct br_json_writer w;
    struct br_hash h;
    br_buf_init(&b, 4u * 1024 * 1024);
    br_buf_init(&text, 64);
    br_json_writer_init(&w, &b);
    br_type_metadata_write(&w, o->types.type[i]);
    enum br_rc rc = br_json_writer_done(&w, reterr);
    if (rc == BR_OK) {
        br_sha256(br_buf_bytes(&b), &h);
        br_base64_put(&text, br_hash_bytes(&h));
        rc = br_buf_status(&text, reterr);
    }
    if (rc == BR_OK) {
        (void)snprintf(
            o->api.integrity[i], sizeof(o->api.integrity[i]), "sha256-%.*s",
            (int)text.n, (const char *)text.p);
    }
    br_buf_fini(&text);
    br_buf_fini(&b);
    return rc;
}

static enum br_rc
open_types(struct br_orchestrator *o, struct br_err *reterr)
{
    char path[PATH_MAX];
    const struct br_source_home home = {
        o->o.data_dir, o->config->insecure_loopback, NULL};
    BR_TRY(br_types_load(
        in_data(o, path, o->config->types), o->config->public_url, &o->types,
        reterr));
    for (size_t i = 0; i < o->types.count; i++) {
        BR_TRY(br_source_check(&home, o->types.type[i], reterr));
        BR_TRY(fill_integrity(o, i, reterr));
    }
    return BR_OK;
}

/** Whose attestations of wallets are believed. */
static enum br_rc
open_providers(struct br_orchestrator *o, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf pem;
    const struct br_orch_config *c = o->config;
    if (c->wallet_providers[0] == '\0') {
        return c->wallet_attestation_required || c->key_attestation_required ||
                       c->attestation_challenge_required ||
                       br_orch_is_haip(&o->api)
                   ? br_fail(
                         reterr, BR_ERR_CONFIG,
                         "wallet_providers: attestations are required, and "
                         "nobody's are believed")
                   : BR_OK;
    }
    br_buf_init(&pem, BR_X509_TRUST_PEM_BYTES_MAX);
    enum br_rc rc =
        br_file_read(in_data(o, path, c->wallet_providers), &pem, reterr);
    if (rc == BR_OK) {
        rc = br_x509_trust_new(br_buf_bytes(&pem), &o->api.providers, reterr);
    }
    br_buf_fini(&pem);
    return rc;
}

static void
warn(struct br_orchestrator *o, const char *event, const char *text)
{
    const struct br_log_event e = {
        .level = BR_LOG_WARNING, .name = event, .message = text};
    br_log_put(o->o.log, &e);
}

static void
on_warning(void *ctx, const char *event, const char *text)
{
    warn((struct br_orchestrator *)ctx, event, text);
}

static void
on_unstamped(void *ctx, const char *text)
{
    warn((struct br_orchestrator *)ctx, "ledger.unstamped", text);
}

static enum br_rc
open_stamper(struct br_orchestrator *o, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_stamper_options s = {
        .node_url = o->config->node_url,
        .token_file = in_data(o, path, o->config->node_token_file),
        .kv = o->kv,
        .audit_rows = o->config->audit_rows,
        .audit_s = o->config->audit_s,
        .warning = on_unstamped,
        .ctx = o,
    };
    if (o->config->node_url[0] == '\0' ||
        o->config->node_token_file[0] == '\0') {
        return BR_OK;
    }
    return br_stamper_start(&s, &o->stamper, reterr);
}

/** Decisions not stamped yet, rows not purged: tried again in a minute. */
static void
on_behind(void *ctx, const char *text)
{
    warn((struct br_orchestrator *)ctx, "verifier.behind", text);
}

static enum br_rc
open_verifier(struct br_orchestrator *o, struct br_err *reterr)
{
    const struct br_verify_options v = {
        .data_dir = o->o.data_dir,
        .config = o->config,
        .passphrase = o->passphrase,
        .warning = on_behind,
        .ctx = o,
    };
    BR_TRY(br_verify_start(&v, &o->verify, reterr));
    o->api.verifier = br_verify_verifier(o->verify);
    return BR_OK;
}

static void
on_published(void *ctx, const struct br_published *p)
{
    br_archive_add((struct br_archive *)ctx, p);
}

static enum br_rc
fill_api(struct br_orchestrator *o, struct br_err *reterr)
{
    struct br_orch_api *api = &o->api;
    const struct br_status_published published = {on_published, &o->archive};
    o->archive = (struct br_archive){o->kv, o->writer, o->stamper};
    api->types = &o->types;
    api->kv = o->kv;
    api->writer = o->writer;
    api->issuer = o->config->public_url;
    api->data_dir = o->o.data_dir;
    api->warning = on_warning;
    api->warning_ctx = o;
    api->once = br_once_new(ONCE_MAX);
    api->status = br_status_cache_new(&published);
    if (api->once == NULL || api->status == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "issuer");
    }
    BR_TRY(br_slow_start(&api->slow, reterr));
    return br_desk_start(api, &api->desk, reterr);
}

static void
on_done(
    void *ctx,
    const struct br_http_request *req,
    const struct br_http_outcome *outcome)
{
    (void)ctx;
    (void)req;
    br_orch_count(outcome->method, outcome->route, outcome->status);
}

static enum br_rc
start_server(struct br_orchestrator *o, struct br_err *reterr)
{
    struct br_http_server_options s = {
        .listen = o->o.listen != NULL ? o->o.listen : o->config->listen,
        .ctx = &o->api,
        .threads = (unsigned)o->config->http_threads,
        .connections_max = (unsigned)o->config->connections_max,
        .idle_timeout_s = (unsigned)o->config->idle_timeout_s,
        .done = on_done,
    };
    s.routes = br_orch_routes(&s.route_count);
    BR_TRY(br_http_server_start(&s, &o->server, reterr));
    (void)snprintf(
        o->url, sizeof(o->url), "http://%s", br_http_server_address(o->server));
    return BR_OK;
}

static enum br_rc
open_all(struct br_orchestrator *o, struct br_err *reterr)
{
    BR_TRY(br_crypto_init(reterr));
    if (br_orch_is_loopback(o->config->public_url)) {
        warn(
            o, "issuer.insecure",
            "public_url is http on this machine: for development alone, "
            "nothing is protected on the way");
    }
    BR_TRY(open_keys(o, reterr));
    o->api.config = o->config;
    BR_TRY(br_oidc_open(
        o->o.data_dir, o->config, o->passphrase, &o->api.oidc, reterr));
    BR_TRY(open_providers(o, reterr));
    BR_TRY(open_types(o, reterr));
    BR_TRY(br_orch_store_open(o->o.data_dir, &o->kv, reterr));
    BR_TRY(br_writer_start(o->kv, QUEUE_MAX, &o->writer, reterr));
    BR_TRY(open_stamper(o, reterr));
    BR_TRY(fill_api(o, reterr));
    BR_TRY(open_verifier(o, reterr));
    return start_server(o, reterr);
}

enum br_rc
br_orchestrator_start(
    const struct br_orchestrator_options *options,
    struct br_orchestrator **ret,
    struct br_err *reterr)
{
    struct br_orchestrator *o = (struct br_orchestrator *)calloc(1, sizeof(*o));
    if (o == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "issuer");
    }
    o->o = *options;
    o->config = options->config;
    enum br_rc rc = open_all(o, reterr);
    if (rc != BR_OK) {
        br_orchestrator_stop(o);
        return rc;
    }
    *ret = o;
    return BR_OK;
}

const char *
br_orchestrator_url(const struct br_orchestrator *o)
{
    return o->url;
}

/* ---- what has expired ---------------------------------------------------- */

static enum br_rc
apply_purge(struct br_write *w, struct br_kv_txn *txn, struct br_err *reterr)
{
    size_t n;
    (void)w;
    return br_orch_purge(txn, br_orch_now_s(), PURGE_MOST, &n, reterr);
}

static void
done_purge(struct br_write *w, enum br_rc rc, const struct br_err *err)
{
    (void)rc;
    (void)err;
    free(w);
}

void
br_orchestrator_tick(struct br_orchestrator *o)
{
    struct br_kv_stats stats;
    struct br_write *w = (struct br_write *)calloc(1, sizeof(*w));
    br_kv_stats(o->kv, &stats);
    br_verifier_tick(o->api.verifier);
    br_status_publish_due(&o->api);
    br_archive_tick(&o->archive);
    if (w == NULL) {
        return;
    }
    w->apply = apply_purge;
    w->done = done_purge;
    if (br_writer_submit(o->writer, w, NULL) != BR_OK) {
        free(w);
    }
}

void
br_orchestrator_stop(struct br_orchestrator *o)
{
    if (o == NULL) {
        return;
    }
    if (o->server != NULL) {
        atomic_store(&o->api.stopping, true);
        br_http_server_quiesce(o->server);
    }
    br_slow_stop(o->api.slow);
    /* What waits is written, and its answers still go out. */
    br_writer_stop(o->writer);
    br_desk_stop(o->api.desk);
    if (o->api.verifier != NULL) {
        br_verifier_quiesce(o->api.verifier);
    }
    if (o->server != NULL) {
        br_http_server_stop(o->server);
    }
    br_verify_stop(o->verify);
    br_stamper_stop(o->stamper);
    br_oidc_free(o->api.oidc);
    br_status_cache_free(o->api.status);
    br_once_free(o->api.once);
    br_kv_close(o->kv);
    br_types_fini(&o->types);
    br_x509_trust_free(o->api.providers);
    br_private_key_free(o->api.box_key);
    br_private_key_free(o->api.issuer_key);
    br_x509_chain_fini(&o->chain);
    br_signer_free(o->signer);
    br_secret_free(o->passphrase);
    br_wipe(&o->api.nonce_key, sizeof(o->api.nonce_key));
    free(o);
}
