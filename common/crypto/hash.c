/* SPDX-License-Identifier: EUPL-1.2 */
/* The low-level SHA-256 of libcrypto has no context to fetch or allocate: for
 * the 65 bytes of a tree's node it is one and a half times as fast as a reused
 * EVP context. It is deprecated, not removed, throughout OpenSSL 3. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/crypto/hash.h"

#include "common/base/assert.h"
#include "common/crypto/memory.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const struct br_hash_info table[] = {
    {BR_HASH_SHA256, "sha-256", "SHA2-256", "2.16.840.1.101.3.4.2.1", 32},
    {BR_HASH_SHA384, "sha-384", "SHA2-384", "2.16.840.1.101.3.4.2.2", 48},
    {BR_HASH_SHA512, "sha-512", "SHA2-512", "2.16.840.1.101.3.4.2.3", 64},
    {BR_HASH_SHA3_256, "sha3-256", "SHA3-256", "2.16.840.1.101.3.4.2.8", 32},
    {BR_HASH_SHA3_512, "sha3-512", "SHA3-512", "2.16.840.1.101.3.4.2.10", 64},
};
enum { COUNT = sizeof(table) / sizeof(table[0]) };

/* libcrypto's locked heap, for private scalars and the nonces of ECDSA. Two
 * hundred keys fit; where the kernel grants less locked memory, it is used
 * unlocked, but still guarded and wiped. */
enum { LOCKED_HEAP_BYTES = 128 * 1024, LOCKED_PIECE_BYTES = 32 };

/** Fetched once: EVP_sha256() and its like fetch anew at every use. */
static EVP_MD *fetched[COUNT];

static enum br_rc
fetch_all(struct br_err *reterr)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (fetched[i] == NULL) {
            fetched[i] = EVP_MD_fetch(NULL, table[i].openssl, NULL);
        }
        if (fetched[i] == NULL) {
            return br_fail(
                reterr, BR_ERR_INTERNAL, "libcrypto has no %s",
                table[i].openssl);
        }
    }
    return BR_OK;
}

enum br_rc
br_crypto_init(struct br_err *reterr)
{
    br_crypto_memory_init();
    if (sodium_init() < 0) {
        return br_fail(reterr, BR_ERR_INTERNAL, "libsodium did not start");
    }
    if (CRYPTO_secure_malloc_initialized() == 0 &&
        CRYPTO_secure_malloc_init(LOCKED_HEAP_BYTES, LOCKED_PIECE_BYTES) == 0) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "libcrypto's locked heap");
    }
    enum br_rc rc = fetch_all(reterr);
    enum br_rc memory = br_crypto_memory_started(reterr);
    return memory != BR_OK ? memory : rc;
}

const struct br_hash_info *
br_hash_nth(size_t i)
{
    return i < COUNT ? &table[i] : NULL;
}

const struct br_hash_info *
br_hash_info(uint64_t alg)
{
    for (size_t i = 0; i < COUNT; i++) {
        if ((uint64_t)table[i].alg == alg) {
            return &table[i];
        }
    }
    return NULL;
}

const struct br_hash_info *
br_hash_by_name(struct br_bytes name)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (br_bytes_eq(br_str(table[i].name), name)) {
            return &table[i];
        }
    }
    return NULL;
}

const struct br_hash_info *
br_hash_by_oid(const char *oid)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(table[i].oid, oid) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

/* ---- SHA-256, the ledger's own ------------------------------------------ */

void
br_sha256(struct br_bytes a, struct br_hash *ret)
{
    br_sha256_parts(&a, 1, ret);
}

void
br_sha256_parts(const struct br_bytes *parts, size_t count, struct br_hash *ret)
{
    SHA256_CTX c;
    (void)SHA256_Init(&c);
    for (size_t i = 0; i < count; i++) {
        (void)SHA256_Update(&c, parts[i].p, parts[i].n);
    }
    (void)SHA256_Final(ret->b, &c);
}

void
br_sha256_leaf(struct br_bytes leaf, struct br_hash *ret)
{
    static const uint8_t prefix = 0x00;
    SHA256_CTX c;
    (void)SHA256_Init(&c);
    (void)SHA256_Update(&c, &prefix, 1);
    (void)SHA256_Update(&c, leaf.p, leaf.n);
    (void)SHA256_Final(ret->b, &c);
}

void
br_sha256_node(
    const struct br_hash *l, const struct br_hash *r, struct br_hash *ret)
{
    uint8_t node[1 + 2 * BR_HASH_BYTES];
    SHA256_CTX c;
    node[0] = 0x01;
    memcpy(node + 1, l->b, BR_HASH_BYTES);
    memcpy(node + 1 + BR_HASH_BYTES, r->b, BR_HASH_BYTES);
    (void)SHA256_Init(&c);
    (void)SHA256_Update(&c, node, sizeof(node));
    (void)SHA256_Final(ret->b, &c);
}

/* ---- the five ----------------------------------------------------------- */

struct br_hasher {
    EVP_MD_CTX *ctx;
    const struct br_hash_info *info;
};

static enum br_rc
hasher_start(struct br_hasher *h, enum br_hash_alg alg, struct br_err *reterr)
{
    h->info = br_hash_info(alg);
    if (h->info == NULL) {
        return br_fail(reterr, BR_ERR_UNSUPPORTED, "digest 0x%x", alg);
    }
    const EVP_MD *md = fetched[h->info - table];
    BR_ASSERT(md != NULL); /* br_crypto_init comes first */
    h->ctx = EVP_MD_CTX_new();
    if (h->ctx == NULL || EVP_DigestInit_ex2(h->ctx, md, NULL) != 1) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "digest context");
    }
    return BR_OK;
}

enum br_rc
br_hasher_new(
    enum br_hash_alg alg, struct br_hasher **ret, struct br_err *reterr)
{
    struct br_hasher *h = (struct br_hasher *)calloc(1, sizeof(*h));
    if (h == NULL) {
        return br_fail(reterr, BR_ERR_NO_MEMORY, "digest context");
    }
    enum br_rc rc = hasher_start(h, alg, reterr);
    if (rc != BR_OK) {
        br_hasher_free(h);
        return rc;
    }
    *ret = h;
    return BR_OK;
}

void
br_hasher_free(struct br_hasher *h)
{
    if (h != NULL) {
        EVP_MD_CTX_free(h->ctx);
        free(h);
    }
}

void
br_hasher_update(struct br_hasher *h, struct br_bytes data)
{
    int ok = EVP_DigestUpdate(h->ctx, data.p, data.n);
    BR_ASSERT(ok == 1);
}

void
br_hasher_final(struct br_hasher *h, struct br_digest *ret)
{
    unsigned n = 0;
    *ret = (struct br_digest){.alg = h->info->alg};
    int ok = EVP_DigestFinal_ex(h->ctx, ret->b, &n);
    BR_ASSERT(ok == 1 && n == h->info->digest_bytes);
}

enum br_rc
br_digest_bytes(
    enum br_hash_alg alg,
    struct br_bytes data,
    struct br_digest *ret,
    struct br_err *reterr)
{
    struct br_hasher h = {0};
    enum br_rc rc = hasher_start(&h, alg, reterr);
    if (rc == BR_OK) {
        br_hasher_update(&h, data);
        br_hasher_final(&h, ret);
    }
    EVP_MD_CTX_free(h.ctx);
    return rc;
}

uint64_t
br_siphash(const uint8_t key[16], struct br_bytes data)
{
    _Static_assert(crypto_shorthash_BYTES == 8, "SipHash-2-4");
    _Static_assert(crypto_shorthash_KEYBYTES == 16, "SipHash-2-4");
    uint64_t v;
    (void)crypto_shorthash((uint8_t *)&v, data.p, data.n, key);
    return v;
}
