/*
 * The store of an issuing body, beside its daemon.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CLI_DESK_H
#define BR_CLI_DESK_H

#include "cli/cli.h"
#include "orchestrator/setup/config.h"
#include "orchestrator/setup/types.h"
#include "orchestrator/store/desk.h"

struct br_cli_desk {
    struct br_orch_config config;
    struct br_types types;
    struct br_kv *kv;
    struct br_kv_txn *txn;
    char who[40]; /**< in the audit log: "command-line", and the account */
};
/** Whatever comes back, it is closed by br_cli_desk_close. */
enum br_rc br_cli_desk_open(
    const struct br_args *a,
    struct br_cli_desk *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_cli_desk_close(struct br_cli_desk *d);
enum br_rc
br_cli_desk_begin(struct br_cli_desk *d, struct br_err *reterr) BR_MUST_USE;
enum br_rc
br_cli_desk_commit(struct br_cli_desk *d, struct br_err *reterr) BR_MUST_USE;
/** A row of the audit log. */
enum br_rc br_cli_desk_note(
    struct br_cli_desk *d,
    const char *what,
    const char *about,
    const char *detail,
    struct br_err *reterr) BR_MUST_USE;
/** The type that --type names. NOT_FOUND. */
enum br_rc br_cli_desk_type(
    const struct br_args *a,
    const struct br_cli_desk *d,
    const struct br_type **ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
