/*
 * Messages encrypted beyond TLS (OpenID4VCI 1.0 section 10): what a wallet
 * sends to an issuer, and what it asks to be answered with, whenever the issuer
 * offers it. So a proxy in front of the issuer, which ends TLS, does not read
 * what people are told.
 *
 * - An answer is encrypted only when the request is ("to prevent it being
 *   substituted by an attacker", section 8.2), for a key of this request alone.
 * - Where an encrypted answer was asked for, a plain one is refused.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_ENVELOPE_H
#define BR_WALLET_ENVELOPE_H

#include "common/credential/vci.h"

struct br_envelope {
    bool request; /**< what goes is encrypted: */
    struct br_jwk to;
    enum br_jwe_alg alg;
    enum br_enc enc;
    bool response;              /**< and what comes, for: */
    struct br_private_key *own; /**< owned */
    char kid[8];
    enum br_jwe_alg answer_alg;
    enum br_enc answer_enc;
};

/** As the issuer offers it. vci-encryption: it requires what this wallet, or
 *  the issuer itself, has not. br_envelope_fini after BR_OK. */
enum br_rc br_envelope_choose(
    const struct br_vci_issuer *issuer,
    struct br_envelope *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_envelope_fini(struct br_envelope *e);
/** What the request says about its answer; the key is borrowed. */
struct br_vci_encryption br_envelope_wish(const struct br_envelope *e);

/** Append the request, encrypted. */
enum br_rc br_envelope_seal(
    const struct br_envelope *e,
    struct br_bytes plain,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The answer's JSON text, in the arena. jwe-*. */
enum br_rc br_envelope_open(
    const struct br_envelope *e,
    struct br_bytes token,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
