/*
 * What the tests of JSON share: a document read at once, trees made of a seed.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TESTS_CODEC_JSON_SUPPORT_H
#define BR_TESTS_CODEC_JSON_SUPPORT_H

#include "tests/unit/codec/support.h"

#include "common/base/arena.h"
#include "common/codec/json.h"
#include "common/codec/json_write.h"

#include <stdlib.h>

enum { TEST_ARENA_BYTES = 32 * 1024 * 1024 };

/** Read what must be readable. */
static inline struct br_json *
parsed(struct br_arena *arena, struct br_bytes text)
{
    struct br_json *v = NULL;
    struct br_err why;
    if (br_json_parse(text, arena, &v, &why) != BR_OK) {
        fail_msg("%.*s: %s", (int)text.n, (const char *)text.p, why.text);
    }
    return v;
}

/** A value and what is in it is written as this text. */
static inline void
assert_written(const struct br_json *v, const char *text)
{
    struct br_buf b;
    br_buf_init(&b, 1u << 20);
    assert_int_equal(br_json_encode(v, &b, NULL), BR_OK);
    assert_bytes_equal(br_buf_bytes(&b), br_str(text));
    br_buf_fini(&b);
}

/** A character of each length in UTF-8, those that need escapes among them. */
static inline size_t
random_character(uint64_t *seed, uint8_t out[4])
{
    static const char *const some[] = {
        "a",
        "_",
        "\"",
        "\\",
        "/",
        "\x01",
        "\x1f",
        "\n",
        "\x7f",
        "\xc2\x80",
        "\xc3\xa9",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf"};
    uint64_t r = next_random(seed);
    if (r % 3 != 0) {
        out[0] = (uint8_t)('a' + (r >> 8) % 26);
        return 1;
    }
    if (r % 17 == 0) {
        out[0] = 0;
        return 1;
    }
    const char *c = some[(r >> 8) % COUNT(some)];
    memcpy(out, c, strlen(c));
    return strlen(c);
}

static inline struct br_bytes
random_text(uint64_t *seed, uint8_t *out, size_t characters)
{
    size_t n = 0;
    for (; characters > 0; characters--) {
        n += random_character(seed, out + n);
    }
    return br_bytes(out, n);
}

static inline struct br_json *
random_scalar(struct br_json_maker *m, uint64_t *seed)
{
    uint8_t text[4 * 40];
    uint64_t r = next_random(seed);
    switch (r % 5) {
    case 0:
        return br_json_new_null(m);
    case 1:
        return br_json_new_boolean(m, (r >> 8 & 1) != 0);
    case 2:
        return br_json_new_uint(m, next_random(seed) >> (r >> 8) % 64);
    case 3:
        return br_json_new_int(m, (int64_t)next_random(seed));
    default:
        return br_json_new_string(m, random_text(seed, text, r / 8 % 40));
    }
}

/** Put v into an array or object somewhere under top. */
static inline void
random_place(
    struct br_json_maker *m,
    struct br_json *in,
    struct br_json *v,
    uint64_t *seed)
{
    uint8_t name[4 * 12];
    if (in->kind == BR_JSON_ARRAY) {
        (void)br_json_append(m, in, v);
    } else {
        (void)br_json_set_bytes(
            m, in, random_text(seed, name, next_random(seed) % 12), v);
    }
}

/** A tree of about n values. */
static inline struct br_json *
random_tree(struct br_json_maker *m, uint64_t *seed, size_t n)
{
    struct br_json *top = next_random(seed) % 2 == 0 ? br_json_new_object(m)
                                                     : br_json_new_array(m);
    struct br_json *in = top;
    for (size_t i = 0; i < n; i++) {
        uint64_t r = next_random(seed);
        struct br_json *v = r % 8 == 0   ? br_json_new_object(m)
                            : r % 8 == 1 ? br_json_new_array(m)
                                         : random_scalar(m, seed);
        random_place(m, in, v, seed);
        if (r % 8 <= 1 && v->height + 40u < BR_JSON_DEPTH_MAX &&
            (r >> 8) % 4 != 0) {
            in = v;
        } else if ((r >> 8) % 8 == 0) {
            in = top;
        }
    }
    return top;
}

#endif
