/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/base/assert.h"
#include "common/crypto/backend.h"
#include "common/crypto/hash.h"

#include <pthread.h>
#include <secp256k1.h>
#include <secp256k1_preallocated.h>
#include <sodium.h>
#include <stdalign.h>
#include <stddef.h>

/** One context for the process, blinded against side channels once. Its memory
 *  is our own: the library aborts the process when malloc refuses. */
enum { CONTEXT_BYTES = 4096 };
static alignas(max_align_t) uint8_t memory[CONTEXT_BYTES];
static secp256k1_context *context;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
make_context(void)
{
    uint8_t seed[32];
    const unsigned flags = SECP256K1_CONTEXT_VERIFY | SECP256K1_CONTEXT_SIGN;
    BR_ASSERT(secp256k1_context_preallocated_size(flags) <= sizeof(memory));
    context = secp256k1_context_preallocated_create(memory, flags);
    randombytes_buf(seed, sizeof(seed));
    (void)!secp256k1_context_randomize(context, seed);
    sodium_memzero(seed, sizeof(seed));
}

static const secp256k1_context *
ctx(void)
{
    (void)pthread_once(&once, make_context);
    return context;
}

static bool
public_ok(const uint8_t *raw, uint8_t x[32], uint8_t y[32])
{
    secp256k1_pubkey k;
    uint8_t full[65];
    size_t n = sizeof(full);
    if (secp256k1_ec_pubkey_parse(ctx(), &k, raw, 33) != 1) {
        return false;
    }
    (void)secp256k1_ec_pubkey_serialize(
        ctx(), full, &n, &k, SECP256K1_EC_UNCOMPRESSED);
    memcpy(x, full + 1, 32);
    memcpy(y, full + 33, 32);
    return true;
}

static bool
verify(
    const uint8_t *raw,
    struct br_bytes message,
    const uint8_t sig[BR_SIGNATURE_BYTES])
{
    secp256k1_pubkey k;
    secp256k1_ecdsa_signature s;
    struct br_hash h;
    br_sha256(message, &h);
    /* secp256k1_ecdsa_verify itself refuses a high S. */
    return secp256k1_ec_pubkey_parse(ctx(), &k, raw, 33) == 1 &&
           secp256k1_ecdsa_signature_parse_compact(ctx(), &s, sig) == 1 &&
           secp256k1_ecdsa_verify(ctx(), &s, h.b, &k) == 1;
}

static void *
open_key(const uint8_t secret[32], uint8_t *ret_raw)
{
    secp256k1_pubkey k;
    size_t n = 33;
    if (secp256k1_ec_pubkey_create(ctx(), &k, secret) != 1) {
        return NULL;
    }
    (void)secp256k1_ec_pubkey_serialize(
        ctx(), ret_raw, &n, &k, SECP256K1_EC_COMPRESSED);
    uint8_t *key = (uint8_t *)sodium_malloc(32);
    if (key != NULL) {
        memcpy(key, secret, 32);
    }
    return key;
}

static bool
sign(void *key, struct br_bytes message, uint8_t sig[BR_SIGNATURE_BYTES])
{
    secp256k1_ecdsa_signature s;
    struct br_hash h;
    br_sha256(message, &h);
    if (secp256k1_ecdsa_sign(
            ctx(), &s, h.b, (const uint8_t *)key, NULL, NULL) != 1) {
        return false;
    }
    (void)secp256k1_ecdsa_signature_serialize_compact(ctx(), sig, &s);
    return true;
}

static bool
normalise(uint8_t sig[BR_SIGNATURE_BYTES])
{
    secp256k1_ecdsa_signature s;
    if (secp256k1_ecdsa_signature_parse_compact(ctx(), &s, sig) != 1) {
        return false;
    }
    (void)secp256k1_ecdsa_signature_normalize(ctx(), &s, &s);
    (void)secp256k1_ecdsa_signature_serialize_compact(ctx(), sig, &s);
    return true;
}

static void
close_key(void *key)
{
    sodium_free(key);
}

const struct br_sign_backend br_sign_backend_es256k = {
    .alg = BR_SIGN_ES256K,
    .name = "ES256K",
    .public_bytes = 33,
    .public_ok = public_ok,
    .verify = verify,
    .open = open_key,
    .sign = sign,
    .normalise = normalise,
    .close = close_key,
};
