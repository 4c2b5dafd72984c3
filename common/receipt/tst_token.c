/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/tst.h"

#include "common/base/assert.h"
#include "common/crypto/ecdsa.h"
#include "common/receipt/tst_internal.h"

/* TSTInfo: the name of the authority, and at most 300 bytes of the rest.
 * Signed attributes: as much, with the name of the issuer. */
enum { PART_BYTES = BR_TST_NAME_BYTES_MAX + 512 };

/** A TSTInfo or a SET of signed attributes. */
struct part {
    uint8_t bytes[PART_BYTES];
    struct br_bytes der; /**< inside bytes */
};

/** RFC 3161 section 2.4.2. `ordering` is false: a default, so left out. */
static enum br_rc
make_info(
    const struct br_tsa *t,
    const struct br_tst_stamp *s,
    struct part *ret,
    struct br_err *reterr)
{
    struct br_der_out o;
    br_der_out_init(&o, ret->bytes, sizeof(ret->bytes));
    br_der_put(&o, t->tsa);
    if (s->nonce.n > 0) {
        br_der_put_value(&o, BR_DER_INTEGER, s->nonce);
    }
    br_der_put(&o, t->accuracy);
    br_der_put_generalized_time(&o, s->time);
    br_der_put_uint(&o, s->serial);
    br_tst_put_imprint(&o, &s->imprint, s->imprint_null);
    br_der_put(&o, t->info_head);
    br_der_wrap(&o, BR_DER_SEQUENCE, 0);
    ret->der = br_der_out_bytes(&o);
    return o.failed ? br_fail(
                          reterr, BR_ERR_OUT_OF_RANGE,
                          "time-stamp: algorithm, nonce or time")
                    : BR_OK;
}

/** SET OF Attribute, in DER's order, which is that of their lengths here:
 *  contentType 26, signingTime 28 or 30, messageDigest 47, then
 *  SigningCertificateV2 of 55 bytes or more. */
static void
make_attributes(
    const struct br_tsa *t,
    struct br_bytes info,
    struct br_time_us time,
    struct part *ret)
{
    struct br_der_out o;
    struct br_hash digest;
    br_sha256(info, &digest);
    br_der_out_init(&o, ret->bytes, sizeof(ret->bytes));
    br_der_put(&o, t->signing_cert);
    uint64_t mark = o.written;
    br_der_put_value(&o, BR_DER_OCTET_STRING, br_hash_bytes(&digest));
    br_der_wrap(&o, BR_DER_SET, mark);
    br_der_put(&o, t->message_digest);
    br_der_wrap(&o, BR_DER_SEQUENCE, mark);
    if (t->signing_time.n > 0) {
        mark = o.written;
        br_der_put_cms_time(&o, time);
        br_der_wrap(&o, BR_DER_SET, mark);
        br_der_put(&o, t->signing_time);
        br_der_wrap(&o, BR_DER_SEQUENCE, mark);
    }
    br_der_put(&o, t->content_type);
    br_der_wrap(&o, BR_DER_SET, 0);
    BR_ASSERT(!o.failed);
    ret->der = br_der_out_bytes(&o);
}

/** SignerInfo (RFC 5652 section 5.3). What is signed is the SET; what is sent
 *  has the tag [0] in its place. */
static void
put_signer(
    const struct br_tsa *t,
    const struct part *attributes,
    const uint8_t sig[BR_SIGNATURE_BYTES],
    struct br_der_out *o)
{
    uint8_t der[BR_ECDSA_DER_BYTES_MAX];
    size_t n = br_ecdsa_to_der(sig, der);
    uint64_t mark = o->written;
    br_der_put_value(o, BR_DER_OCTET_STRING, br_bytes(der, n));
    br_der_put(o, t->signature_alg);
    br_der_put(o, attributes->der);
    if (!o->failed) {
        o->p[o->at] = (uint8_t)BR_DER_CONSTRUCTED(0);
    }
    br_der_put(o, t->signer_head);
    br_der_wrap(o, BR_DER_SEQUENCE, mark);
    br_der_wrap(o, BR_DER_SET, mark);
}

static void
put_content_info(
    const struct br_tsa *t,
    struct br_bytes info,
    bool certificates,
    struct br_der_out *o)
{
    if (certificates) {
        br_der_put(o, t->certificates);
    }
    uint64_t mark = o->written;
    br_der_put_value(o, BR_DER_OCTET_STRING, info);
    br_der_wrap(o, BR_DER_CONSTRUCTED(0), mark);
    br_der_put(o, t->tst_info_type);
    br_der_wrap(o, BR_DER_SEQUENCE, mark);
    br_der_put(o, t->data_head);
    br_der_wrap(o, BR_DER_SEQUENCE, 0);
    br_der_wrap(o, BR_DER_CONSTRUCTED(0), 0);
    br_der_put(o, t->signed_data_type);
    br_der_wrap(o, BR_DER_SEQUENCE, 0);
}

/* Heads, a signature of 72 bytes, identifiers: 150 bytes. */
enum { FRAME_BYTES = 256 };

/* PKIStatusInfo { granted } */
static const uint8_t granted[] = {0x30, 0x03, 0x02, 0x01, 0x00};

static enum br_rc
check_validity(
    const struct br_tsa *t, struct br_time_us time, struct br_err *reterr)
{
    int64_t s = (int64_t)(time.v / 1000000);
    if (s < t->not_before || s >= t->not_after) {
        return br_fail(
            reterr, BR_ERR_KEY_NOT_VALID,
            "the authority's certificate was not valid at that time");
    }
    return BR_OK;
}

static enum br_rc
put(const struct br_tsa *t,
    const struct br_tst_stamp *s,
    bool response,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct part info;
    struct part attributes;
    uint8_t sig[BR_SIGNATURE_BYTES];
    struct br_der_out o;
    size_t from = ret->n;
    BR_TRY(check_validity(t, s->time, reterr));
    BR_TRY(make_info(t, s, &info, reterr));
    make_attributes(t, info.der, s->time, &attributes);
    BR_TRY(br_sign(t->signer, attributes.der, sig, reterr));
    size_t room = info.der.n + attributes.der.n + t->certificates.n +
                  t->signer_head.n + FRAME_BYTES;
    uint8_t *p = br_buf_extend(ret, room);
    if (p == NULL) {
        return br_buf_status(ret, reterr);
    }
    br_der_out_init(&o, p, room);
    put_signer(t, &attributes, sig, &o);
    put_content_info(t, info.der, s->certificates, &o);
    if (response) {
        br_der_put(&o, br_bytes(granted, sizeof(granted)));
        br_der_wrap(&o, BR_DER_SEQUENCE, 0);
    }
    BR_ASSERT(!o.failed);
    memmove(p, o.p + o.at, o.n - o.at);
    ret->n = from + (o.n - o.at);
    return BR_OK;
}

enum br_rc
br_tsa_put_token(
    const struct br_tsa *t,
    const struct br_tst_stamp *s,
    struct br_buf *ret,
    struct br_err *reterr)
{
    return put(t, s, false, ret, reterr);
}

enum br_rc
br_tsa_put_response(
    const struct br_tsa *t,
    const struct br_tst_stamp *s,
    struct br_buf *ret,
    struct br_err *reterr)
{
    return put(t, s, true, ret, reterr);
}
