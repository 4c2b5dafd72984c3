/*
 * Passkeys: an authenticator in software on three algorithms, then each rule
 * broken once; every byte changed; every length cut.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/support.h"

#include "tests/unit/credential/authenticator.h"

static const char challenge_text[] = "a challenge of some thirty bytes";
static struct br_webauthn_site site;
static struct authenticator device;

static struct br_bytes
challenge(void)
{
    return br_str(challenge_text);
}

static int
begin(void **state)
{
    int rc = setup(state);
    br_webauthn_site_of_url("https://wallet.example:8460/", &site);
    assert_null(site.why_not);
    device = (struct authenticator){
        .alg = BR_ALG_ES256,
        .rp_id = "wallet.example",
        .origin = "https://wallet.example:8460",
        .id = br_str("credential-1"),
        .flags = UP | UV,
        .counter = 7,
    };
    assert_ok(br_private_key_generate(BR_KEY_P256, &device.key, &err));
    return rc;
}

static int
end(void **state)
{
    br_private_key_free(device.key);
    return teardown(state);
}

/** A buffer's bytes, in the arena. */
static struct br_bytes
keep(struct br_buf *b)
{
    struct br_bytes kept =
        br_bytes(br_arena_copy(&arena, br_buf_bytes(b)), b->n);
    assert_false(b->failed);
    br_buf_fini(b);
    return kept;
}

static struct br_bytes
client_data(const char *type, const char *origin, const char *more)
{
    struct br_buf b;
    br_buf_init(&b, 8192);
    put_client_data(&b, type, challenge(), origin, more);
    return keep(&b);
}

static struct br_bytes
data(bool fresh)
{
    struct br_buf b;
    br_buf_init(&b, 8192);
    put_data(&b, &device, fresh);
    return keep(&b);
}

static struct br_bytes
signature(struct br_bytes d, struct br_bytes c)
{
    struct br_buf b;
    br_buf_init(&b, 8192);
    put_signature(&b, &device, d, c);
    return keep(&b);
}

static struct br_bytes
changed(struct br_bytes v, size_t at, uint8_t by)
{
    char *copy = br_arena_copy(&arena, v);
    copy[at] = (char)(copy[at] ^ by);
    return br_bytes(copy, v.n);
}

/* ---- the site ----------------------------------------------------------- */

static void
a_site_is_an_origin_and_a_name(void **state)
{
    static const struct {
        const char *url, *origin, *rp_id;
    } good[] = {
        {"https://Wallet.Example", "https://wallet.example", "wallet.example"},
        {"https://a.b/", "https://a.b", "a.b"},
        {"https://a.b:443", "https://a.b", "a.b"},
        {"https://a.b:8460", "https://a.b:8460", "a.b"},
        {"http://localhost:8460", "http://localhost:8460", "localhost"},
        {"http://localhost:80/", "http://localhost", "localhost"},
        {"http://w.localhost", "http://w.localhost", "w.localhost"},
    };
    static const struct {
        const char *url, *why;
    } bad[] = {
        {"http://127.0.0.1:8460", "address"},
        {"https://127.0.0.1", "address"},
        {"https://10.1", "address"},
        {"https://[::1]:8460", "address"},
        {"http://wallet.example", "insecure"},
        {"http://notlocalhost", "insecure"},
        {"http://localhost.example", "insecure"},
        {"wallet.example", "form"},
        {"ftp://wallet.example", "form"},
        {"https://", "form"},
        {"https://a.b/path", "form"},
        {"https://user@a.b", "form"},
        {"https://a.b:", "form"},
        {"https://a.b:123456", "form"},
        {"https://a b", "form"},
        {"", "form"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        br_webauthn_site_of_url(good[i].url, &site);
        assert_null(site.why_not);
        assert_string_equal(site.origin, good[i].origin);
        assert_string_equal(site.rp_id, good[i].rp_id);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        br_webauthn_site_of_url(bad[i].url, &site);
        assert_non_null(site.why_not);
        assert_string_equal(site.why_not, bad[i].why);
        assert_string_equal(site.rp_id, "");
    }
    char longest[8 + 300];
    memset(longest, 'a', sizeof(longest));
    memcpy(longest, "https://", 8);
    longest[8 + 255] = '\0';
    br_webauthn_site_of_url(longest, &site);
    assert_null(site.why_not);
    longest[8 + 255] = 'a';
    longest[8 + 256] = '\0';
    br_webauthn_site_of_url(longest, &site);
    assert_string_equal(site.why_not, "form");
}

/* ---- client data -------------------------------------------------------- */

static enum br_rc
read_client(struct br_bytes text, enum br_webauthn_type type)
{
    struct br_bytes got;
    BR_TRY(br_webauthn_client_data(text, type, &site, &arena, &got, &err));
    assert_true(br_bytes_eq(got, challenge()));
    return BR_OK;
}

static void
client_data_tells_what_for_and_where(void **state)
{
    (void)state;
    assert_ok(read_client(
        client_data("webauthn.get", site.origin, ""), BR_WEBAUTHN_GET));
    assert_ok(read_client(
        client_data("webauthn.create", site.origin, ""), BR_WEBAUTHN_CREATE));
    /* "critical when parsing to be tolerant of unknown keys" */
    assert_ok(read_client(
        client_data(
            "webauthn.get", site.origin,
            ",\"crossOrigin\":false,\"new\":{\"a\":[1]}"),
        BR_WEBAUTHN_GET));
    const char with_bom[] = "\xef\xbb\xbf";
    struct br_buf b;
    br_buf_init(&b, 4096);
    br_buf_puts(&b, with_bom);
    put_client_data(&b, "webauthn.get", challenge(), site.origin, "");
    assert_ok(read_client(keep(&b), BR_WEBAUTHN_GET));
}

static void
client_data_of_something_else_is_refused(void **state)
{
    (void)state;
    assert_refused(
        read_client(
            client_data("webauthn.create", site.origin, ""), BR_WEBAUTHN_GET),
        WEBAUTHN_TYPE);
    assert_refused(
        read_client(
            client_data("webauthn.get", site.origin, ""), BR_WEBAUTHN_CREATE),
        WEBAUTHN_TYPE);
    static const char *const origins[] = {
        "https://wallet.example",
        "http://wallet.example:8460",
        "https://wallet.example:8461",
        "https://evil.example:8460",
        "https://a.wallet.example:8460",
        "https://wallet.example:8460/",
        "null",
        "",
    };
    for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
        assert_refused(
            read_client(
                client_data("webauthn.get", origins[i], ""), BR_WEBAUTHN_GET),
            WEBAUTHN_ORIGIN);
    }
    static const char *const frames[] = {
        ",\"crossOrigin\":true",
        ",\"topOrigin\":\"https://evil.example\"",
        ",\"crossOrigin\":false,\"topOrigin\":null",
    };
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        assert_refused(
            read_client(
                client_data("webauthn.get", site.origin, frames[i]),
                BR_WEBAUTHN_GET),
            WEBAUTHN_FRAME);
    }
    br_webauthn_site_of_url("http://127.0.0.1", &site);
    assert_refused(
        read_client(client_data("webauthn.get", "", ""), BR_WEBAUTHN_GET),
        WEBAUTHN_ORIGIN);
}

static void
what_is_no_client_data_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{}",
        "null",
        "{\"type\":\"webauthn.get\",\"challenge\":\"AA\"}",
        "{\"type\":1,\"challenge\":\"AA\",\"origin\":\"x\"}",
        "{\"type\":\"webauthn.get\",\"type\":\"webauthn.get\","
        "\"challenge\":\"AA\",\"origin\":\"https://wallet.example:8460\"}",
        "{\"type\":\"webauthn.get\",\"challenge\":\"A+\","
        "\"origin\":\"https://wallet.example:8460\"}",
        "{\"type\":\"webauthn.get\",\"challenge\":\"AA\",\"crossOrigin\":1,"
        "\"origin\":\"https://wallet.example:8460\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_refused(
            read_client(br_str(texts[i]), BR_WEBAUTHN_GET),
            WEBAUTHN_CLIENT_DATA);
    }
    static char longer[BR_WEBAUTHN_CLIENT_DATA_BYTES_MAX + 1];
    memset(longer, ' ', sizeof(longer));
    assert_refused(
        read_client(br_bytes(longer, sizeof(longer)), BR_WEBAUTHN_GET),
        WEBAUTHN_CLIENT_DATA);
}

/* ---- authenticator data ------------------------------------------------- */

static struct br_webauthn_data got;

static enum br_rc
read_data(struct br_bytes v, enum br_webauthn_type type)
{
    return br_webauthn_data(v, type, &site, &got, &err);
}

static void
a_new_passkey_is_read(void **state)
{
    struct br_webauthn_key k;
    (void)state;
    for (int i = 0; i < 2; i++) {
        device.extensions = i == 1;
        device.flags = UP | UV | (i == 1 ? BE | BS : 0);
        assert_ok(read_data(data(true), BR_WEBAUTHN_CREATE));
        assert_int_equal(got.counter, 7);
        assert_true(br_bytes_eq(got.id, device.id));
        assert_memory_equal(got.aaguid, "an-aaguid-of-16b", 16);
        assert_int_equal(got.backup_eligible, i == 1);
        assert_int_equal(got.backed_up, i == 1);
        assert_ok(br_webauthn_key(got.key, &k, &err));
        assert_int_equal(k.alg, BR_ALG_ES256);
        assert_true(br_key_eq(&k.key, br_private_key_public(device.key)));
    }
}

static void
each_flag_matters(void **state)
{
    (void)state;
    device.flags = UV;
    assert_refused(read_data(data(false), BR_WEBAUTHN_GET), WEBAUTHN_PRESENCE);
    device.flags = UP;
    assert_refused(
        read_data(data(false), BR_WEBAUTHN_GET), WEBAUTHN_VERIFICATION);
    assert_refused(
        read_data(data(true), BR_WEBAUTHN_CREATE), WEBAUTHN_VERIFICATION);
    device.flags = UP | UV | BS;
    assert_refused(read_data(data(false), BR_WEBAUTHN_GET), WEBAUTHN_BACKUP);
    device.flags = UP | UV;
    assert_refused(
        read_data(data(true), BR_WEBAUTHN_GET), WEBAUTHN_AUTHENTICATOR_DATA);
    assert_refused(
        read_data(data(false), BR_WEBAUTHN_CREATE),
        WEBAUTHN_AUTHENTICATOR_DATA);
    device.flags = UP | UV | 0x22; /* reserved: for later */
    assert_ok(read_data(data(false), BR_WEBAUTHN_GET));
}

static void
another_rp_is_refused(void **state)
{
    (void)state;
    static const char *const others[] = {
        "evil.example", "example", "wallet.example.", "Wallet.example", ""};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        device.rp_id = others[i];
        assert_refused(read_data(data(false), BR_WEBAUTHN_GET), WEBAUTHN_RP);
    }
    br_webauthn_site_of_url("http://127.0.0.1", &site);
    assert_refused(read_data(data(false), BR_WEBAUTHN_GET), WEBAUTHN_RP);
}

static void
ids_have_a_size(void **state)
{
    static uint8_t bytes[BR_WEBAUTHN_ID_BYTES_MAX + 1];
    (void)state;
    device.id = br_bytes(bytes, BR_WEBAUTHN_ID_BYTES_MAX);
    assert_ok(read_data(data(true), BR_WEBAUTHN_CREATE));
    assert_int_equal(got.id.n, BR_WEBAUTHN_ID_BYTES_MAX);
    device.id = br_bytes(bytes, BR_WEBAUTHN_ID_BYTES_MAX + 1);
    assert_refused(read_data(data(true), BR_WEBAUTHN_CREATE), WEBAUTHN_ID);
    device.id = br_bytes(bytes, 0);
    assert_refused(read_data(data(true), BR_WEBAUTHN_CREATE), WEBAUTHN_ID);
}

static void
cut_or_longer_data_is_refused(void **state)
{
    (void)state;
    for (int e = 0; e < 2; e++) {
        device.extensions = e == 1;
        for (int fresh = 0; fresh < 2; fresh++) {
            const struct br_bytes whole = data(fresh == 1);
            const enum br_webauthn_type type =
                fresh == 1 ? BR_WEBAUTHN_CREATE : BR_WEBAUTHN_GET;
            assert_ok(read_data(whole, type));
            for (size_t n = 0; n < whole.n; n++) {
                assert_int_not_equal(
                    read_data(br_bytes(whole.p, n), type), BR_OK);
            }
            struct br_buf b;
            br_buf_init(&b, 8192);
            br_buf_put(&b, whole.p, whole.n);
            br_buf_put(&b, "\xa0", 1);
            assert_refused(
                read_data(keep(&b), type), WEBAUTHN_AUTHENTICATOR_DATA);
        }
    }
    static uint8_t longer[BR_WEBAUTHN_DATA_BYTES_MAX + 1];
    assert_refused(
        read_data(br_bytes(longer, sizeof(longer)), BR_WEBAUTHN_GET),
        WEBAUTHN_AUTHENTICATOR_DATA);
}

static void
extensions_are_a_map_in_one_encoding(void **state)
{
    static const char *const bad[] = {
        "\x80",
        "\xa1\x61"
        "a",
        "\xbf\xff",
        "\xa2\x61"
        "b\x01\x61"
        "a\x01",
        "\xa1\x61"
        "a\xfb\x3f\xf0\0\0\0\0\0\0",
    };
    (void)state;
    device.flags = UP | UV | ED;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct br_buf b;
        br_buf_init(&b, 8192);
        put_data(&b, &device, false);
        br_buf_put(&b, bad[i], i == 4 ? 12 : strlen(bad[i]));
        assert_refused(
            read_data(keep(&b), BR_WEBAUTHN_GET), WEBAUTHN_AUTHENTICATOR_DATA);
    }
}

/* ---- keys --------------------------------------------------------------- */

static struct br_bytes
cose(const struct br_key *k, int64_t alg)
{
    struct br_buf b;
    br_buf_init(&b, 4096);
    put_cose(&b, k, alg);
    return keep(&b);
}

static void
an_assertion_verifies_on_each_algorithm(void **state)
{
    static const struct {
        enum br_key_kind kind;
        enum br_key_alg alg;
    } kinds[] = {
        {BR_KEY_P256, BR_ALG_ES256},
        {BR_KEY_ED25519, BR_ALG_EDDSA},
        {BR_KEY_RSA, BR_ALG_RS256},
    };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct br_webauthn_key k;
        br_private_key_free(device.key);
        device.key = NULL;
        assert_ok(br_private_key_generate(kinds[i].kind, &device.key, &err));
        device.alg = kinds[i].alg;
        assert_ok(br_webauthn_key(
            cose(br_private_key_public(device.key), cose_alg(device.alg)), &k,
            &err));
        assert_int_equal(k.alg, kinds[i].alg);
        const struct br_bytes d = data(false);
        const struct br_bytes c = client_data("webauthn.get", site.origin, "");
        const struct br_bytes s = signature(d, c);
        assert_ok(br_webauthn_verify(&k, d, c, s, &err));
        for (size_t at = 0; at < d.n; at += 7) {
            assert_refused(
                br_webauthn_verify(&k, changed(d, at, 1), c, s, &err),
                WEBAUTHN_SIGNATURE);
        }
        for (size_t at = 0; at < c.n; at += 17) {
            assert_refused(
                br_webauthn_verify(&k, d, changed(c, at, 1), s, &err),
                WEBAUTHN_SIGNATURE);
        }
        for (size_t at = 0; at < s.n; at += 11) {
            assert_refused(
                br_webauthn_verify(&k, d, c, changed(s, at, 1), &err),
                WEBAUTHN_SIGNATURE);
        }
        for (size_t n = 0; n < s.n; n += 9) {
            assert_refused(
                br_webauthn_verify(&k, d, c, br_bytes(s.p, n), &err),
                WEBAUTHN_SIGNATURE);
        }
    }
}

static void
another_algorithm_is_refused(void **state)
{
    static const int64_t algs[] = {0, -6, -35, -36, -37, -47, -65535, 7};
    struct br_private_key *ed = NULL;
    struct br_webauthn_key k;
    (void)state;
    const struct br_key *p256 = br_private_key_public(device.key);
    for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
        assert_refused(
            br_webauthn_key(cose(p256, algs[i]), &k, &err), WEBAUTHN_ALG);
    }
    assert_refused(br_webauthn_key(cose(p256, -8), &k, &err), WEBAUTHN_KEY);
    assert_refused(br_webauthn_key(cose(p256, -257), &k, &err), WEBAUTHN_KEY);
    assert_ok(br_private_key_generate(BR_KEY_ED25519, &ed, &err));
    assert_refused(
        br_webauthn_key(cose(br_private_key_public(ed), -7), &k, &err),
        WEBAUTHN_KEY);
    br_private_key_free(ed);
}

static void
what_is_no_key_is_refused(void **state)
{
    struct br_webauthn_key k;
    (void)state;
    const struct br_bytes whole = cose(br_private_key_public(device.key), -7);
    for (size_t n = 0; n < whole.n; n++) {
        assert_refused(
            br_webauthn_key(br_bytes(whole.p, n), &k, &err), WEBAUTHN_KEY);
    }
    /* A point that is not on the curve: the last byte of y. */
    assert_refused(
        br_webauthn_key(changed(whole, whole.n - 1, 1), &k, &err),
        WEBAUTHN_KEY);
    struct br_buf b;
    br_buf_init(&b, 4096);
    br_cbor_put_map(&b, 2); /* an unknown parameter: kid */
    br_cbor_put_uint(&b, 1);
    br_cbor_put_uint(&b, 2);
    br_cbor_put_uint(&b, 2);
    br_cbor_put_bytes(&b, br_str("kid"));
    assert_refused(br_webauthn_key(keep(&b), &k, &err), WEBAUTHN_KEY);
}

static void
a_counter_grows_or_is_always_zero(void **state)
{
    (void)state;
    assert_ok(br_webauthn_counter(0, 0, &err));
    assert_ok(br_webauthn_counter(0, 1, &err));
    assert_ok(br_webauthn_counter(7, 8, &err));
    assert_ok(br_webauthn_counter(7, UINT32_MAX, &err));
    assert_refused(br_webauthn_counter(7, 7, &err), WEBAUTHN_COUNTER);
    assert_refused(br_webauthn_counter(7, 6, &err), WEBAUTHN_COUNTER);
    assert_refused(br_webauthn_counter(7, 0, &err), WEBAUTHN_COUNTER);
    assert_refused(br_webauthn_counter(UINT32_MAX, 0, &err), WEBAUTHN_COUNTER);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_site_is_an_origin_and_a_name),
        CASE(client_data_tells_what_for_and_where),
        CASE(client_data_of_something_else_is_refused),
        CASE(what_is_no_client_data_is_refused),
        CASE(a_new_passkey_is_read),
        CASE(each_flag_matters),
        CASE(another_rp_is_refused),
        CASE(ids_have_a_size),
        CASE(cut_or_longer_data_is_refused),
        CASE(extensions_are_a_map_in_one_encoding),
        CASE(an_assertion_verifies_on_each_algorithm),
        CASE(another_algorithm_is_refused),
        CASE(what_is_no_key_is_refused),
        CASE(a_counter_grows_or_is_always_zero),
    };
    return cmocka_run_group_tests_name("webauthn", tests, NULL, NULL);
}
