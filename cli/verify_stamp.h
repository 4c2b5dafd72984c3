/*
 * Verifying a file on the disk against an RFC 3161 stamp: .tsr, .tst, .tsd.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CLI_VERIFY_STAMP_H
#define BR_CLI_VERIFY_STAMP_H

#include "cli/cli.h"
#include "common/receipt/verify_stamp.h"

/** Is this receipt for br_cli_verify_stamp? By its first bytes. */
bool br_cli_is_stamp(const char *receipt);

/** The file against its stamp, or, when both are the same path, a bundle
 *  against itself. Whom to trust: --ca, or the certificates that this machine
 *  remembers. */
enum br_rc br_cli_verify_stamp(
    const struct br_args *a,
    const char *file,
    const char *receipt,
    struct br_verify_result *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
