/*
 * Whose a key is, and what its owner may issue: a ledger's registry, asked.
 *
 *   br_standing_path    the question, as the path of an address
 *   br_standing_parse   the answer: does it say yes, and to this question?
 *   br_standing_write   what is told to people and programs
 *
 * The registry's own rules are in docs/registry.md: a member's DID document
 * has the key; an accreditation lets the DID issue the type, and stands on
 * another, up to a root that an operator of the ledger has made.
 *
 * - What can be checked in an answer is: that it is about this key, type and
 *   time; that the key is there for assertions; that each accreditation is of
 *   whom the one below it says, gives no more than the one above, and counts
 *   at that time; that the last is a root. An answer that says yes and does
 *   not hold together says nothing: registry-answer.
 * - What cannot: that the ledger says so. Whoever asks believes the node that
 *   was asked, over TLS (docs/registry.md, "Asking").
 * - A standing owns its texts, so that it can be kept.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_STANDING_H
#define BR_CREDENTIAL_STANDING_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/codec/json.h"
#include "common/codec/json_write.h"
#include "common/credential/jwk.h"

/* How far a registry's clock may be from ours. */
#define BR_STANDING_SKEW_S 300u
/* 32 bytes in hexadecimal. */
#define BR_STANDING_ID_BYTES 64

enum br_standing_kind {
    BR_STANDING_NOT_ASKED,      /**< no registry is believed */
    BR_STANDING_ACCREDITED,     /**< its owner may issue the type */
    BR_STANDING_REGISTERED,     /**< its owner is known; no type was asked */
    BR_STANDING_NOT_ACCREDITED, /**< it may not; reason tells why */
    BR_STANDING_UNREGISTERED,   /**< nobody's; reason tells it */
    BR_STANDING_UNKNOWN,        /**< it could not be asked; reason tells why */
};
/** "not-asked", "accredited", ... */
const char *br_standing_name(enum br_standing_kind k);

/** One accreditation. Times are seconds; end_s 0: no end. */
struct br_standing_step {
    char did[BR_REGISTERED_DID_BYTES_MAX + 1];
    char name[BR_MEMBER_NAME_BYTES_MAX + 1]; /**< of the DID's member */
    char id[BR_STANDING_ID_BYTES + 1];
    const char *level; /**< "issuer", "authority", "root" */
    uint64_t begin_s;
    uint64_t end_s;
};

struct br_standing {
    enum br_standing_kind kind;
    const char *registry; /**< who answered; lent by who asked, or NULL */
    uint64_t at_s;        /**< the time that it is about */
    char did[BR_REGISTERED_DID_BYTES_MAX + 1]; /**< "" : nobody's */
    char name[BR_MEMBER_NAME_BYTES_MAX + 1];
    size_t step_count; /**< 0 unless accredited: its own first, a root last */
    struct br_standing_step steps[BR_ACCREDITATION_DEPTH_MAX];
    char reason[BR_ERR_TEXT_BYTES]; /**< with its rule; "" when all is well */
};
/** Of what is accredited: who accredited it. */
const struct br_standing_step *br_standing_by(const struct br_standing *s);
/** Of what is accredited: the first end of all steps; 0: none has one. */
uint64_t br_standing_until_s(const struct br_standing *s);

struct br_standing_question {
    const struct br_key *key;
    struct br_bytes vct; /**< empty: whose is it, and no more */
    uint64_t at_s;       /**< to the end of this second; 0: now */
    const char *when;    /**< for messages: "as of its issue: "; or NULL */
};

/** Append "/v1/registry/keys/THUMBPRINT?vct=...&at=...". */
enum br_rc br_standing_path(
    const struct br_standing_question *q,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;

/** BR_OK: accredited, or registered when no type was asked. registry-key,
 *  registry-accreditation: it is not; *ret has the rest all the same.
 *  registry-answer: unknown. NO_MEMORY. */
enum br_rc br_standing_parse(
    struct br_bytes answer,
    const struct br_standing_question *q,
    uint64_t now_s,
    struct br_arena *arena,
    struct br_standing *ret,
    struct br_err *reterr) BR_MUST_USE;

/** {"outcome","registry","did","name","at","since","until","by":[...],
 *  "reason"}: by has who accredited, the nearest first. What is not known is
 *  left out. */
void br_standing_write(struct br_json_writer *w, const struct br_standing *s);

#endif
