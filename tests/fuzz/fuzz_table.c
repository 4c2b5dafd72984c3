/*
 * Tables of people: whatever comes, either rows with claims that fit the type,
 * or faults that tell where; and what is offered of a table is a table.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "orchestrator/source/import.h"
#include "tests/fuzz/fuzz.h"

static const char type_text[] =
    "{\"id\":\"t\",\"display\":[],\"claims\":["
    "{\"path\":[\"name\"],\"type\":\"string\",\"required\":true},"
    "{\"path\":[\"a\",\"b\"],\"type\":\"string\"},"
    "{\"path\":[\"d\"],\"type\":\"date\"},"
    "{\"path\":[\"n\"],\"type\":\"amount\"},"
    "{\"path\":[\"l\"],\"type\":\"ladder\",\"of\":[\"n\"],\"steps\":[10]},"
    "{\"path\":[\"i\"],\"type\":\"integer\"},"
    "{\"path\":[\"y\"],\"type\":\"boolean\"},"
    "{\"path\":[\"s\"],\"type\":\"strings\"}]}";

static void
check_row(const struct br_type *t, const struct br_import_row *row)
{
    struct br_arena arena;
    struct br_json *v;
    br_arena_init(&arena, 4u * 1024 * 1024);
    BR_ASSERT(br_json_parse(row->claims, &arena, &v, NULL) == BR_OK);
    BR_ASSERT(br_type_check(t, v, NULL) == BR_OK);
    BR_ASSERT(row->line > 0);
    BR_ASSERT(strlen(row->reference) > 0);
    br_arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct br_arena arena;
    struct br_json *v;
    struct br_type *t;
    struct br_import i;
    fuzz_init();
    br_arena_init(&arena, 1024u * 1024);
    BR_ASSERT(br_json_parse(br_str(type_text), &arena, &v, NULL) == BR_OK);
    BR_ASSERT(br_type_parse(v, "https://x", &arena, &t, NULL) == BR_OK);
    br_import_init(&i, t);
    if (br_import_read(&i, br_bytes(data, size), NULL) == BR_OK) {
        BR_ASSERT(i.fault_count > 0 || i.count > 0);
        for (size_t k = 0; i.fault_count == 0 && k < i.count; k++) {
            check_row(t, &i.rows[k]);
        }
        for (size_t k = 0; k < i.fault_count && k < BR_IMPORT_FAULTS_MAX; k++) {
            BR_ASSERT(i.faults[k].line > 0);
        }
    }
    br_import_fini(&i);
    br_arena_fini(&arena);
    return 0;
}
