/*
 * From a digest to the leaves that carry it: a rebuildable index of random
 * keys that does not slow the log down.
 *
 * - A key is SipHash-2-4 of the caller's bytes under a secret of this index,
 *   so nobody can choose digests that collide. A value is a leaf index.
 * - The newest pairs live in a hash table in memory (BR_INDEX_MEMORY_PAIRS, 16
 *   MiB); when it is full another takes its place, and a thread writes it as a
 *   sorted run: a file of 16-byte pairs and a small filter, written to a
 *   temporary name, synced, renamed, then mapped. Another thread merges eight
 *   runs of like size into one, so that a look-up touches few runs. Uniform
 *   keys are found by interpolation.
 * - Nothing here is truth: the pairs come from the log. The runs' names say
 *   which leaves they cover, `covered` up to which they are complete; the owner
 *   adds again what came later when it starts. A damaged run is refused with
 *   BR_ERR_CORRUPT, and the owner rebuilds the index; since callers compare
 *   the leaf itself, a wrong pair can hide a stamp but never invent one.
 * - One thread adds, forgets, resets and closes; any thread looks up, and never
 *   waits for the disk's writes or for the adding.
 * - br_crypto_init comes first.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_STORE_DIGEST_INDEX_H
#define BR_STORE_DIGEST_INDEX_H

#include "common/base/bytes.h"
#include "common/base/error.h"

#define BR_INDEX_MEMORY_PAIRS (512u * 1024)

struct br_digest_index;

/** Opens or creates the folder; a secret is made at the first start, or when
 *  it is missing, and the index is then empty. BR_ERR_BUSY when it is open
 *  elsewhere. When `covered` is beyond the owner's log, the owner resets. */
enum br_rc br_digest_index_open(
    const char *folder,
    struct br_digest_index **ret,
    struct br_err *reterr) BR_MUST_USE;
/** The same with another size of the table in memory: for tests. */
enum br_rc br_digest_index_open_sized(
    const char *folder,
    size_t pairs_max,
    struct br_digest_index **ret,
    struct br_err *reterr) BR_MUST_USE;
/** What is in memory is dropped: the owner adds it again at the next start. */
void br_digest_index_close(struct br_digest_index *ix);
/** Remove a closed index with all its files; the folder too, unless it holds
 *  something else. BR_OK when there is none. */
enum br_rc
br_digest_index_remove(const char *folder, struct br_err *reterr) BR_MUST_USE;
/** Remove every run: the owner will add from leaf 0. */
enum br_rc br_digest_index_reset(
    struct br_digest_index *ix, struct br_err *reterr) BR_MUST_USE;
/** Leaves below this are in runs on disk: add again from here at a start. */
struct br_leaf_index br_digest_index_covered(const struct br_digest_index *ix);

/** Leaves must be added in ascending order; a leaf without a digest is simply
 *  not added, one that is here already is passed over: adding again from
 *  `covered` is always right. Never waits for the disk unless the table before
 *  is still being written (bounded memory). When that fails (BR_ERR_DISK_FULL,
 *  BR_ERR_IO, BR_ERR_NO_MEMORY) the leaf is not here: later ones are refused
 *  (BR_ERR_CONFLICT) until it is added, and each try writes anew. */
enum br_rc br_digest_index_add(
    struct br_digest_index *ix,
    struct br_bytes digest,
    struct br_leaf_index leaf,
    struct br_err *reterr) BR_MUST_USE;
/** Forget the leaves from this one on (after an undo), and whatever is no
 *  longer in a whole run: the owner adds again from `covered`. */
enum br_rc br_digest_index_forget_from(
    struct br_digest_index *ix,
    struct br_leaf_index leaf,
    struct br_err *reterr) BR_MUST_USE;

/** Read every run and compare its checksum. */
enum br_rc br_digest_index_check(
    struct br_digest_index *ix, struct br_err *reterr) BR_MUST_USE;

/** As many are worth telling together. */
#define BR_DIGEST_INDEX_AHEAD 32
/** These will be looked up or added soon. A look-up misses the processor's
 *  caches once a run: of many that are told together the misses overlap. */
void br_digest_index_prefetch(
    struct br_digest_index *ix, const struct br_bytes *digests, size_t count);

/** Leaves that may carry this digest, ascending, beginning at `from`; at most
 *  max. A few may be others' (64-bit keys collide): the caller compares the
 *  leaf itself. */
enum br_rc br_digest_index_find(
    struct br_digest_index *ix,
    struct br_bytes digest,
    struct br_leaf_index from,
    struct br_leaf_index *ret,
    size_t max,
    size_t *ret_count) BR_MUST_USE;

#endif
