/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/files.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 1024 * 1024, WIDTH = 40 };

void
br_progress_begin(
    struct br_progress *p, const char *label, uint64_t total, bool quiet)
{
    *p = (struct br_progress){
        .label = label,
        .total = total,
        .shown = !quiet && isatty(STDERR_FILENO) == 1,
        .percent = -1,
    };
    br_progress_add(p, 0);
}

void
br_progress_add(struct br_progress *p, uint64_t n)
{
    if (p == NULL || !p->shown) {
        return;
    }
    p->done += n;
    int percent = p->total == 0 ? 100 : (int)(p->done * 100 / p->total);
    if (percent == p->percent) {
        return;
    }
    p->percent = percent;
    char bar[WIDTH + 1];
    int full = percent * WIDTH / 100;
    for (int i = 0; i < WIDTH; i++) {
        bar[i] = i < full ? '#' : '.';
    }
    bar[WIDTH] = '\0';
    (void)fprintf(stderr, "\r%-12.12s [%s] %3d%%", p->label, bar, percent);
}

void
br_progress_end(struct br_progress *p)
{
    if (p->shown) {
        (void)fputs("\r\033[K", stderr);
    }
}

static enum br_rc
fail(const char *path, struct br_err *reterr)
{
    enum br_rc rc = errno == ENOENT ? BR_ERR_NOT_FOUND : BR_ERR_IO;
    rc = errno == ENOMEM ? BR_ERR_NO_MEMORY : rc;
    return br_fail(reterr, rc, "%s: %s", path, strerror(errno));
}

enum br_rc
br_file_size(const char *path, uint64_t *ret, struct br_err *reterr)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return fail(path, reterr);
    }
    if (!S_ISREG(st.st_mode)) {
        return br_fail(reterr, BR_ERR_UNSUPPORTED, "%s: not a file", path);
    }
    *ret = (uint64_t)st.st_size;
    return BR_OK;
}

static enum br_rc
take_pieces(
    const struct br_stream *s,
    uint8_t *piece,
    struct br_hasher *h,
    struct br_err *reterr)
{
    uint64_t left = s->bytes;
    while (left > 0) {
        size_t n =
            fread(piece, 1, left < PIECE_BYTES ? left : PIECE_BYTES, s->f);
        if (n == 0) {
            break;
        }
        br_hasher_update(h, br_bytes(piece, n));
        if (s->copy != NULL) {
            BR_TRY(br_file_append(s->copy, br_bytes(piece, n), reterr));
        }
        br_progress_add(s->progress, n);
        left -= n;
    }
    if (ferror(s->f) != 0) {
        return fail(s->path, reterr);
    }
    bool all = left == 0 || s->bytes == UINT64_MAX;
    return all ? BR_OK
               : br_fail(reterr, BR_ERR_IO, "%s: shorter than it was", s->path);
}

enum br_rc
br_stream_digest(
    const struct br_stream *s,
    struct br_bytes before,
    enum br_hash_alg alg,
    struct br_digest *ret,
    struct br_err *reterr)
{
    struct br_hasher *h;
    uint8_t *piece = (uint8_t *)malloc(PIECE_BYTES);
    enum br_rc rc =
        piece == NULL ? br_fail(reterr, BR_ERR_NO_MEMORY, "reading %s", s->path)
                      : br_hasher_new(alg, &h, reterr);
    if (rc == BR_OK) {
        br_hasher_update(h, before);
        rc = take_pieces(s, piece, h, reterr);
        br_hasher_final(h, ret);
        br_hasher_free(h);
    }
    free(piece);
    return rc;
}

enum br_rc
br_file_digest(
    const char *path,
    enum br_hash_alg alg,
    struct br_progress *p,
    struct br_digest *ret,
    struct br_err *reterr)
{
    FILE *f = fopen(path, "rbe");
    if (f == NULL) {
        return fail(path, reterr);
    }
    const struct br_stream s = {f, path, UINT64_MAX, p, NULL};
    enum br_rc rc = br_stream_digest(&s, br_bytes(NULL, 0), alg, ret, reterr);
    (void)fclose(f);
    return rc;
}

static bool
is_receipt(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL &&
           (strcmp(dot, ".tlog-proof") == 0 || strcmp(dot, ".tsr") == 0 ||
            strcmp(dot, ".cose") == 0 || strcmp(dot, ".tsd") == 0 ||
            strcmp(dot, ".tst") == 0);
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

enum br_rc
br_files_walk(
    const char *path,
    enum br_rc (*fn)(void *ctx, const char *path),
    void *ctx,
    struct br_err *reterr)
{
    char copy[PATH_MAX];
    (void)snprintf(copy, sizeof(copy), "%s", path);
    char *paths[] = {copy, NULL};
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    FTSENT *e;
    enum br_rc rc = walk == NULL ? fail(path, reterr) : BR_OK;
    while (rc == BR_OK && (e = fts_read(walk)) != NULL) {
        if (e->fts_info == FTS_F &&
            (e->fts_level == 0 || !is_receipt(e->fts_name))) {
            rc = fn(ctx, e->fts_path);
        } else if (
            e->fts_info == FTS_DNR || e->fts_info == FTS_ERR ||
            e->fts_info == FTS_NS) {
            errno = e->fts_errno;
            rc = fail(e->fts_path, reterr);
        }
    }
    if (walk != NULL) {
        (void)fts_close(walk);
    }
    return rc;
}

void
br_remove_tree(const char *path)
{
    char copy[PATH_MAX];
    (void)snprintf(copy, sizeof(copy), "%s", path);
    char *paths[] = {copy, NULL};
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    FTSENT *e;
    while (walk != NULL && (e = fts_read(walk)) != NULL) {
        if (e->fts_info == FTS_DP) {
            (void)rmdir(e->fts_path);
        } else if (e->fts_info != FTS_D) {
            (void)unlink(e->fts_path);
        }
    }
    if (walk != NULL) {
        (void)fts_close(walk);
    }
}
