/*
 * Bytes as text: hexadecimal, base32, base64 and base64url (RFC 4648);
 * and strict decimal numbers and UTF-8.
 *
 * Encoders append to a struct br_buf. Decoders are strict: the alphabet only,
 * exact padding, zero spare bits, no white space; they accept exactly what the
 * encoders write. Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CODEC_TEXT_H
#define BR_CODEC_TEXT_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"

/** Lower-case hexadecimal. */
void br_hex_put(struct br_buf *b, struct br_bytes v);
/** Into out, which has room for text.n / 2 bytes; upper case is accepted. */
enum br_rc br_hex_parse(
    struct br_bytes text, uint8_t *out, struct br_err *reterr) BR_MUST_USE;

/** RFC 4648 section 4, with padding. */
void br_base64_put(struct br_buf *b, struct br_bytes v);
/** *ret_n: bytes written to out, which has room for out_max of them. */
enum br_rc br_base64_parse(
    struct br_bytes text,
    uint8_t *out,
    size_t out_max,
    size_t *ret_n,
    struct br_err *reterr) BR_MUST_USE;

/** RFC 4648 section 5, without padding. */
void br_base64url_put(struct br_buf *b, struct br_bytes v);
enum br_rc br_base64url_parse(
    struct br_bytes text,
    uint8_t *out,
    size_t out_max,
    size_t *ret_n,
    struct br_err *reterr) BR_MUST_USE;

/** RFC 4648 section 6, without padding. */
void br_base32_put(struct br_buf *b, struct br_bytes v);

/** Text as it stands in HTML, also between quotation marks ("). */
void br_html_put(struct br_buf *b, struct br_bytes text);

/** A decimal number without sign, leading zeros or white space. */
enum br_rc br_decimal_parse(
    struct br_bytes text, uint64_t *ret, struct br_err *reterr) BR_MUST_USE;

/** RFC 3629: no surrogates, no overlong forms, nothing past U+10FFFF.
 *  Returns the offset of the first bad byte, or v.n when all is well. */
size_t br_utf8_check(struct br_bytes v);
/** A stranger's words for a terminal: v itself when it is UTF-8 of max bytes at
 *  most without control characters, otherwise empty. */
struct br_bytes br_utf8_printable(struct br_bytes v, size_t max);

/** A member, chain or document identifier: 1..max of [a-z0-9.-], beginning and
 * ending with a letter or digit. */
bool br_identifier_ok(struct br_bytes v, size_t max);

#endif
