/*
 * Passkeys that open a vault: beside a passphrase and instead of one, added,
 * removed, exchanged, after crashes; and what the disk tells of them.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/store/fixture.h"

#include "common/credential/rule.h"
#include "common/crypto/hash.h"
#include "wallet/vault/backup.h"
#include "wallet/vault/holding.h"
#include "wallet/vault/lock.h"
#include "wallet/vault/passkey.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char person[] = "maria.rossi@example.org";
static const uint8_t secret_a[32] = {0xa0, 1, 2, 3};
static const uint8_t secret_b[32] = {0xb0, 1, 2, 3};

static const char passphrase_mark[] = {'B', 'R', 'V', 'L', 'O', 'C', 'K', '1'};
static const char passkey_mark[] = {'B', 'R', 'V', 'P', 'K', 'E', 'Y', '1'};
static struct br_err err;

/* ---- steps -------------------------------------------------------------- */

static struct br_vault *
open_vault(void **state, bool create)
{
    struct br_vault *v = NULL;
    const struct br_vault_options o = {
        .folder = in_folder(state, "wallet"),
        .create = create,
        .cost = {1, 8}, /* tests are many */
    };
    expect_ok(br_vault_open(&o, &v, &err), &err);
    return v;
}

static struct br_vault_person *
add_by_word(struct br_vault *v, const char *name, const char *word)
{
    struct br_vault_person *p = NULL;
    struct br_secret *s = NULL;
    expect_ok(br_secret_new(br_str(word), &s, &err), &err);
    expect_ok(br_vault_add_person(v, name, s, &p, &err), &err);
    br_secret_free(s);
    return p;
}

static enum br_rc
by_word(struct br_vault *v, const char *word)
{
    struct br_vault_person *p = NULL;
    struct br_secret *s = NULL;
    expect_ok(br_secret_new(br_str(word), &s, &err), &err);
    enum br_rc rc = br_vault_unlock(v, person, s, &p, &err);
    br_secret_free(s);
    br_vault_lock(p);
    return rc;
}

static enum br_rc
rekey(struct br_vault_person *p, const char *word)
{
    struct br_secret *s = NULL;
    expect_ok(br_secret_new(br_str(word), &s, &err), &err);
    enum br_rc rc = br_vault_rekey(p, s, &err);
    br_secret_free(s);
    return rc;
}

static struct br_webauthn_data
device(const char *id)
{
    return (struct br_webauthn_data){
        .id = br_str(id), .key = br_str("a COSE key"), .counter = 5};
}

static struct br_passkey_new
fresh(const struct br_webauthn_data *d, const uint8_t *secret)
{
    return (struct br_passkey_new){
        .data = d,
        .secret = br_bytes(secret, 32),
        .name = br_str("Telephone"),
        .now_s = 1000,
    };
}

static enum br_rc
add(struct br_vault_person *p, const char *id, const uint8_t *secret)
{
    const struct br_webauthn_data d = device(id);
    const struct br_passkey_new k = fresh(&d, secret);
    return br_passkey_add(p, &k, &err);
}

static struct br_vault_person *
add_by_passkey(struct br_vault *v, const char *name, const uint8_t *secret)
{
    struct br_vault_person *p = NULL;
    const struct br_webauthn_data d = device("id-a");
    const struct br_passkey_new k = fresh(&d, secret);
    expect_ok(br_passkey_add_person(v, name, &k, &p, &err), &err);
    return p;
}

static enum br_rc
unlock(
    struct br_vault *v,
    const char *id,
    const uint8_t *secret,
    struct br_vault_person **ret)
{
    uint8_t handle[BR_PASSKEY_HANDLE_BYTES];
    expect_ok(br_passkey_handle(v, person, handle, &err), &err);
    const struct br_passkey_way way = {
        br_bytes(handle, sizeof(handle)), br_str(id), br_bytes(secret, 32)};
    return br_passkey_unlock(v, &way, ret, &err);
}

/** Opens, and is locked again. */
static enum br_rc
by_passkey(struct br_vault *v, const char *id, const uint8_t *secret)
{
    struct br_vault_person *p = NULL;
    enum br_rc rc = unlock(v, id, secret, &p);
    if (rc == BR_OK) {
        assert_string_equal(br_vault_person_name(p), person);
    }
    br_vault_lock(p);
    return rc;
}

static enum br_rc
drop(struct br_vault_person *p, const char *id)
{
    char reference[BR_PASSKEY_REFERENCE_BYTES + 1];
    expect_ok(br_passkey_reference(br_str(id), reference, &err), &err);
    assert_int_equal(strlen(reference), BR_PASSKEY_REFERENCE_BYTES);
    return br_passkey_remove(p, br_str(reference), &err);
}

static void
expect_ways(struct br_vault_person *p, bool passphrase, size_t passkeys)
{
    struct br_passkey_list l;
    struct br_arena a;
    br_arena_init(&a, 1 << 20);
    expect_ok(br_passkey_list(p, &a, &l, &err), &err);
    assert_int_equal(l.has_passphrase, passphrase);
    assert_int_equal(l.count, passkeys);
    br_arena_fini(&a);
}

/** The one lock file's path. */
static const char *
lock_path(void **state)
{
    static char path[1024];
    const char *folder = in_folder(state, "wallet/locks");
    DIR *d = opendir(folder);
    path[0] = '\0';
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (e->d_name[0] != '.') {
            assert_string_equal(path, "");
            (void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        }
    }
    (void)closedir(d);
    assert_string_not_equal(path, "");
    return path;
}

static size_t
read_lock(void **state, uint8_t out[BR_LOCK_BYTES_MAX])
{
    FILE *f = fopen(lock_path(state), "rb");
    size_t n = fread(out, 1, BR_LOCK_BYTES_MAX, f);
    (void)fclose(f);
    return n;
}

static void
write_lock(void **state, const uint8_t *lock, size_t n)
{
    FILE *f = fopen(lock_path(state), "wb");
    assert_int_equal(fwrite(lock, 1, n, f), n);
    (void)fclose(f);
}

/* ---- opening ------------------------------------------------------------ */

static void
a_passkey_opens_beside_the_passphrase(void **state)
{
    uint8_t lock[BR_LOCK_BYTES_MAX];
    struct br_vault *v = open_vault(state, true);
    struct br_vault_person *p = add_by_word(v, person, "sesame");
    /* As it always was: nothing of passkeys in it. */
    assert_int_equal(read_lock(state, lock), BR_LOCK_PASSPHRASE_BYTES);
    assert_memory_equal(lock, "BRVLOCK1", 8);
    expect_ok(add(p, "id-a", secret_a), &err);
    expect_ok(add(p, "id-b", secret_b), &err);
    expect_ways(p, true, 2);
    br_vault_lock(p);
    br_vault_close(v);
    v = open_vault(state, false);
    expect_ok(by_word(v, "sesame"), &err);
    expect_ok(by_passkey(v, "id-a", secret_a), &err);
    expect_ok(by_passkey(v, "id-b", secret_b), &err);
    /* Another's secret, another's id, neither. */
    assert_int_equal(by_passkey(v, "id-a", secret_b), BR_ERR_KEY_LOCKED);
    assert_int_equal(by_passkey(v, "id-b", secret_a), BR_ERR_KEY_LOCKED);
    assert_int_equal(by_passkey(v, "id-c", secret_a), BR_ERR_KEY_LOCKED);
    br_vault_close(v);
}

static void
a_passkey_opens_instead_of_a_passphrase(void **state)
{
    struct br_vault *v = open_vault(state, true);
    struct br_vault_person *p = add_by_passkey(v, person, secret_a);
    struct br_vault_person *again = NULL;
    const struct br_webauthn_data d = device("id-b");
    const struct br_passkey_new k = fresh(&d, secret_b);
    expect_ways(p, false, 1);
    assert_int_equal(
        br_passkey_add_person(v, person, &k, &again, &err), BR_ERR_CONFLICT);
    br_vault_lock(p);
    expect_ok(by_passkey(v, "id-a", secret_a), &err);
    assert_int_equal(by_word(v, "sesame"), BR_ERR_KEY_LOCKED);
    /* A recovery passphrase, later; then without it again. */
    expect_ok(unlock(v, "id-a", secret_a, &p), &err);
    expect_ok(rekey(p, "sesame"), &err);
    expect_ok(by_word(v, "sesame"), &err);
    expect_ok(by_passkey(v, "id-a", secret_a), &err);
    expect_ok(br_passkey_drop_passphrase(p, &err), &err);
    assert_int_equal(by_word(v, "sesame"), BR_ERR_KEY_LOCKED);
    expect_ok(by_passkey(v, "id-a", secret_a), &err);
    br_vault_lock(p);
    br_vault_close(v);
}

static void
who_is_not_there_is_told_as_a_wrong_secret(void **state)
{
    uint8_t handle[BR_PASSKEY_HANDLE_BYTES] = {1};
    struct br_vault_person *p = NULL;
    char text[BR_ERR_TEXT_BYTES];
    struct br_vault *v = open_vault(state, true);
    br_vault_lock(add_by_passkey(v, person, secret_a));
    assert_int_equal(by_passkey(v, "id-a", secret_b), BR_ERR_KEY_LOCKED);
    (void)snprintf(text, sizeof(text), "%s", err.text);
    struct br_passkey_way way = {
        br_bytes(handle, sizeof(handle)), br_str("id-a"),
        br_bytes(secret_a, 32)};
    assert_int_equal(br_passkey_unlock(v, &way, &p, &err), BR_ERR_KEY_LOCKED);
    assert_string_equal(err.text, text);
    way.handle.n = 15;
    assert_int_equal(br_passkey_unlock(v, &way, &p, &err), BR_ERR_KEY_LOCKED);
    assert_string_equal(err.text, text);
    way.secret.n = 31;
    assert_int_equal(
        br_passkey_unlock(v, &way, &p, &err), BR_ERR_PASSKEY_REFUSED);
    assert_null(p);
    br_vault_close(v);
}

static void
one_secret_for_two_people_is_no_way_across(void **state)
{
    uint8_t handle[BR_PASSKEY_HANDLE_BYTES];
    struct br_vault_person *p = NULL;
    struct br_vault *v = open_vault(state, true);
    br_vault_lock(add_by_passkey(v, person, secret_a));
    br_vault_lock(add_by_word(v, "luca", "sesame"));
    expect_ok(br_passkey_handle(v, "luca", handle, &err), &err);
    const struct br_passkey_way way = {
        br_bytes(handle, sizeof(handle)), br_str("id-a"),
        br_bytes(secret_a, 32)};
    assert_int_equal(br_passkey_unlock(v, &way, &p, &err), BR_ERR_KEY_LOCKED);
    br_vault_close(v);
}

/* ---- changing ----------------------------------------------------------- */

static void
the_last_way_in_stays(void **state)
{
    struct br_vault *v = open_vault(state, true);
    struct br_vault_person *p = add_by_word(v, person, "sesame");
    assert_int_equal(br_passkey_drop_passphrase(p, &err), BR_ERR_CONFLICT);
    expect_ok(add(p, "id-a", secret_a), &err);
    expect_ok(br_passkey_drop_passphrase(p, &err), &err);
    assert_int_equal(drop(p, "id-a"), BR_ERR_CONFLICT);
    assert_int_equal(drop(p, "id-x"), BR_ERR_NOT_FOUND);
    expect_ok(by_passkey(v, "id-a", secret_a), &err);
    expect_ok(add(p, "id-b", secret_b), &err);
    expect_ok(drop(p, "id-a"), &err);
    assert_int_equal(by_passkey(v, "id-a", secret_a), BR_ERR_KEY_LOCKED);
    expect_ok(by_passkey(v, "id-b", secret_b), &err);
    assert_int_equal(drop(p, "id-b"), BR_ERR_CONFLICT);
    br_vault_lock(p);
    br_vault_close(v);
}

static void
sixteen_and_no_more(void **state)
{
    char id[32];
    uint8_t secret[32] = {0};
    struct br_vault *v = open_vault(state, true);
    struct br_vault_person *p = add_by_word(v, person, "sesame");
    for (int i = 0; i < BR_LOCK_PASSKEYS_MAX; i++) {
        (void)snprintf(id, sizeof(id), "id-%d", i);
        secret[0] = (uint8_t)i;
        expect_ok(add(p, id, secret), &err);
    }
    assert_int_equal(add(p, "id-a", secret_a), BR_ERR_OUT_OF_RANGE);
    assert_int_equal(add(p, "id-3", secret_a), BR_ERR_CONFLICT);
    expect_ways(p, true, BR_LOCK_PASSKEYS_MAX);
    expect_ok(by_passkey(v, "id-15", secret), &err);
    expect_ok(drop(p, "id-15"), &err);
    expect_ok(add(p, "id-a", secret_a), &err);
    expect_ok(by_passkey(v, "id-a", secret_a), &err);
    br_vault_lock(p);
    br_vault_close(v);
}

static void
names_and_secrets_have_a_size(void **state)
{
    static const char longest[] =
        "1234567890123456789012345678901234567890123456789012345678901234";
    const struct br_webauthn_data d = device("id-a");
    struct br_passkey_new k = fresh(&d, secret_a);
    struct br_vault *v = open_vault(state, true);
    struct br_vault_person *p = add_by_word(v, person, "sesame");
    k.name = br_str("");
    assert_int_equal(br_passkey_add(p, &k, &err), BR_ERR_OUT_OF_RANGE);
    k.name = br_str("a\nb");
    assert_int_equal(br_passkey_add(p, &k, &err), BR_ERR_OUT_OF_RANGE);
    k.name = br_str(longest);
    k.name.n = sizeof(longest); /* 65, a NUL at the end */
    assert_int_equal(br_passkey_add(p, &k, &err), BR_ERR_OUT_OF_RANGE);
    k.name = br_str(longest);
    k.secret.n = 31;
    assert_int_equal(br_passkey_add(p, &k, &err), BR_ERR_PASSKEY_REFUSED);
    k.secret.n = 0;
    assert_int_equal(br_passkey_add(p, &k, &err), BR_ERR_PASSKEY_REFUSED);
    k.secret.n = 32;
    expect_ok(br_passkey_add(p, &k, &err), &err);
    br_vault_lock(p);
    br_vault_close(v);
}

static void
a_counter_that_goes_back_is_refused_and_remembered(void **state)
{
    struct br_vault *v = open_vault(state, true);
    struct br_vault_person *p = add_by_passkey(v, person, secret_a);
    struct br_vault_txn *t = NULL;
    struct br_wallet_entry *entries = NULL;
    struct br_wallet_passkey k;
    struct br_arena a;
    size_t count = 0;
    struct br_webauthn_data d = device("id-a");
    br_arena_init(&a, 1 << 20);
    d.counter = 6;
    d.backed_up = true;
    expect_ok(br_passkey_used(p, d.id, &d, 2000, &err), &err);
    expect_ok(br_passkey_get(p, d.id, &a, &k, &err), &err);
    assert_int_equal(k.counter, 6);
    assert_int_equal(k.used_s, 2000);
    assert_true(k.backed_up);
    for (uint32_t c = 5; c <= 6; c++) {
        d.counter = c;
        assert_int_equal(
            br_passkey_used(p, d.id, &d, 3000, &err), BR_ERR_PASSKEY_REFUSED);
        assert_ptr_equal(
            br_rule_of(&err), br_rule_info(BR_RULE_WEBAUTHN_COUNTER));
    }
    d.counter = 7;
    d.backup_eligible = true;
    assert_int_equal(
        br_passkey_used(p, d.id, &d, 3000, &err), BR_ERR_PASSKEY_REFUSED);
    assert_ptr_equal(br_rule_of(&err), br_rule_info(BR_RULE_WEBAUTHN_BACKUP));
    expect_ok(br_passkey_get(p, d.id, &a, &k, &err), &err);
    assert_int_equal(k.counter, 6);
    assert_int_equal(k.used_s, 2000);
    expect_ok(br_vault_begin(p, false, &t, &err), &err);
    expect_ok(br_holding_history(t, 10, &a, &entries, &count, &err), &err);
    assert_int_equal(count, 3);
    assert_true(br_bytes_eq(entries[2].reason, br_str("webauthn-counter")));
    assert_true(br_bytes_eq(entries[2].party_name, br_str("Telephone")));
    br_vault_end(t);
    d.id = br_str("id-x");
    assert_int_equal(
        br_passkey_used(p, d.id, &d, 3000, &err), BR_ERR_NOT_FOUND);
    br_vault_lock(p);
    br_arena_fini(&a);
    br_vault_close(v);
}

/* ---- the disk ----------------------------------------------------------- */

static void
each_byte_of_the_lock_is_guarded(void **state)
{
    uint8_t lock[BR_LOCK_BYTES_MAX];
    struct br_vault *v = open_vault(state, true);
    br_vault_lock(add_by_passkey(v, person, secret_a));
    size_t n = read_lock(state, lock);
    assert_int_equal(n, BR_LOCK_PASSKEY_BYTES);
    for (size_t at = 0; at < n; at++) {
        lock[at] ^= 0x01;
        write_lock(state, lock, n);
        enum br_rc rc = by_passkey(v, "id-a", secret_a);
        assert_true(rc == BR_ERR_KEY_LOCKED || rc == BR_ERR_CORRUPT);
        lock[at] ^= 0x01;
    }
    for (size_t cut = 0; cut < n; cut++) {
        write_lock(state, lock, cut);
        assert_int_equal(by_passkey(v, "id-a", secret_a), BR_ERR_CORRUPT);
    }
    write_lock(state, lock, n);
    expect_ok(by_passkey(v, "id-a", secret_a), &err);
    br_vault_close(v);
}

/** The lock is put back as it was; the row is gone. */
static void
a_removed_passkey_does_not_come_back_with_an_old_lock(void **state)
{
    uint8_t lock[BR_LOCK_BYTES_MAX];
    struct br_vault *v = open_vault(state, true);
    struct br_vault_person *p = add_by_word(v, person, "sesame");
    expect_ok(add(p, "id-a", secret_a), &err);
    size_t n = read_lock(state, lock);
    expect_ok(drop(p, "id-a"), &err);
    write_lock(state, lock, n);
    assert_int_equal(by_passkey(v, "id-a", secret_a), BR_ERR_KEY_LOCKED);
    expect_ways(p, true, 0);
    /* It is no way in that would count: the passphrase stays the last. */
    assert_int_equal(br_passkey_drop_passphrase(p, &err), BR_ERR_CONFLICT);
    /* The next change sweeps it away. */
    expect_ok(add(p, "id-b", secret_b), &err);
    assert_int_equal(
        read_lock(state, lock),
        BR_LOCK_PASSPHRASE_BYTES + BR_LOCK_PASSKEY_BYTES);
    br_vault_lock(p);
    br_vault_close(v);
}

/** What a crash between the lock and its row leaves: a row that no way is of.
 */
static void
a_row_without_its_way_counts_for_nothing(void **state)
{
    uint8_t lock[BR_LOCK_BYTES_MAX];
    struct br_vault *v = open_vault(state, true);
    struct br_vault_person *p = add_by_word(v, person, "sesame");
    size_t n = read_lock(state, lock);
    expect_ok(add(p, "id-a", secret_a), &err);
    write_lock(state, lock, n);
    expect_ways(p, true, 0);
    assert_int_equal(by_passkey(v, "id-a", secret_a), BR_ERR_KEY_LOCKED);
    assert_int_equal(br_passkey_drop_passphrase(p, &err), BR_ERR_CONFLICT);
    expect_ok(add(p, "id-a", secret_b), &err);
    expect_ok(by_passkey(v, "id-a", secret_b), &err);
    expect_ways(p, true, 1);
    br_vault_lock(p);
    br_vault_close(v);
}

/** In the whole folder: no id, no name, no secret, no key. */
static void
the_disk_tells_nothing_of_a_passkey(void **state)
{
    static const char *const files[] = {"wallet/vault/data.mdb", NULL};
    static const char *const words[] = {
        "ZXQ-credential-id", "ZXQ-telephone", "ZXQ-public-key", "maria.rossi",
        "WlhRLWNyZWRlbnRpYWwtaWQ"};
    struct br_webauthn_data d = device("ZXQ-credential-id");
    struct br_passkey_new k = fresh(&d, secret_a);
    struct br_vault_person *p = NULL;
    uint8_t lock[BR_LOCK_BYTES_MAX];
    struct br_vault *v = open_vault(state, true);
    d.key = br_str("ZXQ-public-key");
    k.name = br_str("ZXQ-telephone");
    expect_ok(br_passkey_add_person(v, person, &k, &p, &err), &err);
    br_vault_lock(p);
    br_vault_close(v);
    FILE *f = fopen(in_folder(state, files[0]), "rb");
    static char all[1 << 20];
    size_t n = fread(all, 1, sizeof(all), f);
    (void)fclose(f);
    size_t m = read_lock(state, lock);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        assert_null(memmem(all, n, words[i], strlen(words[i])));
        assert_null(memmem(lock, m, words[i], strlen(words[i])));
    }
    assert_null(memmem(all, n, secret_a, 8));
    assert_null(memmem(lock, m, secret_a, 8));
}

/** Passkeys are this lock's: a backup carries none, and a wallet that has one
 *  may be restored into. */
static void
a_backup_has_no_passkeys(void **state)
{
    struct br_secret *word = NULL;
    struct br_vault_txn *t = NULL;
    struct br_buf file;
    uint64_t rows = 0;
    struct br_vault *v = open_vault(state, true);
    struct br_vault_person *p = add_by_passkey(v, person, secret_a);
    struct br_vault_person *other = NULL;
    const struct br_webauthn_data d = device("id-b");
    const struct br_passkey_new k = fresh(&d, secret_b);
    br_buf_init(&file, 1 << 20);
    expect_ok(br_secret_new(br_str("backup word"), &word, &err), &err);
    expect_ok(br_vault_begin(p, true, &t, &err), &err);
    expect_ok(
        br_holding_put_setting(t, "language", br_str("\"it\""), &err), &err);
    expect_ok(br_vault_commit(t, &err), &err);
    expect_ok(
        br_backup_write(p, word, (struct br_seal_cost){1, 8}, &file, &err),
        &err);
    expect_ok(br_passkey_add_person(v, "new", &k, &other, &err), &err);
    expect_ok(
        br_backup_restore(other, word, br_buf_bytes(&file), &rows, &err), &err);
    assert_int_equal(rows, 1);
    expect_ways(other, false, 1);
    br_vault_lock(p);
    br_vault_lock(other);
    br_secret_free(word);
    br_buf_fini(&file);
    br_vault_close(v);
}

static void
an_erased_person_has_no_passkeys(void **state)
{
    struct br_vault *v = open_vault(state, true);
    struct br_vault_person *p = add_by_passkey(v, person, secret_a);
    expect_ok(br_vault_erase(v, person, &err), &err);
    assert_int_equal(by_passkey(v, "id-a", secret_a), BR_ERR_KEY_LOCKED);
    /* A session that is still open makes no lock again. */
    assert_int_not_equal(rekey(p, "sesame"), BR_OK);
    assert_int_not_equal(add(p, "id-b", secret_b), BR_OK);
    assert_false(br_vault_has_person(v, person));
    br_vault_lock(p);
    br_vault_lock(add_by_word(v, person, "sesame"));
    assert_int_equal(by_passkey(v, "id-a", secret_a), BR_ERR_KEY_LOCKED);
    br_vault_close(v);
}

/* ---- the file ----------------------------------------------------------- */

static void
a_lock_file_is_ways_and_nothing_else(void **state)
{
    uint8_t bytes[BR_LOCK_BYTES_MAX + BR_LOCK_PASSKEY_BYTES] = {0};
    struct br_lock l;
    struct br_buf b;
    (void)state;
    memcpy(bytes, passphrase_mark, 8);
    for (size_t i = 0; i <= BR_LOCK_PASSKEYS_MAX; i++) {
        memcpy(
            bytes + BR_LOCK_PASSPHRASE_BYTES + i * BR_LOCK_PASSKEY_BYTES,
            passkey_mark, 8);
    }
    for (size_t i = 0; i <= BR_LOCK_PASSKEYS_MAX; i++) {
        size_t n = BR_LOCK_PASSPHRASE_BYTES + i * BR_LOCK_PASSKEY_BYTES;
        expect_ok(br_lock_parse(br_bytes(bytes, n), &l, &err), &err);
        assert_true(l.has_passphrase);
        assert_int_equal(l.passkey_count, i);
        br_buf_init(&b, BR_LOCK_BYTES_MAX);
        br_lock_encode(&l, &b);
        assert_true(br_bytes_eq(br_buf_bytes(&b), br_bytes(bytes, n)));
        br_buf_fini(&b);
        assert_int_equal(
            br_lock_parse(br_bytes(bytes, n + 1), &l, &err), BR_ERR_CORRUPT);
        assert_int_equal(
            br_lock_parse(br_bytes(bytes, n - 1), &l, &err), BR_ERR_CORRUPT);
    }
    assert_int_equal(
        br_lock_parse(br_bytes(bytes, sizeof(bytes)), &l, &err),
        BR_ERR_CORRUPT);
    assert_int_equal(
        br_lock_parse(br_bytes(bytes, 0), &l, &err), BR_ERR_CORRUPT);
    /* Two passphrases. */
    memcpy(bytes + BR_LOCK_PASSPHRASE_BYTES, passphrase_mark, 8);
    assert_int_equal(
        br_lock_parse(
            br_bytes(bytes, (size_t)2 * BR_LOCK_PASSPHRASE_BYTES), &l, &err),
        BR_ERR_CORRUPT);
    bytes[7] = '2';
    assert_int_equal(
        br_lock_parse(br_bytes(bytes, BR_LOCK_PASSPHRASE_BYTES), &l, &err),
        BR_ERR_CORRUPT);
}

#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_passkey_opens_beside_the_passphrase),
        CASE(a_passkey_opens_instead_of_a_passphrase),
        CASE(who_is_not_there_is_told_as_a_wrong_secret),
        CASE(one_secret_for_two_people_is_no_way_across),
        CASE(the_last_way_in_stays),
        CASE(sixteen_and_no_more),
        CASE(names_and_secrets_have_a_size),
        CASE(a_counter_that_goes_back_is_refused_and_remembered),
        CASE(each_byte_of_the_lock_is_guarded),
        CASE(a_removed_passkey_does_not_come_back_with_an_old_lock),
        CASE(a_row_without_its_way_counts_for_nothing),
        CASE(the_disk_tells_nothing_of_a_passkey),
        CASE(a_backup_has_no_passkeys),
        CASE(an_erased_person_has_no_passkeys),
        CASE(a_lock_file_is_ways_and_nothing_else),
    };
    if (br_crypto_init(&err) != BR_OK) {
        return 1;
    }
    return cmocka_run_group_tests_name("passkey", tests, NULL, NULL);
}
