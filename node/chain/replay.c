/* SPDX-License-Identifier: EUPL-1.2 */
#include "node/chain/replay.h"

#include "node/chain/internal.h"
#include "node/chain/tables.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

struct replay {
    const struct br_replay_options *o;
    struct br_chain *from;
    struct br_chain *to;
    struct br_snapshot s; /**< of the chain that is verified */
};

static enum br_rc
differs(struct br_err *reterr, uint64_t height, const char *what)
{
    return br_fail(
        reterr, BR_ERR_CORRUPT, "block %llu: %s", (unsigned long long)height,
        what);
}

static enum br_rc
replay_tx(
    struct replay *r,
    const struct br_block *b,
    uint32_t i,
    struct br_err *reterr)
{
    struct br_bytes tx;
    struct br_err inner;
    uint64_t first;
    uint64_t leaves;
    if (br_snapshot_tx(&r->s, b->height, i, &tx, NULL) != BR_OK) {
        return br_fail(
            reterr, BR_ERR_CORRUPT, "block %llu: transaction %u is missing",
            (unsigned long long)b->height, i);
    }
    if (br_chain_run(r->to, tx, &first, &leaves, &inner) != BR_OK) {
        return br_fail(
            reterr, BR_ERR_CORRUPT, "block %llu: transaction %u: %.160s",
            (unsigned long long)b->height, i, inner.text);
    }
    return BR_OK;
}

static enum br_rc
replay_txs(struct replay *r, const struct br_block *b, struct br_err *reterr)
{
    struct br_head head;
    for (uint32_t i = 0; i < b->tx_count; i++) {
        BR_TRY(replay_tx(r, b, i, reterr));
    }
    BR_TRY(br_chain_seal(r->to, &head, reterr));
    if (!br_hash_eq(&head.app_hash, &b->app_hash)) {
        return differs(reterr, b->height, "another application hash");
    }
    return BR_OK;
}

static enum br_rc
replay_block(struct replay *r, uint64_t height, struct br_err *reterr)
{
    struct br_block b;
    const struct br_head *head = br_chain_head(r->to);
    if (br_snapshot_block(&r->s, height, &b, reterr) != BR_OK) {
        return differs(reterr, height, "the header cannot be read");
    }
    if (b.height != height || b.time.v <= head->time.v ||
        b.first_leaf != head->frontier.size || b.tx_count == 0) {
        return differs(reterr, height, "the header does not follow");
    }
    BR_TRY(br_chain_begin(r->to, b.time, reterr));
    enum br_rc rc = replay_txs(r, &b, reterr);
    if (rc != BR_OK) {
        br_chain_abort(r->to);
        return rc;
    }
    return br_chain_commit(r->to, reterr);
}

/* ---- row by row --------------------------------------------------------- */

struct walk {
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes value;
    enum br_rc rc;
};

static void
walk_first(struct walk *w)
{
    w->rc = br_kv_seek(w->c, br_bytes("", 1), &w->key, &w->value);
}

static void
walk_next(struct walk *w)
{
    w->rc = br_kv_next(w->c, &w->key, &w->value);
}

static enum br_rc
row_differs(unsigned table, const struct walk *w, struct br_err *reterr)
{
    uint64_t number = 0;
    for (size_t i = 0; i < w->key.n && i < 8; i++) {
        number = number << 8 | w->key.p[i];
    }
    return br_fail(
        reterr, BR_ERR_CORRUPT, "table %s: the row %llu is not as it was made",
        br_chain_tables[table], (unsigned long long)number);
}

static enum br_rc
compare_rows(
    struct walk *a, struct walk *b, unsigned table, struct br_err *reterr)
{
    walk_first(a);
    walk_first(b);
    while (a->rc == BR_OK && b->rc == BR_OK) {
        if (!br_bytes_eq(a->key, b->key) || !br_bytes_eq(a->value, b->value)) {
            return row_differs(table, b, reterr);
        }
        walk_next(a);
        walk_next(b);
    }
    if (a->rc != BR_ERR_NOT_FOUND || b->rc != BR_ERR_NOT_FOUND) {
        return br_fail(
            reterr, BR_ERR_CORRUPT, "table %s: rows too many or too few",
            br_chain_tables[table]);
    }
    return BR_OK;
}

static enum br_rc
compare_table(
    struct replay *r,
    struct br_kv_txn *made,
    unsigned table,
    struct br_err *reterr)
{
    struct walk a = {0};
    struct walk b = {0};
    BR_TRY(br_kv_cursor_open(r->s.txn, table, &a.c, reterr));
    enum br_rc rc = br_kv_cursor_open(made, table, &b.c, reterr);
    if (rc == BR_OK) {
        rc = compare_rows(&a, &b, table, reterr);
        br_kv_cursor_close(b.c);
    }
    br_kv_cursor_close(a.c);
    return rc;
}

/** Idempotency keys are the gateway's memory, not the ledger's. */
static bool
is_compared(unsigned table)
{
    return table != BR_T_IDEM && table != BR_T_IDEM_AGE;
}

static enum br_rc
compare(struct replay *r, struct br_err *reterr)
{
    struct br_kv_txn *made;
    BR_TRY(br_kv_begin_read(br_chain_kv(r->to), &made, reterr));
    enum br_rc rc = BR_OK;
    for (unsigned t = 0; t < BR_CHAIN_TABLES && rc == BR_OK; t++) {
        rc = is_compared(t) ? compare_table(r, made, t, reterr) : BR_OK;
    }
    br_kv_end(made);
    return rc;
}

/* ---- the whole ---------------------------------------------------------- */

static enum br_rc
walk_blocks(
    struct replay *r, struct br_replay_report *ret, struct br_err *reterr)
{
    uint64_t total = r->s.head.frontier.size;
    for (uint64_t h = 1; h <= r->s.head.height; h++) {
        BR_TRY(replay_block(r, h, reterr));
        if (r->o->progress != NULL) {
            r->o->progress(
                r->o->ctx, br_chain_head(r->to)->frontier.size, total);
        }
    }
    BR_TRY(compare(r, reterr));
    ret->blocks = r->s.head.height;
    ret->leaves = total;
    ret->app_hash = r->s.head.app_hash;
    br_snapshot_root(&r->s, &ret->root);
    return BR_OK;
}

static enum br_rc
open_scratch(struct replay *r, struct br_err *reterr)
{
    struct br_chain_options to = {
        .folder = r->o->scratch,
        .chain = r->o->genesis->chain,
        .scratch = true,
    };
    if (mkdir(r->o->scratch, 0700) != 0) {
        return br_fail(
            reterr, BR_ERR_IO, "scratch folder %s: %s", r->o->scratch,
            strerror(errno));
    }
    BR_TRY(br_chain_create(&to, r->o->genesis, reterr));
    return br_chain_open(&to, &r->to, reterr);
}

enum br_rc
br_chain_verify(
    const struct br_replay_options *options,
    struct br_replay_report *ret,
    struct br_err *reterr)
{
    struct replay r = {.o = options};
    struct br_chain_options from = {
        .folder = options->folder,
        .chain = options->genesis->chain,
        .read_only = true,
    };
    BR_TRY(br_chain_open(&from, &r.from, reterr));
    enum br_rc rc = open_scratch(&r, reterr);
    if (rc == BR_OK) {
        rc = br_snapshot_open(r.from, &r.s, reterr);
    }
    if (rc == BR_OK) {
        rc = walk_blocks(&r, ret, reterr);
        br_snapshot_close(&r.s);
    }
    br_chain_close(r.to);
    br_chain_close(r.from);
    return rc;
}
