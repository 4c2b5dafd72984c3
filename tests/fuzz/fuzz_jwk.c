/* SPDX-License-Identifier: EUPL-1.2 */
/* Keys in JSON: what is read is written, and read again as the same key. */
#include "common/codec/json.h"
#include "common/credential/jwk.h"
#include "common/credential/rule.h"
#include "tests/fuzz/fuzz.h"

enum { ARENA_BYTES = 1 << 20 };

static void
check_again(const struct br_jwk *k, struct br_arena *arena)
{
    struct br_jwk back;
    struct br_buf b;
    struct br_json_writer w;
    struct br_json *v = NULL;
    struct br_hash one;
    struct br_hash two;
    br_buf_init(&b, ARENA_BYTES);
    br_json_writer_init(&w, &b);
    br_jwk_write(&w, k);
    enum br_rc rc = br_json_writer_done(&w, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_json_parse(br_buf_bytes(&b), arena, &v, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_jwk_parse(v, &back, NULL);
    BR_ASSERT(rc == BR_OK && br_key_eq(&k->key, &back.key));
    BR_ASSERT(br_bytes_eq(k->kid, back.kid) && br_bytes_eq(k->alg, back.alg));
    BR_ASSERT(k->ops == back.ops);
    rc = br_jwk_thumbprint(&k->key, &one, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_jwk_thumbprint(&back.key, &two, NULL);
    BR_ASSERT(rc == BR_OK && br_hash_eq(&one, &two));
    br_buf_fini(&b);
}

static void
check_private(const struct br_json *v)
{
    struct br_private_key *key = NULL;
    struct br_jwk k;
    struct br_err err;
    enum br_rc rc = br_jwk_parse_private(v, &k, &key, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        BR_ASSERT(br_rule_of(&err) != NULL);
        return;
    }
    BR_ASSERT(br_key_eq(&k.key, br_private_key_public(key)));
    br_private_key_free(key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_arena arena;
    struct br_json *v = NULL;
    struct br_jwk k;
    struct br_err err;
    fuzz_init();
    br_arena_init(&arena, ARENA_BYTES);
    if (br_json_parse(br_bytes(data, n), &arena, &v, NULL) == BR_OK) {
        enum br_rc rc = br_jwk_parse(v, &k, &err);
        if (rc == BR_OK) {
            check_again(&k, &arena);
        } else {
            fuzz_check_refusal(rc, &err);
            BR_ASSERT(br_rule_of(&err) != NULL);
        }
        check_private(v);
    }
    br_arena_fini(&arena);
    return 0;
}
