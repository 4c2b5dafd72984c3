/*
 * Memory for libcrypto: when it is refused, we know.
 *
 * libcrypto tells a refused allocation as whatever could not be done for it: a
 * key that is none, a signature that does not verify. Who reports such a
 * failure asks here first, so that nobody distrusts a receipt because a
 * machine was out of memory.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_MEMORY_H
#define BR_CRYPTO_MEMORY_H

#include "common/base/error.h"

#include <stdbool.h>

/** Before anything else of libcrypto; later it does nothing. */
void br_crypto_memory_init(void);
/** libcrypto has started: BR_ERR_NO_MEMORY when it lived on the reserve. */
enum br_rc br_crypto_memory_started(struct br_err *reterr) BR_MUST_USE;

/** Forget earlier refusals on this thread. */
void br_crypto_memory_watch(void);
/** It was refused to us, beside libcrypto. */
void br_crypto_memory_note(void);
/** Was memory refused on this thread since? */
bool br_crypto_memory_refused(void);

#endif
