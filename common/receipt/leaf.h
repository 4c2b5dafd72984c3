/*
 * Leaves of the log: what is written when something is notarised.
 *
 * - A leaf of ours is the tagged CBOR array of docs/formats.md, "Leaf"; it
 *   begins with da 42 52 4c 31 (tag 1112689713, "BRL1") and with nothing else.
 * - Any other byte string is a raw leaf: its author and time stand in the
 *   block, not in the leaf.
 * - Encoding is deterministic (RFC 8949 section 4.2.1): the leaf's hash
 *   depends on what it says alone.
 * - Encoders write to the caller's array, allocate nothing and cannot fail:
 *   they assert what the ledger has checked before (sizes of author, digest).
 * - A parsed leaf borrows from the entry.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_RECEIPT_LEAF_H
#define BR_RECEIPT_LEAF_H

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/base/limits.h"

#define BR_LEAF_TAG 1112689713u

enum br_leaf_kind {
    BR_LEAF_RAW = 0, /**< not one of ours */
    BR_LEAF_STAMP = 1,
    BR_LEAF_RECORD = 2,
    BR_LEAF_MEMBER = 3,
    BR_LEAF_REGISTRY = 4, /**< of DIDs, accreditations, credential types */
};

/** What happened to a record. */
enum br_leaf_step {
    BR_LEAF_STEP_CREATED = 1,
    BR_LEAF_STEP_VERSION = 2,
    BR_LEAF_STEP_HASH = 3,
    BR_LEAF_STEP_OWNER_ADDED = 4,
    BR_LEAF_STEP_OWNER_REVOKED = 5,
};

struct br_leaf_record {
    struct br_bytes record; /**< the record's id, 32 bytes */
    enum br_leaf_step step;
    uint64_t version;
    uint64_t alg; /**< multicodec: enum br_hash_alg */
    struct br_bytes digest;
};

/** Fields that a kind does not have are zero. */
struct br_leaf {
    enum br_leaf_kind kind;
    struct br_time_us time;
    struct br_bytes author;
    uint64_t alg; /**< stamp, record; 3 and 4: BR_HASH_SHA256 */
    struct br_bytes digest;
    struct br_bytes record;
    enum br_leaf_step step;
    uint64_t version;
    uint64_t change;       /**< 3 and 4: the operation's number */
    struct br_bytes entry; /**< the whole leaf */
};

/** Does it begin with the four bytes and head of our tag? Such bytes may not
 *  be added as a raw leaf. */
bool br_leaf_is_reserved(struct br_bytes entry);

/* Each returns the number of bytes written to out. author: 1 to
 * BR_MEMBER_ID_BYTES_MAX bytes of UTF-8; digest: at most BR_DIGEST_BYTES_MAX.
 */
size_t br_leaf_encode_stamp(
    uint8_t out[BR_OWN_LEAF_BYTES_MAX],
    struct br_time_us time,
    struct br_bytes author,
    uint64_t alg,
    struct br_bytes digest);
size_t br_leaf_encode_record(
    uint8_t out[BR_OWN_LEAF_BYTES_MAX],
    struct br_time_us time,
    struct br_bytes author,
    const struct br_leaf_record *r);
/** digest: SHA-256 of the governance operation. */
size_t br_leaf_encode_member(
    uint8_t out[BR_OWN_LEAF_BYTES_MAX],
    struct br_time_us time,
    struct br_bytes author,
    uint64_t change,
    struct br_bytes digest);

/** digest: SHA-256 of the registry's operation. */
size_t br_leaf_encode_registry(
    uint8_t out[BR_OWN_LEAF_BYTES_MAX],
    struct br_time_us time,
    struct br_bytes author,
    uint64_t change,
    struct br_bytes digest);

/** Never fails for bytes that are not reserved: they are BR_LEAF_RAW. For
 *  reserved ones: MALFORMED, NOT_CANONICAL, UNSUPPORTED (kind, algorithm),
 *  OUT_OF_RANGE; a digest has exactly its algorithm's size. */
enum br_rc
br_leaf_parse(struct br_bytes entry, struct br_leaf *ret, struct br_err *reterr)
    BR_MUST_USE;

#endif
