/*
 * A change of the ledger's state from the command line: read where the node
 * stands, put operations, sign them with a member's key, wait until they are
 * durable.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CLI_CHANGE_H
#define BR_CLI_CHANGE_H

#include "cli/keys.h"
#include "cli/members.h"
#include "node/ledger/tx.h"

struct br_cli_change {
    struct br_node_client client;
    struct br_cli_members members;
    struct br_signer *signer;
    struct br_buf log; /**< the answer of GET /v1/log */
    const char *chain_id;
    const char *author;     /**< the member that the key is of */
    struct br_time_us time; /**< of the last block */
    enum br_module module;
    struct br_buf ops;
    uint64_t op_count;
    char done[300]; /**< printed when the change is durable, if not empty */
};

/** Add an operation; all of one change are of one module. */
void br_cli_put_op(
    struct br_cli_change *c, enum br_module module, const struct br_op *op);

/** Puts the operations. */
typedef enum br_rc br_cli_change_fn(
    struct br_cli_change *c, const struct br_args *a, struct br_err *reterr);
/** The whole of it; tells what fails, and returns the exit code. */
int br_cli_change(const struct br_args *a, br_cli_change_fn *fn);

/** MISSING_FIELD when an option was not given. */
enum br_rc br_cli_need(
    const char *value, const char *option, struct br_err *reterr) BR_MUST_USE;

#endif
