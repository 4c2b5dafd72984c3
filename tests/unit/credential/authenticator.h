/*
 * An authenticator and its browser, in software: what WebAuthn has them write,
 * right, or wrong in one place.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TESTS_AUTHENTICATOR_H
#define BR_TESTS_AUTHENTICATOR_H

#include "common/codec/cbor.h"
#include "common/codec/text.h"
#include "common/credential/webauthn.h"
#include "common/crypto/ecdsa.h"
#include "common/crypto/hash.h"
#include "common/crypto/private_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct authenticator {
    struct br_private_key *key;
    enum br_key_alg alg;
    const char *rp_id;
    const char *origin;
    struct br_bytes id;
    uint8_t flags; /**< without AT and ED */
    uint32_t counter;
    bool extensions;
};

enum { UP = 0x01, UV = 0x04, BE = 0x08, BS = 0x10, AT = 0x40, ED = 0x80 };

static inline void
put_client_data(
    struct br_buf *b,
    const char *type,
    struct br_bytes challenge,
    const char *origin,
    const char *more)
{
    br_buf_printf(b, "{\"type\":\"%s\",\"challenge\":\"", type);
    br_base64url_put(b, challenge);
    br_buf_printf(b, "\",\"origin\":\"%s\"%s}", origin, more);
}

static inline void
put_cose(struct br_buf *b, const struct br_key *k, int64_t alg)
{
    bool rsa = k->kind == BR_KEY_RSA;
    bool okp = k->kind == BR_KEY_ED25519;
    uint8_t e[4];
    br_cbor_put_map(b, rsa || okp ? 4 : 5);
    br_cbor_put_uint(b, 1);
    br_cbor_put_uint(b, rsa ? 3 : okp ? 1 : 2);
    br_cbor_put_uint(b, 3);
    br_cbor_put_int(b, alg);
    br_cbor_put_int(b, -1);
    if (rsa) {
        br_cbor_put_bytes(b, br_key_n(k));
        br_cbor_put_int(b, -2);
        size_t n = br_key_e(k, e);
        br_cbor_put_bytes(b, br_bytes(e, n));
        return;
    }
    br_cbor_put_uint(b, okp ? 6 : 1);
    br_cbor_put_int(b, -2);
    br_cbor_put_bytes(b, br_key_x(k));
    if (!okp) {
        br_cbor_put_int(b, -3);
        br_cbor_put_bytes(b, br_key_y(k));
    }
}

static inline int64_t
cose_alg(enum br_key_alg alg)
{
    return alg == BR_ALG_ES256 ? -7 : alg == BR_ALG_EDDSA ? -8 : -257;
}

static inline void
put_data(struct br_buf *b, const struct authenticator *a, bool fresh)
{
    struct br_hash rp;
    const uint8_t flags =
        (uint8_t)(a->flags | (fresh ? AT : 0) | (a->extensions ? ED : 0));
    const uint8_t counter[4] = {
        (uint8_t)(a->counter >> 24), (uint8_t)(a->counter >> 16),
        (uint8_t)(a->counter >> 8), (uint8_t)a->counter};
    const uint8_t length[2] = {(uint8_t)(a->id.n >> 8), (uint8_t)a->id.n};
    br_sha256(br_str(a->rp_id), &rp);
    br_buf_put(b, rp.b, sizeof(rp.b));
    br_buf_put(b, &flags, 1);
    br_buf_put(b, counter, sizeof(counter));
    if (fresh) {
        br_buf_put(b, "an-aaguid-of-16b", 16);
        br_buf_put(b, length, sizeof(length));
        br_buf_put(b, a->id.p, a->id.n);
        put_cose(b, br_private_key_public(a->key), cose_alg(a->alg));
    }
    if (a->extensions) {
        br_cbor_put_map(b, 1);
        br_cbor_put_text(b, br_str("hmac-secret"));
        br_cbor_put_bool(b, true);
    }
}

/** Over data || SHA-256(client data); DER when it is ECDSA. */
static inline void
put_signature(
    struct br_buf *b,
    const struct authenticator *a,
    struct br_bytes data,
    struct br_bytes client_data)
{
    struct br_err why;
    struct br_hash h;
    struct br_buf message;
    struct br_signature s;
    uint8_t der[BR_ECDSA_DER_BYTES_MAX];
    br_sha256(client_data, &h);
    br_buf_init(&message, 8192);
    br_buf_put(&message, data.p, data.n);
    br_buf_put(&message, h.b, sizeof(h.b));
    assert_int_equal(
        br_private_key_sign(a->key, a->alg, br_buf_bytes(&message), &s, &why),
        BR_OK);
    br_buf_fini(&message);
    if (a->alg == BR_ALG_ES256) {
        br_buf_put(b, der, br_ecdsa_to_der(s.b, der));
    } else {
        br_buf_put(b, s.b, s.n);
    }
}

#endif
