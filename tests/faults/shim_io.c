/*
 * Failing system calls on chosen files, and a disk that loses power.
 *
 * With BROLETTO_DISK=FILE, writes to the file of that name reach FILE.durable
 * only when a sync after them has succeeded; what a failed sync should have
 * brought there is lost, as Linux loses it: the pages count as clean
 * afterwards. To put FILE.durable in FILE's place is then what a power cut
 * leaves.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/faults/shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEXT(name, ret, ...)                                           \
    static ret (*next)(__VA_ARGS__);                                   \
    if (next == NULL) {                                                \
        next = (ret(*)(__VA_ARGS__))(uintptr_t)dlsym(RTLD_NEXT, name); \
    }

static ssize_t
next_pwrite(int fd, const void *p, size_t n, off_t at)
{
    NEXT("pwrite", ssize_t, int, const void *, size_t, off_t)
    return next(fd, p, n, at);
}

static int
next_open(const char *path, int flags, mode_t mode)
{
    NEXT("open", int, const char *, int, ...)
    return next(path, flags, mode);
}

/* ---- what is to fail ---------------------------------------------------- */

static bool
path_of(int fd, char out[PATH_MAX])
{
    char link[64];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, PATH_MAX - 1);
    out[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/** errno of the failure, -1 for a short write, 0 to let it be. */
static int
verdict(enum shim_call call, const char *path)
{
    struct shim_control *c = shim_control();
    if (c == NULL || (c->calls & (uint32_t)call) == 0 ||
        strstr(path, c->path) == NULL) {
        return 0;
    }
    atomic_fetch_add(&c->seen, 1);
    int64_t left = atomic_fetch_sub(&c->countdown, 1) - 1;
    if (left > 0 || (left < 0 && c->lasting == 0)) {
        return 0;
    }
    (void)snprintf(c->text, sizeof(c->text), "call %d on %s", (int)call, path);
    atomic_fetch_add(&c->fired, 1);
    return c->error == 0 ? -1 : (int)c->error;
}

static bool
is_armed(void)
{
    struct shim_control *c = shim_control();
    return c != NULL && c->calls != 0;
}

static int
verdict_fd(enum shim_call call, int fd)
{
    char path[PATH_MAX];
    if (!is_armed() || !path_of(fd, path)) {
        return 0;
    }
    return verdict(call, path);
}

static enum shim_call
kind_of_write(int fd)
{
    struct shim_control *c = shim_control();
    if (c == NULL || (c->calls & SHIM_DSYNC) == 0) {
        return SHIM_WRITE;
    }
    return (fcntl(fd, F_GETFL) & O_DSYNC) != 0 ? SHIM_DSYNC : SHIM_WRITE;
}

static int
verdict_path(enum shim_call call, int folder, const char *name)
{
    char path[2 * PATH_MAX];
    char above[PATH_MAX] = "";
    if (!is_armed()) {
        return 0;
    }
    if (name[0] != '/' && folder >= 0) {
        (void)path_of(folder, above);
    }
    (void)snprintf(path, sizeof(path), "%s/%s", above, name);
    return verdict(call, path);
}

/* ---- the disk that loses power ------------------------------------------ */

enum { RANGES_MAX = 1 << 16 };

static struct {
    pthread_mutex_t lock;
    bool asked;
    const char *name;
    int image;
    struct {
        off_t at;
        size_t n;
    } range[RANGES_MAX];
    size_t count;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .image = -1};

static bool
is_on_disk(int fd)
{
    char path[PATH_MAX];
    if (!disk.asked) {
        disk.asked = true;
        disk.name = getenv("BROLETTO_DISK");
    }
    return disk.name != NULL && path_of(fd, path) &&
           strcmp(path, disk.name) == 0;
}

static void
copy_range(int fd, off_t at, size_t n)
{
    char piece[65536];
    while (n > 0) {
        ssize_t got =
            pread(fd, piece, n < sizeof(piece) ? n : sizeof(piece), at);
        if (got <= 0 ||
            next_pwrite(disk.image, piece, (size_t)got, at) != got) {
            return;
        }
        at += got;
        n -= (size_t)got;
    }
}

/** The whole file is on the disk when it is first seen. */
static bool
open_image(void)
{
    char path[PATH_MAX];
    struct stat st;
    if (disk.image >= 0) {
        return true;
    }
    (void)snprintf(path, sizeof(path), "%s.durable", disk.name);
    int from = next_open(disk.name, O_RDONLY | O_CLOEXEC, 0);
    disk.image = next_open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (from >= 0 && fstat(from, &st) == 0) {
        copy_range(from, 0, (size_t)st.st_size);
    }
    if (from >= 0) {
        (void)close(from);
    }
    return disk.image >= 0;
}

static void
before_write(int fd)
{
    if (is_on_disk(fd)) {
        (void)pthread_mutex_lock(&disk.lock);
        (void)open_image();
        (void)pthread_mutex_unlock(&disk.lock);
    }
}

static void
after_write(int fd, off_t at, ssize_t done)
{
    if (done <= 0 || !is_on_disk(fd)) {
        return;
    }
    (void)pthread_mutex_lock(&disk.lock);
    if ((fcntl(fd, F_GETFL) & O_DSYNC) != 0) {
        int readable = next_open(disk.name, O_RDONLY | O_CLOEXEC, 0);
        copy_range(readable, at, (size_t)done);
        (void)close(readable);
    } else if (disk.count < RANGES_MAX) {
        disk.range[disk.count].at = at;
        disk.range[disk.count].n = (size_t)done;
        disk.count++;
    } else {
        abort();
    }
    (void)pthread_mutex_unlock(&disk.lock);
}

static void
after_sync(int fd, bool ok)
{
    if (!is_on_disk(fd)) {
        return;
    }
    (void)pthread_mutex_lock(&disk.lock);
    for (size_t i = 0; i < disk.count && ok && open_image(); i++) {
        copy_range(fd, disk.range[i].at, disk.range[i].n);
    }
    disk.count = 0;
    (void)pthread_mutex_unlock(&disk.lock);
}

/* ---- writes ------------------------------------------------------------- */

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
    int e = verdict_fd(kind_of_write(fd), fd);
    if (e > 0) {
        errno = e;
        return -1;
    }
    before_write(fd);
    ssize_t done = next_pwrite(fd, p, e < 0 ? (n + 1) / 2 : n, at);
    after_write(fd, at, done);
    return done;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
    __attribute__((alias("pwrite")));

ssize_t
write(int fd, const void *p, size_t n)
{
    NEXT("write", ssize_t, int, const void *, size_t)
    int e = verdict_fd(kind_of_write(fd), fd);
    if (e > 0) {
        errno = e;
        return -1;
    }
    before_write(fd);
    off_t at = disk.name == NULL ? 0 : lseek(fd, 0, SEEK_CUR);
    ssize_t done = next(fd, p, e < 0 ? (n + 1) / 2 : n);
    after_write(fd, at, done);
    return done;
}

static size_t
total(const struct iovec *v, int count)
{
    size_t n = 0;
    for (int i = 0; i < count; i++) {
        n += v[i].iov_len;
    }
    return n;
}

/** Half of it: as many whole pieces as fit, one at least. */
static int
fewer(const struct iovec *v, int count)
{
    return count > 1 && total(v, count) > 0 ? count / 2 : count;
}

ssize_t
pwritev(int fd, const struct iovec *v, int count, off_t at)
{
    NEXT("pwritev", ssize_t, int, const struct iovec *, int, off_t)
    int e = verdict_fd(kind_of_write(fd), fd);
    if (e > 0) {
        errno = e;
        return -1;
    }
    before_write(fd);
    ssize_t done = next(fd, v, e < 0 ? fewer(v, count) : count, at);
    after_write(fd, at, done);
    return done;
}

ssize_t pwritev64(int fd, const struct iovec *v, int count, off_t at)
    __attribute__((alias("pwritev")));

ssize_t
writev(int fd, const struct iovec *v, int count)
{
    NEXT("writev", ssize_t, int, const struct iovec *, int)
    int e = verdict_fd(kind_of_write(fd), fd);
    if (e > 0) {
        errno = e;
        return -1;
    }
    before_write(fd);
    off_t at = disk.name == NULL ? 0 : lseek(fd, 0, SEEK_CUR);
    ssize_t done = next(fd, v, e < 0 ? fewer(v, count) : count);
    after_write(fd, at, done);
    return done;
}

/* ---- syncs and sizes ---------------------------------------------------- */

int
fdatasync(int fd)
{
    NEXT("fdatasync", int, int)
    int e = verdict_fd(SHIM_SYNC, fd);
    int rc = e != 0 ? -1 : next(fd);
    after_sync(fd, rc == 0);
    if (e != 0) {
        errno = e > 0 ? e : EIO;
    }
    return rc;
}

int
fsync(int fd)
{
    NEXT("fsync", int, int)
    int e = verdict_fd(SHIM_SYNC, fd);
    int rc = e != 0 ? -1 : next(fd);
    after_sync(fd, rc == 0);
    if (e != 0) {
        errno = e > 0 ? e : EIO;
    }
    return rc;
}

int
msync(void *p, size_t n, int flags)
{
    NEXT("msync", int, void *, size_t, int)
    struct shim_control *c = shim_control();
    int e = c == NULL ? 0 : verdict(SHIM_SYNC, c->path);
    if (e != 0) {
        errno = e > 0 ? e : EIO;
        return -1;
    }
    return next(p, n, flags);
}

int
ftruncate(int fd, off_t n)
{
    NEXT("ftruncate", int, int, off_t)
    int e = verdict_fd(SHIM_SIZE, fd);
    if (e != 0) {
        errno = e > 0 ? e : EIO;
        return -1;
    }
    return next(fd, n);
}

int ftruncate64(int fd, off_t n) __attribute__((alias("ftruncate")));

/* ---- names -------------------------------------------------------------- */

static bool
fails(enum shim_call call, int folder, const char *name)
{
    int e = verdict_path(call, folder, name);
    if (e != 0) {
        errno = e > 0 ? e : EIO;
    }
    return e != 0;
}

int
rename(const char *from, const char *to)
{
    NEXT("rename", int, const char *, const char *)
    return fails(SHIM_RENAME, -1, from) ? -1 : next(from, to);
}

int
renameat(int a, const char *from, int b, const char *to)
{
    NEXT("renameat", int, int, const char *, int, const char *)
    return fails(SHIM_RENAME, a, from) ? -1 : next(a, from, b, to);
}

int
renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
    NEXT("renameat2", int, int, const char *, int, const char *, unsigned)
    return fails(SHIM_RENAME, a, from) ? -1 : next(a, from, b, to, flags);
}

static mode_t
mode_of(int flags, va_list args)
{
    bool has = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    return has ? (mode_t)va_arg(args, int) : 0;
}

int
open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return fails(SHIM_OPEN, -1, path) ? -1 : next_open(path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int
openat(int folder, const char *path, int flags, ...)
{
    NEXT("openat", int, int, const char *, int, ...)
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return fails(SHIM_OPEN, folder, path) ? -1
                                          : next(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
    __attribute__((alias("openat")));

int
mkostemp(char *template, int flags)
{
    NEXT("mkostemp", int, char *, int)
    return fails(SHIM_OPEN, -1, template) ? -1 : next(template, flags);
}
