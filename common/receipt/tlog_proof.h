/*
 * C2SP tlog-proof v1: one file that proves, offline, that an entry is in a
 * log. Ours carries the leaf in its `extra` line, so that it is complete.
 *
 * - Encoding appends to the buffer and allocates nothing else.
 * - Parsing is strict: what it accepts is what encoding writes. The checkpoint
 *   is taken verbatim and opened by br_checkpoint_open.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_TLOG_PROOF_H
#define BR_RECEIPT_TLOG_PROOF_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/merkle/merkle.h"

struct br_tlog_proof {
    struct br_bytes extra; /**< empty: no extra line */
    uint64_t index;
    struct br_proof proof;
    struct br_bytes checkpoint; /**< a signed note */
};

void br_tlog_proof_put(struct br_buf *b, const struct br_tlog_proof *p);

/** The decoded extra data are appended to *extra and ret->extra points there;
 *  its maximum is the caller's limit. The rest borrows from the text. */
enum br_rc br_tlog_proof_parse(
    struct br_bytes text,
    struct br_buf *extra,
    struct br_tlog_proof *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Does it begin as a tlog-proof does? */
bool br_tlog_proof_is(struct br_bytes bytes);

/** Base64 hash lines up to and with the empty line that ends them: also the
 *  body of a witness request. */
enum br_rc br_proof_lines_parse(
    struct br_bytes *rest,
    struct br_proof *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_proof_lines_put(struct br_buf *b, const struct br_proof *p);

#endif
