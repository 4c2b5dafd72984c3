/*
 * A configuration of five keys: what is read, what is refused and where.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/service/config.h"
#include "tests/unit/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct sample {
    char *name;
    char *colour;
    bool brave;
    uint64_t size;
    uint64_t gap_ms;
};

static const struct br_config_row rows[] = {
    BR_CONFIG_ROW_TEXT(struct sample, name, NULL, "text", "Its name.", "Fame.")
        BR_CONFIG_ROW_TEXT(
            struct sample, colour, "red", "red | blue", "Its colour.", "None.")
            BR_CONFIG_ROW_FLAG(
                struct sample, brave, true, "true | false", "Brave?", "None.")
                BR_CONFIG_ROW_NUMBER(
                    struct sample, size, 5, 1, 9, "metres", "Size.", "None.")
                    BR_CONFIG_ROW_NUMBER(
                        struct sample,
                        gap_ms,
                        7,
                        0,
                        99,
                        "milliseconds",
                        "Gap.",
                        "None.")};

static const struct br_config_schema schema = {
    .file = "sample.yaml",
    .prefix = "BROLETTO_SAMPLE_",
    .title = "Sample",
    .check = "sample check",
    .source = "here",
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .size = sizeof(struct sample),
};

static char folder[] = "/tmp/br-config-XXXXXX";

static int
make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
drop_folder(void **state)
{
    (void)state;
    return remove_tree(folder);
}

static enum br_rc
load(const char *text, struct sample *ret, struct br_err *err)
{
    char path[80];
    (void)snprintf(path, sizeof(path), "%s/sample.yaml", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    return br_config_load(&schema, folder, ret, err);
}

static void
assert_refused(const char *text, const char *line, const char *word)
{
    struct sample s;
    struct br_err err;
    assert_int_equal(load(text, &s, &err), BR_ERR_CONFIG);
    if (strstr(err.text, line) == NULL || strstr(err.text, word) == NULL) {
        fail_msg("\"%s\" without \"%s\", \"%s\"", err.text, line, word);
    }
}

static void
defaults_and_values(void **state)
{
    struct sample s;
    (void)state;
    assert_int_equal(load("name: x\n", &s, NULL), BR_OK);
    assert_string_equal(s.colour, "red");
    assert_int_equal(s.size, 5);
    assert_int_equal(s.gap_ms, 7);
    br_config_fini(&schema, &s);
    assert_null(s.name);
    assert_int_equal(
        load(
            "name: y\ncolour: blue\nbrave: true\nsize: 9\ngap_ms: 0\n", &s,
            NULL),
        BR_OK);
    assert_string_equal(s.name, "y");
    assert_string_equal(s.colour, "blue");
    assert_true(s.brave);
    assert_int_equal(s.size, 9);
    assert_int_equal(s.gap_ms, 0);
    br_config_fini(&schema, &s);
}

static void
flags_keep_their_default(void **state)
{
    struct sample s;
    (void)state;
    assert_int_equal(load("name: x\n", &s, NULL), BR_OK);
    assert_true(s.brave);
    br_config_fini(&schema, &s);
    assert_int_equal(load("name: x\nbrave: false\n", &s, NULL), BR_OK);
    assert_false(s.brave);
    br_config_fini(&schema, &s);
}

static void
refusals_name_the_line(void **state)
{
    (void)state;
    assert_refused("name: x\nsize: 10\n", ":2:", "1 to 9 metres");
    assert_refused("name: x\n\nsize: 0\n", ":3:", "1 to 9 metres");
    assert_refused("name: x\ncolour: green\n", ":2:", "red | blue");
    assert_refused("name: x\nsize: many\n", ":2:", "many");
    assert_refused("name: x\nweight: 1\n", ":2:", "weight");
    assert_refused("name: x\nbrave: perhaps\n", ":2:", "perhaps");
    assert_refused("colour: red\n", "sample.yaml", "name is missing");
    assert_refused("name: [\n", "sample.yaml", "");
    assert_refused("", ":1:", "empty");
}

static void
the_environment_comes_last(void **state)
{
    struct sample s;
    struct br_err err;
    (void)state;
    assert_int_equal(setenv("BROLETTO_SAMPLE_SIZE", "3", 1), 0);
    assert_int_equal(setenv("BROLETTO_SAMPLE_NAME", "other", 1), 0);
    assert_int_equal(load("name: x\nsize: 4\n", &s, NULL), BR_OK);
    assert_int_equal(s.size, 3);
    assert_string_equal(s.name, "other");
    br_config_fini(&schema, &s);
    assert_int_equal(setenv("BROLETTO_SAMPLE_GAP_MS", "0", 1), 0);
    assert_int_equal(load("name: x\n", &s, NULL), BR_OK);
    assert_int_equal(s.gap_ms, 0);
    br_config_fini(&schema, &s);
    assert_int_equal(unsetenv("BROLETTO_SAMPLE_GAP_MS"), 0);
    assert_int_equal(setenv("BROLETTO_SAMPLE_SIZE", "-3", 1), 0);
    assert_int_equal(load("name: x\n", &s, &err), BR_ERR_CONFIG);
    assert_non_null(strstr(err.text, "environment"));
    assert_int_equal(unsetenv("BROLETTO_SAMPLE_SIZE"), 0);
    assert_int_equal(unsetenv("BROLETTO_SAMPLE_NAME"), 0);
}

static void
a_file_that_is_not_there(void **state)
{
    struct sample s;
    (void)state;
    assert_int_equal(
        br_config_load(&schema, "/nowhere", &s, NULL), BR_ERR_NOT_FOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_and_values),
        cmocka_unit_test(flags_keep_their_default),
        cmocka_unit_test(refusals_name_the_line),
        cmocka_unit_test(the_environment_comes_last),
        cmocka_unit_test(a_file_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
