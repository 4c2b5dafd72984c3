/* SPDX-License-Identifier: EUPL-1.2 */
/* Time-stamp requests (RFC 3161): what is read can be answered. */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/receipt/tsa_fixture.h"

#define NOW_US UINT64_C(1767225600000000)

static const struct br_tsa *
authority(void)
{
    static struct fx_tsa tsa;
    if (tsa.tsa == NULL) {
        fx_tsa_init(&tsa, 4, 3);
    }
    return tsa.tsa;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_tsq q;
    struct br_err err;
    struct br_buf b;
    enum br_tsa_failure failure = (enum br_tsa_failure) - 1;
    struct br_time_us now = {NOW_US};
    fuzz_init();
    br_buf_init(&b, BR_TST_BYTES_MAX);
    enum br_rc rc =
        br_tsq_parse(authority(), br_bytes(data, n), &q, &failure, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        BR_ASSERT((int)failure >= 0 && failure <= BR_TSA_SYSTEM_FAILURE);
        br_tsr_put_rejection(&b, failure, err.text);
    } else {
        BR_ASSERT(q.digest_bytes >= 20 && q.digest_bytes <= sizeof(q.digest));
        BR_ASSERT(q.nonce_bytes <= sizeof(q.nonce));
        rc = br_tsr_put(&b, authority(), &q, 1, now, &err);
        BR_ASSERT(rc == BR_OK);
    }
    BR_ASSERT(!b.failed && b.n > 0 && b.p[0] == 0x30);
    br_buf_fini(&b);
    return 0;
}
