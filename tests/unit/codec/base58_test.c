/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/codec/json_support.h"

#include "common/codec/base58.h"

static struct br_err err;

/* draft-msporny-base58-03 section 5. */
static void
published_values_go_both_ways(void **state)
{
    (void)state;
    static const struct {
        const char *plain;
        size_t n;
        const char *text;
    } all[] = {
        {"", 0, ""},
        {"Hello World!", 12, "2NEpo7TZRRrLZSi2U"},
        {"The quick brown fox jumps over the lazy dog.", 44,
         "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"},
        {"\x00\x00\x28\x7f\xb4\xcd", 6, "11233QC4"},
        {"\x00", 1, "1"},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        uint8_t out[BR_BASE58_BYTES_MAX];
        size_t n;
        struct br_buf b;
        br_buf_init(&b, 4096);
        br_base58_put(&b, br_bytes(all[i].plain, all[i].n));
        assert_bytes_equal(br_buf_bytes(&b), br_str(all[i].text));
        assert_int_equal(
            br_base58_parse(br_str(all[i].text), out, &n, &err), BR_OK);
        assert_bytes_equal(br_bytes(out, n), br_bytes(all[i].plain, all[i].n));
        br_buf_fini(&b);
    }
}

static void
every_length_goes_there_and_back(void **state)
{
    (void)state;
    uint64_t r = 88172645463325252u;
    for (size_t n = 0; n <= BR_BASE58_BYTES_MAX; n++) {
        uint8_t in[BR_BASE58_BYTES_MAX];
        uint8_t out[BR_BASE58_BYTES_MAX];
        size_t got;
        struct br_buf b;
        for (size_t i = 0; i < n; i++) {
            r ^= r << 13;
            r ^= r >> 7;
            r ^= r << 17;
            in[i] = n % 3 == 0 ? 0xff : (uint8_t)(r >> 32);
        }
        memset(in, 0, n % 5 < n ? n % 5 : n);
        br_buf_init(&b, BR_BASE58_TEXT_MAX);
        br_base58_put(&b, br_bytes(in, n));
        assert_false(b.failed);
        assert_int_equal(
            br_base58_parse(br_buf_bytes(&b), out, &got, &err), BR_OK);
        assert_bytes_equal(br_bytes(out, got), br_bytes(in, n));
        br_buf_fini(&b);
    }
}

static void
what_is_no_base58_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"0", "O", "I", "l", "a b", "\xff", "11+"};
    uint8_t out[BR_BASE58_BYTES_MAX];
    size_t n;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(
            br_base58_parse(br_str(bad[i]), out, &n, &err), BR_ERR_MALFORMED);
    }
    assert_int_equal(
        br_base58_parse(br_bytes("a\0b", 3), out, &n, &err), BR_ERR_MALFORMED);
    static char text[100000];
    memset(text, 'z', sizeof(text));
    assert_int_equal(
        br_base58_parse(br_bytes(text, sizeof(text)), out, &n, &err),
        BR_ERR_TOO_LARGE);
    memset(text, '1', sizeof(text));
    assert_int_equal(
        br_base58_parse(br_bytes(text, BR_BASE58_BYTES_MAX), out, &n, &err),
        BR_OK);
    assert_int_equal(
        br_base58_parse(br_bytes(text, BR_BASE58_BYTES_MAX + 1), out, &n, &err),
        BR_ERR_TOO_LARGE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_values_go_both_ways),
        cmocka_unit_test(every_length_goes_there_and_back),
        cmocka_unit_test(what_is_no_base58_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
