/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/chain/transfer.h"

#include "cli/cli.h"
#include "cli/files.h"
#include "common/crypto/files.h"
#include "node/setup/genesis.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

static void
show(void *ctx, uint64_t done, uint64_t total)
{
    struct br_progress *p = (struct br_progress *)ctx;
    p->total = total;
    br_progress_add(p, done - p->done);
}

static bool
lacks_data(const struct br_args *a)
{
    if (a->data == NULL) {
        (void)fputs("broletto: --data DIR is missing\n", stderr);
    }
    return a->data == NULL;
}

static enum br_rc
open_file(const char *path, const char *mode, FILE **ret, struct br_err *reterr)
{
    *ret = fopen(path, mode);
    return *ret != NULL
               ? BR_OK
               : br_fail(reterr, BR_ERR_IO, "%s: %s", path, strerror(errno));
}

/* ---- export ------------------------------------------------------------- */

static enum br_rc
export_to(const struct br_args *a, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf genesis;
    struct br_chain *chain = NULL;
    struct br_progress p;
    FILE *out = NULL;
    const struct br_transfer_progress progress = {show, &p};
    struct br_chain_options o = {.folder = a->data, .read_only = true};
    (void)snprintf(path, sizeof(path), "%s/genesis.cbor", a->data);
    br_buf_init(&genesis, BR_GENESIS_BYTES_MAX);
    br_progress_begin(&p, "exporting", 1, a->quiet);
    enum br_rc rc = br_file_read(path, &genesis, reterr);
    if (rc == BR_OK) {
        rc = br_chain_open(&o, &chain, reterr);
    }
    if (rc == BR_OK) {
        rc = open_file(a->words[0], "wbx", &out, reterr);
    }
    if (rc == BR_OK) {
        rc = br_chain_export(
            chain, br_buf_bytes(&genesis), out, &progress, reterr);
    }
    if (out != NULL && fclose(out) != 0 && rc == BR_OK) {
        rc = br_fail(reterr, BR_ERR_IO, "closing %s", a->words[0]);
    }
    br_progress_end(&p);
    br_chain_close(chain);
    br_buf_fini(&genesis);
    return rc;
}

int
br_cmd_log_export(const struct br_args *a)
{
    struct br_err err;
    if (lacks_data(a)) {
        return BR_EXIT_USAGE;
    }
    return export_to(a, &err) == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}

/* ---- import ------------------------------------------------------------- */

static enum br_rc
make_chain(const struct br_args *a, FILE *in, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_genesis_file *g = (struct br_genesis_file *)calloc(1, sizeof(*g));
    struct br_buf genesis;
    if (g == NULL || (mkdir(a->data, 0700) != 0)) {
        free(g);
        return br_fail(
            reterr, BR_ERR_CONFLICT, "%s: make a new folder of it: %s", a->data,
            strerror(errno));
    }
    br_buf_init(&genesis, BR_GENESIS_BYTES_MAX);
    enum br_rc rc = br_export_read_genesis(in, &genesis, reterr);
    (void)snprintf(path, sizeof(path), "%s/genesis.cbor", a->data);
    if (rc == BR_OK) {
        rc = br_file_create(path, br_buf_bytes(&genesis), 0644, reterr);
    }
    if (rc == BR_OK) {
        rc = br_genesis_file_read(a->data, g, reterr);
    }
    if (rc == BR_OK) {
        struct br_chain_options o = {
            .folder = a->data, .chain = g->genesis.chain};
        rc = br_chain_create(&o, &g->genesis, reterr);
    }
    br_genesis_file_fini(g);
    free(g);
    br_buf_fini(&genesis);
    return rc;
}

static enum br_rc
import_blocks(
    const struct br_args *a,
    FILE *in,
    struct br_head *ret,
    struct br_err *reterr)
{
    struct br_genesis_file *g = (struct br_genesis_file *)calloc(1, sizeof(*g));
    struct br_chain *chain = NULL;
    if (g == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "genesis");
    }
    enum br_rc rc = br_genesis_file_read(a->data, g, reterr);
    if (rc == BR_OK) {
        struct br_chain_options o = {
            .folder = a->data, .chain = g->genesis.chain};
        rc = br_chain_open(&o, &chain, reterr);
    }
    if (rc == BR_OK) {
        rc = br_chain_import(chain, in, NULL, reterr);
        *ret = *br_chain_head(chain);
    }
    br_chain_close(chain);
    br_genesis_file_fini(g);
    free(g);
    return rc;
}

int
br_cmd_log_import(const struct br_args *a)
{
    struct br_err err;
    struct br_head head;
    FILE *in = NULL;
    if (lacks_data(a)) {
        return BR_EXIT_USAGE;
    }
    enum br_rc rc = open_file(a->words[0], "rb", &in, &err);
    if (rc == BR_OK) {
        rc = make_chain(a, in, &err);
    }
    if (rc == BR_OK) {
        rc = import_blocks(a, in, &head, &err);
    }
    if (in != NULL) {
        (void)fclose(in);
    }
    if (rc != BR_OK) {
        (void)br_cli_fail(&err);
        return rc == BR_ERR_CORRUPT ? BR_EXIT_REFUSED : BR_EXIT_MACHINE;
    }
    (void)printf(
        "%llu blocks and %llu entries, every signature verified, are in %s\n",
        (unsigned long long)head.height, (unsigned long long)head.frontier.size,
        a->data);
    return BR_EXIT_OK;
}
