/*
 * Signing and publishing the log's checkpoints.
 *
 * A checkpoint is signed after its block is durable, never before, and only
 * when it extends the last one signed. With a witness policy the published
 * checkpoint is the newest that reached the quorum.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_PUBLISH_PUBLISHER_H
#define BR_PUBLISH_PUBLISHER_H

#include "common/base/buf.h"
#include "common/crypto/sign.h"
#include "node/chain/snapshot.h"

struct br_publisher;

struct br_publisher_options {
    const char *origin;       /**< borrowed */
    struct br_signer *signer; /**< the log's key: Ed25519; borrowed */
    bool needs_quorum;        /**< publish only what witnesses cosigned */
};

enum br_rc br_publisher_new(
    const struct br_publisher_options *options,
    struct br_publisher **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_publisher_free(struct br_publisher *p);

/** Sign the snapshot's tree and make it the latest. ret_note is cleared
 *  first. The engine's thread only. */
enum br_rc br_publisher_sign(
    struct br_publisher *p,
    const struct br_snapshot *s,
    struct br_buf *ret_note,
    struct br_err *reterr) BR_MUST_USE;

/** A checkpoint note with the size it covers. */
struct br_publication {
    uint64_t size;
    uint64_t signed_at_us; /**< by this machine's clock */
    struct br_buf note;    /**< owned by the caller: init and fini */
};
/** The latest signed one. Any thread. */
enum br_rc br_publisher_latest(
    struct br_publisher *p,
    struct br_publication *ret,
    struct br_err *reterr) BR_MUST_USE;
/** What GET /checkpoint serves: the latest, or with witnesses the newest with
 *  a quorum; BR_ERR_NOT_READY when none has. */
enum br_rc br_publisher_published(
    struct br_publisher *p,
    struct br_publication *ret,
    struct br_err *reterr) BR_MUST_USE;
/** A checkpoint came back from the witnesses with a quorum. */
void br_publisher_set_published(
    struct br_publisher *p, uint64_t size, struct br_bytes note);
/** The log's verifier key (vkey), for policies. */
enum br_rc br_publisher_vkey(
    struct br_publisher *p,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
