/* SPDX-License-Identifier: EUPL-1.2 */
/* The only user of libcsv. It is fed a byte at a time, so that where a cell
 * stands is known when it ends. */
#include "orchestrator/source/table.h"

#include "common/base/buf.h"
#include "common/codec/text.h"

#include <csv.h>

enum { ROW_BYTES_MAX = 1024 * 1024 };

struct reader {
    struct csv_parser parser;
    br_table_fn *fn;
    void *ctx;
    struct br_buf text; /**< of the row's cells, one after the other */
    size_t start[BR_TABLE_CELLS_MAX];
    struct br_table_row row;
    size_t line;      /**< of the byte that is fed */
    size_t cell_line; /**< of the cell that is being read */
    bool at_start;    /**< of a cell */
    enum br_table_fault fault;
};

static int
is_no_space(unsigned char c)
{
    (void)c;
    return 0; /* "Spaces are considered part of a field" (section 2) */
}

static void
on_cell(void *text, size_t n, void *ctx)
{
    struct reader *r = (struct reader *)ctx;
    struct br_table_row *row = &r->row;
    if (row->count == BR_TABLE_CELLS_MAX || n > BR_TABLE_CELL_BYTES_MAX) {
        r->fault = BR_TABLE_TOO_MANY;
        return;
    }
    r->start[row->count] = r->text.n;
    row->cell[row->count].text.n = n;
    row->cell[row->count].line = r->cell_line;
    row->count++;
    br_buf_put(&r->text, text, n);
    r->at_start = true;
}

static void
on_row(int end, void *ctx)
{
    struct reader *r = (struct reader *)ctx;
    struct br_table_row *row = &r->row;
    (void)end;
    if (r->fault != BR_TABLE_OK || r->text.failed) {
        return;
    }
    for (size_t i = 0; i < row->count; i++) {
        size_t n = row->cell[i].text.n;
        row->cell[i].text =
            br_bytes(n == 0 ? "" : (const char *)r->text.p + r->start[i], n);
    }
    row->line = row->cell[0].line;
    if (!r->fn(r->ctx, row)) {
        r->fault = BR_TABLE_STOPPED;
    }
    row->count = 0;
    br_buf_clear(&r->text);
    r->at_start = true;
}

static void
feed(struct reader *r, uint8_t c)
{
    bool newline = c == '\r' || c == '\n';
    if (r->at_start) {
        r->cell_line = r->line;
        r->at_start = newline; /* a blank line is no cell */
    }
    if (csv_parse(&r->parser, &c, 1, on_cell, on_row, r) != 1) {
        r->fault = BR_TABLE_QUOTE;
    }
    r->line += c == '\n' && r->fault == BR_TABLE_OK;
}

static bool
has_mark(struct br_bytes text)
{
    return text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0;
}

static size_t
lines_before(struct br_bytes text, size_t end)
{
    size_t n = 1;
    for (size_t i = 0; i < end; i++) {
        n += text.p[i] == '\n';
    }
    return n;
}

/** Of the bytes as such. */
static enum br_table_fault
check_bytes(struct br_bytes text, size_t *ret_line)
{
    size_t good = br_utf8_check(text);
    if (good != text.n) {
        *ret_line = lines_before(text, good);
        return BR_TABLE_UTF8;
    }
    for (size_t i = 0; i < text.n; i++) {
        bool alone =
            text.p[i] == '\r' && (i + 1 == text.n || text.p[i + 1] != '\n');
        if (alone || text.p[i] == 0) {
            *ret_line = lines_before(text, i);
            return BR_TABLE_CONTROL;
        }
    }
    return BR_TABLE_OK;
}

char
br_table_separator(struct br_bytes text)
{
    bool quoted = false;
    for (size_t i = 0; i < text.n && (quoted || text.p[i] != '\n'); i++) {
        if (text.p[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && (text.p[i] == ';' || text.p[i] == ',')) {
            return (char)text.p[i];
        }
    }
    return ',';
}

static void
read_all(struct reader *r, struct br_bytes text)
{
    for (size_t i = 0; i < text.n && r->fault == BR_TABLE_OK; i++) {
        feed(r, text.p[i]);
    }
    if (r->fault == BR_TABLE_OK &&
        csv_fini(&r->parser, on_cell, on_row, r) != 0) {
        r->fault = BR_TABLE_QUOTE;
    }
}

enum br_rc
br_table_read(
    struct br_bytes text,
    br_table_fn *fn,
    void *ctx,
    struct br_table_outcome *ret,
    struct br_err *reterr)
{
    struct reader r = {.fn = fn, .ctx = ctx, .line = 1, .at_start = true};
    *ret = (struct br_table_outcome){.fault = BR_TABLE_OK};
    ret->fault = check_bytes(text, &ret->line);
    if (ret->fault != BR_TABLE_OK) {
        return BR_OK;
    }
    if (has_mark(text)) {
        text = br_bytes(text.p + 3, text.n - 3);
    }
    if (csv_init(&r.parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "a table");
    }
    csv_set_delim(&r.parser, (unsigned char)br_table_separator(text));
    csv_set_space_func(&r.parser, is_no_space);
    br_buf_init(&r.text, ROW_BYTES_MAX);
    read_all(&r, text);
    bool refused = r.text.refused || csv_error(&r.parser) == CSV_ENOMEM;
    if (r.fault == BR_TABLE_OK && r.text.failed) {
        r.fault = BR_TABLE_TOO_MANY;
    }
    if (r.fault != BR_TABLE_OK) {
        *ret = (struct br_table_outcome){r.fault, r.cell_line, r.row.count + 1};
    }
    csv_free(&r.parser);
    br_buf_fini(&r.text);
    return refused ? br_fail(reterr, BR_ERR_NO_MEMORY, "a table") : BR_OK;
}
