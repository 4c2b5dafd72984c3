/*
 * Making an issuing body: keys, a development authority, types, configuration.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_INIT_H
#define BR_ORCHESTRATOR_INIT_H

#include "common/base/bytes.h"
#include "common/base/error.h"

struct br_orch_init {
    const char *data_dir;
    const char *node_url;   /**< NULL: none */
    const char *public_url; /**< NULL: http://127.0.0.1:8450 */
    const char *name;       /**< NULL: "Issuing body (development)" */
    struct br_time_us now;
};

/** Refuses a folder that has one already; what fails half-way is told, and the
 *  next try in the same folder is refused until it is removed. */
enum br_rc br_orch_init(
    const struct br_orch_init *options, struct br_err *reterr) BR_MUST_USE;

#endif
