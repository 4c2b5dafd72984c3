/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/der.h"

#include "common/base/assert.h"

#include <inttypes.h>
#include <stdio.h>

struct head {
    unsigned tag;
    size_t bytes;  /**< of the head itself */
    size_t length; /**< of the contents */
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
    if (octets == 0 || octets > 8) {
        br_der_fail(r, BR_ERR_MALFORMED, "indefinite or enormous length");
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
    h->length = v > SIZE_MAX ? SIZE_MAX : (size_t)v;
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
read_head(struct br_der *r, struct head *h)
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
    if (h->length >= 0x80 && !long_length(r, room, h)) {
        return false;
    }
    if (h->length > room - h->bytes) {
        br_der_fail(r, BR_ERR_TRUNCATED, "ends before its length says");
        return false;
    }
    return true;
}

static bool
expect(struct br_der *r, unsigned tag, struct head *h)
{
    if (!read_head(r, h)) {
        return false;
    }
    if (h->tag != tag) {
        char text[64];
        (void)snprintf(
            text, sizeof(text), "tag %02x where %02x belongs", h->tag, tag);
        br_der_fail(r, BR_ERR_MALFORMED, text);
        return false;
    }
    return true;
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
    r->end[r->depth++] = r->at + h.length;
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
    struct br_bytes v = br_bytes(r->p + r->at + h.bytes, h.length);
    r->at += h.bytes + h.length;
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
    return r->err.rc == BR_OK && v.p[0] == 0xff;
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

/* ---- times -------------------------------------------------------------- */

/** Days from 1970-01-01, negative before it; any year from 0. */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = year + 400 - (month <= 2); /* never negative */
    int64_t yoe = y % 400;
    int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return (y / 400 - 1) * 146097 + doe - 719468;
}

static bool
digits(struct br_bytes v, int64_t out[7])
{
    for (size_t i = 0; i < 14; i++) {
        if (v.p[i] < '0' || v.p[i] > '9') {
            return false;
        }
    }
    for (size_t i = 0; i < 7; i++) {
        out[i] = (v.p[2 * i] - '0') * 10 + (v.p[2 * i + 1] - '0');
    }
    return v.p[14] == 'Z';
}

/** f: century, year, month, day, hour, minute, second. */
static bool
fields_ok(const int64_t f[7])
{
    static const int64_t length[12] = {31, 28, 31, 30, 31, 30,
                                       31, 31, 30, 31, 30, 31};
    int64_t year = f[0] * 100 + f[1];
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (f[2] < 1 || f[2] > 12) {
        return false;
    }
    int64_t last = length[f[2] - 1] + (f[2] == 2 && leap);
    return f[3] >= 1 && f[3] <= last && f[4] < 24 && f[5] < 60 && f[6] < 60;
}

int64_t
br_der_seconds(struct br_der *r)
{
    uint8_t text[15];
    int64_t f[7];
    bool utc = br_der_peek(r) == BR_DER_UTC_TIME;
    struct br_bytes v = br_der_value(
        r, utc ? (unsigned)BR_DER_UTC_TIME : (unsigned)BR_DER_GENERALIZED_TIME);
    size_t skip = utc ? 2 : 0;
    if (r->err.rc != BR_OK || v.n + skip != sizeof(text)) {
        br_der_fail(r, BR_ERR_MALFORMED, "not a time");
        return 0;
    }
    memcpy(text, v.p[0] < '5' ? "20" : "19", 2);
    memcpy(text + skip, v.p, v.n);
    if (!digits(br_bytes(text, sizeof(text)), f) || !fields_ok(f)) {
        br_der_fail(r, BR_ERR_MALFORMED, "not a time");
        return 0;
    }
    return days_of(f[0] * 100 + f[1], f[2], f[3]) * 86400 + f[4] * 3600 +
           f[5] * 60 + f[6];
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
    } while (r.err.rc == BR_OK && (r.depth > 0));
    return br_der_done(&r, reterr);
}

bool
br_der_oid_text(struct br_bytes oid, char out[BR_DER_OID_TEXT_MAX])
{
    size_t at = 0;
    uint64_t arc = 0;
    bool first = true;
    if (!oid_ok(oid)) {
        return false;
    }
    for (size_t i = 0; i < oid.n; i++) {
        if (arc > UINT64_MAX >> 7) {
            return false;
        }
        arc = arc << 7 | (oid.p[i] & 0x7f);
        if (oid.p[i] >= 0x80) {
            continue;
        }
        uint64_t root = arc < 40 ? 0 : arc < 80 ? 1 : 2;
        char text[48];
        int n = first ? snprintf(
                            text, sizeof(text), "%" PRIu64 ".%" PRIu64, root,
                            arc - root * 40)
                      : snprintf(text, sizeof(text), ".%" PRIu64, arc);
        if (n < 0 || (size_t)n >= BR_DER_OID_TEXT_MAX - at) {
            return false;
        }
        memcpy(out + at, text, (size_t)n + 1);
        at += (size_t)n;
        arc = 0;
        first = false;
    }
    return true;
}
