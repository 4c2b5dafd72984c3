/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/der.h"

void
br_der_out_init(struct br_der_out *o, uint8_t *p, size_t n)
{
    *o = (struct br_der_out){.p = p, .n = n, .at = n};
}

struct br_bytes
br_der_out_bytes(const struct br_der_out *o)
{
    return o->failed ? br_bytes(NULL, 0) : br_bytes(o->p + o->at, o->n - o->at);
}

void
br_der_put(struct br_der_out *o, struct br_bytes der)
{
    if (o->failed || der.n > o->at) {
        o->failed = true;
        return;
    }
    if (der.n > 0) {
        o->at -= der.n;
        memcpy(o->p + o->at, der.p, der.n);
        o->written += der.n;
    }
}

void
br_der_put_hole(struct br_der_out *o, uint64_t n)
{
    if (n > UINT64_MAX / 2 - o->written) {
        o->failed = true;
        return;
    }
    o->written += n;
}

void
br_der_wrap(struct br_der_out *o, unsigned tag, uint64_t mark)
{
    uint8_t head[10];
    size_t at = sizeof(head);
    uint64_t n = o->written - mark;
    if (n < 0x80) {
        head[--at] = (uint8_t)n;
    } else {
        for (uint64_t left = n; left > 0; left >>= 8) {
            head[--at] = (uint8_t)left;
        }
        size_t octets = sizeof(head) - at;
        head[--at] = (uint8_t)(0x80 | octets);
    }
    head[--at] = (uint8_t)tag;
    br_der_put(o, br_bytes(head + at, sizeof(head) - at));
}

void
br_der_put_value(struct br_der_out *o, unsigned tag, struct br_bytes v)
{
    uint64_t mark = o->written;
    br_der_put(o, v);
    br_der_wrap(o, tag, mark);
}

void
br_der_put_uint(struct br_der_out *o, uint64_t v)
{
    uint8_t be[9]; /* a zero before the highest bit: it is not negative */
    size_t at = sizeof(be);
    do {
        be[--at] = (uint8_t)v;
        v >>= 8;
    } while (v > 0);
    if (be[at] >= 0x80) {
        be[--at] = 0;
    }
    br_der_put_value(o, BR_DER_INTEGER, br_bytes(be + at, sizeof(be) - at));
}

void
br_der_put_bool(struct br_der_out *o, bool v)
{
    uint8_t b = v ? 0xff : 0x00;
    br_der_put_value(o, BR_DER_BOOLEAN, br_bytes(&b, 1));
}

/* ---- times -------------------------------------------------------------- */

struct civil {
    unsigned year;
    unsigned month;
    unsigned day;
};

/** Days since 1970-01-01 to the proleptic Gregorian calendar. Years are
 *  counted from March, so that the leap day ends them. */
static struct civil
civil_of(uint64_t days)
{
    days += 719468; /* from 0000-03-01 */
    uint64_t era = days / 146097;
    uint64_t doe = days % 146097;
    uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    uint64_t m = (5 * doy + 2) / 153;
    unsigned month = (unsigned)(m < 10 ? m + 3 : m - 9);
    return (struct civil){
        .year = (unsigned)(yoe + era * 400) + (month <= 2),
        .month = month,
        .day = (unsigned)(doy - (153 * m + 2) / 5 + 1),
    };
}

static uint8_t *
put_digits(uint8_t *at, uint64_t v, size_t digits)
{
    for (size_t i = digits; i-- > 0; v /= 10) {
        at[i] = (uint8_t)('0' + v % 10);
    }
    return at + digits;
}

/* 10000-01-01T00:00:00Z: four digits go no further. */
static const uint64_t year_10000_s = 253402300800;

void
br_der_put_generalized_time(struct br_der_out *o, struct br_time_us t)
{
    uint8_t text[BR_DER_TIME_BYTES_MAX];
    uint64_t s = t.v / 1000000;
    uint64_t fraction = t.v % 1000000;
    if (s >= year_10000_s) {
        o->failed = true;
        return;
    }
    struct civil d = civil_of(s / 86400);
    uint8_t *at = put_digits(text, d.year, 4);
    at = put_digits(at, d.month, 2);
    at = put_digits(at, d.day, 2);
    at = put_digits(at, s / 3600 % 24, 2);
    at = put_digits(at, s / 60 % 60, 2);
    at = put_digits(at, s % 60, 2);
    if (fraction > 0) {
        *at++ = '.';
        at = put_digits(at, fraction, 6);
        while (at[-1] == '0') {
            at--;
        }
    }
    *at++ = 'Z';
    br_der_put_value(
        o, BR_DER_GENERALIZED_TIME, br_bytes(text, (size_t)(at - text)));
}
