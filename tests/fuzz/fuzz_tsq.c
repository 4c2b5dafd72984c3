/* SPDX-License-Identifier: EUPL-1.2 */
/* Time-stamp requests (RFC 3161): what is read can be answered. */
#include "common/crypto/x509.h"
#include "node/setup/tsa.h"
#include "tests/fuzz/fuzz.h"

#define NOW_US UINT64_C(1767225600000000)

static void
make_chain(struct br_signer *tsa, struct br_buf *pem)
{
    struct br_buf ca;
    struct br_x509_dev_ca in = {
        .ca = {"Fuzz development CA", NULL, 1, 1767000000, 1999999999},
        .tsa = {"Fuzz TSA", NULL, 2, 1767000000, 1999999999},
        .ca_key = fuzz_signer(BR_SIGN_ES256, 4),
        .tsa_public = br_signer_public(tsa),
    };
    br_buf_init(&ca, BR_X509_PEM_BYTES_MAX);
    enum br_rc rc = br_x509_create_dev_ca(&in, &ca, pem, NULL);
    BR_ASSERT(rc == BR_OK);
    br_buf_put(pem, ca.p, ca.n);
    br_buf_fini(&ca);
    br_signer_free(in.ca_key);
}

static const struct br_tsa *
authority(void)
{
    static struct br_tsa *tsa;
    if (tsa == NULL) {
        struct br_buf pem;
        struct br_tsa_options o = {
            .policy = "1.3.6.1.4.1.99999.1",
            .signer = fuzz_signer(BR_SIGN_ES256, 3),
            .now = {NOW_US},
        };
        br_buf_init(&pem, BR_X509_PEM_BYTES_MAX);
        make_chain(o.signer, &pem);
        o.chain_pem = br_buf_bytes(&pem);
        enum br_rc rc = br_tsa_open(&o, &tsa, NULL);
        BR_ASSERT(rc == BR_OK);
        br_buf_fini(&pem);
    }
    return tsa;
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
