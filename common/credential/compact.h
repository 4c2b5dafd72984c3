/*
 * What compact JWS and JWE share: parts between dots, a header in JSON. For
 * jws.c and jwe.c alone.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_COMPACT_H
#define BR_CREDENTIAL_COMPACT_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/codec/json.h"
#include "common/credential/rule.h"

/** By what rules of theirs each refuses. */
struct br_compact_rules {
    enum br_rule base64;
    enum br_rule header;
    enum br_rule duplicate;
    enum br_rule remote_key;
};

/** Exactly count parts; false when there are more or fewer dots. */
bool
br_compact_split(struct br_bytes text, struct br_bytes parts[], size_t count);

/** base64url into the arena. */
enum br_rc br_compact_decode(
    struct br_bytes text,
    struct br_arena *arena,
    enum br_rule rule,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;

/** The header: an object, no name twice, no jku and no x5u. */
enum br_rc br_compact_header(
    struct br_bytes text,
    struct br_arena *arena,
    const struct br_compact_rules *rules,
    const struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;

/** A string of the header; empty when it is absent. */
enum br_rc br_compact_text(
    const struct br_json *header,
    const char *name,
    enum br_rule rule,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Is it one of the types (closed by NULL)? As RFC 7515 section 4.1.9 has it:
 *  "application/" may be left out, and letters are of either case. */
bool br_compact_type_ok(struct br_bytes typ, const char *const *types);

#endif
