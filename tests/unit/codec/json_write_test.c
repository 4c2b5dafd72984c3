/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/codec/json_support.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct br_err err;
static struct br_arena arena;
static struct br_json_writer w;
static struct br_buf b;

static int
begin(void **state)
{
    (void)state;
    br_arena_init(&arena, TEST_ARENA_BYTES);
    br_buf_init(&b, 1u << 20);
    br_json_writer_init(&w, &b);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    br_buf_fini(&b);
    br_arena_fini(&arena);
    return 0;
}

static void
assert_wrote(const char *text)
{
    assert_int_equal(br_json_writer_done(&w, &err), BR_OK);
    assert_bytes_equal(br_buf_bytes(&b), br_str(text));
    (void)parsed(&arena, br_buf_bytes(&b));
}

static void
a_document_of_everything(void **state)
{
    (void)state;
    const struct br_json *v =
        parsed(&arena, br_str("{ \"n\" : 1.50, \"s\":\"\\u0041\\/\" }"));
    br_json_write_object(&w);
    br_json_write_name(&w, "iat");
    br_json_write_uint(&w, UINT64_MAX);
    br_json_write_name(&w, "least");
    br_json_write_int(&w, INT64_MIN);
    br_json_write_name(&w, "list");
    br_json_write_array(&w);
    br_json_write_null(&w);
    br_json_write_boolean(&w, true);
    br_json_write_boolean(&w, false);
    br_json_write_int(&w, 7);
    br_json_write_array(&w);
    br_json_write_end(&w);
    br_json_write_object(&w);
    br_json_write_end(&w);
    br_json_write_end(&w);
    br_json_write_name_bytes(&w, br_bytes("a\0\"", 3));
    br_json_write_string(&w, br_str("perch\xc3\xa9"));
    br_json_write_name(&w, "x");
    br_json_write_base64url(
        &w, br_str("\xfb\xff\xbf"
                   "f"));
    br_json_write_name(&w, "value");
    br_json_write_value(&w, v);
    br_json_write_name(&w, "raw");
    br_json_write_raw(&w, v);
    br_json_write_end(&w);
    assert_wrote(
        "{\"iat\":18446744073709551615,\"least\":-9223372036854775808,"
        "\"list\":[null,true,false,7,[],{}],\"a\\u0000\\\"\":\"perch\xc3\xa9\","
        "\"x\":\"-_-_Zg\",\"value\":{\"n\":1.50,\"s\":\"A/\"},"
        "\"raw\":{ \"n\" : 1.50, \"s\":\"\\u0041\\/\" }}");
}

static void
a_document_of_one_value(void **state)
{
    (void)state;
    br_json_write_string(&w, br_bytes(NULL, 0));
    assert_wrote("\"\"");
}

static void
escapes_where_they_must_be(void **state)
{
    (void)state;
    uint8_t all[0x80];
    for (size_t i = 0; i < sizeof(all); i++) {
        all[i] = (uint8_t)i;
    }
    br_json_write_string(&w, br_bytes(all, sizeof(all)));
    assert_wrote(
        "\"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007"
        "\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f"
        "\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017"
        "\\u0018\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f"
        " !\\\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]"
        "^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f\"");
}

static void
sixty_four_containers(void **state)
{
    (void)state;
    for (int i = 0; i < BR_JSON_DEPTH_MAX; i++) {
        if (i % 3 == 0) {
            br_json_write_object(&w);
            br_json_write_name(&w, "n");
        } else {
            br_json_write_array(&w);
        }
    }
    br_json_write_uint(&w, 1);
    for (int i = 0; i < BR_JSON_DEPTH_MAX; i++) {
        br_json_write_end(&w);
    }
    assert_int_equal(br_json_writer_done(&w, &err), BR_OK);
    (void)parsed(&arena, br_buf_bytes(&b));
}

static void
a_full_buffer_is_told_at_the_end(void **state)
{
    (void)state;
    static const char text[] = "{\"name\":[1,\"\\n text\",\"Zg\",true]}";
    for (size_t max = 0; max <= sizeof(text) - 1; max++) {
        struct br_buf small;
        br_buf_init(&small, max);
        br_json_writer_init(&w, &small);
        br_json_write_object(&w);
        br_json_write_name(&w, "name");
        br_json_write_array(&w);
        br_json_write_uint(&w, 1);
        br_json_write_string(&w, br_str("\n text"));
        br_json_write_base64url(&w, br_str("f"));
        br_json_write_boolean(&w, true);
        br_json_write_end(&w);
        br_json_write_end(&w);
        bool fits = max == sizeof(text) - 1;
        assert_int_equal(
            br_json_writer_done(&w, &err), fits ? BR_OK : BR_ERR_TOO_LARGE);
        br_buf_fini(&small);
    }
}

/* ---- misuse ------------------------------------------------------------- */

static void
two_documents(void)
{
    br_json_write_null(&w);
    br_json_write_null(&w);
}

static void
a_value_without_a_name(void)
{
    br_json_write_object(&w);
    br_json_write_null(&w);
}

static void
a_name_in_an_array(void)
{
    br_json_write_array(&w);
    br_json_write_name(&w, "a");
}

static void
a_name_outside(void)
{
    br_json_write_name(&w, "a");
}

static void
two_names(void)
{
    br_json_write_object(&w);
    br_json_write_name(&w, "a");
    br_json_write_name(&w, "b");
}

static void
a_name_without_a_value(void)
{
    br_json_write_object(&w);
    br_json_write_name(&w, "a");
    br_json_write_end(&w);
}

static void
an_end_too_many(void)
{
    br_json_write_array(&w);
    br_json_write_end(&w);
    br_json_write_end(&w);
}

static void
an_end_too_few(void)
{
    br_json_write_array(&w);
    (void)!br_json_writer_done(&w, NULL);
}

static void
nothing_at_all(void)
{
    (void)!br_json_writer_done(&w, NULL);
}

static void
bad_utf8(void)
{
    br_json_write_string(&w, br_str("\xff"));
}

static void
bad_utf8_in_a_name(void)
{
    br_json_write_object(&w);
    br_json_write_name(&w, "\xed\xa0\x80");
}

static void
no_bytes_to_repeat(void)
{
    struct br_json made = {.kind = BR_JSON_NULL};
    br_json_write_raw(&w, &made);
}

static void
too_deep(void)
{
    for (int i = 0; i <= BR_JSON_DEPTH_MAX; i++) {
        br_json_write_array(&w);
    }
}

static bool
aborts(void (*misuse)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit no_core = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        br_json_writer_init(&w, &b);
        misuse();
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void
misuse_is_asserted(void **state)
{
    (void)state;
    assert_true(aborts(two_documents));
    assert_true(aborts(a_value_without_a_name));
    assert_true(aborts(a_name_in_an_array));
    assert_true(aborts(a_name_outside));
    assert_true(aborts(two_names));
    assert_true(aborts(a_name_without_a_value));
    assert_true(aborts(an_end_too_many));
    assert_true(aborts(an_end_too_few));
    assert_true(aborts(nothing_at_all));
    assert_true(aborts(bad_utf8));
    assert_true(aborts(bad_utf8_in_a_name));
    assert_true(aborts(no_bytes_to_repeat));
    assert_true(aborts(too_deep));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_document_of_everything, begin, end),
        cmocka_unit_test_setup_teardown(a_document_of_one_value, begin, end),
        cmocka_unit_test_setup_teardown(escapes_where_they_must_be, begin, end),
        cmocka_unit_test_setup_teardown(sixty_four_containers, begin, end),
        cmocka_unit_test_setup_teardown(
            a_full_buffer_is_told_at_the_end, begin, end),
        cmocka_unit_test_setup_teardown(misuse_is_asserted, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
