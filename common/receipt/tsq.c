/* SPDX-License-Identifier: EUPL-1.2 */
/* Reading TimeStampReq (RFC 3161 section 2.4.1) as strict DER. */
#include "common/receipt/der.h"
#include "common/receipt/oid.h"
#include "common/receipt/rfc3161.h"

/** NIST's arc of hash algorithms, then its last number. */
static const struct br_hash_info *
hash_of(struct br_bytes oid)
{
    static const uint8_t arc[] = {0x60, 0x86, 0x48, 0x01,
                                  0x65, 0x03, 0x04, 0x02};
    if (oid.n != sizeof(arc) + 1 || memcmp(oid.p, arc, sizeof(arc)) != 0) {
        return NULL;
    }
    return br_hash_of_oid(oid.p[sizeof(arc)]);
}

static enum br_rc
refuse(
    enum br_tsa_failure *ret_failure,
    enum br_tsa_failure failure,
    enum br_rc rc,
    const char *text,
    struct br_err *reterr)
{
    *ret_failure = failure;
    return br_fail(reterr, rc, "%s", text);
}

static enum br_rc
read_imprint(
    struct br_der *r,
    struct br_tsq *q,
    enum br_tsa_failure *ret_failure,
    struct br_err *reterr)
{
    br_der_enter(r, BR_DER_SEQUENCE);
    br_der_enter(r, BR_DER_SEQUENCE);
    const struct br_hash_info *info = hash_of(br_der_oid(r));
    if (br_der_peek(r) == BR_DER_NULL && br_der_value(r, BR_DER_NULL).n > 0) {
        br_der_fail(r, BR_ERR_MALFORMED, "a NULL with contents");
    }
    br_der_leave(r);
    struct br_bytes digest = br_der_value(r, BR_DER_OCTET_STRING);
    br_der_leave(r);
    if (r->err.rc != BR_OK) {
        return refuse(
            ret_failure, BR_TSA_BAD_DATA_FORMAT, r->err.rc, r->err.text,
            reterr);
    }
    if (info == NULL) {
        return refuse(
            ret_failure, BR_TSA_BAD_ALG, BR_ERR_UNSUPPORTED,
            "sha-256, sha-384, sha-512, sha3-256 or sha3-512", reterr);
    }
    if (digest.n != info->digest_bytes) {
        return refuse(
            ret_failure, BR_TSA_BAD_DATA_FORMAT, BR_ERR_OUT_OF_RANGE,
            "hashedMessage is not as long as its algorithm makes it", reterr);
    }
    q->alg = info->alg;
    q->digest_bytes = digest.n;
    memcpy(q->digest, digest.p, digest.n);
    return BR_OK;
}

static void
read_nonce(struct br_der *r, struct br_tsq *q)
{
    struct br_bytes nonce = br_der_integer(r);
    if (nonce.n > BR_TST_NONCE_MAX) {
        br_der_fail(r, BR_ERR_TOO_LARGE, "a nonce of more than 32 bytes");
    } else if (nonce.n > 0) {
        memcpy(q->nonce, nonce.p, nonce.n);
        q->nonce_bytes = nonce.n;
    }
}

static enum br_rc
read_options(
    const struct br_tsa *t,
    struct br_der *r,
    struct br_tsq *q,
    enum br_tsa_failure *ret_failure,
    struct br_err *reterr)
{
    if (br_der_peek(r) == BR_DER_OID &&
        !br_bytes_eq(br_der_oid(r), br_bytes(t->policy, t->policy_bytes))) {
        return refuse(
            ret_failure, BR_TSA_UNACCEPTED_POLICY, BR_ERR_UNSUPPORTED,
            "this authority has another policy", reterr);
    }
    if (br_der_peek(r) == BR_DER_INTEGER) {
        read_nonce(r, q);
    }
    if (br_der_peek(r) == BR_DER_BOOLEAN) {
        q->certificates = br_der_bool(r);
        if (!q->certificates) {
            br_der_fail(r, BR_ERR_MALFORMED, "the default, written");
        }
    }
    if (br_der_peek(r) == BR_DER_CONSTRUCTED(0)) {
        return refuse(
            ret_failure, BR_TSA_UNACCEPTED_EXTENSION, BR_ERR_UNSUPPORTED,
            "extensions are not accepted", reterr);
    }
    return BR_OK;
}

enum br_rc
br_tsq_parse(
    const struct br_tsa *t,
    struct br_bytes request,
    struct br_tsq *ret,
    enum br_tsa_failure *ret_failure,
    struct br_err *reterr)
{
    struct br_tsq q = {0};
    struct br_der r;
    *ret_failure = BR_TSA_BAD_DATA_FORMAT;
    if (request.n > BR_TSQ_BYTES_MAX) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "a TimeStampReq");
    }
    br_der_init(&r, request);
    br_der_enter(&r, BR_DER_SEQUENCE);
    if (br_der_uint(&r) != 1) {
        br_der_fail(&r, BR_ERR_MALFORMED, "not a TimeStampReq of version 1");
    }
    BR_TRY(read_imprint(&r, &q, ret_failure, reterr));
    BR_TRY(read_options(t, &r, &q, ret_failure, reterr));
    br_der_leave(&r);
    *ret_failure = BR_TSA_BAD_DATA_FORMAT;
    BR_TRY(br_der_done(&r, reterr));
    *ret = q;
    return BR_OK;
}
