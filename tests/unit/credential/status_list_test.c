/*
 * Status lists: published encodings, every width, and each rule.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/sd_support.h"

#include "common/codec/deflate.h"
#include "common/credential/status_list.h"

static enum br_rc
parse(const char *text, size_t max, struct br_status_list *l)
{
    return br_status_list_parse(json(text), max, l, &err);
}

/* Token Status List sections 4.1 and 4.2: one byte of each example, by hand. */
static void
the_examples_of_the_draft(void **state)
{
    (void)state;
    static const unsigned one[] = {1, 0, 0, 1, 1, 1, 0, 1,
                                   1, 1, 0, 0, 0, 1, 0, 1};
    static const unsigned two[] = {1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3};
    struct br_status_list l;
    unsigned got;
    assert_ok(parse("{\"bits\":1,\"lst\":\"eNrbuRgAAhcBXQ\"}", 100, &l));
    assert_int_equal(l.count, 16);
    for (size_t i = 0; i < 16; i++) {
        assert_ok(br_status_list_get(&l, i, &got, &err));
        assert_int_equal(got, one[i]);
    }
    br_status_list_fini(&l);
    assert_ok(parse("{\"bits\":2,\"lst\":\"eNo76fITAAPfAgc\"}", 100, &l));
    assert_int_equal(l.count, 12);
    for (size_t i = 0; i < 12; i++) {
        assert_ok(br_status_list_get(&l, i, &got, &err));
        assert_int_equal(got, two[i]);
    }
    br_status_list_fini(&l);
}

static void
every_width_keeps_every_value(void **state)
{
    (void)state;
    for (unsigned bits = 1; bits <= 8; bits *= 2) {
        enum { COUNT = 1003 };
        struct br_status_list l;
        struct br_status_list back;
        struct br_buf b;
        unsigned want[COUNT];
        assert_ok(br_status_list_init(&l, bits, COUNT, &err));
        assert_true(l.count >= COUNT && l.count < COUNT + 8);
        for (unsigned i = 0; i < 3 * COUNT; i++) { /* over what was there */
            unsigned at = i % COUNT;
            want[at] = random_below(1u << bits);
            assert_ok(br_status_list_put(&l, at, want[at], &err));
        }
        br_buf_init(&b, 65536);
        assert_ok(br_status_list_encode(&l, "https://a.example", &b, &err));
        assert_ok(parse((const char *)kept(&b).p, 65536, &back));
        assert_int_equal(back.bits, bits);
        assert_int_equal(back.count, l.count);
        for (uint64_t i = 0; i < back.count; i++) {
            unsigned got;
            assert_ok(br_status_list_get(&back, i, &got, &err));
            assert_int_equal(got, i < COUNT ? want[i] : 0);
        }
        assert_refused(
            br_status_list_put(&l, 0, 1u << bits, &err), STATUS_VALUE);
        unsigned got;
        assert_refused(
            br_status_list_get(&l, l.count, &got, &err), STATUS_INDEX);
        assert_refused(
            br_status_list_put(&l, UINT64_MAX, 0, &err), STATUS_INDEX);
        br_buf_fini(&b);
        br_status_list_fini(&l);
        br_status_list_fini(&back);
    }
    assert_string_equal(br_status_name(0), "valid");
    assert_string_equal(br_status_name(1), "invalid");
    assert_string_equal(br_status_name(2), "suspended");
    assert_string_equal(br_status_name(3), "application-specific");
}

static void
each_list_meets_its_rule(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rule;
    } all[] = {
        {"[]", BR_RULE_STATUS_FORM},
        {"{}", BR_RULE_STATUS_FORM},
        {"{\"bits\":1}", BR_RULE_STATUS_FORM},
        {"{\"lst\":\"eNrbuRgAAhcBXQ\"}", BR_RULE_STATUS_FORM},
        {"{\"bits\":\"1\",\"lst\":\"\"}", BR_RULE_STATUS_FORM},
        {"{\"bits\":1,\"lst\":7}", BR_RULE_STATUS_FORM},
        {"{\"bits\":1,\"lst\":\"\",\"aggregation_uri\":7}",
         BR_RULE_STATUS_FORM},
        {"{\"bits\":0,\"lst\":\"eNrbuRgAAhcBXQ\"}", BR_RULE_STATUS_BITS},
        {"{\"bits\":3,\"lst\":\"eNrbuRgAAhcBXQ\"}", BR_RULE_STATUS_BITS},
        {"{\"bits\":16,\"lst\":\"eNrbuRgAAhcBXQ\"}", BR_RULE_STATUS_BITS},
        {"{\"bits\":4294967297,\"lst\":\"eNrbuRgAAhcBXQ\"}",
         BR_RULE_STATUS_BITS},
        {"{\"bits\":1,\"lst\":\"\"}", BR_RULE_STATUS_LST},
        {"{\"bits\":1,\"lst\":\"eNrbuRgAAhcBXQ==\"}", BR_RULE_STATUS_LST},
        {"{\"bits\":1,\"lst\":\"eNrbuRgAAhcBX\"}", BR_RULE_STATUS_LST},
        {"{\"bits\":1,\"lst\":\"eNrbuRgAAhcB\"}", BR_RULE_STATUS_LST},
        {"{\"bits\":1,\"lst\":\"eNrbuRgAAhcBXQAA\"}", BR_RULE_STATUS_LST},
        {"{\"bits\":1,\"lst\":\"eNrbuRgAAhcBXg\"}", BR_RULE_STATUS_LST},
        {"{\"bits\":1,\"lst\":\"H4sIAAAAAAAAA9u5GAA\"}", BR_RULE_STATUS_LST},
        {"{\"bits\":1,\"lst\":\"AAAA\"}", BR_RULE_STATUS_LST},
    };
    struct br_status_list l;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_meets(parse(all[i].text, 65536, &l), all[i].rule, all[i].text);
    }
    assert_refused(
        parse("{\"bits\":1,\"lst\":\"eNrbuRgAAhcBXQ\"}", 1, &l), STATUS_SIZE);
    assert_refused(br_status_list_init(&l, 3, 8, &err), STATUS_BITS);
    assert_refused(
        br_status_list_init(&l, 1, BR_STATUS_LIST_COUNT_MAX + 1ull, &err),
        STATUS_SIZE);
    assert_refused(br_status_list_init(&l, 8, UINT64_MAX, &err), STATUS_SIZE);
}

/* A megabyte of zeros in a kilobyte of text, then far more than is allowed. */
static void
a_bomb_is_refused(void **state)
{
    (void)state;
    struct br_status_list l;
    struct br_status_list back;
    struct br_buf b;
    fresh_arena();
    assert_ok(br_status_list_init(&l, 8, 1000000, &err));
    br_buf_init(&b, 65536);
    assert_ok(br_status_list_encode(&l, NULL, &b, &err));
    assert_true(b.n < 3000);
    const char *text = (const char *)kept(&b).p;
    assert_refused(parse(text, 999999, &back), STATUS_SIZE);
    assert_ok(parse(text, 1000000, &back));
    br_status_list_fini(&back);
    br_status_list_fini(&l);
    br_buf_fini(&b);
}

/* ---- tokens ------------------------------------------------------------- */

#define URI  "https://s.example/1"
#define LIST "\"status_list\":{\"bits\":1,\"lst\":\"eNrbuRgAAhcBXQ\"}"

static void
each_token_meets_its_rule(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rule;
    } all[] = {
        {"{\"sub\":\"" URI "\",\"iat\":1800000060,\"exp\":1800000001,\"ttl\":1,"
         "\"iss\":\"i\"," LIST "}",
         -1},
        {"{\"sub\":\"" URI "\",\"iat\":1," LIST "}", -1},
        {"[]", BR_RULE_STATUS_FORM},
        {"{\"iat\":1," LIST "}", BR_RULE_STATUS_FORM},
        {"{\"sub\":\"" URI "\"," LIST "}", BR_RULE_STATUS_FORM},
        {"{\"sub\":\"" URI "\",\"iat\":1}", BR_RULE_STATUS_FORM},
        {"{\"sub\":\"" URI "\",\"iat\":1,\"status_list\":[]}",
         BR_RULE_STATUS_FORM},
        {"{\"sub\":7,\"iat\":1," LIST "}", BR_RULE_STATUS_FORM},
        {"{\"sub\":\"" URI "\",\"iat\":\"1\"," LIST "}", BR_RULE_STATUS_FORM},
        {"{\"sub\":\"" URI "\",\"iat\":1,\"exp\":\"1\"," LIST "}",
         BR_RULE_STATUS_FORM},
        {"{\"sub\":\"" URI "\",\"iat\":1,\"nbf\":\"1\"," LIST "}",
         BR_RULE_STATUS_FORM},
        {"{\"sub\":\"" URI "/\",\"iat\":1," LIST "}", BR_RULE_STATUS_SUB},
        {"{\"sub\":\"HTTPS://s.example/1\",\"iat\":1," LIST "}",
         BR_RULE_STATUS_SUB},
        {"{\"sub\":\"" URI "\",\"iat\":1800000061," LIST "}",
         BR_RULE_STATUS_IAT},
        {"{\"sub\":\"" URI "\",\"iat\":18446744073709551615," LIST "}",
         BR_RULE_STATUS_IAT},
        {"{\"sub\":\"" URI "\",\"iat\":1,\"nbf\":1800000061," LIST "}",
         BR_RULE_STATUS_IAT},
        {"{\"sub\":\"" URI "\",\"iat\":1,\"exp\":1800000000," LIST "}",
         BR_RULE_STATUS_EXP},
        {"{\"sub\":\"" URI "\",\"iat\":1,\"exp\":0," LIST "}",
         BR_RULE_STATUS_EXP},
        {"{\"sub\":\"" URI "\",\"iat\":1,\"ttl\":0," LIST "}",
         BR_RULE_STATUS_TTL},
        {"{\"sub\":\"" URI "\",\"iat\":1,\"ttl\":-1," LIST "}",
         BR_RULE_STATUS_TTL},
        {"{\"sub\":\"" URI "\",\"iat\":1,\"ttl\":\"x\"," LIST "}",
         BR_RULE_STATUS_TTL},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct br_status_token t;
        struct br_status_list l;
        enum br_rc rc = br_status_token_parse(
            json(all[i].text), br_str(URI), NOW, &t, &l, &err);
        assert_meets(rc, all[i].rule, all[i].text);
        if (rc == BR_OK) {
            br_status_list_fini(&l);
        }
    }
}

static void
a_token_goes_there_and_back(void **state)
{
    (void)state;
    struct br_status_list l;
    struct br_status_list back;
    struct br_status_token got;
    struct br_buf b;
    const struct br_status_token t = {
        .subject = br_str(URI),
        .issuer = br_str("https://i.example"),
        .issued_s = NOW,
        .expires_s = NOW + 86400,
        .ttl_s = 43200,
        .aggregation_uri = br_str("https://s.example/all"),
    };
    unsigned status;
    assert_ok(br_status_list_init(&l, 2, 100, &err));
    assert_ok(br_status_list_put(&l, 42, BR_STATUS_SUSPENDED, &err));
    br_buf_init(&b, 65536);
    assert_ok(br_status_token_encode(&t, &l, &b, &err));
    assert_ok(br_status_token_parse(
        json((const char *)kept(&b).p), t.subject, NOW, &got, &back, &err));
    assert_true(br_bytes_eq(got.issuer, t.issuer));
    assert_true(br_bytes_eq(got.aggregation_uri, t.aggregation_uri));
    assert_int_equal(got.issued_s, t.issued_s);
    assert_int_equal(got.expires_s, t.expires_s);
    assert_int_equal(got.ttl_s, t.ttl_s);
    assert_ok(br_status_list_get(&back, 42, &status, &err));
    assert_int_equal(status, BR_STATUS_SUSPENDED);
    br_status_list_fini(&l);
    br_status_list_fini(&back);
    br_buf_fini(&b);
}

/* ---- shared vectors ----------------------------------------------------- */

/** Ones and zeros, or the JSON, of a printed example. */
static size_t
read_vector(const char *folder, const char *name, char *out, size_t max)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/status-list/%s", folder, name);
    FILE *f = fopen(path, "rb");
    size_t n = f == NULL ? 0 : fread(out, 1, max - 1, f);
    out[n] = '\0';
    if (f != NULL) {
        (void)fclose(f);
    }
    return n;
}

/** "byte_array = [0xc9, 0x44]" before "encoded:", or nothing, and the JSON,
 * with its lines folded. */
static void
check_vector(const char *text)
{
    const char *at = strchr(text, '[');
    const char *json_at = strchr(text, '{');
    struct br_status_list l;
    struct br_buf b;
    size_t n = 0;
    br_buf_init(&b, 1u << 20);
    for (const char *p = json_at; *p != '\0'; p++) {
        br_buf_put(&b, p, *p != '\n' && *p != ' ');
    }
    assert_ok(parse((const char *)kept(&b).p, 1u << 20, &l));
    br_buf_fini(&b);
    while (at != NULL && at < json_at && (at = strstr(at, "0x")) != NULL &&
           at < json_at) {
        assert_true(n < l.bytes.n);
        assert_int_equal(strtoul(at, NULL, 16), l.bytes.p[n]);
        n++;
        at += 2;
    }
    assert_true(n == 0 || n == l.bytes.n);
    br_status_list_fini(&l);
}

static void
the_shared_vectors_are_read(void **state)
{
    (void)state;
    static const char *const names[] = {"status_list_encoding_json.txt",
                                        "status_list_encoding2_json.txt",
                                        "status_list_encoding2_long_json.txt",
                                        "status_list_encoding4_json.txt",
                                        "status_list_encoding8_json.txt",
                                        "status_list_encoding1_long_json.txt"};
    static char text[1u << 20];
    const char *folder = getenv("BROLETTO_VECTORS");
    size_t seen = 0;
    for (size_t i = 0; folder != NULL && i < 6; i++) {
        if (read_vector(folder, names[i], text, sizeof(text)) > 0) {
            check_vector(text);
            seen++;
        }
    }
    if (seen == 0) {
        print_message("no vectors: set BROLETTO_VECTORS\n");
        skip();
    }
    assert_int_equal(seen, 6);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_draft),
        cmocka_unit_test(every_width_keeps_every_value),
        cmocka_unit_test(each_list_meets_its_rule),
        cmocka_unit_test(a_bomb_is_refused),
        cmocka_unit_test(each_token_meets_its_rule),
        cmocka_unit_test(a_token_goes_there_and_back),
        cmocka_unit_test(the_shared_vectors_are_read),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, sd_setup, sd_teardown);
}
