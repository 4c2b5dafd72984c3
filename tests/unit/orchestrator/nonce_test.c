/*
 * Nonces without rows: ours, for a time, for one purpose.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "common/crypto/hash.h"
#include "orchestrator/api/api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { NOW = 1700000000, LASTS_S = 300, AHEAD_S = 60 };

static struct br_orch_config config = {.nonce_s = LASTS_S};

static struct br_orch_api *
api_with(struct br_orch_api *api, uint8_t key)
{
    memset(api, 0, sizeof(*api));
    api->config = &config;
    memset(api->nonce_key, key, sizeof(api->nonce_key));
    assert_int_equal(br_crypto_init(NULL), BR_OK);
    return api;
}

static void
a_nonce_has_one_purpose_and_a_time(void **state)
{
    static const enum br_orch_nonce kinds[] = {
        BR_ORCH_C_NONCE, BR_ORCH_DPOP_NONCE, BR_ORCH_CHALLENGE};
    struct br_orch_api api;
    char nonce[BR_ORCH_NONCE_TEXT_BYTES];
    (void)state;
    api_with(&api, 1);
    for (size_t a = 0; a < 3; a++) {
        br_orch_nonce_make(&api, kinds[a], NOW, nonce);
        struct br_bytes n = br_str(nonce);
        for (size_t b = 0; b < 3; b++) {
            assert_int_equal(br_orch_nonce_ok(&api, kinds[b], n, NOW), a == b);
        }
        assert_true(br_orch_nonce_ok(&api, kinds[a], n, NOW + LASTS_S));
        assert_false(br_orch_nonce_ok(&api, kinds[a], n, NOW + LASTS_S + 1));
        assert_true(br_orch_nonce_ok(&api, kinds[a], n, NOW - AHEAD_S));
        assert_false(br_orch_nonce_ok(&api, kinds[a], n, NOW - AHEAD_S - 1));
    }
}

static void
others_are_not_ours(void **state)
{
    struct br_orch_api api;
    struct br_orch_api other;
    char nonce[BR_ORCH_NONCE_TEXT_BYTES];
    char second[BR_ORCH_NONCE_TEXT_BYTES];
    (void)state;
    api_with(&api, 1);
    api_with(&other, 2);
    br_orch_nonce_make(&api, BR_ORCH_DPOP_NONCE, NOW, nonce);
    br_orch_nonce_make(&api, BR_ORCH_DPOP_NONCE, NOW, second);
    assert_string_not_equal(nonce, second);
    assert_false(
        br_orch_nonce_ok(&other, BR_ORCH_DPOP_NONCE, br_str(nonce), NOW));
    for (size_t i = 0; i < BR_ORCH_NONCE_TEXT_BYTES - 1; i++) {
        char bad[BR_ORCH_NONCE_TEXT_BYTES];
        (void)snprintf(bad, sizeof(bad), "%s", nonce);
        bad[i] = bad[i] == 'A' ? 'Q' : 'A';
        assert_false(
            br_orch_nonce_ok(&api, BR_ORCH_DPOP_NONCE, br_str(bad), NOW));
        assert_false(br_orch_nonce_ok(
            &api, BR_ORCH_DPOP_NONCE, br_bytes(nonce, i), NOW));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nonce_has_one_purpose_and_a_time),
        cmocka_unit_test(others_are_not_ours),
    };
    return cmocka_run_group_tests_name(
        "orchestrator nonces", tests, NULL, NULL);
}
