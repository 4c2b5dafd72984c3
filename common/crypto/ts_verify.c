/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/ts_verify.h"

#include "common/crypto/x509.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <time.h>

/** A token as libcrypto sees it. */
struct token {
    PKCS7 *p7;
    TS_TST_INFO *info;
};

static void
close_token(struct token *t)
{
    PKCS7_free(t->p7);
    TS_TST_INFO_free(t->info);
    ERR_clear_error();
}

static enum br_rc
open_token(struct br_bytes der, struct token *t, struct br_err *reterr)
{
    const unsigned char *p = der.p;
    *t = (struct token){0};
    if (der.n > BR_TS_TOKEN_BYTES_MAX) {
        return br_fail(
            reterr, BR_ERR_TOO_LARGE, "a token of more than %u bytes",
            BR_TS_TOKEN_BYTES_MAX);
    }
    t->p7 = der.n == 0 ? NULL : d2i_PKCS7(NULL, &p, (long)der.n);
    if (t->p7 != NULL && p != der.p + der.n) {
        return br_fail(reterr, BR_ERR_TRAILING, "bytes after the token");
    }
    t->info = t->p7 == NULL ? NULL : PKCS7_to_TS_TST_INFO(t->p7);
    return t->info == NULL
               ? br_fail(reterr, BR_ERR_MALFORMED, "not an RFC 3161 time-stamp")
               : BR_OK;
}

/* ---- what it says ------------------------------------------------------- */

static bool
all_digits(const char *s, size_t n)
{
    return strspn(s, "0123456789") >= n;
}

static unsigned
number(const char *s, size_t n)
{
    unsigned v = 0;
    for (size_t i = 0; i < n; i++) {
        v = v * 10 + (unsigned)(s[i] - '0');
    }
    return v;
}

/** ".ffffff" as microseconds; false when it is not one. */
static bool
read_fraction(const char *s, size_t n, uint64_t *ret_us)
{
    uint64_t unit = 100000;
    *ret_us = 0;
    if (n < 2 || s[0] != '.' || !all_digits(s + 1, n - 1)) {
        return n == 0;
    }
    for (size_t i = 1; i < n; i++, unit /= 10) {
        *ret_us += unit * (uint64_t)(s[i] - '0');
    }
    return true;
}

/** "YYYYMMDDhhmmss[.f...]Z", which is all that RFC 3161 section 2.4.2 allows.
 *  libcrypto knows the calendar, and leaves the fraction to us. */
static enum br_rc
read_time(
    const ASN1_GENERALIZEDTIME *g,
    struct br_time_us *ret,
    struct br_err *reterr)
{
    const char *s = (const char *)ASN1_STRING_get0_data(g);
    size_t n = (size_t)ASN1_STRING_length(g);
    uint64_t us;
    struct tm tm = {0};
    if (n < 15 || n > 64 || s[n - 1] != 'Z' || !all_digits(s, 14) ||
        !read_fraction(s + 14, n - 15, &us) || ASN1_TIME_to_tm(g, &tm) != 1) {
        return br_fail(reterr, BR_ERR_MALFORMED, "genTime is not a time");
    }
    tm = (struct tm){
        .tm_year = (int)number(s, 4) - 1900,
        .tm_mon = (int)number(s + 4, 2) - 1,
        .tm_mday = (int)number(s + 6, 2),
        .tm_hour = (int)number(s + 8, 2),
        .tm_min = (int)number(s + 10, 2),
        .tm_sec = (int)number(s + 12, 2),
    };
    time_t seconds = timegm(&tm);
    if (seconds < 0) {
        return br_fail(reterr, BR_ERR_OUT_OF_RANGE, "genTime is before 1970");
    }
    ret->v = (uint64_t)seconds * 1000000 + us;
    return BR_OK;
}

/** Seconds, milliseconds, microseconds; what is left out is zero. */
static enum br_rc
read_accuracy(TS_ACCURACY *a, uint64_t *ret_us, struct br_err *reterr)
{
    const ASN1_INTEGER *part[3];
    static const uint64_t unit_us[3] = {1000000, 1000, 1};
    *ret_us = 0;
    if (a == NULL) {
        return BR_OK;
    }
    part[0] = TS_ACCURACY_get_seconds(a);
    part[1] = TS_ACCURACY_get_millis(a);
    part[2] = TS_ACCURACY_get_micros(a);
    for (size_t i = 0; i < 3; i++) {
        uint64_t v = 0;
        if (part[i] != NULL &&
            (ASN1_INTEGER_get_uint64(&v, part[i]) != 1 || v > 1000000000)) {
            return br_fail(reterr, BR_ERR_MALFORMED, "accuracy is no time");
        }
        *ret_us += v * unit_us[i];
    }
    return BR_OK;
}

static enum br_rc
read_imprint(TS_MSG_IMPRINT *m, struct br_digest *ret, struct br_err *reterr)
{
    char oid[BR_TS_POLICY_TEXT_MAX];
    const ASN1_OBJECT *alg;
    const ASN1_OCTET_STRING *digest = TS_MSG_IMPRINT_get_msg(m);
    X509_ALGOR_get0(&alg, NULL, NULL, TS_MSG_IMPRINT_get_algo(m));
    int n = OBJ_obj2txt(oid, sizeof(oid), alg, 1);
    const struct br_hash_info *h = n > 0 ? br_hash_by_oid(oid) : NULL;
    if (h == NULL) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED,
            "stamped with a digest that is not supported: %.64s", oid);
    }
    if ((size_t)ASN1_STRING_length(digest) != h->digest_bytes) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "messageImprint has another length");
    }
    *ret = (struct br_digest){.alg = h->alg};
    memcpy(ret->b, ASN1_STRING_get0_data(digest), h->digest_bytes);
    return BR_OK;
}

/** "Integers up to 160 bits"; never negative. */
static enum br_rc
read_serial(
    const ASN1_INTEGER *serial, struct br_ts_info *ret, struct br_err *reterr)
{
    int n = ASN1_STRING_length(serial);
    if (n < 1 || n > BR_TS_SERIAL_BYTES_MAX ||
        ASN1_STRING_type(serial) != V_ASN1_INTEGER) {
        return br_fail(reterr, BR_ERR_MALFORMED, "serialNumber");
    }
    ret->serial_bytes = (size_t)n;
    memcpy(ret->serial, ASN1_STRING_get0_data(serial), ret->serial_bytes);
    return BR_OK;
}

static enum br_rc
read_info(TS_TST_INFO *info, struct br_ts_info *ret, struct br_err *reterr)
{
    *ret = (struct br_ts_info){0};
    int n = OBJ_obj2txt(
        ret->policy, sizeof(ret->policy), TS_TST_INFO_get_policy_id(info), 1);
    if (TS_TST_INFO_get_version(info) != 1 || n <= 0 ||
        (size_t)n >= sizeof(ret->policy)) {
        return br_fail(reterr, BR_ERR_MALFORMED, "TSTInfo: version or policy");
    }
    if (TS_TST_INFO_get_ext_by_critical(info, 1, -1) >= 0) {
        return br_fail(
            reterr, BR_ERR_UNSUPPORTED, "TSTInfo has a critical extension");
    }
    BR_TRY(
        read_imprint(TS_TST_INFO_get_msg_imprint(info), &ret->imprint, reterr));
    BR_TRY(read_serial(TS_TST_INFO_get_serial(info), ret, reterr));
    BR_TRY(read_accuracy(
        TS_TST_INFO_get_accuracy(info), &ret->accuracy_us, reterr));
    return read_time(TS_TST_INFO_get_time(info), &ret->time, reterr);
}

enum br_rc
br_ts_read(struct br_bytes token, struct br_ts_info *ret, struct br_err *reterr)
{
    struct token t;
    struct br_ts_info info;
    enum br_rc rc = open_token(token, &t, reterr);
    if (rc == BR_OK) {
        rc = read_info(t.info, &info, reterr);
    }
    close_token(&t);
    if (rc == BR_OK) {
        *ret = info;
    }
    return rc;
}

/* ---- what libcrypto does not look at ------------------------------------ */

/** Is the name of the signature's algorithm that of the digest's and of the
 *  key? It is not signed, and libcrypto passes over it. */
static bool
algorithms_agree(PKCS7_SIGNER_INFO *si, const EVP_PKEY *key)
{
    X509_ALGOR *digest;
    X509_ALGOR *signature;
    const ASN1_OBJECT *digest_oid;
    const ASN1_OBJECT *signature_oid;
    int md = NID_undef;
    int pk = NID_undef;
    PKCS7_SIGNER_INFO_get0_algs(si, NULL, &digest, &signature);
    X509_ALGOR_get0(&digest_oid, NULL, NULL, digest);
    X509_ALGOR_get0(&signature_oid, NULL, NULL, signature);
    int digest_nid = OBJ_obj2nid(digest_oid);
    int nid = OBJ_obj2nid(signature_oid);
    if (OBJ_find_sigid_algs(nid, &md, &pk) != 1) {
        pk = nid; /* the key's algorithm alone: RFC 3370 section 3.2 */
        md = digest_nid;
    }
    const EVP_MD *hash = EVP_get_digestbynid(digest_nid);
    return hash != NULL && EVP_MD_get_size(hash) >= BR_HASH_BYTES &&
           md == digest_nid && pk == EVP_PKEY_get_base_id(key);
}

static bool
versions_ok(const PKCS7 *p7, const PKCS7_SIGNER_INFO *si)
{
    /* RFC 5652 section 5.1: 3 for TSTInfo, more when there are attribute
     * certificates and the like; section 5.3: 1 with issuerAndSerialNumber. */
    long data = ASN1_INTEGER_get(p7->d.sign->version);
    return data >= 3 && data <= 5 && ASN1_INTEGER_get(si->version) == 1;
}

/* ---- certificates ------------------------------------------------------- */

/** Certificates in PEM, with any text around them. */
static enum br_rc
read_pem(struct br_bytes pem, STACK_OF(X509) * *ret, struct br_err *reterr)
{
    X509 *x;
    BIO *bio = pem.n > BR_TS_PEM_BYTES_MAX
                   ? NULL
                   : BIO_new_mem_buf(
                         pem.n == 0 ? "" : (const char *)pem.p, (int)pem.n);
    STACK_OF(X509) *all = bio == NULL ? NULL : sk_X509_new_null();
    bool ok = all != NULL;
    while (ok && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        ok = sk_X509_push(all, x) > 0;
        if (!ok) {
            X509_free(x);
        }
    }
    ok = ok && (pem.n == 0 ||
                ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE);
    ERR_clear_error();
    BIO_free(bio);
    if (!ok) {
        sk_X509_pop_free(all, X509_free);
        return br_fail(
            reterr, BR_ERR_MALFORMED, "certificates: not PEM, or too many");
    }
    *ret = all;
    return BR_OK;
}

/** Whatever the caller trusts ends a chain, be it self-signed or not: trusted
 *  lists name the authorities themselves. */
static X509_STORE *
make_store(const STACK_OF(X509) * trusted, struct br_time_us at)
{
    X509_STORE *store = X509_STORE_new();
    bool ok = store != NULL;
    for (int i = 0; ok && i < sk_X509_num(trusted); i++) {
        ok = X509_STORE_add_cert(store, sk_X509_value(trusted, i)) == 1;
    }
    if (!ok) {
        X509_STORE_free(store);
        return NULL;
    }
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
    X509_VERIFY_PARAM_set_time(param, (time_t)(at.v / 1000000));
    X509_VERIFY_PARAM_set_auth_level(param, 2); /* 112 bits */
    (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    return store;
}

/** Turn libcrypto's queue of errors into one of ours. */
static enum br_rc
explain(struct br_err *reterr)
{
    unsigned long e;
    const char *data = NULL;
    int flags = 0;
    enum br_rc rc = BR_ERR_BAD_SIGNATURE;
    const char *text = "the signature does not fit the token";
    char copy[160] = "";
    while ((e = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0) {
        int lib = ERR_GET_LIB(e);
        int reason = ERR_GET_REASON(e);
        if (lib == ERR_LIB_TS && reason == TS_R_CERTIFICATE_VERIFY_ERROR) {
            rc = BR_ERR_CERTIFICATE_INVALID;
            (void)snprintf(
                copy, sizeof(copy), "the chain, at the token's time: %s",
                (flags & ERR_TXT_STRING) != 0 ? data : "not valid");
            text = copy;
        } else if (
            lib == ERR_LIB_PKCS7 &&
            reason == PKCS7_R_SIGNER_CERTIFICATE_NOT_FOUND) {
            rc = BR_ERR_CERTIFICATE_INVALID;
            text = "the signer's certificate is neither in the token nor given";
        }
    }
    return br_fail(reterr, rc, "%s", text);
}

static void
name_signer(X509 *signer, struct br_ts_info *info)
{
    char *text;
    struct tm tm = {0};
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio != NULL &&
        X509_NAME_print_ex(
            bio, X509_get_subject_name(signer), 0,
            XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
        long all = BIO_get_mem_data(bio, &text);
        size_t n = all < 0 ? 0 : (size_t)all;
        if (n >= sizeof(info->signer)) {
            n = sizeof(info->signer) - 1;
            while (n > 0 && ((uint8_t)text[n] & 0xc0) == 0x80) {
                n--; /* not amid a character */
            }
        }
        memcpy(info->signer, text, n);
        info->signer[n] = '\0';
    }
    BIO_free(bio);
    if (ASN1_TIME_to_tm(X509_get0_notAfter(signer), &tm) == 1) {
        info->signer_not_after = (int64_t)timegm(&tm);
    }
}

/** The key purpose, by a reading stricter than libcrypto's: it passes over
 *  purposes that it does not know. */
static enum br_rc
check_signer(
    X509 *signer,
    PKCS7_SIGNER_INFO *si,
    struct br_ts_info *info,
    struct br_err *reterr)
{
    unsigned char *der = NULL;
    int n = i2d_X509(signer, &der);
    if (n <= 0) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "certificate");
    }
    enum br_rc rc = br_x509_check_tsa(
        br_bytes(der, (size_t)n), (int64_t)(info->time.v / 1000000), reterr);
    OPENSSL_free(der);
    BR_TRY(rc);
    if (!algorithms_agree(si, X509_get0_pubkey(signer))) {
        return br_fail(
            reterr, BR_ERR_BAD_SIGNATURE,
            "the token's algorithms are too weak or contradict each other");
    }
    name_signer(signer, info);
    return BR_OK;
}

/** Signature, chain, and that the signed SigningCertificate or its successor
 *  names this signer (RFC 5816): libcrypto does all three. */
static enum br_rc
check_signature(
    const struct token *t,
    STACK_OF(X509) * untrusted,
    X509_STORE *store,
    struct br_ts_info *info,
    struct br_err *reterr)
{
    X509 *signer = NULL;
    STACK_OF(PKCS7_SIGNER_INFO) *all = PKCS7_get_signer_info(t->p7);
    if (sk_PKCS7_SIGNER_INFO_num(all) != 1) {
        return br_fail(
            reterr, BR_ERR_MALFORMED, "a token has one signer, not %d",
            sk_PKCS7_SIGNER_INFO_num(all));
    }
    PKCS7_SIGNER_INFO *si = sk_PKCS7_SIGNER_INFO_value(all, 0);
    if (!versions_ok(t->p7, si)) {
        return br_fail(reterr, BR_ERR_MALFORMED, "versions of SignedData");
    }
    ERR_clear_error();
    if (TS_RESP_verify_signature(t->p7, untrusted, store, &signer) != 1) {
        return explain(reterr);
    }
    enum br_rc rc = check_signer(signer, si, info, reterr);
    X509_free(signer);
    return rc;
}

static enum br_rc
check_trust(
    const struct token *t,
    const struct br_ts_check *check,
    struct br_ts_info *info,
    struct br_err *reterr)
{
    STACK_OF(X509) *trusted = NULL;
    STACK_OF(X509) *untrusted = NULL;
    X509_STORE *store = NULL;
    enum br_rc rc = read_pem(check->ca_pem, &trusted, reterr);
    if (rc == BR_OK) {
        rc = read_pem(check->untrusted_pem, &untrusted, reterr);
    }
    if (rc == BR_OK) {
        store = make_store(trusted, info->time);
        rc = store == NULL ? br_fail(reterr, BR_ERR_NO_MEMORY, "certificates")
                           : check_signature(t, untrusted, store, info, reterr);
    }
    X509_STORE_free(store);
    sk_X509_pop_free(trusted, X509_free);
    sk_X509_pop_free(untrusted, X509_free);
    return rc;
}

/* ---- the verdict -------------------------------------------------------- */

static enum br_rc
check_digest(
    const struct br_digest *is,
    const struct br_digest *want,
    struct br_err *reterr)
{
    const struct br_hash_info *h = br_hash_info((uint64_t)is->alg);
    if (is->alg != want->alg || memcmp(is->b, want->b, h->digest_bytes) != 0) {
        return br_fail(
            reterr, BR_ERR_DIGEST_MISMATCH,
            "the token stamps another %s digest", h->name);
    }
    return BR_OK;
}

/** Compared as numbers; both were INTEGERs. */
static enum br_rc
check_nonce(const ASN1_INTEGER *is, struct br_bytes want, struct br_err *reterr)
{
    unsigned char der[2 + 127] = {V_ASN1_INTEGER, (unsigned char)want.n};
    const unsigned char *p = der;
    if (want.n == 0) {
        return BR_OK;
    }
    if (want.n > 127) {
        return br_fail(reterr, BR_ERR_TOO_LARGE, "nonce");
    }
    memcpy(der + 2, want.p, want.n);
    ASN1_INTEGER *n = d2i_ASN1_INTEGER(NULL, &p, 2 + (long)want.n);
    bool same = n != NULL && is != NULL && ASN1_INTEGER_cmp(n, is) == 0;
    ASN1_INTEGER_free(n);
    return same ? BR_OK
                : br_fail(
                      reterr, BR_ERR_CONFLICT,
                      "the token answers another request: its nonce differs");
}

static enum br_rc
verify(
    const struct token *t,
    const struct br_ts_check *check,
    struct br_ts_info *info,
    struct br_err *reterr)
{
    BR_TRY(read_info(t->info, info, reterr));
    BR_TRY(check_trust(t, check, info, reterr));
    BR_TRY(check_digest(&info->imprint, check->digest, reterr));
    BR_TRY(check_nonce(TS_TST_INFO_get_nonce(t->info), check->nonce, reterr));
    if (info->time.v > check->latest.v) {
        return br_fail(
            reterr, BR_ERR_FUTURE_TIME, "the token's time lies in the future");
    }
    return BR_OK;
}

enum br_rc
br_ts_verify(
    struct br_bytes token,
    const struct br_ts_check *check,
    struct br_ts_info *ret,
    struct br_err *reterr)
{
    struct token t;
    struct br_ts_info info;
    enum br_rc rc = open_token(token, &t, reterr);
    if (rc == BR_OK) {
        rc = verify(&t, check, &info, reterr);
    }
    close_token(&t);
    if (rc == BR_OK) {
        *ret = info;
    }
    return rc;
}
