/*
 * Refused memory: every allocation of a life in the vault fails in turn. Each
 * time there is an error or the right result, and what is on the disk opens
 * again.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/refuse.h"
#include "tests/unit/store/fixture.h"

#include "common/crypto/hash.h"
#include "wallet/vault/backup.h"
#include "wallet/vault/holding.h"
#include "wallet/vault/passkey.h"

#include <stdio.h>
#include <string.h>

static struct br_err err;

/* ---- a life ------------------------------------------------------------- */

static struct br_private_key *key;
static struct br_secret *word;

static enum br_rc
write_some(struct br_vault_person *p)
{
    struct br_vault_txn *t = NULL;
    const struct br_wallet_credential c = {
        .id = br_str("c"),
        .issuer = br_str("i"),
        .configuration = br_str("x"),
        .format = br_str("f"),
        .vct = br_str("v"),
        .instances = 1,
    };
    const struct br_wallet_instance one = {
        .credential = c.id, .text = br_str("text")};
    /* The same at each run: nothing piles up. */
    const struct br_wallet_entry e = {
        .id = br_str("e"), .event = BR_WALLET_RECEIVED};
    BR_TRY(br_vault_begin(p, true, &t, &err));
    enum br_rc rc = br_holding_put(t, &c, &err);
    if (rc == BR_OK) {
        rc = br_holding_put_instance(t, &one, key, &err);
    }
    if (rc == BR_OK) {
        rc = br_holding_put_entry(t, &e, &err);
    }
    if (rc != BR_OK) {
        br_vault_end(t);
        return rc;
    }
    return br_vault_commit(t, &err);
}

static enum br_rc
take_one(struct br_vault_txn *t, struct br_arena *a)
{
    struct br_wallet_credential *list = NULL;
    struct br_wallet_entry *entries = NULL;
    struct br_holding_taken taken = {.key = NULL};
    size_t count = 0;
    BR_TRY(br_holding_history(t, 5, a, &entries, &count, &err));
    BR_TRY(br_holding_list(t, a, &list, &count, &err));
    if (count == 0) {
        return BR_OK;
    }
    BR_TRY(br_holding_take(t, &list[0], 1, a, &taken, &err));
    assert_true(br_bytes_eq(taken.instance.text, br_str("text")));
    br_private_key_free(taken.key);
    return BR_OK;
}

static enum br_rc
read_some(struct br_vault_person *p)
{
    struct br_vault_txn *t = NULL;
    struct br_arena a;
    struct br_buf backup;
    br_arena_init(&a, 1 << 20);
    br_buf_init(&backup, 1 << 20);
    enum br_rc rc = br_vault_begin(p, true, &t, &err);
    if (rc == BR_OK) {
        rc = take_one(t, &a);
        br_vault_end(t);
    }
    if (rc == BR_OK) {
        rc = br_backup_write(
            p, word, (struct br_seal_cost){1, 8}, &backup, &err);
    }
    br_buf_fini(&backup);
    br_arena_fini(&a);
    return rc;
}

static const uint8_t secret[BR_PASSKEY_SECRET_BYTES] = {1, 2, 3};
static const struct br_webauthn_data device = {
    .id = {(const uint8_t *)"id", 2}, .key = {(const uint8_t *)"key", 3}};

/** The passkey of the life before goes, and is made anew. */
static enum br_rc
renew_passkey(struct br_vault_person *p)
{
    char reference[BR_PASSKEY_REFERENCE_BYTES + 1];
    struct br_passkey_list list;
    struct br_arena a;
    const struct br_passkey_new fresh = {
        .data = &device,
        .secret = br_bytes(secret, sizeof(secret)),
        .name = br_str("a device"),
        .now_s = 1,
    };
    br_arena_init(&a, 1 << 20);
    enum br_rc rc = br_passkey_list(p, &a, &list, &err);
    if (rc == BR_OK && list.count > 0) {
        rc = br_passkey_reference(device.id, reference, &err);
        if (rc == BR_OK) {
            rc = br_passkey_remove(p, br_str(reference), &err);
        }
    }
    br_arena_fini(&a);
    return rc == BR_OK ? br_passkey_add(p, &fresh, &err) : rc;
}

static enum br_rc
enter(struct br_vault *v)
{
    uint8_t handle[BR_PASSKEY_HANDLE_BYTES];
    struct br_vault_person *p = NULL;
    BR_TRY(br_passkey_handle(v, "ada", handle, &err));
    const struct br_passkey_way way = {
        br_bytes(handle, sizeof(handle)), device.id,
        br_bytes(secret, sizeof(secret))};
    BR_TRY(br_passkey_unlock(v, &way, &p, &err));
    enum br_rc rc = br_passkey_used(p, device.id, &device, 2, &err);
    br_vault_lock(p);
    return rc;
}

static enum br_rc
live(const char *folder)
{
    struct br_vault *v = NULL;
    struct br_vault_person *p = NULL;
    const struct br_vault_options o = {
        .folder = folder, .create = true, .cost = {1, 8}};
    BR_TRY(br_vault_open(&o, &v, &err));
    enum br_rc rc = br_vault_has_person(v, "ada")
                        ? br_vault_unlock(v, "ada", word, &p, &err)
                        : br_vault_add_person(v, "ada", word, &p, &err);
    if (rc == BR_OK) {
        rc = write_some(p);
    }
    if (rc == BR_OK) {
        rc = read_some(p);
    }
    if (rc == BR_OK) {
        rc = renew_passkey(p);
    }
    if (rc == BR_OK) {
        rc = enter(v);
    }
    br_vault_lock(p);
    br_vault_close(v);
    return rc;
}

static void
each_refusal_is_survived(void **state)
{
    size_t failures = 0;
    size_t i = 1;
    bool all = false;
    const char *folder = in_folder(state, "wallet");
    char path[TEST_PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s", folder);
    assert_int_equal(live(path), BR_OK); /* what is made once is made */
    for (; !all; i++) {
        err.text[0] = '\0';
        refuse_nth(i);
        enum br_rc rc = live(path);
        all = !refuse_end();
        if (rc != BR_OK) {
            failures++;
            assert_true(
                rc == BR_ERR_NO_MEMORY || rc == BR_ERR_TOO_LARGE ||
                rc == BR_ERR_IO);
            assert_true(err.text[0] != '\0');
            assert_int_equal(live(path), BR_OK);
        }
        assert_true(i < 5000);
    }
    assert_true(failures > 20);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            each_refusal_is_survived, make_folder, remove_folder),
    };
    assert_int_equal(br_crypto_init(&err), BR_OK);
    assert_int_equal(br_secret_new(br_str("sesame"), &word, &err), BR_OK);
    assert_int_equal(br_private_key_generate(BR_KEY_P256, &key, &err), BR_OK);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    br_private_key_free(key);
    br_secret_free(word);
    return failed;
}
