/*
 * Whom does a time-stamp token convince? Verification of RFC 3161 tokens, ours
 * and those of other authorities, against certificates that the caller trusts.
 *
 * - The chain is validated at the token's own time, not now: a token outlives
 *   the certificate that signed it. Revocation is not looked at.
 * - The signer's certificate must be for time-stamping and nothing else (RFC
 *   3161 section 2.3), and be the one that the signature names (RFC 5816).
 * - Digests of 256 bits or more, keys of 112 bits of security or more.
 * - No clock, no files, no network. Tokens may be BER, as CMS allows.
 *
 * A token is what br_tsr_token (common/receipt/rfc3161.h) finds in a response.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_TS_VERIFY_H
#define BR_CRYPTO_TS_VERIFY_H

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/crypto/hash.h"

/* Certificates of a long chain and a revocation list beside them. */
#define BR_TS_TOKEN_BYTES_MAX (1024u * 1024)
/* Every time-stamping authority of the Union's trusted lists. */
#define BR_TS_PEM_BYTES_MAX (4u * 1024 * 1024)
/* RFC 3161 section 2.4.2: "integers up to 160 bits". */
#define BR_TS_SERIAL_BYTES_MAX 20
#define BR_TS_POLICY_TEXT_MAX  128
#define BR_TS_NAME_TEXT_MAX    256

/** What a token says. */
struct br_ts_info {
    struct br_time_us time;   /**< genTime; what is finer is cut off */
    uint64_t accuracy_us;     /**< 0: not said */
    struct br_digest imprint; /**< of what was stamped */
    uint8_t serial[BR_TS_SERIAL_BYTES_MAX]; /**< big endian, no zeros ahead */
    size_t serial_bytes;
    char policy[BR_TS_POLICY_TEXT_MAX]; /**< "1.2.840..." */
    char signer[BR_TS_NAME_TEXT_MAX];   /**< RFC 4514, UTF-8; empty if only
                                         *   read; cut at the end if long */
    int64_t signer_not_after; /**< seconds; 0 if only read. Stamp again before
                               *   this time */
};

struct br_ts_check {
    struct br_bytes ca_pem;         /**< trusted certificates, PEM */
    struct br_bytes untrusted_pem;  /**< others that may help; or empty */
    const struct br_digest *digest; /**< of the document */
    struct br_bytes nonce;    /**< sent in the request: contents of the INTEGER;
                               *   empty: not looked at */
    struct br_time_us latest; /**< genTime may not be after: now, and what
                               *   clocks may differ */
};

/** What does it say? Nothing is verified. MALFORMED, TRAILING, TOO_LARGE,
 *  UNSUPPORTED (a digest that is none of the five, a critical extension). */
enum br_rc
br_ts_read(struct br_bytes token, struct br_ts_info *ret, struct br_err *reterr)
    BR_MUST_USE;

/** As br_ts_read, and: BAD_SIGNATURE, CERTIFICATE_INVALID (with the reason),
 *  DIGEST_MISMATCH, CONFLICT (the nonce is another), FUTURE_TIME. MALFORMED
 *  also when the PEM is. */
enum br_rc br_ts_verify(
    struct br_bytes token,
    const struct br_ts_check *check,
    struct br_ts_info *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
