/*
 * Making a request: from a query in a file to a row and a link.
 *
 * Whoever makes one (the command line, the desk) needs no private key: the
 * daemon signs when a wallet fetches it.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_VERIFIER_ASK_H
#define BR_VERIFIER_ASK_H

#include "orchestrator/verifier/rows.h"

/** Who asks. */
struct br_verifier_identity {
    const char *public_url; /**< without a slash at its end */
    enum br_vp_prefix prefix;
    struct br_x5c chain;          /**< of the verifier's key, the leaf first */
    struct br_key key;            /**< the same */
    struct br_bytes attestation;  /**< a JWT, for verifier_attestation */
    struct br_bytes registration; /**< a JWT, for verifier_info; or empty */
    struct br_bytes contacts;     /**< these as in struct br_vp_ask */
    struct br_bytes policy_uri;
};

/** By its name in client_id; UNSUPPORTED. */
enum br_rc br_verifier_prefix(
    const char *name,
    enum br_vp_prefix *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The chain in a PEM file, into the arena, and its key. */
enum br_rc br_verifier_read_chain(
    const char *path,
    struct br_arena *arena,
    struct br_verifier_identity *ret,
    struct br_err *reterr) BR_MUST_USE;

struct br_verifier_new {
    struct br_bytes query;        /**< JSON: DCQL */
    struct br_bytes transactions; /**< JSON: one, or an array; empty: none */
    const char *purpose;          /**< or NULL */
    const char *redirect_uri;     /**< same device: where to go on; or NULL */
    bool plain;                   /**< direct_post, without encryption */
    bool plain_http;              /**< development */
    uint64_t now_s;
    uint64_t lifetime_s;
};
/** Check, fill and store it. Borrows the arena. Rules dcql-*, vp-*. */
enum br_rc br_verifier_create(
    struct br_kv_txn *txn,
    const struct br_verifier_identity *who,
    const struct br_verifier_new *what,
    struct br_arena *arena,
    struct br_verifier_request *ret,
    struct br_err *reterr);
/** Append the link for it. */
enum br_rc br_verifier_put_link(
    const struct br_verifier_identity *who,
    const struct br_verifier_request *r,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;

/** The same request as vp.h makes it; the key for the answer is the caller's to
 *  free, NULL with direct_post. */
enum br_rc br_verifier_ask(
    const struct br_verifier_identity *who,
    const struct br_verifier_request *r,
    struct br_vp_ask *ret,
    struct br_private_key **ret_key,
    struct br_err *reterr) BR_MUST_USE;

#endif
