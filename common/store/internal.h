/*
 * What the files of common/store share: failures of the system as codes.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_STORE_INTERNAL_H
#define BR_STORE_INTERNAL_H

#include "common/base/error.h"

#include <errno.h>

/** The code of an errno. A file too large for the process's limit is told as
 *  a full disk: the remedy is the same. */
static inline enum br_rc
br_store_errno(int e)
{
    switch (e) {
    case 0:
        return BR_OK;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return BR_ERR_DISK_FULL;
    case ENOMEM:
        return BR_ERR_NO_MEMORY;
    default:
        return BR_ERR_IO;
    }
}

#endif
