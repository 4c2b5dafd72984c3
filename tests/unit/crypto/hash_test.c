/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/crypto/support.h"

#include "common/crypto/hash.h"

static struct br_err err;

/* FIPS 180-4 and FIPS 202, the examples of one block and of none. */
static const struct {
    enum br_hash_alg alg;
    const char *of_abc;
    const char *of_nothing;
} known[] = {
    {BR_HASH_SHA256,
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {BR_HASH_SHA384,
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7",
     "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
     "274edebfe76f65fbd51ad2f14898b95b"},
    {BR_HASH_SHA512,
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
    {BR_HASH_SHA3_256,
     "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
     "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"},
    {BR_HASH_SHA3_512,
     "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
     "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
     "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a6"
     "15b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586281dcd26"},
};

static void
check_digest(
    enum br_hash_alg alg, struct br_bytes data, const char *expected_hex)
{
    uint8_t expected[BR_DIGEST_BYTES_MAX] = {0};
    struct br_digest d;
    size_t n = hex(expected_hex, expected, sizeof(expected)).n;
    assert_int_equal(n, br_hash_info(alg)->digest_bytes);
    assert_ok(br_digest_bytes(alg, data, &d, &err));
    assert_int_equal(d.alg, alg);
    /* The whole array: what the algorithm does not fill is zero. */
    assert_memory_equal(d.b, expected, sizeof(expected));
}

static void
digests_are_those_of_the_standards(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        check_digest(known[i].alg, br_str("abc"), known[i].of_abc);
        check_digest(known[i].alg, br_bytes(NULL, 0), known[i].of_nothing);
    }
}

static void
a_stream_in_pieces_gives_the_digest_of_the_whole(void **state)
{
    (void)state;
    uint8_t data[517];
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 31 + 7);
    }
    for (size_t a = 0; br_hash_nth(a) != NULL; a++) {
        enum br_hash_alg alg = br_hash_nth(a)->alg;
        struct br_digest whole;
        assert_ok(
            br_digest_bytes(alg, br_bytes(data, sizeof(data)), &whole, &err));
        for (size_t step = 1; step < sizeof(data); step += 41) {
            struct br_hasher *h;
            struct br_digest pieces;
            assert_ok(br_hasher_new(alg, &h, &err));
            for (size_t at = 0; at < sizeof(data); at += step) {
                size_t left = sizeof(data) - at;
                br_hasher_update(
                    h, br_bytes(data + at, left < step ? left : step));
            }
            br_hasher_final(h, &pieces);
            br_hasher_free(h);
            assert_memory_equal(&pieces, &whole, sizeof(whole));
        }
    }
}

static void
sha256_shortcuts_equal_the_digest_of_the_concatenation(void **state)
{
    (void)state;
    uint8_t data[130];
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i ^ 0x5a);
    }
    for (size_t n = 0; n < sizeof(data); n++) {
        struct br_hash h;
        struct br_digest d;
        struct br_bytes parts[3] = {
            {data, n / 3}, {NULL, 0}, {data + n / 3, n - n / 3}};
        assert_ok(br_digest_bytes(BR_HASH_SHA256, br_bytes(data, n), &d, &err));
        br_sha256(br_bytes(data, n), &h);
        assert_memory_equal(h.b, d.b, BR_HASH_BYTES);
        br_sha256_parts(parts, 3, &h);
        assert_memory_equal(h.b, d.b, BR_HASH_BYTES);
    }
}

/* RFC 9162 section 2.1.1; the leaves of the C2SP and CT test trees. */
static void
leaves_and_nodes_have_their_prefixes(void **state)
{
    (void)state;
    uint8_t expected[32];
    uint8_t node[65] = {0x01};
    struct br_hash leaf;
    struct br_hash h;
    struct br_hash plain;
    hex("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        expected, 32);
    br_sha256_leaf(br_bytes(NULL, 0), &leaf);
    assert_memory_equal(leaf.b, expected, 32);
    br_sha256(br_str("right"), &h);
    memcpy(node + 1, leaf.b, 32);
    memcpy(node + 33, h.b, 32);
    br_sha256(br_bytes(node, sizeof(node)), &plain);
    br_sha256_node(&leaf, &h, &h); /* the result may be an argument */
    assert_memory_equal(h.b, plain.b, 32);
}

static void
the_table_is_found_by_code_name_and_oid(void **state)
{
    (void)state;
    size_t n = 0;
    for (; br_hash_nth(n) != NULL; n++) {
        const struct br_hash_info *i = br_hash_nth(n);
        assert_ptr_equal(br_hash_info(i->alg), i);
        assert_ptr_equal(br_hash_by_name(br_str(i->name)), i);
        assert_ptr_equal(br_hash_by_oid(i->oid), i);
    }
    assert_int_equal(n, 5);
    struct br_digest d;
    assert_null(br_hash_info(0x11)); /* sha1 */
    assert_null(br_hash_info(0x100000012));
    assert_null(br_hash_by_name(br_str("SHA-256")));
    assert_null(br_hash_by_name(br_bytes(NULL, 0)));
    assert_null(br_hash_by_oid("1.3.14.3.2.26"));
    assert_int_equal(
        br_digest_bytes((enum br_hash_alg)0x11, br_str("x"), &d, &err),
        BR_ERR_UNSUPPORTED);
}

/* Aumasson and Bernstein's reference vectors: key 00..0f, message 00..n-1. */
static void
siphash_is_siphash_2_4(void **state)
{
    (void)state;
    static const uint8_t expected[3][8] = {
        {0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72},
        {0xfd, 0x67, 0xdc, 0x93, 0xc5, 0x39, 0xf8, 0x74},
        {0x5a, 0x4f, 0xa9, 0xd9, 0x09, 0x80, 0x6c, 0x0d},
    };
    uint8_t key[16];
    for (uint8_t i = 0; i < 16; i++) {
        key[i] = i;
    }
    for (size_t n = 0; n < 3; n++) {
        uint64_t v = br_siphash(key, br_bytes(key, n));
        uint64_t e = 0;
        for (size_t i = 8; i-- > 0;) {
            e = e << 8 | expected[n][i];
        }
        assert_true(v == e);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_the_standards),
        cmocka_unit_test(a_stream_in_pieces_gives_the_digest_of_the_whole),
        cmocka_unit_test(
            sha256_shortcuts_equal_the_digest_of_the_concatenation),
        cmocka_unit_test(leaves_and_nodes_have_their_prefixes),
        cmocka_unit_test(the_table_is_found_by_code_name_and_oid),
        cmocka_unit_test(siphash_is_siphash_2_4),
    };
    if (br_crypto_init(&err) != BR_OK || br_crypto_init(&err) != BR_OK) {
        return 1;
    }
    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
