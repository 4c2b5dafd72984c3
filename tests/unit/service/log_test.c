/*
 * The log: every line is one JSON document, whatever is thrown at it.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/service/log.h"

#include "common/base/arena.h"
#include "common/codec/text.h"
#include "common/service/json.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 4, LINES_EACH = 400 };

static struct br_arena arena;
static int pipe_fd[2];
static struct br_log l;

static int
set_up(void **state)
{
    (void)state;
    br_arena_init(&arena, 1u << 20);
    assert_int_equal(pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK), 0);
    br_log_init(&l, pipe_fd[1], "json", "info");
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    br_log_fini(&l);
    (void)close(pipe_fd[0]);
    (void)close(pipe_fd[1]);
    br_arena_fini(&arena);
    return 0;
}

/** What the log has written since the last call, one line of it at least. */
static const char *
taken(void)
{
    static char text[1u << 20];
    ssize_t n = read(pipe_fd[0], text, sizeof(text) - 1);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static struct br_bytes
one_line(void)
{
    const char *text = taken();
    size_t n = strcspn(text, "\n");
    assert_true(n > 0);
    assert_string_equal(text + n, "\n");
    return br_bytes(text, n);
}

static const char *
text_of(struct br_bytes line, const char *name)
{
    const char *value = NULL;
    struct br_err err;
    if (br_json_get_text(line, name, &arena, &value, &err) != BR_OK) {
        fail_msg("%s: %.*s", err.text, (int)line.n, (const char *)line.p);
    }
    return value;
}

static uint64_t
number_of(struct br_bytes line, const char *name)
{
    uint64_t value = 0;
    struct br_err err;
    if (br_json_get_uint(line, name, &value, &err) != BR_OK) {
        fail_msg("%s: %.*s", err.text, (int)line.n, (const char *)line.p);
    }
    return value;
}

static bool
has(struct br_bytes line, const char *name)
{
    return memmem(line.p, line.n, name, strlen(name)) != NULL;
}

static void
put(enum br_log_level level, const char *message, const char *value)
{
    const struct br_log_event e = {
        .level = level,
        .name = "test.event",
        .message = message,
        .field = {br_log_text("value", value), br_log_number("number", 42)},
    };
    br_log_put(&l, &e);
}

static void
a_line_has_its_time_level_event_message_and_fields(void **state)
{
    (void)state;
    put(BR_LOG_WARNING, "it happened", "v");
    struct br_bytes line = one_line();
    assert_string_equal(text_of(line, "level"), "warning");
    assert_string_equal(text_of(line, "event"), "test.event");
    assert_string_equal(text_of(line, "message"), "it happened");
    assert_string_equal(text_of(line, "value"), "v");
    assert_int_equal(number_of(line, "number"), 42);
    /* RFC 3339 section 5.6, UTC, milliseconds */
    const char *time = text_of(line, "time");
    const char *form = "dddd-dd-ddTdd:dd:dd.dddZ";
    assert_int_equal(strlen(time), strlen(form));
    for (size_t i = 0; form[i] != '\0'; i++) {
        if (form[i] == 'd') {
            assert_in_range(time[i], '0', '9');
        } else {
            assert_int_equal(time[i], form[i]);
        }
    }
}

static void
hostile_texts_stay_inside_their_string(void **state)
{
    static const char *const texts[] = {
        "\"},{\"level\":\"error",
        "a\nb\r\nc",
        "\\",
        "\\\"",
        "\x1b[2J\x07",
        "\x01\x1f\x7f",
        "citt\xc3\xa0 \xf0\x9f\x9b\x95",
        "\xc2\x9b[31m",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        put(BR_LOG_INFO, texts[i], texts[i]);
        struct br_bytes line = one_line();
        assert_string_equal(text_of(line, "message"), texts[i]);
        assert_string_equal(text_of(line, "value"), texts[i]);
        assert_string_equal(text_of(line, "level"), "info");
    }
}

static void
bad_utf8_is_replaced(void **state)
{
    (void)state;
    put(BR_LOG_INFO, "\xff", "a\xc3(\xed\xa0\x80z\xe2\x82");
    struct br_bytes line = one_line();
    assert_int_equal(br_utf8_check(line), line.n);
    assert_string_equal(text_of(line, "message"), "\xef\xbf\xbd");
    const char *value = text_of(line, "value");
    assert_int_equal(value[0], 'a');
    assert_non_null(strstr(value, "z"));
}

static void
a_long_text_is_cut_between_two_characters(void **state)
{
    static const uint8_t castle[] = {0xf0, 0x9f, 0x8f, 0xb0};
    char text[4 * BR_LOG_TEXT_BYTES_MAX + 2] = "x";
    (void)state;
    for (size_t i = 1; i + 4 < sizeof(text); i += 4) {
        memcpy(text + i, castle, sizeof(castle));
    }
    put(BR_LOG_INFO, "long", text);
    const char *value = text_of(one_line(), "value");
    assert_in_range(
        strlen(value), BR_LOG_TEXT_BYTES_MAX - 3, //
        BR_LOG_TEXT_BYTES_MAX);
    assert_memory_equal(value, text, strlen(value));
}

static void
a_line_that_is_too_long_loses_its_fields(void **state)
{
    char text[BR_LOG_TEXT_BYTES_MAX + 1];
    bool truncated = false;
    (void)state;
    memset(text, '\x01', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct br_log_event e = {
        .level = BR_LOG_INFO, .name = "test.event", .message = text};
    for (size_t i = 0; i < BR_LOG_FIELDS_MAX; i++) {
        e.field[i] = br_log_text("value", text);
    }
    br_log_put(&l, &e);
    struct br_bytes line = one_line();
    assert_true(line.n < BR_LOG_LINE_BYTES_MAX);
    assert_string_equal(text_of(line, "message"), text);
    assert_false(has(line, "value"));
    assert_int_equal(
        br_json_get_bool(line, "truncated", &truncated, NULL), BR_OK);
    assert_true(truncated);
}

static void
only_what_is_wanted_is_written(void **state)
{
    (void)state;
    put(BR_LOG_DEBUG, "debug", "v");
    assert_string_equal(taken(), "");
    br_log_fini(&l);
    br_log_init(&l, pipe_fd[1], "auto", "error");
    put(BR_LOG_WARNING, "warning", "v");
    assert_string_equal(taken(), "");
    put(BR_LOG_ERROR, "error", "v");
    assert_string_equal(text_of(one_line(), "level"), "error");
    assert_true(br_log_wants(&l, BR_LOG_ERROR));
    assert_false(br_log_wants(&l, BR_LOG_WARNING));
}

static void
for_people_a_line_is_plain(void **state)
{
    (void)state;
    br_log_fini(&l);
    br_log_init(&l, pipe_fd[1], "human", "debug");
    put(BR_LOG_DEBUG, "it\nhappened", "\x1b[2J\xc2\x9b\x7f citt\xc3\xa0");
    struct br_bytes line = one_line();
    assert_true(has(line, "debug"));
    assert_true(has(line, "it?happened"));
    assert_true(has(line, "value=?[2J?? citt\xc3\xa0"));
    assert_true(has(line, "number=42"));
}

static void
an_error_brings_its_code_and_remedy(void **state)
{
    struct br_err err;
    (void)state;
    (void)br_fail(&err, BR_ERR_DISK_FULL, "no room in %s", "/var/lib");
    br_log_put_error(&l, BR_LOG_ERROR, "test.failed", &err);
    struct br_bytes line = one_line();
    assert_string_equal(text_of(line, "message"), "no room in /var/lib");
    assert_string_equal(text_of(line, "error"), "disk-full");
    assert_int_equal(number_of(line, "code"), BR_ERR_DISK_FULL);
    assert_string_equal(
        text_of(line, "remedy"), br_err_info(BR_ERR_DISK_FULL)->remedy);
}

static void
a_kind_of_line_has_a_limit_a_minute(void **state)
{
    struct br_log_limit limit = {.per_minute = 3};
    const struct br_log_event e = {
        .level = BR_LOG_INFO, .name = "test.limited", .message = "m"};
    size_t lines = 0;
    (void)state;
    for (int i = 0; i < 100; i++) {
        br_log_put_limited(&l, &limit, &e);
    }
    for (const char *p = taken(); *p != '\0'; p++) {
        lines += *p == '\n';
    }
    /* Three, or six when a minute ended meanwhile. */
    assert_true(lines == 3 || lines == 6);
    uint64_t missing = limit.suppressed;
    assert_true(missing > 0);
    limit.minute = 0; /* another minute */
    br_log_put_limited(&l, &limit, &e);
    assert_int_equal(number_of(one_line(), "suppressed"), missing);
    br_log_put_limited(&l, &limit, &e);
    assert_false(has(one_line(), "suppressed"));
}

static void
a_reader_that_is_stuck_costs_lines_not_time(void **state)
{
    size_t lines = 0;
    (void)state;
    for (int i = 0; i < 2000; i++) {
        put(BR_LOG_INFO, "filling the pipe, whose other end does not read",
            "some more bytes, so that it fills quickly");
    }
    uint64_t dropped = l.dropped;
    assert_true(dropped > 0);
    for (const char *p = taken(); *p != '\0'; p++) {
        lines += *p == '\n';
    }
    assert_int_equal(lines + dropped, 2000);
    put(BR_LOG_INFO, "it reads again", "v");
    assert_int_equal(number_of(one_line(), "dropped"), dropped);
    put(BR_LOG_INFO, "and again", "v");
    assert_false(has(one_line(), "dropped"));
}

static void
a_log_without_a_reader_is_no_failure(void **state)
{
    (void)state;
    br_log_fini(&l);
    br_log_init(&l, -1, "auto", "info");
    put(BR_LOG_ERROR, "nobody hears", "v");
    assert_int_equal(l.dropped, 1);
}

static void *
write_many(void *ctx)
{
    for (int i = 0; i < LINES_EACH; i++) {
        put(BR_LOG_INFO, (const char *)ctx, "a \"value\" of some length");
    }
    return NULL;
}

static void
lines_of_many_threads_do_not_mingle(void **state)
{
    static char names[THREADS][8];
    pthread_t thread[THREADS];
    char path[] = "/tmp/broletto-log-XXXXXX";
    char line[BR_LOG_LINE_BYTES_MAX];
    size_t lines = 0;
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    br_log_fini(&l);
    br_log_init(&l, fd, "json", "info");
    for (size_t i = 0; i < THREADS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "t%zu", i);
        assert_int_equal(
            pthread_create(&thread[i], NULL, write_many, names[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    }
    FILE *f = fdopen(fd, "r");
    assert_non_null(f);
    rewind(f);
    while (fgets(line, sizeof(line), f) != NULL) {
        assert_string_equal(
            text_of(br_str(line), "value"), "a \"value\" of some length");
        br_arena_fini(&arena);
        br_arena_init(&arena, 1u << 20);
        lines++;
    }
    assert_int_equal(lines, THREADS * LINES_EACH);
    (void)fclose(f);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_line_has_its_time_level_event_message_and_fields),
        CASE(hostile_texts_stay_inside_their_string),
        CASE(bad_utf8_is_replaced),
        CASE(a_long_text_is_cut_between_two_characters),
        CASE(a_line_that_is_too_long_loses_its_fields),
        CASE(only_what_is_wanted_is_written),
        CASE(for_people_a_line_is_plain),
        CASE(an_error_brings_its_code_and_remedy),
        CASE(a_kind_of_line_has_a_limit_a_minute),
        CASE(a_reader_that_is_stuck_costs_lines_not_time),
        CASE(a_log_without_a_reader_is_no_failure),
        CASE(lines_of_many_threads_do_not_mingle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
