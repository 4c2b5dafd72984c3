/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/store/index_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/buf.h"
#include "common/crypto/files.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"
#include "common/store/internal.h"

static const char secret_name[] = "secret";

/* ---- the folder --------------------------------------------------------- */

typedef bool choose_fn(const void *ctx, const char *name);

/** Remove the files that are chosen. */
static enum br_rc
remove_files(
    int folder, choose_fn *choose, const void *ctx, struct br_err *reterr)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    if (d == NULL) {
        int e = errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        return br_fail(
            reterr, br_store_errno(e), "reading the index folder: %s",
            strerror(e));
    }
    enum br_rc rc = BR_OK;
    while (rc == BR_OK && (entry = readdir(d)) != NULL) {
        if (choose(ctx, entry->d_name) &&
            unlinkat(folder, entry->d_name, 0) != 0 && errno != ENOENT) {
            rc = br_fail(
                reterr, br_store_errno(errno), "removing %s: %s", entry->d_name,
                strerror(errno));
        }
    }
    (void)closedir(d);
    if (rc == BR_OK && fsync(folder) != 0) {
        rc = br_fail(
            reterr, br_store_errno(errno), "syncing the index folder: %s",
            strerror(errno));
    }
    return rc;
}

static bool
is_run(const void *ctx, const char *name)
{
    uint64_t first;
    uint64_t end;
    (void)ctx;
    return br_index_run_name_parse(name, "run", &first, &end) ||
           br_index_run_name_parse(name, "new", &first, &end);
}

static bool
is_ours(const void *ctx, const char *name)
{
    return is_run(ctx, name) || strcmp(name, secret_name) == 0 ||
           strcmp(name, "secret.new") == 0;
}

static enum br_rc
open_folder(
    struct br_digest_index *ix, const char *folder, struct br_err *reterr)
{
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return br_fail(
            reterr, br_store_errno(errno), "making the folder %s: %s", folder,
            strerror(errno));
    }
    ix->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ix->folder < 0) {
        return br_fail(
            reterr, br_store_errno(errno), "opening the folder %s: %s", folder,
            strerror(errno));
    }
    if (flock(ix->folder, LOCK_EX | LOCK_NB) != 0) {
        return br_fail(
            reterr, errno == EWOULDBLOCK ? BR_ERR_BUSY : BR_ERR_IO,
            "the digest index in %s is in use: by another node of this folder?",
            folder);
    }
    return BR_OK;
}

enum br_rc
br_digest_index_remove(const char *folder, struct br_err *reterr)
{
    struct br_digest_index ix = {.folder = -1};
    struct stat st;
    if (stat(folder, &st) != 0 && errno == ENOENT) {
        return BR_OK;
    }
    enum br_rc rc = open_folder(&ix, folder, reterr);
    if (rc == BR_OK) {
        rc = remove_files(ix.folder, is_ours, NULL, reterr);
    }
    if (ix.folder >= 0) {
        (void)close(ix.folder);
    }
    BR_TRY(rc);
    /* What somebody else has put there stays. */
    if (rmdir(folder) != 0 && errno != ENOTEMPTY && errno != EEXIST) {
        return br_fail(
            reterr, br_store_errno(errno), "removing %s: %s", folder,
            strerror(errno));
    }
    return BR_OK;
}

/* ---- the secret --------------------------------------------------------- */

/** Without the secret the runs' keys mean nothing: they go first. */
static enum br_rc
make_secret(struct br_digest_index *ix, const char *path, struct br_err *reterr)
{
    BR_TRY(remove_files(ix->folder, is_run, NULL, reterr));
    br_random(ix->secret, sizeof(ix->secret));
    return br_file_create(
        path, br_bytes(ix->secret, sizeof(ix->secret)), 0600, reterr);
}

static enum br_rc
read_secret(
    struct br_digest_index *ix, const char *folder, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf b;
    int n = snprintf(path, sizeof(path), "%s/%s", folder, secret_name);
    if (n < 0 || (size_t)n >= sizeof(path)) {
        return br_fail(reterr, BR_ERR_OUT_OF_RANGE, "%s: too long", folder);
    }
    br_buf_init(&b, PATH_MAX);
    enum br_rc rc = br_file_read(path, &b, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        rc = make_secret(ix, path, reterr);
    } else if (rc == BR_OK && b.n == sizeof(ix->secret)) {
        memcpy(ix->secret, b.p, sizeof(ix->secret));
    } else if (rc == BR_OK || rc == BR_ERR_TOO_LARGE) {
        rc = br_fail(
            reterr, BR_ERR_CORRUPT, "%s: not %zu bytes", path,
            sizeof(ix->secret));
    }
    br_buf_fini(&b);
    ix->mark = br_siphash(ix->secret, br_str("digest index"));
    return rc;
}

/* ---- the runs ----------------------------------------------------------- */

struct runs {
    struct br_index_run *run[BR_INDEX_RUNS_MAX];
    size_t count;
};

/** The longest run that begins at this leaf. */
static bool
longest_from(int folder, uint64_t first, uint64_t *ret_end)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    bool found = false;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        uint64_t f;
        uint64_t e;
        if (br_index_run_name_parse(entry->d_name, "run", &f, &e) &&
            f == first && e > f && (!found || e > *ret_end)) {
            *ret_end = e;
            found = true;
        }
    }
    if (d != NULL) {
        (void)closedir(d);
    }
    return found;
}

/*~ Names are the truth about what is covered: from leaf 0 on, the longest run
 *  that begins where the last one ended. A merge that was cut short between
 *  its rename and its removals is thereby complete; a run behind a gap is
 *  worth nothing and goes. */
static enum br_rc
open_runs(
    const struct br_digest_index *ix, struct runs *r, struct br_err *reterr)
{
    struct br_index_range range = {.mark = ix->mark};
    while (r->count < BR_INDEX_RUNS_MAX &&
           longest_from(ix->folder, range.first, &range.end)) {
        BR_TRY(
            br_index_run_open(ix->folder, &range, &r->run[r->count], reterr));
        r->count++;
        range.first = range.end;
    }
    return BR_OK;
}

static bool
is_left_over(const void *ctx, const char *name)
{
    const struct runs *r = (const struct runs *)ctx;
    uint64_t first;
    uint64_t end;
    for (size_t i = 0; i < r->count; i++) {
        if (br_index_run_name_parse(name, "run", &first, &end) &&
            r->run[i]->range.first == first && r->run[i]->range.end == end) {
            return false;
        }
    }
    return is_run(NULL, name);
}

static enum br_rc
show(struct br_digest_index *ix, const struct runs *r, struct br_err *reterr)
{
    struct br_index_memory *active;
    BR_TRY(br_index_memory_new(ix->tuning.pairs_max, &active, reterr));
    ix->view = br_index_view_new(active, NULL, r->run, r->count);
    br_index_memory_unref(active);
    if (ix->view == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "digest index");
    }
    ix->active = active;
    ix->next = br_index_view_covered(ix->view);
    atomic_store(&ix->covered, ix->next);
    return BR_OK;
}

enum br_rc
br_index_open_files(
    struct br_digest_index *ix, const char *folder, struct br_err *reterr)
{
    struct runs r = {.count = 0};
    BR_TRY(open_folder(ix, folder, reterr));
    BR_TRY(read_secret(ix, folder, reterr));
    enum br_rc rc = open_runs(ix, &r, reterr);
    if (rc == BR_OK) {
        rc = remove_files(ix->folder, is_left_over, &r, reterr);
    }
    if (rc == BR_OK) {
        rc = show(ix, &r, reterr);
    }
    for (size_t i = 0; i < r.count; i++) {
        br_index_run_unref(r.run[i]);
    }
    return rc;
}
