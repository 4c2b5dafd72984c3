/* SPDX-License-Identifier: EUPL-1.2 */
/* Compact JWE: sizes are those of its algorithms; what opens under our key is
 * what the corpus sealed for it. */
#include "common/credential/jwe.h"
#include "common/credential/rule.h"
#include "tests/fuzz/fuzz.h"

enum { ARENA_BYTES = 1 << 20 };

static const struct br_jwe_policy policy = {.algs = 0x0f, .encs = 0x0f};

/** As make_corpus has it. */
static const struct br_private_key *
recipient(enum br_key_kind kind)
{
    static struct br_private_key *keys[BR_KEY_RSA];
    if (keys[kind] == NULL) {
        uint8_t seed[BR_PRIVATE_KEY_SEED_BYTES];
        memset(seed, 5, sizeof(seed));
        enum br_rc rc = br_private_key_derive(kind, seed, &keys[kind], NULL);
        BR_ASSERT(rc == BR_OK);
    }
    return keys[kind];
}

static void
check_parsed(const struct br_jwe *j)
{
    struct br_err err;
    struct br_buf b;
    BR_ASSERT(j->iv.n == j->enc->iv_bytes && j->tag.n == j->enc->tag_bytes);
    if (j->alg == BR_JWE_RSA_OAEP_256) {
        return; /* a key for it takes too long to make */
    }
    br_buf_init(&b, ARENA_BYTES);
    enum br_rc rc = br_jwe_decrypt(j, recipient(j->epk.kind), &b, &err);
    if (rc == BR_OK) {
        BR_ASSERT(br_bytes_eq(br_buf_bytes(&b), br_str("{\"vp_token\":{}}")));
    } else {
        fuzz_check_refusal(rc, &err);
        BR_ASSERT(br_rule_of(&err) == br_rule_info(BR_RULE_JWE_DECRYPT));
        BR_ASSERT(b.n == 0);
    }
    br_buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_arena arena;
    struct br_jwe j;
    struct br_err err;
    fuzz_init();
    br_arena_init(&arena, ARENA_BYTES);
    enum br_rc rc = br_jwe_parse(br_bytes(data, n), &policy, &arena, &j, &err);
    if (rc == BR_OK) {
        check_parsed(&j);
    } else {
        fuzz_check_refusal(rc, &err);
        BR_ASSERT(
            br_rule_of(&err) != NULL || rc == BR_ERR_TOO_LARGE ||
            rc == BR_ERR_NO_MEMORY);
    }
    br_arena_fini(&arena);
    return 0;
}
