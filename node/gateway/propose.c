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

/** A key that the log remembers. */
static void
decide_by_stored_key(struct br_snapshot *s, struct br_gateway_request *r)
{
    struct br_idempotency old;
    enum br_rc rc = br_snapshot_idempotency(s, &r->idem_key, &old, &r->err);
    if (rc == BR_ERR_NOT_FOUND) {
        return;
    }
    r->key_known = true;
    if (rc != BR_OK) {
        r->rc = rc; /* whether it was used is not known: not anew */
        return;
    }
    r->existing = true;
    r->index = old.leaf;
    if (!br_hash_eq(&old.request, &r->idem_request)) {
        r->rc = br_fail(
            &r->err, BR_ERR_IDEMPOTENCY_MISMATCH,
            "the key belongs to entry %llu", (unsigned long long)old.leaf);
    }
}

/** An idempotency key that was used before, in this block or in the log,
 *  decides the request. */
static bool
is_decided_by_key(
    struct br_gateway *g, struct br_snapshot *s, struct br_gateway_request *r)
{
    bool is_new;
    if (!r->keyed) {
        return false;
    }
    struct br_dedup_entry *e = br_dedup_entry(
        &g->dedup, scope_of(r->member, SCOPE_KEY), br_hash_bytes(&r->idem_key),
        0, &is_new);
    if (is_new) {
        e->owner = r;
        decide_by_stored_key(s, r);
        return r->key_known;
    }
    if (br_hash_eq(&e->owner->idem_request, &r->idem_request)) {
        r->same_as = e->owner;
    } else {
        r->rc = br_fail(
            &r->err, BR_ERR_IDEMPOTENCY_MISMATCH,
            "another request has brought this key just now");
    }
    return true;
}

/** A digest that this member has stamped, in this block or in the log. */
static bool
is_decided_by_digest(
    struct br_gateway *g,
    struct br_snapshot *s,
    struct br_gateway_request *r,
    uint64_t leaf)
{
    bool is_new;
    if (r->op.type != BR_OP_STAMP || r->again) {
        return false;
    }
    struct br_dedup_entry *e = br_dedup_entry(
        &g->dedup, scope_of(r->member, r->op.alg), r->op.digest, leaf, &is_new);
    if (!is_new) {
        r->same_as = e->owner;
        return true;
    }
    e->owner = r;
    enum br_rc rc = br_dedup_in_log(
        br_chain_index(g->o.chain), s, br_str(g->o.members[r->member].id),
        r->op.alg, r->op.digest, &r->existing, &r->index);
    if (rc != BR_OK) {
        r->rc = br_fail(&r->err, rc, "the digest index");
    }
    if (r->existing) {
        e->leaf = r->index;
    }
    return r->existing || rc != BR_OK;
}

/** What the first one got. */
static void
follow(struct br_gateway_request *r)
{
    if (r->same_as != NULL) {
        r->rc = r->same_as->rc;
        r->err = r->same_as->err;
        r->index = r->same_as->index;
        r->existing = true;
    }
}

static bool
is_batchable(const struct br_gateway_request *r)
{
    return r->op.type == BR_OP_STAMP || r->op.type == BR_OP_RAW;
}

static void
keep_key(struct br_gateway *g, struct br_gateway_request *r)
{
    if (!r->keyed || r->key_known || r->rc != BR_OK ||
        (r->same_as != NULL && r->same_as->keyed &&
         br_hash_eq(&r->same_as->idem_key, &r->idem_key))) {
        return;
    }
    struct br_idempotency i = {r->idem_key, r->idem_request, r->index};
    r->rc = br_chain_put_idempotency(g->o.chain, &i, &r->err);
    g->kept_keys++;
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
            is_decided_by_key(g, s, r) || is_decided_by_digest(g, s, r, leaf)) {
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
        follow(r);
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
    if (is_decided_by_key(g, s, r)) {
        follow(r);
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
    if (!b->again) {
        bool is_new;
        struct br_dedup_entry *e = br_dedup_entry(
            &g->dedup, scope_of(b->member, b->alg), digest, *next_leaf,
            &is_new);
        if (is_new) {
            BR_TRY(br_dedup_in_log(
                br_chain_index(g->o.chain), s,
                br_str(g->o.members[b->member].id), b->alg, digest, &found,
                &e->leaf));
        }
        if (!is_new || found) {
            b->index[i] = e->leaf | BR_BULK_EXISTING;
            return BR_OK;
        }
    }
    br_op_put_stamp(&g->ops, b->alg, digest);
    b->index[i] = (*next_leaf)++;
    return BR_OK;
}

/** Plan the digests from b->next_digest on, as far as `end`. */
static enum br_rc
plan_some(
    struct br_gateway *g,
    struct br_snapshot *s,
    struct br_gateway_bulk *b,
    size_t end,
    uint64_t *next_leaf)
{
    struct br_bytes ahead[BR_DIGEST_INDEX_AHEAD];
    size_t i = b->next_digest;
    while (i < end) {
        size_t n = 0;
        while (n < BR_DIGEST_INDEX_AHEAD && i + n < end) {
            ahead[n] = digest_at(b, i + n);
            n++;
        }
        br_digest_index_prefetch(br_chain_index(g->o.chain), ahead, n);
        for (size_t stop = i + n; i < stop; i++) {
            BR_TRY(plan_one(g, s, b, i, next_leaf));
        }
    }
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
    if (b->rc == BR_OK) {
        b->rc = plan_some(g, s, b, end, &next);
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
