/*
 * Records: successive versions of one document under one identifier, with
 * owners that come and go (the semantics of EBSI Timestamp v4 records).
 *
 * State: 'R' + id -> CBOR [versions, first_leaf, last_leaf, [* owner]], owner =
 * [member, not_before, not_after, revoked]; 'V' + id + u32 version ->
 * CBOR [* [alg, digest, leaf]].
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_LEDGER_RECORD_H
#define BR_LEDGER_RECORD_H

#include "common/base/limits.h"
#include "node/ledger/effects.h"

#define BR_RECORD_HASHES_MAX 64 /* of one version */

struct br_record_owner {
    char member[BR_MEMBER_ID_BYTES_MAX + 1];
    struct br_time_us not_before;
    struct br_time_us not_after; /**< 0: no end */
    bool revoked;
};

struct br_record {
    uint64_t versions; /**< numbered from 1 */
    uint64_t first_leaf;
    uint64_t last_leaf;
    size_t owner_count;
    struct br_record_owner owner[BR_RECORD_OWNERS_MAX];
};

struct br_record_hash {
    uint64_t alg;
    struct br_bytes digest; /**< borrowed */
    uint64_t leaf;
};

#define BR_RECORD_KEY_BYTES  (1 + BR_HASH_BYTES)
#define BR_VERSION_KEY_BYTES (1 + BR_HASH_BYTES + 4)

/** SHA-256 of the CBOR ["broletto/record", chain, leaf index]. */
void br_record_id(struct br_bytes chain, uint64_t leaf, struct br_hash *ret);
void
br_record_state_key(uint8_t out[BR_RECORD_KEY_BYTES], const struct br_hash *id);
void br_record_version_key(
    uint8_t out[BR_VERSION_KEY_BYTES],
    const struct br_hash *id,
    uint64_t version);

enum br_rc br_record_parse(
    struct br_bytes value,
    struct br_record *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The hashes of one version; at most BR_RECORD_HASHES_MAX. */
enum br_rc br_record_version_parse(
    struct br_bytes value,
    struct br_record_hash *ret,
    size_t *ret_count,
    struct br_err *reterr) BR_MUST_USE;

/** Does this member own the record at t? */
bool br_record_owned_by(
    const struct br_record *rec, struct br_bytes member, struct br_time_us t);

enum br_rc br_record_get(
    const struct br_effects *e,
    const struct br_hash *id,
    struct br_record *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_record_put(
    struct br_effects *e,
    const struct br_hash *id,
    const struct br_record *rec,
    struct br_err *reterr) BR_MUST_USE;
/** Add a hash to a version, which is made when it is new. */
enum br_rc br_record_add_hash(
    struct br_effects *e,
    const struct br_hash *id,
    uint64_t version,
    const struct br_record_hash *hash,
    struct br_err *reterr) BR_MUST_USE;

#endif
