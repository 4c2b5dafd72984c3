/*
 * Chains of certificates in JOSE headers (RFC 7515 section 4.1.6), and the
 * client identifiers that OpenID4VP makes of them.
 *
 * - Base64 with padding, not base64url: the one place in JOSE.
 * - A chain proves nothing until br_x5c_check says that it leads to somebody
 *   trusted at a time that the caller names; the key that verified the
 *   signature must be the first certificate's (br_jws_verify_x5c does both).
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_X5C_H
#define BR_CREDENTIAL_X5C_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/codec/json.h"
#include "common/crypto/key.h"
#include "common/crypto/x509_path.h"

/** In DER, the leaf first; the bytes lie in the arena. */
struct br_x5c {
    size_t count;
    struct br_bytes der[BR_X509_CHAIN_MAX];
};

/** x5c-form, x5c-certificate. v is the member's value. */
enum br_rc br_x5c_parse(
    const struct br_json *v,
    struct br_arena *arena,
    struct br_x5c *ret,
    struct br_err *reterr) BR_MUST_USE;

struct br_x5c_policy {
    const struct br_x509_trust *trust;
    int64_t unix_seconds;
    bool anchor_allowed;
    const char *purpose; /**< extended key usage of the leaf, dotted; or NULL */
};

/** The rules x5c-*, by which it may be refused. */
enum br_rc br_x5c_check(
    const struct br_x5c *x,
    const struct br_x5c_policy *policy,
    struct br_err *reterr) BR_MUST_USE;

/** The leaf's key; x5c-key. */
enum br_rc
br_x5c_key(const struct br_x5c *x, struct br_key *ret, struct br_err *reterr)
    BR_MUST_USE;

/** x509_san_dns: is this name, without the prefix, a dNSName of the leaf? */
enum br_rc br_x5c_check_dns(
    const struct br_x5c *x,
    struct br_bytes name,
    struct br_err *reterr) BR_MUST_USE;
/** x509_hash: is this text, without the prefix, base64url of the leaf's
 *  SHA-256? */
enum br_rc br_x5c_check_hash(
    const struct br_x5c *x,
    struct br_bytes text,
    struct br_err *reterr) BR_MUST_USE;
/** Append what x509_hash is for this chain, without the prefix. */
void br_x5c_put_hash(struct br_buf *b, const struct br_x5c *x);

#endif
