/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/json_write.h"

#include "common/base/assert.h"
#include "common/codec/json_internal.h"
#include "common/codec/text.h"

/* ---- pieces ------------------------------------------------------------- */

size_t
br_json_decimal(uint64_t v, uint8_t out[20])
{
    uint8_t digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (uint8_t)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    memcpy(out, digits + at, sizeof(digits) - at);
    return sizeof(digits) - at;
}

void
br_json_put_integer(struct br_buf *b, bool negative, uint64_t magnitude)
{
    uint8_t text[21] = {'-'};
    size_t n = br_json_decimal(magnitude, text + 1);
    if (negative) {
        br_buf_put(b, text, n + 1);
    } else {
        br_buf_put(b, text + 1, n);
    }
}

static void
put_escape(struct br_buf *b, uint8_t c)
{
    static const char digits[] = "0123456789abcdef";
    static const char short_forms[] = "\bb\tt\nn\ff\rr\"\"\\\\";
    for (size_t i = 0; i < sizeof(short_forms) - 1; i += 2) {
        if (c == (uint8_t)short_forms[i]) {
            uint8_t text[2] = {'\\', (uint8_t)short_forms[i + 1]};
            br_buf_put(b, text, sizeof(text));
            return;
        }
    }
    uint8_t text[6] = {
        '\\', 'u', '0', '0', (uint8_t)digits[c >> 4], (uint8_t)digits[c & 15]};
    br_buf_put(b, text, sizeof(text));
}

void
br_json_put_quoted(struct br_buf *b, struct br_bytes v)
{
    const uint8_t *p = v.n == 0 ? (const uint8_t *)"" : v.p;
    const uint8_t *end = p + v.n;
    uint64_t seen = 0;
    const uint8_t *stop = br_json_skip_plain(p, end, &seen);
    size_t n = (size_t)(stop - p);
    bool whole = stop == end;
    uint8_t *out = br_buf_extend(b, n + (whole ? 2 : 1));
    if (out == NULL) {
        return;
    }
    out[0] = '"';
    memcpy(out + 1, p, n);
    if (whole) {
        out[n + 1] = '"';
        return;
    }
    while (stop != end) {
        put_escape(b, *stop);
        p = stop + 1;
        stop = br_json_skip_plain(p, end, &seen);
        br_buf_put(b, p, (size_t)(stop - p));
    }
    br_buf_put(b, "\"", 1);
}

/* ---- values ------------------------------------------------------------- */

void
br_json_put_scalar(struct br_buf *b, const struct br_json *v)
{
    switch ((enum br_json_kind)v->kind) {
    case BR_JSON_NULL:
        br_buf_put(b, "null", 4);
        return;
    case BR_JSON_BOOLEAN:
        br_buf_put(b, v->boolean ? "true" : "false", v->boolean ? 4 : 5);
        return;
    case BR_JSON_NUMBER:
        if (v->raw.n > 0) {
            br_buf_put(b, v->raw.p, v->raw.n);
        } else {
            br_json_put_integer(b, v->negative, v->magnitude);
        }
        return;
    case BR_JSON_STRING:
        br_json_put_quoted(b, v->string);
        return;
    case BR_JSON_ARRAY:
    case BR_JSON_OBJECT:
        break;
    }
    BR_ASSERT(false);
}

static void
put_close(struct br_buf *b, const struct br_json *container)
{
    br_buf_put(b, container->kind == BR_JSON_OBJECT ? "}" : "]", 1);
}

static void
put_value(struct br_buf *b, const struct br_json *top)
{
    const struct br_json *v = top;
    for (;;) {
        if (v != top && v->parent->kind == BR_JSON_OBJECT) {
            br_json_put_quoted(b, v->name);
            br_buf_put(b, ":", 1);
        }
        if (!br_json_is_container(v)) {
            br_json_put_scalar(b, v);
        } else {
            br_buf_put(b, v->kind == BR_JSON_OBJECT ? "{" : "[", 1);
            if (v->items.first != NULL) {
                v = v->items.first;
                continue;
            }
            put_close(b, v);
        }
        while (v != top && v->next == NULL) {
            v = v->parent;
            put_close(b, v);
        }
        if (v == top) {
            return;
        }
        br_buf_put(b, ",", 1);
        v = v->next;
    }
}

enum br_rc
br_json_encode(const struct br_json *v, struct br_buf *b, struct br_err *reterr)
{
    put_value(b, v);
    return br_buf_status(b, reterr);
}

/* ---- the writer --------------------------------------------------------- */

enum state {
    EMPTY, /* nothing is written */
    FIRST, /* a container was opened */
    NAMED, /* a name was written: its value is due */
    ITEM,  /* the container has an item */
    WHOLE, /* the document is complete */
};

static inline bool
in_object(const struct br_json_writer *w)
{
    return w->depth > 0 && (w->objects & 1) != 0;
}

/** What stands before a value; asserts that one may stand here. */
static void
begin_value(struct br_json_writer *w)
{
    if (w->depth == 0) {
        BR_ASSERT(w->state == EMPTY);
    } else if (in_object(w)) {
        BR_ASSERT(w->state == NAMED);
    } else if (w->state == ITEM) {
        br_buf_put(w->b, ",", 1);
    }
}

static void
end_value(struct br_json_writer *w)
{
    w->state = w->depth == 0 ? WHOLE : ITEM;
}

void
br_json_writer_init(struct br_json_writer *w, struct br_buf *b)
{
    *w = (struct br_json_writer){.b = b, .state = EMPTY};
}

enum br_rc
br_json_writer_done(const struct br_json_writer *w, struct br_err *reterr)
{
    BR_ASSERT(w->state == WHOLE);
    return br_buf_status(w->b, reterr);
}

static void
open_container(struct br_json_writer *w, bool object)
{
    begin_value(w);
    BR_ASSERT(w->depth < BR_JSON_DEPTH_MAX);
    br_buf_put(w->b, object ? "{" : "[", 1);
    w->objects = w->objects << 1 | (object ? 1 : 0);
    w->depth++;
    w->state = FIRST;
}

void
br_json_write_object(struct br_json_writer *w)
{
    open_container(w, true);
}

void
br_json_write_array(struct br_json_writer *w)
{
    open_container(w, false);
}

void
br_json_write_end(struct br_json_writer *w)
{
    BR_ASSERT(w->depth > 0 && w->state != NAMED);
    br_buf_put(w->b, in_object(w) ? "}" : "]", 1);
    w->objects >>= 1;
    w->depth--;
    end_value(w);
}

void
br_json_write_name_bytes(struct br_json_writer *w, struct br_bytes name)
{
    BR_ASSERT(in_object(w) && w->state != NAMED);
    BR_ASSERT(br_utf8_check(name) == name.n);
    if (w->state == ITEM) {
        br_buf_put(w->b, ",", 1);
    }
    br_json_put_quoted(w->b, name);
    br_buf_put(w->b, ":", 1);
    w->state = NAMED;
}

void
br_json_write_name(struct br_json_writer *w, const char *name)
{
    br_json_write_name_bytes(w, br_str(name));
}

static void
write_bytes(struct br_json_writer *w, const void *p, size_t n)
{
    begin_value(w);
    br_buf_put(w->b, p, n);
    end_value(w);
}

void
br_json_write_null(struct br_json_writer *w)
{
    write_bytes(w, "null", 4);
}

void
br_json_write_boolean(struct br_json_writer *w, bool v)
{
    write_bytes(w, v ? "true" : "false", v ? 4 : 5);
}

void
br_json_write_uint(struct br_json_writer *w, uint64_t v)
{
    begin_value(w);
    br_json_put_integer(w->b, false, v);
    end_value(w);
}

void
br_json_write_int(struct br_json_writer *w, int64_t v)
{
    begin_value(w);
    br_json_put_integer(w->b, v < 0, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
    end_value(w);
}

void
br_json_write_string(struct br_json_writer *w, struct br_bytes v)
{
    BR_ASSERT(br_utf8_check(v) == v.n);
    begin_value(w);
    br_json_put_quoted(w->b, v);
    end_value(w);
}

void
br_json_write_base64url(struct br_json_writer *w, struct br_bytes v)
{
    begin_value(w);
    br_buf_put(w->b, "\"", 1);
    br_base64url_put(w->b, v);
    br_buf_put(w->b, "\"", 1);
    end_value(w);
}

void
br_json_write_value(struct br_json_writer *w, const struct br_json *v)
{
    begin_value(w);
    put_value(w->b, v);
    end_value(w);
}

void
br_json_write_raw(struct br_json_writer *w, const struct br_json *v)
{
    BR_ASSERT(v->raw.n > 0);
    write_bytes(w, v->raw.p, v->raw.n);
}
