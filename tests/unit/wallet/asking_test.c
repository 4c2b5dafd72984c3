/*
 * What is pointed out about a request, whom to write to afterwards, and what
 * the letter says.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/store/fixture.h"

#include "wallet/core/contact.h"
#include "wallet/core/letter.h"
#include "wallet/core/remarks.h"

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

/* ---- remarks ------------------------------------------------------------ */

#define ISEE                                                                 \
    "{\"vct\":\"urn:x:isee\",\"given_name\":\"Anna\",\"birthdate\":"         \
    "\"1988-04-12\",\"tax_id_code\":\"X\",\"isee_amount\":18250.5,"          \
    "\"rent_amount\":500,\"isee_not_over\":{\"18000\":false,\"20000\":true," \
    "\"25000\":true},\"age_equal_or_over\":{\"18\":true,\"65\":false},"      \
    "\"one\":{\"1\":true},\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6}"

/** A query for these claims. */
static const struct br_dcql_query *
query_of(const char *claims)
{
    struct br_buf b;
    struct br_dcql dcql;
    br_buf_init(&b, 65536);
    br_buf_printf(
        &b,
        "{\"credentials\":[{\"id\":\"q\",\"format\":\"dc+sd-jwt\",\"meta\":"
        "{\"vct_values\":[\"urn:x:isee\"]},\"claims\":%s}]}",
        claims);
    br_buf_put(&b, "", 1);
    const char *text = br_arena_copy(&arena, br_buf_bytes(&b));
    br_buf_fini(&b);
    expect_ok(br_dcql_parse(json(text), &arena, &dcql, &err), &err);
    return dcql.queries;
}

/** Answered by ISEE, or by nothing. */
static struct br_remarks_item
item_of(const struct br_dcql_query *query, bool answered)
{
    struct br_dcql_match match = {0};
    struct br_remarks_item item = {.query = query};
    const struct br_dcql_candidate c = {
        .format = "dc+sd-jwt",
        .vct = br_str("urn:x:isee"),
        .claims = json(ISEE),
        .has_holder = true,
    };
    if (answered) {
        expect_ok(br_dcql_match(query, &c, &arena, &match, &err), &err);
        item.vct = c.vct;
        item.claims = c.claims;
        item.selected = match.selected;
        item.count = match.count;
        item.shown = true;
    }
    return item;
}

/** "kind:claim>ladder=count", and words in both languages. */
static void
put_remark(struct br_buf *b, const struct br_remark *r)
{
    br_buf_printf(b, "%s%s", b->n == 0 ? "" : " ", br_remark_name(r->kind));
    if (r->value != NULL) {
        br_buf_printf(
            b, ":%.*s", (int)r->value->name.n, (const char *)r->value->name.p);
    }
    if (r->instead.n > 0) {
        br_buf_printf(
            b, ">%.*s", (int)r->instead.n, (const char *)r->instead.p);
    }
    if (r->count > 0) {
        br_buf_printf(b, "=%zu", r->count);
    }
    assert_string_not_equal(
        br_remark_text(r->kind, "it"), br_remark_text(r->kind, "en"));
    assert_string_not_equal(
        br_remark_advice(r->kind, "it"), br_remark_advice(r->kind, "en"));
}

static void
expect_remarks(
    const char *claims,
    bool answered,
    enum br_remarks_registration state,
    const char *registration,
    const char *told)
{
    struct br_remark out[BR_REMARKS_MAX];
    struct br_buf b;
    const struct br_remarks_item item = item_of(query_of(claims), answered);
    const struct br_vp_registration reg = {
        .credentials = registration == NULL ? NULL : json(registration)};
    const struct br_remarks_in in = {
        .items = &item,
        .count = 1,
        .state = state,
        .registration = &reg,
        .met = true,
    };
    size_t n = br_remarks(&in, out);
    br_buf_init(&b, 65536);
    for (size_t i = 0; i < n; i++) {
        put_remark(&b, &out[i]);
    }
    br_buf_put(&b, "", 1);
    assert_string_equal((const char *)b.p, told);
    br_buf_fini(&b);
}

static void
own_rules(void **state)
{
    static const struct {
        const char *claims;
        const char *told;
    } cases[] = {
        {"[{\"path\":[\"isee_not_over\",\"20000\"]}]", ""},
        {"[{\"path\":[\"given_name\"]}]", ""},
        {"[{\"path\":[\"isee_amount\"]}]",
         "threshold:isee_amount>isee_not_over"},
        {"[{\"path\":[\"rent_amount\"]}]", ""}, /* no ladder of rents */
        {"[{\"path\":[\"birthdate\"]}]",
         "threshold:birthdate>age_equal_or_over"},
        {"[{\"path\":[\"isee_not_over\",\"18000\"]},"
         "{\"path\":[\"isee_not_over\",\"20000\"]}]",
         "steps:isee_not_over=2"},
        {"[{\"path\":[\"isee_not_over\"]}]", "steps:isee_not_over=3"},
        {"[{\"path\":[\"one\"]}]", ""},
        {"[{\"path\":[\"tax_id_code\"]}]", "identifier:tax_id_code"},
        {"[{\"path\":[\"a\"]},{\"path\":[\"b\"]},{\"path\":[\"c\"]},"
         "{\"path\":[\"d\"]},{\"path\":[\"e\"]},{\"path\":[\"f\"]},"
         "{\"path\":[\"given_name\"]},{\"path\":[\"one\"]}]",
         ""},
        {"[{\"path\":[\"a\"]},{\"path\":[\"b\"]},{\"path\":[\"c\"]},"
         "{\"path\":[\"d\"]},{\"path\":[\"e\"]},{\"path\":[\"f\"]},"
         "{\"path\":[\"given_name\"]},{\"path\":[\"one\"]},"
         "{\"path\":[\"rent_amount\"]}]",
         "many=9"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect_remarks(
            cases[i].claims, true, BR_REGISTRATION_UNKNOWN, NULL,
            cases[i].told);
    }
}

#define FOR_ISEE(claims)                                   \
    "[{\"format\":\"dc+sd-jwt\",\"meta\":{\"vct_values\":" \
    "[\"urn:x:other\",\"urn:x:isee\"]}" claims "}]"
#define ONE_STEP "[{\"path\":[\"isee_not_over\",\"20000\"]}]"

static void
registrations(void **state)
{
    static const struct {
        const char *registration;
        const char *told;
    } cases[] = {
        {FOR_ISEE(""), ""}, /* without claims: all */
        {FOR_ISEE(",\"claim\":[{\"path\":[\"isee_not_over\",\"20000\"]}]"), ""},
        {FOR_ISEE(",\"claims\":[{\"path\":[\"isee_not_over\"]}]"), ""},
        {FOR_ISEE(",\"claim\":[{\"path\":[\"isee_not_over\",\"18000\"]}]"),
         "unregistered"},
        {FOR_ISEE(",\"claim\":[{\"path\":[\"isee_not_over\",\"20000\",1]}]"),
         "unregistered"},
        {FOR_ISEE(",\"claim\":[]"), "unregistered"},
        {FOR_ISEE(",\"claim\":[{\"path\":[]},{\"path\":\"isee_not_over\"},7]"),
         "unregistered"},
        {"[]", "unregistered-type"},
        {NULL, "unregistered-type"},
        {"[{\"format\":\"mso_mdoc\",\"meta\":{\"vct_values\":"
         "[\"urn:x:isee\"]}}]",
         "unregistered-type"},
        {"[{\"format\":\"dc+sd-jwt\",\"meta\":\"urn:x:isee\"}]",
         "unregistered-type"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (unsigned answered = 0; answered < 2; answered++) {
            expect_remarks(
                ONE_STEP, answered == 1, BR_REGISTRATION_GOOD,
                cases[i].registration, cases[i].told);
        }
    }
    expect_remarks(
        ONE_STEP, true, BR_REGISTRATION_BAD, NULL, "registration-bad");
    expect_remarks(
        ONE_STEP, true, BR_REGISTRATION_NONE, NULL, "not-registered");
}

/** More remarks than there is room for: the gravest stay. */
static void
too_many_remarks(void **state)
{
    struct br_buf b;
    struct br_buf told;
    (void)state;
    br_buf_init(&b, 65536);
    br_buf_init(&told, 65536);
    for (int i = 0; i < 100; i++) {
        br_buf_printf(&b, "%s{\"path\":[\"c%d\"]}", i == 0 ? "[" : ",", i);
    }
    br_buf_put(&b, "]", 2);
    for (int i = 0; i < BR_REMARKS_MAX; i++) {
        br_buf_printf(&told, "%sunregistered", i == 0 ? "" : " ");
    }
    br_buf_put(&told, "", 1);
    expect_remarks(
        (const char *)b.p, false, BR_REGISTRATION_GOOD,
        FOR_ISEE(",\"claim\":[]"), (const char *)told.p);
    br_buf_fini(&told);
    br_buf_fini(&b);
}

/* ---- contacts ----------------------------------------------------------- */

static void
addresses(void **state)
{
    static const struct {
        const char *text;
        const char *uri; /**< NULL: refused */
        const char *kind;
    } cases[] = {
        {"https://example.org/privacy", "https://example.org/privacy", "web"},
        {"privacy@example.org", "mailto:privacy@example.org", "email"},
        {"mailto:privacy@example.org", "mailto:privacy@example.org", "email"},
        {"tel:+39021234567", "tel:+39021234567", "phone"},
        {"+39 02 1234-567", "tel:+39021234567", "phone"},
        {"http://example.org/", NULL, NULL},
        {"javascript:alert(1)//a@b", NULL, NULL},
        {"data:text/html,a@b", NULL, NULL},
        {"https://example.org/\"onclick=", NULL, NULL},
        {"https://exa mple.org/", NULL, NULL},
        {"privacy@example.org?cc=me@evil.example", NULL, NULL},
        {"a@b@c", NULL, NULL},
        {"a@b,c@d", NULL, NULL},
        {"@example.org", NULL, NULL},
        {"privacy@", NULL, NULL},
        {"+39\n02", NULL, NULL},
        {"12", NULL, NULL},
        {"", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[BR_CONTACT_URI_BYTES_MAX];
        const char *kind = NULL;
        bool good = br_contact_uri(br_str(cases[i].text), out, &kind);
        assert_int_equal(good, cases[i].uri != NULL);
        if (good) {
            assert_string_equal(out, cases[i].uri);
            assert_string_equal(kind, cases[i].kind);
        }
    }
}

static void
expect_contacts(const struct br_contact_sources *from, const char *text)
{
    struct br_json_maker m;
    struct br_buf b;
    br_json_maker_init(&m, &arena);
    br_buf_init(&b, 65536);
    const struct br_json *v = br_contacts_gather(from, &m);
    expect_ok(br_json_maker_status(&m, &err), &err);
    for (const struct br_json *i = br_json_first(v); i != NULL; i = i->next) {
        const char *const names[] = {"kind", "uri", "from"};
        for (size_t k = 0; k < 3; k++) {
            const struct br_json *t = br_json_member(i, names[k]);
            br_buf_printf(
                &b, "%.*s%s", (int)t->string.n, (const char *)t->string.p,
                k < 2 ? " " : "\n");
        }
    }
    br_buf_put(&b, "", 1);
    assert_string_equal((const char *)b.p, text);
    br_buf_fini(&b);
}

static void
contacts_in_order(void **state)
{
    (void)state;
    const struct br_vp_registration reg = {
        .support = json("[\"dpo@a.example\",\"https://a.example/forget\"]"),
        .policy = json("[{\"type\":\"x\",\"policyURI\":\"https://a.example/p\"}"
                       "]"),
        .supervisor = json("{\"email\":[\"dpa@d.example\"],\"form_uri\":"
                           "[\"https://d.example/form\"]}"),
    };
    const struct br_contact_sources all = {
        .registration = &reg,
        .certificate_email = "cert@a.example",
        .certificate_uri = "https://a.example/help",
        .did_document = json("{\"service\":[{\"serviceEndpoint\":"
                             "\"https://did.example/\"},{\"serviceEndpoint\":"
                             "{\"x\":1}}]}"),
        .metadata = json("{\"contacts\":[\"dpo@a.example\",\"+390212345\"],"
                         "\"client_uri\":\"http://plain.example\","
                         "\"policy_uri\":\"https://a.example/p\","
                         "\"tos_uri\":\"https://a.example/tos\"}"),
        .response_uri = br_str("https://a.example:8443/vp/responses/1"),
    };
    expect_contacts(
        &all, "web https://a.example/forget registration\n"
              "web https://a.example/help certificate\n"
              "web https://did.example/ did\n"
              "email mailto:dpo@a.example registration\n"
              "email mailto:cert@a.example certificate\n"
              "phone tel:+390212345 request\n"
              "policy https://a.example/p registration\n"
              "authority https://d.example/form registration\n"
              "authority mailto:dpa@d.example registration\n"
              "terms https://a.example/tos request\n");
    /* nothing said: the origin that the answer went to */
    const struct br_contact_sources none = {
        .certificate_email = "",
        .certificate_uri = "",
        .metadata = json("{\"contacts\":\"javascript:1\",\"policy_uri\":7}"),
        .response_uri = all.response_uri,
    };
    expect_contacts(&none, "web https://a.example:8443/ address\n");
}

/* ---- letters ------------------------------------------------------------ */

static struct br_wallet_entry
an_entry(void)
{
    return (struct br_wallet_entry){
        .event = BR_WALLET_PRESENTED,
        .time_s = 1791975541, /* 2026-10-14 10:59:01 */
        .party = br_str("x509_hash:abc"),
        .party_name = br_str("Nido\nForged: line"),
        .vct = br_str("urn:x:isee"),
        .request = br_str("https://nido.example/vp/requests/1"),
        .purpose = br_str("A place"),
        .claims = json("[[\"isee_not_over\",\"20000\"],[\"children\",1,null]]"),
    };
}

static void
expect_letter(
    enum br_letter_kind kind,
    const char *lang,
    const char *beginning,
    const char *part)
{
    struct br_buf b;
    const struct br_wallet_entry e = an_entry();
    br_buf_init(&b, BR_LETTER_BYTES_MAX);
    br_letter_body(&b, kind, lang, &e);
    br_buf_put(&b, "", 1);
    assert_int_equal(
        strncmp((const char *)b.p, beginning, strlen(beginning)), 0);
    assert_non_null(strstr((const char *)b.p, part));
    assert_non_null(strstr((const char *)b.p, "- isee_not_over.20000\n"));
    assert_non_null(strstr((const char *)b.p, "- children.1.*\n"));
    assert_non_null(strstr((const char *)b.p, "vp/requests/1\n"));
    assert_null(strstr((const char *)b.p, "\nForged"));
    assert_null(strchr((const char *)b.p, '\r'));
    br_buf_fini(&b);
}

static void
letters(void **state)
{
    (void)state;
    expect_letter(
        BR_LETTER_ERASURE, "en",
        "To: Nido Forged: line\n\non 2026-10-14 at 10:59 UTC with my",
        "Article 17");
    expect_letter(BR_LETTER_ACCESS, "en", "To: Nido", "Article 15");
    expect_letter(
        BR_LETTER_ERASURE, "it",
        "A: Nido Forged: line\n\nil 2026-10-14 alle 10:59 UTC con il mio",
        "articolo 17");
    expect_letter(BR_LETTER_ACCESS, "it", "A: Nido", "articolo 15");
    assert_non_null(
        strstr(br_letter_subject(BR_LETTER_ERASURE, "en"), "Article 17"));
}

/** The days around which calendars go wrong. */
static void
days(void **state)
{
    static const struct {
        uint64_t seconds;
        const char *text;
    } cases[] = {
        {0, "on 1970-01-01 at 00:00"},
        {951782400, "on 2000-02-29 at 00:00"},
        {951868799, "on 2000-02-29 at 23:59"},
        {951868800, "on 2000-03-01 at 00:00"},
        {4107542400, "on 2100-03-01 at 00:00"},
        {1798761599, "on 2026-12-31 at 23:59"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct br_buf b;
        struct br_wallet_entry e = an_entry();
        e.time_s = cases[i].seconds;
        br_buf_init(&b, BR_LETTER_BYTES_MAX);
        br_letter_body(&b, BR_LETTER_ERASURE, "en", &e);
        br_buf_put(&b, "", 1);
        assert_non_null(strstr((const char *)b.p, cases[i].text));
        br_buf_fini(&b);
    }
}

static void
mailto(void **state)
{
    struct br_buf b;
    (void)state;
    br_buf_init(&b, BR_LETTER_BYTES_MAX);
    br_letter_mailto(
        &b, br_str("mailto:a@b.example"), "Art. 17 & more",
        br_str("one\n\ntwo"));
    br_buf_put(&b, "", 1);
    assert_string_equal(
        (const char *)b.p, "mailto:a@b.example?subject=Art.%2017%20%26%20more"
                           "&body=one%0D%0A%0D%0Atwo");
    br_buf_fini(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_rules),
        cmocka_unit_test(registrations),
        cmocka_unit_test(too_many_remarks),
        cmocka_unit_test(addresses),
        cmocka_unit_test(contacts_in_order),
        cmocka_unit_test(letters),
        cmocka_unit_test(days),
        cmocka_unit_test(mailto),
    };
    return cmocka_run_group_tests(tests, begin, finish);
}
