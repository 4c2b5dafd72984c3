/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/service/json.h"

#include <endian.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* jansson ignores some refusals: a string then lacks a letter, and is another
 * string. So it asks us for memory, and what was refused is known. */

static _Thread_local bool refused;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *
take_memory(size_t n)
{
    void *p = malloc(n);
    refused |= p == NULL;
    return p;
}

static void
watch_memory(void)
{
    json_set_alloc_funcs(take_memory, free);
}

static enum br_rc
parse_failure(const json_error_t *e, struct br_err *reterr)
{
    enum br_rc rc = BR_ERR_MALFORMED;
    if (json_error_code(e) == json_error_duplicate_key) {
        rc = BR_ERR_DUPLICATE_FIELD;
    } else if (json_error_code(e) == json_error_invalid_utf8) {
        rc = BR_ERR_BAD_UTF8;
    }
    return br_fail_at(
        reterr, rc, e->position < 0 ? 0 : (size_t)e->position,
        "JSON, line %d column %d: %s", e->line, e->column, e->text);
}

static enum br_rc
load(struct br_bytes text, json_t **ret, struct br_err *reterr)
{
    json_error_t e;
    (void)pthread_once(&once, watch_memory);
    refused = false;
    json_t *o =
        json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &e);
    if (refused) {
        json_decref(o);
        return br_fail(reterr, BR_ERR_NO_MEMORY, "reading JSON");
    }
    if (o == NULL) {
        return parse_failure(&e, reterr);
    }
    *ret = o;
    return BR_OK;
}

static enum br_rc
take_text(
    const struct br_json_field *f,
    const json_t *v,
    struct br_arena *arena,
    struct br_err *reterr)
{
    if (!json_is_string(v)) {
        return br_fail(reterr, BR_ERR_MALFORMED, "%s: not a string", f->name);
    }
    char *copy = br_arena_copy(
        arena, br_bytes(json_string_value(v), json_string_length(v)));
    if (copy == NULL && arena->refused) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "%s", f->name);
    }
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "%s: too long", f->name);
    }
    *(const char **)f->ret = copy;
    return BR_OK;
}

static enum br_rc
take(
    const struct br_json_field *f,
    const json_t *v,
    struct br_arena *arena,
    struct br_err *reterr)
{
    switch (f->type) {
    case BR_JSON_TEXT:
        return take_text(f, v, arena, reterr);
    case BR_JSON_BOOL:
        if (!json_is_boolean(v)) {
            return br_fail(
                reterr, BR_ERR_MALFORMED, "%s: not true or false", f->name);
        }
        *(bool *)f->ret = json_is_true(v);
        return BR_OK;
    case BR_JSON_UINT:
        if (!json_is_integer(v) || json_integer_value(v) < 0) {
            return br_fail(
                reterr, BR_ERR_MALFORMED, "%s: not a whole number from 0",
                f->name);
        }
        *(uint64_t *)f->ret = (uint64_t)json_integer_value(v);
        return BR_OK;
    }
    return BR_ERR_INTERNAL;
}

static enum br_rc
read_object(
    const json_t *o,
    const struct br_json_field *fields,
    size_t count,
    struct br_arena *arena,
    struct br_err *reterr)
{
    size_t known = 0;
    if (!json_is_object(o)) {
        return br_fail(reterr, BR_ERR_MALFORMED, "JSON: not an object");
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *v = json_object_get(o, fields[i].name);
        if (v != NULL) {
            known++;
            BR_TRY(take(&fields[i], v, arena, reterr));
        } else if (fields[i].required) {
            return br_fail(
                reterr, BR_ERR_MISSING_FIELD, "%s is missing", fields[i].name);
        }
    }
    if (json_object_size(o) == known) {
        return BR_OK;
    }
    const char *name;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)o, name, v)
    {
        size_t i = 0;
        while (i < count && strcmp(fields[i].name, name) != 0) {
            i++;
        }
        if (i == count) {
            return br_fail(
                reterr, BR_ERR_UNKNOWN_FIELD, "%.60s is not known", name);
        }
    }
    return BR_ERR_INTERNAL;
}

/** jansson 2.14 nests to 2,048 levels by recursion: a flat object needs one,
 *  so that deeper brackets are refused before it sees them. */
static bool
is_shallow(struct br_bytes text)
{
    size_t brackets = 0;
    for (size_t i = 0; i < text.n; i++) {
        brackets += text.p[i] == '{' || text.p[i] == '[';
    }
    return brackets <= 64;
}

enum br_rc
br_json_read(
    struct br_bytes text,
    const struct br_json_field *fields,
    size_t count,
    struct br_arena *arena,
    struct br_err *reterr)
{
    json_t *o = NULL;
    if (!is_shallow(text)) {
        return br_fail(reterr, BR_ERR_MALFORMED, "JSON: too many brackets");
    }
    BR_TRY(load(text, &o, reterr));
    enum br_rc rc = read_object(o, fields, count, arena, reterr);
    json_decref(o);
    return rc;
}

/** Read with one field's rule, whatever else the object has. */
static enum br_rc
get_one(
    struct br_bytes text,
    const struct br_json_field *f,
    struct br_arena *arena,
    struct br_err *reterr)
{
    json_t *o = NULL;
    BR_TRY(load(text, &o, reterr));
    const json_t *v = json_object_get(o, f->name);
    enum br_rc rc = v == NULL ? br_fail(
                                    reterr, BR_ERR_MISSING_FIELD,
                                    "the answer has no %s", f->name)
                              : take(f, v, arena, reterr);
    json_decref(o);
    return rc;
}

enum br_rc
br_json_get_text(
    struct br_bytes text,
    const char *name,
    struct br_arena *arena,
    const char **ret,
    struct br_err *reterr)
{
    const struct br_json_field f = {name, BR_JSON_TEXT, true, ret};
    return get_one(text, &f, arena, reterr);
}

enum br_rc
br_json_get_uint(
    struct br_bytes text,
    const char *name,
    uint64_t *ret,
    struct br_err *reterr)
{
    const struct br_json_field f = {name, BR_JSON_UINT, true, ret};
    return get_one(text, &f, NULL, reterr);
}

enum br_rc
br_json_get_bool(
    struct br_bytes text, const char *name, bool *ret, struct br_err *reterr)
{
    const struct br_json_field f = {name, BR_JSON_BOOL, true, ret};
    return get_one(text, &f, NULL, reterr);
}

static enum br_rc
give_element(
    const json_t *v,
    enum br_rc (*fn)(void *ctx, struct br_bytes element, struct br_err *reterr),
    void *ctx,
    struct br_err *reterr)
{
    if (json_is_string(v)) {
        struct br_bytes s =
            br_bytes(json_string_value(v), json_string_length(v));
        return fn(ctx, s, reterr);
    }
    char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "JSON");
    }
    enum br_rc rc = fn(ctx, br_str(text), reterr);
    free(text);
    return rc;
}

enum br_rc
br_json_each(
    struct br_bytes text,
    const char *name,
    enum br_rc (*fn)(void *ctx, struct br_bytes element, struct br_err *reterr),
    void *ctx,
    struct br_err *reterr)
{
    json_error_t e;
    json_t *o =
        json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &e);
    if (o == NULL) {
        return parse_failure(&e, reterr);
    }
    const json_t *list = json_object_get(o, name);
    enum br_rc rc = json_is_array(list)
                        ? BR_OK
                        : br_fail(
                              reterr, BR_ERR_MISSING_FIELD,
                              "the answer has no list %s", name);
    for (size_t i = 0; rc == BR_OK && i < json_array_size(list); i++) {
        rc = give_element(json_array_get(list, i), fn, ctx, reterr);
    }
    json_decref(o);
    return rc;
}

static bool
is_plain(uint8_t c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/** The top bit of each byte that is less than n, up to 128. A borrow may mark
 *  bytes above the lowest one that is less, never below it. */
static uint64_t
bytes_below(uint64_t word, unsigned n)
{
    return (word - EACH_BYTE(n)) & ~word & EACH_BYTE(0x80);
}

/** Bytes from the first one on that need no escape; eight are looked at
 *  together. */
static size_t
plain_bytes(const uint8_t *p, size_t n)
{
    size_t i = 0;
    for (; n - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, p + i, sizeof(word));
        word = le64toh(word);
        uint64_t found = bytes_below(word, 0x20) |
                         bytes_below(word ^ EACH_BYTE('"'), 1) |
                         bytes_below(word ^ EACH_BYTE('\\'), 1);
        if (found != 0) {
            return i + (size_t)__builtin_ctzll(found) / 8;
        }
    }
    while (i < n && is_plain(p[i])) {
        i++;
    }
    return i;
}

static void
put_escape(struct br_buf *b, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    if (c == '\n') {
        br_buf_put(b, "\\n", 2);
    } else if (c < 0x20) {
        char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        br_buf_put(b, escape, sizeof(escape));
    } else {
        char escape[2] = {'\\', (char)c};
        br_buf_put(b, escape, sizeof(escape));
    }
}

void
br_json_put_text(struct br_buf *b, struct br_bytes text)
{
    size_t i = 0;
    br_buf_put(b, "\"", 1);
    while (i < text.n) {
        size_t n = plain_bytes(text.p + i, text.n - i);
        br_buf_put(b, text.p + i, n);
        i += n;
        if (i < text.n) {
            put_escape(b, text.p[i++]);
        }
    }
    br_buf_put(b, "\"", 1);
}

/** Decimal, with leading zeros, and what follows. */
static char *
put_digits(char *out, uint64_t v, int width, char then)
{
    for (int i = width - 1; i >= 0; i--, v /= 10) {
        out[i] = (char)('0' + v % 10);
    }
    out[width] = then;
    return out + width + 1;
}

void
br_time_text(struct br_time_us t, char out[28])
{
    time_t seconds = (time_t)(t.v / 1000000);
    struct tm tm;
    (void)gmtime_r(&seconds, &tm);
    out = put_digits(out, (uint64_t)tm.tm_year + 1900, 4, '-');
    out = put_digits(out, (uint64_t)tm.tm_mon + 1, 2, '-');
    out = put_digits(out, (uint64_t)tm.tm_mday, 2, 'T');
    out = put_digits(out, (uint64_t)tm.tm_hour, 2, ':');
    out = put_digits(out, (uint64_t)tm.tm_min, 2, ':');
    out = put_digits(out, (uint64_t)tm.tm_sec, 2, '.');
    out = put_digits(out, t.v % 1000000, 6, 'Z');
    *out = '\0';
}

void
br_json_put_time(struct br_buf *b, struct br_time_us t)
{
    char text[28];
    br_time_text(t, text);
    br_buf_put(b, "\"", 1);
    br_buf_puts(b, text);
    br_buf_put(b, "\"", 1);
}

/* ---- reading a time ----------------------------------------------------- */

/** Exactly so many digits; false when there is something else. */
static bool
read_digits(const char **at, unsigned count, unsigned *ret)
{
    unsigned v = 0;
    for (unsigned i = 0; i < count; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9') {
            return false;
        }
        v = v * 10 + (unsigned)(c - '0');
    }
    *at += count;
    *ret = v;
    return true;
}

static bool
read_mark(const char **at, char mark)
{
    bool is = **at == mark;
    *at += is;
    return is;
}

struct clock {
    unsigned hour;
    unsigned minute;
    unsigned second;
    unsigned us;
    int offset_s; /* of the zone, to the east */
};

static bool
read_fraction(const char **at, unsigned *ret_us)
{
    unsigned v = 0;
    unsigned n = 0;
    for (; n < 9 && **at >= '0' && **at <= '9'; (*at)++, n++) {
        v = n < 6 ? v * 10 + (unsigned)(**at - '0') : v;
    }
    for (unsigned i = n; i < 6; i++) {
        v *= 10;
    }
    *ret_us = v;
    return n > 0;
}

static bool
read_zone(const char **at, int *ret_s)
{
    unsigned hour;
    unsigned minute;
    char sign = **at;
    if (sign == '\0' || read_mark(at, 'Z')) {
        *ret_s = 0;
        return true;
    }
    (*at)++;
    if ((sign != '+' && sign != '-') || !read_digits(at, 2, &hour) ||
        !read_mark(at, ':') || !read_digits(at, 2, &minute) || hour > 23 ||
        minute > 59) {
        return false;
    }
    int s = (int)(hour * 3600 + minute * 60);
    *ret_s = sign == '-' ? -s : s;
    return true;
}

static bool
read_clock(const char **at, struct clock *c)
{
    if (!read_mark(at, 'T')) {
        return true;
    }
    if (!read_digits(at, 2, &c->hour) || !read_mark(at, ':') ||
        !read_digits(at, 2, &c->minute)) {
        return false;
    }
    if (read_mark(at, ':') &&
        (!read_digits(at, 2, &c->second) ||
         (read_mark(at, '.') && !read_fraction(at, &c->us)))) {
        return false;
    }
    return c->hour < 24 && c->minute < 60 && c->second < 60 &&
           read_zone(at, &c->offset_s);
}

enum br_rc
br_time_parse(const char *text, struct br_time_us *ret, struct br_err *reterr)
{
    struct clock c = {.hour = 0};
    unsigned year;
    unsigned month;
    unsigned day;
    const char *at = text;
    bool ok = read_digits(&at, 4, &year) && read_mark(&at, '-') &&
              read_digits(&at, 2, &month) && read_mark(&at, '-') &&
              read_digits(&at, 2, &day) && read_clock(&at, &c) && *at == '\0' &&
              year >= 1970 && year <= 2200;
    if (ok) {
        struct tm tm = {
            .tm_year = (int)year - 1900,
            .tm_mon = (int)month - 1,
            .tm_mday = (int)day};
        time_t seconds = timegm(&tm);
        ok = tm.tm_mon == (int)month - 1 && tm.tm_mday == (int)day;
        seconds += (time_t)(c.hour * 3600 + c.minute * 60 + c.second);
        seconds -= c.offset_s;
        ok = ok && seconds >= 0;
        ret->v = ok ? (uint64_t)seconds * 1000000 + c.us : ret->v;
    }
    return ok ? BR_OK
              : br_fail(
                    reterr, BR_ERR_MALFORMED,
                    "%.40s: a time as 2026-11-26 or 2026-11-26T10:00:00Z is "
                    "wanted",
                    text);
}
