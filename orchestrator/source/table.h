/*
 * Tables as RFC 4180 has them: rows of cells, with where each stands.
 *
 * - The separator is the first ';' or ',' of the first row that is not inside
 *   quotation marks. A byte order mark is passed over, as are blank lines.
 * - Strict: UTF-8; quotation marks around a whole cell or doubled inside one;
 *   no NUL, no carriage return by itself.
 * - Cells are what is between separators, spaces too.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_TABLE_H
#define BR_ORCHESTRATOR_TABLE_H

#include "common/base/bytes.h"
#include "common/base/error.h"

enum { BR_TABLE_CELLS_MAX = 128, BR_TABLE_CELL_BYTES_MAX = 16 * 1024 };

struct br_table_cell {
    struct br_bytes text; /**< borrowed during the call */
    size_t line;          /**< where it begins, from 1 */
};
struct br_table_row {
    size_t line;
    size_t count;
    struct br_table_cell cell[BR_TABLE_CELLS_MAX];
};
/** What is wrong with the table itself. */
enum br_table_fault {
    BR_TABLE_OK,
    BR_TABLE_QUOTE,    /**< a quotation mark where none may be, or none at the
                          end */
    BR_TABLE_UTF8,     /**< not UTF-8 */
    BR_TABLE_CONTROL,  /**< NUL, or CR without LF */
    BR_TABLE_TOO_MANY, /**< cells in a row, or bytes in a cell */
    BR_TABLE_STOPPED,  /**< by fn */
};
/** Where a fault is; line and cell from 1, cell 0: the whole line. */
struct br_table_outcome {
    enum br_table_fault fault;
    size_t line;
    size_t cell;
};
/** false ends the reading. */
typedef bool br_table_fn(void *ctx, const struct br_table_row *row);

/** ';' or ',': of a table without either, ','. */
char br_table_separator(struct br_bytes text);
/** Each row in order. NO_MEMORY alone is an error. */
enum br_rc br_table_read(
    struct br_bytes text,
    br_table_fn *fn,
    void *ctx,
    struct br_table_outcome *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
