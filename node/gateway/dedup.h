/*
 * Has this member stamped this digest before: in this block, or in the log?
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_GATEWAY_DEDUP_H
#define BR_GATEWAY_DEDUP_H

#include "common/store/digest_index.h"
#include "node/chain/snapshot.h"

/** What is proposed in the block at hand: a table that is cleared with it. */
struct br_dedup {
    uint8_t secret[16];
    struct br_buf slots;   /**< uint32_t each: entry + 1 */
    struct br_buf entries; /**< struct br_dedup_entry each */
};
struct br_gateway_request;
struct br_dedup_entry {
    struct br_bytes bytes; /**< borrowed until the block is settled */
    uint64_t scope;        /**< member and algorithm */
    uint64_t leaf;         /**< that the bytes have, or will have */
    struct br_gateway_request *owner; /**< who brought them first, or NULL */
};

void br_dedup_init(struct br_dedup *d);
void br_dedup_fini(struct br_dedup *d);
/** Room for this many entries in one block; false when memory is refused. */
bool br_dedup_clear(struct br_dedup *d, size_t entries_max);
/** Empty it: what it says of this block no longer holds. */
void br_dedup_forget(struct br_dedup *d);
/** The entry of these bytes in this scope. *ret_new: it was made just now, with
 *  this leaf. Never NULL; valid until the next call. */
struct br_dedup_entry *br_dedup_entry(
    struct br_dedup *d,
    uint64_t scope,
    struct br_bytes bytes,
    uint64_t leaf,
    bool *ret_new);

/** The first leaf in the log with this digest and author. */
enum br_rc br_dedup_in_log(
    struct br_digest_index *index,
    struct br_snapshot *s,
    struct br_bytes author,
    uint64_t alg,
    struct br_bytes digest,
    bool *ret_found,
    uint64_t *ret_leaf);

#endif
