/*
 * Being a witness: cosign the checkpoints of logs that our policy lists (C2SP
 * tlog-witness v1.0.0).
 *
 * The last size and root of each log are compared and stored in one durable
 * transaction before the cosignature leaves: a witness that forgets can be
 * made to cosign a fork.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_PUBLISH_WITNESS_H
#define BR_PUBLISH_WITNESS_H

#include "common/base/buf.h"
#include "common/base/error.h"
#include "common/crypto/sign.h"

struct br_witness;

struct br_witness_options {
    const char *data_dir;
    const char *name;         /**< of our cosignatures; borrowed */
    struct br_signer *signer; /**< Ed25519; borrowed */
    struct br_bytes policy;   /**< C2SP tlog-policy: its logs; copied */
};

enum br_rc br_witness_new(
    const struct br_witness_options *options,
    struct br_witness **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_witness_free(struct br_witness *w);

/** Answer an add-checkpoint request: the HTTP status, and the body with its
 *  media type. Any thread. */
int br_witness_add_checkpoint(
    struct br_witness *w,
    struct br_bytes body,
    uint64_t now_s,
    struct br_buf *ret,
    const char **ret_content_type);
/** The last cosigned checkpoint of the log whose origin has this SHA-256. */
enum br_rc br_witness_checkpoint(
    struct br_witness *w,
    const struct br_hash *origin,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
