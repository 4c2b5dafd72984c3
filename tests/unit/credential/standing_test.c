/*
 * What a registry answers: one good answer, and what each change of it does.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/credential/support.h"

#include "common/credential/standing.h"
#include "common/crypto/x509_path.h"
#include "tests/unit/credential/authority.h"

#include <stdio.h>

enum { NOW = 1800000000, ANSWER_BYTES = 64 * 1024 };

#define ID1 "1111111111111111111111111111111111111111111111111111111111111111"
#define ID2 "2222222222222222222222222222222222222222222222222222222222222222"
#define ID3 "3333333333333333333333333333333333333333333333333333333333333333"

static struct br_private_key *key;
static struct br_standing standing;

static const char good[] =
    "{\"thumbprint\":\"%s\",\"vct\":\"urn:isee\",\"at\":\"\","
    "\"at_us\":1800000000000000,\"accredited\":true,\"items\":[{"
    "\"did\":\"did:broletto:c:comune\",\"member\":\"comune\","
    "\"name\":\"Comune\",\"active\":true,\"methods\":[\"x\"],"
    "\"asserts\":true,\"accredited\":true,\"accreditation\":{"
    "\"id\":\"" ID1 "\",\"did\":\"did:broletto:c:comune\",\"name\":\"Comune\","
    "\"level\":\"issuer\",\"types\":[\"urn:isee\"],\"by\":\"" ID2 "\","
    "\"begin_us\":1700000000000000,\"end_us\":1900000000000000,"
    "\"in_force\":true,\"chain\":[{\"id\":\"" ID2 "\","
    "\"did\":\"did:broletto:c:inps\",\"name\":\"Istituto\","
    "\"level\":\"authority\",\"types\":[\"urn:other\",\"urn:isee\"],"
    "\"by\":\"" ID3 "\",\"begin_us\":1600000000000000,"
    "\"end_us\":1850000000000000},{\"id\":\"" ID3 "\","
    "\"did\":\"did:broletto:c:regione\",\"name\":\"Regione\","
    "\"level\":\"root\",\"types\":[\"*\"],\"by\":null,"
    "\"begin_us\":1500000000000000,\"end_us\":0}]}}]}";

static int
begin(void **state)
{
    uint8_t seed[BR_PRIVATE_KEY_SEED_BYTES];
    memset(seed, 7, sizeof(seed));
    (void)setup(state);
    assert_ok(br_private_key_derive(BR_KEY_P256, seed, &key, &err));
    return 0;
}

static int
end(void **state)
{
    br_private_key_free(key);
    return teardown(state);
}

static struct br_standing_question
question(const char *vct, uint64_t at_s)
{
    return (struct br_standing_question){
        .key = br_private_key_public(key), .vct = br_str(vct), .at_s = at_s};
}

/** The good answer, with the first `from` changed into `to`. */
static struct br_bytes
changed(const char *from, const char *to)
{
    static char text[ANSWER_BYTES];
    static char out[ANSWER_BYTES];
    char thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1];
    assert_ok(
        br_jwk_thumbprint_text(br_private_key_public(key), thumbprint, &err));
    (void)snprintf(text, sizeof(text), good, thumbprint);
    char *at = strstr(text, from);
    assert_non_null(at);
    int n = snprintf(
        out, sizeof(out), "%.*s%s%s", (int)(at - text), text, to,
        at + strlen(from));
    return br_bytes(out, (size_t)n);
}

/** The `true` that follows this becomes null. */
static void
not_true(struct br_bytes answer, const char *after)
{
    static const char null[] = {'n', 'u', 'l', 'l'};
    char *at = strstr((char *)(uintptr_t)answer.p, after);
    assert_non_null(at);
    for (size_t i = 0; i < sizeof(null); i++) {
        at[strlen(after) + i] = null[i];
    }
}

static enum br_rc
parse(struct br_bytes answer)
{
    const struct br_standing_question q = question("urn:isee", 0);
    return br_standing_parse(answer, &q, NOW, &arena, &standing, &err);
}

/* ---- good --------------------------------------------------------------- */

static void
a_good_answer_is_read_up_to_the_root(void **state)
{
    (void)state;
    assert_ok(parse(changed("{", "{")));
    assert_int_equal(standing.kind, BR_STANDING_ACCREDITED);
    assert_string_equal(standing.did, "did:broletto:c:comune");
    assert_string_equal(standing.name, "Comune");
    assert_int_equal(standing.at_s, NOW);
    assert_int_equal(standing.step_count, 3);
    assert_string_equal(br_standing_by(&standing)->name, "Istituto");
    assert_string_equal(standing.steps[2].level, "root");
    assert_int_equal(standing.steps[0].begin_s, 1700000000);
    assert_int_equal(br_standing_until_s(&standing), 1850000000);
    assert_string_equal(standing.reason, "");
}

static void
it_is_told_whole(void **state)
{
    struct br_buf b;
    struct br_json_writer w;
    (void)state;
    assert_ok(parse(changed("{", "{")));
    standing.registry = "https://node.example";
    br_buf_init(&b, 65536);
    br_json_writer_init(&w, &b);
    br_standing_write(&w, &standing);
    assert_ok(br_json_writer_done(&w, &err));
    struct br_json *v = NULL;
    assert_ok(br_json_parse(br_buf_bytes(&b), &arena, &v, &err));
    assert_true(br_json_is(br_json_member(v, "outcome"), "accredited"));
    assert_true(
        br_json_is(br_json_member(v, "registry"), "https://node.example"));
    assert_int_equal(br_json_count(br_json_member(v, "by")), 2);
    assert_true(br_json_is(
        br_json_member(br_json_at(br_json_member(v, "by"), 1), "name"),
        "Regione"));
    assert_null(br_json_member(v, "reason"));
    br_buf_fini(&b);
}

static void
the_question_is_an_address(void **state)
{
    struct br_buf b;
    char wanted[256];
    char thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1];
    struct br_standing_question q = question("https://a/\xc3\xa8 b?", 5);
    (void)state;
    assert_ok(br_jwk_thumbprint_text(q.key, thumbprint, &err));
    br_buf_init(&b, 4096);
    assert_ok(br_standing_path(&q, &b, &err));
    (void)snprintf(
        wanted, sizeof(wanted),
        "/v1/registry/keys/%s?vct=https%%3A%%2F%%2Fa%%2F%%C3%%A8%%20b%%3F"
        "&at=5999999",
        thumbprint);
    assert_int_equal(b.n, strlen(wanted));
    assert_memory_equal(b.p, wanted, b.n);
    q = question("", 0);
    br_buf_clear(&b);
    assert_ok(br_standing_path(&q, &b, &err));
    assert_int_equal(b.n, strlen("/v1/registry/keys/") + strlen(thumbprint));
    br_buf_fini(&b);
}

static void
whose_it_is_needs_no_type(void **state)
{
    const struct br_standing_question q = question("", 0);
    (void)state;
    assert_ok(br_standing_parse(
        changed("\"vct\":\"urn:isee\",", ""), &q, NOW, &arena, &standing,
        &err));
    assert_int_equal(standing.kind, BR_STANDING_REGISTERED);
    assert_string_equal(standing.name, "Comune");
    assert_refused(
        br_standing_parse(
            changed("\"active\":true", "\"active\":false"), &q, NOW, &arena,
            &standing, &err),
        REGISTRY_KEY);
    assert_int_equal(standing.kind, BR_STANDING_UNREGISTERED);
}

/* ---- not accredited: the registry's own word ---------------------------- */

static void
a_no_is_a_no(void **state)
{
    (void)state;
    static const char no[] = "\"asserts\":true,\"accredited\":false";
    static const char yes[] = "\"asserts\":true,\"accredited\":true";
    assert_refused(parse(changed(yes, no)), REGISTRY_ACCREDITATION);
    assert_int_equal(standing.kind, BR_STANDING_NOT_ACCREDITED);
    assert_int_equal(standing.step_count, 0);
    assert_string_equal(standing.did, "did:broletto:c:comune");
    assert_string_equal(standing.reason, err.text);
    assert_refused(
        parse(changed(yes, "\"asserts\":false,\"accredited\":false")),
        REGISTRY_KEY);
    assert_non_null(strstr(err.text, "assertions"));
    struct br_bytes answer =
        changed("\"accreditation\":{", "\"accreditation\":null,\"x\":{");
    not_true(answer, "\"asserts\":true,\"accredited\":");
    assert_refused(parse(answer), REGISTRY_ACCREDITATION);
    assert_non_null(strstr(err.text, "Comune: it was never accredited"));
}

static void
nobody_s_key_is_nobody_s(void **state)
{
    char thumbprint[BR_THUMBPRINT_TEXT_BYTES + 1];
    char text[512];
    struct br_standing_question q = question("urn:isee", 100);
    (void)state;
    assert_ok(br_jwk_thumbprint_text(q.key, thumbprint, &err));
    (void)snprintf(
        text, sizeof(text),
        "{\"thumbprint\":\"%s\",\"vct\":\"urn:isee\",\"at_us\":100999999,"
        "\"items\":[]}",
        thumbprint);
    q.when = "then ";
    assert_refused(
        br_standing_parse(br_str(text), &q, NOW, &arena, &standing, &err),
        REGISTRY_KEY);
    assert_non_null(strstr(err.text, "then nobody is registered"));
    assert_int_equal(standing.kind, BR_STANDING_UNREGISTERED);
    assert_int_equal(standing.at_s, 100);
}

/** A word of the registry's is shown only if it is one line of text. */
static void
its_words_are_looked_at(void **state)
{
    (void)state;
    struct br_bytes answer =
        changed("\"in_force\":true", "\"in_force\":false,\"reason\":\"a\\nb\"");
    not_true(answer, "\"asserts\":true,\"accredited\":");
    assert_refused(parse(answer), REGISTRY_ACCREDITATION);
    assert_null(strchr(err.text, '\n'));
    assert_non_null(strstr(err.text, "never accredited"));
}

/* ---- a yes that does not hold together ---------------------------------- */

static const struct {
    const char *from;
    const char *to;
} lies[] = {
    {"\"vct\":\"urn:isee\"", "\"vct\":\"urn:more\""},
    {"\"thumbprint\":\"", "\"thumbprint\":\"A"},
    {"\"at_us\":1800000000000000", "\"at_us\":1800000301000000"},
    {"\"at_us\":1800000000000000", "\"at_us\":1799999699000000"},
    {"\"at_us\":1800000000000000", "\"at_us\":-1"},
    {"\"at_us\":1800000000000000", "\"at_us\":\"1800000000000000\""},
    {"\"items\":[", "\"others\":["},
    {"\"active\":true", "\"active\":false"},
    {"\"active\":true", "\"active\":1"},
    {"\"asserts\":true", "\"asserts\":false"},
    {"\"in_force\":true", "\"in_force\":false"},
    {"\"did\":\"did:broletto:c:comune\",\"name\":\"Comune\",\"level\"",
     "\"did\":\"did:broletto:c:altro\",\"name\":\"Comune\",\"level\""},
    {"\"level\":\"issuer\"", "\"level\":\"authority\""},
    {"\"level\":\"issuer\"", "\"level\":\"root\""},
    {"\"level\":\"authority\"", "\"level\":\"issuer\""},
    {"\"level\":\"authority\"", "\"level\":\"emperor\""},
    {"\"level\":\"root\"", "\"level\":\"authority\""},
    {"[\"urn:isee\"]", "[\"urn:other\"]"},
    {"[\"urn:isee\"]", "[\"*\"]"},
    {"[\"urn:isee\"]", "\"urn:isee\""},
    {"[\"urn:isee\"]", "[7]"},
    {"[\"urn:other\",\"urn:isee\"]", "[\"urn:other\"]"},
    {"[\"*\"]", "[]"},
    {"\"by\":\"" ID2 "\"", "\"by\":\"" ID3 "\""},
    {"\"by\":\"" ID2 "\"", "\"by\":null"},
    {"\"by\":\"" ID3 "\"", "\"by\":\"" ID1 "\""},
    {"\"by\":null", "\"by\":\"" ID1 "\""},
    {"\"by\":null,", ""},
    {"\"id\":\"" ID1, "\"id\":\"ZZ"},
    {"\"id\":\"" ID1, "\"id\":\""},
    {"\"begin_us\":1700000000000000", "\"begin_us\":1800000000000001"},
    {"\"begin_us\":1700000000000000,", ""},
    {"\"end_us\":1900000000000000", "\"end_us\":1800000000000000"},
    {"\"begin_us\":1600000000000000", "\"begin_us\":1800000000000001"},
    {"\"end_us\":1850000000000000", "\"end_us\":1"},
    {"\"begin_us\":1500000000000000", "\"begin_us\":1800000000000001"},
    {",\"end_us\":0", ""},
    {"\"chain\":[", "\"chains\":["},
    {"\"name\":\"Comune\"", "\"name\":\"a\\u0007\""},
    {"\"name\":\"Istituto\"", "\"nome\":\"Istituto\""},
    {"\"accreditation\":{", "\"accreditations\":{"},
};

static void
each_lie_is_found_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        print_message("# %s -> %s\n", lies[i].from, lies[i].to);
        assert_refused(
            parse(changed(lies[i].from, lies[i].to)), REGISTRY_ANSWER);
        assert_int_equal(standing.kind, BR_STANDING_UNKNOWN);
        assert_int_equal(standing.step_count, 0);
    }
    assert_refused(parse(br_str("")), REGISTRY_ANSWER);
    assert_refused(parse(br_str("[]")), REGISTRY_ANSWER);
    assert_refused(parse(br_str("{\"a\":1,\"a\":2}")), REGISTRY_ANSWER);
}

static void
a_chain_has_eight_steps_at_most(void **state)
{
    static char text[ANSWER_BYTES];
    (void)state;
    for (int steps = 7; steps <= 8; steps++) {
        char chain[16384] = "\"by\":\"";
        size_t n = strlen(chain);
        n += (size_t)snprintf(
            chain + n, sizeof(chain) - n,
            "%064x\",\"begin_us\":1,\"end_us\":0,\"in_force\":true,\"chain\":[",
            2);
        for (int i = 2; i < 2 + steps; i++) {
            bool last = i == 1 + steps;
            char by[80] = "null";
            if (!last) {
                (void)snprintf(by, sizeof(by), "\"%064x\"", (unsigned)i + 1);
            }
            n += (size_t)snprintf(
                chain + n, sizeof(chain) - n,
                "%s{\"id\":\"%064x\",\"did\":\"d\",\"name\":\"n\","
                "\"level\":\"%s\",\"types\":[\"*\"],\"by\":%s,\"begin_us\":1,"
                "\"end_us\":0}",
                i == 2 ? "" : ",", (unsigned)i, last ? "root" : "authority",
                by);
        }
        (void)snprintf(chain + n, sizeof(chain) - n, "],\"rest\":{");
        struct br_bytes answer = changed("\"by\":\"" ID2 "\",", chain);
        (void)snprintf(
            text, sizeof(text), "%.*s}]}", (int)answer.n - 2,
            (const char *)answer.p);
        if (steps == 7) {
            assert_ok(parse(br_str(text)));
            assert_int_equal(standing.step_count, 8);
        } else {
            assert_refused(parse(br_str(text)), REGISTRY_ANSWER);
        }
    }
}

/* ---- keys from files ---------------------------------------------------- */

static void
keys_are_read_from_pem(void **state)
{
    static struct certificate c = {
        .name = "Leaf",
        .constraints = "critical,CA:FALSE",
        .from = NOW,
        .until = NOW + 86400,
    };
    char pem[8192];
    struct br_key k;
    struct br_key again;
    (void)state;
    static const char *const kinds[] = {"P-256", "P-384", "RSA", "ED25519"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        c.key = make_key(kinds[i]);
        certify(&c);
        to_pem(&c, pem);
        assert_ok(br_pem_key(br_str(pem), &k, &err));
        assert_ok(br_x509_key(br_bytes(c.der, c.n), &again, &err));
        assert_true(br_key_eq(&k, &again));
        EVP_PKEY_free(c.key);
    }
    assert_int_equal(
        br_pem_key(
            br_str("-----BEGIN PRIVATE KEY-----\nAAAA\n"
                   "-----END PRIVATE KEY-----\n"),
            &k, &err),
        BR_ERR_KEY_REFUSED);
    assert_non_null(strstr(err.text, "private"));
    assert_int_equal(
        br_pem_key(
            br_str("-----BEGIN EC PARAMETERS-----\nAAAA\n"
                   "-----END EC PARAMETERS-----\n"),
            &k, &err),
        BR_ERR_KEY_REFUSED);
    assert_int_equal(
        br_pem_key(
            br_str("-----BEGIN PUBLIC KEY-----\nAAAA\n"
                   "-----END PUBLIC KEY-----\n"),
            &k, &err),
        BR_ERR_MALFORMED);
    assert_int_equal(br_pem_key(br_str("nothing"), &k, &err), BR_ERR_MALFORMED);
    assert_int_equal(br_pem_key(br_str(""), &k, &err), BR_ERR_MALFORMED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_answer_is_read_up_to_the_root),
        cmocka_unit_test(it_is_told_whole),
        cmocka_unit_test(the_question_is_an_address),
        cmocka_unit_test(whose_it_is_needs_no_type),
        cmocka_unit_test(a_no_is_a_no),
        cmocka_unit_test(nobody_s_key_is_nobody_s),
        cmocka_unit_test(its_words_are_looked_at),
        cmocka_unit_test(each_lie_is_found_out),
        cmocka_unit_test(a_chain_has_eight_steps_at_most),
        cmocka_unit_test(keys_are_read_from_pem),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, end);
}
