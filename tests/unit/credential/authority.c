/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/credential/authority.h"

#include "common/base/assert.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

EVP_PKEY *
make_key(const char *kind)
{
    EVP_PKEY *key = NULL;
    if (kind != NULL && strcmp(kind, "RSA") == 0) {
        key = EVP_RSA_gen(2048);
    } else if (kind != NULL && strcmp(kind, "RSA-1024") == 0) {
        key = EVP_RSA_gen(1024);
    } else if (kind != NULL && strcmp(kind, "ED25519") == 0) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    } else {
        key = EVP_EC_gen(kind == NULL ? "P-256" : kind);
    }
    BR_ASSERT(key != NULL);
    return key;
}

void
secret_of(EVP_PKEY *key, uint8_t out[32])
{
    BIGNUM *d = NULL;
    int ok = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1 &&
             BN_bn2binpad(d, out, 32) == 32;
    BN_clear_free(d);
    BR_ASSERT(ok);
}

static void
extend(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    if (value == NULL) {
        return;
    }
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    BR_ASSERT(e != NULL && X509_add_ext(x, e, -1) == 1);
    X509_EXTENSION_free(e);
}

static X509 *
parse(const struct certificate *c)
{
    const unsigned char *p = c->der;
    X509 *x = d2i_X509(NULL, &p, (long)c->n);
    BR_ASSERT(x != NULL);
    return x;
}

void
certify(struct certificate *c)
{
    static long serial;
    X509 *x = X509_new();
    X509 *issuer = c->issuer == NULL ? x : parse(c->issuer);
    EVP_PKEY *by = c->issuer == NULL ? c->key : c->issuer->key;
    unsigned char *p = c->der;
    BR_ASSERT(
        X509_set_version(x, 2) == 1 &&
        ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial) == 1 &&
        X509_set_pubkey(x, c->key) == 1 &&
        ASN1_TIME_set(X509_getm_notBefore(x), (time_t)c->from) != NULL &&
        ASN1_TIME_set(X509_getm_notAfter(x), (time_t)c->until) != NULL &&
        X509_NAME_add_entry_by_txt(
            X509_get_subject_name(x), "CN", MBSTRING_UTF8,
            (const uint8_t *)c->name, -1, -1, 0) == 1 &&
        X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1);
    extend(x, issuer, NID_basic_constraints, c->constraints);
    extend(x, issuer, NID_key_usage, c->usage);
    extend(x, issuer, NID_ext_key_usage, c->purpose);
    extend(x, issuer, NID_subject_alt_name, c->names);
    extend(x, issuer, NID_subject_key_identifier, "hash");
    extend(x, issuer, NID_authority_key_identifier, "keyid");
    bool ed = EVP_PKEY_get_base_id(by) == EVP_PKEY_ED25519;
    const EVP_MD *md = ed ? NULL : c->sha1 ? EVP_sha1() : EVP_sha256();
    BR_ASSERT(X509_sign(x, by, md) > 0);
    int n = i2d_X509(x, NULL);
    BR_ASSERT(n > 0 && (size_t)n <= sizeof(c->der));
    c->n = (size_t)i2d_X509(x, &p);
    if (issuer != x) {
        X509_free(issuer);
    }
    X509_free(x);
}

void
to_pem(const struct certificate *c, char out[8192])
{
    X509 *x = parse(c);
    BIO *bio = BIO_new(BIO_s_mem());
    BR_ASSERT(bio != NULL && PEM_write_bio_X509(bio, x) == 1);
    int n = BIO_read(bio, out, 8191);
    BR_ASSERT(n > 0);
    out[n] = '\0';
    BIO_free(bio);
    X509_free(x);
}
