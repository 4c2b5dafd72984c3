/*
 * Whom does a chain of certificates convince? Path validation (RFC 5280
 * section 6) for chains that strangers send: x5c, in JOSE.
 *
 * - The chain comes in order: the first certificate is for the key that signed,
 *   each following one certifies the one before it (RFC 7515 section 4.1.6).
 *   None is left over.
 * - It ends at a certificate that the caller trusts, self-signed or not. The
 *   trusted one is not sent with it, unless the caller allows it.
 * - The first one is no authority, is not self-signed, and may sign.
 * - Keys and digests of 112 bits of security or more. Revocation is not looked
 *   at. No clock, no files, no network.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_X509_PATH_H
#define BR_CRYPTO_X509_PATH_H

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/crypto/key.h"
#include "common/crypto/x509.h"

/* The issuers that a body trusts, or a whole list of the Union. */
#define BR_X509_TRUST_PEM_BYTES_MAX (4u * 1024 * 1024)

/** Trusted certificates, parsed once. Any thread may use it. */
struct br_x509_trust;

/** From PEM, with any text around the blocks. MALFORMED, TOO_LARGE; none at
 *  all is allowed, and trusts nobody. */
enum br_rc br_x509_trust_new(
    struct br_bytes pem,
    struct br_x509_trust **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_x509_trust_free(struct br_x509_trust *t);

struct br_x509_path {
    const struct br_bytes *der; /**< the leaf first */
    size_t count;
    int64_t unix_seconds;
    bool anchor_allowed; /**< the last one may be a trusted one */
    const char *purpose; /**< extended key usage that the leaf must have,
                          *   dotted; NULL: any */
};

/** What was wrong; BR_X509_SOUND when nothing was. */
enum br_x509_fault {
    BR_X509_SOUND,
    BR_X509_UNREADABLE,
    BR_X509_SELF_SIGNED_LEAF,
    BR_X509_OUT_OF_ORDER,
    BR_X509_ANCHOR_SENT,
    BR_X509_LEAF_USAGE,
    BR_X509_EXPIRED,
    BR_X509_NOT_YET_VALID,
    BR_X509_NOT_TRUSTED,
    BR_X509_NOT_AN_AUTHORITY,
    BR_X509_WEAK,
    BR_X509_BROKEN, /**< any other: the message tells */
};

/** CERTIFICATE_INVALID, with *ret_fault and the reason; NO_MEMORY. */
enum br_rc br_x509_check_path(
    const struct br_x509_trust *trust,
    const struct br_x509_path *path,
    enum br_x509_fault *ret_fault,
    struct br_err *reterr) BR_MUST_USE;

/** The key of a certificate, as key.h has them; else UNSUPPORTED. */
enum br_rc br_x509_key(
    struct br_bytes der, struct br_key *ret, struct br_err *reterr) BR_MUST_USE;

/** The key of a PEM file: of its first block, a certificate or a public key.
 *  KEY_REFUSED: a private key, or something else; MALFORMED, UNSUPPORTED. */
enum br_rc br_pem_key(
    struct br_bytes pem, struct br_key *ret, struct br_err *reterr) BR_MUST_USE;

/** Is there a dNSName in its subjectAltName that is this name, letters of
 *  either case? No wildcards, and the common name is not looked at. */
bool br_x509_has_dns_name(struct br_bytes der, struct br_bytes name);

/* What a subject calls itself may be as long as this in UTF-8. */
#define BR_X509_OWNER_BYTES 257
/** Whom it is for: the organization that its subject names, else its common
 *  name; in UTF-8, with a NUL; without control characters. Empty: neither. */
void br_x509_owner(struct br_bytes der, char out[BR_X509_OWNER_BYTES]);

/** The identifier of the legal or natural person that its subject names:
 *  organizationIdentifier (2.5.4.97), else serialNumber (2.5.4.5), as ETSI EN
 *  319 412-1 has them. Empty: neither. */
void br_x509_identifier(struct br_bytes der, char out[BR_X509_OWNER_BYTES]);

/* An address in a certificate that is longer is passed over. */
#define BR_X509_CONTACT_BYTES 257
/** How its subject can be reached: the first rfc822Name, and the first https
 *  uniformResourceIdentifier, of its subjectAltName; printable ASCII without
 *  spaces. Empty: there is none. */
void br_x509_contact(
    struct br_bytes der,
    char email[BR_X509_CONTACT_BYTES],
    char uri[BR_X509_CONTACT_BYTES]);

#define BR_X509_KEY_ID_BYTES 64
/** The identifier of the key that signed it (RFC 5280 section 4.2.1.1), as it
 *  stands there; returns its length, 0 when there is none. */
size_t
br_x509_authority_key(struct br_bytes der, uint8_t out[BR_X509_KEY_ID_BYTES]);

#endif
