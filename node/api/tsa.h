/*
 * RFC 3161 over the ledger: the token of a leaf.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_API_TSA_H
#define BR_API_TSA_H

#include "common/receipt/leaf.h"
#include "common/receipt/rfc3161.h"

struct br_api;

/** The TimeStampResp of a leaf, without nonce: the same TSTInfo each time. */
enum br_rc br_api_put_tsr(
    struct br_buf *b,
    struct br_api *api,
    const struct br_leaf *leaf,
    uint64_t index,
    struct br_err *reterr) BR_MUST_USE;

#endif
