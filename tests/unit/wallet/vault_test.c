/*
 * The vault under who has the disk: bytes changed, rows exchanged, put back and
 * removed, locks of others, and whole files searched for what people keep.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#include "tests/unit/store/fixture.h"

#include "common/crypto/hash.h"
#include "common/store/kv.h"
#include "wallet/vault/holding.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char claim[] = "ZXQ-a-claim-that-is-searched-for";
static const char type[] = "https://issuer.example/types/isee";
static const char person[] = "maria.rossi@example.org";

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

static struct br_secret *
secret(const char *text)
{
    struct br_secret *s = NULL;
    expect_ok(br_secret_new(br_str(text), &s, &err), &err);
    return s;
}

static enum br_rc
unlock(
    struct br_vault *v,
    const char *name,
    const char *passphrase,
    struct br_vault_person **ret)
{
    struct br_secret *s = secret(passphrase);
    enum br_rc rc = br_vault_unlock(v, name, s, ret, &err);
    br_secret_free(s);
    return rc;
}

static struct br_vault_person *
add(struct br_vault *v, const char *name, const char *passphrase)
{
    struct br_vault_person *p = NULL;
    struct br_secret *s = secret(passphrase);
    expect_ok(br_vault_add_person(v, name, s, &p, &err), &err);
    br_secret_free(s);
    return p;
}

static void
put(struct br_vault_person *p, const char *key, const char *text)
{
    struct br_vault_txn *t = NULL;
    expect_ok(br_vault_begin(p, true, &t, &err), &err);
    expect_ok(
        br_vault_put(t, BR_VAULT_SETTINGS, br_str(key), br_str(text), &err),
        &err);
    expect_ok(br_vault_commit(t, &err), &err);
}

/** "-" for what is not there. */
static void
expect(struct br_vault_person *p, const char *key, const char *text)
{
    struct br_vault_txn *t = NULL;
    struct br_buf b;
    br_buf_init(&b, 4096);
    expect_ok(br_vault_begin(p, false, &t, &err), &err);
    enum br_rc rc = br_vault_get(t, BR_VAULT_SETTINGS, br_str(key), &b, &err);
    if (strcmp(text, "-") == 0) {
        assert_int_equal(rc, BR_ERR_NOT_FOUND);
    } else {
        expect_ok(rc, &err);
        assert_true(br_bytes_eq(br_buf_bytes(&b), br_str(text)));
    }
    br_vault_end(t);
    br_buf_wipe(&b);
}

/* ---- the disk, as a thief has it ----------------------------------------- */

struct disk_row {
    uint8_t key[64];
    size_t key_n;
    uint8_t *value;
    size_t n;
};
struct disk {
    struct br_kv *kv;
    struct disk_row rows[64];
    size_t count;
    struct br_arena arena; /**< of the values */
};

static struct br_kv *
open_disk(void **state)
{
    static const char *const tables[] = {"rows"};
    struct br_kv *kv = NULL;
    const struct br_kv_options o = {
        .path = in_folder(state, "wallet/vault"),
        .tables = tables,
        .table_count = 1,
        .map_bytes = (size_t)1 << 30,
    };
    expect_ok(br_kv_open(&o, &kv, &err), &err);
    return kv;
}

static void
read_disk(void **state, struct disk *d)
{
    struct br_kv_txn *t = NULL;
    struct br_kv_cursor *c = NULL;
    struct br_bytes key;
    struct br_bytes value;
    memset(d, 0, sizeof(*d));
    br_arena_init(&d->arena, 4u << 20);
    struct br_kv *kv = open_disk(state);
    expect_ok(br_kv_begin_read(kv, &t, &err), &err);
    expect_ok(br_kv_cursor_open(t, 0, &c, &err), &err);
    enum br_rc rc = br_kv_seek(c, br_bytes("", 0), &key, &value);
    while (rc == BR_OK) {
        struct disk_row *r = &d->rows[d->count++];
        assert_true(d->count < 64 && key.n <= sizeof(r->key));
        memcpy(r->key, key.p, key.n);
        r->key_n = key.n;
        r->value = (uint8_t *)br_arena_copy(&d->arena, value);
        assert_non_null(r->value);
        r->n = value.n;
        rc = br_kv_next(c, &key, &value);
    }
    br_kv_cursor_close(c);
    br_kv_end(t);
    br_kv_close(kv);
}

static void
free_disk(struct disk *d)
{
    br_arena_fini(&d->arena);
}

/** Value NULL: delete. */
static void
write_disk(
    void **state, const struct disk_row *at, const uint8_t *value, size_t n)
{
    struct br_kv_txn *t = NULL;
    struct br_kv *kv = open_disk(state);
    expect_ok(br_kv_begin_write(kv, &t, &err), &err);
    const struct br_bytes key = br_bytes(at->key, at->key_n);
    if (value == NULL) {
        expect_ok(br_kv_delete(t, 0, key, &err), &err);
    } else {
        expect_ok(br_kv_put(t, 0, key, br_bytes(value, n), &err), &err);
    }
    expect_ok(br_kv_commit(t, &err), &err);
    br_kv_close(kv);
}

static enum br_rc
try_unlock(void **state)
{
    struct br_vault_person *p = NULL;
    struct br_vault *v = open_vault(state, false);
    enum br_rc rc = unlock(v, person, "sesame", &p);
    if (rc == BR_OK) {
        br_vault_lock(p);
    }
    br_vault_close(v);
    return rc;
}

/** One person with a credential of two copies, three rows of settings. */
static void
make_wallet(void **state)
{
    struct br_vault *v = open_vault(state, true);
    struct br_vault_person *p = add(v, person, "sesame");
    struct br_vault_txn *t = NULL;
    const struct br_wallet_credential c = {
        .id = br_str("c1"),
        .issuer = br_str("https://issuer.example"),
        .configuration = br_str("isee"),
        .format = br_str("dc+sd-jwt"),
        .vct = br_str(type),
        .accepted_s = 1700000000,
        .instances = 2,
    };
    struct br_wallet_instance i = {
        .credential = br_str("c1"), .text = br_str(claim)};
    expect_ok(br_vault_begin(p, true, &t, &err), &err);
    expect_ok(br_holding_put(t, &c, &err), &err);
    for (i.number = 0; i.number < 2; i.number++) {
        struct br_private_key *k = NULL;
        expect_ok(br_private_key_generate(BR_KEY_P256, &k, &err), &err);
        expect_ok(br_holding_put_instance(t, &i, k, &err), &err);
        br_private_key_free(k);
    }
    expect_ok(br_vault_commit(t, &err), &err);
    put(p, "language", "it");
    br_vault_lock(p);
    br_vault_close(v);
}

/* ---- people ------------------------------------------------------------- */

static void
what_is_put_is_there_again(void **state)
{
    struct br_vault_person *p = NULL;
    struct br_vault *v = open_vault(state, true);
    p = add(v, person, "sesame");
    put(p, "a", "1");
    put(p, "b", "2");
    put(p, "a", "3");
    expect(p, "a", "3");
    expect(p, "c", "-");
    br_vault_lock(p);
    br_vault_close(v);
    v = open_vault(state, false);
    assert_int_equal(unlock(v, person, "sesame", &p), BR_OK);
    expect(p, "a", "3");
    expect(p, "b", "2");
    struct br_vault_txn *t = NULL;
    expect_ok(br_vault_begin(p, true, &t, &err), &err);
    expect_ok(br_vault_delete(t, BR_VAULT_SETTINGS, br_str("a"), &err), &err);
    expect_ok(br_vault_delete(t, BR_VAULT_SETTINGS, br_str("a"), &err), &err);
    expect_ok(br_vault_commit(t, &err), &err);
    expect(p, "a", "-");
    expect_ok(br_vault_begin(p, true, &t, &err), &err);
    expect_ok(
        br_vault_put(t, BR_VAULT_SETTINGS, br_str("x"), br_str("y"), &err),
        &err);
    br_vault_end(t); /* dropped */
    expect(p, "x", "-");
    br_vault_lock(p);
    br_vault_close(v);
}

static void
a_wrong_passphrase_is_told_and_opens_nothing(void **state)
{
    struct br_vault_person *p = NULL;
    make_wallet(state);
    struct br_vault *v = open_vault(state, false);
    assert_int_equal(unlock(v, person, "sesam", &p), BR_ERR_KEY_LOCKED);
    char wrong[BR_ERR_TEXT_BYTES];
    memcpy(wrong, err.text, sizeof(wrong));
    assert_int_equal(unlock(v, "nobody", "sesame", &p), BR_ERR_KEY_LOCKED);
    assert_string_equal(err.text, wrong); /* which of the two is not told */
    assert_null(p);
    assert_int_equal(unlock(v, "", "sesame", &p), BR_ERR_MALFORMED);
    assert_int_equal(unlock(v, "a\nb", "sesame", &p), BR_ERR_MALFORMED);
    br_vault_close(v);
}

static void
two_of_one_name_are_refused(void **state)
{
    make_wallet(state);
    struct br_vault_person *p = NULL;
    struct br_vault *v = open_vault(state, false);
    struct br_secret *s = secret("other");
    assert_int_equal(
        br_vault_add_person(v, person, s, &p, &err), BR_ERR_CONFLICT);
    br_secret_free(s);
    assert_int_equal(unlock(v, person, "sesame", &p), BR_OK);
    expect(p, "language", "it");
    br_vault_lock(p);
    br_vault_close(v);
}

static void
people_do_not_see_each_other(void **state)
{
    make_wallet(state);
    struct br_vault *v = open_vault(state, false);
    struct br_vault_person *other = add(v, "luca", "open");
    expect(other, "language", "-");
    put(other, "language", "en");
    struct br_vault_person *p = NULL;
    assert_int_equal(unlock(v, person, "sesame", &p), BR_OK);
    expect(p, "language", "it");
    expect(other, "language", "en");
    br_vault_lock(p);
    br_vault_lock(other);
    br_vault_close(v);
}

static void
a_new_passphrase_replaces_the_old_one(void **state)
{
    struct br_vault_person *p = NULL;
    make_wallet(state);
    struct br_vault *v = open_vault(state, false);
    assert_int_equal(unlock(v, person, "sesame", &p), BR_OK);
    struct br_secret *s = secret("new");
    expect_ok(br_vault_rekey(p, s, &err), &err);
    br_secret_free(s);
    br_vault_lock(p);
    assert_int_equal(unlock(v, person, "sesame", &p), BR_ERR_KEY_LOCKED);
    assert_int_equal(unlock(v, person, "new", &p), BR_OK);
    expect(p, "language", "it");
    br_vault_lock(p);
    br_vault_close(v);
}

/* ---- erasing ------------------------------------------------------------ */

/** Is this anywhere in the files below the folder? */
static bool
on_disk(const char *folder, const void *what, size_t n)
{
    bool found = false;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e != NULL && !found; e = readdir(d)) {
        char path[1024];
        if (e->d_name[0] == '.') {
            continue;
        }
        (void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        if (e->d_type == DT_DIR) {
            found = on_disk(path, what, n);
            continue;
        }
        FILE *f = fopen(path, "rb");
        assert_non_null(f);
        (void)fseek(f, 0, SEEK_END);
        size_t size = (size_t)ftell(f);
        rewind(f);
        char *bytes = (char *)malloc(size + 1);
        assert_int_equal(fread(bytes, 1, size, f), size);
        (void)fclose(f);
        found = memmem(bytes, size, what, n) != NULL;
        free(bytes);
    }
    (void)closedir(d);
    return found;
}

static void
the_disk_tells_nothing(void **state)
{
    make_wallet(state);
    const char *folder = in_folder(state, "wallet");
    assert_false(on_disk(folder, claim, strlen(claim)));
    assert_false(on_disk(folder, type, strlen(type)));
    assert_false(on_disk(folder, person, strlen(person)));
    assert_false(on_disk(folder, "issuer.example", 14));
    assert_false(on_disk(folder, "dc+sd-jwt", 9));
    assert_false(on_disk(folder, "language", 8));
    assert_false(on_disk(folder, "maria", 5));
    /* The search finds what is there: LMDB's table has this name. */
    assert_true(on_disk(folder, "rows", 4));
}

/** No two values of people tell that they are the same. */
static void
the_same_row_is_another_for_another_person(void **state)
{
    struct disk d;
    struct br_vault *v = open_vault(state, true);
    struct br_vault_person *a = add(v, "anna", "one");
    struct br_vault_person *b = add(v, "bruno", "one");
    put(a, "key", "text");
    put(b, "key", "text");
    br_vault_lock(a);
    br_vault_lock(b);
    br_vault_close(v);
    read_disk(state, &d);
    assert_int_equal(d.count, 4);
    for (size_t i = 0; i < d.count; i++) {
        for (size_t k = 0; k < i; k++) {
            const uint8_t *x = d.rows[i].key;
            const uint8_t *y = d.rows[k].key;
            /* Only heads have the same end: zeros. */
            bool heads = x[16] == 0 && y[16] == 0 && x[17] == 0 && y[17] == 0;
            assert_true(heads || memcmp(x + 16, y + 16, 8) != 0);
            assert_true(memcmp(x + 24, y + 24, 24) != 0 || heads);
        }
    }
    free_disk(&d);
}

static void
an_erased_person_is_gone_with_the_key(void **state)
{
    uint8_t wrapped[256];
    struct br_vault_person *p = NULL;
    make_wallet(state);
    const char *folder = in_folder(state, "wallet/locks");
    char path[1024] = "";
    DIR *d = opendir(folder);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (e->d_name[0] != '.') {
            (void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        }
    }
    (void)closedir(d);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(wrapped, 1, sizeof(wrapped), f);
    (void)fclose(f);
    assert_int_equal(n, 104);
    /* A second name keeps the blocks: they are seen after the name is gone. */
    assert_int_equal(link(path, in_folder(state, "kept")), 0);

    struct br_vault *v = open_vault(state, false);
    assert_true(br_vault_has_person(v, person));
    expect_ok(br_vault_erase(v, person, &err), &err);
    assert_false(br_vault_has_person(v, person));
    assert_int_equal(br_vault_erase(v, person, &err), BR_ERR_NOT_FOUND);
    assert_int_equal(unlock(v, person, "sesame", &p), BR_ERR_KEY_LOCKED);
    br_vault_close(v);
    assert_false(on_disk((const char *)*state, wrapped + 32, 72));
    struct disk rows;
    read_disk(state, &rows);
    assert_int_equal(rows.count, 0);
    free_disk(&rows);

    v = open_vault(state, false);
    p = add(v, person, "again");
    expect(p, "language", "-");
    br_vault_lock(p);
    br_vault_close(v);
}

/* ---- tampering ---------------------------------------------------------- */

static void
each_byte_of_each_row_is_guarded(void **state)
{
    struct disk d;
    size_t tried = 0;
    make_wallet(state);
    read_disk(state, &d);
    assert_true(d.count == 7); /* head, credential, 2 copies, 2 keys, setting */
    for (size_t i = 0; i < d.count; i++) {
        struct disk_row *r = &d.rows[i];
        /* All of one row, then each 37th byte: the same code guards them. */
        size_t step = i == 0 ? 1 : 37;
        for (size_t at = 0; at < r->n; at += step) {
            r->value[at] ^= 0x20;
            write_disk(state, r, r->value, r->n);
            struct br_vault *v = open_vault(state, false);
            struct br_vault_person *p = NULL;
            struct br_vault_txn *t = NULL;
            enum br_rc rc = unlock(v, person, "sesame", &p);
            if (rc == BR_OK) {
                /* The sum is over nonce and tag: the middle is the tag's. */
                struct br_arena a;
                struct br_wallet_credential *list = NULL;
                struct br_wallet_instance one;
                size_t count = 0;
                br_arena_init(&a, 1 << 20);
                expect_ok(br_vault_begin(p, true, &t, &err), &err);
                rc = br_holding_list(t, &a, &list, &count, &err);
                struct br_bytes text;
                if (rc == BR_OK) {
                    rc = br_holding_setting(t, "language", &a, &text, &err);
                }
                for (int k = 0; rc == BR_OK && k < 2; k++) {
                    struct br_holding_taken taken = {0};
                    rc = br_holding_take(t, &list[0], 5, &a, &taken, &err);
                    if (rc == BR_OK) {
                        one = taken.instance;
                        assert_int_equal(one.uses, 1);
                        br_private_key_free(taken.key);
                    }
                }
                br_vault_end(t);
                br_arena_fini(&a);
                br_vault_lock(p);
            }
            assert_int_equal(rc, BR_ERR_CORRUPT);
            br_vault_close(v);
            r->value[at] ^= 0x20;
            tried++;
        }
        write_disk(state, r, r->value, r->n);
        assert_int_equal(try_unlock(state), BR_OK);
    }
    assert_true(tried > 150);
    free_disk(&d);
}

static void
rows_that_change_places_are_noticed(void **state)
{
    struct disk d;
    make_wallet(state);
    read_disk(state, &d);
    for (size_t i = 0; i < d.count; i++) {
        for (size_t k = 0; k < i; k++) {
            write_disk(state, &d.rows[i], d.rows[k].value, d.rows[k].n);
            write_disk(state, &d.rows[k], d.rows[i].value, d.rows[i].n);
            assert_int_equal(try_unlock(state), BR_ERR_CORRUPT);
            write_disk(state, &d.rows[i], d.rows[i].value, d.rows[i].n);
            write_disk(state, &d.rows[k], d.rows[k].value, d.rows[k].n);
            assert_int_equal(try_unlock(state), BR_OK);
        }
    }
    free_disk(&d);
}

static void
a_removed_row_is_noticed(void **state)
{
    struct disk d;
    make_wallet(state);
    read_disk(state, &d);
    for (size_t i = 0; i < d.count; i++) {
        write_disk(state, &d.rows[i], NULL, 0);
        assert_int_equal(try_unlock(state), BR_ERR_CORRUPT);
        write_disk(state, &d.rows[i], d.rows[i].value, d.rows[i].n);
        assert_int_equal(try_unlock(state), BR_OK);
    }
    free_disk(&d);
}

/** Yesterday's row is a genuine one of this person in this place. */
static void
a_row_of_yesterday_is_noticed(void **state)
{
    struct disk before;
    struct disk after;
    struct br_vault_person *p = NULL;
    size_t older = 0;
    make_wallet(state);
    read_disk(state, &before);
    struct br_vault *v = open_vault(state, false);
    assert_int_equal(unlock(v, person, "sesame", &p), BR_OK);
    put(p, "language", "en");
    br_vault_lock(p);
    br_vault_close(v);
    read_disk(state, &after);
    assert_int_equal(before.count, after.count);
    for (size_t i = 0; i < after.count; i++) {
        const struct disk_row *old = &before.rows[i];
        if (old->n == after.rows[i].n &&
            memcmp(old->value, after.rows[i].value, old->n) == 0) {
            continue;
        }
        older++; /* the setting, and the head */
        write_disk(state, &after.rows[i], old->value, old->n);
        assert_int_equal(try_unlock(state), BR_ERR_CORRUPT);
        write_disk(state, &after.rows[i], after.rows[i].value, after.rows[i].n);
        assert_int_equal(try_unlock(state), BR_OK);
    }
    assert_int_equal(older, 2);
    free_disk(&before);
    free_disk(&after);
}

static void
rows_of_another_person_are_noise(void **state)
{
    struct disk d;
    make_wallet(state);
    struct br_vault *v = open_vault(state, false);
    struct br_vault_person *p = add(v, "thief", "mine");
    put(p, "language", "xx");
    br_vault_lock(p);
    br_vault_close(v);
    read_disk(state, &d);
    /* Rows of two people, each as long: of the thief's, into Maria's. */
    for (size_t i = 0; i < d.count; i++) {
        for (size_t k = 0; k < d.count; k++) {
            if (memcmp(d.rows[i].key, d.rows[k].key, 16) == 0) {
                continue;
            }
            write_disk(state, &d.rows[i], d.rows[k].value, d.rows[k].n);
            struct br_vault *w = open_vault(state, false);
            struct br_vault_person *a = NULL;
            struct br_vault_person *b = NULL;
            enum br_rc one = unlock(w, person, "sesame", &a);
            enum br_rc two = unlock(w, "thief", "mine", &b);
            assert_true((one == BR_ERR_CORRUPT) != (two == BR_ERR_CORRUPT));
            br_vault_lock(a);
            br_vault_lock(b);
            br_vault_close(w);
            write_disk(state, &d.rows[i], d.rows[i].value, d.rows[i].n);
        }
    }
    free_disk(&d);
}

static void
locks_are_guarded(void **state)
{
    uint8_t lock[128];
    char path[1024] = "";
    make_wallet(state);
    const char *folder = in_folder(state, "wallet/locks");
    DIR *d = opendir(folder);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (e->d_name[0] != '.') {
            (void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        }
    }
    (void)closedir(d);
    FILE *f = fopen(path, "rb");
    size_t n = fread(lock, 1, sizeof(lock), f);
    (void)fclose(f);
    for (size_t at = 0; at <= n; at++) {
        if (at < n) {
            lock[at] ^= 0x01;
        }
        f = fopen(path, "wb");
        assert_int_equal(fwrite(lock, 1, n, f), n);
        (void)fclose(f);
        enum br_rc rc = try_unlock(state);
        if (at == n) {
            assert_int_equal(rc, BR_OK);
        } else {
            assert_true(
                rc == BR_ERR_KEY_LOCKED || rc == BR_ERR_CORRUPT ||
                rc == BR_ERR_OUT_OF_RANGE);
            lock[at] ^= 0x01;
        }
    }
}

/** What another process wrote is seen, and looked at. */
static void
two_processes_share_a_wallet(void **state)
{
    struct br_vault_person *a = NULL;
    struct br_vault_person *b = NULL;
    make_wallet(state);
    struct br_vault *v = open_vault(state, false);
    assert_int_equal(unlock(v, person, "sesame", &a), BR_OK);
    assert_int_equal(unlock(v, person, "sesame", &b), BR_OK);
    put(a, "language", "en");
    expect(b, "language", "en");
    put(b, "other", "1");
    expect(a, "other", "1");
    put(a, "other", "2");
    expect(b, "other", "2");
    br_vault_lock(a);
    br_vault_lock(b);
    br_vault_close(v);
}

/* ---- instances ---------------------------------------------------------- */

static void
take(
    struct br_vault_person *p,
    enum br_wallet_use use,
    unsigned expected,
    enum br_rc rc)
{
    struct br_vault_txn *t = NULL;
    struct br_arena a;
    struct br_wallet_credential c;
    struct br_holding_taken taken = {0};
    br_arena_init(&a, 1 << 20);
    expect_ok(br_vault_begin(p, true, &t, &err), &err);
    expect_ok(br_holding_get(t, br_str("c1"), &a, &c, &err), &err);
    c.use = use;
    expect_ok(br_holding_put(t, &c, &err), &err);
    c.spent = 99; /* what was read before does not count */
    assert_int_equal(br_holding_take(t, &c, 77, &a, &taken, &err), rc);
    if (rc == BR_OK) {
        assert_int_equal(taken.instance.number, expected);
        assert_true(br_bytes_eq(taken.instance.text, br_str(claim)));
        assert_int_equal(br_private_key_public(taken.key)->kind, BR_KEY_P256);
        expect_ok(br_vault_commit(t, &err), &err);
    } else {
        br_vault_end(t);
    }
    br_private_key_free(taken.key);
    br_arena_fini(&a);
}

static void
copies_rotate_or_are_spent(void **state)
{
    struct br_vault_person *p = NULL;
    struct disk d;
    make_wallet(state);
    struct br_vault *v = open_vault(state, false);
    assert_int_equal(unlock(v, person, "sesame", &p), BR_OK);
    take(p, BR_WALLET_USE_ROTATE, 0, BR_OK);
    take(p, BR_WALLET_USE_ROTATE, 1, BR_OK);
    take(p, BR_WALLET_USE_ROTATE, 0, BR_OK);
    take(p, BR_WALLET_USE_ONCE, 1, BR_OK);
    take(p, BR_WALLET_USE_ONCE, 0, BR_OK);
    take(p, BR_WALLET_USE_ONCE, 0, BR_ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "renew"));
    br_vault_lock(p);
    br_vault_close(v);
    read_disk(state, &d);
    assert_int_equal(
        d.count, 3); /* head, credential, setting: no key is left */
    free_disk(&d);
    assert_int_equal(try_unlock(state), BR_OK);
}

/** A right to renew lives as long as something that it renews. */
static void
grants_go_with_what_they_renew(void **state)
{
    const struct br_wallet_grant g = {
        .id = br_str("g1"),
        .issuer = br_str("https://i"),
        .server = br_str("https://s"),
        .token = br_str("a secret token"),
    };
    struct br_wallet_credential c = {
        .issuer = br_str("https://i"),
        .configuration = br_str("x"),
        .format = br_str("dc+sd-jwt"),
        .vct = br_str("v"),
        .grant = br_str("g1"),
    };
    struct br_vault_person *p = NULL;
    struct br_vault_txn *t = NULL;
    struct br_wallet_grant got;
    struct br_arena a;
    make_wallet(state);
    struct br_vault *v = open_vault(state, false);
    assert_int_equal(unlock(v, person, "sesame", &p), BR_OK);
    br_arena_init(&a, 1 << 20);
    expect_ok(br_vault_begin(p, true, &t, &err), &err);
    expect_ok(br_holding_put_grant(t, &g, &err), &err);
    c.id = br_str("r1");
    expect_ok(br_holding_put(t, &c, &err), &err);
    c.id = br_str("r2");
    expect_ok(br_holding_put(t, &c, &err), &err);
    expect_ok(
        br_vault_put(
            t, BR_VAULT_OFFERS, br_str("o1"), br_str("{\"grant\":\"g1\"}"),
            &err),
        &err);
    expect_ok(br_holding_remove(t, br_str("r1"), &err), &err);
    expect_ok(br_holding_get_grant(t, br_str("g1"), &a, &got, &err), &err);
    expect_ok(br_holding_remove(t, br_str("r2"), &err), &err);
    expect_ok(br_holding_get_grant(t, br_str("g1"), &a, &got, &err), &err);
    assert_true(br_bytes_eq(got.token, g.token));
    expect_ok(br_vault_delete(t, BR_VAULT_OFFERS, br_str("o1"), &err), &err);
    expect_ok(br_holding_drop_grant(t, br_str("g1"), &err), &err);
    assert_int_equal(
        br_holding_get_grant(t, br_str("g1"), &a, &got, &err),
        BR_ERR_NOT_FOUND);
    expect_ok(br_vault_commit(t, &err), &err);
    br_arena_fini(&a);
    br_vault_lock(p);
    br_vault_close(v);
    assert_false(on_disk((const char *)*state, "secret token", 12));
}

/** New copies begin at 0 again, and nothing of the old ones is left. */
static void
cleared_for_new_copies(void **state)
{
    struct br_vault_person *p = NULL;
    struct br_vault_txn *t = NULL;
    struct br_wallet_credential c;
    struct br_wallet_instance i;
    struct br_arena a;
    make_wallet(state);
    struct br_vault *v = open_vault(state, false);
    assert_int_equal(unlock(v, person, "sesame", &p), BR_OK);
    take(p, BR_WALLET_USE_ONCE, 0, BR_OK);
    br_arena_init(&a, 1 << 20);
    expect_ok(br_vault_begin(p, true, &t, &err), &err);
    expect_ok(br_holding_get(t, br_str("c1"), &a, &c, &err), &err);
    assert_int_equal(c.spent, 1);
    expect_ok(br_holding_clear(t, &c, &err), &err);
    assert_int_equal(c.instances + c.spent, 0);
    expect_ok(br_holding_put(t, &c, &err), &err);
    assert_int_equal(br_holding_peek(t, &c, &a, &i, &err), BR_ERR_NOT_FOUND);
    expect_ok(br_vault_commit(t, &err), &err);
    br_arena_fini(&a);
    take(p, BR_WALLET_USE_ONCE, 0, BR_ERR_NOT_FOUND);
    br_vault_lock(p);
    br_vault_close(v);
}

static void
history_is_newest_first(void **state)
{
    struct br_vault_person *p = NULL;
    struct br_vault_txn *t = NULL;
    struct br_arena a;
    struct br_wallet_entry *list = NULL;
    size_t count = 0;
    make_wallet(state);
    struct br_vault *v = open_vault(state, false);
    assert_int_equal(unlock(v, person, "sesame", &p), BR_OK);
    br_arena_init(&a, 1 << 22);
    expect_ok(br_vault_begin(p, true, &t, &err), &err);
    for (unsigned i = 0; i < 200; i++) {
        const struct br_wallet_entry e = {
            .event = BR_WALLET_PRESENTED,
            .time_s = 1000 + i * 7 % 200,
            .party = br_str("https://verifier.example"),
        };
        expect_ok(br_holding_put_entry(t, &e, &err), &err);
    }
    expect_ok(br_vault_commit(t, &err), &err);
    expect_ok(br_vault_begin(p, false, &t, &err), &err);
    expect_ok(br_holding_history(t, 150, &a, &list, &count, &err), &err);
    assert_int_equal(count, 150);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(list[i].time_s, 1199 - i);
        assert_int_equal(list[i].event, BR_WALLET_PRESENTED);
    }
    br_vault_end(t);
    br_arena_fini(&a);
    br_vault_lock(p);
    br_vault_close(v);
}

static void
removing_leaves_nothing_of_a_credential(void **state)
{
    struct br_vault_person *p = NULL;
    struct br_vault_txn *t = NULL;
    struct disk d;
    make_wallet(state);
    struct br_vault *v = open_vault(state, false);
    assert_int_equal(unlock(v, person, "sesame", &p), BR_OK);
    expect_ok(br_vault_begin(p, true, &t, &err), &err);
    assert_int_equal(
        br_holding_remove(t, br_str("c2"), &err), BR_ERR_NOT_FOUND);
    expect_ok(br_holding_remove(t, br_str("c1"), &err), &err);
    expect_ok(br_vault_commit(t, &err), &err);
    br_vault_lock(p);
    br_vault_close(v);
    read_disk(state, &d);
    assert_int_equal(d.count, 2);
    free_disk(&d);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        T(what_is_put_is_there_again),
        T(a_wrong_passphrase_is_told_and_opens_nothing),
        T(two_of_one_name_are_refused),
        T(people_do_not_see_each_other),
        T(a_new_passphrase_replaces_the_old_one),
        T(the_disk_tells_nothing),
        T(the_same_row_is_another_for_another_person),
        T(an_erased_person_is_gone_with_the_key),
        T(each_byte_of_each_row_is_guarded),
        T(rows_that_change_places_are_noticed),
        T(a_removed_row_is_noticed),
        T(a_row_of_yesterday_is_noticed),
        T(rows_of_another_person_are_noise),
        T(locks_are_guarded),
        T(two_processes_share_a_wallet),
        T(copies_rotate_or_are_spent),
        T(grants_go_with_what_they_renew),
        T(cleared_for_new_copies),
        T(history_is_newest_first),
        T(removing_leaves_nothing_of_a_credential),
    };
    assert_int_equal(br_crypto_init(&err), BR_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
