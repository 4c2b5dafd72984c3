/*
 * Offers, tokens, places of a status list: the rows and what may be done with
 * them.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/credential/status_list.h"
#include "common/crypto/hash.h"
#include "orchestrator/store/store.h"
#include "tests/unit/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1700000000, SIZE = 1024 };

struct world {
    char folder[64];
    struct br_kv *kv;
    struct br_kv_txn *txn;
};

static void
write_begin(struct world *w)
{
    assert_int_equal(br_kv_begin_write(w->kv, &w->txn, NULL), BR_OK);
}

static void
write_end(struct world *w)
{
    assert_int_equal(br_kv_commit(w->txn, NULL), BR_OK);
    w->txn = NULL;
}

static int
set_up(void **state)
{
    static struct world w;
    assert_int_equal(br_crypto_init(NULL), BR_OK);
    (void)snprintf(w.folder, sizeof(w.folder), "/tmp/broletto-store-XXXXXX");
    assert_non_null(mkdtemp(w.folder));
    assert_int_equal(br_orch_store_open(w.folder, &w.kv, NULL), BR_OK);
    write_begin(&w);
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

static struct br_orch_secret
offer(struct world *w, const char *tx)
{
    struct br_orch_secret s;
    const struct br_offer_new n = {
        .type = "isee",
        .reference = "P-1",
        .tx_code = tx,
        .claims = br_str("{\"a\":\"hidden claim\"}"),
        .now_s = NOW,
        .expires_s = NOW + 100,
    };
    assert_int_equal(br_offer_create(w->txn, &n, &s, NULL), BR_OK);
    return s;
}

static enum br_redeem_result
redeem(
    struct world *w,
    const struct br_orch_secret *s,
    const char *tx,
    uint64_t now_s)
{
    static const char token[] = "the token";
    struct br_offer o;
    enum br_redeem_result r;
    const struct br_redeem in = {
        .code = br_str(s->code),
        .tx_code = br_str(tx),
        .token = token,
        .thumbprint = "jkt",
        .client = "",
        .now_s = now_s,
        .token_s = 60,
    };
    struct br_hash key;
    assert_int_equal(br_redeem(w->txn, &in, &r, &o, &key, NULL), BR_OK);
    return r;
}

static void
an_offer_is_found_and_opened(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_orch_secret s = offer(w, NULL);
    struct br_orch_secret again;
    struct br_offer o;
    struct br_access a;
    struct br_buf key;
    struct br_buf claims;
    char id[17];
    assert_int_equal(br_orch_secret_parse(br_str(s.text), &again, NULL), BR_OK);
    assert_string_equal(s.code, again.code);
    for (size_t i = 0; i < 8; i++) {
        (void)snprintf(id + 2 * i, 3, "%02x", s.offer.b[i]);
    }
    assert_int_equal(br_offer_find(w->txn, id, &o, NULL), BR_OK);
    assert_string_equal(o.type, "isee");
    assert_int_equal(redeem(w, &s, "", NOW), BR_REDEEMED);
    assert_int_equal(redeem(w, &s, "", NOW), BR_REDEEM_NO_CODE);
    assert_int_equal(
        br_access_get(w->txn, br_str("the token"), NOW + 59, &a, NULL), BR_OK);
    assert_string_equal(a.thumbprint, "jkt");
    struct br_hash wrap = br_orch_hash("wrap", br_str("the token"));
    struct br_hash claims_key;
    br_buf_init(&key, 256);
    br_buf_init(&claims, 4096);
    assert_int_equal(br_orch_unseal(&wrap, a.sealed, &key, NULL), BR_OK);
    assert_int_equal(key.n, sizeof(claims_key.b));
    memcpy(claims_key.b, key.p, key.n);
    assert_int_equal(br_offer_get(w->txn, &a.offer, &o, NULL), BR_OK);
    assert_int_equal(
        br_orch_unseal(&claims_key, o.sealed, &claims, NULL), BR_OK);
    assert_memory_equal(claims.p, "{\"a\":\"hidden claim\"}", claims.n);
    claims_key.b[0] ^= 1;
    assert_int_equal(
        br_orch_unseal(&claims_key, o.sealed, &claims, NULL),
        BR_ERR_DECRYPTION_FAILED);
    assert_int_equal(
        br_access_get(w->txn, br_str("the token"), NOW + 60, &a, NULL),
        BR_ERR_TOKEN_EXPIRED);
    assert_int_equal(
        br_access_get(w->txn, br_str("another"), NOW, &a, NULL),
        BR_ERR_UNAUTHENTICATED);
    br_buf_fini(&key);
    br_buf_fini(&claims);
}

static void
codes_are_guarded(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_orch_secret plain = offer(w, NULL);
    struct br_orch_secret s = offer(w, "123456");
    struct br_offer o;
    assert_int_equal(redeem(w, &plain, "1", NOW), BR_REDEEM_TX_UNEXPECTED);
    assert_int_equal(redeem(w, &plain, "", NOW + 100), BR_REDEEM_NO_CODE);
    assert_int_equal(redeem(w, &s, "", NOW), BR_REDEEM_TX_MISSING);
    for (int i = 0; i < BR_ORCH_ATTEMPTS_MAX; i++) {
        assert_int_equal(redeem(w, &s, "123457", NOW), BR_REDEEM_TX_WRONG);
    }
    assert_int_equal(redeem(w, &s, "123456", NOW), BR_REDEEM_NO_CODE);
    assert_int_equal(br_offer_get(w->txn, &s.offer, &o, NULL), BR_OK);
    assert_int_equal(o.state, BR_OFFER_LOCKED);
    assert_int_equal(o.sealed.n, 0);
}

static struct br_issue
issue(struct world *w, const struct br_orch_secret *s, size_t count)
{
    static uint8_t next;
    struct br_issue i = {.list_size = SIZE};
    i.issued.offer = s->offer;
    i.issued.count = count;
    i.issued.issued_s = NOW;
    i.issued.expires_s = NOW + 1000;
    i.issued.id[0] = ++next;
    i.notice = br_orch_hash("notice", br_bytes(&next, 1));
    assert_int_equal(
        br_list_choose(
            w->txn, SIZE, count, &i.issued.list, i.issued.index, NULL),
        BR_OK);
    return i;
}

static void
places_are_taken_once(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_orch_secret a = offer(w, NULL);
    struct br_orch_secret b = offer(w, NULL);
    struct br_offer o;
    assert_int_equal(redeem(w, &a, "", NOW), BR_REDEEMED);
    assert_int_equal(redeem(w, &b, "", NOW), BR_REDEEMED);
    struct br_issue i = issue(w, &a, 8);
    assert_int_equal(br_issue_commit(w->txn, &i, NULL), BR_OK);
    assert_int_equal(br_issue_commit(w->txn, &i, NULL), BR_ERR_CONFLICT);
    i.issued.offer = b.offer;
    assert_int_equal(br_issue_commit(w->txn, &i, NULL), BR_ERR_BUSY);
    assert_int_equal(br_offer_get(w->txn, &a.offer, &o, NULL), BR_OK);
    assert_int_equal(o.state, BR_OFFER_ISSUED);
    assert_int_equal(o.sealed.n, 0);
}

/** Lists fill to three quarters; then the next one begins. Every place is some
 *  credential's, and none is another's. */
static void
lists_fill_and_follow(void **state)
{
    struct world *w = (struct world *)*state;
    uint32_t last = 0;
    struct br_list l;
    for (int n = 0; n < 40; n++) {
        struct br_orch_secret s = offer(w, NULL);
        assert_int_equal(redeem(w, &s, "", NOW), BR_REDEEMED);
        struct br_issue i = issue(w, &s, 32);
        assert_int_equal(br_issue_commit(w->txn, &i, NULL), BR_OK);
        last = i.issued.list;
    }
    assert_int_equal(last, 2);
    assert_int_equal(br_list_get(w->txn, 1, &l, NULL), BR_OK);
    assert_int_equal(l.used, SIZE / 4 * 3);
    assert_int_equal(br_list_get(w->txn, 2, &l, NULL), BR_OK);
    assert_int_equal(l.used, 40 * 32 - SIZE / 4 * 3);
}

static unsigned
status_of(struct world *w, const struct br_issued *i, uint64_t until_us)
{
    struct br_list l;
    struct br_status_list s;
    unsigned status = 9;
    assert_int_equal(br_list_get(w->txn, i->list, &l, NULL), BR_OK);
    assert_int_equal(br_list_read(w->txn, &l, until_us, &s, NULL), BR_OK);
    assert_int_equal(s.count, SIZE);
    assert_int_equal(br_status_list_get(&s, i->index[0], &status, NULL), BR_OK);
    br_status_list_fini(&s);
    return status;
}

static void
statuses_have_a_history(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_orch_secret s = offer(w, NULL);
    struct br_issued got;
    const uint64_t t = (uint64_t)NOW * 1000000;
    assert_int_equal(redeem(w, &s, "", NOW), BR_REDEEMED);
    struct br_issue i = issue(w, &s, 3);
    assert_int_equal(br_issue_commit(w->txn, &i, NULL), BR_OK);
    got = i.issued;
    assert_int_equal(
        br_issued_change(w->txn, &got, BR_STATUS_SUSPENDED, "a", t + 10, NULL),
        BR_OK);
    /* A clock that stands still does not mix what came first. */
    assert_int_equal(
        br_issued_change(w->txn, &got, BR_STATUS_VALID, "b", t + 10, NULL),
        BR_OK);
    assert_int_equal(
        br_issued_change(w->txn, &got, BR_STATUS_INVALID, "c", t + 20, NULL),
        BR_OK);
    assert_int_equal(
        br_issued_change(w->txn, &got, BR_STATUS_VALID, "d", t + 30, NULL),
        BR_ERR_CONFLICT);
    write_end(w);
    write_begin(w);
    assert_int_equal(status_of(w, &got, t + 9), BR_STATUS_VALID);
    assert_int_equal(status_of(w, &got, t + 10), BR_STATUS_SUSPENDED);
    assert_int_equal(status_of(w, &got, t + 11), BR_STATUS_VALID);
    assert_int_equal(status_of(w, &got, UINT64_MAX), BR_STATUS_INVALID);
    assert_int_equal(
        br_issued_get(w->txn, br_bytes(got.id, sizeof(got.id)), &got, NULL),
        BR_OK);
    assert_string_equal(got.reason, "c");
    assert_int_equal(got.count, 3);
}

static void
what_expired_is_dropped(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_orch_secret a = offer(w, NULL);
    struct br_orch_secret b = offer(w, NULL);
    struct br_offer o;
    size_t n;
    assert_int_equal(redeem(w, &b, "", NOW), BR_REDEEMED);
    assert_int_equal(br_orch_purge(w->txn, NOW + 59, 100, &n, NULL), BR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(br_orch_purge(w->txn, NOW + 100, 100, &n, NULL), BR_OK);
    assert_int_equal(n, 2); /* the offer that was not taken, and the token */
    assert_int_equal(
        br_offer_get(w->txn, &a.offer, &o, NULL), BR_ERR_NOT_FOUND);
    assert_int_equal(br_offer_get(w->txn, &b.offer, &o, NULL), BR_OK);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(an_offer_is_found_and_opened), CASE(codes_are_guarded),
        CASE(places_are_taken_once),        CASE(lists_fill_and_follow),
        CASE(statuses_have_a_history),      CASE(what_expired_is_dropped),
    };
    return cmocka_run_group_tests_name("orchestrator store", tests, NULL, NULL);
}
