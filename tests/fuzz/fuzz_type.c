/* SPDX-License-Identifier: EUPL-1.2 */
/* Credential types and the claims that a desk gives for them: {"type": ...,
 * "claims": ...}. Claims that fit have names that the type has, byte by byte,
 * and can be completed and hidden; what wallets are told of the type is JSON.
 */
#include "common/credential/rule.h"
#include "orchestrator/core/type.h"
#include "tests/fuzz/fuzz.h"

enum {
    ARENA_BYTES = 32 << 20,
    INPUT_BYTES_MAX = 64 << 10,
    RANDOM_BYTES = 8 << 20,
};

/** The writers of what wallets are told. */
static void
told(const struct br_type *t, struct br_arena *arena)
{
    void (*const write[])(struct br_json_writer *, const struct br_type *) = {
        br_type_metadata_write, br_type_display_write};
    for (size_t i = 0; i < 2; i++) {
        struct br_json_writer w;
        struct br_json *v = NULL;
        struct br_buf b;
        br_buf_init(&b, ARENA_BYTES);
        br_json_writer_init(&w, &b);
        write[i](&w, t);
        enum br_rc rc = br_json_writer_done(&w, NULL);
        BR_ASSERT(rc == BR_OK);
        rc = br_json_parse(br_buf_bytes(&b), arena, &v, NULL);
        BR_ASSERT(rc == BR_OK || rc == BR_ERR_TOO_LARGE);
        br_buf_fini(&b);
    }
}

static void
names_are_known(const struct br_type *t, const struct br_json *claims)
{
    for (struct br_json *v = br_json_first(claims); v != NULL; v = v->next) {
        bool known = false;
        for (size_t i = 0; i < t->claim_count; i++) {
            known = known ||
                    br_bytes_eq(v->name, br_str(t->claims[i].path.steps[0]));
        }
        BR_ASSERT(known);
    }
}

/** As the issuer does with claims that fit. */
static void
hidden(const struct br_type *t, struct br_json *claims, struct br_arena *arena)
{
    static uint8_t random[RANDOM_BYTES];
    struct br_type_paths paths;
    struct br_sd_hidden ret;
    struct br_err err;
    enum br_rc rc = br_type_complete(t, claims, arena, &paths, &err);
    if (rc == BR_OK) {
        size_t n = br_sd_random_bytes(claims, 0);
        BR_ASSERT(n <= sizeof(random));
        const struct br_sd_plan plan = {
            .paths = paths.paths,
            .count = paths.count,
            .random = br_bytes(random, n)};
        rc = br_sd_hide(claims, &plan, arena, &ret, &err);
    }
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        BR_ASSERT(rc == BR_ERR_TOO_LARGE || br_rule_of(&err) != NULL);
    }
}

static void
try(const struct br_json *type, struct br_json *claims, struct br_arena *arena)
{
    struct br_type *t = NULL;
    struct br_err err;
    enum br_rc rc = br_type_parse(type, "https://i", arena, &t, &err);
    if (rc == BR_OK) {
        told(t, arena);
        rc = claims == NULL ? BR_OK : br_type_check(t, claims, &err);
    }
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
    } else if (claims != NULL) {
        struct br_json_maker m;
        names_are_known(t, claims);
        br_json_maker_init(&m, arena);
        struct br_json *alone = br_json_new_copy(&m, claims);
        if (alone != NULL) {
            hidden(t, alone, arena);
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_arena arena;
    struct br_json *v = NULL;
    fuzz_init();
    br_arena_init(&arena, ARENA_BYTES);
    if (n < INPUT_BYTES_MAX &&
        br_json_parse(br_bytes(data, n), &arena, &v, NULL) == BR_OK &&
        br_json_member(v, "type") != NULL) {
        try(br_json_member(v, "type"), br_json_member(v, "claims"), &arena);
    }
    br_arena_fini(&arena);
    return 0;
}
