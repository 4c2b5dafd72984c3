/*
 * JSON made of a seed: written and read again it is equal; changed in a byte it
 * is refused with a reason, or is read, written and read as the same. Memory is
 * refused at every place.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/codec/json_support.h"

#include "common/codec/jcs.h"

/* ---- memory that is refused --------------------------------------------- */

/* The linker sends the library's calls here. */
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);

static long granted = -1; /* how many more calls succeed; -1: all */

static bool
is_granted(void)
{
    if (granted > 0) {
        granted--;
        return true;
    }
    return granted < 0;
}

void *
__wrap_calloc(size_t n, size_t size)
{
    return is_granted() ? __real_calloc(n, size) : NULL;
}

void *
__wrap_realloc(void *p, size_t n)
{
    return is_granted() ? __real_realloc(p, n) : NULL;
}

static struct br_err err;

/** Read, copy, change, write, sort: all that takes memory. */
static enum br_rc
use_everything(struct br_bytes text, size_t arena_max, struct br_buf *out)
{
    struct br_arena arena;
    struct br_json_maker m;
    struct br_json *v;
    br_arena_init(&arena, arena_max);
    br_json_maker_init(&m, &arena);
    enum br_rc rc = br_json_parse(text, &arena, &v, &err);
    if (rc == BR_OK) {
        struct br_json *copy = br_json_new_copy(&m, v);
        struct br_json *o = br_json_new_object(&m);
        br_json_set(&m, o, "copy", copy);
        for (int i = 0; i < 40; i++) {
            char name[16];
            (void)snprintf(name, sizeof(name), "%d", i);
            br_json_set(&m, o, name, br_json_new_string(&m, br_str(name)));
        }
        rc = br_json_maker_status(&m, &err);
        if (rc == BR_OK) {
            rc = br_jcs_encode(o, &arena, out, &err);
        }
        if (rc == BR_OK) {
            rc = br_json_encode(v, out, &err);
        }
    }
    br_arena_fini(&arena);
    return rc;
}

static void
make_text(struct br_buf *b)
{
    br_buf_puts(b, "{\"e\":[\"\\n escaped\",{}],\"many\":{");
    for (int i = 0; i < 300; i++) {
        br_buf_printf(b, "%s\"name %d\":[%d]", i == 0 ? "" : ",", i, i);
    }
    br_buf_puts(b, "}}");
}

static void
memory_refused_at_each_call(void **state)
{
    (void)state;
    struct br_buf text;
    struct br_buf out;
    br_buf_init(&text, 1u << 20);
    make_text(&text);
    long n = 0;
    enum br_rc rc = BR_ERR_NO_MEMORY;
    for (; rc != BR_OK; n++) {
        br_buf_init(&out, 1u << 20);
        granted = n;
        rc = use_everything(br_buf_bytes(&text), 8u << 20, &out);
        granted = -1;
        br_buf_fini(&out);
        assert_true(
            rc == BR_OK || rc == BR_ERR_NO_MEMORY || rc == BR_ERR_TOO_LARGE);
        assert_true(n < 1000);
    }
    assert_true(n > 10); /* it was refused more than here and there */
    br_buf_fini(&text);
}

static void
an_arena_too_small_at_each_size(void **state)
{
    (void)state;
    struct br_buf text;
    struct br_buf out;
    br_buf_init(&text, 1u << 20);
    br_buf_init(&out, 1u << 20);
    make_text(&text);
    size_t max = 0;
    enum br_rc rc = BR_ERR_TOO_LARGE;
    for (; rc != BR_OK; max += 16) {
        br_buf_clear(&out);
        rc = use_everything(br_buf_bytes(&text), max, &out);
        assert_true(rc == BR_OK || rc == BR_ERR_TOO_LARGE);
        assert_true(max < 1u << 20);
    }
    assert_true(max > 60000);
    br_buf_fini(&out);
    br_buf_fini(&text);
}

/* ---- properties --------------------------------------------------------- */

static void
written_and_read_again_it_is_equal(void **state)
{
    (void)state;
    uint64_t seed = 50;
    struct br_buf b;
    struct br_buf again;
    br_buf_init(&b, 1u << 20);
    br_buf_init(&again, 1u << 20);
    for (size_t i = 0; i < 3000; i++) {
        struct br_arena arena;
        struct br_json_maker m;
        br_arena_init(&arena, TEST_ARENA_BYTES);
        br_json_maker_init(&m, &arena);
        struct br_json *v = random_tree(&m, &seed, i % 150);
        assert_int_equal(br_json_maker_status(&m, &err), BR_OK);
        br_buf_clear(&b);
        br_buf_clear(&again);
        assert_int_equal(br_json_encode(v, &b, &err), BR_OK);
        struct br_json *read = parsed(&arena, br_buf_bytes(&b));
        assert_true(br_json_equal(v, read));
        assert_true(read->height <= v->height);
        assert_int_equal(br_json_encode(read, &again, &err), BR_OK);
        assert_bytes_equal(br_buf_bytes(&b), br_buf_bytes(&again));
        br_arena_fini(&arena);
    }
    br_buf_fini(&again);
    br_buf_fini(&b);
}

/** What is accepted is equal to itself after writing. */
static bool
check_one(struct br_bytes text, struct br_buf *b)
{
    struct br_arena arena;
    struct br_json *v;
    br_arena_init(&arena, TEST_ARENA_BYTES);
    err = (struct br_err){0};
    bool accepted = br_json_parse(text, &arena, &v, &err) == BR_OK;
    if (accepted) {
        br_buf_clear(b);
        assert_int_equal(br_json_encode(v, b, &err), BR_OK);
        assert_true(br_json_equal(v, parsed(&arena, br_buf_bytes(b))));
    } else {
        assert_true(err.offset <= text.n);
        assert_true(strlen(err.text) > 0 && strchr(err.text, '\n') == NULL);
    }
    br_arena_fini(&arena);
    return accepted;
}

static void
mutations(void **state)
{
    (void)state;
    static const char some[] = "{}[]\",:\\u0123d8ef+-.nt \x01\xff\xed\xa0";
    uint64_t seed = 51;
    struct br_buf b;
    struct br_buf again;
    size_t good = 0;
    size_t bad = 0;
    br_buf_init(&b, 1u << 20);
    br_buf_init(&again, 1u << 20);
    for (size_t i = 0; i < 400; i++) {
        struct br_arena arena;
        struct br_json_maker m;
        br_arena_init(&arena, TEST_ARENA_BYTES);
        br_json_maker_init(&m, &arena);
        br_buf_clear(&b);
        assert_int_equal(
            br_json_encode(random_tree(&m, &seed, i % 40), &b, &err), BR_OK);
        br_arena_fini(&arena);
        for (int k = 0; k < 60; k++) {
            size_t at = next_random(&seed) % b.n;
            uint8_t was = b.p[at];
            b.p[at] = (uint8_t)some[next_random(&seed) % (sizeof(some) - 1)];
            bool accepted = check_one(br_buf_bytes(&b), &again);
            good += accepted ? 1 : 0;
            bad += accepted ? 0 : 1;
            b.p[at] = was;
        }
    }
    assert_true(good > 1000);
    assert_true(bad > 10000);
    br_buf_fini(&again);
    br_buf_fini(&b);
}

static void
every_document_of_three_bytes_of_its_alphabet(void **state)
{
    (void)state;
    static const char some[] = "{}[]\",:\\/ 019-.eEtu\n\x1f\x7f\x80\xc3\xa9";
    const size_t n = sizeof(some) - 1;
    struct br_buf b;
    size_t good = 0;
    br_buf_init(&b, 1024);
    for (size_t i = 0; i < n * n * n; i++) {
        char text[3] = {some[i % n], some[i / n % n], some[i / n / n]};
        good += check_one(br_bytes(text, 3), &b) ? 1 : 0;
    }
    /* By hand: numbers of three signs and with blanks around, "x", [1], ... */
    assert_true(good > 100);
    br_buf_fini(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_refused_at_each_call),
        cmocka_unit_test(an_arena_too_small_at_each_size),
        cmocka_unit_test(written_and_read_again_it_is_equal),
        cmocka_unit_test(mutations),
        cmocka_unit_test(every_document_of_three_bytes_of_its_alphabet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
