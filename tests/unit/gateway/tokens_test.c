/*
 * Gateway tokens and their rates. Times are given, nothing waits.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/crypto/hash.h"
#include "node/gateway/rate.h"
#include "node/gateway/tokens.h"
#include "tests/unit/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define assert_ok(expr) assert_int_equal((expr), BR_OK)
#define T0              UINT64_C(1767225600000000)

struct fixture {
    char folder[64];
    struct br_tokens *tokens;
};

static int
setup(void **state)
{
    struct fixture *f = (struct fixture *)calloc(1, sizeof(*f));
    assert_non_null(f);
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/br-tokens-XXXXXX");
    assert_ok(br_crypto_init(NULL));
    assert_non_null(mkdtemp(f->folder));
    assert_ok(br_tokens_open(f->folder, &f->tokens, NULL));
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    br_tokens_close(f->tokens);
    int rc = remove_tree(f->folder);
    free(f);
    return rc;
}

static void
create(struct fixture *f, struct br_token *t, char text[BR_TOKEN_TEXT_BYTES])
{
    t->created.v = T0;
    (void)snprintf(t->member, sizeof(t->member), "comune");
    (void)snprintf(t->note, sizeof(t->note), "protocollo perch\xc3\xa9");
    assert_ok(br_tokens_create(f->tokens, t, text, NULL));
}

static enum br_rc
check(struct fixture *f, const char *text, enum br_scope scope, uint64_t now)
{
    struct br_token t;
    struct br_time_us time = {now};
    return br_tokens_check(f->tokens, br_str(text), scope, time, 1, &t, NULL);
}

static void
a_token_opens_what_it_is_for(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_token t = {.scopes = BR_SCOPE_STAMP | BR_SCOPE_READ};
    struct br_token got;
    char text[BR_TOKEN_TEXT_BYTES];
    create(f, &t, text);
    assert_int_equal(strlen(text), BR_TOKEN_TEXT_BYTES - 1);
    assert_memory_equal(text, "brt_", 4);
    struct br_time_us now = {T0};
    assert_ok(br_tokens_check(
        f->tokens, br_str(text), BR_SCOPE_STAMP, now, 1, &got, NULL));
    assert_string_equal(got.member, "comune");
    assert_string_equal(got.note, "protocollo perch\xc3\xa9");
    assert_true(br_hash_eq(&got.id, &t.id));
    assert_int_equal(check(f, text, BR_SCOPE_READ, T0), BR_OK);
    assert_int_equal(check(f, text, BR_SCOPE_ADD, T0), BR_ERR_FORBIDDEN);
    assert_int_equal(check(f, text, BR_SCOPE_RECORD, T0), BR_ERR_FORBIDDEN);
}

static void
an_unknown_text_opens_nothing(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_token t = {.scopes = BR_SCOPE_STAMP};
    char text[BR_TOKEN_TEXT_BYTES];
    create(f, &t, text);
    text[10] = (char)(text[10] == 'A' ? 'B' : 'A');
    assert_int_equal(
        check(f, text, BR_SCOPE_STAMP, T0), BR_ERR_UNAUTHENTICATED);
    assert_int_equal(check(f, "", BR_SCOPE_STAMP, T0), BR_ERR_UNAUTHENTICATED);
}

static void
a_token_expires_at_its_time(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_token t = {.scopes = BR_SCOPE_STAMP, .expires = {T0 + 1000}};
    char text[BR_TOKEN_TEXT_BYTES];
    create(f, &t, text);
    assert_int_equal(check(f, text, BR_SCOPE_STAMP, T0 + 999), BR_OK);
    assert_int_equal(
        check(f, text, BR_SCOPE_STAMP, T0 + 1000), BR_ERR_TOKEN_EXPIRED);
}

static void
id_text(const struct br_token *t, size_t digits, char *out)
{
    for (size_t i = 0; i < digits / 2; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", t->id.b[i]);
    }
}

static void
a_revoked_token_is_closed_for_good(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_token t = {.scopes = BR_SCOPE_STAMP};
    struct br_token other = {.scopes = BR_SCOPE_STAMP};
    char text[BR_TOKEN_TEXT_BYTES];
    char other_text[BR_TOKEN_TEXT_BYTES];
    char id[65];
    create(f, &t, text);
    create(f, &other, other_text);
    assert_string_not_equal(text, other_text);
    id_text(&t, 6, id);
    assert_int_equal(
        br_tokens_revoke(f->tokens, id, NULL), BR_ERR_OUT_OF_RANGE);
    id_text(&t, 8, id);
    assert_ok(br_tokens_revoke(f->tokens, id, NULL));
    assert_int_equal(
        br_tokens_revoke(f->tokens, "00000000000000", NULL), BR_ERR_NOT_FOUND);
    assert_int_equal(
        check(f, text, BR_SCOPE_STAMP, T0), BR_ERR_UNAUTHENTICATED);
    assert_int_equal(check(f, other_text, BR_SCOPE_STAMP, T0), BR_OK);
    br_tokens_close(f->tokens);
    f->tokens = NULL;
    assert_ok(br_tokens_open(f->folder, &f->tokens, NULL));
    assert_int_equal(
        check(f, text, BR_SCOPE_STAMP, T0), BR_ERR_UNAUTHENTICATED);
    assert_int_equal(check(f, other_text, BR_SCOPE_STAMP, T0), BR_OK);
}

static void
count_token(void *ctx, const struct br_token *token)
{
    size_t *n = (size_t *)ctx;
    assert_string_equal(token->member, "comune");
    (*n)++;
}

static void
tokens_are_listed(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    size_t n = 0;
    for (int i = 0; i < 5; i++) {
        struct br_token t = {.scopes = BR_SCOPE_STAMP};
        char text[BR_TOKEN_TEXT_BYTES];
        create(f, &t, text);
    }
    assert_ok(br_tokens_list(f->tokens, count_token, &n, NULL));
    assert_int_equal(n, 5);
}

static void
a_token_may_not_be_faster_than_its_rate(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_token t = {
        .scopes = BR_SCOPE_STAMP, .rate_per_s = 10, .burst = 3};
    char text[BR_TOKEN_TEXT_BYTES];
    create(f, &t, text);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(check(f, text, BR_SCOPE_STAMP, T0), BR_OK);
    }
    assert_int_equal(check(f, text, BR_SCOPE_STAMP, T0), BR_ERR_RATE_EXCEEDED);
    assert_int_equal(check(f, text, BR_SCOPE_STAMP, T0 + 100000), BR_OK);
}

static void
scopes_are_read_and_written(void **state)
{
    static const char all[] = "notary:stamp,notary:record,log:add,log:read";
    uint32_t scopes = 0;
    struct br_buf b;
    (void)state;
    assert_ok(br_scopes_parse(all, &scopes, NULL));
    assert_int_equal(scopes, 15);
    br_buf_init(&b, 100);
    br_scopes_put(&b, scopes);
    assert_true(br_bytes_eq(br_buf_bytes(&b), br_str(all)));
    br_buf_fini(&b);
    assert_int_equal(
        br_scopes_parse("log:read,nonsense", &scopes, NULL),
        BR_ERR_OUT_OF_RANGE);
    assert_int_equal(
        br_scopes_parse("log:", &scopes, NULL), BR_ERR_OUT_OF_RANGE);
}

/* ---- rates -------------------------------------------------------------- */

static const struct br_hash key_a = {{1}};
static const struct br_hash key_b = {{1, 0, 1}}; /* the same eight cells */

static bool
admit(struct br_rates *r, const struct br_hash *k, uint32_t cost, uint64_t now)
{
    struct br_time_us t = {now};
    return br_rates_admit(r, k, 100, 20, cost, t);
}

static void
a_burst_then_a_steady_rate(void **state)
{
    struct br_rates *r = br_rates_new();
    size_t admitted = 0;
    (void)state;
    assert_non_null(r);
    for (int i = 0; i < 50; i++) {
        admitted += admit(r, &key_a, 1, T0);
    }
    assert_int_equal(admitted, 20);
    for (uint64_t us = 1000; us <= 1000000; us += 1000) {
        admitted += admit(r, &key_a, 1, T0 + us);
    }
    assert_int_equal(admitted, 120);
    br_rates_free(r);
}

static void
keys_have_rates_of_their_own(void **state)
{
    struct br_rates *r = br_rates_new();
    (void)state;
    assert_non_null(r);
    assert_true(admit(r, &key_a, 20, T0));
    assert_false(admit(r, &key_a, 1, T0));
    assert_true(admit(r, &key_b, 20, T0));
    assert_false(admit(r, &key_b, 1, T0));
    br_rates_free(r);
}

/** A batch beyond the burst passes once, and is paid for afterwards. */
static void
what_costs_more_than_the_burst_is_paid_for(void **state)
{
    struct br_rates *r = br_rates_new();
    (void)state;
    assert_non_null(r);
    assert_true(admit(r, &key_a, 200, T0));
    assert_false(admit(r, &key_a, 1, T0 + 1000000));
    assert_true(admit(r, &key_a, 1, T0 + 1810000));
    br_rates_free(r);
}

static void
a_refusal_costs_nothing(void **state)
{
    struct br_rates *r = br_rates_new();
    (void)state;
    assert_non_null(r);
    assert_true(admit(r, &key_a, 20, T0));
    for (int i = 0; i < 1000; i++) {
        assert_false(admit(r, &key_a, 1, T0 + 9999));
    }
    assert_true(admit(r, &key_a, 1, T0 + 10000));
    br_rates_free(r);
}

/** A full table forgives, and never refuses. */
static void
more_keys_than_cells_are_forgiven(void **state)
{
    struct br_rates *r = br_rates_new();
    (void)state;
    assert_non_null(r);
    for (uint64_t i = 0; i < 20000; i++) {
        struct br_hash k;
        br_sha256(br_bytes(&i, sizeof(i)), &k);
        assert_true(admit(r, &k, 20, T0 + i));
    }
    br_rates_free(r);
}

static void
a_rate_above_a_million_is_a_rate(void **state)
{
    struct br_rates *r = br_rates_new();
    struct br_time_us now = {T0};
    (void)state;
    assert_non_null(r);
    assert_true(br_rates_admit(r, &key_a, 2000000, 10, 10, now));
    assert_false(br_rates_admit(r, &key_a, 2000000, 10, 10, now));
    br_rates_free(r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_opens_what_it_is_for),
        TEST(an_unknown_text_opens_nothing),
        TEST(a_token_expires_at_its_time),
        TEST(a_revoked_token_is_closed_for_good),
        TEST(tokens_are_listed),
        TEST(a_token_may_not_be_faster_than_its_rate),
        cmocka_unit_test(scopes_are_read_and_written),
        cmocka_unit_test(a_burst_then_a_steady_rate),
        cmocka_unit_test(keys_have_rates_of_their_own),
        cmocka_unit_test(what_costs_more_than_the_burst_is_paid_for),
        cmocka_unit_test(a_refusal_costs_nothing),
        cmocka_unit_test(more_keys_than_cells_are_forgiven),
        cmocka_unit_test(a_rate_above_a_million_is_a_rate),
    };
    return cmocka_run_group_tests_name("tokens", tests, NULL, NULL);
}
