/*
 * Doubles and decimal text, exactly and in no locale.
 *
 * Reading gives the nearest double, ties to even. Writing gives the fewest
 * digits that read back as the same double, and of those the nearest, in the
 * form of ECMA-262 Number::toString (which RFC 8785 section 3.2.2.3 demands).
 * Small integers and short decimals take a fast way; all others are computed
 * with whole numbers of any length. Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CODEC_DOUBLE_H
#define BR_CODEC_DOUBLE_H

#include "common/base/buf.h"
#include "common/base/bytes.h"

/** text is a number by the grammar of RFC 8259 section 6, which is the
 *  caller's to check. False when the nearest double is infinite. */
bool br_double_parse(struct br_bytes text, double *ret) BR_MUST_USE;
/** v is finite: asserted. -0 is written 0. */
void br_double_put(struct br_buf *b, double v);

#endif
