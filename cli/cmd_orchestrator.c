/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/cli.h"
#include "orchestrator/setup/config.h"
#include "orchestrator/setup/init.h"

#include <stdio.h>

int
br_cmd_orchestrator_init(const struct br_args *a)
{
    struct br_err err;
    const struct br_orch_init o = {
        .data_dir = a->words[0],
        .node_url = a->node,
        .public_url = a->public_url,
        .name = a->name,
        .now = br_cli_now(),
    };
    if (br_orch_init(&o, &err) != BR_OK) {
        return br_cli_fail(&err);
    }
    if (!a->quiet && !a->json) {
        (void)printf(
            "An issuing body in %s: keys (encrypted; the passphrase is in "
            "keys/passphrase), a development authority, credential types, "
            "orchestrator.yaml.\n"
            "Start it:  broletto-orchestrator --data %s\n"
            "Offer:     broletto issuer offer --type isee --claims FILE.json "
            "--data %s\n",
            a->words[0], a->words[0], a->words[0]);
    }
    if (a->operator_name == NULL) {
        return BR_EXIT_OK;
    }
    struct br_args first = *a;
    first.role = "supervisor";
    return br_cli_operator_add(&first, a->words[0], a->operator_name);
}

int
br_cmd_orchestrator_config_check(const struct br_args *a)
{
    struct br_orch_config config;
    struct br_err err;
    if (a->data == NULL) {
        (void)fputs("broletto: --data DIR is missing\n", stderr);
        return BR_EXIT_USAGE;
    }
    if (br_orch_config_load(a->data, &config, &err) != BR_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        return BR_EXIT_REFUSED;
    }
    (void)printf("%s/orchestrator.yaml is right\n", a->data);
    br_orch_config_fini(&config);
    return BR_EXIT_OK;
}

int
br_cmd_orchestrator_config_doc(const struct br_args *a)
{
    struct br_buf b;
    (void)a;
    br_buf_init(&b, 256u * 1024);
    br_config_put_doc(&b, &br_orch_config_schema);
    (void)fwrite(b.p, 1, b.n, stdout);
    br_buf_fini(&b);
    return BR_EXIT_OK;
}
