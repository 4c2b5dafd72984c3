/*
 * Leaves: the bytes of docs/formats.md, round trips, refusals.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/receipt/fixture.h"

#include "common/codec/cbor.h"
#include "common/crypto/hash.h"

static const struct br_time_us noon = {UINT64_C(1767268800000000)};

static void
a_stamp_is_the_bytes_of_the_description(void **state)
{
    (void)state;
    static const uint8_t want[] = {
        0xda, 0x42, 0x52, 0x4c, 0x31, /* tag "BRL1" */
        0x85, 0x01, 0x0a, 0x64, 'a',  'c', 'm', 'e', 0x12, 0x58, 0x20};
    uint8_t out[BR_OWN_LEAF_BYTES_MAX];
    uint8_t digest[32] = {7};
    size_t n = br_leaf_encode_stamp(
        out, (struct br_time_us){10}, br_str("acme"), BR_HASH_SHA256,
        br_bytes(digest, 32));
    assert_int_equal(n, sizeof(want) + 32);
    assert_memory_equal(out, want, sizeof(want));
    assert_memory_equal(out + sizeof(want), digest, 32);
    assert_ok(br_cbor_check(br_bytes(out, n), NULL));
}

static void
every_algorithm_makes_a_round_trip(void **state)
{
    (void)state;
    const struct br_hash_info *info;
    for (size_t i = 0; (info = br_hash_nth(i)) != NULL; i++) {
        uint8_t out[BR_OWN_LEAF_BYTES_MAX];
        uint8_t digest[BR_DIGEST_BYTES_MAX];
        struct br_leaf leaf;
        memset(digest, (int)i + 1, sizeof(digest));
        size_t n = br_leaf_encode_stamp(
            out, noon, br_str("comune.example-1"), info->alg,
            br_bytes(digest, info->digest_bytes));
        assert_ok(br_leaf_parse(br_bytes(out, n), &leaf, NULL));
        assert_int_equal(leaf.kind, BR_LEAF_STAMP);
        assert_int_equal(leaf.time.v, noon.v);
        assert_int_equal(leaf.alg, info->alg);
        assert_int_equal(leaf.digest.n, info->digest_bytes);
        assert_memory_equal(leaf.digest.p, digest, leaf.digest.n);
        assert_true(br_bytes_eq(leaf.author, br_str("comune.example-1")));
    }
}

static void
a_record_makes_a_round_trip(void **state)
{
    (void)state;
    uint8_t id[32] = {1};
    uint8_t digest[48] = {2};
    uint8_t out[BR_OWN_LEAF_BYTES_MAX];
    struct br_leaf leaf;
    struct br_leaf_record r = {
        .record = br_bytes(id, 32),
        .step = BR_LEAF_STEP_HASH,
        .version = 300,
        .alg = BR_HASH_SHA384,
        .digest = br_bytes(digest, 48),
    };
    size_t n = br_leaf_encode_record(out, noon, br_str("acme"), &r);
    assert_ok(br_cbor_check(br_bytes(out, n), NULL));
    assert_ok(br_leaf_parse(br_bytes(out, n), &leaf, NULL));
    assert_int_equal(leaf.kind, BR_LEAF_RECORD);
    assert_int_equal(leaf.step, BR_LEAF_STEP_HASH);
    assert_int_equal(leaf.version, 300);
    assert_true(br_bytes_eq(leaf.record, r.record));
    assert_true(br_bytes_eq(leaf.digest, r.digest));
}

static void
a_member_makes_a_round_trip(void **state)
{
    (void)state;
    uint8_t digest[32] = {9};
    uint8_t out[BR_OWN_LEAF_BYTES_MAX];
    struct br_leaf leaf;
    size_t n = br_leaf_encode_member(
        out, noon, br_str("acme"), 3, br_bytes(digest, 32));
    assert_ok(br_leaf_parse(br_bytes(out, n), &leaf, NULL));
    assert_int_equal(leaf.kind, BR_LEAF_MEMBER);
    assert_int_equal(leaf.change, 3);
    assert_true(br_bytes_eq(leaf.digest, br_bytes(digest, 32)));
}

static void
the_registry_makes_a_round_trip(void **state)
{
    (void)state;
    uint8_t digest[32] = {7};
    uint8_t out[BR_OWN_LEAF_BYTES_MAX];
    struct br_leaf leaf;
    size_t n = br_leaf_encode_registry(
        out, noon, br_str("acme"), 5, br_bytes(digest, 32));
    assert_ok(br_cbor_check(br_bytes(out, n), NULL));
    assert_ok(br_leaf_parse(br_bytes(out, n), &leaf, NULL));
    assert_int_equal(leaf.kind, BR_LEAF_REGISTRY);
    assert_int_equal(leaf.change, 5);
    assert_int_equal(leaf.alg, 0x12);
    assert_true(br_bytes_eq(leaf.digest, br_bytes(digest, 32)));
    out[6] = 5; /* no such kind */
    assert_int_equal(
        br_leaf_parse(br_bytes(out, n), &leaf, NULL), BR_ERR_UNSUPPORTED);
}

static void
the_largest_leaf_fits(void **state)
{
    (void)state;
    uint8_t id[32] = {0};
    uint8_t digest[64] = {0};
    char author[BR_MEMBER_ID_BYTES_MAX];
    uint8_t out[BR_OWN_LEAF_BYTES_MAX];
    memset(author, 'a', sizeof(author));
    struct br_leaf_record r = {
        br_bytes(id, 32), BR_LEAF_STEP_OWNER_REVOKED, UINT64_MAX,
        BR_HASH_SHA512, br_bytes(digest, 64)};
    struct br_time_us last = {(UINT64_C(1) << 53) - 1};
    struct br_leaf leaf;
    size_t n =
        br_leaf_encode_record(out, last, br_bytes(author, sizeof(author)), &r);
    assert_ok(br_leaf_parse(br_bytes(out, n), &leaf, NULL));
    assert_int_equal(leaf.version, UINT64_MAX);
}

static void
other_bytes_are_raw(void **state)
{
    (void)state;
    struct br_leaf leaf;
    static const char *const raw[] = {
        "", "a", "\xda\x42\x52\x4c", "\xda\x42\x52\x4c\x30xyz", "hello"};
    for (size_t i = 0; i < sizeof(raw) / sizeof(raw[0]); i++) {
        assert_false(br_leaf_is_reserved(br_str(raw[i])));
        assert_ok(br_leaf_parse(br_str(raw[i]), &leaf, NULL));
        assert_int_equal(leaf.kind, BR_LEAF_RAW);
        assert_true(br_bytes_eq(leaf.entry, br_str(raw[i])));
    }
    assert_true(br_leaf_is_reserved(br_str("\xda\x42\x52\x4c\x31")));
}

static void
no_truncation_of_ours_is_a_leaf(void **state)
{
    (void)state;
    uint8_t out[BR_OWN_LEAF_BYTES_MAX];
    struct br_leaf leaf;
    size_t n = fx_leaf(1, out);
    for (size_t cut = 5; cut < n; cut++) {
        assert_int_not_equal(
            br_leaf_parse(br_bytes(out, cut), &leaf, NULL), BR_OK);
    }
    out[n] = 0;
    assert_int_equal(
        br_leaf_parse(br_bytes(out, n + 1), &leaf, NULL), BR_ERR_TRAILING);
}

struct bad {
    const char *why;
    enum br_rc rc;
    const char *body; /* after the tag */
    size_t n;
};
#define BAD(why, rc, body)              \
    {                                   \
        why, rc, body, sizeof(body) - 1 \
    }
#define D32 "01234567890123456789012345678901"

static void
bad_leaves_are_refused(void **state)
{
    (void)state;
    static const struct bad bad[] = {
        BAD("kind 0", BR_ERR_UNSUPPORTED, "\x85\x00\x0a\x61z\x12\x58\x20" D32),
        BAD("kind 5", BR_ERR_UNSUPPORTED, "\x85\x05\x0a\x61z\x12\x58\x20" D32),
        BAD("kind 2 with 5 items", BR_ERR_UNSUPPORTED,
            "\x85\x02\x0a\x61z\x12\x58\x20" D32),
        BAD("no author", BR_ERR_OUT_OF_RANGE,
            "\x85\x01\x0a\x60\x12\x58\x20" D32),
        BAD("author with a space", BR_ERR_OUT_OF_RANGE,
            "\x85\x01\x0a\x63z z\x12\x58\x20" D32),
        BAD("unknown algorithm", BR_ERR_UNSUPPORTED,
            "\x85\x01\x0a\x61z\x11\x58\x20" D32),
        BAD("short digest", BR_ERR_OUT_OF_RANGE,
            "\x85\x01\x0a\x61z\x12\x43zzz"),
        BAD("long head", BR_ERR_NOT_CANONICAL,
            "\x85\x01\x18\x0a\x61z\x12\x58\x20" D32),
        BAD("time past 2^53", BR_ERR_OUT_OF_RANGE,
            "\x85\x01\x1b\x00\x20\x00\x00\x00\x00\x00\x00\x61z\x12\x58"
            "\x20" D32),
        BAD("a map", BR_ERR_MALFORMED, "\xa0"),
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t b[256] = {0xda, 0x42, 0x52, 0x4c, 0x31};
        struct br_leaf leaf;
        memcpy(b + 5, bad[i].body, bad[i].n);
        enum br_rc rc = br_leaf_parse(br_bytes(b, 5 + bad[i].n), &leaf, NULL);
        if (rc != bad[i].rc) {
            fail_msg("%s: %d", bad[i].why, (int)rc);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stamp_is_the_bytes_of_the_description),
        cmocka_unit_test(every_algorithm_makes_a_round_trip),
        cmocka_unit_test(a_record_makes_a_round_trip),
        cmocka_unit_test(a_member_makes_a_round_trip),
        cmocka_unit_test(the_registry_makes_a_round_trip),
        cmocka_unit_test(the_largest_leaf_fits),
        cmocka_unit_test(other_bytes_are_raw),
        cmocka_unit_test(no_truncation_of_ours_is_a_leaf),
        cmocka_unit_test(bad_leaves_are_refused),
    };
    return cmocka_run_group_tests(tests, fx_setup, NULL);
}
