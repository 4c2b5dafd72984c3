/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/codec/json_support.h"

static struct br_err err;
static struct br_arena arena;
static struct br_json_maker m;

static int
begin(void **state)
{
    (void)state;
    br_arena_init(&arena, TEST_ARENA_BYTES);
    br_json_maker_init(&m, &arena);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    br_arena_fini(&arena);
    return 0;
}

static void
values_are_made(void **state)
{
    (void)state;
    char name[] = "s";
    char string[] = "copied";
    struct br_json *o = br_json_new_object(&m);
    struct br_json *a = br_json_set(&m, o, "a", br_json_new_array(&m));
    br_json_set(&m, o, name, br_json_new_string(&m, br_str(string)));
    name[0] = '?';
    string[0] = '?';
    br_json_append(&m, a, br_json_new_null(&m));
    br_json_append(&m, a, br_json_new_boolean(&m, true));
    br_json_append(&m, a, br_json_new_boolean(&m, false));
    br_json_append(&m, a, br_json_new_uint(&m, UINT64_MAX));
    br_json_append(&m, a, br_json_new_int(&m, INT64_MIN));
    br_json_append(&m, a, br_json_new_int(&m, 0));
    br_json_append(&m, a, br_json_new_int(&m, INT64_MAX));
    br_json_append(&m, a, br_json_new_string(&m, br_bytes(NULL, 0)));
    br_json_append(&m, a, br_json_new_object(&m));
    assert_int_equal(br_json_maker_status(&m, &err), BR_OK);
    assert_written(
        o, "{\"a\":[null,true,false,18446744073709551615,-9223372036854775808,"
           "0,9223372036854775807,\"\",{}],\"s\":\"copied\"}");
    assert_int_equal(o->height, 3);
}

/** What an issuer does: claims out, digests in. */
static void
claims_become_digests(void **state)
{
    (void)state;
    struct br_json *claims = parsed(
        &arena, br_str("{\"iss\":\"x\", \"name\":\"Ada\", \"address\": "
                       "{\"city\":\"Roma\", \"zip\" : \"00100\"}, "
                       "\"nat\":[\"IT\",\"FR\"]}"));
    struct br_json *address = br_json_member(claims, "address");
    struct br_json *nat = br_json_member(claims, "nat");
    struct br_json *name = br_json_remove(claims, "name");
    struct br_json *zip = br_json_remove(address, "zip");
    assert_null(br_json_remove(claims, "name"));
    assert_null(br_json_remove(nat, "name"));
    assert_true(br_json_is(name, "Ada"));
    assert_int_equal(name->name.n, 0);
    struct br_json *sd = br_json_new_array(&m);
    br_json_append(&m, sd, br_json_new_string(&m, br_str("digest")));
    br_json_set(&m, address, "_sd", sd);
    struct br_json *dots = br_json_new_object(&m);
    br_json_set(&m, dots, "...", br_json_new_string(&m, br_str("other")));
    br_json_replace(&m, br_json_first(nat), dots);
    br_json_set(&m, claims, "iss", br_json_new_string(&m, br_str("y")));
    assert_int_equal(br_json_maker_status(&m, &err), BR_OK);
    assert_written(
        claims, "{\"iss\":\"y\",\"address\":{\"city\":\"Roma\",\"_sd\":"
                "[\"digest\"]},\"nat\":[{\"...\":\"other\"},\"FR\"]}");
    /* the disclosure holds what came, as it came */
    assert_bytes_equal(zip->raw, br_str("\"00100\""));
    struct br_json *disclosure = br_json_new_array(&m);
    br_json_append(&m, disclosure, zip);
    assert_written(disclosure, "[\"00100\"]");
}

static void
bytes_of_what_changed_are_forgotten(void **state)
{
    (void)state;
    struct br_json *v =
        parsed(&arena, br_str("{\"a\":{\"b\":[1, 2]}, \"c\":{\"d\":1}}"));
    struct br_json *a = br_json_member(v, "a");
    struct br_json *b = br_json_member(a, "b");
    br_json_append(&m, b, br_json_new_null(&m));
    assert_int_equal(b->raw.n + a->raw.n + v->raw.n, 0);
    assert_bytes_equal(br_json_first(b)->raw, br_str("1"));
    assert_bytes_equal(br_json_member(v, "c")->raw, br_str("{\"d\":1}"));
    br_json_detach(br_json_member(br_json_member(v, "c"), "d"));
    assert_int_equal(br_json_member(v, "c")->raw.n, 0);
    assert_written(v, "{\"a\":{\"b\":[1,2,null]},\"c\":{}}");
}

static void
first_last_and_only_items_leave(void **state)
{
    (void)state;
    static const struct {
        unsigned gone; /* a bit for each item */
        const char *left;
    } cases[] = {{0, "[0,1,2]"}, {1, "[1,2]"}, {2, "[0,2]"}, {4, "[0,1]"},
                 {3, "[2]"},     {5, "[1]"},   {6, "[0]"},   {7, "[]"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct br_json *a = parsed(&arena, br_str("[0,1,2]"));
        struct br_json *item[3] = {
            br_json_at(a, 0), br_json_at(a, 1), br_json_at(a, 2)};
        size_t left = 3;
        for (unsigned k = 0; k < 3; k++) {
            if ((cases[i].gone >> k & 1) != 0) {
                br_json_detach(item[k]);
                br_json_detach(item[k]); /* again: it is in nothing */
                left--;
            }
        }
        assert_written(a, cases[i].left);
        assert_int_equal(br_json_count(a), left);
        br_json_append(&m, a, br_json_new_uint(&m, 9));
        assert_int_equal(br_json_count(a), left + 1);
        assert_ptr_equal(br_json_at(a, left), a->items.last);
    }
    assert_int_equal(br_json_maker_status(&m, &err), BR_OK);
}

/** An object against a plain array of what must be in it. */
static void
members_come_and_go_as_in_a_model(void **state)
{
    (void)state;
    enum { NAMES = 60, STEPS = 20000 };
    uint64_t model[NAMES] = {0};
    bool there[NAMES] = {false};
    uint64_t seed = 30;
    size_t count = 0;
    struct br_json *o = br_json_new_object(&m);
    for (int i = 0; i < STEPS; i++) {
        char name[16];
        uint64_t r = next_random(&seed);
        size_t k = r % NAMES;
        bool grow = i / 500 % 2 == 0 ? r >> 8 & 3 : (r >> 8 & 3) == 0;
        (void)snprintf(name, sizeof(name), "%s%zu", k % 2 ? "n" : "name", k);
        if (grow) {
            count += there[k] ? 0 : 1;
            there[k] = true;
            model[k] = r;
            br_json_set(&m, o, name, br_json_new_uint(&m, r));
        } else {
            struct br_json *v = br_json_remove(o, name);
            assert_int_equal(v != NULL, there[k]);
            count -= there[k] ? 1 : 0;
            there[k] = false;
        }
        assert_int_equal(br_json_count(o), count);
        k = (r >> 16) % NAMES;
        (void)snprintf(name, sizeof(name), "%s%zu", k % 2 ? "n" : "name", k);
        struct br_json *v = br_json_member(o, name);
        assert_int_equal(v != NULL, there[k]);
        assert_true(v == NULL || v->magnitude == model[k]);
    }
    assert_int_equal(br_json_maker_status(&m, &err), BR_OK);
}

static void
copies_are_equal_and_apart(void **state)
{
    (void)state;
    uint64_t seed = 31;
    for (size_t i = 0; i < 300; i++) {
        struct br_json *v = random_tree(&m, &seed, i);
        struct br_json *outer = br_json_new_object(&m);
        br_json_set(&m, outer, "in", v);
        struct br_json *copy = br_json_new_copy(&m, v);
        assert_int_equal(br_json_maker_status(&m, &err), BR_OK);
        assert_true(br_json_equal(v, copy));
        assert_null(copy->parent);
        assert_int_equal(copy->name.n, 0);
        assert_int_equal(copy->height, v->height);
        if (br_json_first(copy) != NULL) {
            br_json_detach(br_json_first(copy));
            assert_false(br_json_equal(v, copy));
        }
    }
    struct br_json *one = br_json_new_copy(&m, parsed(&arena, br_str("1.5")));
    assert_written(one, "1.5");
}

static void
depth_is_held_to(void **state)
{
    (void)state;
    struct br_json *top = br_json_new_array(&m);
    struct br_json *in = top;
    for (int i = 1; i < BR_JSON_DEPTH_MAX; i++) {
        in = br_json_append(&m, in, br_json_new_array(&m));
    }
    assert_int_equal(top->height, BR_JSON_DEPTH_MAX);
    br_json_append(&m, in, br_json_new_null(&m));
    assert_int_equal(br_json_maker_status(&m, &err), BR_OK);
    struct br_json *outer = br_json_new_object(&m);
    assert_null(br_json_set(&m, outer, "x", top));
    assert_int_equal(br_json_maker_status(&m, &err), BR_ERR_TOO_DEEP);
    /* and nothing goes on after it */
    assert_null(br_json_new_null(&m));
    assert_null(br_json_set(&m, outer, "y", NULL));
    assert_null(br_json_append(&m, NULL, NULL));
    assert_int_equal(br_json_count(outer), 0);
    br_json_maker_init(&m, &arena);
    assert_null(br_json_append(&m, in, br_json_new_object(&m)));
    assert_int_equal(br_json_maker_status(&m, &err), BR_ERR_TOO_DEEP);
    br_json_maker_init(&m, &arena);
    assert_null(br_json_replace(&m, br_json_first(in), br_json_new_array(&m)));
    assert_int_equal(br_json_maker_status(&m, &err), BR_ERR_TOO_DEEP);
    struct br_buf b;
    br_buf_init(&b, 4096);
    assert_int_equal(br_json_encode(top, &b, &err), BR_OK);
    (void)parsed(&arena, br_buf_bytes(&b));
    br_buf_fini(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_are_made, begin, end),
        cmocka_unit_test_setup_teardown(claims_become_digests, begin, end),
        cmocka_unit_test_setup_teardown(
            bytes_of_what_changed_are_forgotten, begin, end),
        cmocka_unit_test_setup_teardown(
            first_last_and_only_items_leave, begin, end),
        cmocka_unit_test_setup_teardown(
            members_come_and_go_as_in_a_model, begin, end),
        cmocka_unit_test_setup_teardown(copies_are_equal_and_apart, begin, end),
        cmocka_unit_test_setup_teardown(depth_is_held_to, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
