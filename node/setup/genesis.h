/*
 * The genesis file: what a ledger begins with; docs/formats.md, "Genesis".
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_SETUP_GENESIS_H
#define BR_SETUP_GENESIS_H

#include "node/ledger/ledger.h"

enum { BR_GENESIS_MEMBERS_MAX = 256, BR_GENESIS_BYTES_MAX = 256 * 1024 };

/** A genesis with the memory that it borrows from. */
struct br_genesis_file {
    struct br_buf bytes;
    struct br_genesis genesis;
    struct br_genesis_member member[BR_GENESIS_MEMBERS_MAX];
};

/** CBOR: [1, chain, time, [+ [id, name, roles, alg, public]]]. */
void br_genesis_put(struct br_buf *b, const struct br_genesis *g);
/** Read DIR/genesis.cbor. Call br_genesis_file_fini either way. */
enum br_rc br_genesis_file_read(
    const char *data_dir,
    struct br_genesis_file *ret,
    struct br_err *reterr) BR_MUST_USE;
void br_genesis_file_fini(struct br_genesis_file *g);

#endif
