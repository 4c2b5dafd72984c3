/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/text.h"

/* ---- hexadecimal -------------------------------------------------------- */

void
br_hex_put(struct br_buf *b, struct br_bytes v)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *out = br_buf_extend(b, 2 * v.n);
    for (size_t i = 0; out != NULL && i < v.n; i++) {
        out[2 * i] = (uint8_t)digits[v.p[i] >> 4];
        out[2 * i + 1] = (uint8_t)digits[v.p[i] & 15];
    }
}

static int
hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum br_rc
br_hex_parse(struct br_bytes text, uint8_t *out, struct br_err *reterr)
{
    if (text.n % 2 != 0) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "hexadecimal: an odd number of digits");
    }
    for (size_t i = 0; i < text.n; i++) {
        if (hex_value(text.p[i]) < 0) {
            return br_fail_at(
                reterr, BR_ERR_MALFORMED, i,
                "hexadecimal, byte %zu: not a digit", i);
        }
    }
    for (size_t i = 0; i < text.n / 2; i++) {
        out[i] =
            (uint8_t)(16 * hex_value(text.p[2 * i]) + hex_value(text.p[2 * i + 1]));
    }
    return BR_OK;
}

/* ---- base64 ------------------------------------------------------------- */

static const char standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void
base64_put(
    struct br_buf *b, struct br_bytes v, const char *alphabet, bool padded)
{
    size_t tail = v.n % 3;
    size_t n = v.n / 3 * 4 + (tail == 0 ? 0 : padded ? 4 : tail + 1);
    uint8_t *out = br_buf_extend(b, n);
    if (out == NULL) {
        return;
    }
    size_t i = 0;
    for (; i + 3 <= v.n; i += 3) {
        uint32_t w =
            (uint32_t)v.p[i] << 16 | (uint32_t)v.p[i + 1] << 8 | v.p[i + 2];
        *out++ = (uint8_t)alphabet[w >> 18];
        *out++ = (uint8_t)alphabet[w >> 12 & 63];
        *out++ = (uint8_t)alphabet[w >> 6 & 63];
        *out++ = (uint8_t)alphabet[w & 63];
    }
    if (tail == 0) {
        return;
    }
    uint32_t w = (uint32_t)v.p[i] << 16;
    w |= tail == 2 ? (uint32_t)v.p[i + 1] << 8 : 0;
    *out++ = (uint8_t)alphabet[w >> 18];
    *out++ = (uint8_t)alphabet[w >> 12 & 63];
    if (tail == 2) {
        *out++ = (uint8_t)alphabet[w >> 6 & 63];
    } else if (padded) {
        *out++ = '=';
    }
    if (padded) {
        *out++ = '=';
    }
}

/** Marks in digit_value: digits of one alphabet only. Both: of neither. */
enum { IN_STANDARD = 0x40, IN_URL = 0x80 };

/** Value of a digit with its marks. A table, because random text makes every
 *  comparison of a chain a guess that the processor loses. */
static const uint8_t digit_value[256] = {
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0x7e, 0xc0, 0xbe, 0xc0, 0x7f,
    0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06,
    0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12,
    0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0xc0, 0xc0, 0xc0, 0xc0, 0xbf,
    0xc0, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24,
    0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f, 0x30,
    0x31, 0x32, 0x33, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0,
};

/** A digit is foreign when its value carries the other alphabet's mark. */
static unsigned
foreign_mark(const char *alphabet)
{
    return alphabet == standard ? IN_URL : IN_STANDARD;
}

/** Length of the digits without padding, or SIZE_MAX when it is wrong. */
static size_t
base64_digits(struct br_bytes text, bool padded)
{
    if (!padded) {
        return text.n % 4 == 1 ? SIZE_MAX : text.n;
    }
    if (text.n % 4 != 0) {
        return SIZE_MAX;
    }
    size_t n = text.n;
    for (int i = 0; i < 2 && n > 0 && text.p[n - 1] == '='; i++) {
        n--;
    }
    return n;
}

static enum br_rc
base64_parse(
    struct br_bytes text,
    const char *alphabet,
    struct br_bytes *digits,
    struct br_err *reterr)
{
    size_t n = base64_digits(text, alphabet == standard);
    if (n == SIZE_MAX) {
        return br_fail(reterr, BR_ERR_MALFORMED, "base64: wrong length");
    }
    unsigned foreign = foreign_mark(alphabet);
    unsigned seen = 0;
    for (size_t i = 0; i < n; i++) {
        seen |= digit_value[text.p[i]];
    }
    if ((seen & foreign) != 0) {
        size_t i = 0;
        while ((digit_value[text.p[i]] & foreign) == 0) {
            i++;
        }
        return br_fail_at(
            reterr, BR_ERR_MALFORMED, i, "base64, byte %zu: not a digit", i);
    }
    unsigned spare = n % 4 == 2 ? 15 : n % 4 == 3 ? 3 : 0;
    if (n > 0 && (digit_value[text.p[n - 1]] & spare) != 0) {
        return br_fail_at(
            reterr, BR_ERR_NOT_CANONICAL, n - 1, "base64: spare bits set");
    }
    *digits = br_bytes(text.p, n);
    return BR_OK;
}

/** Bits of up to four digits, the first one uppermost. */
static uint32_t
quartet(const uint8_t *p, size_t n)
{
    uint32_t w = 0;
    for (size_t i = 0; i < 4; i++) {
        w = w << 6 | (i < n ? digit_value[p[i]] & 63u : 0);
    }
    return w;
}

static void
base64_decode(struct br_bytes digits, uint8_t *out)
{
    size_t i = 0;
    for (; digits.n - i >= 4; i += 4) {
        uint32_t w = quartet(digits.p + i, 4);
        *out++ = (uint8_t)(w >> 16);
        *out++ = (uint8_t)(w >> 8);
        *out++ = (uint8_t)w;
    }
    size_t tail = digits.n - i;
    if (tail >= 2) {
        uint32_t w = quartet(digits.p + i, tail);
        *out++ = (uint8_t)(w >> 16);
        if (tail == 3) {
            *out++ = (uint8_t)(w >> 8);
        }
    }
}

static enum br_rc
base64_into(
    struct br_bytes text,
    const char *alphabet,
    struct br_bytes out,
    size_t *ret_n,
    struct br_err *reterr)
{
    struct br_bytes digits;
    BR_TRY(base64_parse(text, alphabet, &digits, reterr));
    size_t n = digits.n * 3 / 4;
    if (n > out.n) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "base64: %zu bytes, at most %zu", n,
            out.n);
    }
    base64_decode(digits, (uint8_t *)(uintptr_t)out.p);
    *ret_n = n;
    return BR_OK;
}

void
br_base64_put(struct br_buf *b, struct br_bytes v)
{
    base64_put(b, v, standard, true);
}

enum br_rc
br_base64_parse(
    struct br_bytes text,
    uint8_t *out,
    size_t out_max,
    size_t *ret_n,
    struct br_err *reterr)
{
    return base64_into(text, standard, br_bytes(out, out_max), ret_n, reterr);
}

void
br_base64url_put(struct br_buf *b, struct br_bytes v)
{
    base64_put(b, v, url, false);
}

enum br_rc
br_base64url_parse(
    struct br_bytes text,
    uint8_t *out,
    size_t out_max,
    size_t *ret_n,
    struct br_err *reterr)
{
    return base64_into(text, url, br_bytes(out, out_max), ret_n, reterr);
}

/* ---- numbers, UTF-8, identifiers ---------------------------------------- */

enum br_rc
br_decimal_parse(struct br_bytes text, uint64_t *ret, struct br_err *reterr)
{
    uint64_t v = 0;
    if (text.n == 0 || (text.n > 1 && text.p[0] == '0')) {
        return br_fail(reterr, BR_ERR_MALFORMED, "not a decimal number");
    }
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            return br_fail_at(
                reterr, BR_ERR_MALFORMED, i, "not a decimal number");
        }
        uint64_t digit = (uint64_t)(text.p[i] - '0');
        if (v > (UINT64_MAX - digit) / 10) {
            return br_fail(reterr, BR_ERR_OUT_OF_RANGE, "number too large");
        }
        v = 10 * v + digit;
    }
    *ret = v;
    return BR_OK;
}

/** Length of the sequence at p, or 0 when it is not one of RFC 3629. */
static size_t
utf8_length(const uint8_t *p, size_t n)
{
    uint8_t c = p[0];
    if (c < 0x80) {
        return 1;
    }
    size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || length > n) {
        return 0;
    }
    uint8_t low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    uint8_t high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

size_t
br_utf8_check(struct br_bytes v)
{
    size_t at = 0;
    while (at < v.n) {
        size_t n = utf8_length(v.p + at, v.n - at);
        if (n == 0) {
            return at;
        }
        at += n;
    }
    return at;
}

static bool
is_alnum(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

struct br_bytes
br_utf8_printable(struct br_bytes v, size_t max)
{
    bool ok = v.n <= max && br_utf8_check(v) == v.n;
    for (size_t i = 0; ok && i < v.n; i++) {
        bool c1 = v.p[i] == 0xc2 && v.p[i + 1] < 0xa0; /* U+0080 to U+009F */
        ok = v.p[i] >= 0x20 && v.p[i] != 0x7f && !c1;
    }
    return ok ? v : br_bytes(NULL, 0);
}

bool
br_identifier_ok(struct br_bytes v, size_t max)
{
    if (v.n == 0 || v.n > max || !is_alnum(v.p[0]) || !is_alnum(v.p[v.n - 1])) {
        return false;
    }
    for (size_t i = 0; i < v.n; i++) {
        if (!is_alnum(v.p[i]) && v.p[i] != '.' && v.p[i] != '-') {
            return false;
        }
    }
    return true;
}

void
br_base32_put(struct br_buf *b, struct br_bytes v)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t held = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < v.n; i++) {
        held = (held << 8 | v.p[i]) & 0xfff;
        for (bits += 8; bits >= 5; bits -= 5) {
            br_buf_put(b, &alphabet[held >> (bits - 5) & 31], 1);
        }
    }
    if (bits > 0) {
        br_buf_put(b, &alphabet[held << (5 - bits) & 31], 1);
    }
}

void
br_html_put(struct br_buf *b, struct br_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        switch (text.p[i]) {
        case '<':
            br_buf_puts(b, "&lt;");
            break;
        case '>':
            br_buf_puts(b, "&gt;");
            break;
        case '&':
            br_buf_puts(b, "&amp;");
            break;
        case '"':
            br_buf_puts(b, "&quot;");
            break;
        default:
            br_buf_put(b, &text.p[i], 1);
        }
    }
}
