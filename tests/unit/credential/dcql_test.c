/*
 * DCQL: the specification's rules one by one, and a small world in which every
 * query is answered as a naive evaluator answers it.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/sd_support.h"

#include "common/credential/dcql.h"

/* OpenID4VP 1.0 section 7.3, shortened. */
#define ARTHUR                                                                \
    "{\"name\":\"Arthur Dent\",\"address\":{\"street\":\"42 Market Street\"," \
    "\"locality\":\"Milliways\"},\"degrees\":[{\"type\":\"Bachelor\"},{"      \
    "\"type\":\"Master\",\"year\":1},{\"year\":2}],\"nationalities\":["       \
    "\"British\",\"Betelgeusian\"],\"age\":42,\"adult\":true,\"none\":null,"  \
    "\"deep\":[[1,2],[3]]}"

/* ---- paths (section 7.1.1) ---------------------------------------------- */

static const struct {
    const char *path;
    const char *selected; /**< as an array; NULL: nothing, or an error */
} paths[] = {
    {"[\"name\"]", "[\"Arthur Dent\"]"},
    {"[\"address\",\"street\"]", "[\"42 Market Street\"]"},
    {"[\"degrees\",null,\"type\"]", "[\"Bachelor\",\"Master\"]"},
    {"[\"degrees\",null,\"year\"]", "[1,2]"},
    {"[\"degrees\",0]", "[{\"type\":\"Bachelor\"}]"},
    {"[\"degrees\",1,\"year\"]", "[1]"},
    {"[\"nationalities\",1]", "[\"Betelgeusian\"]"},
    {"[\"nationalities\",null]", "[\"British\",\"Betelgeusian\"]"},
    {"[\"deep\",null,null]", "[1,2,3]"},
    {"[\"deep\",null,1]", "[2]"},
    {"[\"none\"]", "[null]"},
    {"[\"absent\"]", NULL},
    {"[\"nationalities\",2]", NULL},
    {"[\"nationalities\",18446744073709551615]", NULL},
    {"[\"degrees\",null,\"absent\"]", NULL},
    /* wrong kinds abort */
    {"[\"name\",\"x\"]", NULL},
    {"[\"name\",0]", NULL},
    {"[\"name\",null]", NULL},
    {"[\"address\",0]", NULL},
    {"[\"address\",null]", NULL},
    {"[\"degrees\",\"type\"]", NULL},
    {"[0]", NULL},
    {"[null]", NULL},
    {"[\"none\",\"x\"]", NULL},
};

static void
paths_lead_where_the_specification_says(void **state)
{
    (void)state;
    const struct br_json *claims = json(ARTHUR);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const struct br_json *got[BR_DCQL_SELECTED_MAX];
        size_t n = 0;
        enum br_rc rc = br_dcql_select(
            claims, json(paths[i].path), got, BR_DCQL_SELECTED_MAX, &n, &err);
        if (paths[i].selected == NULL) {
            assert_int_equal(rc, BR_ERR_NOT_FOUND);
            continue;
        }
        assert_ok(rc);
        const struct br_json *want = json(paths[i].selected);
        assert_int_equal(n, br_json_count(want));
        for (size_t k = 0; k < n; k++) {
            if (!br_json_equal(got[k], br_json_at(want, k))) {
                fail_msg("%s: %s", paths[i].path, as_text(got[k]));
            }
        }
    }
    /* one of several is of the wrong kind: the whole path ends */
    const struct br_json *got[8];
    size_t n = 0;
    assert_int_equal(
        br_dcql_select(
            json("{\"l\":[{\"a\":1},7]}"), json("[\"l\",null,\"a\"]"), got, 8,
            &n, &err),
        BR_ERR_NOT_FOUND);
    assert_int_equal(
        br_dcql_select(
            json("{\"l\":[1,2,3,4,5,6,7,8,9]}"), json("[\"l\",null]"), got, 8,
            &n, &err),
        BR_ERR_TOO_LARGE);
}

/* ---- queries that are refused ------------------------------------------- */

#define Q(more)                                                 \
    "{\"credentials\":[{\"id\":\"q\",\"format\":\"dc+sd-jwt\"," \
    "\"meta\":{\"vct_values\":[\"t\"]}" more "}]}"
#define S(sets)                                                              \
    "{\"credentials\":[{\"id\":\"a\",\"format\":\"x\",\"meta\":{}},{\"id\":" \
    "\"b\",\"format\":\"x\",\"meta\":{}}],\"credential_sets\":" sets "}"

static const struct {
    const char *text;
    int rule;
} queries[] = {
    {Q(""), -1},
    {Q(",\"unheard\":1"), -1},
    {Q(",\"claims\":[{\"path\":[\"a\",null,0]}]"), -1},
    {S("[{\"options\":[[\"a\"],[\"b\",\"a\"]],\"required\":false}]"), -1},
    {"[]", BR_RULE_DCQL_FORM},
    {"{}", BR_RULE_DCQL_FORM},
    {"{\"credentials\":[]}", BR_RULE_DCQL_FORM},
    {"{\"credentials\":{}}", BR_RULE_DCQL_FORM},
    {"{\"credentials\":[7]}", BR_RULE_DCQL_FORM},
    {"{\"credentials\":[{\"format\":\"x\",\"meta\":{}}]}", BR_RULE_DCQL_ID},
    {"{\"credentials\":[{\"id\":\"\",\"format\":\"x\",\"meta\":{}}]}",
     BR_RULE_DCQL_ID},
    {"{\"credentials\":[{\"id\":\"a b\",\"format\":\"x\",\"meta\":{}}]}",
     BR_RULE_DCQL_ID},
    {"{\"credentials\":[{\"id\":7,\"format\":\"x\",\"meta\":{}}]}",
     BR_RULE_DCQL_ID},
    {"{\"credentials\":[{\"id\":\"a\",\"format\":\"x\",\"meta\":{}},{\"id\":"
     "\"a\",\"format\":\"x\",\"meta\":{}}]}",
     BR_RULE_DCQL_ID},
    {"{\"credentials\":[{\"id\":\"a\",\"meta\":{}}]}", BR_RULE_DCQL_FORM},
    {"{\"credentials\":[{\"id\":\"a\",\"format\":7,\"meta\":{}}]}",
     BR_RULE_DCQL_FORM},
    {"{\"credentials\":[{\"id\":\"a\",\"format\":\"x\"}]}", BR_RULE_DCQL_FORM},
    {"{\"credentials\":[{\"id\":\"a\",\"format\":\"x\",\"meta\":[]}]}",
     BR_RULE_DCQL_FORM},
    {"{\"credentials\":[{\"id\":\"a\",\"format\":\"dc+sd-jwt\",\"meta\":{}}]}",
     BR_RULE_DCQL_FORM},
    {"{\"credentials\":[{\"id\":\"a\",\"format\":\"dc+sd-jwt\",\"meta\":{"
     "\"vct_values\":[]}}]}",
     BR_RULE_DCQL_FORM},
    {"{\"credentials\":[{\"id\":\"a\",\"format\":\"dc+sd-jwt\",\"meta\":{"
     "\"vct_values\":[7]}}]}",
     BR_RULE_DCQL_FORM},
    {Q(",\"multiple\":1"), BR_RULE_DCQL_FORM},
    {Q(",\"require_cryptographic_holder_binding\":\"no\""), BR_RULE_DCQL_FORM},
    {Q(",\"trusted_authorities\":[]"), BR_RULE_DCQL_FORM},
    {Q(",\"trusted_authorities\":[7]"), BR_RULE_DCQL_FORM},
    {Q(",\"trusted_authorities\":[{\"values\":[\"a\"]}]"), BR_RULE_DCQL_FORM},
    {Q(",\"trusted_authorities\":[{\"type\":\"aki\",\"values\":[]}]"),
     BR_RULE_DCQL_FORM},
    {Q(",\"trusted_authorities\":[{\"type\":\"aki\",\"values\":[7]}]"),
     BR_RULE_DCQL_FORM},
    {Q(",\"claims\":[]"), BR_RULE_DCQL_FORM},
    {Q(",\"claims\":[7]"), BR_RULE_DCQL_FORM},
    {Q(",\"claims\":[{}]"), BR_RULE_DCQL_FORM},
    {Q(",\"claims\":[{\"path\":[]}]"), BR_RULE_DCQL_FORM},
    {Q(",\"claims\":[{\"path\":[true]}]"), BR_RULE_DCQL_PATH},
    {Q(",\"claims\":[{\"path\":[-1]}]"), BR_RULE_DCQL_PATH},
    {Q(",\"claims\":[{\"path\":[0.5]}]"), BR_RULE_DCQL_PATH},
    {Q(",\"claims\":[{\"path\":[[\"a\"]]}]"), BR_RULE_DCQL_PATH},
    {Q(",\"claims\":[{\"path\":[\"a\"],\"values\":[]}]"), BR_RULE_DCQL_FORM},
    {Q(",\"claims\":[{\"path\":[\"a\"],\"values\":[null]}]"),
     BR_RULE_DCQL_FORM},
    {Q(",\"claims\":[{\"path\":[\"a\"],\"values\":[1.5]}]"), BR_RULE_DCQL_FORM},
    {Q(",\"claims\":[{\"path\":[\"a\"],\"values\":[{}]}]"), BR_RULE_DCQL_FORM},
    {Q(",\"claims\":[{\"id\":\"x\",\"path\":[\"a\"]},{\"id\":\"x\",\"path\":["
       "\"b\"]}]"),
     BR_RULE_DCQL_ID},
    {Q(",\"claims\":[{\"id\":\"x!\",\"path\":[\"a\"]}]"), BR_RULE_DCQL_ID},
    {Q(",\"claims\":[{\"path\":[\"a\"]}],\"claim_sets\":[[\"x\"]]"),
     BR_RULE_DCQL_ID},
    {Q(",\"claims\":[{\"id\":\"x\",\"path\":[\"a\"]}],\"claim_sets\":[[\"y\"]"
       "]"),
     BR_RULE_DCQL_CLAIM_SETS},
    {Q(",\"claims\":[{\"id\":\"x\",\"path\":[\"a\"]}],\"claim_sets\":[[]]"),
     BR_RULE_DCQL_CLAIM_SETS},
    {Q(",\"claims\":[{\"id\":\"x\",\"path\":[\"a\"]}],\"claim_sets\":[\"x\"]"),
     BR_RULE_DCQL_CLAIM_SETS},
    {Q(",\"claims\":[{\"id\":\"x\",\"path\":[\"a\"]}],\"claim_sets\":[]"),
     BR_RULE_DCQL_FORM},
    {Q(",\"claim_sets\":[[\"x\"]]"), BR_RULE_DCQL_CLAIM_SETS},
    {S("[]"), BR_RULE_DCQL_FORM},
    {S("[7]"), BR_RULE_DCQL_FORM},
    {S("[{}]"), BR_RULE_DCQL_FORM},
    {S("[{\"options\":[]}]"), BR_RULE_DCQL_FORM},
    {S("[{\"options\":[[]]}]"), BR_RULE_DCQL_SETS},
    {S("[{\"options\":[\"a\"]}]"), BR_RULE_DCQL_SETS},
    {S("[{\"options\":[[\"c\"]]}]"), BR_RULE_DCQL_SETS},
    {S("[{\"options\":[[7]]}]"), BR_RULE_DCQL_SETS},
    {S("[{\"options\":[[\"a\"]],\"required\":1}]"), BR_RULE_DCQL_FORM},
};

static void
each_query_meets_its_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        struct br_dcql q;
        assert_meets(
            br_dcql_parse(json(queries[i].text), &arena, &q, &err),
            queries[i].rule, queries[i].text);
    }
}

/** `count` items with %d in them, between two texts. */
static const char *
many(const char *before, const char *item, int count, const char *after)
{
    struct br_buf b;
    br_buf_init(&b, 1u << 20);
    br_buf_puts(&b, before);
    for (int i = 0; i < count; i++) {
        const char *hole = strchr(item, '%');
        br_buf_puts(&b, i == 0 ? "" : ",");
        br_buf_put(&b, item, (size_t)(hole - item));
        br_buf_printf(&b, "%d", i);
        br_buf_puts(&b, hole + 1);
    }
    br_buf_puts(&b, after);
    const char *out = (const char *)kept(&b).p;
    br_buf_fini(&b);
    return out;
}

static void
queries_have_a_size(void **state)
{
    (void)state;
    struct br_dcql q;
    static const char one[] = "{\"id\":\"a%\",\"format\":\"x\",\"meta\":{}}";
    for (int over = 0; over < 2; over++) {
        int rule = over ? BR_RULE_DCQL_SIZE : -1;
        assert_meets(
            br_dcql_parse(
                json(many(
                    "{\"credentials\":[", one, BR_DCQL_CREDENTIALS_MAX + over,
                    "]}")),
                &arena, &q, &err),
            rule, "credentials");
        assert_meets(
            br_dcql_parse(
                json(many(
                    "{\"credentials\":[{\"id\":\"a\",\"format\":\"x\",\"meta\":"
                    "{},\"claims\":[",
                    "{\"path\":[\"c%\"]}", BR_DCQL_CLAIMS_MAX + over, "]}]}")),
                &arena, &q, &err),
            rule, "claims");
        assert_meets(
            br_dcql_parse(
                json(many(
                    "{\"credentials\":[{\"id\":\"a0\",\"format\":\"x\","
                    "\"meta\":{}}],\"credential_sets\":[",
                    "{\"options\":[[\"a0\"]],\"n\":%}", BR_DCQL_SETS_MAX + over,
                    "]}")),
                &arena, &q, &err),
            rule, "sets");
    }
}

/* ---- matching (section 6.4.1) ------------------------------------------- */

static struct br_dcql_candidate
arthur(void)
{
    static const struct br_bytes keys[] = {
        {(const uint8_t *)"\x01\x02\x03", 3}};
    return (struct br_dcql_candidate){
        .format = "dc+sd-jwt",
        .vct = br_str("t"),
        .claims = json(ARTHUR),
        .has_holder = true,
        .authorities = keys,
        .authority_count = 1,
    };
}

static const struct {
    const char *text;
    const char *selected; /**< values, in order; NULL: it does not match */
    int set;
} matches[] = {
    /* no claims: nothing that could be hidden */
    {Q(""), "[]", -1},
    {Q(",\"claims\":[{\"path\":[\"name\"]},{\"path\":[\"age\"]}]"),
     "[\"Arthur Dent\",42]", -1},
    {Q(",\"claims\":[{\"path\":[\"name\"]},{\"path\":[\"absent\"]}]"), NULL,
     -1},
    /* values by kind and value */
    {Q(",\"claims\":[{\"path\":[\"age\"],\"values\":[41,42]}]"), "[42]", -1},
    {Q(",\"claims\":[{\"path\":[\"age\"],\"values\":[\"42\"]}]"), NULL, -1},
    {Q(",\"claims\":[{\"path\":[\"age\"],\"values\":[41]}]"), NULL, -1},
    {Q(",\"claims\":[{\"path\":[\"adult\"],\"values\":[true]}]"), "[true]", -1},
    {Q(",\"claims\":[{\"path\":[\"adult\"],\"values\":[1,\"true\",false]}]"),
     NULL, -1},
    {Q(",\"claims\":[{\"path\":[\"nationalities\",null],\"values\":["
       "\"Betelgeusian\"]}]"),
     "[\"Betelgeusian\"]", -1},
    {Q(",\"claims\":[{\"path\":[\"none\"],\"values\":[false]}]"), NULL, -1},
    {Q(",\"claims\":[{\"path\":[\"name\"],\"values\":[\"arthur dent\"]}]"),
     NULL, -1},
    /* claim_sets: the first that can be answered */
    {Q(",\"claims\":[{\"id\":\"x\",\"path\":[\"absent\"]},{\"id\":\"n\","
       "\"path\":[\"name\"]},{\"id\":\"a\",\"path\":[\"age\"]}],"
       "\"claim_sets\":[[\"x\"],[\"n\",\"x\"],[\"a\",\"n\"],[\"n\"]]"),
     "[42,\"Arthur Dent\"]", 2},
    {Q(",\"claims\":[{\"id\":\"x\",\"path\":[\"absent\"]}],"
       "\"claim_sets\":[[\"x\"]]"),
     NULL, -1},
    /* the same claim twice: the first stands */
    {Q(",\"claims\":[{\"path\":[\"age\"],\"values\":[42]},{\"path\":[\"age\"],"
       "\"values\":[0]}]"),
     "[42]", -1},
    {Q(",\"claims\":[{\"id\":\"x\",\"path\":[\"age\"],\"values\":[0]},{\"id\":"
       "\"y\",\"path\":[\"age\"],\"values\":[42]}],\"claim_sets\":[[\"x\"],["
       "\"y\"]]"),
     "[42]", 1},
    /* authorities: any value of any type that we can tell */
    {Q(",\"trusted_authorities\":[{\"type\":\"aki\",\"values\":[\"AAAA\","
       "\"AQID\"]}]"),
     "[]", -1},
    {Q(",\"trusted_authorities\":[{\"type\":\"etsi_tl\",\"values\":[\"AQID\"]},"
       "{\"type\":\"aki\",\"values\":[\"AQID\"]}]"),
     "[]", -1},
    {Q(",\"trusted_authorities\":[{\"type\":\"aki\",\"values\":[\"AAAA\"]}]"),
     NULL, -1},
    {Q(",\"trusted_authorities\":[{\"type\":\"aki\",\"values\":[\"AQID=\"]}]"),
     NULL, -1},
    {Q(",\"trusted_authorities\":[{\"type\":\"openid_federation\",\"values\":["
       "\"AQID\"]}]"),
     NULL, -1},
};

static void
a_candidate_answers_as_the_rules_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
        struct br_dcql q;
        struct br_dcql_match m;
        struct br_dcql_candidate c = arthur();
        assert_ok(br_dcql_parse(json(matches[i].text), &arena, &q, &err));
        enum br_rc rc = br_dcql_match(&q.queries[0], &c, &arena, &m, &err);
        assert_int_equal(
            rc, br_dcql_match(&q.queries[0], &c, &arena, NULL, NULL));
        if (rc != (matches[i].selected == NULL ? BR_ERR_NOT_FOUND : BR_OK)) {
            fail_msg("%s: %d %s", matches[i].text, (int)rc, err.text);
        }
        if (rc != BR_OK || matches[i].selected == NULL) {
            continue;
        }
        const struct br_json *want = json(matches[i].selected);
        assert_int_equal(m.count, br_json_count(want));
        assert_int_equal(m.claim_set, matches[i].set);
        for (size_t k = 0; k < m.count; k++) {
            assert_true(br_json_equal(m.selected[k], br_json_at(want, k)));
        }
    }
}

static void
a_candidate_has_format_type_and_holder(void **state)
{
    (void)state;
    struct br_dcql q;
    struct br_dcql_candidate c = arthur();
    assert_ok(br_dcql_parse(
        json(
            "{\"credentials\":[{\"id\":\"q\",\"format\":\"dc+sd-jwt\",\"meta\":"
            "{\"vct_values\":[\"a\",\"t\"]}},{\"id\":\"r\",\"format\":\"dc+sd-"
            "jwt\",\"meta\":{\"vct_values\":[\"t\"]},\"require_cryptographic_"
            "holder_binding\":false}]}"),
        &arena, &q, &err));
    assert_ok(br_dcql_match(&q.queries[0], &c, &arena, NULL, &err));
    c.has_holder = false;
    assert_int_equal(
        br_dcql_match(&q.queries[0], &c, &arena, NULL, &err), BR_ERR_NOT_FOUND);
    assert_ok(br_dcql_match(&q.queries[1], &c, &arena, NULL, &err));
    c.vct = br_str("T");
    assert_int_equal(
        br_dcql_match(&q.queries[1], &c, &arena, NULL, &err), BR_ERR_NOT_FOUND);
    c.claims = json("{\"aka_vcts\":[\"u\",\"t\"]}");
    assert_ok(br_dcql_match(&q.queries[1], &c, &arena, NULL, &err));
    c.format = "mso_mdoc";
    assert_int_equal(
        br_dcql_match(&q.queries[1], &c, &arena, NULL, &err), BR_ERR_NOT_FOUND);
}

/* ---- credentials together: a small world (section 6.4.2) ---------------- */

/* Three queries; up to two sets, each of up to two options, each option a
 * non-empty set of queries: every one of them, with every set of answers. */
enum { QUERIES = 3, OPTIONS = 7, WORLDS = 1 << QUERIES };

struct small_set {
    unsigned options[2]; /**< bits of queries; 0: absent */
    bool required;
};

static void
put_option(struct br_buf *b, unsigned option)
{
    const char *comma = "";
    br_buf_puts(b, "[");
    for (unsigned i = 0; i < QUERIES; i++) {
        if ((option >> i & 1) != 0) {
            br_buf_printf(b, "%s\"q%u\"", comma, i);
            comma = ",";
        }
    }
    br_buf_puts(b, "]");
}

static const char *
as_query(const struct small_set *sets, size_t count)
{
    struct br_buf b;
    br_buf_init(&b, 65536);
    br_buf_puts(&b, "{\"credentials\":[");
    for (unsigned i = 0; i < QUERIES; i++) {
        br_buf_printf(
            &b, "%s{\"id\":\"q%u\",\"format\":\"x\",\"meta\":{}}",
            i == 0 ? "" : ",", i);
    }
    br_buf_puts(&b, count == 0 ? "]" : "],\"credential_sets\":[");
    for (size_t s = 0; s < count; s++) {
        br_buf_puts(&b, s == 0 ? "{\"options\":[" : ",{\"options\":[");
        put_option(&b, sets[s].options[0]);
        if (sets[s].options[1] != 0) {
            br_buf_puts(&b, ",");
            put_option(&b, sets[s].options[1]);
        }
        br_buf_puts(&b, sets[s].required ? "]}" : "],\"required\":false}");
    }
    br_buf_puts(&b, count == 0 ? "}" : "]}");
    const char *out = (const char *)kept(&b).p;
    br_buf_fini(&b);
    return out;
}

/** Written from the specification's sentences alone, with sets as bits: the
 *  queries to answer, or -1. */
static int
naive(
    const struct small_set *sets,
    size_t count,
    unsigned answerable,
    bool optional)
{
    unsigned all = WORLDS - 1;
    unsigned chosen = 0;
    if (count == 0) {
        return answerable == all ? (int)all : -1;
    }
    for (size_t s = 0; s < count; s++) {
        unsigned first = 0;
        for (int o = 1; o >= 0; o--) {
            unsigned option = sets[s].options[o];
            bool can = option != 0 && (option & answerable) == option;
            first = can ? option : first;
        }
        if (sets[s].required && first == 0) {
            return -1;
        }
        chosen |= sets[s].required || optional ? first : 0;
    }
    return (int)chosen;
}

static void
compare(const struct small_set *sets, size_t count)
{
    struct br_dcql q;
    assert_ok(br_dcql_parse(json(as_query(sets, count)), &arena, &q, &err));
    for (unsigned world = 0; world < 2 * WORLDS; world++) {
        bool optional = world >= WORLDS;
        bool answerable[QUERIES];
        bool chosen[QUERIES] = {false};
        int got = 0;
        for (unsigned i = 0; i < QUERIES; i++) {
            answerable[i] = (world >> i & 1) != 0;
        }
        int want = naive(sets, count, world % WORLDS, optional);
        enum br_rc rc = br_dcql_choose(&q, answerable, optional, chosen, &err);
        for (unsigned i = 0; i < QUERIES; i++) {
            got |= chosen[i] ? 1 << i : 0;
        }
        if (rc != (want < 0 ? BR_ERR_NOT_FOUND : BR_OK) ||
            got != (want < 0 ? 0 : want)) {
            fail_msg("%s in %u: %d", as_query(sets, count), world, got);
        }
    }
}

static struct small_set
nth_set(unsigned n)
{
    return (struct small_set){
        {1 + n % OPTIONS, n / OPTIONS % (OPTIONS + 1)},
        n / OPTIONS / (OPTIONS + 1) == 0};
}

static void
every_small_world_is_answered_as_by_hand(void **state)
{
    (void)state;
    enum { SETS = OPTIONS * (OPTIONS + 1) * 2 };
    compare(NULL, 0);
    for (unsigned i = 0; i < SETS; i++) {
        struct small_set sets[2] = {nth_set(i)};
        fresh_arena();
        compare(sets, 1);
        for (unsigned k = 0; k < SETS; k++) {
            sets[1] = nth_set(k);
            compare(sets, 2);
        }
    }
}

/* ---- claims together: random queries against a naive evaluator ---------- */

/* Claims a..d, each absent, 0 or 1: a digit of base 3 each. Queries for all of
 * them, for anything, 0 or 1; three sets of them, in any order. */
enum { LETTERS = 4, HELD = 81, SETS_OF_CLAIMS = 3 };

struct small_query {
    unsigned held;
    unsigned wants[LETTERS];
    unsigned sets[SETS_OF_CLAIMS]; /**< bits of letters, one at least */
};

static unsigned
digit(unsigned held, unsigned letter)
{
    while (letter-- > 0) {
        held /= 3;
    }
    return held % 3;
}

static const char *
as_claims(const struct small_query *s)
{
    struct br_buf b;
    br_buf_init(&b, 4096);
    br_buf_puts(&b, "{\"z\":0");
    for (unsigned i = 0; i < LETTERS; i++) {
        if (digit(s->held, i) > 0) {
            br_buf_printf(
                &b, ",\"%c\":%u", (int)('a' + i), digit(s->held, i) - 1);
        }
    }
    br_buf_puts(&b, "}");
    const char *out = (const char *)kept(&b).p;
    br_buf_fini(&b);
    return out;
}

static const char *
as_claim_query(const struct small_query *s)
{
    static const char *const values[] = {
        "", ",\"values\":[0]", ",\"values\":[7,1]"};
    struct br_buf b;
    br_buf_init(&b, 4096);
    br_buf_puts(
        &b, "{\"credentials\":[{\"id\":\"q\",\"format\":\"x\",\"meta\":{},"
            "\"claims\":[");
    for (unsigned i = 0; i < LETTERS; i++) {
        br_buf_printf(
            &b, "%s{\"id\":\"%c\",\"path\":[\"%c\"]%s}", i == 0 ? "" : ",",
            (int)('a' + i), (int)('a' + i), values[s->wants[i]]);
    }
    br_buf_puts(&b, "],\"claim_sets\":[");
    for (unsigned k = 0; k < SETS_OF_CLAIMS; k++) {
        const char *comma = k == 0 ? "[" : ",[";
        for (unsigned i = 0; i < LETTERS; i++) {
            if ((s->sets[k] >> i & 1) != 0) {
                br_buf_printf(&b, "%s\"%c\"", comma, (int)('a' + i));
                comma = ",";
            }
        }
        br_buf_puts(&b, "]");
    }
    br_buf_puts(&b, "]}]}");
    const char *out = (const char *)kept(&b).p;
    br_buf_fini(&b);
    return out;
}

/** The first set whose claims are all there with a value that is asked for. */
static int
naive_set(const struct small_query *s)
{
    int first = -1;
    for (int k = SETS_OF_CLAIMS - 1; k >= 0; k--) {
        bool can = true;
        for (unsigned i = 0; i < LETTERS; i++) {
            unsigned has = digit(s->held, i);
            bool good = has > 0 && (s->wants[i] == 0 || s->wants[i] == has);
            can = can && ((s->sets[k] >> i & 1) == 0 || good);
        }
        first = can ? k : first;
    }
    return first;
}

static void
every_small_credential_is_matched_as_by_hand(void **state)
{
    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct small_query s = {.held = random_below(HELD)};
        struct br_dcql q;
        struct br_dcql_match m = {.claim_set = -1};
        fresh_arena();
        for (unsigned i = 0; i < LETTERS; i++) {
            s.wants[i] = random_below(3);
        }
        for (unsigned k = 0; k < SETS_OF_CLAIMS; k++) {
            s.sets[k] = 1 + random_below(15);
        }
        const struct br_dcql_candidate c = {
            .format = "x", .claims = json(as_claims(&s)), .has_holder = true};
        assert_ok(br_dcql_parse(json(as_claim_query(&s)), &arena, &q, &err));
        enum br_rc rc = br_dcql_match(&q.queries[0], &c, &arena, &m, &err);
        int want = naive_set(&s);
        if (rc != (want < 0 ? BR_ERR_NOT_FOUND : BR_OK) ||
            m.claim_set != want) {
            fail_msg("%s %s", as_claims(&s), as_claim_query(&s));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_where_the_specification_says),
        cmocka_unit_test(each_query_meets_its_rule),
        cmocka_unit_test(queries_have_a_size),
        cmocka_unit_test(a_candidate_answers_as_the_rules_say),
        cmocka_unit_test(a_candidate_has_format_type_and_holder),
        cmocka_unit_test(every_small_world_is_answered_as_by_hand),
        cmocka_unit_test(every_small_credential_is_matched_as_by_hand),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, sd_setup, sd_teardown);
}
