/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/receipt/leaf.h"
#include "node/chain/internal.h"
#include "node/chain/tables.h"

#include <stdio.h>

/** Leaves with a digest that somebody may look up are indexed; of others it
 *  is empty. */
static struct br_bytes
digest_of(struct br_bytes entry)
{
    struct br_leaf leaf;
    if (br_leaf_parse(entry, &leaf, NULL) != BR_OK ||
        (leaf.kind != BR_LEAF_STAMP && leaf.kind != BR_LEAF_RECORD)) {
        return br_bytes(NULL, 0);
    }
    return leaf.digest;
}

static enum br_rc
add(struct br_chain *c,
    uint64_t index,
    struct br_bytes digest,
    struct br_err *reterr)
{
    if (digest.n == 0) {
        return BR_OK;
    }
    return br_digest_index_add(
        c->index, digest, (struct br_leaf_index){index}, reterr);
}

enum br_rc
br_chain_catch_up_index(struct br_chain *c, struct br_err *reterr)
{
    uint64_t from = br_digest_index_covered(c->index).v;
    struct br_kv_txn *txn;
    struct br_kv_cursor *cursor;
    struct br_bytes key;
    struct br_bytes value;
    uint8_t start[8];
    BR_TRY(br_kv_begin_read(c->kv, &txn, reterr));
    enum br_rc rc = br_kv_cursor_open(txn, BR_T_LEAVES, &cursor, reterr);
    if (rc == BR_OK) {
        rc = br_kv_seek(cursor, br_key_u64(start, from), &key, &value);
        while (rc == BR_OK) {
            rc = add(c, br_get_be64(key.p), digest_of(value), reterr);
            if (rc == BR_OK) {
                rc = br_kv_next(cursor, &key, &value);
            }
        }
        br_kv_cursor_close(cursor);
    }
    br_kv_end(txn);
    return rc == BR_ERR_NOT_FOUND ? BR_OK : rc;
}

static enum br_rc
open_or_rebuild(struct br_chain *c, const char *path, struct br_err *reterr)
{
    enum br_rc rc = br_digest_index_open(path, &c->index, reterr);
    if (rc == BR_ERR_CORRUPT) {
        BR_TRY(br_digest_index_remove(path, reterr));
        rc = br_digest_index_open(path, &c->index, reterr);
    }
    return rc;
}

enum br_rc
br_chain_open_index(
    struct br_chain *c, const char *folder, struct br_err *reterr)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/index", folder);
    BR_TRY(open_or_rebuild(c, path, reterr));
    uint64_t covered = br_digest_index_covered(c->index).v;
    if (covered > c->head.frontier.size) {
        /* An older chain was put under a newer index: begin again. */
        BR_TRY(br_digest_index_reset(c->index, reterr));
    }
    return br_chain_catch_up_index(c, reterr);
}

enum br_rc
br_chain_index_block(struct br_chain *c, struct br_err *reterr)
{
    const struct br_effects *e = &c->effects;
    struct br_bytes digest[BR_DIGEST_INDEX_AHEAD];
    size_t i = 0;
    while (i < br_effects_leaf_count(e)) {
        size_t n = 0;
        while (n < BR_DIGEST_INDEX_AHEAD && i + n < br_effects_leaf_count(e)) {
            digest[n] = digest_of(br_effects_leaf(e, i + n));
            n++;
        }
        br_digest_index_prefetch(c->index, digest, n);
        for (size_t k = 0; k < n; k++, i++) {
            BR_TRY(add(c, e->first_leaf + i, digest[k], reterr));
        }
    }
    return BR_OK;
}
