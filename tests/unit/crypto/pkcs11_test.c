/*
 * Signing inside a token: SoftHSM 2 with a token of its own in a temporary
 * folder. Skipped where the module is not installed (Debian: softhsm2);
 * BROLETTO_SOFTHSM names it elsewhere.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/crypto/support.h"

#include "common/crypto/hash.h"
#include "common/crypto/keyfile.h"
#include "common/crypto/sign.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static struct br_err err;
static char folder[256];
static const char *module_path;
static CK_FUNCTION_LIST *f;
static bool has_ed25519;

static CK_UTF8CHAR pin[] = "123456";
static CK_UTF8CHAR so_pin[] = "87654321";
enum { PIN_BYTES = 6, SO_PIN_BYTES = 8 };

/* DER: prime256v1, secp256k1, and the two ways to say Ed25519. */
static uint8_t p256[] = {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7};
static uint8_t k1[] = {6, 5, 0x2b, 0x81, 4, 0, 0x0a};
static uint8_t ed25519[] = {6, 3, 0x2b, 0x65, 0x70};
static uint8_t p384[] = {6, 5, 0x2b, 0x81, 4, 0, 0x22};

/* ---- a token ------------------------------------------------------------ */

static const char *
find_module(void)
{
    static const char *const places[] = {
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    };
    const char *named = getenv("BROLETTO_SOFTHSM");
    if (named != NULL) {
        return named;
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (access(places[i], R_OK) == 0) {
            return places[i];
        }
    }
    return NULL;
}

static void
write_text(const char *name, const char *text)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

static void
load_module(void)
{
    CK_C_GetFunctionList get;
    void *library = dlopen(module_path, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library);
    void *symbol = dlsym(library, "C_GetFunctionList");
    assert_non_null(symbol);
    memcpy(&get, &symbol, sizeof(get));
    assert_int_equal(get(&f), CKR_OK);
    assert_int_equal(f->C_Initialize(NULL), CKR_OK);
}

static CK_RV
generate(
    CK_SESSION_HANDLE s,
    CK_MECHANISM_TYPE type,
    struct br_bytes curve,
    const char *label,
    uint8_t id)
{
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_MECHANISM mechanism = {type, NULL, 0};
    char name[32];
    (void)snprintf(name, sizeof(name), "%s", label);
    CK_ATTRIBUTE public[] = {
        {CKA_TOKEN, &yes, sizeof(yes)},
        {CKA_PRIVATE, &no, sizeof(no)},
        {CKA_EC_PARAMS, (void *)(uintptr_t)curve.p, curve.n},
        {CKA_LABEL, name, strlen(name)},
        {CKA_ID, &id, 1},
    };
    CK_ATTRIBUTE private[] = {
        {CKA_TOKEN, &yes, sizeof(yes)},
        {CKA_PRIVATE, &yes, sizeof(yes)},
        {CKA_SENSITIVE, &yes, sizeof(yes)},
        {CKA_EXTRACTABLE, &no, sizeof(no)},
        {CKA_SIGN, &yes, sizeof(yes)},
        {CKA_LABEL, name, strlen(name)},
        {CKA_ID, &id, 1},
    };
    CK_OBJECT_HANDLE a;
    CK_OBJECT_HANDLE b;
    return f->C_GenerateKeyPair(s, &mechanism, public, 5, private, 7, &a, &b);
}

static CK_SLOT_ID
make_token(void)
{
    CK_SLOT_ID slots[8];
    CK_ULONG n = 8;
    CK_UTF8CHAR label[33] = "broletto test                   ";
    CK_SESSION_HANDLE s;
    assert_int_equal(f->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
    assert_int_equal(
        f->C_InitToken(slots[0], so_pin, SO_PIN_BYTES, label), CKR_OK);
    n = 8; /* SoftHSM gives an initialised token another slot */
    assert_int_equal(f->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
    assert_int_equal(
        f->C_OpenSession(
            slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s),
        CKR_OK);
    assert_int_equal(f->C_Login(s, CKU_SO, so_pin, SO_PIN_BYTES), CKR_OK);
    assert_int_equal(f->C_InitPIN(s, pin, PIN_BYTES), CKR_OK);
    assert_int_equal(f->C_CloseSession(s), CKR_OK);
    return slots[0];
}

static void
fill_token(CK_SLOT_ID slot)
{
    CK_SESSION_HANDLE s;
    assert_int_equal(
        f->C_OpenSession(
            slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s),
        CKR_OK);
    assert_int_equal(f->C_Login(s, CKU_USER, pin, PIN_BYTES), CKR_OK);
    struct br_bytes curve = br_bytes(p256, sizeof(p256));
    assert_int_equal(generate(s, CKM_EC_KEY_PAIR_GEN, curve, "tsa", 1), CKR_OK);
    assert_int_equal(
        generate(s, CKM_EC_KEY_PAIR_GEN, curve, "twin", 2), CKR_OK);
    assert_int_equal(
        generate(s, CKM_EC_KEY_PAIR_GEN, curve, "twin", 3), CKR_OK);
    assert_int_equal(
        generate(s, CKM_EC_KEY_PAIR_GEN, br_bytes(k1, sizeof(k1)), "k1", 4),
        CKR_OK);
    assert_int_equal(
        generate(
            s, CKM_EC_KEY_PAIR_GEN, br_bytes(p384, sizeof(p384)), "p384", 5),
        CKR_OK);
    has_ed25519 = generate(
                      s, CKM_EC_EDWARDS_KEY_PAIR_GEN,
                      br_bytes(ed25519, sizeof(ed25519)), "log", 6) == CKR_OK;
    assert_int_equal(f->C_CloseSession(s), CKR_OK);
}

static int
setup(void **state)
{
    (void)state;
    char text[800];
    char path[600];
    module_path = find_module();
    if (module_path == NULL) {
        return 0;
    }
    make_folder(folder);
    (void)snprintf(path, sizeof(path), "%s/tokens", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(
        text, sizeof(text), "directories.tokendir = %s\nlog.level = ERROR\n",
        path);
    write_text("softhsm2.conf", text);
    write_text("pin", "123456\n");
    write_text("wrong-pin", "123457\n");
    (void)snprintf(path, sizeof(path), "%s/softhsm2.conf", folder);
    assert_int_equal(setenv("SOFTHSM2_CONF", path, 1), 0);
    load_module();
    fill_token(make_token());
    assert_int_equal(f->C_Finalize(NULL), CKR_OK);
    return 0;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

static int
teardown(void **state)
{
    (void)state;
    return module_path == NULL
               ? 0
               : nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/** Which key, and which file of the folder has the PIN (NULL: none). */
static const char *
uri(const char *key, const char *pin_name)
{
    static char text[1024];
    (void)snprintf(
        text, sizeof(text), "pkcs11:token=broletto%%20test;%s?module-path=%s%s",
        key, module_path, pin_name == NULL ? "" : "&pin-source=file:");
    if (pin_name != NULL) {
        size_t n = strlen(text);
        (void)snprintf(text + n, sizeof(text) - n, "%s/%s", folder, pin_name);
    }
    return text;
}

static void
skip_without_token(void)
{
    if (module_path == NULL) {
        print_message("SoftHSM 2 is not installed: softhsm2\n");
        skip();
    }
}

/* ---- the stories -------------------------------------------------------- */

static void
check_signs(const char *key, enum br_sign_alg alg)
{
    struct br_signer *s;
    uint8_t sig[64];
    assert_ok(br_signer_open(uri(key, "pin"), NULL, &s, &err));
    const struct br_public_key *k = br_signer_public(s);
    assert_int_equal(k->alg, alg);
    for (uint8_t i = 0; i < 40; i++) { /* half of them would have a high s */
        struct br_bytes m = br_bytes(&i, 1);
        assert_ok(br_sign(s, m, sig, &err));
        assert_ok(br_verify(k, m, sig, &err));
    }
    assert_int_equal(
        br_verify(k, br_str("other"), sig, &err), BR_ERR_BAD_SIGNATURE);
    br_signer_free(s);
}

static void
a_p256_key_signs(void **state)
{
    (void)state;
    skip_without_token();
    check_signs("object=tsa", BR_SIGN_ES256);
    check_signs("id=%01", BR_SIGN_ES256);
    check_signs("object=tsa;id=%01;type=private", BR_SIGN_ES256);
}

static void
a_secp256k1_key_signs(void **state)
{
    (void)state;
    skip_without_token();
    check_signs("object=k1", BR_SIGN_ES256K);
}

/* There when the leak sanitizer is. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static void
an_ed25519_key_signs(void **state)
{
    (void)state;
    skip_without_token();
    if (!has_ed25519) {
        print_message("this token has no CKM_EDDSA\n");
        skip();
    }
    /* SoftHSM 2.6.1 itself leaks the curve's name at each such signature. */
    if (__lsan_disable != NULL) {
        __lsan_disable();
    }
    check_signs("object=log", BR_SIGN_ED25519);
    if (__lsan_enable != NULL) {
        __lsan_enable();
    }
}

static void
the_pin_may_come_as_a_secret(void **state)
{
    (void)state;
    skip_without_token();
    struct br_secret *right;
    struct br_signer *s = NULL;
    assert_ok(br_secret_new(br_str("123456"), &right, &err));
    assert_int_equal(
        br_signer_open(uri("object=tsa", NULL), NULL, &s, &err),
        BR_ERR_KEY_LOCKED);
    assert_ok(br_signer_open(uri("object=tsa", NULL), right, &s, &err));
    br_signer_free(s);
    br_secret_free(right);
}

static void
a_key_that_is_not_there_is_told(void **state)
{
    (void)state;
    skip_without_token();
    static const struct {
        const char *key;
        const char *pin_name;
        enum br_rc rc;
    } bad[] = {
        {"object=none", "pin", BR_ERR_NOT_FOUND},
        {"object=tsa;id=%02", "pin", BR_ERR_NOT_FOUND},
        {"object=twin", "pin", BR_ERR_CONFLICT},
        {"object=p384", "pin", BR_ERR_UNSUPPORTED},
        {"object=tsa", "wrong-pin", BR_ERR_KEY_LOCKED},
        {"object=tsa", "no-pin", BR_ERR_NOT_FOUND},
    };
    struct br_signer *s = NULL;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(
            br_signer_open(uri(bad[i].key, bad[i].pin_name), NULL, &s, &err),
            bad[i].rc);
        assert_null(s);
    }
    check_signs("object=twin;id=%02", BR_SIGN_ES256);
    check_signs("object=twin;id=%03", BR_SIGN_ES256);
}

static void
a_module_that_is_none_is_told(void **state)
{
    (void)state;
    struct br_signer *s = NULL;
    assert_int_equal(
        br_signer_open(
            "pkcs11:token=t;object=o?module-path=/none.so", NULL, &s, &err),
        BR_ERR_KEY_LOCKED);
    assert_int_equal(
        br_signer_open("pkcs11:token=t", NULL, &s, &err), BR_ERR_MISSING_FIELD);
    assert_null(s);
    skip_without_token();
    char text[600];
    (void)snprintf(
        text, sizeof(text), "pkcs11:token=none;object=o?module-path=%s",
        module_path);
    assert_int_equal(br_signer_open(text, NULL, &s, &err), BR_ERR_NOT_FOUND);
}

/* ---- many at once ------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 25 };

static void *
sign_often(void *arg)
{
    struct br_signer *s = (struct br_signer *)arg;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint8_t sig[64];
        if (br_sign(s, br_bytes(&i, sizeof(i)), sig, NULL) != BR_OK) {
            return arg;
        }
    }
    return NULL;
}

static void
signers_of_one_token_work_together(void **state)
{
    (void)state;
    skip_without_token();
    struct br_signer *a;
    struct br_signer *b;
    pthread_t threads[THREADS];
    assert_ok(br_signer_open(uri("object=tsa", "pin"), NULL, &a, &err));
    assert_ok(br_signer_open(uri("object=k1", "pin"), NULL, &b, &err));
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, sign_often, i % 2 == 0 ? a : b),
            0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    uint8_t sig[64];
    br_signer_free(a); /* one leaves: the other stays logged in */
    assert_ok(br_sign(b, br_str("m"), sig, &err));
    br_signer_free(b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_p256_key_signs),
        cmocka_unit_test(a_secp256k1_key_signs),
        cmocka_unit_test(an_ed25519_key_signs),
        cmocka_unit_test(the_pin_may_come_as_a_secret),
        cmocka_unit_test(a_key_that_is_not_there_is_told),
        cmocka_unit_test(a_module_that_is_none_is_told),
        cmocka_unit_test(signers_of_one_token_work_together),
    };
    if (br_crypto_init(&err) != BR_OK) {
        return 1;
    }
    return cmocka_run_group_tests_name("pkcs11", tests, setup, teardown);
}
