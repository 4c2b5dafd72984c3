/*
 * An issuing body, put together: configuration, keys, types, store, doors.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_ORCHESTRATOR_H
#define BR_ORCHESTRATOR_ORCHESTRATOR_H

#include "common/base/attr.h"
#include "common/base/error.h"

struct br_log;
struct br_orch_config;
struct br_orchestrator;

struct br_orchestrator_options {
    const char *data_dir;
    const char *listen;                  /**< NULL: as configured */
    const struct br_orch_config *config; /**< borrowed, as the next */
    struct br_log *log;
};

/** Opens everything and serves. BR_OK: it answers. */
enum br_rc br_orchestrator_start(
    const struct br_orchestrator_options *options,
    struct br_orchestrator **ret,
    struct br_err *reterr) BR_MUST_USE;
/** "http://127.0.0.1:8450" */
const char *br_orchestrator_url(const struct br_orchestrator *o);
/** Once a minute: what has expired is dropped. */
void br_orchestrator_tick(struct br_orchestrator *o);
/** Drain, then close everything. NULL is allowed. */
void br_orchestrator_stop(struct br_orchestrator *o);

#endif
