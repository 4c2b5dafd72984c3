/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/ecdsa.h"

enum { DER_INTEGER = 0x02, DER_SEQUENCE = 0x30 };

/* Order of P-256, and half of it: SEC 2 section 2.4.2. */
static const uint8_t order[32] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
    0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
static const uint8_t half_order[32] = {
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b,
    0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8};

static size_t
put_integer(uint8_t *out, const uint8_t v[32])
{
    size_t skip = 0;
    while (skip < 31 && v[skip] == 0) {
        skip++;
    }
    size_t pad = v[skip] >= 0x80; /* else it would read as negative */
    size_t n = 32 - skip + pad;
    out[0] = DER_INTEGER;
    out[1] = (uint8_t)n;
    out[2] = 0;
    memcpy(out + 2 + pad, v + skip, 32 - skip);
    return 2 + n;
}

size_t
br_ecdsa_to_der(
    const uint8_t sig[BR_SIGNATURE_BYTES], uint8_t out[BR_ECDSA_DER_BYTES_MAX])
{
    size_t n = put_integer(out + 2, sig);
    n += put_integer(out + 2 + n, sig + 32);
    out[0] = DER_SEQUENCE;
    out[1] = (uint8_t)n;
    return 2 + n;
}

/** The bytes after the integer, or NULL. */
static const uint8_t *
take_integer(const uint8_t *p, const uint8_t *end, uint8_t out[32])
{
    if (end - p < 2 || p[0] != DER_INTEGER || p[1] == 0 || end - p < 2 + p[1]) {
        return NULL;
    }
    size_t n = p[1];
    const uint8_t *v = p + 2;
    bool padded = n > 1 && v[0] == 0;
    if (v[0] >= 0x80 || (padded && v[1] < 0x80) || n > 32u + padded) {
        return NULL;
    }
    memset(out, 0, 32);
    memcpy(out + 32 + padded - n, v + padded, n - padded);
    return v + n;
}

bool
br_ecdsa_from_der(struct br_bytes der, uint8_t sig[BR_SIGNATURE_BYTES])
{
    uint8_t out[BR_SIGNATURE_BYTES];
    if (der.n < 2 || der.p[0] != DER_SEQUENCE || der.p[1] != der.n - 2) {
        return false;
    }
    const uint8_t *end = der.p + der.n;
    const uint8_t *s = take_integer(der.p + 2, end, out);
    if (s == NULL || take_integer(s, end, out + 32) != end) {
        return false;
    }
    memcpy(sig, out, sizeof(out));
    return true;
}

bool
br_es256_is_low(const uint8_t sig[BR_SIGNATURE_BYTES])
{
    return memcmp(sig + 32, half_order, 32) <= 0;
}

bool
br_es256_normalise(uint8_t sig[BR_SIGNATURE_BYTES])
{
    uint8_t *s = sig + 32;
    if (memcmp(s, order, 32) >= 0) {
        return false;
    }
    if (br_es256_is_low(sig)) {
        return true;
    }
    unsigned borrow = 0;
    for (size_t i = 32; i-- > 0;) {
        unsigned d = (unsigned)order[i] - s[i] - borrow;
        s[i] = (uint8_t)d;
        borrow = d >> 8 & 1;
    }
    return true;
}
