/*
 * COSE Key Sets (RFC 9052 section 7).
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/receipt/cose.h"

enum {
    KEY_KTY = 1,
    KEY_CRV = -1,
    KEY_X = -2,
    KEY_Y = -3,
    KTY_OKP = 1,
    KTY_EC2 = 2,
    CRV_P256 = 1,
    CRV_ED25519 = 6,
    CRV_SECP256K1 = 8,
    COORDINATE_BYTES = 32,
    KEYS_MAX = 1024,
};

void
br_cose_key_set_put(
    struct br_buf *b, const struct br_public_key *keys, size_t count)
{
    br_cbor_put_array(b, count);
    for (size_t i = 0; i < count; i++) {
        br_public_key_put_cose(b, &keys[i], true);
    }
}

/** y is a coordinate, or its sign alone; the compressed form wants the sign. */
static enum br_rc
read_sign(const struct br_cose_header *y, uint8_t *ret, struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, y->value);
    if (br_cbor_peek(&r) == BR_CBOR_BYTES) {
        struct br_bytes v = br_cbor_bytes(&r);
        if (v.n != COORDINATE_BYTES) {
            br_cbor_fail(&r, BR_ERR_OUT_OF_RANGE, "coordinate's size");
        } else {
            *ret = (uint8_t)(2 | (v.p[COORDINATE_BYTES - 1] & 1));
        }
    } else {
        *ret = br_cbor_bool(&r) ? 3 : 2;
    }
    return br_cbor_done(&r, reterr);
}

static enum br_rc
read_ec2(
    const struct br_cose_headers *h,
    int64_t alg,
    struct br_bytes x,
    struct br_public_key *ret,
    struct br_err *reterr)
{
    uint8_t raw[1 + COORDINATE_BYTES];
    const struct br_cose_header *y = br_cose_find(h, KEY_Y);
    if (y == NULL || x.n != COORDINATE_BYTES) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "COSE key: no whole public point");
    }
    BR_TRY(read_sign(y, &raw[0], reterr));
    memcpy(raw + 1, x.p, COORDINATE_BYTES);
    return br_public_key_init(ret, alg, br_bytes(raw, sizeof(raw)), reterr);
}

/** *ret_known: false for a key of another type or curve. */
static enum br_rc
read_key(
    struct br_bytes item,
    struct br_public_key *ret,
    bool *ret_known,
    struct br_err *reterr)
{
    struct br_cose_headers h;
    int64_t kty;
    int64_t crv;
    struct br_bytes x;
    *ret_known = false;
    BR_TRY(br_cose_headers_parse(item, &h, reterr));
    const struct br_cose_header *hkty = br_cose_find(&h, KEY_KTY);
    const struct br_cose_header *hcrv = br_cose_find(&h, KEY_CRV);
    const struct br_cose_header *hx = br_cose_find(&h, KEY_X);
    if (hkty == NULL || hcrv == NULL || hx == NULL ||
        br_cose_int(hkty, &kty, NULL) != BR_OK ||
        br_cose_int(hcrv, &crv, NULL) != BR_OK ||
        br_cose_bytes(hx, &x, NULL) != BR_OK) {
        return BR_OK;
    }
    if (kty == KTY_OKP && crv == CRV_ED25519) {
        *ret_known = true;
        return br_public_key_init(ret, BR_SIGN_ED25519, x, reterr);
    }
    if (kty == KTY_EC2 && (crv == CRV_P256 || crv == CRV_SECP256K1)) {
        *ret_known = true;
        return read_ec2(
            &h, crv == CRV_P256 ? BR_SIGN_ES256 : BR_SIGN_ES256K, x, ret,
            reterr);
    }
    return BR_OK;
}

enum br_rc
br_cose_key_set_parse(
    struct br_bytes bytes,
    struct br_public_key *out,
    size_t max,
    size_t *ret_count,
    struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, bytes);
    uint64_t items = br_cbor_array(&r, KEYS_MAX);
    size_t count = 0;
    for (uint64_t i = 0; i < items && r.err.rc == BR_OK; i++) {
        struct br_public_key key;
        bool known = false;
        struct br_bytes item = br_cbor_skip(&r);
        if (r.err.rc == BR_OK) {
            BR_TRY(read_key(item, &key, &known, reterr));
        }
        if (known && count == max) {
            return br_fail(
                reterr, BR_ERR_TOO_LARGE, "COSE key set: more than %zu keys",
                max);
        }
        if (known) {
            out[count++] = key;
        }
    }
    BR_TRY(br_cbor_done(&r, reterr));
    *ret_count = count;
    return BR_OK;
}
