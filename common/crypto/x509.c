/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/x509.h"

#include "common/crypto/x509_internal.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

X509 *
br_x509_from_der(struct br_bytes der)
{
    const unsigned char *p = der.p;
    if (der.n == 0 || der.n > BR_X509_PEM_BYTES_MAX) {
        return NULL;
    }
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    if (x != NULL && p != der.p + der.n) {
        X509_free(x);
        x = NULL;
    }
    ERR_clear_error();
    return x;
}

static enum br_rc
parse(struct br_bytes der, X509 **ret, struct br_err *reterr)
{
    *ret = br_x509_from_der(der);
    return *ret == NULL
               ? br_fail(reterr, BR_ERR_MALFORMED, "not an X.509 certificate")
               : BR_OK;
}

/* ---- a chain in PEM ----------------------------------------------------- */

static enum br_rc
add(struct br_x509_chain *c,
    const uint8_t *der,
    size_t n,
    struct br_err *reterr)
{
    uint8_t *copy = (uint8_t *)malloc(n + 1);
    if (copy == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "certificate");
    }
    memcpy(copy, der, n);
    c->der[c->count++] = br_bytes(copy, n);
    return BR_OK;
}

static enum br_rc
add_block(
    struct br_x509_chain *c,
    const char *name,
    struct br_bytes der,
    struct br_err *reterr)
{
    if (strcmp(name, PEM_STRING_X509) != 0) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "PEM: a block of %.32s, not of %s",
            name, PEM_STRING_X509);
    }
    if (c->count == BR_X509_CHAIN_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "more than %d certificates",
            BR_X509_CHAIN_MAX);
    }
    return add(c, der.p, der.n, reterr);
}

/** BR_ERR_NOT_FOUND at the end of the blocks. */
static enum br_rc
read_block(BIO *bio, struct br_x509_chain *c, struct br_err *reterr)
{
    char *name = NULL;
    char *header = NULL;
    unsigned char *data = NULL;
    long n = 0;
    if (PEM_read_bio(bio, &name, &header, &data, &n) != 1) {
        int reason = ERR_GET_REASON(ERR_peek_last_error());
        ERR_clear_error();
        return reason == PEM_R_NO_START_LINE
                   ? BR_ERR_NOT_FOUND
                   : br_fail(reterr, BR_ERR_MALFORMED, "PEM: a broken block");
    }
    enum br_rc rc = add_block(c, name, br_bytes(data, (size_t)n), reterr);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    return rc;
}

static enum br_rc
check_link(const struct br_x509_chain *c, size_t i, struct br_err *reterr)
{
    X509 *x = NULL;
    X509 *issuer = NULL;
    BR_TRY(parse(c->der[i], &x, reterr));
    if (i + 1 == c->count) {
        X509_free(x);
        return BR_OK;
    }
    enum br_rc rc = parse(c->der[i + 1], &issuer, reterr);
    if (rc == BR_OK) {
        if (X509_check_issued(issuer, x) != X509_V_OK ||
            X509_verify(x, X509_get0_pubkey(issuer)) != 1) {
            rc = br_fail(
                reterr, BR_ERR_CERTIFICATE_INVALID,
                "certificate %zu is not issued by the next one", i + 1);
        }
        X509_free(issuer);
    }
    X509_free(x);
    ERR_clear_error();
    return rc;
}

static enum br_rc
read_chain(BIO *bio, struct br_x509_chain *c, struct br_err *reterr)
{
    enum br_rc rc = BR_OK;
    while (rc == BR_OK) {
        rc = read_block(bio, c, reterr);
    }
    if (rc != BR_ERR_NOT_FOUND) {
        return rc;
    }
    if (c->count == 0) {
        return br_fail(reterr, BR_ERR_MALFORMED, "PEM: no certificate");
    }
    for (size_t i = 0; i < c->count; i++) {
        BR_TRY(check_link(c, i, reterr));
    }
    return BR_OK;
}

enum br_rc
br_x509_chain_parse(
    struct br_bytes pem, struct br_x509_chain *ret, struct br_err *reterr)
{
    *ret = (struct br_x509_chain){0};
    if (pem.n > BR_X509_PEM_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "more than %u bytes of PEM",
            BR_X509_PEM_BYTES_MAX);
    }
    BIO *bio =
        BIO_new_mem_buf(pem.n == 0 ? "" : (const char *)pem.p, (int)pem.n);
    if (bio == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "PEM");
    }
    enum br_rc rc = read_chain(bio, ret, reterr);
    BIO_free(bio);
    if (rc != BR_OK) {
        br_x509_chain_fini(ret);
    }
    return rc;
}

void
br_x509_chain_fini(struct br_x509_chain *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free((void *)(uintptr_t)c->der[i].p);
    }
    *c = (struct br_x509_chain){0};
}

/* ---- the key of a certificate ------------------------------------------- */

static enum br_rc
ec_key(EVP_PKEY *pkey, struct br_public_key *ret, struct br_err *reterr)
{
    char group[32] = "";
    uint8_t point[65];
    size_t n = 0;
    (void)EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL);
    bool p256 = strcmp(group, "prime256v1") == 0;
    if ((!p256 && strcmp(group, "secp256k1") != 0) ||
        EVP_PKEY_get_octet_string_param(
            pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n) != 1) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "the certificate's key is on %s",
            group[0] == '\0' ? "an unnamed curve" : group);
    }
    if (n == 65 && point[0] == 4) { /* compress it */
        point[0] = (uint8_t)(2 + (point[64] & 1));
        n = 33;
    }
    return br_public_key_init(
        ret, p256 ? BR_SIGN_ES256 : BR_SIGN_ES256K, br_bytes(point, n), reterr);
}

static enum br_rc
key_of(const X509 *x, struct br_public_key *ret, struct br_err *reterr)
{
    uint8_t raw[32];
    size_t n = sizeof(raw);
    EVP_PKEY *pkey = X509_get0_pubkey(x);
    if (pkey != NULL && EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC) {
        return ec_key(pkey, ret, reterr);
    }
    if (pkey != NULL && EVP_PKEY_get_base_id(pkey) == EVP_PKEY_ED25519 &&
        EVP_PKEY_get_raw_public_key(pkey, raw, &n) == 1) {
        return br_public_key_init(
            ret, BR_SIGN_ED25519, br_bytes(raw, n), reterr);
    }
    return br_fail(
        reterr, BR_ERR_UNSUPPORTED,
        "the certificate's key is not P-256, secp256k1 or Ed25519");
}

enum br_rc
br_x509_public_key(
    struct br_bytes der, struct br_public_key *ret, struct br_err *reterr)
{
    X509 *x = NULL;
    BR_TRY(parse(der, &x, reterr));
    enum br_rc rc = key_of(x, ret, reterr);
    X509_free(x);
    ERR_clear_error();
    return rc;
}

enum br_rc
br_x509_check_key(
    struct br_bytes der, const struct br_public_key *k, struct br_err *reterr)
{
    struct br_public_key own = {0};
    BR_TRY(br_x509_public_key(der, &own, reterr));
    if (own.alg != k->alg || own.n != k->n || memcmp(own.b, k->b, k->n) != 0) {
        return br_fail(
            reterr, BR_ERR_CERTIFICATE_INVALID,
            "the certificate is for another key");
    }
    return BR_OK;
}

/* ---- timestamping ------------------------------------------------------- */

static bool
valid_at(const X509 *x, int64_t unix_seconds)
{
    time_t t = (time_t)unix_seconds;
    /* X509_cmp_time: below 0 when the first is not after the second. */
    return X509_cmp_time(X509_get0_notBefore(x), &t) < 0 &&
           X509_cmp_time(X509_get0_notAfter(x), &t) > 0;
}

/** "The corresponding certificate MUST contain only one instance of the
 *  extended key usage field extension [...] with KeyPurposeID having value
 *  id-kp-timeStamping. This extension MUST be critical." */
static bool
usage_is_timestamping(const X509 *x)
{
    int critical = -1;
    EXTENDED_KEY_USAGE *usage = (EXTENDED_KEY_USAGE *)X509_get_ext_d2i(
        x, NID_ext_key_usage, &critical, NULL);
    bool ok = usage != NULL && critical == 1 &&
              sk_ASN1_OBJECT_num(usage) == 1 &&
              OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, 0)) == NID_time_stamp;
    EXTENDED_KEY_USAGE_free(usage);
    return ok;
}

static enum br_rc
check_tsa(X509 *x, int64_t unix_seconds, struct br_err *reterr)
{
    const uint32_t allowed = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION;
    uint32_t usage = X509_get_key_usage(x); /* all ones when not said */
    if (!usage_is_timestamping(x)) {
        return br_fail(
            reterr, BR_ERR_CERTIFICATE_INVALID,
            "its one extended key usage must be timeStamping, critical");
    }
    if ((X509_get_extension_flags(x) & EXFLAG_CA) != 0 ||
        (usage & allowed) == 0 ||
        (usage != UINT32_MAX && (usage & ~allowed) != 0)) {
        return br_fail(
            reterr, BR_ERR_CERTIFICATE_INVALID,
            "its key usage must be digitalSignature or nonRepudiation");
    }
    if (!valid_at(x, unix_seconds)) {
        return br_fail(
            reterr, BR_ERR_CERTIFICATE_INVALID,
            "the certificate has expired or is not valid yet");
    }
    return BR_OK;
}

enum br_rc
br_x509_check_tsa(
    struct br_bytes der, int64_t unix_seconds, struct br_err *reterr)
{
    X509 *x = NULL;
    BR_TRY(parse(der, &x, reterr));
    enum br_rc rc = check_tsa(x, unix_seconds, reterr);
    X509_free(x);
    ERR_clear_error();
    return rc;
}

/** SEQUENCE { Name, INTEGER }, both as the certificate has them. */
static enum br_rc
put_issuer_and_serial(X509 *x, struct br_buf *ret, struct br_err *reterr)
{
    X509_NAME *name = X509_get_issuer_name(x);
    ASN1_INTEGER *serial = X509_get_serialNumber(x);
    int name_n = i2d_X509_NAME(name, NULL);
    int serial_n = i2d_ASN1_INTEGER(serial, NULL);
    if (name_n <= 0 || serial_n <= 0) {
        return br_fail(reterr, BR_ERR_MALFORMED, "issuer or serial number");
    }
    int n = name_n + serial_n;
    uint8_t *at =
        br_buf_extend(ret, (size_t)ASN1_object_size(1, n, V_ASN1_SEQUENCE));
    if (at != NULL) {
        ASN1_put_object(&at, 1, n, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
        (void)i2d_X509_NAME(name, &at);
        (void)i2d_ASN1_INTEGER(serial, &at);
    }
    return br_buf_status(ret, reterr);
}

enum br_rc
br_x509_put_issuer_and_serial(
    struct br_bytes der, struct br_buf *ret, struct br_err *reterr)
{
    X509 *x = NULL;
    BR_TRY(parse(der, &x, reterr));
    enum br_rc rc = put_issuer_and_serial(x, ret, reterr);
    X509_free(x);
    return rc;
}
