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

static int
base64_value(uint8_t c, const char *alphabet)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == (uint8_t)alphabet[62]) {
        return 62;
    }
    return c == (uint8_t)alphabet[63] ? 63 : -1;
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
    for (size_t i = 0; i < n; i++) {
        if (base64_value(text.p[i], alphabet) < 0) {
            return br_fail_at(
                reterr, BR_ERR_MALFORMED, i, "base64, byte %zu: not a digit",
                i);
        }
    }
    unsigned spare = n % 4 == 2 ? 15 : n % 4 == 3 ? 3 : 0;
    if (n > 0 &&
        ((unsigned)base64_value(text.p[n - 1], alphabet) & spare) != 0) {
        return br_fail_at(
            reterr, BR_ERR_NOT_CANONICAL, n - 1, "base64: spare bits set");
    }
    *digits = br_bytes(text.p, n);
    return BR_OK;
}

static void
base64_decode(struct br_bytes digits, const char *alphabet, uint8_t *out)
{
    uint32_t w = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < digits.n; i++) {
        w = w << 6 | (uint32_t)base64_value(digits.p[i], alphabet);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *out++ = (uint8_t)(w >> bits);
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
    base64_decode(digits, alphabet, (uint8_t *)(uintptr_t)out.p);
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
