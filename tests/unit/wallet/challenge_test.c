/*
 * Challenges: each is good for one purpose, one browser, five minutes, once.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/credential/rule.h"
#include "common/crypto/hash.h"
#include "common/store/kv.h"
#include "wallet/api/challenge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1000000 };

static struct br_challenges *c;
static struct br_challenge_for what;
static uint8_t challenge[BR_CHALLENGE_BYTES];
static struct br_err err;

static int
begin(void **state)
{
    (void)state;
    what = (struct br_challenge_for){
        BR_CEREMONY_ENTER, br_str("a browser"), br_str("ada")};
    return br_crypto_init(&err) == BR_OK &&
                   br_challenges_new(&c, &err) == BR_OK &&
                   br_challenge_make(c, &what, NOW, challenge, &err) == BR_OK
               ? 0
               : -1;
}

static int
end(void **state)
{
    (void)state;
    br_challenges_free(c);
    return 0;
}

static enum br_rc
check(uint64_t now_s)
{
    return br_challenge_check(
        c, &what, br_bytes(challenge, sizeof(challenge)), now_s, &err);
}

static enum br_rc
spend(uint64_t now_s)
{
    return br_challenge_spend(
        c, br_bytes(challenge, sizeof(challenge)), now_s, &err);
}

static void
expect_refused(enum br_rc rc, enum br_rule rule)
{
    assert_int_equal(rc, br_rule_info(rule)->rc);
    assert_ptr_equal(br_rule_of(&err), br_rule_info(rule));
}

static void
it_serves_once(void **state)
{
    (void)state;
    assert_int_equal(check(NOW), BR_OK);
    assert_int_equal(check(NOW + BR_CHALLENGE_S), BR_OK);
    assert_int_equal(spend(NOW + 1), BR_OK);
    expect_refused(check(NOW + 2), BR_RULE_WEBAUTHN_REPLAY);
    expect_refused(spend(NOW + 2), BR_RULE_WEBAUTHN_REPLAY);
    expect_refused(check(NOW + BR_CHALLENGE_S), BR_RULE_WEBAUTHN_REPLAY);
}

static void
it_grows_old(void **state)
{
    (void)state;
    expect_refused(check(NOW + BR_CHALLENGE_S + 1), BR_RULE_WEBAUTHN_CHALLENGE);
    assert_int_equal(check(NOW - 60), BR_OK); /* a clock that was set back */
    expect_refused(check(NOW - 61), BR_RULE_WEBAUTHN_CHALLENGE);
}

static void
it_is_for_one_purpose_and_browser(void **state)
{
    const struct br_challenge_for good = what;
    (void)state;
    what.ceremony = BR_CEREMONY_CONFIRM;
    expect_refused(check(NOW), BR_RULE_WEBAUTHN_CHALLENGE);
    what = good;
    what.browser = br_str("another");
    expect_refused(check(NOW), BR_RULE_WEBAUTHN_CHALLENGE);
    what.browser = br_bytes(NULL, 0);
    expect_refused(check(NOW), BR_RULE_WEBAUTHN_CHALLENGE);
    what = good;
    what.about = br_str("eve");
    expect_refused(check(NOW), BR_RULE_WEBAUTHN_CHALLENGE);
    /* The end of one part is not the beginning of the next. */
    what.browser = br_str("a browse");
    what.about = br_str("rada");
    expect_refused(check(NOW), BR_RULE_WEBAUTHN_CHALLENGE);
    what = good;
    assert_int_equal(check(NOW), BR_OK);
}

static void
each_byte_is_guarded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(challenge); i++) {
        challenge[i] ^= 1;
        expect_refused(check(NOW), BR_RULE_WEBAUTHN_CHALLENGE);
        challenge[i] ^= 1;
    }
    for (size_t n = 0; n < sizeof(challenge); n++) {
        expect_refused(
            br_challenge_check(c, &what, br_bytes(challenge, n), NOW, &err),
            BR_RULE_WEBAUTHN_CHALLENGE);
    }
}

static void
another_run_knows_it_not(void **state)
{
    (void)state;
    br_challenges_free(c);
    assert_int_equal(br_challenges_new(&c, &err), BR_OK);
    expect_refused(check(NOW), BR_RULE_WEBAUTHN_CHALLENGE);
}

/** Those that have expired make room; before that, nobody enters. */
static void
what_is_remembered_is_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < BR_CHALLENGES_SPENT_MAX; i++) {
        br_put_be64(challenge + BR_CHALLENGE_BYTES - 8, i);
        assert_int_equal(spend(NOW), BR_OK);
    }
    br_put_be64(challenge + BR_CHALLENGE_BYTES - 8, BR_CHALLENGES_SPENT_MAX);
    assert_int_equal(spend(NOW + BR_CHALLENGE_S), BR_ERR_BUSY);
    assert_int_equal(spend(NOW + BR_CHALLENGE_S + 1), BR_OK);
    expect_refused(spend(NOW + BR_CHALLENGE_S), BR_RULE_WEBAUTHN_REPLAY);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(it_serves_once),
        CASE(it_grows_old),
        CASE(it_is_for_one_purpose_and_browser),
        CASE(each_byte_is_guarded),
        CASE(another_run_knows_it_not),
        CASE(what_is_remembered_is_bounded),
    };
    return cmocka_run_group_tests_name("challenge", tests, NULL, NULL);
}
