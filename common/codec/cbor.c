/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/cbor.h"

#include "common/base/limits.h"
#include "common/codec/text.h"

/* ---- writing ------------------------------------------------------------ */

static void
put_head(struct br_buf *b, enum br_cbor_type type, uint64_t v)
{
    uint8_t head[9];
    size_t n = 1;
    uint8_t major = (uint8_t)((unsigned)type << 5);
    if (v < 24) {
        head[0] = (uint8_t)(major | v);
    } else {
        unsigned log2 = v <= UINT8_MAX    ? 0
                        : v <= UINT16_MAX ? 1
                        : v <= UINT32_MAX ? 2
                                          : 3;
        head[0] = (uint8_t)(major | (24 + log2));
        size_t width = (size_t)1 << log2;
        for (size_t i = 0; i < width; i++) {
            head[n++] = (uint8_t)(v >> (8 * (width - 1 - i)));
        }
    }
    br_buf_put(b, head, n);
}

void
br_cbor_put_uint(struct br_buf *b, uint64_t v)
{
    put_head(b, BR_CBOR_UINT, v);
}

void
br_cbor_put_int(struct br_buf *b, int64_t v)
{
    if (v >= 0) {
        put_head(b, BR_CBOR_UINT, (uint64_t)v);
    } else {
        put_head(b, BR_CBOR_NINT, (uint64_t)(-1 - v));
    }
}

void
br_cbor_put_bytes(struct br_buf *b, struct br_bytes v)
{
    put_head(b, BR_CBOR_BYTES, v.n);
    br_buf_put(b, v.p, v.n);
}

void
br_cbor_put_text(struct br_buf *b, struct br_bytes v)
{
    put_head(b, BR_CBOR_TEXT, v.n);
    br_buf_put(b, v.p, v.n);
}

void
br_cbor_put_array(struct br_buf *b, uint64_t count)
{
    put_head(b, BR_CBOR_ARRAY, count);
}

void
br_cbor_put_map(struct br_buf *b, uint64_t pairs)
{
    put_head(b, BR_CBOR_MAP, pairs);
}

void
br_cbor_put_tag(struct br_buf *b, uint64_t tag)
{
    put_head(b, BR_CBOR_TAG, tag);
}

enum { SIMPLE_FALSE = 20, SIMPLE_TRUE = 21, SIMPLE_NULL = 22 };

void
br_cbor_put_bool(struct br_buf *b, bool v)
{
    put_head(b, BR_CBOR_SIMPLE, v ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void
br_cbor_put_null(struct br_buf *b)
{
    put_head(b, BR_CBOR_SIMPLE, SIMPLE_NULL);
}

/* ---- reading ------------------------------------------------------------ */

struct head {
    enum br_cbor_type type;
    uint64_t v;
    size_t n; /**< bytes of the head */
};

void
br_cbor_init(struct br_cbor *r, struct br_bytes document)
{
    r->p = document.p;
    r->n = document.n;
    r->at = 0;
    r->err.rc = BR_OK;
    r->err.offset = 0;
    r->err.text[0] = '\0';
}

void
br_cbor_fail(struct br_cbor *r, enum br_rc rc, const char *what)
{
    if (r->err.rc == BR_OK) {
        (void)br_fail_at(&r->err, rc, r->at, "CBOR, byte %zu: %s", r->at, what);
    }
}

enum br_cbor_type
br_cbor_peek(const struct br_cbor *r)
{
    if (r->err.rc != BR_OK || r->at >= r->n) {
        return BR_CBOR_END;
    }
    return (enum br_cbor_type)(r->p[r->at] >> 5);
}

/** The argument after the initial byte: RFC 8949 section 4.2.1 wants the
 *  shortest form. */
static bool
read_argument(struct br_cbor *r, struct head *h, unsigned info)
{
    size_t width = (size_t)1 << (info - 24);
    if (r->n - r->at < 1 + width) {
        br_cbor_fail(r, BR_ERR_TRUNCATED, "ends inside a head");
        return false;
    }
    uint64_t v = 0;
    for (size_t i = 0; i < width; i++) {
        v = v << 8 | r->p[r->at + 1 + i];
    }
    uint64_t shorter = width == 1 ? 23 : (UINT64_C(1) << (4 * width)) - 1;
    if (v <= shorter) {
        br_cbor_fail(r, BR_ERR_NOT_CANONICAL, "not the shortest form");
        return false;
    }
    h->v = v;
    h->n = 1 + width;
    return true;
}

/** Look at the next head without moving. */
static bool
read_head(struct br_cbor *r, struct head *h)
{
    if (r->err.rc != BR_OK) {
        return false;
    }
    if (r->at >= r->n) {
        br_cbor_fail(r, BR_ERR_TRUNCATED, "ends too early");
        return false;
    }
    unsigned info = r->p[r->at] & 31u;
    h->type = (enum br_cbor_type)(r->p[r->at] >> 5);
    h->v = info;
    h->n = 1;
    if (info < 24) {
        return true;
    }
    if (h->type == BR_CBOR_SIMPLE) {
        br_cbor_fail(r, BR_ERR_UNSUPPORTED, "float or other simple value");
        return false;
    }
    if (info > 27) {
        br_cbor_fail(r, BR_ERR_NOT_CANONICAL, "indefinite or reserved length");
        return false;
    }
    return read_argument(r, h, info);
}

static const char *const wanted[] = {
    "an unsigned integer",
    "a negative integer",
    "a byte string",
    "a text string",
    "an array",
    "a map",
    "a tag",
    "true, false or null"};

/** Read and step over a head that must be of this type. */
static bool
take_head(struct br_cbor *r, enum br_cbor_type type, struct head *h)
{
    if (!read_head(r, h)) {
        return false;
    }
    if (h->type != type) {
        char what[64] = "wanted ";
        (void)strncat(what, wanted[type], sizeof(what) - 8);
        br_cbor_fail(r, BR_ERR_MALFORMED, what);
        return false;
    }
    r->at += h->n;
    return true;
}

uint64_t
br_cbor_uint(struct br_cbor *r)
{
    struct head h;
    return take_head(r, BR_CBOR_UINT, &h) ? h.v : 0;
}

uint64_t
br_cbor_uint_max(struct br_cbor *r, uint64_t max)
{
    size_t at = r->at;
    uint64_t v = br_cbor_uint(r);
    if (v > max) {
        r->at = at;
        br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "number too large");
        return 0;
    }
    return v;
}

int64_t
br_cbor_int(struct br_cbor *r)
{
    struct head h;
    enum br_cbor_type type =
        br_cbor_peek(r) == BR_CBOR_NINT ? BR_CBOR_NINT : BR_CBOR_UINT;
    if (!take_head(r, type, &h)) {
        return 0;
    }
    if (h.v > INT64_MAX) {
        br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "number past 64 bits");
        return 0;
    }
    return type == BR_CBOR_UINT ? (int64_t)h.v : -1 - (int64_t)h.v;
}

static struct br_bytes
take_string(struct br_cbor *r, enum br_cbor_type type)
{
    struct head h;
    if (!take_head(r, type, &h)) {
        return br_bytes(NULL, 0);
    }
    if (h.v > r->n - r->at) {
        br_cbor_fail(r, BR_ERR_TRUNCATED, "ends inside a string");
        return br_bytes(NULL, 0);
    }
    struct br_bytes s = br_bytes(r->p + r->at, (size_t)h.v);
    r->at += s.n;
    return s;
}

struct br_bytes
br_cbor_bytes(struct br_cbor *r)
{
    return take_string(r, BR_CBOR_BYTES);
}

struct br_bytes
br_cbor_text(struct br_cbor *r)
{
    struct br_bytes s = take_string(r, BR_CBOR_TEXT);
    if (br_utf8_check(s) != s.n) {
        br_cbor_fail(r, BR_ERR_BAD_UTF8, "text is not UTF-8");
        return br_bytes(NULL, 0);
    }
    return s;
}

void
br_cbor_bytes_exact(struct br_cbor *r, uint8_t *out, size_t n)
{
    struct br_bytes s = br_cbor_bytes(r);
    if (r->err.rc != BR_OK) {
        memset(out, 0, n);
        return;
    }
    if (s.n != n) {
        br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "byte string of another length");
        memset(out, 0, n);
        return;
    }
    if (n > 0) {
        memcpy(out, s.p, n);
    }
}

/** Each item needs a byte at least: a count past the end is a lie. */
static uint64_t
take_count(
    struct br_cbor *r, enum br_cbor_type type, uint64_t max, unsigned each)
{
    struct head h;
    if (!take_head(r, type, &h)) {
        return 0;
    }
    if (h.v > max) {
        br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "too many items");
        return 0;
    }
    if (h.v > (r->n - r->at) / each) {
        br_cbor_fail(r, BR_ERR_TRUNCATED, "fewer items than announced");
        return 0;
    }
    return h.v;
}

uint64_t
br_cbor_array(struct br_cbor *r, uint64_t max)
{
    return take_count(r, BR_CBOR_ARRAY, max, 1);
}

void
br_cbor_array_exact(struct br_cbor *r, uint64_t n)
{
    size_t at = r->at;
    uint64_t got = br_cbor_array(r, UINT64_MAX);
    if (r->err.rc == BR_OK && got != n) {
        r->at = at;
        br_cbor_fail(r, BR_ERR_MALFORMED, "array of another length");
    }
}

uint64_t
br_cbor_map(struct br_cbor *r, uint64_t max)
{
    return take_count(r, BR_CBOR_MAP, max, 2);
}

uint64_t
br_cbor_tag(struct br_cbor *r)
{
    struct head h;
    return take_head(r, BR_CBOR_TAG, &h) ? h.v : 0;
}

static uint64_t
take_simple(struct br_cbor *r)
{
    struct head h;
    return take_head(r, BR_CBOR_SIMPLE, &h) ? h.v : 0;
}

bool
br_cbor_bool(struct br_cbor *r)
{
    uint64_t v = take_simple(r);
    if (r->err.rc == BR_OK && v != SIMPLE_FALSE && v != SIMPLE_TRUE) {
        br_cbor_fail(r, BR_ERR_MALFORMED, "wanted true or false");
    }
    return v == SIMPLE_TRUE;
}

void
br_cbor_null(struct br_cbor *r)
{
    uint64_t v = take_simple(r);
    if (r->err.rc == BR_OK && v != SIMPLE_NULL) {
        br_cbor_fail(r, BR_ERR_MALFORMED, "wanted null");
    }
}

enum br_rc
br_cbor_done(struct br_cbor *r, struct br_err *reterr)
{
    if (r->err.rc == BR_OK && r->at != r->n) {
        br_cbor_fail(r, BR_ERR_TRAILING, "bytes after the end");
    }
    if (r->err.rc != BR_OK && reterr != NULL) {
        *reterr = r->err;
    }
    return r->err.rc;
}

/* ---- whole items -------------------------------------------------------- */

/** An array, map or tag that is being stepped over. */
struct level {
    uint64_t left; /**< items to come */
    bool is_map;
    bool has_key;
    struct br_bytes last_key;
    size_t key_start;
};

/** RFC 8949 section 4.2.1: keys in bytewise order of their encodings. */
static bool
key_is_after(struct br_bytes last, struct br_bytes key)
{
    size_t n = last.n < key.n ? last.n : key.n;
    int order = memcmp(last.p, key.p, n);
    return order < 0 || (order == 0 && last.n < key.n);
}

static void
end_of_item(struct br_cbor *r, struct level *l)
{
    bool was_key = l->is_map && l->left % 2 == 0;
    l->left--;
    if (!was_key) {
        return;
    }
    struct br_bytes key = br_bytes(r->p + l->key_start, r->at - l->key_start);
    if (l->has_key && !key_is_after(l->last_key, key)) {
        br_cbor_fail(r, BR_ERR_NOT_CANONICAL, "map keys unsorted or double");
    }
    l->last_key = key;
    l->has_key = true;
}

/** Step over a head and what it holds directly; the number of items inside. */
static uint64_t
step(struct br_cbor *r, bool *ret_is_map)
{
    *ret_is_map = false;
    switch (br_cbor_peek(r)) {
    case BR_CBOR_BYTES:
        (void)br_cbor_bytes(r);
        return 0;
    case BR_CBOR_TEXT:
        (void)br_cbor_text(r);
        return 0;
    case BR_CBOR_ARRAY:
        return br_cbor_array(r, UINT64_MAX);
    case BR_CBOR_MAP:
        *ret_is_map = true;
        return 2 * br_cbor_map(r, UINT32_MAX);
    case BR_CBOR_TAG:
        (void)br_cbor_tag(r);
        return 1;
    case BR_CBOR_SIMPLE: {
        uint64_t v = take_simple(r);
        if (r->err.rc == BR_OK && (v < SIMPLE_FALSE || v > SIMPLE_NULL)) {
            br_cbor_fail(r, BR_ERR_UNSUPPORTED, "simple value");
        }
        return 0;
    }
    case BR_CBOR_UINT:
    case BR_CBOR_NINT:
    case BR_CBOR_END: {
        struct head h;
        if (read_head(r, &h)) {
            r->at += h.n;
        }
        return 0;
    }
    }
    return 0;
}

struct br_bytes
br_cbor_skip(struct br_cbor *r)
{
    struct level stack[BR_CBOR_DEPTH_MAX + 1] = {{.left = 1}};
    size_t depth = 0;
    size_t start = r->at;
    while (r->err.rc == BR_OK) {
        struct level *l = &stack[depth];
        if (l->left == 0) {
            if (depth == 0) {
                return br_bytes(r->p + start, r->at - start);
            }
            depth--;
            end_of_item(r, &stack[depth]);
            continue;
        }
        if (l->is_map && l->left % 2 == 0) {
            l->key_start = r->at;
        }
        bool is_map;
        uint64_t inside = step(r, &is_map);
        if (inside == 0) {
            end_of_item(r, l);
        } else if (depth == BR_CBOR_DEPTH_MAX) {
            br_cbor_fail(r, BR_ERR_OUT_OF_RANGE, "nested too deep");
        } else {
            stack[++depth] = (struct level){.left = inside, .is_map = is_map};
        }
    }
    return br_bytes(NULL, 0);
}

enum br_rc
br_cbor_check(struct br_bytes document, struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, document);
    (void)br_cbor_skip(&r);
    return br_cbor_done(&r, reterr);
}
