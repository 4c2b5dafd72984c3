/*
 * COSE_Sign1 (RFC 9052 section 4.2) as receipts and statements need it: the
 * envelope, a walk over its headers, the bytes that are signed.
 *
 * - Shortest heads and definite lengths only; labels once each. The order of
 *   a header's labels is free: others do not all write deterministic CBOR.
 *   Maps inside the values are in the deterministic order.
 * - Everything borrows from the envelope.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_COSE_H
#define BR_RECEIPT_COSE_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/codec/cbor.h"
#include "common/crypto/sign.h"

#define BR_COSE_SIGN1_TAG 18

/* IANA "COSE Header Parameters". */
enum br_cose_label {
    BR_COSE_ALG = 1,
    BR_COSE_CRIT = 2,
    BR_COSE_CONTENT_TYPE = 3,
    BR_COSE_KID = 4,
    BR_COSE_CWT_CLAIMS = 15,
    BR_COSE_X5CHAIN = 33,
    BR_COSE_X5T = 34,
    BR_COSE_PAYLOAD_HASH_ALG = 258,
    BR_COSE_RECEIPTS = 394,
    BR_COSE_VDS = 395,
    BR_COSE_VDP = 396,
};

/* A header of ours has three labels; a statement's a dozen. */
#define BR_COSE_LABELS_MAX 64

struct br_cose_sign1 {
    struct br_bytes protected_header; /**< the map, unwrapped; may be empty */
    struct br_bytes unprotected;      /**< the map */
    bool has_payload;
    struct br_bytes payload;
    struct br_bytes signature;
};

/** A tagged COSE_Sign1 and nothing after it. */
enum br_rc br_cose_sign1_parse(
    struct br_bytes bytes,
    struct br_cose_sign1 *ret,
    struct br_err *reterr) BR_MUST_USE;

/** One label of a header map, its value still encoded. */
struct br_cose_header {
    bool is_text;
    int64_t label;
    struct br_bytes text;
    struct br_bytes key;   /**< encoded */
    struct br_bytes value; /**< encoded */
};

struct br_cose_headers {
    size_t count;
    struct br_cose_header h[BR_COSE_LABELS_MAX];
};

/** An empty string of bytes is an empty map. */
enum br_rc br_cose_headers_parse(
    struct br_bytes map,
    struct br_cose_headers *ret,
    struct br_err *reterr) BR_MUST_USE;
/** NULL when the label is not there. */
const struct br_cose_header *
br_cose_find(const struct br_cose_headers *h, int64_t label);
const struct br_cose_header *
br_cose_find_text(const struct br_cose_headers *h, const char *label);

/** The value of a header that must be one item of a type. MALFORMED. */
enum br_rc
br_cose_int(const struct br_cose_header *h, int64_t *ret, struct br_err *reterr)
    BR_MUST_USE;
enum br_rc br_cose_bytes(
    const struct br_cose_header *h,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;

/** CWT claims (RFC 9597): issuer and subject of header 15; empty when it or
 *  they are missing. */
struct br_cose_claims {
    struct br_bytes issuer;
    struct br_bytes subject;
};
enum br_rc br_cose_claims_parse(
    const struct br_cose_headers *h,
    struct br_cose_claims *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The value of header 15; at least one of the two is given. */
void br_cose_claims_put(struct br_buf *b, const struct br_cose_claims *c);

/** Sig_structure (RFC 9052 section 4.4): ["Signature1", protected, h'',
 *  payload]. */
void br_cose_put_tbs(
    struct br_buf *b,
    struct br_bytes protected_header,
    struct br_bytes payload);
/** Sign, or verify a signature of 64 bytes, over that. Verifying accepts both
 *  forms of an ECDSA signature: others do not all write the lower s. */
enum br_rc br_cose_sign(
    struct br_bytes protected_header,
    struct br_bytes payload,
    struct br_signer *s,
    uint8_t ret_sig[BR_SIGNATURE_BYTES],
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_cose_verify(
    const struct br_cose_sign1 *c,
    struct br_bytes payload,
    const struct br_public_key *key,
    struct br_err *reterr) BR_MUST_USE;

/** COSE Key Set (RFC 9052 section 7) with kid and alg in each key: what
 *  /.well-known/scitt-keys serves. */
void br_cose_key_set_put(
    struct br_buf *b, const struct br_public_key *keys, size_t count);
/** Keys of curves that we do not know are left out; *ret_count may be 0. */
enum br_rc br_cose_key_set_parse(
    struct br_bytes bytes,
    struct br_public_key *out,
    size_t max,
    size_t *ret_count,
    struct br_err *reterr) BR_MUST_USE;

#endif
