/*
 * What an algorithm gives to the table of sign.h, and what a signer is.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_BACKEND_H
#define BR_CRYPTO_BACKEND_H

#include "common/crypto/sign.h"

struct br_sign_backend {
    enum br_sign_alg alg;
    const char *name;
    uint8_t public_bytes;
    /** Is raw the one encoding of a valid point? Writes its coordinates as a
     *  COSE_Key has them; y is left alone by Ed25519. */
    bool (*public_ok)(const uint8_t *raw, uint8_t x[32], uint8_t y[32]);
    bool (*verify)(
        const uint8_t *raw,
        struct br_bytes message,
        const uint8_t sig[BR_SIGNATURE_BYTES]);
    /** Prepare a key from its 32 secret bytes; writes the public key. */
    void *(*open)(const uint8_t secret[32], uint8_t *ret_raw);
    bool (*sign)(
        void *key, struct br_bytes message, uint8_t sig[BR_SIGNATURE_BYTES]);
    void (*close)(void *key);
    /** Bring a signature that a token made to the form that verify accepts:
     *  low S. NULL when there is nothing to bring. */
    bool (*normalise)(uint8_t sig[BR_SIGNATURE_BYTES]);
};

extern const struct br_sign_backend br_sign_backend_ed25519;
extern const struct br_sign_backend br_sign_backend_es256;
extern const struct br_sign_backend br_sign_backend_es256k;

/** A signer is a public key and something that signs for it. */
struct br_signer {
    struct br_public_key public_key;
    void *key;
    bool (*sign)(
        void *key, struct br_bytes message, uint8_t sig[BR_SIGNATURE_BYTES]);
    void (*close)(void *key);
};

/** Takes the key; closes it when there is no memory. */
struct br_signer *br_signer_wrap(
    const struct br_public_key *public_key,
    void *key,
    bool (*sign)(
        void *key, struct br_bytes message, uint8_t sig[BR_SIGNATURE_BYTES]),
    void (*close)(void *key));

/** NULL when there is no such algorithm. */
const struct br_sign_backend *br_sign_backend(int64_t alg);

#endif
