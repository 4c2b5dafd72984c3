/*
 * TimeStampedData (RFC 5544): written, read, and all else refused.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/receipt/tsd.h"
#include "tests/unit/receipt/fixture.h"
#include "tests/unit/receipt/tsa_fixture.h"

/* Not a token, but an element: what it says is not this module's business. */
static const uint8_t token_bytes[] = {0x30, 0x03, 0x02, 0x01, 0x07};
static const uint8_t crl_bytes[] = {0x30, 0x03, 0x02, 0x01, 0x08};
#define TOKEN br_bytes(token_bytes, sizeof(token_bytes))
#define CRL   br_bytes(crl_bytes, sizeof(crl_bytes))

static enum br_rc
parse(struct br_bytes whole, struct br_tsd *t, struct br_err *reterr)
{
    BR_TRY(br_tsd_parse_head(whole, whole.n, t, reterr));
    size_t end = (size_t)(t->content_at + t->content_bytes);
    return br_tsd_parse_tail(br_bytes(whole.p + end, whole.n - end), t, reterr);
}

static void
what_is_written_is_read(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 127, 128, 255, 256, 65535, 65536};
    static const char *const names[] = {"", "a", "perch\xc3\xa9.pdf"};
    static uint8_t document[65536];
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) * 3; i++) {
        struct br_buf whole;
        struct br_buf tail;
        struct br_tsd t;
        size_t size = sizes[i / 3];
        struct br_bytes name = br_str(names[i % 3]);
        br_buf_init(&whole, 1u << 20);
        br_buf_init(&tail, 1u << 20);
        assert_ok(br_tsd_put(size, name, TOKEN, &whole, &tail, NULL));
        size_t head = whole.n;
        br_buf_put(&whole, document, size);
        br_buf_put(&whole, tail.p, tail.n);
        assert_true(br_tsd_is(br_bytes(whole.p, 24)));
        assert_ok(parse(br_buf_bytes(&whole), &t, NULL));
        assert_true(t.has_content && t.content_at == head);
        assert_true(t.content_bytes == size);
        assert_true(br_bytes_eq(t.name, name));
        assert_false(t.hash_protected);
        assert_int_equal(t.metadata.n > 0, name.n > 0);
        assert_int_equal(t.stamp_count, 1);
        assert_true(br_bytes_eq(t.stamp[0].token, TOKEN));
        assert_int_equal(t.stamp[0].crl.n, 0);
        br_buf_fini(&whole);
        br_buf_fini(&tail);
    }
}

static void
another_encoder_writes_the_same(void **state)
{
    (void)state;
    struct br_buf ours;
    struct br_buf tail;
    struct br_buf theirs;
    const struct fx_tsd by_hand = {
        .metadata = true,
        .name = br_str("a.txt"),
        .document = br_str("the document"),
        .token = {TOKEN},
    };
    br_buf_init(&ours, 4096);
    br_buf_init(&tail, 4096);
    br_buf_init(&theirs, 4096);
    assert_ok(br_tsd_put(12, br_str("a.txt"), TOKEN, &ours, &tail, NULL));
    br_buf_puts(&ours, "the document");
    br_buf_put(&ours, tail.p, tail.n);
    fx_tsd(&by_hand, &theirs);
    assert_true(br_bytes_eq(br_buf_bytes(&ours), br_buf_bytes(&theirs)));
    br_buf_fini(&ours);
    br_buf_fini(&tail);
    br_buf_fini(&theirs);
}

static void
a_document_may_be_larger_than_memory(void **state)
{
    (void)state;
    struct br_buf head;
    struct br_buf tail;
    struct br_tsd t;
    const uint64_t size = UINT64_C(1) << 45;
    br_buf_init(&head, 4096);
    br_buf_init(&tail, 4096);
    assert_ok(br_tsd_put(size, br_str("big"), TOKEN, &head, &tail, NULL));
    uint64_t file = head.n + size + tail.n;
    assert_ok(br_tsd_parse_head(br_buf_bytes(&head), file, &t, NULL));
    assert_true(t.content_at == head.n && t.content_bytes == size);
    assert_ok(br_tsd_parse_tail(br_buf_bytes(&tail), &t, NULL));
    assert_int_equal(
        br_tsd_parse_head(br_buf_bytes(&head), file - 1, &t, NULL),
        BR_ERR_TRUNCATED);
    assert_int_equal(
        br_tsd_parse_head(br_buf_bytes(&head), file + 1, &t, NULL),
        BR_ERR_TRAILING);
    br_buf_fini(&head);
    br_buf_fini(&tail);
}

static void
all_that_rfc_5544_allows_is_read(void **state)
{
    (void)state;
    static const uint8_t attributes[] = {0x31, 0x0c, 0x30, 0x0a, 0x06,
                                         0x03, 0x55, 0x04, 0x03, 0x31,
                                         0x03, 0x02, 0x01, 0x05};
    struct br_buf b;
    struct br_tsd t;
    struct br_buf metadata;
    const struct fx_tsd in = {
        .uri = "https://example.org/a.txt",
        .metadata = true,
        .hash_protected = true,
        .type = "text/plain; charset=utf-8",
        .attributes = br_bytes(attributes, sizeof(attributes)),
        .no_content = true,
        .token = {TOKEN, TOKEN, TOKEN},
        .crl = {CRL, {NULL, 0}, CRL},
    };
    br_buf_init(&b, 4096);
    br_buf_init(&metadata, 4096);
    fx_tsd(&in, &b);
    fx_tsd_metadata(&in, &metadata);
    assert_ok(parse(br_buf_bytes(&b), &t, NULL));
    assert_true(br_bytes_eq(t.data_uri, br_str(in.uri)));
    assert_true(br_bytes_eq(t.type, br_str(in.type)));
    assert_true(br_bytes_eq(t.metadata, br_buf_bytes(&metadata)));
    assert_true(t.hash_protected && !t.has_content && t.name.n == 0);
    assert_int_equal(t.stamp_count, 3);
    for (size_t i = 0; i < 3; i++) {
        struct br_buf element;
        br_buf_init(&element, 256);
        fx_tsd_element(&in, i, &element);
        assert_true(br_bytes_eq(t.stamp[i].element, br_buf_bytes(&element)));
        assert_true(br_bytes_eq(t.stamp[i].crl, in.crl[i]));
        br_buf_fini(&element);
    }
    br_buf_fini(&b);
    br_buf_fini(&metadata);
}

static void
what_rfc_5544_forbids_is_refused(void **state)
{
    (void)state;
    static const uint8_t no_attributes[] = {0x31, 0x00};
    static const uint8_t ber_attribute[] = {0x31, 0x0d, 0x30, 0x0b, 0x06,
                                            0x03, 0x55, 0x04, 0x03, 0x31,
                                            0x04, 0x02, 0x02, 0x00, 0x05};
    const struct {
        enum br_rc rc;
        struct fx_tsd in;
    } cases[] = {
        {BR_ERR_UNSUPPORTED, {.version = 2, .token = {TOKEN}}},
        {BR_ERR_MISSING_FIELD, {.no_content = true, .token = {TOKEN}}},
        {BR_ERR_MISSING_FIELD, {.document = br_str("none")}},
        {BR_ERR_MISSING_FIELD, {.metadata = true, .token = {TOKEN}}},
        {BR_ERR_UNSUPPORTED, {.evidence = 0xa1, .token = {TOKEN}}},
        {BR_ERR_UNSUPPORTED, {.evidence = 0xa2, .token = {TOKEN}}},
        {BR_ERR_MALFORMED, {.evidence = 0xa3, .token = {TOKEN}}},
        {BR_ERR_MALFORMED, {.uri = "caff\xc3\xa8", .token = {TOKEN}}},
        {BR_ERR_BAD_UTF8,
         {.metadata = true, .name = br_str("\xff"), .token = {TOKEN}}},
        {BR_ERR_MALFORMED,
         {.metadata = true, .type = "\x80", .token = {TOKEN}}},
        {BR_ERR_TRUNCATED,
         {.metadata = true,
          .attributes = br_bytes(no_attributes, sizeof(no_attributes)),
          .token = {TOKEN}}},
        {BR_ERR_MALFORMED,
         {.metadata = true,
          .attributes = br_bytes(ber_attribute, sizeof(ber_attribute)),
          .token = {TOKEN}}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct br_buf b;
        struct br_tsd t;
        struct br_err err = {0};
        br_buf_init(&b, 4096);
        fx_tsd(&cases[i].in, &b);
        assert_int_equal(parse(br_buf_bytes(&b), &t, &err), cases[i].rc);
        assert_int_equal(err.rc, cases[i].rc);
        br_buf_fini(&b);
    }
}

static void
stamps_have_a_limit(void **state)
{
    (void)state;
    for (size_t count = 31; count <= 33; count++) {
        uint8_t tail[4 + 33 * 7] = {0xa0, 0x81, (uint8_t)(count * 7)};
        struct br_tsd t;
        for (size_t i = 0; i < count; i++) {
            uint8_t *at = tail + 3 + 7 * i;
            at[0] = 0x30;
            at[1] = 5;
            memcpy(at + 2, token_bytes, sizeof(token_bytes));
        }
        assert_int_equal(
            br_tsd_parse_tail(br_bytes(tail, 3 + 7 * count), &t, NULL),
            count <= BR_TSD_STAMPS_MAX ? BR_OK : BR_ERR_TOO_LARGE);
    }
}

static void
no_cut_and_no_byte_more_is_accepted(void **state)
{
    (void)state;
    struct br_buf b;
    struct br_tsd t;
    const struct fx_tsd in = {
        .uri = "u",
        .metadata = true,
        .name = br_str("name"),
        .type = "text/plain",
        .document = br_str("the document"),
        .token = {TOKEN, TOKEN},
        .crl = {CRL},
    };
    br_buf_init(&b, 4096);
    fx_tsd(&in, &b);
    for (size_t n = 0; n < b.n; n++) {
        assert_int_not_equal(parse(br_bytes(b.p, n), &t, NULL), BR_OK);
    }
    assert_ok(parse(br_buf_bytes(&b), &t, NULL));
    br_buf_put(&b, "", 1);
    assert_int_equal(parse(br_buf_bytes(&b), &t, NULL), BR_ERR_TRAILING);
    br_buf_fini(&b);
}

static void
what_cannot_be_written_is_told(void **state)
{
    (void)state;
    char name[BR_TSD_NAME_BYTES_MAX + 2];
    struct br_buf head;
    struct br_buf tail;
    br_buf_init(&head, 4096);
    br_buf_init(&tail, 4096);
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(
        br_tsd_put(1, br_str(name), TOKEN, &head, &tail, NULL),
        BR_ERR_TOO_LARGE);
    assert_int_equal(
        br_tsd_put(UINT64_MAX, br_str("n"), TOKEN, &head, &tail, NULL),
        BR_ERR_TOO_LARGE);
    assert_int_equal(
        br_tsd_put(1, br_str("\xc3"), TOKEN, &head, &tail, NULL),
        BR_ERR_BAD_UTF8);
    assert_int_equal(head.n + tail.n, 0);
    name[BR_TSD_NAME_BYTES_MAX] = '\0';
    assert_ok(
        br_tsd_put(UINT64_C(1) << 60, br_str(name), TOKEN, &head, &tail, NULL));
    br_buf_fini(&head);
    br_buf_fini(&tail);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(another_encoder_writes_the_same),
        cmocka_unit_test(a_document_may_be_larger_than_memory),
        cmocka_unit_test(all_that_rfc_5544_allows_is_read),
        cmocka_unit_test(what_rfc_5544_forbids_is_refused),
        cmocka_unit_test(stamps_have_a_limit),
        cmocka_unit_test(no_cut_and_no_byte_more_is_accepted),
        cmocka_unit_test(what_cannot_be_written_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
