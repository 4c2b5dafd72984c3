/*
 * Certificates for the tests, as bad as they are wanted. Made with libcrypto
 * directly: the tests' own authority shares no code with what they test.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TESTS_CREDENTIAL_AUTHORITY_H
#define BR_TESTS_CREDENTIAL_AUTHORITY_H

#include "common/base/bytes.h"

#include <openssl/evp.h>

struct certificate {
    const char *name;
    EVP_PKEY *key;
    const struct certificate *issuer; /**< NULL: itself */
    const char *constraints;          /**< basicConstraints */
    const char *usage;                /**< keyUsage; NULL: none */
    const char *purpose;              /**< extendedKeyUsage; NULL: none */
    const char *names;                /**< subjectAltName; NULL: none */
    int64_t from;
    int64_t until;
    bool sha1;
    uint8_t der[4096]; /**< made by certify */
    size_t n;
};

/** P-256, or "P-384", "RSA", "brainpoolP256r1", ...; NULL: P-256. Owned by the
 *  caller. */
EVP_PKEY *make_key(const char *kind);
/** The scalar of a P-256 key. */
void secret_of(EVP_PKEY *key, uint8_t out[32]);
/** Fill der; aborts when libcrypto refuses. */
void certify(struct certificate *c);
/** In PEM, with a NUL at the end; at most 8,192 bytes. */
void to_pem(const struct certificate *c, char out[8192]);

#endif
