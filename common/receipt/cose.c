/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/cose.h"

/* ---- the envelope ------------------------------------------------------- */

/** Step over one map whose labels may stand in any order. */
static struct br_bytes
skip_map(struct br_cbor *r)
{
    size_t start = r->at;
    uint64_t pairs = br_cbor_map(r, BR_COSE_LABELS_MAX);
    for (uint64_t i = 0; i < pairs; i++) {
        (void)br_cbor_skip(r);
        (void)br_cbor_skip(r);
    }
    return r->err.rc == BR_OK ? br_bytes(r->p + start, r->at - start)
                              : br_bytes(NULL, 0);
}

enum br_rc
br_cose_sign1_parse(
    struct br_bytes bytes, struct br_cose_sign1 *ret, struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, bytes);
    if (br_cbor_tag(&r) != BR_COSE_SIGN1_TAG) {
        br_cbor_fail(&r, BR_ERR_MALFORMED, "not a COSE_Sign1 with its tag");
    }
    br_cbor_array_exact(&r, 4);
    ret->protected_header = br_cbor_bytes(&r);
    ret->unprotected = skip_map(&r);
    ret->has_payload = br_cbor_peek(&r) == BR_CBOR_BYTES;
    ret->payload = br_bytes(NULL, 0);
    if (ret->has_payload) {
        ret->payload = br_cbor_bytes(&r);
    } else {
        br_cbor_null(&r);
    }
    ret->signature = br_cbor_bytes(&r);
    return br_cbor_done(&r, reterr);
}

/* ---- headers ------------------------------------------------------------ */

static void
read_header(struct br_cbor *r, struct br_cose_header *h)
{
    size_t start = r->at;
    *h = (struct br_cose_header){
        .is_text = br_cbor_peek(r) == BR_CBOR_TEXT,
    };
    if (h->is_text) {
        h->text = br_cbor_text(r);
    } else {
        h->label = br_cbor_int(r);
    }
    h->key = br_bytes(r->p + start, r->at - start);
    h->value = br_cbor_skip(r);
}

static bool
is_double(const struct br_cose_headers *hs, const struct br_cose_header *h)
{
    for (size_t i = 0; i < hs->count; i++) {
        if (br_bytes_eq(hs->h[i].key, h->key)) {
            return true;
        }
    }
    return false;
}

enum br_rc
br_cose_headers_parse(
    struct br_bytes map, struct br_cose_headers *ret, struct br_err *reterr)
{
    struct br_cbor r;
    ret->count = 0;
    if (map.n == 0) {
        return BR_OK;
    }
    br_cbor_init(&r, map);
    uint64_t pairs = br_cbor_map(&r, BR_COSE_LABELS_MAX);
    for (uint64_t i = 0; i < pairs; i++) {
        struct br_cose_header *h = &ret->h[ret->count];
        read_header(&r, h);
        if (r.err.rc == BR_OK && is_double(ret, h)) {
            br_cbor_fail(&r, BR_ERR_DUPLICATE_FIELD, "a label stands twice");
        }
        ret->count++;
    }
    return br_cbor_done(&r, reterr);
}

const struct br_cose_header *
br_cose_find(const struct br_cose_headers *h, int64_t label)
{
    for (size_t i = 0; i < h->count; i++) {
        if (!h->h[i].is_text && h->h[i].label == label) {
            return &h->h[i];
        }
    }
    return NULL;
}

const struct br_cose_header *
br_cose_find_text(const struct br_cose_headers *h, const char *label)
{
    for (size_t i = 0; i < h->count; i++) {
        if (h->h[i].is_text && br_bytes_eq(h->h[i].text, br_str(label))) {
            return &h->h[i];
        }
    }
    return NULL;
}

enum br_rc
br_cose_int(const struct br_cose_header *h, int64_t *ret, struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, h->value);
    *ret = br_cbor_int(&r);
    return br_cbor_done(&r, reterr);
}

enum br_rc
br_cose_bytes(
    const struct br_cose_header *h, struct br_bytes *ret, struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, h->value);
    *ret = br_cbor_bytes(&r);
    return br_cbor_done(&r, reterr);
}

/* ---- CWT claims --------------------------------------------------------- */

enum { CLAIM_ISSUER = 1, CLAIM_SUBJECT = 2 };

static enum br_rc
read_claim(
    const struct br_cose_headers *claims,
    int64_t label,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    const struct br_cose_header *h = br_cose_find(claims, label);
    struct br_cbor r;
    *ret = br_bytes(NULL, 0);
    if (h == NULL) {
        return BR_OK;
    }
    br_cbor_init(&r, h->value);
    *ret = br_cbor_text(&r);
    return br_cbor_done(&r, reterr);
}

enum br_rc
br_cose_claims_parse(
    const struct br_cose_headers *h,
    struct br_cose_claims *ret,
    struct br_err *reterr)
{
    struct br_cose_headers claims;
    const struct br_cose_header *map = br_cose_find(h, BR_COSE_CWT_CLAIMS);
    *ret = (struct br_cose_claims){0};
    if (map == NULL) {
        return BR_OK;
    }
    BR_TRY(br_cose_headers_parse(map->value, &claims, reterr));
    BR_TRY(read_claim(&claims, CLAIM_ISSUER, &ret->issuer, reterr));
    return read_claim(&claims, CLAIM_SUBJECT, &ret->subject, reterr);
}

void
br_cose_claims_put(struct br_buf *b, const struct br_cose_claims *c)
{
    br_cbor_put_map(b, (c->issuer.n > 0 ? 1u : 0u) + (c->subject.n > 0));
    if (c->issuer.n > 0) {
        br_cbor_put_uint(b, CLAIM_ISSUER);
        br_cbor_put_text(b, c->issuer);
    }
    if (c->subject.n > 0) {
        br_cbor_put_uint(b, CLAIM_SUBJECT);
        br_cbor_put_text(b, c->subject);
    }
}

/* ---- signatures --------------------------------------------------------- */

void
br_cose_put_tbs(
    struct br_buf *b, struct br_bytes protected_header, struct br_bytes payload)
{
    br_cbor_put_array(b, 4);
    br_cbor_put_text(b, br_str("Signature1"));
    br_cbor_put_bytes(b, protected_header);
    br_cbor_put_bytes(b, br_bytes(NULL, 0));
    br_cbor_put_bytes(b, payload);
}

static enum br_rc
make_tbs(
    struct br_buf *b,
    struct br_bytes protected_header,
    struct br_bytes payload,
    struct br_err *reterr)
{
    br_buf_init(b, protected_header.n + payload.n + 64);
    br_cose_put_tbs(b, protected_header, payload);
    return br_buf_status(b, reterr);
}

enum br_rc
br_cose_sign(
    struct br_bytes protected_header,
    struct br_bytes payload,
    struct br_signer *s,
    uint8_t ret_sig[BR_SIGNATURE_BYTES],
    struct br_err *reterr)
{
    struct br_buf tbs;
    enum br_rc rc = make_tbs(&tbs, protected_header, payload, reterr);
    if (rc == BR_OK) {
        rc = br_sign(s, br_buf_bytes(&tbs), ret_sig, reterr);
    }
    br_buf_fini(&tbs);
    return rc;
}

/* Orders of the groups of P-256 and secp256k1. */
static const uint8_t order_p256[32] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
    0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
static const uint8_t order_secp256k1[32] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
    0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};

/** br_verify accepts the lower of the two values of s alone, since inside the
 *  ledger a signature must have one form. Other people's COSE libraries write
 *  either: order - s says the same as s. */
static void
lower_s(enum br_sign_alg alg, uint8_t sig[BR_SIGNATURE_BYTES])
{
    uint8_t t[32];
    int borrow = 0;
    const uint8_t *order = alg == BR_SIGN_ES256 ? order_p256 : order_secp256k1;
    if (alg == BR_SIGN_ED25519) {
        return;
    }
    for (size_t i = sizeof(t); i-- > 0;) {
        int d = order[i] - sig[32 + i] - borrow;
        borrow = d < 0;
        t[i] = (uint8_t)(d + (borrow ? 256 : 0));
    }
    if (!borrow && memcmp(t, sig + 32, sizeof(t)) < 0) {
        memcpy(sig + 32, t, sizeof(t));
    }
}

enum br_rc
br_cose_verify(
    const struct br_cose_sign1 *c,
    struct br_bytes payload,
    const struct br_public_key *key,
    struct br_err *reterr)
{
    uint8_t sig[BR_SIGNATURE_BYTES];
    if (c->signature.n != sizeof(sig)) {
        return br_fail(
            reterr, BR_ERR_BAD_SIGNATURE, "COSE: a signature of %zu bytes",
            c->signature.n);
    }
    memcpy(sig, c->signature.p, sizeof(sig));
    lower_s(key->alg, sig);
    struct br_buf tbs;
    enum br_rc rc = make_tbs(&tbs, c->protected_header, payload, reterr);
    if (rc == BR_OK) {
        rc = br_verify(key, br_buf_bytes(&tbs), sig, reterr);
    }
    br_buf_fini(&tbs);
    return rc;
}
