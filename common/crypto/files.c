/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum br_rc
fail(struct br_err *reterr, const char *path)
{
    enum br_rc rc = BR_ERR_IO;
    if (errno == ENOSPC || errno == EDQUOT) {
        rc = BR_ERR_DISK_FULL;
    } else if (errno == ENOMEM) {
        rc = BR_ERR_NO_MEMORY;
    } else if (errno == ENOENT) {
        rc = BR_ERR_NOT_FOUND;
    }
    return br_fail(reterr, rc, "%s: %s", path, strerror(errno));
}

static bool
write_all(int fd, struct br_bytes content)
{
    while (content.n > 0) {
        ssize_t n = write(fd, content.p, content.n);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        content.p += n;
        content.n -= (size_t)n;
    }
    return true;
}

/** Without replacing: one step where the file system knows it, otherwise by a
 *  second name for the same file. */
static bool
rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
        return true;
    }
    if ((errno != EINVAL && errno != ENOSYS) || link(from, to) != 0) {
        return false;
    }
    (void)unlink(from);
    return true;
}

/** The new name itself is only on the disk when its folder is. */
static bool
sync_folder_of(const char *path)
{
    char copy[PATH_MAX];
    (void)snprintf(copy, sizeof(copy), "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool ok = fsync(fd) == 0;
    (void)close(fd);
    return ok;
}

/** A new file beside path. mkostemp makes it 0600 and never opens an existing
 *  one. */
enum br_rc
br_file_begin(struct br_file_writer *w, const char *path, struct br_err *reterr)
{
    int n = snprintf(w->temporary, sizeof(w->temporary), "%s.XXXXXX", path);
    if (n < 0 || (size_t)n >= sizeof(w->temporary)) {
        return br_fail(reterr, BR_ERR_OUT_OF_RANGE, "%.200s: too long", path);
    }
    w->path = path;
    w->fd = mkostemp(w->temporary, O_CLOEXEC);
    return w->fd < 0 ? fail(reterr, w->temporary) : BR_OK;
}

enum br_rc
br_file_append(
    struct br_file_writer *w, struct br_bytes piece, struct br_err *reterr)
{
    return write_all(w->fd, piece) ? BR_OK : fail(reterr, w->temporary);
}

void
br_file_abandon(struct br_file_writer *w)
{
    (void)close(w->fd);
    (void)unlink(w->temporary);
}

/** On the disk when this returns. */
static enum br_rc
close_written(struct br_file_writer *w, mode_t mode, struct br_err *reterr)
{
    bool ok = fchmod(w->fd, mode) == 0 && fsync(w->fd) == 0;
    enum br_rc rc = ok ? BR_OK : fail(reterr, w->temporary);
    if (close(w->fd) != 0 && rc == BR_OK) {
        rc = fail(reterr, w->temporary);
    }
    return rc;
}

static enum br_rc
give_name(struct br_file_writer *w, bool replace, struct br_err *reterr)
{
    bool ok = replace ? rename(w->temporary, w->path) == 0
                      : rename_new(w->temporary, w->path);
    if (!ok && errno == EEXIST) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "%s is there already and is not replaced",
            w->path);
    }
    return ok ? BR_OK : fail(reterr, w->path);
}

enum br_rc
br_file_finish(
    struct br_file_writer *w, mode_t mode, bool replace, struct br_err *reterr)
{
    enum br_rc rc = close_written(w, mode, reterr);
    if (rc == BR_OK) {
        rc = give_name(w, replace, reterr);
    }
    if (rc != BR_OK) {
        (void)unlink(w->temporary);
        return rc;
    }
    return sync_folder_of(w->path) ? BR_OK : fail(reterr, w->path);
}

static enum br_rc
put(const char *path,
    struct br_bytes content,
    mode_t mode,
    bool replace,
    struct br_err *reterr)
{
    struct br_file_writer w;
    BR_TRY(br_file_begin(&w, path, reterr));
    enum br_rc rc = br_file_append(&w, content, reterr);
    if (rc != BR_OK) {
        br_file_abandon(&w);
        return rc;
    }
    return br_file_finish(&w, mode, replace, reterr);
}

enum br_rc
br_file_replace(
    const char *path,
    struct br_bytes content,
    mode_t mode,
    struct br_err *reterr)
{
    return put(path, content, mode, true, reterr);
}

enum br_rc
br_file_create(
    const char *path,
    struct br_bytes content,
    mode_t mode,
    struct br_err *reterr)
{
    return put(path, content, mode, false, reterr);
}

enum br_rc
br_file_read(const char *path, struct br_buf *ret, struct br_err *reterr)
{
    uint8_t piece[4096];
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail(reterr, path);
    }
    do {
        n = read(fd, piece, sizeof(piece));
        br_buf_put(ret, piece, n > 0 ? (size_t)n : 0);
    } while ((n > 0 && !ret->failed) || (n < 0 && errno == EINTR));
    enum br_rc rc = n < 0 ? fail(reterr, path) : br_buf_status(ret, reterr);
    (void)close(fd);
    return rc;
}

/* ---- content that must go ----------------------------------------------- */

/** Nulls over the whole file, on the disk when this returns. */
static bool
overwrite(int fd)
{
    static const uint8_t nulls[4096] = {0};
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        lseek(fd, 0, SEEK_SET) != 0) {
        return false;
    }
    for (off_t left = st.st_size; left > 0;) {
        size_t n = left > (off_t)sizeof(nulls) ? sizeof(nulls) : (size_t)left;
        if (!write_all(fd, br_bytes(nulls, n))) {
            return false;
        }
        left -= (off_t)n;
    }
    return fsync(fd) == 0;
}

enum br_rc
br_file_destroy(const char *path, struct br_err *reterr)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return fail(reterr, path);
    }
    bool ok = overwrite(fd) && unlink(path) == 0;
    enum br_rc rc = ok ? BR_OK : fail(reterr, path);
    (void)close(fd);
    if (rc == BR_OK && !sync_folder_of(path)) {
        rc = fail(reterr, path);
    }
    return rc;
}

enum br_rc
br_file_replace_secret(
    const char *path,
    struct br_bytes content,
    mode_t mode,
    struct br_err *reterr)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return fail(reterr, path);
    }
    enum br_rc rc = br_file_replace(path, content, mode, reterr);
    if (rc == BR_OK && !overwrite(fd)) {
        rc = fail(reterr, path);
    }
    (void)close(fd);
    return rc;
}
