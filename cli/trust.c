/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/trust.h"

#include "common/crypto/files.h"
#include "common/crypto/hash.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { POLICY_BYTES_MAX = 64 * 1024 };

static enum br_rc
make_folders(const char *path, struct br_err *reterr)
{
    char part[PATH_MAX];
    for (const char *p = strchr(path + 1, '/'); p != NULL;
         p = strchr(p + 1, '/')) {
        (void)snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            return br_fail(
                reterr, BR_ERR_IO, "making %s: %s", part, strerror(errno));
        }
    }
    return BR_OK;
}

static enum br_rc
folder_of(char out[PATH_MAX], struct br_err *reterr)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    if (config != NULL && config[0] == '/') {
        (void)snprintf(out, PATH_MAX, "%s/broletto/trust", config);
    } else if (home != NULL) {
        (void)snprintf(out, PATH_MAX, "%s/.config/broletto/trust", home);
    } else {
        return br_fail(reterr, BR_ERR_IO, "neither XDG_CONFIG_HOME nor HOME");
    }
    return BR_OK;
}

/** The origin's readable letters, and enough of its hash to tell it apart. */
static enum br_rc
path_of(
    struct br_bytes origin,
    enum br_trust what,
    char out[PATH_MAX],
    struct br_err *reterr)
{
    static const char *const suffixes[] = {"policy", "keys", "ca.pem"};
    char folder[PATH_MAX];
    char name[128];
    struct br_hash h;
    size_t n = 0;
    for (size_t i = 0; i < origin.n && n < 80; i++) {
        uint8_t c = origin.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '-';
        name[n++] = plain ? (char)c : '_';
    }
    name[n] = '\0';
    br_sha256(origin, &h);
    BR_TRY(folder_of(folder, reterr));
    int length = snprintf(
        out, PATH_MAX, "%s/%s-%02x%02x%02x%02x.%s", folder, name, h.b[0],
        h.b[1], h.b[2], h.b[3], suffixes[what]);
    if (length < 0 || length >= PATH_MAX) {
        return br_fail(reterr, BR_ERR_IO, "%.200s: too long", folder);
    }
    return BR_OK;
}

enum br_rc
br_trust_find(
    struct br_bytes origin,
    enum br_trust what,
    struct br_buf *ret,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    BR_TRY(path_of(origin, what, path, reterr));
    return br_file_read(path, ret, reterr);
}

static bool
is_certificates(const char *name)
{
    size_t n = strlen(name);
    size_t tail = strlen(".ca.pem");
    return n > tail && strcmp(name + n - tail, ".ca.pem") == 0;
}

enum br_rc
br_trust_find_certificates(struct br_buf *ret, struct br_err *reterr)
{
    char folder[PATH_MAX];
    char path[2 * PATH_MAX];
    struct dirent *e;
    size_t before = ret->n;
    enum br_rc rc = BR_OK;
    BR_TRY(folder_of(folder, reterr));
    DIR *d = opendir(folder);
    while (d != NULL && rc == BR_OK && (e = readdir(d)) != NULL) {
        if (is_certificates(e->d_name)) {
            (void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
            rc = br_file_read(path, ret, reterr);
            br_buf_puts(ret, "\n");
        }
    }
    if (d != NULL) {
        (void)closedir(d);
    }
    if (rc == BR_OK && ret->n == before) {
        rc = br_fail(reterr, BR_ERR_NOT_FOUND, "no certificates in %s", folder);
    }
    return rc;
}

enum br_rc
br_trust_remember(
    struct br_bytes origin,
    enum br_trust what,
    struct br_bytes value,
    bool *ret_new,
    struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf old;
    br_buf_init(&old, POLICY_BYTES_MAX);
    BR_TRY(path_of(origin, what, path, reterr));
    enum br_rc rc = br_file_read(path, &old, reterr);
    *ret_new = rc == BR_ERR_NOT_FOUND;
    if (rc == BR_ERR_NOT_FOUND) {
        rc = make_folders(path, reterr);
        if (rc == BR_OK) {
            rc = br_file_create(path, value, 0644, reterr);
        }
    } else if (rc == BR_OK && !br_bytes_eq(br_buf_bytes(&old), value)) {
        rc = br_fail(
            reterr, BR_ERR_INCONSISTENT,
            "the log %.*s has changed its keys or witnesses; if that is right, "
            "remove %s",
            (int)(origin.n > 80 ? 80 : origin.n), (const char *)origin.p, path);
    }
    br_buf_fini(&old);
    return rc;
}
