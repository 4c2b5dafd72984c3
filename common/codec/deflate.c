/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/deflate.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

enum { STEP_BYTES = 64 * 1024 };

/** zlib reads through a pointer that is not const. */
static void
feed(z_stream *z, struct br_bytes in)
{
    z->next_in = (Bytef *)(uintptr_t)in.p;
    z->avail_in = (uInt)in.n;
}

/** Room for one step more; false when the buffer's maximum is reached. */
static bool
make_room(z_stream *z, struct br_buf *b)
{
    size_t left = b->max - b->n;
    size_t step = left < STEP_BYTES ? left : STEP_BYTES;
    uint8_t *out = step == 0 ? NULL : br_buf_extend(b, step);
    /* zlib wants an address even where nothing is to be written. */
    static uint8_t nowhere;
    z->next_out = out == NULL ? &nowhere : out;
    z->avail_out = out == NULL ? 0 : (uInt)step;
    return out != NULL;
}

enum { WINDOW_BITS = 15, GZIP = 16, MEMORY_LEVEL = 9 };

static enum br_rc
pack(
    struct br_bytes plain,
    int window_bits,
    int strategy,
    struct br_buf *b,
    struct br_err *reterr)
{
    z_stream z = {0};
    if (plain.n > UINT_MAX) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "%zu bytes to pack", plain.n);
    }
    if (deflateInit2(
            &z, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits, MEMORY_LEVEL,
            strategy) != Z_OK) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for packing");
    }
    feed(&z, plain);
    int rc = Z_OK;
    while (rc == Z_OK && make_room(&z, b)) {
        rc = deflate(&z, Z_FINISH);
        b->n -= z.avail_out;
    }
    (void)deflateEnd(&z);
    if (rc == Z_STREAM_END) {
        return BR_OK;
    }
    return b->failed ? br_buf_status(b, reterr)
                     : br_fail(
                           reterr, BR_ERR_TOO_LARGE,
                           "packed, it is more than %zu bytes", b->max);
}

/* What is packed here is status lists: few bits among many that are alike. Of
 * ten million of which one in a hundred is set, run lengths give 7 % more bytes
 * than the search for longer matches, of one in ten 10 % less, in a hundredth
 * of the time. */
enum br_rc
br_zlib_pack(struct br_bytes plain, struct br_buf *b, struct br_err *reterr)
{
    return pack(plain, WINDOW_BITS, Z_RLE, b, reterr);
}

enum br_rc
br_gzip_pack(struct br_bytes plain, struct br_buf *b, struct br_err *reterr)
{
    return pack(plain, WINDOW_BITS + GZIP, Z_HUFFMAN_ONLY, b, reterr);
}

/** Of an inflate() that did not reach the end. */
static enum br_rc
tell(int rc, const z_stream *z, const struct br_buf *b, struct br_err *reterr)
{
    if (b->failed) {
        return br_buf_status(b, reterr);
    }
    if (rc == Z_MEM_ERROR) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for unpacking");
    }
    if (rc == Z_DATA_ERROR || rc == Z_NEED_DICT) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "ZLIB data, byte %lu: %s", z->total_in,
            z->msg == NULL ? "a dictionary is asked for" : z->msg);
    }
    if (z->avail_in == 0 && b->n < b->max) {
        return br_fail(
            reterr, BR_ERR_TRUNCATED, "the ZLIB data end after %lu bytes",
            z->total_in);
    }
    return br_fail(
        reterr, BR_ERR_TOO_LARGE, "unpacked, it is more than %zu bytes",
        b->max);
}

enum br_rc
br_zlib_unpack(struct br_bytes packed, struct br_buf *b, struct br_err *reterr)
{
    z_stream z = {0};
    if (packed.n > UINT_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "%zu bytes to unpack", packed.n);
    }
    if (inflateInit(&z) != Z_OK) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for unpacking");
    }
    feed(&z, packed);
    int rc = Z_OK;
    while (rc == Z_OK && !b->failed) {
        (void)make_room(&z, b); /* none is needed for the checksum at the end */
        rc = inflate(&z, Z_NO_FLUSH); /* Z_BUF_ERROR: it cannot go on */
        b->n -= z.avail_out;
    }
    enum br_rc ret = rc == Z_STREAM_END ? BR_OK : tell(rc, &z, b, reterr);
    if (ret == BR_OK && z.avail_in > 0) {
        ret = br_fail(
            reterr, BR_ERR_TRAILING, "%u bytes after the ZLIB data",
            z.avail_in);
    }
    (void)inflateEnd(&z);
    return ret;
}
