/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/client.h"
#include "common/service/json.h"
#include "node/setup/config.h"
#include "node/setup/init.h"

#include <stdio.h>

static int
need_data(const struct br_args *a)
{
    if (a->data == NULL) {
        (void)fputs("broletto: --data DIR is missing\n", stderr);
        return BR_EXIT_USAGE;
    }
    return BR_EXIT_OK;
}

int
br_cmd_node_init(const struct br_args *a)
{
    struct br_err err;
    struct br_init_options o = {
        .data_dir = a->words[0],
        .chain_id = a->chain_id,
        .origin = a->origin,
        .member = a->member,
        .member_name = a->name,
        .now = br_cli_now(),
    };
    if (br_node_init(&o, &err) != BR_OK) {
        return br_cli_fail(&err);
    }
    if (!a->quiet) {
        (void)printf(
            "A node in %s: keys (encrypted; the passphrase is in "
            "keys/passphrase), genesis, node.yaml, an empty ledger.\n"
            "Start it:       broletto-node --data %s\n"
            "Make a token:   broletto node token create --data %s --scope "
            "notary:stamp\n",
            a->words[0], a->words[0], a->words[0]);
    }
    return BR_EXIT_OK;
}

int
br_cmd_node_status(const struct br_args *a)
{
    struct br_node_client c;
    struct br_err err;
    struct br_buf b;
    if (br_node_client_open(a, &c, &err) != BR_OK) {
        return br_cli_fail(&err);
    }
    br_buf_init(&b, 64u * 1024);
    enum br_rc rc = br_node_get(&c, "/readyz", &b, &err);
    if (rc == BR_OK) {
        br_buf_clear(&b);
        rc = br_node_get(&c, "/v1/log", &b, &err);
    }
    if (rc == BR_OK) {
        (void)printf("%.*s\n", (int)b.n, (const char *)b.p);
    }
    br_buf_fini(&b);
    br_node_client_close(&c);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}

int
br_cmd_config_check(const struct br_args *a)
{
    struct br_node_config config;
    struct br_err err;
    if (need_data(a) != BR_EXIT_OK) {
        return BR_EXIT_USAGE;
    }
    if (br_node_config_load(a->data, &config, &err) != BR_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        return BR_EXIT_REFUSED;
    }
    (void)printf("%s/node.yaml is right\n", a->data);
    br_node_config_fini(&config);
    return BR_EXIT_OK;
}

int
br_cmd_config_doc(const struct br_args *a)
{
    struct br_buf b;
    (void)a;
    br_buf_init(&b, 256u * 1024);
    br_config_put_doc(&b, &br_node_config_schema);
    (void)fwrite(b.p, 1, b.n, stdout);
    br_buf_fini(&b);
    return BR_EXIT_OK;
}
