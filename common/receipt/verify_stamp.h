/*
 * The offline verifier of RFC 3161 stamps: a token alone (.tst), in its
 * response (.tsr), or beside its document in an RFC 5544 bundle (.tsd).
 *
 * - As verify.h: bytes, certificates and the time come in, a verdict with its
 *   steps comes out; all steps that can be walked are. An X.509 stamp has the
 *   steps FORMAT, DIGEST, SIGNATURE (its chain too) and TIME; the others are
 *   skipped, without a text.
 * - Each token of a bundle must hold: over what RFC 5544 section 2 says, by an
 *   authority that leads to a trusted certificate, not before the token that
 *   it renews.
 * - Revocation lists inside a bundle are not looked at, and this is said.
 * - Codes: PROOF_INVALID (damaged), DIGEST_MISMATCH, CERTIFICATE_INVALID (not
 *   trusted), FUTURE_TIME; UNSUPPORTED; whatever the digest gives.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_VERIFY_STAMP_H
#define BR_RECEIPT_VERIFY_STAMP_H

#include "common/receipt/tsd.h"
#include "common/receipt/verify.h"

/** The digest of `before`, which may be empty, followed by the document. */
typedef enum br_rc br_stamp_digest_fn(
    void *ctx,
    struct br_bytes before,
    enum br_hash_alg alg,
    struct br_digest *ret,
    struct br_err *reterr);

struct br_stamp_input {
    const struct br_tsd *bundle; /**< or NULL: the token alone */
    struct br_bytes token;       /**< without a bundle */
    struct br_bytes ca_pem;      /**< certificates that are trusted */
    struct br_time_us now;
    br_stamp_digest_fn *digest;
    void *digest_ctx;
};

/** ret->stamp is the first token's: it is what dates the document. Returns
 *  ret->rc; *reterr (may be NULL) is a copy of ret->err. */
enum br_rc br_stamp_verify(
    const struct br_stamp_input *in,
    struct br_verify_result *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
