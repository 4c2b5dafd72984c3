/*
 * Over-asking: what to point out about a request before a person agrees, and
 * what they can do about it.
 *
 * | remark            | when                                               |
 * |-------------------|----------------------------------------------------|
 * | unregistered-type | its registration has no such credential            |
 * | unregistered      | nor this claim                                     |
 * | registration-bad  | it brings a registration that cannot be believed   |
 * | not-registered    | it brings none, though registrars are known here   |
 * | threshold         | an amount or a birth date, where the credential    |
 * |                   | could say "not over" or "older than" with one bit  |
 * | steps             | several bits of one such ladder: together they     |
 * |                   | tell nearly as much as the amount                  |
 * | identifier        | a number by which others recognise the person      |
 * | many              | more claims than BR_REMARKS_CLAIMS_MANY at once    |
 * | new-party         | the person has never shown it anything             |
 *
 * A ladder is a claim at the top whose members are all booleans with numbers
 * for names, as "isee_not_over": {"20000": true}. It stands for a claim that
 * begins with the same word ("isee_amount"), and one that begins with "age" for
 * a birth date.
 *
 * Pure. What the protocol itself tells (nobody signed it, no purpose, ...) is
 * in wallet/client/present.h.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_WALLET_REMARKS_H
#define BR_WALLET_REMARKS_H

#include "common/codec/json_write.h"
#include "common/credential/vp_registration.h"

/* More remarks than anybody reads: the first ones are the gravest. */
#define BR_REMARKS_MAX 32
/* A form at a counter asks for fewer. */
#define BR_REMARKS_CLAIMS_MANY 8

enum br_remark_kind {
    BR_REMARK_UNREGISTERED_TYPE,
    BR_REMARK_UNREGISTERED,
    BR_REMARK_REGISTRATION_BAD,
    BR_REMARK_THRESHOLD,
    BR_REMARK_STEPS,
    BR_REMARK_MANY,
    BR_REMARK_IDENTIFIER,
    BR_REMARK_NOT_REGISTERED,
    BR_REMARK_NEW_PARTY,
};
enum { BR_REMARK_KINDS = BR_REMARK_NEW_PARTY + 1 };

enum br_remark_level {
    BR_REMARK_GRAVE, /**< refuse, unless you know better */
    BR_REMARK_WARN,
    BR_REMARK_INFO,
};

struct br_remark {
    enum br_remark_kind kind;
    struct br_bytes query;       /**< id of the query; empty: of the whole */
    const struct br_json *path;  /**< of a claim, as it was asked; or NULL */
    const struct br_json *value; /**< or the claim itself; or NULL */
    struct br_bytes instead;     /**< of a threshold: the ladder's name */
    size_t count;                /**< of steps and many */
};

/** What is asked by one query, and what would answer it. */
struct br_remarks_item {
    const struct br_dcql_query *query;
    struct br_bytes vct;          /**< of what answers; empty: nothing does */
    const struct br_json *claims; /**< all that it says; NULL: nothing does */
    const struct br_json *const *selected;
    size_t count;
    bool shown; /**< unless the person changes something */
};

enum br_remarks_registration {
    BR_REGISTRATION_UNKNOWN, /**< no registrar is known here */
    BR_REGISTRATION_NONE,
    BR_REGISTRATION_BAD,
    BR_REGISTRATION_GOOD,
};

struct br_remarks_in {
    const struct br_remarks_item *items;
    size_t count;
    enum br_remarks_registration state;
    const struct br_vp_registration *registration; /**< when it is good */
    bool met; /**< something was shown to the same verifier before */
};

/** The gravest first; returns how many. */
size_t br_remarks(
    const struct br_remarks_in *in, struct br_remark out[BR_REMARKS_MAX]);

/** "threshold", ... */
const char *br_remark_name(enum br_remark_kind kind);
enum br_remark_level br_remark_level(enum br_remark_kind kind);
/** "grave", "warn", "info". */
const char *br_remark_level_name(enum br_remark_level level);
/** What is wrong, and what to do, in a sentence each; lang: "it" or "en". */
const char *br_remark_text(enum br_remark_kind kind, const char *lang);
const char *br_remark_advice(enum br_remark_kind kind, const char *lang);

/** [{"kind","level","query","path","instead","count","text","advice"}] */
void br_remarks_write(
    struct br_json_writer *w,
    const char *lang,
    const struct br_remark *list,
    size_t count);

#endif
