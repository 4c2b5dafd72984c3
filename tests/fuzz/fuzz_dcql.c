/* SPDX-License-Identifier: EUPL-1.2 */
/* DCQL: {"query": ..., "claims": ...}. What a query selects lies in the claims;
 * what is chosen can be answered; refusals name their rule. */
#include "common/credential/dcql.h"
#include "common/credential/rule.h"
#include "tests/fuzz/fuzz.h"

enum { ARENA_BYTES = 1 << 22 };

static bool
lies_in(const struct br_json *v, const struct br_json *claims)
{
    while (v != NULL && v != claims) {
        v = v->parent;
    }
    return v != NULL;
}

static void
match_all(
    const struct br_dcql *q,
    const struct br_json *claims,
    struct br_arena *arena)
{
    bool answerable[BR_DCQL_CREDENTIALS_MAX] = {false};
    bool chosen[BR_DCQL_CREDENTIALS_MAX] = {false};
    struct br_err err;
    const struct br_dcql_candidate c = {
        .format = "dc+sd-jwt",
        .vct = br_str("t"),
        .claims = claims,
        .has_holder = true,
    };
    for (size_t i = 0; i < q->query_count; i++) {
        struct br_dcql_match m;
        enum br_rc rc = br_dcql_match(&q->queries[i], &c, arena, &m, &err);
        answerable[i] = rc == BR_OK;
        for (size_t k = 0; rc == BR_OK && k < m.count; k++) {
            BR_ASSERT(lies_in(m.selected[k], claims));
        }
        if (rc != BR_OK) {
            fuzz_check_refusal(rc, &err);
        }
    }
    if (br_dcql_choose(q, answerable, true, chosen, &err) == BR_OK) {
        for (size_t i = 0; i < q->query_count; i++) {
            BR_ASSERT(!chosen[i] || answerable[i]);
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_arena arena;
    struct br_json *v = NULL;
    struct br_dcql q;
    struct br_err err;
    fuzz_init();
    br_arena_init(&arena, ARENA_BYTES);
    if (br_json_parse(br_bytes(data, n), &arena, &v, NULL) == BR_OK) {
        const struct br_json *claims = br_json_member(v, "claims");
        enum br_rc rc =
            br_dcql_parse(br_json_member(v, "query"), &arena, &q, &err);
        if (rc != BR_OK) {
            fuzz_check_refusal(rc, &err);
            BR_ASSERT(br_rule_of(&err) != NULL || rc == BR_ERR_NO_MEMORY);
        } else if (claims != NULL) {
            match_all(&q, claims, &arena);
        }
    }
    br_arena_fini(&arena);
    return 0;
}
