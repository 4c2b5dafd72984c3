/*
 * Many writes in one transaction: a refusal is its own, order is kept.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "orchestrator/store/writer.h"
#include "tests/unit/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { JOBS = 200 };

struct job {
    struct br_write write;
    unsigned number;
    enum br_rc got;
    bool done;
};

static unsigned order;

static enum br_rc
apply(struct br_write *w, struct br_kv_txn *txn, struct br_err *reterr)
{
    struct job *j = (struct job *)w;
    uint8_t key[8];
    br_put_be64(key, j->number);
    if (j->number % 7 == 3) {
        return br_fail(reterr, BR_ERR_CONFLICT, "refused");
    }
    return br_kv_append(
        txn, 0, br_bytes(key, sizeof(key)), br_bytes("x", 1), reterr);
}

static void
done(struct br_write *w, enum br_rc rc, const struct br_err *err)
{
    struct job *j = (struct job *)w;
    (void)err;
    j->got = rc;
    j->done = true;
    assert_int_equal(j->number, order);
    order++;
}

static void
refusals_are_their_own(void **state)
{
    static const char *const tables[] = {"t"};
    static struct job jobs[JOBS];
    (void)state;
    char folder[] = "/tmp/broletto-writer-XXXXXX";
    struct br_kv *kv = NULL;
    struct br_writer *w = NULL;
    struct br_kv_txn *txn;
    uint64_t rows;
    assert_non_null(mkdtemp(folder));
    const struct br_kv_options o = {
        .path = folder,
        .tables = tables,
        .table_count = 1,
        .map_bytes = 1u << 24};
    assert_int_equal(br_kv_open(&o, &kv, NULL), BR_OK);
    assert_int_equal(br_writer_start(kv, JOBS, &w, NULL), BR_OK);
    for (unsigned i = 0; i < JOBS; i++) {
        jobs[i] = (struct job){{.apply = apply, .done = done}, i, BR_OK, false};
        assert_int_equal(br_writer_submit(w, &jobs[i].write, NULL), BR_OK);
    }
    br_writer_stop(w);
    size_t refused = 0;
    for (unsigned i = 0; i < JOBS; i++) {
        assert_true(jobs[i].done);
        refused += jobs[i].got == BR_ERR_CONFLICT;
        assert_int_equal(jobs[i].got == BR_OK, i % 7 != 3);
    }
    assert_int_equal(br_kv_begin_read(kv, &txn, NULL), BR_OK);
    assert_int_equal(br_kv_count(txn, 0, &rows, NULL), BR_OK);
    assert_int_equal(rows, JOBS - refused);
    br_kv_end(txn);
    br_kv_close(kv);
    assert_int_equal(remove_tree(folder), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_are_their_own),
    };
    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
