/*
 * The only door to LMDB: an environment with named tables of sorted keys.
 *
 * - One writer at a time, on one thread; readers on any thread, each with its
 *   own short transaction (MDB_NOTLS).
 * - A commit is durable when it returns (two fsyncs, LMDB's default), and no
 *   reader sees it before; the moments that one thread reads never go back.
 * - Values read are borrowed from the map until the transaction ends; in a
 *   write transaction only until its next put, append or delete.
 * - A write transaction stays on the thread that began it; a read transaction
 *   may move, but is used by one thread at a time. Cursors are closed before
 *   their transaction ends (asserted).
 * - Hold a read transaction briefly, never across a wait for the network: no
 *   page that it can see is reused while it is open.
 * - A key has 1 to 511 bytes; an empty one is only good for br_kv_seek.
 * - The map's size is set once, sparse; it is never resized while open.
 * - A folder is opened once in a process (a rule of LMDB), by any number of
 *   processes, on a local disk. Nothing here is used in a forked child.
 *
 * Failures: BR_ERR_DISK_FULL (map or disk), BR_ERR_IO, BR_ERR_CORRUPT,
 * BR_ERR_NO_MEMORY, BR_ERR_NOT_FOUND, BR_ERR_BUSY (512 readers),
 * BR_ERR_OUT_OF_RANGE (length of a key), BR_ERR_TOO_LARGE (transaction). After
 * a failed put or append the transaction can only be ended; after a failed
 * commit nothing of it is stored.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_STORE_KV_H
#define BR_STORE_KV_H

#include "common/base/bytes.h"
#include "common/base/error.h"

#define BR_KV_TABLES_MAX 48

struct br_kv;
struct br_kv_txn;

struct br_kv_options {
    const char *path;          /**< folder; created when missing */
    const char *const *tables; /**< names; a table is then its position */
    size_t table_count;
    size_t map_bytes; /**< 0: 1 TiB (64 GiB under sanitizers) */
    bool read_only;   /**< an inspector beside a running node */
    bool rebuildable; /**< no fsync: for what can be made again */
};

enum br_rc br_kv_open(
    const struct br_kv_options *options,
    struct br_kv **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_kv_close(struct br_kv *kv);

enum br_rc br_kv_begin_write(
    struct br_kv *kv,
    struct br_kv_txn **ret,
    struct br_err *reterr) BR_MUST_USE;
/** Readers are pooled: renewing one is cheap. */
enum br_rc br_kv_begin_read(
    struct br_kv *kv,
    struct br_kv_txn **ret,
    struct br_err *reterr) BR_MUST_USE;
/** Write transactions only. The transaction is gone afterwards, either way. */
enum br_rc
br_kv_commit(struct br_kv_txn *txn, struct br_err *reterr) BR_MUST_USE;
/** Ends a read transaction, or drops a write transaction. NULL is allowed. */
void br_kv_end(struct br_kv_txn *txn);

enum br_rc br_kv_get(
    struct br_kv_txn *txn,
    unsigned table,
    struct br_bytes key,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_kv_put(
    struct br_kv_txn *txn,
    unsigned table,
    struct br_bytes key,
    struct br_bytes value,
    struct br_err *reterr) BR_MUST_USE;
/** The key must sort after every key of the table (MDB_APPEND), or it is
 *  BR_ERR_CONFLICT and the transaction goes on. */
enum br_rc br_kv_append(
    struct br_kv_txn *txn,
    unsigned table,
    struct br_bytes key,
    struct br_bytes value,
    struct br_err *reterr) BR_MUST_USE;
/** Deleting what is not there is BR_OK. */
enum br_rc br_kv_delete(
    struct br_kv_txn *txn,
    unsigned table,
    struct br_bytes key,
    struct br_err *reterr) BR_MUST_USE;
/** Rows in the table. */
enum br_rc br_kv_count(
    struct br_kv_txn *txn, unsigned table, uint64_t *ret, struct br_err *reterr)
    BR_MUST_USE;

/** A walk in key order. */
struct br_kv_cursor;
enum br_rc br_kv_cursor_open(
    struct br_kv_txn *txn,
    unsigned table,
    struct br_kv_cursor **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_kv_cursor_close(struct br_kv_cursor *c);
/** First key >= key; BR_ERR_NOT_FOUND past the end. */
enum br_rc br_kv_seek(
    struct br_kv_cursor *c,
    struct br_bytes key,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value) BR_MUST_USE;
/** Last key <= key. */
enum br_rc br_kv_seek_back(
    struct br_kv_cursor *c,
    struct br_bytes key,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value) BR_MUST_USE;
enum br_rc br_kv_next(
    struct br_kv_cursor *c,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value) BR_MUST_USE;
enum br_rc br_kv_prev(
    struct br_kv_cursor *c,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value) BR_MUST_USE;
enum br_rc br_kv_last(
    struct br_kv_cursor *c,
    struct br_bytes *ret_key,
    struct br_bytes *ret_value) BR_MUST_USE;

/** A compact copy of the environment into a new folder, while others write;
 *  durable when it returns. BR_ERR_CONFLICT when the folder is there; after a
 *  failure the folder is gone. Not while this thread writes. */
enum br_rc br_kv_backup(
    struct br_kv *kv, const char *folder, struct br_err *reterr) BR_MUST_USE;
struct br_kv_stats {
    uint64_t map_bytes;
    uint64_t used_bytes;
    uint64_t readers;           /**< read transactions open, all processes */
    uint64_t oldest_reader_lag; /**< transactions behind the newest */
};
/** Clears the slots of dead processes too: call it once a minute. */
void br_kv_stats(struct br_kv *kv, struct br_kv_stats *ret);

/** Big-endian keys, so that they sort by value. */
static inline void
br_put_be64(uint8_t out[8], uint64_t v)
{
    for (int i = 7; i >= 0; i--) {
        out[i] = (uint8_t)v;
        v >>= 8;
    }
}
static inline uint64_t
br_get_be64(const uint8_t in[8])
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) {
        v = v << 8 | in[i];
    }
    return v;
}

#endif
