/*
 * What a struct br_secret is, for common/crypto alone.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_SECRET_H
#define BR_CRYPTO_SECRET_H

#include "common/crypto/keyfile.h"

struct br_secret {
    uint8_t *p; /**< sodium_malloc */
    size_t n;
};

#endif
