/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/setup/tsa.h"

#include "common/crypto/x509.h"
#include "common/receipt/oid.h"

#include <stdlib.h>
#include <string.h>

enum { CERTIFICATES_BYTES_MAX = 12 * 1024 };

/** The TSA with the memory that it borrows from. */
struct opened {
    struct br_tsa tsa; /**< first, so that one pointer is both */
    struct br_buf issuer;
    struct br_buf certificates;
};

static enum br_rc
check_first(
    const struct br_tsa_options *o, struct br_bytes der, struct br_err *reterr)
{
    BR_TRY(br_x509_check_key(der, br_signer_public(o->signer), reterr));
    return br_x509_check_tsa(der, (int64_t)(o->now.v / 1000000), reterr);
}

/** X.690 section 11.6: the members of a SET OF stand in the order of their
 *  octets. Of two certificates neither begins with the other. */
static bool
comes_after(struct br_bytes a, struct br_bytes b)
{
    return memcmp(a.p, b.p, a.n < b.n ? a.n : b.n) > 0;
}

static enum br_rc
put_certificates(
    struct br_buf *b, const struct br_x509_chain *chain, struct br_err *reterr)
{
    struct br_bytes sorted[BR_X509_CHAIN_MAX];
    for (size_t i = 0; i < chain->count; i++) {
        size_t at = i;
        for (; at > 0 && comes_after(sorted[at - 1], chain->der[i]); at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = chain->der[i];
    }
    for (size_t i = 0; i < chain->count; i++) {
        br_buf_put(b, sorted[i].p, sorted[i].n);
    }
    return br_buf_status(b, reterr);
}

static enum br_rc
take_chain(
    struct opened *t, const struct br_tsa_options *o, struct br_err *reterr)
{
    struct br_x509_chain chain;
    BR_TRY(br_x509_chain_parse(o->chain_pem, &chain, reterr));
    enum br_rc rc = check_first(o, chain.der[0], reterr);
    if (rc == BR_OK) {
        br_sha256(chain.der[0], &t->tsa.certificate);
        rc = br_x509_put_issuer_and_serial(chain.der[0], &t->issuer, reterr);
    }
    if (rc == BR_OK) {
        rc = put_certificates(&t->certificates, &chain, reterr);
    }
    br_x509_chain_fini(&chain);
    t->tsa.issuer = br_buf_bytes(&t->issuer);
    t->tsa.certificates = br_buf_bytes(&t->certificates);
    return rc;
}

enum br_rc
br_tsa_open(
    const struct br_tsa_options *options,
    struct br_tsa **ret,
    struct br_err *reterr)
{
    if (br_signer_public(options->signer)->alg != BR_SIGN_ES256) {
        return br_fail(reterr, BR_ERR_CONFIG, "the TSA's key must be of P-256");
    }
    struct opened *t = (struct opened *)calloc(1, sizeof(*t));
    if (t == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "TSA");
    }
    t->tsa.signer = options->signer;
    br_buf_init(&t->issuer, 4096);
    br_buf_init(&t->certificates, CERTIFICATES_BYTES_MAX);
    enum br_rc rc = br_oid_parse(
        options->policy, t->tsa.policy, sizeof(t->tsa.policy),
        &t->tsa.policy_bytes, reterr);
    if (rc == BR_OK) {
        rc = take_chain(t, options, reterr);
    }
    if (rc != BR_OK) {
        br_tsa_close(&t->tsa);
        return rc;
    }
    *ret = &t->tsa;
    return BR_OK;
}

void
br_tsa_close(struct br_tsa *tsa)
{
    struct opened *t = (struct opened *)(void *)tsa;
    if (t != NULL) {
        br_buf_fini(&t->issuer);
        br_buf_fini(&t->certificates);
        free(t);
    }
}
