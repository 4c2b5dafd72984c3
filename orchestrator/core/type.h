/*
 * Credential types as configuration: types/NAME.json, one each. What claims a
 * type has, what they are called for people, which can be hidden, how long it
 * lasts.
 *
 *   {"id": "isee", "vct": "", "validity_days": 365, "renewal": 365,
 *    "batch_size": 10,
 *    "display": [{"locale": "it", "name": "...", "description": "..."}],
 *    "claims": [{"path": ["amount"], "type": "amount", "required": true,
 *                "disclosable": true, "display": [{"locale", "name"}]},
 *               {"path": ["not_over"], "type": "ladder", "of": ["amount"],
 *                "steps": [10000, 20000], ...}],
 *    "source": {"kind": "http", ...}}
 *
 * - A ladder is made here, from an amount: an object with a boolean for each
 *   step, "is the amount not over it?", each hidden by itself, so that one bit
 *   is shown and no number. It is not given by who fills the claims in.
 * - A path names members only; what lies in an array is shown or hidden with
 *   it.
 * - Where the claims come from: source.h.
 * - vct empty: the issuer's address, then /vct/ and the id.
 * - renewal: for how many days after its issue a wallet may fetch more copies,
 *   and newer ones, without the person; 0: never. Without it: as long as the
 *   credential is valid.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_TYPE_H
#define BR_ORCHESTRATOR_TYPE_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/codec/json.h"
#include "common/codec/json_write.h"
#include "common/credential/sd_jwt.h"
#include "orchestrator/core/source.h"

enum {
    BR_TYPE_CLAIMS_MAX = 64,
    BR_TYPE_DEPTH_MAX = 4,
    BR_TYPE_STEPS_MAX = 100,
    BR_TYPE_BATCH_MAX = 64, /**< as BR_VCI_PROOFS_MAX */
    BR_TYPE_ID_BYTES_MAX = 64,
    BR_TYPE_FILE_BYTES_MAX = 256 * 1024,
};

enum br_claim_kind {
    BR_CLAIM_TEXT,    /**< "string" */
    BR_CLAIM_DATE,    /**< "date": "2026-11-26" */
    BR_CLAIM_WHOLE,   /**< "integer" */
    BR_CLAIM_AMOUNT,  /**< "amount": from 0, two decimals at most */
    BR_CLAIM_BOOLEAN, /**< "boolean" */
    BR_CLAIM_TEXTS,   /**< "strings": an array of strings */
    BR_CLAIM_LADDER,  /**< "ladder" */
};

struct br_claim_path {
    const char *steps[BR_TYPE_DEPTH_MAX + 1];
    size_t count;
};

struct br_claim_type {
    struct br_claim_path path;
    enum br_claim_kind kind;
    bool required;
    bool disclosable;
    const char *from; /**< a JSON pointer into the source's answer, or NULL */
    const struct br_json *display;
    struct br_claim_path of;           /**< the ladder's amount */
    uint64_t steps[BR_TYPE_STEPS_MAX]; /**< whole units, growing */
    size_t step_count;
};

struct br_type {
    const char *id;
    const char *vct;
    uint64_t validity_s;
    uint64_t renewal_s; /**< how long copies may be had again; 0: not */
    uint64_t batch_size;
    const struct br_json *display;
    struct br_claim_type claims[BR_TYPE_CLAIMS_MAX];
    size_t claim_count;
    struct br_type_source source;
};

/** A file's JSON; base: the issuer's address. CONFIG tells what is wrong,
 * where. The type lies in the arena, and borrows v. */
enum br_rc br_type_parse(
    const struct br_json *v,
    const char *base,
    struct br_arena *arena,
    struct br_type **ret,
    struct br_err *reterr) BR_MUST_USE;

/** Do these claims fit? MISSING_FIELD, UNKNOWN_FIELD, WRONG_TYPE,
 *  OUT_OF_RANGE. */
enum br_rc br_type_check(
    const struct br_type *t,
    const struct br_json *claims,
    struct br_err *reterr) BR_MUST_USE;

/** Put a value at a path, with the objects that it needs. */
struct br_json *br_claims_set(
    struct br_json_maker *m,
    struct br_json *claims,
    const struct br_claim_path *path,
    struct br_json *v);
/** "address.locality": as columns of a file are called. */
void br_claim_name(const struct br_claim_path *path, char *ret, size_t n);

/** Add the ladders to claims that fit; ret_paths: what can be hidden, for
 *  br_sd_hide, in the arena. */
struct br_type_paths {
    struct br_sd_path *paths;
    size_t count;
};
enum br_rc br_type_complete(
    const struct br_type *t,
    struct br_json *claims,
    struct br_arena *arena,
    struct br_type_paths *ret_paths,
    struct br_err *reterr) BR_MUST_USE;

/** SD-JWT VC type metadata (section 4): a document. */
void br_type_metadata_write(struct br_json_writer *w, const struct br_type *t);
/** What OpenID4VCI's metadata says of it: credential_metadata. */
void br_type_display_write(struct br_json_writer *w, const struct br_type *t);

/** Of the calendar, as 2026-11-26. */
bool br_is_date(struct br_bytes t);

/* ---- amounts ------------------------------------------------------------- */

/** In cents. Exact: from the digits as they were written. OUT_OF_RANGE: below
 *  0, more than two decimals, above 10^15, or with an exponent. */
enum br_rc br_amount_cents(
    const struct br_json *v, uint64_t *ret, struct br_err *reterr) BR_MUST_USE;

#endif
