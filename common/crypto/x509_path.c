/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/x509_path.h"

#include "common/crypto/x509_internal.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

/* ---- trust -------------------------------------------------------------- */

struct br_x509_trust {
    X509_STORE *store;
};

void
br_x509_trust_free(struct br_x509_trust *t)
{
    if (t != NULL) {
        X509_STORE_free(t->store);
        free(t);
    }
}

/** Until there is no further block. */
static enum br_rc
add_all(X509_STORE *store, BIO *bio, struct br_err *reterr)
{
    X509 *x;
    bool ok = true;
    while (ok && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        ok = X509_STORE_add_cert(store, x) == 1;
        X509_free(x);
    }
    int reason = ERR_GET_REASON(ERR_peek_last_error());
    ERR_clear_error();
    if (!ok) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "trusted certificates");
    }
    return reason == PEM_R_NO_START_LINE
               ? BR_OK
               : br_fail(
                     reterr, BR_ERR_MALFORMED,
                     "trusted certificates: a broken block of PEM");
}

enum br_rc
br_x509_trust_new(
    struct br_bytes pem, struct br_x509_trust **ret, struct br_err *reterr)
{
    if (pem.n > BR_X509_TRUST_PEM_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "more than %u bytes of certificates",
            BR_X509_TRUST_PEM_BYTES_MAX);
    }
    struct br_x509_trust *t = (struct br_x509_trust *)calloc(1, sizeof(*t));
    BIO *bio =
        BIO_new_mem_buf(pem.n == 0 ? "" : (const char *)pem.p, (int)pem.n);
    if (t != NULL) {
        t->store = X509_STORE_new();
    }
    enum br_rc rc = t == NULL || t->store == NULL || bio == NULL
                        ? br_fail(reterr, BR_ERR_NO_MEMORY, "certificates")
                        : add_all(t->store, bio, reterr);
    BIO_free(bio);
    if (rc != BR_OK) {
        br_x509_trust_free(t);
        return rc;
    }
    *ret = t;
    return BR_OK;
}

/* ---- a path ------------------------------------------------------------- */

struct chain {
    X509 *leaf;
    STACK_OF(X509) * rest;
};

static void
close_chain(struct chain *c)
{
    X509_free(c->leaf);
    sk_X509_pop_free(c->rest, X509_free);
    ERR_clear_error();
}

static enum br_rc
fault(
    enum br_x509_fault f,
    enum br_x509_fault *ret_fault,
    const char *text,
    struct br_err *reterr)
{
    *ret_fault = f;
    return br_fail(reterr, BR_ERR_CERTIFICATE_INVALID, "%s", text);
}

static enum br_rc
open_chain(
    const struct br_x509_path *path,
    struct chain *c,
    enum br_x509_fault *ret_fault,
    struct br_err *reterr)
{
    c->rest = sk_X509_new_null();
    if (c->rest == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "certificates");
    }
    if (path->count == 0 || path->count > BR_X509_CHAIN_MAX) {
        return fault(
            BR_X509_UNREADABLE, ret_fault, "a chain has 1 to 8 certificates",
            reterr);
    }
    for (size_t i = 0; i < path->count; i++) {
        X509 *x = br_x509_from_der(path->der[i]);
        if (x == NULL) {
            return fault(
                BR_X509_UNREADABLE, ret_fault, "not an X.509 certificate",
                reterr);
        }
        if (i == 0) {
            c->leaf = x;
        } else if (sk_X509_push(c->rest, x) <= 0) {
            X509_free(x);
            return br_fail(reterr, BR_ERR_NO_MEMORY, "certificates");
        }
    }
    return BR_OK;
}

static bool
trusted(const struct br_x509_trust *t, X509 *x)
{
    STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(t->store);
    for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
        const X509 *a = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
        if (a != NULL && X509_cmp(a, x) == 0) {
            return true;
        }
    }
    return false;
}

/** "The certificate containing the public key corresponding to the key used to
 *  digitally sign the JWS MUST be the first certificate. [...] each subsequent
 *  certificate being the one used to certify the previous one." */
static enum br_rc
check_order(
    const struct br_x509_trust *t,
    const struct chain *c,
    bool anchor_allowed,
    enum br_x509_fault *ret_fault,
    struct br_err *reterr)
{
    int n = sk_X509_num(c->rest);
    X509 *x = c->leaf;
    /* By its names: who has issued it to itself has also signed it, or it leads
     * to nobody. X509_check_issued would ask for the usage keyCertSign. */
    if (X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0) {
        return fault(
            BR_X509_SELF_SIGNED_LEAF, ret_fault,
            "the signer's certificate is self-signed", reterr);
    }
    for (int i = 0; i < n; i++) {
        X509 *issuer = sk_X509_value(c->rest, i);
        if (X509_check_issued(issuer, x) != X509_V_OK) {
            return fault(
                BR_X509_OUT_OF_ORDER, ret_fault,
                "a certificate is not issued by the one after it", reterr);
        }
        x = issuer;
    }
    if (!anchor_allowed && trusted(t, x)) {
        return fault(
            BR_X509_ANCHOR_SENT, ret_fault,
            "the trusted certificate itself is in the chain", reterr);
    }
    return BR_OK;
}

static bool
has_purpose(X509 *x, const char *oid)
{
    bool found = false;
    EXTENDED_KEY_USAGE *all = (EXTENDED_KEY_USAGE *)X509_get_ext_d2i(
        x, NID_ext_key_usage, NULL, NULL);
    ASN1_OBJECT *want = OBJ_txt2obj(oid, 1);
    for (int i = 0; want != NULL && i < sk_ASN1_OBJECT_num(all); i++) {
        found = found || OBJ_cmp(sk_ASN1_OBJECT_value(all, i), want) == 0;
    }
    ASN1_OBJECT_free(want);
    EXTENDED_KEY_USAGE_free(all);
    return found;
}

static enum br_rc
check_leaf(
    X509 *leaf,
    const char *purpose,
    enum br_x509_fault *ret_fault,
    struct br_err *reterr)
{
    if ((X509_get_extension_flags(leaf) & EXFLAG_CA) != 0) {
        return fault(
            BR_X509_LEAF_USAGE, ret_fault,
            "the signer's certificate is an authority's", reterr);
    }
    /* All ones when the extension is absent. */
    if ((X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0) {
        return fault(
            BR_X509_LEAF_USAGE, ret_fault,
            "the signer's certificate lacks the usage digitalSignature",
            reterr);
    }
    if (purpose != NULL && !has_purpose(leaf, purpose)) {
        return fault(
            BR_X509_LEAF_USAGE, ret_fault,
            "the signer's certificate lacks the extended key usage asked for",
            reterr);
    }
    return BR_OK;
}

static enum br_x509_fault
fault_of(int error)
{
    static const struct {
        int error;
        enum br_x509_fault fault;
    } known[] = {
        {X509_V_ERR_CERT_HAS_EXPIRED, BR_X509_EXPIRED},
        {X509_V_ERR_CERT_NOT_YET_VALID, BR_X509_NOT_YET_VALID},
        {X509_V_ERR_CERT_SIGNATURE_FAILURE, BR_X509_OUT_OF_ORDER},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, BR_X509_NOT_TRUSTED},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, BR_X509_NOT_TRUSTED},
        {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, BR_X509_NOT_TRUSTED},
        {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, BR_X509_NOT_TRUSTED},
        {X509_V_ERR_INVALID_CA, BR_X509_NOT_AN_AUTHORITY},
        {X509_V_ERR_PATH_LENGTH_EXCEEDED, BR_X509_NOT_AN_AUTHORITY},
        {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, BR_X509_NOT_AN_AUTHORITY},
        {X509_V_ERR_EE_KEY_TOO_SMALL, BR_X509_WEAK},
        {X509_V_ERR_CA_KEY_TOO_SMALL, BR_X509_WEAK},
        {X509_V_ERR_CA_MD_TOO_WEAK, BR_X509_WEAK},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].error == error) {
            return known[i].fault;
        }
    }
    return BR_X509_BROKEN;
}

/** Are those that were sent the ones that lead there? libcrypto takes others
 *  where it knows some. */
static bool
all_used(X509_STORE_CTX *ctx, const struct chain *c)
{
    const STACK_OF(X509) *built = X509_STORE_CTX_get0_chain(ctx);
    int n = sk_X509_num(c->rest);
    bool ok = sk_X509_num(built) > n;
    for (int i = 0; ok && i < n; i++) {
        ok = X509_cmp(sk_X509_value(built, i + 1), sk_X509_value(c->rest, i)) ==
             0;
    }
    return ok;
}

static enum br_rc
verdict(
    X509_STORE_CTX *ctx,
    const struct chain *c,
    enum br_x509_fault *ret_fault,
    struct br_err *reterr)
{
    bool ok = X509_verify_cert(ctx) == 1;
    int error = X509_STORE_CTX_get_error(ctx);
    if (ok && !all_used(ctx, c)) {
        return fault(
            BR_X509_OUT_OF_ORDER, ret_fault,
            "a certificate was sent that is not on the way to a trusted one",
            reterr);
    }
    if (ok) {
        return BR_OK;
    }
    if (error == X509_V_ERR_OUT_OF_MEM) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "certificates");
    }
    return fault(
        fault_of(error), ret_fault, X509_verify_cert_error_string(error),
        reterr);
}

static enum br_rc
check_trust(
    const struct br_x509_trust *t,
    const struct chain *c,
    int64_t unix_seconds,
    enum br_x509_fault *ret_fault,
    struct br_err *reterr)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (ctx == NULL ||
        X509_STORE_CTX_init(ctx, t->store, c->leaf, c->rest) != 1) {
        X509_STORE_CTX_free(ctx);
        return br_fail(reterr, BR_ERR_NO_MEMORY, "certificates");
    }
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)unix_seconds);
    X509_VERIFY_PARAM_set_auth_level(param, 2); /* 112 bits */
    (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    enum br_rc rc = verdict(ctx, c, ret_fault, reterr);
    X509_STORE_CTX_free(ctx);
    return rc;
}

enum br_rc
br_x509_check_path(
    const struct br_x509_trust *trust,
    const struct br_x509_path *path,
    enum br_x509_fault *ret_fault,
    struct br_err *reterr)
{
    struct chain c = {0};
    *ret_fault = BR_X509_SOUND;
    enum br_rc rc = open_chain(path, &c, ret_fault, reterr);
    if (rc == BR_OK) {
        rc = check_order(trust, &c, path->anchor_allowed, ret_fault, reterr);
    }
    if (rc == BR_OK) {
        rc = check_leaf(c.leaf, path->purpose, ret_fault, reterr);
    }
    if (rc == BR_OK) {
        rc = check_trust(trust, &c, path->unix_seconds, ret_fault, reterr);
    }
    close_chain(&c);
    return rc;
}

/* ---- the key and the names of a certificate ----------------------------- */

static enum br_rc
ec_key(EVP_PKEY *pkey, struct br_key *ret, struct br_err *reterr)
{
    static const struct {
        const char *group;
        enum br_key_kind kind;
    } curves[] = {
        {"prime256v1", BR_KEY_P256},
        {"secp384r1", BR_KEY_P384},
        {"secp521r1", BR_KEY_P521},
        {"secp256k1", BR_KEY_SECP256K1},
    };
    char group[32] = "";
    uint8_t point[1 + 2 * BR_KEY_COORDINATE_MAX];
    size_t n = 0;
    (void)EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL);
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        size_t half = br_key_kind_bytes(curves[i].kind);
        if (strcmp(group, curves[i].group) == 0 &&
            EVP_PKEY_get_octet_string_param(
                pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof(point),
                &n) == 1 &&
            n == 1 + 2 * half && point[0] == POINT_CONVERSION_UNCOMPRESSED) {
            return br_key_init(
                ret, curves[i].kind, br_bytes(point + 1, half),
                br_bytes(point + 1 + half, half), reterr);
        }
    }
    return br_fail(
        reterr, BR_ERR_UNSUPPORTED, "the key is on %s",
        group[0] == '\0' ? "an unnamed curve" : group);
}

static enum br_rc
rsa_key(EVP_PKEY *pkey, struct br_key *ret, struct br_err *reterr)
{
    uint8_t n[BR_KEY_BYTES_MAX];
    uint8_t e[BR_KEY_BYTES_MAX];
    BIGNUM *n_bn = NULL;
    BIGNUM *e_bn = NULL;
    (void)EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n_bn);
    (void)EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e_bn);
    bool ok = n_bn != NULL && e_bn != NULL &&
              BN_num_bytes(n_bn) <= BR_KEY_BYTES_MAX &&
              BN_num_bytes(e_bn) <= BR_KEY_BYTES_MAX;
    enum br_rc rc = BR_ERR_UNSUPPORTED;
    if (ok) {
        size_t n_size = (size_t)BN_bn2bin(n_bn, n);
        size_t e_size = (size_t)BN_bn2bin(e_bn, e);
        rc = br_key_init_rsa(
            ret, br_bytes(n, n_size), br_bytes(e, e_size), reterr);
    } else {
        rc = br_fail(reterr, BR_ERR_UNSUPPORTED, "the RSA key is too long");
    }
    BN_free(n_bn);
    BN_free(e_bn);
    return rc;
}

static enum br_rc
key_of(EVP_PKEY *pkey, struct br_key *ret, struct br_err *reterr)
{
    uint8_t raw[32];
    size_t n = sizeof(raw);
    int id = pkey == NULL ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(pkey);
    if (id == EVP_PKEY_EC) {
        return ec_key(pkey, ret, reterr);
    }
    if (id == EVP_PKEY_RSA) {
        return rsa_key(pkey, ret, reterr);
    }
    if (id == EVP_PKEY_ED25519 &&
        EVP_PKEY_get_raw_public_key(pkey, raw, &n) == 1) {
        return br_key_init(
            ret, BR_KEY_ED25519, br_bytes(raw, n), br_bytes(NULL, 0), reterr);
    }
    return br_fail(
        reterr, BR_ERR_UNSUPPORTED, "the key is not EC, Ed25519 or RSA");
}

enum br_rc
br_x509_key(struct br_bytes der, struct br_key *ret, struct br_err *reterr)
{
    X509 *x = br_x509_from_der(der);
    if (x == NULL) {
        return br_fail(reterr, BR_ERR_MALFORMED, "not an X.509 certificate");
    }
    enum br_rc rc = key_of(X509_get0_pubkey(x), ret, reterr);
    X509_free(x);
    ERR_clear_error();
    return rc;
}

/** One block of PEM. */
static enum br_rc
key_of_block(
    const char *label,
    struct br_bytes der,
    struct br_key *ret,
    struct br_err *reterr)
{
    if (strcmp(label, "CERTIFICATE") == 0) {
        return br_x509_key(der, ret, reterr);
    }
    if (strcmp(label, "PUBLIC KEY") != 0) {
        return br_fail(
            reterr, BR_ERR_KEY_REFUSED,
            strstr(label, "PRIVATE") != NULL
                ? "this is a private key: give its certificate or its public "
                  "key, and keep that file to yourself"
                : "neither a certificate nor a public key");
    }
    const unsigned char *p = der.p;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)der.n);
    enum br_rc rc = pkey == NULL || p != der.p + der.n
                        ? br_fail(
                              reterr, BR_ERR_MALFORMED,
                              "not a SubjectPublicKeyInfo (RFC 5280)")
                        : key_of(pkey, ret, reterr);
    EVP_PKEY_free(pkey);
    return rc;
}

enum br_rc
br_pem_key(struct br_bytes pem, struct br_key *ret, struct br_err *reterr)
{
    char *label = NULL;
    char *header = NULL;
    unsigned char *data = NULL;
    long n = 0;
    enum br_rc rc = BR_ERR_MALFORMED;
    BIO *bio = pem.n == 0 || pem.n > BR_X509_PEM_BYTES_MAX
                   ? NULL
                   : BIO_new_mem_buf(pem.p, (int)pem.n);
    if (bio != NULL && PEM_read_bio(bio, &label, &header, &data, &n) == 1) {
        rc = key_of_block(label, br_bytes(data, (size_t)n), ret, reterr);
        OPENSSL_cleanse(data, (size_t)n);
    } else {
        rc = br_fail(reterr, BR_ERR_MALFORMED, "there is no PEM in it");
    }
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_free(data);
    BIO_free(bio);
    ERR_clear_error();
    return rc;
}

bool
br_x509_has_dns_name(struct br_bytes der, struct br_bytes name)
{
    X509 *x = br_x509_from_der(der);
    GENERAL_NAMES *all = x == NULL ? NULL
                                   : (GENERAL_NAMES *)X509_get_ext_d2i(
                                         x, NID_subject_alt_name, NULL, NULL);
    bool found = false;
    bool plain = name.n > 0 && memchr(name.p, 0, name.n) == NULL;
    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        int type;
        const ASN1_STRING *s = (const ASN1_STRING *)GENERAL_NAME_get0_value(
            sk_GENERAL_NAME_value(all, i), &type);
        found = found || (type == GEN_DNS && plain &&
                          (size_t)ASN1_STRING_length(s) == name.n &&
                          strncasecmp(
                              (const char *)ASN1_STRING_get0_data(s),
                              (const char *)name.p, name.n) == 0);
    }
    GENERAL_NAMES_free(all);
    X509_free(x);
    ERR_clear_error();
    return found;
}
