/*
 * COSE receipts and key sets: issued, verified, spoiled bit by bit.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/receipt/fixture.h"

#include "common/codec/text.h"

/** The receipt of leaf `index` of a tree of `size`. */
static void
issue(
    struct br_buf *b,
    unsigned index,
    size_t size,
    struct br_signer *s,
    const char *subject)
{
    struct fx_tree t;
    struct br_hash root;
    uint8_t leaf[BR_OWN_LEAF_BYTES_MAX];
    struct br_cose_receipt r = {.tree_size = size, .index = index};
    fx_log(&t, size);
    fx_root(&t, 0, size, &root);
    fx_inclusion(&t, index, size, &r.proof);
    r.leaf = br_bytes(leaf, fx_leaf(index, leaf));
    if (subject != NULL) {
        r.claims.issuer = br_str(FX_ORIGIN);
        r.claims.subject = br_str(subject);
    }
    assert_ok(br_cose_receipt_put(b, &r, &root, s, NULL));
}

static enum br_rc
check(struct br_bytes receipt, const struct br_public_key *key)
{
    struct br_cose_receipt r;
    struct br_hash root;
    enum br_rc rc = br_cose_receipt_parse(receipt, &r, NULL);
    if (rc == BR_OK) {
        rc = br_cose_receipt_root(&r, r.leaf, &root, NULL);
    }
    return rc == BR_OK ? br_cose_receipt_verify(&r, &root, key, NULL) : rc;
}

static void
every_leaf_of_every_small_tree_has_a_receipt(void **state)
{
    (void)state;
    struct br_signer *s = fx_signer(BR_SIGN_ED25519, 5);
    for (size_t size = 1; size <= 17; size++) {
        for (unsigned i = 0; i < size; i++) {
            struct br_buf b;
            struct br_cose_receipt r;
            br_buf_init(&b, BR_COSE_RECEIPT_BYTES_MAX);
            issue(&b, i, size, s, NULL);
            assert_ok(br_cbor_check(br_buf_bytes(&b), NULL));
            assert_ok(check(br_buf_bytes(&b), br_signer_public(s)));
            assert_ok(br_cose_receipt_parse(br_buf_bytes(&b), &r, NULL));
            assert_int_equal(r.index, i);
            assert_int_equal(r.tree_size, size);
            assert_true(br_cose_receipt_is(br_buf_bytes(&b)));
            br_buf_fini(&b);
        }
    }
    br_signer_free(s);
}

static void
each_algorithm_signs(void **state)
{
    (void)state;
    static const enum br_sign_alg algs[] = {
        BR_SIGN_ED25519, BR_SIGN_ES256, BR_SIGN_ES256K};
    for (size_t i = 0; i < 3; i++) {
        struct br_signer *s = fx_signer(algs[i], 7);
        struct br_signer *other = fx_signer(algs[i], 8);
        struct br_buf b;
        struct br_cose_receipt r;
        br_buf_init(&b, BR_COSE_RECEIPT_BYTES_MAX);
        issue(&b, 2, 5, s, "vendor.product.example");
        assert_ok(br_cbor_check(br_buf_bytes(&b), NULL));
        assert_ok(check(br_buf_bytes(&b), br_signer_public(s)));
        assert_int_equal(
            check(br_buf_bytes(&b), br_signer_public(other)),
            BR_ERR_UNKNOWN_KEY);
        assert_ok(br_cose_receipt_parse(br_buf_bytes(&b), &r, NULL));
        assert_int_equal(r.alg, algs[i]);
        assert_true(br_bytes_eq(r.claims.issuer, br_str(FX_ORIGIN)));
        assert_true(
            br_bytes_eq(r.claims.subject, br_str("vendor.product.example")));
        br_buf_fini(&b);
        br_signer_free(s);
        br_signer_free(other);
    }
}

static void
no_flipped_bit_is_accepted(void **state)
{
    (void)state;
    struct br_signer *s = fx_signer(BR_SIGN_ES256, 9);
    struct br_buf b;
    br_buf_init(&b, BR_COSE_RECEIPT_BYTES_MAX);
    issue(&b, 3, 6, s, NULL);
    for (size_t bit = 0; bit < 8 * b.n; bit++) {
        b.p[bit / 8] = (uint8_t)(b.p[bit / 8] ^ 1u << bit % 8);
        if (check(br_buf_bytes(&b), br_signer_public(s)) == BR_OK) {
            fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
        }
        b.p[bit / 8] = (uint8_t)(b.p[bit / 8] ^ 1u << bit % 8);
    }
    for (size_t n = 0; n < b.n; n++) {
        assert_int_not_equal(
            check(br_bytes(b.p, n), br_signer_public(s)), BR_OK);
    }
    br_buf_put(&b, "", 1);
    assert_int_not_equal(check(br_buf_bytes(&b), br_signer_public(s)), BR_OK);
    br_buf_fini(&b);
    br_signer_free(s);
}

/* The example file of draft-ietf-cose-merkle-tree-proofs, whose protected
 * header is not in the deterministic order. */
static const char published[] =
    "d2845840a40126044a746573742d6b65792d3119018b010fa101782868747470"
    "733a2f2f7472616e73706172656e63792d736572766963652e6578616d706c65"
    "2e636f6da119018ca12081586a8305038358203d06455dd33da4e9bbd8090677"
    "a2d0955e6dffe4b92069605a468920d1198095582033a5211719e06238a191c7"
    "244a7633187da2c9aaa5bc6dec54e2cbb49825543458204d75742d9ea02f7767"
    "dcd554a7878ff22cdb208be9f3d35f7aa7700b57e741c0f6584034e81008fb0e"
    "4e5216576687454"
    "50df608d0e5c015dffc5d607dd78236c2908f4e2b643817d9191d0abd7c074a"
    "ff2b1bfda519ab3fab210ff2e0a1de275de6a7";

static void
the_published_example_is_read(void **state)
{
    (void)state;
    uint8_t raw[256];
    struct br_cose_receipt r;
    assert_ok(br_hex_parse(br_str(published), raw, NULL));
    assert_ok(br_cose_receipt_parse(br_bytes(raw, 250), &r, NULL));
    assert_int_equal(r.tree_size, 5);
    assert_int_equal(r.index, 3);
    assert_int_equal(r.proof.count, 3);
    assert_int_equal(r.alg, BR_SIGN_ES256);
    assert_true(br_bytes_eq(r.kid, br_str("test-key-1")));
    assert_true(br_bytes_eq(
        r.claims.issuer, br_str("https://transparency-service.example.com")));
    assert_int_equal(r.leaf.n, 0);
}

static void
bad_receipts_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        enum br_rc rc;
        const char *hex;
    } bad[] = {
        {"no tag", BR_ERR_MALFORMED, "8440a0f640"},
        {"tag 17", BR_ERR_MALFORMED, "d18440a0f640"},
        {"three items", BR_ERR_MALFORMED, "d28340a0f6"},
        {"no algorithm", BR_ERR_MISSING_FIELD, "d28440a0f640"},
        {"no structure", BR_ERR_MISSING_FIELD, "d28443a10126a0f640"},
        {"structure 2", BR_ERR_UNSUPPORTED, "d28447a2012619018b02a0f640"},
        {"algorithm -35", BR_ERR_UNSUPPORTED, "d28448a201382219018b01a0f640"},
        {"algorithm twice", BR_ERR_DUPLICATE_FIELD,
         "d28449a30126012619018b01a0f640"},
        {"critical", BR_ERR_UNSUPPORTED, "d2844aa301260281031903e801a0f640"},
        {"no proof", BR_ERR_MISSING_FIELD, "d28447a2012619018b01a0f640"},
        {"a consistency proof", BR_ERR_UNSUPPORTED,
         "d28447a2012619018b01a119018ca12180f640"},
        {"two proofs", BR_ERR_MALFORMED,
         "d28447a2012619018b01a119018ca120824483010080448301"
         "0080f640"},
        {"a short hash", BR_ERR_OUT_OF_RANGE,
         "d28447a2012619018b01a119018ca12081468302008141aaf640"},
        {"a payload that is no root", BR_ERR_MALFORMED,
         "d28447a2012619018b01a119018ca120814483010080"
         "41aa40"},
        {"payload false", BR_ERR_MALFORMED, "d28440a0f440"},
        {"indefinite", BR_ERR_NOT_CANONICAL, "d29f40a0f640ff"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t raw[256];
        struct br_cose_receipt r;
        size_t n = strlen(bad[i].hex) / 2;
        assert_ok(br_hex_parse(br_str(bad[i].hex), raw, NULL));
        enum br_rc rc = br_cose_receipt_parse(br_bytes(raw, n), &r, NULL);
        if (rc != bad[i].rc) {
            fail_msg("%s: %d", bad[i].why, (int)rc);
        }
    }
}

static void
a_key_set_makes_a_round_trip(void **state)
{
    (void)state;
    struct br_public_key keys[3];
    struct br_public_key out[3];
    static const enum br_sign_alg algs[] = {
        BR_SIGN_ED25519, BR_SIGN_ES256, BR_SIGN_ES256K};
    for (uint8_t seed = 1; seed < 20; seed++) {
        struct br_buf b;
        size_t count;
        br_buf_init(&b, 4096);
        for (size_t i = 0; i < 3; i++) {
            struct br_signer *s = fx_signer(algs[i], seed);
            keys[i] = *br_signer_public(s);
            br_signer_free(s);
        }
        br_cose_key_set_put(&b, keys, 3);
        assert_ok(br_cbor_check(br_buf_bytes(&b), NULL));
        assert_ok(
            br_cose_key_set_parse(br_buf_bytes(&b), out, 3, &count, NULL));
        assert_int_equal(count, 3);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(out[i].alg, keys[i].alg);
            assert_memory_equal(out[i].b, keys[i].b, keys[i].n);
        }
        assert_int_equal(
            br_cose_key_set_parse(br_buf_bytes(&b), out, 2, &count, NULL),
            BR_ERR_TOO_LARGE);
        br_buf_fini(&b);
    }
}

static void
unknown_keys_are_left_out_of_a_set(void **state)
{
    (void)state;
    uint8_t raw[16];
    struct br_public_key out[1];
    size_t count = 9;
    /* [{1: 4, -1: h'aa'}]: a symmetric key */
    assert_ok(br_hex_parse(br_str("81a201042041aa"), raw, NULL));
    assert_ok(br_cose_key_set_parse(br_bytes(raw, 7), out, 1, &count, NULL));
    assert_int_equal(count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_leaf_of_every_small_tree_has_a_receipt),
        cmocka_unit_test(each_algorithm_signs),
        cmocka_unit_test(no_flipped_bit_is_accepted),
        cmocka_unit_test(the_published_example_is_read),
        cmocka_unit_test(bad_receipts_are_refused),
        cmocka_unit_test(a_key_set_makes_a_round_trip),
        cmocka_unit_test(unknown_keys_are_left_out_of_a_set),
    };
    return cmocka_run_group_tests(tests, fx_setup, NULL);
}
