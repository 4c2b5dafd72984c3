/*
 * RFC 3161 time stamps: reading requests, making tokens and responses.
 *
 * - A struct br_tsa is read-only; any thread may use it.
 * - A token is one ES256 signature and a few microseconds; nothing is
 *   allocated for it. Keys in PKCS#11 sign the same way.
 * - Profile: TSTInfo version 1, one policy, genTime with its fraction, accuracy
 *   of one second (ETSI EN 319 422), SigningCertificateV2 (RFC 5816).
 *   docs/receipts.md tells it byte by byte.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_RFC3161_H
#define BR_RECEIPT_RFC3161_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/crypto/hash.h"
#include "common/crypto/sign.h"

#define BR_TSQ_BYTES_MAX 4096
#define BR_TST_BYTES_MAX (16u * 1024)
#define BR_TST_NONCE_MAX 32

/** Who stamps: made by node/setup/tsa.h from a key and its chain. */
struct br_tsa {
    struct br_signer *signer;     /**< ES256 */
    struct br_hash certificate;   /**< SHA-256 of the signer's, in DER */
    struct br_bytes issuer;       /**< DER of IssuerAndSerialNumber */
    struct br_bytes certificates; /**< DER, in a SET OF's order */
    uint8_t policy[64];           /**< contents octets of the OID */
    size_t policy_bytes;
};

/** PKIFailureInfo of RFC 3161 section 2.4.2: bit numbers. */
enum br_tsa_failure {
    BR_TSA_BAD_ALG = 0,
    BR_TSA_BAD_REQUEST = 2,
    BR_TSA_BAD_DATA_FORMAT = 5,
    BR_TSA_TIME_NOT_AVAILABLE = 14,
    BR_TSA_UNACCEPTED_POLICY = 15,
    BR_TSA_UNACCEPTED_EXTENSION = 16,
    BR_TSA_SYSTEM_FAILURE = 25,
};

struct br_tsq {
    enum br_hash_alg alg;
    uint8_t digest[BR_DIGEST_BYTES_MAX];
    size_t digest_bytes;
    uint8_t nonce[BR_TST_NONCE_MAX]; /**< contents of the INTEGER */
    size_t nonce_bytes;              /**< 0: none */
    bool certificates;               /**< certReq */
};

/** Strict DER. On failure *ret_failure is the bit to reject with. */
enum br_rc br_tsq_parse(
    const struct br_tsa *t,
    struct br_bytes request,
    struct br_tsq *ret,
    enum br_tsa_failure *ret_failure,
    struct br_err *reterr) BR_MUST_USE;

/** Append a whole TimeStampResp (.tsr) with status granted. */
enum br_rc br_tsr_put(
    struct br_buf *b,
    const struct br_tsa *t,
    const struct br_tsq *q,
    uint64_t serial,
    struct br_time_us time,
    struct br_err *reterr) BR_MUST_USE;
/** Append a TimeStampResp with status rejection. */
void br_tsr_put_rejection(
    struct br_buf *b, enum br_tsa_failure failure, const char *text);

/** The token (.tst) inside a response; given a token alone, that. Borrowed. A
 *  refusal is told as FORBIDDEN with the authority's words. What it says is
 *  not believed: verify_stamp.h is for that. */
enum br_rc br_tsr_token(
    struct br_bytes der,
    struct br_bytes *ret_token,
    struct br_err *reterr) BR_MUST_USE;

#endif
