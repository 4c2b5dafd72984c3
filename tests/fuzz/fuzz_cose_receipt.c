/* SPDX-License-Identifier: EUPL-1.2 */
/* COSE receipts and COSE key sets, also those that others write. */
#include "common/receipt/cose_receipt.h"
#include "tests/fuzz/fuzz.h"

static void
check_key_set(struct br_bytes in)
{
    enum { KEYS = 8 };
    struct br_public_key keys[KEYS];
    struct br_public_key again[KEYS];
    size_t count = 0;
    size_t count_again = 0;
    struct br_err err;
    struct br_buf b;
    enum br_rc rc = br_cose_key_set_parse(in, keys, KEYS, &count, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return;
    }
    BR_ASSERT(count <= KEYS);
    if (count == 0) {
        return;
    }
    br_buf_init(&b, 4096);
    br_cose_key_set_put(&b, keys, count);
    rc = br_cose_key_set_parse(
        br_buf_bytes(&b), again, KEYS, &count_again, &err);
    BR_ASSERT(rc == BR_OK && count == count_again);
    for (size_t i = 0; i < count; i++) {
        BR_ASSERT(keys[i].alg == again[i].alg && keys[i].n == again[i].n);
        BR_ASSERT(memcmp(keys[i].b, again[i].b, keys[i].n) == 0);
    }
    br_buf_fini(&b);
}

static void
check_receipt(const struct br_cose_receipt *r, struct br_bytes in)
{
    struct br_hash root;
    struct br_err err;
    BR_ASSERT(br_cose_receipt_is(in));
    BR_ASSERT(fuzz_inside(r->leaf, in) && fuzz_inside(r->kid, in));
    BR_ASSERT(fuzz_inside(r->claims.issuer, in));
    BR_ASSERT(fuzz_inside(r->envelope.signature, in));
    BR_ASSERT(r->proof.count <= BR_PROOF_HASHES_MAX);
    enum br_rc rc = br_cose_receipt_root(r, br_str("leaf"), &root, &err);
    BR_ASSERT(rc == BR_OK || rc == BR_ERR_PROOF_INVALID);
    if (rc == BR_OK) {
        static struct br_signer *s;
        s = s == NULL ? fuzz_signer(BR_SIGN_ES256, 3) : s;
        rc = br_cose_receipt_verify(r, &root, br_signer_public(s), &err);
        BR_ASSERT(rc == BR_ERR_UNKNOWN_KEY || rc == BR_ERR_BAD_SIGNATURE);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct br_cose_receipt r;
    struct br_bytes in = br_bytes(data, n);
    struct br_err err;
    fuzz_init();
    check_key_set(in);
    enum br_rc rc = br_cose_receipt_parse(in, &r, &err);
    if (rc == BR_OK) {
        check_receipt(&r, in);
    } else {
        fuzz_check_refusal(rc, &err);
    }
    return 0;
}
