/*
 * Types and claims, ladders at their edges, the life of an offer.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/credential/status_list.h"
#include "orchestrator/core/issuance.h"
#include "orchestrator/core/type.h"
#include "orchestrator/setup/types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char type_text[] =
    "{\"id\":\"t\",\"validity_days\":2,\"batch_size\":3,\"display\":[{"
    "\"locale\":\"en\",\"name\":\"T\"}],\"claims\":["
    "{\"path\":[\"a\"],\"type\":\"amount\",\"required\":true},"
    "{\"path\":[\"who\",\"name\"],\"type\":\"string\",\"required\":true},"
    "{\"path\":[\"who\",\"born\"],\"type\":\"date\"},"
    "{\"path\":[\"open\"],\"type\":\"integer\",\"disclosable\":false},"
    "{\"path\":[\"all\"],\"type\":\"strings\"},"
    "{\"path\":[\"yes\"],\"type\":\"boolean\"},"
    "{\"path\":[\"up\"],\"type\":\"ladder\",\"of\":[\"a\"],"
    "\"steps\":[10,20]}]}";

struct world {
    struct br_arena arena;
    struct br_type *type;
};

static struct br_json *
parse(struct world *w, const char *text)
{
    struct br_json *v = NULL;
    char *copy = br_arena_copy(&w->arena, br_str(text));
    assert_non_null(copy);
    assert_int_equal(br_json_parse(br_str(copy), &w->arena, &v, NULL), BR_OK);
    return v;
}

static int
set_up(void **state)
{
    static struct world w;
    struct br_err err;
    br_arena_init(&w.arena, 8u << 20);
    if (br_type_parse(
            parse(&w, type_text), "https://i", &w.arena, &w.type, &err) !=
        BR_OK) {
        fail_msg("%s", err.text);
    }
    *state = &w;
    return 0;
}

static int
tear_down(void **state)
{
    br_arena_fini(&((struct world *)*state)->arena);
    return 0;
}

static void
a_type_is_read(void **state)
{
    struct world *w = (struct world *)*state;
    assert_string_equal(w->type->vct, "https://i/vct/t");
    assert_int_equal(w->type->validity_s, 2 * 86400);
    assert_int_equal(w->type->renewal_s, 2 * 86400);
    assert_int_equal(w->type->claim_count, 7);
    assert_true(w->type->claims[0].disclosable);
    assert_false(w->type->claims[3].disclosable);
}

#define ONE(claim) "{\"id\":\"t\",\"display\":[],\"claims\":[" claim "]}"

static void
bad_types_are_refused(void **state)
{
    static const char *const bad[] = {
        "[]",
        "{}",
        "{\"id\":\"T!\",\"display\":[],\"claims\":[]}",
        "{\"id\":\"t\",\"display\":[],\"claims\":[]}",
        "{\"id\":\"t\",\"display\":[],\"claims\":[],\"surprise\":1}",
        "{\"id\":\"t\",\"renewal\":3651,\"display\":[],\"claims\":[{\"path\":["
        "\"a\"],\"type\":\"string\"}]}",
        ONE("{\"path\":[],\"type\":\"string\"}"),
        ONE("{\"path\":[\"a\"],\"type\":\"secret\"}"),
        ONE("{\"path\":[\"iss\"],\"type\":\"string\"}"),
        ONE("{\"path\":[\"cnf\",\"jwk\"],\"type\":\"string\"}"),
        ONE("{\"path\":[\"_sd\"],\"type\":\"string\"}"),
        ONE("{\"path\":[\"a\",\"b\",\"c\",\"d\",\"e\"],\"type\":\"string\"}"),
        ONE("{\"path\":[\"a\"],\"type\":\"string\"},"
            "{\"path\":[\"a\"],\"type\":\"string\"}"),
        ONE("{\"path\":[\"a\"],\"type\":\"amount\"},{\"path\":[\"a\","
            "\"l\"],\"type\":\"ladder\",\"of\":[\"a\"],\"steps\":[1]}"),
        ONE("{\"path\":[\"a\",\"b\"],\"type\":\"string\"},"
            "{\"path\":[\"a\"],\"type\":\"strings\"}"),
        ONE("{\"path\":[\"l\"],\"type\":\"ladder\",\"of\":[\"a\"],"
            "\"steps\":[1]}"),
        ONE("{\"path\":[\"a\"],\"type\":\"amount\"},{\"path\":[\"l\"],"
            "\"type\":\"ladder\",\"of\":[\"a\"],\"steps\":[2,1]}"),
    };
    struct world *w = (struct world *)*state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct br_type *t = NULL;
        struct br_err err;
        assert_int_equal(
            br_type_parse(parse(w, bad[i]), "https://i", &w->arena, &t, &err),
            BR_ERR_CONFIG);
        assert_null(t);
    }
}

static void
claims_are_checked(void **state)
{
    static const struct {
        const char *text;
        enum br_rc rc;
    } cases[] = {
        {"{\"a\":1,\"who\":{\"name\":\"x\"}}", BR_OK},
        {"{\"a\":0.5,\"who\":{\"name\":\"x\",\"born\":\"2024-02-29\"},"
         "\"open\":-3,\"all\":[\"x\"],\"yes\":false}",
         BR_OK},
        {"{\"who\":{\"name\":\"x\"}}", BR_ERR_MISSING_FIELD},
        {"{\"a\":1}", BR_ERR_MISSING_FIELD},
        {"{\"a\":1,\"who\":{}}", BR_ERR_MISSING_FIELD},
        {"{\"a\":1,\"who\":7}", BR_ERR_WRONG_TYPE},
        {"{\"a\":1,\"who\":{\"name\":\"x\"},\"z\":1}", BR_ERR_UNKNOWN_FIELD},
        {"{\"a\":1,\"who\":{\"name\":\"x\",\"z\":1}}", BR_ERR_UNKNOWN_FIELD},
        {"{\"a\":1,\"who\":{\"name\":\"x\"},\"all\\u0000\":[]}",
         BR_ERR_UNKNOWN_FIELD},
        {"{\"a\":1,\"who\":{\"name\":\"x\",\"born\\u0000z\":1}}",
         BR_ERR_UNKNOWN_FIELD},
        {"{\"a\":1,\"who\":{\"name\":\"x\"},\"up\":{\"10\":true}}",
         BR_ERR_UNKNOWN_FIELD},
        {"{\"a\":\"1\",\"who\":{\"name\":\"x\"}}", BR_ERR_WRONG_TYPE},
        {"{\"a\":1e2,\"who\":{\"name\":\"x\"}}", BR_ERR_OUT_OF_RANGE},
        {"{\"a\":1,\"who\":{\"name\":\"\"}}", BR_ERR_OUT_OF_RANGE},
        {"{\"a\":1,\"who\":{\"name\":\"x\",\"born\":\"2023-02-29\"}}",
         BR_ERR_MALFORMED},
        {"{\"a\":1,\"who\":{\"name\":\"x\",\"born\":\"23-2-2\"}}",
         BR_ERR_MALFORMED},
        {"{\"a\":1,\"who\":{\"name\":\"x\"},\"open\":1.5}",
         BR_ERR_OUT_OF_RANGE},
        {"{\"a\":1,\"who\":{\"name\":\"x\"},\"all\":[1]}", BR_ERR_WRONG_TYPE},
        {"[]", BR_ERR_WRONG_TYPE},
    };
    struct world *w = (struct world *)*state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct br_err err = {.text = ""};
        enum br_rc rc = br_type_check(w->type, parse(w, cases[i].text), &err);
        if (rc != cases[i].rc) {
            fail_msg("%s: %d, %s", cases[i].text, (int)rc, err.text);
        }
    }
}

static void
amounts_are_exact(void **state)
{
    static const struct {
        const char *text;
        uint64_t cents;
        bool good;
    } cases[] = {
        {"0", 0, true},
        {"0.1", 10, true},
        {"0.01", 1, true},
        {"20000.01", 2000001, true},
        {"1.234", 0, false},
        {"-1", 0, false},
        {"-0", 0, false},
        {"1e3", 0, false},
        {"999999999999999", 99999999999999900, true},
        {"1000000000000000", 0, false},
    };
    struct world *w = (struct world *)*state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t cents = 7;
        enum br_rc rc = br_amount_cents(parse(w, cases[i].text), &cents, NULL);
        assert_int_equal(rc == BR_OK, cases[i].good);
        assert_int_equal(cents, cases[i].good ? cases[i].cents : 7);
    }
}

static void
ladders_are_made(void **state)
{
    static const struct {
        const char *amount;
        bool ten;
        bool twenty;
    } cases[] = {
        {"10", true, true},      {"10.01", false, true}, {"20.00", false, true},
        {"20.01", false, false}, {"0", true, true},
    };
    struct world *w = (struct world *)*state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[80];
        struct br_type_paths paths;
        (void)snprintf(
            text, sizeof(text), "{\"a\":%s,\"who\":{\"name\":\"x\"}}",
            cases[i].amount);
        struct br_json *claims = parse(w, text);
        assert_int_equal(
            br_type_complete(w->type, claims, &w->arena, &paths, NULL), BR_OK);
        struct br_json *up = br_json_member(claims, "up");
        assert_int_equal(br_json_member(up, "10")->boolean, cases[i].ten);
        assert_int_equal(br_json_member(up, "20")->boolean, cases[i].twenty);
        /* a, who.name, who.born, all, yes, up.10, up.20; not open. */
        assert_int_equal(paths.count, 7);
        assert_int_equal(paths.paths[6].count, 2);
        assert_string_equal(paths.paths[6].steps[1], "20");
    }
}

static void
shipped_types_are_good(void **state)
{
    struct world *w = (struct world *)*state;
    size_t n = 0;
    for (const struct br_shipped_type *s = br_shipped_types; s->name != NULL;
         s++) {
        struct br_json *v;
        struct br_type *t;
        struct br_err err;
        assert_int_equal(
            br_json_parse(br_bytes(s->text, s->n), &w->arena, &v, &err), BR_OK);
        if (br_type_parse(v, "https://i", &w->arena, &t, &err) != BR_OK) {
            fail_msg("%s: %s", s->name, err.text);
        }
        n++;
    }
    assert_int_equal(n, 3);
}

/** Every pair of states: which moves there are, and no others. */
static void
offers_move_as_told(void **state)
{
    static const char *const allowed =
        "offered>redeemed offered>locked offered>withdrawn redeemed>issued "
        "redeemed>waiting redeemed>withdrawn waiting>approved waiting>refused "
        "approved>issued ";
    (void)state;
    size_t moves = 0;
    for (int a = 0; a < BR_OFFER_STATES; a++) {
        for (int b = 0; b < BR_OFFER_STATES; b++) {
            char text[64];
            (void)snprintf(
                text, sizeof(text), "%s>%s ",
                br_offer_state_name((enum br_offer_state)a),
                br_offer_state_name((enum br_offer_state)b));
            bool good = br_offer_check_move(
                            (enum br_offer_state)a, (enum br_offer_state)b,
                            NULL) == BR_OK;
            assert_int_equal(good, strstr(allowed, text) != NULL);
            moves += good;
        }
    }
    assert_int_equal(moves, 9);
}

static void
statuses_move_as_told(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 4; a++) {
        for (unsigned b = 0; b < 4; b++) {
            bool want = (a == 0 && (b == 1 || b == 2)) ||
                        (a == 2 && (b == 0 || b == 1));
            assert_int_equal(br_status_check_move(a, b, NULL) == BR_OK, want);
        }
    }
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_type_is_read),
        CASE(bad_types_are_refused),
        CASE(claims_are_checked),
        CASE(amounts_are_exact),
        CASE(ladders_are_made),
        CASE(shipped_types_are_good),
        cmocka_unit_test(offers_move_as_told),
        cmocka_unit_test(statuses_move_as_told),
    };
    return cmocka_run_group_tests_name("orchestrator core", tests, NULL, NULL);
}
