/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/secret.h"

#include "common/base/assert.h"
#include "common/crypto/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 32 bytes in unpadded base64url, and the NUL that libsodium adds. */
enum { SECRET_BYTES_MAX = 1024, RANDOM_BYTES = 32, RANDOM_TEXT_BYTES = 44 };

void
br_random(void *out, size_t n)
{
    randombytes_buf(out, n);
}

void
br_random_text(char *out, size_t n)
{
    uint8_t random[64];
    BR_ASSERT(n <= sizeof(random));
    randombytes_buf(random, n);
    (void)sodium_bin2base64(
        out,
        sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
        random, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(random, sizeof(random));
}

bool
br_secret_eq(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}

void
br_wipe(void *p, size_t n)
{
    sodium_memzero(p, n);
}

void
br_secret_free(struct br_secret *s)
{
    if (s != NULL) {
        sodium_free(s->p);
        free(s);
    }
}

/** Room for n bytes in locked memory. */
static struct br_secret *
make(size_t n)
{
    struct br_secret *s = (struct br_secret *)calloc(1, sizeof(*s));
    if (s != NULL) {
        s->p = (uint8_t *)sodium_malloc(n);
        s->n = n;
    }
    if (s != NULL && s->p == NULL) {
        free(s);
        s = NULL;
    }
    return s;
}

size_t
br_secret_bytes(const struct br_secret *s)
{
    return s->n;
}

enum br_rc
br_secret_new(
    struct br_bytes value, struct br_secret **ret, struct br_err *reterr)
{
    if (value.n == 0 || value.n > SECRET_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "a passphrase has 1 to %d bytes",
            SECRET_BYTES_MAX);
    }
    struct br_secret *s = make(value.n);
    if (s == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "locked memory");
    }
    memcpy(s->p, value.p, value.n);
    *ret = s;
    return BR_OK;
}

/* ---- from a file -------------------------------------------------------- */

/** systemd guards its credentials with their folder, not with their mode. */
static bool
is_credential(const char *path)
{
    char file[PATH_MAX];
    char folder[PATH_MAX];
    const char *named = secure_getenv("CREDENTIALS_DIRECTORY");
    if (named == NULL || named[0] == '\0' || realpath(named, folder) == NULL ||
        realpath(path, file) == NULL) {
        return false;
    }
    size_t n = strlen(folder);
    return n > 1 && strncmp(file, folder, n) == 0 && file[n] == '/';
}

static enum br_rc
check_mode(int fd, const char *path, struct br_err *reterr)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return br_fail(reterr, BR_ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return br_fail(reterr, BR_ERR_KEY_LOCKED, "%s is not a file", path);
    }
    if ((st.st_mode & 077) != 0 && !is_credential(path)) {
        return br_fail(
            reterr, BR_ERR_KEY_LOCKED, "%s: others may read it; run: chmod 600",
            path);
    }
    return BR_OK;
}

/** Fill s, as far as the file goes; its length becomes that of the line. */
static enum br_rc
read_line(int fd, const char *path, struct br_secret *s, struct br_err *reterr)
{
    size_t n = 0;
    ssize_t got;
    do {
        got = read(fd, s->p + n, s->n - n);
        n += got > 0 ? (size_t)got : 0;
    } while ((got > 0 && n < s->n) || (got < 0 && errno == EINTR));
    if (got < 0) {
        return br_fail(reterr, BR_ERR_IO, "%s: %s", path, strerror(errno));
    }
    const uint8_t *end = (const uint8_t *)memchr(s->p, '\n', n);
    s->n = end == NULL ? n : (size_t)(end - s->p);
    if (s->n == 0 || s->n > SECRET_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "%s: its first line must have 1 to %d bytes", path,
            SECRET_BYTES_MAX);
    }
    return BR_OK;
}

enum br_rc
br_secret_from_file(
    const char *path, struct br_secret **ret, struct br_err *reterr)
{
    /* O_NONBLOCK: a pipe must be refused, not waited for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return br_fail(
            reterr, errno == ENOENT ? BR_ERR_NOT_FOUND : BR_ERR_IO,
            "passphrase file %s: %s", path, strerror(errno));
    }
    struct br_secret *s = make(SECRET_BYTES_MAX + 1);
    enum br_rc rc = s == NULL
                        ? br_fail(reterr, BR_ERR_NO_MEMORY, "locked memory")
                        : check_mode(fd, path, reterr);
    if (rc == BR_OK) {
        rc = read_line(fd, path, s, reterr);
    }
    (void)close(fd);
    if (rc != BR_OK) {
        br_secret_free(s);
        return rc;
    }
    *ret = s;
    return BR_OK;
}

enum br_rc
br_secret_generate_file(
    const char *path, struct br_secret **ret, struct br_err *reterr)
{
    uint8_t random[RANDOM_BYTES];
    struct br_secret *s = make(RANDOM_TEXT_BYTES);
    if (s == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "locked memory");
    }
    randombytes_buf(random, sizeof(random));
    (void)sodium_bin2base64(
        (char *)s->p, RANDOM_TEXT_BYTES, random, sizeof(random),
        sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(random, sizeof(random));
    s->p[RANDOM_TEXT_BYTES - 1] = '\n';
    enum br_rc rc =
        br_file_create(path, br_bytes(s->p, RANDOM_TEXT_BYTES), 0600, reterr);
    s->n = RANDOM_TEXT_BYTES - 1;
    if (rc != BR_OK) {
        br_secret_free(s);
        return rc;
    }
    *ret = s;
    return BR_OK;
}
