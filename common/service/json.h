/*
 * JSON for requests and answers (jansson inside, for reading).
 *
 * Reading is by a table of fields: unknown, duplicate and missing ones are
 * refused by name; nesting is not needed and not accepted. Writing appends to
 * a struct br_buf; the caller keeps the commas.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_SERVICE_JSON_H
#define BR_SERVICE_JSON_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"

enum br_json_type { BR_JSON_TEXT, BR_JSON_BOOL, BR_JSON_UINT };

/** ret: const char * (in the arena, NUL-terminated; text with NUL is
 *  refused), bool or uint64_t; untouched when an optional field is absent. */
struct br_json_field {
    const char *name;
    enum br_json_type type;
    bool required;
    void *ret;
};

/** One flat object. MALFORMED tells line and column. */
enum br_rc br_json_read(
    struct br_bytes text,
    const struct br_json_field *fields,
    size_t count,
    struct br_arena *arena,
    struct br_err *reterr) BR_MUST_USE;

/** One field of an answer that may have others: text into the arena, or a
 *  number; MISSING_FIELD when it is not there or of another type. */
enum br_rc br_json_get_text(
    struct br_bytes text,
    const char *name,
    struct br_arena *arena,
    const char **ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_json_get_uint(
    struct br_bytes text,
    const char *name,
    uint64_t *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_json_get_bool(
    struct br_bytes text, const char *name, bool *ret, struct br_err *reterr)
    BR_MUST_USE;

/** Call fn for each element of the list under this name, in order, until it
 *  fails: with its text where it is a string, otherwise with its JSON, for the
 *  functions above. */
enum br_rc br_json_each(
    struct br_bytes text,
    const char *name,
    enum br_rc (*fn)(void *ctx, struct br_bytes element, struct br_err *reterr),
    void *ctx,
    struct br_err *reterr) BR_MUST_USE;

/** A quoted, escaped string. */
void br_json_put_text(struct br_buf *b, struct br_bytes text);
/** RFC 3339 in UTC with six digits, quoted: "2026-11-24T10:00:00.123456Z". */
void br_json_put_time(struct br_buf *b, struct br_time_us t);
/** The same without quotes; out has room for 28 bytes. */
void br_time_text(struct br_time_us t, char out[28]);
/** ISO 8601 as people write it: a date, or a date, T and a time of day; Z, an
 *  offset or nothing, which is UTC. From 1970 to 2200. MALFORMED. */
enum br_rc
br_time_parse(const char *text, struct br_time_us *ret, struct br_err *reterr)
    BR_MUST_USE;

#endif
