/*
 * A backup that somebody hands over, with its passphrase: it is sealed right,
 * and its rows may be anything. And the rows themselves, as texts.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/store/fixture.h"

#include "common/codec/cbor.h"
#include "common/crypto/hash.h"
#include "wallet/vault/backup.h"
#include "wallet/vault/holding.h"

#include <stdio.h>
#include <string.h>

static const struct br_seal_cost cost = {1, 8};
static const char magic[] = "broletto-wallet-backup-1\n";
static struct br_secret *word;
static struct br_err err;

/* ---- steps -------------------------------------------------------------- */

static struct br_vault *
open_vault(void **state)
{
    struct br_vault *v = NULL;
    const struct br_vault_options o = {
        .folder = in_folder(state, "wallet"), .create = true, .cost = cost};
    expect_ok(br_vault_open(&o, &v, &err), &err);
    return v;
}

static struct br_vault_person *
add(struct br_vault *v, const char *name)
{
    struct br_vault_person *p = NULL;
    expect_ok(br_vault_add_person(v, name, word, &p, &err), &err);
    return p;
}

static void
put_row(struct br_buf *b, unsigned table, const char *key, struct br_bytes text)
{
    br_cbor_put_array(b, 3);
    br_cbor_put_uint(b, table);
    br_cbor_put_bytes(b, br_str(key));
    br_cbor_put_bytes(b, text);
}

/** The rows as a file of "sesame". */
static void
seal(struct br_buf *rows, struct br_buf *file)
{
    uint8_t head[sizeof(magic) - 1 + 8 + BR_SEAL_SALT_BYTES] = {0};
    struct br_seal_key *k = NULL;
    memcpy(head, magic, sizeof(magic) - 1);
    head[sizeof(magic) - 1 + 3] = (uint8_t)cost.ops;
    head[sizeof(magic) - 1 + 7] = (uint8_t)cost.kib;
    const struct br_bytes about = br_bytes(head, sizeof(head));
    expect_ok(
        br_seal_key_of_passphrase(
            word, head + sizeof(magic) - 1 + 8, cost, &k, &err),
        &err);
    br_buf_put(file, head, sizeof(head));
    expect_ok(br_seal(k, &about, 1, br_buf_bytes(rows), file, &err), &err);
    br_seal_key_free(k);
}

/** Restoring these rows. */
static enum br_rc
restore(struct br_vault_person *p, struct br_buf *rows)
{
    struct br_buf file;
    uint64_t count = 0;
    br_buf_init(&file, 1 << 20);
    seal(rows, &file);
    enum br_rc rc =
        br_backup_restore(p, word, br_buf_bytes(&file), &count, &err);
    br_buf_fini(&file);
    return rc;
}

/* ---- what hostile files try ---------------------------------------------- */

static void
rows_of_no_table_are_refused(void **state)
{
    static const unsigned tables[] = {0, 99};
    struct br_vault *v = open_vault(state);
    struct br_vault_person *p = add(v, "ada");
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct br_buf rows;
        br_buf_init(&rows, 4096);
        br_cbor_put_array(&rows, 1);
        put_row(&rows, tables[i], "k", br_str("t"));
        assert_int_not_equal(restore(p, &rows), BR_OK);
        assert_true(err.text[0] != '\0');
        br_buf_fini(&rows);
    }
    br_vault_lock(p);
    br_vault_close(v);
}

static const char credential[] =
    "{\"id\":\"c\",\"issuer\":\"i\",\"configuration\":\"x\",\"format\":\"f\","
    "\"vct\":\"v\",\"once\":false,\"instances\":1}";
static const char instance[] = "{\"credential\":\"c\",\"text\":\"t~\"}";

static enum br_rc
take(struct br_vault_person *p)
{
    struct br_vault_txn *t = NULL;
    struct br_arena a;
    struct br_wallet_credential c;
    struct br_holding_taken taken = {.key = NULL};
    br_arena_init(&a, 1 << 20);
    expect_ok(br_vault_begin(p, true, &t, &err), &err);
    expect_ok(br_holding_get(t, br_str("c"), &a, &c, &err), &err);
    enum br_rc rc = br_holding_take(t, &c, 1, &a, &taken, &err);
    br_private_key_free(taken.key);
    br_vault_end(t);
    br_arena_fini(&a);
    return rc;
}

static void
a_key_of_no_kind_is_refused(void **state)
{
    static const struct {
        size_t n;
        enum br_rc rc;
        uint8_t kind;
    } cases[] = {
        {33, BR_OK, BR_KEY_P256},
        {33, BR_ERR_CORRUPT, 0},
        {33, BR_ERR_CORRUPT, 82},
        {33, BR_ERR_CORRUPT, 255},
        {33, BR_ERR_CORRUPT, BR_KEY_RSA},
        {1, BR_ERR_CORRUPT, BR_KEY_P256},
        {32, BR_ERR_MALFORMED, BR_KEY_P256},
    };
    struct br_vault *v = open_vault(state);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const uint8_t key[33] = {cases[i].kind, [31] = 7, [32] = 7};
        struct br_vault_person *p = add(v, "ada");
        struct br_buf rows;
        br_buf_init(&rows, 4096);
        br_cbor_put_array(&rows, 3);
        put_row(&rows, BR_VAULT_CREDENTIALS, "c", br_str(credential));
        put_row(&rows, BR_VAULT_INSTANCES, "c/0", br_str(instance));
        put_row(&rows, BR_VAULT_KEYS, "c/0", br_bytes(key, cases[i].n));
        expect_ok(restore(p, &rows), &err);
        assert_int_equal(take(p), cases[i].rc);
        br_buf_fini(&rows);
        br_vault_lock(p);
        expect_ok(br_vault_erase(v, "ada", &err), &err);
    }
    br_vault_close(v);
}

static void
each_byte_of_the_file_is_guarded(void **state)
{
    struct br_vault *v = open_vault(state);
    struct br_vault_person *p = add(v, "ada");
    struct br_buf rows;
    struct br_buf file;
    uint64_t count = 0;
    br_buf_init(&rows, 4096);
    br_buf_init(&file, 4096);
    br_cbor_put_array(&rows, 1);
    put_row(&rows, BR_VAULT_SETTINGS, "k", br_str("1"));
    seal(&rows, &file);
    for (size_t i = 0; i < file.n; i++) {
        file.p[i] ^= 1;
        assert_int_not_equal(
            br_backup_restore(p, word, br_buf_bytes(&file), &count, &err),
            BR_OK);
        file.p[i] ^= 1;
    }
    for (size_t n = 0; n < file.n; n++) {
        assert_int_not_equal(
            br_backup_restore(p, word, br_bytes(file.p, n), &count, &err),
            BR_OK);
    }
    expect_ok(
        br_backup_restore(p, word, br_buf_bytes(&file), &count, &err), &err);
    assert_int_equal(count, 1);
    br_buf_fini(&rows);
    br_buf_fini(&file);
    br_vault_lock(p);
    br_vault_close(v);
}

/* ---- the rows' texts ------------------------------------------------------
 */

static const char without_id[] =
    "{\"id\":\"\",\"issuer\":\"i\",\"configuration\":\"x\",\"format\":\"f\","
    "\"vct\":\"v\",\"once\":false}";
static const char without_vct[] =
    "{\"id\":\"c\",\"issuer\":\"i\",\"configuration\":\"x\",\"format\":\"f\","
    "\"once\":false}";

static void
rows_without_their_names_are_refused(void **state)
{
    static const char *const bad[] = {
        without_id,
        without_vct,
        "{\"credential\":\"\",\"text\":\"t\"}",
        "{\"credential\":\"c\",\"text\":\"\"}",
        "{\"credential\":\"c\",\"number\":1000001,\"text\":\"t\"}",
        "{\"id\":\"\",\"event\":\"presented\"}",
        "{\"id\":\"e\",\"event\":\"other\"}",
        "{\"id\":\"e\",\"event\":\"presented\",\"claims\":{}}",
        "[]",
        "",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct br_arena a;
        struct br_wallet_credential c;
        struct br_wallet_instance n;
        struct br_wallet_entry e;
        br_arena_init(&a, 1 << 20);
        assert_int_not_equal(
            br_wallet_credential_parse(br_str(bad[i]), &a, &c, &err), BR_OK);
        assert_int_not_equal(
            br_wallet_instance_parse(br_str(bad[i]), &a, &n, &err), BR_OK);
        assert_int_not_equal(
            br_wallet_entry_parse(br_str(bad[i]), &a, &e, &err), BR_OK);
        br_arena_fini(&a);
    }
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        T(rows_of_no_table_are_refused),
        T(a_key_of_no_kind_is_refused),
        T(each_byte_of_the_file_is_guarded),
        cmocka_unit_test(rows_without_their_names_are_refused),
    };
    assert_int_equal(br_crypto_init(&err), BR_OK);
    assert_int_equal(br_secret_new(br_str("sesame"), &word, &err), BR_OK);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    br_secret_free(word);
    return failed;
}
