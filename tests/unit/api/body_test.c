/*
 * Bodies of requests: read, limited, and refused with their line.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "node/api/body.h"

/* cmocka wants these four before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define H16 "00112233445566778899aabbccddeeff"
#define H32 H16 H16

static void
digests_are_read(void **state)
{
    (void)state;
    struct br_body_digest d;
    const char *text = "{\"alg\":\"sha-256\",\"digest\":\"" H32 "\"}";
    assert_int_equal(br_body_digest(br_str(text), &d, NULL), BR_OK);
    assert_int_equal(d.alg, BR_HASH_SHA256);
    assert_int_equal(d.digest_bytes, 32);
    assert_int_equal(d.digest[31], 0xff);
    assert_false(d.again);
    text = "{\"again\":true,\"alg\":\"sha3-512\",\"digest\":\"" H32 H32 "\"}";
    assert_int_equal(br_body_stamp(br_str(text), &d, NULL), BR_OK);
    assert_true(d.again && d.digest_bytes == 64);
    assert_int_equal(
        br_body_digest(br_str(text), &d, NULL), BR_ERR_UNKNOWN_FIELD);
    assert_int_equal(
        br_body_stamp(
            br_str("{\"alg\":\"sha-1\",\"digest\":\"00\"}"), &d, NULL),
        BR_ERR_UNSUPPORTED);
    assert_int_equal(
        br_body_stamp(
            br_str("{\"alg\":\"sha-384\",\"digest\":\"" H32 "\"}"), &d, NULL),
        BR_ERR_OUT_OF_RANGE);
    assert_int_equal(
        br_body_stamp(
            br_str("{\"alg\":\"sha-256\",\"digest\":\"" H16
                   "00112233445566778899aabbccddeefg\"}"),
            &d, NULL),
        BR_ERR_MALFORMED);
}

static void
owners_have_a_window(void **state)
{
    (void)state;
    struct br_body_owner o;
    assert_int_equal(
        br_body_owner(
            br_str("{\"owner\":\"acme\",\"not_before_us\":5,"
                   "\"not_after_us\":6}"),
            &o, NULL),
        BR_OK);
    assert_string_equal(o.id, "acme");
    assert_true(o.not_before.v == 5 && o.not_after.v == 6);
    assert_int_equal(
        br_body_owner(br_str("{\"owner\":\"acme\"}"), &o, NULL), BR_OK);
    assert_true(o.not_before.v == 0 && o.not_after.v == 0);
    assert_int_equal(
        br_body_owner(
            br_str("{\"owner\":\"acme\",\"not_before_us\":6,"
                   "\"not_after_us\":6}"),
            &o, NULL),
        BR_ERR_OUT_OF_RANGE);
    assert_int_equal(
        br_body_owner(br_str("{\"owner\":\"Acme!\"}"), &o, NULL),
        BR_ERR_MALFORMED);
}

static enum br_rc
read_lines(const char *text, struct br_buf *digests, struct br_err *reterr)
{
    struct br_body_lines l;
    br_buf_init(digests, 64);
    br_body_lines_init(&l, br_hash_info(BR_HASH_SHA256), digests);
    enum br_rc rc = br_body_lines_put(&l, br_str(text), reterr);
    if (rc == BR_OK) {
        rc = br_body_lines_end(&l, reterr);
    }
    br_body_lines_fini(&l);
    return rc;
}

#define LINE "{\"digest\":\"" H32 "\"}"
#define S64  "                                                                "

static void
lines_are_read(void **state)
{
    (void)state;
    static const struct {
        enum br_rc rc;
        size_t count;
        const char *text;
        const char *told;
    } cases[] = {
        {BR_OK, 0, "", ""},
        {BR_OK, 0, "\n\n", ""},
        {BR_OK, 1, LINE, ""},
        {BR_OK, 2, LINE "\n\n" LINE "\n", ""},
        {BR_ERR_TOO_LARGE, 2, LINE "\n" LINE "\n" LINE, "line 3: "},
        {BR_ERR_OUT_OF_RANGE, 1, LINE "\n{\"digest\":\"00\"}", "line 2: "},
        {BR_ERR_MALFORMED, 0, "\n\nrubbish", "line 3: "},
        /* Too long a line, in the middle and as the last one. */
        {BR_ERR_TOO_LARGE, 1, LINE "\n" LINE S64 S64 S64 "\n", "line 2: "},
        {BR_ERR_TOO_LARGE, 1, LINE "\n" LINE S64 S64 S64, "line 2: "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct br_buf digests;
        struct br_err err = {0};
        assert_int_equal(
            read_lines(cases[i].text, &digests, &err), cases[i].rc);
        assert_int_equal(digests.n, 32 * cases[i].count);
        assert_int_equal(
            strncmp(err.text, cases[i].told, strlen(cases[i].told)), 0);
        br_buf_fini(&digests);
    }
}

static int
setup(void **state)
{
    (void)state;
    return br_crypto_init(NULL) == BR_OK ? 0 : -1;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_read),
        cmocka_unit_test(owners_have_a_window),
        cmocka_unit_test(lines_are_read),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
