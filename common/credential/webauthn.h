/*
 * Passkeys: what an authenticator answers, judged as Web Authentication Level 3
 * asks of a relying party (sections 7.1 and 7.2).
 *
 * - An answer is two texts: client data, which the browser writes (for what,
 * for which challenge, on which page), and authenticator data, which the device
 *   writes and signs together with the client data's SHA-256.
 * - Attestation is not looked at: none is asked for, and no maker of devices is
 *   trusted more than another. So a new passkey is its authenticator data
 * alone.
 * - User verification (a fingerprint, a face, a code) is always asked for.
 * - The challenge is the caller's to judge: br_webauthn_client_data gives back
 *   the bytes that the browser was given. So are the credential's id, and the
 *   counter of br_webauthn_counter.
 * - Not here: frames of other sites, related origins, tokens of U2F.
 *
 * Pure. What is read borrows from what was given, or from the arena.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_WEBAUTHN_H
#define BR_CREDENTIAL_WEBAUTHN_H

#include "common/base/arena.h"
#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/crypto/key.h"

/* Section 7.1: "Verify that the credentialId is <= 1023 bytes." */
#define BR_WEBAUTHN_ID_BYTES_MAX 1023
/* A COSE key of RSA-4096, with room for what else a map may have. */
#define BR_WEBAUTHN_KEY_BYTES_MAX 1024
/* Id, key, and the outputs of extensions. */
#define BR_WEBAUTHN_DATA_BYTES_MAX 4096
/* Type, challenge, origin, and what later versions add. */
#define BR_WEBAUTHN_CLIENT_DATA_BYTES_MAX 4096
/* What may sign: the allow-list, as bits of enum br_key_alg. */
#define BR_WEBAUTHN_ALGS (BR_ALG_ES256 | BR_ALG_EDDSA | BR_ALG_RS256)

/** The relying party: one page, one name. */
struct br_webauthn_site {
    char origin[272];    /**< "https://wallet.example:8460" */
    char rp_id[256];     /**< "wallet.example" */
    const char *why_not; /**< NULL, or why no browser would make a passkey
                              here: "address", "insecure" or "form" */
};
/** Of the address that people see. "address": the host is a number, and an RP
 *  id is a domain; "insecure": http, and not localhost; "form": no http or
 *  https address of a host. */
void br_webauthn_site_of_url(const char *url, struct br_webauthn_site *ret);

enum br_webauthn_type {
    BR_WEBAUTHN_CREATE, /**< a passkey is made */
    BR_WEBAUTHN_GET,    /**< a passkey is used */
};

/** Type, origin, frame. The challenge lies in the arena. Rules
 *  webauthn-client-data, -type, -origin, -frame. */
enum br_rc br_webauthn_client_data(
    struct br_bytes text,
    enum br_webauthn_type type,
    const struct br_webauthn_site *site,
    struct br_arena *arena,
    struct br_bytes *ret_challenge,
    struct br_err *reterr) BR_MUST_USE;

/** Section 6.1, as far as it was looked at and found right. */
struct br_webauthn_data {
    uint32_t counter;
    bool backup_eligible; /**< it may live on several devices */
    bool backed_up;
    /* Of a new one; empty in an assertion: */
    uint8_t aaguid[16];  /**< the model, as it says itself */
    struct br_bytes id;  /**< of the credential */
    struct br_bytes key; /**< COSE_Key, for br_webauthn_key */
};
/** Rules webauthn-authenticator-data, -rp, -presence, -verification, -backup,
 *  -id. */
enum br_rc br_webauthn_data(
    struct br_bytes bytes,
    enum br_webauthn_type type,
    const struct br_webauthn_site *site,
    struct br_webauthn_data *ret,
    struct br_err *reterr) BR_MUST_USE;

struct br_webauthn_key {
    enum br_key_alg alg; /**< one of BR_WEBAUTHN_ALGS */
    struct br_key key;
};
/** A credential's public key (section 6.5.1.1). Rules webauthn-key, -alg. */
enum br_rc br_webauthn_key(
    struct br_bytes cose,
    struct br_webauthn_key *ret,
    struct br_err *reterr) BR_MUST_USE;

/** webauthn-signature. */
enum br_rc br_webauthn_verify(
    const struct br_webauthn_key *key,
    struct br_bytes data,
    struct br_bytes client_data,
    struct br_bytes signature,
    struct br_err *reterr) BR_MUST_USE;

/** Section 6.1.1: it grows, or was always zero. webauthn-counter. */
enum br_rc br_webauthn_counter(
    uint32_t last, uint32_t now, struct br_err *reterr) BR_MUST_USE;

#endif
