/*
 * Transactions: COSE_Sign1 (RFC 9052 section 4.2) over deterministic CBOR; see
 * docs/formats.md, "Transaction".
 *
 * - Parsing borrows: a struct br_tx points into the transaction's bytes.
 * - Operations are read one by one with a cursor; a transaction whose
 *   operations do not parse to the end is refused whole.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_LEDGER_TX_H
#define BR_LEDGER_TX_H

#include "common/base/limits.h"
#include "common/codec/cbor.h"
#include "common/crypto/sign.h"
#include "node/ledger/effects.h"

struct br_tx {
    int64_t alg;
    struct br_hash kid;
    struct br_bytes chain;
    struct br_bytes author;
    uint64_t seq;
    struct br_time_us expiry;
    enum br_module module;
    uint64_t op_count;
    struct br_bytes ops;           /**< the items of the array, without head */
    struct br_bytes protected_hdr; /**< as signed */
    struct br_bytes payload;       /**< as signed */
    const uint8_t *signature;      /**< BR_SIGNATURE_BYTES */
};

/** MALFORMED, TRUNCATED, TRAILING, NOT_CANONICAL, TOO_LARGE, UNSUPPORTED,
 *  OUT_OF_RANGE: with the offset. Nothing of the state is looked at. */
enum br_rc br_tx_parse(
    struct br_bytes tx, struct br_tx *ret, struct br_err *reterr) BR_MUST_USE;
/** Does the signature verify under this key? */
enum br_rc br_tx_check_signature(
    const struct br_tx *tx,
    const struct br_public_key *key,
    struct br_err *reterr) BR_MUST_USE;

/** What a writer of transactions says; ops: the encoded operations, joined. */
struct br_tx_draft {
    struct br_bytes chain;
    struct br_bytes author;
    uint64_t seq;
    struct br_time_us expiry;
    enum br_module module;
    uint64_t op_count;
    struct br_bytes ops;
};
/** Sign and append the transaction to *ret. */
enum br_rc br_tx_sign(
    const struct br_tx_draft *draft,
    struct br_signer *signer,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- operations --------------------------------------------------------- */
enum br_notary_op {
    BR_OP_STAMP = 1,
    BR_OP_RAW = 2,
    BR_OP_RECORD_CREATE = 3,
    BR_OP_RECORD_VERSION = 4,
    BR_OP_RECORD_HASH = 5,
    BR_OP_OWNER_ADD = 6,
    BR_OP_OWNER_REVOKE = 7,
};
enum br_registry_op {
    BR_OP_MEMBER_PUT = 1,
    BR_OP_KEY_ADD = 2,
    BR_OP_KEY_REVOKE = 3,
};
enum br_trust_op {
    BR_OP_DID_PUT = 1,
    BR_OP_DID_DEACTIVATE = 2,
    BR_OP_ACCREDIT = 3,
    BR_OP_ACCREDIT_END = 4,
    BR_OP_TYPE_PUT = 5,
};

/** One operation; which fields count depends on the type. Borrowed. */
struct br_op {
    uint64_t type;
    uint64_t alg;
    struct br_bytes digest;
    struct br_bytes leaf;
    struct br_hash record;
    uint64_t version;
    struct br_bytes id; /**< owner, or member */
    struct br_bytes name;
    uint64_t roles;
    bool active;
    struct br_public_key key;
    struct br_hash kid;
    struct br_time_us not_before;
    struct br_time_us not_after;
    struct br_bytes did;      /**< of BR_OP_ACCREDIT: whom */
    struct br_bytes document; /**< of a DID, an accreditation, a type */
    struct br_bytes schema;
    struct br_bytes list; /**< CBOR: see br_op_windows and br_op_types */
    struct br_hash accreditation;
    struct br_bytes by; /**< an accreditation of the author's; empty: none */
    uint64_t level;
    struct br_bytes vct;
    struct br_bytes encoded; /**< the operation's own CBOR */
};

void br_op_put_stamp(struct br_buf *ops, uint64_t alg, struct br_bytes digest);
void br_op_put_notary(struct br_buf *ops, const struct br_op *op);
void br_op_put_registry(struct br_buf *ops, const struct br_op *op);
void br_op_put_trust(struct br_buf *ops, const struct br_op *op);
/** An operation of any module. */
void
br_op_put(struct br_buf *ops, enum br_module module, const struct br_op *op);

/** Read the next operation of the cursor; failures stay in the cursor, and
 *  the operation is then of type 0. */
void br_op_read(struct br_cbor *r, enum br_module module, struct br_op *ret);

/* ---- lists of BR_OP_DID_PUT and BR_OP_ACCREDIT -------------------------- */

/** When a key of a DID document counts; not_after 0: no end. */
struct br_did_window {
    struct br_bytes method; /**< the method's whole id, borrowed */
    struct br_time_us not_before;
    struct br_time_us not_after;
};
/** op->list of an operation that was read: how many there are. */
size_t br_op_windows(
    const struct br_op *op, struct br_did_window ret[BR_DID_METHODS_MAX]);
size_t br_op_types(
    const struct br_op *op, struct br_bytes ret[BR_ACCREDITED_TYPES_MAX]);
/** Append such a list. */
void br_op_put_windows(
    struct br_buf *b, const struct br_did_window *windows, size_t count);
void
br_op_put_types(struct br_buf *b, const struct br_bytes *types, size_t count);

/* For ops.c alone. */
uint8_t br_trust_items(uint64_t type);
void br_op_read_trust(struct br_cbor *r, struct br_op *op);

#endif
