/* SPDX-License-Identifier: EUPL-1.2 */
/* Reading TimeStampReq (RFC 3161 section 2.4.1) as strict DER. */
#include "common/receipt/oid.h"
#include "common/receipt/rfc3161.h"

enum {
    TAG_BOOLEAN = 0x01,
    TAG_INTEGER = 0x02,
    TAG_OCTETS = 0x04,
    TAG_NULL = 0x05,
    TAG_OID = 0x06,
    TAG_SEQUENCE = 0x30,
    TAG_EXTENSIONS = 0xa0,
};

/** What is left to read; nothing nests deeper than the code does. */
struct cursor {
    struct br_bytes rest;
    bool bad;
};

static uint8_t
peek(const struct cursor *c)
{
    return c->bad || c->rest.n == 0 ? 0 : c->rest.p[0];
}

/** Length octets: definite and as short as they can be. */
static size_t
take_length(struct cursor *c)
{
    if (c->rest.n < 2) {
        c->bad = true;
        return 0;
    }
    size_t first = c->rest.p[1];
    size_t used = 2;
    size_t n = first;
    if (first >= 0x80) {
        size_t bytes = first & 0x7f;
        n = 0;
        if (bytes == 0 || bytes > 2 || c->rest.n < 2 + bytes) {
            c->bad = true;
            return 0;
        }
        for (size_t i = 0; i < bytes; i++) {
            n = n << 8 | c->rest.p[2 + i];
        }
        used += bytes;
        c->bad |= n < 0x80 || (bytes == 2 && n < 0x100);
    }
    c->rest.p += used;
    c->rest.n -= used;
    c->bad |= n > c->rest.n;
    return n;
}

static struct br_bytes
take(struct cursor *c, uint8_t tag)
{
    if (peek(c) != tag) {
        c->bad = true;
        return br_bytes(NULL, 0);
    }
    size_t n = take_length(c);
    if (c->bad) {
        return br_bytes(NULL, 0);
    }
    struct br_bytes v = br_bytes(c->rest.p, n);
    c->rest.p += n;
    c->rest.n -= n;
    return v;
}

static struct cursor
enter(struct cursor *c, uint8_t tag)
{
    struct br_bytes inside = take(c, tag);
    return (struct cursor){inside, c->bad};
}

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
    struct cursor *c,
    struct br_tsq *q,
    enum br_tsa_failure *ret_failure,
    struct br_err *reterr)
{
    struct cursor imprint = enter(c, TAG_SEQUENCE);
    struct cursor alg = enter(&imprint, TAG_SEQUENCE);
    const struct br_hash_info *info = hash_of(take(&alg, TAG_OID));
    if (alg.rest.n > 0) {
        alg.bad |= take(&alg, TAG_NULL).n != 0 || alg.rest.n > 0;
    }
    struct br_bytes digest = take(&imprint, TAG_OCTETS);
    if (alg.bad || imprint.bad || imprint.rest.n > 0) {
        return refuse(
            ret_failure, BR_TSA_BAD_DATA_FORMAT, BR_ERR_MALFORMED,
            "messageImprint is not as RFC 3161 has it", reterr);
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
read_nonce(struct cursor *c, struct br_tsq *q)
{
    struct br_bytes nonce = take(c, TAG_INTEGER);
    bool padded = nonce.n > 1 && ((nonce.p[0] == 0 && nonce.p[1] < 0x80) ||
                                  (nonce.p[0] == 0xff && nonce.p[1] >= 0x80));
    if (nonce.n == 0 || nonce.n > BR_TST_NONCE_MAX || padded) {
        c->bad = true;
        return;
    }
    memcpy(q->nonce, nonce.p, nonce.n);
    q->nonce_bytes = nonce.n;
}

static enum br_rc
read_options(
    const struct br_tsa *t,
    struct cursor *c,
    struct br_tsq *q,
    enum br_tsa_failure *ret_failure,
    struct br_err *reterr)
{
    if (peek(c) == TAG_OID &&
        !br_bytes_eq(take(c, TAG_OID), br_bytes(t->policy, t->policy_bytes))) {
        return refuse(
            ret_failure, BR_TSA_UNACCEPTED_POLICY, BR_ERR_UNSUPPORTED,
            "this authority has another policy", reterr);
    }
    if (peek(c) == TAG_INTEGER) {
        read_nonce(c, q);
    }
    if (peek(c) == TAG_BOOLEAN) {
        struct br_bytes v = take(c, TAG_BOOLEAN);
        /* DER: TRUE is ff, and the default is not written. */
        c->bad |= v.n != 1 || v.p[0] != 0xff;
        q->certificates = true;
    }
    if (peek(c) == TAG_EXTENSIONS) {
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
    struct cursor outer = {request, request.n > BR_TSQ_BYTES_MAX};
    struct cursor c = enter(&outer, TAG_SEQUENCE);
    struct br_bytes version = take(&c, TAG_INTEGER);
    *ret_failure = BR_TSA_BAD_DATA_FORMAT;
    if (c.bad || version.n != 1 || version.p[0] != 1) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "not a TimeStampReq of version 1");
    }
    BR_TRY(read_imprint(&c, &q, ret_failure, reterr));
    BR_TRY(read_options(t, &c, &q, ret_failure, reterr));
    if (c.bad || c.rest.n > 0 || outer.bad || outer.rest.n > 0) {
        return refuse(
            ret_failure, BR_TSA_BAD_DATA_FORMAT, BR_ERR_MALFORMED,
            "not DER, or more than a TimeStampReq", reterr);
    }
    *ret = q;
    return BR_OK;
}
