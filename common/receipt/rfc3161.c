/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/rfc3161.h"

#include "common/crypto/ecdsa.h"
#include "common/receipt/der.h"
#include "common/receipt/oid.h"

enum { ATTRIBUTES_BYTES_MAX = 512, TST_INFO_BYTES_MAX = 512 };

/* id-signedData, id-ct-TSTInfo, and the attributes: RFC 5652 sections 5 and
 * 11, RFC 3161 section 2.4.2, RFC 5035 section 3. */
static const uint8_t oid_signed_data[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                          0x0d, 0x01, 0x07, 0x02};
static const uint8_t oid_tst_info[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                       0x01, 0x09, 0x10, 0x01, 0x04};
static const uint8_t oid_content_type[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                           0x0d, 0x01, 0x09, 0x03};
static const uint8_t oid_message_digest[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                             0x0d, 0x01, 0x09, 0x04};
static const uint8_t oid_signing_certificate_v2[] = {
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f};
static const uint8_t oid_ecdsa_sha256[] = {0x2a, 0x86, 0x48, 0xce,
                                           0x3d, 0x04, 0x03, 0x02};
static const uint8_t oid_sha256[] = {0x60, 0x86, 0x48, 0x01, 0x65,
                                     0x03, 0x04, 0x02, 0x01};

static struct br_bytes
oid(const uint8_t *p, size_t n)
{
    return br_bytes(p, n);
}
#define OID(name) oid(name, sizeof(name))

static void
put_oid(struct br_der_out *d, struct br_bytes v)
{
    br_der_put_value(d, BR_DER_OID, v);
}

/* ---- TSTInfo ------------------------------------------------------------ */

static void
put_imprint(struct br_der_out *d, const struct br_tsq *q)
{
    uint8_t alg[sizeof(oid_sha256)];
    uint64_t end = d->written;
    br_der_put_value(
        d, BR_DER_OCTET_STRING, br_bytes(q->digest, q->digest_bytes));
    uint64_t alg_end = d->written;
    br_der_put_value(d, BR_DER_NULL, br_bytes(NULL, 0));
    memcpy(alg, oid_sha256, sizeof(alg));
    alg[sizeof(alg) - 1] = br_oid_of_hash(q->alg);
    put_oid(d, br_bytes(alg, sizeof(alg)));
    br_der_wrap(d, BR_DER_SEQUENCE, alg_end);
    br_der_wrap(d, BR_DER_SEQUENCE, end);
}

static void
put_tst_info(
    struct br_der_out *d,
    const struct br_tsa *t,
    const struct br_tsq *q,
    uint64_t serial,
    struct br_time_us time)
{
    uint64_t end = d->written;
    if (q->nonce_bytes > 0) {
        br_der_put_value(d, BR_DER_INTEGER, br_bytes(q->nonce, q->nonce_bytes));
    }
    uint64_t accuracy = d->written;
    br_der_put_uint(d, 1); /* seconds */
    br_der_wrap(d, BR_DER_SEQUENCE, accuracy);
    br_der_put_generalized_time(d, time);
    br_der_put_uint(d, serial);
    put_imprint(d, q);
    put_oid(d, br_bytes(t->policy, t->policy_bytes));
    br_der_put_uint(d, 1); /* version */
    br_der_wrap(d, BR_DER_SEQUENCE, end);
}

/* ---- signed attributes -------------------------------------------------- */

static void
put_attribute(
    struct br_der_out *d,
    struct br_bytes type,
    uint64_t end,
    uint64_t value_end)
{
    br_der_wrap(d, BR_DER_SET, value_end);
    put_oid(d, type);
    br_der_wrap(d, BR_DER_SEQUENCE, end);
}

/** In the order that DER asks of a SET OF, which is that of their lengths
 *  here; written backwards. Without the SET's own tag. */
static void
put_attributes(
    struct br_der_out *d, const struct br_tsa *t, const struct br_hash *digest)
{
    uint64_t end = d->written;
    br_der_put_value(d, BR_DER_OCTET_STRING, br_hash_bytes(&t->certificate));
    for (int i = 0; i < 3; i++) { /* ESSCertIDv2, certs, SigningCertificateV2 */
        br_der_wrap(d, BR_DER_SEQUENCE, end);
    }
    put_attribute(d, OID(oid_signing_certificate_v2), end, end);
    end = d->written;
    br_der_put_value(d, BR_DER_OCTET_STRING, br_hash_bytes(digest));
    put_attribute(d, OID(oid_message_digest), end, end);
    end = d->written;
    put_oid(d, OID(oid_tst_info));
    put_attribute(d, OID(oid_content_type), end, end);
}

static enum br_rc
sign_attributes(
    const struct br_tsa *t,
    struct br_bytes attributes,
    uint8_t sig[BR_SIGNATURE_BYTES],
    struct br_err *reterr)
{
    uint8_t bytes[ATTRIBUTES_BYTES_MAX];
    struct br_der_out d;
    br_der_out_init(&d, bytes, sizeof(bytes));
    br_der_put_value(&d, BR_DER_SET, attributes);
    return br_sign(t->signer, br_der_out_bytes(&d), sig, reterr);
}

/* ---- SignedData --------------------------------------------------------- */

static void
put_sha256(struct br_der_out *d)
{
    uint64_t end = d->written;
    put_oid(d, OID(oid_sha256));
    br_der_wrap(d, BR_DER_SEQUENCE, end);
}

static void
put_signer_info(
    struct br_der_out *d,
    const struct br_tsa *t,
    struct br_bytes attributes,
    struct br_bytes signature)
{
    uint64_t end = d->written;
    br_der_put_value(d, BR_DER_OCTET_STRING, signature);
    uint64_t alg = d->written;
    put_oid(d, OID(oid_ecdsa_sha256));
    br_der_wrap(d, BR_DER_SEQUENCE, alg);
    br_der_put_value(d, BR_DER_CONSTRUCTED(0), attributes);
    put_sha256(d);
    br_der_put(d, t->issuer);
    br_der_put_uint(d, 1);
    br_der_wrap(d, BR_DER_SEQUENCE, end);
    br_der_wrap(d, BR_DER_SET, end);
}

static void
put_content(struct br_der_out *d, struct br_bytes tst_info)
{
    uint64_t end = d->written;
    br_der_put_value(d, BR_DER_OCTET_STRING, tst_info);
    br_der_wrap(d, BR_DER_CONSTRUCTED(0), end);
    put_oid(d, OID(oid_tst_info));
    br_der_wrap(d, BR_DER_SEQUENCE, end);
}

struct token {
    struct br_bytes tst_info;
    struct br_bytes attributes;
    struct br_bytes signature;
};

/** ContentInfo, SignedData version 3. */
static void
put_token(
    struct br_der_out *d,
    const struct br_tsa *t,
    const struct br_tsq *q,
    const struct token *k)
{
    uint64_t end = d->written;
    put_signer_info(d, t, k->attributes, k->signature);
    if (q->certificates) {
        br_der_put_value(d, BR_DER_CONSTRUCTED(0), t->certificates);
    }
    put_content(d, k->tst_info);
    uint64_t algs = d->written;
    put_sha256(d);
    br_der_wrap(d, BR_DER_SET, algs);
    br_der_put_uint(d, 3);
    br_der_wrap(d, BR_DER_SEQUENCE, end);
    br_der_wrap(d, BR_DER_CONSTRUCTED(0), end);
    put_oid(d, OID(oid_signed_data));
    br_der_wrap(d, BR_DER_SEQUENCE, end);
}

enum br_rc
br_tsr_put(
    struct br_buf *b,
    const struct br_tsa *t,
    const struct br_tsq *q,
    uint64_t serial,
    struct br_time_us time,
    struct br_err *reterr)
{
    uint8_t info_bytes[TST_INFO_BYTES_MAX];
    uint8_t attribute_bytes[ATTRIBUTES_BYTES_MAX];
    uint8_t token_bytes[BR_TST_BYTES_MAX];
    uint8_t sig[BR_SIGNATURE_BYTES];
    uint8_t der_sig[BR_ECDSA_DER_BYTES_MAX];
    struct br_der_out info;
    struct br_der_out attributes;
    struct br_der_out d;
    struct br_hash digest;
    br_der_out_init(&info, info_bytes, sizeof(info_bytes));
    put_tst_info(&info, t, q, serial, time);
    br_sha256(br_der_out_bytes(&info), &digest);
    br_der_out_init(&attributes, attribute_bytes, sizeof(attribute_bytes));
    put_attributes(&attributes, t, &digest);
    BR_TRY(sign_attributes(t, br_der_out_bytes(&attributes), sig, reterr));
    size_t n = br_ecdsa_to_der(sig, der_sig);
    br_der_out_init(&d, token_bytes, sizeof(token_bytes));
    uint64_t end = d.written;
    const struct token k = {
        br_der_out_bytes(&info), br_der_out_bytes(&attributes),
        br_bytes(der_sig, n)};
    put_token(&d, t, q, &k);
    uint64_t status = d.written;
    br_der_put_uint(&d, 0); /* granted */
    br_der_wrap(&d, BR_DER_SEQUENCE, status);
    br_der_wrap(&d, BR_DER_SEQUENCE, end);
    if (info.failed || attributes.failed || d.failed) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "the token");
    }
    br_buf_put(b, br_der_out_bytes(&d).p, br_der_out_bytes(&d).n);
    return br_buf_status(b, reterr);
}

void
br_tsr_put_rejection(
    struct br_buf *b, enum br_tsa_failure failure, const char *text)
{
    uint8_t bytes[512];
    uint8_t bits[5] = {0};
    struct br_der_out d;
    size_t last = (size_t)failure / 8;
    br_der_out_init(&d, bytes, sizeof(bytes));
    bits[0] = (uint8_t)(7 - (unsigned)failure % 8); /* unused bits */
    bits[1 + last] = (uint8_t)(0x80u >> (unsigned)failure % 8);
    br_der_put_value(&d, BR_DER_BIT_STRING, br_bytes(bits, 2 + last));
    uint64_t free_text = d.written;
    br_der_put_value(&d, BR_DER_UTF8_STRING, br_str(text));
    br_der_wrap(&d, BR_DER_SEQUENCE, free_text);
    br_der_put_uint(&d, 2); /* rejection */
    br_der_wrap(&d, BR_DER_SEQUENCE, 0);
    br_der_wrap(&d, BR_DER_SEQUENCE, 0);
    br_buf_put(b, br_der_out_bytes(&d).p, br_der_out_bytes(&d).n);
}
