/* SPDX-License-Identifier: EUPL-1.2 */
/* The wallet's rows: what is read is written as text that reads as the same,
 * and is then written no differently. */
#include "tests/fuzz/fuzz.h"
#include "wallet/core/record.h"

enum { ARENA_BYTES = 8 << 20 };

struct pair {
    struct br_buf first;
    struct br_buf second;
};

static void
same(struct pair *b)
{
    BR_ASSERT(br_bytes_eq(br_buf_bytes(&b->first), br_buf_bytes(&b->second)));
    br_buf_clear(&b->first);
    br_buf_clear(&b->second);
}

static void
credentials(struct br_bytes text, struct br_arena *arena, struct pair *b)
{
    struct br_wallet_credential c;
    struct br_err err;
    enum br_rc rc = br_wallet_credential_parse(text, arena, &c, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return;
    }
    rc = br_wallet_credential_encode(&c, &b->first, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_wallet_credential_parse(br_buf_bytes(&b->first), arena, &c, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_wallet_credential_encode(&c, &b->second, NULL);
    BR_ASSERT(rc == BR_OK);
    same(b);
}

static void
instances(struct br_bytes text, struct br_arena *arena, struct pair *b)
{
    struct br_wallet_instance i;
    struct br_err err;
    enum br_rc rc = br_wallet_instance_parse(text, arena, &i, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return;
    }
    rc = br_wallet_instance_encode(&i, &b->first, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_wallet_instance_parse(br_buf_bytes(&b->first), arena, &i, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_wallet_instance_encode(&i, &b->second, NULL);
    BR_ASSERT(rc == BR_OK);
    same(b);
}

static void
entries(struct br_bytes text, struct br_arena *arena, struct pair *b)
{
    struct br_wallet_entry e;
    struct br_err err;
    enum br_rc rc = br_wallet_entry_parse(text, arena, &e, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return;
    }
    rc = br_wallet_entry_encode(&e, &b->first, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_wallet_entry_parse(br_buf_bytes(&b->first), arena, &e, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_wallet_entry_encode(&e, &b->second, NULL);
    BR_ASSERT(rc == BR_OK);
    same(b);
}

static void
passkeys(struct br_bytes text, struct br_arena *arena, struct pair *b)
{
    struct br_wallet_passkey k;
    struct br_err err;
    enum br_rc rc = br_wallet_passkey_parse(text, arena, &k, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return;
    }
    rc = br_wallet_passkey_encode(&k, &b->first, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_wallet_passkey_parse(br_buf_bytes(&b->first), arena, &k, NULL);
    BR_ASSERT(rc == BR_OK);
    rc = br_wallet_passkey_encode(&k, &b->second, NULL);
    BR_ASSERT(rc == BR_OK);
    same(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_arena arena;
    struct pair b;
    fuzz_init();
    br_arena_init(&arena, ARENA_BYTES);
    br_buf_init(&b.first, ARENA_BYTES);
    br_buf_init(&b.second, ARENA_BYTES);
    credentials(br_bytes(data, n), &arena, &b);
    instances(br_bytes(data, n), &arena, &b);
    entries(br_bytes(data, n), &arena, &b);
    passkeys(br_bytes(data, n), &arena, &b);
    br_buf_fini(&b.first);
    br_buf_fini(&b.second);
    br_arena_fini(&arena);
    return 0;
}
