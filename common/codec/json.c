/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/json.h"

#include "common/base/assert.h"
#include "common/codec/double.h"
#include "common/codec/json_internal.h"

enum br_rc
br_json_refused(const struct br_arena *arena, size_t n)
{
    const size_t step = 16; /* that the arena rounds up to */
    return n + step > arena->max - arena->used ? BR_ERR_TOO_LARGE
                                               : BR_ERR_NO_MEMORY;
}

/* ---- where -------------------------------------------------------------- */

static size_t
index_in_array(const struct br_json *v)
{
    size_t i = 0;
    while (v->previous != NULL) {
        v = v->previous;
        i++;
    }
    return i;
}

static bool
is_plain_name(struct br_bytes name)
{
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = name.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (!plain) {
            return false;
        }
    }
    return name.n > 0;
}

enum { STEP_NAME_MAX = 40, STEP_BYTES = STEP_NAME_MAX + 8 };

/** ['name'], of printable ASCII, shortened. */
static size_t
quoted_step(struct br_bytes name, char out[STEP_BYTES])
{
    size_t n = 0;
    out[n++] = '[';
    out[n++] = '\'';
    for (size_t i = 0; i < name.n && i < STEP_NAME_MAX; i++) {
        uint8_t c = name.p[i];
        bool shown = c >= 0x20 && c < 0x7f && c != '\'';
        out[n++] = shown ? (char)c : '?';
    }
    if (name.n > STEP_NAME_MAX) {
        out[n++] = '.';
        out[n++] = '.';
    }
    out[n++] = '\'';
    out[n++] = ']';
    return n;
}

/** One step of a path; how many characters. */
static size_t
put_step(const struct br_json *v, char out[STEP_BYTES])
{
    if (v->parent->kind == BR_JSON_ARRAY) {
        uint8_t digits[20];
        size_t n = br_json_decimal(index_in_array(v), digits);
        out[0] = '[';
        memcpy(out + 1, digits, n);
        out[n + 1] = ']';
        return n + 2;
    }
    if (v->name.n > STEP_NAME_MAX || !is_plain_name(v->name)) {
        return quoted_step(v->name, out);
    }
    out[0] = '.';
    memcpy(out + 1, v->name.p, v->name.n);
    return v->name.n + 1;
}

void
br_json_path(const struct br_json *v, char out[BR_JSON_PATH_BYTES])
{
    const size_t ellipsis = 3;
    char text[BR_JSON_PATH_BYTES];
    size_t at = BR_JSON_PATH_BYTES - 1;
    text[at] = '\0';
    for (; v->parent != NULL; v = v->parent) {
        char step[STEP_BYTES];
        size_t n = put_step(v, step);
        if (n + ellipsis + 1 > at) {
            at -= ellipsis;
            memcpy(text + at, "...", ellipsis);
            break;
        }
        at -= n;
        memcpy(text + at, step, n);
    }
    text[--at] = '$';
    memcpy(out, text + at, BR_JSON_PATH_BYTES - at);
}

const char *
br_json_kind_text(enum br_json_kind kind)
{
    static const char *const texts[] = {
        "null", "a boolean", "a number", "a string", "an array", "an object",
    };
    return texts[kind];
}

/* ---- looking ------------------------------------------------------------ */

struct br_json *
br_json_member_bytes(const struct br_json *v, struct br_bytes name)
{
    if (v == NULL || v->kind != BR_JSON_OBJECT) {
        return NULL;
    }
    if (v->items.index != NULL) {
        uint32_t at = br_json_index_find(v, name);
        struct br_json *found =
            at < v->items.count ? v->items.index->sorted[at] : NULL;
        bool same = found != NULL && br_bytes_eq(found->name, name);
        return same ? found : NULL;
    }
    for (struct br_json *m = v->items.first; m != NULL; m = m->next) {
        if (br_bytes_eq(m->name, name)) {
            return m;
        }
    }
    return NULL;
}

struct br_json *
br_json_member(const struct br_json *v, const char *name)
{
    return br_json_member_bytes(v, br_str(name));
}

struct br_json *
br_json_first(const struct br_json *v)
{
    return v != NULL && br_json_is_container(v) ? v->items.first : NULL;
}

struct br_json *
br_json_at(const struct br_json *v, size_t i)
{
    if (v == NULL || v->kind != BR_JSON_ARRAY || i >= v->items.count) {
        return NULL;
    }
    struct br_json *item = v->items.first;
    while (i > 0) {
        item = item->next;
        i--;
    }
    return item;
}

size_t
br_json_count(const struct br_json *v)
{
    return v != NULL && br_json_is_container(v) ? v->items.count : 0;
}

bool
br_json_is(const struct br_json *v, const char *string)
{
    return v != NULL && v->kind == BR_JSON_STRING &&
           br_bytes_eq(v->string, br_str(string));
}

/* ---- comparing ---------------------------------------------------------- */

static bool
same_number(const struct br_json *a, const struct br_json *b)
{
    double x;
    double y;
    if (a->integer && b->integer) {
        return a->magnitude == b->magnitude &&
               (a->negative == b->negative || a->magnitude == 0);
    }
    bool finite_a = br_json_as_double(a, &x, NULL) == BR_OK;
    bool finite_b = br_json_as_double(b, &y, NULL) == BR_OK;
    if (!finite_a && !finite_b) {
        return br_bytes_eq(a->raw, b->raw);
    }
    return finite_a && finite_b && !(x < y) && !(x > y);
}

/** The values themselves, without what is in them. */
static bool
same_value(const struct br_json *a, const struct br_json *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch ((enum br_json_kind)a->kind) {
    case BR_JSON_BOOLEAN:
        return a->boolean == b->boolean;
    case BR_JSON_NUMBER:
        return same_number(a, b);
    case BR_JSON_STRING:
        return br_bytes_eq(a->string, b->string);
    case BR_JSON_ARRAY:
    case BR_JSON_OBJECT:
        return a->items.count == b->items.count;
    case BR_JSON_NULL:
        break;
    }
    return true;
}

bool
br_json_equal(const struct br_json *a, const struct br_json *b)
{
    const struct br_json *top = a;
    while (b != NULL && same_value(a, b)) {
        const struct br_json *first = br_json_first(a);
        if (first != NULL) {
            a = first;
            b = b->kind == BR_JSON_OBJECT ? br_json_member_bytes(b, a->name)
                                          : b->items.first;
            continue;
        }
        while (a != top && a->next == NULL) {
            a = a->parent;
            b = b->parent;
        }
        if (a == top) {
            return true;
        }
        a = a->next;
        b = a->parent->kind == BR_JSON_OBJECT
                ? br_json_member_bytes(b->parent, a->name)
                : b->next;
    }
    return false;
}

/* ---- looking, with a reason --------------------------------------------- */

enum br_rc
br_json_as(
    const struct br_json *v, enum br_json_kind kind, struct br_err *reterr)
{
    if (v->kind == kind) {
        return BR_OK;
    }
    char path[BR_JSON_PATH_BYTES];
    br_json_path(v, path);
    return br_fail_at(
        reterr, BR_ERR_WRONG_TYPE, v->offset,
        "JSON, byte %u: %s must be %s and is %s", v->offset, path,
        br_json_kind_text(kind), br_json_kind_text((enum br_json_kind)v->kind));
}

static enum br_rc
out_of_range(const struct br_json *v, const char *what, struct br_err *reterr)
{
    char path[BR_JSON_PATH_BYTES];
    br_json_path(v, path);
    return br_fail_at(
        reterr, BR_ERR_OUT_OF_RANGE, v->offset, "JSON, byte %u: %s must be %s",
        v->offset, path, what);
}

enum br_rc
br_json_as_string(
    const struct br_json *v, struct br_bytes *ret, struct br_err *reterr)
{
    BR_TRY(br_json_as(v, BR_JSON_STRING, reterr));
    *ret = v->string;
    return BR_OK;
}

enum br_rc
br_json_as_uint(const struct br_json *v, uint64_t *ret, struct br_err *reterr)
{
    BR_TRY(br_json_as(v, BR_JSON_NUMBER, reterr));
    if (!v->integer || (v->negative && v->magnitude != 0)) {
        return out_of_range(
            v, "a whole number from 0 to 18446744073709551615", reterr);
    }
    *ret = v->magnitude;
    return BR_OK;
}

enum br_rc
br_json_as_int(const struct br_json *v, int64_t *ret, struct br_err *reterr)
{
    BR_TRY(br_json_as(v, BR_JSON_NUMBER, reterr));
    if (!v->integer || (!v->negative && v->magnitude > INT64_MAX)) {
        return out_of_range(v, "a whole number of 64 bits", reterr);
    }
    if (!v->negative || v->magnitude == 0) {
        *ret = (int64_t)v->magnitude;
    } else {
        *ret = -(int64_t)(v->magnitude - 1) - 1;
    }
    return BR_OK;
}

enum br_rc
br_json_as_double(const struct br_json *v, double *ret, struct br_err *reterr)
{
    double d;
    BR_TRY(br_json_as(v, BR_JSON_NUMBER, reterr));
    if (v->integer) {
        d = (double)v->magnitude;
        *ret = v->negative ? -d : d;
        return BR_OK;
    }
    if (!br_double_parse(v->raw, &d)) {
        return out_of_range(v, "a number that a double can hold", reterr);
    }
    *ret = d;
    return BR_OK;
}

enum br_rc
br_json_as_boolean(const struct br_json *v, bool *ret, struct br_err *reterr)
{
    BR_TRY(br_json_as(v, BR_JSON_BOOLEAN, reterr));
    *ret = v->boolean;
    return BR_OK;
}

/** *ret is the member, or NULL. */
static enum br_rc
find(
    const struct br_json *object,
    const char *name,
    struct br_json **ret,
    struct br_err *reterr)
{
    BR_TRY(br_json_as(object, BR_JSON_OBJECT, reterr));
    *ret = br_json_member(object, name);
    return BR_OK;
}

static enum br_rc
find_needed(
    const struct br_json *object,
    const char *name,
    struct br_json **ret,
    struct br_err *reterr)
{
    BR_TRY(find(object, name, ret, reterr));
    if (*ret == NULL) {
        char path[BR_JSON_PATH_BYTES];
        br_json_path(object, path);
        return br_fail_at(
            reterr, BR_ERR_MISSING_FIELD, object->offset,
            "JSON, byte %u: %s has no \"%.40s\"", object->offset, path, name);
    }
    return BR_OK;
}

enum br_rc
br_json_need(
    const struct br_json *object,
    const char *name,
    enum br_json_kind kind,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_json *v;
    BR_TRY(find_needed(object, name, &v, reterr));
    BR_TRY(br_json_as(v, kind, reterr));
    *ret = v;
    return BR_OK;
}

enum br_rc
br_json_may(
    const struct br_json *object,
    const char *name,
    enum br_json_kind kind,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_json *v;
    BR_TRY(find(object, name, &v, reterr));
    if (v != NULL) {
        BR_TRY(br_json_as(v, kind, reterr));
        *ret = v;
    }
    return BR_OK;
}

/* The same two for each type. */

enum br_rc
br_json_need_string(
    const struct br_json *object,
    const char *name,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_json *v;
    BR_TRY(find_needed(object, name, &v, reterr));
    return br_json_as_string(v, ret, reterr);
}

enum br_rc
br_json_may_string(
    const struct br_json *object,
    const char *name,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    struct br_json *v;
    BR_TRY(find(object, name, &v, reterr));
    return v == NULL ? BR_OK : br_json_as_string(v, ret, reterr);
}

enum br_rc
br_json_need_uint(
    const struct br_json *object,
    const char *name,
    uint64_t *ret,
    struct br_err *reterr)
{
    struct br_json *v;
    BR_TRY(find_needed(object, name, &v, reterr));
    return br_json_as_uint(v, ret, reterr);
}

enum br_rc
br_json_may_uint(
    const struct br_json *object,
    const char *name,
    uint64_t *ret,
    struct br_err *reterr)
{
    struct br_json *v;
    BR_TRY(find(object, name, &v, reterr));
    return v == NULL ? BR_OK : br_json_as_uint(v, ret, reterr);
}

enum br_rc
br_json_need_int(
    const struct br_json *object,
    const char *name,
    int64_t *ret,
    struct br_err *reterr)
{
    struct br_json *v;
    BR_TRY(find_needed(object, name, &v, reterr));
    return br_json_as_int(v, ret, reterr);
}

enum br_rc
br_json_may_int(
    const struct br_json *object,
    const char *name,
    int64_t *ret,
    struct br_err *reterr)
{
    struct br_json *v;
    BR_TRY(find(object, name, &v, reterr));
    return v == NULL ? BR_OK : br_json_as_int(v, ret, reterr);
}

enum br_rc
br_json_need_boolean(
    const struct br_json *object,
    const char *name,
    bool *ret,
    struct br_err *reterr)
{
    struct br_json *v;
    BR_TRY(find_needed(object, name, &v, reterr));
    return br_json_as_boolean(v, ret, reterr);
}

enum br_rc
br_json_may_boolean(
    const struct br_json *object,
    const char *name,
    bool *ret,
    struct br_err *reterr)
{
    struct br_json *v;
    BR_TRY(find(object, name, &v, reterr));
    return v == NULL ? BR_OK : br_json_as_boolean(v, ret, reterr);
}

enum br_rc
br_json_only(
    const struct br_json *object,
    const char *const *names,
    size_t count,
    struct br_err *reterr)
{
    BR_TRY(br_json_as(object, BR_JSON_OBJECT, reterr));
    for (const struct br_json *m = object->items.first; m != NULL;
         m = m->next) {
        size_t i = 0;
        while (i < count && !br_bytes_eq(m->name, br_str(names[i]))) {
            i++;
        }
        if (i == count) {
            char path[BR_JSON_PATH_BYTES];
            br_json_path(m, path);
            return br_fail_at(
                reterr, BR_ERR_UNKNOWN_FIELD, m->offset,
                "JSON, byte %u: %s is not known", m->offset, path);
        }
    }
    return BR_OK;
}
