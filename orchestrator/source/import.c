/* SPDX-License-Identifier: EUPL-1.2 */
#include "orchestrator/source/import.h"

#include "common/codec/json_write.h"
#include "orchestrator/source/cell.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    ARENA_BYTES_MAX = 256 * 1024 * 1024,
    ROW_ARENA_BYTES_MAX = 4 * 1024 * 1024,
};

static const struct {
    const char *slug;
    const char *text;
} kinds[BR_IMPORT_KINDS] = {
#define F(name, slug_, text_) [BR_IMPORT_##name] = {slug_, text_},
#include "orchestrator/source/faults.def"
#undef F
};

const char *
br_import_slug(enum br_import_kind k)
{
    return kinds[k].slug;
}

const char *
br_import_text(enum br_import_kind k)
{
    return kinds[k].text;
}

/** A column: a claim of the type, or the reference (claim NULL). */
struct column {
    const struct br_claim_type *claim;
    char name[BR_IMPORT_NAME_BYTES];
};

struct reader {
    struct br_import *i;
    struct column columns[BR_TABLE_CELLS_MAX];
    size_t column_count;
    bool headed; /**< the first row was read */
    enum br_rc rc;
    struct br_err err;
};

void
br_import_init(struct br_import *i, const struct br_type *t)
{
    *i = (struct br_import){.type = t};
    br_arena_init(&i->arena, ARENA_BYTES_MAX);
}

void
br_import_fini(struct br_import *i)
{
    free(i->rows);
    i->rows = NULL;
    br_arena_fini(&i->arena);
}

static void
fault(
    struct br_import *i,
    enum br_import_kind kind,
    size_t line,
    size_t column,
    const char *name)
{
    if (i->fault_count < BR_IMPORT_FAULTS_MAX) {
        struct br_import_fault *f = &i->faults[i->fault_count];
        *f = (struct br_import_fault){
            .kind = kind, .line = line, .column = column};
        (void)snprintf(f->name, sizeof(f->name), "%s", name);
    }
    i->fault_count++;
}

static bool
fail(struct reader *r, enum br_rc rc, const char *what)
{
    r->rc = br_fail(&r->err, rc, "%s", what);
    return false;
}

/* ---- the first row ------------------------------------------------------- */

static const struct br_claim_type *
claim_named(const struct br_type *t, const char *name)
{
    char own[BR_IMPORT_NAME_BYTES];
    for (size_t i = 0; i < t->claim_count; i++) {
        br_claim_name(&t->claims[i].path, own, sizeof(own));
        if (strcmp(own, name) == 0) {
            return &t->claims[i];
        }
    }
    return NULL;
}

static void
add_column(struct reader *r, const struct br_table_cell *cell)
{
    struct column *c = &r->columns[r->column_count++];
    size_t at = r->column_count;
    struct br_bytes text = br_cell_trim(cell->text);
    (void)snprintf(
        c->name, sizeof(c->name), "%.*s",
        text.n >= sizeof(c->name) ? (int)sizeof(c->name) - 1 : (int)text.n,
        (const char *)text.p);
    bool reference = strcmp(c->name, "reference") == 0;
    c->claim = reference ? NULL : claim_named(r->i->type, c->name);
    for (size_t k = 0; k + 1 < at; k++) {
        if (strcmp(r->columns[k].name, c->name) == 0) {
            fault(r->i, BR_IMPORT_COLUMN_TWICE, cell->line, at, c->name);
            return;
        }
    }
    if (!reference && c->claim == NULL) {
        fault(r->i, BR_IMPORT_COLUMN_UNKNOWN, cell->line, at, c->name);
    } else if (!reference && c->claim->kind == BR_CLAIM_LADDER) {
        fault(r->i, BR_IMPORT_COLUMN_COMPUTED, cell->line, at, c->name);
    }
}

static bool
has_column(const struct reader *r, const char *name)
{
    for (size_t i = 0; i < r->column_count; i++) {
        if (strcmp(r->columns[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void
read_header(struct reader *r, const struct br_table_row *row)
{
    const struct br_type *t = r->i->type;
    char name[BR_IMPORT_NAME_BYTES];
    for (size_t i = 0; i < row->count; i++) {
        add_column(r, &row->cell[i]);
    }
    if (!has_column(r, "reference")) {
        fault(r->i, BR_IMPORT_COLUMN_MISSING, row->line, 0, "reference");
    }
    for (size_t i = 0; i < t->claim_count; i++) {
        const struct br_claim_type *c = &t->claims[i];
        br_claim_name(&c->path, name, sizeof(name));
        if (c->required && c->kind != BR_CLAIM_LADDER && !has_column(r, name)) {
            fault(r->i, BR_IMPORT_COLUMN_MISSING, row->line, 0, name);
        }
    }
    r->headed = true;
}

/* ---- a person ------------------------------------------------------------ */

/** A reference goes into tables that spreadsheets open: none begins a formula.
 */
static const char *
read_reference(struct br_import *i, struct br_bytes text)
{
    bool good = text.n >= 1 && text.n <= BR_ORCH_REFERENCE_BYTES &&
                strchr("=+-@", text.p[0]) == NULL;
    for (size_t k = 0; good && k < text.n; k++) {
        good = text.p[k] >= 0x20 && text.p[k] != 0x7f;
    }
    return good ? br_arena_copy(&i->arena, text) : NULL;
}

static void
read_cell(
    struct reader *r,
    const struct br_table_row *row,
    size_t at,
    struct br_json_maker *m,
    struct br_json *claims)
{
    const struct column *c = &r->columns[at];
    struct br_bytes text = br_cell_trim(row->cell[at].text);
    enum br_import_kind why = BR_IMPORT_VALUE_MISSING;
    struct br_json *v = NULL;
    if (text.n > 0) {
        v = br_cell_value(m, c->claim->kind, text, &why);
    } else if (!c->claim->required) {
        return;
    }
    if (v == NULL) {
        fault(r->i, why, row->cell[at].line, at + 1, c->name);
        return;
    }
    (void)br_claims_set(m, claims, &c->claim->path, v);
}

static bool
keep(
    struct reader *r,
    const struct br_table_row *row,
    const char *reference,
    const struct br_json *claims)
{
    struct br_import *i = r->i;
    struct br_buf b;
    if (i->count == i->capacity) {
        size_t more = i->capacity == 0 ? 256 : i->capacity * 2;
        void *p = realloc(i->rows, more * sizeof(i->rows[0]));
        if (p == NULL) {
            return fail(r, BR_ERR_NO_MEMORY, "a table's rows");
        }
        i->rows = (struct br_import_row *)p;
        i->capacity = more;
    }
    br_buf_init(&b, BR_ORCH_CLAIMS_BYTES_MAX);
    bool good = br_json_encode(claims, &b, NULL) == BR_OK;
    char *text = good ? br_arena_copy(&i->arena, br_buf_bytes(&b)) : NULL;
    if (!good) {
        fault(i, BR_IMPORT_TOO_LARGE, row->line, 0, "");
    } else if (text != NULL) {
        i->rows[i->count++] =
            (struct br_import_row){row->line, reference, br_bytes(text, b.n)};
    }
    br_buf_fini(&b);
    return !good || text != NULL || fail(r, BR_ERR_TOO_LARGE, "a table's rows");
}

static bool
read_person(struct reader *r, const struct br_table_row *row)
{
    struct br_import *i = r->i;
    size_t before = i->fault_count;
    const char *reference = "";
    struct br_arena arena;
    struct br_json_maker m;
    bool going = true;
    if (row->count != r->column_count) {
        fault(i, BR_IMPORT_CELLS, row->line, 0, "");
        return true;
    }
    br_arena_init(&arena, ROW_ARENA_BYTES_MAX);
    br_json_maker_init(&m, &arena);
    struct br_json *claims = br_json_new_object(&m);
    for (size_t k = 0; k < row->count; k++) {
        if (r->columns[k].claim != NULL) {
            read_cell(r, row, k, &m, claims);
            continue;
        }
        reference = read_reference(i, br_cell_trim(row->cell[k].text));
        if (reference == NULL) {
            fault(
                i, BR_IMPORT_REFERENCE, row->cell[k].line, k + 1, "reference");
        }
    }
    if (i->fault_count == before &&
        (br_json_maker_status(&m, NULL) != BR_OK ||
         br_type_check(i->type, claims, NULL) != BR_OK)) {
        fault(i, BR_IMPORT_CLAIMS, row->line, 0, "");
    }
    if (i->fault_count == 0) {
        going = keep(r, row, reference, claims);
    }
    br_arena_fini(&arena);
    return going;
}

/** Columns that are wrong make each row wrong: rows are looked at only under a
 *  right first one. */
static bool
on_row(void *ctx, const struct br_table_row *row)
{
    struct reader *r = (struct reader *)ctx;
    struct br_import *i = r->i;
    size_t before = i->fault_count;
    bool going = true;
    if (!r->headed) {
        read_header(r, row);
        going = i->fault_count == 0;
    } else if (i->count == BR_IMPORT_ROWS_MAX) {
        fault(i, BR_IMPORT_ROWS, row->line, 0, "");
        going = false;
    } else {
        going = read_person(r, row);
    }
    if (i->look != NULL) {
        i->look(i->ctx, row, i->fault_count > before);
    }
    return going;
}

/* ---- the whole ----------------------------------------------------------- */

static int
by_reference(const void *a, const void *b)
{
    const struct br_import_row *const *x =
        (const struct br_import_row *const *)a;
    const struct br_import_row *const *y =
        (const struct br_import_row *const *)b;
    int order = strcmp((*x)->reference, (*y)->reference);
    return order != 0 ? order
                      : ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

static int
by_line(const void *a, const void *b)
{
    const struct br_import_fault *x = (const struct br_import_fault *)a;
    const struct br_import_fault *y = (const struct br_import_fault *)b;
    return (x->line > y->line) - (x->line < y->line);
}

/** Each person once: a row that was pasted twice is the usual mistake. */
static enum br_rc
check_references(struct reader *r, struct br_err *reterr)
{
    struct br_import *i = r->i;
    size_t column = 0;
    const struct br_import_row **sorted = (const struct br_import_row **)calloc(
        i->count + 1, sizeof(const struct br_import_row *));
    if (sorted == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "a table's references");
    }
    for (size_t k = 0; k < i->count; k++) {
        sorted[k] = &i->rows[k];
    }
    while (column < r->column_count && r->columns[column].claim != NULL) {
        column++;
    }
    qsort((void *)sorted, i->count, sizeof(*sorted), by_reference);
    for (size_t k = 1; k < i->count; k++) {
        if (strcmp(sorted[k]->reference, sorted[k - 1]->reference) == 0) {
            fault(
                i, BR_IMPORT_REFERENCE_TWICE, sorted[k]->line, column + 1,
                "reference");
        }
    }
    free((void *)sorted);
    size_t told = i->fault_count < BR_IMPORT_FAULTS_MAX ? i->fault_count
                                                        : BR_IMPORT_FAULTS_MAX;
    qsort(i->faults, told, sizeof(i->faults[0]), by_line);
    return BR_OK;
}

static void
fault_of_table(struct br_import *i, const struct br_table_outcome *o)
{
    static const enum br_import_kind names[] = {
        [BR_TABLE_QUOTE] = BR_IMPORT_QUOTE,
        [BR_TABLE_UTF8] = BR_IMPORT_UTF8,
        [BR_TABLE_CONTROL] = BR_IMPORT_CONTROL,
        [BR_TABLE_TOO_MANY] = BR_IMPORT_TOO_LARGE,
    };
    if (o->fault != BR_TABLE_OK && o->fault != BR_TABLE_STOPPED) {
        fault(i, names[o->fault], o->line, o->cell, "");
    }
}

enum br_rc
br_import_read(struct br_import *i, struct br_bytes text, struct br_err *reterr)
{
    struct reader *r;
    struct br_table_outcome outcome;
    if (text.n > BR_IMPORT_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "a table of more than %d bytes",
            BR_IMPORT_BYTES_MAX);
    }
    if (i->type->source.kind != BR_SOURCE_DESK) {
        return br_fail(
            reterr, BR_ERR_CONFLICT,
            "%s takes its claims from its source, one person at a time",
            i->type->id);
    }
    r = (struct reader *)calloc(1, sizeof(*r));
    if (r == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "a table");
    }
    r->i = i;
    i->separator = br_table_separator(text);
    enum br_rc rc = br_table_read(text, on_row, r, &outcome, reterr);
    if (rc == BR_OK && r->rc != BR_OK) {
        rc = br_fail(reterr, r->rc, "%s", r->err.text);
    }
    if (rc == BR_OK) {
        fault_of_table(i, &outcome);
    }
    if (rc == BR_OK && i->fault_count == 0 && i->count == 0) {
        fault(i, BR_IMPORT_EMPTY, 1, 0, "");
    }
    if (rc == BR_OK) {
        rc = check_references(r, reterr);
    }
    free(r);
    return rc;
}
