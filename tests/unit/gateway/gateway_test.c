/*
 * The gateway over a real chain in a folder of its own and the solo engine.
 *
 * Commits wait at a gate when a test wants several requests in one block.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/base/assert.h"
#include "common/crypto/hash.h"
#include "common/receipt/checkpoint.h"
#include "common/receipt/leaf.h"
#include "node/gateway/gateway.h"
#include "node/publish/publisher.h"
#include "tests/unit/support.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define assert_ok(expr) assert_int_equal((expr), BR_OK)

enum { REQUESTS_MAX = 64, BULK_MAX = 20000 };

struct fixture {
    char folder[64];
    struct br_signer *signer[2];
    struct br_signer *log;
    struct br_chain *chain;
    struct br_publisher *publisher;
    struct br_local_member members[2];
    struct br_gateway *gateway;
    struct br_engine_app app; /**< the gateway's, with a gate in commit */
    struct br_engine *engine;
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool hold;
    bool committing;
    enum br_rc commit_rc; /**< instead of committing */
    size_t done;
    bool bad_settlement;
    struct br_gateway_request request[REQUESTS_MAX];
    uint8_t digest[REQUESTS_MAX][32];
    size_t count;
};

/* ---- the gate ----------------------------------------------------------- */

static struct fixture *world;

static enum br_rc
gated_commit(void *ctx, struct br_err *reterr)
{
    struct fixture *f = world;
    pthread_mutex_lock(&f->lock);
    f->committing = true;
    pthread_cond_broadcast(&f->news);
    while (f->hold) {
        pthread_cond_wait(&f->news, &f->lock);
    }
    f->committing = false;
    enum br_rc rc = f->commit_rc;
    pthread_mutex_unlock(&f->lock);
    if (rc != BR_OK) {
        f->app.abort(ctx);
        return br_fail(reterr, rc, "told to");
    }
    return br_gateway_app(f->gateway)->commit(ctx, reterr);
}

static void
set_hold(struct fixture *f, bool hold)
{
    pthread_mutex_lock(&f->lock);
    f->hold = hold;
    pthread_cond_broadcast(&f->news);
    pthread_mutex_unlock(&f->lock);
}

static void
wait_for_commit(struct fixture *f)
{
    pthread_mutex_lock(&f->lock);
    while (!f->committing) {
        pthread_cond_wait(&f->news, &f->lock);
    }
    pthread_mutex_unlock(&f->lock);
}

static void
wait_for_done(struct fixture *f, size_t n)
{
    pthread_mutex_lock(&f->lock);
    while (f->done < n) {
        pthread_cond_wait(&f->news, &f->lock);
    }
    pthread_mutex_unlock(&f->lock);
}

/* ---- the fixture -------------------------------------------------------- */

static struct br_signer *
signer(uint8_t byte)
{
    uint8_t secret[32];
    struct br_signer *s = NULL;
    memset(secret, byte, sizeof(secret));
    assert_ok(br_signer_from_secret(BR_SIGN_ED25519, secret, &s, NULL));
    return s;
}

static void
open_chain(struct fixture *f)
{
    struct br_chain_options o = {
        .folder = f->folder,
        .chain = br_str("test"),
        .map_bytes = 1u << 28,
    };
    struct br_genesis_member m[2] = {
        {br_str("comune"),
         {br_str("Comune"), BR_ROLE_OPERATOR | BR_ROLE_NOTARY, true},
         *br_signer_public(f->signer[0])},
        {br_str("regione"),
         {br_str("Regione"), BR_ROLE_NOTARY, true},
         *br_signer_public(f->signer[1])},
    };
    struct br_genesis g = {br_str("test"), {1000000}, m, 2};
    assert_ok(br_chain_create(&o, &g, NULL));
    assert_ok(br_chain_open(&o, &f->chain, NULL));
}

static void
start(struct fixture *f, size_t queue_max)
{
    struct br_publisher_options p = {"log.example.org", f->log, false};
    assert_ok(br_publisher_new(&p, &f->publisher, NULL));
    struct br_gateway_options g = {
        .chain = f->chain,
        .publisher = f->publisher,
        .chain_id = "test",
        .members = f->members,
        .member_count = 2,
        .queue_max = queue_max,
        .bulk_bytes_max = 1u << 20,
    };
    assert_ok(br_gateway_new(&g, &f->gateway, NULL));
    f->app = *br_gateway_app(f->gateway);
    f->app.commit = gated_commit;
    struct br_engine_options e = {.app = &f->app, .queue_max = 100};
    e.clock_tolerance_us = 1000000;
    assert_ok(br_engine_solo.start(&e, &f->engine, NULL));
    br_gateway_set_engine(f->gateway, &br_engine_solo, f->engine);
}

static int
setup(void **state)
{
    struct fixture *f = (struct fixture *)calloc(1, sizeof(*f));
    assert_non_null(f);
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/br-gateway-XXXXXX");
    assert_ok(br_crypto_init(NULL));
    assert_non_null(mkdtemp(f->folder));
    (void)pthread_mutex_init(&f->lock, NULL);
    (void)pthread_cond_init(&f->news, NULL);
    for (uint8_t i = 0; i < 2; i++) {
        f->signer[i] = signer((uint8_t)(i + 1));
        f->members[i].signer = f->signer[i];
        (void)snprintf(
            f->members[i].id, sizeof(f->members[i].id), "%s",
            i == 0 ? "comune" : "regione");
    }
    f->log = signer(3);
    open_chain(f);
    world = f;
    start(f, REQUESTS_MAX);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    set_hold(f, false);
    br_engine_solo.stop(f->engine);
    br_gateway_free(f->gateway);
    br_publisher_free(f->publisher);
    br_chain_close(f->chain);
    br_signer_free(f->signer[0]);
    br_signer_free(f->signer[1]);
    br_signer_free(f->log);
    (void)pthread_cond_destroy(&f->news);
    (void)pthread_mutex_destroy(&f->lock);
    int rc = remove_tree(f->folder);
    free(f);
    return rc;
}

/* ---- requests ----------------------------------------------------------- */

/** A settlement must show the leaf, under a checkpoint that covers it. */
static bool
is_settled(const struct br_settlement *s, uint64_t index)
{
    struct br_bytes leaf;
    struct br_note note;
    struct br_checkpoint c;
    return br_snapshot_leaf(s->snapshot, index, &leaf, NULL) == BR_OK &&
           br_checkpoint_open(s->checkpoint, &note, &c, NULL) == BR_OK &&
           c.size == s->snapshot->head.frontier.size && index < c.size;
}

static void
on_done(struct br_gateway_request *r, const struct br_settlement *settlement)
{
    struct fixture *f = (struct fixture *)r->ctx;
    pthread_mutex_lock(&f->lock);
    if (r->rc == BR_OK) {
        f->bad_settlement |=
            settlement == NULL || !is_settled(settlement, r->index);
    } else {
        f->bad_settlement |= settlement != NULL;
    }
    f->done++;
    pthread_cond_broadcast(&f->news);
    pthread_mutex_unlock(&f->lock);
}

/** The next request: a stamp of 32 bytes of this value. */
static struct br_gateway_request *
stamp(struct fixture *f, uint8_t byte)
{
    BR_ASSERT(f->count < REQUESTS_MAX);
    struct br_gateway_request *r = &f->request[f->count];
    memset(f->digest[f->count], byte, 32);
    *r = (struct br_gateway_request){.done = on_done, .ctx = f};
    r->op.type = BR_OP_STAMP;
    r->op.alg = BR_HASH_SHA256;
    r->op.digest = br_bytes(f->digest[f->count], 32);
    f->count++;
    return r;
}

static struct br_gateway_request *
keyed(struct br_gateway_request *r, uint8_t key, uint8_t request)
{
    r->keyed = true;
    memset(r->idem_key.b, key, BR_HASH_BYTES);
    memset(r->idem_request.b, request, BR_HASH_BYTES);
    return r;
}

static void
submit(struct fixture *f, struct br_gateway_request *r)
{
    assert_ok(br_gateway_submit(f->gateway, r, NULL));
}

/** In a block of its own, to the end. */
static struct br_gateway_request *
settle(struct fixture *f, struct br_gateway_request *r)
{
    size_t before = f->done;
    submit(f, r);
    wait_for_done(f, before + 1);
    return r;
}

/** What is submitted from here on waits for release: one block. */
static size_t
gather(struct fixture *f)
{
    set_hold(f, true);
    submit(f, stamp(f, 0xee));
    wait_for_commit(f);
    return f->done + 1;
}

static void
release(struct fixture *f, size_t done)
{
    set_hold(f, false);
    wait_for_done(f, done);
    assert_false(f->bad_settlement);
}

/** The leaf is the stamp of these bytes by this member. */
static void
assert_leaf(struct fixture *f, uint64_t index, uint8_t byte, const char *author)
{
    struct br_snapshot s;
    struct br_bytes entry;
    struct br_leaf leaf;
    uint8_t digest[32];
    memset(digest, byte, sizeof(digest));
    assert_ok(br_snapshot_open(f->chain, &s, NULL));
    assert_ok(br_snapshot_leaf(&s, index, &entry, NULL));
    assert_ok(br_leaf_parse(entry, &leaf, NULL));
    assert_int_equal(leaf.kind, BR_LEAF_STAMP);
    assert_true(br_bytes_eq(leaf.digest, br_bytes(digest, 32)));
    assert_true(br_bytes_eq(leaf.author, br_str(author)));
    br_snapshot_close(&s);
}

static uint64_t
log_size(struct fixture *f)
{
    struct br_snapshot s;
    assert_ok(br_snapshot_open(f->chain, &s, NULL));
    uint64_t size = s.head.frontier.size;
    br_snapshot_close(&s);
    return size;
}

/* ---- the same digest again ---------------------------------------------- */

static void
a_stamp_is_settled_with_its_leaf(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_gateway_request *r = settle(f, stamp(f, 1));
    assert_int_equal(r->rc, BR_OK);
    assert_false(r->existing);
    assert_false(f->bad_settlement);
    assert_leaf(f, r->index, 1, "comune");
    assert_int_equal(log_size(f), 1);
}

static void
a_digest_in_the_log_gets_its_first_leaf(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_gateway_request *a = settle(f, stamp(f, 1));
    (void)settle(f, stamp(f, 2));
    struct br_gateway_request *b = settle(f, stamp(f, 1));
    assert_true(b->existing);
    assert_int_equal(b->rc, BR_OK);
    assert_int_equal(a->index, b->index);
    assert_int_equal(log_size(f), 2);
}

static void
a_digest_twice_in_one_block_is_one_leaf(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    size_t done = gather(f);
    struct br_gateway_request *r[4];
    static const uint8_t bytes[] = {1, 2, 1, 3};
    for (size_t i = 0; i < 4; i++) {
        r[i] = stamp(f, bytes[i]);
        submit(f, r[i]);
    }
    release(f, done + 4);
    assert_int_equal(log_size(f), 4);
    assert_true(r[2]->existing);
    assert_int_equal(r[2]->index, r[0]->index);
    for (size_t i = 0; i < 4; i++) {
        assert_leaf(f, r[i]->index, bytes[i], "comune");
    }
}

static void
a_digest_in_the_log_twice_in_one_block(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_gateway_request *old = settle(f, stamp(f, 1));
    size_t done = gather(f);
    struct br_gateway_request *a = stamp(f, 1);
    struct br_gateway_request *b = stamp(f, 1);
    struct br_gateway_request *c = stamp(f, 2);
    submit(f, a);
    submit(f, b);
    submit(f, c);
    release(f, done + 3);
    assert_true(a->existing && b->existing && !c->existing);
    assert_int_equal(a->index, old->index);
    assert_int_equal(b->index, old->index);
    assert_leaf(f, c->index, 2, "comune");
    assert_int_equal(log_size(f), 3);
}

static void
members_do_not_share_stamps(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_gateway_request *a = settle(f, stamp(f, 1));
    struct br_gateway_request *b = stamp(f, 1);
    b->member = 1;
    (void)settle(f, b);
    assert_false(b->existing);
    assert_int_not_equal(a->index, b->index);
    assert_leaf(f, b->index, 1, "regione");
    struct br_gateway_request *c = stamp(f, 1);
    c->member = 1;
    (void)settle(f, c);
    assert_true(c->existing);
    assert_int_equal(c->index, b->index);
    assert_int_equal(br_gateway_member(f->gateway, br_str("regione")), 1);
    assert_int_equal(br_gateway_member(f->gateway, br_str("nobody")), -1);
}

static void
again_stamps_anew(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_gateway_request *a = settle(f, stamp(f, 1));
    struct br_gateway_request *b = stamp(f, 1);
    b->again = true;
    (void)settle(f, b);
    assert_false(b->existing);
    assert_int_not_equal(a->index, b->index);
    struct br_gateway_request *c = settle(f, stamp(f, 1));
    assert_int_equal(c->index, a->index);
    size_t done = gather(f);
    struct br_gateway_request *d[2];
    for (size_t i = 0; i < 2; i++) {
        d[i] = stamp(f, 9);
        d[i]->again = true;
        submit(f, d[i]);
    }
    release(f, done + 2);
    assert_int_not_equal(d[0]->index, d[1]->index);
    assert_leaf(f, d[1]->index, 9, "comune");
}

/* ---- idempotency keys --------------------------------------------------- */

static void
a_key_leads_to_its_leaf(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_gateway_request *a = stamp(f, 1);
    a->again = true;
    (void)settle(f, keyed(a, 7, 1));
    struct br_gateway_request *b = stamp(f, 1);
    b->again = true;
    (void)settle(f, keyed(b, 7, 1));
    assert_int_equal(b->rc, BR_OK);
    assert_true(b->existing);
    assert_int_equal(a->index, b->index);
    assert_int_equal(log_size(f), 1);
}

static void
a_key_for_another_request_is_refused(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    (void)settle(f, keyed(stamp(f, 1), 7, 1));
    struct br_gateway_request *b = settle(f, keyed(stamp(f, 2), 7, 2));
    assert_int_equal(b->rc, BR_ERR_IDEMPOTENCY_MISMATCH);
    assert_int_equal(log_size(f), 1);
    struct br_gateway_request *c = settle(f, keyed(stamp(f, 1), 7, 1));
    assert_int_equal(c->rc, BR_OK);
}

static void
a_key_twice_in_one_block_is_one_leaf(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    size_t done = gather(f);
    struct br_gateway_request *r[2];
    for (size_t i = 0; i < 2; i++) {
        r[i] = keyed(stamp(f, 1), 7, 1);
        r[i]->again = true;
        submit(f, r[i]);
    }
    release(f, done + 2);
    assert_int_equal(r[0]->index, r[1]->index);
    assert_leaf(f, r[0]->index, 1, "comune");
    assert_int_equal(log_size(f), 2);
}

static void
a_key_for_two_requests_in_one_block_is_refused(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    size_t done = gather(f);
    struct br_gateway_request *a = keyed(stamp(f, 1), 7, 1);
    struct br_gateway_request *b = keyed(stamp(f, 2), 7, 2);
    submit(f, a);
    submit(f, b);
    release(f, done + 2);
    assert_int_equal(a->rc, BR_OK);
    assert_leaf(f, a->index, 1, "comune");
    assert_int_equal(b->rc, BR_ERR_IDEMPOTENCY_MISMATCH);
    struct br_gateway_request *c = settle(f, keyed(stamp(f, 1), 7, 1));
    assert_int_equal(c->rc, BR_OK);
}

/** The first with this key finds its digest in the log: so does the second. */
static void
a_key_twice_for_a_digest_in_the_log(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_gateway_request *old = settle(f, stamp(f, 1));
    size_t done = gather(f);
    struct br_gateway_request *a = keyed(stamp(f, 1), 7, 1);
    struct br_gateway_request *b = keyed(stamp(f, 1), 7, 1);
    submit(f, a);
    submit(f, b);
    submit(f, stamp(f, 5));
    release(f, done + 3);
    assert_int_equal(a->index, old->index);
    assert_int_equal(b->index, old->index);
}

/** A block without transactions: the key is remembered nevertheless. */
static void
a_key_for_a_digest_in_the_log_is_kept(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    (void)settle(f, stamp(f, 1));
    struct br_gateway_request *a = settle(f, keyed(stamp(f, 1), 7, 1));
    assert_true(a->existing);
    struct br_gateway_request *b = settle(f, keyed(stamp(f, 2), 7, 2));
    assert_int_equal(b->rc, BR_ERR_IDEMPOTENCY_MISMATCH);
}

static struct br_gateway_request *
record(struct fixture *f, uint8_t byte)
{
    struct br_gateway_request *r = stamp(f, byte);
    r->op.type = BR_OP_RECORD_CREATE;
    return r;
}

static void
a_record_asked_for_twice_with_one_key_is_one(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct br_gateway_request *a = settle(f, keyed(record(f, 1), 7, 1));
    assert_int_equal(a->rc, BR_OK);
    struct br_gateway_request *b = settle(f, keyed(record(f, 1), 7, 1));
    assert_true(b->existing);
    assert_int_equal(a->index, b->index);
    size_t done = gather(f);
    a = keyed(record(f, 2), 8, 1);
    b = keyed(record(f, 2), 8, 1);
    submit(f, a);
    submit(f, b);
    release(f, done + 2);
    assert_int_equal(a->rc, BR_OK);
    assert_int_equal(a->index, b->index);
    assert_int_equal(log_size(f), 3);
}

/* ---- many at once ------------------------------------------------------- */

struct bulk {
    struct br_gateway_bulk b;
    struct fixture *f;
    uint64_t index[BULK_MAX];
    uint8_t digests[BULK_MAX * 32];
};

static void
on_bulk(struct br_gateway_bulk *b, const struct br_settlement *settlement)
{
    struct bulk *k = (struct bulk *)b->ctx;
    pthread_mutex_lock(&k->f->lock);
    k->f->bad_settlement |= (b->rc == BR_OK) != (settlement != NULL);
    k->f->done++;
    pthread_cond_broadcast(&k->f->news);
    pthread_mutex_unlock(&k->f->lock);
}

/** count digests; the i-th is made of the number i % distinct. */
static struct bulk *
new_bulk(struct fixture *f, size_t count, size_t distinct)
{
    struct bulk *k = (struct bulk *)calloc(1, sizeof(*k));
    assert_non_null(k);
    k->f = f;
    for (size_t i = 0; i < count; i++) {
        uint64_t n = i % distinct;
        struct br_hash h;
        br_sha256(br_bytes(&n, sizeof(n)), &h);
        memcpy(k->digests + 32 * i, h.b, 32);
    }
    k->b = (struct br_gateway_bulk){
        .alg = BR_HASH_SHA256,
        .digest_bytes = 32,
        .digests = br_bytes(k->digests, 32 * count),
        .count = count,
        .index = k->index,
        .done = on_bulk,
        .ctx = k,
    };
    return k;
}

static void
settle_bulk(struct fixture *f, struct bulk *k)
{
    size_t before = f->done;
    assert_ok(br_gateway_submit_bulk(f->gateway, &k->b, NULL));
    wait_for_done(f, before + 1);
    assert_int_equal(k->b.rc, BR_OK);
}

/** Every index leads to the digest it was asked for. */
static void
check_bulk(struct fixture *f, const struct bulk *k)
{
    struct br_snapshot s;
    assert_ok(br_snapshot_open(f->chain, &s, NULL));
    for (size_t i = 0; i < k->b.count; i++) {
        struct br_bytes entry;
        struct br_leaf leaf;
        uint64_t at = k->index[i] & ~BR_BULK_EXISTING;
        assert_ok(br_snapshot_leaf(&s, at, &entry, NULL));
        assert_ok(br_leaf_parse(entry, &leaf, NULL));
        assert_memory_equal(leaf.digest.p, k->digests + 32 * i, 32);
    }
    br_snapshot_close(&s);
}

static void
duplicates_inside_a_batch_are_one_leaf(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct bulk *k = new_bulk(f, 100, 40);
    settle_bulk(f, k);
    assert_int_equal(log_size(f), 40);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal((k->index[i] & BR_BULK_EXISTING) != 0, i >= 40);
    }
    check_bulk(f, k);
    free(k);
}

static void
a_batch_that_was_stamped_before_is_all_existing(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct bulk *k = new_bulk(f, 30, 20);
    settle_bulk(f, k);
    settle_bulk(f, k);
    assert_int_equal(log_size(f), 20);
    for (size_t i = 0; i < 30; i++) {
        assert_true((k->index[i] & BR_BULK_EXISTING) != 0);
    }
    check_bulk(f, k);
    free(k);
}

static void
a_batch_beyond_one_block_keeps_its_duplicates(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct bulk *k = new_bulk(f, BULK_MAX, 17000);
    settle_bulk(f, k);
    assert_int_equal(log_size(f), 17000);
    check_bulk(f, k);
    free(k);
}

static void
a_batch_again_stamps_all(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    struct bulk *k = new_bulk(f, 30, 20);
    k->b.again = true;
    settle_bulk(f, k);
    assert_int_equal(log_size(f), 30);
    check_bulk(f, k);
    free(k);
}

/* ---- limits and failures ------------------------------------------------ */

static void
too_many_requests_are_busy(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    size_t done = gather(f);
    static struct br_gateway_request r[REQUESTS_MAX + 1];
    static uint8_t digest[REQUESTS_MAX + 1][32];
    for (size_t i = 0; i <= REQUESTS_MAX; i++) {
        r[i] = *stamp(f, 1);
        f->count--;
        memset(digest[i], (int)i, 32);
        r[i].op.digest = br_bytes(digest[i], 32);
        enum br_rc rc = br_gateway_submit(f->gateway, &r[i], NULL);
        assert_int_equal(rc, i < REQUESTS_MAX ? BR_OK : BR_ERR_BUSY);
    }
    release(f, done + REQUESTS_MAX);
    assert_int_equal(log_size(f), 1 + REQUESTS_MAX);
}

static void
a_full_disk_is_told_and_the_next_try_succeeds(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    pthread_mutex_lock(&f->lock);
    f->commit_rc = BR_ERR_DISK_FULL;
    pthread_mutex_unlock(&f->lock);
    struct br_gateway_request *a = settle(f, keyed(stamp(f, 1), 7, 1));
    assert_int_equal(a->rc, BR_ERR_DISK_FULL);
    assert_int_equal(log_size(f), 0);
    pthread_mutex_lock(&f->lock);
    f->commit_rc = BR_OK;
    pthread_mutex_unlock(&f->lock);
    struct br_gateway_request *b = settle(f, keyed(stamp(f, 1), 7, 1));
    assert_int_equal(b->rc, BR_OK);
    assert_false(b->existing);
    assert_false(f->bad_settlement);
    assert_leaf(f, b->index, 1, "comune");
}

/** Every request is told, also those that came while the engine failed. */
static void
requests_beyond_a_failed_engine_are_told(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    size_t done = gather(f);
    pthread_mutex_lock(&f->lock);
    f->commit_rc = BR_ERR_IO;
    pthread_mutex_unlock(&f->lock);
    struct br_gateway_request *late = stamp(f, 1);
    submit(f, late);
    release(f, done);
    br_engine_solo.stop(f->engine);
    f->engine = NULL;
    assert_int_equal(f->done, done + 1);
    assert_int_not_equal(late->rc, BR_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stamp_is_settled_with_its_leaf),
        TEST(a_digest_in_the_log_gets_its_first_leaf),
        TEST(a_digest_twice_in_one_block_is_one_leaf),
        TEST(a_digest_in_the_log_twice_in_one_block),
        TEST(members_do_not_share_stamps),
        TEST(again_stamps_anew),
        TEST(a_key_leads_to_its_leaf),
        TEST(a_key_for_another_request_is_refused),
        TEST(a_key_twice_in_one_block_is_one_leaf),
        TEST(a_key_for_two_requests_in_one_block_is_refused),
        TEST(a_key_twice_for_a_digest_in_the_log),
        TEST(a_key_for_a_digest_in_the_log_is_kept),
        TEST(a_record_asked_for_twice_with_one_key_is_one),
        TEST(duplicates_inside_a_batch_are_one_leaf),
        TEST(a_batch_that_was_stamped_before_is_all_existing),
        TEST(a_batch_beyond_one_block_keeps_its_duplicates),
        TEST(a_batch_again_stamps_all),
        TEST(too_many_requests_are_busy),
        TEST(a_full_disk_is_told_and_the_next_try_succeeds),
        TEST(requests_beyond_a_failed_engine_are_told),
    };
    return cmocka_run_group_tests_name("gateway", tests, NULL, NULL);
}
