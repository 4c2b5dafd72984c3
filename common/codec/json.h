/*
 * JSON documents (RFC 8259) as values in an arena, over bytes that stay where
 * they are.
 *
 * - Strict: UTF-8 without overlong forms and surrogates, also when they are
 *   escaped; no name twice in an object, told apart as RFC 8259 section 8.3
 *   has it, after unescaping; nothing after the document; BR_JSON_DEPTH_MAX
 *   arrays and objects inside each other; BR_JSON_BYTES_MAX bytes.
 *   U+0000 and the noncharacters of Unicode are text as any other.
 * - What is signed is not written again: each value keeps the bytes that it
 *   came from in `raw`. Change something and the `raw` of what it is in is
 *   forgotten; the others' stays.
 * - Numbers are exact: integers of 64 bits as such, all others as they were
 *   written.
 * - A value borrows the text that it was read from, and lives in its arena:
 *   both outlive it. Functions do not recurse.
 *
 * Pure. Writing is in common/codec/json_write.h, RFC 8785 in
 * common/codec/jcs.h.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CODEC_JSON_H
#define BR_CODEC_JSON_H

#include "common/base/arena.h"
#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/base/limits.h"

enum br_json_kind {
    BR_JSON_NULL,
    BR_JSON_BOOLEAN,
    BR_JSON_NUMBER,
    BR_JSON_STRING,
    BR_JSON_ARRAY,
    BR_JSON_OBJECT,
};

struct br_json_index;

/** To be read; changed only through the functions below. */
struct br_json {
    struct br_bytes raw;    /**< as it came; empty when made or changed here */
    struct br_bytes name;   /**< of a member, unescaped */
    struct br_json *parent; /**< the array or object that it is in, or NULL */
    struct br_json *next;   /**< its neighbours there, in order, or NULL */
    struct br_json *previous;
    uint32_t offset; /**< of raw in the text */
    uint8_t kind;    /**< an enum br_json_kind */
    uint8_t height;  /**< arrays and objects in each other from here, at most */
    bool integer;    /**< a number that magnitude holds exactly */
    bool negative;
    union {
        bool boolean;
        uint64_t magnitude;
        struct br_bytes string; /**< unescaped; may hold NUL bytes */
        struct {
            struct br_json *first;
            struct br_json *last;
            struct br_json_index *index; /**< members by name, when many */
            uint32_t count;
        } items;
    };
};

/** One document. MALFORMED, TRUNCATED, TRAILING, BAD_UTF8, DUPLICATE_FIELD,
 *  TOO_DEEP tell the byte, and the path that leads there; TOO_LARGE when the
 *  text or its values are too much for the limit or the arena. */
enum br_rc br_json_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- looking: NULL, false or 0 when there is no such thing -------------- */

/** A member. v may be NULL or of any kind: then there is none. */
struct br_json *br_json_member(const struct br_json *v, const char *name);
struct br_json *
br_json_member_bytes(const struct br_json *v, struct br_bytes name);
/** Items of an array or members of an object, in order:
 *  for (i = br_json_first(v); i != NULL; i = i->next) */
struct br_json *br_json_first(const struct br_json *v);
/** An array's item; steps through those before it. */
struct br_json *br_json_at(const struct br_json *v, size_t i);
size_t br_json_count(const struct br_json *v);
/** Is it this string? */
bool br_json_is(const struct br_json *v, const char *string);
/** Same values: members in any order, strings unescaped, numbers by their
 *  value as integers, others as the nearest double. */
bool br_json_equal(const struct br_json *a, const struct br_json *b);

/* ---- looking, with a reason --------------------------------------------- */
/* WRONG_TYPE and MISSING_FIELD tell the path and the byte. *ret is untouched
 * on failure, and when `may` finds no member. */

enum br_rc br_json_as(
    const struct br_json *v,
    enum br_json_kind kind,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_json_as_string(
    const struct br_json *v,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;
/** OUT_OF_RANGE: negative, a fraction or an exponent, or too large. */
enum br_rc br_json_as_uint(
    const struct br_json *v, uint64_t *ret, struct br_err *reterr) BR_MUST_USE;
enum br_rc br_json_as_int(
    const struct br_json *v, int64_t *ret, struct br_err *reterr) BR_MUST_USE;
/** The nearest double; OUT_OF_RANGE when it would be infinite. */
enum br_rc br_json_as_double(
    const struct br_json *v, double *ret, struct br_err *reterr) BR_MUST_USE;
enum br_rc br_json_as_boolean(
    const struct br_json *v, bool *ret, struct br_err *reterr) BR_MUST_USE;

/** A member that must be there, of this kind. */
enum br_rc br_json_need(
    const struct br_json *object,
    const char *name,
    enum br_json_kind kind,
    struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_json_need_string(
    const struct br_json *object,
    const char *name,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_json_need_uint(
    const struct br_json *object,
    const char *name,
    uint64_t *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_json_need_int(
    const struct br_json *object,
    const char *name,
    int64_t *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_json_need_boolean(
    const struct br_json *object,
    const char *name,
    bool *ret,
    struct br_err *reterr) BR_MUST_USE;

/** A member that may be absent; when it is there, of this kind. */
enum br_rc br_json_may(
    const struct br_json *object,
    const char *name,
    enum br_json_kind kind,
    struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_json_may_string(
    const struct br_json *object,
    const char *name,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_json_may_uint(
    const struct br_json *object,
    const char *name,
    uint64_t *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_json_may_int(
    const struct br_json *object,
    const char *name,
    int64_t *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_json_may_boolean(
    const struct br_json *object,
    const char *name,
    bool *ret,
    struct br_err *reterr) BR_MUST_USE;

/** UNKNOWN_FIELD when the object has a member that is not among the names. */
enum br_rc br_json_only(
    const struct br_json *object,
    const char *const *names,
    size_t count,
    struct br_err *reterr) BR_MUST_USE;

#define BR_JSON_PATH_BYTES 112
/** Where a value is, in one printable line that ends with NUL:
 *  $.credentialSubject.degrees[2]['a name']; its end when it is long. */
void br_json_path(const struct br_json *v, char out[BR_JSON_PATH_BYTES]);
/** "a string", "an object", ... for messages. */
const char *br_json_kind_text(enum br_json_kind kind);

/* ---- making and changing ------------------------------------------------ */

/** Makes values in an arena. After the first failure nothing is made or
 *  changed any more, and NULL values run through: build all, then look once
 *  with br_json_maker_status. */
struct br_json_maker {
    struct br_arena *arena;
    enum br_rc rc;
};

void br_json_maker_init(struct br_json_maker *m, struct br_arena *arena);
/** BR_OK, TOO_LARGE, TOO_DEEP or NO_MEMORY. */
enum br_rc br_json_maker_status(
    const struct br_json_maker *m, struct br_err *reterr) BR_MUST_USE;

struct br_json *br_json_new_object(struct br_json_maker *m);
struct br_json *br_json_new_array(struct br_json_maker *m);
struct br_json *br_json_new_null(struct br_json_maker *m);
struct br_json *br_json_new_boolean(struct br_json_maker *m, bool v);
struct br_json *br_json_new_uint(struct br_json_maker *m, uint64_t v);
struct br_json *br_json_new_int(struct br_json_maker *m, int64_t v);
/** A copy; v is valid UTF-8: asserted. */
struct br_json *br_json_new_string(struct br_json_maker *m, struct br_bytes v);
/** A value with all that is in it, outside any array or object; its strings
 *  and spans are those of v. */
struct br_json *
br_json_new_copy(struct br_json_maker *m, const struct br_json *v);

/** Add a member, or put v in the place of the one with this name. v is in no
 *  array or object yet: asserted. The name is copied. Returns v. */
struct br_json *br_json_set(
    struct br_json_maker *m,
    struct br_json *object,
    const char *name,
    struct br_json *v);
struct br_json *br_json_set_bytes(
    struct br_json_maker *m,
    struct br_json *object,
    struct br_bytes name,
    struct br_json *v);
/** At the end of an array. */
struct br_json *br_json_append(
    struct br_json_maker *m, struct br_json *array, struct br_json *v);
/** Put v where old is, under old's name; old is then in nothing. */
struct br_json *br_json_replace(
    struct br_json_maker *m, struct br_json *old, struct br_json *v);
/** Take a value out of what it is in, so that it can go elsewhere. */
void br_json_detach(struct br_json *v);
/** Detach the member of this name; NULL when there is none. */
struct br_json *br_json_remove(struct br_json *object, const char *name);

#endif
