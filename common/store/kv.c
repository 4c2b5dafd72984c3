/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/store/kv.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/assert.h"
#include "common/store/internal.h"
#include "common/store/kv_internal.h"

#define MAP_BYTES       (1ull << 40)
#define MAP_BYTES_SMALL (64ull << 30)

/* A sanitizer keeps most of the address space for itself. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

enum br_rc
br_kv_code(int e)
{
    switch (e) {
    case MDB_NOTFOUND:
        return BR_ERR_NOT_FOUND;
    case MDB_MAP_FULL:
        return BR_ERR_DISK_FULL;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
        return BR_ERR_CORRUPT;
    case MDB_READERS_FULL:
        return BR_ERR_BUSY;
    case MDB_BAD_VALSIZE:
        return BR_ERR_OUT_OF_RANGE;
    case MDB_TXN_FULL:
        return BR_ERR_TOO_LARGE;
    default:
        return br_store_errno(e);
    }
}

enum br_rc
br_kv_fail(struct br_err *reterr, int e, const char *doing)
{
    return br_fail(
        reterr, br_kv_code(e), "store, %s: %s", doing, mdb_strerror(e));
}

/* ---- opening ------------------------------------------------------------ */

static enum br_rc
make_folder(const char *path, struct br_err *reterr)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST) {
        return BR_OK;
    }
    return br_fail(
        reterr, br_store_errno(errno), "making the folder %s: %s", path,
        strerror(errno));
}

/** LMDB syncs its file; its name, and the folder's, are ours to keep. */
static enum br_rc
sync_names(const char *path, struct br_err *reterr)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int above = fd < 0 ? -1 : openat(fd, "..", O_RDONLY | O_CLOEXEC);
    bool ok = above >= 0 && fsync(fd) == 0 && fsync(above) == 0;
    int e = errno;
    if (above >= 0) {
        (void)close(above);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return ok ? BR_OK
              : br_fail(
                    reterr, br_store_errno(e), "syncing the folder %s: %s",
                    path, strerror(e));
}

static int
open_tables_in(
    struct br_kv *kv, const struct br_kv_options *o, const char **ret_name)
{
    MDB_txn *txn;
    int e = mdb_txn_begin(kv->env, NULL, o->read_only ? MDB_RDONLY : 0, &txn);
    if (e != 0) {
        return e;
    }
    for (size_t i = 0; i < o->table_count && e == 0; i++) {
        *ret_name = o->tables[i];
        e = mdb_dbi_open(
            txn, o->tables[i], o->read_only ? 0 : MDB_CREATE, &kv->dbi[i]);
    }
    if (e != 0) {
        mdb_txn_abort(txn);
        return e;
    }
    return mdb_txn_commit(txn);
}

static enum br_rc
open_tables(
    struct br_kv *kv, const struct br_kv_options *o, struct br_err *reterr)
{
    const char *name = "";
    int e = open_tables_in(kv, o, &name);
    kv->table_count = o->table_count;
    if (e != 0) {
        return br_fail(
            reterr, br_kv_code(e), "opening the table %s of the store %s: %s",
            name, o->path, mdb_strerror(e));
    }
    return BR_OK;
}

static int
open_env(struct br_kv *kv, const struct br_kv_options *o, size_t map_bytes)
{
    /*~ Keys are looked up at random and a log outgrows memory: reading ahead
     *  would only push useful pages out (MDB_NORDAHEAD). Readers belong to a
     *  transaction, not to a thread (MDB_NOTLS), so that they can be pooled.
     *  Never MDB_WRITEMAP: a stray pointer could then write into the log. */
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD;
    flags |= o->read_only ? MDB_RDONLY : 0;
    flags |= o->rebuildable ? MDB_NOSYNC : 0;
    int e = mdb_env_create(&kv->env);
    if (e != 0) {
        kv->env = NULL;
        return e;
    }
    e = mdb_env_set_maxdbs(kv->env, BR_KV_TABLES_MAX);
    if (e == 0) {
        e = mdb_env_set_maxreaders(kv->env, BR_KV_READERS_MAX + 1);
    }
    if (e == 0) {
        e = mdb_env_set_mapsize(kv->env, map_bytes);
    }
    if (e == 0) {
        e = mdb_env_open(kv->env, o->path, flags, 0600);
    }
    if (e != 0) {
        mdb_env_close(kv->env);
        kv->env = NULL;
    }
    return e;
}

static enum br_rc
open_store(
    struct br_kv *kv, const struct br_kv_options *o, struct br_err *reterr)
{
    int dead;
    size_t map_bytes = o->map_bytes;
    if (map_bytes == 0) {
        map_bytes = SANITIZED ? MAP_BYTES_SMALL : MAP_BYTES;
    }
    int e = open_env(kv, o, map_bytes);
    if (e == ENOMEM && o->map_bytes == 0) {
        /* The address space is limited: valgrind, or ulimit -v. */
        e = open_env(kv, o, MAP_BYTES_SMALL);
    }
    if (e == ENOENT) {
        return br_fail(reterr, BR_ERR_NOT_FOUND, "no store in %s", o->path);
    }
    if (e != 0) {
        return br_fail(
            reterr, br_kv_code(e), "opening the store %s: %s", o->path,
            mdb_strerror(e));
    }
    kv->sync_at_close = o->rebuildable && !o->read_only;
    /* Slots of processes that died keep old pages from being reused. */
    (void)mdb_reader_check(kv->env, &dead);
    return BR_OK;
}

static enum br_rc
make_probe(struct br_kv *kv, struct br_err *reterr)
{
    int e = mdb_txn_begin(kv->env, NULL, MDB_RDONLY, &kv->probe);
    if (e != 0) {
        kv->probe = NULL;
        return br_kv_fail(reterr, e, "beginning a transaction");
    }
    mdb_txn_reset(kv->probe);
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
    (void)pthread_mutex_init(&kv->probe_lock, NULL);
    enum br_rc rc = open_store(kv, options, reterr);
    if (rc == BR_OK) {
        rc = open_tables(kv, options, reterr);
    }
    if (rc == BR_OK) {
        rc = make_probe(kv, reterr);
    }
    if (rc == BR_OK && !options->read_only) {
        rc = sync_names(options->path, reterr);
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
    BR_ASSERT(!kv->writing);
    for (size_t i = 0; i < kv->idle_count; i++) {
        mdb_txn_abort(kv->idle[i]->txn);
        free(kv->idle[i]);
    }
    mdb_txn_abort(kv->probe);
    if (kv->env != NULL) {
        if (kv->sync_at_close) {
            (void)mdb_env_sync(kv->env, 1);
        }
        mdb_env_close(kv->env);
    }
    (void)pthread_mutex_destroy(&kv->probe_lock);
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
        return br_kv_fail(reterr, e, "beginning a transaction");
    }
    *ret = t;
    return BR_OK;
}

/** A second write transaction on the same thread would wait for ever. */
static bool
writes_here(struct br_kv *kv)
{
    pthread_mutex_lock(&kv->lock);
    bool here = kv->writing && pthread_equal(kv->writer, pthread_self());
    pthread_mutex_unlock(&kv->lock);
    return here;
}

static void
set_writing(struct br_kv *kv, bool writing)
{
    pthread_mutex_lock(&kv->lock);
    kv->writing = writing;
    kv->writer = pthread_self();
    pthread_mutex_unlock(&kv->lock);
}

static size_t
newest_written(struct br_kv *kv)
{
    MDB_envinfo info = {0};
    (void)mdb_env_info(kv->env, &info);
    return info.me_last_txnid;
}

/** 0 when it cannot be asked. */
static size_t
last_finished(struct br_kv *kv)
{
    size_t id = 0;
    pthread_mutex_lock(&kv->probe_lock);
    if (mdb_txn_renew(kv->probe) == 0) {
        id = mdb_txn_id(kv->probe);
        mdb_txn_reset(kv->probe);
    }
    pthread_mutex_unlock(&kv->probe_lock);
    return id;
}

/*~ After a failed sync Linux counts the pages as clean: a second sync succeeds
 *  and nothing has reached the disk. So a store whose commit failed is not
 *  written again before a new start. Room that was lacking is another thing,
 *  and memory too: the next transaction writes all its pages anew, each to a
 *  place that nothing refers to, and begins from the last commit that was
 *  whole. When the page that makes a commit valid could not be written, LMDB
 *  itself refuses to go on, and so do we, whatever the reason was. */
static bool
may_go_on(struct br_kv *kv, int e)
{
    enum br_rc rc = br_kv_code(e);
    bool passing = rc == BR_ERR_DISK_FULL || rc == BR_ERR_NO_MEMORY ||
                   rc == BR_ERR_TOO_LARGE;
    return passing && last_finished(kv) != 0;
}

static void
set_lost(struct br_kv *kv)
{
    pthread_mutex_lock(&kv->lock);
    kv->lost = true;
    pthread_mutex_unlock(&kv->lock);
}

static bool
is_lost(struct br_kv *kv)
{
    pthread_mutex_lock(&kv->lock);
    bool lost = kv->lost;
    pthread_mutex_unlock(&kv->lock);
    return lost;
}

enum br_rc
br_kv_begin_write(
    struct br_kv *kv, struct br_kv_txn **ret, struct br_err *reterr)
{
    BR_ASSERT(!writes_here(kv));
    if (is_lost(kv)) {
        return br_fail(
            reterr, BR_ERR_IO,
            "store: an earlier commit failed; nothing is written before a new "
            "start");
    }
    BR_TRY(begin(kv, true, ret, reterr));
    set_writing(kv, true);
    return BR_OK;
}

static void
drop(struct br_kv_txn *t)
{
    if (t != NULL) {
        mdb_txn_abort(t->txn);
        free(t);
    }
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

static bool
put_idle(struct br_kv_txn *t)
{
    struct br_kv *kv = t->kv;
    pthread_mutex_lock(&kv->lock);
    bool kept = kv->idle_count < BR_KV_POOL_MAX;
    if (kept) {
        kv->idle[kv->idle_count++] = t;
    }
    pthread_mutex_unlock(&kv->lock);
    return kept;
}

/* ---- a reader's moment -------------------------------------------------- */

/*~ A reader of LMDB 0.9 notes the last finished commit, K, and then copies the
 *  root from the one of two pages that K wrote. If the thread is stopped in
 *  between for long enough, commit K + 2 is already writing that page, and the
 *  reader sees what is not yet on the disk; its next look may lie before. Both
 *  are against what we promise: a reply means durable, and a log never
 *  shrinks. K + 2 begins only when K + 1 is finished: if after the copy K is
 *  still the last one, the copy is K's. */

enum { MOMENTS_MAX = 1000 };

static bool
is_of_its_moment(struct br_kv *kv, MDB_txn *txn)
{
    atomic_thread_fence(memory_order_seq_cst);
    size_t id = mdb_txn_id(txn);
    /* While the next commit is being synced, the first answer is no. */
    return newest_written(kv) == id || last_finished(kv) == id;
}

static enum br_rc
renew(struct br_kv_txn *t, struct br_err *reterr)
{
    int e = mdb_txn_renew(t->txn);
    return e == 0 ? BR_OK : br_kv_fail(reterr, e, "renewing a reader");
}

/** Begin again until the moment holds: each turn, a commit has passed by. */
static enum br_rc
settle(struct br_kv_txn *t, struct br_err *reterr)
{
    for (int i = 0; i < MOMENTS_MAX; i++) {
        if (is_of_its_moment(t->kv, t->txn)) {
            return BR_OK;
        }
        mdb_txn_reset(t->txn);
        BR_TRY(renew(t, reterr));
    }
    return br_fail(reterr, BR_ERR_BUSY, "store: commits pass by too fast");
}

enum br_rc
br_kv_begin_read(
    struct br_kv *kv, struct br_kv_txn **ret, struct br_err *reterr)
{
    struct br_kv_txn *t = take_idle(kv);
    enum br_rc rc = t == NULL ? begin(kv, false, &t, reterr) : renew(t, reterr);
    if (rc == BR_OK) {
        rc = settle(t, reterr);
    }
    if (rc != BR_OK) {
        drop(t);
        return rc;
    }
    *ret = t;
    return BR_OK;
}

/* ---- ending ------------------------------------------------------------- */

/** LMDB's lock belongs to the thread that began. It is released inside the
 *  commit, so that the next writer is noted only after this one is not. */
static void
leave_writing(struct br_kv_txn *txn)
{
    BR_ASSERT(writes_here(txn->kv));
    set_writing(txn->kv, false);
}

enum br_rc
br_kv_commit(struct br_kv_txn *txn, struct br_err *reterr)
{
    BR_ASSERT(txn->writes && txn->cursors == 0);
    leave_writing(txn);
    struct br_kv *kv = txn->kv;
    int spoiled = txn->failure;
    int e = mdb_txn_commit(txn->txn);
    free(txn);
    if (e == 0) {
        return BR_OK;
    }
    if (e == MDB_BAD_TXN && spoiled != 0) {
        return br_kv_fail(reterr, spoiled, "writing"); /* nothing was begun */
    }
    if (may_go_on(kv, e)) {
        return br_kv_fail(reterr, e, "committing");
    }
    set_lost(kv);
    return br_fail(
        reterr, BR_ERR_IO, "store, committing: %s; the disk's state is unknown",
        mdb_strerror(e));
}

void
br_kv_end(struct br_kv_txn *txn)
{
    if (txn == NULL) {
        return;
    }
    BR_ASSERT(txn->cursors == 0);
    if (txn->writes) {
        leave_writing(txn);
    } else {
        mdb_txn_reset(txn->txn);
        if (put_idle(txn)) {
            return;
        }
    }
    drop(txn);
}

/* ---- rows --------------------------------------------------------------- */

/** LMDB refuses a transaction that a failure has spoiled; the reason is the
 *  first failure's. */
static int
because(struct br_kv_txn *txn, int e)
{
    if (e == MDB_BAD_TXN && txn->failure != 0) {
        return txn->failure;
    }
    if (e != 0 && e != MDB_NOTFOUND && e != MDB_KEYEXIST && txn->failure == 0) {
        txn->failure = e;
    }
    return e;
}

enum br_rc
br_kv_get(
    struct br_kv_txn *txn,
    unsigned table,
    struct br_bytes key,
    struct br_bytes *ret,
    struct br_err *reterr)
{
    MDB_val k = br_kv_val(key);
    MDB_val v;
    int e = because(txn, mdb_get(txn->txn, br_kv_dbi(txn, table), &k, &v));
    if (e != 0) {
        return br_kv_fail(reterr, e, "reading");
    }
    *ret = br_kv_bytes(v);
    return BR_OK;
}

static int
put(struct br_kv_txn *txn,
    unsigned table,
    struct br_bytes key,
    struct br_bytes value,
    unsigned flags)
{
    MDB_val k = br_kv_val(key);
    MDB_val v = br_kv_val(value);
    return because(
        txn, mdb_put(txn->txn, br_kv_dbi(txn, table), &k, &v, flags));
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
    return e == 0 ? BR_OK : br_kv_fail(reterr, e, "writing");
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
    return e == 0 ? BR_OK : br_kv_fail(reterr, e, "appending");
}

enum br_rc
br_kv_delete(
    struct br_kv_txn *txn,
    unsigned table,
    struct br_bytes key,
    struct br_err *reterr)
{
    MDB_val k = br_kv_val(key);
    int e = because(txn, mdb_del(txn->txn, br_kv_dbi(txn, table), &k, NULL));
    if (e == 0 || e == MDB_NOTFOUND) {
        return BR_OK;
    }
    return br_kv_fail(reterr, e, "deleting");
}

enum br_rc
br_kv_count(
    struct br_kv_txn *txn, unsigned table, uint64_t *ret, struct br_err *reterr)
{
    MDB_stat s;
    int e = mdb_stat(txn->txn, br_kv_dbi(txn, table), &s);
    if (e != 0) {
        return br_kv_fail(reterr, e, "counting");
    }
    *ret = s.ms_entries;
    return BR_OK;
}
