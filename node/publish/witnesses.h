/*
 * Asking witnesses: other bodies cosign our checkpoints (C2SP tlog-witness),
 * and a checkpoint is published when the policy's quorum has.
 *
 * One thread of its own: it asks for the newest checkpoint, at most once an
 * interval, and never holds up the stamping.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_PUBLISH_WITNESSES_H
#define BR_PUBLISH_WITNESSES_H

#include "common/receipt/policy.h"
#include "node/publish/publisher.h"

struct br_witnesses;

struct br_witnesses_options {
    struct br_chain *chain;
    struct br_publisher *publisher;
    struct br_bytes policy; /**< our log, the witnesses, the quorum; copied */
    uint64_t interval_ms;
    /** Told when the quorum is missed for the first time after it was
     *  reached, and when it is reached again; from the thread. */
    void (*changed)(void *ctx, bool reached, const char *why);
    void *ctx;
};

enum br_rc br_witnesses_start(
    const struct br_witnesses_options *options,
    struct br_witnesses **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_witnesses_stop(struct br_witnesses *w);

#endif
