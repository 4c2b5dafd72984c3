/*
 * Requests, results and receipts: made, kept for their time, and gone after it.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/credential/rule.h"
#include "common/crypto/hash.h"
#include "orchestrator/verifier/ask.h"
#include "tests/unit/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1700000000, ARENA_BYTES = 4 << 20 };

#define QUERY                                                   \
    "{\"credentials\":[{\"id\":\"a\",\"format\":\"dc+sd-jwt\"," \
    "\"meta\":{\"vct_values\":[\"t\"]}}]}"

static char folder[64];
static struct br_kv *kv;
static struct br_kv_txn *txn;
static struct br_arena arena;
static struct br_err err;

static int
set_up(void **state)
{
    (void)state;
    assert_int_equal(br_crypto_init(NULL), BR_OK);
    (void)snprintf(folder, sizeof(folder), "/tmp/broletto-verifier-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(br_verifier_rows_open(folder, &kv, NULL), BR_OK);
    assert_int_equal(br_kv_begin_write(kv, &txn, NULL), BR_OK);
    br_arena_init(&arena, ARENA_BYTES);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    br_kv_end(txn);
    br_kv_close(kv);
    br_arena_fini(&arena);
    return remove_tree(folder);
}

static struct br_verifier_new
a_request(void)
{
    return (struct br_verifier_new){
        .query = br_str(QUERY), .now_s = NOW, .lifetime_s = 600};
}

static const struct br_verifier_identity who = {
    .public_url = "https://v.example", .prefix = BR_VP_REDIRECT_URI};

static enum br_rc
make(const struct br_verifier_new *n, struct br_verifier_request *ret)
{
    return br_verifier_create(txn, &who, n, &arena, ret, &err);
}

static void
a_request_is_read_as_it_was_made(void **state)
{
    (void)state;
    struct br_verifier_new n = a_request();
    struct br_verifier_request r = {0};
    struct br_verifier_request back = {0};
    n.purpose = "a purpose";
    n.redirect_uri = "https://v.example/back";
    n.transactions =
        br_str("[{\"type\":\"urn:broletto:transaction:approval:1\","
               "\"credential_ids\":[\"a\"],\"text\":\"t\"}]");
    assert_int_equal(make(&n, &r), BR_OK);
    assert_int_equal(
        br_verifier_get_request(txn, r.id, &arena, &back, &err), BR_OK);
    assert_true(br_bytes_eq(back.nonce, r.nonce));
    assert_true(br_bytes_eq(back.state, r.state));
    assert_true(br_bytes_eq(back.key, r.key));
    assert_true(br_bytes_eq(back.client_id, r.client_id));
    assert_true(br_bytes_eq(back.response_uri, r.response_uri));
    assert_true(br_bytes_eq(back.response_code, r.response_code));
    assert_true(br_bytes_eq(back.purpose, br_str("a purpose")));
    assert_true(br_json_equal(back.query, r.query));
    assert_true(br_json_equal(back.transaction_data, r.transaction_data));
    assert_int_equal(back.expires_s, NOW + 600);
    assert_int_equal(back.phase, BR_PHASE_WAITING);
    assert_int_equal(r.nonce.n, BR_VERIFIER_SECRET_BYTES);
    assert_false(br_bytes_eq(r.nonce, r.state));
}

static void
two_requests_share_nothing(void **state)
{
    (void)state;
    const struct br_verifier_new n = a_request();
    struct br_verifier_request a = {0};
    struct br_verifier_request b = {0};
    struct br_vp_ask ask[2];
    struct br_private_key *key[2] = {NULL, NULL};
    assert_int_equal(make(&n, &a), BR_OK);
    assert_int_equal(make(&n, &b), BR_OK);
    assert_false(br_bytes_eq(a.id, b.id));
    assert_false(br_bytes_eq(a.nonce, b.nonce));
    assert_int_equal(br_verifier_ask(&who, &a, &ask[0], &key[0], &err), BR_OK);
    assert_int_equal(br_verifier_ask(&who, &b, &ask[1], &key[1], &err), BR_OK);
    assert_false(br_key_eq(ask[0].encryption, ask[1].encryption));
    br_private_key_free(key[0]);
    br_private_key_free(key[1]);
    a.key = br_bytes(NULL, 0); /* as it is once the answer has come */
    assert_int_equal(
        br_verifier_ask(&who, &a, &ask[0], &key[0], &err), BR_ERR_CORRUPT);
}

static void
bad_requests_are_not_made(void **state)
{
    (void)state;
    struct br_verifier_request r;
    struct br_verifier_new n = a_request();
    n.query = br_str("{}");
    assert_int_equal(make(&n, &r), BR_ERR_MALFORMED);
    assert_non_null(br_rule_of(&err));
    n = a_request();
    n.transactions = br_str("[]");
    assert_int_equal(make(&n, &r), BR_ERR_OUT_OF_RANGE);
    n.transactions = br_str("{\"type\":\"x\"}");
    assert_int_equal(make(&n, &r), BR_ERR_MALFORMED);
    n = a_request();
    n.redirect_uri = "http://v.example/"; /* not in development */
    assert_int_equal(make(&n, &r), BR_ERR_MALFORMED);
    n = a_request();
    n.purpose = "\xff";
    assert_int_equal(make(&n, &r), BR_ERR_BAD_UTF8);
}

static void
results_go_when_their_time_is_over(void **state)
{
    (void)state;
    const struct br_verifier_new n = a_request();
    struct br_verifier_request r = {0};
    struct br_bytes text = {0};
    assert_int_equal(make(&n, &r), BR_OK);
    assert_int_equal(
        br_verifier_get_result(txn, r.id, NOW, &arena, &text, &err),
        BR_ERR_NOT_FOUND);
    assert_int_equal(
        br_verifier_put_result(txn, r.id, NOW + 60, br_str("{\"a\":1}"), &err),
        BR_OK);
    assert_int_equal(
        br_verifier_get_result(txn, r.id, NOW + 59, &arena, &text, &err),
        BR_OK);
    assert_true(br_bytes_eq(text, br_str("{\"a\":1}")));
    assert_int_equal(
        br_verifier_get_result(txn, r.id, NOW + 60, &arena, &text, &err),
        BR_ERR_NOT_FOUND);
    uint64_t rows = 0;
    assert_int_equal(br_verifier_purge(txn, NOW + 59, 10, &err), BR_OK);
    assert_int_equal(br_kv_count(txn, BR_VERIFIER_RESULTS, &rows, &err), BR_OK);
    assert_int_equal(rows, 1);
    assert_int_equal(br_verifier_purge(txn, NOW + 60, 10, &err), BR_OK);
    assert_int_equal(br_kv_count(txn, BR_VERIFIER_RESULTS, &rows, &err), BR_OK);
    assert_int_equal(rows, 0);
    assert_int_equal(
        br_verifier_get_request(txn, r.id, &arena, &r, &err), BR_OK);
    assert_int_equal(
        br_verifier_purge(txn, NOW + 600 + 86401, 10, &err), BR_OK);
    assert_int_equal(
        br_verifier_get_request(txn, r.id, &arena, &r, &err), BR_ERR_NOT_FOUND);
}

static void
receipts_wait_for_their_stamp(void **state)
{
    (void)state;
    char id[BR_VERIFIER_ID_BYTES + 1];
    char next[BR_VERIFIER_ID_BYTES + 1];
    struct br_verifier_receipt r = {.jws = br_str("a.b.c")};
    struct br_verifier_receipt back = {0};
    br_verifier_random_id(id);
    assert_int_equal(
        br_verifier_next_unstamped(txn, next, &err), BR_ERR_NOT_FOUND);
    assert_int_equal(br_verifier_put_receipt(txn, br_str(id), &r, &err), BR_OK);
    assert_int_equal(br_verifier_next_unstamped(txn, next, &err), BR_OK);
    assert_string_equal(next, id);
    r.stamped = true;
    r.entry = 77;
    assert_int_equal(br_verifier_put_receipt(txn, br_str(id), &r, &err), BR_OK);
    assert_int_equal(
        br_verifier_next_unstamped(txn, next, &err), BR_ERR_NOT_FOUND);
    assert_int_equal(
        br_verifier_get_receipt(txn, br_str(id), &arena, &back, &err), BR_OK);
    assert_true(back.stamped);
    assert_int_equal(back.entry, 77);
    assert_true(br_bytes_eq(back.jws, br_str("a.b.c")));
    assert_int_equal(
        br_verifier_get_receipt(txn, br_str("x"), &arena, &back, &err),
        BR_ERR_NOT_FOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_request_is_read_as_it_was_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            two_requests_share_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            bad_requests_are_not_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            results_go_when_their_time_is_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            receipts_wait_for_their_stamp, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
