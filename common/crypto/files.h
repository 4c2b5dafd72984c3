/*
 * Small files, written whole or not at all.
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

#endif
