/*
 * The canonical form of a JSON document (RFC 8785): what equal data hash to.
 *
 * - Members sorted by the UTF-16 code units of their names, the escapes of
 *   section 3.2.2.2, no white space.
 * - Numbers are doubles (section 3.2.2.3): an integer past 2^53 is written as
 *   the nearest double is. Who must not lose digits refuses it before.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CODEC_JCS_H
#define BR_CODEC_JCS_H

#include "common/base/buf.h"
#include "common/codec/json.h"

/** Append a value's canonical form. The arena is for the sorting, and may be
 *  the value's own. OUT_OF_RANGE for a number past every double; NO_MEMORY,
 *  TOO_LARGE. */
enum br_rc br_jcs_encode(
    const struct br_json *v,
    struct br_arena *arena,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;

/** Is this text in its canonical form? NOT_CANONICAL with the first byte that
 *  differs, or why it is no JSON. */
enum br_rc br_jcs_check(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_err *reterr) BR_MUST_USE;

#endif
