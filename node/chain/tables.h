/*
 * The tables of the chain and their keys. Numbers in keys are big endian.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_CHAIN_TABLES_H
#define BR_CHAIN_TABLES_H

#include "common/store/kv.h"

enum br_chain_table {
    BR_T_META,     /**< "head", "format" */
    BR_T_LEAVES,   /**< u64 index -> entry */
    BR_T_BLOCKS,   /**< u64 height -> block */
    BR_T_TXS,      /**< u64 height, u32 position -> transaction */
    BR_T_STATE,    /**< the core's keys and values */
    BR_T_UNDO,     /**< u64 height -> what undoes it */
    BR_T_AUTHORS,  /**< member, 0, u64 first leaf -> u32 count */
    BR_T_IDEM,     /**< 32-byte key -> request hash, u64 leaf */
    BR_T_IDEM_AGE, /**< u64 time, 32-byte key -> nothing */
    BR_T_NODES,    /**< this + g - 1: u64 row -> sixteen hashes, g = 1.. */
};
#define BR_CHAIN_NODE_LEVELS 12 /* 16^13 leaves */
#define BR_CHAIN_TABLES      (BR_T_NODES + BR_CHAIN_NODE_LEVELS)

#define BR_AUTHOR_KEY_BYTES_MAX (64 + 1 + 8)

extern const char *const br_chain_tables[BR_CHAIN_TABLES];

/** member, 0, u64: returns the key's length. */
size_t br_author_key(
    uint8_t out[BR_AUTHOR_KEY_BYTES_MAX],
    struct br_bytes member,
    uint64_t first_leaf);

static inline struct br_bytes
br_key_u64(uint8_t out[8], uint64_t v)
{
    br_put_be64(out, v);
    return br_bytes(out, 8);
}

#endif
