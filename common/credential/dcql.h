/*
 * Digital Credentials Query Language (OpenID4VP 1.0 section 6): what a verifier
 * asks for, and which credentials of a wallet answer it.
 *
 * - A query is read once, strictly where the specification says MUST; unknown
 *   members are passed over.
 * - Matching is for the wallet: it says which claims a credential would show.
 *   A verifier checks what came with the same function, since a wallet may send
 *   anything: br_dcql_match on the claims that were disclosed.
 * - "values" is a courtesy (section 6.4.1): a verifier looks at the claims
 *   themselves.
 *
 * Pure.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_DCQL_H
#define BR_CREDENTIAL_DCQL_H

#include "common/base/arena.h"
#include "common/codec/json.h"

#define BR_DCQL_CREDENTIALS_MAX 32
#define BR_DCQL_SETS_MAX        32
#define BR_DCQL_CLAIMS_MAX      128
/* Values that one query selects in one credential. */
#define BR_DCQL_SELECTED_MAX 1024

struct br_dcql_claim {
    struct br_bytes id;           /**< empty: none */
    const struct br_json *path;   /**< an array, checked */
    const struct br_json *values; /**< an array, or NULL: any */
};

struct br_dcql_query {
    struct br_bytes id;
    struct br_bytes format;
    bool multiple;
    bool binding; /**< a proof of the holder's key is asked for */
    const struct br_json *meta;
    const struct br_json *trusted_authorities; /**< NULL: none */
    struct br_dcql_claim *claims;
    size_t claim_count;               /**< 0: claims are absent */
    const struct br_json *claim_sets; /**< NULL: absent */
};

struct br_dcql_set {
    const struct br_json *options;
    bool required;
};

/** Borrows the JSON, and lies in the arena. */
struct br_dcql {
    struct br_dcql_query *queries;
    size_t query_count;
    struct br_dcql_set *sets;
    size_t set_count; /**< 0: every query is to be answered */
};

/** The value of dcql_query. Rules dcql-*. */
enum br_rc br_dcql_parse(
    const struct br_json *v,
    struct br_arena *arena,
    struct br_dcql *ret,
    struct br_err *reterr) BR_MUST_USE;
/** By id; NULL when there is none. */
const struct br_dcql_query *
br_dcql_find(const struct br_dcql *q, struct br_bytes id);

/** What matching sees of a credential. */
struct br_dcql_candidate {
    const char *format;
    struct br_bytes vct;
    const struct br_json *claims;       /**< processed; aka_vcts among them */
    bool has_holder;                    /**< it can be bound to a key */
    const struct br_bytes *authorities; /**< key identifiers of its chain */
    size_t authority_count;
};

/** What a match selects: values of the candidate's claims. */
struct br_dcql_match {
    const struct br_json **selected; /**< in the arena */
    size_t count;
    int claim_set; /**< position in claim_sets; -1: there is none */
};

/** Section 6.4.1. NOT_FOUND with the reason when the candidate does not answer
 *  the query; NO_MEMORY. ret may be NULL: then only the verdict. */
enum br_rc br_dcql_match(
    const struct br_dcql_query *q,
    const struct br_dcql_candidate *c,
    struct br_arena *arena,
    struct br_dcql_match *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Section 6.4.2: can these queries, by position, be answered together as
 * asked? *ret_chosen[i]: query i is to be answered; the first option of each
 * required set whose queries all can. optional: those of sets that are not
 * required are chosen too. NOT_FOUND names the set, or the query, that cannot.
 */
enum br_rc br_dcql_choose(
    const struct br_dcql *q,
    const bool *answerable,
    bool optional,
    bool *ret_chosen,
    struct br_err *reterr) BR_MUST_USE;

/** Section 7.1.1: the values that a path leads to, at most max; *ret_n. The
 *  path is valid. NOT_FOUND: it leads to none. */
enum br_rc br_dcql_select(
    const struct br_json *claims,
    const struct br_json *path,
    const struct br_json **ret,
    size_t max,
    size_t *ret_n,
    struct br_err *reterr) BR_MUST_USE;

#endif
