/* SPDX-License-Identifier: EUPL-1.2 */
/* SD-JWT VC: nothing is verified under a key that has signed nothing; seeds
 * that ours signed are judged by their claims. */
#include "common/credential/rule.h"
#include "common/credential/sd_jwt_vc.h"
#include "tests/fuzz/fuzz.h"

enum { ARENA_BYTES = 1 << 22, NOW = 1800000000 };

/** Seed 1 signed the corpus, 2 nothing. */
static void
key_of(uint8_t seed, struct br_key *ret)
{
    struct br_signer *s = fuzz_signer(BR_SIGN_ED25519, seed);
    br_key_of_public(br_signer_public(s), ret);
    br_signer_free(s);
}

static void
judge(struct br_bytes in, uint8_t seed, bool bound)
{
    static const struct br_sd_binding_policy binding = {
        .algs = BR_ALG_EDDSA,
        .audience = {(const uint8_t *)"v", 1},
        .nonce = {(const uint8_t *)"n", 1},
        .now_s = NOW,
        .window_s = 60,
    };
    struct br_arena arena;
    struct br_key key;
    struct br_vc vc;
    struct br_err err;
    key_of(seed, &key);
    const struct br_vc_policy policy = {
        .older_typ = true,
        .now_s = NOW,
        .key = &key,
        .binding = bound ? &binding : NULL,
    };
    br_arena_init(&arena, ARENA_BYTES);
    enum br_rc rc = br_vc_open(in, &policy, &arena, &vc, &err);
    if (rc == BR_OK) {
        BR_ASSERT(vc.vct.n > 0);
        rc = br_vc_verify(&vc, &policy, &arena, &err);
        BR_ASSERT(rc != BR_OK || seed == 1);
        BR_ASSERT(rc != BR_OK || (vc.binding != NULL) == bound);
    }
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
    }
    br_arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    fuzz_init();
    judge(br_bytes(data, n), 1, false);
    judge(br_bytes(data, n), 1, true);
    judge(br_bytes(data, n), 2, false);
    return 0;
}
