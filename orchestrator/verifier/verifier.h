/*
 * The verifying body while the daemon runs: it signs requests when wallets
 * fetch them, and judges what they answer.
 *
 * - One thread of its own does what takes time or writes: fetching status
 *   lists, LMDB, stamping. Handlers hand it their requests.
 * - Everything that the command line makes beside it is seen at once: the rows
 *   are shared (rows.h).
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_VERIFIER_VERIFIER_H
#define BR_VERIFIER_VERIFIER_H

#include "common/net/http_server.h"
#include "common/registry/client.h"
#include "orchestrator/verifier/ask.h"

struct br_verifier;

/** What of an issuer's accreditation decides. */
struct br_verifier_accreditation {
    struct br_registry_options registry;
    bool required; /**< otherwise it is told, and decides nothing */
    bool now;      /**< it is looked at as it is now, */
    bool issued;   /**< and as it was when the credential was issued */
    uint64_t iat_rounding_s;
};
/** From the words of the configuration. CONFIG: it is required, and there is no
 *  registry. off: ret->registry.urls is empty. */
enum br_rc br_verifier_accreditation(
    const char *mode,
    const char *when,
    const char *registries,
    struct br_verifier_accreditation *ret,
    struct br_err *reterr) BR_MUST_USE;

struct br_verifier_options {
    const char *data_dir;
    struct br_verifier_identity identity; /**< prefix: the configured one */
    struct br_private_key *key;           /**< lent, of the identity */
    struct br_bytes trust_pem;            /**< authorities of issuers; copied */
    bool plain_http;        /**< development: this machine, http */
    const char *node_url;   /**< "" : no stamps */
    const char *node_token; /**< "" */
    uint64_t result_s;      /**< how long claims are kept */
    uint64_t history_s;     /**< how long decisions are listed */
    uint64_t binding_s;     /**< how old a key binding may be */
    struct br_verifier_accreditation accreditation;
    /** Told in one line what is worth knowing; any thread. */
    void (*warning)(void *ctx, const char *text);
    void *ctx;
};

/** Texts and chain of the options outlive it. */
enum br_rc br_verifier_start(
    const struct br_verifier_options *options,
    struct br_verifier **ret,
    struct br_err *reterr) BR_MUST_USE;
/** Answer what waits, and take nothing more: before the server stops. */
void br_verifier_quiesce(struct br_verifier *v);
/** NULL is allowed. */
void br_verifier_stop(struct br_verifier *v);
/** Drop what is over, stamp what is not stamped: once a minute. */
void br_verifier_tick(struct br_verifier *v);

/* ---- for the doors ------------------------------------------------------- */

/** A request's row as it is now, for pages. */
enum br_rc br_verifier_look(
    struct br_verifier *v,
    struct br_bytes id,
    struct br_arena *arena,
    struct br_verifier_request *ret,
    struct br_err *reterr) BR_MUST_USE;
const struct br_verifier_identity *
br_verifier_identity(const struct br_verifier *v);
/** The rows, for who makes requests in this process (LMDB is opened once). */
struct br_kv *br_verifier_rows(const struct br_verifier *v);

/** Hand a request over to the thread, which answers it; BUSY is answered here.
 */
typedef void
br_verifier_job(struct br_verifier *v, struct br_http_request *req);
void br_verifier_submit(
    struct br_verifier *v, br_verifier_job *job, struct br_http_request *req);

/** What a wallet fetches, appended to ret, and noted as fetched. wallet_nonce:
 *  empty with GET. vp-expired, vp-replay, NOT_FOUND, FORBIDDEN (fetched too
 *  often). On the verifier's thread. */
enum br_rc br_verifier_fetch(
    struct br_verifier *v,
    struct br_bytes id,
    struct br_bytes wallet_nonce,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Judge what a wallet posted, and keep the decision. BR_OK: processed and
 *  accepted, or the wallet declined; *ret_redirect (in the arena) is where the
 *  person goes on, or empty. What is refused is told, and kept too when it
 *  could be judged. On the verifier's thread. */
enum br_rc br_verifier_answer(
    struct br_verifier *v,
    struct br_bytes id,
    struct br_bytes form,
    struct br_arena *arena,
    struct br_bytes *ret_redirect,
    struct br_err *reterr) BR_MUST_USE;

#endif
