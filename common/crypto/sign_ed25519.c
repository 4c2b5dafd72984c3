/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/backend.h"

#include <sodium.h>

/* crypto_sign_ed25519_sk_to_* are not needed: the seed gives both halves. */

static bool
public_ok(const uint8_t *raw, uint8_t x[32], uint8_t y[32])
{
    (void)y;
    memcpy(x, raw, 32);
    return crypto_core_ed25519_is_valid_point(raw) == 1;
}

static bool
verify(
    const uint8_t *raw,
    struct br_bytes message,
    const uint8_t sig[BR_SIGNATURE_BYTES])
{
    return crypto_sign_verify_detached(sig, message.p, message.n, raw) == 0;
}

static void *
open_key(const uint8_t secret[32], uint8_t *ret_raw)
{
    uint8_t *sk = (uint8_t *)sodium_malloc(crypto_sign_SECRETKEYBYTES);
    if (sk != NULL) {
        (void)crypto_sign_seed_keypair(ret_raw, sk, secret);
    }
    return sk;
}

static bool
sign(void *key, struct br_bytes message, uint8_t sig[BR_SIGNATURE_BYTES])
{
    return crypto_sign_detached(
               sig, NULL, message.p, message.n, (const uint8_t *)key) == 0;
}

static void
close_key(void *key)
{
    sodium_free(key);
}

const struct br_sign_backend br_sign_backend_ed25519 = {
    .alg = BR_SIGN_ED25519,
    .name = "EdDSA",
    .public_bytes = 32,
    .public_ok = public_ok,
    .verify = verify,
    .open = open_key,
    .sign = sign,
    .close = close_key,
};
