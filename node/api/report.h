/*
 * The human report of an entry: one page of HTML that prints well, Italian or
 * English, with a QR code that carries the proof itself.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_API_REPORT_H
#define BR_API_REPORT_H

#include "common/base/buf.h"
#include "common/receipt/leaf.h"

struct br_report {
    const char *language; /**< "it", otherwise English */
    const char *origin;
    uint64_t index;
    uint64_t tree_size;
    struct br_leaf leaf;   /**< a raw leaf has the block's time and author */
    struct br_bytes proof; /**< the .tlog-proof */
    const char *proof_path;
    const char *public_url; /**< or empty */
};

#define BR_REPORT_POLICY_SIZE 256

/** The Content-Security-Policy to serve a report with: its own style, the
 *  node's fonts, nothing else. */
void br_report_policy(char ret[BR_REPORT_POLICY_SIZE]);

enum br_rc br_report_put(
    struct br_buf *b,
    const struct br_report *r,
    struct br_err *reterr) BR_MUST_USE;

#endif
