/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/x509.h"

#include "common/crypto/ecdsa.h"
#include "common/crypto/hash.h"
#include "common/crypto/x509_internal.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

static const char ca_suffix[] = "development CA";

EVP_PKEY *
br_es256_pkey(const struct br_public_key *k)
{
    uint8_t point[BR_PUBLIC_KEY_BYTES_MAX];
    char group[] = "prime256v1";
    EVP_PKEY *key = NULL;
    memcpy(point, k->b, sizeof(point));
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, k->n),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (c == NULL || EVP_PKEY_fromdata_init(c) != 1 ||
        EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(c);
    return key;
}

/* ---- what the certificates say ------------------------------------------ */

struct extension {
    int nid;
    const char *value;
};

/* AKI comes after SKI: for the authority it is its own. */
static const struct extension ca_extensions[] = {
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_subject_key_identifier, "hash"},
    {0, NULL},
};
static const struct extension tsa_extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "critical,timeStamping"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
    {0, NULL},
};

static bool
put_extensions(X509 *x, X509 *issuer, const struct extension *e)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    bool ok = true;
    for (; ok && e->value != NULL; e++) {
        X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, e->nid, e->value);
        ok = ext != NULL && X509_add_ext(x, ext, -1) == 1;
        X509_EXTENSION_free(ext);
    }
    return ok;
}

static bool
put_name(X509_NAME *name, const char *common_name, const char *organization)
{
    return (organization == NULL ||
            X509_NAME_add_entry_by_txt(
                name, "O", MBSTRING_UTF8, (const uint8_t *)organization, -1, -1,
                0) == 1) &&
           X509_NAME_add_entry_by_txt(
               name, "CN", MBSTRING_UTF8, (const uint8_t *)common_name, -1, -1,
               0) == 1;
}

static bool
put_serial(X509 *x, uint64_t serial)
{
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial) == 1;
}

/** UTCTime until 2049, then GeneralizedTime: RFC 5280 section 4.1.2.5. */
static bool
put_validity(X509 *x, const struct br_x509_subject *s)
{
    return ASN1_TIME_set(X509_getm_notBefore(x), (time_t)s->not_before) !=
               NULL &&
           ASN1_TIME_set(X509_getm_notAfter(x), (time_t)s->not_after) != NULL;
}

/** Everything but the signature. issuer NULL: itself. */
static X509 *
make(
    const struct br_x509_subject *s,
    const struct extension *extensions,
    const struct br_public_key *k,
    X509 *issuer)
{
    X509 *x = X509_new();
    EVP_PKEY *key = br_es256_pkey(k);
    X509 *by = issuer == NULL ? x : issuer;
    bool ok =
        x != NULL && key != NULL && X509_set_version(x, 2) == 1 &&
        X509_set_pubkey(x, key) == 1 && put_serial(x, s->serial) &&
        put_validity(x, s) &&
        put_name(X509_get_subject_name(x), s->common_name, s->organization) &&
        X509_set_issuer_name(x, X509_get_subject_name(by)) == 1 &&
        put_extensions(x, by, extensions);
    EVP_PKEY_free(key);
    if (!ok) {
        X509_free(x);
        x = NULL;
    }
    return x;
}

/* ---- signing ------------------------------------------------------------ */

/* X509_sign wants the private key itself, and a signer does not give it. So a
 * key of the moment signs first, which writes the names of the algorithms;
 * then the certificate is put together from its first part and the signature
 * of the real key over it. */
static bool
name_algorithms(X509 *x)
{
    EVP_PKEY *moment = EVP_EC_gen("prime256v1");
    bool ok = moment != NULL && X509_sign(x, moment, EVP_sha256()) > 0;
    EVP_PKEY_free(moment);
    return ok;
}

enum { CERTIFICATE_BYTES_MAX = 8192 };

/* ecdsa-with-SHA256, without parameters: RFC 5758 section 3.2. */
static const uint8_t ecdsa_with_sha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                            0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};

static enum br_rc
assemble(
    struct br_bytes tbs,
    const uint8_t sig[BR_SIGNATURE_BYTES],
    struct br_buf *ret,
    struct br_err *reterr)
{
    uint8_t der[BR_ECDSA_DER_BYTES_MAX];
    uint8_t *at;
    size_t sig_n = br_ecdsa_to_der(sig, der);
    int bits_n = (int)sig_n + 1; /* no unused bits */
    int bits_size = ASN1_object_size(0, bits_n, V_ASN1_BIT_STRING);
    int n = (int)tbs.n + (int)sizeof(ecdsa_with_sha256) + bits_size;
    int head = ASN1_object_size(1, n, V_ASN1_SEQUENCE) - n;
    at = br_buf_extend(ret, (size_t)head);
    if (at != NULL) {
        ASN1_put_object(&at, 1, n, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    }
    br_buf_put(ret, tbs.p, tbs.n);
    br_buf_put(ret, ecdsa_with_sha256, sizeof(ecdsa_with_sha256));
    at = br_buf_extend(ret, (size_t)(bits_size - (int)sig_n));
    if (at != NULL) {
        ASN1_put_object(&at, 0, bits_n, V_ASN1_BIT_STRING, V_ASN1_UNIVERSAL);
        *at = 0;
    }
    br_buf_put(ret, der, sig_n);
    return br_buf_status(ret, reterr);
}

/** The certificate x, signed by key, in DER. */
static enum br_rc
sign(X509 *x, struct br_signer *key, struct br_buf *ret, struct br_err *reterr)
{
    uint8_t sig[BR_SIGNATURE_BYTES];
    unsigned char *tbs = NULL;
    int n = name_algorithms(x) ? i2d_re_X509_tbs(x, &tbs) : 0;
    if (n <= 0) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "certificate");
    }
    struct br_bytes first = br_bytes(tbs, (size_t)n);
    enum br_rc rc = br_sign(key, first, sig, reterr);
    if (rc == BR_OK) {
        rc = assemble(first, sig, ret, reterr);
    }
    OPENSSL_free(tbs);
    return rc;
}

/** Read back what was made, verify it and append its PEM. */
static enum br_rc
put_pem(
    struct br_bytes der,
    const struct br_public_key *issuer,
    struct br_buf *ret,
    struct br_err *reterr)
{
    X509 *x = br_x509_from_der(der);
    EVP_PKEY *key = br_es256_pkey(issuer);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    bool ok = x != NULL && key != NULL && bio != NULL &&
              X509_verify(x, key) == 1 && PEM_write_bio_X509(bio, x) == 1;
    if (ok) {
        long n = BIO_get_mem_data(bio, &text);
        br_buf_put(ret, text, (size_t)n);
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
    X509_free(x);
    return ok ? br_buf_status(ret, reterr)
              : br_fail(reterr, BR_ERR_INTERNAL, "certificate");
}

static enum br_rc
issue(X509 *x, struct br_signer *key, struct br_buf *ret, struct br_err *reterr)
{
    struct br_buf der;
    br_buf_init(&der, CERTIFICATE_BYTES_MAX);
    enum br_rc rc = sign(x, key, &der, reterr);
    if (rc == BR_OK) {
        rc = put_pem(br_buf_bytes(&der), br_signer_public(key), ret, reterr);
    }
    br_buf_fini(&der);
    ERR_clear_error();
    return rc;
}

/* ---- what is made -----------------------------------------------------------
 */

static enum br_rc
check_subject(
    const struct br_x509_subject *s,
    const struct br_public_key *k,
    struct br_err *reterr)
{
    /* 9999-12-31T23:59:59Z: GeneralizedTime goes no further. */
    const int64_t last = 253402300799;
    size_t n = strlen(s->common_name);
    size_t o = s->organization == NULL ? 1 : strlen(s->organization);
    if (n == 0 || n > BR_X509_NAME_BYTES_MAX || o == 0 ||
        o > BR_X509_NAME_BYTES_MAX || s->serial == 0 || s->not_before < 0 ||
        s->not_after <= s->not_before || s->not_after > last) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE,
            "certificate: names of 1 to %d bytes, a serial number, and an end "
            "after the beginning",
            BR_X509_NAME_BYTES_MAX);
    }
    if (k->alg != BR_SIGN_ES256) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "certificates are made for ES256 keys");
    }
    return BR_OK;
}

/** It must be seen in every certificate viewer that this is no authority. */
static enum br_rc
ca_name(const char *name, char out[160], struct br_err *reterr)
{
    bool said = strstr(name, ca_suffix) != NULL;
    int n = snprintf(
        out, 160, "%s%s%s", name, said ? "" : " ", said ? "" : ca_suffix);
    if (n > BR_X509_NAME_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_OUT_OF_RANGE, "\"%s\" is longer than %d bytes", out,
            BR_X509_NAME_BYTES_MAX);
    }
    return BR_OK;
}

static X509 *
make_ca(const struct br_x509_subject *ca, const char *name, struct br_signer *k)
{
    struct br_x509_subject named = *ca;
    named.common_name = name;
    return make(&named, ca_extensions, br_signer_public(k), NULL);
}

static enum br_rc
not_made(struct br_err *reterr)
{
    ERR_clear_error();
    return br_fail(
        reterr, BR_ERR_MALFORMED,
        "certificate: the names are not UTF-8, or no memory");
}

enum br_rc
br_x509_create_dev_root(
    const struct br_x509_subject *ca,
    struct br_signer *ca_key,
    struct br_buf *ret,
    struct br_err *reterr)
{
    char name[160];
    BR_TRY(check_subject(ca, br_signer_public(ca_key), reterr));
    BR_TRY(ca_name(ca->common_name, name, reterr));
    X509 *x = make_ca(ca, name, ca_key);
    enum br_rc rc =
        x == NULL ? not_made(reterr) : issue(x, ca_key, ret, reterr);
    X509_free(x);
    return rc;
}

/** What becomes a line of libcrypto's configuration is looked at first. */
static enum br_rc
put_dns(const char *dns, char out[300], struct br_err *reterr)
{
    size_t n = strlen(dns);
    bool good = n > 0 && n <= 253;
    for (size_t i = 0; good && i < n; i++) {
        char c = dns[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '-';
    }
    if (!good) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "%.60s: no host name in lower case", dns);
    }
    (void)snprintf(out, 300, "DNS:%s", dns);
    return BR_OK;
}

static enum br_rc
issue_leaf(
    const struct br_x509_dev_leaf *in,
    const char *name,
    const struct extension *extensions,
    struct br_buf *ret,
    struct br_err *reterr)
{
    X509 *ca = make_ca(&in->ca, name, in->ca_key);
    X509 *x =
        ca == NULL ? NULL : make(&in->leaf, extensions, in->leaf_public, ca);
    enum br_rc rc =
        x == NULL ? not_made(reterr) : issue(x, in->ca_key, ret, reterr);
    X509_free(x);
    X509_free(ca);
    return rc;
}

enum br_rc
br_x509_create_dev_leaf(
    const struct br_x509_dev_leaf *in,
    struct br_buf *ret,
    struct br_err *reterr)
{
    char name[160];
    char dns[300];
    const struct extension extensions[] = {
        {NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature"},
        {NID_subject_alt_name, dns},
        {NID_subject_key_identifier, "hash"},
        {NID_authority_key_identifier, "keyid:always"},
        {0, NULL},
    };
    BR_TRY(check_subject(&in->ca, br_signer_public(in->ca_key), reterr));
    BR_TRY(check_subject(&in->leaf, in->leaf_public, reterr));
    BR_TRY(ca_name(in->ca.common_name, name, reterr));
    if (in->dns == NULL) {
        return issue_leaf(in, name, tsa_extensions, ret, reterr);
    }
    BR_TRY(put_dns(in->dns, dns, reterr));
    return issue_leaf(in, name, extensions, ret, reterr);
}

enum br_rc
br_x509_create_dev_ca(
    const struct br_x509_dev_ca *in,
    struct br_buf *ret_ca,
    struct br_buf *ret_tsa,
    struct br_err *reterr)
{
    const struct br_x509_dev_leaf leaf = {
        .ca = in->ca,
        .ca_key = in->ca_key,
        .leaf = in->tsa,
        .leaf_public = in->tsa_public,
    };
    BR_TRY(check_subject(&in->tsa, in->tsa_public, reterr));
    BR_TRY(br_x509_create_dev_root(&in->ca, in->ca_key, ret_ca, reterr));
    return br_x509_create_dev_leaf(&leaf, ret_tsa, reterr);
}
