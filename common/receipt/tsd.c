/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/tsd.h"

#include "common/base/assert.h"
#include "common/codec/text.h"
#include "common/receipt/der.h"

/* id-ct-timestampedData, 1.2.840.113549.1.9.16.1.31 */
static const uint8_t oid_timestamped_data[] = {
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x1f};

/* Contents of Evidence, a CHOICE with implicit tags (appendix A). */
enum { TST_EVIDENCE = BR_DER_CONSTRUCTED(0) };

static bool
is_our_type(struct br_bytes oid)
{
    return br_bytes_eq(
        oid, br_bytes(oid_timestamped_data, sizeof(oid_timestamped_data)));
}

bool
br_tsd_is(struct br_bytes start)
{
    struct br_der r;
    br_der_init(&r, start);
    (void)br_der_head(&r, BR_DER_SEQUENCE);
    return is_our_type(br_der_oid(&r));
}

/* ---- the head ----------------------------------------------------------- */

/** Enter an element that ends with the file. */
static void
enter_to_end(struct br_der *r, unsigned tag, uint64_t file_bytes)
{
    uint64_t n = br_der_head(r, tag);
    if (r->err.rc == BR_OK && n != file_bytes - r->at) {
        br_der_fail(
            r, n > file_bytes - r->at ? BR_ERR_TRUNCATED : BR_ERR_TRAILING,
            "the file does not end where its length says");
    }
}

static void
check_seven_bits(struct br_der *r, struct br_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] >= 0x80) {
            br_der_fail(r, BR_ERR_MALFORMED, "an IA5String of eight bits");
            return;
        }
    }
}

static struct br_bytes
read_ia5(struct br_der *r)
{
    struct br_bytes text = br_der_value(r, BR_DER_IA5_STRING);
    check_seven_bits(r, text);
    return text;
}

/** Attributes ::= SET SIZE(1..MAX) OF Attribute: identifier, SET of values.
 *  "The Attribute values within the otherMetaData field MUST be DER encoded."
 */
static void
read_attributes(struct br_der *r)
{
    br_der_enter(r, BR_DER_SET);
    do {
        br_der_enter(r, BR_DER_SEQUENCE);
        (void)br_der_oid(r);
        if (br_der_check(br_der_element(r, BR_DER_SET), NULL) != BR_OK) {
            br_der_fail(r, BR_ERR_MALFORMED, "an attribute that is not DER");
        }
        br_der_leave(r);
    } while (br_der_peek(r) != BR_DER_END);
    br_der_leave(r);
}

static void
read_metadata(struct br_der *r, struct br_tsd *t)
{
    size_t from = r->at;
    br_der_enter(r, BR_DER_SEQUENCE);
    t->hash_protected = br_der_bool(r);
    /* "At least one of the fileName, mediaType, and otherMetaData sub-fields
     * MUST be present." */
    if (br_der_peek(r) == BR_DER_END) {
        br_der_fail(r, BR_ERR_MISSING_FIELD, "metadata about nothing");
    }
    if (br_der_peek(r) == BR_DER_UTF8_STRING) {
        t->name = br_der_value(r, BR_DER_UTF8_STRING);
        if (br_utf8_check(t->name) != t->name.n) {
            br_der_fail(r, BR_ERR_BAD_UTF8, "the file's name");
        }
    }
    if (br_der_peek(r) == BR_DER_IA5_STRING) {
        t->type = read_ia5(r);
    }
    if (br_der_peek(r) == BR_DER_SET) {
        read_attributes(r);
    }
    br_der_leave(r);
    if (r->err.rc == BR_OK) {
        t->metadata = br_bytes(r->p + from, r->at - from);
    }
}

static void
read_content(struct br_der *r, struct br_tsd *t, uint64_t file_bytes)
{
    t->has_content = br_der_peek(r) == BR_DER_OCTET_STRING;
    if (t->has_content) {
        t->content_bytes = br_der_head(r, BR_DER_OCTET_STRING);
    } else if (t->data_uri.n == 0) {
        /* "When the content field is absent, dataUri MUST be present." */
        br_der_fail(
            r, BR_ERR_MISSING_FIELD, "neither a document nor its address");
    }
    t->content_at = r->at;
    if (t->content_bytes > file_bytes - r->at) {
        br_der_fail(r, BR_ERR_TRUNCATED, "the document ends before its length");
    }
}

enum br_rc
br_tsd_parse_head(
    struct br_bytes start,
    uint64_t file_bytes,
    struct br_tsd *ret,
    struct br_err *reterr)
{
    struct br_der r;
    struct br_tsd t = {0};
    BR_ASSERT(start.n <= file_bytes);
    if (start.n > BR_TSD_HEAD_BYTES_MAX) {
        start.n = BR_TSD_HEAD_BYTES_MAX;
    }
    br_der_init(&r, start);
    enter_to_end(&r, BR_DER_SEQUENCE, file_bytes);
    if (!is_our_type(br_der_oid(&r))) {
        br_der_fail(&r, BR_ERR_MALFORMED, "not TimeStampedData (RFC 5544)");
    }
    enter_to_end(&r, BR_DER_CONSTRUCTED(0), file_bytes);
    enter_to_end(&r, BR_DER_SEQUENCE, file_bytes);
    if (br_der_uint(&r) != 1) {
        br_der_fail(&r, BR_ERR_UNSUPPORTED, "TimeStampedData has version 1");
    }
    if (br_der_peek(&r) == BR_DER_IA5_STRING) {
        t.data_uri = read_ia5(&r);
    }
    if (br_der_peek(&r) == BR_DER_SEQUENCE) {
        read_metadata(&r, &t);
    }
    read_content(&r, &t, file_bytes);
    if (r.err.rc != BR_OK) {
        if (reterr != NULL) {
            *reterr = r.err;
        }
        return r.err.rc;
    }
    *ret = t;
    return BR_OK;
}

/* ---- the tail ----------------------------------------------------------- */

static void
read_stamp(struct br_der *r, struct br_tsd_stamp *s)
{
    size_t from = r->at;
    br_der_enter(r, BR_DER_SEQUENCE);
    s->token = br_der_element(r, BR_DER_SEQUENCE);
    s->crl = br_der_peek(r) == BR_DER_END ? br_bytes(NULL, 0)
                                          : br_der_element(r, BR_DER_SEQUENCE);
    br_der_leave(r);
    s->element = br_bytes(r->p + from, r->at - from);
}

enum br_rc
br_tsd_parse_tail(struct br_bytes tail, struct br_tsd *t, struct br_err *reterr)
{
    struct br_der r;
    br_der_init(&r, tail);
    unsigned tag = br_der_peek(&r);
    if (tag == BR_DER_CONSTRUCTED(1) || tag == BR_DER_CONSTRUCTED(2)) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "its evidence is no RFC 3161 time-stamp");
    }
    br_der_enter(&r, TST_EVIDENCE);
    /* "MUST contain at least one element of type TimeStampAndCRL." */
    if (br_der_peek(&r) == BR_DER_END) {
        br_der_fail(&r, BR_ERR_MISSING_FIELD, "no time-stamp");
    }
    t->stamp_count = 0;
    while (br_der_peek(&r) != BR_DER_END) {
        if (t->stamp_count == BR_TSD_STAMPS_MAX) {
            br_der_fail(&r, BR_ERR_TOO_LARGE, "more than 32 time-stamps");
            break;
        }
        read_stamp(&r, &t->stamp[t->stamp_count++]);
    }
    br_der_leave(&r);
    return br_der_done(&r, reterr);
}

/* ---- writing ------------------------------------------------------------ */

static void
put_metadata(struct br_der_out *o, struct br_bytes name)
{
    uint64_t mark = o->written;
    br_der_put_value(o, BR_DER_UTF8_STRING, name);
    br_der_put_bool(o, false);
    br_der_wrap(o, BR_DER_SEQUENCE, mark);
}

/** Backwards, with the token and the document as holes. Returns how many bytes
 *  were written when the document's place was reached: those of the tail. */
static size_t
put_frame(
    struct br_der_out *o,
    uint64_t content_bytes,
    struct br_bytes name,
    uint64_t token_bytes)
{
    br_der_put_hole(o, token_bytes);
    br_der_wrap(o, BR_DER_SEQUENCE, 0);
    br_der_wrap(o, TST_EVIDENCE, 0);
    size_t tail = o->n - o->at;
    uint64_t mark = o->written;
    br_der_put_hole(o, content_bytes);
    br_der_wrap(o, BR_DER_OCTET_STRING, mark);
    if (name.n > 0) {
        put_metadata(o, name);
    }
    br_der_put_uint(o, 1);
    br_der_wrap(o, BR_DER_SEQUENCE, 0);
    br_der_wrap(o, BR_DER_CONSTRUCTED(0), 0);
    br_der_put_value(
        o, BR_DER_OID,
        br_bytes(oid_timestamped_data, sizeof(oid_timestamped_data)));
    br_der_wrap(o, BR_DER_SEQUENCE, 0);
    return tail;
}

enum br_rc
br_tsd_put(
    uint64_t content_bytes,
    struct br_bytes name,
    struct br_bytes token,
    struct br_buf *ret_head,
    struct br_buf *ret_tail,
    struct br_err *reterr)
{
    uint8_t bytes[BR_TSD_NAME_BYTES_MAX + 128];
    struct br_der_out o;
    if (br_utf8_check(name) != name.n) {
        return br_fail(reterr, BR_ERR_BAD_UTF8, "the file's name");
    }
    br_der_out_init(&o, bytes, sizeof(bytes));
    size_t tail = put_frame(&o, content_bytes, name, token.n);
    if (o.failed || name.n > BR_TSD_NAME_BYTES_MAX) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "TimeStampedData");
    }
    struct br_bytes frame = br_der_out_bytes(&o);
    br_buf_put(ret_head, frame.p, frame.n - tail);
    br_buf_put(ret_tail, frame.p + frame.n - tail, tail);
    br_buf_put(ret_tail, token.p, token.n);
    BR_TRY(br_buf_status(ret_head, reterr));
    return br_buf_status(ret_tail, reterr);
}
