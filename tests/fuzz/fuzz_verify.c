/* SPDX-License-Identifier: EUPL-1.2 */
/* The offline verifier under one policy: the verdict is that of the steps. */
#include "common/receipt/verify.h"
#include "tests/fuzz/fuzz.h"

#define NOW_US UINT64_C(1767225600000000)

static void
put_key(
    struct br_buf *b, const char *name, enum br_note_key_type type, int seed)
{
    struct br_note_key k;
    struct br_signer *s = fuzz_signer(BR_SIGN_ED25519, (uint8_t)seed);
    enum br_rc rc =
        br_note_key_init(&k, br_str(name), type, br_signer_public(s), NULL);
    BR_ASSERT(rc == BR_OK);
    br_note_key_put(b, &k);
    br_signer_free(s);
}

static const struct br_policy *
policy(void)
{
    static struct br_policy p;
    static struct br_buf text;
    if (p.log_count == 0) {
        br_buf_init(&text, 4096);
        br_buf_puts(&text, "log ");
        put_key(&text, "ledger.example.org/test", BR_NOTE_ED25519, 1);
        br_buf_puts(&text, "\nwitness w ");
        put_key(&text, "w.example", BR_NOTE_COSIGNATURE, 2);
        br_buf_puts(&text, "\nquorum w\n");
        enum br_rc rc = br_policy_parse(br_buf_bytes(&text), &p, NULL);
        BR_ASSERT(rc == BR_OK);
    }
    return &p;
}

static void
check_steps(const struct br_verify_result *r)
{
    enum br_rc first = BR_OK;
    for (unsigned i = 0; i < BR_VERIFY_STEP_COUNT; i++) {
        const struct br_verify_step *s = &r->step[i];
        BR_ASSERT(s->id == (enum br_verify_step_id)i);
        BR_ASSERT((s->outcome == BR_VERIFY_FAILED) == (s->rc != BR_OK));
        BR_ASSERT(br_verify_catalogue_id(s->id, s->outcome) != NULL);
        first = first == BR_OK ? s->rc : first;
    }
    BR_ASSERT(r->rc == first);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct br_verify_result result;
    static struct br_signer *receipt_key;
    struct br_bytes document = br_str("document 6");
    struct br_verify_input in = {
        .receipt = br_bytes(data, n),
        .now = {NOW_US},
        .digest = br_verify_memory_digest,
        .digest_ctx = &document,
    };
    struct br_err err;
    fuzz_init();
    receipt_key =
        receipt_key == NULL ? fuzz_signer(BR_SIGN_ES256, 3) : receipt_key;
    in.receipt_keys = br_signer_public(receipt_key);
    in.receipt_key_count = 1;
    in.policy = policy();
    enum br_rc rc = br_receipt_verify(&in, &result, &err);
    BR_ASSERT(rc == result.rc);
    BR_ASSERT(rc != BR_OK || result.leaf.kind == BR_LEAF_STAMP);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
    }
    if (result.kind != BR_RECEIPT_DER && result.kind != BR_RECEIPT_UNKNOWN) {
        check_steps(&result);
    }
    in.other_note = in.receipt;
    rc = br_receipt_verify(&in, &result, &err);
    BR_ASSERT(rc == result.rc);
    return 0;
}
