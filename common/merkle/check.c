/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/hash.h"
#include "common/merkle/internal.h"

/** Where the walk stands: RFC 9162's fn and sn. */
struct walk {
    uint64_t fn;
    uint64_t sn;
};

static void
up(struct walk *w)
{
    w->fn >>= 1;
    w->sn >>= 1;
}

/** A count that no parser of ours lets through. */
static bool
overfull(const struct br_proof *proof)
{
    return proof->count > BR_PROOF_HASHES_MAX;
}

/** RFC 9162 section 2.1.3.2 step 4 and 2.1.4.2 step 6: is the next sibling on
 *  the left? If the node is the last of its level, skip the levels at which
 *  it has none. */
static bool
sibling_is_left(struct walk *w)
{
    if ((w->fn & 1) == 0 && w->fn != w->sn) {
        return false;
    }
    while ((w->fn & 1) == 0 && w->fn != 0) {
        up(w);
    }
    return true;
}

enum br_rc
br_merkle_root_from_inclusion(
    uint64_t index,
    uint64_t size,
    const struct br_hash *leaf_hash,
    const struct br_proof *proof,
    struct br_hash *ret,
    struct br_err *reterr)
{
    if (index >= size) {
        return br_fail(
            reterr, BR_ERR_PROOF_INVALID, "leaf %llu of a tree of %llu",
            (unsigned long long)index, (unsigned long long)size);
    }
    if (overfull(proof)) {
        return br_fail(reterr, BR_ERR_PROOF_INVALID, "the proof is too long");
    }
    struct walk w = {index, size - 1};
    struct br_hash r = *leaf_hash;
    for (size_t i = 0; i < proof->count; i++) {
        if (w.sn == 0) {
            return br_fail(
                reterr, BR_ERR_PROOF_INVALID, "the proof is too long");
        }
        if (sibling_is_left(&w)) {
            br_sha256_node(&proof->hash[i], &r, &r);
        } else {
            br_sha256_node(&r, &proof->hash[i], &r);
        }
        up(&w);
    }
    if (w.sn != 0) {
        return br_fail(reterr, BR_ERR_PROOF_INVALID, "the proof is too short");
    }
    *ret = r;
    return BR_OK;
}

enum br_rc
br_merkle_check_inclusion(
    uint64_t index,
    uint64_t size,
    const struct br_hash *leaf_hash,
    const struct br_proof *proof,
    const struct br_hash *root,
    struct br_err *reterr)
{
    struct br_hash got;
    BR_TRY(br_merkle_root_from_inclusion(
        index, size, leaf_hash, proof, &got, reterr));
    if (!br_hash_eq(&got, root)) {
        return br_fail(
            reterr, BR_ERR_PROOF_INVALID, "the proof leads to another root");
    }
    return BR_OK;
}

struct roots {
    struct br_hash old_root;
    struct br_hash new_root;
};

/** RFC 9162 section 2.1.4.2, steps 3 to 6. */
static enum br_rc
walk_consistency(
    struct walk w,
    const struct br_proof *proof,
    size_t next,
    struct roots *r,
    struct br_err *reterr)
{
    for (size_t i = next; i < proof->count; i++) {
        const struct br_hash *c = &proof->hash[i];
        if (w.sn == 0) {
            return br_fail(
                reterr, BR_ERR_PROOF_INVALID, "the proof is too long");
        }
        if (sibling_is_left(&w)) {
            br_sha256_node(c, &r->old_root, &r->old_root);
            br_sha256_node(c, &r->new_root, &r->new_root);
        } else {
            br_sha256_node(&r->new_root, c, &r->new_root);
        }
        up(&w);
    }
    if (w.sn != 0) {
        return br_fail(reterr, BR_ERR_PROOF_INVALID, "the proof is too short");
    }
    return BR_OK;
}

static enum br_rc
check_trivial(
    bool same,
    const struct br_proof *proof,
    const char *what,
    struct br_err *reterr)
{
    if (proof->count != 0) {
        return br_fail(
            reterr, BR_ERR_PROOF_INVALID, "%s: the proof must be empty", what);
    }
    return same ? BR_OK
                : br_fail(
                      reterr, BR_ERR_PROOF_INVALID,
                      "%s: the roots contradict each other", what);
}

enum br_rc
br_merkle_check_consistency(
    uint64_t m,
    uint64_t n,
    const struct br_hash *old_root,
    const struct br_hash *new_root,
    const struct br_proof *proof,
    struct br_err *reterr)
{
    if (m > n) {
        return br_fail(reterr, BR_ERR_PROOF_INVALID, "the tree has shrunk");
    }
    if (overfull(proof)) {
        return br_fail(reterr, BR_ERR_PROOF_INVALID, "the proof is too long");
    }
    if (m == 0) {
        struct br_hash empty;
        br_sha256(br_bytes(NULL, 0), &empty);
        return check_trivial(
            br_hash_eq(old_root, &empty), proof, "empty tree", reterr);
    }
    if (m == n) {
        return check_trivial(
            br_hash_eq(old_root, new_root), proof, "same size", reterr);
    }
    struct walk w = {m - 1, n - 1};
    while ((w.fn & 1) == 1) {
        up(&w);
    }
    bool implied = w.fn == 0; /* m is a power of two: its root is the start */
    if (!implied && proof->count == 0) {
        return br_fail(reterr, BR_ERR_PROOF_INVALID, "the proof is empty");
    }
    const struct br_hash *start = implied ? old_root : &proof->hash[0];
    struct roots r = {*start, *start};
    BR_TRY(walk_consistency(w, proof, implied ? 0 : 1, &r, reterr));
    if (!br_hash_eq(&r.old_root, old_root)) {
        return br_fail(
            reterr, BR_ERR_PROOF_INVALID,
            "the proof leads to another old root");
    }
    if (!br_hash_eq(&r.new_root, new_root)) {
        return br_fail(
            reterr, BR_ERR_PROOF_INVALID,
            "the proof leads to another new root");
    }
    return BR_OK;
}
