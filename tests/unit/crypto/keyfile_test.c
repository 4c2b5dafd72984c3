/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/crypto/support.h"

#include "common/crypto/files.h"
#include "common/crypto/hash.h"
#include "common/crypto/key_format.h"
#include "common/crypto/keyfile.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct br_err err;
static char folder[256];

static const enum br_sign_alg algs[] = {
    BR_SIGN_ED25519, BR_SIGN_ES256, BR_SIGN_ES256K};

static const char *
in_folder(const char *name)
{
    static char path[4][512];
    static unsigned at;
    at = (at + 1) % 4;
    (void)snprintf(path[at], sizeof(path[at]), "%s/%s", folder, name);
    return path[at];
}

static void
write_file(const char *path, const void *p, size_t n, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), (ssize_t)n);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static struct br_secret *
secret_of(const char *text)
{
    struct br_secret *s;
    assert_ok(br_secret_new(br_str(text), &s, &err));
    return s;
}

static size_t
files_in_folder(void)
{
    size_t n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        n += e->d_name[0] != '.';
    }
    (void)closedir(d);
    return n;
}

static int
setup(void **state)
{
    (void)state;
    make_folder(folder);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    DIR *d = opendir(folder);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        (void)unlinkat(dirfd(d), e->d_name, 0);
    }
    (void)closedir(d);
    return rmdir(folder);
}

/* ---- the life of a key -------------------------------------------------- */

static void
check_life(enum br_sign_alg alg, const char *path)
{
    struct br_secret *pass = secret_of("correct horse");
    struct br_secret *wrong = secret_of("correct horsf");
    struct br_signer *s;
    struct br_signer *again = NULL;
    struct br_public_key k;
    struct stat st;
    uint8_t sig[64];
    assert_ok(br_keyfile_create(path, alg, pass, &s, &err));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_ok(br_keyfile_public(path, &k, &err));
    assert_memory_equal(&k, br_signer_public(s), sizeof(k));
    assert_int_equal(
        br_signer_open(path, wrong, &again, &err), BR_ERR_KEY_LOCKED);
    assert_int_equal(
        br_signer_open(path, NULL, &again, &err), BR_ERR_KEY_LOCKED);
    assert_null(again);
    assert_ok(br_signer_open(path, pass, &again, &err));
    assert_ok(br_sign(again, br_str("m"), sig, &err));
    assert_ok(br_verify(&k, br_str("m"), sig, &err));
    br_signer_free(again);
    br_signer_free(s);
    br_secret_free(pass);
    br_secret_free(wrong);
}

static void
a_key_is_created_read_and_opened(void **state)
{
    (void)state;
    for (size_t a = 0; a < 3; a++) {
        check_life(algs[a], in_folder(br_sign_alg_name(algs[a])));
    }
    assert_int_equal(files_in_folder(), 3); /* and nothing temporary */
}

static void
an_existing_file_is_never_replaced(void **state)
{
    (void)state;
    const char *path = in_folder("log.key");
    struct br_secret *pass = secret_of("p");
    struct br_signer *s = NULL;
    char back[4] = {0};
    write_file(path, "old", 3, 0644);
    assert_int_equal(
        br_keyfile_create(path, BR_SIGN_ED25519, pass, &s, &err),
        BR_ERR_CONFLICT);
    assert_null(s);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, back, 4), 3);
    assert_string_equal(back, "old");
    assert_int_equal(close(fd), 0);
    /* A dangling link is something too. */
    assert_int_equal(symlink("nowhere", in_folder("link.key")), 0);
    assert_int_equal(
        br_keyfile_create(
            in_folder("link.key"), BR_SIGN_ED25519, pass, &s, &err),
        BR_ERR_CONFLICT);
    assert_int_equal(
        br_keyfile_create(
            in_folder("none/log.key"), BR_SIGN_ED25519, pass, &s, &err),
        BR_ERR_NOT_FOUND);
    assert_int_equal(
        br_keyfile_create(in_folder("x"), BR_SIGN_ED25519, NULL, &s, &err),
        BR_ERR_KEY_LOCKED);
    assert_int_equal(files_in_folder(), 2);
    br_secret_free(pass);
}

static void
a_new_passphrase_replaces_the_old_one(void **state)
{
    (void)state;
    const char *path = in_folder("log.key");
    struct br_secret *old = secret_of("old");
    struct br_secret *new = secret_of("new");
    struct br_signer *s;
    struct br_signer *t = NULL;
    struct stat st;
    assert_ok(br_keyfile_create(path, BR_SIGN_ES256, old, &s, &err));
    assert_int_equal(br_keyfile_rekey(path, new, new, &err), BR_ERR_KEY_LOCKED);
    assert_ok(br_keyfile_rekey(path, old, new, &err));
    assert_int_equal(br_signer_open(path, old, &t, &err), BR_ERR_KEY_LOCKED);
    assert_ok(br_signer_open(path, new, &t, &err));
    assert_memory_equal(
        br_signer_public(s), br_signer_public(t), sizeof(struct br_public_key));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(files_in_folder(), 1);
    br_signer_free(s);
    br_signer_free(t);
    br_secret_free(old);
    br_secret_free(new);
}

static void
what_is_no_key_file_is_refused(void **state)
{
    (void)state;
    const char *path = in_folder("log.key");
    struct br_public_key k;
    struct br_signer *s = NULL;
    struct br_secret *pass = secret_of("p");
    static const char junk[BR_KEY_TEXT_BYTES_MAX + 1];
    assert_int_equal(br_keyfile_public(path, &k, &err), BR_ERR_NOT_FOUND);
    write_file(path, "", 0, 0600);
    assert_int_equal(br_keyfile_public(path, &k, &err), BR_ERR_MALFORMED);
    write_file(path, junk, sizeof(junk), 0600);
    assert_int_equal(br_keyfile_public(path, &k, &err), BR_ERR_TOO_LARGE);
    assert_int_equal(br_signer_open(path, pass, &s, &err), BR_ERR_TOO_LARGE);
    assert_int_equal(br_signer_open(folder, pass, &s, &err), BR_ERR_IO);
    br_secret_free(pass);
}

/* ---- the text, with costs that let every bit be tried ------------------- */

static void
seal_cheaply(struct br_buf *b, const struct br_secret *pass, enum br_sign_alg a)
{
    uint8_t secret[32];
    struct br_signer *s;
    memset(secret, 0x42, sizeof(secret));
    assert_ok(br_signer_from_secret(a, secret, &s, &err));
    struct br_key_text k = {
        .public_key = *br_signer_public(s), .ops = 1, .kib = 8};
    br_buf_init(b, BR_KEY_TEXT_BYTES_MAX);
    assert_ok(br_key_text_seal(&k, pass, secret, b, &err));
    br_signer_free(s);
}

static bool
opens(struct br_bytes text, const struct br_secret *pass)
{
    struct br_key_text k;
    uint8_t secret[32];
    return br_key_text_parse(text, &k, &err) == BR_OK &&
           br_key_text_open(&k, pass, secret, &err) == BR_OK;
}

static void
no_bit_of_a_key_file_can_change(void **state)
{
    (void)state;
    struct br_secret *pass = secret_of("p");
    for (size_t a = 0; a < 3; a++) {
        struct br_buf b;
        seal_cheaply(&b, pass, algs[a]);
        assert_true(opens(br_buf_bytes(&b), pass));
        for (size_t bit = 0; bit < b.n * 8; bit++) {
            b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(opens(br_buf_bytes(&b), pass));
            b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t n = 0; n < b.n; n++) {
            assert_false(opens(br_bytes(b.p, n), pass));
        }
        br_buf_put(&b, "\n", 1);
        assert_false(opens(br_buf_bytes(&b), pass));
        br_buf_fini(&b);
    }
    br_secret_free(pass);
}

static void
sealing_twice_never_gives_the_same_text(void **state)
{
    (void)state;
    struct br_secret *pass = secret_of("p");
    struct br_buf a;
    struct br_buf b;
    seal_cheaply(&a, pass, BR_SIGN_ED25519);
    seal_cheaply(&b, pass, BR_SIGN_ED25519);
    assert_int_equal(a.n, b.n);
    assert_memory_not_equal(a.p, b.p, a.n);
    br_buf_fini(&a);
    br_buf_fini(&b);
    br_secret_free(pass);
}

/* The example of docs/keys.md: a file of today opens for ever. */
static void
the_documented_file_opens(void **state)
{
    (void)state;
    static const char text[] =
        "broletto-key-v1\n"
        "alg EdDSA\n"
        "public 0OsFizT5IKEdgck6-RtysPqHmw5krm2uUWBfZNUQ5EQ\n"
        "argon2id-ops 2\n"
        "argon2id-kib 65536\n"
        "salt phad1HIM_TypVXW7y5e5hQ\n"
        "nonce QXyoZmakXn7rzyxGy0xZ_5ZsTALHyUfw\n"
        "sealed "
        "siO6mH2YX-q9amI6mTo5OsjoNzO5PGfdF5JABwZa2Q6k99S-8JpU_wqtKoHgNX-s\n";
    const char *path = in_folder("doc.key");
    struct br_secret *pass = secret_of("broletto");
    struct br_signer *s;
    uint8_t raw[32];
    size_t n;
    write_file(path, text, sizeof(text) - 1, 0600);
    assert_ok(br_signer_open(path, pass, &s, &err));
    assert_ok(br_base64url_parse(
        br_str("0OsFizT5IKEdgck6-RtysPqHmw5krm2uUWBfZNUQ5EQ"), raw, 32, &n,
        &err));
    assert_memory_equal(br_signer_public(s)->b, raw, 32);
    br_signer_free(s);
    br_secret_free(pass);
}

/** The text with one line's value replaced. */
static enum br_rc
parse_with(const struct br_buf *b, const char *word, const char *value)
{
    char text[BR_KEY_TEXT_BYTES_MAX];
    char out[BR_KEY_TEXT_BYTES_MAX];
    struct br_key_text k;
    memcpy(text, b->p, b->n);
    text[b->n] = '\0';
    char *at = strstr(text, word);
    assert_non_null(at);
    at += strlen(word);
    char *end = strchr(at, '\n');
    int n = snprintf(
        out, sizeof(out), "%.*s%s%s", (int)(at - text), text, value, end);
    assert_true(n > 0 && (size_t)n < sizeof(out));
    return br_key_text_parse(br_bytes(out, (size_t)n), &k, &err);
}

static void
a_hostile_header_is_refused_before_any_work(void **state)
{
    (void)state;
    struct br_secret *pass = secret_of("p");
    struct br_buf b;
    seal_cheaply(&b, pass, BR_SIGN_ED25519);
    assert_int_equal(parse_with(&b, "-ops ", "1"), BR_OK);
    assert_int_equal(parse_with(&b, "-ops ", "8"), BR_OK);
    assert_int_equal(parse_with(&b, "-ops ", "9"), BR_ERR_OUT_OF_RANGE);
    assert_int_equal(parse_with(&b, "-ops ", "0"), BR_ERR_OUT_OF_RANGE);
    assert_int_equal(parse_with(&b, "-kib ", "262144"), BR_OK);
    assert_int_equal(parse_with(&b, "-kib ", "262145"), BR_ERR_OUT_OF_RANGE);
    assert_int_equal(parse_with(&b, "-kib ", "7"), BR_ERR_OUT_OF_RANGE);
    assert_int_equal(
        parse_with(&b, "-kib ", "18446744073709551615"), BR_ERR_OUT_OF_RANGE);
    assert_true(parse_with(&b, "-kib ", "18446744073709551624") != BR_OK);
    assert_true(parse_with(&b, "-kib ", "08") != BR_OK);
    assert_true(parse_with(&b, "-kib ", "") != BR_OK);
    assert_int_equal(parse_with(&b, "broletto-key-", "v2"), BR_ERR_MALFORMED);
    assert_int_equal(parse_with(&b, "alg ", "RS256"), BR_ERR_UNSUPPORTED);
    assert_int_equal(parse_with(&b, "alg ", "ES256"), BR_ERR_MALFORMED);
    assert_int_equal(parse_with(&b, "salt ", "AAAA"), BR_ERR_MALFORMED);
    assert_int_equal(parse_with(&b, "sealed ", "AAAA"), BR_ERR_MALFORMED);
    br_buf_fini(&b);
    br_secret_free(pass);
}

/* ---- passphrases -------------------------------------------------------- */

/** Do the bytes, as a file of this mode, give the passphrase? */
static void
check_secret(const char *content, size_t n, const char *expected)
{
    const char *path = in_folder("pass");
    struct br_secret *s;
    struct br_secret *same = secret_of(expected);
    struct br_buf b;
    write_file(path, content, n, 0600);
    assert_ok(br_secret_from_file(path, &s, &err));
    seal_cheaply(&b, s, BR_SIGN_ED25519);
    assert_true(opens(br_buf_bytes(&b), same));
    br_buf_fini(&b);
    br_secret_free(s);
    br_secret_free(same);
}

static void
a_passphrase_is_the_first_line(void **state)
{
    (void)state;
    char longest[1026];
    memset(longest, 'x', sizeof(longest));
    longest[1025] = '\0';
    check_secret("abc", 3, "abc");
    check_secret("abc\n", 4, "abc");
    check_secret(" a b \nsecond\n", 13, " a b ");
    longest[1024] = '\0';
    check_secret(longest, 1024, longest);
    longest[1024] = 'x';
    struct br_secret *s = NULL;
    write_file(in_folder("pass"), longest, 1025, 0600);
    assert_int_equal(
        br_secret_from_file(in_folder("pass"), &s, &err), BR_ERR_OUT_OF_RANGE);
    write_file(in_folder("pass"), "\nabc\n", 5, 0600);
    assert_int_equal(
        br_secret_from_file(in_folder("pass"), &s, &err), BR_ERR_OUT_OF_RANGE);
    write_file(in_folder("pass"), "", 0, 0600);
    assert_int_equal(
        br_secret_from_file(in_folder("pass"), &s, &err), BR_ERR_OUT_OF_RANGE);
    assert_int_equal(
        br_secret_from_file(in_folder("none"), &s, &err), BR_ERR_NOT_FOUND);
    assert_int_equal(br_secret_from_file(folder, &s, &err), BR_ERR_KEY_LOCKED);
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_int_equal(
        br_secret_from_file(in_folder("pipe"), &s, &err), BR_ERR_KEY_LOCKED);
    assert_null(s);
}

static void
a_passphrase_that_others_may_read_is_refused(void **state)
{
    (void)state;
    static const mode_t modes[] = {0640, 0604, 0620, 0601, 0666, 0660};
    const char *path = in_folder("pass");
    struct br_secret *s = NULL;
    char other[300];
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        write_file(path, "abc\n", 4, modes[i]);
        assert_int_equal(
            br_secret_from_file(path, &s, &err), BR_ERR_KEY_LOCKED);
    }
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "", 1), 0);
    assert_int_equal(br_secret_from_file(path, &s, &err), BR_ERR_KEY_LOCKED);
    /* a folder whose name only begins like ours */
    (void)snprintf(
        other, sizeof(other), "%.*s", (int)strlen(folder) - 1, folder);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", other, 1), 0);
    assert_int_equal(br_secret_from_file(path, &s, &err), BR_ERR_KEY_LOCKED);
    assert_null(s);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
    assert_ok(br_secret_from_file(path, &s, &err));
    br_secret_free(s);
    (void)unsetenv("CREDENTIALS_DIRECTORY");
}

static void
a_generated_passphrase_is_on_the_disk(void **state)
{
    (void)state;
    const char *path = in_folder("pass");
    struct br_secret *made;
    struct br_secret *read_back;
    struct br_secret *none = NULL;
    struct br_buf b;
    struct stat st;
    assert_ok(br_secret_generate_file(path, &made, &err));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 44);
    assert_int_equal(
        br_secret_generate_file(path, &none, &err), BR_ERR_CONFLICT);
    assert_null(none);
    assert_ok(br_secret_from_file(path, &read_back, &err));
    seal_cheaply(&b, made, BR_SIGN_ED25519);
    assert_true(opens(br_buf_bytes(&b), read_back));
    br_buf_fini(&b);
    br_secret_free(made);
    br_secret_free(read_back);
    br_secret_free(NULL);
}

static void
secrets_are_compared_and_wiped(void **state)
{
    (void)state;
    uint8_t a[32];
    uint8_t b[32];
    br_random(a, sizeof(a));
    br_random(b, sizeof(b));
    assert_false(br_secret_eq(a, b, sizeof(a)));
    memcpy(b, a, sizeof(a));
    assert_true(br_secret_eq(a, b, sizeof(a)));
    b[31] ^= 1;
    assert_false(br_secret_eq(a, b, sizeof(a)));
    br_wipe(a, sizeof(a));
    memset(b, 0, sizeof(b));
    assert_memory_equal(a, b, sizeof(a));
    struct br_secret *s = NULL;
    assert_int_equal(
        br_secret_new(br_bytes(NULL, 0), &s, &err), BR_ERR_OUT_OF_RANGE);
}

static void
a_file_is_replaced_whole(void **state)
{
    (void)state;
    const char *path = in_folder("f");
    struct br_buf b;
    br_buf_init(&b, 10000);
    assert_ok(br_file_replace(path, br_str("one"), 0644, &err));
    assert_ok(br_file_replace(path, br_str("four"), 0600, &err));
    assert_ok(br_file_read(path, &b, &err));
    assert_true(br_bytes_eq(br_buf_bytes(&b), br_str("four")));
    br_buf_fini(&b);
    br_buf_init(&b, 3);
    assert_int_equal(br_file_read(path, &b, &err), BR_ERR_TOO_LARGE);
    br_buf_fini(&b);
    assert_int_equal(
        br_file_replace(folder, br_str("x"), 0600, &err), BR_ERR_IO);
    assert_int_equal(files_in_folder(), 1);
}

#define in_a_folder(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        in_a_folder(a_key_is_created_read_and_opened),
        in_a_folder(an_existing_file_is_never_replaced),
        in_a_folder(a_new_passphrase_replaces_the_old_one),
        in_a_folder(what_is_no_key_file_is_refused),
        cmocka_unit_test(no_bit_of_a_key_file_can_change),
        cmocka_unit_test(sealing_twice_never_gives_the_same_text),
        in_a_folder(the_documented_file_opens),
        cmocka_unit_test(a_hostile_header_is_refused_before_any_work),
        in_a_folder(a_passphrase_is_the_first_line),
        in_a_folder(a_passphrase_that_others_may_read_is_refused),
        in_a_folder(a_generated_passphrase_is_on_the_disk),
        cmocka_unit_test(secrets_are_compared_and_wiped),
        in_a_folder(a_file_is_replaced_whole),
    };
    if (br_crypto_init(&err) != BR_OK) {
        return 1;
    }
    return cmocka_run_group_tests_name("keyfile", tests, NULL, NULL);
}
