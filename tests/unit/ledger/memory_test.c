/*
 * The ledger when memory is refused: each request in its turn.
 *
 * A refused transaction leaves nothing behind; a block that is sealed has the
 * same application hash as if nothing had been refused.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/ledger/fixture.h"
#include "tests/unit/refuse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Enough keys of the state that their table grows, more than once. */
enum { RECORDS = 90, TXS = 3, ROUNDS_MAX = 2000 };

/** The nth transaction of a block, from 0; returns its leaves. */
typedef size_t sign_fn(struct world *w, uint8_t nth, struct br_buf *ret);

static void
sign(struct world *w, enum br_module module, uint8_t nth, struct br_buf *ret)
{
    struct br_tx_draft d = world_draft(w, "regione", module);
    d.chain = br_str("test");
    d.seq = nth + 1u;
    br_buf_clear(ret);
    assert_int_equal(br_tx_sign(&d, w->operator_key, ret, NULL), BR_OK);
}

static size_t
sign_records(struct world *w, uint8_t nth, struct br_buf *ret)
{
    uint8_t digest[32];
    memset(digest, nth, sizeof(digest));
    struct br_op op = {
        .type = BR_OP_RECORD_CREATE,
        .alg = 0x12,
        .digest = br_bytes(digest, sizeof(digest)),
    };
    br_buf_clear(&w->ops);
    w->op_count = 0;
    for (int i = 0; i < RECORDS; i++) {
        world_op(w, &op, BR_MODULE_NOTARY);
    }
    sign(w, BR_MODULE_NOTARY, nth, ret);
    return RECORDS;
}

/** A DID, its accreditation, a type. */
static size_t
sign_registry(struct world *w, uint8_t nth, struct br_buf *ret)
{
    static const uint8_t no_windows[] = {0x80};
    static const uint8_t any[] = {0x81, 0x61, '*'};
    const struct br_op ops[TXS] = {
        {.type = BR_OP_DID_PUT,
         .did = br_str("did:broletto:test:regione"),
         .document = br_str(
             "{\"id\":\"did:broletto:test:regione\",\"verificationMethod\":["
             "{\"id\":\"did:broletto:test:regione#a\",\"type\":"
             "\"JsonWebKey2020\","
             "\"controller\":\"did:broletto:test:regione\",\"publicKeyJwk\":{"
             "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}}]}"),
         .list = br_bytes(no_windows, sizeof(no_windows))},
        {.type = BR_OP_ACCREDIT,
         .did = br_str("did:broletto:test:regione"),
         .level = 1,
         .list = br_bytes(any, sizeof(any))},
        {.type = BR_OP_TYPE_PUT,
         .vct = br_str("urn:a"),
         .document = br_str("{\"vct\":\"urn:a\"}"),
         .schema = br_str("{}")},
    };
    br_buf_clear(&w->ops);
    w->op_count = 0;
    world_op(w, &ops[nth], BR_MODULE_TRUST);
    sign(w, BR_MODULE_TRUST, nth, ret);
    return 1;
}

/** Three transactions, with the nth request refused; each that fails for it is
 *  run again. True when one was refused before the seal ended. */
static bool
block(
    struct world *w,
    sign_fn *sign_nth,
    size_t nth,
    bool *ret_sealed,
    struct br_head *ret)
{
    struct br_buf tx[TXS];
    size_t leaves = 0;
    for (size_t i = 0; i < TXS; i++) {
        br_buf_init(&tx[i], BR_TX_BYTES_MAX);
        leaves = sign_nth(w, (uint8_t)i, &tx[i]);
    }
    refuse_nth(nth);
    for (size_t i = 0; i < TXS; i++) {
        struct br_err err = {0};
        struct br_bytes bytes = br_buf_bytes(&tx[i]);
        enum br_rc rc =
            br_ledger_run(br_str("test"), w->time, bytes, &w->e, &err);
        if (rc != BR_OK) {
            assert_int_equal(rc, BR_ERR_NO_MEMORY);
            assert_int_equal(br_effects_leaf_count(&w->e), i * leaves);
            rc = br_ledger_run(br_str("test"), w->time, bytes, &w->e, &err);
        }
        assert_int_equal(rc, BR_OK);
        /* A replay is known by a state that is read, wherever it stands. */
        rc = br_ledger_run(br_str("test"), w->time, bytes, &w->e, &err);
        assert_true(rc == BR_ERR_REPLAYED || rc == BR_ERR_NO_MEMORY);
        assert_int_equal(br_effects_leaf_count(&w->e), (i + 1) * leaves);
    }
    enum br_rc rc = br_ledger_seal(&w->head, w->time, &w->e, ret, NULL);
    bool fired = refuse_end();
    assert_true(rc == BR_OK || (fired && rc == BR_ERR_NO_MEMORY));
    *ret_sealed = rc == BR_OK;
    for (size_t i = 0; i < TXS; i++) {
        br_buf_fini(&tx[i]);
    }
    return fired;
}

static void
refuse_each(sign_fn *sign_nth)
{
    struct br_head want;
    bool fired = false;
    size_t places = 0;
    struct world *w = (struct world *)calloc(1, sizeof(*w));
    assert_non_null(w);
    for (size_t nth = 0; nth < ROUNDS_MAX; nth++) {
        struct br_head got;
        bool sealed;
        world_init(w);
        world_begin(w);
        fired = block(w, sign_nth, nth, &sealed, nth == 0 ? &want : &got);
        if (sealed && nth > 0 && !br_hash_eq(&got.app_hash, &want.app_hash)) {
            fail_msg("request %zu: another application hash", nth);
        }
        world_fini(w);
        places += fired;
        if (nth > 0 && !fired) {
            break;
        }
    }
    free(w);
    assert_false(fired);
    assert_true(places > 20);
    print_message("# %zu places\n", places);
}

static void
no_refusal_changes_what_a_block_says(void **state)
{
    (void)state;
    refuse_each(sign_records);
}

static void
no_refusal_changes_what_the_registry_says(void **state)
{
    (void)state;
    refuse_each(sign_registry);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_refusal_changes_what_a_block_says),
        cmocka_unit_test(no_refusal_changes_what_the_registry_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
