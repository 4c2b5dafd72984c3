/* SPDX-License-Identifier: EUPL-1.2 */
/* DIDs: the parts lie in the text; a key that an identifier carries has this
 * one name, or is a JWK; an address of did:web is https and has no spaces. */
#include "common/credential/did.h"
#include "common/credential/rule.h"
#include "tests/fuzz/fuzz.h"

enum { ARENA_BYTES = 1 << 20 };

static void
check_key(const struct br_did *did, struct br_arena *arena)
{
    struct br_jwk k;
    struct br_buf plain;
    struct br_buf as_jwk;
    struct br_err err;
    enum br_rc rc = br_did_own_key(did, arena, &k, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return;
    }
    if (did->method != BR_DID_KEY) {
        return;
    }
    br_buf_init(&plain, 8192);
    br_buf_init(&as_jwk, 8192);
    bool known = (br_did_key_put(&plain, &k.key, false, NULL) == BR_OK &&
                  br_bytes_eq(br_buf_bytes(&plain), did->did)) ||
                 (br_did_key_put(&as_jwk, &k.key, true, NULL) == BR_OK &&
                  br_bytes_eq(br_buf_bytes(&as_jwk), did->did));
    /* A canonical JWK may say more of itself: kid, use. */
    BR_ASSERT(known || k.kid.n > 0 || did->id.n > 60);
    br_buf_fini(&plain);
    br_buf_fini(&as_jwk);
}

static void
check_address(const struct br_did *did)
{
    struct br_buf b;
    struct br_err err;
    br_buf_init(&b, 8192);
    enum br_rc rc = br_did_web_url(did, &b, &err);
    if (rc == BR_OK) {
        BR_ASSERT(b.n > 8 && memcmp(b.p, "https://", 8) == 0);
        BR_ASSERT(memchr(b.p, ' ', b.n) == NULL);
        BR_ASSERT(memchr(b.p, '@', b.n) == NULL);
        BR_ASSERT(memchr(b.p, '%', b.n) == NULL);
    } else {
        fuzz_check_refusal(rc, &err);
    }
    br_buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_bytes in = br_bytes(data, n);
    struct br_arena arena;
    struct br_did did;
    struct br_err err;
    fuzz_init();
    br_arena_init(&arena, ARENA_BYTES);
    enum br_rc rc = br_did_parse(in, &did, &err);
    if (rc == BR_OK) {
        BR_ASSERT(fuzz_inside(did.did, in) && fuzz_inside(did.id, did.did));
        BR_ASSERT(fuzz_inside(did.fragment, in));
        check_key(&did, &arena);
        check_address(&did);
    } else {
        fuzz_check_refusal(rc, &err);
        BR_ASSERT(br_rule_of(&err) == br_rule_info(BR_RULE_DID_FORM));
    }
    br_arena_fini(&arena);
    return 0;
}
