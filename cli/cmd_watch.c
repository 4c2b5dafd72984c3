/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/cli.h"
#include "cli/files.h"
#include "common/net/loop.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

/* A file is stamped when it has been still for this long: somebody may be
 * writing it. */
enum { STILL_S = 1, LOOK_MS = 500 };

struct watching {
    const struct br_args *a;
    struct br_loop *loop;
    bool changed; /**< since the folder was last walked */
    bool again;   /**< some file was not still yet */
};

static bool
later(struct timespec a, struct timespec b)
{
    return a.tv_sec > b.tv_sec ||
           (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

/** The receipt of the version before keeps its own name. */
static void
keep_old_receipt(const char *receipt, const struct stat *st)
{
    char kept[PATH_MAX];
    struct tm tm;
    (void)gmtime_r(&st->st_mtim.tv_sec, &tm);
    (void)snprintf(
        kept, sizeof(kept), "%.*s.%04d%02d%02dT%02d%02d%02dZ.tlog-proof",
        (int)(strlen(receipt) - strlen(".tlog-proof")), receipt,
        tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
        tm.tm_sec);
    (void)rename(receipt, kept);
}

static enum br_rc
look(void *ctx, const char *path)
{
    struct watching *w = (struct watching *)ctx;
    char receipt[PATH_MAX];
    struct stat file;
    struct stat proof;
    (void)snprintf(receipt, sizeof(receipt), "%.4080s.tlog-proof", path);
    if (stat(path, &file) != 0) {
        return BR_OK; /* gone meanwhile */
    }
    bool has_proof = stat(receipt, &proof) == 0;
    if (has_proof && !later(file.st_mtim, proof.st_mtim)) {
        return BR_OK;
    }
    if (time(NULL) - file.st_mtim.tv_sec < STILL_S) {
        w->again = true;
        return BR_OK;
    }
    if (has_proof) {
        keep_old_receipt(receipt, &proof);
    }
    char copy[PATH_MAX];
    (void)snprintf(copy, sizeof(copy), "%s", path);
    char *paths[] = {copy};
    if (br_cli_stamp(w->a, paths, 1) != BR_EXIT_OK) {
        w->again = true; /* the node may come back: try later */
    }
    return BR_OK;
}

static void
on_change(void *ctx, const char *name)
{
    (void)name;
    ((struct watching *)ctx)->changed = true;
}

static void
on_tick(void *ctx)
{
    struct watching *w = (struct watching *)ctx;
    struct br_err err;
    if (!w->changed && !w->again) {
        return;
    }
    w->changed = false;
    w->again = false;
    if (br_files_walk(w->a->words[0], look, w, &err) != BR_OK) {
        (void)fprintf(stderr, "broletto: %s\n", err.text);
    }
    (void)fflush(stdout);
}

static void
on_signal(void *ctx)
{
    br_loop_stop(((struct watching *)ctx)->loop);
}

int
br_cmd_notary_watch(const struct br_args *a)
{
    struct watching w = {.a = a, .changed = true};
    struct br_err err;
    if (br_loop_new(&w.loop, &err) != BR_OK) {
        return br_cli_fail(&err);
    }
    if (br_loop_on_signal(w.loop, SIGINT, on_signal, &w, &err) != BR_OK ||
        br_loop_on_signal(w.loop, SIGTERM, on_signal, &w, &err) != BR_OK ||
        br_loop_watch_folder(w.loop, a->words[0], on_change, &w, &err) !=
            BR_OK ||
        br_loop_every(w.loop, LOOK_MS, on_tick, &w, &err) != BR_OK) {
        br_loop_free(w.loop);
        return br_cli_fail(&err);
    }
    if (!a->quiet) {
        (void)fprintf(stderr, "Watching %s; Ctrl-C ends it.\n", a->words[0]);
    }
    br_loop_run(w.loop);
    br_loop_free(w.loop);
    return BR_EXIT_OK;
}
