/*
 * What the commands of the registry read: files, and the node's answers.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CLI_REGISTRY_H
#define BR_CLI_REGISTRY_H

#include "cli/client.h"
#include "common/base/arena.h"
#include "common/base/bytes.h"

/** A whole file into *ret, up to its limit. */
enum br_rc br_cli_registry_file(
    const char *path, struct br_buf *ret, struct br_err *reterr) BR_MUST_USE;
/** Without white space at its end. */
void br_cli_registry_trim(struct br_buf *b);
/** A member of a JSON document; *ret lives in the arena or the document. */
enum br_rc br_cli_registry_text(
    struct br_bytes document,
    const char *name,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;

/** A DID document for keys in files, PEM or JWK; lists with commas. */
struct br_cli_draft {
    struct br_bytes did;
    const char *assertion; /**< of keys that sign what is issued; or NULL */
    const char *authentication; /**< of keys that sign requests; or NULL */
};
/** Append it, on several lines. did-form, KEY_REFUSED, jwk-*. */
enum br_rc br_cli_registry_draft(
    const struct br_cli_draft *d,
    struct br_buf *ret,
    struct br_err *reterr) BR_MUST_USE;

/** An accreditation of this member that is in force and lets it accredit for
 *  the type. NOT_ACCREDITED when it has none. */
enum br_rc br_cli_registry_own(
    struct br_node_client *c,
    const char *member,
    const char *vct,
    struct br_hash *ret,
    struct br_err *reterr) BR_MUST_USE;

#endif
