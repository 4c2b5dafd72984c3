/*
 * The wallet's configuration, wallet.yaml: config.def tells each key.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_CONFIG_H
#define BR_WALLET_CONFIG_H

#include "common/service/config.h"

/** Paths are relative to the data folder. Texts are owned. */
struct br_wallet_config {
#define TEXT(name, ...) char *name;
#define FLAG(name, ...)
#define NUMBER(name, ...) uint64_t name;
#include "wallet/setup/config.def"
#undef TEXT
#undef FLAG
#undef NUMBER
    /* Flags together: nothing is lost between them. */
#define TEXT(name, ...)
#define FLAG(name, ...) bool name;
#define NUMBER(name, ...)
#include "wallet/setup/config.def"
#undef TEXT
#undef FLAG
#undef NUMBER
};

extern const struct br_config_schema br_wallet_config_schema;

enum br_rc br_wallet_config_load(
    const char *data_dir,
    struct br_wallet_config *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_wallet_config_fini(struct br_wallet_config *c);

#endif
