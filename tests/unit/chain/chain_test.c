/*
 * The chain on disk: durable, undoable, verifiable row by row.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/base/assert.h"
#include "common/crypto/hash.h"
#include "common/receipt/leaf.h"
#include "common/store/digest_index.h"
#include "node/chain/replay.h"
#include "node/chain/tables.h"
#include "node/ledger/trust.h"
#include "tests/unit/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Leaves of a block in these tests: rows of the tree become complete at odd
 * places. */
enum { BLOCK = 37 };

struct fixture {
    char folder[64];
    struct br_genesis_member member;
    struct br_genesis genesis;
    struct br_signer *signer;
    struct br_chain *chain;
    uint64_t seq;
    uint64_t next_digest;
};

static struct br_chain_options
options(const struct fixture *f)
{
    return (struct br_chain_options){
        .folder = f->folder,
        .chain = br_str("test"),
        .map_bytes = 1u << 28,
    };
}

static void
reopen(struct fixture *f)
{
    struct br_chain_options o = options(f);
    br_chain_close(f->chain);
    f->chain = NULL;
    assert_int_equal(br_chain_open(&o, &f->chain, NULL), BR_OK);
}

static int
setup(void **state)
{
    struct fixture *f = (struct fixture *)calloc(1, sizeof(*f));
    uint8_t secret[32] = {5};
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/br-chain-XXXXXX");
    if (br_crypto_init(NULL) != BR_OK || mkdtemp(f->folder) == NULL ||
        br_signer_from_secret(BR_SIGN_ED25519, secret, &f->signer, NULL) !=
            BR_OK) {
        return -1;
    }
    f->member = (struct br_genesis_member){
        .id = br_str("comune"),
        .member = {br_str("Comune"), BR_ROLE_OPERATOR | BR_ROLE_NOTARY, true},
        .key = *br_signer_public(f->signer),
    };
    f->genesis = (struct br_genesis){br_str("test"), {1000000}, &f->member, 1};
    struct br_chain_options o = options(f);
    if (br_chain_create(&o, &f->genesis, NULL) != BR_OK) {
        return -1;
    }
    reopen(f);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    br_chain_close(f->chain);
    br_signer_free(f->signer);
    int rc = remove_tree(f->folder);
    free(f);
    return rc;
}

static void
digest_number(uint64_t n, uint8_t out[32])
{
    struct br_hash h;
    br_sha256(br_bytes(&n, sizeof(n)), &h);
    memcpy(out, h.b, 32);
}

/** A transaction of n new stamps, run in the block at hand. */
static void
run_stamps(struct fixture *f, size_t n)
{
    struct br_buf ops;
    struct br_buf tx;
    uint64_t first;
    uint64_t leaves;
    br_buf_init(&ops, BR_TX_BYTES_MAX);
    br_buf_init(&tx, BR_TX_BYTES_MAX);
    for (size_t i = 0; i < n; i++) {
        uint8_t digest[32];
        digest_number(f->next_digest++, digest);
        br_op_put_stamp(&ops, BR_HASH_SHA256, br_bytes(digest, 32));
    }
    struct br_tx_draft d = {
        .chain = br_str("test"),
        .author = br_str("comune"),
        .seq = ++f->seq,
        .expiry = {1ull << 50},
        .module = BR_MODULE_NOTARY,
        .op_count = n,
        .ops = br_buf_bytes(&ops),
    };
    assert_int_equal(br_tx_sign(&d, f->signer, &tx, NULL), BR_OK);
    assert_int_equal(
        br_chain_run(f->chain, br_buf_bytes(&tx), &first, &leaves, NULL),
        BR_OK);
    assert_int_equal(leaves, n);
    br_buf_fini(&ops);
    br_buf_fini(&tx);
}

#define DID "did:broletto:test:comune"

/** The DID's document, or a new version of it, in the block at hand. */
static void
run_did(struct fixture *f)
{
    static const uint8_t no_windows[] = {0x80};
    struct br_buf ops;
    struct br_buf tx;
    uint64_t first;
    uint64_t leaves;
    struct br_op op = {
        .type = BR_OP_DID_PUT,
        .did = br_str(DID),
        .document = br_str("{\"id\":\"" DID "\"}"),
        .list = br_bytes(no_windows, 1)};
    br_buf_init(&ops, BR_TX_BYTES_MAX);
    br_buf_init(&tx, BR_TX_BYTES_MAX);
    br_op_put_trust(&ops, &op);
    struct br_tx_draft d = {
        .chain = br_str("test"),
        .author = br_str("comune"),
        .seq = ++f->seq,
        .expiry = {1ull << 50},
        .module = BR_MODULE_TRUST,
        .op_count = 1,
        .ops = br_buf_bytes(&ops),
    };
    assert_int_equal(br_tx_sign(&d, f->signer, &tx, NULL), BR_OK);
    assert_int_equal(
        br_chain_run(f->chain, br_buf_bytes(&tx), &first, &leaves, NULL),
        BR_OK);
    br_buf_fini(&ops);
    br_buf_fini(&tx);
}

static void
begin(struct fixture *f)
{
    struct br_time_us time = {br_chain_head(f->chain)->time.v + 1000};
    assert_int_equal(br_chain_begin(f->chain, time, NULL), BR_OK);
}

static void
add_block(struct fixture *f)
{
    struct br_head head;
    begin(f);
    run_stamps(f, BLOCK);
    assert_int_equal(br_chain_seal(f->chain, &head, NULL), BR_OK);
    assert_int_equal(br_chain_commit(f->chain, NULL), BR_OK);
}

/** Every leaf has a proof that leads to the root, at every block's size. */
static void
check_proofs(struct fixture *f)
{
    struct br_snapshot s;
    struct br_hash root;
    assert_int_equal(br_snapshot_open(f->chain, &s, NULL), BR_OK);
    struct br_merkle_source src = br_snapshot_source(&s);
    uint64_t size = s.head.frontier.size;
    br_snapshot_root(&s, &root);
    for (uint64_t i = 0; i < size; i++) {
        struct br_proof p;
        struct br_bytes entry;
        struct br_hash leaf;
        assert_int_equal(br_snapshot_leaf(&s, i, &entry, NULL), BR_OK);
        br_sha256_leaf(entry, &leaf);
        assert_int_equal(br_merkle_inclusion(&src, i, size, &p, NULL), BR_OK);
        assert_int_equal(
            br_merkle_check_inclusion(i, size, &leaf, &p, &root, NULL), BR_OK);
    }
    for (uint64_t old = BLOCK; old < size; old += BLOCK) {
        struct br_proof p;
        struct br_hash old_root;
        assert_int_equal(br_merkle_root_at(&src, old, &old_root, NULL), BR_OK);
        assert_int_equal(
            br_merkle_consistency(&src, old, size, &p, NULL), BR_OK);
        assert_int_equal(
            br_merkle_check_consistency(old, size, &old_root, &root, &p, NULL),
            BR_OK);
    }
    br_snapshot_close(&s);
}

static void
blocks_are_there_after_a_restart(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    for (int i = 0; i < 20; i++) {
        add_block(f);
    }
    struct br_hash app_hash = br_chain_head(f->chain)->app_hash;
    check_proofs(f);
    reopen(f);
    assert_int_equal(br_chain_head(f->chain)->height, 20);
    assert_memory_equal(
        &app_hash, &br_chain_head(f->chain)->app_hash, sizeof(app_hash));
    check_proofs(f);
}

static void
an_aborted_block_never_was(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_head head;
    add_block(f);
    struct br_hash app_hash = br_chain_head(f->chain)->app_hash;
    begin(f);
    run_stamps(f, 3);
    br_chain_abort(f->chain);
    begin(f);
    run_stamps(f, 3);
    assert_int_equal(br_chain_seal(f->chain, &head, NULL), BR_OK);
    br_chain_abort(f->chain);
    reopen(f);
    assert_int_equal(br_chain_head(f->chain)->frontier.size, BLOCK);
    assert_memory_equal(
        &app_hash, &br_chain_head(f->chain)->app_hash, sizeof(app_hash));
    add_block(f);
}

static bool
is_found(struct fixture *f, uint64_t number)
{
    uint8_t digest[32];
    struct br_leaf_index found[4];
    size_t n = 0;
    digest_number(number, digest);
    assert_int_equal(
        br_digest_index_find(
            br_chain_index(f->chain), br_bytes(digest, 32),
            (struct br_leaf_index){0}, found, 4, &n),
        BR_OK);
    return n == 1 && found[0].v == number;
}

static void
the_last_block_can_be_undone(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    for (int i = 0; i < 8; i++) {
        add_block(f);
    }
    struct br_head before = *br_chain_head(f->chain);
    add_block(f);
    assert_int_equal(br_chain_rewind(f->chain, NULL), BR_OK);
    assert_memory_equal(
        &before.app_hash, &br_chain_head(f->chain)->app_hash,
        sizeof(before.app_hash));
    assert_int_equal(
        br_chain_head(f->chain)->frontier.size, before.frontier.size);
    assert_true(is_found(f, 8 * BLOCK - 1));
    check_proofs(f);
    f->next_digest = 8 * BLOCK; /* the same block again */
    f->seq = 8;
    add_block(f);
    reopen(f);
    assert_true(is_found(f, 9 * BLOCK - 1));
    check_proofs(f);
}

static void
add_did_block(struct fixture *f)
{
    struct br_head head;
    begin(f);
    run_did(f);
    assert_int_equal(br_chain_seal(f->chain, &head, NULL), BR_OK);
    assert_int_equal(br_chain_commit(f->chain, NULL), BR_OK);
}

static enum br_rc
state_get(
    void *ctx, struct br_bytes key, struct br_bytes *ret, struct br_err *reterr)
{
    return br_snapshot_state((struct br_snapshot *)ctx, key, ret, reterr);
}

/** Versions of the DID; 0 when there is none. */
static uint64_t
did_versions(struct fixture *f)
{
    struct br_snapshot s;
    struct br_did_head head = {.versions = 0};
    assert_int_equal(br_snapshot_open(f->chain, &s, NULL), BR_OK);
    struct br_view v = {&s, state_get};
    enum br_rc rc = br_trust_did_get(&v, br_str(DID), &head, NULL);
    assert_true(rc == BR_OK || rc == BR_ERR_NOT_FOUND);
    br_snapshot_close(&s);
    return head.versions;
}

/** Also the first block of the registry, before which the head is shorter. */
static void
the_registry_is_undone_and_done_again(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    add_block(f);
    struct br_head before = *br_chain_head(f->chain);
    add_did_block(f);
    struct br_head one = *br_chain_head(f->chain);
    add_did_block(f);
    reopen(f);
    assert_int_equal(did_versions(f), 2);
    assert_int_equal(br_chain_rewind(f->chain, NULL), BR_OK);
    assert_int_equal(did_versions(f), 1);
    assert_memory_equal(
        br_chain_head(f->chain)->journal, one.journal, sizeof(one.journal));
    assert_int_equal(br_chain_rewind(f->chain, NULL), BR_OK);
    assert_int_equal(did_versions(f), 0);
    assert_memory_equal(
        &before.app_hash, &br_chain_head(f->chain)->app_hash,
        sizeof(before.app_hash));
    f->seq = 1;
    add_did_block(f);
    reopen(f);
    assert_int_equal(did_versions(f), 1);
    assert_memory_equal(
        &one.app_hash, &br_chain_head(f->chain)->app_hash,
        sizeof(one.app_hash));
}

static void
undoing_ends_where_it_was_forgotten(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    int undone = 0;
    for (int i = 0; i < 20; i++) {
        add_block(f);
    }
    while (br_chain_rewind(f->chain, NULL) == BR_OK) {
        undone++;
    }
    assert_int_equal(undone, 16);
    assert_int_equal(br_chain_head(f->chain)->height, 4);
    check_proofs(f);
}

static void
a_lost_index_is_made_again(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    char path[128];
    for (int i = 0; i < 4; i++) {
        add_block(f);
    }
    br_chain_close(f->chain);
    f->chain = NULL;
    (void)snprintf(path, sizeof(path), "%s/index", f->folder);
    assert_int_equal(remove_tree(path), 0);
    reopen(f);
    assert_true(is_found(f, 0));
    assert_true(is_found(f, 4 * BLOCK - 1));
    assert_false(is_found(f, 4 * BLOCK));
}

static void
time_and_member_are_found(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_snapshot s;
    struct br_block b;
    uint64_t leaf;
    uint64_t page[10];
    size_t n;
    for (int i = 0; i < 5; i++) {
        add_block(f);
    }
    assert_int_equal(br_snapshot_open(f->chain, &s, NULL), BR_OK);
    assert_int_equal(br_snapshot_block_of(&s, BLOCK, &b, NULL), BR_OK);
    assert_int_equal(b.height, 2);
    assert_int_equal(br_snapshot_leaf_at(&s, b.time, &leaf, NULL), BR_OK);
    assert_int_equal(leaf, BLOCK);
    b.time.v++;
    assert_int_equal(br_snapshot_leaf_at(&s, b.time, &leaf, NULL), BR_OK);
    assert_int_equal(leaf, 2 * BLOCK);
    assert_int_equal(
        br_snapshot_by_member(&s, br_str("comune"), BLOCK + 3, page, 10, &n),
        BR_OK);
    assert_int_equal(n, 10);
    assert_int_equal(page[0], BLOCK + 2);
    assert_int_equal(page[3], BLOCK - 1);
    assert_int_equal(
        br_snapshot_by_member(&s, br_str("comun"), 100, page, 10, &n), BR_OK);
    assert_int_equal(n, 0);
    br_snapshot_close(&s);
}

/* ---- verification from the transactions --------------------------------- */

static enum br_rc
verify(struct fixture *f, struct br_err *err)
{
    struct br_replay_report report;
    char scratch[128];
    (void)snprintf(scratch, sizeof(scratch), "%s/scratch", f->folder);
    struct br_replay_options o = {
        .folder = f->folder, .scratch = scratch, .genesis = &f->genesis};
    enum br_rc rc = br_chain_verify(&o, &report, err);
    assert_int_equal(remove_tree(scratch), 0);
    return rc;
}

/** The chain's own store; the chain is closed, since LMDB does not bear the
 *  same environment twice in one process. */
static struct br_kv *
open_store(const struct fixture *f)
{
    char path[128];
    struct br_kv *kv;
    (void)snprintf(path, sizeof(path), "%s/db", f->folder);
    struct br_kv_options o = {
        .path = path,
        .tables = br_chain_tables,
        .table_count = BR_CHAIN_TABLES,
    };
    assert_int_equal(br_kv_open(&o, &kv, NULL), BR_OK);
    return kv;
}

/** Flip one bit of the n-th row of a table, as a failing disk would. */
static void
flip(struct fixture *f, unsigned table, uint64_t nth, size_t bit)
{
    struct br_kv_txn *txn;
    struct br_kv_cursor *c;
    struct br_bytes key;
    struct br_bytes value;
    struct br_kv *kv = open_store(f);
    uint8_t copy[65536];
    uint8_t name[128];
    assert_int_equal(br_kv_begin_write(kv, &txn, NULL), BR_OK);
    assert_int_equal(br_kv_cursor_open(txn, table, &c, NULL), BR_OK);
    assert_int_equal(br_kv_seek(c, br_bytes("", 1), &key, &value), BR_OK);
    while (nth-- > 0) {
        assert_int_equal(br_kv_next(c, &key, &value), BR_OK);
    }
    br_kv_cursor_close(c);
    assert_true(value.n <= sizeof(copy) && key.n <= sizeof(name));
    memcpy(copy, value.p, value.n);
    memcpy(name, key.p, key.n);
    copy[bit / 8 % value.n] ^= (uint8_t)(1u << bit % 8);
    assert_int_equal(
        br_kv_put(
            txn, table, br_bytes(name, key.n), br_bytes(copy, value.n), NULL),
        BR_OK);
    assert_int_equal(br_kv_commit(txn, NULL), BR_OK);
    br_kv_close(kv);
}

static void
a_single_flipped_bit_is_found(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    static const unsigned tables[] = {BR_T_LEAVES, BR_T_BLOCKS,  BR_T_TXS,
                                      BR_T_STATE,  BR_T_AUTHORS, BR_T_NODES};
    struct br_err err;
    for (int i = 0; i < 10; i++) {
        add_block(f);
    }
    br_chain_close(f->chain);
    f->chain = NULL;
    assert_int_equal(verify(f, &err), BR_OK);
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        for (size_t bit = 3; bit < 800; bit += 311) {
            uint64_t row = tables[t] == BR_T_NODES ? 0 : bit % 2;
            flip(f, tables[t], row, bit);
            assert_int_equal(verify(f, &err), BR_ERR_CORRUPT);
            flip(f, tables[t], row, bit);
        }
    }
    assert_int_equal(verify(f, &err), BR_OK);
    reopen(f);
}

static void
a_backup_is_the_same_chain(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    char folder[80];
    struct br_chain *copy = NULL;
    for (int i = 0; i < 3; i++) {
        add_block(f);
    }
    (void)snprintf(folder, sizeof(folder), "%s-copy", f->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(br_chain_backup(f->chain, folder, NULL), BR_OK);
    add_block(f); /* after the copy */
    struct br_chain_options o = options(f);
    o.folder = folder;
    assert_int_equal(br_chain_open(&o, &copy, NULL), BR_OK);
    assert_int_equal(br_chain_head(copy)->height, 3);
    br_chain_close(copy);
    assert_int_equal(remove_tree(folder), 0);
}

static void
a_full_map_is_told_and_nothing_is_lost(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_chain_options o = options(f);
    struct br_head head;
    struct br_err err;
    o.map_bytes = 1u << 20;
    br_chain_close(f->chain);
    f->chain = NULL;
    assert_int_equal(br_chain_open(&o, &f->chain, NULL), BR_OK);
    enum br_rc rc = BR_OK;
    uint64_t blocks = 0;
    while (rc == BR_OK) {
        begin(f);
        run_stamps(f, BLOCK);
        rc = br_chain_seal(f->chain, &head, &err);
        if (rc == BR_OK) {
            rc = br_chain_commit(f->chain, &err);
        } else {
            br_chain_abort(f->chain);
        }
        blocks += rc == BR_OK;
        assert_true(blocks < 10000);
    }
    assert_int_equal(rc, BR_ERR_DISK_FULL);
    assert_int_equal(br_chain_head(f->chain)->height, blocks);
    reopen(f); /* with room again */
    assert_int_equal(br_chain_head(f->chain)->height, blocks);
    f->seq = blocks;
    add_block(f);
    check_proofs(f);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(blocks_are_there_after_a_restart),
        T(an_aborted_block_never_was),
        T(the_last_block_can_be_undone),
        T(the_registry_is_undone_and_done_again),
        T(undoing_ends_where_it_was_forgotten),
        T(a_lost_index_is_made_again),
        T(time_and_member_are_found),
        T(a_single_flipped_bit_is_found),
        T(a_backup_is_the_same_chain),
        T(a_full_map_is_told_and_nothing_is_lost),
    };
    return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
