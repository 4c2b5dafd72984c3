/*
 * A program's configuration: a YAML file in its data folder (libcyaml inside),
 * read into a struct of the program's by a table of its keys.
 *
 * - Strict: an unknown key, a wrong type or a value out of range is refused
 * with file and line.
 * - After the file comes the environment: the schema's prefix and the key in
 *   capitals.
 * - The commented file that a new folder gets, and the page of docs/ about it,
 *   are made from the same table.
 *
 * A program keeps its keys in a .def file of TEXT, FLAG and NUMBER rows, from
 * which its struct and its table are made (node/setup/config.h).
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_SERVICE_CONFIG_H
#define BR_SERVICE_CONFIG_H

#include "common/base/buf.h"
#include "common/base/error.h"

#include <stddef.h>
#include <stdint.h>

enum br_config_kind { BR_CONFIG_TEXT, BR_CONFIG_FLAG, BR_CONFIG_NUMBER };

struct br_config_row {
    enum br_config_kind kind;
    const char *name;
    size_t offset;    /**< of a char *, a bool or a uint64_t in the struct */
    const char *text; /**< default of a text; NULL: the key is required */
    uint64_t number;  /**< default of a number or a flag */
    uint64_t min;
    uint64_t max;
    const char *unit; /**< "a | b": one of these */
    const char *meaning;
    const char *attacker; /**< what an attacker gains by changing it */
};

struct br_config_schema {
    const char *file;   /**< "node.yaml" */
    const char *prefix; /**< of the environment: "BROLETTO_" */
    const char *title;  /**< of the page: "Configuration of the node" */
    const char *what;   /**< what it configures: "node" */
    const char *make;   /**< the command that makes it: "broletto node init" */
    const char *check;  /**< the command that reads it as the program does */
    const char *source; /**< the .def file, for whoever changes the page */
    const struct br_config_row *rows;
    size_t count;
    size_t size; /**< of the struct */
};

#define BR_CONFIG_ROW_TEXT(type, name, value, unit, meaning, attacker)    \
    {BR_CONFIG_TEXT, #name,   offsetof(type, name), value, 0, 0, 0, unit, \
     meaning,        attacker},
#define BR_CONFIG_ROW_FLAG(type, name, value, unit, meaning, attacker)       \
    {BR_CONFIG_FLAG, #name,   offsetof(type, name), NULL, value, 0, 1, unit, \
     meaning,        attacker},
#define BR_CONFIG_ROW_NUMBER(                             \
    type, name, value, min, max, unit, meaning, attacker) \
    {BR_CONFIG_NUMBER,                                    \
     #name,                                               \
     offsetof(type, name),                                \
     NULL,                                                \
     value,                                               \
     min,                                                 \
     max,                                                 \
     unit,                                                \
     meaning,                                             \
     attacker},

/** Read data_dir/FILE, then the environment, into the struct at ret, whose
 *  texts are owned by it. CONFIG: "FILE:LINE: ...". */
enum br_rc br_config_load(
    const struct br_config_schema *schema,
    const char *data_dir,
    void *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_config_fini(const struct br_config_schema *schema, void *config);

/** The part of a commented file that shows each key with a default. */
void
br_config_put_defaults(struct br_buf *b, const struct br_config_schema *schema);
/** The page of docs/. */
void br_config_put_doc(struct br_buf *b, const struct br_config_schema *schema);

#endif
