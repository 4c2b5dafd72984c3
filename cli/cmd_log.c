/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/client.h"
#include "cli/files.h"
#include "node/chain/replay.h"
#include "node/setup/genesis.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

/* ---- broletto log verify ------------------------------------------------ */

static void
show(void *ctx, uint64_t leaves, uint64_t total)
{
    struct br_progress *p = (struct br_progress *)ctx;
    p->total = total;
    br_progress_add(p, leaves - p->done);
}

enum br_rc
br_cli_replay(
    const struct br_args *a,
    struct br_replay_report *report,
    struct br_err *reterr)
{
    char scratch[PATH_MAX];
    struct br_progress p;
    struct br_genesis_file *g = (struct br_genesis_file *)calloc(1, sizeof(*g));
    if (g == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "genesis");
    }
    (void)snprintf(
        scratch, sizeof(scratch), "%s/verify-%ld", a->data, (long)getpid());
    enum br_rc rc = br_genesis_file_read(a->data, g, reterr);
    if (rc == BR_OK) {
        struct br_replay_options o = {
            .folder = a->data,
            .scratch = scratch,
            .genesis = &g->genesis,
            .progress = show,
            .ctx = &p,
        };
        br_progress_begin(&p, "replaying", 1, a->quiet);
        rc = br_chain_verify(&o, report, reterr);
        br_progress_end(&p);
        br_remove_tree(scratch);
    }
    br_genesis_file_fini(g);
    free(g);
    return rc;
}

int
br_cmd_log_verify(const struct br_args *a)
{
    struct br_replay_report report;
    struct br_err err;
    if (a->data == NULL) {
        (void)fputs("broletto: --data DIR is missing\n", stderr);
        return BR_EXIT_USAGE;
    }
    enum br_rc rc = br_cli_replay(a, &report, &err);
    if (rc == BR_ERR_CORRUPT) {
        (void)fprintf(stderr, "REFUSED: %s\n", err.text);
        return BR_EXIT_REFUSED;
    }
    if (rc != BR_OK) {
        return br_cli_fail(&err);
    }
    (void)printf(
        "%llu blocks and %llu entries are exactly what their transactions "
        "make of the genesis.\n",
        (unsigned long long)report.blocks, (unsigned long long)report.leaves);
    return BR_EXIT_OK;
}
