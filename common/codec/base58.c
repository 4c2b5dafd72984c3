/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/base58.h"

#include "common/base/assert.h"

static const char alphabet[] =
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

static size_t
zeros_of(struct br_bytes v, uint8_t zero)
{
    size_t n = 0;
    while (n < v.n && v.p[n] == zero) {
        n++;
    }
    return n;
}

/** Multiply the number in digits[0..n), lowest first, by `times`, add `carry`;
 *  returns its new length. */
static size_t
grow(uint8_t *digits, size_t n, unsigned base, unsigned times, unsigned carry)
{
    for (size_t i = 0; i < n; i++) {
        carry += digits[i] * times;
        digits[i] = (uint8_t)(carry % base);
        carry /= base;
    }
    for (; carry > 0; carry /= base) {
        digits[n++] = (uint8_t)(carry % base);
    }
    return n;
}

void
br_base58_put(struct br_buf *b, struct br_bytes v)
{
    uint8_t digits[BR_BASE58_TEXT_MAX];
    size_t zeros = zeros_of(v, 0);
    size_t n = 0;
    BR_ASSERT(v.n <= BR_BASE58_BYTES_MAX);
    for (size_t i = zeros; i < v.n; i++) {
        n = grow(digits, n, 58, 256, v.p[i]);
    }
    uint8_t *out = br_buf_extend(b, zeros + n);
    if (out == NULL) {
        return;
    }
    memset(out, alphabet[0], zeros);
    for (size_t i = 0; i < n; i++) {
        out[zeros + i] = (uint8_t)alphabet[digits[n - 1 - i]];
    }
}

static enum br_rc
too_long(struct br_err *reterr)
{
    return br_fail(
        reterr, BR_ERR_TOO_LARGE, "base58 of more than %d bytes",
        BR_BASE58_BYTES_MAX);
}

enum br_rc
br_base58_parse(
    struct br_bytes text, uint8_t *out, size_t *ret_n, struct br_err *reterr)
{
    uint8_t digits[BR_BASE58_BYTES_MAX + 1];
    size_t zeros = zeros_of(text, (uint8_t)alphabet[0]);
    size_t n = 0;
    if (zeros > BR_BASE58_BYTES_MAX) {
        return too_long(reterr);
    }
    for (size_t i = zeros; i < text.n; i++) {
        const char *at =
            text.p[i] == 0 ? NULL : strchr(alphabet, (char)text.p[i]);
        if (at == NULL) {
            return br_fail_at(
                reterr, BR_ERR_MALFORMED, i,
                "base58, byte %zu: outside the alphabet", i);
        }
        n = grow(digits, n, 256, 58, (unsigned)(at - alphabet));
        if (zeros + n > BR_BASE58_BYTES_MAX) {
            return too_long(reterr);
        }
    }
    memset(out, 0, zeros);
    for (size_t i = 0; i < n; i++) {
        out[zeros + i] = digits[n - 1 - i];
    }
    *ret_n = zeros + n;
    return BR_OK;
}
