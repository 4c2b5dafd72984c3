/*
 * COSE receipts of inclusion (RFC 9942, profile RFC9162_SHA256).
 *
 *   #6.18([protected {1: alg, 4: kid, ? 15: {1: iss, 2: sub}, 395: 1,
 *                     "size": tree size},
 *          {396: {-1: [inclusion]}, ? "leaf": bstr}, nil, signature])
 *
 * - The payload, the tree's root, is detached: a verifier must compute it from
 *   the leaf and the proof.
 * - RFC 9942 signs the root alone: one path leads to one root from several
 *   pairs of size and index. Ours therefore also signs the size, in a header
 *   of its own name, which settles the index; others' receipts, which lack it,
 *   are read, and their size and index are then hints.
 * - kid is the COSE key thumbprint (RFC 9679) of the receipt key.
 * - CWT claims are optional here; a SCITT receipt must have both (RFC 9943,
 *   section 6): issuer the log's origin, subject the statement's.
 * - A receipt for a tree of one leaf has an empty path.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_COSE_RECEIPT_H
#define BR_RECEIPT_COSE_RECEIPT_H

#include "common/merkle/merkle.h"
#include "common/receipt/cose.h"

/* A full path, our largest leaf, and room for claims. */
#define BR_COSE_RECEIPT_BYTES_MAX (128u * 1024)

struct br_cose_receipt {
    struct br_cose_claims claims; /**< empty: none */
    uint64_t tree_size;
    uint64_t index;
    struct br_proof proof;
    struct br_bytes leaf; /**< empty: not carried */
    /* What only parsing fills: */
    int64_t alg;
    struct br_bytes kid;
    bool size_is_signed;
    struct br_cose_sign1 envelope;
};

/** Append a receipt; alg and kid are those of the signer. root: of the tree of
 *  tree_size leaves, to which the proof leads. */
enum br_rc br_cose_receipt_put(
    struct br_buf *b,
    const struct br_cose_receipt *r,
    const struct br_hash *root,
    struct br_signer *s,
    struct br_err *reterr) BR_MUST_USE;

/** UNSUPPORTED: another algorithm, verifiable data structure, or a critical
 *  header. Exactly one inclusion proof. Borrows from bytes. */
enum br_rc br_cose_receipt_parse(
    struct br_bytes bytes,
    struct br_cose_receipt *ret,
    struct br_err *reterr) BR_MUST_USE;

/** The root that the proof leads to from this leaf. PROOF_INVALID. */
enum br_rc br_cose_receipt_root(
    const struct br_cose_receipt *r,
    struct br_bytes leaf,
    struct br_hash *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Is that root signed by this key? UNKNOWN_KEY when the receipt names another
 *  kid or algorithm; BAD_SIGNATURE. */
enum br_rc br_cose_receipt_verify(
    const struct br_cose_receipt *r,
    const struct br_hash *root,
    const struct br_public_key *key,
    struct br_err *reterr) BR_MUST_USE;

/** Does it look like a receipt: a COSE_Sign1 that names a verifiable data
 *  structure? */
bool br_cose_receipt_is(struct br_bytes bytes);

#endif
