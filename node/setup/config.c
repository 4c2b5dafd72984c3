/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/setup/config.h"

static const struct br_config_row rows[] = {
#define TEXT(...)   BR_CONFIG_ROW_TEXT(struct br_node_config, __VA_ARGS__)
#define FLAG(...)   BR_CONFIG_ROW_FLAG(struct br_node_config, __VA_ARGS__)
#define NUMBER(...) BR_CONFIG_ROW_NUMBER(struct br_node_config, __VA_ARGS__)
#include "node/setup/config.def"
#undef TEXT
#undef FLAG
#undef NUMBER
};

const struct br_config_schema br_node_config_schema = {
    .file = "node.yaml",
    .prefix = "BROLETTO_",
    .title = "Configuration of the node",
    .what = "node",
    .make = "broletto node init",
    .check = "broletto node config check --data DIR",
    .source = "node/setup/config.def",
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .size = sizeof(struct br_node_config),
};

enum br_rc
br_node_config_load(
    const char *data_dir, struct br_node_config *ret, struct br_err *reterr)
{
    return br_config_load(&br_node_config_schema, data_dir, ret, reterr);
}

void
br_node_config_fini(struct br_node_config *c)
{
    br_config_fini(&br_node_config_schema, c);
}

void
br_node_config_put_template(
    struct br_buf *b,
    const char *chain_id,
    const char *origin,
    const char *member)
{
    br_buf_printf(
        b,
        "# The configuration of a Broletto node. Check it with:\n"
        "#   broletto node config check --data DIR\n"
        "# docs/configuration.md tells each key. Lines that begin with # show\n"
        "# the defaults.\n\n"
        "chain_id: \"%s\"\norigin: \"%s\"\nmember: \"%s\"\n",
        chain_id, origin, member);
    br_config_put_defaults(b, &br_node_config_schema);
}
