/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/crypto/support.h"

#include "common/crypto/pkcs11_uri.h"

static struct br_err err;
static struct br_pkcs11_uri u;

static void
a_complete_uri_is_read(void **state)
{
    (void)state;
    assert_ok(br_pkcs11_uri_parse(
        "pkcs11:token=Il%20Broletto;object=tsa-1;id=%00%Ff;type=private"
        "?module-path=/usr/lib/m.so&pin-source=file:///run/a%20pin",
        &u, &err));
    assert_string_equal(u.token, "Il Broletto");
    assert_string_equal(u.object, "tsa-1");
    assert_int_equal(u.id_n, 2);
    assert_memory_equal(u.id, "\x00\xff", 2);
    assert_string_equal(u.module_path, "/usr/lib/m.so");
    assert_string_equal(u.pin_path, "/run/a pin");
}

static void
the_least_uri_is_read(void **state)
{
    (void)state;
    assert_ok(
        br_pkcs11_uri_parse("pkcs11:id=%01;token=t?module-path=/m", &u, &err));
    assert_string_equal(u.object, "");
    assert_string_equal(u.pin_path, "");
    assert_ok(br_pkcs11_uri_parse(
        "pkcs11:object=o;token=t?pin-source=/p&module-path=/m", &u, &err));
    assert_string_equal(u.pin_path, "/p");
    assert_ok(br_pkcs11_uri_parse(
        "pkcs11:object=o;token=t?pin-source=file:/p&module-path=/m", &u, &err));
    assert_string_equal(u.pin_path, "/p");
}

static void
anything_else_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        enum br_rc rc;
    } bad[] = {
        {"", BR_ERR_MALFORMED},
        {"PKCS11:token=t;object=o?module-path=/m", BR_ERR_MALFORMED},
        {"pkcs11:", BR_ERR_MALFORMED},
        {"pkcs11:?module-path=/m", BR_ERR_MALFORMED},
        {"pkcs11:token=t;object=o", BR_ERR_MISSING_FIELD},
        {"pkcs11:token=t;object=o?", BR_ERR_MALFORMED},
        {"pkcs11:token=t?module-path=/m", BR_ERR_MISSING_FIELD},
        {"pkcs11:object=o?module-path=/m", BR_ERR_MISSING_FIELD},
        {"pkcs11:token=t;object=?module-path=/m", BR_ERR_MALFORMED},
        {"pkcs11:token=t;;object=o?module-path=/m", BR_ERR_MALFORMED},
        {"pkcs11:token=t;object=o;?module-path=/m", BR_ERR_MALFORMED},
        {"pkcs11:token=t;token=t;object=o?module-path=/m",
         BR_ERR_DUPLICATE_FIELD},
        {"pkcs11:token=t;object=o;serial=1?module-path=/m", BR_ERR_UNSUPPORTED},
        {"pkcs11:token=t;object=o;type=cert?module-path=/m",
         BR_ERR_UNSUPPORTED},
        {"pkcs11:token=t;object=o;module-path=/m", BR_ERR_UNSUPPORTED},
        {"pkcs11:token=t;object=o?module-path=m.so", BR_ERR_UNSUPPORTED},
        {"pkcs11:token=t;object=o?module-name=m", BR_ERR_UNSUPPORTED},
        {"pkcs11:token=t;object=o?module-path=/m&pin-value=1",
         BR_ERR_UNSUPPORTED},
        {"pkcs11:token=t;object=o?module-path=/m&pin-source=|cat",
         BR_ERR_UNSUPPORTED},
        {"pkcs11:token=t;object=o?module-path=/m&pin-source=file:pin",
         BR_ERR_UNSUPPORTED},
        {"pkcs11:token=t;object=o?module-path=/m&pin-source=file://host/pin",
         BR_ERR_UNSUPPORTED},
        {"pkcs11:token=t%;object=o?module-path=/m", BR_ERR_MALFORMED},
        {"pkcs11:token=t%4;object=o?module-path=/m", BR_ERR_MALFORMED},
        {"pkcs11:token=t%4g;object=o?module-path=/m", BR_ERR_MALFORMED},
        {"pkcs11:token=t%00;object=o?module-path=/m", BR_ERR_MALFORMED},
        {"pkcs11:token=a b;object=o?module-path=/m", BR_ERR_MALFORMED},
        {"pkcs11:token=\xc3\xa8;object=o?module-path=/m", BR_ERR_MALFORMED},
        {"pkcs11:token=123456789012345678901234567890123;object=o"
         "?module-path=/m",
         BR_ERR_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        enum br_rc rc = br_pkcs11_uri_parse(bad[i].uri, &u, &err);
        if (rc != bad[i].rc) {
            fail_msg("%s: %d, not %d", bad[i].uri, (int)rc, (int)bad[i].rc);
        }
    }
}

static void
a_pin_never_stands_in_a_message(void **state)
{
    (void)state;
    assert_int_equal(
        br_pkcs11_uri_parse(
            "pkcs11:token=t;object=o?module-path=/m&pin-value=4711", &u, &err),
        BR_ERR_UNSUPPORTED);
    assert_null(strstr(err.text, "4711"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_complete_uri_is_read),
        cmocka_unit_test(the_least_uri_is_read),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(a_pin_never_stands_in_a_message),
    };
    return cmocka_run_group_tests_name("pkcs11_uri", tests, NULL, NULL);
}
