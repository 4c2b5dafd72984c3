/*
 * What a wallet says of itself when it fetches a request by POST (OpenID4VP 1.0
 * section 5.10), and the request object encrypted for it (RFC 9101 section 6.1:
 * signed, then encrypted).
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_VP_WALLET_H
#define BR_CREDENTIAL_VP_WALLET_H

#include "common/credential/jwe.h"
#include "common/credential/jwk.h"
#include "common/credential/vp.h"

/* A request object, encrypted, in base64url twice. */
#define BR_VP_SEALED_BYTES_MAX (BR_VP_REQUEST_BYTES_MAX * 2u)
#define BR_VP_WALLET_BYTES_MAX 8192

/** wallet_metadata. */
struct br_vp_wallet {
    bool signs;        /**< by ES256, among others: we can be read */
    bool knows;        /**< dc+sd-jwt */
    bool wants_sealed; /**< the object is to be encrypted: */
    struct br_jwk key; /**< for this key, of this wallet, by ECDH-ES */
    enum br_enc enc;
};

/** The metadata of our wallets, as JSON. key: for this request alone, P-256;
 *  attested: verifier_attestation is believed from somebody. */
enum br_rc br_vp_wallet_write(
    const struct br_key *key,
    struct br_bytes kid,
    bool attested,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Any wallet's; empty: it says nothing, and can what all can. The rule
 *  vp-request; vp-wallet-key: it wants an encrypted object, and names no key or
 *  algorithm that is known. */
enum br_rc br_vp_wallet_parse(
    struct br_bytes text,
    struct br_arena *arena,
    struct br_vp_wallet *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Append the object, encrypted for the wallet. */
enum br_rc br_vp_object_seal(
    const struct br_vp_wallet *wallet,
    struct br_bytes object,
    const struct br_jwe_fresh *fresh,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;
/** What came: *ret is the signed object within it, in the arena; or the same
 *  text when it is not encrypted. vp-wallet-key: for another key; jwe-*. */
enum br_rc br_vp_object_open(
    struct br_bytes text,
    const struct br_private_key *key,
    struct br_bytes kid,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
