/*
 * Time-stamps for software of others: RFC 3161 with RFC 5816, the profile of
 * ETSI EN 319 422. docs/rfc3161.md tells our choices, byte by byte.
 *
 * A TimeStampToken is a CMS SignedData (RFC 5652) over a TSTInfo. Whatever
 * does not change between tokens is prepared once in a struct br_tsa; a token
 * then costs one signature, two hashes and a few hundred bytes of copying.
 *
 * Pure: no I/O, clock, randomness. Who calls gives time and serial number:
 * in the ledger they are the block's time and a function of the leaf's index
 * (br_tst_serial), so a token can be made again and again from the leaf alone.
 *
 * Verification, which needs certificates, is common/crypto/ts_verify.h.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_TST_H
#define BR_RECEIPT_TST_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/crypto/hash.h"
#include "common/crypto/sign.h"
#include "common/crypto/x509.h"
#include "common/receipt/der.h"

/* An imprint, a policy and a nonce are 200 bytes; there are no extensions. */
#define BR_TST_REQUEST_BYTES_MAX 4096
/* Clients send 64 to 256 random bits; RFC 3161 knows no limit. */
#define BR_TST_NONCE_BYTES_MAX 33
/* A chain of eight certificates, and our few hundred bytes. */
#define BR_TST_RESPONSE_BYTES_MAX (128u * 1024)
/* Organisation and place: real names have a tenth of it. */
#define BR_TST_NAME_BYTES_MAX 1024

/** PKIFailureInfo (RFC 3161 section 2.4.2): numbers of bits. */
enum br_tst_failure {
    BR_TST_BAD_ALG = 0,
    BR_TST_BAD_REQUEST = 2,
    BR_TST_BAD_DATA_FORMAT = 5,
    BR_TST_TIME_NOT_AVAILABLE = 14,
    BR_TST_UNACCEPTED_POLICY = 15,
    BR_TST_UNACCEPTED_EXTENSION = 16,
    BR_TST_ADD_INFO_NOT_AVAILABLE = 17,
    BR_TST_SYSTEM_FAILURE = 25,
};

/** The RFC's own name: "badAlg". Never NULL. */
const char *br_tst_failure_name(enum br_tst_failure f);
/** What to answer when something else went wrong: a code of errors.def. */
enum br_tst_failure br_tst_failure_of(enum br_rc rc);

/* ---- requests (TimeStampReq, section 2.4.1) ----------------------------- */

struct br_tst_request {
    struct br_digest imprint;
    bool imprint_null;      /**< its algorithm came with NULL parameters */
    struct br_bytes policy; /**< contents of the identifier; empty: any */
    struct br_bytes nonce;  /**< contents of the INTEGER; empty: none */
    bool certificates;      /**< certReq */
};

/** *ret borrows from the DER. On failure *ret_failure is what to answer:
 *  badDataFormat, badRequest, badAlg or unacceptedExtension. */
enum br_rc br_tst_request_parse(
    struct br_bytes der,
    struct br_tst_request *ret,
    enum br_tst_failure *ret_failure,
    struct br_err *reterr) BR_MUST_USE;
/** For clients. Policy and nonce as above. */
enum br_rc br_tst_request_encode(
    const struct br_tst_request *q,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- the authority ------------------------------------------------------ */

struct br_tsa_config {
    struct br_signer *signer;          /**< ES256; borrowed for its life */
    const struct br_x509_chain *chain; /**< the signer's certificate first;
                                        *   copied */
    const char *policy;                /**< "1.3.6.1.4.1..." */
    uint32_t accuracy_us;              /**< 0: a second */
    bool with_tsa;                     /**< its name in every token: [0] tsa */
    bool with_signing_time;  /**< a signed attribute, equal to genTime */
    bool with_issuer_serial; /**< in the ESSCertIDv2 */
};

/** Prepared once, then only read: any number of threads may use it. The
 *  fields are br_tsa_init's business. */
struct br_tsa {
    struct br_arena arena;
    struct br_signer *signer;
    struct br_bytes policy;           /**< contents of the identifier */
    struct br_bytes info_head;        /**< version, policy */
    struct br_bytes accuracy;         /**< Accuracy */
    struct br_bytes tsa;              /**< [0] GeneralName, or empty */
    struct br_bytes content_type;     /**< attribute */
    struct br_bytes message_digest;   /**< the attribute's identifier */
    struct br_bytes signing_time;     /**< likewise; empty: not wanted */
    struct br_bytes signing_cert;     /**< SigningCertificateV2 attribute */
    struct br_bytes signer_head;      /**< version, sid, digestAlgorithm */
    struct br_bytes signature_alg;    /**< AlgorithmIdentifier */
    struct br_bytes data_head;        /**< version, digestAlgorithms */
    struct br_bytes tst_info_type;    /**< identifier of the content */
    struct br_bytes certificates;     /**< [0] certificates */
    struct br_bytes signed_data_type; /**< identifier of the whole */
    int64_t not_before; /**< of the signer's certificate, seconds */
    int64_t not_after;
};

/** UNSUPPORTED: not ES256. CERTIFICATE_INVALID: another key's. CONFIG: the
 *  policy is no identifier. That the certificate may time-stamp is for who
 *  calls to check (br_x509_check_tsa). A chain's self-signed end is left out
 *  of tokens: who verifies has it. */
enum br_rc br_tsa_init(
    struct br_tsa *t,
    const struct br_tsa_config *c,
    struct br_err *reterr) BR_MUST_USE;
void br_tsa_fini(struct br_tsa *t);

/** Does this authority stamp under the policy asked for? FORBIDDEN, and
 *  unacceptedPolicy, if not. */
enum br_rc br_tsa_check_request(
    const struct br_tsa *t,
    const struct br_tst_request *q,
    enum br_tst_failure *ret_failure,
    struct br_err *reterr) BR_MUST_USE;

/* ---- tokens and responses ----------------------------------------------- */

struct br_tst_stamp {
    struct br_digest imprint;
    bool imprint_null;     /**< repeat the request's NULL parameters */
    struct br_bytes nonce; /**< the request's, or empty */
    uint64_t serial;       /**< unique for this authority */
    struct br_time_us time;
    bool certificates;
};

/** The serial numbers of a leaf: an even one for the token that anyone may
 *  ask for at any time, always with the same TSTInfo; the odd one after it for
 *  the answer to the one request, carrying a nonce, that made the leaf. */
static inline uint64_t
br_tst_serial(struct br_leaf_index leaf, bool with_nonce)
{
    return 2 * (leaf.v + 1) + with_nonce;
}

/** Answer of this request, whose digest became this leaf at this time. Without
 *  a nonce the TSTInfo depends on the leaf alone. */
struct br_tst_stamp br_tst_stamp_of(
    const struct br_tst_request *q,
    struct br_leaf_index leaf,
    struct br_time_us time);

/** Append a TimeStampToken (a .tst). Any thread; allocates only what *ret
 *  lacks in room. KEY_NOT_VALID when the certificate was not valid at that
 *  time, KEY_LOCKED, OUT_OF_RANGE, NO_MEMORY. */
enum br_rc br_tsa_put_token(
    const struct br_tsa *t,
    const struct br_tst_stamp *s,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Append a TimeStampResp that grants (a .tsr). */
enum br_rc br_tsa_put_response(
    const struct br_tsa *t,
    const struct br_tst_stamp *s,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Append a TimeStampResp that refuses. The text, UTF-8, is for people; NULL
 *  or empty: none. Longer than 200 bytes is not sent. */
enum br_rc br_tst_put_refusal(
    enum br_tst_failure f,
    const char *text,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- for clients -------------------------------------------------------- */

/** The TimeStampToken inside a granting TimeStampResp; given a token alone,
 *  that. Borrowed. A refusal is told as FORBIDDEN with the authority's words.
 *  What it says is not believed: br_ts_verify (ts_verify.h) is for that. */
enum br_rc br_tst_token_of(
    struct br_bytes der,
    struct br_bytes *ret_token,
    struct br_err *reterr) BR_MUST_USE;

#endif
