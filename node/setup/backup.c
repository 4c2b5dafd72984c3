/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/setup/backup.h"

#include "common/crypto/files.h"
#include "node/chain/chain.h"
#include "node/gateway/tokens.h"
#include "node/setup/config.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 4 * 1024 * 1024 };

struct copying {
    const char *from;
    const char *to;
    const char *skip[2]; /**< relative paths that stay behind, or NULL */
};

/* ---- small files -------------------------------------------------------- */

/** A name in a folder; one that is too long is one that is not there. */
static const char *
join(char out[PATH_MAX], const char *folder, const char *name)
{
    int n = snprintf(out, PATH_MAX, "%s/%s", folder, name);
    if (n < 0 || n >= PATH_MAX) {
        out[0] = '\0';
    }
    return out;
}

static bool
exists(const char *folder, const char *name)
{
    char path[PATH_MAX];
    return access(join(path, folder, name), F_OK) == 0;
}

/** The folders above a relative path. */
static enum br_rc
make_folders(const char *folder, const char *name, struct br_err *reterr)
{
    char path[PATH_MAX];
    for (const char *p = strchr(name, '/'); p != NULL; p = strchr(p + 1, '/')) {
        (void)snprintf(
            path, sizeof(path), "%s/%.*s", folder, (int)(p - name), name);
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            return br_fail(
                reterr, BR_ERR_IO, "making %s: %s", path, strerror(errno));
        }
    }
    return BR_OK;
}

static bool
stays(const struct copying *c, const char *name)
{
    return (c->skip[0] != NULL && strcmp(c->skip[0], name) == 0) ||
           (c->skip[1] != NULL && strcmp(c->skip[1], name) == 0);
}

/** Once: a file that is there already is the one that was copied before. */
static enum br_rc
copy_file(const struct copying *c, const char *name, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct stat st;
    struct br_buf b;
    if (stays(c, name) || exists(c->to, name)) {
        return BR_OK;
    }
    if (stat(join(path, c->from, name), &st) != 0) {
        return br_fail(reterr, BR_ERR_IO, "%s: %s", path, strerror(errno));
    }
    br_buf_init(&b, FILE_BYTES_MAX);
    enum br_rc rc = br_file_read(path, &b, reterr);
    if (rc == BR_OK) {
        rc = make_folders(c->to, name, reterr);
    }
    if (rc == BR_OK) {
        rc = br_file_create(
            join(path, c->to, name), br_buf_bytes(&b), st.st_mode & 0777,
            reterr);
    }
    br_buf_fini(&b);
    return rc;
}

static bool
is_file(const struct copying *c, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    return stat(join(path, c->from, name), &st) == 0 && S_ISREG(st.st_mode);
}

/** The files of a folder, not of its folders. A missing one has none. */
static enum br_rc
copy_folder(const struct copying *c, const char *name, struct br_err *reterr)
{
    char path[PATH_MAX];
    DIR *d = opendir(join(path, c->from, name));
    const struct dirent *e;
    enum br_rc rc = BR_OK;
    if (d == NULL) {
        return errno == ENOENT
                   ? BR_OK
                   : br_fail(
                         reterr, BR_ERR_IO, "%s: %s", path, strerror(errno));
    }
    while (rc == BR_OK && (e = readdir(d)) != NULL) {
        if (is_file(c, join(path, name, e->d_name))) {
            rc = copy_file(c, path, reterr);
        }
    }
    (void)closedir(d);
    return rc;
}

/** A path of the configuration, if it lies in the node's own folder. */
static enum br_rc
copy_named(const struct copying *c, const char *name, struct br_err *reterr)
{
    bool inside = name[0] != '\0' && name[0] != '/' &&
                  strncmp(name, "pkcs11:", 7) != 0 &&
                  strstr(name, "..") == NULL;
    return inside && is_file(c, name) ? copy_file(c, name, reterr) : BR_OK;
}

/* ---- both ways ---------------------------------------------------------- */

static enum br_rc
copy_ledger(const struct copying *c, struct br_err *reterr)
{
    struct br_chain *chain = NULL;
    struct br_chain_options o = {.folder = c->from, .read_only = true};
    BR_TRY(copy_file(c, "genesis.cbor", reterr));
    BR_TRY(br_chain_open(&o, &chain, reterr));
    enum br_rc rc = br_chain_backup(chain, c->to, reterr);
    br_chain_close(chain);
    return rc;
}

static enum br_rc
copy_the_rest(
    const struct copying *c,
    const struct br_node_config *config,
    struct br_err *reterr)
{
    const char *const named[] = {
        config->log_key,      config->member_key,      config->receipt_key,
        config->tsa_key,      config->tsa_chain,       config->witness_policy,
        config->witness_logs, config->passphrase_file,
    };
    BR_TRY(copy_file(c, "node.yaml", reterr));
    BR_TRY(copy_folder(c, "keys", reterr));
    BR_TRY(copy_folder(c, "ca", reterr));
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        BR_TRY(copy_named(c, named[i], reterr));
    }
    if (exists(c->from, "gateway")) {
        BR_TRY(br_tokens_backup(c->from, c->to, reterr));
    }
    return BR_OK;
}

static enum br_rc
copy_with_config(struct copying *c, bool with_passphrase, struct br_err *reterr)
{
    struct br_node_config config;
    BR_TRY(br_node_config_load(c->from, &config, reterr));
    c->skip[0] = config.witness_key;
    c->skip[1] = with_passphrase ? NULL : config.passphrase_file;
    enum br_rc rc = copy_the_rest(c, &config, reterr);
    br_node_config_fini(&config);
    return rc;
}

enum br_rc
br_node_backup(const struct br_backup_options *o, struct br_err *reterr)
{
    struct copying c = {.from = o->data_dir, .to = o->folder};
    if (mkdir(o->folder, 0700) != 0) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "%s: make a new folder of it: %s",
            o->folder, strerror(errno));
    }
    BR_TRY(copy_ledger(&c, reterr));
    return o->ledger_only ? BR_OK
                          : copy_with_config(&c, o->with_passphrase, reterr);
}

/* ---- restoring ---------------------------------------------------------- */

static bool
is_empty(const char *path)
{
    DIR *d = opendir(path);
    size_t entries = 0;
    while (d != NULL && readdir(d) != NULL) {
        entries++;
    }
    if (d != NULL) {
        (void)closedir(d);
    }
    return d != NULL && entries == 2; /* . and .. */
}

enum br_rc
br_node_put_back(
    const char *backup, const char *data_dir, struct br_err *reterr)
{
    struct copying c = {.from = backup, .to = data_dir};
    if (!exists(backup, "genesis.cbor") || !exists(backup, "db")) {
        return br_fail(
            reterr, BR_ERR_NOT_FOUND,
            "%s is no backup: it has no db or no genesis.cbor", backup);
    }
    if (mkdir(data_dir, 0700) != 0 && !is_empty(data_dir)) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "%s: a new or empty folder is needed",
            data_dir);
    }
    BR_TRY(copy_ledger(&c, reterr));
    return exists(backup, "node.yaml") ? copy_with_config(&c, true, reterr)
                                       : BR_OK;
}

/* ---- what is missing ---------------------------------------------------- */

struct missing {
    const char *data_dir;
    void (*fn)(void *ctx, const char *what, const char *why);
    void *ctx;
};

static void
look_for(const struct missing *m, const char *name, const char *why)
{
    if (name[0] == '\0') {
        return;
    }
    if (strncmp(name, "pkcs11:", 7) == 0) {
        m->fn(m->ctx, name, "it is in a token, which this machine must have");
    } else if (
        name[0] == '/' ? access(name, F_OK) != 0 : !exists(m->data_dir, name)) {
        m->fn(m->ctx, name, why);
    }
}

enum br_rc
br_node_tell_missing(
    const char *data_dir,
    void (*fn)(void *ctx, const char *what, const char *why),
    void *ctx,
    struct br_err *reterr)
{
    const struct missing m = {data_dir, fn, ctx};
    struct br_node_config c;
    if (!exists(data_dir, "node.yaml")) {
        fn(ctx, "node.yaml", "the configuration, and the keys that it names");
        return BR_OK;
    }
    BR_TRY(br_node_config_load(data_dir, &c, reterr));
    look_for(
        &m, c.passphrase_file,
        "it opens the keys; mode 0600, or give it to systemd");
    look_for(&m, c.log_key, "it signs checkpoints");
    look_for(&m, c.member_key, "the gateway signs with it");
    look_for(&m, c.receipt_key, "it signs COSE receipts");
    look_for(&m, c.tsa_key, "it signs timestamps");
    look_for(&m, c.tsa_chain, "the certificates of the TSA");
    look_for(&m, c.witness_policy, "the witnesses that are asked");
    look_for(&m, c.witness_logs, "the logs that are cosigned");
    if (c.witness_logs[0] != '\0') {
        look_for(
            &m, c.witness_key,
            "a witness that has lost its state takes a new key: broletto key "
            "new");
    }
    br_node_config_fini(&c);
    return BR_OK;
}
