/* SPDX-License-Identifier: EUPL-1.2 */
/* A registry's answer. A yes has a chain up to a root, whatever it was made of;
 * all else names its rule. */
#include "common/credential/rule.h"
#include "common/credential/standing.h"
#include "tests/fuzz/fuzz.h"

enum { ARENA_BYTES = 1 << 22, NOW = 1800000000 };

static void
check_yes(const struct br_standing *s)
{
    const struct br_standing_step *last = &s->steps[s->step_count - 1];
    BR_ASSERT(s->kind == BR_STANDING_ACCREDITED && s->reason[0] == '\0');
    BR_ASSERT(
        s->step_count >= 2 && s->step_count <= BR_ACCREDITATION_DEPTH_MAX);
    BR_ASSERT(strcmp(s->steps[0].level, "issuer") == 0);
    BR_ASSERT(strcmp(last->level, "root") == 0);
    BR_ASSERT(strcmp(s->steps[0].did, s->did) == 0);
    for (size_t i = 0; i < s->step_count; i++) {
        BR_ASSERT(s->steps[i].begin_s <= NOW);
        BR_ASSERT(s->steps[i].end_s == 0 || s->steps[i].end_s >= NOW);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct br_standing s;
    struct br_arena arena;
    struct br_err err;
    struct br_key key;
    fuzz_init();
    struct br_signer *signer = fuzz_signer(BR_SIGN_ED25519, 1);
    br_key_of_public(br_signer_public(signer), &key);
    const struct br_standing_question q = {
        .key = &key, .vct = br_str("t"), .at_s = NOW};
    br_arena_init(&arena, ARENA_BYTES);
    enum br_rc rc =
        br_standing_parse(br_bytes(data, n), &q, NOW, &arena, &s, &err);
    if (rc == BR_OK) {
        check_yes(&s);
    } else {
        fuzz_check_refusal(rc, &err);
        BR_ASSERT(br_rule_of(&err) != NULL || rc == BR_ERR_NO_MEMORY);
        BR_ASSERT(s.step_count == 0 && s.kind != BR_STANDING_ACCREDITED);
    }
    br_arena_fini(&arena);
    br_signer_free(signer);
    return 0;
}
