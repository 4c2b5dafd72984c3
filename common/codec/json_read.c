/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/codec/json_internal.h"
#include "common/codec/text.h"

/* The containers that are open are the parents of the one that is read, so
 * there is no stack. */
struct reader {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    struct br_arena *arena;
    struct br_json *in; /* the innermost open container */
    unsigned depth;
    struct br_err *err;
};

/* ---- failing ------------------------------------------------------------ */

static enum br_rc
bad_at(struct reader *r, enum br_rc rc, const uint8_t *at, const char *what)
{
    size_t offset = (size_t)(at - r->start);
    char path[BR_JSON_PATH_BYTES] = "$";
    if (r->in != NULL) {
        br_json_path(r->in, path);
    }
    return br_fail_at(
        r->err, rc, offset, "JSON, byte %zu, in %s: %s", offset, path, what);
}

/** MALFORMED here, or TRUNCATED when the text ends here. */
static enum br_rc
bad(struct reader *r, const char *what)
{
    if (r->at == r->end) {
        return bad_at(r, BR_ERR_TRUNCATED, r->at, what);
    }
    return bad_at(r, BR_ERR_MALFORMED, r->at, what);
}

/** Why the arena gave nothing for n bytes. */
static enum br_rc
no_room(struct reader *r, size_t n)
{
    return bad_at(
        r, br_json_refused(r->arena, n), r->at,
        "no room for the values of the document");
}

/* ---- strings ------------------------------------------------------------ */

static int
hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/** The four digits of \uXXXX; -1 when they are none. */
static int32_t
hex_unit(const uint8_t *p, const uint8_t *end)
{
    int32_t unit = 0;
    if (end - p < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0) {
            return -1;
        }
        unit = unit << 4 | digit;
    }
    return unit;
}

static size_t
put_utf8(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

/** r->at is behind \u. RFC 8259 section 7: "To escape an extended character
 *  that is not in the Basic Multilingual Plane, the character is represented
 *  as a 12-character sequence, encoding the UTF-16 surrogate pair." */
static enum br_rc
unescape_unit(struct reader *r, uint32_t *ret)
{
    int32_t unit = hex_unit(r->at, r->end);
    if (unit < 0) {
        return bad(r, "four hexadecimal digits must follow \\u");
    }
    if (unit >= 0xdc00 && unit <= 0xdfff) {
        return bad(r, "a low surrogate without a high one before it");
    }
    r->at += 4;
    *ret = (uint32_t)unit;
    if (unit < 0xd800 || unit > 0xdbff) {
        return BR_OK;
    }
    int32_t low = -1;
    if (r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u') {
        low = hex_unit(r->at + 2, r->end);
    }
    if (low < 0xdc00 || low > 0xdfff) {
        return bad(r, "a high surrogate without a low one after it");
    }
    r->at += 6;
    *ret =
        0x10000 + (((uint32_t)unit - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
    return BR_OK;
}

/** r->at is behind the backslash. */
static enum br_rc
unescape(struct reader *r, uint32_t *ret)
{
    static const char escapes[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (r->at < r->end && *r->at == 'u') {
        r->at++;
        return unescape_unit(r, ret);
    }
    for (size_t i = 0; r->at < r->end && i < sizeof(escapes) - 1; i++) {
        if (*r->at == (uint8_t)escapes[i]) {
            r->at++;
            *ret = (uint8_t)meanings[i];
            return BR_OK;
        }
    }
    return bad(r, "one of \" \\ / b f n r t u must follow the backslash");
}

/** Where does the string end whose first escape is at r->at? No escape is
 *  judged here: this is for the room that it takes. */
static const uint8_t *
closing_quote(const uint8_t *p, const uint8_t *end)
{
    while (p < end && *p != '"') {
        p += *p == '\\' && end - p > 1 ? 2 : 1;
    }
    return p;
}

/** The string from `from`, with escapes from r->at on, into the arena. */
static enum br_rc
read_escaped(
    struct reader *r, const uint8_t *from, uint64_t *seen, struct br_bytes *ret)
{
    /* An escape is never shorter than what it stands for. */
    size_t room = (size_t)(closing_quote(r->at, r->end) - from);
    uint8_t *out = (uint8_t *)br_arena_take(r->arena, room);
    size_t n = 0;
    if (out == NULL) {
        return no_room(r, room);
    }
    for (;;) {
        memcpy(out + n, from, (size_t)(r->at - from));
        n += (size_t)(r->at - from);
        if (r->at == r->end || *r->at != '\\') {
            *ret = br_bytes(out, n);
            return BR_OK;
        }
        uint32_t c = 0;
        r->at++;
        BR_TRY(unescape(r, &c));
        n += put_utf8(out + n, c);
        from = r->at;
        r->at = br_json_skip_plain(r->at, r->end, seen);
    }
}

/** r->at is at the opening quote. */
static enum br_rc
read_string(struct reader *r, struct br_bytes *ret)
{
    const uint8_t *from = ++r->at;
    uint64_t seen = 0;
    r->at = br_json_skip_plain(from, r->end, &seen);
    *ret = br_bytes(from, (size_t)(r->at - from));
    if (r->at < r->end && *r->at == '\\') {
        BR_TRY(read_escaped(r, from, &seen, ret));
    }
    if (r->at == r->end) {
        return bad(r, "the string does not end");
    }
    if (*r->at != '"') {
        return bad(r, "a control character in a string must be escaped");
    }
    if ((seen & br_json_each_byte(0x80)) != 0) {
        size_t n = (size_t)(r->at - from);
        size_t good = br_utf8_check(br_bytes(from, n));
        if (good != n) {
            return bad_at(r, BR_ERR_BAD_UTF8, from + good, "not UTF-8");
        }
    }
    r->at++;
    return BR_OK;
}

/* ---- numbers and words -------------------------------------------------- */

static inline bool
is_digit(const struct reader *r)
{
    return r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

static enum br_rc
skip_digits(struct reader *r)
{
    if (!is_digit(r)) {
        return bad(r, "a digit must follow");
    }
    while (is_digit(r)) {
        r->at++;
    }
    return BR_OK;
}

/** The digits before a fraction or exponent, as v's magnitude. */
static enum br_rc
read_whole(struct reader *r, struct br_json *v)
{
    const uint8_t *first = r->at;
    uint64_t sum = 0;
    v->integer = true;
    if (!is_digit(r)) {
        return bad(r, "a digit must follow");
    }
    while (is_digit(r)) {
        uint64_t digit = (uint64_t)(*r->at - '0');
        if (sum > (UINT64_MAX - digit) / 10) {
            v->integer = false;
        }
        sum = 10 * sum + digit;
        r->at++;
    }
    if (*first == '0' && r->at - first > 1) {
        return bad_at(
            r, BR_ERR_MALFORMED, first, "a number must not begin with 0");
    }
    v->magnitude = sum;
    return BR_OK;
}

/** RFC 8259 section 6. */
static enum br_rc
read_number(struct reader *r, struct br_json *v)
{
    const uint64_t int64_min = UINT64_C(1) << 63;
    v->kind = BR_JSON_NUMBER;
    if (*r->at == '-') {
        v->negative = true;
        r->at++;
    }
    BR_TRY(read_whole(r, v));
    if (v->negative && v->magnitude > int64_min) {
        v->integer = false;
    }
    if (r->at < r->end && *r->at == '.') {
        v->integer = false;
        r->at++;
        BR_TRY(skip_digits(r));
    }
    if (r->at < r->end && (*r->at | 0x20) == 'e') {
        v->integer = false;
        r->at++;
        if (r->at < r->end && (*r->at == '+' || *r->at == '-')) {
            r->at++;
        }
        BR_TRY(skip_digits(r));
    }
    return BR_OK;
}

static enum br_rc
read_word(struct reader *r, struct br_json *v)
{
    static const struct {
        const char *text;
        size_t n;
        enum br_json_kind kind;
        bool boolean;
    } words[] = {
        {"true", 4, BR_JSON_BOOLEAN, true},
        {"false", 5, BR_JSON_BOOLEAN, false},
        {"null", 4, BR_JSON_NULL, false},
    };
    size_t left = (size_t)(r->end - r->at);
    for (size_t i = 0; i < 3; i++) {
        if (left >= words[i].n &&
            memcmp(r->at, words[i].text, words[i].n) == 0) {
            v->kind = (uint8_t)words[i].kind;
            v->boolean = words[i].boolean;
            r->at += words[i].n;
            return BR_OK;
        }
    }
    return bad(r, "a value is needed here");
}

/* ---- the document ------------------------------------------------------- */

static inline void
skip_space(struct reader *r)
{
    while (
        r->at < r->end && *r->at <= 0x20 &&
        (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t')) {
        r->at++;
    }
}

/** An object's next name and the colon. */
static enum br_rc
read_name(struct reader *r, struct br_json *v)
{
    skip_space(r);
    if (r->at == r->end || *r->at != '"') {
        return bad(r, "a name in quotes is needed here");
    }
    BR_TRY(read_string(r, &v->name));
    skip_space(r);
    if (r->at == r->end || *r->at != ':') {
        return bad(r, "a colon must follow the name");
    }
    r->at++;
    return BR_OK;
}

static enum br_rc
open_container(struct reader *r, struct br_json *v)
{
    if (r->depth == BR_JSON_DEPTH_MAX) {
        return bad_at(r, BR_ERR_TOO_DEEP, r->at, "nested too deeply");
    }
    v->kind = *r->at == '{' ? BR_JSON_OBJECT : BR_JSON_ARRAY;
    v->height = 1;
    v->raw.p = r->at;
    r->depth++;
    r->in = v;
    r->at++;
    return BR_OK;
}

static enum br_rc
twice(struct reader *r, const struct br_json *member)
{
    char path[BR_JSON_PATH_BYTES];
    br_json_path(member, path);
    return br_fail_at(
        r->err, BR_ERR_DUPLICATE_FIELD, member->offset,
        "JSON, byte %zu: %s is given twice", (size_t)member->offset, path);
}

static enum br_rc
check_few_names(struct reader *r)
{
    for (struct br_json *a = r->in->items.first; a != NULL; a = a->next) {
        for (const struct br_json *b = r->in->items.first; b != a;
             b = b->next) {
            if (a->name.n == b->name.n && br_bytes_eq(a->name, b->name)) {
                return twice(r, a);
            }
        }
    }
    return BR_OK;
}

/** "The names within an object SHOULD be unique" (RFC 8259 section 4); in
 *  I-JSON they MUST be (RFC 7493 section 2.3). */
static enum br_rc
check_names(struct reader *r)
{
    struct br_json *object = r->in;
    uint32_t count = object->items.count;
    if (count <= BR_JSON_INDEX_FROM) {
        return check_few_names(r);
    }
    if (!br_json_index_make(r->arena, object)) {
        return no_room(r, 2 * count * sizeof(struct br_json *));
    }
    struct br_json **sorted = object->items.index->sorted;
    for (uint32_t i = 1; i < count; i++) {
        if (br_bytes_eq(sorted[i - 1]->name, sorted[i]->name)) {
            return twice(r, sorted[i]);
        }
    }
    return BR_OK;
}

static enum br_rc
close_container(struct reader *r)
{
    struct br_json *v = r->in;
    r->at++;
    v->raw.n = (size_t)(r->at - v->raw.p);
    if (v->kind == BR_JSON_OBJECT) {
        BR_TRY(check_names(r));
    }
    r->in = v->parent;
    r->depth--;
    if (r->in != NULL && r->in->height <= v->height) {
        r->in->height = (uint8_t)(v->height + 1);
    }
    return BR_OK;
}

/** After a value: close what closes here. *more: another item follows. */
static enum br_rc
after_value(struct reader *r, bool *more)
{
    while (r->in != NULL) {
        uint8_t close = r->in->kind == BR_JSON_OBJECT ? '}' : ']';
        skip_space(r);
        if (r->at < r->end && *r->at == ',') {
            r->at++;
            *more = true;
            return BR_OK;
        }
        if (r->at == r->end || *r->at != close) {
            return bad(
                r, close == '}' ? "a comma or } is needed here"
                                : "a comma or ] is needed here");
        }
        BR_TRY(close_container(r));
    }
    *more = false;
    return BR_OK;
}

/** A value but for what is in an array or object, which stays open. */
static enum br_rc
read_scalar(struct reader *r, struct br_json *v)
{
    const uint8_t *from = r->at;
    if (*from == '"') {
        v->kind = BR_JSON_STRING;
        BR_TRY(read_string(r, &v->string));
    } else if (*from == '-' || is_digit(r)) {
        BR_TRY(read_number(r, v));
    } else {
        BR_TRY(read_word(r, v));
    }
    v->raw = br_bytes(from, (size_t)(r->at - from));
    return BR_OK;
}

static enum br_rc
read_values(struct reader *r, struct br_json **ret)
{
    bool more = true;
    while (more) {
        struct br_json *v =
            (struct br_json *)br_arena_take(r->arena, sizeof(*v));
        if (v == NULL) {
            return no_room(r, sizeof(*v));
        }
        if (r->in == NULL) {
            *ret = v;
        } else {
            if (r->in->kind == BR_JSON_OBJECT) {
                BR_TRY(read_name(r, v));
            }
            br_json_link_last(r->in, v);
        }
        skip_space(r);
        v->offset = (uint32_t)(r->at - r->start);
        if (r->at == r->end) {
            return bad(r, "a value is needed here");
        }
        if (*r->at == '{' || *r->at == '[') {
            uint8_t close = *r->at == '{' ? '}' : ']';
            BR_TRY(open_container(r, v));
            skip_space(r);
            if (r->at == r->end || *r->at != close) {
                continue;
            }
        } else {
            BR_TRY(read_scalar(r, v));
        }
        BR_TRY(after_value(r, &more));
    }
    return BR_OK;
}

enum br_rc
br_json_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr)
{
    struct br_json *root = NULL;
    const uint8_t *start = text.n == 0 ? (const uint8_t *)"" : text.p;
    struct reader r = {
        .start = start,
        .at = start,
        .end = start + text.n,
        .arena = arena,
        .err = reterr,
    };
    if (text.n > BR_JSON_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "JSON: %zu bytes, more than %u", text.n,
            BR_JSON_BYTES_MAX);
    }
    BR_TRY(read_values(&r, &root));
    skip_space(&r);
    if (r.at != r.end) {
        return bad_at(
            &r, BR_ERR_TRAILING, r.at, "something follows the document");
    }
    *ret = root;
    return BR_OK;
}
