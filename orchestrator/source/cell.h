/*
 * A cell of a table as a claim of a kind.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_CELL_H
#define BR_ORCHESTRATOR_CELL_H

#include "orchestrator/source/import.h"

/** Without the spaces and tabs around it. */
struct br_bytes br_cell_trim(struct br_bytes text);
/** The value, made in m's arena; NULL: *ret_fault tells why. text is trimmed
 * and not empty. */
struct br_json *br_cell_value(
    struct br_json_maker *m,
    enum br_claim_kind kind,
    struct br_bytes text,
    enum br_import_kind *ret_fault);

#endif
