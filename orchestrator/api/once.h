/*
 * Things that count once: nonces, proofs of possession.
 *
 * In memory, with a maximum. What is forgotten at a restart is not accepted
 * after it either: nonces are made under a key of this run, and proofs made
 * before its start are refused.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_ONCE_H
#define BR_ORCHESTRATOR_ONCE_H

#include "common/base/bytes.h"
#include "common/base/error.h"

struct br_once;

struct br_once *br_once_new(size_t most);
void br_once_free(struct br_once *o);
/** BR_OK the first time; REPLAYED until it expires; BUSY when it is full. Any
 *  thread. */
enum br_rc br_once_take(
    struct br_once *o,
    const struct br_hash *what,
    uint64_t now_s,
    uint64_t expires_s,
    struct br_err *reterr) BR_MUST_USE;

#endif
