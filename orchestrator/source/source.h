/*
 * Where claims come from: given a type and the subject's reference, the claims,
 * or why not. Each kind of source is a row of one table (source.c); what comes
 * later, such as checks of several registries, is one more.
 *
 * - What is asked and what comes back is told to nobody: errors name the type,
 *   the claim, a status; never the reference, never a value.
 * - A call blocks for as long as the type's configuration lets it: at most
 *   tries times timeout_ms, and the pauses between. Never inside a transaction.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_SOURCE_H
#define BR_ORCHESTRATOR_SOURCE_H

#include "common/base/arena.h"
#include "orchestrator/core/type.h"

#include <stdatomic.h>

/** What a source needs to know of the body. */
struct br_source_home {
    const char *data_dir; /**< paths in a type are relative to it */
    bool insecure_loopback;
    const atomic_bool *stopping; /**< then no further try; or NULL */
};

/** May this type's source be asked as it is configured? CONFIG tells what is
 *  wrong. No call is made. */
enum br_rc br_source_check(
    const struct br_source_home *home,
    const struct br_type *t,
    struct br_err *reterr) BR_MUST_USE;

/** A document in the arena, checked against the type. CONFLICT: the type's
 *  claims are given at the desk. NOT_FOUND: the source knows nobody with this
 *  reference. SOURCE_REFUSED: any other answer than one that fits. NETWORK: no
 *  answer. CONFIG: a file of the configuration. */
enum br_rc br_source_claims(
    const struct br_source_home *home,
    const struct br_type *t,
    const char *reference,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr) BR_MUST_USE;

/* ---- for the kinds ------------------------------------------------------- */

typedef enum br_rc br_source_check_fn(
    const struct br_source_home *home,
    const struct br_type *t,
    struct br_err *reterr);
/** The answer, before it is mapped to claims. */
typedef enum br_rc br_source_ask_fn(
    const struct br_source_home *home,
    const struct br_type *t,
    const char *reference,
    struct br_arena *arena,
    struct br_json **ret,
    struct br_err *reterr);

br_source_check_fn br_source_http_check;
br_source_ask_fn br_source_http_ask;

#endif
