/*
 * Refresh tokens: whose they are, how long, what an old one opens.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "orchestrator/store/renewals.h"

#include "common/credential/status_list.h"
#include "common/crypto/hash.h"
#include "tests/unit/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1700000000, SIZE = 1024, RENEWAL_S = 1000000 };
static const char claims[] = "{\"a\":\"hidden claim\"}";

struct world {
    char folder[64];
    struct br_kv *kv;
    struct br_kv_txn *txn;
    struct br_orch_secret secret;
    struct br_renewal_holder holder;
    char token[BR_RENEWAL_TEXT_BYTES];
};

/** A folder with an offer that was taken, and its first refresh token. */
static int
set_up(void **state)
{
    static struct world w;
    struct br_hash key;
    struct br_offer o;
    enum br_redeem_result r;
    assert_int_equal(br_crypto_init(NULL), BR_OK);
    (void)snprintf(w.folder, sizeof(w.folder), "/tmp/broletto-renew-XXXXXX");
    assert_non_null(mkdtemp(w.folder));
    assert_int_equal(br_orch_store_open(w.folder, &w.kv, NULL), BR_OK);
    assert_int_equal(br_kv_begin_write(w.kv, &w.txn, NULL), BR_OK);
    const struct br_offer_new offer = {
        .type = "isee",
        .reference = "",
        .claims = br_str(claims),
        .now_s = NOW,
        .expires_s = NOW + 100,
    };
    assert_int_equal(br_offer_create(w.txn, &offer, &w.secret, NULL), BR_OK);
    const struct br_redeem in = {
        .code = br_str(w.secret.code),
        .token = "the first",
        .thumbprint = "jkt",
        .client = "me",
        .now_s = NOW,
        .token_s = 60,
    };
    assert_int_equal(br_redeem(w.txn, &in, &r, &o, &key, NULL), BR_OK);
    w.holder = (struct br_renewal_holder){"me", "", "jkt"};
    const struct br_renewal_new n = {
        .offer = w.secret.offer,
        .claims_key = &key,
        .holder = w.holder,
        .now_s = NOW,
        .ends_s = NOW + RENEWAL_S,
    };
    assert_int_equal(br_renewal_create(w.txn, &n, w.token, NULL), BR_OK);
    assert_int_equal(strlen(w.token), BR_RENEWAL_TEXT_BYTES - 1);
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

/** With the access token `access`; ret may be the token itself. */
static enum br_redeem_result
use(struct world *w,
    const char *token,
    uint64_t now_s,
    const char *access,
    char ret[BR_RENEWAL_TEXT_BYTES])
{
    struct br_refreshed got;
    enum br_redeem_result r;
    const struct br_refresh in = {
        .token = br_str(token),
        .holder = w->holder,
        .access = access,
        .now_s = now_s,
        .token_s = 60,
        .deferred_s = 600,
    };
    assert_int_equal(br_renewal_use(w->txn, &in, &r, &got, NULL), BR_OK);
    if (r == BR_REDEEMED) {
        assert_int_equal(got.expires_in, 60);
        assert_string_equal(got.offer.type, "isee");
        assert_string_not_equal(got.token, token);
        (void)snprintf(ret, BR_RENEWAL_TEXT_BYTES, "%s", got.token);
    }
    return r;
}

/** Does the access token open the claims? */
static bool
opens(struct world *w, const char *access, uint64_t now_s)
{
    struct br_access a;
    struct br_offer o;
    struct br_hash wrap = br_orch_hash("wrap", br_str(access));
    struct br_hash key;
    struct br_buf b;
    bool good =
        br_access_get(w->txn, br_str(access), now_s, &a, NULL) == BR_OK &&
        br_offer_get(w->txn, &a.offer, &o, NULL) == BR_OK;
    br_buf_init(&b, 4096);
    good = good && br_orch_unseal(&wrap, a.sealed, &b, NULL) == BR_OK &&
           b.n == sizeof(key.b);
    if (good) {
        memcpy(key.b, b.p, b.n);
        br_buf_clear(&b);
        good = br_orch_unseal(&key, o.sealed, &b, NULL) == BR_OK &&
               b.n == strlen(claims) && memcmp(b.p, claims, b.n) == 0;
    }
    br_buf_fini(&b);
    return good;
}

static void
each_use_gives_new_tokens(void **state)
{
    struct world *w = (struct world *)*state;
    char next[BR_RENEWAL_TEXT_BYTES];
    char last[BR_RENEWAL_TEXT_BYTES];
    struct br_hash code = br_orch_hash("claims", br_str(w->secret.code));
    struct br_offer o;
    struct br_buf b;
    assert_true(opens(w, "the first", NOW));
    assert_int_equal(use(w, w->token, NOW + 9, "second", next), BR_REDEEMED);
    assert_true(opens(w, "second", NOW + 9));
    assert_false(opens(w, "the first", NOW + 9));
    assert_int_equal(use(w, next, NOW + 10, "third", last), BR_REDEEMED);
    assert_true(opens(w, "third", NOW + 69));
    assert_false(opens(w, "third", NOW + 70));
    assert_false(opens(w, "second", NOW + 10));
    /* Nor does the code that stood in the link open anything. */
    br_buf_init(&b, 4096);
    assert_int_equal(br_offer_get(w->txn, &w->secret.offer, &o, NULL), BR_OK);
    assert_int_equal(
        br_orch_unseal(&code, o.sealed, &b, NULL), BR_ERR_DECRYPTION_FAILED);
    br_buf_fini(&b);
}

static void
others_are_refused_and_end_nothing(void **state)
{
    static const struct br_renewal_holder wrong[] = {
        {"you", "", "jkt"},  {"", "", "jkt"}, {"me", "key", "jkt"},
        {"me", "", "other"}, {"me", "", ""},
    };
    struct world *w = (struct world *)*state;
    struct br_renewal_holder right = w->holder;
    char next[BR_RENEWAL_TEXT_BYTES];
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        w->holder = wrong[i];
        assert_int_equal(
            use(w, w->token, NOW, "x", next), BR_REDEEM_BAD_REFRESH);
    }
    w->holder = right;
    for (size_t i = 0; i < BR_RENEWAL_TEXT_BYTES - 1; i += 7) {
        char bad[BR_RENEWAL_TEXT_BYTES];
        (void)snprintf(bad, sizeof(bad), "%s", w->token);
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        /* What stays in a token is its first 48 bytes, 64 digits. */
        if (i < 64) {
            assert_int_equal(use(w, bad, NOW, "x", next), BR_REDEEM_NO_REFRESH);
        }
    }
    assert_int_equal(use(w, "", NOW, "x", next), BR_REDEEM_NO_REFRESH);
    assert_int_equal(use(w, w->token, NOW, "x", next), BR_REDEEMED);
}

static void
a_lost_answer_is_forgiven_for_a_minute(void **state)
{
    struct world *w = (struct world *)*state;
    char lost[BR_RENEWAL_TEXT_BYTES];
    char next[BR_RENEWAL_TEXT_BYTES];
    assert_int_equal(use(w, w->token, NOW, "a", lost), BR_REDEEMED);
    assert_int_equal(use(w, w->token, NOW + 30, "b", next), BR_REDEEMED);
    assert_int_equal(
        use(w, w->token, NOW + BR_RENEWAL_GRACE_S, "c", next), BR_REDEEMED);
    assert_true(opens(w, "c", NOW + BR_RENEWAL_GRACE_S));
    /* The minute begins with the first time; then it was used before. */
    assert_int_equal(
        use(w, w->token, NOW + BR_RENEWAL_GRACE_S + 1, "d", next),
        BR_REDEEM_REUSED);
    assert_false(br_renewal_is(w->txn, &w->secret.offer));
    assert_int_equal(use(w, next, NOW + 61, "e", next), BR_REDEEM_NO_REFRESH);
    assert_int_equal(use(w, lost, NOW + 61, "e", next), BR_REDEEM_NO_REFRESH);
    assert_false(opens(w, "c", NOW + 61));
}

/** The token of the lost answer may turn up elsewhere: then it was stolen. */
static void
the_lost_token_itself_ends_it(void **state)
{
    struct world *w = (struct world *)*state;
    char lost[BR_RENEWAL_TEXT_BYTES];
    char next[BR_RENEWAL_TEXT_BYTES];
    assert_int_equal(use(w, w->token, NOW, "a", lost), BR_REDEEMED);
    assert_int_equal(use(w, w->token, NOW + 1, "b", next), BR_REDEEMED);
    assert_int_equal(use(w, lost, NOW + 2, "c", next), BR_REDEEM_REUSED);
    assert_false(br_renewal_is(w->txn, &w->secret.offer));
}

static void
it_ends_with_its_time(void **state)
{
    struct world *w = (struct world *)*state;
    size_t n;
    char next[BR_RENEWAL_TEXT_BYTES];
    const uint64_t end = NOW + RENEWAL_S;
    assert_int_equal(use(w, w->token, end - 1, "a", next), BR_REDEEMED);
    assert_int_equal(use(w, next, end, "b", next), BR_REDEEM_NO_REFRESH);
    assert_int_equal(br_orch_purge(w->txn, end - 1, 100, &n, NULL), BR_OK);
    assert_true(br_renewal_is(w->txn, &w->secret.offer));
    assert_int_equal(br_orch_purge(w->txn, end, 100, &n, NULL), BR_OK);
    assert_false(br_renewal_is(w->txn, &w->secret.offer));
}

static enum br_rc
issue(struct world *w, uint64_t now_s, bool renewed, struct br_issue *ret)
{
    static uint8_t next;
    struct br_issue i = {.list_size = SIZE, .renewed = renewed};
    i.issued.offer = w->secret.offer;
    i.issued.count = 3;
    i.issued.issued_s = now_s;
    i.issued.expires_s = now_s + 1000;
    i.issued.id[0] = ++next;
    i.notice = br_orch_hash("notice", br_bytes(&next, 1));
    i.renewal_ends_s = NOW + 5000;
    assert_int_equal(
        br_list_choose(w->txn, SIZE, 3, &i.issued.list, i.issued.index, NULL),
        BR_OK);
    *ret = i;
    return br_issue_commit(w->txn, &i, NULL);
}

static unsigned
status_of(struct world *w, const struct br_issued *i)
{
    struct br_list l;
    struct br_status_list s;
    unsigned status = 9;
    assert_int_equal(br_list_get(w->txn, i->list, &l, NULL), BR_OK);
    assert_int_equal(br_list_read(w->txn, &l, UINT64_MAX, &s, NULL), BR_OK);
    assert_int_equal(br_status_list_get(&s, i->index[2], &status, NULL), BR_OK);
    br_status_list_fini(&s);
    return status;
}

static void
one_batch_for_each_use(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_issue first;
    struct br_issue more;
    struct br_issued whole;
    struct br_offer o;
    assert_int_equal(issue(w, NOW, true, &more), BR_ERR_CONFLICT);
    assert_int_equal(issue(w, NOW, false, &first), BR_OK);
    assert_int_equal(issue(w, NOW, false, &more), BR_ERR_CONFLICT);
    assert_int_equal(issue(w, NOW, true, &more), BR_ERR_CONFLICT);
    assert_int_equal(use(w, w->token, NOW + 1, "a", w->token), BR_REDEEMED);
    assert_true(opens(w, "a", NOW + 1));
    assert_int_equal(issue(w, NOW + 500, true, &more), BR_OK);
    assert_int_equal(issue(w, NOW + 501, true, &more), BR_ERR_CONFLICT);
    const struct br_bytes id = br_bytes(first.issued.id, BR_ORCH_ID_BYTES);
    assert_int_equal(br_issued_get(w->txn, id, &whole, NULL), BR_OK);
    assert_int_equal(whole.expires_s, NOW + 1500);
    assert_int_equal(whole.count, 3);
    assert_int_equal(
        br_issued_change(
            w->txn, &whole, BR_STATUS_SUSPENDED, "x", 1000000ull * NOW, NULL),
        BR_OK);
    assert_int_equal(status_of(w, &first.issued), BR_STATUS_SUSPENDED);
    assert_int_equal(use(w, w->token, NOW + 600, "b", w->token), BR_REDEEMED);
    assert_int_equal(issue(w, NOW + 600, true, &more), BR_OK);
    assert_int_equal(status_of(w, &more.issued), BR_STATUS_SUSPENDED);
    assert_int_equal(
        br_issued_change(
            w->txn, &whole, BR_STATUS_INVALID, "x", 1000000ull * NOW, NULL),
        BR_OK);
    assert_int_equal(status_of(w, &first.issued), BR_STATUS_INVALID);
    assert_int_equal(status_of(w, &more.issued), BR_STATUS_INVALID);
    assert_int_equal(br_offer_get(w->txn, &w->secret.offer, &o, NULL), BR_OK);
    assert_int_equal(o.state, BR_OFFER_ISSUED);
    assert_int_equal(o.sealed.n, 0);
    assert_int_equal(
        use(w, w->token, NOW + 601, "c", w->token), BR_REDEEM_NO_REFRESH);
}

/** The first issue sets the end; with it the claims go. */
static void
claims_go_with_the_end(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_issue i;
    struct br_offer o;
    size_t n;
    assert_int_equal(issue(w, NOW, false, &i), BR_OK);
    assert_int_equal(br_offer_get(w->txn, &w->secret.offer, &o, NULL), BR_OK);
    assert_true(o.sealed.n > 0);
    assert_int_equal(use(w, w->token, NOW + 4999, "a", w->token), BR_REDEEMED);
    assert_int_equal(
        use(w, w->token, NOW + 5000, "b", w->token), BR_REDEEM_NO_REFRESH);
    assert_int_equal(issue(w, NOW + 5000, true, &i), BR_ERR_CONFLICT);
    assert_int_equal(br_orch_purge(w->txn, NOW + 5000, 100, &n, NULL), BR_OK);
    assert_int_equal(br_offer_get(w->txn, &w->secret.offer, &o, NULL), BR_OK);
    assert_int_equal(o.sealed.n, 0);
}

static void
batches_have_a_maximum(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_renewal r;
    struct br_issue i;
    assert_int_equal(issue(w, NOW, false, &i), BR_OK);
    for (size_t n = 0; n < BR_RENEWAL_BATCHES_MAX; n++) {
        assert_int_equal(use(w, w->token, NOW, "a", w->token), BR_REDEEMED);
        assert_int_equal(
            br_renewal_check(w->txn, &w->secret.offer, NOW, &r, NULL), BR_OK);
        assert_int_equal(br_renewal_take(w->txn, &r, NULL), BR_OK);
        assert_int_equal(r.batches, n + 1);
    }
    assert_int_equal(use(w, w->token, NOW, "a", w->token), BR_REDEEMED);
    assert_int_equal(
        br_renewal_check(w->txn, &w->secret.offer, NOW, &r, NULL),
        BR_ERR_CONFLICT);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(each_use_gives_new_tokens),
        CASE(others_are_refused_and_end_nothing),
        CASE(a_lost_answer_is_forgiven_for_a_minute),
        CASE(the_lost_token_itself_ends_it),
        CASE(it_ends_with_its_time),
        CASE(one_batch_for_each_use),
        CASE(claims_go_with_the_end),
        CASE(batches_have_a_maximum),
    };
    return cmocka_run_group_tests_name(
        "orchestrator renewals", tests, NULL, NULL);
}
