/*
 * What the files of JSON share.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CODEC_JSON_INTERNAL_H
#define BR_CODEC_JSON_INTERNAL_H

#include "common/base/buf.h"
#include "common/codec/json.h"

/* Up to here an object's members are compared one by one; past it they have an
 * index. */
enum { BR_JSON_INDEX_FROM = 16 };

/** Members in the order of br_json_name_order, for a binary search. */
struct br_json_index {
    uint32_t capacity;
    struct br_json *sorted[];
};

/** Shorter names first, then by bytes: quick, not alphabetical. */
int br_json_name_order(struct br_bytes a, struct br_bytes b);

/** Sort n values by their names; false when the arena refuses the memory that
 *  merging needs. Stable, n log n. */
bool br_json_sort(
    struct br_arena *arena,
    struct br_json **v,
    size_t n,
    int (*order)(struct br_bytes a, struct br_bytes b)) BR_MUST_USE;

/** Give an object of many members its index; false for lack of memory. */
bool
br_json_index_make(struct br_arena *arena, struct br_json *object) BR_MUST_USE;
/** A member was linked last. The index is complete or NULL, also on failure. */
bool br_json_index_add(
    struct br_arena *arena,
    struct br_json *object,
    struct br_json *member) BR_MUST_USE;
/** Before a member is taken out, or `by` (not NULL) comes into its place. */
void br_json_index_change(
    struct br_json *object, const struct br_json *member, struct br_json *by);
/** Where the name is in the index, or would be. */
uint32_t br_json_index_find(const struct br_json *object, struct br_bytes name);

/** NO_MEMORY or TOO_LARGE: why did br_arena_take(arena, n) give nothing? */
enum br_rc br_json_refused(const struct br_arena *arena, size_t n);

/** Quoted, with the escapes that must be (RFC 8259 section 7, RFC 8785
 *  section 3.2.2.2). */
void br_json_put_quoted(struct br_buf *b, struct br_bytes v);
/** What is neither array nor object; numbers as they came. */
void br_json_put_scalar(struct br_buf *b, const struct br_json *v);
/** A number whose integer is set. */
void br_json_put_integer(struct br_buf *b, bool negative, uint64_t magnitude);
/** The digits of v; how many. */
size_t br_json_decimal(uint64_t v, uint8_t out[20]);

static inline uint64_t
br_json_each_byte(uint8_t v)
{
    return UINT64_C(0x0101010101010101) * v;
}

/** Some top bit is set if and only if some byte is zero. */
static inline uint64_t
br_json_zero_bytes(uint64_t w)
{
    return (w - br_json_each_byte(1)) & ~w;
}

/** To the first byte that a string needs an escape for: quote, backslash,
 *  control character. Eight at a time; *seen gathers the bytes passed, so that
 *  its top bits tell whether all was ASCII. */
static inline const uint8_t *
br_json_skip_plain(const uint8_t *p, const uint8_t *end, uint64_t *seen)
{
    const uint64_t top = br_json_each_byte(0x80);
    while (end - p >= 8) {
        uint64_t w;
        memcpy(&w, p, sizeof(w));
        uint64_t stop = br_json_zero_bytes(w ^ br_json_each_byte('"')) |
                        br_json_zero_bytes(w ^ br_json_each_byte('\\')) |
                        ((w - br_json_each_byte(0x20)) & ~w);
        if ((stop & top) != 0) {
            break;
        }
        *seen |= w;
        p += 8;
    }
    while (p < end && *p >= 0x20 && *p != '"' && *p != '\\') {
        *seen |= *p;
        p++;
    }
    return p;
}

static inline bool
br_json_is_container(const struct br_json *v)
{
    return v->kind == BR_JSON_ARRAY || v->kind == BR_JSON_OBJECT;
}

/** A member or item at the end of its container; counts it. */
static inline void
br_json_link_last(struct br_json *container, struct br_json *v)
{
    v->parent = container;
    v->previous = container->items.last;
    if (container->items.last == NULL) {
        container->items.first = v;
    } else {
        container->items.last->next = v;
    }
    container->items.last = v;
    container->items.count++;
}

#endif
