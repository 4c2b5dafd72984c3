/*
 * An RFC 5544 bundle (.tsd) on the disk. What is around the document is in
 * memory, the document is read in pieces.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CLI_BUNDLE_H
#define BR_CLI_BUNDLE_H

#include "cli/files.h"
#include "common/receipt/tsd.h"

struct br_bundle {
    const char *path; /**< borrowed */
    FILE *f;
    struct br_buf head;
    struct br_buf tail;
    struct br_tsd tsd;
};

/** Is it one, by its first bytes? False also when it cannot be read. */
bool br_bundle_is(const char *path);
enum br_rc br_bundle_open(
    const char *path, struct br_bundle *ret, struct br_err *reterr) BR_MUST_USE;
void br_bundle_close(struct br_bundle *b);

/** Digest of `before` and of the document inside. */
enum br_rc br_bundle_digest(
    struct br_bundle *b,
    struct br_bytes before,
    enum br_hash_alg alg,
    struct br_progress *p,
    struct br_digest *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Write the document inside to a new file. CONFLICT when there is one;
 *  MISSING_FIELD when the bundle has only the document's address. */
enum br_rc br_bundle_extract(
    struct br_bundle *b,
    const char *out,
    struct br_progress *p,
    struct br_err *reterr) BR_MUST_USE;

/** Make the bundle of a document and its token; p->total is the document's
 *  size. DIGEST_MISMATCH, and nothing is written, when the token is of another
 *  document. */
enum br_rc br_bundle_write(
    const char *out,
    const char *document,
    struct br_bytes token,
    struct br_progress *p,
    struct br_err *reterr) BR_MUST_USE;

#endif
