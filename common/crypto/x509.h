/*
 * X.509 certificates (RFC 5280) of the timestamping authority.
 *
 * Two needs: a certificate authority for development, made by the node itself
 * so that RFC 3161 tokens work on the first day; and reading the chain that a
 * real authority has issued for the same key.
 *
 * - Certificates made here are ECDSA P-256 with SHA-256. Keys are signers, so
 *   they may lie in a token.
 * - No clock: whoever calls says the times. Nothing here trusts a chain.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_X509_H
#define BR_CRYPTO_X509_H

#include "common/base/buf.h"
#include "common/crypto/sign.h"

/* Chains are two or three certificates of a kilobyte each. */
#define BR_X509_CHAIN_MAX      8
#define BR_X509_PEM_BYTES_MAX  (64u * 1024)
#define BR_X509_NAME_BYTES_MAX 64 /* ub-common-name, RFC 5280 appendix A.1 */

/** What one certificate says. */
struct br_x509_subject {
    const char *common_name;  /**< UTF-8, 1 to 64 bytes; for the authority
                               *   " development CA" is appended if lacking */
    const char *organization; /**< or NULL */
    uint64_t serial;          /**< not 0; unique for its issuer */
    int64_t not_before;       /**< seconds since 1970-01-01T00:00:00Z */
    int64_t not_after;
};

/** Both signers are ES256. The authority's key should be forgotten after. */
struct br_x509_dev_ca {
    struct br_x509_subject ca;
    struct br_x509_subject tsa;
    struct br_signer *ca_key;
    const struct br_public_key *tsa_public;
};

/**
 * Append the PEM of a self-signed authority (basicConstraints critical CA:TRUE
 * pathlen 0, keyUsage critical keyCertSign and cRLSign, SKI) to ret_ca, and of
 * the certificate it issues for timestamping (extendedKeyUsage critical, only
 * timeStamping, as RFC 3161 section 2.3 asks; keyUsage critical
 * digitalSignature; basicConstraints critical CA:FALSE; SKI, AKI) to ret_tsa.
 * Errors: OUT_OF_RANGE, UNSUPPORTED, KEY_LOCKED, NO_MEMORY.
 */
enum br_rc br_x509_create_dev_ca(
    const struct br_x509_dev_ca *in,
    struct br_buf *ret_ca,
    struct br_buf *ret_tsa,
    struct br_err *reterr) BR_MUST_USE;

/** The authority alone, as above. */
enum br_rc br_x509_create_dev_root(
    const struct br_x509_subject *ca,
    struct br_signer *ca_key,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/** A certificate of that authority for signing credentials and requests: as the
 *  one for timestamping, but without an extended key usage, and with dns as its
 *  dNSName. NULL: it is for timestamping. */
struct br_x509_dev_leaf {
    struct br_x509_subject ca; /**< as the root was made with */
    struct br_signer *ca_key;
    struct br_x509_subject leaf;
    const struct br_public_key *leaf_public;
    const char *dns; /**< letters in lower case, digits, dots and hyphens */
};
enum br_rc br_x509_create_dev_leaf(
    const struct br_x509_dev_leaf *in,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Certificates in DER, the leaf first. */
struct br_x509_chain {
    size_t count;
    struct br_bytes der[BR_X509_CHAIN_MAX]; /**< owned by the chain */
};

/** PEM CERTIFICATE blocks, in order; text between them is allowed, other
 *  blocks are refused. Each certificate must parse, and each but the last must
 *  be issued by the next (names and signature). */
enum br_rc br_x509_chain_parse(
    struct br_bytes pem,
    struct br_x509_chain *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_x509_chain_fini(struct br_x509_chain *c);

/** The key of a certificate, if it is one of ours: P-256, secp256k1, Ed25519;
 *  else UNSUPPORTED. */
enum br_rc br_x509_public_key(
    struct br_bytes der,
    struct br_public_key *ret,
    struct br_err *reterr) BR_MUST_USE;

/** CERTIFICATE_INVALID when the certificate is for another key. */
enum br_rc br_x509_check_key(
    struct br_bytes der,
    const struct br_public_key *k,
    struct br_err *reterr) BR_MUST_USE;

/** May this certificate sign timestamps at this time? RFC 3161 section 2.3:
 *  its only extended key usage is timeStamping, critical. Also the validity
 *  and, if there is a keyUsage, digitalSignature or nonRepudiation only. */
enum br_rc br_x509_check_tsa(
    struct br_bytes der,
    int64_t unix_seconds,
    struct br_err *reterr) BR_MUST_USE;

/** Append the DER of IssuerAndSerialNumber (RFC 5652 section 10.2.4), by which
 *  a CMS SignerInfo names its certificate. */
enum br_rc br_x509_put_issuer_and_serial(
    struct br_bytes der, struct br_buf *ret, struct br_err *reterr) BR_MUST_USE;

#endif
