/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/jcs.h"

#include "common/base/assert.h"
#include "common/codec/double.h"
#include "common/codec/json_internal.h"

/** RFC 8785 section 3.2.3: names are compared "as arrays of UTF-16 code
 *  units". UTF-8 has the order of code points, which is the same but for those
 *  past U+FFFF: their surrogates come before U+E000..U+FFFF. Those begin with
 *  the bytes F0..F4, these with EE and EF. */
static int
utf16_weight(uint8_t c)
{
    return c == 0xee || c == 0xef ? c + 0x100 : c;
}

static int
utf16_order(struct br_bytes a, struct br_bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    for (size_t i = 0; i < n; i++) {
        if (a.p[i] != b.p[i]) {
            return utf16_weight(a.p[i]) - utf16_weight(b.p[i]);
        }
    }
    return a.n < b.n ? -1 : a.n > b.n ? 1 : 0;
}

/** An open array or object. */
struct frame {
    const struct br_json *container;
    const struct br_json *item; /* the next of an array */
    struct br_json **sorted;    /* the members of an object */
    uint32_t at;
};

static enum br_rc
frame_open(
    struct frame *f,
    const struct br_json *v,
    struct br_arena *arena,
    struct br_err *reterr)
{
    *f = (struct frame){.container = v, .item = v->items.first};
    if (v->kind == BR_JSON_ARRAY || v->items.count == 0) {
        return BR_OK;
    }
    size_t bytes = v->items.count * sizeof(struct br_json *);
    uint32_t n = 0;
    f->sorted = (struct br_json **)br_arena_take(arena, bytes);
    for (struct br_json *m = v->items.first; f->sorted != NULL && m != NULL;
         m = m->next) {
        f->sorted[n++] = m;
    }
    if (f->sorted == NULL || !br_json_sort(arena, f->sorted, n, utf16_order)) {
        return br_fail(
            reterr, br_json_refused(arena, bytes),
            "JCS: no room to sort %u names", v->items.count);
    }
    return BR_OK;
}

/** The next item, or NULL. */
static const struct br_json *
frame_next(struct frame *f)
{
    const struct br_json *next = f->item;
    if (f->sorted != NULL) {
        next = f->at < f->container->items.count ? f->sorted[f->at] : NULL;
    } else if (next != NULL) {
        f->item = next->next;
    }
    f->at++;
    return next;
}

static enum br_rc
put_scalar(const struct br_json *v, struct br_buf *b, struct br_err *reterr)
{
    double d;
    if (v->kind != BR_JSON_NUMBER) {
        br_json_put_scalar(b, v);
        return BR_OK;
    }
    BR_TRY(br_json_as_double(v, &d, reterr));
    br_double_put(b, d);
    return BR_OK;
}

/** Close what ends here, and begin the next item; NULL when all is written. */
static const struct br_json *
step(struct frame *frames, unsigned *depth, struct br_buf *b)
{
    while (*depth > 0) {
        struct frame *f = &frames[*depth - 1];
        bool object = f->container->kind == BR_JSON_OBJECT;
        const struct br_json *next = frame_next(f);
        if (next == NULL) {
            br_buf_put(b, object ? "}" : "]", 1);
            (*depth)--;
            continue;
        }
        if (f->at > 1) {
            br_buf_put(b, ",", 1);
        }
        if (object) {
            br_json_put_quoted(b, next->name);
            br_buf_put(b, ":", 1);
        }
        return next;
    }
    return NULL;
}

enum br_rc
br_jcs_encode(
    const struct br_json *v,
    struct br_arena *arena,
    struct br_buf *b,
    struct br_err *reterr)
{
    struct frame frames[BR_JSON_DEPTH_MAX];
    unsigned depth = 0;
    while (v != NULL) {
        if (br_json_is_container(v)) {
            BR_ASSERT(depth < BR_JSON_DEPTH_MAX);
            BR_TRY(frame_open(&frames[depth++], v, arena, reterr));
            br_buf_put(b, v->kind == BR_JSON_OBJECT ? "{" : "[", 1);
        } else {
            BR_TRY(put_scalar(v, b, reterr));
        }
        v = step(frames, &depth, b);
    }
    return br_buf_status(b, reterr);
}

enum br_rc
br_jcs_check(
    struct br_bytes text, struct br_arena *arena, struct br_err *reterr)
{
    struct br_json *v;
    struct br_buf b;
    size_t at = 0;
    BR_TRY(br_json_parse(text, arena, &v, reterr));
    /* 1e20 becomes 21 digits: nothing grows more. */
    br_buf_init(&b, 8 * text.n);
    enum br_rc rc = br_jcs_encode(v, arena, &b, reterr);
    if (rc == BR_OK && !br_bytes_eq(br_buf_bytes(&b), text)) {
        while (at < b.n && at < text.n && b.p[at] == text.p[at]) {
            at++;
        }
        rc = br_fail_at(
            reterr, BR_ERR_NOT_CANONICAL, at,
            "JCS, byte %zu: not as RFC 8785 writes it", at);
    }
    br_buf_fini(&b);
    return rc;
}
