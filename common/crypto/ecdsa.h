/*
 * The two ways to write an ECDSA signature over a 256-bit curve.
 *
 * - raw: r || s, 32 bytes each, big endian (RFC 9053 section 2.1). The
 *   project's own form, always with s in the lower half of the order.
 * - DER: the Ecdsa-Sig-Value of RFC 3279 section 2.2.3, for X.509 and CMS.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_ECDSA_H
#define BR_CRYPTO_ECDSA_H

#include "common/base/bytes.h"
#include "common/crypto/sign.h"

#define BR_ECDSA_DER_BYTES_MAX 72

/** Returns the bytes used of out. Any r and s can be written. */
size_t br_ecdsa_to_der(
    const uint8_t sig[BR_SIGNATURE_BYTES], uint8_t out[BR_ECDSA_DER_BYTES_MAX]);

/** Distinguished encoding only: shortest lengths and integers, r and s from 0
 *  to 2^256 - 1, no bytes after the end. sig is written when true. */
bool br_ecdsa_from_der(struct br_bytes der, uint8_t sig[BR_SIGNATURE_BYTES]);

/** P-256: replace a high s by its twin, the order minus s. False when s is
 *  not below the order; sig is then unchanged. */
bool br_es256_normalise(uint8_t sig[BR_SIGNATURE_BYTES]);

/** P-256: is s in the lower half of the order? */
bool br_es256_is_low(const uint8_t sig[BR_SIGNATURE_BYTES]);

#endif
