/*
 * The authorization code, from the client's side: what is asked, and which
 * address a browser may come back with.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/support.h"

#include "common/credential/oauth_code.h"

#define STATE "s0123456789012345678901234567890123456789012"

static const struct br_code_expected expected = {
    .redirect = {(const uint8_t *)"https://w.example/back", 22},
    .state = {(const uint8_t *)STATE, sizeof(STATE) - 1},
    .server = {(const uint8_t *)"https://as.example", 18},
};

static enum br_rc
back(const char *url, struct br_code_back *ret)
{
    return br_code_back_parse(br_str(url), &expected, &arena, ret, &err);
}

/** What is written is a form that is read again, without what is empty. */
static void
what_is_asked(void **state)
{
    static struct br_form form;
    struct br_buf b;
    const struct br_code_request r = {
        .client = br_str("c"),
        .redirect = br_str("http://127.0.0.1:1/back?x=1&y"),
        .state = br_str("s"),
        .challenge = br_str("h"),
        .scope = br_str("a b"),
        .issuer_state = br_str("i+/="),
    };
    (void)state;
    br_buf_init(&b, BR_CODE_REQUEST_BYTES_MAX);
    br_code_request_put(&b, &r);
    assert_ok(br_form_parse(br_buf_bytes(&b), &arena, &form, &err));
    static const char *const wanted[][2] = {
        {"response_type", "code"},
        {"client_id", "c"},
        {"redirect_uri", "http://127.0.0.1:1/back?x=1&y"},
        {"state", "s"},
        {"code_challenge", "h"},
        {"code_challenge_method", "S256"},
        {"scope", "a b"},
        {"issuer_state", "i+/="},
    };
    assert_int_equal(form.count, sizeof(wanted) / sizeof(wanted[0]));
    for (size_t i = 0; i < form.count; i++) {
        assert_true(br_bytes_eq(
            br_form_get(&form, wanted[i][0]), br_str(wanted[i][1])));
    }
    br_buf_fini(&b);
}

static void
what_was_pushed(void **state)
{
    struct br_bytes uri;
    uint64_t in = 0;
    (void)state;
    assert_ok(br_code_pushed_parse(
        json("{\"request_uri\":\"urn:x\",\"expires_in\":60,\"y\":1}"), &uri,
        &in, &err));
    assert_true(br_bytes_eq(uri, br_str("urn:x")));
    assert_int_equal(in, 60);
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"request_uri\":\"urn:x\"}",
        "{\"expires_in\":60}",
        "{\"request_uri\":\"\",\"expires_in\":60}",
        "{\"request_uri\":\"urn:x\",\"expires_in\":0}",
        "{\"request_uri\":\"urn:x\",\"expires_in\":\"60\"}",
        "{\"request_uri\":1,\"expires_in\":60}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused(
            br_code_pushed_parse(json(bad[i]), &uri, &in, &err), OAUTH_PUSHED);
    }
}

static void
who_comes_back_is_believed(void **state)
{
    struct br_code_back b;
    struct br_bytes found;
    (void)state;
    assert_ok(back(
        "https://w.example/back?code=a%2Bb&state=" STATE
        "&iss=https%3A%2F%2Fas.example&other=1",
        &b));
    assert_true(br_bytes_eq(b.code, br_str("a+b")));
    assert_int_equal(b.error.n, 0);
    assert_ok(back(
        "https://w.example/back?error=access_denied&error_description="
        "no+thanks&state=" STATE "&iss=https://as.example",
        &b));
    assert_true(br_bytes_eq(b.error, br_str("access_denied")));
    assert_true(br_bytes_eq(b.description, br_str("no thanks")));
    assert_int_equal(b.code.n, 0);
    assert_ok(br_code_state_parse(
        br_str("https://elsewhere/?state=" STATE), &arena, &found, &err));
    assert_true(br_bytes_eq(found, expected.state));
}

/** An address that had a query comes back with it, and what was added. */
static void
an_address_with_a_query(void **state)
{
    const struct br_code_expected with = {
        .redirect = br_str("https://w.example/back?x=1"),
        .state = expected.state,
        .server = expected.server,
    };
    struct br_code_back b;
    (void)state;
    assert_ok(br_code_back_parse(
        br_str("https://w.example/back?x=1&code=a&state=" STATE
               "&iss=https://as.example"),
        &with, &arena, &b, &err));
    assert_refused(
        br_code_back_parse(
            br_str("https://w.example/back?x=1?code=a&state=" STATE
                   "&iss=https://as.example"),
            &with, &arena, &b, &err),
        OAUTH_REDIRECT);
    assert_refused(
        br_code_back_parse(
            br_str("https://w.example/back?x=12&code=a&state=" STATE
                   "&iss=https://as.example"),
            &with, &arena, &b, &err),
        OAUTH_REDIRECT);
}

static void
who_is_not_believed(void **state)
{
#define GOOD "code=a&state=" STATE "&iss=https://as.example"
    static const struct {
        const char *url;
        enum br_rule rule;
    } cases[] = {
        {"", BR_RULE_OAUTH_REDIRECT},
        {"https://w.example/back", BR_RULE_OAUTH_REDIRECT},
        {"https://w.example/back#" GOOD, BR_RULE_OAUTH_REDIRECT},
        {"https://w.example/back/?" GOOD, BR_RULE_OAUTH_REDIRECT},
        {"https://w.example/bac?" GOOD, BR_RULE_OAUTH_REDIRECT},
        {"https://w.example.evil/back?" GOOD, BR_RULE_OAUTH_REDIRECT},
        {"http://w.example/back?" GOOD, BR_RULE_OAUTH_REDIRECT},
        {"HTTPS://w.example/back?" GOOD, BR_RULE_OAUTH_REDIRECT},
        {"https://w.example/back?" GOOD "#f", BR_RULE_OAUTH_REDIRECT},
        {"https://w.example/back?" GOOD "&code=b", BR_RULE_OAUTH_FORM},
        {"https://w.example/back?" GOOD "&iss=https://evil.example",
         BR_RULE_OAUTH_FORM},
        {"https://w.example/back?code=a&iss=https://as.example",
         BR_RULE_OAUTH_STATE},
        {"https://w.example/back?code=a&state=&iss=https://as.example",
         BR_RULE_OAUTH_STATE},
        {"https://w.example/back?code=a&state=" STATE
         "x&iss=https://as.example",
         BR_RULE_OAUTH_STATE},
        {"https://w.example/back?code=a&state=S" STATE
         "&iss=https://as.example",
         BR_RULE_OAUTH_STATE},
        {"https://w.example/back?code=a&state=" STATE, BR_RULE_OAUTH_ISS},
        {"https://w.example/back?code=a&iss=&state=" STATE, BR_RULE_OAUTH_ISS},
        {"https://w.example/back?code=a&iss=https://as.example/&state=" STATE,
         BR_RULE_OAUTH_ISS},
        {"https://w.example/back?code=a&iss=https://AS.example&state=" STATE,
         BR_RULE_OAUTH_ISS},
        {"https://w.example/back?state=" STATE "&iss=https://as.example",
         BR_RULE_OAUTH_CODE},
        {"https://w.example/back?" GOOD "&error=x", BR_RULE_OAUTH_CODE},
    };
    struct br_code_back b;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum br_rc rc = back(cases[i].url, &b);
        const struct br_rule_info *r = br_rule_info(cases[i].rule);
        if (rc != r->rc || br_rule_of(&err) != r) {
            fail_msg("%s: \"%s\", not %s", cases[i].url, err.text, r->slug);
        }
    }
}

static void
an_address_has_an_end(void **state)
{
    char url[BR_CODE_BACK_BYTES_MAX + 200];
    struct br_bytes found;
    struct br_code_back b;
    (void)state;
    memset(url, 'a', sizeof(url));
    url[sizeof(url) - 1] = '\0';
    memcpy(url, "https://w.example/back?" GOOD "&x=", 88);
    assert_refused(back(url, &b), OAUTH_REDIRECT);
    assert_refused(
        br_code_state_parse(br_str(url), &arena, &found, &err), OAUTH_REDIRECT);
    assert_refused(
        br_code_state_parse(br_str("https://w/?x=1"), &arena, &found, &err),
        OAUTH_STATE);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(what_is_asked),
        T(what_was_pushed),
        T(who_comes_back_is_believed),
        T(an_address_with_a_query),
        T(who_is_not_believed),
        T(an_address_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
