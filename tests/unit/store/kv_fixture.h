/*
 * A small store with two tables, and the steps that its tests share.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TESTS_STORE_KV_FIXTURE_H
#define BR_TESTS_STORE_KV_FIXTURE_H

#include "common/store/kv.h"
#include "tests/unit/store/fixture.h"

enum { LOG, NAMES };

/** 64 MiB. */
struct br_kv_options kv_options(const char *path);
struct br_kv *open_kv(const char *path);
struct br_kv_txn *begin_write(struct br_kv *kv);
struct br_kv_txn *begin_read(struct br_kv *kv);
void commit(struct br_kv_txn *t);
void put(struct br_kv_txn *t, unsigned table, const char *k, const char *v);
/** "-" for what is not there. */
void expect(struct br_kv_txn *t, unsigned table, const char *k, const char *v);
/** Rows first .. first + n - 1 of the log, the key as the value. */
void append_rows(struct br_kv_txn *t, uint64_t first, uint64_t n);
uint64_t rows(struct br_kv_txn *t, unsigned table);

#endif
