/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/client.h"

#include <stdio.h>

int
br_cmd_log_head(const struct br_args *a)
{
    struct br_node_client c;
    struct br_err err;
    struct br_buf b;
    if (br_node_client_open(a, &c, &err) != BR_OK) {
        return br_cli_fail(&err);
    }
    br_buf_init(&b, 64u * 1024);
    enum br_rc rc = br_node_get(&c, "/checkpoint", &b, &err);
    if (rc == BR_OK) {
        (void)fwrite(b.p, 1, b.n, stdout);
    }
    br_buf_fini(&b);
    br_node_client_close(&c);
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}
