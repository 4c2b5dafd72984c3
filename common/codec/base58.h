/*
 * Base58 with Bitcoin's alphabet, as multibase's "z" has it
 * (draft-msporny-base58-03), for keys and identifiers: the work grows with the
 * square of the length, so that the length has a limit.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CODEC_BASE58_H
#define BR_CODEC_BASE58_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"

/* A did:key of an RSA-4096 key in DER has 560. */
#define BR_BASE58_BYTES_MAX 640
#define BR_BASE58_TEXT_MAX  900

/** Append; v has BR_BASE58_BYTES_MAX bytes at most: asserted. */
void br_base58_put(struct br_buf *b, struct br_bytes v);
/** *ret_n bytes into out, which has room for BR_BASE58_BYTES_MAX. MALFORMED,
 *  TOO_LARGE. */
enum br_rc br_base58_parse(
    struct br_bytes text, uint8_t *out, size_t *ret_n, struct br_err *reterr)
    BR_MUST_USE;

#endif
