/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/ledger/ledger.h"

#include "common/base/assert.h"
#include "common/crypto/hash.h"
#include "node/ledger/module.h"

/*~ 3 The judge of every transaction: its chain, its time, its key, its
 * sequence, its signature, then each operation. The order is cheap to dear,
 * and each refusal has a code of its own. */
static enum br_rc
check_author(
    const struct br_tx *tx,
    struct br_tx_context *c,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_member_key key;
    uint64_t seq;
    BR_TRY(br_member_key_get(e, &tx->kid, &key, reterr));
    if (!br_bytes_eq(key.member, tx->author)) {
        return br_fail(
            reterr, BR_ERR_UNKNOWN_KEY, "the key is not of the named author");
    }
    if (!br_member_key_valid_at(&key, c->time)) {
        return br_fail(
            reterr, BR_ERR_KEY_NOT_VALID,
            "the key is not valid at the block's time");
    }
    BR_TRY(br_member_get(e, tx->author, &c->member, reterr));
    if (!c->member.active) {
        return br_fail(reterr, BR_ERR_MEMBER_SUSPENDED, "not active");
    }
    BR_TRY(br_member_seq_get(e, &tx->kid, &seq, reterr));
    if (tx->seq <= seq) {
        return br_fail(
            reterr, BR_ERR_REPLAYED, "sequence %llu, the last was %llu",
            (unsigned long long)tx->seq, (unsigned long long)seq);
    }
    return br_tx_check_signature(tx, &key.key, reterr);
}

static enum br_rc
check_envelope(
    const struct br_tx *tx,
    struct br_bytes chain,
    struct br_time_us time,
    struct br_err *reterr)
{
    if (!br_bytes_eq(tx->chain, chain)) {
        return br_fail(
            reterr, BR_ERR_WRONG_CHAIN, "this ledger is %.*s", (int)chain.n,
            (const char *)chain.p);
    }
    if (tx->expiry.v <= time.v) {
        return br_fail(reterr, BR_ERR_EXPIRED, "the expiry has passed");
    }
    return BR_OK;
}

static enum br_rc
run_op(
    enum br_module module,
    const struct br_tx_context *c,
    const struct br_op *op,
    struct br_effects *e,
    struct br_err *reterr)
{
    switch (module) {
    case BR_MODULE_NOTARY:
        return br_notary_run(c, op, e, reterr);
    case BR_MODULE_REGISTRY:
        return br_registry_run(c, op, e, reterr);
    case BR_MODULE_TRUST:
        return br_trust_run(c, op, e, reterr);
    }
    return br_fail(reterr, BR_ERR_UNSUPPORTED, "no such module");
}

static enum br_rc
run_ops(
    const struct br_tx *tx,
    const struct br_tx_context *c,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_cbor r;
    br_cbor_init(&r, tx->ops);
    for (uint64_t i = 0; i < tx->op_count; i++) {
        struct br_op op = {0};
        br_op_read(&r, tx->module, &op);
        BR_ASSERT(op.type != 0); /* br_tx_parse has read it once */
        BR_TRY(run_op(tx->module, c, &op, e, reterr));
    }
    return BR_OK;
}

static enum br_rc
run(struct br_bytes chain,
    struct br_time_us time,
    struct br_bytes bytes,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_tx tx;
    BR_TRY(br_tx_parse(bytes, &tx, reterr));
    BR_TRY(check_envelope(&tx, chain, time, reterr));
    struct br_tx_context c = {.chain = chain, .time = time};
    c.author = tx.author;
    BR_TRY(check_author(&tx, &c, e, reterr));
    if (br_effects_leaf_count(e) + tx.op_count > BR_BLOCK_LEAVES_MAX) {
        return br_fail(reterr, BR_ERR_BUSY, "the block is full");
    }
    BR_TRY(run_ops(&tx, &c, e, reterr));
    return br_member_seq_put(e, &tx.kid, tx.seq, reterr);
}

enum br_rc
br_ledger_run(
    struct br_bytes chain,
    struct br_time_us time,
    struct br_bytes tx,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_effects_mark mark = br_effects_mark(e);
    enum br_rc rc = run(chain, time, tx, e, reterr);
    if (rc != BR_OK) {
        br_effects_rollback(e, &mark);
    }
    return rc;
}

enum br_rc
br_ledger_check(
    struct br_bytes chain,
    struct br_time_us time,
    struct br_bytes tx,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_effects_mark mark = br_effects_mark(e);
    enum br_rc rc = run(chain, time, tx, e, reterr);
    br_effects_rollback(e, &mark);
    return rc;
}

static enum br_rc
keep_row(void *ctx, const struct br_merkle_row *row)
{
    struct br_effects *e = (struct br_effects *)ctx;
    br_buf_put(&e->rows, row, sizeof(*row));
    return br_buf_status(&e->rows, NULL);
}

/** docs/formats.md, "Block": journal = SHA-256(journal || [key, value]). */
static enum br_rc
run_journals(
    const struct br_effects *e,
    struct br_hash journal[BR_MODULE_COUNT],
    struct br_err *reterr)
{
    struct br_buf b;
    br_buf_init(&b, 1u << 20);
    enum br_rc rc = BR_OK;
    for (size_t i = 0; i < br_effects_write_count(e) && rc == BR_OK; i++) {
        const struct br_write *w = br_effects_write(e, i);
        struct br_hash *j = &journal[w->module - 1];
        br_buf_clear(&b);
        br_buf_put(&b, j->b, BR_HASH_BYTES);
        br_cbor_put_array(&b, 2);
        br_cbor_put_bytes(&b, br_write_key(e, w));
        br_cbor_put_bytes(&b, br_write_value(e, w));
        /* Before the next one clears it: a hash of half a write would make
         * another ledger. */
        rc = br_buf_status(&b, reterr);
        br_sha256(br_buf_bytes(&b), j);
    }
    br_buf_fini(&b);
    return rc;
}

static void
put_sub_root(struct br_buf *b, const char *name, const struct br_hash *root)
{
    br_cbor_put_array(b, 2);
    br_cbor_put_text(b, br_str(name));
    br_cbor_put_bytes(b, br_hash_bytes(root));
}

/** docs/formats.md, "Block": a module that came later is named from its first
 *  write on, so that older blocks keep their hashes. */
static enum br_rc
make_app_hash(struct br_head *h, struct br_err *reterr)
{
    enum { COUNT = 1 + BR_MODULE_COUNT };
    const char *const names[COUNT] = {"log", "registry", "notary", "trust"};
    static const struct br_hash nothing = {{0}};
    struct br_hash log_root;
    br_frontier_root(&h->frontier, &log_root);
    const struct br_hash *const roots[COUNT] = {
        &log_root, &h->journal[BR_MODULE_REGISTRY - 1],
        &h->journal[BR_MODULE_NOTARY - 1], &h->journal[BR_MODULE_TRUST - 1]};
    bool has_trust = memcmp(roots[3]->b, nothing.b, BR_HASH_BYTES) != 0;
    struct br_buf b[COUNT];
    struct br_bytes leaves[COUNT];
    enum br_rc rc = BR_OK;
    for (size_t i = 0; i < COUNT; i++) {
        br_buf_init(&b[i], 128);
        put_sub_root(&b[i], names[i], roots[i]);
        leaves[i] = br_buf_bytes(&b[i]);
        rc = rc != BR_OK ? rc : br_buf_status(&b[i], reterr);
    }
    if (rc == BR_OK) {
        br_merkle_list_root(
            leaves, has_trust ? COUNT : COUNT - 1, &h->app_hash);
    }
    for (size_t i = 0; i < COUNT; i++) {
        br_buf_fini(&b[i]);
    }
    return rc;
}

static enum br_rc
hash_leaves(struct br_effects *e, struct br_frontier *f, struct br_err *reterr)
{
    for (size_t i = 0; i < br_effects_leaf_count(e); i++) {
        struct br_hash h;
        br_sha256_leaf(br_effects_leaf(e, i), &h);
        if (br_frontier_append(f, &h, keep_row, e) != BR_OK) {
            return br_fail(reterr, BR_ERR_NO_MEMORY, "rows of the tree");
        }
    }
    return BR_OK;
}

enum br_rc
br_ledger_seal(
    const struct br_head *before,
    struct br_time_us time,
    struct br_effects *e,
    struct br_head *ret,
    struct br_err *reterr)
{
    BR_ASSERT(time.v > before->time.v);
    BR_ASSERT(e->first_leaf == before->frontier.size);
    struct br_head h = *before;
    h.height = before->height + 1;
    h.time = time;
    BR_TRY(hash_leaves(e, &h.frontier, reterr));
    BR_TRY(run_journals(e, h.journal, reterr));
    BR_TRY(make_app_hash(&h, reterr));
    *ret = h;
    return BR_OK;
}

static enum br_rc
put_genesis_member(
    const struct br_genesis_member *g,
    struct br_effects *e,
    struct br_err *reterr)
{
    struct br_member_key k = {.member = g->id, .key = g->key};
    BR_TRY(br_member_put(e, g->id, &g->member, reterr));
    return br_member_key_put(e, &k, reterr);
}

enum br_rc
br_ledger_genesis(
    const struct br_genesis *g,
    struct br_effects *e,
    struct br_head *ret,
    struct br_err *reterr)
{
    bool has_operator = false;
    struct br_head h = {.time = g->time};
    br_frontier_init(&h.frontier);
    for (size_t i = 0; i < g->member_count; i++) {
        BR_TRY(put_genesis_member(&g->members[i], e, reterr));
        has_operator |= (g->members[i].member.roles & BR_ROLE_OPERATOR) != 0;
    }
    if (!has_operator) {
        return br_fail(reterr, BR_ERR_CONFIG, "the genesis names no operator");
    }
    BR_TRY(run_journals(e, h.journal, reterr));
    BR_TRY(make_app_hash(&h, reterr));
    *ret = h;
    return BR_OK;
}
