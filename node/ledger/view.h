/*
 * What the core sees of the state before the block at hand: a read-only map.
 * In production an LMDB transaction, in tests an array.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_LEDGER_VIEW_H
#define BR_LEDGER_VIEW_H

#include "common/base/bytes.h"
#include "common/base/error.h"

struct br_view {
    void *ctx;
    /** The value, borrowed until the block ends. BR_ERR_NOT_FOUND when there
     *  is none; anything else ends the block. */
    enum br_rc (*get)(
        void *ctx,
        struct br_bytes key,
        struct br_bytes *ret,
        struct br_err *reterr);
};

#endif
