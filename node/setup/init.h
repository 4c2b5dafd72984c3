/*
 * Making a node: keys, genesis, certificates, configuration, an empty ledger.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_SETUP_INIT_H
#define BR_SETUP_INIT_H

#include "common/base/bytes.h"
#include "common/base/error.h"

struct br_init_options {
    const char *data_dir;
    const char *chain_id;    /**< NULL: "broletto-" and random digits */
    const char *origin;      /**< NULL: "localhost/" and the chain id */
    const char *member;      /**< NULL: "operator" */
    const char *member_name; /**< NULL: "Operator (development)" */
    struct br_time_us now;
};

/** Refuses a folder that has a node; what fails half-way is told, and the next
 *  try in the same folder is refused until it is removed. */
enum br_rc br_node_init(
    const struct br_init_options *options, struct br_err *reterr) BR_MUST_USE;

#endif
