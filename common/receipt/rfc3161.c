/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/rfc3161.h"

#include "common/crypto/ecdsa.h"
#include "common/receipt/der_back.h"
#include "common/receipt/oid.h"

enum {
    TAG_BOOLEAN = 0x01,
    TAG_INTEGER = 0x02,
    TAG_BIT_STRING = 0x03,
    TAG_OCTETS = 0x04,
    TAG_NULL = 0x05,
    TAG_OID = 0x06,
    TAG_UTF8 = 0x0c,
    TAG_GENERALIZED_TIME = 0x18,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31,
    TAG_CONTEXT_0 = 0xa0,
    ATTRIBUTES_BYTES_MAX = 512,
    TST_INFO_BYTES_MAX = 512,
};

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
put_oid(struct br_derb *d, struct br_bytes v)
{
    br_derb_put_element(d, TAG_OID, v);
}

/* ---- TSTInfo ------------------------------------------------------------ */

static char *
put_digits(char *out, uint64_t v, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + v % 10);
        v /= 10;
    }
    return out + width;
}

static bool
is_leap(uint64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/** Year, month, day of a number of days since 1970-01-01. */
static char *
put_date(char *out, uint64_t days)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30,
                                      31, 31, 30, 31, 30, 31};
    uint64_t year = 1970;
    while (days >= 365u + is_leap(year)) {
        days -= 365u + is_leap(year);
        year++;
    }
    unsigned month = 0;
    while (days >= lengths[month] + (uint64_t)(month == 1 && is_leap(year))) {
        days -= lengths[month] + (uint64_t)(month == 1 && is_leap(year));
        month++;
    }
    out = put_digits(out, year, 4);
    out = put_digits(out, month + 1, 2);
    return put_digits(out, days + 1, 2);
}

/** "YYYYMMDDhhmmss[.f]Z": a fraction without trailing zeros. */
static size_t
format_time(struct br_time_us t, char out[32])
{
    uint64_t seconds = t.v / 1000000;
    char *p = put_date(out, seconds / 86400);
    p = put_digits(p, seconds / 3600 % 24, 2);
    p = put_digits(p, seconds / 60 % 60, 2);
    p = put_digits(p, seconds % 60, 2);
    if (t.v % 1000000 != 0) {
        *p++ = '.';
        p = put_digits(p, t.v % 1000000, 6);
        while (p[-1] == '0') {
            p--;
        }
    }
    *p++ = 'Z';
    return (size_t)(p - out);
}

static void
put_imprint(struct br_derb *d, const struct br_tsq *q)
{
    uint8_t alg[sizeof(oid_sha256)];
    size_t end = d->at;
    br_derb_put_element(d, TAG_OCTETS, br_bytes(q->digest, q->digest_bytes));
    size_t alg_end = d->at;
    br_derb_put_element(d, TAG_NULL, br_bytes(NULL, 0));
    memcpy(alg, oid_sha256, sizeof(alg));
    alg[sizeof(alg) - 1] = br_oid_of_hash(q->alg);
    put_oid(d, br_bytes(alg, sizeof(alg)));
    br_derb_wrap(d, TAG_SEQUENCE, alg_end);
    br_derb_wrap(d, TAG_SEQUENCE, end);
}

static void
put_tst_info(
    struct br_derb *d,
    const struct br_tsa *t,
    const struct br_tsq *q,
    uint64_t serial,
    struct br_time_us time)
{
    char text[32];
    size_t n = format_time(time, text);
    size_t end = d->at;
    if (q->nonce_bytes > 0) {
        br_derb_put_element(d, TAG_INTEGER, br_bytes(q->nonce, q->nonce_bytes));
    }
    size_t accuracy = d->at;
    br_derb_put_uint(d, 1); /* seconds */
    br_derb_wrap(d, TAG_SEQUENCE, accuracy);
    br_derb_put_element(d, TAG_GENERALIZED_TIME, br_bytes(text, n));
    br_derb_put_uint(d, serial);
    put_imprint(d, q);
    put_oid(d, br_bytes(t->policy, t->policy_bytes));
    br_derb_put_uint(d, 1); /* version */
    br_derb_wrap(d, TAG_SEQUENCE, end);
}

/* ---- signed attributes -------------------------------------------------- */

static void
put_attribute(
    struct br_derb *d, struct br_bytes type, size_t end, size_t value_end)
{
    br_derb_wrap(d, TAG_SET, value_end);
    put_oid(d, type);
    br_derb_wrap(d, TAG_SEQUENCE, end);
}

/** In the order that DER asks of a SET OF, which is that of their lengths
 *  here; written backwards. Without the SET's own tag. */
static void
put_attributes(
    struct br_derb *d, const struct br_tsa *t, const struct br_hash *digest)
{
    size_t end = d->at;
    br_derb_put_element(d, TAG_OCTETS, br_hash_bytes(&t->certificate));
    for (int i = 0; i < 3; i++) { /* ESSCertIDv2, certs, SigningCertificateV2 */
        br_derb_wrap(d, TAG_SEQUENCE, end);
    }
    put_attribute(d, OID(oid_signing_certificate_v2), end, end);
    end = d->at;
    br_derb_put_element(d, TAG_OCTETS, br_hash_bytes(digest));
    put_attribute(d, OID(oid_message_digest), end, end);
    end = d->at;
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
    struct br_derb d;
    br_derb_init(&d, bytes, sizeof(bytes));
    br_derb_put_element(&d, TAG_SET, attributes);
    return br_sign(t->signer, br_derb_bytes(&d), sig, reterr);
}

/* ---- SignedData --------------------------------------------------------- */

static void
put_sha256(struct br_derb *d)
{
    size_t end = d->at;
    put_oid(d, OID(oid_sha256));
    br_derb_wrap(d, TAG_SEQUENCE, end);
}

static void
put_signer_info(
    struct br_derb *d,
    const struct br_tsa *t,
    struct br_bytes attributes,
    struct br_bytes signature)
{
    size_t end = d->at;
    br_derb_put_element(d, TAG_OCTETS, signature);
    size_t alg = d->at;
    put_oid(d, OID(oid_ecdsa_sha256));
    br_derb_wrap(d, TAG_SEQUENCE, alg);
    br_derb_put_element(d, TAG_CONTEXT_0, attributes);
    put_sha256(d);
    br_derb_put(d, t->issuer);
    br_derb_put_uint(d, 1);
    br_derb_wrap(d, TAG_SEQUENCE, end);
    br_derb_wrap(d, TAG_SET, end);
}

static void
put_content(struct br_derb *d, struct br_bytes tst_info)
{
    size_t end = d->at;
    br_derb_put_element(d, TAG_OCTETS, tst_info);
    br_derb_wrap(d, TAG_CONTEXT_0, end);
    put_oid(d, OID(oid_tst_info));
    br_derb_wrap(d, TAG_SEQUENCE, end);
}

struct token {
    struct br_bytes tst_info;
    struct br_bytes attributes;
    struct br_bytes signature;
};

/** ContentInfo, SignedData version 3. */
static void
put_token(
    struct br_derb *d,
    const struct br_tsa *t,
    const struct br_tsq *q,
    const struct token *k)
{
    size_t end = d->at;
    put_signer_info(d, t, k->attributes, k->signature);
    if (q->certificates) {
        br_derb_put_element(d, TAG_CONTEXT_0, t->certificates);
    }
    put_content(d, k->tst_info);
    size_t algs = d->at;
    put_sha256(d);
    br_derb_wrap(d, TAG_SET, algs);
    br_derb_put_uint(d, 3);
    br_derb_wrap(d, TAG_SEQUENCE, end);
    br_derb_wrap(d, TAG_CONTEXT_0, end);
    put_oid(d, OID(oid_signed_data));
    br_derb_wrap(d, TAG_SEQUENCE, end);
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
    struct br_derb info;
    struct br_derb attributes;
    struct br_derb d;
    struct br_hash digest;
    br_derb_init(&info, info_bytes, sizeof(info_bytes));
    put_tst_info(&info, t, q, serial, time);
    br_sha256(br_derb_bytes(&info), &digest);
    br_derb_init(&attributes, attribute_bytes, sizeof(attribute_bytes));
    put_attributes(&attributes, t, &digest);
    BR_TRY(sign_attributes(t, br_derb_bytes(&attributes), sig, reterr));
    size_t n = br_ecdsa_to_der(sig, der_sig);
    br_derb_init(&d, token_bytes, sizeof(token_bytes));
    size_t end = d.at;
    const struct token k = {
        br_derb_bytes(&info), br_derb_bytes(&attributes), br_bytes(der_sig, n)};
    put_token(&d, t, q, &k);
    size_t status = d.at;
    br_derb_put_uint(&d, 0); /* granted */
    br_derb_wrap(&d, TAG_SEQUENCE, status);
    br_derb_wrap(&d, TAG_SEQUENCE, end);
    if (info.failed || attributes.failed || d.failed) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "the token");
    }
    br_buf_put(b, br_derb_bytes(&d).p, br_derb_bytes(&d).n);
    return br_buf_status(b, reterr);
}

void
br_tsr_put_rejection(
    struct br_buf *b, enum br_tsa_failure failure, const char *text)
{
    uint8_t bytes[512];
    uint8_t bits[5] = {0};
    struct br_derb d;
    size_t last = (size_t)failure / 8;
    br_derb_init(&d, bytes, sizeof(bytes));
    bits[0] = (uint8_t)(7 - (unsigned)failure % 8); /* unused bits */
    bits[1 + last] = (uint8_t)(0x80u >> (unsigned)failure % 8);
    br_derb_put_element(&d, TAG_BIT_STRING, br_bytes(bits, 2 + last));
    size_t free_text = d.at;
    br_derb_put_element(&d, TAG_UTF8, br_str(text));
    br_derb_wrap(&d, TAG_SEQUENCE, free_text);
    br_derb_put_uint(&d, 2); /* rejection */
    br_derb_wrap(&d, TAG_SEQUENCE, d.size);
    br_derb_wrap(&d, TAG_SEQUENCE, d.size);
    br_buf_put(b, br_derb_bytes(&d).p, br_derb_bytes(&d).n);
}
