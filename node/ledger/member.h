/*
 * Members of the ledger and their keys, as state.
 *
 * State: 'M' + id -> CBOR [name, roles, active]; 'K' + kid -> CBOR [member,
 * alg, public, not_before, not_after]; 'S' + kid -> CBOR seq (last accepted).
 * A key is valid at t when not_before <= t and (not_after == 0 or t <
 * not_after): a rotation adds the new key before the old one's end, so that
 * the two overlap.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_LEDGER_MEMBER_H
#define BR_LEDGER_MEMBER_H

#include "common/base/limits.h"
#include "common/crypto/sign.h"
#include "node/ledger/effects.h"

/** Bits; a member may have several. */
enum br_role {
    BR_ROLE_OPERATOR = 1, /**< changes members and keys */
    BR_ROLE_NOTARY = 2,   /**< stamps, adds raw leaves, keeps records */
    BR_ROLE_AUDITOR = 4,  /**< reads what is not public */
};
#define BR_ROLES_ALL 7u

#define BR_STATE_KEY_BYTES_MAX (1 + BR_MEMBER_ID_BYTES_MAX)

struct br_member {
    struct br_bytes name; /**< borrowed */
    uint64_t roles;
    bool active;
};

struct br_member_key {
    struct br_bytes member; /**< id, borrowed */
    struct br_public_key key;
    struct br_time_us not_before;
    struct br_time_us not_after; /**< 0: no end */
};

/** Write the state key into out; returns its length. */
size_t br_member_state_key(
    uint8_t out[BR_STATE_KEY_BYTES_MAX], char table, struct br_bytes id);

enum br_rc br_member_parse(
    struct br_bytes value,
    struct br_member *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_member_key_parse(
    struct br_bytes value,
    struct br_member_key *ret,
    struct br_err *reterr) BR_MUST_USE;

/** BR_ERR_NOT_FOUND when there is no such member. */
enum br_rc br_member_get(
    const struct br_effects *e,
    struct br_bytes id,
    struct br_member *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_member_put(
    struct br_effects *e,
    struct br_bytes id,
    const struct br_member *m,
    struct br_err *reterr) BR_MUST_USE;
/** BR_ERR_UNKNOWN_KEY when it belongs to nobody. */
enum br_rc br_member_key_get(
    const struct br_effects *e,
    const struct br_hash *kid,
    struct br_member_key *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_member_key_put(
    struct br_effects *e,
    const struct br_member_key *k,
    struct br_err *reterr) BR_MUST_USE;
bool br_member_key_valid_at(const struct br_member_key *k, struct br_time_us t);

enum br_rc br_member_seq_parse(
    struct br_bytes value, uint64_t *ret, struct br_err *reterr) BR_MUST_USE;
/** Last accepted sequence number of a key; 0 before the first. */
enum br_rc br_member_seq_get(
    const struct br_effects *e,
    const struct br_hash *kid,
    uint64_t *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_member_seq_put(
    struct br_effects *e,
    const struct br_hash *kid,
    uint64_t seq,
    struct br_err *reterr) BR_MUST_USE;

#endif
