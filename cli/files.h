/*
 * Hashing files with a progress bar, and where receipts lie.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CLI_FILES_H
#define BR_CLI_FILES_H

#include "common/base/buf.h"
#include "common/base/error.h"
#include "common/crypto/files.h"
#include "common/crypto/hash.h"

#include <stdio.h>

/** A bar on standard error, where that is a terminal. */
struct br_progress {
    const char *label;
    uint64_t total;
    uint64_t done;
    bool shown;
    int percent;
};
void br_progress_begin(
    struct br_progress *p, const char *label, uint64_t total, bool quiet);
void br_progress_add(struct br_progress *p, uint64_t n);
void br_progress_end(struct br_progress *p);

/** Digest of a whole file, read in pieces; p may be NULL. */
enum br_rc br_file_digest(
    const char *path,
    enum br_hash_alg alg,
    struct br_progress *p,
    struct br_digest *ret,
    struct br_err *reterr) BR_MUST_USE;
/** What is read of an open file, from where it stands. */
struct br_stream {
    FILE *f;
    const char *path;             /**< for messages */
    uint64_t bytes;               /**< as many; UINT64_MAX: to the end */
    struct br_progress *progress; /**< or NULL */
    struct br_file_writer *copy;  /**< also written there; or NULL */
};
/** Digest of `before` and of the stream. IO when reading fails. */
enum br_rc br_stream_digest(
    const struct br_stream *s,
    struct br_bytes before,
    enum br_hash_alg alg,
    struct br_digest *ret,
    struct br_err *reterr) BR_MUST_USE;
/** Its size, for progress; refuses what is not a regular file. */
enum br_rc br_file_size(const char *path, uint64_t *ret, struct br_err *reterr)
    BR_MUST_USE;

/** The files of a folder and of its folders, in order, without receipts;
 *  a file names itself. Calls fn for each. */
enum br_rc br_files_walk(
    const char *path,
    enum br_rc (*fn)(void *ctx, const char *path),
    void *ctx,
    struct br_err *reterr) BR_MUST_USE;

/** Remove a folder that this program has made, with what is in it. */
void br_remove_tree(const char *path);

#endif
