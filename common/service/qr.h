/*
 * QR codes as SVG and as text (libqrencode inside).
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_SERVICE_QR_H
#define BR_SERVICE_QR_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"

/* What a version-40 code of the lowest correction level holds (ISO/IEC 18004,
 * table 7). */
#define BR_QR_BYTES_MAX          2953
#define BR_QR_QUARTILE_BYTES_MAX 1663

/** How much of a code may be missing: 7 % or 25 %. */
enum br_qr_level { BR_QR_LOW, BR_QR_QUARTILE };

/** Append the dark modules of these bytes as the path of an SVG of *ret_side
 *  units, quiet zone included. TOO_LARGE as below. */
enum br_rc br_qr_put_path(
    struct br_buf *b,
    struct br_bytes data,
    enum br_qr_level level,
    int *ret_side,
    struct br_err *reterr) BR_MUST_USE;

/** Append an <svg> of these bytes at the lowest level, black on white; its
 *  accessible name is `label`, which must not hold markup. TOO_LARGE when it
 *  does not fit. */
enum br_rc br_qr_put_svg(
    struct br_buf *b,
    struct br_bytes data,
    const char *label,
    struct br_err *reterr) BR_MUST_USE;
/** The same with correction level Q: a quarter of the code may be lost. What is
 *  scanned from a screen across a counter has it; it holds 1,663 bytes. */
enum br_rc br_qr_put_svg_q(
    struct br_buf *b,
    struct br_bytes data,
    const char *label,
    struct br_err *reterr) BR_MUST_USE;
/** Append it as lines of text for a terminal, two modules high each, in the
 *  lowest level: light on dark or dark on light, cameras read both. */
enum br_rc br_qr_put_text(
    struct br_buf *b, struct br_bytes data, struct br_err *reterr) BR_MUST_USE;

#endif
