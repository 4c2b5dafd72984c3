/* SPDX-License-Identifier: EUPL-1.2 */
/* tlog-proofs: strict, so what is accepted is what is written. */
#include "common/receipt/tlog_proof.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_bytes in = br_bytes(data, n);
    struct br_tlog_proof p;
    struct br_buf extra;
    struct br_err err;
    br_buf_init(&extra, 4096);
    enum br_rc rc = br_tlog_proof_parse(in, &extra, &p, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
    } else {
        struct br_buf b;
        BR_ASSERT(br_tlog_proof_is(in) && fuzz_inside(p.checkpoint, in));
        BR_ASSERT(fuzz_inside(p.extra, br_buf_bytes(&extra)));
        BR_ASSERT(p.proof.count <= BR_PROOF_HASHES_MAX);
        br_buf_init(&b, n);
        br_tlog_proof_put(&b, &p);
        BR_ASSERT(!b.failed && br_bytes_eq(br_buf_bytes(&b), in));
        br_buf_fini(&b);
    }
    br_buf_fini(&extra);
    return 0;
}
