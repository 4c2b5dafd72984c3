/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/setup/config.h"

static const struct br_config_row rows[] = {
#define TEXT(...)   BR_CONFIG_ROW_TEXT(struct br_wallet_config, __VA_ARGS__)
#define FLAG(...)   BR_CONFIG_ROW_FLAG(struct br_wallet_config, __VA_ARGS__)
#define NUMBER(...) BR_CONFIG_ROW_NUMBER(struct br_wallet_config, __VA_ARGS__)
#include "wallet/setup/config.def"
#undef TEXT
#undef FLAG
#undef NUMBER
};

const struct br_config_schema br_wallet_config_schema = {
    .file = "wallet.yaml",
    .prefix = "BROLETTO_WALLET_",
    .title = "Configuration of the wallet",
    .what = "wallet",
    .make = "broletto wallet init",
    .check = "broletto wallet config check --vault DIR",
    .source = "wallet/setup/config.def",
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .size = sizeof(struct br_wallet_config),
};

enum br_rc
br_wallet_config_load(
    const char *data_dir, struct br_wallet_config *ret, struct br_err *reterr)
{
    return br_config_load(&br_wallet_config_schema, data_dir, ret, reterr);
}

void
br_wallet_config_fini(struct br_wallet_config *c)
{
    br_config_fini(&br_wallet_config_schema, c);
}
