/*
 * Properties of selective disclosure over random trees of claims: what is
 * hidden comes back, what is chosen is shown and no more, and no byte of a
 * presentation can be changed.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/sd_support.h"

#include "common/codec/json_write.h"

enum { TREES = 400, PATHS_MAX = 64, STEPS_MAX = 8 };

struct tree {
    struct br_json_maker maker;
    struct br_sd_path paths[PATHS_MAX];
    const char *steps[PATHS_MAX][STEPS_MAX];
    size_t count;
};

static struct br_json *
scalar(struct br_json_maker *m)
{
    static const char *const words[] = {
        "", "Bianchi", "\xf0\x9f\x98\x80", "a\"b\\c\n", "~.~"};
    switch (random_below(5)) {
    case 0:
        return br_json_new_null(m);
    case 1:
        return br_json_new_boolean(m, random_below(2) == 0);
    case 2:
        return br_json_new_int(m, (int64_t)random_next());
    default:
        return br_json_new_string(m, br_str(words[random_below(5)]));
    }
}

/** Perhaps the path of v, with nulls for positions. */
static void
perhaps_hide(struct tree *t, const struct br_json *v)
{
    size_t n = 0;
    for (const struct br_json *up = v; up->parent != NULL; up = up->parent) {
        n++;
    }
    if (t->count == PATHS_MAX || n > STEPS_MAX || random_below(2) == 0) {
        return;
    }
    size_t at = n;
    for (; v->parent != NULL; v = v->parent) {
        bool item = v->parent->kind == BR_JSON_ARRAY;
        t->steps[t->count][--at] = item ? NULL : br_arena_copy(&arena, v->name);
    }
    t->paths[t->count] = (struct br_sd_path){t->steps[t->count], n};
    t->count++;
}

/** Grow below an array or object that is there already. */
static void
grow_tree(struct tree *t, struct br_json *root)
{
    struct br_json *open[32] = {root};
    size_t count = 1;
    for (size_t k = 0; k < count; k++) {
        unsigned items = random_below(k == 0 ? 6 : 4);
        for (unsigned i = 0; i < items; i++) {
            bool nested = count < 20 && random_below(3) == 0;
            struct br_json *v = !nested ? scalar(&t->maker)
                                : random_below(2) == 0
                                    ? br_json_new_array(&t->maker)
                                    : br_json_new_object(&t->maker);
            char name[16];
            (void)snprintf(name, sizeof(name), "n%u", i);
            if (open[k]->kind == BR_JSON_ARRAY) {
                (void)br_json_append(&t->maker, open[k], v);
            } else {
                (void)br_json_set(&t->maker, open[k], name, v);
            }
            perhaps_hide(t, v);
            if (nested) {
                open[count++] = v;
            }
        }
    }
    assert_ok(br_json_maker_status(&t->maker, &err));
}

static struct br_json *
random_tree(struct tree *t)
{
    memset(t, 0, sizeof(*t));
    br_json_maker_init(&t->maker, &arena);
    struct br_json *root = br_json_new_object(&t->maker);
    grow_tree(t, root);
    struct br_jwk k = {.key = *br_private_key_public(holder)};
    struct br_json_writer w;
    struct br_buf b;
    br_buf_init(&b, 4096);
    br_json_writer_init(&w, &b);
    br_json_write_object(&w);
    br_json_write_name(&w, "jwk");
    br_jwk_write(&w, &k);
    br_json_write_end(&w);
    assert_ok(br_json_writer_done(&w, &err));
    (void)br_json_set(&t->maker, root, "cnf", json((const char *)kept(&b).p));
    br_buf_fini(&b);
    return root;
}

/** Hidden as the tree's paths say, and signed. */
static struct br_bytes
issue(const struct tree *t, struct br_json *claims, unsigned decoys)
{
    struct br_sd_hidden hidden;
    struct br_buf b;
    const struct br_jws_header header = {.alg = BR_ALG_ES256};
    const struct br_sd_plan plan = {
        .paths = t->paths,
        .count = t->count,
        .decoys = decoys,
        .random = random_bytes(br_sd_random_bytes(claims, decoys)),
    };
    assert_ok(br_sd_hide(claims, &plan, &arena, &hidden, &err));
    br_buf_init(&b, ARENA_BYTES);
    assert_ok(br_sd_issue(&hidden, &header, issuer, &b, &err));
    struct br_bytes out = kept(&b);
    br_buf_fini(&b);
    return out;
}

/* The original comes back, whatever was hidden, and is no more in the JWT. */
static void
what_is_hidden_comes_back(void **state)
{
    (void)state;
    size_t disclosures = 0;
    size_t recursive = 0;
    for (int i = 0; i < TREES; i++) {
        struct tree t;
        struct br_sd_jwt sd = {0};
        struct br_json *claims = NULL;
        fresh_arena();
        struct br_json *original = random_tree(&t);
        struct br_json_maker m;
        br_json_maker_init(&m, &arena);
        struct br_json *copy = br_json_new_copy(&m, original);
        struct br_bytes text = issue(&t, original, random_below(4));
        assert_ok(open_sd(text, &sd, &claims));
        if (!br_json_equal(claims, copy)) {
            fail_msg("tree %d: %s, not %s", i, as_text(claims), as_text(copy));
        }
        assert_int_equal(sd.gap_count, 0);
        disclosures += sd.count;
        for (size_t k = 0; k < sd.count; k++) {
            recursive += sd.disclosures[k].value->parent != NULL &&
                         sd.disclosures[k].value->parent->parent != NULL;
        }
    }
    assert_true(disclosures > TREES && recursive > TREES / 4);
}

/** Does v, or what it lies in, belong to what was chosen? */
static bool
shown(const struct br_sd_jwt *sd, const bool *chosen, const struct br_json *v)
{
    for (; v != NULL; v = v->parent) {
        for (size_t i = 0; i < sd->count; i++) {
            if (sd->disclosures[i].value == v && !chosen[i]) {
                return false;
            }
        }
    }
    return true;
}

static struct br_json *
next_value(const struct br_json *root, struct br_json *v)
{
    if (br_json_first(v) != NULL) {
        return br_json_first(v);
    }
    while (v != root && v->next == NULL) {
        v = v->parent;
    }
    return v == root ? NULL : v->next;
}

static void
prune(const struct br_sd_jwt *sd, const bool *chosen, struct br_json *root)
{
    struct br_json *v = root;
    while (v != NULL) {
        struct br_json *next = next_value(root, v);
        if (v != root && !shown(sd, chosen, v)) {
            struct br_json *up = v;
            next = v->next;
            while (next == NULL && up->parent != root) {
                up = up->parent;
                next = up->next;
            }
            br_json_detach(v);
        }
        v = next;
    }
}

/* Chosen values come with all that they lie in, and nothing else comes. */
static void
what_is_chosen_is_shown_and_no_more(void **state)
{
    (void)state;
    for (int i = 0; i < TREES; i++) {
        struct tree t;
        struct br_sd_jwt sd = {0};
        struct br_sd_jwt got = {0};
        struct br_json *claims = NULL;
        struct br_json *received = NULL;
        struct br_json *said = NULL;
        struct br_buf b;
        bool chosen[256] = {false};
        fresh_arena();
        struct br_bytes text = issue(&t, random_tree(&t), random_below(3));
        assert_ok(open_sd(text, &sd, &claims));
        assert_true(sd.count < 256);
        for (size_t k = 0; k < sd.count; k++) {
            if (random_below(3) == 0) {
                br_sd_select(&sd, sd.disclosures[k].value, chosen);
                assert_true(chosen[k]);
            }
        }
        const struct br_sd_binding binding = {
            br_str("https://v.example"), br_str("n"), NOW, NULL};
        const struct br_sd_binding_policy policy = {
            BR_ALG_ES256, binding.audience, binding.nonce, NOW + 10, 60};
        br_buf_init(&b, ARENA_BYTES);
        assert_ok(br_sd_present(&sd, chosen, &binding, holder, &b, &err));
        assert_ok(open_sd(kept(&b), &got, &received));
        assert_ok(
            br_sd_check_binding(&got, received, &policy, &arena, &said, &err));
        prune(&sd, chosen, claims);
        if (!br_json_equal(received, claims)) {
            fail_msg(
                "tree %d: %s, not %s", i, as_text(received), as_text(claims));
        }
        br_buf_fini(&b);
    }
}

/** Verified as a verifier does, from the bytes alone. */
static enum br_rc
judge(struct br_bytes text)
{
    struct br_sd_jwt sd = {0};
    struct br_json *claims = NULL;
    struct br_json *said = NULL;
    const struct br_sd_binding_policy policy = {
        BR_ALG_ES256, br_str("v"), br_str("n"), NOW, 60};
    BR_TRY(open_sd(text, &sd, &claims));
    return br_sd_check_binding(&sd, claims, &policy, &arena, &said, &err);
}

/* Every byte, of every part: header, payload, signature, disclosures, tildes,
 * the binding. */
static void
no_changed_byte_verifies(void **state)
{
    (void)state;
    struct tree t;
    struct br_sd_jwt sd = {0};
    struct br_json *claims = NULL;
    struct br_buf b;
    bool chosen[256];
    fresh_arena();
    random_state = 4242;
    struct br_bytes text;
    do {
        fresh_arena();
        text = issue(&t, random_tree(&t), 1);
        assert_ok(open_sd(text, &sd, &claims));
    } while (sd.count < 3);
    memset(chosen, true, sizeof(chosen));
    const struct br_sd_binding binding = {br_str("v"), br_str("n"), NOW, NULL};
    br_buf_init(&b, ARENA_BYTES);
    assert_ok(br_sd_present(&sd, chosen, &binding, holder, &b, &err));
    assert_ok(judge(br_buf_bytes(&b)));
    for (size_t i = 0; i < b.n; i++) {
        static const char others[] = {'A', 'B', '~', '.', '='};
        uint8_t was = b.p[i];
        fresh_arena();
        for (size_t k = 0; k < sizeof(others); k++) {
            b.p[i] = (uint8_t)others[k];
            if (b.p[i] != was && judge(br_buf_bytes(&b)) == BR_OK) {
                fail_msg("byte %zu, as '%c', verifies", i, others[k]);
            }
        }
        b.p[i] = was;
    }
    for (size_t n = 0; n < b.n; n++) {
        fresh_arena();
        assert_true(judge(br_bytes(b.p, n)) != BR_OK);
    }
    br_buf_fini(&b);
}

/* Digests tell nothing by their order or number: decoys among them are as the
 * others, and salts are all different. */
static void
decoys_look_like_digests_and_salts_differ(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct tree t;
        struct br_sd_jwt sd = {0};
        struct br_json *claims = NULL;
        fresh_arena();
        struct br_json *root = random_tree(&t);
        struct br_bytes text = issue(&t, root, 5);
        assert_ok(open_sd(text, &sd, &claims));
        struct br_json *payload = NULL;
        assert_ok(
            br_json_parse(sd.jws.unverified_payload, &arena, &payload, &err));
        const struct br_json *list = br_json_member(payload, "_sd");
        assert_true(br_json_count(list) >= 5);
        for (struct br_json *d = br_json_first(list); d != NULL; d = d->next) {
            assert_int_equal(d->string.n, 43);
            assert_true(
                d->next == NULL ||
                memcmp(d->string.p, d->next->string.p, 43) < 0);
        }
        for (size_t k = 0; k < sd.count; k++) {
            assert_int_equal(sd.disclosures[k].salt.n, 22);
            for (size_t j = 0; j < k; j++) {
                assert_false(br_bytes_eq(
                    sd.disclosures[k].salt, sd.disclosures[j].salt));
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_hidden_comes_back),
        cmocka_unit_test(what_is_chosen_is_shown_and_no_more),
        cmocka_unit_test(no_changed_byte_verifies),
        cmocka_unit_test(decoys_look_like_digests_and_salts_differ),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, sd_setup, sd_teardown);
}
