/*
 * Between the two halves of jwe.h: what reads and what writes.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_JWE_INTERNAL_H
#define BR_CREDENTIAL_JWE_INTERNAL_H

#include "common/credential/jwe.h"

/** The bytes of the key that wraps the content's; 0: ECDH-ES, which has none,
 *  and RSA-OAEP-256. */
size_t br_jwe_kek_bytes(enum br_jwe_alg alg);

/** A key derived from an agreed secret, for this alg and enc. */
struct br_jwe_derivation {
    enum br_jwe_alg alg;
    const struct br_enc_info *enc;
    struct br_bytes apu;
    struct br_bytes apv;
};
/** Agrees with the other and derives: the content's key for ECDH-ES, else the
 *  one that wraps it. ret has room for BR_ENC_KEY_BYTES_MAX. */
enum br_rc br_jwe_derive(
    const struct br_jwe_derivation *d,
    const struct br_private_key *own,
    const struct br_key *other,
    uint8_t ret[BR_ENC_KEY_BYTES_MAX],
    struct br_err *reterr) BR_MUST_USE;

#endif
