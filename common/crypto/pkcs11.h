/*
 * Signers whose private key stays inside a PKCS#11 token.
 *
 * The vendor's module is opened with dlopen; the interface is that of PKCS#11
 * 2.40, and of 3.0 for Ed25519. Keys: P-256 and secp256k1 (CKM_ECDSA over our
 * SHA-256), Ed25519 (CKM_EDDSA). The public key object must stand beside the
 * private one, under the same id or label.
 *
 * Each signature is brought to low S and verified before it is given out: a
 * token that signs wrongly fails instead of publishing.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_PKCS11_H
#define BR_CRYPTO_PKCS11_H

#include "common/crypto/keyfile.h"

/** uri as in pkcs11_uri.h. The PIN is read from its pin-source; without one it
 *  is the given secret, which may be NULL for a token that needs no login. One
 *  attempt is made: tokens lock themselves after a few wrong PINs. */
enum br_rc br_pkcs11_open(
    const char *uri,
    const struct br_secret *pin,
    struct br_signer **ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
