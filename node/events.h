/*
 * What a node tells its log: the libraries' callbacks, as events. docs/
 * operators.md lists them.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_NODE_EVENTS_H
#define BR_NODE_EVENTS_H

#include "common/net/http_server.h"
#include "common/service/log.h"

/** What strangers can cause has a limit of lines a minute. */
struct br_events {
    struct br_log *log; /**< borrowed */
    uint64_t slow_us;   /**< a request that takes longer is told */
    struct br_log_limit refused;
    struct br_log_limit failed;
    struct br_log_limit slow;
};

void br_events_init(struct br_events *e, struct br_log *log, uint64_t slow_us);

/** The key with which the gateway signs will end, has ended, or never was the
 *  member's: why, and when ("" when it has no end). */
void br_events_member_key(
    struct br_events *e, const char *member, const char *why, const char *ends);
/** behind_us 0: the clock is right again. */
void br_events_clock(struct br_events *e, uint64_t behind_us);
/** Witnesses: the quorum was reached, or missed and why. */
void br_events_quorum(struct br_events *e, bool reached, const char *why);
/** A request has ended: refused, failed, slow, or at level debug each. */
void br_events_request(
    struct br_events *e,
    const struct br_http_request *req,
    const struct br_http_outcome *o);

#endif
