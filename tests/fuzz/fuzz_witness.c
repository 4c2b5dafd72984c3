/* SPDX-License-Identifier: EUPL-1.2 */
/* A witness's door: bodies of requests, and the verdict on them. */
#include "common/receipt/witness.h"
#include "tests/fuzz/fuzz.h"

static const struct br_policy *
logs(void)
{
    static struct br_policy p;
    static struct br_buf text;
    if (p.log_count == 0) {
        struct br_note_key k;
        struct br_signer *s = fuzz_signer(BR_SIGN_ED25519, 1);
        enum br_rc rc = br_note_key_init(
            &k, br_str("ledger.example.org/test"), BR_NOTE_ED25519,
            br_signer_public(s), NULL);
        BR_ASSERT(rc == BR_OK);
        br_buf_init(&text, 4096);
        br_policy_put_default(&text, &k, br_bytes(NULL, 0));
        rc = br_policy_parse(br_buf_bytes(&text), &p, NULL);
        BR_ASSERT(rc == BR_OK && p.log_count == 1);
        br_signer_free(s);
    }
    return &p;
}

static void
check_verdict(const struct br_witness_submission *s, uint64_t known_size)
{
    struct br_witness_state known = {.size = known_size};
    struct br_witness_verdict v;
    br_witness_decide(s, logs(), &known, &v);
    switch (v.http_status) {
    case 200:
        BR_ASSERT(v.rc == BR_OK && v.next.size >= known.size);
        BR_ASSERT(v.next.size == s->checkpoint.size);
        return;
    case 409:
        BR_ASSERT(v.rc != BR_OK && v.known_size == known.size);
        return;
    case 400:
    case 403:
    case 404:
    case 422:
        fuzz_check_refusal(v.rc, &v.err);
        return;
    default:
        BR_ASSERT(false);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct br_witness_submission s;
    struct br_bytes in = br_bytes(data, n);
    struct br_err err;
    struct br_buf b;
    uint64_t size;
    fuzz_init();
    if (br_witness_size_parse(in, &size, &err) == BR_OK) {
        br_buf_init(&b, n);
        br_witness_size_put(&b, size);
        BR_ASSERT(br_bytes_eq(br_buf_bytes(&b), in));
        br_buf_fini(&b);
    }
    enum br_rc rc = br_witness_submission_parse(in, &s, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return 0;
    }
    br_buf_init(&b, n);
    br_witness_request_put(&b, &s.request);
    BR_ASSERT(!b.failed && br_bytes_eq(br_buf_bytes(&b), in));
    br_buf_fini(&b);
    check_verdict(&s, 0);
    check_verdict(&s, s.request.old_size);
    check_verdict(&s, 7);
    return 0;
}
