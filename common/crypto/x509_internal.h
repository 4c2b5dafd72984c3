/*
 * Between the two halves of x509.h: what reads and what makes.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_X509_INTERNAL_H
#define BR_CRYPTO_X509_INTERNAL_H

#include "common/crypto/x509.h"

#include <openssl/x509.h>

/** NULL unless the bytes are exactly one certificate. */
X509 *br_x509_from_der(struct br_bytes der);

/** P-256 public key for libcrypto; NULL when memory is refused. */
EVP_PKEY *br_es256_pkey(const struct br_public_key *k);

#endif
