/*
 * What the files of the store share.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_ORCHESTRATOR_ROWS_H
#define BR_ORCHESTRATOR_ROWS_H

#include "common/codec/cbor.h"
#include "orchestrator/store/store.h"

enum {
    BR_ORCH_ROW_BYTES_MAX = 128 * 1024,
    BR_RENEWAL_FIELDS = 13, /**< of a renewal's row */
};

/** Into out, at most max bytes and a NUL. */
void br_row_text(struct br_cbor *r, char *out, size_t max);
void br_row_hash(struct br_cbor *r, struct br_hash *out);
/** Store the row in b under key, and empty b. */
enum br_rc br_row_put(
    struct br_kv_txn *txn,
    enum br_orch_table table,
    struct br_bytes key,
    struct br_buf *b,
    struct br_err *reterr) BR_MUST_USE;
/** The one row of a table whose key begins with these hexadecimal digits. */
enum br_rc br_row_find(
    struct br_kv_txn *txn,
    enum br_orch_table table,
    const char *prefix,
    struct br_bytes *ret_key,
    struct br_err *reterr) BR_MUST_USE;

static inline void
br_put_be32(uint8_t out[4], uint32_t v)
{
    out[0] = (uint8_t)(v >> 24);
    out[1] = (uint8_t)(v >> 16);
    out[2] = (uint8_t)(v >> 8);
    out[3] = (uint8_t)v;
}
static inline uint32_t
br_get_be32(const uint8_t in[4])
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 |
           (uint32_t)in[2] << 8 | (uint32_t)in[3];
}

#endif
