/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/tst.h"

#include "common/receipt/tst_internal.h"

/* ---- reading ------------------------------------------------------------ */

/** Remembers the first thing that the request did wrong. */
struct parse {
    struct br_der r;
    enum br_tst_failure failure;
};

static void
refuse(struct parse *p, enum br_tst_failure f, enum br_rc rc, const char *why)
{
    if (p->r.err.rc == BR_OK) {
        p->failure = f;
        br_der_fail(&p->r, rc, why);
    }
}

/** Algorithms of digests have no parameters, or NULL (RFC 5754 section 2). */
static const struct br_hash_info *
read_algorithm(struct parse *p, bool *ret_null)
{
    char text[BR_DER_OID_TEXT_MAX];
    br_der_enter(&p->r, BR_DER_SEQUENCE);
    struct br_bytes oid = br_der_oid(&p->r);
    *ret_null = br_der_peek(&p->r) == BR_DER_NULL;
    if (*ret_null && br_der_value(&p->r, BR_DER_NULL).n != 0) {
        br_der_fail(&p->r, BR_ERR_MALFORMED, "a NULL with contents");
    }
    if (br_der_peek(&p->r) != BR_DER_END) {
        refuse(
            p, BR_TST_BAD_ALG, BR_ERR_UNSUPPORTED,
            "digest algorithms take no parameters");
    }
    const struct br_hash_info *h =
        br_der_oid_text(oid, text) ? br_hash_by_oid(text) : NULL;
    if (h == NULL) {
        refuse(
            p, BR_TST_BAD_ALG, BR_ERR_UNSUPPORTED,
            "digest algorithm: neither SHA-256, -384, -512 nor SHA3-256, -512");
    }
    br_der_leave(&p->r);
    return h;
}

static void
read_imprint(struct parse *p, struct br_tst_request *q)
{
    br_der_enter(&p->r, BR_DER_SEQUENCE);
    const struct br_hash_info *h = read_algorithm(p, &q->imprint_null);
    struct br_bytes digest = br_der_value(&p->r, BR_DER_OCTET_STRING);
    if (p->r.err.rc == BR_OK && h != NULL) {
        if (digest.n != h->digest_bytes) {
            br_der_fail(&p->r, BR_ERR_MALFORMED, "a digest of another length");
            return;
        }
        q->imprint.alg = h->alg;
        memcpy(q->imprint.b, digest.p, digest.n);
    }
    br_der_leave(&p->r);
}

/** "certReq BOOLEAN DEFAULT FALSE": DER leaves a default out, but clients that
 *  write it do no harm. */
static void
read_options(struct parse *p, struct br_tst_request *q)
{
    if (br_der_peek(&p->r) == BR_DER_OID) {
        q->policy = br_der_oid(&p->r);
    }
    if (br_der_peek(&p->r) == BR_DER_INTEGER) {
        q->nonce = br_der_integer(&p->r);
        if (q->nonce.n > BR_TST_NONCE_BYTES_MAX) {
            refuse(
                p, BR_TST_BAD_REQUEST, BR_ERR_TOO_LARGE,
                "a nonce of more than 256 bits");
        }
    }
    if (br_der_peek(&p->r) == BR_DER_BOOLEAN) {
        q->certificates = br_der_bool(&p->r);
    }
    if (br_der_peek(&p->r) == BR_DER_CONSTRUCTED(0)) {
        refuse(
            p, BR_TST_UNACCEPTED_EXTENSION, BR_ERR_UNSUPPORTED,
            "extensions are not supported");
    }
}

enum br_rc
br_tst_request_parse(
    struct br_bytes der,
    struct br_tst_request *ret,
    enum br_tst_failure *ret_failure,
    struct br_err *reterr)
{
    struct parse p = {.failure = BR_TST_BAD_DATA_FORMAT};
    struct br_tst_request q = {0};
    br_der_init(&p.r, der);
    br_der_enter(&p.r, BR_DER_SEQUENCE);
    if (br_der_uint(&p.r) != 1) {
        refuse(
            &p, BR_TST_BAD_REQUEST, BR_ERR_UNSUPPORTED, "a version but not 1");
    }
    read_imprint(&p, &q);
    read_options(&p, &q);
    br_der_leave(&p.r);
    enum br_rc rc = br_der_done(&p.r, reterr);
    if (rc != BR_OK) {
        *ret_failure = p.failure;
        return rc;
    }
    *ret = q;
    return BR_OK;
}

/* ---- writing ------------------------------------------------------------ */

void
br_tst_put_imprint(
    struct br_der_out *o, const struct br_digest *imprint, bool null)
{
    const struct br_hash_info *h = br_hash_info((uint64_t)imprint->alg);
    uint64_t whole = o->written;
    if (h == NULL) {
        o->failed = true;
        return;
    }
    br_der_put_value(
        o, BR_DER_OCTET_STRING, br_bytes(imprint->b, h->digest_bytes));
    uint64_t algorithm = o->written;
    if (null) {
        br_der_put_value(o, BR_DER_NULL, br_bytes(NULL, 0));
    }
    br_der_put_oid(o, h->oid);
    br_der_wrap(o, BR_DER_SEQUENCE, algorithm);
    br_der_wrap(o, BR_DER_SEQUENCE, whole);
}

static enum br_rc
append(
    const struct br_der_out *o,
    const char *what,
    struct br_buf *ret,
    struct br_err *reterr)
{
    struct br_bytes b = br_der_out_bytes(o);
    if (b.n == 0) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "%s cannot be encoded", what);
    }
    br_buf_put(ret, b.p, b.n);
    return br_buf_status(ret, reterr);
}

enum br_rc
br_tst_request_encode(
    const struct br_tst_request *q, struct br_buf *ret, struct br_err *reterr)
{
    uint8_t bytes[512];
    struct br_der_out o;
    br_der_out_init(&o, bytes, sizeof(bytes));
    if (q->certificates) {
        br_der_put_bool(&o, true);
    }
    if (q->nonce.n > 0) {
        br_der_put_value(&o, BR_DER_INTEGER, q->nonce);
    }
    if (q->policy.n > 0) {
        br_der_put_value(&o, BR_DER_OID, q->policy);
    }
    br_tst_put_imprint(&o, &q->imprint, q->imprint_null);
    br_der_put_uint(&o, 1);
    br_der_wrap(&o, BR_DER_SEQUENCE, 0);
    return append(&o, "time-stamp request", ret, reterr);
}

/* ---- refusals (PKIStatusInfo, RFC 3161 section 2.4.2) ------------------- */

const char *
br_tst_failure_name(enum br_tst_failure f)
{
    switch (f) {
    case BR_TST_BAD_ALG:
        return "badAlg";
    case BR_TST_BAD_REQUEST:
        return "badRequest";
    case BR_TST_BAD_DATA_FORMAT:
        return "badDataFormat";
    case BR_TST_TIME_NOT_AVAILABLE:
        return "timeNotAvailable";
    case BR_TST_UNACCEPTED_POLICY:
        return "unacceptedPolicy";
    case BR_TST_UNACCEPTED_EXTENSION:
        return "unacceptedExtension";
    case BR_TST_ADD_INFO_NOT_AVAILABLE:
        return "addInfoNotAvailable";
    case BR_TST_SYSTEM_FAILURE:
        return "systemFailure";
    }
    return "unknown";
}

enum br_tst_failure
br_tst_failure_of(enum br_rc rc)
{
    if (rc == BR_ERR_UNSUPPORTED) {
        return BR_TST_BAD_ALG;
    }
    if (rc == BR_ERR_CLOCK_BACKWARDS) {
        return BR_TST_TIME_NOT_AVAILABLE;
    }
    if (rc < BR_ERR_UNAUTHENTICATED) {
        return BR_TST_BAD_DATA_FORMAT;
    }
    /* Who may not: "transaction not permitted or supported". */
    return rc < BR_ERR_WRONG_CHAIN ? BR_TST_BAD_REQUEST : BR_TST_SYSTEM_FAILURE;
}

/** BIT STRING of named bits: zeros at its end are left out (X.690 11.2.2). */
static void
put_failure(struct br_der_out *o, enum br_tst_failure f)
{
    uint8_t bits[5] = {0};
    unsigned bit = (unsigned)f;
    bits[0] = (uint8_t)(7 - bit % 8); /* unused bits of the last octet */
    bits[1 + bit / 8] = (uint8_t)(0x80 >> bit % 8);
    br_der_put_value(o, BR_DER_BIT_STRING, br_bytes(bits, 2 + bit / 8));
}

enum { REFUSAL_TEXT_BYTES = 200 };

enum br_rc
br_tst_put_refusal(
    enum br_tst_failure f,
    const char *text,
    struct br_buf *ret,
    struct br_err *reterr)
{
    uint8_t bytes[REFUSAL_TEXT_BYTES + 64];
    struct br_der_out o;
    size_t n = text == NULL ? 0 : strlen(text);
    br_der_out_init(&o, bytes, sizeof(bytes));
    put_failure(&o, f);
    if (n > 0 && n <= REFUSAL_TEXT_BYTES) {
        uint64_t mark = o.written;
        br_der_put_value(&o, BR_DER_UTF8_STRING, br_str(text));
        br_der_wrap(&o, BR_DER_SEQUENCE, mark);
    }
    br_der_put_uint(&o, 2); /* rejection */
    br_der_wrap(&o, BR_DER_SEQUENCE, 0);
    br_der_wrap(&o, BR_DER_SEQUENCE, 0);
    return append(&o, "refusal", ret, reterr);
}

struct br_tst_stamp
br_tst_stamp_of(
    const struct br_tst_request *q,
    struct br_leaf_index leaf,
    struct br_time_us time)
{
    bool with_nonce = q->nonce.n > 0;
    return (struct br_tst_stamp){
        .imprint = q->imprint,
        .imprint_null = q->imprint_null && with_nonce,
        .nonce = q->nonce,
        .serial = br_tst_serial(leaf, with_nonce),
        .time = time,
        .certificates = q->certificates,
    };
}
