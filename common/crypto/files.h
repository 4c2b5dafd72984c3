/*
 * Files, written whole or not at all.
 *
 * A file is written under a temporary name beside its own ("name.XXXXXX"),
 * flushed, renamed, and its folder flushed: after BR_OK it survives a power
 * cut, and no reader ever sees half of it. A crash may leave the temporary
 * file behind; it is never read.
 *
 * Errors: CONFLICT, NOT_FOUND, DISK_FULL, IO.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_FILES_H
#define BR_CRYPTO_FILES_H

#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"

#include <sys/types.h>

/** Refuses to replace a file, a folder or a link: BR_ERR_CONFLICT. */
enum br_rc br_file_create(
    const char *path,
    struct br_bytes content,
    mode_t mode,
    struct br_err *reterr) BR_MUST_USE;
/** The same, over what is there. */
enum br_rc br_file_replace(
    const char *path,
    struct br_bytes content,
    mode_t mode,
    struct br_err *reterr) BR_MUST_USE;
/** The whole file, appended to *ret, up to the buffer's maximum. */
enum br_rc br_file_read(
    const char *path, struct br_buf *ret, struct br_err *reterr) BR_MUST_USE;
/** Overwrite a file where it lies, flush, and delete it: for what must not be
 *  found on the disk later. A disk that writes elsewhere (copy on write, flash)
 *  keeps what it keeps. NOT_FOUND. */
enum br_rc br_file_destroy(const char *path, struct br_err *reterr) BR_MUST_USE;
/** As br_file_replace; the old content is then overwritten where it lay. */
enum br_rc br_file_replace_secret(
    const char *path,
    struct br_bytes content,
    mode_t mode,
    struct br_err *reterr) BR_MUST_USE;

/* ---- files larger than memory, in pieces -------------------------------- */

struct br_file_writer {
    int fd;
    const char *path;
    char temporary[4096];
};

/** The path must outlive the writer. */
enum br_rc
br_file_begin(struct br_file_writer *w, const char *path, struct br_err *reterr)
    BR_MUST_USE;
enum br_rc br_file_append(
    struct br_file_writer *w,
    struct br_bytes piece,
    struct br_err *reterr) BR_MUST_USE;
/** Give it its name; without `replace` as br_file_create. Whatever comes back,
 *  the writer is done with. */
enum br_rc br_file_finish(
    struct br_file_writer *w, mode_t mode, bool replace, struct br_err *reterr)
    BR_MUST_USE;
/** Forget what was written. */
void br_file_abandon(struct br_file_writer *w);

#endif
