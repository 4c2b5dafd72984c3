/*
 * Deterministic CBOR (RFC 8949 section 4.2.1): one way to write each value.
 *
 * Writing goes into a struct br_buf. Reading is a cursor over borrowed bytes
 * that refuses everything but the deterministic form: indefinite lengths,
 * non-shortest heads, unsorted or duplicate map keys (checked by
 * br_cbor_check), floats, bad UTF-8, trailing bytes.
 *
 * A reader keeps its first failure: later calls return zero values, so that a
 * whole document is read and then judged once with br_cbor_done.
 *
 * Pure: no I/O, clock, randomness, globals. No recursion.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CODEC_CBOR_H
#define BR_CODEC_CBOR_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"

/** Major types of RFC 8949 section 3.1, and what ends a document. */
enum br_cbor_type {
    BR_CBOR_UINT = 0,
    BR_CBOR_NINT = 1,
    BR_CBOR_BYTES = 2,
    BR_CBOR_TEXT = 3,
    BR_CBOR_ARRAY = 4,
    BR_CBOR_MAP = 5,
    BR_CBOR_TAG = 6,
    BR_CBOR_SIMPLE = 7,
    BR_CBOR_END = 8, /**< no more bytes, or the reader has failed */
};

/* ---- writing: the caller keeps map keys in the deterministic order ------ */
void br_cbor_put_uint(struct br_buf *b, uint64_t v);
void br_cbor_put_int(struct br_buf *b, int64_t v);
void br_cbor_put_bytes(struct br_buf *b, struct br_bytes v);
/** Text must be valid UTF-8: asserted by the reader, not here. */
void br_cbor_put_text(struct br_buf *b, struct br_bytes v);
void br_cbor_put_array(struct br_buf *b, uint64_t count);
void br_cbor_put_map(struct br_buf *b, uint64_t pairs);
void br_cbor_put_tag(struct br_buf *b, uint64_t tag);
void br_cbor_put_bool(struct br_buf *b, bool v);
void br_cbor_put_null(struct br_buf *b);

/* ---- reading ------------------------------------------------------------ */
struct br_cbor {
    const uint8_t *p; /**< start of the document */
    size_t n;
    size_t at;
    struct br_err err; /**< first failure; err.rc == BR_OK while none */
};

void br_cbor_init(struct br_cbor *r, struct br_bytes document);
/** Type of the next item, without moving. */
enum br_cbor_type br_cbor_peek(const struct br_cbor *r);
uint64_t br_cbor_uint(struct br_cbor *r);
/** An unsigned integer that must not exceed max. */
uint64_t br_cbor_uint_max(struct br_cbor *r, uint64_t max);
int64_t br_cbor_int(struct br_cbor *r);
/** Borrowed from the document. */
struct br_bytes br_cbor_bytes(struct br_cbor *r);
struct br_bytes br_cbor_text(struct br_cbor *r);
/** Copy a byte string of exactly n bytes to out. */
void br_cbor_bytes_exact(struct br_cbor *r, uint8_t *out, size_t n);
/** Number of items that follow; at most max. */
uint64_t br_cbor_array(struct br_cbor *r, uint64_t max);
/** An array that must have exactly n items. */
void br_cbor_array_exact(struct br_cbor *r, uint64_t n);
/** Number of pairs that follow; at most max. */
uint64_t br_cbor_map(struct br_cbor *r, uint64_t max);
uint64_t br_cbor_tag(struct br_cbor *r);
bool br_cbor_bool(struct br_cbor *r);
void br_cbor_null(struct br_cbor *r);
/** Step over one whole item and return its bytes. Nesting is bounded by
 *  BR_CBOR_DEPTH_MAX; map keys inside must be sorted and unique. */
struct br_bytes br_cbor_skip(struct br_cbor *r);
/** Fail the reader with a reason of the caller's, at the current offset. */
void br_cbor_fail(struct br_cbor *r, enum br_rc rc, const char *what);
/** BR_OK when nothing failed and nothing is left; otherwise the failure. */
enum br_rc br_cbor_done(struct br_cbor *r, struct br_err *reterr) BR_MUST_USE;

/** Is this exactly one deterministic item? (RFC 8949 section 4.2.1) */
enum br_rc
br_cbor_check(struct br_bytes document, struct br_err *reterr) BR_MUST_USE;

#endif
