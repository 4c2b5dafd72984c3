/*
 * A time-stamping authority kept in memory, its tokens and bundles.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TEST_TSA_FIXTURE_H
#define BR_TEST_TSA_FIXTURE_H

#include "common/base/buf.h"
#include "common/crypto/hash.h"
#include "node/setup/tsa.h"

/** The authority whose keys are made of these seeds: ca, then tsa. */
struct fx_tsa {
    struct br_signer *signer;
    struct br_tsa *tsa;
    struct br_buf ca; /**< PEM */
};
void fx_tsa_init(struct fx_tsa *t, uint8_t ca_seed, uint8_t tsa_seed);
void fx_tsa_fini(struct fx_tsa *t);

/** Append a response (.tsr) over the digest of these bytes. */
void fx_tsr(
    const struct fx_tsa *t,
    enum br_hash_alg alg,
    struct br_bytes stamped,
    uint64_t time_us,
    struct br_buf *ret);
/** Append a token (.tst). */
void fx_tst(
    const struct fx_tsa *t,
    enum br_hash_alg alg,
    struct br_bytes stamped,
    uint64_t time_us,
    struct br_buf *ret);

/** A bundle, also of kinds that the library does not write. */
struct fx_tsd {
    uint64_t version; /**< 0: 1 */
    const char *uri;  /**< or NULL */
    bool metadata;
    bool hash_protected;
    struct br_bytes name;
    const char *type;           /**< or NULL */
    struct br_bytes attributes; /**< DER of the SET, or empty */
    bool no_content;
    struct br_bytes document;
    unsigned evidence; /**< tag; 0: that of RFC 3161 */
    struct br_bytes token[3];
    struct br_bytes crl[3];
};
/** Append MetaData alone. */
void fx_tsd_metadata(const struct fx_tsd *t, struct br_buf *ret);
/** Append TimeStampAndCRL number i. */
void fx_tsd_element(const struct fx_tsd *t, size_t i, struct br_buf *ret);
/** Append it all; no more than 64 KiB. */
void fx_tsd(const struct fx_tsd *t, struct br_buf *ret);

#endif
