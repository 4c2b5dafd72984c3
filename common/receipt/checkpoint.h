/*
 * C2SP tlog-checkpoint v1.0.0: what a log's tree was at one size.
 *
 * - Three lines: origin, size in decimal, root in base64; a foreign log may
 *   add extension lines, which ours never does.
 * - The origin is the name of the log's key.
 * - A parsed checkpoint borrows from the note.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_CHECKPOINT_H
#define BR_RECEIPT_CHECKPOINT_H

#include "common/receipt/note.h"

struct br_checkpoint {
    struct br_bytes origin;
    uint64_t size;
    struct br_hash root;
    struct br_bytes extension; /**< extension lines with newlines, or empty */
};

/** From the text of a note. */
enum br_rc br_checkpoint_parse(
    struct br_bytes text,
    struct br_checkpoint *ret,
    struct br_err *reterr) BR_MUST_USE;
/** From a signed note: both at once. Nothing is verified yet. */
enum br_rc br_checkpoint_open(
    struct br_bytes signed_note,
    struct br_note *ret_note,
    struct br_checkpoint *ret,
    struct br_err *reterr) BR_MUST_USE;

/** The text alone, to be signed. */
void br_checkpoint_put(struct br_buf *b, const struct br_checkpoint *c);
/** Text, empty line, and the log's signature under the origin's name. */
enum br_rc br_checkpoint_put_signed(
    struct br_buf *b,
    const struct br_checkpoint *c,
    struct br_signer *s,
    struct br_err *reterr) BR_MUST_USE;

#endif
