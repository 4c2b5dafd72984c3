/*
 * The C2SP CCTV vectors: where implementations of Ed25519 disagree.
 *
 * Each vector satisfies the cofactored equation; its flags say what is unusual
 * about it. What our rule makes of each flag:
 *
 * | flag                  | br_verify | why                                  |
 * |-----------------------|-----------|--------------------------------------|
 * | low_order_A           | refused   | such a key signs for everybody       |
 * | low_order_R           | refused   | R is a point of small order          |
 * | non_canonical_A       | refused   | a key has one encoding               |
 * | non_canonical_R       | refused   | R is compared as bytes               |
 * | low_order_residue     | refused   | the equation is the cofactorless one |
 * | reencoded_k           | refused   | comes with a non-canonical A or R    |
 * | low_order_component_A | accepted  | when nothing above is there          |
 * | low_order_component_R | accepted  | when nothing above is there          |
 *
 * A public key comes to br_verify through br_public_key_init, which refuses a
 * low_order_component_A too. Through both doors only the ordinary vector, the
 * one without flags, is accepted.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/crypto/support.h"

#include "common/crypto/hash.h"
#include "common/crypto/sign.h"

#include <jansson.h>

static struct br_err err;

static json_t *
load(void)
{
    char path[1024];
    const char *folder = getenv("BROLETTO_VECTORS");
    (void)snprintf(
        path, sizeof(path), "%s/ed25519/ed25519vectors.json",
        folder == NULL ? "../shared/vectors" : folder);
    return json_load_file(path, 0, NULL);
}

static bool
is_component(const char *flag)
{
    return strcmp(flag, "low_order_component_A") == 0 ||
           strcmp(flag, "low_order_component_R") == 0;
}

struct count {
    size_t verified;
    size_t through_both_doors;
};

static void
check_vector(const json_t *v, struct count *count)
{
    uint8_t raw[32];
    uint8_t sig[64];
    struct br_public_key k = {.alg = BR_SIGN_ED25519, .n = 32};
    struct br_public_key checked;
    const char *message = json_string_value(json_object_get(v, "msg"));
    const json_t *flags = json_object_get(v, "flags");
    bool ordinary = true;
    bool only_components = true;
    for (size_t i = 0; i < json_array_size(flags); i++) {
        ordinary = false;
        if (!is_component(json_string_value(json_array_get(flags, i)))) {
            only_components = false;
        }
    }
    hex(json_string_value(json_object_get(v, "key")), raw, 32);
    hex(json_string_value(json_object_get(v, "sig")), sig, 64);
    memcpy(k.b, raw, 32);
    bool ok = br_verify(&k, br_str(message), sig, &err) == BR_OK;
    bool key_ok =
        br_public_key_init(
            &checked, BR_SIGN_ED25519, br_bytes(raw, 32), &err) == BR_OK;
    assert_int_equal(ok, only_components);
    assert_int_equal(ok && key_ok, ordinary);
    count->verified += ok;
    count->through_both_doors += ok && key_ok;
}

static void
each_flag_is_decided_as_the_table_says(void **state)
{
    (void)state;
    json_t *vectors = load();
    struct count count = {0};
    if (vectors == NULL) {
        print_message("no vectors: set BROLETTO_VECTORS\n");
        skip();
    }
    assert_int_equal(json_array_size(vectors), 914);
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        check_vector(json_array_get(vectors, i), &count);
    }
    json_decref(vectors);
    assert_true(count.verified > count.through_both_doors);
    assert_int_equal(count.through_both_doors, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_flag_is_decided_as_the_table_says),
    };
    if (br_crypto_init(&err) != BR_OK) {
        return 1;
    }
    return cmocka_run_group_tests_name("ed25519_vectors", tests, NULL, NULL);
}
