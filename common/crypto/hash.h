/*
 * Digests. Numbers are the multicodec codes, which EBSI's registry uses too.
 *
 * All come from libcrypto. SHA-256, the ledger's own, needs no memory and no
 * preparation; the algorithms of the others are fetched once, before main's
 * first thread (br_crypto_init).
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CRYPTO_HASH_H
#define BR_CRYPTO_HASH_H

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/base/limits.h"

enum br_hash_alg {
    BR_HASH_SHA256 = 0x12,
    BR_HASH_SHA512 = 0x13,
    BR_HASH_SHA3_512 = 0x14,
    BR_HASH_SHA3_256 = 0x16,
    BR_HASH_SHA384 = 0x20,
};

struct br_hash_info {
    enum br_hash_alg alg;
    const char *name;    /**< IANA Hash Function Textual Name: "sha-256" */
    const char *openssl; /**< libcrypto's name: "SHA2-256" */
    const char *oid;     /**< dotted object identifier, for RFC 3161 */
    size_t digest_bytes;
};

/** A digest with its algorithm; bytes past the algorithm's size are zero. */
struct br_digest {
    enum br_hash_alg alg;
    uint8_t b[BR_DIGEST_BYTES_MAX];
};

/** Before any other call of common/crypto and before threads; again is no
 *  harm. Starts libsodium and libcrypto's locked heap. */
enum br_rc br_crypto_init(struct br_err *reterr) BR_MUST_USE;

/** NULL when the code or name is not one of the five. */
const struct br_hash_info *br_hash_info(uint64_t alg);
const struct br_hash_info *br_hash_by_name(struct br_bytes name);
const struct br_hash_info *br_hash_by_oid(const char *oid);
/** The five, for lists: NULL past the end. */
const struct br_hash_info *br_hash_nth(size_t i);

/** SHA-256 of a, or of the parts one after the other. Any thread; no
 *  allocation; does not fail. */
void br_sha256(struct br_bytes a, struct br_hash *ret);
void br_sha256_parts(
    const struct br_bytes *parts, size_t count, struct br_hash *ret);
/** RFC 9162 section 2.1.1: SHA-256(0x00 || leaf), SHA-256(0x01 || l || r). */
void br_sha256_leaf(struct br_bytes leaf, struct br_hash *ret);
void br_sha256_node(
    const struct br_hash *l, const struct br_hash *r, struct br_hash *ret);

/** One-shot digest with any of the five. UNSUPPORTED or NO_MEMORY. */
enum br_rc br_digest_bytes(
    enum br_hash_alg alg,
    struct br_bytes data,
    struct br_digest *ret,
    struct br_err *reterr) BR_MUST_USE;

/** Streaming digest of a file or a body: new, update as often as there are
 *  bytes, final once, free. */
struct br_hasher;
enum br_rc br_hasher_new(
    enum br_hash_alg alg,
    struct br_hasher **ret,
    struct br_err *reterr) BR_MUST_USE;
void br_hasher_free(struct br_hasher *h);
void br_hasher_update(struct br_hasher *h, struct br_bytes data);
void br_hasher_final(struct br_hasher *h, struct br_digest *ret);

/** SipHash-2-4 (libsodium crypto_shorthash), for tables that strangers fill. */
uint64_t br_siphash(const uint8_t key[16], struct br_bytes data);

#endif
