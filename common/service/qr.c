/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/service/qr.h"

#include <qrencode.h>

enum { QUIET = 4 };

/** Runs of dark modules as one path: few bytes, sharp at any size. */
static void
put_row(struct br_buf *b, const QRcode *q, int y)
{
    for (int x = 0; x < q->width; x++) {
        int start = x;
        while (x < q->width && (q->data[y * q->width + x] & 1) != 0) {
            x++;
        }
        if (x > start) {
            br_buf_printf(
                b, "M%d %dh%dv1h-%dz", start + QUIET, y + QUIET, x - start,
                x - start);
        }
    }
}

static enum br_rc
encode(
    struct br_bytes data,
    enum br_qr_level level,
    QRcode **ret,
    struct br_err *reterr)
{
    static const QRecLevel levels[] = {
        [BR_QR_LOW] = QR_ECLEVEL_L, [BR_QR_QUARTILE] = QR_ECLEVEL_Q};
    int max = level == BR_QR_LOW ? BR_QR_BYTES_MAX : BR_QR_QUARTILE_BYTES_MAX;
    if (data.n == 0 || data.n > (size_t)max) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "this QR code holds 1 to %d bytes", max);
    }
    *ret = QRcode_encodeData((int)data.n, data.p, 0, levels[level]);
    if (*ret == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "the QR code");
    }
    return BR_OK;
}

enum br_rc
br_qr_put_path(
    struct br_buf *b,
    struct br_bytes data,
    enum br_qr_level level,
    int *ret_side,
    struct br_err *reterr)
{
    QRcode *q;
    BR_TRY(encode(data, level, &q, reterr));
    for (int y = 0; y < q->width; y++) {
        put_row(b, q, y);
    }
    int side = q->width + 2 * QUIET;
    QRcode_free(q);
    BR_TRY(br_buf_status(b, reterr));
    *ret_side = side;
    return BR_OK;
}

static enum br_rc
put_svg(
    struct br_buf *b,
    struct br_bytes data,
    const char *label,
    enum br_qr_level level,
    struct br_err *reterr)
{
    QRcode *q;
    BR_TRY(encode(data, level, &q, reterr));
    int side = q->width + 2 * QUIET;
    br_buf_printf(
        b,
        "<svg class=\"qr\" role=\"img\" aria-label=\"%s\" "
        "xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
        "shape-rendering=\"crispEdges\"><path fill=\"#fff\" "
        "d=\"M0 0h%dv%dH0z\"/><path d=\"",
        label, side, side, side, side);
    for (int y = 0; y < q->width; y++) {
        put_row(b, q, y);
    }
    br_buf_puts(b, "\"/></svg>");
    QRcode_free(q);
    return br_buf_status(b, reterr);
}

enum br_rc
br_qr_put_svg(
    struct br_buf *b,
    struct br_bytes data,
    const char *label,
    struct br_err *reterr)
{
    return put_svg(b, data, label, BR_QR_LOW, reterr);
}

enum br_rc
br_qr_put_svg_q(
    struct br_buf *b,
    struct br_bytes data,
    const char *label,
    struct br_err *reterr)
{
    return put_svg(b, data, label, BR_QR_QUARTILE, reterr);
}

static bool
is_light(const QRcode *q, int x, int y)
{
    return x < 0 || y < 0 || x >= q->width || y >= q->width ||
           (q->data[y * q->width + x] & 1) == 0;
}

enum br_rc
br_qr_put_text(struct br_buf *b, struct br_bytes data, struct br_err *reterr)
{
    /* Light modules are drawn: most terminals are dark. */
    static const char *const halves[] = {
        " ", "\xe2\x96\x84", "\xe2\x96\x80", "\xe2\x96\x88"};
    enum { MARGIN = 2 };
    QRcode *q;
    BR_TRY(encode(data, BR_QR_LOW, &q, reterr));
    for (int y = -MARGIN; y < q->width + MARGIN; y += 2) {
        for (int x = -MARGIN; x < q->width + MARGIN; x++) {
            br_buf_puts(
                b, halves
                       [(is_light(q, x, y) ? 2 : 0) +
                        (is_light(q, x, y + 1) ? 1 : 0)]);
        }
        br_buf_puts(b, "\n");
    }
    QRcode_free(q);
    return br_buf_status(b, reterr);
}
