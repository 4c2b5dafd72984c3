/* SPDX-License-Identifier: EUPL-1.2 */
/* Hexadecimal, base64, decimal numbers, UTF-8, identifiers. */
#include "common/codec/text.h"
#include "tests/fuzz/fuzz.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

typedef enum br_rc decoder(
    struct br_bytes text,
    uint8_t *out,
    size_t out_max,
    size_t *ret_n,
    struct br_err *reterr);
typedef void encoder(struct br_buf *b, struct br_bytes v);

/** What is decoded is encoded to the same text, and the other way round. */
static void
check_base64(struct br_bytes in, decoder *decode, encoder *encode)
{
    struct br_err err;
    size_t room = in.n / 4 * 3 + 3;
    uint8_t *out = (uint8_t *)malloc(room);
    struct br_buf b;
    size_t n = 0;
    BR_ASSERT(out != NULL);
    br_buf_init(&b, 2 * in.n + 8);
    enum br_rc rc = decode(in, out, room, &n, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
    } else {
        encode(&b, br_bytes(out, n));
        BR_ASSERT(!b.failed && br_bytes_eq(br_buf_bytes(&b), in));
        BR_ASSERT(n == 0 || decode(in, out, n - 1, &n, NULL) != BR_OK);
    }
    free(out);
    br_buf_clear(&b);
    encode(&b, in);
    out = (uint8_t *)malloc(in.n + 1);
    BR_ASSERT(out != NULL && !b.failed);
    rc = decode(br_buf_bytes(&b), out, in.n, &n, NULL);
    BR_ASSERT(rc == BR_OK && br_bytes_eq(br_bytes(out, n), in));
    free(out);
    br_buf_fini(&b);
}

static void
check_hex(struct br_bytes in)
{
    struct br_err err;
    struct br_buf b;
    uint8_t *out = (uint8_t *)malloc(in.n / 2 + 1);
    BR_ASSERT(out != NULL);
    br_buf_init(&b, in.n + 1);
    enum br_rc rc = br_hex_parse(in, out, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
    } else {
        br_hex_put(&b, br_bytes(out, in.n / 2));
        BR_ASSERT(!b.failed && b.n == in.n);
        for (size_t i = 0; i < in.n; i++) {
            BR_ASSERT(b.p[i] == tolower(in.p[i]));
        }
    }
    br_buf_fini(&b);
    free(out);
}

static void
check_decimal(struct br_bytes in)
{
    char text[24];
    uint64_t v;
    struct br_err err;
    enum br_rc rc = br_decimal_parse(in, &v, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return;
    }
    (void)snprintf(text, sizeof(text), "%" PRIu64, v);
    BR_ASSERT(br_bytes_eq(br_str(text), in));
}

/** Bytes of the well-formed character at p (Unicode 15, table 3-7), or 0. */
static size_t
character(const uint8_t *p, size_t n)
{
    static const struct {
        uint8_t from, to, second_from, second_to, bytes;
    } rows[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (p[0] < rows[i].from || p[0] > rows[i].to || rows[i].bytes > n) {
            continue;
        }
        bool ok = rows[i].bytes == 1 ||
                  (p[1] >= rows[i].second_from && p[1] <= rows[i].second_to);
        for (size_t k = 2; k < rows[i].bytes; k++) {
            ok = ok && (p[k] & 0xc0) == 0x80;
        }
        return ok ? rows[i].bytes : 0;
    }
    return 0;
}

/** The good characters before the first bad byte are the same ones. */
static void
check_utf8(struct br_bytes in)
{
    size_t at = 0;
    size_t told = br_utf8_check(in);
    while (at < in.n) {
        size_t bytes = character(in.p + at, in.n - at);
        if (bytes == 0) {
            break;
        }
        at += bytes;
    }
    BR_ASSERT((told == in.n) == (at == in.n));
    BR_ASSERT(told >= at && told <= in.n);
}

static void
check_identifier(struct br_bytes in)
{
    bool ok = in.n >= 1 && in.n <= 64;
    for (size_t i = 0; i < in.n && ok; i++) {
        bool letter = (in.p[i] >= 'a' && in.p[i] <= 'z') ||
                      (in.p[i] >= '0' && in.p[i] <= '9');
        bool edge = i == 0 || i == in.n - 1;
        ok = letter || (!edge && (in.p[i] == '.' || in.p[i] == '-'));
    }
    BR_ASSERT(br_identifier_ok(in, 64) == ok);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_bytes in = br_bytes(data, n);
    check_hex(in);
    check_base64(in, br_base64_parse, br_base64_put);
    check_base64(in, br_base64url_parse, br_base64url_put);
    check_decimal(in);
    check_utf8(in);
    check_identifier(in);
    return 0;
}
