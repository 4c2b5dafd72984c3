/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/der.h"

#include "common/base/assert.h"

struct head {
    unsigned tag;
    size_t bytes;    /**< of the head itself */
    uint64_t length; /**< of the contents */
};

void
br_der_init(struct br_der *r, struct br_bytes document)
{
    r->p = document.p;
    r->n = document.n;
    r->at = 0;
    r->depth = 0;
    r->err.rc = BR_OK;
    r->err.offset = 0;
    r->err.text[0] = '\0';
}

void
br_der_fail(struct br_der *r, enum br_rc rc, const char *text)
{
    if (r->err.rc == BR_OK) {
        (void)br_fail_at(
            &r->err, rc, r->at, "DER, at byte %zu: %s", r->at, text);
    }
}

static size_t
limit(const struct br_der *r)
{
    return r->depth == 0 ? r->n : r->end[r->depth - 1];
}

/** Length octets of the long form (X.690 section 8.1.3.5), shortest only. */
static bool
long_length(struct br_der *r, size_t room, struct head *h)
{
    const uint8_t *p = r->p + r->at;
    size_t octets = p[1] & 0x7fu;
    uint64_t v = 0;
    if (octets == 0) {
        br_der_fail(r, BR_ERR_MALFORMED, "an indefinite length: BER, not DER");
        return false;
    }
    if (octets > 8) {
        br_der_fail(r, BR_ERR_MALFORMED, "an enormous length");
        return false;
    }
    if (room < 2 + octets) {
        br_der_fail(r, BR_ERR_TRUNCATED, "ends inside a length");
        return false;
    }
    for (size_t i = 0; i < octets; i++) {
        v = v << 8 | p[2 + i];
    }
    if (p[2] == 0 || v < 0x80) {
        br_der_fail(r, BR_ERR_MALFORMED, "a length longer than necessary");
        return false;
    }
    h->bytes = 2 + octets;
    h->length = v;
    return true;
}

/** Low tag numbers, and SEQUENCE and SET alone are constructed among the
 *  universal ones: strings in pieces are BER. */
static bool
tag_ok(unsigned tag)
{
    unsigned number = tag & 0x1f;
    bool universal = (tag & 0xc0) == 0;
    bool constructed = (tag & 0x20) != 0;
    bool sequence = number == 0x10 || number == 0x11;
    return number != 0x1f &&
           (!universal || (number != 0 && constructed == sequence));
}

static bool
read_head_alone(struct br_der *r, struct head *h)
{
    size_t room = limit(r) - r->at;
    if (r->err.rc != BR_OK) {
        return false;
    }
    if (room < 2) {
        br_der_fail(r, BR_ERR_TRUNCATED, "something is missing");
        return false;
    }
    h->tag = r->p[r->at];
    if (!tag_ok(h->tag)) {
        br_der_fail(r, BR_ERR_MALFORMED, "a tag that no time-stamp has");
        return false;
    }
    h->bytes = 2;
    h->length = r->p[r->at + 1];
    return h->length < 0x80 || long_length(r, room, h);
}

static bool
read_head(struct br_der *r, struct head *h)
{
    if (!read_head_alone(r, h)) {
        return false;
    }
    if (h->length > limit(r) - r->at - h->bytes) {
        br_der_fail(r, BR_ERR_TRUNCATED, "ends before its length says");
        return false;
    }
    return true;
}

static bool
is_tag(struct br_der *r, const struct head *h, unsigned tag)
{
    if (h->tag != tag) {
        (void)br_fail_at(
            &r->err, BR_ERR_MALFORMED, r->at,
            "DER, at byte %zu: tag %02x where %02x belongs", r->at, h->tag,
            tag);
    }
    return h->tag == tag;
}

static bool
expect(struct br_der *r, unsigned tag, struct head *h)
{
    if (!read_head(r, h)) {
        return false;
    }
    return is_tag(r, h, tag);
}

unsigned
br_der_peek(const struct br_der *r)
{
    return r->err.rc != BR_OK || r->at >= limit(r) ? (unsigned)BR_DER_END
                                                   : r->p[r->at];
}

void
br_der_enter(struct br_der *r, unsigned tag)
{
    struct head h;
    if (!expect(r, tag, &h)) {
        return;
    }
    if (r->depth == BR_DER_DEPTH_MAX) {
        br_der_fail(r, BR_ERR_TOO_LARGE, "nested too deeply");
        return;
    }
    r->at += h.bytes;
    r->end[r->depth++] = r->at + (size_t)h.length;
}

uint64_t
br_der_head(struct br_der *r, unsigned tag)
{
    struct head h;
    if (!read_head_alone(r, &h) || !is_tag(r, &h, tag)) {
        return 0;
    }
    r->at += h.bytes;
    return h.length;
}

void
br_der_leave(struct br_der *r)
{
    if (r->err.rc != BR_OK) {
        return;
    }
    BR_ASSERT(r->depth > 0);
    if (r->at != limit(r)) {
        br_der_fail(r, BR_ERR_MALFORMED, "more than belongs here");
        return;
    }
    r->depth--;
}

struct br_bytes
br_der_value(struct br_der *r, unsigned tag)
{
    struct head h;
    if (!expect(r, tag, &h)) {
        return br_bytes(NULL, 0);
    }
    struct br_bytes v = br_bytes(r->p + r->at + h.bytes, (size_t)h.length);
    r->at += h.bytes + v.n;
    return v;
}

struct br_bytes
br_der_element(struct br_der *r, unsigned tag)
{
    size_t from = r->at;
    (void)br_der_value(r, tag);
    return r->err.rc == BR_OK ? br_bytes(r->p + from, r->at - from)
                              : br_bytes(NULL, 0);
}

/** X.690 section 8.3.2: the first nine bits are not all equal. */
static bool
integer_ok(struct br_bytes v)
{
    return v.n > 0 && (v.n == 1 || !((v.p[0] == 0x00 && v.p[1] < 0x80) ||
                                     (v.p[0] == 0xff && v.p[1] >= 0x80)));
}

struct br_bytes
br_der_integer(struct br_der *r)
{
    struct br_bytes v = br_der_value(r, BR_DER_INTEGER);
    if (r->err.rc == BR_OK && !integer_ok(v)) {
        br_der_fail(r, BR_ERR_MALFORMED, "an integer longer than necessary");
    }
    return r->err.rc == BR_OK ? v : br_bytes(NULL, 0);
}

uint64_t
br_der_uint(struct br_der *r)
{
    struct br_bytes v = br_der_integer(r);
    uint64_t out = 0;
    if (v.n > 0 && (v.p[0] >= 0x80 || v.n > 9 || (v.n == 9 && v.p[0] != 0))) {
        br_der_fail(r, BR_ERR_OUT_OF_RANGE, "an integer not from 0 to 2^64-1");
        return 0;
    }
    for (size_t i = 0; i < v.n; i++) {
        out = out << 8 | v.p[i];
    }
    return out;
}

bool
br_der_bool(struct br_der *r)
{
    struct br_bytes v = br_der_value(r, BR_DER_BOOLEAN);
    if (r->err.rc == BR_OK &&
        (v.n != 1 || (v.p[0] != 0x00 && v.p[0] != 0xff))) {
        br_der_fail(r, BR_ERR_MALFORMED, "neither true nor false");
    }
    return v.n == 1 && v.p[0] == 0xff;
}

/** Whole sub-identifiers in their shortest form. */
static bool
oid_ok(struct br_bytes v)
{
    bool first = true; /* of a sub-identifier */
    for (size_t i = 0; i < v.n; i++) {
        if (first && v.p[i] == 0x80) {
            return false;
        }
        first = v.p[i] < 0x80;
    }
    return v.n > 0 && v.n <= BR_DER_OID_BYTES_MAX && first;
}

struct br_bytes
br_der_oid(struct br_der *r)
{
    struct br_bytes v = br_der_value(r, BR_DER_OID);
    if (r->err.rc == BR_OK && !oid_ok(v)) {
        br_der_fail(r, BR_ERR_MALFORMED, "not an object identifier");
    }
    return r->err.rc == BR_OK ? v : br_bytes(NULL, 0);
}

/* ---- verdicts ----------------------------------------------------------- */

enum br_rc
br_der_done(struct br_der *r, struct br_err *reterr)
{
    if (r->err.rc == BR_OK && (r->depth > 0 || r->at != r->n)) {
        br_der_fail(r, BR_ERR_TRAILING, "bytes after the end");
    }
    if (r->err.rc != BR_OK && reterr != NULL) {
        *reterr = r->err;
    }
    return r->err.rc;
}

enum br_rc
br_der_check(struct br_bytes document, struct br_err *reterr)
{
    struct br_der r;
    br_der_init(&r, document);
    do {
        unsigned tag = br_der_peek(&r);
        if (tag == BR_DER_END && r.depth > 0) {
            br_der_leave(&r);
        } else if (tag == BR_DER_INTEGER) {
            (void)br_der_integer(&r);
        } else if (tag == BR_DER_BOOLEAN) {
            (void)br_der_bool(&r);
        } else if ((tag & 0x20) != 0) {
            br_der_enter(&r, tag);
        } else {
            (void)br_der_value(&r, tag);
        }
    } while (r.err.rc == BR_OK && r.depth > 0);
    return br_der_done(&r, reterr);
}
