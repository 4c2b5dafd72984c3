/* SPDX-License-Identifier: EUPL-1.2 */
#include "wallet/vault/vault.h"

#include "common/codec/text.h"
#include "common/crypto/files.h"
#include "wallet/vault/lock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Sparse: what 200,000 rows of a hundred people need is far below. */
#define MAP_BYTES ((size_t)16 * 1024 * 1024 * 1024)

/* ---- the folder --------------------------------------------------------- */

static enum br_rc
make_folder(const char *path, struct br_err *reterr)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST) {
        return BR_OK;
    }
    return br_fail(reterr, BR_ERR_IO, "making %s: %s", path, strerror(errno));
}

static enum br_rc
make_folders(const struct br_vault *v, struct br_err *reterr)
{
    static const char *const names[] = {"", "/keys", "/locks", "/vault"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s%s", v->folder, names[i]);
        BR_TRY(make_folder(path, reterr));
    }
    return BR_OK;
}

/** A file that nobody has yet: CONFLICT means that another process was
 *  quicker. */
static enum br_rc
make_names_key(const char *path, struct br_err *reterr)
{
    uint8_t random[BR_SEAL_KEY_BYTES];
    br_random(random, sizeof(random));
    enum br_rc rc =
        br_file_create(path, br_bytes(random, sizeof(random)), 0600, reterr);
    br_wipe(random, sizeof(random));
    return rc == BR_ERR_CONFLICT ? BR_OK : rc;
}

static enum br_rc
read_names_key(struct br_vault *v, bool create, struct br_err *reterr)
{
    char path[PATH_MAX];
    struct br_buf b;
    (void)snprintf(path, sizeof(path), "%s/keys/names.key", v->folder);
    br_buf_init(&b, BR_SEAL_KEY_BYTES + 1);
    enum br_rc rc = br_file_read(path, &b, reterr);
    if (rc == BR_ERR_NOT_FOUND && create) {
        rc = make_names_key(path, reterr);
        if (rc == BR_OK) {
            rc = br_file_read(path, &b, reterr);
        }
    }
    if (rc == BR_ERR_NOT_FOUND) {
        rc = br_fail(
            reterr, BR_ERR_NOT_FOUND,
            "%s has no wallet: run broletto wallet init %s", v->folder,
            v->folder);
    } else if (rc == BR_OK && b.n != BR_SEAL_KEY_BYTES) {
        rc = br_fail(reterr, BR_ERR_CORRUPT, "%s is not 32 bytes", path);
    }
    if (rc == BR_OK) {
        rc = br_seal_key_new(b.p, &v->names, reterr);
    }
    br_buf_wipe(&b);
    return rc;
}

static enum br_rc
open_store(struct br_vault *v, struct br_err *reterr)
{
    static const char *const tables[] = {"rows"};
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/vault", v->folder);
    const struct br_kv_options o = {
        .path = path,
        .tables = tables,
        .table_count = 1,
        .map_bytes = MAP_BYTES,
    };
    return br_kv_open(&o, &v->kv, reterr);
}

enum br_rc
br_vault_open(
    const struct br_vault_options *options,
    struct br_vault **ret,
    struct br_err *reterr)
{
    struct br_vault *v = (struct br_vault *)calloc(1, sizeof(*v));
    if (v == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a vault");
    }
    v->cost = options->cost;
    v->server = options->server;
    int n = snprintf(v->folder, sizeof(v->folder), "%s", options->folder);
    enum br_rc rc = BR_OK;
    if (n < 1 || (size_t)n >= sizeof(v->folder)) {
        rc = br_fail(reterr, BR_ERR_OUT_OF_RANGE, "the folder's path is long");
    }
    if (rc == BR_OK && options->create) {
        rc = make_folders(v, reterr);
    }
    if (rc == BR_OK) {
        rc = read_names_key(v, options->create, reterr);
    }
    if (rc == BR_OK) {
        rc = open_store(v, reterr);
    }
    if (rc != BR_OK) {
        br_vault_close(v);
        return rc;
    }
    *ret = v;
    return BR_OK;
}

void
br_vault_close(struct br_vault *v)
{
    if (v != NULL) {
        br_kv_close(v->kv);
        br_seal_key_free(v->names);
        free(v);
    }
}

/* ---- people ------------------------------------------------------------- */

void
br_person_id(
    const struct br_vault *v,
    const char *name,
    uint8_t ret[BR_VAULT_PERSON_BYTES])
{
    const struct br_bytes parts[] = {br_str("person"), br_str(name)};
    uint8_t whole[BR_SEAL_NAME_BYTES];
    br_seal_name(v->names, parts, 2, whole);
    memcpy(ret, whole, BR_VAULT_PERSON_BYTES);
}

enum br_rc
br_vault_check_name(const char *name, struct br_err *reterr)
{
    struct br_bytes v = br_str(name);
    bool ok =
        v.n > 0 && v.n <= BR_VAULT_NAME_BYTES_MAX && br_utf8_check(v) == v.n;
    for (size_t i = 0; ok && i < v.n; i++) {
        ok = v.p[i] >= 0x20 && v.p[i] != 0x7f;
    }
    return ok ? BR_OK
              : br_fail(
                    reterr, BR_ERR_MALFORMED,
                    "a person's name is 1 to %d bytes of text",
                    BR_VAULT_NAME_BYTES_MAX);
}

enum br_rc
br_person_of_id(
    struct br_vault *v,
    const uint8_t id[BR_VAULT_PERSON_BYTES],
    struct br_vault_person **ret,
    struct br_err *reterr)
{
    struct br_vault_person *p = (struct br_vault_person *)calloc(1, sizeof(*p));
    if (p == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "no memory for a person");
    }
    p->vault = v;
    memcpy(p->id, id, sizeof(p->id));
    *ret = p;
    return BR_OK;
}

static enum br_rc
new_person(
    struct br_vault *v,
    const char *name,
    struct br_vault_person **ret,
    struct br_err *reterr)
{
    uint8_t id[BR_VAULT_PERSON_BYTES];
    BR_TRY(br_vault_check_name(name, reterr));
    br_person_id(v, name, id);
    BR_TRY(br_person_of_id(v, id, ret, reterr));
    (void)snprintf((*ret)->name, sizeof((*ret)->name), "%s", name);
    return BR_OK;
}

void
br_vault_lock(struct br_vault_person *p)
{
    if (p != NULL) {
        br_seal_key_free(p->data);
        br_seal_key_free(p->rows);
        br_seal_key_free(p->index);
        br_seal_key_free(p->sums);
        br_wipe(p, sizeof(*p));
        free(p);
    }
}

const char *
br_vault_person_name(const struct br_vault_person *p)
{
    return p->name;
}

bool
br_vault_has_person(struct br_vault *v, const char *name)
{
    uint8_t id[BR_VAULT_PERSON_BYTES];
    br_person_id(v, name, id);
    return br_lock_exists(v, id);
}

/** Under the store's one write lock, so that two who come at once do not
 *  delete each other's rows. */
static enum br_rc
store_person(
    struct br_vault_person *p,
    br_person_first_fn *first,
    const void *ctx,
    struct br_err *reterr)
{
    struct br_kv_txn *kv = NULL;
    BR_TRY(br_kv_begin_write(p->vault->kv, &kv, reterr));
    enum br_rc rc = BR_OK;
    if (br_lock_exists(p->vault, p->id)) {
        rc = br_fail(
            reterr, BR_ERR_CONFLICT, "\"%s\" has a wallet here already",
            p->name);
    }
    if (rc == BR_OK) {
        rc = br_rows_delete_all(kv, p->id, reterr);
    }
    if (rc == BR_OK) {
        rc = br_rows_begin_anew(p, kv, reterr);
    }
    if (rc == BR_OK) {
        rc = first(ctx, p, kv, reterr);
    }
    if (rc != BR_OK) {
        br_kv_end(kv);
        return rc;
    }
    rc = br_kv_commit(kv, reterr);
    if (rc != BR_OK && br_lock_destroy(p->vault, p->id, NULL) != BR_OK) {
        return br_fail(
            reterr, rc, "a lock without rows is left of \"%s\": erase it",
            p->name);
    }
    return rc;
}

enum br_rc
br_person_add(
    struct br_vault *v,
    const char *name,
    br_person_first_fn *first,
    const void *ctx,
    struct br_vault_person **ret,
    struct br_err *reterr)
{
    struct br_vault_person *p = NULL;
    BR_TRY(new_person(v, name, &p, reterr));
    enum br_rc rc = br_seal_key_generate(&p->data, reterr);
    if (rc == BR_OK) {
        rc = br_rows_keys(p, reterr);
    }
    if (rc == BR_OK) {
        rc = store_person(p, first, ctx, reterr);
    }
    if (rc != BR_OK) {
        br_vault_lock(p);
        return rc;
    }
    *ret = p;
    return BR_OK;
}

static enum br_rc
first_lock(
    const void *ctx,
    struct br_vault_person *p,
    struct br_kv_txn *kv,
    struct br_err *reterr)
{
    const struct br_secret *passphrase = (const struct br_secret *)ctx;
    struct br_lock l = {0};
    (void)kv;
    BR_TRY(br_lock_set_passphrase(p, passphrase, &l, reterr));
    return br_lock_write(p->vault, p->id, &l, true, reterr);
}

enum br_rc
br_vault_add_person(
    struct br_vault *v,
    const char *name,
    const struct br_secret *passphrase,
    struct br_vault_person **ret,
    struct br_err *reterr)
{
    return br_person_add(v, name, first_lock, passphrase, ret, reterr);
}

/** The sum over all rows is looked at when a transaction begins. */
static enum br_rc
look(struct br_vault_person *p, struct br_err *reterr)
{
    struct br_vault_txn *t = NULL;
    BR_TRY(br_vault_begin(p, false, &t, reterr));
    br_vault_end(t);
    return BR_OK;
}

enum br_rc
br_person_opened(struct br_vault_person *p, struct br_err *reterr)
{
    BR_TRY(br_rows_keys(p, reterr));
    return look(p, reterr);
}

enum br_rc
br_vault_unlock(
    struct br_vault *v,
    const char *name,
    const struct br_secret *passphrase,
    struct br_vault_person **ret,
    struct br_err *reterr)
{
    struct br_vault_person *p = NULL;
    BR_TRY(new_person(v, name, &p, reterr));
    enum br_rc rc = br_lock_open(p, passphrase, reterr);
    if (rc == BR_OK) {
        rc = br_person_opened(p, reterr);
    }
    if (rc != BR_OK) {
        br_vault_lock(p);
        return rc;
    }
    *ret = p;
    return BR_OK;
}

enum br_rc
br_vault_rekey(
    struct br_vault_person *p,
    const struct br_secret *passphrase,
    struct br_err *reterr)
{
    struct br_lock l;
    struct br_kv_txn *kv = NULL;
    /* Another process may be changing the lock too. */
    BR_TRY(br_kv_begin_write(p->vault->kv, &kv, reterr));
    enum br_rc rc = br_lock_read(p->vault, p->id, &l, reterr);
    if (rc == BR_OK) {
        rc = br_lock_set_passphrase(p, passphrase, &l, reterr);
    }
    if (rc == BR_OK) {
        rc = br_lock_write(p->vault, p->id, &l, false, reterr);
    }
    br_kv_end(kv);
    return rc;
}

enum br_rc
br_vault_erase(struct br_vault *v, const char *name, struct br_err *reterr)
{
    uint8_t id[BR_VAULT_PERSON_BYTES];
    struct br_kv_txn *kv = NULL;
    BR_TRY(br_vault_check_name(name, reterr));
    br_person_id(v, name, id);
    BR_TRY(br_kv_begin_write(v->kv, &kv, reterr));
    enum br_rc rc = br_lock_destroy(v, id, reterr);
    if (rc == BR_ERR_NOT_FOUND) {
        rc = br_fail(
            reterr, BR_ERR_NOT_FOUND, "\"%s\" has no wallet here", name);
    }
    if (rc == BR_OK) {
        rc = br_rows_delete_all(kv, id, reterr);
    }
    if (rc != BR_OK) {
        br_kv_end(kv);
        return rc;
    }
    return br_kv_commit(kv, reterr);
}
