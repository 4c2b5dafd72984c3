/*
 * The issuing body's configuration, orchestrator.yaml: config.def tells each
 * key.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_CONFIG_H
#define BR_ORCHESTRATOR_CONFIG_H

#include "common/service/config.h"

/** Paths are relative to the data folder. Texts are owned. */
struct br_orch_config {
#define TEXT(name, ...) char *name;
#define FLAG(name, ...)
#define NUMBER(name, ...) uint64_t name;
#include "orchestrator/setup/config.def"
#undef TEXT
#undef FLAG
#undef NUMBER
    /* Flags together: nothing is lost between them. */
#define TEXT(name, ...)
#define FLAG(name, ...) bool name;
#define NUMBER(name, ...)
#include "orchestrator/setup/config.def"
#undef TEXT
#undef FLAG
#undef NUMBER
};

extern const struct br_config_schema br_orch_config_schema;

/** CONFIG also when public_url is no https address, or http where that is not
 *  allowed. */
enum br_rc br_orch_config_load(
    const char *data_dir,
    struct br_orch_config *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_orch_config_fini(struct br_orch_config *c);

/** https://host[:port][/path]; http too on this machine, if allowed. */
enum br_rc br_orch_check_url(
    const char *url, bool insecure_loopback, struct br_err *reterr) BR_MUST_USE;
/** Is it http on 127.0.0.1, [::1] or localhost? */
bool br_orch_is_loopback(const char *url);
/** Its host, without a port, into out; "localhost" for an address of numbers,
 *  as certificates name hosts. */
void br_orch_host(const char *url, char out[254]);

#endif
