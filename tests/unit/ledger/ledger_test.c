/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/crypto/hash.h"
#include "common/receipt/leaf.h"
#include "node/ledger/record.h"
#include "tests/unit/ledger/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int
setup(void **state)
{
    struct world *w = (struct world *)malloc(sizeof(*w));
    world_init(w);
    world_begin(w);
    *state = w;
    return 0;
}

static int
teardown(void **state)
{
    world_fini((struct world *)*state);
    free(*state);
    return 0;
}

/* ---- stamps ------------------------------------------------------------- */

static void
a_stamp_becomes_a_leaf_with_author_and_time(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_leaf leaf;
    world_stamp(w, 7);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_NOTARY), BR_OK);
    assert_int_equal(br_effects_leaf_count(&w->e), 1);
    assert_int_equal(
        br_leaf_parse(br_effects_leaf(&w->e, 0), &leaf, NULL), BR_OK);
    assert_int_equal(leaf.kind, BR_LEAF_STAMP);
    assert_true(br_bytes_eq(leaf.author, br_str("comune")));
    assert_int_equal(leaf.time.v, w->time.v);
    assert_int_equal(leaf.digest.p[0], 7);
    world_seal(w);
    assert_int_equal(w->head.height, 1);
    assert_int_equal(w->head.frontier.size, 1);
}

static void
each_algorithm_signs(void **state)
{
    struct world *w = (struct world *)*state;
    world_stamp(w, 1);
    assert_int_equal(
        world_run(w, "regione", w->operator_key, BR_MODULE_NOTARY), BR_OK);
    world_stamp(w, 2);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_NOTARY), BR_OK);
    world_stamp(w, 3); /* ES256K verifies; the auditor may not stamp */
    assert_int_equal(
        world_run(w, "revisore", w->auditor_key, BR_MODULE_NOTARY),
        BR_ERR_FORBIDDEN);
}

/* ---- refusals, each with its own code ----------------------------------- */

static void
an_envelope_is_refused(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_tx_draft d;
    world_stamp(w, 1);
    d = world_draft(w, "comune", BR_MODULE_NOTARY);
    d.chain = br_str("another");
    assert_int_equal(
        world_run_draft(w, &d, w->notary_key, NULL), BR_ERR_WRONG_CHAIN);
    world_stamp(w, 1);
    d = world_draft(w, "comune", BR_MODULE_NOTARY);
    d.expiry = w->time;
    assert_int_equal(
        world_run_draft(w, &d, w->notary_key, NULL), BR_ERR_EXPIRED);
    world_stamp(w, 1);
    d = world_draft(w, "comune", BR_MODULE_NOTARY);
    d.op_count = 0;
    d.ops = br_bytes(NULL, 0);
    assert_int_equal(
        world_run_draft(w, &d, w->notary_key, NULL), BR_ERR_OUT_OF_RANGE);
    world_stamp(w, 1); /* a number that JSON would not keep exact */
    d = world_draft(w, "comune", BR_MODULE_NOTARY);
    d.seq = BR_EXACT_MAX + 1;
    assert_int_equal(
        world_run_draft(w, &d, w->notary_key, NULL), BR_ERR_OUT_OF_RANGE);
    struct br_op add = {
        .type = BR_OP_KEY_ADD,
        .id = br_str("comune"),
        .key = *br_signer_public(w->auditor_key),
        .not_after = {BR_EXACT_MAX + 1}};
    world_op(w, &add, BR_MODULE_REGISTRY);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_REGISTRY),
        BR_ERR_OUT_OF_RANGE);
    assert_int_equal(br_effects_leaf_count(&w->e), 0);
}

static void
a_sequence_counts_once(void **state)
{
    struct world *w = (struct world *)*state;
    world_stamp(w, 1);
    struct br_tx_draft d = world_draft(w, "comune", BR_MODULE_NOTARY);
    assert_int_equal(world_run_draft(w, &d, w->notary_key, NULL), BR_OK);
    struct br_bytes again = br_buf_bytes(&w->tx);
    struct br_bytes name = br_str("lombardia-test");
    assert_int_equal(
        br_ledger_run(name, w->time, again, &w->e, NULL), BR_ERR_REPLAYED);
    world_seal(w);
    world_begin(w);
    w->time.v = w->head.time.v; /* before it expires */
    assert_int_equal(
        br_ledger_run(name, w->time, again, &w->e, NULL), BR_ERR_REPLAYED);
    assert_int_equal(br_effects_leaf_count(&w->e), 0);
}

static void
a_stranger_or_another_author_is_refused(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_signer *stranger;
    assert_int_equal(
        br_signer_generate(BR_SIGN_ED25519, &stranger, NULL), BR_OK);
    world_stamp(w, 1);
    assert_int_equal(
        world_run(w, "comune", stranger, BR_MODULE_NOTARY), BR_ERR_UNKNOWN_KEY);
    world_stamp(w, 1);
    assert_int_equal(
        world_run(w, "regione", w->notary_key, BR_MODULE_NOTARY),
        BR_ERR_UNKNOWN_KEY);
    br_signer_free(stranger);
}

/** No bit of a transaction can be changed. */
static void
every_flipped_bit_is_refused(void **state)
{
    struct world *w = (struct world *)*state;
    world_stamp(w, 1);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_NOTARY), BR_OK);
    struct br_buf good;
    br_buf_init(&good, 4096);
    br_buf_put(&good, w->tx.p, w->tx.n);
    world_begin(w); /* forget it ever ran */
    for (size_t bit = 0; bit < 8 * good.n; bit++) {
        good.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(
            br_ledger_run(
                br_str("lombardia-test"), w->time, br_buf_bytes(&good), &w->e,
                NULL),
            BR_OK);
        good.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < good.n; n++) {
        assert_int_not_equal(
            br_ledger_run(
                br_str("lombardia-test"), w->time, br_bytes(good.p, n), &w->e,
                NULL),
            BR_OK);
    }
    assert_int_equal(br_effects_leaf_count(&w->e), 0);
    assert_int_equal(br_effects_write_count(&w->e), 0);
    assert_int_equal(
        br_ledger_run(
            br_str("lombardia-test"), w->time, br_buf_bytes(&good), &w->e,
            NULL),
        BR_OK);
    br_buf_fini(&good);
}

static void
a_raw_leaf_may_not_look_like_ours(void **state)
{
    struct world *w = (struct world *)*state;
    static const uint8_t ours[] = {0xda, 0x42, 0x52, 0x4c, 0x31, 0x80};
    struct br_op op = {.type = BR_OP_RAW, .leaf = br_bytes(ours, sizeof(ours))};
    world_op(w, &op, BR_MODULE_NOTARY);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_NOTARY),
        BR_ERR_RESERVED_LEAF);
    op.leaf = br_str("a commitment of others");
    world_op(w, &op, BR_MODULE_NOTARY);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_NOTARY), BR_OK);
}

/* ---- a transaction that fails leaves no trace --------------------------- */

static void
a_failed_transaction_leaves_no_trace(void **state)
{
    struct world *w = (struct world *)*state;
    struct world other;
    struct br_op missing = {.type = BR_OP_RECORD_VERSION};
    struct br_digest d = {.alg = BR_HASH_SHA256};
    missing.alg = BR_HASH_SHA256;
    missing.digest = br_bytes(d.b, 32);
    world_init(&other);
    world_begin(&other);

    world_stamp(w, 1);
    struct br_tx_draft first = world_draft(w, "comune", BR_MODULE_NOTARY);
    assert_int_equal(world_run_draft(w, &first, w->notary_key, NULL), BR_OK);
    world_stamp(w, 2); /* this one would do */
    world_op(w, &missing, BR_MODULE_NOTARY);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_NOTARY),
        BR_ERR_NOT_FOUND);
    assert_int_equal(br_effects_leaf_count(&w->e), 1);
    world_seal(w);

    world_stamp(&other, 1);
    struct br_tx_draft same = world_draft(&other, "comune", BR_MODULE_NOTARY);
    same.seq = first.seq;
    assert_int_equal(
        world_run_draft(&other, &same, other.notary_key, NULL), BR_OK);
    world_seal(&other);
    assert_memory_equal(&w->head.app_hash, &other.head.app_hash, 32);
    world_fini(&other);
}

static void
an_empty_block_leaves_the_application_hash(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_hash before = w->head.app_hash;
    world_seal(w);
    assert_memory_equal(&before, &w->head.app_hash, 32);
}

/* ---- members and keys --------------------------------------------------- */

static struct br_op
key_op(const char *member, struct br_signer *s, uint64_t from, uint64_t to)
{
    return (struct br_op){
        .type = BR_OP_KEY_ADD,
        .id = br_str(member),
        .key = *br_signer_public(s),
        .not_before = {from},
        .not_after = {to},
    };
}

static void
a_key_rotates_with_an_overlap(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_signer *fresh;
    assert_int_equal(br_signer_generate(BR_SIGN_ES256, &fresh, NULL), BR_OK);
    struct br_op add = key_op("comune", fresh, w->time.v, 0);
    struct br_op revoke = {
        .type = BR_OP_KEY_REVOKE, .not_after = {w->time.v + 1500}};
    br_public_key_thumbprint(br_signer_public(w->notary_key), &revoke.kid);
    world_op(w, &add, BR_MODULE_REGISTRY);
    world_op(w, &revoke, BR_MODULE_REGISTRY);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_REGISTRY), BR_OK);
    world_seal(w);
    world_begin(w); /* both are valid */
    world_stamp(w, 1);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_NOTARY), BR_OK);
    world_stamp(w, 2);
    assert_int_equal(world_run(w, "comune", fresh, BR_MODULE_NOTARY), BR_OK);
    world_seal(w);
    world_begin(w); /* the old one has ended */
    world_stamp(w, 3);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_NOTARY),
        BR_ERR_KEY_NOT_VALID);
    world_stamp(w, 4);
    assert_int_equal(world_run(w, "comune", fresh, BR_MODULE_NOTARY), BR_OK);
    br_signer_free(fresh);
}

static void
a_revocation_never_gives_a_key_more_time(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_op revoke = {
        .type = BR_OP_KEY_REVOKE, .not_after = {w->time.v + 1500}};
    br_public_key_thumbprint(br_signer_public(w->notary_key), &revoke.kid);
    world_op(w, &revoke, BR_MODULE_REGISTRY);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_REGISTRY), BR_OK);
    world_seal(w);
    world_begin(w); /* it still signs, and may not stay for that */
    revoke.not_after.v = w->time.v + 1000000;
    world_op(w, &revoke, BR_MODULE_REGISTRY);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_REGISTRY),
        BR_ERR_CONFLICT);
    world_seal(w);
    world_begin(w); /* it has ended: an operator cannot revive it either */
    world_op(w, &revoke, BR_MODULE_REGISTRY);
    assert_int_equal(
        world_run(w, "regione", w->operator_key, BR_MODULE_REGISTRY),
        BR_ERR_CONFLICT);
    world_stamp(w, 1);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_NOTARY),
        BR_ERR_KEY_NOT_VALID);
}

static void
only_operators_change_others(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_op put = {
        .type = BR_OP_MEMBER_PUT,
        .id = br_str("nuovo"),
        .name = br_str("Nuovo"),
        .roles = BR_ROLE_OPERATOR,
        .active = true,
    };
    world_op(w, &put, BR_MODULE_REGISTRY);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_REGISTRY),
        BR_ERR_FORBIDDEN);
    struct br_op add = key_op("regione", w->auditor_key, 0, 0);
    world_op(w, &add, BR_MODULE_REGISTRY);
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_REGISTRY),
        BR_ERR_FORBIDDEN);
    world_op(w, &put, BR_MODULE_REGISTRY);
    assert_int_equal(
        world_run(w, "regione", w->operator_key, BR_MODULE_REGISTRY), BR_OK);
}

static void
a_suspended_member_may_nothing(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_op put = {
        .type = BR_OP_MEMBER_PUT,
        .id = br_str("comune"),
        .name = br_str("Comune"),
        .roles = BR_ROLE_NOTARY,
        .active = false,
    };
    world_op(w, &put, BR_MODULE_REGISTRY);
    assert_int_equal(
        world_run(w, "regione", w->operator_key, BR_MODULE_REGISTRY), BR_OK);
    world_stamp(w, 1); /* in the same block already */
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_NOTARY),
        BR_ERR_MEMBER_SUSPENDED);
}

static void
the_last_word_stays_with_an_operator(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_op put = {
        .type = BR_OP_MEMBER_PUT,
        .id = br_str("regione"),
        .name = br_str("Regione"),
        .roles = BR_ROLE_NOTARY,
        .active = true,
    };
    world_op(w, &put, BR_MODULE_REGISTRY);
    assert_int_equal(
        world_run(w, "regione", w->operator_key, BR_MODULE_REGISTRY),
        BR_ERR_CONFLICT);
}

/* ---- records ------------------------------------------------------------ */

static struct br_op
record_op(uint64_t type, const struct br_hash *id)
{
    static const uint8_t digest[32] = {9};
    struct br_op op = {
        .type = type,
        .alg = BR_HASH_SHA256,
        .digest = br_bytes(digest, 32),
        .version = 1,
    };
    if (id != NULL) {
        op.record = *id;
    }
    return op;
}

static enum br_rc
run_record(
    struct world *w,
    const char *author,
    struct br_signer *s,
    const struct br_op *op)
{
    world_op(w, op, BR_MODULE_NOTARY);
    return world_run(w, author, s, BR_MODULE_NOTARY);
}

static void
a_record_lives_with_its_owners(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_record rec;
    struct br_hash id;
    struct br_op op = record_op(BR_OP_RECORD_CREATE, NULL);
    br_record_id(br_str("lombardia-test"), 0, &id);
    assert_int_equal(run_record(w, "comune", w->notary_key, &op), BR_OK);
    op = record_op(BR_OP_RECORD_VERSION, &id);
    assert_int_equal(
        run_record(w, "regione", w->operator_key, &op), BR_ERR_NOT_OWNER);
    assert_int_equal(run_record(w, "comune", w->notary_key, &op), BR_OK);
    op = record_op(BR_OP_RECORD_HASH, &id);
    op.version = 3;
    assert_int_equal(
        run_record(w, "comune", w->notary_key, &op), BR_ERR_OUT_OF_RANGE);
    op.version = 2;
    assert_int_equal(run_record(w, "comune", w->notary_key, &op), BR_OK);
    assert_int_equal(br_record_get(&w->e, &id, &rec, NULL), BR_OK);
    assert_int_equal(rec.versions, 2);
    assert_int_equal(rec.first_leaf, 0);
    assert_int_equal(rec.last_leaf, 2);
}

static void
a_delegation_has_a_beginning_and_an_end(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_hash id;
    struct br_op op = record_op(BR_OP_RECORD_CREATE, NULL);
    br_record_id(br_str("lombardia-test"), 0, &id);
    assert_int_equal(run_record(w, "comune", w->notary_key, &op), BR_OK);
    struct br_op add = {
        .type = BR_OP_OWNER_ADD,
        .record = id,
        .id = br_str("regione"),
        .not_before = {w->time.v + 500},
        .not_after = {w->time.v + 1500},
    };
    assert_int_equal(run_record(w, "comune", w->notary_key, &add), BR_OK);
    op = record_op(BR_OP_RECORD_VERSION, &id);
    assert_int_equal(/* too early */
                     run_record(w, "regione", w->operator_key, &op),
                     BR_ERR_NOT_OWNER);
    world_seal(w);
    world_begin(w);
    assert_int_equal(run_record(w, "regione", w->operator_key, &op), BR_OK);
    world_seal(w);
    world_begin(w);
    assert_int_equal(/* too late */
                     run_record(w, "regione", w->operator_key, &op),
                     BR_ERR_NOT_OWNER);
}

static void
a_record_keeps_an_owner(void **state)
{
    struct world *w = (struct world *)*state;
    struct br_hash id;
    struct br_op op = record_op(BR_OP_RECORD_CREATE, NULL);
    br_record_id(br_str("lombardia-test"), 0, &id);
    assert_int_equal(run_record(w, "comune", w->notary_key, &op), BR_OK);
    struct br_op revoke = {
        .type = BR_OP_OWNER_REVOKE, .record = id, .id = br_str("comune")};
    assert_int_equal(
        run_record(w, "comune", w->notary_key, &revoke), BR_ERR_CONFLICT);
    struct br_op add = {
        .type = BR_OP_OWNER_ADD, .record = id, .id = br_str("nobody")};
    assert_int_equal(
        run_record(w, "comune", w->notary_key, &add), BR_ERR_NOT_FOUND);
    add.id = br_str("regione");
    assert_int_equal(run_record(w, "comune", w->notary_key, &add), BR_OK);
    assert_int_equal(
        run_record(w, "comune", w->notary_key, &add), BR_ERR_CONFLICT);
    assert_int_equal(run_record(w, "comune", w->notary_key, &revoke), BR_OK);
    op = record_op(BR_OP_RECORD_VERSION, &id);
    assert_int_equal(
        run_record(w, "comune", w->notary_key, &op), BR_ERR_NOT_OWNER);
}

/* ---- heads and blocks --------------------------------------------------- */

static void
heads_and_blocks_round_trip(void **state)
{
    struct world *w = (struct world *)*state;
    uint8_t bytes[BR_HEAD_BYTES_MAX];
    struct br_head head;
    struct br_buf b;
    for (uint8_t i = 0; i < 40; i++) {
        world_stamp(w, i);
    }
    assert_int_equal(
        world_run(w, "comune", w->notary_key, BR_MODULE_NOTARY), BR_OK);
    world_seal(w);
    size_t n = br_head_encode(&w->head, bytes);
    assert_int_equal(br_head_parse(br_bytes(bytes, n), &head, NULL), BR_OK);
    assert_memory_equal(&head, &w->head, sizeof(head.app_hash) + 16);
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_not_equal(
            br_head_parse(br_bytes(bytes, cut), &head, NULL), BR_OK);
    }
    struct br_block block = {
        .height = 1, .time = w->time, .leaves = 40, .tx_count = 1};
    struct br_block back;
    br_buf_init(&b, 4096);
    br_block_put(&b, &block);
    assert_int_equal(br_block_parse(br_buf_bytes(&b), &back, NULL), BR_OK);
    assert_memory_equal(&block, &back, sizeof(block));
    br_buf_fini(&b);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_stamp_becomes_a_leaf_with_author_and_time),
        T(each_algorithm_signs),
        T(an_envelope_is_refused),
        T(a_sequence_counts_once),
        T(a_stranger_or_another_author_is_refused),
        T(every_flipped_bit_is_refused),
        T(a_raw_leaf_may_not_look_like_ours),
        T(a_failed_transaction_leaves_no_trace),
        T(an_empty_block_leaves_the_application_hash),
        T(a_key_rotates_with_an_overlap),
        T(a_revocation_never_gives_a_key_more_time),
        T(only_operators_change_others),
        T(a_suspended_member_may_nothing),
        T(the_last_word_stays_with_an_operator),
        T(a_record_lives_with_its_owners),
        T(a_delegation_has_a_beginning_and_an_end),
        T(a_record_keeps_an_owner),
        T(heads_and_blocks_round_trip),
    };
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
