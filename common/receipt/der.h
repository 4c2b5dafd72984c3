/*
 * DER (ITU-T X.690 section 10): as much of it as time-stamps need.
 *
 * - The writer goes backwards: contents first, then the head that needs their
 *   length. It fills an array of the caller's from its end, so nothing is
 *   moved and nothing is allocated. Overflow sets `failed`; look once.
 * - The reader is a cursor over borrowed bytes that refuses everything but
 *   DER: indefinite or longer than necessary lengths, integers with needless
 *   octets, booleans other than 00 and ff, tags above 30, trailing bytes. It
 *   keeps its first failure: later calls return zero values, so that a whole
 *   document is read and then judged once with br_der_done.
 *
 * Pure: no I/O, clock, randomness, globals. No recursion.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_DER_H
#define BR_RECEIPT_DER_H

#include "common/base/bytes.h"
#include "common/base/error.h"

/* A certificate inside a token inside a .tsd needs eleven. */
#define BR_DER_DEPTH_MAX 24
/* Object identifiers in use are shorter than half of it. */
#define BR_DER_OID_BYTES_MAX 64
/* "YYYYMMDDhhmmss.ffffffZ" */
#define BR_DER_TIME_BYTES_MAX 22

/** Identifier octets: class, constructed or not, and number. */
enum br_der_tag {
    BR_DER_END = 0, /**< not a tag: nothing more here, or the reader failed */
    BR_DER_BOOLEAN = 0x01,
    BR_DER_INTEGER = 0x02,
    BR_DER_BIT_STRING = 0x03,
    BR_DER_OCTET_STRING = 0x04,
    BR_DER_NULL = 0x05,
    BR_DER_OID = 0x06,
    BR_DER_UTF8_STRING = 0x0c,
    BR_DER_IA5_STRING = 0x16,
    BR_DER_GENERALIZED_TIME = 0x18,
    BR_DER_SEQUENCE = 0x30,
    BR_DER_SET = 0x31,
};

/** Context-specific tags, n from 0 to 30. */
#define BR_DER_PRIMITIVE(n)   (0x80u | (n))
#define BR_DER_CONSTRUCTED(n) (0xa0u | (n))

/* ---- writing, from the last byte to the first --------------------------- */

struct br_der_out {
    uint8_t *p;
    size_t n;
    size_t at;        /**< the bytes are p[at..n) */
    uint64_t written; /**< n - at, and the holes */
    bool failed;
};

void br_der_out_init(struct br_der_out *o, uint8_t *p, size_t n);
/** What is written so far; empty when failed. */
struct br_bytes br_der_out_bytes(const struct br_der_out *o);

/** Bytes that are DER already. */
void br_der_put(struct br_der_out *o, struct br_bytes der);
/** Count n bytes that are not here: the content of a file, streamed later. */
void br_der_put_hole(struct br_der_out *o, uint64_t n);
/** The head of what was written since `o->written` was `mark`. */
void br_der_wrap(struct br_der_out *o, unsigned tag, uint64_t mark);

void br_der_put_value(struct br_der_out *o, unsigned tag, struct br_bytes v);
void br_der_put_uint(struct br_der_out *o, uint64_t v);
void br_der_put_bool(struct br_der_out *o, bool v);
/** "YYYYMMDDhhmmss[.f...]Z" without trailing zeros (X.690 section 11.7); fails
 *  past the year 9999. */
void br_der_put_generalized_time(struct br_der_out *o, struct br_time_us t);

/* ---- reading ------------------------------------------------------------ */

struct br_der {
    const uint8_t *p;
    size_t n;
    size_t at;
    size_t end[BR_DER_DEPTH_MAX]; /**< of what was entered */
    unsigned depth;
    struct br_err err; /**< first failure; err.rc == BR_OK while none */
};

void br_der_init(struct br_der *r, struct br_bytes document);
/** Tag of the next element of what was entered, without moving. */
unsigned br_der_peek(const struct br_der *r);
/** Go into a constructed element; br_der_leave fails if any of it is left. */
void br_der_enter(struct br_der *r, unsigned tag);
void br_der_leave(struct br_der *r);
/** Go past the head of an element whose contents need not be here: those of a
 *  file too large for memory. Returns their length. */
uint64_t br_der_head(struct br_der *r, unsigned tag);

/** Contents of the next element, which must have this tag. */
struct br_bytes br_der_value(struct br_der *r, unsigned tag);
/** The next element whole, with its head. What is inside is not looked at. */
struct br_bytes br_der_element(struct br_der *r, unsigned tag);
/** Contents of an INTEGER, which may be negative: two's complement. */
struct br_bytes br_der_integer(struct br_der *r);
/** An INTEGER from 0 to 2^64 - 1. */
uint64_t br_der_uint(struct br_der *r);
bool br_der_bool(struct br_der *r);
/** Contents of an OBJECT IDENTIFIER. */
struct br_bytes br_der_oid(struct br_der *r);

/** Fail with a reason of the caller's, at the current offset. */
void br_der_fail(struct br_der *r, enum br_rc rc, const char *text);
/** The verdict: first failure, or TRAILING when bytes are left. */
enum br_rc br_der_done(struct br_der *r, struct br_err *reterr) BR_MUST_USE;

/** Is this DER to the innermost constructed element? */
enum br_rc
br_der_check(struct br_bytes document, struct br_err *reterr) BR_MUST_USE;

#endif
