/*
 * What a block does, as values: leaves, writes of state, tree rows.
 *
 * - Transactions add to it one after the other and see what the earlier ones
 *   wrote; a transaction that fails is rolled back to its mark and leaves no
 *   trace.
 * - Owns its memory; br_effects_clear keeps it for the next block.
 * - Borrowed keys and values are valid until the next write.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_LEDGER_EFFECTS_H
#define BR_LEDGER_EFFECTS_H

#include "common/base/buf.h"
#include "common/merkle/merkle.h"
#include "node/ledger/view.h"

/** Each module keeps a journal of its writes; see docs/formats.md, "Block". */
enum br_module {
    BR_MODULE_NOTARY = 1,
    BR_MODULE_REGISTRY = 2, /**< of members */
    BR_MODULE_TRUST = 3,    /**< DIDs, accreditations, credential types */
};
#define BR_MODULE_COUNT 3

struct br_effects {
    const struct br_view *view;
    struct br_buf leaves;    /**< the leaves' bytes, one after the other */
    struct br_buf leaf_ends; /**< uint32_t each: where leaf i ends in leaves */
    struct br_buf bytes;     /**< keys and values of the writes */
    struct br_buf writes;    /**< struct br_write each */
    struct br_buf rows;      /**< struct br_merkle_row each */
    struct br_buf slots;     /**< uint32_t each: hash table over the writes */
    uint64_t first_leaf;     /**< index of leaf 0 of this block */
};

struct br_write {
    uint32_t at; /**< in bytes: the key, then the value */
    uint32_t key_n;
    uint32_t value_n;
    uint32_t hash;
    enum br_module module;
};

struct br_effects_mark {
    size_t leaves;
    size_t leaf_ends;
    size_t bytes;
    size_t writes;
};

void br_effects_init(struct br_effects *e);
void br_effects_fini(struct br_effects *e);
void br_effects_clear(
    struct br_effects *e, const struct br_view *view, uint64_t first_leaf);

struct br_effects_mark br_effects_mark(const struct br_effects *e);
void br_effects_rollback(struct br_effects *e, const struct br_effects_mark *m);

/** State as the block has made it so far. */
enum br_rc br_effects_get(
    const struct br_effects *e,
    struct br_bytes key,
    struct br_bytes *ret,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_effects_put(
    struct br_effects *e,
    enum br_module module,
    struct br_bytes key,
    struct br_bytes value,
    struct br_err *reterr) BR_MUST_USE;
enum br_rc br_effects_add_leaf(
    struct br_effects *e,
    struct br_bytes leaf,
    struct br_err *reterr) BR_MUST_USE;

size_t br_effects_leaf_count(const struct br_effects *e);
/** Index in the log that the next leaf will have. */
uint64_t br_effects_next_leaf(const struct br_effects *e);
struct br_bytes br_effects_leaf(const struct br_effects *e, size_t i);
size_t br_effects_write_count(const struct br_effects *e);
const struct br_write *br_effects_write(const struct br_effects *e, size_t i);
struct br_bytes
br_write_key(const struct br_effects *e, const struct br_write *w);
struct br_bytes
br_write_value(const struct br_effects *e, const struct br_write *w);
size_t br_effects_row_count(const struct br_effects *e);
const struct br_merkle_row *
br_effects_row(const struct br_effects *e, size_t i);

#endif
