/*
 * The node's configuration, node.yaml: config.def tells each key.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_SETUP_CONFIG_H
#define BR_SETUP_CONFIG_H

#include "common/service/config.h"

/** Paths are relative to the data folder. Texts are owned. */
struct br_node_config {
#define TEXT(name, ...) char *name;
#define FLAG(name, ...)
#define NUMBER(name, ...) uint64_t name;
#include "node/setup/config.def"
#undef TEXT
#undef FLAG
#undef NUMBER
    /* Flags together: nothing is lost between them. */
#define TEXT(name, ...)
#define FLAG(name, ...) bool name;
#define NUMBER(name, ...)
#include "node/setup/config.def"
#undef TEXT
#undef FLAG
#undef NUMBER
};

extern const struct br_config_schema br_node_config_schema;

enum br_rc br_node_config_load(
    const char *data_dir,
    struct br_node_config *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_node_config_fini(struct br_node_config *c);

/** A commented node.yaml with these three values and the defaults. */
void br_node_config_put_template(
    struct br_buf *b,
    const char *chain_id,
    const char *origin,
    const char *member);

#endif
