/* SPDX-License-Identifier: EUPL-1.2 */
/* A table of people and their claims, offered whole or not at all. */
#include "cli/desk.h"
#include "cli/files.h"
#include "common/crypto/seal.h"
#include "orchestrator/source/import.h"

#include <stdio.h>
#include <unistd.h>

enum { RESULT_BYTES_MAX = 64 * 1024 * 1024 };

static enum br_rc
read_table(const struct br_args *a, struct br_import *i, struct br_err *reterr)
{
    struct br_buf text;
    br_buf_init(&text, BR_IMPORT_BYTES_MAX);
    enum br_rc rc = br_file_read(a->words[0], &text, reterr);
    if (rc == BR_OK) {
        rc = br_import_read(i, br_buf_bytes(&text), reterr);
    }
    br_buf_wipe(&text);
    return rc;
}

/** FILE:LINE: column N "name": what is wrong, and what to do. */
static void
print_faults(const char *file, const struct br_import *i)
{
    for (size_t k = 0; k < i->fault_count && k < BR_IMPORT_FAULTS_MAX; k++) {
        const struct br_import_fault *f = &i->faults[k];
        (void)fprintf(stderr, "%s:%zu: ", file, f->line);
        if (f->column > 0) {
            (void)fprintf(stderr, "column %zu: ", f->column);
        }
        for (const char *p = f->name; *p != '\0'; p++) {
            (void)fputc((unsigned char)*p < 0x20 ? '?' : *p, stderr);
        }
        (void)fprintf(
            stderr, "%s%s\n", f->name[0] == '\0' ? "" : ": ",
            br_import_text(f->kind));
    }
    if (i->fault_count > BR_IMPORT_FAULTS_MAX) {
        (void)fprintf(
            stderr, "and %zu more\n", i->fault_count - BR_IMPORT_FAULTS_MAX);
    }
}

static void
on_offer(void *ctx)
{
    br_progress_add((struct br_progress *)ctx, 1);
}

/** The links are in the file before the offers are: a disk that is full must
 * not leave offers that nobody has the links of. */
static enum br_rc
keep(
    const struct br_args *a,
    struct br_cli_desk *d,
    const struct br_buf *result,
    struct br_err *reterr)
{
    if (a->output != NULL) {
        BR_TRY(br_file_create(a->output, br_buf_bytes(result), 0600, reterr));
    }
    enum br_rc rc = br_cli_desk_commit(d, reterr);
    if (rc != BR_OK && a->output != NULL) {
        (void)unlink(a->output);
    }
    return rc;
}

static enum br_rc
make_offers(
    const struct br_args *a,
    struct br_cli_desk *d,
    const struct br_import *i,
    struct br_buf *result,
    struct br_err *reterr)
{
    struct br_progress p;
    const struct br_import_how how = {
        .issuer = d->config.public_url,
        .who = d->who,
        .tx_code = a->tx_code,
        .deferred = a->deferred,
        .now_us = br_cli_now().v,
        .expires_s = br_cli_now().v / 1000000 + d->config.offer_s,
        .progress = on_offer,
        .ctx = &p,
    };
    BR_TRY(br_cli_desk_begin(d, reterr));
    br_progress_begin(&p, "offering", i->count, a->quiet);
    enum br_rc rc = br_import_offer(d->txn, i, &how, result, reterr);
    br_progress_end(&p);
    return rc == BR_OK ? keep(a, d, result, reterr) : rc;
}

static enum br_rc
import(const struct br_args *a, struct br_cli_desk *d, struct br_err *reterr)
{
    const struct br_type *t;
    struct br_import i;
    struct br_buf result;
    BR_TRY(br_cli_desk_type(a, d, &t, reterr));
    br_import_init(&i, t);
    br_buf_init(&result, RESULT_BYTES_MAX);
    enum br_rc rc = read_table(a, &i, reterr);
    if (rc == BR_OK && i.fault_count > 0) {
        print_faults(a->words[0], &i);
        rc = br_fail(
            reterr, BR_ERR_MALFORMED,
            "%.100s: %zu mistake%s; no offer was made", a->words[0],
            i.fault_count, i.fault_count == 1 ? "" : "s");
    }
    if (rc == BR_OK && !a->dry_run) {
        rc = make_offers(a, d, &i, &result, reterr);
    }
    if (rc == BR_OK && !a->dry_run && a->output == NULL) {
        (void)fwrite(result.p, 1, result.n, stdout);
    }
    if (rc == BR_OK) {
        (void)fprintf(
            stderr, "%zu %s\n", i.count,
            a->dry_run ? "rows are right; no offer was made" : "offers");
    }
    br_buf_wipe(&result);
    br_import_fini(&i);
    return rc;
}

int
br_cmd_issuer_import(const struct br_args *a)
{
    struct br_cli_desk d;
    struct br_err err;
    if (a->type == NULL) {
        (void)fputs("broletto: --type NAME is needed\n", stderr);
        return BR_EXIT_USAGE;
    }
    enum br_rc rc = br_cli_desk_open(a, &d, &err);
    if (rc == BR_OK) {
        rc = import(a, &d, &err);
    }
    br_cli_desk_close(&d);
    if (rc == BR_ERR_MALFORMED) {
        (void)br_cli_fail(&err);
        return BR_EXIT_REFUSED;
    }
    return rc == BR_OK ? BR_EXIT_OK : br_cli_fail(&err);
}
