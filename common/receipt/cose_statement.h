/*
 * SCITT Signed Statements (RFC 9943) as they come to POST /entries, and
 * Transparent Statements: statements with receipts attached.
 *
 * - A COSE_Sign1 tagged 18. Protected: alg (one of ours), CWT claims with
 *   issuer and subject, and a kid, an x5chain or an x5t.
 * - The payload is inside, or it is a hash envelope (headers 258..260: the
 *   payload is the digest of something kept elsewhere), or it is detached and
 *   the caller brings it.
 * - "The unprotected header of a Signed Statement MUST be set to an empty map
 *   before the Signed Statement can be included in a Statement Sequence": what
 *   is registered is br_cose_statement_put_bare.
 *
 * Pure; everything borrows from the statement's bytes.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_COSE_STATEMENT_H
#define BR_RECEIPT_COSE_STATEMENT_H

#include "common/receipt/cose.h"

/* Larger documents travel as a hash envelope. */
#define BR_COSE_STATEMENT_BYTES_MAX (1024u * 1024)
#define BR_COSE_RECEIPTS_MAX        16

struct br_cose_statement {
    struct br_cose_sign1 envelope;
    struct br_cose_headers unprotected;
    int64_t alg;
    struct br_bytes kid; /**< empty: x5chain or x5t instead */
    struct br_cose_claims claims;
    bool has_hash_alg;
    int64_t hash_alg; /**< COSE: -16 sha-256, -43 sha-384, -44 sha-512 */
};

/** TOO_LARGE, MALFORMED, UNSUPPORTED (algorithm, critical header),
 *  MISSING_FIELD (alg, issuer, subject, key identifier). */
enum br_rc br_cose_statement_parse(
    struct br_bytes bytes,
    struct br_cose_statement *ret,
    struct br_err *reterr) BR_MUST_USE;

/** detached: used when the payload is not inside; MISSING_FIELD when that is
 *  empty too. BAD_SIGNATURE, UNKNOWN_KEY (another algorithm). */
enum br_rc br_cose_statement_verify(
    const struct br_cose_statement *s,
    struct br_bytes detached,
    const struct br_public_key *key,
    struct br_err *reterr) BR_MUST_USE;

/** The statement with an empty unprotected header: what its digest is of. */
void
br_cose_statement_put_bare(struct br_buf *b, const struct br_cose_statement *s);

/** The receipts it carries already, each a byte string. */
enum br_rc br_cose_statement_receipts(
    const struct br_cose_statement *s,
    struct br_bytes ret[BR_COSE_RECEIPTS_MAX],
    size_t *ret_count,
    struct br_err *reterr) BR_MUST_USE;

/** The statement with one receipt more in header 394; everything else stays
 *  as it is. */
enum br_rc br_cose_statement_put_transparent(
    struct br_buf *b,
    const struct br_cose_statement *s,
    struct br_bytes receipt,
    struct br_err *reterr) BR_MUST_USE;

#endif
