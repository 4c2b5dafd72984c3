/* SPDX-License-Identifier: EUPL-1.2 */
/* Certificate chains, and what is asked of each certificate. */
#include "common/crypto/x509.h"
#include "tests/fuzz/fuzz.h"

static void
check_certificate(struct br_bytes der)
{
    struct br_public_key k;
    struct br_public_key other;
    struct br_err err;
    struct br_buf b;
    enum br_rc rc = br_x509_public_key(der, &k, &err);
    if (rc == BR_OK) {
        rc = br_public_key_init(&other, k.alg, br_bytes(k.b, k.n), &err);
        BR_ASSERT(rc == BR_OK);
        BR_ASSERT(br_x509_check_key(der, &k, &err) == BR_OK);
    } else {
        fuzz_check_refusal(rc, &err);
    }
    rc = br_x509_check_tsa(der, 1767225600, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
    }
    br_buf_init(&b, BR_X509_PEM_BYTES_MAX);
    rc = br_x509_put_issuer_and_serial(der, &b, &err);
    BR_ASSERT(rc != BR_OK || b.n > 0);
    br_buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct br_bytes in = br_bytes(data, n);
    struct br_x509_chain chain;
    struct br_err err;
    fuzz_init();
    enum br_rc rc = br_x509_chain_parse(in, &chain, &err);
    if (rc != BR_OK) {
        fuzz_check_refusal(rc, &err);
        return 0;
    }
    BR_ASSERT(chain.count >= 1 && chain.count <= BR_X509_CHAIN_MAX);
    for (size_t i = 0; i < chain.count; i++) {
        BR_ASSERT(chain.der[i].n > 0);
        check_certificate(chain.der[i]);
    }
    br_x509_chain_fini(&chain);
    return 0;
}
