/* SPDX-License-Identifier: EUPL-1.2 */
/* JSON values: each keeps its bytes; what is written again is equal; what is
 * taken apart leaves the rest as it was. */
#include "common/codec/json_write.h"
#include "common/codec/text.h"
#include "tests/fuzz/fuzz.h"

/** The next value in the order of the text. */
static struct br_json *
next_of(struct br_json *v)
{
    struct br_json *next = br_json_first(v);
    while (next == NULL && v != NULL) {
        next = v->next;
        v = v->parent;
    }
    return next;
}

static void
check_value(struct br_json *v, struct br_bytes in, struct br_arena *arena)
{
    struct br_json *again;
    char path[BR_JSON_PATH_BYTES];
    BR_ASSERT(v->raw.n > 0 && fuzz_inside(v->raw, in));
    BR_ASSERT(v->raw.p == in.p + v->offset);
    BR_ASSERT(v->height <= BR_JSON_DEPTH_MAX);
    br_json_path(v, path);
    BR_ASSERT(path[0] == '$' && strlen(path) < sizeof(path));
    if (v->kind == BR_JSON_STRING) {
        BR_ASSERT(br_utf8_check(v->string) == v->string.n);
    }
    if (v->parent != NULL && v->parent->kind == BR_JSON_OBJECT) {
        BR_ASSERT(br_json_member_bytes(v->parent, v->name) == v);
    }
    if (v->raw.n < 64) { /* its bytes alone say the same; once is enough */
        enum br_rc rc = br_json_parse(v->raw, arena, &again, NULL);
        BR_ASSERT(
            (rc == BR_OK && br_json_equal(v, again)) || rc == BR_ERR_TOO_LARGE);
    }
}

static void
check_written(const struct br_json *v, struct br_arena *arena)
{
    struct br_json *again;
    struct br_buf b;
    br_buf_init(&b, 1u << 22);
    enum br_rc rc = br_json_encode(v, &b, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_json_parse(br_buf_bytes(&b), arena, &again, NULL);
    BR_ASSERT(
        (rc == BR_OK && br_json_equal(v, again)) || rc == BR_ERR_TOO_LARGE);
    br_buf_fini(&b);
}

/** Every second value goes; another comes in the place of some. */
static void
take_apart(struct br_json *top, struct br_arena *arena)
{
    struct br_json_maker m;
    unsigned n = 0;
    br_json_maker_init(&m, arena);
    struct br_json *copy = br_json_new_copy(&m, top);
    if (copy == NULL) {
        return;
    }
    BR_ASSERT(br_json_equal(top, copy));
    for (struct br_json *v = next_of(copy); v != NULL; n++) {
        struct br_json *next = next_of(v);
        if (br_json_first(v) == NULL && n % 2 == 0) {
            br_json_detach(v);
        } else if (br_json_first(v) == NULL && n % 5 == 0) {
            (void)br_json_replace(&m, v, br_json_new_uint(&m, n));
        }
        v = next;
    }
    check_written(copy, arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_bytes in = br_bytes(data, n);
    struct br_json *top = NULL;
    struct br_arena arena;
    struct br_err err;
    br_arena_init(&arena, 1u << 24);
    enum br_rc rc = br_json_parse(in, &arena, &top, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        BR_ASSERT(top == NULL && err.offset <= n);
    } else {
        for (struct br_json *v = top; v != NULL; v = next_of(v)) {
            check_value(v, in, &arena);
        }
        check_written(top, &arena);
        take_apart(top, &arena);
    }
    br_arena_fini(&arena);
    return 0;
}
