/*
 * What the files of kv share and nobody else sees.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_STORE_KV_INTERNAL_H
#define BR_STORE_KV_INTERNAL_H

#include <lmdb.h>
#include <pthread.h>

#include "common/base/assert.h"
#include "common/store/kv.h"

#define BR_KV_READERS_MAX 512
/* Idle read transactions kept for reuse: more threads than these begin anew. */
#define BR_KV_POOL_MAX 64

struct br_kv {
    MDB_env *env;
    MDB_dbi dbi[BR_KV_TABLES_MAX];
    size_t table_count;
    bool sync_at_close;
    MDB_txn *probe; /**< asks which commit is the last finished one */
    pthread_mutex_t probe_lock;
    pthread_mutex_t lock; /**< guards what follows */
    struct br_kv_txn *idle[BR_KV_POOL_MAX];
    size_t idle_count;
    bool writing;
    bool lost;        /**< a commit failed: what is on the disk is unknown */
    pthread_t writer; /**< when writing */
};

struct br_kv_txn {
    struct br_kv *kv;
    MDB_txn *txn;
    bool writes;
    unsigned cursors; /**< open ones: they must not outlive it */
    int failure;      /**< the first one that spoiled it, or 0 */
};

static inline MDB_val
br_kv_val(struct br_bytes b)
{
    return (MDB_val){b.n, (void *)(uintptr_t)b.p};
}

static inline struct br_bytes
br_kv_bytes(MDB_val v)
{
    return br_bytes(v.mv_data, v.mv_size);
}

static inline MDB_dbi
br_kv_dbi(const struct br_kv_txn *txn, unsigned table)
{
    BR_ASSERT(table < txn->kv->table_count);
    return txn->kv->dbi[table];
}

/** A code of LMDB or of the system. */
enum br_rc br_kv_code(int e);
enum br_rc br_kv_fail(struct br_err *reterr, int e, const char *doing);

#endif
