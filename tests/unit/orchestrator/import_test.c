/*
 * Tables of people: what is read, what is refused and where, and that all or
 * none is offered.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/crypto/hash.h"
#include "orchestrator/source/import.h"
#include "orchestrator/store/desk.h"
#include "tests/unit/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char type_text[] =
    "{\"id\":\"t\",\"display\":[],\"claims\":["
    "{\"path\":[\"name\"],\"type\":\"string\",\"required\":true},"
    "{\"path\":[\"address\",\"town\"],\"type\":\"string\"},"
    "{\"path\":[\"born\"],\"type\":\"date\"},"
    "{\"path\":[\"amount\"],\"type\":\"amount\"},"
    "{\"path\":[\"ladder\"],\"type\":\"ladder\",\"of\":[\"amount\"],"
    "\"steps\":[10]},"
    "{\"path\":[\"count\"],\"type\":\"integer\"},"
    "{\"path\":[\"yes\"],\"type\":\"boolean\"},"
    "{\"path\":[\"list\"],\"type\":\"strings\"}]}";

struct world {
    struct br_arena arena;
    struct br_type *type;
    struct br_import i;
};

static int
set_up(void **state)
{
    static struct world w;
    struct br_json *v;
    struct br_err err;
    assert_int_equal(br_crypto_init(NULL), BR_OK);
    br_arena_init(&w.arena, 1024u * 1024);
    assert_int_equal(
        br_json_parse(br_str(type_text), &w.arena, &v, NULL), BR_OK);
    assert_int_equal(
        br_type_parse(v, "https://x", &w.arena, &w.type, &err), BR_OK);
    br_import_init(&w.i, w.type);
    *state = &w;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *w = (struct world *)*state;
    br_import_fini(&w->i);
    br_arena_fini(&w->arena);
    return 0;
}

static void
read_bytes(struct world *w, const char *text, size_t n)
{
    br_import_fini(&w->i);
    br_import_init(&w->i, w->type);
    assert_int_equal(br_import_read(&w->i, br_bytes(text, n), NULL), BR_OK);
}

static void
expect_claims(struct world *w, size_t row, const char *claims)
{
    struct br_bytes got = w->i.rows[row].claims;
    if (got.n != strlen(claims) || memcmp(got.p, claims, got.n) != 0) {
        fail_msg("%.*s, not %s", (int)got.n, (const char *)got.p, claims);
    }
}

static void
expect_fault(
    struct world *w,
    const char *table,
    enum br_import_kind kind,
    size_t line,
    size_t column)
{
    read_bytes(w, table, strlen(table));
    if (w->i.fault_count == 0) {
        fail_msg("taken: %s", table);
    }
    const struct br_import_fault *f = &w->i.faults[0];
    if (f->kind != kind || f->line != line || f->column != column) {
        fail_msg(
            "%s: %s at %zu, %zu", table, br_import_slug(f->kind), f->line,
            f->column);
    }
}

/** One cell of one column. */
static void
expect_cell(
    struct world *w, const char *column, const char *cell, const char *claims)
{
    char table[512];
    (void)snprintf(
        table, sizeof(table), "reference;name;%s\nP;x;%s\n", column, cell);
    read_bytes(w, table, strlen(table));
    if (w->i.fault_count > 0) {
        fail_msg("%s: %s", cell, br_import_slug(w->i.faults[0].kind));
    }
    expect_claims(w, 0, claims);
}

static void
refuse_cell(
    struct world *w,
    const char *column,
    const char *cell,
    enum br_import_kind kind)
{
    char table[512];
    (void)snprintf(
        table, sizeof(table), "reference;name;%s\nP;x;%s\n", column, cell);
    expect_fault(w, table, kind, 2, 3);
}

static void
tables_of_spreadsheets_are_read(void **state)
{
    struct world *w = (struct world *)*state;
    static const char semicolons[] =
        "\xef\xbb\xbf"
        "amount;\"name\"; reference ;address.town\r\n"
        "15.300,50;\"Bianchi; \"\"Rossi\"\"\r\ne figli\";P-1;Pavia\r\n";
    read_bytes(w, semicolons, sizeof(semicolons) - 1);
    assert_int_equal(w->i.faults[0].kind, BR_IMPORT_CONTROL);
    assert_int_equal(w->i.faults[0].line, 2);
    static const char commas[] = "reference,name,amount,address.town\n"
                                 "\n"
                                 "P-1,\"Bianchi, \"\"Rossi\"\"\",\"15.300,50\","
                                 " Pavia \n"
                                 "P-2,Ada,,\n";
    read_bytes(w, commas, sizeof(commas) - 1);
    assert_int_equal(w->i.fault_count, 0);
    assert_int_equal(w->i.count, 2);
    assert_int_equal(w->i.separator, ',');
    assert_int_equal(w->i.rows[0].line, 3);
    assert_string_equal(w->i.rows[0].reference, "P-1");
    expect_claims(
        w, 0,
        "{\"name\":\"Bianchi, \\\"Rossi\\\"\",\"amount\":15300.50,"
        "\"address\":{\"town\":\"Pavia\"}}");
    expect_claims(w, 1, "{\"name\":\"Ada\"}");
}

static void
values_are_read_as_written_in_italy(void **state)
{
    struct world *w = (struct world *)*state;
    static const char *const amounts[][2] = {
        {"15300", "15300"},
        {"15300,5", "15300.5"},
        {"15300,50", "15300.50"},
        {"15.300,50", "15300.50"},
        {"15.300", "15300"},
        {"1.215.300", "1215300"},
        {"15300.50", "15300.50"},
        {"0,50", "0.50"},
        {"\xe2\x82\xac 12,00", "12.00"},
        {"12,00 \xe2\x82\xac", "12.00"},
        {"0", "0"},
        {"007", "7"},
    };
    static const char *const no_amounts[] = {
        "1,234.50",     "1.23.456", "15.30.00", "-1",    "1e3",
        "1,",           ",5",       "12,345",   "0.300", "1 000",
        "1.",           "x",        "1..2",     ".5",    "1234567890123456789",
        "\xe2\x82\xac", "1,2,3",
    };
    char claims[128];
    for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
        (void)snprintf(
            claims, sizeof(claims), "{\"name\":\"x\",\"amount\":%s}",
            amounts[i][1]);
        expect_cell(w, "amount", amounts[i][0], claims);
    }
    for (size_t i = 0; i < sizeof(no_amounts) / sizeof(no_amounts[0]); i++) {
        refuse_cell(w, "amount", no_amounts[i], BR_IMPORT_AMOUNT);
    }
    expect_cell(
        w, "born", "28/02/1990", "{\"name\":\"x\",\"born\":\"1990-02-28\"}");
    expect_cell(
        w, "born", "1990-02-28", "{\"name\":\"x\",\"born\":\"1990-02-28\"}");
    static const char *const no_dates[] = {
        "28/2/1990", "31/02/1990", "02/28/1990", "28-02-1990", "1990/02/28"};
    for (size_t i = 0; i < sizeof(no_dates) / sizeof(no_dates[0]); i++) {
        refuse_cell(w, "born", no_dates[i], BR_IMPORT_DATE);
    }
    expect_cell(w, "yes", "VERO", "{\"name\":\"x\",\"yes\":true}");
    expect_cell(w, "yes", "s\xc3\xac", "{\"name\":\"x\",\"yes\":true}");
    expect_cell(w, "yes", "no", "{\"name\":\"x\",\"yes\":false}");
    refuse_cell(w, "yes", "1", BR_IMPORT_BOOLEAN);
    expect_cell(w, "count", "-12", "{\"name\":\"x\",\"count\":-12}");
    refuse_cell(w, "count", "00123", BR_IMPORT_INTEGER);
    refuse_cell(w, "count", "1.234", BR_IMPORT_INTEGER);
    refuse_cell(w, "count", "99999999999999999999", BR_IMPORT_INTEGER);
    expect_cell(
        w, "list", "a| b|c", "{\"name\":\"x\",\"list\":[\"a\",\"b\",\"c\"]}");
    refuse_cell(w, "list", "a||c", BR_IMPORT_LIST);
}

static void
columns_are_those_of_the_type(void **state)
{
    struct world *w = (struct world *)*state;
    expect_fault(
        w, "reference;name;x\nP;a;b\n", BR_IMPORT_COLUMN_UNKNOWN, 1, 3);
    expect_fault(w, "reference;name;name\n", BR_IMPORT_COLUMN_TWICE, 1, 3);
    expect_fault(w, "reference;name;ladder\n", BR_IMPORT_COLUMN_COMPUTED, 1, 3);
    expect_fault(w, "name\na\n", BR_IMPORT_COLUMN_MISSING, 1, 0);
    expect_fault(w, "reference\nP\n", BR_IMPORT_COLUMN_MISSING, 1, 0);
    assert_string_equal(w->i.faults[0].name, "name");
    expect_fault(w, "reference\tname\nP\ta\n", BR_IMPORT_COLUMN_UNKNOWN, 1, 1);
    expect_fault(w, "reference;name\n", BR_IMPORT_EMPTY, 1, 0);
    expect_fault(w, "", BR_IMPORT_EMPTY, 1, 0);
}

static void
rows_are_refused_where_they_are_wrong(void **state)
{
    struct world *w = (struct world *)*state;
    expect_fault(w, "reference;name\nP;a\nQ;b;c\n", BR_IMPORT_CELLS, 3, 0);
    expect_fault(w, "reference;name\nP;a\n;b\n", BR_IMPORT_REFERENCE, 3, 1);
    expect_fault(w, "reference;name\nP;a\n=1+1;b\n", BR_IMPORT_REFERENCE, 3, 1);
    expect_fault(w, "reference;name\nP;\n", BR_IMPORT_VALUE_MISSING, 2, 2);
    expect_fault(
        w, "reference;name\nP;a\nQ;b\nP;c\n", BR_IMPORT_REFERENCE_TWICE, 4, 1);
    expect_fault(w, "reference;name\nP;a\"b\n", BR_IMPORT_QUOTE, 2, 2);
    expect_fault(w, "reference;name\nP;\"a\"b\n", BR_IMPORT_QUOTE, 2, 2);
    expect_fault(w, "reference;name\nP;\"a\n", BR_IMPORT_QUOTE, 2, 2);
    expect_fault(w, "reference;name\nP;a\rQ;b\n", BR_IMPORT_CONTROL, 2, 0);
    expect_fault(w, "reference;name\nP;\xe8\n", BR_IMPORT_UTF8, 2, 0);
    expect_fault(w, "reference;name\nP;a\x7f\n", BR_IMPORT_CONTROL, 2, 2);
    read_bytes(w, "reference;name\nP;a\0b\n", 20);
    assert_int_equal(w->i.faults[0].kind, BR_IMPORT_CONTROL);
}

static void
many_mistakes_are_counted(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_buf b;
    br_buf_init(&b, 64u * 1024);
    br_buf_puts(&b, "reference;name\n");
    for (int i = 0; i < 300; i++) {
        br_buf_printf(&b, "P-%d;\n", i);
    }
    read_bytes(w, (const char *)b.p, b.n);
    assert_int_equal(w->i.fault_count, 300);
    br_buf_fini(&b);
}

static void
all_or_none_is_offered(void **state)
{
    struct world *w = (struct world *)*state;
    char folder[64] = "/tmp/broletto-import-XXXXXX";
    struct br_kv *kv;
    struct br_kv_txn *txn;
    struct br_buf result;
    struct br_audit audit[4];
    uint64_t offers;
    size_t n;
    const struct br_import_how how = {
        .issuer = "https://x",
        .who = "ada",
        .tx_code = true,
        .now_us = 1000000,
        .expires_s = 100,
    };
    assert_non_null(mkdtemp(folder));
    assert_int_equal(br_orch_store_open(folder, &kv, NULL), BR_OK);
    assert_int_equal(br_kv_begin_write(kv, &txn, NULL), BR_OK);
    br_buf_init(&result, 64u * 1024);
    read_bytes(w, "reference;name\nP;a\nQ;\n", 22);
    assert_int_equal(
        br_import_offer(txn, &w->i, &how, &result, NULL), BR_ERR_CONFLICT);
    assert_int_equal(br_kv_count(txn, BR_ORCH_OFFERS, &offers, NULL), BR_OK);
    assert_int_equal(offers, 0);
    static const char good[] = "reference;name\n\"P;1\";a\nQ;b\n";
    read_bytes(w, good, sizeof(good) - 1);
    assert_int_equal(br_import_offer(txn, &w->i, &how, &result, NULL), BR_OK);
    assert_int_equal(br_kv_count(txn, BR_ORCH_OFFERS, &offers, NULL), BR_OK);
    assert_int_equal(offers, 2);
    br_buf_put(&result, "", 1);
    const char *text = (const char *)result.p;
    assert_memory_equal(text, "reference;offer;tx_code\r\n\"P;1\";openid-", 38);
    assert_non_null(strstr(text, "\r\nQ;openid-credential-offer://?"));
    assert_int_equal(br_audit_list(txn, 0, audit, 4, &n, NULL), BR_OK);
    assert_int_equal(n, 2);
    assert_string_equal(audit[0].what, "offer");
    assert_string_equal(audit[0].who, "ada");
    br_buf_fini(&result);
    br_kv_end(txn);
    br_kv_close(kv);
    assert_int_equal(remove_tree(folder), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(tables_of_spreadsheets_are_read),
        T(values_are_read_as_written_in_italy),
        T(columns_are_those_of_the_type),
        T(rows_are_refused_where_they_are_wrong),
        T(many_mistakes_are_counted),
        T(all_or_none_is_offered),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
