/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/store/kv.h"

#include "common/base/assert.h"

#include <errno.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    READERS_MAX = 512,
    POOL_MAX = 64, /* idle read transactions kept for reuse */
};
#if defined(__SANITIZE_ADDRESS__)
#define MAP_BYTES (64ull << 30)
#else
#define MAP_BYTES (1ull << 40)
#endif

struct br_kv {
    MDB_env *env;
    MDB_dbi dbi[BR_KV_TABLES_MAX];
    size_t table_count;
    pthread_mutex_t lock;
    struct br_kv_txn *idle[POOL_MAX]; /* under lock */
    size_t idle_count;
};

struct br_kv_txn {
    struct br_kv *kv;
    MDB_txn *txn;
    bool writes;
};

struct br_kv_cursor {
    MDB_cursor *c;
};

static enum br_rc
code_of(int e)
{
    switch (e) {
    case 0:
        return BR_OK;
    case MDB_NOTFOUND:
        return BR_ERR_NOT_FOUND;
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
        return BR_ERR_DISK_FULL;
    case ENOMEM:
        return BR_ERR_NO_MEMORY;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
        return BR_ERR_CORRUPT;
    default:
        return BR_ERR_IO;
    }
}

static enum br_rc
fail(struct br_err *reterr, int e, const char *doing)
{
    return br_fail(reterr, code_of(e), "store, %s: %s", doing, mdb_strerror(e));
}

/* ---- opening ------------------------------------------------------------ */

static enum br_rc
make_folder(const char *path, struct br_err *reterr)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST) {
        return BR_OK;
    }
    return br_fail(
        reterr, code_of(errno), "making the folder %s: %s", path,
        strerror(errno));
}

static enum br_rc
open_tables(
    struct br_kv *kv, const struct br_kv_options *o, struct br_err *reterr)
{
    MDB_txn *txn;
    unsigned flags = o->read_only ? MDB_RDONLY : 0;
    int e = mdb_txn_begin(kv->env, NULL, flags, &txn);
    if (e != 0) {
        return fail(reterr, e, "opening the tables");
    }
    for (size_t i = 0; i < o->table_count && e == 0; i++) {
        e = mdb_dbi_open(
            txn, o->tables[i], o->read_only ? 0 : MDB_CREATE, &kv->dbi[i]);
    }
    if (e != 0) {
        mdb_txn_abort(txn);
        return fail(reterr, e, "opening the tables");
    }
    e = mdb_txn_commit(txn);
    return e == 0 ? BR_OK : fail(reterr, e, "opening the tables");
}

static enum br_rc
open_env(struct br_kv *kv, const struct br_kv_options *o, struct br_err *reterr)
{
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
    int dead;
    flags |= o->read_only ? MDB_RDONLY : 0;
    flags |= o->rebuildable ? MDB_NOSYNC : 0;
    int e = mdb_env_create(&kv->env);
    if (e == 0) {
        e = mdb_env_set_maxdbs(kv->env, BR_KV_TABLES_MAX);
    }
    if (e == 0) {
        e = mdb_env_set_maxreaders(kv->env, READERS_MAX);
    }
    if (e == 0) {
        e = mdb_env_set_mapsize(
            kv->env, o->map_bytes == 0 ? MAP_BYTES : o->map_bytes);
    }
    if (e == 0) {
        e = mdb_env_open(kv->env, o->path, flags, 0600);
    }
    if (e == ENOENT) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "no store in %s", o->path);
    }
    if (e != 0) {
        return br_fail(
            reterr, code_of(e), "opening the store %s: %s", o->path,
            mdb_strerror(e));
    }
    (void)mdb_reader_check(kv->env, &dead);
    return BR_OK;
}

enum br_rc
br_kv_open(
    const struct br_kv_options *options,
    struct br_kv **ret,
    struct br_err *reterr)
{
    BR_ASSERT(options->table_count <= BR_KV_TABLES_MAX);
    if (!options->read_only) {
        BR_TRY(make_folder(options->path, reterr));
    }
    struct br_kv *kv = (struct br_kv *)calloc(1, sizeof(*kv));
    if (kv == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "store");
    }
    (void)pthread_mutex_init(&kv->lock, NULL);
    kv->table_count = options->table_count;
    enum br_rc rc = open_env(kv, options, reterr);
    if (rc == BR_OK) {
        rc = open_tables(kv, options, reterr);
    }
    if (rc != BR_OK) {
        br_kv_close(kv);
        return rc;
    }
    *ret = kv;
    return BR_OK;
}

void
br_kv_close(struct br_kv *kv)
{
    if (kv == NULL) {
        return;
    }
    for (size_t i = 0; i < kv->idle_count; i++) {
        mdb_txn_abort(kv->idle[i]->txn);
        free(kv->idle[i]);
    }
    if (kv->env != NULL) {
        mdb_env_close(kv->env);
    }
    (void)pthread_mutex_destroy(&kv->lock);
    free(kv);
}

/* ---- transactions ------------------------------------------------------- */

static enum br_rc
begin(
    struct br_kv *kv,
    bool writes,
    struct br_kv_txn **ret,
    struct br_err *reterr)
{
    struct br_kv_txn *t = (struct br_kv_txn *)calloc(1, sizeof(*t));
    if (t == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "transaction");
    }
    t->kv = kv;
    t->writes = writes;
    int e = mdb_txn_begin(kv->env, NULL, writes ? 0 : MDB_RDONLY, &t->txn);
    if (e != 0) {
        free(t);
        return fail(reterr, e, "beginning");
    }
    *ret = t;
    return BR_OK;
}

enum br_rc
br_kv_begin_write(
    struct br_kv *kv, struct br_kv_txn **ret, struct br_err *reterr)
{
    return begin(kv, true, ret, reterr);
}

static struct br_kv_txn *
take_idle(struct br_kv *kv)
{
    struct br_kv_txn *t = NULL;
    pthread_mutex_lock(&kv->lock);
    if (kv->idle_count > 0) {
        t = kv->idle[--kv->idle_count];
    }
    pthread_mutex_unlock(&kv->lock);
    return t;
}

enum br_rc
br_kv_begin_read(
    struct br_kv *kv, struct br_kv_txn **ret, struct br_err *reterr)
{
    struct br_kv_txn *t = take_idle(kv);
    if (t == NULL) {
        return begin(kv, false, ret, reterr);
    }
    int e = mdb_txn_renew(t->txn);
    if (e != 0) {
        mdb_txn_abort(t->txn);
        free(t);
        return fail(reterr, e, "renewing a reader");
    }
    *ret = t;
    return BR_OK;
}

enum br_rc
br_kv_commit(struct br_kv_txn *txn, struct br_err *reterr)
{
    BR_ASSERT(txn->writes);
    int e = mdb_txn_commit(txn->txn);
    free(txn);
    return e == 0 ? BR_OK : fail(reterr, e, "committing");
}

void
br_kv_end(struct br_kv_txn *txn)
{
    if (txn == NULL) {
        return;
    }
    struct br_kv *kv = txn->kv;
    bool kept = false;
    if (!txn->writes) {
        mdb_txn_reset(txn->txn);
        pthread_mutex_lock(&kv->lock);
        if (kv->idle_count < POOL_MAX) {
            kv->idle[kv->idle_count++] = txn;
            kept = true;
        }
        pthread_mutex_unlock(&kv->lock);
    }
    if (!kept) {
        mdb_txn_abort(txn->txn);
        free(txn);
    }
}

/* ---- rows --------------------------------------------------------------- */

static MDB_val
to_val(struct br_bytes b)
{
    return (MDB_val){b.n, (void *)(uintptr_t)b.p};
}

static struct br_bytes
from_val(MDB_val v)
{
    return br_bytes(v.mv_data, v.mv_size);
}

static MDB_dbi
dbi_of(const struct br_kv_txn *txn, unsigned table)
{
    BR_ASSERT(table < txn->kv->table_count);
    return txn->kv->dbi[table];
}

enum br_rc
br_kv_get(
    struct br_kv_txn *txn,
    unsigned table,
    struct br_bytes key,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    MDB_val k = to_val(key);
    MDB_val v;
    int e = mdb_get(txn->txn, dbi_of(txn, table), &k, &v);
    if (e != 0) {
        return fail(reterr, e, "reading");
    }
    *ret = from_val(v);
    return BR_OK;
}

static int
put(struct br_kv_txn *txn,
    unsigned table,
    struct br_bytes key,
    struct br_bytes value,
    unsigned flags)
{
    MDB_val k = to_val(key);
    MDB_val v = to_val(value);
    return mdb_put(txn->txn, dbi_of(txn, table), &k, &v, flags);
}

enum br_rc
br_kv_put(
    struct br_kv_txn *txn,
    unsigned table,
    struct br_bytes key,
    struct br_bytes value,
    struct br_err *reterr)
{
    int e = put(txn, table, key, value, 0);
    return e == 0 ? BR_OK : fail(reterr, e, "writing");
}

enum br_rc
br_kv_append(
    struct br_kv_txn *txn,
    unsigned table,
    struct br_bytes key,
    struct br_bytes value,
    struct br_err *reterr)
{
    int e = put(txn, table, key, value, MDB_APPEND);
    if (e == MDB_KEYEXIST) {
        return br_fail(
            reterr, BR_ERR_CONFLICT, "store: a key that is not the next one");
    }
    return e == 0 ? BR_OK : fail(reterr, e, "appending");
}

enum br_rc
br_kv_delete(
    struct br_kv_txn *txn,
    unsigned table,
    struct br_bytes key,
    struct br_err *reterr)
{
    MDB_val k = to_val(key);
    int e = mdb_del(txn->txn, dbi_of(txn, table), &k, NULL);
    return e == 0 || e == MDB_NOTFOUND ? BR_OK : fail(reterr, e, "deleting");
}

enum br_rc
br_kv_count(
    struct br_kv_txn *txn, unsigned table, uint64_t *ret, struct br_err *reterr)
{
    MDB_stat s;
    int e = mdb_stat(txn->txn, dbi_of(txn, table), &s);
    if (e != 0) {
        return fail(reterr, e, "counting");
    }
    *ret = s.ms_entries;
    return BR_OK;
}

/* ---- walking ------------------------------------------------------------ */

enum br_rc
br_kv_cursor_open(
    struct br_kv_txn *txn,
    unsigned table,
    struct br_kv_cursor **ret,
    struct br_err *reterr)
{
    struct br_kv_cursor *c = (struct br_kv_cursor *)malloc(sizeof(*c));
    if (c == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "cursor");
    }
    int e = mdb_cursor_open(txn->txn, dbi_of(txn, table), &c->c);
    if (e != 0) {
        free(c);
        return fail(reterr, e, "opening a cursor");
    }
    *ret = c;
    return BR_OK;
}

void
br_kv_cursor_close(struct br_kv_cursor *c)
{
    if (c != NULL) {
        mdb_cursor_close(c->c);
        free(c);
    }
}

static enum br_rc
move(
    struct br_kv_cursor *c,
    MDB_cursor_op op,
    MDB_val k,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value)
{
    MDB_val v;
    int e = mdb_cursor_get(c->c, &k, &v, op);
    if (e != 0) {
        return code_of(e);
    }
    *ret_key = from_val(k);
    *ret_value = from_val(v);
    return BR_OK;
}

enum br_rc
br_kv_seek(
    struct br_kv_cursor *c,
    struct br_bytes key,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value)
{
    return move(c, MDB_SET_RANGE, to_val(key), ret_key, ret_value);
}

enum br_rc
br_kv_seek_back(
    struct br_kv_cursor *c,
    struct br_bytes key,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value)
{
    enum br_rc rc = br_kv_seek(c, key, ret_key, ret_value);
    if (rc == BR_OK && br_bytes_eq(*ret_key, key)) {
        return BR_OK;
    }
    if (rc == BR_ERR_NOT_FOUND) {
        return br_kv_last(c, ret_key, ret_value);
    }
    return rc == BR_OK ? br_kv_prev(c, ret_key, ret_value) : rc;
}

enum br_rc
br_kv_next(
    struct br_kv_cursor *c,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value)
{
    return move(c, MDB_NEXT, (MDB_val){0}, ret_key, ret_value);
}

enum br_rc
br_kv_prev(
    struct br_kv_cursor *c,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value)
{
    return move(c, MDB_PREV, (MDB_val){0}, ret_key, ret_value);
}

enum br_rc
br_kv_last(
    struct br_kv_cursor *c,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value)
{
    return move(c, MDB_LAST, (MDB_val){0}, ret_key, ret_value);
}

/* ---- the whole ---------------------------------------------------------- */

enum br_rc
br_kv_backup(struct br_kv *kv, const char *folder, struct br_err *reterr)
{
    if (mkdir(folder, 0700) != 0) {
        return br_fail(
            reterr, errno == EEXIST ? BR_ERR_CONFLICT : code_of(errno),
            "backup folder %s: %s", folder, strerror(errno));
    }
    int e = mdb_env_copy2(kv->env, folder, MDB_CP_COMPACT);
    return e == 0 ? BR_OK : fail(reterr, e, "copying");
}

static int
oldest(const char *text, void *ctx)
{
    uint64_t *min = (uint64_t *)ctx;
    const char *last = strrchr(text, ' ');
    char *end;
    if (last != NULL) {
        uint64_t id = strtoull(last + 1, &end, 10);
        *min = end != last + 1 && id < *min ? id : *min;
    }
    return 0;
}

void
br_kv_stats(struct br_kv *kv, struct br_kv_stats *ret)
{
    MDB_envinfo info = {0};
    MDB_stat stat = {0};
    int dead;
    (void)mdb_reader_check(kv->env, &dead);
    (void)mdb_env_info(kv->env, &info);
    (void)mdb_env_stat(kv->env, &stat);
    uint64_t min = info.me_last_txnid;
    (void)mdb_reader_list(kv->env, oldest, &min);
    ret->map_bytes = info.me_mapsize;
    ret->used_bytes = (info.me_last_pgno + 1) * (uint64_t)stat.ms_psize;
    ret->readers = info.me_numreaders;
    ret->oldest_reader_lag = info.me_last_txnid - min;
}
