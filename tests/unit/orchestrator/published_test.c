/*
 * What is kept of published status lists, and found again by a day.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/crypto/hash.h"
#include "orchestrator/store/published.h"
#include "tests/unit/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1700000000 };

struct world {
    char folder[64];
    struct br_kv *kv;
    struct br_kv_txn *txn;
};

static int
set_up(void **state)
{
    static struct world w;
    assert_int_equal(br_crypto_init(NULL), BR_OK);
    (void)snprintf(w.folder, sizeof(w.folder), "/tmp/broletto-lists-XXXXXX");
    assert_non_null(mkdtemp(w.folder));
    assert_int_equal(br_orch_store_open(w.folder, &w.kv, NULL), BR_OK);
    assert_int_equal(br_kv_begin_write(w.kv, &w.txn, NULL), BR_OK);
    *state = &w;
    return 0;
}

static int
tear_down(void **state)
{
    struct world *w = (struct world *)*state;
    br_kv_end(w->txn);
    br_kv_close(w->kv);
    return remove_tree(w->folder);
}

static struct br_published
published(uint32_t list, uint64_t version, uint64_t issued_s, const char *token)
{
    return (struct br_published){list, version, issued_s, br_str(token)};
}

static bool
is_due(struct world *w, uint32_t list, uint64_t version, uint64_t issued_s)
{
    const struct br_published p = published(list, version, issued_s, "");
    bool due = false;
    assert_int_equal(br_published_is_due(w->txn, &p, &due, NULL), BR_OK);
    return due;
}

static void
put(struct world *w,
    uint32_t list,
    uint64_t version,
    uint64_t issued_s,
    const char *token)
{
    const struct br_published p = published(list, version, issued_s, token);
    assert_int_equal(br_published_put(w->txn, &p, NULL), BR_OK);
}

static const char *
found(struct world *w, uint32_t list, uint64_t until_s)
{
    static char text[32];
    struct br_published p;
    enum br_rc rc = br_published_get(w->txn, list, until_s, &p, NULL);
    if (rc == BR_ERR_NOT_FOUND) {
        return "none";
    }
    assert_int_equal(rc, BR_OK);
    (void)snprintf(
        text, sizeof(text), "%.*s", (int)p.token.n, (const char *)p.token.p);
    return text;
}

static void
test_what_is_due(void **state)
{
    struct world *w = (struct world *)*state;
    assert_true(is_due(w, 1, 1, NOW));
    put(w, 1, 1, NOW, "a");
    assert_false(is_due(w, 1, 1, NOW));
    assert_false(is_due(w, 1, 1, NOW + BR_PUBLISHED_EVERY_S - 1));
    assert_true(is_due(w, 1, 1, NOW + BR_PUBLISHED_EVERY_S));
    assert_true(is_due(w, 1, 2, NOW + 1));
    /* A clock that goes backwards writes over nothing. */
    assert_false(is_due(w, 1, 2, NOW));
    assert_false(is_due(w, 1, 2, NOW - 1));
    assert_true(is_due(w, 2, 1, NOW));
}

static void
test_found_by_a_day(void **state)
{
    struct world *w = (struct world *)*state;
    put(w, 1, 1, NOW, "first");
    put(w, 1, 2, NOW + 10, "second");
    put(w, 3, 1, NOW + 5, "another's");
    assert_string_equal(found(w, 1, NOW - 1), "none");
    assert_string_equal(found(w, 1, NOW), "first");
    assert_string_equal(found(w, 1, NOW + 9), "first");
    assert_string_equal(found(w, 1, UINT64_MAX), "second");
    assert_string_equal(found(w, 2, UINT64_MAX), "none");
    assert_string_equal(found(w, 3, UINT64_MAX), "another's");
    assert_string_equal(found(w, 4, UINT64_MAX), "none");
}

static void
test_stamps(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_hash digest;
    struct br_hash got;
    struct br_bytes answer;
    br_sha256(br_str("token"), &digest);
    assert_int_equal(
        br_stamped_get(w->txn, 1, NOW, &got, &answer, NULL), BR_ERR_NOT_FOUND);
    assert_int_equal(
        br_stamped_put(w->txn, 1, NOW, &digest, br_str("{}"), NULL), BR_OK);
    assert_int_equal(
        br_stamped_get(w->txn, 1, NOW, &got, &answer, NULL), BR_OK);
    assert_true(br_hash_eq(&digest, &got));
    assert_true(br_bytes_eq(answer, br_str("{}")));
    assert_int_equal(
        br_stamped_get(w->txn, 1, 0, &got, &answer, NULL), BR_ERR_NOT_FOUND);
}

static void
test_a_broken_row_is_told(void **state)
{
    struct world *w = (struct world *)*state;
    static const uint8_t key[12] = {0, 0, 0, 1};
    struct br_published p;
    struct br_hash digest;
    struct br_bytes answer;
    struct br_bytes k = br_bytes(key, sizeof(key));
    assert_int_equal(
        br_kv_put(w->txn, BR_ORCH_PUBLISHED, k, br_str("short"), NULL), BR_OK);
    assert_int_equal(
        br_published_get(w->txn, 1, NOW, &p, NULL), BR_ERR_CORRUPT);
    assert_int_equal(
        br_kv_put(w->txn, BR_ORCH_STAMPS, k, br_str("short"), NULL), BR_OK);
    assert_int_equal(
        br_stamped_get(w->txn, 1, 0, &digest, &answer, NULL), BR_ERR_CORRUPT);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(test_what_is_due),
        TEST(test_found_by_a_day),
        TEST(test_stamps),
        TEST(test_a_broken_row_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
