/* Reading names off certificates. */
/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/x509_internal.h"
#include "common/crypto/x509_path.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

static bool
take_name(X509 *x, int nid, char out[BR_X509_OWNER_BYTES])
{
    const X509_NAME *name = X509_get_subject_name(x);
    int at = X509_NAME_get_index_by_NID(name, nid, -1);
    const X509_NAME_ENTRY *e = at < 0 ? NULL : X509_NAME_get_entry(name, at);
    unsigned char *utf8 = NULL;
    int n = e == NULL ? -1
                      : ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(e));
    bool good = n > 0 && n < BR_X509_OWNER_BYTES;
    for (int i = 0; good && i < n; i++) {
        good = utf8[i] >= 0x20 && utf8[i] != 0x7f;
    }
    if (good) {
        memcpy(out, utf8, (size_t)n);
        out[n] = '\0';
    }
    OPENSSL_free(utf8);
    return good;
}

void
br_x509_owner(struct br_bytes der, char out[BR_X509_OWNER_BYTES])
{
    X509 *x = br_x509_from_der(der);
    out[0] = '\0';
    if (x != NULL && !take_name(x, NID_organizationName, out)) {
        (void)take_name(x, NID_commonName, out);
    }
    X509_free(x);
    ERR_clear_error();
}

void
br_x509_identifier(struct br_bytes der, char out[BR_X509_OWNER_BYTES])
{
    X509 *x = br_x509_from_der(der);
    out[0] = '\0';
    if (x != NULL && !take_name(x, NID_organizationIdentifier, out)) {
        (void)take_name(x, NID_serialNumber, out);
    }
    X509_free(x);
    ERR_clear_error();
}

/** Into out, unless it has one already or the text is no address. */
static void
take_address(
    const ASN1_IA5STRING *text,
    const char *begin,
    char out[BR_X509_CONTACT_BYTES])
{
    const unsigned char *p = ASN1_STRING_get0_data(text);
    int n = ASN1_STRING_length(text);
    size_t prefix = strlen(begin);
    bool good = out[0] == '\0' && n > (int)prefix &&
                n < BR_X509_CONTACT_BYTES && memcmp(p, begin, prefix) == 0;
    for (int i = 0; good && i < n; i++) {
        good = p[i] > 0x20 && p[i] < 0x7f;
    }
    if (good) {
        memcpy(out, p, (size_t)n);
        out[n] = '\0';
    }
}

void
br_x509_contact(
    struct br_bytes der,
    char email[BR_X509_CONTACT_BYTES],
    char uri[BR_X509_CONTACT_BYTES])
{
    X509 *x = br_x509_from_der(der);
    GENERAL_NAMES *names = x == NULL ? NULL
                                     : (GENERAL_NAMES *)X509_get_ext_d2i(
                                           x, NID_subject_alt_name, NULL, NULL);
    email[0] = '\0';
    uri[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_EMAIL) {
            take_address(name->d.rfc822Name, "", email);
        } else if (name->type == GEN_URI) {
            take_address(name->d.uniformResourceIdentifier, "https://", uri);
        }
    }
    GENERAL_NAMES_free(names);
    X509_free(x);
    ERR_clear_error();
}

size_t
br_x509_authority_key(struct br_bytes der, uint8_t out[BR_X509_KEY_ID_BYTES])
{
    X509 *x = br_x509_from_der(der);
    const ASN1_OCTET_STRING *id =
        x == NULL ? NULL : X509_get0_authority_key_id(x);
    int n = id == NULL ? 0 : ASN1_STRING_length(id);
    n = n > BR_X509_KEY_ID_BYTES ? 0 : n;
    if (n > 0) {
        memcpy(out, ASN1_STRING_get0_data(id), (size_t)n);
    }
    X509_free(x);
    ERR_clear_error();
    return (size_t)n;
}
