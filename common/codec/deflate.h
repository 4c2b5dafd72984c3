/*
 * The ZLIB data format (RFC 1950): packed bytes, whole, in memory; and gzip
 * (RFC 1952), to send.
 *
 * The only zlib. Pure: it asks for nothing but memory.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CODEC_DEFLATE_H
#define BR_CODEC_DEFLATE_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"

/** Append the packed form, by run lengths. TOO_LARGE, NO_MEMORY. */
enum br_rc br_zlib_pack(
    struct br_bytes plain, struct br_buf *b, struct br_err *reterr) BR_MUST_USE;

/** The same as gzip, for text that has been packed before and then written in
 *  base64url: by how often each letter is there, which gives back the fourth
 *  part, and quickly. */
enum br_rc br_gzip_pack(
    struct br_bytes plain, struct br_buf *b, struct br_err *reterr) BR_MUST_USE;

/** Append the plain bytes, b's maximum at most: what would grow past it is
 *  refused (TOO_LARGE) when it does, however small it is packed. MALFORMED,
 *  TRUNCATED, TRAILING: not one whole stream and nothing else. */
enum br_rc
br_zlib_unpack(struct br_bytes packed, struct br_buf *b, struct br_err *reterr)
    BR_MUST_USE;

#endif
