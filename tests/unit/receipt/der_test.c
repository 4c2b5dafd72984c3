/*
 * DER: written, read, and everything else refused.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/receipt/der.h"

#include "common/codec/text.h"
#include "tests/unit/receipt/fixture.h"

static struct br_bytes
hex(const char *text, uint8_t *room)
{
    assert_ok(br_hex_parse(br_str(text), room, NULL));
    return br_bytes(room, strlen(text) / 2);
}

static void
lengths_take_as_few_octets_as_they_can(void **state)
{
    (void)state;
    static const struct {
        uint64_t n;
        const char *head;
    } cases[] = {
        {0, "3000"},
        {127, "307f"},
        {128, "308180"},
        {255, "3081ff"},
        {256, "30820100"},
        {65536, "3083010000"},
        {UINT64_C(1) << 40, "3086010000000000"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t room[32];
        uint8_t want[32];
        struct br_der_out o;
        struct br_der r;
        br_der_out_init(&o, room, sizeof(room));
        br_der_put_hole(&o, cases[i].n);
        br_der_wrap(&o, BR_DER_SEQUENCE, 0);
        struct br_bytes head = br_der_out_bytes(&o);
        assert_true(br_bytes_eq(head, hex(cases[i].head, want)));
        assert_int_equal(o.written, cases[i].n + head.n);
        br_der_init(&r, head);
        assert_true(br_der_head(&r, BR_DER_SEQUENCE) == cases[i].n);
        assert_int_equal(r.at, head.n);
    }
}

static void
integers_are_written_and_read(void **state)
{
    (void)state;
    static const struct {
        uint64_t v;
        const char *der;
    } cases[] = {
        {0, "020100"},         {127, "02017f"},
        {128, "02020080"},     {255, "020200ff"},
        {256, "02020100"},     {UINT64_MAX, "020900ffffffffffffffff"},
        {32768, "0203008000"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t room[32];
        uint8_t want[32];
        struct br_der_out o;
        struct br_der r;
        br_der_out_init(&o, room, sizeof(room));
        br_der_put_uint(&o, cases[i].v);
        assert_true(br_bytes_eq(br_der_out_bytes(&o), hex(cases[i].der, want)));
        br_der_init(&r, br_der_out_bytes(&o));
        assert_true(br_der_uint(&r) == cases[i].v);
        assert_ok(br_der_done(&r, NULL));
    }
}

static void
times_have_no_trailing_zeros(void **state)
{
    (void)state;
    static const struct {
        uint64_t us;
        const char *text;
    } cases[] = {
        {0, "19700101000000Z"},
        {UINT64_C(951782400500000), "20000229000000.5Z"},
        {UINT64_C(1767225599000001), "20251231235959.000001Z"},
        {UINT64_C(253402300799000000), "99991231235959Z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t room[32];
        struct br_der_out o;
        struct br_der r;
        struct br_time_us t = {cases[i].us};
        br_der_out_init(&o, room, sizeof(room));
        br_der_put_generalized_time(&o, t);
        br_der_init(&r, br_der_out_bytes(&o));
        struct br_bytes text = br_der_value(&r, BR_DER_GENERALIZED_TIME);
        assert_true(br_bytes_eq(text, br_str(cases[i].text)));
    }
    uint8_t room[32];
    struct br_der_out o;
    struct br_time_us late = {UINT64_C(253402300800000000)};
    br_der_out_init(&o, room, sizeof(room));
    br_der_put_generalized_time(&o, late);
    assert_true(o.failed);
}

static void
what_does_not_fit_is_told(void **state)
{
    (void)state;
    uint8_t room[4];
    struct br_der_out o;
    br_der_out_init(&o, room, sizeof(room));
    br_der_put_value(&o, BR_DER_OCTET_STRING, br_str("abc"));
    assert_true(o.failed);
    assert_int_equal(br_der_out_bytes(&o).n, 0);
    br_der_put_hole(&o, UINT64_MAX);
    assert_true(o.failed);
}

static void
all_but_der_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",             /* nothing */
        "30",           /* no length */
        "3080",         /* indefinite: BER */
        "30800000",     /* with its end */
        "30020101",     /* an element without its contents */
        "308103020101", /* a length longer than necessary */
        "30820003020101",
        "3089000000000000000000", /* of nine octets */
        "3003020101ff",           /* a byte too many */
        "300302010100",
        "2403040101",     /* a string in pieces */
        "30040202007f",   /* an integer longer than necessary */
        "30040202ff80",   /* likewise */
        "30020200",       /* an integer of nothing */
        "3003010101",     /* neither true nor false */
        "30040102ffff",   /* a boolean of two octets */
        "1f8101020101",   /* a tag above 30 */
        "300500020101",   /* end of contents */
        "30053004020101", /* inside, too long */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t room[32];
        struct br_err err = {0};
        enum br_rc rc = br_der_check(hex(bad[i], room), &err);
        assert_int_not_equal(rc, BR_OK);
        assert_int_equal(err.rc, rc);
        assert_int_not_equal(err.text[0], '\0');
    }
    static const char *const good[] = {
        "020101", "3000", "30060201010101ff", "a003020180", "310404020000"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        uint8_t room[32];
        assert_ok(br_der_check(hex(good[i], room), NULL));
    }
}

static void
nesting_has_a_limit(void **state)
{
    (void)state;
    uint8_t room[128];
    for (unsigned depth = 1; depth <= 32; depth++) {
        struct br_der_out o;
        br_der_out_init(&o, room, sizeof(room));
        for (unsigned i = 0; i < depth; i++) {
            br_der_wrap(&o, BR_DER_SEQUENCE, 0);
        }
        assert_int_equal(
            br_der_check(br_der_out_bytes(&o), NULL),
            depth <= BR_DER_DEPTH_MAX ? BR_OK : BR_ERR_TOO_LARGE);
    }
}

static void
identifiers_are_whole_and_short(void **state)
{
    (void)state;
    static const struct {
        const char *der;
        bool ok;
    } cases[] = {
        {"06032a8648", true},
        {"06032a86c8", false}, /* ends within an arc */
        {"06022a03", true},
        {"0603802a03", false}, /* an arc longer than necessary */
        {"0600", false},
        {"0603550403", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t room[32];
        struct br_der r;
        br_der_init(&r, hex(cases[i].der, room));
        (void)br_der_oid(&r);
        assert_int_equal(br_der_done(&r, NULL) == BR_OK, cases[i].ok);
    }
}

static void
the_first_failure_stays(void **state)
{
    (void)state;
    uint8_t room[32];
    struct br_der r;
    struct br_err err;
    br_der_init(&r, hex("3003020101", room));
    br_der_enter(&r, BR_DER_SET);
    assert_int_equal(br_der_peek(&r), BR_DER_END);
    assert_int_equal(br_der_uint(&r), 0);
    br_der_leave(&r);
    assert_int_equal(br_der_value(&r, BR_DER_INTEGER).n, 0);
    assert_int_equal(br_der_done(&r, &err), BR_ERR_MALFORMED);
    assert_non_null(strstr(err.text, "tag 30 where 31 belongs"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_take_as_few_octets_as_they_can),
        cmocka_unit_test(integers_are_written_and_read),
        cmocka_unit_test(times_have_no_trailing_zeros),
        cmocka_unit_test(what_does_not_fit_is_told),
        cmocka_unit_test(all_but_der_is_refused),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(identifiers_are_whole_and_short),
        cmocka_unit_test(the_first_failure_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
