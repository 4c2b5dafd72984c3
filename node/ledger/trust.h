/*
 * Whom to trust for what: DIDs of bodies and companies, who has accredited
 * whom to issue which credentials, and the credential types.
 *
 * - Nothing of natural persons is registered: documents here are public and
 *   stay for ever.
 * - The past does not change. A DID document has versions, each with its
 *   block's time; a key's window and an accreditation's end can be brought
 *   forward, never behind the present. So every question "at t" has one answer.
 * - An accreditation gives no more than its accreditor has: types, time,
 *   level. It is in force while it and all above it are, up to a root, which
 *   only an operator makes.
 *
 * State (module 3), with the operation that made each row inside, so that its
 * leaf can be proved to anyone: 'D' + did -> CBOR [member, versions,
 * accreditations, deactivated, leaf]; 'E' + did + 0 + u32 version -> CBOR
 * [time, leaf, operation]; 'A' + id -> CBOR [time, leaf, author, depth, ended,
 * leaf, ended by, operation]; 'B' + did + 0 + u32 -> id of its accreditation,
 * from 1; 'T' + SHA-256(vct) -> CBOR [member, versions]; 'U' + SHA-256(vct) +
 * u32 version -> CBOR [time, leaf, operation]; 'I' + thumbprint of a key + did
 * -> CBOR leaf: some version of this DID has it.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_LEDGER_TRUST_H
#define BR_LEDGER_TRUST_H

#include "common/base/limits.h"
#include "node/ledger/tx.h"
#include "node/ledger/view.h"

/** What an accreditation permits. */
enum br_accreditation_level {
    BR_LEVEL_ROOT = 1,      /**< to accredit authorities and issuers */
    BR_LEVEL_AUTHORITY = 2, /**< the same, below a root */
    BR_LEVEL_ISSUER = 3,    /**< to issue */
};

/** A type that stands for all; an issuer's are named. */
#define BR_ANY_TYPE "*"

#define BR_DID_KEY_BYTES_MAX (1 + BR_HASH_BYTES + BR_REGISTERED_DID_BYTES_MAX)

struct br_did_head {
    char member[BR_MEMBER_ID_BYTES_MAX + 1]; /**< its controller */
    uint64_t versions;                       /**< numbered from 1 */
    uint64_t accreditations;                 /**< numbered from 1 */
    struct br_time_us deactivated;           /**< 0: it is not */
    uint64_t deactivated_leaf;
};

/** A version of a DID or of a credential type; the operation is borrowed. */
struct br_trust_version {
    struct br_time_us time;
    uint64_t leaf;
    struct br_op op;
};

struct br_accreditation {
    struct br_time_us time;
    uint64_t leaf;
    struct br_bytes author;  /**< the member that signed it */
    uint64_t depth;          /**< 1: a root */
    struct br_time_us ended; /**< by a revocation; 0: by none */
    uint64_t ended_leaf;
    struct br_bytes ended_by;
    struct br_op op;
};

struct br_type_head {
    char member[BR_MEMBER_ID_BYTES_MAX + 1]; /**< who registered it first */
    uint64_t versions;                       /**< numbered from 1 */
};

/* ---- reading: of a block's effects, or of a snapshot -------------------- */
/* NOT_FOUND when there is no such thing, CORRUPT and its kin otherwise. */

struct br_view br_effects_view(const struct br_effects *e);

enum br_rc br_trust_did_get(
    const struct br_view *v,
    struct br_bytes did,
    struct br_did_head *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_trust_did_version_get(
    const struct br_view *v,
    struct br_bytes did,
    uint64_t version,
    struct br_trust_version *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The version that counted at t; NOT_FOUND before the first. */
enum br_rc br_trust_did_version_at(
    const struct br_view *v,
    struct br_bytes did,
    const struct br_did_head *head,
    struct br_time_us t,
    uint64_t *ret_version,
    struct br_err *reterr) BR_MUST_USE;
bool br_trust_did_deactivated_at(
    const struct br_did_head *head, struct br_time_us t);

enum br_rc br_accreditation_get(
    const struct br_view *v,
    const struct br_hash *id,
    struct br_accreditation *ret,
    struct br_err *reterr) BR_MUST_USE;
/** The n-th of a DID, from 1. */
enum br_rc br_accreditation_of(
    const struct br_view *v,
    struct br_bytes did,
    uint64_t n,
    struct br_hash *ret,
    struct br_err *reterr) BR_MUST_USE;
/** From when it counts: not before its block. */
struct br_time_us br_accreditation_begin(const struct br_accreditation *a);
/** Until when, by its own date or a revocation; 0: no end. */
struct br_time_us br_accreditation_end(const struct br_accreditation *a);
bool
br_accreditation_covers(const struct br_accreditation *a, struct br_bytes vct);
/** Does it count at t, itself and all above it? NOT_ACCREDITED tells which one
 *  does not, and why. */
enum br_rc br_accreditation_check(
    const struct br_view *v,
    const struct br_hash *id,
    struct br_time_us t,
    struct br_err *reterr) BR_MUST_USE;

/** SHA-256 of the type's name. */
void br_trust_type_id(struct br_bytes vct, struct br_hash *ret);
enum br_rc br_trust_type_get(
    const struct br_view *v,
    const struct br_hash *id,
    struct br_type_head *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_trust_type_version_get(
    const struct br_view *v,
    const struct br_hash *id,
    uint64_t version,
    struct br_trust_version *ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- rows, for trust.c alone -------------------------------------------- */

enum br_rc br_trust_did_put(
    struct br_effects *e,
    struct br_bytes did,
    const struct br_did_head *head,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_trust_did_version_put(
    struct br_effects *e,
    struct br_bytes did,
    uint64_t version,
    const struct br_trust_version *row,
    struct br_err *reterr) BR_MUST_USE;
/** In the list of its DID, as the n-th. */
enum br_rc br_accreditation_list(
    struct br_effects *e,
    const struct br_op *op,
    uint64_t n,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_accreditation_put(
    struct br_effects *e,
    const struct br_accreditation *a,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_trust_type_put(
    struct br_effects *e,
    const struct br_hash *id,
    const struct br_type_head *head,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_trust_type_version_put(
    struct br_effects *e,
    const struct br_hash *id,
    uint64_t version,
    const struct br_trust_version *row,
    struct br_err *reterr) BR_MUST_USE;

/** That the DID has this key in a version: once. */
enum br_rc br_trust_key_put(
    struct br_effects *e,
    const struct br_hash *thumbprint,
    struct br_bytes did,
    struct br_err *reterr) BR_MUST_USE;

/* Values of rows, for who reads them all. */
enum br_rc br_trust_did_parse(
    struct br_bytes value,
    struct br_did_head *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_trust_version_parse(
    struct br_bytes value,
    struct br_trust_version *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_accreditation_parse(
    struct br_bytes value,
    struct br_accreditation *ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- documents: trust_document.c ---------------------------------------- */

/** May this DID be registered on this chain by this member? DID_REFUSED,
 *  NOT_CONTROLLER. */
enum br_rc br_trust_did_check(
    struct br_bytes did,
    struct br_bytes chain,
    struct br_bytes member,
    struct br_err *reterr) BR_MUST_USE;
/** DID Core: id, verification methods with public keys alone, relationships
 *  that name them; windows that name them. DID_REFUSED, or what is wrong with
 *  the JSON. */
enum br_rc br_trust_did_document_check(
    const struct br_op *op, struct br_err *reterr) BR_MUST_USE;
/** RFC 7638, SHA-256, of keys of types EC, OKP and RSA; *ret_is_key is false
 * for all else. NO_MEMORY only. */
struct br_json;
enum br_rc br_trust_thumbprint(
    const struct br_json *jwk,
    struct br_hash *ret,
    bool *ret_is_key,
    struct br_err *reterr) BR_MUST_USE;
/** Put each key of a DID document that was checked into the index of keys. */
enum br_rc br_trust_index_keys(
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr) BR_MUST_USE;
/** Metadata that names the type, a schema that is an object, or none.
 *  TYPE_REFUSED, or what is wrong with the JSON. */
enum br_rc br_trust_type_documents_check(
    const struct br_op *op, struct br_err *reterr) BR_MUST_USE;

#endif
