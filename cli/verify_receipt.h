/*
 * Verifying a file, or bytes, against a receipt of a log: whom to trust is
 * asked of the options, and of what this machine remembers.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CLI_VERIFY_RECEIPT_H
#define BR_CLI_VERIFY_RECEIPT_H

#include "cli/cli.h"
#include "common/receipt/verify.h"

enum { BR_CLI_RECEIPT_KEYS = 16 };

/** One verification; large: on the heap. */
struct br_cli_verifying {
    const struct br_args *a;
    const char *file;         /**< what was stamped; or NULL: */
    struct br_bytes document; /**< then these bytes */
    const char *receipt_path; /**< NULL: it is in `receipt` already */
    struct br_buf other;      /**< another checkpoint of the log, or empty */
    struct br_buf receipt;
    struct br_buf policy_text;
    struct br_policy policy;
    struct br_public_key key[BR_CLI_RECEIPT_KEYS];
    size_t key_count;
    struct br_verify_result result; /**< borrows from what is above */
};

/** The buffers; and give them back. */
void br_cli_verifying_init(struct br_cli_verifying *v);
void br_cli_verifying_fini(struct br_cli_verifying *v);
/** Fills v->result; what it reads lies in v until fini. */
enum br_rc br_cli_verify_receipt(
    struct br_cli_verifying *v, struct br_err *reterr) BR_MUST_USE;

#endif
