/*
 * Fuzz targets: one for each parser of what others send or store.
 *
 * - A target is a program with LLVMFuzzerTestOneInput. With -Dfuzz=true it is
 *   linked with libFuzzer; otherwise with replay.c, which feeds it the files
 *   of tests/fuzz/corpus/<target>/ as a test.
 * - A target asserts what the parser promises: what it accepts is what the
 *   encoder writes; what it lends lies inside the input; what it refuses it
 *   gives a reason for, in one line.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TEST_FUZZ_H
#define BR_TEST_FUZZ_H

#include "common/base/assert.h"
#include "common/base/buf.h"
#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/crypto/hash.h"
#include "common/crypto/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/** The libraries behind common/crypto, once. */
static inline void
fuzz_init(void)
{
    static bool done;
    if (!done) {
        enum br_rc rc = br_crypto_init(NULL);
        BR_ASSERT(rc == BR_OK);
        done = true;
    }
}

/** A key made of 32 bytes of the seed, as in tests/unit/receipt/fixture.h. */
static inline struct br_signer *
fuzz_signer(enum br_sign_alg alg, uint8_t seed)
{
    uint8_t secret[32];
    struct br_signer *s = NULL;
    memset(secret, seed, sizeof(secret));
    enum br_rc rc = br_signer_from_secret(alg, secret, &s, NULL);
    BR_ASSERT(rc == BR_OK);
    return s;
}

/** Does the part lie inside the whole, or is it empty? */
static inline bool
fuzz_inside(struct br_bytes part, struct br_bytes whole)
{
    return part.n == 0 || (part.p >= whole.p && part.n <= whole.n &&
                           part.p + part.n <= whole.p + whole.n);
}

/** A refusal: known to the registry, told in one line. */
static inline void
fuzz_check_refusal(enum br_rc rc, const struct br_err *err)
{
    size_t n = strnlen(err->text, sizeof(err->text));
    BR_ASSERT(rc != BR_OK && err->rc == rc);
    BR_ASSERT(br_err_info(rc)->rc == rc && rc != BR_ERR_INTERNAL);
    BR_ASSERT(n > 0 && n < sizeof(err->text));
    BR_ASSERT(memchr(err->text, '\n', n) == NULL);
}

#endif
