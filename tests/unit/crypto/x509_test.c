/*
 * The development authority, checked by our reader and, where it is installed,
 * by the openssl command.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/crypto/support.h"

#include "common/crypto/files.h"
#include "common/crypto/hash.h"
#include "common/crypto/x509.h"

#include <unistd.h>

static struct br_err err;

enum { FROM = 1767225600, UNTIL = 2082758400 }; /* 2026 to 2036, as years go */

static struct br_signer *ca_key;
static struct br_signer *tsa_key;
static struct br_buf ca_pem;
static struct br_buf tsa_pem;

static struct br_x509_dev_ca
dev_ca(void)
{
    return (struct br_x509_dev_ca){
        .ca = {"Comune di Prova", "Comune di Prova", 1, FROM, UNTIL},
        .tsa =
            {"Marca temporale à", "Comune di Prova", UINT64_MAX, FROM,
             UNTIL - 1},
        .ca_key = ca_key,
        .tsa_public = br_signer_public(tsa_key),
    };
}

static int
setup(void **state)
{
    (void)state;
    struct br_x509_dev_ca in;
    assert_ok(br_signer_generate(BR_SIGN_ES256, &ca_key, &err));
    assert_ok(br_signer_generate(BR_SIGN_ES256, &tsa_key, &err));
    br_buf_init(&ca_pem, BR_X509_PEM_BYTES_MAX);
    br_buf_init(&tsa_pem, BR_X509_PEM_BYTES_MAX);
    in = dev_ca();
    assert_ok(br_x509_create_dev_ca(&in, &ca_pem, &tsa_pem, &err));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    br_buf_fini(&ca_pem);
    br_buf_fini(&tsa_pem);
    br_signer_free(ca_key);
    br_signer_free(tsa_key);
    return 0;
}

/** The leaf, then the authority, as a node serves them. */
static void
read_chain(struct br_x509_chain *c)
{
    struct br_buf both;
    br_buf_init(&both, BR_X509_PEM_BYTES_MAX);
    br_buf_puts(&both, "Comments may stand between the blocks.\n");
    br_buf_put(&both, tsa_pem.p, tsa_pem.n);
    br_buf_puts(&both, "\n");
    br_buf_put(&both, ca_pem.p, ca_pem.n);
    assert_ok(br_x509_chain_parse(br_buf_bytes(&both), c, &err));
    br_buf_fini(&both);
    assert_int_equal(c->count, 2);
}

static void
the_chain_is_read_back_with_its_keys(void **state)
{
    (void)state;
    struct br_x509_chain c;
    struct br_public_key k;
    read_chain(&c);
    assert_ok(br_x509_public_key(c.der[0], &k, &err));
    assert_memory_equal(&k, br_signer_public(tsa_key), sizeof(k));
    assert_ok(br_x509_check_key(c.der[0], br_signer_public(tsa_key), &err));
    assert_ok(br_x509_check_key(c.der[1], br_signer_public(ca_key), &err));
    assert_int_equal(
        br_x509_check_key(c.der[0], br_signer_public(ca_key), &err),
        BR_ERR_CERTIFICATE_INVALID);
    br_x509_chain_fini(&c);
    assert_int_equal(c.count, 0);
}

static void
the_leaf_and_only_the_leaf_may_timestamp(void **state)
{
    (void)state;
    struct br_x509_chain c;
    read_chain(&c);
    assert_ok(br_x509_check_tsa(c.der[0], FROM + 1, &err));
    assert_ok(br_x509_check_tsa(c.der[0], UNTIL - 2, &err));
    assert_int_equal(
        br_x509_check_tsa(c.der[0], FROM - 1, &err),
        BR_ERR_CERTIFICATE_INVALID);
    assert_int_equal(
        br_x509_check_tsa(c.der[0], UNTIL, &err), BR_ERR_CERTIFICATE_INVALID);
    assert_int_equal(
        br_x509_check_tsa(c.der[1], FROM + 1, &err),
        BR_ERR_CERTIFICATE_INVALID);
    br_x509_chain_fini(&c);
}

static void
the_signer_is_named_by_issuer_and_serial(void **state)
{
    (void)state;
    struct br_x509_chain c;
    struct br_buf b;
    read_chain(&c);
    br_buf_init(&b, 1024);
    assert_ok(br_x509_put_issuer_and_serial(c.der[0], &b, &err));
    assert_int_equal(b.p[0], 0x30);
    assert_int_equal(b.p[1], b.n - 2); /* shorter than 128 bytes */
    /* INTEGER 0x00ffffffffffffffff at the end: positive, so nine bytes. */
    assert_memory_equal(
        b.p + b.n - 11, "\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff", 11);
    assert_non_null(memmem(b.p, b.n, "development CA", 14));
    br_buf_fini(&b);
    br_x509_chain_fini(&c);
}

static enum br_rc
parse(const char *text)
{
    struct br_x509_chain c;
    enum br_rc rc = br_x509_chain_parse(br_str(text), &c, &err);
    if (rc == BR_OK) {
        br_x509_chain_fini(&c);
    }
    return rc;
}

/** A copy of PEM as a C string, and another after it. */
static char *
joined(const struct br_buf *a, const struct br_buf *b)
{
    char *s = (char *)calloc(1, a->n + b->n + 1);
    assert_non_null(s);
    memcpy(s, a->p, a->n);
    memcpy(s + a->n, b->p, b->n);
    return s;
}

static void
broken_chains_are_refused(void **state)
{
    (void)state;
    uint8_t end[1] = {'\n'};
    struct br_buf none = {.p = end, .n = 1};
    char *wrong_order = joined(&ca_pem, &tsa_pem);
    char *leaf = joined(&tsa_pem, &none);
    assert_int_equal(parse(""), BR_ERR_MALFORMED);
    assert_int_equal(parse("nothing here\n"), BR_ERR_MALFORMED);
    assert_int_equal(parse(wrong_order), BR_ERR_CERTIFICATE_INVALID);
    assert_int_equal(
        parse("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        BR_ERR_UNSUPPORTED);
    assert_int_equal(
        parse("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        BR_ERR_MALFORMED);
    leaf[strlen(leaf) - 40] = '!';
    assert_int_equal(parse(leaf), BR_ERR_MALFORMED);
    free(leaf);
    free(wrong_order);
    leaf = (char *)calloc(10, tsa_pem.n + 1);
    for (size_t i = 0; i < 9; i++) {
        memcpy(leaf + i * ca_pem.n, ca_pem.p, ca_pem.n);
    }
    assert_int_equal(parse(leaf), BR_ERR_TOO_LARGE);
    free(leaf);
}

/* A chain whose leaf has one bit changed, here and there. */
static void
a_changed_certificate_breaks_its_chain(void **state)
{
    (void)state;
    struct br_x509_chain c;
    read_chain(&c);
    size_t refused = 0;
    for (size_t at = 0; at < c.der[0].n; at += 3) {
        uint8_t *p = (uint8_t *)(uintptr_t)c.der[0].p;
        struct br_public_key k;
        struct br_buf pem;
        struct br_x509_chain again;
        p[at] ^= 0x01;
        br_buf_init(&pem, BR_X509_PEM_BYTES_MAX);
        br_buf_puts(&pem, "-----BEGIN CERTIFICATE-----\n");
        br_base64_put(&pem, br_bytes(p, c.der[0].n));
        br_buf_puts(&pem, "\n-----END CERTIFICATE-----\n");
        br_buf_put(&pem, ca_pem.p, ca_pem.n);
        enum br_rc rc = br_x509_chain_parse(br_buf_bytes(&pem), &again, &err);
        refused += rc != BR_OK;
        assert_int_not_equal(rc, BR_OK);
        (void)!br_x509_public_key(c.der[0], &k, &err); /* must not crash */
        br_buf_fini(&pem);
        p[at] ^= 0x01;
    }
    assert_true(refused > 100);
    br_x509_chain_fini(&c);
}

static void
what_cannot_be_certified_is_refused(void **state)
{
    (void)state;
    struct br_signer *ed;
    struct br_buf a;
    struct br_buf b;
    br_buf_init(&a, 4096);
    br_buf_init(&b, 4096);
    assert_ok(br_signer_generate(BR_SIGN_ED25519, &ed, &err));
    struct br_x509_dev_ca in = dev_ca();
    in.tsa_public = br_signer_public(ed);
    assert_int_equal(
        br_x509_create_dev_ca(&in, &a, &b, &err), BR_ERR_UNSUPPORTED);
    in = dev_ca();
    in.tsa.common_name = "";
    assert_int_equal(
        br_x509_create_dev_ca(&in, &a, &b, &err), BR_ERR_OUT_OF_RANGE);
    in = dev_ca();
    in.ca.serial = 0;
    assert_int_equal(
        br_x509_create_dev_ca(&in, &a, &b, &err), BR_ERR_OUT_OF_RANGE);
    in = dev_ca();
    in.tsa.not_after = in.tsa.not_before;
    assert_int_equal(
        br_x509_create_dev_ca(&in, &a, &b, &err), BR_ERR_OUT_OF_RANGE);
    in = dev_ca();
    in.ca.common_name =
        "a name that leaves no room for the words that must follow it";
    assert_int_equal(
        br_x509_create_dev_ca(&in, &a, &b, &err), BR_ERR_OUT_OF_RANGE);
    in = dev_ca();
    in.ca.common_name = "\xff\xfe";
    assert_int_equal(
        br_x509_create_dev_ca(&in, &a, &b, &err), BR_ERR_MALFORMED);
    assert_int_equal(a.n, 0);
    br_signer_free(ed);
    br_buf_fini(&a);
    br_buf_fini(&b);
}

/* ---- what openssl says -------------------------------------------------- */

static char folder[256];

/** Exit code of a command in the folder; its output goes to *ret. */
static int
run(const char *command, struct br_buf *ret)
{
    char line[1024];
    char piece[512];
    size_t n;
    (void)snprintf(line, sizeof(line), "cd '%s' && %s 2>&1", folder, command);
    /* Fixed commands, in a folder of our own. NOLINTNEXTLINE(cert-env33-c) */
    FILE *p = popen(line, "r");
    assert_non_null(p);
    br_buf_clear(ret);
    while ((n = fread(piece, 1, sizeof(piece), p)) > 0) {
        br_buf_put(ret, piece, n);
    }
    br_buf_put(ret, "", 1);
    return pclose(p);
}

static void
must_say(const struct br_buf *output, const char *text)
{
    if (strstr((const char *)output->p, text) == NULL) {
        fail_msg("openssl does not say \"%s\":\n%s", text, output->p);
    }
}

static void
put_file(const char *name, const struct br_buf *b)
{
    char path[300];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_ok(br_file_create(path, br_buf_bytes(b), 0600, &err));
}

static void
check_what_openssl_prints(struct br_buf *out)
{
    assert_int_equal(
        run("openssl x509 -nameopt RFC2253 -in ca.pem -noout -text", out), 0);
    must_say(out, "CN=Comune di Prova development CA,O=Comune di Prova");
    must_say(out, "X509v3 Basic Constraints: critical\n");
    must_say(out, "CA:TRUE, pathlen:0");
    must_say(out, "X509v3 Key Usage: critical\n");
    must_say(out, "Certificate Sign, CRL Sign\n");
    must_say(out, "X509v3 Subject Key Identifier");
    must_say(out, "ecdsa-with-SHA256");
    must_say(out, "Jan  1 00:00:00 2026 GMT");
    assert_int_equal(
        run("openssl x509 -nameopt RFC2253 -in tsa.pem -noout -text", out), 0);
    must_say(out, "Issuer: CN=Comune di Prova development CA,O=Comune");
    must_say(out, "X509v3 Extended Key Usage: critical\n");
    must_say(out, "                Time Stamping\n");
    must_say(out, "                Digital Signature\n");
    must_say(out, "CA:FALSE");
    must_say(out, "X509v3 Authority Key Identifier");
}

static void
openssl_trusts_the_chain(void **state)
{
    (void)state;
    struct br_buf out;
    br_buf_init(&out, 64 * 1024);
    make_folder(folder);
    if (run("openssl version", &out) != 0) {
        (void)rmdir(folder);
        br_buf_fini(&out);
        print_message("the openssl command is not installed\n");
        skip();
    }
    put_file("ca.pem", &ca_pem);
    put_file("tsa.pem", &tsa_pem);
    check_what_openssl_prints(&out);
    assert_int_equal(
        run("openssl verify -x509_strict -purpose timestampsign "
            "-attime 1800000000 -CAfile ca.pem tsa.pem",
            &out),
        0);
    must_say(&out, "tsa.pem: OK");
    assert_int_not_equal(
        run("openssl verify -purpose timestampsign -attime 2082758400 "
            "-CAfile ca.pem tsa.pem",
            &out),
        0);
    assert_int_not_equal(
        run("openssl verify -purpose sslserver -attime 1800000000 "
            "-CAfile ca.pem tsa.pem",
            &out),
        0);
    assert_int_equal(run("rm ca.pem tsa.pem", &out), 0);
    br_buf_fini(&out);
    assert_int_equal(rmdir(folder), 0);
}

/* Certificates by another maker: keys we know, and one that we do not. */
static void
certificates_of_others_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        enum br_rc rc;
        int alg;
    } kinds[] = {
        {"ec -pkeyopt ec_paramgen_curve:P-256", BR_OK, BR_SIGN_ES256},
        {"ec -pkeyopt ec_paramgen_curve:secp256k1", BR_OK, BR_SIGN_ES256K},
        {"ed25519", BR_OK, BR_SIGN_ED25519},
        {"ec -pkeyopt ec_paramgen_curve:P-384", BR_ERR_UNSUPPORTED, 0},
        {"rsa:2048", BR_ERR_UNSUPPORTED, 0},
    };
    struct br_buf out;
    br_buf_init(&out, 64 * 1024);
    make_folder(folder);
    if (run("openssl version", &out) != 0) {
        (void)rmdir(folder);
        br_buf_fini(&out);
        print_message("the openssl command is not installed\n");
        skip();
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char command[300];
        struct br_x509_chain c;
        struct br_public_key k;
        (void)snprintf(
            command, sizeof(command),
            "openssl req -x509 -newkey %s -nodes -keyout key.pem -out c.pem "
            "-subj /CN=other -days 2 2>/dev/null && cat c.pem",
            kinds[i].key);
        assert_int_equal(run(command, &out), 0);
        assert_ok(br_x509_chain_parse(br_bytes(out.p, out.n - 1), &c, &err));
        assert_int_equal(c.count, 1);
        assert_int_equal(br_x509_public_key(c.der[0], &k, &err), kinds[i].rc);
        if (kinds[i].rc == BR_OK) {
            assert_int_equal(k.alg, kinds[i].alg);
        }
        assert_int_equal(
            br_x509_check_tsa(c.der[0], 1800000000, &err),
            BR_ERR_CERTIFICATE_INVALID);
        br_x509_chain_fini(&c);
    }
    assert_int_equal(run("rm c.pem key.pem", &out), 0);
    br_buf_fini(&out);
    assert_int_equal(rmdir(folder), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_is_read_back_with_its_keys),
        cmocka_unit_test(the_leaf_and_only_the_leaf_may_timestamp),
        cmocka_unit_test(the_signer_is_named_by_issuer_and_serial),
        cmocka_unit_test(broken_chains_are_refused),
        cmocka_unit_test(a_changed_certificate_breaks_its_chain),
        cmocka_unit_test(what_cannot_be_certified_is_refused),
        cmocka_unit_test(openssl_trusts_the_chain),
        cmocka_unit_test(certificates_of_others_are_read),
    };
    if (br_crypto_init(&err) != BR_OK) {
        return 1;
    }
    return cmocka_run_group_tests_name("x509", tests, setup, teardown);
}
