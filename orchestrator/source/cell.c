/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/source/cell.h"

#include <stdio.h>

enum { NUMBER_BYTES = 32, TEXT_BYTES_MAX = 4096, TEXTS_MAX = 64, GROUP = 3 };

struct br_bytes
br_cell_trim(struct br_bytes text)
{
    while (text.n > 0 && (text.p[0] == ' ' || text.p[0] == '\t')) {
        text = br_bytes(text.p + 1, text.n - 1);
    }
    while (text.n > 0 &&
           (text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\t')) {
        text.n--;
    }
    return text;
}

static bool
is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* ---- numbers ------------------------------------------------------------- */

static bool
take_prefix(struct br_bytes *text, const char *with)
{
    size_t n = strlen(with);
    bool has = text->n >= n && memcmp(text->p, with, n) == 0;
    if (has) {
        *text = br_bytes(text->p + n, text->n - n);
    }
    return has;
}

/** Spreadsheets put a euro sign before or after, with or without a space, of
 *  the kind that does not break too. */
static struct br_bytes
without_euro(struct br_bytes text)
{
    static const char *const ends[] = {
        " \xe2\x82\xac", "\xc2\xa0\xe2\x82\xac", "\xe2\x82\xac"};
    if (take_prefix(&text, "\xe2\x82\xac")) {
        (void)(take_prefix(&text, " ") || take_prefix(&text, "\xc2\xa0"));
        return text;
    }
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        size_t n = strlen(ends[i]);
        if (text.n > n && memcmp(text.p + text.n - n, ends[i], n) == 0) {
            text.n -= n;
            return text;
        }
    }
    return text;
}

/** Digits up to the mark of decimals; with dots, in groups of three. */
static bool
read_whole(struct br_bytes text, char out[NUMBER_BYTES], size_t *ret_n)
{
    size_t n = 0;
    size_t since = 0; /* digits since the last dot */
    bool grouped = false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '.') {
            bool good = grouped ? since == GROUP : since >= 1 && since <= GROUP;
            if (!good) {
                return false;
            }
            grouped = true;
            since = 0;
        } else if (!is_digit(text.p[i]) || n + 4 >= NUMBER_BYTES) {
            return false;
        } else {
            out[n++] = (char)text.p[i];
            since++;
        }
    }
    *ret_n = n;
    /* 0.300 is three tenths to others. */
    return n > 0 && (!grouped || (since == GROUP && out[0] != '0'));
}

/** Where its decimals begin: at the comma; at a dot that one or two digits
 *  follow, which is not the mark of a group. text.n: it has none. */
static size_t
decimals_at(struct br_bytes text)
{
    const uint8_t *comma = (const uint8_t *)memchr(text.p, ',', text.n);
    if (comma != NULL) {
        return (size_t)(comma - text.p);
    }
    for (size_t back = 2; back <= 3 && back < text.n; back++) {
        size_t at = text.n - back;
        /* Of two marks, the one that is no comma groups: 1.234.50 is nothing.
         */
        if (text.p[at] == '.' && memchr(text.p, '.', at) == NULL) {
            return at;
        }
    }
    return text.n;
}

/** JSON's form: no zero before other digits. */
static struct br_json *
number(struct br_json_maker *m, const char *digits)
{
    struct br_json *v = NULL;
    while (digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') {
        digits++;
    }
    const char *kept = br_arena_copy(m->arena, br_str(digits));
    if (kept == NULL ||
        br_json_parse(br_str(kept), m->arena, &v, NULL) != BR_OK) {
        return NULL;
    }
    return v;
}

static struct br_json *
amount(struct br_json_maker *m, struct br_bytes text)
{
    char out[NUMBER_BYTES];
    size_t n = 0;
    text = without_euro(text);
    if (text.n == 0) {
        return NULL;
    }
    size_t at = decimals_at(text);
    size_t decimals = at < text.n ? text.n - at - 1 : 0;
    if (!read_whole(br_bytes(text.p, at), out, &n) || decimals > 2 ||
        (at < text.n && decimals == 0)) {
        return NULL;
    }
    for (size_t i = 0; i < decimals; i++) {
        uint8_t c = text.p[at + 1 + i];
        if (!is_digit(c)) {
            return NULL;
        }
        if (i == 0) {
            out[n++] = '.';
        }
        out[n++] = (char)c;
    }
    out[n] = '\0';
    struct br_json *v = number(m, out);
    uint64_t cents;
    return v != NULL && br_amount_cents(v, &cents, NULL) == BR_OK ? v : NULL;
}

static struct br_json *
integer(struct br_json_maker *m, struct br_bytes text)
{
    char out[NUMBER_BYTES];
    size_t n = 0;
    bool negative = take_prefix(&text, "-");
    int64_t value;
    for (size_t i = 0; i < text.n; i++) {
        if (!is_digit(text.p[i]) || n + 2 >= NUMBER_BYTES) {
            return NULL;
        }
        out[n++] = (char)text.p[i];
    }
    if (n == 0 || (n > 1 && out[0] == '0')) {
        return NULL; /* 00123 is a code, not a number */
    }
    out[n] = '\0';
    struct br_json *v = number(m, out);
    if (v == NULL || br_json_as_int(v, &value, NULL) != BR_OK) {
        return NULL;
    }
    return br_json_new_int(m, negative ? -value : value);
}

/* ---- others -------------------------------------------------------------- */

static struct br_json *
boolean(struct br_json_maker *m, struct br_bytes text)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {
        {"true", true},   {"false", false},    {"vero", true},
        {"falso", false}, {"yes", true},       {"no", false},
        {"si", true},     {"s\xc3\xac", true}, {"s\xc3\x8c", true},
    };
    char lower[8];
    if (text.n >= sizeof(lower)) {
        return NULL;
    }
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        lower[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (br_bytes_eq(br_bytes(lower, text.n), br_str(words[i].word))) {
            return br_json_new_boolean(m, words[i].value);
        }
    }
    return NULL;
}

/** 26/11/2026, turned round; a date in the order of the standard is looked at
 *  by the type. */
static struct br_json *
date(struct br_json_maker *m, struct br_bytes text)
{
    char iso[16];
    const char *p = (const char *)text.p;
    if (text.n != 10) {
        return NULL;
    }
    if (p[2] == '/' && p[5] == '/') {
        (void)snprintf(iso, sizeof(iso), "%.4s-%.2s-%.2s", p + 6, p + 3, p);
        text = br_bytes(iso, 10);
    }
    return br_is_date(text) ? br_json_new_string(m, text) : NULL;
}

static struct br_json *
texts(struct br_json_maker *m, struct br_bytes text)
{
    struct br_json *list = br_json_new_array(m);
    for (size_t count = 0; count < TEXTS_MAX; count++) {
        const uint8_t *bar = (const uint8_t *)memchr(text.p, '|', text.n);
        size_t n = bar == NULL ? text.n : (size_t)(bar - text.p);
        struct br_bytes one = br_cell_trim(br_bytes(text.p, n));
        if (one.n == 0 || one.n > TEXT_BYTES_MAX) {
            return NULL;
        }
        (void)br_json_append(m, list, br_json_new_string(m, one));
        if (bar == NULL) {
            return list;
        }
        text = br_bytes(text.p + n + 1, text.n - n - 1);
    }
    return NULL;
}

/** A line break in a name is a mistake of the spreadsheet. */
static bool
has_control(struct br_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < 0x20 || text.p[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

struct br_json *
br_cell_value(
    struct br_json_maker *m,
    enum br_claim_kind kind,
    struct br_bytes text,
    enum br_import_kind *ret_fault)
{
    *ret_fault = BR_IMPORT_CONTROL;
    if (has_control(text)) {
        return NULL;
    }
    switch (kind) {
    case BR_CLAIM_TEXT:
        *ret_fault = BR_IMPORT_TEXT;
        return text.n > TEXT_BYTES_MAX ? NULL : br_json_new_string(m, text);
    case BR_CLAIM_DATE:
        *ret_fault = BR_IMPORT_DATE;
        return date(m, text);
    case BR_CLAIM_WHOLE:
        *ret_fault = BR_IMPORT_INTEGER;
        return integer(m, text);
    case BR_CLAIM_AMOUNT:
        *ret_fault = BR_IMPORT_AMOUNT;
        return amount(m, text);
    case BR_CLAIM_BOOLEAN:
        *ret_fault = BR_IMPORT_BOOLEAN;
        return boolean(m, text);
    case BR_CLAIM_TEXTS:
        *ret_fault = BR_IMPORT_LIST;
        return texts(m, text);
    case BR_CLAIM_LADDER:
        break;
    }
    *ret_fault = BR_IMPORT_COLUMN_COMPUTED;
    return NULL;
}
