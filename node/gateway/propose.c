/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/hash.h"
#include "node/gateway/internal.h"

static uint64_t
scope_of(unsigned member, uint64_t alg)
{
    return (uint64_t)member << 32 | alg;
}

/* Scope of idempotency keys: no algorithm has this number. */
#define SCOPE_KEY 0xffffffffu

static void
refuse(struct br_gateway_request *r, enum br_rc rc, const struct br_err *err)
{
    r->rc = rc;
    r->err = *err;
}

/** An idempotency key that was used before decides the request. */
static bool
known_key(struct br_snapshot *s, struct br_gateway_request *r)
{
    struct br_idempotency old;
    if (!r->keyed ||
        br_snapshot_idempotency(s, &r->idem_key, &old, NULL) != BR_OK) {
        return false;
    }
    if (!br_hash_eq(&old.request, &r->idem_request)) {
        r->rc = br_fail(
            &r->err, BR_ERR_IDEMPOTENCY_MISMATCH,
            "the key belongs to entry %llu", (unsigned long long)old.leaf);
    }
    r->index = old.leaf;
    r->existing = true;
    return true;
}

/** The leaf that these bytes have in the block at hand, or will have. */
static bool
known_in_block(
    struct br_gateway *g,
    struct br_gateway_request *r,
    uint64_t scope,
    struct br_bytes bytes,
    uint64_t leaf)
{
    const struct br_dedup_entry *e =
        br_dedup_find_or_add(&g->dedup, scope, bytes, leaf);
    if (e == NULL) {
        return false;
    }
    r->existing = true;
    r->proposed = true;
    r->index = e->leaf;
    return true;
}

/** A digest that this member has stamped, in this block or in the log. */
static bool
known_digest(
    struct br_gateway *g,
    struct br_snapshot *s,
    struct br_gateway_request *r,
    uint64_t leaf)
{
    if (r->op.type != BR_OP_STAMP || r->again) {
        return false;
    }
    if (known_in_block(
            g, r, scope_of(r->member, r->op.alg), r->op.digest, leaf)) {
        return true;
    }
    enum br_rc rc = br_dedup_in_log(
        br_chain_index(g->o.chain), s, br_str(g->o.members[r->member].id),
        r->op.alg, r->op.digest, &r->existing, &r->index);
    if (rc != BR_OK) {
        r->rc = br_fail(&r->err, rc, "the digest index");
    }
    return r->existing || rc != BR_OK;
}

/** Same key twice in one block: the second is the first. */
static bool
known_key_in_block(
    struct br_gateway *g, struct br_gateway_request *r, uint64_t leaf)
{
    return r->keyed && known_in_block(
                           g, r, scope_of(r->member, SCOPE_KEY),
                           br_hash_bytes(&r->idem_key), leaf);
}

static bool
is_batchable(const struct br_gateway_request *r)
{
    return r->op.type == BR_OP_STAMP || r->op.type == BR_OP_RAW;
}

static void
keep_key(struct br_gateway *g, struct br_gateway_request *r)
{
    if (!r->keyed || r->rc != BR_OK) {
        return;
    }
    struct br_idempotency i = {r->idem_key, r->idem_request, r->index};
    r->rc = br_chain_put_idempotency(g->o.chain, &i, &r->err);
}

/** Operations of this member's new stamps, into g->ops. */
static uint32_t
collect(
    struct br_gateway *g,
    struct br_snapshot *s,
    unsigned member,
    uint64_t first)
{
    uint32_t count = 0;
    br_buf_clear(&g->ops);
    for (struct br_gateway_request *r = g->taken; r != NULL; r = r->next) {
        uint64_t leaf = first + count;
        if (r->member != member || !is_batchable(r) || r->rc != BR_OK ||
            known_key(s, r) || known_key_in_block(g, r, leaf) ||
            known_digest(g, s, r, leaf)) {
            continue;
        }
        br_op_put_notary(&g->ops, &r->op);
        r->proposed = true;
        r->index = leaf;
        count++;
    }
    return count;
}

static void
propose_batch(struct br_gateway *g, struct br_snapshot *s, unsigned member)
{
    struct br_err err = {0};
    uint64_t first = br_effects_next_leaf(br_chain_effects(g->o.chain));
    uint32_t count = collect(g, s, member, first);
    enum br_rc rc = BR_OK;
    if (count > 0) {
        rc = br_gateway_sign_and_run(g, member, count, &first, &err);
    }
    for (struct br_gateway_request *r = g->taken; r != NULL; r = r->next) {
        if (r->member != member || !is_batchable(r)) {
            continue;
        }
        if (rc != BR_OK && r->proposed) {
            refuse(r, rc, &err);
        }
        keep_key(g, r);
    }
    if (rc != BR_OK) {
        br_dedup_forget(&g->dedup);
    }
}

/** Operations on records may be refused: each is a transaction of its own. */
static void
propose_single(
    struct br_gateway *g, struct br_snapshot *s, struct br_gateway_request *r)
{
    struct br_err err = {0};
    if (known_key(s, r)) {
        return;
    }
    br_buf_clear(&g->ops);
    br_op_put_notary(&g->ops, &r->op);
    enum br_rc rc = br_gateway_sign_and_run(g, r->member, 1, &r->index, &err);
    if (rc != BR_OK) {
        refuse(r, rc, &err);
        return;
    }
    keep_key(g, r);
}

void
br_gateway_propose_requests(struct br_gateway *g, struct br_snapshot *s)
{
    for (unsigned m = 0; m < g->o.member_count; m++) {
        propose_batch(g, s, m);
    }
    for (struct br_gateway_request *r = g->taken; r != NULL; r = r->next) {
        if (!is_batchable(r) && r->rc == BR_OK) {
            propose_single(g, s, r);
        }
    }
}

/* ---- many at once ------------------------------------------------------- */

static struct br_bytes
digest_at(const struct br_gateway_bulk *b, size_t i)
{
    return br_bytes(b->digests.p + i * b->digest_bytes, b->digest_bytes);
}

static enum br_rc
plan_one(
    struct br_gateway *g,
    struct br_snapshot *s,
    struct br_gateway_bulk *b,
    size_t i,
    uint64_t *next_leaf)
{
    struct br_bytes digest = digest_at(b, i);
    bool found = false;
    uint64_t leaf = 0;
    if (!b->again) {
        const struct br_dedup_entry *e = br_dedup_find_or_add(
            &g->dedup, scope_of(b->member, b->alg), digest, *next_leaf);
        if (e != NULL) {
            b->index[i] = e->leaf | BR_BULK_EXISTING;
            return BR_OK;
        }
        BR_TRY(br_dedup_in_log(
            br_chain_index(g->o.chain), s, br_str(g->o.members[b->member].id),
            b->alg, digest, &found, &leaf));
    }
    if (found) {
        b->index[i] = leaf | BR_BULK_EXISTING;
        return BR_OK;
    }
    br_op_put_stamp(&g->ops, b->alg, digest);
    b->index[i] = (*next_leaf)++;
    return BR_OK;
}

void
br_gateway_propose_bulk(struct br_gateway *g, struct br_snapshot *s)
{
    struct br_gateway_bulk *b = g->bulk;
    if (b == NULL) {
        return;
    }
    size_t left = b->count - b->next_digest;
    size_t n = left < BR_GATEWAY_BULK_CHUNK ? left : BR_GATEWAY_BULK_CHUNK;
    size_t end = b->next_digest + n;
    uint64_t first = br_effects_next_leaf(br_chain_effects(g->o.chain));
    uint64_t next = first;
    br_buf_clear(&g->ops);
    for (size_t i = b->next_digest; i < end && b->rc == BR_OK; i++) {
        b->rc = plan_one(g, s, b, i, &next);
        if (b->rc != BR_OK) {
            b->rc = br_fail(&b->err, b->rc, "the digest index");
        }
    }
    if (b->rc == BR_OK && next > first) {
        b->rc = br_gateway_sign_and_run(
            g, b->member, next - first, &first, &b->err);
    }
    b->next_digest = end;
}
