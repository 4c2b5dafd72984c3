/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/service/json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static enum br_rc
parse_failure(const json_error_t *e, struct br_err *reterr)
{
    enum br_rc rc = BR_ERR_MALFORMED;
    if (json_error_code(e) == json_error_duplicate_key) {
        rc = BR_ERR_DUPLICATE_FIELD;
    } else if (json_error_code(e) == json_error_invalid_utf8) {
        rc = BR_ERR_BAD_UTF8;
    } else if (json_error_code(e) == json_error_out_of_memory) {
        rc = BR_ERR_NO_MEMORY;
    }
    return br_fail_at(
        reterr, rc, e->position < 0 ? 0 : (size_t)e->position,
        "JSON, line %d column %d: %s", e->line, e->column, e->text);
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
    json_error_t e;
    if (!is_shallow(text)) {
        return br_fail(reterr, BR_ERR_MALFORMED, "JSON: too many brackets");
    }
    json_t *o =
        json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &e);
    if (o == NULL) {
        return parse_failure(&e, reterr);
    }
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
    json_error_t e;
    json_t *o =
        json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &e);
    if (o == NULL) {
        return parse_failure(&e, reterr);
    }
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

void
br_json_put_text(struct br_buf *b, struct br_bytes text)
{
    static const char hex[] = "0123456789abcdef";
    br_buf_put(b, "\"", 1);
    size_t start = 0;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        br_buf_put(b, text.p + start, i - start);
        start = i + 1;
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
    br_buf_put(b, text.p + start, text.n - start);
    br_buf_put(b, "\"", 1);
}

void
br_time_text(struct br_time_us t, char out[28])
{
    time_t seconds = (time_t)(t.v / 1000000);
    struct tm tm;
    (void)gmtime_r(&seconds, &tm);
    (void)snprintf(
        out, 28, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ",
        (unsigned)(tm.tm_year + 1900) % 10000u,
        (unsigned)(tm.tm_mon + 1) % 100u, (unsigned)tm.tm_mday % 100u,
        (unsigned)tm.tm_hour % 100u, (unsigned)tm.tm_min % 100u,
        (unsigned)tm.tm_sec % 100u, (unsigned)(t.v % 1000000));
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
