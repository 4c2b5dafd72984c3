/*
 * tlog-proofs: written, read, limited.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/receipt/fixture.h"

#define H1    "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"
#define H2    "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n"
#define MAGIC "c2sp.org/tlog-proof@v1\n"

static enum br_rc
parse(struct br_bytes text, struct br_tlog_proof *p)
{
    uint8_t room[64];
    struct br_buf extra = {.p = room, .capacity = 64, .max = 64};
    return br_tlog_proof_parse(text, &extra, p, NULL);
}

static void
what_is_written_is_read(void **state)
{
    (void)state;
    static const char *const texts[] = {
        MAGIC "index 0\n\ncheckpoint",
        MAGIC "index 73894\n" H1 H2 "\nany text\n\nverbatim\n",
        MAGIC "extra aGVsbG8=\nindex 18446744073709551615\n" H1 "\nx",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        uint8_t room[64];
        struct br_buf extra = {.p = room, .capacity = 64, .max = 64};
        struct br_tlog_proof p;
        struct br_buf b;
        br_buf_init(&b, 4096);
        assert_ok(br_tlog_proof_parse(br_str(texts[i]), &extra, &p, NULL));
        br_tlog_proof_put(&b, &p);
        assert_true(br_bytes_eq(br_buf_bytes(&b), br_str(texts[i])));
        br_buf_fini(&b);
    }
}

static void
the_parts_are_where_they_belong(void **state)
{
    (void)state;
    uint8_t room[64];
    struct br_buf extra = {.p = room, .capacity = 64, .max = 64};
    struct br_tlog_proof p;
    assert_ok(br_tlog_proof_parse(
        br_str(MAGIC "extra aGVsbG8=\nindex 5\n" H1 H2 "\nthe checkpoint\n"),
        &extra, &p, NULL));
    assert_true(br_bytes_eq(p.extra, br_str("hello")));
    assert_int_equal(p.index, 5);
    assert_int_equal(p.proof.count, 2);
    assert_int_equal(p.proof.hash[1].b[0], 0x07);
    assert_true(br_bytes_eq(p.checkpoint, br_str("the checkpoint\n")));
}

static void
bad_proofs_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum br_rc rc;
    } bad[] = {
        {"", BR_ERR_MALFORMED},
        {"c2sp.org/tlog-proof@v2\nindex 0\n\nc", BR_ERR_MALFORMED},
        {MAGIC, BR_ERR_TRUNCATED},
        {MAGIC "index 0\n", BR_ERR_TRUNCATED},
        {MAGIC "index 0\n\n", BR_ERR_TRUNCATED},
        {MAGIC "index 00\n\nc", BR_ERR_MALFORMED},
        {MAGIC "index -1\n\nc", BR_ERR_MALFORMED},
        {MAGIC "index 18446744073709551616\n\nc", BR_ERR_MALFORMED},
        {MAGIC "Index 0\n\nc", BR_ERR_MALFORMED},
        {MAGIC "index 0\nAAAA\n\nc", BR_ERR_MALFORMED},
        {MAGIC "index 0\n" H1 "index 0\n\nc", BR_ERR_MALFORMED},
        {MAGIC "extra \nindex 0\n\nc", BR_ERR_MALFORMED},
        {MAGIC "extra a\nindex 0\n\nc", BR_ERR_MALFORMED},
        {MAGIC "extra AA==\n", BR_ERR_TRUNCATED},
        {MAGIC "extra AA==\nextra AA==\nindex 0\n\nc", BR_ERR_MALFORMED},
        {MAGIC "index 0\nextra AA==\n\nc", BR_ERR_MALFORMED},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct br_tlog_proof p;
        enum br_rc rc = parse(br_str(bad[i].text), &p);
        if (rc != bad[i].rc) {
            fail_msg("case %zu: %d", i, (int)rc);
        }
    }
}

static void
limits_hold(void **state)
{
    (void)state;
    struct br_tlog_proof p;
    struct br_buf b;
    br_buf_init(&b, 8192);
    br_buf_puts(&b, MAGIC "index 0\n");
    for (int i = 0; i < BR_PROOF_HASHES_MAX; i++) {
        br_buf_puts(&b, H1);
    }
    size_t full = b.n;
    br_buf_puts(&b, "\nc");
    assert_ok(parse(br_buf_bytes(&b), &p));
    b.n = full;
    br_buf_puts(&b, H1 "\nc");
    assert_int_equal(parse(br_buf_bytes(&b), &p), BR_ERR_TOO_LARGE);
    br_buf_clear(&b);
    br_buf_puts(&b, MAGIC "extra ");
    for (int i = 0; i < 22; i++) {
        br_buf_puts(&b, "AAAA"); /* 66 bytes; the caller has room for 64 */
    }
    br_buf_puts(&b, "\nindex 0\n\nc");
    assert_int_equal(parse(br_buf_bytes(&b), &p), BR_ERR_TOO_LARGE);
    br_buf_fini(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_parts_are_where_they_belong),
        cmocka_unit_test(bad_proofs_are_refused),
        cmocka_unit_test(limits_hold),
    };
    return cmocka_run_group_tests(tests, fx_setup, NULL);
}
