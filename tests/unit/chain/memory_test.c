/*
 * A block on its way to the disk when memory is refused: each request of ours
 * in its turn. Either the block is there, whole, or nothing of it is, and the
 * same block can be made afterwards.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/crypto/hash.h"
#include "node/chain/replay.h"
#include "tests/unit/refuse.h"
#include "tests/unit/support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { STAMPS = 40, ROUNDS_MAX = 500 };

struct fixture {
    char folder[64];
    struct br_signer *signer;
    struct br_chain_options options;
    struct br_chain *chain;
    struct br_buf tx;
};

static void
make_tx(struct fixture *f)
{
    struct br_buf ops;
    br_buf_init(&ops, BR_TX_BYTES_MAX);
    for (int i = 0; i < STAMPS; i++) {
        uint8_t digest[32] = {(uint8_t)i};
        br_op_put_stamp(&ops, BR_HASH_SHA256, br_bytes(digest, 32));
    }
    struct br_tx_draft d = {
        .chain = br_str("test"),
        .author = br_str("comune"),
        .seq = 1,
        .expiry = {1ull << 50},
        .module = BR_MODULE_NOTARY,
        .op_count = STAMPS,
        .ops = br_buf_bytes(&ops),
    };
    br_buf_init(&f->tx, BR_TX_BYTES_MAX);
    assert_int_equal(br_tx_sign(&d, f->signer, &f->tx, NULL), BR_OK);
    br_buf_fini(&ops);
}

static void
open_world(struct fixture *f)
{
    static const uint8_t secret[32] = {5};
    *f = (struct fixture){.folder = "/tmp/br-memory-XXXXXX"};
    assert_int_equal(br_crypto_init(NULL), BR_OK);
    assert_non_null(mkdtemp(f->folder));
    assert_int_equal(
        br_signer_from_secret(BR_SIGN_ED25519, secret, &f->signer, NULL),
        BR_OK);
    struct br_genesis_member m = {
        .id = br_str("comune"),
        .member = {br_str("Comune"), BR_ROLE_OPERATOR | BR_ROLE_NOTARY, true},
        .key = *br_signer_public(f->signer),
    };
    struct br_genesis g = {br_str("test"), {1000000}, &m, 1};
    f->options = (struct br_chain_options){
        .folder = f->folder, .chain = br_str("test"), .map_bytes = 1u << 26};
    assert_int_equal(br_chain_create(&f->options, &g, NULL), BR_OK);
    make_tx(f);
}

static void
close_world(struct fixture *f)
{
    br_chain_close(f->chain);
    br_signer_free(f->signer);
    br_buf_fini(&f->tx);
    assert_int_equal(remove_tree(f->folder), 0);
}

static enum br_rc
add_block(struct fixture *f)
{
    struct br_head head;
    uint64_t first;
    uint64_t leaves;
    struct br_time_us time = {2000000};
    BR_TRY(br_chain_begin(f->chain, time, NULL));
    enum br_rc rc =
        br_chain_run(f->chain, br_buf_bytes(&f->tx), &first, &leaves, NULL);
    if (rc == BR_OK) {
        rc = br_chain_seal(f->chain, &head, NULL);
    } else {
        assert_int_equal(br_chain_pending_txs(f->chain), 0);
    }
    if (rc != BR_OK) {
        br_chain_abort(f->chain);
        return rc;
    }
    return br_chain_commit(f->chain, NULL);
}

/** One block with the nth request refused; true when one was. */
static bool
round_of(size_t nth, struct br_hash *app_hash)
{
    struct fixture f;
    open_world(&f);
    refuse_nth(nth);
    enum br_rc rc = br_chain_open(&f.options, &f.chain, NULL);
    if (rc == BR_OK) {
        rc = add_block(&f);
    }
    bool fired = refuse_end();
    assert_true(
        rc == BR_OK || (fired && (rc == BR_ERR_NO_MEMORY || rc == BR_ERR_IO)));
    br_chain_close(f.chain);
    f.chain = NULL;
    assert_int_equal(br_chain_open(&f.options, &f.chain, NULL), BR_OK);
    if (br_chain_head(f.chain)->height == 0) {
        assert_int_not_equal(rc, BR_OK);
        assert_int_equal(add_block(&f), BR_OK);
    }
    const struct br_head *h = br_chain_head(f.chain);
    assert_int_equal(h->frontier.size, STAMPS);
    if (nth == 0) {
        *app_hash = h->app_hash;
    }
    assert_true(br_hash_eq(&h->app_hash, app_hash));
    close_world(&f);
    return fired;
}

static void
a_block_is_there_or_it_is_not(void **state)
{
    (void)state;
    struct br_hash app_hash;
    size_t nth = 0;
    assert_false(round_of(0, &app_hash));
    do {
        nth++;
        assert_true(nth < ROUNDS_MAX);
    } while (round_of(nth, &app_hash));
    assert_true(nth > 20);
    print_message("# %zu places\n", nth - 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_there_or_it_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
