/*
 * What the files of sd_jwt.h share.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CREDENTIAL_SD_INTERNAL_H
#define BR_CREDENTIAL_SD_INTERNAL_H

#include "common/credential/sd_jwt.h"
#include "common/crypto/hash.h"

/** The hash that a payload's _sd_alg names; SHA-256 when it names none. */
enum br_rc br_sd_alg(
    const struct br_json *payload,
    const struct br_hash_info **ret,
    struct br_err *reterr) BR_MUST_USE;

/** base64url of the hash of some text, into the arena. */
enum br_rc br_sd_digest(
    const struct br_hash_info *alg,
    struct br_bytes text,
    struct br_arena *arena,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;

/** The next value in document order; NULL after the last one below root. */
struct br_json *br_sd_step(const struct br_json *root, struct br_json *v);

/** Names that carry digests, and no claims (section 4.1). */
bool br_sd_is_reserved(struct br_bytes name);

#endif
