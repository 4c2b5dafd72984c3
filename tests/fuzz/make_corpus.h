/*
 * What the files of make_corpus share.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_FUZZ_MAKE_CORPUS_H
#define BR_FUZZ_MAKE_CORPUS_H

#include "common/base/assert.h"
#include "common/base/buf.h"
#include "common/crypto/sign.h"

struct keys {
    struct br_signer *log;
    struct br_signer *witness;
    struct br_signer *receipt;
};

/** Write a seed of a target. */
void put(const char *target, const char *name, struct br_bytes v);
/** The same, of a buffer that is empty afterwards. */
void put_buf(const char *target, const char *name, struct br_buf *b);
void put_text(const char *target, const char *name, const char *text);

/** JOSE and what stands on it. */
void make_credential_seeds(const struct keys *k, struct br_buf *b);
/** Wallets, their providers, types of credentials. */
void make_wallet_seeds(struct br_buf *b);
void make_passkey_seeds(struct br_buf *b);

#endif
