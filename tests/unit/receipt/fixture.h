/*
 * A small log kept in memory, its keys, and its receipts: for the tests of
 * common/receipt.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_TEST_RECEIPT_FIXTURE_H
#define BR_TEST_RECEIPT_FIXTURE_H

/* cmocka wants these four before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/receipt/cose_receipt.h"
#include "common/receipt/leaf.h"
#include "common/receipt/note.h"
#include "common/receipt/tlog_proof.h"

#define FX_LEAVES_MAX 64
#define FX_ORIGIN     "ledger.example.org/test"
/* 2026-01-01T00:00:00Z */
#define FX_NOW_S UINT64_C(1767225600)

#define assert_ok(expr) assert_int_equal((expr), BR_OK)

struct fx_tree {
    size_t size;
    struct br_hash leaf[FX_LEAVES_MAX];
};

/** RFC 9162 section 2.1, as written there, without cleverness. */
void
fx_root(const struct fx_tree *t, size_t from, size_t to, struct br_hash *ret);
void fx_inclusion(
    const struct fx_tree *t, size_t index, size_t size, struct br_proof *ret);
void fx_consistency(
    const struct fx_tree *t, size_t m, size_t n, struct br_proof *ret);

/** A key made of 32 bytes of the seed. */
struct br_signer *fx_signer(enum br_sign_alg alg, uint8_t seed);

/** The stamp of "document <i>" by "acme", a minute before FX_NOW_S. */
size_t fx_leaf(unsigned i, uint8_t out[BR_OWN_LEAF_BYTES_MAX]);
/** A log of `size` such stamps. */
void fx_log(struct fx_tree *t, size_t size);

/** Append the signed checkpoint of the first `size` leaves. */
void fx_checkpoint(
    struct br_buf *b,
    const struct fx_tree *t,
    size_t size,
    struct br_signer *log);
/** Append a cosignature to the note in *b. */
void fx_cosign(
    struct br_buf *b, const char *name, struct br_signer *s, uint64_t time_s);
/** Append the tlog-proof of a leaf under this signed checkpoint. */
void fx_proof(
    struct br_buf *b,
    const struct fx_tree *t,
    unsigned index,
    size_t size,
    struct br_bytes checkpoint);

/** Append the vkey of a signer. */
void fx_vkey(
    struct br_buf *b,
    const char *name,
    enum br_note_key_type type,
    const struct br_signer *s);

/** cmocka group set-up: br_crypto_init. */
int fx_setup(void **state);

#endif
