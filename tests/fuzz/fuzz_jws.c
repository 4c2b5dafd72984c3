/* SPDX-License-Identifier: EUPL-1.2 */
/* Compact JWS: what is lent lies where it should; nothing verifies under a key
 * that has signed nothing; each refusal names its rule. */
#include "common/credential/jws.h"
#include "common/credential/rule.h"
#include "tests/fuzz/fuzz.h"

enum { ARENA_BYTES = 1 << 20 };

static const char *const types[] = {"dc+sd-jwt", NULL};
static const char *const crit[] = {"understood", NULL};
static const struct br_jws_policy policies[] = {
    {.algs = 0x7f, .sources = 0x0f},
    {.algs = BR_ALG_ES256,
     .sources = BR_KEY_BY_JWK | BR_KEY_BY_X5C | BR_KEY_BY_KID,
     .one_source = true,
     .types = types,
     .crit = crit,
     .bytes_max = 16384},
};

static void
check_parsed(
    const struct br_jws *j,
    const struct br_jws_policy *policy,
    struct br_bytes in)
{
    static struct br_signer *s;
    struct br_err err;
    struct br_key key;
    struct br_bytes payload = {NULL, 0};
    s = s == NULL ? fuzz_signer(BR_SIGN_ES256, 3) : s;
    br_key_of_public(br_signer_public(s), &key);
    BR_ASSERT(((unsigned)j->alg & policy->algs) != 0);
    BR_ASSERT((j->sources & ~policy->sources) == 0);
    BR_ASSERT(fuzz_inside(j->signing_input, in) && j->signing_input.n > 0);
    BR_ASSERT(in.p[j->signing_input.n] == '.');
    BR_ASSERT(j->x5c.count <= BR_X509_CHAIN_MAX);
    enum br_rc rc = br_jws_verify(j, &key, &payload, &err);
    fuzz_check_refusal(rc, &err);
    BR_ASSERT(br_rule_of(&err) != NULL && payload.p == NULL);
    rc = br_jws_verify_jwk(j, NULL, &err);
    BR_ASSERT(rc == BR_OK || br_rule_of(&err) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_bytes in = br_bytes(data, n);
    fuzz_init();
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        struct br_arena arena;
        struct br_jws j;
        struct br_err err;
        br_arena_init(&arena, ARENA_BYTES);
        enum br_rc rc = br_jws_parse(in, &policies[i], &arena, &j, &err);
        if (rc == BR_OK) {
            check_parsed(&j, &policies[i], in);
        } else {
            fuzz_check_refusal(rc, &err);
            BR_ASSERT(
                br_rule_of(&err) != NULL || rc == BR_ERR_TOO_LARGE ||
                rc == BR_ERR_NO_MEMORY);
        }
        br_arena_fini(&arena);
    }
    return 0;
}
