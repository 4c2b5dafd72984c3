/*
 * Finding what was issued by its indexes, and changing many statuses at once.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/codec/text.h"
#include "common/credential/status_list.h"
#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"
#include "orchestrator/store/bulk.h"
#include "orchestrator/store/found.h"
#include "tests/unit/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOW = 1700000000, SIZE = 4096, MOST = 100 };

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
    (void)snprintf(w.folder, sizeof(w.folder), "/tmp/broletto-found-XXXXXX");
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
    w->txn = NULL;
    br_kv_close(w->kv);
    return remove_tree(w->folder);
}

/** As a wallet would have got it, the whole way through an offer. */
static struct br_issued
issue(struct world *w, const char *type, const char *reference, uint64_t at_s)
{
    struct br_orch_secret s;
    struct br_offer o;
    struct br_issue in = {
        .issued = {.count = 1, .issued_s = at_s, .expires_s = at_s + 1000},
        .list_size = SIZE,
    };
    const struct br_offer_new n = {
        .type = type,
        .reference = reference,
        .claims = br_str("{}"),
        .now_s = at_s,
        .expires_s = at_s + 100,
    };
    assert_int_equal(br_offer_create(w->txn, &n, &s, NULL), BR_OK);
    assert_int_equal(br_offer_get(w->txn, &s.offer, &o, NULL), BR_OK);
    assert_int_equal(br_offer_move(w->txn, &o, BR_OFFER_REDEEMED, NULL), BR_OK);
    br_random(in.issued.id, sizeof(in.issued.id));
    br_random(in.notice.b, sizeof(in.notice.b));
    in.issued.offer = s.offer;
    (void)snprintf(in.issued.type, sizeof(in.issued.type), "%s", type);
    (void)snprintf(
        in.issued.reference, sizeof(in.issued.reference), "%s", reference);
    assert_int_equal(
        br_list_choose(w->txn, SIZE, 1, &in.issued.list, in.issued.index, NULL),
        BR_OK);
    assert_int_equal(br_issue_commit(w->txn, &in, NULL), BR_OK);
    return in.issued;
}

static size_t
search(
    struct world *w,
    const char *text,
    const char *type,
    const char *status,
    struct br_issued *found)
{
    const struct br_issued_query q = {text, type, status};
    size_t n = 0;
    assert_int_equal(
        br_issued_search(w->txn, &q, found, MOST, &n, NULL), BR_OK);
    return n;
}

static void
what_fits_is_found_newest_first(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_issued found[MOST];
    struct br_issued a = issue(w, "isee", "P-1", NOW);
    struct br_issued b = issue(w, "residence", "P-12", NOW + 2);
    struct br_issued c = issue(w, "isee", "Q-1", NOW + 1);
    char id[33];
    assert_int_equal(search(w, "", "", "", found), 3);
    assert_memory_equal(found[0].id, b.id, 16);
    assert_memory_equal(found[1].id, c.id, 16);
    assert_memory_equal(found[2].id, a.id, 16);
    assert_int_equal(search(w, "", "isee", "", found), 2);
    assert_memory_equal(found[0].id, c.id, 16);
    assert_int_equal(search(w, "P-1", "", "", found), 2);
    assert_memory_equal(found[0].id, b.id, 16);
    assert_int_equal(search(w, "P-1", "isee", "", found), 1);
    assert_int_equal(search(w, "-1", "", "", found), 0);
    br_issued_id_text(&c, id);
    assert_int_equal(search(w, id, "", "", found), 1);
    assert_memory_equal(found[0].id, c.id, 16);
    id[7] = '\0'; /* half a byte at its end */
    assert_int_equal(search(w, id, "", "", found), 1);
    assert_int_equal(search(w, "", "", "suspended", found), 0);
    assert_int_equal(search(w, "", "none", "", found), 0);
    struct br_issued got;
    assert_int_equal(br_issued_of_offer(w->txn, &a.offer, &got, NULL), BR_OK);
    assert_memory_equal(got.id, a.id, 16);
    assert_int_equal(
        br_issued_of_offer(w->txn, &(struct br_hash){{1}}, &got, NULL),
        BR_ERR_NOT_FOUND);
}

static void
a_changed_status_is_found_under_the_new_one(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_issued found[MOST];
    struct br_issued a = issue(w, "isee", "P-1", NOW);
    (void)issue(w, "isee", "P-2", NOW);
    assert_int_equal(
        br_issued_change(
            w->txn, &a, BR_STATUS_SUSPENDED, "why", NOW * 1000000ull, NULL),
        BR_OK);
    assert_int_equal(search(w, "", "", "suspended", found), 1);
    assert_memory_equal(found[0].id, a.id, 16);
    assert_int_equal(search(w, "", "", "valid", found), 1);
    assert_int_equal(search(w, "", "", "", found), 2);
}

static void
many_are_more_than_one_page(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_issued found[MOST];
    for (uint64_t i = 0; i < 150; i++) {
        (void)issue(w, "isee", "P", NOW + i);
    }
    assert_int_equal(search(w, "", "", "", found), MOST);
    assert_int_equal(found[0].issued_s, NOW + 149);
    assert_int_equal(found[99].issued_s, NOW + 50);
    assert_int_equal(search(w, "P", "", "", found), MOST);
    assert_int_equal(found[0].issued_s, NOW + 149);
    assert_int_equal(found[99].issued_s, NOW + 50);
}

/** Rows as an earlier version left them: without indexes. */
static void
an_older_folder_is_indexed_when_it_is_opened(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_issued found[MOST];
    static const enum br_orch_table tables[] = {
        BR_ORCH_BY_REF, BR_ORCH_BY_OFFER, BR_ORCH_BY_STATE};
    struct br_issued last;
    for (uint64_t i = 0; i < 130; i++) {
        last = issue(w, "isee", "P-1", NOW + i);
    }
    for (size_t t = 0; t < 3; t++) {
        struct br_kv_cursor *c;
        struct br_bytes key;
        struct br_bytes value;
        uint8_t copy[130][128];
        size_t length[130];
        size_t n = 0;
        assert_int_equal(br_kv_cursor_open(w->txn, tables[t], &c, NULL), BR_OK);
        enum br_rc rc = br_kv_seek(c, br_bytes(NULL, 0), &key, &value);
        for (; rc == BR_OK; rc = br_kv_next(c, &key, &value)) {
            memcpy(copy[n], key.p, key.n);
            length[n++] = key.n;
        }
        br_kv_cursor_close(c);
        assert_int_equal(n, 130);
        for (size_t k = 0; k < n; k++) {
            assert_int_equal(
                br_kv_delete(
                    w->txn, tables[t], br_bytes(copy[k], length[k]), NULL),
                BR_OK);
        }
    }
    assert_int_equal(search(w, "", "", "", found), 0);
    assert_int_equal(br_kv_commit(w->txn, NULL), BR_OK);
    br_kv_close(w->kv);
    assert_int_equal(br_orch_store_open(w->folder, &w->kv, NULL), BR_OK);
    assert_int_equal(br_kv_begin_write(w->kv, &w->txn, NULL), BR_OK);
    assert_int_equal(search(w, "", "", "", found), MOST);
    assert_memory_equal(found[0].id, last.id, 16);
    assert_int_equal(search(w, "P-1", "", "valid", found), MOST);
    struct br_issued got;
    assert_int_equal(
        br_issued_of_offer(w->txn, &last.offer, &got, NULL), BR_OK);
}

/* ---- many ---------------------------------------------------------------- */

static enum br_rc
apply(struct world *w, struct br_bulk *b, const char *what)
{
    const struct br_bulk_how how = {
        .what = what,
        .reason = "a test",
        .who = "ada",
        .now_us = (NOW + 50) * 1000000ull,
    };
    return br_bulk_apply(w->txn, b, &how, NULL);
}

static void
add(struct world *w, struct br_bulk *b, const char *word)
{
    assert_int_equal(br_bulk_add(w->txn, b, word, 1, NULL), BR_OK);
}

static void
ids_and_references_change_together(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_issued a = issue(w, "isee", "P-1", NOW);
    struct br_issued b = issue(w, "isee", "P-2", NOW);
    struct br_issued c = issue(w, "residence", "P-2", NOW);
    struct br_issued got;
    struct br_audit audit[4];
    struct br_bulk bulk;
    size_t n;
    char id[33];
    br_issued_id_text(&a, id);
    br_bulk_init(&bulk, BR_STATUS_SUSPENDED);
    add(w, &bulk, id);
    add(w, &bulk, "P-2");
    id[10] = '\0';
    add(w, &bulk, id); /* the first once more */
    assert_int_equal(bulk.fault_count, 0);
    assert_int_equal(apply(w, &bulk, "suspend"), BR_OK);
    assert_int_equal(bulk.count, 3);
    assert_int_equal(bulk.already, 1);
    const struct br_issued *all[] = {&a, &b, &c};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(
            br_issued_get(w->txn, br_bytes(all[i]->id, 16), &got, NULL), BR_OK);
        assert_int_equal(got.status, BR_STATUS_SUSPENDED);
        assert_string_equal(got.reason, "a test");
    }
    assert_int_equal(br_audit_list(w->txn, 0, audit, 4, &n, NULL), BR_OK);
    assert_int_equal(n, 3);
    assert_string_equal(audit[0].who, "ada");
    assert_string_equal(audit[0].what, "suspend");
    assert_string_equal(audit[0].detail, "a test");
    br_bulk_fini(&bulk);
}

static void
one_that_cannot_change_stops_all(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_issued a = issue(w, "isee", "P-1", NOW);
    struct br_issued b = issue(w, "isee", "P-2", NOW);
    struct br_issued got;
    struct br_bulk bulk;
    char id[33];
    assert_int_equal(
        br_issued_change(
            w->txn, &b, BR_STATUS_INVALID, "x", NOW * 1000000ull, NULL),
        BR_OK);
    br_issued_id_text(&b, id);
    br_bulk_init(&bulk, BR_STATUS_SUSPENDED);
    add(w, &bulk, "P-1");
    add(w, &bulk, id);
    add(w, &bulk, "nobody");
    assert_int_equal(bulk.fault_count, 2);
    assert_int_equal(bulk.faults[0].rc, BR_ERR_CONFLICT);
    assert_int_equal(bulk.faults[1].rc, BR_ERR_NOT_FOUND);
    assert_int_equal(apply(w, &bulk, "suspend"), BR_ERR_CONFLICT);
    assert_int_equal(
        br_issued_get(w->txn, br_bytes(a.id, 16), &got, NULL), BR_OK);
    assert_int_equal(got.status, BR_STATUS_VALID);
    br_bulk_fini(&bulk);
    /* By its reference it is left as it is, and nothing is wrong. */
    br_bulk_init(&bulk, BR_STATUS_SUSPENDED);
    add(w, &bulk, "P-2");
    assert_int_equal(bulk.fault_count, 0);
    assert_int_equal(bulk.left, 1);
    assert_int_equal(bulk.count, 0);
    br_bulk_fini(&bulk);
}

static void
all_of_a_type_or_reference(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_bulk b;
    (void)issue(w, "isee", "P-1", NOW);
    (void)issue(w, "isee", "P-2", NOW);
    (void)issue(w, "residence", "P-1", NOW);
    br_bulk_init(&b, BR_STATUS_SUSPENDED);
    assert_int_equal(br_bulk_add_all(w->txn, &b, "isee", "", NULL), BR_OK);
    assert_int_equal(b.count, 2);
    assert_int_equal(apply(w, &b, "suspend"), BR_OK);
    br_bulk_fini(&b);
    br_bulk_init(&b, BR_STATUS_INVALID);
    assert_int_equal(
        br_bulk_add_all(w->txn, &b, "residence", "P-1", NULL), BR_OK);
    assert_int_equal(b.count, 1);
    br_bulk_fini(&b);
    br_bulk_init(&b, BR_STATUS_SUSPENDED);
    assert_int_equal(br_bulk_add_all(w->txn, &b, "", "P-1", NULL), BR_OK);
    assert_int_equal(b.count, 1);
    assert_int_equal(b.already, 1);
    br_bulk_fini(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(what_fits_is_found_newest_first),
        T(a_changed_status_is_found_under_the_new_one),
        T(many_are_more_than_one_page),
        T(an_older_folder_is_indexed_when_it_is_opened),
        T(ids_and_references_change_together),
        T(one_that_cannot_change_stops_all),
        T(all_of_a_type_or_reference),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
