/*
 * What a credential says, and what is told about it.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/store/fixture.h"

#include "common/codec/json.h"
#include "wallet/core/show.h"

#include <stdio.h>
#include <string.h>

static struct br_err err;
static struct br_arena arena;

static int
begin(void **state)
{
    (void)state;
    br_arena_init(&arena, 1 << 22);
    return 0;
}

static int
finish(void **state)
{
    (void)state;
    br_arena_fini(&arena);
    return 0;
}

static struct br_json *
json(const char *text)
{
    struct br_json *v = NULL;
    expect_ok(br_json_parse(br_str(text), &arena, &v, &err), &err);
    return v;
}

/** "label=text; label=text" */
static void
expect_words(
    const char *claims, const char *display, const char *lang, const char *said)
{
    struct br_words words;
    struct br_buf b;
    expect_ok(
        br_words_claims(
            json(claims), display == NULL ? NULL : json(display), lang, &arena,
            &words, &err),
        &err);
    br_buf_init(&b, 65536);
    for (size_t i = 0; i < words.count; i++) {
        br_buf_printf(
            &b, "%s%.*s=%.*s", i == 0 ? "" : "; ", (int)words.lines[i].label.n,
            (const char *)words.lines[i].label.p, (int)words.lines[i].text.n,
            (const char *)words.lines[i].text.p);
    }
    br_buf_put(&b, "", 1);
    assert_string_equal((const char *)b.p, said);
    br_buf_fini(&b);
}

static void
names_without_metadata(void **state)
{
    (void)state;
    expect_words("{}", NULL, "en", "");
    expect_words(
        "{\"iss\":\"x\",\"exp\":1,\"vct\":\"y\",\"cnf\":{\"jwk\":{}},"
        "\"status\":{\"a\":1},\"given_name\":\"Ada\",\"is_minor\":false}",
        NULL, "en", "Given name=Ada; Is minor=no");
    expect_words(
        "{\"address\":{\"locality\":\"Bologna\",\"exp\":\"kept here\"},"
        "\"n\":[1,{\"b\":null},[]]}",
        NULL, "it",
        "Address: locality=Bologna; Address: exp=kept here; N=1; N: b=niente; "
        "N=niente");
    expect_words("{\"x\":true,\"\":1.50}", NULL, "it", "X=sì; =1.50");
}

static void
names_from_metadata(void **state)
{
    static const char display[] =
        "{\"claims\":["
        "{\"path\":[\"name\"],\"display\":[{\"name\":\"Nome\",\"locale\":\"it-"
        "IT\"},{\"name\":\"Name\",\"locale\":\"en\"}]},"
        "{\"path\":[\"kids\",null,\"age\"],\"display\":[{\"name\":\"Età\"}]},"
        "{\"path\":[\"kids\",1],\"display\":[{\"name\":\"Second\"}]},"
        "{\"path\":[\"over\",\"20000\"],\"display\":[{\"name\":\"Not over\"}]},"
        "{\"path\":[],\"display\":[{\"name\":\"never\"}]},"
        "{\"path\":\"name\",\"display\":[{\"name\":\"never\"}]},"
        "{\"path\":[\"bare\"],\"display\":[{\"locale\":\"it\"}]},7]}";
    (void)state;
    expect_words("{\"name\":\"Ada\"}", display, "it", "Nome=Ada");
    expect_words("{\"name\":\"Ada\"}", display, "en", "Name=Ada");
    expect_words(
        "{\"kids\":[{\"age\":3},\"x\"]}", display, "en", "Età=3; Second=x");
    expect_words(
        "{\"over\":{\"20000\":true,\"15000\":false}}", display, "en",
        "Not over=yes; Over: 15000=no");
    expect_words("{\"bare\":1}", display, "en", "Bare=1");
    /* Disclosures come in any order. */
    expect_words(
        "{\"z\":1,\"over\":{\"20000\":true},\"a\":2,\"name\":\"Ada\"}", display,
        "en", "Name=Ada; Not over=yes; Z=1; A=2");
    expect_words("{\"x\":{\"name\":1}}", display, "en", "X: name=1");
}

static void
a_language_is_picked(void **state)
{
    static const struct {
        const char *list;
        const char *lang;
        const char *name;
    } cases[] = {
        {"[]", "it", ""},
        {"[{\"name\":\"a\",\"locale\":\"de\"}]", "it", "a"},
        {"[{\"name\":\"a\",\"locale\":\"de\"},{\"name\":\"b\"}]", "it", "b"},
        {"[{\"name\":\"b\"},{\"name\":\"c\",\"locale\":\"it\"}]", "it", "c"},
        {"[{\"name\":\"b\"},{\"name\":\"c\",\"locale\":\"itx\"}]", "it", "b"},
        {"[{\"name\":5},{\"locale\":\"it\"},8]", "it", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct br_bytes got = br_words_pick(json(cases[i].list), cases[i].lang);
        assert_true(br_bytes_eq(got, br_str(cases[i].name)));
    }
    assert_int_equal(br_words_pick(NULL, "it").n, 0);
}

static void
too_many_claims_are_refused(void **state)
{
    struct br_buf b;
    struct br_words words;
    struct br_json *v = NULL;
    (void)state;
    br_buf_init(&b, 1 << 20);
    br_buf_puts(&b, "[0");
    for (int i = 0; i < BR_WORDS_LINES_MAX; i++) {
        br_buf_puts(&b, ",1");
    }
    br_buf_puts(&b, "]");
    expect_ok(br_json_parse(br_buf_bytes(&b), &arena, &v, &err), &err);
    assert_int_equal(
        br_words_claims(v, NULL, "en", &arena, &words, &err), BR_ERR_TOO_LARGE);
    br_buf_fini(&b);
}

static void
notices(void **state)
{
    enum { NOW = 2000000000, DAY = 86400 };
    const struct {
        struct br_wallet_credential c;
        enum br_words_notice notice;
    } cases[] = {
        {{.instances = 1}, BR_NOTICE_NONE},
        {{.expires_s = NOW}, BR_NOTICE_EXPIRED},
        {{.expires_s = NOW - 1}, BR_NOTICE_EXPIRED},
        {{.issued_s = NOW - 90 * DAY, .expires_s = NOW + 10 * DAY},
         BR_NOTICE_EXPIRES_SOON},
        {{.issued_s = NOW - 90 * DAY, .expires_s = NOW + 11 * DAY},
         BR_NOTICE_NONE},
        {{.issued_s = NOW - 3650 * (uint64_t)DAY, .expires_s = NOW + 31 * DAY},
         BR_NOTICE_NONE},
        {{.issued_s = NOW - 3650 * (uint64_t)DAY, .expires_s = NOW + 30 * DAY},
         BR_NOTICE_EXPIRES_SOON},
        {{.status = {.known = true, .value = 1}, .expires_s = 5},
         BR_NOTICE_REVOKED},
        {{.status = {.known = true, .value = 2}}, BR_NOTICE_SUSPENDED},
        {{.status = {.known = true, .value = 0}, .instances = 1},
         BR_NOTICE_NONE},
        {{.use = BR_WALLET_USE_ONCE, .instances = 10, .spent = 7},
         BR_NOTICE_NONE},
        {{.use = BR_WALLET_USE_ONCE, .instances = 10, .spent = 8},
         BR_NOTICE_FEW_COPIES},
        {{.use = BR_WALLET_USE_ONCE, .instances = 5, .spent = 5},
         BR_NOTICE_FEW_COPIES},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum br_words_notice got = br_words_notice(&cases[i].c, NOW);
        if (got != cases[i].notice) {
            fail_msg("case %zu: %s", i, br_words_notice_name(got));
        }
    }
}

#define DAY   ((uint64_t)86400)
#define TODAY (20000 * DAY)

/** Few copies, a near end, and what holds it back. */
static void
renewal_is_due(void **state)
{
    const struct br_renewal_policy policy = {.floor = 2, .notice_s = 14 * DAY};
    const struct br_wallet_credential fresh = {
        .grant = br_str("g"),
        .use = BR_WALLET_USE_ONCE,
        .instances = 5,
        .issued_s = TODAY,
        .expires_s = TODAY + 100 * DAY,
    };
    struct br_wallet_credential c = fresh;
    (void)state;
    assert_false(br_words_renewal_due(&c, &policy, TODAY));
    c.spent = 3;
    assert_false(br_words_renewal_due(&c, &policy, TODAY));
    c.spent = 4;
    assert_true(br_words_renewal_due(&c, &policy, TODAY));
    c.renewal.next_s =
        TODAY + DAY; /* after a success copies are not waited for */
    assert_true(br_words_renewal_due(&c, &policy, TODAY));
    c.renewal.failed_s = TODAY; /* after a failure all is */
    assert_false(br_words_renewal_due(&c, &policy, TODAY));
    assert_true(br_words_renewal_due(&c, &policy, TODAY + DAY));
    c.renewal.over = true;
    assert_false(br_words_renewal_due(&c, &policy, TODAY + DAY));
    c = fresh;
    c.spent = 5;
    c.grant = br_str("");
    assert_false(br_words_renewal_due(&c, &policy, TODAY));
    c = fresh;
    c.spent = 4;
    c.use = BR_WALLET_USE_ROTATE;
    assert_false(br_words_renewal_due(&c, &policy, TODAY));

    c = fresh;
    assert_false(br_words_renewal_due(&c, &policy, TODAY + 85 * DAY));
    assert_true(br_words_renewal_due(&c, &policy, TODAY + 86 * DAY));
    assert_true(br_words_renewal_due(&c, &policy, TODAY + 200 * DAY));
    c.expires_s = TODAY + DAY; /* what lives a day: in its last fifth */
    assert_false(br_words_renewal_due(&c, &policy, TODAY + DAY * 4 / 5 - 1));
    assert_true(br_words_renewal_due(&c, &policy, TODAY + DAY * 4 / 5));
    c.renewal.next_s = TODAY + 2 * DAY;
    assert_false(br_words_renewal_due(&c, &policy, TODAY + DAY));
    c.renewal.next_s = 0;
    c.status = (struct br_wallet_status){.known = true, .value = 1};
    assert_false(br_words_renewal_due(&c, &policy, TODAY + DAY));
    c.status.value = 2;
    assert_false(br_words_renewal_due(&c, &policy, TODAY + DAY));
    c.status.value = 0;
    assert_true(br_words_renewal_due(&c, &policy, TODAY + DAY));
    c.expires_s = 0;
    assert_false(br_words_renewal_due(&c, &policy, TODAY + 9000 * DAY));
}

static void
failures_are_waited_out(void **state)
{
    (void)state;
    assert_int_equal(br_words_renewal_wait_s(1), 3600);
    assert_int_equal(br_words_renewal_wait_s(2), 7200);
    assert_int_equal(br_words_renewal_wait_s(5), 57600);
    assert_int_equal(br_words_renewal_wait_s(6), 86400);
    assert_int_equal(br_words_renewal_wait_s(4000000000u), 86400);
}

/** A failure is told when it matters: few copies, a near end. */
static void
what_could_not_be_renewed(void **state)
{
    struct br_wallet_credential c = {
        .use = BR_WALLET_USE_ONCE,
        .instances = 5,
        .renewal = {.failed_s = TODAY, .failures = 1},
    };
    (void)state;
    assert_int_equal(br_words_notice(&c, TODAY), BR_NOTICE_NONE);
    c.spent = 4;
    assert_int_equal(br_words_notice(&c, TODAY), BR_NOTICE_NOT_RENEWED);
    c.spent = 0;
    c.issued_s = TODAY - 100 * DAY;
    c.expires_s = TODAY + DAY;
    assert_int_equal(br_words_notice(&c, TODAY), BR_NOTICE_NOT_RENEWED);
    c.expires_s = TODAY;
    assert_int_equal(br_words_notice(&c, TODAY), BR_NOTICE_EXPIRED);
    assert_string_equal(
        br_words_notice_name(BR_NOTICE_NOT_RENEWED), "not-renewed");
}

static void
grants_come_back(void **state)
{
    const struct br_wallet_grant in = {
        .id = br_str("g"),
        .issuer = br_str("https://i"),
        .server = br_str("https://s"),
        .token = br_str("t\"\n"),
        .dpop = br_str("d"),
        .given_s = 5,
        .trying_s = 7,
    };
    const struct br_wallet_credential c = {
        .id = br_str("c"),
        .issuer = br_str("https://i"),
        .configuration = br_str("x"),
        .format = br_str("dc+sd-jwt"),
        .vct = br_str("v"),
        .grant = br_str("g"),
        .identifier = br_str("n"),
        .renewal =
            {.next_s = 3,
             .failed_s = 2,
             .failures = 9,
             .over = true,
             .reason = br_str("why")},
    };
    struct br_wallet_grant g;
    struct br_wallet_credential back;
    struct br_buf b;
    (void)state;
    br_buf_init(&b, 4096);
    expect_ok(br_wallet_grant_encode(&in, &b, &err), &err);
    expect_ok(br_wallet_grant_parse(br_buf_bytes(&b), &arena, &g, &err), &err);
    assert_true(br_bytes_eq(g.token, in.token));
    assert_true(br_bytes_eq(g.dpop, in.dpop));
    assert_int_equal(g.client.n, 0);
    assert_int_equal(g.trying_s, 7);
    br_buf_clear(&b);
    expect_ok(br_wallet_credential_encode(&c, &b, &err), &err);
    expect_ok(
        br_wallet_credential_parse(br_buf_bytes(&b), &arena, &back, &err),
        &err);
    assert_true(br_bytes_eq(back.grant, c.grant));
    assert_true(br_bytes_eq(back.identifier, c.identifier));
    assert_true(back.renewal.over);
    assert_int_equal(back.renewal.failures, 9);
    assert_true(br_bytes_eq(back.renewal.reason, c.renewal.reason));
    br_buf_fini(&b);
}

static void
paths_as_dcql_has_them(void **state)
{
    struct br_words words;
    struct br_json_writer w;
    struct br_buf b;
    (void)state;
    expect_ok(
        br_words_claims(
            json("{\"a\":[{\"b\":1},2]}"), NULL, "en", &arena, &words, &err),
        &err);
    br_buf_init(&b, 4096);
    br_json_writer_init(&w, &b);
    br_words_write_lines(&w, &words);
    expect_ok(br_json_writer_done(&w, &err), &err);
    assert_true(br_bytes_eq(
        br_buf_bytes(&b),
        br_str("[{\"path\":[\"a\",0,\"b\"],\"label\":\"A: b\",\"text\":\"1\","
               "\"value\":1},{\"path\":[\"a\",1],\"label\":\"A\",\"text\":"
               "\"2\",\"value\":2}]")));
    br_buf_fini(&b);
}

/** What is encoded is read again as it was, also with nothing in it. */
static void
records_come_back(void **state)
{
    const struct br_wallet_entry in = {
        .id = br_str("i"),
        .event = BR_WALLET_FAILED,
        .time_s = 9,
        .order = 4,
        .party = br_str("p\"\n"),
        .reason = br_str("r"),
        .claims = json("[[\"a\",0]]"),
    };
    struct br_wallet_entry out;
    struct br_wallet_credential c;
    struct br_wallet_instance one;
    struct br_buf b;
    (void)state;
    br_buf_init(&b, 4096);
    expect_ok(br_wallet_entry_encode(&in, &b, &err), &err);
    expect_ok(
        br_wallet_entry_parse(br_buf_bytes(&b), &arena, &out, &err), &err);
    assert_int_equal(out.event, BR_WALLET_FAILED);
    assert_int_equal(out.order, 4);
    assert_true(br_bytes_eq(out.party, in.party));
    assert_true(br_json_equal(out.claims, in.claims));
    assert_int_equal(out.purpose.n, 0);
    br_buf_fini(&b);
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"id\":1}",
        "{\"id\":\"x\",\"event\":\"other\"}",
        "{\"id\":\"x\",\"issuer\":\"x\",\"configuration\":\"x\",\"format\":"
        "\"x\",\"vct\":\"x\",\"once\":1}",
        "{\"id\":\"x\",\"issuer\":\"x\",\"configuration\":\"x\",\"format\":"
        "\"x\",\"vct\":\"x\",\"once\":true,\"instances\":99999999}",
        "{\"credential\":\"x\",\"number\":-1,\"text\":\"x\"}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct br_bytes text = br_str(bad[i]);
        assert_int_not_equal(
            br_wallet_entry_parse(text, &arena, &out, &err), BR_OK);
        assert_int_not_equal(
            br_wallet_credential_parse(text, &arena, &c, &err), BR_OK);
        assert_int_not_equal(
            br_wallet_instance_parse(text, &arena, &one, &err), BR_OK);
    }
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, begin, finish)
    const struct CMUnitTest tests[] = {
        T(names_without_metadata),
        T(names_from_metadata),
        T(a_language_is_picked),
        T(too_many_claims_are_refused),
        T(notices),
        T(renewal_is_due),
        T(failures_are_waited_out),
        T(what_could_not_be_renewed),
        T(grants_come_back),
        T(paths_as_dcql_has_them),
        T(records_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
