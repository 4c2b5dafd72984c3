/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/store/kv.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/store/internal.h"
#include "common/store/kv_internal.h"

/* ---- backup ------------------------------------------------------------- */

static const char data_name[] = "data.mdb";

/** LMDB copies without a sync: the file, its name and the folder's name. */
static int
sync_copy(int folder)
{
    int data = openat(folder, data_name, O_RDONLY | O_CLOEXEC);
    int above = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = data >= 0 && above >= 0 && fsync(data) == 0 &&
              fsync(folder) == 0 && fsync(above) == 0;
    int e = ok ? 0 : errno;
    if (data >= 0) {
        (void)close(data);
    }
    if (above >= 0) {
        (void)close(above);
    }
    return e;
}

static int
copy(struct br_kv *kv, const char *path, int folder)
{
    int e = mdb_env_copy2(kv->env, path, MDB_CP_COMPACT);
    if (e == MDB_INCOMPATIBLE) {
        /* LMDB 0.9 says this of a store that has leaked a page (ITS#9155):
         * harmless, but such a store is only copied whole. */
        (void)unlinkat(folder, data_name, 0);
        e = mdb_env_copy2(kv->env, path, 0);
    }
    return e == 0 ? sync_copy(folder) : e;
}

enum br_rc
br_kv_backup(struct br_kv *kv, const char *folder, struct br_err *reterr)
{
    if (mkdir(folder, 0700) != 0) {
        enum br_rc rc =
            errno == EEXIST ? BR_ERR_CONFLICT : br_store_errno(errno);
        return br_fail(
            reterr, rc, "backup folder %s: %s", folder, strerror(errno));
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int e = fd < 0 ? errno : copy(kv, folder, fd);
    if (e != 0 && fd >= 0) {
        (void)unlinkat(fd, data_name, 0);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (e != 0) {
        (void)rmdir(folder);
        return br_kv_fail(reterr, e, "copying");
    }
    return BR_OK;
}

/* ---- numbers ------------------------------------------------------------ */

struct reading {
    uint64_t count;
    uint64_t oldest;
};

/** One line of mdb_reader_list for each slot: process, thread, transaction;
 *  '-' for the transaction of a slot that is not reading. */
static int
read_slot(const char *text, void *ctx)
{
    struct reading *r = (struct reading *)ctx;
    const char *last = strrchr(text, ' ');
    if (last != NULL && last[1] >= '0' && last[1] <= '9') {
        uint64_t id = strtoull(last + 1, NULL, 10);
        r->oldest = id < r->oldest ? id : r->oldest;
        r->count++;
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
    struct reading r = {.oldest = info.me_last_txnid};
    (void)mdb_reader_list(kv->env, read_slot, &r);
    *ret = (struct br_kv_stats){
        .map_bytes = info.me_mapsize,
        .used_bytes = (info.me_last_pgno + 1) * (uint64_t)stat.ms_psize,
        .readers = r.count,
        .oldest_reader_lag = info.me_last_txnid - r.oldest,
    };
}
