/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/store/kv_fixture.h"

static const char *const tables[] = {"log", "names"};

struct br_kv_options
kv_options(const char *path)
{
    return (struct br_kv_options){
        .path = path,
        .tables = tables,
        .table_count = 2,
        .map_bytes = 64u << 20,
    };
}

struct br_kv *
open_kv(const char *path)
{
    struct br_kv_options o = kv_options(path);
    struct br_kv *kv;
    struct br_err err = {0};
    expect_ok(br_kv_open(&o, &kv, &err), &err);
    return kv;
}

struct br_kv_txn *
begin_write(struct br_kv *kv)
{
    struct br_kv_txn *t;
    struct br_err err = {0};
    expect_ok(br_kv_begin_write(kv, &t, &err), &err);
    return t;
}

struct br_kv_txn *
begin_read(struct br_kv *kv)
{
    struct br_kv_txn *t;
    struct br_err err = {0};
    expect_ok(br_kv_begin_read(kv, &t, &err), &err);
    return t;
}

void
commit(struct br_kv_txn *t)
{
    struct br_err err = {0};
    expect_ok(br_kv_commit(t, &err), &err);
}

void
put(struct br_kv_txn *t, unsigned table, const char *k, const char *v)
{
    struct br_err err = {0};
    expect_ok(br_kv_put(t, table, br_str(k), br_str(v), &err), &err);
}

void
expect(struct br_kv_txn *t, unsigned table, const char *k, const char *v)
{
    struct br_bytes got;
    enum br_rc rc = br_kv_get(t, table, br_str(k), &got, NULL);
    if (strcmp(v, "-") == 0) {
        assert_int_equal(rc, BR_ERR_NOT_FOUND);
        return;
    }
    assert_int_equal(rc, BR_OK);
    assert_int_equal(got.n, strlen(v));
    assert_memory_equal(got.p, v, got.n);
}

void
append_rows(struct br_kv_txn *t, uint64_t first, uint64_t n)
{
    for (uint64_t i = first; i < first + n; i++) {
        struct br_err err = {0};
        uint8_t key[8];
        br_put_be64(key, i);
        struct br_bytes b = br_bytes(key, sizeof(key));
        expect_ok(br_kv_append(t, LOG, b, b, &err), &err);
    }
}

uint64_t
rows(struct br_kv_txn *t, unsigned table)
{
    uint64_t n = 0;
    assert_int_equal(br_kv_count(t, table, &n, NULL), BR_OK);
    return n;
}
