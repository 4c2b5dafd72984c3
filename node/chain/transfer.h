/*
 * A whole ledger as one file: its genesis and its transactions, block by
 * block. Importing replays them, so a copy is verified as it is made.
 *
 * The file is a CBOR sequence (RFC 8742) of byte strings, each with a length
 * of eight bytes (5b ...), holding CBOR: first ["broletto-export", 1, genesis:
 * bstr], then for each block [time: uint, app_hash: bstr, [+ tx: bstr]].
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CHAIN_TRANSFER_H
#define BR_CHAIN_TRANSFER_H

#include "node/chain/snapshot.h"

#include <stdio.h>

/** Told after each block: blocks done, and in all; may be NULL. */
struct br_transfer_progress {
    void (*fn)(void *ctx, uint64_t done, uint64_t total);
    void *ctx;
};

enum br_rc br_chain_export(
    struct br_chain *c,
    struct br_bytes genesis,
    FILE *out,
    const struct br_transfer_progress *progress,
    struct br_err *reterr) BR_MUST_USE;

/** The genesis at the beginning of an export; *ret is filled. */
enum br_rc br_export_read_genesis(
    FILE *in, struct br_buf *ret, struct br_err *reterr) BR_MUST_USE;
/** The blocks that follow, into a chain that has only its genesis. CORRUPT
 *  names the first block that does not verify; those before it stay. */
enum br_rc br_chain_import(
    struct br_chain *c,
    FILE *in,
    const struct br_transfer_progress *progress,
    struct br_err *reterr) BR_MUST_USE;

#endif
